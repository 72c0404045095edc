"""Makes one PDF in a process of its own: the page and its sheet as JSON on standard input, the PDF on standard output."""

import json
import resource
import sys

MEMORY_BYTES = 700 * 1024 * 1024
CPU_SECONDS = 25


def limit_myself() -> None:
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def make(page: str, sheet: str) -> bytes:
    """The PDF. Whatever the page names is left out, unless it stands in the page itself as a data: address."""
    from weasyprint import CSS, HTML
    from weasyprint.urls import URLFetcher

    fetcher = URLFetcher(allowed_protocols=("data",))
    return HTML(string=page, url_fetcher=fetcher).write_pdf(stylesheets=[CSS(string=sheet, url_fetcher=fetcher)])


def main() -> None:
    limit_myself()
    asked = json.load(sys.stdin.buffer)
    try:
        made = make(asked["page"], asked["sheet"])
    except Exception as fault:
        # Its own words could quote the page.
        sys.exit(type(fault).__name__)
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()

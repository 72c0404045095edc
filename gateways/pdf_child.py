"""Makes one PDF in a process of its own: pages and their sheet as JSON on standard input; on standard output a line of JSON
with how many pages each came to, then the PDF."""

import json
import resource
import sys

MEMORY_BYTES = 700 * 1024 * 1024
CPU_SECONDS = 25


def limit_myself(cpu_seconds: int) -> None:
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def make(pages: list[str], sheet: str) -> tuple[list[int], bytes]:
    """How many pages each document came to, and all of them as one PDF; each is numbered for itself.

    Whatever a document names is left out, unless it stands in the document itself as a data: address.
    """
    from weasyprint import CSS, HTML
    from weasyprint.urls import URLFetcher

    fetcher = URLFetcher(allowed_protocols=("data",))
    style = CSS(string=sheet, url_fetcher=fetcher)
    made = [HTML(string=page, url_fetcher=fetcher).render(stylesheets=[style]) for page in pages]
    every_page = [page for document in made for page in document.pages]
    return [len(document.pages) for document in made], made[0].copy(every_page).write_pdf()


def main() -> None:
    asked = json.load(sys.stdin.buffer)
    limit_myself(asked.get("cpu_seconds", CPU_SECONDS))
    try:
        counts, made = make(asked["pages"], asked["sheet"])
    except Exception as fault:
        # Its own words could quote the page.
        sys.exit(type(fault).__name__)
    sys.stdout.buffer.write(json.dumps(counts).encode() + b"\n" + made)


if __name__ == "__main__":
    main()

"""Makes a PDF of a page: WeasyPrint, in a process of its own that fetches nothing, with little memory and little time."""

import json
import os
import subprocess
import sys
import threading
from ctypes.util import find_library
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from gateways.pdf_child import __file__ as CHILD

WAIT_SECONDS = 30
WAIT_FOR_TURN_SECONDS = 10  # longer, and a few of them would hold every thread of the server
LIBRARIES = ("pango-1.0", "pangoft2-1.0")

# Each child may take a core: no more at once than this machine has cores.
turns = threading.BoundedSemaphore(os.cpu_count() or 1)


class PdfFailed(Exception):
    """There is no PDF; the page itself can still be printed."""


class PdfBusy(PdfFailed):
    """Others are being made: later it may work."""


@cache
def is_there() -> bool:
    """Whether this machine can make a PDF: the package and the Pango it draws letters with. Loads neither."""
    return bool(find_spec("weasyprint") and all(find_library(name) for name in LIBRARIES))


@dataclass(frozen=True)
class LaidOut:
    data: bytes
    counts: list[int]  # pages of each document, in their order


def make_pdf(page: str, sheet: str) -> bytes:
    """The PDF of an HTML document under one style sheet, both as text. Pictures in it are data: addresses, or are left out.

    Raises PdfFailed when it takes too long or does not work. The program imports 60 MB and most of a second: in a process
    of its own neither the start nor the memory of the server pays for it.
    """
    return lay_out([page], sheet).data


def lay_out(pages: list[str], sheet: str, seconds: float = 0) -> LaidOut:
    """Several documents as one PDF, each numbered for itself, and how many pages each came to.

    `seconds` is how long it may take when that is not the usual. Raises PdfBusy when no turn comes, PdfFailed as make_pdf does.
    """
    seconds = seconds or WAIT_SECONDS
    if not turns.acquire(timeout=WAIT_FOR_TURN_SECONDS):
        raise PdfBusy("others are at it")
    try:
        try:
            child = subprocess.run(
                [sys.executable, "-I", "-B", CHILD],
                input=json.dumps({"pages": pages, "sheet": sheet, "cpu_seconds": max(int(seconds) - 5, 1)}).encode(),
                capture_output=True,
                timeout=seconds,
                env={},
                cwd="/",
            )
        except subprocess.TimeoutExpired:
            raise PdfFailed(f"not done within {seconds} seconds") from None
    finally:
        turns.release()
    counts, _, made = child.stdout.partition(b"\n")
    if child.returncode or not made.startswith(b"%PDF-"):
        # Only what broke: the page itself is personal, and stands in no log.
        raise PdfFailed(f"code {child.returncode}: {child.stderr.decode('utf-8', 'replace').strip()[-200:]}")
    return LaidOut(made, json.loads(counts))

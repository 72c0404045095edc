"""A PDF as a reader of it sees it: its words, its pages and their size."""

import re
import shutil
import subprocess

import pytest

from gateways import pdf

needs_pdf = pytest.mark.skipif(
    not (pdf.is_there() and shutil.which("pdftotext")),
    reason="WeasyPrint, Pango or poppler-utils is not installed (deploy/test-tools.sh)",
)


def read(data: bytes) -> tuple[str, int, tuple[int, int]]:
    """The words of a PDF, how many pages it has and their size in points."""
    run = {"input": data, "capture_output": True, "check": True}
    words = subprocess.run(["pdftotext", "-layout", "-", "-"], **run).stdout.decode()
    told = subprocess.run(["pdfinfo", "-"], **run).stdout.decode()
    width, height = re.search(r"Page size: +([\d.]+) x ([\d.]+)", told).groups()
    return words, int(re.search(r"Pages: +(\d+)", told)[1]), (round(float(width)), round(float(height)))

"""PDFs: the words and the size come out right, nothing is fetched, and the server itself does not pay for it."""

import json
import shutil
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import BoundedSemaphore, Thread

import pytest

from gateways import pdf

PROJECT = Path(__file__).resolve().parents[2]
needs_pango = pytest.mark.skipif(not pdf.is_there(), reason="WeasyPrint or Pango is not installed (deploy/test-tools.sh)")
needs_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is not installed")
SHEET = "@page{size:A5}"


def words_of(data: bytes) -> str:
    return subprocess.run(["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True).stdout.decode()


@needs_pango
@needs_poppler
def test_a_page_becomes_a_pdf_with_its_words():
    made = pdf.make_pdf("<!doctype html><html lang=vi><title>x</title><p>Giấy hẹn của Siu Blĕo, Kpă H'Nga", SHEET)

    assert "Giấy hẹn của Siu Blĕo, Kpă H'Nga" in words_of(made)


@needs_pango
def test_what_a_page_names_is_not_fetched(tmp_path):
    asked = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Listener)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    kept = tmp_path / "bi-mat.txt"
    kept.write_text("kín")
    page = (
        f'<!doctype html><title>x</title><link rel=stylesheet href="{address}/css"><img src="{address}/a">'
        f'<img src="file://{kept}"><link rel=attachment href="file://{kept}"><p>còn chữ'
    )

    made = pdf.make_pdf(page, f'@import "{address}/more";body{{background:url("{address}/b")}}')
    server.shutdown()
    server.server_close()

    assert made.startswith(b"%PDF-") and asked == []
    assert b"/EmbeddedFile" not in made and "kín".encode() not in made


@needs_pango
def test_a_page_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(pdf, "WAIT_SECONDS", 0.01)

    with pytest.raises(pdf.PdfFailed, match="seconds"):
        pdf.make_pdf("<p>x", SHEET)


def test_nobody_waits_without_end_while_others_make_theirs(monkeypatch):
    monkeypatch.setattr(pdf, "WAIT_FOR_TURN_SECONDS", 0.01)
    monkeypatch.setattr(pdf, "turns", BoundedSemaphore(1))
    with pdf.turns, pytest.raises(pdf.PdfFailed, match="others are at it"):
        pdf.make_pdf("<p>x", SHEET)


def test_a_maker_that_breaks_says_so_and_nothing_of_the_page(monkeypatch, tmp_path):
    broken = tmp_path / "child.py"
    broken.write_text("import sys; sys.stdin.read(); sys.exit('MemoryError')")
    monkeypatch.setattr(pdf, "CHILD", str(broken))

    with pytest.raises(pdf.PdfFailed) as fault:
        pdf.make_pdf("<p>Siu Bí Mật", SHEET)

    assert "MemoryError" in str(fault.value) and "Bí Mật" not in str(fault.value)


@pytest.mark.parametrize("lacking", ["weasyprint", "pango-1.0", "pangoft2-1.0"])
def test_without_the_package_or_pango_there_is_none(monkeypatch, lacking):
    monkeypatch.setattr(pdf, "find_spec", lambda name: None if name == lacking else name)
    monkeypatch.setattr(pdf, "find_library", lambda name: None if name == lacking else name)
    pdf.is_there.cache_clear()
    try:
        assert not pdf.is_there()
    finally:
        pdf.is_there.cache_clear()


def test_the_server_starts_without_it():
    loaded = "import json, sys, app; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    names = json.loads(
        subprocess.run([sys.executable, "-c", loaded], cwd=PROJECT, capture_output=True, check=True, text=True).stdout
    )

    assert "flask" in names and not {"weasyprint", "fontTools", "tinycss2"} & set(names)

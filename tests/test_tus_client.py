"""Photos sent by tuspy, a client of the tus protocol that was not written here: to the real program, killed on the way."""

import io
import os
import re
import urllib.request

import pytest
import serving
from PIL import Image
from stage import BIRTH

client = pytest.importorskip("tusclient.client", reason="tuspy is not installed")
from tusclient.exceptions import TusCommunicationError  # noqa: E402

PLACE = f"/nop-ho-so/{BIRTH}/"
KEY = "giay_chung_sinh"


def noise() -> bytes:
    file = io.BytesIO()
    Image.frombytes("RGB", (250, 300), os.urandom(250 * 300 * 3)).save(file, "JPEG", quality=70)
    return file.getvalue()


@pytest.fixture
def site(tmp_path):
    with serving.served(tmp_path) as site:
        yield site


class Citizen:
    """Logged in; what her program needs of the page is its form token."""

    def __init__(self, site):
        self.site = site
        (cookie,) = site.python("import prepared; prepared.print_citizens(1, with_drafts=False)")
        self.cookie = f"{cookie['name']}={cookie['value']}"
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page())[1]
        headers = {"Cookie": self.cookie, "X-CSRFToken": token}
        self.tus = client.TusClient(f"{site.address}{PLACE}tai-len", headers=headers)

    def page(self) -> str:
        request = urllib.request.Request(f"{self.site.address}{PLACE}giay-to", headers={"Cookie": self.cookie})
        with urllib.request.urlopen(request, timeout=serving.PATIENCE) as answer:
            return answer.read().decode()

    def uploader(self, data: bytes, **more):
        said = {"filename": "giấy chứng sinh.jpg", "document": KEY, "checksum": "a1"}
        return self.tus.uploader(file_stream=io.BytesIO(data), metadata=said, metadata_encoding="utf-8", **more)


@pytest.mark.parametrize("chunk_size", [10_000, None], ids=["in pieces", "whole"])
def test_a_client_not_written_here_sends_a_photo(site, chunk_size):
    citizen = Citizen(site)
    citizen.uploader(noise(), **({"chunk_size": chunk_size} if chunk_size else {})).upload()

    assert "Đã nhận: giấy chứng sinh.jpg" in citizen.page()


def test_it_goes_on_by_the_address_after_an_interruption_and_after_kill_9(site):
    citizen, data = Citizen(site), noise()
    first = citizen.uploader(data, chunk_size=10_000)
    first.upload_chunk()
    assert "Gửi dở: giấy chứng sinh.jpg, 10 kB" in citizen.page()

    second = citizen.uploader(data, chunk_size=10_000, url=first.url)
    assert second.offset == 10_000
    second.upload_chunk()
    site.kill()
    with pytest.raises((TusCommunicationError, OSError)):
        second.upload_chunk()
    site.start()

    third = citizen.uploader(data, chunk_size=10_000, url=first.url)
    assert third.offset == 20_000
    third.upload()
    assert "Đã nhận: giấy chứng sinh.jpg" in citizen.page()


def test_what_fell_between_the_last_piece_and_the_paper_is_there_after_the_restart(site):
    """The last piece is on disk, and the program is killed before it has made a paper of it."""
    citizen, data = Citizen(site), noise()
    sent = citizen.uploader(data, chunk_size=len(data) - 1)
    sent.upload_chunk()
    site.kill()
    site.python(LAST_BYTE.format(last=data[-1]))
    site.start()

    urllib.request.urlopen(empty_piece(citizen, sent.url, len(data)), timeout=serving.PATIENCE).close()
    assert "Đã nhận: giấy chứng sinh.jpg" in citizen.page()


LAST_BYTE = """
import os, json
from app import create_app
from database import db
from models import Upload
from rules import uploads
app = create_app(os.environ)
with db.connection_context():
    upload = Upload.get()
    uploads.append(upload, upload.received, bytes([{last}]), app.extensions["files"])
    print(json.dumps(upload.received))
"""


def empty_piece(citizen, address: str, offset: int) -> urllib.request.Request:
    more = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return urllib.request.Request(address, data=b"", method="PATCH", headers=citizen.tus.headers | more)

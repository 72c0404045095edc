"""Everything of a person, taken over the real server: half a gigabyte in little memory, and no slow phone holds the site."""

import hashlib
import http.client
import io
import re
import tempfile
import zipfile
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import pytest
import serving
from serving import wait_until
from stage import PASSWORD

TAKE = "/ca-nhan/du-lieu/tai-ve"
MEGABYTE = 1_000_000


class Taker:
    """Somebody who sends the form and reads the answer as fast or as slowly as the test likes."""

    def __init__(self, site, cookie: dict[str, str]):
        self.site, self.cookie = site, f"{cookie['name']}={cookie['value']}"
        self.open_ones: list = []

    def __enter__(self) -> "Taker":
        return self

    def __exit__(self, *error) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        for one in self.open_ones:
            one.close()

    def open_page(self) -> str:
        return self._ask("GET").read().decode()

    def send(self) -> http.client.HTTPResponse:
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.open_page())[1]
        return self._ask("POST", {"csrf_token": token, "password": PASSWORD})

    def _ask(self, method: str, form: dict[str, str] | None = None) -> http.client.HTTPResponse:
        line = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=serving.PATIENCE)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        line.request(method, TAKE, urlencode(form) if form else None, headers)
        answer = line.getresponse()
        self.open_ones += [line, answer]
        return answer


def memory_of(process: int, name: str) -> int:
    """Bytes, from what the system says of a process."""
    return 1024 * int(re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())[1])


def test_half_a_gigabyte_takes_forty_megabytes_of_memory_at_most(tmp_path):
    with serving.served(tmp_path / "site") as site:
        made = site.python(f"import prepared; prepared.print_collectors(1, 100, {5 * MEGABYTE})")
        with Taker(site, made["people"][0]) as taker, tempfile.TemporaryFile(dir=tmp_path) as taken:
            taker.open_page()
            process = site.server.pid
            Path(f"/proc/{process}/clear_refs").write_text("5")  # from now on, the highest it gets
            before = memory_of(process, "VmRSS")

            answer = taker.send()
            while piece := answer.read(MEGABYTE):
                taken.write(piece)
            grown = memory_of(process, "VmHWM") - before

            assert taken.tell() == int(answer.headers["Content-Length"]) > 495 * MEGABYTE
            with zipfile.ZipFile(taken) as archive:
                photos = [name for name in archive.namelist() if name.endswith(".jpg")]
                assert [hashlib.sha256(archive.read(name)).hexdigest() for name in photos] == made["sums"]
    assert grown <= 40 * MEGABYTE, f"{grown / MEGABYTE:.0f} MB"


@pytest.fixture
def site(tmp_path):
    """A site that answers one request at a time: one that a slow phone held would answer nobody."""
    with serving.served(tmp_path / "site", THREADS="1") as site:
        yield site


def test_slow_phones_hold_neither_the_site_nor_each_other(site):
    made = site.python(f"import prepared; prepared.print_collectors(3, 12, {2 * MEGABYTE})")
    with ExitStack() as lines:
        slow, slower, third, slow_again = [
            lines.enter_context(Taker(site, cookie)) for cookie in (*made["people"], made["people"][0])
        ]
        first, second = slow.send(), slower.send()
        assert (first.status, second.status) == (200, 200)

        assert site.is_well(), "two phones have begun, and read nothing"
        refused, again = third.send(), slow_again.send()
        assert (refused.status, again.status) == (503, 503)
        assert "Đang có người khác tải" in refused.read().decode()
        assert "Bạn đang tải một bản" in again.read().decode()

        slower.hang_up()  # the turn is free again
        wait_until(lambda: third.send().status == 200, "the turn of a phone that hung up is never free", every=0.2)
        assert archive_in(first) == 12


def archive_in(answer: http.client.HTTPResponse) -> int:
    """How many photos have arrived whole."""
    with zipfile.ZipFile(io.BytesIO(answer.read())) as archive:
        assert archive.testzip() is None
        return sum(name.endswith(".jpg") for name in archive.namelist())

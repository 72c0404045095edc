"""Seconds and bytes of the whole journey on slow lines: register, log in, submit with two photos, look up.

The line is real: two network namespaces, the kernel's own TCP at both ends, and between them a wire as slow as asked. What
makes it comes from elsewhere: a folder with netshape.py (`Link(down=, up=, rtt=)`, kbit/s and ms) and profiles.py
(`PROFILES`), given by --shaper or in NETSHAPE. It needs root. Without TLS, whose handshake costs two more round trips and 4 kB.
"""

import argparse
import base64
import hashlib
import http.client
import io
import os
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from weight import BIRTH, HOST, JOURNEY_BUDGET, Answer, Phone, Site, _path, form_with, journey  # noqa: E402

PHOTO_BYTES = 150_000
PIECE_BYTES = 48_000  # as static/upload.js sends them
LOST_SECONDS = 20
LINES = {"gprs": "GPRS", "2g": "2G", "edge": "EDGE", "3gslow": "3G"}
WAYS = ("no JavaScript", "JavaScript", "JavaScript, redirects")


class Connection(http.client.HTTPConnection):
    """From the phone's end of the wire."""

    def __init__(self, shaper, link, port: int):
        super().__init__(link.ip, int(port), timeout=300)
        self.shaper, self.link = shaper, link

    def connect(self) -> None:
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.link.cli}") as phone:
            self.shaper.setns(phone.fileno())
            try:
                self.sock = socket.create_connection((self.host, self.port), self.timeout)
            finally:
                self.shaper.setns(home.fileno())
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Closed with a line that is gone: nothing of it is sent later.
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@dataclass
class Part:
    name: str
    began: float
    down: int
    up: int
    pages: int
    requests: int


@dataclass
class SlowPhone(Phone):
    """A browser without JavaScript at the end of the wire, with one connection kept open."""

    shaper: object = None
    link: object = None
    is_cut: bool = False
    parts: list[Part] = field(default_factory=list)
    connection: Connection | None = None

    def begin(self, part: str) -> None:
        wire = self.link.wire()
        self.parts.append(Part(part, time.monotonic(), wire["down"], wire["up"], self.down, self.requests))

    def connect(self) -> Connection:
        self.connection = self.connection or Connection(self.shaper, self.link, self.port)
        return self.connection

    def hang_up(self, connection: Connection) -> None:
        """Kept for the next page."""

    def press(self, answer, path, button, typed=None, photo=b"", within=""):
        if not photo or not self.is_cut:
            return super().press(answer, path, button, typed, photo, within)
        with self.line_lost_after(len(photo) // 2), suppress(OSError, http.client.HTTPException):
            super().press(answer, path, button, typed, photo, within)
        return super().press(answer, path, button, typed, photo, within)

    def line_lost_after(self, sent_bytes: int):
        return LostLine(self, self.link.wire()["up"] + sent_bytes)


class LostLine:
    """Loses the line once so many bytes are on their way; when it ends, the line is back, and the old connection gone."""

    def __init__(self, phone: SlowPhone, at_bytes: int):
        self.phone, self.at_bytes = phone, at_bytes
        self.watcher = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while self.phone.link.wire()["up"] < self.at_bytes:
            time.sleep(0.02)
        self._set_line("down")
        with suppress(OSError):
            self.phone.connection.sock.shutdown(socket.SHUT_RDWR)
        time.sleep(LOST_SECONDS)
        self._set_line("up")

    def _set_line(self, state: str) -> None:
        for end in self.phone.link.w:
            self.phone.shaper.sh("ip", "link", "set", end, state)

    def __enter__(self):
        self.watcher.start()

    def __exit__(self, *fault) -> None:
        self.phone.connection.close()
        self.watcher.join()


@dataclass
class ScriptPhone(SlowPhone):
    """A browser with htmx: parts of pages, and photos in pieces."""

    is_boosted: bool = False

    def ask(self, method, path, *args, **headers):
        if self.is_boosted and "HX-Request" not in headers and not path.startswith(("/static/", "/sw.js")):
            here = {"HX-Current-URL": f"https://{HOST}{self.at}", "HX-Target": "main"}
            headers |= {"HX-Request": "true", "HX-Boosted": "true"} | here
        answer = super().ask(method, path, *args, **headers)
        self.at = answer.headers.get("hx-push-url", self.at)
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        is_typed = not self.weights or "/xac-nhan/" in path  # an address typed, or tapped in a mail
        self.is_boosted = self.is_boosted and not is_typed
        answer = super().get(path, **headers)
        if not self.is_boosted:
            self._load_scripts(answer)
        self.is_boosted = True
        return answer

    def _load_scripts(self, page: Answer) -> None:
        """What comes once, while the person reads the first page."""
        more = page.tree.xpath("//script/@src|//link[@rel='prefetch']/@href")
        for path in [*more, "/static/2.0.11/vendor/htmx-2.0.11.min.js", "/sw.js"]:
            if path not in self.kept:
                self.kept.add(path)
                self.ask("GET", path)

    def press(self, answer, path, button, typed=None, photo=b"", within=""):
        form = form_with(answer, button, within)
        self.is_boosted = form.get("hx-boost") != "false"
        if not photo:
            return Phone.press(self, answer, path, button, typed, within=within)
        fields = dict(form.form_values())
        address = self._send_in_pieces(photo, fields)
        return Phone.press(self, answer, path, button, {"upload": address}, within=within)

    def _send_in_pieces(self, photo: bytes, fields: dict[str, str]) -> str:
        """tus 1.0: begin, send what is missing, and after a lost line ask how much has come."""
        said = {"document": fields["document"], "filename": "anh.jpg", "checksum": hashlib.sha256(photo).hexdigest()[:16]}
        metadata = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in said.items())
        token = {"Tus-Resumable": "1.0.0", "X-CSRFToken": fields["csrf_token"], "HX-Request": ""}
        begun = self.ask(
            "POST", f"/nop-ho-so/{BIRTH}/tai-len", **token, **{"Upload-Length": str(len(photo)), "Upload-Metadata": metadata}
        )
        assert begun.status == 201, begun.text
        address = _path(begun.headers["location"])
        if self.is_cut:
            with self.line_lost_after(len(photo) // 2), suppress(OSError, http.client.HTTPException):
                self._send_from(0, photo, address, token)
            come = self.ask("HEAD", address, **{"Tus-Resumable": "1.0.0", "HX-Request": ""})
            self._send_from(int(come.headers["upload-offset"]), photo, address, token)
        else:
            self._send_from(0, photo, address, token)
        return address

    def _send_from(self, offset: int, photo: bytes, address: str, token: dict[str, str]) -> None:
        for start in range(offset, len(photo), PIECE_BYTES):
            piece = photo[start : start + PIECE_BYTES]
            said = {"Content-Type": "application/offset+octet-stream", "Content-Length": str(len(piece))}
            sent = self.ask("PATCH", address, piece, "", len(piece), **token, **said, **{"Upload-Offset": str(start)})
            assert sent.status == 204, (sent.status, sent.text)


# --- the runs --------------------------------------------------------------------------------------------------------


def photo() -> bytes:
    """A photo as the phone has shrunk it: noise, because noise does not compress."""
    from PIL import Image

    for edge in range(300, 1600, 10):
        file = io.BytesIO()
        Image.frombytes("RGB", (edge, edge * 4 // 3), os.urandom(edge * (edge * 4 // 3) * 3)).save(file, "JPEG", quality=65)
        if file.tell() >= PHOTO_BYTES:
            return file.getvalue()
    raise AssertionError("no photo is large enough")


def run(netshape, line: dict, way: str, is_cut: bool) -> SlowPhone:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        if way == "JavaScript, redirects":
            _answer_with_redirects(site.app)
        with netshape.Link(**line) as link:
            link.relay(int(site.port))
            make = SlowPhone if way == "no JavaScript" else ScriptPhone
            phone = make(site.port, shaper=netshape, link=link, is_cut=is_cut)
            journey(site, phone, photo())
            phone.begin("end")
        site.close()
    return phone


def _answer_with_redirects(app) -> None:
    """As after a login that came late: each good form is answered with 303 (views/answering.py)."""
    from flask import g

    app.before_request_funcs.setdefault(None, []).insert(0, lambda: setattr(g, "is_late", True))


def show(name: str, way: str, is_cut: bool, phone: SlowPhone) -> None:
    print(f"\n{LINES[name]}, {way}{f', the line lost for {LOST_SECONDS} s in each photo' if is_cut else ''}")
    print(f"| {'part':12} | requests | pages B | wire down B | wire up B | seconds |")
    print(f"|{'-' * 14}|---------:|--------:|------------:|----------:|--------:|")
    first, last = phone.parts[0], phone.parts[-1]
    for part, end in [*zip(phone.parts, phone.parts[1:], strict=False), (first, last)]:
        title = "all" if end is last and part is first else part.name
        print(
            f"| {title:12} | {end.requests - part.requests:8} | {end.pages - part.pages:7} | {end.down - part.down:11} "
            f"| {end.up - part.up:9} | {end.began - part.began:7.1f} |"
        )
    if way == "no JavaScript" and not is_cut:
        print(f"budget: {JOURNEY_BUDGET} B of pages; {'kept' if phone.down <= JOURNEY_BUDGET else 'OVER'} ({phone.down})")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shaper", default=os.environ.get("NETSHAPE", ""), help="folder of netshape.py and profiles.py")
    parser.add_argument("--line", action="append", choices=LINES, help="only this line; may be given several times")
    wanted = parser.parse_args()
    sys.path.insert(0, wanted.shaper)
    try:
        import netshape
        from profiles import PROFILES
    except ImportError:
        print("Needs netshape.py and profiles.py: give their folder by --shaper or in NETSHAPE.", file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print("Needs root: it makes network namespaces.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))  # or the namespaces would stay
    for name in wanted.line or LINES:
        for way, is_cut in [(way, False) for way in WAYS] + [(way, True) for way in WAYS[:2]]:
            show(name, way, is_cut, run(netshape, PROFILES[name], way, is_cut))
    return 0


if __name__ == "__main__":
    sys.exit(main())

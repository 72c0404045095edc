"""The walk in lynx: no script, no style, no picture; the strictest about HTTP."""

import shutil

import pytest

import person
import serving
from text_browser import TextBrowser, walk_the_letter


class Lynx(TextBrowser):
    # -tna: a key is typed into a field only once Enter has opened it. -nopause: no waiting after messages.
    command = ["lynx", "-accept_all_cookies", "-display_charset=utf-8", "-assume_charset=utf-8", "-tna", "-nopause"]
    status_lines = 3
    top = (0, 0)

    def open(self, address: str, then: str) -> None:
        if self.status.strip():
            self.send("g", lambda: "URL to open" in self.status, "no line for the address")
            self.child.send("\x15")  # what stood there
        else:
            self.wait_until(lambda: "no file" in self.text or self.status.strip(), "lynx does not start")
        self.send(f"{address}\r", lambda: then in self.text and "URL to open" not in self.status, f"{address} does not show “{then}”")
        self.top = self.place

    def press(self, label: str, then: str, after: str = "") -> None:
        super().press(label, then, after)
        self.top = self.place

    def go_to_top(self) -> None:
        if self.place != self.top:
            self.send("\x01", lambda: self.place == self.top, "the top of the page is not reached")

    def type(self, label: str, text: str) -> None:
        self.go_to(after=label)
        row = self.place[0]
        self.send("\r", lambda: "move off" in self.status, f"the field “{label}” does not open")
        self.send(text, lambda: text in self.lines[row] or "*" * len(text) in self.lines[row], f"“{text}” is not typed")
        here = self.place
        self.send("\t", lambda: self.place != here, f"the field “{label}” is not left")

    def select(self, label: str, answer: str) -> None:
        self.go_to(after=label)
        before = self.lines
        self.send("\r", lambda: self.lines != before, f"“{label}” does not open")


@pytest.fixture
def lynx(tmp_path):
    if shutil.which("lynx") is None:
        pytest.skip("lynx is not installed")
    browser = Lynx(str(tmp_path))
    yield browser
    browser.close()


@pytest.fixture
def site(tmp_path):
    with serving.served(tmp_path / "site") as site:
        yield site


def test_the_printed_letter_can_be_walked_in_lynx(site, lynx, tmp_path):
    photo = person.noisy_photo(tmp_path / "giay chung sinh.jpg", (300, 400))

    walk_the_letter(lynx, site, photo)

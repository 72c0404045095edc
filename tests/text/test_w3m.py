"""The walk in w3m: a text browser that lays pages out as a phone without style does."""

import shutil

import person
import pytest
from sounds import needs_ffmpeg
from text_browser import TextBrowser, find_a_recording, walk_the_letter


class W3m(TextBrowser):
    command = ["w3m", "-cookie", "-o", "accept_cookie=1", "-o", "display_charset=UTF-8", "-o", "confirm_qq=0"]

    def open(self, address: str, then: str) -> None:
        self.send("U", lambda: "URL" in self.status, "no line for the address", at_prompt=True)
        self.child.send("\x15")  # what stood there
        self.send(f"{address}\r", lambda: then in self.text and "Viewing" in self.status, f"{address} does not show “{then}”")

    def go_to_top(self) -> None:
        if self.place[0] != 0:
            self.send("g", lambda: self.place[0] == 0, "the top of the page is not reached")
        if self.place[1] != 0:
            self.send("^", lambda: self.place == (0, 0), "the top of the page is not reached")

    def shows_typed(self, text: str) -> bool:
        text = text[-40:]  # of what is longer than the line, its end is seen
        return text in self.status or "*" * len(text) in self.status

    def type(self, label: str, text: str, below: str = "") -> None:
        self.go_to(after=label, below=below)
        self.send("\r", lambda: "Viewing" not in self.status, f"the field “{label}” does not open", at_prompt=True)
        self.send(text, lambda: self.shows_typed(text), f"“{text}” is not typed", at_prompt=True)
        self.send("\r", lambda: "Viewing" in self.status, f"the field “{label}” is not left")


@pytest.fixture
def w3m(tmp_path, site):
    if shutil.which("w3m") is None:
        pytest.skip("w3m is not installed")
    browser = W3m(str(tmp_path), f"{site.address}/")
    yield browser
    browser.close()


def test_the_printed_letter_can_be_walked_in_w3m(w3m, site, tmp_path):
    photo = person.noisy_photo(tmp_path / "giay chung sinh.jpg", (300, 400))

    walk_the_letter(w3m, site, photo)


@needs_ffmpeg
def test_a_recording_is_found_in_w3m(site, w3m):
    find_a_recording(w3m, site)

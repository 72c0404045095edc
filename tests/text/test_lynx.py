"""The walk in lynx: no script, no style, no picture; the strictest about HTTP."""

import shutil

import person
import pytest
from sounds import needs_ffmpeg
from text_browser import TextBrowser, find_a_recording, pay, recover, walk_the_letter

PASSWORD = "voi rung gao nuong"  # of the people made beside the site


class Lynx(TextBrowser):
    # -tna: a key is typed into a field only once Enter has opened it. -nopause: no waiting after messages.
    command = ["lynx", "-accept_all_cookies", "-display_charset=utf-8", "-assume_charset=utf-8", "-tna", "-nopause"]
    status_lines = 3

    def starts(self, page: str) -> None:
        super().starts(page)
        self.top = self.place

    def open(self, address: str, then: str) -> None:
        self.send("g", lambda: "URL to open" in self.status, "no line for the address", at_prompt=True)
        self.child.send("\x15")  # wipes what stood there
        self.send(
            f"{address}\r", lambda: then in self.text and "URL to open" not in self.status, f"{address} does not show “{then}”"
        )
        self.top = self.place

    def press(self, label: str, then: str, after: str = "") -> None:
        super().press(label, then, after)
        self.top = self.place

    def go_to_top(self) -> None:
        if self.place != self.top:
            self.send("\x01", lambda: self.place == self.top, "the top of the page is not reached")

    def type(self, label: str, text: str, below: str = "") -> None:
        self.go_to(after=label, below=below)
        row = self.place[0]
        self.send("\r", lambda: "move off" in self.status, f"the field “{label}” does not open")
        self.send(text, lambda: text[-12:] in self.lines[row] or "*" * len(text) in self.lines[row], f"“{text}” is not typed")
        here = self.place
        self.send("\t", lambda: self.place != here, f"the field “{label}” is not left")


@pytest.fixture
def lynx(tmp_path, site):
    if shutil.which("lynx") is None:
        pytest.skip("lynx is not installed")
    browser = Lynx(str(tmp_path), f"{site.address}/")
    yield browser
    browser.close()


def test_the_printed_letter_can_be_walked_in_lynx(lynx, site, tmp_path):
    photo = person.noisy_photo(tmp_path / "giay chung sinh.jpg", (300, 400))

    walk_the_letter(lynx, site, photo)


def test_a_forgotten_password_is_recovered_in_lynx(lynx, site):
    owner = site.python("import prepared; prepared.print_account()")

    recover(lynx, owner["id_number"], owner["email"], site)
    lynx.press("Đăng nhập", after="Máy của tôi", then=owner["full_name"])


def test_a_paper_is_kept_in_lynx(lynx, site, tmp_path):
    owner = site.python("import prepared; prepared.print_account()")
    photo = person.noisy_photo(tmp_path / "can cuoc.jpg", (300, 400))
    lynx.starts("Bà con cần làm việc gì?")
    lynx.press("Đăng nhập", then=person.LETTER_CHOICE)
    lynx.press(person.LETTER_CHOICE, then="Chưa có tài khoản")
    lynx.type("CMND", owner["id_number"])
    lynx.type("Mật khẩu", PASSWORD)
    lynx.press("Đăng nhập", after="Máy của tôi", then=owner["full_name"])

    lynx.press("Trang cá nhân", then="Quản lý tài liệu")
    lynx.press("Quản lý tài liệu", then="Thêm giấy tờ")
    lynx.answer("Loại giấy tờ", "Thẻ bảo hiểm y tế")
    lynx.type("Tên giấy tờ Ví dụ: Khai sinh của H'Mai", "The cua H'Bia")
    lynx.type("Ngày cấp Ví dụ: 5/7/2020", "5/7/2020")
    lynx.type("Chỗ chứa còn khoảng 333 ảnh.", str(photo))
    lynx.press("Lưu", after="333 ảnh", then="Đã lưu.")
    lynx.press("The cua H'Bia", then="can cuoc.jpg")


def test_what_the_commune_asks_for_is_paid_in_lynx(lynx, site):
    payer = site.python("import prepared; prepared.print_payer()")

    pay(lynx, payer, PASSWORD, site)
    lynx.press("Xem biên lai", then="Biên lai số 0000001")
    assert "16.000 đồng" in lynx.text and payer["code"] in lynx.text
    lynx.open(f"{site.address}/ca-nhan/", then="Yêu cầu thanh toán")
    # What lynx has shown before it shows again from memory, whatever the page said of keeping it; Ctrl+R asks anew.
    lynx.send("\x12", lambda: "Yêu cầu thanh toán (0)" in lynx.text, "still to be paid")


@needs_ffmpeg
def test_a_recording_is_found_in_lynx(site, lynx):
    find_a_recording(lynx, site)

"""A text browser in a terminal: keys go in, the screen is read; nothing is sent before what it depends on is on the screen."""

import re
import time

import person
import pexpect
import pyte
from person import BIRTH, GO_ON, LETTER_CHOICE, LETTER_LEVEL, PASSWORD
from sandboxed import LABEL as TRIAL_BANK
from serving import PATIENCE, NotInTime, link_in, wait_until

# Tall enough for a whole page, so that what is looked for is on the screen.
ROWS, COLUMNS = 190, 110
QUIET = 0.02  # seconds without drawing: the program waits for a key


class Screen(pyte.Screen):
    def set_margins(self, *margins, **private):
        """w3m sends a private form of this sequence that pyte does not know."""
        if not private:
            super().set_margins(*margins)


class TextBrowser:
    """What lynx and w3m have in common: Tab goes to the next link or field, Enter presses or opens it."""

    command: list[str]
    status_lines = 1  # at the bottom, and no part of the page

    def __init__(self, home: str, address: str):
        self.screen = Screen(COLUMNS, ROWS)
        self.stream = pyte.Stream(self.screen)
        environ = {"PATH": "/usr/bin:/bin", "TERM": "linux", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "HOME": home}
        self.child = pexpect.spawn(
            self.command[0], [*self.command[1:], address], env=environ, dimensions=(ROWS, COLUMNS), encoding="utf-8", cwd=home
        )
        self.child.delaybeforesend = None
        self._display: list[str] | None = None

    def close(self) -> None:
        self.child.close(force=True)

    # --- the screen ---

    @property
    def display(self) -> list[str]:
        """All lines, the browser's own included; drawn anew only when something has come."""
        if self._display is None:
            self._display = self.screen.display
        return self._display

    @property
    def lines(self) -> list[str]:
        """The page, line by line."""
        return [line.rstrip() for line in self.display[: -self.status_lines]]

    @property
    def status(self) -> str:
        return " ".join(self.display[-self.status_lines :])

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.lines).split())

    @property
    def place(self) -> tuple[int, int]:
        return self.screen.cursor.y, self.screen.cursor.x

    @property
    def at_prompt(self) -> bool:
        """The cursor stands in the browser's own lines: it asks something there, or has yet to go back to the page."""
        return self.place[0] >= ROWS - self.status_lines

    @property
    def under_cursor(self) -> str:
        """The page from the cursor on; what a button reads may run over the end of a line."""
        row, column = self.place
        return " ".join(" ".join([self.lines[row][column:], *self.lines[row + 1 : row + 4]]).split())

    def place_of(self, text: str, below: str = "") -> tuple[int, int]:
        """Where `text` ends, beyond `below`; it may run over the end of a line."""
        flat, places = "", []
        for row, line in enumerate(self.lines):
            for column, sign in enumerate(f"{line} "):
                if sign != " " or not flat.endswith(" "):
                    flat += sign
                    places.append((row, column))
        start = flat.find(text, flat.find(below) + len(below))
        assert start >= 0, f"“{text}” is not on the screen:\n{self.shown()}"
        return places[start + len(text) - 1]

    def shown(self) -> str:
        return "\n".join(line.rstrip() for line in self.display if line.strip())

    # --- keys ---

    def send(self, keys: str, until, complaint: str, at_prompt: bool = False) -> None:
        """Type `keys`, then read what is drawn until `until` is true and the drawing has stopped.

        The cursor is then back on the page, or where the browser asks something when `at_prompt`.
        """
        self.child.send(keys)
        self.wait_until(until, complaint, at_prompt)

    def wait_until(self, happened, complaint: str, at_prompt: bool = False, patience: float = PATIENCE) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not self._draws() and self.at_prompt == at_prompt and happened():
                return
        raise NotInTime(f"{complaint}; the screen:\n{self.shown()}")

    def _draws(self) -> bool:
        try:
            self.stream.feed(self.child.read_nonblocking(65536, QUIET))
            self._display = None
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            raise NotInTime(f"the browser has ended; the screen:\n{self.shown()}") from None
        return True

    def go_to(self, control: str = "", after: str = "", below: str = "") -> None:
        """Tab to the first link or field beyond the text `after` (itself beyond `below`) that reads as the pattern `control`."""
        beyond = self.place_of(after, below) if after else (0, -1)
        if self.place > beyond:
            self.go_to_top()
        passed = set()
        while not (self.place > beyond and re.match(control, self.under_cursor)):
            assert self.place not in passed, f"no “{control}” after “{after}”:\n{self.shown()}"
            passed.add(here := self.place)
            self.send("\t", lambda here=here: self.place != here, f"no “{control}” after “{after}”")

    # --- what a person does; the rest is each browser's own ---

    def press(self, label: str, then: str, after: str = "") -> None:
        """Press the link or button that reads `label`; the page it leads to shows `then`."""
        self.go_to(rf"(\(BUTTON\) )?{re.escape(label)}(?!\w)", after)
        before = self.lines
        self.send("\r", lambda: self.lines != before and then in self.text, f"“{label}” does not lead to “{then}”")

    def choose(self, question: str, answer: str) -> None:
        self.go_to(rf"[ (*]*\) ?{re.escape(answer)}(?!\w)", after=question)
        before = self.lines
        if "*" not in self.under_cursor[:3]:
            self.send("\r", lambda: self.lines != before, f"“{answer}” cannot be chosen")

    def starts(self, page: str) -> None:
        """The first page has come."""
        self.wait_until(lambda: page in self.text, f"the browser does not show “{page}”")

    def open(self, address: str, then: str) -> None:
        raise NotImplementedError

    def go_to_top(self) -> None:
        raise NotImplementedError

    def type(self, label: str, text: str, below: str = "") -> None:
        raise NotImplementedError

    def answer(self, label: str, answer: str) -> None:
        """Answer the question `label`, however it is asked."""
        self.go_to(after=label)
        if self.under_cursor.lstrip("[").startswith("Chọn"):
            self.select(label, answer)
        elif re.match(r"[ (*]*\)", self.under_cursor):
            self.choose(label, answer)
        else:
            self.type(label, answer)

    def select(self, label: str, answer: str) -> None:
        """Open the list under the cursor, go down to `answer`, take it."""
        before, row = self.lines, self.place[0]

        def is_closed() -> bool:
            return [*self.lines[:row], *self.lines[row + 1 :]] == [*before[:row], *before[row + 1 :]]

        self.send("\r", lambda: not is_closed() and answer in self.text, f"“{label}” does not open")
        opened = [row for row, line in enumerate(self.lines) if line != before[row]]
        wanted = next(row for row in opened if answer in self.lines[row])
        first = next(row for row in opened if "Chọn" in self.lines[row])
        for _ in range(wanted - first):
            self.send("\x1b[B", lambda: True, "the list does not move")
        self.send("\r", is_closed, f"“{label}” does not close")
        assert self.under_cursor.lstrip("[").startswith(answer), f"“{label}” is not “{answer}”:\n{self.shown()}"

    def tick(self, label: str) -> None:
        before = self.lines
        self.go_to(rf"[ \[]*\] ?{re.escape(label)}")
        self.send("\r", lambda: self.lines != before, f"“{label}” cannot be ticked")


# --- the walk --------------------------------------------------------------------------------------------------------


def walk_the_letter(browser: TextBrowser, site, photo) -> None:
    """From the guide to the lookup, as somebody does who sees only words."""
    who = person.new_person()
    browser.starts("Bà con cần làm việc gì?")
    browser.press("Hướng dẫn", then="Tám bài hướng dẫn")
    browser.press("I. Đăng ký tài khoản", then="Xem từng bước")
    browser.press("Xem từng bước", then="Bước 1/7")
    browser.press("Làm bước này", then="Bà con cần làm việc gì?")
    register(browser, who, site)
    log_in(browser, who, site)
    codes = submit(browser, photo)
    log_out(browser)
    browser.press("Tra cứu", then="Mã số hồ sơ/ Mã biên nhận")
    browser.type("Mã số hồ sơ/ Mã biên nhận", person.as_typed_by_hand(codes[1]).strip())
    browser.press("Tra cứu", after="đều được", then="xã chưa nhận")
    assert codes[0] in browser.text
    assert who.full_name not in browser.text


def register(browser: TextBrowser, who: person.Person, site) -> None:
    browser.press("Đăng nhập", then=LETTER_CHOICE)
    browser.press(LETTER_CHOICE, then="Chưa có tài khoản")
    browser.press("Đăng ký", then="Loại tài khoản")
    browser.choose("Loại tài khoản", "Công dân")
    browser.press(LETTER_LEVEL, then="Số giấy tờ của bạn")
    browser.type("CMND", who.id_number)
    browser.press("Tiến hành đăng ký", then="Mật khẩu và thông tin của bạn")
    for label, text in who.details.items():
        browser.type(label, text, below="CMND")
    browser.press("Đăng ký", after="Thư xác nhận gửi tới đây", then="Còn một bước")
    browser.open(link_in(site.wait_for_letter(who.email, "Xác nhận")), then="Bấm nút dưới đây")
    browser.press("Xác nhận", then="Tài khoản đã dùng được")


def log_in(browser: TextBrowser, who: person.Person, site) -> None:
    browser.open(f"{site.address}/", then="Bà con cần làm việc gì?")
    browser.press("Đăng nhập", then=LETTER_CHOICE)
    browser.press(LETTER_CHOICE, then="Chưa có tài khoản")
    browser.type("CMND", who.id_number)
    browser.type("Mật khẩu", PASSWORD)
    browser.press("Đăng nhập", after="Mật khẩu", then=who.full_name)


def submit(browser: TextBrowser, photo) -> tuple[str, str]:
    """(dossier code, receipt code) of a birth registration with one photo."""
    browser.press("Dịch vụ công", then="Theo lĩnh vực")
    browser.press(person.PROCEDURE, then="Cần mang, cần chụp")
    browser.press("Nộp hồ sơ", then="Chủ hồ sơ là ai?")
    browser.choose("Bạn làm cho ai", "Cho tôi: Ksor H'Bia")
    browser.press(GO_ON, then="Trang 2/")
    number, asked = 2, set()
    while "Bạn nhận kết quả ở đâu" not in browser.text:
        asked |= answer_all(browser)
        number += 1
        browser.press(GO_ON, then=f"Trang {number}/")
    assert asked == set(BIRTH)
    browser.choose("Bạn nhận kết quả ở đâu", "Tại Bộ phận Một cửa")
    browser.press(GO_ON, then="Giấy tờ kèm theo")
    browser.type("Chọn ảnh", str(photo))
    browser.press("Gửi giấy này", then="Đã nhận: giay chung sinh.jpg")
    browser.press(GO_ON, then="Xem lại và nộp")
    assert "H'Mai" in browser.text
    browser.tick("Tôi cam đoan")
    browser.press("Nộp hồ sơ", after="Tôi cam đoan", then="Đã nộp hồ sơ")
    return person.dossier_code_in(browser.text), person.receipt_code_in(browser.text)


def answer_all(browser: TextBrowser) -> set[str]:
    """Answer what this page asks; returns the labels of it."""
    asked = {label for label in BIRTH if label in browser.text}
    for label in BIRTH:
        if label in asked:
            browser.answer(label, BIRTH[label])
    return asked


def log_out(browser: TextBrowser) -> None:
    browser.press("Trang chủ", then="Bà con cần làm việc gì?")
    browser.press("Thoát", then="Thoát khỏi máy này?")
    browser.press("Xong – xoá khỏi máy này", after="Bản nháp vẫn còn", then="Đã xoá khỏi máy này")
    browser.press("Trang chủ", then="Bà con cần làm việc gì?")


# --- guide III -------------------------------------------------------------------------------------------------------

NEW_PASSWORD = "rung thong xanh mat"


def recover(browser: TextBrowser, number: str, email: str, site) -> None:
    """Forgotten password, by mail, as the letter has it."""
    browser.starts("Bà con cần làm việc gì?")
    browser.press("Đăng nhập", then=LETTER_CHOICE)
    browser.press(LETTER_CHOICE, then="Chưa có tài khoản")
    browser.press("Mật khẩu", after="Quên:", then="Lấy lại mật khẩu")
    browser.type("CMND", number)
    browser.choose("Cách lấy lại", "Qua e-mail")
    browser.press("Xác nhận", after="Cách lấy lại", then="Mở e-mail của bạn")
    browser.open(link_in(site.wait_for_letter(email, "Lấy lại mật khẩu")), then="bấm nút dưới đây")
    browser.press("Xác nhận", after="bấm nút dưới đây", then="Đặt mật khẩu mới")
    browser.type("Mật khẩu mới", NEW_PASSWORD, below="Đặt mật khẩu mới")
    browser.type("Gõ lại mật khẩu mới", NEW_PASSWORD)
    browser.press("Xác nhận", after="Gõ lại mật khẩu mới", then="Cập nhật mật khẩu thành công")
    browser.press("Đăng nhập", then=LETTER_CHOICE)
    browser.press(LETTER_CHOICE, then="Chưa có tài khoản")
    browser.type("CMND", number)
    browser.type("Mật khẩu", NEW_PASSWORD, below="CMND")


# --- guide VII -------------------------------------------------------------------------------------------------------


def pay(browser: TextBrowser, payer: dict, password: str, site) -> None:
    """Log in, and pay online what the commune asks for: at the bank, whose word is there before the payer, and back."""
    site.wish_of_bank(way="before")
    browser.starts("Bà con cần làm việc gì?")
    browser.press("Đăng nhập", then=LETTER_CHOICE)
    browser.press(LETTER_CHOICE, then="Chưa có tài khoản")
    browser.type("CMND", payer["id_number"])
    browser.type("Mật khẩu", password)
    browser.press("Đăng nhập", after="Máy của tôi", then=payer["full_name"])
    browser.press("Trang cá nhân", then="Yêu cầu thanh toán (1)")
    browser.press("Yêu cầu thanh toán (1)", then="nộp trước hết")
    browser.press("Thanh toán", after="nộp trước hết", then="Xem lại số tiền")
    browser.press("Đúng, trả tiền", then="Trả bằng cách nào?")
    browser.press("Thanh toán trực tuyến qua cổng DVCQG", then="Ngân hàng của bạn")
    browser.choose("Ngân hàng của bạn", "NCB")
    browser.press("Thanh toán", after="Eximbank", then="Sang trang ngân hàng")
    browser.press("Thanh toán", after="Hạn trả", then="Đăng nhập ngân hàng NCB")
    pay_at_bank(browser)


def pay_at_bank(browser: TextBrowser) -> None:
    """The trial bank's pages, each of which says that it is none."""
    assert TRIAL_BANK in browser.text
    browser.type("Số thẻ", "9704198526191432198", below="thẻ thật")
    browser.type("Tên chủ thẻ", "NGUYEN VAN A")
    browser.type("Ngày phát hành", "07/15")
    browser.press("Tiếp tục", then="Nhập mã OTP")
    assert TRIAL_BANK in browser.text
    browser.type("Mã OTP", "123456", below="được gửi")
    browser.press("Thanh toán", after="được gửi", then="Đã nộp tiền")
    assert TRIAL_BANK not in browser.text


def find_a_recording(browser: TextBrowser, site) -> None:
    """A browser that plays nothing leads to the file all the same, and says what it weighs and what is missing."""
    site.python("import prepared; prepared.print_recording('nop-ho-so', 2, 'jrai', 5)")

    def is_ready() -> bool:
        return site.python("import prepared; prepared.print_states()")[0][1] == "ready"

    wait_until(is_ready, lambda: f"it is not made small:\n{site.output()}", every=0.5)
    browser.open(f"{site.address}/huong-dan/nop-ho-so/nghe", then="Nghe: Nộp hồ sơ")

    assert re.search(r"Tiếng Jrai 5 giây, nghe tốn \d", browser.text) and re.search(r"Tải về \(\d+(,\d)? kB\)", browser.text)
    assert "Chưa có bản ghi tiếng Bahnar." in browser.text

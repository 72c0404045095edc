"""Guide VII in a real browser, at the site and at the trial bank that runs beside it: nothing between them is played."""

import re
import sqlite3
from contextlib import closing

import pytest
from person import LETTER_CHOICE
from phone import Phone
from sandboxed import LABEL
from serving import wait_until
from stage import PASSWORD

ONLINE = "Thanh toán trực tuyến qua cổng DVCQG"
CARD, HOLDER, ISSUED, OTP = "9704198526191432198", "NGUYEN VAN A", "07/15", "123456"
SECRETS = """() => [...document.querySelectorAll('input,textarea')].filter(one => one.type == 'password'
  || /otp|mật khẩu|số thẻ/i.test([one.name, one.placeholder, ...[...one.labels || []].map(label => label.innerText)].join(' ')))
  .map(one => one.name)"""
UNKNOWN, PAID = "Chưa rõ", "Đã nộp tiền"


@pytest.fixture
def payer(site) -> dict:
    return site.python("import prepared; prepared.print_payer()")


class Payer(Phone):
    """A phone that goes to the bank and back; each page on the way is looked at."""

    @property
    def is_at_bank(self) -> bool:
        return not self.page.url.startswith(f"{self.address}/")

    def looked_at(self) -> None:
        """No page of the way is wider than the phone; the bank says what it is, and the site asks for none of its secrets."""
        assert self.page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0, f"“{self.heading}” is too wide"
        if self.is_at_bank:
            assert LABEL in self.words
        else:
            assert LABEL not in self.words
            assert self.page.evaluate(SECRETS) == [], f"“{self.heading}” asks for what is the bank's alone"

    def go(self, label: str, heading: str, to_bank: bool = False) -> None:
        """Press, and look at the page that comes."""
        if to_bank or self.is_at_bank:
            has_script, self.has_script = self.has_script, False  # no htmx there
            self.press(label)
            self.has_script = has_script
        else:
            self.press(label)
        assert self.heading == heading, f"“{label}” leads to “{self.heading}”"
        self.looked_at()

    # --- steps of guide VII ---

    def log_in(self, payer: dict) -> None:
        self.open(f"{self.address}/")
        self.press("Đăng nhập")
        self.press(LETTER_CHOICE)
        self.type("CMND", payer["id_number"])
        self.type("Mật khẩu", PASSWORD)
        self.send("Đăng nhập", whole=True)
        self.sees(payer["full_name"])

    def choose_bank(self, bank: str = "NCB") -> None:
        """Steps 2 to 5, from the person's own page."""
        self.go("Yêu cầu thanh toán (1)", "Yêu cầu thanh toán")
        self.sees("16.000 đồng")
        self.go("Thanh toán", "Xem lại số tiền")
        self.go("Đúng, trả tiền", "Trả bằng cách nào?")
        self.go(ONLINE, "Chọn ngân hàng")
        self.choose("Ngân hàng của bạn", bank)
        self.go("Thanh toán", "Sang trang ngân hàng")

    def go_to_bank(self, payer: dict) -> None:
        """Steps 1 to 6 of somebody who is logged in."""
        self.page.context.add_cookies([payer["cookie"] | {"url": self.address}])
        self.open(f"{self.address}/ca-nhan/")
        self.choose_bank()
        self.go("Thanh toán", "Đăng nhập ngân hàng NCB", to_bank=True)

    def show_card(self) -> None:
        assert self.is_at_bank and self.page.evaluate(SECRETS) == ["so_the"]
        self.type("Số thẻ", CARD)
        self.type("Tên chủ thẻ", HOLDER)
        self.type("Ngày phát hành", ISSUED)
        self.go("Tiếp tục", "Nhập mã OTP")

    def come_back(self, by: str) -> None:
        """Press the bank's last button; the site's page may come before the bank's notice."""
        assert self.is_at_bank
        has_script, self.has_script = self.has_script, False
        self.press(by)
        self.has_script = has_script
        assert self.path.startswith("/thanh-toan/vnpay/return?")
        self.looked_at()

    def type_otp(self) -> None:
        assert self.is_at_bank and self.page.evaluate(SECRETS) == ["otp"]
        self.type("Mã OTP", OTP)
        self.come_back("Thanh toán")

    def looks_until(self, heading: str) -> None:
        """Look again until the site knows."""

        def is_known() -> bool:
            if self.heading == UNKNOWN:
                self.press("Xem lại kết quả")
            return self.heading != UNKNOWN

        wait_until(is_known, "the bank's word does not come", every=0.5)
        assert self.heading == heading
        self.looked_at()

    def go_back_to_bank(self, heading: str) -> None:
        """Back, as often as the site's page was looked at; the bank shows how it ended, and asks for nothing more."""
        wait_until(lambda: self.go_back() or self.is_at_bank, "Back does not lead to the bank")
        assert self.heading == heading
        self.looked_at()

    def tap_twice(self, label: str, *headings: str) -> None:
        """A finger that shakes."""
        from playwright.sync_api import Error

        def has_come() -> bool:
            try:
                return self.heading in headings
            except Error:  # one page is taking the other's place
                return False

        self._control(label).dblclick()
        wait_until(has_come, f"“{label}” pressed twice leads nowhere")
        self.is_whole()
        self.looked_at()


@pytest.fixture
def pick_up_to_pay(pick_up):
    def pick(has_script: bool, size: str) -> Payer:
        phone = pick_up(has_script, size)
        return Payer(phone.page, phone.address, has_script)

    return pick


def paid_of(code: str, site) -> dict:
    return site.python(f"import prepared; prepared.print_money({code!r})")


def ends_at_bank(code: str, site) -> list[str]:
    """The bank's own book: how each payment of the dossier ended."""
    about = "SELECT response_code FROM payment WHERE order_info LIKE ? ORDER BY id"
    with closing(sqlite3.connect(site.instance / "sandbox.db")) as book:
        return [code for (code,) in book.execute(about, (f"% {code}",))]


# --- the letter, from its first step to its last ---------------------------------------------------------------------


@pytest.mark.parametrize("has_script, size", [(True, "240x320"), (False, "360x640")], ids=["240x320 script", "360x640 plain"])
def test_the_seventh_guide_is_walked_to_the_bank_and_back(site, pick_up_to_pay, payer, has_script, size):
    phone = pick_up_to_pay(has_script, size)
    phone.log_in(payer)
    phone.press("Trang cá nhân")
    phone.looked_at()
    phone.choose_bank()
    phone.go("Thanh toán", "Đăng nhập ngân hàng NCB", to_bank=True)
    phone.show_card()
    phone.type_otp()
    phone.looks_until(PAID)
    reference = re.search(r"\bH21\w+P1\b", phone.words)[0]

    phone.open(f"{phone.address}/ca-nhan/")
    phone.go("Yêu cầu thanh toán (0)", "Yêu cầu thanh toán")
    (number,) = paid_of(payer["code"], site)["receipts"]
    phone.go(f"Biên lai số {number.partition('/')[0]}", f"Biên lai số {number}")
    phone.sees("16.000 đồng")
    assert ends_at_bank(payer["code"], site) == ["00"]
    assert phone.complaints == []

    desk = pick_up_to_pay(False, "360x640")
    desk.page.context.add_cookies([payer["desk"] | {"url": desk.address}])
    desk.open(f"{desk.address}/mot-cua/ho-so/{payer['code']}")
    assert f"mã {reference}: đã trả" in desk.words and f"Biên lai {number}" in desk.words


# --- and when it goes otherwise --------------------------------------------------------------------------------------


def test_who_cancels_at_the_bank_may_pay_again_and_backs_and_double_taps_take_money_once(site, pick_up_to_pay, payer):
    phone = pick_up_to_pay(True, "240x320")
    phone.go_to_bank(payer)
    phone.come_back(by="Hủy giao dịch")
    phone.looks_until("Chưa nộp được: Bạn đã hủy giao dịch")
    phone.go_back_to_bank("Đã hủy giao dịch")
    phone.go_back()
    assert phone.path.endswith("/tra") and phone.heading == "Chưa nộp được: Bạn đã hủy giao dịch"

    phone.go("Xem yêu cầu thanh toán", "Xem lại số tiền")
    phone.sees("Trả lại lần nữa")
    phone.go("Đúng, trả tiền", "Trả bằng cách nào?")
    phone.go(ONLINE, "Chọn ngân hàng")
    phone.choose("Ngân hàng của bạn", "NCB")
    phone.tap_twice("Thanh toán", "Sang trang ngân hàng")
    phone.tap_twice("Thanh toán", "Đăng nhập ngân hàng NCB")
    phone.show_card()
    phone.type("Mã OTP", OTP)
    phone.tap_twice("Thanh toán", PAID, UNKNOWN)
    phone.looks_until(PAID)

    phone.go_back_to_bank("Thanh toán thành công")
    done = paid_of(payer["code"], site)
    assert [state for state, _ in done["tries"]] == ["failed", "paid"] and len(done["receipts"]) == 1
    assert ends_at_bank(payer["code"], site) == ["24", "00"]


@pytest.fixture
def mute_bank(site):
    """Tells nobody for a day, and answers questions with rubbish."""
    site.wish_of_bank(way="late", late="86400", answers="rubbish")
    yield
    site.wish_of_bank(way="normal", late="90", answers="normal")


def test_while_the_bank_says_nothing_the_page_says_so_and_later_that_it_is_paid(site, pick_up_to_pay, payer, mute_bank):
    phone = pick_up_to_pay(False, "240x320")
    phone.go_to_bank(payer)
    phone.show_card()
    phone.type_otp()
    phone.go("Xem lại kết quả", UNKNOWN)
    phone.sees("Đừng trả lại ngay")
    assert re.search(r"\bH21\w+P1\b", phone.words) and paid_of(payer["code"], site)["receipts"] == []

    site.let_bank_tell()
    phone.looks_until(PAID)

    assert len(paid_of(payer["code"], site)["receipts"]) == 1


def test_two_tabs_of_the_same_try_take_money_once(site, pick_up_to_pay, payer):
    phone = pick_up_to_pay(False, "360x640")
    phone.go_to_bank(payer)
    phone.go_back()
    other = Payer(phone.page.context.new_page(), phone.address, False)
    other.open(phone.page.url)
    for tab in (phone, other):
        tab.page.bring_to_front()
        tab.go("Thanh toán", "Đăng nhập ngân hàng NCB", to_bank=True)
        tab.show_card()
    for tab in (phone, other):
        tab.page.bring_to_front()
        tab.type_otp()
        tab.looks_until(PAID)

    assert [state for state, _ in paid_of(payer["code"], site)["tries"]] == ["paid"]
    assert ends_at_bank(payer["code"], site) == ["00"]

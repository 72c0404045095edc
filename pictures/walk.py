"""The eight guides as somebody walks them: at each step its screen is open, and the control to use is named."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import person
from conftest import PASSWORD
from person import LETTER_CHOICE, LETTER_LEVEL
from phone import Phone
from serving import Site, link_in, wait_until

from rules.content import Guide

SIZE = {"width": 240, "height": 320}
PATIENCE_MS = 10_000
CHECK_PAGE = "/nop-ho-so/dang-ky-khai-sinh/xem-lai"
ONLINE = "Thanh toán trực tuyến qua cổng DVCQG"
CARD = {"Số thẻ": "9704198526191432198", "Tên chủ thẻ": "NGUYEN VAN A", "Ngày phát hành": "07/15"}  # of the trial bank


@dataclass(frozen=True)
class Sight:
    """What a picture is of: the control that reads `label`, and how many parts of the page above and below it are shown."""

    label: str
    above: int = 1
    below: int = 0
    called: str = "nút"  # in the words for those who do not see the picture
    screen: str = ""  # what they are told the screen is; the heading, when nothing is said


# --- guide by guide, a sight for each step ---------------------------------------------------------------------------


def register(phone: Phone, site: Site) -> Iterator[Sight]:
    who = person.new_person()
    yield top_of_home(phone, "Đăng nhập", "chữ")
    phone.press("Đăng nhập")
    yield Sight(LETTER_CHOICE)
    phone.press(LETTER_CHOICE)
    yield Sight("Đăng ký", called="chữ")
    phone.press("Đăng ký")
    phone.choose("Loại tài khoản", "Công dân")
    yield Sight(LETTER_LEVEL, above=3)
    phone.press(LETTER_LEVEL)
    yield Sight("Tiến hành đăng ký")
    phone.type("CMND", who.id_number)
    phone.press("Tiến hành đăng ký")
    yield Sight("Đăng ký")
    for label, text in who.details.items():
        phone.type(label, text)
    phone.send("Đăng ký")
    phone.open(link_in(site.wait_for_letter(who.email, "Xác nhận")))
    yield Sight("Xác nhận", above=2)


def log_in(phone: Phone, site: Site) -> Iterator[Sight]:
    who = site.python("import prepared; prepared.print_account()")
    yield top_of_home(phone, "Đăng nhập", "chữ")
    phone.press("Đăng nhập")
    yield Sight(LETTER_CHOICE)
    phone.press(LETTER_CHOICE)
    yield Sight("Đăng nhập", above=5)
    phone.type("CMND", who["id_number"])
    phone.type("Mật khẩu", PASSWORD)
    phone.send("Đăng nhập", whole=True)
    yield top_of_home(phone, who["full_name"], "tên người dùng")


def recover(phone: Phone, site: Site) -> Iterator[Sight]:
    who = site.python("import prepared; prepared.print_account()")
    yield top_of_home(phone, "Đăng nhập", "chữ")
    phone.press("Đăng nhập")
    yield Sight(LETTER_CHOICE)
    phone.press(LETTER_CHOICE)
    yield Sight("Mật khẩu", called="chữ")
    phone.press("Mật khẩu")
    phone.choose("Cách lấy lại", "Qua e-mail")
    yield Sight("Xác nhận", above=5)
    phone.type("CMND", who["id_number"])
    phone.press("Xác nhận")
    phone.open(link_in(site.wait_for_letter(who["email"], "Lấy lại mật khẩu")))
    yield Sight("Xác nhận")
    phone.press("Xác nhận")
    yield Sight("Xác nhận", above=2)


def submit(phone: Phone, site: Site) -> Iterator[Sight]:
    carry_in(phone, *site.python("import prepared; prepared.print_citizens(1)"))
    yield list_of_home(phone, "Dịch vụ công")
    phone.press("Dịch vụ công")
    phone.press(person.PROCEDURE)
    yield Sight("Nộp hồ sơ")
    phone.open(f"{phone.address}{CHECK_PAGE}")
    phone.page.get_by_role("checkbox").check()
    yield Sight("Nộp hồ sơ")
    phone.send("Nộp hồ sơ")
    yield Sight("Mã hồ sơ", called="dòng")


def look_up(phone: Phone, site: Site) -> Iterator[Sight]:
    yield list_of_home(phone, "Tra cứu")
    phone.press("Tra cứu")
    yield Sight("Tra cứu")


def keep_documents(phone: Phone, site: Site) -> Iterator[Sight]:
    carry_in(phone, *site.python("import prepared; prepared.print_citizens(1, with_drafts=False)"))
    yield list_of_home(phone, "Trang cá nhân")
    phone.press("Trang cá nhân")
    phone.press("Quản lý tài liệu")
    yield Sight("Lưu")


def pay(phone: Phone, site: Site) -> Iterator[Sight]:
    """To the trial bank and back. No bank's page is pictured: of its last step, one sees what our page says in the end."""
    carry_in(phone, site.python("import prepared; prepared.print_payer()")["cookie"])
    yield list_of_home(phone, "Trang cá nhân")
    phone.press("Trang cá nhân")
    phone.press("Yêu cầu thanh toán (1)")
    yield Sight("Thanh toán")
    phone.press("Thanh toán")
    yield Sight("Đúng, trả tiền", above=6)
    phone.press("Đúng, trả tiền")
    yield Sight(ONLINE, called="dòng")
    phone.press(ONLINE)
    phone.choose("Ngân hàng của bạn", "NCB")
    yield Sight("Thanh toán", above=2)
    phone.press("Thanh toán")
    yield Sight("Thanh toán", above=6)
    phone.press("Thanh toán")
    for label, text in CARD.items():
        phone.type(label, text)
    phone.press("Tiếp tục")
    phone.type("Mã OTP", "123456")
    phone.press("Thanh toán")
    until_paid(phone)
    yield Sight("Đã nộp tiền", above=0, below=1, called="dòng", screen="trang của xã, sau khi trả xong ở ngân hàng")


def look_back(phone: Phone, site: Site) -> Iterator[Sight]:
    carry_in(phone, site.python("import prepared; prepared.print_history(3)")["cookie"])
    yield list_of_home(phone, "Trang cá nhân")
    phone.press("Trang cá nhân")
    phone.press("Lịch sử giao dịch")
    yield Sight("Tìm kiếm", above=3)


# By the number of the guide.
WALKS = {1: register, 2: log_in, 3: recover, 4: submit, 5: look_up, 6: keep_documents, 7: pay, 8: look_back}


# --- on the way ------------------------------------------------------------------------------------------------------


class LostTheWay(Exception):
    """A step's screen cannot be reached any more by what the step before says."""


def walk(guide: Guide, browser, site: Site) -> Iterator[tuple[int, Phone, Sight]]:
    """Each step of the guide by its number, with its screen open on a phone without script."""
    context = browser.new_context(java_script_enabled=False, viewport=SIZE, locale="vi-VN")
    context.set_default_timeout(PATIENCE_MS)
    phone, number = Phone(context.new_page(), site.address, has_script=False), 0
    sights = WALKS[guide.number](phone, site)
    try:
        for number in range(1, len(guide.steps) + 1):
            yield number, phone, _next(sights, guide, number, phone)
    finally:
        context.close()


def _next(sights: Iterator[Sight], guide: Guide, number: int, phone: Phone) -> Sight:
    try:
        return next(sights)
    except Exception as trouble:
        raise LostTheWay(
            f"guide {guide.number}, on the way to step {number}, at {phone.path}: {trouble!r}. When the guide is right, mend "
            "pictures/walk.py."
        ) from trouble


def top_of_home(phone: Phone, label: str, called: str) -> Sight:
    phone.open(f"{phone.address}/")
    return Sight(label, above=0, below=1, called=called, screen="trang chủ")


def list_of_home(phone: Phone, label: str) -> Sight:
    phone.open(f"{phone.address}/")
    return Sight(label, above=2, below=1, called="dòng", screen="trang chủ")


def carry_in(phone: Phone, cookie: dict[str, str]) -> None:
    """Somebody who is logged in already."""
    phone.page.context.add_cookies([cookie | {"url": phone.address}])


def until_paid(phone: Phone) -> None:
    """The bank's notice may come after the person."""

    def is_known() -> bool:
        if phone.heading == "Chưa rõ":
            phone.press("Xem lại kết quả")
        return phone.heading != "Chưa rõ"

    wait_until(is_known, "the bank's word does not come", every=0.5)


def control(phone: Phone, label: str):
    """What reads `label` on the screen: a button, else a link, else a line of text."""
    begins = re.compile(rf"^{re.escape(label)}")
    button = phone.page.get_by_role("button", name=label, exact=True)
    found = (one for one in (button, phone.page.get_by_role("link", name=begins)) if one.count())
    return next(found, phone.page.get_by_text(begins)).first

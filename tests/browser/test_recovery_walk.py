"""Guide III of the letter, walked in a real browser: by mail, and by a code on the slip."""

import pytest
from person import LETTER_CHOICE
from phone import Phone
from serving import link_in

NEW = "rung thong xanh mat"
WALKS = [
    pytest.param("sqlite", True, "240x320", id="240x320 script sqlite"),
    pytest.param("sqlite", False, "240x320", id="240x320 plain sqlite"),
    pytest.param("sqlite", True, "360x640", id="360x640 script sqlite"),
    pytest.param("postgresql", False, "360x640", id="360x640 plain postgresql"),
]


def forget(phone: Phone, number: str, way: str) -> None:
    """Steps 1 to 4."""
    phone.open(f"{phone.address}/")
    phone.press("Đăng nhập")
    phone.press(LETTER_CHOICE)
    phone.press("Mật khẩu")
    assert phone.heading == "Lấy lại mật khẩu"
    phone.type("CMND", number)
    phone.choose("Cách lấy lại", way)
    phone.press("Xác nhận")


def set_new(phone: Phone) -> None:
    """Step 6."""
    phone.type("Mật khẩu mới", NEW)
    phone.type("Gõ lại mật khẩu mới", NEW)
    phone.send("Xác nhận")
    assert phone.heading == "Cập nhật mật khẩu thành công"


def log_in_again(phone: Phone, owner: dict) -> None:
    phone.press("Đăng nhập")
    phone.press(LETTER_CHOICE)
    phone.type("CMND", owner["id_number"])
    phone.type("Mật khẩu", NEW)
    phone.send("Đăng nhập", whole=True)
    phone.sees(owner["full_name"])


@pytest.mark.parametrize("site, has_script, size", WALKS, indirect=["site"])
def test_a_forgotten_password_comes_back_by_mail(site, pick_up, has_script, size):
    owner, phone = site.python("import prepared; prepared.print_account()"), pick_up(has_script, size)

    forget(phone, owner["id_number"], "Qua e-mail")
    assert phone.heading == "Mở e-mail của bạn"
    phone.open(link_in(site.wait_for_letter(owner["email"], "Lấy lại mật khẩu")))
    phone.press("Xác nhận")
    set_new(phone)
    assert site.wait_for_letter(owner["email"], "vừa được đặt lại")
    log_in_again(phone, owner)
    assert phone.complaints == []


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])
def test_a_forgotten_password_comes_back_by_the_slip(site, pick_up, has_script):
    owner, phone = site.python("import prepared; prepared.print_account_with_slip()"), pick_up(has_script, "240x320")

    forget(phone, owner["id_number"], "Bằng mã trên phiếu xã đã in")
    assert phone.heading == "Nhập mã, đặt mật khẩu mới"
    phone.type("Mã", owner["code"].lower())
    set_new(phone)
    log_in_again(phone, owner)
    assert phone.complaints == []

"""Trang cá nhân on the smallest phone: one screen, and out of it with one press; nothing of the person stays behind."""

import pytest
from phone import Phone

SCREEN = 320  # CSS pixels, the height of the smallest phone
LAST_TILE = """() => {
  const tile = [...document.querySelectorAll(".tiles a")].pop().getBoundingClientRect();
  return {inDocument: tile.bottom + scrollY, onScreen: tile.bottom, name: tile.right <= innerWidth};
}"""


@pytest.fixture
def log_in(site, pick_up):
    """Somebody with a finished draft and nothing that waits, at the smallest phone; already logged in."""

    def at_phone(has_script: bool) -> Phone:
        phone = pick_up(has_script, "240x320")
        (cookie,) = site.python("import prepared; prepared.print_citizens(1)")
        phone.page.context.add_cookies([cookie | {"url": site.address}])
        return phone

    return at_phone


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])
def test_the_whole_menu_stands_on_one_screen_of_240_by_320(log_in, has_script):
    phone = log_in(has_script)
    phone.open(f"{phone.address}/ca-nhan/")

    assert phone.page.evaluate(LAST_TILE)["inDocument"] <= SCREEN
    assert phone.page.evaluate("document.scrollingElement.scrollWidth") == 240


def test_also_when_it_comes_as_a_fragment_below_another_pages_header(log_in):
    phone = log_in(True)
    phone.open(f"{phone.address}/")
    phone.press("Trang cá nhân")

    assert phone.page.evaluate(LAST_TILE)["onScreen"] <= SCREEN


def test_the_page_needs_no_second_style_sheet(log_in):
    phone = log_in(False)
    sheets = "[...document.querySelectorAll('link[rel=stylesheet]')].map(link => link.href)"
    phone.open(f"{phone.address}/tra-cuu")
    before = phone.page.evaluate(sheets)
    phone.open(f"{phone.address}/ca-nhan/")

    assert phone.page.evaluate(sheets) == before and len(before) == 1


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])
def test_one_press_leaves_a_shared_phone_with_nothing_of_the_person(log_in, has_script):
    phone = log_in(has_script)
    phone.open(f"{phone.address}/ca-nhan/tai-khoan/")
    name = "Rơ Châm H'Lan"
    assert name in phone.words
    phone.press("Trang cá nhân")
    phone.send("Xong – xoá khỏi máy này", whole=True)
    assert phone.heading == "Xong. Đã xoá khỏi máy này"

    for _ in range(2):
        phone.go_back()
        assert name not in phone.words and "hlan@" not in phone.words
    phone.keeps_nothing()


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])
def test_a_login_elsewhere_is_ended_and_then_all_of_them(log_in, has_script):
    phone = log_in(has_script)
    phone.open(f"{phone.address}/ca-nhan/")
    for label in ("Tài khoản", "Máy đang đăng nhập"):
        phone.press(label)
    assert phone.heading == "Máy đang đăng nhập"
    phone.sees("máy này")

    phone.press("Thoát khỏi mọi máy")
    phone.send("Thoát khỏi mọi máy", whole=True)

    assert phone.heading == "Xong. Đã xoá khỏi máy này"
    phone.open(f"{phone.address}/ca-nhan/")
    assert phone.heading == "Đăng nhập"
    assert phone.complaints == []


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])
def test_a_change_is_made_with_the_password_and_a_wrong_one_loses_nothing_typed(log_in, has_script):
    from stage import PASSWORD

    phone = log_in(has_script)
    phone.open(f"{phone.address}/ca-nhan/tai-khoan/thon")
    phone.type("Thôn, làng", "Làng Bang")
    phone.type("Mật khẩu đang dùng", "khong phai dau")
    phone.press("Lưu")
    phone.sees("Mật khẩu đang dùng chưa đúng")
    assert phone.page.get_by_label("Thôn, làng").input_value() == "Làng Bang"
    assert phone.page.get_by_label("Mật khẩu đang dùng").input_value() == ""

    phone.type("Mật khẩu đang dùng", PASSWORD)
    phone.send("Lưu")

    assert phone.heading == "Tài khoản"
    phone.sees("Đã đổi thôn, làng.")
    phone.sees("Làng Bang")

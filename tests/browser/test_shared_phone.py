"""A phone that goes from hand to hand: after “Xong – xoá khỏi máy này”, or half an hour of rest, it tells the next nothing."""

import pytest
from person import GO_ON
from phone import Phone, chromium_running
from serving import wait_until

PASSWORD = "voi rung gao nuong"
SECRET = "Ksor H'Blŭ"
DONE, FORM = "Xong – xoá khỏi máy này", "/nop-ho-so/dang-ky-khai-sinh/chu-ho-so"
OWNERS_NAME = "Họ tên chủ hồ sơ"
SMALL = "240x320"
both_ways = pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])


@pytest.fixture(scope="module")
def chromium():
    """With what phones have and tests are spared: pages put aside whole, for Back and Forward."""
    with chromium_running(ignore_default_args=["--disable-back-forward-cache"]) as browser:
        yield browser


@pytest.fixture
def owner(site):
    return site.python("import prepared; prepared.print_account()")


def log_in(phone: Phone, owner: dict, choice: str = "") -> None:
    phone.open(f"{phone.address}/tai-khoan/dang-nhap/tinh")
    type_password(phone, owner, choice)
    assert phone.path == "/"


def type_password(phone: Phone, owner: dict, choice: str = "") -> None:
    phone.type("CMND", owner["id_number"])
    phone.type("Mật khẩu", PASSWORD)
    assert phone.page.get_by_label("Máy dùng chung").is_checked()
    if choice:
        phone.page.get_by_label(choice).check()
    phone.send("Đăng nhập", whole=True)


def write_something(phone: Phone, owner: dict) -> None:
    """Trang cá nhân, then a form with somebody's name in it, sent and left half done."""
    phone.press(owner["full_name"])
    assert phone.heading == owner["full_name"]
    phone.open(f"{phone.address}{FORM}")
    phone.choose("Bạn làm cho ai", "Cho người khác")
    phone.type(OWNERS_NAME, SECRET)
    phone.type("Số căn cước của chủ hồ sơ", owner["id_number"])
    phone.answer("Chủ hồ sơ là gì của bạn", "Con")
    phone.send(GO_ON)
    phone.open(f"{phone.address}{FORM}")
    assert phone.page.get_by_label(OWNERS_NAME).input_value() == SECRET


def leave(phone: Phone) -> None:
    phone.open(f"{phone.address}/ca-nhan/")
    phone.press(DONE, whole=True)
    assert (phone.path, phone.heading) == ("/tai-khoan/xong", "Xong. Đã xoá khỏi máy này")


def shows_nothing_of(owner: dict, phone: Phone) -> None:
    """Neither what can be read, nor what stands in a field, nor what hides in the page."""
    wait_until(lambda: asked_of(phone, "document.readyState == 'complete' && !document.documentElement.hidden"), phone.path)
    typed = "Array.from(document.querySelectorAll('input, textarea')).map(field => field.value).join(' ')"
    seen = asked_of(phone, f"document.title + document.documentElement.outerHTML + {typed}")
    found = [text for text in (owner["full_name"], "H&#39;Lan", owner["id_number"], SECRET) if text in seen]
    assert found == [], phone.path


def asked_of(phone: Phone, question: str):
    """What the page answers; nothing while it is being replaced by another."""
    try:
        return phone.page.evaluate(question)
    except Exception:  # the context was destroyed by the navigation that is waited for
        return None


def history_of(phone: Phone) -> dict:
    session = phone.page.context.new_cdp_session(phone.page)
    return session.send("Page.getNavigationHistory") | {"session": session}


def go(phone: Phone, steps: int) -> bool:
    """Press Back (-1) or Forward (1), if there is a page that way. (Of a page that comes back whole Playwright hears nothing.)"""

    def has_come() -> bool:
        try:
            return history_of(phone)["currentIndex"] == place
        except Exception:  # one page is taking the other's place
            return False

    history = history_of(phone)
    place = history["currentIndex"] + steps
    if not 0 <= place < len(history["entries"]) or history["entries"][place]["url"] == "about:blank":
        return False
    history["session"].send("Page.navigateToHistoryEntry", {"entryId": history["entries"][place]["id"]})
    wait_until(has_come, "no page came")
    return True


def leaf_through(owner: dict, phone: Phone) -> int:
    """Back as far as it goes, forward again, each page loaded anew too; returns how many were seen."""
    seen = 0
    for steps in (-1, 1):
        while go(phone, steps):
            shows_nothing_of(owner, phone)
            seen += 1
        phone.page.reload()
        shows_nothing_of(owner, phone)
    return seen


@both_ways
def test_after_done_neither_back_nor_forward_nor_reload_shows_anything(site, pick_up, owner, has_script):
    phone = pick_up(has_script, SMALL)
    log_in(phone, owner)
    write_something(phone, owner)
    leave(phone)

    assert phone.page.context.cookies() == []
    shows_nothing_of(owner, phone)
    assert leaf_through(owner, phone) > 8
    phone.open(f"{site.address}/ca-nhan/")
    assert phone.heading == "Đăng nhập"
    if has_script:
        phone.keeps_nothing()


def test_the_end_page_fits_the_smallest_screen(pick_up, owner):
    phone = pick_up(False, SMALL)
    log_in(phone, owner)
    phone.open(f"{phone.address}/ca-nhan/")
    button = phone.page.get_by_role("button", name=DONE).bounding_box()
    assert button["height"] >= 44 and button["x"] + button["width"] <= 240
    leave(phone)

    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 240


def test_a_public_page_that_had_become_a_personal_one_is_not_shown_again(site, pick_up, owner):
    """Opened before logging in (in another window), so the browser may put it aside; then it fetched personal content."""
    phone = pick_up(True, SMALL)
    phone.open(f"{site.address}/tra-cuu")
    other = Phone(phone.page.context.new_page(), site.address, True)
    log_in(other, owner)

    phone.page.evaluate(
        "path => htmx.ajax('GET', path, '#main').then(() => history.pushState({htmx: true}, '', path))", "/ca-nhan/"
    )
    phone.sees(owner["full_name"])
    phone.press(DONE, whole=True)
    assert go(phone, -1)
    shows_nothing_of(owner, phone)
    assert phone.heading == "Đăng nhập"


def test_a_public_page_comes_back_as_it_was_left(site, pick_up):
    """Only personal pages cost a second loading."""
    phone = pick_up(True, SMALL)
    phone.open(f"{site.address}/huong-dan/")
    # A worker that takes over later makes the browser forget the pages it has put aside.
    wait_until(lambda: asked_of(phone, "!!navigator.serviceWorker.controller"), "no worker takes over")
    phone.page.evaluate("window.wasHere = true")
    phone.open(f"{site.address}/dich-vu/")
    go(phone, -1)

    wait_until(lambda: asked_of(phone, "location.pathname") == "/huong-dan/", "the guides do not come back")
    assert asked_of(phone, "window.wasHere")


@both_ways
def test_a_page_left_alone_for_half_an_hour_asks_who_is_there_and_goes_on_after(site, pick_up, owner, has_script):
    phone = pick_up(has_script, SMALL)
    log_in(phone, owner)
    phone.open(f"{site.address}/ca-nhan/ban-nhap")
    site.python("import prepared; prepared.rest(31)")

    phone.press(owner["full_name"])
    assert phone.heading == "Đăng nhập" and phone.path == "/tai-khoan/dang-nhap/tinh?tiep=/ca-nhan/"
    shows_nothing_of(owner, phone)
    type_password(phone, owner)
    assert (phone.path, phone.heading) == ("/ca-nhan/", owner["full_name"])


@both_ways
def test_a_form_left_alone_for_half_an_hour_keeps_what_was_typed_and_shows_it_to_its_owner_alone(
    site, pick_up, owner, has_script
):
    phone = pick_up(has_script, SMALL)
    log_in(phone, owner)
    write_something(phone, owner)
    phone.type(OWNERS_NAME, SECRET + " hai")
    site.python("import prepared; prepared.rest(31)")

    phone.press(GO_ON)
    phone.sees("Chữ bạn vừa nhập đã được lưu")
    shows_nothing_of(owner, phone)
    type_password(phone, owner)
    phone.open(f"{site.address}{FORM}")
    assert phone.page.get_by_label(OWNERS_NAME).input_value() == SECRET + " hai"


@both_ways
def test_half_an_hour_later_reload_shows_nothing(site, pick_up, owner, has_script):
    phone = pick_up(has_script, SMALL)
    log_in(phone, owner)
    write_something(phone, owner)
    site.python("import prepared; prepared.rest(31)")

    phone.page.reload()
    shows_nothing_of(owner, phone)
    if has_script:  # without it the browser itself drops what it put aside, after ten minutes at most
        leaf_through(owner, phone)


@both_ways
def test_ones_own_phone_goes_on_after_a_night(site, pick_up, owner, has_script):
    phone = pick_up(has_script, SMALL)
    log_in(phone, owner, "Máy của tôi")
    site.python("import prepared; prepared.rest(24 * 60)")

    phone.open(f"{site.address}/ca-nhan/")
    assert phone.heading == owner["full_name"]
    (cookie,) = phone.page.context.cookies()
    assert cookie["expires"] > 0 and cookie["httpOnly"]


@both_ways
def test_the_cookie_of_a_shared_phone_ends_with_the_browser(pick_up, owner, has_script):
    phone = pick_up(has_script, SMALL)
    log_in(phone, owner)

    (cookie,) = phone.page.context.cookies()
    assert cookie["expires"] == -1 and cookie["httpOnly"]

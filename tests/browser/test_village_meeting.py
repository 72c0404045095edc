"""A village meeting: one phone, one village head, three people in a row; and the counter, by keyboard."""

import pytest
from person import GO_ON
from phone import Phone, chromium_running
from serving import wait_until
from stage import photo

HELP, COUNTER = "/mot-cua/lam-giup", "/mot-cua/tai-quay"
WITNESS = "Siu Người Nghe"


@pytest.fixture(scope="module")
def chromium():
    """With what phones have and tests are spared: pages put aside whole, for Back and Forward."""
    with chromium_running(ignore_default_args=["--disable-back-forward-cache"]) as browser:
        yield browser


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "anh.jpg"
    path.write_bytes(photo())
    return path


def helper_with(site, pick_up, has_script, size, people=3, role="village_head"):
    prepared = site.python(f"import prepared; prepared.print_meeting({people}, {role!r})")
    phone = pick_up(has_script, size)
    phone.page.context.add_cookies([prepared["cookie"] | {"url": site.address}])
    return phone, prepared


def fits(phone: Phone) -> None:
    width = phone.page.viewport_size["width"]
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= width, phone.path


def fill_pages(phone: Phone, answers: dict) -> None:
    """Every page of questions up to the papers, as the screen asks them."""
    while not phone.path.endswith("/giay-to"):
        fits(phone)
        for name in phone.page.evaluate("[...document.querySelectorAll('main form [name]')].map(field => field.name)"):
            if name in answers:
                answer(phone, name, answers[name])
        phone.press(GO_ON)
    assert phone.heading == "Giấy tờ kèm theo"


def answer(phone: Phone, name: str, text: str) -> None:
    control = phone.page.locator(f"main [name='{name}']")
    kind = control.first.evaluate("control => control.type")
    if kind == "radio":
        phone.page.locator(f"main [name='{name}'][value='{text}']").check()
    elif kind == "select-one":
        control.select_option(label=text)
    elif kind not in ("hidden", "checkbox"):
        control.fill(text)


def send_papers(phone: Phone, picture) -> None:
    for key in ("giay_chung_sinh", "giay_to_tuy_than"):
        form = phone.page.locator("form", has=phone.page.locator(f"[name=document][value={key}]")).first
        form.locator("[type=file]").set_input_files(picture)
        form.get_by_role("button", name="Gửi giấy này").click()
        phone.page.locator(f"#{key} ~ .done").first.wait_for()


def submit(phone: Phone) -> None:
    phone.press(GO_ON)
    phone.page.locator("#declared").check()
    phone.press("Nộp hồ sơ", whole=True)
    phone.page.get_by_role("heading", name="Đã nộp hồ sơ").wait_for()
    fits(phone)


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


def shows_nothing_of(who: dict, code: str, phone: Phone) -> None:
    """Neither what can be read, nor what stands in a field, nor what hides in the page."""
    wait_until(lambda: asked_of(phone, "document.readyState == 'complete' && !document.documentElement.hidden"), phone.path)
    typed = "Array.from(document.querySelectorAll('input, textarea')).map(field => field.value).join(' ')"
    seen = wait_until(lambda: asked_of(phone, f"document.title + document.documentElement.outerHTML + {typed}"), phone.path)
    assert [text for text in (who["full_name"], who["id_number"], code, WITNESS) if text in seen] == [], phone.path


def leaf_through(who: dict, code: str, phone: Phone) -> int:
    """Back as far as it goes, forward again; returns how many pages were seen."""
    seen = 0
    for steps in (-1, 1):
        while go(phone, steps):
            shows_nothing_of(who, code, phone)
            seen += 1
    return seen


@pytest.mark.parametrize(("has_script", "size"), [(True, "240x320"), (False, "360x640")], ids=["script-240x320", "plain-360x640"])
def test_three_people_in_a_row_and_none_sees_the_one_before(site, pick_up, picture, has_script, size):
    phone, prepared = helper_with(site, pick_up, has_script, size)
    phone.open(f"{site.address}{HELP}")
    for turn, who in enumerate(prepared["people"]):
        fits(phone)
        phone.type("Số căn cước", who["id_number"])
        phone.press("Tìm")
        if turn == 0:
            phone.page.get_by_role("searchbox").fill("khai sinh")
            phone.press("Tìm")
            fits(phone)
            phone.press("Đăng ký khai sinh")
        fits(phone)
        phone.press("Nói đồng ý")
        phone.type("Họ tên người làm chứng", WITNESS)
        phone.page.get_by_label("Đã đọc to").check()
        fits(phone)
        phone.press("Đồng ý, bắt đầu", whole=True)
        fill_pages(phone, prepared["answers"] | {"owner": "self", "delivery": "desk"})
        send_papers(phone, picture)
        submit(phone)
        code = phone.page.locator(".code").inner_text()
        phone.press("Người tiếp theo, cùng thủ tục", whole=True)

        shows_nothing_of(who, code, phone)
        phone.sees("Đăng ký khai sinh")
        if turn == 0:
            assert leaf_through(who, code, phone) > 8
            phone.open(f"{site.address}{HELP}?thu-tuc=dang-ky-khai-sinh")
    if has_script:
        phone.keeps_nothing()


def test_the_counter_goes_by_keyboard_alone(site, chromium):
    prepared = site.python("import prepared; prepared.print_meeting(1, 'officer')")
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    context.add_cookies([prepared["cookie"] | {"url": site.address}])
    page = context.new_page()
    page.goto(f"{site.address}{COUNTER}")
    page.locator("[name=id_number]").focus()
    page.keyboard.type("064090730999")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Người chưa có tài khoản").wait_for()
    page.locator("[name=full_name]").focus()
    for words in ("Siu Đến Quầy", "5/7/1990", "Thôn 2"):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    page.keyboard.press("Space")  # the card was seen
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Chọn thủ tục").wait_for()
    page.locator("[name=q]").focus()
    page.keyboard.type("khai sinh")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=**")
    page.get_by_role("link", name="Đăng ký khai sinh").first.press("Enter")
    page.locator("[name=seen]").press("Space")
    page.get_by_role("button", name="Bắt đầu nhập").press("Enter")
    page.get_by_text("tại quầy cho Siu Đến Quầy, chưa nộp").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1366
    context.close()

"""The queue by the keyboard alone: with the script one key at a time, without it by Tab, Enter and the access keys."""

import pytest

HERE = "document.activeElement.closest('tr') && document.activeElement.textContent"


@pytest.fixture(scope="module")
def prepared(site):
    return site.python("import prepared; prepared.print_queue(3)")


@pytest.fixture
def page_of(site, chromium, prepared):
    contexts = []

    def open_page(has_script=True, width=1366, height=768):
        context = chromium.new_context(java_script_enabled=has_script, viewport={"width": width, "height": height})
        context.set_default_timeout(15_000)
        context.add_cookies([prepared["cookie"] | {"url": site.address}])
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{site.address}/mot-cua/?xem=moi")
        return page

    yield open_page
    for context in contexts:
        context.close()


def is_ready(page) -> None:
    """Its scripts have run."""
    page.wait_for_load_state("load")
    page.wait_for_function("performance.getEntriesByType('resource').some(one => one.name.includes('desk.js'))")


def test_j_and_k_walk_the_rows_and_enter_opens_one(page_of, prepared):
    page = page_of()
    is_ready(page)
    page.keyboard.press("j")
    assert page.evaluate(HERE) == prepared["codes"][0]
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")  # the last one stays
    assert page.evaluate(HERE) == prepared["codes"][2]
    page.keyboard.press("k")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/mot-cua/ho-so/{prepared['codes'][1]}")
    page.get_by_role("heading", level=1).wait_for()
    page.keyboard.press("g")
    page.wait_for_url("**/mot-cua/")


def test_what_is_typed_in_a_field_is_only_typed(page_of):
    page = page_of()
    is_ready(page)
    page.keyboard.press("/")
    page.keyboard.type("jk/t?g")

    assert page.locator("[name=words]").input_value() == "jk/t?g"
    assert "/mot-cua/?xem=moi" in page.url
    page.keyboard.press("Control+a")
    page.keyboard.type("khong co ai")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mot-cua/tim/**")
    page.get_by_text("Không thấy hồ sơ nào").wait_for()
    assert page.locator("[name=words]").input_value() == "khong co ai"
    page.go_back()
    page.get_by_role("heading", name="Hồ sơ: mới nộp").wait_for()


def test_the_question_mark_shows_and_hides_the_keys(page_of):
    page = page_of()
    is_ready(page)
    assert page.locator("#keys p").is_visible()
    page.keyboard.press("?")
    assert not page.locator("#keys p").is_visible()
    page.keyboard.press("?")
    assert page.locator("#keys p").is_visible()


def test_t_takes_the_row_and_the_keys_work_on_after_the_page_was_exchanged(page_of, prepared):
    page = page_of()
    is_ready(page)
    page.keyboard.press("j")
    page.keyboard.press("t")
    page.get_by_text("Đã nhận.").wait_for()

    assert page.locator(".rows tr", has_text=prepared["codes"][0]).locator("button").count() == 0
    page.keyboard.press("j")
    assert page.evaluate(HERE) == prepared["codes"][0]


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (360, 640)])
def test_without_script_tab_and_enter_do_it_all(page_of, prepared, width, height):
    page = page_of(has_script=False, width=width, height=height)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator(":focus").inner_text() == prepared["codes"][2]:
            break
    else:
        raise AssertionError("Tab never reaches the row")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/mot-cua/ho-so/{prepared['codes'][2]}")


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (360, 640)])
def test_the_queue_fits_the_screen(page_of, width, height):
    page = page_of(width=width, height=height)

    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    assert page.evaluate("document.querySelector('[name=words]').getBoundingClientRect().bottom") < height or width < 600

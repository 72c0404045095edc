"""A village head after a meeting, standing, with a small phone: a session is noted in half a minute; a sheet is printed."""

import pytest
from phone import SIZES
from printing import needs_pdf, read

LOG, MEETING = "/mot-cua/nhat-ky/", "/mot-cua/bao-cao/lang/thon-9"


def head_with(site, pick_up, has_script, size="240x320", questions=0):
    prepared = site.python(f"import prepared; prepared.print_head({questions})")
    phone = pick_up(has_script, size)
    phone.page.context.add_cookies([prepared["cookie"] | {"url": site.address}])
    return phone


def fits(phone) -> None:
    width = phone.page.viewport_size["width"]
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= width, phone.path


def thumb_reaches(phone) -> None:
    """Whatever is tapped in the form is as tall as a thumb needs (48 px less a border or two)."""
    sizes = phone.page.evaluate(
        "[...document.querySelectorAll('main form label.pick, main form button')].map(e => e.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 40, sizes


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])
def test_a_session_is_noted_with_a_few_taps(site, pick_up, has_script, size):
    phone = head_with(site, pick_up, has_script, size)
    phone.open(f"{site.address}/mot-cua/lang-toi")
    fits(phone)
    phone.press("Ghi nhật ký", whole=not has_script)
    assert phone.page.locator("[name=day]").input_value(), "today stands there already"
    fits(phone)
    thumb_reaches(phone)
    place = f"Nhà rông {size} {has_script}"
    phone.type("Ở đâu", place)
    phone.type("Mấy người nghe", "vài chục")
    phone.page.get_by_label("Tra cứu hồ sơ", exact=True).check()
    phone.type("Bà con hỏi gì", "Mất mã thì sao?")
    phone.press("Ghi", whole=not has_script)
    phone.sees("Nhập số người, từ 1")
    fits(phone)
    assert phone.page.locator("[name=place]").input_value() == place
    assert phone.page.get_by_label("Tra cứu hồ sơ", exact=True).is_checked()
    phone.type("Mấy người nghe", "25")
    phone.send("Ghi", whole=not has_script)
    phone.sees("Đã ghi.")
    phone.sees(f"{place} · 25 người")
    fits(phone)
    row = phone.page.locator("li", has_text=place)
    row.get_by_role("button", name="Bỏ").click()
    phone.sees("Bỏ nhầm thì bấm Lấy lại")
    phone.page.locator("li", has_text=place).get_by_role("button", name="Lấy lại").click()
    phone.sees("Đã lấy lại.")
    fits(phone)


@pytest.mark.parametrize("address", ["/mot-cua/chien-dich/", "/mot-cua/lang-toi", MEETING])
def test_her_other_pages_fit_a_small_phone(site, pick_up, address):
    phone = head_with(site, pick_up, False)
    phone.open(f"{site.address}{address}")

    fits(phone)


@needs_pdf
def test_the_sheet_for_a_meeting_is_one_page_of_a4_whatever_was_asked(site, pick_up):
    phone = head_with(site, pick_up, True, questions=7)
    phone.open(f"{site.address}{MEETING}")
    words, pages, size = read(phone.page.pdf(prefer_css_page_size=True))

    assert (pages, size) == (1, (595, 842))
    words = " ".join(words.split())
    assert words.count(" buổi)") == 5 and words.count("Con tôi đi làm xa thì tôi") >= 4, words
    assert "Thôn 9, tháng" in words and "không đọc" in words
    assert "Ctrl+P" not in words and "Làm giúp" not in words
    letters = phone.page.evaluate("parseFloat(getComputedStyle(document.querySelector('.meeting td')).fontSize)")
    phone.page.emulate_media(media="print")
    printed = phone.page.evaluate("parseFloat(getComputedStyle(document.querySelector('.meeting td')).fontSize)")
    assert printed >= 20 > letters, "16 points and more on paper"

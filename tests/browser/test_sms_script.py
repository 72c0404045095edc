"""static/sms.js in a real browser: it counts as the server counts, keeps the link in step, and needs no newer script than ES5."""

from pathlib import Path

import pytest

from rules import texts

SCRIPT = (Path(__file__).parents[2] / "static" / "sms.js").read_text("utf-8")
FORM = """<form class="text"><textarea name="text" data-most="160"></textarea><output></output>
<a class="sms" href="sms:+84912345678?body=x">x</a><button type="button" class="copy">Chép</button></form>"""


@pytest.fixture
def page(chromium):
    page = chromium.new_page()
    page.set_content(FORM)
    page.add_script_tag(content=SCRIPT)
    yield page
    page.close()


@pytest.mark.parametrize(
    "typed", ["Da xong", "Đã tiếp nhận hồ sơ", "gia 5€ [x]", "“a” – b…", "  hai\n dong  ", "{" * 81, "x" * 161, "Blĕo", "à ^ ~ |"]
)
def test_it_counts_as_the_server_counts(page, typed):
    page.fill("textarea", typed)

    assert page.text_content("output") == f"{texts.size(typed)}/160"
    assert page.get_attribute("output", "class") == ("late" if texts.size(typed) > 160 else "")
    assert page.get_attribute(".sms", "href").lower() == texts.link("+84912345678", texts.plain(typed)).lower()


def test_what_copies_says_that_it_did(page):
    page.fill("textarea", "Da xong")
    page.click(".copy")

    assert page.text_content(".copy") == "Đã chép"

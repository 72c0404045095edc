"""A village head on a small phone: chooses, waits, reads how many pages, takes the pack away; and a server killed meanwhile."""

import pytest
from printing import needs_pdf, read
from serving import wait_until

from rules import packs

ROOM = "/mot-cua/bo-tai-lieu/"


def head_with(site, pick_up, has_script):
    prepared = site.python("import prepared; prepared.print_meeting(1)")
    phone = pick_up(has_script, "240x320")
    phone.page.context.add_cookies([prepared["cookie"] | {"url": site.address}])
    return phone


def fits(phone) -> None:
    width = phone.page.viewport_size["width"]
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= width, phone.path


def choose(phone) -> None:
    phone.open(phone.address + ROOM)
    fits(phone)
    phone.page.get_by_role("link", name="Lập một bộ").click()
    phone.page.get_by_label("Tên thôn trưởng").fill("Rơ Châm Blŭk")
    phone.page.get_by_label("Điện thoại thôn trưởng").fill("0912345678")
    phone.page.get_by_label("I. Đăng ký tài khoản", exact=True).uncheck()
    phone.page.get_by_label("III. Quên mật khẩu").uncheck()
    fits(phone)
    phone.page.get_by_role("button", name="Lập bộ").click()
    phone.page.wait_for_url(f"**{ROOM}*")


def taken(phone, patience: float = 60) -> tuple[str, int]:
    """The words and pages of what is taken away; the page said how many before."""
    button = phone.page.get_by_role("button", name="Tải PDF")
    button.wait_for(timeout=1000 * patience)  # the page looks again by itself
    fits(phone)
    with phone.page.expect_download() as download:
        button.click()
    path = download.value.path()
    words, pages, _ = read(path.read_bytes())
    assert f"{pages} trang" in phone.words
    assert path.stat().st_size <= 300_000
    return words, pages


@needs_pdf
@pytest.mark.parametrize("has_script", [False, True])
def test_a_village_head_takes_her_pack_away(site, pick_up, has_script):
    phone = head_with(site, pick_up, has_script)
    choose(phone)
    words, pages = taken(phone)

    assert "Rơ Châm Blŭk" in words and "0912 345 678" in words and "Thôn 6" in words
    assert words.count("Chụp mã") == 8 + 2 and pages >= 4
    assert not phone.complaints


@needs_pdf
def test_a_pack_survives_its_server(site, pick_up):
    phone = head_with(site, pick_up, has_script=False)
    choose(phone)
    site.kill()
    site.start()
    phone.open(phone.page.url)

    # Killed while it was being made, it is begun again once whoever was at it must have ended.
    assert taken(phone, patience=(packs.WORKS + 2 * packs.WAITS).total_seconds())[1] >= 4
    assert wait_until(lambda: "1 lần" in (phone.open(phone.page.url), phone.words)[1], "the print is counted")

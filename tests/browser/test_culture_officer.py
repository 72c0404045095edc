"""A new culture officer's first announcement: from text to the page, the feed, the window, the poster and the loudspeakers."""

from datetime import timedelta

import pytest
from stage import today

TITLE = "Thứ Bảy nhận hồ sơ"


@pytest.fixture(scope="module")
def officer_of(site):
    """The cookie of a culture officer of the served site, a new one each time."""
    made = []

    def cookie() -> dict:
        made.append(1)
        return site.python(f"import prepared; prepared.print_staff_called('culture', 'van-hoa-{len(made)}')")

    return cookie


@pytest.mark.parametrize("has_script", [True, False])
def test_one_announcement_goes_everywhere_it_should(site, pick_up, officer_of, has_script):
    desk, title = pick_up(has_script, "360x640"), f"{TITLE} {'một' if has_script else 'hai'}"
    desk.page.context.add_cookies([officer_of() | {"url": site.address}])
    desk.open(f"{site.address}/mot-cua/thong-bao/")
    desk.press("Viết thông báo")
    desk.type("Tên thông báo", title)
    desk.type("Nội dung", "Sáng thứ Bảy 28/11/2026, từ 7:30 đến 11:00, xã nhận hồ sơ.\n\nMang theo căn cước.")
    desk.page.get_by_label("Soạn lời đọc tiếng Việt từ nội dung trên").check()
    desk.press("Lưu và xem thử", whole=has_script)
    framed = desk.page.frame_locator("iframe").first
    framed.get_by_role("heading", name=title).wait_for()

    desk.open(f"{site.address}/mot-cua/thong-bao/")
    desk.page.get_by_role("link", name=title).click()
    desk.press("Công bố")
    desk.sees("Bà con đang thấy")
    desk.page.get_by_role("link", name="Loa").last.click()
    desk.page.get_by_text("Số và mã, đọc thành chữ").click()
    desk.sees("bảy giờ ba mươi")
    desk.type("Ngày phát", (today() + timedelta(days=1)).strftime("%d/%m/%Y"))
    desk.type("Giờ phát", "6h30")
    desk.press("Xếp lịch")
    desk.sees("Đã xếp lịch phát.")
    desk.open(f"{site.address}/mot-cua/loa/")
    assert desk.page.get_by_text("06:30").count() >= 11

    anyone = pick_up(has_script, "240x320")
    anyone.open(f"{site.address}/thong-bao/?moi={title}")
    anyone.page.get_by_role("link", name=title).click()
    anyone.sees("Mang theo căn cước.")
    assert anyone.page.evaluate("document.documentElement.scrollWidth") <= 240
    anyone.page.get_by_role("link", name="In", exact=True).click()
    anyone.page.get_by_alt_text("Mã QR mở thông báo này").wait_for()
    feed = anyone.page.request.get(f"{site.address}/thong-bao/atom.xml?moi={title}")
    assert title in feed.text()
    anyone.open(f"{site.address}/nhung/thong-bao?moi={title}")
    anyone.sees(title)
    assert desk.complaints == anyone.complaints == []

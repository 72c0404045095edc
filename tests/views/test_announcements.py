"""Thông báo: what holds today, in which order; as a feed, on paper, and two lines at the front door."""

import xml.etree.ElementTree as ElementTree
from datetime import date, timedelta

import pytest
from stage import today

from database import utc_now
from rules import announcements, content_store
from rules.content_files import as_text
from rules.library import Library

ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def tell(app, officer):
    """Publish an announcement that holds from today on, or as said."""

    def publish(slug, title="Lịch tiêm chủng", **more):
        said = {"slug": slug, "title": title, "body": "Tiêm ở trạm y tế.\n\nMang theo sổ.", "valid_from": today().isoformat()}
        text = as_text(said | {name: str(value) if isinstance(value, date) else value for name, value in more.items()})
        content_store.publish({f"announcements/{slug}.yaml": text}, officer, utc_now())
        app.extensions["library"]._looked_at = float("-inf")
        app.wsgi_app.pages.clear()

    return publish


def day(days):
    return today() + timedelta(days=days)


def test_without_any_the_page_says_so_and_the_front_door_nothing(visitor):
    assert "Hôm nay không có thông báo nào." in visitor.get("/thong-bao/").words
    assert "/thong-bao/" not in visitor.get("/").text


def test_what_holds_today_is_listed_the_pinned_first(visitor, tell):
    tell("cu", "Việc cũ hơn", valid_from=day(-3))
    tell("moi", "Việc mới")
    tell("ghim", "Việc ghim", valid_from=day(-9), pinned="true")
    tell("qua", "Việc đã qua", valid_from=day(-9), valid_to=day(-1))
    tell("sap", "Việc sắp tới", valid_from=day(1))
    page = visitor.get("/thong-bao/")

    assert page.words.index("Việc ghim") < page.words.index("Việc mới")
    assert page.words.index("Việc mới") < page.words.index("Việc cũ hơn") < page.words.index("Việc đã qua")
    assert "Việc sắp tới" not in page.words


def test_the_last_day_is_the_whole_day(tell):
    tell("hom-nay", valid_to=today())

    assert announcements.in_force(Library.loaded(), today())
    assert not announcements.in_force(Library.loaded(), day(1))


def test_one_is_read_with_its_days_and_where_to_go_on(visitor, tell, library):
    tell("tiem", valid_to=day(5), about="dang-ky-khai-sinh", villages=library.villages()[:2])
    page = visitor.get("/thong-bao/tiem")

    assert page.heading == "Lịch tiêm chủng"
    assert "Mang theo sổ." in page.words and library.villages()[1] in page.words
    assert "/dich-vu/dang-ky-khai-sinh" in page.text


def test_one_that_is_over_says_so_and_one_to_come_is_not_there_yet(visitor, tell):
    tell("qua", valid_from=day(-9), valid_to=day(-1))
    tell("sap", valid_from=day(1))

    assert "Đã hết hạn" in visitor.get("/thong-bao/qua").words
    assert visitor.get("/thong-bao/sap").status == visitor.get("/thong-bao/khong-co").status == 404


def test_the_front_door_tells_two_lines_in_place_of_two_procedures(visitor, tell):
    before = visitor.get("/").text.count("<li>")
    for number in range(3):
        tell(f"viec-{number}", f"Thông báo số {number} " + "rất dài " * 9, valid_from=day(-number))
    page = visitor.get("/")

    assert page.text.count("/thong-bao/") == 2
    assert page.text.count("<li>") == before - 2
    assert "…" in page.words and "Thông báo số 2" not in page.words


def test_the_feed_is_atom_with_absolute_addresses_and_dates(visitor, tell):
    tell("tiem", "Tiêm & <chủng>")
    answer = visitor.client.get("/thong-bao/atom.xml")
    tree = ElementTree.fromstring(answer.data)
    (entry,) = tree.findall("a:entry", ATOM)

    assert answer.mimetype == "application/atom+xml"
    assert entry.find("a:title", ATOM).text == "Tiêm & <chủng>"
    assert entry.find("a:id", ATOM).text == "http://localhost/thong-bao/tiem"
    assert entry.find("a:content", ATOM).text == "Tiêm ở trạm y tế.\n\nMang theo sổ."
    assert tree.find("a:updated", ATOM).text == entry.find("a:updated", ATOM).text


def test_a_reader_that_has_the_feed_gets_nothing_twice(visitor, tell):
    tell("tiem")
    mark = visitor.client.get("/thong-bao/atom.xml").headers["ETag"]

    assert visitor.client.get("/thong-bao/atom.xml", headers={"If-None-Match": mark}).status_code == 304


def test_an_edited_one_is_newer_in_the_feed(visitor, tell):
    tell("tiem", valid_from=day(-30))
    first = ElementTree.fromstring(visitor.client.get("/thong-bao/atom.xml").data).find("a:updated", ATOM).text
    tell("tiem", "Đổi lịch tiêm", valid_from=day(-30))
    second = ElementTree.fromstring(visitor.client.get("/thong-bao/atom.xml?x").data).find("a:updated", ATOM).text

    assert second > first


def test_on_paper_it_has_a_qr_and_says_when_it_was_printed(visitor, tell):
    tell("tiem")
    page = visitor.get("/thong-bao/tiem/in")

    assert "http://localhost/thong-bao/tiem" in page.words and "data:image/svg+xml" in page.text
    assert "thay bản cũ" in page.words


def test_the_list_comes_in_pages(visitor, tell, monkeypatch):
    monkeypatch.setattr("views.announcements.A_PAGE", 2)
    for number in range(5):
        tell(f"viec-{number}", f"Việc {number}", valid_from=day(-number))

    assert "Trang 1/3" in visitor.get("/thong-bao/").words
    assert "Việc 4" in visitor.get("/thong-bao/?trang=99").words

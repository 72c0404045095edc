"""What other sites show of this one: who may, that it is the same for all, that everything leads out; oEmbed."""

import json
import re
import xml.etree.ElementTree as ElementTree
from datetime import timedelta
from urllib.parse import quote

import brotli
import pytest
from lxml import html
from stage import make_staff, today

from database import utc_now
from rules import content_store
from rules.content_files import as_text
from rules.overview import Shown, Transparency
from rules.reports import Period
from settings import read_settings
from views import embeds

PATHS = [
    "/nhung/huong-dan",
    "/nhung/huong-dan/dang-ky-tai-khoan",
    "/nhung/tra-cuu",
    "/nhung/thu-tuc",
    "/nhung/thong-bao",
    "/nhung/so-lieu",
]
every_window = pytest.mark.parametrize("path", PATHS)
AS_LIST = "?dang=danh-sach"


@pytest.fixture(autouse=True)
def fresh_pages(app):
    """What a test before has left in the page cache is another test's."""
    app.wsgi_app.pages.clear()
    yield
    app.wsgi_app.pages.clear()


@pytest.fixture
def tell(app, officer):
    """Publish so many announcements that hold today, the newest first."""

    def publish(count: int, title: str = "Việc"):
        told = {}
        for number in range(count):
            first = today() - timedelta(days=number)
            said = {"slug": f"viec-{number}", "title": f"{title} {number}", "body": "Bà con đến xã.", "valid_from": str(first)}
            told[f"announcements/viec-{number}.yaml"] = as_text(said)
        content_store.publish(told, officer, utc_now())
        app.extensions["library"]._looked_at = float("-inf")

    return publish


@pytest.fixture
def let_in(app, monkeypatch):
    """The sites that EMBED_SITES names."""
    return lambda text: monkeypatch.setitem(app.config, "EMBED_SITES", read_settings({"EMBED_SITES": text})["EMBED_SITES"])


def ancestors(answer) -> str:
    return re.search(r"frame-ancestors ([^;]*)", answer.headers["Content-Security-Policy"])[1]


# --- who may show it -------------------------------------------------------------------------------------------------


@every_window
def test_without_the_setting_no_other_site_may_show_it(visitor, path):
    assert ancestors(visitor.get(path)) == "'self'"


@every_window
def test_the_sites_of_the_setting_may_and_nobody_else(visitor, let_in, path):
    let_in("https://iabang.gialai.gov.vn, http://localhost:8080")

    assert ancestors(visitor.get(path)) == "'self' https://iabang.gialai.gov.vn http://localhost:8080"
    assert ancestors(visitor.get(path + AS_LIST)) == ancestors(visitor.get(path))


@pytest.mark.parametrize("path", ["/", "/tra-cuu", "/huong-dan/", "/minh-bach", "/thong-bao/", "/nhung/huong-dan/khong-co"])
def test_the_setting_opens_no_other_page(visitor, let_in, path):
    let_in("https://iabang.gialai.gov.vn")
    page = visitor.get(path)

    assert ancestors(page) == "'none'"
    assert page.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@every_window
def test_nothing_runs_and_nothing_is_fetched(visitor, path):
    page = visitor.get(path)
    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))

    assert policy.keys() == {"default-src", "style-src", "form-action", "base-uri", "frame-ancestors"}
    assert (policy["default-src"], policy["form-action"]) == ("'none'", "'self'")
    assert page.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert page.tree.xpath("//script|//img|//link|//iframe|//object|//*[@style]|//base") == []
    assert "X-Frame-Options" not in page.headers


# --- the same for all ------------------------------------------------------------------------------------------------


@every_window
def test_it_is_the_same_for_whoever_is_logged_in(new_visitor, visit_as, account, officer, path):
    stranger = new_visitor().get(path)

    for visitor in (visit_as(account), visit_as(officer)):
        page = visitor.get(path)
        assert page.text == stranger.text
        assert (page.headers["Cache-Control"], page.headers["ETag"]) == ("public, max-age=300", stranger.headers["ETag"])
        assert "Set-Cookie" not in page.headers


@every_window
@pytest.mark.parametrize("cookie", ["v=x", "v=" + "A" * 22, "__Host-v=" + "A" * 22, "khac=1; v="])
def test_it_gives_and_reads_no_cookie(visitor, path, cookie):
    without, with_cookie = visitor.get(path), visitor.get(path, Cookie=cookie)

    assert with_cookie.text == without.text
    assert "Set-Cookie" not in with_cookie.headers


def test_seeing_it_does_not_keep_somebody_logged_in(app, visit_as, account):
    from models import Login

    visitor = visit_as(account)
    Login.update(seen_at=utc_now() - timedelta(minutes=20)).execute()
    before = list(Login.select(Login.seen_at).tuples())
    for path in PATHS:
        visitor.get(path)

    assert list(Login.select(Login.seen_at).tuples()) == before


def test_a_second_one_who_asks_is_answered_from_what_is_kept(app, visitor, visit_as, account, monkeypatch):
    first = visitor.get("/nhung/huong-dan")
    monkeypatch.setattr(app.wsgi_app, "application", None)

    assert visitor.get("/nhung/huong-dan").text == first.text
    assert visit_as(account).get("/nhung/huong-dan", Referer="http://localhost/").text == first.text


def test_htmx_gets_no_fragment_of_it(visitor):
    assert visitor.get("/nhung/huong-dan", **{"HX-Request": "true"}).text.startswith("<!doctype html>")


# --- what stands in it -----------------------------------------------------------------------------------------------


@every_window
@pytest.mark.parametrize("form", ["", AS_LIST])
def test_every_link_and_form_leaves_the_frame_for_a_page_that_is_there(visitor, tell, path, form):
    tell(2)
    page = visitor.get(path + form)
    links, forms = list(page.tree.iter("a")), list(page.tree.iter("form"))

    assert links or forms
    assert {element.get("target") for element in links + forms} == {"_top"}
    for address in [a.get("href") for a in links] + [one.get("action") for one in forms]:
        assert address.startswith("http://localhost/" if form else "/")
        assert visitor.get(address).status == 200, address


@every_window
def test_it_says_whose_it_is_and_what_it_is_not(visitor, path):
    assert visitor.get(path).words.endswith("Bộ phận Một cửa xã Ia Băng. Đây không phải Cổng Dịch vụ công quốc gia.")


@every_window
def test_as_a_list_it_says_the_same_without_style(visitor, path):
    framed, plain = visitor.get(path), visitor.get(path + AS_LIST)

    assert plain.tree.xpath("//style|//link") == []
    assert plain.heading == framed.heading
    assert {a.get("href").removeprefix("http://localhost") for a in plain.tree.iter("a")} >= {
        a.get("href") for a in framed.tree.iter("a")
    }


@every_window
def test_it_weighs_two_kilobytes_at_most(visitor, tell, path):
    tell(9, "Bộ phận Một cửa nhận hồ sơ cả sáng thứ Bảy và chiều Chủ nhật trong tháng")
    answer = visitor.client.get(path, headers={"Accept-Encoding": "br"})

    weight = (
        len("HTTP/1.1 200 OK\r\n\r\n") + sum(len(f"{name}: {value}\r\n") for name, value in answer.headers) + len(answer.data)
    )
    assert answer.headers["Content-Encoding"] == "br" and b"</style>" in brotli.decompress(answer.data)
    assert weight <= 2000


def test_all_guides_are_listed(visitor, library):
    page = visitor.get("/nhung/huong-dan")

    assert [a.get("href") for a in page.tree.iter("a")] == [f"/huong-dan/{slug}/" for slug in library.guides]


def test_a_guide_shows_its_first_steps_and_how_many_there_are(visitor):
    page = visitor.get("/nhung/huong-dan/dang-ky-tai-khoan")

    assert page.heading == "Đăng ký tài khoản"
    assert len(page.tree.findall(".//li")) == 5
    assert page.links["1. Mở trang đăng nhập"] == "/huong-dan/dang-ky-tai-khoan/1"
    assert page.links["Xem cả bài, 7 bước"] == "/huong-dan/dang-ky-tai-khoan/"
    assert len(visitor.get("/nhung/huong-dan/dang-ky-tai-khoan" + AS_LIST).tree.findall(".//li")) == 7


def test_a_guide_there_is_not_is_not_found(visitor):
    assert visitor.get("/nhung/huong-dan/khong-co").status == 404


def test_the_boxes_ask_the_pages_of_the_site(visitor):
    box, finder = visitor.get("/nhung/tra-cuu").tree.find(".//form"), visitor.get("/nhung/thu-tuc").tree.find(".//form")

    assert (box.get("action"), box.get("method", "get"), box.find(".//input").get("name")) == ("/tra-cuu", "get", "ma")
    assert box.get("autocomplete") == "off"
    assert (finder.get("action"), finder.get("method", "get"), finder.find(".//input").get("name")) == ("/dich-vu/", "get", "q")


def test_the_newest_five_announcements_stand_there_and_the_way_to_the_others(visitor, tell):
    tell(7)
    page = visitor.get("/nhung/thong-bao")

    assert list(page.links) == [*(f"Việc {number}" for number in range(5)), "Xem tất cả"]


def test_what_an_announcement_says_is_shown_as_text(visitor, tell):
    tell(1, "</b><script>alert(1)</script>")

    assert "</b><script>alert(1)</script> 0" in visitor.get("/nhung/thong-bao").links


def test_without_announcements_it_says_so(visitor):
    assert "Hôm nay không có thông báo nào." in visitor.get("/nhung/thong-bao").words


def test_the_figures_are_those_of_the_page_with_small_ones_hidden(app, visitor, monkeypatch):
    months = [Shown(f"{month}/2026", (1234, None, None)) for month in (10, 9, 8, 7)]
    seen = Transparency(Period(today(), today(), "2026"), months, [])
    monkeypatch.setitem(app.extensions, "transparency", (utc_now(), seen))
    page = visitor.get("/nhung/so-lieu")
    rows = [[cell.text_content().strip() for cell in row.iter("td")] for row in page.tree.iter("tr")]

    assert rows == [[], *([f"{month}/2026", "1.234", "*", "*"] for month in (10, 9, 8))]
    assert "1.234" in visitor.get("/minh-bach").words


def test_without_a_whole_month_there_are_no_figures(app, visitor, monkeypatch):
    monkeypatch.setitem(app.extensions, "transparency", (utc_now(), None))

    assert "Chưa có tháng nào trọn để đếm." in visitor.get("/nhung/so-lieu").words


def test_its_style_needs_no_escaping():
    assert not set("<>&\"'") & set(embeds.embed_style())


# --- oEmbed ----------------------------------------------------------------------------------------------------------


def ask(visitor, address: str, **more):
    asked = {"url": address} | more
    return visitor.client.get(
        "/nhung/oembed?" + "&".join(f"{name}={quote(str(value), safe='')}" for name, value in asked.items())
    )


@pytest.mark.parametrize(
    "page, path",
    [
        *((path, path) for path in PATHS),
        ("/huong-dan/", "/nhung/huong-dan"),
        ("/huong-dan", "/nhung/huong-dan"),
        ("/huong-dan/nop-ho-so/", "/nhung/huong-dan/nop-ho-so"),
        ("/tra-cuu", "/nhung/tra-cuu"),
        ("/dich-vu/", "/nhung/thu-tuc"),
        ("/thong-bao/", "/nhung/thong-bao"),
        ("/minh-bach", "/nhung/so-lieu"),
        ("/dich-vu/?q=khai+sinh", "/nhung/thu-tuc"),
    ],
)
def test_an_address_of_ours_is_answered_with_a_frame_of_its_window(visitor, page, path):
    answer = ask(visitor, f"http://localhost{page}")
    frame = html.fromstring(answer.json["html"])

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json["version"] == "1.0" and answer.json["type"] == "rich"
    assert (frame.tag, frame.get("src"), frame.get("title")) == ("iframe", f"http://localhost{path}", answer.json["title"])
    assert (int(frame.get("width")), int(frame.get("height"))) == (answer.json["width"], answer.json["height"])
    assert answer.json["provider_name"] == "Bộ phận Một cửa xã Ia Băng" and answer.json["cache_age"] == 3600
    assert "Set-Cookie" not in answer.headers and answer.headers["Cache-Control"].startswith("public")
    assert visitor.get(path).status == 200


def test_a_dossier_code_in_the_address_is_handed_on_to_nobody(visitor):
    answer = ask(visitor, "http://localhost/tra-cuu?ma=0123+4567+89AB")

    assert answer.status_code == 200 and "0123" not in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "", "/huong-dan/", "huong-dan", "http://xau.example/huong-dan/", "http://localhost.xau.example/huong-dan/",
        "http://localhost@xau.example/huong-dan/", "http://xau@localhost/huong-dan/", "http://localhost:81/huong-dan/",
        "javascript:alert(1)", "//localhost/huong-dan/", "ftp://localhost/huong-dan/", "http://[", "http://localhost/",
        "http://localhost/ca-nhan/", "http://localhost/mot-cua/", "http://localhost/nhung/oembed", "http://localhost/nhung/x",
        "http://localhost/dich-vu/dang-ky-khai-sinh", "http://localhost/huong-dan/../tra-cuu", "http://localhost/huong-dan/%00/",
        'http://localhost/huong-dan/"><script>', "http://localhost/huong-dan/\r\nSet-Cookie: a=b", "\x00", "ă" * 3000,
    ],
)  # fmt: skip
def test_an_address_that_is_not_ours_or_has_no_window_is_not_found(visitor, address):
    for form in ("json", "xml"):
        answer = ask(visitor, address, format=form)

        assert (answer.status_code, answer.mimetype) == (404, "text/plain")
        assert "xau" not in answer.text and "<" not in answer.text and "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("form", ["html", "JSON", "xml ", "", "json\x00"])
def test_a_format_nobody_knows_is_not_implemented(visitor, form):
    assert ask(visitor, "http://localhost/huong-dan/", format=form).status_code == 501


def test_xml_says_what_json_says(visitor, library, monkeypatch):
    monkeypatch.setattr(library, "site", type(library.site)(**vars_of(library.site) | {"office": 'Xã <A> & "B"'}))
    told, xml = ask(visitor, "http://localhost/tra-cuu"), ask(visitor, "http://localhost/tra-cuu", format="xml")
    found = {element.tag: element.text for element in ElementTree.fromstring(xml.data)}

    assert xml.mimetype == "text/xml" and xml.text.startswith('<?xml version="1.0" encoding="utf-8"')
    assert found == {name: str(value) for name, value in told.json.items()}
    assert found["provider_name"] == 'Xã <A> & "B"'


def vars_of(site) -> dict:
    return {name: getattr(site, name) for name in site.__struct_fields__}


@pytest.mark.parametrize(
    "width, height, given", [(300, 200, (300, 200)), (1, 1, (1, 1)), (9999, 9999, (360, 280)), (240, "", (240, 280))]
)
def test_it_is_no_larger_than_what_there_is_room_for(visitor, width, height, given):
    told = ask(visitor, "http://localhost/tra-cuu", maxwidth=width, maxheight=height).json

    assert (told["width"], told["height"]) == given


@pytest.mark.parametrize("text", ["0", "-5", "1e9", "x", "٣٠٠", "9" * 5000, "300px", '"><script>', "\x00", " 300"])
def test_a_length_that_is_none_is_passed_over(visitor, text):
    told = ask(visitor, "http://localhost/tra-cuu", maxwidth=text, maxheight=text).json

    assert (told["width"], told["height"]) == (360, 280)


def test_whoever_asks_again_is_told_that_nothing_is_new(visitor):
    mark = ask(visitor, "http://localhost/tra-cuu").headers["ETag"]
    again = visitor.client.get("/nhung/oembed?url=http://localhost/tra-cuu", headers={"If-None-Match": mark})

    assert again.status_code == 304


@pytest.mark.parametrize("page", ["/huong-dan/", "/huong-dan/nop-ho-so/", "/dich-vu/", "/thong-bao/"])
def test_a_page_with_a_window_names_where_to_ask_for_it(visitor, page):
    address = visitor.get(page).tree.xpath("//link[@type='application/json+oembed']/@href")[0]
    told = json.loads(visitor.client.get(address.removeprefix("http://localhost")).data)

    assert address.startswith("http://localhost/nhung/oembed?url=")
    assert visitor.get(html.fromstring(told["html"]).get("src").removeprefix("http://localhost")).status == 200


# --- the desk --------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(visit_as):
    return visit_as(make_staff("culture"))


def test_the_desk_shows_each_window_and_what_to_paste(desk):
    page = desk.get("/mot-cua/nhung/")
    frames = page.tree.findall(".//iframe")
    snippets = [html.fromstring(field.text) for field in page.tree.xpath("//textarea[starts-with(@id, 'khung-')]")]

    assert {frame.get("src") for frame in frames} == set(PATHS)
    assert [f"http://localhost{frame.get('src')}" for frame in frames] == [snippet.get("src") for snippet in snippets]
    assert {(snippet.tag, snippet.get("width"), snippet.get("loading")) for snippet in snippets} == {("iframe", "100%", "lazy")}
    assert [frame.get("height") for frame in frames] == [snippet.get("height") for snippet in snippets]
    assert all(field.get("readonly") is not None for field in page.tree.iter("textarea"))
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert ancestors(page) == "'none'"


def test_what_is_to_be_pasted_leads_here_from_anywhere(desk):
    page = desk.get("/mot-cua/nhung/")
    plain = [
        html.fromstring(f"<div>{field.text}</div>") for field in page.tree.xpath("//textarea[starts-with(@id, 'danh-sach-')]")
    ]

    assert len(plain) == len(PATHS)
    for part in plain:
        addresses = [a.get("href") for a in part.iter("a")] + [form.get("action") for form in part.iter("form")]
        assert addresses and all(address.startswith("http://localhost/") for address in addresses)
        assert part.xpath(".//script|.//style|.//title|.//h1") == []
    assert "http://localhost/thong-bao/atom.xml" in page.words


def test_another_guide_may_be_chosen(desk):
    assert "/nhung/huong-dan/thanh-toan" in desk.get("/mot-cua/nhung/?bai=thanh-toan").text
    assert "/nhung/huong-dan/dang-ky-tai-khoan" in desk.get("/mot-cua/nhung/?bai=khong-co").text


def test_the_desk_says_which_sites_may_and_how_to_change_that(desk, let_in):
    before = desk.get("/mot-cua/nhung/").words
    let_in("https://iabang.gialai.gov.vn")
    after = desk.get("/mot-cua/nhung/")

    assert "Chưa trang web nào được phép" in before and "EMBED_SITES" in before
    assert [item.text for item in after.tree.findall(".//main/ul/li")] == ["https://iabang.gialai.gov.vn"]
    assert "Chưa trang web nào được phép" not in after.words


@pytest.mark.parametrize("role, status", [("culture", 200), ("leader", 200), ("administrator", 200), ("officer", 404)])
def test_who_writes_content_may_see_it(visit_as, role, status):
    assert visit_as(make_staff(role, f"mot-{role}")).get("/mot-cua/nhung/").status == status

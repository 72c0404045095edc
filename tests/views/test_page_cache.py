"""Public pages kept ready: the same bytes for all who are not logged in, and nobody else's."""

import gzip
import re

import brotli
import pytest

from views import page_cache

PATH = "/huong-dan/nop-ho-so/1"


@pytest.fixture
def cache(app):
    """The page cache of the site, empty."""
    layer = app.wsgi_app
    while not isinstance(layer, page_cache.PageCache):
        layer = getattr(layer, "application", None) or layer.app
    layer.pages.clear()
    return layer


def get(visitor, path=PATH, **headers):
    return visitor.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


UNPACK = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}


@pytest.mark.parametrize(
    "accepted", ["br", "gzip", "gzip, deflate, br", "br;q=0.5, gzip;q=0.9", "identity", "", "gzip;q=0", "br;q=0, gzip", "*"]
)
@pytest.mark.parametrize("path", [PATH, "/tra-cuu?ma=x", "/khong-co"])
def test_every_packing_unpacks_to_the_same_page(visitor, cache, path, accepted):
    answer = get(visitor, path, Accept_Encoding=accepted)

    assert UNPACK[answer.headers.get("Content-Encoding")](answer.data) == get(visitor, path).data
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert "Accept-Encoding" in answer.headers["Vary"] or answer.headers["Cache-Control"] == "no-store"


def test_a_browser_that_refuses_a_packing_does_not_get_it(visitor, cache):
    assert get(visitor, Accept_Encoding="gzip;q=0").headers.get("Content-Encoding") is None


def test_a_second_visitor_gets_the_same_bytes_without_the_site_being_asked(app, new_visitor, cache, monkeypatch):
    first = get(new_visitor(), Accept_Encoding="br")
    monkeypatch.setattr(cache, "application", None)

    assert get(new_visitor(), Accept_Encoding="br").data == first.data


def test_an_unchanged_page_is_not_sent_again(new_visitor, cache):
    mark = get(new_visitor(), Accept_Encoding="br").headers["ETag"]
    again = get(new_visitor(), Accept_Encoding="br", If_None_Match=mark)

    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == mark and "Content-Encoding" not in again.headers


def test_each_packing_has_a_mark_of_its_own(new_visitor, cache):
    marks = {get(new_visitor(), Accept_Encoding=accepted).headers["ETag"] for accepted in ("", "gzip", "br")}

    assert len(marks) == 3


def test_another_mark_gets_the_page(visitor, cache):
    assert get(visitor, If_None_Match='"cu"').status_code == 200


def test_who_is_logged_in_never_gets_a_kept_page_nor_leaves_one(new_visitor, visit_as, account, cache):
    mine, theirs, mine_again = visit_as(account).get(PATH), new_visitor().get(PATH), visit_as(account).get(PATH)

    assert (mine.user, theirs.user, mine_again.user) == (account.full_name, "Đăng nhập", account.full_name)
    assert mine.headers["Cache-Control"] == "no-store"


def test_a_fragment_is_never_given_for_a_page(new_visitor, cache):
    fragment, page = get(new_visitor(), HX_Request="true"), get(new_visitor())
    back = get(new_visitor(), HX_Request="true", HX_History_Restore_Request="true")

    assert not fragment.text.startswith("<!doctype")
    assert page.text.startswith("<!doctype") and back.text.startswith("<!doctype")


@pytest.mark.parametrize("written", ["TRUE", "True", "true"])
def test_a_fragment_asked_for_in_any_spelling_is_not_everybodys_page(new_visitor, cache, written):
    get(new_visitor(), HX_Request=written)
    get(new_visitor(), HX_Request="true", HX_History_Restore_Request=written)

    assert get(new_visitor()).text.startswith("<!doctype")
    assert not get(new_visitor(), HX_Request="true").text.startswith("<!doctype")


def test_a_kept_fragment_is_not_given_where_the_style_changes(new_visitor, cache):
    here = "http://localhost/huong-dan/nop-ho-so/in"
    get(new_visitor(), "/huong-dan/nop-ho-so/in", HX_Request="true", HX_Current_URL=here)
    get(new_visitor(), HX_Request="true")

    assert (
        "HX-Redirect"
        in get(new_visitor(), "/huong-dan/nop-ho-so/in", HX_Request="true", HX_Current_URL="http://localhost/").headers
    )
    assert "HX-Redirect" in get(new_visitor(), HX_Request="true", HX_Current_URL=here).headers


def test_who_saves_data_gets_no_script_and_others_do(new_visitor, cache):
    assert "<script" in get(new_visitor()).text
    assert "<script" not in get(new_visitor(), Save_Data="on").text
    assert "<script" in get(new_visitor()).text


@pytest.mark.parametrize(
    "path",
    [
        "/tai-khoan/dang-nhap/tinh",
        "/khong-co",
        "/suc-khoe",
        "/tra-cuu?ma=x",
        "/ca-nhan/",
        "/tai-khoan/dang-ky/so-giay-to?loai=cong-dan",
    ],
)
def test_what_is_not_public_is_not_kept(visitor, cache, path):
    get(visitor, path)

    assert not cache.pages


def test_a_form_token_is_never_shared(new_visitor, cache):
    one, other = get(new_visitor(), "/tai-khoan/dang-nhap/tinh"), get(new_visitor(), "/tai-khoan/dang-nhap/tinh")

    assert one.headers["Set-Cookie"] != other.headers["Set-Cookie"]
    assert one.data != other.data


def test_a_page_asked_for_with_a_question_is_not_kept(visitor, cache):
    get(visitor, "/dich-vu/?q=khai+sinh")

    assert not cache.pages


@pytest.mark.parametrize("host", ["xau.example", "localhost.xau.example"])
def test_a_host_we_do_not_know_is_not_answered_from_what_is_kept(visitor, cache, host):
    get(visitor)

    assert get(visitor, Host=host).status_code == 400
    assert len(cache.pages) == 1


def test_a_host_in_a_forwarded_header_changes_no_kept_page(new_visitor, cache):
    get(new_visitor(), X_Forwarded_Host="xau.example", X_Forwarded_Proto="https")

    assert "xau.example" not in get(new_visitor()).text


def test_a_head_request_has_the_headers_and_no_body(visitor, cache):
    answer = visitor.client.head(PATH)

    assert (answer.status_code, answer.data) == (200, b"")


def test_a_kept_page_is_asked_for_anew_after_a_minute(new_visitor, cache, monkeypatch):
    get(new_visitor())
    now = page_cache.time.monotonic()
    monkeypatch.setattr(page_cache.time, "monotonic", lambda: now + 61)
    asked = []
    kept = cache.application
    monkeypatch.setattr(cache, "application", lambda environ, start: asked.append(1) or kept(environ, start))
    get(new_visitor())

    assert asked == [1]


def test_however_many_addresses_are_asked_the_memory_has_a_bound(visitor, cache):
    for number in range(30):
        get(visitor, f"/khong-co-{number}")
        visitor.client.get(f"/static/{number:08}/style.css").close()

    assert len(cache.pages) <= page_cache.MOST_PAGES
    assert len([key for key in cache.pages if "style.css" in str(key)]) == 1, "one file is kept once, whatever mark is asked for"


def test_a_static_file_is_packed_and_kept_for_ever(visitor, cache):
    address = re.search(r'src="([^"]*gate\.js[^"]*)"', get(visitor).text)[1]
    answer = get(visitor, address, Accept_Encoding="br")

    assert answer.headers["Content-Encoding"] == "br"
    assert "immutable" in answer.headers["Cache-Control"]
    assert brotli.decompress(answer.data) == get(visitor, address).data


# --- what is sent as it comes ----------------------------------------------------------------------------------------


class Body:
    """A body that a server has a way of its own to send: whoever reads it here has it in memory."""

    def __iter__(self):
        raise AssertionError("a body that may be half a gigabyte was read")


def through(kind: str, policy: str, accepted: str = "br"):
    """What the layer hands on of an answer with a body nobody may read."""
    body, told = Body(), {}

    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", kind), ("Cache-Control", policy), ("Content-Length", "500000000")])
        return body

    def start_response(status, headers):
        told.update(status=status, headers=dict(headers))

    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/x", "HTTP_ACCEPT_ENCODING": accepted}
    layer = page_cache.PageCache(application, ["localhost"])
    return layer(environ, start_response) is body, told


@pytest.mark.parametrize("kind", ["application/zip", "image/jpeg", "application/pdf"])
def test_a_private_file_goes_through_untouched_down_to_the_kind_of_its_body(kind):
    is_untouched, told = through(kind, "no-store")

    assert is_untouched
    assert told == {
        "status": "200 OK",
        "headers": {"Content-Type": kind, "Cache-Control": "no-store", "Content-Length": "500000000"},
    }


@pytest.mark.parametrize(
    "kind, policy",
    [("text/html; charset=utf-8", "no-store"), ("application/json", "no-store"), ("image/png", "public, max-age=9")],
)
def test_a_page_and_what_may_be_kept_are_read(kind, policy):
    with pytest.raises(AssertionError, match="was read"):
        through(kind, policy)

"""One page, two answers; and where one may be sent on to."""

import pytest
from stage import BIRTH

from views.answering import own_path

OWNER = f"/nop-ho-so/{BIRTH}/chu-ho-so"


# --- a fragment or the whole page ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/huong-dan/",
        "/huong-dan/nop-ho-so/1",
        "/dich-vu/",
        f"/dich-vu/{BIRTH}",
        "/tra-cuu",
        "/tai-khoan/dang-nhap/tinh",
        "/khong-co",
    ],
)
def test_htmx_gets_the_title_and_the_content_of_main_and_nothing_else(new_visitor, path):
    whole, fragment = new_visitor().get(path), new_visitor(with_htmx=True).get(path)

    assert fragment.title == whole.title and fragment.heading == whole.heading
    for outside in ("<!doctype", "<html", "<head", "<body", "<main", "<header", "<footer", "<style"):
        assert outside in whole.text or outside == "<style"
        assert outside not in fragment.text


def test_a_page_taken_back_from_history_is_whole(visitor):
    page = visitor.client.get("/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})

    assert page.text.startswith("<!doctype html>")


def test_both_answers_say_that_they_differ_by_the_header(new_visitor):
    for visitor in (new_visitor(), new_visitor(with_htmx=True)):
        assert "HX-Request" in visitor.get("/").headers["Vary"]


@pytest.mark.parametrize("value", ["false", "TRUE", "1", "", "x"])
def test_only_htmx_itself_gets_a_fragment(visitor, value):
    assert visitor.client.get("/", headers={"HX-Request": value}).text.startswith("<!doctype html>")


# --- after a good POST -----------------------------------------------------------------------------------------------


def test_a_plain_browser_is_sent_on(visit_as, account):
    page = visit_as(account).post(OWNER, {"owner": "self"})

    assert page.status == 303
    assert page.location.startswith(f"/nop-ho-so/{BIRTH}/trang-")


def test_the_address_sent_on_to_is_absolute_for_old_browsers(visit_as, account):
    assert visit_as(account).post(OWNER, {"owner": "self"}).headers["Location"].startswith("http://localhost/")


def test_htmx_gets_the_next_page_at_once_with_its_address(visit_as, account):
    citizen = visit_as(account, with_htmx=True)
    page = citizen.post(OWNER, {"owner": "self"})

    assert page.status == 200
    assert page.headers["HX-Push-Url"].startswith(f"/nop-ho-so/{BIRTH}/trang-")
    assert page.words == citizen.get(page.headers["HX-Push-Url"]).words


def test_the_form_of_a_page_got_at_once_can_be_sent(visit_as, account):
    citizen = visit_as(account, with_htmx=True)
    page = citizen.post(OWNER, {"owner": "self"})

    sent = citizen.client.post(page.headers["HX-Push-Url"], data=page.fields("Lưu và đi tiếp"), headers={"HX-Request": "true"})

    assert sent.status_code in (200, 422)
    assert "Trang này mở đã lâu" not in sent.text


def test_what_is_to_be_mended_comes_back_to_htmx_too(visit_as, account):
    page = visit_as(account, with_htmx=True).post(OWNER, {"owner": ""})

    assert page.status == 422
    assert "HX-Push-Url" not in page.headers
    assert "Chọn: làm cho bạn" in page.errors


def test_a_person_not_logged_in_sees_nothing_through_htmx_either(new_visitor):
    page = new_visitor(with_htmx=True).post(OWNER, {"owner": "self"})

    assert page.location.startswith("/tai-khoan/dang-nhap/tinh")


# --- own_path --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/ca-nhan/",
        "/tra-cuu?ma=7K3M",
        "/huong-dan/nop-ho-so/3",
        "/a//b",
        "/nop-ho-so/x/giay-to?da=gui-giay",
        "/a?b=/c",
        "/a%C4%83",
    ],
)
def test_a_path_of_ours_is_gone_to(path):
    assert own_path(path, "/nha") == path


@pytest.mark.parametrize("path", [
    None, "", " ", "a", "//x", "///x", "/\\x", "\\/x", "\\\\x", "http://x", "https:x", "/%2fx", "/%2Fx", "/%5cx", "/%252fx",
    "/%25252f/../\\", "%2f%2fx",
    "/\tx", "/%09x", "/ x", "/%20x", "/a\nb", "/a%0d%0ab", "/a\\b", "/a%5cb", "javascript:x", "/\x00", "/%00", "//x@y", ".//x",
    "?//x", "#//x",
])  # fmt: skip
def test_any_other_is_not(path):
    assert own_path(path, "/nha") == "/nha"

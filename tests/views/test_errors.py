"""What went wrong, in the person's words, with the way on; never a trace, never a 5xx for what a visitor sends."""

import errno

import pytest
from peewee import OperationalError
from stage import BIRTH

from gateways.files import StorageFull
from models import Draft

ROLLBACK_STUMBLED = OperationalError("cannot rollback - no transaction is active")
ROLLBACK_STUMBLED.__context__ = OperationalError("database or disk is full")
OWNER = f"/nop-ho-so/{BIRTH}/chu-ho-so"


def test_a_page_that_is_not_there_says_so_and_shows_the_way_home(visitor):
    page = visitor.get("/khong-co")

    assert (page.status, page.heading) == (404, "Không có trang này")
    assert page.links["Về trang chủ"] == "/"


def test_a_page_opened_in_the_wrong_way_says_so(visitor):
    page = visitor.get("/ca-nhan/du-lieu/rut")

    assert (page.status, page.heading) == (405, "Không mở được theo cách này")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "XYZ"])
def test_methods_nobody_uses_are_refused(visitor, method):
    assert visitor.client.open("/", method=method).status_code in (400, 405)


@pytest.mark.parametrize("path", [
    "/%00", "/%ff%fe", "/%ed%a0%80", "/..%2f..%2fetc/passwd", "/" + "a" * 8000, "/?" + "a=1&" * 2000, "/%F0%9F%90%98", "//",
    "///x", "/;x", "/%0d%0aX: y",
    "/tra-cuu?ma=%ff", "/tra-cuu?ma=%00", "/ca-nhan/ho-so/%00", "/huong-dan/%ff/", "/tra-cuu?ma[]=x", "/?%00=%00",
    "/tai-khoan/xac-nhan/%00",
])  # fmt: skip
def test_no_address_breaks_the_site(visitor, path):
    answer = visitor.client.get(path)

    assert answer.status_code < 500
    assert "X: y" not in str(answer.headers)


@pytest.mark.parametrize("headers", [
    {"Cookie": "v=" + "x" * 3000}, {"Cookie": "v=\x7f; v=2; ;;="}, {"Cookie": "v=ă".encode().decode("latin-1")},
    {"Accept-Encoding": ";;q=x,,"},
    {"HX-Request": "true", "HX-Current-URL": "https://xau.example/"}, {"If-None-Match": '"'}, {"Range": "bytes=0-1"},
    {"Content-Length": "abc"},
    {"X-Forwarded-For": "<script>"}, {"User-Agent": "x" * 5000}, {"User-Agent": "\x01\x02"}, {"Referer": "x" * 5000},
    {"Origin": "::::"}, {"Referer": "http://["}, {"HX-Request": "true", "HX-Current-URL": "http://["}, {"Origin": "http://["},
])  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/ca-nhan/", "/tai-khoan/dang-nhap/tinh"])
def test_no_header_breaks_the_site(visitor, path, headers):
    assert visitor.client.get(path, headers=headers).status_code < 500


@pytest.mark.parametrize("path", ["/mot-cua/%E1%BA%BF", "/mot-cua/%0d%0aX:y", "/mot-cua/?q=%0a%E1%BA%BF", "/mot-cua/%ff"])
def test_no_address_breaks_the_way_from_one_style_to_another(visitor, path):
    answer = visitor.client.get(path, headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/"})

    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"].isascii() and answer.headers["HX-Redirect"].startswith("/mot-cua/")


def test_a_form_from_an_origin_that_is_no_address_is_refused(visitor):
    assert visitor.client.post("/tra-cuu", headers={"Origin": "http://["}).status_code == 403


@pytest.mark.parametrize("number", ["0", "01", "%D9%A1", "9" * 20, "1" * 5000])
def test_a_number_in_an_address_is_written_in_one_way_and_fits_the_database(visitor, visit_as, officer, dossier, number):
    assert visitor.client.get(f"/huong-dan/nop-ho-so/{number}").status_code == 404
    assert visit_as(officer).client.get(f"/mot-cua/ho-so/{dossier.code}/giay/{number}").status_code == 404


def test_an_unforeseen_fault_shows_no_trace(app, visitor, monkeypatch):
    def fall(*args, **kwargs):
        raise RuntimeError("secret 064090123456 in /work")

    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.view_functions, "home.contact", fall)
    page = visitor.get("/lien-he?moi=1")

    assert (page.status, page.heading) == (500, "Trang gặp lỗi")
    assert "secret" not in page.text and "Traceback" not in page.text and "064090123456" not in page.text


@pytest.mark.parametrize(("fault", "status", "heading"), [
    (OperationalError("database or disk is full"), 507, "Chưa lưu được"),
    (OperationalError("database is locked"), 503, "Đang bận"),
    (OperationalError("server closed the connection"), 503, "Đang bận"), (OSError(errno.ENOSPC, "x"), 507, "Chưa lưu được"),
    (ROLLBACK_STUMBLED, 507, "Chưa lưu được"), (StorageFull("no space"), 507, "Chưa lưu được"),
])  # fmt: skip
def test_a_disk_that_is_full_or_a_database_that_is_busy_asks_to_try_later(visit_as, account, monkeypatch, fault, status, heading):
    from rules import submission

    def fall(*args, **kwargs):
        raise fault

    citizen = visit_as(account)
    monkeypatch.setattr(submission, "save_page", fall)
    page = citizen.post(OWNER, {"owner": "self"})

    assert (page.status, page.heading) == (status, heading)
    assert str(fault) not in page.text


def test_a_form_larger_than_any_honest_one_is_refused(visit_as, account):
    page = visit_as(account).post(OWNER, {"owner_name": "a" * 3_000_000})

    assert (page.status, page.heading) == (413, "Dữ liệu gửi lên lớn quá")
    assert not Draft.select().exists()


def test_a_form_of_too_many_parts_is_refused(visit_as, account):
    parts = {f"x{number}": "1" for number in range(600)}
    answer = visit_as(account).client.post(f"/nop-ho-so/{BIRTH}/giay-to", data=parts, content_type="multipart/form-data")

    assert answer.status_code in (400, 413, 422)
    assert not Draft.select().exists()


@pytest.mark.parametrize(("body", "kind"), [
    (b"--x\r\nContent-Disposition: form-data; name=a", "multipart/form-data; boundary=x"), (b"", "multipart/form-data"),
    (b"{", "application/json"), (b"\xff\xfe", "text/plain; charset=utf-16"),
        (b"a=%zz&%=%&=", "application/x-www-form-urlencoded"),
    (b"--\r\n", "multipart/form-data; boundary="), (b"x" * 1000, "multipart/form-data; boundary=" + "b" * 500),
])  # fmt: skip
def test_a_broken_form_is_refused_and_keeps_nothing(visit_as, account, body, kind):
    answer = visit_as(account).client.post(f"/nop-ho-so/{BIRTH}/giay-to", data=body, content_type=kind)

    assert 400 <= answer.status_code < 500
    assert not Draft.select().exists()


@pytest.mark.parametrize("sent", [
    {"data": b'--X\r\nContent-Disposition: form-data; name=csrf_token; filename=a\r\n\r\nx\r\n--X--\r\n',
     "content_type": "multipart/form-data; boundary=X"},
    {"json": {"csrf_token": 1, "id_number": ["x"], "password": {}}}, {"json": [1]}, {"json": None},
])  # fmt: skip
@pytest.mark.parametrize("path", ["/tai-khoan/dang-nhap/tinh", "/tai-khoan/thoat", "/mot-cua/dang-nhap"])
def test_what_is_no_text_in_a_fields_place_is_nothing_typed(visitor, path, sent):
    assert visitor.client.post(path, **sent).status_code == 422


def test_an_error_keeps_the_person_logged_in(visit_as, account):
    citizen = visit_as(account)
    assert citizen.get("/khong-co").user == account.full_name

    assert citizen.get("/ca-nhan/").status == 200


def test_an_error_page_is_a_fragment_for_htmx(new_visitor):
    page = new_visitor(with_htmx=True).get("/khong-co")

    assert page.status == 404 and "<html" not in page.text

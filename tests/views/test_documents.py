"""Quản lý tài liệu (guide VI): the papers a person keeps for the next time."""

import io
import os
import re
import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from PIL import Image
from stage import BIRTH, PASSWORD, make_account, make_staff, photo, today
from together import Requests, at_once
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

import chores
from database import db, utc_now
from gateways.files import StorageFull
from models import Account, Consent, DocumentFile, Dossier, Draft, Paper, PersonalDocument
from rules import consents, documents, submission
from rules.vietnamese import show_bytes, show_day

HERE = "/ca-nhan/tai-lieu"
LOGIN = "/tai-khoan/dang-nhap/tinh"
PAPERS = f"/nop-ho-so/{BIRTH}/giay-to"
CARD = {
    "kind": "Căn cước, CMND", "name": "Căn cước của tôi", "number": "064090001234", "issued_on": "5/7/2020",
    "place": "Cục Cảnh sát quản lý hành chính", "expires_on": "5/7/2099",
}  # fmt: skip


@pytest.fixture
def citizen(visit_as, account):
    return visit_as(account)


@pytest.fixture
def newcomer(visit_as, account):
    """Somebody who has not yet agreed to keeping papers here."""
    Consent.delete().where(Consent.account == account, Consent.purpose == "documents").execute()
    return visit_as(account)


@pytest.fixture
def neighbour(visit_as, app):
    return visit_as(make_account(full_name="Nay Khác"))


@pytest.fixture
def store(app):
    return app.extensions["files"]


def stored(store) -> list[str]:
    return sorted(name for name, _ in store.names())


def picture(colour: str) -> bytes:
    """A JPEG with shades, as a photo has them: one of few colours would be kept as a PNG."""
    shades = Image.merge("RGB", [Image.radial_gradient("L"), Image.linear_gradient("L"), Image.linear_gradient("L").rotate(90)])
    file = io.BytesIO()
    Image.blend(shades, Image.new("RGB", shades.size, colour), 0.5).save(file, "JPEG", quality=90)
    return file.getvalue()


def post(visitor, path: str, fields: dict[str, str], files=()):
    """Send a form with files, each a colour or (bytes, name). In one piece, so that no test client leaves a file open."""
    named = [(picture(file), f"{file}.jpg") if isinstance(file, str) else file for file in files]
    uploads = [FileStorage(io.BytesIO(data), filename=name, name="file") for data, name in named]
    boundary, body = encode_multipart(fields | {"file": uploads})
    return visitor.client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}", headers=visitor.headers)


def save(citizen, *files, key: str = "", **typed):
    """Fill the form on the page, or the one shown with `key`, choose the files, and press “Lưu”."""
    form = citizen.get(HERE).fields("Lưu") | CARD | typed | ({"form_key": key} if key else {})
    return citizen._page(post(citizen, HERE, form, files), {})


def send(citizen, path: str, *files, **typed):
    return citizen._page(post(citizen, path, {"csrf_token": citizen.token()} | typed, files), {})


def kept(citizen, *files, **typed) -> PersonalDocument:
    page = save(citizen, *files, **typed)
    assert page.status == 303, page.errors
    return PersonalDocument.select().order_by(PersonalDocument.id.desc()).first()


def address(document, *more) -> str:
    return "/".join([f"{HERE}/{document.id}", *map(str, more)])


# --- guide VI --------------------------------------------------------------------------------------------------------


def test_a_paper_is_entered_and_stands_in_the_list(citizen):
    page = citizen.get(HERE)
    assert page.heading == "Quản lý tài liệu" and "Lưu" in page.buttons

    after = citizen.get(save(citizen, "red", "blue").location)

    assert "Đã lưu." in after.words
    assert after.links["Căn cước của tôi Căn cước, CMND, 2 tệp"] == address(PersonalDocument.get())


def test_a_document_shows_all_it_says_and_its_files(citizen):
    document = kept(citizen, "red")
    page = citizen.get(address(document))

    assert page.heading == "Căn cước của tôi"
    for words in ("064090001234", "5/7/2020", "Cục Cảnh sát quản lý hành chính", "5/7/2099", show_day(today())):
        assert words in page.words
    file = document.files.get()
    assert page.links["red.jpg"] == address(document, "tep", file.id)
    assert f"{show_bytes(file.size_bytes)}," in page.words


def test_a_paper_without_photo_number_day_and_place_is_kept_too(citizen):
    document = kept(citizen, number="", issued_on="", place="", expires_on="")

    assert "Chưa có ảnh nào." in citizen.get(address(document)).words


def test_with_htmx_the_list_comes_as_a_fragment_in_one_round_trip(visit_as, account):
    phone = visit_as(account, with_htmx=True)
    page = save(phone, "red")

    assert (page.status, page.headers["HX-Push-Url"]) == (200, f"{HERE}?da=luu")
    assert "Đã lưu." in page.words and "<!doctype" not in page.text.lower()


def test_with_htmx_faults_come_as_a_fragment_too(visit_as, account):
    page = save(visit_as(account, with_htmx=True), name="")

    assert page.status == 422 and "<!doctype" not in page.text.lower()
    assert "Nhập tên giấy tờ" in page.errors


def test_nobody_who_is_not_logged_in_sees_anything(visitor, citizen):
    document = kept(citizen, "red")

    for path in (HERE, address(document), address(document, "tep", document.files.get().id)):
        assert visitor.get(path).location == f"{LOGIN}?tiep={path}"


# --- consent ---------------------------------------------------------------------------------------------------------


def test_the_first_time_one_agrees_with_a_tick_and_never_again(newcomer, account, library):
    assert library.consents["documents"].text in newcomer.get(HERE).words

    save(newcomer, "red", agreed="1")

    assert consents.has(account, "documents") and PersonalDocument.select().exists()
    assert library.consents["documents"].text not in newcomer.get(HERE).words


def test_without_the_tick_nothing_is_kept_and_nothing_typed_is_lost(newcomer, account, store):
    before = stored(store)
    page = save(newcomer, "red")

    assert page.status == 422
    assert "bấm vào ô vuông để đồng ý" in page.errors
    assert {name: page.typed_in(name) for name in CARD if name != "kind"} == {n: v for n, v in CARD.items() if n != "kind"}
    assert page.fields("Lưu")["kind"] == CARD["kind"]
    assert "Ảnh vừa chọn chưa gửi được, hãy chọn lại." in page.errors
    assert not PersonalDocument.select().exists() and not consents.has(account, "documents")
    assert stored(store) == before


def test_who_took_the_consent_back_keeps_what_is_there_and_adds_nothing_without_a_new_tick(citizen, account, library):
    document = kept(citizen, "red")
    file = document.files.get()
    consents.withdraw(account, library.consents["documents"], utc_now())

    for path in (address(document, "them-anh"), address(document, "tep", file.id, "thay")):
        page = send(citizen, path, "blue")
        assert page.status == 422 and "đồng ý" in page.errors
    assert [f.filename for f in document.files] == ["red.jpg"]
    assert send(citizen, address(document, "them-anh"), "blue", agreed="1").status == 303


# --- what is typed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("field", "typed", "message"), [
    ("kind", "", "Chọn loại giấy tờ"), ("kind", "can_cuoc", "Chọn loại giấy tờ"), ("name", "  ", "Nhập tên giấy tờ"),
    ("name", "a" * 101, "nhiều nhất 100"), ("number", "1" * 51, "nhiều nhất 50"), ("place", "a" * 201, "nhiều nhất 200"),
    ("issued_on", "31/2/2020", "không có ngày 31"), ("issued_on", "1/1/2098", "không sau hôm nay"), ("issued_on", "x", "bằng số"),
    ("expires_on", "5/7/2020", "phải sau ngày cấp"), ("expires_on", "1/1/2019", "phải sau ngày cấp"),
    ("expires_on", "99", "Gõ đủ 4 số của năm"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_everything_typed_stays(citizen, field, typed, message):
    page = save(citizen, **{field: typed})

    assert page.status == 422 and message in page.errors
    others = CARD.keys() - {field, "kind"}
    assert {name: page.typed_in(name) for name in others} == {name: CARD[name] for name in others}
    assert not documents_listed(citizen)


def documents_listed(citizen) -> list[str]:
    return [href for href in citizen.get(HERE).links.values() if re.fullmatch(rf"{HERE}/\d+", href)]


def test_a_stale_token_keeps_what_was_typed_on_the_screen_and_nothing_else(citizen, store):
    before = stored(store)
    page = save(citizen, "red", csrf_token="cu")

    assert page.status == 422 and "Trang này mở đã lâu" in page.errors and "hãy chọn lại" in page.errors
    assert page.typed_in("name") == CARD["name"]
    assert not PersonalDocument.select().exists() and stored(store) == before


def test_photos_sent_with_a_wrong_day_are_not_sent_twice(citizen, account):
    page = save(citizen, "red", "blue", issued_on="31/2/2020")
    assert page.status == 422
    assert "Đã nhận red.jpg, blue.jpg: không cần chọn lại." in page.words
    assert documents_listed(citizen) == []

    mended = page.fields("Lưu") | {"issued_on": "1/2/2020"}
    assert citizen.client.post(HERE, data=mended).status_code == 303
    (document,) = PersonalDocument.select()
    assert [file.filename for file in documents.current_files(document)] == ["red.jpg", "blue.jpg"]
    assert document.details["issued_on"] == "2020-02-01" and documents_listed(citizen) == [address(document)]


def test_what_was_left_with_faults_waits_a_day_for_its_owner_alone(citizen, neighbour, store):
    save(citizen, "red", issued_on="31/2/2020")

    assert citizen.get(HERE).typed_in("issued_on") == "31/2/2020"
    assert "red.jpg" in citizen.get(HERE).words and "red.jpg" not in neighbour.get(HERE).text
    begun = PersonalDocument.get()
    assert citizen.get(address(begun)).status == 404, "not a document yet"
    documents.sweep(utc_now() + timedelta(hours=23))
    assert PersonalDocument.select().exists()
    documents.sweep(utc_now() + timedelta(hours=25))
    assert not PersonalDocument.select().exists() and not DocumentFile.select().exists()


def test_what_was_left_with_faults_can_be_dropped_for_another_paper(citizen, store):
    before = stored(store)
    page = save(citizen, "red", issued_on="31/2/2020")
    citizen.client.post(HERE, data=page.fields("Bỏ, nhập giấy khác") | {"drop": "1"})

    assert citizen.get(HERE).typed_in("name") == ""
    assert not PersonalDocument.select().exists() and stored(store) == before


def test_the_button_to_drop_a_begun_form_drops_no_document(citizen):
    document = kept(citizen, "red", key="k" * 32)
    send(citizen, HERE, form_key="k" * 32, drop="1")

    assert PersonalDocument.get() == document


@pytest.mark.parametrize("typed", [{}, {"issued_on": "31/2/2020"}])
def test_a_login_that_ran_out_loses_nothing(citizen, account, typed):
    form = citizen.get(HERE).fields("Lưu") | CARD | typed
    with time_machine.travel(utc_now() + timedelta(minutes=31), tick=False):
        asked = citizen._page(post(citizen, HERE, form, ["red"]), {})
        assert asked.location.startswith(LOGIN) and "064090001234" not in asked.text
        again = citizen.get(asked.location).fields("Đăng nhập") | {"id_number": account.id_number, "password": PASSWORD}
        went_on = citizen.client.post(LOGIN, data=again)
        page = citizen.get(went_on.location.removeprefix("http://localhost"))

    assert CARD["name"] in page.links or any(CARD["name"] in text for text in page.links) or page.typed_in("name") == CARD["name"]
    assert "red.jpg" in page.words or "1 tệp" in page.words
    assert PersonalDocument.select().count() == 1 and DocumentFile.select().count() == 1


def test_a_login_that_ran_out_before_the_consent_keeps_what_was_typed_and_no_photo(newcomer, account, visit_as, store):
    before, form = stored(store), newcomer.get(HERE).fields("Lưu") | CARD
    with time_machine.travel(utc_now() + timedelta(minutes=31), tick=False):
        assert newcomer._page(post(newcomer, HERE, form, ["red"]), {}).location.startswith(LOGIN)

    assert visit_as(account).get(HERE).typed_in("name") == CARD["name"]
    assert not DocumentFile.select().exists() and stored(store) == before and not consents.has(account, "documents")


BAD = {
    "nothing": "", "too long": "a" * 5000, "a megabyte": "a" * 1_000_000, "NUL": "a\x00b", "emoji": "🐘" * 3,
    "NFD": unicodedata.normalize("NFD", "Rơ Châm Hŏ Bơ̆"), "script": "<script>alert(1)</script>",
    "quotes": "\"'><img src=x onerror=alert(1)>", "a day to come": "1/1/2099", "no such day": "31/02/1990",
    "turned round": "a\u202eb", "template": "{{7*7}}", "new lines": "\r\n\r\na", "other digits": "٠٦٤٠٩٠١٢٣٤٥٦",
    "superscript": "²³¹", "piled marks": "a" + "\u0301" * 500, "a far year": "1/1/9999",
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("field", [*CARD, "form_key", "agreed", "csrf_token"])
def test_nothing_typed_breaks_a_page_and_the_rest_is_kept(citizen, field, bad):
    page = save(citizen, **{field: BAD[bad]})

    assert page.status in (303, 422)
    if page.status == 422:
        others = CARD.keys() - {field, "kind"}
        assert {name: page.typed_in(name) for name in others} == {name: CARD[name] for name in others}
    for shown in (page, citizen.get(HERE), *(citizen.get(path) for path in documents_listed(citizen))):
        assert "<script>alert" not in shown.text and "<img src=x" not in shown.text


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("field", CARD)
def test_nothing_typed_breaks_a_change(citizen, field, bad):
    document = kept(citizen)
    page = citizen.post(address(document, "sua"), CARD | {field: BAD[bad]})

    assert page.status in (303, 422)
    assert "<script>alert" not in page.text
    assert citizen.get(address(document)).status == citizen.get(address(document, "sua")).status == 200
    if page.status == 422:
        assert PersonalDocument.get().details == document.details


@pytest.mark.parametrize("query", ["trang=0", "trang=x", "trang=999999999999999999999", "xem=anh", "xem=%00"])
def test_no_question_breaks_the_list_or_a_document(citizen, query):
    document = kept(citizen, "red")

    assert citizen.get(f"{HERE}?{query}").status == citizen.get(f"{address(document)}?{query}").status == 200


# --- the same form twice ---------------------------------------------------------------------------------------------


def test_the_same_form_twice_is_one_document_and_answered_as_the_first_time(citizen):
    key = "a" * 32
    first, second = save(citizen, "red", key=key), save(citizen, "red", key=key)

    assert first.location == second.location == f"{HERE}?da=luu"
    assert (PersonalDocument.select().count(), DocumentFile.select().count()) == (1, 1)


def test_the_same_form_three_times_at_one_moment_is_one_document(citizen, new_visitor):
    form = citizen.get(HERE).fields("Lưu") | CARD
    twins = [new_visitor() for _ in range(3)]
    for twin in twins:
        twin.client._cookies = dict(citizen.client._cookies)

    answers = at_once(*(lambda twin=twin: post(twin, HERE, form, ["red"]).status_code for twin in twins), database=Requests)

    assert answers == [303, 303, 303]
    assert (PersonalDocument.select().count(), DocumentFile.select().count()) == (1, 1)


def test_another_paper_typed_over_the_first_after_back_is_asked_about_and_loses_nothing(citizen):
    key = "b" * 32
    first = kept(citizen, "red", key=key)
    page = save(citizen, "blue", key=key, name="Khai sinh của H'Mai")

    assert page.status == 409
    assert page.links["Căn cước của tôi"] == address(first)
    assert page.typed_in("name") == "Khai sinh của H'Mai" and "Đã nhận blue.jpg" in page.words
    assert PersonalDocument.get_by_id(first.id).details == first.details
    assert citizen.client.post(HERE, data=page.fields("Lưu")).status_code == 303
    assert {document.details["name"] for document in PersonalDocument.select()} == {"Căn cước của tôi", "Khai sinh của H'Mai"}
    assert DocumentFile.select().count() == 2


def test_a_key_of_mine_in_a_neighbours_form_makes_a_document_of_the_neighbour(citizen, neighbour):
    mine = kept(citizen, "red", key="c" * 32)
    theirs = kept(neighbour, "red", key="c" * 32)

    assert theirs.account_id != mine.account_id
    assert documents_listed(neighbour) == [address(theirs)]


# --- files -----------------------------------------------------------------------------------------------------------

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>/Pages 2 0 R>>endobj "
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj trailer<</Root 1 0 R>>"
)
HOSTILE = {
    "empty": (b"", "xau.jpg"), "a page": (b"<html><script>alert(1)</script>", "xau.jpg"), "a program": (b"MZ" * 500, "xau.exe"),
    "half a photo": (photo()[:400], "xau.jpg"), "another ending": (photo(), "xau.html"), "a living PDF": (PDF, "xau.pdf"),
    "too heavy": (b"\xff\xd8\xff" + b"\0" * 5_300_000, "xau.jpg"), "an archive": (b"PK\x03\x04" + b"\0" * 100, "xau.zip"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_refused_file_is_named_with_why_and_the_good_ones_are_kept(citizen, kind):
    page = save(citizen, "red", HOSTILE[kind], "blue", key="d" * 32)

    assert page.status == 422
    assert "xau" in page.errors and len(page.errors) > len("Cần sửa 1 chỗ xau.jpg: ")
    assert "Đã lưu giấy tờ này." in page.words
    document = PersonalDocument.get()
    assert [file.filename for file in documents.current_files(document)] == ["red.jpg", "blue.jpg"]
    again = save(citizen, "red", HOSTILE[kind], "blue", key="d" * 32)
    assert (again.status, again.errors) == (422, page.errors), "a lost answer is answered as the first time"
    assert (PersonalDocument.select().count(), DocumentFile.select().count()) == (1, 2)


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_refused_file_beside_a_wrong_day_loses_nothing_either(citizen, kind):
    page = save(citizen, "red", HOSTILE[kind], issued_on="31/2/2020")

    assert page.status == 422 and "xau" in page.errors and "không có ngày 31" in page.errors
    assert "Đã nhận red.jpg" in page.words and page.typed_in("name") == CARD["name"]


@pytest.mark.parametrize("name", [
    "../../etc/passwd.jpg", "<script>alert(1)</script>.jpg", "a\r\nX: y.jpg", "ảnh\u202egpj.exe.jpg", "a" * 400 + ".jpg",
    "\x00.jpg", "🐘.jpg",
])  # fmt: skip
def test_a_files_name_is_only_words(citizen, name):
    document = kept(citizen, (picture("red"), name))
    page = citizen.get(address(document))

    assert "<script>alert" not in page.text
    for file in document.files:
        assert "/" not in file.filename and len(file.filename) <= 200
        opened = citizen.client.get(address(document, "tep", file.id))
        assert re.fullmatch(r"attachment; filename=can-cuoc-\d+\.jpg", opened.headers["Content-Disposition"])


def test_a_file_opens_as_it_was_kept_in_a_sandbox_and_in_no_cache(citizen, store):
    document = kept(citizen, "red")
    file = document.files.get()
    answer = citizen.client.get(address(document, "tep", file.id))

    assert answer.data == store.read(file.stored_name) and answer.mimetype == file.media_type
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["X-Content-Type-Options"] == "nosniff"


def test_nothing_of_a_document_can_be_read_on_the_disk_or_in_the_database(app, citizen):
    kept(citizen, "red")
    row = db.execute_sql('SELECT * FROM "personal_document"').fetchone()
    text = b" ".join(bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in row)
    assert CARD["number"].encode() not in text and "Cảnh sát".encode() not in text
    files = [file.read_bytes() for file in Path(app.config["INSTANCE_DIR"], "files").rglob("*") if file.is_file()]
    assert files and not any(data.startswith((b"\xff\xd8", b"\x89P")) for data in files)


def test_ten_files_are_taken_at_once_and_the_eleventh_is_named(citizen):
    page = save(citizen, *((photo("white", (60, 80 + number)), f"anh{number}.jpg") for number in range(11)))

    assert page.status == 422 and "anh10.jpg: Mỗi lần gửi nhiều nhất 10 tệp" in page.errors
    document = PersonalDocument.get()
    assert documents.current_files(document).count() == 10
    more = send(citizen, address(document, "them-anh"), "green")
    assert more.status == 422 and "nhiều nhất 10 tệp" in more.errors
    assert documents.current_files(document).count() == 10


def test_more_files_are_added_to_a_document(citizen):
    document = kept(citizen, "red")
    page = send(citizen, address(document, "them-anh"), "blue", "green")

    assert "Đã nhận giấy." in citizen.get(page.location).words
    assert [file.filename for file in documents.current_files(document)] == ["red.jpg", "blue.jpg", "green.jpg"]


def test_pressing_send_without_choosing_says_what_to_do(citizen):
    document = kept(citizen, "red")

    assert "chọn một tệp" in send(citizen, address(document, "them-anh")).errors
    assert "chọn một tệp" in send(citizen, address(document, "tep", document.files.get().id, "thay")).errors


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_bad_file_added_or_put_in_anothers_place_changes_nothing(citizen, store, kind):
    document = kept(citizen, "red")
    file, before = document.files.get(), stored(store)
    for path in (address(document, "them-anh"), address(document, "tep", file.id, "thay")):
        page = send(citizen, path, HOSTILE[kind])

        assert page.status == 422 and "xau" in page.errors
        assert list(document.files) == [file] and stored(store) == before


# --- the same file again ---------------------------------------------------------------------------------------------


def test_the_same_photo_again_is_recognised_with_the_way_to_its_document(citizen, store):
    first = kept(citizen, "red")
    before = stored(store)
    page = save(citizen, "red", name="Giấy khác")

    assert page.status == 422
    assert "red.jpg: đã có trong “Căn cước của tôi”, không lưu lần nữa." in page.words
    assert page.links["Xem giấy tờ đó"] == address(first)
    assert page.typed_in("name") == "Giấy khác"
    assert (PersonalDocument.select().count(), DocumentFile.select().count()) == (1, 1) and stored(store) == before
    # Seen and still wanted, without the photo.
    assert citizen.client.post(HERE, data=page.fields("Lưu")).status_code == 303
    assert PersonalDocument.select().count() == 2


def test_beside_a_new_photo_a_known_one_is_left_out_and_said(citizen):
    first = kept(citizen, "red")
    page = save(citizen, "red", "blue", name="Giấy khác")

    assert page.status == 422 and "Đã lưu giấy tờ này." in page.words
    assert page.links["Xem giấy tờ đó"] == address(first)
    assert sorted(file.filename for file in DocumentFile.select()) == ["blue.jpg", "red.jpg"]


def test_the_same_photo_twice_in_one_form_is_kept_once(citizen, store):
    before = len(stored(store))
    kept(citizen, (picture("red"), "a.jpg"), (picture("red"), "b.jpg"))

    assert [file.filename for file in DocumentFile.select()] == ["a.jpg"] and len(stored(store)) == before + 1


def test_a_photo_added_again_to_its_own_document_is_not_doubled(citizen, store):
    document = kept(citizen, "red")
    before = stored(store)
    page = send(citizen, address(document, "them-anh"), "red")

    assert "Tệp này đã có ở đây rồi" in citizen.get(page.location).words
    assert document.files.count() == 1 and stored(store) == before


def test_a_photo_of_one_document_added_to_another_is_recognised(citizen):
    first, second = kept(citizen, "red"), kept(citizen, "blue")
    page = send(citizen, address(second, "them-anh"), "red")

    assert page.status == 422 and page.links["Xem giấy tờ đó"] == address(first)
    assert second.files.count() == 1


def test_a_neighbours_same_photo_is_nobodys_business(citizen, neighbour):
    kept(citizen, "red")

    assert save(neighbour, "red").location == f"{HERE}?da=luu"
    assert DocumentFile.select().count() == 2


# --- replacing -------------------------------------------------------------------------------------------------------


def test_a_file_is_replaced_in_its_place_and_the_old_version_stays_with_its_date(citizen, store):
    document = kept(citizen, "red", "blue")
    file = document.files.where(DocumentFile.filename == "red.jpg").get()
    old_data = store.read(file.stored_name)
    page = send(citizen, address(document, "tep", file.id, "thay"), "green")

    shown = citizen.get(page.location)
    assert "Đã thay. Bản cũ vẫn còn" in shown.words
    assert f"Bản cũ red.jpg, {show_bytes(file.size_bytes)}, {show_day(today())}Thay ngày {show_day(today())}" in shown.words
    assert [f.filename for f in documents.current_files(document)] == ["green.jpg", "blue.jpg"]
    old = documents.old_files(document).get()
    assert citizen.client.get(address(document, "tep", old.id)).data == old_data
    assert old.uploaded_at == file.uploaded_at and old.replaced_at


def test_the_same_replacement_twice_is_one(citizen, store):
    document = kept(citizen, "red")
    path = address(document, "tep", document.files.get().id, "thay")
    first, second = send(citizen, path, "green"), send(citizen, path, "green")

    assert (first.status, second.status) == (303, 303)
    assert document.files.count() == 2
    assert {file.stored_name for file in document.files} <= set(stored(store))


def test_two_replacements_at_one_moment_keep_all_three_versions(citizen, new_visitor):
    document = kept(citizen, "red")
    path, token = address(document, "tep", document.files.get().id, "thay"), citizen.token()
    twins = [new_visitor() for _ in range(2)]
    for twin in twins:
        twin.client._cookies = dict(citizen.client._cookies)

    at_once(
        *(
            lambda twin=twin, colour=colour: post(twin, path, {"csrf_token": token}, [colour]).status_code
            for twin, colour in zip(twins, ("blue", "green"), strict=True)
        ),
        database=Requests,
    )

    assert sorted(file.filename for file in document.files) == ["blue.jpg", "green.jpg", "red.jpg"]
    assert documents.current_files(document).count() == 1


def test_a_photo_of_another_document_does_not_replace(citizen):
    first, second = kept(citizen, "red"), kept(citizen, "blue")
    page = send(citizen, address(second, "tep", second.files.get().id, "thay"), "red")

    assert page.status == 422 and page.links["Xem giấy tờ đó"] == address(first)
    assert second.files.count() == 1


def test_an_old_version_cannot_be_replaced_but_dropped(citizen, store):
    document = kept(citizen, "red")
    send(citizen, address(document, "tep", document.files.get().id, "thay"), "green")
    old = documents.old_files(document).get()

    assert citizen.get(address(document, "tep", old.id, "thay")).status == 404
    page = citizen.send(address(document, "tep", old.id, "xoa"), {}, "Bỏ tệp")
    assert "Đã bỏ tệp." in citizen.get(page.location).words
    assert [file.filename for file in document.files] == ["green.jpg"] and old.stored_name not in stored(store)


def test_many_old_versions_come_in_pages(citizen, store):
    document = kept(citizen, "red")
    file = document.files.get()
    for number in range(12):
        DocumentFile.create(
            document=document, filename=f"cu{number}.jpg", media_type="image/jpeg", size_bytes=1, content_key="k",
            stored_name=f"{number:032}", replaced_at=utc_now(),
        )  # fmt: skip
    page = citizen.get(address(document))

    assert "cu11.jpg" in page.words and "cu0.jpg" not in page.words and file.filename in page.words
    assert "cu0.jpg" in citizen.get(page.links["Trang sau"]).words


# --- changing and deleting -------------------------------------------------------------------------------------------


def test_details_are_changed(citizen):
    document = kept(citizen)
    form = citizen.get(address(document, "sua")).fields("Lưu")
    assert {name: form[name] for name in CARD} == CARD

    page = citizen.send(address(document, "sua"), {"number": "1234", "expires_on": ""}, "Lưu")

    assert page.location == f"{address(document)}?da=luu"
    shown = citizen.get(page.location).words
    assert "1234" in shown and "Ngày hết hạn" not in shown


def test_a_wrong_change_changes_nothing(citizen):
    document = kept(citizen)
    page = citizen.send(address(document, "sua"), {"issued_on": "1/1/2098", "place": "Xã mới"}, "Lưu")

    assert page.status == 422 and "không sau hôm nay" in page.errors and page.typed_in("place") == "Xã mới"
    assert PersonalDocument.get().details == document.details


def test_deleting_asks_first_says_what_stays_and_removes_rows_and_files(citizen, store):
    document = kept(citizen, "red", "blue")
    send(citizen, address(document, "tep", document.files.get().id, "thay"), "green")
    names = {file.stored_name for file in document.files}
    asked = citizen.get(address(document, "xoa"))
    assert "hồ sơ đã nộp" in asked.words and "vẫn còn" in asked.words and PersonalDocument.select().exists()

    page = citizen.send(address(document, "xoa"), {}, "Xoá giấy tờ")

    assert "Đã xoá giấy tờ." in citizen.get(page.location).words
    assert not PersonalDocument.select().exists() and not DocumentFile.select().exists()
    assert len(names) == 3 and not names & set(stored(store))


def test_deleting_again_finds_nothing(citizen):
    document = kept(citizen, "red")
    citizen.post(address(document, "xoa"))

    assert citizen.post(address(document, "xoa")).status == 404


def test_a_file_is_dropped_after_asking(citizen, store):
    document = kept(citizen, "red", "blue")
    file = document.files.get()
    assert citizen.get(address(document, "tep", file.id, "xoa")).heading == "Bỏ tệp này?"
    citizen.post(address(document, "tep", file.id, "xoa"))

    assert document.files.count() == 1 and file.stored_name not in stored(store)


# --- whose it is -----------------------------------------------------------------------------------------------------

ALL = [
    ("GET", ""), ("GET", "sua"), ("POST", "sua"), ("GET", "xoa"), ("POST", "xoa"), ("GET", "them-anh"), ("POST", "them-anh"),
    ("GET", "tep/{file}"), ("GET", "tep/{file}/nho"), ("GET", "tep/{file}/thay"), ("POST", "tep/{file}/thay"),
    ("GET", "tep/{file}/xoa"), ("POST", "tep/{file}/xoa"),
]  # fmt: skip


def ask(visitor, method: str, path: str):
    if method == "GET":
        return visitor.client.get(path)
    return post(visitor, path, CARD | {"csrf_token": visitor.token()}, ["blue"])


@pytest.mark.parametrize(("method", "more"), ALL)
def test_somebody_elses_document_is_like_one_that_is_not_there(citizen, neighbour, store, method, more):
    document = kept(citizen, "red")
    file, before = document.files.get(), stored(store)
    path = f"{address(document)}/{more}".rstrip("/")
    mine, missing = path.format(file=file.id), path.replace(str(document.id), "987654321", 1).format(file=file.id)

    not_mine, not_there = ask(neighbour, method, mine), ask(neighbour, method, missing)

    assert not_mine.status_code == not_there.status_code == 404
    assert not_mine.get_data(as_text=True).replace(mine, "") == not_there.get_data(as_text=True).replace(missing, "")
    assert list(document.files) == [file] and PersonalDocument.get() == document and stored(store) == before


@pytest.mark.parametrize(("method", "more"), [case for case in ALL if "{file}" in case[1]])
def test_a_neighbours_file_under_ones_own_document_is_not_there(citizen, neighbour, store, method, more):
    theirs, own = kept(neighbour, "red"), kept(citizen, "blue")
    before = stored(store)

    answer = ask(citizen, method, f"{address(own)}/{more}".format(file=theirs.files.get().id))

    assert answer.status_code == 404
    assert DocumentFile.select().count() == 2 and stored(store) == before


@pytest.mark.parametrize("role", ["officer", "specialist", "leader", "culture", "village_head", "postal_clerk", "administrator"])
def test_nobody_of_the_commune_opens_a_personal_document(visit_as, citizen, role):
    document = kept(citizen, "red")
    clerk = visit_as(make_staff(role, village="Thôn 6"))

    for method, more in [*ALL, ("GET", "../tai-lieu")]:
        path = HERE if more.startswith("..") else f"{address(document)}/{more}".rstrip("/").format(file=document.files.get().id)
        assert ask(clerk, method, path).status_code == 404
    assert PersonalDocument.get() == document


# --- small pictures --------------------------------------------------------------------------------------------------


def noise(size=(1200, 1600)) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 120).convert("RGB").save(file, "JPEG", quality=70)
    return file.getvalue()


def test_small_pictures_come_only_when_asked_for(citizen):
    document = kept(citizen, "red")
    page = citizen.get(address(document))
    assert not list(page.tree.iter("img"))
    assert "img-src data:;" in page.headers["Content-Security-Policy"]

    shown = citizen.get(page.links["Xem ảnh nhỏ"])

    (picture,) = shown.tree.iter("img")
    assert picture.get("alt") == "red.jpg"
    assert "img-src 'self' data:;" in shown.headers["Content-Security-Policy"]
    assert citizen.client.get(picture.get("src")).mimetype == "image/jpeg"


def test_htmx_leaves_the_page_with_pictures_to_the_browser(citizen):
    page = citizen.get(address(kept(citizen, "red")))

    assert page.tree.xpath("//a[text()='Xem ảnh nhỏ']/@hx-boost") == ["false"]


@pytest.mark.parametrize("data", [picture("red"), photo("white", (1600, 40)), noise()], ids=["plain", "long", "noise"])
def test_a_small_picture_has_at_most_160_pixels_and_4_kilobytes(citizen, data):
    document = kept(citizen, (data, "anh.jpg"))
    answer = citizen.client.get(address(document, "tep", document.files.get().id, "nho"))

    assert len(answer.data) <= 4000
    with Image.open(io.BytesIO(answer.data)) as picture:
        assert picture.format == "JPEG" and max(picture.size) <= 160 and not picture.getexif()
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def a_pdf() -> bytes:
    import pikepdf

    file = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(file)
    return file.getvalue()


def test_a_pdf_is_kept_and_has_no_small_picture(citizen):
    document = kept(citizen, (a_pdf(), "to khai.pdf"))
    file = document.files.get()

    assert file.media_type == "application/pdf"
    assert "Xem ảnh nhỏ" not in citizen.get(address(document)).links
    assert citizen.client.get(address(document, "tep", file.id, "nho")).status_code == 404
    assert citizen.client.get(address(document, "tep", file.id)).data.startswith(b"%PDF-")


# --- expiry, room, many ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "words"), [
    (31, ""), (30, "Sắp hết hạn: còn 30 ngày"), (1, "Sắp hết hạn: còn 1 ngày"), (0, "Hết hạn hôm nay"), (-1, "Đã hết hạn từ"),
])  # fmt: skip
def test_expiry_is_said_in_the_list_and_on_the_document_from_thirty_days_before(citizen, days, words):
    document = kept(citizen, expires_on=show_day(today() + timedelta(days=days)))

    listed = citizen.get(HERE).tree.find_class("list")[0].text_content()
    shown = citizen.get(address(document)).words.replace("Ngày hết hạn", "")
    assert words in listed and words in shown
    assert ("ết hạn" in listed) == ("ết hạn" in shown) == bool(words)


def test_the_room_left_is_told_in_photos(app, citizen, monkeypatch):
    monkeypatch.setitem(app.config, "DOCUMENT_QUOTA_MB", 3)

    assert "còn khoảng 10 ảnh" in citizen.get(HERE).words
    document = kept(citizen, (noise(), "anh.jpg"))
    left = (3_000_000 - document.files.get().size_bytes) // documents.USUAL_PHOTO_BYTES
    assert f"còn khoảng {left} ảnh" in citizen.get(HERE).words and left < 10


def test_when_the_room_is_full_the_file_is_named_and_nothing_is_lost(app, citizen, store, monkeypatch):
    document = kept(citizen, (noise(), "anh.jpg"))
    monkeypatch.setattr(documents, "MEGABYTE", document.files.get().size_bytes)
    monkeypatch.setitem(app.config, "DOCUMENT_QUOTA_MB", 1)
    before = stored(store)

    added = send(citizen, address(document, "them-anh"), "red")
    replaced = send(citizen, address(document, "tep", document.files.get().id, "thay"), "red")
    new = save(citizen, "blue", name="Giấy mới")

    for page in (added, replaced, new):
        assert page.status == 422 and "chỗ chứa của bạn đã đầy" in page.errors
    assert "red.jpg" in added.errors and "blue.jpg" in new.errors and "Đã lưu giấy tờ này." in new.words
    assert stored(store) == before and DocumentFile.select().count() == 1
    assert "còn khoảng 0 ảnh" in citizen.get(HERE).words


def test_old_versions_take_room_too(app, citizen, monkeypatch):
    document = kept(citizen, "red")
    file = document.files.get()
    send(citizen, address(document, "tep", file.id, "thay"), "blue")

    assert documents.used_bytes(document.account) == sum(f.size_bytes for f in document.files) > file.size_bytes


def many(account, count: int) -> None:
    for number in range(count):
        details = {"name": f"Giấy {number} của nhà", "number": f"{number:06}", "issued_on": "", "place": "", "expires_on": ""}
        PersonalDocument.create(account=account, kind="khai_sinh", details=details, form_key=f"{account.id}-{number}")


def test_sixty_documents_stand_on_one_page_and_more_on_the_next(citizen, account):
    many(account, 61)
    first = citizen.get(HERE)

    assert len([href for href in first.links.values() if re.fullmatch(rf"{HERE}/\d+", href)]) == 60
    assert "Giấy 0 của nhà" in citizen.get(first.links["Trang sau"]).words
    assert "Giấy 0 của nhà" not in first.words


def test_an_account_keeps_two_hundred_documents_and_says_so(citizen, account, store):
    many(account, documents.MOST_DOCUMENTS)
    before = stored(store)
    page = save(citizen, "red")

    assert page.status == 422 and "Bạn đã cất 200 giấy tờ" in page.errors and page.typed_in("name") == CARD["name"]
    assert PersonalDocument.select().count() == 200 and stored(store) == before


# --- whatever happens ------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone: nothing after this line runs."""


def die(*args, **kwargs):
    raise Killed


@pytest.mark.parametrize("where", ["_add_files", "_make_document", "_lock"])
def test_killed_between_file_and_row_there_is_no_row_without_a_file(app, citizen, store, monkeypatch, where):
    form = citizen.get(HERE).fields("Lưu") | CARD
    before = set(stored(store))
    with monkeypatch.context() as patch:
        patch.setattr(documents, where, die)
        with pytest.raises(Killed):
            post(citizen, HERE, form, ["red"])

    assert not PersonalDocument.select().exists() and not DocumentFile.select().exists()
    assert len(set(stored(store)) - before) == 1, "the file waits for the sweep"
    assert post(citizen, HERE, form, ["red"]).status_code == 303
    assert store.read(DocumentFile.get().stored_name)


@pytest.mark.parametrize("way", ["thay", "xoa"])
def test_killed_while_replacing_or_deleting_every_row_has_its_file(citizen, store, monkeypatch, way):
    document = kept(citizen, "red")
    file = document.files.get()
    token = {"csrf_token": citizen.token()}
    with monkeypatch.context() as patch:
        patch.setattr(documents, "forget_unclaimed", die)
        patch.setattr(store, "remove", die)
        with pytest.raises(Killed):
            post(citizen, address(document, "tep", file.id, way), token, ["blue"])

    assert all(store.read(row.stored_name) for row in DocumentFile.select())


def test_the_sweep_takes_the_files_of_what_is_gone_and_leaves_the_others(citizen, store):
    for name in stored(store):
        store.remove(name)
    gone, stays = kept(citizen, "red"), kept(citizen, "blue")
    send(citizen, address(stays, "tep", stays.files.get().id, "thay"), "green")
    PersonalDocument.delete().where(PersonalDocument.id == gone.id).execute()
    for name in stored(store):
        os.utime(store._path(name), (0, 0))

    chores.sweep(store, utc_now())

    assert set(stored(store)) == {file.stored_name for file in stays.files} and len(stored(store)) == 2


def test_a_full_disk_keeps_no_half_of_a_document(citizen, store, monkeypatch):
    before, keep = stored(store), store.keep

    def keep_one_then_none(data):
        if len(stored(store)) > len(before):
            raise StorageFull("no room")
        return keep(data)

    monkeypatch.setattr(store, "keep", keep_one_then_none)
    page = save(citizen, "red", "blue")

    assert page.status == 507 and not PersonalDocument.select().exists()
    assert stored(store) == before


# --- into a dossier --------------------------------------------------------------------------------------------------


def take(citizen, file, key: str = "giay_chung_sinh"):
    return citizen.post(PAPERS, {"document": key, "taken": str(getattr(file, "id", file))})


def test_a_paper_of_a_dossier_is_taken_from_my_documents(citizen, store):
    document = kept(citizen, "red", "blue")
    file = document.files.where(DocumentFile.filename == "blue.jpg").get()
    page = citizen.get(PAPERS)
    choice = page.tree.xpath("//input[@value='giay_chung_sinh']/..//select/option")
    assert [option.text for option in choice] == ["Chọn", "Căn cước của tôi – ảnh 1", "Căn cước của tôi – ảnh 2"]
    assert "Lấy từ tài liệu của tôi" in page.words and "Lấy giấy này" in page.buttons

    done = take(citizen, file)

    paper = Paper.get()
    assert "Đã nhận: blue.jpg" in citizen.get(done.location).words
    assert (paper.document_key, paper.taken_from_id) == ("giay_chung_sinh", document.id)
    assert paper.stored_name != file.stored_name and store.read(paper.stored_name) == store.read(file.stored_name)


def test_taking_twice_is_taking_once(citizen):
    file = kept(citizen, "red").files.get()
    take(citizen, file)
    first = Paper.get()

    assert take(citizen, file).status == 303
    assert Paper.get() == first


def test_who_has_no_documents_is_offered_none(citizen):
    page = citizen.get(PAPERS)

    assert "tài liệu của tôi" not in page.words and not page.tree.xpath("//select")


def test_pressing_without_choosing_a_document_says_what_to_do(citizen):
    kept(citizen, "red")
    page = take(citizen, "")

    assert page.status == 422 and "Chọn một giấy trong tài liệu của bạn" in page.errors
    assert not Paper.select().exists()


@pytest.mark.parametrize("typed", ["987654321", "0", "-1", "x", "1" * 30, "\x00", "²", "1 OR 1=1", "<script>alert(1)</script>"])
def test_a_document_that_is_not_mine_cannot_be_taken(citizen, neighbour, typed):
    theirs = kept(neighbour, "red").files.get()
    kept(citizen, "blue")

    not_mine, not_there = take(citizen, theirs), take(citizen, typed)

    assert not_mine.status == not_there.status == 422
    assert not_mine.errors == not_there.errors and "không còn trong tài liệu của bạn" in not_mine.errors
    assert "red.jpg" not in not_mine.text and "<script>alert" not in not_there.text
    assert not Paper.select().exists() and not Draft.select().exists()


def test_neither_an_old_version_nor_a_form_left_with_faults_can_be_taken(citizen):
    document = kept(citizen, "red")
    send(citizen, address(document, "tep", document.files.get().id, "thay"), "green")
    save(citizen, "blue", issued_on="31/2/2020")
    begun = DocumentFile.get(DocumentFile.filename == "blue.jpg")

    for file in (documents.old_files(document).get(), begun):
        assert take(citizen, file).status == 422
    assert "Căn cước của tôi – ảnh 1" in citizen.get(PAPERS).words and "nhập dở" not in citizen.get(PAPERS).words


def test_replacing_or_deleting_a_document_changes_nothing_in_draft_or_dossier(
    citizen, account, make_draft, library, visit_as, officer, store
):
    make_draft(account)
    document = kept(citizen, "red")
    file = document.files.get()
    data = store.read(file.stored_name)
    take(citizen, file)
    send(citizen, address(document, "tep", file.id, "thay"), "green")
    taken = Paper.get(Paper.taken_from == document.id)
    assert store.read(taken.stored_name) == data, "the draft keeps its copy"

    citizen.send(f"/nop-ho-so/{BIRTH}/xem-lai", {"declared": "1"}, "Nộp hồ sơ")
    citizen.post(address(document, "xoa"))

    assert not PersonalDocument.select().exists()
    paper, dossier = Paper.get_by_id(taken.id), Dossier.get()
    assert paper.dossier == dossier and paper.taken_from_id is None
    opened = visit_as(officer).client.get(f"/mot-cua/ho-so/{dossier.code}/giay/{paper.id}")
    assert opened.data == data
    assert submission.mine(Account.get_by_id(account.id), dossier.code)


def test_a_document_deleted_at_the_moment_of_taking_is_told(citizen, store, monkeypatch):
    file = kept(citizen, "red").files.get()
    find = documents.file_to_take

    def find_then_lose(account, file_id):
        found = find(account, file_id)
        store.remove(found.stored_name)
        return found

    monkeypatch.setattr("views.papers.file_to_take", find_then_lose)
    page = take(citizen, file)

    assert page.status == 422 and "không còn trong tài liệu của bạn" in page.errors
    assert not Paper.select().exists()

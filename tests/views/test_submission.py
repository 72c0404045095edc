"""Submitting a dossier, page by page."""

import io
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from peewee import OperationalError
from stage import BIRTH, PASSWORD, PROJECT, good_answer, good_answers, make_account, photo
from together import Requests, at_once
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from database import utc_now
from gateways.papers import CleanPaper
from models import Dossier, Draft, Event, Paper
from rules import submission
from rules.content import read_content
from rules.dossier_codes import show_receipt_code
from rules.papers import keep_paper, missing_papers

LOGIN = "/tai-khoan/dang-nhap/tinh"
BEGIN = f"/nop-ho-so/{BIRTH}/"
OWNER, PAPERS, CHECK = f"{BEGIN}chu-ho-so", f"{BEGIN}giay-to", f"{BEGIN}xem-lai"
GO_ON = "Lưu và đi tiếp"
PROCEDURES = {procedure.slug: procedure for procedure in read_content(PROJECT / "content").procedures}


def walk_birth(citizen, library):
    """Answers every page of a birth registration as a person would; returns the page it ends on."""
    citizen.send(f"/nop-ho-so/{BIRTH}/chu-ho-so", {"owner": "self"}, "Lưu và đi tiếp")
    page = citizen.get(f"/nop-ho-so/{BIRTH}/?tiep=1")
    while "/trang-" in page.location:
        number = int(page.location.rsplit("-", 1)[1])
        questions = library.definitions[BIRTH]["eform"]["pages"][number - 1]["questions"]
        sent = citizen.send(page.location, {q["key"]: good_answer(q) for q in questions}, "Lưu và đi tiếp")
        assert sent.status == 303, sent.errors
        page = citizen.get(f"/nop-ho-so/{BIRTH}/?tiep=1")
    citizen.send(f"/nop-ho-so/{BIRTH}/nhan-ket-qua", {"delivery": "desk"}, "Lưu và đi tiếp")
    return citizen.get(f"/nop-ho-so/{BIRTH}/giay-to")


def send_photo(citizen, key, data=None, name="anh.jpg", token=None):
    upload = FileStorage(io.BytesIO(photo() if data is None else data), filename=name)
    boundary, body = encode_multipart({"csrf_token": token or citizen.token(), "document": key, "file": upload})
    answer = citizen.client.post(PAPERS, data=body, content_type=f"multipart/form-data; boundary={boundary}")
    return citizen._page(answer, {})


def test_a_birth_is_registered_from_the_first_page_to_the_code(visit_as, account, library):
    citizen = visit_as(account)
    walk_birth(citizen, library)
    assert send_photo(citizen, "giay_chung_sinh").status == 303
    assert send_photo(citizen, "giay_to_tuy_than").status == 303
    citizen.send(f"/nop-ho-so/{BIRTH}/giay-to", {}, "Lưu và đi tiếp")
    done = citizen.send(f"/nop-ho-so/{BIRTH}/xem-lai", {"declared": "1"}, "Nộp hồ sơ")

    dossier = Dossier.get()
    page = citizen.get(done.location)
    assert page.heading == "Đã nộp hồ sơ"
    assert dossier.code in page.words
    assert dossier.papers.count() == 2
    assert Draft.get().dossier == dossier


# --- where one is ----------------------------------------------------------------------------------------------------


def test_a_submission_begins_with_the_owner_as_the_letter_says(visit_as, account):
    page = visit_as(account).get(BEGIN)

    assert page.location == OWNER
    assert not Draft.select().exists(), "looking begins nothing"


def test_the_pages_come_in_the_letters_order(visit_as, account, library):
    page = walk_birth(visit_as(account), library)

    assert page.heading == "Giấy tờ kèm theo"
    assert page.links["Quay lại trang trước"] == f"{BEGIN}nhan-ket-qua"


def test_one_goes_on_where_one_stopped(visit_as, account):
    citizen = visit_as(account)
    citizen.send(OWNER, {"owner": "self"}, GO_ON)

    assert citizen.get(BEGIN).links["Tiếp tục bản nháp"] == "?tiep=1"
    assert citizen.get(f"{BEGIN}?tiep=1").location.startswith(f"{BEGIN}trang-")
    assert "Tiếp tục bản nháp" in citizen.get("/ca-nhan/ban-nhap").links


def test_a_draft_goes_on_at_another_phone(visit_as, account):
    visit_as(account).send(
        OWNER, {"owner": "other", "owner_name": "Ksor Già", "owner_id_number": "064050004321", "owner_relation": "Con"}, GO_ON
    )

    page = visit_as(account).get(OWNER)
    assert (page.typed_in("owner_name"), page.typed_in("owner_id_number")) == ("Ksor Già", "064050004321")


def test_what_the_account_knows_is_not_asked_again(visit_as, account):
    citizen = visit_as(account)
    page = citizen.get(citizen.send(OWNER, {"owner": "self"}, GO_ON).location)

    assert not page.tree.xpath("//*[@name='nyc_ho_ten' or @name='nyc_so_dinh_danh']")
    assert account.full_name in citizen.get(CHECK).words


@pytest.mark.parametrize("address", ["chu-ho-so", "trang-1", "nhan-ket-qua", "giay-to", "xem-lai"])
def test_a_neighbour_sees_nothing_of_my_draft(visit_as, account, make_draft, address):
    submission.save_page(
        make_draft(account), "page-3", {"con_ten": "Tên Kín", "owner_name": "Tên Kín", "delivery_address": "Tên Kín"}, utc_now()
    )

    page = visit_as(make_account(full_name="Nay Khác")).get(f"{BEGIN}{address}")

    assert "Tên Kín" not in page.text and "anh.jpg" not in page.text


@pytest.mark.parametrize(
    "address",
    [
        "khong-co/",
        "khong-co/chu-ho-so",
        f"{BIRTH}/trang-0",
        f"{BIRTH}/trang-99",
        f"{BIRTH}/trang-x",
        f"{BIRTH}/da-nop/H21.129-200101-0001",
    ],
)
def test_a_page_that_is_not_there_is_told(visit_as, account, address):
    assert visit_as(account).get(f"/nop-ho-so/{address}").status == 404


@pytest.mark.parametrize("slug", [slug for slug, procedure in PROCEDURES.items() if procedure.online_submission != "here"])
def test_what_is_not_done_here_cannot_be_begun(visit_as, account, slug):
    citizen = visit_as(account)

    for page in (
        citizen.get(f"/nop-ho-so/{slug}/"),
        citizen.get(f"/nop-ho-so/{slug}/chu-ho-so"),
        citizen.post(f"/nop-ho-so/{slug}/chu-ho-so", {"owner": "self"}),
    ):
        assert page.location == f"/dich-vu/{slug}"
    assert not Draft.select().exists()


def test_what_is_no_longer_in_force_cannot_be_begun(visit_as, account, library):
    slug = "cong-nhan-ho-ngheo-dinh-ky"
    with time_machine.travel(datetime(2040, 1, 1, tzinfo=UTC), tick=False):
        page = visit_as(account).post(f"/nop-ho-so/{slug}/chu-ho-so", {"owner": "self"})

    assert page.location == f"/dich-vu/{slug}"
    assert not Draft.select().exists()


HERE = [slug for slug, procedure in PROCEDURES.items() if procedure.online_submission == "here"]


@pytest.mark.parametrize("slug", HERE)
@time_machine.travel(datetime(2026, 11, 23, 3, 0, tzinfo=UTC), tick=False)  # some procedures end with the year
def test_every_procedure_done_here_can_be_submitted(visit_as, account, make_draft, slug):
    make_draft(account, slug)
    done = visit_as(account).send(f"/nop-ho-so/{slug}/xem-lai", {"declared": "1"}, "Nộp hồ sơ")

    assert done.status == 303, done.words
    assert Dossier.get().procedure_slug == slug


# --- what is typed is kept -------------------------------------------------------------------------------------------


def test_a_wrong_answer_is_kept_and_said_and_one_stays_on_the_page(visit_as, account):
    citizen = visit_as(account)
    page = citizen.post(OWNER, {"owner": "other", "owner_name": "Ksor 2", "owner_id_number": "123", "owner_relation": "Con"})

    assert page.status == 422
    assert "Họ tên chỉ có chữ cái" in page.errors and "Bạn nhập 3 số" in page.errors
    assert (page.typed_in("owner_name"), page.typed_in("owner_id_number")) == ("Ksor 2", "123")
    assert Draft.get().answers["owner_name"] == "Ksor 2"


@pytest.mark.parametrize(("data", "message"), [
    ({}, "Chọn: làm cho bạn"), ({"owner": "x"}, "Chọn: làm cho bạn"), ({"owner": "other"}, "Nhập họ tên chủ hồ sơ"),
    ({"owner": "other", "owner_name": "Siu", "owner_id_number": "064050004321", "owner_relation": "Hàng xóm"},
        "Chọn: bạn là gì của chủ hồ sơ"),
])  # fmt: skip
def test_the_owner_has_to_be_said(visit_as, account, data, message):
    page = visit_as(account).post(OWNER, data)

    assert page.status == 422
    assert message in page.errors


@pytest.mark.parametrize(("data", "message"), [
    ({}, "Chọn nơi nhận kết quả"), ({"delivery": "nha"}, "Chọn nơi nhận kết quả"), ({"delivery": "post"}, "Nhập địa chỉ"),
    ({"delivery": "post", "delivery_address": "a" * 301}, "nhiều nhất 300 ký tự"),
])  # fmt: skip
def test_where_to_receive_the_result_has_to_be_said(visit_as, account, data, message):
    page = visit_as(account).post(f"{BEGIN}nhan-ket-qua", data)

    assert page.status == 422
    assert message in page.errors


def test_a_stale_token_keeps_what_was_typed_on_the_screen_and_nothing_else(visit_as, account):
    page = visit_as(account).post(OWNER, {"csrf_token": "cu", "owner": "other", "owner_name": "Ksor Già"})

    assert page.status == 422
    assert "Trang này mở đã lâu" in page.errors
    assert page.typed_in("owner_name") == "Ksor Già"
    assert not Draft.select().exists()


def test_after_a_stale_token_the_same_page_can_be_sent(visit_as, account):
    citizen = visit_as(account)
    page = citizen.post(OWNER, {"csrf_token": "cu", "owner": "self"})

    assert citizen.client.post(OWNER, data=page.fields(GO_ON)).status_code == 303


@pytest.mark.parametrize("answers", [
    {"owner": "other", "owner_name": "Ksor Già", "owner_id_number": "064050004321", "owner_relation": "Con"},
    {"owner": "other", "owner_name": "Ksor 2", "owner_id_number": "1", "owner_relation": ""},
])  # fmt: skip
def test_a_login_that_ran_out_loses_nothing_that_was_typed(visit_as, account, answers):
    citizen = visit_as(account)
    form = citizen.get(OWNER).fields(GO_ON)
    with time_machine.travel(utc_now() + timedelta(minutes=31), tick=False):
        asked = citizen.post(OWNER, form | answers)
        assert asked.location.startswith(LOGIN) and "Ksor" not in asked.text
        assert "Chữ bạn vừa nhập đã được lưu" in citizen.get(asked.location).words
        assert citizen.get(OWNER).location.startswith(LOGIN)
        again = citizen.get(asked.location).fields("Đăng nhập") | {"id_number": account.id_number, "password": PASSWORD}
        went_on = citizen.client.post(LOGIN, data=again)
        page = citizen.get(OWNER)

    assert went_on.location.startswith(f"http://localhost{BEGIN}")
    assert {name: page.typed_in(name) for name in ("owner_name", "owner_id_number")} == {
        name: answers[name] for name in ("owner_name", "owner_id_number")
    }


def test_a_photo_sent_after_the_login_ran_out_is_kept_too(visit_as, account):
    citizen = visit_as(account)
    token = citizen.token()
    with time_machine.travel(utc_now() + timedelta(minutes=31), tick=False):
        asked = send_photo(citizen, "giay_chung_sinh", token=token)
    page = visit_as(account).get(PAPERS)

    assert asked.location.startswith(LOGIN)
    assert "Đã nhận: anh." in page.words


def test_what_was_typed_a_day_later_is_not_taken(visit_as, account):
    citizen = visit_as(account)
    form = citizen.get(OWNER).fields(GO_ON)
    with time_machine.travel(utc_now() + timedelta(hours=25), tick=False):
        page = citizen.post(OWNER, form | {"owner": "self"})

    assert page.location.startswith(LOGIN)
    assert not Draft.select().exists()


def test_who_logged_out_saves_nothing_any_more(visit_as, new_visitor, account):
    citizen, thief = visit_as(account), new_visitor()
    thief.client._cookies = dict(citizen.client._cookies)
    form = citizen.get(OWNER).fields(GO_ON)
    citizen.send("/tai-khoan/thoat", {}, "Xong – xoá khỏi máy này")

    assert thief.client.post(OWNER, data=form | {"owner": "self"}).location.startswith(f"http://localhost{LOGIN}")
    assert not Draft.select().exists()


def test_a_login_that_ran_out_shows_no_answer_on_the_way(visit_as, account, make_draft):
    submission.save_page(make_draft(account), "page-3", {"con_ten": "Tên Kín"}, utc_now())
    citizen = visit_as(account)
    token = citizen.token()
    with time_machine.travel(utc_now() + timedelta(minutes=31), tick=False):
        for address in ("trang-3", "chu-ho-so", "giay-to", "xem-lai"):
            for headers in ({}, {"HX-Request": "true"}):
                answer = citizen.client.post(f"{BEGIN}{address}", data={"csrf_token": token}, headers=headers)
                assert answer.status_code == 303 and "Tên Kín" not in answer.text


# --- papers ----------------------------------------------------------------------------------------------------------


def test_a_paper_is_cleaned_kept_sealed_and_shown_by_its_name(app, visit_as, account):
    citizen = visit_as(account)
    page = send_photo(citizen, "giay_chung_sinh", name="Giấy chứng sinh.JPG")

    paper = Paper.get()
    assert "Đã nhận: Giấy chứng sinh" in citizen.get(page.location).words
    assert app.extensions["files"].read(paper.stored_name).startswith(PICTURES)
    assert not any(
        file.read_bytes().startswith(PICTURES) for file in Path(app.config["INSTANCE_DIR"], "files").rglob("*") if file.is_file()
    )


def test_the_same_photo_again_changes_nothing_and_another_stands_beside_it(app, visit_as, account):
    citizen = visit_as(account)
    send_photo(citizen, "giay_chung_sinh")
    first = Paper.get()
    send_photo(citizen, "giay_chung_sinh")
    assert Paper.get() == first

    send_photo(citizen, "giay_chung_sinh", photo("red"))
    assert [paper.document_key for paper in Paper.select()] == ["giay_chung_sinh"] * 2
    assert first.stored_name in [name for name, _ in app.extensions["files"].names()]


PICTURES = (b"\xff\xd8", b"\x89PNG")
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>/Pages 2 0 R>>endobj "
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj trailer<</Root 1 0 R>>"
)
HOSTILE = {
    "empty": (b"", "anh.jpg"), "a page": (b"<html><script>alert(1)</script>", "anh.jpg"),
    "a program": (b"MZ" + b"\0" * 500, "anh.exe"),
    "half a photo": (photo()[:400], "anh.jpg"), "a photo with another ending": (photo(), "anh.html"),
    "a drawing with a script": (b"<svg onload=alert(1)>", "anh.svg"),
    "a living PDF": (PDF, "don.pdf"), "too heavy": (b"\xff\xd8\xff" + b"\0" * 5_300_000, "anh.jpg"),
    "an archive": (b"PK\x03\x04" + b"\0" * 100, "anh.zip"),
    "another PDF": (b"%PDF-1.4 nothing", "don.pdf"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_cannot_be_taken_is_said_and_all_else_stays(app, visit_as, account, make_draft, kind):
    draft = make_draft(account)
    kept = [(paper.document_key, paper.stored_name) for paper in draft.papers]
    files = sorted(name for name, _ in app.extensions["files"].names())
    page = send_photo(visit_as(account), "giay_chung_sinh", *HOSTILE[kind])

    assert page.status == 422
    assert page.errors and "<script>" not in page.text
    assert [(paper.document_key, paper.stored_name) for paper in draft.papers] == kept
    assert sorted(name for name, _ in app.extensions["files"].names()) == files
    assert Draft.get().answers == draft.answers


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.jpg",
        "<script>alert(1)</script>.jpg",
        "a\r\nX: y.jpg",
        "ảnh\u202egpj.exe.jpg",
        "a" * 400 + ".jpg",
        "CON.jpg",
        "\x00.jpg",
        "🐘.jpg",
    ],
)
def test_a_files_name_is_only_words(visit_as, account, name):
    citizen = visit_as(account)
    page = send_photo(citizen, "giay_chung_sinh", name=name)

    assert page.status in (303, 422)
    shown = citizen.get(PAPERS)
    assert "<script>alert" not in shown.text
    assert all("/" not in paper.filename and len(paper.filename) <= 200 for paper in Paper.select())


@pytest.mark.parametrize("key", ["khong-co", "to_khai", "", "../x", "\x00"])
def test_a_paper_nobody_asked_for_is_not_taken(visit_as, account, key):
    page = send_photo(visit_as(account), key)

    assert page.status in (404, 422)
    assert not Paper.select().exists()


def test_pressing_send_without_choosing_says_what_to_do(visit_as, account):
    page = visit_as(account).post(PAPERS, {"document": "giay_chung_sinh"})

    assert page.status == 422
    assert "chọn một ảnh" in page.errors


def test_a_needed_paper_that_is_missing_is_named(visit_as, account):
    page = visit_as(account).post(PAPERS)

    assert page.status == 422
    assert "Giấy này cần có" in page.errors


# --- checking and submitting -----------------------------------------------------------------------------------------


def check_form(citizen) -> dict:
    return citizen.get(CHECK).fields("Nộp hồ sơ") | {"declared": "1"}


def test_the_check_page_shows_every_answer_and_a_way_to_mend_it(visit_as, account, make_draft):
    submission.save_page(make_draft(account), "page-3", {"con_ten": "H'Mai"}, utc_now())
    citizen = visit_as(account)
    page = citizen.get(CHECK)

    assert "H'Mai" in page.words and "anh.jpg" in page.words
    mended = citizen.send(f"{BEGIN}trang-3?from_check=1", {"con_ten": "H'Mơi"}, GO_ON)
    assert mended.location == CHECK
    assert "H'Mơi" in citizen.get(CHECK).words


def test_what_is_missing_is_named_and_there_is_no_button(visit_as, account, make_draft):
    submission.save_page(make_draft(account), "page-3", {"con_ten": ""}, utc_now())
    page = visit_as(account).get(CHECK)

    assert "cần sửa" in page.errors
    assert "Nộp hồ sơ" not in page.buttons


def test_the_declaration_has_to_be_ticked(visit_as, account, make_draft):
    make_draft(account)
    citizen = visit_as(account)
    form = check_form(citizen)
    del form["declared"]
    page = citizen.post(CHECK, form)

    assert page.status == 422
    assert "Đọc lời cam đoan" in page.errors
    assert not Dossier.select().exists()


def test_what_was_submitted_is_told_with_both_codes_and_by_mail(visit_as, account, make_draft, letters):
    make_draft(account)
    citizen = visit_as(account)
    page = citizen.get(citizen.post(CHECK, check_form(citizen)).location)

    dossier = Dossier.get()
    assert "Bộ phận tiếp nhận và trả kết quả" in page.words
    assert dossier.code in page.words and show_receipt_code(dossier.receipt_code) in page.words
    (letter,) = letters()
    assert letter["To"] == account.email and show_receipt_code(dossier.receipt_code) in letter.get_content()
    assert account.id_number not in letter.as_string()


def test_the_same_form_twice_gives_one_dossier_and_the_same_codes(visit_as, account, make_draft, letters):
    make_draft(account)
    citizen = visit_as(account)
    form = check_form(citizen)

    first, second = citizen.post(CHECK, form), citizen.post(CHECK, form)

    assert first.location == second.location
    assert (Dossier.select().count(), Event.select().count(), len(letters())) == (1, 1, 1)


def test_the_same_form_again_after_a_lost_answer_needs_no_tick(visit_as, account, make_draft):
    make_draft(account)
    citizen = visit_as(account)
    form = check_form(citizen)
    first = citizen.post(CHECK, form)
    del form["declared"]

    assert citizen.post(CHECK, form).location == first.location


def test_the_same_form_three_times_at_the_same_moment_gives_one_dossier(visit_as, new_visitor, account, make_draft):
    make_draft(account)
    citizen = visit_as(account)
    form = check_form(citizen)
    twins = [new_visitor() for _ in range(3)]
    for twin in twins:
        twin.client._cookies = dict(citizen.client._cookies)

    answers = at_once(
        *(lambda twin=twin: twin.client.post(CHECK, data=form).headers["Location"] for twin in twins), database=Requests
    )

    assert len(set(answers)) == 1 and answers[0].endswith(Dossier.get().code)
    assert (Dossier.select().count(), Event.select().count()) == (1, 1)


def test_three_neighbours_at_the_same_moment_get_three_codes(visit_as, make_draft):
    citizens = []
    for number in range(3):
        person = make_account(full_name=f"Siu {'ABC'[number]}")
        make_draft(person)
        citizens.append(visit_as(person))
    forms = [check_form(citizen) for citizen in citizens]

    at_once(
        *(
            lambda c=citizen, f=form: c.client.post(CHECK, data=f).status_code
            for citizen, form in zip(citizens, forms, strict=True)
        ),
        database=Requests,
    )

    assert sorted(dossier.code[-4:] for dossier in Dossier.select()) == ["0001", "0002", "0003"]


def test_the_first_page_sent_twice_at_the_same_moment_begins_one_draft(visit_as, new_visitor, account):
    citizen = visit_as(account)
    form = citizen.get(OWNER).fields(GO_ON) | {"owner": "self"}
    twins = [new_visitor() for _ in range(3)]
    for twin in twins:
        twin.client._cookies = dict(citizen.client._cookies)

    answers = at_once(*(lambda twin=twin: twin.client.post(OWNER, data=form).status_code for twin in twins), database=Requests)

    assert answers == [303, 303, 303]
    assert Draft.select().count() == 1


def test_the_same_key_with_other_content_shows_the_first_code(visit_as, account, make_draft):
    make_draft(account)
    citizen = visit_as(account)
    form = check_form(citizen)
    citizen.post(CHECK, form)
    page = citizen.post(CHECK, form | {"seen": "khac"})

    assert page.status == 409
    assert Dossier.get().code in page.words
    assert Dossier.select().count() == 1


def test_an_answer_changed_at_another_phone_since_is_shown_before_submitting(visit_as, account, make_draft):
    draft = make_draft(account)
    citizen = visit_as(account)
    form = check_form(citizen)
    submission.save_page(draft, "page-3", {"con_ten": "Tên Khác"}, utc_now())
    page = citizen.post(CHECK, form)

    assert page.status == 422
    assert "vừa đổi ở máy khác" in page.errors and "Tên Khác" in page.words
    assert not Dossier.select().exists()


def test_a_neighbours_key_submits_nothing_of_mine(visit_as, account, make_draft):
    draft = make_draft(account)
    neighbour = visit_as(make_account(full_name="Nay Khác"))
    page = neighbour.post(
        CHECK, {"declared": "1", "idempotency_key": draft.idempotency_key, "seen": submission.content_hash(draft)}
    )

    assert page.location == BEGIN
    assert not Dossier.select().exists()


def test_a_form_sent_again_is_answered_without_procedure_and_without_disk(visit_as, account, make_draft, library, monkeypatch):
    draft = make_draft(account)
    citizen = visit_as(account)
    form = {"declared": "1", "idempotency_key": draft.idempotency_key, "seen": submission.content_hash(draft)}
    first = citizen.post(CHECK, form)

    def fall(*args, **kwargs):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(submission, "submit", fall)
    monkeypatch.delitem(library.definitions, BIRTH)
    assert "/da-nop/" in first.location and citizen.post(CHECK, form).location == first.location


def test_the_key_of_one_procedures_form_submits_nothing_as_another(visit_as, account, make_draft):
    draft = make_draft(account)
    form = {"declared": "1", "idempotency_key": draft.idempotency_key, "seen": submission.content_hash(draft)}
    page = visit_as(account).post("/nop-ho-so/dang-ky-khai-tu/xem-lai", form)

    assert page.location == "/nop-ho-so/dang-ky-khai-tu/"
    assert not Dossier.select().exists()


@pytest.mark.parametrize("field", ["idempotency_key", "seen", "declared"])
@pytest.mark.parametrize("typed", ["", "\x00", "a" * 5000, "🐘", "'; --"])
def test_no_hidden_field_breaks_the_last_page(visit_as, account, make_draft, field, typed):
    make_draft(account)
    citizen = visit_as(account)

    assert citizen.post(CHECK, check_form(citizen) | {field: typed}).status in (303, 400, 422)


def test_a_stale_token_on_the_last_page_submits_nothing(visit_as, account, make_draft):
    make_draft(account)
    citizen = visit_as(account)
    page = citizen.post(CHECK, check_form(citizen) | {"csrf_token": "cu"})

    assert page.status == 422 and "Trang này mở đã lâu" in page.errors
    assert not Dossier.select().exists()


def test_what_was_submitted_does_not_change_with_a_new_draft(visit_as, account, dossier):
    citizen = visit_as(account)
    before = dict(Dossier.get().answers)
    citizen.post(OWNER, {"owner": "other", "owner_name": "Tên Khác"})
    send_photo(citizen, "giay_chung_sinh", photo("red"))

    assert Dossier.get().answers == before
    assert Draft.select().count() == 2 and dossier.papers.count() == len(missing_papers(dossier.procedure, {}))


def test_a_photo_that_comes_after_submitting_does_not_slip_in(app, account, make_draft, dossier):
    draft = Draft.get(Draft.dossier == dossier)
    before = sorted(paper.stored_name for paper in dossier.papers)
    keep_paper(
        draft, "giay_chung_sinh", CleanPaper(photo("red"), "image/jpeg", "sau.jpg", 1, 1), app.extensions["files"], utc_now()
    )

    assert sorted(paper.stored_name for paper in dossier.papers) == before


def test_a_neighbour_does_not_see_what_i_submitted(visit_as, dossier):
    neighbour = visit_as(make_account(full_name="Nay Khác"))

    assert neighbour.get(f"{BEGIN}da-nop/{dossier.code}").status == 404


def test_a_dossier_of_a_saturday_counts_from_monday(visit_as, account, make_draft):
    with time_machine.travel(datetime(2026, 11, 21, 3, tzinfo=UTC), tick=False):
        make_draft(account)
        citizen = visit_as(account)
        page = citizen.get(citizen.post(CHECK, check_form(citizen)).location)

    assert "Ngày hẹn dự kiến: Thứ Hai, ngày 23 tháng 11 năm 2026" in page.words


# --- whatever is typed -----------------------------------------------------------------------------------------------

BAD = {
    "nothing": "", "too long": "a" * 5000, "a megabyte": "a" * 1_000_000, "NUL": "a\x00b", "emoji": "🐘" * 3,
    "NFD": unicodedata.normalize("NFD", "Rơ Châm Hŏ Bơ̆"), "script": "<script>alert(1)</script>",
    "quotes": "\"'><img src=x onerror=alert(1)>",
    "a day to come": "1/1/2099", "no such day": "31/02/1990", "13 digits": "1234567890123", "turned round": "a\u202eb",
    "template": "{{7*7}}",
    "new lines": "\r\n\r\na", "other digits": "٠٦٤٠٩٠١٢٣٤٥٦", "piled marks": "a" + "\u0301" * 500,
}  # fmt: skip


def text_fields(page) -> list[str]:
    return [field.get("name") for field in page.tree.xpath("//main//input[not(@type) or @type='tel']|//main//textarea")]


def pages_of(citizen, library) -> list[str]:
    numbers = range(1, len(library.definitions[BIRTH]["eform"]["pages"]) + 1)
    return [OWNER, f"{BEGIN}nhan-ket-qua", *(f"{BEGIN}trang-{number}?from_check=1" for number in numbers)]


@pytest.mark.parametrize("bad", BAD)
def test_no_answer_breaks_the_site_and_the_others_on_its_page_are_kept(visit_as, account, make_draft, library, bad):
    make_draft(account)
    answers = good_answers(library.definitions[BIRTH]) | {
        "owner": "other",
        "delivery": "post",
        "cha_me_ket_hon": "co",
        "cha_xac_dinh": "co",
        "xin_ban_sao": "co",
    }
    submission.save_page(Draft.get(), "page-6", answers, utc_now())
    citizen = visit_as(account)
    for address in pages_of(citizen, library):
        page = citizen.get(address)
        if page.status == 404:
            continue
        form = page.fields(GO_ON)
        for field in text_fields(page):
            sent = citizen._page(citizen.client.post(address, data=form | {field: BAD[bad]}), {})
            assert sent.status in (303, 422), (address, field)
            if sent.status == 422:
                others = set(text_fields(sent)) - {field}
                assert {name: sent.typed_in(name) for name in others} == {name: form.get(name, "") for name in others}, (
                    address,
                    field,
                )
                assert "<script>alert" not in sent.text and "<img src=x" not in sent.text
    check = citizen.get(CHECK)
    assert check.status == 200 and "<script>alert" not in check.text and "<img src=x" not in check.text

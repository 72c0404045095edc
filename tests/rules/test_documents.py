"""Personal documents: kept whole, never twice, within the room an account has; old versions; what expires."""

import os
from datetime import UTC, date, datetime, timedelta

import pytest
from stage import make_account, photo
from together import at_once

import chores
from database import db
from gateways.papers import CleanPaper
from models import DocumentFile, PersonalDocument
from rules import WrongInput, documents
from rules.documents import KINDS, MOST_FILES, UNFINISHED, DocumentGone, expiry_words

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)
ROOM = 10_000_000


@pytest.fixture
def store(app):
    """The store, empty."""
    files = app.extensions["files"]
    for name, _ in list(files.names()):
        files.remove(name)
    return files


@pytest.fixture
def put(store):
    """A file on disk, in no row yet; the same `what` gives the same bytes."""
    return lambda what="a", bytes_=100: documents.keep_file(
        CleanPaper(what.encode().ljust(bytes_, b"."), "image/jpeg", f"{what}.jpg"), store
    )


@pytest.fixture
def save(account, store):
    def press(*kept, key: str = "form", kind: str = "can_cuoc", name: str = "Căn cước", by=None, room: int = ROOM, **details):
        says = {"name": name, "number": "", "issued_on": "", "place": "", "expires_on": ""} | details
        return documents.save_document(by or account, key, kind, says, list(kept), store, room, NOW)

    return press


def stored(store) -> set[str]:
    return {name for name, _ in store.names()}


def claimed() -> set[str]:
    return {file.stored_name for file in DocumentFile.select()}


def names_of(document) -> list[str]:
    return [file.filename for file in documents.current_files(document)]


# --- kinds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "words"), KINDS.items())
def test_each_kind_is_read_from_its_words(kind, words):
    assert documents.read_kind(words) == kind
    assert len(kind) <= 40 and kind != UNFINISHED


@pytest.mark.parametrize("typed", ["", "can_cuoc", "Giấy", "căn cước, cmnd"])
def test_no_other_words_are_a_kind(typed):
    with pytest.raises(WrongInput, match="Chọn loại giấy tờ"):
        documents.read_kind(typed)


# --- saving ----------------------------------------------------------------------------------------------------------


def test_a_document_is_saved_with_its_files_in_their_order(save, put, store):
    document, left_out = save(put("mặt trước"), put("mặt sau"))

    assert left_out == [] and names_of(document) == ["mặt trước.jpg", "mặt sau.jpg"]
    assert claimed() == stored(store)


def test_the_same_form_again_doubles_nothing_and_changes_nothing(save, put, store):
    first, _ = save(put())
    again, left_out = save(put(), name="Tên khác")

    assert again == first and [left.document for left in left_out] == [first]
    assert PersonalDocument.get().details["name"] == "Căn cước"
    assert (DocumentFile.select().count(), claimed()) == (1, stored(store))


def test_a_form_whose_first_try_lost_its_files_is_completed_by_the_second(save, put):
    save()
    document, _ = save(put())

    assert names_of(document) == ["a.jpg"] and PersonalDocument.select().count() == 1


def test_the_same_key_of_two_people_is_two_documents(save, put):
    mine, _ = save(put())
    theirs, left_out = save(put(), by=make_account(full_name="Nay Khác"))

    assert mine != theirs and left_out == []


def test_the_same_photo_saved_in_two_documents_at_one_moment_is_kept_once(account, store, save, put):
    files = [put() for _ in range(3)]

    results = at_once(*(lambda n=n, file=file: save(file, key=f"form-{n}") for n, file in enumerate(files)))

    assert sorted(len(left_out) for _, left_out in results) == [0, 1, 1]
    assert DocumentFile.select().count() == 1 and claimed() == stored(store)


def test_room_is_kept_by_two_who_save_at_one_moment(account, store, save, put):
    files = [put(what, 600) for what in "ab"]

    results = at_once(*(lambda n=n, file=file: save(file, key=f"form-{n}", room=1000) for n, file in enumerate(files)))

    assert sorted(len(left_out) for _, left_out in results) == [0, 1]
    assert documents.used_bytes(account) == 600 and claimed() == stored(store)


def test_a_smaller_file_still_finds_the_room_a_larger_one_does_not(save, put):
    document, left_out = save(put("lớn", 800), put("vừa", 300), put("nhỏ", 200), room=1000)

    assert names_of(document) == ["lớn.jpg", "nhỏ.jpg"]
    assert [left.filename for left in left_out] == ["vừa.jpg"] and "đã đầy" in left_out[0].why


def test_a_document_holds_ten_files_and_old_versions_do_not_count(account, save, put, store):
    document, left_out = save(*(put(f"{n}") for n in range(MOST_FILES + 1)))
    assert [left.filename for left in left_out] == ["10.jpg"] and len(names_of(document)) == MOST_FILES

    assert documents.replace_file(account, document.files.get(), put("mới"), store, ROOM, NOW) is None
    assert len(names_of(document)) == MOST_FILES and documents.old_files(document).count() == 1


def test_files_for_a_document_deleted_meanwhile_are_refused(account, save, put, store):
    document, _ = save()
    documents.delete_document(document, store)

    with pytest.raises(DocumentGone):
        documents.add_files(account, document, [put()], store, ROOM, NOW)
    assert not DocumentFile.select().exists()


# --- a form with faults ----------------------------------------------------------------------------------------------


def begin(account, store, *kept, key="form", room=ROOM, now=NOW):
    return documents.keep_begun(account, key, {"name": "Căn", "form_key": key}, list(kept), store, room, now)


def test_a_form_with_faults_keeps_its_photos_and_becomes_the_document(account, store, save, put):
    begun, _ = begin(account, store, put("a"))
    assert documents.unfinished(account) == begun and begun.details["typed"]["name"] == "Căn"
    assert list(documents.documents_of(account)) == documents.files_to_take(account) == []

    document, left_out = save(put("b"))

    assert document == begun and left_out == [] and names_of(document) == ["a.jpg", "b.jpg"]
    assert documents.unfinished(account) is None and list(documents.documents_of(account)) == [document]
    assert "typed" not in PersonalDocument.get().details


def test_a_form_with_faults_says_nothing_of_a_photo_to_other_forms(account, store, save, put):
    begin(account, store, put("a"), key="dở")
    document, left_out = save(put("a"), key="khác")

    assert left_out == [] and names_of(document) == ["a.jpg"]


def test_a_form_with_faults_takes_room(account, store, put):
    begin(account, store, put("a", 600))

    assert documents.used_bytes(account) == 600


@pytest.mark.parametrize(("age", "stays"), [(DAY - timedelta(hours=1), True), (DAY + timedelta(hours=1), False)])
def test_a_form_with_faults_goes_with_its_photos_after_a_day_and_a_document_never(account, store, save, put, age, stays):
    begin(account, store, put("dở"), key="dở", now=NOW - age)
    document, _ = save(put("xong"))
    for name in stored(store):
        os.utime(store._path(name), (0, 0))

    chores.sweep(store, NOW)

    assert (documents.unfinished(account) is not None) == stays
    assert names_of(document) == ["xong.jpg"] and claimed() == stored(store)


# --- replacing and deleting ------------------------------------------------------------------------------------------


def test_replacing_keeps_the_address_and_the_order_and_both_contents(account, save, put, store):
    document, _ = save(put("một"), put("hai"))
    first = document.files.order_by(DocumentFile.id).get()

    documents.replace_file(account, first, put("một mới"), store, ROOM, NOW + DAY)

    assert names_of(document) == ["một mới.jpg", "hai.jpg"]
    new, (old,) = DocumentFile.get_by_id(first.id), documents.old_files(document)
    assert (old.filename, old.uploaded_at, old.replaced_at) == ("một.jpg", NOW, NOW + DAY)
    assert (new.uploaded_at, new.replaced_at) == (NOW + DAY, None)
    assert store.read(old.stored_name).startswith("một.".encode()) and store.read(new.stored_name).startswith("một mới".encode())


def test_the_same_file_in_its_own_place_changes_nothing(account, save, put, store):
    document, _ = save(put())
    before = list(document.files)

    fault = documents.replace_file(account, before[0], put(), store, ROOM, NOW)

    assert fault.document == document and list(document.files) == before and claimed() == stored(store)


def test_an_old_version_may_come_back(account, save, put, store):
    document, _ = save(put("cũ"))
    file = document.files.get()
    documents.replace_file(account, file, put("mới"), store, ROOM, NOW)

    assert documents.replace_file(account, file, put("cũ"), store, ROOM, NOW) is None
    assert names_of(document) == ["cũ.jpg"] and documents.old_files(document).count() == 2
    assert len(claimed()) == 3 and claimed() == stored(store)


def test_a_file_dropped_meanwhile_is_not_replaced(account, save, put, store):
    document, _ = save(put())
    file = document.files.get()
    documents.drop_file(file, store)

    assert "vừa được bỏ" in documents.replace_file(account, file, put("mới"), store, ROOM, NOW).why
    assert not DocumentFile.select().exists() and stored(store) == set()


def test_deleting_takes_every_version_and_nothing_of_others(account, save, put, store):
    document, _ = save(put("a"))
    other, _ = save(put("b"), key="khác")
    documents.replace_file(account, document.files.get(), put("c"), store, ROOM, NOW)

    documents.delete_document(document, store)

    assert list(PersonalDocument.select()) == [other] and claimed() == stored(store) and len(stored(store)) == 1


def test_a_row_that_did_not_come_about_leaves_a_file_for_the_sweep_and_no_row(account, save, put, store, monkeypatch):
    def fall(*args, **kwargs):
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(documents, "_no_room", fall)
    with pytest.raises(RuntimeError):
        save(put())

    assert not PersonalDocument.select().exists() and not DocumentFile.select().exists()
    for name in stored(store):
        os.utime(store._path(name), (0, 0))
    chores.sweep(store, NOW)
    assert stored(store) == set()


# --- expiry ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "words"), [
    ("", ""), ("2026-12-24", ""), ("2026-12-23", "Sắp hết hạn: còn 30 ngày, đến 23/12/2026"),
    ("2026-11-24", "Sắp hết hạn: còn 1 ngày, đến 24/11/2026"), ("2026-11-23", "Hết hạn hôm nay"),
    ("2026-11-22", "Đã hết hạn từ 22/11/2026"), ("1999-01-01", "Đã hết hạn từ 1/1/1999"),
])  # fmt: skip
def test_expiry_is_said_from_thirty_days_before(save, day, words):
    document, _ = save(expires_on=day)

    assert expiry_words(document, TODAY) == words


def test_what_expires_is_listed_the_most_pressing_first(account, save):
    for key, day in enumerate(["2026-12-20", "2030-01-01", "2020-01-01", "", "2026-11-25"]):
        save(key=str(key), expires_on=day)
    save(key="x", expires_on="2020-01-01", by=make_account(full_name="Nay Khác"))

    assert [document.details["expires_on"] for document in documents.expiring(account, TODAY)] == [
        "2020-01-01", "2026-11-25", "2026-12-20",
    ]  # fmt: skip


# --- whose, and for a dossier ----------------------------------------------------------------------------------------


def test_only_ones_own_document_and_its_own_files_are_found(account, save, put):
    document, _ = save(put("a"))
    other = make_account(full_name="Nay Khác")
    theirs, _ = save(put("b"), by=other)

    assert documents.mine(account, document.id) == document
    assert documents.mine(account, theirs.id) is documents.mine(other, document.id) is None
    assert documents.file_of(document, theirs.files.get().id) is None
    assert documents.file_to_take(account, str(theirs.files.get().id)) is None


def test_files_are_offered_to_a_dossier_by_the_names_of_their_documents(account, save, put, store):
    save(put("a"), key="1", name="Khai sinh của H'Mai")
    pdf = documents.keep_file(CleanPaper(b"%PDF-", "application/pdf", "so.pdf"), store)
    save(put("b"), pdf, key="2", name="Sổ đỏ")

    assert [name for _, name in documents.files_to_take(account)] == [
        "Sổ đỏ – ảnh 1", "Sổ đỏ – PDF 2", "Khai sinh của H'Mai – ảnh 1",
    ]  # fmt: skip


def test_no_more_than_sixty_files_are_offered_the_newest_documents_first(account, save, put):
    for number in range(62):
        save(put(f"{number}"), key=f"{number}", name=f"Giấy {number}")
    offered = [name for _, name in documents.files_to_take(account)]

    assert len(offered) == documents.MOST_TO_TAKE and offered[0] == "Giấy 61 – ảnh 1"


def test_what_a_document_says_is_sealed_in_the_database(save):
    save(name="Tên Kín", number="064090001234")
    row = db.execute_sql('SELECT * FROM "personal_document"').fetchone()
    text = b" ".join(bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in row)

    assert "Tên Kín".encode() not in text and b"064090001234" not in text


def test_the_store_keeps_no_photo_readable(put, store):
    file = documents.keep_file(CleanPaper(photo(), "image/jpeg", "anh.jpg"), store)

    assert store._path(file.stored_name).read_bytes()[:2] != b"\xff\xd8"
    assert store.read(file.stored_name) == photo()

"""Photos in pieces: whatever is cut, repeated or killed, the same file arrives, and no byte of it twice."""

import io
import itertools
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from stage import make_account
from together import at_once

import chores
from database import db, utc_now
from gateways.papers import CleanPaper
from models import Draft, LaterPaper, Paper, Upload, UploadPiece
from rules import submission, uploads
from rules.attempts import TooManyTries
from rules.papers import drop_paper, keep_paper, promise_paper
from rules.uploads import TooLittle, TooMuch, WrongOffset

NOW = utc_now()
KEY = "giay_chung_sinh"


def noise(seed: int, size: tuple[int, int] = (90, 120)) -> bytes:
    """A JPEG of several kilobytes, the same for the same seed."""
    pixels, file = random.Random(seed).randbytes(size[0] * size[1] * 3), io.BytesIO()
    Image.frombytes("RGB", size, pixels).save(file, "JPEG", quality=60)
    return file.getvalue()


PHOTO = noise(1)


@pytest.fixture
def files(app):
    return app.extensions["files"]


@pytest.fixture
def draft(account):
    return submission.open_or_begin_draft(account, "dang-ky-khai-sinh", NOW)


@pytest.fixture(autouse=True)
def crumbs_are_taken(monkeypatch):
    """So that a photo of a few kilobytes can be cut anywhere."""
    monkeypatch.setattr(uploads, "LEAST_PIECE", 1)


STORE = {}


@pytest.fixture(autouse=True)
def store_of_begin(files):
    STORE["files"] = files


def begin(draft, length=0, checksum="", now=NOW, filename="anh.jpg"):
    return uploads.begin(draft, KEY, filename, length or len(PHOTO), checksum, STORE["files"], now)


def bytes_on_disk(upload, files) -> bytes:
    pieces = upload.pieces.order_by(UploadPiece.starts_at)
    return b"".join(files.read(piece.stored_name) for piece in pieces)


def stored(files) -> set[str]:
    return {name for name, _ in files.names()}


# --- cuts and repeats ------------------------------------------------------------------------------------------------

tries = st.lists(st.tuples(st.integers(0, 220), st.integers(0, 220)), max_size=30)


@settings(max_examples=60, deadline=None)
@given(tries=tries, data=st.binary(min_size=1, max_size=200))
def test_whatever_is_cut_and_repeated_the_same_bytes_arrive_and_none_twice(whole_site, tries, data):
    """Each try sends `count` bytes from `start` on, wherever the phone believes it is."""
    db.connect(reuse_if_open=True)
    files, account = whole_site.extensions["files"], make_account()
    draft = submission.open_or_begin_draft(account, "dang-ky-khai-sinh", NOW)
    upload = begin(draft, len(data))
    for start, count in tries:
        before = upload.received
        piece = data[start : start + count]
        try:
            uploads.append(upload, start, piece, files)
        except (WrongOffset, TooMuch):
            assert Upload.get_by_id(upload.id).received == before
        else:
            assert start == before and upload.received == before + len(piece)
        assert bytes_on_disk(upload, files) == data[: upload.received]
    uploads.append(upload, upload.received, data[upload.received :], files)

    assert bytes_on_disk(upload, files) == data
    starts = [piece.starts_at for piece in upload.pieces]
    assert len(starts) == len(set(starts))
    draft.delete_instance()


def test_cut_at_every_thousandth_byte_it_goes_on_there(draft, files):
    for cut in range(0, len(PHOTO), 1000):
        upload = begin(draft, checksum=f"cut-{cut}")
        uploads.append(upload, 0, PHOTO[:cut], files)
        again = begin(draft, checksum=f"cut-{cut}")
        assert (again.id, again.received) == (upload.id, cut)
        uploads.append(again, cut, PHOTO[cut:], files)
        assert bytes_on_disk(again, files) == PHOTO
        again.delete_instance()


def test_of_two_who_send_the_same_piece_at_once_one_is_believed(draft, files):
    upload = begin(draft)
    copies = [Upload.get_by_id(upload.id) for _ in range(3)]
    answers = at_once(*(lambda copy=copy: uploads.append(copy, 0, PHOTO[:500], files) for copy in copies))

    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "WrongOffset", "WrongOffset"]
    assert bytes_on_disk(upload, files) == PHOTO[:500]


def test_a_piece_that_was_not_believed_leaves_no_file(draft, files):
    upload = begin(draft)
    stale = Upload.get_by_id(upload.id)
    uploads.append(upload, 0, PHOTO[:500], files)
    before = stored(files)
    with pytest.raises(WrongOffset):
        uploads.append(stale, 0, PHOTO[:700], files)

    assert stored(files) == before


@pytest.mark.parametrize("count", [len(PHOTO) + 1, 10**6])
def test_more_than_was_announced_is_not_kept(draft, files, count):
    upload = begin(draft)
    with pytest.raises(TooMuch):
        uploads.append(upload, 0, b"x" * count, files)

    assert Upload.get().received == 0 and not UploadPiece.select().exists()


# --- arrived ---------------------------------------------------------------------------------------------------------


def arrived(draft, files, data=PHOTO, checksum=""):
    upload = begin(draft, len(data), checksum)
    half = len(data) // 2
    for start, piece in ((0, data[:half]), (half, data[half:])):
        uploads.append(upload, start, piece, files)
    return upload


def test_finished_by_several_at_once_it_is_one_paper(draft, files):
    before = stored(files)
    upload = arrived(draft, files)
    copies = [Upload.get_by_id(upload.id) for _ in range(3)]
    answers = at_once(*(lambda copy=copy: uploads.finish(copy, files, NOW) for copy in copies))

    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert Upload.get().paper == Paper.get() and not UploadPiece.select().exists()
    assert stored(files) - before == {Paper.get().stored_name}


def test_finished_twice_a_paper_that_was_dropped_since_does_not_come_back(draft, files):
    upload = arrived(draft, files)
    stale = Upload.get_by_id(upload.id)
    uploads.finish(upload, files, NOW)
    drop_paper(Paper.get(), files)
    uploads.finish(stale, files, NOW)

    assert not Paper.select().exists()


def test_what_has_not_arrived_whole_is_not_finished(draft, files):
    upload = begin(draft)
    uploads.append(upload, 0, PHOTO[:-1], files)

    assert uploads.finish(upload, files, NOW).finished_at is None and not Paper.select().exists()


@pytest.mark.parametrize("bad", [b"MZ" + b"x" * 500, PHOTO[:300], b"%PDF-1.4 no more", b"\0" * 100])
def test_what_is_no_paper_ends_with_the_reason_and_leaves_no_file(draft, files, bad):
    before = stored(files)
    done = uploads.finish(arrived(draft, files, bad), files, NOW)

    assert done.finished_at and done.fault and not Paper.select().exists()
    assert uploads.faults_of(draft) == {KEY: done.fault} and stored(files) == before


@pytest.mark.parametrize("then", ["another photo", "a promise", "a new beginning"])
def test_the_reason_is_said_until_something_else_comes(draft, files, then):
    uploads.finish(arrived(draft, files, b"MZ" * 100), files, NOW)
    if then == "another photo":
        keep_paper(draft, KEY, CleanPaper(PHOTO, "image/jpeg", "anh.jpg"), files, NOW)
    elif then == "a promise":
        promise_paper(draft, KEY, NOW)
    else:
        begin(draft)

    assert uploads.faults_of(draft) == {}


def test_a_photo_that_arrives_takes_the_promise_to_bring_it_back(draft, files):
    promise_paper(draft, KEY, NOW)
    uploads.finish(arrived(draft, files), files, NOW)

    assert not LaterPaper.select().exists()


def test_a_photo_that_arrives_after_submitting_is_no_part_of_the_dossier(draft, files):
    upload = arrived(draft, files)
    Draft.update(closed_at=NOW).where(Draft.id == draft.id).execute()
    before = stored(files)
    done = uploads.finish(upload, files, NOW)

    assert done.fault == uploads.TOO_LATE and Paper.select().where(Paper.draft == draft).count() == 0
    assert len(stored(files)) == len(before) - 2
    assert begin(draft) is None


# --- given up --------------------------------------------------------------------------------------------------------


def test_another_drafts_upload_is_as_good_as_none(draft):
    upload = begin(draft)
    other = submission.open_or_begin_draft(make_account(), "dang-ky-khai-sinh", NOW)

    assert uploads.find(draft, upload.ref) == upload and uploads.find(other, upload.ref) is None


def test_the_twenty_first_takes_the_place_of_the_oldest(draft):
    begun = [begin(draft, checksum=str(number)) for number in range(uploads.MOST_OPEN + 1)]

    assert list(reversed(uploads.open_uploads(draft, NOW))) == begun[1:]


def test_a_day_later_the_sweep_takes_the_upload_and_then_its_pieces(draft, files):
    upload = begin(draft)
    uploads.append(upload, 0, PHOTO[:100], files)
    name = upload.pieces.get().stored_name
    chores.sweep(files, NOW + timedelta(hours=23))
    assert name in stored(files)

    chores.sweep(files, NOW + timedelta(hours=25))
    assert not Upload.select().exists() and not UploadPiece.select().exists() and name not in stored(files)


def test_a_piece_of_an_upload_under_way_is_not_swept_as_nobodys(draft, files):
    upload = begin(draft, now=NOW + timedelta(days=3))
    uploads.append(upload, 0, PHOTO[:100], files)
    chores.sweep(files, NOW + timedelta(days=3))

    assert bytes_on_disk(upload, files) == PHOTO[:100]


def test_the_worker_leaves_one_minute_to_whoever_sent_the_last_piece(draft, files):
    arrived(draft, files)
    uploads.finish_waiting(files, NOW + timedelta(seconds=30))
    assert not Paper.select().exists()

    uploads.finish_waiting(files, NOW + timedelta(seconds=90))
    assert Paper.get().draft == draft


def test_one_that_cannot_be_finished_does_not_hold_up_the_next(draft, files, monkeypatch):
    arrived(draft, files, checksum="1")
    arrived(draft, files, noise(2), checksum="2")
    clean, turns = uploads.clean_paper, itertools.count()

    def broken_first(*whatever):
        if next(turns) == 0:
            raise uploads.CleanerBroken("no decoder")
        return clean(*whatever)

    monkeypatch.setattr(uploads, "clean_paper", broken_first)
    uploads.finish_waiting(files, NOW + timedelta(minutes=2))

    assert Paper.select().count() == 1 and uploads.open_uploads(draft, NOW)


# --- how much one person may keep on its way -------------------------------------------------------------------------


def test_what_is_given_up_leaves_no_file(draft, files):
    before = stored(files)
    for _ in range(uploads.MOST_OPEN + 3):
        uploads.append(begin(draft), 0, PHOTO[:2000], files)

    assert Upload.select().count() == uploads.MOST_OPEN
    assert stored(files) - before == {piece.stored_name for piece in UploadPiece.select()}


def test_drafts_of_one_person_count_together(draft, account):
    other = submission.open_or_begin_draft(account, "dang-ky-khai-tu", NOW)
    for _ in range(uploads.MOST_OPEN):
        begin(draft)
    begin(other)

    assert Upload.select().where(Upload.draft == draft).count() == uploads.MOST_OPEN - 1


def test_who_begins_without_end_has_to_wait(draft, monkeypatch):
    monkeypatch.setattr(uploads, "BEGUN", replace(uploads.BEGUN, failures=5))
    for _ in range(5):
        begin(draft)

    with pytest.raises(TooManyTries):
        begin(draft)


def test_crumbs_are_refused_but_for_the_last(draft, files, monkeypatch):
    monkeypatch.setattr(uploads, "LEAST_PIECE", 1024)
    upload = begin(draft, length=2000)

    with pytest.raises(TooLittle):
        uploads.append(upload, 0, b"x", files)
    uploads.append(upload, 0, PHOTO[:1999], files)
    uploads.append(upload, 1999, b"x", files)
    assert uploads.is_whole(upload)


def test_another_photo_of_the_same_size_and_time_is_another(draft, files):
    front = begin(draft, checksum="1-1", filename="mat-truoc.jpg")
    uploads.append(front, 0, PHOTO[:2000], files)

    assert begin(draft, checksum="1-1", filename="mat-truoc.jpg") == front
    assert begin(draft, checksum="1-1", filename="mat-sau.jpg").received == 0

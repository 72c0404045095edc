"""What happens in the background: mail leaves by itself, and what nobody needs any more is swept away."""

import os
import sqlite3
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from stage import BIRTH

import chores
from database import db, utc_now
from models import Account, Attempts, DocumentFile, Draft, KnownDevice, Login, Message, Paper, PersonalDocument, Registration
from rules import attempts, logins, outbox, submission

NOW = utc_now()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def files(app):
    """The store, empty."""
    store = app.extensions["files"]
    for name, _ in list(store.names()):
        store.remove(name)
    return store


@pytest.fixture
def kept(files):
    """A file that was stored so long ago."""

    def keep(age: timedelta) -> str:
        name = files.keep(b"photo")
        moment = (NOW - age).timestamp()
        os.utime(files._path(name), (moment, moment))
        return name

    return keep


def stored(files) -> set[str]:
    return {name for name, _ in files.names()}


# --- mail ----------------------------------------------------------------------------------------------------------


def test_a_queue_that_cannot_be_written_costs_nobody_an_answer(app, monkeypatch):
    def fall(*args, **kwargs):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(app.extensions["queue"], "enqueue", fall)
    app.extensions["mail_soon"]()


# --- sweeping --------------------------------------------------------------------------------------------------------


def test_the_sweep_takes_all_that_ran_out_and_nothing_else(files, account):
    for age in (40 * DAY, timedelta(0)):
        logins.begin_login(account, f"{age.days}", NOW - age)
        logins.remember_device(account, f"{age.days}", NOW - 5 * age)
        attempts.count_failure(attempts.LOGIN_BY_PERSON, f"{age.days}", NOW - age)
        Registration.create(details={}, id_number_key=f"{age.days}", token_hash=f"{age.days}", expires_at=NOW - age)
        submission.open_or_begin_draft(account, f"procedure-{age.days}", NOW - age)

    chores.sweep(files, NOW)
    assert [login.device for login in Login.select()] == ["0"]
    assert [device.seen_at for device in KnownDevice.select()] == [NOW]
    assert [row.key for row in Attempts.select()] == ["login:0"]
    assert [request.token_hash for request in Registration.select()] == ["0"]
    assert [draft.procedure_slug for draft in Draft.select()] == ["procedure-0"]


def test_the_login_of_ones_own_phone_is_not_swept_while_it_rests(files, account):
    logins.begin_login(account, "own", NOW - 29 * DAY, is_own_phone=True)
    logins.begin_login(account, "shared", NOW - 29 * DAY)

    chores.sweep(files, NOW)
    assert [login.device for login in Login.select()] == ["own"]


def test_an_account_nobody_has_activated_is_not_swept(files, account):
    Account.update(password_hash="", created_at=NOW - 400 * DAY).execute()

    chores.sweep(files, NOW)
    assert Account.get() == account


@pytest.mark.parametrize("age, stays", [(30 * DAY - HOUR, True), (30 * DAY + HOUR, False)])
def test_a_draft_is_kept_for_thirty_days_after_its_last_page(files, account, age, stays):
    draft = submission.open_or_begin_draft(account, BIRTH, NOW - 60 * DAY)
    submission.save_page(draft, "owner", {"owner": "self"}, NOW - age)

    chores.sweep(files, NOW)
    assert (Draft.select().count() == 1) == stays


def test_a_submitted_draft_stays_with_its_dossier_and_its_papers(files, dossier):
    Draft.update(updated_at=NOW - 400 * DAY).execute()
    for name in stored(files):
        os.utime(files._path(name), (0, 0))

    chores.sweep(files, NOW)
    assert Draft.get().dossier == dossier
    assert [files.read(paper.stored_name)[:2] for paper in dossier.papers] == [b"\xff\xd8"]


def test_a_file_no_row_knows_goes_after_a_day(files, kept):
    young, old = kept(DAY - HOUR), kept(DAY + HOUR)

    chores.sweep(files, NOW)
    assert stored(files) == {young} and young != old


def test_a_file_left_unfinished_by_a_power_cut_goes_too(files, kept):
    name = kept(2 * DAY)
    path = files._path(name)
    path.rename(path.with_name(f"{name}.new"))

    chores.sweep(files, NOW)
    assert stored(files) == set()


def test_a_claimed_file_stays_however_old_it_is(files, account, make_draft):
    make_draft(account)
    (name,) = stored(files)
    os.utime(files._path(name), (0, 0))

    chores.sweep(files, NOW)
    assert stored(files) == {name} == {paper.stored_name for paper in Paper.select()}


def test_the_file_of_a_personal_document_stays_its_old_version_too(files, account, kept):
    document = PersonalDocument.create(account=account, kind="khai_sinh", details={}, form_key="k")
    names = {kept(400 * DAY), kept(400 * DAY)}
    for name in names:
        known = {"filename": "a.jpg", "media_type": "image/jpeg", "size_bytes": 5, "content_key": "c", "stored_name": name}
        DocumentFile.create(document=document, replaced_at=NOW - DAY if len(DocumentFile) else None, **known)

    chores.sweep(files, NOW)
    assert stored(files) == names


def test_the_files_of_a_deleted_document_go_a_day_later(files, account, kept):
    document = PersonalDocument.create(account=account, kind="khai_sinh", details={}, form_key="k")
    known = {"filename": "a.jpg", "media_type": "image/jpeg", "size_bytes": 5, "content_key": "c"}
    DocumentFile.create(document=document, stored_name=kept(2 * DAY), **known)
    document.delete_instance()

    chores.sweep(files, NOW)
    assert (DocumentFile.select().count(), stored(files)) == (0, set())


def test_the_files_of_a_swept_draft_go_with_it_once_they_are_a_day_old(files, account, make_draft):
    make_draft(account)
    Draft.update(updated_at=NOW - 31 * DAY).execute()
    for name in stored(files):
        os.utime(files._path(name), (0, 0))

    chores.sweep(files, NOW)
    assert (Draft.select().count(), Paper.select().count(), stored(files)) == (0, 0, set())


def test_a_file_from_a_clock_that_was_ahead_is_not_swept(files, kept):
    name = kept(-400 * DAY)

    chores.sweep(files, NOW)
    assert stored(files) == {name}


def test_sweeping_twice_is_sweeping_once(files, kept, account, make_draft):
    make_draft(account)
    kept(2 * DAY)
    chores.sweep(files, NOW)
    before = stored(files)

    chores.sweep(files, NOW)
    assert stored(files) == before


# --- the worker ------------------------------------------------------------------------------------------------------


@pytest.fixture
def worker(app, monkeypatch):
    """The background worker, started as the server starts it, without its hourly and minutely rounds; stopped afterwards."""
    started = []

    class Watched(chores.QuietConsumer):
        def __init__(self, queue, **options):
            super().__init__(queue, periodic=False, **options)
            started.append(self)

    monkeypatch.setattr(chores, "QuietConsumer", Watched)
    thread = chores.start_worker(app)
    yield thread
    started[0].stop(graceful=True)
    thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def sent(app, monkeypatch):
    """Set as soon as a mail has been handed over."""
    happened, mailer = threading.Event(), app.extensions["mailer"]

    class Watched:
        def send(self, *mail):
            mailer.send(*mail)
            happened.set()

    monkeypatch.setitem(app.extensions, "mailer", Watched())
    return happened


def eml(app) -> list[str]:
    return [file.read_text() for file in (Path(app.config["INSTANCE_DIR"]) / "outbox").glob("*.eml")]


def test_the_worker_sends_the_mail_that_a_page_left(app, sent, worker):
    outbox.post("k", "hlan@example.vn", "Thu", "Noi dung", utc_now())
    app.extensions["mail_soon"]()

    assert sent.wait(30)
    (letter,) = eml(app)
    assert "To: hlan@example.vn" in letter and "Noi dung" in letter


def test_the_worker_takes_up_what_waited_before_it_started(app, sent, request):
    outbox.post("k", "hlan@example.vn", "Thu", "Noi dung", utc_now())
    app.extensions["mail_soon"]()
    assert not sent.is_set() and eml(app) == []

    request.getfixturevalue("worker")
    assert sent.wait(30)


def test_a_task_that_fails_does_not_stop_the_worker(app, worker, sent, monkeypatch, caplog):
    failed = threading.Event()
    with monkeypatch.context() as broken:
        broken.setattr(outbox, "deliver_due", lambda mailer, now: failed.set() or 1 / 0)
        app.extensions["mail_soon"]()
        assert failed.wait(30)

    outbox.post("k", "hlan@example.vn", "Thu", "Noi dung", utc_now())
    app.extensions["mail_soon"]()
    assert sent.wait(30)


def test_asking_for_mail_costs_a_page_no_sending(app, sent):
    outbox.post("k", "hlan@example.vn", "Thu", "Noi dung", utc_now())
    app.extensions["mail_soon"]()

    assert Message.get().tries == 0
    assert len(app.extensions["queue"]) == 1


def tasks_due_at(app, moment: datetime) -> set[str]:
    return {task.name for task in app.extensions["queue"].read_periodic(moment)}


def test_waiting_mail_and_payments_are_looked_at_every_minute_and_the_sweep_runs_once_an_hour(app):
    due = [tasks_due_at(app, datetime(2026, 11, 23, 2, minute)) for minute in range(60)]

    assert all({"send_waiting_mail", "empty_slips", "follow_payments"} <= names for names in due)
    assert sum("sweep_hourly" in names for names in due) == 1


def test_each_round_leaves_no_connection_behind(app):
    queue, open_ones = app.extensions["queue"], []
    rounds = list(queue._registry.periodic_tasks)

    def run():
        for task in rounds:
            queue.execute(task)
        open_ones.append(db.is_closed())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert len(rounds) == 8 and open_ones == [True]


def test_a_clock_that_has_just_jumped_makes_nothing_old(app):
    steady = [chores.clock_is_steady(NOW + timedelta(hours=hour)) for hour in range(30)]
    jumped = chores.clock_is_steady(NOW + timedelta(days=400))
    back = chores.clock_is_steady(NOW + timedelta(hours=30))

    assert steady == [False] * 24 + [True] * 6
    assert not jumped
    assert not back

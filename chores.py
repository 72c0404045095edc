"""What happens in the background: mail leaves, and what nobody needs any more is swept away."""

import logging
import sqlite3
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from flask import Flask
from huey import crontab
from huey.consumer import Consumer

from database import db, utc_now
from models import Attempts, DocumentFile, Pack, Paper, ResultFile, UploadPiece
from rules import approvals, data_rights, outbox, packs, paper_visits, payments, recordings, slips, uploads

UNCLAIMED_FILE = timedelta(hours=24)

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Give the queue its tasks; `app.extensions["mail_soon"]()` asks for mail to leave now rather than within a minute."""
    queue = app.extensions["queue"]

    @queue.task()
    def send_mail():
        with db.connection_context():
            outbox.deliver_due(app.extensions["mailer"], utc_now())

    @queue.periodic_task(crontab(minute="*"))
    def send_waiting_mail():
        send_mail.call_local()

    @queue.periodic_task(crontab(minute="17"))
    def sweep_hourly():
        with db.connection_context():
            if clock_is_steady(utc_now()):
                sweep(app.extensions["files"], utc_now(), app.extensions["security_log"].write)

    @queue.periodic_task(crontab(minute="*"))
    def empty_slips():
        # The one promise of minutes. Should the clock have jumped, a slip is printed anew, and nothing is lost.
        with db.connection_context():
            slips.sweep(utc_now())

    @queue.periodic_task(crontab(minute="*"))
    def finish_uploads():
        with db.connection_context():
            uploads.finish_waiting(app.extensions["files"], utc_now())

    @queue.periodic_task(crontab(minute="*"))
    def follow_payments():
        with db.connection_context():
            calendar = app.extensions["library"].refreshed().calendar
            payments.follow(app.extensions["payments"], utc_now, calendar)

    @queue.periodic_task(crontab(minute="*/10"))
    def send_refunds_again():
        with db.connection_context():
            payments.send_refunds_again(app.extensions["payments"], utc_now)

    @queue.task()
    def ask_about_payment(attempt_id):
        with db.connection_context():
            calendar = app.extensions["library"].refreshed().calendar
            payments.ask_soon(attempt_id, app.extensions["payments"], utc_now(), calendar)

    app.extensions["ask_soon"] = soon(ask_about_payment, "a payment waits for its minute")
    app.extensions["mail_soon"] = soon(send_mail, "mail waits for its minute")
    _print_packs(app, queue)
    _count_visits(app, queue)
    _add_recordings(app)


def soon(task, otherwise: str):
    """Ask the queue for a task now rather than at its turn.

    Only haste: what it is for is done and kept, and its turn comes by itself, so that a queue that cannot be written costs nobody
    the page.
    """

    def ask(*args) -> None:
        try:
            task(*args)
        except sqlite3.Error as fault:
            log.warning("%s: %s", otherwise, fault)

    return ask


def _print_packs(app: Flask, queue) -> None:
    """Packs are made one by one, after all else that waits: eleven of them must not hold up a letter."""

    @queue.task(priority=-1)
    def make_pack(pack_id):
        with db.connection_context():
            packs.make(pack_id, workshop(app), utc_now)

    @queue.periodic_task(crontab(minute="*"))
    def make_packs_left_over():
        with db.connection_context():
            for pack_id in packs.left_over(utc_now()):
                make_pack(pack_id)

    @queue.on_startup()
    def begin_anew():
        with db.connection_context():
            packs.let_go()

    app.extensions["pack_soon"] = soon(make_pack, "a pack waits for its minute")


def workshop(app: Flask) -> packs.Workshop:
    template = app.jinja_env.get_template("print/document.html")
    return packs.Workshop(
        files=app.extensions["files"],
        library=app.extensions["library"].refreshed(),
        site_url=app.config["SITE_URL"],
        render=lambda sheet: template.render(sheet.values()),
        style=(Path(app.root_path) / "static" / "sheets.css").read_text(encoding="utf-8"),
    )


def _count_visits(app: Flask, queue) -> None:
    """What views/short.py hands over: one more from a village's paper, that day. It is only a number: lost, it is lost."""

    @queue.task(priority=-1)
    def add_visit(village, sheet, day):
        with db.connection_context():
            paper_visits.count_visit(village, sheet, date.fromisoformat(day))

    app.extensions["count_visit"] = soon(add_visit, "a visit is not counted")


def _add_recordings(app: Flask) -> None:
    """`app.extensions["convert_soon"](recording_id)` asks for a recording to be made small now rather than within a minute."""
    queue = app.extensions["queue"]

    @queue.task()
    def convert_recording(recording_id):
        with db.connection_context():
            recordings.convert(recording_id, app.extensions["files"], utc_now)

    @queue.periodic_task(crontab(minute="*"))
    def convert_waiting_recordings():
        with db.connection_context():
            recordings.convert_waiting(app.extensions["files"], utc_now)

    app.extensions["convert_soon"] = soon(convert_recording, "a recording waits for its minute")


STEADY_HOURS = 24


def clock_is_steady(now: datetime) -> bool:
    """Whether the hourly calls have come an hour apart for a day: a clock that has jumped must not make anything old."""
    last = Attempts.get_or_none(Attempts.key == "clock")
    in_step = last is not None and timedelta(minutes=30) < now - last.started_at < timedelta(hours=3)
    hours = last.failures + 1 if in_step else 0
    Attempts.replace_counter("clock", hours, now)
    return hours >= STEADY_HOURS


def sweep(files, now: datetime, note=lambda event, **facts: None) -> None:
    """Delete what was asked to be deleted and what has been kept long enough, then files that no row knows (SECURITY §2, §11).

    `note` writes the security log.
    """
    data_rights.carry_out_due(now, note)
    data_rights.sweep(now)
    approvals.sweep(now)
    packs.sweep(files, now)
    recordings.sweep(now)
    _sweep_files(files, now)


def _sweep_files(files, now: datetime) -> None:
    for name, modified in files.names():
        age = now - datetime.fromtimestamp(modified, UTC)
        if age > UNCLAIMED_FILE and not _is_claimed(name):
            files.remove(name)


def _is_claimed(name: str) -> bool:
    tables = Paper, DocumentFile, ResultFile, UploadPiece, Pack
    return any(table.select().where(table.stored_name == name).exists() for table in tables) or recordings.claims(name)


class QuietConsumer(Consumer):
    """The worker as a thread beside the server, which keeps the signals to itself."""

    def _set_signal_handlers(self):
        pass


def start_worker(app: Flask) -> threading.Thread:
    worker = threading.Thread(target=lambda: QuietConsumer(app.extensions["queue"], workers=1).run(), daemon=True, name="worker")
    worker.start()
    return worker


def run_worker(app: Flask) -> None:
    Consumer(app.extensions["queue"], workers=1).run()

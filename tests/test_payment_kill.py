"""kill -9 between a notice that is kept and the receipt it comes to: nothing is lost, and nothing is done twice."""

import json
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from paying import NOW, URL, Gateway, ask_for_money, fresh, notice_of, query_answer, refund_answer, rows, try_to_pay
from stage import PROJECT, make_staff

from models import PaymentAttempt, PaymentNotice, Receipt, Refund
from rules import payments, refunds

LATER = NOW + timedelta(minutes=5)
# A worker that does what it is told and is killed at its first statement with these words, once that has been carried out;
# with none, by the gateway's silence.
CHILD = """
import json, os, signal, sys
from datetime import datetime
from pathlib import Path
import database, sealing
from database import db
from gateways.vnpay import Vnpay
from rules import payments
from rules.library import LatestLibrary

url, folder, gateway, job, raw, words, now = json.load(sys.stdin)
database.use_database(database.open_database(url), sealing.Sealer([sealing.read_or_make_key(Path(folder) / "data.key")]))
now, client = datetime.fromisoformat(now), Vnpay(gateway)

def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)

client._ask = die
execute = db.obj.execute_sql

def killed_at(sql, *arguments, **more):
    done = execute(sql, *arguments, **more)
    if words and sql.startswith(words):
        die()
    return done

with db.connection_context():
    calendar = LatestLibrary().refreshed().calendar
    db.obj.execute_sql = killed_at
    if job == "notice":
        payments.judge(payments.keep("ipn", raw, now), client, now, calendar)
        die()
    elif job == "query":
        payments.ask_due(client, lambda: now, calendar)
    else:
        payments.send_refunds(client, lambda: now)
"""


@pytest.fixture
def killed(app, environ):
    """Have a worker do a job, and kill it on the way."""

    def run(job: str, raw: str = "", words: str = "") -> None:
        told = [environ["DATABASE_URL"], environ["INSTANCE_DIR"], URL, job, raw, words, LATER.isoformat()]
        child = subprocess.run([sys.executable, "-c", CHILD], input=json.dumps(told), text=True, cwd=PROJECT, timeout=60,
                               capture_output=True)  # fmt: skip
        assert child.returncode == -signal.SIGKILL, child.stderr

    return run


@pytest.fixture
def attempt(dossier, officer, library) -> PaymentAttempt:
    return try_to_pay(ask_for_money(dossier, officer, library.calendar))


@pytest.mark.parametrize(
    "words",
    ['INSERT INTO "payment_notice"', 'UPDATE "payment_attempt"', 'INSERT INTO "receipt"', 'INSERT INTO "event"',
     'UPDATE "payment_notice"'],
)  # fmt: skip
def test_killed_half_way_the_notice_is_found_by_the_queue_and_settles_once(attempt, killed, library, words):
    before = rows(PaymentNotice)
    raw = notice_of(attempt)

    killed("notice", raw, words)

    assert rows(PaymentNotice) == before, "all of it or nothing"
    kept = [(one.raw, one.judged_at) for one in PaymentNotice.select()]
    # Before its own transaction is over it is not kept either: then it was not answered, and comes again.
    assert kept == ([] if words.startswith('INSERT INTO "payment_notice') else [(raw, None)])
    again = payments.keep("ipn", raw, LATER)
    payments.judge_left_behind(Gateway(), LATER + timedelta(minutes=1), library.calendar)

    assert {one.judged_at for one in PaymentNotice.select()} == {LATER + timedelta(minutes=1)}
    assert fresh(attempt).state == "paid" and fresh(again).answer == ("02" if kept else "00")
    assert [receipt.number for receipt in Receipt.select()] == [1]


def test_killed_before_it_was_answered_it_is_told_again_and_known(attempt, killed, library):
    killed("notice", notice_of(attempt))

    assert fresh(attempt).state == "paid"
    assert payments.judge(payments.keep("ipn", notice_of(attempt), LATER), Gateway(), LATER, library.calendar) == "02"
    assert Receipt.select().count() == 1


def test_killed_while_it_was_asked_it_is_asked_at_the_next_turn(attempt, killed, library):
    killed("query")

    waits = fresh(attempt)
    assert (waits.state, waits.queries) == ("sent", 1) and waits.next_query_at > LATER
    client = Gateway(query_answer(attempt))
    payments.ask_due(client, lambda: waits.next_query_at, library.calendar)
    assert fresh(attempt).settled_by == "querydr" and Receipt.select().count() == 1


def test_killed_while_a_refund_was_sent_it_goes_again_only_under_its_own_number(attempt, killed, library, officer):
    payments.judge(payments.keep("ipn", notice_of(attempt), LATER), Gateway(), LATER, library.calendar)
    asked = refunds.ask(fresh(attempt), 16_000, "Trả thừa", officer, LATER, "refund")
    refunds.decide(asked, True, make_staff("leader"), LATER, "granted")

    killed("refund")

    client = Gateway(refund_answer(attempt, 16_000))
    assert fresh(asked).state == "unknown" and payments.send_refunds(client, lambda: LATER) == 0
    payments.send_refunds_again(client, lambda: LATER)
    assert [one["vnp_RequestId"] for one in client.asked] == [asked.request_no]
    assert fresh(asked).state == "done" and Refund.select().count() == 1

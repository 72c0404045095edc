"""Mail that waits in its table: it leaves once, it is tried again, and it is never lost."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from together import at_once

from database import db
from gateways.mail import MailDelayed, MailRefused
from models import Attempts, Message
from rules.outbox import WAITS, deliver_due, post

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class Post:
    """A mailer that notes what left; `fate` is raised in its place, when there is one."""

    def __init__(self):
        self.left, self.fate = [], None

    def send(self, to, subject, body, key):
        if isinstance(self.fate, Exception):
            raise self.fate
        self.left.append((to, subject, body, key))
        if self.fate:
            raise self.fate


@pytest.fixture
def mailer(app):
    return Post()


def queue(*keys: str, now=NOW) -> None:
    for key in keys:
        post(key, "hlan@example.vn", "Đã nộp hồ sơ", f"thư {key}", now)


def test_a_mail_leaves_when_it_is_due(mailer):
    queue("a")

    assert deliver_due(mailer, NOW) == 1
    assert mailer.left == [("hlan@example.vn", "Đã nộp hồ sơ", "thư a", "a")]


def test_what_has_left_keeps_no_body_and_leaves_no_more(mailer):
    queue("a")
    deliver_due(mailer, NOW)

    assert deliver_due(mailer, NOW + 400 * DAY) == 0
    message = Message.get()
    assert (message.body, message.sent_at, message.next_try_at, message.tries) == (None, NOW, None, 1)


def test_the_same_key_is_the_same_mail(mailer):
    queue("a", "a")
    deliver_due(mailer, NOW)
    queue("a")

    assert deliver_due(mailer, NOW + DAY) == 0
    assert len(mailer.left) == 1


def test_mail_leaves_in_the_order_it_was_written(mailer):
    queue("c", "a", "b")
    deliver_due(mailer, NOW)

    assert [key for *_, key in mailer.left] == ["c", "a", "b"]


def test_one_round_sends_no_more_than_it_should(mailer):
    queue(*"abcde")

    assert deliver_due(mailer, NOW, most=3) == 3
    assert deliver_due(mailer, NOW, most=3) == 2


def test_a_mail_of_a_change_that_failed_is_never_sent(mailer):
    with pytest.raises(ZeroDivisionError), db.atomic():
        queue("a")
        raise ZeroDivisionError

    assert deliver_due(mailer, NOW) == 0


def test_posting_twice_inside_one_change_does_not_break_it(mailer):
    with db.atomic():
        queue("a", "a")
        Attempts.create(key="written after", started_at=NOW)

    assert Attempts.select().count() == deliver_due(mailer, NOW) == 1


# --- the line is down ------------------------------------------------------------------------------------------------


def test_a_mail_that_cannot_leave_now_is_tried_again_with_growing_waits(mailer):
    queue("a")
    mailer.fate = MailDelayed("mail.iabang.vn: TimeoutError")
    now, waits = NOW, []
    while (message := Message.get()).next_try_at:
        now = message.next_try_at
        assert deliver_due(mailer, now - timedelta(seconds=1)) == 0
        assert Message.get().tries == message.tries, "not a second before its time"
        deliver_due(mailer, now)
        waits.append((Message.get().next_try_at or now) - now)

    assert waits == [*WAITS, timedelta(0)]
    assert (WAITS[0], WAITS[-1]) == (MINUTE, DAY) and sorted(WAITS) == WAITS


def test_a_mail_given_up_is_still_there_to_be_read(mailer):
    queue("a")
    Message.update(tries=len(WAITS)).execute()
    mailer.fate = MailDelayed("down")
    deliver_due(mailer, NOW)

    message = Message.get()
    assert (message.body, message.sent_at, message.next_try_at, message.was_refused) == ("thư a", None, None, False)


def test_when_the_line_is_back_the_mail_leaves_once(mailer):
    queue("a")
    mailer.fate = MailDelayed("down")
    deliver_due(mailer, NOW)
    mailer.fate = None

    assert deliver_due(mailer, NOW + MINUTE) == 1
    assert deliver_due(mailer, NOW + DAY) == 0
    assert len(mailer.left) == 1


def test_one_mail_that_waits_holds_back_no_other(mailer):
    queue("bad", "good")
    send = mailer.send

    def refuse_the_bad(to, subject, body, key):
        if key == "bad":
            raise MailDelayed("down")
        send(to, subject, body, key)

    mailer.send = refuse_the_bad
    assert deliver_due(mailer, NOW) == 1


@pytest.mark.parametrize("fate", [MailRefused("550 no such user"), ValueError("One e-mail address, and nothing else")])
def test_a_mail_refused_for_good_is_not_tried_again_and_keeps_no_body(mailer, fate):
    queue("a")
    mailer.fate = fate
    deliver_due(mailer, NOW)
    mailer.fate = None

    assert deliver_due(mailer, NOW + 400 * DAY) == 0
    assert (Message.get().was_refused, Message.get().body, mailer.left) == (True, None, [])


def test_the_log_names_the_mail_and_not_its_reader(mailer, caplog):
    queue("a")
    mailer.fate = MailRefused("550 no such user")
    with caplog.at_level(logging.INFO):
        deliver_due(mailer, NOW)

    assert "refused for good" in caplog.text
    assert "hlan@example.vn" not in caplog.text and "thư a" not in caplog.text


# --- workers and their ends ------------------------------------------------------------------------------------------


def test_workers_at_the_same_moment_send_each_mail_once(mailer):
    keys = [f"{number:02}" for number in range(20)]
    queue(*keys)

    assert sum(at_once(*[lambda: deliver_due(mailer, NOW)] * 4)) == 20
    assert sorted(key for *_, key in mailer.left) == keys


def test_a_mail_another_worker_has_in_hand_is_left_alone(mailer):
    queue("a")
    send, seen = mailer.send, []

    def send_while_another_worker_looks(*mail):
        seen.append(at_once(lambda: deliver_due(mailer, NOW)))
        send(*mail)

    mailer.send = send_while_another_worker_looks
    assert (deliver_due(mailer, NOW), seen) == (1, [[0]])


def test_a_worker_killed_after_sending_repeats_the_mail_once_under_the_same_key(mailer):
    queue("a")
    mailer.fate = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        deliver_due(mailer, NOW)
    mailer.fate = None

    assert deliver_due(mailer, NOW) == 0
    assert [deliver_due(mailer, NOW + later) for later in (MINUTE, 2 * MINUTE, DAY)] == [1, 0, 0]
    assert [key for *_, key in mailer.left] == ["a", "a"]


def test_a_fault_nobody_expected_holds_up_the_other_mail_only_until_the_next_round(mailer):
    queue("bad", "good")
    mailer.fate = RuntimeError("a fault of ours")
    with pytest.raises(RuntimeError):
        deliver_due(mailer, NOW)
    mailer.fate = None

    assert deliver_due(mailer, NOW) == 1
    assert deliver_due(mailer, NOW + MINUTE) == 1


@pytest.mark.parametrize("days", [400, 2])
def test_a_clock_that_was_ahead_holds_back_no_mail(mailer, days):
    queue("a", now=NOW + days * DAY)

    assert deliver_due(mailer, NOW) == 1

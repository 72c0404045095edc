"""Refunds of which the gateway says nothing clear: asked about by a person, written down by one, confirmed by another."""

from datetime import timedelta

import pytest
from paying import (
    AMOUNT,
    MINUTE,
    NOW,
    Gateway,
    ask_for_money,
    fresh,
    notice_of,
    refund_answer,
    rows,
    try_to_pay,
)
from stage import make_staff
from together import at_once

from gateways.vnpay import Reply
from models import Event, Message, PaymentAttempt, PaymentNotice, Refund
from rules import WrongInput, payments, refunds
from rules.workflow import MoveRefused

OFFICE = "H21.129"
LATER = NOW + 5 * MINUTE  # 08:35 in Vietnam
DAY = timedelta(days=1)
TOMORROW = LATER + DAY


@pytest.fixture
def leader(app):
    return make_staff("leader")


@pytest.fixture
def paid(dossier, officer, library) -> PaymentAttempt:
    attempt = try_to_pay(ask_for_money(dossier, officer, library.calendar))
    payments.judge(payments.keep("ipn", notice_of(attempt), LATER), Gateway(), LATER, library.calendar)
    PaymentNotice.delete().execute()
    return fresh(attempt)


@pytest.fixture
def refund(paid, officer, leader) -> Refund:
    """Granted."""
    asked = refunds.ask(paid, AMOUNT, "Trả thừa", officer, LATER, "refund")
    return refunds.decide(asked, True, leader, LATER, "granted")


def send(*says, now=LATER, again=False) -> Gateway:
    client = Gateway(*says)
    (payments.send_refunds_again if again else payments.send_refunds)(client, lambda: now)
    return client


@pytest.fixture
def unclear(refund, paid) -> Refund:
    """Sent, and the gateway knows its number already (94): who can say what became of it?"""
    send(refund_answer(paid, AMOUNT, "94"))
    return fresh(refund)


# --- when somebody has to ask ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["94", "99"])
def test_an_answer_that_leaves_it_open_needs_a_person_at_once(refund, paid, code):
    assert (refunds.under_way(OFFICE, LATER), refunds.unclear(OFFICE, LATER)) == ([refund], [])

    send(refund_answer(paid, AMOUNT, code))

    assert (refunds.under_way(OFFICE, LATER), refunds.unclear(OFFICE, LATER)) == ([], [refund])
    assert refunds.unclear("H21.121", LATER) == []


def test_silence_needs_a_person_from_the_next_day_on(refund):
    send(Reply())
    evening, midnight = LATER.replace(hour=16, minute=59), LATER.replace(hour=17, minute=0)  # 23:59 and 0:00 in Vietnam

    assert refunds.unclear(OFFICE, evening) == [] and refunds.under_way(OFFICE, evening) == [refund]
    assert refunds.unclear(OFFICE, midnight) == [refund] and refunds.under_way(OFFICE, midnight) == []


def test_shortly_before_midnight_nothing_is_sent_again_for_it_may_arrive_tomorrow(refund, paid):
    send(Reply())
    evening = LATER.replace(hour=16, minute=59)

    assert send(refund_answer(paid, AMOUNT), now=evening, again=True).asked == []
    assert len(send(refund_answer(paid, AMOUNT), now=evening - 5 * MINUTE, again=True).asked) == 1


def test_what_the_gateway_has_answered_clearly_needs_nobody(refund, paid, officer):
    send(refund_answer(paid, AMOUNT))

    assert refunds.unclear(OFFICE, TOMORROW) == refunds.under_way(OFFICE, TOMORROW) == []
    with pytest.raises(MoveRefused, match="cổng đã hoàn"):
        refunds.say_end(refund, "done", "Đã hỏi", officer, TOMORROW)


# --- said by one, confirmed by another -------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "left"), [("done", 0), ("failed", AMOUNT)])
def test_one_writes_how_it_ended_another_confirms_and_the_payer_is_told(unclear, paid, officer, leader, dossier, state, left):
    Message.delete().execute()
    refunds.say_end(unclear, state, "Tổng đài cổng, mã tra soát 123", officer, LATER)
    said = fresh(unclear)
    assert (said.state, said.said_state, said.said_by, said.said_note) == (
        "unknown", state, officer, "Tổng đài cổng, mã tra soát 123",
    )  # fmt: skip
    assert refunds.unclear(OFFICE, LATER) == [unclear] and Message.select().count() == 0

    refunds.confirm_end(unclear, state, leader, LATER, "confirmed")

    ended = fresh(unclear)
    assert (ended.state, ended.settled_at, ended.confirmed_by) == (state, LATER, leader)
    assert refunds.unclear(OFFICE, LATER) == [] and refunds.left_of(fresh(paid)) == left
    event = dossier.events.order_by(Event.id.desc()).get()
    assert (event.name, event.staff) == (f"refund_{state}", leader) and "16.000 đồng" in event.note
    assert Message.select().where(Message.key == f"event-{event.id}").exists()


def test_money_that_did_not_go_back_is_for_staff_again(unclear, paid, officer, leader):
    assert refunds.problems(OFFICE) == []
    refunds.say_end(unclear, "failed", "Thẻ đã khóa", officer, LATER)
    refunds.confirm_end(unclear, "failed", leader, LATER, "confirmed")

    assert refunds.problems(OFFICE) == [paid] and fresh(paid).problem == "refund_failed"
    again = refunds.ask(paid, AMOUNT, "Hoàn lại lần nữa", officer, LATER, "again")
    refunds.decide(again, True, leader, LATER, "granted again")
    assert refunds.problems(OFFICE) == [], "it is on its way"


def test_a_refund_the_gateway_refuses_reopens_what_was_wrong_and_the_payer_is_told(refund, paid, dossier):
    PaymentAttempt.update(problem="double", problem_solved_at=LATER, problem_note="Hoàn 16.000 đồng.").execute()
    Message.delete().execute()

    send(refund_answer(paid, AMOUNT, "95"))

    assert fresh(refund).state == "failed" and [one.problem for one in refunds.problems(OFFICE)] == ["double"]
    event = dossier.events.order_by(Event.id.desc()).get()
    assert (event.name, event.actor_kind) == ("refund_failed", "system")
    assert Message.select().where(Message.key == f"event-{event.id}").exists()


def test_a_refund_the_gateway_takes_on_is_in_the_log_and_told_once(refund, paid, dossier):
    Message.delete().execute()

    send(refund_answer(paid, AMOUNT))

    assert dossier.events.order_by(Event.id.desc()).get().name == "refund_done"
    assert Message.select().count() == 0, "it was told when it was granted"


def test_nobody_confirms_what_they_wrote_themselves(unclear, officer):
    refunds.say_end(unclear, "done", "Đã hỏi", officer, LATER)
    before = rows()

    with pytest.raises(MoveRefused, match="người khác xác nhận"):
        refunds.confirm_end(unclear, "done", officer, LATER, "own")
    assert rows() == before


@pytest.mark.parametrize(("state", "note"), [("", "Đã hỏi"), ("sent", "Đã hỏi"), ("done", "")])
def test_it_wants_a_result_and_whom_one_has_asked(unclear, officer, state, note):
    before = rows()

    with pytest.raises(WrongInput):
        refunds.say_end(unclear, state, note, officer, LATER)
    assert rows() == before


def test_what_is_not_right_is_taken_away_and_asked_anew(unclear, officer, leader):
    refunds.say_end(unclear, "done", "Đoán vậy", officer, LATER)

    for _ in range(2):  # two taps
        refunds.confirm_end(unclear, "", leader, LATER, "not so")
    assert (fresh(unclear).said_state, fresh(unclear).state) == ("", "unknown")
    refunds.say_end(unclear, "failed", "Đã hỏi thật", leader, LATER)
    assert fresh(unclear).said_by == leader


def test_what_stood_on_the_page_is_what_is_confirmed(unclear, officer, leader):
    refunds.say_end(unclear, "failed", "Đã hỏi", officer, LATER)

    with pytest.raises(MoveRefused, match="vừa được ghi khác"):
        refunds.confirm_end(unclear, "done", leader, LATER, "confirmed")
    assert fresh(unclear).state == "unknown"


def test_two_taps_say_it_once_and_end_it_once(unclear, officer, leader):
    for _ in range(2):
        refunds.say_end(unclear, "done", "Đã hỏi", officer, LATER)
    refunds.confirm_end(unclear, "done", leader, LATER, "confirmed")
    before = rows()

    refunds.confirm_end(unclear, "done", leader, LATER, "confirmed")
    assert rows() == before


def test_of_two_who_write_it_down_at_once_one_is_told(unclear, officer, leader):
    two = [(officer, "done"), (leader, "failed")]
    copies = [fresh(unclear) for _ in two]

    done = at_once(
        *(lambda one=one, by=by, state=state: refunds.say_end(one, state, "Đã hỏi", by, LATER)
          for one, (by, state) in zip(copies, two, strict=True))
    )  # fmt: skip

    assert sorted(type(one).__name__ for one in done) == ["MoveRefused", "NoneType"]
    assert "Chờ người khác xác nhận" in str(next(one for one in done if one is not None))


def test_the_gateways_own_word_comes_before_what_was_written_down(refund, paid, officer, leader):
    send(Reply())
    refunds.say_end(refund, "failed", "Họ nói vậy", officer, TOMORROW)
    refunds_answer = payments.keep("refund", refund_answer(paid, AMOUNT), TOMORROW, attempt=paid)
    payments._judge_refund(refunds_answer, Gateway(), TOMORROW)

    with pytest.raises(MoveRefused, match="vừa được ghi khác"):
        refunds.confirm_end(refund, "failed", leader, TOMORROW, "confirmed")
    assert fresh(refund).state == "done" and refunds.left_of(fresh(paid)) == 0

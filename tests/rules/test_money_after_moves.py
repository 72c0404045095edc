"""Money on its way while its dossier goes on, ends or comes back: it pays for what is open, and else it is for staff."""

import pytest
from paying import AMOUNT, MINUTE, NOW, Gateway, ask_for_money, fresh, notice_of, try_to_pay
from stage import make_staff

from models import Dossier, Event, PaymentAttempt, PaymentRequest, Receipt, State
from rules import payment_requests, payments, receipts, refunds, workflow
from rules.payment_requests import PaymentUnderWay
from rules.workflow import ENDED, MOVES, MoveRefused

OFFICE = "H21.129"
LATER = NOW + 5 * MINUTE


@pytest.fixture
def request_(dossier, officer, library) -> PaymentRequest:
    return ask_for_money(dossier, officer, library.calendar)


@pytest.fixture
def attempt(request_) -> PaymentAttempt:
    return try_to_pay(request_)


@pytest.fixture
def pay(attempt, library):
    """The bank's word comes, now."""

    def paid(now=LATER + 2 * MINUTE) -> PaymentAttempt:
        raw = notice_of(attempt, at=NOW + MINUTE)
        assert payments.judge(payments.keep("ipn", raw, now), Gateway(), now, library.calendar) == "00"
        return fresh(attempt)

    return paid


@pytest.fixture
def move(dossier, account, officer, library):
    people = {"citizen": account, "officer": officer, "leader": make_staff("leader"), "system": workflow.SYSTEM}

    def moved(name: str, role: str = "officer", now=LATER, note: str = "Có lý do") -> Event:
        return workflow.make_move(dossier, name, people[role], now, library.calendar, note)

    return moved


def is_for_staff(attempt: PaymentAttempt, problem: str = "void") -> bool:
    """Nothing was settled, and the money stands on the list of what needs somebody."""
    assert not Receipt.select().exists() and (attempt.state, attempt.problem) == ("paid", problem)
    return refunds.problems(OFFICE) == [attempt]


# --- each move out of waiting for money ------------------------------------------------------------------------------

OUT = sorted({(move.name, move.role) for move in MOVES if move.source is State.AWAITING_PAYMENT})


def test_every_move_out_of_waiting_for_money_is_walked_here():
    assert OUT == [
        ("ask_withdrawal", "citizen"), ("paid", "officer"), ("paid", "system"), ("stop", "leader"), ("stop", "officer"),
        ("waive_fee", "officer"),
    ]  # fmt: skip


@pytest.mark.parametrize("role", ["officer", "leader"])
def test_stopped_its_request_is_void_and_what_comes_goes_back(move, pay, request_, dossier, officer, role):
    move("stop", role)
    assert fresh(request_).void_reason == "ended" and payment_requests.open_request(dossier) is None

    paid = pay()

    assert is_for_staff(paid) and fresh(dossier).state is State.STOPPED and fresh(dossier).payment != "paid"
    assert not refunds.may_take_over(paid), "there is nothing it could pay for"
    assert refunds.left_of(paid) == AMOUNT
    assert "trả lại tiền" in payments.standing_of(paid, LATER).advice


def test_stopped_and_gone_on_with_what_was_paid_for_the_old_request_still_goes_back(move, pay, request_, dossier):
    move("stop")
    move("reopen", "leader", LATER + MINUTE)

    assert is_for_staff(pay()) and fresh(dossier).state is State.IN_PROGRESS and fresh(request_).voided_at


def test_a_stop_by_mistake_that_is_undone_waits_for_its_money_again(move, pay, request_, dossier, officer):
    stopped = move("stop")
    workflow.undo(dossier, stopped.id, officer, LATER + MINUTE)

    assert fresh(request_).voided_at is None
    assert pay().problem == "" and Receipt.get().request == request_ and fresh(dossier).payment == "paid"


def test_what_came_between_a_stop_and_its_undoing_can_still_pay(move, pay, request_, dossier, officer, library):
    stopped = move("stop")
    paid = pay(LATER + MINUTE)
    assert is_for_staff(paid) and not refunds.may_take_over(paid)
    workflow.undo(dossier, stopped.id, officer, LATER + 2 * MINUTE)

    assert refunds.may_take_over(fresh(paid))
    refunds.take_over(fresh(paid), officer, LATER + 3 * MINUTE, library.calendar, "taken over")
    assert Receipt.get().attempt == paid and fresh(dossier).payment == "paid" and refunds.problems(OFFICE) == []


def test_while_a_withdrawal_is_asked_for_money_pays_and_who_refuses_it_goes_on(move, pay, dossier):
    move("ask_withdrawal", "citizen")
    assert pay().problem == "" and fresh(dossier).state is State.WITHDRAWAL_ASKED

    move("refuse_withdrawal", now=LATER + 3 * MINUTE)
    assert fresh(dossier).state is State.ACCEPTED and Receipt.select().count() == 1


def test_a_refused_withdrawal_waits_for_its_money_as_before(move, pay, dossier, request_):
    move("ask_withdrawal", "citizen")
    move("refuse_withdrawal", now=LATER + MINUTE)
    assert fresh(dossier).state is State.AWAITING_PAYMENT and payment_requests.open_request(dossier) == request_

    assert pay().problem == "" and fresh(dossier).state is State.ACCEPTED


def test_withdrawn_before_the_money_came_it_goes_back(move, pay, dossier, request_):
    move("ask_withdrawal", "citizen")
    move("grant_withdrawal", now=LATER + MINUTE)
    assert fresh(request_).void_reason == "ended"

    assert is_for_staff(pay()) and fresh(dossier).state is State.STOPPED


def test_paid_at_the_desk_meanwhile_it_is_double(request_, pay, dossier, officer, library):
    said = request_.id, "cash", AMOUNT, "Siu Ánh", "", officer, LATER, library.calendar, "cash"
    receipts.take(fresh(dossier), *said, is_sure=True)

    paid = pay()
    assert (paid.problem, Receipt.get().method) == ("double", "cash") and refunds.problems(OFFICE) == [paid]


def test_waived_meanwhile_it_goes_back(pay, dossier, officer, library):
    payment_requests.waive(dossier, "Hộ nghèo", officer, LATER, library.calendar, "waived", is_sure=True)

    assert is_for_staff(pay()) and fresh(dossier).payment == "waived"


def test_asked_for_by_mistake_it_is_not_undone_while_somebody_pays(dossier, attempt, officer):
    asked = dossier.events.order_by(Event.id.desc()).get()

    with pytest.raises(MoveRefused, match="Không hoàn tác được"):
        workflow.undo(dossier, asked.id, officer, NOW + MINUTE)


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_open_request_of_a_dossier_that_has_ended_settles_nothing(pay, dossier, request_, state):
    """However it came about: no dossier that has ended is paid for unseen."""
    Dossier.update(state=state).execute()

    assert is_for_staff(pay()) and fresh(dossier).state is state and fresh(request_).settled_at is None


# --- who ends it is warned -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("move", [move for move in MOVES if move.target in ENDED], ids=lambda move: f"{move.name} by {move.role}")
def test_who_would_end_it_while_somebody_pays_is_told(dossier, attempt, move):
    with pytest.raises(PaymentUnderWay, match=attempt.txn_ref):
        payment_requests.refuse_end_under_way(dossier, move, is_sure=False)
    payment_requests.refuse_end_under_way(dossier, move, is_sure=True)

    PaymentAttempt.update(state="failed").execute()
    payment_requests.refuse_end_under_way(dossier, move, is_sure=False)


def test_who_lets_it_go_on_is_not_told(dossier, attempt):
    for move in MOVES:
        if move.target not in ENDED:
            payment_requests.refuse_end_under_way(dossier, move, is_sure=False)

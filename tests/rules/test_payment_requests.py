"""The desk asks for money, for another amount, or waives it: the dossier waits or goes on, and what is void is seen to be."""

from datetime import date, timedelta

import pytest
from peewee import IntegrityError
from stage import make_account, make_staff
from together import at_once

from database import db, utc_now
from models import ClockStop, Dossier, Event, Message, PaymentAttempt, PaymentRequest, State
from rules import WrongInput, businesses, payment_requests, workflow
from rules.payment_requests import PaymentUnderWay, Wanted, ask, change, open_request, read_amount, waiting_of, waive
from rules.workflow import MoveRefused

NOW = utc_now()
SOON = NOW + timedelta(minutes=5)
DUE = (NOW + timedelta(days=7)).date()


def wanted(amount_dong=16_000, **more) -> Wanted:
    return Wanted(**{"item": "Phí bản sao", "amount_dong": amount_dong, "ground": "Thông tư 281", "due_on": DUE} | more)


@pytest.fixture
def accepted(dossier, officer, library):
    workflow.make_move(dossier, "accept", officer, NOW, library.calendar)
    return dossier


@pytest.fixture
def asked(accepted, officer, library):
    return ask(accepted, wanted(), officer, NOW, library.calendar, "asked")


def attempt_for(request: PaymentRequest, state: str = "sent", **more) -> PaymentAttempt:
    number = PaymentAttempt.select().count() + 1
    known = {"amount_dong": request.amount_dong, "bank": "NCB", "made_at": NOW, "expires_at": NOW + timedelta(minutes=15)}
    return PaymentAttempt.create(
        **known | more, request=request, txn_ref=f"H21P{number}", state=state, form_key=f"attempt-{number}"
    )


def everything(dossier) -> tuple:
    tables = PaymentRequest, Event, ClockStop, Message
    rows = [list(table.select().order_by(table.id).dicts()) for table in tables]
    return Dossier.select().where(Dossier.id == dossier.id).dicts().get(), *rows


# --- amounts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["16000", "16.000", "16 000 đồng", "16,000đ", " 16.000 VNĐ ", "１６０００", "016000", "16\u00a0000 dong"]
)
def test_an_amount_is_read_however_it_is_typed(typed):
    assert read_amount(typed) == 16_000


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("0", "lớn hơn 0"),
        ("000 đồng", "lớn hơn 0"),
        ("-16000", "lớn hơn 0"),
        ("−16.000", "lớn hơn 0"),
        ("16,5", "tròn đồng"),
        ("16.00", "tròn đồng"),
        ("1.6000", "tròn đồng"),
        ("1.600,000", "tròn đồng"),
        ("mười sáu nghìn", "bằng số"),
        ("16k", "bằng số"),
        ("1e9", "bằng số"),
        ("", "bằng số"),
        ("10000000000", "quá lớn"),
        ("1" + "0" * 15, "quá lớn"),
        ("9" * 4000, "quá lớn"),
    ],
)
def test_what_is_no_amount_is_refused_in_words(typed, told):
    with pytest.raises(WrongInput, match=told):
        read_amount(typed)


# --- asking ----------------------------------------------------------------------------------------------------------


def test_asking_stops_the_clock_in_the_same_step_and_says_what_for(accepted, asked, officer):
    assert (accepted.state, accepted.payment) == (State.AWAITING_PAYMENT, "requested")
    assert (asked.amount_dong, asked.due_on, asked.asked_by, asked.event.name) == (16_000, DUE, officer, "ask_payment")
    assert "Phí bản sao: 16.000 đồng. Căn cứ: Thông tư 281. Hạn:" in asked.event.note
    assert ClockStop.get(ClockStop.dossier == accepted.id).kind == "payment" and open_request(accepted) == asked


def test_the_same_form_sent_again_asks_once(accepted, asked, officer, library):
    before = everything(accepted)

    assert ask(accepted, wanted(), officer, SOON, library.calendar, "asked") == asked
    assert everything(accepted) == before


def test_one_who_comes_second_is_told(accepted, asked, library):
    before = everything(accepted)

    with pytest.raises(MoveRefused, match="Yêu cầu nộp tiền"):
        ask(accepted, wanted(8000), make_staff("officer", "hai"), SOON, library.calendar, "second")
    assert everything(accepted) == before


def test_of_two_officers_at_once_one_asks(accepted, officer, library):
    other = make_staff("officer", "hai")

    def press(by, key):
        return lambda: ask(Dossier.get_by_id(accepted.id), wanted(), by, NOW, library.calendar, key)

    answers = at_once(press(officer, "one"), press(other, "two"))

    assert sorted(type(answer).__name__ for answer in answers) == ["MoveRefused", "PaymentRequest"]
    assert PaymentRequest.select().count() == 1


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"due_on": (NOW - timedelta(days=2)).date()}, "Hạn nộp từ hôm nay"),
        ({"due_on": date(2399, 1, 1)}, "trong vòng một năm"),
        ({"computed": {"amount_dong": 8000, "is_certain": True}}, "khác mức tính sẵn"),
    ],
)
def test_a_wrong_wish_is_refused_and_nothing_is_asked(accepted, officer, library, more, told):
    before = everything(accepted)

    with pytest.raises(WrongInput, match=told):
        ask(accepted, wanted(**more), officer, NOW, library.calendar, "asked")
    assert everything(accepted) == before


def test_another_amount_than_computed_is_kept_with_its_reason(accepted, officer, library):
    computed = {"amount_dong": 8000, "item": "Phí", "lines": ["1 bản × 8.000 đồng"], "is_certain": True}
    request = ask(accepted, wanted(computed=computed, why="Hai bản"), officer, NOW, library.calendar, "asked")

    assert PaymentRequest.get_by_id(request.id).computed == computed | {"why": "Hai bản"} and "Hai bản" in request.event.note


def test_a_request_that_cannot_be_written_has_not_moved_the_dossier(accepted, officer, library, monkeypatch):
    before = everything(accepted)

    def full(*args, **kwargs):
        raise IntegrityError("disk full")

    monkeypatch.setattr(PaymentRequest, "create", full)
    with pytest.raises(IntegrityError):
        ask(accepted, wanted(), officer, NOW, library.calendar, "asked")
    assert everything(accepted) == before


# --- undoing and ending ----------------------------------------------------------------------------------------------


def test_undone_within_the_half_hour_the_request_is_void(accepted, asked, officer):
    workflow.undo(accepted, asked.event.id, officer, SOON)
    void = PaymentRequest.get_by_id(asked.id)

    assert (void.void_reason, void.voided_by, void.voided_at) == ("undone", officer, SOON)
    assert (accepted.state, accepted.payment, open_request(accepted)) == (State.ACCEPTED, "", None)


@pytest.mark.parametrize("state", ["sent", "unknown"])
def test_what_somebody_is_paying_is_not_undone(accepted, asked, officer, state):
    attempt_for(asked, state)
    before = everything(accepted)

    assert workflow.may_undo(accepted, officer, SOON) is None
    with pytest.raises(MoveRefused):
        workflow.undo(accepted, asked.event.id, officer, SOON)
    assert everything(accepted) == before


def test_a_dossier_that_is_stopped_asks_for_nothing_and_undone_asks_again(accepted, asked, officer, library):
    event = workflow.make_move(accepted, "stop", officer, SOON, library.calendar, "Người nộp thôi")
    assert PaymentRequest.get_by_id(asked.id).void_reason == "ended" and open_request(accepted) is None

    workflow.undo(accepted, event.id, officer, SOON + timedelta(minutes=1))
    assert open_request(accepted) == asked and accepted.state is State.AWAITING_PAYMENT


def test_paid_while_a_withdrawal_was_asked_it_waits_for_nothing_afterwards(accepted, asked, account, officer, library):
    workflow.make_move(accepted, "ask_withdrawal", account, SOON, library.calendar, "Đổi ý")
    PaymentRequest.update(settled_at=SOON, method="online").where(PaymentRequest.id == asked.id).execute()

    workflow.make_move(accepted, "refuse_withdrawal", officer, SOON, library.calendar, "Đã ký")
    last = accepted.events.order_by(Event.id.desc()).first()
    assert (accepted.state, accepted.payment, last.name, last.actor_kind) == (State.ACCEPTED, "paid", "paid", "system")


# --- another amount --------------------------------------------------------------------------------------------------


def test_another_amount_voids_the_first_for_all_to_see_and_the_dossier_goes_on_waiting(accepted, asked, officer):
    stopped_at = accepted.stopped_at
    new = change(accepted, asked.id, wanted(8000, why="Một bản thôi"), officer, SOON, "changed")
    old = PaymentRequest.get_by_id(asked.id)

    assert (old.voided_at, old.voided_by, old.void_reason) == (SOON, officer, "Một bản thôi")
    assert (new.replaces, new.amount_dong, open_request(accepted)) == (old, 8000, new)
    assert (accepted.state, accepted.stopped_at) == (State.AWAITING_PAYMENT, stopped_at)
    assert accepted.events.order_by(Event.id.desc()).first().note.startswith("16.000 đồng → Phí bản sao: 8.000 đồng.")
    assert Message.select().where(Message.subject.contains("đã đổi")).count() == 1


def test_changing_twice_by_one_form_changes_once(accepted, asked, officer):
    new = change(accepted, asked.id, wanted(8000, why="Một bản"), officer, SOON, "changed")
    before = everything(accepted)

    assert change(accepted, asked.id, wanted(8000, why="Một bản"), officer, SOON, "changed") == new
    assert everything(accepted) == before


def test_who_saw_an_older_request_changes_nothing(accepted, asked, officer):
    change(accepted, asked.id, wanted(8000, why="Một bản"), officer, SOON, "changed")
    before = everything(accepted)

    with pytest.raises(MoveRefused, match="vừa được người khác"):
        change(accepted, asked.id, wanted(9000, why="Nhầm"), make_staff("officer", "hai"), SOON, "late")
    assert everything(accepted) == before


def test_a_change_says_why(accepted, asked, officer):
    with pytest.raises(WrongInput, match="vì sao"):
        change(accepted, asked.id, wanted(8000), officer, SOON, "changed")


@pytest.mark.parametrize("state", ["sent", "unknown"])
def test_while_somebody_pays_online_a_change_asks_first(accepted, asked, officer, state):
    attempt = attempt_for(asked, state)
    before = everything(accepted)

    with pytest.raises(PaymentUnderWay, match=attempt.txn_ref):
        change(accepted, asked.id, wanted(8000, why="Một bản"), officer, SOON, "changed")
    assert everything(accepted) == before
    assert change(accepted, asked.id, wanted(8000, why="Một bản"), officer, SOON, "changed", is_sure=True).amount_dong == 8000


def test_a_dossier_that_waits_without_an_amount_gets_one(accepted, officer, library):
    """As the desk left it before requests had amounts."""
    workflow.make_move(accepted, "ask_payment", officer, NOW, library.calendar, "Nộp phí")
    new = change(accepted, None, wanted(why="Ghi số tiền"), officer, SOON, "changed")

    assert new.replaces is None and open_request(accepted) == new


# --- waiving ---------------------------------------------------------------------------------------------------------


def test_a_waiver_is_a_request_of_nothing_and_a_waiting_dossier_goes_on(accepted, asked, officer, library):
    waived = waive(accepted, "Hộ nghèo, thẻ số 12", officer, SOON, library.calendar, "waived")

    assert (waived.amount_dong, waived.ground, waived.method, waived.settled_at) == (0, "Hộ nghèo, thẻ số 12", "waived", SOON)
    assert (waived.replaces, open_request(accepted)) == (asked, None)
    assert (accepted.state, accepted.payment, accepted.stopped_at) == (State.ACCEPTED, "waived", None)
    assert Dossier.get_by_id(accepted.id).payment == "waived" and waived.event.name == "waive_fee"


def test_before_anything_was_asked_a_waiver_leaves_the_dossier_where_it_is(accepted, officer, library):
    waived = waive(accepted, "Hộ nghèo", officer, SOON, library.calendar, "waived")

    assert (accepted.state, Dossier.get_by_id(accepted.id).payment) == (State.ACCEPTED, "waived")
    assert (waived.replaces, waived.event.name, ClockStop.select().count()) == (None, "fee_waived", 0)


def test_waived_twice_by_one_form_is_once_and_by_another_refused(accepted, officer, library):
    first = waive(accepted, "Hộ nghèo", officer, SOON, library.calendar, "waived")
    before = everything(accepted)

    assert waive(accepted, "Hộ nghèo", officer, SOON, library.calendar, "waived") == first
    with pytest.raises(MoveRefused, match="đã được miễn"):
        waive(accepted, "Hộ nghèo", officer, SOON, library.calendar, "again")
    with pytest.raises(WrongInput, match="căn cứ"):
        waive(accepted, "", officer, SOON, library.calendar, "without")
    assert everything(accepted) == before


def test_while_somebody_pays_online_a_waiver_asks_first(accepted, asked, officer, library):
    attempt_for(asked)
    before = everything(accepted)

    with pytest.raises(PaymentUnderWay):
        waive(accepted, "Hộ nghèo", officer, SOON, library.calendar, "waived")
    assert everything(accepted) == before


# --- whose they are --------------------------------------------------------------------------------------------------


def test_whoever_may_pay_finds_what_waits_for_them_and_nobody_else_does(accepted, asked, account, officer, library):
    other, business = make_account("Rah Lan Khác", email=""), businesses.add(account, "Cà phê Ia Băng", "5900189357", NOW)
    assert list(waiting_of(account)) == [asked] and list(waiting_of(other)) == []

    Dossier.update(account=other, business=business).where(Dossier.id == accepted.id).execute()
    assert list(waiting_of(account)) == [asked]
    change(accepted, asked.id, wanted(8000, why="Một bản"), officer, SOON, "changed")
    assert [one.amount_dong for one in waiting_of(account)] == [8000]
    waive(accepted, "Hộ nghèo", officer, SOON, library.calendar, "waived")
    assert list(waiting_of(account)) == []


def test_the_database_lets_no_second_request_be_open(accepted, asked, officer):
    with pytest.raises(IntegrityError), db.atomic():
        payment_requests._create(accepted, wanted(), officer, NOW, None, "another")

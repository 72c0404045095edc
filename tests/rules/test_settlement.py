"""A payment request is settled once: one receipt under the next number, the dossier goes on, all of it or nothing."""

import pytest
from paying import MINUTE, NOW, ask_for_money, try_to_pay
from stage import make_account
from together import at_once

from models import ClockStop, Dossier, Event, FormCounter, Message, PaymentRequest, Receipt, State
from rules import payment_requests, receipts, settlement, workflow
from rules.workflow import MoveRefused

LATER = NOW + 10 * MINUTE


@pytest.fixture
def request_(dossier, officer, library):
    return ask_for_money(dossier, officer, library.calendar)


@pytest.fixture
def settle(library):
    def settled(request, method="cash", by=None, key="settled", **more) -> Receipt:
        return settlement.settle(request, method, LATER, by, library.calendar, key, "Siu Ánh", **more)

    return settled


def rows() -> list:
    tables = Dossier, PaymentRequest, Receipt, Event, ClockStop, FormCounter, Message
    return [list(table.select().order_by(table.id).dicts()) for table in tables]


def test_it_has_a_receipt_the_dossier_goes_on_and_a_letter_says_so(request_, settle, officer, dossier):
    receipt = settle(request_, by=officer)

    assert (receipt.number, receipt.year, receipt.office, receipt.amount_dong) == (1, 2026, "H21.129", 16_000)
    assert (receipt.made_by, receipt.payer_name, receipt.method, receipt.made_at) == (officer, "Siu Ánh", "cash", LATER)
    fresh, request = Dossier.get_by_id(dossier.id), PaymentRequest.get_by_id(request_.id)
    assert (request.settled_at, request.method) == (LATER, "cash")
    assert (fresh.state, fresh.payment, fresh.stopped_at) == (State.ACCEPTED, "paid", None)
    last = fresh.events.order_by(Event.id.desc()).get()
    assert (last.name, last.actor_kind, last.staff) == ("paid", "officer", officer)
    assert Message.select().where(Message.key == f"event-{last.id}").exists()


def test_on_the_gateways_word_the_program_does_it(request_, settle, dossier):
    attempt = try_to_pay(request_)

    receipt = settle(request_, "online", attempt=attempt, reference="14831393")

    assert (receipt.made_by, receipt.attempt, receipt.reference) == (None, attempt, "14831393")
    assert dossier.events.order_by(Event.id.desc()).get().actor_kind == "system"


def test_the_same_form_again_is_the_same_receipt_and_nothing_more(request_, settle, officer):
    first = settle(request_, by=officer)
    before = rows()

    assert settle(request_, by=officer) == first
    assert rows() == before


def test_what_was_settled_is_not_settled_again(request_, settle, officer):
    settle(request_, by=officer)
    before = rows()

    with pytest.raises(MoveRefused, match="đã thu lúc"):
        settle(request_, by=officer, key="another")
    assert rows() == before


def test_what_was_waived_or_changed_meanwhile_takes_no_money(request_, settle, officer, dossier, library):
    payment_requests.waive(dossier, "Hộ nghèo", officer, LATER, library.calendar, "waived")
    before = rows()

    with pytest.raises(MoveRefused, match="đã bỏ lúc"):
        settle(request_, by=officer)
    assert rows() == before


def test_what_goes_wrong_half_way_leaves_nothing_not_even_a_number(request_, settle, officer, monkeypatch):
    before = rows()

    def stumbles(*arguments):
        raise RuntimeError("the light went out")

    with monkeypatch.context() as broken:
        broken.setattr(settlement, "_go_on", stumbles)
        with pytest.raises(RuntimeError):
            settle(request_, by=officer)
    assert rows() == before

    assert settle(request_, by=officer).number == 1


def test_paid_while_a_withdrawal_is_asked_for_it_is_paid_and_waits_for_the_answer(
    request_, settle, dossier, account, officer, library
):
    workflow.make_move(dossier, "ask_withdrawal", account, LATER, library.calendar, "Đổi ý")

    settle(request_)

    fresh = Dossier.get_by_id(dossier.id)
    assert (fresh.state, fresh.payment) == (State.WITHDRAWAL_ASKED, "paid")
    assert fresh.events.order_by(Event.id.desc()).get().name == "paid"
    workflow.make_move(fresh, "refuse_withdrawal", officer, LATER + MINUTE, library.calendar, "Đã làm xong")
    assert Dossier.get_by_id(dossier.id).state is State.ACCEPTED, "it does not wait for money again"


def test_two_who_settle_at_once_have_one_receipt(request_, settle, officer):
    fresh = [PaymentRequest.get_by_id(request_.id) for _ in range(2)]

    done = at_once(lambda: settle(fresh[0], by=officer, key="one"), lambda: settle(fresh[1], "online", key="two"))

    assert sorted(type(one) for one in done if not isinstance(one, Receipt)) == [MoveRefused]
    assert [receipt.number for receipt in Receipt.select()] == [1]


def test_the_receipt_is_the_dossiers_for_everybody(request_, settle, dossier):
    receipt = settle(request_)

    assert receipts.of_dossier(dossier) == [receipt]


def test_numbers_follow_each_other_whatever_the_method(submit, settle, officer, library):
    made = []
    for number, method in enumerate(("cash", "online", "transfer")):
        dossier = submit(make_account(email=f"so{number}@example.vn"))
        request = ask_for_money(dossier, officer, library.calendar)
        made.append(settle(request, method, by=None if method == "online" else officer, key=method))

    assert [receipt.number for receipt in made] == [1, 2, 3]

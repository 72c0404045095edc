"""What counts as paid: the gateway's signed word or the desk's, once, in whatever order things come (SECURITY §10)."""

import copy
import itertools
import json
from datetime import timedelta

import pytest
from paying import (
    AMOUNT,
    EXPIRED,
    FORGERIES,
    MINUTE,
    NOW,
    Gateway,
    altered,
    ask_for_money,
    fresh,
    notice_of,
    query_answer,
    refund_answer,
    rows,
    try_to_pay,
)
from sandboxed import read_signed
from stage import make_account, make_staff
from together import at_once

from database import db
from gateways.vnpay import Reply
from models import (
    Business,
    Dossier,
    Event,
    PaymentAttempt,
    PaymentNotice,
    PaymentRequest,
    Receipt,
    Refund,
    Representative,
    State,
)
from rules import WrongInput, payment_requests, payments, receipts, refunds, settlement
from rules.payments import StillUnderWay
from rules.workflow import MoveRefused

LATER = NOW + 5 * MINUTE
DAY = timedelta(days=1)
SILENT, REFUSES = Reply(), Reply(was_sent=False)


@pytest.fixture
def request_(dossier, officer, library):
    return ask_for_money(dossier, officer, library.calendar)


@pytest.fixture
def attempt(request_):
    return try_to_pay(request_)


@pytest.fixture
def hear(library):
    """The gateway sends a notice; returns what it is answered."""

    def heard(raw: str, now=LATER, client=None) -> str:
        return payments.judge(payments.keep("ipn", raw, now, "203.0.113.1"), client or Gateway(), now, library.calendar)

    return heard


@pytest.fixture
def ask(library):
    """The queue's turn: returns the client that was asked."""

    def asked(*says, now=LATER) -> Gateway:
        client = Gateway(*says)
        payments.ask_due(client, lambda: now, library.calendar)
        return client

    return asked


# --- one try ---------------------------------------------------------------------------------------------------------


def test_a_try_is_an_order_at_the_gateway_for_a_quarter_of_an_hour(request_, attempt, dossier):
    code = "".join(letter for letter in dossier.code if letter.isalnum())
    assert (attempt.state, attempt.amount_dong, attempt.txn_ref) == ("sent", AMOUNT, f"{code}P1")
    assert (attempt.made_at, attempt.expires_at) == (NOW, NOW + 15 * MINUTE)

    client = Gateway()
    address = payments.address_of(attempt, client, "http://localhost/thanh-toan/vnpay/return")
    told = read_signed(client._secret.decode(), address.partition("?")[2])
    assert (told["vnp_Amount"], told["vnp_CreateDate"], told["vnp_ExpireDate"]) == ("1600000", "20261123083000", "20261123084500")
    assert told["vnp_OrderInfo"] == f"Thanh toan phi ho so {dossier.code}"
    assert address == payments.address_of(fresh(attempt), client, "http://localhost/thanh-toan/vnpay/return")


@pytest.mark.parametrize(
    ("address", "told"),
    [("203.0.113.10", "203.0.113.10"), ("2001:db8::7", "2001:db8::7"), ("::1", "0000:0000:0000:0000:0000:0000:0000:0001"),
     ("fe80::1%eth0", "fe80::1"), ("unknown", "127.0.0.1"), ("", "127.0.0.1"), ("<script>", "127.0.0.1")],
)  # fmt: skip
def test_the_gateway_is_told_from_where_it_is_paid_the_same_in_both_tabs(request_, account, address, told):
    one = payments.start(request_, "NCB", account, NOW, "tab", payer_address=address)
    other = payments.start(request_, "NCB", account, NOW + MINUTE, "tab", payer_address="198.51.100.7")

    client = Gateway()
    addresses = {payments.address_of(fresh(tab), client, "http://localhost/thanh-toan/vnpay/return") for tab in (one, other)}

    (only,) = addresses
    assert read_signed(client._secret.decode(), only.partition("?")[2])["vnp_IpAddr"] == told


def test_the_same_form_from_two_tabs_is_one_charge(request_, account):
    one = payments.start(request_, "NCB", account, NOW, "tab")

    assert payments.start(request_, "BIDV", account, NOW + MINUTE, "tab") == one
    assert PaymentAttempt.select().count() == 1


def test_two_tabs_at_the_same_moment_are_one_charge_and_one_question(request_, account):
    tabs = [PaymentRequest.get_by_id(request_.id) for _ in range(2)]

    done = at_once(*(lambda tab=tab: payments.start(tab, "NCB", account, NOW, f"tab-{tab}-{id(tab)}") for tab in tabs))

    assert sorted(type(one).__name__ for one in done) == ["PaymentAttempt", "StillUnderWay"]


@pytest.mark.parametrize("state", ["sent", "unknown"])
def test_paying_again_while_it_is_not_known_asks_first(request_, attempt, state):
    payments._write(attempt, state=state)

    with pytest.raises(StillUnderWay, match=attempt.txn_ref) as question:
        try_to_pay(request_, LATER)
    assert question.value.attempt == attempt

    again = try_to_pay(request_, LATER, is_sure=True)
    assert again.txn_ref == f"{attempt.txn_ref[:-1]}2", "the gateway knows them apart"


def test_after_a_failure_one_pays_again_without_a_question(request_, attempt, hear):
    hear(notice_of(attempt, "24"))

    assert try_to_pay(request_, LATER).state == "sent"


def test_only_who_was_asked_pays_and_only_at_a_bank_there_is(request_, account):
    stranger = make_account("Rah Lan Blĕo", "blo@example.vn")

    with pytest.raises(MoveRefused):
        payments.start(request_, "NCB", stranger, NOW, "a")
    with pytest.raises(WrongInput):
        payments.start(request_, "NHTM", account, NOW, "a")
    assert PaymentAttempt.select().count() == 0


def test_what_is_paid_or_void_is_not_paid_online(request_, officer, library, account):
    settlement.settle(request_, "cash", NOW, officer, library.calendar, "cash", "Siu Ánh")

    with pytest.raises(MoveRefused, match="không cần nộp nữa"):
        payments.start(request_, "NCB", account, NOW, "a")


# --- notices ---------------------------------------------------------------------------------------------------------


def test_a_notice_settles_the_request(attempt, request_, hear, dossier):
    assert hear(notice_of(attempt)) == "00"

    paid, receipt = fresh(attempt), Receipt.get()
    assert (paid.state, paid.settled_by, paid.settled_at, paid.paid_at) == ("paid", "ipn", LATER, NOW + MINUTE)
    assert (paid.response, paid.status, paid.gateway_no) == ("00", "00", f"1483139{attempt.id}")
    assert (paid.bank_no, paid.problem, paid.next_query_at) == (f"VNP{attempt.id}", "", None)
    assert (receipt.attempt, receipt.method, receipt.made_by, receipt.reference) == (paid, "online", None, paid.gateway_no)
    assert fresh(dossier).payment == "paid" and fresh(request_).method == "online"


def receipt_of_one_paid_by(payer, request, hear) -> Receipt:
    hear(notice_of(payments.start(request, "NCB", payer, NOW, "pressed")))
    return Receipt.get()


def test_the_receipt_names_who_pressed_pay_not_whose_dossier_it_is(request_, account, hear, dossier):
    Dossier.update(owner_name="Siu Em Bé").execute()

    assert receipt_of_one_paid_by(account, fresh(request_), hear).payer_name == account.full_name != "Siu Em Bé"


def test_a_business_pays_in_its_own_name_whoever_presses(request_, account, hear):
    business = Business.create(name="Cà phê Ia Băng", tax_code="5900000019")
    Representative.create(business=business, account=account, added_by_name="Xã", added_at=NOW, accepted_at=NOW)
    Dossier.update(business=business, owner_name=business.name).execute()

    assert receipt_of_one_paid_by(account, fresh(request_), hear).payer_name == "Cà phê Ia Băng"


def test_who_was_deleted_since_is_named_by_the_dossier(request_, attempt, hear, dossier):
    PaymentAttempt.update(started_by=None).execute()

    assert hear(notice_of(attempt)) == "00" and Receipt.get().payer_name == dossier.owner_name


def test_the_same_notice_again_changes_nothing_but_is_kept(attempt, hear):
    hear(notice_of(attempt))
    before = rows(PaymentNotice)

    assert [hear(notice_of(attempt)) for _ in range(3)] == ["02"] * 3
    assert rows(PaymentNotice) == before
    assert [(one.answer, one.judged_at, one.attempt) for one in PaymentNotice.select().order_by(PaymentNotice.id)] == [
        (answer, LATER, attempt) for answer in ("00", "02", "02", "02")
    ]


def test_every_notice_is_kept_as_it_came_before_it_is_judged(attempt, monkeypatch, library):
    raw = notice_of(attempt)
    monkeypatch.setattr(settlement, "_go_on", lambda *arguments: 1 / 0)
    notice = payments.keep("ipn", raw, LATER, "203.0.113.1")

    with pytest.raises(ZeroDivisionError):
        payments.judge(notice, Gateway(), LATER, library.calendar)

    kept = PaymentNotice.get()
    assert (kept.raw, kept.sender, kept.received_at, kept.judged_at, kept.answer) == (raw, "203.0.113.1", LATER, None, "")
    assert fresh(attempt).state == "sent" and Receipt.select().count() == 0


def test_what_was_left_behind_unjudged_is_judged_by_the_queue(attempt, library):
    payments.keep("ipn", "rubbish", LATER)
    payments.keep("ipn", notice_of(attempt), LATER)
    client = Gateway()

    assert payments.judge_left_behind(client, LATER, library.calendar) == 0, "whoever took it may still be at it"
    assert payments.judge_left_behind(client, LATER + MINUTE, library.calendar) == 2
    assert payments.judge_left_behind(client, LATER + MINUTE, library.calendar) == 0
    assert fresh(attempt).state == "paid"
    assert [notice.answer for notice in PaymentNotice.select().order_by(PaymentNotice.id)] == ["97", "00"]


def test_one_that_cannot_be_judged_does_not_hold_up_the_next(attempt, library, monkeypatch):
    payments.keep("ipn", "first", LATER)
    payments.keep("ipn", notice_of(attempt), LATER)
    judge = payments.judge
    monkeypatch.setattr(payments, "judge", lambda notice, *more: 1 / 0 if notice.raw == "first" else judge(notice, *more))

    assert payments.judge_left_behind(Gateway(), LATER + MINUTE, library.calendar) == 1
    assert fresh(attempt).state == "paid"


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_notice_is_refused_and_nothing_is_paid(attempt, hear, name):
    answer, forge = FORGERIES[name]
    before = rows(PaymentNotice)

    assert hear(forge(attempt)) == answer
    assert rows(PaymentNotice) == before
    assert PaymentNotice.get().answer == answer


@pytest.mark.parametrize(
    ("response", "status", "state"),
    [("24", "02", "failed"), ("51", "02", "failed"), ("00", "02", "failed"), ("00", "01", "unknown"), ("24", "00", "unknown"),
     ("07", "07", "unknown"), ("00", "", "unknown")],
)  # fmt: skip
def test_only_two_noughts_twice_are_paid(attempt, hear, response, status, state):
    assert hear(notice_of(attempt, response, status)) == "00"

    assert (fresh(attempt).state, Receipt.select().count()) == (state, 0)
    assert (fresh(attempt).next_query_at is None) == (state == "failed"), "what is unknown is asked for"


def test_a_failure_told_again_is_known_and_a_success_after_it_is_paid(attempt, hear):
    assert [hear(notice_of(attempt, "24")), hear(notice_of(attempt, "24"))] == ["00", "02"]
    assert fresh(attempt).response == "24"

    assert hear(notice_of(attempt)) == "00"
    assert (fresh(attempt).state, Receipt.select().count()) == ("paid", 1)


def test_paid_is_final(attempt, hear):
    hear(notice_of(attempt))
    before = rows(PaymentNotice)

    assert hear(notice_of(attempt, "24")) == "02"
    assert rows(PaymentNotice) == before


@pytest.mark.parametrize(("status", "problem"), [("04", "reversed"), ("05", "refunded_elsewhere"), ("06", "refunded_elsewhere")])
@pytest.mark.parametrize("was_paid", [True, False])
def test_money_that_went_back_by_another_hand_is_for_staff(attempt, hear, status, problem, was_paid):
    if was_paid:
        hear(notice_of(attempt))

    hear(notice_of(attempt, "00", status))

    assert refunds.problems("H21.129") == [attempt]
    assert (fresh(attempt).problem, fresh(attempt).state) == (problem, "paid" if was_paid else "failed")


def test_what_this_office_sent_back_itself_is_no_news(attempt, hear, officer):
    hear(notice_of(attempt))
    grant(fresh(attempt), AMOUNT, officer)

    hear(notice_of(attempt, "00", "05"))
    assert fresh(attempt).problem == ""


# --- money for what is open no more ----------------------------------------------------------------------------------


def test_money_paid_in_time_and_told_a_day_later_pays_for_its_request(attempt, hear):
    assert hear(notice_of(attempt, at=NOW), EXPIRED + DAY) == "00"

    assert (fresh(attempt).problem, Receipt.select().count()) == ("", 1)


@pytest.fixture
def late_money(attempt, hear):
    """Paid after expiry."""
    assert hear(notice_of(attempt, at=EXPIRED), EXPIRED) == "00"
    return fresh(attempt)


def test_late_money_goes_to_staff_who_may_take_it(late_money, request_, officer, library):
    late = late_money
    assert (late.state, late.problem, Receipt.select().count()) == ("paid", "late", 0)
    said = payments.standing(fresh(request_), EXPIRED)
    assert (said.words, said.attempt) == ("Ngân hàng đã trừ tiền", late) and "Đừng trả lần nữa" in said.advice
    with pytest.raises(StillUnderWay, match="đã trừ tiền, xã đang xem"):
        try_to_pay(request_, EXPIRED)
    refunds.take_over(late, officer, EXPIRED, library.calendar, "taken over")
    assert Receipt.get().attempt == late
    assert payments.standing(fresh(request_), EXPIRED).attempt == late


def test_after_late_money_was_sent_back_one_pays_again(late_money, request_, officer):
    refunds.solve(late_money, "Đã trả lại", officer, EXPIRED)

    assert payments.standing(fresh(request_), EXPIRED).state == "asked"
    assert try_to_pay(request_, EXPIRED).state == "sent"


def test_a_second_payment_of_a_settled_request_is_double(request_, attempt, hear):
    second = try_to_pay(request_, is_sure=True)

    assert [hear(notice_of(attempt)), hear(notice_of(second))] == ["00", "00"]
    assert (fresh(attempt).problem, fresh(second).problem) == ("", "double")
    assert Receipt.select().count() == 1
    assert refunds.problems("H21.129") == [second]


def test_money_after_expiry_for_what_was_settled_otherwise_is_late(request_, attempt, hear, officer, library):
    settlement.settle(request_, "cash", LATER, officer, library.calendar, "cash", "Siu Ánh")

    assert hear(notice_of(attempt, at=EXPIRED), EXPIRED) == "00"
    assert (fresh(attempt).state, fresh(attempt).problem, Receipt.select().count()) == ("paid", "late", 1)


def test_money_for_a_request_that_is_void_goes_to_staff(dossier, attempt, hear, officer, library):
    payment_requests.waive(dossier, "Hộ nghèo", officer, LATER, library.calendar, "waived", is_sure=True)

    assert hear(notice_of(attempt)) == "00"
    assert (fresh(attempt).state, fresh(attempt).problem, Receipt.select().count()) == ("paid", "void", 0)


def test_money_whose_dossier_does_not_take_it_goes_to_staff_who_may_take_it_over(attempt, hear, officer, library, monkeypatch):
    def refuses(*arguments):
        raise MoveRefused("not now")

    with monkeypatch.context() as refusing:
        refusing.setattr(settlement, "_go_on", refuses)
        assert hear(notice_of(attempt)) == "00"
    assert (fresh(attempt).problem, Receipt.select().count()) == ("late", 0)

    refunds.take_over(fresh(attempt), officer, LATER, library.calendar, "taken over")
    assert Receipt.get().attempt == attempt


# --- asked by the queue ----------------------------------------------------------------------------------------------


def test_an_unanswered_payment_is_asked_for_until_it_is_settled(attempt, ask):
    ask(query_answer(attempt, status="01"))
    assert fresh(attempt).state == "sent", "whoever pays may still be at the bank's page"

    client = ask(query_answer(attempt), now=LATER + 2 * MINUTE)

    (asked,) = client.asked
    assert (asked["vnp_TxnRef"], asked["vnp_TransactionDate"]) == (attempt.txn_ref, "20261123083000")
    paid = fresh(attempt)
    assert (paid.state, paid.settled_by, paid.queries, paid.next_query_at) == ("paid", "querydr", 2, None)
    assert Receipt.get().attempt == attempt
    assert {notice.kind for notice in PaymentNotice.select()} == {"querydr"}


def test_a_payment_is_not_asked_for_before_its_turn(attempt, ask):
    assert ask(query_answer(attempt, status="01"), now=NOW + MINUTE).asked == []
    assert len(ask(query_answer(attempt, status="01"), now=NOW + 2 * MINUTE).asked) == 1
    assert ask(query_answer(attempt, status="01"), now=NOW + 2.5 * MINUTE).asked == []


def test_questions_keep_their_distance_and_grow_rarer_for_a_month(attempt, ask):
    asked_at, now = [], NOW
    while fresh(attempt).next_query_at:
        now = fresh(attempt).next_query_at
        ask(SILENT, now=now)
        asked_at.append(now)

    pauses = [later - earlier for earlier, later in itertools.pairwise(asked_at)]
    assert min(pauses) >= timedelta(seconds=30) and pauses[1:] == sorted(pauses[1:])
    assert timedelta(days=30) < asked_at[-1] - NOW < timedelta(days=31)
    assert (fresh(attempt).state, 100 < len(asked_at) < 150) == ("unknown", True)


def test_a_slow_gateway_holds_up_the_other_work_of_the_queue_for_less_than_a_minute(attempt, library, submit, officer):
    for number in range(5):
        try_to_pay(ask_for_money(submit(make_account(email=f"so{number}@example.vn")), officer, library.calendar))
    client, moments = Gateway(query_answer(attempt, "99")), itertools.count()

    payments.ask_due(client, lambda: LATER + timedelta(seconds=15 * next(moments)), library.calendar)

    assert 1 < len(client.asked) < 5


def test_where_the_gateway_says_nothing_it_is_unknown_and_nobody_else_is_asked_for_in_vain(
    attempt, request_, ask, caplog, submit, officer, library
):
    other = try_to_pay(ask_for_money(submit(make_account(email="khac@example.vn")), officer, library.calendar))

    client = ask(SILENT)

    assert len(client.asked) == 1
    assert {fresh(one).state for one in (attempt, other)} == {"unknown", "sent"}
    assert "does not answer" in caplog.text


@pytest.mark.parametrize(
    "rubbish",
    ["<html>502</html>", "{}", lambda one: query_answer(one).replace("1600000", "1600001"),
     lambda one: query_answer(one, TmnCode="OTHER001"), lambda one: query_answer(one, TxnRef="H21P9"),
     lambda one: query_answer(one, Command="refund"), lambda one: query_answer(one, Amount="100"),
     lambda one: query_answer(one, "94"), lambda one: query_answer(one, "97"), lambda one: query_answer(one, "99")],
    ids=["a page", "empty", "changed", "other merchant", "other payment", "other command", "other amount", "94", "97", "99"],
)  # fmt: skip
def test_rubbish_settles_nothing_is_kept_and_asked_again(attempt, ask, rubbish):
    raw = rubbish if isinstance(rubbish, str) else rubbish(attempt)

    ask(raw)

    assert PaymentNotice.get().raw == raw and PaymentNotice.get().judged_at
    waits = fresh(attempt)
    assert waits.state in ("sent", "unknown") and waits.next_query_at > LATER and Receipt.select().count() == 0


@pytest.mark.parametrize(
    ("code", "status", "after", "state"),
    [("91", "", MINUTE, "unknown"), ("91", "", 18 * MINUTE, "failed"), ("00", "01", 18 * MINUTE, "unknown"),
     ("00", "01", 2 * DAY, "failed"), ("00", "02", 3 * MINUTE, "failed"), ("00", "07", 2 * DAY, "unknown")],
)  # fmt: skip
def test_what_nobody_opened_or_finished_has_failed_once_it_is_over(attempt, ask, code, status, after, state):
    ask(query_answer(attempt, code, status), now=NOW + max(after, 2 * MINUTE))

    assert fresh(attempt).state == state


def test_what_failed_by_asking_is_paid_when_a_notice_says_so_after_all(attempt, ask, hear):
    ask(query_answer(attempt, "91", ""), now=EXPIRED + 5 * MINUTE)
    assert fresh(attempt).state == "failed"

    assert hear(notice_of(attempt), EXPIRED + DAY) == "00"
    assert (fresh(attempt).state, Receipt.select().count()) == ("paid", 1)


def test_two_workers_never_ask_for_the_same_payment_at_once(attempt, library):
    clients = [Gateway(query_answer(attempt, status="01")) for _ in range(4)]

    done = at_once(*(lambda one=one: payments.ask_due(one, lambda: LATER, library.calendar) for one in clients))

    assert sum(len(client.asked) for client in clients) == 1 == sum(done)


def test_while_it_is_asked_no_row_is_locked(attempt, request_, library, hear):
    """A slow gateway is nobody's business but the queue's: the notice comes, and is taken, in the middle of the question."""

    def slow_answer():
        (answer,) = at_once(lambda: hear(notice_of(attempt)))
        assert answer == "00"
        return query_answer(attempt)

    payments.ask_due(Gateway(slow_answer), lambda: LATER, library.calendar)

    assert (fresh(attempt).settled_by, Receipt.select().count()) == ("ipn", 1)


def test_whose_payer_has_come_back_is_asked_for_at_once_but_not_twice(attempt, library):
    client = Gateway(query_answer(attempt, status="01"))

    def soon(seconds: int) -> bool:
        return payments.ask_soon(attempt.id, client, NOW + timedelta(seconds=seconds), library.calendar)

    assert [soon(20), soon(25), soon(49), soon(65)] == [True, False, False, True]
    assert len(client.asked) == 2
    assert not payments.ask_soon(10**6, client, NOW, library.calendar), "a payment nobody knows is not asked for"


# --- what the payer is told ------------------------------------------------------------------------------------------


def test_how_a_request_stands_is_said_in_words(request_, account, hear):
    def said(now=LATER):
        return payments.standing(fresh(request_), now)

    assert (said().state, said().words) == ("asked", "Chưa nộp")
    first = try_to_pay(request_)
    assert (said().state, said().may_go_on) == ("sent", True)
    assert (said(EXPIRED).state, said(EXPIRED).may_go_on) == ("unknown", False)
    assert first.txn_ref in said(EXPIRED).advice and "Đừng trả lại ngay" in said(EXPIRED).advice
    hear(notice_of(first, "51"))
    assert said().words == "Chưa nộp được: Tài khoản không đủ tiền"
    second = try_to_pay(request_, LATER)
    assert (said().state, said().attempt) == ("sent", second)
    hear(notice_of(first))
    assert (said().state, said().attempt) == ("paid", first)
    hear(notice_of(second))
    assert "trả lại tiền" in payments.standing_of(fresh(second), LATER).advice


def test_what_is_waived_or_void_is_said(request_, dossier, officer, library):
    waived = payment_requests.waive(dossier, "Hộ nghèo", officer, LATER, library.calendar, "waived")

    assert payments.standing(fresh(request_), LATER).state == "voided"
    assert payments.standing(fresh(waived), LATER).state == "waived"


# --- refunds ---------------------------------------------------------------------------------------------------------


def grant(attempt: PaymentAttempt, amount_dong: int, officer) -> Refund:
    """Asked by one, granted by another."""
    key = f"refund-{Refund.select().count()}"
    asked = refunds.ask(attempt, amount_dong, "Trả thừa", officer, LATER, key)
    leader = make_staff("leader", key)
    return refunds.decide(asked, True, leader, LATER, f"{key}-granted")


@pytest.fixture
def paid(attempt, hear):
    hear(notice_of(attempt))
    PaymentNotice.delete().execute()
    return fresh(attempt)


def send(*says, now=LATER, again=False) -> Gateway:
    client = Gateway(*says)
    (payments.send_refunds_again if again else payments.send_refunds)(client, lambda: now)
    return client


def test_a_granted_refund_is_sent_once_and_the_payment_stays_paid(paid, officer):
    refund = grant(paid, AMOUNT, officer)

    client = send(refund_answer(paid, AMOUNT))

    (asked,) = client.asked
    assert (asked["vnp_RequestId"], asked["vnp_TransactionType"], asked["vnp_Amount"]) == (refund.request_no, "02", "1600000")
    assert asked["vnp_TransactionNo"] == paid.gateway_no and "leader" not in json.dumps(asked)
    assert (fresh(refund).state, fresh(refund).response, fresh(refund).settled_at) == ("done", "00", LATER)
    assert (PaymentNotice.get().kind, PaymentNotice.get().answer) == ("refund", "00")
    assert fresh(paid).state == "paid"
    assert send(refund_answer(paid, AMOUNT)).asked == []


def test_a_part_is_sent_as_a_part_and_more_than_paid_is_never_sent(paid, officer):
    grant(paid, 6_000, officer)
    with pytest.raises(WrongInput, match="Chỉ còn hoàn được 10.000"):
        refunds.ask(paid, 10_001, "Thừa", officer, LATER, "too much")

    (asked,) = send(refund_answer(paid, 6_000)).asked
    assert (asked["vnp_TransactionType"], asked["vnp_Amount"]) == ("03", "600000")


def test_what_was_not_granted_is_not_sent(paid, officer):
    refunds.ask(paid, AMOUNT, "Trả thừa", officer, LATER, "asked")

    assert send(refund_answer(paid, AMOUNT)).asked == []


@pytest.mark.parametrize(
    ("code", "state"),
    [("00", "done"), ("95", "failed"), ("91", "failed"), ("97", "failed"), ("94", "unknown"), ("99", "unknown")],
)
def test_what_the_gateway_says_of_a_refund(paid, officer, code, state):
    refund = grant(paid, AMOUNT, officer)

    send(refund_answer(paid, AMOUNT, code))

    assert (fresh(refund).state, fresh(refund).response) == (state, code)
    assert refunds.left_of(paid) == (AMOUNT if state == "failed" else 0), "what may have gone back is not sent anew"
    assert send(refund_answer(paid, AMOUNT), again=True).asked == [], "it was answered"


@pytest.mark.parametrize(
    "says",
    [SILENT, "rubbish", lambda one: refund_answer(one, 1), lambda one: refund_answer(one, AMOUNT, TxnRef="H21P9"),
     lambda one: refund_answer(one, AMOUNT, TmnCode="OTHER001"), lambda one: query_answer(one)],
    ids=["silence", "rubbish", "another amount", "another payment", "another merchant", "another answer"],
)  # fmt: skip
def test_a_refund_without_a_right_answer_is_unknown(paid, officer, says):
    refund = grant(paid, AMOUNT, officer)

    send(says(paid) if callable(says) else says)

    assert fresh(refund).state == "unknown"
    assert send(refund_answer(paid, AMOUNT)).asked == [], "it may have gone"


def test_what_surely_never_arrived_waits_for_the_next_minute(paid, officer):
    refund = grant(paid, AMOUNT, officer)

    send(REFUSES)
    assert fresh(refund).state == "sent"
    send(refund_answer(paid, AMOUNT))
    assert fresh(refund).state == "done"


def test_an_unanswered_refund_goes_again_under_its_number_on_the_same_day_alone(paid, officer):
    refund = grant(paid, AMOUNT, officer)
    first = send(SILENT)

    assert send(SILENT, now=LATER + DAY, again=True).asked == [], "the gateway knows its number for a day"
    again = send(refund_answer(paid, AMOUNT, "94"), again=True)

    assert again.asked[0]["vnp_RequestId"] == first.asked[0]["vnp_RequestId"]
    assert (fresh(refund).state, fresh(refund).response) == ("unknown", "94")


def test_two_workers_send_a_refund_once(paid, officer):
    grant(paid, AMOUNT, officer)
    clients = [Gateway(refund_answer(paid, AMOUNT)) for _ in range(4)]

    at_once(*(lambda one=one: payments.send_refunds(one, lambda: LATER) for one in clients))

    assert sum(len(client.asked) for client in clients) == 1


def test_an_answer_left_behind_unjudged_finds_its_refund(paid, officer, library):
    refund = grant(paid, AMOUNT, officer)
    send(SILENT)
    payments.keep("refund", refund_answer(paid, AMOUNT), LATER, attempt=paid)

    payments.judge_left_behind(Gateway(), LATER + MINUTE, library.calendar)

    assert fresh(refund).state == "done"


# --- all orders of six events ----------------------------------------------------------------------------------------


class Stop(Exception):
    """Ends an order, and all that happened in it."""


class World:
    """One request, two tries to pay it, and six things that may happen, each once, in any order."""

    def __init__(self, request, first, second, officer, library):
        self.request, self.first, self.second = request, first, second
        self.officer, self.library = officer, library
        self.now = LATER
        self.is_killed = False  # whoever does the next thing, at its last statement; then it is done again

    def again(self) -> "World":
        """The same, for another way on from here."""
        return copy.copy(self)

    def does(self, deed):
        if self.is_killed:
            with pytest.raises(Stop), db.atomic():
                deed()
                raise Stop
        return deed()

    def hear(self, raw: str) -> str:
        """A notice; killed after it was kept, it is judged by the queue."""
        notice = payments.keep("ipn", raw, self.now)
        return self.does(lambda: payments.judge(notice, Gateway(), self.now, self.library.calendar))

    def fails(self):  # the first try: the bank says no, by mistake or too early
        self.hear(notice_of(self.first, "24"))

    def pays(self):  # the first try: paid in time, and told
        self.hear(notice_of(self.first))

    def pays_twice(self):  # the second try: paid in time as well
        self.hear(notice_of(self.second))

    def is_asked(self):  # the queue's turn: the gateway knows that the first is paid
        PaymentAttempt.update(next_query_at=self.now).where(
            PaymentAttempt.id == self.first.id, PaymentAttempt.state.in_(payments.UNDER_WAY)
        ).execute()
        PaymentAttempt.update(next_query_at=None).where(PaymentAttempt.id == self.second.id).execute()
        self.does(lambda: payments.ask_due(Gateway(query_answer(self.first)), lambda: self.now, self.library.calendar))

    def brings_cash(self):  # at the desk, by somebody who was told to wait and did not
        who, calendar = (AMOUNT, "Siu Ánh", "", self.officer, self.now), self.library.calendar
        try:
            self.does(lambda: receipts.take(self.request.dossier, self.request.id, "cash", *who, calendar, "cash", is_sure=True))
        except MoveRefused:
            self.cash_refused = True

    def runs_out(self):  # time passes: both tries have expired, and a forged success arrives
        self.now = EXPIRED + DAY
        assert self.hear(altered(notice_of(self.second, "24"), ResponseCode="00", TransactionStatus="00")) == "97"

    EVENTS = ("fails", "pays", "pays_twice", "is_asked", "brings_cash", "runs_out")

    def is_right(self, order) -> None:
        """Whatever came first settled it; all other money that came goes to staff; nothing is lost or counted twice."""
        request = fresh(self.request)
        first, second = PaymentAttempt.select().order_by(PaymentAttempt.id)
        valid = list(Receipt.select())
        assert len(valid) == 1 and valid[0].number == 1 and request.settled_at and request.voided_at is None
        money = ["first" if name in ("pays", "is_asked") else name for name in order if name in MONEY]
        if self.is_asked_in_vain(order):
            money = ["first" if name == "pays" else name for name in order if name in MONEY and name != "is_asked"]
        winner = money[0]
        assert (first.state, second.state) == ("paid", "paid")
        assert valid[0].attempt_id == {"first": first.id, "pays_twice": second.id, "brings_cash": None}[winner]
        assert valid[0].method == request.method == ("cash" if winner == "brings_cash" else "online")
        assert first.problem == ("" if winner == "first" else "double")
        assert second.problem == ("" if winner == "pays_twice" else "double")
        assert hasattr(self, "cash_refused") == (winner != "brings_cash")
        dossier = fresh(self.request.dossier)
        assert (dossier.state, dossier.payment) == (State.ACCEPTED, "paid")
        assert dossier.events.where(Event.name == "paid").count() == 1
        assert not PaymentNotice.select().where(PaymentNotice.judged_at.is_null()).exists()
        in_hand = AMOUNT * (2 + (winner == "brings_cash"))
        counted = valid[0].amount_dong + sum(one.amount_dong for one in (first, second) if one.problem)
        assert counted == in_hand

    @staticmethod
    def is_asked_in_vain(order) -> bool:
        """What is known to have failed is asked for no more: then its own notice is what tells."""
        return order.index("fails") < order.index("is_asked")


MONEY = ("pays", "pays_twice", "is_asked", "brings_cash")
KILLED = 3  # so many first events of each order are cut off before their last word, and done again


@pytest.fixture
def world(request_, officer, library):
    first = try_to_pay(request_)
    second = try_to_pay(request_, is_sure=True)
    return lambda: World(fresh(request_), fresh(first), fresh(second), officer, library)


def all_orders(begin, order: tuple[str, ...] = ()) -> int:
    """Each order to its end, and back to where it branched off; returns how many ended right."""
    if len(order) == len(World.EVENTS):
        begin().is_right(order)
        return 1
    ended = 0
    for name in World.EVENTS:
        if name in order:
            continue
        with pytest.raises(Stop), db.atomic():
            here = begin()
            here.is_killed = len(order) < KILLED
            getattr(here, name)()
            ended += all_orders(lambda here=here: here.again(), (*order, name))
            raise Stop
    return ended


def test_all_orders_of_six_events_end_right_with_kills_between(world):
    before = rows()

    assert all_orders(world) == 720
    assert rows() == before, "each order began with the same world"


def test_an_order_that_ends_wrong_would_be_seen(world):
    here = world()
    for name in World.EVENTS:
        getattr(here, name)()
    Receipt.update(number=2).execute()

    with pytest.raises(AssertionError):
        here.is_right(World.EVENTS)

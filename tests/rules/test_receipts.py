"""Money taken at the desk, its numbered receipts, voiding and refunding by two, the day sheet and the gateway's word."""

import contextlib
import threading
from datetime import timedelta

import pytest
from stage import make_staff
from together import at_once

from database import utc_now
from models import Dossier, Event, FormCounter, PaymentAttempt, PaymentNotice, PaymentRequest, Receipt, Refund, State
from rules import WrongInput, data_export, day_sheet, payment_requests, receipts, refunds, workflow
from rules.payment_requests import PaymentUnderWay, Wanted
from rules.payment_words import number_of
from rules.receipts import read_reference
from rules.vietnamese import in_vietnam
from rules.workflow import MoveRefused

NOW = utc_now()
SOON = NOW + timedelta(minutes=5)
TODAY = in_vietnam(NOW).date()
YEAR = TODAY.year


@pytest.fixture
def leader(app):
    return make_staff("leader")


@pytest.fixture
def ask(officer, library):
    """A dossier that waits for 16.000 đồng."""

    def asked(dossier) -> PaymentRequest:
        workflow.make_move(dossier, "accept", officer, NOW, library.calendar)
        wanted = Wanted("Phí bản sao", 16_000, "Thông tư 281", (NOW + timedelta(days=7)).date())
        return payment_requests.ask(dossier, wanted, officer, NOW, library.calendar, f"asked-{dossier.id}")

    return asked


@pytest.fixture
def asked(dossier, ask):
    return ask(dossier)


@pytest.fixture
def take(officer, library):
    def taken(request, method="cash", amount=16_000, payer="Siu Ánh", reference="", by=None, key="taken", now=SOON, **more):
        said = request.id, method, amount, payer, reference
        dossier = Dossier.get_by_id(request.dossier_id)
        return receipts.take(dossier, *said, by or officer, now, library.calendar, f"{key}-{request.id}", **more)

    return taken


def attempt_for(request, state="paid", **more) -> PaymentAttempt:
    number = PaymentAttempt.select().count() + 1
    known = {"amount_dong": 16_000, "bank": "NCB", "made_at": NOW, "expires_at": NOW}
    known["settled_at"] = NOW if state == "paid" else None
    return PaymentAttempt.create(
        **known | more, request=request, txn_ref=f"H21P{number}", state=state, form_key=f"attempt-{number}"
    )


def everything() -> list:
    tables = Dossier, PaymentRequest, PaymentAttempt, Receipt, Refund, Event, FormCounter
    return [list(table.select().order_by(table.id).dicts()) for table in tables]


# --- taking ----------------------------------------------------------------------------------------------------------


def test_cash_is_settled_with_a_receipt_and_the_dossier_goes_on(asked, take, officer):
    receipt = take(asked)
    dossier = Dossier.get_by_id(asked.dossier_id)

    assert (receipt.number, receipt.year, receipt.amount_dong, receipt.method) == (1, YEAR, 16_000, "cash")
    assert (receipt.payer_name, receipt.made_by, Receipt.get_by_id(receipt.id).copies) == ("Siu Ánh", officer, 1)
    assert (dossier.state, dossier.payment) == (State.ACCEPTED, "paid")
    assert PaymentRequest.get_by_id(asked.id).method == "cash" and number_of(receipt) == f"0000001/{YEAR}"


def test_the_same_form_sent_again_is_the_same_receipt(asked, take):
    first, before = take(asked), everything()

    assert take(asked) == first and everything() == before


@pytest.mark.parametrize("method", ["cash", "transfer"])
def test_another_amount_than_asked_is_refused_and_nothing_happened(asked, take, method):
    before = everything()

    with pytest.raises(WrongInput, match="Phải đúng 16.000 đồng"):
        take(asked, method, 15_999, reference="FT123456")
    assert everything() == before


def test_a_transfer_names_its_line_of_the_statement_which_pays_once(account, submit, ask, take):
    one, two = ask(submit(account)), ask(submit(account))
    with pytest.raises(WrongInput, match="số tham chiếu"):
        take(one, "vietqr")
    assert take(one, "vietqr", reference="FT123456").reference == "FT123456"
    before = everything()

    with pytest.raises(WrongInput, match=f"0000001/{YEAR}"):
        take(two, "transfer", reference="FT123456")
    assert everything() == before


def test_two_officers_with_the_same_line_of_the_statement_at_once_take_it_once(account, submit, ask, take, monkeypatch):
    """Both have looked before either has written: one of them is told, and leaves no number behind."""
    requests, meeting = [ask(submit(account)), ask(submit(account))], threading.Barrier(2)

    def meet(*arguments):
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(0.5)

    monkeypatch.setattr(payment_requests, "refuse_if_under_way", meet)
    done = at_once(*(lambda one=one: take(one, "transfer", reference="FT123456") for one in requests))

    assert sorted(type(one).__name__ for one in done) == ["Receipt", "WrongInput"]
    assert [receipt.number for receipt in Receipt.select()] == [FormCounter.get().last] == [1]


@pytest.mark.parametrize("typed", ["ft 26327 123456", "FT26327123456"])
def test_a_reference_is_compared_however_it_is_typed(typed):
    assert read_reference(typed) == "FT26327123456"


@pytest.mark.parametrize("typed", ["12", "đã chuyển rồi", "x" * 61, "<b>1234</b>"])
def test_what_is_no_reference_is_refused(typed):
    with pytest.raises(WrongInput, match="Số tham chiếu"):
        read_reference(typed)


def test_while_somebody_pays_online_taking_money_asks_first(asked, take):
    attempt_for(asked, "unknown")
    before = everything()

    with pytest.raises(PaymentUnderWay):
        take(asked)
    assert everything() == before and take(asked, is_sure=True).number == 1


def test_a_request_that_is_no_more_takes_no_money(asked, take, officer, library, dossier):
    payment_requests.waive(Dossier.get_by_id(dossier.id), "Hộ nghèo", officer, SOON, library.calendar, "waived")
    before = everything()

    with pytest.raises(MoveRefused, match="vừa được người khác"):
        take(asked)
    assert everything() == before


def test_two_who_take_it_at_once_have_one_receipt(asked, take, leader):
    other = make_staff("officer", "hai")
    answers = at_once(lambda: take(asked, key="one"), lambda: take(asked, by=other, key="two"))

    assert sorted(type(answer).__name__ for answer in answers) == ["MoveRefused", "Receipt"]
    assert (Receipt.select().count(), FormCounter.get(FormCounter.form == "payment").last) == (1, 1)


def test_numbers_follow_each_other_without_gaps_also_past_refusals(account, submit, ask, take):
    requests = [ask(submit(account)) for _ in range(3)]
    for request in requests:
        with pytest.raises(WrongInput):
            take(request, amount=1)
        take(request)

    assert [row.number for row in Receipt.select().order_by(Receipt.id)] == [1, 2, 3]


def test_a_copy_counts_once_for_each_page_it_was_asked_from(asked, take):
    receipt = receipts.receipt_of(Dossier.get_by_id(asked.dossier_id), take(asked).id)

    assert [receipts.reprint(receipt, "1"), receipts.reprint(receipt, "1"), receipts.reprint(receipt, "2")] == [2, 2, 3]


# --- voiding ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def taken(asked, take):
    receipt = take(asked)
    return receipts.receipt_of(Dossier.get_by_id(asked.dossier_id), receipt.id)


def test_one_asks_another_grants_and_the_number_stays_used(taken, officer, leader, account, submit, ask, take):
    receipts.ask_void(taken, "Sai tên", officer, SOON)
    with pytest.raises(MoveRefused, match="người khác duyệt"):
        receipts.decide_void(taken, True, officer, SOON, "own")
    assert Receipt.get_by_id(taken.id).voided_at is None

    void = receipts.decide_void(taken, True, leader, SOON, "void")
    dossier = Dossier.get_by_id(taken.request.dossier_id)
    assert (void.voided_by, void.void_asked_by, void.void_reason, void.number) == (leader, officer, "Sai tên", 1)
    assert (dossier.payment, dossier.events.order_by(Event.id.desc()).first().name) == ("", "receipt_voided")
    assert take(ask(submit(account))).number == 2


def test_granted_twice_by_one_form_is_once_and_by_another_refused(taken, officer, leader):
    receipts.ask_void(taken, "Sai tên", officer, SOON)
    receipts.decide_void(taken, True, leader, SOON, "void")
    before = everything()

    receipts.decide_void(taken, True, leader, SOON, "void")
    with pytest.raises(MoveRefused, match="không chờ duyệt"):
        receipts.decide_void(taken, True, leader, SOON, "other")
    with pytest.raises(MoveRefused, match="đã hủy rồi"):
        receipts.ask_void(taken, "Lần nữa", leader, SOON)
    assert everything() == before


def test_not_granted_it_stands_and_may_be_asked_again(taken, officer, leader):
    receipts.ask_void(taken, "Sai tên", officer, SOON)
    stands = receipts.decide_void(taken, False, leader, SOON, "no")

    assert (stands.voided_at, stands.void_asked_at, stands.void_reason) == (None, None, "")
    receipts.ask_void(taken, "Sai tên", leader, SOON)
    assert receipts.waiting_voids("H21.129") == [taken] and receipts.waiting_voids("H21.121") == []


def test_without_a_reason_or_an_asker_nothing_is_voided(taken, officer, leader):
    before = everything()

    with pytest.raises(WrongInput, match="vì sao"):
        receipts.ask_void(taken, "", officer, SOON)
    with pytest.raises(MoveRefused, match="không chờ duyệt"):
        receipts.decide_void(taken, True, leader, SOON, "void")
    assert everything() == before


def test_another_takes_its_place_under_the_next_number_once(taken, officer, leader):
    with pytest.raises(MoveRefused, match="chưa hủy"):
        receipts.replace(taken, "cash", "Siu Ánh Đúng", "", officer, SOON, "early")
    receipts.ask_void(taken, "Sai tên", officer, SOON)
    receipts.decide_void(taken, True, leader, SOON, "void")
    new = receipts.replace(taken, "cash", "Siu Ánh Đúng", "", officer, SOON, "new")

    assert (new.number, new.replaces, new.amount_dong, new.request_id) == (2, taken, 16_000, taken.request_id)
    assert Dossier.get_by_id(taken.request.dossier_id).payment == "paid"
    before = everything()
    assert receipts.replace(taken, "cash", "Siu Ánh Đúng", "", officer, SOON, "new") == new
    with pytest.raises(MoveRefused):
        receipts.replace(taken, "cash", "Siu Ánh", "", officer, SOON, "again")
    assert everything() == before


# --- what came wrong -------------------------------------------------------------------------------------------------


def test_what_came_late_pays_for_its_request_after_all(asked, officer, library):
    attempt = attempt_for(asked, problem="late", gateway_no="14831393")
    assert refunds.problems("H21.129") == [attempt] and refunds.problems("H21.121") == []

    attempt.request.dossier = Dossier.get_by_id(asked.dossier_id)
    receipt = refunds.take_over(attempt, officer, SOON, library.calendar, "taken")
    assert (receipt.attempt, receipt.method, receipt.reference, receipt.made_by) == (attempt, "online", "14831393", officer)
    assert (Dossier.get_by_id(asked.dossier_id).payment, refunds.problems("H21.129")) == ("paid", [])
    assert refunds.take_over(attempt, officer, SOON, library.calendar, "taken") == receipt


def test_money_for_a_request_that_is_paid_is_not_taken_again(asked, take, officer, library):
    attempt = attempt_for(asked, problem="late")
    take(asked)
    attempt.request.dossier = Dossier.get_by_id(asked.dossier_id)
    before = everything()

    with pytest.raises(MoveRefused, match="không nhận"):
        refunds.take_over(attempt, officer, SOON, library.calendar, "late")
    assert everything() == before


def test_what_was_done_about_it_is_said(asked, officer):
    attempt = attempt_for(asked, problem="reversed")
    with pytest.raises(WrongInput):
        refunds.solve(attempt, "", officer, SOON)
    refunds.solve(attempt, "Cổng đã trả lại", officer, SOON)

    solved = PaymentAttempt.get_by_id(attempt.id)
    assert (solved.problem_note, solved.problem_solved_by) == ("Cổng đã trả lại", officer)
    assert refunds.problems("H21.129") == []


def test_a_refund_is_asked_by_one_and_granted_by_another(asked, officer, leader):
    attempt = attempt_for(asked, problem="double")
    refund = refunds.ask(attempt, 16_000, "Trả hai lần", officer, SOON, "refund")
    with pytest.raises(MoveRefused, match="người khác duyệt"):
        refunds.decide(refund, True, officer, SOON, "own")
    assert Refund.get_by_id(refund.id).state == "asked" and refunds.waiting("H21.129") == [refund]

    granted = refunds.decide(refund, True, leader, SOON, "granted")
    assert (granted.state, granted.granted_by) == ("sent", leader)
    assert refunds.problems("H21.129") == [] and refunds.under_way("H21.129", SOON) == [refund]
    before = everything()
    refunds.decide(refund, True, leader, SOON, "granted")
    with pytest.raises(MoveRefused, match="không chờ duyệt"):
        refunds.decide(refund, False, leader, SOON, "other")
    assert everything() == before


def test_no_more_goes_back_than_came(asked, officer, leader):
    attempt = attempt_for(asked)
    for amount, key in ((16_001, "a"), (1_600_000, "b")):
        with pytest.raises(WrongInput, match="Chỉ còn hoàn được 16.000 đồng"):
            refunds.ask(attempt, amount, "Nhầm", officer, SOON, key)
    first = refunds.ask(attempt, 10_000, "Một phần", officer, SOON, "c")
    assert refunds.ask(attempt, 10_000, "Một phần", officer, SOON, "c") == first
    with pytest.raises(WrongInput, match="Chỉ còn hoàn được 6.000 đồng"):
        refunds.ask(attempt, 6_001, "Nhầm", officer, SOON, "d")
    refunds.decide(first, False, leader, SOON, "dropped")

    second = refunds.ask(attempt, 16_000, "Cả", officer, SOON, "e")
    assert refunds.left_of(attempt) == 0 and first.request_no != second.request_no


def test_two_who_ask_at_once_do_not_send_back_more_than_came(asked, officer):
    attempt = attempt_for(asked)
    calls = [lambda key=key: refunds.ask(attempt, 10_000, "Nhầm", officer, SOON, key) for key in ("one", "two")]

    assert sorted(type(answer).__name__ for answer in at_once(*calls)) == ["Refund", "WrongInput"]


def test_what_was_not_paid_is_not_refunded(asked, officer):
    with pytest.raises(WrongInput, match="chưa trả được tiền"):
        refunds.ask(attempt_for(asked, "failed"), 16_000, "Nhầm", officer, SOON, "refund")


# --- the sheets ------------------------------------------------------------------------------------------------------


def of_today() -> day_sheet.DaySheet:
    return day_sheet.of_days("H21.129", TODAY, TODAY)


def test_the_day_sheet_counts_by_method_and_by_officer(account, submit, ask, take, officer):
    other = make_staff("officer", "hai")
    take(ask(submit(account)), now=NOW)
    take(ask(submit(account)), by=other, now=NOW)
    take(ask(submit(account)), "transfer", reference="FT1234", now=NOW)

    sheet = of_today()
    assert [(one.made, one.made_dong) for one in sheet.by_method] == [(2, 32_000), (1, 16_000), (0, 0), (0, 0)]
    assert sum(one.made_dong for one in sheet.by_officer) == sheet.whole.left_dong == 48_000
    assert len(sheet.by_officer) in (1, 2) and [one.number for one in sheet.made] == [1, 2, 3]
    assert day_sheet.of_days("H21.121", TODAY, TODAY).whole.made == 0


def test_a_day_that_has_passed_says_the_same_when_its_receipt_is_voided_later(taken, officer, leader):
    Receipt.update(made_at=NOW - timedelta(days=3)).execute()
    before = day_sheet.of_days("H21.129", TODAY - timedelta(days=3), TODAY - timedelta(days=3)).whole
    receipts.ask_void(taken, "Sai tên", officer, NOW)
    receipts.decide_void(taken, True, leader, NOW, "void")

    assert day_sheet.of_days("H21.129", TODAY - timedelta(days=3), TODAY - timedelta(days=3)).whole == before
    assert (of_today().whole.made, of_today().whole.left_dong, of_today().voided) == (0, -16_000, [taken])


def test_what_the_gateway_says_agrees_with_the_receipts_or_the_payment_is_named(account, submit, ask, officer, library):
    def online(**more):
        request = ask(submit(account))
        return attempt_for(request, problem="late", **more)

    def accept(attempt, key):
        attempt.request.dossier = Dossier.get_by_id(attempt.request.dossier_id)
        return refunds.take_over(attempt, officer, NOW, library.calendar, key)

    good, lost = online(), online()
    accept(good, "good")
    found = day_sheet.reconcile("H21.129", TODAY, TODAY)
    side = found.sides[day_sheet.COUNTED.index("online")]
    assert (side.theirs, side.theirs_dong, side.ours.left_dong, side.difference_dong) == (2, 32_000, 16_000, 16_000)
    assert found.unreceipted == [lost] and not found.agrees

    receipt = accept(lost, "lost")
    assert day_sheet.reconcile("H21.129", TODAY, TODAY).agrees
    PaymentAttempt.update(state="failed").where(PaymentAttempt.id == lost.id).execute()
    found = day_sheet.reconcile("H21.129", TODAY, TODAY)
    assert found.unheard == [receipt] and not found.agrees


def test_a_receipt_in_anothers_place_still_stands_for_its_payment(asked, officer, leader, library):
    attempt = attempt_for(asked, problem="late")
    attempt.request.dossier = Dossier.get_by_id(asked.dossier_id)
    made = refunds.take_over(attempt, officer, NOW, library.calendar, "good")
    receipt = receipts.receipt_of(attempt.request.dossier, made.id)
    receipts.ask_void(receipt, "Sai tên", officer, NOW)
    receipts.decide_void(receipt, True, leader, NOW, "void")
    assert day_sheet.reconcile("H21.129", TODAY, TODAY).unreceipted == [attempt]

    receipts.replace(receipt, "online", "Siu Ánh", receipt.reference, officer, NOW, "new")
    assert day_sheet.reconcile("H21.129", TODAY, TODAY).agrees


def test_strange_notices_wrong_sums_and_refunds_are_named(asked, officer, leader, library):
    PaymentNotice.create(kind="ipn", raw="vnp_TxnRef=x", received_at=NOW, answer="01")
    attempt = attempt_for(asked, problem="late")
    attempt.request.dossier = Dossier.get_by_id(asked.dossier_id)
    receipt = refunds.take_over(attempt, officer, NOW, library.calendar, "good")
    refund = refunds.ask(attempt, 1000, "Thừa", officer, NOW, "refund")
    refunds.decide(refund, True, leader, NOW, "granted")
    Receipt.update(amount_dong=15_000).where(Receipt.id == receipt.id).execute()

    found = day_sheet.reconcile("H21.129", TODAY, TODAY)
    assert [one.answer for one in found.strangers] == ["01"]
    assert (found.wrong_sums, found.refunds, found.refunded_dong, found.agrees) == ([receipt], [refund], 0, False)


def test_who_takes_their_data_home_finds_requests_and_receipts(taken, account, app, library):
    sections = data_export.gather(account, app.extensions["files"], library, NOW).sections

    (request,) = sections["Hồ sơ đã nộp"][0]["Yêu cầu thanh toán"]
    assert (request["Số tiền (đồng)"], request["Cách nộp"]) == (16_000, "Tiền mặt")
    assert request["Biên lai"][0]["Số"] == f"0000001/{YEAR}" and data_export.as_json(sections)

"""The gateway's calls and the payer's way back: answers in the protocol's order, and a page that believes no address."""

import json
import sqlite3

import msgspec
import pytest
from paying import AMOUNT, FORGERIES, MINUTE, Gateway, altered, ask_for_money, notice_of, query_answer, try_to_pay
from together import Requests, at_once

from database import db, utc_now
from models import Attempts, Dossier, Message, PaymentAttempt, PaymentNotice, PaymentRequest, Receipt, Refund, State
from rules import attempts, payments, workflow

IPN, RETURN = "/thanh-toan/vnpay/ipn", "/thanh-toan/vnpay/return"
SAYS = {
    "97": "Fail checksum",
    "01": "Order not found",
    "04": "Invalid amount",
    "02": "Order already confirmed",
    "00": "Confirm Success",
    "99": "Unknown error",
}


@pytest.fixture
def client(app, monkeypatch):
    """The site's client, whose line is the test; nothing in a request may use it."""
    client = Gateway()
    monkeypatch.setitem(app.extensions, "payments", client)
    return client


@pytest.fixture
def attempt(client, dossier, officer, library) -> PaymentAttempt:
    now = utc_now()
    return try_to_pay(ask_for_money(dossier, officer, library.calendar, now), now)


@pytest.fixture
def call(app):
    """The gateway's call, on a connection and with a browser of nobody's; returns the code it is answered with."""

    def called(query: str) -> str:
        answer = app.test_client().get(f"{IPN}?{query}")
        assert (answer.status_code, answer.mimetype) == (200, "application/json")
        assert answer.json == {"RspCode": answer.json["RspCode"], "Message": SAYS[answer.json["RspCode"]]}
        return answer.json["RspCode"]

    return called


def fresh(row):
    return type(row).get_by_id(row.id)


def rows() -> list:
    tables = Dossier, PaymentRequest, PaymentAttempt, Refund, Receipt, Message
    return [list(table.select().order_by(table.id).dicts()) for table in tables]


def run_queue(app) -> int:
    """Everything that was asked for in haste; returns how many tasks that were."""
    queue, done = app.extensions["queue"], 0
    while task := queue.dequeue():
        queue.execute(task)
        done += 1
    db.connect(reuse_if_open=True)
    return done


# --- notices ---------------------------------------------------------------------------------------------------------


def test_a_notice_is_taken_from_whoever_has_the_secret_and_the_dossier_goes_on(call, attempt, dossier):
    assert call(notice_of(attempt)) == "00"

    assert (fresh(attempt).state, fresh(attempt).settled_by) == ("paid", "ipn")
    assert (fresh(dossier).state, Receipt.get().amount_dong) == (State.ACCEPTED, AMOUNT)
    assert (PaymentNotice.get().kind, PaymentNotice.get().raw) == ("ipn", notice_of(attempt))


def test_what_a_notice_was_answered_stands_in_the_security_log_and_nothing_of_the_payer(call, attempt, app):
    call(notice_of(attempt))

    line = json.loads(app.extensions["security_log"].path.read_text("utf-8").splitlines()[-1])
    assert (line["event"], line["notice"], line["answer"]) == ("payment notice", PaymentNotice.get().id, "00")
    assert line.keys() <= {"at", "event", "address", "notice", "answer", "before", "chain", "hash"}


def test_a_failure_is_taken_too(call, attempt, dossier):
    assert [call(notice_of(attempt, "51")), call(notice_of(attempt, "51"))] == ["00", "02"]

    assert (fresh(attempt).state, fresh(dossier).state) == ("failed", State.AWAITING_PAYMENT)


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_notice_has_the_right_answer_is_kept_and_pays_nothing(call, attempt, name):
    answer, forge = FORGERIES[name]
    before = rows()

    assert call(forge(attempt)) == answer
    assert rows() == before
    assert (PaymentNotice.get().raw, PaymentNotice.get().answer) == (forge(attempt), answer)


def test_twenty_at_once_settle_once(call, attempt, dossier):
    query = notice_of(attempt)
    db.close()  # of the pool's twenty connections this one is the test's own
    answers = at_once(*[lambda: call(query)] * 20, database=Requests)
    db.connect()

    assert sorted(answers) == ["00", *["02"] * 19]
    assert (Receipt.select().count(), fresh(dossier).state) == (1, State.ACCEPTED)
    assert [notice.answer for notice in PaymentNotice.select()].count("02") == 19


def test_two_payments_of_one_charge_at_once_are_both_confirmed_and_one_settles(call, attempt):
    second = try_to_pay(attempt.request, attempt.made_at, is_sure=True)
    calls = [lambda one=one: call(notice_of(one)) for one in (attempt, second) for _ in range(4)]

    answers = at_once(*calls, database=Requests)

    assert sorted(answers) == ["00"] * 2 + ["02"] * 6
    assert Receipt.select().count() == 1
    assert sorted(fresh(one).problem for one in (attempt, second)) == ["", "double"]


def test_what_goes_wrong_here_is_said_and_the_queue_does_it_later(call, attempt, app, library, monkeypatch, caplog):
    with monkeypatch.context() as broken:
        broken.setattr(payments, "_take", lambda *arguments: 1 / 0)
        assert call(notice_of(attempt)) == "99"
    assert "was not judged" in caplog.text and fresh(attempt).state == "sent"

    payments.judge_left_behind(app.extensions["payments"], utc_now() + 2 * MINUTE, library.calendar)
    assert (fresh(attempt).state, PaymentNotice.get().answer) == ("paid", "00")


def test_what_cannot_even_be_kept_is_called_again(call, attempt, monkeypatch):
    before = rows()
    with monkeypatch.context() as broken:
        broken.setattr(payments, "keep", lambda *arguments: 1 / 0)
        assert call(notice_of(attempt)) == "99"
    assert rows() == before

    assert call(notice_of(attempt)) == "00"


def test_a_notice_without_end_is_kept_in_part_and_refused(call, attempt):
    assert call(notice_of(attempt) + "&vnp_Note=" + "x" * 10_000) == "97"

    assert len(PaymentNotice.get().raw) == payments.LONGEST_RAW


def test_who_floods_the_disk_with_forgeries_is_answered_and_soon_kept_no_more(call, attempt):
    most = attempts.NOTICES_BY_ADDRESS.failures
    forged = altered(notice_of(attempt, "24"), ResponseCode="00")

    assert {call(forged) for _ in range(most + 30)} == {"97"}
    assert PaymentNotice.select().count() == most
    counted = list(Attempts.select().order_by(Attempts.key).dicts())
    assert call("nonsense") == "97"
    assert list(Attempts.select().order_by(Attempts.key).dicts()) == counted, "nothing at all is written"

    assert call(notice_of(attempt)) == "00", "what the gateway has signed is never counted"
    assert [call(notice_of(attempt)) for _ in range(3)] == ["02"] * 3
    assert PaymentNotice.select().count() == most + 4 and fresh(attempt).state == "paid"


def test_a_signed_notice_played_again_and_again_is_answered_the_same_and_soon_kept_no_more(call, attempt):
    """Whoever has paid holds an address that the gateway has signed."""
    signed = notice_of(attempt)
    fields, _, signature = signed.rpartition("&vnp_SecureHash=")
    turned = f"vnp_SecureHash={signature.upper()}&{'&'.join(reversed(fields.split('&')))}"

    assert [call(signed) for _ in range(payments.MOST_COPIES)] == ["00"] + ["02"] * (payments.MOST_COPIES - 1)
    before = rows()
    assert {call(notice) for notice in (signed, turned, f"{signed}&more=1")} == {"02"}
    assert rows() == before and PaymentNotice.select().count() == payments.MOST_COPIES
    assert call(notice_of(attempt, at=utc_now() + MINUTE)) == "02" and PaymentNotice.select().count() == payments.MOST_COPIES + 1


def test_after_a_while_a_few_forgeries_are_kept_again_and_in_all_there_is_a_limit_too(attempt, client):
    now, forged = utc_now(), "vnp_Amount=1"

    def kept(sender: str, at=now) -> bool:
        return payments.may_be_kept(forged, sender, client, at)

    assert sum(kept("203.0.113.9") for _ in range(50)) == attempts.NOTICES_BY_ADDRESS.failures
    assert not kept("203.0.113.200"), "its neighbours count as one"
    assert kept("203.0.113.9", now + 2 * MINUTE) and not kept("203.0.113.9", now + 2 * MINUTE)
    elsewhere = sum(kept(f"2001:db8:{number:x}::1") for number in range(200))
    assert 0 < elsewhere < attempts.NOTICES_ANYWHERE.failures
    assert payments.may_be_kept(notice_of(attempt), "203.0.113.9", client, now)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT"])
def test_a_notice_is_a_get_and_nothing_else(app, attempt, method):
    answer = app.test_client().open(f"{IPN}?{notice_of(attempt)}", method=method)

    assert answer.status_code == 405
    assert PaymentNotice.select().count() == 0


def test_an_answer_is_the_callers_alone(app, attempt):
    answer = app.test_client().get(f"{IPN}?{notice_of(attempt)}")

    assert "no-store" in answer.headers["Cache-Control"] and "Set-Cookie" not in answer.headers


# --- the payer comes back --------------------------------------------------------------------------------------------


def come_back(visitor, attempt, *said, **more):
    return visitor.get(f"{RETURN}?{notice_of(attempt, *said, **more)}")


def test_who_comes_back_before_the_notice_reads_that_it_is_not_known(visitor, attempt, client):
    before = rows()

    page = come_back(visitor, attempt)

    assert (page.status, page.heading) == (200, "Chưa rõ")
    assert "16.000" in page.words and attempt.txn_ref in page.words and "Đừng trả lại ngay" in page.words
    assert rows() == before and client.asked == [], "an address changes nothing, and no page waits for the gateway"


def test_who_comes_back_is_asked_for_by_the_queue_and_reads_it_on_the_same_page(visitor, attempt, client, app):
    client.says = [query_answer(attempt)]
    page = come_back(visitor, attempt)

    assert run_queue(app) == 1

    assert fresh(attempt).settled_by == "querydr"
    again = visitor.get(page.links["Xem lại kết quả"])
    assert (again.heading, again.links["Về hồ sơ"]) == ("Đã nộp tiền", f"/ca-nhan/ho-so/{attempt.request.dossier.code}")


def test_who_comes_back_after_the_notice_reads_that_it_is_paid(visitor, attempt, call, app):
    call(notice_of(attempt))
    app.extensions["queue"].flush()

    assert come_back(visitor, attempt).heading == "Đã nộp tiền"
    assert len(app.extensions["queue"]) == 0, "nothing is left to be asked"


def test_an_address_that_tells_of_a_failure_is_not_believed_either(visitor, attempt, call):
    assert come_back(visitor, attempt, "24").heading == "Chưa rõ"
    call(notice_of(attempt, "24"))

    page = come_back(visitor, attempt, "24")
    assert page.heading == "Chưa nộp được: Bạn đã hủy giao dịch" and attempt.txn_ref in page.words
    assert page.links["Trả lại"] == f"/ca-nhan/thanh-toan/{attempt.request.ref}/cach-tra"


@pytest.mark.parametrize("name", [name for name, (answer, _) in FORGERIES.items() if answer != "04"])
def test_an_address_that_the_gateway_did_not_sign_shows_nothing(app, visitor, attempt, name):
    page = visitor.get(f"{RETURN}?{FORGERIES[name][1](attempt)}")

    assert (page.status, page.heading) == (422, "Chưa đọc được kết quả")
    assert attempt.txn_ref not in page.words and attempt.request.dossier.code not in page.text
    assert (PaymentNotice.select().count(), len(app.extensions["queue"])) == (0, 0)


def has_phone(library, monkeypatch, phone: str) -> None:
    monkeypatch.setattr(library, "site", msgspec.structs.replace(library.site, phone=phone))


@pytest.mark.parametrize("said", [None, "24"], ids=["not known", "failed"])
def test_who_is_told_to_call_the_desk_can_press_its_number(visitor, attempt, call, library, monkeypatch, said):
    if said:
        call(notice_of(attempt, said))
    has_phone(library, monkeypatch, "0269 3 999 999")
    assert come_back(visitor, attempt).links["Gọi Bộ phận Một cửa: 0269 3 999 999"] == "tel:02693999999"

    has_phone(library, monkeypatch, "")
    assert "tel:" not in come_back(visitor, attempt).text


def test_the_payers_own_pages_have_the_number_too_while_it_is_not_known(visit_as, account, attempt, call, library, monkeypatch):
    payments._write(attempt, state="unknown")
    has_phone(library, monkeypatch, "0269 3 999 999")
    own, ref = visit_as(account), attempt.request.ref

    for path in ("", f"/{ref}", f"/{ref}/tra"):
        payments._write(attempt, expires_at=utc_now() - MINUTE)  # the bank's page is over: only the advice is left
        assert "tel:02693999999" in own.get(f"/ca-nhan/thanh-toan{path}").text, path
    call(notice_of(attempt, at=attempt.made_at))
    assert "tel:" not in own.get(f"/ca-nhan/thanh-toan/{ref}").text, "paid: there is nothing to call about"


def test_whose_money_staff_have_to_look_at_can_call_them(visitor, attempt, call, library, monkeypatch, officer):
    workflow.make_move(attempt.request.dossier, "stop", officer, utc_now(), library.calendar, "Trùng hồ sơ")
    call(notice_of(attempt))
    has_phone(library, monkeypatch, "0269 3 999 999")

    page = come_back(visitor, attempt)
    assert "trả lại tiền" in page.words and "tel:02693999999" in page.text


def test_the_gateway_hears_from_where_the_payer_presses_and_no_more(visit_as, account, attempt, client):
    payments._write(attempt, state="failed")
    own, path = visit_as(account), f"/ca-nhan/thanh-toan/{attempt.request.ref}"
    own.send(f"{path}/ngan-hang", {"bank": "NCB"}, "Thanh toán")

    latest = PaymentAttempt.select().order_by(PaymentAttempt.id.desc()).get()
    assert (latest.payer_address, latest.started_by) == ("127.0.0.1", account)
    assert own.get(f"{path}/tra").links["Thanh toán"] == own.get(f"{path}/tra").links["Thanh toán"]


def test_a_queue_that_cannot_be_written_costs_nobody_the_page(visitor, attempt, app, monkeypatch, caplog):
    def fall(task):
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(app.extensions["queue"], "enqueue", fall)

    assert come_back(visitor, attempt).heading == "Chưa rõ"
    assert "waits for its minute" in caplog.text

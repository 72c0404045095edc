"""Both sides of the protocol, each written without the other: the site's client pays at the trial bank and asks it."""

import threading
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import paying
import pytest
from paying import AMOUNT, MINUTE, ask_for_money
from sandboxed import Clock, Payer, Sandbox
from stage import make_staff

import sandbox.payments
from database import utc_now
from gateways.vnpay import Vnpay
from models import PaymentAttempt, Receipt
from rules import payments, refunds

IPN, RETURN = "/thanh-toan/vnpay/ipn", "/thanh-toan/vnpay/return"


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def bank(app, tmp_path, monkeypatch):
    """The trial bank, listening; the site knows it by its address and key alone."""
    bank = Sandbox(tmp_path, clock=Clock(utc_now().timestamp()), query_spacing=0)
    server = make_server("127.0.0.1", 0, bank.web, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    client = Vnpay(f"vnpay+http://{bank.key.tmn_code}:{bank.key.secret}@127.0.0.1:{server.server_port}")
    monkeypatch.setitem(app.extensions, "payments", client)
    yield bank
    server.shutdown()
    server.server_close()
    bank.close()


@pytest.fixture
def pay_at(bank, app, dossier, officer, library):
    """A try to pay, and its payer at the bank's page."""
    now = utc_now()
    request = ask_for_money(dossier, officer, library.calendar, now)

    def pay(code: str = "") -> tuple[PaymentAttempt, Payer]:
        attempt = payments.start(request, code, dossier.account, now, next(paying.keys), is_sure=True)
        address = urlsplit(payments.address_of(attempt, app.extensions["payments"], f"http://localhost{RETURN}"))
        return attempt, Payer(bank, f"{address.path}?{address.query}")

    return pay


@pytest.fixture
def call(app):
    return lambda notice: app.test_client().get(f"{IPN}?{notice}").json["RspCode"]


@pytest.fixture
def ask(app, library):
    """The queue's turn, so many minutes from now."""
    return lambda minutes: payments.ask_due(app.extensions["payments"], lambda: utc_now() + minutes * MINUTE, library.calendar)


def fresh(row):
    return type(row).get_by_id(row.id)


def test_paid_at_the_trial_bank_told_by_it_and_come_back_from_it(bank, pay_at, call, visitor):
    attempt, payer = pay_at()

    payer.pay()

    way_back = payer.answer.location.removeprefix("http://localhost")
    (notice,) = bank.notices()
    assert visitor.get(way_back).heading == "Chưa rõ"
    assert [call(notice), call(notice)] == ["00", "02"]
    assert visitor.get(way_back).heading == "Đã nộp tiền"
    paid = fresh(attempt)
    assert (paid.state, paid.gateway_no != "", paid.bank_no != "", paid.problem) == ("paid", True, True, "")


def test_what_is_cancelled_there_has_failed_here(bank, pay_at, call):
    attempt, payer = pay_at("NCB")

    payer.press("Hủy")

    assert [call(notice) for notice in bank.notices()] == ["00"]
    assert (fresh(attempt).state, fresh(attempt).response) == ("failed", "24")


def test_what_the_trial_bank_keeps_to_itself_is_asked_for(bank, pay_at, ask):
    bank.wish(way="silent")
    attempt, payer = pay_at("NCB")
    ask(minutes=3)
    assert fresh(attempt).state == "sent", "nothing has ended"

    payer.log_in().press("Thanh toán", otp="123456")
    ask(minutes=10)

    assert (fresh(attempt).state, fresh(attempt).settled_by) == ("paid", "querydr")


def test_what_was_paid_twice_goes_back_by_the_trial_bank(app, bank, pay_at, officer, call):
    first, second = pay_at("NCB"), pay_at("NCB")
    for _, payer in (first, second):
        payer.log_in().press("Thanh toán", otp="123456")
    assert [call(notice) for notice in bank.notices()] == ["00", "00"]
    double = fresh(second[0])
    refund = refunds.ask(double, AMOUNT, "Trả hai lần", officer, utc_now(), "asked")
    refunds.decide(refund, True, make_staff("leader"), utc_now(), "granted")

    payments.send_refunds(app.extensions["payments"], utc_now)

    assert (fresh(refund).state, fresh(refund).response) == ("done", "00")
    assert (fresh(double).state, fresh(double).problem) == ("paid", "double")


@pytest.mark.parametrize("mood", ["down", "rubbish"])
def test_a_bank_that_is_down_or_raves_settles_nothing_and_is_asked_again(bank, pay_at, ask, mood):
    attempt, payer = pay_at("NCB")
    payer.log_in().press("Thanh toán", otp="123456")
    bank.wish(answers=mood)

    ask(minutes=3)
    assert (fresh(attempt).state, Receipt.select().count()) == ("unknown", 0)

    bank.wish(answers="normal")
    ask(minutes=9)
    assert (fresh(attempt).state, Receipt.select().count()) == ("paid", 1)


def test_every_bank_of_the_list_is_one_of_the_gateways():
    assert payments.BANKS.keys() - {"", "VNPAYQR"} == sandbox.payments.BANKS.keys()

"""What the trial bank answers to a merchant's querydr and refund."""

import json

import pytest
from sandboxed import BEGAN, sign_values

ANSWER = (
    "ResponseId|Command|ResponseCode|Message|TmnCode|TxnRef|Amount|BankCode|PayDate|TransactionNo|TransactionType|"
    "TransactionStatus|OrderInfo|PromotionCode|PromotionAmount"
)
REFUND_ANSWER = ANSWER.removesuffix("|PromotionCode|PromotionAmount")


def is_signed(sandbox, answer: dict, order: str = ANSWER) -> bool:
    fields = dict(answer)
    return fields.pop("vnp_SecureHash") == sign_values(sandbox.key.secret, fields, order)


@pytest.fixture
def paid(sandbox):
    """What the merchant was told of a payment of 16,000 đồng."""
    return sandbox.payer().pay().told


def test_a_payment_is_asked_after(sandbox, paid):
    answer = sandbox.query(paid["vnp_TxnRef"])

    assert is_signed(sandbox, answer)
    assert (answer["vnp_ResponseCode"], answer["vnp_TransactionStatus"], answer["vnp_TransactionType"]) == ("00", "00", "01")
    for name in ("TxnRef", "Amount", "BankCode", "PayDate", "TransactionNo", "OrderInfo"):
        assert answer[f"vnp_{name}"] == paid[f"vnp_{name}"]


def test_what_is_not_finished_says_so_and_what_failed_too(sandbox):
    begun = sandbox.payer().follow("NCB")
    assert sandbox.query(begun.txn_ref)["vnp_TransactionStatus"] == "01"

    begun.press("Hủy giao dịch")
    sandbox.clock.now += 30
    answer = sandbox.query(begun.txn_ref)
    assert (answer["vnp_ResponseCode"], answer["vnp_TransactionStatus"]) == ("00", "02")


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"TmnCode": "KHAC0001"}, "02"),
        ({"RequestId": ""}, "03"),
        ({"Version": "2.0.0"}, "03"),
        ({"CreateDate": "hom nay"}, "03"),
        ({"IpAddr": "::1"}, "03"),
        ({"Command": "hello"}, "03"),
        ({"TxnRef": "H211292611230012P9"}, "91"),
        ({"TransactionDate": "20261123083001"}, "91"),
        ({"TransactionNo": "12345678"}, "91"),
        ({"secret": "A" * 32}, "97"),
    ],
)
def test_a_faulty_request_gets_its_code_and_no_facts(sandbox, paid, changes, code):
    answer = (
        sandbox.query(**{"txn_ref": paid["vnp_TxnRef"]} | changes)
        if "TxnRef" not in changes
        else sandbox.query(changes["TxnRef"])
    )

    assert answer["vnp_ResponseCode"] == code and is_signed(sandbox, answer)
    assert "vnp_Amount" not in answer and "vnp_TransactionStatus" not in answer


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"vnp_TxnRef": "\\ud800"}', b"\xff", b"[" * 5000, b'{"vnp_TmnCode": {}}']
)
def test_what_is_no_request_is_answered_all_the_same(sandbox, body):
    answer = sandbox.client.post("/merchant_webapi/api/transaction", data=body, headers={"Host": "127.0.0.1"})

    assert answer.status_code == 200 and answer.json["vnp_ResponseCode"] == "03"
    assert is_signed(sandbox, answer.json)


def test_a_request_number_is_good_once_a_day(sandbox, paid):
    first = sandbox.query(paid["vnp_TxnRef"], RequestId="A1")
    sandbox.clock.now += 60
    second = sandbox.query(paid["vnp_TxnRef"], RequestId="A1")
    sandbox.clock.now = BEGAN + 86_400

    assert (first["vnp_ResponseCode"], second["vnp_ResponseCode"]) == ("00", "94")
    assert sandbox.query(paid["vnp_TxnRef"], RequestId="A1")["vnp_ResponseCode"] == "00"


def test_who_asks_again_within_half_a_minute_asks_too_often(sandbox, paid):
    codes = []
    for _ in range(3):
        codes.append(sandbox.query(paid["vnp_TxnRef"])["vnp_ResponseCode"])
        sandbox.clock.now += 15

    assert codes == ["00", "94", "00"]


def test_all_of_it_goes_back_once(sandbox, paid):
    answer = sandbox.refund(paid["vnp_TxnRef"], 1_600_000, TransactionNo=paid["vnp_TransactionNo"])
    again = sandbox.refund(paid["vnp_TxnRef"], 1_600_000)

    assert is_signed(sandbox, answer, REFUND_ANSWER)
    assert (answer["vnp_ResponseCode"], answer["vnp_TransactionType"], answer["vnp_TransactionStatus"]) == ("00", "02", "05")
    assert (answer["vnp_Amount"], again["vnp_ResponseCode"]) == ("1600000", "95")
    assert len(sandbox.ledger.read("SELECT * FROM refund")) == 1


def test_parts_go_back_until_nothing_is_left(sandbox, paid):
    asked = [(600_000, "03"), (1_100_000, "03"), (1_600_000, "02"), (1_000_000, "03"), (100, "03")]

    assert [sandbox.refund(paid["vnp_TxnRef"], amount, kind)["vnp_ResponseCode"] for amount, kind in asked] == [
        "00",
        "95",
        "95",
        "00",
        "95",
    ]
    assert [row["amount"] for row in sandbox.ledger.read("SELECT amount FROM refund ORDER BY id")] == [600_000, 1_000_000]


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"amount": 1_600_100, "kind": "03"}, "95"),
        ({"amount": 1_500_000}, "95"),
        ({"amount": 0}, "03"),
        ({"amount": -100}, "03"),
        ({"amount": 1_600_000, "kind": "01"}, "03"),
        ({"amount": 1_600_000, "CreateBy": ""}, "03"),
        ({"amount": 1_600_000, "TransactionNo": "1"}, "91"),
        ({"amount": 1_600_000, "TransactionDate": "20261122083000"}, "91"),
        ({"amount": 1_600_000, "secret": "A" * 32}, "97"),
    ],
)
def test_a_refund_that_cannot_be_moves_no_money(sandbox, paid, changes, code):
    answer = sandbox.refund(paid["vnp_TxnRef"], **changes)

    assert answer["vnp_ResponseCode"] == code and is_signed(sandbox, answer, REFUND_ANSWER)
    assert sandbox.ledger.read("SELECT * FROM refund") == []


def test_nothing_goes_back_of_what_was_not_paid(sandbox):
    cancelled = sandbox.payer().press("Hủy giao dịch").told["vnp_TxnRef"]
    begun = sandbox.payer().txn_ref

    assert {sandbox.refund(reference, 1_600_000)["vnp_ResponseCode"] for reference in (cancelled, begun)} == {"95"}


def test_an_amount_may_be_a_number_and_nothing_stranger(sandbox, paid):
    def ask(amount: object) -> str:
        answer = sandbox.client.post(
            "/merchant_webapi/api/transaction",
            data=json.dumps({"vnp_Command": "refund", "vnp_Amount": amount}),
            headers={"Host": "127.0.0.1"},
        )
        return answer.json["vnp_ResponseCode"]

    assert {ask(amount) for amount in (True, 1.5, None, [1600000], 10**30)} == {"03"}

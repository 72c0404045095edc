"""Somebody who pays online: a request that waits, tries to pay it, and what the gateway says, signed with the site's secret."""

import functools
import itertools
import json
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlencode

from sandboxed import sign_query, sign_values

from database import Prepared
from gateways.vnpay import Reply, Vnpay
from models import Dossier, Event, FormCounter, PaymentAttempt, PaymentNotice, PaymentRequest, Receipt, Refund
from rules import payment_requests, payments, workflow
from rules.payment_requests import Wanted

TMN, SECRET = "IABANG01", "IABANGDEMOSECRETKEY0000000000001"
URL = f"vnpay+http://{TMN}:{SECRET}@127.0.0.1:1"
AMOUNT = 16_000
NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)  # 08:30 in Vietnam
MINUTE = timedelta(minutes=1)
EXPIRED = NOW + 16 * MINUTE
keys = (f"key-{number}" for number in itertools.count(1))
QUERY_ANSWER = (
    "ResponseId|Command|ResponseCode|Message|TmnCode|TxnRef|Amount|BankCode|PayDate|TransactionNo|TransactionType|"
    "TransactionStatus|OrderInfo|PromotionCode|PromotionAmount"
)
REFUND_ANSWER = QUERY_ANSWER.removesuffix("|PromotionCode|PromotionAmount")


def ask_for_money(dossier: Dossier, officer, calendar, now=NOW) -> PaymentRequest:
    """Accepted, and asked to pay."""
    if dossier.accepted_at is None:
        workflow.make_move(dossier, "accept", officer, now, calendar)
    wanted = Wanted("Phí bản sao", AMOUNT, "Thông tư 281", (now + timedelta(days=7)).date())
    return payment_requests.ask(dossier, wanted, officer, now, calendar, next(keys))


def try_to_pay(request: PaymentRequest, now=NOW, is_sure: bool = False) -> PaymentAttempt:
    return payments.start(request, "NCB", request.dossier.account, now, next(keys), is_sure)


def at_vietnam(moment: datetime) -> str:
    return moment.astimezone(timezone(timedelta(hours=7))).strftime("%Y%m%d%H%M%S")


def notice_fields(attempt: PaymentAttempt, response: str = "00", status: str | None = None, at=NOW + MINUTE) -> dict[str, str]:
    status = status if status is not None else {"00": "00", "07": "07"}.get(response, "02")
    took = status in ("00", "07")
    return {
        "vnp_TmnCode": TMN,
        "vnp_Amount": str(attempt.amount_dong * 100),
        "vnp_BankCode": "NCB",
        "vnp_BankTranNo": f"VNP{attempt.id}" if took else "",
        "vnp_CardType": "ATM",
        "vnp_PayDate": at_vietnam(at),
        "vnp_OrderInfo": "Thanh toan phi ho so",
        "vnp_TransactionNo": f"1483139{attempt.id}" if took else "0",
        "vnp_ResponseCode": response,
        "vnp_TransactionStatus": status,
        "vnp_TxnRef": attempt.txn_ref,
    }


def notice_of(attempt: PaymentAttempt, response: str = "00", status: str | None = None, secret: str = SECRET, **more) -> str:
    """The query of a notice; `more` are fields that say something else."""
    at = more.pop("at", NOW + MINUTE)
    fields = notice_fields(attempt, response, status, at) | {f"vnp_{name}": value for name, value in more.items()}
    return sign_query(secret, fields)


def query_answer(attempt: PaymentAttempt, code: str = "00", status: str = "00", at=NOW + MINUTE, **more: str) -> str:
    """What the gateway says when it is asked about a payment."""
    said = notice_fields(attempt, "00", status, at) | {
        "vnp_ResponseId": next(keys),
        "vnp_Command": "querydr",
        "vnp_ResponseCode": code,
        "vnp_Message": "Yêu cầu thành công",
        "vnp_TransactionType": "01",
    }
    del said["vnp_BankTranNo"], said["vnp_CardType"]
    said |= {f"vnp_{name}": value for name, value in more.items()}
    return json.dumps(said | {"vnp_SecureHash": sign_values(SECRET, said, QUERY_ANSWER)})


def refund_answer(attempt: PaymentAttempt, amount_dong: int, code: str = "00", **more: str) -> str:
    said = {
        "vnp_ResponseId": next(keys),
        "vnp_Command": "refund",
        "vnp_ResponseCode": code,
        "vnp_TmnCode": TMN,
        "vnp_TxnRef": attempt.txn_ref,
        "vnp_Amount": str(amount_dong * 100),
        "vnp_TransactionStatus": "05",
    } | {f"vnp_{name}": value for name, value in more.items()}
    return json.dumps(said | {"vnp_SecureHash": sign_values(SECRET, said, REFUND_ANSWER)})


def altered(query: str, **fields: str) -> str:
    """A signed query of which something was changed afterwards."""
    return urlencode(dict(parse_qsl(query)) | {f"vnp_{name}": value for name, value in fields.items()})


# What is wrong with a notice, and what it is answered.
FORGERIES = {
    "no signature": ("97", lambda one: notice_of(one).partition("&vnp_SecureHash")[0]),
    "another secret": ("97", lambda one: notice_of(one, secret="ANOTHER")),
    "another amount, afterwards": ("97", lambda one: altered(notice_of(one), Amount="1600001")),
    "another payment, afterwards": ("97", lambda one: altered(notice_of(one), TxnRef="H21P9")),
    "a failure made a success": ("97", lambda one: altered(notice_of(one, "24"), ResponseCode="00", TransactionStatus="00")),
    "an amount said twice": ("97", lambda one: notice_of(one) + "&vnp_Amount=1"),
    "a signature said twice": ("97", lambda one: notice_of(one) + "&vnp_SecureHash=" + "0" * 128),
    "half a signature": ("97", lambda one: notice_of(one)[:-64]),
    "nothing": ("97", lambda one: ""),
    "not text": ("97", lambda one: notice_of(one) + "&vnp_Note=%ff%fe"),
    "a payment nobody knows": ("01", lambda one: notice_of(one, TxnRef="H21P9")),
    "without a payment": ("01", lambda one: notice_of(one, TxnRef="")),
    "another merchant": ("01", lambda one: notice_of(one, TmnCode="OTHER001")),
    "one đồng less": ("04", lambda one: notice_of(one, Amount="1599900")),
    "đồng, not hundredths": ("04", lambda one: notice_of(one, Amount="16000")),
    "a nought in front": ("04", lambda one: notice_of(one, Amount="01600000")),
    "digits of another script": ("04", lambda one: notice_of(one, Amount="１６０００００")),
    "less than nothing": ("04", lambda one: notice_of(one, Amount="-1600000")),
}


class Gateway(Vnpay):
    """The site's client, whose line is the test: `says` holds raw answers, or Replies, the last of them for ever."""

    def __init__(self, *says):
        super().__init__(URL)
        self.says, self.asked = list(says or [Reply()]), []

    def _ask(self, fields, order):
        self.asked.append(fields)
        said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        said = said() if callable(said) else said
        return said if isinstance(said, Reply) else Reply(said)


@functools.cache
def of_id(table) -> Prepared:
    """One row by its id; asked thousands of times where every order of events is tried."""
    return Prepared(lambda row_id: table.select().where(table.id == row_id))


def fresh(row):
    return of_id(type(row)).first(row.id)


def rows(*but) -> list:
    tables = Dossier, PaymentRequest, PaymentAttempt, PaymentNotice, Refund, Receipt, Event, FormCounter
    return [list(table.select().order_by(table.id).dicts()) for table in tables if table not in but]

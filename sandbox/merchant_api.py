"""What a merchant asks for by JSON: how a payment ended (querydr), and money back (refund)."""

import json
import secrets
import sqlite3
from collections.abc import Mapping

from .fields import QUERYDR, REFUND, faults, show_moment
from .payments import Bank, new_transaction_no
from .signing import QUERYDR_ANSWER, QUERYDR_ORDER, REFUND_ANSWER, REFUND_ORDER, is_signature, joined, signature

MESSAGES = {
    "00": "Yêu cầu thành công",
    "02": "Mã website không đúng",
    "03": "Dữ liệu sai định dạng",
    "91": "Không tìm thấy giao dịch",
    "94": "Yêu cầu bị trùng lặp",
    "95": "Giao dịch không thành công, từ chối hoàn tiền",
    "97": "Chữ ký không hợp lệ",
}
# What each command sends, in which order it is signed, and in which its answer.
COMMANDS = {"querydr": (QUERYDR, QUERYDR_ORDER, QUERYDR_ANSWER), "refund": (REFUND, REFUND_ORDER, REFUND_ANSWER)}
PAYMENT, FULL = "01", "02"
REFUND_IN_PROGRESS = "05"


class Refused(Exception):
    """A request that is not carried out; the argument is VNPAY's code for the reason."""


def answer(bank: Bank, body: bytes, now: float, query_spacing: float = 30) -> dict[str, str]:
    """VNPAY's signed answer to the JSON of a request; a second querydr of one payment within `query_spacing` seconds gets 94."""
    fields = _read(body)
    facts: dict[str, str] = {}
    try:
        _check(bank, fields)
        facts = _carry_out(bank, fields, now, query_spacing)
        code = "00"
    except Refused as refusal:
        code = str(refusal)
    return _signed(bank, fields, {"vnp_ResponseCode": code, "vnp_Message": MESSAGES[code]} | facts)


def _read(body: bytes) -> dict[str, str]:
    """The fields of a JSON object; numbers as their digits, anything else as if it were not there."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(sent, dict):
        return {}
    # Half of a surrogate pair can be written in JSON, and nowhere else.
    return {name: str(value).encode("utf-8", "replace").decode() for name, value in sent.items() if type(value) in (str, int)}


def _check(bank: Bank, fields: Mapping[str, str]) -> None:
    forms, order, _ = COMMANDS.get(fields.get("vnp_Command", ""), COMMANDS["querydr"])
    if faults(forms, fields):
        raise Refused("03")
    if fields["vnp_TmnCode"] != bank.key.tmn_code:
        raise Refused("02")
    if not is_signature(bank.key.secret, joined(order, fields), fields["vnp_SecureHash"]):
        raise Refused("97")


def _carry_out(bank: Bank, fields: Mapping[str, str], now: float, query_spacing: float) -> dict[str, str]:
    _note_request(bank, fields["vnp_RequestId"], now)
    with bank.ledger.change() as db:
        payment = _asked_for(db, fields)
        if fields["vnp_Command"] == "refund":
            return _refund(db, payment, fields)
        if now - payment["asked_at"] < query_spacing:
            raise Refused("94")
        db.execute("UPDATE payment SET asked_at = ? WHERE id = ?", (now, payment["id"]))
        return _facts(payment) | {"vnp_TransactionStatus": payment["transaction_status"], "vnp_TransactionType": PAYMENT}


def _note_request(bank: Bank, request_id: str, now: float) -> None:
    with bank.ledger.change() as db:
        if not db.execute("INSERT OR IGNORE INTO request VALUES (?, ?)", (show_moment(now)[:8], request_id)).rowcount:
            raise Refused("94")


def _asked_for(db: sqlite3.Connection, fields: Mapping[str, str]) -> sqlite3.Row:
    payment = db.execute(
        "SELECT * FROM payment WHERE txn_ref = ? AND create_date = ?", (fields["vnp_TxnRef"], fields["vnp_TransactionDate"])
    ).fetchone()
    number = fields.get("vnp_TransactionNo", "")
    if payment is None or (number.strip("0") and number != payment["transaction_no"]):
        raise Refused("91")
    return payment


def _refund(db: sqlite3.Connection, payment: sqlite3.Row, fields: Mapping[str, str]) -> dict[str, str]:
    """All of it (02), or a part (03) of what has not gone back yet; of a payment that did not succeed, nothing."""
    amount = int(fields["vnp_Amount"])
    (gone,) = db.execute("SELECT coalesce(sum(amount), 0) FROM refund WHERE payment = ?", (payment["id"],)).fetchone()
    is_full = fields["vnp_TransactionType"] == FULL
    fits = (amount == payment["amount"] and not gone) if is_full else amount <= payment["amount"] - gone
    if payment["transaction_status"] != "00" or not fits:
        raise Refused("95")
    number = new_transaction_no()
    db.execute(
        "INSERT INTO refund (payment, amount, created_by, transaction_no) VALUES (?, ?, ?, ?)",
        (payment["id"], amount, fields["vnp_CreateBy"], number),
    )
    return _facts(payment) | {
        "vnp_Amount": str(amount),
        "vnp_TransactionNo": number,
        "vnp_TransactionType": fields["vnp_TransactionType"],
        "vnp_TransactionStatus": REFUND_IN_PROGRESS,
    }


def _facts(payment: sqlite3.Row) -> dict[str, str]:
    return {
        "vnp_Amount": str(payment["amount"]),
        "vnp_BankCode": payment["bank_code"],
        "vnp_PayDate": payment["pay_date"],
        "vnp_TransactionNo": payment["transaction_no"],
        "vnp_OrderInfo": payment["order_info"],
    }


def _signed(bank: Bank, fields: Mapping[str, str], facts: dict[str, str]) -> dict[str, str]:
    """The answer to a request, without what is empty; whoever was not understood is answered as well."""
    said = {
        "vnp_ResponseId": secrets.token_hex(16),
        "vnp_Command": fields.get("vnp_Command", ""),
        "vnp_TmnCode": bank.key.tmn_code,
        "vnp_TxnRef": fields.get("vnp_TxnRef", ""),
    } | facts
    _, _, order = COMMANDS.get(said["vnp_Command"], COMMANDS["querydr"])
    filled = {name: value for name, value in said.items() if value}
    return filled | {"vnp_SecureHash": signature(bank.key.secret, joined(order, filled))}

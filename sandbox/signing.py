"""VNPAY's signatures: HMAC-SHA512 over a query in the order of its keys, or over values in the order of a list."""

import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import quote_plus

NOT_SIGNED = {"vnp_SecureHash", "vnp_SecureHashType"}

QUERYDR_ORDER = ["RequestId", "Version", "Command", "TmnCode", "TxnRef", "TransactionDate", "CreateDate", "IpAddr", "OrderInfo"]
REFUND_ORDER = [
    *("RequestId", "Version", "Command", "TmnCode", "TransactionType", "TxnRef", "Amount"),
    *("TransactionNo", "TransactionDate", "CreateBy", "CreateDate", "IpAddr", "OrderInfo"),
]
REFUND_ANSWER = [
    *("ResponseId", "Command", "ResponseCode", "Message", "TmnCode", "TxnRef", "Amount"),
    *("BankCode", "PayDate", "TransactionNo", "TransactionType", "TransactionStatus", "OrderInfo"),
]
QUERYDR_ANSWER = [*REFUND_ANSWER, "PromotionCode", "PromotionAmount"]


def signature(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), "sha512").hexdigest()


def is_signature(secret: str, text: str, given: str) -> bool:
    return hmac.compare_digest(signature(secret, text).encode(), given.lower().encode())


def signed_text(fields: Mapping[str, str]) -> str:
    """What is signed of a query: its fields that say something, by key, encoded as in a form."""
    return "&".join(
        f"{quote_plus(name)}={quote_plus(fields[name])}" for name in sorted(fields) if fields[name] and name not in NOT_SIGNED
    )


def signed_query(secret: str, fields: Mapping[str, str]) -> str:
    text = signed_text(fields)
    return f"{text}&vnp_SecureHash={signature(secret, text)}"


def joined(order: Iterable[str], fields: Mapping[str, str]) -> str:
    """What is signed of a request by JSON or its answer: the values in this order, a missing one empty."""
    return "|".join(fields.get(f"vnp_{name}", "") for name in order)

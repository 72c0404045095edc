"""What a merchant may send: each field's form, as VNPAY 2.1.0 has it."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlsplit

VIETNAM = timezone(timedelta(hours=7))
MOMENT = "%Y%m%d%H%M%S"

# Vietnamese without marks, no special characters.
_WORDS = r"[A-Za-z0-9 .,:_/()-]{1,255}"
_MOMENT = r"\d{14}"
_COMMON = {
    "Version": r"2\.1\.0",
    "TmnCode": r"[A-Za-z0-9]{8}",
    "TxnRef": r"[A-Za-z0-9._-]{1,100}",
    "CreateDate": _MOMENT,
    "IpAddr": r"[0-9A-Fa-f.:]{7,45}",
    "OrderInfo": _WORDS,
    "SecureHash": r"[0-9A-Fa-f]{128}",
}
PAY = _COMMON | {
    "Command": "pay",
    "Amount": r"[1-9]\d{0,9}00",
    "BankCode": r"([A-Za-z0-9]{3,20})?",
    "CurrCode": "VND",
    "Locale": "vn|en",
    "OrderType": r"[A-Za-z0-9]{1,100}",
    "ReturnUrl": r"https?://[!-~]{3,248}",
    "ExpireDate": _MOMENT,
}
QUERYDR = _COMMON | {
    "Command": "querydr",
    "RequestId": r"[A-Za-z0-9_-]{1,32}",
    "TransactionDate": _MOMENT,
    "TransactionNo": r"\d{0,15}",
}
REFUND = QUERYDR | {
    "Command": "refund",
    "TransactionType": "0[23]",
    "Amount": r"[1-9]\d{0,9}00",
    "CreateBy": r"[A-Za-z0-9@._ -]{1,245}",
}
NOT_NEEDED = {"BankCode", "TransactionNo"}


class QueryUnreadable(Exception):
    """The query is no list of fields, each once, in UTF-8."""


def read_query(query: str) -> dict[str, str]:
    """The fields of an address.

    Raises QueryUnreadable; a field that comes twice is refused, for two readers might each take another one.
    """
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=40)
    except ValueError as fault:
        raise QueryUnreadable from fault
    if len(dict(pairs)) != len(pairs):
        raise QueryUnreadable
    return dict(pairs)


def faults(forms: Mapping[str, str], given: Mapping[str, str]) -> list[str]:
    """The names of the fields that are missing or have the wrong form."""
    wrong = [
        name
        for name, form in forms.items()
        if not re.fullmatch(form, given.get(f"vnp_{name}", "" if name in NOT_NEEDED else "\n"), re.ASCII)
    ]
    wrong += [name for name, form in forms.items() if form == _MOMENT and name not in wrong and not moment(given[f"vnp_{name}"])]
    if "ReturnUrl" in forms and "ReturnUrl" not in wrong and not origin(given["vnp_ReturnUrl"]):
        wrong.append("ReturnUrl")
    if "ExpireDate" in forms and not wrong and given["vnp_ExpireDate"] <= given["vnp_CreateDate"]:
        wrong.append("ExpireDate")
    return wrong


def moment(text: str) -> datetime | None:
    """yyyyMMddHHmmss in Vietnam's time."""
    try:
        return datetime.strptime(text, MOMENT).replace(tzinfo=VIETNAM)
    except ValueError:
        return None


def show_moment(seconds: float) -> str:
    """As VNPAY writes it, of seconds since 1970."""
    return datetime.fromtimestamp(seconds, VIETNAM).strftime(MOMENT)


def origin(address: str) -> str:
    """Scheme, host and port of a web address; empty when it has none that can stand in a header."""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018  raises ValueError when it is none
    except ValueError:
        return ""
    found = f"{parts.scheme}://{parts.netloc}"
    return found if re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+", found) else ""

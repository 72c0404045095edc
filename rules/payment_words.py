"""What is said of money on every screen and paper: ways of paying, numbers of receipts, who took it."""

from datetime import date

from models import Receipt
from rules.vietnamese import show_day, show_dong

METHODS = {
    "cash": "Tiền mặt",
    "transfer": "Chuyển khoản",
    "vietqr": "Chuyển khoản bằng mã VietQR",
    "online": "Trực tuyến qua cổng thanh toán",
    "waived": "Được miễn",
}
# Why a request is void, where it was not another amount that voided it.
VOIDED_BECAUSE = {"undone": "đã hoàn tác", "ended": "hồ sơ không giải quyết nữa"}
PAY_WITHIN_DAYS = 5  # working days, where the officer chooses no other
BY_THE_PROGRAM = "Hệ thống, theo báo của cổng thanh toán"


def number_of(receipt: Receipt) -> str:
    """0000012/2026, as it stands on paper."""
    return f"{receipt.number:07}/{receipt.year}"


def taken_by(receipt: Receipt) -> str:
    return receipt.made_by.full_name if receipt.made_by_id else BY_THE_PROGRAM


def told(item: str, amount_dong: int, ground: str, due_on: date, why: str = "") -> str:
    """What the dossier's log says of a request."""
    return f"{item}: {show_dong(amount_dong)}. Căn cứ: {ground.rstrip('.')}. Hạn: {show_day(due_on)}.{' ' + why if why else ''}"

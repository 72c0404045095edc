"""The life of a payment at the trial bank: bank, card, one-time password, and one of the ends VNPAY knows."""

import re
import secrets
import sqlite3
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from .fields import moment, show_moment
from .keys import Key
from .ledger import Ledger
from .signing import signed_query, signed_text

OTP = "123456"
MOST_WRONG_CARDS = 3
MOST_WRONG_OTPS = 3

BANKS = {
    "NCB": "NCB",
    "AGRIBANK": "Agribank",
    "VIETCOMBANK": "Vietcombank",
    "VIETINBANK": "VietinBank",
    "BIDV": "BIDV",
    "MBBANK": "MB",
    "SACOMBANK": "Sacombank",
    "TECHCOMBANK": "Techcombank",
    "ACB": "ACB",
    "VPBANK": "VPBank",
    "EXIMBANK": "Eximbank",
}
UNDER_MAINTENANCE = "EXIMBANK"


class Card(NamedTuple):
    number: str
    code: str
    what: str


NAME, ISSUED = "NGUYEN VAN A", "0715"
# The first is the card of VNPAY's own sandbox; the others are this program's way to its further ends.
CARDS = (
    Card("9704198526191432198", "00", "thành công"),
    Card("9704195798459170488", "51", "không đủ tiền"),
    Card("9704192181368742", "09", "chưa đăng ký trực tuyến"),
    Card("9704193370791314", "12", "thẻ bị khóa"),
    Card("9704190000000000065", "65", "quá hạn mức ngày"),
    Card("9704190000000000007", "07", "trừ tiền, bị nghi ngờ"),
)

# response code: transaction status, whether money was taken, what the payer reads.
ENDS = {
    "00": ("00", True, "Thanh toán thành công"),
    "07": ("07", True, "Đã trừ tiền, giao dịch bị nghi ngờ"),
    "09": ("02", False, "Thẻ chưa đăng ký thanh toán trực tuyến"),
    "10": ("02", False, "Nhập sai thông tin thẻ quá 3 lần"),
    "11": ("02", False, "Hết hạn thanh toán"),
    "12": ("02", False, "Thẻ bị khóa"),
    "13": ("02", False, "Nhập sai OTP quá 3 lần"),
    "24": ("02", False, "Đã hủy giao dịch"),
    "51": ("02", False, "Tài khoản không đủ tiền"),
    "65": ("02", False, "Quá hạn mức trong ngày"),
    "75": ("02", False, "Ngân hàng đang bảo trì"),
}

WAYS = {
    "normal": "bình thường",
    "before": "IPN trước khi quay về",
    "late": "IPN muộn",
    "doubled": "IPN hai lần một lúc",
    "lost": "mất IPN, có quay về",
    "silent": "không IPN, không quay về (chỉ querydr biết)",
    "amount": "sai số tiền",
    "hash": "sai chữ ký",
}

# How many notices a way sends, where it is not one.
NOTICES = {"doubled": 2, "lost": 0, "silent": 0}


class AlreadyTaken(Exception):
    """The same TxnRef came that day with other fields."""


class WrongCard(Exception):
    """The card's data are not those of a trial card; try again."""


class WrongOtp(Exception):
    """Not the one-time password; try again. The argument says how often one may."""


class Bank:
    """What the trial bank does with payments; `now` is in seconds since 1970, as a clock gives it."""

    def __init__(self, ledger: Ledger, key: Key):
        self.ledger = ledger
        self.key = key

    def open_payment(self, fields: Mapping[str, str]) -> sqlite3.Row:
        """The payment that checked pay fields ask for; the same fields again, as after a reload, give the same payment.

        Raises AlreadyTaken.
        """
        signed, bank = signed_text(fields), fields.get("vnp_BankCode", "")
        row = {
            "token": secrets.token_urlsafe(16),
            "txn_ref": fields["vnp_TxnRef"],
            "day": fields["vnp_CreateDate"][:8],
            "signed": signed,
            "create_date": fields["vnp_CreateDate"],
            "expires_at": moment(fields["vnp_ExpireDate"]).timestamp(),
            "amount": int(fields["vnp_Amount"]),
            "order_info": fields["vnp_OrderInfo"],
            "return_url": fields["vnp_ReturnUrl"],
            "bank_code": bank if bank in BANKS else "",
            "card_type": "QRCODE" if bank == "VNPAYQR" else "ATM",
        }
        with self.ledger.change() as db:
            db.execute(f"INSERT OR IGNORE INTO payment ({', '.join(row)}) VALUES (:{', :'.join(row)})", row)
            payment = db.execute("SELECT * FROM payment WHERE txn_ref = :txn_ref AND day = :day", row).fetchone()
        if payment["signed"] != signed:
            raise AlreadyTaken
        return payment

    # --- what the payer does ---

    def show_card(self, token: str, bank: str, number: str, name: str, issued: str, now: float) -> None:
        """Log in at `bank`; changes nothing once the payment has ended.

        Raises WrongCard; one wrong card more than that is allowed ends the payment (10).
        """
        card = next((card for card in CARDS if _is_of(card, number, name, issued)), None)
        with self.ledger.change() as db:
            payment = _unfinished(db, token)
            if payment is None:
                return
            _update(db, payment, bank_code=bank, card=card.number if card else "")
            if card is not None:
                return
            if payment["wrong_cards"] >= MOST_WRONG_CARDS:
                self._finish(db, payment, "10", now)
                return
            _update(db, payment, wrong_cards=payment["wrong_cards"] + 1)
        raise WrongCard

    def type_otp(self, token: str, otp: str, now: float) -> None:
        """The last step; changes nothing once the payment has ended, and nothing without a card.

        Raises WrongOtp; the last one that is allowed ends the payment (13).
        """
        with self.ledger.change() as db:
            payment = _unfinished(db, token)
            if payment is None or not payment["card"]:
                return
            if otp.strip() == OTP:
                self._finish(db, payment, next(card.code for card in CARDS if card.number == payment["card"]), now)
                return
            wrong_otps = payment["wrong_otps"] + 1
            _update(db, payment, wrong_otps=wrong_otps)
            if wrong_otps == MOST_WRONG_OTPS:
                self._finish(db, payment, "13", now)
                return
        raise WrongOtp(MOST_WRONG_OTPS - wrong_otps)

    def end(self, token: str, code: str, now: float, **facts: str) -> None:
        """End a payment: cancelled (24), bank under maintenance (75), expired (11). One that has ended stays as it is."""
        with self.ledger.change() as db:
            payment = _unfinished(db, token)
            if payment is not None:
                _update(db, payment, **facts)
                self._finish(db, payment, code, now)

    def expire_due(self, now: float) -> None:
        """End what nobody finished in time (11)."""
        with self.ledger.change() as db:
            for payment in db.execute("SELECT * FROM payment WHERE response_code = '' AND expires_at <= ?", (now,)).fetchall():
                self._finish(db, payment, "11", now)

    # --- what the merchant is told ---

    def _finish(self, db: sqlite3.Connection, payment: sqlite3.Row, code: str, now: float) -> None:
        """Write the end and, in the same change, the notices that tell it in the way the tester wished."""
        status, takes_money, _ = ENDS[code]
        number = new_transaction_no() if takes_money else ""
        wishes = Ledger.wishes_in(db)
        way = wishes["way"]
        _update(
            db,
            payment,
            response_code=code,
            transaction_status=status,
            transaction_no=number or "0",
            bank_tran_no=number and f"VNP{number}",
            pay_date=show_moment(now),
            way=way,
        )
        due_at = now + (int(wishes["late"]) if way == "late" else 0)
        for _ in range(NOTICES.get(way, 1)):
            _plan_notice(db, payment["id"], self.told(_row(db, payment)), due_at)

    def tell_truly(self, token: str, now: float) -> None:
        """Tell at once how a payment ended, whatever was told before; nothing of one that has not ended."""
        with self.ledger.change() as db:
            payment = db.execute("SELECT * FROM payment WHERE token = ? AND response_code != ''", (token,)).fetchone()
            if payment is not None:
                _plan_notice(db, payment["id"], signed_query(self.key.secret, self._facts(payment)), now)

    def told(self, payment: sqlite3.Row) -> str:
        """The signed query of the return address and the IPN; with the fault the tester wished for."""
        facts = self._facts(payment)
        if payment["way"] == "amount":
            facts["vnp_Amount"] = str(payment["amount"] + 100_000)
        return signed_query(self.key.secret if payment["way"] != "hash" else self.key.secret[::-1], facts)

    def return_address(self, payment: sqlite3.Row) -> str:
        url = payment["return_url"]
        return f"{url}{'&' if '?' in url else '?'}{self.told(payment)}"

    def _facts(self, payment: sqlite3.Row) -> dict[str, str]:
        return {
            "vnp_TmnCode": self.key.tmn_code,
            "vnp_Amount": str(payment["amount"]),
            "vnp_BankCode": payment["bank_code"] or "VNPAY",
            "vnp_BankTranNo": payment["bank_tran_no"],
            "vnp_CardType": payment["card_type"],
            "vnp_PayDate": payment["pay_date"],
            "vnp_OrderInfo": payment["order_info"],
            "vnp_TransactionNo": payment["transaction_no"],
            "vnp_ResponseCode": payment["response_code"],
            "vnp_TransactionStatus": payment["transaction_status"],
            "vnp_TxnRef": payment["txn_ref"],
        }


def new_transaction_no() -> str:
    return str(10_000_000 + secrets.randbelow(90_000_000))


def _is_of(card: Card, number: str, name: str, issued: str) -> bool:
    """Spaces, small letters, marks, and 7/15, 07/2015 or 0715 are all one."""
    letters = unicodedata.normalize("NFD", name.upper().replace("Đ", "D"))
    plain_name = " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())
    month, slash, year = issued.strip().partition("/")
    plain_date = month.zfill(2) + year[-2:] if slash else month
    return (re.sub(r"[\s.-]", "", number), plain_name, plain_date) == (card.number, NAME, ISSUED)


def _unfinished(db: sqlite3.Connection, token: str) -> sqlite3.Row | None:
    return db.execute("SELECT * FROM payment WHERE token = ? AND response_code = ''", (token,)).fetchone()


def _row(db: sqlite3.Connection, payment: sqlite3.Row) -> sqlite3.Row:
    return db.execute("SELECT * FROM payment WHERE id = ?", (payment["id"],)).fetchone()


def _update(db: sqlite3.Connection, payment: sqlite3.Row, **values: str | int) -> None:
    if values:
        db.execute(f"UPDATE payment SET {' = ?, '.join(values)} = ? WHERE id = ?", (*values.values(), payment["id"]))


def _plan_notice(db: sqlite3.Connection, payment_id: int, query: str, due_at: float) -> None:
    db.execute("INSERT INTO notice (payment, query, due_at) VALUES (?, ?, ?)", (payment_id, query, due_at))

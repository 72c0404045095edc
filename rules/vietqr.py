"""VietQR: the payload a banking app reads (NAPAS, EMVCo merchant-presented), and its picture, small enough for 2G.

A transfer sends nothing back to this program: an officer matches the bank's statement by the purpose text, and nobody's
word alone makes a request paid (identity, payment, post: section 6).
"""

import io
import re
from dataclasses import dataclass

import segno

from rules.vietnamese import fold

NAPAS = "A000000727"
TO_ACCOUNT = "QRIBFTTA"
LONGEST_PURPOSE = 25
SIZE = {"scale": 4, "border": 4, "compresslevel": 9}
MOST_DIGITS = 13  # of an amount (EMVCo, field 54)


def payload(bank_bin: str, account_number: str, amount_dong: int, purpose: str) -> str:
    """What the QR says: to this account of this bank, so many whole đồng, with this purpose.

    Raises ValueError for what the standard does not hold: a BIN of other than 6 digits, an account of none or more than
    19 letters and digits, an amount of 0, less, or more than 13 digits, a purpose of other than 1 to 25 ASCII signs.
    """
    if not re.fullmatch(r"[0-9]{6}", bank_bin):
        raise ValueError("bank BIN")
    if not re.fullmatch(r"[0-9A-Za-z]{1,19}", account_number):
        raise ValueError("account number")
    if not 0 < amount_dong < 10**MOST_DIGITS:
        raise ValueError("amount")
    if not (0 < len(purpose) <= LONGEST_PURPOSE and purpose.isascii() and purpose.isprintable()):
        raise ValueError("purpose")
    bank = _field("00", bank_bin) + _field("01", account_number)
    parts = [
        _field("00", "01"),
        _field("01", "12"),  # with an amount: for one payment
        _field("38", _field("00", NAPAS) + _field("01", bank) + _field("02", TO_ACCOUNT)),
        _field("53", "704"),
        _field("54", str(amount_dong)),
        _field("58", "VN"),
        _field("62", _field("08", purpose)),
    ]
    return sealed("".join(parts))


def account_of(site):
    """The commune's account (BankAccount in rules/content.py), or None: to one that is not confirmed nobody sends money."""
    account = site.bank_account
    return account if account and not account.to_confirm else None


@dataclass(frozen=True)
class Transfer:
    """What a person types into a banking app, and what the QR says in its place."""

    bank: str
    number: str
    owner: str
    amount_dong: int
    purpose: str
    payload: str


def transfer_for(site, dossier_code: str, amount_dong: int) -> Transfer | None:
    """A transfer of so many whole đồng for a dossier; None where no account is confirmed."""
    account, purpose = account_of(site), purpose_of(dossier_code)
    if account is None:
        return None
    said = payload(account.bin, account.number, amount_dong, purpose)
    return Transfer(account.bank, account.number, account.owner, amount_dong, purpose, said)


def sealed(fields: str) -> str:
    """The fields with their checksum after them, which covers its own id and length."""
    return f"{fields}6304{checksum(f'{fields}6304')}"


def _field(key: str, value: str) -> str:
    return f"{key}{len(value):02}{value}"


def checksum(text: str) -> str:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, begins with 0xFFFF, nothing reflected; four capital hex digits."""
    crc = 0xFFFF
    for byte in text.encode("ascii"):
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return f"{crc:04X}"


def purpose_of(dossier_code: str) -> str:
    """How a transfer names a dossier: H21.129-261123-0012 becomes H21129 261123 0012. At most 25 ASCII signs, capitals.

    Banks drop dots and hyphens, some of them spaces too: is_for() finds it all the same.
    """
    code = fold(dossier_code).upper().replace(".", "").replace("-", " ")
    return re.sub(r"[^0-9A-Z ]", "", code)[:LONGEST_PURPOSE].strip()


def is_for(dossier_code: str, statement: str) -> bool:
    """Whether a line of a bank's statement names this dossier, whatever the bank made of spaces and marks."""
    return _bare(purpose_of(dossier_code)) in _bare(statement)


def _bare(text: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", fold(text).upper())


def picture(payload: str) -> str:
    """The QR as a data: address for an <img>; under 500 bytes in a packed page.

    A PNG of one bit a pixel, four pixels a module, so that no style has to keep its edges sharp: drawn as SVG it weighs a
    fifth more. Capitals, digits and spaces alone take the denser writing of the code, and fewer modules.
    """
    return _drawn(payload).png_data_uri(**SIZE)


def picture_file(payload: str) -> bytes:
    """The same picture as a PNG file."""
    out = io.BytesIO()
    _drawn(payload).save(out, kind="png", **SIZE)
    return out.getvalue()


def _drawn(payload: str) -> segno.QRCode:
    return segno.make(payload, error="l", micro=False, boost_error=False)

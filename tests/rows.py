"""Dossiers as lists need them: a row each, without all that makes one."""

from datetime import timedelta

from stage import BIRTH

from database import utc_now
from models import Account, Dossier
from rules.vietnamese import fold

OFFICE = "H21.129"


def make_row(account: Account, number: int, **values) -> Dossier:
    """The dossier of this number; the higher, the later it was submitted."""
    known = {
        "code": f"{values.get('office', OFFICE)}-261123-{number:04}",
        "receipt_code": f"{number:012}",
        "office": OFFICE,
        "account": account,
        "procedure_slug": BIRTH,
        "procedure_title": "Đăng ký khai sinh",
        "procedure": {},
        "owner_name": "Siu",
        "owner_plain": fold(values.get("owner_name", "Siu")),
        "owner_last_digits_key": "",
        "answers": {},
        "delivery": "desk",
        "submitted_at": utc_now() - timedelta(days=60) + timedelta(minutes=number),
    }
    return Dossier.create(**known | values)

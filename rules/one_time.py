"""Secrets good for one use: links in mails, codes on slips and from officers. Kept only as fingerprints (SECURITY §3)."""

import secrets
from datetime import datetime, timedelta

from database import SealedField
from models import Account, OneTimeCode, Staff
from rules.dossier_codes import new_receipt_code, read_slip_code


def make_link_token(kind: str, account: Account, now: datetime, lasts: timedelta, payload=None) -> str:
    """A new token of 32 random bytes for the address in a mail; the one before it, of the same kind, is good no more."""
    void(kind, account, now)
    token = secrets.token_urlsafe(32)
    OneTimeCode.create(kind=kind, key=_key(token), account=account, made_at=now, expires_at=now + lasts, payload=payload)
    return token


def make_codes(kind: str, person: Account | Staff, count: int, now: datetime, lasts: timedelta | None = None) -> list[str]:
    """New codes to be printed or read out, of twelve symbols each; those before them, of the same kind, are good no more."""
    void(kind, person, now)
    codes = [new_receipt_code() for _ in range(count)]
    for code in codes:
        OneTimeCode.create(kind=kind, key=_key(code), made_at=now, expires_at=lasts and now + lasts, **_owner(person))
    return codes


def void(kind: str, person: Account | Staff, now: datetime) -> int:
    """From now on the person's codes of this kind that are not used are good no more; returns how many those were."""
    unused = OneTimeCode.used_at.is_null() & OneTimeCode.voided_at.is_null()
    return OneTimeCode.update(voided_at=now).where(_belongs_to(person), OneTimeCode.kind == kind, unused).execute()


def find(secret: str, *kinds: str) -> OneTimeCode | None:
    """The row of a token or code, used or not."""
    return OneTimeCode.get_or_none(OneTimeCode.key == _key(secret), OneTimeCode.kind.in_(kinds))


def use(code: OneTimeCode, now: datetime) -> bool:
    """Use it up; False when it was used or voided meanwhile. To be called in the transaction of what it opens."""
    is_open = OneTimeCode.used_at.is_null() & OneTimeCode.voided_at.is_null()
    return bool(OneTimeCode.update(used_at=now).where(OneTimeCode.id == code.id, is_open).execute())


def count_open(kind: str, person: Account | Staff, now: datetime) -> int:
    return sum(code.is_open(now) for code in OneTimeCode.select().where(_belongs_to(person), OneTimeCode.kind == kind))


def read_typed(text: str) -> str:
    """The twelve symbols of a typed code; raises CodeFault naming the group to look at again."""
    return read_slip_code(text)


def _key(secret: str) -> str:
    return SealedField.sealer.fingerprint(f"one-time:{secret}")


def _owner(person: Account | Staff) -> dict:
    return {"account": person} if isinstance(person, Account) else {"staff": person}


def _belongs_to(person: Account | Staff):
    return OneTimeCode.account == person.id if isinstance(person, Account) else OneTimeCode.staff == person.id

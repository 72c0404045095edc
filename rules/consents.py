"""Consent, purpose by purpose: in which words and when it was given, before whom, and when it was taken back (SECURITY §11)."""

from datetime import datetime
from typing import NamedTuple

from database import db
from models import Account, Consent, Staff
from rules import WrongInput, account_log
from rules.content import ConsentText

NEEDED = "account"  # without it there is no account to keep


class Agreed(NamedTuple):
    """What was agreed to on a page, kept until there is an account to write it down for."""

    key: str
    version: str
    title: str


def asked_at_registration(texts: dict[str, ConsentText], email: str) -> tuple[Agreed, ...]:
    """What pressing “Đăng ký” agrees to; letters only of those who gave an address for them."""
    keys = (NEEDED, "notices") if email else (NEEDED,)
    return tuple(Agreed(key, texts[key].version, texts[key].title) for key in keys)


def give(account: Account, text: ConsentText | Agreed, now: datetime, read_by: Staff | None = None) -> None:
    """Agree to a purpose in these words; again to the same version, nothing changes. `read_by` has read them aloud."""
    with db.atomic():
        _lock(account)
        if any(consent.version == text.version for consent in _in_force(account).where(Consent.purpose == text.key)):
            return
        # Words that were replaced stay in the table with the time they ended.
        _end(account, text.key, now)
        Consent.create(account=account, purpose=text.key, version=text.version, given_at=now, read_by=read_by)
        account_log.record(account, "consent given", now, by=read_by or account, subject=text.title)


def withdraw(account: Account, text: ConsentText, now: datetime) -> None:
    """Take a consent back; again, nothing changes. Raises WrongInput for the one without which there is no account."""
    if text.key == NEEDED:
        raise WrongInput(text.when_withdrawn)
    with db.atomic():
        if _end(account, text.key, now):
            account_log.record(account, "consent withdrawn", now, by=account, subject=text.title)


def has(account: Account, purpose: str) -> bool:
    return _in_force(account).where(Consent.purpose == purpose).exists()


def current(account: Account) -> dict[str, Consent]:
    """What the person agrees to now, by purpose."""
    return {consent.purpose: consent for consent in _in_force(account).order_by(Consent.id)}


def past(account: Account) -> dict[str, Consent]:
    """By purpose, what the person agreed to last, in force or taken back since."""
    mine = Consent.select().where(Consent.account == account.id).order_by(Consent.id)
    return {consent.purpose: consent for consent in mine}


def _in_force(account: Account):
    return Consent.select().where(Consent.account == account.id, Consent.withdrawn_at.is_null())


def _end(account: Account, purpose: str, now: datetime) -> int:
    mine = Consent.account == account.id, Consent.purpose == purpose, Consent.withdrawn_at.is_null()
    return Consent.update(withdrawn_at=now).where(*mine).execute()


def _lock(account: Account) -> None:
    # The first write locks the account: of two taps at the same moment the second finds the consent.
    Account.update(closed_at=Account.closed_at).where(Account.id == account.id).execute()

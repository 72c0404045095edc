"""Logging in and out, of citizens and staff alike: guesses are counted, each login is a row (SECURITY §3, §4)."""

import hashlib
import secrets
from datetime import datetime, timedelta
from logging import getLogger

from peewee import OperationalError

from database import Prepared
from models import Account, KnownDevice, Login, Staff
from rules import WrongInput, attempts
from rules.attempts import LOGIN_ANYWHERE, LOGIN_BY_ADDRESS, LOGIN_BY_PERSON, address_group
from rules.passwords import is_password

log = getLogger(__name__)

SHARED_PHONE_STAYS = timedelta(hours=12)
OWN_PHONE_STAYS = timedelta(days=30)
STAFF_STAYS = timedelta(hours=10)
DEVICE_IS_KNOWN = timedelta(days=180)
MOST_DEVICES = 10  # of one person: an older one is forgotten


class LoginRefused(WrongInput):
    """Number or password is wrong, or the account is not confirmed: one sentence for all, so that nothing can be learnt."""


WRONG_LOGIN = "Số giấy tờ hoặc mật khẩu chưa đúng, hoặc tài khoản chưa được xác nhận. Xem lại rồi bấm Đăng nhập."


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    return secrets.token_urlsafe(16)


# --- guessing --------------------------------------------------------------------------------------------------------


class Guess:
    """One try at a secret of `who`, counted: per person, or per device the person has logged in with before, and coarsely
    per address. A stranger who uses up the tries of the person, or of the neighbourhood, leaves the person's own phone its
    own (SECURITY §3).
    """

    def __init__(self, who: str, person: Account | Staff | None, address: str, device: str, now: datetime):
        self.now = now
        self.place = address_group(address)
        self.is_known = is_known_device(person, device)
        self.who = f"device:{token_hash(device)}" if self.is_known else who

    def refuse_if_blocked(self) -> None:
        attempts.refuse_if_blocked(LOGIN_BY_PERSON, self.who, self.now)
        if not self.is_known:
            attempts.refuse_if_blocked(LOGIN_BY_ADDRESS, self.place, self.now)

    def was_wrong(self) -> None:
        attempts.count_failure(LOGIN_BY_PERSON, self.who, self.now)
        attempts.count_failure(LOGIN_BY_ADDRESS, self.place, self.now)
        attempts.count_failure(LOGIN_ANYWHERE, "site", self.now)

    def was_right(self) -> None:
        attempts.forget(LOGIN_BY_PERSON, self.who)


def check_password(person: Account | Staff | None, who: str, password: str, address: str, device: str, now: datetime):
    """The person, when the password is theirs. Raises LoginRefused or TooManyTries; takes as long when there is nobody."""
    guess = Guess(who, person, address, device, now)
    guess.refuse_if_blocked()
    is_right = is_password((person and person.password_hash) or None, password)
    # Again: of many guesses sent at the same moment, those checked after the limit was reached learn nothing.
    guess.refuse_if_blocked()
    if not is_right:
        guess.was_wrong()
        raise LoginRefused(WRONG_LOGIN)
    guess.was_right()
    return person


def is_known_device(person: Account | Staff | None, device: str) -> bool:
    """Asks the database whether there is a person or not: nobody can tell by the time it takes."""
    known = KnownDevice.get_or_none(KnownDevice.token_hash == token_hash(device))
    return known is not None and person is not None and _owner_of(known) == _key_of(person)


def remember_device(person: Account | Staff, device: str, now: datetime, instead_of: str = "") -> None:
    """From now on this browser (by its cookie's token, which took the place of another) counts its own wrong guesses."""
    KnownDevice.delete().where(KnownDevice.token_hash.in_([token_hash(device), token_hash(instead_of)])).execute()
    KnownDevice.create(token_hash=token_hash(device), seen_at=now, **_owner(person))
    mine = KnownDevice.account == person.id if isinstance(person, Account) else KnownDevice.staff == person.id
    kept = KnownDevice.select(KnownDevice.id).where(mine).order_by(KnownDevice.id.desc()).limit(MOST_DEVICES)
    KnownDevice.delete().where(mine, KnownDevice.id.not_in([device.id for device in kept])).execute()


def _owner(person: Account | Staff) -> dict:
    return {"account": person} if isinstance(person, Account) else {"staff": person}


def _owner_of(row: KnownDevice) -> tuple:
    return ("account", row.account_id) if row.account_id else ("staff", row.staff_id)


def _key_of(person: Account | Staff) -> tuple:
    return ("account" if isinstance(person, Account) else "staff", person.id)


# --- a login's life --------------------------------------------------------------------------------------------------


def begin_login(
    person: Account | Staff, device: str, now: datetime, is_own_phone: bool = False, waits_for: str = "", token: str = ""
) -> str:
    """A new login; returns the token for the cookie, which is kept nowhere else.

    `device` is what the browser says of itself; `waits_for` names what a member of staff has still to do.
    """
    token = token or new_token()
    stays = STAFF_STAYS if isinstance(person, Staff) else OWN_PHONE_STAYS if is_own_phone else SHARED_PHONE_STAYS
    Login.create(
        token_hash=token_hash(token),
        device=device[:200],
        is_own_phone=is_own_phone,
        waits_for=waits_for,
        created_at=now,
        seen_at=now,
        expires_at=now + stays,
        **_owner(person),
    )
    return token


login_of_token = Prepared(lambda token: Login.select().where(Login.token_hash == token))
account_of_id = Prepared(lambda id: Account.select().where(Account.id == id))


def find_login(token: str) -> Login | None:
    login = login_of_token.first(token_hash(token))
    if login and login.account_id:
        login.account = account_of_id.first(login.account_id)
    return login


SEEN_EVERY = timedelta(minutes=2)


def touch(login: Login, now: datetime) -> None:
    """Remember that the login is in use; at most once in two minutes, so that reading costs no writing.

    On a full disk it is not remembered: reading goes on (SECURITY §2).
    """
    if abs(now - login.seen_at) > SEEN_EVERY:
        try:
            Login.update(seen_at=now).where(Login.id == login.id).execute()
        except OperationalError as fault:
            log.warning("a login's use was not kept: %s", fault)


def end_login(login: Login) -> None:
    login.delete_instance()


def end_all(person: Account | Staff, but: Login | None = None) -> int:
    """End every login of the person, but for one when given; returns how many ended."""
    return Login.delete().where(_is_login_of(person), Login.id != (but.id if but else 0)).execute()


def open_logins(person: Account | Staff, now: datetime) -> list[Login]:
    """The person's logins in force, the newest first."""
    is_whole = Login.waits_for == ""
    found = Login.select().where(_is_login_of(person), is_whole).order_by(Login.seen_at.desc(), Login.id.desc())
    return [login for login in found if login.is_open(now)]


def _is_login_of(person: Account | Staff):
    return Login.account == person.id if isinstance(person, Account) else Login.staff == person.id


def sweep(now: datetime) -> None:
    """Remove logins and devices that can serve nobody any more."""
    Login.delete().where(Login.expires_at < now - Login.WRITE_ONLY).execute()
    KnownDevice.delete().where(KnownDevice.seen_at < now - DEVICE_IS_KNOWN).execute()

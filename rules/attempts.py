"""How often one may try in vain: counted in the database, so that a restart or a second worker forgets nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from database import Prepared, db
from models import Attempts
from rules import WrongInput


class TooManyTries(WrongInput):
    """The limit is reached; `until` says when one may try again."""

    def __init__(self, until: datetime, now: datetime, why: str = "Bạn đã thử nhiều lần chưa đúng."):
        minutes = max(1, -(-int((until - now).total_seconds()) // 60))
        super().__init__(f"{why} Chờ {minutes} phút rồi thử lại.")
        self.until = until


@dataclass(frozen=True)
class Limit:
    """`failures` in `window`, then a wait that doubles with each further failure, up to an hour; never for ever."""

    name: str
    failures: int
    window: timedelta
    first_wait: timedelta = timedelta(minutes=1)
    longest_wait: timedelta = timedelta(hours=1)
    why: str = "Bạn đã thử nhiều lần chưa đúng."

    def wait_after(self, failures: int) -> timedelta:
        doublings = min(failures - self.failures, 10)
        return min(self.first_wait * 2**doublings, self.longest_wait)


# SECURITY §3 and §6. Addresses only coarsely: a whole village may come from one address of a phone company.
LOGIN_BY_PERSON = Limit("login", 10, timedelta(minutes=15))
LOGIN_BY_ADDRESS = Limit("login-from", 200, timedelta(minutes=15))
# Refuses nobody: who runs the machine is warned on the health page for an hour.
LOGIN_ANYWHERE = Limit("login-anywhere", 1000, timedelta(minutes=15), first_wait=timedelta(hours=1))
LOOKUP_BY_ADDRESS = Limit("lookup-from", 20, timedelta(minutes=10))
REGISTER_BY_ADDRESS = Limit("register-from", 200, timedelta(minutes=15), why="Đang có nhiều người đăng ký cùng một lúc.")
MAIL_BY_PERSON = Limit("mail-to", 3, timedelta(hours=1), first_wait=timedelta(hours=1))
# Notices of the payment gateway that it has not signed (rules/payments.py): it has no reason to send even one.
NOTICES_BY_ADDRESS = Limit("notices-from", 20, timedelta(minutes=15))
NOTICES_ANYWHERE = Limit("notices", 100, timedelta(minutes=15), first_wait=timedelta(hours=1))
COUNTS_ARE_KEPT = timedelta(days=1)


def address_group(address: str) -> str:
    """The neighbourhood of a client address: /24 of IPv4, /48 of IPv6."""
    try:
        bits = 24 if ip_address(address).version == 4 else 48
    except ValueError:
        return "unknown"
    return str(ip_network(f"{address}/{bits}", strict=False))


class Switch:
    """Whether failures count; off for load tests alone (RATE_LIMITS)."""

    is_on = True


attempts_of_key = Prepared(lambda key: Attempts.select().where(Attempts.key == key))


def refuse_if_blocked(limit: Limit, who: str, now: datetime) -> None:
    """Raises TooManyTries while `who` has to wait."""
    row = attempts_of_key.first(_key(limit, who)) if Switch.is_on else None
    # A clock set back must not turn a wait of minutes into one of months.
    if row and row.blocked_until and now < row.blocked_until <= now + limit.longest_wait:
        raise TooManyTries(row.blocked_until, now, limit.why)


def is_alarm(now: datetime) -> bool:
    """Whether somebody, from wherever, has been guessing at logins and codes in great number."""
    try:
        refuse_if_blocked(LOGIN_ANYWHERE, "site", now)
    except TooManyTries:
        return True
    return False


def count_failure(limit: Limit, who: str, now: datetime) -> None:
    with db.atomic():
        key = _key(limit, who)
        mine = Attempts.key == key
        row = _locked(key, now)
        if _has_run_out(row, limit, now):
            Attempts.update(failures=0, started_at=now, blocked_until=None).where(mine).execute()
            row.failures = 0
        Attempts.update(failures=row.failures + 1).where(mine).execute()
        if row.failures + 1 >= limit.failures:
            Attempts.update(blocked_until=now + limit.wait_after(row.failures + 1)).where(mine).execute()


def _locked(key: str, now: datetime) -> Attempts:
    """The counter's row, made where there is none; nobody else changes it until the transaction ends."""
    while True:
        Attempts.insert(key=key, started_at=now, failures=0).on_conflict_ignore().execute()
        # The write is what locks. Somebody who was right may have deleted the row just before it: then it is made anew.
        if Attempts.update(key=key).where(Attempts.key == key).execute():
            return Attempts.get_by_id(key)


def take_one(limit: Limit, now: datetime, *people: str) -> bool:
    """Whether the limit leaves each of `people` one more; then it is counted."""
    try:
        for who in people:
            refuse_if_blocked(limit, who, now)
    except TooManyTries:
        return False
    for who in people:
        count_failure(limit, who, now)
    return True


def forget(limit: Limit, who: str) -> None:
    Attempts.delete().where(Attempts.key == _key(limit, who)).execute()


def sweep(now: datetime) -> None:
    """Remove counters nobody needs any more."""
    waits_no_more = Attempts.blocked_until.is_null() | (Attempts.blocked_until <= now)
    Attempts.delete().where(Attempts.started_at < now - COUNTS_ARE_KEPT, waits_no_more).execute()


def _has_run_out(row: Attempts, limit: Limit, now: datetime) -> bool:
    counted_until = max(row.started_at + limit.window, row.blocked_until or row.started_at)
    # The count outlives its wait by one window, so that waits can grow.
    return not row.started_at - limit.window <= now < counted_until + (limit.window if row.blocked_until else timedelta(0))


def _key(limit: Limit, who: str) -> str:
    return f"{limit.name}:{who}"

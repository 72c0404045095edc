"""Whom an incident touched: the people whose things somebody at work opened or changed within a span of time (Law 91/2025)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from peewee import Value

from gateways.security_log import SecurityLog
from gateways.sheets import harmless
from models import Account, Dossier, Representative, Shipment, Staff
from rules import WrongInput
from rules.day_sheet import span
from rules.identity import show_phone
from rules.vietnamese import in_vietnam

# What a line of the security log may name, and what it is known by.
NAMED_BY = {
    "dossier": Dossier.code,
    "account": Account.id,
    "shipment": Shipment.id,
    "list": Shipment.manifest,
    "business": Representative.business,
}
KNOWN = ("id", "full_name", "phone", "email", "village")
AT_A_TIME = 500
HEADING = ("name", "telephone", "e-mail", "village", "dossiers", "opened or changed by", "first", "last")


@dataclass
class Touched:
    """One person, what of theirs was opened or changed, by whom of the staff, and the first and the last time (UTC, ISO 8601)."""

    account: Account
    dossiers: set[str] = field(default_factory=set)
    staff: set[int] = field(default_factory=set)
    first_at: str = ""
    last_at: str = ""

    def note(self, line: dict, code: str) -> None:
        self.dossiers |= {code} - {""}
        self.staff.add(line["staff"])
        self.first_at = min(self.first_at or line["at"], line["at"])
        self.last_at = max(self.last_at, line["at"])

    def row(self, names: dict[int, str]) -> list[str]:
        who, by = self.account, sorted(names.get(staff, str(staff)) for staff in self.staff)
        reached = [who.full_name, show_phone(who.phone), who.email, who.village]
        return [*reached, " ".join(sorted(self.dossiers)), " ".join(by), *map(_on_the_clock, (self.first_at, self.last_at))]


def affected(log: SecurityLog, first: date, last: date, login_name: str = "") -> tuple[list[list[str]], Counter]:
    """Whom to tell: rows of HEADING for a spreadsheet, by name; and how often which list was shown that is only counted.

    Both days count whole, on Vietnam's clock. With a login name only what that member of staff did counts. Raises WrongInput
    for a name that nobody has.
    """
    person = Staff.get_or_none(Staff.login_name == login_name) if login_name else None
    if login_name and person is None:
        raise WrongInput(f"{login_name}: no such staff account")
    begins, ends = (moment.astimezone(UTC) for moment in span(first, last))
    people, only_counted = touched(log.lines(begins, ends), person and person.id)
    names = dict(Staff.select(Staff.id, Staff.login_name).tuples())
    return [[harmless(cell) for cell in one.row(names)] for one in people], only_counted


def touched(lines: Iterable[dict], staff_id: int | None = None) -> tuple[list[Touched], Counter]:
    """The people in these lines of the security log, by name; and of the lines that name nobody, how often which came.

    Only what somebody at work did counts: all of them, or the one with `staff_id`. A list on the screen stands among the
    second: it showed people whom its line only counts.
    """
    mine = [line for line in lines if line.get("staff") and staff_id in (None, line["staff"])]
    owners = _owners_of({thing for line in mine for thing in _named_in(line)})
    accounts = _accounts({account for found in owners.values() for account, _ in found})
    seen = {account: Touched(accounts[account]) for account in accounts}
    for line in mine:
        for thing in _named_in(line):
            for account, code in owners.get(thing, ()):
                seen[account].note(line, code)
    unnamed = Counter(line["event"] for line in mine if "count" in line and not _named_in(line))
    return sorted(seen.values(), key=lambda one: (one.account.full_name, one.account.id)), unnamed


def _on_the_clock(at: str) -> str:
    return f"{in_vietnam(datetime.fromisoformat(at)):%Y-%m-%d %H:%M:%S}"


def _named_in(line: dict) -> list[tuple[str, object]]:
    """[("dossier", code), …]: what a line names; `dossiers` is several of them."""
    found = [(kind, line[kind]) for kind in NAMED_BY if line.get(kind)]
    return found + [("dossier", code) for code in line.get("dossiers") or ()]


def _owners_of(things: set[tuple[str, object]]) -> dict[tuple[str, object], list[tuple[int, str]]]:
    """The accounts whose each thing is, with the dossier's code where it is one."""
    found: dict[tuple[str, object], list] = {}
    for kind in NAMED_BY:
        keys = sorted(key for named, key in things if named == kind)
        for key, account, code in _in_parts(_rows_of(kind), NAMED_BY[kind], keys):
            found.setdefault((kind, key), []).append((account, code))
    return found


def _rows_of(kind: str):
    """A query of (what it is known by, the account it belongs to, the dossier's code)."""
    by = NAMED_BY[kind]
    if kind == "account":
        return Account.select(by, Account.id, Value(""))
    if kind == "business":
        return Representative.select(by, Representative.account, Value("")).where(Representative.accepted_at.is_null(False))
    rows = Dossier.select(by, Dossier.account, Dossier.code)
    return rows if kind == "dossier" else rows.join(Shipment, on=Shipment.dossier == Dossier.id)


def _in_parts(rows, by, keys: list) -> Iterable[tuple]:
    for start in range(0, len(keys), AT_A_TIME):
        yield from rows.where(by.in_(keys[start : start + AT_A_TIME])).tuples()


def _accounts(ids: set[int]) -> dict[int, Account]:
    rows = Account.select(Account.id, Account.full_name, Account.phone, Account.email, Account.village)
    return {row[0]: Account(**dict(zip(KNOWN, row, strict=True))) for row in _in_parts(rows, Account.id, sorted(ids))}

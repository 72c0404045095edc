"""The history of what a person has submitted (letter of July 2021, guide VIII): by agency and by the day of submitting."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from models import Account, Dossier, Draft, Event, State, Transfer
from rules import WrongInput, submission, transfers
from rules.vietnamese import VIETNAM_TIME, ascii_digits, fold, read_day_or_year, show_day

# The filters by their words in the address.
WORDS = {"office": "co-quan", "first": "tu", "last": "den"}
LABELS = {"office": "Cơ quan thực hiện", "first": "Nộp từ ngày", "last": "Đến hết ngày"}
LAST_YEAR = 2100
SPOKEN = {"hom nay": 0, "hom qua": 1}  # days ago
SHORT_YEAR = re.compile(r"(\d{1,2}[ /.,-]+\d{1,2}[ /.,-]+|\d{4})(\d\d)")
A_PAGE = 20
MOST_DRAFTS = 5
# What ended it, where its state alone does not say whose wish that was.
WITHDRAWN = ("stop_withdrawn", "grant_withdrawal")


@dataclass(frozen=True)
class Filters:
    """What is asked for: an agency's code, and days of Việt Nam, both included; "" and None leave nothing out."""

    office: str = ""
    first: date | None = None
    last: date | None = None

    def query(self) -> dict[str, str]:
        """As they stand in an address: nothing personal, the same for everybody who asks the same."""
        said = {"office": self.office, "first": self.first and show_day(self.first), "last": self.last and show_day(self.last)}
        return {WORDS[name]: text for name, text in said.items() if text}

    @property
    def narrows(self) -> bool:
        return bool(self.office or self.first or self.last)

    def without(self, name: str) -> "Filters":
        return replace(self, **{name: "" if name == "office" else None})


def read_end(text: str, is_first: bool, today: date) -> date:
    """The first or the last day meant: 5/7/2026, 5/7/26, hôm nay; of a month or a year (7/2026) its own first or last.

    A year of two digits is of this century: nothing was submitted here before, unlike birthdays, where nobody may guess.
    Raises WrongInput, naming what to mend.
    """
    plain = " ".join(ascii_digits(fold(text)).split())
    if plain in SPOKEN:
        return today - timedelta(days=SPOKEN[plain])
    short = SHORT_YEAR.fullmatch(plain)
    day = read_day_or_year(f"{short[1]}20{short[2]}" if short else text)
    if day.year > LAST_YEAR:
        raise WrongInput("Năm còn xa. Xem lại năm")
    return day.earliest if is_first else day.latest


def read_filters(typed: Mapping[str, str], offices: Mapping[str, str], today: date) -> tuple[Filters, dict[str, str]]:
    """The filters in an address, and what is wrong with its days by their words.

    `offices` are those that may be chosen; another code is as if none had been said.
    """
    days, faults = {}, {}
    for name in ("first", "last"):
        text = typed.get(WORDS[name], "").strip()
        try:
            days[name] = read_end(text[:100], name == "first", today) if text else None
        except WrongInput as fault:
            days[name], faults[WORDS[name]] = None, str(fault)
    if days["first"] and days["last"] and days["first"] > days["last"]:
        faults[WORDS["last"]] = f"Ngày này trước {show_day(days['first'])}. Đổi lại một trong hai ngày"
        days["last"] = None
    office = typed.get(WORDS["office"], "")
    return Filters(office if office in offices else "", **days), faults


def offices_of(account: Account, site) -> dict[str, str]:
    """Who deals or dealt with the person's dossiers: name by code, the agency of the commune first."""
    names = {one.code: one.name for one in transfers.agencies(site, "")}
    own = submission.all_mine(account)
    found = {code for (code,) in own.select(Dossier.office).order_by().distinct().tuples()}
    ways = list(_ways_of(account).tuples())
    names = {to: name for _, to, name in ways} | names | {site.codes.agency: f"UBND {site.name}"}
    found |= {code for came_from, to, _ in ways for code in (came_from, to)}
    return {code: names.get(code, code) for code in sorted(found, key=lambda code: (code != site.codes.agency, code))}


def _ways_of(account: Account):
    """From where to where the person's dossiers were handed over."""
    own = submission.all_mine(account).select(Dossier.id).order_by()
    ways = Transfer.select(Transfer.from_office, Transfer.to_office, Transfer.to_name).where(Transfer.dossier.in_(own))
    return ways.distinct()


def found(account: Account, filters: Filters):
    """The person's dossiers that fit, the newest first; the caller pages them."""
    query = submission.all_mine(account)
    if filters.office:
        was_there = (Transfer.from_office == filters.office) | (Transfer.to_office == filters.office)
        # Their ids are asked first, as in `all_mine`: they are few, and within an OR a subquery is read for every row.
        went = _ways_of(account).select(Transfer.dossier).where(was_there)
        query = query.where((Dossier.office == filters.office) | Dossier.id.in_([number for (number,) in went.tuples()]))
    if filters.first:
        query = query.where(Dossier.submitted_at >= _midnight(filters.first))
    if filters.last:
        query = query.where(Dossier.submitted_at < _midnight(filters.last + timedelta(days=1)))
    return query


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM_TIME)


def emptied_by(account: Account, filters: Filters) -> list[tuple[str, int]]:
    """Of an empty result: the filters without which there would be something, and how much."""
    said = [name for name in WORDS if getattr(filters, name)]
    counts = [(name, found(account, filters.without(name)).count()) for name in said]
    return [(name, count) for name, count in counts if count]


def drafts_of(account: Account) -> tuple[list[Draft], int]:
    """What was begun and not submitted: the latest few, and how many there are. They have no day of submitting, and no agency."""
    mine = Draft.open_ones().where(Draft.account == account.id)
    return list(mine.limit(MOST_DRAFTS)), mine.count()


def sent_among(dossiers: Sequence[Dossier]) -> dict[int, str]:
    """To which agency outside each was sent last, by its id, of those that were."""
    outside = Transfer.dossier.in_([dossier.id for dossier in dossiers]), ~Transfer.is_ours
    return dict(Transfer.select(Transfer.dossier, Transfer.to_name).where(*outside).order_by(Transfer.id).tuples())


def withdrawn_among(dossiers: Sequence[Dossier]) -> set[int]:
    """The ids of those that were stopped because their submitter took them back."""
    stopped = [dossier.id for dossier in dossiers if dossier.state in (State.STOPPED, State.RETURNED)]
    if not stopped:
        return set()
    ended = Event.select(Event.dossier, Event.name).where(Event.dossier.in_(stopped), Event.to_state == State.STOPPED)
    # The last one counts: what was opened again and stopped once more was stopped by the office.
    last = dict(ended.order_by(Event.id).tuples())
    return {number for number, name in last.items() if name in WITHDRAWN}

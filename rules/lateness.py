"""Which dossiers are late, which soon will be, and where they lie (one-stop mechanism, late handling)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from peewee import Case, Expression, fn

from models import Apology, Dossier, Staff, State
from rules import workflow
from rules.deadlines import WorkCalendar
from rules.vietnamese import VIETNAM_TIME, in_vietnam, sort_key

# Its clock runs: promised, not ended, not standing still.
RUNS = Dossier.due_at.is_null(False) & Dossier.ended_at.is_null() & Dossier.stopped_at.is_null()


def is_overdue(now: datetime) -> Expression:
    """Past its due moment."""
    return RUNS & (Dossier.due_at < now)


def is_due_today(now: datetime) -> Expression:
    """Due before this day ends in Việt Nam, and not late yet."""
    return RUNS & (Dossier.due_at >= now) & (Dossier.due_at < _midnight_after(today(now)))


def is_warned(now: datetime, calendar: WorkCalendar) -> Expression:
    """Not due today, but with most of its time used up (Dossier.warn_at), or due by the next working day."""
    warned = (Dossier.warn_at <= now) | (Dossier.due_at < end_of_next_day(now, calendar))
    return RUNS & (Dossier.due_at >= _midnight_after(today(now))) & warned


def needs_apology(now: datetime, calendar: WorkCalendar, most: int) -> Expression:
    """Late, or due by the next working day, and neither an apology waits nor does a promised new date still hold.

    `most` is how often a date may be promised anew: what has had so many is not asked for again.
    """
    soon = end_of_next_day(now, calendar)
    waits = Apology.select(Apology.id).where(Apology.dossier == Dossier.id, is_waiting())
    signed = Apology.select(fn.COUNT(Apology.id)).where(Apology.dossier == Dossier.id, Apology.signed_at.is_null(False))
    holds_no_more = Dossier.repromised_at.is_null() | (Dossier.repromised_at < soon)
    return RUNS & (Dossier.due_at < soon) & holds_no_more & ~fn.EXISTS(waits) & (fn.COALESCE(signed, 0) < most)


def is_waiting() -> Expression:
    """Of an apology: neither signed nor dropped."""
    return Apology.signed_at.is_null() & Apology.dropped_at.is_null()


def today(now: datetime) -> date:
    return in_vietnam(now).date()


def end_of_next_day(now: datetime, calendar: WorkCalendar) -> datetime:
    """When the next working day is over."""
    return _midnight_after(calendar.next_working_day(today(now)))


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), VIETNAM_TIME)


def standing_of(dossier: Dossier, calendar: WorkCalendar, now: datetime) -> str:
    """The same of one dossier in hand: "overdue", "today", "warned", or "" while there is time, or the clock does not run."""
    if dossier.due_at is None or dossier.ended_at or dossier.stopped_at:
        return ""
    if dossier.due_at < now:
        return "overdue"
    if dossier.due_at < _midnight_after(today(now)):
        return "today"
    is_warned = (dossier.warn_at and dossier.warn_at <= now) or dossier.due_at < end_of_next_day(now, calendar)
    return "warned" if is_warned else ""


# --- where they lie --------------------------------------------------------------------------------------------------

# Where a dossier whose clock runs can be, by its word in the address.
PLACES = {
    "tiep-nhan": (State.ACCEPTED, ""),
    "dang-lam": (State.IN_PROGRESS, ""),
    "cho-ky": (State.IN_PROGRESS, "signing"),
    "da-ky": (State.IN_PROGRESS, "signed"),
    "noi-khac": (State.IN_PROGRESS, "elsewhere"),
}
NOBODYS = 0
TALLIED = ("tre", "hom-nay", "sap-tre")
_AT_WORK = tuple({state for state, _ in PLACES.values()})


def place_name(word: str) -> str:
    state, step = PLACES[word]
    return workflow.STEPS[step][0] if step else workflow.STATE_NAMES[state][0]


def word_of(state: State, step: str) -> str:
    """The word of PLACES for where a dossier is."""
    return next(word for word, place in PLACES.items() if place == (state, step))


def days_late(due: datetime, now: datetime, calendar: WorkCalendar) -> int | None:
    """How many working days after its due day it is; 0 on the same day, None while it is not late."""
    return calendar.working_days_between(in_vietnam(due).date(), today(now)) if due < now else None


@dataclass(frozen=True)
class Tally:
    """How many are late, due today, and soon due, in one place or on one table."""

    key: str | int  # a word of PLACES, or the number of one of the staff
    name: str
    numbers: tuple[int, int, int]

    def by_kind(self) -> list[tuple[str, int]]:
        """Each number with the word of its kind."""
        return list(zip(TALLIED, self.numbers, strict=True))


def tallies(office: str, now: datetime, calendar: WorkCalendar) -> tuple[list[Tally], list[Tally]]:
    """The late and soon late of an office by the step they are at, in the order of the work, and by who holds them."""
    conditions = kinds(now, calendar, 0)
    sums = [fn.SUM(Case(None, [(conditions[word], 1)], 0)) for word in TALLIED]
    columns = Dossier.state, Dossier.step, Dossier.taken_by
    rows = Dossier.select(*columns, *sums).where(Dossier.office == office, Dossier.state.in_(_AT_WORK), RUNS).group_by(*columns)
    by_place: dict[str, list[tuple]] = {}
    by_holder: dict[int, list[tuple]] = {}
    for state, step, holder, *numbers in rows.tuples():
        by_place.setdefault(word_of(state, step), []).append(numbers)
        by_holder.setdefault(holder or NOBODYS, []).append(numbers)
    names = dict(Staff.select(Staff.id, Staff.full_name).where(Staff.id.in_(list(by_holder))).tuples())
    names[NOBODYS] = "Chưa ai nhận"
    places = [Tally(word, place_name(word), _sum(by_place[word])) for word in PLACES if word in by_place]
    holders = [Tally(holder, names[holder], _sum(found)) for holder, found in by_holder.items()]
    # Who has most that is late stands first.
    holders.sort(key=lambda tally: (*(-number for number in tally.numbers), sort_key(tally.name)))
    return _not_empty(places), _not_empty(holders)


def _sum(rows: list[tuple]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*rows, strict=True))


def _not_empty(tallies: list[Tally]) -> list[Tally]:
    return [tally for tally in tallies if any(tally.numbers)]


def kinds(now: datetime, calendar: WorkCalendar, most_apologies: int) -> dict[str, Expression]:
    """The conditions by their word in the address."""
    return {
        "tre": is_overdue(now),
        "hom-nay": is_due_today(now),
        "sap-tre": is_warned(now, calendar),
        "chua-xin-loi": needs_apology(now, calendar, most_apologies),
    }


def ids_of(office: str, is_so: Expression, place: str = "", holder: int | None = None):
    """A query of the ids of an office's dossiers that are so, at one step or on one table, the soonest due first."""
    wanted = [Dossier.office == office, Dossier.state.in_(_AT_WORK), is_so]
    if place:
        state, step = PLACES[place]
        wanted += [Dossier.state == state, Dossier.step == step]
    if holder is not None:
        wanted.append(Dossier.taken_by.is_null() if holder == NOBODYS else Dossier.taken_by == holder)
    return Dossier.select(Dossier.id).where(*wanted).order_by(Dossier.due_at, Dossier.id)

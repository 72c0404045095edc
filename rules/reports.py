"""What the office reports of a period: Biểu II.06a and the progress table of QĐ 766, with the sums that must hold."""

import calendar as months_of_the_year
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta

from peewee import CTE, Case, Field, Value, fn

from models import ClockStop, Dossier, Event, State
from rules import WrongInput
from rules.vietnamese import VIETNAM_TIME, fold, read_day, show_day

FIRST_YEAR = 2020
# In the channel column; “helped” is typed into the same online form by somebody of the commune, so it is trực tuyến.
ONLINE, AT_DESK, BY_POST = ("online", "helped"), ("counter",), ("post",)
WITHOUT_FIELD = "Chưa ghi lĩnh vực"


# --- periods ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Period:
    """Whole days, in Việt Nam's time, from `first` to the end of `last`."""

    first: date
    last: date
    name: str
    key: str = ""  # in the address; "": typed from day to day

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.first, time(), VIETNAM_TIME)

    @property
    def ends(self) -> datetime:
        """The first moment that is not of it."""
        return datetime.combine(self.last + timedelta(days=1), time(), VIETNAM_TIME)

    def measured_at(self, now: datetime) -> datetime:
        """What is pending or late is so at its end, or now, while it still runs."""
        return min(self.ends, now)


_ROMAN = ("", "I", "II", "III", "IV")
_HALVES = ("", "đầu", "cuối")
# Month, quarter, half and year: how many months, what stands in the address, and what it is called.
_KINDS = {
    "": (1, lambda year, number: f"tháng {number}/{year}"),
    "q": (3, lambda year, number: f"quý {_ROMAN[number]}/{year}"),
    "h": (6, lambda year, number: f"6 tháng {_HALVES[number]} năm {year}"),
    "y": (12, lambda year, number: f"năm {year}"),
}


def _span(year: int, kind: str, number: int) -> Period:
    length, name = _KINDS[kind]
    first, last = (number - 1) * length + 1, number * length
    end = months_of_the_year.monthrange(year, last)[1]
    key = f"{year}" if kind == "y" else f"{year}-{kind}{number}" if kind else f"{year}-{number:02}"
    return Period(date(year, first, 1), date(year, last, end), name(year, number), key)


def month(day: date) -> Period:
    """The month that `day` lies in."""
    return _span(day.year, "", day.month)


def period_named(key: str, today: date) -> Period:
    """2026-11, 2026-q4, 2026-h2 or 2026. Raises WrongInput for anything else, and for what has not begun."""
    year, dash, rest = key.partition("-")
    kind, number = ("y", "1") if not dash else (rest[0], rest[1:]) if rest[:1] in ("q", "h") else ("", rest)
    is_number = all(part.isascii() and part.isdecimal() and len(part) <= 4 for part in (year, number))
    if not is_number or not FIRST_YEAR <= int(year) <= today.year or not 1 <= int(number) <= 12 // _KINDS[kind][0]:
        raise WrongInput("Chọn kỳ báo cáo trong danh sách")
    period = _span(int(year), kind, int(number))
    if period.first > today:
        raise WrongInput(f"Kỳ này chưa bắt đầu ({period.name}). Chọn kỳ khác.")
    return period


def read_period(key: str, first: str, last: str, today: date) -> Period:
    """The period asked for: two typed days before a chosen name; neither is this month. Raises WrongInput."""
    if not (first.strip() or last.strip()):
        return period_named(key, today) if key else month(today)
    if not (first.strip() and last.strip()):
        raise WrongInput("Nhập cả hai ngày: từ ngày và đến ngày")
    begins, ends = read_day(first), read_day(last)
    if ends < begins:
        raise WrongInput("Nhập ngày cuối không trước ngày đầu")
    if begins > today or begins.year < FIRST_YEAR:
        raise WrongInput(f"Nhập ngày đầu từ 1/1/{FIRST_YEAR} đến hôm nay ({show_day(today)})")
    if ends.year > today.year + 1:
        raise WrongInput("Nhập ngày cuối không quá năm sau")
    return Period(begins, ends, f"từ {show_day(begins)} đến {show_day(ends)}")


def before(period: Period) -> Period | None:
    """The period of the same length before this one; None before the first year, and of days that were typed."""
    return _neighbour(period, period.first - timedelta(days=1)) if period.key else None


def after(period: Period, today: date) -> Period | None:
    """The one after it, once it has begun."""
    next_one = _neighbour(period, period.last + timedelta(days=1)) if period.key else None
    return next_one if next_one and next_one.first <= today else None


def _neighbour(period: Period, day: date) -> Period | None:
    kind = "y" if period.key.isdecimal() else period.key[5] if period.key[5] in _KINDS else ""
    return _span(day.year, kind, (day.month - 1) // _KINDS[kind][0] + 1) if day.year >= FIRST_YEAR else None


def offered(today: date) -> Iterator[tuple[str, list[Period]]]:
    """What may be chosen from a list, the newest first: this year and the last, in months, quarters, halves and years."""
    for label, kind in (("Tháng", ""), ("Quý", "q"), ("6 tháng", "h"), ("Năm", "y")):
        spans = (_span(year, kind, n) for year in (today.year, today.year - 1) for n in range(12 // _KINDS[kind][0], 0, -1))
        yield label, [span for span in spans if span.first <= today]


# --- what is counted -------------------------------------------------------------------------------------------------


@dataclass
class Counts:
    """Dossiers of one row of a report, each column counted by itself, so that a sum that does not hold is seen.

    received: accepted before the period's end and not solved before it began; carried: of these, those accepted before it
    began; arrived: those accepted within it, by channel online, at_desk, by_post. A dossier that was never accepted
    (refused, withdrawn, still new) is in none.
    solved: within the period the result was there (early, on_time, late, as kept in Dossier.punctuality); or its submitter
    withdrew it and the office agreed, or it was refused after acceptance: late if its due date had passed by then, else
    on_time, as the local variant of II.06a has it (one-stop mechanism, regular reports). One that the office itself stopped
    is solved once its papers are given back; until then it is paused (states 5, 6 and 8 are “tạm dừng”).
    pending: received and not solved by the period's end; late when its due moment had passed at that end, or now while the
    period runs. paused: those of them whose clock stood still then (ClockStop, state 8), late only if they were so when it
    stopped; running: the others.
    """

    name: str
    key: object = None
    received: int = 0
    carried: int = 0
    arrived: int = 0
    online: int = 0
    at_desk: int = 0
    by_post: int = 0
    offline: int = 0
    solved: int = 0
    early: int = 0
    on_time: int = 0
    late: int = 0
    pending: int = 0
    pending_in_time: int = 0
    pending_late: int = 0
    running: int = 0
    running_in_time: int = 0
    running_late: int = 0
    paused: int = 0
    paused_in_time: int = 0
    paused_late: int = 0


NUMBERS = tuple(field.name for field in fields(Counts) if field.type is int)


def count(office: str, period: Period, now: datetime, by: Field = Dossier.field, *conditions) -> list[Counts]:
    """A row for each value of `by` among the dossiers that `office` had in hand in the period, in the order of their names.

    As things were then: what was solved, stopped or made late after the period's end counts as pending in it. An office
    counts what is in its hands today: one that was transferred has gone with its whole past.
    """
    rows = _in_hand(office, period, now, by, conditions)
    found = [Counts(str(key or ""), key, *(int(number or 0) for number in numbers)) for key, *numbers in rows]
    return sorted(found, key=lambda row: fold(row.name))


def total(rows: list[Counts], name: str = "Tổng số") -> Counts:
    return Counts(name, None, *(sum(getattr(row, number) for row in rows) for number in NUMBERS))


def _in_hand(office, period, now, by, conditions):
    """The one query: each dossier's answers first, worked out once, then their sums."""
    begins, ends = _kept(period.begins), _kept(period.ends)
    each = _each(office, period, now, by, conditions)
    line = each.c
    is_new = line.accepted_at >= begins
    is_solved = (line.solved_at >= begins) & (line.solved_at < ends)
    is_pending = line.solved_at.is_null() | (line.solved_at >= ends)
    is_running, is_paused = is_pending & (line.paused == 0), is_pending & (line.paused == 1)
    is_late, in_time = line.is_late == 1, line.is_late == 0
    conditions_of = {
        "received": Value(1) == 1,
        "carried": line.accepted_at < begins,
        "arrived": is_new,
        "online": is_new & line.channel.in_(ONLINE),
        "at_desk": is_new & line.channel.in_(AT_DESK),
        "by_post": is_new & line.channel.in_(BY_POST),
        "offline": is_new & line.channel.in_(AT_DESK + BY_POST),
        "solved": is_solved,
        "early": is_solved & (line.how == "early"),
        "on_time": is_solved & (line.how == "on_time"),
        "late": is_solved & (line.how == "late"),
        "pending": is_pending,
        "pending_in_time": is_pending & in_time,
        "pending_late": is_pending & is_late,
        "running": is_running,
        "running_in_time": is_running & in_time,
        "running_late": is_running & is_late,
        "paused": is_paused,
        "paused_in_time": is_paused & in_time,
        "paused_late": is_paused & is_late,
    }
    sums = [fn.SUM(Case(None, [(conditions_of[number], 1)], 0)) for number in NUMBERS]
    query = Dossier.select(line.name, *sums).from_(each).with_cte(each)
    is_in_hand = line.solved_at.is_null() | (line.solved_at >= begins) | is_new
    return query.where(is_in_hand).group_by(line.name).tuples()


def _kept(moment: datetime) -> datetime:
    """As the database holds it: a column of a query in a query knows nothing of its field."""
    return Dossier.accepted_at.db_value(moment)


def solved_at():
    """When a dossier was solved, in the sense of Counts; NULL of one that is not."""
    stopped = Event.select(Value(1)).where(Event.dossier == Dossier.id, Event.name == "stop", Event.at == Dossier.ended_at)
    has_no_result = Dossier.ended_at.is_null(False) & (Dossier.punctuality == "")
    return Case(None, [(has_no_result & fn.EXISTS(stopped), Dossier.returned_at)], Dossier.ended_at)


def how_solved():
    """early, on_time or late: as kept with a result; without one, whether it was late when its clock stopped."""
    was_late = Dossier.due_at < fn.COALESCE(Dossier.stopped_at, Dossier.ended_at)
    return Case(None, [(Dossier.punctuality != "", Dossier.punctuality), (was_late, "late")], "on_time")


def _each(office: str, period: Period, now: datetime, by: Field, conditions: tuple) -> CTE:
    """A line for each dossier that may count, with what is asked of it; kept, so that it is worked out once."""
    ends, moment = period.ends, period.measured_at(now)
    is_pending = solved_at().is_null() | (solved_at() >= _kept(ends))
    stands = ClockStop.select(Value(1)).where(
        ClockStop.dossier == Dossier.id,
        ClockStop.began_at < ends,
        ClockStop.ended_at.is_null() | (ClockStop.ended_at >= ends),
    )
    last_state = (
        Event.select(Event.to_state).where(Event.dossier == Dossier.id, Event.at < ends).order_by(Event.id.desc()).limit(1)
    )
    is_paused = is_pending & (fn.EXISTS(stands) | (last_state == State.STOPPED))
    moved, late_of_moved = _with_moved_clocks(office, period, moment)
    is_late = [(Dossier.id.in_(late_of_moved), 1)] if late_of_moved else []
    is_late += [(Dossier.id.in_(moved), 0)] if moved else []
    return (
        Dossier.select(
            by.alias("name"),
            Dossier.accepted_at,
            Dossier.channel,
            solved_at().alias("solved_at"),
            how_solved().alias("how"),
            Case(None, [(is_paused, 1)], 0).alias("paused"),
            Case(None, [*is_late, (Dossier.due_at < moment, 1)], 0).alias("is_late"),
        )
        .where(_may_count(office, period), *conditions)
        .cte("each_dossier", materialized=True)
    )


def _may_count(office: str, period: Period):
    """All that was in hand in the period, and a few others; each way to it is one that an index leads."""
    row = Dossier.alias()
    mine, begins = row.office == office, period.begins
    ways = (
        (row.accepted_at >= begins) & (row.accepted_at < period.ends),
        row.ended_at.is_null(),
        row.ended_at >= begins,
        # Ended without a result: stopped, with its papers given back within the period, or not yet.
        (row.punctuality == "") & (row.ended_at < begins) & (row.returned_at.is_null() | (row.returned_at >= begins)),
    )
    first, *others = (row.select(row.id).where(mine, way) for way in ways)
    for other in others:
        first = first.union(other)
    return (Dossier.accepted_at < period.ends) & Dossier.id.in_(first)


# --- late at that time -----------------------------------------------------------------------------------------------


def _with_moved_clocks(office: str, period: Period, moment: datetime) -> tuple[list[int], list[int]]:
    """Dossiers of which the row alone does not say whether they were late then; and those of them that were.

    Their first due moment had passed, and their clock stood still at some time: then the due moment that the row holds may
    have been set after the period's end, or the clock may have stood at that end. They are few, and their log tells.
    """
    stood = ClockStop.select(Value(1)).where(ClockStop.dossier == Dossier.id)
    stopped = Event.select(Value(1)).where(Event.dossier == Dossier.id, Event.to_state == State.STOPPED)
    is_open = Dossier.ended_at.is_null() | (Dossier.ended_at >= period.ends) | (Dossier.punctuality == "")
    moved = _may_count(office, period), Dossier.first_due_at < moment, is_open, fn.EXISTS(stood) | fn.EXISTS(stopped)
    due = dict(Dossier.select(Dossier.id, Dossier.due_at).where(*moved).tuples())
    stops, log = _by_dossier(ClockStop, list(due)), _by_dossier(Event, list(due))
    late = [one for one in due if _was_late(due[one], stops.get(one, []), log.get(one, []), period, moment)]
    return list(due), late


def _by_dossier(table, ids: list[int]) -> dict[int, list]:
    found: dict[int, list] = {}
    for row in table.select().where(table.dossier.in_(ids)).order_by(table.id) if ids else ():
        found.setdefault(row.dossier_id, []).append(row)
    return found


def _was_late(due: datetime | None, stops: list, log: list[Event], period: Period, moment: datetime) -> bool:
    """Whether the due moment it had at the period's end lay before `moment`, and before its clock stopped, if it stood then."""
    # What a later move changed, it wrote down as it was before.
    changed = (event.before["due_at"] for event in log if event.at >= period.ends and (event.before or {}).get("due_at"))
    due = next((datetime.fromisoformat(text) for text in changed), due)
    since = _stood_since(stops, log, period.ends)
    return due is not None and due < min(moment, since or moment)


def _stood_since(stops: list, log: list[Event], at: datetime) -> datetime | None:
    """Since when its clock had stood still at that moment; None when it ran. One reason may follow on another."""
    spans = [(stop.began_at, stop.ended_at) for stop in stops if stop.began_at < at]
    moves = [event for event in log if event.at < at and event.from_state != event.to_state]
    spans += [
        (event.at, next((later.at for later in moves[n + 1 :]), None))
        for n, event in enumerate(moves)
        if event.to_state is State.STOPPED
    ]
    since = None
    for began, ended in sorted(spans, key=lambda span: span[0], reverse=True):
        if ended is None or ended >= (since or at):
            since = began
    return since


# --- month by month --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Month:
    """Of one month: how many dossiers were received within it, and of those solved within it how many were late."""

    period: Period
    received: int
    solved: int
    late: int

    @property
    def in_time(self) -> int:
        return self.solved - self.late


def months(office: str, last: Period, how_many: int) -> list[Month]:
    """The months up to `last`, the oldest first; counted as Counts.arrived, solved and late are."""
    periods = [last]
    while len(periods) < how_many and (earlier := before(periods[0])):
        periods.insert(0, earlier)
    whole = Period(periods[0].first, last.last, "")
    each = (
        Dossier.select(Dossier.accepted_at, solved_at().alias("solved_at"), how_solved().alias("how"))
        .where(_may_count(office, whole))
        .cte("each_dossier", materialized=True)
    )
    sums = []
    for period in periods:
        accepted, solved = (
            (column >= _kept(period.begins)) & (column < _kept(period.ends)) for column in (each.c.accepted_at, each.c.solved_at)
        )
        sums += [fn.SUM(Case(None, [(one, 1)], 0)) for one in (accepted, solved, solved & (each.c.how == "late"))]
    numbers = iter(Dossier.select(*sums).from_(each).with_cte(each).tuples().get())
    return [Month(period, *(int(next(numbers) or 0) for _ in range(3))) for period in periods]

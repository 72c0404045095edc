"""What a leader looks at, and what everybody may: shares, villages, officers, steps, reasons; small numbers stay hidden."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from peewee import Case, fn

from models import Dossier, Event, Staff
from rules import day_sheet, lateness, ratings, reports, workflow
from rules.reports import Counts, Month, Period
from rules.vietnamese import in_vietnam, sort_key

LEAST_SHOWN = 5  # fewer than that, and somebody could guess who
ELSEWHERE = "Nơi khác"
NOBODYS = "Chưa ai nhận"
OWN_WORDS = "Lý do viết riêng"
MONTHS_SHOWN = 12


# --- small numbers ---------------------------------------------------------------------------------------------------


def hide_small(numbers: Sequence[int]) -> list[int | None]:
    """None in place of each number under LEAST_SHOWN, and of as many others as keep anybody from working it out.

    Whoever knows the sum of all takes from it what is shown, and has the sum of what is hidden: so never one alone is
    hidden, what is hidden adds up to LEAST_SHOWN at least, and to less than it could at most, where there is one more to
    hide. The smallest of those shown goes first.
    """
    hidden = {place for place, number in enumerate(numbers) if number < LEAST_SHOWN}
    rest = sorted(set(range(len(numbers))) - hidden, key=lambda place: (numbers[place], place))
    while hidden and rest and _tells(sum(numbers[place] for place in hidden), len(hidden)):
        hidden.add(rest.pop(0))
    return [None if place in hidden else number for place, number in enumerate(numbers)]


def _tells(hidden_sum: int, count: int) -> bool:
    """Whether the sum of so many hidden numbers leaves nothing to guess."""
    return count < 2 or hidden_sum < LEAST_SHOWN or hidden_sum == count * (LEAST_SHOWN - 1)


def hide_in_table(rows: Sequence[Sequence[int]], hidden_sums: Iterable[int] = ()) -> list[list[int | None]]:
    """As hide_small, for a table of which people know the sum of each column, and of each row but those in `hidden_sums`.

    Besides, no hidden number may follow from the others: drawn as a line between its row and its column, each has to lie on
    a circle of such lines. One that lies on none is what its side of the table lacks, and can be worked out.
    """
    size, sums = (len(rows), len(rows[0]) if rows else 0), frozenset(hidden_sums)
    hidden = {place for place in _places(*size) if rows[place[0]][place[1]] < LEAST_SHOWN}
    while place := _one_more(rows, size, hidden, sums):
        hidden.add(place)
    return [[None if (r, c) in hidden else rows[r][c] for c in range(size[1])] for r in range(size[0])]


def _places(height: int, width: int) -> list[tuple[int, int]]:
    return [(row, column) for row in range(height) for column in range(width)]


def _one_more(rows, size, hidden, hidden_sums) -> tuple[int, int] | None:
    """The smallest number that has to be hidden too, where something can still be worked out."""

    def smallest(line) -> tuple[int, int] | None:
        shown = [(rows[row][column], (row, column)) for row, column in line if (row, column) not in hidden]
        return min(shown)[1] if shown else None

    across = [[(row, column) for column in range(size[1])] for row in range(size[0])]
    for line in [line for row, line in enumerate(across) if row not in hidden_sums] + list(zip(*across, strict=True)):
        numbers = [rows[row][column] for row, column in line if (row, column) in hidden]
        if numbers and _tells(sum(numbers), len(numbers)) and (more := smallest(line)):
            return more
    for row in hidden_sums:
        if not hidden.intersection(across[row]):  # else what is shown adds up to the hidden sum
            return smallest(across[row])
    lines = {(("row", row), ("column", column)) for row, column in hidden} | {(("row", row), "sums") for row in hidden_sums}
    for line in sorted(lines, key=str):
        if _joins_nothing_else(line, lines):
            row = line[0][1]
            return smallest(across[row]) or smallest(_places(*size))
    return None


def _joins_nothing_else(line: tuple, lines: set[tuple]) -> bool:
    """Whether without this line no way leads from its one end to the other: it lies on no circle."""
    reached, rest = {line[0]}, lines - {line}
    while more := [one for one in rest if len(reached.intersection(one)) == 1]:
        reached.update(*more)
    return line[1] not in reached


@dataclass(frozen=True)
class Shown:
    """A row of a table in which small numbers are hidden; None stands for one."""

    name: str
    numbers: tuple[int | None, ...]


def hidden_rows(names: Sequence[str], columns: Sequence[Sequence[int]]) -> list[Shown]:
    """Rows of which each column is hidden by itself. No column may be the sum or the difference of others."""
    hidden = [hide_small(column) for column in columns]
    return [Shown(name, tuple(numbers)) for name, *numbers in zip(names, *hidden, strict=True)] if names else []


# --- shares ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """So many of so many. `percent` is whole, and None where there is nothing to take a share of."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        """Rounded down: 99,6 % on time is not all on time."""
        return self.part * 100 // self.whole if self.whole else None


@dataclass(frozen=True)
class Overview:
    """A period at a glance. Shares: solved in time of all solved; come online of all that came; paid online of all paid."""

    whole: Counts
    in_time: Share
    online: Share
    paid_online: Share
    fields: list[tuple[str, Share]]
    villages: list[Shown]  # came in, solved, late when solved or now
    officers: list[Counts]
    reasons: list[tuple[str, int]]
    scores: dict[str, int | None]
    months: list[Month]


def overview(office: str, period: Period, now: datetime, villages: Sequence[str], phrases: Sequence[str]) -> Overview:
    """All of a leader's page but what lies where now. `villages` are the commune's, `phrases` the ready reasons of a refusal."""
    fields = reports.count(office, period, now)
    whole = reports.total(fields)
    return Overview(
        whole=whole,
        in_time=Share(whole.early + whole.on_time, whole.solved),
        online=Share(whole.online, whole.arrived),
        paid_online=paid_online(office, period),
        fields=[(row.name or reports.WITHOUT_FIELD, Share(row.early + row.on_time, row.solved)) for row in fields],
        villages=by_village(office, period, now, villages),
        officers=by_officer(office, period, now),
        reasons=refusals(office, period, phrases),
        scores=scores(office, period),
        months=reports.months(office, reports.month(min(period.last, in_vietnam(now).date())), MONTHS_SHOWN),
    )


def paid_online(office: str, period: Period) -> Share:
    """Of the receipts made in the period that stand: those of money that came online, as the gateway told."""
    counts = day_sheet.counts_by_method(office, period.begins, period.ends)
    return Share(counts["online"], sum(counts.values()))


def _stands():
    """An event that nobody took back."""
    undone = Event.alias()
    return ~fn.EXISTS(undone.select(undone.id).where(undone.undoes == Event.id))


def by_village(office: str, period: Period, now: datetime, villages: Sequence[str]) -> list[Shown]:
    """A row for each village of the commune, in its order, and one for all who live elsewhere or did not say."""
    found = {row.key: row for row in reports.count(office, period, now, Dossier.village)}
    elsewhere = reports.total([row for key, row in found.items() if key not in villages], ELSEWHERE)
    rows = [replace(found.get(name, Counts(name)), name=name) for name in dict.fromkeys(villages)] + [elsewhere]
    columns = [row.arrived for row in rows], [row.solved for row in rows], [row.late + row.pending_late for row in rows]
    return hidden_rows([row.name for row in rows], columns)


def by_officer(office: str, period: Period, now: datetime) -> list[Counts]:
    """On whose table the dossiers of the period lie or last lay, by name; those on nobody's last."""
    found = reports.count(office, period, now, Dossier.taken_by)
    names = dict(Staff.select(Staff.id, Staff.full_name).where(Staff.id.in_([row.key for row in found if row.key])).tuples())
    rows = [replace(row, name=names.get(row.key, NOBODYS)) for row in found]
    return sorted(rows, key=lambda row: (row.key is None, sort_key(row.name)))


@dataclass(frozen=True)
class Place:
    """Where dossiers lie now: how many, how many of them late."""

    name: str
    count: int
    late: int


def by_step(office: str, now: datetime) -> list[Place]:
    """The accepted ones that are not ended, by state and step, at this moment."""
    late = fn.SUM(Case(None, [(lateness.is_overdue(now), 1)], 0))
    here = Dossier.office == office, Dossier.accepted_at.is_null(False), Dossier.ended_at.is_null()
    rows = (
        Dossier.select(Dossier.state, Dossier.step, fn.COUNT(Dossier.id), late).where(*here).group_by(Dossier.state, Dossier.step)
    )
    return [
        Place(workflow.STEPS[step][0] if step in workflow.STEPS else workflow.STATE_NAMES[state][0], count, int(late))
        for state, step, count, late in sorted(rows.tuples())
    ]


def refusals(office: str, period: Period, phrases: Sequence[str]) -> list[tuple[str, int]]:
    """How often each ready phrase was the reason of a refusal in the period, the most frequent first; the rest together.

    A phrase that the officer wrote on after still counts as that phrase.
    """
    refused = Event.name == "refuse", Event.at >= period.begins, Event.at < period.ends, Dossier.office == office
    rows = Event.select(Event.note, fn.COUNT(Event.id)).join(Dossier).where(*refused, _stands()).group_by(Event.note)
    found = dict.fromkeys([*phrases, OWN_WORDS], 0)
    for note, number in rows.tuples():
        found[next((phrase for phrase in phrases if note.startswith(phrase)), OWN_WORDS)] += number
    return sorted(((phrase, number) for phrase, number in found.items() if number), key=lambda one: -one[1])


def scores(office: str, period: Period) -> dict[str, int | None]:
    """How people rated the service in the whole months of the period; None for fewer than ratings.LEAST_SHOWN.

    A month counts with what is shown of it alone, and days not at all: from two periods that differ by a day, the rating
    of that day could be worked out.
    """
    found = dict.fromkeys(ratings.SCORES.values())
    for first in whole_months(period):
        for score, number in ratings.month_of(office, first).counts.items():
            if number:
                found[ratings.SCORES[score]] = (found[ratings.SCORES[score]] or 0) + number
    return found


def whole_months(period: Period) -> list[date]:
    """The first day of each month that lies wholly in the period."""
    first = period.first if period.first.day == 1 else ratings.next_month(period.first)
    months = []
    while ratings.next_month(first) <= period.last + timedelta(days=1):
        months.append(first)
        first = ratings.next_month(first)
    return months


# --- what everybody may see ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Transparency:
    """The last whole months of the office, in numbers that tell of nobody: received, solved in time, solved late."""

    period: Period
    months: list[Shown]  # the newest first
    fields: list[Shown]


def transparency(office: str, today: date, now: datetime) -> Transparency | None:
    """None in a year without a whole month behind it to show.

    How many were solved in all is not said: with it, a hidden number of late ones could be worked out.
    """
    last = reports.before(reports.month(today))
    if last is None:
        return None
    found = reports.months(office, last, MONTHS_SHOWN)
    found.reverse()
    period = Period(found[-1].period.first, last.last, f"từ {found[-1].period.name} đến {last.name}")
    names = [f"{one.period.first.month}/{one.period.first.year}" for one in found]
    months = hidden_rows(names, ([m.received for m in found], [m.in_time for m in found], [m.late for m in found]))
    rows = reports.count(office, period, now)
    columns = [row.arrived for row in rows], [row.early + row.on_time for row in rows], [row.late for row in rows]
    return Transparency(period, months, hidden_rows([row.name or reports.WITHOUT_FIELD for row in rows], columns))

"""What a leader tells a village meeting: dossiers by how they came, paper, broadcasts, people reached, what was asked most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from models import Dossier
from rules import broadcasts, outreach, overview, packs, paper_visits, reports
from rules.outreach import Reached
from rules.reports import Period

# How a dossier came, by its channel. The first two together are “trực tuyến” of the other reports.
WAYS = {"online": "Bà con tự nộp", "helped": "Có người giúp nộp", "counter": "Nộp tại quầy", "post": "Gửi bưu điện"}
_BETWEEN = "|"  # in no channel


@dataclass(frozen=True)
class Line:
    """One village in a period. Dossiers as the other reports count those that arrived; None: too few to be told."""

    name: str
    dossiers: int | None
    by_way: dict[str, int | None]  # by the keys of WAYS
    printed: int  # packs of paper made in the period and taken away to be printed
    visits: int  # from that village's paper, by its QR code or short address
    broadcasts: int
    reached: Reached


@dataclass(frozen=True)
class Report:
    lines: list[Line]  # the villages in the commune's order
    elsewhere: Line

    def of(self, village: str) -> Line:
        return next(line for line in self.lines if line.name == village)


def report(
    office: str, period: Period, now: datetime, villages: Sequence[str], keys: Mapping[str, str] = MappingProxyType({})
) -> Report:
    """Every village at once: what is hidden of one depends on the others, so a village's page shows a line of this table.

    `keys` are what the villages are called on paper (rules/villages.py), by name.
    """
    names = [*dict.fromkeys(villages), overview.ELSEWHERE]
    rows = _arrived(office, period, now, names)
    # As the leaders' page hides them, number by number: together with it this page tells no more.
    totals = overview.hide_small([sum(row) for row in rows])
    hidden = overview.hide_in_table(rows, [place for place, total in enumerate(totals) if total is None])
    said, reached = broadcasts.count_read(period.begins, period.ends), outreach.reached_by_village(period)
    printed = packs.printed_in(office, period.begins, period.ends)
    visits = paper_visits.count_in(period.first, period.last)
    paper = {name: (printed.get(key, 0), visits.get(key, 0)) for name, key in keys.items()}
    lines = [
        Line(
            name,
            total,
            dict(zip(WAYS, row, strict=True)),
            *paper.get(name, (0, 0)),
            said.get(name, 0),
            reached.get(name, Reached()),
        )
        for name, total, row in zip(names, totals, hidden, strict=True)
    ]
    return Report(lines[:-1], lines[-1])


def _arrived(office: str, period: Period, now: datetime, names: list[str]) -> list[list[int]]:
    """By village, and by way within it: how many were accepted in the period."""
    both = Dossier.channel.concat(_BETWEEN).concat(Dossier.village)
    found = {name: dict.fromkeys(WAYS, 0) for name in names}
    for row in reports.count(office, period, now, both):
        channel, _, village = str(row.key).partition(_BETWEEN)
        found[village if village in found else overview.ELSEWHERE][channel] += row.arrived
    return [list(row.values()) for row in found.values()]

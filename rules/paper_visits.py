"""Whether the paper works: how often somebody came from a village's paper, by day. A number; nobody is in it."""

from datetime import date, timedelta

from peewee import fn

from database import db
from models import PaperVisit

LATELY = timedelta(days=30)


def count_visit(village: str, sheet: str, day: date) -> None:
    with db.atomic():
        (
            PaperVisit.insert(village=village, sheet=sheet, day=day, count=1)
            .on_conflict(
                conflict_target=[PaperVisit.village, PaperVisit.sheet, PaperVisit.day],
                update={PaperVisit.count: PaperVisit.count + 1},
            )
            .execute()
        )


def by_village(today: date) -> dict[str, tuple[int, int]]:
    """By village key: visits of the last thirty days, and of all time."""
    everything = PaperVisit.select(PaperVisit.village, fn.SUM(PaperVisit.count)).group_by(PaperVisit.village)
    lately = everything.where(PaperVisit.day > today - LATELY)
    recent = dict(lately.tuples())
    return {village: (recent.get(village, 0), count) for village, count in everything.tuples()}


def count_in(first: date, last: date) -> dict[str, int]:
    """By village key: visits from one day to another, both included."""
    rows = PaperVisit.select(PaperVisit.village, fn.SUM(PaperVisit.count)).where(PaperVisit.day.between(first, last))
    return dict(rows.group_by(PaperVisit.village).tuples())

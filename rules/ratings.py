"""What people thought of the service: one tap a dossier, read in totals only, never by whom."""

from dataclasses import dataclass
from datetime import date, datetime, time

from peewee import IntegrityError, fn

from database import db
from models import Dossier, Rating, State
from rules.vietnamese import VIETNAM_TIME

SCORES = {3: "Rất hài lòng", 2: "Hài lòng", 1: "Không hài lòng"}
LEAST_SHOWN = 5  # fewer than that, and somebody could guess who
MOST_WORDS = 50  # of a month


@dataclass(frozen=True)
class Month:
    """A month's ratings. `counts` names None for what is fewer than LEAST_SHOWN."""

    first: date
    counts: dict[int, int | None]
    words: list[str]


def may_be_rated(dossier: Dossier) -> bool:
    """Once the result is in the person's hands."""
    return dossier.state is State.RETURNED or (dossier.state is State.DONE and dossier.delivery == "online")


def rating_of(dossier: Dossier) -> Rating | None:
    return Rating.get_or_none(Rating.dossier == dossier.id)


def rate(dossier: Dossier, score: int, now: datetime) -> Rating | None:
    """Keep the first tap; a later one finds it. None while there is nothing to rate, or for no such score."""
    if score not in SCORES or not may_be_rated(dossier):
        return None
    try:
        with db.atomic():
            return Rating.create(dossier=dossier, score=score, given_at=now)
    except IntegrityError:
        return rating_of(dossier)


def add_words(rating: Rating, words: str) -> None:
    """Words are added once, to the tap that was given before."""
    Rating.update(words=words).where(Rating.id == rating.id, Rating.words.is_null()).execute()


def month_of(office: str, first: date) -> Month:
    """The ratings an office was given in the month that begins on `first`."""
    begins = datetime.combine(first, time(), VIETNAM_TIME)
    ends = datetime.combine(next_month(first), time(), VIETNAM_TIME)
    is_in = Dossier.office == office, Rating.given_at >= begins, Rating.given_at < ends
    rows = Rating.select(Rating.score, fn.COUNT(Rating.id)).join(Dossier).where(*is_in).group_by(Rating.score).tuples()
    found = dict(rows)
    counts = {score: found.get(score, 0) if found.get(score, 0) >= LEAST_SHOWN else None for score in SCORES}
    said = []
    if sum(found.values()) >= LEAST_SHOWN:
        mine = Rating.select(Rating.words).join(Dossier).where(*is_in, Rating.words.is_null(False)).limit(MOST_WORDS)
        # In an order that says nothing of who came when.
        said = sorted(row.words for row in mine if row.words)
    return Month(first, counts, said)


def next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def month_before(first: date) -> date:
    return date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)

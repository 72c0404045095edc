"""What was last looked at too long ago: guides, procedures and links, each with whoever sees to it."""

from datetime import date, timedelta
from typing import NamedTuple

from rules.content import Guide, Link, Procedure
from rules.library import Library

STALE_AFTER = timedelta(days=90)


class Freshness(NamedTuple):
    """When somebody last looked whether it still holds, and who is to look."""

    checked_on: date | None
    owner: str
    is_stale: bool


def of(checked_on: date | None, owner: str, today: date) -> Freshness:
    """Never looked at is as bad as too long ago; a day in the future is a slip, and counts as looked at."""
    return Freshness(checked_on, owner, checked_on is None or today - checked_on > STALE_AFTER)


def of_part(part: Guide | Procedure | Link, today: date) -> Freshness:
    return of(part.checked_on, part.owner, today)


def count_stale(library: Library, today: date) -> int:
    """How many guides, procedures and links somebody should look at again."""
    links = [link for link in library.site.links if not link.historic]
    return sum(of_part(one, today).is_stale for one in (*library.guides.values(), *library.procedures.values(), *links))

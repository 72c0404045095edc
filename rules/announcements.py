"""What the commune tells everybody: which announcements hold on a day, and in which order they are read."""

from datetime import date, datetime

from peewee import fn

from models import ContentVersion
from rules.content import Announcement
from rules.library import Library

MOST_ON_HOME = 2
MOST_IN_FEED = 20


def has_begun(announcement: Announcement, today: date) -> bool:
    return announcement.valid_from <= today


def has_ended(announcement: Announcement, today: date) -> bool:
    return announcement.valid_to is not None and announcement.valid_to < today


def in_force(library: Library, today: date) -> list[Announcement]:
    """Those that hold today: the pinned ones first, then the newest."""
    found = [one for one in library.announcements.values() if has_begun(one, today) and not has_ended(one, today)]
    return sorted(found, key=lambda one: (not one.pinned, -one.valid_from.toordinal(), one.slug))


def over(library: Library, today: date) -> list[Announcement]:
    """Those whose last day is past, the newest first."""
    return [one for one in library.announcements.values() if has_ended(one, today)]


def published_at() -> dict[str, datetime]:
    """When the newest version of each announcement was published, by its slug."""
    rows = ContentVersion.select(ContentVersion.file, fn.MAX(ContentVersion.at).alias("at"))
    rows = rows.where(ContentVersion.file.startswith("announcements/")).group_by(ContentVersion.file)
    return {row.file.removeprefix("announcements/").removesuffix(".yaml"): row.at for row in rows}


def paragraphs(text: str) -> list[str]:
    """A text by its empty lines."""
    return [part.strip() for part in text.split("\n\n") if part.strip()]

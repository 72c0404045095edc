"""The commune's content as the pages read it, from the database."""

import hashlib
import json
import threading
import time
from collections.abc import Iterable
from datetime import date, timedelta
from datetime import time as clock_time

import msgspec
from peewee import IntegrityError

from database import db
from models import ContentPart, ContentStamp, Draft
from rules.content import CONVERTING, Announcement, Calendar, Consents, Content, EForm, Guide, Procedure, Reasons, Site
from rules.deadlines import AFTERNOON, MONDAY_TO_FRIDAY, MORNING, OFF, WHOLE_DAY, WorkCalendar
from rules.procedure_search import ProcedureIndex

LOOK_EVERY_SECONDS = 5


def put_parts(content: Content) -> int:
    """Let the pages read this content from now on, in place of what they read before; returns how many parts it has.

    Within the transaction of whoever calls.
    """
    rows = list(parts_of(content))
    stamp = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
    ContentPart.delete().execute()
    ContentPart.insert_many([{"kind": kind, "slug": slug, "value": value} for kind, slug, value in rows]).execute()
    ContentStamp.replace_stamp(stamp)
    for kind, slug, value in rows:
        if kind == "procedure":
            _take_drafts_along(slug, value["old_slugs"])
    return len(rows)


def _take_drafts_along(slug: str, old_slugs: list[str]) -> None:
    """What was begun under an old address goes on under the new one, unless its owner has begun anew there."""
    is_on_the_way = Draft.is_open() & Draft.corrects.is_null() & Draft.supplements.is_null()
    moved = Draft.select().where(Draft.procedure_slug.in_(old_slugs), is_on_the_way).order_by(Draft.updated_at.desc(), Draft.id)
    for draft in list(moved) if old_slugs else []:
        try:
            with db.atomic():
                Draft.update(procedure_slug=slug).where(Draft.id == draft.id).execute()
        except IntegrityError:
            continue  # one open draft a procedure: the newest is gone on with, an older one stays where it is, to be read


def parts_of(content: Content):
    """(kind, slug, plain value) of each part, in the order in which they are kept."""
    yield "site", "site", msgspec.to_builtins(content.site)
    yield "calendar", "calendar", msgspec.to_builtins(content.calendar)
    yield "consents", "consents", msgspec.to_builtins(content.consents)
    yield "reasons", "reasons", msgspec.to_builtins(content.reasons)
    yield "messages", "messages", msgspec.to_builtins(content.messages)  # read by rules/message_catalogue.py
    yield "eform", "general", msgspec.to_builtins(content.general_eform)
    yield "example", "eform", msgspec.to_builtins(content.example_eform)
    yield "example", "text", content.example_text
    for guide in content.guides:
        yield "guide", guide.slug, msgspec.to_builtins(guide)
    for procedure in content.procedures:
        yield "procedure", procedure.slug, msgspec.to_builtins(procedure)
    for announcement in content.announcements:
        yield "announcement", announcement.slug, msgspec.to_builtins(announcement)


KINDS = ("site", "calendar", "consents", "reasons", "messages", "eform", "example", "guide", "procedure", "announcement")


class Library:
    """What the pages read: typed, in memory, as it was loaded at one moment."""

    def __init__(self, rows: Iterable[tuple[str, str, object]]):
        parts: dict[str, list] = {kind: [] for kind in KINDS}
        for kind, _, value in rows:
            parts[kind].append(value)
        self.site = msgspec.convert(parts["site"][0], Site)
        calendar = msgspec.convert(parts["calendar"][0], Calendar)
        self.calendar = work_calendar(calendar)
        consents = msgspec.convert(parts["consents"][0], Consents)
        self.consents = {purpose.key: purpose for purpose in consents.purposes}
        # None in what was loaded before there were any: then the officer writes every reason.
        self.reasons = msgspec.convert(parts["reasons"][0], Reasons) if parts["reasons"] else Reasons()
        self.general_eform = msgspec.convert(parts["eform"][0], EForm)
        # Both in the order they were loaded: the form, and its file as written.
        example, self.example_text = parts["example"]
        self.example_eform = msgspec.convert(example, EForm)
        guides = msgspec.convert(parts["guide"], list[Guide])
        self.guides = {guide.slug: guide for guide in sorted(guides, key=lambda guide: guide.number)}
        self.procedures = {p.slug: p for p in msgspec.convert(parts["procedure"], list[Procedure])}
        # The newest first, as they were loaded.
        self.announcements = {one.slug: one for one in msgspec.convert(parts["announcement"], list[Announcement])}
        # As a dossier keeps it: plain values, with the e-form's pages beside.
        self.definitions = {slug: self._definition(procedure) for slug, procedure in self.procedures.items()}
        self.new_slugs = {old: p.slug for p in self.procedures.values() for old in p.old_slugs}
        self.index = ProcedureIndex(self.procedures.values())
        self.steps_at_screen = _steps_at_screens(self.guides.values())

    @classmethod
    def loaded(cls) -> "Library":
        """The library of what the database holds now."""
        return cls((part.kind, part.slug, part.value) for part in ContentPart.select().order_by(ContentPart.id))

    def most_used(self, today: date) -> list[Procedure]:
        """In the commune's order; in place of one that has ended, what took its place."""
        found = [self._successor(slug, today) for slug in self.site.most_used]
        return list({procedure.slug: procedure for procedure in found if procedure}.values())

    def _successor(self, slug: str, today: date) -> Procedure | None:
        """The procedure itself while it can be done, or the one that followed it; there is no circle (content check)."""
        procedure = self.procedures[slug]
        while procedure and has_ended(procedure, today):
            procedure = self.procedures[procedure.replaced_by] if procedure.replaced_by else None
        return procedure

    def slug_now(self, slug: str) -> str:
        """How a procedure is called today that drafts, dossiers or links know by this name."""
        return self.new_slugs.get(slug, slug)

    def slugs_of_code(self, code: str) -> list[str]:
        """Of the procedures that have this code, or had it."""
        return [procedure.slug for procedure in self.index.of_code(code)]

    def by_field(self) -> dict[str, list[Procedure]]:
        fields: dict[str, list[Procedure]] = {}
        for procedure in self.procedures.values():
            fields.setdefault(procedure.field, []).append(procedure)
        return fields

    def _definition(self, procedure: Procedure) -> dict:
        eform = msgspec.to_builtins(procedure.eform or self.general_eform)
        return msgspec.to_builtins(procedure) | {"eform": eform}

    def villages(self) -> list[str]:
        return [village.name for village in self.site.villages]


def work_calendar(said: Calendar) -> WorkCalendar:
    """What calendar.yaml says, as deadlines are counted by it."""
    hours = said.working_hours
    halves = {entry.day: AFTERNOON if entry.part == MORNING else MORNING for entry in said.half_days}
    halves |= {entry.day: entry.part for entry in said.work if entry.part != WHOLE_DAY}
    week, reception = list(MONDAY_TO_FRIDAY), [OFF] * 7
    for opening in said.weekends:
        (week if opening.counts else reception)[5 if opening.weekday == "saturday" else 6] = opening.part
    return WorkCalendar(
        days_off=frozenset(entry.day for entry in said.off),
        days_worked=frozenset(entry.day for entry in said.work if entry.part == WHOLE_DAY),
        hours=tuple(tuple(map(clock_time.fromisoformat, half)) for half in (hours.morning, hours.afternoon)),
        half_days=frozenset(halves.items()),
        week=tuple(week),
        reception=tuple(reception),
        count_from=said.count_from,
        listed_years=frozenset(entry.day.year for entry in said.off),
        unsure_years={entry.year: entry.reason for entry in said.incomplete_years},
        names={entry.day: entry.name for entry in (*said.off, *said.half_days)},
    )


class LatestLibrary:
    """The library as it is now: read anew within five seconds of a loading."""

    def __init__(self):
        self._library: Library | None = None
        self._stamp: str | None = None
        self._looked_at = float("-inf")
        self._reading = threading.Lock()

    def refreshed(self) -> Library:
        """The library, after a look whether content was loaded anew. Monotonic time: the wall clock may jump."""
        if self._is_look_due():
            with self._reading:
                if self._is_look_due():
                    self._look()
        return self._library

    def look_soon(self) -> None:
        """Look again with the next page: whoever has just published wants to see it."""
        self._looked_at = float("-inf")

    def _is_look_due(self) -> bool:
        return time.monotonic() - self._looked_at >= LOOK_EVERY_SECONDS

    def _look(self) -> None:
        stamp = ContentStamp.current()
        if stamp != self._stamp or self._library is None:
            with CONVERTING:
                self._library = Library.loaded()
            self._stamp = stamp
        self._looked_at = time.monotonic()


def _steps_at_screens(guides) -> dict[str, list[tuple[Guide, int]]]:
    """By screen (endpoint): the steps of the guides that happen on it."""
    found: dict[str, list[tuple[Guide, int]]] = {}
    for guide in guides:
        for number, step in enumerate(guide.steps, start=1):
            if step.screen:
                found.setdefault(step.screen, []).append((guide, number))
    return found


SOON = timedelta(days=31)


def has_begun(procedure: Procedure, today: date) -> bool:
    return procedure.valid_from is None or procedure.valid_from <= today


def has_ended(procedure: Procedure, today: date) -> bool:
    return procedure.valid_to is not None and procedure.valid_to < today


def is_in_force(procedure: Procedure, today: date) -> bool:
    return has_begun(procedure, today) and not has_ended(procedure, today)


def ends_soon(procedure: Procedure, today: date) -> bool:
    """Whether its last day is within a month, or by the end of the next one: who means to do it has to hurry."""
    end_of_next_month = (today.replace(day=1) + timedelta(days=62)).replace(day=1) - timedelta(days=1)
    return procedure.valid_to is not None and today <= procedure.valid_to <= max(today + SOON, end_of_next_month)


def standing_of(procedure: Procedure, today: date) -> str:
    """What a person should be told of its time: "not yet", "ended", "ends soon", or nothing."""
    if not has_begun(procedure, today):
        return "not yet"
    if has_ended(procedure, today):
        return "ended"
    return "ends soon" if ends_soon(procedure, today) else ""


def may_be_entered(procedure: Procedure, today: date) -> bool:
    """Whether the desk takes a dossier of the procedure from somebody at the counter: also of one that is `off` online."""
    return procedure.online_submission in ("here", "off") and is_in_force(procedure, today)


def may_be_submitted(procedure: Procedure, today: date) -> bool:
    """Whether this site takes a dossier of the procedure from a citizen; of the others it only tells where to go."""
    return procedure.online_submission == "here" and is_in_force(procedure, today)

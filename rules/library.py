"""The commune's content as loaded into the database: what `init` writes and every page reads."""

import hashlib
import json
import threading
import time
from datetime import date
from pathlib import Path

import msgspec

from database import db, wait_for_others
from models import ContentPart, ContentStamp
from rules.content import Calendar, Consents, Content, EForm, Guide, Procedure, Site, read_content
from rules.deadlines import WorkCalendar
from rules.procedure_search import ProcedureIndex

LOOK_EVERY_SECONDS = 5


def load_content(folder: Path) -> int:
    """Put the folder's content into the database, replacing what was there; returns how many parts there are.

    Raises ContentWrong and changes nothing when anything in the folder is wrong.
    """
    rows = list(_rows(read_content(folder)))
    stamp = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
    with db.atomic():
        wait_for_others()
        ContentPart.delete().execute()
        ContentPart.insert_many([{"kind": kind, "slug": slug, "value": value} for kind, slug, value in rows]).execute()
        ContentStamp.replace_stamp(stamp)
    return len(rows)


def _rows(content: Content):
    yield "site", "site", msgspec.to_builtins(content.site)
    yield "calendar", "calendar", msgspec.to_builtins(content.calendar)
    yield "consents", "consents", msgspec.to_builtins(content.consents)
    yield "eform", "general", msgspec.to_builtins(content.general_eform)
    for guide in content.guides:
        yield "guide", guide.slug, msgspec.to_builtins(guide)
    for procedure in content.procedures:
        yield "procedure", procedure.slug, msgspec.to_builtins(procedure)


class Library:
    """What the pages read: typed, in memory, as it was loaded at one moment."""

    def __init__(self):
        parts: dict[str, list] = {kind: [] for kind in ("site", "calendar", "consents", "eform", "guide", "procedure")}
        for part in ContentPart.select().order_by(ContentPart.id):
            parts[part.kind].append(part.value)
        self.site = msgspec.convert(parts["site"][0], Site)
        calendar = msgspec.convert(parts["calendar"][0], Calendar)
        self.calendar = WorkCalendar(
            days_off=frozenset(entry.day for entry in calendar.off), days_worked=frozenset(entry.day for entry in calendar.work)
        )
        consents = msgspec.convert(parts["consents"][0], Consents)
        self.consents = {purpose.key: purpose for purpose in consents.purposes}
        self.general_eform = msgspec.convert(parts["eform"][0], EForm)
        guides = msgspec.convert(parts["guide"], list[Guide])
        self.guides = {guide.slug: guide for guide in sorted(guides, key=lambda guide: guide.number)}
        self.procedures = {p.slug: p for p in msgspec.convert(parts["procedure"], list[Procedure])}
        # As a dossier keeps it: plain values, with the e-form's pages beside.
        self.definitions = {slug: self._definition(procedure) for slug, procedure in self.procedures.items()}
        self.index = ProcedureIndex(self.procedures.values())
        self.steps_at_screen = _steps_at_screens(self.guides.values())

    def most_used(self) -> list[Procedure]:
        return [self.procedures[slug] for slug in self.site.most_used]

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


class LatestLibrary:
    """The library as it is now: read anew within five seconds of a loading."""

    def __init__(self):
        self._library: Library | None = None
        self._stamp: str | None = None
        self._looked_at = float("-inf")
        # One thread reads at a time: msgspec crashes the process when several convert to the same structs for the first time.
        self._reading = threading.Lock()

    def refreshed(self) -> Library:
        """The library, after a look whether content was loaded anew. Monotonic time: the wall clock may jump."""
        if self._is_look_due():
            with self._reading:
                if self._is_look_due():
                    self._look()
        return self._library

    def _is_look_due(self) -> bool:
        return time.monotonic() - self._looked_at >= LOOK_EVERY_SECONDS

    def _look(self) -> None:
        stamp = ContentStamp.current()
        if stamp != self._stamp or self._library is None:
            self._library = Library()
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


def is_in_force(procedure: Procedure, today: date) -> bool:
    return procedure.valid_to is None or today <= procedure.valid_to


def may_be_submitted(procedure: Procedure, today: date) -> bool:
    """Whether this site takes a dossier of the procedure; of the others it only tells where to go."""
    return procedure.online == "here" and "online" in procedure.channels and is_in_force(procedure, today)

"""A dossier's clock as people read it: what was promised, when it stood still, how much of the time is used, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models import Dossier, Event
from rules import deadlines, form_values, workflow
from rules.deadlines import Extension, WorkCalendar
from rules.vietnamese import in_vietnam, show_moment

STOPPED_FOR_GOOD = "Đã dừng giải quyết, rồi giải quyết tiếp"
MOST_DAYS_NAMED = 12


@dataclass(frozen=True)
class Standing:
    """A span in which the clock stands still; `ended_at` is None while it does."""

    kind: str  # a key of workflow.STOP_NAMES; "" of what was stopped for good and opened again
    name: str
    began_at: datetime
    ended_at: datetime | None
    days: int  # working days, from the day it began to the day it ended, or to today
    time: str  # where these are none: so much office time

    def until(self, now: datetime) -> datetime:
        return self.ended_at or now


@dataclass(frozen=True)
class Verifying:
    """How long the law allows for what has to be verified."""

    words: str
    until: datetime | None  # None: it names no time outside the limit
    is_open: bool
    is_too_long: bool


@dataclass(frozen=True)
class Clock:
    first_due_at: datetime | None
    due_at: datetime | None
    repromised_at: datetime | None
    term: str
    stops: list[Standing]
    percent: int | None  # of the time; more than a hundred when late
    is_late: bool
    days_late: int  # working days
    result: str  # of one that has ended with a result: in time or not
    skipped: list[tuple[date, str]]  # the holidays on the way, which were not counted
    doubt: str  # why the date may change yet
    verifying: Verifying | None


def of_dossier(dossier: Dossier, calendar: WorkCalendar, now: datetime) -> Clock:
    """All that is to be known of a dossier's clock at `now`."""
    stops = stops_of(dossier, calendar, now)
    until = dossier.ended_at or dossier.stopped_at or now
    spans = [(stop.began_at, stop.ended_at) for stop in stops if stop.ended_at]
    is_late = dossier.is_overdue(now) or dossier.punctuality == "late"
    return Clock(
        first_due_at=dossier.first_due_at or dossier.due_at,
        due_at=dossier.due_at,
        repromised_at=dossier.repromised_at,
        term=form_values.term_words(dossier.procedure),
        stops=stops,
        percent=_percent(dossier, until, calendar, spans),
        is_late=is_late,
        days_late=calendar.working_days_between(in_vietnam(dossier.due_at).date(), in_vietnam(until).date()) if is_late else 0,
        result=form_values.PUNCTUALITY.get(dossier.punctuality, ""),
        skipped=holidays_between(dossier.accepted_at, dossier.due_at, calendar),
        doubt="" if dossier.ended_at else doubt_of(dossier.due_at, calendar),
        verifying=_verifying(dossier, stops, calendar, now),
    )


def _percent(dossier: Dossier, until: datetime, calendar: WorkCalendar, spans) -> int | None:
    if dossier.accepted_at is None or dossier.due_at is None:
        return None
    return int(deadlines.share_used(dossier.accepted_at, dossier.due_at, until, calendar, spans) * 100)


def stops_of(dossier: Dossier, calendar: WorkCalendar, now: datetime) -> list[Standing]:
    """Each time its clock stood still, the first first; also that it was stopped for good and opened again."""
    spans = [(row.kind, workflow.STOP_NAMES[row.kind], row.began_at, row.ended_at) for row in dossier.clock_stops]
    spans += [("", STOPPED_FOR_GOOD, began, event.at) for event, began in _reopened(dossier)]
    return [_standing(*span, calendar, now) for span in sorted(spans, key=lambda span: span[2])]


def _reopened(dossier: Dossier) -> list[tuple[Event, datetime]]:
    """What was stopped for good and opened again: the event that did it, and since when it had stood."""
    rows = list(dossier.events.where(Event.name.in_(("reopen", "undone"))))
    undone = {row.undoes_id for row in rows}
    opened = [row for row in rows if row.name == "reopen" and row.id not in undone]
    began = [datetime.fromisoformat((row.before or {}).get("ended_at") or row.at.isoformat()) for row in opened]
    return list(zip(opened, began, strict=True))


def _standing(kind: str, name: str, began: datetime, ended: datetime | None, calendar: WorkCalendar, now: datetime) -> Standing:
    first, last = in_vietnam(began), in_vietnam(ended or now)
    days = calendar.working_days_between(first.date(), last.date())
    return Standing(kind, name, began, ended, days, "" if days else show_span(calendar.working_time_between(first, last)))


def show_span(span: timedelta) -> str:
    """Office time in words: 2 giờ 05 phút."""
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return f"{hours} giờ {minutes:02} phút" if hours else f"{minutes} phút"


def holidays_between(accepted_at: datetime | None, due: datetime | None, calendar: WorkCalendar) -> list[tuple[date, str]]:
    """The named days off, of weekdays only, between acceptance and the due day: those that made the time longer."""
    if accepted_at is None or due is None:
        return []
    first, last = in_vietnam(accepted_at).date(), in_vietnam(due).date()
    return sorted(
        (day, name)
        for day, name in calendar.names.items()
        if first <= day <= last and calendar.week[day.weekday()] and day in calendar.days_off
    )


def doubt_of(due: datetime | None, calendar: WorkCalendar) -> str:
    """Why a due date may change yet: its year's holidays are not known; "" when they are."""
    return calendar.doubt(in_vietnam(due).date()) if due else ""


def explain(dossier: Dossier, calendar: WorkCalendar) -> str:
    """In one line how the due date was come by; "" of what has none."""
    if dossier.accepted_at is None or dossier.due_at is None:
        return ""
    skipped = holidays_between(dossier.accepted_at, dossier.due_at, calendar)
    named = ", ".join(f"{day:%d/%m} {name}" for day, name in skipped[:MOST_DAYS_NAMED])
    off = f" Không tính ngày nghỉ: {named}." if named else ""
    doubt = doubt_of(dossier.due_at, calendar)
    term = form_values.term_words(dossier.procedure)
    return f"{term[:1].upper()}{term[1:]}, tính từ {show_moment(dossier.accepted_at)}.{off}" + (f" {doubt}" if doubt else "")


# --- verification ----------------------------------------------------------------------------------------------------


def extension_of(procedure: dict) -> Extension | None:
    """What the law lets a procedure take longer where something is to be verified; None where it names nothing."""
    said = procedure["processing"].get("extension")
    if not said or not (said.get("days") or said.get("total_days")):
        return None
    return Extension(said["unit"], said.get("days"), said.get("total_days"))


UNITS = {"working_days": "ngày làm việc", "calendar_days": "ngày"}


def extension_words(procedure: dict) -> str:
    """Thêm nhiều nhất 03 ngày làm việc: xác minh; "" where the law names nothing."""
    extension = extension_of(procedure)
    if extension is None:
        return ""
    unit, reason = UNITS[extension.unit], procedure["processing"]["extension"]["reason"]
    if extension.total_days:
        return f"Cả xác minh nhiều nhất {form_values.two(extension.total_days)} {unit}: {reason}"
    return f"Thêm nhiều nhất {form_values.two(extension.days)} {unit}: {reason}"


def _verifying(dossier: Dossier, stops: Sequence[Standing], calendar: WorkCalendar, now: datetime) -> Verifying | None:
    """Of a dossier that is being verified, or was: how long it may be, and whether it took longer."""
    own = [stop for stop in stops if stop.kind == "verification"]
    if not own:
        return None
    extension, is_open = extension_of(dossier.procedure), own[-1].ended_at is None
    if extension is None:
        return Verifying("", None, is_open, False)
    spans = [(stop.began_at, stop.until(now)) for stop in own]
    until = deadlines.may_verify_until(extension, dossier.accepted_at or own[0].began_at, spans, calendar)
    return Verifying(extension_words(dossier.procedure), until, is_open, own[-1].until(now) > until)

"""When a dossier is due: working days, Vietnam's holidays, office hours."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from rules.vietnamese import VIETNAM_TIME, in_vietnam

ONE_DAY = timedelta(days=1)
KINDS = ("same_day", "working_days", "calendar_days", "fixed_window", "immediate")
COUNTED_IN_DAYS = ("working_days", "calendar_days")


@dataclass(frozen=True)
class WorkCalendar:
    """The days and hours the office works: Monday to Friday less `days_off`, and the weekend days in `days_worked`."""

    days_off: frozenset[date] = frozenset()
    days_worked: frozenset[date] = frozenset()
    hours: tuple[tuple[time, time], ...] = ((time(7, 30), time(11, 30)), (time(13, 30), time(17, 0)))

    def is_working_day(self, day):
        return day in self.days_worked or (day.weekday() < 5 and day not in self.days_off)

    def next_working_day(self, day):
        """The first working day after `day`."""
        day += ONE_DAY
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def add_working_days(self, day, n):
        """The n-th working day after `day`, which itself is day 0."""
        for _ in range(n):
            day = self.next_working_day(day)
        return day

    def working_days_between(self, day, other):
        """How many working days come after `day`, up to and with `other`."""
        days = (day + n * ONE_DAY for n in range(1, (other - day).days + 1))
        return sum(self.is_working_day(one) for one in days)

    def hours_of(self, day):
        """The spans in which the office works on a day; none on a day off."""
        return self.hours if self.is_working_day(day) else ()

    def working_time_between(self, start, end):
        """How much office time lies between two moments of Vietnam's time."""
        total, day = timedelta(0), start.date()
        while day <= end.date():
            for opens, closes in self.hours_of(day):
                total += max(timedelta(0), min(_at(day, closes), end) - max(_at(day, opens), start))
            day += ONE_DAY
        return total

    def add_working_time(self, start, span):
        """The moment at which so much office time has passed since `start`, in Vietnam's time."""
        day = start.date()
        while True:
            for opens, closes in self.hours_of(day):
                begins = max(_at(day, opens), start)
                open_for = max(timedelta(0), _at(day, closes) - begins)
                if open_for >= span and open_for:
                    return begins + span
                span -= open_for
            day += ONE_DAY

    def opening(self, day):
        return _at(day, self.hours[0][0])

    def closing(self, day):
        return _at(day, self.hours[-1][1])

    def into_hours(self, moment):
        """The moment of a working day moved into its hours: early or at midday to the opening, late to the close."""
        for opens, closes in self.hours:
            if moment.time() < opens:
                return _at(moment.date(), opens)
            if moment.time() <= closes:
                return moment
        return self.closing(moment.date())


@dataclass(frozen=True)
class Term:
    """How long a procedure may take. `cutoff` belongs to same_day: at or after it, the next working day will do."""

    kind: str
    days: int | None = None
    cutoff: time | None = None

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of term: {self.kind}")
        if self.kind in COUNTED_IN_DAYS and not (self.days and self.days > 0):
            raise ValueError(f"{self.kind} needs at least one day")


def due_at(term, accepted_at, calendar):
    """The moment in Vietnam's time by which a dossier accepted at `accepted_at` is due; None if the term names no days.

    In: a moment with a time zone. The day of acceptance is day 0 (Bộ luật Dân sự 2015, Điều 147); accepted on a day
    off counts from the next working day's opening. Raises ValueError for a moment without a time zone.
    """
    moment = in_vietnam(accepted_at)
    day = moment.date() if calendar.is_working_day(moment.date()) else calendar.next_working_day(moment.date())
    return COUNTS[term.kind](term, max(moment, calendar.opening(day)), calendar)


def _same_day(term, start, calendar):
    closing = calendar.closing(start.date())
    cutoff = min(_at(start.date(), term.cutoff), closing) if term.cutoff else closing
    return closing if start < cutoff else calendar.closing(calendar.next_working_day(start.date()))


def _working_days(term, start, calendar):
    """The same hour, so many working days on."""
    start = calendar.into_hours(start)
    return datetime.combine(calendar.add_working_days(start.date(), term.days), start.timetz())


def _calendar_days(term, start, calendar):
    """The close of the last day; one that is a day off gives way to the next working day (Điều 148 khoản 5)."""
    last = start.date() + term.days * ONE_DAY
    return calendar.closing(last if calendar.is_working_day(last) else calendar.next_working_day(last))


def _fixed_window(term, start, calendar):
    """The law names a season, not a number of days; where it also names days, they are calendar days."""
    return _calendar_days(term, start, calendar) if term.days else None


COUNTS = {
    "same_day": _same_day,
    "immediate": _same_day,  # while the person waits, so at the latest before the office closes
    "working_days": _working_days,
    "calendar_days": _calendar_days,
    "fixed_window": _fixed_window,
}


def due_after_stop(term, due, stopped_at, resumed_at, calendar):
    """The due moment, moved on by the time the clock stood still; what had none has none.

    In: moments with a time zone. The unit is that of the term: for working days, those from the day of the stop to the day
    of resumption, at the same hour. What is to be done the same day is counted anew, unless it was late already.
    """
    if due is None:
        return None
    due, stopped, resumed = in_vietnam(due), in_vietnam(stopped_at), in_vietnam(resumed_at)
    if term.kind in ("same_day", "immediate") and stopped <= due:
        return max(due, due_at(Term("same_day", cutoff=term.cutoff), resumed, calendar))
    if term.kind in ("calendar_days", "fixed_window"):
        last = due.date() + (resumed.date() - stopped.date())
        return calendar.closing(last if calendar.is_working_day(last) else calendar.next_working_day(last))
    days = calendar.working_days_between(stopped.date(), resumed.date())
    return datetime.combine(calendar.add_working_days(due.date(), days), due.timetz())


def submitted_counts_from(submitted_at, calendar):
    """The moment from which an online submission counts: at once in office hours, else when the office next opens.

    In: a moment with a time zone; out: Vietnam's time.
    """
    moment = in_vietnam(submitted_at)
    day = moment.date()
    if not calendar.is_working_day(day) or moment > calendar.closing(day):
        return calendar.opening(calendar.next_working_day(day))
    return calendar.into_hours(moment)


def expected_day(term, submitted_at, calendar):
    """The day a citizen may expect the result, told at submission: the due day if accepted as soon as it counts."""
    due = due_at(term, submitted_counts_from(submitted_at, calendar), calendar)
    return due and due.date()


WARN_AFTER = 0.7  # of the time


def warning_at(accepted_at, due, calendar):
    """The moment at which most of the time until `due` is used up: WARN_AFTER of the working hours in between."""
    start, due = in_vietnam(accepted_at), in_vietnam(due)
    return calendar.add_working_time(start, calendar.working_time_between(start, due) * WARN_AFTER)


def punctuality(due, ended_at):
    """How a result came: "early" (before the due day), "on_time", "late"; what had no due moment is on time."""
    if due is None:
        return "on_time"
    due, ended = in_vietnam(due), in_vietnam(ended_at)
    return "late" if ended > due else "early" if ended.date() < due.date() else "on_time"


def is_overdue(due, now):
    """Whether a due moment has passed; what has none is never overdue."""
    return due is not None and now > due


def _at(day, hour):
    return datetime.combine(day, hour, tzinfo=VIETNAM_TIME)

"""When a dossier is due: working days, half-days, Vietnam's holidays, office hours, and the clock that stands still.

All of it is pure: moments with a time zone and a calendar go in, moments in Vietnam's time come out. The rules are those of
“one-stop mechanism, deadlines” (one-stop.md, section 5).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property

from rules.vietnamese import VIETNAM_TIME, in_vietnam

ONE_DAY = timedelta(days=1)
NO_TIME = timedelta(0)
KINDS = ("same_day", "working_days", "calendar_days", "fixed_window", "immediate")
COUNTED_IN_DAYS = ("working_days", "calendar_days")
# Of a day: how much of it the office works.
WHOLE_DAY, MORNING, AFTERNOON, OFF = "day", "morning", "afternoon", ""
SAME_HOUR, CLOSE_OF_DAY = "same_hour", "close_of_day"
MONDAY_TO_FRIDAY = (*[WHOLE_DAY] * 5, OFF, OFF)


@dataclass(frozen=True)
class WorkCalendar:
    """The days and hours the office works: its `week` from Monday on, less `days_off`, and the days in `days_worked`.

    `half_days` are days of one half only, each with the half that is worked: a half-day off, or a Saturday morning made up.
    `reception` are halves of a week in which papers are taken in but no time limit runs. `hours` are the morning's and the
    afternoon's. `count_from` says at which hour a term of working days ends: SAME_HOUR as it began, or CLOSE_OF_DAY.
    `names` are the holidays', for people. `listed_years` are those somebody has entered, `unsure_years` those still
    incomplete, each with the reason; a calendar that lists none is taken for complete.
    """

    days_off: frozenset[date] = frozenset()
    days_worked: frozenset[date] = frozenset()
    hours: tuple[tuple[time, time], ...] = ((time(7, 30), time(11, 30)), (time(13, 30), time(17, 0)))
    half_days: frozenset[tuple[date, str]] = frozenset()
    week: tuple[str, ...] = MONDAY_TO_FRIDAY
    reception: tuple[str, ...] = (OFF,) * 7
    count_from: str = SAME_HOUR
    listed_years: frozenset[int] = frozenset()
    unsure_years: Mapping[int, str] = field(default_factory=dict, hash=False)
    names: Mapping[date, str] = field(default_factory=dict, hash=False)

    def is_working_day(self, day):
        """Whether any of the day counts as worked: half a day is a day to somebody who counts days."""
        return self._part_of(day) != OFF

    def next_working_day(self, day):
        """The first working day after `day`."""
        return self.add_working_days(day, 1)

    def add_working_days(self, day, n):
        """The n-th working day after `day`, which itself is day 0."""
        if n <= 0:
            return day
        wanted = self._days_worked_until(day) + n
        # Never sooner than as many days on; from there at least one day on for each that is still missing.
        while (missing := wanted - self._days_worked_until(day)) > 0:
            day += missing * ONE_DAY
        return day

    def working_days_between(self, day, other):
        """How many working days come after `day`, up to and with `other`; none when `other` comes first."""
        return max(0, self._days_worked_until(other) - self._days_worked_until(day))

    def hours_of(self, day):
        """The spans in which the office works on a day; none on a day off."""
        return self._spans_of(self._part_of(day))

    def reception_of(self, day):
        """The spans in which the desk takes papers in: the working hours, or on a day off those of the week's reception."""
        return self.hours_of(day) or self._spans_of(self.reception[day.weekday()])

    def working_time_between(self, start, end):
        """How much office time lies between two moments of Vietnam's time; none when `end` comes first."""
        return max(NO_TIME, self._time_worked_until(end) - self._time_worked_until(start))

    def add_working_time(self, start, span):
        """The first moment at which so much office time has passed since `start`, in Vietnam's time.

        With no time to pass it is `start` itself, or, while the office is closed, the next opening.
        """
        if span <= NO_TIME:
            return self._next_open(start)
        wanted = self._time_worked_until(start) + span
        day = self._day_by_which(wanted, start.date())
        left = wanted - self._time_of_days_before(day)
        for opens, closes in self.hours_of(day):
            if left <= _length(opens, closes):
                break
            left -= _length(opens, closes)
        return _at(day, opens) + left

    def opening(self, day):
        """When the office opens on a working day."""
        return _at(day, self.hours_of(day)[0][0])

    def closing(self, day):
        """When it closes on a working day."""
        return _at(day, self.hours_of(day)[-1][1])

    def into_hours(self, moment):
        """The moment of a working day moved into its hours: early or at midday to the opening, late to the close."""
        return _into(moment, self.hours_of(moment.date()))

    def doubt(self, day):
        """Why a date cannot be counted on: its year is not entered, or not complete; "" when it can."""
        if day.year in self.unsure_years:
            return self.unsure_years[day.year]
        if self.listed_years and day.year not in self.listed_years:
            return f"Chưa nhập ngày nghỉ năm {day.year}."
        return ""

    def _part_of(self, day):
        if day in self._halves:
            return self._halves[day]
        if day in self.days_worked:
            return WHOLE_DAY
        return OFF if day in self.days_off else self.week[day.weekday()]

    def _spans_of(self, part):
        return {WHOLE_DAY: self.hours, MORNING: self.hours[:1], AFTERNOON: self.hours[-1:], OFF: ()}[part]

    def _next_open(self, start):
        day = start.date()
        if self.is_working_day(day) and start <= self.closing(day):
            return self.into_hours(start)
        return self.opening(self.next_working_day(day))

    # Counted from the first day of all, once and for every day that is unlike its weekday: however long a span is, it is
    # the difference of two such counts.

    @cached_property
    def _halves(self):
        return dict(self.half_days)

    @cached_property
    def _odd_days(self):
        """(their ordinals; how many days, and how much time, they have added or taken away until each)."""
        days = sorted({*self.days_off, *self.days_worked, *self._halves})
        number, worked, counted, spent = [], [0], [NO_TIME], NO_TIME
        for day in days:
            part, usual = self._part_of(day), self.week[day.weekday()]
            spent += self._time_of(part) - self._time_of(usual)
            number.append(day.toordinal())
            worked.append(worked[-1] + (part != OFF) - (usual != OFF))
            counted.append(spent)
        return number, worked, counted

    @cached_property
    def _week_so_far(self):
        """Days and time of a week's first 0, 1, … 7 days; the calendar's first day of all is a Monday."""
        days, spent = [0], [NO_TIME]
        for part in self.week:
            days.append(days[-1] + (part != OFF))
            spent.append(spent[-1] + self._time_of(part))
        return days, spent

    def _time_of(self, part):
        return sum((_length(opens, closes) for opens, closes in self._spans_of(part)), NO_TIME)

    def _days_worked_until(self, day):
        """With the day itself."""
        weeks, rest = divmod(day.toordinal(), 7)
        usual, (numbers, worked, _) = self._week_so_far[0], self._odd_days
        return weeks * usual[7] + usual[rest] + worked[bisect_right(numbers, day.toordinal())]

    def _time_of_days_before(self, day):
        weeks, rest = divmod(day.toordinal() - 1, 7)
        usual, (numbers, _, counted) = self._week_so_far[1], self._odd_days
        return weeks * usual[7] + usual[rest] + counted[bisect_left(numbers, day.toordinal())]

    def _time_worked_until(self, moment):
        day, spent = moment.date(), self._time_of_days_before(moment.date())
        for opens, closes in self.hours_of(day):
            spent += max(NO_TIME, min(_at(day, closes), moment) - _at(day, opens))
        return spent

    def _day_by_which(self, wanted, day):
        """The first day, from `day` on, by whose close so much time has been worked since the first day of all."""
        longest = max(map(self._time_of, (WHOLE_DAY, MORNING, AFTERNOON)))
        while (missing := wanted - self._time_of_days_before(day + ONE_DAY)) > NO_TIME:
            day += max(1, missing // longest) * ONE_DAY
        return day


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
    """So many working days on, at the same hour or at the close."""
    start = calendar.into_hours(start)
    return _on_day(calendar.add_working_days(start.date(), term.days), start, calendar)


def _on_day(day, moment, calendar):
    """The hour of `moment` on a working day; on a half-day in the half that is worked."""
    if calendar.count_from == CLOSE_OF_DAY:
        return calendar.closing(day)
    return calendar.into_hours(datetime.combine(day, moment.timetz()))


def _calendar_days(term, start, calendar):
    """The close of the last day."""
    return _working_close(start.date() + term.days * ONE_DAY, calendar)


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
    of resumption, so that what was left of the term is left still; one stop moves it on as far as the same time in two.
    What is to be done the same day is counted anew, unless it was late already, or stood still within one day and on one
    side of the cutoff.
    """
    if due is None:
        return None
    due, stopped, resumed = in_vietnam(due), in_vietnam(stopped_at), in_vietnam(resumed_at)
    if term.kind in ("same_day", "immediate") and stopped <= due:
        return _same_day_after_stop(term, due, stopped, resumed, calendar)
    if term.kind in ("calendar_days", "fixed_window"):
        days = (resumed.date() - stopped.date()).days
        return _working_close(due.date() + days * ONE_DAY, calendar) if days > 0 else due
    days = calendar.working_days_between(stopped.date(), resumed.date())
    return _on_day(calendar.add_working_days(due.date(), days), due, calendar) if days else due


def _same_day_after_stop(term, due, stopped, resumed, calendar):
    anew = Term("same_day", cutoff=term.cutoff)
    would_be = due_at(anew, resumed, calendar)
    if stopped.date() == resumed.date() and due_at(anew, stopped, calendar) == would_be:
        return due
    return max(due, would_be)


def _working_close(day, calendar):
    """The close of a day, or, of a day off, of the next working day (Điều 148 khoản 5)."""
    return calendar.closing(day if calendar.is_working_day(day) else calendar.next_working_day(day))


def submitted_counts_from(submitted_at, calendar):
    """The moment from which an online submission counts: at once while papers are taken in, else when work next begins.

    In: a moment with a time zone; out: Vietnam's time.
    """
    moment = in_vietnam(submitted_at)
    day = moment.date()
    spans = calendar.reception_of(day)
    if not spans or moment > _at(day, spans[-1][1]):
        return calendar.opening(calendar.next_working_day(day))
    return _into(moment, spans)


def expected_day(term, submitted_at, calendar):
    """The day a citizen may expect the result, told at submission: the due day if accepted as soon as it counts."""
    due = due_at(term, submitted_counts_from(submitted_at, calendar), calendar)
    return due and due.date()


def promised_now(due, repromised):
    """The date that holds for the citizen: as counted, or later as told with an apology; None before there is any."""
    return max((moment for moment in (due, repromised) if moment), default=None)


# --- how much of the time is used ------------------------------------------------------------------------------------

WARN_AFTER = 0.7  # of the time
Stop = tuple[datetime, datetime]


def time_used(accepted_at, until, calendar, stops: Sequence[Stop] = ()):
    """The office time in which the clock ran between acceptance and `until`, without the (from, to) of `stops`."""
    spans = _running(in_vietnam(accepted_at), in_vietnam(until), stops)
    return sum((calendar.working_time_between(begins, ends) for begins, ends in spans), NO_TIME)


def share_used(accepted_at, due, until, calendar, stops: Sequence[Stop] = ()):
    """How much of the time given is used up at `until`: 0.0 at acceptance, 1.0 when it is due, more when late."""
    whole = time_used(accepted_at, due, calendar, stops)
    if not whole:
        return float(until >= due)
    return time_used(accepted_at, until, calendar, stops) / whole


def warning_at(accepted_at, due, calendar, stops: Sequence[Stop] = ()):
    """The moment at which WARN_AFTER of the time until `due` is used up, never after it (one-stop mechanism, late handling)."""
    due = in_vietnam(due)
    left = time_used(accepted_at, due, calendar, stops) * WARN_AFTER
    for begins, ends in _running(in_vietnam(accepted_at), due, stops):
        span = calendar.working_time_between(begins, ends)
        if left <= span:
            return min(calendar.add_working_time(begins, left), due)
        left -= span
    return due


def _running(begins, ends, stops):
    """The spans between two moments in which the clock ran; stops may touch and overlap."""
    for stopped, resumed in sorted((in_vietnam(stopped), in_vietnam(resumed)) for stopped, resumed in stops):
        if begins < min(stopped, ends):
            yield begins, min(stopped, ends)
        begins = max(begins, resumed)
    if begins < ends:
        yield begins, ends


# --- verification the law puts outside the limit ---------------------------------------------------------------------


@dataclass(frozen=True)
class Extension:
    """What a procedure may take longer where something has to be verified: so many days more, or so many altogether."""

    unit: str  # one of COUNTED_IN_DAYS
    days: int | None = None
    total_days: int | None = None


def may_verify_until(extension, accepted_at, stops: Sequence[Stop], calendar):
    """The last moment the law allows for verifying; `stops` are the verifications so far, the latest one last.

    Days on top are counted from when the latest began, less what those before it took; a whole from acceptance
    (one-stop mechanism, deadlines, rule 8).
    """
    if extension.total_days:
        return _days_on(in_vietnam(accepted_at).date(), extension.total_days, extension.unit, calendar)
    *earlier, (began, _) = [(in_vietnam(began).date(), in_vietnam(ended).date()) for began, ended in stops]
    taken = sum(_days_between(first, last, extension.unit, calendar) for first, last in earlier)
    return _days_on(began, max(0, extension.days - taken), extension.unit, calendar)


def _days_between(first, last, unit, calendar):
    return calendar.working_days_between(first, last) if unit == "working_days" else (last - first).days


def _days_on(day, number, unit, calendar):
    """The close of the day so many days on."""
    last = calendar.add_working_days(day, number) if unit == "working_days" else day + number * ONE_DAY
    return _working_close(last, calendar)


# --- in time or late -------------------------------------------------------------------------------------------------


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


def _length(opens, closes):
    return timedelta(hours=closes.hour - opens.hour, minutes=closes.minute - opens.minute)


def _into(moment, spans):
    """A moment moved into the spans of its day: to the next that opens, or to the last close."""
    for opens, closes in spans:
        if moment.time() < opens:
            return _at(moment.date(), opens)
        if moment.time() <= closes:
            return moment
    return _at(moment.date(), spans[-1][1])

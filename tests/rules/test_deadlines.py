"""When the office owes an answer."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.deadlines import (
    AFTERNOON,
    CLOSE_OF_DAY,
    KINDS,
    MORNING,
    OFF,
    WHOLE_DAY,
    Extension,
    Term,
    WorkCalendar,
    due_after_stop,
    due_at,
    expected_day,
    is_overdue,
    may_verify_until,
    promised_now,
    punctuality,
    share_used,
    submitted_counts_from,
    time_used,
    warning_at,
)
from rules.vietnamese import VIETNAM_TIME

quick = settings(derandomize=True, max_examples=100, deadline=None)


def days(first, last):
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}


# 2026 as worked: Điều 112 Bộ luật Lao động 2019, Nghị quyết 28/2026/QH16 (24/11), and the year's swaps.
OF_2026 = WorkCalendar(
    days_off=frozenset(
        {date(2026, 1, 1), date(2026, 1, 2), date(2026, 4, 27), date(2026, 4, 30), date(2026, 5, 1), date(2026, 11, 24)}
        | days(date(2026, 2, 16), date(2026, 2, 20))
        | days(date(2026, 8, 31), date(2026, 9, 2))
    ),
    days_worked=frozenset({date(2026, 1, 10), date(2026, 8, 22)}),
)
SAME_DAY = Term("same_day", 0, time(15))
THREE_DAYS, FIVE_DAYS = Term("working_days", 3), Term("working_days", 5)


def at(day, month, hour, minute=0, year=2026):
    return datetime(year, month, day, hour, minute, tzinfo=VIETNAM_TIME)


# --- the calendar ----------------------------------------------------------------------------------------------------


def test_the_day_of_culture_is_a_day_off():
    assert not OF_2026.is_working_day(date(2026, 11, 24))
    assert OF_2026.next_working_day(date(2026, 11, 23)) == date(2026, 11, 25)


def test_a_saturday_worked_in_exchange_is_a_working_day():
    assert OF_2026.is_working_day(date(2026, 8, 22))
    assert not OF_2026.is_working_day(date(2026, 8, 23))
    assert OF_2026.next_working_day(date(2026, 8, 21)) == date(2026, 8, 22)


def test_no_days_added_is_the_same_day():
    assert OF_2026.add_working_days(date(2026, 11, 23), 0) == date(2026, 11, 23)


# --- working days ----------------------------------------------------------------------------------------------------


def test_three_working_days_over_the_holiday_of_24_november():
    assert due_at(THREE_DAYS, at(23, 11, 9, 10), OF_2026) == at(27, 11, 9, 10)


def test_five_working_days_over_tet():
    assert due_at(FIVE_DAYS, at(13, 2, 14), OF_2026) == at(27, 2, 14)


def test_three_working_days_from_monday_is_thursday():
    assert due_at(THREE_DAYS, at(2, 11, 9), OF_2026) == at(5, 11, 9)


def test_a_moment_in_utc_counts_on_vietnams_clock():
    accepted_at = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # Monday 06:30 in Vietnam
    assert due_at(THREE_DAYS, accepted_at, OF_2026) == at(27, 11, 7, 30)


@pytest.mark.parametrize(
    ("accepted_at", "due"),
    [
        (at(2, 11, 6), at(5, 11, 7, 30)),
        (at(2, 11, 11, 30), at(5, 11, 11, 30)),
        (at(2, 11, 12), at(5, 11, 13, 30)),
        (at(2, 11, 17), at(5, 11, 17)),
        (at(2, 11, 21), at(5, 11, 17)),
        (at(1, 11, 21), at(5, 11, 7, 30)),  # a Sunday counts from Monday's opening
        (at(31, 10, 8), at(5, 11, 7, 30)),
    ],
)
def test_the_same_hour_is_kept_within_office_hours(accepted_at, due):
    assert due_at(THREE_DAYS, accepted_at, OF_2026) == due


def test_due_is_told_in_vietnams_time():
    assert due_at(THREE_DAYS, datetime(2026, 11, 2, 2, tzinfo=UTC), OF_2026).utcoffset() == timedelta(hours=7)


# --- the same day ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted_at", "due"),
    [
        (at(23, 11, 14, 59), at(23, 11, 17)),
        (at(23, 11, 15), at(25, 11, 17)),
        (at(23, 11, 15, 5), at(25, 11, 17)),
        (at(23, 11, 6), at(23, 11, 17)),
        (at(23, 11, 20), at(25, 11, 17)),
        (at(24, 11, 9), at(25, 11, 17)),
        (at(24, 4, 15, 1), at(28, 4, 17)),  # Friday before a Monday holiday
    ],
)
def test_a_same_day_procedure_keeps_its_cutoff(accepted_at, due):
    assert due_at(SAME_DAY, accepted_at, OF_2026) == due


@pytest.mark.parametrize("kind", ["same_day", "immediate"])
def test_without_a_cutoff_the_closing_is_one(kind):
    assert due_at(Term(kind), at(23, 11, 16, 59), OF_2026) == at(23, 11, 17)
    assert due_at(Term(kind), at(23, 11, 17), OF_2026) == at(25, 11, 17)


def test_a_cutoff_after_closing_is_the_closing():
    assert due_at(Term("same_day", cutoff=time(18)), at(23, 11, 17, 30), OF_2026) == at(25, 11, 17)


# --- calendar days, and none -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted_at", "days", "due"),
    [
        (at(2, 11, 9), 15, at(17, 11, 17)),
        (at(2, 11, 9), 5, at(9, 11, 17)),  # ends on Saturday
        (at(9, 11, 9), 15, at(25, 11, 17)),  # ends on the holiday
        (at(7, 11, 9), 1, at(10, 11, 17)),  # accepted on Saturday, so counted from Monday
        (at(9, 2, 9), 7, at(23, 2, 17)),  # ends in Tết
    ],
)
def test_calendar_days_end_on_a_working_day(accepted_at, days, due):
    assert due_at(Term("calendar_days", days), accepted_at, OF_2026) == due


def test_a_season_of_the_year_has_no_due_moment():
    assert due_at(Term("fixed_window"), at(2, 11, 9), OF_2026) is None
    assert expected_day(Term("fixed_window"), at(2, 11, 9), OF_2026) is None
    assert not is_overdue(None, at(2, 11, 9))


@pytest.mark.parametrize(("kind", "days"), [("working_days", None), ("calendar_days", 0), ("days", 3)])
def test_a_term_that_says_nothing_is_refused(kind, days):
    with pytest.raises(ValueError, match=kind):
        Term(kind, days)


def test_a_moment_without_a_zone_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="time zone"):
        due_at(THREE_DAYS, datetime(2026, 11, 2, 9), OF_2026)


# --- submitted online ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("submitted_at", "counts_from"),
    [
        (at(23, 11, 9, 10), at(23, 11, 9, 10)),
        (at(23, 11, 5), at(23, 11, 7, 30)),
        (at(23, 11, 12), at(23, 11, 13, 30)),
        (at(23, 11, 17), at(23, 11, 17)),
        (at(23, 11, 17, 1), at(25, 11, 7, 30)),
        (at(24, 11, 9), at(25, 11, 7, 30)),
        (at(27, 11, 22), at(30, 11, 7, 30)),
        (at(21, 8, 22), at(22, 8, 7, 30)),
    ],
)
def test_a_submission_outside_hours_counts_from_the_next_opening(submitted_at, counts_from):
    assert submitted_counts_from(submitted_at, OF_2026) == counts_from


@pytest.mark.parametrize(
    ("term", "submitted_at", "day"),
    [
        (THREE_DAYS, at(23, 11, 9, 10), date(2026, 11, 27)),
        (SAME_DAY, at(23, 11, 9, 10), date(2026, 11, 23)),
        (SAME_DAY, at(22, 11, 23), date(2026, 11, 23)),
        (SAME_DAY, at(23, 11, 17, 1), date(2026, 11, 25)),
        (THREE_DAYS, at(23, 11, 17, 1), date(2026, 11, 30)),
    ],
)
def test_the_citizen_is_told_a_day_at_submission(term, submitted_at, day):
    assert expected_day(term, submitted_at, OF_2026) == day


def test_overdue_begins_after_the_due_moment():
    due = at(27, 11, 9, 10)
    assert not is_overdue(due, datetime(2026, 11, 27, 2, 10, tzinfo=UTC))
    assert is_overdue(due, datetime(2026, 11, 27, 2, 11, tzinfo=UTC))


# --- for every moment ------------------------------------------------------------------------------------------------

moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC))
terms = st.builds(Term, st.sampled_from([kind for kind in KINDS if kind != "fixed_window"]), st.integers(1, 40), st.times())


@quick
@given(terms, moments)
def test_due_is_never_before_acceptance_and_always_while_the_office_works(term, accepted_at):
    due = due_at(term, accepted_at, OF_2026)
    assert due >= accepted_at
    assert OF_2026.is_working_day(due.date())
    assert OF_2026.opening(due.date()) <= due <= OF_2026.closing(due.date())


@quick
@given(terms, moments, st.timedeltas(timedelta(0), timedelta(days=10)))
def test_who_is_accepted_later_is_never_due_sooner(term, accepted_at, later):
    assert due_at(term, accepted_at, OF_2026) <= due_at(term, accepted_at + later, OF_2026)


@quick
@given(moments)
def test_a_submission_counts_in_office_hours_and_never_before_it_came(submitted_at):
    counts_from = submitted_counts_from(submitted_at, OF_2026)
    assert counts_from >= submitted_at
    assert OF_2026.is_working_day(counts_from.date()) and OF_2026.into_hours(counts_from) == counts_from


# --- the clock stood still -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stopped, resumed, due", [
    # The reference's worked example: two of five days used, supplied on Tuesday, three left; at whatever hours.
    ("2026-11-04 09:00", "2026-11-10 09:00", "2026-11-13 09:00"),
    ("2026-11-04 16:30", "2026-11-10 07:40", "2026-11-13 09:00"),
    ("2026-11-04 08:00", "2026-11-04 16:00", "2026-11-09 09:00"),  # asked and supplied the same day
    ("2026-11-06 09:00", "2026-11-08 09:00", "2026-11-09 09:00"),  # supplied on a Sunday: nobody worked meanwhile
    ("2026-11-20 09:00", "2026-11-25 09:00", "2026-11-11 09:00"),  # late already, and late by as much; the 24th is a holiday
])  # fmt: skip
def test_the_due_day_moves_on_by_the_working_days_it_stood(stopped, resumed, due):
    moment = lambda text: datetime.fromisoformat(f"{text}:00+07:00")  # noqa: E731
    accepted_due = due_at(FIVE_DAYS, moment("2026-11-02 09:00"), OF_2026)

    assert accepted_due == moment("2026-11-09 09:00")
    assert due_after_stop(FIVE_DAYS, accepted_due, moment(stopped), moment(resumed), OF_2026) == moment(due)


def test_what_is_done_the_same_day_is_counted_anew():
    moment = lambda text: datetime.fromisoformat(f"{text}:00+07:00")  # noqa: E731
    term, due = Term("same_day", cutoff=time(15)), moment("2026-11-02 17:00")

    for resumed, new in (("2026-11-04 09:00", "2026-11-04 17:00"), ("2026-11-04 15:30", "2026-11-05 17:00")):
        assert due_after_stop(term, due, moment("2026-11-02 14:00"), moment(resumed), OF_2026) == moment(new)


def test_calendar_days_moved_on_end_on_a_working_day():
    moment = lambda text: datetime.fromisoformat(f"{text}:00+07:00")  # noqa: E731
    due = due_after_stop(
        Term("calendar_days", 5), moment("2026-11-05 17:00"), moment("2026-11-03 09:00"), moment("2026-11-05 09:00"), OF_2026
    )

    assert due == moment("2026-11-09 17:00")  # the 7th is a Saturday


def test_what_has_no_due_date_has_none_afterwards():
    now = datetime.fromisoformat("2026-11-05T09:00:00+07:00")

    assert due_after_stop(FIVE_DAYS, None, now, now, OF_2026) is None


@pytest.mark.parametrize("stopped, resumed, due", [
    ("2026-11-02 15:30", "2026-11-02 15:40", "2026-11-02 17:00"),  # ten minutes late in the day
    ("2026-11-02 09:00", "2026-11-02 14:59", "2026-11-02 17:00"),
    ("2026-11-02 09:00", "2026-11-02 15:00", "2026-11-03 17:00"),  # it comes as late as a new one would
    ("2026-11-02 15:30", "2026-11-03 10:00", "2026-11-03 17:00"),
    ("2026-11-02 14:00", "2026-11-02 14:00", "2026-11-02 17:00"),
    ("2026-11-03 09:00", "2026-11-05 09:00", "2026-11-04 17:00"),  # late already, and late by as much
])  # fmt: skip
def test_what_is_done_the_same_day_keeps_its_day_when_it_stood_for_a_moment(stopped, resumed, due):
    moment = lambda text: datetime.fromisoformat(f"{text}:00+07:00")  # noqa: E731

    assert due_after_stop(SAME_DAY, moment("2026-11-02 17:00"), moment(stopped), moment(resumed), OF_2026) == moment(due)


stop_lengths = st.timedeltas(timedelta(0), timedelta(days=12))


@quick
@given(terms, moments, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_a_stop_of_no_length_changes_nothing(term, accepted_at, later):
    due = due_at(term, accepted_at, OF_2026)

    assert due_after_stop(term, due, accepted_at + later, accepted_at + later, OF_2026) == due


@quick
@given(terms, moments, stop_lengths, stop_lengths)
def test_who_supplies_later_gets_it_no_sooner(term, accepted_at, length, longer):
    due = due_at(term, accepted_at, OF_2026)
    first = due_after_stop(term, due, accepted_at, accepted_at + length, OF_2026)

    assert due <= first <= due_after_stop(term, due, accepted_at, accepted_at + length + longer, OF_2026)


@quick
@given(st.integers(1, 40), moments, stop_lengths, stop_lengths, stop_lengths)
def test_stops_add_up(days, accepted_at, first, between, second):
    """Two stops move working days on by what both took, whichever is counted first."""
    term = Term("working_days", days)
    due = due_at(term, accepted_at, OF_2026)
    spans = [(accepted_at, accepted_at + first), (accepted_at + first + between, accepted_at + first + between + second)]

    forwards = due_after_stop(term, due_after_stop(term, due, *spans[0], OF_2026), *spans[1], OF_2026)
    backwards = due_after_stop(term, due_after_stop(term, due, *spans[1], OF_2026), *spans[0], OF_2026)
    local = [[moment.astimezone(VIETNAM_TIME).date() for moment in span] for span in spans]
    stood = sum(OF_2026.working_days_between(*span) for span in local)

    assert forwards == backwards
    assert OF_2026.working_days_between(due.date(), forwards.date()) == stood


@quick
@given(st.integers(1, 40), moments, stop_lengths, stop_lengths)
def test_one_stop_is_as_long_as_the_same_time_in_two(days, accepted_at, first, second):
    term, middle = Term("working_days", days), accepted_at + first
    due = due_at(term, accepted_at, OF_2026)
    at_once = due_after_stop(term, due, accepted_at, middle + second, OF_2026)

    half = due_after_stop(term, due, accepted_at, middle, OF_2026)
    assert due_after_stop(term, half, middle, middle + second, OF_2026) == at_once


@quick
@given(terms, moments, moments, stop_lengths)
def test_a_due_moment_moved_on_is_while_the_office_works(term, accepted_at, stopped, length):
    due = due_after_stop(term, due_at(term, accepted_at, OF_2026), stopped, stopped + length, OF_2026)

    assert OF_2026.is_working_day(due.date()) and OF_2026.opening(due.date()) <= due <= OF_2026.closing(due.date())


# --- half-days -------------------------------------------------------------------------------------------------------

# The afternoon of Thursday the 5th is off, Saturday the 7th is worked in the morning.
HALVES = WorkCalendar(
    half_days=frozenset({(date(2026, 11, 5), MORNING), (date(2026, 11, 7), MORNING), (date(2026, 11, 12), AFTERNOON)})
)
BOTH_HALVES = (time(7, 30), time(11, 30)), (time(13, 30), time(17, 0))


def test_a_half_day_is_worked_in_its_half():
    assert HALVES.hours_of(date(2026, 11, 5)) == BOTH_HALVES[:1]
    assert HALVES.hours_of(date(2026, 11, 12)) == BOTH_HALVES[1:]
    assert HALVES.hours_of(date(2026, 11, 6)) == BOTH_HALVES
    assert HALVES.hours_of(date(2026, 11, 8)) == ()


@pytest.mark.parametrize("accepted_at, due", [
    (at(2, 11, 9), at(5, 11, 9)),
    (at(2, 11, 15), at(5, 11, 11, 30)),  # that afternoon is off: it has to be there before
    (at(4, 11, 15), at(7, 11, 11, 30)),  # Thursday, Friday and the Saturday morning worked are three
    (at(5, 11, 15), at(9, 11, 11, 30)),
    (at(9, 11, 9), at(12, 11, 13, 30)),
])  # fmt: skip
def test_half_a_day_is_a_day_to_who_counts_days(accepted_at, due):
    assert due_at(THREE_DAYS, accepted_at, HALVES) == due


def test_what_is_done_the_same_day_is_done_before_the_half_is_over():
    assert due_at(SAME_DAY, at(5, 11, 11), HALVES) == at(5, 11, 11, 30)
    assert due_at(SAME_DAY, at(5, 11, 11, 30), HALVES) == at(6, 11, 17)
    assert due_at(SAME_DAY, at(12, 11, 8), HALVES) == at(12, 11, 17)


def test_saturday_mornings_take_papers_in_and_run_no_clock_unless_that_is_configured():
    saturdays = (OFF,) * 5 + (MORNING, OFF)
    open_only = WorkCalendar(reception=saturdays)
    counted = WorkCalendar(week=(WHOLE_DAY,) * 5 + (MORNING, OFF))

    assert submitted_counts_from(at(7, 11, 8), open_only) == at(7, 11, 8)
    assert submitted_counts_from(at(7, 11, 12), open_only) == at(9, 11, 7, 30)
    assert not open_only.is_working_day(date(2026, 11, 7))
    assert due_at(THREE_DAYS, at(5, 11, 9), open_only) == due_at(THREE_DAYS, at(5, 11, 9), WorkCalendar()) == at(10, 11, 9)
    assert due_at(THREE_DAYS, at(5, 11, 9), counted) == at(9, 11, 9)
    assert due_at(SAME_DAY, at(7, 11, 8), counted) == at(7, 11, 11, 30)


def test_a_term_may_end_with_the_day():
    until_close = WorkCalendar(days_off=OF_2026.days_off, half_days=HALVES.half_days, count_from=CLOSE_OF_DAY)

    assert due_at(THREE_DAYS, at(23, 11, 9, 10), until_close) == at(27, 11, 17)
    assert due_at(THREE_DAYS, at(2, 11, 9), until_close) == at(5, 11, 11, 30)
    moved = due_after_stop(THREE_DAYS, at(5, 11, 11, 30), at(3, 11, 9), at(4, 11, 9), until_close)
    assert moved == at(6, 11, 17)


days_of_2026 = st.dates(date(2026, 1, 1), date(2026, 12, 31))
halves = st.dictionaries(days_of_2026, st.sampled_from([MORNING, AFTERNOON]), max_size=20)
FIVE = (WHOLE_DAY,) * 5
calendars = st.builds(
    WorkCalendar,
    days_off=st.frozensets(days_of_2026, max_size=30),
    days_worked=st.frozensets(days_of_2026, max_size=10),
    half_days=halves.map(lambda days: frozenset(days.items())),
    week=st.sampled_from([(*FIVE, OFF, OFF), (*FIVE, MORNING, OFF), (*(WHOLE_DAY, AFTERNOON) * 3, OFF)]),
    count_from=st.sampled_from(["same_hour", CLOSE_OF_DAY]),
)


@quick
@given(calendars, terms, moments, st.timedeltas(timedelta(0), timedelta(days=10)))
def test_on_any_calendar_due_is_in_office_hours_and_never_sooner_for_who_comes_later(calendar, term, accepted_at, later):
    due = due_at(term, accepted_at, calendar)

    assert due >= accepted_at and calendar.into_hours(due) == due
    assert due <= due_at(term, accepted_at + later, calendar)


# --- time counted in hours -------------------------------------------------------------------------------------------


def counted_day_by_day(calendar, start, end):
    """The same, one day after the other."""
    total, day = timedelta(0), start.date()
    while day <= end.date():
        for opens, closes in calendar.hours_of(day):
            first, last = datetime.combine(day, opens, VIETNAM_TIME), datetime.combine(day, closes, VIETNAM_TIME)
            total += max(timedelta(0), min(last, end) - max(first, start))
        day += timedelta(days=1)
    return total


local_moments = st.datetimes(datetime(2025, 12, 1), datetime(2027, 1, 31), timezones=st.just(VIETNAM_TIME))


@quick
@given(calendars, local_moments, st.timedeltas(timedelta(0), timedelta(days=60)))
def test_office_time_is_what_day_after_day_adds_up_to(calendar, start, length):
    end = start + length

    assert calendar.working_time_between(start, end) == counted_day_by_day(calendar, start, end)
    assert calendar.working_time_between(end, start) in (timedelta(0), counted_day_by_day(calendar, end, start))


@quick
@given(calendars, local_moments, st.timedeltas(timedelta(0), timedelta(hours=300)))
def test_after_so_much_office_time_so_much_has_passed(calendar, start, span):
    end = calendar.add_working_time(start, span)

    assert end >= start
    assert calendar.working_time_between(start, end) == span
    assert calendar.into_hours(end) == end
    if span and end - timedelta(microseconds=1) >= start:
        assert calendar.working_time_between(start, end - timedelta(microseconds=1)) < span


@quick
@given(calendars, st.dates(date(2025, 12, 1), date(2027, 1, 31)), st.integers(0, 60))
def test_working_days_are_those_of_the_calendar_one_by_one(calendar, day, n):
    days = [day + timedelta(days=m) for m in range(1, 150)]
    worked = [one for one in days if calendar.is_working_day(one)]

    assert calendar.add_working_days(day, n) == (worked[n - 1] if n else day)
    assert calendar.working_days_between(day, days[n]) == sum(calendar.is_working_day(one) for one in days[: n + 1])
    assert calendar.working_days_between(days[n], day) == 0


@pytest.mark.parametrize("start, span, end", [
    (at(7, 11, 10), timedelta(0), at(9, 11, 7, 30)),  # on a Saturday nothing passes
    (at(6, 11, 12), timedelta(0), at(6, 11, 13, 30)),
    (at(6, 11, 10), timedelta(0), at(6, 11, 10)),
    (at(6, 11, 18), timedelta(minutes=1), at(9, 11, 7, 31)),
    (at(6, 11, 16, 59), timedelta(minutes=1), at(6, 11, 17)),
    (at(7, 11, 10), timedelta(hours=7, minutes=30), at(9, 11, 17)),
    (at(23, 11, 17), timedelta(minutes=30), at(25, 11, 8)),  # over the holiday
])  # fmt: skip
def test_office_time_passes_while_the_office_is_open(start, span, end):
    assert OF_2026.add_working_time(start, span) == end


def steps_taken(act) -> int:
    """How many lines of the calendar's own code run: the same on a fast machine and on a slow one."""
    import sys

    from rules import deadlines

    seen = [0]

    def watch(frame, event, _):
        if frame.f_code.co_filename != deadlines.__file__:
            return None
        seen[0] += 1
        return watch

    sys.settrace(watch)
    try:
        act()
    finally:
        sys.settrace(None)
    return seen[0]


def test_a_span_of_ten_years_costs_no_more_than_one_of_ten_days():
    OF_2026.working_time_between(at(2, 1, 9), at(3, 1, 9))  # what is counted once is counted
    short = lambda: OF_2026.working_time_between(at(2, 11, 9), at(12, 11, 9))  # noqa: E731
    long = lambda: OF_2026.working_time_between(at(2, 11, 9, year=2016), at(12, 11, 9))  # noqa: E731
    ahead = lambda: OF_2026.add_working_time(at(2, 11, 9, year=2016), timedelta(hours=18_000))  # noqa: E731

    assert steps_taken(long) <= steps_taken(short) + 5
    assert steps_taken(ahead) < 2000


# --- how much of the time is used ------------------------------------------------------------------------------------


@quick
@given(terms, moments)
def test_the_warning_lies_between_acceptance_and_the_due_moment(term, accepted_at):
    due = due_at(term, accepted_at, OF_2026)
    warned = warning_at(accepted_at, due, OF_2026)

    assert accepted_at <= warned <= due
    assert share_used(accepted_at, due, warned, OF_2026) == pytest.approx(0.7, abs=1e-6)


@quick
@given(st.integers(1, 40), moments, st.timedeltas(timedelta(0), timedelta(days=2)), stop_lengths)
def test_a_stop_uses_nothing_of_the_time(days, accepted_at, later, length):
    term, stop = Term("working_days", days), (accepted_at + later, accepted_at + later + length)
    due = due_after_stop(term, due_at(term, accepted_at, OF_2026), *stop, OF_2026)

    before, after = (time_used(accepted_at, moment, OF_2026, [stop]) for moment in stop)
    assert before == after
    warned = warning_at(accepted_at, due, OF_2026, [stop])
    assert accepted_at <= warned <= due
    assert time_used(accepted_at, warned, OF_2026, [stop]) <= time_used(accepted_at, due, OF_2026, [stop]) * 0.7 + timedelta(
        microseconds=1
    )


def test_seventy_per_cent_of_five_days_are_three_and_a_half():
    accepted_at, due = at(2, 11, 7, 30), at(9, 11, 7, 30)

    assert warning_at(accepted_at, due, OF_2026) == at(5, 11, 11, 15)
    # Stopped for four days after two were used: what was left then is what is left now.
    stop = at(4, 11, 7, 30), at(10, 11, 7, 30)
    assert due_after_stop(FIVE_DAYS, due, *stop, OF_2026) == at(13, 11, 7, 30)
    assert share_used(accepted_at, at(13, 11, 7, 30), stop[1], OF_2026, [stop]) == pytest.approx(0.4)
    assert warning_at(accepted_at, at(13, 11, 7, 30), OF_2026, [stop]) == at(11, 11, 11, 15)


def test_stops_that_overlap_count_once():
    stops = [(at(3, 11, 7, 30), at(5, 11, 7, 30)), (at(4, 11, 7, 30), at(5, 11, 7, 30)), (at(3, 11, 7, 30), at(3, 11, 9))]

    assert time_used(at(2, 11, 7, 30), at(6, 11, 7, 30), OF_2026, stops) == timedelta(hours=15)


def test_no_time_at_all_is_used_up_when_it_is_due():
    assert share_used(at(2, 11, 17), at(2, 11, 17), at(2, 11, 16), OF_2026) == 0
    assert share_used(at(2, 11, 17), at(2, 11, 17), at(2, 11, 17), OF_2026) == 1
    assert warning_at(at(2, 11, 17), at(2, 11, 17), OF_2026) == at(2, 11, 17)


@pytest.mark.parametrize("ended_at, how", [
    (at(2, 11, 9), "early"), (at(5, 11, 8), "on_time"), (at(5, 11, 9), "on_time"), (at(5, 11, 9, 1), "late"),
])  # fmt: skip
def test_a_result_is_early_on_time_or_late(ended_at, how):
    assert punctuality(at(5, 11, 9), ended_at) == how
    assert punctuality(None, ended_at) == "on_time"


def test_the_later_of_both_promises_holds():
    assert promised_now(None, None) is None
    assert promised_now(at(5, 11, 9), None) == at(5, 11, 9)
    assert promised_now(at(5, 11, 9), at(9, 11, 17)) == at(9, 11, 17)
    assert promised_now(at(12, 11, 9), at(9, 11, 17)) == at(12, 11, 9)


# --- verification ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extension, stops, until", [
    (Extension("working_days", days=3), [(at(3, 11, 9), at(4, 11, 9))], at(6, 11, 17)),
    # Two days went before; one is left, and it ends on the holiday.
    (Extension("working_days", days=3), [(at(3, 11, 9), at(5, 11, 9)), (at(23, 11, 9), at(23, 11, 10))], at(25, 11, 17)),
    (Extension("working_days", days=1), [(at(3, 11, 9), at(9, 11, 9)), (at(23, 11, 9), at(23, 11, 10))], at(23, 11, 17)),
    (Extension("calendar_days", days=5), [(at(2, 11, 9), at(3, 11, 9))], at(9, 11, 17)),  # ends on Saturday
    (Extension("calendar_days", total_days=25), [(at(20, 11, 9), at(20, 11, 10))], at(27, 11, 17)),
    (Extension("working_days", total_days=23), [(at(20, 11, 9), at(20, 11, 10))], at(4, 12, 17)),
])  # fmt: skip
def test_the_law_allows_so_long_for_verifying(extension, stops, until):
    assert may_verify_until(extension, at(2, 11, 9), stops, OF_2026) == until


# --- years nobody has entered ----------------------------------------------------------------------------------------


def test_a_date_in_a_year_that_is_not_entered_is_doubted():
    calendar = WorkCalendar(listed_years=frozenset({2026, 2027}), unsure_years={2027: "Chưa có thông báo nghỉ Tết."})

    assert calendar.doubt(date(2026, 12, 31)) == ""
    assert calendar.doubt(date(2027, 1, 4)) == "Chưa có thông báo nghỉ Tết."
    assert calendar.doubt(date(2028, 1, 4)) == "Chưa nhập ngày nghỉ năm 2028."
    assert WorkCalendar().doubt(date(2028, 1, 4)) == ""

"""When the office owes an answer."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.deadlines import KINDS, Term, WorkCalendar, due_after_stop, due_at, expected_day, is_overdue, submitted_counts_from
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

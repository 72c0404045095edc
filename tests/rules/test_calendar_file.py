"""content/calendar.yaml: what ships, what is a fault in it, what is warned of, and what deadlines make of it."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import msgspec
import pytest

from rules.content import Calendar, calendar_faults, calendar_warnings, content_warnings, read_content
from rules.deadlines import AFTERNOON, CLOSE_OF_DAY, MORNING, Term, due_at, submitted_counts_from
from rules.library import work_calendar
from rules.vietnamese import VIETNAM_TIME

SHIPPED = Path(__file__).parents[2] / "content"
TODAY = date(2026, 11, 23)
HOURS = {"morning": ["07:30", "11:30"], "afternoon": ["13:30", "17:00"]}


@pytest.fixture(scope="module")
def shipped():
    return read_content(SHIPPED).calendar


def calendar(**said) -> Calendar:
    """A year with one holiday, and what `said` adds."""
    known = {
        "off": [{"day": "2026-01-01", "name": "Tết Dương lịch"}],
        "work": [],
        "working_hours": HOURS,
        "hours_confirmed": True,
    }
    return msgspec.convert(known | said, Calendar)


def at(day, hour=9, minute=0, month=11):
    return datetime(2026, month, day, hour, minute, tzinfo=VIETNAM_TIME)


# --- what ships ------------------------------------------------------------------------------------------------------


def test_the_days_off_are_those_that_were_published(shipped):
    """Reference: one-stop.md, section 5; of each year the weekdays off, holidays at the weekend moved to Monday."""
    off = {entry.day for entry in shipped.off}

    assert {day for day in off if day.year == 2024} == {
        date(2024, 1, 1), *(date(2024, 2, n) for n in (8, 9, 12, 13, 14)), date(2024, 4, 18), date(2024, 4, 29),
        date(2024, 4, 30), date(2024, 5, 1), date(2024, 9, 2), date(2024, 9, 3),
    }  # fmt: skip
    assert {day for day in off if day.year == 2025} == {
        date(2025, 1, 1), *(date(2025, 1, n) for n in (27, 28, 29, 30, 31)), date(2025, 4, 7), date(2025, 4, 30),
        date(2025, 5, 1), date(2025, 5, 2), date(2025, 9, 1), date(2025, 9, 2),
    }  # fmt: skip
    assert {day for day in off if day.year == 2026} == {
        date(2026, 1, 1), date(2026, 1, 2), *(date(2026, 2, n) for n in (16, 17, 18, 19, 20)), date(2026, 4, 27),
        date(2026, 4, 30), date(2026, 5, 1), date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 2), date(2026, 11, 24),
    }  # fmt: skip
    assert {date(2027, 1, 1), date(2027, 2, 6), date(2027, 4, 16), date(2027, 4, 30), date(2027, 5, 3), date(2027, 11, 24)} <= off
    assert {entry.day: entry.instead_of for entry in shipped.work} == {
        date(2024, 5, 4): date(2024, 4, 29), date(2025, 4, 26): date(2025, 5, 2),
        date(2026, 1, 10): date(2026, 1, 2), date(2026, 8, 22): date(2026, 8, 31),
    }  # fmt: skip


def test_of_what_ships_only_2027_and_the_hours_are_warned_of():
    assert [warning.split(":")[1:3] for warning in content_warnings(SHIPPED, TODAY)] == [
        [" incomplete_years", " 2027"], [" working_hours", " xã chưa xác nhận giờ làm việc (hours_confirmed"],
    ]  # fmt: skip


@pytest.mark.parametrize("accepted_at, term, due", [
    (at(23, 9, 10), Term("working_days", 3), at(27, 9, 10)),
    (at(23, 15, 5), Term("same_day", cutoff=time(15)), at(25, 17)),
    (at(13, 14, month=2), Term("working_days", 5), at(27, 14, month=2)),
    (at(24, 15, 1, month=4), Term("same_day", cutoff=time(15)), at(28, 17, month=4)),  # Friday before a Monday holiday
    (at(24, 14, 59, month=4), Term("same_day", cutoff=time(15)), at(24, 17, month=4)),
])  # fmt: skip
def test_the_worked_examples_on_the_calendar_that_ships(shipped, accepted_at, term, due):
    assert due_at(term, accepted_at, work_calendar(shipped)) == due


# --- faults and warnings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said, fault", [
    ({"half_days": [{"day": "2026-01-01", "part": "morning", "name": "x"}]}, "half_days: 2026-01-01 đã có ở off hoặc work"),
    ({"half_days": [{"day": "2026-01-05", "part": "morning", "name": "x"}] * 2}, "half_days: “2026-01-05” có hai lần"),
    ({"weekends": [{"weekday": "saturday", "part": "morning"}] * 2}, "weekends: “saturday” có hai lần"),
    ({"off": [{"day": "2026-01-02", "name": "x", "made_up_on": "2026-01-10"}]}, "làm bù ngày 2026-01-10, nhưng work không có"),
    ({"work": [{"day": "2026-01-10", "name": "x", "instead_of": "2026-01-02"}]}, "cho ngày 2026-01-02, nhưng off không có"),
    ({"work": [{"day": "2026-01-10", "name": "x", "instead_of": "2026-01-01"}]}, "off: 2026-01-01 phải có mục made_up_on"),
    ({"off": [{"day": "2026-01-02", "name": "x", "made_up_on": "2026-01-10"}], "work": [{"day": "2026-01-10", "name": "x"}]},
     "work: 2026-01-10 phải có mục instead_of: 2026-01-02"),
])  # fmt: skip
def test_a_fault_of_the_calendar_is_named(said, fault):
    assert [line for line in calendar_faults(calendar(**said)) if fault in line]


def test_a_swap_named_on_both_sides_is_no_fault():
    swapped = calendar(
        off=[{"day": "2026-01-02", "name": "Nghỉ hoán đổi", "made_up_on": "2026-01-10"}],
        work=[{"day": "2026-01-10", "name": "Làm bù", "instead_of": "2026-01-02"}],
    )

    assert list(calendar_faults(swapped)) == []
    assert [warning for warning in calendar_warnings(swapped, TODAY) if "2026-01" in warning] == []


@pytest.mark.parametrize("said, warning", [
    ({"hours_confirmed": False}, "working_hours: xã chưa xác nhận"),
    ({}, "off: chưa nhập ngày nghỉ năm 2027"),
    ({"off": [{"day": "2024-01-01", "name": "x"}, {"day": "2026-01-01", "name": "x"}]}, "off: chưa nhập ngày nghỉ năm 2025"),
    ({"incomplete_years": [{"year": 2027, "reason": "Chưa có thông báo"}]}, "incomplete_years: 2027: Chưa có thông báo"),
    ({"work": [{"day": "2026-01-10", "name": "x"}]}, "work: 2026-01-10 làm việc thêm mà không ghi"),
    ({"off": [{"day": "2026-01-02", "name": "Nghỉ hoán đổi"}]}, "off: 2026-01-02 nghỉ hoán đổi mà không ghi"),
    ({"off": [{"day": "2027-05-01", "name": "Ngày Quốc tế lao động"}]}, "2027-05-01 (Ngày Quốc tế lao động) rơi vào cuối tuần"),
])  # fmt: skip
def test_what_may_be_wrong_is_warned_of(said, warning):
    found = list(calendar_warnings(calendar(**said), TODAY))

    assert [line for line in found if warning in line], found
    assert list(calendar_faults(calendar(**said))) == []


def test_a_year_that_is_over_is_not_warned_of():
    past = {"incomplete_years": [{"year": 2025, "reason": "Thiếu"}]}

    assert not [line for line in calendar_warnings(calendar(**past), TODAY) if "2025" in line]


def test_of_a_folder_with_faults_the_faults_come_first(tmp_path):
    assert content_warnings(tmp_path, TODAY) == []


# --- what deadlines make of it ---------------------------------------------------------------------------------------


def test_hours_half_days_and_saturdays_are_as_the_file_says():
    made = work_calendar(calendar(
        working_hours={"morning": ["07:00", "11:00"], "afternoon": ["13:00", "16:30"]},
        half_days=[{"day": "2026-11-05", "part": "afternoon", "name": "Nghỉ chiều"}],
        work=[{"day": "2026-11-08", "name": "Trực", "part": "morning"}, {"day": "2026-11-15", "name": "Làm"}],
        weekends=[{"weekday": "saturday", "part": "morning"}],
        count_from="close_of_day",
    ))  # fmt: skip

    assert made.hours == ((time(7), time(11)), (time(13), time(16, 30)))
    assert made.half_days == {(date(2026, 11, 5), MORNING), (date(2026, 11, 8), MORNING)}
    assert made.hours_of(date(2026, 11, 15)) == made.hours and made.count_from == CLOSE_OF_DAY
    assert due_at(Term("working_days", 3), at(2), made) == at(5, 11)
    assert not made.is_working_day(date(2026, 11, 7)) and submitted_counts_from(at(7, 8), made) == at(7, 8)
    assert made.names[date(2026, 11, 5)] == "Nghỉ chiều"


def test_a_weekend_opening_that_counts_is_worked():
    made = work_calendar(calendar(weekends=[{"weekday": "sunday", "part": "afternoon", "counts": True}]))

    assert made.hours_of(date(2026, 11, 8)) == made.hours[1:] == made.hours_of(date(2026, 11, 1))
    assert made.week[6] == AFTERNOON and not made.is_working_day(date(2026, 11, 7))
    assert made.working_time_between(at(7), at(9, 0)) == timedelta(hours=3, minutes=30)


def test_which_years_are_to_be_doubted(shipped):
    made = work_calendar(shipped)

    assert [bool(made.doubt(date(year, 6, 1))) for year in range(2023, 2030)] == [True, False, False, False, True, True, True]

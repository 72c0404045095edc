"""A dossier's clock as people read it."""

from datetime import date, datetime, timedelta

import pytest

from models import ClockStop, Dossier
from rules import clock, workflow
from rules.vietnamese import VIETNAM_TIME


def at(day, hour=9, minute=0, month=11):
    return datetime(2026, month, day, hour, minute, tzinfo=VIETNAM_TIME)


def with_processing(dossier, **processing) -> Dossier:
    procedure = dossier.procedure | {"processing": dossier.procedure["processing"] | {"extension": None} | processing}
    Dossier.update(procedure=procedure).where(Dossier.id == dossier.id).execute()
    return Dossier.get_by_id(dossier.id)


@pytest.fixture
def five_days(dossier, officer, library):
    """Accepted on Monday, 2 November, at nine; due a week later."""
    dossier = with_processing(dossier, type="working_days", value=5)
    workflow.make_move(dossier, "accept", officer, at(2), library.calendar)
    return Dossier.get_by_id(dossier.id)


@pytest.fixture
def move(officer, library):
    def make(dossier, name, now, by=officer, **more):
        workflow.make_move(dossier, name, by, now, library.calendar, note="Một lý do", **more)
        return Dossier.get_by_id(dossier.id)

    return make


@pytest.fixture
def read(library):
    return lambda dossier, now: clock.of_dossier(Dossier.get_by_id(dossier.id), library.calendar, now)


def test_before_acceptance_no_clock_runs(dossier, read):
    seen = read(dossier, at(2))

    assert (seen.due_at, seen.percent, seen.stops, seen.is_late, seen.doubt) == (None, None, [], False, "")


def test_half_of_the_time_is_used_at_half_time(five_days, read):
    assert [read(five_days, moment).percent for moment in (at(2), at(4, 14, 45), at(9), at(10))] == [0, 50, 100, 120]
    assert read(five_days, at(10)).is_late and read(five_days, at(10)).days_late == 1
    assert not read(five_days, at(9)).is_late


def test_a_stop_is_listed_with_how_long_it_was_and_uses_nothing(five_days, move, read):
    move(five_days, "ask_supplement", at(4))
    while_it_stands = read(five_days, at(6))
    move(five_days, "supplied", at(10))
    seen = read(five_days, at(10))

    assert [(stop.kind, stop.days, stop.ended_at) for stop in while_it_stands.stops] == [("supplement", 2, None)]
    assert [(stop.name, stop.began_at, stop.ended_at, stop.days) for stop in seen.stops] == [
        ("Chờ bổ sung giấy tờ", at(4), at(10), 4)
    ]
    # The reference's example: two of five days are used, before and after.
    assert (while_it_stands.percent, seen.percent) == (40, 40)
    assert (seen.first_due_at, seen.due_at) == (at(9), at(13))


def test_the_warning_waits_as_long_as_the_clock_stood(five_days, move, read, library):
    before = five_days.warn_at
    move(five_days, "ask_supplement", at(4))
    after = move(five_days, "supplied", at(10)).warn_at

    assert before < at(6) and library.calendar.working_days_between(date(2026, 11, 5), after.astimezone(VIETNAM_TIME).date()) == 4
    assert read(five_days, after).percent in (69, 70)


def test_a_stop_within_a_day_is_told_in_hours(five_days, move, read):
    move(five_days, "ask_payment", at(3, 9))
    move(five_days, "paid", at(3, 14))

    assert [(stop.kind, stop.days, stop.time) for stop in read(five_days, at(4)).stops] == [("payment", 0, "3 giờ 00 phút")]
    assert clock.show_span(timedelta(minutes=7, seconds=40)) == "7 phút"


def test_what_was_stopped_for_good_and_opened_again_stood_meanwhile(five_days, move, read, app):
    from stage import make_staff

    leader = make_staff("leader")
    move(five_days, "stop", at(4))
    move(five_days, "reopen", at(10), by=leader)
    seen = read(five_days, at(10))

    assert [(stop.name, stop.began_at, stop.ended_at, stop.days) for stop in seen.stops] == [
        (clock.STOPPED_FOR_GOOD, at(4), at(10), 4)
    ]
    assert (seen.percent, seen.due_at) == (40, at(13))
    workflow.undo(
        Dossier.get_by_id(five_days.id), five_days.events.order_by(workflow.Event.id.desc()).get().id, leader, at(10, 9, 10)
    )
    assert read(five_days, at(10, 9, 20)).stops == []


def test_why_the_date_is_what_it_is(dossier, officer, library):
    dossier = with_processing(dossier, type="working_days", value=3)
    workflow.make_move(dossier, "accept", officer, at(23, 9, 10), library.calendar)

    said = clock.explain(Dossier.get_by_id(dossier.id), library.calendar)
    assert said == ("03 ngày làm việc, tính từ 9 giờ 10, ngày 23/11/2026. Không tính ngày nghỉ: 24/11 Ngày Văn hóa Việt Nam.")


def test_a_due_date_in_a_year_not_entered_yet_is_doubted(dossier, officer, library, read):
    dossier = with_processing(dossier, type="working_days", value=10)
    workflow.make_move(dossier, "accept", officer, at(24, month=12), library.calendar)
    seen = read(dossier, at(25, month=12))

    assert seen.due_at.year == 2027 and "2027" in seen.doubt
    assert "2027" in clock.explain(Dossier.get_by_id(dossier.id), library.calendar)


def test_an_ended_dossier_keeps_how_it_came(five_days, move, read):
    move(five_days, "finish", at(10))
    seen = read(five_days, at(30))

    assert (seen.result, seen.is_late, seen.days_late, seen.percent, seen.doubt) == ("Quá hạn", True, 1, 120, "")


# --- verification ----------------------------------------------------------------------------------------------------


@pytest.fixture
def verified(dossier, officer, library):
    """Being worked on since Monday; the law allows three working days more for verifying."""
    extension = {"days": 3, "unit": "working_days", "reason": "xác minh nơi cư trú", "total_days": None}
    dossier = with_processing(dossier, type="working_days", value=5, extension=extension)
    for name in ("accept", "begin"):
        workflow.make_move(dossier, name, officer, at(2), library.calendar)
    return Dossier.get_by_id(dossier.id)


def test_the_law_says_how_long_verifying_may_take(verified, move, read):
    move(verified, "begin_verifying", at(3))
    seen = read(verified, at(4)).verifying

    assert seen.words == "Thêm nhiều nhất 03 ngày làm việc: xác minh nơi cư trú"
    assert (seen.until, seen.is_open, seen.is_too_long) == (at(6, 17), True, False)
    assert ClockStop.get().kind == "verification"


def test_beyond_what_the_law_allows_it_is_warned_of(verified, move, read):
    move(verified, "begin_verifying", at(3))

    assert not read(verified, at(6, 17)).verifying.is_too_long
    assert read(verified, at(6, 17, 1)).verifying.is_too_long
    move(verified, "end_verifying", at(5))
    assert not read(verified, at(20)).verifying.is_too_long
    # What was used once is not there a second time.
    move(verified, "begin_verifying", at(9))
    assert read(verified, at(9)).verifying.until == at(10, 17)


def test_a_procedure_whose_law_names_no_time_for_it(five_days, move, read):
    assert read(five_days, at(2)).verifying is None
    move(five_days, "begin", at(2))
    move(five_days, "begin_verifying", at(3))

    seen = read(five_days, at(4)).verifying
    assert (seen.words, seen.until, seen.is_open) == ("", None, True)


def test_the_whole_time_may_be_named_instead(dossier):
    extension = {"days": None, "total_days": 25, "unit": "calendar_days", "reason": "xác minh"}

    assert clock.extension_words({"processing": {"extension": extension}}) == "Cả xác minh nhiều nhất 25 ngày: xác minh"
    assert clock.extension_of({"processing": {}}) is None
    assert clock.extension_words({"processing": {"extension": {"unit": "working_days", "reason": "x"}}}) == ""

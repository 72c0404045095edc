"""An apology is prepared by one, signed by another, and promises one new date."""

from datetime import date, datetime, timedelta

import pytest
from stage import make_staff
from together import at_once

from models import Apology, Dossier, Event, TextMessage
from rules import WrongInput, apologies, lookup, workflow
from rules.vietnamese import VIETNAM_TIME
from rules.workflow import MoveRefused

REASON = "Công an xã chưa trả lời xác minh"


def at(day, hour=9, minute=0, month=11):
    return datetime(2026, month, day, hour, minute, tzinfo=VIETNAM_TIME)


FRIDAY, FRIDAY_10 = at(6), at(6, 10)


def fresh(dossier) -> Dossier:
    return Dossier.get_by_id(dossier.id)


def everything() -> tuple:
    """All that an apology could change."""
    return list(Dossier.select().dicts()), list(Apology.select().dicts()), Event.select().count(), TextMessage.select().count()


@pytest.fixture
def leader(app):
    return make_staff("leader")


@pytest.fixture
def accepted(dossier, officer, library):
    """Accepted on Monday, 2 November, at nine; due a week later."""
    processing = dossier.procedure["processing"] | {"type": "working_days", "value": 5}
    Dossier.update(procedure=dossier.procedure | {"processing": processing}).where(Dossier.id == dossier.id).execute()
    workflow.make_move(fresh(dossier), "accept", officer, at(2), library.calendar)
    return fresh(dossier)


@pytest.fixture
def prepare(officer, library):
    def make(dossier, day=date(2026, 11, 12), by=officer, now=FRIDAY, reason=REASON, most=1, form_key="soan-1"):
        return apologies.prepare(fresh(dossier), reason, day, by, now, library.calendar, most, form_key)

    return make


def sign(dossier, apology, by, now=FRIDAY_10, form_key="ky-1"):
    return apologies.sign(fresh(dossier), apology.id, by, now, form_key, "http://localhost/tra-cuu")


# --- it works --------------------------------------------------------------------------------------------------------


def test_it_is_prepared_before_the_promised_date_passes(accepted, prepare, officer):
    apology = prepare(accepted)

    assert (apology.due_before, apology.new_due_at, apology.made_by) == (at(9), at(12, 17), officer)
    assert apologies.waiting(accepted) == apology and apologies.all_waiting("H21.129").count() == 1
    # Nobody is told before it is signed.
    assert fresh(accepted).repromised_at is None and accepted.events.count() == 2


def test_signed_by_a_leader_it_promises_and_keeps_both_dates(accepted, prepare, leader, letters):
    event = sign(accepted, prepare(accepted), leader)

    dossier = fresh(accepted)
    assert (dossier.first_due_at, dossier.due_at, dossier.repromised_at) == (at(9), at(9), at(12, 17))
    assert (event.name, event.staff, event.from_state, event.to_state) == ("apologized", leader, accepted.state, accepted.state)
    assert event.note == (f"{REASON}. Ngày hẹn trả cũ: 9 giờ, ngày 9/11/2026. Ngày hẹn trả mới: 17 giờ, ngày 12/11/2026.")
    signed = Apology.get()
    assert (signed.signed_by, signed.signed_at) == (leader, at(6, 10))
    assert apologies.waiting(accepted) is None
    assert "12/11/2026" in TextMessage.select().order_by(TextMessage.id.desc()).get().text
    assert any("17 giờ, ngày 12/11/2026" in letter.get_content() for letter in letters())


def test_late_is_late_all_the_same(accepted, prepare, leader, officer, library):
    sign(accepted, prepare(accepted), leader)
    assert fresh(accepted).is_overdue(at(10))

    workflow.make_move(fresh(accepted), "finish", officer, at(12), library.calendar)
    assert fresh(accepted).punctuality == "late"


def test_the_public_sees_the_new_date_and_not_the_reason(accepted, prepare, leader):
    sign(accepted, prepare(accepted), leader)
    before, after = (lookup.public_view(fresh(accepted), moment) for moment in (at(10), at(13)))

    assert (before.due_at, before.is_overdue, after.is_overdue) == (at(12, 17), False, True)
    assert REASON not in str(before)


def test_the_same_form_again_changes_nothing(accepted, prepare, leader):
    apology = prepare(accepted)
    assert prepare(accepted) == apology
    event = sign(accepted, apology, leader)
    before = everything()

    assert sign(accepted, apology, leader) == event
    assert prepare(accepted) == apology
    assert everything() == before


def test_a_dropped_one_is_dropped_and_another_may_be_prepared(accepted, prepare, leader, officer):
    apology = prepare(accepted)
    assert apologies.drop(fresh(accepted), apology.id, leader, at(6, 10)).dropped_at == at(6, 10)
    before = everything()
    assert apologies.drop(fresh(accepted), apology.id, officer, at(7)).dropped_at == at(6, 10)
    assert everything() == before and fresh(accepted).repromised_at is None

    second = prepare(accepted, form_key="soan-2")
    assert second != apology and apologies.of_dossier(accepted) == [second]


# --- it refuses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day, why", [
    (date(2026, 11, 6), "sau hôm nay"),
    (date(2026, 11, 9), "sau ngày đã hẹn 9/11/2026"),
    (date(2026, 11, 14), "14/11/2026 là ngày nghỉ.*Thứ Hai, ngày 16"),
    (date(2026, 11, 24), "ngày nghỉ"),
    (date(2062, 11, 10), "quá một năm"),
])  # fmt: skip
def test_a_day_that_cannot_be_promised_is_refused(accepted, prepare, day, why):
    with pytest.raises(WrongInput, match=why):
        prepare(accepted, day)
    assert not Apology.select().exists()


def test_when_it_is_late_the_day_has_to_be_after_today(accepted, prepare):
    with pytest.raises(WrongInput, match="sau hôm nay"):
        prepare(accepted, date(2026, 11, 11), now=at(11))
    assert prepare(accepted, date(2026, 11, 12), now=at(11)).new_due_at == at(12, 17)


def test_without_a_reason_it_is_none(accepted, prepare):
    with pytest.raises(WrongInput, match="lý do"):
        prepare(accepted, reason="  ")
    with pytest.raises(WrongInput):
        apologies.read_reason("x" * 401)


def test_one_at_a_time_and_one_at_most(accepted, prepare, leader):
    first = prepare(accepted)
    with pytest.raises(MoveRefused, match="phiếu chờ ký: Cán bộ officer"):
        prepare(accepted, form_key="soan-2")
    sign(accepted, first, leader)
    with pytest.raises(MoveRefused, match="nhiều nhất 1 lần"):
        prepare(accepted, date(2026, 11, 20), form_key="soan-2")
    with pytest.raises(WrongInput, match="12/11/2026"):  # where two are allowed, the second is later than the first
        prepare(accepted, date(2026, 11, 11), form_key="soan-2", most=2)
    assert prepare(accepted, date(2026, 11, 20), form_key="soan-2", most=2).due_before == at(12, 17)


def test_there_is_nothing_to_promise_anew_where_no_clock_runs(dossier, accepted, account, submit, prepare, officer, library):
    with pytest.raises(MoveRefused, match="chưa có ngày hẹn"):
        prepare(submit(account))
    workflow.make_move(fresh(accepted), "ask_supplement", officer, at(4), library.calendar, note="Thiếu")
    with pytest.raises(MoveRefused, match="Đồng hồ đang dừng"):
        prepare(accepted)
    workflow.make_move(fresh(accepted), "refuse", officer, at(5), library.calendar, note="Thôi")
    with pytest.raises(MoveRefused, match="Không được tiếp nhận"):
        prepare(accepted)
    assert not Apology.select().exists()


def test_only_who_works_on_it_prepares_one(accepted, prepare, leader):
    for person in (leader, make_staff("village_head"), make_staff("officer", "away", office="H21.121")):
        with pytest.raises(MoveRefused):
            prepare(accepted, by=person)
    assert not Apology.select().exists()
    assert prepare(accepted, by=make_staff("specialist")).made_by.role == "specialist"


def test_only_a_leader_signs_and_never_who_prepared_it(accepted, prepare, officer, leader):
    apology = prepare(accepted)
    Apology.update(made_by=leader).where(Apology.id == apology.id).execute()
    before = everything()

    for person in (officer, make_staff("specialist"), leader, make_staff("leader", "away", office="H21.121")):
        with pytest.raises(MoveRefused):
            sign(accepted, apology, person)
    assert everything() == before
    assert sign(accepted, apology, make_staff("leader", "second")).name == "apologized"


def test_only_who_prepared_it_or_a_leader_drops_it(accepted, prepare, leader):
    apology = prepare(accepted)
    with pytest.raises(MoveRefused, match="Cán bộ officer"):
        apologies.drop(fresh(accepted), apology.id, make_staff("officer", "other"), at(6))
    assert apologies.waiting(accepted) == apology
    sign(accepted, apology, leader)
    with pytest.raises(MoveRefused, match="đã ký"):
        apologies.drop(fresh(accepted), apology.id, leader, at(6))
    assert fresh(accepted).repromised_at == at(12, 17)


def test_another_dossiers_apology_is_not_there(accepted, account, submit, prepare, leader):
    apology, other = prepare(accepted), submit(account)

    with pytest.raises(MoveRefused, match="không có phiếu"):
        sign(other, apology, leader)
    with pytest.raises(MoveRefused, match="không có phiếu"):
        apologies.drop(fresh(other), apology.id, leader, at(6))
    assert apologies.waiting(accepted) == apology


@pytest.mark.parametrize("name, moves, now, why", [
    ("it has ended", ["finish"], at(7), "không hẹn lại nữa"),
    ("it stands still", ["ask_supplement"], at(7), "không hẹn lại nữa"),
    ("the day has come", [], at(12), "đã đến"),
    ("it was moved on", ["ask_supplement", "supplied"], at(11), "đã lùi đến"),
])  # fmt: skip
def test_what_cannot_be_promised_any_more_is_not_signed(accepted, prepare, officer, leader, library, name, moves, now, why):
    apology = prepare(accepted)
    for n, move in enumerate(moves):
        when = at(6, 12) + n * timedelta(days=5)
        workflow.make_move(fresh(accepted), move, officer, when, library.calendar, note="Thiếu giấy")
    before = everything()

    with pytest.raises(MoveRefused, match=why):
        sign(accepted, apology, leader, now=now)
    assert everything() == before


def test_of_two_leaders_at_once_one_signs_and_the_other_is_told(accepted, prepare, leader):
    apology, second = prepare(accepted), make_staff("leader", "second")
    results = at_once(
        lambda: sign(accepted, apology, leader, form_key="ky-1"), lambda: sign(accepted, apology, second, form_key="ky-2")
    )

    refused = [result for result in results if isinstance(result, MoveRefused)]
    assert len(refused) == 1 and "đã ký phiếu xin lỗi này" in str(refused[0])
    assert accepted.events.where(Event.name == "apologized").count() == 1


def test_of_two_who_prepare_at_once_one_is_told_of_the_other(accepted, prepare):
    second = make_staff("specialist")
    results = at_once(lambda: prepare(accepted), lambda: prepare(accepted, by=second, form_key="soan-2"))

    assert sorted(type(result).__name__ for result in results) == ["Apology", "MoveRefused"]
    assert Apology.select().count() == 1


def test_one_that_waits_goes_when_the_accepting_it_was_about_is_undone(dossier, officer, library, prepare):
    accepting = workflow.make_move(fresh(dossier), "accept", officer, FRIDAY, library.calendar)
    apology = prepare(dossier, day=date(2026, 12, 25))
    workflow.undo(fresh(dossier), accepting.id, officer, FRIDAY + timedelta(minutes=5))

    assert Apology.get_by_id(apology.id).dropped_at and not apologies.of_dossier(fresh(dossier))

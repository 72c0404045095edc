"""A slip of the hand at the desk is undone; the log keeps both, and nobody changes the log."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import DatabaseError, IntegrityError
from stage import make_staff
from together import at_once

from database import db, is_sqlite, utc_now
from models import ClockStop, Dossier, Event, Message, State, SupplementRequest, Transfer
from rules import supplements, transfers, workflow
from rules.workflow import LEAD_BACK, MOVES, UNDO_WITHIN, MoveRefused, make_move, may_undo, open_moves, undo

MONDAY_9 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
REASON = "Ghi nhầm hồ sơ"
SOON = timedelta(minutes=5)


@pytest.fixture
def move(library):
    def make(dossier, name, by, now=MONDAY_9, note=REASON):
        return make_move(dossier, name, by, now, library.calendar, note=note)

    return make


def row_of(dossier: Dossier) -> dict:
    return Dossier.select().where(Dossier.id == dossier.id).dicts().get()


# --- what is undone --------------------------------------------------------------------------------------------------

# By where a dossier is, its state and step: the moves that bring it there.
WAYS = {
    (State.SUBMITTED, ""): [],
    (State.ACCEPTED, ""): ["accept"],
    (State.IN_PROGRESS, ""): ["accept", "begin"],
    (State.IN_PROGRESS, "signing"): ["accept", "begin", "ask_signature"],
    (State.IN_PROGRESS, "signed"): ["accept", "begin", "ask_signature", "sign"],
    (State.IN_PROGRESS, "verifying"): ["accept", "begin", "begin_verifying"],
    (State.IN_PROGRESS, "elsewhere"): ["accept", "send_elsewhere"],
    (State.AWAITING_SUPPLEMENT, ""): ["accept", "ask_supplement"],
    (State.AWAITING_PAYMENT, ""): ["accept", "ask_payment"],
    (State.WITHDRAWAL_ASKED, ""): ["accept", "ask_withdrawal"],
    (State.STOPPED, ""): ["accept", "stop"],
    (State.DONE, ""): ["accept", "finish"],
    (State.DONE, "posting"): ["accept", "finish", "hand_to_post"],
}
INTO = {State.AWAITING_PAYMENT: "ask_payment", State.WITHDRAWAL_ASKED: "ask_withdrawal"}
UNDOABLE = [
    pytest.param(row, step, id=f"{row.name}-{row.source}-{step}-{row.target}-{row.role}")
    for row in MOVES
    if row.may_be_undone
    for step in row.at
    if (row.source, step) in WAYS
]


@pytest.fixture
def walk(people, move, library):
    """Bring a dossier to where a row of the table is open, as people do it: with what is asked for, with what is sent away."""

    def to_the(dossier, row, step) -> None:
        leads_back = row.name in LEAD_BACK
        for name in [*WAYS[row.target, ""], INTO[row.source]] if leads_back else WAYS[row.source, step]:
            by = next(people[one.role] for one in MOVES if (one.name, one.source) == (name, dossier.state) and one.role in people)
            if name == "ask_supplement":
                due_on = datetime(2026, 12, 4).date()
                supplements.ask(dossier, [supplements.Asked("", "Ảnh", "Mờ")], due_on, by, MONDAY_9, library.calendar)
            elif name == "send_elsewhere":
                neighbour = transfers.Agency("H21.121", "UBND xã Đak Đoa", False)
                transfers.hand_over(dossier, neighbour, REASON, by, MONDAY_9, library.calendar, "sent")
            else:
                move(dossier, name, by)

    return to_the


def all_of(dossier: Dossier) -> tuple:
    """The dossier's row, and all that moves write beside it."""
    beside = [list(table.select().order_by(table.id).dicts()) for table in (ClockStop, SupplementRequest, Transfer)]
    return row_of(dossier), *beside


@pytest.fixture
def people(account):
    return {"citizen": account} | {role: make_staff(role) for role in ("officer", "specialist", "leader")}


@pytest.mark.parametrize("row, step", UNDOABLE)
def test_the_dossier_is_then_as_it_was_and_the_move_open_again(dossier, people, move, walk, row, step):
    walk(dossier, row, step)
    before, by = all_of(dossier), people[row.role]
    event = move(dossier, row.name, by, now=MONDAY_9 + SOON)
    assert (event.to_state, row_of(dossier) == before[0]) == (row.target, False)

    undone = undo(dossier, event.id, by, MONDAY_9 + 2 * SOON)
    assert all_of(dossier) == before
    assert (undone.name, undone.undoes, undone.actor_name) == ("undone", event, by.full_name)
    assert [one.id for one in dossier.events.order_by(Event.id)][-2:] == [event.id, undone.id]
    assert move(dossier, row.name, by, now=MONDAY_9 + 3 * SOON).to_state is row.target


def test_every_row_that_may_be_undone_is_tried():
    tried = [one.values[0] for one in UNDOABLE]

    assert [row for row in MOVES if row.may_be_undone and row not in tried] == []


def test_a_row_that_may_not_be_undone_stays(dossier, people, move):
    """Of what the desk itself does: what reached the citizen as work to do, what left the house, and what is settled."""
    stays = {row.name for row in MOVES if row.role in people and row.role != "citizen" and not row.may_be_undone}
    assert stays == {"ask_supplement", "supplied", "send_elsewhere", "come_back", "paid", "waive_fee"}
    for name in ("accept", "send_elsewhere", "come_back"):
        event = move(dossier, name, people["officer"])
    refused(dossier, event, people["officer"], MONDAY_9 + SOON)


def test_what_was_asked_for_before_a_refusal_is_asked_for_again(dossier, officer, library, move):
    asked = [supplements.Asked("", "Ảnh", "Mờ")]
    due_on = datetime(2026, 12, 4).date()
    supplements.ask(dossier, asked, due_on, officer, MONDAY_9, library.calendar)
    event = move(dossier, "refuse", officer, now=MONDAY_9 + SOON)
    assert SupplementRequest.get().closed_at
    undo(dossier, event.id, officer, MONDAY_9 + 2 * SOON)

    assert SupplementRequest.get().closed_at is None
    assert (dossier.state, workflow.came_from(dossier)) == (State.AWAITING_SUPPLEMENT, State.SUBMITTED)


# --- what is not -----------------------------------------------------------------------------------------------------


def refused(dossier, event, by, now) -> str:
    before = row_of(dossier), dossier.events.count()
    with pytest.raises(MoveRefused) as refusal:
        undo(dossier, event.id, by, now)
    assert (row_of(dossier), dossier.events.count()) == before
    return str(refusal.value)


def test_it_is_too_late_after_half_an_hour(dossier, officer, move):
    event = move(dossier, "accept", officer)

    assert may_undo(dossier, officer, MONDAY_9 + UNDO_WITHIN - timedelta(seconds=1))
    assert "30 phút" in refused(dossier, event, officer, MONDAY_9 + UNDO_WITHIN)


def test_a_clock_that_was_turned_back_undoes_nothing(dossier, officer, move):
    event = move(dossier, "accept", officer)

    refused(dossier, event, officer, MONDAY_9 - timedelta(seconds=1))


def test_somebody_elses_move_stays(dossier, officer, move):
    event = move(dossier, "accept", officer)

    assert officer.full_name in refused(dossier, event, make_staff("officer", "officer2"), MONDAY_9 + SOON)


def test_what_something_has_followed_stays(dossier, officer, move):
    event = move(dossier, "accept", officer)
    move(dossier, "begin", officer)

    refused(dossier, event, officer, MONDAY_9 + SOON)


def test_an_undoing_is_not_undone(dossier, officer, move):
    event = move(dossier, "accept", officer)
    undone = undo(dossier, event.id, officer, MONDAY_9 + SOON)

    refused(dossier, undone, officer, MONDAY_9 + SOON)
    refused(dossier, event, officer, MONDAY_9 + SOON)


def test_a_supplement_that_was_asked_for_stays(dossier, officer, library):
    asked = [supplements.Asked("", "Ảnh", "Mờ")]
    event = supplements.ask(dossier, asked, datetime(2026, 12, 4).date(), officer, MONDAY_9, library.calendar)

    refused(dossier, event, officer, MONDAY_9 + SOON)


def test_a_new_dossier_has_nothing_to_undo(dossier, officer, account):
    assert may_undo(dossier, officer, MONDAY_9) is None
    assert may_undo(dossier, account, MONDAY_9) is None


# --- twice, and at once ----------------------------------------------------------------------------------------------


def test_the_same_form_sent_again_finds_the_first(dossier, officer, move):
    event = move(dossier, "accept", officer)
    first = undo(dossier, event.id, officer, MONDAY_9 + SOON, "k")

    assert undo(dossier, event.id, officer, MONDAY_9 + SOON, "k") == first
    assert dossier.events.count() == 3


def test_of_an_undoing_and_the_next_step_at_the_same_moment_one_is_told(dossier, officer, move):
    event = move(dossier, "accept", officer)
    other = make_staff("specialist")
    ends = at_once(
        lambda: undo(Dossier.get_by_id(dossier.id), event.id, officer, MONDAY_9 + SOON),
        lambda: move(Dossier.get_by_id(dossier.id), "begin", other, now=MONDAY_9 + SOON),
    )

    assert {type(end) for end in ends} == {Event, MoveRefused}
    assert dossier.events.count() == 3


def test_the_same_form_tapped_twice_at_once_is_answered_twice_and_done_once(dossier, officer, move):
    event = move(dossier, "accept", officer)
    tap = lambda: undo(Dossier.get_by_id(dossier.id), event.id, officer, MONDAY_9 + SOON, "k")  # noqa: E731

    assert [type(end) for end in at_once(tap, tap, tap)] == [Event] * 3
    assert dossier.events.count() == 3


def test_of_two_forms_that_undo_at_once_one_is_told_who_was_first(dossier, officer, move):
    event = move(dossier, "accept", officer)
    ends = at_once(
        *[lambda key=key: undo(Dossier.get_by_id(dossier.id), event.id, officer, MONDAY_9 + SOON, key) for key in ("a", "b")]
    )

    assert {type(end) for end in ends} == {Event, MoveRefused}
    (refusal,) = [str(end) for end in ends if isinstance(end, MoveRefused)]
    assert f"{officer.full_name} đã bấm “Hoàn tác” lúc" in refusal
    assert dossier.events.count() == 3 and dossier.state is State.ACCEPTED
    assert Dossier.get_by_id(dossier.id).state is State.SUBMITTED


# --- letters ---------------------------------------------------------------------------------------------------------


def test_a_letter_that_has_not_left_stays_here(dossier, officer, move):
    event = move(dossier, "accept", officer)
    assert Message.select().where(Message.key == f"event-{event.id}").exists()
    undone = undo(dossier, event.id, officer, MONDAY_9 + SOON)

    assert not Message.select().where(Message.key.in_([f"event-{event.id}", f"event-{undone.id}"])).exists()


def test_one_that_has_left_is_followed_by_another(dossier, officer, move):
    event = move(dossier, "accept", officer)
    Message.update(sent_at=utc_now(), tries=1, next_try_at=None, body=None).where(Message.key == f"event-{event.id}").execute()
    undone = undo(dossier, event.id, officer, MONDAY_9 + SOON)

    letter = Message.get(Message.key == f"event-{undone.id}")
    assert dossier.code in letter.subject and "ghi nhầm" in letter.body


# --- the log ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["UPDATE event SET note = 'x'", "DELETE FROM event"])
def test_the_log_cannot_be_changed_by_anything_that_asks_the_database(dossier, officer, move, change):
    move(dossier, "accept", officer)
    before = list(Event.select().order_by(Event.id).dicts())

    with pytest.raises(DatabaseError, match="never changed"), db.atomic():
        db.execute_sql(change)
    assert list(Event.select().order_by(Event.id).dicts()) == before


def test_nor_is_a_line_put_in_anothers_place(dossier):
    known = {name: value for name, value in Event.select().dicts().get().items() if name != "note"}

    with pytest.raises(DatabaseError), db.atomic():
        if is_sqlite():
            Event.replace(**known, note="x").execute()
        else:
            Event.insert(**known, note="x").on_conflict(conflict_target=[Event.id], update={Event.note: "x"}).execute()
    assert [event.note for event in Event.select()] == [""]


def test_nor_by_the_program_itself(dossier):
    event = dossier.events.get()

    for change in (Event.update(note="x"), Event.delete(), Event.update(actor_name="x").where(Event.id == event.id)):
        with pytest.raises(IntegrityError if is_sqlite() else DatabaseError), db.atomic():
            change.execute()
    assert Event.get_by_id(event.id).note == ""


# --- any life --------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_happens_the_clock_stops_fit(submit, library, people, data):
    """Spans never overlap, one is open exactly while the clock stands, and the first promised date stays."""
    dossier, now = submit(people["citizen"]), MONDAY_9
    for _ in range(data.draw(st.integers(1, 14))):
        now += timedelta(minutes=data.draw(st.integers(1, 3 * 24 * 60)))
        last = data.draw(st.booleans()) and next((p for p in people.values() if may_undo(dossier, p, now)), None)
        steps = [(row.name, person) for person in people.values() for row in open_moves(dossier, person)]
        before = row_of(dossier)
        if last:
            undo(dossier, may_undo(dossier, last, now).id, last, now)
        elif steps:
            name, person = data.draw(st.sampled_from(steps))
            make_move(dossier, name, person, now, library.calendar, note=REASON)
            assert before["first_due_at"] in (None, dossier.first_due_at)
            if before["due_at"] and before["stopped_at"] is None and before["ended_at"] is None:
                assert dossier.due_at == before["due_at"]
        check_stops(dossier)


def check_stops(dossier: Dossier) -> None:
    stops = list(dossier.clock_stops.order_by(ClockStop.id))
    for one, other in zip(stops, stops[1:], strict=False):
        assert one.ended_at is not None and one.began_at <= one.ended_at <= other.began_at
    is_open = bool(stops) and stops[-1].ended_at is None
    assert (stops[-1].kind if is_open else "") == workflow.stands_for(dossier)
    # Of one that has ended, when its clock stopped is kept.
    assert is_open == (dossier.stopped_at is not None and dossier.ended_at is None)

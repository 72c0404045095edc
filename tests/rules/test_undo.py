"""A slip of the hand at the desk is undone; the log keeps both, and nobody changes the log."""

from datetime import UTC, datetime, timedelta

import pytest
from conftest import make_staff
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import DatabaseError, IntegrityError
from together import at_once

from database import db, is_sqlite, utc_now
from models import ClockStop, Dossier, Event, Message, State, SupplementRequest
from rules import supplements, workflow
from rules.workflow import MOVES, UNDO_WITHIN, MoveRefused, make_move, may_undo, open_moves, undo

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


def stops_of(dossier: Dossier) -> list[dict]:
    return list(dossier.clock_stops.order_by(ClockStop.id).dicts())


# --- what is undone --------------------------------------------------------------------------------------------------

# By the name of the move: the moves, and by whom, that bring a dossier to where it is open.
WAYS = {
    "accept": [],
    "refuse": [],
    "begin": ["accept"],
    "ask_signature": ["accept", "begin"],
    "sign": ["accept", "begin", "ask_signature"],
    "refuse_signature": ["accept", "begin", "ask_signature"],
    "begin_verifying": ["accept", "begin"],
    "end_verifying": ["accept", "begin", "begin_verifying"],
    "finish": ["accept"],
    "hand_to_post": ["accept", "finish"],
    "give_result": ["accept", "finish"],
    "ask_payment": ["accept"],
    "paid": ["accept", "ask_payment"],
    "grant_withdrawal": ["accept", "ask_withdrawal"],
    "refuse_withdrawal": ["accept", "ask_withdrawal"],
    "stop": ["accept"],
    "reopen": ["accept", "stop"],
    "give_papers_back": ["accept", "stop"],
}
UNDOABLE = sorted({(move.name, move.role) for move in MOVES if move.may_be_undone})


def walk(dossier, name, role, people, move) -> None:
    """Bring the dossier to where `role` may make the move."""
    for before in WAYS[name]:
        by = next(people[row.role] for row in open_rows(dossier, before) if row.role in people)
        move(dossier, before, by)


def open_rows(dossier: Dossier, name: str):
    return [row for row in MOVES if row.name == name and row.source is dossier.state and dossier.step in row.at]


@pytest.fixture
def people(account):
    return {"citizen": account} | {role: make_staff(role) for role in ("officer", "specialist", "leader")}


@pytest.mark.parametrize("name, role", UNDOABLE)
def test_the_dossier_is_then_as_it_was(dossier, people, move, name, role):
    walk(dossier, name, role, people, move)
    before, stops = row_of(dossier), stops_of(dossier)
    event = move(dossier, name, people[role], now=MONDAY_9 + SOON)
    assert row_of(dossier) != before

    undone = undo(dossier, event.id, people[role], MONDAY_9 + 2 * SOON)
    assert (row_of(dossier), stops_of(dossier)) == (before, stops)
    assert (undone.name, undone.undoes, undone.actor_name) == ("undone", event, people[role].full_name)
    assert [one.id for one in dossier.events.order_by(Event.id)][-2:] == [event.id, undone.id]


@pytest.mark.parametrize("name, role", UNDOABLE)
def test_the_move_is_open_again(dossier, people, move, name, role):
    walk(dossier, name, role, people, move)
    event = move(dossier, name, people[role])
    undo(dossier, event.id, people[role], MONDAY_9 + SOON)

    move(dossier, name, people[role], now=MONDAY_9 + 2 * SOON)
    assert dossier.events.where(Event.name == name).count() == 2


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
    assert is_open == bool(workflow.stands_for(dossier))
    if is_open:
        assert dossier.stopped_at is not None and stops[-1].kind == workflow.stands_for(dossier)

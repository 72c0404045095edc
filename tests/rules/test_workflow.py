"""The life of a dossier: every move of the table, for every role in every state, and what it leaves behind."""

from datetime import UTC, datetime, timedelta

import pytest
from conftest import make_staff
from peewee import IntegrityError
from together import at_once

from models import Dossier, Event, Staff, State
from rules import workflow
from rules.staff import ROLES
from rules.workflow import ENDED, MOVES, STATE_NAMES, MoveRefused, make_move, open_moves, term_of

MONDAY_9 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 9:00 in Vietnam, the day before a holiday
MARRIAGE_STATUS = "xac-nhan-tinh-trang-hon-nhan"
REASON = "Ảnh mờ, không đọc được số"


def put_into(dossier: Dossier, state: State) -> Dossier:
    Dossier.update(state=state).where(Dossier.id == dossier.id).execute()
    return Dossier.get_by_id(dossier.id)


def kept(dossier: Dossier) -> tuple:
    """The dossier's row and its events, as the tables hold them."""
    return Dossier.select().where(Dossier.id == dossier.id).dicts().get(), list(Event.select().order_by(Event.id).dicts())


@pytest.fixture
def people(account):
    """One of each role, the citizen too."""
    known = {"office": "H21.129", "password_hash": "none"}
    return {"citizen": account} | {role: Staff.create(login_name=role, full_name=role, role=role, **known) for role in ROLES}


@pytest.fixture
def move(library):
    """Make a move at nine on Monday, with a reason."""

    def make(dossier, name, by, note=REASON, form_key=None, now=MONDAY_9):
        return make_move(dossier, name, by, now, library.calendar, note=note, form_key=form_key)

    return make


# --- the table -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("name", [move.name for move in MOVES])
def test_a_move_is_open_to_its_role_in_its_state_and_to_nobody_else(dossier, people, move, name, state):
    there = put_into(dossier, state)
    rights = {(move.role, move.source): move for move in MOVES if move.name == name}
    before = kept(there)

    for role, person in people.items():
        if (role, state) not in rights:
            with pytest.raises(MoveRefused):
                move(there, name, person)
    assert kept(there) == before
    for role in (role for role, source in rights if source is state):
        move(there, name, people[role])
        assert Dossier.get_by_id(there.id).state is rights[role, state].target
        assert kept(put_into(dossier, state))[1][-1]["name"] == name


@pytest.mark.parametrize("state", State)
def test_the_buttons_are_those_of_the_table(dossier, people, state):
    there = put_into(dossier, state)

    shown = {(role, move.name) for role, person in people.items() for move in open_moves(there, person)}
    assert shown == {(move.role, move.name) for move in MOVES if move.source is state}


def test_each_state_has_its_official_name_and_a_plain_one():
    assert set(STATE_NAMES) == set(State)
    assert all(official and plain for official, plain in STATE_NAMES.values())


def test_a_row_of_the_table_is_for_one_role_and_says_both_what_to_press_and_what_happened():
    assert len({(move.name, move.source, move.role) for move in MOVES}) == len(MOVES)
    assert all(move.label and move.done and move.source is not move.target for move in MOVES)
    assert {move.role for move in MOVES} <= {"citizen", *ROLES}


def test_no_move_leads_out_of_an_end():
    assert [move for move in MOVES if move.source in (State.REFUSED, State.RETURNED)] == []


def test_a_move_nobody_has_heard_of_is_refused(dossier, officer, move):
    before = kept(dossier)

    with pytest.raises(MoveRefused, match="Mới đăng ký"):
        move(dossier, "burn", officer)
    assert kept(dossier) == before


# --- what a move leaves behind ---------------------------------------------------------------------------------------


def test_the_event_says_who_when_what_and_why(dossier, officer, move):
    event = move(dossier, "refuse", officer)

    assert event == dossier.events.order_by(Event.id.desc()).get()
    assert (event.name, event.from_state, event.to_state) == ("refuse", State.SUBMITTED, State.REFUSED)
    assert (event.note, event.at) == (REASON, MONDAY_9)
    assert (event.staff, event.actor_kind, event.actor_name) == (officer, "officer", "Cán bộ officer")


def test_the_dossier_in_hand_knows_its_new_state(dossier, officer, move):
    move(dossier, "accept", officer)

    fresh = Dossier.get_by_id(dossier.id)
    assert (dossier.state, dossier.accepted_at, dossier.due_at) == (fresh.state, fresh.accepted_at, fresh.due_at)


def test_an_accepted_dossier_is_not_ended_and_a_refused_one_has_no_due_date(account, submit, officer, move):
    accepted, refused = submit(account), submit(account)
    move(accepted, "accept", officer)
    move(refused, "refuse", officer)

    assert (accepted.accepted_at, accepted.ended_at) == (MONDAY_9, None)
    assert (refused.accepted_at, refused.due_at, refused.ended_at) == (None, None, MONDAY_9)
    assert State.REFUSED in ENDED


def test_a_move_without_its_event_has_not_happened(dossier, officer, move):
    officer.full_name = None  # the event's table refuses it
    before = kept(dossier)

    with pytest.raises(IntegrityError):
        move(dossier, "accept", officer)
    assert kept(dossier) == before


@pytest.mark.parametrize("note", ["", "   ", "\n"])
def test_a_refusal_without_a_reason_is_refused(dossier, officer, move, note):
    before = kept(dossier)

    with pytest.raises(MoveRefused, match="lý do"):
        move(dossier, "refuse", officer, note=note)
    assert kept(dossier) == before


# --- twice -----------------------------------------------------------------------------------------------------------


def test_the_same_form_sent_again_finds_its_event_and_changes_nothing(dossier, officer, move):
    first = move(dossier, "accept", officer, form_key="k")
    before = kept(dossier)

    assert move(Dossier.get_by_id(dossier.id), "accept", officer, form_key="k", now=MONDAY_9 + timedelta(days=1)) == first
    assert kept(dossier) == before


def test_another_form_after_the_move_is_refused(dossier, officer, move):
    move(dossier, "accept", officer, form_key="k")
    before = kept(dossier)

    with pytest.raises(MoveRefused):
        move(dossier, "accept", officer, form_key="another")
    assert kept(dossier) == before


def test_of_two_officers_at_the_same_moment_one_is_told(dossier, officer, move):
    other = make_staff("officer", "officer2")
    presses = [("accept", officer), ("refuse", other)]
    ends = at_once(*[lambda press=press: move(Dossier.get_by_id(dossier.id), *press) for press in presses])

    assert {type(end) for end in ends} == {Event, MoveRefused}
    (event,) = [end for end in ends if isinstance(end, Event)]
    assert Dossier.get_by_id(dossier.id).state is event.to_state
    assert dossier.events.count() == 2


def test_a_form_tapped_twice_at_the_same_moment_is_answered_twice_and_done_once(dossier, officer, move):
    tap = lambda: move(Dossier.get_by_id(dossier.id), "accept", officer, form_key="k")  # noqa: E731

    assert [type(end) for end in at_once(tap, tap, tap, tap)] == [Event] * 4
    assert dossier.events.count() == 2


# --- due dates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "slug, accepted_at, due_at",
    [
        # Three working days, the 24th a holiday: Friday, at the same hour.
        (MARRIAGE_STATUS, datetime(2026, 11, 23, 2, 10, tzinfo=UTC), datetime(2026, 11, 27, 2, 10, tzinfo=UTC)),
        # The same day before the office closes; after three o'clock the next working day, which is Wednesday.
        ("dang-ky-khai-sinh", datetime(2026, 11, 23, 2, 10, tzinfo=UTC), datetime(2026, 11, 23, 10, 0, tzinfo=UTC)),
        ("dang-ky-khai-sinh", datetime(2026, 11, 23, 8, 5, tzinfo=UTC), datetime(2026, 11, 25, 10, 0, tzinfo=UTC)),
        # On a Sunday nobody works: the count begins when the office opens on Monday.
        (MARRIAGE_STATUS, datetime(2026, 11, 22, 2, 10, tzinfo=UTC), datetime(2026, 11, 27, 0, 30, tzinfo=UTC)),
    ],
)
def test_an_accepted_dossier_is_due_by_the_offices_calendar(account, submit, officer, move, slug, accepted_at, due_at):
    dossier = submit(account, slug)
    move(dossier, "accept", officer, now=accepted_at)

    assert Dossier.get_by_id(dossier.id).due_at == due_at


def test_it_is_overdue_from_the_moment_after_until_it_ends(dossier, officer, move):
    move(dossier, "accept", officer)

    assert not dossier.is_overdue(dossier.due_at)
    assert dossier.is_overdue(dossier.due_at + timedelta(seconds=1))
    dossier.ended_at = dossier.due_at
    assert not dossier.is_overdue(dossier.due_at + timedelta(days=9))


def test_a_dossier_follows_the_law_it_was_submitted_under(dossier, library):
    assert term_of(dossier.procedure) == term_of(library.definitions[dossier.procedure_slug])
    assert workflow.term_of(dossier.procedure).kind == "same_day"


def test_every_procedures_time_limit_can_be_counted(library):
    assert len([term_of(definition) for definition in library.definitions.values()]) == len(library.procedures)

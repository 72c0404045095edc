"""The life of a dossier: every move of the table, for every role in every state, and what it leaves behind."""

from datetime import UTC, datetime, timedelta

import pytest
from peewee import IntegrityError
from stage import make_staff
from together import at_once

from database import utc_now
from models import Dossier, Event, Staff, State
from rules import consents, workflow
from rules.staff import ROLES
from rules.workflow import ENDED, EVENT_LABELS, LEAD_BACK, MOVES, STATE_NAMES, STEPS, MoveRefused, make_move, open_moves, term_of

MONDAY_9 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 9:00 in Vietnam, the day before a holiday
MARRIAGE_STATUS = "xac-nhan-tinh-trang-hon-nhan"
REASON = "Ảnh mờ, không đọc được số"


def put_into(dossier: Dossier, state: State, step: str = "") -> Dossier:
    accepted_at = None if state is State.SUBMITTED else MONDAY_9
    Dossier.update(state=state, step=step, accepted_at=accepted_at).where(Dossier.id == dossier.id).execute()
    return Dossier.get_by_id(dossier.id)


# Where a move leads back to where the dossier came from: how it got to where it is.
CAME_FROM = {
    State.AWAITING_SUPPLEMENT: State.SUBMITTED,
    State.AWAITING_PAYMENT: State.ACCEPTED,
    State.WITHDRAWAL_ASKED: State.ACCEPTED,
}
# Everywhere a dossier can be: its state, and where it is within it.
PLACES = [(state, "") for state in State] + [(state, step) for step, (_, state) in STEPS.items()]


def bring_into(dossier: Dossier, state: State, step: str = "") -> Dossier:
    """As put_into, with the event that brought it there."""
    if state in CAME_FROM:
        Event.create(
            dossier=dossier, name="came", from_state=CAME_FROM[state], to_state=state, actor_kind="officer", actor_name="x"
        )
    return put_into(dossier, state, step)


def leads_on(move) -> bool:
    """Whether a row is the one for a dossier that came as `bring_into` brings it."""
    return move.name not in LEAD_BACK or move.target is CAME_FROM[move.source]


def kept(dossier: Dossier) -> tuple:
    """The dossier's row and its events, as the tables hold them."""
    return Dossier.select().where(Dossier.id == dossier.id).dicts().get(), list(Event.select().order_by(Event.id).dicts())


@pytest.fixture
def people(account):
    """One of each role, the citizen too."""
    known = {"office": "H21.129", "password_hash": "none"}
    return {"citizen": account, "system": workflow.SYSTEM} | {
        role: Staff.create(login_name=role, full_name=role, role=role, **known) for role in ROLES
    }


@pytest.fixture
def move(library):
    """Make a move at nine on Monday, with a reason."""

    def make(dossier, name, by, note=REASON, form_key=None, now=MONDAY_9):
        return make_move(dossier, name, by, now, library.calendar, note=note, form_key=form_key)

    return make


# --- the table -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", dict.fromkeys(move.name for move in MOVES))
def test_a_move_is_open_to_its_role_in_its_place_and_to_nobody_else(dossier, people, move, name):
    for state, step in PLACES:
        there = bring_into(dossier, state, step)
        here = {row.role: row for row in MOVES if row.name == name and row.source is state and step in row.at and leads_on(row)}
        before = kept(there)

        for role, person in people.items():
            if role not in here:
                with pytest.raises(MoveRefused):
                    move(there, name, person)
        assert kept(there) == before, (state, step)
        for role, row in here.items():
            move(there, name, people[role])
            fresh = Dossier.get_by_id(there.id)
            assert (fresh.state, fresh.step) == (row.target, row.then)
            assert Event.select().order_by(Event.id.desc()).get().name == name
            bring_into(dossier, state, step)


@pytest.mark.parametrize("state, step", PLACES)
def test_the_buttons_are_those_of_the_table(dossier, people, state, step):
    there = bring_into(dossier, state, step)

    shown = {(role, move.name) for role, person in people.items() for move in open_moves(there, person)}
    assert shown == {(move.role, move.name) for move in MOVES if move.source is state and step in move.at and leads_on(move)}


def test_each_state_has_its_official_name_and_a_plain_one():
    assert set(STATE_NAMES) == set(State)
    assert all(official and plain for official, plain in STATE_NAMES.values())


def test_a_row_of_the_table_is_for_one_role_and_says_both_what_to_press_and_what_happened():
    assert len({(move.name, move.source, move.target, move.role) for move in MOVES}) == len(MOVES)
    assert all(move.label and move.done for move in MOVES)
    assert [move for move in MOVES if move.source is move.target and move.then in move.at] == []
    assert {move.role for move in MOVES} <= {"citizen", "system", *ROLES}


def test_the_moves_are_those_of_the_national_table():
    """Reference: one-stop.md, section 2, allowed next."""
    allowed = {1: {2, 3, 5, 6, 7}, 2: {4, 5, 6, 7, 8, 9}, 3: set(), 4: {5, 6, 7, 8, 9}, 5: {1, 2, 4, 3, 7, 8},
               6: {1, 2, 4, 7, 8}, 7: {8, 10, 2, 4, 5, 6}, 8: {4, 10}, 9: {10}, 10: set()}  # fmt: skip

    outward = [move for move in MOVES if move.source is not move.target]
    assert [move for move in outward if move.target not in allowed[move.source]] == []


def test_each_step_within_a_state_is_entered_and_left_there():
    """Inner states map to the ten of the national list."""
    for step, (name, state) in STEPS.items():
        assert name and {move.target for move in MOVES if move.then == step} == {state}
        assert [move for move in MOVES if move.source is state and step in move.at]


def test_a_button_says_which_of_the_desks_addresses_it_is_sent_to():
    assert {move.role for move in MOVES if move.word} <= set(ROLES)
    assert all(move.notice for move in MOVES if move.word)
    assert len({(move.word, move.name) for move in MOVES if move.word}) == len({move.word for move in MOVES if move.word})


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
    event, refusal = sorted(ends, key=lambda end: isinstance(end, MoveRefused))
    assert Dossier.get_by_id(dossier.id).state is event.to_state
    assert dossier.events.count() == 2
    assert f"{event.actor_name} đã bấm “{EVENT_LABELS[event.name]}” lúc 9 giờ, ngày 23/11/2026" in str(refusal)


def test_who_comes_after_the_citizen_took_it_back_is_told_so(dossier, account, officer, move, library):
    workflow.withdraw(dossier, account, MONDAY_9, library.calendar)
    with pytest.raises(MoveRefused, match="Dừng xử lý.*Hệ thống đã bấm “Dừng vì đã rút” lúc 9 giờ"):
        move(dossier, "accept", officer)


def test_who_asked_to_withdraw_it_is_named_by_no_name(dossier, account, officer, move):
    move(dossier, "accept", officer)
    move(dossier, "ask_withdrawal", account)

    with pytest.raises(MoveRefused, match="Người nộp đã bấm “Xin rút hồ sơ”"):
        move(dossier, "begin", officer)


def test_a_form_tapped_twice_at_the_same_moment_is_answered_twice_and_done_once(dossier, officer, move):
    tap = lambda: move(Dossier.get_by_id(dossier.id), "accept", officer, form_key="k")  # noqa: E731

    assert [type(end) for end in at_once(tap, tap, tap, tap)] == [Event] * 4
    assert dossier.events.count() == 2


# --- taking a dossier back -------------------------------------------------------------------------------------------


def names(dossier) -> list[str]:
    return [event.name for event in dossier.events.order_by(Event.id)]


def test_nobody_has_accepted_it_so_it_is_withdrawn_at_once(dossier, account, library):
    workflow.withdraw(dossier, account, MONDAY_9, library.calendar, note="Nộp nhầm")

    assert (Dossier.get_by_id(dossier.id).state, dossier.ended_at) == (State.STOPPED, MONDAY_9)
    assert names(dossier) == ["submit", "withdraw", "stop_withdrawn"]
    assert [event.actor_kind for event in dossier.events.order_by(Event.id)][1:] == ["citizen", "system"]


def test_withdrawing_needs_no_reason_before_and_one_after_it_was_accepted(submit, account, officer, move, library):
    new, taken = submit(account), submit(account)
    move(taken, "accept", officer)
    workflow.withdraw(new, account, MONDAY_9, library.calendar)

    with pytest.raises(MoveRefused, match="lý do"):
        move(taken, "ask_withdrawal", account, note=" ")
    assert Dossier.get_by_id(taken.id).state is State.ACCEPTED


def test_a_withdrawal_sent_twice_is_one(dossier, account, library):
    first = workflow.withdraw(dossier, account, MONDAY_9, library.calendar, form_key="k")

    assert workflow.withdraw(Dossier.get_by_id(dossier.id), account, MONDAY_9, library.calendar, form_key="k") == first
    assert len(names(dossier)) == 3


def test_a_withdrawal_that_fails_halfway_has_not_happened(dossier, account, library, monkeypatch):
    monkeypatch.setattr(workflow.SYSTEM, "full_name", None)  # the second event is refused by its table
    before = kept(dossier)

    with pytest.raises(IntegrityError):
        workflow.withdraw(dossier, account, MONDAY_9, library.calendar)
    assert kept(dossier) == before


def test_accepted_and_withdrawn_at_the_same_moment_it_is_one_of_the_two(dossier, account, officer, move, library):
    ends = at_once(
        lambda: move(Dossier.get_by_id(dossier.id), "accept", officer),
        lambda: workflow.withdraw(Dossier.get_by_id(dossier.id), account, MONDAY_9, library.calendar),
    )

    assert {type(end) for end in ends} == {Event, MoveRefused}
    assert names(dossier) in (["submit", "accept"], ["submit", "withdraw", "stop_withdrawn"])


@pytest.mark.parametrize("before", [State.ACCEPTED, State.IN_PROGRESS, State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT])
def test_a_withdrawal_that_is_refused_leaves_the_dossier_where_it_was(dossier, account, officer, move, before):
    there = put_into(dossier, before)
    move(there, "ask_withdrawal", account)
    move(there, "refuse_withdrawal", officer, note="Đã ký kết quả")

    assert Dossier.get_by_id(dossier.id).state is before
    assert names(dossier)[-2:] == ["ask_withdrawal", "refuse_withdrawal"]


@pytest.mark.parametrize("step", ["signing", "signed", "verifying", "elsewhere"])
def test_and_at_the_step_where_it_was(dossier, account, officer, move, step):
    there = put_into(dossier, State.IN_PROGRESS, step)
    move(there, "ask_withdrawal", account)
    assert there.step == ""
    move(there, "refuse_withdrawal", officer, note="Đã đi xác minh rồi")

    assert Dossier.get_by_id(dossier.id).step == step


def test_a_supplement_through_a_refused_withdrawal_still_leads_back_to_where_it_began(dossier, account, officer, move):
    move(dossier, "accept", officer)
    for name, by in (("ask_supplement", officer), ("ask_withdrawal", account), ("refuse_withdrawal", officer),
                     ("supplied", account)):  # fmt: skip
        move(dossier, name, by)

    assert Dossier.get_by_id(dossier.id).state is State.ACCEPTED


# --- stopped for good ------------------------------------------------------------------------------------------------


def test_what_was_stopped_goes_on_with_the_date_it_had_moved_on_by_the_time_between(five_days, officer, move):
    move(five_days, "accept", officer, now=at_vietnam("2026-11-02T09:00"))
    move(five_days, "stop", officer, now=at_vietnam("2026-11-04T15:00"))
    move(five_days, "reopen", make_staff("leader"), now=at_vietnam("2026-11-10T08:00"))

    assert (five_days.state, five_days.ended_at) == (State.IN_PROGRESS, None)
    assert five_days.first_due_at == at_vietnam("2026-11-09T09:00")
    assert five_days.due_at == at_vietnam("2026-11-13T09:00")


def test_what_nobody_ever_accepted_is_not_gone_on_with(submit, account, officer, move, library):
    withdrawn, left, leader = submit(account), submit(account), make_staff("leader")
    workflow.withdraw(withdrawn, account, MONDAY_9, library.calendar)
    move(left, "ask_supplement", officer)
    move(left, "stop", officer)

    for dossier in (withdrawn, left):
        before = kept(dossier)
        assert "reopen" not in [row.name for row in open_moves(dossier, leader)]
        with pytest.raises(MoveRefused):
            move(dossier, "reopen", leader)
        assert kept(dossier) == before


# --- the clock stands still ------------------------------------------------------------------------------------------


FIVE_DAYS = {"type": "working_days", "value": 5}


def at_vietnam(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}:00+07:00").astimezone(UTC)


@pytest.fixture
def five_days(dossier):
    """A dossier with five working days, as the reference's worked example has it."""
    processing = dossier.procedure["processing"] | FIVE_DAYS
    Dossier.update(procedure=dossier.procedure | {"processing": processing}).where(Dossier.id == dossier.id).execute()
    return Dossier.get_by_id(dossier.id)


def test_the_due_date_moves_on_by_the_time_the_desk_waited(five_days, account, officer, move):
    move(five_days, "accept", officer, now=at_vietnam("2026-11-02T09:00"))
    assert five_days.due_at == at_vietnam("2026-11-09T09:00")
    move(five_days, "ask_supplement", officer, now=at_vietnam("2026-11-04T15:00"))
    assert five_days.stopped_at == at_vietnam("2026-11-04T15:00")
    event = move(five_days, "supplied", account, now=at_vietnam("2026-11-10T08:00"), note="")

    assert (five_days.due_at, five_days.stopped_at) == (at_vietnam("2026-11-13T09:00"), None)
    assert "cũ: 9 giờ, ngày 9/11/2026" in event.note and "mới: 9 giờ, ngày 13/11/2026" in event.note


def test_while_the_clock_stands_nothing_is_overdue(five_days, officer, move):
    move(five_days, "accept", officer)
    move(five_days, "ask_supplement", officer)

    assert not five_days.is_overdue(five_days.due_at + timedelta(days=30))


def test_a_withdrawal_asked_while_the_desk_waits_stops_the_clock_once(five_days, account, officer, move):
    move(five_days, "accept", officer, now=at_vietnam("2026-11-02T09:00"))
    move(five_days, "ask_supplement", officer, now=at_vietnam("2026-11-04T09:00"))
    move(five_days, "ask_withdrawal", account, now=at_vietnam("2026-11-05T09:00"))
    move(five_days, "refuse_withdrawal", officer, now=at_vietnam("2026-11-06T09:00"))
    assert five_days.stopped_at == at_vietnam("2026-11-04T09:00")
    move(five_days, "supplied", account, now=at_vietnam("2026-11-10T09:00"))

    assert five_days.due_at == at_vietnam("2026-11-13T09:00")


# --- letters ---------------------------------------------------------------------------------------------------------


def test_who_agreed_to_letters_is_told_once_of_what_happened(dossier, officer, move, letters):
    for _ in range(2):
        move(dossier, "accept", officer, form_key="k", now=utc_now())

    subjects = [letter["Subject"] for letter in letters()]
    assert subjects.count(f"Xã đã tiếp nhận hồ sơ {dossier.code}") == 1


def test_a_letter_says_nothing_of_the_reason(dossier, officer, move, letters):
    move(dossier, "refuse", officer, note="Thiếu giấy của Rơ Châm H'Lan", now=utc_now())

    (letter,) = [letter for letter in letters() if "không tiếp nhận" in letter["Subject"]]
    assert "Thiếu giấy" not in letter.get_content()


def test_who_took_the_consent_back_gets_no_letter(dossier, account, officer, move, letters, library):
    consents.withdraw(account, library.consents["notices"], MONDAY_9)
    move(dossier, "accept", officer, now=utc_now())

    assert [letter["Subject"] for letter in letters() if "tiếp nhận" in letter["Subject"]] == []


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


def test_what_was_promised_before_there_were_warnings_gets_its_own(dossier, officer, library):
    make_move(dossier, "accept", officer, MONDAY_9, library.calendar)
    warn_at = Dossier.get_by_id(dossier.id).warn_at
    Dossier.update(warn_at=None).execute()

    assert warn_at and workflow.fill_warnings(library.calendar) == 1
    assert Dossier.get_by_id(dossier.id).warn_at == warn_at and workflow.fill_warnings(library.calendar) == 0


def test_the_buttons_of_one_page_are_not_answered_for_one_another(dossier, officer, library):
    make_move(dossier, "accept", officer, MONDAY_9, library.calendar, form_key="page")

    assert make_move(dossier, "accept", officer, MONDAY_9, library.calendar, form_key="page").name == "accept"
    with pytest.raises(MoveRefused, match="Trang này đã dùng để bấm “Tiếp nhận”"):
        make_move(dossier, "begin", officer, MONDAY_9, library.calendar, form_key="page")
    assert Dossier.get_by_id(dossier.id).state is State.ACCEPTED

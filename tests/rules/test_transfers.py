"""What another office is to deal with is handed over, not refused; the desk knows what it is called there."""

import shutil
from datetime import UTC, datetime

import pytest
from stage import PROJECT, make_staff
from together import at_once

from models import Dossier, Event, Message, OtherCode, State, Transfer
from rules import WrongInput, desk_search, transfers
from rules.content import check_content
from rules.deadlines import WorkCalendar
from rules.transfers import Agency
from rules.workflow import MoveRefused, make_move, may_undo, undo

MONDAY_9 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
POLICE = Agency("H21.129.1", "Công an xã Ia Băng", True)
NEIGHBOUR = Agency("H21.121", "UBND xã Đak Đoa", False)
REASON = "Đất ở xã Đak Đoa"


@pytest.fixture
def give(library, officer):
    def give(dossier, to, reason=REASON, key="k", by=officer):
        return transfers.hand_over(dossier, to, reason, by, MONDAY_9, library.calendar, key)

    return give


@pytest.fixture
def accepted(dossier, officer, library):
    make_move(dossier, "accept", officer, MONDAY_9, library.calendar)
    return dossier


def kept(dossier) -> tuple:
    return Dossier.select().where(Dossier.id == dossier.id).dicts().get(), Transfer.select().count(), Event.select().count()


# --- to whom ---------------------------------------------------------------------------------------------------------


def test_offices_with_a_code_come_before_agencies_outside_and_nobody_gives_to_themselves(library):
    to_whom = transfers.agencies(library.site, "H21.129")

    assert "H21.129" not in [one.code for one in to_whom]
    assert {"H21.121", "H21.160"} <= {one.code for one in to_whom if not one.is_ours}
    assert [one.is_ours for one in to_whom] == sorted((one.is_ours for one in to_whom), reverse=True)


@pytest.mark.parametrize("written", ["H21121", "h21.121", "121", "H21.121 ", "H21.129", "H21.124"])
def test_an_agency_whose_code_is_wrong_or_stands_twice_is_named_by_the_content_check(tmp_path, written):
    folder = shutil.copytree(PROJECT / "content", tmp_path / "content")
    text = (folder / "site.yaml").read_text("utf-8")
    (folder / "site.yaml").write_text(text.replace("{code: H21.121,", f"{{code: '{written}',"), "utf-8")

    assert any(fault.startswith("site.yaml") and "agencies" in fault for fault in check_content(folder))


# --- within the commune ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", transfers.MAY_GO_FROM)
def test_an_office_of_ours_gets_the_dossier_as_it_is(dossier, officer, give, state):
    Dossier.update(state=state, taken_by=officer, due_at=MONDAY_9).where(Dossier.id == dossier.id).execute()
    event = give(Dossier.get_by_id(dossier.id), POLICE)

    fresh = Dossier.get_by_id(dossier.id)
    assert (fresh.office, fresh.state, fresh.taken_by, fresh.due_at) == (POLICE.code, state, None, MONDAY_9)
    assert (event.name, event.actor_name) == ("transferred", officer.full_name)
    assert POLICE.name in event.note and REASON in event.note


def test_who_gave_it_reads_what_went_where_and_its_new_office_works_on_it(accepted, give, library):
    give(accepted, POLICE)
    theirs = make_staff("officer", "cong-an", office=POLICE.code)

    assert [one.dossier.code for one in transfers.given_away("H21.129")] == [accepted.code]
    assert transfers.given_away(POLICE.code) == []
    make_move(Dossier.get_by_id(accepted.id), "begin", theirs, MONDAY_9, library.calendar)
    assert Dossier.get_by_id(accepted.id).state is State.IN_PROGRESS


# --- outside ---------------------------------------------------------------------------------------------------------


def test_outside_the_papers_go_and_the_promise_stays_here(accepted, give, officer, library):
    due = accepted.due_at
    give(accepted, NEIGHBOUR)

    fresh = Dossier.get_by_id(accepted.id)
    assert (fresh.office, fresh.state, fresh.step) == ("H21.129", State.IN_PROGRESS, "elsewhere")
    assert (fresh.due_at, fresh.stopped_at) == (due, None)
    make_move(fresh, "come_back", officer, MONDAY_9, library.calendar)
    assert (fresh.state, fresh.step) == (State.IN_PROGRESS, "")


def test_what_nobody_has_accepted_is_not_sent_out(dossier, give):
    before = kept(dossier)

    with pytest.raises(MoveRefused, match="Tiếp nhận trước"):
        give(dossier, NEIGHBOUR)
    assert kept(dossier) == before


def is_awaited() -> bool:
    return Transfer.get().closed_at is None


@pytest.mark.parametrize("name, role", [("come_back", "officer"), ("stop", "leader")])
def test_an_answer_is_awaited_from_there_until_it_comes_or_the_dossier_ends(accepted, give, library, name, role):
    give(accepted, NEIGHBOUR)
    assert is_awaited()
    by = make_staff(role, "other")
    event = make_move(accepted, name, by, MONDAY_9, library.calendar, REASON)
    assert not is_awaited()
    if may_undo(accepted, by, MONDAY_9):
        undo(accepted, event.id, by, MONDAY_9)
        assert is_awaited()


def test_a_withdrawal_that_is_refused_leaves_it_there(accepted, give, officer, library):
    give(accepted, NEIGHBOUR)
    make_move(accepted, "ask_withdrawal", accepted.account, MONDAY_9, library.calendar, REASON)
    make_move(accepted, "refuse_withdrawal", officer, MONDAY_9, library.calendar, REASON)

    assert (accepted.step, is_awaited()) == ("elsewhere", True)


@pytest.mark.parametrize("to", [POLICE, NEIGHBOUR], ids=["ours", "outside"])
def test_the_letter_leads_to_where_it_is_read_and_says_nothing_of_the_reason(accepted, officer, library, to):
    event = transfers.hand_over(accepted, to, REASON, officer, MONDAY_9, library.calendar, "k", "http://localhost/xem")

    letter = Message.get(Message.key == f"event-{event.id}")
    assert "http://localhost/xem" in letter.body and "không phải nộp lại" in letter.body
    assert REASON not in letter.body


# --- not -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [state for state in State if state not in transfers.MAY_GO_FROM])
@pytest.mark.parametrize("to", [POLICE, NEIGHBOUR], ids=["ours", "outside"])
def test_nothing_goes_while_its_submitter_is_waited_for_or_when_it_has_ended(dossier, give, state, to):
    Dossier.update(state=state).where(Dossier.id == dossier.id).execute()
    there = Dossier.get_by_id(dossier.id)
    before = kept(there)

    with pytest.raises(MoveRefused):
        give(there, to)
    assert kept(there) == before


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_nobody_is_given_a_dossier_without_a_reason(accepted, give, reason):
    before = kept(accepted)

    with pytest.raises(WrongInput, match="lý do"):
        give(accepted, POLICE, reason)
    assert kept(accepted) == before


def test_the_same_form_again_changes_nothing(accepted, give):
    first = give(accepted, NEIGHBOUR)
    before = kept(accepted)

    assert give(Dossier.get_by_id(accepted.id), NEIGHBOUR) == first
    assert kept(accepted) == before


def test_of_two_who_give_it_to_different_places_at_once_one_is_told(accepted, give):
    other = make_staff("specialist")
    ends = at_once(
        lambda: give(Dossier.get_by_id(accepted.id), NEIGHBOUR, key="a"),
        lambda: make_it_done(accepted, other),
    )

    assert {type(end) for end in ends} == {Event, MoveRefused}
    assert Event.select().where(Event.dossier == accepted.id).count() == 3


def make_it_done(accepted, other):
    return make_move(Dossier.get_by_id(accepted.id), "finish", other, MONDAY_9, WorkCalendar())


# --- its name elsewhere ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed, code",
    [
        ("h21.121-261123-0004", "H21.121-261123-0004"),
        (" 000.17.22.H56 - 210531 - 0001 ", "000.17.22.H56-210531-0001"),
        ("000.17.22.H56-210531-0001.H21", "000.17.22.H56-210531-0001"),
        ("H21.129-210531-0001/2", "H21.129-210531-0001"),
    ],
)
def test_what_it_is_called_there_finds_it(dossier, typed, code):
    transfers.note_code(dossier, typed, "UBND xã Đak Đoa")

    assert [one.code for one in transfers.codes_of(dossier)] == [code]
    assert [one.code for one in desk_search.search("H21.129", code).dossiers] == [dossier.code]
    assert desk_search.search("H21.121", code).count == 0


@pytest.mark.parametrize("typed", ["7K3M Q9TD RW2F", "xin chào", "", "H21"])
def test_what_is_no_dossiers_code_is_not_noted(dossier, typed):
    with pytest.raises(WrongInput):
        transfers.note_code(dossier, typed, "")
    assert OtherCode.select().count() == 0


def test_nor_is_its_own(dossier):
    with pytest.raises(WrongInput, match="chính hồ sơ này"):
        transfers.note_code(dossier, dossier.code, "")


def test_noted_twice_it_is_noted_once(dossier):
    for _ in range(2):
        transfers.note_code(dossier, "H21.121-261123-0004", "")

    assert OtherCode.select().count() == 1


# --- once it has gone ------------------------------------------------------------------------------------------------


def test_whoever_still_has_its_page_open_changes_nothing_of_it_any_more(dossier, officer, library, give):
    stale = Dossier.get_by_id(dossier.id)
    give(dossier, POLICE)
    before = kept(dossier)
    other = Agency("H21.129.2", "Ban Chỉ huy Quân sự", True)
    for act in (
        lambda: make_move(stale, "accept", officer, MONDAY_9, library.calendar),
        lambda: give(stale, other, key="again"),
        lambda: undo(stale, Event.select().order_by(Event.id.desc()).get().id, officer, MONDAY_9),
    ):
        with pytest.raises(MoveRefused, match="vừa chuyển sang cơ quan khác"):
            act()
    assert kept(dossier) == before

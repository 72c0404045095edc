"""On whose table a dossier lies: taken once, handed over to a colleague, put back."""

from datetime import timedelta

import pytest
from stage import make_staff
from together import at_once

from database import utc_now
from models import Dossier, Event, HandOver, State
from rules import WrongInput, assignments
from rules.workflow import MoveRefused


def fresh(dossier) -> Dossier:
    return Dossier.get_by_id(dossier.id)


def names_of(dossier) -> list[str]:
    return [event.name for event in dossier.events.order_by(Event.id)]


def everything(dossier) -> tuple:
    return fresh(dossier).taken_by_id, names_of(dossier), HandOver.select().count()


def take(dossier, by, key="khoa-1"):
    return assignments.take(fresh(dossier), by, utc_now(), key)


def hand_over(dossier, to, by, key="khoa-2", note=""):
    return assignments.hand_over(fresh(dossier), to, by, utc_now(), note, key)


def put_back(dossier, by, key="khoa-3"):
    return assignments.put_back(fresh(dossier), by, utc_now(), "", key)


@pytest.fixture
def specialist(app):
    return make_staff("specialist")


def test_who_takes_it_holds_it_and_the_log_says_so(dossier, officer):
    event = take(dossier, officer)

    assert fresh(dossier).taken_by == officer
    assert (event.name, event.staff, event.from_state, event.to_state) == ("taken", officer, State.SUBMITTED, State.SUBMITTED)
    assert not HandOver.select().exists()  # nobody gave it


def test_the_same_form_again_takes_nothing_more(dossier, officer):
    first = take(dossier, officer)

    assert take(dossier, officer) == first
    assert names_of(dossier) == ["submit", "taken"]


def test_what_a_colleague_holds_is_not_taken_and_one_is_told_by_whom(dossier, officer, specialist):
    take(dossier, officer)
    before = everything(dossier)

    with pytest.raises(MoveRefused, match="Cán bộ officer giữ từ"):
        take(dossier, specialist, "khoa-2")
    assert everything(dossier) == before


def test_of_two_who_take_at_once_one_is_told(dossier, officer, specialist):
    answers = at_once(lambda: take(dossier, officer, "a"), lambda: take(dossier, specialist, "b"))

    assert sorted(type(answer).__name__ for answer in answers) == ["Event", "MoveRefused"]
    assert names_of(dossier) == ["submit", "taken"]


def test_the_same_form_sent_twice_at_once_takes_once(dossier, officer):
    answers = at_once(*(lambda: take(dossier, officer, "a") for _ in range(3)))

    assert len({answer.id for answer in answers}) == 1
    assert names_of(dossier) == ["submit", "taken"]


@pytest.mark.parametrize("role", ["culture", "village_head", "postal_clerk", "administrator"])
def test_who_does_not_work_on_dossiers_takes_none(dossier, role):
    before = everything(dossier)

    with pytest.raises(MoveRefused):
        take(dossier, make_staff(role))
    assert everything(dossier) == before


def test_another_office_takes_nothing_of_ours(dossier):
    before = everything(dossier)

    with pytest.raises(MoveRefused):
        take(dossier, make_staff("officer", "xa-khac", office="H21.121"))
    assert everything(dossier) == before


@pytest.mark.parametrize("state", sorted(assignments.ENDED))
def test_what_is_over_needs_nobody(dossier, officer, specialist, state):
    Dossier.update(state=state).where(Dossier.id == dossier.id).execute()
    before = everything(dossier)

    for act in (
        lambda: take(dossier, officer),
        lambda: hand_over(dossier, specialist, officer),
        lambda: put_back(dossier, officer),
    ):
        with pytest.raises(MoveRefused):
            act()
    assert everything(dossier) == before


def test_a_hand_over_is_a_line_of_the_control_slip(dossier, officer, specialist):
    due = utc_now() + timedelta(days=3)
    Dossier.update(due_at=due, state=State.ACCEPTED).where(Dossier.id == dossier.id).execute()
    take(dossier, officer)
    event = hand_over(dossier, specialist, officer, note="Gọi lại cho chủ hồ sơ")

    line = HandOver.get()
    assert fresh(dossier).taken_by == specialist
    assert (line.from_staff, line.to_staff, line.from_name, line.to_name) == (
        officer, specialist, officer.full_name, specialist.full_name,
    )  # fmt: skip
    assert (line.due_at, line.note) == (due, "Gọi lại cho chủ hồ sơ")
    assert event.note == "Cán bộ officer → Cán bộ specialist"


def test_the_citizen_who_reads_the_log_does_not_read_the_note(dossier, officer, specialist):
    hand_over(dossier, specialist, officer, note="Người này hay cáu")

    assert all("cáu" not in event.note for event in dossier.events)


def test_what_nobody_has_taken_can_be_given_by_any_colleague(dossier, officer, specialist):
    hand_over(dossier, specialist, officer)

    assert (HandOver.get().from_staff, HandOver.get().from_name) == (None, assignments.COMMON_TABLE)
    assert fresh(dossier).taken_by == specialist


def test_only_its_holder_or_a_leader_gives_it_away(dossier, officer, specialist):
    take(dossier, specialist)
    before = everything(dossier)
    with pytest.raises(MoveRefused, match="Cán bộ specialist giữ"):
        hand_over(dossier, officer, officer)
    with pytest.raises(MoveRefused):
        put_back(dossier, officer)
    assert everything(dossier) == before

    hand_over(dossier, officer, make_staff("leader"))

    assert fresh(dossier).taken_by == officer
    assert (HandOver.get().from_staff, HandOver.get().to_staff) == (specialist, officer)


def unfit(name):
    return {
        "of another office": lambda: make_staff("officer", "xa-khac", office="H21.121"),
        "who has left": lambda: make_staff("officer", "da-nghi", ended_at=utc_now()),
        "not yet approved": lambda: make_staff("officer", "chua-duyet", approved_at=None),
        "who works on no dossiers": lambda: make_staff("culture"),
    }[name]()


@pytest.mark.parametrize("who", ["of another office", "who has left", "not yet approved", "who works on no dossiers"])
def test_it_is_given_to_nobody_who_could_not_hold_it(dossier, officer, who):
    take(dossier, officer)
    before = everything(dossier)

    with pytest.raises(WrongInput, match="Chọn người nhận"):
        hand_over(dossier, unfit(who), officer)
    assert everything(dossier) == before
    assert {person.id for person in assignments.colleagues("H21.129")} == {officer.id}


def test_it_is_not_given_to_who_holds_it(dossier, officer):
    take(dossier, officer)

    with pytest.raises(WrongInput, match="đang giữ"):
        hand_over(dossier, officer, officer)
    assert names_of(dossier) == ["submit", "taken"]


def test_put_back_anybody_may_take_it(dossier, officer, specialist):
    take(dossier, officer)
    put_back(dossier, officer)

    assert fresh(dossier).taken_by is None
    assert (HandOver.get().from_staff, HandOver.get().to_staff, HandOver.get().to_name) == (
        officer,
        None,
        assignments.COMMON_TABLE,
    )
    take(dossier, specialist, "khoa-4")
    assert names_of(dossier) == ["submit", "taken", "put_back", "taken"]


def test_the_same_form_twice_hands_over_and_puts_back_once(dossier, officer, specialist):
    assert hand_over(dossier, specialist, officer) == hand_over(dossier, specialist, officer)
    assert put_back(dossier, specialist) == put_back(dossier, specialist)

    assert names_of(dossier) == ["submit", "handed_over", "put_back"]
    assert HandOver.select().count() == 2


def test_what_lies_on_nobodys_table_is_not_put_back(dossier, officer):
    with pytest.raises(MoveRefused, match="không có ai giữ"):
        put_back(dossier, officer)
    assert names_of(dossier) == ["submit"]


def test_the_first_few_are_taken_and_the_same_form_takes_no_others(account, submit, officer):
    dossiers = [submit(account) for _ in range(4)]
    first = assignments.take_first(dossiers[:2], officer, utc_now(), "a")
    again = assignments.take_first(dossiers[2:], officer, utc_now(), "a")

    assert (len(first), again) == (2, [])
    assert [fresh(dossier).taken_by_id for dossier in dossiers] == [officer.id, officer.id, None, None]


def test_two_who_take_the_first_few_at_once_share_them(account, submit, officer, specialist):
    dossiers = [submit(account) for _ in range(4)]

    def take_all(by, key):
        return assignments.take_first([fresh(dossier) for dossier in dossiers], by, utc_now(), key)

    one, two = at_once(lambda: take_all(officer, "a"), lambda: take_all(specialist, "b"))

    assert len(one) + len(two) == 4
    assert all(names_of(dossier) == ["submit", "taken"] for dossier in dossiers)

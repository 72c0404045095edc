"""The desk's queues: what stands in each, in which order, and what narrows them; and the search."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import make_row
from stage import make_account, make_staff

from database import utc_now
from models import Business, Dossier, OtherCode, State
from rules import WrongInput, desk, desk_search
from rules.accounts import person_key
from rules.desk import Filters
from rules.vietnamese import VIETNAM_TIME


def view_of(person, library, now=None) -> desk.View:
    return desk.View(person, now or utc_now(), library.calendar, tuple(library.villages()))


@pytest.fixture
def held(library):
    """The numbers of the dossiers in a queue of somebody, in its order."""

    def numbers(person, name=desk.FIRST_QUEUE, filters=desk.NOTHING_ASKED, now=None) -> list[int]:
        view = view_of(person, library, now)
        queue = desk.queue(view, name, desk.counts(view, filters), filters)
        return [int(dossier.code[-4:]) for dossier in queue.dossiers]

    return numbers


def at_vietnam(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM_TIME).astimezone(UTC)


# --- what needs me ---------------------------------------------------------------------------------------------------


def test_mine_come_before_nobodys_and_a_colleagues_are_not_mine(account, officer, held):
    colleague = make_staff("specialist")
    make_row(account, 1)
    make_row(account, 2, taken_by=colleague)
    make_row(account, 3, taken_by=officer)

    assert held(officer) == [3, 1]


def test_the_most_urgent_come_first_then_who_has_waited_longest(account, officer, held):
    now = at_vietnam("2026-11-25T09:00")  # a Wednesday
    make_row(account, 1, submitted_at=now - timedelta(days=9))
    at_work = {"state": State.ACCEPTED, "submitted_at": now - timedelta(days=3)}
    make_row(account, 2, **at_work, due_at=at_vietnam("2026-11-26T17:00"), warn_at=now - timedelta(hours=1))
    make_row(account, 3, **at_work, due_at=at_vietnam("2026-11-25T17:00"))
    make_row(account, 4, **at_work, due_at=at_vietnam("2026-11-24T17:00"))
    make_row(account, 5, **at_work, due_at=at_vietnam("2026-12-20T17:00"), warn_at=at_vietnam("2026-12-10T17:00"))

    assert held(officer, now=now) == [4, 3, 2, 1, 5]
    assert [held(officer, name, now=now) for name in ("qua-han", "hom-nay", "sap-han")] == [[4], [3], [2]]


def test_of_one_moment_the_first_comes_first(account, officer, held):
    moment = utc_now()
    for number in range(1, 6):
        make_row(account, number, submitted_at=moment)

    assert held(officer) == held(officer, "moi") == [1, 2, 3, 4, 5]


PLACES = [
    (state, step) for state in State for step in (("", "signing", "signed", "verifying", "elsewhere") if state == 4 else ("",))
]


def test_each_role_sees_what_waits_for_its_next_step(account, held):
    for number, (state, step) in enumerate(PLACES, 1):
        make_row(account, number, state=state, step=step)
    at = dict(enumerate(PLACES, 1))

    def places(role):
        return {at[number] for number in held(make_staff(role))}

    work = {(State.ACCEPTED, ""), (State.IN_PROGRESS, ""), (State.IN_PROGRESS, "signed"), (State.IN_PROGRESS, "verifying")}
    assert places("specialist") == work
    assert places("officer") == work | {(State.SUBMITTED, ""), (State.WITHDRAWAL_ASKED, "")}
    assert places("leader") == {(State.IN_PROGRESS, "signing")}


def test_what_is_to_be_signed_needs_the_leader_whoever_holds_it(account, officer, held):
    make_row(account, 1, state=State.IN_PROGRESS, step="signing", taken_by=officer)

    assert (held(make_staff("leader")), held(officer)) == ([1], [])
    assert held(officer, "cho-ky") == [1]


def test_whatever_the_state_and_step_a_dossier_stands_in_a_queue(account, officer, library, held):
    for number, (state, step) in enumerate(PLACES, 1):
        make_row(account, number, state=state, step=step)

    seen = {number for name in desk.QUEUES for number in held(officer, name)}
    assert seen == set(range(1, len(PLACES) + 1))


def test_counts_are_those_of_the_lists(account, officer, library, held):
    now = utc_now()
    for number in range(1, 31):
        state, step = PLACES[number % len(PLACES)]
        due = now + timedelta(hours=(number - 20) * 7)
        ended = now if state in (3, 8, 9, 10) else None
        make_row(account, number, state=state, step=step, due_at=due, ended_at=ended, village=f"Thôn {number % 2}")

    for filters in (desk.NOTHING_ASKED, Filters(village="Thôn 1")):
        counts = desk.counts(view_of(officer, library), filters)
        assert counts == {name: len(held(officer, name, filters)) for name in counts}
    assert counts.keys() < desk.QUEUES.keys() and desk.counts(view_of(officer, library)).keys() == desk.QUEUES.keys()


def test_another_offices_dossiers_are_in_no_queue_count_or_search(account, library, officer, held):
    make_row(account, 1, office="H21.121", owner_name="Siu Khác Xã")

    assert [number for name in desk.QUEUES for number in held(officer, name)] == []
    assert set(desk.counts(view_of(officer, library)).values()) == {0}
    assert desk_search.search("H21.129", "siu khac").count == 0


def test_what_came_last_to_its_end_stands_first_among_what_is_over(account, officer, held):
    now = utc_now()
    for number, days in ((1, 5), (2, 1), (3, 9)):
        make_row(account, number, state=State.RETURNED, ended_at=now - timedelta(days=days))
        make_row(account, number + 10, state=State(3 if number == 2 else 8), ended_at=now - timedelta(days=days))
        make_row(account, number + 20, state=State.DONE, ended_at=now - timedelta(days=days))

    assert held(officer, "da-tra") == [2, 1, 3]
    assert held(officer, "tu-choi") == [12, 11, 13]
    assert held(officer, "cho-tra") == [23, 21, 22]  # who has waited longest for somebody to come


@pytest.mark.parametrize(("name", "state"), [("moi", 1), ("da-tra", 10), ("tu-choi", 3), ("can-xu-ly", 2)])
def test_pages_counted_from_either_end_show_each_dossier_once_in_one_order(account, officer, library, name, state):
    now = utc_now()
    for number in range(1, 48):
        moments = (
            {"ended_at": now + timedelta(minutes=number % 7)} if state in (3, 10) else {"due_at": None if number % 3 else now}
        )
        make_row(account, number, state=state, taken_by=officer if number % 5 == 0 else None, **moments)
    view = view_of(officer, library, now + timedelta(minutes=1))
    counts = desk.counts(view)
    pages = [desk.queue(view, name, counts, page=page).dossiers for page in (1, 2, 3)]
    whole = desk.queue(view, name, counts, Filters(channel="online"), 1)

    seen = [dossier.id for page in pages for dossier in page]
    assert [len(page) for page in pages] == [20, 20, 7] and len(set(seen)) == 47
    narrowed = [d.id for page in (1, 2, 3) for d in desk.queue(view, name, counts, Filters(channel="online"), page).dossiers]
    assert seen == narrowed and whole.pages == 3


# --- narrowing -------------------------------------------------------------------------------------------------------


def test_each_filter_leaves_what_it_names_and_together_they_leave_what_fits_all(account, officer, held):
    other = make_staff("officer", "khac")
    make_row(account, 1, village="Thôn 6", channel="counter", taken_by=officer, procedure_slug="a")
    make_row(account, 2, village="Thôn 6", channel="online", taken_by=other, state=State.ACCEPTED)
    make_row(account, 3, village="Xã Ia Pết", channel="online", procedure_slug="a")
    alone = {
        Filters(village="Thôn 6"): {1, 2}, Filters(village=desk.ELSEWHERE): {3}, Filters(channel="online"): {2, 3},
        Filters(procedure="a"): {1, 3}, Filters(state=State.ACCEPTED): {2}, Filters(officer=desk.MINE): {1},
        Filters(officer=desk.NOBODYS): {3}, Filters(officer=str(other.id)): {2},
    }  # fmt: skip

    for filters, numbers in alone.items():
        assert set(held(officer, "moi", filters)) | set(held(officer, "dang-lam", filters)) == numbers, filters
    assert held(officer, "moi", Filters(village="Thôn 6", procedure="a", officer=desk.MINE)) == [1]
    assert held(officer, "moi", Filters(village="Thôn 6", officer=desk.NOBODYS)) == []


def test_both_days_are_within_and_a_day_is_vietnams(account, officer, held):
    for number, moment in enumerate(("2026-11-19T23:59", "2026-11-20T00:00", "2026-11-21T23:59:59", "2026-11-22T00:00"), 1):
        make_row(account, number, submitted_at=at_vietnam(moment), accepted_at=at_vietnam(moment) + timedelta(days=1))
    make_row(account, 5, submitted_at=at_vietnam("2026-11-25T00:00"))
    day = date(2026, 11, 20)

    assert held(officer, "moi", Filters(first=day, last=date(2026, 11, 21))) == [2, 3]
    assert held(officer, "moi", Filters(first=day)) == [2, 3, 4, 5]
    assert held(officer, "moi", Filters(last=day)) == [1, 2]
    assert held(officer, "moi", Filters(first=day, last=day, day_kind="nhan")) == [1]
    assert held(officer, "moi", Filters(last=day, day_kind="nhan")) == [1]  # what is not accepted has no such day


def test_days_are_read_as_people_type_them():
    for typed in ("5/7/2026", "05072026", "ngày 5 tháng 7 năm 2026", "2026-07-05"):
        assert desk.read_filters({"tu": typed})[0].first == date(2026, 7, 5)


@pytest.mark.parametrize(("typed", "words"), [
    ({"tu": "hôm qua"}, {"tu"}), ({"den": "31/2/2026"}, {"den"}), ({"tu": "x", "den": "y"}, {"tu", "den"}),
    ({"tu": "6/7/2026", "den": "5/7/2026"}, {"den"}),
])  # fmt: skip
def test_a_day_that_is_none_is_named_and_narrows_nothing(typed, words):
    filters, faults = desk.read_filters(typed)

    assert faults.keys() == words
    assert filters.last is None


@given(st.dictionaries(st.sampled_from([*desk.WORDS.values(), "xem"]), st.text(max_size=30)))
def test_nothing_in_an_address_breaks_the_filters_and_what_is_read_stands_there_again(typed):
    filters, _ = desk.read_filters(typed)

    assert desk.read_filters(filters.query()) == (filters if filters.first or filters.last else filters.without("day_kind"), {})
    assert all(getattr(filters.without(name), name) == getattr(Filters(), name) for name in filters.asked())


def test_an_empty_list_knows_which_filter_emptied_it(account, officer, library):
    make_row(account, 1, village="Thôn 6", channel="online")
    view = view_of(officer, library)

    assert desk.emptied_by(view, "moi", Filters(village="Thôn 1", channel="online")) == ["village"]
    assert desk.emptied_by(view, "moi", Filters(village="Thôn 1", channel="counter")) == []


def test_more_than_are_counted_are_said_to_be_more(account, officer, library, monkeypatch):
    monkeypatch.setattr(desk, "MOST_NARROWED", 3)
    for number in range(1, 6):
        make_row(account, number, channel="online")
    view = view_of(officer, library)
    queue = desk.queue(view, "moi", desk.counts(view), Filters(channel="online"))

    assert (queue.count, queue.has_more, len(queue.dossiers)) == (3, True, 3)


# --- the search ------------------------------------------------------------------------------------------------------


def found(words: str) -> list[int]:
    return [int(dossier.code[-4:]) for dossier in desk_search.search("H21.129", words).dossiers]


@pytest.mark.parametrize(
    "words", ["Rơ Châm H'Lan", "ro cham", "LAN ro", "h'lan", "châm rơ", "  rơ   châm  ", "Rơ Châm H'Lan".encode().decode()]
)
def test_a_name_is_found_with_or_without_marks_in_any_order(account, words):
    make_row(account, 1, owner_name="Rơ Châm H'Lan")
    make_row(account, 2, owner_name="Nguyễn Văn Đức")

    assert found(words.replace("LAN", "H'LAN")) == [1]


def test_words_are_the_beginnings_of_words_and_all_of_them_are_wanted(account):
    make_row(account, 1, owner_name="Nguyễn Văn Đức")

    assert found("duc nguy") == [1]
    assert found("uyen") == found("nguyen an") == found("van duc nam") == []


@pytest.mark.parametrize("words", ["%%", "__", "si%", "s_u", "si*", "'; --", "\\%", "“”", "🐘🐘"])
def test_signs_are_only_signs(account, words):
    make_row(account, 1)

    assert found(words) == []


def test_a_code_opens_its_dossier_however_it_is_typed(dossier, account):
    code, receipt = dossier.code, dossier.receipt_code
    spaced = f"{receipt[:4]} {receipt[4:8]} {receipt[8:]}"

    for words in (code, code.lower(), code.replace("-", " "), receipt, spaced, receipt.lower(), spaced.replace(" ", "-")):
        result = desk_search.search("H21.129", words)
        assert (result.is_certain, [one.id for one in result.dossiers]) == (True, [dossier.id]), words
    assert not desk_search.search("H21.121", code).dossiers


def test_what_it_is_called_elsewhere_finds_it(dossier):
    for code in ("000.17.22.H56-210531-0001", "H21.121-250101-0042"):
        OtherCode.create(dossier=dossier, code=code, whose="Sở Tư pháp")

        assert [one.id for one in desk_search.search("H21.129", code.lower()).dossiers] == [dossier.id]


def test_an_identity_number_finds_what_is_the_owners_and_what_the_person_submitted(account):
    mother = make_account(full_name="Siu H'Mẹ", email="")
    make_row(account, 1, owner_number_key=person_key(mother.id_number))
    make_row(mother, 2, owner_number_key=person_key("064090111222"))
    make_row(account, 3)

    spaced = f"{mother.id_number[:3]} {mother.id_number[3:6]}.{mother.id_number[6:]}"
    assert found(mother.id_number) == found(spaced) == [2, 1]
    assert found("064090111222") == [2]
    assert found(mother.id_number[:11]) == []


def test_a_tax_code_finds_what_is_for_the_business(account):
    business = Business.create(name="Cà phê Ia Băng", tax_code="5900189357")
    make_row(account, 1, business=business, owner_number_key=person_key("5900189357"))
    make_row(account, 2)

    assert found("5900189357") == found("590 018 9357") == [1]


@pytest.mark.parametrize("words", ["0912 345 678", "+84 912 345 678", "84912345678", "0912.345.678"])
def test_a_telephone_number_in_any_form_finds_its_dossiers(app, words):
    somebody = make_account(email="", phone="+84912345678")
    other = make_account(email="", phone="+84912345679")
    make_row(somebody, 1)
    make_row(other, 2)

    assert found(words) == [1]


@pytest.mark.parametrize("typed", ["", "   ", "a", "x" * 101, "a\x00b"])
def test_what_cannot_be_looked_for_is_said_before_looking(typed):
    with pytest.raises(WrongInput):
        desk_search.read_words(typed)


def test_many_of_one_name_stand_on_pages_the_latest_first_each_once(account):
    for number in range(1, 46):
        make_row(account, number)
    pages = [desk_search.search("H21.129", "siu", page) for page in (1, 2, 3, 99)]

    assert [len(page.dossiers) for page in pages] == [20, 20, 5, 5]
    seen = [int(dossier.code[-4:]) for page in pages[:3] for dossier in page.dossiers]
    assert seen == list(range(45, 0, -1))


def test_a_row_carries_no_answers(account, officer, library):
    make_row(account, 1)
    view = view_of(officer, library)
    (dossier,) = desk.queue(view, "moi", desk.counts(view)).dossiers

    assert "answers" not in dossier.__data__ and "procedure" not in dossier.__data__
    assert isinstance(dossier, Dossier)

"""Staff are entered by one and approved by another; changed, ended, and never the last administrator."""

from datetime import UTC, datetime, timedelta

import pytest
from stage import make_staff
from together import at_once

from models import Login, OneTimeCode, Staff
from rules import WrongInput, logins, second_factor, staff, staffing
from rules.logins import LoginRefused

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOME = "113.160.5.77"


@pytest.fixture
def boss(app):
    return make_staff("administrator")


@pytest.fixture
def other_boss(app):
    return make_staff("administrator", "administrator-2")


@pytest.fixture
def leader(app):
    return make_staff("leader")


@pytest.fixture
def officer(app):
    person = make_staff("officer")
    logins.begin_login(person, "test", NOW)
    return person


def enter(by: Staff, role="officer", login_name="hlan", village="", form_key="khoa-1"):
    return staffing.enter_staff(login_name, "Rơ Châm H'Lan", role, village, by, form_key, NOW)


def approve(person: Staff, by: Staff) -> None:
    staffing.approve(fresh(person), by, staffing.mark_of_entry(fresh(person)), NOW)


def fresh(person: Staff) -> Staff:
    return Staff.get_by_id(person.id)


def rows() -> list:
    return [list(table.select().order_by(table.id).tuples()) for table in (Staff, Login, OneTimeCode)]


def check(name: str, password: str) -> Staff:
    return staff.check_staff(name, password, HOME, "", NOW)


# --- entering --------------------------------------------------------------------------------------------------------


def test_a_new_account_opens_once_another_has_approved_it(boss, leader):
    person, password = enter(boss)
    with pytest.raises(LoginRefused):
        check("hlan", password)

    approve(person, leader)

    assert check("hlan", password) == person
    assert (fresh(person).made_by, fresh(person).approved_by, fresh(person).office) == (boss, leader, "H21.129")


def test_the_first_password_is_kept_only_as_its_hash(boss):
    person, password = enter(boss)

    assert password not in str(rows()) and person.password_hash.startswith("$argon2id$")


def test_the_same_form_again_makes_no_second_account_and_shows_no_password(boss):
    person, password = enter(boss)

    assert enter(boss, login_name="khac") == (person, "")
    assert Staff.select().count() == 2


def test_the_same_form_twice_at_once_makes_one_account(boss):
    answers = at_once(*[lambda: enter(boss)] * 3)

    assert Staff.select().count() == 2
    assert [bool(password) for _, password in answers].count(True) == 1


def test_anothers_form_with_the_same_key_is_another_form(boss, other_boss):
    enter(boss)

    assert enter(other_boss, login_name="khac")[1]


def test_a_taken_name_is_refused_in_any_case_and_spelling(boss):
    enter(boss)

    with pytest.raises(WrongInput, match="đã có người dùng"):
        enter(boss, login_name=" HLan ", form_key="khoa-2")
    assert Staff.select().count() == 2


@pytest.mark.parametrize(("role", "village"), [("village_head", ""), ("citizen", ""), ("", "")])
def test_an_unknown_role_or_a_head_without_village_makes_nothing(boss, role, village):
    with pytest.raises(WrongInput):
        enter(boss, role, village=village)
    assert Staff.select().count() == 1


# --- approving -------------------------------------------------------------------------------------------------------


def refused(by: Staff, person: Staff, said: str, mark: str = "") -> None:
    before = rows()
    with pytest.raises(WrongInput, match=said):
        staffing.approve(fresh(person), by, mark or staffing.mark_of_entry(fresh(person)), NOW)
    assert rows() == before


def test_who_entered_it_cannot_approve_it(boss, leader):
    refused(boss, enter(boss)[0], "không tự duyệt")


@pytest.mark.parametrize("role", [role for role in staff.ROLES if role not in staffing.APPROVERS])
def test_roles_that_do_not_approve_cannot(boss, role):
    refused(make_staff(role, "somebody"), enter(boss)[0], "không tự duyệt")


def test_nobody_approves_for_another_office(boss):
    refused(make_staff("leader", "far", office="H21.121"), enter(boss)[0], "không tự duyệt")


def test_nobody_approves_themselves(boss, leader):
    staffing.change_role(leader, "administrator", "", boss)

    refused(fresh(leader), leader, "không tự duyệt")


def test_what_was_changed_after_it_was_looked_at_is_not_approved(boss, leader):
    person, _ = enter(boss)
    seen = staffing.mark_of_entry(person)
    staffing.change_role(person, "administrator", "", boss)

    refused(leader, person, "vừa được sửa", seen)


def test_pressed_twice_it_is_approved_once(boss, leader):
    person, _ = enter(boss)
    approve(person, leader)
    before = rows()
    approve(person, leader)

    assert rows() == before


def test_an_ended_account_is_not_approved(boss, leader):
    person, _ = enter(boss)
    staffing.end_staff(person, boss, NOW)

    refused(leader, person, "không còn chờ")


def test_the_only_administrator_without_a_leader_has_nobody_to_approve(boss):
    person, _ = enter(boss)
    assert staffing.who_may_approve(person) == []

    leader = make_staff("leader")
    assert staffing.who_may_approve(person) == [leader]


# --- changing --------------------------------------------------------------------------------------------------------


def test_a_changed_role_closes_the_account_until_another_approves_it(boss, leader, officer):
    assert staffing.change_role(officer, "specialist", "", boss)
    assert (fresh(officer).role, fresh(officer).is_in_office(), Login.select().count()) == ("specialist", False, 0)

    refused(boss, officer, "không tự duyệt")
    approve(officer, leader)
    assert fresh(officer).is_in_office()


def test_the_same_role_again_changes_nothing(boss, officer):
    before = rows()

    assert not staffing.change_role(officer, "officer", "Thôn 6", boss)
    assert rows() == before


def test_a_head_of_another_village_waits_for_approval_too(boss):
    head = make_staff("village_head", village="Thôn 6")

    assert staffing.change_role(head, "village_head", "Thôn 7", boss)
    assert (fresh(head).village, fresh(head).is_in_office()) == ("Thôn 7", False)


def test_while_it_waits_only_who_entered_it_changes_it(boss, other_boss, leader):
    person, _ = enter(boss)

    with pytest.raises(WrongInput, match="chỉ người đã nhập"):
        staffing.change_role(person, "leader", "", other_boss)
    with pytest.raises(WrongInput, match="chỉ người đã nhập"):
        staffing.give_first_password(person, other_boss, "khoa-9", NOW)
    assert staffing.change_role(person, "leader", "", boss)


# --- a new first password --------------------------------------------------------------------------------------------


def test_a_new_first_password_replaces_the_old_one_and_ends_every_login(boss, other_boss, officer):
    password = staffing.give_first_password(officer, boss, "khoa-1", NOW)
    approve(officer, other_boss)

    assert not Login.select().exists()
    assert check("officer", password).must_change_password


def test_the_same_form_again_gives_no_other_password(boss, other_boss, officer):
    password = staffing.give_first_password(officer, boss, "khoa-1", NOW)

    assert staffing.give_first_password(officer, boss, "khoa-1", NOW) == ""
    approve(officer, other_boss)
    assert check("officer", password)


def test_a_newer_first_password_makes_the_one_before_it_void(boss):
    person, _ = enter(boss)
    staffing.give_first_password(person, boss, "khoa-2", NOW)
    staffing.give_first_password(person, boss, "khoa-3", NOW)

    assert [code.voided_at is None for code in OneTimeCode.select().order_by(OneTimeCode.id)] == [False, False, True]


@pytest.mark.parametrize("role", staff.ROLES)
def test_who_gives_a_colleague_a_password_could_be_the_colleague_so_another_approves(boss, other_boss, role):
    colleague = make_staff(role, "colleague", village="Thôn 6")
    password = staffing.give_first_password(colleague, boss, "khoa-1", NOW)

    with pytest.raises(LoginRefused):
        check("colleague", password)
    refused(boss, colleague, "không tự duyệt")
    approve(colleague, other_boss)
    assert check("colleague", password)


# --- ending ----------------------------------------------------------------------------------------------------------


def test_who_is_ended_is_out_at_once_with_every_code(boss, officer):
    code = second_factor.print_codes(officer, NOW)[0]
    staffing.end_staff(officer, boss, NOW)

    person = fresh(officer)
    assert (person.ended_by, person.ended_at, person.is_in_office(), Login.select().count()) == (boss, NOW, False, 0)
    with pytest.raises(WrongInput):
        second_factor.check(person, code, HOME, False, NOW)


def test_ended_twice_it_stays_as_it_was_the_first_time(boss, other_boss, officer):
    staffing.end_staff(officer, boss, NOW)
    staffing.end_staff(officer, other_boss, NOW + MINUTE)

    assert (fresh(officer).ended_by, fresh(officer).ended_at) == (boss, NOW)


@pytest.mark.parametrize(
    "act",
    [
        lambda me: staffing.end_staff(me, me, NOW),
        lambda me: staffing.change_role(me, "leader", "", me),
        lambda me: staffing.give_first_password(me, me, "khoa-1", NOW),
        lambda me: staffing.reset_factor(me, me, NOW),
        lambda me: staffing.end_logins(me, me),
    ],
)
def test_nobody_administers_themselves(boss, other_boss, act):
    before = rows()

    with pytest.raises(WrongInput, match="chính bạn"):
        act(boss)
    assert rows() == before


def test_two_administrators_who_end_each_other_at_the_same_moment_leave_one(boss, other_boss):
    answers = at_once(lambda: staffing.end_staff(boss, other_boss, NOW), lambda: staffing.end_staff(other_boss, boss, NOW))

    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "WrongInput"]
    assert Staff.select().where(Staff.ended_at.is_null()).count() == 1


def test_the_last_administrator_stays_one(boss, other_boss):
    """As when one administrator's page is still open though another has ended them."""
    staffing.end_staff(other_boss, boss, NOW)

    for act in (
        lambda: staffing.end_staff(boss, other_boss, NOW),
        lambda: staffing.change_role(boss, "officer", "", other_boss),
    ):
        with pytest.raises(WrongInput, match="cuối cùng"):
            act()
    assert fresh(boss).is_in_office()


def test_the_administrators_of_another_office_do_not_count(boss):
    far = make_staff("administrator", "far", office="H21.121")

    with pytest.raises(WrongInput, match="cuối cùng"):
        staffing.end_staff(boss, far, NOW)


# --- second factor and logins ----------------------------------------------------------------------------------------


def test_after_a_reset_the_next_login_sets_up_a_new_factor(boss, officer):
    Staff.update(second_factor="totp", totp_secret="JBSWY3DPEHPK3PXP").where(Staff.id == officer.id).execute()
    staffing.reset_factor(officer, boss, NOW)

    person = fresh(officer)
    assert (person.second_factor, person.totp_secret, Login.select().count()) == ("", None, 0)
    assert second_factor.next_step(person, True) == "set_factor"


def test_an_administrator_ends_all_logins_of_one_person_alone(boss, officer):
    logins.begin_login(officer, "second", NOW)
    logins.begin_login(boss, "mine", NOW)

    assert staffing.end_logins(officer, boss) == 2
    assert [login.staff for login in Login.select()] == [boss]


# --- the list --------------------------------------------------------------------------------------------------------


def names(office="H21.129", asked="", page=1) -> list[str]:
    return [person.full_name for person in staffing.list_staff(office, asked, page).people]


def somebody(name: str, role="officer", **more) -> Staff:
    return staff.add_staff(name, name, role, more.pop("office", "H21.129"), "voi rung gao nuong", NOW, **more)


def test_waiting_come_first_then_who_works_then_who_left_each_in_the_order_of_names(app):
    somebody("Trần Văn Ân", ended_at=NOW)
    somebody("Siu H'Nhan")
    somebody("Nguyễn Thị Bình")
    somebody("Rah Lan Yến", approved_at=None)

    assert names() == ["Rah Lan Yến", "Nguyễn Thị Bình", "Siu H'Nhan", "Trần Văn Ân"]


@pytest.mark.parametrize("asked", ["nhan", "H'NHAN", "thon truong", "Thôn 7", "thon 7 siu"])
def test_a_search_needs_no_accents_and_reads_role_and_village(app, asked):
    somebody("Siu H'Nhan", "village_head", village="Thôn 7")
    somebody("Nguyễn Thị Bình")

    assert names(asked=asked) == ["Siu H'Nhan"]


def test_the_neighbours_staff_is_not_in_the_list(app):
    somebody("Siu H'Nhan", office="H21.121")

    assert names() == []


def test_forty_five_people_stand_on_three_pages_each_once(app, monkeypatch):
    monkeypatch.setattr(staff, "hash_password", lambda password: "x")
    for number in range(45):
        somebody(f"Người {number:02}")
    pages = [names(page=number) for number in (1, 2, 3)]

    assert [len(page) for page in pages] == [20, 20, 5]
    assert len({name for page in pages for name in page}) == 45
    assert names(page=99) == pages[2]


def test_the_list_says_when_each_was_last_logged_in(app):
    person, never = somebody("Siu H'Nhan"), somebody("Nguyễn Thị Bình")
    logins.remember_device(person, "old", NOW)
    logins.begin_login(person, "now", NOW + MINUTE)

    assert staffing.last_seen([person.id, never.id]) == {person.id: NOW + MINUTE}
    logins.end_all(person)
    assert staffing.last_seen([person.id]) == {person.id: NOW}

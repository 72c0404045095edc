"""Accounts of staff: the first password is good for one login, one's own replaces it."""

from datetime import UTC, datetime, timedelta

import pytest
from stage import PASSWORD, make_staff
from together import at_once

from models import Login, OneTimeCode, Staff
from rules import WrongInput, logins, staff
from rules.attempts import TooManyTries
from rules.logins import LoginRefused
from rules.passwords import is_password
from rules.staff import FirstPasswordGone

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
HOME = "113.160.5.77"
OWN = "trau den an co non"


def check(name="officer", password=PASSWORD, now=NOW):
    return staff.check_staff(name, password, HOME, "", now)


def newcomer(name="officer") -> Staff:
    return staff.add_staff(name, "Rơ Châm H'Lan", "officer", "H21.129", PASSWORD, NOW, must_change_password=True)


def fresh(person: Staff) -> Staff:
    return Staff.get_by_id(person.id)


# --- the first password ----------------------------------------------------------------------------------------------


def test_the_first_password_opens_one_login(app):
    person = newcomer()
    assert check() == person

    with pytest.raises(FirstPasswordGone, match="cấp mật khẩu mới"):
        check(now=NOW + 11 * MINUTE)


def test_whose_first_answer_was_lost_sends_the_form_again_and_only_the_newest_login_goes_on(app):
    person = newcomer()
    check()
    logins.begin_login(person, "lost", NOW, waits_for="first_password")

    assert check(now=NOW + MINUTE) == person
    assert not Login.select().exists()


def test_the_first_password_runs_out_after_a_week(app):
    newcomer()

    with pytest.raises(FirstPasswordGone):
        check(now=NOW + 7 * DAY)


def test_once_one_has_a_password_of_ones_own_the_first_is_a_wrong_one(app):
    person = newcomer()
    check()
    staff.set_own_password(person, OWN, NOW)

    with pytest.raises(LoginRefused):
        check()
    assert check(password=OWN) == person


def test_a_wrong_password_uses_the_first_one_up_for_nobody(app):
    person = newcomer()
    with pytest.raises(LoginRefused):
        check(password="sai roi sai roi")

    assert check() == person


def test_first_passwords_are_long_random_and_plain_to_read(app):
    made = [staff.new_first_password() for _ in range(50)]

    assert len(set(made)) == 50
    assert len(set(staff.first_words())) == len(staff.first_words()) == 128
    for password in made:
        assert len(password) >= staff.SHORTEST_PASSWORD and password.isascii() and password.islower()
        assert len(password.split("-")) == 5


# --- one's own -------------------------------------------------------------------------------------------------------


def test_ones_own_password_ends_every_login(app):
    person = newcomer()
    logins.begin_login(person, "x", NOW)
    staff.set_own_password(person, OWN, NOW)

    assert is_password(fresh(person).password_hash, OWN)
    assert (fresh(person).must_change_password, Login.select().count()) == (False, 0)


def test_the_same_password_again_is_refused(app):
    person = newcomer()

    with pytest.raises(WrongInput, match="giống mật khẩu cũ"):
        staff.set_own_password(person, PASSWORD, NOW)
    assert fresh(person).must_change_password


def test_of_two_passwords_set_at_the_same_moment_one_is_kept(app):
    person = newcomer()
    answers = at_once(*[lambda text=text: staff.set_own_password(person, text, NOW) for text in (OWN, OWN + "2")])

    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "WrongInput"]


@pytest.mark.parametrize(
    "typed", ["ngan qua", "matkhau123456", "Rơ Châm H'Lan", "Tổ dân phố 16", "xã Ia Băng, xã Ia Băng"[:12], "hlan.motcua.1"]
)
def test_what_is_short_common_or_known_of_the_person_is_refused(library, typed):
    person = Staff(login_name="hlan.motcua.1", full_name="Rơ Châm H'Lan", village="Tổ dân phố 16")

    with pytest.raises(WrongInput, match="Mật khẩu"):
        staff.read_own_password(typed, person, library.site)


def test_four_words_of_ones_own_are_taken(library):
    assert staff.read_own_password(OWN, Staff(login_name="hlan", full_name="H'Lan", village=""), library.site) == OWN


def test_wrong_guesses_of_somebody_logged_in_count_as_those_at_the_login(app):
    person = make_staff("officer")
    for _ in range(10):
        with pytest.raises(WrongInput, match="chưa đúng"):
            staff.confirm_password(person, "sai roi sai roi", HOME, "", NOW)

    with pytest.raises(TooManyTries):
        check()


# --- approved and in office ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [{"approved_at": None}, {"ended_at": NOW}])
def test_who_is_not_approved_or_has_left_gets_the_same_words_as_a_stranger(app, row):
    make_staff("officer", **row)

    refusals = set()
    for name, password in (("officer", PASSWORD), ("officer", "sai roi sai roi"), ("nobody", PASSWORD)):
        with pytest.raises(LoginRefused) as refused:
            check(name, password)
        refusals.add(str(refused.value))
    assert len(refusals) == 1


@pytest.mark.parametrize("role", staff.ROLES)
def test_a_village_belongs_to_a_village_head_alone(role):
    assert staff.read_village(role, "Thôn 6") == ("Thôn 6" if role == "village_head" else "")


def test_a_village_head_needs_a_village():
    with pytest.raises(WrongInput, match="thôn"):
        staff.read_village("village_head", " ")


def test_an_account_made_by_the_operator_has_one_first_password(app):
    newcomer()

    assert [code.kind for code in OneTimeCode.select()] == ["first_password"]
    assert fresh(Staff.get()).is_in_office()

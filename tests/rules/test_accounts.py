"""Registering, confirming, logging in and out: it works, it tells strangers nothing, and it can be repeated."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from conftest import PASSWORD, make_account, make_staff
from peewee import OperationalError
from together import at_once

from models import Account, Login, Message, Registration, Staff
from rules import WrongInput, accounts, attempts
from rules.accounts import (
    Applicant,
    LoginRefused,
    begin_login,
    check_citizen,
    check_staff,
    confirm,
    find_login,
    find_registration,
)
from rules.attempts import TooManyTries
from rules.passwords import is_password

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOME = "113.160.5.77"
NUMBER = "064090888001"
HLAN = Applicant("citizen", NUMBER, "Rơ Châm H'Lan", date(1990, 7, 5), "Thôn 6", "+84912345678", "hlan@example.vn", PASSWORD)


@pytest.fixture
def links():
    """The tokens of the links that were mailed, in their order."""
    return []


@pytest.fixture
def register(app, links):
    """Somebody registers; the link's token is kept in `links`."""

    def send(applicant=HLAN, now=NOW):
        accounts.register(applicant, lambda token: links.append(token) or f"http://localhost/xac-nhan/{token}", now)

    return send


@pytest.fixture
def owner(app):
    return make_account(id_number=NUMBER)


def letters() -> list[Message]:
    return list(Message.select().order_by(Message.id))


# --- registering -----------------------------------------------------------------------------------------------------


def test_who_registers_gets_a_link_by_mail_and_no_account_yet(register, links):
    register()

    (letter,) = letters()
    assert (letter.recipient, letter.next_try_at) == ("hlan@example.vn", NOW)
    assert f"http://localhost/xac-nhan/{links[0]}" in letter.body
    assert Account.select().count() == 0


def test_the_link_has_32_random_bytes_and_the_table_only_its_hash(register, links):
    register()

    assert len(links[0]) == 43
    assert links[0] not in str(Registration.select().dicts().get())


def test_the_password_is_never_kept_as_typed(register):
    register()

    details = Registration.get().details
    assert PASSWORD not in str(details)
    assert is_password(details["password_hash"], PASSWORD)


def test_who_opens_the_link_and_confirms_can_log_in(register, links):
    register()
    account = confirm(find_registration(links[0], NOW + DAY), NOW + DAY)

    assert (account.full_name, account.id_number, account.village) == ("Rơ Châm H'Lan", NUMBER, "Thôn 6")
    assert account.assurance_level == 1, "nobody has seen the paper yet"
    assert check_citizen(NUMBER, PASSWORD, HOME, NOW + DAY) == account


def test_a_business_registers_with_its_name_and_tax_code(register, links):
    register(replace(HLAN, kind="business", business_name="Cà phê Ia Băng", tax_code="5900189357"))

    account = confirm(find_registration(links[0], NOW), NOW)
    assert (account.kind, account.business_name, account.tax_code) == ("business", "Cà phê Ia Băng", "5900189357")


def test_confirming_twice_is_confirming_once(register, links):
    register()
    first = confirm(find_registration(links[0], NOW), NOW)

    assert confirm(find_registration(links[0], NOW + DAY), NOW + DAY) == first
    assert Account.select().count() == 1


def test_two_taps_at_the_same_moment_make_one_account(register, links):
    register()
    tap = lambda: confirm(find_registration(links[0], NOW), NOW)  # noqa: E731

    assert len(set(at_once(tap, tap, tap, tap))) == 1
    assert Account.select().count() == 1


@pytest.mark.parametrize("later, opens", [(7 * DAY - MINUTE, True), (7 * DAY, False), (400 * DAY, False)])
def test_a_link_opens_for_seven_days(register, links, later, opens):
    register()

    assert (find_registration(links[0], NOW + later) is not None) == opens


@pytest.mark.parametrize("token", ["", "a", "x" * 43, "\x00", "ơ̆" * 5000])
def test_a_link_nobody_mailed_opens_nothing(register, token):
    register()

    assert find_registration(token, NOW) is None


def test_of_two_who_ask_for_one_number_the_first_to_confirm_has_it(register, links):
    register()
    register(replace(HLAN, full_name="Siu Blĕo", email="bleo@example.vn"))
    second = confirm(find_registration(links[1], NOW), NOW)

    assert confirm(find_registration(links[0], NOW), NOW) is None
    assert [account.full_name for account in Account.select()] == ["Siu Blĕo"]
    assert second.email == "bleo@example.vn"


# --- what a stranger may learn ---------------------------------------------------------------------------------------


def test_a_taken_number_looks_free_and_only_its_owner_is_told(register, links, owner):
    assert register(replace(HLAN, email="stranger@example.vn")) is None

    assert [letter.recipient for letter in letters()] == [owner.email]
    assert links == [] and Registration.select().count() == 0
    assert Account.get() == owner and Account.get().password_hash == owner.password_hash


def test_an_owner_without_mail_is_not_told_and_nothing_breaks(register, app):
    make_account(id_number=NUMBER, email="")

    register()
    assert letters() == []


def test_one_number_causes_three_mails_an_hour_at_most(register):
    for second in range(6):
        register(now=NOW + timedelta(seconds=second))

    assert len(letters()) == Registration.select().count() == 3
    register(now=NOW + HOUR + MINUTE)
    assert len(letters()) == 4


def test_one_address_gets_three_mails_an_hour_however_many_numbers_are_tried(register):
    for number in range(6):
        register(replace(HLAN, id_number=f"06409088810{number}"))

    assert len(letters()) == 3


def test_the_owner_is_not_flooded_either(register, owner):
    for minute in range(6):
        register(now=NOW + minute * MINUTE)

    assert len(letters()) == 1


@pytest.fixture
def refusal(app, owner):
    """What is said to who tries to log in."""

    def try_to(check, *who_and_what) -> str:
        with pytest.raises(LoginRefused) as refused:
            check(*who_and_what, HOME, NOW)
        return str(refused.value)

    return try_to


def test_unknown_wrong_and_unconfirmed_are_told_the_same(register, refusal):
    register(replace(HLAN, id_number="064090888002"))
    make_staff("officer")

    said = {
        refusal(check_citizen, "064090888003", PASSWORD),
        refusal(check_citizen, NUMBER, "wrong"),
        refusal(check_citizen, "064090888002", PASSWORD),
        refusal(check_staff, "officer", "wrong"),
        refusal(check_staff, "nobody", PASSWORD),
    }
    assert said == {accounts.WRONG_LOGIN}


def test_wrong_and_unknown_both_take_a_verification(refusal, monkeypatch):
    seen = []
    monkeypatch.setattr(accounts, "is_password", lambda kept, typed: seen.append(kept) and False)

    refusal(check_citizen, NUMBER, "wrong")
    refusal(check_citizen, "064090888003", "wrong")
    assert len(seen) == 2


# --- logging in ------------------------------------------------------------------------------------------------------


def test_number_and_password_open_the_account(owner):
    assert check_citizen(NUMBER, PASSWORD, HOME, NOW) == owner


def test_a_citizens_password_opens_no_desk_and_the_other_way_round(owner):
    make_staff("officer")

    with pytest.raises(LoginRefused):
        check_staff(NUMBER, PASSWORD, HOME, NOW)
    with pytest.raises(LoginRefused):
        check_citizen("officer", PASSWORD, HOME, NOW)


def fail_to_log_in(times: int, number=NUMBER, address=HOME, now=NOW) -> None:
    for _ in range(times):
        with pytest.raises(LoginRefused):
            check_citizen(number, "wrong", address, now)


@pytest.fixture
def quick(monkeypatch):
    """Passwords compared without their hash, where a test tries many."""
    monkeypatch.setattr(accounts, "is_password", lambda kept, typed: bool(kept) and typed == PASSWORD)


def test_after_ten_failures_even_the_right_password_waits(owner, quick):
    fail_to_log_in(10)

    with pytest.raises(TooManyTries, match="Chờ 1 phút"):
        check_citizen(NUMBER, PASSWORD, HOME, NOW)
    assert check_citizen(NUMBER, PASSWORD, HOME, NOW + MINUTE) == owner


def test_of_guesses_sent_together_those_after_the_tenth_learn_nothing(owner, monkeypatch):
    def right_but_slow(*args) -> bool:
        for _ in range(10):  # meanwhile, the others
            attempts.count_failure(attempts.LOGIN_BY_PERSON, f"citizen:{accounts.person_key(NUMBER)}", NOW)
        return True

    monkeypatch.setattr(accounts, "is_password", right_but_slow)
    with pytest.raises(TooManyTries):
        check_citizen(NUMBER, PASSWORD, HOME, NOW)


def test_waiting_does_not_make_the_wait_longer(owner, quick):
    fail_to_log_in(10)
    for second in range(30):
        with pytest.raises(TooManyTries):
            check_citizen(NUMBER, "wrong", HOME, NOW + timedelta(seconds=second))

    assert check_citizen(NUMBER, PASSWORD, HOME, NOW + MINUTE) == owner


def test_a_number_without_an_account_is_slowed_down_alike(app, quick):
    fail_to_log_in(10, number="064090888003")

    with pytest.raises(TooManyTries):
        check_citizen("064090888003", "wrong", HOME, NOW)


def test_a_good_login_forgets_the_failures_before_it(owner, quick):
    for _ in range(3):
        fail_to_log_in(9)
        assert check_citizen(NUMBER, PASSWORD, HOME, NOW) == owner


def test_a_neighbour_may_log_in_while_one_waits(owner, quick):
    fail_to_log_in(10, number="064090888003")

    assert check_citizen(NUMBER, PASSWORD, HOME, NOW) == owner


def test_one_neighbourhood_that_guesses_at_many_has_to_wait(owner, quick):
    for guess in range(200):
        fail_to_log_in(1, number=f"06409077{guess:04}", address=f"113.160.5.{guess}")

    with pytest.raises(TooManyTries):
        check_citizen(NUMBER, PASSWORD, HOME, NOW)
    assert check_citizen(NUMBER, PASSWORD, "14.0.0.1", NOW) == owner


# --- the login -------------------------------------------------------------------------------------------------------


def test_the_token_is_random_and_the_table_holds_only_its_hash(owner):
    token = begin_login(owner, "Nokia", NOW)

    assert len(token) >= 22 and token != begin_login(owner, "Nokia", NOW), "128 bits or more"
    assert token not in str(list(Login.select().dicts()))


def test_a_login_finds_its_person_by_its_token(owner):
    officer = make_staff("officer")

    assert find_login(begin_login(owner, "Nokia", NOW)).person == owner
    assert find_login(begin_login(officer, "desk", NOW)).person == officer
    assert find_login("somebody else's") is None


def test_a_citizen_stays_twelve_hours_and_staff_ten(owner):
    citizens, officers = (find_login(begin_login(person, "", NOW)) for person in (owner, make_staff("officer")))

    assert (citizens.expires_at - NOW, officers.expires_at - NOW) == (12 * HOUR, 10 * HOUR)


@pytest.mark.parametrize(
    "later, is_open",
    [
        (timedelta(0), True),
        (29 * MINUTE, True),
        (30 * MINUTE, False),
        (-5 * MINUTE, True),
        (-11 * MINUTE, False),
        (-400 * DAY, False),
    ],
)
def test_a_login_is_open_for_half_an_hour_of_rest(owner, later, is_open):
    login = find_login(begin_login(owner, "", NOW))

    assert login.is_open(NOW + later) == is_open


def test_a_login_in_use_still_ends_after_its_whole_time(owner):
    login = find_login(begin_login(owner, "", NOW))
    login.seen_at = NOW + 12 * HOUR - MINUTE

    assert login.is_open(NOW + 12 * HOUR - MINUTE)
    assert not login.is_open(NOW + 12 * HOUR)


def test_a_rested_login_may_still_save_a_draft_for_a_day(owner):
    login = find_login(begin_login(owner, "", NOW))

    assert login.may_still_write(NOW + 23 * HOUR)
    assert not login.may_still_write(NOW + 24 * HOUR)


@pytest.mark.parametrize("later, is_written", [(MINUTE, False), (3 * MINUTE, True), (-3 * MINUTE, True)])
def test_use_is_written_down_at_most_every_two_minutes(owner, later, is_written):
    token = begin_login(owner, "", NOW)
    accounts.touch(find_login(token), NOW + later)

    assert find_login(token).seen_at == (NOW + later if is_written else NOW)


def test_a_disk_that_is_full_stops_no_reading(owner, monkeypatch):
    login = find_login(begin_login(owner, "", NOW))

    def fall(*args, **kwargs):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(accounts.Login, "update", fall)
    accounts.touch(login, NOW + 3 * MINUTE)


def test_logging_out_ends_this_login_and_no_other(owner):
    here, there = begin_login(owner, "Nokia", NOW), begin_login(owner, "desk", NOW)
    accounts.end_login(find_login(here))

    assert find_login(here) is None
    assert find_login(there).person == owner


def test_logging_out_twice_is_logging_out(owner):
    login = find_login(begin_login(owner, "", NOW))
    accounts.end_login(login)
    accounts.end_login(login)

    assert Login.select().count() == 0


def test_a_devices_endless_name_is_cut(owner):
    assert len(find_login(begin_login(owner, "x" * 5000, NOW)).device) == 200


# --- sweeping --------------------------------------------------------------------------------------------------------


def test_old_logins_are_swept_and_those_that_may_still_write_stay(owner):
    begin_login(owner, "old", NOW - 12 * HOUR - 25 * HOUR)
    begin_login(owner, "rested", NOW - 12 * HOUR - 23 * HOUR)

    accounts.sweep(NOW)
    assert [login.device for login in Login.select()] == ["rested"]


def test_requests_nobody_confirmed_are_swept_a_month_after_they_end(register):
    register(now=NOW - 38 * DAY)
    register(replace(HLAN, id_number="064090888002"), now=NOW - 36 * DAY)

    accounts.sweep(NOW)
    assert [request.details["id_number"] for request in Registration.select()] == ["064090888002"]


def test_a_confirmed_request_keeps_no_copy_of_the_person_for_ever(register, links):
    register(now=NOW - 38 * DAY)
    confirm(find_registration(links[0], NOW - 37 * DAY), NOW - 37 * DAY)

    accounts.sweep(NOW)
    assert Registration.select().count() == 0
    assert Account.select().count() == 1


# --- staff -----------------------------------------------------------------------------------------------------------


def add(login_name="H.Lan", role="officer"):
    return accounts.add_staff(login_name, "Rơ Châm H'Lan", role, "H21.129", PASSWORD, NOW)


@pytest.mark.parametrize("role", accounts.ROLES)
def test_each_role_can_be_given(app, role):
    assert Staff.get_by_id(add(role=role).id).role == role


@pytest.mark.parametrize("typed", ["h.lan", "H.LAN", " h.lan "])
def test_staff_log_in_with_their_name_in_any_case(app, typed):
    officer = add()

    assert check_staff(typed, PASSWORD, HOME, NOW) == officer


def test_a_name_typed_on_another_keyboard_is_the_same_name(app):
    officer = add("l\u0061\u0300nh")

    assert check_staff("l\u00e0nh", PASSWORD, HOME, NOW) == officer


def test_staff_who_have_left_cannot_log_in(app):
    officer = add()
    Staff.update(ended_at=NOW).where(Staff.id == officer.id).execute()

    with pytest.raises(LoginRefused):
        check_staff("h.lan", PASSWORD, HOME, NOW)


@pytest.mark.parametrize(
    "name, role, said",
    [
        ("h.lan", "officer", "taken"),
        (" H.Lan", "leader", "taken"),
        ("b", "citizen", "role must be one of"),
        ("b", "", "role must be one of"),
        (" ", "officer", "Nhập tên"),
        ("x" * 61, "officer", "nhiều nhất 60"),
        ("a\x00b", "officer", "ký tự ẩn"),
    ],
)
def test_a_taken_or_unfit_name_or_an_unknown_role_is_refused(app, name, role, said):
    add()

    with pytest.raises(WrongInput, match=said):
        add(name, role)
    assert [staff.login_name for staff in Staff.select()] == ["h.lan"]

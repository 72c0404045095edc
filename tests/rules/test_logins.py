"""Logging in and out: strangers learn nothing and are slowed down, the owner is not locked out, each login has its time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from peewee import OperationalError
from stage import PASSWORD, make_account, make_staff

from models import Attempts, IdNumber, KnownDevice, Login, Staff
from rules import accounts, attempts, logins, passwords, staff
from rules.accounts import Applicant
from rules.attempts import TooManyTries
from rules.logins import LoginRefused, begin_login, find_login

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOME = "113.160.5.77"
NUMBER, OLD_NUMBER = "064090888001", "230123456"


@pytest.fixture
def owner(app):
    return make_account(id_number=NUMBER)


def check_citizen(number, password, address=HOME, now=NOW, device=""):
    return accounts.check_citizen(number, password, address, device, now)


def check_staff(name, password, address=HOME, now=NOW, device=""):
    return staff.check_staff(name, password, address, device, now)


# --- what a stranger may learn ---------------------------------------------------------------------------------------


@pytest.fixture
def refusal(app, owner):
    """What is said to who tries to log in."""

    def try_to(check, *who_and_what) -> str:
        with pytest.raises(LoginRefused) as refused:
            check(*who_and_what)
        return str(refused.value)

    return try_to


NOBODY, UNCONFIRMED, WAITING, MERGED, CLOSED = (f"0640908890{n:02}" for n in range(5))


@pytest.fixture
def all_kinds(owner):
    """An account of each kind that nobody can log in to, beside the owner's own."""
    applicant = Applicant("citizen", UNCONFIRMED, "Siu Blĕo", date(1990, 7, 5), "", "", "", PASSWORD)
    accounts.register(applicant, str, HOME, NOW)
    make_account(id_number=WAITING, password_hash="")
    make_account(id_number=MERGED, merged_into=owner)
    make_account(id_number=CLOSED, closed_at=NOW)
    make_staff("officer")
    make_staff("leader", approved_at=None)
    make_staff("specialist", ended_at=NOW)


REFUSED = [
    pytest.param(check_citizen, NUMBER, "wrong", id="wrong"),
    pytest.param(check_citizen, NUMBER, "", id="empty"),
    pytest.param(check_citizen, NOBODY, PASSWORD, id="nobody"),
    pytest.param(check_citizen, UNCONFIRMED, PASSWORD, id="unconfirmed"),
    pytest.param(check_citizen, WAITING, PASSWORD, id="not activated"),
    pytest.param(check_citizen, WAITING, "", id="not activated, empty"),
    pytest.param(check_citizen, MERGED, PASSWORD, id="merged"),
    pytest.param(check_citizen, CLOSED, PASSWORD, id="closed"),
    pytest.param(check_staff, "officer", "wrong", id="staff, wrong"),
    pytest.param(check_staff, "nobody", PASSWORD, id="staff, nobody"),
    pytest.param(check_staff, "leader", PASSWORD, id="staff, not approved"),
    pytest.param(check_staff, "specialist", PASSWORD, id="staff, has left"),
]


@pytest.mark.parametrize("check, who, password", REFUSED)
def test_whoever_cannot_log_in_is_told_the_same(all_kinds, refusal, check, who, password):
    assert refusal(check, who, password) == logins.WRONG_LOGIN


@pytest.mark.parametrize("check, who, password", REFUSED)
def test_every_refusal_takes_one_verification_of_a_real_hash(all_kinds, refusal, monkeypatch, check, who, password):
    """The time it takes is the time of the hash: the same one, once, whether there is an account or not."""
    verified, hasher = [], passwords.hasher

    class Watched:
        def verify(self, kept, typed):
            verified.append(kept)
            return hasher.verify(kept, typed)

    monkeypatch.setattr(passwords, "hasher", Watched())
    refusal(check, who, password)
    (kept,) = verified
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_right_password_takes_one_verification_too(owner, monkeypatch):
    verified = []
    monkeypatch.setattr(logins, "is_password", lambda kept, typed: verified.append(kept) or True)

    check_citizen(NUMBER, PASSWORD)
    assert verified == [owner.password_hash]


# --- logging in ------------------------------------------------------------------------------------------------------


def test_number_and_password_open_the_account(owner):
    assert check_citizen(NUMBER, PASSWORD) == owner


def test_a_citizens_password_opens_no_desk_and_the_other_way_round(owner):
    make_staff("officer")

    with pytest.raises(LoginRefused):
        check_staff(NUMBER, PASSWORD)
    with pytest.raises(LoginRefused):
        check_citizen("officer", PASSWORD)


def fail_to_log_in(times: int, number=NUMBER, address=HOME, now=NOW) -> None:
    for _ in range(times):
        with pytest.raises(LoginRefused):
            check_citizen(number, "wrong", address, now)


@pytest.fixture
def quick(monkeypatch):
    """Passwords compared without their hash, where a test tries many."""
    monkeypatch.setattr(logins, "is_password", lambda kept, typed: bool(kept) and typed == PASSWORD)


def test_after_ten_failures_even_the_right_password_waits(owner, quick):
    fail_to_log_in(10)

    with pytest.raises(TooManyTries, match="Chờ 1 phút"):
        check_citizen(NUMBER, PASSWORD)
    assert check_citizen(NUMBER, PASSWORD, now=NOW + MINUTE) == owner


def test_of_guesses_sent_together_those_after_the_tenth_learn_nothing(owner, monkeypatch):
    def right_but_slow(*args) -> bool:
        for _ in range(10):  # meanwhile, the others
            attempts.count_failure(attempts.LOGIN_BY_PERSON, f"citizen:{owner.id}", NOW)
        return True

    monkeypatch.setattr(logins, "is_password", right_but_slow)
    with pytest.raises(TooManyTries):
        check_citizen(NUMBER, PASSWORD)


def test_waiting_does_not_make_the_wait_longer(owner, quick):
    fail_to_log_in(10)
    for second in range(30):
        with pytest.raises(TooManyTries):
            check_citizen(NUMBER, "wrong", HOME, NOW + timedelta(seconds=second))

    assert check_citizen(NUMBER, PASSWORD, now=NOW + MINUTE) == owner


def test_a_number_without_an_account_is_slowed_down_alike(app, quick):
    fail_to_log_in(10, number="064090888003")

    with pytest.raises(TooManyTries):
        check_citizen("064090888003", "wrong")


def test_a_good_login_forgets_the_failures_before_it(owner, quick):
    for _ in range(3):
        fail_to_log_in(9)
        assert check_citizen(NUMBER, PASSWORD) == owner


def test_a_neighbour_may_log_in_while_one_waits(owner, quick):
    fail_to_log_in(10, number="064090888003")

    assert check_citizen(NUMBER, PASSWORD) == owner


def test_one_neighbourhood_that_guesses_at_many_has_to_wait(owner, quick):
    for guess in range(200):
        fail_to_log_in(1, number=f"06409077{guess:04}", address=f"113.160.5.{guess}")

    with pytest.raises(TooManyTries):
        check_citizen(NUMBER, PASSWORD)
    assert check_citizen(NUMBER, PASSWORD, "14.0.0.1") == owner


def test_both_numbers_of_a_person_share_one_count(owner, quick):
    IdNumber.create(account=owner, key=accounts.person_key(OLD_NUMBER), number=OLD_NUMBER)
    fail_to_log_in(5), fail_to_log_in(5, OLD_NUMBER)

    for number in (NUMBER, OLD_NUMBER):
        with pytest.raises(TooManyTries):
            check_citizen(number, PASSWORD)
    assert check_citizen(OLD_NUMBER, PASSWORD, now=NOW + MINUTE) == owner
    assert check_citizen(NUMBER, PASSWORD) == owner, "and a good login clears it for both"


# --- a device that is known ------------------------------------------------------------------------------------------

HER_PHONE, HER_OTHER_PHONE = "her phone's token", "her other phone's token"


@pytest.fixture
def known(owner):
    """A phone the owner has logged in with before."""
    logins.remember_device(owner, HER_PHONE, NOW)
    return owner


def fail_with_her_phone(times: int, now=NOW) -> None:
    for _ in range(times):
        with pytest.raises(LoginRefused):
            check_citizen(NUMBER, "wrong", device=HER_PHONE, now=now)


def test_a_known_device_logs_in_while_a_stranger_has_used_up_the_tries(known, quick):
    fail_to_log_in(10)

    with pytest.raises(TooManyTries):
        check_citizen(NUMBER, PASSWORD)
    assert check_citizen(NUMBER, PASSWORD, device=HER_PHONE) == known
    with pytest.raises(TooManyTries):
        check_citizen(NUMBER, PASSWORD)


def test_a_known_device_logs_in_while_its_whole_neighbourhood_waits(known, quick):
    for guess in range(200):
        fail_to_log_in(1, number=f"06409077{guess:04}")

    with pytest.raises(TooManyTries):
        check_citizen(NUMBER, PASSWORD)
    assert check_citizen(NUMBER, PASSWORD, device=HER_PHONE) == known


def test_a_known_devices_own_eleventh_guess_waits(known, quick):
    fail_with_her_phone(10)

    with pytest.raises(TooManyTries, match="Chờ 1 phút"):
        check_citizen(NUMBER, PASSWORD, device=HER_PHONE)
    assert check_citizen(NUMBER, PASSWORD) == known, "another phone is counted apart"
    assert check_citizen(NUMBER, PASSWORD, device=HER_PHONE, now=NOW + MINUTE) == known


def test_guesses_of_a_known_device_count_for_its_neighbourhood(known, quick):
    fail_with_her_phone(3)

    assert Attempts.get(Attempts.key == "login-from:113.160.5.0/24").failures == 3


def test_a_device_known_for_one_person_is_a_stranger_to_another(known, quick):
    neighbour = make_account(id_number="064090888002")
    fail_to_log_in(10, number="064090888002")

    with pytest.raises(TooManyTries):
        check_citizen("064090888002", PASSWORD, device=HER_PHONE)
    assert logins.is_known_device(known, HER_PHONE) and not logins.is_known_device(neighbour, HER_PHONE)


def test_a_device_of_staff_is_no_device_of_the_citizen_with_the_same_row_number(owner):
    officer = make_staff("officer")
    Staff.update(id=owner.id).where(Staff.id == officer.id).execute()
    logins.remember_device(Staff.get(), HER_PHONE, NOW)

    assert not logins.is_known_device(owner, HER_PHONE)
    assert logins.is_known_device(Staff.get(), HER_PHONE)


def test_the_table_of_devices_holds_no_token(known):
    assert HER_PHONE not in str(list(KnownDevice.select().dicts()))


def test_a_new_token_takes_the_place_of_the_one_before(known):
    logins.remember_device(known, "new", NOW, instead_of=HER_PHONE)

    assert logins.is_known_device(known, "new") and not logins.is_known_device(known, HER_PHONE)
    assert KnownDevice.select().count() == 1


def test_a_browser_is_known_for_who_used_it_last(known):
    husband = make_account(id_number="064090888002")
    logins.remember_device(husband, "new", NOW, instead_of=HER_PHONE)

    assert not logins.is_known_device(known, HER_PHONE)
    assert logins.is_known_device(husband, "new")


def test_of_an_eleventh_device_the_oldest_is_forgotten_and_nobody_elses(known):
    neighbour = make_account(id_number="064090888002")
    logins.remember_device(neighbour, HER_OTHER_PHONE, NOW)
    for number in range(10):
        logins.remember_device(known, f"phone {number}", NOW)

    assert not logins.is_known_device(known, HER_PHONE)
    assert all(logins.is_known_device(known, f"phone {number}") for number in range(10))
    assert logins.is_known_device(neighbour, HER_OTHER_PHONE)


@pytest.mark.parametrize("device", ["", "x", "\x00", "ă" * 5000])
def test_a_cookie_we_never_gave_is_known_for_nobody(known, device):
    assert not logins.is_known_device(known, device)
    assert not logins.is_known_device(None, HER_PHONE)


# --- staff -----------------------------------------------------------------------------------------------------------


def add(login_name="H.Lan"):
    return staff.add_staff(login_name, "Rơ Châm H'Lan", "officer", "H21.129", PASSWORD, NOW)


@pytest.mark.parametrize("typed", ["h.lan", "H.LAN", " h.lan "])
def test_staff_log_in_with_their_name_in_any_case(app, typed):
    officer = add()

    assert check_staff(typed, PASSWORD) == officer


def test_a_name_typed_on_another_keyboard_is_the_same_name(app):
    officer = add("l\u0061\u0300nh")

    assert check_staff("l\u00e0nh", PASSWORD) == officer


def test_staff_who_have_left_cannot_log_in(app):
    officer = add()
    Staff.update(ended_at=NOW).where(Staff.id == officer.id).execute()

    with pytest.raises(LoginRefused):
        check_staff("h.lan", PASSWORD)


def test_staff_nobody_has_approved_cannot_log_in(app):
    Staff.update(approved_at=None).where(Staff.id == add().id).execute()

    with pytest.raises(LoginRefused):
        check_staff("h.lan", PASSWORD)


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


def test_a_shared_phone_stays_twelve_hours_ones_own_thirty_days_and_staff_ten_hours(owner):
    shared, own = (find_login(begin_login(owner, "", NOW, is_own_phone=is_own)) for is_own in (False, True))
    officers = find_login(begin_login(make_staff("officer"), "", NOW))

    assert [login.expires_at - NOW for login in (shared, own, officers)] == [12 * HOUR, 30 * DAY, 10 * HOUR]


def test_a_login_is_on_a_shared_phone_unless_it_is_said(owner):
    assert not find_login(begin_login(owner, "", NOW)).is_own_phone


@pytest.mark.parametrize("later, is_open", [(MINUTE, True), (29 * DAY, True), (30 * DAY, False), (400 * DAY, False)])
def test_ones_own_phone_rests_as_long_as_it_likes(owner, later, is_open):
    login = find_login(begin_login(owner, "", NOW, is_own_phone=True))

    assert login.is_open(NOW + later) == is_open


def test_ones_own_phone_ends_after_thirty_days_however_it_is_used(owner):
    token = begin_login(owner, "", NOW, is_own_phone=True)
    for day in range(30):
        logins.touch(find_login(token), NOW + day * DAY)

    assert not find_login(token).is_open(NOW + 30 * DAY)


def test_a_login_that_waits_for_something_says_what(owner):
    token = begin_login(make_staff("officer"), "", NOW, waits_for="factor")

    assert find_login(token).waits_for == "factor"


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
    logins.touch(find_login(token), NOW + later)

    assert find_login(token).seen_at == (NOW + later if is_written else NOW)


def test_a_disk_that_is_full_stops_no_reading(owner, monkeypatch):
    login = find_login(begin_login(owner, "", NOW))

    def fall(*args, **kwargs):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(Login, "update", fall)
    logins.touch(login, NOW + 3 * MINUTE)


def test_logging_out_ends_this_login_and_no_other(owner):
    here, there = begin_login(owner, "Nokia", NOW), begin_login(owner, "desk", NOW)
    logins.end_login(find_login(here))

    assert find_login(here) is None
    assert find_login(there).person == owner


def test_logging_out_twice_is_logging_out(owner):
    login = find_login(begin_login(owner, "", NOW))
    logins.end_login(login)
    logins.end_login(login)

    assert Login.select().count() == 0


def test_ending_all_ends_each_login_of_the_person_and_nobody_elses(owner):
    here, there = begin_login(owner, "Nokia", NOW), begin_login(owner, "desk", NOW, is_own_phone=True)
    neighbours = begin_login(make_account(id_number="064090888002"), "", NOW)

    assert logins.end_all(owner) == 2
    assert [find_login(token) for token in (here, there)] == [None, None]
    assert find_login(neighbours)


def test_all_logins_but_this_one_can_be_ended(owner):
    here, there = begin_login(owner, "Nokia", NOW), begin_login(owner, "desk", NOW)

    assert logins.end_all(owner, but=find_login(here)) == 1
    assert find_login(here) and find_login(there) is None


def test_ending_all_of_staff_leaves_the_citizen_with_the_same_row_number(owner):
    officer = make_staff("officer")
    Staff.update(id=owner.id).where(Staff.id == officer.id).execute()
    citizens, officers = begin_login(owner, "", NOW), begin_login(Staff.get(), "", NOW)

    logins.end_all(Staff.get())
    assert find_login(citizens) and find_login(officers) is None


def test_the_list_of_logins_has_those_in_force_the_newest_first(owner):
    for device, is_own, age in (("rested", False, HOUR), ("own", True, DAY), ("here", False, MINUTE), ("old", True, 31 * DAY)):
        begin_login(owner, device, NOW - age, is_own_phone=is_own)
    begin_login(make_account(id_number="064090888002"), "neighbour's", NOW)

    assert [login.device for login in logins.open_logins(owner, NOW)] == ["here", "own"]


def test_a_devices_endless_name_is_cut(owner):
    assert len(find_login(begin_login(owner, "x" * 5000, NOW)).device) == 200


# --- sweeping


def test_old_logins_are_swept_and_those_that_may_still_write_stay(owner):
    begin_login(owner, "old", NOW - 12 * HOUR - 25 * HOUR)
    begin_login(owner, "rested", NOW - 12 * HOUR - 23 * HOUR)

    logins.sweep(NOW)
    assert [login.device for login in Login.select()] == ["rested"]


def test_a_device_not_seen_for_half_a_year_is_swept(owner):
    logins.remember_device(owner, HER_PHONE, NOW - 181 * DAY)
    logins.remember_device(owner, HER_OTHER_PHONE, NOW - 179 * DAY)

    logins.sweep(NOW)
    assert not logins.is_known_device(owner, HER_PHONE)
    assert logins.is_known_device(owner, HER_OTHER_PHONE)

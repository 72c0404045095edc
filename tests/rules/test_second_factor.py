"""The second factor: an app's six digits and printed codes, each good once, and no way to guess them."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from stage import make_staff
from together import at_once

from database import db
from models import Login, OneTimeCode, Staff
from rules import WrongInput, logins, second_factor
from rules.attempts import TooManyTries
from rules.dossier_codes import new_receipt_code, show_receipt_code
from rules.second_factor import FactorRefused

NOW = datetime(2026, 11, 23, 2, 0, 10, tzinfo=UTC)
HALF_MINUTE, MINUTE, DAY = timedelta(seconds=30), timedelta(minutes=1), timedelta(days=1)
HOME = "113.160.5.77"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_at(moment: datetime, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(moment)


def wrong_code() -> str:
    """Six digits that no half minute around NOW shows."""
    shown = {code_at(NOW + HALF_MINUTE * step) for step in range(-5, 300)}
    return next(f"{number:06}" for number in range(1_000_000) if f"{number:06}" not in shown)


def give(staff: Staff, code: str, now: datetime = NOW, is_known: bool = False, address: str = HOME) -> None:
    second_factor.check(fresh(staff), code, address, is_known, now)


def fresh(staff: Staff) -> Staff:
    return Staff.get_by_id(staff.id)


@pytest.fixture
def with_app(app):
    """An officer whose phone shows the codes of SECRET."""
    return make_staff("officer", second_factor="totp", totp_secret=SECRET)


@pytest.fixture
def with_codes(app):
    """A village head, and the ten codes on her paper."""
    head = make_staff("village_head", village="Thôn 6", second_factor="codes")
    return head, second_factor.print_codes(head, NOW)


# --- what is still to be done ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("must_change", "factor", "is_on", "step"),
    [
        (True, "", True, "first_password"),
        (True, "totp", True, "first_password"),
        (True, "", False, "first_password"),
        (False, "", True, "set_factor"),
        (False, "totp", True, "factor"),
        (False, "codes", True, "factor"),
        (False, "", False, ""),
        (False, "totp", False, ""),
    ],
)
def test_first_ones_own_password_then_the_factor_where_it_is_on(app, must_change, factor, is_on, step):
    staff = Staff(must_change_password=must_change, second_factor=factor)

    assert second_factor.next_step(staff, is_on) == step


# --- reading what is typed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123.456", "１２３４５６"])
def test_six_digits_are_read_however_they_are_spaced(typed):
    assert second_factor.read_typed(typed) == "123456"


def test_a_printed_code_is_read_in_any_case_and_spacing():
    code = new_receipt_code()

    assert second_factor.read_typed(show_receipt_code(code).lower()) == code


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("12345", "6 số, bạn gõ 5"),
        ("1234567", "6 số, bạn gõ 7"),
        ("abc", "12 chữ và số"),
        ("", "Nhập mã"),
        ("½" * 12, "không dùng ký tự này|bạn gõ"),
    ],
)
def test_anything_else_is_refused_with_what_to_do(typed, said):
    with pytest.raises(WrongInput, match=said):
        second_factor.read_typed(typed)


def test_the_check_symbols_of_a_printed_code_name_the_group_that_is_wrong():
    code = new_receipt_code()
    wrong = code[:5] + ("A" if code[5] != "A" else "B") + code[6:]

    with pytest.raises(WrongInput, match="Nhóm thứ 2"):
        second_factor.read_typed(wrong)


# --- an app ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_the_code_of_this_half_minute_and_of_its_neighbours_opens(with_app, steps):
    give(with_app, code_at(NOW + HALF_MINUTE * steps))


@pytest.mark.parametrize("steps", [-20, -2, 2, 20])
def test_the_code_of_another_time_does_not(with_app, steps):
    with pytest.raises(FactorRefused, match="chưa đúng"):
        give(with_app, code_at(NOW + HALF_MINUTE * steps))


def test_a_code_is_taken_once(with_app):
    give(with_app, code_at(NOW))

    with pytest.raises(FactorRefused, match="vừa dùng"):
        give(with_app, code_at(NOW), NOW + timedelta(seconds=5))
    give(with_app, code_at(NOW + HALF_MINUTE), NOW + HALF_MINUTE)


def test_a_code_older_than_the_one_last_taken_is_not_taken(with_app):
    give(with_app, code_at(NOW))

    with pytest.raises(FactorRefused, match="vừa dùng"):
        give(with_app, code_at(NOW - HALF_MINUTE))


def test_of_two_who_send_one_code_at_the_same_moment_one_gets_in(with_app):
    answers = at_once(*[lambda: give(with_app, code_at(NOW))] * 4)

    assert sorted(type(answer).__name__ for answer in answers) == ["FactorRefused"] * 3 + ["NoneType"]


def test_after_the_clock_was_a_year_ahead_the_app_opens_again(with_app):
    give(with_app, code_at(NOW + 400 * DAY), NOW + 400 * DAY)

    give(with_app, code_at(NOW))
    with pytest.raises(FactorRefused, match="vừa dùng"):
        give(with_app, code_at(NOW))


def test_the_secret_is_kept_only_sealed(with_app):
    (kept,) = db.execute_sql('SELECT totp_secret FROM "staff"').fetchone()

    assert len(bytes(kept)) > len(SECRET) and SECRET.encode() not in bytes(kept)
    assert fresh(with_app).totp_secret == SECRET


# --- setting up an app -----------------------------------------------------------------------------------------------


@pytest.fixture
def login(app):
    """The login of an officer who has no factor yet."""
    return logins.find_login(logins.begin_login(make_staff("officer"), "test", NOW, waits_for="set_factor"))


def test_the_same_login_is_shown_the_same_secret_and_another_login_another(login):
    other = logins.find_login(logins.begin_login(login.staff, "test", NOW, waits_for="set_factor"))
    secret = second_factor.new_secret(login)

    assert secret == second_factor.new_secret(login)
    assert secret != second_factor.new_secret(other)
    assert len(secret) == 32 and pyotp.TOTP(secret).now()


def test_what_the_picture_says_names_the_site_and_the_person(login):
    address = second_factor.address_for_app(login.staff, SECRET, "xã Ia Băng")

    read = pyotp.parse_uri(address)
    assert (read.issuer, read.name, read.secret) == ("xã Ia Băng", "officer", SECRET)


def test_an_app_counts_once_it_has_shown_a_right_code(login):
    secret = second_factor.new_secret(login)
    second_factor.set_app(login.staff, secret, code_at(NOW, secret), NOW)

    staff = fresh(login.staff)
    assert (staff.second_factor, staff.totp_secret) == ("totp", secret)
    assert not Login.select().exists()


def test_the_code_that_set_the_app_up_opens_no_login(login):
    secret = second_factor.new_secret(login)
    second_factor.set_app(login.staff, secret, code_at(NOW, secret), NOW)

    with pytest.raises(FactorRefused, match="vừa dùng"):
        give(login.staff, code_at(NOW, secret))


def test_a_wrong_code_sets_nothing_up(login):
    with pytest.raises(FactorRefused, match="đồng hồ"):
        second_factor.set_app(login.staff, second_factor.new_secret(login), wrong_code(), NOW)

    assert (fresh(login.staff).second_factor, Login.select().count()) == ("", 1)


# --- printed codes ---------------------------------------------------------------------------------------------------


def test_each_printed_code_opens_once(with_codes):
    head, codes = with_codes
    for number, code in enumerate(codes, 1):
        give(head, code, NOW + DAY * number)

    assert second_factor.codes_left(head, NOW) == 0
    for code in codes:
        with pytest.raises(FactorRefused):
            give(head, code, NOW + DAY * 30)


def test_a_used_code_says_when_it_was_used(with_codes):
    head, codes = with_codes
    give(head, codes[0])

    with pytest.raises(FactorRefused, match="đã dùng lúc 9 giờ, ngày 23/11/2026"):
        give(head, codes[0], NOW + DAY)


def test_a_new_sheet_makes_the_old_one_void(with_codes):
    head, old = with_codes
    new = second_factor.print_codes(head, NOW + MINUTE)

    with pytest.raises(FactorRefused, match="tờ cũ"):
        give(head, old[0], NOW + MINUTE)
    give(head, new[0], NOW + MINUTE)


def test_anothers_code_is_a_wrong_code_and_stays_unused(with_codes):
    _, codes = with_codes
    other = make_staff("village_head", "other", second_factor="codes")

    with pytest.raises(FactorRefused, match=second_factor.WRONG_CODE):
        give(other, codes[0])
    assert not OneTimeCode.select().where(OneTimeCode.used_at.is_null(False)).exists()


def test_of_two_who_send_one_printed_code_at_the_same_moment_one_gets_in(with_codes):
    head, codes = with_codes
    answers = at_once(*[lambda: give(head, codes[0])] * 4)

    assert sorted(type(answer).__name__ for answer in answers) == ["FactorRefused"] * 3 + ["NoneType"]


def test_a_printed_code_opens_beside_an_app_too(with_app):
    code = second_factor.print_codes(with_app, NOW)[0]

    give(with_app, code)
    give(with_app, code_at(NOW))


def test_codes_count_as_the_factor_once_one_was_typed_which_uses_it_up(login):
    codes = second_factor.print_codes(login.staff, NOW)
    assert fresh(login.staff).second_factor == ""

    second_factor.set_codes(login.staff, codes[4], NOW)

    assert (fresh(login.staff).second_factor, second_factor.codes_left(login.staff, NOW)) == ("codes", 9)


def test_a_code_that_is_not_on_the_sheet_sets_nothing_up(login):
    second_factor.print_codes(login.staff, NOW)

    with pytest.raises(FactorRefused):
        second_factor.set_codes(login.staff, new_receipt_code(), NOW)
    assert (fresh(login.staff).second_factor, second_factor.codes_left(login.staff, NOW)) == ("", 10)


def test_who_has_three_codes_left_is_running_out_and_who_has_an_app_is_not(with_codes, with_app):
    head, codes = with_codes
    for code in codes[:6]:
        give(head, code)
    assert not second_factor.is_running_out(head, NOW)
    give(head, codes[6])

    assert second_factor.is_running_out(head, NOW)
    assert not second_factor.is_running_out(with_app, NOW)


# --- guessing --------------------------------------------------------------------------------------------------------


def fail(staff: Staff, times: int, now: datetime = NOW, **more) -> None:
    for _ in range(times):
        with pytest.raises(FactorRefused):
            give(staff, wrong_code(), now, **more)


def test_after_ten_wrong_codes_even_the_right_one_waits_and_the_wait_grows(with_app):
    fail(with_app, 10)

    with pytest.raises(TooManyTries, match="Chờ 1 phút"):
        give(with_app, code_at(NOW))
    fail(with_app, 1, NOW + MINUTE)
    with pytest.raises(TooManyTries, match="Chờ 2 phút"):
        give(with_app, code_at(NOW + MINUTE), NOW + MINUTE)
    give(with_app, code_at(NOW + 3 * MINUTE), NOW + 3 * MINUTE)


def test_many_guesses_sent_at_the_same_moment_get_ten_tries(with_app):
    answers = at_once(*[lambda: give(with_app, wrong_code())] * 16)

    assert sorted(type(answer).__name__ for answer in answers) == ["FactorRefused"] * 10 + ["TooManyTries"] * 6


def test_logging_in_again_from_another_address_brings_no_new_tries(with_app):
    fail(with_app, 5)
    fail(with_app, 5, address="14.160.9.9")

    with pytest.raises(TooManyTries):
        give(with_app, code_at(NOW), address="27.72.1.1")


def test_a_stranger_who_uses_up_the_tries_leaves_the_known_device_its_own(with_app):
    fail(with_app, 10)

    give(with_app, code_at(NOW), is_known=True)


def test_known_devices_have_no_more_tries_than_a_stranger(with_app):
    fail(with_app, 10, is_known=True)

    with pytest.raises(TooManyTries):
        give(with_app, code_at(NOW), is_known=True)


def test_a_code_used_before_counts_as_a_wrong_one(with_codes):
    head, codes = with_codes
    give(head, codes[0])
    for _ in range(10):
        with pytest.raises(FactorRefused):
            give(head, codes[0])

    with pytest.raises(TooManyTries):
        give(head, codes[1])


# --- starting again --------------------------------------------------------------------------------------------------


def test_after_forgetting_neither_app_nor_paper_opens(with_app):
    code = second_factor.print_codes(with_app, NOW)[0]
    second_factor.forget(with_app, NOW)

    for given in (code, code_at(NOW)):
        with pytest.raises(FactorRefused):
            give(with_app, given)
    assert second_factor.next_step(fresh(with_app), True) == "set_factor"

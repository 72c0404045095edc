"""The slip: what is on it, for how long it can be printed, and what becomes of the one before."""

from datetime import UTC, datetime, timedelta

import pytest
from stage import make_account, make_staff
from together import at_once

import chores
from database import db
from models import AccountEvent, Message, OneTimeCode, Slip
from rules import WrongInput, accounts, one_time, recovery, slips

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
KEY, OTHER_KEY = "a" * 32, "b" * 32
HOME = "113.160.5.77"
NEW_PASSWORD = "ba tieng xa nhau"


@pytest.fixture
def newcomer(app):
    """An account that the commune opened and nobody has activated."""
    return make_account(password_hash="", email="")


@pytest.fixture
def slip(newcomer, officer):
    return slips.make_slip(newcomer, officer, NOW, KEY)


def codes_of(slip) -> list[str]:
    return [slip.codes["activation"], *slip.codes["recovery"]]


def code_of(account, code, kind="recovery", now=NOW):
    return recovery.check_code(account.id_number, code, (kind,), HOME, "", now)


def test_a_slip_has_a_code_to_activate_and_eight_to_recover(slip):
    kinds = [one_time.find(code, "activation", "recovery").kind for code in codes_of(slip)]

    assert kinds == ["activation"] + ["recovery"] * 8
    assert len(set(codes_of(slip))) == 9


def test_the_activation_code_is_good_for_thirty_days_and_the_others_for_ever(slip):
    activation, recovery_code = (one_time.find(code, "activation", "recovery") for code in codes_of(slip)[:2])

    assert activation.is_open(NOW + 30 * DAY - MINUTE) and not activation.is_open(NOW + 30 * DAY)
    assert recovery_code.is_open(NOW + 9000 * DAY)


def test_the_owner_of_the_slip_activates_and_later_recovers(newcomer, slip):
    recovery.set_password(code_of(newcomer, slip.codes["activation"], "activation"), NEW_PASSWORD, NOW)
    assert accounts.check_citizen(newcomer.id_number, NEW_PASSWORD, HOME, "", NOW) == newcomer

    recovery.set_password(code_of(newcomer, slip.codes["recovery"][7]), "mot cau khac han", NOW)
    assert accounts.check_citizen(newcomer.id_number, "mot cau khac han", HOME, "", NOW) == newcomer


def test_a_used_code_says_when_it_was_used(newcomer, slip):
    recovery.set_password(code_of(newcomer, slip.codes["activation"], "activation"), NEW_PASSWORD, NOW)

    with pytest.raises(WrongInput, match="Mã này đã dùng lúc 9 giờ, ngày 23/11/2026"):
        code_of(newcomer, slip.codes["activation"], "activation", NOW + DAY)


def test_the_database_keeps_no_code_readable(slip):
    rows = [db.execute_sql(f"SELECT * FROM {table}").fetchall() for table in ("slip", "one_time_code")]
    kept = str([[bytes(v) if isinstance(v, memoryview) else v for v in row] for table in rows for row in table])

    assert [code for code in codes_of(slip) if code in kept] == []


def test_the_same_form_twice_makes_one_slip(newcomer, officer, slip):
    assert slips.make_slip(newcomer, officer, NOW + MINUTE, KEY) == slip
    assert OneTimeCode.select().count() == 9 and OneTimeCode.get(OneTimeCode.kind == "activation").is_open(NOW)


def test_the_same_form_at_the_same_moment_makes_one_slip_whose_codes_are_good(newcomer, officer):
    made = at_once(*[lambda: slips.make_slip(newcomer, officer, NOW, KEY)] * 3)

    assert {slip.id for slip in made} == {Slip.get().id}
    codes = [one_time.find(code, "activation", "recovery") for code in codes_of(Slip.get())]
    assert all(code.is_open(NOW) for code in codes)


def test_a_new_slip_voids_the_codes_of_the_one_before_and_hides_them(newcomer, officer, slip):
    old = codes_of(slip)
    new = slips.make_slip(newcomer, officer, NOW + MINUTE, OTHER_KEY)

    assert not any(one_time.find(code, "activation", "recovery").is_open(NOW) for code in old)
    assert all(one_time.find(code, "activation", "recovery").is_open(NOW) for code in codes_of(new))
    assert Slip.get_by_id(slip.id).codes is None
    with pytest.raises(WrongInput, match="Mã này của phiếu cũ"):
        code_of(newcomer, old[0], "activation")


def test_the_first_slip_is_part_of_opening_and_a_second_stands_in_the_log(newcomer, officer, slip):
    assert AccountEvent.select().count() == 0

    slips.make_slip(newcomer, officer, NOW, OTHER_KEY)

    (event,) = AccountEvent.select()
    assert (event.name, event.staff) == ("slip printed", officer)


def test_of_an_account_in_use_nobody_prints_codes_alone(account, officer):
    with pytest.raises(WrongInput, match="cần một người khác đồng ý"):
        slips.make_slip(account, officer, NOW, KEY)

    assert (Slip.select().count(), OneTimeCode.select().count()) == (0, 0)


def test_a_slip_agreed_by_two_has_recovery_codes_alone_and_the_owner_is_told(account, officer):
    slip = slips.new_slip(account, officer, NOW, KEY, second="Lãnh đạo")

    assert slip.codes["activation"] is None and len(slip.codes["recovery"]) == 8
    assert (AccountEvent.get().name, AccountEvent.get().second_name) == ("slip printed", "Lãnh đạo")
    letter = Message.get()
    assert letter.recipient == account.email and account.id_number not in letter.body
    assert not any(code in letter.body for code in slip.codes["recovery"])


@pytest.mark.parametrize(("later", "is_printable"), [
    (timedelta(0), True), (29 * MINUTE, True), (30 * MINUTE, False), (DAY, False), (-5 * MINUTE, True), (-DAY, False),
])  # fmt: skip
def test_a_slip_can_be_printed_for_half_an_hour(slip, officer, later, is_printable):
    assert slips.is_printable(slip, NOW + later) is is_printable
    assert (slips.printable_slips(officer, NOW + later) == [slip]) is is_printable


def test_a_slip_is_its_makers_alone(slip, officer):
    other = make_staff("leader")

    assert slips.slip_of_maker(slip.id, officer) == slip
    assert slips.slip_of_maker(slip.id, other) is None and slips.printable_slips(other, NOW) == []


def test_the_sweep_forgets_the_codes_of_slips_no_longer_printable_and_no_others(app, newcomer, officer, slip):
    young = slips.make_slip(make_account(password_hash=""), officer, NOW + 20 * MINUTE, OTHER_KEY)

    chores.sweep(app.extensions["files"], NOW + 31 * MINUTE)

    assert Slip.get_by_id(slip.id).codes is None and Slip.get_by_id(young.id).codes == young.codes
    assert code_of(newcomer, slip.codes["activation"], "activation"), "the codes themselves stay good"

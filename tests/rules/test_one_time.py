"""Secrets good for one use: each opens once, its kind and its owner alone, and the tables do not hold it."""

from datetime import UTC, datetime, timedelta

import pytest
from peewee import IntegrityError
from stage import make_account, make_staff
from together import at_once

from models import OneTimeCode
from rules import one_time
from rules.dossier_codes import CodeFault, show_receipt_code

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def owner(app):
    return make_account()


@pytest.fixture
def code(owner):
    """The row of one open recovery code."""
    return one_time.find(one_time.make_codes("recovery", owner, 1, NOW)[0], "recovery")


# --- making ----------------------------------------------------------------------------------------------------------


def test_a_slip_has_eight_different_codes_of_twelve_symbols(owner):
    codes = one_time.make_codes("recovery", owner, 8, NOW)

    assert len(set(codes)) == 8
    assert [one_time.read_typed(show_receipt_code(code)) for code in codes] == codes
    assert one_time.count_open("recovery", owner, NOW) == 8


def test_a_link_has_32_random_bytes(owner):
    tokens = {one_time.make_link_token("reset_link", owner, NOW, HOUR) for _ in range(5)}

    assert {len(token) for token in tokens} == {43} and len(tokens) == 5


def test_the_table_holds_no_secret(owner):
    code, token = one_time.make_codes("recovery", owner, 1, NOW)[0], one_time.make_link_token("new_email", owner, NOW, HOUR)

    kept = str(list(OneTimeCode.select().dicts()))
    assert code not in kept and token not in kept


def test_a_link_may_carry_what_it_is_about(owner):
    token = one_time.make_link_token("new_email", owner, NOW, HOUR, payload={"email": "moi@example.vn"})

    found = one_time.find(token, "new_email")
    assert (found.account, found.payload) == (owner, {"email": "moi@example.vn"})


def test_staff_have_codes_of_their_own(owner):
    officer = make_staff("village_head")
    (code,) = one_time.make_codes("staff_factor", officer, 1, NOW)

    assert one_time.find(code, "staff_factor").staff == officer
    assert one_time.count_open("staff_factor", officer, NOW) == 1
    assert one_time.count_open("staff_factor", owner, NOW) == 0


def test_two_rows_never_have_the_same_secret(owner, monkeypatch):
    monkeypatch.setattr(one_time, "new_receipt_code", lambda: "7K3MQ9TDRWMT")
    one_time.make_codes("recovery", owner, 1, NOW)

    with pytest.raises(IntegrityError):
        one_time.make_codes("activation", make_account(), 1, NOW)
    assert OneTimeCode.get().account == owner


# --- a newer one -----------------------------------------------------------------------------------------------------


def test_new_codes_take_the_place_of_the_open_ones_of_their_kind_and_person(owner):
    neighbour = make_account()
    old, others = one_time.make_codes("recovery", owner, 2, NOW), one_time.make_codes("recovery", neighbour, 1, NOW)
    (activation,) = one_time.make_codes("activation", owner, 1, NOW)
    one_time.use(one_time.find(old[0], "recovery"), NOW)

    new = one_time.make_codes("recovery", owner, 2, NOW + HOUR)
    used, gone = (one_time.find(code, "recovery") for code in old)
    assert (used.used_at, used.voided_at) == (NOW, None), "a code keeps saying when it was used"
    assert gone.voided_at == NOW + HOUR
    assert all(one_time.find(code, "recovery").is_open(NOW + HOUR) for code in [*new, *others])
    assert one_time.find(activation, "activation").is_open(NOW + HOUR)


def test_a_new_link_ends_the_one_before(owner):
    first, second = (one_time.make_link_token("reset_link", owner, NOW, HOUR) for _ in range(2))

    assert not one_time.find(first, "reset_link").is_open(NOW)
    assert one_time.find(second, "reset_link").is_open(NOW)


# --- finding ---------------------------------------------------------------------------------------------------------


def test_a_secret_is_found_by_its_own_kind_alone(owner):
    (code,) = one_time.make_codes("recovery", owner, 1, NOW)

    assert one_time.find(code, "desk_reset", "recovery").account == owner
    assert one_time.find(code, "activation") is None
    assert one_time.find(code) is None


@pytest.mark.parametrize("secret", ["", "7K3MQ9TDRWMT", "x" * 43, "\x00", "ơ̆" * 5000])
def test_a_secret_nobody_made_finds_nothing(owner, secret):
    one_time.make_codes("recovery", owner, 8, NOW)

    assert one_time.find(secret, "recovery") is None


# --- using -----------------------------------------------------------------------------------------------------------


def test_a_code_is_used_once(code):
    assert one_time.use(code, NOW)
    assert not one_time.use(code, NOW + HOUR)
    assert OneTimeCode.get().used_at == NOW
    assert one_time.count_open("recovery", code.account, NOW) == 0


def test_of_many_who_use_it_at_the_same_moment_one_does(code):
    use = lambda: one_time.use(code, NOW)  # noqa: E731

    assert sorted(at_once(use, use, use, use, use, use)) == [False] * 5 + [True]


def test_a_code_voided_meanwhile_is_used_no_more(code):
    one_time.void("recovery", code.account, NOW)

    assert not one_time.use(code, NOW)
    assert OneTimeCode.get().used_at is None


def test_using_one_leaves_the_others(owner):
    codes = one_time.make_codes("recovery", owner, 8, NOW)
    one_time.use(one_time.find(codes[3], "recovery"), NOW)

    assert one_time.count_open("recovery", owner, NOW) == 7


@pytest.mark.parametrize("later, is_open", [(HOUR - MINUTE, True), (HOUR, False), (400 * 24 * HOUR, False)])
def test_a_secret_with_an_end_is_open_until_then(owner, later, is_open):
    token = one_time.make_link_token("reset_link", owner, NOW, HOUR)

    assert one_time.find(token, "reset_link").is_open(NOW + later) == is_open
    assert one_time.count_open("reset_link", owner, NOW + later) == is_open


def test_a_code_on_a_slip_does_not_grow_old(code):
    assert code.expires_at is None
    assert code.is_open(NOW + 4000 * 24 * HOUR)


# --- what is typed ---------------------------------------------------------------------------------------------------


def test_a_typed_code_is_read_from_paper_and_a_slip_of_the_finger_named(owner):
    (code,) = one_time.make_codes("recovery", owner, 1, NOW)
    wrong = code[:5] + ("2" if code[5] != "2" else "3") + code[6:]

    assert one_time.read_typed(f" {show_receipt_code(code).lower()} ") == code
    with pytest.raises(CodeFault) as fault:
        one_time.read_typed(wrong)
    assert fault.value.groups == (2,)

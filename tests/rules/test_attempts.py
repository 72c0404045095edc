"""How often one may try in vain: counted, slowed down, never locked out for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from together import at_once

from models import Attempts
from rules import attempts
from rules.attempts import (
    LOGIN_BY_ADDRESS,
    LOGIN_BY_PERSON,
    LOOKUP_BY_ADDRESS,
    MAIL_BY_PERSON,
    Limit,
    TooManyTries,
    address_group,
)

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SMALL = Limit("small", 3, timedelta(minutes=15))


def fail(times: int, now=NOW, who="a", limit=SMALL) -> None:
    for _ in range(times):
        attempts.count_failure(limit, who, now)


def wait(now=NOW, who="a", limit=SMALL) -> timedelta:
    """How long `who` has to wait."""
    try:
        attempts.refuse_if_blocked(limit, who, now)
    except TooManyTries as refusal:
        return refusal.until - now
    return timedelta(0)


@pytest.mark.parametrize(
    "limit, failures, window",
    [
        (LOGIN_BY_PERSON, 10, 15 * MINUTE),
        (LOGIN_BY_ADDRESS, 200, 15 * MINUTE),
        (LOOKUP_BY_ADDRESS, 20, 10 * MINUTE),
        (MAIL_BY_PERSON, 3, HOUR),
    ],
)
def test_the_limits_are_those_of_the_requirements(limit, failures, window):
    assert (limit.failures, limit.window, limit.longest_wait) == (failures, window, HOUR)


def test_one_less_than_the_limit_is_still_free(app):
    fail(2)

    assert wait() == timedelta(0)


def test_the_limit_makes_one_wait_a_minute(app):
    fail(3)

    assert wait() == MINUTE
    assert wait(NOW + MINUTE) == timedelta(0)


def test_waits_double_up_to_an_hour_and_no_further(app):
    now, waits = NOW, []
    fail(2)
    for _ in range(9):
        fail(1, now)
        waits.append(wait(now) // MINUTE)
        now += wait(now)

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_great_many_failures_make_no_number_too_large(app):
    assert SMALL.wait_after(10_000) == HOUR


def test_after_the_window_counting_begins_anew(app):
    fail(2)
    fail(2, NOW + 15 * MINUTE)

    assert wait(NOW + 15 * MINUTE) == timedelta(0)
    assert Attempts.get().failures == 2


def test_people_are_counted_apart_and_so_are_purposes(app):
    fail(3, who="a")

    assert wait(who="b") == timedelta(0)
    assert wait(who="a", limit=LOGIN_BY_PERSON) == timedelta(0)


def test_what_is_forgotten_counts_no_more(app):
    fail(3)
    attempts.forget(SMALL, "a")

    assert wait() == timedelta(0)
    assert Attempts.select().count() == 0


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=400), -2 * HOUR])
def test_a_clock_that_jumps_locks_nobody_out(app, jump):
    fail(3)

    assert wait(NOW + jump) == timedelta(0)


def test_after_a_jump_back_counting_goes_on(app):
    fail(3)
    fail(3, NOW - timedelta(days=400))

    assert wait(NOW - timedelta(days=400)) == MINUTE


def test_failures_at_the_same_moment_are_all_counted(app):
    assert at_once(*[lambda: fail(5)] * 6) == [None] * 6

    assert Attempts.get().failures == 30


@pytest.mark.parametrize("seconds, said", [(1, "1 phút"), (60, "1 phút"), (61, "2 phút"), (3600, "60 phút")])
def test_the_refusal_says_how_many_minutes_to_wait(seconds, said):
    assert f"Chờ {said} rồi" in str(TooManyTries(NOW + timedelta(seconds=seconds), NOW))


@pytest.mark.parametrize(
    "address, group",
    [
        ("113.160.5.77", "113.160.5.0/24"),
        ("2001:ee0:4141:7::1", "2001:ee0:4141::/48"),
        ("", "unknown"),
        ("not an address", "unknown"),
        ("1.2.3.4, 5.6.7.8", "unknown"),
    ],
)
def test_an_address_counts_with_its_neighbours(address, group):
    assert address_group(address) == group


def test_the_sweep_takes_yesterdays_counts_and_leaves_todays(app):
    fail(1, NOW - timedelta(days=1, seconds=1), who="old")
    fail(1, NOW - timedelta(hours=23), who="new")

    attempts.sweep(NOW)
    assert [row.key for row in Attempts.select()] == ["small:new"]


def test_the_sweep_frees_nobody_who_still_has_to_wait(app):
    now = NOW
    while now < NOW + timedelta(hours=25):
        fail(1, now)
        now += max(wait(now), MINUTE)
    fail(1, now)

    attempts.sweep(now)
    assert wait(now) == HOUR


def test_a_count_and_its_forgetting_at_the_same_moment_break_nothing(app):
    for _ in range(20):
        fail(1)
        done = at_once(*[lambda: attempts.count_failure(SMALL, "a", NOW), lambda: attempts.forget(SMALL, "a")] * 2)
        assert done == [None] * 4

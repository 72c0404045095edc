"""Ratings: once, after the result, read in totals that name nobody."""

from datetime import date

import pytest
from stage import make_account
from together import at_once

from database import utc_now
from models import Dossier, Rating, State
from rules import ratings

MONTH = date(2026, 11, 1)


def returned(dossier: Dossier) -> Dossier:
    Dossier.update(state=State.RETURNED).where(Dossier.id == dossier.id).execute()
    return Dossier.get_by_id(dossier.id)


@pytest.mark.parametrize("state", State)
def test_it_is_rated_when_the_result_is_in_hand(dossier, state):
    dossier.state = state
    assert ratings.may_be_rated(dossier) == (state is State.RETURNED)
    dossier.delivery = "online"
    assert ratings.may_be_rated(dossier) == (state in (State.RETURNED, State.DONE))


def test_before_that_nothing_is_kept(dossier):
    assert ratings.rate(dossier, 3, utc_now()) is None and not Rating.select().exists()


def test_the_first_tap_counts(dossier):
    there = returned(dossier)
    ratings.rate(there, 3, utc_now())
    ratings.rate(there, 1, utc_now())

    assert [rating.score for rating in Rating.select()] == [3]


def test_two_taps_at_the_same_moment_are_one(dossier):
    there = returned(dossier)
    ends = at_once(*[lambda: ratings.rate(Dossier.get_by_id(there.id), 2, utc_now())] * 3)

    assert [type(end) for end in ends] == [Rating] * 3 and Rating.select().count() == 1


@pytest.mark.parametrize("score", [0, 4, -1])
def test_there_are_three_scores(dossier, score):
    assert ratings.rate(returned(dossier), score, utc_now()) is None


def test_words_are_added_once(dossier):
    rating = ratings.rate(returned(dossier), 3, utc_now())
    ratings.add_words(rating, "Nhanh")
    ratings.add_words(rating, "Chậm")

    assert Rating.get().words == "Nhanh"


def given(account, submit, scores):
    dossiers = [submit(account) for _ in scores]
    now = utc_now()
    return [Rating.create(dossier=d, score=s, words=f"lời {s}", given_at=now) for d, s in zip(dossiers, scores, strict=True)]


def test_fewer_than_five_are_not_shown_nor_their_words(account, submit):
    given(account, submit, [3, 3, 3, 1])
    month = ratings.month_of("H21.129", utc_now().date().replace(day=1))

    assert month.counts == {3: None, 2: None, 1: None} and month.words == []


def test_five_are_shown_and_no_count_can_be_found_by_subtraction(account, submit):
    given(account, submit, [3, 3, 3, 3, 3, 1])
    month = ratings.month_of("H21.129", utc_now().date().replace(day=1))

    assert month.counts == {3: 5, 2: None, 1: None} and len(month.words) == 6


def test_another_office_and_another_month_count_for_themselves(submit, dossier):
    given(make_account(), submit, [3] * 5)

    assert ratings.month_of("H21.121", utc_now().date().replace(day=1)).counts[3] is None
    assert ratings.month_of("H21.129", date(2020, 1, 1)).counts[3] is None


def test_the_year_ends_and_begins():
    assert ratings.next_month(date(2026, 12, 1)) == date(2027, 1, 1)
    assert ratings.month_before(date(2026, 1, 1)) == date(2025, 12, 1)

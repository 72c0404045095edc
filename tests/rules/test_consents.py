"""Consent: given and taken back purpose by purpose, written down with its words and its time, and respected."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace as with_other
from stage import PASSWORD, make_account
from together import at_once

from models import Account, AccountEvent, Consent, Message
from rules import WrongInput, accounts, consents
from rules.accounts import Applicant

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NUMBER = "064090888001"


@pytest.fixture
def texts(library):
    return library.consents


@pytest.fixture
def newcomer(account):
    """Somebody who has agreed to nothing yet."""
    Consent.delete().execute()
    return account


def rows() -> list[tuple]:
    return [(consent.purpose, consent.version, consent.withdrawn_at) for consent in Consent.select().order_by(Consent.id)]


def log() -> list[tuple[str, str]]:
    return [(event.name, event.subject) for event in AccountEvent.select().order_by(AccountEvent.id)]


# --- giving ----------------------------------------------------------------------------------------------------------


def test_a_consent_is_kept_with_its_words_and_its_time_and_stands_in_the_owners_log(newcomer, texts):
    consents.give(newcomer, texts["notices"], NOW)

    (consent,) = consents.current(newcomer).values()
    assert (consent.purpose, consent.version, consent.given_at, consent.read_by) == ("notices", "1", NOW, None)
    assert log() == [("consent given", "Báo tin về hồ sơ của bạn")]
    assert consents.has(newcomer, "notices") and not consents.has(newcomer, "documents")


def test_given_twice_is_given_once(newcomer, texts):
    consents.give(newcomer, texts["notices"], NOW)
    consents.give(newcomer, texts["notices"], NOW + HOUR)

    assert Consent.get().given_at == NOW
    assert len(log()) == 1


def test_two_taps_at_the_same_moment_give_it_once(newcomer, texts):
    tap = lambda: consents.give(newcomer, texts["documents"], NOW)  # noqa: E731

    assert at_once(tap, tap, tap, tap) == [None] * 4
    assert len(rows()) == len(log()) == 1


def test_read_aloud_it_names_who_read_it(newcomer, texts, officer):
    consents.give(newcomer, texts["account"], NOW, read_by=officer)

    assert consents.current(newcomer)["account"].read_by == officer
    assert AccountEvent.get().actor_name == officer.full_name


def test_new_words_take_the_place_of_the_old_which_stay_on_record(newcomer, texts):
    consents.give(newcomer, texts["notices"], NOW)
    consents.give(newcomer, with_other(texts["notices"], version="2"), NOW + HOUR)

    assert rows() == [("notices", "1", NOW + HOUR), ("notices", "2", None)]
    assert consents.current(newcomer)["notices"].version == "2"


def test_one_persons_consent_is_nobody_elses(newcomer, texts):
    neighbour = make_account("Siu Blĕo")
    Consent.delete().execute()
    consents.give(newcomer, texts["notices"], NOW)

    assert not consents.has(neighbour, "notices") and consents.current(neighbour) == {}


# --- taking back -----------------------------------------------------------------------------------------------------


def test_taken_back_it_is_in_force_no_more_and_stays_on_record(newcomer, texts):
    consents.give(newcomer, texts["notices"], NOW)
    consents.withdraw(newcomer, texts["notices"], NOW + HOUR)
    consents.withdraw(newcomer, texts["notices"], NOW + 2 * HOUR)

    assert not consents.has(newcomer, "notices")
    assert rows() == [("notices", "1", NOW + HOUR)]
    assert [name for name, _ in log()] == ["consent given", "consent withdrawn"]


def test_what_was_taken_back_can_be_given_again(newcomer, texts):
    consents.give(newcomer, texts["notices"], NOW)
    consents.withdraw(newcomer, texts["notices"], NOW + HOUR)
    consents.give(newcomer, texts["notices"], NOW + 2 * HOUR)

    assert consents.has(newcomer, "notices")
    assert rows() == [("notices", "1", NOW + HOUR), ("notices", "1", None)]


def test_the_account_itself_is_not_taken_back_but_deleted(newcomer, texts):
    consents.give(newcomer, texts["account"], NOW)

    with pytest.raises(WrongInput, match="xin xoá tài khoản"):
        consents.withdraw(newcomer, texts["account"], NOW)
    assert consents.has(newcomer, "account")


def test_withdrawing_leaves_the_neighbours_alone(newcomer, texts):
    neighbour = make_account("Siu Blĕo")
    consents.withdraw(newcomer, texts["notices"], NOW)

    assert consents.has(neighbour, "notices")


# --- what it decides -------------------------------------------------------------------------------------------------


def test_who_agreed_to_letters_is_told_of_the_dossier(account, submit):
    submit(account)

    assert [letter.recipient for letter in Message.select()] == [account.email]


def test_without_consent_no_letter_about_a_dossier_leaves(account, submit, texts):
    consents.withdraw(account, texts["notices"], NOW)

    assert submit(account).code
    assert Message.select().count() == 0


# --- registering -----------------------------------------------------------------------------------------------------

HLAN = Applicant("citizen", NUMBER, "Rơ Châm H'Lan", date(1990, 7, 5), "Thôn 6", "+84912345678", "hlan@example.vn", PASSWORD)


@pytest.fixture
def register(app, texts):
    """Somebody registers and confirms an hour later."""

    def send(email: str) -> Account:
        tokens: list[str] = []
        applicant = replace(HLAN, email=email, consents=consents.asked_at_registration(texts, email))
        code = accounts.register(applicant, lambda token: tokens.append(token) or token, "113.160.5.77", NOW)
        found = accounts.find_registration_of_code(NUMBER, code, NOW) if code else accounts.find_registration(tokens[0], NOW)
        return accounts.confirm(found, NOW + HOUR)

    return send


@pytest.mark.parametrize("email, purposes", [("hlan@example.vn", {"account", "notices"}), ("", {"account"})])
def test_registering_agrees_to_what_the_page_said(register, email, purposes):
    given = consents.current(register(email))

    assert set(given) == purposes
    assert {(consent.version, consent.given_at) for consent in given.values()} == {("1", NOW)}


def test_the_words_are_those_of_the_page_and_not_those_of_the_day_of_confirming(register, texts, monkeypatch):
    shown = consents.asked_at_registration(texts, "")
    monkeypatch.setitem(texts, "account", with_other(texts["account"], version="2"))
    token: list[str] = []
    accounts.register(replace(HLAN, consents=shown), lambda new: token.append(new) or new, "113.160.5.77", NOW)

    account = accounts.confirm(accounts.find_registration(token[0], NOW), NOW)
    assert consents.current(account)["account"].version == "1"


def test_confirming_twice_agrees_once(register):
    register("hlan@example.vn")

    assert [name for name, _ in log()] == ["account made", "consent given", "consent given"]

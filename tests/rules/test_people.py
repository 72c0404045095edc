"""A person at the desk: found for a purpose, given an account, the paper seen, the newer number added."""

import ast
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage import PASSWORD, PROJECT, make_account, make_staff
from together import at_once

from database import db
from models import Account, AccountEvent, Consent, IdNumber, OneTimeCode, Slip
from rules import WrongInput, accounts, attempts, one_time, people, recovery
from rules.accounts import Applicant
from rules.people import Newcomer, NumberTaken

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CMND, CCCD = "231234567", "064090555001"
BLEO = Newcomer("064090777001", "Siu Blĕo", date(1990, 7, 5), "Thôn 2", "+84912345678")
KEY = "a" * 32


@pytest.fixture
def head(app):
    """The head of Thôn 6, where the account of the tests is from."""
    return make_staff("village_head", village="Thôn 6")


@pytest.fixture
def old_account(app):
    """Somebody known by the CMND of before."""
    return make_account(id_number=CMND)


@pytest.fixture
def open_account(officer, library):
    def make(newcomer=BLEO, by=None, form_key=KEY, now=NOW):
        return people.open_account(newcomer, [library.consents["account"]], by or officer, "Mở tài khoản", now, form_key)

    return make


def log_of(account) -> list[str]:
    return [event.name for event in AccountEvent.select().where(AccountEvent.account == account.id).order_by(AccountEvent.id)]


def check(number, password=PASSWORD):
    return accounts.check_citizen(number, password, "113.160.5.77", "", NOW)


# --- finding, and the half hour --------------------------------------------------------------------------------------


def test_opening_an_account_stands_in_the_owners_log_with_who_and_why(account, officer):
    people.open_for(account, officer, "Đặt lại mật khẩu", NOW)

    (event,) = AccountEvent.select()
    assert (event.name, event.staff, event.actor_name, event.purpose, event.at) == (
        "account opened", officer, officer.full_name, "Đặt lại mật khẩu", NOW,
    )  # fmt: skip


def test_the_same_search_sent_twice_is_one_opening_and_a_new_purpose_another(account, officer):
    people.open_for(account, officer, "Đặt lại mật khẩu", NOW)
    people.open_for(account, officer, "Đặt lại mật khẩu", NOW + MINUTE)
    people.open_for(account, officer, "Xem giấy tờ thật", NOW + MINUTE)

    assert AccountEvent.select().count() == 2


@pytest.mark.parametrize(
    ("later", "is_open"),
    [(timedelta(0), True), (29 * MINUTE, True), (31 * MINUTE, False), (DAY, False), (-5 * MINUTE, True), (-DAY, False)],
)
def test_the_page_of_a_person_is_open_for_half_an_hour_whatever_the_clock_does(account, officer, later, is_open):
    people.open_for(account, officer, "Xem giấy tờ thật", NOW)

    assert (people.opened_account(account.ref, officer, NOW + later) == account) is is_open


def test_what_one_has_opened_is_not_open_to_another(account, officer):
    people.open_for(account, officer, "Xem giấy tờ thật", NOW)

    assert people.opened_account(account.ref, make_staff("leader"), NOW) is None


@pytest.mark.parametrize("role", ["culture", "postal_clerk", "administrator"])
def test_who_helps_nobody_finds_nobody(account, role):
    assert people.find_person(account.id_number, make_staff(role)) is None


def test_a_village_head_finds_the_people_of_her_village_alone(head, account):
    elsewhere = make_account(id_number=CCCD, village="Thôn 7")

    assert people.find_person(account.id_number, head) == account
    assert people.find_person(elsewhere.id_number, head) is None


def test_a_head_of_no_village_finds_nobody_even_of_no_village(app):
    nowhere = make_account(village="")

    assert people.find_person(nowhere.id_number, make_staff("village_head")) is None


def test_an_account_that_moved_out_of_the_village_is_closed_to_its_head(head, account):
    people.open_for(account, head, "Xem giấy tờ thật", NOW)
    Account.update(village="Thôn 7").execute()

    assert people.opened_account(account.ref, head, NOW) is None


@pytest.mark.parametrize("fate", ["closed", "merged"])
def test_an_account_that_is_no_more_is_found_by_nobody(account, officer, fate):
    changes = {"closed_at": NOW} if fate == "closed" else {"merged_into": make_account(id_number=CCCD)}
    Account.update(changes).where(Account.id == account.id).execute()

    assert people.find_person(account.id_number, officer) is None


def test_accounts_of_one_name_and_birth_date_are_shown_as_perhaps_one_person(account):
    twin = make_account(id_number=CMND)
    make_account(id_number=CCCD, birth_date="1991-07-05")
    make_account(full_name="Siu Khác")

    assert people.possible_duplicates(account) == [twin]


# --- opening an account ----------------------------------------------------------------------------------------------


def test_a_resident_who_is_present_gets_an_account_without_a_password(open_account, officer):
    slip = open_account()

    account = Account.get()
    assert (account.full_name, account.village, account.birth_date) == ("Siu Blĕo", "Thôn 2", "1990-07-05")
    assert not account.is_activated and not account.may_log_in
    assert (account.assurance_level, account.assured_by, account.assured_at) == (2, officer, NOW)
    assert (slip.account, slip.made_by) == (account, officer)
    assert IdNumber.get().added_by == officer
    assert log_of(account) == ["account opened at desk", "consent given", "account opened"]


def test_what_was_read_aloud_is_kept_with_who_read_it(open_account, officer, library):
    open_account()

    consent = Consent.get()
    assert (consent.purpose, consent.version, consent.read_by, consent.given_at) == (
        "account", library.consents["account"].version, officer, NOW,
    )  # fmt: skip


def test_the_same_form_twice_opens_one_account_with_one_slip(open_account):
    first, second = open_account(), open_account()

    assert first == second
    assert (Account.select().count(), Slip.select().count(), OneTimeCode.select().count()) == (1, 1, 9)
    assert OneTimeCode.select().where(OneTimeCode.voided_at.is_null(False)).count() == 0


def test_the_same_form_at_the_same_moment_opens_one_account(open_account):
    slips = at_once(open_account, open_account, open_account)

    assert len({slip.id for slip in slips}) == 1
    assert (Account.select().count(), Slip.select().count(), OneTimeCode.select().count()) == (1, 1, 9)


def test_a_number_that_has_an_account_gets_no_second_one(open_account, account):
    before = [Account.select().count(), IdNumber.select().count(), AccountEvent.select().count(), Consent.select().count()]

    with pytest.raises(NumberTaken) as taken:
        open_account(replace(BLEO, id_number=account.id_number))

    assert taken.value.account == account
    assert [t.select().count() for t in (Account, IdNumber, AccountEvent, Consent)] == before
    assert Slip.select().count() == 0


def test_a_new_account_of_a_village_head_is_of_her_village(open_account, head):
    open_account(by=head)

    assert Account.get().village == "Thôn 6"


def registered_online(number=BLEO.id_number, village="Thôn 6", email="") -> str:
    """Somebody registers at home; returns the code shown, or the mailed link's token."""
    tokens = []
    applicant = Applicant("citizen", number, "Siu Blĕo", date(1990, 7, 5), village, "", email, PASSWORD)
    code = accounts.register(applicant, lambda token: tokens.append(token) or token, "113.160.5.77", NOW)
    return code or tokens[0]


def test_who_registered_without_email_is_confirmed_by_card_and_code(app, officer):
    request = accounts.find_registration_of_code(BLEO.id_number, registered_online(), NOW)
    account = people.confirm_registration(request, officer, "Xác nhận", NOW)

    fresh = Account.get()
    assert fresh == account == check(BLEO.id_number)
    assert (fresh.assurance_level, fresh.assured_by) == (2, officer)
    assert people.opened_account(account.ref, officer, NOW) == account


@pytest.mark.parametrize("email", ["", "bleo@example.vn"])
def test_an_account_made_at_the_desk_and_one_asked_for_online_are_one(open_account, email):
    secret = registered_online(email=email)
    account = open_account().account
    find = (
        accounts.find_registration if email else lambda code, now: accounts.find_registration_of_code(BLEO.id_number, code, now)
    )

    assert accounts.confirm(find(secret, NOW), NOW) is None
    assert Account.select().count() == 1
    assert not Account.get().is_activated, "nobody gets in by the mail of a stranger"
    assert Account.get() == account


def test_a_registration_whose_number_got_an_account_is_confirmed_by_nobody(open_account, officer):
    request = accounts.find_registration_of_code(BLEO.id_number, registered_online(), NOW)
    account = open_account().account

    with pytest.raises(NumberTaken) as taken:
        people.confirm_registration(request, officer, "Xác nhận", NOW)

    assert taken.value.account == account and Account.select().count() == 1


@pytest.mark.parametrize(("village", "may"), [("Thôn 6", True), ("", True), ("Thôn 7", False)])
def test_a_village_head_confirms_who_wrote_her_village_or_none(head, village, may):
    request = accounts.find_registration_of_code(BLEO.id_number, registered_online(village=village), NOW)

    assert people.may_confirm(head, request) is may
    if may:
        people.confirm_registration(request, head, "Xác nhận", NOW)
        assert Account.get().village == "Thôn 6"


# --- the paper seen --------------------------------------------------------------------------------------------------


def test_who_has_seen_the_paper_and_when_stands_in_the_account(account, officer):
    assert people.see_paper(account, officer, NOW)

    fresh = Account.get()
    assert (fresh.assurance_level, fresh.assured_by, fresh.assured_at) == (2, officer, NOW)
    assert log_of(account) == ["paper seen"]


def test_the_paper_is_seen_once_and_the_first_name_stays(account, officer):
    people.see_paper(account, officer, NOW)

    assert not people.see_paper(account, make_staff("leader"), NOW + DAY)
    assert (Account.get().assured_by, Account.get().assured_at) == (officer, NOW)
    assert log_of(account) == ["paper seen"]


def written_as(name: str, source: str) -> list:
    """What something of this name is set to in a program: as a keyword, a key of a dict, an attribute."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg == name:
            found.append(node.value)
        elif isinstance(node, ast.Dict):
            found += [value for key, value in zip(node.keys, node.values, strict=True) if getattr(key, "value", None) == name]
        elif isinstance(node, ast.Assign):
            found += [node.value for target in node.targets if isinstance(target, ast.Attribute) and target.attr == name]
    return found


def test_one_line_of_the_program_alone_can_say_that_a_paper_was_seen():
    """Elsewhere the level may only fall back to 1 (another name than the paper's)."""
    programs = [
        *PROJECT.glob("*.py"),
        *(path for room in ("rules", "views", "gateways") for path in (PROJECT / room).rglob("*.py")),
    ]
    raised = [
        path.relative_to(PROJECT).as_posix()
        for path in programs
        if not path.name.startswith("demo")  # its people are made up, and stand beside no real ones
        for value in written_as("assurance_level", path.read_text())
        if not (isinstance(value, ast.Constant) and value.value == 1)
    ]

    assert raised == ["rules/people.py"]


@pytest.mark.parametrize("line", ["make(assurance_level=2)", "x = {'assurance_level': n}", "account.assurance_level = 2"])
def test_any_other_line_would_be_seen(line):
    assert len(written_as("assurance_level", line)) == 1


def test_registering_activating_and_recovering_leave_a_person_at_ial1(app, officer):
    accounts.confirm(accounts.find_registration(registered_online(email="bleo@example.vn"), NOW), NOW)
    account = Account.get()
    (code,) = one_time.make_codes("recovery", account, 1, NOW)
    found = recovery.check_code(account.id_number, code, ("recovery",), "113.160.5.77", "", NOW)
    recovery.set_password(found, "ba tieng xa nhau", NOW)
    people.open_for(account, officer, "Hướng dẫn", NOW)
    people.add_number(make_account(id_number=CMND), CCCD, officer, NOW)

    assert {row.assurance_level for row in Account.select()} == {1}


@pytest.mark.parametrize(("needs", "level", "lacks"), [(True, 1, True), (True, 2, False), (False, 1, False), (None, 1, False)])
def test_a_procedure_says_whether_the_paper_must_have_been_seen(needs, level, lacks):
    procedure = {} if needs is None else {"needs_ial2": needs}

    assert people.lacks_assurance(Account(assurance_level=level), procedure) is lacks


# --- CMND and căn cước -----------------------------------------------------------------------------------------------


def test_both_numbers_log_in_once_the_card_was_seen(old_account, officer):
    assert people.add_number(old_account, CCCD, officer, NOW)

    assert check(CMND) == check(CCCD) == old_account
    assert Account.get().id_number == CCCD
    assert IdNumber.get(IdNumber.key == accounts.person_key(CCCD)).added_by == officer
    event = AccountEvent.get()
    assert (event.name, event.subject) == ("number added", "0640••••5001")


def test_wrong_guesses_by_either_number_are_counted_together(old_account, officer):
    people.add_number(old_account, CCCD, officer, NOW)

    for number in [CMND, CCCD] * 5:
        with pytest.raises(WrongInput):
            check(number, "sai bet")
    with pytest.raises(attempts.TooManyTries):
        check(CCCD)


def test_the_same_number_twice_is_added_once(old_account, officer):
    people.add_number(old_account, CCCD, officer, NOW)

    assert not people.add_number(old_account, CCCD, officer, NOW)
    assert len(people.numbers_of(old_account)) == 2 and AccountEvent.select().count() == 1


def test_two_cards_at_the_same_moment_are_one_card_and_a_refusal(old_account, officer):
    answers = at_once(*(lambda n=n: people.add_number(old_account, f"06409055500{n}", officer, NOW) for n in (1, 2)))

    assert {type(answer) for answer in answers} == {bool, WrongInput}
    assert len(people.numbers_of(old_account)) == 2


def test_an_account_with_a_12_digit_number_takes_no_second_one(account, officer):
    with pytest.raises(WrongInput, match="đã có số căn cước 12 số"):
        people.add_number(account, CCCD, officer, NOW)

    assert len(people.numbers_of(account)) == 1 and log_of(account) == []


def test_a_number_with_an_account_of_its_own_is_not_taken_from_it(old_account, officer):
    other = make_account(id_number=CCCD)

    with pytest.raises(NumberTaken) as taken:
        people.add_number(old_account, CCCD, officer, NOW)

    assert taken.value.account == other
    assert Account.get_by_id(old_account.id).id_number == CMND and log_of(old_account) == []
    assert check(CCCD) == other


twelve_digits = st.from_regex(r"\A[0-9]{12}\Z")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=twelve_digits)
def test_any_12_digit_number_becomes_the_accounts_own_and_the_old_one_stays(app, officer, number):
    with db.atomic() as transaction:
        account = make_account(id_number=CMND)
        people.add_number(account, number, officer, NOW)

        assert accounts.account_of_number(number) == accounts.account_of_number(CMND) == account
        assert Account.get_by_id(account.id).id_number == number
        transaction.rollback()

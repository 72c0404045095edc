"""Registering and confirming an account, finding it by any of its numbers: strangers learn nothing, twice is once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from peewee import IntegrityError
from stage import PASSWORD, make_account
from together import at_once

from models import Account, AccountEvent, Business, IdNumber, Message, Registration, Representative, Staff
from rules import WrongInput, account_log, accounts, staff
from rules.accounts import Applicant, account_of_number, confirm, find_registration, find_registration_of_code
from rules.attempts import TooManyTries
from rules.dossier_codes import new_receipt_code, read_slip_code
from rules.logins import LoginRefused
from rules.passwords import is_password

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOME = "113.160.5.77"
NUMBER = "064090888001"
OLD_NUMBER = "230123456"
HLAN = Applicant("citizen", NUMBER, "Rơ Châm H'Lan", date(1990, 7, 5), "Thôn 6", "+84912345678", "hlan@example.vn", PASSWORD)
WITHOUT_MAIL = replace(HLAN, email="")


@pytest.fixture
def links():
    """The tokens of the links that were mailed, in their order."""
    return []


@pytest.fixture
def register(app, links):
    """Somebody registers; the link's token is kept in `links`, the code for who has no e-mail is returned."""

    def send(applicant=HLAN, now=NOW, address=HOME):
        return accounts.register(
            applicant, lambda token: links.append(token) or f"http://localhost/xac-nhan/{token}", address, now
        )

    return send


@pytest.fixture
def owner(app):
    return make_account(id_number=NUMBER)


def check_citizen(number, password, address=HOME, now=NOW, device=""):
    return accounts.check_citizen(number, password, address, device, now)


@pytest.fixture
def quick(monkeypatch):
    """Passwords kept without their hash, where a test registers many."""
    monkeypatch.setattr(accounts, "hash_password", lambda password: "hash")


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


def test_the_owners_log_begins_with_the_account(register, links):
    register()
    account = confirm(find_registration(links[0], NOW), NOW)
    confirm(find_registration(links[0], NOW), NOW)

    (line,) = account_log.lines_of(account)
    assert (line.name, line.actor_kind, line.actor_name) == ("account made", "citizen", "Rơ Châm H'Lan")


@pytest.fixture
def cafe():
    """She registers for her business."""
    return replace(HLAN, kind="business", business_name="Cà phê Ia Băng", tax_code="5900189357")


def test_a_business_registers_with_its_name_and_tax_code(register, links, cafe):
    register(cafe)
    account = confirm(find_registration(links[0], NOW), NOW)

    (role,) = Representative.select()
    assert (role.account, role.accepted_at, role.ended_at) == (account, NOW, None)
    assert (role.business.name, role.business.tax_code) == ("Cà phê Ia Băng", "5900189357")


def test_confirming_a_business_twice_makes_it_once(register, links, cafe):
    register(cafe)
    for _ in range(2):
        confirm(find_registration(links[0], NOW), NOW)

    assert (Business.select().count(), Representative.select().count()) == (1, 1)


def test_a_stranger_takes_no_business_that_has_a_representative(register, links, cafe):
    register(cafe)
    register(replace(cafe, id_number="064090888002", full_name="Kẻ Khác", email="khac@example.vn"))
    first, second = (confirm(find_registration(link, NOW), NOW) for link in links)

    assert second.full_name == "Kẻ Khác", "the person's own account is made all the same"
    assert [role.account for role in Representative.select()] == [first]


def test_a_business_whose_number_was_taken_meanwhile_is_not_made(register, links, cafe, owner):
    Registration.create(
        details={"id_number": NUMBER, "full_name": "Kẻ Khác", "kind": "business", "business_name": "x", "tax_code": "1"},
        id_number_key=accounts.person_key(NUMBER), token_hash="t", expires_at=NOW + DAY,
    )  # fmt: skip

    assert confirm(Registration.get(), NOW) is None
    assert (Business.select().count(), AccountEvent.select().count(), Account.get()) == (0, 0, owner)


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


# --- without e-mail --------------------------------------------------------------------------------------------------


def test_who_has_no_mail_gets_a_code_to_take_to_the_commune_and_no_account_yet(register, links):
    code = register(WITHOUT_MAIL)

    assert read_slip_code(code) == code
    assert (letters(), links, Account.select().count()) == ([], [], 0)
    assert code not in str(list(Registration.select().dicts()))


def test_the_number_and_the_code_together_find_the_request(register):
    code = register(WITHOUT_MAIL)

    account = confirm(find_registration_of_code(NUMBER, code, NOW), NOW)
    assert (account.full_name, account.email, account.assurance_level) == ("Rơ Châm H'Lan", "", 1)
    assert check_citizen(NUMBER, PASSWORD) == account


def test_neither_another_number_nor_another_code_finds_it(register):
    code = register(WITHOUT_MAIL)

    assert find_registration_of_code("064090888002", code, NOW) is None
    assert find_registration_of_code(NUMBER, new_receipt_code(), NOW) is None
    assert find_registration(code, NOW) is None, "the code is no address"


def test_a_mailed_link_is_no_code(register, links):
    register()

    assert find_registration_of_code(NUMBER, links[0], NOW) is None


@pytest.mark.parametrize("later, opens", [(7 * DAY - MINUTE, True), (7 * DAY, False), (400 * DAY, False)])
def test_a_code_is_good_for_seven_days(register, later, opens):
    code = register(WITHOUT_MAIL)

    assert (find_registration_of_code(NUMBER, code, NOW + later) is not None) == opens


def test_a_code_makes_one_account(register):
    code = register(WITHOUT_MAIL)
    confirm(find_registration_of_code(NUMBER, code, NOW), NOW)

    assert find_registration_of_code(NUMBER, code, NOW) is None
    assert Account.select().count() == 1


def test_who_presses_twice_has_two_codes_and_either_makes_the_one_account(register):
    first, second = register(WITHOUT_MAIL), register(WITHOUT_MAIL)
    account = confirm(find_registration_of_code(NUMBER, second, NOW), NOW)

    assert confirm(find_registration_of_code(NUMBER, first, NOW), NOW) is None
    assert list(Account.select()) == [account]


def test_the_code_of_a_taken_number_is_nobodys(register, owner):
    code = register(WITHOUT_MAIL)

    assert read_slip_code(code) == code
    assert find_registration_of_code(NUMBER, code, NOW) is None
    assert Registration.select().count() == 0
    assert [letter.recipient for letter in letters()] == [owner.email], "the owner is told"
    assert Account.get() == owner and Account.get().password_hash == owner.password_hash


def test_a_number_whose_account_the_commune_opened_is_taken_too(register, links):
    waiting = make_account(id_number=NUMBER, email="", password_hash="")

    register(), register(WITHOUT_MAIL)
    assert (links, Registration.select().count()) == ([], 0)
    assert Account.get() == waiting and not Account.get().is_activated


def test_a_link_mailed_before_the_commune_opened_the_account_changes_nothing(register, links):
    register()
    waiting = make_account(id_number=NUMBER, email="", full_name="H'Lan", password_hash="")

    assert confirm(find_registration(links[0], NOW), NOW) is None
    assert (Account.get(), Account.get().full_name, Account.get().is_activated) == (waiting, "H'Lan", False)


# --- a village that registers together -------------------------------------------------------------------------------


def test_eleven_people_register_from_one_address_within_a_minute(register, quick):
    people = [replace(WITHOUT_MAIL, id_number=f"0640908881{person:02}") for person in range(11)]
    codes = [register(person, NOW + timedelta(seconds=5 * number)) for number, person in enumerate(people)]

    assert len(set(codes)) == 11
    assert Registration.select().count() == 11


def test_the_two_hundred_and_first_from_one_address_waits(register, quick):
    people = [replace(WITHOUT_MAIL, id_number=f"0640908{person:05}") for person in range(202)]
    for person in people[:200]:
        register(person, address="113.160.5.1")

    with pytest.raises(TooManyTries, match="nhiều người đăng ký cùng một lúc. Chờ 1 phút"):
        register(people[200], address="113.160.5.2")
    assert Registration.select().count() == 200
    assert register(people[200], address="14.0.0.1"), "another neighbourhood does not"
    assert register(people[201], NOW + MINUTE, "113.160.5.2")


# --- what a stranger may learn ---------------------------------------------------------------------------------------


def test_a_taken_number_looks_free_and_only_its_owner_is_told(register, links, owner):
    assert register(replace(HLAN, email="stranger@example.vn")) == ""

    assert [letter.recipient for letter in letters()] == [owner.email]
    assert links == [] and Registration.select().count() == 0
    assert Account.get() == owner and Account.get().password_hash == owner.password_hash


def test_an_owner_without_mail_is_not_told_and_nothing_breaks(register, app):
    make_account(id_number=NUMBER, email="")

    register()
    assert letters() == []


@pytest.mark.parametrize("email", ["ke@example.vn", ""], ids=["mail", "no mail"])
def test_a_taken_number_costs_as_many_hashes_as_a_free_one(register, owner, monkeypatch, email):
    hashed = []
    monkeypatch.setattr(accounts, "hash_password", lambda password: hashed.append(password) or "hash")

    register(replace(HLAN, email=email)), register(replace(HLAN, email=email, id_number="064090888002"))
    assert len(hashed) == 2


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


# --- the numbers of a person -----------------------------------------------------------------------------------------


def add_number(account, number) -> IdNumber:
    return IdNumber.create(account=account, key=accounts.person_key(number), number=number, added_at=NOW)


def test_a_new_account_is_found_by_its_number_alone(owner):
    assert account_of_number(NUMBER) == owner
    assert account_of_number("064090888002") is None
    assert [(row.number, row.added_by) for row in owner.numbers] == [(NUMBER, None)]


def test_both_numbers_of_a_person_find_the_one_account(owner):
    add_number(owner, OLD_NUMBER)

    assert account_of_number(OLD_NUMBER) == account_of_number(NUMBER) == owner
    assert check_citizen(OLD_NUMBER, PASSWORD) == check_citizen(NUMBER, PASSWORD) == owner


def test_a_number_belongs_to_one_account(owner):
    other = make_account(id_number="064090888002")

    with pytest.raises(IntegrityError):
        add_number(other, NUMBER)
    assert account_of_number(NUMBER) == owner


def test_a_taken_number_makes_no_account_and_no_half_of_one(owner):
    with pytest.raises(IntegrityError):
        make_account(id_number=NUMBER, full_name="Kẻ Khác")

    assert [account.full_name for account in Account.select()] == [owner.full_name]
    assert IdNumber.select().count() == 1


def test_of_accounts_made_for_one_number_together_one_is_made(app):
    make = lambda: make_account(id_number=NUMBER, password_hash="hash")  # noqa: E731

    made = at_once(make, make, make, make)
    assert sorted(type(one).__name__ for one in made) == ["Account", "IntegrityError", "IntegrityError", "IntegrityError"]
    assert (Account.select().count(), IdNumber.select().count()) == (1, 1)


def test_a_second_number_is_taken_for_registering_too(register, links, owner):
    add_number(owner, OLD_NUMBER)

    register(replace(HLAN, id_number=OLD_NUMBER))
    assert (links, Registration.select().count()) == ([], 0)


def test_no_number_can_be_read_in_the_table_of_numbers(owner):
    assert NUMBER not in str(list(IdNumber.select(IdNumber.key).tuples()))


def test_every_account_has_a_name_for_addresses_that_tells_nothing(app):
    refs = {make_account(id_number=f"06409088800{n}").ref for n in range(10)}

    assert len(refs) == 10 and all(len(ref) == 12 and int(ref, 16) >= 0 for ref in refs)


# --- who may not log in ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", [PASSWORD, "", " ", "hash", "None"])
def test_an_account_the_commune_opened_takes_no_password_before_it_is_activated(app, password):
    make_account(id_number=NUMBER, password_hash="")

    with pytest.raises(LoginRefused):
        check_citizen(NUMBER, password)


def test_a_merged_account_is_no_way_in(app):
    kept, gone = make_account(id_number=NUMBER), make_account(id_number="064090888002")
    Account.update(merged_into=kept).where(Account.id == gone.id).execute()

    with pytest.raises(LoginRefused):
        check_citizen("064090888002", PASSWORD)
    assert check_citizen(NUMBER, PASSWORD) == kept


def test_a_closed_account_is_no_way_in(owner):
    Account.update(closed_at=NOW).where(Account.id == owner.id).execute()

    with pytest.raises(LoginRefused):
        check_citizen(NUMBER, PASSWORD)


# --- sweeping --------------------------------------------------------------------------------------------------------


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
    return staff.add_staff(login_name, "Rơ Châm H'Lan", role, "H21.129", PASSWORD, NOW)


@pytest.mark.parametrize("role", staff.ROLES)
def test_each_role_can_be_given(app, role):
    assert Staff.get_by_id(add(role=role).id).role == role


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

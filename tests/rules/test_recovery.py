"""Getting into an account again, and the first time: each way works once, tells strangers nothing, and tells the owner."""

from datetime import UTC, datetime, timedelta

import pytest
from stage import PASSWORD, make_account, make_staff
from together import at_once

from models import Account, AccountEvent, KnownDevice, Login, Message, OneTimeCode
from rules import WrongInput, accounts, logins, one_time, recovery
from rules.attempts import TooManyTries

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NUMBER, OTHERS_NUMBER, NOBODYS_NUMBER = "064090888001", "064090888002", "064090888009"
HOME, DEVICE = "113.160.5.77", "phone"
NEW = "nui cao suoi sau"
SLIP = ("recovery", "desk_reset")


@pytest.fixture
def owner(app):
    return make_account(id_number=NUMBER, email="hlan@example.vn")


@pytest.fixture
def links():
    return []


def ask(links, number=NUMBER, now=NOW):
    recovery.ask_by_mail(number, lambda token: links.append(token) or f"http://localhost/{token}", now)


def check(number, code, kinds=SLIP, now=NOW, device=DEVICE):
    return recovery.check_code(number, code, kinds, HOME, device, now)


def refusal(*arguments, **more) -> str:
    with pytest.raises(WrongInput) as refused:
        check(*arguments, **more)
    return str(refused.value)


def opens(number, password) -> bool:
    try:
        return bool(accounts.check_citizen(number, password, HOME, "", NOW))
    except WrongInput:
        return False


def state_of(account) -> tuple:
    return Account.get_by_id(account.id).password_hash, Login.select().count(), AccountEvent.select().count()


# --- by mail ---------------------------------------------------------------------------------------------------------


def test_the_owner_gets_a_link_of_32_random_bytes_kept_only_as_a_fingerprint(owner, links):
    ask(links)

    (letter,) = Message.select()
    assert letter.recipient == "hlan@example.vn" and links[0] in letter.body
    assert len(links[0]) == 43 and links[0] not in str(OneTimeCode.select().dicts().get())


@pytest.mark.parametrize("who", ["nobody", "without e-mail", "not activated", "merged", "closed"])
def test_who_cannot_be_reached_by_mail_gets_none(app, links, who):
    other = make_account(id_number=OTHERS_NUMBER)
    changes = {"without e-mail": {"email": ""}, "not activated": {"password_hash": ""}, "merged": {"merged_into": other},
               "closed": {"closed_at": NOW}}  # fmt: skip
    if who != "nobody":
        make_account(id_number=NUMBER, **changes[who])

    ask(links)
    assert (links, Message.select().count(), OneTimeCode.select().count()) == ([], 0, 0)


def test_the_link_sets_the_password_once(owner, links):
    ask(links)
    link = recovery.find_link(links[0], NOW)

    assert recovery.set_password(link, NEW, NOW)
    assert opens(NUMBER, NEW) and not opens(NUMBER, PASSWORD)
    assert recovery.find_link(links[0], NOW) is None
    assert not recovery.set_password(link, PASSWORD, NOW)
    assert opens(NUMBER, NEW)


@pytest.mark.parametrize("later, is_good", [(59 * MINUTE, True), (60 * MINUTE, False), (DAY, False)])
def test_the_link_is_good_for_an_hour(owner, links, later, is_good):
    ask(links)

    assert bool(recovery.find_link(links[0], NOW + later)) == is_good


def test_a_new_link_takes_the_place_of_the_one_before(owner, links):
    ask(links)
    ask(links)

    assert recovery.find_link(links[0], NOW) is None
    assert recovery.find_link(links[1], NOW)


def test_three_letters_an_hour_and_no_more(owner, links):
    for _ in range(5):
        ask(links)

    assert Message.select().count() == 3
    ask(links, now=NOW + 2 * HOUR + MINUTE)
    assert Message.select().count() == 4


def test_a_strangers_asking_changes_nothing(owner, links):
    before = state_of(owner)

    ask(links)
    assert state_of(owner) == before and opens(NUMBER, PASSWORD)


# --- what every reset does -------------------------------------------------------------------------------------------


def test_a_reset_ends_every_login_and_forgets_every_device(owner, links):
    token = logins.begin_login(owner, "", NOW, is_own_phone=True)
    logins.remember_device(owner, token, NOW)
    neighbour = make_account(id_number=OTHERS_NUMBER)
    logins.begin_login(neighbour, "", NOW)
    ask(links)

    recovery.set_password(recovery.find_link(links[0], NOW), NEW, NOW)
    assert [login.account_id for login in Login.select()] == [neighbour.id]
    assert KnownDevice.select().count() == 0


def test_the_owner_is_told_by_mail_and_in_the_log(owner, links):
    ask(links)
    recovery.set_password(recovery.find_link(links[0], NOW), NEW, NOW)

    letter = Message.select().order_by(Message.id.desc()).get()
    assert (letter.recipient, letter.subject) == ("hlan@example.vn", "Mật khẩu của bạn vừa được đặt lại")
    assert NEW not in letter.body
    event = owner.log.get()
    assert (event.name, event.subject) == ("password reset", "thư điện tử")


def test_of_two_who_use_one_link_together_one_sets_the_password(owner, links):
    ask(links)
    link = recovery.find_link(links[0], NOW)

    done = at_once(lambda: recovery.set_password(link, NEW, NOW), lambda: recovery.set_password(link, "rung thong xanh mat", NOW))
    assert sorted(done) == [False, True]
    assert opens(NUMBER, NEW if done[0] else "rung thong xanh mat")


# --- codes on paper --------------------------------------------------------------------------------------------------


def test_a_code_of_the_slip_sets_the_password_and_says_later_when_it_was_used(owner):
    first, *others = one_time.make_codes("recovery", owner, 8, NOW)

    assert recovery.set_password(check(NUMBER, first), NEW, NOW)
    assert opens(NUMBER, NEW)
    assert refusal(NUMBER, first, now=NOW + DAY).startswith("Mã này đã dùng lúc 9 giờ, ngày 23/11/2026")
    assert check(NUMBER, others[0]).account == owner, "the other seven stay good"


def test_checking_a_code_uses_nothing_up(owner):
    (code,) = one_time.make_codes("recovery", owner, 1, NOW)

    assert check(NUMBER, code) == check(NUMBER, code)


def test_wrong_number_wrong_code_and_anothers_code_get_the_same_words(owner):
    (code,) = one_time.make_codes("recovery", owner, 1, NOW)
    (others,) = one_time.make_codes("recovery", make_account(id_number=OTHERS_NUMBER), 1, NOW)
    wrong = one_time.new_receipt_code()

    said = {refusal(NOBODYS_NUMBER, code), refusal(NUMBER, wrong), refusal(NUMBER, others), refusal(NOBODYS_NUMBER, wrong)}
    assert said == {recovery.WRONG_CODE}


def test_a_new_slip_takes_the_place_of_the_old_one(owner):
    (old,) = one_time.make_codes("recovery", owner, 1, NOW)
    one_time.make_codes("recovery", owner, 1, NOW)

    assert "phiếu cũ" in refusal(NUMBER, old)


def test_an_officers_code_is_good_for_its_hour(owner):
    (code,) = one_time.make_codes("desk_reset", owner, 1, NOW, HOUR)

    assert check(NUMBER, code, now=NOW + 59 * MINUTE)
    assert "hết hạn lúc" in refusal(NUMBER, code, now=NOW + 60 * MINUTE)


def test_an_officers_code_is_readable_nowhere_once_used(owner):
    (code,) = one_time.make_codes("desk_reset", owner, 1, NOW, HOUR)
    OneTimeCode.update(payload=code).execute()

    recovery.set_password(check(NUMBER, code), NEW, NOW)
    assert OneTimeCode.get().payload is None
    assert owner.log.order_by(AccountEvent.id).get().subject == "mã cán bộ cấp"


def test_after_a_reset_in_person_neither_the_old_mail_nor_the_old_slip_opens_the_account(owner, links):
    """Anybody may have registered the number with an address of their own."""
    (of_the_slip,) = one_time.make_codes("recovery", owner, 1, NOW)
    (code,) = one_time.make_codes("desk_reset", owner, 1, NOW, HOUR)
    recovery.set_password(check(NUMBER, code), NEW, NOW)

    ask(links)
    assert links == [] and Account.get().email == ""
    assert "phiếu cũ" in refusal(NUMBER, of_the_slip)
    assert "được bỏ khỏi tài khoản" in Message.get().body, "the old address is told"


@pytest.mark.parametrize("kind", ["activation", "new_email", "reset_link", "staff_factor"])
def test_a_code_of_another_kind_recovers_nothing(owner, kind):
    (code,) = one_time.make_codes(kind, owner, 1, NOW)

    assert refusal(NUMBER, code) == recovery.WRONG_CODE


def test_a_code_of_staff_opens_no_citizens_account(owner):
    (code,) = one_time.make_codes("recovery", make_staff("village_head"), 1, NOW)

    assert refusal(NUMBER, code) == recovery.WRONG_CODE


def test_the_eleventh_guess_waits_and_the_owners_phone_does_not(owner):
    (code,) = one_time.make_codes("recovery", owner, 1, NOW)
    logins.remember_device(owner, "her own", NOW)
    for _ in range(10):
        refusal(NUMBER, one_time.new_receipt_code())

    with pytest.raises(TooManyTries):
        check(NUMBER, code)
    assert check(NUMBER, code, device="her own")


def test_a_used_code_buys_no_more_guesses(owner):
    (used,) = one_time.make_codes("recovery", owner, 1, NOW)
    one_time.use(one_time.find(used, "recovery"), NOW)
    for _ in range(9):
        refusal(NUMBER, one_time.new_receipt_code())
    assert "đã dùng lúc" in refusal(NUMBER, used)
    refusal(NUMBER, one_time.new_receipt_code())

    with pytest.raises(TooManyTries):
        check(NUMBER, used)


def test_guessing_codes_does_not_stop_the_owner_from_logging_in(owner):
    for _ in range(10):
        refusal(NUMBER, one_time.new_receipt_code())

    assert opens(NUMBER, PASSWORD)


def test_after_a_long_guessing_from_one_address_it_waits(owner):
    for tried in range(200):
        refusal(f"0640907{tried:05}", one_time.new_receipt_code())

    with pytest.raises(TooManyTries):
        check("064090799999", one_time.new_receipt_code())


# --- the first time --------------------------------------------------------------------------------------------------


@pytest.fixture
def not_yet(app):
    """Opened by the commune: no e-mail, no password."""
    return make_account(id_number=NUMBER, email="", phone="", password_hash="")


def test_the_activation_code_sets_the_first_password(not_yet):
    (code,) = one_time.make_codes("activation", not_yet, 1, NOW, 30 * DAY)
    assert not opens(NUMBER, "") and not opens(NUMBER, NEW)

    recovery.set_password(check(NUMBER, code, ("activation",)), NEW, NOW)
    assert opens(NUMBER, NEW)
    assert not_yet.log.get().name == "account activated"
    assert "đã dùng lúc" in refusal(NUMBER, code, ("activation",))


def test_before_activation_a_recovery_code_sends_to_the_activation_code(not_yet):
    (code,) = one_time.make_codes("recovery", not_yet, 1, NOW)

    assert "mã kích hoạt" in refusal(NUMBER, code)


def test_a_closed_accounts_codes_open_nothing(owner):
    (code,) = one_time.make_codes("recovery", owner, 1, NOW)
    Account.update(closed_at=NOW).where(Account.id == owner.id).execute()

    with pytest.raises(WrongInput):
        check(NUMBER, code)

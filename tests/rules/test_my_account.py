"""Changes an owner makes: who is asked, what falls and what stays, who is told, and how seldom anybody can be flooded."""

from datetime import timedelta

import pytest
from stage import PASSWORD, make_account, make_staff

from database import utc_now
from models import Account, AccountEvent, KnownDevice, Login, Message, OneTimeCode
from rules import WrongInput, account_log, accounts, logins, my_account, one_time, people, recovery
from rules.account_log import label_of
from rules.passwords import is_password

HERE = "113.160.5.77"
NEW = "voi trang qua suoi"


def row(account) -> Account:
    return Account.get_by_id(account.id)


def log(account) -> list[str]:
    return [label_of(event) for event in account_log.lines_of(account)]


def told(address: str) -> list[str]:
    """The subjects of the letters to an address."""
    return [message.subject for message in Message.select().where(Message.recipient == address).order_by(Message.id)]


def assure(account) -> Account:
    people.see_paper(account, make_staff("officer"), utc_now())
    return row(account)


# --- it is really the owner ------------------------------------------------------------------------------------------


def check(account, password, now=None, device="", just_set=""):
    my_account.check_password(account, password, HERE, device, now or utc_now(), just_set)


def test_the_owners_password_is_right_and_another_is_not(account):
    check(account, PASSWORD)

    with pytest.raises(WrongInput, match="chưa đúng"):
        check(account, "khong phai mat khau")


@pytest.fixture
def quick(monkeypatch):
    """Without hashing, which takes its time on purpose."""
    monkeypatch.setattr(my_account, "is_password", lambda kept, typed: typed == PASSWORD)
    monkeypatch.setattr(logins, "is_password", lambda kept, typed: typed == PASSWORD)


def test_wrong_ones_are_counted_together_with_those_at_the_login(account, quick):
    for _ in range(5):
        with pytest.raises(WrongInput):
            check(account, "sai")
        with pytest.raises(WrongInput):
            accounts.check_citizen(account.id_number, "sai", HERE, "", utc_now())

    with pytest.raises(WrongInput, match="Chờ"):
        check(account, PASSWORD)


def test_a_right_one_forgets_the_wrong_ones_before_it(account, quick):
    for _ in range(3):
        for _ in range(9):
            with pytest.raises(WrongInput):
                check(account, "sai")
        check(account, PASSWORD)


def test_of_guesses_sent_together_those_after_the_tenth_learn_nothing(account, monkeypatch):
    def right_but_slow(*args) -> bool:
        for _ in range(10):
            logins.Guess(accounts.counted_as(account.id_number, account), account, HERE, "", utc_now()).was_wrong()
        return True

    monkeypatch.setattr(my_account, "is_password", right_but_slow)
    with pytest.raises(WrongInput, match="Chờ"):
        check(account, PASSWORD)


# --- name ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ro Cham H'Lan", "Rơ Châm H'Lan"), ("RƠ CHÂM H'LAN", "Rơ Châm H'Lan"), ("Rơ Châm H’Lan", "Rơ Châm H'Lan"),
        ("RơChâm HLan", "Rơ Châm H'Lan"), ("Dinh Đeng", "Đinh Deng"), ("Siu Ble\u0306o", "Siu Blĕo"),
    ],
)  # fmt: skip
def test_the_same_letters_are_the_same_name_spelt_another_way(one, other):
    assert my_account.is_same_spelling(one, other) and my_account.is_same_spelling(other, one)


@pytest.mark.parametrize("other", ["Rơ Châm H'Len", "Rơ Châm", "Châm Rơ H'Lan", "Rơ Châm H'Lan Anh", "Nay Khác"])
def test_another_letter_is_another_name(other):
    assert not my_account.is_same_spelling("Rơ Châm H'Lan", other)


def test_another_spelling_keeps_what_the_commune_has_seen(app):
    account = assure(make_account(full_name="Ro Cham H'Lan"))
    my_account.change_name(account, "Rơ Châm H'Lan", utc_now())

    kept = row(account)
    assert (kept.full_name, kept.assurance_level) == ("Rơ Châm H'Lan", 2)
    assert kept.assured_at and kept.assured_by


def test_another_name_falls_to_ial1_and_the_log_says_so(app):
    account = assure(make_account(full_name="Rơ Châm H'Lan"))
    my_account.change_name(account, "Nay Khác", utc_now())

    fallen = row(account)
    assert (fallen.assurance_level, fallen.assured_at, fallen.assured_by) == (1, None, None)
    assert log(account)[0] == "Đổi họ tên, trước là Rơ Châm H'Lan; mức xác minh về IAL1"


def test_back_to_the_first_name_is_not_back_to_ial2(app):
    account = assure(make_account(full_name="Rơ Châm H'Lan"))
    for name in ("Nay Khác", "Rơ Châm H'Lan"):
        my_account.change_name(row(account), name, utc_now())

    assert row(account).assurance_level == 1


# --- everything: sent again, and of others ---------------------------------------------------------------------------

CHANGES = {
    "name": lambda account, now: my_account.change_name(account, "Nay Khác", now),
    "village": lambda account, now: my_account.change_village(account, "Làng Bang", now),
    "phone": lambda account, now: my_account.change_phone(account, "+84987654321", now),
    "no phone": lambda account, now: my_account.change_phone(account, "", now),
    "e-mail asked": lambda account, now: my_account.ask_new_email(account, "moi@example.vn", str, now),
    "no e-mail": lambda account, now: my_account.drop_email(account, now),
    "password": lambda account, now: my_account.change_password(account, NEW, None, now),
    "everywhere": lambda account, now: my_account.leave_everywhere(account, now),
}


def counts() -> tuple[int, ...]:
    return tuple(table.select().count() for table in (AccountEvent, Message, OneTimeCode))


@pytest.mark.parametrize("change", [name for name in CHANGES if name != "everywhere"])
def test_the_same_change_sent_again_does_nothing_more(account, change):
    now = utc_now()
    CHANGES[change](row(account), now)
    first = counts()
    assert first[0] == 1, "it stands in the owner's log"

    CHANGES[change](row(account), now + timedelta(seconds=30))
    CHANGES[change](account, now + timedelta(seconds=60))

    assert counts() == first


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_one_changes_nothing_of_another(account, change):
    other = make_account(full_name="Nay Khác", email="khac@example.vn")
    begin_at(other, "phone of the other")
    link = one_time.make_link_token("new_email", other, utc_now(), timedelta(days=7), payload="x@example.vn")
    before = row(other).__data__, Login.select().count(), list(KnownDevice.select().tuples())

    CHANGES[change](account, utc_now())

    assert (row(other).__data__, Login.select().count(), list(KnownDevice.select().tuples())) == before
    assert log(other) == [] and told("khac@example.vn") == []
    assert one_time.find(link, "new_email").is_open(utc_now())


# --- telling the owner -----------------------------------------------------------------------------------------------


def test_a_changed_phone_is_told_by_mail_masked(account):
    my_account.change_phone(account, "+84987654321", utc_now())

    letter = Message.get()
    assert letter.recipient == account.email
    assert "09•• ••• 321" in letter.body and "654" not in letter.body


def test_a_phone_changed_back_and_forth_sends_three_letters_an_hour(account):
    now = utc_now()
    for number in range(10):
        my_account.change_phone(account, f"+8498765432{number}", now)

    assert len(told(account.email)) == 3
    my_account.change_phone(account, "", now + timedelta(hours=2))
    assert len(told(account.email)) == 4


def test_and_leaves_the_letter_about_the_password_its_own(account):
    now = utc_now()
    for number in range(10):
        my_account.change_phone(account, f"+8498765432{number}", now)
    before = len(told(account.email))

    my_account.change_password(account, NEW, None, now)

    assert len(told(account.email)) == before + 1


def test_who_has_no_address_is_told_in_the_log(app):
    account = make_account(email="")
    my_account.change_phone(account, "+84987654321", utc_now())

    assert not Message.select().exists()
    assert log(account) == ["Đổi số điện thoại"]


# --- e-mail ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def ask(account):
    """Ask for a new address; returns the link's token, or "" when no letter went."""

    def ask_for(email="moi@example.vn", now=None) -> str:
        tokens = []
        my_account.ask_new_email(row(account), email, lambda token: tokens.append(token) or token, now or utc_now())
        return tokens[0] if tokens else ""

    return ask_for


def test_a_new_address_counts_only_when_its_reader_has_confirmed(account, ask):
    token = ask()
    assert row(account).email == account.email
    assert my_account.pending_email(account, utc_now()).payload == "moi@example.vn"

    my_account.confirm_email(my_account.find_email_link(token, utc_now()), utc_now())

    assert row(account).email == "moi@example.vn"
    assert my_account.pending_email(account, utc_now()) is None


def test_the_old_address_is_told_at_once_and_again(account, ask):
    token = ask()
    assert told("moi@example.vn") == ["Xác nhận e-mail mới"]
    assert len(told(account.email)) == 1

    my_account.confirm_email(my_account.find_email_link(token, utc_now()), utc_now())

    assert len(told(account.email)) == 2
    assert told("moi@example.vn") == ["Xác nhận e-mail mới"]
    assert "moi@example.vn" not in "".join(m.body for m in Message.select().where(Message.recipient == account.email))


def test_the_letter_to_an_address_nobody_has_confirmed_says_nothing_of_the_person(account, ask):
    ask()
    body = Message.get(Message.recipient == "moi@example.vn").body

    assert account.full_name not in body and account.id_number not in body


def test_a_link_pressed_again_changes_nothing_and_still_says_it_is_done(account, ask):
    token = ask()
    link = my_account.find_email_link(token, utc_now())
    my_account.confirm_email(link, utc_now())
    my_account.drop_email(row(account), utc_now())

    my_account.confirm_email(my_account.find_email_link(token, utc_now()), utc_now())
    my_account.confirm_email(link, utc_now())

    assert row(account).email == ""
    assert my_account.find_email_link(token, utc_now()).used_at


def test_a_used_link_keeps_no_address(account, ask):
    my_account.confirm_email(my_account.find_email_link(ask(), utc_now()), utc_now())

    assert OneTimeCode.get().payload is None


def test_a_link_lasts_seven_days(ask):
    token = ask()

    assert my_account.find_email_link(token, utc_now() + timedelta(days=6, hours=23))
    assert my_account.find_email_link(token, utc_now() + timedelta(days=7, minutes=1)) is None


def test_a_newer_address_and_giving_up_the_old_one_void_the_link(account, ask):
    first = ask()
    second = ask("moi2@example.vn")
    assert my_account.find_email_link(first, utc_now()) is None

    my_account.drop_email(row(account), utc_now())

    assert my_account.find_email_link(second, utc_now()) is None


def test_a_link_of_another_kind_or_of_a_closed_account_opens_nothing(account, ask):
    reset = one_time.make_link_token("reset_link", account, utc_now(), timedelta(hours=1))
    token = ask()
    assert my_account.find_email_link(reset, utc_now()) is None

    Account.update(closed_at=utc_now()).execute()

    assert my_account.find_email_link(token, utc_now()) is None


@pytest.mark.parametrize("how", ["dropped", "changed"])
def test_a_way_back_by_the_old_address_is_closed_with_it(account, ask, how):
    reset = one_time.make_link_token("reset_link", account, utc_now(), timedelta(hours=1))

    if how == "dropped":
        my_account.drop_email(account, utc_now())
    else:
        my_account.confirm_email(my_account.find_email_link(ask(), utc_now()), utc_now())

    assert not one_time.find(reset, "reset_link").is_open(utc_now())


def test_nobody_is_flooded_with_links(account, ask):
    for number in range(3):
        ask(f"nan-nhan{number}@example.vn")

    with pytest.raises(WrongInput, match="nhiều thư"):
        ask("nan-nhan4@example.vn")
    assert Message.select().where(Message.subject == "Xác nhận e-mail mới").count() == 3
    assert len(told(account.email)) == 3


def test_one_address_gets_three_from_all_accounts_together(app):
    for number in range(5):
        account = make_account(full_name="Nay Khác", email="")
        try:
            my_account.ask_new_email(account, "Nan-Nhan@example.vn", str, utc_now())
        except WrongInput:
            assert number >= 3

    assert len(told("Nan-Nhan@example.vn")) == 3


def test_the_same_address_asked_for_later_sends_another_letter(ask):
    now = utc_now()
    first = ask(now=now)

    assert ask(now=now + timedelta(minutes=9)) == ""
    assert ask(now=now + timedelta(minutes=11)) not in ("", first)


# --- password --------------------------------------------------------------------------------------------------------


def begin_at(account, device: str, is_own_phone: bool = True) -> Login:
    token = logins.begin_login(account, device, utc_now(), is_own_phone)
    logins.remember_device(account, token, utc_now())
    return logins.find_login(token)


def test_a_new_password_ends_every_other_login_and_forgets_their_browsers(account):
    here, _ = begin_at(account, "here"), begin_at(account, "there")
    my_account.change_password(account, NEW, here, utc_now())

    assert is_password(row(account).password_hash, NEW)
    assert [login.id for login in Login.select()] == [here.id]
    assert [device.token_hash for device in KnownDevice.select()] == [here.token_hash]
    assert log(account) == ["Mật khẩu được đổi"]


def test_of_two_passwords_set_at_the_same_moment_the_second_is_refused(account):
    my_account.change_password(row(account), NEW, None, utc_now())

    with pytest.raises(WrongInput, match="ở máy khác"):
        my_account.change_password(account, "mot mat khau khac", None, utc_now())
    assert is_password(row(account).password_hash, NEW)


@pytest.mark.parametrize(
    ("kind", "is_open"), [("reset_link", False), ("desk_reset", False), ("new_email", False), ("recovery", True)]
)
def test_open_ways_to_reset_close_and_the_codes_on_paper_stay(account, kind, is_open):
    (code,) = one_time.make_codes(kind, account, 1, utc_now())
    my_account.change_password(account, NEW, None, utc_now())

    assert one_time.find(code, kind).is_open(utc_now()) == is_open


def test_whose_answer_was_lost_may_send_the_new_password_again(account):
    my_account.change_password(account, NEW, None, utc_now())

    check(row(account), PASSWORD, just_set=NEW)
    with pytest.raises(WrongInput):
        check(row(account), PASSWORD, just_set="mot mat khau khac")


def test_an_hour_later_it_is_a_wrong_password_like_any(account):
    my_account.change_password(account, NEW, None, utc_now())

    with pytest.raises(WrongInput):
        check(row(account), PASSWORD, now=utc_now() + timedelta(hours=1, minutes=1), just_set=NEW)


def test_who_has_changed_nothing_gains_no_second_guess(account):
    with pytest.raises(WrongInput):
        check(account, "sai", just_set=PASSWORD)


def test_a_password_reset_closes_the_link_to_another_address(account, ask):
    """Whoever knew the old password may have asked for it, and would have a way back by mail."""
    token = ask()
    (code,) = one_time.make_codes("recovery", account, 1, utc_now())

    assert recovery.set_password(one_time.find(code, "recovery"), NEW, utc_now())

    assert my_account.find_email_link(token, utc_now()) is None


# --- logins ----------------------------------------------------------------------------------------------------------


def test_an_ended_login_is_gone_with_its_browser(account):
    kept, ended = begin_at(account, "kept"), begin_at(account, "Opera Mini")
    assert my_account.end_login(account, ended.id, utc_now())

    assert [login.id for login in Login.select()] == [kept.id]
    assert [device.token_hash for device in KnownDevice.select()] == [kept.token_hash]
    assert log(account) == ["Cho thoát ra: Opera Mini"]


def test_nobody_ends_anothers_login(account):
    other = begin_at(make_account(full_name="Nay Khác"), "phone")

    assert not my_account.end_login(account, other.id, utc_now())
    assert Login.select().count() == 1 and log(account) == []


def test_leaving_everywhere_ends_all_and_knows_no_browser(account):
    begin_at(account, "one"), begin_at(account, "two", is_own_phone=False)
    my_account.leave_everywhere(account, utc_now())

    assert not Login.select().exists() and not KnownDevice.select().exists()
    assert log(account) == ["Thoát khỏi mọi máy"]


# --- “Ai đã xem” -----------------------------------------------------------------------------------------------------


def who_did(account, **facts) -> str:
    account_log.record(account, facts.pop("name", "account opened"), utc_now(), **facts)
    return my_account.who(my_account.log_of(account).get(), account)


def test_staff_are_named_with_what_they_are(account):
    head = make_staff("village_head", village="Thôn 6")

    assert who_did(account, by=make_staff("officer")) == "Cán bộ officer, cán bộ Một cửa"
    assert who_did(account, by=head) == "Cán bộ village_head, thôn trưởng Thôn 6"


def test_both_are_named_where_two_had_to_act(account):
    words = who_did(account, name="reset granted", by=make_staff("officer"), second="Nguyễn Văn Hai")

    assert words == "Cán bộ officer, cán bộ Một cửa, và Nguyễn Văn Hai"


def test_the_owner_is_you_also_under_an_older_name(account):
    account_log.record(account, "details changed", utc_now(), by=account, subject="thôn, làng")
    my_account.change_name(account, "Tên Mới", utc_now())

    assert {my_account.who(event, account) for event in my_account.log_of(account)} == {"Bạn"}


def test_another_citizen_is_named(account):
    assert who_did(account, name="invited", by=make_account(full_name="Nay Khác"), subject="Cà phê") == "Nay Khác"


def test_what_the_program_does_is_the_programs(account):
    assert who_did(account, name="business taken", subject="0100109106") == "Chương trình"


def test_a_log_is_its_owners_alone_and_a_dossiers_openings_that_dossiers(account, officer):
    other = make_account(full_name="Nay Khác")
    for whose, code in ((account, "A-1"), (account, "A-2"), (other, "A-1")):
        account_log.record(whose, "dossier opened", utc_now(), by=officer, subject=code)

    assert my_account.log_of(account).count() == 2
    assert [event.subject for event in my_account.openings_of(account, "A-1")] == ["A-1"]

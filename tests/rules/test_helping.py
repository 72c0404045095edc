"""Typing for somebody who agreed: who may, how one agrees, until when, and what both find of it afterwards."""

from datetime import UTC, datetime, timedelta

import pytest
from stage import BIRTH, PASSWORD, full_draft, good_answers, make_account, make_staff
from together import at_once

from database import utc_now
from models import Account, AccountEvent, Dossier, Draft, Event, Help, OneTimeCode
from rules import WrongInput, accounts, approvals, consents, data_rights, helping, one_time, people, slips, submission
from rules.attempts import TooManyTries
from rules.helping import Agreement, HelpOver
from rules.submission import content_hash

ALOUD = Agreement("aloud", witness="Siu Người Nghe")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def head(app):
    return make_staff("village_head", village="Thôn 6")


@pytest.fixture
def birth(library):
    return library.definitions[BIRTH]


@pytest.fixture
def agree(birth):
    def make(account, helper, agreement=ALOUD, form_key="a" * 32, **more):
        return helping.begin(account, helper, birth, agreement, more.pop("now", utc_now()), form_key, **more)

    return make


@pytest.fixture
def fill(app, birth):
    """A draft of the help that lacks nothing."""

    def make(help):
        draft = helping.begin_draft(help, utc_now())
        own = full_draft(app, make_account(email="", village="Thôn 6"))
        own.papers.model.update(draft=draft).where(own.papers.model.draft == own).execute()
        submission.save_page(draft, "owner", good_answers(birth), utc_now())
        return Draft.get_by_id(draft.id)

    return make


@pytest.fixture
def hand_in(birth, library):
    def send(help, draft, now=None):
        now = now or utc_now()
        seen = content_hash(draft)
        return helping.hand_in(
            help, lambda: submission.submit(draft, seen, birth, "H21.129", library.calendar, now, lambda code: code), now
        )

    return send


def names(account):
    return [event.name for event in AccountEvent.select().where(AccountEvent.account == account.id).order_by(AccountEvent.id)]


def fresh(row):
    return type(row).get_by_id(row.id)


# --- agreeing --------------------------------------------------------------------------------------------------------


def test_a_help_lasts_until_midnight_in_viet_nam(account, head, agree):
    before_midnight = datetime(2026, 11, 22, 16, 59, tzinfo=UTC)

    help = agree(account, head, now=before_midnight)

    assert help.expires_at == datetime(2026, 11, 22, 17, tzinfo=UTC)
    assert helping.help_of(help.ref, head, before_midnight) == help
    assert helping.help_of(help.ref, head, before_midnight + MINUTE) is None
    assert helping.help_of(help.ref, head, before_midnight - DAY) is None, "a clock set back opens nothing"


def test_the_same_form_again_is_the_same_help(account, head, agree):
    assert agree(account, head) == agree(account, head)
    assert agree(account, head, form_key="b" * 32) == Help.get(), "and the same work still open is gone on with"
    assert names(account) == ["help agreed"]


def test_a_code_of_the_slip_is_used_up(account, head, agree):
    first, second = one_time.make_codes("recovery", account, 2, utc_now())

    help = agree(account, head, Agreement("code", secret=first))

    assert help.agreed_by == "code" and one_time.find(first, "recovery").used_at and not one_time.find(second, "recovery").used_at
    helping.give_up(help, utc_now())
    with pytest.raises(WrongInput, match="Mã này đã dùng lúc"):
        agree(account, head, Agreement("code", secret=first), form_key="b" * 32)
    assert Help.select().count() == 1


def test_an_activation_code_agrees_to_nothing(head, agree):
    account = make_account(email="")
    (code,) = one_time.make_codes("activation", account, 1, utc_now())

    with pytest.raises(WrongInput, match="chưa đúng"):
        agree(account, head, Agreement("code", secret=code))


def test_the_code_of_somebody_else_agrees_to_nothing(account, head, agree):
    (code,) = one_time.make_codes("recovery", make_account(email=""), 1, utc_now())

    with pytest.raises(WrongInput, match="chưa đúng"):
        agree(account, head, Agreement("code", secret=code))
    assert OneTimeCode.get().used_at is None and Help.select().count() == 0


def test_ones_own_password_agrees_and_begins_no_login(account, head, agree):
    assert agree(account, head, Agreement("password", secret=PASSWORD)).agreed_by == "password"
    assert account.logins.count() == 0


@pytest.mark.parametrize("way", ["code", "password"])
def test_guessing_ends_after_ten(account, head, agree, way):
    for guess in range(10):
        with pytest.raises(WrongInput, match="chưa đúng"):
            agree(account, head, Agreement(way, secret=f"wrong {guess}"))

    with pytest.raises(TooManyTries):
        agree(account, head, Agreement(way, secret=PASSWORD))
    assert Help.select().count() == 0


def test_a_helper_who_guesses_at_many_people_is_stopped_too(head, agree):
    for guess in range(20):
        with pytest.raises(WrongInput):
            agree(make_account(email=""), head, Agreement("password", secret=f"wrong {guess}"))

    with pytest.raises(TooManyTries):
        agree(make_account(email=""), head, Agreement("password", secret=PASSWORD))


def test_numbers_are_not_tried_out(head):
    for guess in range(30):
        assert helping.find_person(f"064090{guess:06}", head, utc_now()) is None

    with pytest.raises(TooManyTries):
        helping.find_person("064090999999", head, utc_now())


@pytest.mark.parametrize("witness", ["Siu Thôn Trưởng", "SIU  thon truong", "Rơ Châm H'Lan", "Hai", "", "1234"])
def test_the_witness_is_a_third_with_a_full_name(account, head, witness):
    head.full_name = "Siu Thôn Trưởng"
    with pytest.raises(WrongInput):
        helping.read_witness(witness, account, head)


def test_another_village_cannot_be_helped(account, agree):
    other = make_staff("village_head", village="Thôn 2")

    assert helping.find_person(account.id_number, other, utc_now()) is None
    with pytest.raises(WrongInput):
        agree(account, other)
    assert Help.select().count() == 0


# --- typing and handing in -------------------------------------------------------------------------------------------


def test_a_helped_dossier_names_both(account, head, agree, fill, hand_in, letters):
    help = agree(account, head)
    draft = fill(help)
    helping.note_page(help, "Chủ hồ sơ", utc_now())
    helping.note_page(help, "Chủ hồ sơ", utc_now())

    dossier = hand_in(help, draft)

    assert (dossier.channel, dossier.helped_by, dossier.account) == ("helped", head, account)
    assert Event.get().actor_name == f"{account.full_name}, thôn trưởng {head.full_name} làm giúp"
    assert fresh(help).dossier == dossier
    assert [line.name for line in helping.what_was_done(fresh(help))] == ["help agreed", "help saved", "help submitted"]
    (letter,) = letters()
    assert letter["Subject"] == f"Đã nộp giúp bạn hồ sơ {dossier.code}" and "thôn trưởng" in letter.get_content().lower()
    assert hand_in(help, Draft.get_by_id(draft.id)) == dossier and Dossier.select().count() == 1
    assert names(account).count("help submitted") == 1


def test_no_letter_without_consent(account, library, head, agree, fill, hand_in, letters):
    consents.withdraw(account, library.consents["notices"], utc_now())
    help = agree(account, head)
    hand_in(help, fill(help))

    assert letters() == []


def test_taking_back_and_handing_in_at_once_one_wins(account, head, agree, fill, hand_in):
    help = agree(account, head)
    draft = fill(help)

    taken, dossier = at_once(lambda: helping.take_back(help, account, utc_now()), lambda: hand_in(help, draft))

    assert taken is True and isinstance(dossier, HelpOver) or taken is False and isinstance(dossier, Dossier)
    assert Dossier.select().count() == (0 if taken else 1)
    assert (fresh(help).revoked_at is not None, fresh(help).dossier_id is None) == (taken, taken)


def test_two_who_hand_in_at_once_make_one_dossier(account, head, agree, fill, hand_in):
    help = agree(account, head)
    draft = fill(help)

    one, other = at_once(lambda: hand_in(help, draft), lambda: hand_in(help, draft))

    assert one == other == Dossier.get() and names(account).count("help submitted") == 1


def test_two_helpers_at_once_each_have_their_own(account, head, officer, agree):
    one, other = at_once(lambda: agree(account, head), lambda: agree(account, officer))

    drafts = [helping.begin_draft(help, utc_now()) for help in (one, other)]
    assert one != other and drafts[0] != drafts[1] and Draft.select().count() == 2


def test_the_persons_own_draft_stays_untouched(app, account, head, agree, fill, hand_in):
    own = submission.open_or_begin_draft(account, BIRTH, utc_now())
    submission.save_page(own, "owner", {"owner": "self", "owner_name": "Bí mật"}, utc_now())
    help = agree(account, head)
    hand_in(help, fill(help))

    assert submission.open_draft(account, BIRTH) == own and fresh(own).answers == {"owner": "self", "owner_name": "Bí mật"}


def test_after_taking_back_nothing_is_held_any_more(account, head, agree):
    help = agree(account, head)
    assert helping.take_back(help, account, utc_now())

    with pytest.raises(HelpOver), helping.hold(help, utc_now()):
        pytest.fail("held")
    assert not helping.take_back(help, account, utc_now())
    assert names(account) == ["help agreed", "help taken back"]


def test_an_account_deleted_meanwhile_is_helped_no_more(account, head, agree):
    help = agree(account, head)
    data_rights.delete_account(account, utc_now())

    assert helping.help_of(help.ref, head, utc_now()) is None
    with pytest.raises(HelpOver), helping.hold(help, utc_now()):
        pytest.fail("held")


def test_an_account_merged_meanwhile_is_helped_no_more_and_its_owner_still_reads_of_it(account, head, officer, agree):
    kept = make_account(email="", village="Thôn 6")
    help = agree(account, head)
    submission.save_page(helping.begin_draft(help, utc_now()), "owner", {"owner": "self"}, utc_now())
    leader = make_staff("leader")
    approvals.grant(approvals.ask("merge", kept, officer, "Một người", utc_now(), "m", account), leader, utc_now())

    assert helping.help_of(help.ref, head, utc_now()) is None
    with pytest.raises(HelpOver), helping.hold(help, utc_now()):
        pytest.fail("held")
    assert [one.ref for one in helping.helps_of(kept)] == [help.ref]


def test_who_moved_to_another_village_is_helped_by_its_head_no_more(account, head, agree):
    help = agree(account, head)
    Account.update(village="Thôn 2").where(Account.id == account.id).execute()

    assert helping.help_of(help.ref, head, utc_now()) is None
    with pytest.raises(HelpOver), helping.hold(help, utc_now()):
        pytest.fail("held")


# --- the person's own say --------------------------------------------------------------------------------------------


def test_what_was_typed_can_be_gone_on_with(account, head, agree):
    help = agree(account, head)
    submission.save_page(helping.begin_draft(help, utc_now()), "owner", {"owner": "self"}, utc_now())
    with pytest.raises(WrongInput):
        helping.take_over(help, account, utc_now())
    helping.take_back(help, account, utc_now())

    helping.take_over(fresh(help), account, utc_now())

    assert submission.open_draft(account, BIRTH).answers == {"owner": "self"}
    assert helping.left_over(fresh(help), utc_now()) is None


def test_beside_a_draft_of_ones_own_it_is_not_taken_over(account, head, agree):
    own = submission.open_or_begin_draft(account, BIRTH, utc_now())
    help = agree(account, head)
    left = helping.begin_draft(help, utc_now())
    helping.give_up(help, utc_now())

    with pytest.raises(WrongInput, match="Bạn đang có bản nháp"):
        helping.take_over(fresh(help), account, utc_now())
    assert submission.open_draft(account, BIRTH) == own
    helping.drop_left_over(fresh(help), utc_now())
    assert [draft.id for draft in Draft.select()] == [own.id] and left.id != own.id


def test_what_two_helps_did_is_told_apart(account, head, library, agree):
    other = next(d for slug, d in library.definitions.items() if slug != BIRTH)
    birth = agree(account, head)
    death = helping.begin(account, head, other, ALOUD, utc_now(), "d" * 32)
    helping.note_page(birth, "Nơi nhận kết quả", utc_now())
    helping.note_page(death, "Giấy tờ", utc_now())

    done = [[line.subject for line in helping.what_was_done(help)] for help in (birth, death)]
    assert done == [[library.definitions[BIRTH]["title"], "Nơi nhận kết quả"], [other["title"], "Giấy tờ"]]


# --- done with one ---------------------------------------------------------------------------------------------------


def test_done_with_one_her_page_is_closed_until_she_is_looked_up_again(account, head, agree, fill, hand_in):
    helping.open_person(account, head, utc_now())
    assert helping.person_to_help(account.ref, head, utc_now())
    help = agree(account, head)
    hand_in(help, fill(help))

    helping.finish(help, utc_now())

    assert helping.help_of(help.ref, head, utc_now()) is None
    assert helping.person_to_help(account.ref, head, utc_now()) is None
    helping.open_person(account, head, utc_now())
    assert helping.person_to_help(account.ref, head, utc_now()) == account


def test_beginning_with_the_next_closes_the_one_before(account, head, agree, fill, hand_in):
    help = agree(account, head)
    hand_in(help, fill(help))
    agree(make_account(email="", village="Thôn 6"), head, form_key="c" * 32)

    assert helping.help_of(help.ref, head, utc_now()) is None


# --- at the counter --------------------------------------------------------------------------------------------------

NUMBER = "064090666001"


def enter(officer, name="Siu Đến Quầy"):
    return helping.enter_person(NUMBER, name, datetime(1990, 7, 5).date(), "Thôn 6", officer, utc_now())


def test_somebody_at_the_counter_is_entered_once(officer):
    assert enter(officer) == enter(officer, "Tên Khác") == Account.get()
    account = Account.get()
    assert (account.full_name, account.assurance_level, account.is_activated) == ("Siu Đến Quầy", 2, False)
    assert account.numbers.get().added_by == officer and consents.current(account) == {}


def test_two_who_enter_one_person_at_once_enter_her_once(officer):
    one, other = at_once(lambda: enter(officer), lambda: enter(officer))

    assert one == other == Account.get()


def test_what_was_entered_at_the_counter_is_found_by_its_owner_with_the_slip(officer, agree, fill, hand_in):
    account = enter(officer)
    help = agree(account, officer, Agreement("present"))
    dossier = hand_in(help, fill(help))
    slip = slips.make_slip(account, officer, utc_now(), "slip")

    assert (dossier.channel, dossier.helped_by) == ("counter", officer)
    assert "nhập tại quầy" in Event.get().actor_name
    assert people.find_person(NUMBER, officer) == account and slip.codes["activation"]
    assert submission.mine(account, dossier.code) == dossier


def test_who_registers_by_mail_does_not_get_at_what_was_entered_at_the_counter(officer, letters):
    account, tokens = enter(officer), []
    applicant = accounts.Applicant("citizen", NUMBER, "Kẻ Lạ", datetime(1990, 7, 5).date(), "", "", "la@example.vn", PASSWORD)
    accounts.register(applicant, lambda token: tokens.append(token) or token, "113.160.5.77", utc_now())

    assert tokens == [] and Account.select().count() == 1 and not fresh(account).is_activated and letters() == []


def test_deleting_a_merged_account_leaves_the_papers_of_a_dossier_that_was_helped(account, head, agree, fill, hand_in):
    """The help is still the merged account's; on it hangs the draft, and on that hang the papers."""
    helped = make_account("Rơ Châm H'Lan", email="", village=account.village)
    help = agree(helped, head)
    dossier = hand_in(help, fill(help))
    papers = [paper.id for paper in dossier.papers]
    Account.update(merged_into=account).where(Account.id == helped.id).execute()
    for table in (Dossier, Draft):
        table.update(account=account).where(table.account == helped.id).execute()
    now = utc_now()
    data_rights.ask_deletion(account, now)
    data_rights.carry_out_due(now + timedelta(days=8), lambda event, **facts: None)

    assert papers and [paper.id for paper in dossier.papers] == papers

"""Businesses: who acts for one, how one comes in and goes out, and whose its dossiers are."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from stage import BIRTH, PASSWORD, make_account, make_staff
from together import at_once

from database import db, is_sqlite
from models import Account, AccountEvent, Business, Dossier, Message, Representative
from rules import WrongInput, account_log, accounts, businesses, lookup, submission
from rules.accounts import Applicant
from rules.businesses import INVITATION_LASTS, MOST_ADDED, MOST_INVITATIONS, NotRepresentative
from rules.submission import FOR_BUSINESS, ContentChanged, NotReady, content_hash

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TAX_CODE, OTHER_TAX_CODE, BRANCH = "5900189357", "5900000019", "5900189357-001"


@pytest.fixture
def owner(app):
    return make_account(full_name="Siu Chủ Quán")


@pytest.fixture
def partner(app):
    return make_account(full_name="Kpă Cùng Làm", email="cung@example.vn")


@pytest.fixture
def stranger(app):
    return make_account(full_name="Nay Người Lạ", email="la@example.vn")


@pytest.fixture
def coffee(owner):
    return businesses.add(owner, "Cà phê Ia Băng", TAX_CODE, NOW)


def join(business, by, account, now=NOW) -> None:
    """`account` is invited and accepts."""
    businesses.invite(business, by, account, now)
    businesses.accept(businesses.invitation(account, business.ref, now), now)


def names_of(business) -> list[str]:
    return [person.account.full_name for person in businesses.representatives(business)]


def log_of(account) -> list[str]:
    """The account's log as its owner reads it, the oldest first."""
    return [account_log.label_of(event) for event in reversed(list(account_log.lines_of(account)))]


# --- adding one ------------------------------------------------------------------------------------------------------


def test_who_adds_a_business_acts_for_it_at_once(owner):
    business = businesses.add(owner, "Cà phê Ia Băng", TAX_CODE, NOW)

    assert [found.ref for found in businesses.mine(owner)] == [business.ref]
    assert (business.assured_at, business.assured_by) == (None, None), "nobody has seen its paper yet"
    assert log_of(owner) == ["Thêm doanh nghiệp Cà phê Ia Băng"]


def test_the_same_form_again_finds_the_same_business(owner, coffee):
    assert businesses.add(owner, "Cà phê", TAX_CODE, NOW + DAY) == coffee
    assert (Business.get().name, Representative.select().count()) == ("Cà phê Ia Băng", 1)
    assert len(log_of(owner)) == 1


def test_a_tax_code_of_others_is_not_taken_from_them(coffee, owner, stranger):
    assert businesses.add(stranger, "Của tôi", TAX_CODE, NOW) is None

    assert names_of(coffee) == [owner.full_name] and Business.get().name == "Cà phê Ia Băng"
    assert businesses.mine(stranger) == []


def test_a_branch_is_another_business_than_its_head(owner, stranger, coffee):
    assert businesses.add(stranger, "Chi nhánh", BRANCH, NOW) != coffee
    assert Business.select().count() == 2


def test_of_two_who_claim_one_tax_code_at_once_one_has_it(owner, partner, stranger):
    people = [owner, partner, stranger]
    found = at_once(*[lambda person=person: businesses.add(person, "Cà phê", TAX_CODE, NOW) for person in people])

    assert len([business for business in found if business]) == 1
    assert (Business.select().count(), Representative.select().count()) == (1, 1)


def test_one_person_takes_ten_tax_codes_at_most(owner, coffee):
    for number in range(1, MOST_ADDED):
        businesses.add(owner, "Cà phê", f"{TAX_CODE}-{number:03}", NOW)

    with pytest.raises(WrongInput, match="Bộ phận Một cửa"):
        businesses.add(owner, "Cà phê", OTHER_TAX_CODE, NOW)
    assert businesses.add(owner, "Cà phê", TAX_CODE, NOW) == coffee, "one's own is still answered"
    assert Business.select().count() == MOST_ADDED


@pytest.mark.parametrize("typed", ["", "  ", "\u200b", "a" * 201, "Cà\x00phê", "Cà\u202ephê", "Cà\ud800phê", "a" * 100_000])
def test_a_name_nobody_can_read_is_refused(typed):
    with pytest.raises(WrongInput):
        businesses.read_business_name(typed)


@pytest.mark.parametrize("typed", ["Cà phê Ia Băng", "Công ty TNHH 1 TV “H'Lan & Con” (số 2)", "a" * 200, "<b>Đậm</b>"])
def test_a_name_may_have_any_letters_one_can_see(typed):
    assert businesses.read_business_name(f"  {typed} ") == typed


# --- registering as “Doanh nghiệp” -----------------------------------------------------------------------------------

APPLICANT = Applicant(
    "business", "064090888001", "Rơ Châm H'Lan", date(1990, 7, 5), "Thôn 6", "", "h@example.vn", PASSWORD,
    business_name="Cà phê Ia Băng", tax_code=TAX_CODE,
)  # fmt: skip


@pytest.fixture
def register(app):
    """Somebody registers by mail and confirms."""

    def confirm(applicant=APPLICANT) -> Account:
        tokens = []
        accounts.register(applicant, lambda token: tokens.append(token) or token, "113.160.5.77", NOW)
        return accounts.confirm(accounts.find_registration(tokens[0], NOW), NOW)

    return confirm


def test_registering_as_a_business_makes_the_account_and_the_business(register):
    account = register()

    (business,) = businesses.mine(account)
    assert (business.name, business.tax_code) == ("Cà phê Ia Băng", TAX_CODE)
    assert log_of(account)[-1] == "Thêm doanh nghiệp Cà phê Ia Băng"
    assert businesses.taken_tax_code(account) == ""


def test_registering_with_a_tax_code_of_others_makes_the_account_alone_and_says_what_to_do(coffee, owner, register):
    account = register()

    assert businesses.mine(account) == [] and names_of(coffee) == [owner.full_name]
    assert "mang giấy đăng ký đến xã" in log_of(account)[-1] and TAX_CODE in log_of(account)[-1]
    assert businesses.taken_tax_code(account) == TAX_CODE
    assert len(log_of(owner)) == 1, "whoever has it is not bothered"


def test_the_advice_goes_when_the_person_is_let_in(coffee, owner, register):
    account = register()
    join(coffee, owner, account)

    assert businesses.taken_tax_code(account) == ""


def test_two_who_register_one_tax_code_at_once_have_two_accounts_and_one_business(app):
    tokens = []
    for applicant in (APPLICANT, replace(APPLICANT, id_number="064090888002", email="k@example.vn")):
        accounts.register(applicant, lambda token: tokens.append(token) or token, "113.160.5.77", NOW)
    requests = [accounts.find_registration(token, NOW) for token in tokens]

    people = at_once(*[lambda request=request: accounts.confirm(request, NOW) for request in requests])

    assert Account.select().count() == 2
    assert sorted(len(businesses.mine(account)) for account in people) == [0, 1]
    assert sorted(businesses.taken_tax_code(account) for account in people) == ["", TAX_CODE]


# --- for whom one acts -----------------------------------------------------------------------------------------------


def test_a_business_is_its_representatives_alone(coffee, owner, stranger):
    assert businesses.one_of_mine(owner, coffee.ref) == coffee
    assert businesses.one_of_mine(stranger, coffee.ref) is None
    assert businesses.one_of_mine(owner, "0" * 12) is None


def test_who_is_only_invited_does_not_act(coffee, owner, partner):
    businesses.invite(coffee, owner, partner, NOW)

    assert businesses.mine(partner) == [] and businesses.one_of_mine(partner, coffee.ref) is None
    assert names_of(coffee) == [owner.full_name]


def test_who_has_ended_does_not_act(coffee, owner, partner):
    join(coffee, owner, partner)
    businesses.end(coffee, partner.ref, owner, NOW)

    assert businesses.mine(partner) == [] and businesses.one_of_mine(partner, coffee.ref) is None


# --- invitations -----------------------------------------------------------------------------------------------------


def test_who_accepts_an_invitation_acts_and_all_read_of_it(coffee, owner, partner):
    businesses.invite(coffee, owner, partner, NOW)
    (waiting,) = businesses.invitations(partner, NOW)
    assert (waiting.business, waiting.added_by_name) == (coffee, owner.full_name)

    assert businesses.accept(waiting, NOW + DAY)
    assert names_of(coffee) == [owner.full_name, partner.full_name]
    assert businesses.invitations(partner, NOW + DAY) == []
    assert log_of(partner) == [
        "Được mời đại diện cho Cà phê Ia Băng",
        "Đổi người đại diện: Cà phê Ia Băng, thêm Kpă Cùng Làm",
    ]
    assert log_of(owner)[-1] == "Đổi người đại diện: Cà phê Ia Băng, thêm Kpă Cùng Làm"


def test_accepting_twice_is_accepting_once(coffee, owner, partner):
    businesses.invite(coffee, owner, partner, NOW)
    waiting = businesses.invitation(partner, coffee.ref, NOW)
    answers = at_once(*[lambda: businesses.accept(Representative.get_by_id(waiting.id), NOW)] * 3)

    assert sorted(answers) == [False, False, True]
    assert len(log_of(partner)) == 2


def test_who_declines_does_not_act_and_can_be_invited_again(coffee, owner, partner):
    businesses.invite(coffee, owner, partner, NOW)
    businesses.decline(businesses.invitation(partner, coffee.ref, NOW), NOW)
    assert businesses.invitations(partner, NOW) == [] and names_of(coffee) == [owner.full_name]

    join(coffee, owner, partner)
    assert names_of(coffee) == [owner.full_name, partner.full_name]


def test_a_declined_invitation_cannot_be_accepted_after_all(coffee, owner, partner):
    businesses.invite(coffee, owner, partner, NOW)
    waiting = businesses.invitation(partner, coffee.ref, NOW)
    businesses.decline(waiting, NOW)

    assert not businesses.accept(waiting, NOW)
    assert names_of(coffee) == [owner.full_name]


@pytest.mark.parametrize("later, is_open", [(INVITATION_LASTS - MINUTE, True), (INVITATION_LASTS, False)])
def test_an_invitation_waits_for_fourteen_days(coffee, owner, partner, later, is_open):
    businesses.invite(coffee, owner, partner, NOW)

    assert (businesses.invitation(partner, coffee.ref, NOW + later) is not None) == is_open


def test_who_let_one_run_out_can_be_invited_again(coffee, owner, partner):
    businesses.invite(coffee, owner, partner, NOW)
    businesses.invite(coffee, owner, partner, NOW + INVITATION_LASTS + MINUTE)

    assert businesses.invitation(partner, coffee.ref, NOW + INVITATION_LASTS + DAY)


def test_two_invitations_of_one_person_are_one(coffee, owner, partner, stranger):
    join(coffee, owner, partner)
    at_once(*[lambda by=by: businesses.invite(coffee, by, stranger, NOW) for by in (owner, partner)])

    assert len(businesses.invited(coffee, NOW)) == 1
    assert log_of(stranger) == ["Được mời đại diện cho Cà phê Ia Băng"]


def test_inviting_who_acts_already_changes_nothing(coffee, owner, partner):
    join(coffee, owner, partner)
    before = Representative.select().count()
    businesses.invite(coffee, owner, partner, NOW)
    businesses.invite(coffee, owner, owner, NOW)

    assert Representative.select().count() == before
    assert businesses.invitations(partner, NOW) == []


def test_a_number_without_an_account_leaves_the_same_traces_for_who_invites(coffee, owner, partner):
    businesses.invite(coffee, owner, partner, NOW)
    businesses.invite(coffee, owner, None, NOW)

    first, second = log_of(owner)[1:]
    assert first == second == "Đổi người đại diện: Cà phê Ia Băng, có lời mời mới"
    assert Message.select().count() == 0, "nobody's mail is filled with a stranger's words"


@pytest.mark.parametrize("gone", ["merged_into", "closed_at"])
def test_an_account_that_is_no_more_gets_no_invitation(coffee, owner, partner, stranger, gone):
    setattr(partner, gone, stranger if gone == "merged_into" else NOW)
    partner.save()
    businesses.invite(coffee, owner, Account.get_by_id(partner.id), NOW)

    assert businesses.invited(coffee, NOW) == []


@pytest.mark.parametrize("has_account", [True, False])
def test_five_invitations_a_day_whether_or_not_there_are_such_people(coffee, owner, partner, has_account):
    invite = lambda now: businesses.invite(coffee, owner, partner if has_account else None, now)  # noqa: E731
    for minute in range(5):
        invite(NOW + minute * MINUTE)

    with pytest.raises(WrongInput, match="Bạn đã mời 5 lần trong một ngày"):
        invite(NOW + 6 * MINUTE)
    invite(NOW + DAY + 10 * MINUTE)


def test_five_invitations_wait_at_most_and_a_newer_one_takes_the_oldest_place(coffee, owner):
    people = [make_account(full_name=f"Người {number}") for number in range(MOST_INVITATIONS + 2)]
    for number, account in enumerate(people):
        businesses.invite(coffee, owner, account, NOW + max(0, number - 4) * timedelta(hours=25))

    waiting = [row.account.full_name for row in businesses.invited(coffee, NOW + 3 * DAY)]
    assert waiting == [f"Người {number}" for number in range(2, MOST_INVITATIONS + 2)]
    assert businesses.invitation(people[0], coffee.ref, NOW + 3 * DAY) is None


def test_withdrawn_invitations_open_nothing(coffee, owner, partner):
    businesses.invite(coffee, owner, partner, NOW)
    waiting = businesses.invitation(partner, coffee.ref, NOW)
    businesses.withdraw_invitations(coffee, owner, NOW)

    assert not businesses.accept(waiting, NOW)
    assert businesses.invitations(partner, NOW) == [] and names_of(coffee) == [owner.full_name]


def test_a_stranger_neither_invites_nor_withdraws_nor_removes(coffee, owner, partner, stranger):
    businesses.invite(coffee, owner, partner, NOW)
    for act in (
        lambda: businesses.invite(coffee, stranger, stranger, NOW),
        lambda: businesses.withdraw_invitations(coffee, stranger, NOW),
        lambda: businesses.end(coffee, owner.ref, stranger, NOW),
        lambda: businesses.invite(coffee, partner, stranger, NOW),  # only invited
    ):
        with pytest.raises(NotRepresentative):
            act()

    assert names_of(coffee) == [owner.full_name] and len(businesses.invited(coffee, NOW)) == 1


def test_invitations_that_came_to_nothing_are_forgotten_and_people_are_not(coffee, owner, partner, stranger):
    join(coffee, owner, partner)
    businesses.end(coffee, partner.ref, owner, NOW)
    businesses.invite(coffee, owner, stranger, NOW)

    businesses.sweep(NOW + 29 * DAY)
    assert Representative.select().count() == 3
    businesses.sweep(NOW + 31 * DAY)
    assert Representative.select().where(Representative.accepted_at.is_null()).count() == 0
    assert Representative.select().count() == 2


# --- leaving ---------------------------------------------------------------------------------------------------------


def test_one_removes_another_and_both_read_of_it(coffee, owner, partner):
    join(coffee, owner, partner)
    assert businesses.end(coffee, owner.ref, partner, NOW + DAY) == owner

    assert names_of(coffee) == [partner.full_name]
    assert log_of(owner)[-1] == log_of(partner)[-1] == "Đổi người đại diện: Cà phê Ia Băng, thôi Siu Chủ Quán"
    assert account_log.lines_of(owner).first().actor_name == partner.full_name


def test_ending_twice_is_ending_once(coffee, owner, partner):
    join(coffee, owner, partner)
    businesses.end(coffee, partner.ref, owner, NOW)
    before = AccountEvent.select().count()

    assert businesses.end(coffee, partner.ref, owner, NOW) is None
    assert AccountEvent.select().count() == before


def test_whoever_a_removed_person_invited_is_not_let_in(coffee, owner, partner, stranger):
    join(coffee, owner, partner)
    businesses.invite(coffee, partner, stranger, NOW)
    businesses.end(coffee, partner.ref, owner, NOW)

    assert businesses.invitations(stranger, NOW) == []


def test_the_last_one_may_go_and_the_business_stays(coffee, owner, partner):
    businesses.invite(coffee, owner, partner, NOW)
    businesses.end(coffee, owner.ref, owner, NOW)

    assert names_of(coffee) == [] and Business.get() == coffee
    assert businesses.accept(businesses.invitation(partner, coffee.ref, NOW), NOW), "whom the last one invited may come"


def test_of_two_who_remove_each_other_at_once_one_stays(coffee, owner, partner):
    join(coffee, owner, partner)
    answers = at_once(
        lambda: businesses.end(coffee, partner.ref, owner, NOW), lambda: businesses.end(coffee, owner.ref, partner, NOW)
    )

    assert len(names_of(coffee)) == 1
    assert {type(answer) for answer in answers} == {Account, NotRepresentative}


def test_who_left_can_come_back(coffee, owner, partner):
    join(coffee, owner, partner)
    businesses.end(coffee, partner.ref, partner, NOW)
    join(coffee, owner, partner, NOW + DAY)

    assert names_of(coffee) == [owner.full_name, partner.full_name]
    assert Representative.select().where(Representative.account == partner.id).count() == 2


# --- the desk --------------------------------------------------------------------------------------------------------


def test_the_desk_appoints_who_is_present_and_all_read_of_it(coffee, owner, partner, officer):
    businesses.appoint(coffee, partner, officer, NOW)

    assert names_of(coffee) == [owner.full_name, partner.full_name]
    assert log_of(owner)[-1] == log_of(partner)[-1] == "Đổi người đại diện: Cà phê Ia Băng, thêm Kpă Cùng Làm"
    assert account_log.lines_of(partner).first().actor_name == officer.full_name


def test_appointing_answers_the_invitation_and_is_done_once(coffee, owner, partner, officer):
    businesses.invite(coffee, owner, partner, NOW)
    at_once(*[lambda: businesses.appoint(coffee, partner, officer, NOW)] * 3)

    assert names_of(coffee) == [owner.full_name, partner.full_name]
    assert businesses.invitations(partner, NOW) == []


def test_the_desk_gives_a_business_without_people_a_new_one(coffee, owner, partner, officer):
    businesses.end(coffee, owner.ref, owner, NOW)
    businesses.appoint(coffee, partner, officer, NOW)

    assert names_of(coffee) == [partner.full_name]


def test_the_desk_removes_one_with_a_reason_that_all_read(coffee, owner, partner, officer):
    join(coffee, owner, partner)
    businesses.end(coffee, owner.ref, officer, NOW, "Không có tên trong giấy đăng ký")

    assert names_of(coffee) == [partner.full_name]
    for account in (owner, partner):
        event = account_log.lines_of(account).first()
        assert (event.staff, event.purpose) == (officer, "Không có tên trong giấy đăng ký")


def test_an_officer_whose_row_has_a_citizens_number_is_not_that_citizen(coffee, owner, partner):
    join(coffee, owner, partner)
    businesses.invite(coffee, owner, make_account(full_name="Được mời"), NOW)
    businesses.end(coffee, owner.ref, make_staff("officer", id=owner.id), NOW, "không có trong giấy")

    assert businesses.invited(coffee, NOW) == [], "removed by another, not gone by oneself"


def test_a_paper_seen_is_kept_with_who_and_when_and_the_name_on_it(coffee, owner, officer):
    businesses.note_paper(coffee, "Công ty TNHH Cà phê Ia Băng", officer, NOW)

    fresh = Business.get()
    assert (fresh.name, fresh.assured_by, fresh.assured_at) == ("Công ty TNHH Cà phê Ia Băng", officer, NOW)
    assert log_of(owner)[-1] == "Xã xem giấy đăng ký của Công ty TNHH Cà phê Ia Băng"


def test_the_same_paper_seen_again_changes_nothing(coffee, owner, officer):
    businesses.note_paper(coffee, "Cà phê Ia Băng", officer, NOW)
    businesses.note_paper(coffee, "Cà phê Ia Băng", make_staff("officer", "officer-2"), NOW + DAY)

    assert (Business.get().assured_by, Business.get().assured_at) == (officer, NOW)
    assert len(log_of(owner)) == 2


def test_each_representative_reads_who_opened_the_business_and_why_once_an_opening(coffee, owner, partner, officer):
    join(coffee, owner, partner)
    for minute in (0, 5, 29, 31):
        businesses.note_opening(coffee, officer, "xem giấy đăng ký", NOW + minute * MINUTE)

    for account in (owner, partner):
        lines = [event for event in account_log.lines_of(account) if event.name == "business opened"]
        assert [(line.actor_name, line.purpose) for line in lines] == [(officer.full_name, "xem giấy đăng ký")] * 2


# --- its dossiers ----------------------------------------------------------------------------------------------------


@pytest.fixture
def send(library):
    def press(draft, seen=None):
        return submission.submit(
            draft,
            seen or content_hash(draft),
            library.definitions[draft.procedure_slug],
            "H21.129",
            library.calendar,
            NOW,
            lambda code: f"http://localhost/tra-cuu?ma={code}",
        )

    return press


@pytest.fixture
def draft_for(make_draft):
    """A complete draft of a person for a business."""

    def make(account, business, slug=BIRTH):
        draft = make_draft(account, slug)
        submission.save_page(draft, "owner", {"owner": FOR_BUSINESS + business.ref}, NOW)
        return submission.open_draft(account, slug)

    return make


@pytest.fixture
def dossier(coffee, owner, draft_for, send):
    """Submitted by the owner for the business."""
    return send(draft_for(owner, coffee))


def test_a_dossier_for_a_business_is_the_businesss(dossier, coffee, owner):
    kept = Dossier.get_by_id(dossier.id)

    assert (kept.business, kept.account, kept.owner_name) == (coffee, owner, "Cà phê Ia Băng")


@pytest.mark.parametrize("tax_code", [TAX_CODE, BRANCH])
def test_its_lookup_asks_for_the_last_digits_of_the_ten(owner, draft_for, send, tax_code):
    dossier = send(draft_for(owner, businesses.add(owner, "Cà phê", tax_code, NOW)))

    assert lookup.find_by_codes(dossier.code, "9357").id == dossier.id
    assert lookup.find_by_codes(dossier.code, owner.id_number[-4:]) is None
    assert lookup.find_by_codes(dossier.code, "-001") is None


def test_the_letter_names_the_business(dossier):
    assert f"Cho doanh nghiệp: Cà phê Ia Băng, mã số thuế {TAX_CODE}\n" in Message.get().body


def test_every_representative_finds_it_and_nobody_else(dossier, coffee, owner, partner, stranger):
    join(coffee, owner, partner)
    businesses.invite(coffee, owner, stranger, NOW)

    assert submission.mine(owner, dossier.code) == submission.mine(partner, dossier.code) == dossier
    assert list(submission.all_mine(partner)) == list(submission.all_mine(owner)) == [dossier]
    assert submission.mine(stranger, dossier.code) is None and list(submission.all_mine(stranger)) == []
    assert businesses.people_behind(dossier) == [owner.id, partner.id]


def test_who_submitted_it_and_then_left_sees_it_no_more(dossier, coffee, owner, partner):
    join(coffee, owner, partner)
    businesses.end(coffee, owner.ref, partner, NOW)

    assert submission.mine(owner, dossier.code) is None and list(submission.all_mine(owner)) == []
    assert submission.mine(partner, dossier.code) == dossier


def test_ones_own_dossiers_stay_ones_own(dossier, coffee, owner, partner, make_draft, send):
    own = send(make_draft(owner))
    join(coffee, owner, partner)

    assert submission.mine(partner, own.code) is None
    assert list(submission.all_mine(owner)) == [own, dossier] and list(submission.all_mine(partner)) == [dossier]
    assert businesses.people_behind(own) == [owner.id]


@pytest.mark.parametrize("answer", [
    FOR_BUSINESS, FOR_BUSINESS + "0" * 12, "business", FOR_BUSINESS + "x" * 4000, FOR_BUSINESS + "\x00", FOR_BUSINESS + "\ud800",
])  # fmt: skip
def test_a_business_that_is_not_mine_is_a_gap_and_nothing_is_submitted(coffee, owner, make_draft, send, library, answer):
    draft = make_draft(owner)
    submission.save_page(draft, "owner", {"owner": answer}, NOW)
    spoilt = submission.open_draft(owner, BIRTH)

    assert submission.gaps(spoilt, library.definitions[BIRTH], date(2026, 11, 23)) == ["owner"]
    with pytest.raises(NotReady):
        send(spoilt)
    assert not Dossier.select().exists()


@pytest.mark.parametrize("who", ["nobody to it", "only invited"])
def test_a_draft_for_a_business_of_others_is_not_submitted(coffee, owner, stranger, draft_for, send, who):
    if who == "only invited":
        businesses.invite(coffee, owner, stranger, NOW)

    with pytest.raises(NotReady):
        send(draft_for(stranger, coffee))
    assert not Dossier.select().exists()


def test_a_draft_of_who_has_left_cannot_be_submitted_and_is_not_lost(coffee, owner, partner, draft_for, send, library):
    join(coffee, owner, partner)
    draft = draft_for(partner, coffee)
    seen, answers = content_hash(draft), draft.answers
    businesses.end(coffee, partner.ref, owner, NOW)

    with pytest.raises(NotReady):
        send(draft, seen)
    kept = submission.open_draft(partner, BIRTH)
    assert kept.answers == answers and not Dossier.select().exists()
    assert submission.gaps(kept, library.definitions[BIRTH], date(2026, 11, 23)) == ["owner"]
    assert "Chọn lại chủ hồ sơ" in submission.owner_faults(kept.answers, businesses.mine(partner))["owner"]


def test_who_leaves_while_the_gaps_are_looked_for_submits_nothing(coffee, owner, draft_for, send, monkeypatch):
    draft = draft_for(owner, coffee)
    monkeypatch.setattr(submission, "gaps", lambda *args: businesses.end(coffee, owner.ref, owner, NOW) and [])

    with pytest.raises(NotReady):
        send(draft)
    assert not Dossier.select().exists()


def test_the_same_form_sent_again_is_the_same_dossier_of_the_business(coffee, owner, draft_for, send):
    draft = draft_for(owner, coffee)
    seen = content_hash(draft)
    first = send(draft, seen)

    assert send(draft, seen) == first
    with pytest.raises(ContentChanged):
        send(draft, "another hash")
    assert Dossier.select().count() == 1


def test_finding_a_dossier_goes_by_its_code_however_many_there_are(dossier, owner):
    assert submission.mine(owner, dossier.code) == dossier
    sql = submission.dossier_of_mine._written[db.param][0]
    with db.atomic():
        if not is_sqlite():
            db.execute_sql("SET LOCAL enable_seqscan = off")  # a table of one row is read whole otherwise
        explain = "EXPLAIN QUERY PLAN " if is_sqlite() else "EXPLAIN "
        plan = str(db.execute_sql(explain + sql, (dossier.code, owner.id, owner.id)).fetchall())

    assert "dossier_code" in plan

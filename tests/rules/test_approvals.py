"""What takes two: a reset in person, a new slip, a merge and its undoing. Never the same person twice."""

from datetime import UTC, datetime, timedelta

import pytest
from stage import BIRTH, PASSWORD, make_account, make_staff
from together import at_once

import chores
from models import (
    TABLES,
    Account,
    AccountEvent,
    Approval,
    Business,
    Dossier,
    Draft,
    IdNumber,
    Login,
    Message,
    OneTimeCode,
    PersonalDocument,
    Representative,
    Slip,
)
from rules import accounts, approvals, businesses, logins, one_time, recovery, submission
from rules.approvals import ApprovalRefused
from rules.logins import LoginRefused

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HOME = "113.160.5.77"
CMND, CCCD = "231234567", "064090555001"
OTHER_PASSWORD = "nui cao suoi sau"
KEY = "a" * 32


@pytest.fixture
def leader(app):
    return make_staff("leader")


@pytest.fixture
def head(app):
    return make_staff("village_head", village="Thôn 6")


def ask(kind, account, by, other=None, now=NOW, key=KEY):
    return approvals.ask(kind, account, by, "Quên mật khẩu", now, key, other)


def fresh(row):
    return type(row).get_by_id(row.id)


def check(number, password):
    return accounts.check_citizen(number, password, HOME, "", NOW)


def log_of(account) -> list[tuple]:
    found = AccountEvent.select().where(AccountEvent.account == account.id).order_by(AccountEvent.id)
    return [(event.name, event.actor_name, event.second_name) for event in found]


def everything(*but) -> dict[str, list[dict]]:
    """Every row of every table as its values, sealed ones opened; the tables of `but` left out."""
    return {
        table.__name__: list(table.select().order_by(table._meta.primary_key).dicts()) for table in TABLES if table not in but
    }


# --- asking ----------------------------------------------------------------------------------------------------------


def test_a_request_waits_for_a_day_and_stands_in_the_owners_log(account, officer):
    approval = ask("reset", account, officer)

    assert (approval.asked_by, approval.expires_at, approval.decided_at) == (officer, NOW + 24 * HOUR, None)
    assert log_of(account) == [("reset asked", officer.full_name, "")]


def test_the_same_form_twice_asks_once(account, officer):
    assert ask("reset", account, officer) == ask("reset", account, officer)
    assert Approval.select().count() == 1 and len(log_of(account)) == 1


def test_what_waits_already_is_not_asked_again(account, officer, leader):
    ask("reset", account, officer)

    with pytest.raises(ApprovalRefused, match="đang chờ xác nhận"):
        ask("reset", account, leader, key="b" * 32)
    assert Approval.select().count() == 1


def test_who_has_no_password_yet_needs_a_slip_and_no_reset(officer):
    with pytest.raises(ApprovalRefused, match="in phiếu mới"):
        ask("reset", make_account(password_hash=""), officer)
    assert Approval.select().count() == 0


def test_an_account_is_not_merged_with_itself(account, officer):
    with pytest.raises(ApprovalRefused, match="một tài khoản"):
        ask("merge", account, officer, account)


def test_an_account_in_use_is_not_merged_into_one_that_a_slip_would_open(account, officer, leader):
    slip_account = make_account(email="", id_number=CMND, password_hash="")

    with pytest.raises(ApprovalRefused, match="chưa kích hoạt"):
        ask("merge", slip_account, officer, account)
    assert ask("merge", account, officer, slip_account).asked_by == officer


def test_nor_when_it_came_into_use_after_it_was_asked(account, officer, leader):
    kept, absorbed = (make_account(email="", id_number=number, password_hash="") for number in (CMND, CCCD))
    approval = ask("merge", kept, officer, absorbed)
    Account.update(password_hash=account.password_hash).where(Account.id == absorbed.id).execute()

    with pytest.raises(ApprovalRefused, match="chưa kích hoạt"):
        approvals.grant(approval, leader, NOW)
    assert fresh(absorbed).merged_into_id is None and fresh(approval).decided_at is None


@pytest.mark.parametrize("kind", ["merge", "undo_merge"])
def test_a_village_head_asks_for_no_merge(account, head, kind):
    with pytest.raises(ApprovalRefused):
        ask(kind, account, head, make_account(id_number=CCCD))
    assert Approval.select().count() == 0


# --- who sees, who decides -------------------------------------------------------------------------------------------


def test_the_newest_request_stands_first_and_ones_own_too(account, officer, leader):
    first = ask("reset", account, officer)
    second = ask("slip", account, leader, key="b" * 32)

    assert list(approvals.waiting(officer, NOW)) == list(approvals.waiting(leader, NOW)) == [second, first]


@pytest.mark.parametrize("later", [24 * HOUR + MINUTE, 400 * 24 * HOUR, -400 * 24 * HOUR])
def test_a_request_of_yesterday_waits_no_more(account, officer, leader, later):
    approval = ask("reset", account, officer)

    assert list(approvals.waiting(leader, NOW + later)) == []
    with pytest.raises(ApprovalRefused, match="quá 24 giờ"):
        approvals.grant(approval, leader, NOW + later)
    assert fresh(approval).decided_at is None and OneTimeCode.select().count() == 0


def test_a_village_head_sees_the_requests_of_her_village_alone(account, officer, head):
    elsewhere = make_account(id_number=CCCD, village="Thôn 7")
    here, there = ask("reset", account, officer), ask("reset", elsewhere, officer, key="b" * 32)

    assert list(approvals.waiting(head, NOW)) == [here]
    assert approvals.approval_for(here.id, head) and approvals.approval_for(there.id, head) is None


@pytest.mark.parametrize("role", ["culture", "postal_clerk", "administrator"])
def test_who_helps_nobody_sees_no_request(account, officer, role):
    approval, somebody = ask("reset", account, officer), make_staff(role)

    assert list(approvals.waiting(somebody, NOW)) == [] and approvals.approval_for(approval.id, somebody) is None
    with pytest.raises(ApprovalRefused):
        approvals.grant(approval, somebody, NOW)


MAY_DECIDE = {
    "reset": {"officer", "leader", "village_head"},
    "slip": {"officer", "leader", "village_head"},
    "merge": {"officer", "leader"},
    "undo_merge": {"officer", "leader"},
}


@pytest.mark.parametrize("role", ["officer", "specialist", "leader", "village_head"])
@pytest.mark.parametrize("kind", approvals.KINDS)
def test_who_may_decide_what(account, officer, kind, role):
    approval = Approval.create(kind=kind, account=account, asked_by=officer, asked_at=NOW, expires_at=NOW + HOUR, form_key="k")

    assert approvals.may_decide(approval, make_staff(role, f"{role}-2", village="Thôn 6")) is (role in MAY_DECIDE[kind])


@pytest.mark.parametrize("kind", ["reset", "slip", "merge"])
def test_nobody_confirms_what_they_asked_themselves(account, officer, kind):
    approval = ask(kind, account, officer, make_account(id_number=CCCD) if kind == "merge" else None)
    before = everything()

    with pytest.raises(ApprovalRefused, match="không tự đồng ý được"):
        approvals.grant(approval, officer, NOW)

    assert everything() == before


def test_the_one_who_asked_may_take_it_back(account, officer, leader):
    approval = ask("reset", account, officer)
    approvals.refuse(approval, officer, NOW)

    assert fresh(approval).is_granted is False
    with pytest.raises(ApprovalRefused, match="đã từ chối"):
        approvals.grant(approval, leader, NOW)
    assert OneTimeCode.select().count() == 0


# --- a reset in person -----------------------------------------------------------------------------------------------


def test_a_reset_by_two_gives_one_code_and_the_citizen_types_the_password(account, officer, leader):
    approval = ask("reset", account, officer)
    approvals.grant(approval, leader, NOW)

    code = approvals.reset_code(approval, leader, NOW)
    found = recovery.check_code(account.id_number, code.payload, ("recovery", "desk_reset"), HOME, "", NOW + MINUTE)
    assert recovery.set_password(found, OTHER_PASSWORD, NOW + MINUTE)

    assert check(account.id_number, OTHER_PASSWORD) == account
    assert log_of(account) == [
        ("reset asked", officer.full_name, ""),
        ("reset granted", leader.full_name, officer.full_name),
        ("password reset", account.full_name, ""),
        ("details changed", account.full_name, ""),  # the e-mail address is dropped
    ]
    used = approvals.reset_code(approval, leader, NOW)
    assert used.payload is None and used.used_at == NOW + MINUTE


def test_the_code_is_good_for_an_hour(account, officer, leader):
    approval = ask("reset", account, officer)
    approvals.grant(approval, leader, NOW)

    code = approvals.reset_code(approval, leader, NOW)
    assert code.is_open(NOW + 59 * MINUTE) and not code.is_open(NOW + 60 * MINUTE)
    assert approvals.codes_to_read_out(leader, NOW + 59 * MINUTE) == [approval]
    assert approvals.codes_to_read_out(leader, NOW + 60 * MINUTE) == []


def test_only_whoever_confirmed_sees_the_code(account, officer, leader, head):
    approval = ask("reset", account, officer)
    assert approvals.reset_code(approval, leader, NOW) is None
    approvals.grant(approval, leader, NOW)

    assert approvals.reset_code(approval, officer, NOW) is None
    assert approvals.reset_code(approval, head, NOW) is None


def test_a_later_reset_voids_the_code_of_the_one_before(account, officer, leader, head):
    first = ask("reset", account, officer)
    approvals.grant(first, leader, NOW)
    second = ask("reset", account, officer, now=NOW + MINUTE, key="b" * 32)
    approvals.grant(second, head, NOW + MINUTE)

    assert not approvals.reset_code(first, leader, NOW).is_open(NOW + MINUTE)
    assert approvals.reset_code(second, head, NOW).is_open(NOW + MINUTE)


def test_confirmed_twice_is_confirmed_once(account, officer, leader):
    approval = ask("reset", account, officer)
    approvals.grant(approval, leader, NOW)
    approvals.grant(fresh(approval), leader, NOW + MINUTE)

    assert OneTimeCode.select().count() == 1
    assert fresh(approval).decided_at == NOW


def test_of_two_who_confirm_at_the_same_moment_one_does(account, officer, leader, head):
    approval = ask("reset", account, officer)
    answers = at_once(*(lambda by=by: approvals.grant(Approval.get_by_id(approval.id), by, NOW) for by in (leader, head)))

    assert sorted(map(type, answers), key=str) == sorted([type(None), ApprovalRefused], key=str)
    assert OneTimeCode.select().count() == 1


def test_what_is_refused_is_refused_and_stands_in_the_log(account, officer, leader):
    approval = ask("reset", account, officer)
    approvals.refuse(approval, leader, NOW)

    assert OneTimeCode.select().count() == 0
    assert log_of(account)[-1] == ("reset refused", leader.full_name, officer.full_name)


def test_the_sweep_forgets_codes_that_are_good_no_more(app, account, officer, leader):
    approval = ask("reset", account, officer)
    approvals.grant(approval, leader, NOW)

    chores.sweep(app.extensions["files"], NOW + 59 * MINUTE)
    assert approvals.reset_code(approval, leader, NOW).payload
    chores.sweep(app.extensions["files"], NOW + 61 * MINUTE)
    assert approvals.reset_code(approval, leader, NOW).payload is None


# --- a new slip of an account in use ---------------------------------------------------------------------------------


def test_a_slip_agreed_by_two_is_printed_by_the_one_who_asked(account, officer, leader):
    old = one_time.make_codes("recovery", account, 8, NOW)
    approvals.grant(ask("slip", account, officer), leader, NOW)

    slip = Slip.get()
    assert (slip.account, slip.made_by) == (account, officer)
    assert not one_time.find(old[0], "recovery").is_open(NOW)
    assert log_of(account) == [("slip asked", officer.full_name, ""), ("slip printed", officer.full_name, leader.full_name)]


def test_a_slip_agreed_twice_is_one_slip(account, officer, leader):
    approval = ask("slip", account, officer)
    approvals.grant(approval, leader, NOW)
    approvals.grant(fresh(approval), leader, NOW)

    assert Slip.select().count() == 1 and OneTimeCode.select().count() == 8


# --- two accounts of one person --------------------------------------------------------------------------------------


@pytest.fixture
def kept(app):
    return make_account(id_number=CCCD, email="moi@example.vn")


@pytest.fixture
def absorbed(app):
    """The account of the CMND of before, with its own password."""
    from rules.passwords import hash_password

    return make_account(id_number=CMND, email="cu@example.vn", password_hash=hash_password(OTHER_PASSWORD))


@pytest.fixture
def belongings(absorbed, kept, submit, make_draft):
    """All that an account can own, on both sides; two begun drafts are of the same procedure."""
    submit(absorbed), submit(kept)
    make_draft(absorbed, "dang-ky-khai-tu"), make_draft(absorbed), make_draft(kept)
    for number, account in enumerate((absorbed, kept)):
        PersonalDocument.create(account=account, kind="can-cuoc", details={"name": "Căn cước"}, form_key=f"k{number}")
    businesses.add(absorbed, "Cà phê Ia Băng", "5900189357", NOW)
    shared = businesses.add(kept, "Hồ tiêu Ia Băng", "5900000004", NOW)
    Representative.create(business=shared, account=absorbed, added_by_name="H'Lan", added_at=NOW, accepted_at=NOW)
    one_time.make_codes("recovery", absorbed, 8, NOW)
    logins.begin_login(absorbed, "test", NOW)


def merged(kept, absorbed, officer, leader, now=NOW, key=KEY):
    approval = ask("merge", kept, officer, absorbed, now, key)
    approvals.grant(approval, leader, now)
    return fresh(approval)


def undone(kept, absorbed, officer, leader, now=NOW + HOUR):
    approval = ask("undo_merge", kept, officer, absorbed, now, "u" * 32)
    approvals.grant(approval, leader, now)
    return fresh(approval)


def test_everything_of_the_absorbed_account_goes_to_the_kept_one(kept, absorbed, belongings, officer, leader):
    merged(kept, absorbed, officer, leader)

    for table, count in ((IdNumber, 2), (Dossier, 2), (PersonalDocument, 2)):
        assert table.select().where(table.account == kept.id).count() == count == table.select().count()
    assert fresh(absorbed).merged_into == kept
    acting = [(row.business.name, row.account) for row in Representative.select().where(Representative.ended_at.is_null())]
    assert sorted(acting, key=str) == [("Cà phê Ia Băng", kept), ("Hồ tiêu Ia Băng", kept)]


def test_of_two_drafts_of_one_procedure_each_stays_where_it_is(kept, absorbed, belongings, officer, leader):
    merged(kept, absorbed, officer, leader)

    assert [draft.procedure_slug for draft in Draft.open_ones().where(Draft.account == absorbed.id)] == [BIRTH]
    assert {draft.procedure_slug for draft in Draft.open_ones().where(Draft.account == kept.id)} == {BIRTH, "dang-ky-khai-tu"}


def test_the_old_number_logs_in_with_the_kept_accounts_password_alone(kept, absorbed, belongings, officer, leader):
    merged(kept, absorbed, officer, leader)

    assert check(CMND, PASSWORD) == check(CCCD, PASSWORD) == kept
    for number in (CMND, CCCD):
        with pytest.raises(LoginRefused):
            check(number, OTHER_PASSWORD)


def test_the_logins_of_the_absorbed_account_end_and_its_codes_are_void(kept, absorbed, belongings, officer, leader):
    mine = logins.begin_login(kept, "test", NOW)
    merged(kept, absorbed, officer, leader)

    assert [login.token_hash for login in Login.select()] == [logins.token_hash(mine)]
    assert one_time.count_open("recovery", absorbed, NOW) == 0


def test_a_dossier_that_moved_is_the_kept_persons_own(kept, absorbed, belongings, officer, leader):
    code = Dossier.get(Dossier.account == absorbed.id).code
    merged(kept, absorbed, officer, leader)

    assert submission.mine(kept, code) and submission.mine(absorbed, code) is None


def test_the_newer_number_becomes_the_kept_accounts_when_it_had_only_the_older(kept, absorbed, officer, leader):
    merged(absorbed, kept, officer, leader)

    assert fresh(absorbed).id_number == CCCD
    assert check(CMND, OTHER_PASSWORD) == check(CCCD, OTHER_PASSWORD) == absorbed


def test_a_merge_makes_nobody_ial2(kept, absorbed, officer, leader):
    Account.update(assurance_level=2, assured_at=NOW, assured_by=officer).where(Account.id == absorbed.id).execute()
    merged(kept, absorbed, officer, leader)

    assert fresh(kept).assurance_level == 1


def test_both_addresses_are_told_without_any_number(kept, absorbed, officer, leader):
    merged(kept, absorbed, officer, leader)

    letters = {letter.recipient: letter.body for letter in Message.select()}
    assert letters.keys() == {"moi@example.vn", "cu@example.vn"}
    assert not any(number in body for number in (CMND, CCCD) for body in letters.values())


def test_one_address_of_both_gets_one_letter(kept, absorbed, officer, leader):
    Account.update(email="moi@example.vn").where(Account.id == absorbed.id).execute()
    merged(kept, absorbed, officer, leader)

    assert Message.select().count() == 1


def test_both_logs_name_both_people(kept, absorbed, officer, leader):
    merged(kept, absorbed, officer, leader)

    for account in (kept, absorbed):
        assert log_of(account) == [("merge asked", officer.full_name, ""), ("merged", leader.full_name, officer.full_name)]


def test_a_merge_confirmed_twice_or_by_two_at_once_happens_once(kept, absorbed, belongings, officer, leader):
    approval = ask("merge", kept, officer, absorbed)
    twice = [leader, leader, make_staff("officer", "officer-2")]
    answers = at_once(*(lambda by=by: approvals.grant(Approval.get_by_id(approval.id), by, NOW) for by in twice))

    assert [type(answer) for answer in answers if answer] in ([ApprovalRefused], [ApprovalRefused] * 2)
    assert [event.name for event in AccountEvent.select().where(AccountEvent.account == kept.id)].count("merged") == 1
    assert Message.select().where(Message.key.startswith("merge-")).count() == 2


def test_two_merges_that_cross_leave_one_account(kept, absorbed, officer, leader):
    one, other = ask("merge", kept, officer, absorbed), ask("merge", absorbed, officer, kept, key="b" * 32)
    answers = at_once(*(lambda id=id: approvals.grant(Approval.get_by_id(id), leader, NOW) for id in (one.id, other.id)))

    assert sorted(map(type, answers), key=str) == sorted([type(None), ApprovalRefused], key=str)
    assert sorted(row.merged_into_id is None for row in (fresh(kept), fresh(absorbed))) == [False, True]


@pytest.mark.parametrize("fate", ["closed", "merged elsewhere"])
def test_what_has_changed_since_it_was_asked_is_not_merged(kept, absorbed, belongings, officer, leader, fate):
    approval = ask("merge", kept, officer, absorbed)
    if fate == "closed":
        Account.update(closed_at=NOW).where(Account.id == absorbed.id).execute()
    else:
        Account.update(merged_into=make_account()).where(Account.id == kept.id).execute()
    before = everything()

    with pytest.raises(ApprovalRefused, match="đã gộp hoặc đã xoá"):
        approvals.grant(approval, leader, NOW)

    assert everything() == before


def test_an_invitation_gives_way_to_the_one_who_acts(kept, absorbed, officer, leader):
    business = businesses.add(absorbed, "Cà phê Ia Băng", "5900189357", NOW)
    invited = Representative.create(business=business, account=kept, added_by_name="H'Lan", added_at=NOW)
    merged(kept, absorbed, officer, leader)

    (acting,) = Representative.select().where(Representative.ended_at.is_null())
    assert (acting.account, acting.accepted_at) == (kept, NOW) and fresh(invited).ended_at == NOW


# --- taken apart again -----------------------------------------------------------------------------------------------


def test_a_merge_undone_leaves_every_row_as_it_was(kept, absorbed, belongings, officer, leader):
    Login.delete().execute()
    OneTimeCode.delete().execute()  # codes that were voided stay so
    written = (AccountEvent, Approval, Message)
    before = everything(*written)

    merged(kept, absorbed, officer, leader)
    assert everything(*written) != before
    undone(kept, absorbed, officer, leader)

    assert everything(*written) == before
    assert check(CMND, OTHER_PASSWORD) == absorbed and check(CCCD, PASSWORD) == kept


def test_a_merge_into_the_older_number_undone_leaves_every_row_as_it_was(kept, absorbed, belongings, officer, leader):
    Login.delete().execute()
    OneTimeCode.delete().execute()
    written = (AccountEvent, Approval, Message)
    before = everything(*written)

    merged(absorbed, kept, officer, leader)
    undone(absorbed, kept, officer, leader)

    assert everything(*written) == before


def test_the_record_of_a_merge_holds_no_number(kept, absorbed, belongings, officer, leader):
    approval = merged(kept, absorbed, officer, leader)

    assert set(approval.moved) == {"numbers", "dossiers", "documents", "drafts", "representatives", "ended_representatives"}
    assert CMND not in str(approval.moved) and CCCD not in str(approval.moved)


def test_what_is_there_no_more_does_not_come_back(kept, absorbed, belongings, officer, leader):
    merge = merged(kept, absorbed, officer, leader)
    PersonalDocument.delete().where(PersonalDocument.id.in_(merge.moved["documents"])).execute()
    undone(kept, absorbed, officer, leader)

    assert [document.account for document in PersonalDocument.select()] == [kept]


def test_what_came_after_the_merge_stays(kept, absorbed, submit, officer, leader):
    merged(kept, absorbed, officer, leader)
    later = submit(fresh(kept))
    undone(kept, absorbed, officer, leader)

    assert fresh(later).account == kept


def test_both_logs_and_both_addresses_are_told_of_the_undoing(kept, absorbed, officer, leader):
    merged(kept, absorbed, officer, leader)
    Message.delete().execute()
    undone(kept, absorbed, officer, leader)

    for account in (kept, absorbed):
        assert log_of(account)[2:] == [
            ("undo asked", officer.full_name, ""),
            ("merge undone", leader.full_name, officer.full_name),
        ]
    assert {letter.recipient for letter in Message.select()} == {"moi@example.vn", "cu@example.vn"}


def test_whoever_was_logged_in_to_both_logs_in_again(kept, absorbed, officer, leader):
    merged(kept, absorbed, officer, leader)
    logins.begin_login(kept, "test", NOW)
    undone(kept, absorbed, officer, leader)

    assert Login.select().count() == 0


def test_an_undone_merge_is_not_undone_again_and_may_be_made_again(kept, absorbed, belongings, officer, leader):
    merged(kept, absorbed, officer, leader)
    undone(kept, absorbed, officer, leader)
    assert approvals.merges_of(kept) == []
    with pytest.raises(ApprovalRefused, match="không còn gộp"):
        approvals.grant(ask("undo_merge", kept, officer, absorbed, NOW + HOUR, "v" * 32), leader, NOW + HOUR)

    again = merged(kept, absorbed, officer, leader, NOW + 2 * HOUR, "c" * 32)
    assert approvals.merges_of(kept) == [again]


def test_an_account_merged_on_is_taken_apart_from_the_end(kept, absorbed, officer, leader):
    last = make_account(email="")
    merged(kept, absorbed, officer, leader)
    merged(last, kept, officer, leader, key="b" * 32)
    assert check(CMND, PASSWORD) == last

    with pytest.raises(ApprovalRefused):
        undone(kept, absorbed, officer, leader)
    approvals.grant(ask("undo_merge", last, officer, kept, NOW + HOUR, "v" * 32), leader, NOW + HOUR)

    assert check(CMND, PASSWORD) == kept and fresh(absorbed).merged_into == kept
    assert Business.select().count() == 0

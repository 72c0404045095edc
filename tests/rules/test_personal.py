"""What waits for a person: told while it waits, in one line a kind, and to nobody else."""

from datetime import date, timedelta

import pytest
from stage import make_account

from database import utc_now
from models import Dossier, PersonalDocument, State
from rules import account_log, businesses, data_rights, personal
from rules.personal import STATES, WORDS
from rules.vietnamese import show_moment

TODAY = date(2026, 11, 22)


def lines(account, now=None, today=TODAY) -> dict[str, tuple]:
    return {line.kind: (line.what, line.ref) for line in personal.waiting(account, now or utc_now(), today)}


def put(dossier, state: State) -> None:
    Dossier.update(state=state).where(Dossier.id == dossier.id).execute()


def test_somebody_with_a_dossier_on_its_way_has_nothing_to_do(account, dossier):
    assert personal.waiting(account, utc_now(), TODAY) == []


@pytest.mark.parametrize("kind", STATES)
def test_a_dossier_that_waits_for_its_owner_is_named(account, dossier, kind):
    put(dossier, STATES[kind])

    assert lines(account) == {kind: (dossier.procedure_title, dossier.code)}
    assert lines(make_account(full_name="Nay Khác")) == {}


@pytest.mark.parametrize("state", [state for state in State if state not in STATES.values()])
def test_a_dossier_that_waits_for_nobody_is_not(account, dossier, state):
    put(dossier, state)

    assert lines(account) == {}


def test_two_of_a_kind_are_counted_in_one_line(account, submit):
    for _ in range(2):
        put(submit(account), State.AWAITING_SUPPLEMENT)
    put(submit(account), State.DONE)

    found = lines(account)
    assert found["supplement"] == ("2 hồ sơ", "")
    assert found["result"][1] != ""


def test_a_dossier_of_my_business_waits_for_me_too(account, dossier):
    business = businesses.add(account, "Cà phê Ia Băng", "0100109106", utc_now())
    other = make_account(full_name="Nay Khác")
    Dossier.update(account=other, business=business, state=State.AWAITING_SUPPLEMENT).execute()

    assert "supplement" in lines(account)
    assert lines(other) == {}


def test_an_invitation_waits_until_it_is_answered(account):
    asker = make_account(full_name="Nay Khác")
    business = businesses.add(asker, "Cà phê Ia Băng", "0100109106", utc_now())
    businesses.invite(business, asker, account, utc_now())

    assert lines(account) == {"invitation": ("Cà phê Ia Băng", business.ref)}

    businesses.decline(businesses.invitation(account, business.ref, utc_now()), utc_now())
    assert lines(account) == {}


def keep_document(account, expires_on: date | None) -> PersonalDocument:
    details = {"name": "Căn cước của tôi", "number": "", "issued_on": "", "place": "", "expires_on": str(expires_on or "")}
    return PersonalDocument.create(account=account, kind="can_cuoc", details=details, form_key=f"key-{expires_on}")


@pytest.mark.parametrize(("days", "is_told"), [(-1, True), (0, True), (30, True), (31, False)])
def test_a_paper_that_runs_out_within_thirty_days_is_told(account, days, is_told):
    paper = keep_document(account, TODAY + timedelta(days=days))

    assert lines(account) == ({"document": ("Căn cước của tôi", paper.id)} if is_told else {})


def test_a_reset_password_is_told_for_three_days(account):
    now = utc_now()
    account_log.record(account, "password reset", now, by=account, subject="mã trên phiếu")

    assert lines(account)["password"] == ("bằng mã trên phiếu", "")
    assert lines(account, now + timedelta(days=3)) == {}


def test_it_is_told_no_more_once_the_owner_has_chosen_another(account):
    account_log.record(account, "password reset", utc_now(), by=account, subject="mã cán bộ cấp")
    account_log.record(account, "password changed", utc_now(), by=account)

    assert lines(account) == {}


def test_a_deletion_asked_for_is_told_while_it_can_be_taken_back(account):
    request = data_rights.ask_deletion(account, utc_now())
    what, _ = lines(account)["deletion"]
    assert what == f"lúc {show_moment(request.due_at)}"

    data_rights.cancel_deletion(account, utc_now())

    assert lines(account) == {}


def test_the_most_pressing_comes_first(account, submit):
    for state in (State.DONE, State.AWAITING_PAYMENT, State.AWAITING_SUPPLEMENT):
        put(submit(account), state)
    keep_document(account, TODAY)
    account_log.record(account, "password reset", utc_now(), by=account, subject="mã cán bộ cấp")

    told = list(lines(account))

    assert told == ["password", "supplement", "payment", "result", "document"]
    assert told == [kind for kind in WORDS if kind in told]

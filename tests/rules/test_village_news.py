"""What a village head may tell at a door: of dossiers of those who asked for it; and they read that she did."""

from datetime import date, timedelta

import pytest
from rows import make_row
from stage import make_account, make_staff

from database import utc_now
from models import Account, AccountEvent, Consent, Dossier, State, SupplementItem, SupplementRequest
from rules import village_news

NEWS = "news listed"


@pytest.fixture
def head(app):
    return make_staff("village_head", village="Thôn 9")


@pytest.fixture
def owner(app):
    return make_account("Ksor H'Blơm", village="Thôn 9")


def done(owner, head, number=1, **more) -> Dossier:
    return make_row(owner, number, **{"state": State.DONE, "helped_by": head, "channel": "helped", "village": "Thôn 9"} | more)


def lacking(owner, head, number=2, **more) -> Dossier:
    dossier = done(owner, head, number, state=State.AWAITING_SUPPLEMENT, **more)
    request = SupplementRequest.create(dossier=dossier, round=1, asked_by=head, due_on=date(2026, 12, 1), resumes_to=1)
    for name, way in (("Giấy chứng sinh", ""), ("Căn cước", "upload"), ("Sổ hộ khẩu", "bring")):
        SupplementItem.create(request=request, name=name, reason="Ảnh mờ", way=way)
    return dossier


def told(head):
    return village_news.read_news(list(village_news.to_tell(head)), head, utc_now())


def test_a_result_to_collect_is_told(owner, head):
    done(owner, head)

    (news,) = told(head)
    assert (news.name, news.asked, news.title) == ("Ksor H'Blơm", (), "Đăng ký khai sinh")


@pytest.mark.parametrize("typist", [None, "another"])
def test_of_what_she_did_not_type_she_is_not_told_which_it_is(owner, head, typist):
    done(owner, typist and make_staff("village_head", typist, village="Thôn 9"))

    (news,) = told(head)
    assert (news.name, news.asked, news.title) == ("Ksor H'Blơm", (), "")


def test_what_is_asked_and_has_not_come_is_told_with_its_day(owner, head):
    lacking(owner, head)

    (news,) = told(head)
    assert (news.asked, news.due_on) == (("Giấy chứng sinh", "Sổ hộ khẩu"), date(2026, 12, 1))


@pytest.mark.parametrize(
    "more",
    [
        {"delivery": "post"},
        {"delivery": "online"},
        {"step": "posting"},
        {"state": State.RETURNED},
        {"state": State.SUBMITTED},
        {"office": "H21.121"},
    ],
)
def test_of_other_dossiers_she_learns_nothing(owner, head, more):
    done(owner, head, **more)

    assert told(head) == []
    assert AccountEvent.select().where(AccountEvent.name == NEWS).count() == 0


@pytest.mark.parametrize("more", [{"village": "Thôn 1"}, {"village": ""}, {"closed_at": utc_now()}])
def test_who_lives_elsewhere_now_or_has_no_account_any_more_is_not_listed(owner, head, more):
    done(owner, head)
    Account.update(more).where(Account.id == owner.id).execute()

    assert told(head) == []


def test_a_head_without_a_village_sees_nobody(app):
    nobody, owner = make_staff("village_head", "x", village=""), make_account(village="")
    done(owner, nobody)

    assert told(nobody) == []


def test_who_takes_it_back_is_not_listed_from_that_moment(owner, head):
    done(owner, head)
    assert told(head)
    Consent.update(withdrawn_at=utc_now()).where(Consent.account == owner, Consent.purpose == village_news.CONSENT).execute()

    assert told(head) == []


def test_other_consents_are_none_for_this(owner, head):
    done(owner, head)
    Consent.delete().where(Consent.account == owner, Consent.purpose == village_news.CONSENT).execute()

    assert told(head) == []


def test_when_everything_asked_has_come_nothing_is_told(owner, head):
    dossier = lacking(owner, head)
    SupplementItem.update(way="upload").execute()
    assert told(head) == []

    SupplementItem.update(way="").execute()
    SupplementRequest.update(closed_at=utc_now()).where(SupplementRequest.dossier == dossier).execute()
    assert told(head) == []


def test_each_reading_stands_in_the_owners_log_once_in_half_an_hour(owner, head):
    done(owner, head)
    first = utc_now()
    for minutes in (0, 1, 29, 31):
        village_news.read_news(list(village_news.to_tell(head)), head, first + timedelta(minutes=minutes))

    lines = list(AccountEvent.select().where(AccountEvent.name == NEWS))
    assert [(line.account, line.staff, line.purpose) for line in lines] == [(owner, head, "báo tin cho bạn")] * 2
    assert lines[0].subject == Dossier.get().code

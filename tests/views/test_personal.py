"""Trang cá nhân: what I have begun, what I have submitted."""

import pytest
from conftest import BIRTH, make_account

from models import Dossier, Draft, Paper

OTHER = "dang-ky-ket-hon"


def dossier_links(page) -> list[str]:
    return [href for href in page.links.values() if "/ca-nhan/ho-so/" in href]


def test_somebody_new_has_nothing_yet_and_a_way_to_begin(visit_as, account):
    page = visit_as(account).get("/ca-nhan/")

    assert page.heading == account.full_name
    assert "Bạn chưa nộp hồ sơ nào." in page.words
    assert page.links["Nộp hồ sơ mới"] == "/dich-vu/"


def test_the_number_is_shown_masked(visit_as, account):
    page = visit_as(account).get("/ca-nhan/")

    assert account.id_number not in page.text
    assert f"{account.id_number[:4]}••••{account.id_number[-4:]}" in page.words


def test_drafts_and_dossiers_stand_apart(visit_as, account, submit, make_draft):
    dossier = submit(account)
    make_draft(account, OTHER)
    page = visit_as(account).get("/ca-nhan/")

    assert "Bản nháp – chưa nộp" in page.words
    assert f"/nop-ho-so/{OTHER}/" in page.links.values()
    assert dossier_links(page) == [f"/ca-nhan/ho-so/{dossier.code}"]


def test_i_see_my_own_dossier_whole(visit_as, account, dossier):
    page = visit_as(account).get(f"/ca-nhan/ho-so/{dossier.code}")

    for words in (dossier.code, account.full_name, "Bạn nộp hồ sơ", "Ngày hẹn dự kiến"):
        assert words in page.words


def test_i_do_not_see_a_neighbours(visit_as, dossier):
    neighbour = visit_as(make_account(full_name="Nay Khác"))

    assert neighbour.get(f"/ca-nhan/ho-so/{dossier.code}").status == 404
    assert dossier.code not in neighbour.get("/ca-nhan/").text


def test_twelve_dossiers_stand_on_two_pages_the_newest_first(visit_as, account, submit):
    codes = [submit(account).code for _ in range(12)]
    citizen = visit_as(account)
    first, second = citizen.get("/ca-nhan/"), citizen.get("/ca-nhan/?trang=2")

    seen = [
        href.rsplit("/", 1)[1] for page in (first, second) for a in page.tree.iter("a") if "/ho-so/" in (href := a.get("href"))
    ]
    assert seen == codes[::-1]
    assert second.links["Trang trước"] == "/ca-nhan/?trang=1"


@pytest.mark.parametrize("number", ["0", "-1", "99999", "x", "1e9", "9" * 40, "%00"])
def test_a_page_number_out_of_range_shows_a_page(visit_as, account, dossier, number):
    page = visit_as(account).get(f"/ca-nhan/?trang={number}")

    assert page.status == 200
    assert dossier.code in page.words


@pytest.mark.parametrize("code", ["H21.129-200101-0001", "x", "%00", "'", "a" * 3000])
def test_a_code_that_is_not_mine_is_not_there(visit_as, account, code):
    assert visit_as(account).get(f"/ca-nhan/ho-so/{code}").status in (404, 400)


# --- dropping a draft ------------------------------------------------------------------------------------------------


def test_a_draft_is_dropped_after_being_asked(visit_as, account, make_draft):
    make_draft(account)
    citizen = visit_as(account)
    asked = citizen.get(f"/ca-nhan/ban-nhap/{BIRTH}/xoa")
    assert asked.heading == "Bỏ bản nháp này?" and Draft.select().count() == 1

    page = citizen.send(f"/ca-nhan/ban-nhap/{BIRTH}/xoa", {}, "Bỏ bản nháp")

    assert "Đã xoá bản nháp." in citizen.get(page.location).words
    assert not Draft.select().exists() and not Paper.select().exists()


def test_a_neighbours_draft_stays(visit_as, account, make_draft):
    make_draft(account)
    neighbour = visit_as(make_account(full_name="Nay Khác"))

    assert neighbour.post(f"/ca-nhan/ban-nhap/{BIRTH}/xoa").status == 404
    assert Draft.select().count() == 1


def test_a_stale_page_drops_nothing(visit_as, account, make_draft):
    make_draft(account)

    page = visit_as(account).post(f"/ca-nhan/ban-nhap/{BIRTH}/xoa", {"csrf_token": "cu"})

    assert page.status == 422
    assert Draft.select().count() == 1


def test_what_was_submitted_cannot_be_dropped(visit_as, account, dossier):
    page = visit_as(account).post(f"/ca-nhan/ban-nhap/{BIRTH}/xoa")

    assert page.status == 404
    assert Dossier.select().count() == 1 and Draft.select().count() == 1


def test_pressing_drop_twice_drops_once(visit_as, account, make_draft):
    make_draft(account)
    citizen = visit_as(account)

    answers = [citizen.post(f"/ca-nhan/ban-nhap/{BIRTH}/xoa").status for _ in range(2)]

    assert answers == [303, 404]
    assert not Draft.select().exists()


def test_a_draft_of_a_procedure_that_is_gone_can_still_be_dropped(visit_as, account, make_draft, library, monkeypatch):
    make_draft(account)
    monkeypatch.delitem(library.procedures, BIRTH)

    citizen = visit_as(account)
    assert "thủ tục này không còn nhận ở đây" in citizen.get("/ca-nhan/").words
    citizen.send(f"/ca-nhan/ban-nhap/{BIRTH}/xoa", {}, "Bỏ bản nháp")

    assert Draft.select().count() == 0

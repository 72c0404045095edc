"""Trang cá nhân: what waits for me, what I have begun, what I have submitted, and the ways to the rest."""

import re

import pytest
from stage import BIRTH, make_account

from database import utc_now
from models import Dossier, Draft, Login, Paper, State
from rules import account_log, businesses, data_rights

OTHER = "dang-ky-ket-hon"
HOME = "/ca-nhan/"


def dossier_links(page) -> list[str]:
    return [href for href in page.links.values() if "/ca-nhan/ho-so/" in href]


def menu(page) -> dict[str, str]:
    """The tiles: label to address."""
    tiles = page.tree.find_class("tiles")[0]
    return {" ".join(a.text_content().split()): a.get("href") for a in tiles.iter("a")}


def put(dossier, state: State) -> None:
    Dossier.update(state=state).where(Dossier.id == dossier.id).execute()


# --- the page itself -------------------------------------------------------------------------------------------------


def test_the_menu_leads_to_everything_and_counts_it(visit_as, account, submit, make_draft):
    submit(account)
    submit(account)
    make_draft(account, OTHER)
    page = visit_as(account).get(HOME)

    assert page.heading == account.full_name
    assert menu(page) == {
        "Bản nháp (1)": "/ca-nhan/ban-nhap",
        "Hồ sơ (2)": "/ca-nhan/ho-so",
        "Quản lý tài liệu (0)": "/ca-nhan/tai-lieu",
        "Yêu cầu thanh toán (0)": "/ca-nhan/thanh-toan",
        "Lịch sử giao dịch": "/ca-nhan/lich-su",
        "Tài khoản": "/ca-nhan/tai-khoan/",
    }


def test_every_tile_opens_a_page_headed_by_its_words(visit_as, account):
    citizen = visit_as(account)
    for label, address in menu(citizen.get(HOME)).items():
        words = re.sub(r" \(\d+\)", "", label)
        assert words in citizen.get(address).heading, label


def test_somebody_new_has_nothing_yet_and_a_way_to_begin(visit_as, account):
    citizen = visit_as(account)

    assert list(menu(citizen.get(HOME)))[:2] == ["Bản nháp (0)", "Hồ sơ (0)"]
    for address, words in (("ban-nhap", "Bạn không có bản nháp nào."), ("ho-so", "Bạn chưa nộp hồ sơ nào.")):
        page = citizen.get(HOME + address)
        assert words in page.words
        assert page.links["Nộp hồ sơ mới"] == "/dich-vu/"


def test_no_number_stands_on_the_page(visit_as, account):
    assert account.id_number not in visit_as(account).get(HOME).text


def test_what_waits_stands_before_the_menu_and_leads_to_it(visit_as, account, dossier):
    put(dossier, State.AWAITING_SUPPLEMENT)
    citizen = visit_as(account)
    page = citizen.get(HOME)

    assert page.words.index("Cần nộp thêm giấy tờ") < page.words.index("Bản nháp")
    assert f"/ca-nhan/ho-so/{dossier.code}" in page.links.values()
    assert "Cần nộp thêm giấy tờ" in citizen.get(f"/ca-nhan/ho-so/{dossier.code}").words


def test_of_several_that_wait_the_line_leads_to_just_those(visit_as, account, submit):
    waiting, other = [submit(account) for _ in range(2)], submit(account)
    for dossier in waiting:
        put(dossier, State.DONE)
    citizen = visit_as(account)

    line = next(href for text, href in citizen.get(HOME).links.items() if text.startswith("Có kết quả, chờ bạn nhận"))
    page = citizen.get(line)

    assert page.heading == "Có kết quả, chờ bạn nhận"
    assert sorted(dossier_links(page)) == sorted(f"/ca-nhan/ho-so/{dossier.code}" for dossier in waiting)
    assert other.code not in page.text


def test_an_invitation_a_paper_and_a_reset_lead_where_they_are_seen_to(visit_as, account):
    asker = make_account(full_name="Nay Khác")
    business = businesses.add(asker, "Cà phê Ia Băng", "0100109106", utc_now())
    businesses.invite(business, asker, account, utc_now())
    account_log.record(account, "password reset", utc_now(), by=account, subject="mã cán bộ cấp")
    citizen = visit_as(account)
    links = citizen.get(HOME).links

    assert links["Lời mời đại diện Cà phê Ia Băng"] == f"/ca-nhan/doanh-nghiep/loi-moi/{business.ref}"
    assert links["Mật khẩu vừa được đặt lại bằng mã cán bộ cấp"] == "/ca-nhan/tai-khoan/ai-da-xem"
    assert citizen.get(links["Lời mời đại diện Cà phê Ia Băng"]).status == 200


def test_an_account_about_to_be_deleted_says_so_and_leads_to_where_it_is_taken_back(visit_as, account):
    data_rights.ask_deletion(account, utc_now())
    citizen = visit_as(account)

    line = next(href for text, href in citizen.get(HOME).links.items() if text.startswith("Tài khoản sắp bị xoá lúc"))

    assert (line, citizen.get(line).status) == ("/ca-nhan/du-lieu/", 200)


def test_what_waits_for_a_neighbour_is_not_told_to_me(visit_as, dossier):
    put(dossier, State.DONE)
    page = visit_as(make_account(full_name="Nay Khác")).get(HOME)

    assert "Có kết quả" not in page.words and dossier.code not in page.text


def test_on_a_shared_phone_one_press_logs_out_and_wipes(visit_as, account):
    citizen = visit_as(account)

    page = citizen.send(HOME, {}, "Xong – xoá khỏi máy này")

    assert page.location == "/tai-khoan/xong"
    assert page.headers["Clear-Site-Data"] == '"storage"'
    assert not Login.select().exists()
    assert account.full_name not in citizen.get("/").text


def test_on_ones_own_phone_there_is_a_plain_way_out(visit_as, account):
    citizen = visit_as(account)
    Login.update(is_own_phone=True).execute()
    page = citizen.get(HOME)

    assert page.buttons == []
    assert page.links["Thoát"] == "/tai-khoan/thoat"


# --- drafts ----------------------------------------------------------------------------------------------------------


def test_a_draft_says_until_when_it_is_kept_and_goes_on(visit_as, account, make_draft):
    make_draft(account, OTHER)
    page = visit_as(account).get("/ca-nhan/ban-nhap")

    assert f"/nop-ho-so/{OTHER}/?tiep=1" in page.links.values()
    assert "HỒ SƠ NHÁP – CHƯA NỘP" in page.words and "giữ đến" in page.words and "Tiếp tục bản nháp" in page.links


def test_drafts_and_dossiers_stand_apart(visit_as, account, submit, make_draft):
    dossier = submit(account)
    make_draft(account, OTHER)
    citizen = visit_as(account)

    assert f"/nop-ho-so/{OTHER}/?tiep=1" in citizen.get("/ca-nhan/ban-nhap").links.values()
    assert dossier_links(citizen.get("/ca-nhan/ban-nhap")) == []
    assert dossier_links(citizen.get("/ca-nhan/ho-so")) == [f"/ca-nhan/ho-so/{dossier.code}"]


def test_a_neighbour_sees_neither(visit_as, account, dossier, make_draft):
    make_draft(account)
    neighbour = visit_as(make_account(full_name="Nay Khác"))

    for address in ("", "ban-nhap", "ho-so", "lich-su", "thanh-toan"):
        page = neighbour.get(HOME + address)
        assert dossier.code not in page.text and f"/nop-ho-so/{BIRTH}/" not in page.text


# --- dossiers --------------------------------------------------------------------------------------------------------


def test_i_see_my_own_dossier_whole(visit_as, account, dossier):
    page = visit_as(account).get(f"/ca-nhan/ho-so/{dossier.code}")

    for words in (dossier.code, account.full_name, "Bạn nộp hồ sơ", "Ngày hẹn dự kiến"):
        assert words in page.words
    assert page.links["Ai đã xem"] == "/ca-nhan/tai-khoan/ai-da-xem"


def test_a_dossier_says_who_of_the_commune_opened_it(visit_as, account, dossier, officer):
    before = visit_as(account).get(f"/ca-nhan/ho-so/{dossier.code}")
    visit_as(officer).get(f"/mot-cua/ho-so/{dossier.code}")
    after = visit_as(account).get(f"/ca-nhan/ho-so/{dossier.code}")

    assert "Xã mở xem gần đây" not in before.words
    assert f"{officer.full_name}, cán bộ Một cửa" in after.words


def test_i_do_not_see_a_neighbours(visit_as, dossier):
    neighbour = visit_as(make_account(full_name="Nay Khác"))

    assert neighbour.get(f"/ca-nhan/ho-so/{dossier.code}").status == 404


def test_a_dossier_of_my_business_is_listed_with_whose_it_is(visit_as, account, dossier):
    business = businesses.add(account, "Cà phê Ia Băng", "0100109106", utc_now())
    Dossier.update(account=make_account(full_name="Nay Khác"), business=business, owner_name=business.name).execute()
    page = visit_as(account).get("/ca-nhan/ho-so")

    assert dossier_links(page) == [f"/ca-nhan/ho-so/{dossier.code}"]
    assert "Cà phê Ia Băng" in page.words


@pytest.mark.parametrize(("address", "a_page", "count"), [("ho-so", 10, 12)])
def test_a_long_list_stands_on_two_pages_the_newest_first(visit_as, account, submit, address, a_page, count):
    codes = [submit(account).code for _ in range(count)]
    citizen = visit_as(account)
    first, second = citizen.get(HOME + address), citizen.get(f"{HOME}{address}?trang=2")

    seen = [href.rsplit("/", 1)[1] for page in (first, second) for href in dossier_links(page)]
    assert len(dossier_links(first)) == a_page
    assert seen == codes[::-1]
    assert second.links["Trang trước"] == f"{HOME}{address}?trang=1"


@pytest.mark.parametrize("number", ["0", "-1", "99999", "x", "1e9", "9" * 40, "%00"])
@pytest.mark.parametrize("address", ["ho-so", "lich-su"])
def test_a_page_number_out_of_range_shows_a_page(visit_as, account, dossier, address, number):
    page = visit_as(account).get(f"{HOME}{address}?trang={number}")

    assert page.status == 200
    assert dossier.code in page.words


@pytest.mark.parametrize("shown", ["khac", "<script>", "%00", "%ff", "1" * 5000])
def test_a_list_of_something_that_is_not_is_the_whole_list(visit_as, account, dossier, shown):
    page = visit_as(account).get(f"/ca-nhan/ho-so?xem={shown}")

    assert (page.status, page.heading) == (200, "Hồ sơ đã nộp")
    assert dossier.code in page.words and "<script>" not in page.text


@pytest.mark.parametrize("code", ["H21.129-200101-0001", "x", "%00", "'", "a" * 3000])
def test_a_code_that_is_not_mine_is_not_there(visit_as, account, code):
    assert visit_as(account).get(f"/ca-nhan/ho-so/{code}").status in (404, 400)


def test_there_is_no_payment_request_and_the_page_says_what_would_stand_here(visit_as, account, dossier):
    page = visit_as(account).get("/ca-nhan/thanh-toan")

    assert "Bạn không có yêu cầu thanh toán nào." in page.words
    assert dossier.code not in page.text


def test_a_dossier_that_waits_for_money_is_not_kept_from_its_owner(visit_as, account, dossier):
    put(dossier, State.AWAITING_PAYMENT)
    citizen = visit_as(account)

    assert "Yêu cầu thanh toán (1)" in menu(citizen.get(HOME))
    assert dossier.code in citizen.get("/ca-nhan/thanh-toan").words


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
    assert "Thủ tục này không còn nhận ở đây" in citizen.get("/ca-nhan/ban-nhap").words
    citizen.send(f"/ca-nhan/ban-nhap/{BIRTH}/xoa", {}, "Bỏ bản nháp")

    assert Draft.select().count() == 0

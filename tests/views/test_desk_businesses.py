"""The desk's room of businesses."""

import json
from pathlib import Path

import pytest
from stage import make_account, make_staff

from database import utc_now
from models import AccountEvent, Business
from rules import account_log, businesses

DESK = "/mot-cua/doanh-nghiep/"
TAX_CODE = "5900189357"
HOSTILE = ["", " ", "\x00", "a" * 100_000, "<script>alert(1)</script>", "' OR 1=1 --", "\u202egnạđ ux", "🙂" * 50, "1" * 5000]


@pytest.fixture
def owner(app):
    return make_account(full_name="Siu Chủ Quán")


@pytest.fixture
def partner(app):
    return make_account(full_name="Kpă Cùng Làm", email="cung@example.vn")


@pytest.fixture
def coffee(owner):
    return businesses.add(owner, "Cà phê Ia Băng", TAX_CODE, utc_now())


@pytest.fixture
def desk(visit_as, officer):
    return visit_as(officer)


def page_of(business, purpose="hoi-dap") -> str:
    return f"{DESK}{business.ref}?vi={purpose}"


def names_of(business) -> list[str]:
    return [person.account.full_name for person in businesses.representatives(business)]


def lines_of(account) -> list[tuple]:
    return [(event.name, event.actor_name, event.purpose) for event in account_log.lines_of(account)]


# --- finding one -----------------------------------------------------------------------------------------------------


def test_an_officer_finds_a_business_by_its_tax_code_and_says_what_for(desk, officer, coffee, owner):
    page = desk.send(DESK, {"tax_code": "5900 189 357", "purpose": "hoi-dap"}, "Tìm")
    assert page.location == page_of(coffee) and TAX_CODE not in page.location

    page = desk.get(page.location)
    assert page.heading == "Cà phê Ia Băng" and "Siu Chủ Quán" in page.words
    assert "Chưa ai của xã xem giấy đăng ký" in page.words
    assert owner.id_number not in page.text, "masked"
    assert lines_of(owner)[0] == ("business opened", officer.full_name, "Trả lời người đại diện")


def test_each_search_stands_in_the_security_log_without_the_number(app, desk, officer, coffee):
    log = Path(app.config["INSTANCE_DIR"]) / "security.log"
    desk.post(DESK, {"tax_code": TAX_CODE, "purpose": "hoi-dap"})
    desk.post(DESK, {"tax_code": "5900000019", "purpose": "hoi-dap"})

    first, second = (json.loads(line) for line in log.read_text().splitlines()[-2:])
    assert (first["event"], first["staff"], first["found"], first["purpose"]) == (
        "business searched",
        officer.id,
        True,
        "hoi-dap",
    )
    assert second["found"] is False and TAX_CODE not in json.dumps(first)


def test_a_tax_code_nobody_has_here_is_said(desk, app):
    page = desk.post(DESK, {"tax_code": TAX_CODE, "purpose": "hoi-dap"})

    assert (page.status, "Chưa có doanh nghiệp nào" in page.errors) == (422, True)
    assert page.typed_in("tax_code") == TAX_CODE


@pytest.mark.parametrize("data, said", [
    ({"tax_code": TAX_CODE}, "Chọn mục đích"), ({"tax_code": TAX_CODE, "purpose": "tò mò"}, "Chọn mục đích"),
    ({"purpose": "hoi-dap"}, "Nhập mã số thuế"), ({"tax_code": "5900189358", "purpose": "hoi-dap"}, "gõ nhầm"),
])  # fmt: skip
def test_without_a_purpose_or_a_right_code_nothing_is_opened(desk, coffee, owner, data, said):
    page = desk.post(DESK, data)

    assert (page.status, said in page.errors) == (422, True)
    assert [name for name, *_ in lines_of(owner)] == ["business added"]


@pytest.mark.parametrize("question", ["", "?vi=", "?vi=khac", "?da=da-thoi"])
def test_a_page_opened_by_its_address_alone_asks_what_for(desk, coffee, owner, question):
    assert desk.get(f"{DESK}{coffee.ref}{question}").location == DESK
    assert [name for name, *_ in lines_of(owner)] == ["business added"]


@pytest.mark.parametrize("role, office", [
    ("officer", "H21.121"), ("specialist", "H21.129"), ("leader", "H21.129"), ("culture", "H21.129"), ("village_head", "H21.129"),
    ("postal_clerk", "H21.129"), ("administrator", "H21.129"),
])  # fmt: skip
def test_only_an_officer_of_this_commune_has_business_here(visit_as, coffee, owner, role, office):
    staff = visit_as(make_staff(role, "other", office=office))
    token = staff.token()
    for address in (DESK, page_of(coffee), f"{DESK}{coffee.ref}/nguoi/{owner.ref}/thoi"):
        assert staff.get(address).status == 404, address
    for address in (
        DESK,
        f"{DESK}{coffee.ref}/giay-dang-ky",
        f"{DESK}{coffee.ref}/nguoi",
        f"{DESK}{coffee.ref}/nguoi/{owner.ref}/thoi",
    ):
        data = {"csrf_token": token, "name": "X", "reason": "X", "id_number": owner.id_number, "is_present": "1",
                "tax_code": TAX_CODE, "purpose": "hoi-dap"}  # fmt: skip
        assert staff.post(address, data).status == 404, address
    assert names_of(coffee) == ["Siu Chủ Quán"] and Business.get().assured_at is None


def test_a_citizen_is_sent_to_the_desks_own_door(visit_as, owner, coffee):
    assert visit_as(owner).get(page_of(coffee)).location.startswith("/mot-cua/dang-nhap")


# --- its paper -------------------------------------------------------------------------------------------------------


def test_the_paper_is_seen_with_the_name_on_it_and_the_people_read_of_it(desk, officer, coffee, owner):
    page = desk.send(page_of(coffee), {"name": "Công ty TNHH Cà phê Ia Băng"}, "Đã xem giấy đăng ký")

    assert page.location == f"{page_of(coffee)}&da=xem-giay-dang-ky"
    fresh = Business.get()
    assert (fresh.name, fresh.assured_by) == ("Công ty TNHH Cà phê Ia Băng", officer)
    assert f"{officer.full_name} đã xem giấy đăng ký" in desk.get(page.location).words
    assert ("business paper seen", officer.full_name, "") in lines_of(owner)


@pytest.mark.parametrize("typed", HOSTILE)
def test_a_hostile_name_is_refused_or_stays_text(desk, coffee, typed):
    page = desk.post(f"{DESK}{coffee.ref}/giay-dang-ky?vi=hoi-dap", {"name": typed})

    shown = desk.get(page.location) if page.location else page
    assert page.status in (303, 422) and "<script>alert" not in shown.text
    assert Business.get().name == ("Cà phê Ia Băng" if page.status == 422 else typed.strip())


# --- its people ------------------------------------------------------------------------------------------------------


def test_who_is_present_is_added_and_acts_at_once(desk, officer, coffee, owner, partner, visit_as):
    page = desk.send(page_of(coffee), {"id_number": partner.id_number, "is_present": "1"}, "Thêm người đại diện")

    assert page.location == f"{page_of(coffee)}&da=them-dai-dien"
    assert names_of(coffee) == ["Siu Chủ Quán", "Kpă Cùng Làm"]
    assert visit_as(partner).get(f"/ca-nhan/doanh-nghiep/{coffee.ref}/").heading == "Cà phê Ia Băng"
    for account in (owner, partner):
        assert ("representative changed", officer.full_name, "") in lines_of(account)


@pytest.mark.parametrize("data, said", [
    ({"id_number": "064090999888", "is_present": "1"}, "Số này chưa có tài khoản"),
    ({"id_number": "0640", "is_present": "1"}, "Bạn nhập 4 số"),
    ({"id_number": "", "is_present": "1"}, "Nhập số căn cước"),
    ({"id_number": "064090999888"}, "Xem giấy của người có mặt"),
])  # fmt: skip
def test_who_has_no_account_or_is_not_there_is_not_added(desk, coffee, data, said):
    page = desk.post(f"{DESK}{coffee.ref}/nguoi?vi=dai-dien", data)

    assert (page.status, said in page.errors) == (422, True)
    assert page.typed_in("id_number") == data["id_number"] and page.typed_in("name") == "Cà phê Ia Băng"
    assert names_of(coffee) == ["Siu Chủ Quán"]


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_numbers_add_nobody(desk, coffee, typed):
    page = desk.post(f"{DESK}{coffee.ref}/nguoi", {"id_number": typed, "is_present": typed})

    assert page.status == 422 and "<script>alert" not in page.text
    assert names_of(coffee) == ["Siu Chủ Quán"]


def test_who_is_invited_is_shown_to_the_desk_as_not_yet_in(desk, coffee, owner, partner):
    businesses.invite(coffee, owner, partner, utc_now())

    assert "Kpă Cùng Làm" in desk.get(page_of(coffee)).words and "chưa nhận" in desk.get(page_of(coffee)).words


def test_one_is_removed_with_a_reason_that_the_people_read(desk, officer, coffee, owner, visit_as):
    citizen = visit_as(owner)
    address = f"{DESK}{coffee.ref}/nguoi/{owner.ref}/thoi?vi=dai-dien"
    page = desk.send(address, {"reason": "Không có tên trong giấy đăng ký"}, "Thôi đại diện")

    assert page.location == f"{page_of(coffee, 'dai-dien')}&da=da-thoi"
    assert names_of(coffee) == []
    assert lines_of(owner)[0] == ("representative changed", officer.full_name, "Không có tên trong giấy đăng ký")
    assert citizen.get(f"/ca-nhan/doanh-nghiep/{coffee.ref}/").status == 404, "in the middle of a visit"
    before = AccountEvent.select().count()
    assert desk.post(address, {"reason": "lần nữa"}).status == 303
    assert AccountEvent.select().count() == before
    assert "Không có người đại diện nào" in desk.get(page_of(coffee)).words


@pytest.mark.parametrize("typed", ["", "  ", "\x00", "a" * 301])
def test_without_a_reason_one_can_read_nobody_is_removed(desk, coffee, owner, typed):
    page = desk.post(f"{DESK}{coffee.ref}/nguoi/{owner.ref}/thoi", {"reason": typed})

    assert page.status == 422 and page.errors
    assert names_of(coffee) == ["Siu Chủ Quán"]


def test_who_has_no_part_in_it_cannot_be_removed(desk, coffee, partner):
    assert desk.get(f"{DESK}{coffee.ref}/nguoi/{partner.ref}/thoi").status == 404
    assert desk.get(f"{DESK}{'0' * 12}?vi=hoi-dap").status == 404


@pytest.mark.parametrize("form", ["giay-dang-ky", "nguoi"])
def test_a_stale_page_changes_nothing(desk, coffee, partner, form):
    data = {"csrf_token": "cu", "name": "Khác", "id_number": partner.id_number, "is_present": "1"}
    page = desk.post(f"{DESK}{coffee.ref}/{form}?vi=hoi-dap", data)

    assert (page.status, "Trang này mở đã lâu" in page.errors) == (422, True)
    assert (names_of(coffee), Business.get().name) == (["Siu Chủ Quán"], "Cà phê Ia Băng")


def test_htmx_gets_the_page_again_at_once(visit_as, officer, coffee, partner):
    desk = visit_as(officer, with_htmx=True)
    page = desk.post(f"{DESK}{coffee.ref}/nguoi?vi=dai-dien", {"id_number": partner.id_number, "is_present": "1"})

    assert "Đã thêm người đại diện" in page.words and "<html" not in page.text

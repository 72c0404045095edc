"""The front door, contact, privacy, health."""

import shutil
from types import SimpleNamespace

import pytest
from msgspec.structs import replace
from stage import PASSWORD

import database
from database import utc_now
from rules import accounts, attempts, logins
from rules.logins import LoginRefused


def test_the_four_doors_stand_in_the_order_of_the_main_job(visitor):
    page = visitor.get("/")
    doors = [a.findtext("b") for a in page.tree.find_class("list")[0].iter("a")]

    assert doors == ["Hướng dẫn", "Dịch vụ công", "Tra cứu", "Trang cá nhân"]
    assert page.links["Đăng nhập"] == "/tai-khoan/dang-nhap"


def test_the_home_page_says_that_it_is_not_the_national_portal(visitor):
    assert "Đây không phải Cổng Dịch vụ công quốc gia." in visitor.get("/").text


def test_one_may_search_for_a_procedure_at_once(visitor):
    page = visitor.get("/")

    assert page.tree.xpath("//form[@action='/dich-vu/']//input[@name='q']")
    assert "Tìm" in page.buttons


def test_a_person_logged_in_sees_the_name_and_the_way_out(visit_as, account):
    page = visit_as(account).get("/")

    assert page.user == account.full_name
    assert page.links["Thoát"] == "/tai-khoan/thoat"


@pytest.mark.parametrize(
    "address", ["/", "/lien-he", "/quyen-rieng-tu", "/huong-dan/", "/dich-vu/", "/tra-cuu", "/ca-nhan/ho-so", "/khong-co-trang"]
)
def test_the_name_stands_at_the_upper_right_of_every_page(visit_as, account, address):
    assert visit_as(account).get(address).user == account.full_name


def test_where_the_whole_name_is_the_heading_its_last_word_stands_at_the_upper_right(visit_as, account):
    page = visit_as(account).get("/ca-nhan/")

    assert (page.heading, page.user) == (account.full_name, "H'Lan")


def test_an_officers_name_leads_to_the_desk(visit_as, officer):
    page = visit_as(officer).get("/")

    assert page.links[officer.full_name] == "/mot-cua/"


def test_contact_hides_what_the_commune_has_not_given(visitor, library):
    page = visitor.get("/lien-he")

    assert "Điện thoại" not in page.words or library.site.phone
    assert library.site.codes.agency in page.words


def test_links_of_the_letter_are_told_apart_from_todays(visitor):
    page = visitor.get("/lien-he")

    assert "Địa chỉ ghi trong thư năm 2021" in page.words
    assert all(a.get("rel") == "noreferrer" for a in page.tree.iter("a") if a.get("href").startswith("http"))


def test_the_front_page_of_the_house_says_what_it_is_whose_and_what_it_lacks(visitor):
    page = visitor.get("/gioi-thieu")

    assert "Bộ phận Một cửa xã Ia Băng, UBND xã Ia Băng, tỉnh Gia Lai." in page.words
    assert "Đây không phải Cổng Dịch vụ công quốc gia. Cổng đó đăng nhập bằng VNeID." in page.words
    assert "Chưa có trang tiếng Jrai, tiếng Bahnar" in page.words
    assert (page.links["Quyền riêng tư"], page.links["Liên hệ"]) == ("/quyen-rieng-tu", "/lien-he")
    assert visitor.get("/lien-he").links["Trang này là gì"] == "/gioi-thieu"


def test_what_the_commune_has_given_of_itself_is_told_and_the_rest_left_out(app, visitor, library, monkeypatch):
    assert "Gọi" not in visitor.get("/gioi-thieu").words and "E-mail" not in visitor.get("/gioi-thieu").words
    given = {"phone": "0269 3831 234", "email": "xa@example.vn", "address": "Thôn 6", "hours": "Thứ Hai đến thứ Sáu"}
    monkeypatch.setattr(library, "site", replace(library.site, **given))
    app.wsgi_app.pages.clear()
    page = visitor.get("/gioi-thieu")
    app.wsgi_app.pages.clear()

    assert "Thôn 6. Gọi 0269 3831 234. E-mail xa@example.vn. Thứ Hai đến thứ Sáu." in page.words
    assert page.links["0269 3831 234"] == "tel:02693831234"


def test_the_privacy_page_says_what_is_kept_and_how_long(visitor):
    page = visitor.get("/quyen-rieng-tu")

    assert "91/2025" in page.words
    assert "30 ngày" in page.words


@pytest.fixture
def disk(monkeypatch):
    """A disk of 100 bytes, of which so many are free."""

    def has_free(free: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(total=100, free=free))

    has_free(50)
    return has_free


def test_health_warns_of_a_disk_nearly_full(visitor, disk):
    disk(9)

    assert visitor.get("/suc-khoe").text == "ok\nwarning: 9 % of the disk is free\n"


def test_health_is_ok_while_the_database_answers(visitor, disk):
    page = visitor.get("/suc-khoe")

    assert (page.status, page.text) == (200, "ok\n")


def test_health_warns_while_somebody_guesses_everywhere_in_great_number(visitor, account, disk, monkeypatch):
    monkeypatch.setattr(logins, "is_password", lambda known, password: False)
    for number in range(attempts.LOGIN_ANYWHERE.failures):
        with pytest.raises(LoginRefused):
            accounts.check_citizen(f"0640907{number:05}", "x", f"10.{number // 200}.1.1", "", utc_now())

    assert visitor.get("/suc-khoe").text == "ok\nwarning: somebody is guessing passwords or codes in great number\n"
    monkeypatch.undo()
    page = visitor.send("/tai-khoan/dang-nhap/tinh", {"id_number": account.id_number, "password": PASSWORD}, "Đăng nhập")
    assert page.location == "/", "the alarm refuses nobody"


def test_health_says_so_when_the_database_does_not_answer(visitor, monkeypatch):
    monkeypatch.setattr(database, "answers", lambda: False)

    page = visitor.get("/suc-khoe")

    assert page.status == 503
    assert "ok" not in page.text


def test_health_warns_when_guessing_is_not_slowed_down(app, visitor, monkeypatch, disk):
    monkeypatch.setitem(app.config, "RATE_LIMITS", False)

    assert visitor.get("/suc-khoe").text == "ok\nwarning: RATE_LIMITS=off\n"


@pytest.mark.parametrize(
    "name",
    ["../settings.py", "..%2fsettings.py", "%2e%2e/settings.py", "vendor/../../app.py", "khong-co.css", "/etc/passwd", "a%00b"],
)
def test_nothing_outside_the_static_folder_is_served(visitor, name):
    with visitor.client.get(f"/static/0/{name}") as answer:
        assert answer.status_code in (404, 308)
        assert b"import" not in answer.data

"""Forgotten password, screen by screen (guide III), and the first use of an account the commune opened."""

import re

import pytest
from reading import Page
from stage import PASSWORD, make_account

from database import utc_now
from models import Account, AccountEvent, Login, OneTimeCode
from rules import one_time

START, CODE, ACTIVATE = "/tai-khoan/quen-mat-khau", "/tai-khoan/quen-mat-khau/ma", "/tai-khoan/kich-hoat"
NEW = "nui cao suoi sau"
NOBODYS = "064090999999"
TWICE = {"password": NEW, "password_again": NEW}


def ask(visitor, number: str, way: str = "thu") -> Page:
    return visitor.send(START, {"id_number": number, "way": way}, "Xác nhận")


def link_in(letters) -> str:
    return re.search(r"http://localhost(/\S+)", letters()[-1].get_content())[1]


def log_in(visitor, number: str, password: str) -> Page:
    return visitor.send("/tai-khoan/dang-nhap/tinh", {"id_number": number, "password": password}, "Đăng nhập")


def code_for(account, kind: str = "recovery") -> str:
    return one_time.make_codes(kind, account, 1, utc_now())[0]


# --- by mail ---------------------------------------------------------------------------------------------------------


def test_the_letters_guide_leads_to_a_new_password(visitor, account, letters):
    login_page = visitor.get("/tai-khoan/dang-nhap/tinh")
    assert login_page.links["Mật khẩu"] == START
    assert ask(visitor, account.id_number).location == f"{START}/da-gui"
    link = link_in(letters)
    confirm = visitor.get(link)
    assert confirm.heading == "Xác nhận lấy lại mật khẩu"

    done = visitor.send(confirm.links["Xác nhận"], TWICE, "Xác nhận")
    assert visitor.get(done.location).heading == "Cập nhật mật khẩu thành công"
    assert log_in(visitor, account.id_number, PASSWORD).status == 422
    assert log_in(visitor, account.id_number, NEW).location == "/"


def test_it_works_in_fragments_too(new_visitor, account, letters):
    htmx = new_visitor(with_htmx=True)

    sent = ask(htmx, account.id_number)
    assert (sent.heading, sent.headers["HX-Push-Url"]) == ("Mở e-mail của bạn", f"{START}/da-gui")
    done = htmx.send(f"{link_in(letters)}/mat-khau", TWICE, "Xác nhận")
    assert done.heading == "Cập nhật mật khẩu thành công"


@pytest.mark.parametrize("way", ["thu", "phieu", "gap", "khong-co", ""])
def test_every_number_is_answered_alike(new_visitor, account, way):
    make_account(id_number="064090555001", email="")
    make_account(id_number="064090555002", password_hash="")

    pages = []
    for number in (account.id_number, NOBODYS, "064090555001", "064090555002", "231112223"):
        page = ask(new_visitor(), number, way)
        shown = re.sub(r'csrf_token" value="[^"]+"', "", page.text).replace(number, "…")
        pages.append((page.status, page.location, shown))
    assert len(set(pages)) == 1


def test_opening_the_link_changes_nothing(visitor, account, letters):
    ask(visitor, account.id_number)
    link = link_in(letters)

    for address in (link, f"{link}/mat-khau"):
        visitor.get(address)
        visitor.client.head(address).close()
    assert Account.get().password_hash == account.password_hash
    assert OneTimeCode.get().used_at is None


def test_no_page_with_the_link_in_its_address_is_told_to_others(visitor, account, letters):
    ask(visitor, account.id_number)
    link = link_in(letters)

    for address in (link, f"{link}/mat-khau", f"{START}/thu/{'x' * 43}"):
        page = visitor.get(address)
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"


def test_a_link_used_once_says_how_to_get_another(visitor, account, letters):
    ask(visitor, account.id_number)
    link = link_in(letters)
    visitor.send(f"{link}/mat-khau", TWICE, "Xác nhận")

    for address in (link, f"{link}/mat-khau"):
        page = visitor.get(address)
        assert (page.status, page.heading) == (404, "Địa chỉ này không dùng được nữa")
        assert page.links["Lấy lại mật khẩu"] == START
    assert visitor.post(f"{link}/mat-khau", {"password": PASSWORD, "password_again": PASSWORD}).status == 404
    assert log_in(visitor, account.id_number, NEW).location == "/"


@pytest.mark.parametrize(
    "typed, fault",
    [
        ({"password": "", "password_again": ""}, "Đặt mật khẩu"),
        ({"password": "ngan", "password_again": "ngan"}, "ít nhất 8 chữ"),
        ({"password": "12345678", "password_again": "12345678"}, "dễ đoán"),
        ({"password": NEW, "password_again": "khac hoan toan"}, "chưa giống nhau"),
        ({"password": "Ro Cham H'Lan", "password_again": "Ro Cham H'Lan"}, "dễ đoán"),
        ({"password": "05071990", "password_again": "05071990"}, "dễ đoán"),
        ({"password": "xã Ia Băng", "password_again": "xã Ia Băng"}, "dễ đoán"),
    ],
)
def test_a_poor_password_is_refused_and_the_link_stays_good(visitor, account, letters, typed, fault):
    ask(visitor, account.id_number)
    address = f"{link_in(letters)}/mat-khau"

    page = visitor.send(address, typed, "Xác nhận")
    assert page.status == 422 and fault in page.errors
    assert NEW not in page.text
    assert visitor.send(address, TWICE, "Xác nhận").location == f"{START}/xong"


def test_a_reset_logs_out_everywhere_and_logs_nobody_in(visit_as, new_visitor, account, letters):
    thief, owner = visit_as(account), new_visitor()
    ask(owner, account.id_number)

    owner.send(f"{link_in(letters)}/mat-khau", TWICE, "Xác nhận")
    assert Login.select().count() == 0
    for person in (thief, owner):
        assert person.get("/ca-nhan/").location.startswith("/tai-khoan/dang-nhap/tinh")


def test_an_address_that_is_no_number_is_said_beside_the_field(visitor):
    page = ask(visitor, "12345")

    assert page.status == 422 and "Bạn nhập 5 số" in page.errors
    assert page.typed_in("id_number") == "12345"


# --- by a code on paper ----------------------------------------------------------------------------------------------


def test_a_code_of_the_slip_leads_to_a_new_password(visitor, account):
    code = code_for(account)
    page = ask(visitor, account.id_number, "phieu")
    assert page.heading == "Nhập mã, đặt mật khẩu mới" and page.typed_in("id_number") == account.id_number

    typed = f"{code[:4]} {code[4:8]}-{code[8:]}".lower()
    done = visitor.post(CODE, {"id_number": account.id_number, "code": typed} | TWICE)
    assert visitor.get(done.location).heading == "Cập nhật mật khẩu thành công"
    assert log_in(visitor, account.id_number, NEW).location == "/"


@pytest.mark.parametrize(
    "code, fault",
    [
        ("", "Nhập mã trên phiếu"),
        ("7K3M", "Mã có 12 chữ và số, bạn gõ 4"),
        ("7K3M Q9TD RW2X", "chữ sai"),
        ("H21.129-261123-0001", "Đây là mã hồ sơ"),
        ("\x00\u202e" * 20, "Nhập mã"),
        ("A" * 100_000, "Mã có 12 chữ và số"),
    ],
)
def test_a_code_that_cannot_be_right_is_said_so_and_counts_as_no_guess(visitor, account, code, fault):
    for _ in range(11):
        page = visitor.post(CODE, {"id_number": account.id_number, "code": code} | TWICE)

    assert page.status == 422 and fault in page.errors
    assert "phút" not in page.errors
    assert page.typed_in("id_number") == account.id_number


def test_what_was_typed_stays_and_the_passwords_do_not(visitor, account):
    code = code_for(account)

    page = visitor.post(CODE, {"id_number": account.id_number, "code": code, "password": "ngan", "password_again": "ngan"})
    assert (page.status, page.typed_in("code")) == (422, code)
    assert 'ngan"' not in page.text
    assert OneTimeCode.get().used_at is None


def test_a_used_code_says_when(visitor, account):
    sent = {"id_number": account.id_number, "code": code_for(account)} | TWICE
    visitor.post(CODE, sent)

    page = visitor.post(CODE, sent)
    assert page.status == 422 and re.search(r"Mã này đã dùng lúc .*\d{4}", page.errors)


def test_the_eleventh_guess_waits(visitor, account):
    for _ in range(10):
        assert visitor.post(CODE, {"id_number": account.id_number, "code": one_time.new_receipt_code()} | TWICE).status == 422

    page = visitor.post(CODE, {"id_number": account.id_number, "code": code_for(account)} | TWICE)
    assert page.status == 422 and "Chờ" in page.errors
    assert OneTimeCode.get().used_at is None


def test_the_first_code_of_another_person_opens_nothing(visitor, account):
    neighbour = make_account()

    page = visitor.post(CODE, {"id_number": account.id_number, "code": code_for(neighbour)} | TWICE)
    assert page.status == 422
    assert AccountEvent.select().count() == 0


def test_how_to_get_help_in_person_is_said(visitor):
    page = visitor.get(ask(visitor, NOBODYS, "gap").location)

    assert page.heading == "Lấy lại mật khẩu khi gặp cán bộ"
    assert page.links["Đã có mã: nhập mã"] == CODE


# --- the first time --------------------------------------------------------------------------------------------------


def test_an_account_opened_by_the_commune_is_activated_with_the_slip(visitor):
    account = make_account(email="", phone="", password_hash="")
    code = code_for(account, "activation")

    done = visitor.send(ACTIVATE, {"id_number": account.id_number, "code": code} | TWICE, "Xác nhận")
    assert visitor.get(done.location).heading == "Tài khoản đã dùng được"
    assert log_in(visitor, account.id_number, NEW).location == "/"
    again = visitor.post(ACTIVATE, {"id_number": account.id_number, "code": code} | TWICE)
    assert "đã dùng lúc" in again.errors


def test_a_recovery_code_activates_nothing(visitor):
    account = make_account(email="", password_hash="")

    page = visitor.send(ACTIVATE, {"id_number": account.id_number, "code": code_for(account)} | TWICE, "Xác nhận")
    assert page.status == 422
    assert Account.get_by_id(account.id).password_hash == ""


def test_a_stale_form_keeps_what_was_typed(visitor, account):
    page = visitor.post(CODE, {"csrf_token": "x", "id_number": account.id_number, "code": code_for(account)} | TWICE)

    assert page.status == 422 and "mở đã lâu" in page.errors
    assert OneTimeCode.get().used_at is None

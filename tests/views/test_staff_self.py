"""Tài khoản của tôi: everybody who works here looks after their own password, second factor and logins."""

from datetime import timedelta

import pyotp
import pytest
from stage import PASSWORD, make_account, make_staff

from database import utc_now
from models import Login, Staff
from rules import logins, second_factor, staff
from rules.passwords import is_password

ME = "/mot-cua/toi"
OWN = "trau den an co non"
OLD_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def officer(app):
    return make_staff("officer", second_factor="totp", totp_secret=OLD_SECRET)


@pytest.fixture
def desk(visit_as, officer):
    return visit_as(officer)


def fresh(person: Staff) -> Staff:
    return Staff.get_by_id(person.id)


def kept(person: Staff) -> tuple:
    row = fresh(person)
    return row.password_hash, row.second_factor, row.totp_secret, second_factor.codes_left(row, utc_now()), Login.select().count()


def secret_on(page) -> str:
    return page.tree.find_class("secret")[0].text_content().replace(" ", "")


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", staff.ROLES)
def test_every_role_reads_its_name_role_and_logins(visit_as, role):
    person = make_staff(role, "somebody", village="Thôn 6" if role == "village_head" else "")
    page = visit_as(person).get(ME)

    assert page.heading == "Tài khoản của tôi"
    for words in (person.full_name, "somebody", staff.ROLE_NAMES[role], "Máy này"):
        assert words in page.words


def test_a_citizen_and_a_stranger_are_sent_to_the_desks_login(visit_as, visitor, account):
    for somebody in (visit_as(account), visitor):
        assert somebody.get(ME).location == "/mot-cua/dang-nhap?tiep=/mot-cua/toi"


# --- password --------------------------------------------------------------------------------------------------------


def change(desk, old=PASSWORD, new=OWN, again=""):
    return desk.send(f"{ME}/mat-khau", {"old_password": old, "password": new, "password_again": again or new})


def test_a_new_password_ends_the_other_logins_and_this_one_goes_on_with_a_new_token(desk, officer):
    logins.begin_login(officer, "elsewhere", utc_now())
    token = desk.client.get_cookie("v", domain="localhost").value
    page = change(desk)

    assert page.location == f"{ME}?da=mat-khau" and "Đã đổi mật khẩu" in desk.get(page.location).words
    assert is_password(fresh(officer).password_hash, OWN)
    assert Login.select().count() == 1 and desk.client.get_cookie("v", domain="localhost").value != token


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"old": "sai roi sai roi"}, "đang dùng chưa đúng"),
        ({"new": "ngan"}, "ít nhất 12"),
        ({"new": "Cán bộ officer"}, "dễ đoán"),
        ({"new": PASSWORD}, "giống mật khẩu cũ"),
        ({"again": OWN + "x"}, "chưa giống nhau"),
        ({"old": ""}, "Nhập mật khẩu đang dùng"),
    ],
)
def test_a_wrong_old_or_unfit_new_password_changes_nothing(desk, officer, typed, said):
    before = kept(officer)
    page = change(desk, **typed)

    assert (page.status, said in page.errors) == (422, True)
    assert kept(officer) == before


def test_who_sits_down_at_an_open_screen_cannot_guess_the_password(desk):
    for _ in range(10):
        change(desk, old="sai roi sai roi")

    assert "Chờ 1 phút" in change(desk).errors


# --- second factor ---------------------------------------------------------------------------------------------------


def set_app(desk, code: str = "", password=PASSWORD):
    secret = secret_on(desk.get(f"{ME}/ung-dung"))
    page = desk.send(f"{ME}/ung-dung", {"code": code or pyotp.TOTP(secret).now(), "old_password": password})
    return secret, page


def test_a_new_app_takes_the_old_ones_place(desk, officer):
    logins.begin_login(officer, "elsewhere", utc_now())
    secret, page = set_app(desk)

    assert page.location == f"{ME}?da=ung-dung" and desk.get(page.location).status == 200
    assert (fresh(officer).totp_secret, Login.select().count()) == (secret, 1)
    assert secret_on(desk.get(f"{ME}/ung-dung")) != secret, "the next app gets another secret"


@pytest.mark.parametrize(("code", "password", "said"), [("", "sai roi sai roi", "đang dùng"), ("00000", PASSWORD, "6 số")])
def test_without_the_password_or_a_right_code_the_old_app_stays(desk, officer, code, password, said):
    before = kept(officer)
    _, page = set_app(desk, code, password)

    assert (page.status, said in page.errors) == (422, True)
    assert kept(officer) == before


def test_new_codes_ask_for_the_password_and_make_the_old_ones_void(desk, officer):
    second_factor.print_codes(officer, utc_now())
    page = desk.send(f"{ME}/ma-in", {"old_password": "sai roi sai roi"})
    assert (page.status, page.tree.find_class("sheet")) == (422, [])

    page = desk.send(f"{ME}/ma-in", {"old_password": PASSWORD})
    codes = [code.text_content() for code in page.tree.find_class("sheet")[0].find_class("secret")]
    assert len(codes) == 10 and second_factor.codes_left(officer, utc_now()) == 10
    second_factor.check(fresh(officer), codes[0].replace(" ", ""), "1.2.3.4", False, utc_now())
    assert "mã in còn dùng được: 9" in desk.get(ME).words


# --- logins ----------------------------------------------------------------------------------------------------------


def test_one_ends_a_login_on_another_machine(app, desk, officer, visit_as):
    elsewhere = visit_as(officer)
    assert elsewhere.get(ME).status == 200
    page = desk.send(ME, {}, "Kết thúc")

    assert page.location == f"{ME}?da=da-thoat-may"
    assert elsewhere.get(ME).location.startswith("/mot-cua/dang-nhap")
    assert desk.get(ME).status == 200


def test_all_other_logins_end_at_once(desk, officer):
    for _ in range(3):
        logins.begin_login(officer, "elsewhere", utc_now())
    desk.send(ME, {}, "Thoát khỏi mọi máy khác")

    assert Login.select().count() == 1 and desk.get(ME).status == 200


def test_a_login_of_somebody_else_is_not_mine_to_end(desk, account):
    theirs = [logins.begin_login(person, "theirs", utc_now()) for person in (make_staff("leader"), account)]
    for token in theirs:
        desk.post(f"{ME}/ket-thuc", {"login": str(logins.find_login(token).id)})

    assert all(logins.find_login(token) for token in theirs)


def test_the_citizen_whose_row_has_my_number_does_not_stand_in_my_list(desk, officer):
    logins.begin_login(make_account(id=officer.id), "Opera Mini", utc_now())

    assert "Opera Mini" not in desk.get(ME).words


def test_a_login_that_still_waits_for_its_code_is_not_in_the_list(desk, officer):
    logins.begin_login(officer, "Opera Mini", utc_now(), waits_for="factor")

    assert "Opera Mini" not in desk.get(ME).words


def test_the_list_of_machines_forgets_one_whose_half_hour_has_passed(desk, officer):
    token = logins.begin_login(officer, "Opera Mini", utc_now() - timedelta(minutes=40))

    assert logins.find_login(token) and "Opera Mini" not in desk.get(ME).words

"""Registering, confirming, logging in and out: guides I and II."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from stage import PASSWORD, make_account

from database import utc_now
from models import Account, Draft, IdNumber, KnownDevice, Login, Message, Registration, Representative
from rules import accounts, attempts, logins
from rules.dossier_codes import SYMBOLS, read_slip_code

NUMBER = "064090123456"
DETAILS = {
    "kind": "cong-dan", "id_number": NUMBER, "password": "rua bien xanh lam", "password_again": "rua bien xanh lam",
    "full_name": "Rơ Châm H'Lan",
    "birth_date": "5/7/1990", "village": "Thôn 6", "phone": "0912345678", "email": "hlan@example.vn", "business_name": "",
    "tax_code": "",
}  # fmt: skip
BUSINESS = {"kind": "doanh-nghiep", "business_name": "Cà phê Ia Băng", "tax_code": "0100109106"}
LOGIN = "/tai-khoan/dang-nhap/tinh"
END, DONE = "Xong – xoá khỏi máy này", "/tai-khoan/xong"
WRONG = "Số giấy tờ hoặc mật khẩu chưa đúng, hoặc tài khoản chưa được xác nhận. Xem lại rồi bấm Đăng nhập."


def register(visitor, **changed):
    return visitor.post("/tai-khoan/dang-ky/thong-tin", DETAILS | changed)


def log_in(visitor, number=NUMBER, password=DETAILS["password"], **more):
    return visitor.post(LOGIN, {"id_number": number, "password": password} | more)


def link_in(letter) -> str:
    return re.search(r"http://localhost(/tai-khoan/xac-nhan/\S+)", letter.get_content())[1]


# --- guide I, screen by screen ---------------------------------------------------------------------------------------


def test_the_letters_way_to_an_account_is_walked_by_its_labels(visitor, letters):
    page = visitor.get("/")
    page = visitor.get(page.links["Đăng nhập"])
    page = visitor.get(page.links["Tài khoản cấp bởi dịch vụ công tỉnh Gia Lai"])
    page = visitor.get(page.links["Đăng ký"])
    page = visitor.send("/tai-khoan/dang-ky", {"loai": "cong-dan"}, "Xác minh mức độ trung bình (IAL2)")
    page = visitor.get("/tai-khoan/dang-ky/so-giay-to?loai=cong-dan")
    page = visitor.post("/tai-khoan/dang-ky/thong-tin", page.fields("Tiến hành đăng ký") | {"id_number": NUMBER})
    page = visitor.post("/tai-khoan/dang-ky/thong-tin", page.fields("Đăng ký") | DETAILS)
    assert page.location == "/tai-khoan/dang-ky/da-gui"
    page = visitor.send(link_in(letters()[0]), {}, "Xác nhận")

    assert page.heading == "Tài khoản đã dùng được"
    assert log_in(visitor).location == "/"
    assert visitor.get("/").user == "Rơ Châm H'Lan"


def labels(page) -> list[str]:
    """What is asked, without the hint beside it."""
    return [" ".join((label.text or label.text_content()).split()) for label in page.tree.iter("label", "legend")]


def test_the_kind_of_account_stands_before_the_button_of_the_letter(visitor):
    page = visitor.get("/tai-khoan/dang-ky")

    assert labels(page)[-2:] == ["Công dân", "Doanh nghiệp"]
    assert page.buttons == ["Xác minh mức độ trung bình (IAL2)"]


def test_a_citizen_is_asked_password_first_then_who_she_is(visitor):
    page = visitor.post("/tai-khoan/dang-ky/thong-tin", {"kind": "cong-dan", "id_number": NUMBER})

    assert labels(page) == [
        "CMND",
        "Mật khẩu",
        "Gõ lại mật khẩu",
        "Họ và tên",
        "Ngày sinh",
        "Thôn, làng",
        "Số điện thoại",
        "E-mail",
    ]
    assert page.buttons == ["Đăng ký"]
    assert page.typed_in("id_number") == NUMBER


def test_a_business_is_asked_its_name_and_tax_code_too(visitor):
    page = visitor.post("/tai-khoan/dang-ky/thong-tin", {"kind": "doanh-nghiep", "id_number": NUMBER})

    assert labels(page)[3:6] == ["Tên doanh nghiệp", "Mã số thuế", "Họ và tên"]
    assert "Người đại diện" in page.words


def test_a_business_gets_an_account_of_its_kind(visitor, letters):
    register(visitor, **BUSINESS)
    visitor.send(link_in(letters()[0]), {}, "Xác nhận")

    (role,) = Representative.select()
    assert (role.account, role.business.name, role.business.tax_code) == (Account.get(), "Cà phê Ia Băng", "0100109106")


def test_a_business_needs_its_name_and_its_tax_code(visitor):
    page = register(visitor, **BUSINESS | {"business_name": "", "tax_code": ""})

    assert "Nhập tên doanh nghiệp" in page.errors
    assert "Nhập mã số thuế" in page.errors
    assert not Registration.select().exists()


@pytest.mark.parametrize("kind", ["", "khac", "citizen", "<b>"])
def test_another_kind_of_account_is_not_to_be_had(visitor, kind):
    assert visitor.get(f"/tai-khoan/dang-ky/so-giay-to?loai={kind}").status == 422
    assert register(visitor, kind=kind).location == "/tai-khoan/dang-ky"
    assert not Registration.select().exists()


@pytest.mark.parametrize(
    "typed",
    ["064090123456", "064 090 123 456", "064.090.123.456", " 064-090-123456 ", "０６４０９０１２３４５６", "064 090 123 456"],
)
def test_a_number_is_read_however_it_is_typed(visitor, letters, typed):
    register(visitor, id_number=typed)
    visitor.send(link_in(letters()[0]), {}, "Xác nhận")

    assert Account.get().id_number == NUMBER
    assert log_in(visitor, number=typed).location == "/"


@pytest.mark.parametrize(
    "name",
    ["H'Lan", "H’Lan", "Siu", "Y", "Rơ Châm H'Blĕo", "Ksor Hŏ", "Nay Čĭ", "Rah Lan Bơ̆", "Đinh Ƀil", "Nguyễn Thị Ánh-Tuyết"],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_kept_as_it_is_written_here(visitor, letters, name, form):
    register(visitor, full_name=unicodedata.normalize(form, name))
    visitor.send(link_in(letters()[0]), {}, "Xác nhận")

    assert Account.get().full_name == unicodedata.normalize("NFC", name)


def test_an_old_number_of_nine_digits_is_warned_about_not_refused(visitor):
    page = visitor.post("/tai-khoan/dang-ky/thong-tin", {"kind": "cong-dan", "id_number": "230123456"})

    assert page.status == 200
    assert "không còn dùng được từ ngày 1/1/2025" in page.words


def test_a_birth_year_that_differs_from_the_number_is_pointed_out_not_refused(visitor):
    page = register(visitor, birth_date="5/7/1991", password_again="khac")
    assert "Số này là của người sinh năm 1990, bạn nhập năm 1991" in page.words

    register(visitor, birth_date="5/7/1991")
    assert Registration.get().details["birth_date"] == "1991-07-05"


# --- what is refused, and then nothing is kept -----------------------------------------------------------------------

REFUSED = [
    ("id_number", "", "Nhập số căn cước"), ("id_number", "12345", "Bạn nhập 5 số"),
    ("id_number", "064999123456", "người sinh năm 2399"),
    ("id_number", "1234567890123", "Bạn nhập 13 số"),
    ("id_number", "abc", "chỉ nhập chữ số"), ("password", "", "Đặt mật khẩu"), ("password", "ngan", "ít nhất 8 chữ"),
    ("full_name", "", "Nhập họ và tên"), ("full_name", "H'Lan 2", "Họ tên chỉ có chữ cái"),
    ("full_name", "<script>", "Họ tên chỉ có chữ cái"),
    ("birth_date", "", "Nhập ngày sinh"), ("birth_date", "31/02/1990", "không có ngày 31"),
    ("birth_date", "1/1/2050", "không sau hôm nay"),
    ("birth_date", "1990", "Nhập đủ ngày"), ("phone", "12345", "Bạn nhập 5 số"),
    ("email", "hlan", "E-mail chưa đúng"),
    ("email", "a@b.vn\r\nBcc: x@y.vn", "Xóa ký tự ẩn"), ("email", "a@b.vn, c@d.vn", "E-mail chưa đúng"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "typed", "message"), REFUSED)
def test_what_cannot_be_taken_is_said_beside_its_field_and_the_rest_is_kept(visitor, field, typed, message):
    page = register(visitor, **{field: typed})

    assert page.status == 422
    assert message in page.words
    assert f"#{field}" in [a.get("href") for a in page.tree.find_class("errors")[0].iter("a")]
    for kept in {"full_name", "birth_date", "village", "phone", "email"} - {field}:
        assert field == "id_number" or page.typed_in(kept) == DETAILS[kept]
    assert not Registration.select().exists() and not Message.select().exists()


@pytest.mark.parametrize(
    "password",
    [
        NUMBER,
        "rochamhlan",
        "Rơ Châm H'Lan",
        "05071990",
        "19900705",
        "0912345678",
        "hlan@example.vn",
        "matkhau123",
        "aaaaaaaaaa",
        "12345678",
    ],
)
def test_a_password_others_can_guess_is_refused(visitor, password):
    page = register(visitor, password=password, password_again=password)

    assert "dễ đoán" in page.errors
    assert not Registration.select().exists()


def test_two_passwords_that_differ_are_asked_for_again(visitor):
    page = register(visitor, password_again="rua bien xanh luc")

    assert "chưa giống nhau" in page.errors
    assert not Registration.select().exists()


def test_a_password_never_comes_back_to_the_screen(visitor):
    assert DETAILS["password"] not in register(visitor, full_name="").text


@pytest.mark.parametrize(
    "password", ["a b c d e", "mật khẩu có dấu đẹp", "x" + "dài" * 40, "pass<script>word", "🐘🐘🌲🌲🌾🌾🐃🐃"]
)
def test_any_signs_may_stand_in_a_password(visitor, letters, password):
    register(visitor, password=password, password_again=password)
    visitor.send(link_in(letters()[0]), {}, "Xác nhận")

    assert log_in(visitor, password=unicodedata.normalize("NFD", password)).location == "/"


# --- the mail and its link -------------------------------------------------------------------------------------------


def test_the_mail_goes_to_the_address_given_and_says_what_it_is(visitor, letters):
    register(visitor)

    (letter,) = letters()
    assert letter["To"] == "hlan@example.vn"
    assert "Chào Rơ Châm H'Lan" in letter.get_content()
    assert NUMBER not in letter.as_string()


def test_the_address_in_the_mail_is_the_sites_own_whatever_the_request_says(visitor, letters):
    visitor.post("/tai-khoan/dang-ky/thong-tin", DETAILS, **{"X-Forwarded-Host": "xau.example", "Host": "127.0.0.1"})
    register(visitor, id_number="064090123457")

    assert all("http://localhost/" in letter.get_content() and "xau" not in letter.get_content() for letter in letters())


def test_opening_the_link_confirms_nothing(visitor, letters):
    register(visitor)
    link = link_in(letters()[0])

    page = visitor.get(link)
    visitor.client.head(link)

    assert page.buttons == ["Xác nhận"]
    assert not Account.select().exists()
    assert log_in(visitor).status == 422


def test_pressing_confirm_twice_is_fine(visitor, letters):
    register(visitor)
    link = link_in(letters()[0])
    token = visitor.get(link).fields("Xác nhận")

    first, second = visitor.post(link, token), visitor.post(link, token)

    assert (first.heading, second.heading) == ("Tài khoản đã dùng được", "Tài khoản đã dùng được")
    assert Account.select().count() == 1


def test_a_link_of_another_registration_of_the_same_number_makes_no_second_account(visitor, letters):
    register(visitor)
    register(visitor, email="khac@example.vn", full_name="Kẻ Khác")
    mine, other = (link_in(letter) for letter in letters())

    visitor.send(mine, {}, "Xác nhận")
    page = visitor.send(other, {}, "Xác nhận")

    assert page.status == 404
    assert [account.full_name for account in Account.select()] == ["Rơ Châm H'Lan"]


def test_a_link_older_than_a_week_serves_nobody(visitor, letters):
    register(visitor)
    link = link_in(letters()[0])

    with time_machine.travel(utc_now() + timedelta(days=7, minutes=1), tick=False):
        page = visitor.get(link)
        answer = visitor.post(link)

    assert (page.status, answer.status) == (404, 404)
    assert "Địa chỉ này không dùng được nữa" in page.words
    assert not Account.select().exists()


@pytest.mark.parametrize("token", ["x" * 43, "x", "%00", "ă" * 20, "a" * 4000, "..%2f.."])
def test_an_unknown_link_serves_nobody(visitor, token):
    assert visitor.get(f"/tai-khoan/xac-nhan/{token}").status == 404
    assert visitor.post(f"/tai-khoan/xac-nhan/{token}").status == 404
    assert not Account.select().exists()


def test_confirming_does_not_log_in(visitor, letters):
    register(visitor)
    visitor.send(link_in(letters()[0]), {}, "Xác nhận")

    assert visitor.get("/ca-nhan/").location.startswith(LOGIN)


def test_at_most_three_mails_an_hour_to_one_address(visitor, letters):
    pages = [register(visitor) for _ in range(5)]

    assert {page.location for page in pages} == {"/tai-khoan/dang-ky/da-gui"}
    assert len(letters()) == 3


def test_a_stranger_does_not_use_up_the_tries_of_a_number(visitor, new_visitor, letters):
    for number in range(5):
        register(new_visitor(), email=f"la{number}@example.vn")
    register(visitor, email="chinh-chu@example.vn")

    assert "chinh-chu@example.vn" in [letter["To"] for letter in letters()]


def test_a_number_that_is_taken_looks_the_same_and_its_owner_is_told(visitor, new_visitor, letters):
    make_account(id_number=NUMBER, full_name="Chủ Thật", email="chu@example.vn")

    taken, free = (
        register(visitor, email="ke@example.vn"),
        register(new_visitor(), id_number="064090123457", email="ke@example.vn"),
    )

    assert (taken.status, taken.location) == (free.status, free.location)
    assert visitor.get(taken.location).words == new_visitor().get(free.location).words
    told, asked = letters()
    assert (told["To"], asked["To"]) == ("chu@example.vn", "ke@example.vn")
    assert "Số này đã có tài khoản" in told.get_content()
    assert Account.select().count() == 1


def test_a_taken_number_looks_the_same_at_every_screen(visitor, new_visitor):
    make_account(id_number=NUMBER)
    pages = [
        new_visitor().post("/tai-khoan/dang-ky/thong-tin", {"kind": "cong-dan", "id_number": n}) for n in (NUMBER, "064090123457")
    ]

    assert pages[0].words == pages[1].words
    assert pages[0].status == pages[1].status == 200


# --- without e-mail --------------------------------------------------------------------------------------------------


def code_on(page) -> str:
    """The code as it stands in large groups."""
    return page.tree.find_class("code")[0].text_content()


def without_codes(page) -> str:
    """The page's own words and tags, with the code blotted out."""
    return page.text.replace(code_on(page), "CODE")


def test_who_has_no_mail_is_shown_a_code_and_what_to_do_with_it(visitor):
    page = register(visitor, email="")

    assert (page.status, page.heading) == (200, "Còn một bước: mang căn cước đến xã")
    assert re.fullmatch(rf"[{SYMBOLS}]{{4}} [{SYMBOLS}]{{4}} [{SYMBOLS}]{{4}}", code_on(page))
    assert accounts.find_registration_of_code(NUMBER, read_slip_code(code_on(page)), utc_now())
    assert "Mang căn cước và mã này đến" in page.words and "7 ngày" in page.words


def test_without_mail_nothing_is_mailed_and_there_is_no_account_until_somebody_confirms(visitor, letters):
    page = register(visitor, email="")
    assert (letters(), Message.select().count(), Account.select().count()) == ([], 0, 0)
    assert log_in(visitor).status == 422

    accounts.confirm(accounts.find_registration_of_code(NUMBER, read_slip_code(code_on(page)), utc_now()), utc_now())
    assert log_in(visitor).location == "/"


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["plain", "htmx"])
def test_the_code_stands_in_no_address_no_header_and_no_log(app, visitor, headers, caplog):
    page = visitor.post("/tai-khoan/dang-ky/thong-tin", DETAILS | {"email": ""}, **headers)
    code = read_slip_code(code_on(page))

    assert page.headers["Cache-Control"] == "no-store"
    assert not [text for text in (*page.headers.values(), caplog.text) if code in text or code_on(page) in text]
    assert code not in page.text, "only in groups, to be copied"
    security_log = app.extensions["security_log"].path
    assert not security_log.exists() or code not in security_log.read_text(encoding="utf-8")


def test_a_taken_number_without_mail_looks_the_same_and_leaves_nothing(visitor, new_visitor, letters):
    make_account(id_number=NUMBER, email="")

    taken, free = register(visitor, email=""), register(new_visitor(), email="", id_number="064090123457")
    assert (taken.status, without_codes(taken)) == (free.status, without_codes(free))
    assert set(taken.headers.keys()) == set(free.headers.keys())
    assert code_on(taken) != code_on(free)
    assert [request.details["id_number"] for request in Registration.select()] == ["064090123457"]
    assert accounts.find_registration_of_code(NUMBER, read_slip_code(code_on(taken)), utc_now()) is None
    assert (letters(), Account.select().count()) == ([], 1)


def test_the_same_form_sent_again_is_answered_again(visitor):
    first, second = register(visitor, email=""), register(visitor, email="")

    assert without_codes(first) == without_codes(second)
    assert all(accounts.find_registration_of_code(NUMBER, read_slip_code(code_on(page)), utc_now()) for page in (first, second))


def test_a_village_meeting_registers_at_one_phone(new_visitor, cheap_passwords):
    with time_machine.travel(datetime(2026, 11, 23, 2, 0, tzinfo=UTC), tick=False) as clock:
        for person in range(11):
            page = register(new_visitor(), email="", id_number=f"0640901250{person:02}")
            assert page.status == 200 and code_on(page)
            clock.shift(timedelta(seconds=5))

    assert Registration.select().count() == 11


def test_who_comes_after_two_hundred_from_one_place_waits_and_loses_nothing_but_the_password(visitor, cheap_passwords):
    for _ in range(200):
        attempts.count_failure(attempts.REGISTER_BY_ADDRESS, "127.0.0.0/24", utc_now())
    page = register(visitor, email="")

    assert page.status == 422
    assert "Đang có nhiều người đăng ký cùng một lúc. Chờ 1 phút rồi thử lại." in page.errors
    assert (page.typed_in("full_name"), page.typed_in("village")) == (DETAILS["full_name"], DETAILS["village"])
    assert not Registration.select().exists()


# --- guide II --------------------------------------------------------------------------------------------------------


@pytest.fixture
def citizen(app):
    return make_account(id_number=NUMBER)


def test_wrong_unknown_and_unconfirmed_get_the_same_words(visitor, new_visitor, citizen):
    register(visitor, id_number="064090123457")
    asked = [(NUMBER, "sai mat khau roi"), ("064090999999", PASSWORD), ("064090123457", DETAILS["password"])]

    pages = [log_in(new_visitor(), number, password) for number, password in asked]

    assert {page.status for page in pages} == {422}
    assert len({page.words.replace(number, "") for page, (number, _) in zip(pages, asked, strict=True)}) == 1
    assert WRONG in pages[0].words
    assert not Login.select().exists()


def test_the_number_typed_is_kept_and_the_password_is_not(visitor, citizen):
    page = log_in(visitor, password="sai mat khau roi")

    assert page.typed_in("id_number") == NUMBER
    assert "sai mat khau roi" not in page.text


def test_logging_in_gives_a_new_cookie_that_only_the_row_makes_good(visitor, citizen):
    visitor.get(LOGIN)
    before = next(iter(visitor.client._cookies.values()))
    log_in(visitor, password=PASSWORD)
    after = next(iter(visitor.client._cookies.values()))

    assert before.value != after.value
    assert Login.get().token_hash == logins.token_hash(after.value)
    assert after.http_only and after.same_site == "Lax"


def test_a_cookie_that_was_planted_before_logging_in_opens_nothing(new_visitor, citizen):
    victim, thief = new_visitor(), new_visitor()
    victim.get(LOGIN)
    thief.client._cookies = dict(victim.client._cookies)

    log_in(victim, password=PASSWORD)

    assert victim.get("/ca-nhan/").status == 200
    assert thief.get("/ca-nhan/").location.startswith(LOGIN)


def test_logging_out_ends_it_on_the_server(visit_as, citizen):
    visitor, kept = visit_as(citizen), visit_as(citizen)
    kept.client._cookies = dict(visitor.client._cookies)
    page = visitor.send("/tai-khoan/thoat", {}, END)

    assert page.headers["Clear-Site-Data"] == '"storage"'
    assert kept.get("/ca-nhan/").location.startswith(LOGIN)
    assert visitor.get("/").user == "Đăng nhập"
    assert page.location == DONE
    assert visitor.get(DONE).heading == "Xong. Đã xoá khỏi máy này"


def test_opening_the_page_of_logging_out_does_not_log_out(visit_as, citizen):
    visitor = visit_as(citizen)
    visitor.get("/tai-khoan/thoat")

    assert visitor.get("/ca-nhan/").status == 200


def test_logging_out_on_one_phone_leaves_the_other(visit_as, citizen):
    one, other = visit_as(citizen), visit_as(citizen)
    one.send("/tai-khoan/thoat", {}, END)

    assert other.get("/ca-nhan/").status == 200


@pytest.mark.parametrize(("minutes", "is_in"), [(29, True), (31, False)])
def test_an_idle_login_ends_after_half_an_hour(visit_as, citizen, minutes, is_in):
    visitor = visit_as(citizen)
    with time_machine.travel(utc_now() + timedelta(minutes=minutes), tick=False):
        page = visitor.get("/ca-nhan/")

    assert (page.status == 200) == is_in


def test_a_login_in_use_lasts_twelve_hours_and_no_longer(visit_as, citizen):
    visitor, start = visit_as(citizen), utc_now()
    seen = []
    for minutes in range(20, 13 * 60, 20):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            seen.append(visitor.get("/ca-nhan/").status)

    assert seen[:35] == [200] * 35
    assert set(seen[36:]) == {303}


def test_a_form_shown_before_the_secret_key_was_replaced_is_still_taken(app, visitor, citizen, monkeypatch):
    form = visitor.get(LOGIN).fields("Đăng nhập") | {"id_number": NUMBER, "password": PASSWORD}
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [app.config["SECRET_KEY"]])
    monkeypatch.setitem(app.config, "SECRET_KEY", "another one")

    assert visitor.client.post(LOGIN, data=form).status_code == 303


def test_a_form_of_a_key_that_was_given_up_is_shown_again(app, visitor, citizen, monkeypatch):
    form = visitor.get(LOGIN).fields("Đăng nhập") | {"id_number": NUMBER, "password": PASSWORD}
    monkeypatch.setitem(app.config, "SECRET_KEY", "another one")

    assert "Trang này mở đã lâu" in visitor._page(visitor.client.post(LOGIN, data=form), {}).errors


def test_a_citizen_is_not_an_officer_and_an_officer_no_citizen(visit_as, citizen, officer):
    assert visit_as(citizen).get("/mot-cua/").location.startswith("/mot-cua/dang-nhap")
    assert visit_as(officer).get("/ca-nhan/").status == 404


def test_who_forgot_the_password_finds_the_way_from_the_login_page(visitor):
    page = visitor.get(visitor.get(LOGIN).links["Mật khẩu"])

    assert page.status == 200 and "mật khẩu" in page.heading.lower()


# --- a shared phone, and one's own -----------------------------------------------------------------------------------


def cookie(visitor):
    """The one cookie of this browser, if it has one."""
    return next(iter(visitor.client._cookies.values()), None)


def set_cookie(page) -> str:
    """The cookie line of an answer, or nothing."""
    return page.headers.get("Set-Cookie", "")


@pytest.fixture
def on_shared_phone(visitor, citizen):
    log_in(visitor, password=PASSWORD)
    return visitor


@pytest.fixture
def on_own_phone(new_visitor, citizen):
    visitor = new_visitor()
    log_in(visitor, password=PASSWORD, phone="toi")
    return visitor


def test_the_shared_phone_is_chosen_beforehand(visitor):
    page = visitor.get(LOGIN)

    assert page.fields("Đăng nhập")["phone"] == "chung"
    assert [radio.get("value") for radio in page.tree.xpath("//input[@name='phone']")] == ["chung", "toi"]
    assert "Máy dùng chung" in page.words and "Máy của tôi" in page.words


@pytest.mark.parametrize("phone", ["chung", "", "TOI", " toi", "toi\x00", "own", "1", "true", "x" * 5000, "<script>"])
def test_any_answer_but_the_one_is_a_shared_phone(visitor, citizen, phone):
    page = log_in(visitor, password=PASSWORD, phone=phone)

    assert not Login.get().is_own_phone
    assert "Max-Age" not in set_cookie(page) and "Expires" not in set_cookie(page)
    assert not KnownDevice.select().exists()


def test_no_answer_at_all_is_a_shared_phone(visitor, citizen):
    log_in(visitor, password=PASSWORD)

    assert not Login.get().is_own_phone


def test_the_choice_is_kept_when_the_password_was_wrong(visitor, citizen):
    assert log_in(visitor, password="sai", phone="toi").fields("Đăng nhập")["phone"] == "toi"


def test_the_cookie_of_a_shared_phone_goes_with_the_browser_and_that_of_ones_own_stays(visitor, new_visitor, citizen):
    shared, own = log_in(visitor, password=PASSWORD), log_in(new_visitor(), password=PASSWORD, phone="toi")

    assert "Max-Age" not in set_cookie(shared) and "Expires" not in set_cookie(shared)
    assert f"Max-Age={180 * 24 * 3600};" in set_cookie(own)
    for line in (set_cookie(shared), set_cookie(own)):
        assert "HttpOnly" in line and "SameSite=Lax" in line and "Path=/" in line


def open_after(visitor, **later) -> bool:
    with time_machine.travel(utc_now() + timedelta(**later), tick=False):
        return visitor.get("/ca-nhan/").status == 200


def test_a_shared_phone_ends_after_half_an_hour_of_rest(on_shared_phone):
    assert open_after(on_shared_phone, minutes=29)
    assert not open_after(on_shared_phone, minutes=60)


def test_ones_own_phone_stays_thirty_days_however_long_it_rests(on_own_phone):
    assert open_after(on_own_phone, days=29, hours=23)
    assert not open_after(on_own_phone, days=30, minutes=1)


def test_done_on_a_shared_phone_deletes_the_cookie_and_the_next_person_is_a_stranger(on_shared_phone):
    page = on_shared_phone.send("/tai-khoan/thoat", {}, END)

    assert page.location == DONE
    assert re.match(r"v=; Expires=Thu, 01 Jan 1970 .*Max-Age=0;", set_cookie(page))
    assert cookie(on_shared_phone) is None
    assert not Login.select().exists() and not KnownDevice.select().exists()
    assert set_cookie(on_shared_phone.get(DONE)) == ""


def test_under_https_the_cookie_is_deleted_by_its_whole_name(app, new_visitor, citizen, monkeypatch):
    monkeypatch.setitem(app.config, "SITE_URL", "https://localhost")
    client = app.test_client()
    client.set_cookie("__Host-v", logins.begin_login(citizen, "test", utc_now()), domain="localhost", secure=True)
    form = new_visitor()._page(client.get("/tai-khoan/thoat", base_url="https://localhost"), {}).fields(END)
    answer = client.post("/tai-khoan/thoat", data=form, base_url="https://localhost")

    assert answer.headers["Set-Cookie"].startswith("__Host-v=;") and "Secure" in answer.headers["Set-Cookie"]
    assert "Domain" not in answer.headers["Set-Cookie"]


def test_done_pressed_twice_is_done(on_shared_phone):
    form = on_shared_phone.get("/tai-khoan/thoat").fields(END)
    first = on_shared_phone.client.post("/tai-khoan/thoat", data=form)
    second = on_shared_phone.post("/tai-khoan/thoat", form)

    assert first.status_code == 303 and second.status in (303, 422)
    assert on_shared_phone.get("/ca-nhan/").location.startswith(LOGIN)


def test_a_login_that_has_rested_can_still_be_wiped(on_shared_phone):
    with time_machine.travel(utc_now() + timedelta(hours=2), tick=False):
        page = on_shared_phone.send("/tai-khoan/thoat", {}, END)

    assert page.location == DONE and cookie(on_shared_phone) is None
    assert not Login.select().exists()


def test_the_end_page_tells_nothing_and_may_be_everybodys(on_shared_phone, new_visitor):
    on_shared_phone.send("/tai-khoan/thoat", {}, END)

    page = on_shared_phone.get(DONE)
    assert page.words == new_visitor().get(DONE).words
    assert page.user == "Đăng nhập"


def test_logging_out_of_ones_own_phone_says_so_plainly_and_leaves_it_known(on_own_phone, citizen):
    page = on_own_phone.send("/tai-khoan/thoat", {}, "Thoát")

    assert page.location == "/?da=thoat"
    assert "Bạn đã thoát" in on_own_phone.get(page.location).words
    assert not Login.select().exists()
    assert on_own_phone.get("/ca-nhan/").location.startswith(LOGIN)
    assert logins.is_known_device(citizen, cookie(on_own_phone).value)


def test_logging_in_and_out_of_one_phone_for_years_leaves_the_other_phones_known(on_own_phone, new_visitor, citizen):
    other = on_own_phone
    this = new_visitor()
    for _ in range(12):
        log_in(this, password=PASSWORD, phone="toi")
        this.send("/tai-khoan/thoat", {}, "Thoát")

    assert logins.is_known_device(citizen, cookie(other).value)
    assert KnownDevice.select().count() == 2


def test_an_old_cookie_of_ones_own_phone_is_no_longer_known(on_own_phone, citizen):
    before = cookie(on_own_phone).value
    on_own_phone.send("/tai-khoan/thoat", {}, "Thoát")

    assert not logins.is_known_device(citizen, before)


@pytest.fixture
def by_password_alone(app, monkeypatch):
    """The desk opens without a second factor, as in a trial."""
    monkeypatch.setitem(app.config, "STAFF_SECOND_FACTOR", False)


def log_in_at_desk(visitor, **more):
    return visitor.post("/mot-cua/dang-nhap", {"login_name": "officer", "password": PASSWORD} | more)


def test_the_desks_browser_stays_known_after_logging_out(visitor, officer, by_password_alone):
    log_in_at_desk(visitor)
    visitor.send("/tai-khoan/thoat", {}, "Thoát")

    assert logins.is_known_device(officer, cookie(visitor).value)


def test_a_password_alone_makes_no_browser_known_at_the_desk(visitor, officer):
    log_in_at_desk(visitor)
    assert Login.get().waits_for and not KnownDevice.select().exists()

    visitor.send("/tai-khoan/thoat", {}, "Thoát")
    assert cookie(visitor) is None and not KnownDevice.select().exists()


def test_a_desk_that_is_known_stays_known_between_password_and_second_factor(app, visitor, officer, monkeypatch):
    with monkeypatch.context() as trial:
        trial.setitem(app.config, "STAFF_SECOND_FACTOR", False)
        log_in_at_desk(visitor)
        visitor.send("/tai-khoan/thoat", {}, "Thoát")

    log_in_at_desk(visitor)
    assert Login.get().waits_for and logins.is_known_device(officer, cookie(visitor).value)
    visitor.send("/tai-khoan/thoat", {}, "Thoát")
    assert logins.is_known_device(officer, cookie(visitor).value)
    assert KnownDevice.select().count() == 1


# --- whose account it is no longer -----------------------------------------------------------------------------------


@pytest.fixture(params=["merged", "closed"])
def gone(request, citizen):
    """Makes the citizen's account one that nobody logs in to any more."""
    kept = make_account(full_name="Rơ Châm H'Lan hai")
    changes = {"merged": {"merged_into": kept}, "closed": {"closed_at": utc_now()}}
    return lambda: Account.update(changes[request.param]).where(Account.id == citizen.id).execute()


@pytest.mark.parametrize("phone", ["chung", "toi"])
def test_an_open_login_of_an_account_that_is_gone_opens_nothing(visitor, gone, phone):
    log_in(visitor, password=PASSWORD, phone=phone)
    assert visitor.get("/ca-nhan/").status == 200
    gone()

    assert visitor.get("/ca-nhan/").location.startswith(LOGIN)
    assert visitor.get("/").user == "Đăng nhập"


def test_nor_does_it_save_what_was_being_typed(visitor, citizen, gone):
    log_in(visitor, password=PASSWORD)
    form = visitor.get("/nop-ho-so/dang-ky-khai-sinh/chu-ho-so").fields("Lưu và đi tiếp")
    Draft.delete().execute()
    gone()

    answer = visitor.client.post("/nop-ho-so/dang-ky-khai-sinh/chu-ho-so", data=form | {"owner": "self"})
    assert f"{LOGIN}?tiep=" in answer.location and "da=da-luu" not in answer.location
    assert not Draft.select().exists()


def test_an_account_that_is_gone_cannot_log_in_and_is_told_as_everybody(visitor, gone):
    gone()

    assert WRONG in log_in(visitor, password=PASSWORD).errors
    assert not Login.select().exists()


@pytest.mark.parametrize("password", ["", " ", PASSWORD])
def test_an_account_not_yet_activated_takes_no_password(visitor, citizen, password):
    Account.update(password_hash="").execute()

    assert log_in(visitor, password=password).status == 422
    assert not Login.select().exists()


def test_both_numbers_of_a_person_log_in_and_share_the_tries(visitor, new_visitor, citizen, cheap_hashing):
    IdNumber.create(account=citizen, key=accounts.person_key("230123456"), number="230123456")
    assert log_in(visitor, "230 123 456", PASSWORD).location == "/"

    guess(new_visitor(), 5), guess(new_visitor(), 5, number="230123456")
    assert "thử nhiều lần" in log_in(new_visitor(), NUMBER, PASSWORD).errors
    assert "thử nhiều lần" in log_in(new_visitor(), "230123456", PASSWORD).errors


# --- guessing --------------------------------------------------------------------------------------------------------


@pytest.fixture
def cheap_hashing(monkeypatch):
    """Guessing is counted, not hashed: hashing takes its time on purpose."""
    monkeypatch.setattr(logins, "is_password", lambda known, password: known is not None and password == PASSWORD)


def guess(visitor, times: int, number=NUMBER, **headers):
    token = visitor.get(LOGIN).fields("Đăng nhập")["csrf_token"]
    data = {"csrf_token": token, "id_number": number, "password": "sai mat khau roi"}
    return [visitor._page(visitor.client.post(LOGIN, data=data, headers=headers), {}) for _ in range(times)]


def test_the_eleventh_try_is_blocked_and_so_is_the_right_password_until_the_wait_is_over(visitor, citizen, cheap_hashing):
    with time_machine.travel(datetime(2026, 11, 23, 2, 0, tzinfo=UTC), tick=False) as clock:
        tries = guess(visitor, 11)
        assert all(WRONG in page.words for page in tries[:10])
        assert "thử nhiều lần chưa đúng. Chờ 1 phút" in tries[10].words
        assert "Chờ" in log_in(visitor, password=PASSWORD).errors
        assert not Login.select().exists()
        clock.shift(timedelta(minutes=1, seconds=1))
        assert log_in(visitor, password=PASSWORD).location == "/"


def test_waits_grow_but_never_beyond_an_hour(visitor, citizen, cheap_hashing):
    waits = []
    with time_machine.travel(datetime(2026, 11, 23, 2, 0, tzinfo=UTC), tick=False) as clock:
        guess(visitor, 10)
        for _ in range(9):
            minutes = int(re.search(r"Chờ (\d+) phút", log_in(visitor, password=PASSWORD).errors)[1])
            waits.append(minutes)
            clock.shift(timedelta(minutes=minutes, seconds=1))
            guess(visitor, 1)

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_an_unknown_number_is_blocked_alike(visitor, new_visitor, citizen, cheap_hashing):
    known, unknown = guess(visitor, 11)[-1], guess(new_visitor(), 11, number="064090999999")[-1]

    assert known.words.replace(NUMBER, "") == unknown.words.replace("064090999999", "")


def test_other_accounts_are_not_blocked(visitor, citizen, cheap_hashing):
    neighbour = make_account(full_name="Hàng Xóm")
    guess(visitor, 11)

    assert log_in(visitor, neighbour.id_number, PASSWORD).location == "/"


def test_a_forged_client_address_changes_nothing(visitor, citizen, cheap_hashing):
    for n in range(11):
        page = guess(
            visitor, 1, **{"X-Forwarded-For": f"203.0.113.{n}", "X-Real-IP": f"203.0.114.{n}", "Forwarded": f"for=203.0.115.{n}"}
        )[0]

    assert "thử nhiều lần" in page.errors


def test_a_good_login_forgets_the_slips_before_it(visitor, citizen, cheap_hashing):
    guess(visitor, 9)
    log_in(visitor, password=PASSWORD)

    assert all(WRONG in page.words for page in guess(visitor, 9))


def test_a_stranger_does_not_lock_out_the_phone_its_owner_has_used(on_own_phone, new_visitor, citizen, cheap_hashing):
    guess(new_visitor(), 11)

    assert log_in(on_own_phone, password=PASSWORD, phone="toi").location == "/"
    on_own_phone.send("/tai-khoan/thoat", {}, "Thoát")
    guess(new_visitor(), 11)
    assert log_in(on_own_phone, password=PASSWORD, phone="toi").location == "/", "also after logging out there"


def test_guesses_at_a_known_phone_wait_at_the_eleventh_as_well(on_own_phone, new_visitor, citizen, cheap_hashing):
    tries = guess(on_own_phone, 11)

    assert all(WRONG in page.words for page in tries[:10])
    assert "thử nhiều lần" in tries[10].errors
    assert log_in(new_visitor(), password=PASSWORD).location == "/", "which is no wait for her other phone"


def test_a_shared_phone_is_not_known_after_logging_out(on_shared_phone, new_visitor, citizen, cheap_hashing):
    on_shared_phone.send("/tai-khoan/thoat", {}, END)
    guess(new_visitor(), 11)

    assert "thử nhiều lần" in log_in(on_shared_phone, password=PASSWORD).errors


def test_a_planted_cookie_is_no_known_phone(on_own_phone, new_visitor, citizen, cheap_hashing):
    thief = new_visitor()
    thief.client.set_cookie("v", "A" * 22, domain="localhost")
    guess(thief, 11)

    assert "thử nhiều lần" in log_in(new_visitor(), password=PASSWORD).errors


# --- where one goes after logging in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/ca-nhan/", "/nop-ho-so/dang-ky-khai-sinh/chu-ho-so", "/tra-cuu?ma=7K3M"])
def test_one_goes_on_to_the_page_that_was_asked_for(visitor, citizen, path):
    asked = visitor.client.get(LOGIN, query_string={"tiep": path})
    page = visitor._page(asked, {})
    sent = visitor._page(
        visitor.client.post(LOGIN, data=page.fields("Đăng nhập") | {"id_number": NUMBER, "password": PASSWORD}), {}
    )

    assert sent.location == path


EVIL = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\\/evil.example", "https://evil.example",
    "https:evil.example",
    "http:///evil.example", "/%2fevil.example", "%2f%2fevil.example", "/%2f%2fevil", "/%5cevil.example", "/%252fevil.example",
    "javascript:alert(1)",
    "/\t/evil.example", "/\n/evil.example", " //evil.example", "/%09/evil.example", "/%0a/evil.example", "evil.example",
    "@evil.example", ".evil.example",
    "/\x00/evil.example", "data:text/html,x", "/%00", "//evil.example/%2f..", "/a\r\nSet-Cookie: x=1",
]  # fmt: skip


@pytest.mark.parametrize("path", EVIL)
def test_nobody_is_sent_to_another_site(visitor, new_visitor, citizen, path):
    page = log_in(visitor, password=PASSWORD, next_page=path)

    assert page.headers["Location"] in ("/", "http://localhost/")
    assert visitor._page(new_visitor().client.get(LOGIN, query_string={"tiep": path}), {}).status == 200


@pytest.mark.parametrize("path", EVIL)
def test_nor_is_an_officer(visitor, officer, by_password_alone, path):
    page = log_in_at_desk(visitor, next_page=path)

    assert page.location == "/mot-cua/"


def test_a_page_that_needs_a_login_asks_for_it_and_remembers_where_to(visitor):
    assert visitor.get("/ca-nhan/").location == f"{LOGIN}?tiep=/ca-nhan/"
    assert visitor.get(f"{LOGIN}?tiep=/ca-nhan/").fields("Đăng nhập")["next_page"] == "/ca-nhan/"


# --- whatever is typed -----------------------------------------------------------------------------------------------

BAD = {
    "nothing": "", "too long": "a" * 5000, "a megabyte": "a" * 1_000_000, "NUL": "a\x00b", "emoji": "🐘" * 3,
    "NFD": unicodedata.normalize("NFD", "Rơ Châm Hŏ"),
    "script": "<script>alert(1)</script>", "quotes": "\"'><img src=x onerror=alert(1)>", "a day to come": "1/1/2099",
    "no such day": "31/02/1990",
    "13 digits": "1234567890123", "turned round": "a\u202eb", "template": "{{7*7}}{% raw %}", "new lines": "a\r\nb",
    "other digits": "٠٦٤٠٩٠١٢٣٤٥٦", "superscript": "²³¹",
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("field", DETAILS)
def test_no_registration_breaks_the_site(visitor, cheap_passwords, field, bad):
    page = register(visitor, **BUSINESS | {field: BAD[bad]})

    assert page.status < 500
    assert "<script>alert" not in page.text and "<img src=x" not in page.text
    if page.status == 422 and field not in ("kind", "id_number"):
        kept = {"full_name", "birth_date", "village", "phone", "email"} - {field}
        assert {name: page.typed_in(name) for name in kept} == {name: DETAILS[name] for name in kept}


@pytest.fixture
def cheap_passwords(monkeypatch):
    monkeypatch.setattr(accounts, "hash_password", lambda password: "hash")


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("field", ["id_number", "password", "next_page", "csrf_token"])
def test_no_login_breaks_the_site(visitor, citizen, cheap_hashing, field, bad):
    page = log_in(visitor, **{"password": PASSWORD} | {"number" if field == "id_number" else field: BAD[bad]})

    assert page.status in (303, 422, 413)
    assert "<script>alert" not in page.text and "<img src=x" not in page.text
    assert page.status != 303 or page.location == "/"


def test_a_form_that_is_not_text_is_answered(visitor):
    answer = visitor.client.post(
        LOGIN, data=b"id_number=%FF%FE&password=%ED%A0%80", content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == 422


def test_five_hundred_fields_too_many_are_refused(visitor):
    assert visitor.post(LOGIN, {f"x{n}": "1" for n in range(600)}).status < 500


def test_reloading_what_only_a_form_shows_begins_again(visitor):
    assert visitor.get("/tai-khoan/dang-ky/thong-tin").location == "/tai-khoan/dang-ky"

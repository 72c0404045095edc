"""Tài khoản: what stands there, changing it with the password, the list of logins, and “Ai đã xem”."""

import re
from datetime import timedelta

import pytest
import time_machine
from stage import PASSWORD, make_account, make_staff

from database import utc_now
from models import Account, AccountEvent, Login, OneTimeCode
from rules import account_log, accounts, logins, one_time, people
from rules.passwords import is_password

HERE = "/ca-nhan/tai-khoan/"
NEW_PASSWORD = "voi trang qua suoi"
ANDROID = "Mozilla/5.0 (Linux; Android 14; SM-A055F) AppleWebKit/537.36 Chrome/120.0.0.0 Mobile Safari/537.36"

# By page: its field, a good new value, and what is kept of it.
CHANGES = {
    "ten": ("full_name", "Rơ Châm H'Len", "Rơ Châm H'Len"),
    "dien-thoai": ("phone", "0987 654 321", "+84987654321"),
    "thon": ("village", "Làng Bang", "Làng Bang"),
    "e-mail": ("email", "moi@example.vn", "hlan@example.vn"),  # kept only once it is confirmed
}
KEPT = {"ten": "full_name", "dien-thoai": "phone", "thon": "village", "e-mail": "email"}


@pytest.fixture
def citizen(visit_as, account):
    return visit_as(account)


def row(account) -> Account:
    return Account.get_by_id(account.id)


def change(visitor, page: str, value: str, password: str = PASSWORD, **more):
    return visitor.post(HERE + page, {CHANGES[page][0]: value, "own_password": password} | more)


def change_password(visitor, new=NEW_PASSWORD, again=None, own=PASSWORD):
    return visitor.post(HERE + "mat-khau", {"password": new, "password_again": again or new, "own_password": own})


def link_in(letter) -> str:
    return re.search(r"http://localhost(/ca-nhan/\S+)", letter.get_content())[1]


def letter_to(letters, address: str):
    return next(letter for letter in letters() if letter["To"] == address)


# --- what stands there -----------------------------------------------------------------------------------------------


def test_my_account_shows_what_is_known_with_the_number_masked(citizen, account):
    page = citizen.get(HERE)

    for words in (account.full_name, "Thôn 6", "0912 345 678", "hlan@example.vn", "Mức IAL1"):
        assert words in page.words
    assert account.id_number not in page.text
    assert f"{account.id_number[:4]}••••{account.id_number[-4:]}" in page.words


def test_the_old_number_stands_beside_the_new_one(visit_as, officer):
    account = make_account(id_number="230123678")
    people.add_number(account, "064090123456", officer, utc_now())

    assert "23••••678, 0640••••3456" in visit_as(account).get(HERE).words


def test_ial2_is_told_with_who_saw_the_paper_and_when(citizen, account):
    head = make_staff("village_head", village="Thôn 6")
    people.see_paper(account, head, utc_now())
    page = citizen.get(HERE)

    assert f"Mức IAL2: xã đã xem giấy tờ thật. Người xem: {head.full_name}, thôn trưởng Thôn 6, lúc " in page.words
    assert "IAL1" not in page.words


def test_every_line_leads_to_its_page(citizen):
    addresses = [href for href in citizen.get(HERE).links.values() if href.startswith("/ca-nhan/") and href != HERE]

    assert {citizen.get(address).status for address in addresses} == {200}
    assert {HERE + page for page in (*CHANGES, "mat-khau", "may", "ai-da-xem")} <= set(addresses)


# --- changing: name, phone, village, e-mail --------------------------------------------------------------------------


@pytest.mark.parametrize("with_htmx", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize("page", [page for page in CHANGES if page != "e-mail"])
def test_a_change_with_the_password_is_kept_and_said(visit_as, account, page, with_htmx):
    _, value, kept = CHANGES[page]
    citizen = visit_as(account, with_htmx=with_htmx)

    answer = change(citizen, page, value)
    shown = answer if with_htmx else citizen.get(answer.location)

    assert shown.heading == "Tài khoản"
    assert "Đã đổi" in shown.words
    assert getattr(row(account), KEPT[page]) == kept


@pytest.mark.parametrize("with_htmx", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize("page", CHANGES)
def test_a_wrong_password_changes_nothing_and_keeps_what_was_typed(visit_as, account, page, with_htmx):
    before = row(account).__data__
    citizen = visit_as(account, with_htmx=with_htmx)

    answer = change(citizen, page, CHANGES[page][1], password="sai mat khau roi")

    assert answer.status == 422
    assert "Mật khẩu đang dùng chưa đúng" in answer.errors
    assert answer.typed_in(CHANGES[page][0]) == CHANGES[page][1]
    assert "sai mat khau roi" not in answer.text
    assert row(account).__data__ == before and not AccountEvent.select().exists()


@pytest.mark.parametrize("page", CHANGES)
def test_without_the_password_it_is_asked_for(citizen, account, page):
    answer = change(citizen, page, CHANGES[page][1], password="")

    assert answer.status == 422 and "Nhập mật khẩu đang dùng" in answer.errors
    assert getattr(row(account), KEPT[page]) == getattr(account, KEPT[page])


@pytest.mark.parametrize("page", [*CHANGES, "mat-khau"])
def test_a_stale_page_changes_nothing_and_a_press_more_does(citizen, account, page):
    field, value, _ = CHANGES.get(page, ("password", NEW_PASSWORD, ""))
    before = row(account).__data__

    answer = citizen.post(HERE + page, {field: value, "password_again": value, "own_password": PASSWORD, "csrf_token": "cu"})

    assert answer.status == 422 and "mở đã lâu" in answer.errors
    assert row(account).__data__ == before


@pytest.mark.parametrize("page", [*CHANGES, "mat-khau"])
def test_the_eleventh_wrong_password_waits_like_one_at_the_login(citizen, account, page, monkeypatch):
    for module in ("rules.my_account", "rules.logins"):
        monkeypatch.setattr(f"{module}.is_password", lambda kept, typed: typed == PASSWORD)
    for _ in range(10):
        assert change_password(citizen, own="sai").status == 422

    field, value, _ = CHANGES.get(page, ("password", NEW_PASSWORD, ""))
    answer = citizen.post(HERE + page, {field: value, "password_again": value, "own_password": PASSWORD})

    assert answer.status == 422 and "Chờ 1 phút" in answer.errors
    assert citizen.get(HERE).status == 200, "who is in stays in"
    page = citizen.post("/tai-khoan/dang-nhap/tinh", {"id_number": account.id_number, "password": PASSWORD})
    assert "Chờ 1 phút" in page.errors


HOSTILE = [
    "<script>alert(1)</script>", "' OR 1=1 --", "\x00", "\u202ekcabdrow", "a" * 100_000, "${7*7}{{7*7}}", "😀" * 300,
    "\r\nBcc: x@example.vn", "\ufffe", "e" + "\u0301" * 50,
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("page", CHANGES)
def test_hostile_input_breaks_nothing_and_runs_nowhere(citizen, account, page, typed):
    answer = change(citizen, page, typed)
    shown = answer if answer.status == 422 else citizen.get(answer.location)

    assert answer.status in (303, 422)
    assert "<script>alert(1)" not in shown.text
    assert len(shown.text) < 30_000
    assert account.id_number == row(account).id_number


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_passwords_break_nothing(citizen, account, typed):
    assert change_password(citizen, own=typed).status == 422
    assert change_password(citizen, new=typed).status in (303, 422)
    assert row(account).id_number == account.id_number


@pytest.mark.parametrize(
    ("page", "typed", "said"),
    [
        ("ten", "", "Nhập họ và tên"),
        ("ten", "H4cker", "chỉ có chữ cái"),
        ("dien-thoai", "12345", "Số di động có 10 số"),
        ("e-mail", "khong phai e-mail", "E-mail chưa đúng"),
        ("thon", "x" * 101, "nhiều nhất 100"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(citizen, account, page, typed, said):
    answer = change(citizen, page, typed)

    assert answer.status == 422 and said in answer.errors
    assert not AccountEvent.select().exists()


def test_the_phone_may_be_left_empty(citizen, account):
    change(citizen, "dien-thoai", "")

    assert row(account).phone == ""
    assert "không có" in citizen.get(HERE).words


def test_the_page_of_the_name_says_before_what_falls(citizen, account):
    assert "IAL" not in citizen.get(HERE + "ten").words

    people.see_paper(account, make_staff("officer"), utc_now())

    assert "Sửa thành chữ khác: mức về IAL1" in citizen.get(HERE + "ten").words


def test_a_changed_name_stands_at_the_top_and_the_level_where_it_fell(citizen, account):
    people.see_paper(account, make_staff("officer"), utc_now())
    change(citizen, "ten", "Nay Khác")
    page = citizen.get(HERE)

    assert page.user == "Nay Khác"
    assert "Mức IAL1" in page.words


def test_a_changed_phone_is_told_to_the_owners_address(citizen, letters):
    change(citizen, "dien-thoai", "0987654321")

    (letter,) = letters()
    assert letter["To"] == "hlan@example.vn"
    assert "Số điện thoại của bạn vừa được đổi" in letter.get_content() and "0987654321" not in letter.get_content()


def test_a_neighbours_account_stays_as_it_was(citizen):
    neighbour = make_account(full_name="Nay Khác", email="khac@example.vn")
    before = neighbour.__data__ | {}

    for page, (_, value, _) in CHANGES.items():
        change(citizen, page, value)
    change_password(citizen)

    after = row(neighbour).__data__
    assert {name: after[name] for name in before} == before


# --- e-mail ----------------------------------------------------------------------------------------------------------


def test_a_new_address_is_confirmed_by_whoever_reads_its_mail(citizen, account, new_visitor, letters):
    answer = change(citizen, "e-mail", "moi@example.vn")
    assert "Mở thư rồi bấm Xác nhận" in citizen.get(answer.location).words
    assert "m•••@example.vn chờ bạn" in citizen.get(HERE).words
    assert row(account).email == "hlan@example.vn"
    link = link_in(letter_to(letters, "moi@example.vn"))

    elsewhere = new_visitor()
    shown = elsewhere.get(link)
    assert (shown.status, shown.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert row(account).email == "hlan@example.vn", "opening it changes nothing"
    done = elsewhere.send(link, {}, "Xác nhận")

    assert done.heading == "Đã đổi e-mail"
    assert row(account).email == "moi@example.vn"
    assert [letter["To"] for letter in letters()].count("hlan@example.vn") == 2


def test_the_page_of_the_link_says_nothing_of_the_person(citizen, account, visitor, letters):
    change(citizen, "e-mail", "moi@example.vn")
    page = visitor.get(link_in(letter_to(letters, "moi@example.vn")))

    for secret in (account.full_name, account.id_number, account.id_number[-4:], "moi@example.vn", "hlan@example.vn"):
        assert secret not in page.text


def test_a_link_pressed_twice_is_answered_as_the_first_time(citizen, account, visitor, letters):
    change(citizen, "e-mail", "moi@example.vn")
    link = link_in(letter_to(letters, "moi@example.vn"))
    form = visitor.get(link).fields("Xác nhận")

    answers = [visitor.post(link, form).heading for _ in range(2)]

    assert answers == ["Đã đổi e-mail"] * 2
    assert visitor.get(link).heading == "Đã đổi e-mail"
    assert len([letter for letter in letters() if letter["To"] == "hlan@example.vn"]) == 2


@pytest.mark.parametrize("token", ["x", "x" * 43, "%00", "%ff", "'", "a" * 3000])
def test_a_made_up_link_opens_nothing(app, visitor, token):
    page = visitor.get(HERE + "e-mail/" + token)

    assert page.status in (400, 404)
    assert visitor.post(HERE + "e-mail/" + token).status in (400, 404)


def test_a_link_that_ran_out_says_what_to_do(citizen, account, visitor, letters):
    change(citizen, "e-mail", "moi@example.vn")
    link = link_in(letter_to(letters, "moi@example.vn"))

    with time_machine.travel(utc_now() + timedelta(days=7, minutes=1)):
        page = visitor.get(link)
        assert (page.status, page.heading) == (404, "Địa chỉ này không dùng được nữa")
        assert visitor.post(link).status == 404
    assert row(account).email == "hlan@example.vn"


def test_giving_up_the_address_warns_before_and_tells_the_address(citizen, account, letters):
    assert "không lấy lại mật khẩu bằng thư được nữa" in citizen.get(HERE + "e-mail").words

    answer = change(citizen, "e-mail", "")

    assert "Đã bỏ e-mail" in citizen.get(answer.location).words
    assert row(account).email == ""
    assert letters()[0]["To"] == "hlan@example.vn"


def test_a_fourth_letter_in_an_hour_is_refused_in_words(citizen, account):
    for number in range(3):
        change(citizen, "e-mail", f"moi{number}@example.vn")

    answer = change(citizen, "e-mail", "moi3@example.vn")

    assert answer.status == 422 and "nhiều thư" in answer.errors
    assert answer.typed_in("email") == "moi3@example.vn"
    assert OneTimeCode.select().count() == 3


# --- password --------------------------------------------------------------------------------------------------------


def test_a_new_password_ends_all_else_and_tells_the_owner(visit_as, citizen, account, letters):
    elsewhere = visit_as(account)
    assert elsewhere.get(HERE).status == 200

    answer = change_password(citizen)

    assert "Đã đổi mật khẩu" in citizen.get(answer.location).words
    assert elsewhere.get(HERE).location.startswith("/tai-khoan/dang-nhap/tinh")
    assert is_password(row(account).password_hash, NEW_PASSWORD)
    assert "Mật khẩu của bạn vừa được đổi" in letters()[0].get_content()
    assert "Mật khẩu được đổi" in citizen.get(HERE + "ai-da-xem").words


def test_sent_again_after_a_lost_answer_it_is_answered_as_the_first_time(citizen, account, letters):
    answers = [change_password(citizen) for _ in range(3)]

    assert {answer.location for answer in answers} == {HERE + "?da=mat-khau"}
    assert AccountEvent.select().count() == 1 and len(letters()) == 1


@pytest.mark.parametrize(
    ("new", "again", "said"),
    [
        ("ngan", "ngan", "ít nhất 8 chữ"),
        ("matkhau123", "matkhau123", "dễ đoán"),
        ("Rơ Châm H'Lan", "Rơ Châm H'Lan", "dễ đoán"),
        ("0912345678", "0912345678", "dễ đoán"),
        (NEW_PASSWORD, "khac han di roi", "chưa giống nhau"),
        ("", "", "Đặt mật khẩu"),
    ],
)
def test_a_bad_new_password_is_refused_and_sent_back_to_nobody(citizen, account, new, again, said):
    answer = change_password(citizen, new, again)

    assert answer.status == 422 and said in answer.errors
    assert [field.get("value") for field in answer.tree.xpath("//input[@type='password']")] == [None] * 3
    assert is_password(row(account).password_hash, PASSWORD)


# --- logins ----------------------------------------------------------------------------------------------------------


def test_the_list_says_which_machine_since_when_and_which_is_this_one(visit_as, account):
    logins.begin_login(account, ANDROID, utc_now() - timedelta(days=2), is_own_phone=True)
    page = visit_as(account).get(HERE + "may")

    headings = [" ".join(h.text_content().split()) for h in page.tree.iter("h2")]
    assert headings == ["Máy không rõ loại – máy này", "Chrome, điện thoại Android"]
    assert "Máy dùng chung. Đăng nhập lúc" in page.words and "Máy của tôi. Đăng nhập lúc" in page.words
    assert page.buttons == ["Kết thúc"]


@pytest.mark.parametrize("with_htmx", [False, True], ids=["plain", "htmx"])
def test_an_ended_browser_shows_nothing_from_its_next_request_on(visit_as, account, with_htmx):
    lost, here = visit_as(account), visit_as(account, with_htmx=with_htmx)
    login = Login.select().order_by(Login.id).get()

    answer = here.post(f"{HERE}may/{login.id}/ket-thuc")
    shown = answer if with_htmx else here.get(answer.location)

    assert "Đã cho thoát." in shown.words and shown.buttons == []
    for address in ("/ca-nhan/", HERE, "/nop-ho-so/dang-ky-khai-sinh/chu-ho-so"):
        page = lost.get(address)
        assert page.location.startswith("/tai-khoan/dang-nhap/tinh") and account.full_name not in page.text
    assert "Cho thoát ra: Máy không rõ loại" in here.get(HERE + "ai-da-xem").words


def test_a_neighbours_login_is_not_there_and_stays(citizen, visit_as):
    neighbour = visit_as(make_account(full_name="Nay Khác"))
    theirs = Login.select().order_by(Login.id.desc()).get()

    answers = [citizen.post(f"{HERE}may/{number}/ket-thuc") for number in (theirs.id, 987_654_321)]

    assert [answer.status for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text
    assert neighbour.get(HERE).status == 200


def test_a_login_of_staff_with_the_same_name_is_not_there(citizen, visit_as, officer):
    visit_as(officer)
    theirs = Login.get(Login.staff.is_null(False))

    assert citizen.post(f"{HERE}may/{theirs.id}/ket-thuc").status == 404
    assert Login.select().count() == 2


def test_ending_twice_ends_once(visit_as, account):
    visit_as(account)
    citizen = visit_as(account)
    login = Login.select().order_by(Login.id).get()

    answers = [citizen.post(f"{HERE}may/{login.id}/ket-thuc").status for _ in range(2)]

    assert answers == [303, 404]
    assert Login.select().count() == 1 and AccountEvent.select().count() == 1


def test_a_stale_button_ends_nothing(visit_as, account):
    visit_as(account)
    citizen = visit_as(account)
    login = Login.select().order_by(Login.id).get()

    page = citizen.post(f"{HERE}may/{login.id}/ket-thuc", {"csrf_token": "cu"})

    assert page.status == 422 and page.heading == "Máy đang đăng nhập"
    assert Login.select().count() == 2


def test_leaving_everywhere_asks_first_and_then_ends_this_one_too(visit_as, account):
    other, citizen = visit_as(account), visit_as(account)
    asked = citizen.get(HERE + "may/thoat-het")
    assert asked.heading == "Thoát khỏi mọi máy?" and Login.select().count() == 2

    answer = citizen.send(HERE + "may/thoat-het", {}, "Thoát khỏi mọi máy")

    assert answer.location == "/tai-khoan/xong"
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert "v=;" in answer.headers["Set-Cookie"]
    assert not Login.select().exists()
    for visitor in (other, citizen):
        assert visitor.get("/ca-nhan/").location.startswith("/tai-khoan/dang-nhap/tinh")
    assert citizen.get(answer.location).heading == "Xong. Đã xoá khỏi máy này"


def test_leaving_everywhere_is_written_down_and_a_stranger_cannot_repeat_it(visit_as, account):
    citizen = visit_as(account)
    citizen.post(HERE + "may/thoat-het")

    assert citizen.post(HERE + "may/thoat-het").location.startswith("/tai-khoan/dang-nhap/tinh")
    assert [event.name for event in AccountEvent.select()] == ["logins ended"]


def test_many_logins_stand_on_pages(visit_as, account):
    for _ in range(12):
        logins.begin_login(account, ANDROID, utc_now(), is_own_phone=True)
    citizen = visit_as(account)

    first, second = citizen.get(HERE + "may"), citizen.get(HERE + "may?trang=2")

    assert len(first.tree.findall(".//h2")) + len(second.tree.findall(".//h2")) == 13
    assert "Trang 1/2" in first.words and "Trang 2/2" in second.words


def test_what_a_browser_says_of_itself_is_never_shown(visit_as, account):
    logins.begin_login(account, "<script>alert(1)</script> Chrome/1 Android Mobile", utc_now(), is_own_phone=True)

    assert "<script>alert(1)" not in visit_as(account).get(HERE + "may").text


# --- “Ai đã xem” -----------------------------------------------------------------------------------------------------


def test_who_has_seen_it_when_and_what_for_the_newest_first(visit_as, account, dossier, officer):
    visit_as(officer).get(f"/mot-cua/ho-so/{dossier.code}")
    people.open_for(account, officer, "Đặt lại mật khẩu", utc_now())
    page = visit_as(account).get(HERE + "ai-da-xem")

    rows = [" ".join(dd.text_content().split()) for dd in page.tree.iter("dd")]
    assert rows == [
        f"{officer.full_name}, cán bộ Một cửa: Mở xem tài khoản. Để: Đặt lại mật khẩu",
        f"{officer.full_name}, cán bộ Một cửa: Mở xem hồ sơ {dossier.code}. Để: giải quyết hồ sơ",
    ]
    assert "thấy việc lạ thì báo" in page.words and page.links["Nơi báo"] == "/lien-he"


def test_both_names_stand_where_two_had_to_act(citizen, account, officer):
    account_log.record(account, "reset granted", utc_now(), by=officer, second="Nguyễn Văn Hai")

    assert f"{officer.full_name}, cán bộ Một cửa, và Nguyễn Văn Hai: Xác nhận" in citizen.get(HERE + "ai-da-xem").words


def test_a_neighbour_reads_nothing_of_it(visit_as, account, officer):
    account_log.record(account, "account opened", utc_now(), by=officer, purpose="Việc khác")
    page = visit_as(make_account(full_name="Nay Khác")).get(HERE + "ai-da-xem")

    assert officer.full_name not in page.text and "Chưa có gì." in page.words


def test_a_long_log_stands_on_pages(citizen, account, officer):
    for number in range(25):
        account_log.record(account, "dossier opened", utc_now(), by=officer, subject=f"H21.129-{number:06}")
    first, second = citizen.get(HERE + "ai-da-xem"), citizen.get(HERE + "ai-da-xem?trang=2")

    seen = re.findall(r"H21\.129-\d{6}", first.words + second.words)
    assert seen == [f"H21.129-{number:06}" for number in reversed(range(25))]


def test_hostile_words_in_the_log_are_only_words(citizen, account, officer):
    account_log.record(account, "paper opened", utc_now(), by=officer, subject="<img src=x>", purpose="<b>x</b>")

    assert "<img src=x>" not in citizen.get(HERE + "ai-da-xem").text


def test_reading_the_log_writes_nothing(citizen, account, officer):
    account_log.record(account, "account opened", utc_now(), by=officer)
    for page in ("", "ten", "e-mail", "mat-khau", "may", "may/thoat-het", "ai-da-xem"):
        citizen.get(HERE + page)

    assert AccountEvent.select().count() == 1 and not OneTimeCode.select().exists()


def test_after_all_of_it_both_numbers_still_log_in(visit_as, officer):
    account = make_account(id_number="230123678")
    people.add_number(account, "064090123456", officer, utc_now())
    change_password(visit_as(row(account)))
    one_time.make_codes("recovery", account, 1, utc_now())

    for number in ("230123678", "064090123456"):
        assert accounts.check_citizen(number, NEW_PASSWORD, "113.160.5.77", "", utc_now()) == account


# --- the slip --------------------------------------------------------------------------------------------------------


def test_the_owner_ends_the_codes_of_a_slip_without_asking_anybody(citizen, account, visitor):
    (code,) = one_time.make_codes("recovery", account, 1, utc_now())
    assert "còn 1 mã" in citizen.get(HERE).words

    page = citizen.send(HERE + "ma-tren-phieu", {}, "Bỏ mã trên phiếu")
    assert "Đã bỏ mọi mã trên phiếu." in citizen.get(page.location).words
    sent = {"id_number": account.id_number, "code": code, "password": NEW_PASSWORD, "password_again": NEW_PASSWORD}
    assert "phiếu cũ" in visitor.post("/tai-khoan/quen-mat-khau/ma", sent).errors
    assert [event.name for event in account.log] == ["slip voided"]


def test_ended_twice_the_codes_are_ended_once(citizen, account):
    one_time.make_codes("recovery", account, 8, utc_now())
    for _ in range(2):
        citizen.post(HERE + "ma-tren-phieu")

    assert account.log.count() == 1 and "Mã trên phiếu" not in citizen.get(HERE).words


def test_the_codes_of_others_stay(citizen, account):
    neighbour = make_account()
    one_time.make_codes("recovery", neighbour, 8, utc_now())
    citizen.post(HERE + "ma-tren-phieu")

    assert one_time.count_open("recovery", neighbour, utc_now()) == 8


def test_with_a_new_password_a_copied_cookie_opens_nothing(app, citizen, account, new_visitor):
    thief = new_visitor()
    thief.client.set_cookie("v", citizen.client.get_cookie("v").value, domain="localhost")
    assert thief.get(HERE).status == 200

    change_password(citizen)
    assert thief.get(HERE).location.startswith("/tai-khoan/dang-nhap")
    assert citizen.get(HERE).status == 200

"""The desk's login, step by step: nothing opens before the last, and no step opens twice."""

from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
import time_machine
from stage import PASSWORD, make_staff
from werkzeug.routing import AnyConverter

from database import utc_now
from models import Login, OneTimeCode, Staff
from rules import second_factor, staff
from views.guards import ShortNumber

LOGIN = "/mot-cua/dang-nhap"
FIRST, CHOOSE, APP, PAPER, CONFIRM, FACTOR = (
    f"{LOGIN}/{name}" for name in ("mat-khau-moi", "buoc-hai", "ung-dung", "ma-in", "ma-in/xac-nhan", "ma")
)
OWN = "trau den an co non"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
MINUTE = timedelta(minutes=1)


def fresh(person: Staff) -> Staff:
    return Staff.get_by_id(person.id)


def log_in(visitor, name="officer", password=PASSWORD, **more):
    return visitor.send(LOGIN, {"login_name": name, "password": password} | more, "Đăng nhập")


def secret_on(page) -> str:
    """The secret as a person reads it from the page and types it into an app."""
    return page.tree.find_class("secret")[0].text_content().replace(" ", "")


def codes_on(page) -> list[str]:
    return [code.text_content() for code in page.tree.find_class("sheet")[0].find_class("secret")]


def app_code(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(utc_now() + steps * timedelta(seconds=30))


def cookie_of(visitor) -> str:
    return visitor.client.get_cookie("v", domain="localhost").value


@pytest.fixture
def newcomer(app):
    return make_staff("officer", must_change_password=True)


@pytest.fixture
def with_app(app):
    return make_staff("officer", second_factor="totp", totp_secret=SECRET)


@pytest.fixture
def with_codes(app):
    head = make_staff("village_head", "head", village="Thôn 6", second_factor="codes")
    return head, second_factor.print_codes(head, utc_now())


# --- the first day ---------------------------------------------------------------------------------------------------


def test_a_newcomer_sets_a_password_and_an_app_and_is_at_work(visitor, newcomer):
    assert log_in(visitor).location == FIRST
    assert visitor.send(FIRST, {"password": OWN, "password_again": OWN}).location == CHOOSE
    assert "Ứng dụng trên điện thoại" in visitor.get(CHOOSE).words
    secret = secret_on(visitor.get(APP))
    page = visitor.send(APP, {"code": app_code(secret)})

    assert page.location == "/mot-cua/"
    assert visitor.get("/mot-cua/").user == newcomer.full_name
    assert (fresh(newcomer).second_factor, fresh(newcomer).totp_secret) == ("totp", secret)


def test_every_step_has_a_token_of_its_own_and_the_ones_before_open_nothing(app, visitor, newcomer, new_visitor):
    tokens = []
    for path, typed in (
        (LOGIN, {"login_name": "officer", "password": PASSWORD}),
        (FIRST, {"password": OWN, "password_again": OWN}),
        (APP, {}),
    ):
        visitor.send(path, typed or {"code": app_code(secret_on(visitor.get(APP)))})
        tokens.append(cookie_of(visitor))

    assert len(set(tokens)) == 3 and Login.select().count() == 1
    thief = new_visitor()
    for token in tokens[:-1]:
        thief.client.set_cookie("v", token, domain="localhost")
        for path in (FIRST, CHOOSE, APP, PAPER, FACTOR, "/mot-cua/", "/mot-cua/toi"):
            assert thief.get(path).location.startswith(LOGIN), path


def test_the_picture_for_the_app_stands_in_the_page_and_comes_from_nowhere(visitor, newcomer):
    log_in(visitor)
    visitor.send(FIRST, {"password": OWN, "password_again": OWN})
    page = visitor.get(APP)

    assert page.tree.find(".//img").get("src").startswith("data:image/png;base64,")
    assert visitor.get(APP).text == page.text, "shown again, it is the same secret"
    assert "img-src 'self' data:" in page.headers["Content-Security-Policy"]


def test_a_village_head_is_offered_paper_first_and_types_one_of_its_codes(visitor):
    head = make_staff("village_head", "head", village="Thôn 6", must_change_password=True)
    log_in(visitor, "head")
    visitor.send(FIRST, {"password": OWN, "password_again": OWN})
    assert visitor.get(CHOOSE).words.index("Mã in") < visitor.get(CHOOSE).words.index("Ứng dụng")
    codes = codes_on(visitor.send(PAPER, {}, "Hiện mười mã"))
    page = visitor.send(CONFIRM, {"code": codes[3].lower()})

    assert len(set(codes)) == 10
    assert page.location and not page.location.startswith(LOGIN)
    assert (fresh(head).second_factor, second_factor.codes_left(head, utc_now())) == ("codes", 9)


def test_whose_sheet_was_lost_on_the_way_gets_another_and_the_first_is_void(visitor, newcomer):
    log_in(visitor)
    visitor.send(FIRST, {"password": OWN, "password_again": OWN})
    lost = codes_on(visitor.send(PAPER, {}, "Hiện mười mã"))
    codes = codes_on(visitor.send(PAPER, {}, "Hiện mười mã"))
    page = visitor.send(CONFIRM, {"code": lost[0]})

    assert (page.status, "tờ cũ" in page.errors) == (422, True)
    assert visitor.send(CONFIRM, {"code": codes[0]}).location == "/mot-cua/"


def test_printed_codes_stand_on_one_answer_alone(visitor, newcomer):
    log_in(visitor)
    visitor.send(FIRST, {"password": OWN, "password_again": OWN})
    codes = codes_on(visitor.send(PAPER, {}, "Hiện mười mã"))

    for path in (PAPER, CONFIRM, CHOOSE, APP):
        assert not [code for code in codes if code in visitor.get(path).text], path
    stored = str([list(OneTimeCode.select().tuples())])
    assert not [code for code in codes if code.replace(" ", "") in stored]


def test_who_was_going_somewhere_gets_there_at_the_end(visitor, dossier):
    make_staff("officer", must_change_password=True)
    where = f"/mot-cua/ho-so/{dossier.code}"
    asked = visitor.get(where).location
    page = visitor.send(asked, {"login_name": "officer", "password": PASSWORD}, "Đăng nhập")
    page = visitor.send(page.location, {"password": OWN, "password_again": OWN})
    page = visitor.get(visitor.get(page.location).links[next(k for k in visitor.get(page.location).links if "Ứng dụng" in k)])
    path = f"{APP}?tiep={where}"

    assert visitor.send(path, {"code": app_code(secret_on(page))}).location == where


@pytest.mark.parametrize("password", ["ngan", "matkhau123456", "Cán bộ officer", PASSWORD])
def test_a_weak_password_or_the_first_again_is_refused_and_nothing_changes(visitor, newcomer, password):
    log_in(visitor)
    page = visitor.send(FIRST, {"password": password, "password_again": password})

    assert page.status == 422 and page.errors
    assert fresh(newcomer).must_change_password and fresh(newcomer).password_hash == newcomer.password_hash


def test_two_passwords_that_differ_are_refused(visitor, newcomer):
    log_in(visitor)
    page = visitor.send(FIRST, {"password": OWN, "password_again": OWN + "x"})

    assert "chưa giống nhau" in page.errors and fresh(newcomer).must_change_password


def test_a_first_password_used_before_or_run_out_says_what_to_do(visitor, new_visitor, newcomer):
    log_in(visitor)
    with time_machine.travel(utc_now() + 11 * MINUTE, tick=False):
        page = log_in(new_visitor())

    assert (page.status, "cấp mật khẩu mới" in page.errors) == (422, True)


def test_a_wrong_code_sets_no_factor_up_and_the_same_secret_stays_on_the_page(visitor, newcomer):
    log_in(visitor)
    visitor.send(FIRST, {"password": OWN, "password_again": OWN})
    secret = secret_on(visitor.get(APP))
    page = visitor.send(APP, {"code": "12345"})
    assert (page.status, "6 số" in page.errors) == (422, True)
    page = visitor.send(APP, {"code": app_code(secret, steps=50)})

    assert (page.status, secret_on(page), fresh(newcomer).second_factor) == (422, secret, "")


# --- every day -------------------------------------------------------------------------------------------------------


def test_the_app_opens_the_desk(visitor, with_app):
    assert log_in(visitor).location == FACTOR
    assert visitor.send(FACTOR, {"code": app_code(SECRET)}).location == "/mot-cua/"
    assert visitor.get("/mot-cua/").status == 200


def test_a_code_that_was_seen_over_the_shoulder_opens_nothing(visitor, new_visitor, with_app):
    code = app_code(SECRET)
    log_in(visitor)
    visitor.send(FACTOR, {"code": code})
    thief = new_visitor()
    log_in(thief)
    page = thief.send(FACTOR, {"code": code})

    assert (page.status, "vừa dùng" in page.errors) == (422, True)
    assert thief.get("/mot-cua/").location.startswith(LOGIN)


def test_a_used_printed_code_says_when_it_was_used(visitor, new_visitor, with_codes):
    _, codes = with_codes
    for who in (visitor, new_visitor()):
        log_in(who, "head")
        page = who.send(FACTOR, {"code": codes[0]})

    assert (page.status, "đã dùng lúc" in page.errors) == (422, True)


def test_who_has_few_codes_left_is_told_and_can_print_new_ones(visitor, with_codes):
    head, codes = with_codes
    for code in codes[:6]:
        second_factor.check(head, code, "1.2.3.4", False, utc_now())
    log_in(visitor, "head")
    page = visitor.send(FACTOR, {"code": codes[6]})

    assert page.location == "/mot-cua/toi/ma-in?da=it-ma"
    page = visitor.get(page.location)
    assert "sắp hết" in page.words and "còn dùng được: 3" in page.words
    new = codes_on(visitor.send("/mot-cua/toi/ma-in", {"old_password": PASSWORD}))
    assert len(new) == 10 and second_factor.codes_left(head, utc_now()) == 10
    log_in(visitor, "head")
    assert "tờ cũ" in visitor.send(FACTOR, {"code": codes[7]}).errors


def test_after_ten_wrong_codes_even_the_right_one_waits(visitor, new_visitor, with_app):
    wrong = app_code(SECRET, steps=500)
    log_in(visitor)
    for _ in range(5):
        assert "chưa đúng" in visitor.send(FACTOR, {"code": wrong}).errors
    other = new_visitor()
    log_in(other)
    for _ in range(5):
        other.send(FACTOR, {"code": wrong})
    page = visitor.send(FACTOR, {"code": app_code(SECRET)})

    assert "Chờ 1 phút" in page.errors
    assert visitor.get("/mot-cua/").location.startswith(LOGIN)


def test_the_same_code_page_sent_twice_ends_at_the_login_and_opens_no_second_one(visitor, with_app):
    log_in(visitor)
    waiting = cookie_of(visitor)
    fields = visitor.get(FACTOR).fields() | {"code": app_code(SECRET)}
    visitor.client.post(FACTOR, data=fields)
    visitor.client.set_cookie("v", waiting, domain="localhost")
    again = visitor.client.post(FACTOR, data=fields)

    assert again.status_code == 303 and again.location.endswith(LOGIN)
    assert Login.select().count() == 1


def test_a_waiting_login_lasts_half_an_hour(visitor, with_app):
    log_in(visitor)

    with time_machine.travel(utc_now() + 31 * MINUTE, tick=False):
        assert visitor.get(FACTOR).location == LOGIN


def test_who_is_ended_while_typing_the_code_stays_outside(visitor, with_app):
    log_in(visitor)
    fields = visitor.get(FACTOR).fields() | {"code": app_code(SECRET)}
    Staff.update(ended_at=utc_now()).where(Staff.id == with_app.id).execute()

    assert visitor.client.post(FACTOR, data=fields).location.endswith(LOGIN)
    assert visitor.get("/mot-cua/").location.startswith(LOGIN)


def test_a_browser_known_from_before_stays_known_through_the_steps(visitor, new_visitor, with_app):
    log_in(visitor)
    visitor.send(FACTOR, {"code": app_code(SECRET, steps=-1)})
    visitor.send("/tai-khoan/thoat", {})
    thief = new_visitor()
    log_in(thief)
    for _ in range(10):
        thief.send(FACTOR, {"code": "000000"})

    log_in(visitor)
    assert visitor.send(FACTOR, {"code": app_code(SECRET)}).location == "/mot-cua/"


def test_without_a_second_factor_the_password_is_enough_but_the_first_must_be_replaced(app, visitor, newcomer, monkeypatch):
    monkeypatch.setitem(app.config, "STAFF_SECOND_FACTOR", False)
    assert log_in(visitor).location == FIRST
    assert visitor.send(FIRST, {"password": OWN, "password_again": OWN}).location == "/mot-cua/"

    assert "STAFF_SECOND_FACTOR=off" in visitor.client.get("/suc-khoe").text


def test_the_health_page_says_nothing_of_a_factor_that_is_on(visitor):
    assert "STAFF_SECOND_FACTOR" not in visitor.client.get("/suc-khoe").text


# --- a waiting login opens its own step alone ------------------------------------------------------------------------

OWN_PAGES = {"first_password": {FIRST}, "set_factor": {CHOOSE, APP, PAPER, CONFIRM}, "factor": {FACTOR}}
STEP_PAGES = set().union(*OWN_PAGES.values())


def paths(app, method: str) -> dict[str, str]:
    """An address of every route that takes `method`, by endpoint, with made-up things in it."""
    with app.test_request_context():
        return {
            rule.endpoint: app.url_for(rule.endpoint, **{name: made_up(rule, name) for name in rule.arguments})
            for rule in app.url_map.iter_rules()
            if method in rule.methods
        }


def made_up(rule, name: str) -> str | int:
    converter = rule._converters.get(name)  # none: the address leaves it to its default
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return 1 if isinstance(converter, ShortNumber) else "x"


@pytest.fixture
def waiting_at(app, visitor, newcomer):
    """A visitor whose login waits for a step."""

    def begin(step: str):
        log_in(visitor)
        if step != "first_password":
            visitor.send(FIRST, {"password": OWN, "password_again": OWN})
        if step == "factor":
            Staff.update(second_factor="totp", totp_secret=SECRET).execute()
            log_in(visitor, password=OWN)
        assert Login.get().waits_for == step
        return visitor

    return begin


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("step", OWN_PAGES)
def test_a_waiting_login_opens_only_its_own_step(app, waiting_at, new_visitor, step, method):
    visitor, stranger = waiting_at(step), new_visitor()
    token = visitor.token()
    before = (list(Login.select().tuples()), list(Staff.select().tuples()))
    for endpoint, path in paths(app, method).items():
        if path in OWN_PAGES[step] or endpoint in ("account.log_out", "desk.log_in"):
            continue
        page = visitor.client.open(path, method=method, data={"csrf_token": token} if method == "POST" else None)
        if path in STEP_PAGES:
            assert page.location and page.location.endswith(LOGIN), path
        elif "anyone" not in app.view_functions[endpoint].open_to:
            assert page.location and "/dang-nhap" in page.location, path
        elif method == "GET":
            assert page.status_code == stranger.client.get(path).status_code, path

    for path in OWN_PAGES[step]:
        if method == "GET":
            assert visitor.get(path).status == 200, path
    assert (list(Login.select().tuples()), list(Staff.select().tuples())) == before


@pytest.mark.parametrize("path", sorted(STEP_PAGES))
def test_a_step_is_no_page_for_a_stranger_a_citizen_or_an_officer_at_work(visitor, visit_as, account, officer, path):
    for somebody in (visitor, visit_as(account), visit_as(officer)):
        assert somebody.get(path).location == LOGIN
        assert path == CHOOSE or somebody.post(path, {"code": "123456"}).location == LOGIN


def test_nobody_shows_the_name_of_a_waiting_login_at_the_top(waiting_at):
    visitor = waiting_at("factor")

    assert visitor.get("/").user == "Đăng nhập"


# --- where the day begins --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", staff.ROLES)
def test_each_role_lands_in_a_room_it_may_open_and_finds_it_under_its_name(app, visitor, monkeypatch, role):
    monkeypatch.setitem(app.config, "STAFF_SECOND_FACTOR", False)
    person = make_staff(role, "somebody", village="Thôn 6" if role == "village_head" else "")
    page = visitor.get(log_in(visitor, "somebody").location)

    assert (page.status, page.user) == (200, person.full_name)
    assert visitor.get(page.tree.find_class("me")[0].get("href")).status == 200


@pytest.mark.parametrize("role", staff.ROLES)
def test_every_room_named_at_the_top_opens(visit_as, role):
    visitor = visit_as(make_staff(role, "somebody", village="Thôn 6" if role == "village_head" else ""))
    rooms = visitor.get("/mot-cua/toi").tree.find_class("rooms")[0]

    links = {a.text_content(): a.get("href") for a in rooms.iter("a")}
    assert {"Tài khoản của tôi", "Thoát"} <= links.keys()
    assert ("Nhân viên" in links) == (role == "administrator")
    assert ("Hồ sơ" in links) == (role in ("officer", "specialist", "leader"))
    for label, path in links.items():
        assert visitor.get(path).status == 200, label


def test_who_asked_for_a_room_that_is_not_theirs_lands_in_their_own(app, visitor, monkeypatch):
    monkeypatch.setitem(app.config, "STAFF_SECOND_FACTOR", False)
    make_staff("culture")
    page = visitor.send(visitor.get("/mot-cua/").location, {"login_name": "culture", "password": PASSWORD}, "Đăng nhập")

    assert page.location == "/mot-cua/thong-bao/"


@pytest.mark.parametrize("where", ["//xau.example", "/\\xau", "https://xau.example", "/khong-co", "/static", "/mot-cua", "/%00"])
def test_a_strange_address_to_go_to_is_not_gone_to(app, visitor, officer, monkeypatch, where):
    monkeypatch.setitem(app.config, "STAFF_SECOND_FACTOR", False)

    assert log_in(visitor, next_page=where).location == "/mot-cua/"


def test_a_citizen_who_also_works_here_holds_one_login_at_a_time_and_is_told(app, visitor, account, officer, monkeypatch):
    monkeypatch.setitem(app.config, "STAFF_SECOND_FACTOR", False)
    citizen_page = "/tai-khoan/dang-nhap/tinh"
    visitor.send(citizen_page, {"id_number": account.id_number, "password": PASSWORD})
    assert f"đang đăng nhập: {account.full_name}" in visitor.get(LOGIN).words
    log_in(visitor)

    assert [login.person for login in Login.select()] == [officer]
    assert f"đang đăng nhập: {officer.full_name}" in visitor.get(citizen_page).words
    visitor.send(citizen_page, {"id_number": account.id_number, "password": PASSWORD})
    assert [login.person for login in Login.select()] == [account]


def test_the_log_tells_of_logins_and_refusals_and_holds_no_secret(app, visitor, with_app):
    path = Path(app.config["INSTANCE_DIR"]) / "security.log"
    before = path.stat().st_size if path.exists() else 0
    log_in(visitor, password="sai roi sai roi")
    log_in(visitor)
    wrong, right = app_code(SECRET, steps=500), app_code(SECRET)
    visitor.send(FACTOR, {"code": wrong})
    visitor.send(FACTOR, {"code": right})

    said = path.read_bytes()[before:].decode()
    for event in ("staff login refused", "staff password right", "second factor refused", "staff login"):
        assert f'"event":"{event}"' in said
    for secret in (PASSWORD, SECRET, f'"{wrong}"', f'"{right}"'):
        assert secret not in said

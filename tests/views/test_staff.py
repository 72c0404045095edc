"""Administration of staff on pages: entered by one, approved by another, ended at once, and nothing by the wrong person."""

from datetime import timedelta
from pathlib import Path

import pytest
from stage import PASSWORD, make_staff

from database import utc_now
from models import Login, OneTimeCode, Staff
from rules import logins, staff, staffing
from rules.logins import LoginRefused

STAFF = "/mot-cua/nhan-vien"
NEW = {"full_name": "Rơ Châm H'Lan", "login_name": "HLan", "role": "officer"}


@pytest.fixture
def boss(app):
    return make_staff("administrator")


@pytest.fixture
def admin(visit_as, boss):
    return visit_as(boss)


@pytest.fixture
def leader(app):
    return make_staff("leader")


def fresh(person: Staff) -> Staff:
    return Staff.get_by_id(person.id)


def rows() -> list:
    return [list(table.select().order_by(table.id).tuples()) for table in (Staff, OneTimeCode)]


def password_on(page) -> str:
    return page.tree.find_class("secret")[1].text_content()


def check(name: str, password: str) -> Staff:
    return staff.check_staff(name, password, "113.160.5.77", "", utc_now())


def newest() -> Staff:
    return Staff.select().order_by(Staff.id.desc()).get()


# --- the list --------------------------------------------------------------------------------------------------------


def test_the_list_says_who_does_what_and_when_they_were_last_here(admin, leader):
    make_staff("village_head", "head", village="Thôn 6", approved_at=None)
    make_staff("officer", "gone", ended_at=utc_now())
    words = admin.get(f"{STAFF}/").words

    for said in ("Lãnh đạo", "Thôn 6", "Chờ duyệt: 1", "Đang làm", "Đã nghỉ", "head", "gone"):
        assert said in words


def test_a_search_finds_a_person_and_says_when_there_is_none(admin):
    make_staff("village_head", "head", village="Thôn 6")

    assert "village_head" in admin.get(f"{STAFF}/?q=thon+truong").words
    assert "Không có ai như vậy" in admin.get(f"{STAFF}/?q=khong+co").words


@pytest.mark.parametrize("question", ["?q=%00&trang=-1", "?trang=99999999999", "?q=" + "x" * 3000, "?q=<b>"])
def test_a_strange_search_breaks_nothing(admin, question):
    assert admin.get(f"{STAFF}/{question}").status == 200


# --- entering and approving ------------------------------------------------------------------------------------------


def test_an_administrator_enters_somebody_and_a_leader_approves(admin, leader, visit_as):
    page = admin.send(f"{STAFF}/moi", NEW)
    password = password_on(page)
    assert "sau khi một quản trị khác hoặc lãnh đạo duyệt" in page.words
    with pytest.raises(LoginRefused):
        check("hlan", password)

    page = visit_as(leader).send(f"{STAFF}/cho-duyet", {}, "Duyệt")

    assert page.location == f"{STAFF}/cho-duyet?da=duyet"
    assert check("hlan", password).must_change_password


def test_the_first_password_stands_on_one_answer_alone(admin):
    fields = admin.get(f"{STAFF}/moi").fields() | NEW
    first = admin.post(f"{STAFF}/moi", fields)
    password = password_on(first)
    again = admin.post(f"{STAFF}/moi", fields)

    assert Staff.select().count() == 2
    assert (again.status, password in again.text, "cấp mật khẩu mới" in again.words) == (200, False, True)
    for path in (f"{STAFF}/", f"{STAFF}/{newest().id}", f"{STAFF}/cho-duyet"):
        assert password not in admin.get(path).text
    assert first.headers["Cache-Control"] == "no-store"


def test_nothing_typed_is_lost_when_something_is_wrong(admin):
    page = admin.send(f"{STAFF}/moi", NEW | {"login_name": "administrator", "role": "village_head", "village": ""})
    assert (page.status, "Chọn thôn, làng" in page.errors) == (422, True)
    page = admin.send(f"{STAFF}/moi", NEW | {"login_name": "administrator"})

    assert (page.status, "đã có người dùng" in page.errors) == (422, True)
    assert page.typed_in("full_name") == NEW["full_name"]
    assert Staff.select().count() == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"full_name": ""}, "Nhập họ và tên"),
        ({"login_name": " "}, "Nhập tên đăng nhập"),
        ({"role": "citizen"}, "Chọn vai trò"),
        ({"role": ""}, "Chọn vai trò"),
        ({"role": "village_head", "village": "Thôn 99"}, "Chọn thôn"),
        ({"login_name": "a\u202eb"}, "ký tự ẩn"),
    ],
)
def test_an_unfit_entry_makes_no_account(admin, typed, said):
    page = admin.send(f"{STAFF}/moi", NEW | typed)

    assert (page.status, said in page.errors, Staff.select().count()) == (422, True, 1)


def test_a_village_head_gets_a_village_and_an_officer_none(admin):
    admin.send(f"{STAFF}/moi", NEW | {"role": "village_head", "village": "Thôn 6"})
    admin.send(f"{STAFF}/moi", NEW | {"login_name": "b", "village": "Thôn 6"})

    assert [person.village for person in Staff.select().order_by(Staff.id)] == ["", "Thôn 6", ""]


def test_who_entered_it_has_no_button_and_is_refused_without_one(admin, boss):
    admin.send(f"{STAFF}/moi", NEW)
    page = admin.get(f"{STAFF}/cho-duyet")
    assert page.buttons == [] and "Người khác phải duyệt" in page.words
    before = rows()

    page = admin.post(f"{STAFF}/{newest().id}/duyet", {"mark": staffing.mark_of_entry(newest())})

    assert (page.status, "không tự duyệt" in page.errors) == (422, True)
    assert rows() == before


def test_the_only_administrator_is_told_that_the_command_line_is_the_way(admin, leader):
    page = admin.send(f"{STAFF}/moi", NEW)
    assert "staff add" not in page.words
    Staff.update(ended_at=utc_now()).where(Staff.id == leader.id).execute()

    for path in (f"{STAFF}/cho-duyet", f"{STAFF}/{newest().id}"):
        assert "không có ai duyệt được" in admin.get(path).words
        assert "flask --app app staff add TÊN --role leader" in admin.get(path).words


def test_what_was_changed_meanwhile_is_shown_again_before_it_is_approved(admin, leader, visit_as):
    admin.send(f"{STAFF}/moi", NEW)
    approver = visit_as(leader)
    fields = approver.get(f"{STAFF}/cho-duyet").fields("Duyệt")
    admin.send(f"{STAFF}/{newest().id}/vai-tro", {"role": "administrator"})

    page = approver.post(f"{STAFF}/{newest().id}/duyet", fields)

    assert (page.status, "vừa được sửa" in page.errors, newest().approved_at) == (422, True, None)


def test_the_same_approval_twice_is_one(admin, leader, visit_as):
    admin.send(f"{STAFF}/moi", NEW)
    approver = visit_as(leader)
    fields = approver.get(f"{STAFF}/cho-duyet").fields("Duyệt")
    answers = [approver.post(f"{STAFF}/{newest().id}/duyet", fields).location for _ in range(2)]

    assert answers == [f"{STAFF}/cho-duyet?da=duyet"] * 2
    assert newest().approved_by == leader


# --- changing, ending ------------------------------------------------------------------------------------------------


@pytest.fixture
def officer(app):
    return make_staff("officer")


@pytest.fixture
def desk(visit_as, officer):
    """The officer, at work."""
    visitor = visit_as(officer)
    assert visitor.get("/mot-cua/").status == 200
    return visitor


def test_who_is_ended_is_out_with_the_next_click(admin, desk, officer):
    page = admin.get(f"{STAFF}/{officer.id}/nghi")
    assert page.buttons == ["Cho nghỉ"] and fresh(officer).ended_at is None
    page = admin.send(f"{STAFF}/{officer.id}/nghi", {})

    assert page.location == f"{STAFF}/{officer.id}?da=cho-nghi"
    assert desk.get("/mot-cua/").location.startswith("/mot-cua/dang-nhap")
    assert not Login.select().where(Login.staff == officer.id).exists()
    with pytest.raises(LoginRefused):
        check("officer", PASSWORD)


def test_a_changed_role_closes_the_rooms_until_it_is_approved(admin, desk, officer, leader, visit_as):
    admin.send(f"{STAFF}/{officer.id}/vai-tro", {"role": "culture"})
    assert desk.get("/mot-cua/toi").location.startswith("/mot-cua/dang-nhap")

    visit_as(leader).send(f"{STAFF}/cho-duyet", {}, "Duyệt")

    again = visit_as(fresh(officer))
    assert (again.get("/mot-cua/").status, again.get("/mot-cua/toi").status) == (404, 200)


def test_a_new_first_password_is_asked_for_first_and_shown_once(admin, desk, officer):
    path = f"{STAFF}/{officer.id}/mat-khau"
    fields = admin.get(path).fields("Cấp mật khẩu mới")
    assert check("officer", PASSWORD)
    password = password_on(admin.post(path, fields))

    assert desk.get("/mot-cua/").location.startswith("/mot-cua/dang-nhap")
    assert "cấp mật khẩu mới" in admin.post(path, fields).words
    for known in (PASSWORD, password):
        with pytest.raises(LoginRefused):
            check("officer", known)
    assert not fresh(officer).is_in_office(), "until another approves"


def test_of_an_approver_the_page_says_that_another_must_approve_again(admin, leader):
    path = f"{STAFF}/{leader.id}/mat-khau"
    assert "duyệt lại" in admin.get(path).words
    page = admin.send(path, {})

    assert "không có ai duyệt được" in page.words and not fresh(leader).is_in_office()


def test_a_second_factor_is_reset_and_logins_are_ended(admin, desk, officer):
    Staff.update(second_factor="totp", totp_secret="JBSWY3DPEHPK3PXP").where(Staff.id == officer.id).execute()
    admin.send(f"{STAFF}/{officer.id}/buoc-hai", {})

    assert (fresh(officer).second_factor, fresh(officer).totp_secret) == ("", None)
    assert desk.get("/mot-cua/").location.startswith("/mot-cua/dang-nhap")


def test_all_logins_of_one_person_are_ended_and_the_account_stays(admin, desk, officer):
    admin.send(f"{STAFF}/{officer.id}/thoat", {})

    assert desk.get("/mot-cua/").location.startswith("/mot-cua/dang-nhap")
    assert check("officer", PASSWORD) == officer


ACTS = {"nghi": {}, "mat-khau": {}, "buoc-hai": {}, "thoat": {}, "vai-tro": {"role": "leader"}}


@pytest.mark.parametrize("act", ACTS)
def test_no_administrator_acts_on_their_own_account(admin, boss, act):
    make_staff("administrator", "second")
    before = rows()
    page = admin.post(f"{STAFF}/{boss.id}/{act}", ACTS[act])

    assert (page.status, "chính bạn" in page.errors) == (422, True)
    assert rows() == before and admin.get(f"{STAFF}/").status == 200


@pytest.mark.parametrize("act", ["", *(f"/{act}" for act in ACTS), "/duyet"])
def test_the_staff_of_another_office_is_not_there(admin, act):
    far = make_staff("officer", "far", office="H21.121", approved_at=None)
    before = rows()
    method = admin.get if act == "" else admin.post
    there, missing = (method(f"{STAFF}/{number}{act}") for number in (far.id, 987654))

    assert (there.status, missing.status) == (404, 404)
    assert there.words == missing.words
    assert rows() == before


@pytest.mark.parametrize("role", [role for role in staff.ROLES if role != "administrator"])
def test_other_roles_have_no_such_room_and_change_nothing(visit_as, officer, role):
    visitor = visit_as(make_staff(role, "somebody"))
    before = rows()
    for path in (f"{STAFF}/", f"{STAFF}/moi", f"{STAFF}/{officer.id}", *(f"{STAFF}/{officer.id}/{act}" for act in ACTS)):
        assert visitor.get(path).status == 404, path
        assert visitor.post(path, NEW).status in (404, 405), path

    assert visitor.get(f"{STAFF}/cho-duyet").status == (200 if role == "leader" else 404)
    assert rows() == before


# --- what is written down --------------------------------------------------------------------------------------------


def test_every_step_stands_in_the_security_log_without_any_password(app, admin, leader, officer, visit_as):
    path = Path(app.config["INSTANCE_DIR"]) / "security.log"
    before = path.stat().st_size if path.exists() else 0
    password = password_on(admin.send(f"{STAFF}/moi", NEW))
    visit_as(leader).send(f"{STAFF}/cho-duyet", {}, "Duyệt")
    given = password_on(admin.send(f"{STAFF}/{officer.id}/mat-khau", {}))
    for act, typed in {"buoc-hai": {}, "thoat": {}, "vai-tro": {"role": "culture"}, "nghi": {}}.items():
        admin.send(f"{STAFF}/{officer.id}/{act}", typed)

    said = path.read_bytes()[before:].decode()
    for event in (
        "staff entered", "staff approved", "first password given", "second factor reset", "staff logins ended",
        "staff role changed", "staff ended",
    ):  # fmt: skip
        assert f'"event":"{event}"' in said, event
    assert password not in said and given not in said


def test_when_they_were_last_here_stands_on_the_page_of_a_person(admin, officer):
    assert "Chưa thấy" in admin.get(f"{STAFF}/{officer.id}").words

    logins.remember_device(officer, "old", utc_now() - timedelta(days=3))
    assert "Chưa thấy" not in admin.get(f"{STAFF}/{officer.id}").words

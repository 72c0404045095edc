"""The desk's room for people, walked as officers, leaders and village heads walk it, and as those who may not try to."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import segno
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage import BIRTH, PASSWORD, make_account, make_staff
from together import Requests, at_once

from database import utc_now
from models import Account, AccountEvent, Approval, Consent, Draft, Login, OneTimeCode, Slip
from rules import accounts, approvals, people
from rules.accounts import Applicant
from rules.dossier_codes import show_receipt_code
from rules.masking import mask_id_number
from rules.vietnamese import in_vietnam

FIND, WAITING = "/mot-cua/nguoi-dan/", "/mot-cua/cho-xac-nhan"
CMND, CCCD, NEW = "231234567", "064090555001", "064090777001"
WHY = "Đặt lại mật khẩu"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(visit_as, officer):
    return visit_as(officer)


@pytest.fixture
def leader(app):
    return make_staff("leader")


@pytest.fixture
def head(app):
    """The head of Thôn 6, where the account of the tests is from."""
    return make_staff("village_head", village="Thôn 6")


def find(visitor, number, purpose=WHY, **more):
    return visitor.send(FIND, {"id_number": number, "purpose": purpose} | more, "Tìm")


def of_person(account, page="") -> str:
    return f"/mot-cua/nguoi-dan/{account.ref}{page}"


@pytest.fixture
def open_page(account):
    """Look the account up and return its page, as the member of staff sees it."""

    def open_it(visitor, somebody=account):
        return visitor.get(find(visitor, somebody.id_number).location)

    return open_it


def fresh(row):
    return type(row).get_by_id(row.id)


def names_in_log(account) -> list[str]:
    return [event.name for event in AccountEvent.select().where(AccountEvent.account == account.id).order_by(AccountEvent.id)]


def security_log(app) -> str:
    return Path(app.config["INSTANCE_DIR"], "security.log").read_text(encoding="utf-8")


def last_line(app) -> dict:
    return json.loads(security_log(app).splitlines()[-1])


# --- finding a person ------------------------------------------------------------------------------------------------


def test_an_officer_finds_a_person_by_number_and_purpose(app, desk, officer, account):
    answer = find(desk, account.id_number)
    page = desk.get(answer.location)

    assert answer.location == of_person(account)
    assert page.heading == account.full_name and "Thôn 6" in page.words and "0912 345 678" in page.words
    (event,) = AccountEvent.select()
    assert (event.name, event.staff, event.purpose) == ("account opened", officer, WHY)
    line = last_line(app)
    assert (line["event"], line["staff"], line["account"], line["purpose"]) == ("account opened", officer.id, account.id, WHY)


def test_a_person_is_found_by_the_number_of_before_as_well(desk, officer):
    account = make_account(id_number=CMND)
    people.add_number(account, CCCD, officer, utc_now())

    assert find(desk, CMND).location == find(desk, CCCD).location == of_person(account)


def test_the_purpose_may_be_written(desk, account):
    find(desk, account.id_number, "Việc khác", other_purpose="Hỏi về sổ hộ nghèo")

    assert AccountEvent.get().purpose == "Hỏi về sổ hộ nghèo"


BAD_SEARCHES = {
    "no number": ({"id_number": ""}, "Nhập số căn cước hoặc CMND"),
    "a short number": ({"id_number": "12345"}, "Bạn nhập 5 số"),
    "no purpose": ({"purpose": ""}, "Chọn việc cần làm"),
    "a made-up purpose": ({"purpose": "Tò mò"}, "Chọn việc cần làm"),
    "another purpose left unsaid": ({"purpose": "Việc khác"}, "Ghi rõ việc cần làm"),
    "hidden signs": ({"purpose": "Việc khác", "other_purpose": "a\u202eb"}, "ký tự ẩn"),
    "a megabyte": ({"purpose": "Việc khác", "other_purpose": "a" * 1_000_000}, "nhiều nhất 200 ký tự"),
}


@pytest.mark.parametrize("bad", BAD_SEARCHES)
def test_a_search_without_number_or_purpose_opens_nothing(desk, account, bad):
    typed, message = BAD_SEARCHES[bad]
    page = desk.post(FIND, {"id_number": account.id_number, "purpose": WHY} | typed)

    assert page.status == 422 and message in page.errors
    assert AccountEvent.select().count() == 0
    if "id_number" not in typed:
        assert page.typed_in("id_number") == account.id_number


def test_nobody_opens_a_page_that_was_not_looked_up(desk, account):
    page = desk.get(of_person(account))

    assert page.location == f"{FIND}?da=mo-lai"
    assert "Tìm người này và chọn việc cần làm" in desk.get(page.location).words


def test_the_page_closes_after_half_an_hour(desk, account, open_page):
    open_page(desk)

    with time_machine.travel(utc_now() + 31 * MINUTE, tick=False):
        Login.update(seen_at=utc_now()).execute()
        assert desk.get(of_person(account)).location == f"{FIND}?da=mo-lai"


def test_every_page_about_a_person_is_closed_to_who_did_not_look_them_up(desk, visit_as, leader, account, open_page):
    open_page(visit_as(leader))
    pages = ["", "/giay-that", "/them-so", "/mat-khau", "/phieu", "/gop", "/tach/1"]

    for path in (of_person(account, page) for page in pages):
        answers = [desk.post(path, {"seen": "1", "reason": "x", "form_key": "a" * 32, "id_number": CCCD}), desk.get(path)]
        assert {answer.status for answer in answers} <= {303, 405} and 303 in {answer.status for answer in answers}
        assert {answer.location for answer in answers} <= {f"{FIND}?da=mo-lai", ""}
    assert names_in_log(account) == ["account opened"] and Approval.select().count() == 0


def test_of_another_village_and_of_nobody_the_head_reads_the_same(visit_as, head, account):
    elsewhere = make_account(id_number=CCCD, village="Thôn 7")
    visitor = visit_as(head)
    not_hers, nobody = find(visitor, elsewhere.id_number), find(visitor, CCCD[:-1] + "9")

    def told(page):
        return re.sub(r"[0-9a-f]{32}|\d{4}••••\d{4}|\d{12}", "…", page.text)

    assert not_hers.status == nobody.status == 200 and told(not_hers) == told(nobody)
    assert elsewhere.full_name not in not_hers.text
    assert visitor.get(of_person(elsewhere)).location == visitor.get("/mot-cua/nguoi-dan/000000000000").location
    assert AccountEvent.select().count() == 0
    assert find(visitor, account.id_number).location == of_person(account)


@pytest.mark.parametrize("role", ["culture", "postal_clerk", "administrator"])
def test_who_helps_nobody_has_no_such_room(visit_as, account, role):
    visitor = visit_as(make_staff(role))

    assert visitor.get(FIND).status == visitor.get(WAITING).status == visitor.get(of_person(account)).status == 404
    assert visitor.post(FIND, {"id_number": account.id_number, "purpose": WHY}).status == 404
    assert AccountEvent.select().count() == 0


def test_an_officer_of_another_commune_has_no_such_room(visit_as, account):
    visitor = visit_as(make_staff("officer", "officer-121", office="H21.121"))

    assert visitor.get(FIND).status == visitor.post(FIND, {"id_number": account.id_number, "purpose": WHY}).status == 404
    assert AccountEvent.select().count() == 0


def test_a_citizen_has_no_such_room(visit_as, account):
    assert visit_as(account).get(FIND).location == f"/mot-cua/dang-nhap?tiep={FIND}"


def test_the_page_shows_neither_whole_number_nor_document_nor_code(desk, account, open_page, submit):
    dossier = submit(account)
    page = open_page(desk)

    assert account.id_number not in page.text and "0660••••" in page.words
    assert dossier.code not in page.text and account.email not in page.text and "$argon2" not in page.text


# --- opening an account ----------------------------------------------------------------------------------------------

WALK_IN = {
    "full_name": "Siu Blĕo", "birth_date": "5/7/1990", "village": "Thôn 2", "phone": "0912345678",
    "seen": "1", "consent-account": "1",
}  # fmt: skip
OPEN = "/mot-cua/nguoi-dan/mo"


def opening(visitor, number=NEW):
    """The page that asks for the newcomer's details."""
    page = find(visitor, number)
    assert page.heading == f"Chưa thấy tài khoản của số {mask_id_number(number)}"
    return visitor.post(OPEN, page.fields("Mở tài khoản cho người này"))


def open_account(visitor, number=NEW, **typed):
    return visitor.post(OPEN, opening(visitor, number).fields("Mở tài khoản, làm phiếu") | WALK_IN | typed)


def test_a_resident_who_is_present_leaves_with_a_slip(app, desk, officer):
    answer = open_account(desk)
    account = Account.get()
    page = desk.get(answer.location)

    assert answer.location == f"{of_person(account)}?da=mo-tai-khoan"
    assert (account.full_name, account.assurance_level, account.assured_by, account.is_activated) == (
        "Siu Blĕo",
        2,
        officer,
        False,
    )
    assert f"IAL2: {officer.full_name} đã xem giấy thật" in page.words and "Chưa kích hoạt" in page.words
    slip = desk.get(next(href for words, href in page.links.items() if words.startswith("In phiếu vừa làm")))
    assert show_receipt_code(Slip.get().codes["activation"]) in slip.words
    assert (last_line(app)["event"], last_line(app)["slip"], last_line(app)["staff"]) == ("slip shown", Slip.get().id, officer.id)


def test_what_was_read_aloud_is_written_down_with_the_reader(desk, officer):
    open_account(desk, **{"consent-notices": "1"})

    assert {(consent.purpose, consent.read_by) for consent in Consent.select()} == {("account", officer), ("notices", officer)}


def test_the_page_of_a_newcomer_shows_what_to_read_and_the_warnings_of_the_number(desk, library):
    page = opening(desk, CMND)

    assert all(text.text in page.words for text in library.consents.values())
    assert "9 số không còn dùng được" in page.words


def test_a_birth_date_that_the_number_contradicts_is_pointed_out_and_stops_nobody(desk):
    page = desk.get(open_account(desk, birth_date="5/7/1988").location)

    assert "Số này là của người sinh năm 1990, bạn nhập năm 1988" in page.words and Account.select().count() == 1


BAD_NEWCOMERS = {
    "card not seen": ({"seen": ""}, "Xem căn cước, rồi đánh dấu"),
    "consent not read": ({"consent-account": ""}, "Đọc câu này cho người dân nghe"),
    "no name": ({"full_name": ""}, "Nhập họ và tên"),
    "born tomorrow": ({"birth_date": "1/1/2199"}, "không sau hôm nay"),
    "a strange telephone": ({"phone": "123"}, "Số di động có 10 số"),
    "no number": ({"id_number": ""}, "Nhập số căn cước hoặc CMND"),
    "no key": ({"form_key": ""}, "Trang này mở đã lâu"),
    "a made-up key": ({"form_key": "x" * 5000}, "Trang này mở đã lâu"),
    "a stale token": ({"csrf_token": "cu"}, "Trang này mở đã lâu"),
}


@pytest.mark.parametrize("bad", BAD_NEWCOMERS)
def test_what_is_missing_is_named_and_nothing_typed_is_lost(desk, bad):
    typed, message = BAD_NEWCOMERS[bad]
    page = open_account(desk, **typed)

    assert page.status == 422 and message in page.errors
    assert Account.select().count() == Slip.select().count() == Consent.select().count() == 0
    for name in WALK_IN.keys() - typed.keys() - {"seen", "consent-account"}:
        assert page.typed_in(name) == WALK_IN[name]
    ticked = page.tree.xpath("//input[@type='checkbox'][@checked]/@name")
    assert set(ticked) == {"seen", "consent-account"} - typed.keys()


def test_the_same_form_twice_opens_one_account(desk):
    fields = opening(desk).fields("Mở tài khoản, làm phiếu") | WALK_IN
    first, second = desk.post(OPEN, fields), desk.post(OPEN, fields)

    assert (first.status, first.location) == (second.status, second.location)
    assert (Account.select().count(), Slip.select().count(), OneTimeCode.select().count()) == (1, 1, 9)


def test_two_windows_at_the_same_moment_open_one_account(desk, new_visitor):
    fields = opening(desk).fields("Mở tài khoản, làm phiếu") | WALK_IN
    twins = [new_visitor(), new_visitor()]
    for twin in twins:
        twin.client._cookies = dict(desk.client._cookies)

    answers = at_once(*(lambda t=t: t.client.post(OPEN, data=fields).status_code for t in twins), database=Requests)

    assert answers == [303, 303] and Account.select().count() == 1


def test_a_number_that_got_an_account_meanwhile_leads_to_it(desk):
    fields = opening(desk).fields("Mở tài khoản, làm phiếu") | WALK_IN
    other = make_account(id_number=NEW)
    answer = desk.post(OPEN, fields)

    assert answer.location == f"{of_person(other)}?da=da-co-tai-khoan"
    assert desk.get(answer.location).heading == other.full_name
    assert Account.select().count() == 1 and Slip.select().count() == 0


def test_a_village_head_opens_accounts_of_her_village(visit_as, head):
    open_account(visit_as(head), village="Thôn 9")

    assert Account.get().village == "Thôn 6"


def test_a_village_head_is_told_to_send_on_who_has_an_account_elsewhere(visit_as, head):
    other = make_account(id_number=NEW, village="Thôn 7")
    page = open_account(visit_as(head))

    assert page.status == 422 and "Mời người dân đến Bộ phận Một cửa" in page.errors
    assert other.full_name not in page.text and AccountEvent.select().count() == 0


def test_reloading_the_address_of_the_form_begins_a_search(desk):
    assert desk.get(OPEN).location == f"{FIND}?da=mo-lai"


# --- who registered online without e-mail ----------------------------------------------------------------------------


def registered(village="Thôn 6") -> str:
    """Somebody registers at home without e-mail; returns the code shown."""
    from datetime import date

    applicant = Applicant("citizen", NEW, "Siu Blĕo", date(1990, 7, 5), village, "", "", PASSWORD)
    return accounts.register(applicant, str, "113.160.5.77", utc_now())


def confirm(visitor, secret, number=NEW, **typed):
    page = find(visitor, number)
    return visitor.post(
        f"{FIND}xac-nhan-dang-ky", page.fields("Xác nhận tài khoản tự đăng ký") | {"code": secret, "seen": "1"} | typed
    )


def test_card_and_code_confirm_a_registration(desk, officer, visitor):
    answer = confirm(desk, show_receipt_code(registered()))
    account = Account.get()

    assert answer.location == f"{of_person(account)}?da=da-xac-nhan"
    assert (account.assurance_level, account.assured_by) == (2, officer)
    login = {"id_number": NEW, "password": PASSWORD}
    assert (
        visitor.post("/tai-khoan/dang-nhap/tinh", login).status == 303 and Login.select().where(Login.account == account).count()
    )


def test_the_same_confirmation_twice_is_one(desk):
    code = registered()
    fields = find(desk, NEW).fields("Xác nhận tài khoản tự đăng ký") | {"code": code, "seen": "1"}
    first, second = (desk.post(f"{FIND}xac-nhan-dang-ky", fields) for _ in range(2))

    assert first.status == second.status == 303 and second.location.startswith(of_person(Account.get()))
    assert Account.select().count() == 1


@pytest.mark.parametrize(("typed", "message"), [
    ({"code": ""}, "Nhập mã"), ({"code": "7K3M Q9TD"}, "12 chữ và số"), ({"code": "7K3MQ9TDRW2F"}, ""),
    ({"seen": ""}, "Xem căn cước, rồi đánh dấu"), ({"csrf_token": "cu"}, "Trang này mở đã lâu"),
])  # fmt: skip
def test_a_wrong_code_or_no_card_confirms_nothing(desk, typed, message):
    page = confirm(desk, registered(), **typed)

    assert page.status == 422 and page.errors and message in page.errors
    assert Account.select().count() == 0


def test_a_confirmation_without_a_number_is_told_what_is_missing(desk):
    page = desk.post(f"{FIND}xac-nhan-dang-ky", {"seen": "1"})

    assert page.status == 422 and "Nhập số căn cước hoặc CMND" in page.errors


def test_a_code_of_another_village_is_to_its_head_a_wrong_code(visit_as, head):
    not_hers = confirm(visit_as(head), registered("Thôn 7"))

    assert not_hers.status == 422 and "không phải của số giấy tờ này" in not_hers.errors
    assert Account.select().count() == 0


# --- the paper seen, the number added --------------------------------------------------------------------------------


def test_the_officer_who_saw_the_paper_stands_on_the_page(desk, officer, account, open_page):
    page = open_page(desk)
    assert "IAL1: tự khai, chưa ai của xã xem giấy" in page.words

    answer = desk.post(of_person(account, "/giay-that"), page.fields("Đã xem giấy thật") | {"seen": "1"})
    page = desk.get(answer.location)

    assert f"IAL2: {officer.full_name} đã xem giấy thật" in page.words and "Đã xem giấy thật" not in page.buttons
    assert names_in_log(account) == ["account opened", "paper seen"]


def test_nobody_says_so_without_the_card(desk, account, open_page):
    page = desk.post(of_person(account, "/giay-that"), open_page(desk).fields("Đã xem giấy thật"))

    assert page.status == 422 and "Xem căn cước" in page.errors
    assert fresh(account).assurance_level == 1


def test_a_village_head_sees_the_paper_of_her_people(visit_as, head, account, open_page):
    visitor = visit_as(head)
    visitor.post(of_person(account, "/giay-that"), open_page(visitor).fields("Đã xem giấy thật") | {"seen": "1"})

    assert fresh(account).assured_by == head


@pytest.fixture
def old_account(app):
    return make_account(id_number=CMND, full_name="Kpă Cũ")


def test_the_number_of_the_new_card_is_added_and_both_find_the_person(desk, old_account, open_page):
    assert "Thêm số căn cước 12 số" in str(open_page(desk, old_account).links)
    answer = desk.send(of_person(old_account, "/them-so"), {"id_number": CCCD, "seen": "1"}, "Thêm số này")
    page = desk.get(answer.location)

    assert "23••••567, 0640••••5001" in page.words
    assert find(desk, CMND).location == find(desk, CCCD).location


@pytest.mark.parametrize(("typed", "message"), [
    ({"id_number": "231234568"}, "đủ 12 số"), ({"id_number": ""}, "Nhập số căn cước"), ({"seen": ""}, "Xem căn cước"),
])  # fmt: skip
def test_no_other_number_is_added_and_none_unseen(desk, old_account, open_page, typed, message):
    open_page(desk, old_account)
    page = desk.post(of_person(old_account, "/them-so"), {"id_number": CCCD, "seen": "1", "form_key": "a" * 32} | typed)

    assert page.status == 422 and message in page.errors
    assert len(people.numbers_of(old_account)) == 1


def test_a_number_with_an_account_of_its_own_offers_a_merge(desk, leader, visit_as, old_account, open_page):
    other = make_account(id_number=CCCD)
    open_page(desk, old_account)
    page = desk.post(of_person(old_account, "/them-so"), {"id_number": CCCD, "seen": "1", "form_key": "a" * 32})
    assert page.status == 409 and "Số này đã có tài khoản riêng" in page.words

    desk.post(of_person(old_account, "/gop"), page.fields("Xin gộp") | {"seen": "y"})
    visit_as(leader).send(WAITING, {}, "Đồng ý")

    assert fresh(other).merged_into == old_account and fresh(old_account).id_number == CCCD


def test_a_village_head_is_told_that_two_accounts_are_merged_at_the_desk(visit_as, head, open_page, old_account):
    make_account(id_number=CCCD)
    visitor = visit_as(head)
    open_page(visitor, old_account)
    page = visitor.post(of_person(old_account, "/them-so"), {"id_number": CCCD, "seen": "1", "form_key": "a" * 32})

    assert page.status == 422 and "đến Bộ phận Một cửa" in page.errors
    assert visitor.get(of_person(old_account, "/gop")).status == 404


# --- a reset by two --------------------------------------------------------------------------------------------------


def ask_reset(visitor, account, **typed):
    return visitor.send(of_person(account, "/mat-khau"), {"reason": "Quên mật khẩu", "seen": "1"} | typed, "Xin xác nhận")


@pytest.fixture
def asked(desk, account, open_page):
    """A reset that the officer has asked for."""
    open_page(desk)
    ask_reset(desk, account)
    return Approval.get()


def test_one_asks_another_confirms_and_the_citizen_types(desk, visit_as, leader, visitor, account, asked):
    other = visit_as(leader)
    answer = other.send(WAITING, {}, "Đồng ý")
    page = other.get(answer.location)

    assert answer.location == f"{WAITING}/{asked.id}/ma"
    code = page.tree.find_class("across")[0].text_content()
    typed = {"id_number": account.id_number, "code": code, "password": "ba tieng xa nhau", "password_again": "ba tieng xa nhau"}
    assert visitor.post("/tai-khoan/quen-mat-khau/ma", typed).status == 303
    assert accounts.check_citizen(account.id_number, "ba tieng xa nhau", "113.160.5.77", "", utc_now()) == account
    assert names_in_log(account) == ["account opened", "reset asked", "reset granted", "password reset", "details changed"]


def test_the_code_is_on_the_confirmers_page_alone_and_only_while_unused(desk, visit_as, leader, head, asked):
    other = visit_as(leader)
    page = other.get(other.send(WAITING, {}, "Đồng ý").location)
    code = page.tree.find_class("across")[0].text_content()
    path = f"{WAITING}/{asked.id}/ma"

    assert desk.get(path).status == visit_as(head).get(path).status == 404
    for visitor in (desk, other, visit_as(head)):
        for address in (WAITING, FIND):
            seen = visitor.get(address).text
            assert code not in seen and code.replace(" ", "") not in seen
    OneTimeCode.update(used_at=utc_now(), payload=None).execute()
    page = other.get(path)
    assert code not in page.text and "Người dân đã dùng mã này" in page.words


def test_whoever_confirmed_finds_the_code_again(visit_as, leader, asked, account):
    other = visit_as(leader)
    other.send(WAITING, {}, "Đồng ý")

    assert other.get(WAITING).links[f"Mã đọc cho {account.full_name}Chưa nhập"] == f"{WAITING}/{asked.id}/ma"


def test_nobody_confirms_their_own_request(desk, asked):
    page = desk.get(WAITING)
    assert "Bạn xin việc này, nên chờ người khác xác nhận" in page.words and "Đồng ý" not in page.buttons

    answer = desk.post(f"{WAITING}/{asked.id}/dong-y")

    assert answer.status == 409 and "không tự đồng ý được" in answer.errors
    assert fresh(asked).decided_at is None and OneTimeCode.select().count() == 0


def test_one_may_take_back_what_one_asked(desk, asked):
    desk.send(WAITING, {}, "Thôi, không xin nữa")

    assert fresh(asked).is_granted is False and "Không có việc nào đang chờ" in desk.get(WAITING).words


def test_another_may_refuse(visit_as, leader, account, asked):
    answer = visit_as(leader).send(WAITING, {}, "Không đồng ý")

    assert answer.location == f"{WAITING}?da=khong-dong-y"
    assert fresh(asked).is_granted is False and OneTimeCode.select().count() == 0
    assert names_in_log(account)[-1] == "reset refused"


def test_confirmed_twice_is_answered_as_the_first_time(visit_as, leader, asked):
    other = visit_as(leader)
    first, second = (other.post(f"{WAITING}/{asked.id}/dong-y") for _ in range(2))

    assert (first.status, first.location) == (second.status, second.location)
    assert OneTimeCode.select().count() == 1


def test_who_comes_second_is_told_who_came_first(visit_as, leader, head, asked):
    visit_as(leader).post(f"{WAITING}/{asked.id}/dong-y")
    page = visit_as(head).post(f"{WAITING}/{asked.id}/dong-y")

    assert page.status == 409 and f"{leader.full_name} đã đồng ý" in page.errors


def test_a_head_confirms_for_her_village_alone(desk, visit_as, head, account, open_page, asked):
    elsewhere = make_account(id_number=CCCD, village="Thôn 7", full_name="Siu Thôn Bảy")
    open_page(desk, elsewhere)
    ask_reset(desk, elsewhere)
    there = Approval.select().order_by(Approval.id.desc()).get()
    visitor = visit_as(head)

    page = visitor.get(WAITING)
    assert account.full_name in page.words and "Siu Thôn Bảy" not in page.words
    assert visitor.post(f"{WAITING}/{there.id}/dong-y").status == visitor.post(f"{WAITING}/999999/dong-y").status == 404
    assert visitor.post(f"{WAITING}/{asked.id}/dong-y").status == 303
    assert [code.account for code in OneTimeCode.select()] == [account]


def test_a_specialist_asks_but_does_not_confirm(visit_as, account, asked):
    visitor = visit_as(make_staff("specialist"))
    page = visitor.get(WAITING)

    assert account.full_name in page.words and page.buttons == []
    assert visitor.post(f"{WAITING}/{asked.id}/dong-y").status == 409
    assert visitor.post(f"{WAITING}/{asked.id}/khong-dong-y").status == 409
    assert fresh(asked).decided_at is None


@pytest.mark.parametrize("role", ["culture", "postal_clerk", "administrator"])
def test_who_helps_nobody_confirms_nothing(visit_as, asked, role):
    visitor = visit_as(make_staff(role))

    assert visitor.post(f"{WAITING}/{asked.id}/dong-y").status == 404
    assert fresh(asked).decided_at is None


def test_a_request_of_yesterday_is_gone(visit_as, leader, asked):
    visitor = visit_as(leader)
    Approval.update(expires_at=utc_now() - MINUTE).execute()

    assert "Không có việc nào đang chờ" in visitor.get(WAITING).words
    page = visitor.post(f"{WAITING}/{asked.id}/dong-y")
    assert page.status == 409 and "quá 24 giờ" in page.errors and OneTimeCode.select().count() == 0


@pytest.mark.parametrize(("typed", "message"), [({"reason": " "}, "Nhập lý do"), ({"seen": ""}, "Xem căn cước")])
def test_a_reset_needs_a_reason_and_the_card(desk, account, open_page, typed, message):
    open_page(desk)
    page = desk.post(of_person(account, "/mat-khau"), {"reason": "Quên", "seen": "1", "form_key": "a" * 32} | typed)

    assert page.status == 422 and message in page.errors and Approval.select().count() == 0


def test_the_same_request_twice_is_one(desk, account, open_page):
    open_page(desk)
    data = {"reason": "Quên", "seen": "1", "form_key": "a" * 32}
    first, second = (desk.post(of_person(account, "/mat-khau"), data) for _ in range(2))

    assert first.location == second.location == f"{WAITING}?da=da-xin"
    assert Approval.select().count() == 1


def test_thirty_requests_stand_on_two_pages_the_newest_first(visit_as, officer, leader):
    for number in range(30):
        approvals.ask("reset", make_account(f"Siu Số {number:02}"), officer, "Quên", utc_now(), f"{number:032}")
    visitor = visit_as(leader)
    pages = [re.findall(r"Siu Số (\d\d)", visitor.get(f"{WAITING}?trang={number}").words) for number in (1, 2)]

    assert pages[0] + pages[1] == [f"{number:02}" for number in reversed(range(30))]
    assert len(pages[0]) == 20


# --- slips -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def newcomer(desk):
    open_account(desk)
    return Account.get()


def slip_path(slip=None) -> str:
    return f"/mot-cua/phieu/{(slip or Slip.get()).id}/in"


def test_a_slip_shows_its_codes_in_groups_and_whose_it_is(desk, newcomer):
    page = desk.get(slip_path())
    codes = Slip.get().codes

    assert [item.text_content() for item in page.tree.iter("li")] == [show_receipt_code(code) for code in codes["recovery"]]
    assert show_receipt_code(codes["activation"]) in page.words and page.heading == "Kích hoạt tài khoản"
    assert "0640••••7001" in page.words and newcomer.id_number not in page.text
    assert "http://localhost/tai-khoan/kich-hoat" in page.words
    assert "Ai nhặt được phiếu: xin gửi lại Bộ phận Một cửa" in page.words
    assert page.headers["Cache-Control"] == "no-store"


def test_the_square_on_the_slip_leads_to_the_page_of_activation(desk, newcomer):
    drawn = desk.get(slip_path()).tree.xpath("//img/@src")[0]

    code = segno.make("http://localhost/tai-khoan/kich-hoat", error="m", micro=False)
    assert drawn == code.svg_data_uri(border=2, omitsize=True) and drawn.startswith("data:image/svg+xml")


def test_a_slip_is_not_there_for_anybody_else(desk, visit_as, leader, head, newcomer):
    for person in (leader, head):
        assert visit_as(person).get(slip_path()).status == visit_as(person).get("/mot-cua/phieu/999999/in").status == 404


def test_after_half_an_hour_the_codes_are_gone_and_a_new_slip_is_offered(desk, newcomer):
    codes = Slip.get().codes
    with time_machine.travel(utc_now() + 31 * MINUTE, tick=False):
        Login.update(seen_at=utc_now()).execute()
        page = desk.get(slip_path())

    assert page.heading == "Phiếu này không in lại được"
    assert page.links[f"In phiếu mới cho {newcomer.full_name}"] == of_person(newcomer, "/phieu")
    assert not any(code in page.text or show_receipt_code(code) in page.text for code in codes["recovery"])


def test_a_new_slip_asks_first_and_voids_the_old_codes(desk, newcomer):
    old = Slip.get()
    page = desk.get(of_person(newcomer, "/phieu"))
    assert "Mọi mã trên phiếu cũ hết dùng" in page.words
    assert OneTimeCode.select().where(OneTimeCode.voided_at.is_null(False)).count() == 0

    answer = desk.send(of_person(newcomer, "/phieu"), {"seen": "1"}, "In phiếu mới")

    new = Slip.select().order_by(Slip.id.desc()).get()
    assert answer.location == slip_path(new)
    assert OneTimeCode.select().where(OneTimeCode.voided_at.is_null()).count() == 9
    assert desk.get(slip_path(old)).heading == "Phiếu này không in lại được"


def test_the_same_new_slip_twice_is_one(desk, newcomer):
    data = {"seen": "1", "form_key": "a" * 32}
    first, second = (desk.post(of_person(newcomer, "/phieu"), data) for _ in range(2))

    assert first.location == second.location and Slip.select().count() == 2


def test_of_an_account_in_use_a_new_slip_takes_two(desk, visit_as, leader, account, open_page):
    open_page(desk)
    answer = desk.send(of_person(account, "/phieu"), {"seen": "1", "reason": "Mất phiếu"}, "Xin xác nhận")
    assert answer.location == f"{WAITING}?da=da-xin" and Slip.select().count() == 0

    visit_as(leader).send(WAITING, {}, "Đồng ý")

    page = desk.get(WAITING)
    slip = desk.get(next(href for words, href in page.links.items() if words.startswith("In phiếu của")))
    assert slip.heading == "Lấy lại mật khẩu" and "http://localhost/tai-khoan/quen-mat-khau/ma" in slip.words
    assert visit_as(leader).get(slip_path()).status == 404


def test_codes_stand_on_the_slip_and_nowhere_else(app, desk, visit_as, leader, newcomer, letters):
    codes = [Slip.get().codes["activation"], *Slip.get().codes["recovery"]]
    find(desk, NEW)
    seen = [desk.get(path).text for path in (of_person(newcomer), of_person(newcomer, "/phieu"), FIND, WAITING)]
    seen += [visit_as(leader).get(path).text for path in (FIND, WAITING)]
    seen += [security_log(app), *(letter.as_string() for letter in letters())]

    for code in codes:
        assert not any(code in text or show_receipt_code(code) in text for text in seen)


# --- merging, on the page --------------------------------------------------------------------------------------------


def ask_merge(visitor, account, number, **typed):
    return visitor.send(of_person(account, "/gop"), {"id_number": number, "reason": "Một người", "seen": "y"} | typed, "Xin gộp")


def test_two_accounts_are_merged_and_taken_apart_by_two_people(desk, visit_as, leader, account, old_account, open_page):
    other = visit_as(leader)
    open_page(desk)
    ask_merge(desk, account, CMND)
    page = other.get(WAITING)
    assert account.full_name in page.words and old_account.full_name in page.words and "23••••567" in page.words
    other.send(WAITING, {}, "Đồng ý")
    assert fresh(old_account).merged_into == account and find(desk, CMND).location == of_person(account)

    page = desk.get(of_person(account))
    undo = next(href for words, href in page.links.items() if words.startswith("Kpă Cũ"))
    desk.send(undo, {"reason": "Hai người khác nhau"}, "Xin tách")
    other.send(WAITING, {}, "Đồng ý")

    assert fresh(old_account).merged_into is None and find(desk, CMND).location == of_person(old_account)


@pytest.mark.parametrize(("number", "message"), [
    ("064090000009", "chưa có tài khoản"), ("", "Nhập số"), ("same", "một tài khoản rồi"),
])  # fmt: skip
def test_a_merge_needs_another_account(desk, account, open_page, number, message):
    open_page(desk)
    page = ask_merge(desk, account, account.id_number if number == "same" else number)

    assert page.status == 422 and message in page.errors and Approval.select().count() == 0


def test_accounts_that_may_be_one_are_pointed_out(desk, account, open_page):
    make_account(id_number=CMND)

    assert "Cùng tên, cùng ngày sinh 23••••567" in open_page(desk).words


def test_birth_dates_that_differ_are_pointed_out_to_whoever_confirms(desk, visit_as, leader, account, open_page):
    make_account(id_number=CMND, birth_date="1970-01-01")
    open_page(desk)
    ask_merge(desk, account, CMND)

    assert "Ngày sinh khác nhau" in visit_as(leader).get(WAITING).words


def test_a_merge_that_is_not_of_this_account_is_not_undone_here(desk, visit_as, leader, account, old_account, open_page):
    stranger = make_account(id_number=CCCD)
    open_page(desk)
    ask_merge(desk, account, CMND)
    visit_as(leader).send(WAITING, {}, "Đồng ý")
    open_page(desk, stranger)

    assert desk.get(of_person(stranger, f"/tach/{Approval.get().id}")).status == 404
    assert desk.get(of_person(account, "/tach/999999")).status == 404


# --- nothing leaks ---------------------------------------------------------------------------------------------------


def test_no_number_stands_in_an_address_or_in_the_security_log(app, desk, visit_as, leader, old_account):
    """A whole morning at the desk: every address asked or answered, and every line of the log."""
    seen = []
    for visitor in (desk, visit_as(leader)):
        ask = visitor.client.open

        def note(path, *args, ask=ask, **kwargs):
            answer = ask(path, *args, **kwargs)
            seen.extend([path, answer.headers.get("Location", "")])
            return answer

        visitor.client.open = note
    before = len(security_log(app))

    open_account(desk)
    find(desk, CMND)
    desk.send(of_person(old_account, "/them-so"), {"id_number": CCCD, "seen": "1"}, "Thêm số này")
    ask_reset(desk, old_account)
    ask_merge(desk, old_account, NEW)
    confirm(desk, "7K3MQ9TDRW2F", number="064090000009")
    approvals.grant(Approval.get(Approval.kind == "merge"), leader, utc_now())

    for number in (NEW, CMND, CCCD, "064090000009"):
        assert not any(number in address for address in seen)
        assert number not in security_log(app)[before:]
    assert len(seen) > 20


@pytest.mark.parametrize("option", [{}, {"with_htmx": True}])
def test_the_room_works_with_and_without_htmx(visit_as, officer, account, option):
    visitor = visit_as(officer, **option)
    page = visitor.post(FIND, {"id_number": account.id_number, "purpose": WHY})

    assert (page.headers["HX-Push-Url"] if option else page.location) == of_person(account)


def test_a_slip_is_loaded_whole_because_paper_has_its_own_style(visit_as, officer, newcomer, desk):
    visitor = visit_as(officer, with_htmx=True)
    here = {"HX-Request": "true", "HX-Current-URL": f"http://localhost{of_person(newcomer)}"}
    answer = visitor.client.get(slip_path(), headers=here)

    assert answer.headers["HX-Redirect"] == slip_path() and answer.data == b""


HOSTILE = st.text(max_size=60)
TYPED = (*WALK_IN, "id_number", "purpose", "other_purpose", "form_key", "code", "reason")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.fixed_dictionaries(dict.fromkeys(TYPED, HOSTILE)))
def test_no_words_break_the_room(desk, account, typed):
    people.open_for(account, Login.get(Login.staff.is_null(False)).staff, WHY, utc_now())
    for path in (FIND, OPEN, f"{FIND}xac-nhan-dang-ky", of_person(account, "/mat-khau"), of_person(account, "/gop")):
        answer = desk.client.post(path, data={"csrf_token": desk_token(desk), "seen": "1"} | typed)
        assert answer.status_code < 500


def desk_token(visitor) -> str:
    visitor.kept = getattr(visitor, "kept", None) or visitor.token()
    return visitor.kept


# --- what needs IAL2 -------------------------------------------------------------------------------------------------


@pytest.fixture
def birth_needs_ial2(library, monkeypatch):
    monkeypatch.setitem(library.definitions, BIRTH, library.definitions[BIRTH] | {"needs_ial2": True})


@pytest.mark.parametrize("page", ["", "chu-ho-so", "trang-1", "nhan-ket-qua", "giay-to", "xem-lai"])
def test_a_submission_that_needs_the_paper_says_to_bring_it(birth_needs_ial2, visit_as, account, make_draft, page):
    draft = make_draft(account)
    visitor = visit_as(account)
    answer = visitor.get(f"/nop-ho-so/{BIRTH}/{page}")
    shown = visitor.get(answer.location)

    assert shown.heading == "Mang căn cước đến xã trước"
    assert "Bộ phận Một cửa" in shown.words and "thôn trưởng" in shown.words
    assert f"vẫn còn, đến ngày {in_vietnam(draft.expires_at).day}/" in shown.words
    assert Draft.get().answers == draft.answers


def test_no_form_goes_round_it(birth_needs_ial2, visit_as, account, make_draft):
    from rules import submission

    draft = make_draft(account)
    visitor = visit_as(account)
    data = {"declared": "1", "idempotency_key": draft.idempotency_key, "seen": submission.content_hash(draft)}

    assert visitor.post(f"/nop-ho-so/{BIRTH}/xem-lai", data).location == f"/nop-ho-so/{BIRTH}/can-giay-that"
    assert Draft.get().dossier is None


def test_once_the_paper_was_seen_the_submission_goes_on(birth_needs_ial2, visit_as, officer, account, make_draft):
    make_draft(account)
    people.see_paper(account, officer, utc_now())
    visitor = visit_as(account)

    assert visitor.get(f"/nop-ho-so/{BIRTH}/can-giay-that").location == f"/nop-ho-so/{BIRTH}/"
    assert visitor.get(f"/nop-ho-so/{BIRTH}/xem-lai").status == 200


def test_without_such_a_need_nobody_is_stopped(visit_as, account):
    assert visit_as(account).get(f"/nop-ho-so/{BIRTH}/chu-ho-so").status == 200
    assert visit_as(account).get(f"/nop-ho-so/{BIRTH}/can-giay-that").location == f"/nop-ho-so/{BIRTH}/"


def test_the_page_of_a_procedure_says_so_beforehand(birth_needs_ial2, visitor):
    # Asked with a mark of its own, so that no page kept before is shown.
    assert "Nộp qua mạng: xã phải đã xem căn cước của bạn (IAL2)" in visitor.get(f"/dich-vu/{BIRTH}?luc=1").words


def test_the_page_of_a_procedure_without_such_a_need_says_nothing(visitor):
    assert "IAL2" not in visitor.get(f"/dich-vu/{BIRTH}?luc=2").words


def test_a_merge_is_asked_for_only_with_the_card_at_hand(desk, account, old_account, open_page):
    open_page(desk)
    page = desk.send(of_person(account, "/gop"), {"id_number": CMND, "reason": "Một người"}, "Xin gộp")

    assert page.status == 422 and "Xem căn cước" in page.errors
    assert page.typed_in("reason") == "Một người"
    assert not Approval.select().exists()


def test_who_confirms_a_merge_reads_how_old_and_how_sure_each_account_is(visit_as, desk, leader, account, old_account, open_page):
    open_page(desk)
    ask_merge(desk, account, CMND)

    page = visit_as(leader).get(WAITING)
    assert page.words.count("lập ") == 2 and "đang dùng" in page.words and "chưa ai xem giấy" in page.words


def test_nobody_at_the_desk_writes_an_address_that_would_get_the_owners_letters(desk):
    page = open_account(desk, email="canbo@example.vn")

    assert page.status == 303
    assert [account.email for account in Account.select()] == [""]

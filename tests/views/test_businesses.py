"""Doanh nghiệp của tôi, and submitting for a business."""

import pytest
from stage import BIRTH, make_account
from together import Requests, at_once

from database import utc_now
from models import AccountEvent, Business, Dossier, Draft, Representative
from rules import account_log, businesses, submission
from rules.submission import FOR_BUSINESS

HOME = "/ca-nhan/doanh-nghiep/"
ADD = f"{HOME}them"
OWNER, CHECK = f"/nop-ho-so/{BIRTH}/chu-ho-so", f"/nop-ho-so/{BIRTH}/xem-lai"
GO_ON = "Lưu và đi tiếp"
TAX_CODE = "5900189357"
ASKED = "Nếu số này có tài khoản, người đó sẽ thấy lời mời ở Trang cá nhân."
TAKEN = "Mã số thuế này đã có người đại diện khác"
HOSTILE = [
    "", " ", "\x00", "\ud800", "a" * 100_000, "<script>alert(1)</script>", "' OR 1=1 --", "\u202egnạđ ux", "5900189357\r\nX: y",
    "{{ 7*7 }}", "%00", "../../etc", "-1", "９" * 13, "🙂" * 50, "1" * 5000,
]  # fmt: skip


@pytest.fixture
def owner(app):
    return make_account(full_name="Siu Chủ Quán")


@pytest.fixture
def partner(app):
    return make_account(full_name="Kpă Cùng Làm", email="cung@example.vn")


@pytest.fixture
def stranger(app):
    return make_account(full_name="Nay Người Lạ", email="la@example.vn")


@pytest.fixture
def coffee(owner):
    return businesses.add(owner, "Cà phê Ia Băng", TAX_CODE, utc_now())


def join(business, by, account) -> None:
    businesses.invite(business, by, account, utc_now())
    businesses.accept(businesses.invitation(account, business.ref, utc_now()), utc_now())


@pytest.fixture
def pair(coffee, owner, partner):
    """The business, with two who act for it."""
    join(coffee, owner, partner)
    return coffee


def home_of(business) -> str:
    return f"{HOME}{business.ref}/"


def end_of(business, account) -> str:
    return f"{home_of(business)}nguoi/{account.ref}/thoi"


def names_of(business) -> list[str]:
    return [person.account.full_name for person in businesses.representatives(business)]


def people() -> list[tuple]:
    """Every row of who acts for whom."""
    return sorted(Representative.select(Representative.id, Representative.accepted_at, Representative.ended_at).tuples())


# --- all of mine -----------------------------------------------------------------------------------------------------


def test_who_acts_for_none_is_shown_how_to_begin(visit_as, owner):
    page = visit_as(owner).get(HOME)

    assert "Bạn chưa đại diện cho doanh nghiệp nào" in page.words
    assert page.links["Thêm doanh nghiệp"] == ADD
    assert HOME in visit_as(owner).get("/ca-nhan/tai-khoan/").links.values()


def test_a_business_is_added_from_a_citizens_account(visit_as, owner):
    citizen = visit_as(owner)
    page = citizen.send(ADD, {"tax_code": "5900 189 357", "name": " Cà phê  Ia Băng "}, "Thêm doanh nghiệp")

    business = Business.get()
    assert page.location == f"{home_of(business)}?da=them-doanh-nghiep"
    page = citizen.get(page.location)
    assert (page.heading, business.tax_code) == ("Cà phê Ia Băng", TAX_CODE)
    assert "Đã thêm doanh nghiệp" in page.words and "Xã chưa xem giấy đăng ký" in page.words
    assert "Siu Chủ Quán (bạn)" in page.words
    assert "Cà phê Ia Băng" in citizen.get(HOME).words


def test_the_same_form_again_adds_nothing(visit_as, owner, coffee):
    page = visit_as(owner).post(ADD, {"tax_code": TAX_CODE, "name": "Cà phê"})

    assert page.location.startswith(home_of(coffee))
    assert Business.select().count() == 1


def test_a_tax_code_of_others_is_told_with_the_way_on(visit_as, coffee, stranger):
    page = visit_as(stranger).post(ADD, {"tax_code": TAX_CODE, "name": "Của tôi"})

    assert (page.status, TAKEN in page.errors) == (422, True)
    assert (page.typed_in("tax_code"), page.typed_in("name")) == (TAX_CODE, "Của tôi")
    assert "Bộ phận Một cửa" in page.errors and "Siu" not in page.text
    assert names_of(coffee) == ["Siu Chủ Quán"]


def test_two_who_add_one_tax_code_at_once_make_one_business(visit_as, owner, stranger):
    visitors = [(citizen, citizen.token()) for citizen in map(visit_as, (owner, stranger))]
    answers = at_once(
        *[
            lambda citizen=citizen, token=token: (
                citizen.client.post(ADD, data={"csrf_token": token, "tax_code": TAX_CODE, "name": "Cà phê"}).status_code
            )
            for citizen, token in visitors
        ],
        database=Requests,
    )

    assert sorted(answers) == [303, 422]
    assert (Business.select().count(), Representative.select().count()) == (1, 1)


@pytest.mark.parametrize("data, said", [
    ({"tax_code": "", "name": "Cà phê"}, "Nhập mã số thuế"), ({"tax_code": TAX_CODE, "name": ""}, "Nhập tên doanh nghiệp"),
    ({"tax_code": "5900189358", "name": "Cà phê"}, "gõ nhầm"), ({"tax_code": "59001", "name": "Cà phê"}, "Bạn nhập 5 số"),
    ({"tax_code": TAX_CODE, "name": "a" * 201}, "nhiều nhất 200 ký tự"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(visit_as, owner, data, said):
    page = visit_as(owner).post(ADD, data)

    assert (page.status, said in page.errors) == (422, True)
    assert {name: page.typed_in(name) for name in data} == data
    assert not Business.select().exists()


@pytest.mark.parametrize("typed", HOSTILE)
@pytest.mark.parametrize("field", ["tax_code", "name"])
def test_hostile_words_break_nothing(visit_as, owner, field, typed):
    citizen = visit_as(owner)
    page = citizen.post(ADD, {"tax_code": TAX_CODE, "name": "Cà phê"} | {field: typed.encode("utf-8", "replace")})

    assert page.status in (303, 422)
    shown = citizen.get(page.location) if page.location else page
    assert "<script>alert" not in shown.text and "{{" not in shown.text.replace("{{ 7*7 }}", "") and "49" not in shown.title


def test_who_registered_with_a_taken_tax_code_is_told_what_to_do(visit_as, coffee, stranger):
    businesses.claim(stranger, "Của tôi", TAX_CODE, utc_now())

    assert "Nhờ người đó mời bạn, hoặc mang giấy đăng ký" in visit_as(stranger).get(HOME).words


# --- one business ----------------------------------------------------------------------------------------------------


def test_its_page_says_who_acts_for_it_since_when_and_by_whom(visit_as, pair, partner):
    page = visit_as(partner).get(home_of(pair))

    assert "Kpă Cùng Làm (bạn)" in page.words and "Siu Chủ Quán thêm" in page.words
    assert TAX_CODE in page.words


def test_a_paper_seen_is_said_with_who_and_when(visit_as, coffee, owner, officer):
    businesses.note_paper(coffee, coffee.name, officer, utc_now())
    page = visit_as(owner).get(home_of(coffee))

    assert f"{officer.full_name} đã xem giấy đăng ký" in page.words and "chưa xem" not in page.words


@pytest.mark.parametrize("state", ["outsider", "invited", "declined", "ended"])
@pytest.mark.parametrize("page", ["", "moi", "nguoi/{}/thoi", "rut-loi-moi"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_to_others_a_business_is_as_good_as_none(visit_as, coffee, owner, stranger, state, page, method):
    if state == "ended":
        join(coffee, owner, stranger)
        businesses.end(coffee, stranger.ref, owner, utc_now())
    elif state != "outsider":
        businesses.invite(coffee, owner, stranger, utc_now())
        if state == "declined":
            businesses.decline(businesses.invitation(stranger, coffee.ref, utc_now()), utc_now())
    citizen, before = visit_as(stranger), people()
    token = citizen.token()
    answers = []
    for ref in (coffee.ref, "0" * 12):
        address = f"{HOME}{ref}/{page.format(owner.ref)}"
        answer = citizen.client.open(address, method=method, data={"csrf_token": token, "id_number": owner.id_number})
        answers.append((answer.status_code, answer.get_data(as_text=True).replace(ref, "")))

    assert answers[0] == answers[1]
    assert answers[0][0] in (404, 405) and people() == before


def test_who_is_ended_in_the_middle_of_a_visit_sees_nothing_from_then_on(visit_as, pair, owner, partner):
    citizen = visit_as(partner)
    form = citizen.get(f"{home_of(pair)}moi").fields("Mời")
    businesses.end(pair, partner.ref, owner, utc_now())
    before = people()

    assert citizen.get(home_of(pair)).status == 404
    assert citizen.post(f"{home_of(pair)}moi", form | {"id_number": partner.id_number}).status == 404
    assert citizen.post(end_of(pair, owner)).status == 404
    assert "Cà phê" not in citizen.get(HOME).words and "Cà phê" not in citizen.get("/ca-nhan/").words
    assert people() == before


def test_who_is_ended_between_the_look_and_the_deed_does_nothing(visit_as, pair, owner, partner, monkeypatch):
    """Ended after the view has found the business: the rule asks again, in the transaction."""
    citizen = visit_as(partner)
    token = citizen.token()
    find = businesses.one_of_mine

    def found_then_ended(account, ref):
        found = find(account, ref)
        monkeypatch.setattr(businesses, "one_of_mine", find)
        businesses.end(pair, partner.ref, owner, utc_now())
        return found

    monkeypatch.setattr(businesses, "one_of_mine", found_then_ended)
    page = citizen.post(end_of(pair, owner), {"csrf_token": token})

    assert page.status == 404
    assert names_of(pair) == ["Siu Chủ Quán"]


def test_its_dossiers_stand_on_pages_each_once(visit_as, coffee, owner, submit):
    codes = []
    for _ in range(12):
        dossier = submit(owner)
        codes.insert(0, dossier.code)
        Dossier.update(business=coffee).where(Dossier.id == dossier.id).execute()
    citizen = visit_as(owner)
    pages = [citizen.get(f"{home_of(coffee)}?trang={number}") for number in (1, 2)]

    shown = [a.get("href").rsplit("/", 1)[1] for page in pages for a in page.tree.iter("a") if "/ho-so/" in a.get("href", "")]
    assert shown == codes
    assert "Trang 1/2" in pages[0].words and citizen.get(f"{home_of(coffee)}?trang=999").status == 200


# --- inviting --------------------------------------------------------------------------------------------------------


def test_the_answer_to_inviting_is_the_same_whether_or_not_there_is_such_a_person(visit_as, coffee, owner, partner):
    citizen = visit_as(owner)
    pages = []
    for number in (partner.id_number, "064090999888"):
        sent = citizen.send(f"{home_of(coffee)}moi", {"id_number": number}, "Mời")
        pages.append((sent.location, citizen.get(sent.location).words))

    assert pages[0] == pages[1] and ASKED in pages[0][1]
    assert "Kpă" not in pages[0][1]
    assert len(businesses.invited(coffee, utc_now())) == 1


def test_who_is_invited_sees_it_on_the_personal_page_and_accepts(visit_as, coffee, owner, partner):
    businesses.invite(coffee, owner, partner, utc_now())
    citizen = visit_as(partner)
    address = citizen.get("/ca-nhan/").links["Lời mời đại diện Cà phê Ia Băng"]
    assert address in citizen.get(HOME).links.values()
    page = citizen.send(address, {"answer": "nhan"}, "Nhận làm người đại diện")

    assert page.location == f"{home_of(coffee)}?da=nhan-moi"
    assert "Bạn là người đại diện của doanh nghiệp này" in citizen.get(page.location).words
    assert names_of(coffee) == ["Siu Chủ Quán", "Kpă Cùng Làm"]
    assert citizen.post(address, {"answer": "nhan"}).location == page.location, "sent again after a lost answer"
    assert citizen.get(address).location == home_of(coffee)


def test_who_declines_does_not_act_and_may_press_again(visit_as, coffee, owner, partner):
    businesses.invite(coffee, owner, partner, utc_now())
    citizen, address = visit_as(partner), f"{HOME}loi-moi/{coffee.ref}"
    first = citizen.post(address, {"answer": "khong"})

    assert first.location == citizen.post(address, {"answer": "khong"}).location == f"{HOME}?da=khong-nhan"
    assert names_of(coffee) == ["Siu Chủ Quán"]
    assert citizen.get(address).status == 404 and citizen.post(address, {"answer": "nhan"}).status == 404


@pytest.mark.parametrize("answer", ["", "co", "NHAN", "\x00"])
def test_an_answer_that_is_neither_changes_nothing(visit_as, coffee, owner, partner, answer):
    businesses.invite(coffee, owner, partner, utc_now())
    page = visit_as(partner).post(f"{HOME}loi-moi/{coffee.ref}", {"answer": answer})

    assert page.heading == "Lời mời làm người đại diện"
    assert names_of(coffee) == ["Siu Chủ Quán"]


def test_an_invitation_is_its_readers_alone(visit_as, coffee, owner, partner, stranger):
    businesses.invite(coffee, owner, partner, utc_now())
    citizen = visit_as(stranger)

    assert citizen.get(f"{HOME}loi-moi/{coffee.ref}").status == 404
    assert citizen.post(f"{HOME}loi-moi/{coffee.ref}", {"answer": "nhan"}).status == 404
    assert citizen.post(f"{HOME}loi-moi/{coffee.ref}", {"answer": "khong"}).location == f"{HOME}?da=khong-nhan"
    assert businesses.invitation(partner, coffee.ref, utc_now())


def test_an_invitation_sent_by_mistake_is_withdrawn(visit_as, coffee, owner, partner):
    businesses.invite(coffee, owner, partner, utc_now())
    citizen = visit_as(owner)
    page = citizen.send(f"{home_of(coffee)}moi", {}, "Rút mọi lời mời")

    assert "Đã rút mọi lời mời" in citizen.get(page.location).words
    assert visit_as(partner).get(f"{HOME}loi-moi/{coffee.ref}").status == 404


def test_withdrawing_with_a_stale_page_says_so_and_withdraws_nothing(visit_as, coffee, owner, partner):
    businesses.invite(coffee, owner, partner, utc_now())
    page = visit_as(owner).post(f"{home_of(coffee)}rut-loi-moi", {"csrf_token": "cu"})

    assert (page.status, page.heading) == (422, "Mời người đại diện")
    assert "Trang này mở đã lâu" in page.errors and businesses.invitation(partner, coffee.ref, utc_now())


def test_the_sixth_invitation_of_a_day_waits(visit_as, coffee, owner):
    citizen = visit_as(owner)
    for number in range(5):
        assert citizen.post(f"{home_of(coffee)}moi", {"id_number": f"06409099988{number}"}).status == 303

    page = citizen.post(f"{home_of(coffee)}moi", {"id_number": "064090999887"})
    assert (page.status, "Mai hãy mời tiếp" in page.errors) == (422, True)
    assert page.typed_in("id_number") == "064090999887"


@pytest.mark.parametrize("has_account", [True, False])
def test_the_same_form_sent_again_is_one_invitation(visit_as, coffee, owner, partner, has_account):
    citizen, number = visit_as(owner), partner.id_number if has_account else "064090999888"
    form = citizen.get(f"{home_of(coffee)}moi").fields("Mời") | {"id_number": number}
    log = account_log.lines_of(owner)
    answers = [citizen.client.post(f"{home_of(coffee)}moi", data=form).location for _ in range(7)]

    assert len(set(answers)) == 1 and log.where(AccountEvent.name == "representative changed").count() == 1
    other = citizen.client.post(f"{home_of(coffee)}moi", data=form | {"id_number": "064090999777"})
    assert other.status_code == 303
    assert log.where(AccountEvent.name == "representative changed").count() == 2, "Back, and another number: another invitation"


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_numbers_invite_nobody(visit_as, coffee, owner, typed):
    key = typed.encode("utf-8", "replace")
    page = visit_as(owner).post(f"{home_of(coffee)}moi", {"id_number": key, "form_key": key})
    assert visit_as(owner).post(f"{home_of(coffee)}moi", {"id_number": "064090999888", "form_key": key}).status == 303

    assert page.status == 422 and "<script>alert" not in page.text
    assert businesses.invited(coffee, utc_now()) == []


# --- leaving ---------------------------------------------------------------------------------------------------------


def test_one_is_asked_before_another_is_removed(visit_as, pair, owner, partner):
    citizen = visit_as(owner)
    page = citizen.get(end_of(pair, partner))
    assert page.heading == "Kpă Cùng Làm thôi đại diện?" and len(names_of(pair)) == 2

    sent = citizen.send(end_of(pair, partner), {}, "Thôi đại diện")
    assert sent.location == f"{home_of(pair)}?da=da-thoi" == citizen.post(end_of(pair, partner)).location
    assert names_of(pair) == ["Siu Chủ Quán"]
    assert visit_as(partner).get(home_of(pair)).status == 404


def test_one_steps_down_and_may_press_again(visit_as, pair, partner):
    citizen = visit_as(partner)
    sent = citizen.send(end_of(pair, partner), {}, "Tôi thôi đại diện")

    assert sent.location == f"{HOME}?da=toi-thoi" == citizen.post(end_of(pair, partner)).location
    assert "Bạn không còn đại diện" in citizen.get(sent.location).words
    assert names_of(pair) == ["Siu Chủ Quán"]


def test_the_last_one_is_told_that_the_desk_can_appoint_another(visit_as, coffee, owner):
    citizen = visit_as(owner)
    assert "người đại diện cuối cùng" in citizen.get(end_of(coffee, owner)).words

    citizen.send(end_of(coffee, owner), {}, "Tôi thôi đại diện")
    assert names_of(coffee) == [] and Business.get() == coffee


def test_a_person_of_no_part_in_it_cannot_be_removed(visit_as, coffee, owner, stranger):
    citizen = visit_as(owner)

    assert citizen.get(end_of(coffee, stranger)).status == citizen.get(f"{home_of(coffee)}nguoi/khong-co/thoi").status == 404
    assert names_of(coffee) == ["Siu Chủ Quán"]


def test_a_stale_page_removes_nobody(visit_as, pair, owner, partner):
    page = visit_as(owner).post(end_of(pair, partner), {"csrf_token": "cu"})

    assert (page.status, "Trang này mở đã lâu" in page.errors) == (422, True)
    assert len(names_of(pair)) == 2


# --- fragments -------------------------------------------------------------------------------------------------------


def test_htmx_gets_the_next_page_at_once(visit_as, owner, partner):
    citizen = visit_as(owner, with_htmx=True)
    page = citizen.post(ADD, {"tax_code": TAX_CODE, "name": "Cà phê Ia Băng"})
    coffee = Business.get()
    assert (page.status, page.heading) == (200, "Cà phê Ia Băng")
    assert page.headers["HX-Push-Url"] == f"{home_of(coffee)}?da=them-doanh-nghiep" and "<html" not in page.text

    page = citizen.post(f"{home_of(coffee)}moi", {"id_number": partner.id_number})
    assert ASKED in page.words
    assert citizen.post(ADD, {"tax_code": "1", "name": ""}).status == 422
    invited = visit_as(partner, with_htmx=True)
    page = invited.post(f"{HOME}loi-moi/{coffee.ref}", {"answer": "nhan"})
    assert page.heading == "Cà phê Ia Băng"
    page = invited.post(end_of(coffee, partner))
    assert (page.heading, page.headers["HX-Push-Url"]) == ("Doanh nghiệp của tôi", f"{HOME}?da=toi-thoi")
    assert visit_as(partner, with_htmx=True).get(home_of(coffee)).status == 404


# --- submitting for a business ---------------------------------------------------------------------------------------


def offered(page) -> dict[str, str]:
    """What can be chosen, by what it says."""
    return {label.text_content().strip(): label.find("input").get("value") for label in page.tree.find_class("pick")}


def test_who_acts_for_none_is_asked_as_before(visit_as, account):
    assert list(offered(visit_as(account).get(OWNER)).values()) == ["self", "other"]


def test_a_dossier_is_submitted_for_a_business_from_the_first_page_to_the_desk(
    visit_as, pair, owner, partner, officer, make_draft
):
    make_draft(owner)
    citizen = visit_as(owner)
    choices = offered(citizen.get(OWNER))
    assert choices["Cho doanh nghiệp Cà phê Ia Băng"] == FOR_BUSINESS + pair.ref
    citizen.send(OWNER, {"owner": FOR_BUSINESS + pair.ref}, GO_ON)
    assert citizen.get(OWNER).fields(GO_ON)["owner"] == FOR_BUSINESS + pair.ref
    page = citizen.get(CHECK)
    assert f"Doanh nghiệp Cà phê Ia Băng, mã số thuế {TAX_CODE}" in page.words
    done = citizen.send(CHECK, {"declared": "1"}, "Nộp hồ sơ")

    dossier = Dossier.get()
    assert citizen.get(done.location).heading == "Đã nộp hồ sơ" and dossier.business == pair
    other = visit_as(partner)
    assert dossier.code in other.get("/ca-nhan/ho-so").words and dossier.code in other.get(home_of(pair)).words
    page = other.get(f"/ca-nhan/ho-so/{dossier.code}")
    assert "doanh nghiệpCà phê Ia Băng" in page.words and "Siu Chủ Quán nộp hồ sơ" in page.words
    assert "Bạn nộp hồ sơ" not in page.words
    assert owner.id_number not in page.text and "0912" not in page.text and "Thôn 6" not in page.text
    page = visit_as(officer).get(f"/mot-cua/ho-so/{dossier.code}")
    assert f"Cà phê Ia Băng, mã số thuế {TAX_CODE}. Xã chưa xem giấy đăng ký" in page.words
    assert f"Siu Chủ Quán, số {owner.id_number}" in page.words
    found = citizen.post("/tra-cuu", {"ma": dossier.code, "last_digits": TAX_CODE[-4:]})
    assert "C. P. I. B." in found.words


def test_all_who_act_for_it_read_who_opened_the_dossier(visit_as, pair, owner, partner, officer, submit):
    dossier = submit(owner)
    Dossier.update(business=pair).where(Dossier.id == dossier.id).execute()
    visit_as(officer).get(f"/mot-cua/ho-so/{dossier.code}")

    for account in (owner, partner):
        assert account_log.lines_of(account).first().name == "dossier opened"
    businesses.end(pair, owner.ref, partner, utc_now())
    visit_as(officer).get(f"/mot-cua/ho-so/{dossier.code}")
    assert account_log.lines_of(owner).first().name == "representative changed"


@pytest.mark.parametrize("answer", ["0" * 12, "", "x" * 5000, "<b>"])
def test_a_business_of_others_cannot_be_chosen_and_nothing_typed_is_lost(visit_as, coffee, stranger, answer):
    citizen = visit_as(stranger)
    for ref in (coffee.ref, answer):
        page = citizen.post(OWNER, {"owner": FOR_BUSINESS + ref, "owner_name": "Ksor Già"})

        assert (page.status, "Chọn lại chủ hồ sơ" in page.errors) == (422, True)
        assert page.typed_in("owner_name") == "Ksor Già" and "Cà phê" not in page.text
    assert "Cà phê" not in citizen.get(CHECK).text


def test_a_draft_of_who_has_left_says_what_to_do_and_keeps_all(visit_as, pair, owner, partner, make_draft):
    make_draft(partner)
    citizen = visit_as(partner)
    citizen.send(OWNER, {"owner": FOR_BUSINESS + pair.ref}, GO_ON)
    form = citizen.get(CHECK).fields("Nộp hồ sơ") | {"declared": "1"}
    before = Draft.get().answers
    businesses.end(pair, partner.ref, owner, utc_now())

    page = citizen.client.post(CHECK, data=form)
    assert page.status_code == 422 and "Còn 1 trang cần sửa" in page.get_data(as_text=True)
    assert "Cà phê" not in citizen.get(CHECK).words
    assert "Bạn không còn đại diện cho doanh nghiệp này" in citizen.get(OWNER).errors
    assert Draft.get().answers == before and not Dossier.select().exists()
    citizen.send(OWNER, {"owner": "self"}, GO_ON)
    assert citizen.send(CHECK, {"declared": "1"}, "Nộp hồ sơ").status == 303
    assert (Dossier.get().business, Dossier.get().owner_name) == (None, "Kpă Cùng Làm")


def test_who_left_after_submitting_gets_no_code_by_sending_the_form_again(visit_as, pair, owner, partner, make_draft):
    make_draft(partner)
    citizen = visit_as(partner)
    citizen.send(OWNER, {"owner": FOR_BUSINESS + pair.ref}, GO_ON)
    form = citizen.get(CHECK).fields("Nộp hồ sơ") | {"declared": "1"}
    citizen.client.post(CHECK, data=form)
    dossier = Dossier.get()
    businesses.end(pair, partner.ref, owner, utc_now())

    for again in (form, form | {"seen": "another"}):
        page = citizen.client.post(CHECK, data=again)
        assert page.status_code == 404 and dossier.code not in page.get_data(as_text=True)
    assert citizen.get(f"/ca-nhan/ho-so/{dossier.code}").status == 404
    assert citizen.get(f"/nop-ho-so/{BIRTH}/da-nop/{dossier.code}").status == 404
    assert dossier.code not in citizen.get("/ca-nhan/ho-so").text
    assert submission.mine(owner, dossier.code) == dossier


def test_a_business_named_like_a_page_stays_text(visit_as, owner, make_draft):
    business = businesses.add(owner, "<b onclick=x>{{ site }}</b>", TAX_CODE, utc_now())
    make_draft(owner)
    citizen = visit_as(owner)
    citizen.send(OWNER, {"owner": FOR_BUSINESS + business.ref}, GO_ON)

    for address in (HOME, home_of(business), f"{home_of(business)}moi", end_of(business, owner), OWNER, CHECK):
        page = citizen.get(address)
        assert "<b onclick" not in page.text and "{{ site }}" in page.words, address

"""The desk's pages of time: the clock beside a dossier, what is late, apologies prepared and signed."""

from datetime import datetime

import pytest
import time_machine
from rows import make_row
from stage import make_staff

from models import Apology, Dossier, Event, State
from rules import workflow
from rules.vietnamese import VIETNAM_TIME

REASON = "Công an xã chưa trả lời xác minh"


def at(day, hour=9, minute=0, month=11):
    return datetime(2026, month, day, hour, minute, tzinfo=VIETNAM_TIME)


@pytest.fixture(autouse=True)
def time():
    """Monday, 2 November, at nine."""
    with time_machine.travel(at(2), tick=False) as traveller:
        yield traveller


@pytest.fixture
def leader(app):
    return make_staff("leader")


@pytest.fixture
def make_accepted(account, submit, officer, library):
    """Accepted on Monday at nine; due a week later."""

    def make() -> Dossier:
        dossier = submit(account)
        processing = dossier.procedure["processing"] | {"type": "working_days", "value": 5}
        Dossier.update(procedure=dossier.procedure | {"processing": processing}).where(Dossier.id == dossier.id).execute()
        dossier = fresh(dossier)
        workflow.make_move(dossier, "accept", officer, at(2), library.calendar)
        return dossier

    return make


@pytest.fixture
def accepted(make_accepted):
    return make_accepted()


def fresh(dossier) -> Dossier:
    return Dossier.get_by_id(dossier.id)


def address(dossier, rest="") -> str:
    return f"/mot-cua/ho-so/{dossier.code}{rest}"


def prepare(visitor, dossier, new_day="12/11/2026", **more):
    return visitor.send(address(dossier, "/xin-loi"), {"reason": REASON, "new_day": new_day} | more, "Trình lãnh đạo ký")


def prepared(dossier, by, form_key="x", **more) -> Apology:
    known = {"reason": REASON, "due_before": dossier.due_at, "new_due_at": at(12, 17), "made_by": by, "form_key": form_key}
    return Apology.create(dossier=dossier, **known | more)


def facts_of(page) -> dict[str, str]:
    """What stands beside each word of the page's lists."""
    words = lambda element: " ".join(element.text_content().split())  # noqa: E731
    return {words(term): words(term.getnext()) for term in page.tree.iter("dt")}


# --- the clock beside the dossier ------------------------------------------------------------------------------------


def test_the_clock_says_what_was_promised_and_how_much_is_used(visit_as, officer, accepted, time):
    time.move_to(at(4, 14, 45))
    page = visit_as(officer).get(address(accepted))
    words, facts = page.words, facts_of(page)

    assert facts["Hẹn lần đầu"] == "9 giờ, ngày 9/11/2026" and "Đã dùng 50 % thời gian" in words
    assert "05 ngày làm việc, tính từ 9 giờ, ngày 2/11/2026" in words
    assert "Hẹn đang tính" not in facts and "Trễ" not in words.split("Đồng hồ")[1].split("Người giữ")[0]


def test_before_it_is_accepted_the_clock_does_not_run(visit_as, officer, dossier):
    assert "Đồng hồ Chưa chạy. Thời hạn: trong ngày làm việc" in visit_as(officer).get(address(dossier)).words


def test_stops_stand_there_with_both_dates(visit_as, officer, accepted, library, time):
    workflow.make_move(accepted, "ask_supplement", officer, at(4), library.calendar, note="Thiếu")
    time.move_to(at(6))
    facts = facts_of(visit_as(officer).get(address(accepted)))
    assert facts["Chờ bổ sung giấy tờ, 2 ngày làm việc"] == "9 giờ, ngày 4/11/2026 – đang dừng"
    workflow.make_move(accepted, "supplied", officer, at(10), library.calendar)
    time.move_to(at(10))
    page = visit_as(officer).get(address(accepted))
    facts = facts_of(page)

    assert (facts["Hẹn lần đầu"], facts["Hẹn đang tính"]) == ("9 giờ, ngày 9/11/2026", "9 giờ, ngày 13/11/2026")
    assert facts["Chờ bổ sung giấy tờ, 4 ngày làm việc"] == "9 giờ, ngày 4/11/2026 – 9 giờ, ngày 10/11/2026"
    assert "Đã dùng 40 % thời gian" in page.words


def test_late_is_said_with_how_many_days(visit_as, officer, accepted, time):
    time.move_to(at(11))
    page = visit_as(officer).get(address(accepted))

    assert "Trễ 2 ngày làm việc." in page.words and "Xin lỗi, hẹn lại ngày" in page.links


def test_verifying_says_what_the_law_allows_and_warns_beyond(visit_as, officer, make_accepted, library, time):
    dossier = make_accepted()  # a birth: three working days for verifying
    for name in ("begin", "begin_verifying"):
        workflow.make_move(dossier, name, officer, at(3), library.calendar, note="Nơi cư trú")
    time.move_to(at(5))
    assert "Thêm nhiều nhất 03 ngày làm việc: xác minh tình trạng hôn nhân" in visit_as(officer).get(address(dossier)).words
    assert "Xác minh xong trước 17 giờ, ngày 6/11/2026." in visit_as(officer).get(address(dossier)).words
    time.move_to(at(9))
    assert "Đã quá, hạn xác minh là 17 giờ, ngày 6/11/2026." in visit_as(officer).get(address(dossier)).words


def test_a_due_date_in_an_incomplete_year_is_pointed_out(visit_as, officer, accepted, time):
    Dossier.update(due_at=at(4, month=1).replace(year=2027)).where(Dossier.id == accepted.id).execute()
    words = visit_as(officer).get(address(accepted)).words

    assert "Ngày hẹn rơi vào năm chưa đủ ngày nghỉ." in words and "2027" in words


# --- prepared --------------------------------------------------------------------------------------------------------


def test_a_ready_phrase_and_what_is_typed_are_one_reason(visit_as, officer, accepted, library, time):
    time.move_to(at(6))
    visitor, phrase = visit_as(officer), library.reasons.delays[0]
    page = visitor.get(address(accepted, "/xin-loi"))
    sent = page.fields("Trình lãnh đạo ký") | {"reason": [phrase, "Hỏi lại hôm nay."], "new_day": "12/11/2026"}
    visitor.client.post(address(accepted, "/xin-loi"), data=sent)

    assert Apology.get().reason == f"{phrase} Hỏi lại hôm nay."


def test_an_officer_prepares_one_and_a_leader_signs_it_on_the_dossier(visit_as, officer, leader, accepted, time):
    time.move_to(at(6))
    page = prepare(visit_as(officer), accepted)
    assert page.location == address(accepted, "?da=soan-xin-loi")
    shown = visit_as(officer).get(page.location)
    assert "Phiếu xin lỗi chờ lãnh đạo ký, hẹn lại 17 giờ, ngày 12/11/2026" in shown.words and REASON in shown.words
    assert "Ký xin lỗi" not in shown.buttons and "Bỏ phiếu" in shown.buttons

    signed = visit_as(leader).send(address(accepted), {}, "Ký xin lỗi")
    assert signed.location == address(accepted, "?da=ky-xin-loi")
    assert (fresh(accepted).repromised_at, fresh(accepted).due_at) == (at(12, 17), at(9))
    words = visit_as(leader).get(signed.location).words
    assert "Đã xin lỗi, hẹn lại 17 giờ, ngày 12/11/2026" in words and "Xin lỗi, hẹn lại ngày" in words


@pytest.mark.parametrize("typed, wrong", [
    ({"reason": ""}, "Nhập lý do trễ"),
    ({"new_day": ""}, "Nhập ngày hẹn mới"),
    ({"new_day": "mai"}, ""),
    ({"new_day": "9/11/2026"}, "sau ngày đã hẹn 9/11/2026"),
    ({"new_day": "14/11/2026"}, "là ngày nghỉ"),
    ({"reason": "x" * 401}, ""),
])  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(visit_as, officer, accepted, time, typed, wrong):
    time.move_to(at(6))
    sent = {"reason": REASON, "new_day": "12/11/2026"} | typed
    page = visit_as(officer).send(address(accepted, "/xin-loi"), sent, "Trình lãnh đạo ký")

    assert page.status == 422 and "Cần sửa 1 chỗ" in page.errors and wrong in page.errors
    assert len(page.tree.xpath("//*[@aria-invalid='true']")) == 1
    assert (page.typed_in("reason"), page.typed_in("new_day")) == (sent["reason"], sent["new_day"])
    assert not Apology.select().exists()


def test_the_same_form_sent_twice_prepares_one(visit_as, officer, accepted, time):
    time.move_to(at(6))
    visitor = visit_as(officer)
    fields = visitor.get(address(accepted, "/xin-loi")).fields("Trình lãnh đạo ký") | {"reason": REASON, "new_day": "12/11/2026"}

    first, second = (visitor.post(address(accepted, "/xin-loi"), fields) for _ in range(2))
    assert first.location == second.location and Apology.select().count() == 1


def test_a_second_officer_is_told_of_the_first_ones(visit_as, officer, accepted, time):
    time.move_to(at(6))
    visitor = visit_as(make_staff("specialist"))
    fields = visitor.get(address(accepted, "/xin-loi")).fields("Trình lãnh đạo ký") | {"reason": REASON, "new_day": "13/11/2026"}
    prepare(visit_as(officer), accepted)
    page = visitor.post(address(accepted, "/xin-loi"), fields)

    assert page.status == 409 and "Đã có phiếu chờ ký: Cán bộ officer" in page.errors
    assert Apology.get().new_due_at == at(12, 17)


def test_where_nothing_is_to_be_promised_anew_the_page_says_why(visit_as, officer, dossier):
    page = visit_as(officer).get(address(dossier, "/xin-loi"))

    assert page.status == 200 and "chưa có ngày hẹn trả" in page.words and "Trình lãnh đạo ký" not in page.buttons
    assert visit_as(officer).post(address(dossier, "/xin-loi"), {"reason": REASON, "new_day": "12/11/2026"}).status == 409


def test_another_office_and_other_roles_find_nothing(visit_as, officer, leader, accepted, account):
    apology = prepared(accepted, officer)
    away = visit_as(make_staff("officer", "away", office="H21.121"))
    boss_away = visit_as(make_staff("leader", "boss-away", office="H21.121"))

    for visitor in (away, visit_as(make_staff("culture"))):
        assert visitor.get(address(accepted, "/xin-loi")).status == 404
        assert visitor.post(address(accepted, f"/xin-loi/{apology.id}/bo"), {}).status == 404
    for visitor in (boss_away, visit_as(officer)):
        assert visitor.post(address(accepted, f"/xin-loi/{apology.id}/ky"), {}).status == 404
    assert visit_as(leader).get(address(accepted, "/xin-loi")).status == 404  # whoever signs does not prepare
    assert (Apology.get().signed_at, Apology.get().dropped_at) == (None, None)


# --- what is late ----------------------------------------------------------------------------------------------------


def numbers_of(page) -> dict[str, list[str]]:
    """The words of each row of both tables, by its name."""
    rows = [row for table in page.tree.find_class("counts") for row in table.iter("tr")]
    cells = [[" ".join(cell.text_content().split()) for cell in row.iter("td")] for row in rows]
    return {row[0]: row[1:] for row in cells if row}


def codes_in(page) -> list[str]:
    (table,) = page.tree.find_class("lates") or [[]]
    return [a.text for row in table for a in row.iter("a")]


@pytest.fixture
def late_ones(account, officer, time):
    time.move_to(at(23))
    at_work = {"state": State.IN_PROGRESS, "due_at": at(20), "accepted_at": at(2)}
    return [
        make_row(account, 1, **at_work, taken_by=officer),
        make_row(account, 2, **at_work | {"due_at": at(19)}, step="signing"),
        make_row(account, 3, **at_work | {"due_at": at(23, 17)}, step="signing", taken_by=officer),
        make_row(account, 4, **at_work | {"due_at": at(25)}),
        make_row(account, 5, **at_work | {"due_at": at(30)}),
        make_row(account, 6, **at_work, stopped_at=at(19)),
    ]


@pytest.mark.parametrize("role", ["officer", "specialist", "leader"])
def test_the_page_counts_by_step_and_by_who_holds_them(visit_as, officer, late_ones, role):
    person = officer if role == "officer" else make_staff(role)
    page = visit_as(person).get("/mot-cua/tre-han")

    assert numbers_of(page) == {
        "Đang xử lý": ["1", "–", "1"], "Chờ lãnh đạo ký": ["1", "1", "–"],
        "Cán bộ officer": ["1", "1", "–"], "Chưa ai nhận": ["1", "–", "1"],
    }  # fmt: skip
    assert codes_in(page) == [late_ones[1].code, late_ones[0].code]
    assert "2 ngày làm việc" in page.words and "Trễ hạn (2)" in page.words


def test_every_number_leads_to_as_many_dossiers(visit_as, leader, late_ones):
    visitor = visit_as(leader)
    page = visitor.get("/mot-cua/tre-han")
    links = [a for table in page.tree.find_class("counts") for a in table.iter("a")]

    assert len(links) == 8
    for link in links:
        assert len(codes_in(visitor.get(link.get("href")))) == int(link.text), link.get("href")


@pytest.mark.parametrize("asked", ["?xem=x&buoc=x&can-bo=x&trang=x", "?trang=99", "?can-bo=99999999", "?trang=-1"])
def test_an_address_nobody_offers_is_answered_all_the_same(visit_as, leader, late_ones, asked):
    assert visit_as(leader).get(f"/mot-cua/tre-han{asked}").status == 200


def test_with_nothing_late_the_page_says_so(visit_as, leader):
    page = visit_as(leader).get("/mot-cua/tre-han")

    assert "Không có hồ sơ nào." in page.words and numbers_of(page) == {}


def test_those_without_an_apology_are_listed(visit_as, officer, late_ones):
    prepared(fresh(late_ones[0]), officer)
    page = visit_as(officer).get("/mot-cua/tre-han")

    assert page.links["3 hồ sơ trễ hoặc đến hạn ngày làm việc tới, chưa có phiếu xin lỗi"] == "/mot-cua/tre-han?xem=chua-xin-loi"
    listed = visit_as(officer).get("/mot-cua/tre-han?xem=chua-xin-loi")
    assert codes_in(listed) == [row.code for row in (late_ones[1], late_ones[2], late_ones[3])]


def test_long_lists_come_in_pages(visit_as, leader, account, time):
    time.move_to(at(23))
    for number in range(1, 26):
        make_row(account, number, state=State.ACCEPTED, due_at=at(20, 9, number))
    visitor = visit_as(leader)

    assert len(codes_in(visitor.get("/mot-cua/tre-han"))) == 20
    second = visitor.get("/mot-cua/tre-han").links["Trang sau"]
    assert len(codes_in(visitor.get(second))) == 5


# --- signed on the list ----------------------------------------------------------------------------------------------


def test_a_leader_signs_and_gives_back_on_the_list(visit_as, officer, leader, make_accepted, time):
    time.move_to(at(6))
    one, other = make_accepted(), make_accepted()
    prepared(one, officer, "1")
    prepared(other, officer, "2", new_due_at=at(13, 17))
    visitor = visit_as(leader)
    page = visitor.get("/mot-cua/tre-han")
    assert "Phiếu xin lỗi chờ ký (2)" in page.words and page.buttons.count("Ký") == page.buttons.count("Trả lại") == 2

    assert visitor.send("/mot-cua/tre-han", {}, "Ký").location == "/mot-cua/tre-han?da=ky-xin-loi"
    assert visitor.send("/mot-cua/tre-han", {}, "Trả lại").location == "/mot-cua/tre-han?da=bo-xin-loi"
    assert (fresh(one).repromised_at, fresh(other).repromised_at) == (at(12, 17), None)
    assert "chờ ký" not in visitor.get("/mot-cua/tre-han").words
    assert Event.select().where(Event.name == "apologized").count() == 1


def test_an_officer_sees_them_wait_and_cannot_sign(visit_as, officer, accepted, time):
    time.move_to(at(6))
    prepared(accepted, officer)
    page = visit_as(officer).get("/mot-cua/tre-han")

    assert "Phiếu xin lỗi chờ ký (1)" in page.words and "Ký" not in page.buttons


def test_who_was_slower_is_told_on_the_list(visit_as, officer, leader, accepted, time):
    time.move_to(at(6))
    apology = prepared(accepted, officer)
    second = visit_as(make_staff("leader", "second"))
    fields = second.get("/mot-cua/tre-han").fields("Ký")
    visit_as(leader).send("/mot-cua/tre-han", {}, "Ký")
    page = second.post(address(accepted, f"/xin-loi/{apology.id}/ky"), fields)

    assert page.status == 409 and page.heading == "Trễ hạn" and "Cán bộ leader đã ký phiếu xin lỗi này" in page.errors
    assert second.post(address(accepted, f"/xin-loi/{apology.id}/bo"), fields).status == 409
    assert Apology.get().signed_by == leader and Apology.get().dropped_at is None


def test_the_same_signature_sent_twice_is_one(visit_as, officer, leader, accepted, time):
    time.move_to(at(6))
    apology = prepared(accepted, officer)
    visitor = visit_as(leader)
    fields = visitor.get("/mot-cua/tre-han").fields("Ký")

    answers = [visitor.post(address(accepted, f"/xin-loi/{apology.id}/ky"), fields).location for _ in range(2)]
    assert answers == ["/mot-cua/tre-han?da=ky-xin-loi"] * 2
    assert Event.select().where(Event.name == "apologized").count() == 1


def test_a_stale_form_changes_nothing(visit_as, officer, leader, accepted, time):
    time.move_to(at(6))
    apology = prepared(accepted, officer)
    for back, heading in (("tre-han", "Trễ hạn"), ("", "Đăng ký khai sinh")):
        page = visit_as(leader).post(address(accepted, f"/xin-loi/{apology.id}/ky"), {"csrf_token": "x", "back": back})
        assert page.status == 422 and heading in page.heading
    assert Apology.get().signed_at is None


# --- the citizen -----------------------------------------------------------------------------------------------------


def test_the_owner_reads_the_new_date_the_first_one_and_the_reason(visit_as, account, officer, leader, accepted, time):
    time.move_to(at(6))
    assert "Hẹn lần đầu" not in visit_as(account).get(f"/ca-nhan/ho-so/{accepted.code}").words
    prepared(accepted, officer)
    visit_as(leader).send("/mot-cua/tre-han", {}, "Ký")
    words = visit_as(account).get(f"/ca-nhan/ho-so/{accepted.code}").words

    assert "Hẹn trả: Thứ Năm, ngày 12 tháng 11 năm 2026. Hẹn lần đầu: 9/11/2026" in words
    assert "Xã xin lỗi và hẹn lại ngày trả" in words and REASON in words


def test_after_a_stop_the_owner_reads_both_dates(visit_as, account, officer, accepted, library, time):
    workflow.make_move(accepted, "ask_payment", officer, at(4), library.calendar, note="Nộp phí")
    workflow.make_move(accepted, "paid", officer, at(10), library.calendar)
    time.move_to(at(10))
    words = visit_as(account).get(f"/ca-nhan/ho-so/{accepted.code}").words

    assert "Hẹn trả: Thứ Sáu, ngày 13 tháng 11 năm 2026. Hẹn lần đầu: 9/11/2026" in words
    assert "Ngày hẹn trả cũ: 9 giờ, ngày 9/11/2026. Ngày hẹn trả mới: 9 giờ, ngày 13/11/2026." in words


def test_anybody_with_the_code_reads_the_new_date_and_not_the_reason(visitor, visit_as, officer, leader, accepted, time):
    time.move_to(at(6))
    prepared(accepted, officer)
    visit_as(leader).send("/mot-cua/tre-han", {}, "Ký")
    time.move_to(at(10))
    words = visitor.get(f"/tra-cuu?ma={accepted.receipt_code}").words

    assert "Hẹn trả: Thứ Năm, ngày 12 tháng 11 năm 2026" in words and "Đã quá hẹn" not in words
    assert REASON not in words
    time.move_to(at(13))
    assert "Đã quá hẹn" in visitor.get(f"/tra-cuu?ma={accepted.receipt_code}").words

"""After submitting, as the citizen meets it: correct, take back, supplement, copy, rate; and the desk's side of it."""

import io

import pytest
from stage import BIRTH, make_account, make_staff, photo
from together import Requests, at_once

from database import utc_now
from models import (
    Dossier,
    DossierVersion,
    Draft,
    Event,
    LaterPaper,
    Paper,
    Rating,
    Staff,
    State,
    SupplementItem,
    SupplementRequest,
)
from rules import submission, workflow


def fresh(dossier) -> Dossier:
    return Dossier.get_by_id(dossier.id)


def names(dossier) -> list[str]:
    return [event.name for event in dossier.events.order_by(Event.id)]


def page_of(dossier) -> str:
    return f"/ca-nhan/ho-so/{dossier.code}"


def desk_page_of(dossier) -> str:
    return f"/mot-cua/ho-so/{dossier.code}"


def put_into(dossier, state) -> None:
    Dossier.update(state=state).where(Dossier.id == dossier.id).execute()


@pytest.fixture
def citizen(visit_as, account):
    return visit_as(account)


@pytest.fixture
def desk(visit_as, officer):
    return visit_as(officer)


# --- correcting ------------------------------------------------------------------------------------------------------


def begin_correction(citizen, dossier):
    page = citizen.send(page_of(dossier), {}, "Sửa hồ sơ")
    assert page.location == f"/nop-ho-so/sua.{dossier.code}/xem-lai"
    return page.location


def test_a_person_corrects_a_name_and_the_desk_reads_both(citizen, desk, dossier):
    check = begin_correction(citizen, dossier)
    assert "SỬA HỒ SƠ – CHƯA GỬI" in citizen.get(check).words
    citizen.send(f"/nop-ho-so/sua.{dossier.code}/trang-3?from_check=1", {"con_ten": "Siu Tên Mới"}, "Lưu và đi tiếp")
    page = citizen.send(check, {"declared": "1"}, "Gửi bản sửa")

    assert citizen.get(page.location).heading == "Đã sửa hồ sơ"
    assert fresh(dossier).answers["con_ten"] == "Siu Tên Mới" and names(dossier) == ["submit", "corrected"]
    seen = desk.get(desk_page_of(dossier))
    assert "Siu Tên Mới" in seen.words and "Người nộp đã sửa hồ sơ" in seen.words
    before = desk.get(seen.links["bản trước"])
    assert "Siu Blĕo" in before.words and "Siu Tên Mới" not in before.words


def test_every_page_of_a_correction_says_it_is_not_sent(citizen, dossier):
    begin_correction(citizen, dossier)

    for name in ("chu-ho-so", "trang-3", "nhan-ket-qua", "giay-to", "xem-lai"):
        assert "SỬA HỒ SƠ – CHƯA GỬI" in citizen.get(f"/nop-ho-so/sua.{dossier.code}/{name}").words
    assert "SỬA HỒ SƠ – CHƯA GỬI" in citizen.get("/ca-nhan/ban-nhap").words


def test_the_last_button_pressed_twice_is_answered_twice_and_done_once(citizen, dossier):
    check = begin_correction(citizen, dossier)
    fields = citizen.get(check).fields("Gửi bản sửa") | {"declared": "1"}
    first, second = (citizen.post(check, fields) for _ in range(2))

    assert first.location == second.location and DossierVersion.select().count() == 1


def test_the_desk_was_quicker_and_what_was_typed_goes_into_a_new_dossier(citizen, desk, dossier):
    check = begin_correction(citizen, dossier)
    citizen.send(f"/nop-ho-so/sua.{dossier.code}/trang-3?from_check=1", {"con_ten": "Siu Tên Mới"}, "Lưu và đi tiếp")
    fields = citizen.get(check).fields("Gửi bản sửa") | {"declared": "1"}
    desk.send(desk_page_of(dossier), {}, "Tiếp nhận")
    page = citizen.post(check, fields)

    assert page.status == 409 and "không sửa được nữa" in page.errors and "vẫn còn" in page.words
    assert fresh(dossier).answers["con_ten"] != "Siu Tên Mới"
    copied = citizen.post(f"{page_of(dossier)}/nop-lai", page.fields("Chép sang hồ sơ mới"))
    assert copied.location == f"/nop-ho-so/{BIRTH}/chu-ho-so"
    assert Draft.get(Draft.is_new()).answers["con_ten"] == "Siu Tên Mới"


def test_what_is_typed_after_the_desk_accepted_is_still_kept(citizen, desk, dossier):
    begin_correction(citizen, dossier)
    place = f"/nop-ho-so/sua.{dossier.code}/trang-3"
    fields = citizen.get(f"{place}?from_check=1").fields("Lưu và đi tiếp")
    desk.send(desk_page_of(dossier), {}, "Tiếp nhận")
    citizen.post(place, fields | {"con_ten": "Gõ muộn"})

    assert Draft.get(Draft.corrects == dossier).answers["con_ten"] == "Gõ muộn"
    assert citizen.get(place).status == 409


def test_a_correction_is_dropped_and_the_dossier_stays(citizen, dossier):
    begin_correction(citizen, dossier)
    citizen.send(f"/ca-nhan/ban-nhap/sua.{dossier.code}/xoa", {}, "Bỏ bản nháp")

    assert not Draft.select().where(Draft.corrects == dossier).exists()
    assert dossier.papers.where(Paper.replaced_at.is_null()).exists() and fresh(dossier).state is State.SUBMITTED


@pytest.mark.parametrize("path", ["sua", "rut", "bo-sung", "nop-lai", "danh-gia"])
def test_a_neighbours_dossier_is_not_there(visit_as, dossier, path):
    neighbour = visit_as(make_account(full_name="Nay Khác"))

    assert neighbour.post(f"{page_of(dossier)}/{path}", {"score": "3", "reason": "x"}).status == 404
    for place in ("sua", "bo-sung"):
        assert neighbour.get(f"/nop-ho-so/{place}.{dossier.code}/giay-to").status == 404
    assert names(dossier) == ["submit"] and Draft.select().where(Draft.is_open()).count() == 0


@pytest.mark.parametrize("role", ["village_head", "officer"])
def test_staff_whose_number_is_the_citizens_find_nothing_at_the_citizens_places(citizen, account, dossier, visit_as, role):
    begin_correction(citizen, dossier)
    of_staff = make_staff(role, login_name="trung-so", village="Thôn 6")
    Staff.update(id=account.id).where(Staff.id == of_staff.id).execute()
    stranger, place = visit_as(Staff.get_by_id(account.id)), f"/nop-ho-so/sua.{dossier.code}"

    for kind in ("sua", "bo-sung"):
        for page in ("xem-lai", "trang-3", "chu-ho-so", "giay-to", "nhan-ket-qua"):
            assert stranger.get(f"/nop-ho-so/{kind}.{dossier.code}/{page}").status == 404
    paper = Paper.get(Paper.dossier.is_null())
    assert stranger.get(f"{place}/giay-{paper.id}/nho").status == 404
    assert stranger.post(f"{place}/trang-3?from_check=1", {"con_ten": "Kẻ Lạ"}).status == 404
    assert Draft.get(Draft.corrects == dossier).answers["con_ten"] != "Kẻ Lạ"


def test_what_the_desk_asked_for_and_got_outlives_a_correction(citizen, desk, dossier):
    begin_correction(citizen, dossier)
    asked = {"other": "Giấy xác nhận ABC", "other_reason": "thiếu", "due_on": "1/12/2099"}
    desk.send(f"{desk_page_of(dossier)}/bo-sung", asked, "Gửi yêu cầu")
    sent = {"csrf_token": citizen.token(), "document": "khac", "file": (io.BytesIO(photo("blue")), "abc.jpg")}
    assert citizen.client.post(f"/nop-ho-so/bo-sung.{dossier.code}/giay-to", data=sent).status_code == 303
    citizen.send(f"{page_of(dossier)}/bo-sung", {}, "Gửi bổ sung")
    check = f"/nop-ho-so/sua.{dossier.code}/xem-lai"
    citizen.send(check, {"declared": "1"}, "Gửi bản sửa")

    asked_for = Paper.get(Paper.item.is_null(False))
    assert asked_for.replaced_at is None and f"giay/{asked_for.id}" in desk.get(desk_page_of(dossier)).text
    begin_correction(citizen, dossier)
    assert citizen.get(check).status == 200
    citizen.send(check, {"declared": "1"}, "Gửi bản sửa")
    assert Paper.get_by_id(asked_for.id).replaced_at is None


def test_an_accepted_dossier_says_why_it_is_not_corrected(citizen, desk, dossier):
    desk.send(desk_page_of(dossier), {}, "Tiếp nhận")
    page = citizen.get(page_of(dossier))

    assert "Sửa hồ sơ" not in page.buttons and "không được nữa. Xã đã nhận hồ sơ." in page.words
    assert citizen.post(f"{page_of(dossier)}/sua").status == 409


# --- taking back -----------------------------------------------------------------------------------------------------


def test_before_it_is_accepted_it_is_withdrawn_at_once(citizen, dossier, letters):
    page = citizen.send(f"{page_of(dossier)}/rut", {}, "Rút hồ sơ")

    assert "Đã rút hồ sơ" in citizen.get(page.location).words
    assert (fresh(dossier).state, names(dossier)[1:]) == (State.STOPPED, ["withdraw", "stop_withdrawn"])
    assert f"Đã rút hồ sơ {dossier.code}" in [letter["Subject"] for letter in letters()]


def test_opening_the_page_withdraws_nothing(citizen, dossier):
    citizen.get(f"{page_of(dossier)}/rut")

    assert fresh(dossier).state is State.SUBMITTED


def test_afterwards_the_desk_decides(citizen, desk, dossier):
    desk.send(desk_page_of(dossier), {}, "Tiếp nhận")
    assert "Nhập lý do" in citizen.send(f"{page_of(dossier)}/rut", {}, "Xin rút hồ sơ").errors
    citizen.send(f"{page_of(dossier)}/rut", {"reason": "Nộp nhầm"}, "Xin rút hồ sơ")
    assert fresh(dossier).state is State.WITHDRAWAL_ASKED and "Nộp nhầm" in desk.get(desk_page_of(dossier)).words
    assert "Nhập lý do không cho rút" in desk.send(f"{desk_page_of(dossier)}/khong-cho-rut", {}, "Không cho rút").errors
    desk.send(f"{desk_page_of(dossier)}/khong-cho-rut", {"reason": "Đã ký kết quả"}, "Không cho rút")
    assert fresh(dossier).state is State.ACCEPTED
    citizen.send(f"{page_of(dossier)}/rut", {"reason": "Vẫn xin rút"}, "Xin rút hồ sơ")
    desk.send(desk_page_of(dossier), {}, "Đồng ý cho rút")

    assert fresh(dossier).state is State.STOPPED


def test_the_same_withdrawal_sent_twice_is_answered_as_the_first_time(citizen, dossier):
    path = f"{page_of(dossier)}/rut"
    fields = citizen.get(path).fields("Rút hồ sơ")
    first, second = (citizen.post(path, fields) for _ in range(2))

    assert (first.status, first.location) == (second.status, second.location) and len(names(dossier)) == 3


def test_accepted_and_withdrawn_at_once_one_is_told(citizen, desk, dossier):
    tokens = citizen.token(), desk.token()
    ends = at_once(
        lambda: citizen.client.post(f"{page_of(dossier)}/rut", data={"csrf_token": tokens[0], "form_key": "a"}).status_code,
        lambda: (
            desk.client.post(f"{desk_page_of(dossier)}/tiep-nhan", data={"csrf_token": tokens[1], "form_key": "b"}).status_code
        ),
        database=Requests,
    )

    # The citizen who comes second is asked for the reason that is needed now, or told.
    assert sorted(ends) in ([303, 409], [303, 422])
    assert len({"accept", "withdraw"} & {*names(dossier)}) == 1


# --- what the desk asks for ------------------------------------------------------------------------------------------


def ask(desk, dossier, **more):
    data = {"ask": "giay_chung_sinh", "why-giay_chung_sinh": "Ảnh mờ", "due_on": "1/12/2099"} | more
    return desk.send(f"{desk_page_of(dossier)}/bo-sung", data, "Gửi yêu cầu")


def test_the_citizen_photographs_what_is_asked_and_the_dossier_goes_on(citizen, desk, dossier):
    ask(desk, dossier)
    assert "Cần nộp thêm giấy tờ" in citizen.get("/ca-nhan/").words
    page = citizen.get(page_of(dossier))
    assert "Ảnh mờ" in page.words
    papers = f"/nop-ho-so/bo-sung.{dossier.code}/giay-to"
    asked = citizen.get(papers)
    assert "Giấy chứng sinh" in asked.words and "BỔ SUNG – CHƯA GỬI" in asked.words
    citizen.client.post(
        papers,
        data={"csrf_token": citizen.token(), "document": "giay_chung_sinh", "file": (io.BytesIO(photo("blue")), "moi.jpg")},
    )
    citizen.send(f"{page_of(dossier)}/bo-sung", {}, "Gửi bổ sung")

    assert fresh(dossier).state is State.SUBMITTED
    seen = desk.get(desk_page_of(dossier))
    assert "Bổ sung lần 1" in seen.words and Paper.get(Paper.item.is_null(False)).filename in seen.words


def test_the_citizen_will_bring_it_and_the_desk_ticks_it(citizen, desk, dossier):
    ask(desk, dossier)
    citizen.send(f"{page_of(dossier)}/bo-sung", {"bring": "giay_chung_sinh"}, "Gửi bổ sung")
    assert fresh(dossier).state is State.AWAITING_SUPPLEMENT and "chờ giấy" in desk.get("/mot-cua/?xem=cho-dan").words
    desk.send(desk_page_of(dossier), {}, "Đã nhận giấy")

    assert fresh(dossier).state is State.SUBMITTED


def test_nothing_said_of_a_paper_is_said_beside_it(citizen, desk, dossier):
    ask(desk, dossier)
    page = citizen.send(f"{page_of(dossier)}/bo-sung", {}, "Gửi bổ sung")

    assert page.status == 422 and "Tôi sẽ mang đến" in page.errors
    assert names(dossier)[-1] == "ask_supplement"


def test_a_paper_without_a_reason_is_not_asked_for_and_what_was_typed_stays(desk, dossier):
    page = desk.send(
        f"{desk_page_of(dossier)}/bo-sung",
        {"ask": "giay_chung_sinh", "due_on": "1/12/2099", "note": "Mang bản chính"},
        "Gửi yêu cầu",
    )

    assert page.status == 422 and "Ghi lý do cần" in page.errors and page.typed_in("note") == "Mang bản chính"
    assert fresh(dossier).state is State.SUBMITTED


def test_asking_a_second_time_is_warned_of(citizen, desk, dossier):
    ask(desk, dossier)
    desk.send(desk_page_of(dossier), {}, "Đã nhận giấy")

    assert "Đã yêu cầu 1 lần" in desk.get(f"{desk_page_of(dossier)}/bo-sung").words


@pytest.mark.parametrize("role", ["specialist", "leader", "culture", "village_head", "administrator"])
def test_only_an_officer_asks_and_ticks(visit_as, desk, dossier, role):
    ask(desk, dossier)
    other, item = visit_as(make_staff(role)), SupplementItem.get()

    assert other.post(f"{desk_page_of(dossier)}/bo-sung", {"ask": "giay_chung_sinh"}).status == 404
    assert other.post(f"{desk_page_of(dossier)}/muc-bo-sung/{item.id}", {"form_key": "k"}).status == 404
    assert SupplementItem.get_by_id(item.id).arrived_at is None and SupplementRequest.select().count() == 1


# --- papers brought later --------------------------------------------------------------------------------------------


@pytest.fixture
def promised(account, make_draft, library):
    draft = make_draft(account)
    key = draft.papers.get().document_key
    Paper.delete().where(Paper.draft == draft).execute()
    LaterPaper.create(draft=draft, document_key=key)
    definition = library.definitions[draft.procedure_slug]
    return submission.submit(draft, submission.content_hash(draft), definition, "H21.129", library.calendar, utc_now(), str)


def test_both_sides_read_why_the_clock_has_not_started(citizen, desk, visitor, promised):
    receipt = citizen.get(f"/nop-ho-so/{BIRTH}/da-nop/{promised.code}")
    assert "Mang đến Bộ phận Một cửa trước hết ngày" in receipt.words and "☐ Giấy chứng sinh" in receipt.words
    assert "☐ Giấy chứng sinh" in citizen.get(page_of(promised)).words
    looked_up = visitor.get(f"/tra-cuu?ma={promised.receipt_code}").words
    assert "Đang chờ 1 giấy mang đến" in looked_up and "chứng sinh" not in looked_up
    seen = desk.get(desk_page_of(promised))
    assert "Chưa tính ngày hẹn: còn chờ Giấy chứng sinh" in seen.words and "Tiếp nhận" not in seen.buttons
    assert "chờ giấy" in desk.get("/mot-cua/").words


def test_the_personal_page_reminds_of_it_and_leads_there(citizen, account, promised, submit):
    assert page_of(promised) in citizen.get("/ca-nhan/").links.values()
    again = LaterPaper.get()
    other = submit(account)
    LaterPaper.create(draft=other.papers.get().draft_id, dossier=other, document_key=again.document_key, due_on=again.due_on)
    listed = citizen.get(citizen.get("/ca-nhan/").links["Nhớ mang giấy đến xã 2 hồ sơ"])
    assert promised.code in listed.words and other.code in listed.words


def test_pressing_accept_all_the_same_is_refused_with_the_reason(desk, promised):
    page = desk.post(f"{desk_page_of(promised)}/tiep-nhan", {"form_key": "k"})

    assert page.status == 409 and "còn chờ Giấy chứng sinh" in page.errors


def test_the_desk_ticks_the_paper_and_accepts(desk, citizen, promised):
    desk.send(desk_page_of(promised), {}, "Đã nhận giấy")
    desk.send(desk_page_of(promised), {}, "Tiếp nhận")

    assert fresh(promised).state is State.ACCEPTED and "Xã đã nhận giấy mang đến" in citizen.get(page_of(promised)).words


def test_a_paper_is_waived_with_a_reason(desk, promised):
    later = promised.later_papers.get()
    path = f"{desk_page_of(promised)}/giay-mang-den/{later.id}"
    assert desk.post(path, {"form_key": "k", "waive": "1"}).status == 422
    desk.post(path, {"form_key": "k", "waive": "1", "reason": "Xã tra được"})

    assert workflow.awaited_papers(promised) == [] and "Xã tra được" in desk.get(desk_page_of(promised)).words


def test_when_the_day_is_over_both_sides_read_it(desk, citizen, promised):
    LaterPaper.update(due_on="2020-01-01").execute()

    assert "Quá hạn" in desk.get(desk_page_of(promised)).words
    assert "Vẫn mang đến được" in citizen.get(page_of(promised)).words


# --- another like it -------------------------------------------------------------------------------------------------


def test_a_new_dossier_begins_with_the_answers_of_this_one(citizen, dossier):
    page = citizen.send(f"{page_of(dossier)}/nop-lai", {}, "Chép sang hồ sơ mới")

    assert page.location == f"/nop-ho-so/{BIRTH}/chu-ho-so"
    assert Draft.get(Draft.is_new()).answers["con_ten"] == "Siu Blĕo"


def test_where_a_draft_is_the_person_chooses(citizen, dossier, account, make_draft):
    there = make_draft(account)
    page = citizen.get(f"{page_of(dossier)}/nop-lai")
    assert "Tiếp tục bản nháp đó" in page.links
    citizen.post(f"{page_of(dossier)}/nop-lai")  # a form shown before there was a draft
    assert Draft.select().where(Draft.idempotency_key == there.idempotency_key).exists()
    citizen.post(f"{page_of(dossier)}/nop-lai", page.fields("Bỏ bản nháp đó, chép hồ sơ này"))

    assert not Draft.select().where(Draft.idempotency_key == there.idempotency_key).exists()


# --- how it was ------------------------------------------------------------------------------------------------------


def test_one_tap_then_words_and_once_only(citizen, dossier):
    put_into(dossier, State.RETURNED)
    page = citizen.get(page_of(dossier))
    citizen.post(f"{page_of(dossier)}/danh-gia", page.fields("Hài lòng") | {"score": "2"})
    citizen.send(f"{page_of(dossier)}/danh-gia", {"words": "Cán bộ niềm nở"}, "Gửi")
    citizen.post(f"{page_of(dossier)}/danh-gia", {"score": "1"})

    rating = Rating.get()
    assert (rating.score, rating.words) == (2, "Cán bộ niềm nở")
    assert citizen.get(f"{page_of(dossier)}/danh-gia").heading == "Bạn đã đánh giá"
    assert "Bạn thấy thế nào?" not in citizen.get(page_of(dossier)).words


def test_before_the_result_there_is_nothing_to_rate(citizen, dossier):
    assert citizen.post(f"{page_of(dossier)}/danh-gia", {"score": "3"}).status == 409
    assert not Rating.select().exists()


def test_the_leader_reads_totals_and_nobodys_name(visit_as, account, submit):
    for _ in range(5):
        Rating.create(dossier=submit(account), score=3, words="Nhanh gọn", given_at=utc_now())
    page = visit_as(make_staff("leader")).get("/mot-cua/danh-gia")

    assert "Rất hài lòng5" in page.words and "Nhanh gọn" in page.words
    assert account.full_name not in page.words and "H21.129-" not in page.words


@pytest.mark.parametrize("role", ["officer", "specialist", "culture", "administrator"])
def test_nobody_else_reads_the_totals(visit_as, role):
    assert visit_as(make_staff(role)).get("/mot-cua/danh-gia").status == 404


# --- beginning again where a draft is --------------------------------------------------------------------------------


def test_started_again_it_offers_the_draft_with_what_is_missing(citizen, account, make_draft):
    draft = make_draft(account)
    submission.save_page(draft, "delivery", {"delivery": ""}, utc_now())
    page = citizen.get(f"/nop-ho-so/{BIRTH}/")

    assert page.heading == "Bạn có bản nháp, chưa nộp" and "Còn thiếu: Nơi nhận kết quả" in page.words
    assert citizen.get(f"/nop-ho-so/{BIRTH}/?tiep=1").location
    asked = citizen.get(page.links["Làm lại từ đầu"])
    again = citizen.post(page.links["Làm lại từ đầu"], asked.fields("Bỏ bản nháp, làm lại"))
    assert citizen.get(again.location).location == f"/nop-ho-so/{BIRTH}/chu-ho-so"


def test_the_first_time_it_begins_at_once(citizen):
    assert citizen.get(f"/nop-ho-so/{BIRTH}/").location == f"/nop-ho-so/{BIRTH}/chu-ho-so"


def test_the_check_page_cannot_be_taken_for_a_receipt(citizen, account, make_draft):
    make_draft(account)

    assert "HỒ SƠ NHÁP – CHƯA NỘP" in citizen.get(f"/nop-ho-so/{BIRTH}/xem-lai").words

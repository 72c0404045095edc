"""Money on the desk's screens: asked for, taken, receipted, voided and refunded by two, counted at the end of the day."""

import io
import zipfile
from datetime import timedelta

import msgspec
import pytest
from printing import needs_pdf, read
from stage import make_staff

from database import utc_now
from gateways import pdf
from models import AccountEvent, Dossier, Event, PaymentAttempt, PaymentRequest, Receipt, Refund, State
from rules import vietqr, workflow
from rules.money_words import in_words
from rules.payment_papers import ROOM_ON_SLIP
from rules.vietnamese import in_vietnam, show_day

DUE = show_day((utc_now() + timedelta(days=7)).date())
GOOD = {"item": "Phí bản sao", "amount": "16.000", "why": "Hai bản", "ground": "Thông tư 281", "due_on": DUE}


@pytest.fixture
def desk(visit_as, officer):
    return visit_as(officer)


@pytest.fixture
def leader(visit_as):
    return visit_as(make_staff("leader"))


@pytest.fixture
def accepted(dossier, officer, library):
    workflow.make_move(dossier, "accept", officer, utc_now(), library.calendar)
    return dossier


def address(dossier, page: str) -> str:
    return f"/mot-cua/ho-so/{dossier.code}/{page}"


@pytest.fixture
def asked(desk, accepted):
    desk.post(address(accepted, "yeu-cau-nop-tien"), {"form_key": "a" * 32} | GOOD)
    return PaymentRequest.get()


@pytest.fixture
def taken(desk, accepted, asked):
    desk.send(address(accepted, "thu-tien-mat"), {}, "Thu tiền mặt")
    return Receipt.get()


def inside(data: bytes) -> dict[str, str]:
    """The parts of a spreadsheet, as text."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def attempt_for(request, state="paid", **more) -> PaymentAttempt:
    now = utc_now()
    known = {"amount_dong": 16_000, "bank": "NCB", "made_at": now, "expires_at": now, "settled_at": now, "txn_ref": "H21P1"}
    return PaymentAttempt.create(**known | more, request=request, state=state, form_key="attempt")


# --- asking ----------------------------------------------------------------------------------------------------------


def test_the_officer_asks_from_the_dossiers_screen_and_it_waits(desk, accepted):
    link = desk.get(f"/mot-cua/ho-so/{accepted.code}").links["Yêu cầu nộp tiền"]
    page = desk.send(link, GOOD, "Yêu cầu nộp tiền")

    assert page.location == f"/mot-cua/ho-so/{accepted.code}?da=yeu-cau-tien"
    page = desk.get(page.location)
    assert "Chờ nộp 16.000 đồng: Phí bản sao" in page.words and "Đã yêu cầu nộp tiền." in page.words
    assert page.links["Thu tiền mặt"] == address(accepted, "thu-tien-mat") and "Đổi số tiền" in page.links
    assert Dossier.get_by_id(accepted.id).state is State.AWAITING_PAYMENT


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("amount", "0", "lớn hơn 0"),
        ("amount", "-5000", "lớn hơn 0"),
        ("amount", "1" + "0" * 15, "quá lớn"),
        ("amount", "mười nghìn", "bằng số"),
        ("item", "", "Nhập nội dung thu"),
        ("ground", "", "Nhập căn cứ"),
        ("due_on", "1/1/2020", "Hạn nộp từ hôm nay"),
        ("due_on", "mai", "bằng số"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(desk, accepted, field, typed, told):
    page = desk.post(address(accepted, "yeu-cau-nop-tien"), {"form_key": "a" * 32} | GOOD | {field: typed})

    assert page.status == 422 and told in page.errors and page.title.startswith("Cần sửa")
    assert all(page.typed_in(name) == value for name, value in (GOOD | {field: typed}).items())
    assert PaymentRequest.select().count() == 0 and Dossier.get_by_id(accepted.id).state is State.ACCEPTED


@pytest.mark.parametrize("role", ["specialist", "leader", "village_head", "administrator"])
def test_only_the_desks_officer_asks_takes_and_waives(visit_as, accepted, asked, role):
    visitor = visit_as(make_staff(role, f"{role}-2"))

    for page in ("yeu-cau-nop-tien", "doi-so-tien", "mien-phi", "thu-tien-mat", "xac-nhan-chuyen-khoan"):
        assert visitor.post(address(accepted, page), {"form_key": "b" * 32} | GOOD).status == 404
    assert PaymentRequest.select().count() == 1 and Receipt.select().count() == 0


def test_another_offices_dossier_is_not_there(visit_as, accepted, taken):
    stranger = visit_as(make_staff("officer", "noi-khac", office="H21.121"))

    for page in ("yeu-cau-nop-tien", "thu-tien-mat", f"bien-lai/{taken.id}", f"bien-lai/{taken.id}/huy"):
        assert stranger.get(address(accepted, page)).status == 404
    assert stranger.get("/mot-cua/tien/").status == 200 and "0000001" not in stranger.get("/mot-cua/tien/").text


@pytest.mark.parametrize(("old", "new"), [("thu-tien", "yeu-cau-nop-tien"), ("da-nop-tien", "thu-tien-mat")])
def test_an_old_address_leads_to_the_page_in_its_place(desk, accepted, old, new):
    assert desk.get(address(accepted, old)).location == address(accepted, new)


def test_another_amount_shows_the_void_one_on_the_screen(desk, accepted, asked):
    said = GOOD | {"amount": "8.000", "why": "Một bản thôi"}
    page = desk.send(address(accepted, "doi-so-tien"), said, "Đổi yêu cầu")

    words = desk.get(page.location).words
    assert "Chờ nộp 8.000 đồng" in words and "Yêu cầu trước (1)" in words and "Một bản thôi" in words


def test_the_page_of_another_amount_begins_with_what_is_asked_for_now(desk, accepted, asked):
    """An officer who changes the day alone must not change the amount with it."""
    path, ours = address(accepted, "doi-so-tien"), PaymentRequest.get()
    fields = desk.get(path).fields("Đổi yêu cầu nộp tiền")
    assert (fields["item"], fields["amount"], fields["due_on"]) == (ours.item, "16.000", show_day(ours.due_on))

    assert desk.get(f"{path}?ban=1").fields("Đổi yêu cầu nộp tiền")["amount"] == "8.000"


def test_while_somebody_pays_online_it_is_said_and_asked_first(desk, accepted, asked):
    attempt_for(asked, "unknown")
    path, said = address(accepted, "doi-so-tien"), GOOD | {"amount": "8.000", "why": "Một bản"}
    page = desk.send(path, said, "Đổi yêu cầu")
    assert page.status == 422 and "đang trả trực tuyến 16.000 đồng" in page.errors
    assert PaymentRequest.select().count() == 1

    fields = page.fields("Đổi yêu cầu nộp tiền") | {"is_sure": "1"}
    assert desk.post(path, fields).location and PaymentRequest.select().count() == 2
    assert "chưa rõ" in desk.get(f"/mot-cua/ho-so/{accepted.code}").words


def test_a_waiver_lets_the_dossier_go_on(desk, accepted, asked):
    page = desk.send(address(accepted, "mien-phi"), {"ground": "Thẻ hộ nghèo số 12/2026"}, "Miễn phí")

    assert "Đã miễn phí, lệ phí." in desk.get(page.location).words
    fresh = Dossier.get_by_id(accepted.id)
    assert (fresh.state, fresh.payment) == (State.ACCEPTED, "waived")
    assert desk.get(address(accepted, "mien-phi")).status == 409


def test_a_waiver_needs_its_ground(desk, accepted):
    page = desk.send(address(accepted, "mien-phi"), {}, "Miễn phí")

    assert page.status == 422 and "căn cứ miễn" in page.errors and PaymentRequest.select().count() == 0


# --- taking and printing ---------------------------------------------------------------------------------------------


def test_cash_taken_shows_its_receipt_at_once(desk, accepted, asked, officer):
    page = desk.send(address(accepted, "thu-tien-mat"), {}, "Thu tiền mặt")
    page = desk.get(page.location)

    year = in_vietnam(utc_now()).year
    assert page.title == f"Biên lai số 0000001/{year}"
    for said in ("16.000 đồng", "Mười sáu nghìn đồng", accepted.owner_name, accepted.code, "Tiền mặt", officer.full_name):
        assert said in page.words, said
    assert "money a6" in page.text and "money roll" in desk.get(page.links["Cuộn 80 mm"]).text
    assert Dossier.get_by_id(accepted.id).payment == "paid"


def test_the_same_form_sent_twice_is_one_receipt(desk, accepted, asked):
    fields = desk.get(address(accepted, "thu-tien-mat")).fields("Thu tiền mặt, in biên lai")
    first, second = (desk.post(address(accepted, "thu-tien-mat"), fields) for _ in range(2))

    assert first.location == second.location and Receipt.select().count() == 1


def test_nothing_is_paid_without_a_receipt(desk, accepted, asked):
    assert desk.post(address(accepted, "da-nop-tien"), {"form_key": "x" * 32}).status in (404, 405)
    assert Dossier.get_by_id(accepted.id).state is State.AWAITING_PAYMENT
    assert "Đã nộp tiền" not in desk.get(f"/mot-cua/ho-so/{accepted.code}").buttons


def test_a_transfer_is_confirmed_by_its_line_of_the_statement(desk, accepted, asked):
    path = address(accepted, "xac-nhan-chuyen-khoan")
    page = desk.send(path, {"amount": "15.000", "reference": "FT263271"}, "Xác nhận")
    assert page.status == 422 and "Phải đúng 16.000 đồng" in page.errors and page.typed_in("reference") == "FT263271"

    page = desk.send(path, {"amount": "16000", "reference": "ft 263271", "method": "vietqr"}, "Xác nhận")
    assert "VietQR, số FT263271" in desk.get(page.location).words and Receipt.get().method == "vietqr"


def test_a_request_changed_meanwhile_is_told_and_takes_nothing(desk, accepted, asked):
    fields = desk.get(address(accepted, "thu-tien-mat")).fields("Thu tiền mặt, in biên lai")
    desk.send(address(accepted, "doi-so-tien"), GOOD | {"amount": "8.000", "why": "Một bản"}, "Đổi yêu cầu")
    page = desk.post(address(accepted, "thu-tien-mat"), fields)

    assert page.status == 409 and "vừa được người khác" in page.errors and Receipt.select().count() == 0


def test_a_reprint_is_counted_and_says_so_on_paper(desk, accepted, taken):
    path = address(accepted, f"bien-lai/{taken.id}")
    page = desk.send(path, {}, "In lại (lần 2)")

    assert "Bản in lần 2" in desk.get(page.location).words and Receipt.get().copies == 2


def test_who_opens_a_receipt_is_written_down_for_its_owner(desk, accepted, taken, officer):
    AccountEvent.delete().execute()
    desk.get(address(accepted, f"bien-lai/{taken.id}"))

    assert AccountEvent.get().purpose == "in biên lai" and AccountEvent.get().staff == officer


# --- voiding and refunding by two ------------------------------------------------------------------------------------


def test_a_void_needs_a_second_person_and_stands_on_paper(desk, leader, accepted, taken):
    path = address(accepted, f"bien-lai/{taken.id}")
    assert desk.send(f"{path}/huy", {"reason": ""}, "Xin hủy").status == 422
    desk.send(f"{path}/huy", {"reason": "Sai tên người nộp"}, "Xin hủy")
    own = desk.post(f"{path}/duyet-huy", {"form_key": "c" * 32, "grant": "1"})
    assert own.status == 409 and "người khác duyệt" in own.errors and Receipt.get().voided_at is None

    assert "Biên lai chờ duyệt hủy (1)" in leader.get("/mot-cua/tien/can-xu-ly").words
    leader.post(f"{path}/duyet-huy", {"form_key": "d" * 32, "grant": "1"})
    page = desk.get(path)
    assert "ĐÃ HỦY" in page.words and "Lập biên lai thay" in page.links
    assert "Đã hủy" in desk.get(f"/mot-cua/ho-so/{accepted.code}").words

    page = desk.send(page.links["Lập biên lai thay"], {"payer": "Siu Ánh"}, "Lập biên lai thay")
    assert "Thay biên lai số 0000001" in desk.get(page.location).words and Receipt.select().count() == 2


def test_a_refund_needs_a_second_person(desk, leader, accepted, asked):
    attempt = attempt_for(asked, problem="double")
    page = desk.get("/mot-cua/tien/can-xu-ly")
    assert "Trả hai lần" in page.links
    path = address(accepted, f"giao-dich/{attempt.id}/hoan-tien")
    page = desk.send(path, {"amount": "16.001", "reason": "Trả hai lần"}, "Xin hoàn tiền")
    assert page.status == 422 and "Chỉ còn hoàn được 16.000 đồng" in page.errors

    desk.send(path, {"amount": "16.000", "reason": "Trả hai lần"}, "Xin hoàn tiền")
    grant = address(accepted, f"hoan-tien/{Refund.get().id}/duyet")
    assert desk.post(grant, {"form_key": "e" * 32, "grant": "1"}).status == 409 and Refund.get().state == "asked"
    assert leader.post(grant, {"form_key": "f" * 32, "grant": "1"}).location == "/mot-cua/tien/can-xu-ly?da=dong-y"
    assert Refund.get().state == "sent"
    assert "Hoàn 16.000 đồng: đã duyệt" in desk.get(f"/mot-cua/ho-so/{accepted.code}").words


def test_what_came_late_is_taken_for_its_request(desk, accepted, asked):
    attempt = attempt_for(asked, problem="late")
    page = desk.send(address(accepted, f"giao-dich/{attempt.id}/giai-quyet"), {"take": "1"}, "Nhận tiền này")

    assert "Trực tuyến qua cổng thanh toán" in desk.get(page.location).words
    assert Receipt.get().attempt == attempt and Dossier.get_by_id(accepted.id).payment == "paid"


# --- the sheets ------------------------------------------------------------------------------------------------------


def test_the_day_sheet_stands_on_screen_and_in_a_file(desk, leader, accepted, taken):
    page = leader.get("/mot-cua/tien/")
    assert "16.000" in page.words and "Người lập" in page.words and accepted.code in page.words

    book = inside(leader.get("/mot-cua/tien/so-thu.xlsx").data)
    assert accepted.code in book["xl/sharedStrings.xml"] and "<v>16000</v>" in book["xl/worksheets/sheet1.xml"]


def test_the_reconciliation_names_what_does_not_agree(desk, leader, accepted, taken):
    assert "Khớp:" in leader.get("/mot-cua/tien/doi-soat").words
    attempt_for(taken.request, problem="double")

    page = leader.get("/mot-cua/tien/doi-soat")
    assert "Chưa khớp." in page.words and "Cổng báo đã trả, không có biên lai (1)" in page.words
    book = inside(leader.get("/mot-cua/tien/doi-soat.xlsx").data)
    assert 'name="doi-soat"' in book["xl/workbook.xml"] and 'name="chi-tiet"' in book["xl/workbook.xml"]
    assert "không có biên lai" in book["xl/sharedStrings.xml"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/mot-cua/tien/?ngay=mai", "bằng số"),
        ("/mot-cua/tien/doi-soat?tu=5/11/2026&den=1/11/2026", "sau ngày đầu"),
        ("/mot-cua/tien/doi-soat?tu=1/1/2020&den=1/11/2026", "một năm"),
        ("/mot-cua/tien/so-thu.xlsx?ngay=32/1/2026", "Xem lại"),
        ("/mot-cua/tien/doi-soat.xlsx?tu=x", "bằng số"),
    ],
)
def test_days_that_cannot_be_read_are_said(desk, path, told):
    page = desk.get(path)

    assert page.status == 422 and told in page.errors


def test_a_month_of_receipts_prints_as_it_is_read_and_changes_nothing(desk, accepted, taken):
    before = [list(table.select().dicts()) for table in (Receipt, PaymentRequest, Event)]
    for path in (
        "/mot-cua/tien/",
        "/mot-cua/tien/doi-soat",
        "/mot-cua/tien/can-xu-ly",
        address(accepted, f"bien-lai/{taken.id}"),
    ):
        assert desk.get(path).status == 200
    assert [list(table.select().dicts()) for table in (Receipt, PaymentRequest, Event)] == before


# --- the slip that says what is to be paid ---------------------------------------------------------------------------


def test_the_slip_is_printed_from_the_dossiers_screen_once_money_is_asked_for(desk, accepted, asked):
    page = desk.get(desk.get(f"/mot-cua/ho-so/{accepted.code}").links["In phiếu báo nộp tiền"])
    paper = page.tree.find_class("official")[0].text_content()

    assert "Phiếu báo nộp phí, lệ phí" in paper and accepted.code in paper and "16.000 đồng" in paper and DUE in paper
    assert accepted.owner_name not in paper and "VietQR" not in paper and "huyển khoản" not in paper


def test_without_an_open_request_there_is_no_slip(desk, accepted, asked):
    desk.send(address(accepted, "thu-tien-mat"), {}, "Thu tiền mặt")
    page = desk.get(address(accepted, "phieu-bao"))

    assert page.status == 409 and "Không có yêu cầu nộp tiền nào đang mở" in page.errors
    assert desk.get(address(accepted, "phieu-bao.pdf")).location == address(accepted, "phieu-bao")


def test_another_offices_slip_is_not_there(visit_as, accepted, asked):
    stranger = visit_as(make_staff("officer", "noi-khac", office="H21.121"))

    assert stranger.get(address(accepted, "phieu-bao")).status == stranger.get(address(accepted, "phieu-bao.pdf")).status == 404


A6, ITEM, HUGE = (298, 420), "Phí chứng thực bản", 9_876_543_215
WORDY = "Căn cứ Thông tư 281/2016/TT-BTC và Nghị quyết của Hội đồng nhân dân tỉnh về mức thu phí, lệ phí trên địa bàn; "


@needs_pdf
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # no database draws a page
@pytest.mark.parametrize("ground", [ROOM_ON_SLIP - len(ITEM + in_words(HUGE)), 450])
def test_slip_and_receipt_are_each_one_page_of_a6(desk, accepted, asked, library, monkeypatch, ground):
    """As much as is set in large letters, then as long as the form lets anybody write."""
    item = ITEM if ground < 450 else ITEM * 10
    known = {"to_confirm": False, "owner": "Ủy ban nhân dân xã Ia Băng, tỉnh Gia Lai"}
    account = msgspec.structs.replace(library.site.bank_account, **known)
    hours = "7 giờ 30 – 11 giờ 30, 13 giờ 30 – 17 giờ, thứ Hai đến thứ Sáu"
    site = msgspec.structs.replace(library.site, bank_account=account, phone="0269 3 999 999", hours=hours)
    monkeypatch.setattr(library, "site", site)
    longest = {"item": item, "ground": (WORDY * 5)[:ground], "amount_dong": HUGE}
    PaymentRequest.update(longest).where(PaymentRequest.id == asked.id).execute()
    words, pages, points = read(desk.client.get(address(accepted, "phieu-bao.pdf")).data)
    flat = " ".join(words.split())
    assert (pages, points) == (1, A6) and "không phải biên lai" in flat and "PHIẾU BÁO NỘP PHÍ, LỆ PHÍ" in flat
    assert account.number in flat and vietqr.purpose_of(accepted.code) in flat

    desk.send(address(accepted, "thu-tien-mat"), {}, "Thu tiền mặt")
    words, pages, points = read(desk.client.get(address(accepted, f"bien-lai/{Receipt.get().id}.pdf")).data)
    assert (pages, points) == (1, A6) and accepted.owner_name in " ".join(words.split())


def test_a_slip_that_cannot_be_made_a_pdf_says_what_to_do(desk, accepted, asked, monkeypatch):
    def fail(*_):
        raise pdf.PdfFailed("code 1")

    monkeypatch.setattr(pdf, "is_there", lambda: True)
    monkeypatch.setattr(pdf, "make_pdf", fail)

    page = desk.get(address(accepted, "phieu-bao.pdf"))
    assert page.status == 503 and "Ctrl+P" in page.errors

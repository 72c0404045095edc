"""On the desk's screens: refunds that nobody answers for, dossiers that end while somebody pays, days of many receipts."""

import io
import zipfile
from datetime import timedelta

import pytest
from paying import AMOUNT, ask_for_money, fresh, try_to_pay
from rows import make_row
from stage import make_account, make_staff

from database import utc_now
from models import PaymentAttempt, PaymentRequest, Receipt, Refund, State
from rules import day_sheet, refunds, workflow
from rules.vietnamese import in_vietnam

TODO = "/mot-cua/tien/can-xu-ly"
MANY = 300


@pytest.fixture
def desk(visit_as, officer):
    return visit_as(officer)


@pytest.fixture
def attempt(dossier, officer, library) -> PaymentAttempt:
    now = utc_now()
    return try_to_pay(ask_for_money(dossier, officer, library.calendar, now), now)


def address(dossier, page: str) -> str:
    return f"/mot-cua/ho-so/{dossier.code}/{page}"


# --- refunds without an answer ---------------------------------------------------------------------------------------


@pytest.fixture
def leader(app):
    return make_staff("leader")


@pytest.fixture
def unclear(attempt, officer, leader) -> Refund:
    now = utc_now()
    PaymentAttempt.update(state="paid", gateway_no="14831393", settled_at=now).execute()
    asked = refunds.ask(fresh(attempt), AMOUNT, "Trả thừa", officer, now, "refund")
    refunds.decide(asked, True, leader, now, "granted")
    Refund.update(state="unknown", response="94").execute()
    return fresh(asked)


def test_one_asks_the_bank_and_writes_it_down_another_confirms(desk, visit_as, leader, unclear, dossier):
    page = desk.get(TODO)
    assert "Hoàn tiền chưa rõ kết quả (1)" in page.words
    for known in (dossier.code, "16.000 đồng", unclear.request_no, unclear.attempt.txn_ref, "14831393", "mã 94"):
        assert known in page.words, known

    path = page.links["Ghi kết quả hoàn tiền"]
    page = desk.send(path, {"state": "failed", "note": ""}, "Ghi kết quả")
    assert page.status == 422 and "Ghi đã hỏi ai" in page.errors and "checked" in page.text
    page = desk.send(path, {"note": "Tổng đài 1900"}, "Ghi kết quả")
    assert page.status == 422 and "Chọn đã hoàn" in page.errors and page.typed_in("note") == "Tổng đài 1900"
    assert fresh(unclear).said_state == ""
    desk.send(path, {"state": "failed", "note": "Tổng đài 1900, mã 12"}, "Ghi kết quả")
    page = desk.get(TODO)
    assert "Không hoàn được, tiền vẫn ở xã" in page.words and "Bạn ghi thì người khác xác nhận." in page.words
    assert "Đúng, xác nhận" not in page.buttons and fresh(unclear).state == "unknown"
    own = desk.post(address(dossier, f"hoan-tien/{unclear.id}/xac-nhan"), {"form_key": "a" * 32, "grant": "failed"})
    assert own.status == 409 and "người khác xác nhận" in own.errors

    second = visit_as(leader)
    fields = second.get(TODO).fields("Đúng, xác nhận") | {"grant": "failed"}
    for _ in range(2):  # two taps
        page = second.post(address(dossier, f"hoan-tien/{unclear.id}/xac-nhan"), fields)
        assert page.location == f"{TODO}?da=dong-y"
    assert fresh(unclear).state == "failed"
    assert "Không hoàn được tiền qua cổng" in second.get(TODO).words, "the money is here: somebody has to see to it"


def test_what_needs_no_asking_has_no_page_for_it(desk, unclear, dossier):
    Refund.update(state="done").execute()
    path = address(dossier, f"hoan-tien/{unclear.id}/ket-qua")

    assert desk.get(path).status == 409
    fields = {"form_key": "a" * 32, "state": "failed", "note": "x"}
    page = desk.post(path, fields)
    assert page.status == 409 and "cổng đã hoàn" in page.errors and fresh(unclear).state == "done"


@pytest.mark.parametrize(("role", "office"), [("specialist", "H21.129"), ("leader", "H21.129"), ("officer", "H21.121")])
def test_only_an_officer_of_the_office_writes_it_down(visit_as, unclear, dossier, role, office):
    stranger = visit_as(make_staff(role, "khac", office=office))

    path = address(dossier, f"hoan-tien/{unclear.id}/ket-qua")
    assert stranger.get(path).status == 404
    assert stranger.post(path, {"form_key": "a" * 32, "state": "done", "note": "x"}).status == 404
    assert fresh(unclear).said_state == ""


# --- ended while somebody pays ---------------------------------------------------------------------------------------


def test_who_stops_it_while_somebody_pays_is_warned_and_has_to_mean_it(desk, attempt, dossier):
    path = address(dossier, "dung")
    page = desk.get(path)
    assert "đang trả trực tuyến 16.000 đồng" in page.words and attempt.txn_ref in page.words

    page = desk.send(path, {"reason": "Trùng hồ sơ khác"}, "Dừng giải quyết")
    assert page.status == 422 and "đang trả trực tuyến" in page.errors and page.typed_in("reason") == "Trùng hồ sơ khác"
    assert fresh(dossier).state is State.AWAITING_PAYMENT

    fields = page.fields("Dừng giải quyết") | {"is_sure": "1"}
    assert [desk.post(path, fields).status for _ in range(2)] == [303, 303]
    assert fresh(dossier).state is State.STOPPED and PaymentRequest.get().void_reason == "ended"


def test_nobody_is_asked_twice_where_nobody_pays(desk, attempt, dossier):
    PaymentAttempt.update(state="failed").execute()

    assert "trực tuyến" not in desk.get(address(dossier, "dung")).words
    assert desk.send(address(dossier, "dung"), {"reason": "Trùng"}, "Dừng giải quyết").status == 303
    assert fresh(dossier).state is State.STOPPED


def test_who_grants_a_withdrawal_with_one_button_is_warned_too(desk, attempt, dossier, account, library):
    workflow.make_move(dossier, "ask_withdrawal", account, utc_now(), library.calendar, "Đổi ý")
    page = desk.send(f"/mot-cua/ho-so/{dossier.code}", {}, "Đồng ý cho rút")
    assert page.status == 422 and "đang trả trực tuyến" in page.errors and page.heading == "Đồng ý cho rút"
    assert fresh(dossier).state is State.WITHDRAWAL_ASKED

    assert desk.post(address(dossier, "dong-y-rut"), page.fields("Đồng ý cho rút") | {"is_sure": "1"}).status == 303
    assert fresh(dossier).state is State.STOPPED


# --- a day of many receipts ------------------------------------------------------------------------------------------


@pytest.fixture
def busy_day(app, officer) -> int:
    """Three hundred receipts of 1.000, 2.000 … đồng, the last ten of them voided today; returns the sum that is left."""
    now, account = utc_now(), make_account("Siu Đông", "dong@example.vn")
    moment = in_vietnam(now).replace(hour=12, minute=0)
    dossier = make_row(account, 1, owner_name="Siu Đông")
    for number in range(1, MANY + 1):
        asked = PaymentRequest.create(
            dossier=dossier, item=f"Phí chứng thực bản sao {number}", amount_dong=number * 1000, ground="x", asked_by=officer,
            settled_at=moment, method="cash", form_key=f"r{number}",
        )  # fmt: skip
        is_void = number > MANY - 10
        Receipt.create(
            office="H21.129", year=moment.year, number=number, request=asked, amount_dong=number * 1000, method="cash",
            payer_name=f"Rơ Châm Người {number * 7919}", made_by=officer, made_at=moment + timedelta(seconds=number),
            void_reason="Ghi nhầm" if is_void else "", voided_by=officer if is_void else None,
            voided_at=moment + timedelta(hours=1) if is_void else None, form_key=f"b{number}",
        )  # fmt: skip
    return sum(range(1, MANY - 9)) * 1000


def bytes_of(visitor, path: str) -> int:
    """As it goes over the line, headers included."""
    answer = visitor.client.get(path, headers={"Accept-Encoding": "br"})
    assert answer.headers["Content-Encoding"] == "br"
    return len(answer.data) + sum(len(name) + len(value) + 4 for name, value in answer.headers)


def test_a_day_of_three_hundred_receipts_comes_in_pages_with_its_sums_on_each(desk, busy_day):
    whole, seen, path = f"{busy_day:,}".replace(",", "."), [], "/mot-cua/tien/"
    pages = 0
    while path:
        page = desk.get(path)
        assert whole in page.words and bytes_of(desk, path) <= 6_000
        seen += [row[0].text_content() for row in page.tree.xpath("//table[contains(@class, 'booked')]//tr[td]")]
        path, pages = page.links.get("Trang sau"), pages + 1

    assert pages == -(-(MANY + 10) // day_sheet.LINES_A_PAGE)
    assert seen == [f"{number:07}/{in_vietnam(utc_now()).year}" for number in (*range(1, MANY + 1), *range(MANY - 9, MANY + 1))]


def test_a_page_beyond_the_last_is_the_last_and_the_whole_day_prints_at_once(desk, busy_day):
    last = desk.get("/mot-cua/tien/?trang=99")
    assert f"{MANY:07}/" in last.words and "Trang sau" not in last.links and "Trang trước" in last.links
    assert desk.get("/mot-cua/tien/?trang=x").words == desk.get("/mot-cua/tien/").words

    print_ = desk.get(desk.get("/mot-cua/tien/").links["Bản in cả ngày"])
    assert print_.words.count("Rơ Châm Người") == MANY + 10 and "Người lập" in print_.words


def test_the_spreadsheet_has_every_line(desk, busy_day):
    data = desk.get("/mot-cua/tien/so-thu.xlsx").data

    with zipfile.ZipFile(io.BytesIO(data)) as book:
        strings, sheet = (book.read(f"xl/{name}.xml").decode() for name in ("sharedStrings", "worksheets/sheet1"))
    assert all(f"{number:07}/" in strings for number in range(1, MANY + 1)) and f"<v>{busy_day}</v>" in sheet

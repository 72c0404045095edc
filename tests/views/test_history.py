"""Lịch sử giao dịch (guide VIII): found by agency and day, marked for what it is, kept on paper and in a file."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from rows import make_row
from stage import BIRTH, make_account, make_staff

from database import db, utc_now
from models import Dossier, Event, PaymentRequest, Receipt, State, SupplementItem, SupplementRequest, Transfer
from rules import businesses

ROOM = "/ca-nhan/lich-su"


@pytest.fixture
def me(visit_as, account):
    return visit_as(account)


@pytest.fixture
def put(account):
    """`put(day)`: a dossier submitted at noon of this November day, or at another moment."""
    numbers = iter(range(1, 1000))

    def put(day=5, at=None, **values) -> Dossier:
        moment = at or datetime(2026, 11, day, 5, tzinfo=UTC)
        return make_row(values.pop("account", account), next(numbers), submitted_at=moment, **values)

    return put


def codes_on(page) -> list[str]:
    """Of the dossiers listed, in their order."""
    return [a.get("href").rsplit("/", 1)[1] for a in page.tree.iter("a") if a.text_content() == "Chi tiết"]


def under(page, code: str) -> str:
    """What stands beside a dossier."""
    return next(p.text_content() for p in page.tree.iter("p") if code in p.text_content())


# --- the list --------------------------------------------------------------------------------------------------------


def test_everything_stands_there_the_newest_first_with_its_two_links(me, put):
    older, newer = put(5), put(6, state=State.DONE, ended_at=datetime(2026, 11, 9, 5, tzinfo=UTC))
    page = me.get(ROOM)

    assert codes_on(page) == [newer.code, older.code] and "2 hồ sơ" in page.words
    assert "Nộp 6/11/2026, xong 9/11/2026. Có kết quả, chờ bạn nhận" in under(page, newer.code)
    assert "Lịch sử bổ sung hồ sơ: chưa lần nào" in under(page, newer.code)
    assert "Tìm kiếm" in page.buttons


def test_who_has_submitted_nothing_is_led_on(me):
    page = me.get(ROOM)

    assert "Bạn chưa nộp hồ sơ nào." in page.words and page.links["Nộp hồ sơ mới"] == "/dich-vu/"


def test_another_persons_are_not_there(visit_as, put):
    dossier = put()
    stranger = visit_as(make_account())

    assert dossier.code not in stranger.get(ROOM).text
    for address in (f"{ROOM}/{dossier.code}", f"{ROOM}/{dossier.code}/bo-sung"):
        assert stranger.get(address).status == 404
    assert dossier.code not in stranger.get(f"{ROOM}/tep.csv").text + stranger.get(f"{ROOM}/in").text


def test_those_of_a_business_one_acts_for_are_there_with_its_name(me, account, put):
    business = businesses.add(account, "Cà phê Ia Băng", "0100109106", utc_now())
    dossier = put(account=make_account(), business=business, owner_name=business.name)

    assert "Cà phê Ia Băng" in under(me.get(ROOM), dossier.code)


def test_what_came_of_it_and_who_helped_is_marked(me, put):
    head = make_staff("village_head", "truong", village="Thôn 6")
    refused, stopped, withdrawn = put(state=State.REFUSED), put(state=State.STOPPED), put(state=State.STOPPED, helped_by=head)
    for dossier, name in ((stopped, "grant_withdrawal"), (stopped, "stop"), (withdrawn, "stop_withdrawn")):
        Event.create(dossier=dossier, name=name, to_state=State.STOPPED, actor_kind="x", actor_name="x")
    page = me.get(ROOM)

    assert "Xã không nhận" in under(page, refused.code)
    assert "Xã dừng giải quyết" in under(page, stopped.code)  # after it had been opened again
    assert "Bạn đã rút" in under(page, withdrawn.code) and f"Làm giúp bởi thôn trưởng {head.full_name}" in under(
        page, withdrawn.code
    )


def test_drafts_stand_there_as_not_submitted(me, account, make_draft, put):
    make_draft(account)
    dossier = put()

    assert "1 bản nháp chưa nộp: Đăng ký khai sinh" in me.get(ROOM).words
    narrowed = me.get(f"{ROOM}?tu=1/11/2026")
    assert "1 bản nháp chưa nộp, chưa có ngày nộp" in narrowed.words and codes_on(narrowed) == [dossier.code]


def test_long_lists_come_in_pages_that_keep_what_was_asked(me, put):
    codes = [put(5).code for _ in range(22)]
    first = me.get(f"{ROOM}?tu=1/11/2026")
    second = me.get(first.links["Trang sau"])

    assert codes_on(first) + codes_on(second) == codes[::-1] and len(codes_on(first)) == 20
    assert "tu=1" in second.links["Trang trước"]


# --- by agency and day -----------------------------------------------------------------------------------------------


def test_both_days_are_included_and_a_day_is_vietnams(me, put):
    evening, morning = datetime(2026, 11, 4, 16, 59, tzinfo=UTC), datetime(2026, 11, 4, 17, 0, tzinfo=UTC)
    last, after = datetime(2026, 11, 6, 16, 59, tzinfo=UTC), datetime(2026, 11, 6, 17, 0, tzinfo=UTC)
    _, first_in, last_in, _ = (put(at=at) for at in (evening, morning, last, after))

    assert set(codes_on(me.get(f"{ROOM}?tu=5/11/2026&den=6/11/2026"))) == {first_in.code, last_in.code}


@pytest.mark.parametrize(
    "typed", ["5/11/2026", "05.11.2026", "5-11-2026", "ngày 5 tháng 11 năm 2026", "2026-11-05", "05112026", "5/11/26"]
)
def test_a_day_is_read_however_it_is_typed(me, put, typed):
    dossier, _ = put(5), put(6)

    assert codes_on(me.get(f"{ROOM}?tu={typed}&den={typed}")) == [dossier.code]


@pytest.mark.parametrize(("query", "told"), [
    ("tu=hôm kia", "ngày"),
    ("co-quan=H21.129&tu=5/13/2026", "Không có tháng 13"),
    ("tu=31/2/2026", "Tháng 2"),
    ("tu=6/11/2026&den=5/11/2026", "Đổi lại"),
    ("den=31/12/9999", "Năm còn xa"),
])  # fmt: skip
def test_a_day_that_cannot_be_is_said_and_nothing_typed_is_lost(me, put, query, told):
    put(5)
    page = me.get(f"{ROOM}?{query}")

    assert page.status == 422 and told in page.errors
    assert codes_on(page) == []  # a list that left the wrong day out would be taken for the answer
    for part in query.split("&"):
        name, typed = part.split("=")
        if name != "co-quan":
            assert page.typed_in(name) == typed
    for kept in ("tep.csv", "in"):
        assert me.get(f"{ROOM}/{kept}?{query}").location.startswith(f"{ROOM}?")


def test_by_agency_those_that_went_there_are_found_too(me, put, officer):
    here, gone = put(), put(6)
    to = {"to_office": "H21.121", "to_name": "UBND xã Đak Đoa", "is_ours": False}
    Transfer.create(dossier=gone, from_office="H21.129", reason="x", by=officer, form_key="k", **to)
    choices = me.get(ROOM).tree.xpath("//select[@name='co-quan']/option")
    offices = {option.get("value"): option.text_content() for option in choices}

    assert offices == {"": "Tất cả", "H21.129": "UBND xã Ia Băng", "H21.121": "UBND xã Đak Đoa"}
    assert codes_on(me.get(f"{ROOM}?co-quan=H21.121")) == [gone.code]
    assert set(codes_on(page := me.get(f"{ROOM}?co-quan=H21.129"))) == {here.code, gone.code}
    assert "UBND xã Ia Băng, đã chuyển đến UBND xã Đak Đoa." in under(page, gone.code)
    assert "đã chuyển" not in under(page, here.code)
    assert set(codes_on(me.get(f"{ROOM}?co-quan=H99%00"))) == {here.code, gone.code}  # none of theirs: as if not said


def test_an_empty_result_says_which_filter_emptied_it(me, put):
    put(5)
    page = me.get(f"{ROOM}?co-quan=H21.129&tu=6/11/2026&den=7/11/2026")

    assert "Không có hồ sơ nào hợp cả 3 điều đã chọn." in page.words
    assert page.links["Bỏ “Nộp từ ngày”: có 1 hồ sơ"] == f"{ROOM}?co-quan=H21.129&den=7/11/2026"
    assert not any("Cơ quan" in words or "Đến hết" in words for words in page.links)
    far = me.get(f"{ROOM}?tu=1/1/2020&den=2/1/2020")
    assert "Bỏ “Đến hết ngày”: có 1 hồ sơ" in far.links


# --- one dossier -----------------------------------------------------------------------------------------------------


def test_the_history_of_supplements_says_what_was_asked_and_answered(me, put, officer):
    dossier = put(state=State.IN_PROGRESS)
    due = {"due_on": date(2026, 12, 1), "resumes_to": State.IN_PROGRESS, "closed_at": utc_now()}
    asked = SupplementRequest.create(dossier=dossier, round=1, asked_by=officer, **due)
    named = {"document_key": "x", "name": "Giấy chứng sinh", "reason": "Mờ"}
    SupplementItem.create(request=asked, way="upload", arrived_at=utc_now(), **named)
    page = me.get(me.get(ROOM).links["Lịch sử bổ sung hồ sơ"])

    assert page.heading == "Lịch sử bổ sung hồ sơ"
    assert "Lần 1" in page.words and "hạn 1/12/2026" in page.words and "Giấy chứng sinh: Mờ Đã gửi ảnh" in page.words
    assert "Xã chưa yêu cầu bổ sung lần nào." in me.get(f"{ROOM}/{put(6).code}/bo-sung").words


def test_what_cannot_be_done_says_why(me, put):
    kept, gone = put(), put(procedure_slug="khong-con")
    page, other = (me.get(f"{ROOM}/{dossier.code}") for dossier in (kept, gone))

    assert page.links["Nộp lại như hồ sơ này"] == f"/ca-nhan/ho-so/{kept.code}/nop-lai"
    assert page.links["Giấy biên nhận"] == f"/nop-ho-so/{BIRTH}/da-nop/{kept.code}"
    assert "Xã chưa yêu cầu nộp tiền, nên không có biên lai." in page.words and "xã chưa yêu cầu bổ sung lần nào" in page.words
    assert "Nộp lại: việc này không còn nhận ở đây." in other.words and "Nộp lại như hồ sơ này" not in other.links


def test_what_was_asked_to_pay_and_how_it_was_paid_stands_there(me, put, officer):
    dossier = put(state=State.IN_PROGRESS)
    asked = {"dossier": dossier, "item": "Lệ phí", "amount_dong": 16_000, "ground": "x", "asked_by": officer}
    PaymentRequest.create(voided_at=utc_now(), form_key="a", **asked)
    paid_at = datetime(2026, 11, 9, 5, tzinfo=UTC)
    paid = PaymentRequest.create(settled_at=paid_at, method="cash", form_key="b", **asked)
    known = {"office": "H21.129", "year": 2026, "amount_dong": 16_000, "method": "cash", "payer_name": "x", "made_at": paid_at}
    Receipt.create(request=paid, number=12, form_key="c", made_by=officer, **known)
    page = me.get(f"{ROOM}/{dossier.code}")

    assert "Lệ phí: 16.000 đồng. Đã nộp tiền 9/11/2026" in page.words
    assert "Lệ phí: 16.000 đồng. Không cần nộp nữa" in page.words
    assert "Biên lai số 0000012/2026: 16.000 đồng, 9/11/2026." in page.words
    assert page.links["Yêu cầu thanh toán"] == "/ca-nhan/thanh-toan"
    open_one = put(6, state=State.AWAITING_PAYMENT)
    PaymentRequest.create(due_on=date(2026, 12, 1), form_key="d", **asked | {"dossier": open_one})
    words = me.get(f"{ROOM}/{open_one.code}").words
    assert "Chưa nộp, hạn 1/12/2026" in words and "Biên lai: chưa có." in words


# --- to keep ---------------------------------------------------------------------------------------------------------


def test_the_file_opens_in_a_spreadsheet_and_runs_nothing(me, put):
    put(5, owner_name='=HYPERLINK("x")')
    put(6)
    answer = me.client.get(me.get(f"{ROOM}?den=5/11/2026").links["Tải tệp bảng tính (CSV)"])
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))

    assert answer.data.startswith(b"\xef\xbb\xbf") and "attachment" in answer.headers["Content-Disposition"]
    assert len(rows) == 2 and rows[0][0] == "Mã hồ sơ"
    assert rows[1][2:5] == ['\'=HYPERLINK("x")', "UBND xã Ia Băng", "5/11/2026"]


def test_on_paper_the_latest_fill_one_page(me, put):
    codes = [put(5).code for _ in range(42)]
    page = me.get(f"{ROOM}/in?tu=1/11/2026")
    printed = [row[0].text_content() for row in page.tree.xpath("//table//tr[td]")]

    assert printed == codes[:9:-1] and "42 hồ sơ, 32 hồ sơ mới nhất ở dưới" in page.words and "Nộp từ 1/11/2026" in page.words


def test_how_many_there_are_costs_no_more_questions(me, account, put, monkeypatch):
    def asked() -> int:
        count, ask = [], db.obj.execute_sql
        with monkeypatch.context() as patch:
            patch.setattr(db.obj, "execute_sql", lambda *args, **more: count.append(1) or ask(*args, **more))
            me.get(ROOM)
        return len(count)

    put(1)
    asked()  # the first page of a visitor asks more
    few = asked()
    head = make_staff("village_head", "truong", village="Thôn 6")
    for number in range(20):
        put(2, helped_by=head, state=State.STOPPED if number % 2 else State.SUBMITTED)

    assert asked() <= few + 1  # who took back what was stopped

"""The queue's pages: what stands first, narrowing, searching without leaving a trace, taking and handing over."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from rows import make_row
from stage import make_account, make_staff

from database import utc_now
from models import AccountEvent, Dossier, Event, HandOver, State
from rules import assignments, desk


@pytest.fixture
def desk_of(visit_as, officer):
    return visit_as(officer)


def codes_in(page) -> list[str]:
    return [a.text for a in page.tree.iter("a") if (a.get("href") or "").startswith("/mot-cua/ho-so/")]


def numbers_in(page) -> list[int]:
    return [int(code[-4:]) for code in codes_in(page)]


def fresh(dossier) -> Dossier:
    return Dossier.get_by_id(dossier.id)


def is_untouched(dossier) -> bool:
    return fresh(dossier).taken_by_id is None and [event.name for event in dossier.events] == ["submit"]


# --- the queue -------------------------------------------------------------------------------------------------------


def test_what_is_late_comes_first_then_who_has_waited_longest(desk_of, account):
    now = utc_now()
    make_row(account, 1, submitted_at=now - timedelta(hours=1))
    make_row(account, 2, submitted_at=now - timedelta(days=5))
    make_row(account, 3, submitted_at=now - timedelta(days=3), state=State.ACCEPTED, due_at=now + timedelta(days=20))
    make_row(account, 4, submitted_at=now - timedelta(days=2), state=State.ACCEPTED, due_at=now - timedelta(days=1))
    page = desk_of.get("/mot-cua/")

    assert numbers_in(page) == [4, 2, 3, 1]
    assert "Quá hạn 1" in page.links and page.tree.find_class("late")


def test_counts_stand_at_each_queue(desk_of, account):
    make_row(account, 1)
    make_row(account, 2, state=State.ACCEPTED, due_at=utc_now() + timedelta(days=30))
    make_row(account, 3, state=State.RETURNED, ended_at=utc_now())
    page = desk_of.get("/mot-cua/")

    assert [" ".join(a.text_content().split()) for a in page.tree.find_class("queues")[0].iter("a")] == [
        "Cần tôi làm 2", "Quá hạn 0", "Hẹn hôm nay 0", "Sắp đến hạn 0", "Mới nộp 1", "Đang giải quyết 1", "Chờ người dân 0",
        "Chờ ký 0", "Ở cơ quan khác 0", "Chờ trả 0", "Đã trả 1", "Từ chối, dừng 0",
    ]  # fmt: skip


def test_forty_five_dossiers_stand_on_three_pages_each_once(desk_of, account):
    for number in range(1, 46):
        make_row(account, number)
    pages = [desk_of.get(f"/mot-cua/?xem=moi&trang={number}&kenh=online") for number in (1, 2, 3)]

    assert [len(codes_in(page)) for page in pages] == [20, 20, 5]
    assert [number for page in pages for number in numbers_in(page)] == list(range(1, 46))
    assert pages[1].links["Trang sau"] == "/mot-cua/?trang=3&xem=moi&kenh=online"


@pytest.mark.parametrize("question", [
    "?trang=0", "?trang=-5", "?trang=99999999999999999999", "?trang=x", "?xem=khong-co", "?xem=%00", "?xem=<b>",
    "?can-bo=99999999999", "?can-bo=-1", "?trang-thai=99", "?ngay=xx", "?can-bo=%EF%BC%91",
])  # fmt: skip
def test_a_question_that_means_nothing_shows_what_there_is(desk_of, account, question):
    make_row(account, 1)
    page = desk_of.get(f"/mot-cua/{question}")

    assert (page.status, numbers_in(page)) == (200, [1])


@pytest.mark.parametrize("question", ["?thu-tuc=%00", "?thon=<b>x</b>", "?kenh='--", "?thon=" + "x" * 3000, "?thu-tuc=%ED%A0%80"])
def test_a_filter_that_fits_nothing_shows_nothing_and_breaks_nothing(desk_of, account, question):
    make_row(account, 1)
    page = desk_of.get(f"/mot-cua/{question}")

    assert page.status == 200 and "<b>x" not in page.text


def test_the_leaders_day_begins_with_what_is_to_be_signed(visit_as, account):
    make_row(account, 1, state=State.IN_PROGRESS, step="signing")
    make_row(account, 2)
    page = visit_as(make_staff("leader")).get("/mot-cua/")

    assert numbers_in(page) == [1]
    assert "chờ lãnh đạo ký" in page.words


# --- narrowing -------------------------------------------------------------------------------------------------------


def test_filters_stand_in_the_address_and_each_is_taken_away_by_one_tap(desk_of, account, officer):
    make_row(account, 1, village="Thôn 6", channel="counter")
    make_row(account, 2, village="Thôn 6")
    make_row(account, 3)
    page = desk_of.get("/mot-cua/?xem=moi&thon=Th%C3%B4n+6&kenh=counter")

    assert numbers_in(page) == [1]
    assert numbers_in(desk_of.get(page.links["Tại quầy × bỏ"])) == [1, 2]
    assert numbers_in(desk_of.get(page.links["Bỏ hết"])) == [1, 2, 3]
    assert page.links["Mới nộp 1"].endswith("kenh=counter")  # another queue keeps what it is narrowed to


def test_the_form_of_the_filters_leads_to_that_address(desk_of, account):
    make_row(account, 1, village="Thôn 6")
    make_row(account, 2, village="Thôn 1")
    fields = desk_of.get("/mot-cua/?xem=moi").fields("Lọc") | {"thon": "Thôn 6", "tu": "1.1.2020"}
    page = desk_of.get("/mot-cua/?" + "&".join(f"{name}={value}" for name, value in fields.items()))

    assert numbers_in(page) == [1]
    assert "Nộp từ 1/1/2020 × bỏ" in page.links


def test_an_empty_list_says_which_filter_emptied_it(desk_of, account):
    make_row(account, 1, village="Thôn 6")
    page = desk_of.get("/mot-cua/?xem=moi&thon=Th%C3%B4n+6&kenh=post")

    assert numbers_in(page) == []
    assert "Vì bộ lọc “Qua bưu chính”" in page.words
    assert numbers_in(desk_of.get(page.links["“Qua bưu chính”"])) == [1]


def test_a_day_that_is_none_is_said_beside_its_field_and_stays_typed(desk_of, account):
    make_row(account, 1)
    page = desk_of.get("/mot-cua/?xem=moi&tu=h%C3%B4m+qua&kenh=online")

    assert page.status == 422
    assert "Nhập ngày, tháng, năm bằng số" in page.errors
    assert page.typed_in("tu") == "hôm qua"
    assert numbers_in(page) == [1]


# --- searching -------------------------------------------------------------------------------------------------------


def look_for(visitor, words: str, **more: str):
    return visitor.send("/mot-cua/", {"words": words} | more, "Tìm")


def lines_of(app) -> list[dict]:
    return [json.loads(line) for line in Path(app.config["INSTANCE_DIR"], "security.log").read_text("utf-8").splitlines()]


def test_what_is_looked_for_is_found_and_stands_in_no_address_and_no_log(app, desk_of, officer):
    somebody = make_account(full_name="Rơ Châm Đin", email="")
    make_row(somebody, 1, owner_name="Rơ Châm Đin")
    make_row(somebody, 2, owner_name="Siu Khác")
    for words, numbers in (("ro cham din", [1]), (somebody.id_number, [2, 1]), ("0912 345 678", [2, 1])):
        answer = look_for(desk_of, words)
        page = desk_of.get(answer.location)

        assert numbers_in(page) == numbers
        assert page.typed_in("words") == words  # Back and a reload show the same
        assert words.replace(" ", "") not in answer.location.replace("%20", "").replace("+", "")
        line = lines_of(app)[-1]
        assert (line["event"], line["staff"], line["purpose"]) == ("dossiers looked for", officer.id, "Giải quyết hồ sơ")
        assert line["found"] == len(numbers)
    text = Path(app.config["INSTANCE_DIR"], "security.log").read_text("utf-8")
    assert somebody.id_number not in text and "ro cham din" not in text and "345 678" not in text


def test_a_code_leads_straight_to_its_dossier(desk_of, dossier):
    assert look_for(desk_of, dossier.receipt_code.lower()).location == f"/mot-cua/ho-so/{dossier.code}?vi=0"


def test_the_owner_reads_for_what_it_was_looked_for(desk_of, dossier):
    desk_of.get(look_for(desk_of, dossier.code, purpose="Trả lời người dân").location)
    desk_of.get(f"/mot-cua/ho-so/{dossier.code}?vi=99")

    seen = AccountEvent.select().where(AccountEvent.name == "dossier opened").order_by(AccountEvent.id)
    assert [event.purpose for event in seen] == ["trả lời người dân", "giải quyết hồ sơ"]


def test_nobody_else_opens_what_one_has_looked_for(desk_of, visit_as, account):
    make_row(account, 1)
    path = look_for(desk_of, "siu").location

    assert visit_as(make_staff("officer", "khac")).get(path).location == "/mot-cua/tim"
    with time_machine.travel(utc_now() + timedelta(hours=13), tick=False):
        again = visit_as(assignments.colleagues("H21.129")[0])
        assert again.get(path).status in (302, 404)


@pytest.mark.parametrize("sealed", ["x", "A" * 80, "%00", "🐘", "..", "AQ=="])
def test_an_address_that_was_never_ours_leads_to_the_search(desk_of, sealed):
    assert desk_of.get(f"/mot-cua/tim/{sealed}").location == "/mot-cua/tim"


@pytest.mark.parametrize(("words", "fault"), [("", "Nhập mã hồ sơ"), ("a", "ít nhất 2 chữ"), ("x" * 101, "Viết ngắn lại")])
def test_what_cannot_be_looked_for_is_said_and_stays_typed(desk_of, words, fault):
    page = look_for(desk_of, words)

    assert page.status == 422 and fault in page.errors
    assert page.typed_in("words") == words


def test_a_search_without_its_purpose_is_refused(desk_of):
    page = desk_of.post("/mot-cua/tim", {"words": "siu", "purpose": "Tò mò"})

    assert page.status == 422 and "Chọn việc cần làm" in page.errors


def test_what_is_another_offices_is_not_found(desk_of, account):
    dossier = make_row(account, 1, office="H21.121")
    for words in (dossier.code, "siu", account.id_number):
        page = desk_of.get(look_for(desk_of, words).location)

        assert codes_in(page) == [] and "Không thấy hồ sơ nào" in page.words


# --- taking from the list --------------------------------------------------------------------------------------------


def test_a_row_is_taken_from_the_list_and_the_list_stays(desk_of, officer, dossier):
    fields = desk_of.get("/mot-cua/?xem=moi&kenh=online").fields("Nhận")
    page = desk_of.post("/mot-cua/nhan-viec?xem=moi&kenh=online&trang=1", fields | {"code": dossier.code})

    assert page.location.startswith("/mot-cua/?") and "kenh=online" in page.location
    assert fresh(dossier).taken_by == officer
    shown = desk_of.get(page.location)
    assert "Đã nhận." in shown.words and "Tôi" in shown.words and "Nhận" not in shown.buttons


def test_the_first_few_are_taken_at_once_and_sent_again_no_others(desk_of, account, submit, officer, monkeypatch):
    monkeypatch.setattr(assignments, "MOST_AT_ONCE", 2)
    dossiers = [submit(account) for _ in range(4)]
    fields = desk_of.get("/mot-cua/").fields("Nhận") | {"first": "1"}
    first, again = desk_of.post("/mot-cua/nhan-viec", fields), desk_of.post("/mot-cua/nhan-viec", fields)

    assert (first.status, first.location) == (again.status, again.location)
    assert [fresh(dossier).taken_by_id for dossier in dossiers] == [officer.id, officer.id, None, None]


def test_one_who_comes_too_late_is_told_who_was_quicker(desk_of, dossier):
    fields = desk_of.get("/mot-cua/").fields("Nhận")
    colleague = make_staff("officer", "nhanh-hon")
    assignments.take(fresh(dossier), colleague, utc_now(), "khac")
    page = desk_of.post("/mot-cua/nhan-viec", fields | {"code": dossier.code})

    assert page.status == 409 and f"do {colleague.full_name} giữ" in page.errors
    assert fresh(dossier).taken_by == colleague


def test_the_desk_takes_nothing_of_another_office(visit_as, dossier):
    other = visit_as(make_staff("officer", "khac", office="H21.121"))

    for path in (
        "nhan-viec",
        f"ho-so/{dossier.code}/nhan-viec",
        f"ho-so/{dossier.code}/chuyen-nguoi",
        f"ho-so/{dossier.code}/tra-ve",
    ):
        assert other.post(f"/mot-cua/{path}", {"form_key": "a", "code": dossier.code, "to": "1"}).status == 404
    assert is_untouched(dossier)


# --- the panel on a dossier's page -----------------------------------------------------------------------------------


def test_taken_handed_over_and_put_back_on_the_dossiers_page(desk_of, visit_as, officer, dossier):
    colleague = make_staff("specialist")
    path = f"/mot-cua/ho-so/{dossier.code}"
    desk_of.send(path, {}, "Nhận việc")
    assert fresh(dossier).taken_by == officer

    desk_of.send(path, {"to": str(colleague.id), "note": "Gọi lại\r\ncho chủ hồ sơ"}, "Dặn người nhận")
    assert fresh(dossier).taken_by == colleague
    page = visit_as(colleague).get(path)
    assert f"{officer.full_name} → {colleague.full_name}: Gọi lại cho chủ hồ sơ" in page.words

    visit_as(colleague).send(path, {}, "Trả về hàng chờ")
    assert fresh(dossier).taken_by is None
    assert [event.name for event in dossier.events.order_by(Event.id)] == ["submit", "taken", "handed_over", "put_back"]


def test_forms_of_one_page_share_a_key_and_are_not_one_another(desk_of, dossier):
    path = f"/mot-cua/ho-so/{dossier.code}"
    for word in ("nhan-viec", "tra-ve", "nhan-viec", "tra-ve"):
        assert desk_of.post(f"{path}/{word}", {"form_key": "k"}).location == f"{path}?da=da-ghi"

    assert [event.name for event in dossier.events.order_by(Event.id)] == ["submit", "taken", "put_back"]
    assert HandOver.select().count() == 1


@pytest.mark.parametrize(
    ("to", "fault"), [("", "Chọn người nhận"), ("999999", "Chọn người nhận trong"), ("abc", "Chọn"), ("٣", "Chọn")]
)
def test_without_somebody_to_give_it_to_nothing_is_given_and_nothing_typed_is_lost(desk_of, dossier, to, fault):
    page = desk_of.post(f"/mot-cua/ho-so/{dossier.code}/chuyen-nguoi", {"form_key": "k", "to": to, "note": "Dặn kỹ"})

    assert page.status == 422 and fault in page.errors
    assert page.typed_in("note") == "Dặn kỹ"
    assert is_untouched(dossier)


def test_what_a_colleague_holds_is_not_mine_to_give(desk_of, dossier):
    colleague = make_staff("specialist")
    assignments.take(fresh(dossier), colleague, utc_now(), "khac")
    path = f"/mot-cua/ho-so/{dossier.code}"

    assert not {"Nhận việc", "Chuyển", "Trả về hàng chờ"} & set(desk_of.get(path).buttons)
    for word in ("nhan-viec", "chuyen-nguoi", "tra-ve"):
        page = desk_of.post(f"{path}/{word}", {"form_key": "k", "to": str(colleague.id)})
        assert page.status == 409 and "Cán bộ specialist giữ" in page.errors
    assert fresh(dossier).taken_by == colleague


def test_a_stale_form_takes_nothing(desk_of, dossier):
    for path in ("nhan-viec", f"ho-so/{dossier.code}/nhan-viec"):
        page = desk_of.post(f"/mot-cua/{path}", {"csrf_token": "cu", "form_key": "k", "code": dossier.code})

        assert page.status == 422 and "Trang này mở đã lâu" in page.errors
    assert is_untouched(dossier)


def test_every_queue_opens_for_each_role(visit_as, account):
    make_row(account, 1)
    for role in ("officer", "specialist", "leader"):
        visitor = visit_as(make_staff(role, f"{role}-moi"))
        for name in desk.QUEUES:
            assert visitor.get(f"/mot-cua/?xem={name}").status == 200


def test_a_day_at_the_end_of_time_is_a_year_to_be_looked_at_again(desk_of):
    page = desk_of.get("/mot-cua/?den=31/12/9999")

    assert "Năm còn xa" in page.words


def test_an_address_with_words_of_its_own_leads_back_to_the_list(desk_of, dossier):
    fields = desk_of.get("/mot-cua/").fields("Nhận") | {"code": dossier.code}
    answer = desk_of.post("/mot-cua/nhan-viec?endpoint=x&_method=FOO&_external=1&xem=moi", fields)

    assert answer.location == "/mot-cua/?xem=moi&da=da-nhan-viec"


def test_a_key_that_no_page_gave_out_breaks_nothing(desk_of, dossier):
    fields = desk_of.get("/mot-cua/").fields("Nhận") | {"code": dossier.code, "form_key": "a\x00b"}

    assert desk_of.post("/mot-cua/nhan-viec", fields).status == 303


def test_a_name_is_found_with_whatever_apostrophe(desk_of, account):
    make_row(account, 1, owner_name="Rơ Châm H'Lan")

    assert "Rơ Châm H'Lan" in desk_of.get(look_for(desk_of, "cham h’lan").location).words

"""A village head's own page, and the page for a village meeting: whose village, which numbers, one sheet of paper."""

from datetime import timedelta

import pytest
from rows import make_row
from stage import make_account, make_staff, today

from database import utc_now
from models import AccountEvent, State, SupplementItem, SupplementRequest
from rules import outreach
from rules.outreach import Plan, Session

MINE, MEETING = "/mot-cua/lang-toi", "/mot-cua/bao-cao/lang/"


@pytest.fixture
def head(app):
    return make_staff("village_head", village="Thôn 9")


@pytest.fixture
def phone(visit_as, head):
    return visit_as(head)


@pytest.fixture
def desk(visit_as, app):
    return visit_as(make_staff("leader"))


def helped(head, number=1, village="Thôn 9", name="Ksor H'Blơm", **more):
    owner = make_account(name, village=village)
    known = {"state": State.DONE, "helped_by": head, "channel": "helped", "village": village, "owner_name": name}
    return make_row(owner, number, **known | more)


# --- a head's day ----------------------------------------------------------------------------------------------------


def test_her_day_begins_here(phone):
    assert phone.get("/mot-cua/toi").tree.find_class("me")[0].get("href") == MINE
    page = phone.get(MINE)

    assert page.heading == "Thôn 9"
    assert page.links["Thôn của tôi"] == MINE
    assert {"/mot-cua/nhat-ky/", "/mot-cua/lam-giup", "/mot-cua/nguoi-dan/", "/mot-cua/loa/", f"{MEETING}thon-9"} <= set(
        page.links.values()
    )


def test_what_she_did_before_is_still_there(phone):
    assert phone.get("/mot-cua/nguoi-dan/").status == 200


def test_she_reads_whom_to_tell_what_and_no_more(phone, head):
    helped(head)
    lacking = helped(head, 2, name="Siu Blĕo", state=State.AWAITING_SUPPLEMENT)
    due = today() + timedelta(days=9)
    request = SupplementRequest.create(dossier=lacking, round=1, asked_by=head, due_on=due, resumes_to=1)
    SupplementItem.create(request=request, name="Giấy chứng sinh", reason="Ảnh mờ, lộ số 064090")

    page = phone.get(MINE)

    assert "Ksor H'Blơm: có kết quả “Đăng ký khai sinh”" in page.words
    assert f"Siu Blĕo: cần nộp thêm Giấy chứng sinh, trước hết ngày {due.day}/{due.month}/{due.year}" in page.words
    owner = lacking.account
    told = [lacking.code, lacking.receipt_code, "Ảnh mờ", owner.id_number, owner.phone[-6:], owner.email]
    assert [text for text in told if text in page.text] == []


def test_each_reading_is_told_to_whom_it_is_about(phone, head, visit_as):
    dossier = helped(head)
    phone.get(MINE)
    phone.get(MINE)

    assert AccountEvent.select().where(AccountEvent.name == "news listed").count() == 1
    log = visit_as(dossier.account).get("/ca-nhan/tai-khoan/ai-da-xem").words
    assert f"Xem hồ sơ {dossier.code} cần gì, để báo cho bạn" in log and head.full_name in log


def test_nobody_of_another_village_stands_there(phone, head):
    helped(head, village="Thôn 1")

    assert "Chưa có gì cần báo." in phone.get(MINE).words
    assert AccountEvent.select().where(AccountEvent.name == "news listed").count() == 0


def test_only_the_page_she_opened_is_told_of(phone, head):
    for number in range(11):
        helped(head, number, name=f"Ksor Số {number:02}")

    page = phone.get(MINE)
    assert "Trang 1/2" in page.words and "Ksor Số 10" not in page.words
    assert AccountEvent.select().where(AccountEvent.name == "news listed").count() == 10


def test_what_the_commune_asks_of_her_village_stands_there_until_it_is_done(phone, head):
    plan = Plan("Chỉ tra cứu", "Một buổi", 0, (), today(), today())
    campaign = outreach.begin_campaign(plan, make_staff("culture"), utc_now(), "c")
    assert "Chỉ tra cứu" in phone.get(MINE).words

    outreach.note_session(Session("Thôn 9", today(), "Nhà rông", 5, campaign=campaign), head, ["Thôn 9"], utc_now(), "k")
    assert "Chỉ tra cứu" not in phone.get(MINE).words


@pytest.mark.parametrize("role", ["officer", "specialist", "leader", "culture", "postal_clerk", "administrator"])
def test_it_is_a_heads_page_alone(visit_as, app, role):
    assert visit_as(make_staff(role)).get(MINE).status == 404


def test_a_head_of_another_commune_has_none(visit_as, app):
    far = visit_as(make_staff("village_head", office="H21.121", village="Thôn 9"))

    assert {far.get(path).status for path in (MINE, f"{MEETING}thon-9")} == {404}


def test_a_head_without_a_village_is_not_the_head_of_all(visit_as, app):
    nobody = visit_as(make_staff("village_head", village=""))
    rooms = (MINE, MEETING, f"{MEETING}thon-9", "/mot-cua/nhat-ky/", "/mot-cua/nhat-ky/da-ghi", "/mot-cua/chien-dich/")

    assert {nobody.get(path).status for path in rooms} == {404}


# --- for a village meeting -------------------------------------------------------------------------------------------


def fill(village="Thôn 9", counts=(12, 8, 30, 6)):
    account = make_account(village=village)
    number = make_row(account, 10_000 + account.id).id * 100
    for channel, count in zip(("online", "helped", "counter", "post"), counts, strict=True):
        for _ in range(count):
            number += 1
            make_row(account, number, village=village, channel=channel, state=2, accepted_at=utc_now())


def numbers_on(page) -> dict[str, str]:
    rows = page.tree.xpath("//table[contains(@class,'figures')]//tr")
    return {row[0].text_content().strip(): row[1].text_content().strip() for row in rows}


def test_the_leader_reads_the_villages_numbers(desk, head):
    fill()
    fill("Thôn 1", (9, 9, 9, 9))
    for number, question in enumerate(("Mất mã thì sao?", "mất mã thì sao")):
        session = Session("Thôn 9", today(), "Nhà rông", 20 + number, (), question)
        outreach.note_session(session, head, ["Thôn 9"], utc_now(), f"k{number}")

    page = desk.get(f"{MEETING}thon-9")

    assert page.heading.startswith("Thôn 9, tháng ")
    assert "mất mã thì sao (2 buổi)" in page.words
    found = numbers_on(page)
    assert (found["Buổi gặp bà con"], found["Lượt người nghe"], found["Lần đọc loa"]) == ("2", "41", "0")
    # Of villages from which few or none came, so many numbers have to be hidden that some of these go along.
    shown = {words: found[words] for words in ("Bà con tự nộp", "Có người giúp nộp", "Nộp tại quầy", "Gửi bưu điện")}
    assert shown["Nộp tại quầy"] == "30"
    assert set(shown.values()) <= {"12", "8", "30", "6", "*"}


def test_both_pages_show_the_same(desk):
    fill()
    fill("Thôn 1", (9, 9, 9, 9))
    one = list(numbers_on(desk.get(f"{MEETING}thon-9")).values())[:5]
    row = next(row for row in desk.get(MEETING).tree.xpath("//tr") if row[0].text_content().strip() == "Thôn 9")

    assert [cell.text_content().strip() for cell in row][1:6] == one


def test_few_dossiers_are_not_told(desk):
    fill(counts=(1, 2, 3, 4))

    assert set(list(numbers_on(desk.get(f"{MEETING}thon-9")).values())[1:5]) == {"*"}


@pytest.mark.parametrize("asked", ["ky=2026-q3", "ky=2026", "tu=1/1/2026&den=30/6/2026"])
def test_a_period_is_chosen(desk, asked):
    page = desk.get(f"{MEETING}thon-9?{asked}")

    assert page.status == 200 and "2026" in page.heading


@pytest.mark.parametrize("asked", ["ky=x", "tu=x&den=y", "tu=1/1/2026"])
def test_a_period_that_is_none_is_named(desk, asked):
    for address in (MEETING, f"{MEETING}thon-9"):
        page = desk.get(f"{address}?{asked}")
        assert page.status == 422 and page.errors


def test_a_head_reads_her_own_villages_page_and_of_no_other(phone):
    assert phone.get(f"{MEETING}thon-9").status == 200
    assert {phone.get(path).status for path in (MEETING, f"{MEETING}thon-1", f"{MEETING}thon-99")} == {404}


@pytest.mark.parametrize("role", ["officer", "culture", "administrator"])
def test_others_read_every_villages(visit_as, app, role):
    visitor = visit_as(make_staff(role))

    assert {visitor.get(path).status for path in (MEETING, f"{MEETING}thon-1")} == {200}
    assert visitor.get(f"{MEETING}khong-co").status == 404


@pytest.mark.parametrize("role", ["specialist", "postal_clerk"])
def test_other_roles_find_no_such_page(visit_as, app, role):
    visitor = visit_as(make_staff(role))

    assert {visitor.get(path).status for path in (MEETING, f"{MEETING}thon-1")} == {404}

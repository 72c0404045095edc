"""What every village is asked to do by a day: who asks, who sees how far it is."""

from datetime import timedelta

import pytest
from stage import make_staff, today

from database import utc_now
from models import Campaign, OutreachNote
from rules import outreach
from rules.vietnamese import show_day

ROOM = "/mot-cua/chien-dich/"
LOG = "/mot-cua/nhat-ky/"


@pytest.fixture
def culture(app):
    return make_staff("culture")


@pytest.fixture
def desk(visit_as, culture):
    return visit_as(culture)


@pytest.fixture
def phone(visit_as, app):
    return visit_as(make_staff("village_head", village="Thôn 9"))


def asked(**more):
    last = show_day(today() + timedelta(days=20))
    return {"title": "Chỉ tra cứu", "task": "Một buổi họp thôn", "least_reached": "20", "last_on": last} | more


def begin(desk, **more):
    return desk.post(f"{ROOM}moi", data=desk.get(f"{ROOM}moi").fields("Giao việc") | asked(**more))


@pytest.fixture
def campaign(desk):
    begin(desk)
    return Campaign.get()


def test_the_culture_officer_asks_it_of_every_village(desk):
    page = begin(desk, guides="tra-cuu-ho-so")

    campaign = Campaign.get()
    assert page.location == f"{ROOM}{campaign.ref}?da=giao-viec"
    shown = desk.get(page.location)
    assert "0/11 thôn, làng xong" in shown.words
    assert "ít nhất 20 người · chỉ: Tra cứu hồ sơ" in shown.words
    assert shown.words.count("chưa có buổi nào") == 11


def test_a_double_tap_asks_once(desk):
    form = desk.get(f"{ROOM}moi").fields("Giao việc") | asked()
    assert desk.post(f"{ROOM}moi", data=form).location == desk.post(f"{ROOM}moi", data=form).location
    assert Campaign.select().count() == 1


@pytest.mark.parametrize(
    "typed, fault",
    [
        ({"title": ""}, "Nhập tên việc"),
        ({"task": ""}, "Nhập việc mỗi thôn"),
        ({"least_reached": "x"}, "từ 0 đến 5.000"),
        ({"first_on": "x"}, "ngày"),
        ({"last_on": ""}, "Nhập ngày cuối"),
        ({"last_on": "1/1/2020"}, "trước ngày đầu"),
    ],
)
def test_what_is_wrong_is_named_and_stays_typed(desk, typed, fault):
    page = begin(desk, **typed)

    assert page.status == 422 and fault in page.errors
    assert page.typed_in("title") == asked(**typed)["title"]
    assert Campaign.select().count() == 0


def test_a_head_sees_her_villages_part_and_notes_a_session_for_it(phone, campaign):
    assert "Thôn 9: chưa có buổi nào" in phone.get(ROOM).words
    one = phone.get(f"{ROOM}{campaign.ref}")
    assert "Thôn 9" in one.words and "Thôn 1:" not in one.words

    form = phone.get(f"{LOG}?viec={campaign.ref}").fields("Ghi")
    assert form["campaign"] == campaign.ref
    phone.post(LOG, data=form | {"place": "Nhà rông", "reached": "12"})

    assert OutreachNote.get().campaign == campaign
    assert "Thôn 9: còn thiếu 8 người (1 buổi, 12 người)" in phone.get(f"{ROOM}{campaign.ref}").words


def test_progress_is_told_by_village(desk, phone, campaign):
    form = phone.get(f"{LOG}?viec={campaign.ref}").fields("Ghi")
    phone.post(LOG, data=form | {"place": "Nhà rông", "reached": "20"})

    assert "1/11 thôn, làng xong" in desk.get(ROOM).words
    assert desk.get(f"{ROOM}{campaign.ref}").tree.xpath("//main//ul/li")[-1].text_content().startswith("Thôn 9: xong")


def test_a_session_of_before_it_began_is_refused_and_stays_typed(phone, desk):
    begin(desk, title="Họp thôn")
    form = phone.get(f"{LOG}?viec={Campaign.get().ref}").fields("Ghi")
    yesterday = show_day(today() - timedelta(days=1))
    page = phone.post(LOG, data=form | {"place": "Nhà rông", "reached": "20", "day": yesterday})

    assert page.status == 422 and "bắt đầu từ" in page.errors
    assert page.tree.get_element_by_id("day").get("value") == yesterday  # where the link in the summary leads
    assert OutreachNote.select().count() == 0


def test_what_is_late_stands_first(desk, campaign):
    begin(desk, title="Việc gấp", last_on=show_day(today() + timedelta(days=1)))
    assert [link.text_content() for link in desk.get(ROOM).tree.xpath("//main//li//a")] == ["Việc gấp", "Chỉ tra cứu"]
    past = {"first_on": today() - timedelta(days=9), "last_on": today() - timedelta(days=1)}
    Campaign.update(past).where(Campaign.id == campaign.id).execute()

    page = desk.get(ROOM)
    assert [link.text_content() for link in page.tree.xpath("//main//li//a")] == ["Chỉ tra cứu", "Việc gấp"]
    assert page.words.count("Quá ngày.") == 1


# --- mending it -------------------------------------------------------------------------------------------------------


def change(desk, campaign, form=None, **more):
    form = form or desk.get(f"{ROOM}{campaign.ref}/sua").fields("Lưu")
    return desk.post(f"{ROOM}{campaign.ref}/sua", data=form | more)


def test_a_slip_of_the_pen_is_mended_and_what_was_noted_stays(desk, phone, campaign):
    phone.post(LOG, data=phone.get(f"{LOG}?viec={campaign.ref}").fields("Ghi") | {"place": "Nhà rông", "reached": "20"})
    page = desk.get(f"{ROOM}{campaign.ref}/sua")
    assert [page.typed_in(name) for name in ("title", "least_reached", "last_on")] == ["Chỉ tra cứu", "20", asked()["last_on"]]

    answer = change(desk, campaign, title="Chỉ nộp hồ sơ", least_reached="30")

    assert answer.location == f"{ROOM}{campaign.ref}?da=luu"
    shown = desk.get(answer.location).words
    assert "Chỉ nộp hồ sơ" in shown and "Thôn 9: còn thiếu 10 người (1 buổi, 20 người)" in shown


def test_mended_with_a_fault_it_stays_typed_and_as_it_was(desk, campaign):
    page = change(desk, campaign, title="Khác", last_on="1/1/2020")

    assert page.status == 422 and "trước ngày đầu" in page.errors and page.typed_in("title") == "Khác"
    assert Campaign.get().title == "Chỉ tra cứu"


def test_the_second_of_two_who_mend_it_is_told_and_may_insist(desk, campaign, visit_as):
    late = desk.get(f"{ROOM}{campaign.ref}/sua").fields("Lưu")
    change(visit_as(make_staff("leader")), campaign, title="Lời của lãnh đạo")

    page = change(desk, campaign, late, title="Lời của văn hóa")
    assert page.status == 409 and "Người khác vừa sửa" in page.errors and page.typed_in("title") == "Lời của văn hóa"
    assert "Lời của lãnh đạo" in page.words and Campaign.get().title == "Lời của lãnh đạo"

    change(desk, campaign, page.fields("Lưu"))
    assert Campaign.get().title == "Lời của văn hóa"


def test_a_double_tap_mends_once(desk, campaign):
    form = desk.get(f"{ROOM}{campaign.ref}/sua").fields("Lưu") | {"title": "Khác"}

    assert [change(desk, campaign, form).status for _ in range(2)] == [303, 303]


def test_what_was_ended_is_mended_no_more(desk, campaign):
    form = desk.get(f"{ROOM}{campaign.ref}/sua").fields("Lưu")
    desk.send(f"{ROOM}{campaign.ref}", {}, "Kết thúc việc này")

    page = change(desk, campaign, form, title="Khác")
    assert page.status == 422 and "đã kết thúc" in page.errors and Campaign.get().title == "Chỉ tra cứu"


def test_it_is_ended_and_goes_on(desk, phone, campaign, culture):
    address = f"{ROOM}{campaign.ref}"
    assert "Kết thúc nhầm" in desk.get(desk.send(address, {}, "Kết thúc việc này").location).words
    assert Campaign.get().ended_by == culture
    assert not phone.get(LOG).tree.xpath("//select[@name='campaign']")
    assert "Đã kết thúc" in desk.get(ROOM).words

    desk.send(address, {}, "Mở lại")
    assert Campaign.get().ended_at is None
    assert phone.get(LOG).tree.xpath(f"//option[@value='{campaign.ref}']")


def test_a_note_of_an_ended_one_is_mended_and_stays_with_it(desk, phone, campaign):
    form = phone.get(f"{LOG}?viec={campaign.ref}").fields("Ghi")
    phone.post(LOG, data=form | {"place": "Nhà rông", "reached": "20"})
    outreach.end_campaign(campaign, make_staff("leader"), utc_now())
    note = OutreachNote.get()
    phone.send(f"{LOG}{note.ref}/sua", {"reached": "21"}, "Ghi")

    assert (OutreachNote.get().reached, OutreachNote.get().campaign) == (21, campaign)


@pytest.mark.parametrize("role", ["village_head", "officer"])
def test_who_does_not_ask_it_does_not_end_it(visit_as, campaign, role):
    visitor = visit_as(make_staff(role, village="Thôn 9" if role == "village_head" else ""))

    assert visitor.get(f"{ROOM}moi").status == 404
    assert visitor.post(f"{ROOM}{campaign.ref}/ket-thuc").status == 404
    assert "Kết thúc việc này" not in visitor.get(f"{ROOM}{campaign.ref}").buttons
    assert Campaign.get().ended_at is None


def test_another_commune_finds_none(visit_as, campaign):
    far = visit_as(make_staff("leader", office="H21.121"))

    assert {far.get(path).status for path in (ROOM, f"{ROOM}moi", f"{ROOM}{campaign.ref}")} == {404}


def test_one_that_is_not_there(desk):
    assert desk.get(f"{ROOM}{'0' * 12}").status == 404


def test_a_forged_end_does_nothing(desk, campaign):
    page = desk.post(f"{ROOM}{campaign.ref}/ket-thuc", data={"csrf_token": "x"})

    assert page.status == 422 and Campaign.get().ended_at is None

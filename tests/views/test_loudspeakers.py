"""The loudspeakers' room: the words, the timetable by village, “đã phát lúc…, bởi…”."""

from datetime import timedelta

import pytest
from stage import make_staff, today

from database import utc_now
from models import Broadcast
from rules import content_store
from rules.content_files import as_text

ROOM = "/mot-cua/loa/"


@pytest.fixture
def editor(app):
    return make_staff("culture")


@pytest.fixture
def told(app, editor):
    said = {"slug": "tiem", "title": "Lịch tiêm", "body": "Tiêm.", "valid_from": str(today()),
            "scripts": {"vi": "Kính thưa bà con. Tiêm lúc 7:30 ngày 5/7/2027, gọi 0912345678."}}  # fmt: skip
    content_store.publish({"announcements/tiem.yaml": as_text(said)}, editor, utc_now())
    app.extensions["library"].look_soon()


@pytest.fixture
def desk(visit_as, editor, told):
    return visit_as(editor)


@pytest.fixture
def head(visit_as, app):
    return visit_as(make_staff("village_head", village="Thôn 2"))


def plan(desk, **typed):
    day = (today() + timedelta(days=1)).strftime("%d/%m/%Y")
    form = {"day": day, "clock": "6h30", "language": "vi", "villages": ["Thôn 1", "Thôn 2"]}
    return desk.post(f"{ROOM}tiem/lich", data=desk.get(f"{ROOM}tiem").fields("Xếp lịch") | form | typed)


def test_the_script_shows_its_time_and_how_its_numbers_are_read(desk):
    page = desk.get(f"{ROOM}tiem")

    assert "giây" in page.words
    assert "bảy giờ ba mươi ngày năm tháng bảy năm hai nghìn không trăm hai mươi bảy" in page.words
    assert "Trống. Xã chưa có người viết lời tiếng Jrai." in page.words


def test_a_timetable_by_village_from_one_form(desk):
    assert plan(desk).location == f"{ROOM}tiem?da=xep-loa"
    page = desk.get(ROOM)

    assert [one.village for one in Broadcast.select().order_by(Broadcast.village)] == ["Thôn 1", "Thôn 2"]
    assert "06:30" in page.words and "Lịch tiêm" in page.words


@pytest.mark.parametrize("typed", ["6:30", "6h30", "6 giờ 30", "6g30", "06.30", "6 giờ 30 phút"])
def test_an_hour_is_read_however_it_is_typed(desk, typed):
    plan(desk, clock=typed)

    assert {one.planned_at.minute for one in Broadcast.select()} == {30}


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"clock": "25:00"}, "Nhập giờ phát"),
        ({"clock": ""}, "Nhập giờ phát"),
        ({"day": "hôm nay"}, "Nhập ngày"),
        ({"day": "1/1/2020"}, "đã qua"),
        ({"villages": []}, "ít nhất một"),
        ({"villages": ["Thôn 99"]}, "ít nhất một"),
        ({"language": "bahnar"}, "Chưa có lời đọc tiếng Bahnar"),
    ],
)
def test_what_is_wrong_is_named_and_stays_typed(desk, typed, fault):
    page = plan(desk, **typed)

    assert page.status == 422 and fault in page.errors
    assert page.typed_in("clock") == typed.get("clock", "6h30")
    assert Broadcast.select().count() == 0


def test_a_village_head_marks_her_own_and_sees_no_other(desk, head):
    Broadcast.update(planned_at=utc_now()).where(plan(desk) is not None).execute()
    page = head.get(ROOM)
    assert "Thôn 2" in page.words and "Thôn 1" not in page.words
    head.send(ROOM, {}, "Đã phát")

    assert "đã phát lúc" in head.get(ROOM).words and "bởi Cán bộ village_head" in head.get(ROOM).words
    other = Broadcast.get(Broadcast.village == "Thôn 1")
    assert head.post(f"{ROOM}lich/{other.ref}/da-phat").status == 404
    assert head.post(f"{ROOM}lich/{other.ref}/bo").status == 404


def test_a_slip_of_the_finger_is_taken_back(desk):
    plan(desk)
    Broadcast.update(planned_at=utc_now()).execute()
    desk.send(ROOM, {}, "Đã phát")
    desk.send(ROOM, {}, "Ghi nhầm")

    assert Broadcast.select().where(Broadcast.said_at.is_null(False)).count() == 0


def test_it_prints_in_large_letters_what_is_to_be_said(desk):
    page = desk.get(f"{ROOM}tiem/in")

    assert "không chín một hai, ba bốn năm, sáu bảy tám" in page.words
    assert desk.get(f"{ROOM}tiem/in?tieng=jrai").status == desk.get(f"{ROOM}tiem/in?tieng=x").status == 404


def test_a_head_without_a_village_and_who_works_elsewhere_find_no_such_room(visit_as, told):
    for person in (make_staff("village_head", "ai-do"), make_staff("culture", "noi-khac", office="H21.121")):
        assert visit_as(person).get(ROOM).status == visit_as(person).get(f"{ROOM}tiem").status == 404

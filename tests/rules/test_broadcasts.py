"""The timetable of the loudspeakers: planned once, read once, by whom; each village its own."""

from datetime import UTC, datetime, timedelta

import pytest
from stage import make_staff
from together import at_once

from models import Broadcast
from rules import WrongInput, broadcasts
from rules.content import Announcement, Scripts

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
SOON = NOW + timedelta(hours=3)


@pytest.fixture
def announcement():
    return Announcement("tiem", "Lịch tiêm", "Tiêm.", NOW.date(), scripts=Scripts(vi="Kính thưa bà con."))


@pytest.fixture
def editor(app):
    return make_staff("culture")


@pytest.fixture
def plan(announcement, editor):
    def put(*villages, language="vi", at=SOON, key="k"):
        return broadcasts.plan(announcement, list(villages), language, at, editor, NOW, key)

    return put


def test_one_form_plans_several_villages_once(plan):
    assert plan("Thôn 1", "Thôn 2", "Thôn 1") == plan("Thôn 1", "Thôn 2") == 2


def test_the_same_form_from_two_fingers_is_one(plan):
    at_once(*[lambda: plan("Thôn 1", "Thôn 2")] * 4)

    assert Broadcast.select().count() == 2


@pytest.mark.parametrize(
    ("villages", "more", "fault"),
    [
        ([], {}, "Chọn ít nhất một"),
        (["Thôn 1"], {"language": "en"}, "Chọn tiếng"),
        (["Thôn 1"], {"language": "jrai"}, "Chưa có lời đọc tiếng Jrai"),
        (["Thôn 1"], {"at": NOW - timedelta(hours=1)}, "đã qua"),
        (["Thôn 1"], {"at": NOW + timedelta(days=400)}, "quá một năm"),
    ],
)
def test_what_cannot_be_read_is_not_planned(plan, villages, more, fault):
    with pytest.raises(WrongInput, match=fault):
        plan(*villages, **more)
    assert Broadcast.select().count() == 0


def test_it_says_who_read_it_and_when_and_the_first_word_stays(plan, editor):
    plan("Thôn 1")
    head, (one,) = make_staff("village_head", "truong-thon", village="Thôn 1"), broadcasts.timetable(NOW)

    assert broadcasts.mark_read(one, head, SOON)
    assert not broadcasts.mark_read(one, editor, SOON + timedelta(minutes=1))
    (read,) = broadcasts.lately_read(SOON)
    assert (read.said_by, read.said_at) == (head, SOON)
    assert broadcasts.timetable(SOON) == []


def test_only_who_wrote_it_takes_it_back(plan, editor):
    plan("Thôn 1")
    head, (one,) = make_staff("village_head", "truong-thon", village="Thôn 1"), broadcasts.timetable(NOW)
    broadcasts.mark_read(one, head, SOON)

    with pytest.raises(WrongInput, match="Người khác"):
        broadcasts.mark_not_read(one, editor)
    broadcasts.mark_not_read(one, head)
    assert broadcasts.timetable(SOON) == [one]


def test_nothing_is_read_a_day_before_its_time(plan, editor):
    plan("Thôn 1", at=NOW + timedelta(days=2))

    with pytest.raises(WrongInput, match="Chưa đến giờ"):
        broadcasts.mark_read(broadcasts.timetable(NOW)[0], editor, NOW)


def test_what_was_dropped_is_off_the_timetable_and_what_was_read_stays(plan, editor):
    plan("Thôn 1", "Thôn 2")
    first, second = broadcasts.timetable(NOW)
    broadcasts.drop(first, NOW)
    broadcasts.mark_read(second, editor, SOON)

    with pytest.raises(WrongInput, match="Đã phát rồi"):
        broadcasts.drop(second, SOON)
    assert broadcasts.find(first.ref) is None
    assert broadcasts.count_read(NOW, SOON + timedelta(days=1)) == {"Thôn 2": 1}


def test_a_village_sees_its_own(plan):
    plan("Thôn 1", "Thôn 2")
    (own,) = broadcasts.timetable(NOW, "Thôn 2")

    assert own.village == "Thôn 2"
    assert broadcasts.find(own.ref, "Thôn 1") is None

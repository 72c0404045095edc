"""The outreach log: what is read, what a session and a campaign are, and who may change what."""

from datetime import date, datetime, timedelta

import pytest
from stage import make_staff, today

from database import utc_now
from models import Campaign, OutreachNote
from rules import WrongInput, outreach, reports
from rules.outreach import Plan, Session
from rules.vietnamese import VIETNAM_TIME

VILLAGES = [f"Thôn {number}" for number in range(1, 12)]


def session(**more) -> Session:
    return Session(**{"village": "Thôn 9", "day": today(), "place": "Nhà rông", "reached": 25} | more)


def plan(**more) -> Plan:
    known = {"title": "Chỉ tra cứu", "task": "Một buổi họp", "least_reached": 0, "guides": (), "first_on": today()}
    return Plan(**known | {"last_on": today() + timedelta(days=30)} | more)


@pytest.fixture
def head(app):
    return make_staff("village_head", village="Thôn 9")


@pytest.fixture
def culture(app):
    return make_staff("culture")


def write(by, form_key="k1", **more) -> OutreachNote:
    return outreach.note_session(session(**more), by, VILLAGES, utc_now(), form_key)


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    ["064090000001", "064 090 000 001", "0640.9000.0001", "231234567", "231-234-567", "0912345678", "0912 345 678",
     "091.234.5678", "+84 912 345 678", "84912345678", "０９１２３４５６７８", "H'Lan 0912,345,678",
     "0912 345 - 678", "02693823456"],
)  # fmt: skip
def test_numbers_of_people_are_refused_and_named(typed):
    for read in (outreach.read_place, outreach.read_questions):
        with pytest.raises(WrongInput, match="không ghi số giấy tờ, số điện thoại"):
            read(f"Hỏi {typed} nhé")


@pytest.mark.parametrize(
    "typed",
    ["Họp thôn 7:30 ngày 5/7/2026, 6/7/2026", "Phí 16.000 đồng, đất 1.500.000 đồng", "Năm 2025, 2026, 2027", "Nhà số 12, 13, 14",
     "12345678", "Thửa 12/34, tờ 56 năm 2026"],
)  # fmt: skip
def test_days_prices_and_years_are_no_numbers_of_people(typed):
    assert outreach.read_place(typed) == typed
    assert outreach.read_questions(typed) == typed


def test_numbers_on_two_lines_are_not_one():
    assert outreach.read_questions("Nộp trước 12345\n67890 thì sao") == "Nộp trước 12345\n67890 thì sao"


def test_questions_stand_one_a_line_without_dashes_and_empty_lines():
    assert outreach.read_questions(" - Mất mã thì sao?\r\n\r\n+ Phí bao nhiêu \n") == "Mất mã thì sao?\nPhí bao nhiêu"


def test_five_hundred_letters_are_enough():
    assert len(outreach.read_questions("h" * 500)) == 500
    with pytest.raises(WrongInput, match="nhiều nhất 500"):
        outreach.read_questions("h" * 501)


@pytest.mark.parametrize("typed, number", [("25", 25), (" 25 người ", 25), ("1.200", 1200), ("５", 5), ("5 000", 5000)])
def test_people_are_counted_as_people_type(typed, number):
    assert outreach.read_people(typed) == number


@pytest.mark.parametrize("typed", ["0", "-5", "vài chục", "5001", "1e3", "2,5", "9" * 30])
def test_what_is_no_number_of_people_is_refused(typed):
    with pytest.raises(WrongInput, match="từ 1 đến 5.000"):
        outreach.read_people(typed)


def test_a_session_is_not_to_come_and_not_of_long_ago():
    day = date(2026, 11, 23)
    assert outreach.read_session_day("23/11/2026", day) == day
    assert outreach.read_session_day("22/11/2025", day) == date(2025, 11, 22)
    with pytest.raises(WrongInput, match="chưa đến"):
        outreach.read_session_day("24/11/2026", day)
    with pytest.raises(WrongInput, match="quá một năm"):
        outreach.read_session_day("21/11/2025", day)


# --- a session -------------------------------------------------------------------------------------------------------


def test_a_session_is_noted(head):
    note = write(head, guides=("tra-cuu-ho-so",), questions="Mất mã thì sao?")

    assert (note.village, note.place, note.reached, note.guides) == ("Thôn 9", "Nhà rông", 25, ["tra-cuu-ho-so"])
    assert OutreachNote.get().questions == "Mất mã thì sao?"


def test_the_same_form_twice_is_one_note(head):
    assert write(head) == write(head)
    assert OutreachNote.select().count() == 1


def test_another_session_in_a_form_gone_back_to_is_another_note(head):
    write(head)
    write(head, place="Nhà văn hoá")

    assert OutreachNote.select().count() == 2


def test_the_same_form_of_two_people_is_two_notes(head, culture):
    write(head)
    write(culture)

    assert OutreachNote.select().count() == 2


def test_a_head_notes_for_her_own_village_alone(head):
    with pytest.raises(WrongInput, match="Chọn thôn"):
        write(head, village="Thôn 1")
    assert OutreachNote.select().count() == 0


def test_a_head_whose_village_the_content_names_no_more_still_notes(app):
    write(make_staff("village_head", "old", village="Làng Cũ"), village="Làng Cũ")

    assert OutreachNote.get().village == "Làng Cũ"


def test_an_officer_notes_for_any_village_that_is_there(culture):
    write(culture, village="Thôn 1")
    with pytest.raises(WrongInput, match="Chọn thôn"):
        write(culture, village="Thôn 99")


def test_its_writer_changes_it_for_a_week_and_nobody_else(head, culture):
    note, now = write(head), utc_now()

    assert outreach.own_note(note.ref, head, now) == note
    assert outreach.own_note(note.ref, head, note.at + timedelta(days=6, hours=23)) == note
    assert outreach.own_note(note.ref, head, note.at + timedelta(days=7)) is None
    assert outreach.own_note(note.ref, culture, now) is None
    assert outreach.own_note("0" * 12, head, now) is None


def test_a_head_of_another_village_since_changes_it_no_more(head):
    note = write(head)
    head.village = "Thôn 1"

    assert outreach.own_note(note.ref, head, utc_now()) is None


def test_a_change_says_when_and_keeps_the_rest(head):
    note = write(head, questions="Phí?")
    outreach.change_note(note, session(reached=40), head, VILLAGES, utc_now())

    changed = OutreachNote.get()
    assert (changed.reached, changed.questions, changed.by, changed.ref) == (40, "", head, note.ref)
    assert changed.changed_at


def test_what_was_dropped_is_not_changed_not_counted_and_comes_back(head):
    note, period = write(head), reports.month(today())
    outreach.drop_note(note, utc_now())
    with pytest.raises(WrongInput, match="Lấy lại trước"):
        outreach.change_note(note, session(reached=40), head, VILLAGES, utc_now())
    assert outreach.reached_by_village(period) == {}

    outreach.take_back(note)
    assert outreach.reached_by_village(period)["Thôn 9"].people == 25


def test_what_was_dropped_stands_in_its_writers_list_for_a_week_alone(head, culture):
    note = write(head)
    outreach.drop_note(note, utc_now())

    assert list(outreach.notes_shown(head, utc_now(), "Thôn 9")) == [note]
    assert list(outreach.notes_shown(head, utc_now() + timedelta(days=8), "Thôn 9")) == []
    assert list(outreach.notes_shown(culture, utc_now())) == []


def test_the_list_is_of_one_village_or_of_all_the_newest_day_first(head, culture):
    write(head, day=today() - timedelta(days=2), place="Trước")
    write(head, place="Sau")
    write(culture, village="Thôn 1", place="Nơi khác")

    assert [note.place for note in outreach.notes_shown(head, utc_now(), "Thôn 9")] == ["Sau", "Trước"]
    assert len(outreach.notes_shown(culture, utc_now())) == 3


def test_places_are_offered_by_village_the_latest_first(head, culture):
    write(head, day=today() - timedelta(days=2), place="Nhà rông")
    write(head, place="Sân bóng")
    write(culture, village="Thôn 1", place="Trường học")

    assert outreach.known_places("Thôn 9") == ["Sân bóng", "Nhà rông"]
    assert outreach.known_places("") == []


# --- a period --------------------------------------------------------------------------------------------------------


def test_people_are_summed_by_village_and_period(head, culture):
    first = date(2026, 10, 1)
    for number, (day, people) in enumerate(((first, 10), (date(2026, 10, 31), 20), (date(2026, 11, 1), 400))):
        write(head, f"k{number}", day=day, reached=people)
    write(culture, village="Thôn 1", day=first, reached=7)

    found = outreach.reached_by_village(reports.month(first))

    assert {village: (one.sessions, one.people) for village, one in found.items()} == {"Thôn 9": (2, 30), "Thôn 1": (1, 7)}


def test_what_is_asked_often_is_told_by_how_many_sessions_asked_it(head, culture):
    write(head, "a", questions="Mất mã thì sao?\nmất mã thì sao\nPhí bao nhiêu?")
    write(head, "b", questions="MAT MA THI SAO")
    write(culture, "c", village="Thôn 1", questions="Mất mã, thì sao?\nPhí bao nhiêu")
    period = reports.month(today())

    assert outreach.top_questions(period) == [("MAT MA THI SAO", 2), ("Phí bao nhiêu", 2)]
    assert outreach.top_questions(period, "Thôn 9") == [("MAT MA THI SAO", 2)]


def test_five_questions_are_told_the_most_asked_first(head):
    for number in range(3):
        write(head, f"k{number}", questions="\n".join(f"Câu {n}" for n in range(7 - (number == 2) * 6)))

    found = outreach.top_questions(reports.month(today()))
    assert found[0] == ("Câu 0", 3) and len(found) == 5


# --- campaigns -------------------------------------------------------------------------------------------------------


def begin(by, form_key="c1", **more) -> Campaign:
    return outreach.begin_campaign(plan(**more), by, utc_now(), form_key)


def share_of(campaign, village="Thôn 9"):
    (progress,) = outreach.progress_of([campaign], VILLAGES, today())
    return next(share for share in progress.shares if share.village == village)


def test_the_same_form_twice_is_one_campaign(culture):
    assert begin(culture) == begin(culture)
    assert Campaign.select().count() == 1


@pytest.mark.parametrize(
    "days, fault",
    [
        ((0, -1), "trước ngày đầu"),
        ((-9, -1), "đã qua"),
        ((0, 367), "quá một năm"),
    ],
)
def test_days_that_make_no_sense_are_refused(culture, days, fault):
    first, last = (today() + timedelta(days=n) for n in days)
    with pytest.raises(WrongInput, match=fault):
        begin(culture, first_on=first, last_on=last)
    assert Campaign.select().count() == 0


def test_one_session_is_enough_where_nothing_more_is_asked(culture, head):
    campaign = begin(culture)
    assert not share_of(campaign).is_done

    write(head, campaign=campaign)
    assert share_of(campaign).is_done
    assert not share_of(campaign, "Thôn 1").is_done


def test_people_and_guides_of_several_sessions_count_together(culture, head):
    campaign = begin(culture, least_reached=40, guides=("nop-ho-so", "tra-cuu-ho-so"))
    write(head, "a", campaign=campaign, guides=("nop-ho-so",))

    lacking = share_of(campaign)
    assert (lacking.missing_people, lacking.missing_guides, lacking.is_done) == (15, ("tra-cuu-ho-so",), False)

    write(head, "b", campaign=campaign, guides=("tra-cuu-ho-so", "dang-nhap"))
    assert share_of(campaign).is_done


def test_a_dropped_session_and_one_of_nothing_in_particular_do_nothing_for_it(culture, head):
    campaign = begin(culture)
    write(head, "a")
    outreach.drop_note(write(head, "b", campaign=campaign), utc_now())

    assert share_of(campaign).sessions == 0


def test_a_session_before_it_began_is_none_of_it(culture, head):
    campaign = begin(culture)
    with pytest.raises(WrongInput, match="bắt đầu từ"):
        write(head, campaign=campaign, day=today() - timedelta(days=1))


def test_what_is_late_stands_first_until_every_village_has_done_it(culture, head):
    pressing, late = begin(culture, "a"), begin(culture, "b", last_on=today() + timedelta(days=60))
    Campaign.update(first_on=today() - timedelta(days=9), last_on=today() - timedelta(days=1)).where(
        Campaign.id == late.id
    ).execute()

    found = outreach.open_progress(["Thôn 9"], today())
    assert [(one.campaign, one.is_late) for one in found] == [(late, True), (pressing, False)]

    write(head, campaign=late)
    assert [one.is_late for one in outreach.open_progress(["Thôn 9"], today())] == [False, False]
    assert outreach.open_progress(["Thôn 9", "Thôn 1"], today())[0].is_late


def test_an_ended_campaign_is_offered_no_more_until_it_goes_on(culture):
    campaign, boss = begin(culture), make_staff("leader")
    outreach.end_campaign(campaign, culture, utc_now())
    outreach.end_campaign(campaign, boss, utc_now())

    assert Campaign.get().ended_by == culture
    assert outreach.offered_campaigns(today()) == []
    assert outreach.offered_campaigns(today(), campaign) == [campaign]
    outreach.go_on_with_campaign(campaign)
    assert outreach.offered_campaigns(today()) == [campaign]


def test_one_that_has_not_begun_is_not_offered(culture):
    begin(culture, first_on=today() + timedelta(days=1))

    assert outreach.offered_campaigns(today()) == []


def test_the_day_is_that_of_viet_nam(culture):
    late_evening = datetime(2026, 11, 24, 0, 30, tzinfo=VIETNAM_TIME)  # the 23rd in UTC
    with pytest.raises(WrongInput, match="24/11/2026"):
        outreach.begin_campaign(plan(first_on=date(2026, 11, 1), last_on=date(2026, 11, 23)), culture, late_evening, "k")

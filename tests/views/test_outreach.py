"""The outreach log on screen: the form first, nothing lost, one village a head."""

from datetime import timedelta

import pytest
from stage import make_staff, today

from database import utc_now
from models import OutreachNote
from rules import outreach
from rules.vietnamese import show_day

ROOM = "/mot-cua/nhat-ky/"
SESSION = {"place": "Nhà rông", "reached": "25", "questions": "Mất mã thì sao?"}
WRITERS = ("officer", "culture", "leader", "administrator")


@pytest.fixture
def head(app):
    return make_staff("village_head", village="Thôn 9")


@pytest.fixture
def phone(visit_as, head):
    return visit_as(head)


@pytest.fixture
def desk(visit_as, app):
    return visit_as(make_staff("officer"))


def test_the_day_is_filled_in_and_a_head_is_not_asked_for_her_village(phone):
    page = phone.get(ROOM)

    assert page.heading == "Ghi một buổi, Thôn 9"
    assert page.typed_in("day") == show_day(today())
    assert not page.tree.xpath("//select[@name='village']")
    assert "Không ghi tên, số giấy tờ của bà con." in page.words
    assert len(page.tree.xpath("//input[@name='guides']")) == 8


def test_a_session_is_noted_with_four_answers(phone):
    page = phone.send(ROOM, SESSION | {"guides": "tra-cuu-ho-so"}, "Ghi")

    assert page.location == f"{ROOM}da-ghi?da=da-ghi"
    listed = phone.get(page.location)
    assert "Đã ghi." in listed.words
    assert "Nhà rông · 25 người" in listed.words
    assert "Đã chỉ: V" in listed.words and "Hỏi: Mất mã thì sao?" in listed.words
    assert OutreachNote.get().village == "Thôn 9"


def test_htmx_gets_the_list_at_once(visit_as, head):
    with_htmx = visit_as(head, with_htmx=True)
    answer = with_htmx.post(ROOM, data=with_htmx.get(ROOM).fields("Ghi") | SESSION)

    assert answer.status == 200 and answer.headers["HX-Push-Url"] == f"{ROOM}da-ghi?da=da-ghi"
    assert "Nhà rông" in answer.text


def test_a_double_tap_is_one_note(phone):
    form = phone.get(ROOM).fields("Ghi") | SESSION
    first, second = phone.post(ROOM, data=form), phone.post(ROOM, data=form)

    assert first.location == second.location
    assert OutreachNote.select().count() == 1


@pytest.mark.parametrize(
    "typed, fault",
    [
        ({"place": ""}, "Nhập nơi gặp"),
        ({"reached": ""}, "Nhập số người"),
        ({"reached": "nhiều"}, "từ 1 đến 5.000"),
        ({"day": ""}, "Nhập ngày"),
        ({"day": "31/2/2026"}, "ngày"),
        ({"day": "1/1/2099"}, "chưa đến"),
        ({"day": "1/1/2001"}, "quá một năm"),
        ({"place": "Nhà ông 0912345678"}, "không ghi số giấy tờ, số điện thoại"),
        ({"questions": "Số 064090000001 tra ở đâu?"}, "không ghi số giấy tờ, số điện thoại"),
        ({"questions": "h" * 501}, "nhiều nhất 500"),
    ],
)
def test_what_is_wrong_is_named_beside_its_field_and_stays_typed(phone, typed, fault):
    form = phone.get(ROOM).fields("Ghi") | SESSION | {"guides": "nop-ho-so"} | typed
    page = phone.post(ROOM, data=form)

    assert page.status == 422 and fault in page.errors
    for name in ("day", "place", "reached"):
        assert page.tree.xpath(f"//input[@name='{name}']")[0].get("value", "") == form[name]
    assert page.tree.xpath("//textarea")[0].text_content().strip() == form["questions"]
    assert page.tree.xpath("//input[@value='nop-ho-so']/@checked")
    assert OutreachNote.select().count() == 0


def test_what_was_mended_is_noted_from_the_page_with_the_fault(phone):
    page = phone.post(ROOM, data=phone.get(ROOM).fields("Ghi") | SESSION | {"reached": ""})
    phone.post(ROOM, data=page.fields("Ghi") | {"reached": "25"})

    assert OutreachNote.get().place == "Nhà rông"


def test_a_stale_page_keeps_what_was_typed(phone):
    page = phone.post(ROOM, data=SESSION | {"day": show_day(today()), "csrf_token": "old", "form_key": "f" * 32})

    assert page.status == 422 and "mở đã lâu" in page.errors
    assert page.typed_in("place") == "Nhà rông"


def test_a_head_who_forges_another_village_notes_for_her_own(phone):
    phone.post(ROOM, data=phone.get(ROOM).fields("Ghi") | SESSION | {"village": "Thôn 1"})

    assert OutreachNote.get().village == "Thôn 9"


@pytest.mark.parametrize("role", WRITERS)
def test_others_choose_the_village(visit_as, app, role):
    desk = visit_as(make_staff(role))
    form = desk.get(ROOM).fields("Ghi") | SESSION
    refused = desk.post(ROOM, data=form | {"village": ""})
    assert refused.status == 422 and "Chọn thôn, làng" in refused.errors

    done = desk.post(ROOM, data=form | {"village": "Thôn 1"})
    assert OutreachNote.get().village == "Thôn 1"
    assert "Thôn 1" in desk.get(done.location).heading


def test_a_village_that_is_not_there_is_refused(desk):
    page = desk.post(ROOM, data=desk.get(ROOM).fields("Ghi") | SESSION | {"village": "Thôn 99"})

    assert page.status == 422 and OutreachNote.select().count() == 0


@pytest.mark.parametrize("role", ["specialist", "postal_clerk"])
def test_other_roles_find_no_such_page(visit_as, app, role):
    assert visit_as(make_staff(role)).get(ROOM).status == 404


@pytest.mark.parametrize("role", [*WRITERS, "village_head"])
def test_another_commune_finds_no_such_page(visit_as, app, role):
    village = {"village": "Thôn 9"} if role == "village_head" else {}
    far = visit_as(make_staff(role, office="H21.121", **village))

    assert {far.get(path).status for path in (ROOM, f"{ROOM}da-ghi")} == {404}


def test_places_are_offered_where_a_village_has_met_before(phone):
    phone.send(ROOM, SESSION, "Ghi")

    page = phone.get(ROOM)
    assert page.tree.xpath("//datalist/option/@value") == ["Nhà rông"]
    # For phones that know no such list.
    assert phone.get(page.links["Nhà rông"]).typed_in("place") == "Nhà rông"


def test_a_head_reads_nothing_of_another_village(phone, desk):
    desk.post(ROOM, data=desk.get(ROOM).fields("Ghi") | SESSION | {"village": "Thôn 1", "place": "Sân bóng"})

    for address in (ROOM, f"{ROOM}da-ghi", f"{ROOM}da-ghi?lang=Thôn+1", f"{ROOM}?lang=Thôn+1"):
        assert "Sân bóng" not in phone.get(address).words


def test_the_list_is_narrowed_to_a_village(desk):
    for village in ("Thôn 1", "Thôn 2"):
        desk.post(ROOM, data=desk.get(ROOM).fields("Ghi") | SESSION | {"village": village, "place": f"Nhà {village}"})

    assert "Nhà Thôn 2" in desk.get(f"{ROOM}da-ghi").words
    narrowed = desk.get(f"{ROOM}da-ghi?lang=Thôn+1")
    assert "Nhà Thôn 1" in narrowed.words and "Nhà Thôn 2" not in narrowed.words


def test_the_list_comes_in_pages(phone, head):
    for number in range(16):
        session = outreach.Session("Thôn 9", today() - timedelta(days=number), f"Nhà {number}", 5)
        outreach.note_session(session, head, ["Thôn 9"], utc_now(), f"k{number}")

    first, second = phone.get(f"{ROOM}da-ghi"), phone.get(f"{ROOM}da-ghi?trang=2")
    assert "Trang 1/2" in first.words and "Nhà 15" not in first.words
    assert "Nhà 15" in second.words
    assert phone.get(f"{ROOM}da-ghi?trang=99").status == 200


# --- a slip of the finger --------------------------------------------------------------------------------------------


@pytest.fixture
def note(head):
    session = outreach.Session("Thôn 9", today(), "Nhà rông", 25, ("nop-ho-so",), "Phí?")
    return outreach.note_session(session, head, ["Thôn 9"], utc_now(), "k")


def test_its_writer_mends_it(phone, note):
    page = phone.get(f"{ROOM}{note.ref}/sua")
    assert (page.typed_in("place"), page.typed_in("reached")) == ("Nhà rông", "25")
    assert page.tree.xpath("//input[@name='guides'][@checked]/@value") == ["nop-ho-so"]
    done = phone.post(f"{ROOM}{note.ref}/sua", data=page.fields("Ghi") | {"reached": "30"})

    assert "30 người" in phone.get(done.location).words
    assert OutreachNote.get().reached == 30


def test_a_fault_in_mending_changes_nothing_and_loses_nothing(phone, note):
    page = phone.get(f"{ROOM}{note.ref}/sua")
    faulty = phone.post(f"{ROOM}{note.ref}/sua", data=page.fields("Ghi") | {"reached": "x", "place": "Sân"})

    assert faulty.status == 422 and faulty.typed_in("place") == "Sân"
    assert OutreachNote.get().place == "Nhà rông"


def test_it_is_dropped_and_taken_back(phone, note):
    dropped = phone.get(phone.send(f"{ROOM}da-ghi", {}, "Bỏ").location)
    assert "đã bỏ, không tính" in dropped.words and OutreachNote.get().dropped_at

    phone.send(f"{ROOM}da-ghi", {}, "Lấy lại")
    assert OutreachNote.get().dropped_at is None


def test_what_was_dropped_is_mended_only_once_it_is_back(phone, note):
    page = phone.get(f"{ROOM}{note.ref}/sua")
    phone.send(f"{ROOM}da-ghi", {}, "Bỏ")
    refused = phone.post(f"{ROOM}{note.ref}/sua", data=page.fields("Ghi") | {"reached": "30"})

    assert refused.status == 422 and "Lấy lại trước" in refused.words
    assert refused.typed_in("reached") == "30" and OutreachNote.get().reached == 25


def acts(ref):
    return [("get", f"{ROOM}{ref}/sua"), *(("post", f"{ROOM}{ref}/{act}") for act in ("sua", "bo", "lay-lai"))]


def test_nobody_else_mends_it(visit_as, desk, note):
    others = [desk, visit_as(make_staff("village_head", "other", village="Thôn 9"))]
    for other in others:
        assert {getattr(other, how)(path).status for how, path in acts(note.ref)} == {404}
        assert "Sửa" not in other.get(f"{ROOM}da-ghi").links
    assert OutreachNote.get().dropped_at is None


def test_after_a_week_it_stays_as_it_is(phone, note):
    OutreachNote.update(at=utc_now() - timedelta(days=7)).execute()

    assert {getattr(phone, how)(path).status for how, path in acts(note.ref)} == {404}
    assert "Bỏ" not in phone.get(f"{ROOM}da-ghi").buttons


def test_a_forged_button_does_nothing(phone, note):
    page = phone.post(f"{ROOM}{note.ref}/bo", data={"csrf_token": "x"})

    assert page.status == 422 and OutreachNote.get().dropped_at is None

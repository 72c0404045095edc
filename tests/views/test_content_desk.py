"""The content desk: every file on plain forms, nothing typed lost, nothing wrong put in force, everything brought back."""

import io
import zipfile
from datetime import date, timedelta

import pytest
import time_machine
from stage import make_staff, today

from models import ContentDraft, ContentVersion
from rules import content_drafts, content_store
from rules.content import FILES
from rules.content_files import as_text, read_yaml
from rules.library import Library

ROOM = "/mot-cua/noi-dung/"
GUIDE, BIRTH = "guides/4-nop-ho-so", "procedures/dang-ky-khai-sinh"


@pytest.fixture
def editor(app):
    return make_staff("culture")


@pytest.fixture
def desk(visit_as, editor):
    return visit_as(editor)


@pytest.fixture
def leader(visit_as):
    return visit_as(make_staff("leader"))


def send(desk, file, place="", do="", **typed):
    path = f"{ROOM}sua/{file}" + (f"?o={place}" if place else "")
    return desk.post(path, data=desk.get(path).fields("Lưu nháp") | {"do": do} | typed)


def publish(desk, name):
    return desk.send(f"{ROOM}cong-bo/{name}", {}, "Công bố")


def value_of(name):
    return content_drafts.writing(f"{name}.yaml").value


def test_from_a_form_to_the_page_that_everybody_reads(desk, visitor, app):
    answer = send(desk, "site", do="cong-bo", phone="0269 384 6107")
    assert answer.location == f"{ROOM}cong-bo/site"
    assert "0269 384 6107" in desk.get(answer.location).words
    publish(desk, "site")
    app.wsgi_app.pages.clear()

    assert "0269 384 6107" in visitor.get("/lien-he").words


def test_every_page_of_every_file_opens_and_saved_as_it_is_changes_nothing(desk):
    names = [*(file.removesuffix(".yaml") for file in FILES if file != "sources.yaml"), GUIDE, BIRTH]
    for name in names:
        before = read_yaml(content_store.text_of(f"{name}.yaml"), [])
        send(desk, name)
        assert without_empty(value_of(name)) == without_empty(before), name


def without_empty(raw):
    match raw:
        case dict():
            return {key: without_empty(value) for key, value in raw.items() if value not in ("", [], {})}
        case list():
            return [without_empty(value) for value in raw]
    return raw.strip()


def test_parts_open_on_pages_of_their_own_and_items_are_added_moved_and_dropped(desk):
    send(desk, "site", do="them:villages")
    count = len(value_of("site")["villages"])
    send(desk, "site", f"villages.{count}", name="Làng Mới", old_commune="A Dơk")
    send(desk, "site", do=f"len:villages.{count}")
    assert [one["name"] for one in value_of("site")["villages"]][-2:] == ["Làng Mới", "Thôn 11"]
    send(desk, "site", do=f"bo:villages.{count}")

    assert [one["name"] for one in value_of("site")["villages"]][-1] == "Làng Mới"


def test_a_part_that_may_be_absent_is_begun_and_taken_away(desk):
    assert send(desk, BIRTH, do="them:replaces").location.endswith("?o=replaces&da=luu")
    send(desk, BIRTH, "replaces", code="1.000001", name="Tên cũ", use_for="Tra cứu")
    assert value_of(BIRTH)["replaces"]["code"] == "1.000001"
    send(desk, BIRTH, do="bo:replaces")

    assert "replaces" not in value_of(BIRTH)


def test_an_entry_of_a_mapping_is_begun_under_a_key(desk):
    send(desk, "reasons", do="them-khoa:by_document", **{"khoa:by_document": "to_khai"})
    send(desk, "reasons", "by_document.to_khai", chu="Tờ khai thiếu chữ ký\nTờ khai mờ")

    assert value_of("reasons")["by_document"]["to_khai"] == ["Tờ khai thiếu chữ ký", "Tờ khai mờ"]


@pytest.mark.parametrize("key", ["", "a.b", "x" * 121])
def test_a_key_that_cannot_be_one_is_refused_and_what_was_typed_stays(desk, key):
    page = send(desk, "reasons", do="them-khoa:by_document", papers="Câu mới gõ", **{"khoa:by_document": key})

    assert page.status == 422 and "Nhập khóa" in page.errors
    assert "Câu mới gõ" in page.text


def test_what_is_wrong_is_saved_named_and_not_published(desk):
    page = desk.get(send(desk, GUIDE, checked_on="hôm kia", title="").location)

    assert page.typed_in("checked_on") == "hôm kia"
    assert "phải là ngày có thật" in page.words and "thiếu, hoặc để trống" in page.words
    page = publish(desk, GUIDE)
    assert page.status == 422 and "checked_on" in page.errors
    assert Library.loaded().guides["nop-ho-so"].title


def test_a_fault_inside_leads_to_where_it_is(desk):
    send(desk, GUIDE, "steps.2", do="", title="")
    page = desk.get(f"{ROOM}sua/{GUIDE}")

    assert "Xem bên trong" in page.words
    assert "thiếu, hoặc để trống" in desk.get(f"{ROOM}sua/{GUIDE}?o=steps.2").words


def test_two_editors_at_once_the_second_is_told_and_loses_nothing(desk, leader):
    path = f"{ROOM}sua/site"
    first, second = (who.get(path).fields("Lưu nháp") for who in (desk, leader))
    desk.post(path, data=first | {"phone": "111", "do": ""})
    page = leader.post(path, data=second | {"phone": "222", "do": ""})

    assert page.status == 409 and "vừa sửa mục này" in page.errors
    assert page.typed_in("phone") == "222" and "111" in page.text
    leader.post(path, data=page.fields("Lưu nháp") | {"do": ""})
    assert value_of("site")["phone"] == "222"


def test_a_double_tap_is_one_change(desk):
    path = f"{ROOM}sua/site"
    fields = desk.get(path).fields("Lưu nháp") | {"do": "them:villages"}
    for _ in range(2):
        desk.post(path, data=fields)

    assert len(value_of("site")["villages"]) == 12


def test_the_newest_change_is_undone_and_a_draft_thrown_away(desk):
    send(desk, "site", phone="111")
    send(desk, "site", phone="222")
    desk.send(f"{ROOM}sua/site", {}, "Hoàn tác")
    assert value_of("site")["phone"] == "111"
    desk.send(f"{ROOM}sua/site", {}, "Bỏ bản nháp")

    assert ContentDraft.select().count() == 0


def test_what_costs_money_is_published_by_another(desk, leader):
    send(desk, BIRTH, "fee", amount="5.000")
    page = publish(desk, BIRTH)
    assert page.status == 409 and "người khác" in page.errors
    publish(leader, BIRTH)

    assert Library.loaded().procedures["dang-ky-khai-sinh"].fee.amount == 5000


def test_an_old_fee_comes_back_by_two(desk, leader):
    send(desk, BIRTH, "fee", amount="5.000")
    publish(leader, BIRTH)
    old = f"{ROOM}lich-su/{BIRTH}/ban/1"

    answer = desk.send(old, {}, "Trả lại bản này")
    assert "Người khác với bạn phải công bố" in desk.get(answer.location).words
    assert content_store.number_of(f"{BIRTH}.yaml") == 2
    refused = leader.send(old, {}, "Trả lại bản này")
    assert refused.status == 409 and "Đang có bản nháp của" in refused.errors

    publish(leader, BIRTH)
    assert content_store.number_of(f"{BIRTH}.yaml") == 3


def test_all_drafts_go_into_force_together_or_not_at_all(desk):
    send(desk, "site", phone="111")
    send(desk, GUIDE, title="")
    assert desk.send(f"{ROOM}cong-bo-tat-ca", {}, "Công bố").status == 422
    assert Library.loaded().site.phone == ""
    send(desk, GUIDE, title="Nộp hồ sơ qua mạng")
    desk.send(f"{ROOM}cong-bo-tat-ca", {}, "Công bố")

    library = Library.loaded()
    assert (library.site.phone, library.guides["nop-ho-so"].title) == ("111", "Nộp hồ sơ qua mạng")


def test_what_was_changed_after_the_look_is_looked_at_again(desk, leader):
    send(desk, "site", phone="111")
    fields = desk.get(f"{ROOM}cong-bo-tat-ca").fields("Công bố")
    send(leader, "site", email="xa@example.vn")

    assert desk.post(f"{ROOM}cong-bo-tat-ca", data=fields).status == 409
    assert Library.loaded().site.phone == ""


def test_the_history_shows_each_difference_and_brings_an_older_text_back(desk, visitor):
    send(desk, "site", phone="111")
    publish(desk, "site")
    page = desk.get(f"{ROOM}lich-su/site")
    assert "Bản số 2, đang dùng" in page.words and "từ thư mục nội dung" in page.words
    assert "+ Điện thoại: 111" in desk.get(f"{ROOM}lich-su/site/ban/2").words
    desk.send(f"{ROOM}lich-su/site/ban/1", {}, "Trả lại bản này")

    assert Library.loaded().site.phone == ""
    assert content_store.number_of("site.yaml") == 3


def test_a_page_too_long_unlooked_at_says_so_until_somebody_looks(desk, visitor, app):
    with time_machine.travel(today() + timedelta(days=120)):
        app.wsgi_app.pages.clear()
        assert "90 ngày" in visitor.get("/huong-dan/nop-ho-so/").words
        assert "90 ngày" in visitor.get("/huong-dan/nop-ho-so/in").words
        assert "90 ngày" in visitor.get("/dich-vu/dang-ky-khai-sinh").words
    app.wsgi_app.pages.clear()
    assert "90 ngày" not in visitor.get("/huong-dan/nop-ho-so/").words


def test_whoever_has_looked_says_so_with_one_button(desk, app):
    old = read_yaml(content_store.text_of(f"{GUIDE}.yaml"), []) | {"checked_on": "2026-01-01"}
    content_store.publish({f"{GUIDE}.yaml": as_text(old)}, make_staff("leader"), content_store.utc_now())
    app.extensions["library"].look_soon()
    assert "quá 90 ngày" in desk.get(ROOM).words
    desk.send(f"{ROOM}sua/{GUIDE}", {}, "Đã xem lại hôm nay")

    assert Library.loaded().guides["nop-ho-so"].checked_on == today()


def test_a_draft_stays_a_draft_when_somebody_says_the_file_still_holds(desk):
    send(desk, GUIDE, title="Tên đang sửa")
    desk.send(f"{ROOM}sua/{GUIDE}", {}, "Đã xem lại hôm nay")
    assert Library.loaded().guides["nop-ho-so"].title != "Tên đang sửa"
    publish(desk, GUIDE)

    found = Library.loaded().guides["nop-ho-so"]
    assert (found.title, found.checked_on) == ("Tên đang sửa", today())


def zipped(texts):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    packed.seek(0)
    return packed


def bring(desk, data, name="noi-dung.zip"):
    fields = desk.get(ROOM).fields("Nhập")
    fields.pop("tep", None)
    return desk.post(f"{ROOM}nhap", data=fields | {"tep": (data, name)})


def test_all_of_it_is_exported_and_comes_back_as_it_was(desk):
    answer = desk.client.get(f"{ROOM}xuat.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}

    assert texts["content/site.yaml"] == content_store.text_of("site.yaml")
    assert len(texts) == len(content_store.current())
    assert bring(desk, io.BytesIO(answer.data)).location.endswith("da=nhap-giong")


def test_what_is_imported_becomes_drafts_that_somebody_publishes(desk):
    text = content_store.text_of("site.yaml").replace('phone: ""', "phone: 0269 111 222")
    bring(desk, zipped({"content/site.yaml": text}))
    assert Library.loaded().site.phone == ""
    publish(desk, "site")

    assert Library.loaded().site.phone == "0269 111 222"


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        ({"../../etc/x.yaml": "a: b"}, "tên tệp"),
        ({"site.yaml": "a: [b"}, "không đọc được YAML"),
        ({"site.yaml": "- a"}, "tên: giá trị"),
        ({"site.yaml": "a: &x b\nc: *x"}, "không dùng dấu *"),
    ],
)
def test_a_file_that_cannot_be_taken_is_named_and_nothing_is_begun(desk, texts, fault):
    page = bring(desk, zipped(texts))

    assert page.status == 422 and fault in page.errors
    assert ContentDraft.select().count() == 0


@pytest.mark.parametrize("data", [b"PK\x03\x04 not a zip", b"PK", b"\xff\xfe\x00", b""])
def test_rubbish_is_no_import(desk, data):
    assert bring(desk, io.BytesIO(data), "site.yaml").status == 422


def test_an_import_does_not_write_over_what_somebody_is_writing(desk, leader):
    send(leader, "site", phone="111")
    page = bring(desk, zipped({"site.yaml": content_store.text_of("site.yaml").replace('phone: ""', "phone: 222")}))

    assert page.status == 422 and "đang có bản nháp" in page.errors
    assert value_of("site")["phone"] == "111"


def test_a_new_procedure_begins_as_one_that_is_like_it(desk, visitor, app):
    answer = desk.post(
        f"{ROOM}them-thu-tuc",
        data=desk.get(f"{ROOM}them-thu-tuc").fields("Thêm") | {"title": "Xác nhận cư trú", "like": "dang-ky-khai-tu"},
    )
    assert answer.location == f"{ROOM}sua/procedures/xac-nhan-cu-tru"
    send(desk, "procedures/xac-nhan-cu-tru", code="9.123456")
    publish(visit_other(app), "procedures/xac-nhan-cu-tru")
    app.wsgi_app.pages.clear()

    assert visitor.get("/dich-vu/xac-nhan-cu-tru").heading == "Xác nhận cư trú"


def visit_other(app):
    """Its fees are copied from another, so another than the writer publishes it."""
    from stage import Visitor

    from database import utc_now
    from rules import logins

    visitor = Visitor(app)
    visitor.client.set_cookie("v", logins.begin_login(make_staff("administrator"), "test", utc_now()), domain="localhost")
    return visitor


@pytest.mark.parametrize("role", ["officer", "specialist", "village_head", "postal_clerk"])
def test_others_find_no_such_room(visit_as, role):
    person = make_staff(role, village="Thôn 1" if role == "village_head" else "")

    assert visit_as(person).get(ROOM).status == visit_as(person).get(f"{ROOM}sua/site").status == 404


@pytest.mark.parametrize(
    "path", ["sua/khong-co", "sua/../app", "sua/site?o=khong", "sua/site?o=villages.99", "sua/announcements/x", "lich-su/khong"]
)
def test_other_places_there_are_not(desk, path):
    assert desk.get(ROOM + path).status == 404


@pytest.mark.parametrize("do", ["bo:villages.99", "len:x.y", "them:", "bo:", "them:name", "them-khoa:villages", "bo:villages.0"])
def test_a_button_that_there_is_not_changes_nothing_and_breaks_nothing(desk, do):
    before = ContentVersion.select().count()

    assert send(desk, "site", do=do).status in (303, 400, 404, 422)
    assert ContentVersion.select().count() == before


def test_nothing_typed_is_too_long_for_the_answer(desk):
    page = send(desk, "site", phone="9" * 20_001)

    assert page.status == 422 and "dài quá" in page.errors


def test_dates_are_days(desk):
    send(desk, GUIDE, checked_on="5/7/2026")

    assert date.fromisoformat(value_of(GUIDE)["checked_on"]) == date(2026, 7, 5)


def test_the_questions_are_shown_as_a_phone_shows_them(desk):
    before = desk.get(f"{ROOM}cau-hoi/{BIRTH}")
    assert before.status == 200 and "Số bản sao" in before.words
    send(desk, BIRTH, "eform.pages.1.questions.1", label="Bé tên gì?")

    assert "Bé tên gì?" in desk.get(f"{ROOM}cau-hoi/{BIRTH}").words
    assert desk.get(f"{ROOM}cau-hoi/eform-chung").status == 200
    assert desk.get(f"{ROOM}cau-hoi/site").status == 404


def test_questions_with_faults_say_where(desk):
    send(desk, BIRTH, "eform.pages.1.questions.1", type="")
    page = desk.get(f"{ROOM}cau-hoi/{BIRTH}")

    assert page.status == 422 and "eform.pages.1.questions.1.type" in page.errors


def test_what_changed_in_force_meanwhile_is_told_and_published_with_open_eyes(desk, leader):
    send(desk, "site", phone="111")
    raw = read_yaml(content_store.text_of("site.yaml"), [])
    content_store.publish(
        {"site.yaml": as_text(raw | {"email": "xa@example.vn"})}, make_staff("administrator"), content_store.utc_now()
    )

    page = publish(desk, "site")
    assert page.status == 409 and "đã được công bố bản khác" in page.errors
    assert "− E-mail: xa@example.vn" in page.words and Library.loaded().site.email == "xa@example.vn"
    desk.post(f"{ROOM}cong-bo/site", data=page.fields("Công bố"))
    assert (Library.loaded().site.phone, Library.loaded().site.email) == ("111", "")


def test_a_new_procedure_from_two_taps_is_one(desk):
    path = f"{ROOM}them-thu-tuc"
    fields = desk.get(path).fields("Thêm") | {"title": "Xác nhận cư trú"}

    assert desk.post(path, data=fields).location == desk.post(path, data=fields).location
    assert ContentDraft.select().count() == 1

"""The desk writes announcements: kept while they are written, looked at, published in one tap, taken down."""

from datetime import timedelta

import pytest
from stage import make_staff, today

from models import ContentDraft, ContentVersion
from rules import content_drafts, content_store

ROOM = "/mot-cua/thong-bao/"
TYPED = {"title": "Thứ Sáu nghỉ nhận hồ sơ", "body": "Thứ Sáu này Bộ phận Một cửa nghỉ.\r\n\r\nBà con đến thứ Hai."}
NAME = "announcements/thu-sau-nghi-nhan-ho-so.yaml"


@pytest.fixture
def editor(app):
    return make_staff("culture")


@pytest.fixture
def desk(visit_as, editor):
    return visit_as(editor)


def send(desk, wanted, path=f"{ROOM}moi", **typed):
    fields = desk.get(path).fields("Công bố")
    return desk.post(path, data=fields | TYPED | {"do": wanted} | typed)


def test_from_text_to_the_public_page_in_one_form(desk, visitor, app):
    answer = send(desk, "cong-bo", make_script="1")
    app.wsgi_app.pages.clear()

    assert answer.location == f"{ROOM}thu-sau-nghi-nhan-ho-so/da-cong-bo"
    assert "Bà con đến thứ Hai." in visitor.get("/thong-bao/thu-sau-nghi-nhan-ho-so").words
    assert "Kính thưa bà con." in content_store.text_of(NAME)


def test_a_second_tap_publishes_nothing_twice(desk):
    fields = desk.get(f"{ROOM}moi").fields("Công bố") | TYPED | {"do": "cong-bo"}
    first, second = desk.post(f"{ROOM}moi", data=fields), desk.post(f"{ROOM}moi", data=fields)

    assert first.location == second.location
    assert ContentVersion.select().where(ContentVersion.file.startswith("announcements/")).count() == 1


def test_a_second_tap_on_an_edit_is_answered_as_the_first(desk):
    send(desk, "cong-bo")
    path = f"{ROOM}thu-sau-nghi-nhan-ho-so"
    send(desk, "luu", path, title="Đổi tên")
    fields = desk.get(path).fields("Công bố") | {"do": "cong-bo", "title": "Đổi tên nữa"}
    answers = [desk.post(path, data=fields).location for _ in range(2)]

    assert answers == [f"{path}/da-cong-bo"] * 2
    assert content_store.number_of(NAME) == 2


def test_a_draft_saved_twice_by_one_form_is_one(desk):
    fields = desk.get(f"{ROOM}moi").fields("Công bố") | TYPED | {"do": "luu"}
    for _ in range(2):
        desk.post(f"{ROOM}moi", data=fields)

    assert [draft.file for draft in ContentDraft.select()] == [NAME]


def test_nobody_outside_sees_a_draft_but_it_can_be_looked_at_as_on_a_phone(desk, visitor):
    answer = send(desk, "xem")

    assert visitor.get("/thong-bao/thu-sau-nghi-nhan-ho-so").status == 404
    page = desk.get(answer.location)
    assert 'width="240"' in page.text
    framed = desk.client.get("/mot-cua/xem-thu/trang/thong-bao/thu-sau-nghi-nhan-ho-so")
    assert "Bà con đến thứ Hai." in framed.text
    assert "frame-ancestors 'self'" in framed.headers["Content-Security-Policy"]
    assert "no-store" in framed.headers["Cache-Control"]


def test_the_preview_shows_public_pages_alone(desk):
    for path in ("mot-cua/", "ca-nhan/", "khong-co", "/evil.example/", "thanh-toan/vnpay/ipn", "h/4/thon-6"):
        assert desk.client.get(f"/mot-cua/xem-thu/trang/{path}").status_code in (404, 308)


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"title": ""}, "Nhập tên thông báo"),
        ({"body": " "}, "Nhập nội dung"),
        ({"title": "a" * 101}, "100"),
        ({"valid_from": "hôm nay"}, "Nhập ngày, tháng, năm"),
        ({"valid_from": ""}, "Nhập ngày bắt đầu"),
        ({"valid_to": "32/1/2026"}, "không có ngày 32"),
        ({"body": "x\x00y"}, ""),
    ],
)
def test_what_is_wrong_is_named_and_nothing_typed_is_lost(desk, typed, fault):
    page = send(desk, "cong-bo", **typed)

    assert page.status == 422 and fault in page.errors
    assert ContentVersion.select().where(ContentVersion.file.startswith("announcements/")).count() == 0
    for value in (TYPED | typed).values():
        if value.strip() and "\x00" not in value:
            assert " ".join(value.split()) in " ".join(page.text.split())


def test_what_only_the_whole_check_finds_is_said_too(desk):
    page = send(desk, "cong-bo", valid_from="5/7/2026", valid_to="4/7/2026")

    assert page.status == 422 and "phải từ ngày bắt đầu trở đi" in page.errors
    assert page.typed_in("valid_to") == "4/7/2026"


def test_two_editors_at_once_and_both_texts_are_on_the_page(desk, visit_as):
    send(desk, "luu")
    path, other = f"{ROOM}thu-sau-nghi-nhan-ho-so", visit_as(make_staff("leader"))
    first, second = desk.get(path).fields("Công bố"), other.get(path).fields("Công bố")
    desk.post(path, data=first | {"title": "Bản của người trước", "do": "luu"})
    page = other.post(path, data=second | {"title": "Bản của người sau", "do": "luu"})

    assert page.status == 409
    assert "Bản của người trước" in page.words and page.typed_in("title") == "Bản của người sau"
    # Pressed once more, the second has decided with open eyes.
    assert other.post(path, data=page.fields("Công bố") | {"do": "luu"}).status == 303
    assert content_drafts.writing(NAME).value["title"] == "Bản của người sau"


def test_taken_down_it_is_gone_and_its_text_is_kept(desk, visitor, app):
    send(desk, "cong-bo")
    desk.send(f"{ROOM}thu-sau-nghi-nhan-ho-so/go-xuong", {}, "Gỡ xuống")
    app.wsgi_app.pages.clear()

    assert visitor.get("/thong-bao/thu-sau-nghi-nhan-ho-so").status == 404
    assert content_store.version_of(NAME, 1).text.startswith("slug: ")


def test_a_draft_is_thrown_away(desk):
    send(desk, "luu")
    desk.send(f"{ROOM}thu-sau-nghi-nhan-ho-so", {}, "Bỏ bản nháp")

    assert ContentDraft.select().count() == 0


@pytest.mark.parametrize("slug", ["nop-ho-so", "dang-ky-khai-sinh"])
def test_guides_and_procedures_suggest_a_text_and_its_words_aloud(desk, slug):
    page = desk.get(f"{ROOM}moi?tu={slug}")

    assert page.typed_in("title").startswith("Cách làm: ")
    assert "Kính thưa bà con." in page.text
    assert desk.post(f"{ROOM}moi", data=page.fields("Công bố") | {"do": "cong-bo"}).location


def test_a_long_sentence_and_the_time_it_takes_are_shown(desk):
    page = desk.get(send(desk, "luu", script_vi=" ".join(["dài"] * 30) + ".").location)

    assert "Đọc khoảng 12 giây" in page.words and "1 câu dài quá 20 chữ" in page.words


@pytest.mark.parametrize("role", ["officer", "specialist", "village_head", "postal_clerk"])
def test_others_find_no_such_room(visit_as, role):
    person = make_staff(role, village="Thôn 1" if role == "village_head" else "")

    assert visit_as(person).get(ROOM).status == 404


def test_the_list_shows_what_is_written_coming_in_force_and_over(desk):
    send(desk, "luu", title="Đang viết dở")
    send(desk, "cong-bo", title="Đang dùng đây")
    send(desk, "cong-bo", title="Còn lâu mới tới", valid_from=str((today() + timedelta(days=9)).strftime("%d/%m/%Y")))
    page = desk.get(ROOM)

    order = [page.words.index(name) for name in ("Đang viết dở", "Còn lâu mới tới", "Đang dùng đây")]
    assert order == sorted(order)


def test_no_announcement_takes_an_address_of_the_desk(desk):
    assert send(desk, "luu", title="Mới").location == f"{ROOM}moi-2?da=luu"


def test_what_changed_in_force_meanwhile_is_told_and_replaced_at_the_second_press(desk, editor):
    send(desk, "cong-bo")
    path = f"{ROOM}thu-sau-nghi-nhan-ho-so"
    send(desk, "luu", path, title="Bản nháp")
    content_drafts.restore(content_store.version_of(NAME, 1), make_staff("leader"), content_store.utc_now())
    content_store.publish({NAME: content_store.text_of(NAME) + "pinned: true\n"}, editor, content_store.utc_now())

    page = desk.post(path, data=desk.get(path).fields("Công bố") | {"do": "cong-bo"})
    assert page.status == 409 and "bản khác" in page.errors
    assert desk.post(path, data=page.fields("Công bố") | {"do": "cong-bo"}).location == f"{path}/da-cong-bo"

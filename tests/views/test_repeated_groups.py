"""Pages asked once for each child, answers that must go together, answers of an earlier dossier: as people meet them."""

from datetime import date

import msgspec
import pytest
from flask import g
from stage import BIRTH, good_answers, make_account

from database import utc_now
from models import Dossier, Draft
from rules import desk, eform, submission
from views.walk import Walk

BEGIN = f"/nop-ho-so/{BIRTH}/"
CHECK = f"{BEGIN}xem-lai"
FIRST, SECOND, THIRD = f"{BEGIN}trang-5", f"{BEGIN}trang-5/2", f"{BEGIN}trang-5/3"
GO_ON, MORE, DROP = "Lưu và đi tiếp", "Lưu và thêm người con", "Bỏ người con này"
ALSO, WITHOUT = {"more": "1"}, {"drop": "1"}
TODAY = date(2026, 11, 23)


@pytest.fixture
def form(library, monkeypatch):
    """The example's e-form, as if it were the one of a birth registration."""
    definition = msgspec.to_builtins(library.example_eform)
    monkeypatch.setitem(library.definitions, BIRTH, library.definitions[BIRTH] | {"eform": definition})
    return definition


@pytest.fixture
def parent(visit_as, account, form):
    """Somebody who said that the children come along."""
    draft = submission.open_or_begin_draft(account, BIRTH, utc_now())
    submission.save_page(draft, "page-2", {"ca_nha_cung_di": "co", "phan_thi": "Nấu ăn", "ngay_thi": "2099"}, utc_now())
    return visit_as(account)


def child(number: int, name: str, born: str = "2020") -> dict[str, str]:
    return {f"con_ho_ten.{number}": name, f"con_ngay_sinh.{number}": born}


def three_children(parent):
    parent.send(FIRST, child(1, "Siu Một") | ALSO, GO_ON)
    parent.send(SECOND, child(2, "Siu Hai") | ALSO, GO_ON)
    parent.send(THIRD, child(3, "Siu Ba"), GO_ON)


def children() -> list[str]:
    answers = Draft.get().answers
    count = int(answers.get("con.count", 1))
    return [answers.get(f"con_ho_ten.{n}", "") for n in range(1, count + 1)]


# --- one page, several children --------------------------------------------------------------------------------------


def test_the_first_child_is_asked_for_like_any_other_page(parent):
    page = parent.get(FIRST)

    assert page.heading == "Con đi cùng – người con thứ nhất"
    assert page.buttons == [GO_ON, MORE]


def test_another_child_is_added_and_both_are_kept(parent):
    sent = parent.send(FIRST, child(1, "Siu Một") | ALSO, GO_ON)
    assert sent.location == SECOND
    page = parent.get(SECOND)
    assert page.heading == "Con đi cùng – người con thứ 2"
    assert page.buttons == [GO_ON, MORE, DROP]
    parent.send(SECOND, child(2, "Siu Hai"), GO_ON)

    assert children() == ["Siu Một", "Siu Hai"]
    assert parent.get(SECOND).links["Quay lại trang trước"] == FIRST


def test_pressing_twice_adds_one(parent):
    fields = parent.get(FIRST).fields(GO_ON) | child(1, "Siu Một") | ALSO
    assert [parent.post(FIRST, fields).location for _ in range(3)] == [SECOND] * 3

    assert Draft.get().answers["con.count"] == "2"


def test_nothing_is_added_to_a_page_that_must_be_mended_and_nothing_typed_is_lost(parent):
    page = parent.send(FIRST, child(1, "Siu Một", "hôm qua") | ALSO, GO_ON)

    assert page.status == 422
    assert "Nhập ngày, tháng, năm bằng số" in page.errors
    assert page.typed_in("con_ho_ten.1") == "Siu Một" and page.typed_in("con_ngay_sinh.1") == "hôm qua"
    assert "con.count" not in Draft.get().answers


def test_more_than_the_form_allows_are_not_added(parent, form):
    definition = form["pages"][4]
    draft = Draft.get()
    draft.answers = eform.with_items(definition, draft.answers, 8)
    draft.save()
    page = parent.get(f"{BEGIN}trang-5/8")
    assert page.buttons == [GO_ON, DROP]

    sent = parent.send(f"{BEGIN}trang-5/8", child(8, "Siu Tám") | ALSO, GO_ON)
    assert sent.status == 303 and "trang-5/9" not in sent.location
    assert Draft.get().answers["con.count"] == "8"
    assert parent.get(f"{BEGIN}trang-5/9").status == parent.post(f"{BEGIN}trang-5/9", child(9, "x")).status == 404


def test_one_child_is_dropped_and_the_later_ones_move_up(parent):
    three_children(parent)
    sent = parent.send(SECOND, WITHOUT, GO_ON)

    assert sent.location == SECOND
    assert children() == ["Siu Một", "Siu Ba"]
    assert parent.get(SECOND).typed_in("con_ho_ten.2") == "Siu Ba"
    assert parent.get(THIRD).location == SECOND, "an old address leads to the last child there is"


def test_pressing_twice_drops_one(parent):
    three_children(parent)
    fields = parent.get(SECOND).fields(GO_ON) | WITHOUT
    assert {parent.post(SECOND, fields).status for _ in range(3)} == {303}

    assert children() == ["Siu Một", "Siu Ba"]


def test_a_child_just_added_is_dropped_again_and_only_once(parent):
    parent.send(FIRST, child(1, "Siu Một") | ALSO, GO_ON)
    fields = parent.get(SECOND).fields(GO_ON) | WITHOUT
    answers = [parent.post(SECOND, fields) for _ in range(2)]

    assert [answer.status for answer in answers] == [303, 303]
    assert children() == ["Siu Một"]


def test_the_first_child_cannot_be_dropped_alone(parent):
    parent.send(FIRST, child(1, "Siu Một"), GO_ON)
    parent.post(FIRST, WITHOUT)

    assert children() == ["Siu Một"]


def test_an_old_form_does_not_write_over_the_child_that_moved_up(parent):
    three_children(parent)
    old = parent.get(SECOND).fields(GO_ON)
    parent.send(SECOND, WITHOUT, GO_ON)
    page = parent.post(SECOND, old | child(2, "Siu Hai Mới"))

    assert page.status == 409
    assert page.typed_in("con_ho_ten.2") == "Siu Hai Mới", "what was typed is still there"
    assert children() == ["Siu Một", "Siu Ba"]


def test_what_is_typed_into_a_child_dropped_at_another_phone_is_kept(parent, visit_as, account):
    three_children(parent)
    here = parent.get(THIRD).fields(GO_ON) | child(3, "Siu Ba Sửa")
    visit_as(account).send(SECOND, WITHOUT, GO_ON)
    sent = parent.post(THIRD, here)

    assert sent.status == 303
    assert children() == ["Siu Một", "Siu Ba", "Siu Ba Sửa"]


def test_a_form_without_its_token_adds_and_drops_nothing(parent):
    three_children(parent)
    before = Draft.get().answers
    for data in (WITHOUT, ALSO | child(3, "Người lạ")):
        assert parent.client.post(THIRD, data=data).status_code == 422

    assert Draft.get().answers == before


def test_where_no_children_come_along_they_are_not_asked_for(parent):
    draft = Draft.get()
    submission.save_page(draft, "page-2", {"ca_nha_cung_di": "khong"}, utc_now())

    assert parent.get(FIRST).status == parent.get(f"{BEGIN}trang-4").status == 404
    assert "Con đi cùng" not in parent.get(CHECK).words


@pytest.mark.parametrize("address", ["trang-0", "trang-9", "trang-1/2", "trang-5/0", "trang-5/21", "trang-5/x"])
def test_a_page_that_is_not_in_the_form_is_missing(parent, address):
    assert parent.get(BEGIN + address).status == 404


def test_a_neighbour_neither_sees_nor_drops_my_children(parent, visit_as):
    three_children(parent)
    neighbour = visit_as(make_account(full_name="Nay Khác"))
    neighbour.post(SECOND, WITHOUT)

    assert "Siu Hai" not in neighbour.get(CHECK).text
    assert [answers.get("con_ho_ten.2") for answers in (d.answers for d in Draft.select().order_by(Draft.id))][0] == "Siu Hai"


def test_the_check_page_shows_every_child_and_leads_back_to_each(parent):
    three_children(parent)
    page = parent.get(CHECK)

    assert all(name in page.words for name in ("Siu Một", "Siu Hai", "Siu Ba"))
    assert f"{SECOND}?from_check=1" in page.text and f"{FIRST}?from_check=1" in page.text


def test_a_child_added_from_the_check_page_leads_back_there(parent):
    three_children(parent)
    sent = parent.send(f"{THIRD}?from_check=1", ALSO, GO_ON)
    assert sent.location == f"{BEGIN}trang-5/4?from_check=1"

    assert parent.send(sent.location, child(4, "Siu Bốn"), GO_ON).location == CHECK


def test_a_child_with_an_answer_missing_is_a_gap(parent, form):
    three_children(parent)
    draft = Draft.get()
    submission.save_page(draft, "page-5.2", {"con_ngay_sinh.2": ""}, utc_now())

    procedure = {"eform": form, "postal": {"return": False}, "service_kind": "", "channels": [], "documents": []}
    assert "page-5.2" in submission.gaps(draft, procedure, TODAY)
    assert not {"page-5.1", "page-5.3"} & set(submission.gaps(draft, procedure, TODAY))


def test_the_desk_reads_every_child(parent, form):
    answers = (
        good_answers({"eform": form}) | {"ca_nha_cung_di": "co", "con.count": "2"} | child(1, "Siu Một") | child(2, "Siu Hai")
    )
    dossier = Dossier(procedure={"eform": form}, answers=answers)
    shown = dict(desk.answers_shown(dossier, utc_now()))

    assert dict(shown["Con đi cùng – người con thứ nhất"])["Họ tên của con"] == "Siu Một"
    assert dict(shown["Con đi cùng – người con thứ 2"])["Họ tên của con"] == "Siu Hai"


def test_the_desk_reads_a_dossier_of_before_these_features(account):
    old = {"pages": [{"title": "Một", "questions": [{"key": "a", "label": "A", "type": "text", "required": True}]}]}
    dossier = Dossier(procedure={"eform": old}, answers={"a": "x"})

    assert desk.answers_shown(dossier, utc_now()) == [("Một", [("A", "x")])]


# --- answers that must go together -----------------------------------------------------------------------------------


def money(parts: str, total: str) -> dict[str, str]:
    return {"tien_trang_phuc": parts, "tien_xe": "", "tong_tien": total}


def test_amounts_that_do_not_add_up_are_said_beside_the_total(parent):
    page = parent.send(f"{BEGIN}trang-3", money("1,5 triệu", "2.000.000"), GO_ON)

    assert page.status == 422
    assert page.errors.endswith("Tổng số tiền chưa bằng các khoản cộng lại. Xem lại từng số tiền.")
    assert page.links["Tổng số tiền chưa bằng các khoản cộng lại. Xem lại từng số tiền."] == "#tong_tien"
    assert page.typed_in("tien_trang_phuc") == "1,5 triệu"


def test_amounts_that_add_up_go_on(parent):
    assert parent.send(f"{BEGIN}trang-3", money("1,5 triệu", "1.500.000 đ"), GO_ON).status == 303
    assert "1.500.000" in parent.get(CHECK).words


def test_a_rule_between_two_pages_is_told_on_the_later_one_and_on_the_check_page(parent):
    draft = Draft.get()
    submission.save_page(draft, "page-1", {"ngay_sinh": "2090"}, utc_now())
    submission.save_page(draft, "page-1", {"ngay_sinh": "2020"}, utc_now())
    submission.save_page(draft, "page-2", {"ngay_thi": "5/7/2027"}, utc_now())
    page = parent.get(f"{BEGIN}trang-2")

    assert "phải đủ 16 tuổi" in page.errors
    assert "phải đủ 16 tuổi" not in parent.get(f"{BEGIN}trang-1").words
    assert f"{BEGIN}trang-2?from_check=1" in parent.get(CHECK).text


def test_a_rule_of_a_repeated_page_names_the_child_it_is_about(parent):
    parent.send(FIRST, child(1, "Siu Một", "2020") | ALSO, GO_ON)
    page = parent.send(SECOND, child(2, "Siu Hai", "1990"), GO_ON)

    assert page.status == 422 and "#con_ngay_sinh.2" in page.text
    assert parent.get(FIRST).errors == ""


# --- an earlier dossier, an example ----------------------------------------------------------------------------------


@pytest.fixture
def earlier(account, submit):
    """A dossier of the same account, with a phone number of its own."""
    dossier = submit(account)
    dossier.answers = dossier.answers | {"dien_thoai": "0987654321"}
    dossier.save(only=[Dossier.answers])
    return dossier


def test_an_earlier_answer_is_proposed_and_shown(account, earlier, visit_as, form):
    page = visit_as(account).get(f"{BEGIN}trang-1")

    assert page.typed_in("dien_thoai") == "0987654321"


def test_an_earlier_answer_of_another_account_is_not(earlier, visit_as, form):
    page = visit_as(make_account(full_name="Nay Khác")).get(f"{BEGIN}trang-1")

    assert "0987654321" not in page.text and page.typed_in("dien_thoai") == ""


def test_whoever_helps_is_not_shown_what_stands_in_earlier_dossiers(app, account, earlier, form, library):
    with app.test_request_context():
        g.library = library
        walk = Walk(BIRTH, account, library.definitions[BIRTH], None)
        assert walk.known_answers()["dien_thoai"] == "0987654321"
        walk.is_own = False
        assert "dien_thoai" not in walk.known_answers()


def test_an_example_stands_beside_its_question(parent):
    assert "Ví dụ: 1.500.000, hoặc 1,5 triệu" in parent.get(f"{BEGIN}trang-3").words


def test_every_child_has_its_question_in_what_a_person_takes_along(parent, form):
    three_children(parent)
    questions = eform.all_questions(form["pages"], Draft.get().answers)

    assert questions["con_ho_ten.3"]["label"] == "Họ tên của con"
    assert questions["con.count"]["label"] == "Số người con"

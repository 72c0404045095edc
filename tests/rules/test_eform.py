"""The e-form engine: every type of question, read from what people type; which questions are asked."""

from datetime import date
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from rules import WrongInput
from rules.content import QuestionType, read_content
from rules.eform import (
    KINDS,
    TYPED_MOST,
    asked_pages,
    faults,
    is_asked,
    missing_message,
    open_questions,
    read_answer,
    show_answer,
)

TODAY = date(2026, 11, 23)
TYPES = get_args(QuestionType)
SHIPPED = Path(__file__).parents[2] / "content"


def question(kind: str, **more) -> dict:
    known = {"key": "q", "label": "Câu hỏi", "choices": ["Nam", "Nữ"], "required": True, "old_number_too": False}
    return known | {"type": kind} | more


def read(kind: str, typed: str, **more) -> str:
    return read_answer(question(kind, **more), typed, TODAY)


def refusal(kind: str, typed: str, **more) -> str:
    with pytest.raises(WrongInput) as fault:
        read(kind, typed, **more)
    return str(fault.value)


@pytest.fixture(scope="module")
def definitions():
    content = read_content(SHIPPED)
    forms = {p.slug: p.eform for p in content.procedures if p.eform} | {"general": content.general_eform}
    return {slug: msgspec.to_builtins(form)["pages"] for slug, form in forms.items()}


# --- every type ------------------------------------------------------------------------------------------------------

RIGHT = {
    "text": [("Rơ Châm  H’Lan ", "Rơ Châm H’Lan"), ("a", "a"), ("x" * 200, "x" * 200)],
    "address": [("Thôn 6, xã Ia Băng", "Thôn 6, xã Ia Băng")],
    "village": [("Thôn 6", "Thôn 6"), ("Plei Bông", "Plei Bông")],
    "textarea": [("dòng một\r\ndòng  hai", "dòng một\ndòng hai"), ("x" * 1000, "x" * 1000)],
    "date": [
        ("5/7/2026", "5/7/2026"),
        ("05072026", "5/7/2026"),
        ("2026-07-05", "5/7/2026"),
        ("7/1950", "7/1950"),
        ("1950", "1950"),
    ],
    "id_number": [
        ("064090001234", "064090001234"),
        ("0640 9000 1234", "064090001234"),
        ("０６４０９０００１２３４", "064090001234"),
    ],
    "phone": [("0912345678", "+84912345678"), ("+84 912 345 678", "+84912345678")],
    "number": [("2", "2"), ("8.000.000", "8000000"), ("８", "8"), ("007", "7"), ("0", "0")],
    "choice": [("Nam", "Nam"), ("Nữ", "Nữ")],
    "yes_no": [("co", "co"), ("khong", "khong")],
}
WRONG = {
    "text": ["x" * 201, "a\x00b", "dòng một\ndòng hai", "\u202eđảo", "\ud800"],
    "address": ["x" * 201, "Thôn\x07 6"],
    "village": ["x" * 201, "Thôn\n6"],
    "textarea": ["x" * 1001, "a\x1bb"],
    "date": ["32/1/2026", "5/7/26", "hôm qua", "29/2/2026", "1899", "0"],
    "id_number": ["064090001", "06409000123", "0640900012345", "sáu bốn"],
    "phone": ["0112345678", "091234567", "gọi chồng tôi"],
    "number": ["hai", "-1", "1e3", "½", ".", "1" * 13],
    "choice": ["nam", "Khác", "N"],
    "yes_no": ["có", "true", "1"],
}


def test_every_type_a_definition_may_use_has_a_row_here_and_in_the_engine():
    assert set(TYPES) == set(KINDS) == set(RIGHT) == set(WRONG)


def test_every_type_is_asked_with_a_control_that_has_a_template():
    known = {"line", "lines", "date", "digits", "phone", "village", "choice", "yes_no"}

    assert {kind.control for kind in KINDS.values()} == known


@pytest.mark.parametrize("kind, typed, value", [(kind, *pair) for kind, pairs in RIGHT.items() for pair in pairs])
def test_a_right_answer_is_read(kind, typed, value):
    assert read(kind, typed) == value


@pytest.mark.parametrize("kind, value", [(kind, value) for kind, pairs in RIGHT.items() for _, value in pairs])
def test_what_was_read_reads_the_same_again(kind, value):
    assert read(kind, value) == value


@pytest.mark.parametrize("kind, typed", [(kind, typed) for kind, answers in WRONG.items() for typed in answers])
def test_a_wrong_answer_is_refused_with_what_to_do(kind, typed):
    assert len(refusal(kind, typed)) > 10
    assert faults([question(kind)], {"q": typed}, TODAY) == {"q": refusal(kind, typed)}


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("typed", ["", "   ", "\n"])
def test_nothing_is_missed_where_something_is_needed_and_fine_where_not(kind, typed):
    assert refusal(kind, typed) == missing_message(question(kind))
    assert read(kind, typed, required=False) == ""


@pytest.mark.parametrize("kind", ["text", "address", "village", "textarea"])
@pytest.mark.parametrize("unseen", ["\u200b", "\ufeff\u00ad", " \u2060 "])
def test_signs_nobody_sees_are_nothing(kind, unseen):
    assert refusal(kind, unseen) == missing_message(question(kind))
    assert read(kind, unseen, required=False) == ""


@pytest.mark.parametrize("kind", TYPES)
def test_a_wrong_answer_is_wrong_even_where_none_is_needed(kind):
    refusal(kind, WRONG[kind][0], required=False)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("typed", ["x" * TYPED_MOST, "0" * TYPED_MOST, "\x00", "\ud800", "\u202e", "<script>"])
def test_no_answer_breaks_anything(kind, typed):
    assert isinstance(faults([question(kind)], {"q": typed}, TODAY), dict)
    assert isinstance(show_answer(question(kind), typed, TODAY), str)


@pytest.mark.parametrize("kind, verb", [("text", "Nhập"), ("date", "Nhập"), ("choice", "Chọn"), ("yes_no", "Chọn")])
def test_what_is_missing_is_asked_for_by_its_label(kind, verb):
    assert missing_message(question(kind)) == f"{verb}: Câu hỏi"


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text", "address", "village", "textarea"])
def test_the_definition_says_how_long_an_answer_may_be(kind):
    assert read(kind, "ơ" * 40, max_length=40) == "ơ" * 40
    assert "nhiều nhất 40 ký tự" in refusal(kind, "ơ" * 41, max_length=40)


@pytest.mark.parametrize("typed, said", [("0", "từ 1 trở lên"), ("51", "từ 50 trở xuống")])
def test_a_number_keeps_its_limits(typed, said):
    assert [read("number", n, min=1, max=50) for n in ("1", "50")] == ["1", "50"]
    assert said in refusal("number", typed, min=1, max=50)


@pytest.mark.parametrize(
    "typed, is_future",
    [
        ("23/11/2026", False),
        ("24/11/2026", True),
        ("11/2026", False),
        ("12/2026", True),
        ("2026", False),
        ("2027", True),
    ],
)
def test_a_birth_is_not_in_the_future(typed, is_future):
    assert bool(faults([question("date", rule="not_future")], {"q": typed}, TODAY)) == is_future


@pytest.mark.parametrize(
    "typed, is_past",
    [
        ("23/11/2026", False),
        ("22/11/2026", True),
        ("11/2026", False),
        ("10/2026", True),
        ("2026", False),
        ("2025", True),
    ],
)
def test_a_plan_is_not_in_the_past(typed, is_past):
    assert bool(faults([question("date", rule="not_past")], {"q": typed}, TODAY)) == is_past


def test_an_old_number_is_read_only_where_the_definition_says_so():
    assert read("id_number", "230123456", old_number_too=True) == "230123456"
    assert "không còn dùng" in refusal("id_number", "230123456")


# --- showing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind, typed, shown",
    [
        ("phone", "0912345678", "0912 345 678"),
        ("yes_no", "co", "Có"),
        ("yes_no", "khong", "Không"),
        ("date", "05072026", "5/7/2026"),
        ("text", " H’Lan ", "H’Lan"),
        ("id_number", "0640 9000 1234", "064090001234"),
        ("text", "", ""),
        ("date", "hôm qua", "hôm qua"),
    ],
)
def test_an_answer_is_shown_as_people_read_it_and_a_wrong_one_as_typed(kind, typed, shown):
    assert show_answer(question(kind), typed, TODAY) == shown


# --- which questions are asked ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "show_if, answers, asked",
    [
        ({}, {}, True),
        ({"a": "true"}, {"a": "co"}, True),
        ({"a": "true"}, {"a": "khong"}, False),
        ({"a": "true"}, {}, False),
        ({"a": True}, {"a": "co"}, True),
        ({"a": "false"}, {"a": "khong"}, True),
        ({"a": "Nam"}, {"a": " Nam "}, True),
        ({"a": "Nam"}, {"a": "nam"}, False),
        ({"a": ["Nam", "Nữ"]}, {"a": "Nữ"}, True),
        ({"a": ["Nam", "Nữ"]}, {"a": "Khác"}, False),
        ({"a": ""}, {}, True),
        ({"a": ""}, {"a": "  "}, True),
        ({"a": ""}, {"a": "12"}, False),
        ({"a": "true", "b": "Nam"}, {"a": "co", "b": "Nam"}, True),
        ({"a": "true", "b": "Nam"}, {"a": "co", "b": "Nữ"}, False),
    ],
)
def test_a_question_is_asked_when_earlier_answers_call_for_it(show_if, answers, asked):
    assert is_asked(question("text", show_if=show_if), answers) == asked


def test_a_page_without_a_question_left_is_not_asked_and_the_others_keep_their_numbers():
    pages = [
        {"title": "Một", "questions": [question("yes_no", key="a")]},
        {"title": "Hai", "questions": [question("text", key="b", show_if={"a": "true"})]},
        {"title": "Ba", "questions": [question("text", key="c"), question("text", key="d", show_if={"a": "true"})]},
    ]

    def asked(**answers):
        return [(page["number"], [q["key"] for q in page["questions"]]) for page in asked_pages(pages, answers)]

    assert asked(a="khong") == [(1, ["a"]), (3, ["c"])]
    assert asked(a="co") == [(1, ["a"]), (2, ["b"]), (3, ["c", "d"])]
    assert len(pages[2]["questions"]) == 2, "the definition itself stays whole"


def test_a_marriage_is_asked_about_only_where_there_is_one(definitions):
    birth = definitions["dang-ky-khai-sinh"]

    def keys(**answers):
        return {q["key"] for page in asked_pages(birth, answers) for q in page["questions"]}

    assert {"gcn_ket_hon_so", "cha_ho_ten"} <= keys(cha_me_ket_hon="co", cha_xac_dinh="co")
    assert not {"gcn_ket_hon_so", "cha_ho_ten"} & keys(cha_me_ket_hon="khong", cha_xac_dinh="khong")


def test_what_the_account_answered_well_is_not_asked_again():
    known, wrong = (question("phone", key=key, prefill="phone") for key in "ab")
    unknown = question("phone", key="c")

    left = open_questions([known, wrong, unknown], {"a": "0912345678", "b": "123", "c": "0912345678"}, TODAY)
    assert [q["key"] for q in left] == ["b", "c"]


# --- what ships ------------------------------------------------------------------------------------------------------


def all_questions(definitions) -> list[tuple[str, dict]]:
    return [(slug, q) for slug, pages in definitions.items() for page in pages for q in page["questions"]]


def test_every_shipped_question_can_be_answered_and_left_out(definitions):
    questions = [q for _, q in all_questions(definitions)]

    assert len(questions) > 100
    assert {q["type"] for q in questions} <= set(KINDS)
    assert {q["key"] for q in questions if q["required"] and not faults([q], {}, TODAY)} == set()
    assert {q["key"] for q in questions if not q["required"] and faults([q], {}, TODAY)} == set()


def test_no_shipped_question_wants_more_than_a_draft_keeps(definitions):
    assert [q["key"] for _, q in all_questions(definitions) if (q["max_length"] or 0) >= TYPED_MOST] == []


def test_no_condition_hangs_on_a_question_that_may_itself_be_hidden(definitions):
    hidden = {(slug, q["key"]) for slug, q in all_questions(definitions) if q["show_if"]}
    chained = {(slug, key) for slug, q in all_questions(definitions) for key in q["show_if"]}

    assert chained & hidden == set(), "the answer of a hidden question stays in the draft, and would still decide"

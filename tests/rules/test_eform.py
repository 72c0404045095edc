"""The e-form engine: every type of question, read from what people type; which questions are asked."""

import re
from datetime import date
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import WrongInput
from rules.content import QuestionType, read_content
from rules.eform import (
    CHECKS,
    KINDS,
    TYPED_MOST,
    all_questions,
    asked_pages,
    check_faults,
    count_items,
    earlier_answers,
    faults,
    faults_by_page,
    is_asked,
    missing_message,
    open_questions,
    page_faults,
    read_answer,
    show_answer,
    with_items,
    without_item,
)

TODAY = date(2026, 11, 23)
TYPES = get_args(QuestionType)
SHIPPED = Path(__file__).parents[2] / "content"
quick = settings(max_examples=60, deadline=None)


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
def forms():
    content = read_content(SHIPPED)
    shipped = {p.slug: p.eform for p in content.procedures if p.eform}
    return {
        slug: msgspec.to_builtins(form)
        for slug, form in (shipped | {"general": content.general_eform, "example": content.example_eform}).items()
    }


@pytest.fixture(scope="module")
def definitions(forms):
    return {slug: form["pages"] for slug, form in forms.items()}


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
        ("5-7-2026", "5/7/2026"),
        ("5.7.2026", "5/7/2026"),
        ("5*7*2026", "5/7/2026"),
        ("5\\7\\2026", "5/7/2026"),
        ("ngày 5 tháng 7 năm 2026", "5/7/2026"),
        ("sinh ngày 5/7/2026", "5/7/2026"),
        ("tháng 7 năm 2026", "7/2026"),
        ("sinh năm 1950", "1950"),
    ],
    "id_number": [
        ("064090001234", "064090001234"),
        ("0640 9000 1234", "064090001234"),
        ("０６４０９０００１２３４", "064090001234"),
    ],
    "phone": [("0912345678", "+84912345678"), ("+84 912 345 678", "+84912345678")],
    "number": [
        ("2", "2"),
        ("8.000.000", "8000000"),
        ("８", "8"),
        ("007", "7"),
        ("0", "0"),
        ("1.500.000", "1500000"),
        ("1,500,000", "1500000"),
        ("1 500 000 đ", "1500000"),
        ("1\u00a0500\u00a0000đ", "1500000"),
        ("1500000 đồng", "1500000"),
        ("1500000 VNĐ", "1500000"),
        ("1,5 triệu", "1500000"),
        ("1.5 triệu đồng", "1500000"),
        ("1,25 tỷ", "1250000000"),
        ("500 nghìn", "500000"),
        ("500 ngàn", "500000"),
        ("500k", "500000"),
        ("2tr", "2000000"),
        ("1.500 nghìn", "1500000"),
        ("1 triệu 200 nghìn", "1200000"),
    ],
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
    "number": [
        "hai",
        "-1",
        "1e3",
        "½",
        ".",
        "1" * 13,
        "1.5",
        "1,50",
        "2²",
        "1.50.000",
        "1 triệu 200",
        "2tr5",
        "1 nghìn 1 triệu",
        "5 km",
        "500 k 500 k",
        "999999 tỷ",
        "triệu",
        "1.500,000",
        "0.500",
    ],
    "choice": ["nam", "Khác", "N"],
    "yes_no": ["có", "true", "1"],
}

TO_DO = re.compile(r"\b(Nhập|Chọn|Gõ|Xem lại|Viết|Bỏ|Xóa|Ghi|Đếm lại|Cộng lại|So lại|Sửa|Thêm|Hỏi)\b", re.IGNORECASE)
ENGLISH = re.compile(r"\b(the|is|not|must|value|invalid|error|required|field|number|date|none|year)\b", re.IGNORECASE)


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
    message = refusal(kind, typed)
    assert TO_DO.search(message), message
    assert not ENGLISH.search(message), message
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
        ("number", "2026", "2026"),
        ("number", "1,5 triệu", "1.500.000"),
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


def shipped_questions(definitions) -> list[tuple[str, dict]]:
    return [(slug, q) for slug, pages in definitions.items() for page in pages for q in page["questions"]]


def test_every_shipped_question_can_be_answered_and_left_out(definitions):
    questions = [q for _, q in shipped_questions(definitions)]

    assert len(questions) > 100
    assert {q["type"] for q in questions} <= set(KINDS)
    assert {q["key"] for q in questions if q["required"] and not faults([q], {}, TODAY)} == set()
    assert {q["key"] for q in questions if not q["required"] and faults([q], {}, TODAY)} == set()


def test_no_shipped_question_wants_more_than_a_draft_keeps(definitions):
    assert [q["key"] for _, q in shipped_questions(definitions) if (q["max_length"] or 0) >= TYPED_MOST] == []


def test_every_shipped_check_says_what_to_do(forms):
    messages = [check["message"] for form in forms.values() for check in form["checks"]]

    assert len(messages) >= 5
    assert [message for message in messages if not TO_DO.search(message) or ENGLISH.search(message)] == []


# --- conditions of pages, and conditions on conditions ----------------------------------------------------------------


def test_a_page_is_asked_when_an_earlier_answer_calls_for_it():
    pages = [
        {"title": "Một", "questions": [question("yes_no", key="a")]},
        {"title": "Hai", "show_if": {"a": "true"}, "questions": [question("text", key="b"), question("text", key="c")]},
    ]

    assert [page["name"] for page in asked_pages(pages, {"a": "co"})] == ["page-1", "page-2"]
    assert [page["name"] for page in asked_pages(pages, {"a": "khong"})] == ["page-1"]


def test_the_answer_to_a_question_that_is_asked_no_more_decides_nothing():
    pages = [
        {"title": "Một", "questions": [question("yes_no", key="a")]},
        {"title": "Hai", "questions": [question("yes_no", key="b", show_if={"a": "true"})]},
        {"title": "Ba", "questions": [question("text", key="c", show_if={"b": "true"})]},
    ]

    assert len(asked_pages(pages, {"a": "co", "b": "co"})) == 3
    assert len(asked_pages(pages, {"a": "khong", "b": "co"})) == 1


# --- repeated pages --------------------------------------------------------------------------------------------------

CHILDREN = {
    "title": "Con của bạn",
    "group": "Con",
    "repeat": {"key": "con", "of": "người con", "most": 5},
    "questions": [question("text", key="ten"), question("date", key="sinh"), question("number", key="tien", required=False)],
}
FAMILY = [
    {"title": "Bạn", "questions": [question("yes_no", key="co_con"), question("date", key="me_sinh", required=False)]},
    CHILDREN,
    {"title": "Tiền", "questions": [question("number", key="tong", required=False)]},
]


def test_a_repeated_page_comes_once_for_each_item():
    pages = asked_pages(FAMILY, {"con.count": "2"})

    assert [(p["number"], p["item"], p["name"]) for p in pages] == [
        (1, None, "page-1"),
        (2, 1, "page-2.1"),
        (2, 2, "page-2.2"),
        (3, None, "page-3"),
    ]
    assert pages[2]["title"] == "Con của bạn – người con thứ 2"
    assert [q["key"] for q in pages[2]["questions"]] == ["ten.2", "sinh.2", "tien.2"]
    assert CHILDREN["questions"][0]["key"] == "ten", "the definition itself stays whole"


@pytest.mark.parametrize("kept, count", [("", 1), ("0", 1), ("3", 3), ("99", 5), ("-2", 1), ("hai", 1), ("²", 1)])
def test_there_is_always_one_item_and_never_more_than_the_definition_allows(kept, count):
    assert count_items(CHILDREN, {"con.count": kept}) == count


@st.composite
def families(draw) -> dict[str, str]:
    """What a draft may hold: some children with some answers, and answers of other pages."""
    count = draw(st.integers(1, 5))
    keys = [f"{key}.{n}" for n in range(1, count + 1) for key in ("ten", "sinh", "tien")]
    answers = draw(st.dictionaries(st.sampled_from(keys), st.text(max_size=8))) | draw(
        st.dictionaries(st.sampled_from(["co_con", "tong", "ten_khac.1"]), st.text(max_size=8))
    )
    return answers | {"con.count": str(count)}


def items_of(answers: dict) -> list[dict]:
    """Each child's answers."""
    numbers = range(1, count_items(CHILDREN, answers) + 1)
    return [{key: answers.get(f"{key}.{n}") for key in ("ten", "sinh", "tien")} for n in numbers]


def others_of(answers: dict) -> dict:
    return {key: text for key, text in answers.items() if key.split(".")[0] not in ("ten", "sinh", "tien", "con")}


@quick
@given(families(), st.integers(-1, 7))
def test_dropping_one_keeps_the_others_in_their_order(answers, item):
    left = without_item(CHILDREN, answers, item)
    children = items_of(answers)

    is_dropped = 1 <= item <= len(children) > 1
    assert items_of(left) == (children[: item - 1] + children[item:] if is_dropped else children)
    assert others_of(left) == others_of(answers)


@quick
@given(families())
def test_adding_one_and_dropping_it_again_changes_nothing(answers):
    count = count_items(CHILDREN, answers)
    added = with_items(CHILDREN, answers, count + 1)

    assert items_of(added)[:count] == items_of(answers)
    assert without_item(CHILDREN, added, count + 1) == answers or count == 5


@quick
@given(families(), st.integers(0, 9))
def test_asking_for_items_never_takes_one_away(answers, wanted):
    more = with_items(CHILDREN, answers, wanted)

    assert count_items(CHILDREN, more) == max(count_items(CHILDREN, answers), min(wanted, 5))
    assert {key: more[key] for key in answers if key != "con.count"} == {k: t for k, t in answers.items() if k != "con.count"}


@quick
@given(families())
def test_every_question_asked_is_among_all_questions(answers):
    asked = {q["key"] for page in asked_pages(FAMILY, answers) for q in page["questions"]}

    assert asked <= set(all_questions(FAMILY, answers))


# --- answers of an earlier dossier -----------------------------------------------------------------------------------


def earlier(key: str, **more) -> dict:
    return question("text", key=key, from_earlier=True, **more)


def test_the_newest_dossier_that_has_an_answer_gives_it():
    pages = [{"title": "Một", "questions": [earlier("a"), earlier("b"), question("text", key="c")]}]
    dossiers = [{"a": " ", "c": "x"}, {"a": "mới", "b": ""}, {"a": "cũ", "b": "cũ"}]

    assert earlier_answers(pages, dossiers) == {"a": "mới", "b": "cũ"}
    assert earlier_answers(pages, []) == {}


def test_all_children_come_from_one_dossier():
    pages = [CHILDREN | {"questions": [earlier("ten"), question("date", key="sinh")]}]
    dossiers = [
        {"a": "x"},
        {"con.count": "2", "ten.1": "Một", "ten.2": "Hai", "sinh.1": "2020"},
        {"con.count": "5", "ten.5": "Năm"},
    ]

    assert earlier_answers(pages, dossiers) == {"con.count": "2", "ten.1": "Một", "ten.2": "Hai"}


def test_an_earlier_answer_is_shown_to_be_checked_and_one_of_the_account_is_not():
    phone = question("phone", key="a", prefill="phone", from_earlier=True)

    assert open_questions([phone], {"a": "0912345678"}, TODAY, known={"a": "0912345678"}) == []
    assert open_questions([phone], {"a": "0912345678"}, TODAY, known={}) == [phone]
    assert open_questions([phone], {"a": "0912345678"}, TODAY) == [phone]


# --- answers that must go together -----------------------------------------------------------------------------------


def check(kind: str, **more) -> dict:
    return {"kind": kind, "message": f"Xem lại {kind}"} | more


def broken(one: dict, answers: dict, pages: list[dict] | None = None) -> list[str]:
    return list(check_faults({"pages": pages or DAYS, "checks": [one]}, answers, TODAY))


DAYS = [
    {"title": "Một", "questions": [question("date", key="d1"), question("choice", key="gioi", required=False)]},
    {"title": "Hai", "questions": [question("date", key="d2"), question("text", key="a"), question("text", key="b")]},
    {"title": "Ba", "questions": [question("number", key=key, required=False) for key in ("n1", "n2", "tong")]},
]


@pytest.mark.parametrize(
    "first, then, is_wrong",
    [
        ("5/7/2020", "4/7/2020", True),
        ("5/7/2020", "5/7/2020", False),
        ("2020", "5/7/2020", False),
        ("2021", "2020", True),
        ("7/2020", "2020", False),
        ("7/2020", "30/6/2020", True),
        ("05072020", "ngày 4 tháng 7 năm 2020", True),
        ("hôm qua", "2020", False),
        ("2021", "", False),
        ("", "2020", False),
    ],
)
def test_one_day_stands_before_another_as_far_as_that_is_certain(first, then, is_wrong):
    assert broken(check("before", first="d1", then="d2"), {"d1": first, "d2": then}) == (["d2"] if is_wrong else [])


@pytest.mark.parametrize(
    "birth, on, is_wrong",
    [
        ("23/11/2008", "", False),
        ("24/11/2008", "", True),
        ("2008", "", False),
        ("2009", "", True),
        ("12/2008", "", True),
        ("11/2008", "", False),
        ("24/11/2008", "24/11/2026", False),
        ("24/11/2008", "2026", False),
        ("2008", "2025", True),
        ("2007", "2025", False),
        ("29/2/2008", "28/2/2026", True),
        ("29/2/2008", "1/3/2026", False),
    ],
)
def test_who_is_surely_too_young_is_told(birth, on, is_wrong):
    one = check("age", birth="d1", least=18, on="d2" if on else "")

    assert bool(broken(one, {"d1": birth, "d2": on})) == is_wrong


@pytest.mark.parametrize("birth, is_wrong", [("2009", True), ("2010", False), ("22/11/2010", True), ("24/11/2010", False)])
def test_who_is_surely_too_old_is_told(birth, is_wrong):
    assert bool(broken(check("age", birth="d1", most=15, on="today"), {"d1": birth})) == is_wrong


def test_an_age_is_judged_only_where_its_condition_holds_and_beside_the_last_question():
    women = check("age", birth="d1", least=18, when={"gioi": "Nữ"})

    assert broken(women, {"d1": "2010", "gioi": "Nữ"}) == ["gioi"]
    assert broken(women, {"d1": "2010", "gioi": "Nam"}) == broken(women, {"d1": "2010"}) == []


@quick
@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=2), st.integers(0, 10**9))
def test_a_sum_is_right_when_it_adds_up_however_it_is_written(parts, off):
    answers = {"n1": f"{parts[0]:,}".replace(",", "."), "n2": f"{parts[1]:,} đ", "tong": str(sum(parts) + off)}

    assert broken(check("sum", parts=["n1", "n2"], total="tong"), answers) == (["tong"] if off else [])


@pytest.mark.parametrize(
    "answers, is_wrong",
    [
        ({"n1": "5", "tong": "5"}, False),
        ({"n1": "5", "tong": "6"}, True),
        ({"n1": "5", "n2": "1", "tong": ""}, False),
        ({"tong": "6"}, False),
        ({"n1": "năm", "n2": "1", "tong": "6"}, False),
        ({"n1": "0", "tong": "0"}, False),
    ],
)
def test_a_part_left_empty_counts_as_nothing(answers, is_wrong):
    assert bool(broken(check("sum", parts=["n1", "n2"], total="tong"), answers)) == is_wrong


@quick
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5), st.integers(0, 3))
def test_a_sum_over_a_repeated_page_takes_every_item(amounts, off):
    answers = {"con.count": str(len(amounts)), "tong": str(sum(amounts) + off)}
    answers |= {f"tien.{n}": str(amount) for n, amount in enumerate(amounts, 1)}

    assert broken(check("sum", parts=["tien"], total="tong"), answers, FAMILY) == (["tong"] if off else [])


def test_a_rule_on_a_repeated_page_is_judged_for_each_item():
    one = check("before", first="me_sinh", then="sinh")
    answers = {"me_sinh": "1990", "con.count": "3", "sinh.1": "2010", "sinh.2": "1980", "sinh.3": "1970"}

    assert broken(one, answers, FAMILY) == ["sinh.2", "sinh.3"]
    assert broken(one, answers | {"con.count": "2"}, FAMILY) == ["sinh.2"], "what was dropped decides nothing"


@pytest.mark.parametrize(
    "a, b, is_wrong", [("Siu An", "siu  AN", True), ("Siu An", "Siu Ân", False), ("", "", False), ("x", "", False)]
)
def test_two_answers_may_not_be_the_same(a, b, is_wrong):
    assert bool(broken(check("differ", keys=["a", "b"]), {"a": a, "b": b})) == is_wrong


def test_what_is_not_asked_is_not_judged():
    pages = [DAYS[0], DAYS[1] | {"show_if": {"gioi": "Nữ"}}]

    assert broken(check("before", first="d1", then="d2"), {"d1": "2021", "d2": "2020", "gioi": "Nam"}, pages) == []


def test_every_kind_of_check_can_break():
    breaking = {
        "before": (check("before", first="d1", then="d2"), {"d1": "2021", "d2": "2020"}),
        "age": (check("age", birth="d1", least=18), {"d1": "2020"}),
        "sum": (check("sum", parts=["n1"], total="tong"), {"n1": "1", "tong": "2"}),
        "differ": (check("differ", keys=["a", "b"]), {"a": "x", "b": "x"}),
    }

    assert set(breaking) == set(CHECKS)
    assert all(broken(one, answers) for one, answers in breaking.values())


def test_an_answer_wrong_by_itself_is_said_before_what_it_breaks_with_others():
    form = {"pages": DAYS, "checks": [check("before", first="d1", then="d2"), check("differ", keys=["a", "b"])]}
    answers = {"d1": "2021", "d2": "2020", "a": "x", "b": "x"}
    by_page = {page["name"]: wrong for page, wrong in faults_by_page(form, answers, TODAY)}

    assert by_page["page-1"] == by_page["page-3"] == {}
    assert by_page["page-2"] == page_faults(form, "page-2", answers, TODAY) == {"d2": "Xem lại before", "b": "Xem lại differ"}
    assert page_faults(form, "page-2", answers | {"d2": "x"}, TODAY)["d2"].startswith("Nhập ngày")
    assert page_faults(form, "page-9", answers, TODAY) == {}


def test_a_definition_of_before_these_features_is_still_read():
    old = {"pages": [{"title": "Một", "questions": [{"key": "a", "label": "A", "type": "text", "required": True}]}]}

    assert [wrong for _, wrong in faults_by_page(old, {}, TODAY)] == [{"a": "Nhập: A"}]
    assert earlier_answers(old["pages"], [{"a": "x"}]) == {}

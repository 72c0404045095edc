"""Finding a procedure by what people type: without marks, with a slip, in their own words, by its code."""

import unicodedata
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.content import read_content
from rules.procedure_search import ProcedureIndex, plain, read_code
from rules.vietnamese import fold

PROCEDURES = read_content(Path(__file__).parents[2] / "content").procedures
INDEX = ProcedureIndex(PROCEDURES)
BY_SLUG = pytest.mark.parametrize("procedure", PROCEDURES, ids=lambda procedure: procedure.slug)


def slugs(typed: str) -> list[str]:
    return [procedure.slug for procedure in INDEX.find(typed)]


# --- what people type ------------------------------------------------------------------------------------------------

BIRTH, COPY, WEDDING, SINGLE, DEATH = (
    "dang-ky-khai-sinh",
    "chung-thuc-ban-sao-tu-ban-chinh",
    "dang-ky-ket-hon",
    "xac-nhan-tinh-trang-hon-nhan",
    "dang-ky-khai-tu",
)


@pytest.mark.parametrize(
    "typed, slug",
    [
        ("dang ky khai sinh", BIRTH),
        ("KHAI SINH", BIRTH),
        ("Đăng ký khai sinh", BIRTH),
        (unicodedata.normalize("NFD", "Đăng ký khai sinh"), BIRTH),
        ("giấy khai sinh", BIRTH),
        ("làm giấy khai sinh cho con", BIRTH),
        ("tôi muốn đăng ký khai sinh", BIRTH),
        ("em bé", BIRTH),
        ("sinh con", BIRTH),
        ("ket hon", WEDDING),
        ("lấy vợ", WEDDING),
        ("lấy chồng", WEDDING),
        ("“kết hôn”", WEDDING),
        ("ket-hon", WEDDING),
        ("doc than", SINGLE),
        ("xin giấy xác nhận độc thân", SINGLE),
        ("tinh trang hon nhan", SINGLE),
        ("vay ngân hàng", SINGLE),
        ("sao y", COPY),
        ("photo công chứng", COPY),
        ("công chứng", COPY),
        ("khai tử", DEATH),
        ("người chết", DEATH),
        ("giấy báo tử", DEATH),
        ("giấy chứng tử", DEATH),
        ("chữ ký", "chung-thuc-chu-ky"),
        ("sổ đỏ", "dang-ky-dat-dai-lan-dau"),
        ("hộ khẩu", "dang-ky-thuong-tru"),
        ("tạm trú", "dang-ky-tam-tru"),
        ("mất giấy khai sinh", "cap-ban-sao-trich-luc-ho-tich"),
        ("làm lại giấy khai sinh", "dang-ky-lai-khai-sinh"),
        ("hộ nghèo", "cong-nhan-ho-ngheo-dinh-ky"),
        ("thoát nghèo", "cong-nhan-thoat-ngheo-thuong-xuyen"),
        ("tiền người già", "tro-cap-huu-tri-xa-hoi"),
        ("khuyết tật", "xac-dinh-muc-do-khuyet-tat"),
        ("mở quán", "dang-ky-ho-kinh-doanh"),
        ("đổi tên", "thay-doi-cai-chinh-ho-tich"),
        ("con nuôi", "dang-ky-nuoi-con-nuoi-trong-nuoc"),
        ("tranh chấp đất", "hoa-giai-tranh-chap-dat-dai"),
        ("tiền mai táng", "ho-tro-chi-phi-mai-tang"),
        ("di chúc", "chung-thuc-di-chuc"),
        ("bhyt", "lien-thong-khai-sinh-thuong-tru-bhyt"),
    ],
)
def test_the_best_comes_first(typed, slug):
    assert slugs(typed)[0] == slug


@pytest.mark.parametrize(
    "typed, slug",
    [
        ("khai sin", BIRTH),
        ("khai sihn", BIRTH),
        ("khia sinh", BIRTH),
        ("khaii sinh", BIRTH),
        ("dang ki khai sanh", BIRTH),
        ("ket hom", WEDDING),
        ("doc thann", SINGLE),
        ("thuong tru", "dang-ky-thuong-tru"),
        ("kinh doamh", "dang-ky-ho-kinh-doanh"),
    ],
)
def test_a_slip_of_the_finger_is_forgiven(typed, slug):
    assert slugs(typed)[0] == slug


@pytest.mark.parametrize(
    "one, other",
    [
        ("đăng ký kết hôn", "đăng kí kết hôn"),
        ("sơ yếu lý lịch", "sơ yếu lí lịch"),
        ("liệt sĩ", "liệt sỹ"),
        ("hòa giải", "hoà giải"),
        ("ủy quyền", "uỷ quyền"),
    ],
)
def test_both_spellings_find_the_same(one, other):
    assert slugs(one) == slugs(other) != []


@pytest.mark.parametrize(
    "typed, slug",
    [
        ("xn tình trạng hôn nhân", SINGLE),
        ("sửa tên trong giấy khai sinh", "thay-doi-cai-chinh-ho-tich"),
        ("xác nhận lại dân tộc", "thay-doi-cai-chinh-ho-tich"),
    ],
)
def test_a_word_too_many_does_not_hide_what_is_meant(typed, slug):
    assert slugs(typed)[0] == slug


def test_all_that_is_certified_is_found_and_nothing_else():
    found = INDEX.find("chung thuc")

    assert COPY in slugs("chung thuc")[:3]
    assert all("chung thuc" in plain(f"{procedure.name} {procedure.field}") for procedure in found)
    assert [p.slug for p in PROCEDURES if "chung thuc" in plain(p.name) and p not in found] == []


def test_a_short_word_is_not_taken_for_the_beginning_of_others():
    assert len(slugs("sổ đỏ")) < 5 and len(slugs("chữ ký")) == 1


@pytest.mark.parametrize("typed", ["", " ", "!?", "\x00", "🐘"])
def test_nothing_typed_finds_nothing(typed):
    assert INDEX.find(typed) == []


# --- by code ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "1.001193",
        "1001193",
        "1.001193.000.00.00.H21",
        "1.001193.h21",
        "1.001193.01",
        " 1.001193 ",
        "1 001193",
        "１．００１１９３",
        "mã 1.001193",
        "thủ tục 1.001193?",
        "1.001193.H21",
        "1.001193.000.00.00.H55",
        "1.001193.01",
    ],
)
def test_a_code_finds_its_procedure_alone(typed):
    assert slugs(typed) == [BIRTH]


@BY_SLUG
def test_every_procedure_is_found_by_its_code(procedure):
    assert INDEX.find(procedure.code) == INDEX.find(procedure.code.replace(".", "")) == [procedure]


@pytest.mark.parametrize("procedure", [p for p in PROCEDURES if p.replaces], ids=lambda procedure: procedure.replaces.code)
def test_the_old_code_of_a_replaced_procedure_finds_the_new_one(procedure):
    assert INDEX.find(procedure.replaces.code) == [procedure]


def test_a_code_of_the_history_finds_what_it_became():
    renumbered = msgspec.structs.replace(next(p for p in PROCEDURES if p.slug == BIRTH), old_codes=["1.999001", "1.999002"])
    index = ProcedureIndex([p for p in PROCEDURES if p.slug != BIRTH] + [renumbered])

    assert index.find("1.999001") == index.find("mã 1.999002.H21") == index.find("1.001193") == [renumbered]


@pytest.mark.parametrize(("text", "code"), [
    ("1.001193", "1.001193"), ("2.000815.000.00.00.H55", "2.000815"), ("1.012812.H19", "1.012812"), ("1.000894.01", "1.000894"),
    ("dang-ky-khai-sinh", ""), ("1.00119", ""), ("1.0011930", ""), ("1.001193-x", ""), ("", ""), ("1.001193.", ""),
])  # fmt: skip
def test_an_address_that_is_a_code_is_told_from_a_name(text, code):
    assert read_code(text) == code


@pytest.mark.parametrize("typed", ["9.999999", "1.00119", "1.0011930", "0912345678", "H21.129-261123-0001", "064090001234"])
def test_a_number_that_is_no_procedures_code_finds_nothing(typed):
    assert INDEX.find(typed) == []


# --- every procedure -------------------------------------------------------------------------------------------------


@BY_SLUG
def test_every_procedure_is_found_first_by_its_own_title_with_and_without_marks(procedure):
    assert INDEX.find(procedure.title)[0] == INDEX.find(fold(procedure.title))[0] == procedure


@BY_SLUG
def test_every_procedure_is_among_the_first_three_by_its_official_name(procedure):
    assert procedure in INDEX.find(procedure.name)[:3]


@BY_SLUG
def test_every_procedure_is_among_the_first_three_by_each_word_for_it(procedure):
    assert [words for words in procedure.also if procedure not in INDEX.find(words)[:3]] == []


# --- nothing found ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed, slug", [("kethon", WEDDING), ("khaisinh", BIRTH), ("dangkykhaitu", DEATH)])
def test_when_nothing_is_found_the_nearest_are_offered(typed, slug):
    assert INDEX.find(typed) == []
    assert slug in [procedure.slug for procedure in INDEX.nearest(typed)]


@pytest.mark.parametrize("typed", ["", "xyz", "qwqwqw", "🐘", "0912345678"])
def test_what_is_like_nothing_is_near_to_nothing(typed):
    assert INDEX.nearest(typed) == []


def test_no_more_are_offered_than_asked_for():
    assert [len(INDEX.nearest("khaisinh", most)) for most in (1, 2, 3)] == [1, 2, 3]


def test_an_index_of_nothing_finds_nothing():
    assert ProcedureIndex([]).find("khai sinh") == ProcedureIndex([]).nearest("khai sinh") == []


# --- whatever is typed -----------------------------------------------------------------------------------------------

WORDS = sorted({word for procedure in PROCEDURES for word in procedure.title.split()})
LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạấầẩẫậéèẻẽẹíìỉĩịóòỏõọúùủũụýỳỷỹỵ 0123456789.-(),"
QUERIES = st.one_of(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), st.text(LETTERS, max_size=40))


@settings(max_examples=1000, deadline=None, database=None)
@given(st.text(max_size=60))
def test_no_text_makes_the_search_fail(typed):
    assert len(INDEX.find(typed)) <= len(PROCEDURES)
    assert len(INDEX.nearest(typed)) <= 3


@settings(max_examples=300, deadline=None, database=None)
@given(QUERIES)
def test_case_marks_and_the_form_of_unicode_change_nothing(typed):
    found = slugs(typed)

    forms = (typed.upper(), typed.lower(), unicodedata.normalize("NFD", typed), fold(typed), f"  {typed} ")
    assert [slugs(form) for form in forms] == [found] * 5


@settings(max_examples=200, deadline=None, database=None)
@given(QUERIES)
def test_nothing_is_found_twice_and_the_same_search_finds_the_same(typed):
    assert len(slugs(typed)) == len(set(slugs(typed)))
    assert slugs(typed) == slugs(typed)


def test_an_endless_text_is_cut_and_what_was_meant_is_still_found():
    assert slugs("khai sinh " * 10_000)[0] == BIRTH
    assert set(slugs("giấy " * 2000 + "khai sinh xyz " * 500)) == set(slugs("giấy"))

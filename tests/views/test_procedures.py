"""Finding a procedure and reading what it asks."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from stage import BIRTH

from rules.vietnamese import show_day

POOR = "cong-nhan-ho-ngheo-dinh-ky"


def found(page) -> list[str]:
    lists = page.tree.find_class("list")
    return [a.get("href").removeprefix("/dich-vu/") for a in lists[0].iter("a")] if lists else []


# --- the catalogue ---------------------------------------------------------------------------------------------------


def test_the_catalogue_begins_with_what_is_done_most_and_says_it_is_not_the_annex(visitor, library):
    page = visitor.get("/dich-vu/")

    assert found(page) == [procedure.slug for procedure in library.most_used(date(2026, 11, 22))]
    assert library.site.annex_note in page.words


def test_every_procedure_is_found_by_its_field(visitor, library):
    seen = [slug for field in library.by_field() for slug in found(visitor.get(f"/dich-vu/?linh-vuc={field}"))]

    assert sorted(seen) == sorted(library.procedures)


def test_a_field_nobody_has_is_not_there(visitor):
    assert visitor.get("/dich-vu/?linh-vuc=Ngo%E1%BA%A1i+giao").status == 404


@pytest.mark.parametrize("typed", ["khai sinh", "KHAI SINH", "khai  sinh ", "giấy khai sinh", "giay khai sinh"])
def test_a_procedure_is_found_with_or_without_accents(visitor, typed):
    assert BIRTH in found(visitor.get(f"/dich-vu/?q={typed}"))


def test_nothing_found_shows_what_is_near_and_where_to_ask(visitor):
    page = visitor.get("/dich-vu/?q=xyzxyzxyz")

    assert "Không thấy thủ tục nào" in page.words
    assert page.links["xem theo lĩnh vực"] == "/dich-vu/"


@pytest.mark.parametrize("number", ["0", "-3", "999999", "x", "", "9" * 30])
def test_a_page_number_out_of_range_shows_a_page(visitor, number):
    assert visitor.get(f"/dich-vu/?q=a&trang={number}").status == 200


def test_what_is_found_stands_on_pages_each_procedure_once(visitor):
    first, second = visitor.get("/dich-vu/?q=giay"), visitor.get("/dich-vu/?q=giay&trang=2")
    seen = found(first) + found(second)

    assert len(found(first)) == 20
    assert len(seen) == len(set(seen)) > 20


@pytest.mark.parametrize(
    "typed",
    [
        "%00",
        "a" * 3000,
        "<script>alert(1)</script>",
        "😀",
        "e%CC%81",
        "%E2%80%AE",
        "%FF%FE",
        "%ED%A0%80",
        "' OR 1=1 --",
        "{{7*7}}",
        "%25s%25n",
    ],
)
def test_whatever_is_searched_for_is_answered_and_escaped(visitor, typed):
    page = visitor.get(f"/dich-vu/?q={typed}")

    assert page.status == 200
    assert "<script>alert" not in page.text
    assert "49" not in page.title


# --- one procedure ---------------------------------------------------------------------------------------------------


def test_every_procedure_page_says_what_to_bring_to_pay_and_how_long(visitor, library):
    for slug, procedure in library.procedures.items():
        page = visitor.get(f"/dich-vu/{slug}")
        assert page.heading == procedure.title
        for heading in ("Cần mang, cần chụp", "Tiền phải nộp", "Bao lâu có kết quả", "Nhận kết quả", "Ai được làm"):
            assert heading in page.words
        assert procedure.code in page.words


def test_a_fee_that_waits_for_the_province_says_so(visitor):
    assert "Chờ xác nhận." in visitor.get(f"/dich-vu/{BIRTH}").words


def test_levels_are_named_as_today_and_as_in_the_letter(visitor):
    assert "Toàn trình (trước gọi là mức độ 4)" in visitor.get(f"/dich-vu/{BIRTH}").words


def test_a_procedure_done_here_has_the_letters_button(visitor):
    assert visitor.get(f"/dich-vu/{BIRTH}").links["Nộp hồ sơ"] == f"/nop-ho-so/{BIRTH}/"


def test_a_procedure_not_done_here_has_no_such_button(visitor, library):
    for slug, procedure in library.procedures.items():
        is_here = procedure.online_submission == "here"
        assert ("Nộp hồ sơ" in visitor.get(f"/dich-vu/{slug}").links) == is_here, slug


@pytest.mark.parametrize(("moment", "says"), [
    (datetime(2026, 11, 22, tzinfo=UTC), "chỉ còn làm đến hết ngày"),
    (datetime(2040, 1, 1, tzinfo=UTC), "đã hết hiệu lực từ sau ngày"),
])  # fmt: skip
def test_a_procedure_of_limited_time_says_until_when(visitor, library, moment, says):
    with time_machine.travel(moment, tick=False):
        # Asked with a mark of its own, so that no page kept before is shown.
        page = visitor.get(f"/dich-vu/{POOR}?luc={moment.year}")

    assert library.procedures[POOR].valid_to
    assert f"{says} {show_day(library.procedures[POOR].valid_to)}." in page.words
    assert ("Nộp hồ sơ" in page.links) == (moment.year == 2026)


@pytest.mark.parametrize("slug", ["khong-co", "%00", "..", "DANG-KY-KHAI-SINH", "a" * 500])
def test_a_procedure_that_is_not_there_is_told(visitor, slug):
    assert visitor.get(f"/dich-vu/{slug}").status in (404, 308)

"""Text, days and numbers as Vietnamese people type and read them."""

import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import WrongInput
from rules.vietnamese import (
    PartialDay,
    ascii_digits,
    clean_text,
    fold,
    not_after,
    read_day,
    read_day_or_year,
    show_bytes,
    show_day,
    show_dong,
    show_long_day,
    show_moment,
    show_number,
    show_weekday_short,
    sort_key,
)

quick = settings(derandomize=True, max_examples=60, deadline=None)


def message_of(read, *args, **kwargs):
    with pytest.raises(WrongInput) as fault:
        read(*args, **kwargs)
    return str(fault.value)


# --- text ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "searched"),
    [
        ("Giấy KHAI  sinh", "giay khai sinh"),
        ("Đăng ký kết hôn", "dang ky ket hon"),
        ("hoà", "hoa"),
        ("thuý", "thuy"),
        (unicodedata.normalize("NFD", "Ia Băng"), "ia bang"),
        ("Rơ Châm ƀlĕ", "ro cham ble"),
        ("Nguye\u0302\u0303n\u00a0Va\u0306n", "nguyen van"),
        ("Ｋｈａｉ sinh", "khai sinh"),
    ],
)
def test_search_sees_one_word_however_it_is_typed(typed, searched):
    assert fold(typed) == searched


@quick
@given(st.text(max_size=30))
def test_folding_again_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


def test_decomposed_letters_are_kept_composed():
    assert clean_text("  Ia   Ba\u0306ng ", 50) == "Ia Băng"


def test_long_text_keeps_its_lines():
    assert clean_text("Kính gửi  xã:\r\n  tôi xin \r\n\r\nnộp\u2028thêm\n", 100, lines=True) == (
        "Kính gửi xã:\ntôi xin\n\nnộp\nthêm"
    )


@pytest.mark.parametrize("sign", ["\0", "\x07", "\t", "\x1f", "\x7f", "\x85", "\ud800", "\u202e", "\u2066", "\ufdd0", "\uffff"])
def test_what_cannot_be_seen_is_refused(sign):
    assert message_of(clean_text, f"Siu {sign}Blĕo", 50) == "Xóa ký tự ẩn sau “Siu” rồi gõ lại"


def test_a_line_end_is_refused_where_one_line_is_asked():
    assert "Xóa ký tự ẩn" in message_of(clean_text, "Siu\nBlĕo", 50)


def test_a_hidden_sign_at_the_start_is_told_so():
    assert message_of(clean_text, "\0Siu", 50) == "Xóa ký tự ẩn ở đầu rồi gõ lại"


def test_what_copied_text_drags_along_is_dropped():
    assert clean_text("\ufeffSiu\u200b Blĕo\u200e", 50) == "Siu Blĕo"


def test_emoji_are_text():
    assert clean_text("Cảm ơn 👩‍👧", 50) == "Cảm ơn 👩‍👧"


def test_a_text_may_be_as_long_as_allowed_and_no_longer():
    assert len(clean_text("ệ" * 1000, 1000)) == 1000
    assert message_of(clean_text, "a" * 1001, 1000) == "Viết ngắn lại: nhiều nhất 1.000 ký tự, bạn gõ 1.001 ký tự"


def test_a_flood_of_bytes_is_refused_before_it_is_read():
    assert "bạn gõ 500" in message_of(clean_text, " " * 500, 100)


def test_marks_piled_on_a_letter_are_refused():
    assert "chồng lên nhau" in message_of(clean_text, "a" + "\u0316" * 20, 100)


@quick
@given(st.text(max_size=40), st.booleans())
def test_cleaned_text_is_clean(text, lines):
    try:
        clean = clean_text(text, 40, lines=lines)
    except WrongInput as fault:
        assert str(fault)
    else:
        assert clean_text(clean, 40, lines=lines) == clean == unicodedata.normalize("NFC", clean)
        assert "\0" not in clean and len(clean) <= 40


def test_digits_of_any_script_become_ascii():
    assert ascii_digits("０６４ ٣ 𝟗 ² a") == "064 3 9 ² a"


# --- days ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "5/7/2026", "05-07-2026", "5.7.2026", "5 7 2026", "05072026", "2026-07-05", "2026/7/5", " 5 / 7 / 2026. ",
        "ngày 5 tháng 7 năm 2026", "Ngày 05 tháng 07, năm 2026", "5 tháng 7 2026", "mùng 5 tháng 7 năm 2026",
        "５／７／２０２６", "5–7–2026", "5\u00a07\u00a02026", "Chủ nhật, ngày 5 tháng 7 năm 2026",
        "năm 2026 tháng 7 ngày 5", unicodedata.normalize("NFD", "ngày 5 tháng 7 năm 2026"),
    ],
)  # fmt: skip
def test_a_day_is_read_however_people_write_it(typed):
    assert read_day(typed) == date(2026, 7, 5)


@pytest.mark.parametrize(
    ("typed", "what_to_do"),
    [
        ("", "Nhập ngày, ví dụ 5/7/2026"),
        ("5/7/26", "Gõ đủ 4 số của năm"),
        ("050726", "Gõ đủ 4 số của năm"),
        ("5/7/20226", "Gõ đủ 4 số của năm"),
        ("5/7", "Gõ đủ 4 số của năm"),
        ("31/2/2026", "Tháng 2 năm 2026 không có ngày 31"),
        ("29/2/1900", "Tháng 2 năm 1900 không có ngày 29"),
        ("0/7/2026", "Tháng 7 năm 2026 không có ngày 0"),
        ("5/13/2026", "Không có tháng 13. Gõ ngày trước, tháng sau"),
        ("5/0/2026", "Không có tháng 0"),
        ("5/7/1899", "Nhập năm từ 1900 trở đi"),
        ("5/7/0000", "Nhập năm từ 1900 trở đi"),
        ("1950", "Nhập đủ ngày, tháng, năm"),
        ("7/1950", "Nhập đủ ngày, tháng, năm"),
        ("hôm qua", "Nhập ngày, tháng, năm bằng số"),
        ("tháng 5 ngày 7 năm 2026", "Nhập ngày, tháng, năm bằng số"),
        ("1/2/3/2026", "Nhập ngày, tháng, năm bằng số"),
        ("005/7/2026", "Nhập ngày, tháng, năm bằng số"),
        ("5/7/-2026\0", "Nhập ngày, tháng, năm bằng số"),
        ("9" * 5000, "Nhập ngày, tháng, năm bằng số"),
    ],
)
def test_a_day_that_cannot_be_is_named(typed, what_to_do):
    assert message_of(read_day, typed).startswith(what_to_do)


@quick
@given(st.dates(min_value=date(1900, 1, 1)))
def test_every_day_shown_is_read_back(day):
    assert read_day(show_day(day)) == read_day(show_long_day(day)) == read_day(day.isoformat()) == day


@quick
@given(st.text(alphabet="0123456789/-. ngàythángăm٣５\ud800", max_size=20))
def test_reading_a_day_answers_or_says_what_to_do(text):
    try:
        assert read_day(text).year >= 1900
    except WrongInput as fault:
        assert str(fault)


@pytest.mark.parametrize("typed", ["1950", "năm 1950", " 1950 "])
def test_a_year_is_enough_where_it_may_be(typed):
    assert read_day_or_year(typed) == PartialDay(1950)


@pytest.mark.parametrize("typed", ["7/1950", "tháng 7 năm 1950", "1950-07"])
def test_a_month_of_a_year_is_enough_where_it_may_be(typed):
    assert read_day_or_year(typed) == PartialDay(1950, 7)


def test_a_partial_day_knows_its_bounds():
    assert (PartialDay(1950).earliest, PartialDay(1950).latest) == (date(1950, 1, 1), date(1950, 12, 31))
    assert (PartialDay(1952, 2).exact, PartialDay(1952, 2).latest) == (None, date(1952, 2, 29))
    assert PartialDay(1950, 7, 5).exact == PartialDay(1950, 7, 5).latest == date(1950, 7, 5)


def test_today_is_not_after_today():
    assert not_after(date(2026, 11, 23), date(2026, 11, 23)) == date(2026, 11, 23)


def test_tomorrow_is_refused():
    assert message_of(not_after, date(2026, 11, 24), date(2026, 11, 23)) == "Nhập ngày không sau hôm nay (23/11/2026)"


def test_this_year_alone_may_still_be_past():
    assert not_after(PartialDay(2026), date(2026, 11, 23)) == PartialDay(2026)
    assert message_of(not_after, PartialDay(2026, 12), date(2026, 11, 23))


# --- shown -----------------------------------------------------------------------------------------------------------


def test_days_are_shown_as_they_are_spoken():
    assert show_day(date(2026, 7, 5)) == "5/7/2026"
    assert (show_day(PartialDay(1950)), show_day(PartialDay(1950, 7))) == ("1950", "7/1950")
    assert show_long_day(date(2026, 11, 26)) == "Thứ Năm, ngày 26 tháng 11 năm 2026"
    assert show_long_day(date(2026, 7, 5)) == "Chủ nhật, ngày 5 tháng 7 năm 2026"
    assert show_weekday_short(date(2026, 11, 25)) == "thứ Tư 25/11"


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 11, 23, 2, 10, tzinfo=UTC), "9 giờ 10, ngày 23/11/2026"),
        (datetime(2026, 11, 23, 2, 5, tzinfo=UTC), "9 giờ 05, ngày 23/11/2026"),
        (datetime(2026, 11, 23, 10, 0, tzinfo=UTC), "17 giờ, ngày 23/11/2026"),
        (datetime(2026, 11, 23, 17, 30, tzinfo=UTC), "0 giờ 30, ngày 24/11/2026"),
    ],
)
def test_a_moment_is_shown_on_vietnams_clock(moment, shown):
    assert show_moment(moment) == shown


def test_a_moment_without_a_zone_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="time zone"):
        show_moment(datetime(2026, 11, 23, 9, 10))


def test_numbers_have_dots_and_commas():
    assert show_dong(16000) == "16.000 đồng"
    assert (show_dong(0), show_number(1234567), show_number(-1500)) == ("0 đồng", "1.234.567", "-1.500")


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 byte"), (999, "999 byte"), (1000, "1 kB"), (2100, "2,1 kB"), (999_960, "1 MB"), (3_400_000, "3,4 MB"),
        (2_000_000_000, "2 GB"), (5_000_000_000_000, "5000 GB"),
    ],
)  # fmt: skip
def test_sizes_are_short(count, shown):
    assert show_bytes(count) == shown


# --- the order of names ----------------------------------------------------------------------------------------------

IN_ORDER = [
    "An",
    "Lê An",
    "Nguyễn An",
    "Nguyễn Bình An",
    "Lê Văn An",
    "Nguyễn Văn An",
    "Lê Thị Ân",
    "Trần Bảo",
    "Kpă Blĕo",
    "Byưk",
    "Lê Dung",
    "Siu Đăm",
    "Ksor H'Lan",
    "Trần Hoa",
    "Trần Hòa",
    "Trần Hỏa",
    "Trần Hoá",
    "Trần Họa",
    "Trần Hoan",
    "Rơ Châm Hyik",
    "Siu Ơ\u0306n",
    "Đinh Ưng",
    "Đinh Yến",
]


def test_names_stand_in_vietnamese_order():
    names = sorted(IN_ORDER)  # the order of bytes, which is not it
    assert names != IN_ORDER
    names.sort(key=sort_key)
    assert names == IN_ORDER


def test_order_sees_neither_case_nor_unicode_form():
    assert sort_key("LÊ THỊ ÂN") == sort_key(unicodedata.normalize("NFD", "Lê Thị Ân"))


@quick
@given(st.text(max_size=20))
def test_any_text_has_a_place_in_the_order(text):
    assert isinstance(sort_key(text), str)

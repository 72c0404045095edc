"""Numbers and names by which people are known."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import WrongInput
from rules.identity import (
    PREFIXES_OF_2018,
    PROVINCES,
    id_number_warnings,
    read_id_number,
    read_person_name,
    read_phone,
    same_name,
    show_phone,
)
from rules.vietnamese import PartialDay

quick = settings(derandomize=True, max_examples=60, deadline=None)
TODAY = date(2026, 11, 23)


def message_of(read, *args, **kwargs):
    with pytest.raises(WrongInput) as fault:
        read(*args, **kwargs)
    return str(fault.value)


# --- identity numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("064090001234", "064090001234"),
        (" 064 090 001 234 ", "064090001234"),
        ("064.090.001-234", "064090001234"),
        ("０６４０９０００１２３４", "064090001234"),
        ("064\u00a0090\u00a0001234\u200b", "064090001234"),
        ("064–090–001234", "064090001234"),
        ("230 123 456", "230123456"),
    ],
)
def test_an_identity_number_is_read_however_it_is_spaced(typed, number):
    assert read_id_number(typed) == number


@pytest.mark.parametrize(
    ("typed", "what_to_do"),
    [
        ("", "Nhập số căn cước"),
        (" - ", "Nhập số căn cước"),
        ("0640900012345", "Bạn nhập 13 số. Số căn cước có 12 số, CMND cũ có 9 số."),
        ("06409000123", "Bạn nhập 11 số. Số căn cước có 12 số, CMND cũ có 9 số."),
        ("O6409OOO1234", "Ở đây chỉ nhập chữ số. Bỏ “O” rồi nhập lại."),
        ("06409ab0c1d4", "Ở đây chỉ nhập chữ số. Bỏ “a”, “b”, “c” rồi nhập lại."),
        ("06409000123²", "Ở đây chỉ nhập chữ số. Bỏ “²” rồi nhập lại."),
        ("+64090001234", "Ở đây chỉ nhập chữ số. Bỏ “+” rồi nhập lại."),
    ],
)
def test_an_identity_number_that_cannot_be_says_how_many_or_which(typed, what_to_do):
    assert message_of(read_id_number, typed) == what_to_do


def test_an_old_number_does_not_open_an_account():
    assert "đủ 12 số" in message_of(read_id_number, "230123456", old_too=False)
    assert message_of(read_id_number, "", old_too=False) == "Nhập số căn cước, đủ 12 số"
    assert message_of(read_id_number, "1", old_too=False) == "Bạn nhập 1 số. Số căn cước có 12 số."


@quick
@given(st.text(max_size=30))
def test_reading_an_identity_number_answers_or_says_what_to_do(text):
    try:
        assert len(read_id_number(text)) in (9, 12)
    except WrongInput as fault:
        assert str(fault)


def test_every_province_before_the_mergers_is_known():
    assert len(PROVINCES) == 63
    assert (PROVINCES["064"], PROVINCES["052"], PROVINCES["096"]) == ("Gia Lai", "Bình Định", "Cà Mau")


@pytest.mark.parametrize(
    ("number", "birth_day", "sex"),
    [
        ("064090001234", date(1990, 5, 7), "male"),
        ("064301005678", date(2001, 1, 1), "female"),
        ("052185009876", PartialDay(1985), "female"),
        ("064226000001", date(2026, 11, 1), "male"),
        ("201090001234", date(1990, 5, 7), "male"),  # born abroad
        ("064090001234", None, None),
    ],
)
def test_a_number_that_agrees_has_no_warning(number, birth_day, sex):
    assert id_number_warnings(number, birth_day, sex, TODAY) == ()


def test_a_corrected_birth_year_is_a_warning():
    (warning,) = id_number_warnings("064090001234", date(1991, 5, 7), "male", TODAY)
    assert warning == "Số này là của người sinh năm 1990, bạn nhập năm 1991. So lại với thẻ căn cước."


def test_a_corrected_sex_is_a_warning():
    (warning,) = id_number_warnings("064090001234", date(1990, 5, 7), "female", TODAY)
    assert warning == "Số này là của nam, bạn chọn nữ. So lại với thẻ căn cước."


@pytest.mark.parametrize("code", ["000", "003", "097"])
def test_an_unknown_province_is_a_warning(code):
    (warning,) = id_number_warnings(f"{code}090001234")
    assert warning.startswith(f"Không có tỉnh nào mang mã {code}")


@pytest.mark.parametrize(("number", "year"), [("064227000001", 2027), ("064400000001", 2100), ("064999000001", 2399)])
def test_nobody_is_born_in_a_year_to_come(number, year):
    assert f"năm {year}" in message_of(id_number_warnings, number, today=TODAY)


def test_an_old_number_is_no_longer_a_paper_since_2025():
    assert id_number_warnings("230123456", today=date(2024, 12, 31)) == ()
    assert "1/1/2025" in id_number_warnings("230123456", today=date(2025, 1, 1))[0]


# --- telephone numbers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "0912345678", "0912 345 678", "0912.345.678", "+84912345678", "84 912 345 678", "0084912345678",
        "+84 (0) 912345678", "(+84) 912-345-678", "\u202a+84 912 345 678\u202c", "０９１２３４５６７８",
        "0912\u00a0345\u00a0678",
    ],
)  # fmt: skip
def test_a_mobile_number_is_read_however_it_is_written(typed):
    assert read_phone(typed) == "+84912345678"


def test_a_landline_is_read():
    assert read_phone("(0269) 3846107") == read_phone("+84 269 3846107") == "+842693846107"
    assert read_phone("024 3825 1234") == "+842438251234"


def test_a_number_of_the_prefix_084_is_not_taken_for_the_country():
    assert read_phone("0841234567") == "+84841234567"
    assert "Bạn nhập 9 số" in message_of(read_phone, "841234567")


@pytest.mark.parametrize(("old", "new"), PREFIXES_OF_2018.items())
def test_a_number_from_before_2018_becomes_todays(old, new):
    assert read_phone(f"{old}1234567") == read_phone(f"+84{old[1:]}1234567") == f"+84{new[1:]}1234567"


@pytest.mark.parametrize(
    ("typed", "what_to_do"),
    [
        ("", "Nhập số điện thoại"),
        ("091234567", "Bạn nhập 9 số. Số di động có 10 số"),
        ("09123456789", "Bạn nhập 11 số. Số di động có 10 số"),
        ("0269384610", "Bạn nhập 10 số. Số di động có 10 số, bắt đầu bằng 0; số bàn có 11 số"),
        ("01101234567", "Bạn nhập 11 số"),
        ("0612345678", "Số di động bắt đầu bằng 03, 05, 07, 08 hoặc 09"),
        ("9123456780", "Số di động bắt đầu bằng"),
        ("+1 202 555 0100", "Nhập số điện thoại Việt Nam"),
        ("0912x45678", "Ở đây chỉ nhập chữ số. Bỏ “x”"),
    ],
)
def test_a_telephone_number_that_cannot_be_says_what_to_mend(typed, what_to_do):
    assert message_of(read_phone, typed).startswith(what_to_do)


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+84912345678", "0912 345 678"),
        ("+842693846107", "0269 384 6107"),
        ("+842438251234", "024 3825 1234"),
        ("+12025550100", "+12025550100"),
        ("", ""),
    ],
)
def test_a_telephone_number_is_shown_in_groups(phone, shown):
    assert show_phone(phone) == shown


@quick
@given(st.from_regex(r"0[35789]\d{8}", fullmatch=True))
def test_a_telephone_number_shown_is_read_back(number):
    assert read_phone(show_phone(read_phone(number))) == read_phone(number)


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Nguyễn Thị Ánh", "Ksor H'Lan", "Ksor H’Lan", "H`Lan", "Rơ Châm Hyik", "Siu Blĕo", "Kpă Thuyên", "Byưk",
        "Y ƀham", "Ĭ Čŏ Ñun", "Rơ\u0306 Mah", "Anne-Marie O'Neil", "John F. Kennedy", "nay",
    ],
)  # fmt: skip
def test_names_of_every_people_here_stay_as_typed(name):
    assert read_person_name(name) == name


def test_a_decomposed_name_is_composed_and_its_spaces_single():
    assert read_person_name("  Ia   " + unicodedata.normalize("NFD", "Blĕo ơ̆ Thuỷ")) == "Ia Blĕo ơ̆ Thuỷ"


@pytest.mark.parametrize(
    ("typed", "what_to_do"),
    [
        ("", "Nhập họ tên"),
        ("-", "Nhập họ tên"),
        ("\u0306", "Nhập họ tên"),
        ("Siu 2", "Bỏ “2” rồi nhập lại"),
        ("<b>Siu</b>", "Bỏ “<”, “>”, “/” rồi nhập lại"),
        ("Siu 😀", "Bỏ “😀” rồi nhập lại"),
        ("Иван", "Bỏ “И”"),
        ("Siu\u200dBlĕo", "Bỏ ký tự ẩn"),
        ("Siu\u202eBlĕo", "Xóa ký tự ẩn sau “Siu”"),
        ("a" * 101, "nhiều nhất 100 ký tự, bạn gõ 101"),
    ],
)
def test_what_no_name_has_is_named(typed, what_to_do):
    assert what_to_do in message_of(read_person_name, typed)


@quick
@given(st.text(max_size=30))
def test_a_name_read_is_read_again_the_same(text):
    try:
        assert read_person_name(read_person_name(text)) == read_person_name(text)
    except WrongInput as fault:
        assert str(fault)


def test_one_name_in_two_hands_is_the_same():
    assert same_name("KSOR  H’LAN", "Ksor H'Lan")
    assert same_name("Siu Blĕo", unicodedata.normalize("NFD", "SIU BLĔO"))


def test_a_mark_makes_another_name():
    assert not same_name("Nguyễn Văn Ân", "Nguyễn Văn An")

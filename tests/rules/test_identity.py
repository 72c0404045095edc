"""Numbers and names by which people are known."""

import unicodedata
from contextlib import suppress
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
    read_tax_code,
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


# Every rule of a citizen's number, asked of numbers made by the rule itself.

FIRST_YEARS = (1900, 2000, 2100, 2200, 2300)  # of the fourth digit 0–1, 2–3, 4–5, 6–7, 8–9
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
sexes = st.sampled_from(["male", "female"])
codes_of_provinces = st.sampled_from(sorted(PROVINCES))
born = st.integers(1900, TODAY.year)
any_number = st.from_regex(r"[0-9]{12}", fullmatch=True)


def number_of(year, sex, province="064", rest="001234"):
    """The number given to who was born that year, by the table of the decree."""
    century = max(first for first in FIRST_YEARS if first <= year)
    return f"{province}{2 * FIRST_YEARS.index(century) + (sex == 'female')}{year - century:02}{rest}"


@pytest.mark.parametrize(
    ("number", "province", "year", "sex"),
    [
        ("064090001234", "Gia Lai", 1990, "male"),
        ("064301005678", "Gia Lai", 2001, "female"),
        ("052185009876", "Bình Định", 1985, "female"),
    ],
)
def test_the_worked_examples_say_where_when_and_which_sex(number, province, year, sex):
    assert read_id_number(number) == number == number_of(year, sex, number[:3], number[6:])
    assert PROVINCES[number[:3]] == province
    assert id_number_warnings(number, date(year, 1, 1), sex, TODAY) == ()
    other = {"male": "female", "female": "male"}[sex]
    assert len(id_number_warnings(number, date(year - 1, 1, 1), other, TODAY)) == 2


@quick
@given(born, sexes, codes_of_provinces, st.integers(0, 999_999))
def test_a_number_that_agrees_with_its_owner_never_has_a_warning(year, sex, province, rest):
    number = number_of(year, sex, province, f"{rest:06}")

    assert read_id_number(number) == number
    assert id_number_warnings(number, PartialDay(year), sex, TODAY) == ()


@quick
@given(born, born, sexes, codes_of_provinces)
def test_another_birth_year_is_a_warning_that_names_both_and_no_error(year, typed, sex, province):
    warnings = id_number_warnings(number_of(year, sex, province), PartialDay(typed), sex, TODAY)

    assert len(warnings) == (year != typed)
    assert all(f"{year}" in warning and f"{typed}" in warning for warning in warnings)


@quick
@given(born, sexes, sexes)
def test_another_sex_is_a_warning_and_no_error(year, sex, typed):
    assert len(id_number_warnings(number_of(year, sex), PartialDay(year), typed, TODAY)) == (sex != typed)


@quick
@given(st.integers(TODAY.year + 1, 2399), sexes, codes_of_provinces)
def test_a_year_to_come_is_an_error_whatever_was_typed(year, sex, province):
    number = number_of(year, sex, province)

    assert f"năm {year}" in message_of(id_number_warnings, number, PartialDay(year), sex, TODAY)
    assert read_id_number(number) == number, "how many digits there are is another question"
    assert id_number_warnings(number, PartialDay(year), sex) == (), "and which year it is now must be told"


def test_who_is_born_this_year_has_a_number_already():
    assert id_number_warnings(number_of(TODAY.year, "female"), TODAY, "female", TODAY) == ()


@quick
@given(st.integers(0, 999).map("{:03}".format), born, sexes)
def test_an_unknown_province_is_a_warning_that_names_it_and_foreign_ones_are_known(code, year, sex):
    warnings = id_number_warnings(number_of(year, sex, code), PartialDay(year), sex, TODAY)

    assert len(warnings) == (code not in PROVINCES and int(code) < 100)
    assert all(f"mã {code}." in warning for warning in warnings)


@quick
@given(any_number, st.lists(st.sampled_from([" ", ".", "-", "–", "\u00a0", "\u200b"]), min_size=11, max_size=11), st.booleans())
def test_separators_and_full_width_digits_are_forgiven_wherever_they_stand(number, separators, is_wide):
    typed = number[0] + "".join(sign + digit for sign, digit in zip(separators, number[1:], strict=True))

    assert read_id_number(f" {typed.translate(WIDE) if is_wide else typed} ") == number


@quick
@given(any_number, st.integers(0, 20))
def test_any_other_count_of_digits_is_an_error_that_says_how_many(number, count):
    typed = (number * 2)[:count]
    if count in (9, 12):
        assert read_id_number(typed) == typed
    else:
        assert (f"Bạn nhập {count} số" if count else "Nhập số căn cước") in message_of(read_id_number, typed)


@quick
@given(any_number, st.integers(0, 11), st.characters(categories=["L", "No", "Sm", "So"]))
def test_a_sign_that_is_no_digit_is_an_error_never_guessed(number, place, sign):
    message_of(read_id_number, number[:place] + sign + number[place + 1 :])


@quick
@given(st.from_regex(r"[0-9]{9}", fullmatch=True), st.dates(date(2025, 1, 1), date(2099, 12, 31)), st.one_of(st.none(), sexes))
def test_nine_digits_are_taken_with_a_warning_whatever_series_they_are_of(number, today, sex):
    assert read_id_number(number) == number
    (warning,) = id_number_warnings(number, PartialDay(1970), sex, today)
    assert "không còn dùng được từ ngày 1/1/2025" in warning


@quick
@given(any_number, st.one_of(st.none(), born.map(PartialDay)), st.one_of(st.none(), sexes))
def test_a_warning_never_repeats_the_number(number, birth_day, sex):
    try:
        said = " ".join(id_number_warnings(number, birth_day, sex, TODAY))
    except WrongInput as fault:
        said = str(fault)
    assert number not in said and number[6:] not in said


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


# --- tax codes -------------------------------------------------------------------------------------------------------


def with_check(nine: str) -> str:
    """The ten digits that begin with these nine, by the sum as the circular prints it; "" for the nine that have none."""
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    check = 10 - sum(weight * int(digit) for weight, digit in zip(weights, nine, strict=True)) % 11
    return f"{nine}{check}" if check < 10 else ""


nines = st.integers(0, 10**9 - 1).map(lambda number: f"{number:09}")
tax_codes = nines.map(with_check).filter(bool)
branches = st.integers(1, 999).map(lambda number: f"{number:03}")


@pytest.mark.parametrize("code", ["5900189357", "5900000019", "0100112236", "0301000003", "0109681734"])
def test_a_right_tax_code_is_read(code):
    assert read_tax_code(code) == code


@quick
@given(tax_codes, branches)
def test_a_branch_has_three_digits_more(code, branch):
    assert read_tax_code(code + branch) == f"{code}-{branch}"


@quick
@given(tax_codes, st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_of_the_first_ten_is_always_noticed(code, place, off_by):
    wrong = code[:place] + str((int(code[place]) + off_by) % 10) + code[place + 1 :]

    assert "gõ nhầm" in message_of(read_tax_code, wrong)
    assert "gõ nhầm" in message_of(read_tax_code, wrong + "001")


@quick
@given(tax_codes, st.integers(0, 7))
def test_two_neighbours_swapped_are_noticed(code, place):
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]

    assert code == swapped or "gõ nhầm" in message_of(read_tax_code, swapped)


@quick
@given(tax_codes)
def test_of_ten_last_digits_only_one_is_right(code):
    right = []
    for digit in "0123456789":
        with suppress(WrongInput):
            right.append(read_tax_code(code[:9] + digit))
    assert right == [code]


@quick
@given(nines.filter(lambda nine: not with_check(nine)), st.integers(0, 9))
def test_nine_digits_whose_sum_leaves_nothing_have_no_tax_code(nine, digit):
    assert "gõ nhầm" in message_of(read_tax_code, f"{nine}{digit}")


@quick
@given(tax_codes, branches, st.lists(st.sampled_from(" .-–()\u200b\u00a0"), min_size=14, max_size=14), st.booleans())
def test_however_a_tax_code_is_written_it_is_the_same(code, branch, between, wide):
    digits = code + branch
    typed = "".join(sign + digit for sign, digit in zip(between, digits, strict=False)) + between[-1]
    typed = typed.translate({ord("0") + n: 0xFF10 + n for n in range(10)}) if wide else typed

    assert read_tax_code(typed) == f"{code}-{branch}"


@pytest.mark.parametrize("typed, said", [
    ("", "Nhập mã số thuế"), (" - ", "Nhập mã số thuế"), ("590018935", "Bạn nhập 9 số"), ("59001893571", "Bạn nhập 11 số"),
    ("5900189357-01", "hộ kinh doanh"), ("064090001234", "hộ kinh doanh"), ("5900189357-000", "đếm từ 001"),
    ("59OO189357", "Bỏ “O”"), ("MST 5900189357", "Bỏ “M”"), ("5900189357\n", None), ("٥٩٠٠١٨٩٣٥٧", None),
    ("1" * 5000, "Bạn nhập 5000 số"), ("\ud800", "Nhập mã số thuế"),
])  # fmt: skip
def test_what_is_no_tax_code_is_told_what_to_mend(typed, said):
    assert read_tax_code(typed) == "5900189357" if said is None else said in message_of(read_tax_code, typed)

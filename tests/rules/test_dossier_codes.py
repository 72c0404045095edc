"""A code copied by hand, read out on the telephone, typed on a small keypad."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import WrongInput
from rules.dossier_codes import (
    SYMBOLS,
    Code,
    CodeFault,
    add_checks,
    new_dossier_code,
    new_receipt_code,
    read_code,
    read_slip_code,
    show_receipt_code,
)

quick = settings(derandomize=True, max_examples=60, deadline=None)
CODES = [add_checks(ten) for ten in ("7K3MQ9TDRW", "0000000000", "ZZZZZZZZZZ", "0123456789", "H211290001")]
CODE = CODES[0]
PLACES = range(12)
tens = st.text(SYMBOLS, min_size=10, max_size=10)


def fault_of(text):
    with pytest.raises(CodeFault) as fault:
        read_code(text)
    return fault.value


def group_of(place):
    return place // 4 + 1


def swapped(code, place):
    return code[:place] + code[place + 1] + code[place] + code[place + 2 :]


# --- receipt codes ---------------------------------------------------------------------------------------------------


def test_a_new_receipt_code_is_read_back():
    code = new_receipt_code()
    assert len(code) == 12 and set(code) <= set(SYMBOLS)
    assert read_code(show_receipt_code(code)) == Code("receipt", code)


def test_new_receipt_codes_differ():
    assert len({new_receipt_code() for _ in range(100)}) == 100


def test_a_receipt_code_is_shown_in_groups_of_four():
    assert show_receipt_code("7K3MQ9TDRW2F") == "7K3M Q9TD RW2F"


@pytest.mark.parametrize("code", CODES)
def test_any_one_wrong_symbol_is_noticed_and_its_group_named(code):
    for place in PLACES:
        for symbol in set(SYMBOLS) - {code[place]}:
            fault = fault_of(code[:place] + symbol + code[place + 1 :])
            assert fault.groups == (group_of(place),)


@pytest.mark.parametrize("code", CODES)
def test_any_two_neighbours_swapped_are_noticed_and_their_groups_named(code):
    for place in range(11):
        if code[place] != code[place + 1]:
            fault = fault_of(swapped(code, place))
            assert {group_of(place), group_of(place + 1)} <= set(fault.groups)


@quick
@given(tens, st.integers(0, 11), st.sampled_from(SYMBOLS))
def test_a_wrong_symbol_of_any_code_is_named(ten, place, symbol):
    code = add_checks(ten)
    wrong = code[:place] + symbol + code[place + 1 :]
    if wrong != code:
        assert fault_of(wrong).groups == (group_of(place),)


@quick
@given(tens, st.integers(0, 10))
def test_a_swap_in_any_code_is_named(ten, place):
    code = add_checks(ten)
    if code[place] != code[place + 1]:
        assert {group_of(place), group_of(place + 1)} <= set(fault_of(swapped(code, place)).groups)


@quick
@given(tens, st.text("- .\u00a0–", max_size=3))
def test_separators_and_case_do_not_matter(ten, separator):
    code = add_checks(ten)
    typed = separator.join((code[:4], code[4:8], code[8:])).lower()
    assert read_code(f" {typed}\n") == Code("receipt", code)


def test_full_width_and_look_alikes_are_forgiven():
    code = add_checks("01AB10CD01")
    wide = "".join(chr(ord(symbol) + 0xFEE0) for symbol in code)
    assert read_code(wide).value == code
    assert read_code(code.replace("0", "O").replace("1", "l")).value == code
    assert read_code(code.replace("0", "o").replace("1", "I")).value == code


@pytest.mark.parametrize("typed", ["", "  ", "\u200b", "- . -"])
def test_nothing_typed_asks_for_a_code(typed):
    fault = fault_of(typed)
    assert (str(fault), fault.groups) == ("Nhập mã biên nhận hoặc mã hồ sơ", ())


def test_a_code_too_short_tells_how_much_was_seen():
    fault = fault_of(CODE[:11])
    assert (str(fault), fault.groups) == ("Mã biên nhận có 12 chữ và số, bạn gõ 11. So lại với giấy biên nhận.", ())


def test_a_group_too_short_is_named():
    fault = fault_of("7K3M Q9T RWMT")
    assert str(fault) == "Mã biên nhận có 12 chữ và số, bạn gõ 11. Xem lại nhóm thứ 2 (Q9T)."
    assert fault.groups == (2,)


def test_a_code_far_too_long_is_refused():
    assert fault_of("7" * 100_000).groups == ()


@pytest.mark.parametrize(("sign", "shown"), [("u", "“U”"), ("ư", "“Ư”"), ("😀", "“😀”"), ("<", "“<”")])
def test_a_sign_no_code_has_is_named_with_its_group(sign, shown):
    fault = fault_of(CODE[:5] + sign + CODE[6:])
    assert fault.groups == (2,)
    assert str(fault).startswith("Nhóm thứ 2 (Q") and f" có {shown}, mã không dùng ký tự này" in str(fault)


def test_strange_signs_in_two_groups_name_both():
    assert fault_of("U" + CODE[1:11] + "U").groups == (1, 3)


def test_a_wrong_symbol_is_told_with_its_group_as_typed():
    assert CODE == "7K3MQ9TDRWMT"
    assert str(fault_of("7K3M Q8TD RWMT")) == "Nhóm thứ 2 (Q8TD) có chữ sai. So lại với giấy biên nhận."


def test_a_swap_across_two_groups_names_both():
    fault = fault_of("7K3Q M9TD RWMT")
    assert str(fault) == "Nhóm thứ 1 (7K3Q) và nhóm thứ 2 (M9TD) có chữ sai. So lại với giấy biên nhận."
    assert fault.groups == (1, 2)


def test_a_code_wrong_in_several_places_is_to_be_compared_whole():
    fault = fault_of("7777 7777 7772")
    assert fault.groups == (1, 2, 3)
    assert "So lại cả mã" in str(fault)


@quick
@given(st.text(max_size=40))
def test_reading_a_code_answers_or_says_what_to_do(text):
    try:
        assert read_code(text).kind in ("receipt", "dossier")
    except WrongInput as fault:
        assert str(fault) and set(fault.groups) <= {1, 2, 3}


# --- codes on slips --------------------------------------------------------------------------------------------------


def slip_fault_of(text):
    with pytest.raises(CodeFault) as fault:
        read_slip_code(text)
    return fault.value


@quick
@given(tens, st.text("- .\u00a0–", max_size=3))
def test_a_code_on_a_slip_is_read_as_a_receipt_code_is(ten, separator):
    code = add_checks(ten)
    typed = separator.join((code[:4], code[4:8], code[8:])).lower()

    assert read_slip_code(f" {typed}\n") == code


@pytest.mark.parametrize("typed", ["", "  ", "\u200b", "- . -"])
def test_nothing_typed_asks_for_the_code_on_the_slip(typed):
    assert str(slip_fault_of(typed)) == "Nhập mã trên phiếu"


@pytest.mark.parametrize("typed", ["H21.129-261123-0001", "000.17.22.H56-210531-0001", "h21.129 261123 0001", "H21.129"])
def test_a_dossier_code_in_a_slips_place_is_named(typed):
    assert str(slip_fault_of(typed)) == "Đây là mã hồ sơ. Nhập mã 12 chữ và số trên phiếu."


@pytest.mark.parametrize(
    ("typed", "groups", "said"),
    [
        (CODE[:11], (), "Mã có 12 chữ và số, bạn gõ 11. So lại với phiếu."),
        ("7K3M Q9T RWMT", (2,), "Mã có 12 chữ và số, bạn gõ 11. Xem lại nhóm thứ 2 (Q9T)."),
        ("7K3M Q8TD RWMT", (2,), "Nhóm thứ 2 (Q8TD) có chữ sai. So lại với phiếu."),
        ("7K3Q M9TD RWMT", (1, 2), "Nhóm thứ 1 (7K3Q) và nhóm thứ 2 (M9TD) có chữ sai. So lại với phiếu."),
        ("7777 7777 7772", (1, 2, 3), "Mã có chữ sai hoặc đổi chỗ. So lại cả mã với phiếu."),
        ("7K3M QUTD RWMT", (2,), "Nhóm thứ 2 (QUTD) có “U”, mã không dùng ký tự này. So lại với phiếu."),
    ],
)
def test_a_slip_of_the_finger_is_told_with_the_words_of_the_slip(typed, groups, said):
    fault = slip_fault_of(typed)

    assert (str(fault), fault.groups) == (said, groups)


@quick
@given(st.text(max_size=40))
def test_reading_a_slip_answers_or_says_what_to_do_and_speaks_of_no_receipt(text):
    try:
        assert len(read_slip_code(text)) == 12
    except CodeFault as fault:
        assert str(fault) and "biên nhận" not in str(fault)


# --- dossier codes ---------------------------------------------------------------------------------------------------


def test_a_new_dossier_code_carries_office_day_and_counter():
    assert new_dossier_code("H21.129", date(2026, 11, 23), 1) == "H21.129-261123-0001"
    assert new_dossier_code("H21.129", date(2026, 11, 23), 12345) == "H21.129-261123-12345"


@pytest.mark.parametrize(("prefix", "counter"), [("h21.129", 1), ("", 1), ("H21.129", 1_000_000), ("H21.129", -1)])
def test_a_dossier_code_no_lookup_would_read_is_not_made(prefix, counter):
    with pytest.raises(ValueError, match="not a dossier code"):
        new_dossier_code(prefix, date(2026, 11, 23), counter)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("H21.129-261123-0001", "H21.129-261123-0001"),
        (" h21.129 - 261123 - 0001 ", "H21.129-261123-0001"),
        ("H21.129–261123—0001", "H21.129-261123-0001"),
        ("H21.129 261123 0001", "H21.129-261123-0001"),
        ("Ｈ２１．１２９－２６１１２３－０００１", "H21.129-261123-0001"),
        ("H2l.I29-261123-OOO1", "H21.129-261123-0001"),
        ("H21.129.01-261123-00012", "H21.129.01-261123-00012"),
        ("H21-261123-0001", "H21-261123-0001"),
        ("000.17.22.h56-210531-0001", "000.17.22.H56-210531-0001"),
        ("000.00.14.G15-200203-0118", "000.00.14.G15-200203-0118"),
    ],
)
def test_both_patterns_of_dossier_code_are_read(typed, code):
    assert read_code(typed) == Code("dossier", code)


@pytest.mark.parametrize("typed", ["H21.129-261123-1", "h21.129-2611230001", "000.17.22.H56-210531", "H21.129"])
def test_a_dossier_code_not_whole_shows_how_one_looks(typed):
    assert "ví dụ H21.129-261123-0001" in str(fault_of(typed))

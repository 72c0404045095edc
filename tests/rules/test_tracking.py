"""Tracking numbers: the S10's check digit as the reference computed it, and what is told of a wrong one."""

import random

import pytest

from rules import WrongInput
from rules.tracking import WEIGHTS, check_digit, is_s10, read_tracking, show_tracking

# Identity, payment, post: section 8.
COMPUTED = {"47312482": "9", "12345678": "5", "00000012": "0", "36150001": "7"}


@pytest.mark.parametrize("digits", COMPUTED)
def test_the_references_own_examples_come_out(digits):
    assert check_digit(digits) == COMPUTED[digits]


@pytest.mark.parametrize("number", ["EP123456785VN", "EP000000120VN", "EP361500017VN", "RR473124829GB"])
def test_whole_numbers_of_the_reference_are_right(number):
    assert read_tracking(number) == number and is_s10(number)


@pytest.mark.parametrize("typed", ["ep 123 456 785 vn", "EP123.456.785-VN", " EP１２３４５６７８５VN "])
def test_a_number_is_read_however_it_was_typed(typed):
    assert read_tracking(typed) == "EP123456785VN"


def numbers(count: int = 300) -> list[str]:
    dice = random.Random(45)
    return [f"{dice.randrange(10**8):08}" for _ in range(count)]


def test_every_wrong_check_digit_is_found_and_named_in_words():
    for digits in numbers():
        right = check_digit(digits)
        for wrong in set("0123456789") - {right}:
            with pytest.raises(WrongInput, match=f"sau {digits} phải là số {right}, bạn gõ số {wrong}"):
                read_tracking(f"EP{digits}{wrong}VN")


def test_one_digit_typed_wrong_is_found_unless_the_standard_itself_cannot_tell():
    """11 is written 5, as 5 is: two of the eleven remainders share a check digit, and only between them is one mistaken."""
    for digits in numbers(60):
        rest = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True)) % 11
        for place in range(8):
            for other in set("0123456789") - {digits[place]}:
                mistyped = digits[:place] + other + digits[place + 1 :]
                moved = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, mistyped, strict=True)) % 11
                is_seen = check_digit(mistyped) != check_digit(digits)
                assert is_seen == ({rest, moved} != {0, 6})


def test_the_check_digit_is_one_of_ten_and_each_of_them_comes():
    assert {check_digit(digits) for digits in numbers()} == set("0123456789")


@pytest.mark.parametrize("digits", ["", "1234567", "123456789", "1234567a", "１２３４５６７８"])
def test_a_check_digit_is_of_eight_digits_alone(digits):
    with pytest.raises(ValueError, match="eight digits"):
        check_digit(digits)


@pytest.mark.parametrize("number", ["12345678", "VNPOST0012345", "A" * 20, "123456789012345678"])
def test_the_posts_own_numbers_are_taken_as_they_are(number):
    assert read_tracking(number) == number == show_tracking(number)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Nhập số vận đơn"),
        ("1234567", "từ 8 đến 20"),
        ("1" * 21, "từ 8 đến 20"),
        ("1" * 10_000, "từ 8 đến 20"),
        ("EP12345678Đ", "không dấu"),
        ("EP1234<script>", "Bỏ “<”"),
        ("EP12345678OVN", "9 chữ số"),
    ],
)
def test_what_is_no_number_is_refused_in_words(typed, told):
    with pytest.raises(WrongInput, match=told):
        read_tracking(typed)


def test_it_is_shown_as_the_post_prints_it():
    assert show_tracking("EP123456785VN") == "EP 123 456 785 VN"

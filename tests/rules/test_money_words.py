"""Amounts in words: as school teaches to read them, and read back they are the same number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.money_words import in_words, number_in_words
from rules.payment_requests import MOST_DONG

VALUES = {
    **dict(zip(["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"], range(10), strict=True)),
    "mốt": 1,
    "tư": 4,
    "lăm": 5,
}


def read_back(words: str) -> int:
    """A reader of its own: hundreds, tens and ones gather, a name of a power closes what was gathered."""
    before, group, digit = 0, 0, None
    for word in words.split():
        if word in VALUES:
            group, digit = group + VALUES[word], VALUES[word]
        elif word == "mười":
            group, digit = group + 10, None
        elif word == "mươi":
            group, digit = group + 9 * digit, None
        elif word == "trăm":
            group, digit = group + 99 * digit, None
        elif word == "tỷ":
            before, group = (before + group) * 10**9, 0
        elif word != "linh":
            before, group = before + group * {"triệu": 10**6, "nghìn": 10**3}[word], 0
    return before + group


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "Không đồng"),
        (5, "Năm đồng"),
        (10, "Mười đồng"),
        (15, "Mười lăm đồng"),
        (21, "Hai mươi mốt đồng"),
        (24, "Hai mươi tư đồng"),
        (105, "Một trăm linh năm đồng"),
        (8000, "Tám nghìn đồng"),
        (16_000, "Mười sáu nghìn đồng"),
        (1_005, "Một nghìn không trăm linh năm đồng"),
        (1_050_000, "Một triệu không trăm năm mươi nghìn đồng"),
        (1_000_005, "Một triệu không trăm linh năm đồng"),
        (311_914_501, "Ba trăm mười một triệu chín trăm mười bốn nghìn năm trăm linh một đồng"),
        (2_000_000_000, "Hai tỷ đồng"),
        (9_999_999_999, "Chín tỷ chín trăm chín mươi chín triệu chín trăm chín mươi chín nghìn chín trăm chín mươi chín đồng"),
    ],
)
def test_an_amount_is_read_as_school_teaches(amount, words):
    assert in_words(amount) == words


@given(st.integers(0, MOST_DONG) | st.integers(0, 2000))
def test_what_is_read_back_is_the_same_number(number):
    assert read_back(number_in_words(number)) == number


@given(st.integers(1, 10**15))
def test_the_words_are_clean_and_of_no_two_numbers_the_same(number):
    words = number_in_words(number)

    assert words == " ".join(words.split()) and words != number_in_words(number + 1)


def test_there_is_no_amount_below_nothing():
    with pytest.raises(ValueError):
        in_words(-1)

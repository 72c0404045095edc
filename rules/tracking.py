"""Tracking numbers of the post: the UPU's S10 with its check digit, and the shorter and longer ones used inside the country."""

import re

from rules import WrongInput
from rules.vietnamese import ascii_digits

# UPU S10: two letters, eight digits, a check digit, the country. Identity, payment, post: section 8.
WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
S10 = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}")
# Two letters at either end and nearly all digits between: an S10 in which a letter stands for a digit, as in O for 0.
NEARLY_S10 = re.compile(r"[A-Z]{2}[\dOILSB]{9}[A-Z]{2}")
DOMESTIC = re.compile(r"[A-Z0-9]{8,20}")
BETWEEN = re.compile(r"[\s.‐‑–-]+")
MOST_DIGITS_MISREAD = 3
SHORTEST, LONGEST = 8, 20


def check_digit(digits: str) -> str:
    """The ninth digit that belongs to eight digits of an S10 number; raises ValueError for anything but eight digits.

    s = the weighted sum, c = 11 - s mod 11, where 10 is written 0 and 11 is written 5 (UPU S10).
    """
    if not re.fullmatch(r"[0-9]{8}", digits):
        raise ValueError("eight digits, please")
    weighted = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True))
    return {10: "0", 11: "5"}.get(11 - weighted % 11) or str(11 - weighted % 11)


def is_s10(number: str) -> bool:
    return S10.fullmatch(number) is not None


def read_tracking(typed: str) -> str:
    """The number as it is kept: capital letters and digits alone, however it was typed.

    What looks like S10 must have the right check digit; anything else is taken as the post's own when it has 8 to 20
    letters and digits. Raises WrongInput naming what is wrong.
    """
    if len(typed) > 100:
        raise WrongInput(_LENGTH)
    number = BETWEEN.sub("", ascii_digits(typed)).upper()
    if not number:
        raise WrongInput("Nhập số vận đơn ghi trên phiếu gửi của bưu điện")
    if not DOMESTIC.fullmatch(number):
        strange = next((sign for sign in number if not re.match(r"[A-Z0-9]", sign)), "")
        raise WrongInput(f"Số vận đơn chỉ có chữ cái không dấu và chữ số. Bỏ “{strange}” rồi nhập lại." if strange else _LENGTH)
    if is_s10(number):
        _check(number)
    elif NEARLY_S10.fullmatch(number) and sum(not sign.isdigit() for sign in number[2:11]) <= MOST_DIGITS_MISREAD:
        raise WrongInput(
            f"Số {number}: giữa hai chữ đầu và hai chữ cuối phải là 9 chữ số. Xem lại chữ O hay số 0, chữ I hay số 1."
        )
    return number


_LENGTH = f"Số vận đơn có từ {SHORTEST} đến {LONGEST} chữ cái và chữ số. Xem lại phiếu gửi rồi nhập lại."


def _check(number: str) -> None:
    digits, typed = number[2:10], number[10]
    right = check_digit(digits)
    if typed != right:
        raise WrongInput(
            f"Số {number} có một số gõ nhầm: sau {digits} phải là số {right}, bạn gõ số {typed}. So lại từng số với phiếu gửi."
        )


def show_tracking(number: str) -> str:
    """EP 123 456 785 VN, as the post prints it; another number as it is."""
    return f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:11]} {number[11:]}" if is_s10(number) else number

"""An amount of money in Vietnamese words, as a receipt has to write it beside the figures."""

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_BILLION = 1_000_000_000
_WITHIN_A_BILLION = ((1_000_000, "triệu"), (1_000, "nghìn"), (1, ""))


def in_words(amount_dong: int) -> str:
    """Mười sáu nghìn đồng. Takes whole đồng from 0 up; raises ValueError for less."""
    words = number_in_words(amount_dong)
    return f"{words[0].upper()}{words[1:]} đồng"


def number_in_words(number: int) -> str:
    """hai mươi mốt triệu không trăm linh năm nghìn: the reading taught in school. Raises ValueError below 0."""
    if number < 0:
        raise ValueError("an amount of money is never below 0")
    return " ".join(_said(number, is_first=True)) if number else DIGITS[0]


def _said(number: int, is_first: bool) -> list[str]:
    """The words of a number above 0. What follows a larger part says its empty hundreds too."""
    billions, rest = divmod(number, _BILLION)
    words = [*_said(billions, is_first), "tỷ"] if billions else []
    for unit, name in _WITHIN_A_BILLION:
        part, rest = divmod(rest, unit)
        if part:
            words += [*_group(part, is_first and not words), *([name] if name else [])]
    return words


def _group(number: int, is_first: bool) -> list[str]:
    """One to 999. `is_first`: nothing stands before it, so that empty hundreds and tens are not said."""
    hundreds, rest = divmod(number, 100)
    words = [] if is_first and not hundreds else [DIGITS[hundreds], "trăm"]
    return words + _below_a_hundred(rest, has_hundreds=bool(words))


def _below_a_hundred(number: int, has_hundreds: bool) -> list[str]:
    tens, ones = divmod(number, 10)
    if tens == 0:
        return [*(["linh"] if has_hundreds else []), DIGITS[ones]] if ones else []
    ten = ["mười"] if tens == 1 else [DIGITS[tens], "mươi"]
    return [*ten, *([_one_after(tens, ones)] if ones else [])]


def _one_after(tens: int, ones: int) -> str:
    """After tens, some digits sound otherwise: hai mươi mốt, hai mươi tư, mười lăm."""
    if ones == 5:
        return "lăm"
    return {1: "mốt", 4: "tư"}.get(ones, DIGITS[ones]) if tens > 1 else DIGITS[ones]

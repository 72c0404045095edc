"""Words for the loudspeaker: numbers, days and codes as they are read aloud, how long it takes, which sentences are too long."""

import re
from datetime import date
from typing import NamedTuple

from rules.money_words import DIGITS, number_in_words

LONGEST_SENTENCE = 20  # words; who only hears a sentence cannot go back to its beginning
LONGEST_SCRIPT_SECONDS = 180  # a notice of three minutes is the last one somebody listens to the end of

LANGUAGES = {"vi": "Tiếng Việt", "jrai": "Tiếng Jrai", "bahnar": "Tiếng Bahnar"}

NAMES_OF_LETTERS = """
    a bê xê đê e ép-phờ giê hát i di ca e-lờ em-mờ en-nờ o pê quy e-rờ ét-sì tê u vê vê-kép ích-xì i-dài dét
"""
LETTERS = dict(zip("abcdefghijklmnopqrstuvwxyz", NAMES_OF_LETTERS.split(), strict=True)) | {"đ": "đê"}
SIGNS = {
    ".": "chấm",
    "-": "gạch ngang",
    "/": "gạch chéo",
    "@": "a còng",
    ":": "hai chấm",
    "_": "gạch dưới",
    "?": "hỏi",
    "=": "bằng",
}
SHORT_WORDS = {
    "UBND": "Ủy ban nhân dân",
    "HĐND": "Hội đồng nhân dân",
    "CCCD": "căn cước công dân",
    "CMND": "chứng minh nhân dân",
    "BHYT": "bảo hiểm y tế",
    "BHXH": "bảo hiểm xã hội",
    "THCS": "trung học cơ sở",
    "DVC": "dịch vụ công",
    "SĐT": "số điện thoại",
    "TT": "thông tư",
    "NĐ": "nghị định",
    "QĐ": "quyết định",
}
UNITS = {
    "%": "phần trăm",
    "km": "ki-lô-mét",
    "kg": "ki-lô-gam",
    "kB": "ki-lô-bai",
    "đ": "đồng",
    "m²": "mét vuông",
    "ha": "héc-ta",
}
TENTHS = re.compile(r"(\d+),(\d+)")


class Sentence(NamedTuple):
    text: str
    words: int

    @property
    def is_long(self) -> bool:
        return self.words > LONGEST_SENTENCE


class Script(NamedTuple):
    """A script as it will be heard."""

    spoken: str
    seconds: int
    sentences: list[Sentence]

    @property
    def long_sentences(self) -> list[Sentence]:
        return [sentence for sentence in self.sentences if sentence.is_long]

    @property
    def is_long(self) -> bool:
        return self.seconds > LONGEST_SCRIPT_SECONDS


def read(text: str, words_a_minute: int) -> Script:
    """What a script sounds like at a pace in words (syllables) a minute, pauses included in the pace.

    Every syllable of Vietnamese is written apart, so that words counted are syllables read.
    """
    aloud = spoken(text)
    sentences = [Sentence(one, count_words(spoken(one))) for one in sentences_of(text)]
    return Script(aloud, round(count_words(aloud) * 60 / words_a_minute), sentences)


def count_words(text: str) -> int:
    """Syllables: what stands between spaces or hyphens and has a letter or a digit in it."""
    return sum(any(sign.isalnum() for sign in word) for word in re.split(r"[\s-]+", text))


def sentences_of(text: str) -> list[str]:
    """By full stops, question marks and line ends; a stop inside a number, a code or an address ends nothing."""
    parts = (part for line in text.splitlines() for part in re.split(r"(?<=[.!?…;])[”\"')]*\s+", line))
    return [part.strip() for part in parts if any(sign.isalnum() for sign in part)]


# What is read otherwise than it is written, the most particular first: the first that matches at a place is taken.
DAY = r"(?P<day>\d{1,2})[/-](?P<month>\d{1,2})[/-](?P<year>\d{4})"
MONTH = r"(?P<m>\d{1,2})/(?P<y>\d{4})"
CLOCK = r"(?P<hour>[01]?\d|2[0-3])(?:[:hg](?P<minute>[0-5]\d)|[hg])(?!\w)"
WORD_EDGE = r"(?<![\w.,/@-])"
PATTERNS = (
    ("mail", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    ("address", r"(?:https?://)?[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?:/[A-Za-z0-9./_?=-]*)?|/[a-z]/[A-Za-z0-9/-]+"),
    ("date", DAY),
    ("month_of", MONTH),
    ("time", CLOCK),
    ("phone", r"\+84[\d .]{8,13}\d|0\d{2,3}[ .]?\d{3}[ .]?\d{3,4}(?!\d)"),
    ("code", r"(?=[A-ZĐ0-9./-]*\d)(?=[A-ZĐ0-9./-]*[A-ZĐ])[A-ZĐ0-9]+(?:[./-][A-ZĐ0-9]+)*"),
    ("percent", r"(?P<value>\d[\d.,]*)\s?(?P<unit>%|km|kg|kB|m²|ha|đ)(?!\w)"),
    ("big", r"\d{1,3}(?:\.\d{3})+(?!\d)"),
    ("tenths", r"\d+,\d+"),
    ("digits", r"\d{7,}|0\d+"),
    ("range", r"(?P<least>\d+)\s?[-–]\s?(?P<most>\d+)(?![\d/-])"),
    ("part", r"(?P<of>\d+)/(?P<all>\d+)(?![\d/])"),
    ("number", r"\d+"),
    ("short", "|".join(map(re.escape, SHORT_WORDS)) + r"(?!\w)"),
)
ALOUD = re.compile("|".join(f"(?P<{name}_>{WORD_EDGE}(?:{pattern}))" for name, pattern in PATTERNS))
LEFT_OVER = re.compile(r"[0-9]")  # within a word of letters and digits


def spoken(text: str) -> str:
    """A text with every number, day, hour, code, address and short form spelt as it is read aloud."""
    return LEFT_OVER.sub(lambda digit: f" {DIGITS[int(digit[0])]} ", ALOUD.sub(_say, text))


def _say(found: re.Match) -> str:
    return next(SAY[name](found) for name, _ in PATTERNS if found[f"{name}_"] is not None)


def _date(found: re.Match) -> str:
    day, month, year = (int(found[part]) for part in ("day", "month", "year"))
    try:
        date(year, month, day)
    except ValueError:
        return spell(found[0])  # 40/13/2026 is no day: it is read as it stands
    before = found.string[: found.start()].rstrip().lower()
    label = "" if before.endswith(("ngày", "mùng", "mồng")) else "ngày "
    return f"{label}{number_in_words(day)} tháng {_month(month)} năm {number_in_words(year)}"


def _month_of(found: re.Match) -> str:
    if not 1 <= int(found["m"]) <= 12:
        return spell(found[0])
    label = "" if found.string[: found.start()].rstrip().lower().endswith("tháng") else "tháng "
    return f"{label}{_month(int(found['m']))} năm {number_in_words(int(found['y']))}"


def _month(number: int) -> str:
    return "tư" if number == 4 else number_in_words(number)


def _time(found: re.Match) -> str:
    minute = int(found["minute"] or 0)
    return f"{number_in_words(int(found['hour']))} giờ" + (f" {number_in_words(minute)}" if minute else "")


def _phone(found: re.Match) -> str:
    """Digit by digit, in threes: that is how one writes along."""
    digits = re.sub(r"\D", "", found[0].replace("+84", "0"))
    head = len(digits) % 3 + 3 if len(digits) % 3 else 3
    groups = [digits[:head], *(digits[n : n + 3] for n in range(head, len(digits), 3))]
    return ", ".join(" ".join(DIGITS[int(digit)] for digit in group) for group in groups)


def _value(text: str) -> str:
    if part := TENTHS.fullmatch(text.replace(".", "")):
        whole, tenths = part.groups()
        after = number_in_words(int(tenths)) if not tenths.startswith("0") else " ".join(DIGITS[int(one)] for one in tenths)
        return f"{number_in_words(int(whole))} phẩy {after}"
    digits = re.sub(r"\D", "", text)
    return number_in_words(int(digits))


def spell(text: str) -> str:
    """Sign by sign, as a code is dictated: H21.129 is hát hai một chấm một hai chín."""
    return " ".join(_sign(sign) for sign in text if not sign.isspace())


def _sign(sign: str) -> str:
    if sign.isascii() and sign.isdigit():
        return DIGITS[int(sign)]
    return LETTERS.get(sign.lower()) or SIGNS.get(sign, sign)


def _address(found: re.Match) -> str:
    """Names within an address are read as words where they can be; short parts and digits are spelt."""
    text = re.sub(r"^https?://", "", found[0]).rstrip(".")
    parts = re.findall(r"[A-Za-z]+|\d|[^A-Za-z\d]", text)
    end = "." if found[0].endswith(".") else ""
    return " ".join(part if part.isalpha() and len(part) > 3 else spell(part) for part in parts) + end


SAY = {
    "address": _address,
    "mail": _address,
    "date": _date,
    "month_of": _month_of,
    "time": _time,
    "phone": _phone,
    "code": lambda found: spell(found[0]),
    "percent": lambda found: f"{_value(found['value'])} {UNITS[found['unit']]}",
    "big": lambda found: _value(found[0]),
    "tenths": lambda found: _value(found[0]),
    "digits": lambda found: spell(found[0]),
    "range": lambda found: f"{number_in_words(int(found['least']))} đến {number_in_words(int(found['most']))}",
    "part": lambda found: f"{number_in_words(int(found['of']))} trên {number_in_words(int(found['all']))}",
    "number": lambda found: number_in_words(int(found[0])),
    "short": lambda found: SHORT_WORDS[found[0]],
}

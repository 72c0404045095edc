"""Vietnamese as people type and read it: text, days, numbers, the order of names."""

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta, timezone
from itertools import groupby

from rules import WrongInput

# Vietnam has kept UTC+7 with no summer time since 1975; a constant needs no time zone database on the machine.
VIETNAM_TIME = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")

# --- text ------------------------------------------------------------------------------------------------------------

# They come along with copied text, show nothing and mean nothing. The joiners stay: emoji and some scripts need them.
UNSEEN = dict.fromkeys(map(ord, "\u00ad\u061c\u200b\u200e\u200f\u2060\ufeff"))
LINE_ENDS = str.maketrans({"\u2028": "\n", "\u2029": "\n"})
TURNS_TEXT_ROUND = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
MOST_MARKS = 4  # on one letter; Vietnamese needs two, a Jrai vowel with a tone three
LETTERS_WITHOUT_PARTS = str.maketrans("đƀ", "db")  # Unicode does not decompose a stroke
APOSTROPHES = "'’ʼ‘`´"  # every one of them is found in H'Lan
ONE_APOSTROPHE = str.maketrans(dict.fromkeys(APOSTROPHES, "'"))


def fold(text):
    """The form two spellings share in search: lower case, no marks, đ as d, single spaces; NFC and NFD give the same.

    Where the tone stands (hoà, hòa) does not matter, because tones vanish.
    """
    # Before it is taken apart: NFKD makes a space and a mark of ´.
    marked = unicodedata.normalize("NFKD", text.translate(ONE_APOSTROPHE))
    bare = "".join(sign for sign in marked if unicodedata.category(sign) not in ("Mn", "Me", "Cf"))
    return " ".join(bare.casefold().translate(LETTERS_WITHOUT_PARTS).split())


def ascii_digits(text):
    """The text with every decimal digit, full-width or of another script, as 0-9."""
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in text)


def clean_text(text, max_length, lines=False):
    """The text fit to keep: NFC, outer spaces off, inner spaces single, line ends as LF where `lines` allows them.

    Counts code points. Raises WrongInput for what cannot be seen or shown safely, and for more than `max_length`.
    """
    if len(text.encode("utf-8", "surrogatepass")) > 4 * max_length:  # refused before any work is spent on it
        raise _too_long(len(text), max_length)
    text = text.replace("\r\n", "\n").translate(LINE_ENDS if lines else {}).translate(UNSEEN)
    _refuse_hidden_signs(text, allowed="\n" if lines else "")
    text = unicodedata.normalize("NFC", text)
    text = "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()
    if len(text) > max_length:
        raise _too_long(len(text), max_length)
    if _has_piled_marks(text):
        raise WrongInput("Bỏ bớt dấu chồng lên nhau rồi gõ lại")
    return text


def _too_long(typed, max_length):
    return WrongInput(f"Viết ngắn lại: nhiều nhất {show_number(max_length)} ký tự, bạn gõ {show_number(typed)} ký tự")


def _refuse_hidden_signs(text, allowed):
    for place, sign in enumerate(text):
        if sign not in allowed and _is_hidden(sign):
            before = text[:place].strip()[-20:]
            where = f"sau “{before}”" if before else "ở đầu"
            raise WrongInput(f"Xóa ký tự ẩn {where} rồi gõ lại")


def _is_hidden(sign):
    point = ord(sign)
    never_a_character = 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE
    return never_a_character or sign in TURNS_TEXT_ROUND or unicodedata.category(sign) in ("Cc", "Cs")


def _has_piled_marks(text):
    runs = groupby(text, key=lambda sign: unicodedata.combining(sign) != 0)
    return any(is_mark and sum(1 for _ in run) > MOST_MARKS for is_mark, run in runs)


# --- days read -------------------------------------------------------------------------------------------------------

FIRST_YEAR = 1900
LONGEST_DAY_TEXT = 60
DAY_EXAMPLE = "ví dụ 5/7/2026"
WEEKDAY = r"(?:thu (?:hai|ba|tu|nam|sau|bay|[2-7])|chu nhat)"
# What stands between numbers; the stars are those of a telephone's keypad.
BETWEEN = r"[\s/\\|_*:;.,‐‑‒–—−-]*"
LABELLED_NUMBER = re.compile(rf"(ngay|thang|nam)?{BETWEEN}(\d+){BETWEEN}")
DAY_FIRST, YEAR_FIRST = ("ngay", "thang", "nam"), ("nam", "thang", "ngay")


@dataclass(frozen=True)
class PartialDay:
    """A day of which perhaps only the year, or the month and the year, is known (old people's birthdays)."""

    year: int
    month: int | None = None
    day: int | None = None

    @property
    def exact(self):
        """The date, or None while a part is missing."""
        return self.earliest if self.day else None

    @property
    def earliest(self):
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self):
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])


def read_day(text):
    """The date in a day as people type it: 5/7/2026, 05072026, ngày 5 tháng 7 năm 2026, 2026-07-05.

    Raises WrongInput, naming what to mend, for anything less than a day, a month and a year from 1900 on.
    """
    day = read_day_or_year(text).exact
    if day is None:
        raise WrongInput(f"Nhập đủ ngày, tháng, năm, {DAY_EXAMPLE}")
    return day


def read_day_or_year(text):
    """The PartialDay in what is typed where a year (1950) or a month of it (7/1950) is enough.

    Raises WrongInput as `read_day` does.
    """
    day, month, year = _day_month_year(_labelled_numbers(text))
    if len(year) != 4:
        raise WrongInput(f"Gõ đủ 4 số của năm, {DAY_EXAMPLE}")
    return _existing(int(year), month and int(month), day and int(day))


def _labelled_numbers(text):
    """The numbers of a typed day, each with the word before it: [("", "5"), ("thang", "7"), ("nam", "2026")]."""
    if not text.strip():
        raise WrongInput(f"Nhập ngày, {DAY_EXAMPLE}")
    if len(text) > LONGEST_DAY_TEXT:
        raise _unclear_day()
    typed = re.sub(rf"^{WEEKDAY}\b[\s,]*|\bm[uo]ng\b|\bsinh\b", "", ascii_digits(fold(text))).strip(" /.,-")
    if LABELLED_NUMBER.sub("", typed):
        raise _unclear_day()
    return LABELLED_NUMBER.findall(typed)


def _day_month_year(numbers):
    """The three parts as typed, None for those left out."""
    labels, parts = zip(*numbers, strict=True) if numbers else ((), ())
    if len(parts) == 1 and len(parts[0]) in (6, 8):  # 05072026, and 050726 to be asked for its whole year
        labels, parts = ("", "", ""), (parts[0][:2], parts[0][2:4], parts[0][4:])
    is_year_first = len(parts) > 1 and len(parts[0]) == 4
    names = YEAR_FIRST[: len(parts)] if is_year_first else DAY_FIRST[-len(parts) :]
    typed = dict(zip(names, parts, strict=False))
    if len(parts) not in (1, 2, 3) or any(label not in ("", name) for label, name in zip(labels, names, strict=True)):
        raise _unclear_day()
    if any(len(typed.get(name, "")) > 2 for name in ("ngay", "thang")):
        raise _unclear_day()
    return typed.get("ngay"), typed.get("thang"), typed["nam"]


def _existing(year, month, day):
    if year < FIRST_YEAR:
        raise WrongInput(f"Nhập năm từ {FIRST_YEAR} trở đi")
    if month is not None and not 1 <= month <= 12:
        raise WrongInput(f"Không có tháng {month}. Gõ ngày trước, tháng sau, {DAY_EXAMPLE}.")
    if day is not None and not 1 <= day <= monthrange(year, month)[1]:
        raise WrongInput(f"Tháng {month} năm {year} không có ngày {day}. Xem lại giấy tờ rồi gõ lại.")
    return PartialDay(year, month, day)


def _unclear_day():
    return WrongInput(f"Nhập ngày, tháng, năm bằng số, {DAY_EXAMPLE}")


def not_after(day, today):
    """The same day (a date or a PartialDay); raises WrongInput when it surely lies after `today`."""
    first = day.earliest if isinstance(day, PartialDay) else day
    if first > today:
        raise WrongInput(f"Nhập ngày không sau hôm nay ({show_day(today)})")
    return day


# --- days, hours and numbers shown -----------------------------------------------------------------------------------

WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


def show_day(day):
    """5/7/2026; of a PartialDay what is known: 7/1950, 1950."""
    return "/".join(str(part) for part in (day.day, day.month, day.year) if part)


def show_long_day(day):
    """Chủ nhật, ngày 5 tháng 7 năm 2026"""
    weekday = WEEKDAYS[day.weekday()]
    return f"{weekday[0].upper()}{weekday[1:]}, ngày {day.day} tháng {day.month} năm {day.year}"


def show_weekday_short(day):
    """thứ Tư 25/11"""
    return f"{WEEKDAYS[day.weekday()]} {day.day}/{day.month}"


def show_moment(moment):
    """9 giờ 10, ngày 23/11/2026, in Vietnam's time; raises ValueError for a moment without a time zone."""
    local = in_vietnam(moment)
    minutes = f" {local.minute:02}" if local.minute else ""
    return f"{local.hour} giờ{minutes}, ngày {show_day(local)}"


def in_vietnam(moment):
    """The moment on Vietnam's clock; raises ValueError for a moment without a time zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(VIETNAM_TIME)


def show_number(number):
    """16.000"""
    return f"{number:,}".replace(",", ".")


def show_dong(amount_dong):
    """16.000 đồng"""
    return f"{show_number(amount_dong)} đồng"


def show_bytes(count):
    """512 byte, 2,1 kB, 3,4 MB (thousands, as phones count)"""
    size, unit = count, "byte"
    for larger in ("kB", "MB", "GB"):
        if round(size, 1) < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.1f}".removesuffix(".0").replace(".", ",") + f" {unit}"


def show_lasting(seconds):
    """48 giây, 2 phút 5 giây"""
    minutes, rest = divmod(seconds, 60)
    return " ".join(([f"{minutes} phút"] if minutes else []) + ([f"{rest} giây"] if rest or not minutes else []))


# --- the order of names ----------------------------------------------------------------------------------------------

# The Vietnamese alphabet, with the Jrai and Bahnar letters after the plain ones and f, j, w, z at their Latin places.
ALPHABET = "aăâbƀcčdđeĕêfghiĭjklmnoŏôơpqrstuŭưvwxyz"
LETTER_RANKS = {letter: chr(ord("0") + place) for place, letter in enumerate(ALPHABET)}
TONE_RANKS = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}  # huyền hỏi ngã sắc nặng


def sort_key(name):
    """A text by which names stand in Vietnamese order: last word, then the middle ones, then the family name.

    Compare it byte by byte (Python, SQLite, PostgreSQL's COLLATE "C"). A name of one word sorts by that word.
    """
    words = [_word_key(word) for word in name.split()]
    return " ".join(("".join(words[-1:]), "".join(words[1:-1]), "".join(words[:-1][:1])))


def _word_key(word):
    """Its letters, then its tones: an accent decides only between words of the same letters."""
    marked = unicodedata.normalize("NFD", word.casefold())
    tones = "".join(TONE_RANKS.get(sign, "") for sign in marked)
    letters = unicodedata.normalize("NFC", "".join(sign for sign in marked if sign not in TONE_RANKS))
    ranks = "".join(LETTER_RANKS.get(sign, f"z{sign}") for sign in letters if _belongs_to_a_word(sign))
    return f"{ranks}!{tones} "


def _belongs_to_a_word(sign):
    return sign.isalnum() or unicodedata.combining(sign) != 0

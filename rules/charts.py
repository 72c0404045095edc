"""Small bar charts: where each bar and word stands, for a template to draw as SVG in a few hundred bytes, in black and white."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.vietnamese import show_number

WIDTH = 320  # of the drawing: a phone of 360 px shows it at its own size
_LINE, _BAR, _NAMES, _NUMBERS = 20, 12, 96, 44
_TALL, _TOP, _FOOT = 120, 14, 16
LONGEST_NAME = 16


@dataclass(frozen=True)
class Bar:
    x: int
    y: int
    width: int
    height: int
    is_dark: bool = True


@dataclass(frozen=True)
class Word:
    x: int
    y: int
    text: str
    anchor: str = ""  # "", middle or end, as SVG names it


@dataclass(frozen=True)
class Chart:
    """What is drawn; `told` says the same in words, for whoever does not see it."""

    width: int
    height: int
    bars: list[Bar]
    words: list[Word]
    told: str


def lying(title: str, rows: Sequence[tuple[str, int]], unit: str = "") -> Chart:
    """A bar a row, its name before it and its number behind it. Numbers from 0; the longest bar is the greatest number."""
    most = max((number for _, number in rows), default=0) or 1
    room = WIDTH - _NAMES - _NUMBERS
    bars, words = [], []
    for place, (name, number) in enumerate(rows):
        top, length = place * _LINE + 4, round(number / most * room)
        bars.append(Bar(_NAMES, top, max(length, 1), _BAR))
        words.append(Word(0, top + 10, _short(name)))
        words.append(Word(_NAMES + max(length, 1) + 4, top + 10, f"{show_number(number)}{unit}"))
    return Chart(WIDTH, len(rows) * _LINE + 4, bars, words, _told(title, rows, unit))


def standing(title: str, rows: Sequence[tuple[str, int, int]], names: tuple[str, str]) -> Chart:
    """Two bars a row side by side, a dark and an open one, over the row's name: what came and what went, month by month.

    In: (name, first number, second number), and what the two are called.
    """
    most = max((max(first, second) for _, first, second in rows), default=0) or 1
    step = WIDTH // max(len(rows), 1)
    bar = max(step // 3, 2)
    bars, words = [], [Word(0, 10, f"Cao nhất: {show_number(most if rows else 0)}")]
    floor = _TOP + _TALL
    for place, (name, *pair) in enumerate(rows):
        left = place * step + (step - 2 * bar) // 2
        for number, is_dark in zip(pair, (True, False), strict=True):
            height = round(number / most * (_TALL - 4))
            bars.append(Bar(left if is_dark else left + bar, floor - height, bar, height, is_dark))
        words.append(Word(place * step + step // 2, floor + 12, name, "middle"))
    told = [(f"{name} {names[0]}", first) for name, first, _ in rows] + [
        (f"{name} {names[1]}", second) for name, _, second in rows
    ]
    return Chart(WIDTH, floor + _FOOT, bars, words, _told(title, told, ""))


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"


def _told(title: str, rows: Sequence[tuple[str, int]], unit: str) -> str:
    """In a sentence what is most of all; the numbers themselves stand in the table beside the chart."""
    if not rows:
        return f"{title}: chưa có số"
    name, number = max(rows, key=lambda row: row[1])
    return f"{title}. Nhiều nhất: {name}, {show_number(number)}{unit}"

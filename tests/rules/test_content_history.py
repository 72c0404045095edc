"""Differences between versions: in the forms' words, of what is said alone, and not of how it is written down."""

from pathlib import Path

import pytest

from rules.content import kind_of
from rules.content_files import as_text, read_yaml, texts_in
from rules.content_history import Line, compare, differences, told

SHIPPED = texts_in(Path(__file__).parents[2] / "content")
BIRTH = "procedures/dang-ky-khai-sinh.yaml"


def signs(lines):
    return [(line.sign, line.text) for line in lines if line.sign in "+-"]


@pytest.mark.parametrize("name", SHIPPED)
def test_how_a_file_is_written_down_is_no_difference(name):
    assert differences(name, SHIPPED[name], as_text(read_yaml(SHIPPED[name], []))) == []


def test_a_changed_value_is_named_as_on_the_form():
    new = SHIPPED[BIRTH].replace("amount: 8000", "amount: 9000", 1)

    assert signs(differences(BIRTH, SHIPPED[BIRTH], new)) == [
        ("-", "Phí, lệ phí › Số tiền: 8000"),
        ("+", "Phí, lệ phí › Số tiền: 9000"),
    ]


def test_an_item_more_changes_none_of_the_others():
    raw = read_yaml(SHIPPED["site.yaml"], [])
    new = as_text(raw | {"villages": [{"name": "Làng Mới", "old_commune": "A Dơk"}, *raw["villages"]]})

    assert signs(differences("site.yaml", SHIPPED["site.yaml"], new)) == [
        ("+", "Thôn, làng “Làng Mới” › Tên: Làng Mới"),
        ("+", "Thôn, làng “Làng Mới” › Thuộc xã cũ: A Dơk"),
    ]


@pytest.mark.parametrize("name", SHIPPED)
def test_nothing_of_a_file_is_left_untold(name):
    raw, lines = read_yaml(SHIPPED[name], []), "\n".join(told(kind_of(name), read_yaml(SHIPPED[name], [])))

    for text in texts_of(raw):
        assert all(line.strip() in lines for line in text.splitlines())


def texts_of(raw):
    match raw:
        case dict():
            return [text for value in raw.values() for text in texts_of(value)]
        case list():
            return [text for value in raw for text in texts_of(value)]
    return [raw]


def test_lines_left_out_are_marked():
    old = [f"dòng {n}" for n in range(9)]
    new = ["dòng không", *old[1:8], "dòng tám"]

    assert compare(old, new) == [
        Line("-", "dòng 0"), Line("+", "dòng không"), Line(" ", "dòng 1"), Line("…", ""),
        Line(" ", "dòng 7"), Line("-", "dòng 8"), Line("+", "dòng tám"),
    ]  # fmt: skip
    assert compare(old, old) == []

"""Content files as texts: what is written reads back the same, and is as plain as a person would write it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.content_files import as_text, head_of, read_yaml, texts_in

quick = settings(derandomize=True, max_examples=100, deadline=None)

SHIPPED = texts_in(Path(__file__).parents[2] / "content")
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")) | st.sampled_from("\n:#-'\"{}[]&*!|>%@`? "), max_size=60
)
VALUES = st.recursive(
    TEXTS, lambda one: st.lists(one, max_size=4) | st.dictionaries(TEXTS.filter(str.strip), one, max_size=4), max_leaves=8
)


def read(text):
    faults = []
    return read_yaml(text, faults), faults


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_the_same_written_anew(name):
    raw, _ = read(SHIPPED[name])

    assert read(as_text(raw, head_of(SHIPPED[name]))) == (raw, [])


@quick
@given(st.dictionaries(st.from_regex(r"[a-z_]{1,10}", fullmatch=True), VALUES, min_size=1, max_size=5))
def test_whatever_is_typed_reads_back_as_it_was(raw):
    said, faults = read(as_text(raw))

    assert said == composed(raw)
    assert all("ký tự ẩn" in fault for fault in faults)


def composed(value):
    """Letters and accents as the reading puts them together."""
    import unicodedata

    match value:
        case str():
            return unicodedata.normalize("NFC", value)
        case list():
            return [composed(one) for one in value]
    return {composed(name): composed(one) for name, one in value.items()}


def test_days_numbers_and_yes_stand_without_quotes():
    assert as_text({"day": "2026-11-22", "id": "001077", "on": "true"}) == "day: 2026-11-22\nid: 001077\non: true\n"


def test_several_lines_stay_lines():
    assert as_text({"body": "Một.\n\nHai."}) == "body: |-\n  Một.\n\n  Hai.\n"


def test_the_comment_at_the_head_stays():
    assert head_of("# Một\n#hai\n\nname: x # ba\n") == "# Một\n#hai\n\n"
    assert head_of("name: x\n") == ""


@pytest.mark.parametrize(
    "text", ["[" * 200_000, "a: " + "[" * 50_000 + "]" * 50_000, "a:\n" + "".join(" " * n + "a:\n" for n in range(1, 60))]
)
def test_what_is_nested_too_deep_is_named_and_crashes_nothing(text):
    assert read(text) == (None, ["tệp: lồng vào nhau quá sâu"])

"""The desk's forms of content: every field of every file has its words, and what is shown is read back the same."""

from pathlib import Path
from typing import get_args, get_origin

import msgspec
import pytest

from rules import content_fields, content_words
from rules.content import CONVERTING, FILES, ROOMS, kind_of, without_none
from rules.content_fields import NoSuchPlace, added, fields_of, kind_at, moved, put_at, raw_at, read_back
from rules.content_files import read_yaml, texts_in

SHIPPED = {name: read_yaml(text, []) for name, text in texts_in(Path(__file__).parents[2] / "content").items()}
SHOWN = ("line", "lines", "day", "number", "list", "pairs", "choice")


def structs(kind, found=None):
    """Every struct that a file of this kind may hold."""
    found = {} if found is None else found
    kind = without_none(kind)
    for inner in get_args(kind):
        structs(inner, found)
    if content_fields.is_part(kind) and kind not in found:
        found[kind] = None
        for field in msgspec.structs.fields(kind):
            structs(field.type, found)
    return list(found)


ALL = list(dict.fromkeys(one for kind in (*FILES.values(), *ROOMS.values()) for one in structs(kind)))


@pytest.mark.parametrize("struct", ALL, ids=lambda one: one.__name__)
def test_every_field_has_its_words_and_every_choice_a_name(struct):
    for field in fields_of(struct, {}, ""):
        assert field.label and field.kind in (*SHOWN, "part", "parts", "keyed")
        assert all(label for _, label in field.options)


def test_no_words_are_left_over():
    names = {field.encode_name for struct in ALL for field in msgspec.structs.fields(struct)}
    own = {(struct.__name__, field.encode_name) for struct in ALL for field in msgspec.structs.fields(struct)}

    assert set(content_words.FIELDS) <= names and set(content_words.OWN) <= own
    assert set(content_words.FILES) == set(FILES)


def pages(kind, raw, place=""):
    """Every page of a file: (kind, plain value)."""
    if content_fields.is_part(kind):
        yield kind, raw
        for field in fields_of(kind, raw, place):
            for there, _ in field.items:
                step = there.removeprefix(f"{place}.") if place else there
                try:
                    inner = raw_at(raw, step)
                except NoSuchPlace:
                    continue
                yield from pages(kind_at(kind, step) if not isinstance(inner, str) else str, inner, "")


@pytest.mark.parametrize("name", [name for name in SHIPPED if get_origin(kind_of(name)) is not dict])
def test_what_ships_is_read_back_as_it_is_shown(name):
    with CONVERTING:
        for kind, raw in pages(kind_of(name), SHIPPED[name]):
            kind = content_fields.part_within(kind) or kind
            typed = {field.name: str(field.value) for field in fields_of(kind, raw, "") if field.kind in SHOWN}

            assert without_empty(read_back(kind, raw, typed)) == without_empty(raw)


def without_empty(raw):
    return {key: value.strip() if isinstance(value, str) else value for key, value in raw.items() if value not in ("", [], {})}


SITE = kind_of("site.yaml")
RAW = {"name": "xã A", "villages": [{"name": "Một", "old_commune": "X"}, {"name": "Hai", "old_commune": "Y"}]}


def test_places_are_named_as_the_checks_name_them():
    assert kind_at(SITE, "villages.2").__name__ == "Village"
    assert raw_at(RAW, "villages.2")["name"] == "Hai"
    assert put_at(RAW, "villages.2.name", "Ba")["villages"][1]["name"] == "Ba"
    assert put_at(RAW, "villages.1", None)["villages"] == RAW["villages"][1:]


@pytest.mark.parametrize(
    "place", ["villages.x", "khong_co", "villages.1.khong", "name.1", "villages.-1", "..", "villages.1.name.x"]
)
def test_other_places_there_are_not(place):
    with pytest.raises(NoSuchPlace):
        kind_at(SITE, place)


@pytest.mark.parametrize("place", ["villages.0", "villages.3", "villages.x", "bank_account"])
def test_nor_what_is_not_there(place):
    with pytest.raises(NoSuchPlace):
        raw_at(RAW, place)


def test_items_are_added_and_moved_and_the_first_stays_as_it_was():
    more, place = added(RAW, "villages")
    assert (place, len(more["villages"]), len(RAW["villages"])) == ("villages.3", 3, 2)
    assert [one["name"] for one in moved(RAW, "villages.2", -1)["villages"]] == ["Hai", "Một"]
    assert moved(RAW, "villages.1", -1) == RAW
    assert added(RAW, "bank_account") == (RAW | {"bank_account": {}}, "bank_account")


def test_days_and_amounts_are_read_as_people_type_them_and_stay_when_they_cannot_be():
    link, step = kind_at(SITE, "links.1"), kind_at(SITE, "post.postage.1")

    assert read_back(link, {}, {"checked_on": "5/7/2026"}) == {"checked_on": "2026-07-05"}
    assert read_back(link, {}, {"checked_on": "hôm kia"}) == {"checked_on": "hôm kia"}
    assert read_back(step, {}, {"fee_dong": "8.000", "up_to_g": "nặng"}) == {"up_to_g": "nặng", "fee_dong": "8000"}


def test_a_mapping_is_lines_and_a_line_that_is_none_stays_typed():
    question = kind_at(kind_of("eform-chung.yaml"), "pages.1.questions.1")

    assert read_back(question, {}, {"show_if": "a: co | khong\nb: x"})["show_if"] == {"a": ["co", "khong"], "b": "x"}
    assert read_back(question, {}, {"show_if": "a co"})["show_if"] == "a co"


def test_what_is_emptied_is_gone_from_the_file():
    assert "villages_note" not in read_back(SITE, RAW | {"villages_note": "x"}, {"villages_note": " "})

"""Forms made from what a content file may hold: each mapping a page of fields, read back as it was typed.

A place names a mapping inside a file as the checks do: `fee.rates.2`; items count from 1, "" is the file itself.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from typing import Annotated, Literal, NamedTuple, get_args, get_origin

import msgspec

from rules import WrongInput
from rules.content import Part, without_none
from rules.content_words import PARTS, label_of, option
from rules.vietnamese import read_day, show_day

# Texts of several lines or of a sentence and more.
NAMES_OF_LONG = """
    text body frame notice do where see trouble note when_withdrawn declaration sms vi jrai bahnar law_change help
"""
LONG = frozenset(NAMES_OF_LONG.split())
BETWEEN = " | "  # several values on one line of a mapping
A_NUMBER = re.compile(r"\d[\d. ]*")
YES_NO = ("true", "false")


class Field(NamedTuple):
    """One thing to fill in, or a way to a page of its own."""

    name: str
    label: str
    hint: str
    kind: str  # line | day | number | lines | list | pairs | choice | part | parts | keyed
    value: object = ""  # as it is shown
    options: tuple[tuple[str, str], ...] = ()
    items: tuple[tuple[str, str], ...] = ()  # of parts and keyed: (place, title)
    is_required: bool = False
    may_hold_text: bool = False  # of parts: an item may be a mere text


class NoSuchPlace(LookupError):
    """Nothing in the file is called so."""


# --- places ----------------------------------------------------------------------------------------------------------


def steps_of(place: str) -> list[str]:
    return place.split(".") if place else []


def inside(place: str, name: object) -> str:
    return f"{place}.{name}" if place else str(name)


def kind_at(kind, place: str):
    """What stands at a place of a file of this kind. Raises NoSuchPlace."""
    for step in steps_of(place):
        kind = without_none(kind)
        if is_part(kind):
            fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
            if step not in fields:
                raise NoSuchPlace(place)
            kind = fields[step]
        elif get_origin(kind) is list and step.isdigit():
            (kind,) = get_args(kind)
        elif get_origin(kind) is dict:
            _, kind = get_args(kind)
        else:
            raise NoSuchPlace(place)
    return without_none(kind)


def raw_at(raw, place: str):
    """The plain value at a place. Raises NoSuchPlace when there is none."""
    for step in steps_of(place):
        try:
            raw = raw[int(step) - 1 if isinstance(raw, list) and int(step) > 0 else step]
        except (KeyError, IndexError, TypeError, ValueError):
            raise NoSuchPlace(place) from None
    return raw


def put_at(raw, place: str, value):
    """A copy of the whole with this value at that place; None takes away what stands there. Raises NoSuchPlace."""
    if not place:
        return value
    whole = deepcopy(raw)
    *way, last = steps_of(place)
    holder = raw_at(whole, ".".join(way)) if way else whole
    key = int(last) - 1 if isinstance(holder, list) else last
    if value is None:
        raw_at(whole, place)
        del holder[key]
    elif isinstance(holder, list) and key == len(holder):
        holder.append(value)
    else:
        holder[key] = value
    return whole


def moved(raw, place: str, by: int):
    """A copy in which the item at this place stands one further up or down; at either end nothing changes."""
    *way, last = steps_of(place)
    whole = deepcopy(raw)
    items = raw_at(whole, ".".join(way))
    if not isinstance(items, list) or not last.isdigit() or not 1 <= int(last) <= len(items):
        raise NoSuchPlace(place)
    here = int(last) - 1
    there = here + by
    if 0 <= there < len(items):
        items[here], items[there] = items[there], items[here]
    return whole


def added(raw, place: str, as_text: bool = False) -> tuple[object, str]:
    """A copy with an empty item more in the list at this place, or the part there begun; and where that item is.

    Raises NoSuchPlace.
    """
    try:
        there = raw_at(raw, place)
    except NoSuchPlace:
        there = None
    empty = "" if as_text else {}
    if isinstance(there, list):
        return put_at(raw, inside(place, len(there) + 1), empty), inside(place, len(there) + 1)
    if there is None:
        return put_at(raw, place, empty), place
    return raw, place


# --- kinds -----------------------------------------------------------------------------------------------------------


def is_part(kind) -> bool:
    return isinstance(kind, type) and issubclass(kind, Part)


def part_within(kind):
    """The struct among what an item may be (Text | FeeExemption); None when it is none."""
    return next((one for one in (kind, *get_args(kind)) if is_part(one)), None)


def base_of(kind):
    """str of a text with a pattern, int of a number with bounds."""
    kind = without_none(kind)
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


def fields_of(kind, raw: Mapping, place: str) -> list[Field]:
    """The fields of the page of a mapping, in the order of its struct."""
    raw = raw if isinstance(raw, dict) else {}
    return [_field(kind, spec, raw.get(spec.encode_name, ""), place) for spec in msgspec.structs.fields(kind)]


def _field(struct, spec, raw, place: str) -> Field:
    label, hint = label_of(struct.__name__, spec.encode_name)
    kind = without_none(spec.type)
    given = {"name": spec.encode_name, "label": label, "hint": hint, "is_required": spec.required}
    there = inside(place, spec.encode_name)
    if is_part(kind):
        return Field(**given, kind="part", value=there if isinstance(raw, dict) else "", items=((there, PARTS[kind.__name__]),))
    if get_origin(kind) is list and part_within(get_args(kind)[0]):
        item = get_args(kind)[0]
        items = tuple((inside(there, n), title_of(one)) for n, one in enumerate(raw if isinstance(raw, list) else [], 1))
        return Field(**given, kind="parts", value=there, items=items, may_hold_text=not is_part(item))
    if get_origin(kind) is list:
        return Field(**given, kind="list", value="\n".join(map(str, raw)) if isinstance(raw, list) else raw)
    if get_origin(kind) is dict and _is_nested(kind):
        items = tuple((inside(there, key), title_of(one, key)) for key, one in (raw or {}).items()) if raw else ()
        return Field(**given, kind="keyed", value=there, items=items)
    if get_origin(kind) is dict:
        return Field(**given, kind="pairs", value=shown_pairs(raw))
    return Field(**given, **_scalar(kind, raw, spec.encode_name, spec.required))


def _is_nested(kind) -> bool:
    """Whether each value of the mapping is a page of its own."""
    value = get_args(kind)[1]
    return is_part(value) or get_origin(value) is list


def _scalar(kind, raw, name: str, is_required: bool) -> dict:
    base = base_of(kind)
    if base is bool:
        return {"kind": "choice", "value": raw, "options": (("true", "Có"), ("false", "Không"))}
    if get_origin(base) is Literal:
        return {"kind": "choice", "value": raw, "options": tuple((one, option(one)) for one in get_args(base))}
    if base is date:
        return {"kind": "day", "value": shown_day(raw)}
    if base is int:
        return {"kind": "number", "value": raw}
    return {"kind": "lines" if name in LONG or "\n" in str(raw) or len(str(raw)) > 80 else "line", "value": raw}


def title_of(raw, otherwise: str = "") -> str:
    """What an item is called in the list it stands in."""
    if isinstance(raw, str):
        return raw or "(trống)"
    if isinstance(raw, list):
        return f"{otherwise} ({len(raw)} câu)"
    names = (
        "name",
        "title",
        "label",
        "day",
        "who",
        "subject",
        "year",
        "valid_from",
        "weekday",
        "message",
        "key",
        "since",
        "up_to_g",
    )
    said = [shown_day(raw[name]) if name in ("day", "valid_from") else raw[name] for name in names if raw.get(name)]
    return " · ".join([otherwise, *said[:1]] if otherwise else said[:2]) or "(trống)"


def shown_day(raw: str) -> str:
    try:
        return show_day(read_day(raw)) if raw else ""
    except WrongInput:
        return raw


def shown_pairs(raw) -> str:
    if not isinstance(raw, dict):
        return raw
    return "\n".join(f"{key}: {BETWEEN.join(value) if isinstance(value, list) else value}" for key, value in raw.items())


# --- what was typed --------------------------------------------------------------------------------------------------


def read_back(kind, raw: Mapping, typed: Mapping[str, str]) -> dict:
    """The mapping with what was typed into its own fields; what has a page of its own stays. Faulty values stay as typed."""
    raw = raw if isinstance(raw, dict) else {}
    specs = {spec.encode_name: spec for spec in msgspec.structs.fields(kind)}
    read = {}
    for name, spec in specs.items():
        field = _field(kind, spec, raw.get(name, ""), "")
        if field.kind in ("part", "parts", "keyed"):
            value = raw.get(name)
        elif name in typed:
            value = _read_one(field, typed[name].replace("\r\n", "\n").strip())
        else:
            value = raw.get(name)
        if value not in (None, "", [], {}) or (value == [] and spec.required):
            read[name] = value
    # In the file's own order, so that a change is seen to be one; what is new stands behind.
    return {name: read.get(name, value) for name, value in raw.items() if name in read or name not in specs} | read


def _read_one(field: Field, typed: str):
    if field.kind == "list":
        return [line.strip() for line in typed.splitlines() if line.strip()]
    if field.kind == "pairs":
        return read_pairs(typed)
    if field.kind == "day":
        try:
            return read_day(typed).isoformat() if typed else ""
        except WrongInput:
            return typed
    if field.kind == "number" and A_NUMBER.fullmatch(typed):
        return re.sub(r"[. ]", "", typed)
    return typed


def read_pairs(typed: str) -> dict | str:
    """A mapping from lines “tên: giá trị”; where a line is none, the text as it was typed, which the check then names."""
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    if any(":" not in line for line in lines):
        return typed
    pairs = (line.partition(":") for line in lines)
    return {key.strip(): _values(value.strip()) for key, _, value in pairs}


def _values(text: str) -> str | list[str]:
    parts = [part.strip() for part in text.split(BETWEEN.strip())]
    return parts if len(parts) > 1 else text

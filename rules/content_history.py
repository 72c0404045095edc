"""What was changed in a content file, from one version to the next, in the words of the desk's forms."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple, get_args, get_origin

import msgspec

from rules import content_fields
from rules.content import kind_of, without_none
from rules.content_files import read_yaml
from rules.content_words import label_of

AROUND = 1  # lines shown before and after a change


class Line(NamedTuple):
    """A line of a difference: "+" came, "-" went, " " stayed, "…" lines left out."""

    sign: str
    text: str


def differences(file: str, old: str, new: str) -> list[Line]:
    """What is said otherwise in the newer text of a file; how either is written down in YAML makes no difference."""
    return compare(*(list(told(kind_of(file), read_yaml(text, []) if text else {})) for text in (old, new)))


def compare(before: list[str], after: list[str]) -> list[Line]:
    """The lines that changed, with one around them."""
    found: list[Line] = []
    for group in SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(AROUND):
        if found:
            found.append(Line("…", ""))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                found += [Line(" ", text) for text in before[i1:i2]]
                continue
            found += [Line("-", text) for text in before[i1:i2]]
            found += [Line("+", text) for text in after[j1:j2]]
    return found


def told(kind, raw, before: str = "") -> Iterator[str]:
    """Every value of a file on a line of its own, with what it is called before it."""
    kind = without_none(kind)
    part = content_fields.part_within(kind)
    if part and isinstance(raw, dict):
        yield from _told_of_part(part, raw, before)
    elif isinstance(raw, list):
        yield from _told_of_list(kind, raw, before)
    elif isinstance(raw, dict):
        inner = get_args(kind)[1] if get_origin(kind) is dict else str
        for key, value in raw.items():
            yield from told(inner, value, f"{before} › {key}" if before else str(key))
    elif raw not in (None, ""):
        yield from (f"{before}: {line}" for line in str(raw).splitlines() if line.strip())


def _told_of_part(part, raw: dict, before: str) -> Iterator[str]:
    kinds = {spec.encode_name: spec.type for spec in msgspec.structs.fields(part)}
    for name in (*kinds, *(name for name in raw if name not in kinds)):
        label = label_of(part.__name__, name)[0] if name in kinds else name
        yield from told(kinds.get(name, str), raw.get(name), f"{before} › {label}" if before else label)


def _told_of_list(kind, raw: list, before: str) -> Iterator[str]:
    """Items by what they are called, not by their place: one more at the top changes none of the others."""
    item = get_args(kind)[0] if get_origin(kind) is list else str
    for one in raw:
        name = "" if isinstance(one, (str, list)) else content_fields.title_of(one)
        yield from told(item, one, f"{before} “{name}”" if name else before)

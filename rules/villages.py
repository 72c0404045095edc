"""What a village is called in an address: its name without marks, and never that of another one."""

import re
from collections.abc import Iterable

from rules.vietnamese import fold


def village_keys(villages: Iterable) -> dict[str, object]:
    """The villages (rules/content.py, Village) by key: Thôn 6 is thon-6.

    Of several of one name the first keeps it bare, so that paper printed before another came stays right; the others have
    their old commune behind it: thon-6-a-dok. Where even that is taken, a number.
    """
    found: dict[str, object] = {}
    for village in villages:
        name, longer = _plain(village.name), _plain(f"{village.name} {village.old_commune}")
        numbered = (f"{longer}-{number}" for number in range(2, len(found) + 3))
        key = next(key for key in (name, longer, *numbered) if key and key not in found)
        found[key] = village
    return found


def key_of_name(villages: Iterable, name: str) -> str:
    """The key of the village of this name, the first of several; "" for none."""
    return next((key for key, village in village_keys(villages).items() if village.name == name), "")


def read_key(typed: str) -> str:
    """The key in what stands at the end of an address, as people type it: Thon 6. is thon-6."""
    return _plain(typed[:200])


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")

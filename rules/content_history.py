"""What was changed in a content file, from one version to the next."""

from difflib import SequenceMatcher
from typing import NamedTuple

AROUND = 2  # lines shown before and after a change


class Line(NamedTuple):
    """A line of a difference: "+" came, "-" went, " " stayed, "…" lines left out."""

    sign: str
    text: str


def differences(old: str, new: str) -> list[Line]:
    """The lines that changed, with a few around them."""
    before, after = old.splitlines(), new.splitlines()
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

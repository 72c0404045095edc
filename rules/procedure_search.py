"""Finding a procedure by what people type: any case, with or without marks, with a slip of the finger, or by its code."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rules.content import Procedure
from rules.vietnamese import fold

# Said in nearly every name or request: they tell nothing apart, so they cannot be missed, only help a little.
EMPTY_WORDS = frozenset("thu tuc dang ky cap giay lam xin viec cua cho va cac toi muon to don ho so".split())


@dataclass(frozen=True)
class Entry:
    procedure: Procedure
    title: str
    title_words: tuple[str, ...]
    other_words: frozenset[str]
    everything: str


class ProcedureIndex:
    """All procedures, folded once. A commune has some hundreds: each search reads them all, in about a millisecond."""

    def __init__(self, procedures: Iterable[Procedure]):
        self.entries = [_entry(procedure) for procedure in procedures]
        self.vocabulary = {word for entry in self.entries for word in (*entry.title_words, *entry.other_words)}

    def find(self, typed: str) -> list[Procedure]:
        """The procedures that match, best first; empty when none does."""
        code = _as_code(typed)
        if code:
            return [e.procedure for e in self.entries if _code_matches(e.procedure, code)]
        words = _words(fold(typed))
        telling = [word for word in words if word not in EMPTY_WORDS] or words
        if not telling:
            return []
        found = [(score, e) for e in self.entries if (score := self._score(e, words, telling))]
        found.sort(key=lambda pair: (-pair[0], not pair[1].procedure.popular, len(pair[1].title), pair[1].title))
        return [entry.procedure for _, entry in found]

    def nearest(self, typed: str, most: int = 3) -> list[Procedure]:
        """When nothing matches: the procedures that share most letters (groups of three) with what was typed."""
        wanted = _triples(fold(typed))
        ranked = sorted(self.entries, key=lambda e: (-_likeness(wanted, _triples(e.everything)), e.title))
        return [e.procedure for e in ranked[:most] if _likeness(wanted, _triples(e.everything)) > 0.08]

    def _score(self, entry: Entry, words: list[str], telling: list[str]) -> float:
        """0 when a telling word is missing; else higher for the title, for whole words, for the phrase as typed."""
        total = 0.0
        for word in telling:
            best = self._word_score(entry, word)
            if not best:
                return 0.0
            total += best
        phrase = " ".join(words)
        if phrase in entry.title:
            total += 4 + 2 * entry.title.startswith(phrase)
        elif phrase in entry.everything:
            total += 3
        extra = [word for word in words if word in EMPTY_WORDS and word in entry.title_words]
        return total + 0.3 * len(extra) + 1.5 * len(telling) / (1 + len(entry.title_words))

    def _word_score(self, entry: Entry, word: str) -> float:
        if word in entry.title_words:
            return 3.0
        if word in entry.other_words:
            return 2.0
        if any(known.startswith(word) for known in entry.title_words):
            return 1.8
        if any(known.startswith(word) for known in entry.other_words):
            return 1.2
        # A slip of the finger counts only for a word that nobody's name holds: “sin” for “sinh”, not “tu” for “tru”.
        if word in self.vocabulary:
            return 0.0
        if any(_is_slip(word, known) for known in entry.title_words):
            return 1.0
        return 0.6 if any(_is_slip(word, known) for known in entry.other_words) else 0.0


def _entry(procedure: Procedure) -> Entry:
    title = fold(procedure.title)
    others = [fold(text) for text in (procedure.name, procedure.field, *procedure.also, procedure.result.name)]
    return Entry(
        procedure, title, tuple(_words(title)), frozenset(word for text in others for word in _words(text)),
        " | ".join((title, *others)),
    )


def _words(folded: str) -> list[str]:
    return "".join(symbol if symbol.isalnum() else " " for symbol in folded).split()


def _as_code(typed: str) -> str | None:
    """A national procedure code such as 1.001193, also typed without its dot or with a local suffix."""
    digits = "".join(symbol for symbol in fold(typed) if symbol.isdigit())
    is_code = len(digits) >= 7 and not any(symbol.isalpha() for symbol in fold(typed.split(".H")[0]))
    return digits[:7] if is_code else None


def _code_matches(procedure: Procedure, code: str) -> bool:
    return code in (known.replace(".", "")[:7] for known in _codes(procedure))


def _codes(procedure: Procedure) -> list[str]:
    return [procedure.code, *([procedure.replaces.code] if procedure.replaces else [])]


@lru_cache(maxsize=4096)
def _is_slip(typed: str, known: str) -> bool:
    """Whether one slip (a letter missing, added, changed or swapped) makes the one of the other; two in long words."""
    if len(typed) < 3:
        return False
    return _distance(typed, known) <= (2 if len(typed) > 7 else 1)


def _distance(a: str, b: str) -> int:
    """Optimal string alignment distance; 3 stands for any larger one."""
    if abs(len(a) - len(b)) > 2:
        return 3
    before, row = [], list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        before, last, row = row, before, [i]
        for j, y in enumerate(b, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return min(row[-1], 3)


def _triples(text: str) -> frozenset[str]:
    padded = f" {text} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))


def _likeness(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / (len(a) or 1)

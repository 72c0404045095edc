"""Finding a procedure by what people type: any case, with or without marks, with a slip of the finger, or by its code."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rules.content import Procedure
from rules.vietnamese import ascii_digits, fold

# Said in nearly every name or request: they tell nothing apart, so they cannot be missed, only help a little.
EMPTY_WORDS = frozenset(
    [
        "thu",
        "tuc",
        "dang",
        "ki",
        "cap",
        "lam",
        "xin",
        "viec",
        "cua",
        "cho",
        "va",
        "cac",
        "toi",
        "muon",
        "to",
        "don",
        "ho",
        "so",
        "ma",
        "trong",
        "giay",
    ]
)
LONGEST_TYPED, MOST_WORDS = 200, 10  # beyond them nobody searches, and somebody may mean to keep us busy
CODE = re.compile(r"(?<!\d)(\d)[.\s]*(\d{6})(?!\d)")
# As old portals write it: 2.000815.000.00.00.H55, 1.012812.H19, 1.000894.01. What follows the code itself is theirs.
CODE_ALONE = re.compile(r"(\d\.\d{6})(?:\.\w+)*")
# Both spellings are in use, often in one text: đăng ký and đăng kí, lý lịch and lí lịch, liệt sĩ and liệt sỹ.
Y_AFTER_CONSONANT = re.compile(r"(?<=[bcdghklmnprstvx])y\b")


@dataclass(frozen=True)
class Entry:
    procedure: Procedure
    title: str
    other_names: tuple[str, ...]
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
        by_code = self._find_by_code(typed)
        if by_code:
            return by_code
        phrase = plain(typed[:LONGEST_TYPED])
        words = list(dict.fromkeys(phrase.split()))[:MOST_WORDS]
        telling = [self._kin(word) for word in words if word not in EMPTY_WORDS] or [self._kin(word) for word in words]
        scored = [(e, [_word_score(e, kin) for kin in telling]) for e in self.entries]
        # Those that miss no word; when none has them all, more than half are enough: “xn tình trạng hôn nhân”.
        missed = min((scores.count(0.0) for _, scores in scored), default=0)
        if 2 * missed >= len(telling):
            return []
        found = [(_score(e, phrase, words, scores), e) for e, scores in scored if scores.count(0.0) == missed]
        found.sort(key=lambda pair: (-pair[0], len(pair[1].title), pair[1].title))
        return [entry.procedure for _, entry in found]

    def nearest(self, typed: str, most: int = 3) -> list[Procedure]:
        """When nothing matches: the procedures that share most letters (groups of three) with what was typed."""
        wanted = _triples(plain(typed[:LONGEST_TYPED]))
        ranked = sorted(self.entries, key=lambda e: (-_likeness(wanted, _triples(e.everything)), e.title))
        return [e.procedure for e in ranked[:most] if _likeness(wanted, _triples(e.everything)) > 0.08]

    def _find_by_code(self, typed: str) -> list[Procedure]:
        """By a national code such as 1.001193: without its dot, with a local suffix, with words around it; by an old one too."""
        code = CODE.search(ascii_digits(fold(typed[:LONGEST_TYPED])))
        return self.of_code(".".join(code.groups())) if code else []

    def of_code(self, code: str) -> list[Procedure]:
        """Those that have this code, or had it."""
        return [e.procedure for e in self.entries if code in _codes(e.procedure)]

    def _kin(self, word: str) -> dict[str, tuple[float, float]]:
        """The words of our names that `word` may mean, each with what it counts in a title, and elsewhere.

        A beginning or a slip of the finger counts only for a word that nobody's name holds: “sin” for “sinh”, but not
        “cha” for “chấm” and not “tu” for “tru”.
        """
        if word in self.vocabulary or len(word) < 2:
            return {word: (3.0, 2.0)}
        begun = {known: (1.8, 1.2) for known in self.vocabulary if known.startswith(word)}
        return begun or {known: (1.0, 0.6) for known in self.vocabulary if _is_slip(word, known)}


def read_code(text: str) -> str:
    """The national code that `text` is, without the suffix of a place; "" when it is none."""
    code = CODE_ALONE.fullmatch(text)
    return code[1] if code else ""


def _word_score(entry: Entry, kin: dict[str, tuple[float, float]]) -> float:
    in_title = [score for known, (score, _) in kin.items() if known in entry.title_words]
    return max(in_title or [score for known, (_, score) in kin.items() if known in entry.other_words], default=0.0)


def _score(entry: Entry, phrase: str, words: list[str], scores: list[float]) -> float:
    """Higher for the title, for whole words, for the phrase as typed, for what many ask."""
    extra = [word for word in words if word in EMPTY_WORDS and word in entry.title_words]
    share_of_title = len(scores) / (1 + len(entry.title_words))
    return sum(scores) + _phrase_score(entry, phrase) + entry.procedure.popular + 0.3 * len(extra) + 1.5 * share_of_title


def plain(text: str) -> str:
    """Words and digits alone, folded, y spelt i: the form in which what is typed and what is named are compared."""
    folded = "".join(symbol if symbol.isalnum() else " " for symbol in fold(text))
    return " ".join(Y_AFTER_CONSONANT.sub("i", folded).split())


def _phrase_score(entry: Entry, phrase: str) -> float:
    if phrase == entry.title:
        return 9.0
    if phrase in entry.other_names or entry.title.startswith(phrase):
        return 6.0
    if phrase in entry.title:
        return 4.0
    return 3.0 if phrase in entry.everything else 0.0


def _entry(procedure: Procedure) -> Entry:
    title = plain(procedure.title)
    names = tuple(plain(name) for name in (procedure.name, *procedure.also))
    others = (*names, plain(procedure.field), plain(procedure.result.name))
    return Entry(
        procedure,
        title,
        names,
        tuple(title.split()),
        frozenset(word for text in others for word in text.split()),
        " | ".join((title, *others)),
    )


def _codes(procedure: Procedure) -> list[str]:
    return [procedure.code, *procedure.old_codes, *([procedure.replaces.code] if procedure.replaces else [])]


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

"""The desk's search: one line that may be a code, an identity number, a tax code, a telephone number or a name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from peewee import SQL, Expression, NodeList, Select, Value

from models import Account, Business, Dossier, IdNumber, OtherCode
from rules import WrongInput, dossier_codes
from rules.accounts import person_key
from rules.desk import A_PAGE, rows_of
from rules.identity import read_id_number, read_phone, read_tax_code
from rules.paging import pages_of
from rules.vietnamese import clean_text, fold

LONGEST_TYPED = 100
SHORTEST_NAME = 2
MOST_WORDS = 8
MOST_FOUND = 500  # beyond it somebody types more of the name
NOTHING_TYPED = "Nhập mã hồ sơ, mã biên nhận, họ tên, số căn cước, mã số thuế hoặc số điện thoại"
# Why somebody's dossier is looked for: it is written down with each search.
PURPOSES = ("Giải quyết hồ sơ", "Trả lời người dân", "Trả kết quả", "Kiểm tra, báo cáo")


@dataclass(frozen=True)
class Found:
    kind: str  # code | number | name
    dossiers: list[Dossier]  # with the columns of desk.SHOWN only
    page: int
    pages: int
    count: int
    has_more: bool

    @property
    def is_certain(self) -> bool:
        """One dossier, by its own code: nothing is left to choose."""
        return self.kind == "code" and self.count == 1


def read_words(typed: str) -> str:
    """What is looked for, fit to be read; raises WrongInput for nothing, for too much and for one letter."""
    words = clean_text(typed, LONGEST_TYPED)
    if not words:
        raise WrongInput(NOTHING_TYPED)
    if len(fold(words)) < SHORTEST_NAME:
        raise WrongInput("Nhập ít nhất 2 chữ của họ tên")
    return words


def search(office: str, words: str, page: int = 1) -> Found:
    """A page of what this office has, the latest first. What is a code or number is not looked for as a name, and where a
    line may be several of them (ten digits), each is tried."""
    kind, ids = "code", _by_code(office, words)
    if not ids:
        kind, ids = "number", _by_number(office, words)
    if not ids and not any(sign.isdecimal() for sign in words):
        kind, ids = "name", _by_name(office, words)
    has_more, ids = len(ids) > MOST_FOUND, ids[:MOST_FOUND]
    page, pages = pages_of(len(ids), A_PAGE, page)
    return Found(kind, rows_of(ids[(page - 1) * A_PAGE : page * A_PAGE]), page, pages, len(ids), has_more)


def _by_code(office: str, words: str) -> list[int]:
    codes = _codes_in(words)
    elsewhere = OtherCode.select(OtherCode.dossier).where(OtherCode.code.in_(codes))
    ways = Dossier.code.in_(codes), Dossier.receipt_code.in_(codes), Dossier.id.in_(elsewhere)
    return _latest_first(office, *ways) if codes else []


def _codes_in(words: str) -> list[str]:
    """The code in what was typed, of this program, of another agency, or as the program before wrote it."""
    code = _read(dossier_codes.read_any_code, words)
    return [code.value] if code else []


def _by_number(office: str, words: str) -> list[int]:
    return _latest_first(office, *_ways_of_number(words))


def _ways_of_number(words: str) -> Iterator[Expression]:
    """Each as what the digits may be: of the owner, of the submitter, of a business, or by which somebody is called."""
    if number := _read(read_id_number, words):
        yield Dossier.owner_number_key == person_key(number)
        yield Dossier.account.in_(IdNumber.select(IdNumber.account).where(IdNumber.key == person_key(number)))
    if tax_code := _read(read_tax_code, words):
        # Of a branch, the dossier keeps the number of its business.
        its_own = Business.tax_code == tax_code if "-" in tax_code else Business.tax_code.startswith(tax_code)
        yield Dossier.business.in_(Business.select(Business.id).where(its_own))
    if phone := _read(read_phone, words):
        yield Dossier.account.in_(Account.select(Account.id).where(Account.phone == phone))


def _read(read, words: str) -> str:
    try:
        return read(words)
    except WrongInput:
        return ""


def _latest_first(office: str, *ways: Expression) -> list[int]:
    """Each way by an index of its own, and of what it leads to only this office's: asked for both together, SQLite would
    rather go through all the dossiers of the office."""
    rows = [row for way in ways for row in Dossier.select(Dossier.id, Dossier.office).where(way).tuples()]
    return sorted({number for number, its_office in rows if its_office == office}, reverse=True)


def _by_name(office: str, words: str) -> list[int]:
    """Each word as the beginning of a word of the name, in any order; the name's own index holds all that is read."""
    wanted = [_has_word(word) for word in fold(words).split()[:MOST_WORDS]]
    named = Dossier.select(Dossier.id).where(Dossier.office == office, *wanted)
    # + 0: else PostgreSQL would walk back through all the rows, in the hope of meeting enough of the name.
    return _ids(named.order_by((Dossier.id + 0).desc()))


def _has_word(word: str) -> Expression:
    escaped = re.sub(r"([\\%_])", r"\\\1", word)
    return _is_like(f"{escaped}%") | _is_like(f"% {escaped}%")


def _is_like(pattern: str) -> NodeList:
    """Plain LIKE: Peewee's own is ILIKE, and PostgreSQL takes three times as long to ignore the case of what has none."""
    return NodeList((Dossier.owner_plain, SQL("LIKE"), Value(pattern), SQL("ESCAPE '\\'")), parens=True)


def _ids(query: Select) -> list[int]:
    return [number for (number,) in query.limit(MOST_FOUND + 1).tuples()]

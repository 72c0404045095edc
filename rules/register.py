"""Sổ theo dõi hồ sơ: a line for each dossier the office accepted, in the order of their acceptance."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from models import Account, Dossier
from rules import form_values, workflow
from rules.identity import show_phone
from rules.reports import Period
from rules.submission import DELIVERIES

A_PAGE = 50
A_BATCH = 500
MOST_IN_FILE = 20_000
# The columns of the form (one-stop mechanism, printed forms), and their widths in letters.
COLUMNS = (
    ("STT", 6), ("Mã hồ sơ", 24), ("Tên thủ tục", 40), ("Số bộ", 6), ("Họ tên", 24), ("Địa chỉ", 30), ("Số điện thoại", 15),
    ("Cơ quan giải quyết", 26), ("Nhận", 16), ("Hẹn trả", 16), ("Chuyển kết quả", 16), ("Trả", 16), ("Cách nhận kết quả", 22),
    ("Ký nhận", 10), ("Ghi chú", 28),
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """Moments are aware; None of what has not happened. Nobody signs on a screen, so `signature` is empty."""

    number: int
    code: str
    procedure: str
    sets: int
    name: str
    address: str
    phone: str
    agency: str
    received_at: datetime
    promised_at: datetime | None  # as first promised
    handed_over_at: datetime | None  # the result came to the desk
    returned_at: datetime | None
    delivery: str
    signature: str
    note: str


@dataclass(frozen=True)
class Chosen:
    """Which lines: a field or a procedure, by its words and its slug; "" for all."""

    field: str = ""
    procedure: str = ""

    def conditions(self) -> list:
        asked = ((Dossier.field, self.field), (Dossier.procedure_slug, self.procedure))
        return [column == value for column, value in asked if value]


ALL = Chosen()


def register_rows(site, office: str, first: date, last: date, chosen: Chosen = ALL) -> Iterator[Line]:
    """The lines of the days from `first` to `last`, read batch by batch: a year's register fills no memory."""
    after, number = None, 0
    while batch := _batch(Period(first, last, ""), office, chosen, after):
        yield from _lines(batch, number, site)
        after, number = (batch[-1].accepted_at, batch[-1].id), number + len(batch)


def count(office: str, period: Period, chosen: Chosen = ALL) -> int:
    return Dossier.select().where(*_of(office, period, chosen)).count()


def page_of(site, office: str, period: Period, chosen: Chosen, page: int) -> list[Line]:
    """The lines of one page of A_PAGE, numbered through the whole period."""
    rows = _in_order(office, period, chosen).paginate(page, A_PAGE)
    return list(_lines(list(rows), (page - 1) * A_PAGE, site))


def procedures(office: str, period: Period) -> list[tuple[str, str]]:
    """(slug, title) of each procedure in the period's register, by title."""
    known = Dossier.select(Dossier.procedure_slug, Dossier.procedure_title).where(*_of(office, period, ALL)).distinct()
    return sorted(dict(known.tuples()).items(), key=lambda one: one[::-1])


def _of(office: str, period: Period, chosen: Chosen) -> tuple:
    within = Dossier.accepted_at >= period.begins, Dossier.accepted_at < period.ends
    return (Dossier.office == office, *within, *chosen.conditions())


def _in_order(office: str, period: Period, chosen: Chosen):
    # What the register says of a dossier; neither its answers nor the procedure's definition.
    shown = (
        Dossier.id, Dossier.code, Dossier.office, Dossier.procedure_title, Dossier.owner_name, Dossier.village, Dossier.delivery,
        Dossier.state, Dossier.accepted_at, Dossier.first_due_at, Dossier.due_at, Dossier.ended_at, Dossier.returned_at,
        Dossier.punctuality, Account.id, Account.phone,
    )  # fmt: skip
    rows = Dossier.select(*shown).join(Account).where(*_of(office, period, chosen))
    return rows.order_by(Dossier.accepted_at, Dossier.id)


def _batch(period: Period, office: str, chosen: Chosen, after: tuple | None) -> list[Dossier]:
    rows = _in_order(office, period, chosen)
    if after:
        at, number = after
        rows = rows.where((Dossier.accepted_at > at) | ((Dossier.accepted_at == at) & (Dossier.id > number)))
    return list(rows.limit(A_BATCH))


def _lines(rows: list[Dossier], numbered_after: int, site) -> Iterator[Line]:
    place = f"{site.name}, tỉnh {site.province}"
    for number, row in enumerate(rows, numbered_after + 1):
        is_there = bool(row.punctuality)
        yield Line(
            number=number,
            code=row.code,
            procedure=row.procedure_title,
            sets=1,
            name=row.owner_name,
            address=", ".join(part for part in (row.village, place) if part),
            phone=show_phone(row.account.phone) if row.account.phone else "",
            agency=form_values.agency_name(site, row.office),
            received_at=row.accepted_at,
            promised_at=row.first_due_at or row.due_at,
            handed_over_at=row.ended_at if is_there else None,
            returned_at=row.returned_at,
            delivery=DELIVERIES.get(row.delivery, row.delivery),
            signature="",
            note=form_values.PUNCTUALITY.get(row.punctuality) or workflow.STATE_NAMES[row.state][0],
        )

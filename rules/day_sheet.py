"""The office's money: the day sheet, and over a period what the gateway says against what the receipts say."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from peewee import JOIN, fn

from models import Dossier, PaymentAttempt, PaymentNotice, PaymentRequest, Receipt, Refund, Staff
from rules.paging import pages_of
from rules.payment_words import BY_THE_PROGRAM, METHODS
from rules.vietnamese import VIETNAM_TIME, sort_key

COUNTED = ("cash", "transfer", "vietqr", "online")  # the methods by which money comes in, in the order of the sheets
MOST_LINES = 1000  # of one kind of difference, on screen or paper
LINES_A_PAGE = 50  # of a day sheet


@dataclass(frozen=True)
class Sum:
    """So many receipts made, so many voided, in đồng. Voided ones count on the day they are voided."""

    name: str
    made: int = 0
    made_dong: int = 0
    voided: int = 0
    voided_dong: int = 0

    @property
    def left_dong(self) -> int:
        return self.made_dong - self.voided_dong


@dataclass(frozen=True)
class DaySheet:
    """What was taken and what was voided within a day or period; a day that has passed always says the same.

    The sums are over all of it, whichever page of its lines this is.
    """

    made: list[Receipt]
    voided: list[Receipt]
    by_method: list[Sum]
    by_officer: list[Sum]
    page: int = 1
    pages: int = 1

    @property
    def whole(self) -> Sum:
        return total("Cộng", self.by_method)


def total(name: str, sums: Sequence[Sum]) -> Sum:
    fields = ("made", "made_dong", "voided", "voided_dong")
    return Sum(name, *(sum(getattr(one, field) for one in sums) for field in fields))


def span(first: date, last: date) -> tuple[datetime, datetime]:
    """The moments between which these days lie, both included, on Vietnam's clock."""
    begins = datetime.combine(first, time(), VIETNAM_TIME)
    return begins, datetime.combine(last + timedelta(days=1), time(), VIETNAM_TIME)


# --- a day -----------------------------------------------------------------------------------------------------------


def of_days(office: str, first: date, last: date, page: int | None = None) -> DaySheet:
    """Receipts made, then those voided, from the first to the last day: all of them, or this page."""
    begins, ends = span(first, last)
    methods = by_method(office, begins, ends)
    whole = total("", methods)
    page, pages = (1, 1) if page is None else pages_of(whole.made + whole.voided, LINES_A_PAGE, page)
    # The lines of the page, counted from the first one made, then on through those voided.
    size = whole.made + whole.voided if pages == 1 else LINES_A_PAGE
    since, until = (page - 1) * size, page * size
    made = _receipts(office, since, until, Receipt.made_at >= begins, Receipt.made_at < ends)
    in_time = Receipt.voided_at >= begins, Receipt.voided_at < ends
    voided = _receipts(office, max(0, since - whole.made), until - whole.made, *in_time)
    officers = _sums(office, begins, ends, Receipt.made_by)
    names = dict(Staff.select(Staff.id, Staff.full_name).where(Staff.id.in_([key for key in officers if key])).tuples())
    by_officer = [replace(one, name=names.get(key, BY_THE_PROGRAM)) for key, one in officers.items()]
    by_officer = sorted(by_officer, key=lambda one: sort_key(one.name))
    return DaySheet(made, voided, methods, by_officer, page, pages)


def _receipts(office: str, since: int, until: int, *which) -> list[Receipt]:
    if until <= since:
        return []
    # Not the dossier's wide row: its copy of the procedure is longer than all else here.
    wanted = Receipt, PaymentRequest.id, PaymentRequest.item, Dossier.id, Dossier.code, Staff.id, Staff.full_name
    found = Receipt.select(*wanted).join(PaymentRequest).join(Dossier).switch(Receipt)
    found = found.join(Staff, JOIN.LEFT_OUTER, on=(Receipt.made_by == Staff.id), attr="made_by")
    ordered = found.where(Receipt.office == office, *which).order_by(Receipt.year, Receipt.number)
    return list(ordered.offset(since).limit(until - since))


def by_method(office: str, begins: datetime, ends: datetime) -> list[Sum]:
    found = _sums(office, begins, ends, Receipt.method)
    return [replace(found.get(method, Sum("")), name=METHODS[method]) for method in COUNTED]


def _sums(office: str, begins: datetime, ends: datetime, key) -> dict[object, Sum]:
    """Made and voided within the time, by a column of the receipts."""
    made = _counted(office, key, Receipt.made_at >= begins, Receipt.made_at < ends)
    voided = _counted(office, key, Receipt.voided_at >= begins, Receipt.voided_at < ends)
    none = 0, 0
    return {name: Sum("", *made.get(name, none), *voided.get(name, none)) for name in made | voided}


def _counted(office: str, key, *which) -> dict[object, tuple[int, int]]:
    rows = Receipt.select(key, fn.COUNT(Receipt.id), fn.SUM(Receipt.amount_dong)).where(Receipt.office == office, *which)
    return {name: (number, int(dong)) for name, number, dong in rows.group_by(key).tuples()}


def count(office: str, first: date, last: date) -> int:
    """How many receipts were made in the time."""
    begins, ends = span(first, last)
    return Receipt.select().where(Receipt.office == office, Receipt.made_at >= begins, Receipt.made_at < ends).count()


# --- what the gateway says against what we say -----------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """One method: the receipts of the period, and what the gateway reported paid; None where no gateway tells."""

    name: str
    ours: Sum
    theirs: int | None = None
    theirs_dong: int | None = None

    @property
    def difference_dong(self) -> int | None:
        return None if self.theirs_dong is None else self.theirs_dong - self.ours.left_dong


@dataclass(frozen=True)
class Reconciliation:
    """The gateway's word against the receipts, and every payment behind a difference."""

    sides: list[Side]
    unreceipted: list[PaymentAttempt]  # paid, says the gateway, and no receipt stands for it
    unheard: list[Receipt]  # online receipts of which the gateway has said nothing
    wrong_sums: list[Receipt]  # their amount is not what was paid
    strangers: list[PaymentNotice]  # notices that belong to no attempt of ours
    refunds: list[Refund]  # asked for in the period and granted

    @property
    def agrees(self) -> bool:
        return not (self.unreceipted or self.unheard or self.wrong_sums or any(side.difference_dong for side in self.sides))

    @property
    def refunded_dong(self) -> int:
        return sum(refund.amount_dong for refund in self.refunds if refund.state == "done")


def reconcile(office: str, first: date, last: date) -> Reconciliation:
    """Compare over these days, by method: attempts by when their payment became known, receipts by when they were made."""
    begins, ends = span(first, last)
    sides = [Side(one.name, one) for one in by_method(office, begins, ends)]
    place = COUNTED.index("online")
    paid = PaymentAttempt.state == "paid", PaymentAttempt.settled_at >= begins, PaymentAttempt.settled_at < ends
    theirs = _attempts(office, fn.COUNT(PaymentAttempt.id), fn.SUM(PaymentAttempt.amount_dong)).where(*paid).tuples().get()
    sides[place] = replace(sides[place], theirs=theirs[0], theirs_dong=int(theirs[1] or 0))
    strange = PaymentNotice.attempt.is_null(), PaymentNotice.received_at >= begins, PaymentNotice.received_at < ends
    return Reconciliation(
        sides,
        _unreceipted(office, *paid),
        _unheard(office, begins, ends),
        _wrong_sums(office, begins, ends),
        list(PaymentNotice.select().where(*strange, PaymentNotice.kind != "return").order_by(PaymentNotice.id).limit(MOST_LINES)),
        _refunds(office, begins, ends),
    )


def _attempts(office: str, *wanted):
    return PaymentAttempt.select(*wanted).join(PaymentRequest).join(Dossier).where(Dossier.office == office)


def _unreceipted(office: str, *paid) -> list[PaymentAttempt]:
    """Paid, and neither its receipt nor one in that one's place stands."""
    stands = Receipt.select(Receipt.attempt).where(Receipt.attempt.is_null(False), Receipt.voided_at.is_null())
    wanted = PaymentAttempt, PaymentRequest.id, Dossier.id, Dossier.code
    found = _attempts(office, *wanted).where(*paid, PaymentAttempt.id.not_in(stands))
    return [one for one in found.order_by(PaymentAttempt.id).limit(MOST_LINES) if not _is_replaced_by_valid(one)]


def _is_replaced_by_valid(attempt: PaymentAttempt) -> bool:
    receipt = Receipt.get_or_none(Receipt.attempt == attempt.id)
    while receipt and receipt.voided_at:
        receipt = Receipt.get_or_none(Receipt.replaces == receipt.id)
    return receipt is not None


def _online_in(office: str, begins: datetime, ends: datetime):
    within = Receipt.office == office, Receipt.method == "online", Receipt.made_at >= begins, Receipt.made_at < ends
    found = Receipt.select(Receipt, PaymentAttempt).join(
        PaymentAttempt, JOIN.LEFT_OUTER, on=(Receipt.attempt == PaymentAttempt.id)
    )
    return found.where(*within).order_by(Receipt.id).limit(MOST_LINES)


def _unheard(office: str, begins: datetime, ends: datetime) -> list[Receipt]:
    """Of receipts that replace others, the first of them is the one the gateway reported."""
    silent = Receipt.attempt.is_null() | (PaymentAttempt.state != "paid")
    return [one for one in _online_in(office, begins, ends).where(silent) if not _is_heard(one)]


def _is_heard(receipt: Receipt) -> bool:
    while receipt.attempt_id is None and receipt.replaces_id:
        receipt = receipt.replaces
    return receipt.attempt_id is not None and receipt.attempt.state == "paid"


def _wrong_sums(office: str, begins: datetime, ends: datetime) -> list[Receipt]:
    return list(_online_in(office, begins, ends).where(PaymentAttempt.amount_dong != Receipt.amount_dong))


def _refunds(office: str, begins: datetime, ends: datetime) -> list[Refund]:
    wanted = Refund, PaymentAttempt, PaymentRequest.id, Dossier.id, Dossier.code
    found = Refund.select(*wanted).join(PaymentAttempt).join(PaymentRequest).join(Dossier)
    granted = Refund.granted_at >= begins, Refund.granted_at < ends, Refund.state != "dropped"
    return list(found.where(Dossier.office == office, *granted).order_by(Refund.id))


# --- for reports -----------------------------------------------------------------------------------------------------


def counts_by_method(office: str, begins: datetime, ends: datetime) -> dict[str, int]:
    """How many receipts of the time stand, by method."""
    stand = Receipt.office == office, Receipt.made_at >= begins, Receipt.made_at < ends, Receipt.voided_at.is_null()
    rows = Receipt.select(Receipt.method, fn.COUNT(Receipt.id)).where(*stand).group_by(Receipt.method)
    return dict.fromkeys(COUNTED, 0) | dict(rows.tuples())

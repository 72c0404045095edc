"""What the desk sees: its queues, and a dossier's answers as they were asked."""

from dataclasses import dataclass
from datetime import datetime

from peewee import Case, fn

from models import Dossier, State
from rules import eform
from rules.paging import pages_of
from rules.vietnamese import in_vietnam

A_PAGE = 20
# name in the address: (label, states). “Cần xử lý” first: it is what the desk works through.
QUEUES = {
    "can-xu-ly": ("Cần xử lý", (State.SUBMITTED, State.ACCEPTED)),
    "moi": ("Mới nộp", (State.SUBMITTED,)),
    "da-nhan": ("Đã tiếp nhận", (State.ACCEPTED,)),
    "da-xong": ("Đã xong, từ chối", (State.REFUSED, State.DONE, State.RETURNED)),
}
FIRST_QUEUE = "can-xu-ly"


@dataclass(frozen=True)
class Queue:
    name: str
    dossiers: list[Dossier]
    page: int
    pages: int
    count: int


def queue(office: str, name: str, now: datetime, page: int = 1) -> Queue:
    """One page of a queue: overdue first, then who has waited longest."""
    waiting = Dossier.select().where(Dossier.office == office, Dossier.state.in_(QUEUES[name][1]))
    count = waiting.count()
    page, pages = pages_of(count, A_PAGE, page)
    overdue_first = Case(None, [(Dossier.due_at < now, 0)], 1)
    dossiers = waiting.order_by(overdue_first, Dossier.submitted_at, Dossier.id).paginate(page, A_PAGE)
    return Queue(name, list(dossiers), page, pages, count)


def counts(office: str, now: datetime) -> dict[str, int]:
    """How many dossiers each queue holds, and how many are overdue."""
    rows = (
        Dossier.select(Dossier.state, fn.COUNT(Dossier.id).alias("n"))
        .where(Dossier.office == office)
        .group_by(Dossier.state)
        .tuples()
    )
    by_state = dict(rows)
    found = {name: sum(by_state.get(state, 0) for state in states) for name, (_, states) in QUEUES.items()}
    late = Dossier.office == office, Dossier.state == State.ACCEPTED, Dossier.due_at < now
    return found | {"overdue": Dossier.select().where(*late).count()}


def answers_shown(dossier: Dossier, now: datetime) -> list[tuple[str, list[tuple[str, str]]]]:
    """The answers by page, each as (label, value), by the definition the dossier was submitted under."""
    today = in_vietnam(now).date()
    pages = eform.asked_pages(dossier.procedure["eform"]["pages"], dossier.answers)
    return [
        (page["title"], [(q["label"], eform.show_answer(q, dossier.answers.get(q["key"], ""), today)) for q in page["questions"]])
        for page in pages
    ]

"""What the desk sees: its queues, and a dossier's answers as they were asked."""

from dataclasses import dataclass
from datetime import datetime

from peewee import Case, fn

from models import Dossier, LaterPaper, State, SupplementItem, SupplementRequest
from rules import eform
from rules.paging import pages_of
from rules.vietnamese import in_vietnam

A_PAGE = 20
# name in the address: (label, states). “Cần xử lý” first: it is what the desk works through.
QUEUES = {
    "can-xu-ly": ("Cần xử lý", (State.SUBMITTED, State.ACCEPTED, State.IN_PROGRESS, State.WITHDRAWAL_ASKED)),
    "moi": ("Mới nộp", (State.SUBMITTED,)),
    "da-nhan": ("Đã tiếp nhận", (State.ACCEPTED, State.IN_PROGRESS)),
    "cho-dan": ("Chờ người dân", (State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT)),
    "xin-rut": ("Xin rút", (State.WITHDRAWAL_ASKED,)),
    "cho-tra": ("Chờ trả kết quả", (State.DONE,)),
    "da-xong": ("Đã xong, từ chối", (State.REFUSED, State.STOPPED, State.RETURNED)),
}
FIRST_QUEUE = "can-xu-ly"


@dataclass(frozen=True)
class Queue:
    name: str
    dossiers: list[Dossier]
    awaiting: set[int]  # the ids of those that wait for a paper to be brought
    page: int
    pages: int
    count: int


def queue(office: str, name: str, now: datetime, page: int = 1) -> Queue:
    """One page of a queue: overdue first, then who has waited longest."""
    waiting = Dossier.select().where(Dossier.office == office, Dossier.state.in_(QUEUES[name][1]))
    count = waiting.count()
    page, pages = pages_of(count, A_PAGE, page)
    overdue_first = Case(None, [((Dossier.due_at < now) & Dossier.stopped_at.is_null() & Dossier.ended_at.is_null(), 0)], 1)
    dossiers = list(waiting.order_by(overdue_first, Dossier.submitted_at, Dossier.id).paginate(page, A_PAGE))
    return Queue(name, dossiers, awaiting_papers([dossier.id for dossier in dossiers]), page, pages, count)


def awaiting_papers(ids: list[int]) -> set[int]:
    """Which of these dossiers wait for a paper that was to be brought, at first or when the desk asked for more."""
    later = LaterPaper.select(LaterPaper.dossier).where(LaterPaper.dossier.in_(ids), LaterPaper.arrived_at.is_null())
    asked = SupplementRequest.select(SupplementRequest.dossier).join(SupplementItem)
    brought = asked.where(
        SupplementRequest.dossier.in_(ids),
        SupplementRequest.closed_at.is_null(),
        SupplementItem.way == "bring",
        SupplementItem.arrived_at.is_null(),
    )
    return {row.dossier_id for query in (later, brought) for row in query}


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
    late = Dossier.office == office, Dossier.state.in_((State.ACCEPTED, State.IN_PROGRESS)), Dossier.due_at < now
    return found | {"overdue": Dossier.select().where(*late).count()}


def answers_shown(dossier: Dossier, now: datetime) -> list[tuple[str, list[tuple[str, str]]]]:
    """The answers by page, each as (label, value), by the definition the dossier was submitted under."""
    today = in_vietnam(now).date()
    pages = eform.asked_pages(dossier.procedure["eform"]["pages"], dossier.answers)
    return [
        (page["title"], [(q["label"], eform.show_answer(q, dossier.answers.get(q["key"], ""), today)) for q in page["questions"]])
        for page in pages
    ]

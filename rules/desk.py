"""What the desk sees: its queues, what they are narrowed to, and a dossier's answers as they were asked."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from peewee import Case, Expression, Node, Ordering, Select, fn

from models import Dossier, LaterPaper, Staff, State, SupplementItem, SupplementRequest
from rules import WrongInput, eform, lateness
from rules.deadlines import WorkCalendar
from rules.paging import pages_of
from rules.vietnamese import VIETNAM_TIME, in_vietnam, read_day, show_day

A_PAGE = 20

# --- the queues ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class View:
    """Whose queue it is, and when: the conditions depend on nothing else."""

    person: Staff
    now: datetime
    calendar: WorkCalendar
    villages: tuple[str, ...] = ()  # of the commune: whoever lives elsewhere is found by what is not among them


@dataclass(frozen=True)
class QueueKind:
    label: str
    states: tuple[State, ...]  # none of its dossiers is in another: what the database looks for first
    holds: Callable[[View], Expression | None]
    order: Callable[[View], list]


_NEW, _LEAVING = State.SUBMITTED, State.WITHDRAWAL_ASKED
_AT_WORK = (State.ACCEPTED, State.IN_PROGRESS)
_LACKING = (State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT)
_OPEN = (_NEW, *_AT_WORK, *_LACKING, _LEAVING)
# Where the next step is another's: the leader signs, another office answers.
_AWAY = ("signing", "elsewhere")
# In which states somebody of a role has the next step to do.
ACTS_ON = {
    "officer": (_NEW, *_AT_WORK, _LEAVING),
    "specialist": _AT_WORK,
    "leader": _AT_WORK,
}


def _needs_me(view: View) -> Expression:
    """What waits for the next step of this person: on their own table, or on nobody's; of a leader, what is to be signed."""
    is_mine, is_here = Dossier.taken_by == view.person.id, Dossier.step.not_in(_AWAY)
    if view.person.role == "leader":
        return (Dossier.step == "signing") | (is_mine & is_here)
    return (is_mine | Dossier.taken_by.is_null()) & is_here & Dossier.state.in_(ACTS_ON.get(view.person.role, ()))


def _most_urgent_first(view: View) -> list:
    """One's own before nobody's; then by how near the day is; among these, who has waited longest."""
    is_mine = Case(None, [(Dossier.taken_by == view.person.id, 0)], 1)
    near = [
        (lateness.is_overdue(view.now), 0),
        (lateness.is_due_today(view.now), 1),
        (lateness.is_warned(view.now, view.calendar), 2),
    ]
    return [is_mine, Case(None, near, 3), Dossier.submitted_at, Dossier.id]


def _longest_waiting_first(view: View) -> list:
    return [Dossier.submitted_at, Dossier.id]


def _soonest_due_first(view: View) -> list:
    return [fn.COALESCE(Dossier.due_at, Dossier.submitted_at), Dossier.id]


def _longest_lying_first(view: View) -> list:
    return [Dossier.ended_at, Dossier.id]


def _latest_first(view: View) -> list:
    return [Dossier.ended_at.desc(), Dossier.id.desc()]


def _latest_of_several_states_first(view: View) -> list:
    # Of one state the index has them in this order. Of two it has not, and another index that has would lead to every row.
    return [fn.COALESCE(Dossier.ended_at, Dossier.submitted_at).desc(), Dossier.id.desc()]


def _all(view: View) -> None:
    return None


# Name in the address: what needs this person comes first; whatever the state and step, a dossier is in one of them.
QUEUES = {
    "can-xu-ly": QueueKind("Cần tôi làm", _OPEN, _needs_me, _most_urgent_first),
    "qua-han": QueueKind("Quá hạn", _AT_WORK, lambda view: lateness.is_overdue(view.now), _soonest_due_first),
    "hom-nay": QueueKind("Hẹn hôm nay", _AT_WORK, lambda view: lateness.is_due_today(view.now), _soonest_due_first),
    "sap-han": QueueKind("Sắp đến hạn", _AT_WORK, lambda view: lateness.is_warned(view.now, view.calendar), _soonest_due_first),
    "moi": QueueKind("Mới nộp", (_NEW,), _all, _longest_waiting_first),
    "dang-lam": QueueKind("Đang giải quyết", (*_AT_WORK, _LEAVING), _all, _soonest_due_first),
    "cho-dan": QueueKind("Chờ người dân", _LACKING, _all, _longest_waiting_first),
    "cho-ky": QueueKind("Chờ ký", (State.IN_PROGRESS,), lambda view: Dossier.step == "signing", _soonest_due_first),
    "noi-khac": QueueKind("Ở cơ quan khác", (State.IN_PROGRESS,), lambda view: Dossier.step == "elsewhere", _soonest_due_first),
    "cho-tra": QueueKind("Chờ trả", (State.DONE,), _all, _longest_lying_first),
    "da-tra": QueueKind("Đã trả", (State.RETURNED,), _all, _latest_first),
    "tu-choi": QueueKind("Từ chối, dừng", (State.REFUSED, State.STOPPED), _all, _latest_of_several_states_first),
}
FIRST_QUEUE = "can-xu-ly"
_CLOSED = {name: kind.states for name, kind in QUEUES.items() if not set(kind.states) & set(_OPEN)}


# --- what a queue is narrowed to -------------------------------------------------------------------------------------

MINE, NOBODYS, ELSEWHERE = "toi", "chua", "noi-khac"
DAY_KINDS = {"nop": "Nộp", "nhan": "Tiếp nhận"}


@dataclass(frozen=True)
class Filters:
    """By their words in the address; "" and None ask for nothing."""

    procedure: str = ""
    state: State | None = None
    village: str = ""  # ELSEWHERE: of no village of the commune
    channel: str = ""
    officer: str = ""  # MINE, NOBODYS, or the number of one of the staff
    day_kind: str = "nop"
    first: date | None = None
    last: date | None = None

    def asked(self) -> tuple[str, ...]:
        """The names of those that are set."""
        return tuple(name for name in WORDS if name != "day_kind" and getattr(self, name))

    def without(self, name: str) -> "Filters":
        return replace(self, **{name: getattr(Filters, name)})

    def query(self) -> dict[str, str]:
        """As it stands in an address."""
        found = {WORDS[name]: _as_typed(getattr(self, name)) for name in self.asked()}
        return found | ({WORDS["day_kind"]: self.day_kind} if (self.first or self.last) and self.day_kind != "nop" else {})


WORDS = {
    "procedure": "thu-tuc", "state": "trang-thai", "village": "thon", "channel": "kenh", "officer": "can-bo",
    "day_kind": "ngay", "first": "tu", "last": "den",
}  # fmt: skip
NOTHING_ASKED = Filters()


def _as_typed(value: object) -> str:
    if isinstance(value, State):
        return str(int(value))
    return show_day(value) if isinstance(value, date) else str(value)


def read_filters(typed: Mapping[str, str]) -> tuple[Filters, dict[str, str]]:
    """The filters in an address, and what is wrong with its days, by their words; what cannot be is as if it were not said."""
    text = {name: typed.get(word, "").strip()[:200] for name, word in WORDS.items()}
    days, faults = {}, {}
    for name in ("first", "last"):
        try:
            days[name] = read_day(text[name]) if text[name] else None
            if days[name] and days[name].year > LAST_YEAR:
                raise WrongInput("Năm còn xa. Xem lại năm")
        except WrongInput as fault:
            days[name], faults[WORDS[name]] = None, str(fault)
    if days["first"] and days["last"] and days["first"] > days["last"]:
        faults[WORDS["last"]] = f"Ngày này trước ngày đầu ({show_day(days['first'])}). Đổi lại một trong hai."
        days["last"] = None
    return Filters(
        procedure=printable(text["procedure"]),
        state=State(int(text["state"])) if text["state"] in STATE_WORDS else None,
        village=printable(text["village"]),
        channel=printable(text["channel"]),
        officer=text["officer"] if OFFICER.fullmatch(text["officer"]) else "",
        day_kind=text["day_kind"] if text["day_kind"] in DAY_KINDS else "nop",
        **days,
    ), faults


LAST_YEAR = 2100  # far enough for every day that is asked for, and a day after it can still be counted
STATE_WORDS = {str(int(state)) for state in State}
OFFICER = re.compile(rf"{MINE}|{NOBODYS}|[0-9]{{1,9}}", re.ASCII)


def printable(text: str) -> str:
    """PostgreSQL takes no NUL, and neither database a half of a pair."""
    return "".join(sign for sign in text if sign.isprintable())


def _conditions(filters: Filters, view: View) -> dict[str, Expression]:
    """By the filter's name. Each looks at the queue's own index in passing: another one leads to the wide rows."""
    found = {}
    if filters.procedure:
        found["procedure"] = Dossier.procedure_slug == filters.procedure
    if filters.state:
        found["state"] = Dossier.state == filters.state
    if filters.village:
        is_elsewhere = filters.village == ELSEWHERE
        found["village"] = Dossier.village.not_in(view.villages) if is_elsewhere else Dossier.village == filters.village
    if filters.channel:
        found["channel"] = Dossier.channel == filters.channel
    if filters.officer == NOBODYS:
        found["officer"] = Dossier.taken_by.is_null()
    elif filters.officer:
        number = view.person.id if filters.officer == MINE else int(filters.officer)
        found["officer"] = fn.COALESCE(Dossier.taken_by, 0) == number
    moment = Dossier.accepted_at if filters.day_kind == "nhan" else Dossier.submitted_at
    at = fn.COALESCE(moment, NEVER)
    if filters.first:
        found["first"] = at >= _midnight(filters.first)
    if filters.last:
        found["last"] = at < _midnight(filters.last + timedelta(days=1))
        found["last"] &= moment.is_null(False)
    return found


NEVER = datetime(1, 1, 1)


def _midnight(day: date) -> datetime:
    """When a day begins in Việt Nam, as the database writes moments."""
    return datetime.combine(day, time(), VIETNAM_TIME).astimezone(UTC).replace(tzinfo=None)


# --- a page of a queue -----------------------------------------------------------------------------------------------

# What is narrowed is counted up to here: beyond it nobody reads on, but narrows it further.
MOST_NARROWED = 1000


@dataclass(frozen=True)
class Queue:
    name: str
    dossiers: list[Dossier]  # with the columns of SHOWN only
    awaiting: set[int]  # the ids of those that wait for a paper to be brought
    page: int
    pages: int
    count: int
    has_more: bool = False  # than were counted


# The columns of a row: without what makes it wide, its answers and the whole procedure.
SHOWN = (
    Dossier.id, Dossier.code, Dossier.office, Dossier.procedure_title, Dossier.owner_name, Dossier.submitted_at, Dossier.due_at,
    Dossier.stopped_at, Dossier.ended_at, Dossier.state, Dossier.step, Dossier.taken_by,
)  # fmt: skip


def queue(view: View, name: str, counts: dict[str, int], filters: Filters = NOTHING_ASKED, page: int = 1) -> Queue:
    """One page of a queue, in its order; `counts` as `counts` below gives them for the same filters."""
    kind = QUEUES[name]
    ids, order = _within(view, name, filters), kind.order(view)
    if filters.asked():
        found = _ids(ids.order_by(*order).limit(MOST_NARROWED + 1))
        count = min(len(found), MOST_NARROWED)
        page, pages = pages_of(count, A_PAGE, page)
        shown, has_more = found[:count][(page - 1) * A_PAGE : page * A_PAGE], len(found) > count
    else:
        count, has_more = counts[name], False
        page, pages = pages_of(count, A_PAGE, page)
        shown = _ids_of_page(ids, order, page, count)
    return Queue(name, rows_of(shown), awaiting_papers(shown), page, pages, count, has_more)


def _ids_of_page(ids: Select, order: list, page: int, count: int) -> list[int]:
    """Counted from the nearer end: of a hundred thousand, the last page is as quick as the first."""
    before = (page - 1) * A_PAGE
    here = min(A_PAGE, count - before)
    after = count - before - here
    if before <= after:
        return _ids(ids.order_by(*order).offset(before).limit(A_PAGE))
    return _ids(ids.order_by(*map(_turned, order)).offset(after).limit(here))[::-1]


def _turned(term: Node) -> Ordering:
    return Ordering(term.node, "ASC") if isinstance(term, Ordering) else Ordering(term, "DESC")


def _within(view: View, name: str, filters: Filters) -> Select:
    """The ids of a queue's dossiers."""
    kind = QUEUES[name]
    held = kind.holds(view)
    conditions = [*([held] if held is not None else []), *_conditions(filters, view).values()]
    return Dossier.select(Dossier.id).where(Dossier.office == view.person.office, _in_states(kind.states), *conditions)


def _in_states(states: tuple[State, ...]) -> Expression:
    return Dossier.state == states[0] if len(states) == 1 else Dossier.state.in_(states)


def _ids(query: Select) -> list[int]:
    return [number for (number,) in query.tuples()]


def rows_of(ids: list[int]) -> list[Dossier]:
    """The dossiers of these ids, in their order, as a row shows them."""
    by_id = {dossier.id: dossier for dossier in Dossier.select(*SHOWN).where(Dossier.id.in_(ids))} if ids else {}
    return [by_id[number] for number in ids]


def first_of_nobodys(view: View, name: str, filters: Filters, most: int) -> list[Dossier]:
    """The first of a queue that lie on nobody's table, of those this person has the next step to do."""
    to_do = Dossier.taken_by.is_null(), Dossier.state.in_(ACTS_ON.get(view.person.role, ()))
    ids = _within(view, name, filters).where(*to_do).order_by(*QUEUES[name].order(view)).limit(most)
    return rows_of(_ids(ids))


def awaiting_papers(ids: list[int]) -> set[int]:
    """Which of these dossiers wait for a paper that was to be brought, at first or when the desk asked for more."""
    if not ids:
        return set()
    later = LaterPaper.select(LaterPaper.dossier).where(LaterPaper.dossier.in_(ids), LaterPaper.arrived_at.is_null())
    asked = SupplementRequest.select(SupplementRequest.dossier).join(SupplementItem)
    brought = asked.where(
        SupplementRequest.dossier.in_(ids),
        SupplementRequest.closed_at.is_null(),
        SupplementItem.way == "bring",
        SupplementItem.arrived_at.is_null(),
    )
    return {row.dossier_id for query in (later, brought) for row in query}


def counts(view: View, filters: Filters = NOTHING_ASKED) -> dict[str, int]:
    """How many dossiers each queue holds; narrowed, only what is still open: the rest are too many to count."""
    narrowed = list(_conditions(filters, view).values())
    open_ones = {name: kind for name, kind in QUEUES.items() if name not in _CLOSED}
    sums = [fn.SUM(Case(None, [(_is_in(kind, view), 1)], 0)) for kind in open_ones.values()]
    mine = Dossier.office == view.person.office
    found = Dossier.select(*sums).where(mine, Dossier.state.in_(_OPEN), *narrowed).tuples().get()
    counted = dict(zip(open_ones, [number or 0 for number in found], strict=True))
    if narrowed:
        return counted
    counted_by = {state for states in _CLOSED.values() for state in states} - {State.RETURNED}
    rows = Dossier.select(Dossier.state, fn.COUNT(Dossier.id)).where(mine, Dossier.state.in_(counted_by)).group_by(Dossier.state)
    # Nearly all there ever were: counted along the narrowest index, where the queue's own would take twice the time.
    returned = Dossier.select().where(mine, Dossier.state + 0 == int(State.RETURNED)).count()
    by_state = dict(rows.tuples()) | {State.RETURNED: returned}
    return counted | {name: sum(by_state.get(state, 0) for state in states) for name, states in _CLOSED.items()}


def _is_in(kind: QueueKind, view: View) -> Expression:
    held, is_there = kind.holds(view), _in_states(kind.states)
    return is_there if held is None else is_there & held


def emptied_by(view: View, name: str, filters: Filters) -> list[str]:
    """Of an empty result: the names of the filters that emptied it, each by itself; none when only several together did."""
    return [asked for asked in filters.asked() if _ids(_within(view, name, filters.without(asked)).limit(1))]


# --- its answers -----------------------------------------------------------------------------------------------------


def answers_shown(dossier: Dossier, now: datetime) -> list[tuple[str, list[tuple[str, str]]]]:
    """The answers by page, each as (label, value), by the definition the dossier was submitted under."""
    today = in_vietnam(now).date()
    pages = eform.asked_pages(dossier.procedure["eform"]["pages"], dossier.answers)
    return [
        (page["title"], [(q["label"], eform.show_answer(q, dossier.answers.get(q["key"], ""), today)) for q in page["questions"]])
        for page in pages
    ]

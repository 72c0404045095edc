"""What the desk asks for on top of a dossier, round by round, and how its submitter answers: by photo, or by bringing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from peewee import fn

from database import Prepared, db
from models import Account, Dossier, Draft, Event, Paper, Staff, State, SupplementItem, SupplementRequest
from rules import WrongInput, submission, workflow
from rules.deadlines import WorkCalendar
from rules.papers import later_papers_of, papers_of
from rules.vietnamese import in_vietnam, show_day, show_moment
from rules.workflow import MoveRefused

ANSWER_WITHIN_DAYS = 10  # working days, where the desk chooses no other
OTHER = "khac"  # the key of what is none of the procedure's papers
WAIVED = "waived"  # a way of answering that only the desk may choose

open_answer = Prepared(lambda request: Draft.select().where(Draft.supplements == request, Draft.closed_at.is_null()))
items_of_request = Prepared(
    lambda request: SupplementItem.select().where(SupplementItem.request == request).order_by(SupplementItem.id)
)


@dataclass(frozen=True)
class Asked:
    """One thing the desk wants: its key among the procedure's papers, or none, its name, and why."""

    key: str
    name: str
    reason: str


def usual_last_day(now: datetime, calendar: WorkCalendar) -> date:
    return calendar.add_working_days(in_vietnam(now).date(), ANSWER_WITHIN_DAYS)


def rounds(dossier: Dossier) -> list[SupplementRequest]:
    return list(dossier.supplements.order_by(SupplementRequest.round))


def among(dossiers: Sequence[Dossier]) -> dict[int, int]:
    """How often more was asked for, by the dossier's id, of those of which it was."""
    asked = SupplementRequest.select(SupplementRequest.dossier, fn.COUNT(SupplementRequest.id))
    mine = SupplementRequest.dossier.in_([dossier.id for dossier in dossiers])
    return dict(asked.where(mine).group_by(SupplementRequest.dossier).tuples()) if dossiers else {}


def current(dossier: Dossier) -> SupplementRequest | None:
    """The round that is still open."""
    return dossier.supplements.where(SupplementRequest.closed_at.is_null()).order_by(SupplementRequest.round.desc()).first()


def items_of(request: SupplementRequest) -> list[SupplementItem]:
    return items_of_request.all(request.id)


def key_of(item: SupplementItem) -> str:
    """By which its photos are kept while they are being sent."""
    return item.document_key or OTHER


def is_settled(item: SupplementItem) -> bool:
    return item.way == "upload" or item.arrived_at is not None


# --- the desk --------------------------------------------------------------------------------------------------------


def ask(
    dossier: Dossier,
    asked: list[Asked],
    due_on: date,
    by: Staff,
    now: datetime,
    calendar: WorkCalendar,
    note: str = "",
    form_key: str | None = None,
    link: str = "",
) -> Event:
    """Ask for everything that is lacking, at once; the clock stands still. The same form again changes nothing.

    Raises WrongInput when nothing is asked or the day is not to come, MoveRefused when the dossier went on meanwhile.
    """
    if not asked:
        raise WrongInput("Chọn ít nhất một giấy cần bổ sung")
    if due_on <= in_vietnam(now).date():
        raise WrongInput("Hạn bổ sung phải sau hôm nay")
    with db.atomic():
        workflow.lock(dossier)
        if event := workflow.event_of(form_key, "ask_supplement"):
            return event
        before, number = dossier.state, _rounds_so_far(dossier) + 1
        told = "; ".join(f"{one.name}: {one.reason}" for one in asked)
        told = f"Lần {number}. {told}. Hạn: {show_day(due_on)}." + (f" {note}" if note else "")
        event = workflow.make_move(dossier, "ask_supplement", by, now, calendar, told, form_key, link)
        request = SupplementRequest.create(
            dossier=dossier, round=number, asked_by=by, asked_at=now, due_on=due_on, note=note, resumes_to=before
        )
        for one in asked:
            SupplementItem.create(request=request, document_key=one.key, name=one.name, reason=one.reason)
    return event


def _rounds_so_far(dossier: Dossier) -> int:
    return dossier.supplements.select(fn.MAX(SupplementRequest.round)).scalar() or 0


def receive(
    dossier: Dossier, item_id: int, by: Staff, now: datetime, calendar: WorkCalendar, form_key: str, link: str = ""
) -> Event:
    """The asked paper lies on the desk; with the last one the dossier goes back to where it was. Raises MoveRefused."""
    return _settle(dossier, item_id, {"received_by": by}, "paper_received", "", by, now, calendar, form_key, link)


def waive(
    dossier: Dossier, item_id: int, reason: str, by: Staff, now: datetime, calendar: WorkCalendar, form_key: str, link: str = ""
) -> Event:
    """What was asked is not needed after all. Raises MoveRefused, WrongInput without a reason."""
    if not reason.strip():
        raise WrongInput("Nhập lý do không cần giấy này nữa")
    return _settle(dossier, item_id, {"way": WAIVED}, "paper_waived", reason.strip(), by, now, calendar, form_key, link)


def _settle(dossier, item_id, how, name, reason, by, now, calendar, form_key, link) -> Event:
    with db.atomic():
        workflow.lock(dossier)
        if event := workflow.event_of(form_key, name):
            return event
        workflow.check_office(dossier, by)
        request = _open_request(dossier)
        item = SupplementItem.get_or_none(SupplementItem.id == item_id, SupplementItem.request == request.id)
        if item is None or is_settled(item):
            when = f" lúc {show_moment(item.arrived_at)}" if item and item.arrived_at else ""
            raise MoveRefused(f"Giấy này đã có rồi{when}.")
        SupplementItem.update(arrived_at=now, **how).where(SupplementItem.id == item.id).execute()
        note = f"{item.name}. {reason}" if reason else item.name
        event = workflow.write_event(dossier, name, dossier.state, dossier.state, by, now, note, form_key)
        _resume_when_settled(dossier, request, by, now, calendar, link=link)
    return event


def _open_request(dossier: Dossier) -> SupplementRequest:
    request = current(dossier)
    if request is None or dossier.state is not State.AWAITING_SUPPLEMENT:
        raise MoveRefused(f"Hồ sơ {dossier.code} không còn chờ bổ sung.")
    return request


def _resume_when_settled(dossier, request, by, now, calendar, form_key=None, link="") -> Event | None:
    if not all(is_settled(item) for item in items_of(request)):
        return None
    SupplementRequest.update(closed_at=now).where(SupplementRequest.id == request.id).execute()
    return workflow.make_move(dossier, "supplied", by, now, calendar, f"Lần {request.round}.", form_key, link)


# --- the submitter ---------------------------------------------------------------------------------------------------


def draft_of(request: SupplementRequest, account: Account) -> Draft | None:
    """The photos this person has sent towards the answer, not yet handed in."""
    draft = open_answer.first(request.id)
    return draft if draft and draft.account_id == account.id else None


def open_or_begin_draft(request: SupplementRequest, account: Account, now: datetime) -> Draft:
    """Raises MoveRefused when another who acts for the same business is answering."""
    submission.drop_abandoned(open_answer.first(request.id), request.dossier, account)
    draft = draft_of(request, account) or submission.begin_draft(
        lambda: open_answer.first(request.id),
        now,
        account=account,
        procedure_slug=request.dossier.procedure_slug,
        supplements=request,
    )
    if draft is None or draft.account_id != account.id:
        raise MoveRefused("Người khác cùng đại diện đang trả lời yêu cầu này. Hỏi người đó.")
    return draft


def asked_as_documents(request: SupplementRequest) -> list[dict]:
    """What is still to be answered, as a procedure lists its papers."""
    return [
        {
            "key": key_of(item),
            "name": item.name,
            "condition": item.reason,
            "form": "copy",
            "count": 1,
            "required": "mandatory",
            "present_only": False,
            "digital_substitute": "",
            "may_come_later": True,
        }
        for item in items_of(request)
        if not is_settled(item)
    ]


def unanswered(request: SupplementRequest, sent: dict, to_bring: set[str]) -> dict[str, str]:
    """What nothing was said of, by the item's key, with what to do."""
    open_keys = [key_of(item) for item in items_of(request) if not is_settled(item)]
    return {key: "Gửi ảnh, hoặc chọn Tôi sẽ mang đến" for key in open_keys if key not in sent and key not in to_bring}


def promised(draft: Draft | None) -> set[str]:
    return set(later_papers_of(draft)) if draft else set()


def send(
    dossier: Dossier, to_bring: set[str], by: Account, now: datetime, calendar: WorkCalendar, form_key: str, link: str = ""
) -> Event:
    """Answer the open round: each asked paper was photographed, or will be brought. The same form again changes nothing.

    With everything photographed the dossier goes back to where it was; else the desk waits for the rest.
    Raises NotReady when nothing was said of one of them, MoveRefused when nothing is asked any more.
    """
    with db.atomic():
        workflow.lock(dossier)
        if event := workflow.event_of(form_key, "supplement_answered"):
            return event
        request = _open_request(dossier)
        draft = draft_of(request, by)
        if draft:  # closed before it is read: no photo slips in after what is looked at now
            Draft.update(closed_at=now).where(Draft.id == draft.id).execute()
        sent = papers_of(draft) if draft else {}
        if unanswered(request, sent, to_bring):
            raise submission.NotReady
        for item in items_of(request):
            if not is_settled(item):
                _answer(dossier, item, draft if key_of(item) in sent else None)
        SupplementRequest.update(answered_at=now).where(SupplementRequest.id == request.id).execute()
        note = f"Lần {request.round}. " + "; ".join(_said(item) for item in items_of(request)) + "."
        event = workflow.write_event(dossier, "supplement_answered", dossier.state, dossier.state, by, now, note, form_key)
        _resume_when_settled(dossier, request, by, now, calendar, link=link)
    return event


def _answer(dossier: Dossier, item: SupplementItem, draft: Draft | None) -> None:
    SupplementItem.update(way="upload" if draft else "bring").where(SupplementItem.id == item.id).execute()
    if draft:
        is_its = Paper.draft == draft, Paper.document_key == key_of(item), Paper.replaced_at.is_null()
        Paper.update(dossier=dossier, item=item).where(*is_its).execute()


def _said(item: SupplementItem) -> str:
    return f"{item.name}: " + ("đã nhận" if item.arrived_at else "gửi ảnh" if item.way == "upload" else "sẽ mang đến")

"""Papers that were promised for later: by when, and what the desk does when they come, or need not come any more."""

from datetime import date, datetime

from database import db
from models import Dossier, Event, LaterPaper, Staff, State
from rules import WrongInput, workflow
from rules.deadlines import WorkCalendar
from rules.vietnamese import in_vietnam, show_moment
from rules.workflow import MoveRefused, later_papers_of_dossier, name_of_document

WITHIN_DAYS = 5  # working days, where the commune's own content does not say


def last_day(now: datetime, calendar: WorkCalendar, within_days: int = WITHIN_DAYS) -> date:
    """The day by which what is promised now is to be brought."""
    return calendar.add_working_days(in_vietnam(now).date(), within_days)


def checklist(dossier: Dossier) -> list[tuple[str, LaterPaper]]:
    """Everything that was to be brought, by name, what has arrived too."""
    return [(name_of_document(dossier, later.document_key), later) for later in later_papers_of_dossier.all(dossier.id)]


def receive(dossier: Dossier, later_id: int, by: Staff, now: datetime, form_key: str) -> Event:
    """The paper lies on the desk. The same form again changes nothing. Raises MoveRefused."""
    with db.atomic():
        workflow.lock(dossier)
        if event := workflow.event_of(form_key, "paper_received"):
            return event
        later = _awaited(dossier, later_id)
        LaterPaper.update(arrived_at=now, received_by=by).where(LaterPaper.id == later.id).execute()
        return _write(dossier, "paper_received", by, now, name_of_document(dossier, later.document_key), form_key)


def waive(dossier: Dossier, later_id: int, reason: str, by: Staff, now: datetime, form_key: str) -> Event:
    """The paper is not needed after all: it is awaited no more, and the event says why. Raises MoveRefused, WrongInput.

    Its row stays, arrived with nobody who received it (`is_waived`): a correction must not ask for the paper again.
    """
    if not reason.strip():
        raise WrongInput("Nhập lý do không cần giấy này nữa")
    with db.atomic():
        workflow.lock(dossier)
        if event := workflow.event_of(form_key, "paper_waived"):
            return event
        later = _awaited(dossier, later_id)
        LaterPaper.update(arrived_at=now, received_by=None).where(LaterPaper.id == later.id).execute()
        note = f"{name_of_document(dossier, later.document_key)}. {reason.strip()}"
        return _write(dossier, "paper_waived", by, now, note, form_key)


def is_waived(later: LaterPaper) -> bool:
    return later.arrived_at is not None and later.received_by_id is None


def _awaited(dossier: Dossier, later_id: int) -> LaterPaper:
    if dossier.state is not State.SUBMITTED:
        raise MoveRefused(f"Hồ sơ {dossier.code} không còn chờ tiếp nhận.")
    later = LaterPaper.get_or_none(LaterPaper.id == later_id, LaterPaper.dossier == dossier.id)
    if later is None:
        raise MoveRefused("Giấy này không còn phải chờ nữa: người khác vừa ghi, hoặc người nộp vừa sửa hồ sơ.")
    if later.arrived_at:
        raise MoveRefused(f"Giấy này đã nhận lúc {show_moment(later.arrived_at)}.")
    return later


def _write(dossier, name, by, now, note, form_key) -> Event:
    return workflow.write_event(dossier, name, dossier.state, dossier.state, by, now, note, form_key)

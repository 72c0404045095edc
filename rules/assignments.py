"""On whose table a dossier lies: taking it, handing it over to a colleague, putting it back for anybody."""

from datetime import datetime

from database import db
from models import Dossier, Event, HandOver, Staff
from rules import WrongInput, workflow
from rules.vietnamese import clean_text, show_moment
from rules.workflow import ENDED, MoveRefused

# Who may have a dossier on their table.
HOLDERS = ("officer", "specialist", "leader")
# What a dossier that nobody has taken lies on, as the control slip calls it.
COMMON_TABLE = "Bộ phận Một cửa"
MOST_AT_ONCE = 10
LONGEST_NOTE = 500


def may_be_held(dossier: Dossier) -> bool:
    """Whether it still needs anybody: with a result it waits for its owner, refused or returned for nobody."""
    return dossier.state not in ENDED


def may_take(dossier: Dossier, person: Staff) -> bool:
    return dossier.taken_by_id is None and _is_colleague(person, dossier) and may_be_held(dossier)


def may_give(dossier: Dossier, person: Staff) -> bool:
    """Hand it over, or put it back: whoever holds it; a leader, whose it is to share out the work; anybody, of nobody's."""
    is_mine = dossier.taken_by_id in (None, person.id) or person.role == "leader"
    return is_mine and _is_colleague(person, dossier) and may_be_held(dossier)


def _is_colleague(person: Staff, dossier: Dossier) -> bool:
    return person.office == dossier.office and person.role in HOLDERS and person.is_in_office()


def colleagues(office: str) -> list[Staff]:
    """To whom a dossier of this office may be handed over, by name."""
    at_work = Staff.office == office, Staff.role.in_(HOLDERS), Staff.ended_at.is_null(), Staff.approved_at.is_null(False)
    return list(Staff.select(Staff.id, Staff.full_name, Staff.role).where(*at_work).order_by(Staff.full_name, Staff.id))


def read_note(typed: str) -> str:
    """What the next one is told; raises WrongInput for what is too long or cannot be shown."""
    return clean_text(typed, LONGEST_NOTE, lines=True)


def take(dossier: Dossier, by: Staff, now: datetime, form_key: str) -> Event:
    """Lay the dossier on one's own table; returns the event. The same form again changes nothing.

    Raises MoveRefused, naming who was quicker, when it lies on somebody's table, or needs nobody any more.
    """
    with db.atomic():
        workflow.lock(dossier)
        return workflow.event_of(form_key, "taken") or _take(dossier, by, now, form_key)


def _take(dossier: Dossier, by: Staff, now: datetime, form_key: str) -> Event:
    if not may_take(dossier, by):
        raise MoveRefused(_why_not(dossier))
    return _lay(dossier, by, "taken", by, now, form_key)


def take_first(dossiers: list[Dossier], by: Staff, now: datetime, form_key: str) -> list[Event]:
    """Take as many of these as nobody else has taken meanwhile; the same form again takes no others.

    Two who take at once lock them in one order, that of their numbers: the queue's may change from one moment to the next.
    """
    taken: list[Event] = []
    with db.atomic():
        for dossier in sorted(dossiers, key=lambda one: one.id):
            workflow.lock(dossier)
        for dossier in dossiers:
            # Whoever waited at the lock for the same form's first sending finds here that it is done.
            if not taken and workflow.event_of(f"{form_key}-1"):
                return taken
            if may_take(dossier, by):
                taken.append(_lay(dossier, by, "taken", by, now, f"{form_key}-{len(taken) + 1}"))
    return taken


def hand_over(dossier: Dossier, to: Staff, by: Staff, now: datetime, note: str, form_key: str) -> Event:
    """Give the dossier to a colleague of its office; returns the event. The same form again changes nothing.

    `note` is for the colleague and the control slip: the citizen, who reads the log, sees only from whom to whom.
    Raises WrongInput for somebody it cannot be given to, MoveRefused when it is not `by`'s to give.
    """
    with db.atomic():
        workflow.lock(dossier)
        if event := workflow.event_of(form_key, "handed_over"):
            return event
        if not may_give(dossier, by):
            raise MoveRefused(_why_not(dossier))
        if not _is_colleague(to, dossier):
            raise WrongInput("Chọn người nhận trong danh sách")
        if to.id == dossier.taken_by_id:
            raise WrongInput(f"{to.full_name} đang giữ hồ sơ này rồi. Chọn người khác.")
        giver = _holder(dossier)
        _keep_line(dossier, giver, to, now, note, form_key)
        words = f"{giver.full_name if giver else COMMON_TABLE} → {to.full_name}"
        return _lay(dossier, to, "handed_over", by, now, form_key, words)


def put_back(dossier: Dossier, by: Staff, now: datetime, note: str, form_key: str) -> Event:
    """Lay it where anybody may take it; returns the event. The same form again changes nothing. Raises MoveRefused."""
    with db.atomic():
        workflow.lock(dossier)
        if event := workflow.event_of(form_key, "put_back"):
            return event
        if dossier.taken_by_id is None or not may_give(dossier, by):
            raise MoveRefused(_why_not(dossier))
        _keep_line(dossier, _holder(dossier), None, now, note, form_key)
        return _lay(dossier, None, "put_back", by, now, form_key)


def _holder(dossier: Dossier) -> Staff | None:
    return Staff.get_or_none(Staff.id == dossier.taken_by_id)


def _lay(dossier: Dossier, on: Staff | None, name: str, by: Staff, now: datetime, form_key: str, note: str = "") -> Event:
    Dossier.update(taken_by=on).where(Dossier.id == dossier.id).execute()
    dossier.taken_by = on
    return workflow.write_event(dossier, name, dossier.state, dossier.state, by, now, note, form_key)


def _keep_line(dossier: Dossier, giver: Staff | None, taker: Staff | None, now: datetime, note: str, form_key: str) -> None:
    """A line of the control slip (one-stop.md, section 4): the giver had as long as the dossier has."""
    HandOver.create(
        dossier=dossier,
        from_staff=giver,
        to_staff=taker,
        from_name=giver.full_name if giver else COMMON_TABLE,
        to_name=taker.full_name if taker else COMMON_TABLE,
        at=now,
        due_at=dossier.due_at,
        note=note,
        form_key=form_key,
    )


def _why_not(dossier: Dossier) -> str:
    """What has happened meanwhile, in the words of the desk."""
    if not may_be_held(dossier):
        return f"Hồ sơ {dossier.code} đang ở trạng thái “{workflow.where_it_is(dossier)}”, không chuyển người được nữa."
    if dossier.taken_by_id is None:
        return f"Hồ sơ {dossier.code} không có ai giữ. Bấm “Nhận việc” để nhận."
    names = ("taken", "handed_over")
    last = dossier.events.where(Event.name.in_(names)).order_by(Event.id.desc()).first()
    since = f" từ {show_moment(last.at)}" if last else ""
    return f"Hồ sơ {dossier.code} do {_holder(dossier).full_name} giữ{since}. Muốn chuyển thì nhờ người đó hoặc lãnh đạo."


def lines(dossier: Dossier) -> list[HandOver]:
    """Its hand-overs, the latest first."""
    return list(dossier.hand_overs.order_by(HandOver.at.desc(), HandOver.id.desc()))

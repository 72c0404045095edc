"""A dossier that another office or commune is to deal with is handed over, not refused; and what it is called there."""

from dataclasses import dataclass
from datetime import datetime

from peewee import IntegrityError

from database import db
from models import Dossier, Event, OtherCode, Staff, State, Transfer
from rules import WrongInput, notices, workflow
from rules.deadlines import WorkCalendar
from rules.dossier_codes import read_any_code
from rules.vietnamese import clean_text
from rules.workflow import MoveRefused

# Where a dossier may still go to another office: before anything was decided, and while nobody waits for its submitter.
MAY_GO_FROM = (State.SUBMITTED, State.ACCEPTED, State.IN_PROGRESS)
LONGEST_REASON = 500


@dataclass(frozen=True)
class Agency:
    """Who may be given a dossier. `is_ours`: its people work with this program, and find it in their queue."""

    code: str
    name: str
    is_ours: bool


def agencies(site, office: str) -> list[Agency]:
    """To whom an office may hand a dossier over: the commune's other offices with a code, then agencies outside."""
    ours = [Agency(one.code, one.name, True) for one in site.offices if one.code and one.code != office]
    return ours + [Agency(one.code, one.name, False) for one in site.agencies if one.code != office]


def may_go(dossier: Dossier) -> bool:
    return dossier.state in MAY_GO_FROM and dossier.step == ""


def hand_over(
    dossier: Dossier,
    to: Agency,
    reason: str,
    by: Staff,
    now: datetime,
    calendar: WorkCalendar,
    form_key: str,
    link: str = "",
) -> Event:
    """Give the dossier to another office or agency; returns the event. The same form again changes nothing.

    To an office that works with this program it goes as it is, with its clock, and leaves this office's queue. To one
    outside the papers go, the dossier stays here (“Ở cơ quan khác”) and its clock runs on: the promise to the citizen is
    this commune's. One not yet accepted goes to an office of ours only: what nobody has accepted is nobody's to send out.
    Raises WrongInput without a reason, MoveRefused when the dossier is not where it may go from.
    """
    if not reason.strip():
        raise WrongInput("Nhập lý do chuyển")
    with db.atomic():
        workflow.lock(dossier)
        if event := workflow.event_of(form_key, "transferred", "send_elsewhere"):
            return event
        workflow.check_office(dossier, by)
        if not may_go(dossier):
            raise MoveRefused(f"Hồ sơ {dossier.code} đang ở “{workflow.where_it_is(dossier)}”, không chuyển được.")
        told = f"Đến {to.name}. Lý do: {reason.strip()}"
        if to.is_ours:
            event = _to_ours(dossier, to, told, by, now, form_key, link)
        elif dossier.state is State.SUBMITTED:
            raise MoveRefused("Hồ sơ chưa tiếp nhận. Tiếp nhận trước, rồi mới chuyển ra cơ quan ngoài.")
        else:
            event = workflow.make_move(dossier, "send_elsewhere", by, now, calendar, told, form_key, link)
        Transfer.create(
            dossier=dossier,
            from_office=by.office,
            to_office=to.code,
            to_name=to.name,
            is_ours=to.is_ours,
            reason=reason.strip(),
            by=by,
            at=now,
            closed_at=now if to.is_ours else None,
            form_key=form_key,
        )
    return event


def _to_ours(dossier: Dossier, to: Agency, told: str, by: Staff, now: datetime, form_key: str, link: str) -> Event:
    Dossier.update(office=to.code, taken_by=None).where(Dossier.id == dossier.id).execute()
    dossier.office, dossier.taken_by = to.code, None
    event = workflow.write_event(dossier, "transferred", dossier.state, dossier.state, by, now, told, form_key)
    notices.post_letter(dossier, event, link)
    return event


def of_dossier(dossier: Dossier) -> list[Transfer]:
    """Its ways to other offices, the newest first."""
    return list(dossier.transfers.order_by(Transfer.id.desc()))


def given_away(office: str, most: int = 100) -> list[Transfer]:
    """What this office handed over to others that work with this program, the latest first: it can open these no more."""
    mine = Transfer.from_office == office, Transfer.is_ours
    return list(Transfer.select(Transfer, Dossier).join(Dossier).where(*mine).order_by(Transfer.id.desc()).limit(most))


def is_given_away(code: str, office: str, key: str) -> bool:
    """Whether a form of this key has handed the dossier of this code to another office of ours already."""
    mine = Transfer.from_office == office, Transfer.is_ours, Dossier.code == code, Transfer.form_key.endswith(f"-{key}")
    return bool(key) and Transfer.select().join(Dossier).where(*mine).exists()


def note_code(dossier: Dossier, typed: str, whose: str) -> OtherCode:
    """Remember what the dossier is called elsewhere; the same again is the same.

    Raises WrongInput for what is no code of a dossier, or when it is this dossier's own.
    """
    code = read_any_code(typed)
    if code.kind != "dossier":
        raise WrongInput("Nhập mã hồ sơ của cơ quan kia, ví dụ H21.121-261123-0004")
    if code.value == dossier.code:
        raise WrongInput("Đây là mã của chính hồ sơ này")
    try:
        with db.atomic():
            return OtherCode.create(dossier=dossier, code=code.value, whose=clean_text(whose, 200))
    except IntegrityError:
        return OtherCode.get(OtherCode.dossier == dossier.id, OtherCode.code == code.value)


def codes_of(dossier: Dossier) -> list[OtherCode]:
    return list(dossier.other_codes.order_by(OtherCode.id))

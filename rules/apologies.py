"""Being sorry for a result that comes late: prepared with the reason and one new date, signed by a leader.

One-stop mechanism, late handling: whoever has the dossier prepares it before the promised date passes, where that is
possible. The promised dates stay as they were, and a result that comes after them is late all the same.
"""

from datetime import date, datetime, timedelta

from database import db
from models import Apology, Dossier, Event, Staff
from rules import WrongInput, deadlines, lateness, notices, workflow
from rules.deadlines import WorkCalendar
from rules.vietnamese import clean_text, in_vietnam, show_day, show_long_day, show_moment
from rules.workflow import MoveRefused

PREPARED_BY = ("officer", "specialist")
SIGNED_BY = "leader"
LONGEST_REASON = 400  # with both dates it still fits a line of the log
FURTHEST = timedelta(days=366)


def read_reason(typed: str) -> str:
    return clean_text(typed, LONGEST_REASON, lines=True)


def of_dossier(dossier: Dossier) -> list[Apology]:
    """Those that were signed, or wait for it; the latest first."""
    return list(dossier.apologies.where(Apology.dropped_at.is_null()).order_by(Apology.id.desc()))


def waiting(dossier: Dossier) -> Apology | None:
    """The one that waits to be signed."""
    return dossier.apologies.where(lateness.is_waiting()).first()


def all_waiting(office: str):
    """A query of those of an office's dossiers whose clock runs that wait for a signature, the soonest due first."""
    # The few that wait are looked for first: from the office's dossiers there are, the way to them is long.
    open_ones = Apology.select(Apology.dossier).where(lateness.is_waiting())
    is_ours = Dossier.id.in_(open_ones), Dossier.office == office, lateness.is_waiting(), lateness.RUNS
    return (
        Apology.select(Apology, Dossier, Staff)
        .join_from(Apology, Dossier)
        .join_from(Apology, Staff, on=Apology.made_by)
        .where(*is_ours)
        .order_by(Dossier.due_at, Apology.id)
    )


def why_not(dossier: Dossier, most: int) -> str:
    """Why no apology can be prepared now, in the desk's words; "" when one can. `most` is how many a dossier may have."""
    if dossier.due_at is None:
        return "Hồ sơ chưa có ngày hẹn trả, nên chưa có gì để hẹn lại."
    if dossier.ended_at:
        return f"Hồ sơ đang ở trạng thái “{workflow.where_it_is(dossier)}”, không hẹn lại nữa."
    if dossier.stopped_at:
        return "Đồng hồ đang dừng: ngày hẹn sẽ tự lùi. Đợi đồng hồ chạy lại rồi xem có trễ không."
    if found := waiting(dossier):
        return f"Đã có phiếu chờ ký: {found.made_by.full_name} soạn lúc {show_moment(found.made_at)}."
    signed = dossier.apologies.where(Apology.signed_at.is_null(False)).count()
    if signed >= most:
        return f"Đã xin lỗi và hẹn lại {signed} lần; mỗi hồ sơ nhiều nhất {most} lần."
    return ""


def check_new_day(dossier: Dossier, day: date, now: datetime, calendar: WorkCalendar) -> None:
    """Raises WrongInput, saying what to do, for a day that cannot be promised."""
    promised = in_vietnam(deadlines.promised_now(dossier.due_at, dossier.repromised_at)).date()
    if day <= lateness.today(now):
        raise WrongInput("Ngày hẹn mới phải sau hôm nay")
    if day <= promised:
        raise WrongInput(f"Ngày hẹn mới phải sau ngày đã hẹn {show_day(promised)}")
    if day > lateness.today(now) + FURTHEST:
        raise WrongInput("Ngày hẹn mới xa quá một năm. Xem lại năm")
    if not calendar.is_working_day(day):
        nearest = calendar.next_working_day(day)
        raise WrongInput(f"{show_day(day)} là ngày nghỉ. Ngày làm việc gần nhất sau đó: {show_long_day(nearest)}")


def prepare(
    dossier: Dossier, reason: str, day: date, by: Staff, now: datetime, calendar: WorkCalendar, most: int, form_key: str
) -> Apology:
    """Write an apology to be signed; the new moment is the close of `day`. The same form again returns the first one.

    Raises WrongInput for a missing reason or a day that cannot be promised, MoveRefused when the dossier needs no apology,
    has one already, or has had `most`.
    """
    with db.atomic():
        workflow.lock(dossier)
        if known := Apology.get_or_none(Apology.form_key == form_key):
            return known
        if by.role not in PREPARED_BY or by.office != dossier.office:
            raise MoveRefused("Cán bộ hoặc chuyên viên giữ hồ sơ soạn phiếu xin lỗi.")
        if why := why_not(dossier, most):
            raise MoveRefused(why)
        if not reason.strip():
            raise WrongInput("Nhập lý do trễ")
        check_new_day(dossier, day, now, calendar)
        return Apology.create(
            dossier=dossier,
            reason=reason.strip(),
            due_before=deadlines.promised_now(dossier.due_at, dossier.repromised_at),
            new_due_at=calendar.closing(day),
            made_by=by,
            made_at=now,
            form_key=form_key,
        )


def sign(dossier: Dossier, apology_id: int, by: Staff, now: datetime, form_key: str, link: str = "") -> Event:
    """Sign it: the new date is promised and told; returns the event. The same form again changes nothing.

    What was promised first, and what is counted as late, stay as they were. Raises MoveRefused when it was signed or
    dropped meanwhile, when its date can no longer be promised, and to whoever prepared it: never one person alone.
    """
    with db.atomic():
        workflow.lock(dossier)
        if event := workflow.event_of(form_key, "apologized"):
            return event
        apology = _waiting_one(dossier, apology_id)
        _check_signer(apology, dossier, by)
        _check_still_right(apology, dossier, now)
        Apology.update(signed_by=by, signed_at=now).where(Apology.id == apology.id).execute()
        Dossier.update(repromised_at=apology.new_due_at).where(Dossier.id == dossier.id).execute()
        dossier.repromised_at = apology.new_due_at
        old, new = show_moment(apology.due_before), show_moment(apology.new_due_at)
        note = f"{apology.reason.rstrip('.')}. Ngày hẹn trả cũ: {old}. Ngày hẹn trả mới: {new}."
        event = workflow.write_event(dossier, "apologized", dossier.state, dossier.state, by, now, note, form_key)
        notices.post_letter(dossier, event, link)
    return event


def drop(dossier: Dossier, apology_id: int, by: Staff, now: datetime) -> Apology:
    """Give it back unsigned, or take it back; nobody is told. Dropping what is dropped changes nothing.

    Raises MoveRefused when it was signed meanwhile, and to anybody but a leader or whoever prepared it.
    """
    with db.atomic():
        workflow.lock(dossier)
        apology = _of(dossier, apology_id)
        if apology.dropped_at:
            return apology
        apology = _waiting_one(dossier, apology_id)
        if by.office != dossier.office or (by.role != SIGNED_BY and by.id != apology.made_by_id):
            raise MoveRefused(f"{apology.made_by.full_name} soạn phiếu này. Chỉ người soạn hoặc lãnh đạo bỏ được.")
        Apology.update(dropped_at=now).where(Apology.id == apology.id).execute()
        return Apology.get_by_id(apology.id)


def _of(dossier: Dossier, apology_id: int) -> Apology:
    apology = Apology.get_or_none(Apology.id == apology_id, Apology.dossier == dossier.id)
    if apology is None:
        raise MoveRefused("Hồ sơ này không có phiếu xin lỗi đó.")
    return apology


def _waiting_one(dossier: Dossier, apology_id: int) -> Apology:
    apology = _of(dossier, apology_id)
    if apology.signed_at:
        raise MoveRefused(f"{apology.signed_by.full_name} đã ký phiếu xin lỗi này lúc {show_moment(apology.signed_at)}.")
    if apology.dropped_at:
        raise MoveRefused(f"Phiếu xin lỗi này đã bỏ lúc {show_moment(apology.dropped_at)}. Cần thì soạn phiếu mới.")
    return apology


def _check_signer(apology: Apology, dossier: Dossier, by: Staff) -> None:
    if by.role != SIGNED_BY or by.office != dossier.office:
        raise MoveRefused("Lãnh đạo xã ký phiếu xin lỗi.")
    if by.id == apology.made_by_id:
        raise MoveRefused("Người soạn không tự ký. Nhờ lãnh đạo khác ký.")


def _check_still_right(apology: Apology, dossier: Dossier, now: datetime) -> None:
    """Whether what was prepared can be promised at the moment of signing."""
    if dossier.ended_at or dossier.stopped_at or dossier.due_at is None:
        raise MoveRefused(f"Hồ sơ đang ở trạng thái “{workflow.where_it_is(dossier)}”, không hẹn lại nữa. Trả lại phiếu này.")
    if in_vietnam(apology.new_due_at).date() <= lateness.today(now):
        raise MoveRefused(f"Ngày hẹn mới {show_day(in_vietnam(apology.new_due_at))} đã đến. Trả lại, để soạn phiếu có ngày khác.")
    if in_vietnam(apology.new_due_at).date() <= in_vietnam(dossier.due_at).date():
        raise MoveRefused(f"Ngày hẹn đã lùi đến {show_moment(dossier.due_at)}, không cần hẹn lại nữa. Trả lại phiếu này.")

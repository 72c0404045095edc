"""The life of a dossier: one table of moves, read by the buttons, the checks and the tests."""

from dataclasses import dataclass
from datetime import datetime, time

from database import db
from models import Account, Dossier, Event, Staff, State
from rules.deadlines import Term, WorkCalendar, due_at


class MoveRefused(Exception):
    """The move is not open to this person now; the message says what happened, in the office's words."""


@dataclass(frozen=True)
class Move:
    name: str
    source: State
    target: State
    role: str
    label: str  # on the desk's button
    done: str  # on the timeline, in the citizen's words
    needs_note: bool = False


MOVES = (
    Move("accept", State.SUBMITTED, State.ACCEPTED, "officer", "Tiếp nhận", "Xã đã tiếp nhận hồ sơ"),
    Move("refuse", State.SUBMITTED, State.REFUSED, "officer", "Từ chối", "Xã không tiếp nhận hồ sơ", needs_note=True),
)

# National status list (field TrangThaiHoSo): official name, and what it means in plain words.
STATE_NAMES = {
    State.SUBMITTED: ("Mới đăng ký", "Đã gửi đến xã, xã chưa nhận"),
    State.ACCEPTED: ("Được tiếp nhận", "Xã đã nhận, có ngày hẹn trả"),
    State.REFUSED: ("Không được tiếp nhận", "Xã không nhận, có ghi lý do"),
    State.IN_PROGRESS: ("Đang xử lý", "Xã đang giải quyết"),
    State.AWAITING_SUPPLEMENT: ("Yêu cầu bổ sung giấy tờ", "Cần nộp thêm giấy tờ"),
    State.AWAITING_PAYMENT: ("Yêu cầu thực hiện nghĩa vụ tài chính", "Cần nộp tiền"),
    State.WITHDRAWAL_ASKED: ("Công dân yêu cầu rút hồ sơ", "Bạn xin rút hồ sơ"),
    State.STOPPED: ("Dừng xử lý", "Xã dừng giải quyết, có ghi lý do"),
    State.DONE: ("Đã xử lý xong", "Có kết quả, chờ bạn nhận"),
    State.RETURNED: ("Đã trả kết quả", "Bạn đã nhận kết quả"),
}
ENDED = frozenset({State.REFUSED, State.DONE, State.RETURNED})
SUBMITTED_EVENT = "submit"
# What an event is called at the desk; the citizen reads Move.done.
EVENT_LABELS = {move.name: move.label for move in MOVES} | {SUBMITTED_EVENT: "Nộp hồ sơ"}


def open_moves(dossier: Dossier, person: Account | Staff) -> list[Move]:
    return [move for move in MOVES if (move.source, move.role) == (dossier.state, person.role)]


def make_move(
    dossier: Dossier, name: str, by: Staff, now: datetime, calendar: WorkCalendar, note: str = "", form_key: str | None = None
) -> Event:
    """Move `dossier`, and write the event, in one transaction; returns the event.

    The same `form_key` again returns the first event and changes nothing.
    Raises MoveRefused when the move is not open to this person in this state, or lacks the reason it needs.
    """
    with db.atomic():
        # This write locks the dossier: of two taps at the same moment the second waits here, then finds the event.
        Dossier.update(state=Dossier.state).where(Dossier.id == dossier.id).execute()
        return _event_of(form_key) or _move(dossier, _find_move(dossier, name, by), by, now, calendar, note, form_key)


def _event_of(form_key: str | None) -> Event | None:
    return Event.get_or_none(Event.form_key == form_key) if form_key else None


def _find_move(dossier: Dossier, name: str, by: Staff) -> Move:
    fresh = Dossier.get_by_id(dossier.id)
    move = next((move for move in open_moves(fresh, by) if move.name == name), None)
    if move is None:
        raise MoveRefused(f"Hồ sơ {dossier.code} đang ở trạng thái “{STATE_NAMES[fresh.state][0]}”, không làm được việc này.")
    return move


def _move(dossier, move, by, now, calendar, note, form_key) -> Event:
    if move.needs_note and not note.strip():
        raise MoveRefused("Ghi lý do, để người dân biết phải sửa gì.")
    changes = {"state": move.target} | _moments(dossier, move.target, now, calendar)
    # The old state in WHERE settles two officers pressing at the same time.
    moved = Dossier.update(changes).where(Dossier.id == dossier.id, Dossier.state == move.source).execute()
    if not moved:
        raise MoveRefused(f"Hồ sơ {dossier.code} vừa được người khác xử lý.")
    for field, value in changes.items():
        setattr(dossier, field, value)
    return write_event(dossier, move.name, move.source, move.target, by, now, note, form_key)


def _moments(dossier: Dossier, target: State, now: datetime, calendar: WorkCalendar) -> dict[str, datetime | None]:
    if target is State.ACCEPTED:
        return {"accepted_at": now, "due_at": due_at(term_of(dossier.procedure), now, calendar)}
    return {"ended_at": now} if target in ENDED else {}


def term_of(procedure: dict) -> Term:
    """The time limit in a procedure's definition."""
    processing = procedure["processing"]
    cutoff = processing.get("cutoff")
    return Term(processing["type"], processing.get("value") or None, time.fromisoformat(cutoff) if cutoff else None)


def write_event(dossier, name, source, target, by, now, note="", form_key=None) -> Event:
    return Event.create(
        dossier=dossier,
        name=name,
        from_state=source,
        to_state=target,
        note=note,
        at=now,
        form_key=form_key,
        actor_kind=by.role,
        actor_name=by.full_name,
        staff=by if isinstance(by, Staff) else None,
    )

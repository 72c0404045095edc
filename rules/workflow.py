"""The life of a dossier: one table of moves, read by the buttons, the checks and the tests."""

from dataclasses import dataclass
from datetime import datetime, time
from types import SimpleNamespace

from database import Prepared, db
from models import Account, Dossier, Event, LaterPaper, Staff, State, SupplementRequest
from rules import notices
from rules.deadlines import Term, WorkCalendar, due_after_stop, due_at
from rules.vietnamese import show_moment


class MoveRefused(Exception):
    """The move is not open to this person now; the message says what happened, in the office's words."""


@dataclass(frozen=True)
class Move:
    name: str
    source: State
    target: State  # of several rows alike but for this: the state the dossier came from
    role: str
    label: str  # on the desk's button
    done: str  # on the timeline, in the citizen's words
    needs_note: bool = False
    word: str = ""  # in the address of the desk's button; "": pressed elsewhere
    notice: str = ""  # said once it is done, by its word in the address


# What the program does itself, right after what a person did.
SYSTEM = SimpleNamespace(role="system", full_name="Hệ thống")

_NEW, _TAKEN, _AT_WORK = State.SUBMITTED, State.ACCEPTED, State.IN_PROGRESS
_LACKING, _UNPAID, _LEAVING = State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT, State.WITHDRAWAL_ASKED
_WORKERS = ("officer", "specialist")

# fmt: off
MOVES = (
    Move("accept", _NEW, _TAKEN, "officer", "Tiếp nhận", "Xã đã tiếp nhận hồ sơ", word="tiep-nhan", notice="tiep-nhan"),
    *(Move("refuse", source, State.REFUSED, "officer", "Từ chối", "Xã không tiếp nhận hồ sơ", needs_note=True, word="tu-choi",
           notice="tu-choi") for source in (_NEW, _LACKING)),
    *(Move("begin", _TAKEN, _AT_WORK, role, "Bắt đầu giải quyết", "Xã bắt đầu giải quyết", word="bat-dau", notice="da-ghi")
      for role in _WORKERS),
    *(Move("finish", source, State.DONE, role, "Đã có kết quả", "Đã có kết quả", word="co-ket-qua", notice="da-ghi")
      for source in (_TAKEN, _AT_WORK) for role in _WORKERS),
    Move("give_result", State.DONE, State.RETURNED, "officer", "Đã trả kết quả", "Đã trả kết quả", word="tra-ket-qua",
         notice="da-ghi"),
    *(Move("ask_supplement", source, _LACKING, "officer", "Yêu cầu bổ sung", "Xã cần nộp thêm giấy tờ", needs_note=True)
      for source in (_NEW, _TAKEN, _AT_WORK)),
    *(Move("supplied", _LACKING, back, role, "Đã bổ sung đủ", "Đã nộp đủ giấy xã cần")
      for back in (_NEW, _TAKEN, _AT_WORK) for role in ("citizen", "officer")),
    Move("withdraw", _NEW, _LEAVING, "citizen", "Rút hồ sơ", "Bạn rút hồ sơ"),
    Move("stop_withdrawn", _LEAVING, State.STOPPED, "system", "Dừng vì đã rút", "Hồ sơ đã rút"),
    *(Move("ask_withdrawal", source, _LEAVING, "citizen", "Xin rút hồ sơ", "Bạn xin rút hồ sơ", needs_note=True)
      for source in (_TAKEN, _AT_WORK, _LACKING, _UNPAID)),
    Move("grant_withdrawal", _LEAVING, State.STOPPED, "officer", "Đồng ý cho rút", "Xã đồng ý cho rút hồ sơ", word="dong-y-rut",
         notice="da-ghi"),
    *(Move("refuse_withdrawal", _LEAVING, back, "officer", "Không cho rút", "Xã chưa cho rút hồ sơ", needs_note=True,
           word="khong-cho-rut", notice="da-ghi") for back in (_TAKEN, _AT_WORK, _LACKING, _UNPAID)),
)
# fmt: on

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
ENDED = frozenset({State.REFUSED, State.STOPPED, State.DONE, State.RETURNED})
CLOCK_STANDS = frozenset({_LACKING, _UNPAID, _LEAVING})
SUBMITTED_EVENT = "submit"
# What happens to a dossier and leaves it in its state: what the desk calls it, and the citizen.
HAPPENINGS = {
    SUBMITTED_EVENT: ("Nộp hồ sơ", "Bạn nộp hồ sơ"),
    "corrected": ("Người nộp sửa hồ sơ", "Bạn sửa hồ sơ"),
    "paper_received": ("Nhận giấy mang đến", "Xã đã nhận giấy mang đến"),
    "paper_waived": ("Không cần giấy nữa", "Xã không cần giấy này nữa"),
    "supplement_answered": ("Người nộp trả lời yêu cầu bổ sung", "Bạn trả lời yêu cầu bổ sung"),
}
# What an event is called at the desk, and in the citizen's words.
EVENT_LABELS = {move.name: move.label for move in MOVES} | {name: label for name, (label, _) in HAPPENINGS.items()}
EVENT_WORDS = {move.name: move.done for move in MOVES} | {name: words for name, (_, words) in HAPPENINGS.items()}


def open_moves(dossier: Dossier, person: Account | Staff) -> list[Move]:
    """The rows of the table open to a person now, one of each name."""
    mine = [move for move in MOVES if (move.source, move.role) == (dossier.state, person.role)]
    return [move for move in mine if move.target is _target_of(dossier, move)]


def _target_of(dossier: Dossier, move: Move) -> State:
    """Where this row leads, or, of a row that leads back, where the dossier came from."""
    return came_from(dossier) if move.name in ("supplied", "refuse_withdrawal") else move.target


def came_from(dossier: Dossier) -> State | None:
    """The state before the one it is in."""
    entered = dossier.events.where(Event.to_state == dossier.state, Event.from_state != dossier.state)
    last = entered.order_by(Event.id.desc()).first()
    if last and last.from_state is _LEAVING:
        # Put back into it when a withdrawal was refused: where it went on to from there is said by the entry before.
        last = entered.where(Event.from_state != _LEAVING).order_by(Event.id.desc()).first()
    return last and last.from_state


def make_move(
    dossier: Dossier,
    name: str,
    by: Account | Staff,
    now: datetime,
    calendar: WorkCalendar,
    note: str = "",
    form_key: str | None = None,
    link: str = "",
) -> Event:
    """Move `dossier`, and write the event, in one transaction; returns the event.

    The same `form_key` again returns the first event and changes nothing. `link` goes into the letter, if there is one.
    Raises MoveRefused when the move is not open to this person in this state, or lacks the reason it needs.
    """
    with db.atomic():
        lock(dossier)
        return event_of(form_key) or _move(dossier, _find_move(dossier, name, by), by, now, calendar, note, form_key, link)


def withdraw(
    dossier: Dossier,
    by: Account,
    now: datetime,
    calendar: WorkCalendar,
    note: str = "",
    form_key: str | None = None,
    link: str = "",
) -> Event:
    """Take back a dossier that nobody has accepted: asked for, and granted by the program at once. Raises MoveRefused."""
    with db.atomic():
        lock(dossier)
        if event := event_of(form_key):
            return event
        event = make_move(dossier, "withdraw", by, now, calendar, note, form_key)
        make_move(dossier, "stop_withdrawn", SYSTEM, now, calendar, link=link)
    return event


def lock(dossier: Dossier) -> None:
    """Be the only one who changes the dossier until the transaction ends, and see it as it is.

    Of two taps at the same moment the second waits here, then finds the first one's event. Who locks a draft too, locks
    the dossier first.
    """
    Dossier.update(state=Dossier.state).where(Dossier.id == dossier.id).execute()
    fresh = Dossier.get_by_id(dossier.id)
    for field in Dossier._meta.sorted_field_names:
        dossier.__data__[field] = fresh.__data__[field]


def event_of(form_key: str | None) -> Event | None:
    """What the form of this key did before."""
    return Event.get_or_none(Event.form_key == form_key) if form_key else None


def _find_move(dossier: Dossier, name: str, by: Account | Staff) -> Move:
    move = next((move for move in open_moves(dossier, by) if move.name == name), None)
    if move is None:
        raise MoveRefused(f"Hồ sơ {dossier.code} đang ở trạng thái “{STATE_NAMES[dossier.state][0]}”, không làm được việc này.")
    if move.name == "accept" and (awaited := awaited_papers(dossier)):
        names = ", ".join(name_of_document(dossier, later.document_key) for later in awaited)
        raise MoveRefused(f"Chưa tính ngày hẹn: còn chờ {names}.")
    return move


def _move(dossier, move, by, now, calendar, note, form_key, link) -> Event:
    if move.needs_note and not note.strip():
        raise MoveRefused("Ghi lý do, để người dân biết phải sửa gì." if by.role != "citizen" else "Nhập lý do xin rút hồ sơ.")
    changes = {"state": move.target} | _moments(dossier, move, now, calendar)
    if changes.get("due_at", dossier.due_at) != dossier.due_at and dossier.due_at:
        moved = f"Ngày hẹn trả cũ: {show_moment(dossier.due_at)}. Ngày hẹn trả mới: {show_moment(changes['due_at'])}."
        note = f"{note.strip()} {moved}".strip()
    # The old state in WHERE settles two officers pressing at the same time.
    moved = Dossier.update(changes).where(Dossier.id == dossier.id, Dossier.state == move.source).execute()
    if not moved:
        raise MoveRefused(f"Hồ sơ {dossier.code} vừa được người khác xử lý.")
    for field, value in changes.items():
        setattr(dossier, field, value)
    if move.target in ENDED:
        is_open = SupplementRequest.closed_at.is_null()
        SupplementRequest.update(closed_at=now).where(SupplementRequest.dossier == dossier.id, is_open).execute()
    event = write_event(dossier, move.name, move.source, move.target, by, now, note, form_key)
    notices.post_letter(dossier, event, link)
    return event


def _moments(dossier: Dossier, move: Move, now: datetime, calendar: WorkCalendar) -> dict[str, datetime | None]:
    if move.name == "accept":
        return {"accepted_at": now, "due_at": due_at(term_of(dossier.procedure), now, calendar)}
    if move.target in ENDED:
        return {"ended_at": now}
    if move.target in CLOCK_STANDS:
        return {"stopped_at": dossier.stopped_at or now}
    if dossier.stopped_at is None:
        return {}
    due = due_after_stop(term_of(dossier.procedure), dossier.due_at, dossier.stopped_at, now, calendar)
    return {"stopped_at": None, "due_at": due}


later_papers_of_dossier = Prepared(
    lambda dossier: LaterPaper.select().where(LaterPaper.dossier == dossier).order_by(LaterPaper.id)
)


def awaited_papers(dossier: Dossier) -> list[LaterPaper]:
    """What its submitter said would be brought, and has not arrived: until then no due date is counted."""
    return [later for later in later_papers_of_dossier.all(dossier.id) if later.arrived_at is None]


def name_of_document(dossier: Dossier, key: str) -> str:
    return next((document["name"] for document in dossier.procedure["documents"] if document["key"] == key), key)


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

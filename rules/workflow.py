"""The life of a dossier: one table of moves, read by the buttons, the checks and the tests."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from types import SimpleNamespace

from database import Prepared, db
from models import (
    Account,
    Apology,
    ClockStop,
    Dossier,
    Event,
    LaterPaper,
    PaymentAttempt,
    PaymentRequest,
    Staff,
    State,
    SupplementRequest,
    Transfer,
)
from rules import deadlines, notices, shipment_rows
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
    at: tuple[str, ...] = ("",)  # the steps within the source state at which it is open
    then: str = ""  # the step within the target state
    may_be_undone: bool = False  # a slip of the hand, by whoever made it, while nothing has followed


# What the program does itself, right after what a person did.
SYSTEM = SimpleNamespace(role="system", full_name="Hệ thống")

_NEW, _TAKEN, _AT_WORK = State.SUBMITTED, State.ACCEPTED, State.IN_PROGRESS
_LACKING, _UNPAID, _LEAVING = State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT, State.WITHDRAWAL_ASKED
_WORKERS = ("officer", "specialist")

# Where a dossier is within its state: its name at the desk, and the state it maps to on the national list.
STEPS = {
    "signing": ("Chờ lãnh đạo ký", State.IN_PROGRESS),
    "signed": ("Đã ký, chờ phát hành", State.IN_PROGRESS),
    "verifying": ("Đang xác minh", State.IN_PROGRESS),
    "elsewhere": ("Ở cơ quan khác", State.IN_PROGRESS),
    "posting": ("Chờ bưu điện", State.DONE),
}
_ANY_STEP_AT_WORK = ("", "signing", "signed", "verifying", "elsewhere")

# fmt: off
MOVES = (
    Move("accept", _NEW, _TAKEN, "officer", "Tiếp nhận", "Xã đã tiếp nhận hồ sơ", word="tiep-nhan", notice="tiep-nhan",
         may_be_undone=True),
    *(Move("refuse", source, State.REFUSED, "officer", "Từ chối", "Xã không tiếp nhận hồ sơ", needs_note=True, word="tu-choi",
           notice="tu-choi", may_be_undone=True) for source in (_NEW, _LACKING)),
    *(Move("begin", _TAKEN, _AT_WORK, role, "Bắt đầu giải quyết", "Xã bắt đầu giải quyết", word="bat-dau", notice="da-ghi",
           may_be_undone=True) for role in _WORKERS),
    *(Move("ask_signature", _AT_WORK, _AT_WORK, role, "Trình ký", "Đang chờ lãnh đạo xã ký", word="trinh-ky", notice="da-ghi",
           then="signing", may_be_undone=True) for role in _WORKERS),
    Move("sign", _AT_WORK, _AT_WORK, "leader", "Đã ký", "Lãnh đạo xã đã ký", word="da-ky", notice="da-ghi", at=("signing",),
         then="signed", may_be_undone=True),
    Move("refuse_signature", _AT_WORK, _AT_WORK, "leader", "Trả lại, chưa ký", "Đang xem lại trước khi ký", needs_note=True,
         word="chua-ky", notice="da-ghi", at=("signing",), may_be_undone=True),
    *(Move("begin_verifying", _AT_WORK, _AT_WORK, role, "Đi xác minh", "Xã đi xác minh", needs_note=True, word="xac-minh",
           notice="da-ghi", then="verifying", may_be_undone=True) for role in _WORKERS),
    *(Move("end_verifying", _AT_WORK, _AT_WORK, role, "Xác minh xong", "Xã đã xác minh xong", word="xac-minh-xong",
           notice="da-ghi", at=("verifying",), may_be_undone=True) for role in _WORKERS),
    *(Move("send_elsewhere", source, _AT_WORK, role, "Chuyển cơ quan khác", "Xã chuyển hồ sơ đến cơ quan khác",
           needs_note=True, then="elsewhere") for source in (_TAKEN, _AT_WORK) for role in _WORKERS),
    *(Move("come_back", _AT_WORK, _AT_WORK, role, "Cơ quan khác đã trả lời", "Cơ quan khác đã trả lời xã", word="da-tra-loi",
           notice="da-ghi", at=("elsewhere",)) for role in _WORKERS),
    *(Move("finish", source, State.DONE, role, "Đã có kết quả", "Đã có kết quả", word="co-ket-qua", notice="da-ghi", at=at,
           may_be_undone=True)
      for source, at in ((_TAKEN, ("",)), (_AT_WORK, ("", "signed"))) for role in _WORKERS),
    # Made when a hand-over list is signed (rules/manifests.py); what the post says of a result is written by the program.
    Move("hand_to_post", State.DONE, State.DONE, "officer", "Giao bưu điện", "Xã đã giao kết quả cho bưu điện", then="posting",
         may_be_undone=True),
    Move("post_returned", State.DONE, State.DONE, "system", "Bưu điện trả lại", "Bưu điện không phát được, trả kết quả về xã",
         at=("posting",)),
    Move("post_lost", State.DONE, State.DONE, "system", "Bưu điện làm thất lạc", "Kết quả thất lạc trên đường bưu điện",
         at=("posting",)),
    Move("give_result", State.DONE, State.RETURNED, "officer", "Đã trả kết quả", "Đã trả kết quả", at=("", "posting"),
         may_be_undone=True),
    *(Move("ask_supplement", source, _LACKING, "officer", "Yêu cầu bổ sung", "Xã cần nộp thêm giấy tờ", needs_note=True)
      for source in (_NEW, _TAKEN, _AT_WORK)),
    *(Move("supplied", _LACKING, back, role, "Đã bổ sung đủ", "Đã nộp đủ giấy xã cần")
      for back in (_NEW, _TAKEN, _AT_WORK) for role in ("citizen", "officer")),
    *(Move("ask_payment", source, _UNPAID, "officer", "Yêu cầu nộp tiền", "Xã yêu cầu nộp tiền", needs_note=True,
           may_be_undone=True) for source in (_NEW, _TAKEN, _AT_WORK)),
    # Made with a receipt alone (rules/settlement.py). What was settled is never unsettled: a wrong receipt is voided by two.
    *(Move("paid", _UNPAID, back, role, label, "Đã nộp tiền")
      for back in (_NEW, _TAKEN, _AT_WORK) for role, label in (("officer", "Thu tiền mặt"), ("system", "Đã nộp tiền"))),
    *(Move("waive_fee", _UNPAID, back, "officer", "Miễn phí, lệ phí", "Xã miễn phí, lệ phí")
      for back in (_NEW, _TAKEN, _AT_WORK)),
    Move("withdraw", _NEW, _LEAVING, "citizen", "Rút hồ sơ", "Bạn rút hồ sơ"),
    Move("stop_withdrawn", _LEAVING, State.STOPPED, "system", "Dừng vì đã rút", "Hồ sơ đã rút"),
    *(Move("ask_withdrawal", source, _LEAVING, "citizen", "Xin rút hồ sơ", "Bạn xin rút hồ sơ", needs_note=True,
           at=_ANY_STEP_AT_WORK) for source in (_TAKEN, _AT_WORK, _LACKING, _UNPAID)),
    Move("grant_withdrawal", _LEAVING, State.STOPPED, "officer", "Đồng ý cho rút", "Xã đồng ý cho rút hồ sơ", word="dong-y-rut",
         notice="da-ghi", may_be_undone=True),
    *(Move("refuse_withdrawal", _LEAVING, back, "officer", "Không cho rút", "Xã chưa cho rút hồ sơ", needs_note=True,
           word="khong-cho-rut", notice="da-ghi", may_be_undone=True) for back in (_TAKEN, _AT_WORK, _LACKING, _UNPAID)),
    *(Move("stop", source, State.STOPPED, role, "Dừng giải quyết", "Xã dừng giải quyết hồ sơ", needs_note=True, word="dung",
           notice="da-ghi", at=_ANY_STEP_AT_WORK, may_be_undone=True)
      for source in (_TAKEN, _AT_WORK, _LACKING, _UNPAID) for role in ("officer", "leader")),
    Move("reopen", State.STOPPED, _AT_WORK, "leader", "Giải quyết tiếp", "Xã giải quyết tiếp hồ sơ", needs_note=True,
         word="giai-quyet-tiep", notice="da-ghi", may_be_undone=True),
    Move("give_papers_back", State.STOPPED, State.RETURNED, "officer", "Đã trả lại giấy tờ", "Xã đã trả lại giấy tờ",
         word="tra-lai-giay", notice="da-ghi", may_be_undone=True),
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
# Why the clock stands still, by the state or the step (one-stop.md, section 5, rule 6).
CLOCK_STANDS = {_LACKING: "supplement", _UNPAID: "payment", _LEAVING: "withdrawal"}
CLOCK_STANDS_AT = {"verifying": "verification"}
STOP_NAMES = {
    "supplement": "Chờ bổ sung giấy tờ",
    "payment": "Chờ nộp tiền",
    "withdrawal": "Chờ trả lời xin rút",
    "verification": "Đi xác minh",
}
# The rows of these names lead back to where the dossier came from.
LEAD_BACK = ("supplied", "refuse_withdrawal", "paid", "waive_fee")
UNDO_WITHIN = timedelta(minutes=30)
SUBMITTED_EVENT = "submit"
# What happens to a dossier and leaves it in its state: what the desk calls it, and the citizen.
HAPPENINGS = {
    SUBMITTED_EVENT: ("Nộp hồ sơ", "Bạn nộp hồ sơ"),
    "corrected": ("Người nộp sửa hồ sơ", "Bạn sửa hồ sơ"),
    "paper_received": ("Nhận giấy mang đến", "Xã đã nhận giấy mang đến"),
    "paper_waived": ("Không cần giấy nữa", "Xã không cần giấy này nữa"),
    "supplement_answered": ("Người nộp trả lời yêu cầu bổ sung", "Bạn trả lời yêu cầu bổ sung"),
    "undone": ("Hoàn tác", "Xã sửa lại một bước ghi nhầm"),
    "taken": ("Nhận việc", "Cán bộ nhận giải quyết"),
    "handed_over": ("Chuyển người giải quyết", "Hồ sơ chuyển sang cán bộ khác"),
    "put_back": ("Trả về hàng chờ", "Hồ sơ chờ cán bộ khác"),
    "transferred": ("Chuyển cơ quan giải quyết", "Hồ sơ chuyển đến cơ quan có thẩm quyền"),
    "apologized": ("Xin lỗi, hẹn lại ngày", "Xã xin lỗi và hẹn lại ngày trả"),
    "result_added": ("Đưa kết quả lên", "Xã đã đưa kết quả lên"),
    "payment_changed": ("Đổi yêu cầu nộp tiền", "Xã đổi số tiền cần nộp"),
    "fee_waived": ("Miễn phí, lệ phí, hồ sơ vẫn làm", "Xã miễn phí, lệ phí"),
    "receipt_voided": ("Hủy biên lai", "Xã hủy một biên lai ghi sai"),
    "receipt_replaced": ("Lập biên lai thay", "Xã lập biên lai khác thay"),
    "refund_granted": ("Duyệt hoàn tiền", "Xã trả lại tiền qua ngân hàng"),
    "refund_done": ("Đã hoàn tiền", "Ngân hàng đã nhận trả lại tiền cho bạn"),
    "refund_failed": ("Không hoàn được tiền", "Chưa trả lại được tiền qua ngân hàng, xã đang xem"),
}
# What an event is called at the desk, and in the citizen's words. Of a button of several labels the last one's: what was done.
EVENT_LABELS = {move.name: move.label for move in MOVES} | {name: label for name, (label, _) in HAPPENINGS.items()}
EVENT_WORDS = {move.name: move.done for move in MOVES} | {name: words for name, (_, words) in HAPPENINGS.items()}


def open_moves(dossier: Dossier, person: Account | Staff) -> list[Move]:
    """The rows of the table open to a person now, one of each name."""
    here = (dossier.state, person.role)
    mine = [move for move in MOVES if (move.source, move.role) == here and dossier.step in move.at]
    return [move for move in mine if move.target is _target_of(dossier, move) and _has_begun(dossier, move)]


def _has_begun(dossier: Dossier, move: Move) -> bool:
    """What nobody ever accepted has no promised date, and does not go on: it is handed in anew."""
    return move.name != "reopen" or dossier.accepted_at is not None


def _target_of(dossier: Dossier, move: Move) -> State:
    """Where this row leads, or, of a row that leads back, where the dossier came from."""
    return came_from(dossier) if move.name in LEAD_BACK else move.target


def _entering(dossier: Dossier) -> Event | None:
    """What brought it into the state it is in."""
    entered = dossier.events.where(
        Event.to_state == dossier.state, Event.from_state != dossier.state, Event.name != "undone"
    ).order_by(Event.id.desc())
    last = entered.first()
    if last and last.from_state is _LEAVING:
        # Put back into it when a withdrawal was refused: where it went on to from there is said by the entry before.
        last = entered.where(Event.from_state != _LEAVING).first()
    return last


def came_from(dossier: Dossier) -> State | None:
    """The state before the one it is in."""
    last = _entering(dossier)
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
        event = event_of(form_key, name)
        if event is None:
            event = _move(dossier, _find_move(dossier, name, by), by, now, calendar, note, form_key, link)
            _go_on_if_settled(dossier, event, now, calendar, link)
    return event


def _go_on_if_settled(dossier: Dossier, event: Event, now: datetime, calendar: WorkCalendar, link: str) -> None:
    """Paid while a withdrawal was being asked for: put back into waiting for money, it waits for nothing."""
    if event.name != "refuse_withdrawal" or dossier.state is not _UNPAID:
        return
    last = PaymentRequest.select().where(PaymentRequest.dossier == dossier.id).order_by(PaymentRequest.id.desc()).first()
    if last and last.settled_at:
        _move(dossier, _find_move(dossier, "paid", SYSTEM), SYSTEM, now, calendar, "", None, link)


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
        if event := event_of(form_key, "withdraw"):
            return event
        event = make_move(dossier, "withdraw", by, now, calendar, note, form_key)
        make_move(dossier, "stop_withdrawn", SYSTEM, now, calendar, link=link)
    return event


dossier_of_id = Prepared(lambda dossier_id: Dossier.select().where(Dossier.id == dossier_id))


def lock(dossier: Dossier) -> None:
    """Be the only one who changes the dossier until the transaction ends, and see it as it is.

    Of two taps at the same moment the second waits here, then finds the first one's event. Who locks a draft too, locks
    the dossier first.
    """
    Dossier.update(state=Dossier.state).where(Dossier.id == dossier.id).execute()
    fresh = dossier_of_id.first(dossier.id)
    for field in Dossier._meta.sorted_field_names:
        dossier.__data__[field] = fresh.__data__[field]


def check_office(dossier: Dossier, by: Account | Staff) -> None:
    """Once it is locked: a dossier that has just gone to another office is no longer this one's to change. Raises MoveRefused."""
    if isinstance(by, Staff) and by.office != dossier.office:
        raise MoveRefused(f"Hồ sơ {dossier.code} vừa chuyển sang cơ quan khác.")


def event_of(form_key: str | None, *names: str) -> Event | None:
    """What the form of this key did before. With `names`, raises MoveRefused when that was something else.

    The buttons of one page share its key: a second one, pressed before the page is new, must not be answered with the first.
    """
    event = Event.get_or_none(Event.form_key == form_key) if form_key else None
    if event and names and event.name not in names:
        done = EVENT_LABELS.get(event.name, event.name)
        raise MoveRefused(f"Trang này đã dùng để bấm “{done}”. Xem hồ sơ bây giờ, rồi bấm lại việc cần làm.")
    return event


def _find_move(dossier: Dossier, name: str, by: Account | Staff) -> Move:
    check_office(dossier, by)
    move = next((move for move in open_moves(dossier, by) if move.name == name), None)
    if move is None:
        raise MoveRefused(
            f"Hồ sơ {dossier.code} đang ở trạng thái “{where_it_is(dossier)}”, không làm được việc này." + _who_was_last(dossier)
        )
    if move.name == "accept" and (awaited := awaited_papers(dossier)):
        names = ", ".join(name_of_document(dossier, later.document_key) for later in awaited)
        raise MoveRefused(f"Chưa tính ngày hẹn: còn chờ {names}.")
    return move


def where_it_is(dossier: Dossier) -> str:
    """Its state on the national list, and where it is within it."""
    name = STATE_NAMES[dossier.state][0]
    return f"{name}, {STEPS[dossier.step][0].lower()}" if dossier.step else name


def _who_was_last(dossier: Dossier) -> str:
    """Of two who press at once, one is told what the other did."""
    last = dossier.events.order_by(Event.id.desc()).first()
    if last is None or last.name == SUBMITTED_EVENT:
        return ""
    who = "Người nộp" if last.actor_kind == "citizen" else last.actor_name
    return f" {who} đã bấm “{EVENT_LABELS.get(last.name, last.name)}” lúc {show_moment(last.at)}."


def _move(dossier, move, by, now, calendar, note, form_key, link) -> Event:
    if move.needs_note and not note.strip():
        raise MoveRefused("Ghi lý do, để người dân biết phải sửa gì." if by.role != "citizen" else "Nhập lý do xin rút hồ sơ.")
    changes = _changes(dossier, move, now, calendar)
    if changes.get("due_at", dossier.due_at) != dossier.due_at and dossier.due_at:
        moved = f"Ngày hẹn trả cũ: {show_moment(dossier.due_at)}. Ngày hẹn trả mới: {show_moment(changes['due_at'])}."
        note = f"{note.strip()} {moved}".strip()
    before = {field: getattr(dossier, field) for field in changes}
    # The old state in WHERE settles two officers pressing at the same time.
    is_still_there = Dossier.id == dossier.id, Dossier.state == move.source, Dossier.step == dossier.step
    if not Dossier.update(changes).where(*is_still_there).execute():
        raise MoveRefused(f"Hồ sơ {dossier.code} vừa được người khác xử lý.")
    for field, value in changes.items():
        setattr(dossier, field, value)
    for table in _closed_by(move):
        table.update(closed_at=now).where(table.dossier == dossier.id, table.closed_at.is_null()).execute()
    event = write_event(dossier, move.name, move.source, move.target, by, now, note, form_key, _as_kept(before))
    if move.target in ENDED:
        _void_request(event, "ended", PaymentRequest.dossier == dossier.id)
    _keep_stops(dossier, event)
    shipment_rows.follow(dossier, event, by)
    notices.post_letter(dossier, event, link)
    return event


def _closed_by(move: Move) -> tuple[type[SupplementRequest | Transfer], ...]:
    """What is waited for no more after a move: papers that were asked for, an answer from elsewhere."""
    if move.target in ENDED:
        return SupplementRequest, Transfer
    return (Transfer,) if move.name == "come_back" else ()


def _void_request(event: Event, why: str, *which) -> None:
    """The open payment request is void; what is paid for it all the same goes to staff."""
    is_open = PaymentRequest.settled_at.is_null(), PaymentRequest.voided_at.is_null()
    PaymentRequest.update(voided_at=event.at, voided_by=event.staff_id, void_reason=why).where(*which, *is_open).execute()


def _changes(dossier: Dossier, move: Move, now: datetime, calendar: WorkCalendar) -> dict[str, object]:
    """What a move writes into the dossier's row."""
    step = _step_before(dossier) if move.name in LEAD_BACK else move.then
    changes = {"state": move.target, "step": step} | _moments(dossier, move, step, now, calendar)
    if move.name == "ask_payment":
        changes["payment"] = "requested"
    elif move.name == "paid":
        changes["payment"] = "paid"
    elif move.name == "waive_fee":
        changes["payment"] = "waived"
    return changes | shipment_rows.word_after(dossier, move.name)


def _step_before(dossier: Dossier) -> str:
    """At which step of its earlier state it was, that it goes back to now."""
    last = _entering(dossier)
    return (last and last.before or {}).get("step", "")


def _moments(dossier: Dossier, move: Move, step: str, now: datetime, calendar: WorkCalendar) -> dict[str, object]:
    if move.name == "accept":
        due = due_at(term_of(dossier.procedure), now, calendar)
        return {"accepted_at": now, "first_due_at": due, "due_at": due, "warn_at": _warn_at(now, due, calendar)}
    if move.target is State.RETURNED:
        return {"returned_at": now}
    if move.target in ENDED:
        return {} if move.source in ENDED else {"ended_at": now, "punctuality": _punctuality(dossier, move, now)}
    if move.target in CLOCK_STANDS or step in CLOCK_STANDS_AT:
        return {"stopped_at": dossier.stopped_at or now}
    back = {"ended_at": None, "punctuality": ""} if move.source in ENDED else {}
    # Stopped for good and opened again: it stood still meanwhile.
    stopped_at = dossier.stopped_at or (dossier.ended_at if move.source in ENDED else None)
    if stopped_at is None:
        return back
    due = due_after_stop(term_of(dossier.procedure), dossier.due_at, stopped_at, now, calendar)
    begins, stood = dossier.accepted_at or now, [*stops_so_far(dossier), (stopped_at, now)]
    return back | {"stopped_at": None, "due_at": due, "warn_at": _warn_at(begins, due, calendar, stood)}


def _warn_at(accepted_at: datetime, due: datetime | None, calendar: WorkCalendar, stops=()) -> datetime | None:
    return due and deadlines.warning_at(accepted_at, due, calendar, stops)


def fill_warnings(calendar: WorkCalendar) -> int:
    """When to warn of dossiers that were promised before this program warned; returns how many. For `init`."""
    lack = (
        Dossier.due_at.is_null(False),
        Dossier.warn_at.is_null(),
        Dossier.ended_at.is_null(),
        Dossier.accepted_at.is_null(False),
    )
    found = list(Dossier.select(Dossier.id, Dossier.accepted_at, Dossier.due_at).where(*lack))
    for row in found:
        Dossier.update(warn_at=_warn_at(row.accepted_at, row.due_at, calendar)).where(Dossier.id == row.id).execute()
    return len(found)


def stops_so_far(dossier: Dossier) -> list[tuple[datetime, datetime]]:
    """(from, to) of each time its clock stood still and runs again."""
    rows = dossier.clock_stops.where(ClockStop.ended_at.is_null(False)).order_by(ClockStop.began_at)
    return [(row.began_at, row.ended_at) for row in rows]


def _punctuality(dossier: Dossier, move: Move, now: datetime) -> str:
    """Computed once, when the result is there, and kept (one-stop.md, section 6)."""
    return deadlines.punctuality(dossier.due_at, now) if move.target is State.DONE else ""


def stands_for(dossier: Dossier) -> str:
    """Why its clock stands still, a key of STOP_NAMES; "" while it runs or has ended."""
    return CLOCK_STANDS.get(dossier.state) or CLOCK_STANDS_AT.get(dossier.step, "")


def _keep_stops(dossier: Dossier, event: Event) -> None:
    """Write down the spans in which the clock stands: one ends when another reason takes its place."""
    kind = stands_for(dossier)
    now_open = ClockStop.get_or_none(ClockStop.dossier == dossier.id, ClockStop.ended_at.is_null())
    if now_open and now_open.kind != kind:
        ClockStop.update(ended_at=event.at, ended_by=event).where(ClockStop.id == now_open.id).execute()
    if kind and (now_open is None or now_open.kind != kind):
        ClockStop.create(dossier=dossier, kind=kind, began_at=event.at, began_by=event)


# --- undoing a slip of the hand --------------------------------------------------------------------------------------


def may_undo(dossier: Dossier, by: Account | Staff, now: datetime) -> Event | None:
    """The event somebody may still undo: their own, of the last half hour, that nothing has followed."""
    last = dossier.events.order_by(Event.id.desc()).first()
    if last is None or last.before is None:  # nothing of the dossier's row was changed by it, or it is older than undoing
        return None
    if (last.name == "ask_payment" and _is_being_paid(last)) or not shipment_rows.may_be_undone(dossier, last.name):
        return None
    row, is_mine = row_of(last), isinstance(by, Staff) and (last.staff_id, last.actor_kind) == (by.id, by.role)
    is_recent = timedelta(0) <= now - last.at < UNDO_WITHIN
    return last if is_mine and is_recent and row and row.may_be_undone else None


def _is_being_paid(asked: Event) -> bool:
    """Whether somebody is at the bank's page for what was asked, or nobody knows yet how that ended."""
    request = PaymentRequest.select(PaymentRequest.id).where(PaymentRequest.event == asked.id)
    under_way = PaymentAttempt.request.in_(request), PaymentAttempt.state.in_(("sent", "unknown", "paid"))
    return PaymentAttempt.select().where(*under_way).exists()


def row_of(event: Event) -> Move | None:
    """The row of the table that an event followed; None of what is no move."""
    made = event.name, event.from_state, event.to_state, event.actor_kind
    return next((move for move in MOVES if (move.name, move.source, move.target, move.role) == made), None)


def undo(dossier: Dossier, event_id: int, by: Staff, now: datetime, form_key: str | None = None) -> Event:
    """Put the dossier back to where it was before a move made by mistake; returns the event that says so.

    The log keeps both. A letter or text about the move that has not left yet is dropped. The same form again changes
    nothing. Raises MoveRefused when it is too late, somebody else's, or something has followed.
    """
    with db.atomic():
        lock(dossier)
        if event := event_of(form_key, "undone"):
            return event
        check_office(dossier, by)
        last = may_undo(dossier, by, now)
        if last is None or last.id != event_id:
            raise MoveRefused(
                f"Không hoàn tác được nữa: hồ sơ {dossier.code} đã sang bước khác, hoặc đã quá 30 phút." + _who_was_last(dossier)
            )
        changes = {name: Dossier._meta.fields[name].python_value(value) for name, value in _as_read(last.before).items()}
        Dossier.update(changes).where(Dossier.id == dossier.id).execute()
        ClockStop.delete().where(ClockStop.began_by == last.id).execute()
        ClockStop.update(ended_at=None, ended_by=None).where(ClockStop.ended_by == last.id).execute()
        for table in _closed_by(row_of(last)):
            table.update(closed_at=None).where(table.dossier == dossier.id, table.closed_at == last.at).execute()
        ended = PaymentRequest.dossier == dossier.id, PaymentRequest.void_reason == "ended", PaymentRequest.voided_at == last.at
        PaymentRequest.update(voided_at=None, voided_by=None, void_reason="").where(*ended).execute()
        lock(dossier)
        if dossier.due_at is None:  # nothing is promised any more, so there is nothing to be sorry for
            waiting = Apology.signed_at.is_null() & Apology.dropped_at.is_null()
            Apology.update(dropped_at=now).where(Apology.dossier == dossier.id, waiting).execute()
        note = f"Hoàn tác “{EVENT_LABELS[last.name]}” lúc {show_moment(last.at)}."
        event = write_event(dossier, "undone", last.to_state, dossier.state, by, now, note, form_key, undoes=last)
        shipment_rows.take_back(dossier, last, by, now)
        _void_request(event, "undone", PaymentRequest.event == last.id)
        notices.take_back(dossier, last, event)
    return event


def _as_kept(before: dict[str, object]) -> dict[str, object]:
    """Values of a dossier's row as JSON can hold them."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in before.items()}


def _as_read(before: dict[str, object]) -> dict[str, object]:
    moments = {name for name, field in Dossier._meta.fields.items() if name.endswith("_at")}
    return {name: datetime.fromisoformat(value) if name in moments and value else value for name, value in before.items()}


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


def write_event(dossier, name, source, target, by, now, note="", form_key=None, before=None, undoes=None) -> Event:
    return Event.create(
        dossier=dossier,
        name=name,
        from_state=source,
        to_state=target,
        note=note,
        at=now,
        form_key=form_key,
        before=before,
        undoes=undoes,
        actor_kind=by.role,
        actor_name=by.full_name,
        staff=by if isinstance(by, Staff) else None,
    )

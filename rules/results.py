"""The result of a dossier: its file, kept as it came, and how and to whom it was returned, which closes the dossier."""

import hashlib
from datetime import datetime

from database import db
from gateways.files import LocalFiles
from gateways.signatures import ResultPaper
from models import Dossier, Event, ResultFile, ResultReturn, Staff, State
from rules import WrongInput, notices, shipment_rows, workflow
from rules.deadlines import WorkCalendar
from rules.vietnamese import sort_key
from rules.workflow import MoveRefused

# While it is being worked on, and after: a wrong scan is replaced, and the old one kept with its date.
MAY_HAVE_RESULT = (State.ACCEPTED, State.IN_PROGRESS, State.DONE, State.RETURNED)
WAYS = {"desk": "Tại quầy", "post": "Bưu điện đã phát", "online": "Trực tuyến"}


# --- the file --------------------------------------------------------------------------------------------------------


def current(dossier: Dossier) -> ResultFile | None:
    """The result as it counts now."""
    return ResultFile.get_or_none(ResultFile.dossier == dossier.id, ResultFile.replaced_at.is_null())


def all_of(dossier: Dossier) -> list[ResultFile]:
    """The result and those it replaced, the newest first."""
    return list(ResultFile.select().where(ResultFile.dossier == dossier.id).order_by(ResultFile.id.desc()))


def file_of(dossier: Dossier, result_id: int) -> ResultFile | None:
    return ResultFile.get_or_none(ResultFile.id == result_id, ResultFile.dossier == dossier.id)


def may_add(dossier: Dossier) -> bool:
    return dossier.state in MAY_HAVE_RESULT and (dossier.state is not State.RETURNED or return_of(dossier) is not None)


def add(dossier: Dossier, paper: ResultPaper, files: LocalFiles, by: Staff, now: datetime, form_key: str) -> Event | None:
    """Keep the file as the dossier's result, in place of the one before, which stays with its date; returns the event.

    The file is on disk, sealed, before its row is. The same form again returns its event; the same file in another form is
    the result already: None. Who has the result in hand is told that there is another. Raises MoveRefused in a state
    without results.
    """
    content_hash = hashlib.sha256(paper.data).hexdigest()
    name = files.keep(paper.data)
    try:
        with db.atomic():
            workflow.lock(dossier)
            if not may_add(dossier):
                raise MoveRefused(f"Hồ sơ {dossier.code} đang ở trạng thái “{workflow.where_it_is(dossier)}”, chưa có kết quả.")
            before = current(dossier)
            event = workflow.event_of(form_key, "result_added")
            if event is None and (before is None or before.content_hash != content_hash):
                event = _replace(dossier, paper, content_hash, name, before, by, now, form_key)
                name = ""
    finally:
        if name:
            files.remove(name)
    return event


def _replace(dossier, paper, content_hash, name, before, by, now, form_key) -> Event:
    if before:
        ResultFile.update(replaced_at=now).where(ResultFile.id == before.id).execute()
    ResultFile.create(
        dossier=dossier,
        filename=paper.filename,
        media_type=paper.media_type,
        size_bytes=len(paper.data),
        content_hash=content_hash,
        stored_name=name,
        signers=list(paper.signers),
        is_signed=paper.is_signed,
        uploaded_by=by,
        uploaded_at=now,
    )
    note = "Thay bản trước." if before else ""
    event = workflow.write_event(dossier, "result_added", dossier.state, dossier.state, by, now, note, form_key)
    if dossier.state is State.RETURNED:
        notices.post_letter(dossier, event)
    return event


def of_owner(dossier: Dossier) -> ResultFile | None:
    """What whoever submitted it may download: the result, once it was returned. The caller has asked whose dossier it is."""
    # Of one that was stopped, only its papers went back.
    return current(dossier) if dossier.state is State.RETURNED and return_of(dossier) else None


# --- returning it ----------------------------------------------------------------------------------------------------


def ways_open(dossier: Dossier) -> list[str]:
    """How the result may be returned now, the likeliest first: by post once it was handed over, online once there is a file."""
    here = {"desk": True, "post": dossier.step == "posting", "online": current(dossier) is not None}
    likely = "post" if here["post"] else dossier.delivery
    return sorted((way for way in WAYS if here[way]), key=lambda way: way != likely)


def read_receiver(dossier: Dossier, way: str, receiver: str, paper_seen: str) -> tuple[str, bool, str]:
    """Who received it, whether that is the owner, and, of another, by which paper. Raises WrongInput, saying what to write.

    Somebody else may receive it at the counter with a paper that shows it (one-stop mechanism, returning the result).
    """
    if way == "online":
        return dossier.owner_name, True, ""
    if not receiver:
        raise WrongInput("Nhập họ tên người nhận")
    # Marks count: Hoà is Hòa, but Hoa is somebody else.
    is_owner = sort_key(receiver) == sort_key(dossier.owner_name) and not paper_seen
    if not is_owner and not paper_seen and way == "desk":
        raise WrongInput("Người nhận khác chủ hồ sơ: ghi đã xem giấy gì, ví dụ giấy ủy quyền, giấy giới thiệu")
    return receiver, is_owner, paper_seen


def give(
    dossier: Dossier,
    way: str,
    receiver: str,
    paper_seen: str,
    by: Staff,
    now: datetime,
    calendar: WorkCalendar,
    form_key: str,
    link: str = "",
) -> Event:
    """Return the result, which closes the dossier; who received it is written down with the move. The same form again
    changes nothing.

    `way` is a key of WAYS. Raises WrongInput without a receiver, or without the paper of another; MoveRefused when this
    way is not open, or somebody was quicker.
    """
    with db.atomic():
        workflow.lock(dossier)
        if event := workflow.event_of(form_key, "give_result"):
            return event
        who, is_owner, seen = read_receiver(dossier, way, receiver, paper_seen)
        if dossier.state is State.DONE and way not in ways_open(dossier):
            raise MoveRefused(
                "Chưa có tệp kết quả để trả trực tuyến. Đưa kết quả lên trước."
                if way == "online"
                else "Kết quả chưa giao bưu điện."
            )
        event = workflow.make_move(dossier, "give_result", by, now, calendar, f"{WAYS[way]}.", form_key, link)
        if way == "desk" and dossier.shipment == "delivered":  # from the post's hands, and not by them
            Dossier.update(shipment="came_back").where(Dossier.id == dossier.id).execute()
        shipment_rows.settle(dossier, way, f"{who}, nhận thay: {seen}" if seen else who, by, now)
        ResultReturn.create(
            dossier=dossier, way=way, receiver=who, is_owner=is_owner, paper_seen=seen, by=by, at=now, event=event
        )
    return event


def return_of(dossier: Dossier) -> ResultReturn | None:
    """How it was returned; one that was undone does not count."""
    undone = Event.select(Event.undoes).where(Event.dossier == dossier.id, Event.undoes.is_null(False))
    counts = ResultReturn.dossier == dossier.id, ResultReturn.event.not_in(undone)
    return ResultReturn.select().where(*counts).order_by(ResultReturn.id.desc()).first()

"""Hand-over lists between desk and post (danh mục bàn giao): numbered, printed, signed by both."""

from datetime import datetime

from database import db
from models import Dossier, Manifest, Shipment, Staff
from rules import printed_forms, shipments, workflow
from rules.content import Post
from rules.deadlines import WorkCalendar
from rules.identity import read_person_name
from rules.shipment_rows import COLLECT, RETURN, WITH_POST, write
from rules.vietnamese import in_vietnam, show_moment
from rules.workflow import MoveRefused

MOST_LINES = 40
TITLES = {
    RETURN: "Danh mục bàn giao kết quả cho bưu điện",
    COLLECT: "Danh mục bàn giao hồ sơ từ bưu điện",
}
# In which states a shipment may stand on a new list.
LISTED = {RETURN: ("waiting",), COLLECT: WITH_POST}


def make(direction: str, refs: list[str], post: Post, by: Staff, now: datetime, form_key: str) -> Manifest:
    """A list of the ticked shipments, numbered without a gap within its office and year; the same form again returns it.

    Raises MoveRefused when none is ticked, one is on another list already, or has been dealt with meanwhile.
    """
    with db.atomic():
        # One list of an office after the other: of two officers who tick the same, the second sees what the first took.
        rows = _locked_rows(by.office, direction, refs)
        if before := Manifest.get_or_none(Manifest.form_key == form_key):
            return before
        if not rows:
            raise MoveRefused("Đánh dấu ít nhất một bưu gửi.")
        if len(rows) > MOST_LINES:
            raise MoveRefused(f"Mỗi danh mục nhiều nhất {MOST_LINES} bưu gửi. Bỏ bớt, lập danh mục nữa.")
        taken = [row for row in rows if row.manifest_id or row.state not in LISTED[direction]]
        if taken:
            codes = ", ".join(row.dossier.code for row in taken)
            raise MoveRefused(f"Vừa có người làm với hồ sơ {codes}. Xem lại danh sách rồi đánh dấu lần nữa.")
        year = in_vietnam(now).year
        manifest = Manifest.create(
            office=by.office,
            year=year,
            number=printed_forms.next_number(by.office, "manifest", year),
            direction=direction,
            made_by=by,
            made_at=now,
            form_key=form_key,
        )
        for row in rows:
            fee = shipments.fee_for(post) if row.fee_dong is None else row.fee_dong
            Shipment.update(manifest=manifest, fee_dong=fee).where(Shipment.id == row.id).execute()
    return manifest


def _locked_rows(office: str, direction: str, refs: list[str]) -> list[Shipment]:
    """The shipments of these names, their dossiers locked one after the other: everybody locks in this order."""
    is_asked = Shipment.office == office, Shipment.direction == direction, Shipment.ref.in_(refs[: 2 * MOST_LINES])
    for dossier in (
        Dossier.select().where(Dossier.id.in_(Shipment.select(Shipment.dossier).where(*is_asked))).order_by(Dossier.id)
    ):
        workflow.lock(dossier)
    return list(Shipment.select(Shipment, Dossier).join(Dossier).where(*is_asked).order_by(Shipment.id))


def lines_of(manifest: Manifest) -> list[Shipment]:
    """What stands on it; one that was taken off again after signing stays, dropped, and is struck out."""
    rows = Shipment.select(Shipment, Dossier).join(Dossier).where(Shipment.manifest == manifest.id)
    return list(rows.order_by(Shipment.id))


def of_office(manifest_id: int, office: str) -> Manifest | None:
    return Manifest.get_or_none(Manifest.id == manifest_id, Manifest.office == office)


def lately(office: str, most: int):
    """The newest lists, whatever became of them."""
    return Manifest.select().where(Manifest.office == office).order_by(Manifest.id.desc()).limit(most)


def _lock(manifest: Manifest) -> Manifest:
    """Its row as it is now, nobody else's until the transaction ends; the dossiers of its lines are locked before it."""
    _locked_rows(manifest.office, manifest.direction, [line.ref for line in lines_of(manifest)])
    Manifest.update(number=Manifest.number).where(Manifest.id == manifest.id).execute()
    return Manifest.get_by_id(manifest.id)


def sign(
    manifest: Manifest,
    postman: str,
    trackings: dict[str, str],
    by: Staff,
    now: datetime,
    calendar: WorkCalendar,
    link_to,
) -> Manifest:
    """Both have signed the paper: results are with the post now, fetched papers at the desk.

    `trackings`: what was typed as tracking number, by the shipment's name. `link_to(dossier)` goes into letters. Signed
    already for the same postman, nothing changes. Raises WrongInput without the postman's name or for a wrong number (then
    nothing is changed), MoveRefused when it was dropped or signed for somebody else.
    """
    name = read_person_name(postman)
    with db.atomic():
        fresh = _lock(manifest)
        if fresh.signed_at and fresh.postman == name:
            return fresh
        if fresh.signed_at or fresh.dropped_at:
            raise MoveRefused(_what_became(fresh))
        for line in lines_of(fresh):
            if line.state not in LISTED[fresh.direction]:  # given at the desk meanwhile, or lost
                continue
            if typed := trackings.get(line.ref, "").strip():
                shipments.note_tracking(line, typed, now)
            _hand_over(line, by, now, calendar, link_to)
        Manifest.update(postman=name, signed_by=by, signed_at=now).where(Manifest.id == fresh.id).execute()
    return Manifest.get_by_id(manifest.id)


def _hand_over(line: Shipment, by: Staff, now: datetime, calendar: WorkCalendar, link_to) -> None:
    dossier = shipments.locked(line)
    if line.direction == RETURN:
        shipments.find_move(line, "hand_over", by)
        workflow.make_move(dossier, "hand_to_post", by, now, calendar, link=link_to(dossier))
    else:
        move = shipments.find_move(line, "bring", by)
        write(line, move.target, by, now)


def _what_became(manifest: Manifest) -> str:
    if manifest.dropped_at:
        return f"Danh mục số {show_number(manifest)} đã hủy lúc {show_moment(manifest.dropped_at)}."
    return f"Danh mục số {show_number(manifest)} đã ký lúc {show_moment(manifest.signed_at)}, bưu tá {manifest.postman}."


def drop(manifest: Manifest, now: datetime) -> Manifest:
    """Made out by mistake: its shipments wait again, its number stays used. Dropped already, nothing changes.

    Raises MoveRefused when both have signed it.
    """
    with db.atomic():
        fresh = _lock(manifest)
        if fresh.signed_at:
            raise MoveRefused(_what_became(fresh))
        if fresh.dropped_at is None:
            Shipment.update(manifest=None).where(Shipment.manifest == fresh.id).execute()
            Manifest.update(dropped_at=now).where(Manifest.id == fresh.id).execute()
    return Manifest.get_by_id(manifest.id)


def take_over(manifest: Manifest, refs: list[str], by: Staff, now: datetime, calendar: WorkCalendar, form_key: str) -> int:
    """The postal clerk has these of a signed list in the bag, and goes; returns how many. The same form again changes nothing.

    Raises MoveRefused when the list is not signed, or none of it is ticked.
    """
    with db.atomic():
        fresh = _lock(manifest)
        if not fresh.signed_at:
            raise MoveRefused(f"Danh mục số {show_number(fresh)} chưa ký. Ký với Bộ phận Một cửa trước.")
        lines = [line for line in lines_of(fresh) if line.ref in refs]
        taken = [line for line in lines if _take(line, by, now, calendar, f"{line.id}-{form_key}"[:64])]
        if not taken:
            raise MoveRefused("Chưa đánh dấu bưu gửi nào, hoặc đã nhận rồi.")
    return len(taken)


def _take(line: Shipment, by: Staff, now: datetime, calendar: WorkCalendar, form_key: str) -> bool:
    if shipments.step_of(form_key):
        return True
    if line.state != "handed_over":
        return False
    shipments.make_move(line, "take_over", by, now, calendar, form_key=form_key)
    return True


def show_number(manifest: Manifest) -> str:
    """As it stands at its head: 12/2026/DMBG."""
    return f"{manifest.number:02}/{manifest.year}/DMBG"

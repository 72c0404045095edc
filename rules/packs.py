"""The village pack: guides, procedures, a poster and cards with the village's name on them, made in the queue as one PDF."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from peewee import IntegrityError, fn

from database import db
from gateways import pdf
from gateways.files import StorageFull
from models import Pack, Staff, new_ref
from rules import WrongInput, print_sheets
from rules.print_sheets import Helper, Press, Sheet
from rules.vietnamese import in_vietnam
from rules.villages import key_of_name, village_keys

MADE_BY = ("village_head", "officer", "leader", "culture", "administrator")
MADE_FOR_ALL_BY = ("officer", "leader", "culture", "administrator")
MOST_NEEDED = (1, 3, 4, 5)  # guides: an account, a lost password, submitting, looking up
MOST_PROCEDURES = 10
MOST_BYTES = 300_000
KEPT = timedelta(days=30)
MAKING_SECONDS = 120  # on a slow machine all guides with ten procedures take half a minute
WAITS = timedelta(minutes=1)  # asked for so long ago, its task may have been lost
# Longer than the making ever takes: whoever worked at it was killed.
WORKS = timedelta(seconds=MAKING_SECONDS + pdf.WAIT_FOR_TURN_SECONDS + 20)
MOST_TRIES = 3

NO_PDF = "Máy của xã chưa tạo được PDF (thiếu phần vẽ chữ Pango). In từng bài bằng nút in của trình duyệt."
TOO_LARGE = "Bộ này nặng quá 300 kB. Chọn bớt thủ tục rồi lập lại."
FAILED = "Máy làm lâu quá hoặc hỏng giữa chừng. Bấm “Làm lại”."
FULL = "Máy của xã hết chỗ chứa. Báo quản trị, rồi bấm “Làm lại”."
GONE = "Bài hoặc thủ tục đã chọn không còn. Lập bộ mới."


@dataclass(frozen=True)
class Choices:
    """What is in a pack, and whose name and number stand on it."""

    guides: list[str] = field(default_factory=list)  # slugs
    procedures: list[str] = field(default_factory=list)
    head_name: str = ""
    head_phone: str = ""
    poster: bool = True
    cards: bool = True
    size: str = "a4"


# --- who may -----------------------------------------------------------------------------------------------------


def villages_of(staff: Staff, site) -> dict[str, object]:
    """The villages whose packs are this member of staff's to make, by key: a village head's own, all of them to others."""
    keys = village_keys(site.villages)
    if staff.role != "village_head":
        return keys
    own = key_of_name(site.villages, staff.village)
    return {own: keys[own]} if own else {}


def pack_of(ref: str, staff: Staff, site) -> Pack | None:
    pack = Pack.get_or_none(Pack.ref == ref, Pack.office == staff.office)
    return pack if pack and pack.village in villages_of(staff, site) else None


def packs_of_batch(batch: str, staff: Staff) -> list[Pack]:
    found = Pack.select().where(Pack.batch == batch, Pack.office == staff.office).order_by(Pack.id)
    return list(found) if batch else []


# --- asking for one --------------------------------------------------------------------------------------------------


def check_choices(choices: Choices) -> None:
    """Raises WrongInput, saying what to do, for a pack of nothing or of too much."""
    if not (choices.guides or choices.procedures or choices.poster or choices.cards):
        raise WrongInput("Chọn ít nhất một bài, một thủ tục, tờ treo tường hoặc thẻ")
    if len(choices.procedures) > MOST_PROCEDURES:
        raise WrongInput(f"Chọn nhiều nhất {MOST_PROCEDURES} thủ tục; bạn chọn {len(choices.procedures)}")


def ask(village: str, choices: Choices, by: Staff, now: datetime, form_key: str, batch: str = "") -> Pack:
    """A pack that waits to be made. The same form again returns the first one. Raises WrongInput as check_choices does."""
    check_choices(choices)
    key = f"{by.id}-{form_key}"[:64]
    if known := Pack.get_or_none(Pack.form_key == key):
        return known
    about = {"office": by.office, "village": village, "choices": asdict(choices), "asked_by": by, "asked_at": now}
    try:
        with db.atomic():
            return Pack.create(**about, batch=batch, form_key=key)
    except IntegrityError:  # the same form, sent twice at once
        return Pack.get(Pack.form_key == key)


def ask_for_all(site, choices: Choices, by: Staff, now: datetime, form_key: str) -> str:
    """A pack for each village, with its own head; returns the batch. The same form again returns the first batch."""
    check_choices(choices)
    batch = new_ref()
    with db.atomic():
        for number, (key, village) in enumerate(village_keys(site.villages).items()):
            name, phone = head_of(key, village.name, by.office)
            own = Choices(**asdict(choices) | {"head_name": name, "head_phone": phone})
            batch = ask(key, own, by, now, f"{form_key[:32]}-{number}", batch).batch
    return batch


def head_of(village: str, name: str, office: str) -> tuple[str, str]:
    """Name and phone of a village's head: as on its last pack, else the name of the head's account."""
    is_ours = Pack.office == office, Pack.village == village
    last = Pack.select().where(*is_ours).order_by(Pack.id.desc()).first()
    if last and (last.choices["head_name"] or last.choices["head_phone"]):
        return last.choices["head_name"], last.choices["head_phone"]
    heads = Staff.select().where(Staff.role == "village_head", Staff.office == office, Staff.village == name)
    return next((head.full_name for head in heads.order_by(Staff.id.desc()) if head.is_in_office()), ""), ""


def ask_again(pack: Pack) -> None:
    """One that failed waits once more; of any other nothing changes."""
    is_failed = Pack.id == pack.id, Pack.state == Pack.FAILED
    Pack.update(state=Pack.WAITING, fault="", tries=0, started_at=None).where(*is_failed).execute()


def note_print(pack: Pack, seen: str) -> None:
    """Count that it was taken away to be printed; the same button pressed twice, which saw the same count, counts once."""
    if seen == str(pack.prints):
        Pack.update(prints=Pack.prints + 1).where(Pack.id == pack.id, Pack.prints == pack.prints).execute()


# --- making it -------------------------------------------------------------------------------------------------------


def sheets_of(choices: Choices, village: str, press: Press, library) -> list[Sheet]:
    """Everything in the pack, in its order. Raises WrongInput when a guide, a procedure or the village is there no longer."""
    known = village_keys(library.site.villages)
    is_whole = village in known and {*choices.guides} <= {*library.guides} and {*choices.procedures} <= {*library.procedures}
    if not is_whole:
        raise WrongInput(GONE)
    helper = Helper(known[village].name, choices.head_name, choices.head_phone)
    press = print_sheets.for_village(press, village, helper)
    guides = [guide for slug, guide in library.guides.items() if slug in choices.guides]
    sheets = [print_sheets.guide_sheet(guide, choices.size, press) for guide in guides]
    for slug in choices.procedures:
        place = print_sheets.place_of(library.procedures[slug], library.site)
        sheets.append(print_sheets.procedure_sheet(library.definitions[slug], place, choices.size, press))
    sheets += [print_sheets.desk_poster("a4", press)] if choices.poster else []
    return sheets + ([print_sheets.card_sheet(guides, press)] if choices.cards else [])


@dataclass(frozen=True)
class Workshop:
    """What making a pack needs of the program around it."""

    files: object
    library: object
    site_url: str
    render: Callable[[Sheet], str]
    style: str


def make(pack_id: int, shop: Workshop, utc_now: Callable[[], datetime]) -> None:
    """Make one that waits, unless somebody else does already; afterwards it is ready, failed, or waits for a turn."""
    started_at = utc_now()
    pack = _claim(pack_id, started_at)
    if pack is None:
        return
    mine = Pack.id == pack.id, Pack.state == Pack.WORKING, Pack.started_at == started_at
    try:
        told = _make(pack, shop, in_vietnam(started_at).date())
    except pdf.PdfBusy:
        # No fault of the pack's: it waits for the next minute, and this was no try.
        Pack.update(state=Pack.WAITING, tries=Pack.tries - 1).where(*mine).execute()
        return
    except (WrongInput, pdf.PdfFailed, StorageFull) as fault:
        words = str(fault) if isinstance(fault, WrongInput) else FULL if isinstance(fault, StorageFull) else FAILED
        Pack.update(state=Pack.FAILED, fault=words).where(*mine).execute()
        return
    if not Pack.update(state=Pack.READY, fault="", made_at=utc_now(), **told).where(*mine).execute():
        shop.files.remove(told["stored_name"])  # taken for dead, and made by another meanwhile


def _claim(pack_id: int, now: datetime) -> Pack | None:
    """The pack, now ours to make; None when there is nothing to make or somebody is at it."""
    due = Pack.id == pack_id, (Pack.state == Pack.WAITING) | _was_left(now)
    if not Pack.update(state=Pack.WORKING, started_at=now, tries=Pack.tries + 1).where(*due).execute():
        return None
    pack = Pack.get_by_id(pack_id)
    if pack.tries <= MOST_TRIES:
        return pack
    # Whoever made it died each time: it would take the others down with it.
    Pack.update(state=Pack.FAILED, fault=FAILED).where(Pack.id == pack_id).execute()
    return None


def _was_left(now: datetime):
    """Whoever worked at it is no more; also when the clock has been set back since."""
    return (Pack.state == Pack.WORKING) & ((Pack.started_at < now - WORKS) | (Pack.started_at > now + WORKS))


def _make(pack: Pack, shop: Workshop, day) -> dict[str, object]:
    """Lay it out, keep it; returns what the row says of it then."""
    if not pdf.is_there():
        raise WrongInput(NO_PDF)
    press = Press(shop.library.site, shop.site_url, day)
    sheets = sheets_of(Choices(**pack.choices), pack.village, press, shop.library)
    made = pdf.lay_out([shop.render(sheet) for sheet in sheets], shop.style, MAKING_SECONDS)
    if len(made.data) > MOST_BYTES:
        raise WrongInput(TOO_LARGE)
    return {
        "stored_name": shop.files.keep(made.data),
        "size_bytes": len(made.data),
        "pages": sum(made.counts),
        "parts": [[sheet.title, count] for sheet, count in zip(sheets, made.counts, strict=True)],
    }


def let_go() -> None:
    """The program begins anew: whoever worked before it was killed, and what was being made waits again."""
    Pack.update(state=Pack.WAITING).where(Pack.state == Pack.WORKING).execute()


def left_over(now: datetime) -> list[int]:
    """Those whose task was lost with a program that was killed, or that had no turn; in the order they were asked for."""
    waits = (Pack.state == Pack.WAITING) & (Pack.asked_at < now - WAITS)
    return [pack.id for pack in Pack.select(Pack.id).where(waits | _was_left(now)).order_by(Pack.id)]


def sweep(files, now: datetime) -> None:
    """After a month the file goes; the row stays, and with it how often it was printed."""
    for pack in list(Pack.select().where(Pack.made_at < now - KEPT, Pack.stored_name != "")):
        Pack.update(stored_name="").where(Pack.id == pack.id).execute()
        files.remove(pack.stored_name)


# --- what there is ---------------------------------------------------------------------------------------------------


def last_of_each(office: str, villages) -> dict[str, Pack]:
    """The newest pack of each of these villages."""
    newest = Pack.select(fn.MAX(Pack.id)).where(Pack.office == office, Pack.village.in_(list(villages))).group_by(Pack.village)
    return {pack.village: pack for pack in Pack.select().where(Pack.id.in_(newest))}


def prints_of_each(office: str) -> dict[str, int]:
    """How often packs of each village were taken away to be printed, swept ones too."""
    rows = Pack.select(Pack.village, fn.SUM(Pack.prints)).where(Pack.office == office).group_by(Pack.village)
    return dict(rows.tuples())


def printed_in(office: str, first: datetime, last: datetime) -> dict[str, int]:
    """By village key: how often packs that were made from one moment on, before another, were taken away to be printed."""
    rows = Pack.select(Pack.village, fn.SUM(Pack.prints)).where(Pack.office == office, Pack.made_at >= first, Pack.made_at < last)
    return {village: count for village, count in rows.group_by(Pack.village).tuples() if count}

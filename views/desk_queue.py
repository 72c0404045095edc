"""The desk's queues: what needs me now, narrowing and searching, and on whose table a dossier lies."""

import json
from datetime import UTC, datetime, timedelta

from flask import g, redirect, render_template, request, url_for
from flask_login import current_user
from wtforms import HiddenField

from database import SealedField, utc_now
from gateways.sealed_address import open_words, seal_words
from models import Dossier, Staff, State
from rules import WrongInput, assignments, desk, desk_search, workflow
from rules.accounts import person_key
from rules.staff import ROLE_NAMES
from rules.vietnamese import show_day
from rules.workflow import MoveRefused
from views.access import open_to
from views.answering import go_on
from views.desk import CHANNELS, WORKERS_AT_DESK, MoveForm, add_panel, bare_key, bp, dossier_of_my_office, show
from views.forms import Form, ReadField
from views.visits import log_security

# --- the queue -------------------------------------------------------------------------------------------------------


@bp.get("/")
@open_to(*WORKERS_AT_DESK)
def waiting_dossiers():
    return show_queue()


def show_queue(fault: str = "", status: int = 200):
    filters, faults = desk.read_filters(request.args)
    name = request.args.get("xem", "")
    name = name if name in desk.QUEUES else desk.FIRST_QUEUE
    view = my_view()
    counts = desk.counts(view, filters)
    queue = desk.queue(view, name, counts, filters, request.args.get("trang", 1, type=int))
    colleagues = assignments.colleagues(current_user.office)
    page = render_template(
        "desk/waiting_dossiers.html",
        queue=queue,
        queues=desk.QUEUES,
        counts=counts,
        filters=filters,
        shown=shown_filters(name, filters),
        emptied_by=desk.emptied_by(view, name, filters) if filters.asked() and not queue.count else [],
        faults=[("", fault)] if fault else list(faults.items()),
        wrong=faults,
        typed=request.args,
        names={person.id: person.full_name for person in colleagues},
        takeable=takeable(queue.dossiers),
        choices=choices(colleagues),
        form=TakeForm(formdata=None),
        search=SearchForm(formdata=None),
        purposes=desk_search.PURPOSES,
        steps=workflow.STEPS,
        most_at_once=assignments.MOST_AT_ONCE,
    )
    return page, 422 if faults else status


def my_view() -> desk.View:
    return desk.View(_me(), utc_now(), g.library.calendar, tuple(g.library.villages()))


def takeable(dossiers: list[Dossier]) -> set[int]:
    """The ids of those that this person may take from the list."""
    mine = [dossier for dossier in dossiers if dossier.state in desk.ACTS_ON.get(current_user.role, ())]
    return {dossier.id for dossier in mine if assignments.may_take(dossier, _me())}


OFFICERS = {desk.MINE: "Tôi", desk.NOBODYS: "Chưa ai nhận"}


def choices(colleagues: list[Staff]) -> dict[str, list[tuple[str, str]]]:
    """What each filter may be set to: (as it stands in the address, label)."""
    return {
        "procedure": [(procedure.slug, procedure.title) for procedure in g.library.procedures.values()],
        "state": [(str(int(state)), workflow.STATE_NAMES[state][0]) for state in State],
        "village": [(name, name) for name in g.library.villages()] + [(desk.ELSEWHERE, "Nơi khác")],
        "channel": [(key, _capital(words)) for key, words in CHANNELS.items()],
        "officer": [*OFFICERS.items(), *((str(person.id), person.full_name) for person in colleagues)],
    }


def shown_filters(name: str, filters: desk.Filters) -> list[tuple[str, str, str]]:
    """(name, words, address without it) of each filter that is set."""
    return [
        (asked, words_of(asked, filters), url_for(".waiting_dossiers", xem=name, **filters.without(asked).query()))
        for asked in filters.asked()
    ]


def words_of(asked: str, filters: desk.Filters) -> str:
    value = getattr(filters, asked)
    if asked in ("first", "last"):
        return f"{desk.DAY_KINDS[filters.day_kind]} {'từ' if asked == 'first' else 'đến'} {show_day(value)}"
    if asked == "procedure":
        known = g.library.procedures.get(value)
        return known.title if known else value
    if asked == "state":
        return workflow.STATE_NAMES[value][0]
    if asked == "village":
        return "Nơi khác" if value == desk.ELSEWHERE else value
    if asked == "channel":
        return _capital(CHANNELS.get(value, value))
    if value in OFFICERS:
        return f"Người giữ: {OFFICERS[value].lower()}"
    # Also of somebody who has left: their dossiers are looked for then.
    person = Staff.get_or_none(Staff.id == int(value), Staff.office == current_user.office)
    return f"Người giữ: {person.full_name if person else 'không có'}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


# --- taking from the list --------------------------------------------------------------------------------------------


class TakeForm(MoveForm):
    """One of the rows, by its code, or the first few of the queue."""

    code = HiddenField()
    first = HiddenField()


@bp.post("/nhan-viec")
@open_to(*WORKERS_AT_DESK)
def take_from_queue():
    """Take a dossier, or the first few that are nobody's, and see the same list again; the address says which list."""
    form = TakeForm()
    if not form.validate_on_submit():
        return show_queue(form.problems()[0][1], 422)
    try:
        count = take_first(form) if form.first.data else take_one(form)
    except MoveRefused as refusal:
        return show_queue(str(refusal), 409)
    if not count:
        return show_queue("Không còn hồ sơ nào chưa ai nhận ở mục này.", 409)
    same = {name: word for name, word in request.args.items() if name in LIST_WORDS}
    return go_on(".waiting_dossiers", **same | {"da": "da-nhan-viec"})


# What an address says of a list: which, its page, its filters.
LIST_WORDS = {"xem", "trang", *desk.WORDS.values()}


def take_one(form: TakeForm) -> int:
    dossier = dossier_of_my_office(form.code.data or "")
    assignments.take(dossier, _me(), utc_now(), key_for("nhan", form, dossier))
    return 1


def take_first(form: TakeForm) -> int:
    """The longest waiting of what is new, or of what this person has to do."""
    filters, _ = desk.read_filters(request.args)
    name = "moi" if request.args.get("xem") == "moi" else desk.FIRST_QUEUE
    nobodys = desk.first_of_nobodys(my_view(), name, filters, assignments.MOST_AT_ONCE)
    key = f"{current_user.id}-nhan-{bare_key(form)}"[:60]
    # The list is another one after the first sending: what that took is looked up by its key.
    return len(assignments.take_first(nobodys, _me(), utc_now(), key)) or bool(workflow.event_of(f"{key}-1"))


# --- on whose table: the panel on a dossier's page -------------------------------------------------------------------


class NoteForm(MoveForm):
    note = ReadField("Dặn người nhận (không bắt buộc)", assignments.read_note)


class HandOverForm(NoteForm):
    to = ReadField("Chuyển cho", missing="Chọn người nhận")


@bp.post("/ho-so/<code>/nhan-viec")
@open_to(*WORKERS_AT_DESK)
def take(code: str):
    return lay(code, MoveForm(), "nhan", lambda dossier, form, key: assignments.take(dossier, _me(), utc_now(), key))


@bp.post("/ho-so/<code>/chuyen-nguoi")
@open_to(*WORKERS_AT_DESK)
def hand_over(code: str):
    return lay(
        code,
        HandOverForm(),
        "chuyen",
        lambda dossier, form, key: assignments.hand_over(
            dossier, colleague(form.to.value), _me(), utc_now(), form.note.value, key
        ),
    )


@bp.post("/ho-so/<code>/tra-ve")
@open_to(*WORKERS_AT_DESK)
def put_back(code: str):
    return lay(
        code,
        NoteForm(),
        "tra",
        lambda dossier, form, key: assignments.put_back(dossier, _me(), utc_now(), form.note.value, key),
    )


def colleague(number: str) -> Staff:
    """Raises WrongInput for anybody who does not work here."""
    is_one = number.isascii() and number.isdecimal() and len(number) < 10
    found = Staff.get_or_none(Staff.id == int(number), Staff.office == current_user.office) if is_one else None
    if found is None:
        raise WrongInput("Chọn người nhận trong danh sách")
    return found


def lay(code: str, form: MoveForm, word: str, act):
    dossier = dossier_of_my_office(code)
    if not form.validate_on_submit():
        return show(dossier, form, form.problems()[0][1], 422)
    try:
        act(dossier, form, key_for(word, form, dossier))
    except WrongInput as fault:
        return show(dossier_of_my_office(code), form, str(fault), 422)
    except MoveRefused as refusal:
        return show(dossier_of_my_office(code), MoveForm(formdata=None), str(refusal), 409)
    return go_on(".show_dossier", code=code, da="da-ghi")


def key_for(word: str, form: MoveForm, dossier: Dossier) -> str:
    """The form's key, tied to its dossier and to what is done: the forms of one page share a key, and are not one another."""
    return f"{dossier.id}-{word}-{bare_key(form)}"[:64]


def gather(dossier: Dossier) -> dict[str, object]:
    may_give = assignments.may_give(dossier, _me())
    others = [one for one in assignments.colleagues(dossier.office) if one.id != dossier.taken_by_id] if may_give else []
    return {
        "holder": dossier.taken_by,
        "may_take": assignments.may_take(dossier, _me()),
        "may_give": may_give,
        "colleagues": others,
        "role_names": ROLE_NAMES,
        "lines": assignments.lines(dossier),
    }


add_panel(20, "desk/_hand_overs.html", gather)


# --- searching -------------------------------------------------------------------------------------------------------

# What is looked for is personal: it goes in the body of a form, and the address of what was found holds it sealed, so that
# Back, a reload and the next page work and neither the history nor a log can be read.
FOUND_IS_SHOWN = timedelta(hours=12)
SEARCH = b"desk.search"


class SearchForm(Form):
    words = ReadField(
        "Tìm hồ sơ",
        desk_search.read_words,
        desk_search.NOTHING_TYPED,
        hint="Mã hồ sơ, họ tên, số căn cước, mã số thuế, điện thoại",
    )
    purpose = ReadField("Để làm gì", lambda typed: read_purpose(typed), "Chọn việc cần làm")


def read_purpose(typed: str) -> str:
    if typed not in desk_search.PURPOSES:
        raise WrongInput("Chọn việc cần làm")
    return typed


@bp.route("/tim", methods=["GET", "POST"])
@open_to(*WORKERS_AT_DESK)
def search():
    form = SearchForm(purpose=desk_search.PURPOSES[0])
    if not form.validate_on_submit():
        page = render_template("desk/found_dossiers.html", search=form, found=None, purposes=desk_search.PURPOSES)
        return page, 422 if form.errors else 200
    found = desk_search.search(current_user.office, form.words.value)
    note_search(form.words.value, form.purpose.value, found)
    if found.is_certain:
        return go_on(".show_dossier", code=found.dossiers[0].code, vi=desk_search.PURPOSES.index(form.purpose.value))
    return go_on(".found_dossiers", sealed=seal(form.words.value, form.purpose.value))


@bp.get("/tim/<sealed>")
@open_to(*WORKERS_AT_DESK)
def found_dossiers(sealed: str):
    asked = opened(sealed)
    if asked is None:
        return redirect(url_for(".search"), 302)
    words, purpose = asked
    found = desk_search.search(current_user.office, words, request.args.get("trang", 1, type=int))
    note_search(words, purpose, found)
    return render_template(
        "desk/found_dossiers.html",
        search=SearchForm(formdata=None, words=words, purpose=purpose),
        found=found,
        sealed=sealed,
        purposes=desk_search.PURPOSES,
        names={person.id: person.full_name for person in assignments.colleagues(current_user.office)},
        steps=workflow.STEPS,
    )


def note_search(words: str, purpose: str, found: desk_search.Found) -> None:
    """Who looked for whom and why: of the words a mark, the same each time, that tells nothing (SECURITY §11)."""
    mark = person_key(f"search:{words.casefold()}")[:16]
    log_security("dossiers looked for", staff=current_user.id, who=mark, kind=found.kind, found=found.count, purpose=purpose)


def seal(words: str, purpose: str) -> str:
    """The search as its address holds it; only whoever asked can open it, for FOUND_IS_SHOWN."""
    said = json.dumps([current_user.id, int(utc_now().timestamp()), words, purpose], ensure_ascii=False)
    return seal_words(SealedField.sealer, said, SEARCH)


def opened(sealed: str) -> tuple[str, str] | None:
    """What was looked for and why; None for an address that is somebody else's, or of yesterday."""
    said = open_words(SealedField.sealer, sealed, SEARCH)
    if said is None:
        return None
    person, at, words, purpose = json.loads(said)
    is_fresh = utc_now() - datetime.fromtimestamp(at, UTC) < FOUND_IS_SHOWN
    return (words, purpose) if person == current_user.id and is_fresh else None


def _me() -> Staff:
    return current_user._get_current_object()

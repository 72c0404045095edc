"""The outreach log: a village head or officer notes a session by thumb, reads the village's notes, mends a slip."""

from flask import Blueprint, abort, g, render_template, request
from flask_login import current_user
from wtforms import SelectField, SelectMultipleField

from database import utc_now
from models import Campaign, OutreachNote, Staff
from rules import WrongInput, outreach
from rules.outreach import WRITERS, Session
from rules.paging import pages_of
from rules.vietnamese import show_day
from views.access import open_to
from views.answering import go_on
from views.desk import MoveForm, bare_key
from views.forms import ReadField
from views.walk import today

bp = Blueprint("outreach", __name__, url_prefix="/mot-cua/nhat-ky")

A_PAGE = 15
LONGEST_GUIDE = 26  # letters: of eight boxes each takes one line on a phone


@bp.before_request
def refuse_others() -> None:
    """Whoever works for another commune finds none of these pages; nor does a head who has no village (SECURITY §5)."""
    if current_user.role in WRITERS and not outreach.may_enter(me(), g.library.site.codes.agency):
        abort(404)


def me() -> Staff:
    return current_user._get_current_object()


def short_guides() -> list[tuple[str, str]]:
    """(slug, a title of a few words), in the order of the guides."""
    return [(slug, shortened(guide.title)) for slug, guide in g.library.guides.items()]


def shortened(title: str) -> str:
    return title if len(title) <= LONGEST_GUIDE else title[:LONGEST_GUIDE].rpartition(" ")[0] + "…"


# --- noting a session ------------------------------------------------------------------------------------------------


class NoteForm(MoveForm):
    village = SelectField("Thôn, làng", choices=[], validate_choice=False)
    day = ReadField("Ngày", lambda text: outreach.read_session_day(text, today()), "Nhập ngày")
    place = ReadField("Ở đâu", outreach.read_place, "Nhập nơi gặp, ví dụ Nhà rông")
    reached = ReadField("Mấy người nghe", outreach.read_people, "Nhập số người")
    guides = SelectMultipleField("Đã chỉ", choices=[], validate_choice=False)
    questions = ReadField("Bà con hỏi gì", outreach.read_questions, hint="Mỗi câu một dòng. Không có thì để trống.")
    campaign = SelectField("Việc xã giao", choices=[], validate_choice=False)

    def session(self, also: Campaign | None = None) -> Session:
        offered = {one.ref: one for one in outreach.offered_campaigns(today(), also)}
        return Session(
            village=outreach.village_of(me()) or self.village.data or "",
            day=self.day.value,
            place=self.place.value,
            reached=self.reached.value,
            guides=tuple(slug for slug in g.library.guides if slug in (self.guides.data or ())),
            questions=self.questions.value,
            campaign=offered.get(self.campaign.data or ""),
        )


def wrong_place(form: NoteForm, fault: WrongInput) -> None:
    """What the rule has to say stands beside the field that it is about."""
    field = form.village if isinstance(fault, outreach.WrongVillage) else form.day
    field.errors = [str(fault)]


@bp.route("/", methods=["GET", "POST"])
@open_to(*WRITERS)
def note():
    """The form first: whoever stands among people has half a minute."""
    form = NoteForm()
    if not form.is_submitted():
        asked = {"village": request.args.get("lang", ""), "campaign": request.args.get("viec", "")}
        return show_form(NoteForm(formdata=None, day=show_day(today()), place=request.args.get("noi", ""), **asked))
    if not form.validate():
        return show_form(form)
    try:
        session = form.session()
        outreach.note_session(session, me(), g.library.villages(), utc_now(), bare_key(form))
    except WrongInput as fault:
        wrong_place(form, fault)
        return show_form(form)
    return go_on(".notes", da="da-ghi", **{} if outreach.village_of(me()) else {"lang": session.village})


def show_form(form: NoteForm, changed: OutreachNote | None = None, fault: str = ""):
    own = outreach.village_of(me())
    page = render_template(
        "outreach/note.html",
        form=form,
        changed=changed,
        fault=fault,
        own=own,
        villages=g.library.villages(),
        guides=short_guides(),
        places=outreach.known_places(own or form.village.data or ""),
        campaigns=outreach.offered_campaigns(today(), changed and changed.campaign),
    )
    return page, 422 if form.errors or fault else 200


# --- what was noted --------------------------------------------------------------------------------------------------


@bp.get("/da-ghi")
@open_to(*WRITERS)
def notes():
    return show_notes()


def asked_village() -> str:
    """The head's own; or the one asked for, where it is one of the commune's."""
    asked = request.args.get("lang", "")
    return outreach.village_of(me()) or (asked if asked in g.library.villages() else "")


def show_notes(fault: str = "", status: int = 200):
    now, village = utc_now(), asked_village()
    found = outreach.notes_shown(me(), now, village)
    page, pages = pages_of(found.count(), A_PAGE, request.args.get("trang", 1, type=int))
    html = render_template(
        "outreach/notes.html",
        notes=list(found.paginate(page, A_PAGE)),
        may_change=lambda note: outreach.may_change(note, me(), now),
        numbers={slug: guide.number for slug, guide in g.library.guides.items()},
        village=village,
        own=outreach.village_of(me()),
        villages=g.library.villages(),
        page=page,
        pages=pages,
        form=MoveForm(formdata=None),
        fault=fault,
    )
    return html, status


def note_of_mine(note_ref: str) -> OutreachNote:
    """What I wrote within the week; of anybody else's there is no such page."""
    return outreach.own_note(note_ref, me(), utc_now()) or abort(404)


@bp.route("/<note_ref>/sua", methods=["GET", "POST"])
@open_to(*WRITERS)
def change(note_ref: str):
    note, form = note_of_mine(note_ref), NoteForm()
    if not form.is_submitted():
        return show_form(form_of(note), note)
    if not form.validate():
        return show_form(form, note)
    try:
        outreach.change_note(note, form.session(note.campaign), me(), g.library.villages(), utc_now())
    except WrongInput as fault:
        if note.dropped_at:
            return show_form(form, note, str(fault))
        wrong_place(form, fault)
        return show_form(form, note)
    return back_to_list("luu")


def form_of(note: OutreachNote) -> NoteForm:
    known = {"village": note.village, "day": show_day(note.day), "place": note.place, "reached": str(note.reached)}
    known |= {"guides": note.guides, "questions": note.questions, "campaign": note.campaign.ref if note.campaign else ""}
    return NoteForm(formdata=None, **known)


def back_to_list(done: str):
    return go_on(".notes", da=done, lang=request.args.get("lang") or None)


@bp.post("/<note_ref>/bo")
@open_to(*WRITERS)
def drop(note_ref: str):
    return act(note_ref, lambda note: outreach.drop_note(note, utc_now()), "bo-buoi")


@bp.post("/<note_ref>/lay-lai")
@open_to(*WRITERS)
def take_back(note_ref: str):
    return act(note_ref, outreach.take_back, "lay-lai-buoi")


def act(note_ref: str, do, done: str):
    note, form = note_of_mine(note_ref), MoveForm()
    if not form.validate():
        return show_notes(form.problems()[0][1], 422)
    do(note)
    return back_to_list(done)

"""The desk's room of loudspeakers: what is read aloud, where and when; the timetable, and that it was read."""

from datetime import datetime, time

from flask import Blueprint, abort, g, render_template, request
from flask_login import current_user
from wtforms import SelectField, SelectMultipleField

from database import utc_now
from models import Broadcast, Staff
from rules import WrongInput, broadcasts, loudspeaker
from rules.content import Announcement
from rules.loudspeaker import LANGUAGES
from rules.vietnamese import VIETNAM_TIME, ascii_digits, fold, in_vietnam, read_day
from views.access import only_of_this_commune, open_to
from views.answering import go_on
from views.desk import MoveForm
from views.forms import ReadField
from views.preview import EDITORS

bp = Blueprint("loudspeakers", __name__, url_prefix="/mot-cua/loa")

READERS = (*EDITORS, "village_head")


bp.before_request(only_of_this_commune(*READERS))


def me() -> Staff:
    return current_user._get_current_object()


def own_village() -> str:
    """Village heads read and write for their own village alone; "" means all of them."""
    return current_user.village if current_user.role == "village_head" else ""


def announcement_of(slug: str) -> Announcement:
    return g.library.announcements.get(slug) or abort(404)


def read_clock(typed: str) -> time:
    """An hour as people type it: 6:30, 6h30, 6 giờ 30, 18h. Raises WrongInput."""
    text = ascii_digits(fold(typed)).replace("gio", "h").replace("g", "h").replace("phut", "").replace(" ", "")
    hour, _, minute = text.replace("h", ":").replace(".", ":").partition(":")
    try:
        return time(int(hour), int(minute or 0))
    except ValueError as fault:
        raise WrongInput("Nhập giờ phát, ví dụ 6:30") from fault


class PlanForm(MoveForm):
    day = ReadField("Ngày phát", read_day, "Nhập ngày phát")
    clock = ReadField("Giờ phát", read_clock, "Nhập giờ phát, ví dụ 6:30")
    language = SelectField("Tiếng", choices=list(LANGUAGES), validate_choice=False)
    villages = SelectMultipleField("Thôn, làng", choices=[], validate_choice=False)


@bp.get("/")
@open_to(*READERS)
def timetable():
    return show_timetable()


def show_timetable(fault: str = "", status: int = 200):
    now, village = utc_now(), own_village()
    page = render_template(
        "loudspeaker/timetable.html",
        waiting=broadcasts.timetable(now, village),
        read=broadcasts.lately_read(now, village),
        village=village,
        languages=LANGUAGES,
        may_plan=broadcasts.may_plan(current_user.role),
        announcements=[one for one in g.library.announcements.values() if one.scripts.vi],
        form=MoveForm(formdata=None),
        fault=fault,
    )
    return page, status


@bp.get("/<slug>")
@open_to(*READERS)
def script(slug: str):
    found = announcement_of(slug)
    village = own_village()
    chosen = found.villages or g.library.villages()
    form = PlanForm(formdata=None, day=in_vietnam(utc_now()).strftime("%d/%m/%Y"), villages=[village] if village else chosen)
    return show_script(found, form)


def show_script(found: Announcement, form: PlanForm, status: int = 200):
    village = own_village()
    planned = [one for one in broadcasts.of_announcement(found.slug) if village in ("", one.village)]
    page = render_template(
        "loudspeaker/script.html",
        announcement=found,
        scripts={language: loudspeaker.read(text, g.library.site.loudspeaker_rate) for language, text in texts_of(found).items()},
        texts=texts_of(found),
        languages=LANGUAGES,
        longest=loudspeaker.LONGEST_SENTENCE,
        planned=planned,
        villages=g.library.villages(),
        form=form,
        may_plan=broadcasts.may_plan(current_user.role),
    )
    return page, status


def texts_of(found: Announcement) -> dict[str, str]:
    return {language: getattr(found.scripts, language) for language in LANGUAGES}


@bp.post("/<slug>/lich")
@open_to(*EDITORS)
def plan(slug: str):
    found, form = announcement_of(slug), PlanForm()
    if not form.validate():
        return show_script(found, form, 422)
    moment = datetime.combine(form.day.value, form.clock.value, VIETNAM_TIME)
    known = g.library.villages()
    try:
        wanted = [name for name in form.villages.data or [] if name in known]
        broadcasts.plan(found, wanted, form.language.data, moment, me(), utc_now(), form.form_key.data[:64])
    except WrongInput as fault:
        form.day.errors = [str(fault)]
        return show_script(found, form, 422)
    return go_on(".script", slug=slug, da="xep-loa")


@bp.get("/<slug>/in")
@open_to(*READERS)
def print_script(slug: str):
    """In letters large enough to read aloud from, by the light there is."""
    found, language = announcement_of(slug), request.args.get("tieng", "vi")
    text = texts_of(found).get(language) or abort(404)
    return render_template(
        "loudspeaker/print.html",
        announcement=found,
        language=LANGUAGES[language],
        script=loudspeaker.read(text, g.library.site.loudspeaker_rate),
        text=text,
    )


def broadcast_of(ref: str) -> Broadcast:
    return broadcasts.find(ref, own_village()) or abort(404)


@bp.post("/lich/<ref>/da-phat")
@open_to(*READERS)
def mark_read(ref: str):
    return change(ref, lambda one: broadcasts.mark_read(one, me(), utc_now()), "da-phat")


@bp.post("/lich/<ref>/chua-phat")
@open_to(*READERS)
def mark_not_read(ref: str):
    return change(ref, lambda one: broadcasts.mark_not_read(one, me()), "chua-phat")


@bp.post("/lich/<ref>/bo")
@open_to(*EDITORS)
def drop(ref: str):
    return change(ref, lambda one: broadcasts.drop(one, utc_now()), "bo-loa")


def change(ref: str, act, done: str):
    broadcast, form = broadcast_of(ref), MoveForm()
    if not form.validate():
        return show_timetable(form.problems()[0][1], 422)
    try:
        act(broadcast)
    except WrongInput as fault:
        return show_timetable(str(fault), 409)
    return go_on(".timetable", da=done)

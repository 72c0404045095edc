"""The desk, what comes after submitting: ask for more, tick what is brought, read what was corrected, how people rate it."""

from datetime import date

from flask import Blueprint, abort, current_app, g, render_template, request
from flask_login import current_user
from wtforms import StringField

from database import utc_now
from models import Dossier, DossierVersion, SupplementItem
from rules import WrongInput, corrections, desk, later_papers, paper_checks, ratings, supplements
from rules.paper_checks import Checked
from rules.vietnamese import clean_text, in_vietnam, read_day, show_day
from rules.workflow import MoveRefused
from views.access import open_to
from views.answering import go_on
from views.desk import WORKERS_AT_DESK, MoveForm, dossier_of_my_office, key_of, link_to, show, tell_owner
from views.forms import ReadField
from views.openings import mark_of_opening
from views.visits import log_security

bp = Blueprint("desk_dossiers", __name__, url_prefix="/mot-cua")


# --- asking for more -------------------------------------------------------------------------------------------------


class SupplementForm(MoveForm):
    """A box and a reason for each of the procedure's papers stand beside these in the page, by the paper's key."""

    other = ReadField("Giấy khác, hoặc chỗ cần sửa", lambda text: clean_text(text, 200))
    other_reason = ReadField("Lý do", lambda text: clean_text(text, 300))
    due_on = ReadField("Hạn bổ sung", read_day, "Nhập hạn bổ sung", hint="Ví dụ: 5/12/2026")
    note = ReadField("Dặn thêm (không bắt buộc)", lambda text: clean_text(text, 500, lines=True))


@bp.route("/ho-so/<code>/bo-sung", methods=["GET", "POST"])
@open_to("officer")
def ask_supplement(code: str):
    """Ask for everything at once: what was found lacking when the papers were looked at stands there already."""
    dossier = dossier_of_my_office(code)
    found, sheet = found_lacking(dossier)
    form = SupplementForm(due_on=show_day(supplements.usual_last_day(utc_now(), g.library.calendar)), **found)
    if not form.validate_on_submit():
        return show_asking(dossier, form, [], sheet)
    try:
        asked = read_asked(sheet, form)
        key, link = key_of(form, dossier), link_to(dossier)
        supplements.ask(dossier, asked, form.due_on.value, _me(), utc_now(), g.library.calendar, form.note.value, key, link)
    except WrongInput as fault:
        return show_asking(dossier, form, [("", str(fault))], sheet)
    except MoveRefused as refusal:
        return show(dossier_of_my_office(code), MoveForm(formdata=None), str(refusal), 409)
    current_app.extensions["mail_soon"]()
    return go_on("desk.show_dossier", code=code, da="da-yeu-cau")


def found_lacking(dossier: Dossier) -> tuple[dict[str, str], list[Checked]]:
    """What is asked for besides the procedure's papers, if that was found lacking, by its field; and the procedure's own."""
    sheet = paper_checks.sheet(dossier)
    besides = next((one for one in paper_checks.lacking(sheet) if one.key == supplements.OTHER), None)
    found = {"other": besides.name, "other_reason": besides.check.reason} if besides else {}
    return found, [one for one in sheet if one.key != supplements.OTHER]


def read_asked(sheet: list[Checked], form: SupplementForm) -> list[supplements.Asked]:
    """What was ticked, each with its reason. Raises WrongInput for one without."""
    asked = []
    for one in sheet:
        if one.key in request.form.getlist("ask"):
            reason = clean_text(request.form.get(f"why-{one.key}", "").strip(), 300)
            asked.append(supplements.Asked(one.key, one.name, reason))
    if form.other.value:
        asked.append(supplements.Asked("", form.other.value, form.other_reason.value))
    for one in asked:
        if not one.reason:
            raise WrongInput(f"Ghi lý do cần: {one.name}")
    return asked


def show_asking(dossier: Dossier, form: SupplementForm, faults: list[tuple[str, str]], sheet: list[Checked]):
    faults, library = form.problems() + faults, g.library
    lacking = {one.key: one.check.reason for one in paper_checks.lacking(sheet)}
    typed = {one.key: request.form.get(f"why-{one.key}", "") for one in sheet}
    own = {one.key: library.reasons.of_paper(one.key, dossier.procedure_slug) for one in sheet}
    page = render_template(
        "desk/ask_supplement.html",
        dossier=dossier,
        form=form,
        faults=faults,
        sheet=sheet,
        ticked=request.form.getlist("ask") if form.is_submitted() else lacking,
        reasons=typed if form.is_submitted() else lacking,
        phrases=library.reasons.of_paper("", dossier.procedure_slug),
        own_phrases={key: phrases for key, phrases in own.items() if key in library.reasons.by_document},
        rounds=[(asked, supplements.items_of(asked)) for asked in supplements.rounds(dossier)],
    )
    return page, 422 if faults else 200


# --- what is brought -------------------------------------------------------------------------------------------------


class TickForm(MoveForm):
    reason = StringField("Lý do không cần nữa")


@bp.post("/ho-so/<code>/giay-mang-den/<int:later_id>")
@open_to("officer")
def tick_paper(code: str, later_id: int):
    """A paper that was promised when submitting lies on the desk, or is not needed after all."""
    dossier, by, now = dossier_of_my_office(code), _me(), utc_now()
    return tick(
        dossier,
        lambda key: later_papers.receive(dossier, later_id, by, now, key),
        lambda reason, key: later_papers.waive(dossier, later_id, reason, by, now, key),
    )


@bp.post("/ho-so/<code>/muc-bo-sung/<int:item_id>")
@open_to("officer")
def tick_item(code: str, item_id: int):
    """What the desk asked for on top lies on the desk, or is not needed after all."""
    dossier, by, now, calendar = dossier_of_my_office(code), _me(), utc_now(), g.library.calendar
    item = SupplementItem.get_or_none(SupplementItem.id == item_id)
    if item is None or item.request.dossier_id != dossier.id:
        abort(404)
    return tick(
        dossier,
        lambda key: supplements.receive(dossier, item_id, by, now, calendar, key),
        lambda reason, key: supplements.waive(dossier, item_id, reason, by, now, calendar, key),
    )


def tick(dossier: Dossier, receive, waive):
    form = TickForm()
    if not form.validate():
        return show(dossier, MoveForm(formdata=None), form.problems()[0][1], 422)
    key = key_of(form, dossier)
    try:
        if "waive" in request.form:
            waive(clean_text((form.reason.data or "").strip(), 300), key)
        else:
            receive(key)
    except WrongInput as fault:
        return show(dossier, MoveForm(formdata=None), str(fault), 422)
    except MoveRefused as refusal:
        return show(dossier_of_my_office(dossier.code), MoveForm(formdata=None), str(refusal), 409)
    current_app.extensions["mail_soon"]()
    return go_on("desk.show_dossier", code=dossier.code, da="da-ghi")


# --- what it said before ---------------------------------------------------------------------------------------------


@bp.get("/ho-so/<code>/ban-truoc/<int:version_id>")
@open_to(*WORKERS_AT_DESK)
def show_version(code: str, version_id: int):
    """The dossier as it was before its submitter corrected it."""
    dossier = dossier_of_my_office(code)
    version = DossierVersion.get_or_none(DossierVersion.id == version_id, DossierVersion.dossier == dossier) or abort(404)
    log_security("dossier opened", staff=current_user.id, dossier=dossier.code, version=version.id, purpose="queue")
    tell_owner(dossier, "dossier opened", dossier.code)
    dossier.answers, dossier.delivery = version.answers, version.delivery  # in hand only: never saved
    return render_template(
        "desk/show_version.html",
        dossier=dossier,
        version=version,
        pages=desk.answers_shown(dossier, utc_now()),
        papers=corrections.papers_of_version(version),
        mark=mark_of_opening(dossier),
        documents={d["key"]: d["name"] for d in dossier.procedure["documents"]},
    )


# --- how people rate it ----------------------------------------------------------------------------------------------


@bp.get("/danh-gia")
@open_to("leader")
def rated():
    first = month_asked_for(in_vietnam(utc_now()).date())
    return render_template(
        "desk/rated.html",
        month=ratings.month_of(current_user.office, first),
        scores=ratings.SCORES,
        least=ratings.LEAST_SHOWN,
        before=ratings.month_before(first),
        after=ratings.next_month(first),
    )


def month_asked_for(today: date) -> date:
    """The first day of the month in the address, or of this one."""
    try:
        asked = date.fromisoformat(request.args.get("thang", "") + "-01")
    except ValueError:
        return today.replace(day=1)
    return asked if 2020 <= asked.year <= today.year + 1 else today.replace(day=1)


def _me():
    return current_user._get_current_object()

"""The desk looks at papers: small pictures beside the dossier, and each document large, side by side with the answers."""

from flask import Blueprint, Response, abort, current_app, g, render_template
from flask_login import current_user
from wtforms import HiddenField, StringField

from database import utc_now
from gateways.papers import in_a_child
from gateways.pictures import small_picture
from models import Dossier
from rules import WrongInput, desk, paper_checks
from rules.paper_checks import Checked
from rules.vietnamese import clean_text
from rules.workflow import MoveRefused
from views.access import open_to
from views.answering import go_on
from views.desk import (
    WORKERS_AT_DESK,
    MoveForm,
    ReasonField,
    dossier_of_my_office,
    note_opening,
    paper_of_my_office,
    tell_owner,
)
from views.files import SANDBOX, send_kept
from views.openings import is_part_of_opening, mark_of_opening
from views.visits import log_security

bp = Blueprint("paper_checks", __name__, url_prefix="/mot-cua")

# What whoever the dossier is about reads in “Ai đã xem”.
PURPOSE = "kiểm tra giấy tờ"


# --- pictures --------------------------------------------------------------------------------------------------------


@bp.get("/ho-so/<code>/giay/<int:paper_id>/nho")
@open_to(*WORKERS_AT_DESK)
def small_paper(code: str, paper_id: int):
    """A picture of a few thousand bytes, made when asked for; of a PDF a mark with the number of its pages."""
    dossier, paper = paper_of_my_office(code, paper_id)
    if not is_part_of_opening(dossier):
        note_opening(dossier, paper)
    data = current_app.extensions["files"].read(paper.stored_name)
    if paper.media_type != "application/pdf":
        return Response(small_picture(data), mimetype="image/jpeg", headers={"Content-Security-Policy": SANDBOX})
    mark = render_template("desk/pdf_mark.svg", pages=count_pages(data))
    return Response(mark, mimetype="image/svg+xml", headers={"Content-Security-Policy": SANDBOX})


def count_pages(data: bytes) -> int | None:
    """Of a PDF, read in a process of its own; None when it cannot be read any more."""
    found, _ = in_a_child("application/pdf", data)
    return found.get("pages")


@bp.get("/ho-so/<code>/giay/<int:paper_id>/lon")
@open_to(*WORKERS_AT_DESK)
def large_paper(code: str, paper_id: int):
    """The photo as it stands large on the page of its document."""
    dossier, paper = paper_of_my_office(code, paper_id)
    if not is_part_of_opening(dossier, paper.document_key):
        note_opening(dossier, paper)
    return send_kept(paper.stored_name, paper.media_type, paper.document_key)


# --- one document ----------------------------------------------------------------------------------------------------


class CheckForm(MoveForm):
    verdict = StringField("Giấy này thế nào?")
    reason = ReasonField("Viết thêm, hoặc viết lý do khác", lambda text: clean_text(text, paper_checks.MOST_REASON))
    seen = HiddenField()


@bp.get("/ho-so/<code>/kiem-tra/<key>")
@open_to(*WORKERS_AT_DESK)
def show_check(code: str, key: str):
    dossier = dossier_of_my_office(code)
    return show(dossier, document_of(dossier, key))


@bp.post("/ho-so/<code>/kiem-tra/<key>")
@open_to(*paper_checks.WHO_CHECKS)
def check_paper(code: str, key: str):
    """Write down what was found, and go on to the next document nobody has looked at."""
    dossier, form = dossier_of_my_office(code), CheckForm()
    one = document_of(dossier, key)
    if not form.validate():
        return show(dossier, one, form, 422)
    said = form.verdict.data or "", form.reason.value, form.seen.data or ""
    try:
        paper_checks.record(dossier, key, *said, current_user._get_current_object(), utc_now())
    except WrongInput as fault:
        field = form.verdict if said[0] not in paper_checks.VERDICTS else form.reason
        field.errors = [str(fault)]
        return show(dossier, one, form, 422)
    except MoveRefused as refusal:
        # What is there now, with what was chosen: `seen` is new, so the next press is about what stands on the page.
        form.seen.data = None
        return show(dossier, document_of(dossier, key), form, 409, str(refusal))
    following = paper_checks.next_to_check(paper_checks.sheet(dossier), after=key)
    if following is None:
        return go_on("desk.show_dossier", code=code, da="het-giay")
    return go_on("paper_checks.show_check", code=code, key=following.key, da="da-ghi")


def document_of(dossier: Dossier, key: str) -> Checked:
    return paper_checks.find(dossier, key) or abort(404)


def show(dossier: Dossier, one: Checked, form: CheckForm | None = None, status: int = 200, refusal: str = ""):
    note_looking(dossier, one)
    before = one.check or one.overtaken
    if form is None:
        form = CheckForm(formdata=None, reason=before.reason if before else "", verdict=one.check.verdict if one.check else "")
    page = render_template(
        "desk/check_paper.html",
        dossier=dossier,
        one=one,
        before=before,
        form=form,
        faults=form.problems() + ([("", refusal)] if refusal else []),
        sheet=paper_checks.sheet(dossier),
        verdicts=paper_checks.VERDICTS,
        may_check=paper_checks.may_check(dossier, current_user),
        phrases=g.library.reasons.of_paper(one.key, dossier.procedure_slug),
        pages=desk.answers_shown(dossier, utc_now()),
        mark=mark_of_opening(dossier, one.key),
    )
    return page, status


def note_looking(dossier: Dossier, one: Checked) -> None:
    """Who looked at which document, and what for: one line for all its photos; without any, at what was answered."""
    if not one.papers:
        log_security("dossier opened", staff=current_user.id, dossier=dossier.code, document=one.key, purpose="check")
        tell_owner(dossier, "dossier opened", dossier.code, PURPOSE)
        return
    papers = [paper.id for paper in one.papers]
    log_security("paper opened", staff=current_user.id, dossier=dossier.code, papers=papers, document=one.key, purpose="check")
    photos = f" ({len(papers)} ảnh)" if len(papers) > 1 else ""
    tell_owner(dossier, "paper opened", f"{one.name[:200]}{photos}, {dossier.code}", PURPOSE)

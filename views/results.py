"""The desk, the result: its file, and returning it at the counter, by post or online."""

from flask import Blueprint, abort, current_app, g, render_template, request
from flask_login import current_user
from wtforms import RadioField

from database import utc_now
from gateways.papers import PaperRefused
from gateways.signatures import read_result
from models import Dossier, State
from rules import WrongInput, results
from rules.identity import read_person_name
from rules.vietnamese import clean_text
from rules.workflow import MoveRefused
from views import desk
from views.access import open_to
from views.answering import go_on
from views.desk import WORKERS_AT_DESK, MoveForm, dossier_of_my_office, key_of, link_to, show, tell_owner
from views.files import send_kept
from views.forms import ReadField
from views.guards import takes_uploads
from views.visits import log_security

bp = Blueprint("desk_results", __name__, url_prefix="/mot-cua/ho-so/<code>")

CHOOSE_FIRST = "Bấm Chọn tệp, chọn tệp kết quả, rồi bấm Đưa kết quả lên"


# --- the file --------------------------------------------------------------------------------------------------------


@bp.route("/dua-ket-qua", methods=["GET", "POST"])
@open_to("officer", "specialist")
@takes_uploads
def add(code: str):
    """Put the result on the site, or another in place of a wrong one."""
    dossier, form, fault = dossier_of_my_office(code), MoveForm(), ""
    if form.validate_on_submit():
        try:
            event = keep(dossier, form)
        except (PaperRefused, WrongInput) as refusal:
            fault = str(refusal)
        except MoveRefused as refusal:
            return show(dossier_of_my_office(code), MoveForm(formdata=None), str(refusal), 409)
        else:
            current_app.extensions["mail_soon"]()
            return go_on("desk.show_dossier", code=code, da="dua-ket-qua" if event else "da-co")
    faults = form.problems() + ([("file", fault)] if fault else [])
    page = render_template(
        "results/add.html", dossier=dossier, form=form, faults=faults, fault=fault, now_kept=results.current(dossier)
    )
    return page, 422 if faults else 200


def keep(dossier: Dossier, form: MoveForm):
    """Raises WrongInput without a file, PaperRefused for one that is not taken."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise WrongInput(CHOOSE_FIRST)
    paper = read_result(sent.read(), sent.filename)
    return results.add(dossier, paper, current_app.extensions["files"], _me(), utc_now(), key_of(form, dossier))


@bp.get("/ket-qua/<int:result_id>")
@open_to(*WORKERS_AT_DESK)
def open_result(code: str, result_id: int):
    """The file as it came, also one that was replaced; the opening is written down."""
    dossier = dossier_of_my_office(code)
    found = results.file_of(dossier, result_id) or abort(404)
    log_security("result opened", staff=current_user.id, dossier=dossier.code, result=found.id, purpose="queue")
    tell_owner(dossier, "paper opened", f"kết quả, {dossier.code}")
    return send_kept(found.stored_name, found.media_type, f"ket-qua-{dossier.code}")


# --- returning it ----------------------------------------------------------------------------------------------------


class ReturnForm(MoveForm):
    way = RadioField("Trả bằng cách nào", choices=[])
    receiver = ReadField("Người nhận", read_person_name)
    paper_seen = ReadField(
        "Giấy đã xem, khi người khác nhận thay",
        lambda text: clean_text(text, 200),
        hint="Ví dụ: giấy ủy quyền số 12/2026, giấy giới thiệu. Chủ hồ sơ nhận thì để trống.",
    )


@bp.route("/tra-ket-qua", methods=["GET", "POST"])
@open_to("officer")
def give(code: str):
    """Who received it is named; that closes the dossier."""
    dossier = dossier_of_my_office(code)
    ways = results.ways_open(dossier)
    form = ReturnForm(way=ways[0], receiver=dossier.owner_name)
    # The name stands there ready, spelt as in the dossier: a business has signs in its name that a person has not.
    form.receiver.read = lambda typed: typed if typed == dossier.owner_name else read_person_name(typed)
    form.way.choices = [(way, results.WAYS[way]) for way in results.WAYS]
    fault = ""
    if form.validate_on_submit():
        try:
            make_return(dossier, form)
        except WrongInput as refusal:
            fault = str(refusal)
        except MoveRefused as refusal:
            return show(dossier_of_my_office(code), MoveForm(formdata=None), str(refusal), 409)
        else:
            current_app.extensions["mail_soon"]()
            return go_on("desk.show_dossier", code=code, da="da-tra")
    if not form.is_submitted() and dossier.state is not State.DONE:
        return show(dossier, MoveForm(formdata=None), "Chưa có kết quả để trả, hoặc đã trả rồi.", 409)
    at = "paper_seen" if form.receiver.data and fault else "receiver"
    page = render_template(
        "results/give.html",
        dossier=dossier,
        form=form,
        fault=fault,
        at=at,
        faults=form.problems() + ([(at, fault)] if fault else []),
        ways=[(way, results.WAYS[way]) for way in ways],
        result=results.current(dossier),
    )
    return page, 422 if form.errors or fault else 200


def make_return(dossier: Dossier, form: ReturnForm):
    key, link = key_of(form, dossier), link_to(dossier)
    said = form.way.data, form.receiver.value, form.paper_seen.value
    return results.give(dossier, *said, _me(), utc_now(), g.library.calendar, key, link)


def _me():
    return current_user._get_current_object()


# --- beside the dossier ----------------------------------------------------------------------------------------------


def gather(dossier: Dossier) -> dict:
    files = results.all_of(dossier)
    return {
        "file": next((one for one in files if one.replaced_at is None), None),
        "earlier": [one for one in files if one.replaced_at],
        "may_add": results.may_add(dossier),
        "given": results.return_of(dossier) if dossier.state is State.RETURNED else None,
        "ways": results.WAYS,
    }


desk.add_panel(30, "desk/_result.html", gather)
desk.PAGES_OF_MOVES["give_result"] = "desk_results.give"

"""The desk, moves with a page of their own: undo a slip of the hand, hand a dossier over to another office or agency."""

from flask import Blueprint, current_app, g, render_template, request
from flask_login import current_user
from wtforms import SelectField

from database import utc_now
from models import Dossier
from rules import WrongInput, transfers, workflow
from rules.vietnamese import clean_text
from rules.workflow import MoveRefused
from views import desk
from views.access import open_to
from views.answering import go_on
from views.desk import WORKERS_AT_DESK, MoveForm, bare_key, dossier_of_my_office, key_of, link_to, show
from views.forms import ReadField

bp = Blueprint("desk_moves", __name__, url_prefix="/mot-cua")

desk.PAGES_OF_MOVES["send_elsewhere"] = "desk_moves.transfer"


# --- undoing ---------------------------------------------------------------------------------------------------------


@bp.post("/ho-so/<code>/hoan-tac")
@open_to(*WORKERS_AT_DESK)
def undo(code: str):
    dossier, form = dossier_of_my_office(code), MoveForm()
    if not form.validate():
        return show(dossier, MoveForm(formdata=None), form.problems()[0][1], 422)
    event_id = request.form.get("event", 0, type=int)
    try:
        workflow.undo(dossier, event_id, _me(), utc_now(), key_of(form, dossier))
    except MoveRefused as refusal:
        return show(dossier_of_my_office(code), MoveForm(formdata=None), str(refusal), 409)
    current_app.extensions["mail_soon"]()
    return go_on("desk.show_dossier", code=code, da="hoan-tac")


# --- to another office -----------------------------------------------------------------------------------------------


class TransferForm(MoveForm):
    to = SelectField("Chuyển đến", validate_choice=False)
    reason = ReadField(
        "Lý do chuyển",
        lambda text: clean_text(text, transfers.LONGEST_REASON, lines=True),
        "Nhập lý do chuyển",
        hint="Người nộp đọc được khi đăng nhập. Ví dụ: Đất ở xã khác, do xã đó giải quyết.",
    )


@bp.route("/ho-so/<code>/chuyen-co-quan", methods=["GET", "POST"])
@open_to("officer", "specialist")
def transfer(code: str):
    """Hand the dossier over, so that its submitter need not begin anew there."""
    form = TransferForm()
    if form.is_submitted() and transfers.is_given_away(code, current_user.office, bare_key(form)):
        return go_on(".given_away", da="da-chuyen")  # the same form again: it is not ours to open any more
    dossier = dossier_of_my_office(code)
    to_whom = {one.code: one for one in transfers.agencies(g.library.site, current_user.office)}
    form.to.choices = [("", "Chọn cơ quan"), *((one.code, f"{one.name} ({one.code})") for one in to_whom.values())]
    if form.validate_on_submit() and form.to.data not in to_whom:
        form.to.errors = ["Chọn cơ quan nhận hồ sơ"]
    if not form.is_submitted() or form.errors:
        page = render_template("desk/transfer.html", dossier=dossier, form=form, may_go=transfers.may_go(dossier))
        return page, 422 if form.errors else 200
    try:
        transfers.hand_over(
            dossier,
            to_whom[form.to.data],
            form.reason.value,
            _me(),
            utc_now(),
            g.library.calendar,
            key_of(form, dossier),
            link_to(dossier),
        )
    except MoveRefused as refusal:
        return show(dossier_of_my_office(code), MoveForm(formdata=None), str(refusal), 409)
    current_app.extensions["mail_soon"]()
    if to_whom[form.to.data].is_ours:  # it is not ours to open any more
        return go_on(".given_away", da="da-chuyen")
    return go_on("desk.show_dossier", code=code, da="da-chuyen")


@bp.get("/da-chuyen")
@open_to(*WORKERS_AT_DESK)
def given_away():
    return render_template("desk/given_away.html", transfers=transfers.given_away(current_user.office))


# --- what it is called there -----------------------------------------------------------------------------------------


class CodeForm(MoveForm):
    code = ReadField("Mã ở cơ quan khác", lambda text: clean_text(text, 60), "Nhập mã hồ sơ của cơ quan kia")
    whose = ReadField("Cơ quan", lambda text: clean_text(text, 200))


@bp.post("/ho-so/<code>/ma-khac")
@open_to("officer", "specialist")
def note_code(code: str):
    dossier, form = dossier_of_my_office(code), CodeForm()
    if not form.validate():
        return show(dossier, MoveForm(formdata=None), form.problems()[0][1], 422)
    try:
        transfers.note_code(dossier, form.code.value, form.whose.value)
    except WrongInput as fault:
        return show(dossier, MoveForm(formdata=None), str(fault), 422)
    return go_on("desk.show_dossier", code=code, da="da-ghi")


def transfers_of(dossier: Dossier) -> dict:
    return {
        "transfers": transfers.of_dossier(dossier),
        "codes": transfers.codes_of(dossier),
        "may_note": current_user.role in ("officer", "specialist"),
        "typed": request.form.get("code", "") if request.endpoint == "desk_moves.note_code" else "",
    }


desk.add_panel(20, "desk/_transfers.html", transfers_of)


def _me():
    return current_user._get_current_object()

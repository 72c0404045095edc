"""The desk, first room: log in, the queue, one dossier, accept, refuse."""

import re
import secrets

from flask import Blueprint, abort, g, render_template, request, session
from flask_login import current_user
from wtforms import HiddenField

from database import utc_now
from models import Dossier, Paper
from rules import WrongInput, account_log, businesses, desk, submission, workflow
from rules import staff as staff_rules
from rules.logins import LoginRefused
from rules.masking import mask_id_number
from rules.vietnamese import clean_text
from rules.workflow import MoveRefused
from views.access import open_to
from views.answering import go_on
from views.files import send_kept
from views.forms import Form, ReadField, SecretField
from views.staff_login import go_to_step, next_step
from views.visits import client_address, log_security

bp = Blueprint("desk", __name__, url_prefix="/mot-cua")

DIGITS = re.compile(r"\d{6,}")
WORKERS_AT_DESK = ("officer", "specialist", "leader")


# In the desk's words; one sentence for all, so that nothing can be learnt.
WRONG_LOGIN = "Tên đăng nhập hoặc mật khẩu chưa đúng, hoặc tài khoản chưa được duyệt. Xem lại rồi bấm Đăng nhập."


class StaffLoginForm(Form):
    login_name = ReadField("Tên đăng nhập", lambda text: clean_text(text, 60), "Nhập tên đăng nhập")
    password = SecretField("Mật khẩu", missing="Nhập mật khẩu")
    next_page = HiddenField()


@bp.route("/dang-nhap", methods=["GET", "POST"])
@open_to("anyone")
def log_in():
    form = StaffLoginForm(next_page=request.args.get("tiep", ""))
    if form.validate_on_submit():
        try:
            staff = staff_rules.check_staff(
                form.login_name.value, form.password.data, client_address(), session.token or "", utc_now()
            )
        except WrongInput as refusal:
            # Masked: people type their identity number here too.
            log_security("staff login refused", who=DIGITS.sub(lambda seen: mask_id_number(seen[0]), form.login_name.value))
            form.login_name.errors = [WRONG_LOGIN if isinstance(refusal, LoginRefused) else str(refusal)]
        else:
            log_security("staff password right", staff=staff.id)
            return go_to_step(staff, next_step(staff), form.next_page.data)
    return render_template("desk/log_in.html", form=form), 422 if form.errors else 200


# --- the queue -------------------------------------------------------------------------------------------------------


@bp.get("/")
@open_to(*WORKERS_AT_DESK)
def waiting_dossiers():
    chosen = request.args.get("xem", "")
    queue = desk.queue(
        current_user.office,
        chosen if chosen in desk.QUEUES else desk.FIRST_QUEUE,
        utc_now(),
        request.args.get("trang", 1, type=int),
    )
    return render_template(
        "desk/waiting_dossiers.html", queue=queue, queues=desk.QUEUES, counts=desk.counts(current_user.office, utc_now())
    )


# --- one dossier -----------------------------------------------------------------------------------------------------


def dossier_of_my_office(code: str) -> Dossier:
    return Dossier.get_or_none(Dossier.code == code, Dossier.office == current_user.office) or abort(404)


class MoveForm(Form):
    """A button that moves a dossier; `form_key` lets the same form, sent twice, find what the first one did."""

    form_key = HiddenField(default=lambda: secrets.token_hex(16))


class RefusalForm(MoveForm):
    reason = ReadField(
        "Lý do",
        lambda text: clean_text(text, 500, lines=True),
        "Nhập lý do từ chối",
        hint="Người nộp đọc được lý do này khi đăng nhập. Viết rõ thiếu gì, làm tiếp thế nào.",
    )


@bp.get("/ho-so/<code>")
@open_to(*WORKERS_AT_DESK)
def show_dossier(code: str):
    return show(dossier_of_my_office(code), MoveForm())


def tell_owner(dossier: Dossier, event: str, subject: str) -> None:
    """Write in the own log of whoever's dossier it is who opened what (“Ai đã xem”)."""
    for account in businesses.people_behind(dossier):
        account_log.record(account, event, utc_now(), by=_me(), subject=subject, purpose="giải quyết hồ sơ")


def show(dossier: Dossier, form: Form, fault: str = "", status: int = 200):
    log_security("dossier opened", staff=current_user.id, dossier=dossier.code, purpose="queue")
    tell_owner(dossier, "dossier opened", dossier.code)
    page = render_template(
        "desk/show_dossier.html",
        dossier=dossier,
        form=form,
        fault=fault,
        moves=workflow.open_moves(dossier, current_user),
        papers=list(dossier.papers),
        documents={d["key"]: d["name"] for d in dossier.procedure["documents"]},
        pages=desk.answers_shown(dossier, utc_now()),
        events=submission.timeline(dossier),
    )
    return page, status


@bp.post("/ho-so/<code>/tiep-nhan")
@open_to("officer")
def accept_dossier(code: str):
    dossier = dossier_of_my_office(code)
    form = MoveForm()
    if not form.validate():
        return show(dossier, form, form.problems()[0][1], 422)
    return move(dossier, "accept", form, done="tiep-nhan")


@bp.route("/ho-so/<code>/tu-choi", methods=["GET", "POST"])
@open_to("officer")
def refuse_dossier(code: str):
    dossier = dossier_of_my_office(code)
    form = RefusalForm()
    if form.validate_on_submit():
        return move(dossier, "refuse", form, done="tu-choi", note=form.reason.value)
    return render_template("desk/refuse_dossier.html", dossier=dossier, form=form), 422 if form.errors else 200


def move(dossier: Dossier, name: str, form: MoveForm, done: str, note: str = ""):
    """Make the move and show the dossier; when somebody was quicker, show it as it is now and say so."""
    officer, now = _me(), utc_now()
    try:
        workflow.make_move(dossier, name, officer, now, g.library.calendar, note=note, form_key=key_of(form, dossier))
    except MoveRefused as refusal:
        return show(dossier_of_my_office(dossier.code), MoveForm(formdata=None), str(refusal), 409)
    return go_on(".show_dossier", code=dossier.code, da=done)


def key_of(form: MoveForm, dossier: Dossier) -> str:
    """The form's key, tied to its dossier: a key of one dossier never answers for another."""
    return f"{dossier.id}-{form.form_key.data}"[:64]


@bp.get("/ho-so/<code>/giay/<int:paper_id>")
@open_to(*WORKERS_AT_DESK)
def open_paper(code: str, paper_id: int):
    dossier = dossier_of_my_office(code)
    paper = Paper.get_or_none(Paper.id == paper_id, Paper.dossier == dossier) or abort(404)
    log_security(
        "paper opened", staff=current_user.id, dossier=dossier.code, paper=paper.id, document=paper.document_key, purpose="queue"
    )
    tell_owner(dossier, "paper opened", f"{paper.filename}, {dossier.code}")
    return send_kept(paper.stored_name, paper.media_type, paper.document_key)


def _me():
    return current_user._get_current_object()

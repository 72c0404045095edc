"""The desk, first room: log in, one dossier, accept, refuse. Its queue is in desk_queue.py."""

import re
import secrets
from collections.abc import Callable

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, session, url_for
from flask_login import current_user
from wtforms import HiddenField

from database import utc_now
from models import Dossier, Paper
from rules import (
    WrongInput,
    account_log,
    businesses,
    corrections,
    desk,
    desk_search,
    later_papers,
    next_moves,
    paper_checks,
    payment_requests,
    submission,
    supplements,
    workflow,
)
from rules import staff as staff_rules
from rules.logins import LoginRefused
from rules.masking import mask_id_number
from rules.payment_requests import PaymentUnderWay
from rules.vietnamese import clean_text, in_vietnam
from rules.workflow import MOVES, Move, MoveRefused
from views.access import open_to
from views.account import url_for_outside
from views.answering import go_on
from views.files import send_kept
from views.forms import Form, ReadField, SecretField
from views.openings import mark_of_opening
from views.staff_login import go_to_step, next_step
from views.visits import client_address, log_security

bp = Blueprint("desk", __name__, url_prefix="/mot-cua")

DIGITS = re.compile(r"\d{6,}")
IN_WORK = "giải quyết hồ sơ"  # for what a dossier is opened, unless something else was said
WORKERS_AT_DESK = ("officer", "specialist", "leader")
# The moves that are buttons of the desk, by their word in the address.
WORDS = ",".join(f'"{word}"' for word in dict.fromkeys(move.word for move in MOVES) if word)


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


# --- one dossier -----------------------------------------------------------------------------------------------------


def dossier_of_my_office(code: str) -> Dossier:
    return Dossier.get_or_none(Dossier.code == code, Dossier.office == current_user.office) or abort(404)


class MoveForm(Form):
    """A button that moves a dossier; `form_key` lets the same form, sent twice, find what the first one did."""

    form_key = HiddenField(default=lambda: secrets.token_hex(16))


class ReasonField(ReadField):
    """A ready phrase and what is typed beside it: both are sent under one name, and read as one text."""

    def process_formdata(self, sent: list[str]) -> None:
        self.data = joined(sent) if sent else self.data


def joined(sent: list[str]) -> str:
    """A ready phrase and what was typed beside it, as one text."""
    return " ".join(text for text in sent if text.strip())


class ReasonForm(MoveForm):
    reason = ReasonField(
        "Lý do",
        lambda text: clean_text(text, 500, lines=True),
        "Nhập lý do",
        hint="Người nộp đọc được lý do này khi đăng nhập. Viết rõ thiếu gì, làm tiếp thế nào.",
    )


@bp.get("/ho-so/<code>")
@open_to(*WORKERS_AT_DESK)
def show_dossier(code: str):
    return show(dossier_of_my_office(code), MoveForm())


def tell_owner(dossier: Dossier, event: str, subject: str, purpose: str = IN_WORK) -> None:
    """Write in the own log of whoever's dossier it is who opened what (“Ai đã xem”)."""
    for account in businesses.people_behind(dossier):
        account_log.record(account, event, utc_now(), by=_me(), subject=subject, purpose=purpose)


# What other rooms of the desk show beside a dossier, in this order of their places: (place, template, what it needs).
# The template finds it as `part`, next to `dossier` and `form`.
PANELS: list[tuple[int, str, Callable[[Dossier], dict]]] = []


def add_panel(place: int, template: str, gather: Callable[[Dossier], dict]) -> None:
    PANELS.append((place, template, gather))
    PANELS.sort(key=lambda panel: panel[:2])


# What stands in a dossier's row, in the office's words.
CHANNELS = {"online": "trực tuyến", "helped": "trực tuyến, có người giúp", "counter": "tại quầy", "post": "qua bưu chính"}
PAYMENTS = {"requested": "Đã yêu cầu nộp", "paid": "Đã nộp", "waived": "Được miễn"}
SHIPMENTS = {"handed_over": "Đã giao bưu điện", "delivered": "Bưu điện đã phát", "came_back": "Bưu điện trả lại"}
# Where a move is made that asks for more than a reason; other rooms add theirs. By the move's name: the page's endpoint.
PAGES_OF_MOVES = {"ask_supplement": "desk_dossiers.ask_supplement"}


def address_of(move: Move, dossier: Dossier) -> str:
    """The page or button of a move; "" while there is none."""
    if move.word:
        return url_for("desk.move_dossier", code=dossier.code, word=move.word)
    return page_of(PAGES_OF_MOVES.get(move.name, ""), dossier)


def page_of(endpoint: str, dossier: Dossier) -> str:
    """A page of another room about this dossier; "" where there is no such room."""
    return url_for(endpoint, code=dossier.code) if endpoint in current_app.view_functions else ""


def purpose_said() -> str:
    """For what whoever comes from a search said they were looking; "" from anywhere else."""
    number = request.args.get("vi", "")
    purposes = dict(zip("0123456789", desk_search.PURPOSES, strict=False))
    return purposes.get(number, "").lower()


def show(dossier: Dossier, form: Form, fault: str = "", status: int = 200):
    purpose = purpose_said()
    log_security("dossier opened", staff=current_user.id, dossier=dossier.code, purpose=purpose or "queue")
    tell_owner(dossier, "dossier opened", dossier.code, purpose or IN_WORK)
    sheet = paper_checks.sheet(dossier)
    # Some are made by what else stands on the page: with the last asked paper ticked, a dossier is supplied.
    moves = [move for move in workflow.open_moves(dossier, current_user) if address_of(move, dossier)]
    likely, others = next_moves.in_order(moves, dossier, bool(paper_checks.lacking(sheet)))
    page = render_template(
        "desk/show_dossier.html",
        dossier=dossier,
        form=form,
        fault=fault,
        likely=likely,
        others=others,
        address_of=address_of,
        undo_address=page_of("desk_moves.undo", dossier),
        undoable=workflow.may_undo(dossier, _me(), utc_now()),
        sheet=sheet,
        lacking=paper_checks.lacking(sheet),
        unchecked=paper_checks.unchecked(sheet),
        next_paper=paper_checks.next_to_check(sheet) if paper_checks.may_check(dossier, current_user) else None,
        mark=mark_of_opening(dossier),
        steps=workflow.STEPS,
        channels=CHANNELS,
        payments=PAYMENTS,
        shipments=SHIPMENTS,
        pages=desk.answers_shown(dossier, utc_now()),
        events=submission.timeline(dossier),
        checklist=later_papers.checklist(dossier),
        is_waived=later_papers.is_waived,
        rounds=[(request, supplements.items_of(request)) for request in supplements.rounds(dossier)],
        is_settled=supplements.is_settled,
        versions=corrections.versions(dossier),
        may_tick=current_user.role == "officer",
        today=in_vietnam(utc_now()).date(),
        panels=[(template, gather(dossier)) for _, template, gather in PANELS],
    )
    return page, status


@bp.route(f"/ho-so/<code>/<any({WORDS}):word>", methods=["GET", "POST"])
@open_to(*WORKERS_AT_DESK)
def move_dossier(code: str, word: str):
    """One step of the table of moves: a button, or where it needs a reason a page that asks for it."""
    dossier = dossier_of_my_office(code)
    step = next((move for move in MOVES if (move.word, move.role) == (word, current_user.role)), None) or abort(404)
    form = ReasonForm() if step.needs_note else MoveForm()
    if step.needs_note:
        form.reason.missing = f"Nhập lý do {step.label[0].lower()}{step.label[1:]}"
    warning = warning_before(dossier, step)
    if form.validate_on_submit() and not (warning and request.form.get("is_sure") != "1"):
        return move(dossier, step, form, form.reason.value if step.needs_note else "")
    if step.needs_note or (warning and form.is_submitted() and not form.errors):
        phrases = g.library.reasons.moves.get(step.name, [])
        page = render_template(
            "desk/refuse_dossier.html",
            dossier=dossier,
            form=form,
            step=step,
            phrases=phrases,
            warning=warning,
            # What belongs to another office is handed over, with its papers: its submitter need not begin anew there.
            transfer=page_of("desk_moves.transfer", dossier) if step.name == "refuse" else "",
        )
        return page, 422 if form.is_submitted() else 200
    if not form.is_submitted():
        return redirect(url_for(".show_dossier", code=code), 302)
    return show(dossier, form, form.problems()[0][1], 422)


def warning_before(dossier: Dossier, step: Move) -> str:
    """What has to be known before a move that ends the dossier, and needs a second yes: somebody is paying for it."""
    try:
        payment_requests.refuse_end_under_way(dossier, step, is_sure=False)
    except PaymentUnderWay as refusal:
        return str(refusal)
    return ""


def move(dossier: Dossier, step: Move, form: MoveForm, note: str = ""):
    """Make the move and show the dossier; when somebody was quicker, show it as it is now and say so."""
    now, calendar = utc_now(), g.library.calendar
    try:
        workflow.make_move(dossier, step.name, _me(), now, calendar, note, key_of(form, dossier), link_to(dossier))
    except MoveRefused as refusal:
        return show(dossier_of_my_office(dossier.code), MoveForm(formdata=None), str(refusal), 409)
    current_app.extensions["mail_soon"]()
    return go_on(".show_dossier", code=dossier.code, da=step.notice)


def link_to(dossier: Dossier) -> str:
    """What a letter about it points to."""
    return url_for_outside("lookup.look_up", ma=dossier.receipt_code)


def key_of(form: MoveForm, dossier: Dossier) -> str:
    """The form's key, tied to its dossier: a key of one dossier never answers for another."""
    return f"{dossier.id}-{bare_key(form)}"[:64]


def bare_key(form: MoveForm) -> str:
    """The form's key as the page gave it out; of anything else what could be one: no database takes every sign."""
    return "".join(sign for sign in form.form_key.data or "" if sign.isascii() and sign.isalnum())


# --- its papers ------------------------------------------------------------------------------------------------------


@bp.get("/ho-so/<code>/giay/<int:paper_id>")
@open_to(*WORKERS_AT_DESK)
def open_paper(code: str, paper_id: int):
    """The file itself, to be kept or printed."""
    dossier, paper = paper_of_my_office(code, paper_id)
    note_opening(dossier, paper)
    return send_kept(paper.stored_name, paper.media_type, paper.document_key)


def paper_of_my_office(code: str, paper_id: int) -> tuple[Dossier, Paper]:
    dossier = dossier_of_my_office(code)
    return dossier, Paper.get_or_none(Paper.id == paper_id, Paper.dossier == dossier) or abort(404)


def note_opening(dossier: Dossier, paper: Paper) -> None:
    log_security(
        "paper opened", staff=current_user.id, dossier=dossier.code, paper=paper.id, document=paper.document_key, purpose="queue"
    )
    tell_owner(dossier, "paper opened", f"{paper.filename}, {dossier.code}")


def _me():
    return current_user._get_current_object()

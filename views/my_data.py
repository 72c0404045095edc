"""Dữ liệu của tôi: what a person agreed to, taking everything home, having the account deleted."""

import weakref
from functools import partial

from flask import Blueprint, Response, current_app, g, render_template, request, session
from flask_login import current_user
from wtforms import HiddenField

from database import utc_now
from models import Account
from rules import WrongInput, account_log, archive, consents, data_export, data_rights, documents, my_account
from rules.archive import FileOfPieces, Packed
from rules.data_export import TooManyTakers
from views.access import open_to
from views.answering import go_on
from views.files import SANDBOX
from views.forms import Form, SecretField
from views.visits import client_address, log_security

bp = Blueprint("my_data", __name__, url_prefix="/ca-nhan/du-lieu")


def me() -> Account:
    return current_user._get_current_object()


# --- what I agreed to ------------------------------------------------------------------------------------------------


class ConsentForm(Form):
    purpose = HiddenField()
    version = HiddenField()  # the words that stood on the page


@bp.get("/")
@open_to("citizen")
def page():
    return show()


def show(problems: list[tuple[str, str]] = ()):
    given = consents.current(me())
    shown = {
        "texts": g.library.consents,
        "given": given,
        "past": consents.past(me()),
        "kept": 0 if "documents" in given else documents.documents_of(me()).count(),
        "deletion": data_rights.open_request(me()),
    }
    answer = render_template("my_data/page.html", form=Form(formdata=None), problems=problems, **shown)
    return answer, 422 if problems else 200


@bp.post("/dong-y")
@open_to("citizen")
def agree():
    return change_consent(consents.give, "dong-y")


@bp.post("/rut")
@open_to("citizen")
def withdraw():
    return change_consent(consents.withdraw, "rut-dong-y")


def change_consent(change, done: str):
    form = ConsentForm()
    text = g.library.consents.get(form.purpose.data)
    if not form.validate():
        return show(form.problems())
    if text is None or form.version.data != text.version:
        return show([("", "Lời này vừa được viết lại. Đọc lại bên dưới, rồi bấm nút lần nữa.")])
    try:
        change(me(), text, utc_now())
    except WrongInput as refusal:
        return show([(text.key, str(refusal))])
    return go_on(".page", da=done)


@bp.route("/xoa-giay-to", methods=["GET", "POST"])
@open_to("citizen")
def delete_documents():
    """Everything kept in Quản lý tài liệu, at once."""
    form = Form()
    if form.validate_on_submit():
        data_rights.delete_documents(me(), current_app.extensions["files"])
        return go_on(".page", da="xoa-het-giay")
    count = documents.documents_of(me()).count()
    return render_template("my_data/delete_documents.html", form=form, count=count), 422 if form.errors else 200


# --- taking everything home ------------------------------------------------------------------------------------------


class PasswordForm(Form):
    password = SecretField("Mật khẩu", missing="Nhập mật khẩu bạn đang dùng")

    def is_right(self) -> bool:
        """Everything of a person, or its end, is not for whoever finds the phone open."""
        if not self.validate():
            return False
        try:
            my_account.check_password(me(), self.password.data, client_address(), session.token or "", utc_now())
        except WrongInput as refusal:
            self.password.errors = [str(refusal)]
        return not self.password.errors


@bp.route("/tai-ve", methods=["GET", "POST"])
@open_to("citizen")
def take():
    form = PasswordForm()
    if form.is_submitted() and form.is_right():
        try:
            with data_export.takers.given_back_on_failure(me()) as end:
                return send_archive(packed(me()), end)
        except TooManyTakers as refusal:
            form.password.errors = [str(refusal)]
            return show_taking(form, 503)
    return show_taking(form, 422 if form.errors else 200)


def show_taking(form: PasswordForm, status: int):
    count, size_bytes = data_export.weight(me())
    return render_template("my_data/take.html", form=form, files=count, bytes=size_bytes), status


def packed(account: Account) -> list[Packed]:
    """What is sent: the page to read, the same for a program, and every file."""
    now = utc_now()
    # Written down before, so that the person's own log tells of it too.
    account_log.record(account, "data taken", now, by=account)
    found = data_export.gather(account, current_app.extensions["files"], g.library, now)
    log_security("data taken", account=account.id, files=len(found.files))
    page = render_template("my_data/taken.html", account=account, sections=found.sections, shown=data_export.shown, now=now)
    texts = {"index.html": page.encode("utf-8", "backslashreplace"), "du-lieu.json": data_export.as_json(found.sections)}
    return [Packed(path, len(text), now, partial(bytes, text)) for path, text in texts.items()] + found.files


def send_archive(files: list[Packed], end) -> Response:
    """The archive, made while it is sent.

    Not by the thread that answers. Waitress would let a thread fill 16 MB, most of it in an open temporary file, and then
    hold it for as long as the phone takes: hours on 2G, and eight such phones would be the whole site. Given a file, its
    loop sends piece by piece as the line takes them, and closes it when nothing has moved for a minute. What is read there
    is unsealed there too, some milliseconds a file, and between two files the others have their turn.
    """
    pieces, size = archive.pieces_of(files), archive.size_of(files)
    weakref.finalize(pieces, end)  # should nobody ever close it
    if "waitress.client_disconnected" in request.environ:
        answer = Response(request.environ["wsgi.file_wrapper"](FileOfPieces(pieces, size, end)), direct_passthrough=True)
    else:
        answer = Response(pieces)
        answer.call_on_close(end)
    answer.mimetype = "application/zip"
    answer.content_length = size
    answer.headers["Content-Disposition"] = "attachment; filename=du-lieu-cua-toi.zip"
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["X-Accel-Buffering"] = "no"  # else a proxy in front would keep it all in a file of its own
    return answer


# --- having the account deleted --------------------------------------------------------------------------------------


@bp.route("/xoa-tai-khoan", methods=["GET", "POST"])
@open_to("citizen")
def ask_deletion():
    form = PasswordForm()
    if form.is_submitted() and form.is_right():
        request = data_rights.ask_deletion(me(), utc_now())
        log_security("deletion asked", account=request.account_id)
        current_app.extensions["mail_soon"]()
        return go_on(".ask_deletion")
    waits = data_rights.open_request(me())
    shown = {"balance": data_rights.balance(me()), "records": data_rights.show_span(data_rights.RECORDS_ARE_KEPT)}
    answer = render_template("my_data/ask_deletion.html", form=form, deletion=waits, **shown)
    return answer, 422 if form.errors else 200


@bp.post("/thoi-xoa")
@open_to("citizen")
def cancel_deletion():
    form = Form()
    if not form.validate():
        return show(form.problems())
    if data_rights.cancel_deletion(me(), utc_now()):
        log_security("deletion cancelled", account=me().id)
    return go_on(".page", da="thoi-xoa")

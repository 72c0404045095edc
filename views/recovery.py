"""Forgotten password (guide III), screen by screen, and the activation of an account opened by the commune."""

from flask import Blueprint, current_app, g, render_template, session
from wtforms import StringField

from database import utc_now
from models import Account, OneTimeCode
from rules import WrongInput, accounts, one_time, recovery
from rules.identity import read_id_number
from rules.passwords import read_new_password
from views.access import open_to
from views.account import SHORTEST_PASSWORD, read_password, url_for_outside
from views.answering import go_on
from views.forms import Form, ReadField, SecretField, TypedTwice
from views.headers import public_page
from views.visits import client_address, log_security

bp = Blueprint("recovery", __name__, url_prefix="/tai-khoan")

WAYS = [
    ("thu", "Qua e-mail"),
    ("phieu", "Bằng mã trên phiếu xã đã in"),
    ("gap", "Gặp cán bộ hoặc thôn trưởng"),
]
NO_REFERRER = {"Referrer-Policy": "no-referrer"}


class AskForm(Form):
    id_number = ReadField("CMND", read_id_number, "Nhập số căn cước hoặc CMND", hint="9 số, hoặc số căn cước 12 số")
    way = StringField("Cách lấy lại", default="thu")


class PasswordForm(TypedTwice, Form):
    password = SecretField("Mật khẩu mới", read_password, "Đặt mật khẩu", hint="Từ 8 chữ. Dễ nhớ: ba tiếng quen thuộc viết liền.")
    password_again = SecretField("Gõ lại mật khẩu mới", missing="Gõ lại mật khẩu lần nữa")

    def is_not_about(self, account: Account) -> bool:
        """Whether the password is none of the things others know about the person."""
        try:
            read_new_password(self.password.data, SHORTEST_PASSWORD, accounts.known_facts(account, g.library.site))
        except WrongInput as fault:
            self.password.errors = [str(fault)]
        return not self.password.errors


class CodeForm(PasswordForm):
    id_number = ReadField("CMND", read_id_number, "Nhập số căn cước hoặc CMND", hint="9 số, hoặc số căn cước 12 số")
    code = ReadField("Mã", one_time.read_typed, "Nhập mã trên phiếu", hint="12 chữ và số")


@bp.route("/quen-mat-khau", methods=["GET", "POST"])
@open_to("anyone")
def start():
    form = AskForm()
    if form.validate_on_submit():
        # Every number is answered in the same way: whether it has an account, and which ways it has, stays unsaid.
        if form.way.data == "phieu":
            return show_code_form(CodeForm(formdata=None, id_number=form.id_number.data), "use_code")
        if form.way.data == "gap":
            return go_on(".in_person")
        recovery.ask_by_mail(form.id_number.value, lambda token: url_for_outside("recovery.from_mail", token=token), utc_now())
        log_security("password recovery asked", who=accounts.person_key(form.id_number.value)[:16])
        current_app.extensions["mail_soon"]()
        return go_on(".mail_sent")
    return render_template("recovery/start.html", form=form, ways=WAYS), 422 if form.errors else 200


@bp.get("/quen-mat-khau/da-gui")
@open_to("anyone")
@public_page(300)
def mail_sent():
    return render_template("recovery/mail_sent.html")


@bp.get("/quen-mat-khau/gap-can-bo")
@open_to("anyone")
@public_page(300)
def in_person():
    return render_template("recovery/in_person.html")


@bp.get("/quen-mat-khau/xong")
@open_to("anyone")
@public_page(300)
def done():
    return render_template("recovery/done.html")


# --- by mail ---------------------------------------------------------------------------------------------------------


@bp.get("/quen-mat-khau/thu/<token>")
@open_to("anyone")
def from_mail(token: str):
    """Opening the link changes nothing, because mail scanners open links too."""
    found = recovery.find_link(token, utc_now())
    return render_template("recovery/from_mail.html", token=token, found=found), 200 if found else 404, NO_REFERRER


@bp.route("/quen-mat-khau/thu/<token>/mat-khau", methods=["GET", "POST"])
@open_to("anyone")
def new_password(token: str):
    link = recovery.find_link(token, utc_now())
    if link is None:
        return render_template("recovery/from_mail.html", token=token, found=None), 404, NO_REFERRER
    form = PasswordForm()
    if form.validate_on_submit() and form.is_not_about(link.account) and finish(link, form):
        return go_on(".done")
    return render_template("recovery/new_password.html", form=form), 422 if form.errors else 200, NO_REFERRER


def finish(code: OneTimeCode, form: PasswordForm) -> bool:
    is_set = recovery.set_password(code, form.password.value, utc_now())
    if is_set:
        log_security("password set", account=code.account_id, by=code.kind)
        current_app.extensions["mail_soon"]()
    else:
        form.password.errors = ["Mã hay thư này vừa được dùng ở máy khác. Xin lấy lại lần nữa."]
    return is_set


# --- by a code on paper ----------------------------------------------------------------------------------------------


@bp.route("/quen-mat-khau/ma", methods=["GET", "POST"])
@open_to("anyone")
def use_code():
    return answer_code("use_code", ("recovery", "desk_reset"), ".done")


@bp.route("/kich-hoat", methods=["GET", "POST"])
@open_to("anyone")
def activate():
    return answer_code("activate", ("activation",), ".activated")


@bp.get("/kich-hoat/xong")
@open_to("anyone")
@public_page(300)
def activated():
    return render_template("recovery/activated.html")


def answer_code(name: str, kinds: tuple[str, ...], then: str):
    form = CodeForm()
    if form.validate_on_submit():
        code = code_of(form, kinds)
        if code and form.is_not_about(code.account) and finish(code, form):
            return go_on(then)
    return show_code_form(form, name)


def code_of(form: CodeForm, kinds: tuple[str, ...]) -> OneTimeCode | None:
    try:
        return recovery.check_code(form.id_number.value, form.code.value, kinds, client_address(), session.token or "", utc_now())
    except WrongInput as refusal:
        log_security("code refused", who=accounts.person_key(form.id_number.value)[:16])
        form.code.errors = [str(refusal)]
    return None


def show_code_form(form: CodeForm, name: str):
    return render_template(f"recovery/{name}.html", form=form), 422 if form.errors else 200

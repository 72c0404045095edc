"""The desk's login after the password: one's own password in place of the first, then the second factor, step by step."""

from functools import wraps

import segno
from flask import Blueprint, current_app, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from database import utc_now
from models import Staff
from rules import WrongInput, logins, second_factor
from rules import staff as staff_rules
from views.access import open_to
from views.answering import own_path
from views.desk_rooms import room_or_home
from views.forms import Form, ReadField, SecretField, TypedTwice
from views.visits import client_address, current_login, log_security, start_login

bp = Blueprint("staff_login", __name__, url_prefix="/mot-cua/dang-nhap")

PAGE_OF_STEP = {
    "first_password": "staff_login.set_first_password",
    "set_factor": "staff_login.choose_factor",
    "factor": "staff_login.give_factor",
}


def next_step(staff: Staff) -> str:
    return second_factor.next_step(staff, current_app.config["STAFF_SECOND_FACTOR"])


def go_to_step(staff: Staff, step: str, next_page: str | None) -> Response:
    """Log in as far as `step`, with a new token; with no step left, into the room asked for or where the day begins.

    Always a redirect: the page after it may have other rooms at its top.
    """
    start_login(staff, waits_for=step)
    asked = own_path((next_page or "")[:300], "")
    if step:
        return redirect(url_for(PAGE_OF_STEP[step], tiep=asked or None), 303)
    log_security("staff login", staff=staff.id)
    if second_factor.is_running_out(staff, utc_now()):
        return redirect(url_for("staff_self.print_codes", da="it-ma"), 303)
    return redirect(room_or_home(asked, staff), 303)


def waits_for(step: str):
    """Hand a view the person whose login waits for `step`; anybody else begins at the first page of the login."""

    def mark(view):
        @wraps(view)
        def answer():
            staff = person_waiting_for(step)
            return view(staff) if staff else redirect(url_for("desk.log_in"), 303)

        return answer

    return mark


def person_waiting_for(step: str) -> Staff | None:
    login = current_login()
    is_here = login and login.staff_id and login.waits_for == step and login.is_open(utc_now())
    return login.staff if is_here and login.staff.is_in_office() else None


def asked_page() -> str | None:
    return request.args.get("tiep")


# --- one's own password ----------------------------------------------------------------------------------------------


class OwnPasswordForm(TypedTwice, Form):
    password = SecretField(
        "Mật khẩu mới",
        missing="Đặt mật khẩu",
        hint="Từ 12 chữ. Dễ nhớ: bốn tiếng không liên quan nhau, viết liền hay cách đều được.",
    )
    password_again = SecretField("Gõ lại mật khẩu mới", missing="Gõ lại mật khẩu lần nữa")

    def is_set_for(self, staff: Staff) -> bool:
        """Whether it is the person's password from now on."""
        try:
            password = staff_rules.read_own_password(self.password.data, staff, g.library.site)
            staff_rules.set_own_password(staff, password, utc_now())
        except WrongInput as fault:
            self.password.errors = [str(fault)]
        return not self.errors


@bp.route("/mat-khau-moi", methods=["GET", "POST"])
@open_to("anyone")
@waits_for("first_password")
def set_first_password(staff: Staff):
    form = OwnPasswordForm()
    if form.validate_on_submit() and form.is_set_for(staff):
        log_security("first password replaced", staff=staff.id)
        staff.must_change_password = False
        return go_to_step(staff, next_step(staff), asked_page())
    return render_template("staff/set_first_password.html", form=form, person=staff), 422 if form.errors else 200


# --- a second factor for the first time ------------------------------------------------------------------------------


class CodeForm(Form):
    code = ReadField("Mã", second_factor.read_typed, "Nhập mã")


@bp.get("/buoc-hai")
@open_to("anyone")
@waits_for("set_factor")
def choose_factor(staff: Staff):
    return render_template("staff/choose_factor.html", person=staff, asked=asked_page())


@bp.route("/ung-dung", methods=["GET", "POST"])
@open_to("anyone")
@waits_for("set_factor")
def set_up_app(staff: Staff):
    form = CodeForm()
    if form.validate_on_submit() and app_is_set(form, staff):
        return go_to_step(staff, "", asked_page())
    return show_app("staff/set_up_app.html", form, staff)


def app_is_set(form: CodeForm, staff: Staff) -> bool:
    """Whether the app shows the code of the secret that stands on this page; from then on it is the second factor."""
    try:
        second_factor.set_app(staff, second_factor.new_secret(current_login()), form.code.value, utc_now())
    except WrongInput as refusal:
        form.code.errors = [str(refusal)]
        return False
    log_security("second factor set", staff=staff.id, factor="totp")
    return True


def show_app(template: str, form: Form, staff: Staff):
    secret = second_factor.new_secret(current_login())
    code = segno.make(second_factor.address_for_app(staff, secret, g.library.site.name), error="m")
    page = render_template(
        template,
        form=form,
        person=staff,
        asked=asked_page(),
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        picture=code.png_data_uri(scale=4),
    )
    return page, 422 if form.errors else 200


@bp.route("/ma-in", methods=["GET", "POST"])
@open_to("anyone")
@waits_for("set_factor")
def set_up_codes(staff: Staff):
    """Asked for, prints a sheet; what is on it stands on this one answer and nowhere else."""
    form = Form()
    if form.validate_on_submit():
        codes = second_factor.print_codes(staff, utc_now())
        log_security("second factor printed", staff=staff.id)
        return render_template(
            "staff/first_codes.html", form=CodeForm(formdata=None), person=staff, codes=codes, asked=asked_page()
        )
    return render_template("staff/set_up_codes.html", form=form, person=staff, asked=asked_page()), 422 if form.errors else 200


@bp.route("/ma-in/xac-nhan", methods=["GET", "POST"])
@open_to("anyone")
@waits_for("set_factor")
def confirm_codes(staff: Staff):
    form = CodeForm()
    if form.validate_on_submit():
        try:
            second_factor.set_codes(staff, form.code.value, utc_now())
        except WrongInput as refusal:
            form.code.errors = [str(refusal)]
        else:
            log_security("second factor set", staff=staff.id, factor="codes")
            return go_to_step(staff, "", asked_page())
    page = render_template("staff/first_codes.html", form=form, person=staff, codes=(), asked=asked_page())
    return page, 422 if form.errors else 200


# --- the second factor at each login ---------------------------------------------------------------------------------


@bp.route("/ma", methods=["GET", "POST"])
@open_to("anyone")
@waits_for("factor")
def give_factor(staff: Staff):
    form = CodeForm()
    if form.validate_on_submit():
        is_known = logins.is_known_device(staff, session.token or "")
        try:
            second_factor.check(staff, form.code.value, client_address(), is_known, utc_now())
        except WrongInput as refusal:
            log_security("second factor refused", staff=staff.id)
            form.code.errors = [str(refusal)]
        else:
            return go_to_step(staff, "", asked_page())
    return render_template("staff/give_factor.html", form=form, person=staff), 422 if form.errors else 200

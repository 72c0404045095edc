"""Tài khoản của tôi, for everybody who works for the commune: password, second factor, and the browsers logged in."""

from flask import Blueprint, render_template, session
from flask_login import current_user
from wtforms import StringField

from database import utc_now
from models import Staff
from rules import WrongInput, logins, second_factor
from rules import staff as staff_rules
from rules.devices import device_words
from views.access import STAFF, open_to
from views.answering import go_on
from views.forms import Form, SecretField
from views.staff_login import CodeForm, OwnPasswordForm, app_is_set, show_app
from views.visits import client_address, current_login, log_security, start_login

bp = Blueprint("staff_self", __name__, url_prefix="/mot-cua/toi")


def me() -> Staff:
    return current_user._get_current_object()


class WithPassword(Form):
    """What changes how one logs in asks for the password again (SECURITY §3)."""

    old_password = SecretField("Mật khẩu đang dùng", missing="Nhập mật khẩu đang dùng")

    def is_me(self) -> bool:
        try:
            staff_rules.confirm_password(me(), self.old_password.data, client_address(), session.token or "", utc_now())
        except WrongInput as refusal:
            log_security("own password refused", staff=current_user.id)
            self.old_password.errors = [str(refusal)]
        return not self.old_password.errors


class ChangePasswordForm(WithPassword, OwnPasswordForm):
    pass


class NewAppForm(WithPassword, CodeForm):
    pass


class EndForm(Form):
    login = StringField("Máy")  # the number of one of my logins; nothing: every other one


@bp.get("")
@open_to(*STAFF)
def my_account():
    return show_my_account(EndForm(formdata=None))


def show_my_account(form: EndForm):
    page = render_template(
        "staff/my_account.html",
        form=form,
        role=staff_rules.ROLE_NAMES[current_user.role],
        codes_left=second_factor.codes_left(me(), utc_now()),
        logins=logins.open_logins(me(), utc_now()),
        this_login=current_login(),
        device_words=device_words,
    )
    return page, 422 if form.errors else 200


@bp.route("/mat-khau", methods=["GET", "POST"])
@open_to(*STAFF)
def change_password():
    form = ChangePasswordForm()
    staff = me()
    if form.validate_on_submit() and form.is_me() and form.is_set_for(staff):
        start_login(staff)
        log_security("own password changed", staff=staff.id)
        return go_on(".my_account", da="mat-khau")
    return render_template("staff/change_password.html", form=form), 422 if form.errors else 200


@bp.route("/ung-dung", methods=["GET", "POST"])
@open_to(*STAFF)
def new_app():
    form = NewAppForm()
    staff = me()
    if form.validate_on_submit() and form.is_me() and app_is_set(form, staff):
        start_login(staff)
        return go_on(".my_account", da="ung-dung")
    return show_app("staff/new_app.html", form, staff)


@bp.route("/ma-in", methods=["GET", "POST"])
@open_to(*STAFF)
def print_codes():
    """A new sheet: its codes stand on this one answer and nowhere else."""
    form, codes = WithPassword(), []
    if form.validate_on_submit() and form.is_me():
        codes = second_factor.print_codes(me(), utc_now())
        log_security("second factor printed", staff=current_user.id)
    left = second_factor.codes_left(me(), utc_now())
    page = render_template("staff/print_codes.html", form=form, codes=codes, left=left, person=me())
    return page, 422 if form.errors else 200


@bp.post("/ket-thuc")
@open_to(*STAFF)
def end_login():
    """End one of my other logins, or all of them; this one ends with “Thoát”."""
    form = EndForm()
    if not form.validate():
        return show_my_account(form)
    if form.login.data:
        mine = [login for login in logins.open_logins(me(), utc_now()) if str(login.id) == form.login.data]
        for login in mine:
            logins.end_login(login)
    else:
        logins.end_all(me(), but=current_login())
    log_security("own logins ended", staff=current_user.id)
    return go_on(".my_account", da="da-thoat-may")

"""Tài khoản: what the commune knows of me and how sure it is, changing it, my logins, and who has seen what of mine."""

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, session, url_for
from flask_login import current_user

from database import utc_now
from models import Account
from rules import WrongInput, account_log, logins, my_account, one_time, people
from rules.devices import device_words
from rules.identity import read_person_name, read_phone, show_phone
from rules.paging import pages_of
from rules.vietnamese import clean_text
from views.access import open_to
from views.account import read_email, url_for_outside
from views.answering import go_on
from views.forms import Form, ReadField, SecretField
from views.recovery import NO_REFERRER, PasswordForm
from views.visits import client_address, current_login, log_security, start_login

bp = Blueprint("my_account", __name__, url_prefix="/ca-nhan/tai-khoan")

LOGINS_A_PAGE = 10
EVENTS_A_PAGE = 20


@bp.get("/")
@open_to("citizen")
def page():
    me = _me()
    return render_template(
        "my_account/page.html",
        numbers=people.numbers_of(me),
        assured_by=me.assured_by and f"{me.assured_by.full_name}, {my_account.role_words(me.assured_by)}",
        pending_email=my_account.pending_email(me, utc_now()),
        logins=len(logins.open_logins(me, utc_now())),
        slip_codes=one_time.count_open("recovery", me, utc_now()),
    )


def _me() -> Account:
    return current_user._get_current_object()


# --- changing it: one page each, and each asks for the password ------------------------------------------------------


def ask_password() -> SecretField:
    """The last field of each form."""
    return SecretField("Mật khẩu đang dùng", missing="Nhập mật khẩu đang dùng", hint="Để chắc là bạn")


class NameForm(Form):
    full_name = ReadField("Họ và tên", read_person_name, "Nhập họ và tên", hint="Như trên căn cước, có dấu")
    own_password = ask_password()


class PhoneForm(Form):
    phone = ReadField("Số điện thoại", read_phone, hint="Nhiều người chung một số cũng được. Không có thì để trống.")
    own_password = ask_password()


class VillageForm(Form):
    village = ReadField("Thôn, làng", lambda text: clean_text(text, 100), hint="Ở ngoài xã thì ghi tên xã, tỉnh")
    own_password = ask_password()


class EmailForm(Form):
    email = ReadField("E-mail", read_email, hint="Không dùng e-mail nữa thì để trống")
    own_password = ask_password()


class NewPasswordForm(PasswordForm):
    own_password = ask_password()


def is_me(form: Form, just_set: str = "") -> bool:
    """Whether the password in the form is mine; a wrong one counts like one at the login."""
    try:
        my_account.check_password(
            _me(), form.own_password.data, client_address(), session.token or "", utc_now(), just_set=just_set
        )
    except WrongInput as refusal:
        log_security("password refused", account=current_user.id, path=request.path)
        form.own_password.errors = [str(refusal)]
    return not form.errors


def changed(what: str, notice: str):
    log_security("account changed", account=current_user.id, what=what)
    current_app.extensions["mail_soon"]()
    return go_on(".page", da=notice)


def show_form(name: str, form: Form, **more):
    return render_template(f"my_account/{name}.html", form=form, **more), 422 if form.errors else 200


@bp.route("/ten", methods=["GET", "POST"])
@open_to("citizen")
def change_name():
    form = NameForm(full_name=current_user.full_name)
    if form.validate_on_submit() and is_me(form):
        my_account.change_name(_me(), form.full_name.value, utc_now())
        return changed("name", "da-doi-ten")
    return show_form("change_name", form)


@bp.route("/dien-thoai", methods=["GET", "POST"])
@open_to("citizen")
def change_phone():
    form = PhoneForm(phone=show_phone(current_user.phone))
    if form.validate_on_submit() and is_me(form):
        my_account.change_phone(_me(), form.phone.value, utc_now())
        return changed("phone", "da-doi-so")
    return show_form("change_phone", form)


@bp.route("/thon", methods=["GET", "POST"])
@open_to("citizen")
def change_village():
    form = VillageForm(village=current_user.village)
    if form.validate_on_submit() and is_me(form):
        my_account.change_village(_me(), form.village.value, utc_now())
        return changed("village", "da-doi-thon")
    return show_form("change_village", form, villages=g.library.villages())


@bp.route("/mat-khau", methods=["GET", "POST"])
@open_to("citizen")
def change_password():
    form = NewPasswordForm()
    if form.validate_on_submit() and form.is_not_about(_me()) and is_me(form, just_set=form.password.value):
        try:
            my_account.change_password(_me(), form.password.value, current_login(), utc_now())
        except WrongInput as refusal:
            form.own_password.errors = [str(refusal)]
        else:
            # A new token: whoever copied the cookie stays outside too.
            start_login(_me(), is_own_phone=current_login().is_own_phone)
            return changed("password", "mat-khau")
    return show_form("change_password", form)


# --- e-mail: the new address counts once its reader has confirmed it -------------------------------------------------


@bp.route("/e-mail", methods=["GET", "POST"])
@open_to("citizen")
def change_email():
    form = EmailForm(email=current_user.email)
    if form.validate_on_submit() and is_me(form):
        answer = keep_email(form)
        if answer:
            return answer
    return show_form("change_email", form)


def keep_email(form: EmailForm):
    """The page after it; None when too many letters were asked for."""
    if not form.email.value:
        my_account.drop_email(_me(), utc_now())
        return changed("e-mail dropped", "bo-e-mail")
    try:
        my_account.ask_new_email(_me(), form.email.value, lambda token: url_for_outside(".confirm_email", token=token), utc_now())
    except WrongInput as refusal:
        form.email.errors = [str(refusal)]
        return None
    is_same = form.email.value == current_user.email
    return changed("e-mail asked", "cung-e-mail" if is_same else "thu-e-mail")


@bp.route("/e-mail/<token>", methods=["GET", "POST"])
@open_to("anyone")
def confirm_email(token: str):
    """Opening the link changes nothing, because mail scanners open links too; and it may be opened on another phone."""
    form = Form()
    link = my_account.find_email_link(token, utc_now())
    if link and form.validate_on_submit() and not link.used_at:
        my_account.confirm_email(link, utc_now())
        log_security("account changed", account=link.account_id, what="e-mail")
        current_app.extensions["mail_soon"]()
        link = my_account.find_email_link(token, utc_now())
    page = render_template("my_account/confirm_email.html", form=form, link=link)
    return page, 404 if not link else 422 if form.errors else 200, NO_REFERRER


# --- where I am logged in --------------------------------------------------------------------------------------------


@bp.get("/may")
@open_to("citizen")
def all_logins():
    return show_logins(Form(formdata=None))


def show_logins(form: Form):
    found = logins.open_logins(_me(), utc_now())
    number, pages = pages_of(len(found), LOGINS_A_PAGE, request.args.get("trang", 1, type=int))
    page = render_template(
        "my_account/all_logins.html",
        logins=found[(number - 1) * LOGINS_A_PAGE : number * LOGINS_A_PAGE],
        this=current_login(),
        device_words=device_words,
        form=form,
        page=number,
        pages=pages,
    )
    return page, 422 if form.errors else 200


@bp.post("/may/<int:login_id>/ket-thuc")
@open_to("citizen")
def end_login(login_id: int):
    form = Form()
    if not form.validate():
        return show_logins(form)
    if not my_account.end_login(_me(), login_id, utc_now()):
        abort(404)
    log_security("login ended by owner", account=current_user.id)
    return go_on(".all_logins", da="da-thoat-may")


@bp.route("/may/thoat-het", methods=["GET", "POST"])
@open_to("citizen")
def leave_everywhere():
    form = Form()
    if form.validate_on_submit():
        my_account.leave_everywhere(_me(), utc_now())
        log_security("logins ended by owner", account=current_user.id)
        # This browser too is a stranger's from now on.
        session.forget()
        answer = redirect(url_for("account.wiped"), 303)
        answer.headers["Clear-Site-Data"] = '"storage"'
        return answer
    return show_form("leave_everywhere", form)


@bp.route("/ma-tren-phieu", methods=["GET", "POST"])
@open_to("citizen")
def void_slip():
    """Whoever printed or copied the slip holds its codes: its owner may end them without asking anybody."""
    form = Form()
    if form.validate_on_submit():
        my_account.void_slip(_me(), utc_now())
        log_security("slip voided by owner", account=current_user.id)
        return go_on(".page", da="bo-phieu")
    return show_form("void_slip", form)


# --- “Ai đã xem” -----------------------------------------------------------------------------------------------------


@bp.get("/ai-da-xem")
@open_to("citizen")
def who_has_seen():
    log = my_account.log_of(_me())
    number, pages = pages_of(log.count(), EVENTS_A_PAGE, request.args.get("trang", 1, type=int))
    lines = [(event, my_account.who(event, _me()), account_log.label_of(event)) for event in log.paginate(number, EVENTS_A_PAGE)]
    return render_template("my_account/who_has_seen.html", lines=lines, page=number, pages=pages)

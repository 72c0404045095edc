"""Registering, confirming, logging in and out: the letter's guides I and II, screen by screen."""

from email_validator import EmailNotValidError, validate_email
from flask import Blueprint, current_app, g, redirect, render_template, request, session, url_for
from flask_login import current_user
from wtforms import HiddenField, StringField

from database import utc_now
from rules import WrongInput, accounts, consents
from rules.accounts import Applicant
from rules.attempts import TooManyTries
from rules.identity import id_number_warnings, read_id_number, read_person_name, read_phone, read_tax_code
from rules.passwords import read_new_password
from rules.vietnamese import clean_text, in_vietnam, not_after, read_day
from views.access import open_to
from views.answering import go_on, own_path
from views.forms import Form, ReadField, SecretField, TypedTwice
from views.headers import public_page
from views.visits import client_address, current_login, log_security, start_login, stop_login

bp = Blueprint("account", __name__, url_prefix="/tai-khoan")

SHORTEST_PASSWORD = 8
KINDS = {"cong-dan": ("citizen", "Công dân"), "doanh-nghiep": ("business", "Doanh nghiệp")}


def read_email(text: str) -> str:
    try:
        return validate_email(clean_text(text, 254), check_deliverability=False).normalized
    except EmailNotValidError as fault:
        raise WrongInput("E-mail chưa đúng. Ví dụ: hlan@gmail.com") from fault


def read_birth_day(text: str):
    return not_after(read_day(text), in_vietnam(utc_now()).date())


def read_own_number(text: str) -> str:
    return read_id_number(text, today=in_vietnam(utc_now()).date())


def read_password(text: str) -> str:
    return read_new_password(text, SHORTEST_PASSWORD)


# --- guide II: log in ------------------------------------------------------------------------------------------------


PHONES = [("chung", "Máy dùng chung"), ("toi", "Máy của tôi: nhớ 30 ngày")]


class LoginForm(Form):
    id_number = ReadField("CMND", read_id_number, "Nhập số căn cước hoặc CMND", hint="9 số, hoặc số căn cước 12 số")
    password = SecretField("Mật khẩu", missing="Nhập mật khẩu")
    phone = StringField("Máy này là", default="chung")
    next_page = HiddenField()


@bp.get("/dang-nhap")
@open_to("anyone")
@public_page(0)
def choose_login():
    return render_template("account/choose_login.html")


@bp.route("/dang-nhap/tinh", methods=["GET", "POST"])
@open_to("anyone")
def log_in():
    form = LoginForm(next_page=request.args.get("tiep", ""))
    if form.validate_on_submit():
        try:
            account = accounts.check_citizen(
                form.id_number.value, form.password.data, client_address(), session.token or "", utc_now()
            )
        except WrongInput as refusal:
            log_security("login refused", who=accounts.person_key(form.id_number.value)[:16])
            form.id_number.errors = [str(refusal)]
        else:
            start_login(account, is_own_phone=form.phone.data == "toi")
            log_security("login", account=account.id)
            return redirect(own_path(form.next_page.data, url_for("home.home")), 303)
    return render_template("account/log_in.html", form=form, phones=PHONES), 422 if form.errors else 200


@bp.route("/thoat", methods=["GET", "POST"])
@open_to("anyone")
def log_out():
    form = Form()
    if form.validate_on_submit():
        if current_user.is_authenticated:
            log_security("logout", person=current_user.get_id(), role=current_user.role)
        where = url_for(".wiped") if is_on_shared_phone() else url_for("home.home", da="thoat")
        stop_login()
        answer = redirect(where, 303)
        # Not "cache": private pages are no-store already, and the style and script should stay.
        answer.headers["Clear-Site-Data"] = '"storage"'
        return answer
    return render_template("account/log_out.html", form=form, is_shared=is_on_shared_phone()), 422 if form.errors else 200


def is_on_shared_phone() -> bool:
    login = current_login()
    return bool(login and login.account_id and not login.is_own_phone)


@bp.get("/xong")
@open_to("anyone")
@public_page(300)
def wiped():
    return render_template("account/wiped.html")


# --- guide I: register -----------------------------------------------------------------------------------------------


class NumberForm(Form):
    kind = HiddenField()
    id_number = ReadField("CMND", read_own_number, "Nhập số căn cước hoặc CMND", hint="9 số, hoặc số căn cước 12 số")


class DetailsForm(TypedTwice, NumberForm):
    password = SecretField("Mật khẩu", read_password, "Đặt mật khẩu", hint="Từ 8 chữ. Dễ nhớ: ba tiếng quen thuộc viết liền.")
    password_again = SecretField("Gõ lại mật khẩu", missing="Gõ lại mật khẩu lần nữa")
    full_name = ReadField(
        "Họ và tên", read_person_name, "Nhập họ và tên", hint="Như trên căn cước, có dấu. Tên chỉ một chữ thì viết một chữ."
    )
    birth_date = ReadField("Ngày sinh", read_birth_day, "Nhập ngày sinh", hint="Ví dụ: 5/7/1990")
    village = ReadField("Thôn, làng", lambda text: clean_text(text, 100), hint="Ở ngoài xã thì ghi tên xã, tỉnh")
    phone = ReadField("Số điện thoại", read_phone, hint="Nhiều người chung một số cũng được. Không có thì để trống.")
    email = ReadField("E-mail", read_email, hint="Thư xác nhận gửi tới đây. Không có thì để trống: xã xác nhận khi gặp bạn.")
    business_name = ReadField("Tên doanh nghiệp", lambda text: clean_text(text, 200))
    tax_code = ReadField("Mã số thuế", read_tax_code, hint="10 hoặc 13 số")

    def validate(self, extra_validators=None) -> bool:
        is_business = self.kind.data == "doanh-nghiep"
        self.business_name.missing = "Nhập tên doanh nghiệp" if is_business else ""
        self.tax_code.missing = "Nhập mã số thuế" if is_business else ""
        return super().validate(extra_validators) and self._password_is_not_about_them()

    def _password_is_not_about_them(self) -> bool:
        try:
            read_new_password(self.password.data, SHORTEST_PASSWORD, accounts.known_facts(self.applicant(), g.library.site))
        except WrongInput as fault:
            self.password.errors = [str(fault)]
        return not self.password.errors

    def applicant(self) -> Applicant:
        return Applicant(
            kind=KINDS[self.kind.data][0],
            id_number=self.id_number.value,
            full_name=self.full_name.value,
            birth_date=self.birth_date.value,
            village=self.village.value,
            phone=self.phone.value,
            email=self.email.value,
            password=self.password.value,
            business_name=self.business_name.value,
            tax_code=self.tax_code.value,
            consents=consents.asked_at_registration(g.library.consents, self.email.value),
        )


@bp.get("/dang-ky")
@open_to("anyone")
@public_page(300)
def choose_kind():
    return render_template("account/choose_kind.html", kinds=KINDS)


@bp.get("/dang-ky/so-giay-to")
@open_to("anyone")
def give_number():
    kind = request.args.get("loai", "")
    if kind not in KINDS:
        return render_template("account/choose_kind.html", kinds=KINDS, fault="Chọn loại tài khoản"), 422
    return render_template("account/give_number.html", form=NumberForm(kind=kind))


@bp.get("/dang-ky/thong-tin")
@open_to("anyone")
def ask_details():
    """A reload of what only a form shows begins again: nothing of it was kept."""
    return redirect(url_for(".choose_kind"), 303)


@bp.post("/dang-ky/thong-tin")
@open_to("anyone")
def give_details():
    """Asked with the number alone, shows the questions; sent with the answers, registers. Nothing is kept in between."""
    number_form = NumberForm()
    if number_form.kind.data not in KINDS:
        return redirect(url_for(".choose_kind"), 303)
    if not number_form.validate():
        return render_template("account/give_number.html", form=number_form), 422
    if "password" not in request.form:
        return _show_details(DetailsForm(formdata=None, kind=number_form.kind.data, id_number=number_form.id_number.value))
    form = DetailsForm()
    if not form.validate():
        return _show_details(form)
    try:
        code = accounts.register(
            form.applicant(), lambda token: url_for_outside("account.confirm", token=token), client_address(), utc_now()
        )
    except TooManyTries as refusal:
        form.id_number.errors = [str(refusal)]
        return _show_details(form)
    if code:
        # Answered at once: the code is known to this page alone, and stands in no address.
        return render_template("account/bring_card.html", code=code)
    current_app.extensions["mail_soon"]()
    return go_on(".check_mail")


def _show_details(form: DetailsForm):
    number = read_id_number(form.id_number.data)
    warnings = id_number_warnings(number, form.birth_date.value or None, today=in_vietnam(utc_now()).date())
    shown = {"villages": g.library.villages(), "kinds": KINDS, "consents": g.library.consents}
    page = render_template("account/give_details.html", form=form, warnings=warnings, **shown)
    return page, 422 if form.errors else 200


def url_for_outside(endpoint: str, **values) -> str:
    """An absolute address from the settings alone: what the request says of its host is not believed in a mail."""
    return current_app.config["SITE_URL"].rstrip("/") + url_for(endpoint, **values)


@bp.get("/dang-ky/da-gui")
@open_to("anyone")
@public_page(300)
def check_mail():
    return render_template("account/check_mail.html")


@bp.route("/xac-nhan/<token>", methods=["GET", "POST"])
@open_to("anyone")
def confirm(token: str):
    """Opening the link shows a page; only its button confirms, because mail scanners open links too."""
    form = Form()
    found = accounts.find_registration(token, utc_now())
    done = False
    if found and form.validate_on_submit():
        done = accounts.confirm(found, utc_now()) is not None
        found = found if done else None
        log_security("account confirmed" if done else "account refused: number taken")
    page = render_template("account/confirm.html", form=form, found=found, done=done)
    status = 404 if not found else 422 if form.errors else 200
    return page, status, {"Referrer-Policy": "no-referrer"}

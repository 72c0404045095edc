"""Staff accounts, for administrators: entering, changing and ending them; and for who approves what another entered."""

import secrets

from flask import Blueprint, abort, g, render_template, request
from flask_login import current_user
from wtforms import HiddenField, StringField, ValidationError

from database import utc_now
from models import Staff
from rules import WrongInput, staffing
from rules.identity import read_person_name
from rules.staff import ROLE_NAMES, read_login_name
from views.access import open_to
from views.account import url_for_outside
from views.answering import go_on
from views.forms import Form, ReadField
from views.visits import log_security

bp = Blueprint("staff", __name__, url_prefix="/mot-cua/nhan-vien")


def colleague(staff_id: int) -> Staff:
    """Somebody of my own office, or 404."""
    return Staff.get_or_none(Staff.id == staff_id, Staff.office == current_user.office) or abort(404)


def _me() -> Staff:
    return current_user._get_current_object()


# --- the list --------------------------------------------------------------------------------------------------------


@bp.get("/")
@open_to("administrator")
def all_staff():
    asked = request.args.get("q", "")[:100]
    found = staffing.list_staff(current_user.office, asked, request.args.get("trang", 1, type=int))
    waiting = len(staffing.waiting(current_user.office))
    return render_template(
        "staff/all_staff.html", found=found, asked=asked, roles=ROLE_NAMES, state_of=staffing.state_of, waiting=waiting
    )


# --- entering and changing -------------------------------------------------------------------------------------------


class NameForm(Form):
    full_name = ReadField("Họ và tên", read_person_name, "Nhập họ và tên", hint="Người dân đọc được tên này.")
    login_name = ReadField("Tên đăng nhập", read_login_name, "Nhập tên đăng nhập", hint="Không đổi được về sau. Ví dụ: hlan")
    form_key = HiddenField(default=lambda: secrets.token_hex(16))


class RoleForm(Form):
    role = StringField("Vai trò")
    village = StringField("Thôn, làng")

    def validate_role(self, field) -> None:
        if field.data not in ROLE_NAMES:
            raise ValidationError("Chọn vai trò")

    def validate_village(self, field) -> None:
        if self.role.data == "village_head" and field.data not in g.library.villages():
            raise ValidationError("Chọn thôn, làng của thôn trưởng")


class NewStaffForm(NameForm, RoleForm):
    pass


@bp.route("/moi", methods=["GET", "POST"])
@open_to("administrator")
def new_staff():
    form = NewStaffForm()
    if form.validate_on_submit():
        try:
            made, password = staffing.enter_staff(
                form.login_name.value,
                form.full_name.value,
                form.role.data,
                form.village.data or "",
                _me(),
                form.form_key.data,
                utc_now(),
            )
        except WrongInput as fault:
            form.login_name.errors = [str(fault)]
        else:
            if password:
                log_security("staff entered", staff=made.id, role=made.role, village=made.village, by=current_user.id)
            return show_first_password(made, password)
    return show_role_form("staff/new_staff.html", form)


@bp.route("/<int:staff_id>/vai-tro", methods=["GET", "POST"])
@open_to("administrator")
def change_role(staff_id: int):
    person = colleague(staff_id)
    form = RoleForm(role=person.role, village=person.village)
    if form.validate_on_submit():
        try:
            is_changed = staffing.change_role(person, form.role.data, form.village.data or "", _me())
        except WrongInput as fault:
            form.role.errors = [str(fault)]
        else:
            if is_changed:
                facts = {"role": form.role.data, "village": form.village.data, "before": person.role}
                log_security("staff role changed", staff=person.id, by=current_user.id, **facts)
            return go_on(".show_staff", staff_id=person.id, da="doi-vai-tro" if is_changed else "luu")
    return show_role_form("staff/change_role.html", form, person)


def show_role_form(template: str, form: RoleForm, person: Staff | None = None):
    page = render_template(template, form=form, person=person, roles=list(ROLE_NAMES.items()), villages=g.library.villages())
    return page, 422 if form.errors else 200


@bp.get("/<int:staff_id>")
@open_to("administrator")
def show_staff(staff_id: int):
    return show(colleague(staff_id))


def show(person: Staff, fault: str = ""):
    page = render_template(
        "staff/show_staff.html",
        person=person,
        fault=fault,
        role=ROLE_NAMES[person.role],
        state=staffing.state_of(person),
        seen_at=staffing.last_seen([person.id]).get(person.id),
        approvers=staffing.who_may_approve(person),
        is_me=person.id == current_user.id,
    )
    return page, 422 if fault else 200


def show_first_password(person: Staff, password: str):
    """The one answer on which a first password stands; of a form sent again there is none to show."""
    return render_template(
        "staff/first_password.html",
        person=person,
        password=password,
        approvers=staffing.who_may_approve(person),
        login_address=url_for_outside("desk.log_in"),
    )


# --- what is asked before it is done ---------------------------------------------------------------------------------


class SureForm(Form):
    form_key = HiddenField(default=lambda: secrets.token_hex(16))


def ask_first(person: Staff, form: SureForm, title: str, words: str, button: str):
    page = render_template("staff/ask_first.html", person=person, form=form, title=title, words=words, button=button)
    return page, 422 if form.errors else 200


@bp.route("/<int:staff_id>/nghi", methods=["GET", "POST"])
@open_to("administrator")
def end_staff(staff_id: int):
    person, form = colleague(staff_id), SureForm()
    if not form.validate_on_submit():
        words = "Người này thoát ra ngay và không đăng nhập được nữa. Việc đã làm vẫn mang tên người này."
        return ask_first(person, form, "Cho nghỉ", words, "Cho nghỉ")
    try:
        staffing.end_staff(person, _me(), utc_now())
    except WrongInput as fault:
        return show(person, str(fault))
    log_security("staff ended", staff=person.id, by=current_user.id)
    return go_on(".show_staff", staff_id=person.id, da="cho-nghi")


@bp.route("/<int:staff_id>/mat-khau", methods=["GET", "POST"])
@open_to("administrator")
def new_first_password(staff_id: int):
    person, form = colleague(staff_id), SureForm()
    if not form.validate_on_submit():
        words = (
            "Mật khẩu cũ hết dùng và người này thoát ra ngay. Mật khẩu mới hiện một lần, đăng nhập được một lần. "
            "Trước đó, tài khoản phải được một người khác duyệt lại."
        )
        return ask_first(person, form, "Cấp mật khẩu mới", words, "Cấp mật khẩu mới")
    try:
        password = staffing.give_first_password(person, _me(), f"{person.id}-{form.form_key.data}", utc_now())
    except WrongInput as fault:
        return show(person, str(fault))
    if password:
        log_security("first password given", staff=person.id, by=current_user.id)
    return show_first_password(colleague(staff_id), password)


@bp.route("/<int:staff_id>/buoc-hai", methods=["GET", "POST"])
@open_to("administrator")
def reset_factor(staff_id: int):
    person, form = colleague(staff_id), SureForm()
    if not form.validate_on_submit():
        words = "Ứng dụng và mã in cũ hết dùng, người này thoát ra ngay. Lần đăng nhập sau, người này đặt lại bước hai."
        return ask_first(person, form, "Đặt lại bước hai", words, "Đặt lại bước hai")
    try:
        staffing.reset_factor(person, _me(), utc_now())
    except WrongInput as fault:
        return show(person, str(fault))
    log_security("second factor reset", staff=person.id, by=current_user.id)
    return go_on(".show_staff", staff_id=person.id, da="dat-lai-buoc-hai")


@bp.route("/<int:staff_id>/thoat", methods=["GET", "POST"])
@open_to("administrator")
def end_logins(staff_id: int):
    person, form = colleague(staff_id), SureForm()
    if not form.validate_on_submit():
        words = "Người này thoát ra khỏi mọi máy ngay, và đăng nhập lại được."
        return ask_first(person, form, "Cho thoát khỏi mọi máy", words, "Cho thoát")
    try:
        staffing.end_logins(person, _me())
    except WrongInput as fault:
        return show(person, str(fault))
    log_security("staff logins ended", staff=person.id, by=current_user.id)
    return go_on(".show_staff", staff_id=person.id, da="da-thoat-may")


# --- approving -------------------------------------------------------------------------------------------------------


class ApproveForm(Form):
    mark = StringField("Bản đã xem")


@bp.get("/cho-duyet")
@open_to(*staffing.APPROVERS)
def waiting_staff():
    return show_waiting()


def show_waiting(fault: str = ""):
    me = _me()
    people = staffing.waiting(me.office)
    page = render_template(
        "staff/waiting_staff.html",
        form=ApproveForm(formdata=None),
        fault=fault,
        people=[(person, staffing.mark_of_entry(person), staffing.may_approve(me, person)) for person in people],
        nobody_may=[person for person in people if not staffing.who_may_approve(person)],
        roles=ROLE_NAMES,
    )
    return page, 422 if fault else 200


@bp.post("/<int:staff_id>/duyet")
@open_to(*staffing.APPROVERS)
def approve(staff_id: int):
    person, form = colleague(staff_id), ApproveForm()
    if not form.validate():
        return show_waiting(form.problems()[0][1])
    try:
        staffing.approve(person, _me(), form.mark.data or "", utc_now())
    except WrongInput as fault:
        log_security("approval refused", staff=person.id, by=current_user.id)
        return show_waiting(str(fault))
    log_security("staff approved", staff=person.id, role=person.role, village=person.village, by=current_user.id)
    return go_on(".waiting_staff", da="duyet")

"""Doanh nghiệp của tôi: the businesses I act for, who else does, and their dossiers."""

import secrets

from flask import Blueprint, abort, render_template, request
from flask_login import current_user
from wtforms import HiddenField

from database import utc_now
from models import Account, Business, Dossier, Representative
from rules import WrongInput, accounts, businesses
from rules.businesses import INVITATION_LASTS, MOST_INVITATIONS, read_business_name
from rules.identity import read_id_number, read_tax_code
from rules.paging import pages_of
from views.access import open_to
from views.answering import go_on
from views.forms import Form, ReadField
from views.visits import log_security

bp = Blueprint("businesses", __name__, url_prefix="/ca-nhan/doanh-nghiep")

A_PAGE = 10
TAKEN = "Mã số thuế này đã có người đại diện khác. Nhờ người đó mời bạn, hoặc mang giấy đăng ký doanh nghiệp đến Bộ phận Một cửa."


def business_of_mine(ref: str) -> Business:
    return businesses.one_of_mine(current_user, ref) or abort(404)


# --- all of mine -----------------------------------------------------------------------------------------------------


class AddForm(Form):
    tax_code = ReadField("Mã số thuế", read_tax_code, "Nhập mã số thuế", hint="10 hoặc 13 số, như trên giấy đăng ký")
    name = ReadField("Tên doanh nghiệp", read_business_name, "Nhập tên doanh nghiệp", hint="Như trên giấy đăng ký")


@bp.get("/")
@open_to("citizen")
def all_of_mine():
    return render_template(
        "businesses/all_of_mine.html",
        businesses=businesses.mine(current_user),
        invitations=businesses.invitations(current_user, utc_now()),
        taken=businesses.taken_tax_code(current_user),
    )


@bp.route("/them", methods=["GET", "POST"])
@open_to("citizen")
def add():
    form = AddForm()
    if form.validate_on_submit():
        try:
            business = businesses.add(_me(), form.name.value, form.tax_code.value, utc_now())
        except WrongInput as refusal:
            business, form.tax_code.errors = None, [str(refusal)]
        else:
            form.tax_code.errors = [] if business else [TAKEN]
        if business:
            log_security("business added", account=current_user.id, business=business.id)
            return go_on(".show", business=business.ref, da="them-doanh-nghiep")
    return render_template("businesses/add.html", form=form), 422 if form.errors else 200


# --- one business ----------------------------------------------------------------------------------------------------


@bp.get("/<business>/")
@open_to("citizen")
def show(business: str):
    found = business_of_mine(business)
    theirs = Dossier.select().where(Dossier.business == found.id)
    number, pages = pages_of(theirs.count(), A_PAGE, request.args.get("trang", 1, type=int))
    return render_template(
        "businesses/show.html",
        business=found,
        people=businesses.representatives(found),
        dossiers=list(theirs.order_by(Dossier.id.desc()).paginate(number, A_PAGE)),
        page=number,
        pages=pages,
    )


# --- inviting --------------------------------------------------------------------------------------------------------


class InviteForm(Form):
    id_number = ReadField("Số căn cước của người đó", read_id_number, "Nhập số căn cước của người bạn mời")
    form_key = HiddenField(default=lambda: secrets.token_hex(8))  # sent again after a lost answer, it is one invitation


@bp.route("/<business>/moi", methods=["GET", "POST"])
@open_to("citizen")
def invite(business: str):
    """The same answer whether or not the number has an account."""
    found, form = business_of_mine(business), InviteForm()
    if form.validate_on_submit():
        invited, number = accounts.account_of_number(form.id_number.value), form.id_number.value
        try:
            businesses.invite(found, _me(), invited, utc_now(), form.form_key.data and f"{form.form_key.data}:{number}")
        except WrongInput as refusal:
            form.id_number.errors = [str(refusal)]
        else:
            log_security("representative invited", account=current_user.id, business=found.id)
            return go_on(".show", business=business, da="da-moi")
    return show_invite(found, form, form.problems())


def show_invite(business: Business, form: InviteForm, problems: list[tuple[str, str]]):
    page = render_template(
        "businesses/invite.html",
        business=business,
        form=form,
        problems=problems,
        days=INVITATION_LASTS.days,
        most=MOST_INVITATIONS,
    )
    return page, 422 if problems else 200


@bp.post("/<business>/rut-loi-moi")
@open_to("citizen")
def withdraw_invitations(business: str):
    found, form = business_of_mine(business), Form()
    if not form.validate():
        return show_invite(found, InviteForm(formdata=None), form.problems())
    businesses.withdraw_invitations(found, _me(), utc_now())
    return go_on(".show", business=business, da="rut-loi-moi")


@bp.route("/loi-moi/<business>", methods=["GET", "POST"])
@open_to("citizen")
def invitation(business: str):
    """Accept or decline; sent again, it is answered as the first time."""
    form = Form()
    found = businesses.invitation(current_user, business, utc_now())
    if form.validate_on_submit() and request.form.get("answer") in ("nhan", "khong"):
        return answer_invitation(found, business, request.form["answer"])
    if found is None:
        return go_on(".show", business=business_of_mine(business).ref)
    return render_template("businesses/invitation.html", invitation=found, form=form), 422 if form.errors else 200


def answer_invitation(found: Representative | None, ref: str, answer: str):
    if answer == "khong":
        if found:
            businesses.decline(found, utc_now())
        return go_on(".all_of_mine", da="khong-nhan")
    if found and businesses.accept(found, utc_now()):
        log_security("invitation accepted", account=current_user.id, business=found.business_id)
    return go_on(".show", business=business_of_mine(ref).ref, da="nhan-moi")


# --- leaving ---------------------------------------------------------------------------------------------------------


@bp.route("/<business>/nguoi/<representative>/thoi", methods=["GET", "POST"])
@open_to("citizen")
def end(business: str, representative: str):
    """Remove another, or step down; asks first."""
    form = Form()
    if form.validate_on_submit():
        return end_now(business, representative)
    found = business_of_mine(business)
    people = businesses.representatives(found)
    account = next((p.account for p in people if p.account.ref == representative), None) or abort(404)
    page = render_template("businesses/end.html", business=found, account=account, is_last=len(people) == 1, form=form)
    return page, 422 if form.errors else 200


def end_now(ref: str, representative: str):
    """Sent again it is answered as the first time; what that says is true of whomever it was sent for."""
    is_me = representative == current_user.ref
    business = businesses.one_of_mine(current_user, ref)
    if business is None and not is_me:
        abort(404)
    ended = business and businesses.end(business, representative, _me(), utc_now())
    if ended:
        log_security("representative ended", account=ended.id, business=business.id, by=current_user.id)
    return go_on(".all_of_mine", da="toi-thoi") if is_me else go_on(".show", business=ref, da="da-thoi")


def _me() -> Account:
    return current_user._get_current_object()

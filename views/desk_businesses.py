"""The desk's room of businesses: find one by its tax code, see its paper, add and remove representatives."""

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask_login import current_user
from wtforms import BooleanField
from wtforms.validators import InputRequired

from database import utc_now
from models import Business, Staff
from rules import WrongInput, accounts, businesses
from rules.businesses import read_business_name
from rules.identity import read_id_number, read_tax_code
from rules.vietnamese import clean_text
from views.access import open_to
from views.answering import go_on
from views.forms import Form, ReadField
from views.visits import log_security

bp = Blueprint("desk_businesses", __name__, url_prefix="/mot-cua/doanh-nghiep")

# What a business may be opened for, by its name in the address: with each opening it stands in the logs.
PURPOSES = {
    "giay-dang-ky": "Xem giấy đăng ký",
    "dai-dien": "Thêm hoặc bớt người đại diện",
    "ho-so": "Giải quyết hồ sơ",
    "hoi-dap": "Trả lời người đại diện",
}


def read_purpose(typed: str) -> str:
    if typed not in PURPOSES:
        raise WrongInput("Chọn mục đích")
    return typed


class FindForm(Form):
    tax_code = ReadField("Mã số thuế", read_tax_code, "Nhập mã số thuế", hint="10 hoặc 13 số")
    purpose = ReadField("Mục đích", read_purpose, "Chọn mục đích", hint="Người đại diện đọc được ai đã mở, để làm gì")


class PaperForm(Form):
    name = ReadField("Tên như trên giấy đăng ký", read_business_name, "Nhập tên như trên giấy đăng ký")


class AppointForm(Form):
    id_number = ReadField("Số căn cước", read_id_number, "Nhập số căn cước của người đại diện")
    is_present = BooleanField(
        "Người này có mặt, đã xem căn cước và giấy đăng ký doanh nghiệp",
        [InputRequired("Xem giấy của người có mặt, rồi đánh dấu")],
    )


class ReasonForm(Form):
    reason = ReadField("Lý do", lambda text: clean_text(text, 300), "Nhập lý do", hint="Những người đại diện đọc được lý do này")


def refuse_other_communes() -> None:
    """Whoever works for another commune has no business with the people of this one (SECURITY §5)."""
    if current_user.office != g.library.site.codes.agency:
        abort(404)


def business_to_serve(ref: str) -> Business:
    refuse_other_communes()
    return Business.get_or_none(Business.ref == ref) or abort(404)


# --- finding one -----------------------------------------------------------------------------------------------------


@bp.route("/", methods=["GET", "POST"])
@open_to("officer")
def find():
    refuse_other_communes()
    form = FindForm()
    if form.validate_on_submit():
        found = businesses.find(form.tax_code.value)
        log_security("business searched", staff=current_user.id, found=bool(found), purpose=form.purpose.value)
        if found:
            return go_on(".show", business=found.ref, vi=form.purpose.value)
        form.tax_code.errors = ["Chưa có doanh nghiệp nào ở đây với mã số thuế này"]
    page = render_template("desk_businesses/find.html", form=form, purposes=PURPOSES.items())
    return page, 422 if form.errors else 200


# --- one business ----------------------------------------------------------------------------------------------------


@bp.get("/<business>")
@open_to("officer")
def show(business: str):
    found = business_to_serve(business)
    if request.args.get("vi") not in PURPOSES:
        return redirect(url_for(".find"), 302)
    log_security("business opened", staff=current_user.id, business=found.id, purpose=purpose())
    businesses.note_opening(found, _me(), PURPOSES[purpose()], utc_now())
    return show_business(found, PaperForm(name=found.name), AppointForm())


def show_business(found: Business, paper_form: PaperForm, appoint_form: AppointForm):
    faults = paper_form.problems() + appoint_form.problems()
    page = render_template(
        "desk_businesses/show.html",
        business=found,
        people=businesses.representatives(found),
        invited=businesses.invited(found, utc_now()),
        paper_form=paper_form,
        appoint_form=appoint_form,
        faults=faults,
        purpose=purpose(),
    )
    return page, 422 if faults else 200


def purpose() -> str:
    """What the business was opened for: it goes along from page to page."""
    asked = request.args.get("vi", "")
    return asked if asked in PURPOSES else "dai-dien"


def show_again(found: Business, done: str):
    return go_on(".show", business=found.ref, vi=purpose(), da=done)


@bp.post("/<business>/giay-dang-ky")
@open_to("officer")
def note_paper(business: str):
    found, form = business_to_serve(business), PaperForm()
    if not form.validate():
        return show_business(found, form, AppointForm(formdata=None))
    businesses.note_paper(found, form.name.value, _me(), utc_now())
    log_security("business paper seen", staff=current_user.id, business=found.id)
    return show_again(found, "xem-giay-dang-ky")


@bp.post("/<business>/nguoi")
@open_to("officer")
def appoint(business: str):
    found, form = business_to_serve(business), AppointForm()
    account = accounts.account_of_number(form.id_number.value) if form.validate() else None
    if not businesses.may_represent(account):
        if not form.errors:
            form.id_number.errors = ["Số này chưa có tài khoản. Mở tài khoản cho người này trước, rồi thêm."]
        return show_business(found, PaperForm(formdata=None, name=found.name), form)
    businesses.appoint(found, account, _me(), utc_now())
    log_security("representative appointed", staff=current_user.id, business=found.id, account=account.id)
    return show_again(found, "them-dai-dien")


@bp.route("/<business>/nguoi/<representative>/thoi", methods=["GET", "POST"])
@open_to("officer")
def end(business: str, representative: str):
    found, form = business_to_serve(business), ReasonForm()
    if form.validate_on_submit():
        ended = businesses.end(found, representative, _me(), utc_now(), form.reason.value)
        if ended:
            log_security("representative ended", staff=current_user.id, business=found.id, account=ended.id)
        return show_again(found, "da-thoi")
    people = [person.account for person in businesses.representatives(found)]
    account = next((account for account in people if account.ref == representative), None) or abort(404)
    page = render_template("desk_businesses/end.html", business=found, account=account, form=form, purpose=purpose())
    return page, 422 if form.errors else 200


def _me() -> Staff:
    return current_user._get_current_object()

"""Where is my dossier: anyone who holds the receipt code may see, without logging in (guide V, SECURITY §6)."""

from flask import Blueprint, render_template, request
from wtforms import HiddenField

from database import utc_now
from models import Dossier
from rules import attempts
from rules.attempts import LOOKUP_BY_ADDRESS, TooManyTries, address_group
from rules.dossier_codes import CodeFault, read_code
from rules.lookup import find_by_codes, find_by_receipt, public_view, read_last_digits
from views.access import open_to
from views.forms import Form, ReadField
from views.headers import public_page
from views.visits import client_address

bp = Blueprint("lookup", __name__)


class DigitsForm(Form):
    """The dossier code is a counter and can be guessed; four digits of the owner's number stand beside it."""

    ma = HiddenField()
    last_digits = ReadField(
        "4 số cuối giấy tờ của chủ hồ sơ",
        read_last_digits,
        "Nhập 4 số cuối số căn cước (hoặc CMND) của chủ hồ sơ",
        hint="Doanh nghiệp: 4 số cuối của mã số thuế 10 số",
    )


NOT_FOUND = "Không có hồ sơ nào như vậy. So lại từng chữ với giấy biên nhận. Vẫn không được thì hỏi Bộ phận Một cửa."


@bp.route("/tra-cuu", methods=["GET", "POST"])
@open_to("anyone")
@public_page(0)
def look_up():
    typed = request.values.get("ma", "")[:200]
    if not typed.strip():
        fault = "Nhập mã ghi trên giấy biên nhận" if "ma" in request.values else ""
        return show_question(typed, fault)
    try:
        code = read_code(typed)
        return show_by_receipt(code.value) if code.kind == "receipt" else show_by_dossier_code(code.value)
    except CodeFault as fault:
        return show_question(typed, str(fault))
    except TooManyTries as fault:
        return show_question(typed, str(fault), 429)


def show_question(typed: str, fault: str = "", status: int = 422):
    return render_template("lookup/look_up.html", typed=typed, fault=fault), status if fault else 200


def show_by_receipt(receipt_code: str):
    refuse_guessers()
    return show_found(find_by_receipt(receipt_code)) or miss(receipt_code)


def show_by_dossier_code(code: str):
    form = DigitsForm(ma=code)
    if not form.validate_on_submit():
        return render_template("lookup/last_digits.html", code=code, form=form), 422 if form.errors else 200
    refuse_guessers()
    return show_found(find_by_codes(code, form.last_digits.value)) or miss(code)


def refuse_guessers() -> None:
    attempts.refuse_if_blocked(LOOKUP_BY_ADDRESS, address_group(client_address()), utc_now())


def show_found(dossier: Dossier | None):
    if dossier is None:
        return None
    page = render_template("lookup/found.html", found=public_view(dossier, utc_now()), code=dossier.code)
    return page, 200, {"Cache-Control": "no-store"}


def miss(typed: str):
    attempts.count_failure(LOOKUP_BY_ADDRESS, address_group(client_address()), utc_now())
    return show_question(typed, NOT_FOUND, 404)

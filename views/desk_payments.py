"""The desk, money: asks for it, takes it, receipts and voiding by two; what came wrong; day sheet and reconciliation."""

import io
from datetime import date
from types import SimpleNamespace

from flask import Blueprint, Response, abort, current_app, g, redirect, render_template, request, url_for
from flask_login import current_user
from wtforms import BooleanField, HiddenField, RadioField

from database import utc_now
from gateways import pdf, sheets
from models import Dossier, PaymentAttempt, PaymentRequest, Receipt, State
from rules import (
    WrongInput,
    day_sheet,
    fees,
    form_values,
    payment_papers,
    payment_requests,
    receipts,
    refunds,
)
from rules.day_sheet import DaySheet, Reconciliation
from rules.identity import read_person_name
from rules.payment_requests import PaymentUnderWay, Wanted, open_request, read_amount
from rules.payment_words import METHODS, VOIDED_BECAUSE, number_of, taken_by
from rules.vietnamese import clean_text, in_vietnam, read_day, show_day, show_moment, show_number
from rules.workflow import MoveRefused
from views import desk
from views.access import open_to
from views.account import url_for_outside
from views.answering import go_on
from views.desk import WORKERS_AT_DESK, MoveForm, ReasonField, dossier_of_my_office, key_of, link_to, show, tell_owner
from views.forms import Form, ReadField
from views.headers import STATIC, without_comments
from views.people import drawn
from views.visits import log_security

bp = Blueprint("desk_payments", __name__, url_prefix="/mot-cua")

DECIDERS, READERS = ("officer", "leader"), ("officer", "leader")
MOST_COPIES = 100
SIZES = {"a6": "A6", "80mm": "Cuộn 80 mm"}
desk.PAGES_OF_MOVES |= {
    "ask_payment": "desk_payments.ask",
    "paid": "desk_payments.take_cash",
    "waive_fee": "desk_payments.waive",
}


# --- beside the dossier ----------------------------------------------------------------------------------------------


def gather(dossier: Dossier) -> dict:
    requests = payment_requests.of_dossier(dossier)
    attempts = refunds.attempts_of(dossier) if requests else []
    made = receipts.of_dossier(dossier) if requests else []
    fee = dossier.procedure.get("fee") or {}
    may_act = current_user.role == "officer"
    return {
        "open": next((one for one in requests if one.settled_at is None and one.voided_at is None), None),
        "earlier": [one for one in requests if one.settled_at or one.voided_at],
        "attempts": attempts,
        "refunds": refunds.refunds_of(attempts),
        "receipts": made,
        "waits": dossier.state is State.AWAITING_PAYMENT,
        "may_act": may_act,
        "may_waive": may_act and bool(fee.get("amount") or requests) and payment_requests.may_waive(dossier),
        "methods": METHODS,
        "voided_because": VOIDED_BECAUSE,
        "problems": refunds.PROBLEMS,
        "refund_states": refunds.STATES,
        "number_of": number_of,
        "left_of": refunds.left_of,
    }


desk.add_panel(25, "desk/_payments.html", gather)


# --- asking for money ------------------------------------------------------------------------------------------------


def line_of(longest: int):
    return lambda text: clean_text(text, longest)


class AskForm(MoveForm):
    item = ReadField("Nội dung thu", line_of(200), "Nhập nội dung thu")
    amount = ReadField("Số tiền (đồng)", read_amount, "Nhập số tiền")
    why = ReadField("Vì sao khác mức tính sẵn", line_of(250), hint="Chỉ ghi khi bạn sửa số tiền. Người nộp đọc được.")
    ground = ReasonField("Căn cứ", line_of(450), "Nhập căn cứ thu", hint="Văn bản, điều khoản. Người nộp đọc được.")
    due_on = ReadField("Hạn nộp", read_day, "Nhập hạn nộp")


class ChangeForm(AskForm):
    why = ReadField("Vì sao đổi", line_of(250), "Ghi vì sao đổi", hint="Người nộp đọc được.")
    seen = HiddenField()
    is_sure = BooleanField("Tôi biết người dân đang trả trực tuyến, vẫn làm tiếp")


def copies_asked_for() -> int | None:
    """As the officer counts them; else the answers say how many."""
    copies = request.args.get("ban", 0, type=int)
    return copies if 1 <= copies <= MOST_COPIES else None


def proposed(dossier: Dossier) -> fees.Charge:
    """What the rules come to for so many copies and the exemption chosen, both in the address."""
    return payment_requests.proposal(dossier, copies_asked_for(), exemption_asked_for(dossier))


def exemption_asked_for(dossier: Dossier) -> str:
    asked = request.args.get("mien", "")
    return asked if asked in {one.key for one in fees.exemptions_of(dossier.procedure)} else ""


def prefilled(form_class: type[AskForm], dossier: Dossier, charge: fees.Charge, **more) -> AskForm:
    return form_class(
        item=charge.item,
        amount=show_number(charge.amount_dong) if charge.amount_dong else "",
        ground=(dossier.procedure.get("fee") or {}).get("set_by", ""),
        due_on=show_day(payment_requests.usual_due_day(utc_now(), g.library.calendar)),
        **more,
    )


def wanted_of(form: AskForm, charge: fees.Charge) -> Wanted:
    said = form.item.value, form.amount.value, form.ground.value, form.due_on.value
    return Wanted(*said, payment_requests.as_kept(charge), form.why.value)


def ask_page(dossier: Dossier, form: AskForm, charge: fees.Charge, fault: str, at: str, **more):
    page = render_template(
        "desk_payments/ask.html",
        dossier=dossier,
        form=form,
        charge=charge,
        copies=copies_asked_for(),
        exemption=exemption_asked_for(dossier),
        exemptions=fees.exemptions_of(dossier.procedure),
        phrases=g.library.reasons.moves.get("ask_payment", []),
        fault=fault,
        at=at,
        faults=form.problems() + ([(at, fault)] if fault else []),
        before=more.get("before"),
        is_under_way=more.get("is_under_way", False),
    )
    return page, 422 if form.errors or fault else 200


@bp.route("/ho-so/<code>/yeu-cau-nop-tien", methods=["GET", "POST"])
@open_to("officer")
def ask(code: str):
    """Ask for money: the amount the rules come to stands there ready."""
    dossier = dossier_of_my_office(code)
    charge = proposed(dossier)
    form, fault = prefilled(AskForm, dossier, charge), ""
    if form.validate_on_submit():
        wanted, key = wanted_of(form, charge), key_of(form, dossier)
        try:
            payment_requests.ask(dossier, wanted, _me(), utc_now(), g.library.calendar, key, link_to(dossier))
        except WrongInput as refusal:
            fault = str(refusal)
        except MoveRefused as refusal:
            return moved(code, refusal)
        else:
            return back_to(code, "yeu-cau-tien")
    return ask_page(dossier, form, charge, fault, "why" if "vì sao" in fault else "due_on")


@bp.route("/ho-so/<code>/doi-so-tien", methods=["GET", "POST"])
@open_to("officer")
def change(code: str):
    """Ask for another amount: the request before is void, for all to see."""
    dossier = dossier_of_my_office(code)
    before, charge = open_request(dossier), proposed(dossier)
    form = prefilled(ChangeForm, dossier, charge, seen=before.id if before else "")
    if before and not form.is_submitted():
        begin_with(form, before)
    fault, is_under_way = "", False
    if form.validate_on_submit():
        wanted, key, seen = wanted_of(form, charge), key_of(form, dossier), seen_in(form)
        try:
            payment_requests.change(dossier, seen, wanted, _me(), utc_now(), key, link_to(dossier), form.is_sure.data)
        except PaymentUnderWay as refusal:
            fault, is_under_way = str(refusal), True
        except WrongInput as refusal:
            fault = str(refusal)
        except MoveRefused as refusal:
            return moved(code, refusal)
        else:
            return back_to(code, "doi-so-tien")
    elif not form.is_submitted() and dossier.state is not State.AWAITING_PAYMENT:
        return moved(code, "Hồ sơ không chờ nộp tiền, không có gì để đổi.")
    at = "is_sure" if is_under_way else "due_on"
    return ask_page(dossier, form, charge, fault, at, before=before or SimpleNamespace(id=""), is_under_way=is_under_way)


def begin_with(form: ChangeForm, before: PaymentRequest) -> None:
    """What is asked for now, so that only what the officer changes does change; another amount once it was worked out anew."""
    form.item.data, form.ground.data = before.item, before.ground
    if not ({"ban", "mien"} & request.args.keys()):
        form.amount.data = show_number(before.amount_dong)
    if before.due_on:
        form.due_on.data = show_day(before.due_on)


def seen_in(form: Form) -> int | None:
    """The request that stood on the page."""
    return int(form.seen.data) if (form.seen.data or "").isdecimal() else None


def moved(code: str, refusal):
    """The dossier as it is now, and what happened meanwhile."""
    return show(dossier_of_my_office(code), MoveForm(formdata=None), str(refusal), 409)


def back_to(code: str, notice: str):
    current_app.extensions["mail_soon"]()
    return go_on("desk.show_dossier", code=code, da=notice)


@bp.get('/ho-so/<code>/<any("thu-tien","da-nop-tien"):word>')
@open_to("officer")
def old_address(code: str, word: str):
    """Where these were buttons without an amount and without a receipt."""
    dossier = dossier_of_my_office(code)
    return redirect(url_for(".ask" if word == "thu-tien" else ".take_cash", code=dossier.code), 302)


# --- the slip that says what is to be paid ----------------------------------------------------------------------------


@bp.get("/ho-so/<code>/phieu-bao")
@open_to(*WORKERS_AT_DESK)
def pay_slip(code: str):
    """To be handed over. It names nobody, so that printing it opens nothing personal."""
    return slip_page(dossier_of_my_office(code))


def slip_page(dossier: Dossier, fault: str = "", status: int = 200):
    asked = open_request(dossier)
    if asked is None:
        return moved(dossier.code, "Không có yêu cầu nộp tiền nào đang mở: chưa lập, đã nộp, đã đổi hoặc đã miễn.")
    page = render_template("desk_payments/slip.html", has_pdf=pdf.is_there(), fault=fault, **on_slip(dossier, asked))
    return page, status


def on_slip(dossier: Dossier, asked: PaymentRequest) -> dict:
    asked.dossier = dossier
    address = url_for_outside("lookup.look_up")
    qr = drawn(url_for_outside("lookup.look_up", ma=dossier.receipt_code))
    return payment_papers.of_slip(asked, g.library.site) | {"address": address, "qr": qr}


@bp.get("/ho-so/<code>/phieu-bao.pdf")
@open_to(*WORKERS_AT_DESK)
def pay_slip_as_pdf(code: str):
    dossier = dossier_of_my_office(code)
    asked = open_request(dossier)
    if asked is None or not pdf.is_there():
        return redirect(url_for(".pay_slip", code=code), 302)
    made = pdf_of("desk_payments/slip_document.html", on_slip(dossier, asked))
    return slip_page(dossier, NO_PDF, 503) if made is None else send_pdf(made, f"phieu-bao-{dossier.code}.pdf")


# --- waiving ---------------------------------------------------------------------------------------------------------


class WaiveForm(MoveForm):
    exemption = RadioField("Miễn vì", choices=[], validate_choice=False)
    ground = ReadField("Căn cứ khác, hoặc giấy đã xem", line_of(300), hint="Ví dụ: thẻ hộ nghèo số 12/2026. Người nộp đọc được.")
    is_sure = BooleanField("Tôi biết người dân đang trả trực tuyến, vẫn làm tiếp")


@bp.route("/ho-so/<code>/mien-phi", methods=["GET", "POST"])
@open_to("officer")
def waive(code: str):
    """Nothing is to be paid, on a ground of the procedure's or another that is named."""
    dossier, form = dossier_of_my_office(code), WaiveForm(exemption=request.args.get("mien", ""))
    exemptions = fees.exemptions_of(dossier.procedure)
    grounds = {one.key: f"{one.who}. {one.ground}".strip() for one in exemptions}
    form.exemption.choices = [(one.key, one.who) for one in exemptions]
    fault, is_under_way = "", False
    if form.validate_on_submit():
        ground = " ".join(part for part in (grounds.get(form.exemption.data, ""), form.ground.value) if part)[:500]
        key, now = key_of(form, dossier), utc_now()
        try:
            payment_requests.waive(
                dossier, ground, _me(), now, g.library.calendar, key, link_to(dossier), is_sure=form.is_sure.data
            )
        except PaymentUnderWay as refusal:
            fault, is_under_way = str(refusal), True
        except WrongInput as refusal:
            fault = str(refusal)
        except MoveRefused as refusal:
            return moved(code, refusal)
        else:
            return back_to(code, "mien-phi")
    elif not form.is_submitted() and not payment_requests.may_waive(dossier):
        return moved(code, "Hồ sơ này không miễn phí, lệ phí được nữa: đã nộp, đã miễn, hoặc không còn giải quyết.")
    at = "is_sure" if is_under_way else "ground"
    page = render_template(
        "desk_payments/waive.html",
        dossier=dossier,
        form=form,
        fault=fault,
        at=at,
        faults=form.problems() + ([(at, fault)] if fault else []),
        is_under_way=is_under_way,
    )
    return page, 422 if form.errors or fault else 200


# --- taking money ----------------------------------------------------------------------------------------------------


class CashForm(MoveForm):
    seen = HiddenField()
    amount = HiddenField()
    payer = ReadField("Người nộp tiền", read_person_name, "Nhập họ tên người nộp tiền")
    is_sure = BooleanField("Tôi biết người dân đang trả trực tuyến, vẫn thu")


class TransferForm(MoveForm):
    seen = HiddenField()
    method = RadioField("Chuyển khoản bằng cách nào", choices=[])
    amount = ReadField("Số tiền trên sao kê (đồng)", read_amount, "Nhập số tiền trên sao kê")
    reference = ReadField(
        "Số tham chiếu trên sao kê", receipts.read_reference, "Nhập số tham chiếu trên sao kê", hint="Ví dụ FT26327123456"
    )
    payer = ReadField("Người nộp tiền", read_person_name, "Nhập họ tên người nộp tiền")
    is_sure = BooleanField("Tôi biết người dân đang trả trực tuyến, vẫn ghi nhận")


@bp.route("/ho-so/<code>/thu-tien-mat", methods=["GET", "POST"])
@open_to("officer")
def take_cash(code: str):
    """The money lies on the desk; the receipt is there at once."""
    dossier = dossier_of_my_office(code)
    asked = open_request(dossier)
    form = CashForm(seen=asked and asked.id, amount=asked and asked.amount_dong, payer=dossier.owner_name)
    amount = int(form.amount.data) if str(form.amount.data or "").isdecimal() else 0
    return take(dossier, asked, form, "Thu tiền mặt", lambda: ("cash", amount, ""))


@bp.route("/ho-so/<code>/xac-nhan-chuyen-khoan", methods=["GET", "POST"])
@open_to("officer")
def confirm_transfer(code: str):
    """The money stands on the bank's statement: its line is named, so that it pays for one thing only."""
    dossier = dossier_of_my_office(code)
    asked = open_request(dossier)
    form = TransferForm(seen=asked and asked.id, method="transfer", payer=dossier.owner_name)
    form.method.choices = [(method, METHODS[method]) for method in receipts.WITH_STATEMENT]
    return take(
        dossier, asked, form, "Xác nhận chuyển khoản", lambda: (form.method.data, form.amount.value, form.reference.value)
    )


def take(dossier: Dossier, asked: PaymentRequest | None, form: Form, title: str, said):
    """Both ways of taking money: `said` gives method, amount and reference once the form is good."""
    owner = dossier.owner_name
    # The name stands there ready, spelt as in the dossier: a business has signs in its name that a person has not.
    form.payer.read = lambda typed: typed if typed == owner else read_person_name(typed)
    fault, at, is_under_way = "", "amount", False
    if form.validate_on_submit():
        method, amount, reference = said()
        about = seen_in(form), method, amount, form.payer.value, reference
        try:
            receipt = receipts.take(
                dossier, *about, _me(), utc_now(), g.library.calendar, key_of(form, dossier), link_to(dossier), form.is_sure.data
            )
        except PaymentUnderWay as refusal:
            fault, at, is_under_way = str(refusal), "is_sure", True
        except WrongInput as refusal:
            fault, at = str(refusal), "reference" if "tham chiếu" in str(refusal) else "amount"
        except MoveRefused as refusal:
            return moved(dossier.code, refusal)
        else:
            log_security("payment taken", staff=current_user.id, dossier=dossier.code, receipt=receipt.id, method=method)
            current_app.extensions["mail_soon"]()
            return go_on(".show_receipt", code=dossier.code, receipt_id=receipt.id, da="da-thu")
    elif not form.is_submitted() and asked is None:
        words = "Chưa có yêu cầu nộp tiền nào đang mở. Lập yêu cầu trước, ghi rõ thu bao nhiêu, rồi thu."
        return moved(dossier.code, words)
    page = render_template(
        "desk_payments/take.html",
        dossier=dossier,
        asked=asked,
        form=form,
        title=title,
        fault=fault,
        at=at,
        faults=form.problems() + ([(at, fault)] if fault else []),
        is_under_way=is_under_way,
    )
    return page, 422 if form.errors or fault else 200


# --- receipts --------------------------------------------------------------------------------------------------------


class CopyForm(Form):
    copies = HiddenField()  # how many there were when the button was shown


def receipt_of_my_office(code: str, receipt_id: int) -> tuple[Dossier, Receipt]:
    dossier = dossier_of_my_office(code)
    receipt = receipts.receipt_of(dossier, receipt_id) or abort(404)
    receipt.request.dossier = dossier
    return dossier, receipt


def size_asked_for() -> str:
    asked = request.args.get("kho", "").lower()
    return asked if asked in SIZES else "a6"


def on_paper(dossier: Dossier, receipt: Receipt) -> dict:
    return payment_papers.of_receipt(receipt, dossier, g.library.site) | {"size": size_asked_for()}


def opened(dossier: Dossier, receipt: Receipt) -> None:
    """A receipt names its payer: opening one is written down as opening the dossier is."""
    log_security("receipt opened", staff=current_user.id, dossier=dossier.code, receipt=receipt.id, purpose="print")
    tell_owner(dossier, "dossier opened", dossier.code, "in biên lai")


@bp.get("/ho-so/<code>/bien-lai/<int:receipt_id>")
@open_to(*WORKERS_AT_DESK)
def show_receipt(code: str, receipt_id: int):
    return receipt_page(*receipt_of_my_office(code, receipt_id))


def receipt_page(dossier: Dossier, receipt: Receipt, fault: str = "", status: int = 200):
    opened(dossier, receipt)
    page = render_template(
        "desk_payments/receipt.html",
        button=MoveForm(formdata=None),
        sizes=SIZES,
        has_pdf=pdf.is_there(),
        fault=fault,
        may_replace=receipts.may_replace(receipt),
        successor=receipts.replacement_of(receipt),
        number_of=number_of,
        may_act=current_user.role == "officer",
        may_decide=current_user.role in DECIDERS and receipt.void_asked_by_id not in (None, current_user.id),
        **on_paper(dossier, receipt),
    )
    return page, status


@bp.get("/ho-so/<code>/bien-lai/<int:receipt_id>.pdf")
@open_to(*WORKERS_AT_DESK)
def receipt_as_pdf(code: str, receipt_id: int):
    dossier, receipt = receipt_of_my_office(code, receipt_id)
    if not pdf.is_there():
        return redirect(url_for(".show_receipt", code=code, receipt_id=receipt_id), 302)
    opened(dossier, receipt)
    made = pdf_of("desk_payments/document.html", on_paper(dossier, receipt))
    if made is None:
        return receipt_page(dossier, receipt, NO_PDF, 503)
    return send_pdf(made, f"bien-lai-{receipt.year}-{receipt.number}.pdf")


NO_PDF = "Chưa tạo được PDF. In bằng nút in của trình duyệt (Ctrl+P)."


def pdf_of(template: str, values: dict) -> bytes | None:
    """The paper as a PDF; None, and a line in the log, where that failed."""
    sheet = without_comments((STATIC / "forms.css").read_text(encoding="utf-8"))
    try:
        return pdf.make_pdf(render_template(template, **values), sheet)
    except pdf.PdfFailed as failure:
        log_security("pdf failed", staff=current_user.id, fault=str(failure))
        return None


def send_pdf(made: bytes, filename: str) -> Response:
    answer = Response(made, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f"inline; filename={filename}"
    return answer


@bp.post("/ho-so/<code>/bien-lai/<int:receipt_id>/in-lai")
@open_to("officer")
def reprint(code: str, receipt_id: int):
    """Count one more copy, and show it with its mark."""
    dossier, receipt = receipt_of_my_office(code, receipt_id)
    form = CopyForm()
    if not form.validate():
        return receipt_page(dossier, receipt, form.problems()[0][1], 422)
    copies = receipts.reprint(receipt, form.copies.data or "")
    log_security("receipt printed again", staff=current_user.id, dossier=dossier.code, receipt=receipt.id, copy=copies)
    return go_on(".show_receipt", code=code, receipt_id=receipt_id, kho=size_asked_for())


# --- voiding one, by two ---------------------------------------------------------------------------------------------


class VoidForm(MoveForm):
    reason = ReadField("Vì sao hủy", line_of(250), "Ghi vì sao hủy biên lai", hint="Ví dụ: ghi sai tên người nộp.")


@bp.route("/ho-so/<code>/bien-lai/<int:receipt_id>/huy", methods=["GET", "POST"])
@open_to("officer")
def ask_void(code: str, receipt_id: int):
    """Ask to have it voided; another has to agree."""
    dossier, receipt = receipt_of_my_office(code, receipt_id)
    form = VoidForm()
    if form.validate_on_submit():
        try:
            receipts.ask_void(receipt, form.reason.value, _me(), utc_now())
        except MoveRefused as refusal:
            return receipt_page(*receipt_of_my_office(code, receipt_id), str(refusal), 409)
        log_security("receipt void asked", staff=current_user.id, dossier=dossier.code, receipt=receipt.id)
        return go_on(".show_receipt", code=code, receipt_id=receipt_id, da="xin-huy")
    page = render_template("desk_payments/void.html", dossier=dossier, receipt=receipt, number=number_of(receipt), form=form)
    return page, 422 if form.errors else 200


@bp.post("/ho-so/<code>/bien-lai/<int:receipt_id>/duyet-huy")
@open_to(*DECIDERS)
def decide_void(code: str, receipt_id: int):
    dossier, receipt = receipt_of_my_office(code, receipt_id)
    form, is_granted = MoveForm(), bool(request.form.get("grant"))
    if not form.validate():
        return receipt_page(dossier, receipt, form.problems()[0][1], 422)
    try:
        receipts.decide_void(receipt, is_granted, _me(), utc_now(), key_of(form, dossier))
    except MoveRefused as refusal:
        return receipt_page(*receipt_of_my_office(code, receipt_id), str(refusal), 409)
    log_security("receipt void decided", staff=current_user.id, dossier=code, receipt=receipt.id, granted=is_granted)
    return go_on(".show_receipt", code=code, receipt_id=receipt_id, da="da-huy" if is_granted else "khong-dong-y")


class ReplaceForm(MoveForm):
    method = RadioField("Hình thức nộp", choices=[])
    reference = ReadField("Số tham chiếu trên sao kê", receipts.read_reference, hint="Khi nộp bằng chuyển khoản.")
    payer = ReadField("Người nộp tiền", read_person_name, "Nhập họ tên người nộp tiền")


@bp.route("/ho-so/<code>/bien-lai/<int:receipt_id>/thay", methods=["GET", "POST"])
@open_to("officer")
def replace(code: str, receipt_id: int):
    """Make out another receipt for the same money, under a number of its own."""
    dossier, voided = receipt_of_my_office(code, receipt_id)
    form = ReplaceForm(method=voided.method, payer=voided.payer_name, reference=voided.reference)
    form.payer.read = lambda typed: typed if typed == dossier.owner_name else read_person_name(typed)
    form.method.choices = [(method, METHODS[method]) for method in ways_of(voided)]
    fault = ""
    if form.validate_on_submit():
        said = form.method.data, form.payer.value, form.reference.value or ""
        try:
            receipt = receipts.replace(voided, *said, _me(), utc_now(), key_of(form, dossier))
        except WrongInput as refusal:
            fault = str(refusal)
        except MoveRefused as refusal:
            return receipt_page(*receipt_of_my_office(code, receipt_id), str(refusal), 409)
        else:
            log_security("receipt replaced", staff=current_user.id, dossier=code, receipt=voided.id, by=receipt.id)
            return go_on(".show_receipt", code=code, receipt_id=receipt.id, da="da-thay")
    page = render_template(
        "desk_payments/replace.html",
        dossier=dossier,
        voided=voided,
        number=number_of(voided),
        form=form,
        fault=fault,
        faults=form.problems() + ([("reference", fault)] if fault else []),
    )
    return page, 422 if form.errors or fault else 200


def ways_of(voided: Receipt) -> tuple[str, ...]:
    """Online only where it was online: nobody at the desk can say so of other money."""
    return (*receipts.AT_THE_DESK, "online") if voided.method == "online" else receipts.AT_THE_DESK


# --- what came wrong, and refunds by two -----------------------------------------------------------------------------


def attempt_of_my_office(code: str, attempt_id: int) -> tuple[Dossier, PaymentAttempt]:
    dossier = dossier_of_my_office(code)
    attempt = refunds.attempt_of(dossier, attempt_id) or abort(404)
    attempt.request.dossier = dossier
    return dossier, attempt


class SolveForm(MoveForm):
    note = ReadField(
        "Đã giải quyết thế nào", line_of(400), hint="Ví dụ: đã gọi cổng thanh toán, tiền về ngân hàng của người dân."
    )


@bp.route("/ho-so/<code>/giao-dich/<int:attempt_id>/giai-quyet", methods=["GET", "POST"])
@open_to("officer")
def solve(code: str, attempt_id: int):
    """A payment that came too late, twice, or for what is void: take it, refund it, or say what was done."""
    dossier, attempt = attempt_of_my_office(code, attempt_id)
    form, fault = SolveForm(), ""
    if form.validate_on_submit():
        try:
            if request.form.get("take"):
                key, calendar = key_of(form, dossier), g.library.calendar
                receipt = refunds.take_over(attempt, _me(), utc_now(), calendar, key, link_to(dossier))
                current_app.extensions["mail_soon"]()
                return go_on(".show_receipt", code=code, receipt_id=receipt.id, da="da-thu")
            refunds.solve(attempt, form.note.value, _me(), utc_now())
        except WrongInput as refusal:
            fault = str(refusal)
        except MoveRefused as refusal:
            return moved(code, refusal)
        else:
            log_security("payment problem solved", staff=current_user.id, dossier=code, attempt=attempt.id)
            return go_on(".todo", da="da-ghi")
    page = render_template(
        "desk_payments/solve.html",
        dossier=dossier,
        attempt=attempt,
        words=refunds.PROBLEMS.get(attempt.problem, (attempt.problem, "")),
        form=form,
        fault=fault,
        faults=form.problems() + ([("note", fault)] if fault else []),
        may_take=refunds.may_take_over(attempt),
        left=refunds.left_of(attempt),
    )
    return page, 422 if form.errors or fault else 200


class RefundForm(MoveForm):
    amount = ReadField("Số tiền hoàn (đồng)", read_amount, "Nhập số tiền hoàn")
    reason = ReadField("Vì sao hoàn", line_of(250), "Ghi vì sao hoàn tiền", hint="Người nộp đọc được.")


@bp.route("/ho-so/<code>/giao-dich/<int:attempt_id>/hoan-tien", methods=["GET", "POST"])
@open_to("officer")
def ask_refund(code: str, attempt_id: int):
    """Ask for money to go back by the gateway; another grants it."""
    dossier, attempt = attempt_of_my_office(code, attempt_id)
    left = refunds.left_of(attempt)
    form, fault = RefundForm(amount=show_number(left) if left else ""), ""
    if form.validate_on_submit():
        said = form.amount.value, form.reason.value
        try:
            refund = refunds.ask(attempt, *said, _me(), utc_now(), key_of(form, dossier))
        except WrongInput as refusal:
            fault = str(refusal)
        else:
            log_security("refund asked", staff=current_user.id, dossier=code, attempt=attempt.id, refund=refund.id)
            return go_on("desk.show_dossier", code=code, da="xin-hoan")
    page = render_template(
        "desk_payments/refund.html",
        dossier=dossier,
        attempt=attempt,
        form=form,
        fault=fault,
        faults=form.problems() + ([("amount", fault)] if fault else []),
        left=left,
    )
    return page, 422 if form.errors or fault else 200


@bp.post("/ho-so/<code>/hoan-tien/<int:refund_id>/duyet")
@open_to(*DECIDERS)
def decide_refund(code: str, refund_id: int):
    dossier = dossier_of_my_office(code)
    refund = refunds.refund_of(dossier, refund_id) or abort(404)
    form, is_granted = MoveForm(), bool(request.form.get("grant"))
    if not form.validate():
        return todo_page(form.problems()[0][1], 422)
    try:
        refunds.decide(refund, is_granted, _me(), utc_now(), key_of(form, dossier))
    except MoveRefused as refusal:
        return todo_page(str(refusal), 409)
    log_security("refund decided", staff=current_user.id, dossier=code, refund=refund.id, granted=is_granted)
    current_app.extensions["mail_soon"]()
    return go_on(".todo", da="dong-y" if is_granted else "khong-dong-y")


class EndForm(MoveForm):
    state = RadioField("Kết quả", choices=[], validate_choice=False)
    note = ReadField(
        "Đã hỏi ai, họ trả lời thế nào", line_of(400), "Ghi đã hỏi ai", hint="Ví dụ: tổng đài cổng thanh toán, mã tra soát 12345."
    )


@bp.route("/ho-so/<code>/hoan-tien/<int:refund_id>/ket-qua", methods=["GET", "POST"])
@open_to("officer")
def say_refund_end(code: str, refund_id: int):
    """How a refund ended of which the gateway says nothing clear, as somebody there says when asked."""
    dossier = dossier_of_my_office(code)
    refund = refunds.refund_of(dossier, refund_id) or abort(404)
    form, fault = EndForm(), ""
    if form.validate_on_submit():
        try:
            refunds.say_end(refund, form.state.data or "", form.note.value, _me(), utc_now())
        except WrongInput as refusal:
            fault = str(refusal)
        except MoveRefused as refusal:
            return todo_page(str(refusal), 409)
        else:
            log_security("refund end said", staff=current_user.id, dossier=code, refund=refund.id, end=form.state.data)
            return go_on(".todo", da="hoan-sao")
    elif not form.is_submitted() and not refunds.is_unclear(refund, utc_now()):
        return todo_page(f"Khoản hoàn này không cần hỏi: {refunds.STATES[refund.state]}.", 409)
    page = render_template(
        "desk_payments/refund_end.html",
        dossier=dossier,
        refund=refund,
        ends=refunds.ENDS,
        form=form,
        fault=fault,
        faults=form.problems() + ([("state", fault)] if fault else []),
    )
    return page, 422 if form.errors or fault else 200


@bp.post("/ho-so/<code>/hoan-tien/<int:refund_id>/xac-nhan")
@open_to(*DECIDERS)
def confirm_refund_end(code: str, refund_id: int):
    dossier = dossier_of_my_office(code)
    refund = refunds.refund_of(dossier, refund_id) or abort(404)
    form, seen = MoveForm(), request.form.get("grant", "")
    if not form.validate():
        return todo_page(form.problems()[0][1], 422)
    try:
        refunds.confirm_end(refund, seen, _me(), utc_now(), key_of(form, dossier))
    except MoveRefused as refusal:
        return todo_page(str(refusal), 409)
    log_security("refund end confirmed", staff=current_user.id, dossier=code, refund=refund.id, end=seen or "refused")
    current_app.extensions["mail_soon"]()
    return go_on(".todo", da="dong-y" if seen else "khong-dong-y")


@bp.get("/tien/can-xu-ly")
@open_to(*READERS)
def todo():
    """What waits for somebody: payments that came wrong, voids and refunds that wait for a second person."""
    return todo_page()


def todo_page(fault: str = "", status: int = 200):
    office, now = current_user.office, utc_now()
    page = render_template(
        "desk_payments/todo.html",
        here="desk_payments.todo",
        tabs=TABS,
        fault=fault,
        button=MoveForm(formdata=None),
        problems=refunds.problems(office),
        words=refunds.PROBLEMS,
        voids=receipts.waiting_voids(office),
        waiting=refunds.waiting(office),
        unclear=refunds.unclear(office, now),
        under_way=refunds.under_way(office, now),
        refund_states=refunds.STATES,
        ends=refunds.ENDS,
        number_of=number_of,
        me=current_user.id,
        may_act=current_user.role == "officer",
    )
    return page, status


# --- the day sheet and the reconciliation ----------------------------------------------------------------------------

TABS = (
    ("Sổ thu trong ngày", "desk_payments.day"),
    ("Đối soát", "desk_payments.reconciliation"),
    ("Cần xử lý", "desk_payments.todo"),
)
LONGEST_PERIOD_DAYS = 366


def days_asked_for(is_one_day: bool) -> tuple[date, date, list[tuple[str, str]]]:
    """The days in the address, else today or this month so far; and what is wrong with them."""
    today = in_vietnam(utc_now()).date()
    first, last = today if is_one_day else today.replace(day=1), today
    names = ("ngay", "ngay") if is_one_day else ("tu", "den")
    typed = [request.args.get(name, "").strip() for name in names]
    try:
        asked = read_day(typed[0]) if typed[0] else first, read_day(typed[1]) if typed[1] else last
    except WrongInput as fault:
        return first, last, [(names[0], str(fault))]
    if asked[0] > asked[1]:
        return first, last, [(names[0], "Ngày cuối phải sau ngày đầu")]
    if (asked[1] - asked[0]).days >= LONGEST_PERIOD_DAYS:
        return first, last, [(names[0], "Chọn kỳ trong vòng một năm")]
    return *asked, []


def sheet_page(template: str, here: str, first: date, last: date, faults: list, **values):
    page = render_template(
        template,
        here=here,
        tabs=TABS,
        first=first,
        last=last,
        faults=faults,
        unit=form_values.agency_name(g.library.site, current_user.office),
        methods=METHODS,
        number_of=number_of,
        taken_by=taken_by,
        **values,
    )
    return page, 422 if faults else 200


@bp.get("/tien/")
@open_to(*READERS)
def day():
    """What was taken in a day, by whom, how; to be signed."""
    return day_page(*days_asked_for(is_one_day=True))


def day_page(first: date, last: date, faults: list):
    is_print = request.args.get("xem") == "in"  # the whole day on paper, however long
    found = day_sheet.of_days(current_user.office, first, last, None if is_print else request.args.get("trang", 1, type=int))
    log_security("day sheet opened", staff=current_user.id, day=str(first), count=len(found.made), purpose="cash")
    place = form_values.place_of(g.library.site)
    written = f"{place}, {form_values.day_words(in_vietnam(utc_now()).date())}"
    return sheet_page(
        "desk_payments/day.html", "desk_payments.day", first, last, faults, sheet=found, written=written, is_print=is_print
    )


@bp.get("/tien/so-thu.xlsx")
@open_to(*READERS)
def day_as_sheet():
    first, last, faults = days_asked_for(is_one_day=True)
    if faults:
        return day_page(first, last, faults)
    found = day_sheet.of_days(current_user.office, first, last)
    return send_book([book_of_day(found, first)], f"so-thu-{first:%Y%m%d}.xlsx", len(found.made) + len(found.voided))


def book_of_day(found: DaySheet, first: date) -> sheets.Sheet:
    head = (
        "Số biên lai",
        "Giờ",
        "Mã hồ sơ",
        "Nội dung",
        "Người nộp",
        "Hình thức",
        "Số tham chiếu",
        "Số tiền",
        "Người thu",
        "Ghi chú",
    )
    rows = [row_of(one, one.amount_dong, "Đã hủy" if one.voided_at else "") for one in found.made]
    rows += [row_of(one, -one.amount_dong, f"Hủy trong ngày: {one.void_reason}") for one in found.voided]
    blank = [None] * (len(head) - 3)
    sums = [[one.name, *blank[:6], one.left_dong, None, None] for one in (*found.by_method, found.whole)]
    return sheets.Sheet(
        name="so-thu",
        above=above("Sổ thu phí, lệ phí", f"Ngày {show_day(first)}"),
        head=[sheets.HeadCell(0, place, 1, 1, name) for place, name in enumerate(head)],
        widths=[16, 16, 22, 40, 26, 22, 20, 14, 26, 26],
        rows=[*rows, *sums],
        bold_rows=frozenset(range(len(rows), len(rows) + len(sums))),
    )


def row_of(one: Receipt, amount_dong: int, note: str) -> list:
    made_at = in_vietnam(one.made_at).replace(tzinfo=None)
    about = number_of(one), made_at, one.request.dossier.code, one.request.item, one.payer_name
    return [*about, METHODS[one.method], one.reference, amount_dong, taken_by(one), note]


def above(title: str, period: str) -> list[str]:
    unit = form_values.agency_name(g.library.site, current_user.office)
    return [title, unit, f"{period}. Lập lúc {show_moment(utc_now())}. Đơn vị tính: đồng."]


@bp.get("/tien/doi-soat")
@open_to(*READERS)
def reconciliation():
    """What the gateway says against the receipts, by method, and every payment behind a difference."""
    return reconciliation_page(*days_asked_for(is_one_day=False))


def reconciliation_page(first: date, last: date, faults: list):
    found = day_sheet.reconcile(current_user.office, first, last)
    return sheet_page(
        "desk_payments/reconciliation.html",
        "desk_payments.reconciliation",
        first,
        last,
        faults,
        found=found,
        refund_states=refunds.STATES,
    )


@bp.get("/tien/doi-soat.xlsx")
@open_to(*READERS)
def reconciliation_as_sheet():
    first, last, faults = days_asked_for(is_one_day=False)
    if faults:
        return reconciliation_page(first, last, faults)
    found = day_sheet.reconcile(current_user.office, first, last)
    period = f"Từ {show_day(first)} đến {show_day(last)}"
    book = [sheet_of_sides(found, period), sheet_of_differences(found, period)]
    return send_book(book, f"doi-soat-{first:%Y%m%d}-{last:%Y%m%d}.xlsx", len(differences(found)))


def sheet_of_sides(found: Reconciliation, period: str) -> sheets.Sheet:
    head = (
        "Hình thức",
        "Số biên lai",
        "Tiền biên lai",
        "Số hủy",
        "Tiền hủy",
        "Còn lại",
        "Cổng báo (số)",
        "Cổng báo (tiền)",
        "Chênh",
    )
    rows = [
        [side.name, side.ours.made, side.ours.made_dong, side.ours.voided, side.ours.voided_dong, side.ours.left_dong]
        + [side.theirs, side.theirs_dong, side.difference_dong]
        for side in found.sides
    ]
    whole = day_sheet.total("Cộng", [side.ours for side in found.sides])
    sums = [whole.name, whole.made, whole.made_dong, whole.voided, whole.voided_dong, whole.left_dong, None, None, None]
    return sheets.Sheet(
        name="doi-soat",
        above=above("Đối soát phí, lệ phí theo hình thức nộp", period),
        head=[sheets.HeadCell(0, place, 1, 1, name) for place, name in enumerate(head)],
        widths=[32, 12, 14, 10, 14, 14, 14, 16, 14],
        rows=[*rows, sums],
        below=[f"Đã hoàn qua cổng: {show_number(found.refunded_dong)} đồng"],
        bold_rows=frozenset([len(rows)]),
    )


def differences(found: Reconciliation) -> list[list]:
    """A line for each payment behind a difference: what is wrong, whose, how much."""
    lines = [["Cổng báo đã trả, không có biên lai", a.request.dossier.code, a.txn_ref, a.amount_dong] for a in found.unreceipted]
    lines += [["Biên lai trực tuyến, cổng không báo", "", number_of(r), r.amount_dong] for r in found.unheard]
    lines += [["Số tiền biên lai khác cổng báo", "", number_of(r), r.amount_dong] for r in found.wrong_sums]
    lines += [["Thông báo không thuộc giao dịch nào", "", show_moment(n.received_at), None] for n in found.strangers]
    return lines + [
        [f"Hoàn tiền: {refunds.STATES[one.state]}", one.attempt.request.dossier.code, one.request_no, one.amount_dong]
        for one in found.refunds
    ]


def sheet_of_differences(found: Reconciliation, period: str) -> sheets.Sheet:
    head = ("Việc", "Mã hồ sơ", "Số biên lai, mã giao dịch", "Số tiền")
    return sheets.Sheet(
        name="chi-tiet",
        above=above("Các khoản phải xem", period),
        head=[sheets.HeadCell(0, place, 1, 1, name) for place, name in enumerate(head)],
        widths=[40, 24, 30, 14],
        rows=differences(found),
    )


def send_book(book: list[sheets.Sheet], filename: str, count: int) -> Response:
    """The file; that somebody took so many rows away is written down (SECURITY §12)."""
    file = io.BytesIO()
    sheets.write_book(file, book)
    log_security("exported", staff=current_user.id, file=filename, rows=count)
    answer = Response(file.getvalue(), mimetype=sheets.MEDIA_TYPE)
    answer.headers["Content-Disposition"] = f"attachment; filename={filename}"
    return answer


def _me():
    return current_user._get_current_object()

"""Yêu cầu thanh toán (guide VII): what is to be paid, how, at which bank; then the gateway's own page."""

import secrets

from flask import abort, current_app, g, redirect, render_template, request, url_for
from flask_login import current_user
from wtforms import HiddenField

from database import utc_now
from models import Dossier, PaymentAttempt, PaymentRequest, Receipt
from rules import WrongInput, payment_papers, payment_requests, payments, personal, submission, vietqr
from rules.payment_words import number_of
from rules.payments import BANKS, StillUnderWay
from rules.workflow import MoveRefused
from views.access import open_to
from views.account import url_for_outside
from views.answering import go_on
from views.forms import Form, ReadField
from views.people import drawn
from views.personal import bp
from views.visits import client_address

A_PAGE = 10
# Where money may still be sent: not where the bank has taken it already, nor for what is settled or void.
MAY_PAY = ("asked", "sent", "unknown", "failed")


def all_of(account):
    """Every request of the account's dossiers and of the businesses it acts for, the newest first."""
    mine = submission.all_mine(account).select(Dossier.id).order_by()
    found = PaymentRequest.select(PaymentRequest, Dossier).join(Dossier).where(PaymentRequest.dossier.in_(mine))
    return found.order_by(PaymentRequest.id.desc())


def my_request(ref: str) -> PaymentRequest:
    return all_of(_me()).where(PaymentRequest.ref == ref).first() or abort(404)


@bp.get("/thanh-toan", endpoint="payments")
@open_to("citizen")
def payments_asked():
    """What waits to be paid, then what was paid, waived or voided."""
    now = utc_now()
    waiting = list(payment_requests.waiting_of(_me()))
    settled = list(all_of(_me()).where(PaymentRequest.id.not_in([one.id for one in waiting])).limit(A_PAGE))
    receipts = list(Receipt.select().where(Receipt.request.in_([one.id for one in settled])).order_by(Receipt.id))
    return render_template(
        "my_payments/list.html",
        waiting=[(one, payments.standing(one, now)) for one in waiting],
        unsaid=waiting_without_amount(waiting),
        settled=[(one, payments.standing(one, now)) for one in settled],
        receipts={one.request_id: one for one in receipts},  # the newest of each
        number_of=number_of,
    )


def waiting_without_amount(waiting: list[PaymentRequest]) -> list[Dossier]:
    """Those that have waited for money since before the desk had to say how much."""
    said = [one.dossier_id for one in waiting]
    return list(personal.in_state(_me(), personal.STATES["payment"]).where(Dossier.id.not_in(said)))


@bp.get("/thanh-toan/<ref>")
@open_to("citizen")
def payment(ref: str):
    """What it is for, how much and why, to be read before anything is paid."""
    asked = my_request(ref)
    return render_template("my_payments/request.html", asked=asked, standing=payments.standing(asked, utc_now()))


# --- ways of paying, equal in dignity --------------------------------------------------------------------------------


@bp.get("/thanh-toan/<ref>/cach-tra")
@open_to("citizen")
def payment_ways(ref: str):
    asked = my_request(ref)
    if payments.standing(asked, utc_now()).state not in MAY_PAY:
        return redirect(url_for(".payment", ref=ref), 302)
    return render_template("my_payments/ways.html", asked=asked, has_account=vietqr.account_of(g.library.site) is not None)


@bp.get("/thanh-toan/<ref>/chuyen-khoan")
@open_to("citizen")
def payment_transfer(ref: str):
    """In words alone, for whoever pays from this very phone, or has no camera."""
    return transfer_page(ref, has_picture=False)


@bp.get("/thanh-toan/<ref>/vietqr")
@open_to("citizen")
def payment_vietqr(ref: str):
    return transfer_page(ref, has_picture=True)


def transfer_page(ref: str, has_picture: bool):
    asked = my_request(ref)
    transfer = vietqr.transfer_for(g.library.site, asked.dossier.code, asked.amount_dong) if asked.amount_dong else None
    standing = payments.standing(asked, utc_now())
    if standing.state not in MAY_PAY:
        return redirect(url_for(".payment", ref=ref), 302)
    if transfer is None:
        abort(404)
    picture = vietqr.picture(transfer.payload) if has_picture else ""
    return render_template("my_payments/transfer.html", asked=asked, transfer=transfer, picture=picture, standing=standing)


@bp.get("/thanh-toan/<ref>/phieu")
@open_to("citizen")
def payment_slip(ref: str):
    """On paper for whoever goes to pay, who need not be the owner: it names nobody."""
    asked = my_request(ref)
    if payments.standing(asked, utc_now()).state not in MAY_PAY:
        return redirect(url_for(".payment", ref=ref), 302)
    address = url_for_outside("lookup.look_up")
    qr = drawn(url_for_outside("lookup.look_up", ma=asked.dossier.receipt_code))
    said = payment_papers.of_slip(asked, g.library.site)
    return render_template("my_payments/slip.html", address=address, qr=qr, **said)


class BankForm(Form):
    bank = ReadField("Ngân hàng")
    form_key = HiddenField(default=lambda: secrets.token_hex(16))
    is_sure = HiddenField()


@bp.route("/thanh-toan/<ref>/ngan-hang", methods=["GET", "POST"])
@open_to("citizen")
def payment_banks(ref: str):
    """The bank is chosen here; its login and its code never are: those are typed on the bank's own page."""
    asked, form, fault, again = my_request(ref), BankForm(), "", None
    if form.validate_on_submit():
        key = f"{asked.id}-{''.join(sign for sign in form.form_key.data or '' if sign.isalnum() and sign.isascii())}"[:64]
        try:
            said = form.bank.data or "", _me(), utc_now(), key, form.is_sure.data == "1", client_address()
            payments.start(asked, *said)
        except StillUnderWay as question:
            again = question
        except WrongInput as wrong:
            fault = str(wrong)
        except MoveRefused as refusal:
            return render_template("my_payments/request.html", asked=asked, fault=str(refusal),
                                   standing=payments.standing(my_request(ref), utc_now())), 409  # fmt: skip
        else:
            return go_on(".pay", ref=ref)
    page = render_template("my_payments/banks.html", asked=asked, form=form, banks=BANKS, fault=fault, again=again)
    return page, 409 if again else 422 if fault or form.errors else 200


@bp.get("/thanh-toan/<ref>/tra")
@open_to("citizen")
def pay(ref: str):
    """The last look before the bank's page, which the link opens: the same address each time, so that two tabs are one charge."""
    asked = my_request(ref)
    attempt = asked.attempts.order_by(PaymentAttempt.id.desc()).first()
    standing = payments.standing(asked, utc_now())
    address = ""
    if standing.may_go_on and attempt and attempt.id == standing.attempt.id:
        back = url_for_outside("payment_gateway.come_back")
        address = payments.address_of(attempt, current_app.extensions["payments"], back)
    return render_template("my_payments/pay.html", asked=asked, attempt=attempt, standing=standing, address=address, banks=BANKS)


# --- receipts --------------------------------------------------------------------------------------------------------


def my_receipt(ref: str) -> tuple[Receipt, list[Receipt]]:
    """The receipt whose number is in the address, else the newest; and all there are of the request."""
    made, number = payment_papers.receipts_of(my_request(ref)), request.args.get("so", "")
    found = next((one for one in made if number in ("", number_of(one))), None) or abort(404)
    return found, made


@bp.get("/thanh-toan/<ref>/bien-lai", endpoint="receipt")
@open_to("citizen")
def show_receipt(ref: str):
    """To be read on a small screen; the paper itself is a page of its own."""
    found, made = my_receipt(ref)
    successor = next((one for one in made if one.replaces_id == found.id), None)
    said = payment_papers.of_receipt(found, found.request.dossier, g.library.site)
    return render_template("my_payments/receipt.html", successor=successor, number_of=number_of, **said)


@bp.get("/thanh-toan/<ref>/bien-lai/in")
@open_to("citizen")
def print_receipt(ref: str):
    found, _ = my_receipt(ref)
    said = payment_papers.of_receipt(found, found.request.dossier, g.library.site)
    return render_template("my_payments/receipt_paper.html", size="a6", is_own_copy=True, **said)


def _me():
    return current_user._get_current_object()

"""Settling a payment request: its money is here, so it has a receipt and the dossier goes on, all of it or nothing."""

from datetime import datetime

from database import db
from models import Dossier, PaymentAttempt, PaymentRequest, Receipt, Staff, State
from rules import notices, printed_forms, workflow
from rules.deadlines import WorkCalendar
from rules.payment_words import number_of
from rules.vietnamese import in_vietnam, show_dong, show_moment
from rules.workflow import MoveRefused


def settle(
    request: PaymentRequest,
    method: str,
    now: datetime,
    by: Staff | None,
    calendar: WorkCalendar,
    form_key: str,
    payer_name: str,
    reference: str = "",
    attempt: PaymentAttempt | None = None,
    link: str = "",
) -> Receipt:
    """Take the money for a request, once, in one transaction under the dossier's lock; returns the receipt.

    `method` is cash, transfer, vietqr or online; `by` is None where the gateway's word settled it; `reference` is the
    statement's or the gateway's number. A dossier that waits for money goes on; one that was withdrawn meanwhile keeps its
    state. The same form again returns the same receipt. Raises MoveRefused when the request was settled or voided meanwhile.
    """
    dossier = request.dossier
    with db.atomic():
        workflow.lock(dossier)
        if done := Receipt.get_or_none(Receipt.form_key == form_key):
            return done
        fresh = PaymentRequest.get_by_id(request.id)
        _refuse_if_closed(fresh, dossier)
        receipt = _number(fresh, dossier, method, now, by, form_key, payer_name, reference, attempt)
        PaymentRequest.update(settled_at=now, method=method).where(PaymentRequest.id == fresh.id).execute()
        request.settled_at, request.method = now, method
        _go_on(dossier, receipt, by or workflow.SYSTEM, now, calendar, form_key, link)
    return receipt


def payer_of(attempt: PaymentAttempt) -> str:
    """Who paid online, as the receipt names it (người nộp tiền): whoever pressed pay, or the business where it is the business's.

    What a business owes it pays itself, whichever of its people held the telephone, and its books want the receipt in its
    name. Somebody whose account was deleted since goes by the dossier's owner.
    """
    dossier = attempt.request.dossier
    if dossier.business_id or attempt.started_by_id is None:
        return dossier.owner_name
    return attempt.started_by.full_name


def _refuse_if_closed(request: PaymentRequest, dossier: Dossier) -> None:
    if request.settled_at:
        how = "được miễn" if request.method == "waived" else "thu"
        raise MoveRefused(f"Yêu cầu nộp tiền của hồ sơ {dossier.code} đã {how} lúc {show_moment(request.settled_at)}.")
    if request.voided_at:
        raise MoveRefused(f"Yêu cầu nộp tiền của hồ sơ {dossier.code} đã bỏ lúc {show_moment(request.voided_at)}.")


def _number(request, dossier, method, now, by, form_key, payer_name, reference, attempt) -> Receipt:
    """The receipt, under the next number of its office and Vietnamese year: without gaps, for it is rolled back with the rest."""
    year = in_vietnam(now).year
    return Receipt.create(
        office=dossier.office,
        year=year,
        number=printed_forms.next_number(dossier.office, "payment", year),
        request=request,
        attempt=attempt,
        amount_dong=request.amount_dong,
        method=method,
        payer_name=payer_name,
        reference=reference,
        made_by=by,
        made_at=now,
        form_key=form_key,
    )


def _go_on(dossier: Dossier, receipt: Receipt, by, now: datetime, calendar: WorkCalendar, form_key: str, link: str) -> None:
    note = f"{show_dong(receipt.amount_dong)}, biên lai số {number_of(receipt)}."
    if dossier.state is State.AWAITING_PAYMENT:
        workflow.make_move(dossier, "paid", by, now, calendar, note, form_key, link)
        return
    # Somebody asks to withdraw it: the money is here all the same, and whoever decides has to see that.
    Dossier.update(payment="paid").where(Dossier.id == dossier.id).execute()
    dossier.payment = "paid"
    event = workflow.write_event(dossier, "paid", dossier.state, dossier.state, by, now, note, form_key)
    notices.post_letter(dossier, event, link)

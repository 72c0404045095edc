"""Payment receipts (biên lai): money taken at the desk, its numbered paper, its copies, voiding by two, replacing."""

from datetime import datetime

from database import db
from models import Dossier, PaymentRequest, Receipt, Staff
from rules import WrongInput, payment_requests, printed_forms, settlement, workflow
from rules.deadlines import WorkCalendar
from rules.payment_words import number_of
from rules.vietnamese import in_vietnam, show_dong
from rules.workflow import MoveRefused

AT_THE_DESK = ("cash", "transfer", "vietqr")
WITH_STATEMENT = ("transfer", "vietqr")


def of_dossier(dossier: Dossier) -> list[Receipt]:
    """All receipts of a dossier, the newest first, voided ones too."""
    of_it = Receipt.select(Receipt, PaymentRequest).join(PaymentRequest).where(PaymentRequest.dossier == dossier.id)
    return list(of_it.order_by(Receipt.id.desc()))


def receipt_of(dossier: Dossier, receipt_id: int) -> Receipt | None:
    of_it = Receipt.id == receipt_id, PaymentRequest.dossier == dossier.id
    return Receipt.select(Receipt, PaymentRequest).join(PaymentRequest).where(*of_it).first()


def valid_of(dossier: Dossier) -> list[Receipt]:
    return [receipt for receipt in of_dossier(dossier) if receipt.voided_at is None]


# --- money taken at the desk -----------------------------------------------------------------------------------------


def take(
    dossier: Dossier,
    seen_id: int | None,
    method: str,
    amount_dong: int,
    payer_name: str,
    reference: str,
    by: Staff,
    now: datetime,
    calendar: WorkCalendar,
    form_key: str,
    link: str = "",
    is_sure: bool = False,
) -> Receipt:
    """Settle the open request with money an officer has in hand or sees on the bank's statement; returns its receipt.

    `method` is one of AT_THE_DESK, `amount_dong` what was paid, `reference` the statement's, of a transfer; `seen_id` the
    request that stood on the page. The same form again returns the same receipt. Raises WrongInput for another amount than
    asked for and for a reference that is missing or used already, PaymentUnderWay unless `is_sure`, MoveRefused when that
    request is open no more.
    """
    if not payer_name:
        raise WrongInput("Nhập họ tên người nộp tiền")
    with db.atomic():
        workflow.lock(dossier)
        if done := Receipt.get_or_none(Receipt.form_key == form_key):
            return done
        request = payment_requests.open_request(dossier)
        if request is None or request.id != seen_id:
            raise MoveRefused(f"Yêu cầu nộp tiền vừa được người khác đổi, thu hoặc miễn. Xem lại hồ sơ {dossier.code}.")
        _check_amount(amount_dong, request)
        if method in WITH_STATEMENT:
            _check_reference(reference, dossier.office)
        payment_requests.refuse_if_under_way(request, is_sure)
        request.dossier = dossier
        reference = reference if method in WITH_STATEMENT else ""
        receipt = settlement.settle(request, method, now, by, calendar, form_key, payer_name, reference=reference, link=link)
        if reference:  # again: the office's next number is ours now, so whoever took the same line a moment ago is seen
            _check_reference(reference, dossier.office, receipt)
        # Printed at once, and handed over.
        Receipt.update(copies=1).where(Receipt.id == receipt.id).execute()
        receipt.copies = 1
    return receipt


def _check_amount(amount_dong: int, request: PaymentRequest) -> None:
    if amount_dong != request.amount_dong:
        raise WrongInput(
            f"Phải đúng {show_dong(request.amount_dong)} như đã yêu cầu, bạn ghi {show_dong(amount_dong)}. "
            "Thu khác số này thì đổi yêu cầu trước"
        )


def _check_reference(reference: str, office: str, own: Receipt | None = None) -> None:
    """One line of the statement pays for one thing; `own` is the receipt that has just been made out for it."""
    if not reference:
        raise WrongInput("Nhập số tham chiếu trên sao kê của ngân hàng")
    same = Receipt.office == office, Receipt.method.in_(WITH_STATEMENT), Receipt.voided_at.is_null()
    known = Receipt.select().where(*same, Receipt.reference == reference, Receipt.id != (own.id if own else 0)).first()
    if known:
        raise WrongInput(f"Số tham chiếu này đã ghi ở biên lai số {number_of(known)}. Xem lại sao kê")


def read_reference(text: str) -> str:
    """The reference on a bank's statement, as it is compared: capitals, no spaces. Raises WrongInput."""
    kept = "".join(text.upper().split())
    if not kept.isascii() or not 4 <= len(kept) <= 60 or not kept.replace("-", "").replace(".", "").replace("/", "").isalnum():
        raise WrongInput("Số tham chiếu gồm 4 đến 60 chữ và số, ví dụ FT26327123456")
    return kept


# --- copies ----------------------------------------------------------------------------------------------------------


def reprint(receipt: Receipt, seen_copies: str) -> int:
    """Count one more copy; returns how many there are. The same form sent twice, which saw the same count, counts once."""
    with db.atomic():
        workflow.lock(receipt.request.dossier)
        receipt.copies = Receipt.get_by_id(receipt.id).copies
        if seen_copies == str(receipt.copies):
            receipt.copies += 1
            receipt.save(only=[Receipt.copies])
    return receipt.copies


# --- voiding: one asks, another grants (SECURITY §5) -----------------------------------------------------------------


def waiting_voids(office: str) -> list[Receipt]:
    """Those somebody asked to have voided, the oldest first."""
    waits = Receipt.office == office, Receipt.void_asked_at.is_null(False), Receipt.voided_at.is_null()
    found = Receipt.select(Receipt, PaymentRequest, Dossier).join(PaymentRequest).join(Dossier).where(*waits)
    return list(found.order_by(Receipt.id))


def ask_void(receipt: Receipt, reason: str, by: Staff, now: datetime) -> None:
    """Have a receipt voided once another agrees; asked again by the same person, nothing more happens.

    Raises WrongInput without a reason, MoveRefused when it is void or somebody else has asked.
    """
    if not reason:
        raise WrongInput("Ghi vì sao hủy biên lai")
    with db.atomic():
        fresh = _locked(receipt)
        if fresh.voided_at:
            raise MoveRefused(f"Biên lai số {number_of(fresh)} đã hủy rồi.")
        if fresh.void_asked_at:
            if fresh.void_asked_by_id == by.id:
                return
            raise MoveRefused(f"{fresh.void_asked_by.full_name} đã xin hủy biên lai này. Chờ người khác duyệt.")
        asked = {"void_reason": reason[:300], "void_asked_by": by, "void_asked_at": now}
        Receipt.update(asked).where(Receipt.id == receipt.id).execute()


def _locked(receipt: Receipt) -> Receipt:
    workflow.lock(receipt.request.dossier)
    return Receipt.get_by_id(receipt.id)


def decide_void(receipt: Receipt, is_granted: bool, by: Staff, now: datetime, form_key: str) -> Receipt:
    """Void the receipt as another asked, or let it stand; its number stays used either way. The same form again changes
    nothing.

    A dossier without another valid receipt counts as unpaid again. Raises MoveRefused for whoever asked, and when it
    waits no more.
    """
    with db.atomic():
        fresh = _locked(receipt)
        if workflow.event_of(form_key, "receipt_voided"):
            return fresh
        if fresh.voided_at or fresh.void_asked_at is None:
            raise MoveRefused(f"Biên lai số {number_of(fresh)} không chờ duyệt hủy nữa.")
        if fresh.void_asked_by_id == by.id:
            raise MoveRefused("Bạn xin hủy thì người khác duyệt.")
        if not is_granted:
            dropped = {"void_reason": "", "void_asked_by": None, "void_asked_at": None}
            Receipt.update(dropped).where(Receipt.id == fresh.id).execute()
            return Receipt.get_by_id(fresh.id)
        Receipt.update(voided_by=by, voided_at=now).where(Receipt.id == fresh.id).execute()
        dossier = receipt.request.dossier
        if dossier.payment == "paid" and not valid_of(dossier):
            _set_payment(dossier, "")
        note = f"Số {number_of(fresh)}, {show_dong(fresh.amount_dong)}. {fresh.void_reason}"
        workflow.write_event(dossier, "receipt_voided", dossier.state, dossier.state, by, now, note, form_key)
    return Receipt.get_by_id(fresh.id)


def _set_payment(dossier: Dossier, payment: str) -> None:
    Dossier.update(payment=payment).where(Dossier.id == dossier.id).execute()
    dossier.payment = payment


# --- another in its place --------------------------------------------------------------------------------------------


def replacement_of(receipt: Receipt) -> Receipt | None:
    return Receipt.get_or_none(Receipt.replaces == receipt.id)


def may_replace(receipt: Receipt) -> bool:
    """A voided one that has no successor, while nothing else was paid or asked for since."""
    return receipt.voided_at is not None and receipt.request.dossier.payment == "" and replacement_of(receipt) is None


def replace(voided: Receipt, method: str, payer_name: str, reference: str, by: Staff, now: datetime, form_key: str) -> Receipt:
    """Make out another receipt for the same money, under the next number. The same form again returns it.

    Raises WrongInput without a payer, or, of a transfer, without a reference; MoveRefused when it is not void, or was
    replaced or paid anew meanwhile.
    """
    if not payer_name:
        raise WrongInput("Nhập họ tên người nộp tiền")
    with db.atomic():
        fresh = _locked(voided)
        if done := Receipt.get_or_none(Receipt.form_key == form_key):
            return done
        dossier = fresh.request.dossier = voided.request.dossier
        if not may_replace(fresh):
            raise MoveRefused(f"Không lập biên lai thay số {number_of(fresh)} được: chưa hủy, đã thay, hoặc đã thu tiền lại.")
        year = in_vietnam(now).year
        number = printed_forms.next_number(fresh.office, "payment", year)  # and with it the office's receipts are ours alone
        if method in WITH_STATEMENT:
            _check_reference(reference, fresh.office)
        receipt = Receipt.create(
            office=fresh.office,
            year=year,
            number=number,
            request=fresh.request_id,
            amount_dong=fresh.amount_dong,
            method=method,
            payer_name=payer_name,
            reference=reference if method in (*WITH_STATEMENT, "online") else "",
            made_by=by,
            made_at=now,
            copies=1,
            replaces=fresh,
            form_key=form_key,
        )
        _set_payment(dossier, "paid")
        note = f"Số {number_of(receipt)} thay số {number_of(fresh)}."
        workflow.write_event(dossier, "receipt_replaced", dossier.state, dossier.state, by, now, note, form_key)
    return receipt

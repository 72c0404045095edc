"""What the papers of money say: the receipt, and before it the slip that tells what is to be paid, where and how."""

from models import Dossier, PaymentRequest, Receipt
from rules import form_values, money_words, receipts, vietqr
from rules.payment_words import METHODS, number_of, taken_by
from rules.vietnamese import in_vietnam

# Beyond so many signs of what differs from slip to slip it is set smaller, so that it stays one page of A6.
ROOM_ON_SLIP = 240


def of_receipt(receipt: Receipt, dossier: Dossier, site) -> dict:
    """All of it from rows that never change, so that a reprint says the same."""
    return {
        "receipt": receipt,
        "asked": receipt.request,
        "dossier": dossier,
        "number": number_of(receipt),
        "head": form_values.head_of_desk(site, receipt.office),
        "place": form_values.place_of(site),
        "day": form_values.day_words(in_vietnam(receipt.made_at).date()),
        "words": money_words.in_words(receipt.amount_dong),
        "method": METHODS[receipt.method],
        "taken_by": taken_by(receipt),
        "is_void": receipt.voided_at is not None,
        "replaced": number_of(receipt.replaces) if receipt.replaces_id else "",
    }


def receipts_of(request: PaymentRequest) -> list[Receipt]:
    """The newest first: before the one that counts there may be voided ones."""
    return [receipt for receipt in receipts.of_dossier(request.dossier) if receipt.request_id == request.id]


def of_slip(request: PaymentRequest, site) -> dict:
    """What is to be paid now. It names nobody: whoever holds it pays for the dossier."""
    dossier = request.dossier
    transfer, words = vietqr.transfer_for(site, dossier.code, request.amount_dong), money_words.in_words(request.amount_dong)
    return {
        "asked": request,
        "dossier": dossier,
        "head": form_values.head_of_desk(site, dossier.office),
        "words": words,
        "transfer": transfer,
        "vietqr": vietqr.picture(transfer.payload) if transfer else "",
        "is_long": len(request.item) + len(words) + len(request.ground) > ROOM_ON_SLIP,
    }

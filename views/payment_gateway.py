"""Where the payment gateway calls (IPN), and where it sends the payer's browser back to."""

import logging

from flask import Blueprint, Response, current_app, g, jsonify, render_template, request

from database import utc_now
from models import PaymentAttempt
from rules import payments
from views.access import open_to
from views.visits import client_address, log_security

log = logging.getLogger(__name__)

bp = Blueprint("payment_gateway", __name__)


@bp.get("/thanh-toan/vnpay/ipn")
@open_to("anyone")
def take_notice():
    """A GET that changes what is kept, for so the protocol has it. Who it is from, its signature says, and nothing else."""
    if request.method == "HEAD":
        return Response(status=405, headers={"Allow": "GET"})
    return answer(hear(request.query_string.decode("ascii", "backslashreplace")))


def hear(raw: str) -> str:
    """Keep the notice, then judge it; the gateway's code for what it came to, 99 where that failed."""
    now, client = utc_now(), current_app.extensions["payments"]
    try:
        if not payments.may_be_kept(raw, client_address(), client, now):
            return "97"
        if said := payments.said_often(raw, client):
            return said
        notice = payments.keep("ipn", raw, now, client_address())
        said = payments.judge(notice, client, now, g.library.calendar)
        log_security("payment notice", notice=notice.id, answer=said)
        return said
    except Exception:
        # Kept, it is judged by the queue within minutes; not kept, the gateway calls again.
        log.exception("a notice of the gateway was not judged")
        return "99"


def answer(code: str):
    return jsonify(RspCode=code, Message=payments.ANSWERS[code])


@bp.get("/thanh-toan/vnpay/return")
@open_to("anyone")
def come_back():
    """Only shows: what the browser brings along is believed no further than which payment it was."""
    attempt = find_attempt(request.query_string.decode("ascii", "backslashreplace"))
    if attempt is None:
        return render_template("payment_gateway/come_back.html", attempt=None), 422
    if attempt.state in payments.UNDER_WAY:
        current_app.extensions["ask_soon"](attempt.id)
    standing = payments.standing_of(attempt, utc_now(), is_back=True)
    return render_template("payment_gateway/come_back.html", attempt=attempt, standing=standing)


def find_attempt(query: str) -> PaymentAttempt | None:
    """Whose payment it was, where the gateway has signed that."""
    client = current_app.extensions["payments"]
    fields = client.read_notice(query)
    if fields is None or fields.get("vnp_TmnCode") != client.tmn_code:
        return None
    return PaymentAttempt.get_or_none(PaymentAttempt.txn_ref == fields.get("vnp_TxnRef", ""))

"""Payment requests (yêu cầu thanh toán): the desk asks for money, asks for another amount, or waives it."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from database import db
from models import Account, Dossier, PaymentAttempt, PaymentRequest, Staff, State
from rules import WrongInput, fees, notices, submission, workflow
from rules.deadlines import WorkCalendar
from rules.payment_words import PAY_WITHIN_DAYS, told
from rules.vietnamese import ascii_digits, fold, in_vietnam, show_day, show_dong
from rules.workflow import MoveRefused

# The gateway writes an amount in at most 12 digits, hundredths included (VNPAY 2.1.0, vnp_Amount).
MOST_DONG = 9_999_999_999
LATEST = timedelta(days=366)
AMOUNT = re.compile(r"\d+|\d{1,3}(?:([ .,])\d{3})(?:\1\d{3})*")
UNDER_WAY = ("sent", "unknown")
MAY_WAIVE = (State.SUBMITTED, State.ACCEPTED, State.IN_PROGRESS, State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT)


class PaymentUnderWay(MoveRefused):
    """Somebody is paying online, or nobody knows yet how that ended: whoever goes on all the same has to say so."""


@dataclass(frozen=True)
class Wanted:
    """What an officer asks for: whole đồng, on which ground, until when; and why it is not what the rules say."""

    item: str
    amount_dong: int
    ground: str
    due_on: date
    computed: dict | None = None  # of `proposal`: what the rules say
    why: str = ""


# --- amounts ---------------------------------------------------------------------------------------------------------


def read_amount(text: str) -> int:
    """Whole đồng in an amount as people type it: 16000, 16.000, 16 000 đồng.

    Raises WrongInput for parts of a đồng, for 0 and less, and for more than MOST_DONG.
    """
    typed = re.sub(r" ?(?:dong|vnd|d)\.?$", "", fold(ascii_digits(text)).replace("−", "-").strip())
    if re.fullmatch(r"-[ \d.,]+", typed):
        raise WrongInput("Nhập số tiền lớn hơn 0")
    if not AMOUNT.fullmatch(typed):
        raise WrongInput("Nhập số tiền bằng số, tròn đồng, ví dụ 16.000")
    digits = re.sub(r"\D", "", typed).lstrip("0")
    if not digits:
        raise WrongInput("Nhập số tiền lớn hơn 0. Không phải thu thì quay lại, bấm “Miễn phí, lệ phí”")
    if len(digits) > len(str(MOST_DONG)):
        raise WrongInput(f"Số tiền quá lớn: nhiều nhất {show_dong(MOST_DONG)}. Xem lại rồi gõ lại")
    return int(digits)


# --- which there are -------------------------------------------------------------------------------------------------


def open_request(dossier: Dossier) -> PaymentRequest | None:
    """What is to be paid now."""
    return PaymentRequest.get_or_none(PaymentRequest.dossier == dossier.id, *_is_open())


def _is_open():
    return PaymentRequest.settled_at.is_null(), PaymentRequest.voided_at.is_null()


def of_dossier(dossier: Dossier) -> list[PaymentRequest]:
    """All of them, the newest first."""
    return list(PaymentRequest.select().where(PaymentRequest.dossier == dossier.id).order_by(PaymentRequest.id.desc()))


def waiting_of(account: Account):
    """Requests the account may pay now, its own and those of businesses it acts for, the soonest due first."""
    mine = submission.all_mine(account).where(Dossier.state == State.AWAITING_PAYMENT).select(Dossier.id)
    found = PaymentRequest.select(PaymentRequest, Dossier).join(Dossier).where(PaymentRequest.dossier.in_(mine), *_is_open())
    return found.order_by(PaymentRequest.due_on, PaymentRequest.id)


def attempts_under_way(request: PaymentRequest) -> list[PaymentAttempt]:
    """Tries to pay it online of which it is not known how they end."""
    under_way = PaymentAttempt.request == request.id, PaymentAttempt.state.in_(UNDER_WAY)
    return list(PaymentAttempt.select().where(*under_way).order_by(PaymentAttempt.id))


def refuse_if_under_way(request: PaymentRequest | None, is_sure: bool) -> None:
    """Raises PaymentUnderWay, saying what may become of it, unless whoever asks has said to go on."""
    if request is None or is_sure:
        return
    if found := attempts_under_way(request):
        raise PaymentUnderWay(
            f"Người dân đang trả trực tuyến {show_dong(found[-1].amount_dong)}, mã {found[-1].txn_ref}, "
            "ngân hàng chưa báo kết quả. Tiền đó nếu đến sau thì vào mục “Cần xử lý” để trả lại. "
            "Muốn làm tiếp thì đánh dấu ô bên dưới rồi bấm lại."
        )


def refuse_end_under_way(dossier: Dossier, move: workflow.Move, is_sure: bool) -> None:
    """Raises PaymentUnderWay before a move that ends a dossier whose owner is paying, unless whoever asks has said to go on.

    The request is void with the move (rules/workflow.py): what is paid for it all the same goes to staff, who send it back.
    """
    if move.target in workflow.ENDED:
        refuse_if_under_way(open_request(dossier), is_sure)


# --- what the rules say ----------------------------------------------------------------------------------------------


def proposal(dossier: Dossier, copies: int | None = None, exemption: str = "") -> fees.Charge:
    """What the fee's rules of the dossier come to; `copies` as the officer counts them, else as the form's answers say."""
    return fees.of_dossier(dossier, copies, exemption)


def as_kept(charge: fees.Charge) -> dict:
    """A charge as a request keeps it."""
    return {"amount_dong": charge.amount_dong, "item": charge.item, "lines": list(charge.lines), "is_certain": charge.is_certain}


def usual_due_day(now: datetime, calendar: WorkCalendar) -> date:
    return calendar.add_working_days(in_vietnam(now).date(), PAY_WITHIN_DAYS)


def differs(wanted: Wanted) -> bool:
    """Whether another amount is asked for than the rules say, where they say one."""
    said = wanted.computed
    return bool(said and (said["is_certain"] or said["amount_dong"]) and said["amount_dong"] != wanted.amount_dong)


def check(wanted: Wanted, now: datetime) -> None:
    """Raises WrongInput for a day that is past or far away, and for another amount than computed without its reason."""
    today = in_vietnam(now).date()
    if not today <= wanted.due_on <= today + LATEST:
        raise WrongInput(f"Hạn nộp từ hôm nay ({show_day(today)}) và trong vòng một năm")
    if differs(wanted) and not wanted.why:
        computed = show_dong(wanted.computed["amount_dong"])
        raise WrongInput(f"Số tiền khác mức tính sẵn ({computed}): ghi vì sao")


# --- asking ----------------------------------------------------------------------------------------------------------


def ask(
    dossier: Dossier, wanted: Wanted, by: Staff, now: datetime, calendar: WorkCalendar, form_key: str, link: str = ""
) -> PaymentRequest:
    """Ask for money; the dossier waits for it and its clock stands still, in one transaction. The same form again returns
    the first request.

    Raises WrongInput as `check` does, MoveRefused when somebody was quicker or the dossier is not to be paid for now.
    """
    check(wanted, now)
    with db.atomic():
        workflow.lock(dossier)
        if event := workflow.event_of(form_key, "ask_payment"):
            return PaymentRequest.get(PaymentRequest.event == event.id)
        event = workflow.make_move(dossier, "ask_payment", by, now, calendar, told_of(wanted), form_key, link)
        return _create(dossier, wanted, by, now, event, form_key)


def told_of(wanted: Wanted) -> str:
    """What the log says of it."""
    return told(wanted.item, wanted.amount_dong, wanted.ground, wanted.due_on, wanted.why)


def _create(dossier, wanted, by, now, event, form_key, replaces=None) -> PaymentRequest:
    return PaymentRequest.create(
        dossier=dossier,
        item=wanted.item,
        amount_dong=wanted.amount_dong,
        ground=wanted.ground,
        computed=wanted.computed and wanted.computed | {"why": wanted.why},
        due_on=wanted.due_on,
        asked_by=by,
        asked_at=now,
        event=event,
        replaces=replaces,
        form_key=form_key,
    )


def change(
    dossier: Dossier,
    seen_id: int | None,
    wanted: Wanted,
    by: Staff,
    now: datetime,
    form_key: str,
    link: str = "",
    is_sure: bool = False,
) -> PaymentRequest:
    """Void the open request, for all to see, and ask for something else in its place; the dossier goes on waiting.

    `seen_id` is the request that stood on the page, None where the dossier waits without one. The same form again returns
    the new request. Raises WrongInput as `check` does and without a reason, PaymentUnderWay unless `is_sure`, MoveRefused
    when that request is open no more.
    """
    check(wanted, now)
    if not wanted.why:
        raise WrongInput("Ghi vì sao đổi")
    with db.atomic():
        workflow.lock(dossier)
        if event := workflow.event_of(form_key, "payment_changed"):
            return PaymentRequest.get(PaymentRequest.event == event.id)
        before = open_request(dossier)
        if dossier.state is not State.AWAITING_PAYMENT or (before and before.id) != seen_id:
            raise MoveRefused(f"Yêu cầu nộp tiền vừa được người khác đổi, thu hoặc miễn. Xem lại hồ sơ {dossier.code}.")
        refuse_if_under_way(before, is_sure)
        _void(before, wanted.why, by, now)
        was = f"{show_dong(before.amount_dong)} → " if before else ""
        note = f"{was}{told_of(wanted)}"
        event = workflow.write_event(dossier, "payment_changed", dossier.state, dossier.state, by, now, note, form_key)
        notices.post_letter(dossier, event, link)
        return _create(dossier, wanted, by, now, event, form_key, before)


def _void(request: PaymentRequest | None, why: str, by: Staff, now: datetime) -> None:
    if request:
        PaymentRequest.update(voided_at=now, voided_by=by, void_reason=why[:300]).where(PaymentRequest.id == request.id).execute()


# --- waiving ---------------------------------------------------------------------------------------------------------


def may_waive(dossier: Dossier) -> bool:
    return dossier.state in MAY_WAIVE and dossier.payment in ("", "requested")


def waive(
    dossier: Dossier,
    ground: str,
    by: Staff,
    now: datetime,
    calendar: WorkCalendar,
    form_key: str,
    link: str = "",
    is_sure: bool = False,
) -> PaymentRequest:
    """Nothing is to be paid, on this ground: a request of 0 đồng, settled at once; a dossier that waits for money goes on.

    The same form again returns the first one. Raises WrongInput without a ground, PaymentUnderWay unless `is_sure`,
    MoveRefused when it was paid or waived before, or is not being worked on.
    """
    if not ground:
        raise WrongInput("Chọn hoặc ghi căn cứ miễn")
    with db.atomic():
        workflow.lock(dossier)
        if event := workflow.event_of(form_key, "waive_fee", "fee_waived"):
            return PaymentRequest.get(PaymentRequest.event == event.id)
        if not may_waive(dossier):
            raise MoveRefused(f"Không miễn được nữa: hồ sơ {dossier.code} {_why_not(dossier)}.")
        before = open_request(dossier)
        refuse_if_under_way(before, is_sure)
        _void(before, "Được miễn", by, now)
        if dossier.state is State.AWAITING_PAYMENT:
            event = workflow.make_move(dossier, "waive_fee", by, now, calendar, ground, form_key, link)
        else:
            event = workflow.write_event(dossier, "fee_waived", dossier.state, dossier.state, by, now, ground, form_key)
            Dossier.update(payment="waived").where(Dossier.id == dossier.id).execute()
            dossier.payment = "waived"
        return PaymentRequest.create(
            dossier=dossier,
            item=before.item if before else proposal(dossier).item,
            amount_dong=0,
            ground=ground,
            asked_by=by,
            asked_at=now,
            event=event,
            replaces=before,
            settled_at=now,
            method="waived",
            form_key=form_key,
        )


def _why_not(dossier: Dossier) -> str:
    said = {"paid": "đã nộp tiền", "waived": "đã được miễn"}
    return said.get(dossier.payment) or f"đang ở trạng thái “{workflow.where_it_is(dossier)}”"

"""Money that came otherwise than it should: the list of such payments, what becomes of each, and refunds by two (SECURITY §5)."""

from datetime import datetime

from peewee import JOIN, fn

from database import db
from models import Dossier, PaymentAttempt, PaymentRequest, Receipt, Refund, Staff
from rules import WrongInput, notices, settlement, workflow
from rules.deadlines import WorkCalendar
from rules.payment_words import number_of
from rules.vietnamese import in_vietnam, show_dong
from rules.workflow import MoveRefused

# What is wrong with a payment, and what to do about it, in the desk's words.
PROBLEMS = {
    "late": ("Tiền đến sau khi giao dịch hết hạn", "Yêu cầu còn mở thì nhận tiền này; không thì hoàn lại."),
    "double": ("Trả hai lần", "Đã có biên lai cho lần trước. Hoàn lại lần này."),
    "void": ("Trả cho yêu cầu đã đổi hoặc đã bỏ", "Hoàn lại, rồi báo người dân trả đúng số mới."),
    "reversed": ("Ngân hàng trừ tiền rồi đảo lại", "Hỏi cổng thanh toán. Tiền chưa về thì không lập biên lai."),
    "refunded_elsewhere": (
        "Cổng đã hoàn tiền, không do xã duyệt",
        "Đối chiếu với cổng. Nếu tiền đã về người dân thì hủy biên lai.",
    ),
    "refund_failed": ("Không hoàn được tiền qua cổng", "Xin hoàn lần nữa, hoặc trả lại cách khác rồi ghi ở đây."),
}
STATES = {
    "asked": "chờ người thứ hai duyệt",
    "dropped": "không duyệt",
    "sent": "đã duyệt, đang gửi sang cổng thanh toán",
    "unknown": "đã gửi, cổng chưa trả lời rõ",
    "done": "cổng đã hoàn",
    "failed": "cổng không hoàn được",
}
# How one of which the gateway said nothing clear has ended, as the bank tells it.
ENDS = {"done": "Đã hoàn, tiền về người dân", "failed": "Không hoàn được, tiền vẫn ở xã"}
# What counts against the money that may still go back.
HOLDS = ("asked", "sent", "unknown", "done")


# --- what needs somebody ---------------------------------------------------------------------------------------------


def problems(office: str) -> list[PaymentAttempt]:
    """Payments that staff have to look at, the oldest first."""
    of_office = Dossier.office == office, PaymentAttempt.problem != "", PaymentAttempt.problem_solved_at.is_null()
    found = PaymentAttempt.select(PaymentAttempt, PaymentRequest, Dossier).join(PaymentRequest).join(Dossier)
    return list(found.where(*of_office).order_by(PaymentAttempt.id))


def attempts_of(dossier: Dossier) -> list[PaymentAttempt]:
    """Every try to pay online for a dossier, the newest first."""
    of_it = PaymentAttempt.select(PaymentAttempt, PaymentRequest).join(PaymentRequest)
    return list(of_it.where(PaymentRequest.dossier == dossier.id).order_by(PaymentAttempt.id.desc()))


def attempt_of(dossier: Dossier, attempt_id: int) -> PaymentAttempt | None:
    return next((attempt for attempt in attempts_of(dossier) if attempt.id == attempt_id), None)


def may_take_over(attempt: PaymentAttempt) -> bool:
    """Whether the money can still pay for what it was sent for: that request is open, and asks for this amount."""
    request = attempt.request
    is_open = request.settled_at is None and request.voided_at is None
    # What was void is open again where somebody has undone a stop made by mistake.
    is_paid = attempt.state == "paid" and attempt.problem in ("late", "void") and attempt.problem_solved_at is None
    return is_paid and is_open and request.amount_dong == attempt.amount_dong and not held_back(attempt)


def take_over(
    attempt: PaymentAttempt, by: Staff, now: datetime, calendar: WorkCalendar, form_key: str, link: str = ""
) -> Receipt:
    """Let money that came too late pay for its request after all; returns the receipt. The same form again returns it.

    Raises MoveRefused when the request is open no more, or the money is being refunded.
    """
    dossier = attempt.request.dossier
    with db.atomic():
        workflow.lock(dossier)
        if done := Receipt.get_or_none(Receipt.form_key == form_key):
            return done
        fresh = PaymentAttempt.get_by_id(attempt.id)
        if not may_take_over(fresh):
            raise MoveRefused("Khoản này không nhận cho yêu cầu được nữa: yêu cầu đã thu, đã đổi, hoặc tiền đang được hoàn.")
        fresh.request.dossier = dossier
        receipt = settlement.settle(
            fresh.request,
            "online",
            now,
            by,
            calendar,
            form_key,
            settlement.payer_of(fresh),
            reference=fresh.gateway_no,
            attempt=fresh,
            link=link,
        )
        _mark_solved(fresh, f"Nhận cho yêu cầu, biên lai số {number_of(receipt)}.", by, now)
    return receipt


def solve(attempt: PaymentAttempt, note: str, by: Staff, now: datetime) -> None:
    """Say what was done about it; said by somebody else already, theirs stands. Raises WrongInput without a note."""
    if not note:
        raise WrongInput("Ghi đã giải quyết thế nào")
    with db.atomic():
        workflow.lock(attempt.request.dossier)
        _mark_solved(attempt, note, by, now)


def _mark_solved(attempt: PaymentAttempt, note: str, by: Staff, now: datetime) -> None:
    waits = PaymentAttempt.id == attempt.id, PaymentAttempt.problem != "", PaymentAttempt.problem_solved_at.is_null()
    solved = {"problem_solved_at": now, "problem_solved_by": by, "problem_note": note[:500]}
    PaymentAttempt.update(solved).where(*waits).execute()


# --- refunds ---------------------------------------------------------------------------------------------------------


def refunds_of(attempts: list[PaymentAttempt]) -> dict[int, list[Refund]]:
    """By the attempt's id, the oldest first."""
    found: dict[int, list[Refund]] = {attempt.id: [] for attempt in attempts}
    for refund in Refund.select().where(Refund.attempt.in_(list(found))).order_by(Refund.id) if found else ():
        found[refund.attempt_id].append(refund)
    return found


def held_back(attempt: PaymentAttempt) -> int:
    """How much of it went back already, or is to go."""
    of_it = Refund.attempt == attempt.id, Refund.state.in_(HOLDS)
    return int(Refund.select(fn.SUM(Refund.amount_dong)).where(*of_it).scalar() or 0)


def left_of(attempt: PaymentAttempt) -> int:
    """How many đồng may still be refunded."""
    return attempt.amount_dong - held_back(attempt) if attempt.state == "paid" else 0


def waiting(office: str) -> list[Refund]:
    """Refunds that wait for the second person, the oldest first."""
    return _of_office(office, Refund.state == "asked")


def under_way(office: str, now: datetime) -> list[Refund]:
    """Granted ones that the program is still sending and asking about."""
    return _of_office(office, (Refund.state == "sent") | ((Refund.state == "unknown") & ~_needs_a_person(now)))


def unclear(office: str, now: datetime) -> list[Refund]:
    """Granted ones of which nobody knows whether the money went back, and the program asks no more: somebody has to."""
    return _of_office(office, (Refund.state == "unknown") & _needs_a_person(now))


def is_unclear(refund: Refund, now: datetime) -> bool:
    return Refund.select().where(Refund.id == refund.id, Refund.state == "unknown", _needs_a_person(now)).exists()


def _needs_a_person(now: datetime):
    """Answered, and left open (94, 99); or not answered on the day on which it could be sent again."""
    return (Refund.response != "") | (Refund.granted_at < day_began_at(now))


def day_began_at(moment: datetime) -> datetime:
    """Midnight before it, on Vietnam's clock, which is the gateway's."""
    return in_vietnam(moment).replace(hour=0, minute=0, second=0, microsecond=0)


def _of_office(office: str, which) -> list[Refund]:
    found = (
        Refund.select(Refund, PaymentAttempt, PaymentRequest, Dossier)
        .join(PaymentAttempt)
        .join(PaymentRequest)
        .join(Dossier, JOIN.INNER)
    )
    return list(found.where(Dossier.office == office, which).order_by(Refund.id))


def refund_of(dossier: Dossier, refund_id: int) -> Refund | None:
    attempts = [attempt.id for attempt in attempts_of(dossier)]
    return Refund.get_or_none(Refund.id == refund_id, Refund.attempt.in_(attempts)) if attempts else None


def ask(attempt: PaymentAttempt, amount_dong: int, reason: str, by: Staff, now: datetime, form_key: str) -> Refund:
    """Ask for money to go back the way it came; another has to grant it. The same form again returns the first one.

    Raises WrongInput without a reason, and for more than is left of what was paid.
    """
    if not reason:
        raise WrongInput("Ghi vì sao hoàn tiền")
    with db.atomic():
        workflow.lock(attempt.request.dossier)
        if done := Refund.get_or_none(Refund.form_key == form_key):
            return done
        fresh = PaymentAttempt.get_by_id(attempt.id)
        if fresh.state != "paid":
            raise WrongInput("Giao dịch này chưa trả được tiền, không có gì để hoàn")
        if amount_dong > left_of(fresh):
            raise WrongInput(f"Chỉ còn hoàn được {show_dong(left_of(fresh))}: người dân trả {show_dong(fresh.amount_dong)}")
        return Refund.create(
            attempt=fresh,
            amount_dong=amount_dong,
            reason=reason[:300],
            request_no=request_no(fresh),
            state="asked",
            asked_by=by,
            asked_at=now,
            form_key=form_key,
        )


def request_no(attempt: PaymentAttempt) -> str:
    """By which the gateway knows the refund from others: never the same twice (vnp_RequestId)."""
    number = Refund.select().where(Refund.attempt == attempt.id).count() + 1
    return f"HT{attempt.id}N{number}"


def decide(refund: Refund, is_granted: bool, by: Staff, now: datetime, form_key: str) -> Refund:
    """Grant a refund that another asked for, or not; a granted one waits for the queue to send it. The same form again
    changes nothing.

    Raises MoveRefused for whoever asked, and when it waits no more.
    """
    dossier = refund.attempt.request.dossier
    with db.atomic():
        workflow.lock(dossier)
        fresh = Refund.get_by_id(refund.id)
        is_again = fresh.state == "dropped" and fresh.granted_by_id == by.id and not is_granted
        if is_again or workflow.event_of(form_key, "refund_granted"):
            return fresh
        if fresh.state != "asked":
            raise MoveRefused(f"Khoản hoàn {show_dong(fresh.amount_dong)} không chờ duyệt nữa: {STATES[fresh.state]}.")
        if fresh.asked_by_id == by.id:
            raise MoveRefused("Bạn xin hoàn tiền thì người khác duyệt.")
        state = "sent" if is_granted else "dropped"
        Refund.update(state=state, granted_by=by, granted_at=now).where(Refund.id == fresh.id).execute()
        if is_granted:
            note = f"{show_dong(fresh.amount_dong)}, giao dịch {fresh.attempt.txn_ref}. {fresh.reason}"
            event = workflow.write_event(dossier, "refund_granted", dossier.state, dossier.state, by, now, note, form_key)
            notices.post_letter(dossier, event)
            _mark_solved(fresh.attempt, f"Hoàn {show_dong(fresh.amount_dong)}.", by, now)
    return Refund.get_by_id(fresh.id)


# --- how it ended ----------------------------------------------------------------------------------------------------


def say_end(refund: Refund, state: str, note: str, by: Staff, now: datetime) -> None:
    """Write down how a refund ended that the gateway left open, as its hotline or the bank says; another has to confirm it.

    `state` is a key of ENDS. Said again by the same person, nothing more happens. Raises WrongInput without one or without
    a note, MoveRefused while the program still asks, once it is known, and when something was written down already.
    """
    if state not in ENDS:
        raise WrongInput("Chọn đã hoàn hay không hoàn được")
    if not note:
        raise WrongInput("Ghi đã hỏi ai, họ trả lời thế nào")
    with db.atomic():
        workflow.lock(refund.attempt.request.dossier)
        fresh = Refund.get_by_id(refund.id)
        if fresh.state == "unknown" and fresh.said_by_id == by.id and fresh.said_state == state:
            return
        if not is_unclear(fresh, now):
            raise MoveRefused(f"Khoản hoàn {show_dong(fresh.amount_dong)} không cần hỏi: {STATES[fresh.state]}.")
        if fresh.said_state:
            raise MoveRefused(f"{fresh.said_by.full_name} đã ghi “{ENDS[fresh.said_state]}”. Chờ người khác xác nhận.")
        said = {"said_state": state, "said_note": note[:500], "said_by": by, "said_at": now}
        Refund.update(said).where(Refund.id == fresh.id).execute()


def confirm_end(refund: Refund, seen: str, by: Staff, now: datetime, form_key: str) -> Refund:
    """Let stand what another wrote of how it ended, or, with `seen` empty, take it away, to be asked anew. The same form
    again changes nothing.

    `seen` is what stood on the page. Raises MoveRefused for whoever wrote it, and when that stands there no more.
    """
    with db.atomic():
        workflow.lock(refund.attempt.request.dossier)
        fresh = Refund.get_by_id(refund.id)
        if workflow.event_of(form_key, "refund_done", "refund_failed"):
            return fresh
        if fresh.state == "unknown" and not seen and not fresh.said_state:
            return fresh
        if fresh.state != "unknown" or not fresh.said_state or seen not in ("", fresh.said_state):
            raise MoveRefused(f"Khoản hoàn {show_dong(fresh.amount_dong)} vừa được ghi khác. Xem lại danh sách.")
        if fresh.said_by_id == by.id:
            raise MoveRefused("Bạn ghi kết quả thì người khác xác nhận.")
        if seen:
            Refund.update(confirmed_by=by).where(Refund.id == fresh.id).execute()
            end(fresh, seen, by, now, form_key)
        else:
            nothing = {"said_state": "", "said_note": "", "said_by": None, "said_at": None}
            Refund.update(nothing).where(Refund.id == fresh.id).execute()
    return Refund.get_by_id(fresh.id)


def end(refund: Refund, state: str, by, now: datetime, form_key: str | None = None) -> None:
    """The money went back, or did not: then it is here, and somebody has to see to it. Its dossier is locked.

    `by` is the officer who confirmed it, or the program on the gateway's word. What the gateway has taken on was told to the
    payer when it was granted; everything else is news.
    """
    attempt = PaymentAttempt.get_by_id(refund.attempt_id)
    dossier = attempt.request.dossier
    Refund.update(state=state, settled_at=now).where(Refund.id == refund.id).execute()
    note = f"{show_dong(refund.amount_dong)}, giao dịch {attempt.txn_ref}."
    event = workflow.write_event(dossier, f"refund_{state}", dossier.state, dossier.state, by, now, note, form_key)
    if state == "failed":
        again = {"problem": attempt.problem or "refund_failed", "problem_solved_at": None, "problem_solved_by": None}
        PaymentAttempt.update(again | {"problem_note": ""}).where(PaymentAttempt.id == attempt.id).execute()
    if state == "failed" or isinstance(by, Staff):
        notices.post_letter(dossier, event)

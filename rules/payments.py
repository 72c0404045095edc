"""Paying online: tries at the gateway, what the gateway says of them, and what counts as paid (SECURITY §10)."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from database import Prepared, db
from gateways.vnpay import Order, Vnpay, hundredths, read_moment, written_address
from models import Account, Dossier, PaymentAttempt, PaymentNotice, PaymentRequest, Refund
from rules import WrongInput, attempts, payment_requests, refunds, settlement, workflow
from rules.attempts import NOTICES_ANYWHERE, NOTICES_BY_ADDRESS, address_group
from rules.deadlines import WorkCalendar
from rules.payment_requests import UNDER_WAY
from rules.vietnamese import show_day, show_dong
from rules.workflow import MoveRefused

log = logging.getLogger(__name__)

PAY_WITHIN = timedelta(minutes=15)
# The queue asks after so many minutes, the last again and again; between two questions the gateway wants half a minute.
ASK_AFTER = tuple(timedelta(minutes=minutes) for minutes in (2, 1, 2, 3, 5, 10, 15, 30, 60, 120, 240, 360))
SPACING = timedelta(seconds=45)
NOT_OPENED_AFTER = timedelta(minutes=2)  # after expiry: what the gateway does not know then, nobody pays any more
NOT_ENDED_AFTER = timedelta(days=1)  # after expiry: what it calls unfinished then has failed
ASK_UNTIL = timedelta(days=30)  # after expiry
MOST_AT_A_TIME = 20
LONGEST_ROUND = timedelta(seconds=40)  # letters wait in the same queue: who is not asked now is asked next minute
LEFT_BEHIND = timedelta(minutes=1)  # whoever was to judge a notice of this age is gone
LONGEST_RAW = 4000
MOST_COPIES = 20  # of one notice that are written down; the gateway repeats it ten times at most

# Where the payer's money is; the gateway's codes. "": chosen there.
BANKS = {
    "": "Chọn ở cổng thanh toán",
    "VNPAYQR": "Quét mã VNPAY-QR",
    "AGRIBANK": "Agribank",
    "VIETCOMBANK": "Vietcombank",
    "VIETINBANK": "VietinBank",
    "BIDV": "BIDV",
    "MBBANK": "MB",
    "SACOMBANK": "Sacombank",
    "TECHCOMBANK": "Techcombank",
    "ACB": "ACB",
    "VPBANK": "VPBank",
    "NCB": "NCB",
    "EXIMBANK": "Eximbank",
}
# What a notice is answered with (VNPAY 2.1.0), in the order in which it is judged.
ANSWERS = {
    "97": "Fail checksum",
    "01": "Order not found",
    "04": "Invalid amount",
    "02": "Order already confirmed",
    "00": "Confirm Success",
    "99": "Unknown error",
}
# Why nothing was paid, in the payer's words: vnp_ResponseCode.
FAILURES = {
    "09": "Thẻ chưa đăng ký trả tiền trên mạng",
    "10": "Nhập sai thông tin thẻ quá 3 lần",
    "11": "Quá 15 phút, giao dịch hết hạn",
    "12": "Thẻ bị khóa",
    "13": "Nhập sai mã OTP",
    "24": "Bạn đã hủy giao dịch",
    "51": "Tài khoản không đủ tiền",
    "65": "Tài khoản đã quá hạn mức trong ngày",
    "75": "Ngân hàng đang bảo trì",
    "79": "Nhập sai mật khẩu thanh toán quá số lần",
}


class StillUnderWay(MoveRefused):
    """Another try is under way or its end is unknown: whoever pays again all the same has to say so. `attempt` is that try."""

    def __init__(self, attempt: PaymentAttempt):
        how = "ngân hàng đã trừ tiền, xã đang xem" if attempt.state == "paid" else "chưa rõ kết quả"
        super().__init__(
            f"Lần trả trước ({show_dong(attempt.amount_dong)}, mã {attempt.txn_ref}) {how}. "
            "Trả lần nữa thì có thể bị trừ tiền hai lần. Xem tài khoản ngân hàng của bạn trước."
        )
        self.attempt = attempt


# --- one try ---------------------------------------------------------------------------------------------------------


def start(
    request: PaymentRequest,
    bank: str,
    payer: Account,
    now: datetime,
    form_key: str,
    is_sure: bool = False,
    payer_address: str = "",
) -> PaymentAttempt:
    """Begin a try to pay `request` at `bank`, a key of BANKS; the same form again returns the same try.

    `payer_address` is the network address of the payer's telephone now, which the gateway wants to know (vnp_IpAddr).

    Raises WrongInput for another bank, StillUnderWay while another try may yet succeed unless `is_sure`, MoveRefused when
    the request is not to be paid now, or not by this account.
    """
    if bank not in BANKS:
        raise WrongInput("Chọn ngân hàng")
    dossier = request.dossier
    with db.atomic():
        workflow.lock(dossier)
        if done := PaymentAttempt.get_or_none(PaymentAttempt.form_key == form_key, PaymentAttempt.request == request.id):
            return done
        if not payment_requests.waiting_of(payer).where(PaymentRequest.id == request.id).exists():
            raise MoveRefused(f"Yêu cầu này không cần nộp nữa: đã nộp, đã đổi hoặc đã miễn. Xem lại hồ sơ {dossier.code}.")
        if not is_sure:
            _refuse_if_under_way(request)
        return PaymentAttempt.create(
            request=request,
            txn_ref=_new_txn_ref(dossier),
            amount_dong=request.amount_dong,
            bank=bank,
            state="sent",
            # The gateway knows whole seconds.
            made_at=now.replace(microsecond=0),
            expires_at=now.replace(microsecond=0) + PAY_WITHIN,
            next_query_at=now + ASK_AFTER[0],
            started_by=payer,
            payer_address=written_address(payer_address),
            form_key=form_key,
        )


def _refuse_if_under_way(request: PaymentRequest) -> None:
    """Raises StillUnderWay while another try may yet succeed, or has, and staff are still looking at it."""
    is_paid = (PaymentAttempt.state == "paid") & PaymentAttempt.problem_solved_at.is_null()
    counts = PaymentAttempt.request == request.id, PaymentAttempt.state.in_(UNDER_WAY) | is_paid
    last = PaymentAttempt.select().where(*counts).order_by(PaymentAttempt.id.desc()).first()
    if last:
        raise StillUnderWay(last)


def _new_txn_ref(dossier: Dossier) -> str:
    """H211292611230012P1: by the dossier's code and which try it is; the dossier is locked."""
    tries = PaymentAttempt.select().join(PaymentRequest).where(PaymentRequest.dossier == dossier.id).count()
    return f"{''.join(letter for letter in dossier.code if letter.isalnum())}P{tries + 1}"


def order_of(attempt: PaymentAttempt) -> Order:
    """The try as the gateway knows it."""
    info = f"Thanh toan phi ho so {attempt.request.dossier.code}"
    when = attempt.made_at, attempt.expires_at
    return Order(attempt.txn_ref, attempt.amount_dong, info, attempt.bank, *when, attempt.payer_address)


def address_of(attempt: PaymentAttempt, client: Vnpay, return_url: str) -> str:
    """The gateway's own page for the try: always the same address, so that two tabs are one charge."""
    return client.pay_address(order_of(attempt), return_url)


# --- how it stands ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """How a request stands: asked, sent, unknown, failed, paid, waived or voided; in the payer's words, and what to do."""

    state: str
    words: str
    advice: str
    attempt: PaymentAttempt | None = None  # the try it is about
    may_go_on: bool = False  # the bank's page of that try still takes money


def standing(request: PaymentRequest, now: datetime) -> Standing:
    """What the payer is told of a request."""
    attempts = list(request.attempts.order_by(PaymentAttempt.id.desc()))
    paid = next((attempt for attempt in attempts if attempt.state == "paid" and not _waits_for_staff(attempt)), None)
    if request.settled_at:
        return _settled(request, paid)
    if request.voided_at:
        return Standing("voided", "Không cần nộp nữa", "Xã đã đổi hoặc bỏ yêu cầu này. Xem hồ sơ.", paid)
    # Money that staff have sent back pays for nothing.
    attempts = [attempt for attempt in attempts if attempt.state != "paid" or _waits_for_staff(attempt)]
    if telling := [attempt for attempt in attempts if attempt.state != "failed"]:
        return standing_of(telling[0], now)
    return standing_of(attempts[0], now) if attempts else Standing("asked", "Chưa nộp", _by_when(request))


def _waits_for_staff(attempt: PaymentAttempt) -> bool:
    return bool(attempt.problem and attempt.problem_solved_at is None)


def _settled(request: PaymentRequest, paid: PaymentAttempt | None) -> Standing:
    if request.method == "waived":
        return Standing("waived", "Được miễn", "Bạn không phải nộp.")
    return Standing("paid", "Đã nộp tiền", "Biên lai ở mục Yêu cầu thanh toán.", paid)


def _by_when(request: PaymentRequest) -> str:
    return f"Nộp trước hết ngày {show_day(request.due_on)}." if request.due_on else "Nộp trực tuyến hoặc tại Bộ phận Một cửa."


def standing_of(attempt: PaymentAttempt, now: datetime, is_back: bool = False) -> Standing:
    """What the payer is told of one try; also after its request was settled otherwise. `is_back`: from the bank's page."""
    if attempt.state == "paid":
        if attempt.problem:
            return Standing("paid", "Ngân hàng đã trừ tiền", _what_becomes_of(attempt), attempt)
        return Standing("paid", "Đã nộp tiền", "Biên lai ở mục Yêu cầu thanh toán.", attempt)
    if attempt.state == "failed":
        why = FAILURES.get(attempt.response, "Ngân hàng báo không thành công")
        advice = "Trả lại lần nữa, hoặc nộp tại Bộ phận Một cửa. Tiền đã bị trừ thì gọi Bộ phận Một cửa, "
        return Standing("failed", f"Chưa nộp được: {why}", f"{advice}đọc mã {attempt.txn_ref}.", attempt)
    is_open = now < attempt.expires_at
    if attempt.state == "sent" and is_open and not is_back:
        return Standing("sent", "Đang trả ở ngân hàng", "Trả xong thì quay lại trang này.", attempt, may_go_on=True)
    advice = "Đừng trả lại ngay. Chúng tôi đang hỏi ngân hàng, thường trong vài phút. Quá một ngày thì gọi Bộ phận Một cửa, "
    return Standing("unknown", "Chưa rõ", f"{advice}đọc mã {attempt.txn_ref}.", attempt, may_go_on=is_open)


def _what_becomes_of(attempt: PaymentAttempt) -> str:
    """Of money that came otherwise than it should."""
    request = attempt.request
    if request.settled_at or request.voided_at:
        return f"Yêu cầu này đã nộp hoặc đã bỏ. Xã xem để trả lại tiền. Mã: {attempt.txn_ref}."
    return f"Tiền đến sau khi giao dịch hết hạn. Xã xem để nhận hoặc trả lại. Đừng trả lần nữa. Mã: {attempt.txn_ref}."


# --- what the gateway says -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Word:
    """What the gateway says of a payment: paid, failed, unknown, reversed, or refunded."""

    outcome: str
    fields: dict[str, str]
    heard_by: str  # ipn | querydr

    def __getitem__(self, name: str) -> str:
        return self.fields.get(f"vnp_{name}", "")


def outcome_of(response: str, status: str) -> str:
    """Paid only when both say 00 (VNPAY 2.1.0); money that was taken and is under suspicion (07) is not known yet."""
    if (response, status) == ("00", "00"):
        return "paid"
    if status == "04":
        return "reversed"
    if status in ("05", "06"):
        return "refunded"
    if response == "07" or status in ("", "00", "01", "07", "09"):
        return "unknown"
    return "failed"


def may_be_kept(raw: str, sender: str, client: Vnpay, now: datetime) -> bool:
    """Whether a notice is written down at all: always one that the gateway has signed, others only so many a sender and in all.

    Anybody can send what nobody signed, as fast as their line goes, and each would lie on the disk for a month: what is
    over the limit says nothing that those before it did not, and is answered without being kept. What the gateway has
    signed may be money, and is never counted (SECURITY §10).
    """
    if client.read_notice(raw[:LONGEST_RAW]) is not None:
        return True
    by_sender = attempts.take_one(NOTICES_BY_ADDRESS, now, address_group(sender))
    return by_sender and attempts.take_one(NOTICES_ANYWHERE, now, "site")


def said_often(raw: str, client: Vnpay) -> str:
    """The answer to a signed notice that was written down MOST_COPIES times already; "" for every other one.

    Whoever has paid holds an address that the gateway has signed, and can call with it for ever. It is known by its
    signature: the same fields in another order are the same notice.
    """
    fields = client.read_notice(raw[:LONGEST_RAW]) or {}
    attempt = PaymentAttempt.get_or_none(PaymentAttempt.txn_ref == fields.get("vnp_TxnRef", ""))
    if attempt is None:
        return ""
    signature = fields["vnp_SecureHash"].lower()
    judged = attempt.notices.where(PaymentNotice.kind == "ipn", PaymentNotice.judged_at.is_null(False)).order_by(PaymentNotice.id)
    answers = [notice.answer for notice in judged if signature in notice.raw.lower()]
    return answers[-1] if len(answers) >= MOST_COPIES else ""


def keep(kind: str, raw: str, now: datetime, sender: str = "", attempt: PaymentAttempt | None = None) -> PaymentNotice:
    """Write down what came, raw, before anybody judges it; committed when this returns."""
    with db.atomic():
        return PaymentNotice.create(kind=kind, raw=raw[:LONGEST_RAW], received_at=now, sender=sender[:45], attempt=attempt)


def judge(notice: PaymentNotice, client: Vnpay, now: datetime, calendar: WorkCalendar) -> str:
    """What a kept notice or answer comes to; returns a key of ANSWERS. Judged again, nothing happens twice.

    One transaction under the dossier's lock: the try, the receipt, the dossier's move and the notice's answer together.
    """
    if notice.kind == "refund":
        return _judge_refund(notice, client, now)
    read = _read_ipn if notice.kind == "ipn" else _read_query
    answer, attempt, word = read(notice, client)
    with db.atomic():
        if attempt and word:
            answer = _take(_locked(attempt), word, now, calendar)
        _answer(notice, answer, attempt, now)
    return answer


_attempt_of_id = Prepared(lambda attempt_id: PaymentAttempt.select().where(PaymentAttempt.id == attempt_id))
_request_of_id = Prepared(lambda request_id: PaymentRequest.select().where(PaymentRequest.id == request_id))


def _locked(attempt: PaymentAttempt) -> PaymentAttempt:
    """The try as it is, with its request, while nobody else can change either or their dossier."""
    request = _request_of_id.first(attempt.request_id)
    dossier = workflow.dossier_of_id.first(request.dossier_id)
    workflow.lock(dossier)
    fresh = _attempt_of_id.first(attempt.id)
    fresh.request = _request_of_id.first(attempt.request_id)
    fresh.request.dossier = dossier
    return fresh


def _answer(notice: PaymentNotice, answer: str, attempt: PaymentAttempt | None, now: datetime) -> None:
    said = {"answer": answer, "judged_at": now} | ({"attempt": attempt} if attempt else {})
    PaymentNotice.update(said).where(PaymentNotice.id == notice.id, PaymentNotice.judged_at.is_null()).execute()


def _read_ipn(notice: PaymentNotice, client: Vnpay) -> tuple[str, PaymentAttempt | None, Word | None]:
    """The answer, where it stands already; whose notice it is; and what it says."""
    fields = client.read_notice(notice.raw)
    if fields is None:
        return "97", None, None
    attempt = PaymentAttempt.get_or_none(PaymentAttempt.txn_ref == fields.get("vnp_TxnRef", ""))
    if attempt is None or fields.get("vnp_TmnCode") != client.tmn_code:  # another merchant's order is none of ours
        return "01", None, None
    if fields.get("vnp_Amount") != hundredths(attempt.amount_dong):
        return "04", attempt, None
    outcome = outcome_of(fields.get("vnp_ResponseCode", ""), fields.get("vnp_TransactionStatus", ""))
    return "00", attempt, Word(outcome, fields, "ipn")


def _read_query(notice: PaymentNotice, client: Vnpay) -> tuple[str, PaymentAttempt | None, Word | None]:
    """The same of an answer to a question about a payment, which has to be about this one."""
    attempt, fields = notice.attempt, client.read_query_answer(notice.raw)
    if fields is None or fields.get("vnp_Command") != "querydr" or fields.get("vnp_TmnCode") != client.tmn_code:
        return "97", attempt, Word("unknown", {}, "querydr")
    if fields.get("vnp_TxnRef") != attempt.txn_ref:
        return "01", attempt, Word("unknown", {}, "querydr")
    if fields.get("vnp_ResponseCode") == "91":
        return "00", attempt, Word("not opened", {}, "querydr")
    if fields.get("vnp_ResponseCode") != "00":
        log.warning("the gateway answers a question with %s", fields.get("vnp_ResponseCode"))
        return "00", attempt, Word("unknown", {}, "querydr")
    if fields.get("vnp_Amount") != hundredths(attempt.amount_dong):
        return "04", attempt, None
    status = fields.get("vnp_TransactionStatus", "")
    # 00 here says that the question was answered; how the payment ended stands in the status alone.
    outcome = "unfinished" if status == "01" else outcome_of("00", status)
    return "00", attempt, Word(outcome, fields, "querydr")


def _take(attempt: PaymentAttempt, word: Word, now: datetime, calendar: WorkCalendar) -> str:
    """Write what the gateway said into the try; its dossier is locked. Returns 02 where the try had its end already."""
    if attempt.state == "paid":
        _doubt(attempt, word)
        return "02"
    outcome = _settled_by_time(word.outcome, attempt, now)
    if outcome == "paid":
        _write_end(attempt, word, "paid", now)
        _settle(attempt, now, calendar)
        return "00"
    if attempt.state == "failed":  # only that it was paid after all is news
        return "02"
    if outcome == "unknown":
        # Of a payer who may still be at the bank's page it is no news that nothing has ended.
        is_news = now >= attempt.expires_at or word.outcome != "unfinished"
        _write(attempt, state="unknown" if is_news else attempt.state)
        return "00"
    _write_end(attempt, word, "failed", now)
    _doubt(attempt, word)
    return "00"


def _settled_by_time(outcome: str, attempt: PaymentAttempt, now: datetime) -> str:
    """What is not opened or not finished long after its expiry has failed."""
    ends = {"not opened": attempt.expires_at + NOT_OPENED_AFTER, "unfinished": attempt.expires_at + NOT_ENDED_AFTER}
    if outcome not in ends:
        return outcome
    return "failed" if now >= ends[outcome] else "unknown"


def _write(attempt: PaymentAttempt, **values) -> None:
    PaymentAttempt.update(values).where(PaymentAttempt.id == attempt.id).execute()
    for name, value in values.items():
        setattr(attempt, name, value)


def _write_end(attempt: PaymentAttempt, word: Word, state: str, now: datetime) -> None:
    _write(
        attempt,
        state=state,
        # Asked, the gateway does not say why; and it says 0 and nothing of what it does not know.
        response=(word["ResponseCode"] if word.heard_by == "ipn" or state == "paid" else "")[:10],
        status=word["TransactionStatus"][:10],
        gateway_no=word["TransactionNo"].strip("0") and word["TransactionNo"][:40],
        bank_no=word["BankTranNo"][:60],
        paid_at=(read_moment(word["PayDate"]) or now) if state == "paid" else None,
        settled_at=now,
        settled_by=word.heard_by,
        next_query_at=None,
    )


def _doubt(attempt: PaymentAttempt, word: Word) -> None:
    """Money that was taken and went back by another hand is for staff; what this office sent back itself is no news."""
    problem = {"reversed": "reversed", "refunded": "refunded_elsewhere"}.get(word.outcome)
    own = Refund.attempt == attempt.id, Refund.state.in_(("sent", "unknown", "done"))
    if problem and not attempt.problem and not Refund.select().where(*own).exists():
        _write(attempt, problem=problem)


def _settle(attempt: PaymentAttempt, now: datetime, calendar: WorkCalendar) -> None:
    """Paid: the request has its receipt, or the money goes to staff."""
    request = attempt.request
    problem = _why_not_settled(attempt, request)
    if not problem:
        try:
            key, name = f"attempt-{attempt.id}", settlement.payer_of(attempt)
            settlement.settle(request, "online", now, None, calendar, key, name, reference=attempt.gateway_no, attempt=attempt)
        except MoveRefused as refusal:
            log.warning("money came that its dossier does not take: %s", refusal)
            problem = "late"
    if problem:
        _write(attempt, problem=problem, problem_solved_at=None, problem_solved_by=None, problem_note="")


def _why_not_settled(attempt: PaymentAttempt, request: PaymentRequest) -> str:
    """What is wrong with money that came; "" where it settles its request.

    Late is what was paid after expiry, not what was told then: a notice may come a day later. Staff look at it first
    (SECURITY §10), and may take it for a request that is still open.
    """
    if request.voided_at or request.dossier.state in workflow.ENDED:
        return "void"
    if attempt.paid_at > attempt.expires_at:
        return "late"
    return "double" if request.settled_at else ""


# --- asked by the queue ----------------------------------------------------------------------------------------------


def ask_due(client: Vnpay, clock: Callable[[], datetime], calendar: WorkCalendar) -> int:
    """Ask about payments whose turn it is; returns how many were asked. Stops where the gateway says nothing, or is slow."""
    waits = PaymentAttempt.state.in_(UNDER_WAY), PaymentAttempt.next_query_at <= clock()
    due = PaymentAttempt.select().where(*waits).order_by(PaymentAttempt.next_query_at).limit(MOST_AT_A_TIME)
    asked, began = 0, clock()
    for attempt in list(due):
        now = clock()
        if now - began > LONGEST_ROUND:
            break
        if not _claim(attempt, now):
            continue
        asked += 1
        if not _ask(attempt, client, now, calendar):
            break
    return asked


def follow(client: Vnpay, clock: Callable[[], datetime], calendar: WorkCalendar) -> None:
    """All that the queue does each minute: what was kept and not judged, whose turn it is to be asked, refunds to send."""
    judge_left_behind(client, clock(), calendar)
    ask_due(client, clock, calendar)
    send_refunds(client, clock)


def ask_soon(attempt_id: int, client: Vnpay, now: datetime, calendar: WorkCalendar) -> bool:
    """Ask about one payment now, whose payer has come back, unless it was asked a moment ago; returns whether it was."""
    attempt = PaymentAttempt.get_or_none(PaymentAttempt.id == attempt_id, PaymentAttempt.state.in_(UNDER_WAY))
    is_time = attempt and now - _last_asked(attempt) >= SPACING
    return bool(is_time and _claim(attempt, now) and _ask(attempt, client, now, calendar))


def _pause(queries: int) -> timedelta:
    """How long after the question of this number the next one comes."""
    return ASK_AFTER[min(queries, len(ASK_AFTER) - 1)]


def _last_asked(attempt: PaymentAttempt) -> datetime:
    if not attempt.queries or attempt.next_query_at is None:
        return attempt.made_at - SPACING
    return attempt.next_query_at - _pause(attempt.queries)


def _claim(attempt: PaymentAttempt, now: datetime) -> bool:
    """Be the only one who asks about it until the next question is due; False when another worker is quicker.

    Written before asking: whoever dies meanwhile leaves it to the next turn.
    """
    seen = PaymentAttempt.id == attempt.id, PaymentAttempt.queries == attempt.queries, PaymentAttempt.state.in_(UNDER_WAY)
    next_at = now + _pause(attempt.queries + 1) if now < attempt.expires_at + ASK_UNTIL else None
    claimed = {"queries": attempt.queries + 1, "next_query_at": next_at}
    with db.atomic():
        return bool(PaymentAttempt.update(claimed).where(*seen).execute())


def _ask(attempt: PaymentAttempt, client: Vnpay, now: datetime, calendar: WorkCalendar) -> bool:
    """Ask, with no transaction open; returns whether the gateway said anything."""
    reply = client.query(order_of(attempt), now)
    if not reply.raw:
        silent = PaymentAttempt.id == attempt.id, PaymentAttempt.state == "sent"
        PaymentAttempt.update(state="unknown").where(*silent).execute()
        log.warning("the gateway does not answer")
        return False
    judge(keep("querydr", reply.raw, now, attempt=attempt), client, now, calendar)
    return True


def judge_left_behind(client: Vnpay, now: datetime, calendar: WorkCalendar) -> int:
    """Judge what was kept and never judged, because the program stopped in between; returns how many."""
    left = PaymentNotice.judged_at.is_null(), PaymentNotice.received_at <= now - LEFT_BEHIND
    judged = 0
    for notice in list(PaymentNotice.select().where(*left).order_by(PaymentNotice.id).limit(MOST_AT_A_TIME * 5)):
        try:
            judge(notice, client, now, calendar)
            judged += 1
        except Exception:
            # The next one is not to wait for this one.
            log.exception("notice %s is not judged", notice.id)
    return judged


# --- refunds ---------------------------------------------------------------------------------------------------------


def send_refunds(client: Vnpay, clock: Callable[[], datetime]) -> int:
    """Send the refunds that were granted; returns how many. Stops where the gateway says nothing."""
    return _send_each(Refund.state == "sent", client, clock)


def send_refunds_again(client: Vnpay, clock: Callable[[], datetime]) -> int:
    """Send those again of which the gateway said nothing; returns how many.

    Under the same number and on the same day alone: by it the gateway knows them (94) and pays nothing twice. After that
    a person asks.
    """
    # What is sent now has to arrive today: a round lasts, and so does a slow line.
    day = refunds.day_began_at(clock() + 2 * LONGEST_ROUND)
    return _send_each((Refund.state == "unknown") & (Refund.response == "") & (Refund.granted_at >= day), client, clock)


def _send_each(which, client: Vnpay, clock: Callable[[], datetime]) -> int:
    sent, began = 0, clock()
    for refund in list(Refund.select().where(which).order_by(Refund.id).limit(MOST_AT_A_TIME)):
        if clock() - began > LONGEST_ROUND:
            break
        # Unknown from here on: whoever is stopped now does not know whether it went. WHERE lets one worker send it.
        if not Refund.update(state="unknown").where(Refund.id == refund.id, which).execute():
            continue
        sent += 1
        if not _send_refund(refund, client, clock()):
            break
    return sent


def _send_refund(refund: Refund, client: Vnpay, now: datetime) -> bool:
    """Returns whether the gateway said anything."""
    attempt, by = refund.attempt, f"canbo{refund.granted_by_id}"
    is_full = refund.amount_dong == attempt.amount_dong
    order, number = order_of(attempt), refund.request_no
    reply = client.refund(order, refund.amount_dong, is_full, attempt.gateway_no, by, now, number)
    if not reply.was_sent:
        Refund.update(state="sent").where(Refund.id == refund.id, Refund.state == "unknown").execute()
    if not reply.raw:
        log.warning("the gateway does not answer")
        return False
    _judge_refund(keep("refund", reply.raw, now, attempt=attempt), client, now, refund)
    return True


def _judge_refund(notice: PaymentNotice, client: Vnpay, now: datetime, refund: Refund | None = None) -> str:
    """What an answer says of a refund; of one that was left behind, the only one of its payment that waits for an answer."""
    fields = client.read_refund_answer(notice.raw)
    refund = refund or _only_unanswered(notice.attempt)
    with db.atomic():
        workflow.lock(notice.attempt.request.dossier)
        answer = _check_refund_answer(fields, notice.attempt, client)
        if answer == "00" and refund:
            _write_refund(refund, fields, now)
        _answer(notice, answer, None, now)
    return answer


def _only_unanswered(attempt: PaymentAttempt) -> Refund | None:
    found = list(Refund.select().where(Refund.attempt == attempt.id, Refund.state == "unknown"))
    return found[0] if len(found) == 1 else None


def _check_refund_answer(fields: dict[str, str] | None, attempt: PaymentAttempt, client: Vnpay) -> str:
    if fields is None or fields.get("vnp_Command") != "refund" or fields.get("vnp_TmnCode") != client.tmn_code:
        return "97"
    return "00" if fields.get("vnp_TxnRef") == attempt.txn_ref else "01"


def _write_refund(refund: Refund, fields: dict[str, str], now: datetime) -> None:
    """00 of the same amount: it goes back. 94 and 99 leave open whether it does; with any other word nothing went."""
    code = fields.get("vnp_ResponseCode", "")
    is_same = fields.get("vnp_Amount") == hundredths(refund.amount_dong)
    state = {"00": "done" if is_same else "unknown", "94": "unknown", "99": "unknown", "": "unknown"}.get(code, "failed")
    waits = Refund.id == refund.id, Refund.state == "unknown"
    if Refund.update(response=code[:10] or "?").where(*waits).execute() and state != "unknown":
        refunds.end(refund, state, workflow.SYSTEM, now)

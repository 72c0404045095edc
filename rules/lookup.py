"""What anyone who holds a code may read of a dossier (SECURITY §6): never a whole name, a number, an address, a file."""

from dataclasses import dataclass
from datetime import date, datetime

from database import Prepared
from models import Dossier, Event, State
from rules import WrongInput, payment_requests
from rules.deadlines import promised_now
from rules.masking import mask_name
from rules.submission import DELIVERIES, last_digits_key
from rules.vietnamese import ascii_digits, show_day, show_dong
from rules.workflow import EVENT_WORDS, STATE_NAMES, awaited_papers

NEXT_STEPS = {
    State.SUBMITTED: "Bạn chờ xã xem hồ sơ. Chưa phải làm gì.",
    State.ACCEPTED: "Bạn chờ đến ngày hẹn trả. Chưa phải làm gì.",
    State.REFUSED: "Đăng nhập để đọc lý do, hoặc hỏi Bộ phận Một cửa. Sửa xong bạn có thể nộp hồ sơ mới.",
    State.IN_PROGRESS: "Bạn chờ đến ngày hẹn trả. Chưa phải làm gì.",
    State.AWAITING_SUPPLEMENT: "Nộp thêm giấy xã cần. Hỏi Bộ phận Một cửa nếu chưa rõ.",
    State.AWAITING_PAYMENT: "Nộp tiền theo yêu cầu. Hỏi Bộ phận Một cửa nếu chưa rõ.",
    State.WITHDRAWAL_ASKED: "Bạn chờ xã trả lời việc rút hồ sơ.",
    State.STOPPED: "Hỏi Bộ phận Một cửa để biết lý do và cách làm tiếp.",
    State.DONE: "Bạn đến nhận kết quả.",
    State.RETURNED: "Việc đã xong.",
}
DONE_WORDS = EVENT_WORDS


@dataclass(frozen=True)
class PublicView:
    procedure_title: str
    owner: str
    state: State
    state_name: str
    state_meaning: str
    next_step: str
    delivery: str
    submitted_at: datetime
    expected_on: date | None
    due_at: datetime | None
    is_stopped: bool  # the clock stands still: the due date will be later
    is_overdue: bool
    awaited: int  # how many papers it waits for; not which
    happened: list[tuple[datetime, str]]


# What the public view is made of, and no column more: what was not read cannot leak.
PUBLIC_COLUMNS = (
    Dossier.id,
    Dossier.code,
    Dossier.procedure_title,
    Dossier.owner_name,
    Dossier.state,
    Dossier.delivery,
    Dossier.submitted_at,
    Dossier.expected_on,
    Dossier.due_at,
    Dossier.repromised_at,
    Dossier.stopped_at,
    Dossier.ended_at,
)
dossier_of_receipt = Prepared(lambda receipt_code: Dossier.select(*PUBLIC_COLUMNS).where(Dossier.receipt_code == receipt_code))
dossier_of_codes = Prepared(
    lambda code, key: Dossier.select(*PUBLIC_COLUMNS).where(Dossier.code == code, Dossier.owner_last_digits_key == key)
)
events_of_dossier = Prepared(lambda dossier: Event.select().where(Event.dossier == dossier).order_by(Event.id))


def find_by_receipt(receipt_code: str) -> Dossier | None:
    return dossier_of_receipt.first(receipt_code)


def find_by_codes(code: str, last_digits: str) -> Dossier | None:
    return dossier_of_codes.first(code, last_digits_key(last_digits))


def read_last_digits(text: str) -> str:
    """Four ASCII digits; raises WrongInput saying what to type."""
    digits = "".join(sign for sign in ascii_digits(text) if sign.isdecimal())
    if len(digits) != 4:
        raise WrongInput("Nhập đúng 4 số cuối, ví dụ 1234")
    return digits


def public_view(dossier: Dossier, now: datetime) -> PublicView:
    name, meaning = STATE_NAMES[dossier.state]
    due = promised_now(dossier.due_at, dossier.repromised_at)
    return PublicView(
        procedure_title=dossier.procedure_title,
        owner=mask_name(dossier.owner_name),
        state=dossier.state,
        state_name=name,
        state_meaning=meaning,
        next_step=_how_to_pay(dossier) or NEXT_STEPS[dossier.state],
        delivery=DELIVERIES[dossier.delivery],
        submitted_at=dossier.submitted_at,
        expected_on=dossier.expected_on,
        due_at=due,
        is_stopped=dossier.stopped_at is not None,
        is_overdue=dossier.is_overdue(now) and now > due,
        awaited=len(awaited_papers(dossier)) if dossier.state is State.SUBMITTED else 0,
        # Without the officers' notes: a reason is free text, and may name a person.
        happened=[(event.at, DONE_WORDS[event.name]) for event in events_of_dossier.all(dossier.id)],
    )


def _how_to_pay(dossier: Dossier) -> str:
    """How much is to be paid, until when and where; not what for, which could say more than the code's holder should know."""
    request = payment_requests.open_request(dossier) if dossier.state is State.AWAITING_PAYMENT else None
    if request is None:
        return ""
    amount = f"{show_dong(request.amount_dong)}{f', trước hết ngày {show_day(request.due_on)}' if request.due_on else ''}"
    if payment_requests.attempts_under_way(request):
        return f"{amount}. Đang chờ ngân hàng báo kết quả: đừng trả lại. Đăng nhập → Yêu cầu thanh toán để xem."
    return f"Nộp {amount}. Đăng nhập → Yêu cầu thanh toán, hoặc nộp tại Bộ phận Một cửa."

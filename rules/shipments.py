"""The public post (bưu chính công ích): papers fetched at home, results brought home, and what the post says of each."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace

from peewee import fn

from database import db
from models import Account, Dossier, Manifest, Shipment, ShipmentStep, Staff, State
from rules import WrongInput, results, shipment_rows, tracking, workflow
from rules.content import Post
from rules.deadlines import WorkCalendar
from rules.shipment_rows import COLLECT, RETURN, UNDER_WAY, newest, steps_of, under_way, write
from rules.vietnamese import clean_text, show_moment, sort_key
from rules.workflow import MoveRefused, awaited_papers, lock

LONGEST_ADDRESS, LONGEST_REASON = 300, 250
MOST_TRIES = 2  # two failed tries, and it goes back to the desk (identity, payment, post: section 8)
CLERK = "postal_clerk"

# What a state is called at the desk and by the postal clerk, and what it means to the citizen; by direction.
STATE_NAMES = {
    RETURN: {
        "waiting": ("Chờ giao bưu điện", "Xã đang chuẩn bị giao kết quả cho bưu điện."),
        "handed_over": ("Đã giao bưu điện", "Xã đã giao kết quả cho bưu điện."),
        "on_the_way": ("Bưu điện đang phát", "Bưu điện đang mang kết quả đến bạn. Khi nhận, đưa giấy tờ của bạn cho bưu tá xem."),
        "delivered": ("Bưu điện đã phát", "Bưu điện đã phát kết quả."),
        "returned": ("Bưu điện trả lại",
                     "Bưu điện không phát được nên mang trả xã. Gọi Bộ phận Một cửa để đến nhận, hoặc để gửi lại."),
        "lost": ("Thất lạc", "Kết quả thất lạc trên đường bưu điện. Xã xin lỗi bạn. Bạn không phải nộp lại hồ sơ: "
                             "Bộ phận Một cửa sẽ gọi bạn và gửi bản khác."),
        "dropped": ("Không gửi nữa", "Không gửi bưu điện nữa."),
    },
    COLLECT: {
        "waiting": ("Chờ bưu tá đến lấy", "Bưu tá sẽ gọi điện, rồi đến lấy giấy. Chuẩn bị sẵn giấy bản giấy."),
        "handed_over": ("Bưu tá đã lấy giấy", "Bưu tá đã lấy giấy của bạn."),
        "on_the_way": ("Đang về xã", "Bưu điện đang mang giấy của bạn đến xã."),
        "delivered": ("Đã về xã", "Giấy của bạn đã đến xã. Xã xem đủ giấy thì tiếp nhận, và báo ngày hẹn."),
        "returned": ("Không lấy được giấy", "Bưu tá không lấy được giấy. Nhờ lần nữa, hoặc mang giấy đến Bộ phận Một cửa."),
        "lost": ("Thất lạc", "Giấy của bạn thất lạc trên đường bưu điện. Xã xin lỗi bạn. "
                             "Gọi Bộ phận Một cửa để biết xin lại giấy thế nào. Hồ sơ của bạn vẫn còn."),
        "dropped": ("Không lấy nữa", "Không nhờ bưu tá đến lấy nữa."),
    },
}  # fmt: skip
REASONS = {
    RETURN: ("Không có người ở nhà", "Gọi điện không nghe máy", "Sai địa chỉ", "Người nhận hẹn ngày khác", "Từ chối nhận"),
    COLLECT: ("Không có người ở nhà", "Gọi điện không nghe máy", "Sai địa chỉ", "Người gửi hẹn ngày khác", "Giấy chưa đủ"),
}


@dataclass(frozen=True)
class Move:
    """What somebody may do to a shipment in a state."""

    name: str
    direction: str
    source: str
    target: str
    role: str
    label: str  # on the button
    word: str  # in the button's address; "": made elsewhere, with a hand-over list
    asks: str = ""  # what has to be said with it: reason | receiver | words


_BOTH = (CLERK, "officer")
# fmt: off
MOVES = (
    # A result: the hand-over list takes it to the post, the postman home.
    Move("hand_over", RETURN, "waiting", "handed_over", "officer", "Giao bưu điện", ""),
    *(Move("take_over", RETURN, "handed_over", "on_the_way", role, "Đã nhận, đi phát", "nhan") for role in _BOTH),
    *(Move("deliver", RETURN, source, "delivered", role, "Đã phát", "da-phat", asks="receiver")
      for source in ("handed_over", "on_the_way") for role in _BOTH),
    *(Move("try", RETURN, source, source, role, "Không phát được", "khong-gap", asks="reason")
      for source in ("handed_over", "on_the_way") for role in _BOTH),
    *(Move("send_back", RETURN, source, "returned", role, "Trả lại xã", "tra-lai", asks="reason")
      for source in ("handed_over", "on_the_way") for role in _BOTH),
    *(Move("lose", RETURN, source, "lost", role, "Thất lạc", "that-lac", asks="words")
      for source in ("handed_over", "on_the_way") for role in _BOTH),
    Move("drop", RETURN, "waiting", "dropped", "officer", "Không gửi nữa", "bo", asks="words"),
    # Papers: the postman fetches them, the hand-over list brings them to the desk.
    *(Move("collect", COLLECT, "waiting", "handed_over", role, "Đã lấy giấy", "da-lay") for role in _BOTH),
    *(Move("try", COLLECT, "waiting", "waiting", role, "Không lấy được", "khong-gap", asks="reason") for role in _BOTH),
    *(Move("send_back", COLLECT, "waiting", "returned", role, "Thôi không lấy", "tra-lai", asks="reason") for role in _BOTH),
    Move("depart", COLLECT, "handed_over", "on_the_way", CLERK, "Đang mang về xã", "dang-ve"),
    *(Move("bring", COLLECT, source, "delivered", "officer", "Nhận giấy từ bưu điện", "")
      for source in ("handed_over", "on_the_way")),
    *(Move("lose", COLLECT, source, "lost", role, "Thất lạc", "that-lac", asks="words")
      for source in ("handed_over", "on_the_way") for role in _BOTH),
    *(Move("drop", COLLECT, "waiting", "dropped", role, "Thôi không nhờ nữa", "bo") for role in ("citizen", "officer")),
)
# fmt: on
WORDS = tuple(dict.fromkeys(move.word for move in MOVES if move.word))
BY_WORD = {move.word: move.name for move in MOVES if move.word}


def open_moves(shipment: Shipment, person: Account | Staff) -> list[Move]:
    """The rows of the table open to a person now."""
    here = shipment.direction, shipment.state, person.role
    return [move for move in MOVES if (move.direction, move.source, move.role) == here]


def state_name(shipment: Shipment) -> str:
    """In the words of the desk and of the post."""
    return STATE_NAMES[shipment.direction][shipment.state][0]


def meaning(shipment: Shipment) -> str:
    """In the citizen's words: what it means, and what to do."""
    return STATE_NAMES[shipment.direction][shipment.state][1]


# --- a step ----------------------------------------------------------------------------------------------------------


def make_move(
    shipment: Shipment,
    name: str,
    by: Account | Staff,
    now: datetime,
    calendar: WorkCalendar,
    said: str = "",
    form_key: str | None = None,
    link: str = "",
) -> ShipmentStep:
    """Take a shipment one step on, in one transaction with what it means for its dossier; returns the step.

    `said`: who received it, why it failed, what was lost, as the row asks. The same form again returns its step and changes
    nothing. A second failed try is the last: the step after it sends the shipment back. `link` goes into a letter.
    Raises WrongInput without what must be said, MoveRefused when the move is not open to this person now.
    """
    with db.atomic():
        dossier = locked(shipment)
        if step := step_of(form_key):
            return step
        move = find_move(shipment, name, by)
        if not move.word:
            raise MoveRefused(f"“{move.label}” thì lập danh mục bàn giao, hai bên ký.")
        note = _read_said(move, said)
        if move.name == "try":
            return _fail(shipment, dossier, move, note, by, now, calendar, form_key, link)
        _tell_dossier(shipment, dossier, move.target, by, now, calendar, note, link)
        return write(shipment, move.target, by, now, note, form_key)


def locked(shipment: Shipment) -> Dossier:
    """Its dossier, locked; the shipment as it is now. Within a transaction."""
    dossier = Dossier.get_by_id(shipment.dossier_id)
    lock(dossier)
    fresh = Shipment.get_by_id(shipment.id)
    for field in Shipment._meta.sorted_field_names:
        shipment.__data__[field] = fresh.__data__[field]
    return dossier


def step_of(form_key: str | None) -> ShipmentStep | None:
    return ShipmentStep.get_or_none(ShipmentStep.form_key == form_key) if form_key else None


def find_move(shipment: Shipment, name: str, by: Account | Staff) -> Move:
    """The row by which this person does it now; raises MoveRefused, saying who was quicker."""
    move = next((move for move in open_moves(shipment, by) if move.name == name), None)
    if move is None:
        raise MoveRefused(f"Bưu gửi này đang ở bước “{state_name(shipment)}”, không làm được việc này." + _who_was_last(shipment))
    return move


def _who_was_last(shipment: Shipment) -> str:
    """Of two who press at once, one is told what the other did."""
    last = steps_of(shipment)[-1]
    return f" {last.by.full_name} đã ghi lúc {show_moment(last.at)}." if last.by else ""


_ASKED = {"reason": "Chọn lý do", "receiver": "Nhập họ tên người nhận", "words": "Ghi lý do"}


def _read_said(move: Move, said: str) -> str:
    text = clean_text(said, LONGEST_REASON)
    if move.asks and not text:
        raise WrongInput(_ASKED[move.asks])
    return text


def _fail(shipment, dossier, move, note, by, now, calendar, form_key, link) -> ShipmentStep:
    """A closed door. After the second one nobody goes a third time."""
    tries = shipment.tries + 1
    step = write(shipment, shipment.state, by, now, note, form_key, tries=tries)
    if tries >= MOST_TRIES:
        why = f"{MOST_TRIES} lần không {'phát' if shipment.direction == RETURN else 'lấy'} được."
        _tell_dossier(shipment, dossier, "returned", by, now, calendar, why, link)
        write(shipment, "returned", by, now, why)
    return step


def _tell_dossier(shipment, dossier, target, by, now, calendar, note, link) -> None:
    """The result is not with the post any more: the dossier says so, and its owner is told."""
    name = {"returned": "post_returned", "lost": "post_lost"}.get(target)
    if name and shipment.direction == RETURN and dossier.state is State.DONE and dossier.step == "posting":
        # Written by the program, on the word of whoever noted it.
        teller = SimpleNamespace(role="system", full_name=by.full_name)
        workflow.make_move(dossier, name, teller, now, calendar, note, link=link)


# --- beginning one ---------------------------------------------------------------------------------------------------


def read_address(typed: str) -> str:
    """Raises WrongInput without an address, or for one that no label holds."""
    address = clean_text(typed, LONGEST_ADDRESS)
    if not address:
        raise WrongInput("Nhập địa chỉ: số nhà hoặc tên đường, thôn, làng, xã, tỉnh")
    return address


def fee_for(post: Post, grams: int | None = None) -> int | None:
    """About what the post charges for a weight, by the table in content; of no weight, for a usual letter. None: no table.

    The post takes its fee itself (identity, payment, post: section 8), so that this is an estimate and no charge.
    """
    if not post.postage:
        return None
    grams = grams or post.usual_g
    for step in post.postage:
        if grams <= step.up_to_g:
            return step.fee_dong
    last = post.postage[-1]
    return last.fee_dong + -(-(grams - last.up_to_g) // post.further_g) * post.further_fee_dong


def may_be_sent(dossier: Dossier) -> bool:
    """Whether the desk may begin a shipment of the result: the first one, or another after one came back or was lost."""
    is_offered = dossier.procedure["postal"]["return"]
    return is_offered and dossier.state is State.DONE and dossier.step == "" and not under_way(dossier, RETURN)


def send(
    dossier: Dossier,
    receiver: str,
    address: str,
    phone: str,
    fee_dong: int | None,
    by: Staff,
    now: datetime,
    form_key: str,
) -> Shipment:
    """The desk sends the result by post: what its owner asks for after submitting, or once more after a loss.

    The same form again returns its shipment. Raises WrongInput without a receiver or address, MoveRefused when the
    result is not there, was given, or is under way, or its procedure knows no post.
    """
    with db.atomic():
        lock(dossier)
        if step := step_of(form_key):
            return step.shipment
        if not receiver:
            raise WrongInput("Nhập họ tên người nhận")
        place = read_address(address)
        if not may_be_sent(dossier):
            raise MoveRefused(_why_not_sent(dossier))
        return shipment_rows.begin(dossier, RETURN, receiver, place, phone, fee_dong, by, now, form_key)


def _why_not_sent(dossier: Dossier) -> str:
    if not dossier.procedure["postal"]["return"]:
        return "Thủ tục này không trả kết quả qua bưu điện."
    if under_way(dossier, RETURN):
        return "Kết quả đã có một bưu gửi đang đi."
    return f"Hồ sơ đang ở trạng thái “{workflow.where_it_is(dossier)}”, không có kết quả ở quầy để gửi."


def may_be_collected(dossier: Dossier) -> bool:
    """Whether its submitter may have papers fetched: some are to be brought, and the procedure lets the post do it."""
    if not dossier.procedure["postal"]["pickup"] or dossier.state is not State.SUBMITTED or not awaited_papers(dossier):
        return False
    last = newest(dossier, COLLECT)
    return last is None or last.state not in (*UNDER_WAY, "delivered")


def ask_collection(
    dossier: Dossier, address: str, phone: str, fee_dong: int | None, by: Account, now: datetime, form_key: str
) -> Shipment:
    """The citizen has the postman fetch what was to be brought to the desk; the clock still starts when the desk accepts.

    The same form again returns its shipment. Raises WrongInput without an address or a telephone number, MoveRefused when
    nothing is awaited any more, or somebody is on the way already.
    """
    with db.atomic():
        lock(dossier)
        if step := step_of(form_key):
            return step.shipment
        place = read_address(address)
        if not phone:
            raise WrongInput("Nhập số điện thoại để bưu tá gọi trước khi đến")
        if not may_be_collected(dossier):
            raise MoveRefused(_why_not_collected(dossier))
        return shipment_rows.begin(dossier, COLLECT, by.full_name, place, phone, fee_dong, by, now, form_key)


def _why_not_collected(dossier: Dossier) -> str:
    if not dossier.procedure["postal"]["pickup"]:
        return "Việc này phải mang giấy đến Bộ phận Một cửa, bưu điện không lấy thay được."
    if under_way(dossier, COLLECT):
        return "Bạn đã nhờ bưu tá đến lấy giấy rồi."
    return "Hồ sơ này không còn chờ giấy mang đến."


# --- what is known of one --------------------------------------------------------------------------------------------


def note_tracking(shipment: Shipment, typed: str, now: datetime) -> str:
    """Keep the number the post gave it; returns it as it is kept. The same again changes nothing.

    Raises WrongInput for a number with a wrong digit, or that another shipment has; MoveRefused where no number can be.
    """
    number = tracking.read_tracking(typed)
    with db.atomic():
        locked(shipment)
        if shipment.state not in UNDER_WAY:
            raise MoveRefused(f"Bưu gửi này đã xong: “{state_name(shipment)}”.")
        others = Shipment.tracking == number, Shipment.id != shipment.id, Shipment.state != "dropped"
        if Shipment.select().where(*others).exists():
            raise WrongInput(f"Số {tracking.show_tracking(number)} đã ghi cho bưu gửi khác. Xem lại phiếu gửi.")
        Shipment.update(tracking=number).where(Shipment.id == shipment.id).execute()
        shipment.tracking = number
    return number


def change_address(shipment: Shipment, receiver: str, address: str, phone: str, fee_dong: int | None) -> None:
    """Mend where it goes, while nobody carries it. Raises WrongInput, MoveRefused."""
    place = read_address(address)
    if not receiver:
        raise WrongInput("Nhập họ tên người nhận")
    with db.atomic():
        locked(shipment)
        if shipment.state != "waiting" or shipment.manifest_id:
            raise MoveRefused("Bưu gửi đã vào danh mục bàn giao, không sửa địa chỉ được. Hủy danh mục trước.")
        changes = {"receiver": receiver, "address": place, "phone": phone, "fee_dong": fee_dong}
        Shipment.update(changes).where(Shipment.id == shipment.id).execute()


def of_office(ref: str, office: str) -> Shipment | None:
    return Shipment.get_or_none(Shipment.ref == ref, Shipment.office == office)


def of_dossier(dossier: Dossier) -> list[Shipment]:
    """Every one of a dossier that was not dropped, the newest first."""
    counts = Shipment.dossier == dossier.id, Shipment.state != "dropped"
    return list(Shipment.select().where(*counts).order_by(Shipment.id.desc()))


def receiver_of(shipment: Shipment) -> tuple[str, str]:
    """Who the post says received it, and by which paper when it was somebody else: ("", "") before it was delivered."""
    last = next((step for step in reversed(steps_of(shipment)) if step.state == "delivered"), None)
    name, _, paper = (last.note if last else "").partition(INSTEAD)
    return name, paper


def read_receiver(shipment: Shipment, name: str, paper_seen: str) -> str:
    """What `make_move` is told of a delivery: who received it, and, of somebody else, by which paper.

    The receiver shows who they are; another needs a written authorisation (identity, payment, post: section 8). Raises
    WrongInput without a name, or without another's paper.
    """
    if not name:
        raise WrongInput("Nhập họ tên người nhận")
    if sort_key(name) != sort_key(shipment.receiver) and not paper_seen:
        raise WrongInput("Người khác nhận thay: ghi đã xem giấy gì, ví dụ giấy ủy quyền")
    return f"{name}{INSTEAD}{paper_seen}" if paper_seen else name


INSTEAD = ", nhận thay: "  # between the receiver's name, which has no comma, and the paper that was seen


# --- lists -----------------------------------------------------------------------------------------------------------


def _in(office: str, direction: str, *states: str):
    rows = Shipment.select(Shipment, Dossier.code, Dossier.procedure_title).join(Dossier)
    return rows.where(Shipment.office == office, Shipment.direction == direction, Shipment.state.in_(states))


def waiting(office: str):
    """Results that are on no list yet; who has waited longest stands first."""
    return _in(office, RETURN, "waiting").where(Shipment.manifest.is_null()).order_by(Shipment.id)


def to_fetch(office: str):
    """Where the postman is to fetch papers."""
    return _in(office, COLLECT, "waiting").order_by(Shipment.id)


def fetched(office: str):
    """Papers that the postman has, and that are on no list yet."""
    return _in(office, COLLECT, "handed_over", "on_the_way").where(Shipment.manifest.is_null()).order_by(Shipment.id)


def to_take_over(office: str):
    """Results that the desk has handed over and the postman has not yet taken out."""
    return _in(office, RETURN, "handed_over").where(Shipment.manifest.is_null(False)).order_by(Shipment.id)


def on_no_list(office: str):
    """The same, of those that went without a hand-over list: each is taken over by itself."""
    return _in(office, RETURN, "handed_over").where(Shipment.manifest.is_null()).order_by(Shipment.id)


def on_the_way(office: str):
    return _in(office, RETURN, "on_the_way").order_by(Shipment.id)


def with_post(office: str):
    """Everything in the post's hands, the longest there first."""
    return _in(office, RETURN, "handed_over", "on_the_way").order_by(Shipment.changed_at, Shipment.id)


def came_back(office: str):
    """Results that came back or were lost, and whose owner still has none."""
    rows = _in(office, RETURN, "returned", "lost").where(Dossier.state == State.DONE, Dossier.step == "")
    newer = Shipment.alias()
    is_newest = ~fn.EXISTS(
        newer.select().where(
            newer.dossier == Shipment.dossier, newer.direction == RETURN, newer.state != "dropped", newer.id > Shipment.id
        )
    )
    return rows.where(is_newest).order_by(Shipment.changed_at, Shipment.id)


def delivered_open(office: str):
    """Results that the post says it delivered, of dossiers that the desk has still to close."""
    return _in(office, RETURN, "delivered").where(Dossier.state == State.DONE).order_by(Shipment.changed_at, Shipment.id)


def done_lately(office: str, now: datetime):
    """What came to its end within the last week, the latest first."""
    rows = Shipment.select(Shipment, Dossier.code, Dossier.procedure_title).join(Dossier)
    ends = Shipment.office == office, Shipment.state.in_(("delivered", "returned", "lost")), Shipment.changed_at > now - LATELY
    return rows.where(*ends).order_by(Shipment.changed_at.desc(), Shipment.id.desc())


LATELY = timedelta(days=7)


def is_too_long(shipment: Shipment, now: datetime, days: int) -> bool:
    """Whether it is in the post's hands for longer than it should: since the desk handed it over, in days."""
    manifest = shipment.manifest if shipment.manifest_id else None
    since = manifest.signed_at if manifest and manifest.signed_at else shipment.changed_at
    return shipment.state in ("handed_over", "on_the_way") and now - since > timedelta(days=days)


def count_waiting(office: str) -> int:
    return waiting(office).count()


def unsigned(office: str):
    """Hand-over lists that the other side has not signed yet."""
    is_open = Manifest.office == office, Manifest.signed_at.is_null(), Manifest.dropped_at.is_null()
    return Manifest.select().where(*is_open).order_by(Manifest.id)


# --- proof back to the desk ------------------------------------------------------------------------------------------


def close(shipment: Shipment, by: Staff, now: datetime, calendar: WorkCalendar, form_key: str, link: str = ""):
    """The desk has the proof that the result was delivered: the dossier is closed, with who received it.

    Returns the dossier's event. The same form again returns the first. Raises MoveRefused when the post has not said so, or
    somebody was quicker.
    """
    with db.atomic():
        dossier = locked(shipment)
        if event := workflow.event_of(form_key, "give_result"):
            return event
        if shipment.state != "delivered" or shipment.direction != RETURN:
            raise MoveRefused(f"Hồ sơ {dossier.code}: bưu điện chưa ghi đã phát.")
        receiver, paper = receiver_of(shipment)
        return results.give(dossier, "post", receiver or shipment.receiver, paper, by, now, calendar, form_key, link)

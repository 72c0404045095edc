"""What waits for a person, told first on Trang cá nhân: one line a kind of thing, the most pressing first."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models import Account, AccountEvent, Dossier, Draft, LaterPaper, Login, State
from rules import account_log, businesses, data_rights, documents, helping, submission
from rules.vietnamese import show_moment
from rules.workflow import ENDED, MOVES

# A dossier in one of these waits for its owner.
STATES = {
    "supplement": State.AWAITING_SUPPLEMENT,
    "payment": State.AWAITING_PAYMENT,
    "result": State.DONE,
}
WORDS = {
    "password": "Mật khẩu vừa được đặt lại",
    "deletion": "Tài khoản sắp bị xoá",
    "help": "Đang có người làm giúp",
    "supplement": "Cần nộp thêm giấy tờ",
    "bring": "Nhớ mang giấy đến xã",
    "payment": "Cần nộp tiền",
    "result": "Có kết quả, chờ bạn nhận",
    "invitation": "Lời mời đại diện",
    "document": "Xem hạn giấy tờ",
}
RESET_IS_NEWS = timedelta(days=3)


@dataclass(frozen=True)
class Waiting:
    kind: str  # of WORDS
    what: str  # the one thing by its name, or how many there are
    ref: str | int = ""  # of the one thing, in an address; "" when there are more

    @property
    def words(self) -> str:
        return WORDS[self.kind]


def waiting(account: Account, now: datetime, today: date) -> list[Waiting]:
    """What the person should look at now."""
    by_state: dict[State, list[tuple]] = {}
    for dossier in in_state(account, *STATES.values()).select(Dossier.code, Dossier.procedure_title, Dossier.state):
        by_state.setdefault(dossier.state, []).append((dossier.procedure_title, dossier.code))
    found = {kind: (by_state.get(state, []), "hồ sơ") for kind, state in STATES.items()} | {
        "bring": ([(dossier.procedure_title, dossier.code) for dossier in to_bring(account)], "hồ sơ"),
        "deletion": ([(f"lúc {show_moment(request.due_at)}", "") for request in data_rights.open_requests(account)], "lần"),
        "help": (
            [(f"{submission.helper_words(one.helper)}. Xem, thu hồi", "") for one in helping.open_helps_to(account, now)],
            "người",
        ),
        "password": ([(f"bằng {event.subject}", "") for event in _resets(account, now)], "lần"),
        "invitation": ([(one.business.name, one.business.ref) for one in businesses.invitations(account, now)], "doanh nghiệp"),
        "document": ([(paper.details["name"], paper.id) for paper in documents.expiring(account, today)], "giấy tờ"),
    }
    return [_line(kind, *found[kind]) for kind in WORDS if found[kind][0]]


def _line(kind: str, things: list[tuple], counted_in: str) -> Waiting:
    return Waiting(kind, *things[0]) if len(things) == 1 else Waiting(kind, f"{len(things)} {counted_in}")


def in_state(account: Account, *states: State):
    """The person's dossiers in one of these states, the newest first; the caller pages them."""
    return submission.all_mine(account).where(Dossier.state.in_(states))


def that_wait(account: Account, kind: str):
    """The person's dossiers that wait for the one thing, the newest first; the caller pages them."""
    return to_bring(account) if kind == "bring" else in_state(account, STATES[kind])


def to_bring(account: Account):
    """The person's dossiers that wait for a paper to be brought."""
    awaited = LaterPaper.select(LaterPaper.dossier).where(
        LaterPaper.arrived_at.is_null(), LaterPaper.dossier.in_(in_state(account, State.SUBMITTED).select(Dossier.id).order_by())
    )
    return Dossier.select().where(Dossier.id.in_(awaited)).order_by(Dossier.id.desc())


# --- what may be done with a dossier now -----------------------------------------------------------------------------

# By what a person wants: in which states it is open, as the table of moves says; a correction moves nothing.
OPEN_IN = {
    "correct": {State.SUBMITTED},
    "withdraw": {move.source for move in MOVES if move.name in ("withdraw", "ask_withdrawal")},
    "supplement": {State.AWAITING_SUPPLEMENT},
}


def why_not(dossier: Dossier, what: str) -> str:
    """Why the person cannot do it now, in a few words; "" when it can be done."""
    if dossier.state in OPEN_IN[what]:
        return ""
    if dossier.state in ENDED:
        return "Hồ sơ đã xong."
    if dossier.state is State.WITHDRAWAL_ASKED:
        return "Bạn đã xin rút, chờ xã trả lời."
    return "Xã đã nhận hồ sơ."


# --- drafts ----------------------------------------------------------------------------------------------------------

MOST_NAMED = 3


def missing_in(draft: Draft, procedure: dict, today: date) -> tuple[list[str], int]:
    """The titles of the first pages that still want something, and how many more there are."""
    pages = {f"page-{number}": page["title"] for number, page in enumerate(procedure["eform"]["pages"], start=1)}
    titles = {"owner": "Chủ hồ sơ", "delivery": "Nơi nhận kết quả", "papers": "Giấy tờ"} | pages
    # A page of several children is named once.
    found = list(dict.fromkeys(titles[name.partition(".")[0]] for name in submission.gaps(draft, procedure, today)))
    return found[:MOST_NAMED], len(found[MOST_NAMED:])


def _resets(account: Account, now: datetime) -> list[AccountEvent]:
    """How the password was reset lately, unless the owner has chosen another since."""
    changes = account_log.lines_of(account).where(AccountEvent.name.in_(["password reset", "password changed"]))
    return [
        event
        for event in changes.limit(1)
        if event.name == "password reset" and -Login.TOLERANCE <= now - event.at < RESET_IS_NEWS
    ]

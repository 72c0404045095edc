"""What waits for a person, told first on Trang cá nhân: one line a kind of thing, the most pressing first."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models import Account, AccountEvent, Dossier, Login, State
from rules import account_log, businesses, data_rights, documents, submission
from rules.vietnamese import show_moment

# A dossier in one of these waits for its owner.
STATES = {
    "supplement": State.AWAITING_SUPPLEMENT,
    "payment": State.AWAITING_PAYMENT,
    "result": State.DONE,
}
WORDS = {
    "password": "Mật khẩu vừa được đặt lại",
    "deletion": "Tài khoản sắp bị xoá",
    "supplement": "Cần nộp thêm giấy tờ",
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
        "deletion": ([(f"lúc {show_moment(request.due_at)}", "") for request in data_rights.open_requests(account)], "lần"),
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


def _resets(account: Account, now: datetime) -> list[AccountEvent]:
    """How the password was reset lately, unless the owner has chosen another since."""
    changes = account_log.lines_of(account).where(AccountEvent.name.in_(["password reset", "password changed"]))
    return [
        event
        for event in changes.limit(1)
        if event.name == "password reset" and -Login.TOLERANCE <= now - event.at < RESET_IS_NEWS
    ]

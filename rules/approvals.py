"""What one of the commune asks and another confirms: a reset in person, a new slip, a merge, its undoing (SECURITY §5)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import IntegrityError

from database import db
from models import (
    Account,
    Approval,
    Dossier,
    Draft,
    IdNumber,
    Login,
    OneTimeCode,
    PersonalDocument,
    Representative,
    Staff,
)
from rules import WrongInput, account_log, logins, one_time, people, slips
from rules.message_catalogue import letter
from rules.outbox import post
from rules.vietnamese import show_moment

WAITS = timedelta(hours=24)
RESET_CODE_LASTS = timedelta(minutes=60)
DESK = ("officer", "specialist", "leader")
CODES = ("activation", "recovery", "reset_link", "desk_reset", "new_email")


class ApprovalRefused(WrongInput):
    """It cannot be asked or confirmed now; the message says why."""


@dataclass(frozen=True)
class Kind:
    label: str
    askers: tuple[str, ...]
    deciders: tuple[str, ...]
    asked: str  # the lines of the owner's log
    refused: str
    grant: Callable[[Approval, Staff, datetime], None]


# --- asking ----------------------------------------------------------------------------------------------------------


def ask(
    kind: str, account: Account, by: Staff, reason: str, now: datetime, form_key: str, other: Account | None = None
) -> Approval:
    """Ask for something that another must confirm within a day. The same `form_key` again returns the first request.

    Raises ApprovalRefused when it is not this person's to ask, cannot be done, or waits already.
    """
    key = f"{by.id}-{form_key}"[:64]
    try:
        return Approval.get_or_none(Approval.form_key == key) or _ask(kind, account, by, reason, now, key, other)
    except IntegrityError:
        return Approval.get(Approval.form_key == key)


def _ask(kind, account, by, reason, now, key, other) -> Approval:
    if by.role not in KINDS[kind].askers:
        raise ApprovalRefused("Việc này do Bộ phận Một cửa làm.")
    _refuse_impossible(kind, account, other)
    with db.atomic():
        if _open_ones(now).where(Approval.kind == kind, Approval.account == account.id).exists():
            raise ApprovalRefused("Việc này đã có người xin, đang chờ xác nhận ở mục Chờ xác nhận.")
        approval = Approval.create(
            kind=kind,
            account=account,
            other_account=other,
            reason=reason,
            asked_by=by,
            asked_at=now,
            expires_at=now + WAITS,
            form_key=key,
        )
        for one in _accounts_of(approval):
            account_log.record(one, KINDS[kind].asked, now, by=by, purpose=reason)
    return approval


def _refuse_impossible(kind: str, account: Account, other: Account | None) -> None:
    if account.merged_into_id or account.closed_at:
        raise ApprovalRefused("Tài khoản này đã gộp vào tài khoản khác hoặc đã xoá.")
    if kind == "reset" and not account.may_log_in:
        raise ApprovalRefused("Tài khoản chưa kích hoạt, nên chưa có mật khẩu. Hãy in phiếu mới.")
    if kind == "merge" and account.id == other.id:
        raise ApprovalRefused("Hai số này là của một tài khoản rồi.")
    if kind == "merge" and other.is_activated and not account.is_activated:
        # The owner's password would open nothing any more, and whoever printed the other's slip could open everything.
        raise ApprovalRefused("Tài khoản này chưa kích hoạt, tài khoản kia đang dùng. Mở tài khoản kia, rồi xin gộp từ đó.")


def _accounts_of(approval: Approval) -> list[int]:
    return [id for id in (approval.account_id, approval.other_account_id) if id]


# --- what waits ------------------------------------------------------------------------------------------------------


def _open_ones(now: datetime):
    return Approval.select().where(Approval.decided_at.is_null(), Approval.expires_at.between(now, now + WAITS + Login.TOLERANCE))


def waiting(staff: Staff, now: datetime):
    """What waits for somebody's confirmation, the newest first; the caller pages it. One's own requests stand in it too."""
    kinds = [name for name, kind in KINDS.items() if staff.role in (*kind.askers, *kind.deciders)]
    found = (
        _open_ones(now)
        .select(Approval, Account, Staff)
        .join(Account, on=Approval.account)
        .switch(Approval)
        .join(Staff, on=Approval.asked_by)
        .where(Approval.kind.in_(kinds))
    )
    if staff.role == "village_head":
        found = found.where(Account.village == (staff.village or None))
    return found.order_by(Approval.id.desc())


def approval_for(approval_id: int, staff: Staff) -> Approval | None:
    """A request this member of staff may see, decided or not."""
    approval = Approval.get_or_none(Approval.id == approval_id)
    if approval is None:
        return None
    kind = KINDS[approval.kind]
    is_seen = staff.role in (*kind.askers, *kind.deciders) and all(
        people.is_of_her_village(staff, account.village) for account in (approval.account, approval.other_account) if account
    )
    return approval if is_seen else None


def may_decide(approval: Approval, staff: Staff) -> bool:
    """Never the one who asked; a village head only for her village."""
    is_hers = people.is_of_her_village(staff, approval.account.village)
    return approval.asked_by_id != staff.id and staff.role in KINDS[approval.kind].deciders and is_hers


# --- deciding --------------------------------------------------------------------------------------------------------


def grant(approval: Approval, by: Staff, now: datetime) -> None:
    """Confirm the request and do what it asks, in one transaction; pressed twice, it is done once.

    Raises ApprovalRefused when it is the asker's own, too old, decided by another, or can be done no more.
    """
    if not may_decide(approval, by):
        raise ApprovalRefused("Người xin không tự đồng ý được. Cần một người khác xác nhận.")
    try:
        with db.atomic():
            if _decide(approval, by, True, now):
                KINDS[approval.kind].grant(approval, by, now)
    except IntegrityError as clash:
        raise ApprovalRefused("Tài khoản vừa có thay đổi khác. Xem lại rồi bấm lần nữa.") from clash


def refuse(approval: Approval, by: Staff, now: datetime) -> None:
    """Refuse the request, or take back one's own. Raises ApprovalRefused when it is decided otherwise or too old."""
    if not (may_decide(approval, by) or approval.asked_by_id == by.id):
        raise ApprovalRefused("Việc này do người khác xác nhận.")
    with db.atomic():
        if _decide(approval, by, False, now):
            for account in _accounts_of(approval):
                account_log.record(account, KINDS[approval.kind].refused, now, by=by, second=approval.asked_by.full_name)


def _decide(approval: Approval, by: Staff, is_granted: bool, now: datetime) -> bool:
    """Whether this decision is the first; of two at the same moment, WHERE lets one through."""
    changes = {"decided_by": by, "decided_at": now, "is_granted": is_granted}
    if _open_ones(now).where(Approval.id == approval.id).exists() and (
        Approval.update(changes).where(Approval.id == approval.id, Approval.decided_at.is_null()).execute()
    ):
        for name, value in changes.items():
            setattr(approval, name, value)
        return True
    fresh = Approval.get_by_id(approval.id)
    if fresh.decided_at is None:
        raise ApprovalRefused("Yêu cầu này đã quá 24 giờ. Xin lại từ đầu.")
    if (fresh.decided_by_id, fresh.is_granted) != (by.id, is_granted):
        done = "đồng ý" if fresh.is_granted else "từ chối"
        raise ApprovalRefused(f"{fresh.decided_by.full_name} đã {done} lúc {show_moment(fresh.decided_at)}.")
    return False


# --- a reset in person, a new slip -----------------------------------------------------------------------------------


def _grant_reset(approval: Approval, by: Staff, now: datetime) -> None:
    account = Account.get_by_id(approval.account_id)
    _refuse_impossible("reset", account, None)
    (code,) = one_time.make_codes("desk_reset", account, 1, now, RESET_CODE_LASTS)
    OneTimeCode.update(payload=code).where(OneTimeCode.id == one_time.find(code, "desk_reset").id).execute()
    account_log.record(account, "reset granted", now, by=by, second=approval.asked_by.full_name)


def reset_code(approval: Approval, staff: Staff, now: datetime) -> OneTimeCode | None:
    """The code made when this member of staff confirmed this request; nobody else's eyes."""
    if approval.kind != "reset" or not approval.is_granted or approval.decided_by_id != staff.id:
        return None
    return OneTimeCode.get_or_none(
        OneTimeCode.account == approval.account_id,
        OneTimeCode.kind == "desk_reset",
        OneTimeCode.made_at == approval.decided_at,
    )


def codes_to_read_out(staff: Staff, now: datetime) -> list[Approval]:
    """The resets this member of staff has confirmed and whose codes nobody has typed yet."""
    mine = Approval.select().where(
        Approval.kind == "reset", Approval.decided_by == staff.id, Approval.decided_at > now - RESET_CODE_LASTS
    )
    codes = [(approval, reset_code(approval, staff, now)) for approval in mine.order_by(Approval.id.desc())]
    return [approval for approval, code in codes if code and code.is_open(now)]


def _grant_slip(approval: Approval, by: Staff, now: datetime) -> None:
    """The asker prints it. Its codes open the account, so that of an account in use nobody prints them alone."""
    account = Account.get_by_id(approval.account_id)
    _refuse_impossible("slip", account, None)
    slips.new_slip(account, approval.asked_by, now, f"approval-{approval.id}", second=by.full_name)


# --- two accounts of one person --------------------------------------------------------------------------------------


def _grant_merge(approval: Approval, by: Staff, now: datetime) -> None:
    kept, absorbed = _locked_pair(approval)
    if kept is None or absorbed is None:
        raise ApprovalRefused("Một trong hai tài khoản đã gộp hoặc đã xoá. Không gộp được nữa.")
    _refuse_impossible("merge", kept, absorbed)
    Account.update(merged_into=kept).where(Account.id == absorbed.id).execute()
    moved = {
        "numbers": _move(IdNumber, absorbed, kept),
        "dossiers": _move(Dossier, absorbed, kept),
        "documents": _move(PersonalDocument, absorbed, kept),
        "drafts": _move(Draft, absorbed, kept, ~Draft.procedure_slug.in_(_open_slugs(kept)) | ~Draft.is_new()),
    } | _join_businesses(absorbed, kept, now)
    _keep_newest_number(kept)
    logins.end_all(absorbed)
    for kind in CODES:
        one_time.void(kind, absorbed, now)
    Approval.update(moved=moved).where(Approval.id == approval.id).execute()
    for account in (kept, absorbed):
        account_log.record(account, "merged", now, by=by, second=approval.asked_by.full_name)
    _tell_owners(approval, (kept, absorbed), "accounts_merged", now)


def _locked_pair(approval: Approval) -> list[Account | None]:
    """Kept and absorbed as they are now, and until the transaction ends; None for one that is merged or closed."""
    # Always in the same order, so that two merges never wait for one another.
    for id in sorted(_accounts_of(approval)):
        Account.update(full_name=Account.full_name).where(Account.id == id).execute()
    is_alive = Account.merged_into.is_null() & Account.closed_at.is_null()
    return [Account.get_or_none(Account.id == id, is_alive) for id in (approval.account_id, approval.other_account_id)]


def _move(table, source: Account, target: Account, *conditions) -> list[int]:
    """Give the rows of one account to the other; returns which."""
    ids = [row.id for row in table.select(table.id).where(table.account == source.id, *conditions).order_by(table.id)]
    if ids:
        table.update(account=target).where(table.id.in_(ids), table.account == source.id).execute()
    return ids


def _open_slugs(account: Account) -> list[str]:
    return [draft.procedure_slug for draft in Draft.select().where(Draft.account == account.id, Draft.is_new())]


def _join_businesses(absorbed: Account, kept: Account, now: datetime) -> dict[str, list[int]]:
    """A business has a person once: of two rows the accepted one stays, and the other ends."""
    mine = {row.business_id: row for row in _acting(kept)}
    moved, ended = [], []
    for row in _acting(absorbed):
        twin = mine.get(row.business_id)
        stays = twin is None or (row.accepted_at is not None and twin.accepted_at is None)
        if stays:
            moved.append(row.id)
        if twin:
            ended.append(twin.id if stays else row.id)
    if ended:
        Representative.update(ended_at=now).where(Representative.id.in_(ended)).execute()
    if moved:
        Representative.update(account=kept).where(Representative.id.in_(moved)).execute()
    return {"representatives": moved, "ended_representatives": ended}


def _acting(account: Account) -> list[Representative]:
    found = Representative.select().where(Representative.account == account.id, Representative.ended_at.is_null())
    return list(found.order_by(Representative.id))


def _keep_newest_number(account: Account) -> None:
    """The account shows a number of its own: the one it has shown, unless it is another's now or a CMND beside a CCCD."""
    numbers = [row.number for row in people.numbers_of(account)]
    newest = max(numbers, key=lambda number: (len(number), number == account.id_number, numbers.index(number)))
    if newest != account.id_number:
        Account.update(id_number=newest).where(Account.id == account.id).execute()


def merges_of(account: Account) -> list[Approval]:
    """What was merged into the account and may still be taken apart, the newest first."""
    found = (
        Approval.select(Approval, Account)
        .join(Account, on=Approval.other_account)
        .where(Approval.kind == "merge", Approval.account == account.id, Approval.is_granted == True)  # noqa: E712
        .where(Account.merged_into == account.id)
        .order_by(Approval.id.desc())
    )
    newest: dict[int, Approval] = {}
    for approval in found:
        newest.setdefault(approval.other_account_id, approval)
    return list(newest.values())


def _grant_undo(approval: Approval, by: Staff, now: datetime) -> None:
    kept, _ = _locked_pair(approval)
    merge = kept and next((one for one in merges_of(kept) if one.other_account_id == approval.other_account_id), None)
    if merge is None:
        raise ApprovalRefused("Hai tài khoản này không còn gộp với nhau, hoặc đã gộp tiếp vào tài khoản khác.")
    absorbed = merge.other_account
    Account.update(merged_into=None).where(Account.id == absorbed.id).execute()
    _move_back(merge, kept, absorbed)
    _keep_newest_number(kept)
    logins.end_all(kept)
    for account in (kept, absorbed):
        account_log.record(account, "merge undone", now, by=by, second=approval.asked_by.full_name)
    _tell_owners(approval, (kept, absorbed), "merge_undone", now)


def _move_back(merge: Approval, kept: Account, absorbed: Account) -> None:
    """Exactly what was moved, and still is there."""
    moved = merge.moved
    for table, name in ((IdNumber, "numbers"), (Dossier, "dossiers"), (PersonalDocument, "documents")):
        table.update(account=absorbed).where(table.id.in_(moved[name]), table.account == kept.id).execute()
    # A draft the owner of the absorbed account began elsewhere in the meantime stays the only one.
    begun = ~Draft.procedure_slug.in_(_open_slugs(absorbed)) | ~Draft.is_new()
    Draft.update(account=absorbed).where(Draft.id.in_(moved["drafts"]), Draft.account == kept.id, begun).execute()
    still = Representative.id.in_(moved["representatives"]), Representative.account == kept.id
    Representative.update(account=absorbed).where(*still).execute()
    for row in Representative.select().where(
        Representative.id.in_(moved["ended_representatives"]), Representative.ended_at == merge.decided_at
    ):
        # One that has become a representative again since needs no second row.
        if row.business_id not in [other.business_id for other in _acting(row.account)]:
            Representative.update(ended_at=None).where(Representative.id == row.id).execute()


def _tell_owners(approval: Approval, accounts: tuple[Account, ...], key: str, now: datetime) -> None:
    """To every address either account knows; one address gets one letter."""
    for address, account in {account.email: account for account in accounts if account.email}.items():
        words = letter(key, nguoi_nhan=account.full_name, luc=show_moment(now))
        post(f"{approval.kind}-{approval.id}-{account.id}", address, *words, now)


AT_DESK_OR_IN_VILLAGE, AT_DESK = ("officer", "leader", "village_head"), ("officer", "leader")
KINDS = {
    "reset": Kind("Đặt lại mật khẩu", people.HELPERS, AT_DESK_OR_IN_VILLAGE, "reset asked", "reset refused", _grant_reset),
    "slip": Kind("In phiếu mã mới", people.HELPERS, AT_DESK_OR_IN_VILLAGE, "slip asked", "slip refused", _grant_slip),
    "merge": Kind("Gộp hai tài khoản", DESK, AT_DESK, "merge asked", "merge refused", _grant_merge),
    "undo_merge": Kind("Tách tài khoản đã gộp", DESK, AT_DESK, "undo asked", "undo refused", _grant_undo),
}


def sweep(now: datetime) -> None:
    """Forget the codes to be read out that are good no more."""
    OneTimeCode.update(payload=None).where(
        OneTimeCode.kind == "desk_reset",
        OneTimeCode.payload.is_null(False),
        OneTimeCode.used_at.is_null(False) | OneTimeCode.voided_at.is_null(False) | (OneTimeCode.expires_at < now),
    ).execute()

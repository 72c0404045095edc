"""What the law on personal data gives a person: how long each thing is kept, and having an account deleted (SECURITY §11)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from logging import getLogger

from peewee import IntegrityError, fn

from database import db
from models import (
    Account,
    AccountEvent,
    Approval,
    Consent,
    DeletionRequest,
    DocumentFile,
    Dossier,
    Draft,
    Help,
    IdNumber,
    KnownDevice,
    Login,
    Message,
    OneTimeCode,
    OutreachNote,
    PaymentAttempt,
    PaymentNotice,
    PersonalDocument,
    Registration,
    Representative,
    Slip,
)
from rules import account_log, accounts, attempts, businesses, documents, logins, slips, uploads
from rules.message_catalogue import letter
from rules.outbox import post
from rules.vietnamese import show_moment
from rules.workflow import ENDED

log = getLogger(__name__)

# --- how long things are kept ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Promise:
    """What is kept, as the privacy page says it, for how long, and the sweep that keeps the promise."""

    what: str
    keeps: timedelta
    sweep: Callable[[datetime], object]


DAY = timedelta(days=1)
LINKS_ARE_KEPT = 30 * DAY
MESSAGES_ARE_KEPT = 90 * DAY
OLD_VERSIONS_ARE_KEPT = 365 * DAY
NOTICES_ARE_KEPT = 5 * 365 * DAY  # what the gateway said, as it came
OUTREACH_IS_KEPT = 5 * 365 * DAY  # for the reports of a term of office; it names none but its writer
FORGERIES_ARE_KEPT = 30 * DAY  # what somebody else said in its name: long enough to look into it, and the disk stays free
PAYERS_ADDRESSES_ARE_KEPT = DAY  # from the moment at which the bank's page, for which they are, opens no more
FORGED = PaymentNotice.answer.in_(("97", "01")) & PaymentNotice.attempt.is_null()  # of no payment here
# Long enough to answer who saw what, and what was agreed to, when somebody asks late.
RECORDS_ARE_KEPT = 730 * DAY

SLIP_CODES = ("activation", "recovery")


def _rows(what: str, keeps: timedelta, table, moment, *only) -> Promise:
    """Rows of a table, from a moment that each of them names."""
    return Promise(what, keeps, lambda now: table.delete().where(moment < now - keeps, *only).execute())


def _codes(what: str, keeps: timedelta, which) -> Promise:
    """Codes good for one use, from when they were used, replaced or ran out."""

    def forget(now: datetime) -> None:
        before = now - keeps
        is_over = (OneTimeCode.used_at < before) | (OneTimeCode.voided_at < before) | (OneTimeCode.expires_at < before)
        OneTimeCode.delete().where(which, is_over).execute()

    return Promise(what, keeps, forget)


def _forget_addresses(now: datetime) -> None:
    is_over = PaymentAttempt.payer_address != "", PaymentAttempt.expires_at < now - PAYERS_ADDRESSES_ARE_KEPT
    PaymentAttempt.update(payer_address="").where(*is_over).execute()


def _forget_requests(now: datetime) -> None:
    before = now - RECORDS_ARE_KEPT
    DeletionRequest.delete().where((DeletionRequest.done_at < before) | (DeletionRequest.cancelled_at < before)).execute()


# The files of a draft, a document or an old version go with the sweep of files, once no row names them.
RETENTION = (
    Promise("mã của phiếu vừa in", Slip.PRINTABLE, slips.sweep),
    Promise("giấy tờ nhập dở", documents.UNFINISHED_LASTS, documents.sweep),
    Promise("ảnh gửi dở", uploads.LASTS, uploads.sweep),
    Promise("lần đăng nhập đã hết", Login.WRITE_ONLY, logins.sweep),
    Promise("số lần nhập sai", attempts.COUNTS_ARE_KEPT, attempts.sweep),
    Promise("địa chỉ mạng lúc trả tiền", PAYERS_ADDRESSES_ARE_KEPT, _forget_addresses),
    _rows("bản nháp, từ lần sửa cuối", Draft.LIFETIME, Draft, Draft.updated_at, Draft.is_open()),
    Promise("đăng ký quá hạn 7 ngày", accounts.REQUESTS_ARE_KEPT, accounts.sweep),
    Promise("lời mời đại diện", businesses.INVITATIONS_ARE_KEPT, businesses.sweep),
    _codes("mã một lần đã hết", LINKS_ARE_KEPT, OneTimeCode.kind.not_in(SLIP_CODES)),
    _rows("thư đã gửi", MESSAGES_ARE_KEPT, Message, Message.created_at, Message.next_try_at.is_null()),
    Promise("máy đã nhớ", logins.DEVICE_IS_KNOWN, logins.sweep),
    _rows("bản cũ của giấy tờ đã thay", OLD_VERSIONS_ARE_KEPT, DocumentFile, DocumentFile.replaced_at),
    _rows("sổ “Ai đã xem”", RECORDS_ARE_KEPT, AccountEvent, AccountEvent.at),
    _rows("việc cán bộ xin và duyệt", RECORDS_ARE_KEPT, Approval, Approval.asked_at),
    _codes("mã phiếu đã dùng", RECORDS_ARE_KEPT, OneTimeCode.kind.in_(SLIP_CODES)),
    _rows("đồng ý đã rút", RECORDS_ARE_KEPT, Consent, Consent.withdrawn_at),
    _rows("đại diện đã thôi", RECORDS_ARE_KEPT, Representative, Representative.ended_at),
    Promise("đơn xin xoá đã xong", RECORDS_ARE_KEPT, _forget_requests),
    _rows("thông báo trả tiền giả mạo", FORGERIES_ARE_KEPT, PaymentNotice, PaymentNotice.received_at, FORGED),
    _rows("thông báo của cổng thanh toán", NOTICES_ARE_KEPT, PaymentNotice, PaymentNotice.received_at),
    _rows("nhật ký tuyên truyền ở thôn, làng", OUTREACH_IS_KEPT, OutreachNote, OutreachNote.at),
)


def sweep(now: datetime) -> None:
    """Keep every promise of the table."""
    for forget in dict.fromkeys(promise.sweep for promise in RETENTION):
        forget(now)


def kept_for() -> list[tuple[str, list[str]]]:
    """The table as the privacy page shows it: how long, and what, the shortest first."""
    found: dict[timedelta, list[str]] = {}
    for promise in sorted(RETENTION, key=lambda promise: promise.keeps):
        found.setdefault(promise.keeps, []).append(promise.what)
    return [(show_span(span), things) for span, things in found.items()]


def show_span(span: timedelta) -> str:
    """30 phút, 24 giờ, 90 ngày, 2 năm"""
    if span < timedelta(hours=1):
        return f"{span // timedelta(minutes=1)} phút"
    if span <= DAY:
        return f"{span // timedelta(hours=1)} giờ"
    return f"{span // DAY} ngày" if span < 365 * DAY else f"{span // (365 * DAY)} năm"


# --- documents kept no more ------------------------------------------------------------------------------------------


def delete_documents(account: Account, store) -> None:
    """Every document the person keeps here, with its files and old versions, and the form that was left unfinished."""
    for document in list(PersonalDocument.select().where(PersonalDocument.account == account.id)):
        documents.delete_document(document, store)


# --- asking for deletion ---------------------------------------------------------------------------------------------

WAITS = 7 * DAY


@dataclass(frozen=True)
class Balance:
    """What a deletion would take, and what stays."""

    documents: int
    drafts: int
    dossiers: int
    open_dossiers: int


def balance(account: Account) -> Balance:
    submitted = Dossier.select().where(Dossier.account == account.id)
    return Balance(
        documents=documents.documents_of(account).count(),
        drafts=Draft.open_ones().where(Draft.account == account.id).count(),
        dossiers=submitted.count(),
        open_dossiers=submitted.where(Dossier.state.not_in(ENDED)).count(),
    )


def open_request(account: Account) -> DeletionRequest | None:
    """The deletion that waits for its day."""
    return open_requests(account).first()


def open_requests(account: Account):
    return _open_requests().where(DeletionRequest.account == account.id)


def _open_requests():
    waits = DeletionRequest.cancelled_at.is_null() & DeletionRequest.done_at.is_null()
    return DeletionRequest.select().where(waits).order_by(DeletionRequest.id)


def ask_deletion(account: Account, now: datetime) -> DeletionRequest:
    """Have the account deleted in seven days, unless it is cancelled; asked again, the first request stands."""
    with db.atomic():
        # The first write locks the account: two taps are one request.
        Account.update(closed_at=Account.closed_at).where(Account.id == account.id).execute()
        request = open_request(account)
        if request is None:
            request = DeletionRequest.create(account=account, asked_at=now, due_at=now + WAITS)
            account_log.record(account, "deletion asked", now, by=account)
            _tell(account, f"deletion-{request.id}", request.due_at, now)
    return request


def cancel_deletion(account: Account, now: datetime) -> bool:
    """Keep the account after all; False when nothing waited."""
    with db.atomic():
        waits = DeletionRequest.cancelled_at.is_null() & DeletionRequest.done_at.is_null()
        cancelled = DeletionRequest.update(cancelled_at=now).where(DeletionRequest.account == account.id, waits).execute()
        if cancelled:
            account_log.record(account, "deletion cancelled", now, by=account)
    return bool(cancelled)


def _tell(account: Account, key: str, due_at: datetime, now: datetime) -> None:
    # Whoever asked knew the password; the owner is told even so, whatever letters were agreed to (SECURITY §3).
    if account.email:
        words = letter("deletion_asked", nguoi_nhan=account.full_name, luc=show_moment(now), xoa_luc=show_moment(due_at))
        post(key, account.email, *words, now)


# --- carrying it out -------------------------------------------------------------------------------------------------


def carry_out_due(now: datetime, note: Callable[..., None]) -> int:
    """Delete every account whose day has come; returns how many. `note` writes the security log.

    Each is one transaction: killed in the middle, nothing of it has happened, and the next sweep does it.
    """
    return sum(_try_to_carry_out(request, now, note) for request in list(_open_requests().where(DeletionRequest.due_at <= now)))


def _try_to_carry_out(request: DeletionRequest, now: datetime, note: Callable[..., None]) -> bool:
    try:
        return _carry_out(request, now, note)
    except IntegrityError as clash:
        # A dossier submitted at this very moment: the next sweep finds it. The others' turn comes all the same.
        log.error("deletion request %s waits for the next sweep: %s", request.id, clash)
        return False


def _carry_out(request: DeletionRequest, now: datetime, note: Callable[..., None]) -> bool:
    still_waits = DeletionRequest.cancelled_at.is_null() & DeletionRequest.done_at.is_null()
    with db.atomic():
        # The first write decides between this and a cancelling at the same moment.
        if not DeletionRequest.update(done_at=now).where(DeletionRequest.id == request.id, still_waits).execute():
            return False
        account = Account.get_or_none(Account.id == request.account_id)
        if account is None or account.closed_at:
            return False
        if account.merged_into_id:
            # It has become part of another account meanwhile, whose owner has asked for nothing.
            DeletionRequest.update(done_at=None, cancelled_at=now).where(DeletionRequest.id == request.id).execute()
            return False
        kept = delete_account(account, now)
        # Before the transaction ends: a line too many after a power cut tells more than a line too few.
        note("account deleted", account=account.id, request=request.id, dossiers=kept)
    return True


def delete_account(account: Account, now: datetime) -> int:
    """Delete the account with all that hangs on it, and those that were merged into it.

    With dossiers, which the Law on Archives 33/2024/QH15 keeps, what is left is the name and number of who submitted them,
    and who has seen what. Returns how many dossiers there are.
    """
    for business in businesses.mine(account):
        businesses.end(business, account.ref, account, now)
    people = [account, *absorbed_by(account)]
    for person in people:
        _forget_letters(person)
        _forget_registrations(person)
        Account.update(merged_into=None).where(Account.id == person.id).execute()
    return sum(_delete_or_close(person, now) for person in people)


def absorbed_by(account: Account) -> list[Account]:
    """Accounts merged into this one, and those merged into them."""
    found = list(Account.select().where(Account.merged_into == account.id))
    return found + [deeper for one in found for deeper in absorbed_by(one)]


def _delete_or_close(account: Account, now: datetime) -> int:
    dossiers = Dossier.select().where(Dossier.account == account.id).count()
    has_papers = Draft.select().where(Draft.account == account.id, ~Draft.is_open()).exists()
    # A help under which a dossier came about goes with no account: on it hangs the dossier's draft, on that its papers.
    has_helps = Help.select().where(Help.account == account.id, Help.dossier.is_null(False)).exists()
    if dossiers or has_papers or has_helps:
        _close(account, now)
    else:
        _forget_paying(account)
        Account.delete().where(Account.id == account.id).execute()
    return dossiers


# What a closed account needs no more. Not the drafts of its dossiers: on those hang the papers.
EMPTIED = {"phone": "", "email": "", "village": "", "password_hash": "", "birth_date": None}
GONE_WITH_IT = (IdNumber, Registration, Login, KnownDevice, OneTimeCode, Slip, PersonalDocument)


def _close(account: Account, now: datetime) -> None:
    Account.update(closed_at=now, **EMPTIED).where(Account.id == account.id).execute()
    for table in GONE_WITH_IT:
        table.delete().where(table.account == account.id).execute()
    Draft.delete().where(Draft.account == account.id, Draft.is_open()).execute()
    _forget_paying(account)
    # A reset or a merge that was still waiting would open the account again.
    Approval.delete().where((Approval.account == account.id) | (Approval.other_account == account.id)).execute()
    mine = Representative.account == account.id, Representative.ended_at.is_null()
    Representative.update(ended_at=now).where(*mine).execute()
    Consent.update(withdrawn_at=now).where(Consent.account == account.id, Consent.withdrawn_at.is_null()).execute()
    account_log.record(account, "account deleted", now)


def _forget_paying(account: Account) -> None:
    """From where they paid. That they did stands on the receipt, which the law keeps."""
    PaymentAttempt.update(payer_address="").where(PaymentAttempt.started_by == account.id).execute()


def _forget_registrations(account: Account) -> None:
    """Also those asked for with one of the person's numbers that nobody has confirmed."""
    numbers = IdNumber.select(IdNumber.key).where(IdNumber.account == account.id)
    Registration.delete().where(Registration.id_number_key.in_(numbers)).execute()


def _forget_letters(account: Account) -> None:
    """Letters to the address, unless somebody else gets theirs there too."""
    if account.email and not shares_address(account):
        Message.delete().where(fn.LOWER(Message.recipient) == account.email.lower()).execute()


def shares_address(account: Account) -> bool:
    """Whether another account has the same e-mail address: families share one."""
    same = fn.LOWER(Account.email) == account.email.lower()
    return Account.select().where(same, Account.id != account.id, Account.merged_into.is_null()).exists()

"""Businesses: a tax code, a name, and the citizens who act for it, its representatives."""

from datetime import datetime, timedelta

from peewee import IntegrityError

from database import Prepared, db
from models import Account, AccountEvent, Attempts, Business, Dossier, Representative, Staff
from rules import WrongInput, account_log, attempts
from rules.attempts import Limit, TooManyTries
from rules.logins import token_hash
from rules.vietnamese import clean_text

LONGEST_NAME = 200
MOST_ADDED = 10  # by one person: nobody takes the tax codes of a whole province
MOST_INVITATIONS = 5  # that wait at once; a newer one takes the place of the oldest
INVITATION_LASTS = timedelta(days=14)
INVITATIONS_ARE_KEPT = timedelta(days=30)
ONE_OPENING = timedelta(minutes=30)  # going back and forth at the desk is one opening
DAY = timedelta(days=1)
# Counted whether or not the number has an account, so that inviting is no way of asking.
INVITING = Limit("invite", 5, DAY, first_wait=DAY, longest_wait=DAY)

IN_FORCE = Representative.accepted_at.is_null(False) & Representative.ended_at.is_null()
INVITED = Representative.accepted_at.is_null() & Representative.ended_at.is_null()


class NotRepresentative(Exception):
    """Who acts is a representative no more: it ended a moment ago, perhaps by another's hand."""


def read_business_name(typed: str) -> str:
    """The name as typed; raises WrongInput for nothing seen, for hidden signs and for more than 200 letters."""
    name = clean_text(typed, LONGEST_NAME)
    if not name:
        raise WrongInput("Nhập tên doanh nghiệp")
    return name


# --- for whom one acts -----------------------------------------------------------------------------------------------


def acted_for(account):
    """The ids of the businesses that an account acts for now, to be asked within another query."""
    return Representative.select(Representative.business).where(Representative.account == account, IN_FORCE)


businesses_of_account = Prepared(
    lambda account: Business.select().where(Business.id.in_(acted_for(account))).order_by(Business.name, Business.id)
)
business_of_account = Prepared(
    lambda ref, account: Business.select().where(Business.ref == ref, Business.id.in_(acted_for(account)))
)


def mine(account: Account) -> list[Business]:
    """The businesses a person acts for now."""
    return businesses_of_account.all(account.id)


def one_of_mine(account: Account, ref: str) -> Business | None:
    """The business of this ref, for its representatives alone; to others it is as good as none."""
    return business_of_account.first(ref, account.id)


def may_represent(account: Account | None) -> bool:
    """Whether there is such an account, and it is still its owner's."""
    return account is not None and account.merged_into_id is None and account.closed_at is None


def representatives(business: Business) -> list[Representative]:
    """Who acts for it now, the longest first, with their accounts."""
    return _people(business, IN_FORCE)


def invited(business: Business, now: datetime) -> list[Representative]:
    """Who was asked and has not answered: for the desk alone, because it says who has an account."""
    return _people(business, INVITED & (Representative.added_at > now - INVITATION_LASTS))


def _people(business: Business, are) -> list[Representative]:
    found = Representative.select(Representative, Account).join(Account).where(Representative.business == business.id, are)
    return list(found.order_by(Representative.id))


def people_behind(dossier: Dossier) -> list[int]:
    """The accounts whose dossier it is: the submitter, or of a business those who act for it now."""
    if dossier.business_id is None:
        return [dossier.account_id]
    rows = Representative.select(Representative.account).where(Representative.business == dossier.business_id, IN_FORCE)
    return [row.account_id for row in rows.order_by(Representative.id)]


# --- adding one ------------------------------------------------------------------------------------------------------


def add(account: Account, name: str, tax_code: str, now: datetime) -> Business | None:
    """A new business with `account` as its first representative; sent again, the same one.

    None when the tax code has a business of others; raises WrongInput when the account acts for too many already.
    """
    if len(mine(account)) >= MOST_ADDED and not _of_tax_code(account, tax_code):
        raise WrongInput(f"Bạn đã có {MOST_ADDED} doanh nghiệp. Muốn thêm, mang giấy đăng ký đến Bộ phận Một cửa.")
    try:
        with db.atomic():
            business = Business.create(name=name, tax_code=tax_code, created_at=now)
            Representative.create(
                business=business, account=account, added_by_name=account.full_name, added_at=now, accepted_at=now
            )
            account_log.record(account, "business added", now, by=account, subject=name)
    except IntegrityError:
        return _of_tax_code(account, tax_code)
    return business


def _of_tax_code(account: Account, tax_code: str) -> Business | None:
    found = find(tax_code)
    return found and one_of_mine(account, found.ref)


def claim(account: Account, name: str, tax_code: str, now: datetime) -> Business | None:
    """Add the business a new account registered with; when others have it, the account's own log says what to do."""
    business = add(account, name, tax_code, now)
    if business is None:
        account_log.record(account, "business taken", now, subject=tax_code)
    return business


def find(tax_code: str) -> Business | None:
    return Business.get_or_none(Business.tax_code == tax_code)


def taken_tax_code(account: Account) -> str:
    """The tax code with which the account registered in vain, until the person acts for its business."""
    event = account_log.lines_of(account).where(AccountEvent.name == "business taken").first()
    return event.subject if event and not _of_tax_code(account, event.subject) else ""


# --- invitations -----------------------------------------------------------------------------------------------------


def invite(business: Business, by: Account, account: Account | None, now: datetime, form_key: str = "") -> None:
    """Ask a person to act for the business too; `account` None: the number typed has none, and nobody is told.

    The same `form_key` again changes nothing. Raises WrongInput after five in a day, NotRepresentative.
    """
    with db.atomic():
        _lock(business, by)
        if form_key and not _is_first(f"invite-form:{token_hash(f'{by.id}:{business.id}:{form_key}')}", now):
            return
        _count_invitation(by, now)
        _tell(representatives(business), business, "có lời mời mới", now, by)
        if may_represent(account):
            _keep_invitation(business, by, account, now)


def _is_first(key: str, now: datetime) -> bool:
    """Among the counted tries, because they are swept and stand for people whether or not there are such people."""
    if Attempts.get_or_none(Attempts.key == key):
        return False
    Attempts.create(key=key, started_at=now)
    return True


def _count_invitation(by: Account, now: datetime) -> None:
    try:
        attempts.refuse_if_blocked(INVITING, str(by.id), now)
    except TooManyTries as refusal:
        raise WrongInput(f"Bạn đã mời {INVITING.failures} lần trong một ngày. Mai hãy mời tiếp.") from refusal
    attempts.count_failure(INVITING, str(by.id), now)


def _keep_invitation(business: Business, by: Account, account: Account, now: datetime) -> None:
    waiting = invited(business, now)
    _end_invitations(business, now, but=waiting)  # those that ran out
    if account.id in [person.account_id for person in waiting + representatives(business)]:
        return
    _end_invitations(business, now, but=waiting[1 - MOST_INVITATIONS :])
    Representative.create(business=business, account=account, added_by_name=by.full_name, added_at=now)
    account_log.record(account, "invited", now, by=by, subject=business.name)


def _end_invitations(business: Business, now: datetime, but: list[Representative] = ()) -> None:
    kept = Representative.id.not_in([row.id for row in but])
    Representative.update(ended_at=now).where(Representative.business == business.id, INVITED, kept).execute()


def withdraw_invitations(business: Business, by: Account, now: datetime) -> None:
    """Take back all that were not answered; who they went to is not said. Raises NotRepresentative."""
    with db.atomic():
        _lock(business, by)
        _end_invitations(business, now)


def invitations(account: Account, now: datetime) -> list[Representative]:
    """What a person is invited to and has not answered, the newest first."""
    asked = Representative.select(Representative, Business).join(Business)
    mine = asked.where(Representative.account == account.id, INVITED, Representative.added_at > now - INVITATION_LASTS)
    return list(mine.order_by(Representative.id.desc()))


def invitation(account: Account, ref: str, now: datetime) -> Representative | None:
    return next((found for found in invitations(account, now) if found.business.ref == ref), None)


def accept(invitation: Representative, now: datetime) -> bool:
    """Become a representative; False when the invitation was withdrawn meanwhile."""
    business, account = invitation.business, invitation.account
    with db.atomic():
        _lock(business)
        if not Representative.update(accepted_at=now).where(Representative.id == invitation.id, INVITED).execute():
            return False
        _tell(representatives(business), business, f"thêm {account.full_name}", now, account)
    return True


def decline(invitation: Representative, now: datetime) -> None:
    Representative.update(ended_at=now).where(Representative.id == invitation.id, INVITED).execute()


# --- leaving, and what the desk does ---------------------------------------------------------------------------------


def end(business: Business, ref: str, by: Account | Staff, now: datetime, reason: str = "") -> Account | None:
    """The account of this ref acts for the business no more, from this moment; None when it did not. Raises NotRepresentative.

    The last one may go too: the business stays, and the desk can appoint another.
    """
    with db.atomic():
        _lock(business, by)
        people = representatives(business)
        leaving = next((person for person in people if person.account.ref == ref), None)
        if leaving is None:
            return None
        Representative.update(ended_at=now).where(Representative.id == leaving.id).execute()
        if by != leaving.account:
            # Those a removed person has invited would be a way back in.
            _end_invitations(business, now)
        _tell(people, business, f"thôi {leaving.account.full_name}", now, by, reason)
    return leaving.account


def appoint(business: Business, account: Account, officer: Staff, now: datetime) -> None:
    """Make a person who stands at the desk a representative, at once; an open invitation is answered by it."""
    with db.atomic():
        _lock(business)
        if account.id in [person.account_id for person in representatives(business)]:
            return
        is_mine = (Representative.business == business.id) & (Representative.account == account.id)
        Representative.update(ended_at=now).where(is_mine, INVITED).execute()
        Representative.create(business=business, account=account, added_by_name=officer.full_name, added_at=now, accepted_at=now)
        _tell(representatives(business), business, f"thêm {account.full_name}", now, officer)


def note_paper(business: Business, name: str, officer: Staff, now: datetime) -> None:
    """The registration paper was seen, and the business has the name that stands on it. The same again changes nothing."""
    with db.atomic():
        _lock(business)
        fresh = Business.get_by_id(business.id)
        if fresh.assured_at and fresh.name == name:
            return
        Business.update(name=name, assured_at=now, assured_by=officer).where(Business.id == business.id).execute()
        for person in representatives(business):
            account_log.record(person.account_id, "business paper seen", now, by=officer, subject=name)


def note_opening(business: Business, officer: Staff, purpose: str, now: datetime) -> None:
    """Write in the log of each representative who at the desk opened the business, and what for."""
    for person in representatives(business):
        opened = account_log.lines_of(person.account).where(
            AccountEvent.name == "business opened",
            AccountEvent.staff == officer.id,
            AccountEvent.subject == business.name,
            AccountEvent.purpose == purpose,
            AccountEvent.at.between(now - ONE_OPENING, now),
        )
        if not opened.exists():
            account_log.record(person.account_id, "business opened", now, by=officer, subject=business.name, purpose=purpose)


def sweep(now: datetime) -> None:
    """Forget invitations that came to nothing."""
    Representative.delete().where(
        Representative.accepted_at.is_null(), Representative.added_at < now - INVITATIONS_ARE_KEPT
    ).execute()


def _lock(business: Business, by: Account | Staff | None = None) -> None:
    """Be the only one who changes its people until the transaction ends. Raises NotRepresentative for a citizen who is none."""
    Business.update(name=Business.name).where(Business.id == business.id).execute()
    if isinstance(by, Account) and one_of_mine(by, business.ref) is None:
        raise NotRepresentative


def _tell(people: list[Representative], business: Business, what: str, now: datetime, by: Account | Staff, reason: str = ""):
    for person in people:
        subject = f"{business.name}, {what}"
        account_log.record(person.account_id, "representative changed", now, by=by, subject=subject, purpose=reason)

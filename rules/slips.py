"""The activation slip: codes on paper for people with neither e-mail nor telephone."""

from datetime import datetime, timedelta

from peewee import IntegrityError

from database import db
from models import Account, Login, Slip, Staff
from rules import WrongInput, account_log, one_time
from rules.message_catalogue import letter
from rules.outbox import post
from rules.vietnamese import show_moment

ACTIVATION_LASTS = timedelta(days=30)
RECOVERY_CODES = 8


def slip_of_form(by: Staff, form_key: str) -> Slip | None:
    """The slip that this form made before."""
    return Slip.get_or_none(Slip.form_key == _key(by, form_key))


def make_slip(account: Account, by: Staff, now: datetime, form_key: str) -> Slip:
    """A slip for an account that is not activated yet, to be printed by `by` within half an hour.

    The same `form_key` again returns the first slip. Raises WrongInput when the account is in use: its codes would open it,
    and that takes two (rules/approvals.py).
    """
    if Account.get_by_id(account.id).is_activated:
        raise WrongInput("Tài khoản vừa được kích hoạt. Phiếu mới cần một người khác đồng ý: mở lại trang này để xin.")
    try:
        return slip_of_form(by, form_key) or new_slip(account, by, now, form_key)
    except IntegrityError:
        return slip_of_form(by, form_key)


def new_slip(account: Account, by: Staff, now: datetime, form_key: str, second: str = "") -> Slip:
    """New codes on a new slip; those of an earlier one are good no more.

    `second` is who else had to agree. Raises IntegrityError when this form has made its slip already.
    """
    with db.atomic():
        # Inserted before the codes: of two forms sent at once the second stops here, and voids nothing.
        slip = Slip.create(account=account, made_by=by, made_at=now, form_key=_key(by, form_key))
        earlier = Slip.update(codes=None).where(Slip.account == account.id, Slip.id != slip.id).execute()
        slip.codes = _make_codes(account, now)
        slip.save(only=[Slip.codes])
        if earlier or account.is_activated:
            account_log.record(account, "slip printed", now, by=by, second=second)
            _tell_owner(account, slip, now)
    return slip


def _make_codes(account: Account, now: datetime) -> dict:
    activation = [] if account.is_activated else one_time.make_codes("activation", account, 1, now, ACTIVATION_LASTS)
    return {
        "activation": activation[0] if activation else None,
        "recovery": one_time.make_codes("recovery", account, RECOVERY_CODES, now),
    }


def _tell_owner(account: Account, slip: Slip, now: datetime) -> None:
    if account.email:
        words = letter("slip_printed", nguoi_nhan=account.full_name, luc=show_moment(now))
        post(f"slip-{slip.id}", account.email, *words, now)


def slip_of_maker(slip_id: int, staff: Staff) -> Slip | None:
    return Slip.get_or_none(Slip.id == slip_id, Slip.made_by == staff.id)


def is_printable(slip: Slip, now: datetime) -> bool:
    """Whether its codes may still be shown; a clock set back does not open it again for long."""
    return slip.codes is not None and -Login.TOLERANCE <= now - slip.made_at < Slip.PRINTABLE


def printable_slips(staff: Staff, now: datetime) -> list[Slip]:
    """What this member of staff may print now, the newest first."""
    mine = Slip.select(Slip, Account).join(Account).where(Slip.made_by == staff.id, Slip.made_at > now - Slip.PRINTABLE)
    return [slip for slip in mine.order_by(Slip.id.desc()) if is_printable(slip, now)]


def sweep(now: datetime) -> None:
    """Forget the codes of slips that are not to be printed any more."""
    Slip.update(codes=None).where(Slip.made_at < now - Slip.PRINTABLE, Slip.codes.is_null(False)).execute()


def _key(by: Staff, form_key: str) -> str:
    """A key of one person never answers for another."""
    return f"{by.id}-{form_key}"[:64]

"""The desk's room for people: finding a person for a purpose, opening an account, seeing the paper, adding a number."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from peewee import IntegrityError

from database import db
from models import Account, AccountEvent, IdNumber, Login, Registration, Slip, Staff
from rules import WrongInput, account_log, accounts, consents, slips
from rules.masking import mask_id_number

HELPERS = ("officer", "specialist", "leader", "village_head")

# What an account may be opened for; it stands in the owner's log.
PURPOSES = (
    "Mở tài khoản, in phiếu mã",
    "Đặt lại mật khẩu",
    "Xem giấy tờ thật",
    "Thêm số căn cước",
    "Gộp tài khoản trùng",
    "Hướng dẫn, giúp nộp hồ sơ",
)
OTHER_PURPOSE = "Việc khác"
OPENED = "account opened"
STAYS_OPEN = timedelta(minutes=30)
ONE_OPENING = timedelta(minutes=2)  # the same search sent again within it is the same opening


class NumberTaken(WrongInput):
    """The number belongs to an account already."""

    def __init__(self, account: Account):
        super().__init__("Số này đã có tài khoản.")
        self.account = account


# --- finding a person ------------------------------------------------------------------------------------------------


def may_help(staff: Staff, account: Account) -> bool:
    """A village head helps the people of her village; nobody helps with an account that is no more."""
    is_alive = account.merged_into_id is None and account.closed_at is None
    return is_alive and staff.role in HELPERS and is_of_her_village(staff, account.village)


def is_of_her_village(staff: Staff, village: str) -> bool:
    """A village head's own village; to everybody else all villages are one."""
    return staff.role != "village_head" or (bool(staff.village) and village == staff.village)


def find_person(number: str, staff: Staff) -> Account | None:
    """The account of the number, when it is this member of staff's to help; any other is the same answer as none."""
    account = accounts.account_of_number(number)
    return account if account and may_help(staff, account) else None


def open_for(account: Account, staff: Staff, purpose: str, now: datetime) -> None:
    """Write in the owner's log who opened the account and what for: that line is the permission to see its page."""
    with db.atomic():
        if not _openings(account, staff, now, ONE_OPENING).where(AccountEvent.purpose == purpose).exists():
            account_log.record(account, OPENED, now, by=staff, purpose=purpose)


def opened_account(ref: str, staff: Staff, now: datetime) -> Account | None:
    """The account, for whoever opened it with a purpose within the last half hour."""
    account = Account.get_or_none(Account.ref == ref)
    if account and may_help(staff, account) and _openings(account, staff, now, STAYS_OPEN).exists():
        return account
    return None


def _openings(account: Account, staff: Staff, now: datetime, span: timedelta):
    return AccountEvent.select().where(
        AccountEvent.account == account.id,
        AccountEvent.staff == staff.id,
        AccountEvent.name == OPENED,
        AccountEvent.at.between(now - span, now + Login.TOLERANCE),
    )


def numbers_of(account: Account) -> list[IdNumber]:
    """The newest last."""
    return list(IdNumber.select().where(IdNumber.account == account.id).order_by(IdNumber.id))


def possible_duplicates(account: Account) -> list[Account]:
    """Other accounts of the same name and birth date."""
    same_name = Account.select().where(
        Account.full_name == account.full_name,
        Account.id != account.id,
        Account.merged_into.is_null(),
        Account.closed_at.is_null(),
    )
    return [other for other in same_name.order_by(Account.id).limit(50) if _same_birth_date(other, account)]


def _same_birth_date(one: Account, other: Account) -> bool:
    return bool(one.birth_date) and one.birth_date == other.birth_date


# --- opening an account ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Newcomer:
    """A resident who is present; every field already read by its own rule.

    Without an e-mail address: whoever types it at the desk could have the account's password mailed to themselves, so its
    owner adds it, with the password.
    """

    id_number: str
    full_name: str
    birth_date: date
    village: str
    phone: str = ""


def open_account(newcomer: Newcomer, agreed: Iterable, by: Staff, purpose: str, now: datetime, form_key: str) -> Slip:
    """An account for somebody whose card `by` has seen, with what was read aloud and agreed to, and its first slip.

    The same `form_key` again returns the first slip. Raises NumberTaken.
    """
    try:
        return slips.slip_of_form(by, form_key) or _open_account(newcomer, agreed, by, purpose, now, form_key)
    except IntegrityError:
        # The same form at the same moment, or another's.
        slip = slips.slip_of_form(by, form_key)
        if slip:
            return slip
        raise NumberTaken(accounts.account_of_number(newcomer.id_number)) from None


def _open_account(newcomer: Newcomer, agreed: Iterable, by: Staff, purpose: str, now: datetime, form_key: str) -> Slip:
    with db.atomic():
        account = accounts.make_account(
            newcomer.id_number,
            now,
            added_by=by,
            full_name=newcomer.full_name,
            birth_date=newcomer.birth_date.isoformat(),
            village=by.village if by.role == "village_head" else newcomer.village,
            phone=newcomer.phone,
            **_seen(by, now),
        )
        account_log.record(account, "account opened at desk", now, by=by)
        for text in agreed:
            consents.give(account, text, now, read_by=by)
        open_for(account, by, purpose, now)
        return slips.new_slip(account, by, now, form_key)


def _seen(by: Staff, now: datetime) -> dict:
    return {"assurance_level": 2, "assured_at": now, "assured_by": by}


def may_confirm(staff: Staff, request: Registration) -> bool:
    """A village head confirms who wrote her village or none."""
    village = request.details["village"]
    return not village or is_of_her_village(staff, village)


def confirm_registration(request: Registration, by: Staff, purpose: str, now: datetime) -> Account:
    """The account of somebody who registered without e-mail and shows card and code. Raises NumberTaken."""
    with db.atomic():
        account = accounts.confirm(request, now)
        if account is None:
            raise NumberTaken(accounts.account_of_number(request.details["id_number"]))
        if by.role == "village_head" and not account.village:
            Account.update(village=by.village).where(Account.id == account.id).execute()
        open_for(account, by, purpose, now)
        see_paper(account, by, now)
    return account


# --- the paper seen --------------------------------------------------------------------------------------------------


def see_paper(account: Account, by: Staff, now: datetime) -> bool:
    """From IAL1 to IAL2: `by` has the paper before them. False when somebody had seen it before."""
    with db.atomic():
        changed = Account.update(_seen(by, now)).where(Account.id == account.id, Account.assurance_level < 2).execute()
        if changed:
            account_log.record(account, "paper seen", now, by=by)
    return bool(changed)


def lacks_assurance(account: Account, procedure: dict) -> bool:
    """Whether the procedure asks for IAL2 and nobody has seen this person's paper yet."""
    return bool(procedure.get("needs_ial2")) and account.assurance_level < 2


# --- CMND and căn cước are one person --------------------------------------------------------------------------------


def add_number(account: Account, number: str, by: Staff, now: datetime) -> bool:
    """Add the 12-digit number of a card that `by` has seen to an account known by its CMND; both log in from now on.

    False when the account has the number already. Raises NumberTaken, and WrongInput when it has another of 12 digits.
    """
    try:
        with db.atomic():
            # The first write locks the account: two cards added at once are one after the other.
            Account.update(full_name=Account.full_name).where(Account.id == account.id).execute()
            known = [row.number for row in numbers_of(account)]
            if number in known:
                return False
            if any(len(other) == 12 for other in known):
                raise WrongInput("Tài khoản này đã có số căn cước 12 số. So lại với thẻ.")
            IdNumber.create(account=account, key=accounts.person_key(number), number=number, added_at=now, added_by=by)
            Account.update(id_number=number).where(Account.id == account.id).execute()
            account_log.record(account, "number added", now, by=by, subject=mask_id_number(number))
    except IntegrityError:
        raise NumberTaken(accounts.account_of_number(number)) from None
    account.id_number = number
    return True

"""What an owner changes of an account, asked for the password each time; the list of logins, and “Ai đã xem”."""

import secrets
from datetime import datetime, timedelta

from peewee import JOIN

from database import db
from models import Account, AccountEvent, KnownDevice, Login, OneTimeCode, Staff
from rules import WrongInput, account_log, accounts, attempts, logins, one_time
from rules.attempts import MAIL_BY_PERSON
from rules.devices import device_words
from rules.logins import Guess
from rules.masking import mask_email, mask_phone
from rules.message_catalogue import letter
from rules.outbox import post
from rules.passwords import hash_password, is_password
from rules.staff import ROLE_NAMES
from rules.vietnamese import fold, show_moment

EMAIL_LINK_LASTS = timedelta(days=7)  # SECURITY §3
# The same new address asked for again within it is the same form sent twice.
ONE_ASKING = timedelta(minutes=10)
# Whose answer was lost on the way may send a changed password once more within it.
LOST_ANSWER = timedelta(hours=1)

WRONG_PASSWORD = "Mật khẩu đang dùng chưa đúng. Gõ lại mật khẩu bạn dùng để đăng nhập."
MANY_LETTERS = "Bạn đã xin nhiều thư. Chờ một giờ rồi thử lại."


# --- it is really the owner ------------------------------------------------------------------------------------------


def check_password(account: Account, password: str, address: str, device: str, now: datetime, just_set: str = "") -> None:
    """Raises WrongInput when the password is not the account's; a wrong one counts like one at the login.

    `just_set` is the new password of the same form: right when the form has changed it already, and its answer was lost.
    """
    guess = Guess(accounts.counted_as(account.id_number, account), account, address, device, now)
    guess.refuse_if_blocked()
    is_right = is_password(account.password_hash, password) or _was_just_set(account, just_set, now)
    # Again: of many guesses sent at the same moment, those checked after the limit was reached learn nothing.
    guess.refuse_if_blocked()
    if not is_right:
        guess.was_wrong()
        raise WrongInput(WRONG_PASSWORD)
    guess.was_right()


def _was_just_set(account: Account, password: str, now: datetime) -> bool:
    if not password:
        return False
    last = account_log.lines_of(account).where(AccountEvent.name == "password changed").first()
    is_recent = last is not None and -Login.TOLERANCE <= now - last.at < LOST_ANSWER
    return is_recent and is_password(account.password_hash, password)


# --- name, village, phone --------------------------------------------------------------------------------------------


def is_same_spelling(one: str, other: str) -> bool:
    """Whether two names have the same letters: only marks, capitals, spaces and signs differ."""
    return _letters(one) == _letters(other)


def _letters(name: str) -> str:
    return "".join(sign for sign in fold(name) if sign.isalpha())


def change_name(account: Account, full_name: str, now: datetime) -> None:
    """Spell the name another way; with other letters, the paper that was seen is no proof of it any more (IAL1)."""
    falls = account.assurance_level > 1 and not is_same_spelling(account.full_name, full_name)
    fallen = {"assurance_level": 1, "assured_at": None, "assured_by": None} if falls else {}
    subject = f"họ tên, trước là {account.full_name}{'; mức xác minh về IAL1' if falls else ''}"
    _change(account, Account.full_name, full_name, subject, now, **fallen)


def change_village(account: Account, village: str, now: datetime) -> None:
    _change(account, Account.village, village, "thôn, làng", now)


def change_phone(account: Account, phone: str, now: datetime) -> None:
    """Another number, or none; the owner is told by mail."""
    words, new = ("phone_changed", {"so_moi": mask_phone(phone)}) if phone else ("phone_dropped", {})
    with db.atomic():
        if _change(account, Account.phone, phone, "số điện thoại", now):
            _tell(account, account.email, "phone", words, now, **new)


def _change(account: Account, field, value: str, subject: str, now: datetime, **more) -> bool:
    """Keep the new value and write it in the owner's log; False when it stood there already."""
    with db.atomic():
        # The old value in WHERE settles the same form sent twice at the same moment.
        is_other = Account.id == account.id, field != value
        if not Account.update({field.name: value} | more).where(*is_other).execute():
            return False
        account_log.record(account, "details changed", now, by=account, subject=subject)
    for name, kept in ({field.name: value} | more).items():
        setattr(account, name, kept)
    return True


# --- e-mail ----------------------------------------------------------------------------------------------------------


def drop_email(account: Account, now: datetime) -> None:
    """From now on no letters: the last one says so to the old address."""
    old = account.email
    with db.atomic():
        one_time.void("new_email", account, now)
        if _change(account, Account.email, "", "e-mail: không dùng nữa", now):
            one_time.void("reset_link", account, now)
            _tell(account, old, "email", "email_dropped", now)


def ask_new_email(account: Account, email: str, confirm_url, now: datetime) -> None:
    """Mail a link to the new address, and tell the old one. Nothing changes before the link is confirmed.

    `confirm_url` makes the link's address from its token. Raises WrongInput after three letters in an hour.
    """
    with db.atomic():
        _lock(account)
        asked = pending_email(account, now)
        if email == account.email or (asked and asked.payload == email and now - asked.made_at < ONE_ASKING):
            return
        if not accounts.may_mail(email, f"new-email:{account.id}", now):
            raise WrongInput(MANY_LETTERS)
        token = one_time.make_link_token("new_email", account, now, EMAIL_LINK_LASTS, payload=email)
        words = letter("new_email_confirm", lien_ket=confirm_url(token))
        post(f"new-email-{one_time.find(token, 'new_email').id}", email, *words, now)
        account_log.record(account, "details changed", now, by=account, subject="e-mail: chờ địa chỉ mới xác nhận")
        _tell(account, account.email, "email-asked", "email_asked", now, e_mail_moi=mask_email(email))


def pending_email(account: Account, now: datetime) -> OneTimeCode | None:
    """The new address that waits to be confirmed."""
    mine = OneTimeCode.account == account.id, OneTimeCode.kind == "new_email"
    newest = OneTimeCode.select().where(*mine).order_by(OneTimeCode.id.desc()).first()
    return newest if newest and newest.is_open(now) else None


def find_email_link(token: str, now: datetime) -> OneTimeCode | None:
    """What a mailed link opens; once used, it still says that it was."""
    found = one_time.find(token, "new_email")
    return found if found and found.account.may_log_in and (found.used_at or found.is_open(now)) else None


def confirm_email(link: OneTimeCode, now: datetime) -> None:
    """The new address counts from now on, and the old one is told; pressed again, nothing changes."""
    account, email = link.account, link.payload
    old = account.email
    with db.atomic():
        if not one_time.use(link, now):
            return
        # Used up, it needs to know no address any more.
        OneTimeCode.update(payload=None).where(OneTimeCode.id == link.id).execute()
        if _change(account, Account.email, email, "e-mail", now):
            one_time.void("reset_link", account, now)
            _tell(account, old, "email", "email_changed", now, e_mail_moi=mask_email(email))


def _lock(account: Account) -> None:
    # The first write locks the account: of two taps at the same moment the second finds what the first has done.
    Account.update(closed_at=Account.closed_at).where(Account.id == account.id).execute()


# --- password --------------------------------------------------------------------------------------------------------


def change_password(account: Account, password: str, login: Login, now: datetime) -> None:
    """Set another password: every login but this one ends, open ways to reset it close, the owner is told.

    The same password again changes nothing. Raises WrongInput when another was set at the same moment.
    """
    if is_password(account.password_hash, password):
        return
    password_hash = hash_password(password)  # before the transaction: it takes its time
    with db.atomic():
        # The old hash in WHERE settles two forms sent at the same moment.
        is_old = Account.id == account.id, Account.password_hash == account.password_hash
        if Account.update(password_hash=password_hash).where(*is_old).execute():
            _close_all_else(account, login, now)
            return
    if not is_password(Account.get_by_id(account.id).password_hash, password):
        raise WrongInput("Mật khẩu vừa được đổi ở máy khác. Đăng nhập lại rồi đổi lần nữa.")


def _close_all_else(account: Account, login: Login, now: datetime) -> None:
    logins.end_all(account, but=login)
    _forget_devices(account, but=login)
    # A link to another e-mail too: whoever had the old password may have asked for it.
    for kind in ("reset_link", "desk_reset", "new_email"):
        one_time.void(kind, account, now)
    account_log.record(account, "password changed", now, by=account)
    _tell(account, account.email, "password", "password_changed", now)


# --- letters to the owner --------------------------------------------------------------------------------------------


def _tell(account: Account, address: str, kind: str, key: str, now: datetime, **what: str) -> None:
    """Tell the owner at `address`, the old one of a changed e-mail, by the letter `key` of the catalogue; of each kind of
    change at most three times an hour.

    Of each kind apart: changing a phone number back and forth must not use up the letter about the password.
    """
    if address and attempts.take_one(MAIL_BY_PERSON, now, f"told-{kind}:{account.id}"):
        words = letter(key, nguoi_nhan=account.full_name, luc=show_moment(now), **what)
        post(f"told-{kind}-{secrets.token_hex(8)}", address, *words, now)


# --- logins ----------------------------------------------------------------------------------------------------------


def end_login(account: Account, login_id: int, now: datetime) -> bool:
    """End one of the account's logins, at once; False when there is none of this id, or it is another's."""
    found = next((login for login in logins.open_logins(account, now) if login.id == login_id), None)
    if found is None:
        return False
    with db.atomic():
        if not Login.delete().where(Login.id == found.id).execute():
            return False  # ended elsewhere at this very moment
        # A browser its owner has sent away is a stranger again.
        KnownDevice.delete().where(KnownDevice.token_hash == found.token_hash).execute()
        account_log.record(account, "login ended", now, by=account, subject=device_words(found.device))
    return True


def leave_everywhere(account: Account, now: datetime) -> None:
    """End every login, this one too; no browser is known any more."""
    with db.atomic():
        logins.end_all(account)
        _forget_devices(account)
        account_log.record(account, "logins ended", now, by=account)


def void_slip(account: Account, now: datetime) -> None:
    """The codes on the slip open the account no more; once they do not, nothing changes."""
    with db.atomic():
        if one_time.void("recovery", account, now):
            account_log.record(account, "slip voided", now, by=account)


def _forget_devices(account: Account, but: Login | None = None) -> None:
    mine = KnownDevice.account == account.id, KnownDevice.token_hash != (but.token_hash if but else "")
    KnownDevice.delete().where(*mine).execute()


# --- “Ai đã xem” -----------------------------------------------------------------------------------------------------

# What another citizen may have done; of all else a citizen is the owner.
BY_OTHERS = frozenset({"invited", "representative changed"})


def log_of(account: Account):
    """The owner's log, the newest first, with who of the commune it was; the caller pages it."""
    columns = AccountEvent, Staff.id, Staff.role, Staff.village
    return account_log.lines_of(account).select(*columns).join(Staff, JOIN.LEFT_OUTER)


def openings_of(account: Account, dossier_code: str):
    """Who opened one dossier, the newest first."""
    return log_of(account).where(AccountEvent.name == "dossier opened", AccountEvent.subject == dossier_code)


def who(event: AccountEvent, account: Account) -> str:
    """Who did it, in words: a member of staff with what they are, both where two had to act."""
    if event.actor_kind == "system":
        return "Chương trình"
    if event.actor_kind == "citizen":
        is_other = event.name in BY_OTHERS and event.actor_name != account.full_name
        first = event.actor_name if is_other else "Bạn"
    else:
        first = f"{event.actor_name}, {role_words(event.staff)}" if event.staff_id else event.actor_name
    return f"{first}, và {event.second_name}" if event.second_name else first


def role_words(staff: Staff) -> str:
    """Cán bộ Một cửa; thôn trưởng Thôn 6"""
    name = ROLE_NAMES.get(staff.role, staff.role)
    return f"{name[0].lower()}{name[1:]} {staff.village}".strip()

"""Getting into an account again: by mail, by a code on the slip, by a code from an officer (guide III); and the first time."""

from datetime import datetime, timedelta

from database import db
from models import Account, KnownDevice, OneTimeCode
from rules import WrongInput, account_log, accounts, attempts, logins, one_time
from rules.attempts import MAIL_BY_PERSON
from rules.logins import Guess
from rules.message_catalogue import letter
from rules.outbox import post
from rules.passwords import hash_password
from rules.vietnamese import show_moment

LINK_LASTS = timedelta(minutes=60)  # SECURITY §3

# How the password was reset, as the owner's log and letter say it.
WAYS = {"reset_link": "thư điện tử", "recovery": "mã trên phiếu", "desk_reset": "mã cán bộ cấp"}
WRONG_CODE = "Số giấy tờ hoặc mã chưa đúng. So lại từng chữ với phiếu."


# --- by mail ---------------------------------------------------------------------------------------------------------


def ask_by_mail(id_number: str, reset_url, now: datetime) -> None:
    """Mail a link to the owner of the number, when there is an account and it has an address; nobody is told whether.

    `reset_url` makes the link's address from its token. At most three letters an hour for a number.
    """
    if not attempts.take_one(MAIL_BY_PERSON, now, f"reset:{accounts.person_key(id_number)}"):
        return
    account = accounts.account_of_number(id_number)
    if account and account.may_log_in and account.email:
        with db.atomic():
            token = one_time.make_link_token("reset_link", account, now, LINK_LASTS)
            words = letter("password_link", nguoi_nhan=account.full_name, lien_ket=reset_url(token))
            post(f"reset-{one_time.find(token, 'reset_link').id}", account.email, *words, now)


def find_link(token: str, now: datetime) -> OneTimeCode | None:
    """What a mailed link opens, while it does."""
    found = one_time.find(token, "reset_link")
    return found if found and found.is_open(now) and found.account.may_log_in else None


# --- by a code on paper ----------------------------------------------------------------------------------------------


def check_code(id_number: str, code: str, kinds: tuple[str, ...], address: str, device: str, now: datetime) -> OneTimeCode:
    """The open code of this number's account. It is not used up yet.

    Raises WrongInput, of a code that was this person's saying when it was used or why it is good no more; TooManyTries.
    """
    account = accounts.account_of_number(id_number)
    guess = Guess(f"code-of-{accounts.counted_as(id_number, account)}", account, address, device, now)
    guess.refuse_if_blocked()
    found = one_time.find(code, *kinds)
    if not (found and account and found.account_id == account.id):
        guess.was_wrong()
        raise WrongInput(WRONG_CODE)
    # First, for a code used up long ago must not buy its finder more guesses at the others.
    _refuse_closed(found, account, now)
    guess.was_right()
    return found


def _refuse_closed(code: OneTimeCode, account: Account, now: datetime) -> None:
    if code.used_at:
        raise WrongInput(f"Mã này đã dùng lúc {show_moment(code.used_at)}. Dùng mã khác trên phiếu.")
    if code.voided_at:
        raise WrongInput("Mã này của phiếu cũ. Dùng mã trên phiếu mới nhất.")
    if not code.is_open(now):
        raise WrongInput(f"Mã này hết hạn lúc {show_moment(code.expires_at)}. Nhờ Bộ phận Một cửa cấp mã mới.")
    if code.kind != "activation" and not account.may_log_in:
        raise WrongInput("Tài khoản này chưa kích hoạt. Dùng mã kích hoạt ở đầu phiếu.")


# --- the new password ------------------------------------------------------------------------------------------------


def set_password(code: OneTimeCode, password: str, now: datetime) -> bool:
    """Use the code up and set the password: every login ends, other open ways close, the owner is told.

    False when the code was used up meanwhile.
    """
    password_hash = hash_password(password)  # before the transaction: it takes its time
    account = code.account
    with db.atomic():
        if not one_time.use(code, now):
            return False
        OneTimeCode.update(payload=None).where(OneTimeCode.id == code.id).execute()
        Account.update(password_hash=password_hash).where(Account.id == account.id).execute()
        logins.end_all(account)
        KnownDevice.delete().where(KnownDevice.account == account.id).execute()
        # A link to another e-mail too: whoever had the old password may have asked for it.
        for kind in ("reset_link", "desk_reset", "activation", "new_email"):
            one_time.void(kind, account, now)
        if code.kind == "activation":
            account_log.record(account, "account activated", now, by=account)
        else:
            _tell_owner(account, WAYS[code.kind], code, now)
        if code.kind == "desk_reset":
            _close_other_ways(account, now)
    return True


def _close_other_ways(account: Account, now: datetime) -> None:
    """Who proved in person that the account is theirs may not know its e-mail address or where its slip is: anybody may have
    registered the number. Neither opens it any more; the owner adds an address, and asks for a slip, anew."""
    one_time.void("recovery", account, now)
    if account.email:
        Account.update(email="").where(Account.id == account.id).execute()
        account_log.record(account, "details changed", now, by=account, subject="e-mail: bỏ, vì đặt lại mật khẩu tại xã")


def _tell_owner(account: Account, way: str, code: OneTimeCode, now: datetime) -> None:
    account_log.record(account, "password reset", now, by=account, subject=way)
    if account.email:
        key = "password_reset_email_dropped" if code.kind == "desk_reset" else "password_reset"
        words = letter(key, nguoi_nhan=account.full_name, luc=show_moment(now), cach=way)
        post(f"password-reset-{code.id}", account.email, *words, now)

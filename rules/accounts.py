"""Registering, confirming, logging in and out: guides I and II."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from logging import getLogger

from peewee import IntegrityError, OperationalError

from database import Prepared, SealedField, db
from models import Account, Login, Registration, Staff
from rules import WrongInput, attempts
from rules.attempts import LOGIN_BY_ADDRESS, LOGIN_BY_PERSON, MAIL_BY_PERSON, TooManyTries, address_group
from rules.outbox import post
from rules.passwords import hash_password, is_password
from rules.vietnamese import clean_text

log = getLogger(__name__)

CONFIRM_WITHIN = timedelta(days=7)
CITIZEN_STAYS = timedelta(hours=12)
STAFF_STAYS = timedelta(hours=10)


class LoginRefused(WrongInput):
    """Number or password is wrong, or the account is not confirmed: one sentence for all, so that nothing can be learnt."""


WRONG_LOGIN = "Số giấy tờ hoặc mật khẩu chưa đúng, hoặc tài khoản chưa được xác nhận qua e-mail. Xem lại rồi bấm Đăng nhập."


@dataclass(frozen=True)
class Applicant:
    """What a person gives to register; every field already read by its own rule."""

    kind: str
    id_number: str
    full_name: str
    birth_date: date
    village: str
    phone: str
    email: str
    password: str
    business_name: str = ""
    tax_code: str = ""


def person_key(id_number: str) -> str:
    """A keyed fingerprint: finds the account of a number without keeping the number readable."""
    return SealedField.sealer.fingerprint(f"id-number:{id_number}")


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


# --- registering -----------------------------------------------------------------------------------------------------


def register(applicant: Applicant, confirm_url, now: datetime) -> None:
    """Keep the request and mail the link; to the person at the screen, a taken number looks the same as a free one.

    `confirm_url` makes the link's address from its token. At most three mails an hour to one address, else anybody
    could have us flood a stranger with a new number each time; and three for a number and its address together, so that
    nobody uses up another's tries.
    """
    key = person_key(applicant.id_number)
    password_hash = hash_password(applicant.password)
    address = applicant.email.casefold()
    counted = [SealedField.sealer.fingerprint(text) for text in (f"mail:{address}", f"mail:{applicant.id_number}:{address}")]
    try:
        for who in counted:
            attempts.refuse_if_blocked(MAIL_BY_PERSON, who, now)
    except TooManyTries:
        return
    for who in counted:
        attempts.count_failure(MAIL_BY_PERSON, who, now)
    account = Account.get_or_none(Account.id_number_key == key)
    if account:
        _tell_owner(account, now)
    else:
        _keep_registration(applicant, key, password_hash, confirm_url, now)


def _keep_registration(applicant: Applicant, key: str, password_hash: str, confirm_url, now: datetime) -> None:
    token = secrets.token_urlsafe(32)
    details = {
        "kind": applicant.kind,
        "id_number": applicant.id_number,
        "full_name": applicant.full_name,
        "birth_date": applicant.birth_date.isoformat(),
        "village": applicant.village,
        "phone": applicant.phone,
        "email": applicant.email,
        "business_name": applicant.business_name,
        "tax_code": applicant.tax_code,
        "password_hash": password_hash,
    }
    with db.atomic():
        request = Registration.create(
            details=details, id_number_key=key, token_hash=token_hash(token), created_at=now, expires_at=now + CONFIRM_WITHIN
        )
        post(
            f"confirm-{request.id}",
            applicant.email,
            "Xác nhận tài khoản dịch vụ công xã Ia Băng",
            CONFIRM_LETTER.format(name=applicant.full_name, url=confirm_url(token)),
            now,
        )


def _tell_owner(account: Account, now: datetime) -> None:
    if account.email:
        post(
            f"registered-again-{account.id}-{now:%Y%m%d%H}",
            account.email,
            "Có người đăng ký bằng số giấy tờ của bạn",
            ALREADY_LETTER.format(name=account.full_name),
            now,
        )


CONFIRM_LETTER = """Chào {name},

Bạn vừa đăng ký tài khoản ở trang dịch vụ công xã Ia Băng.
Mở địa chỉ dưới đây rồi bấm nút Xác nhận:

{url}

Địa chỉ này dùng được trong 7 ngày, một lần.
Nếu bạn không đăng ký, hãy bỏ qua thư này.

Đây không phải Cổng Dịch vụ công quốc gia.
"""

ALREADY_LETTER = """Chào {name},

Vừa có người đăng ký tài khoản ở trang dịch vụ công xã Ia Băng bằng số giấy tờ của bạn.
Số này đã có tài khoản, nên không có gì thay đổi.

Nếu đó là bạn: hãy bấm Đăng nhập, dùng mật khẩu bạn đã đặt.
Nếu không phải bạn: hãy báo cho Bộ phận Một cửa xã Ia Băng.
"""


def find_registration(token: str, now: datetime) -> Registration | None:
    """The open request behind a link, or one that has already become an account (so that a second tap is answered)."""
    request = Registration.get_or_none(Registration.token_hash == token_hash(token))
    return request if request and (request.account_id or request.is_open(now)) else None


def confirm(request: Registration, now: datetime) -> Account | None:
    """Make the account; pressing again returns the same one. None when somebody else confirmed the number first."""
    if request.account_id:
        return request.account
    try:
        with db.atomic():
            account = Account.create(id_number_key=request.id_number_key, created_at=now, **request.details)
            Registration.update(account=account).where(Registration.id == request.id).execute()
    except IntegrityError:
        return Registration.get_by_id(request.id).account
    return account


# --- logging in and out ----------------------------------------------------------------------------------------------


def check_citizen(id_number: str, password: str, address: str, now: datetime) -> Account:
    """The account of number and password. Raises LoginRefused or TooManyTries."""
    key = person_key(id_number)
    account = Account.get_or_none(Account.id_number_key == key)
    return _check(account, f"citizen:{key}", password, address, now)


def check_staff(login_name: str, password: str, address: str, now: datetime) -> Staff:
    """The member of staff of name and password. Raises LoginRefused or TooManyTries."""
    name = read_login_name(login_name)
    staff = Staff.get_or_none(Staff.login_name == name, Staff.ended_at.is_null())
    return _check(staff, f"staff:{name}", password, address, now)


def _check(person, who: str, password: str, address: str, now: datetime):
    place = address_group(address)
    attempts.refuse_if_blocked(LOGIN_BY_PERSON, who, now)
    attempts.refuse_if_blocked(LOGIN_BY_ADDRESS, place, now)
    is_right = is_password(person and person.password_hash, password)
    # Again: of many guesses sent at the same moment, those checked after the limit was reached learn nothing.
    attempts.refuse_if_blocked(LOGIN_BY_PERSON, who, now)
    if not is_right:
        attempts.count_failure(LOGIN_BY_PERSON, who, now)
        attempts.count_failure(LOGIN_BY_ADDRESS, place, now)
        raise LoginRefused(WRONG_LOGIN)
    attempts.forget(LOGIN_BY_PERSON, who)
    return person


def begin_login(person: Account | Staff, device: str, now: datetime) -> str:
    """A new login; returns the token for the cookie, which is kept nowhere else."""
    token = new_token()
    is_staff = isinstance(person, Staff)
    Login.create(
        token_hash=token_hash(token),
        device=device[:200],
        created_at=now,
        seen_at=now,
        account=None if is_staff else person,
        staff=person if is_staff else None,
        expires_at=now + (STAFF_STAYS if is_staff else CITIZEN_STAYS),
    )
    return token


def new_token() -> str:
    return secrets.token_urlsafe(16)


login_of_token = Prepared(lambda token: Login.select().where(Login.token_hash == token))
account_of_id = Prepared(lambda id: Account.select().where(Account.id == id))


def find_login(token: str) -> Login | None:
    login = login_of_token.first(token_hash(token))
    if login and login.account_id:
        login.account = account_of_id.first(login.account_id)
    return login


SEEN_EVERY = timedelta(minutes=2)


def touch(login: Login, now: datetime) -> None:
    """Remember that the login is in use; at most once in two minutes, so that reading costs no writing.

    On a full disk it is not remembered: reading goes on (SECURITY §2).
    """
    if abs(now - login.seen_at) > SEEN_EVERY:
        try:
            Login.update(seen_at=now).where(Login.id == login.id).execute()
        except OperationalError as fault:
            log.warning("a login's use was not kept: %s", fault)


def end_login(login: Login) -> None:
    login.delete_instance()


def sweep(now: datetime) -> None:
    """Remove logins and requests that can serve nobody any more."""
    Login.delete().where(Login.expires_at < now - Login.WRITE_ONLY).execute()
    # Also those confirmed: what they said is in the account, and a second copy would outlive it.
    Registration.delete().where(Registration.expires_at < now - timedelta(days=30)).execute()


# --- staff -----------------------------------------------------------------------------------------------------------

ROLES = ("officer", "specialist", "leader", "culture", "village_head", "postal_clerk", "administrator")


def read_login_name(typed: str) -> str:
    """The name as it is kept; raises WrongInput for nothing, for more than 60 letters and for hidden signs."""
    name = clean_text(typed, 60).lower()
    if not name:
        raise WrongInput("Nhập tên đăng nhập")
    return name


def add_staff(login_name: str, full_name: str, role: str, office: str, password: str, now: datetime) -> Staff:
    """A new member of staff. Raises WrongInput when the name is taken or unfit, or the role unknown."""
    if role not in ROLES:
        raise WrongInput(f"role must be one of: {', '.join(ROLES)}")
    try:
        return Staff.create(
            login_name=read_login_name(login_name),
            full_name=full_name,
            role=role,
            office=office,
            password_hash=hash_password(password),
            created_at=now,
        )
    except IntegrityError as taken:
        raise WrongInput(f"{login_name}: this name is taken") from taken

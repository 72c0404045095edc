"""Accounts of those who work for the commune: roles, making one, logging in, and their passwords (SECURITY §3)."""

import secrets
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from peewee import IntegrityError

from database import db
from models import OneTimeCode, Staff
from rules import WrongInput, logins, one_time
from rules.passwords import hash_password, is_password, read_new_password
from rules.vietnamese import clean_text

ROLE_NAMES = {
    "officer": "Cán bộ Một cửa",
    "specialist": "Chuyên viên",
    "leader": "Lãnh đạo",
    "culture": "Cán bộ văn hoá",
    "village_head": "Thôn trưởng",
    "postal_clerk": "Nhân viên bưu chính",
    "administrator": "Quản trị",
}
ROLES = tuple(ROLE_NAMES)
SHORTEST_PASSWORD = 12
FIRST_WORDS = Path(__file__).with_name("first_words.txt")
FIRST_PASSWORD = "first_password"  # the kind of its row among the one-time codes
FIRST_PASSWORD_LASTS = timedelta(days=7)
# Used once; but whose first answer was lost on the way may send the same form again.
LOST_ANSWER = timedelta(minutes=10)


class FirstPasswordGone(WrongInput):
    """The first password is right, and has been used or has run out."""


# --- reading what is typed -------------------------------------------------------------------------------------------


def read_login_name(typed: str) -> str:
    """The name as it is kept; raises WrongInput for nothing, for more than 60 letters and for hidden signs."""
    name = clean_text(typed, 60).lower()
    if not name:
        raise WrongInput("Nhập tên đăng nhập")
    return name


def read_role(typed: str) -> str:
    if typed not in ROLES:
        raise WrongInput("Chọn vai trò")
    return typed


def read_village(role: str, typed: str) -> str:
    """The village of a village head, who needs one; nobody else has any."""
    village = clean_text(typed, 100) if role == "village_head" else ""
    if role == "village_head" and not village:
        raise WrongInput("Chọn thôn, làng của thôn trưởng")
    return village


def read_own_password(typed: str, staff: Staff, site) -> str:
    """A password somebody chose; raises WrongInput for one that is short, common or about the person or the commune."""
    known = (staff.login_name, staff.full_name, staff.village, site.name, *site.old_names)
    return read_new_password(typed, SHORTEST_PASSWORD, known)


# --- making one ------------------------------------------------------------------------------------------------------


def add_staff(login_name: str, full_name: str, role: str, office: str, password: str, now: datetime, **more) -> Staff:
    """A new member of staff, usable at once. Raises WrongInput when the name is taken or unfit, or the role unknown."""
    if role not in ROLES:
        raise WrongInput(f"role must be one of: {', '.join(ROLES)}")
    password_hash = hash_password(password)  # before the transaction: it takes its time
    try:
        with db.atomic():
            staff = Staff.create(
                login_name=read_login_name(login_name),
                full_name=full_name,
                role=role,
                office=office,
                password_hash=password_hash,
                created_at=now,
                **{"approved_at": now} | more,
            )
            if staff.must_change_password:
                note_first_password(staff, secrets.token_hex(16), now)
    except IntegrityError as taken:
        raise WrongInput(f"{login_name}: this name is taken") from taken
    return staff


# --- the first password ----------------------------------------------------------------------------------------------


def new_first_password() -> str:
    """Five words to be handed over on paper: 35 bits, good for one login of a week."""
    return "-".join(secrets.choice(first_words()) for _ in range(5))


@cache
def first_words() -> tuple[str, ...]:
    return tuple(FIRST_WORDS.read_text(encoding="utf-8").split())


def note_first_password(staff: Staff, key: str, now: datetime) -> None:
    """Remember until when it is good, and that of the ones before it none is; `key` names what gave it, once."""
    one_time.void(FIRST_PASSWORD, staff, now)
    OneTimeCode.create(kind=FIRST_PASSWORD, key=key, staff=staff, made_at=now, expires_at=now + FIRST_PASSWORD_LASTS)


def _use_first_password(staff: Staff, now: datetime) -> None:
    newest = OneTimeCode.kind == FIRST_PASSWORD, OneTimeCode.staff == staff.id
    issued = OneTimeCode.select().where(*newest).order_by(OneTimeCode.id.desc()).first()
    was_just_used = issued and issued.used_at and issued.voided_at is None and abs(now - issued.used_at) < LOST_ANSWER
    if not issued or not (was_just_used or issued.is_open(now)):
        raise FirstPasswordGone("Mật khẩu lần đầu này đã dùng, hoặc quá 7 ngày. Nhờ quản trị cấp mật khẩu mới.")
    one_time.use(issued, now)
    logins.end_all(staff)  # of several logins with it, only the newest may go on


# --- logging in, and one's own password ------------------------------------------------------------------------------


def check_staff(login_name: str, password: str, address: str, device: str, now: datetime) -> Staff:
    """The member of staff of name and password. Raises LoginRefused, FirstPasswordGone or TooManyTries."""
    name = read_login_name(login_name)
    staff = Staff.get_or_none(Staff.login_name == name)
    in_office = staff if staff and staff.is_in_office() else None
    found = logins.check_password(in_office, f"staff:{name}", password, address, device, now)
    if found.must_change_password:
        _use_first_password(found, now)
    return found


def confirm_password(staff: Staff, typed: str, address: str, device: str, now: datetime) -> None:
    """Somebody logged in shows again who they are. Raises WrongInput; wrong guesses count as those at the login."""
    try:
        logins.check_password(staff, f"staff:{staff.login_name}", typed, address, device, now)
    except logins.LoginRefused:
        raise WrongInput("Mật khẩu đang dùng chưa đúng. Nhập lại.") from None


def set_own_password(staff: Staff, password: str, now: datetime) -> None:
    """The password somebody chose in place of the one before it; every login ends. Raises WrongInput for the same again."""
    if is_password(staff.password_hash, password):
        raise WrongInput("Mật khẩu mới giống mật khẩu cũ. Chọn mật khẩu khác.")
    changes = {"password_hash": hash_password(password), "must_change_password": False}
    with db.atomic():
        # The old password in WHERE: an administrator may give a new first one at the same moment.
        is_mine = Staff.id == staff.id, Staff.password_hash == staff.password_hash
        if not Staff.update(changes).where(*is_mine).execute():
            raise WrongInput("Mật khẩu vừa được đổi ở nơi khác. Đăng nhập lại.")
        one_time.void(FIRST_PASSWORD, staff, now)
        logins.end_all(staff)

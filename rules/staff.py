"""Accounts of those who work for the commune: roles, making and ending them, and their password (SECURITY §3)."""

from datetime import datetime

from peewee import IntegrityError

from models import Staff
from rules import WrongInput, logins
from rules.passwords import hash_password
from rules.vietnamese import clean_text

ROLES = ("officer", "specialist", "leader", "culture", "village_head", "postal_clerk", "administrator")
SHORTEST_PASSWORD = 12


def read_login_name(typed: str) -> str:
    """The name as it is kept; raises WrongInput for nothing, for more than 60 letters and for hidden signs."""
    name = clean_text(typed, 60).lower()
    if not name:
        raise WrongInput("Nhập tên đăng nhập")
    return name


def add_staff(login_name: str, full_name: str, role: str, office: str, password: str, now: datetime, **more) -> Staff:
    """A new member of staff, usable at once. Raises WrongInput when the name is taken or unfit, or the role unknown."""
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
            **{"approved_at": now} | more,
        )
    except IntegrityError as taken:
        raise WrongInput(f"{login_name}: this name is taken") from taken


def check_staff(login_name: str, password: str, address: str, device: str, now: datetime) -> Staff:
    """The member of staff of name and password. Raises LoginRefused or TooManyTries."""
    name = read_login_name(login_name)
    staff = Staff.get_or_none(Staff.login_name == name)
    in_office = staff if staff and staff.is_in_office() else None
    return logins.check_password(in_office, f"staff:{name}", password, address, device, now)

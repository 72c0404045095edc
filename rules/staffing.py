"""Who works for the commune: entered by one, approved by another, changed and ended; and the list of them (SECURITY §5)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from peewee import IntegrityError, fn

from database import SealedField, db, wait_for_others
from models import KnownDevice, Login, OneTimeCode, Staff
from rules import WrongInput, logins, second_factor
from rules.identity import read_person_name
from rules.paging import pages_of
from rules.passwords import hash_password
from rules.staff import (
    FIRST_PASSWORD,
    ROLE_NAMES,
    new_first_password,
    note_first_password,
    read_login_name,
    read_role,
    read_village,
)
from rules.vietnamese import fold, sort_key

APPROVERS = ("leader", "administrator")
NAME_TAKEN = "Tên đăng nhập này đã có người dùng. Chọn tên khác."

# --- entering --------------------------------------------------------------------------------------------------------


def enter_staff(
    login_name: str, full_name: str, role: str, village: str, by: Staff, form_key: str, now: datetime
) -> tuple[Staff, str]:
    """A new account with its first password, which works once another has approved it.

    The same form sent again finds the account, and no password: it was shown once. Raises WrongInput.
    """
    issued = _issued_by(form_key, by)
    if issued:
        return issued.staff, ""
    if Staff.select().where(Staff.login_name == read_login_name(login_name)).exists():
        raise WrongInput(NAME_TAKEN)
    password = new_first_password()
    password_hash = hash_password(password)  # before the transaction: it takes its time
    try:
        with db.atomic():
            staff = Staff.create(
                login_name=read_login_name(login_name),
                full_name=read_person_name(full_name),
                role=read_role(role),
                village=read_village(role, village),
                office=by.office,
                password_hash=password_hash,
                must_change_password=True,
                made_by=by,
                created_at=now,
            )
            note_first_password(staff, _form_of(form_key, by), now)
    except IntegrityError:  # the same form, or the same name, at the same moment
        issued = _issued_by(form_key, by)
        if issued:
            return issued.staff, ""
        raise WrongInput(NAME_TAKEN) from None
    return staff, password


def give_first_password(staff: Staff, by: Staff, form_key: str, now: datetime) -> str:
    """A new first password in the old one's place; every login ends. Empty when this form has given it already.

    The account waits to be approved again: every role decides something that takes two, and whoever knows the passwords of
    two colleagues could be both. Raises WrongInput.
    """
    password = new_first_password()
    password_hash = hash_password(password)  # before the transaction: it takes its time
    with db.atomic():
        staff = _alone_with(staff, by)
        if _issued_by(form_key, by):
            return ""
        _refuse_what_another_entered(staff, by)
        changes = {"password_hash": password_hash, "must_change_password": True} | _entered(by)
        Staff.update(changes).where(Staff.id == staff.id).execute()
        note_first_password(staff, _form_of(form_key, by), now)
        logins.end_all(staff)
    return password


def _form_of(form_key: str, by: Staff) -> str:
    """The form's own key, tied to who sent it: another's form never finds it."""
    return SealedField.sealer.fingerprint(f"first-password:{by.id}:{form_key}")


def _issued_by(form_key: str, by: Staff) -> OneTimeCode | None:
    return OneTimeCode.get_or_none(OneTimeCode.kind == FIRST_PASSWORD, OneTimeCode.key == _form_of(form_key, by))


# --- what administrators do ------------------------------------------------------------------------------------------


def end_staff(staff: Staff, by: Staff, now: datetime) -> None:
    """The person works here no more, from this moment. Raises WrongInput for oneself and for the last administrator."""
    with db.atomic():
        staff = _alone_with(staff, by)
        if staff.ended_at is None:
            _refuse_last_administrator(staff)
            Staff.update(ended_at=now, ended_by=by).where(Staff.id == staff.id).execute()
        second_factor.forget(staff, now)
        logins.end_all(staff)


def change_role(staff: Staff, role: str, village: str, by: Staff) -> bool:
    """Another role or village, which works once another has approved it; until then the account is closed.

    False when both stay as they were. Raises WrongInput.
    """
    role, village = read_role(role), read_village(role, village)
    with db.atomic():
        staff = _alone_with(staff, by)
        if (staff.role, staff.village) == (role, village):
            return False
        _refuse_what_another_entered(staff, by)
        if role != staff.role:
            _refuse_last_administrator(staff)
        Staff.update({"role": role, "village": village} | _entered(by)).where(Staff.id == staff.id).execute()
        logins.end_all(staff)
    return True


def reset_factor(staff: Staff, by: Staff, now: datetime) -> None:
    """The next login sets up a new second factor: the phone is lost, or the paper."""
    with db.atomic():
        staff = _alone_with(staff, by)
        second_factor.forget(staff, now)
        logins.end_all(staff)


def end_logins(staff: Staff, by: Staff) -> int:
    return logins.end_all(_not_oneself(staff, by))


def _alone_with(staff: Staff, by: Staff) -> Staff:
    """The row as it is now, and nobody else changing any: two administrators must not end each other."""
    wait_for_others()
    return _not_oneself(Staff.get_by_id(staff.id), by)


def _not_oneself(staff: Staff, by: Staff) -> Staff:
    if staff.id == by.id:
        raise WrongInput("Đây là tài khoản của chính bạn. Nhờ quản trị khác làm.")
    return staff


def _refuse_last_administrator(staff: Staff) -> None:
    others = _in_office(staff.office).where(Staff.role == "administrator", Staff.id != staff.id)
    if staff.role == "administrator" and staff.is_in_office() and not others.exists():
        raise WrongInput("Đây là quản trị cuối cùng. Lập và duyệt một quản trị khác trước.")


def _refuse_what_another_entered(staff: Staff, by: Staff) -> None:
    if staff.ended_at:
        raise WrongInput("Người này đã nghỉ.")
    if staff.approved_at is None and staff.made_by_id != by.id:
        raise WrongInput("Tài khoản đang chờ duyệt: chỉ người đã nhập mới sửa được. Nhờ người đó, hoặc duyệt trước.")


def _entered(by: Staff) -> dict:
    """What an entry leaves behind: who made it, and that nobody has approved it."""
    return {"made_by": by, "approved_by": None, "approved_at": None}


# --- approving: never by who entered it ------------------------------------------------------------------------------


def waiting(office: str) -> list[Staff]:
    """Accounts that another has yet to approve, the oldest first."""
    found = Staff.select().where(Staff.office == office, Staff.approved_at.is_null(), Staff.ended_at.is_null())
    return list(found.order_by(Staff.id))


def who_may_approve(staff: Staff) -> list[Staff]:
    """Everybody in office who could approve this account."""
    found = _in_office(staff.office).where(Staff.role.in_(APPROVERS)).order_by(Staff.id)
    return [person for person in found if may_approve(person, staff)]


def may_approve(by: Staff, staff: Staff) -> bool:
    return by.role in APPROVERS and by.office == staff.office and by.id not in (staff.id, staff.made_by_id)


def mark_of_entry(staff: Staff) -> str:
    """Stands for what is to be approved: changed meanwhile, it is another mark."""
    entry = f"{staff.id}|{staff.role}|{staff.village}|{staff.made_by_id}"
    return hashlib.sha256(entry.encode()).hexdigest()[:16]


def approve(staff: Staff, by: Staff, mark: str, now: datetime) -> None:
    """The account works from now on. Raises WrongInput for who entered it, and when it is not as it was when looked at."""
    if not may_approve(by, staff):
        raise WrongInput("Người đã nhập không tự duyệt được. Nhờ một quản trị khác hoặc lãnh đạo duyệt.")
    if mark != mark_of_entry(staff):
        raise WrongInput("Tài khoản này vừa được sửa. Xem lại rồi duyệt.")
    if staff.approved_at and staff.approved_by_id == by.id:
        return  # the same button pressed again
    as_seen = Staff.role == staff.role, Staff.village == staff.village, Staff.made_by == staff.made_by_id
    is_waiting = Staff.approved_at.is_null() & Staff.ended_at.is_null()
    changes = {"approved_by": by, "approved_at": now}
    if not Staff.update(changes).where(Staff.id == staff.id, is_waiting, *as_seen).execute():
        raise WrongInput("Tài khoản này không còn chờ duyệt. Xem lại danh sách.")


# --- the list --------------------------------------------------------------------------------------------------------

A_PAGE = 20
STATES = ("Chờ duyệt", "Đang làm", "Đã nghỉ")


@dataclass(frozen=True)
class StaffPage:
    people: list[Staff]
    last_seen: dict[int, datetime]
    count: int
    page: int
    pages: int


def list_staff(office: str, asked: str, page: int) -> StaffPage:
    """One page of an office's staff whose name, login name, role or village holds what is asked: waiting, working, ended."""
    words = fold(asked[:100]).split()
    found = [
        person for person in Staff.select().where(Staff.office == office) if all(word in _searched(person) for word in words)
    ]
    found.sort(key=lambda person: (STATES.index(state_of(person)), sort_key(person.full_name), person.id))
    page, pages = pages_of(len(found), A_PAGE, page)
    shown = found[(page - 1) * A_PAGE : page * A_PAGE]
    return StaffPage(shown, last_seen([person.id for person in shown]), len(found), page, pages)


def _searched(staff: Staff) -> str:
    return fold(f"{staff.full_name} {staff.login_name} {ROLE_NAMES[staff.role]} {staff.village}")


def state_of(staff: Staff) -> str:
    return STATES[2] if staff.ended_at else STATES[1] if staff.approved_at else STATES[0]


def last_seen(ids: list[int]) -> dict[int, datetime]:
    """When each was last logged in, as far back as their browsers are remembered."""
    found: dict[int, datetime] = {}
    for table in (Login, KnownDevice):
        newest = table.select(table.staff, fn.MAX(table.seen_at)).where(table.staff.in_(ids)).group_by(table.staff)
        for staff_id, moment in newest.tuples():
            found[staff_id] = max(moment, found.get(staff_id, moment))
    return found


def _in_office(office: str):
    return Staff.select().where(Staff.office == office, Staff.approved_at.is_null(False), Staff.ended_at.is_null())

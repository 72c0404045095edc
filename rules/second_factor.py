"""The second factor of those who work for the commune: six digits of an app, or a printed code (SECURITY §3)."""

import base64
import hmac
import re
from datetime import datetime

import pyotp

from database import SealedField, db, wait_for_others
from models import Login, OneTimeCode, Staff
from rules import WrongInput, logins, one_time
from rules.logins import Guess
from rules.vietnamese import ascii_digits, show_moment

HALF_MINUTE = 30  # seconds; how long an app shows one code
PRINTED = "staff_factor"
A_SHEET = 10
FEW = 3  # codes left, at which their owner is told


class FactorRefused(WrongInput):
    """The code does not open; the message says what to do."""


WRONG_CODE = "Mã chưa đúng. Xem lại rồi nhập lần nữa."


def next_step(staff: Staff, is_on: bool) -> str:
    """What somebody whose password was right has still to do: the name a waiting login carries, "" when nothing."""
    if staff.must_change_password:
        return "first_password"
    if not is_on:
        return ""
    return "factor" if staff.second_factor else "set_factor"


def read_typed(typed: str) -> str:
    """Six digits of an app, or the twelve symbols of a printed code; raises WrongInput."""
    digits = re.sub(r"[\s.-]", "", ascii_digits(typed[:200]))
    if not digits.isdecimal() or len(digits) > 9:
        return one_time.read_typed(typed)
    if len(digits) != 6:
        raise WrongInput(f"Mã trên ứng dụng có 6 số, bạn gõ {len(digits)}. Mã in có 12 chữ và số.")
    return digits


# --- an app on the phone ---------------------------------------------------------------------------------------------


def new_secret(login: Login) -> str:
    """The secret offered to an app: it follows from the login, so showing the page again shows the same one and keeps
    nothing. Once it is taken the login gets another token, and with it another secret.
    """
    digest = bytes.fromhex(SealedField.sealer.fingerprint(f"app:{login.token_hash}"))
    return base64.b32encode(digest[:20]).decode()


def address_for_app(staff: Staff, secret: str, issuer: str) -> str:
    """What the QR says to the app: whose secret it is, and of which site."""
    return pyotp.TOTP(secret).provisioning_uri(name=staff.login_name, issuer_name=issuer)


def set_app(staff: Staff, secret: str, typed: str, now: datetime) -> None:
    """From now on the app with this secret opens, and no earlier one; every login ends. Raises FactorRefused."""
    step = _step_of(secret, typed, now)
    if step is None:
        raise FactorRefused("Mã chưa đúng. Xem đồng hồ điện thoại có đúng giờ không, chờ mã mới rồi nhập lại.")
    with db.atomic():
        kept = {"second_factor": "totp", "totp_secret": secret, "totp_last_step": step}
        Staff.update(kept).where(Staff.id == staff.id).execute()
        logins.end_all(staff)


def _step_of(secret: str, typed: str, now: datetime) -> int | None:
    """The half minute whose code this is: this one, or the one before or after it, because phones' clocks differ."""
    app, current = pyotp.TOTP(secret), _half_minute(now)
    steps = [step for step in (current - 1, current, current + 1) if hmac.compare_digest(app.generate_otp(step), typed)]
    return steps[-1] if steps else None


def _half_minute(now: datetime) -> int:
    return int(now.timestamp()) // HALF_MINUTE


# --- printed codes ---------------------------------------------------------------------------------------------------


def print_codes(staff: Staff, now: datetime) -> list[str]:
    """A new sheet of ten codes; those of the sheet before are good no more."""
    with db.atomic():
        return one_time.make_codes(PRINTED, staff, A_SHEET, now)


def set_codes(staff: Staff, typed: str, now: datetime) -> None:
    """Printed codes are the second factor once one of them is typed, which uses it up. Raises FactorRefused."""
    with db.atomic():
        _use_printed(staff, typed, now)
        Staff.update(second_factor="codes", totp_secret=None).where(Staff.id == staff.id).execute()
        logins.end_all(staff)


def codes_left(staff: Staff, now: datetime) -> int:
    return one_time.count_open(PRINTED, staff, now)


def is_running_out(staff: Staff, now: datetime) -> bool:
    """Whether somebody who has nothing but printed codes should print new ones."""
    return staff.second_factor == "codes" and codes_left(staff, now) <= FEW


# --- at the login ----------------------------------------------------------------------------------------------------


def check(staff: Staff, typed: str, address: str, is_known_device: bool, now: datetime) -> None:
    """The code opens, and is used up. Raises FactorRefused or TooManyTries.

    Devices known from earlier share one count: each login gives a device a new token, and a count by token would begin anew.
    """
    guess = Guess(f"factor{'-known' if is_known_device else ''}:{staff.id}", None, address, "", now)
    with db.atomic():
        # Counted before it is looked at, one after the other: six digits are few, and guesses may be sent all at once.
        wait_for_others()
        guess.refuse_if_blocked()
        guess.was_wrong()
    if len(typed) == 6:
        _use_step(staff, typed, now)
    else:
        _use_printed(staff, typed, now)
    guess.was_right()


def _use_step(staff: Staff, typed: str, now: datetime) -> None:
    step = _step_of(staff.totp_secret, typed, now) if staff.totp_secret else None
    if step is None:
        raise FactorRefused(WRONG_CODE)
    # Of two who send the same code one is first. A last step far ahead was left by a clock that has been set back.
    is_new = (Staff.totp_last_step < step) | (Staff.totp_last_step > _half_minute(now) + 1)
    if not Staff.update(totp_last_step=step).where(Staff.id == staff.id, is_new).execute():
        raise FactorRefused("Mã này vừa dùng rồi. Chờ ứng dụng hiện mã mới rồi nhập mã đó.")


def _use_printed(staff: Staff, typed: str, now: datetime) -> None:
    found = one_time.find(typed, PRINTED)
    if not found or found.staff_id != staff.id:
        raise FactorRefused(WRONG_CODE)
    if found.voided_at:
        raise FactorRefused("Mã này của tờ cũ. Dùng mã trên tờ mới nhất.")
    if not one_time.use(found, now):
        used_at = OneTimeCode.get_by_id(found.id).used_at
        raise FactorRefused(f"Mã này đã dùng lúc {show_moment(used_at)}. Dùng mã khác trên tờ.")


def forget(staff: Staff, now: datetime) -> None:
    """App and codes open no more; the next login sets up a new one."""
    Staff.update(second_factor="", totp_secret=None).where(Staff.id == staff.id).execute()
    one_time.void(PRINTED, staff, now)

"""Who may open a view: said in one line above its name, refused by default."""

from collections.abc import Callable
from functools import wraps

from flask import abort, g, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from database import utc_now
from models import Account, Login
from rules.staff import ROLES
from views.visits import current_login, log_security

STAFF = frozenset(ROLES)


def open_to(*roles: str, saves_draft: bool = False) -> Callable:
    """Open a view to `roles`: "anyone", "citizen" or roles of the staff. Others log in, or are told there is no such page.

    With `saves_draft`, a citizen whose login has just run out may still send what was being typed: it is saved to the
    citizen's own draft, and nothing is shown before logging in again. So may one of the commune who types for somebody.
    """

    def mark(view: Callable) -> Callable:
        @wraps(view)
        def guarded(*args, **kwargs):
            if "anyone" in roles or current_user.role in roles:
                return view(*args, **kwargs)
            if saves_draft and request.method == "POST" and _may_still_write(roles):
                return _save_then_ask(view, args, kwargs)
            return _refuse(roles)

        guarded.open_to = frozenset(roles)
        return guarded

    return mark


def only_of_this_commune(*roles: str) -> Callable[[], None]:
    """For a blueprint's `before_request`: who works for another commune finds none of its pages (SECURITY §5).

    Nor does a village head without a village, whose own would be all of them.
    """

    def refuse() -> None:
        is_elsewhere = current_user.role in roles and current_user.office != g.library.site.codes.agency
        has_no_village = current_user.role == "village_head" and not current_user.village
        if is_elsewhere or has_no_village:
            abort(404)

    return refuse


def _may_still_write(roles: tuple[str, ...]) -> bool:
    login = current_login()
    may_write = login and login.may_still_write(utc_now()) and (_is_citizen(login) or _is_helper(login, roles))
    return bool(may_write and not current_user.is_authenticated)


def _is_citizen(login: Login) -> bool:
    return bool(login.account and login.account.may_log_in)


def _is_helper(login: Login, roles: tuple[str, ...]) -> bool:
    is_whole = login.staff and not login.waits_for
    return bool(is_whole and login.staff.is_in_office() and login.staff.role in roles and _is_helpers_place())


def _is_helpers_place() -> bool:
    """Where one of the commune types for somebody (views/helping.py)."""
    return str((request.view_args or {}).get("place", "")).startswith("giup.")


def _save_then_ask(view: Callable, args, kwargs) -> Response:
    login = current_login()
    g._login_user = login.person
    g.is_late = True
    answer = view(*args, **kwargs)
    where = getattr(answer, "location", None) or request.path
    return redirect(url_for("desk.log_in" if login.staff_id else "account.log_in", tiep=where, da="da-luu"), 303)


def _refuse(roles: tuple[str, ...]) -> Response:
    # What both may open is a citizen's, but for the places where one of the commune types for somebody.
    wants_staff = bool(STAFF.intersection(roles)) and ("citizen" not in roles or _is_helpers_place())
    if current_user.is_authenticated and not (wants_staff and isinstance(current_user._get_current_object(), Account)):
        log_security("refused", path=request.path, person=current_user.get_id(), role=current_user.role)
        abort(404)
    # Only the path: after logging in a form is not sent again, its page is shown.
    return redirect(url_for("desk.log_in" if wants_staff else "account.log_in", tiep=request.path), 303)

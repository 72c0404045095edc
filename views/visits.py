"""The one cookie: a random token. What it opens is a row in the database, never the cookie itself (SECURITY §4)."""

import base64
import hmac
import re
from datetime import timedelta

from flask import Flask, Request, Response, current_app, g, request, session
from flask.sessions import SessionInterface, SessionMixin
from flask_login import AnonymousUserMixin, LoginManager

from database import utc_now
from models import Account, Login, Staff
from rules import logins


class Visit(dict, SessionMixin):
    """Flask's session, kept nowhere: it knows the cookie's token, and the form token that follows from it.

    A visitor gets a cookie when a form with a token is first shown, not before.
    """

    def __init__(self, token: str | None):
        super().__init__()
        self.token = token
        self.is_new = False
        self.has_given_token = False  # a page with a form token in it is this visitor's alone
        self.stays: timedelta | None = None  # how long the browser keeps the cookie; None: until it is closed
        self.is_forgotten = False

    def renew(self, token: str | None = None, stays: timedelta | None = None) -> None:
        self.token = token or logins.new_token()
        self.is_new = True
        self.stays = stays

    def forget(self) -> None:
        """Leave no cookie behind: the next person at this phone begins as a stranger."""
        self.token, self.is_new, self.is_forgotten = None, False, True

    def form_token(self, secret: str) -> str:
        """22 symbols (128 bits) that only this site can make, and only for this visit's token."""
        if not self.token:
            self.renew()
        self.has_given_token = True
        digest = hmac.digest(secret.encode(), f"form:{self.token}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # what logins.new_token makes; anything else was never ours


class Visits(SessionInterface):
    def cookie_name(self, app: Flask) -> str:
        return cookie_name(app)

    def open_session(self, app: Flask, request: Request) -> Visit:
        token = request.cookies.get(cookie_name(app), "")
        return Visit(token if TOKEN.fullmatch(token) else None)

    def save_session(self, app: Flask, session: Visit, response: Response) -> None:
        flags = {"path": "/", "httponly": True, "samesite": "Lax", "secure": is_https(app)}
        if session.is_new:
            response.set_cookie(cookie_name(app), session.token, max_age=session.stays, **flags)
        elif session.is_forgotten:
            response.delete_cookie(cookie_name(app), **flags)


def is_https(app: Flask) -> bool:
    return app.config["SITE_URL"].startswith("https:")


def cookie_name(app: Flask) -> str:
    return "__Host-v" if is_https(app) else "v"


class Visitor(AnonymousUserMixin):
    role = "anyone"
    full_name = ""


login_manager = LoginManager()
login_manager.anonymous_user = Visitor


@login_manager.request_loader
def person_of_request(request: Request) -> Account | Staff | None:
    login = current_login()
    now = utc_now()
    if login is None or login.waits_for or not login.is_open(now) or _has_left(login.person):
        return None
    logins.touch(login, now)
    return login.person


def _has_left(person: Account | Staff) -> bool:
    return not (person.is_in_office() if isinstance(person, Staff) else person.may_log_in)


def current_login() -> Login | None:
    """The login row of the cookie, open or not."""
    if "login" not in g:
        g.login = logins.find_login(session.token) if session.token else None
    return g.login


def start_login(person: Account | Staff, is_own_phone: bool = False, waits_for: str = "") -> None:
    """Log in, with a new token: one that was known before must open nothing (SECURITY §4).

    On a phone of one's own, and at the desk, the browser stays known: its wrong guesses count apart from a stranger's.
    """
    old, old_token, now = current_login(), session.token, utc_now()
    if old:
        logins.end_login(old)
    token = logins.begin_login(person, request.user_agent.string, now, is_own_phone, waits_for)
    if is_own_phone or isinstance(person, Staff):
        session.renew(token, logins.DEVICE_IS_KNOWN)
        if not waits_for or logins.is_known_device(person, old_token or ""):
            logins.remember_device(person, token, now, instead_of=old_token or "")
    else:
        session.renew(token)
    _forget_request_caches()


def stop_login() -> None:
    """Log out. A shared phone keeps nothing; one's own, and the desk's, stay known."""
    login, old_token = current_login(), session.token
    if login:
        logins.end_login(login)
    if login and is_known_phone(login, old_token):
        session.renew(stays=logins.DEVICE_IS_KNOWN)
        logins.remember_device(login.person, session.token, utc_now(), instead_of=old_token)
    else:
        session.forget()
    _forget_request_caches()


def is_known_phone(login: Login, token: str) -> bool:
    if login.waits_for:  # a password alone makes no browser known
        return logins.is_known_device(login.person, token)
    return login.is_own_phone or login.staff_id is not None


def _forget_request_caches() -> None:
    # What was looked up under the old token, by us and by Flask-Login.
    for name in ("login", "_login_user"):
        g.pop(name, None)


def client_address() -> str:
    return request.remote_addr or "unknown"


def log_security(event: str, **facts: object) -> None:
    current_app.extensions["security_log"].write(event, address=client_address(), **facts)

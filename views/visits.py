"""The one cookie: a random token. What it opens is a row in the database, never the cookie itself (SECURITY §4)."""

import base64
import hmac
import re

from flask import Flask, Request, Response, current_app, g, request, session
from flask.sessions import SessionInterface, SessionMixin
from flask_login import AnonymousUserMixin, LoginManager

from database import utc_now
from models import Account, Login, Staff
from rules import accounts


class Visit(dict, SessionMixin):
    """Flask's session, kept nowhere: it knows the cookie's token, and the form token that follows from it.

    A visitor gets a cookie when a form with a token is first shown, not before.
    """

    def __init__(self, token: str | None):
        super().__init__()
        self.token = token
        self.is_new = False
        self.has_given_token = False  # a page with a form token in it is this visitor's alone

    def renew(self, token: str | None = None) -> None:
        self.token = token or accounts.new_token()
        self.is_new = True

    def form_token(self, secret: str) -> str:
        """22 symbols (128 bits) that only this site can make, and only for this visit's token."""
        if not self.token:
            self.renew()
        self.has_given_token = True
        digest = hmac.digest(secret.encode(), f"form:{self.token}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # what accounts.new_token makes; anything else was never ours


class Visits(SessionInterface):
    def cookie_name(self, app: Flask) -> str:
        return cookie_name(app)

    def open_session(self, app: Flask, request: Request) -> Visit:
        token = request.cookies.get(cookie_name(app), "")
        return Visit(token if TOKEN.fullmatch(token) else None)

    def save_session(self, app: Flask, session: Visit, response: Response) -> None:
        if session.is_new:
            response.set_cookie(cookie_name(app), session.token, path="/", httponly=True, samesite="Lax", secure=is_https(app))


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
    if login is None or not login.is_open(now) or _has_left(login.person):
        return None
    accounts.touch(login, now)
    return login.person


def _has_left(person: Account | Staff) -> bool:
    return isinstance(person, Staff) and person.ended_at is not None


def current_login() -> Login | None:
    """The login row of the cookie, open or not."""
    if "login" not in g:
        g.login = accounts.find_login(session.token) if session.token else None
    return g.login


def start_login(person: Account | Staff) -> None:
    """Log in, with a new token: one that was known before must open nothing (SECURITY §4)."""
    old = current_login()
    if old:
        accounts.end_login(old)
    session.renew(accounts.begin_login(person, request.user_agent.string, utc_now()))
    _forget_request_caches()


def stop_login() -> None:
    login = current_login()
    if login:
        accounts.end_login(login)
    session.renew()
    _forget_request_caches()


def _forget_request_caches() -> None:
    # What was looked up under the old token, by us and by Flask-Login.
    for name in ("login", "_login_user"):
        g.pop(name, None)


def client_address() -> str:
    return request.remote_addr or "unknown"


def log_security(event: str, **facts: object) -> None:
    current_app.extensions["security_log"].write(event, address=client_address(), **facts)

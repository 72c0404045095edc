"""People, drafts and dossiers of a served site, made beside it by its own rules: run by Site.python, prints JSON."""

import json
import os

from conftest import full_draft, make_account, make_staff

from app import create_app
from database import db, utc_now
from models import Account
from rules import logins


def print_citizens(count: int, with_drafts: bool = True) -> None:
    """`count` citizens, each logged in and with a finished draft of a birth registration; prints their cookies."""
    app = create_app(os.environ)
    with app.app_context(), db.connection_context(), db.atomic():
        first = 64_090_500_001 + Account.select().count()
        people = [make_account(email="", id_number=f"{first + number:012}") for number in range(count)]
        for account in people if with_drafts else ():
            full_draft(app, account)
        print(json.dumps([cookie_of(app, account) for account in people]))


def print_officer() -> None:
    app = create_app(os.environ)
    with app.app_context(), db.connection_context():
        print(json.dumps(cookie_of(app, make_staff("officer"))))


def cookie_of(app, person) -> dict[str, str]:
    return {"name": app.session_interface.cookie_name(app), "value": logins.begin_login(person, "test", utc_now())}

"""People, drafts and dossiers of a served site, made beside it by its own rules: run by Site.python, prints JSON."""

import json
import os

from conftest import full_draft, make_account, make_staff

from app import create_app
from database import db, utc_now
from models import Account
from rules import logins, one_time


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


def print_account(**details) -> None:
    """Somebody with an account who logs in by typing."""
    app = create_app(os.environ)
    with app.app_context(), db.connection_context():
        number = f"{64_090_700_001 + Account.select().count():012}"
        account = make_account(**{"id_number": number, "email": f"{number}@example.vn"} | details)
        print(json.dumps({"id_number": account.id_number, "full_name": account.full_name, "email": account.email}))


def print_account_with_slip() -> None:
    """Somebody without e-mail, and a recovery code of the slip."""
    app = create_app(os.environ)
    with app.app_context(), db.connection_context():
        account = make_account(email="", id_number=f"{64_090_710_001 + Account.select().count():012}")
        (code,) = one_time.make_codes("recovery", account, 1, utc_now())
        print(json.dumps({"id_number": account.id_number, "full_name": account.full_name, "code": code}))

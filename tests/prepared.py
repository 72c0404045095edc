"""People, drafts and dossiers of a served site, made beside it by its own rules: run by Site.python, prints JSON."""

import json
import os

from conftest import BIRTH, good_answers, make_account, make_staff, photo

from app import create_app
from database import db, utc_now
from gateways.papers import CleanPaper
from models import Account
from rules import accounts, submission


def print_citizens(count: int, with_drafts: bool = True) -> None:
    """`count` citizens, each logged in and with a finished draft of a birth registration; prints their cookies."""
    app = create_app(os.environ)
    with app.app_context(), db.connection_context(), db.atomic():
        first = 64_090_500_001 + Account.select().count()
        people = [make_account(email="", id_number=f"{first + number:012}") for number in range(count)]
        for account in people if with_drafts else ():
            make_draft(app, account)
        print(json.dumps([cookie_of(app, account) for account in people]))


def print_officer() -> None:
    app = create_app(os.environ)
    with app.app_context(), db.connection_context():
        print(json.dumps(cookie_of(app, make_staff("officer"))))


def cookie_of(app, person) -> dict[str, str]:
    return {"name": app.session_interface.cookie_name(app), "value": accounts.begin_login(person, "test", utc_now())}


def make_draft(app, account: Account) -> None:
    from views.submission import keep_paper

    definition = app.extensions["library"].refreshed().definitions[BIRTH]
    draft = submission.open_or_begin_draft(account, BIRTH, utc_now())
    pages = [f"page-{number}" for number, _ in enumerate(definition["eform"]["pages"], start=1)]
    for name in ("owner", *pages, "delivery", "papers"):
        submission.save_page(draft, name, good_answers(definition), utc_now())
    for document in submission.missing_papers(definition, {}):
        keep_paper(draft, document["key"], CleanPaper(photo(size=(60, 80)), "image/jpeg", "anh.jpg", 60, 80))

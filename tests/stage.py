"""People and things of the tests: a site on each database, visitors, citizens, officers, drafts, dossiers."""

import email
import email.policy
import io
import itertools
import os
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path
from unittest import mock
from zlib import crc32

import postgres
import pytest
from PIL import Image
from reading import Page

from database import db, is_sqlite, migrate, utc_now
from gateways.papers import CleanPaper
from models import TABLES, Account, Consent, ContentPart, ContentStamp, ContentVersion, Dossier, Draft, Event
from rules import accounts, eform, logins, outbox, staff, submission
from rules.content import PURPOSES
from rules.papers import keep_paper, missing_papers
from rules.passwords import hash_password

PROJECT = Path(__file__).resolve().parent.parent
PASSWORD = "voi rung gao nuong"
CONTENT = (ContentPart, ContentStamp, ContentVersion)


# --- the site, once a database ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_url(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        yield f"sqlite:///{folder}/app.db"
    elif postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    else:
        with postgres.running() as url:
            yield url


@pytest.fixture(scope="session")
def environ(database_url, tmp_path_factory):
    """The settings of the site under test."""
    return {
        "PATH": os.environ["PATH"],
        "INSTANCE_DIR": str(tmp_path_factory.mktemp("instance")),
        "DATABASE_URL": database_url,
        "SITE_URL": "http://localhost",
        "SECRET_KEY": "only-for-tests",
    }


@pytest.fixture(scope="session")
def whole_site(environ):
    from app import create_app
    from rules.content_store import load_content

    app = create_app(environ)
    migrate()
    with db.connection_context():
        load_content(PROJECT / "content")
    yield app
    if not db.is_closed():
        db.close()
    if hasattr(db.obj, "close_all"):
        db.close_all()


@contextmanager
def unlocked_log():
    """The database lets nobody change a dossier's log: between two tests it has to be told to look away."""
    if not is_sqlite():
        db.execute_sql('ALTER TABLE "event" DISABLE TRIGGER USER')
        yield
        db.execute_sql('ALTER TABLE "event" ENABLE TRIGGER USER')
        return
    locks = db.execute_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'event'").fetchall()
    for name, _ in locks:
        db.execute_sql(f'DROP TRIGGER "{name}"')
    yield
    for _, sql in locks:
        db.execute_sql(sql)


def take_content_back(site) -> None:
    """The folder's content again, where the test before has published or loaded another."""
    from rules.content_store import load_content

    if ContentVersion.select().where((ContentVersion.number > 1) | ContentVersion.by.is_null(False)).exists():
        ContentVersion.delete().execute()
        load_content(PROJECT / "content")
        site.extensions["library"].look_soon()
        site.wsgi_app.pages.clear()


def empty_the_site() -> None:
    """Delete what the test before has left: most have touched few tables, and only those are."""
    ours = [table for table in TABLES if table not in CONTENT]
    asked = ", ".join(f'EXISTS (SELECT 1 FROM "{table._meta.table_name}")' for table in ours)
    filled = [table for table, is_filled in zip(ours, db.execute_sql(f"SELECT {asked}").fetchone(), strict=True) if is_filled]
    with db.atomic(), unlocked_log() if Event in filled else nullcontext():
        for table in filled:
            # Rows that point to rows of their own table are let go first.
            if to_their_own := [field.name for field in table._meta.refs if field.rel_model is table]:
                table.update(dict.fromkeys(to_their_own)).execute()
        for table in reversed(filled):
            table.delete().execute()


@pytest.fixture
def app(whole_site, tmp_path):
    """The site, with no people and no dossiers in it."""
    db.connect(reuse_if_open=True)
    take_content_back(whole_site)
    empty_the_site()
    outbox_folder = Path(whole_site.config["INSTANCE_DIR"]) / "outbox"
    for letter in outbox_folder.glob("*.eml"):
        letter.unlink()
    whole_site.extensions["queue"].flush()
    yield whole_site
    if not db.is_closed():
        db.close()


@pytest.fixture
def library(app):
    return app.extensions["library"].refreshed()


# --- people ----------------------------------------------------------------------------------------------------------


class Visitor:
    """Somebody at a browser without JavaScript; `with_htmx` asks for fragments."""

    def __init__(self, app, with_htmx: bool = False, **headers: str):
        self.client = app.test_client()
        self.headers = headers | ({"HX-Request": "true"} if with_htmx else {})

    def get(self, path: str, **headers: str) -> Page:
        return self._page(self.client.get(path, headers=self.headers | headers), headers)

    def post(self, path: str, data: dict | None = None, **headers: str) -> Page:
        """Send a form whose token came from somewhere the page stood."""
        return self._page(
            self.client.post(path, data={"csrf_token": self.token()} | (data or {}), headers=self.headers | headers), headers
        )

    def send(self, path: str, data: dict, button: str = "") -> Page:
        """Open the page at `path`, fill the form that has `button`, and press it."""
        page = self.get(path)
        form = next(f for f in page.tree.iter("form") if not button or button in " ".join(f.text_content().split()))
        fields = {name: value for name, value in form.form_values() if name} | data
        target = form.get("action") or path
        return self._page(self.client.post(target, data=fields, headers=self.headers), {})

    def token(self) -> str:
        """A form token of this visitor, taken from a page that anybody may open."""
        return self.get("/tai-khoan/thoat").fields()["csrf_token"]

    def _page(self, response, headers: dict) -> Page:
        return Page(response, is_fragment="HX-Request" in self.headers | headers)


@pytest.fixture
def visitor(app):
    return Visitor(app)


@pytest.fixture
def new_visitor(app):
    return lambda **options: Visitor(app, **options)


numbers = itertools.count(66_090_000_001)  # of a province that no test writes out: a long run must not meet a number of its own


def make_account(full_name: str = "Rơ Châm H'Lan", email: str = "hlan@example.vn", id_number: str = "", **more) -> Account:
    """Somebody who agreed to everything that is asked."""
    id_number = id_number or f"{next(numbers):012}"
    known = {
        "full_name": full_name,
        "birth_date": "1990-07-05",
        "village": "Thôn 6",
        "phone": "+84912345678",
        "email": email,
        "password_hash": hash_of_password(),
    }
    account = accounts.make_account(id_number, utc_now(), **known | more)
    for purpose in PURPOSES:
        Consent.create(account=account, purpose=purpose, version="1")
    return account


_hash: list[str] = []


def hash_of_password() -> str:
    """Hashed once: it takes its time on purpose."""
    _hash.append(_hash[0] if _hash else hash_password(PASSWORD))
    return _hash[0]


@pytest.fixture
def account(app):
    return make_account()


@pytest.fixture
def officer(app):
    return make_staff("officer")


def make_staff(role: str, login_name: str = "", office: str = "H21.129", **more):
    """Somebody of the staff whose password is PASSWORD, hashed once for all of them."""
    with mock.patch.object(staff, "hash_password", lambda _: hash_of_password()):
        return staff.add_staff(login_name or role, f"Cán bộ {role}", role, office, PASSWORD, utc_now(), **more)


@pytest.fixture
def visit_as(app):
    """A visitor logged in as a person; the login is made in the database, not by typing."""

    def visit(person, waits_for: str = "", **options) -> Visitor:
        visitor = Visitor(app, **options)
        visitor.client.set_cookie("v", logins.begin_login(person, "test", utc_now(), waits_for=waits_for), domain="localhost")
        return visitor

    return visit


# --- things ----------------------------------------------------------------------------------------------------------

BIRTH = "dang-ky-khai-sinh"


def photo(colour: str = "white", size: tuple[int, int] = (600, 800)) -> bytes:
    """A JPEG made up here."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG")
    return file.getvalue()


def good_answer(question: dict) -> str:
    """An answer that is right for a question, whatever it is; the numbers and birthdays of a form go together."""
    born = "5/7/1990" if question["key"].split(".")[0].endswith("ngay_sinh") and "con_" not in question["key"] else "5/7/2026"
    samples = {
        "text": "Siu Blĕo",
        "address": "Thôn 6, xã Ia Băng, tỉnh Gia Lai",
        "village": "Thôn 6",
        "textarea": "Xin được giải quyết.",
        "date": born if question.get("rule") == "not_future" else "5/7/2099",
        "id_number": f"064090{crc32(question['key'].encode()) % 10**6:06}",  # of no two people the same
        "phone": "0912345678",
        "number": str(1 if question.get("min") is None else question["min"]),
        "yes_no": "khong",
    }
    return question["choices"][0] if question["type"] == "choice" else samples[question["type"]]


def good_answers(definition: dict) -> dict[str, str]:
    questions = eform.all_questions(definition["eform"]["pages"], {}).values()
    answers = {q["key"]: good_answer(q) for q in questions} | {"owner": "self", "delivery": "desk"}
    for check in definition["eform"].get("checks") or ():
        if check["kind"] == "sum":
            first, *_ = check["parts"]
            answers[first] = answers[check["total"]] = "1"  # the others are 0
    return answers


def full_draft(app, account: Account, slug: str = BIRTH) -> Draft:
    """A draft of `slug` with every answer given and every needed paper sent."""
    definition = app.extensions["library"].refreshed().definitions[slug]
    draft = submission.open_or_begin_draft(account, slug, utc_now())
    pages = eform.asked_pages(definition["eform"]["pages"], good_answers(definition))
    for name in ["owner", "delivery", "papers", *(page["name"] for page in pages)]:
        submission.save_page(draft, name, good_answers(definition), utc_now())
    for document in missing_papers(definition, {}):
        clean = CleanPaper(photo(size=(60, 80)), "image/jpeg", "anh.jpg", 60, 80)
        keep_paper(draft, document["key"], clean, app.extensions["files"], utc_now())
    return Draft.get_by_id(draft.id)


@pytest.fixture
def make_draft(app):
    return lambda account, slug=BIRTH: full_draft(app, account, slug)


@pytest.fixture
def submit(app, library, make_draft):
    """A dossier of `account`, submitted now."""

    def make(account: Account, slug: str = BIRTH) -> Dossier:
        draft = make_draft(account, slug)
        return submission.submit(
            draft,
            submission.content_hash(draft),
            library.definitions[slug],
            "H21.129",
            library.calendar,
            utc_now(),
            lambda code: f"http://localhost/tra-cuu?ma={code}",
        )

    return make


@pytest.fixture
def dossier(account, submit):
    return submit(account)


@pytest.fixture
def letters(app):
    """Every mail that has left by now, as the person's mail program reads it."""

    def read() -> list[email.message.EmailMessage]:
        outbox.deliver_due(app.extensions["mailer"], utc_now())
        folder = Path(app.config["INSTANCE_DIR"]) / "outbox"
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in sorted(folder.glob("*.eml"))]

    return read


def today() -> date:
    from rules.vietnamese import in_vietnam

    return in_vietnam(utc_now()).date()

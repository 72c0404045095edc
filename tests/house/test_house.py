"""Rules of the house, kept here so that nobody must remember them."""

import ast
import base64
import gzip
import hashlib
import io
import json
import re
from dataclasses import asdict, replace
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import brotli
import click
import pytest
from flask import Flask
from jinja2 import nodes
from msgspec.structs import replace as replace_part
from reading import Page
from stage import BIRTH, PASSWORD, make_account, make_staff, photo, today

from database import SealedField, db, is_sqlite, utc_now
from gateways import pdf
from gateways.papers import CleanPaper
from gateways.sealed_address import seal_words
from models import (
    TABLES,
    Apology,
    Broadcast,
    Campaign,
    Dossier,
    DossierVersion,
    Draft,
    Event,
    Help,
    LaterPaper,
    Manifest,
    OutreachNote,
    Pack,
    PaymentAttempt,
    Recording,
    Refund,
    ResultFile,
    ResultReturn,
    Staff,
    SupplementItem,
    SupplementRequest,
    TextMessage,
)
from rules import (
    accounts,
    approvals,
    businesses,
    consents,
    content_drafts,
    content_store,
    data_rights,
    documents,
    logins,
    one_time,
    outreach,
    packs,
    payment_requests,
    people,
    printed_forms,
    receipts,
    refunds,
    second_factor,
    shipment_rows,
    slips,
    staff,
    staffing,
    workflow,
)
from rules.content_files import as_text
from rules.vietnamese import show_day
from settings import SETTINGS
from views.desk_queue import SEARCH
from views.papers import mark_of
from views.visits import cookie_name

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("views", "rules", "gateways")
TEMPLATES = sorted(path.relative_to(PROJECT / "templates").as_posix() for path in (PROJECT / "templates").rglob("*.html"))


# --- imports go down only --------------------------------------------------------------------------------------------

# What each layer may import of ours, besides itself.
BELOW = {
    "settings": set(),
    "sealing": set(),
    "database": {"sealing"},
    "models": {"database"},
    "gateways": {"sealing"},
    "rules": {"models", "gateways", "database"},
    "views": {"rules", "models", "gateways", "database"},
    "chores": {"rules", "models", "database"},
    "commands": {"chores", "rules", "database"},
    "app": {"commands", "chores", "views", "rules", "gateways", "database", "sealing", "settings"},
}


def our_modules() -> dict[str, Path]:
    inside = {
        ".".join(path.relative_to(PROJECT).with_suffix("").parts): path
        for room in ROOMS
        for path in (PROJECT / room).rglob("*.py")
    }
    return {name.removesuffix(".__init__"): path for name, path in inside.items()} | {
        path.stem: path for path in PROJECT.glob("*.py")
    }


MODULES = our_modules()


def imports_of(source: str) -> set[str]:
    """Our modules named in the imports of `source`, wherever they stand in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys() or {node.module}
    return found & MODULES.keys()


def layer_of(module: str) -> str:
    return module.split(".")[0]


def test_every_module_of_ours_has_its_layer():
    assert {layer_of(module) for module in MODULES} == BELOW.keys()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_go_down_only(module):
    allowed = BELOW[layer_of(module)] | {layer_of(module)}

    assert {layer_of(other) for other in imports_of(MODULES[module].read_text())} <= allowed


def test_no_import_goes_in_a_circle():
    graph = {module: imports_of(path.read_text()) - {module} for module, path in MODULES.items()}

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(" → ".join(circle.args[1]))


def test_an_import_that_points_up_would_be_seen():
    assert imports_of("def late():\n    from views import access\n    import app") == {"views.access", "app"}


# --- who may open what -----------------------------------------------------------------------------------------------


def silent_views(app: Flask) -> set[str]:
    return {rule.endpoint for rule in app.url_map.iter_rules() if not getattr(app.view_functions[rule.endpoint], "open_to", None)}


def test_every_view_says_who_may_open_it(whole_site):
    assert silent_views(whole_site) == set()


def test_a_view_that_says_nothing_would_be_seen():
    app = Flask("silent", static_folder=None)
    app.add_url_rule("/im-lang", "silent", lambda: "")

    assert silent_views(app) == {"silent"}


ROLES = {"anyone", "citizen", *staff.ROLES}


def test_views_are_open_to_roles_that_exist(whole_site):
    for endpoint, view in whole_site.view_functions.items():
        assert view.open_to <= ROLES, endpoint


# --- a small world: two citizens, their papers, the desks ------------------------------------------------------------

SECRET_ANSWER = "Ksor Bí Mật Riêng"
OWN = "trau den an co non"  # a password of one's own, in place of PASSWORD


@pytest.fixture
def world(app, make_draft, library, monkeypatch):
    """A has a dossier, a draft and a part in a business, B nothing but an invitation; and what A's addresses are made of."""
    from rules import submission

    confirmed = replace_part(library.site.bank_account, to_confirm=False)
    monkeypatch.setattr(library, "site", replace_part(library.site, bank_account=confirmed))
    a, b = make_account(full_name="Siu Nguyên Chủ"), make_account(full_name="Rah Lan Khác", email="khac@example.vn")
    draft = make_draft(a)
    submission.save_page(draft, "page-3", {"con_ten": SECRET_ANSWER}, utc_now())
    dossier = submission.submit(
        draft,
        submission.content_hash(draft),
        library.definitions[BIRTH],
        "H21.129",
        library.calendar,
        utc_now(),
        lambda code: code,
    )
    begun = make_draft(a)
    submission.save_page(begun, "page-3", {"con_ten": SECRET_ANSWER}, utc_now())
    reset = one_time.make_link_token("reset_link", a, utc_now(), timedelta(hours=1))
    accounts.register(applicant(), lambda token: tokens.append(token) or token, "113.160.5.77", utc_now())
    consents.withdraw(a, library.consents["notices"], utc_now())
    lacking, returned, awaiting = further_dossiers_of(a, dossier)
    data_rights.ask_deletion(b, utc_now())
    return {
        "a": a, "b": b, "dossier": dossier, "draft": begun, "token": tokens[-1], "reset": reset,
        "code": one_time.make_codes("recovery", a, 1, utc_now())[0],
        "activation": one_time.make_codes("activation", a, 1, utc_now())[0],
        **business_of(a, b), "lacking": lacking, "returned": returned, "awaiting": awaiting,
        "version": lacking.versions.get(), "later": awaiting.later_papers.get(), "item": lacking.supplements.get().items.get(),
        "document": document_of(app, a),
        "new email": one_time.make_link_token("new_email", a, utc_now(), timedelta(days=7), payload="moi@example.vn"),
        "login": logins.find_login(logins.begin_login(a, "elsewhere", utc_now())).id,
        **staff_of_the_commune(),
        **people_at_the_desk(a), **helps_to(a, dossier), "culture": make_staff("culture"),
        "accepting": returned.events.get(), "printed": control_slip_of(library, returned),
        **result_and_text_of(app, returned, lacking), "accepted": accepted_dossier_of(library, returned),
        **late_dossier_of(library, returned), **money_of(library, returned), **post_of(returned, lacking),
        **packs_of(app), "voices": recordings_of(app), **written_at_the_desk(app), "postal clerk": make_staff("postal_clerk"),
        "specialist": make_staff("specialist", "specialist2"),
        **outreach_of(make_staff("village_head", village="Thôn 9")),
        "officer elsewhere": make_staff("officer", "officer-121", office="H21.121"),
    }  # fmt: skip


def further_dossiers_of(a, first):
    """Three more of A: one corrected once, of which the desk asks more; one whose result is in hand; one that awaits a paper."""
    known = {field: getattr(first, field) for field in first._meta.fields if field not in ("id", "code", "receipt_code")}
    lacking = Dossier.create(**known | {"code": "H21.129-200101-0001", "receipt_code": "0" * 12, "state": 5})
    returned = Dossier.create(**known | {"code": "H21.129-200101-0002", "receipt_code": "1" * 12, "state": 10})
    awaiting = Dossier.create(**known | {"code": "H21.129-200101-0003", "receipt_code": "2" * 12})
    now, officer = utc_now(), make_staff("officer", "asker")
    asked = SupplementRequest.create(dossier=lacking, round=1, asked_by=officer, asked_at=now, due_on=now.date(), resumes_to=1)
    SupplementItem.create(request=asked, document_key="giay_chung_sinh", name="Giấy chứng sinh", reason="Ảnh mờ")
    DossierVersion.create(dossier=lacking, answers=first.answers, delivery="desk", replaced_at=now)
    brought = Draft.create(account=a, procedure_slug="khac", idempotency_key="brought", dossier=awaiting)
    LaterPaper.create(draft=brought, dossier=awaiting, document_key="giay_chung_sinh", due_on=now.date())
    Event.create(dossier=lacking, name="ask_supplement", from_state=1, to_state=5, actor_kind="officer", actor_name="x", at=now)
    Event.create(dossier=returned, name="accept", from_state=1, to_state=2, actor_kind="officer", actor_name="x", at=now)
    Dossier.update(accepted_at=now, first_due_at=now, due_at=now).where(Dossier.id == returned.id).execute()
    return lacking, Dossier.get_by_id(returned.id), awaiting


def result_and_text_of(app, returned, lacking) -> dict:
    """A result that was returned with its file; a dossier whose result is there; a text that waits to be sent."""
    known = {field: getattr(returned, field) for field in returned._meta.fields if field != "id"}
    finished = Dossier.create(**known | {"code": "H21.129-200101-0004", "receipt_code": "3" * 12, "state": 9})
    stored_name, officer = app.extensions["files"].keep(photo()), Staff.get(Staff.login_name == "officer")
    about = {"filename": "ket-qua.jpg", "media_type": "image/jpeg", "size_bytes": 1, "content_hash": "x"}
    result = ResultFile.create(dossier=returned, stored_name=stored_name, uploaded_by=officer, **about)
    ResultReturn.create(dossier=returned, way="online", receiver=returned.owner_name, event=returned.events.get())
    text = TextMessage.create(dossier=lacking, event=lacking.events.get(), text="Ho so can bo sung")
    return {"finished": finished, "result": result, "text": text}


def written_at_the_desk(app) -> dict:
    """An announcement in force, of which a change is being written, as of the site; read over one loudspeaker alone."""
    by, now = Staff.get(Staff.login_name == "culture"), utc_now()
    said = {
        "slug": "tiem",
        "title": "Lịch tiêm",
        "body": "Tiêm.",
        "valid_from": "2026-11-01",
        "scripts": {"vi": "Kính thưa bà con."},
    }
    site = content_drafts.writing("site.yaml").value
    texts = {"announcements/tiem.yaml": as_text(said), "site.yaml": as_text(site | {"hours": "Sáng thứ Bảy"})}
    content_store.publish(texts, by, now)
    app.extensions["library"].look_soon()
    content_drafts.save("announcements/tiem.yaml", said | {"title": "Đổi lịch tiêm"}, 0, by, "told", now)
    content_drafts.save("site.yaml", site | {"phone": "0269 111 222"}, 0, by, "site", now)
    about = {"slug": "tiem", "title": "Lịch tiêm", "language": "vi", "planned_at": now, "made_by": by}
    return {
        "to read": Broadcast.create(**about, village="Thôn 9", form_key="to read"),
        "was read": Broadcast.create(**about, village="Thôn 9", form_key="was read", said_at=now, said_by=by),
    }


def packs_of(app) -> dict[str, Pack]:
    """What was printed for a village, in one go with others; and one that could not be made."""
    stored_name, choices = app.extensions["files"].keep(b"%PDF-"), asdict(packs.Choices(guides=["nop-ho-so"]))
    about = {"office": "H21.129", "village": "thon-9", "choices": choices, "asked_by": Staff.get(Staff.login_name == "officer")}
    made = {"state": Pack.READY, "pages": 1, "size_bytes": 5, "stored_name": stored_name, "made_at": utc_now()}
    return {
        "pack": Pack.create(**about, **made, batch="b" * 12, form_key="pack"),
        "failed pack": Pack.create(**about, state=Pack.FAILED, fault=packs.FAILED, form_key="failed pack"),
    }


def recordings_of(app) -> dict:
    """Of a step of a guide, in Jrai: one that is heard, the one it replaced, and one that the machine could not make small."""
    files, by = app.extensions["files"], Staff.get(Staff.login_name == "culture")
    about = {"guide_slug": "nop-ho-so", "step": 2, "language": "jrai", "uploaded_by": by}
    made = {"failed": Recording.create(**about, form_key="failed", state="failed", stored_name=files.keep(b"#!AMR"))}
    for name, replaced_at in (("replaced", utc_now()), ("heard", None)):
        sounds = {"mp3_name": files.keep(b"mp3"), "mp3_bytes": 3, "opus_name": files.keep(b"opus"), "opus_bytes": 4, "seconds": 1}
        made[name] = Recording.create(**about, **sounds, form_key=name, state="ready", replaced_at=replaced_at)
    return made


def accepted_dossier_of(library, other):
    """What the officer has just accepted: it may go to another office, and be undone."""
    known = {field: getattr(other, field) for field in other._meta.fields if field != "id"}
    fresh = {"code": "H21.129-200101-0005", "receipt_code": "4" * 12, "state": 1, "accepted_at": None, "due_at": None}
    dossier = Dossier.create(**known | fresh)
    workflow.make_move(dossier, "accept", Staff.get(Staff.login_name == "officer"), utc_now(), library.calendar)
    return dossier


def late_dossier_of(library, other) -> dict:
    """One whose promised day has passed: the officer has prepared an apology; and a day that may be promised anew."""
    known = {field: getattr(other, field) for field in other._meta.fields if field != "id"}
    now, officer, calendar = utc_now(), Staff.get(Staff.login_name == "officer"), library.calendar
    due = now - timedelta(days=3)
    fresh = {"code": "H21.129-200101-0006", "receipt_code": "5" * 12, "state": 4, "first_due_at": due, "due_at": due}
    late, day = Dossier.create(**known | fresh), calendar.add_working_days((now + timedelta(days=9)).date(), 5)
    about = {"reason": SECRET_ANSWER, "due_before": due, "new_due_at": calendar.closing(day), "made_by": officer}
    return {"late": late, "sorry": Apology.create(dossier=late, form_key="sorry", **about), "new day": show_day(day)}


def post_of(other, lacking) -> dict:
    """A result on a list nobody has signed, one on a signed list, one the post has delivered; papers to be fetched."""
    now, officer = utc_now(), Staff.get(Staff.login_name == "officer")
    known = {field: getattr(other, field) for field in other._meta.fields if field != "id"} | {"state": 9}
    to = {"receiver": "Siu Người Nhận", "address": "Thôn Bưu Gửi", "phone": "", "fee_dong": None, "by": officer, "now": now}
    about = {"office": other.office, "year": 2020, "direction": "return", "made_by": officer}
    lists = [
        Manifest.create(**about, number=1, form_key="list"),
        Manifest.create(**about, number=2, form_key="signed", postman="Võ", signed_by=officer, signed_at=now),
    ]
    made = {"list": lists[0], "signed list": lists[1]}
    for number, (name, state) in enumerate({"listed": "waiting", "posted": "handed_over", "brought": "delivered"}.items(), 51):
        step = "" if state == "waiting" else "posting"
        fresh = {"code": f"H21.129-200101-{number:04}", "receipt_code": f"{number}" * 6, "step": step}
        shipment = made[name] = shipment_rows.begin(Dossier.create(**known | fresh), "return", **to)
        if step:
            shipment_rows.write(shipment, state, officer, now, "Siu Người Nhận")
        if state != "delivered":
            shipment.manifest = lists[number - 51]
            shipment.save()
    waits = Dossier.get(Dossier.code == "H21.129-200101-0004")
    shipment_rows.begin(lacking, "collect", **to)
    return made | {"unlisted": shipment_rows.begin(waits, "return", **to)}


def money_of(library, other) -> dict:
    """One that waits for money, of which somebody is paying and somebody has paid twice; one whose receipt is being voided,
    and one whose receipt is void. A colleague has asked for what another has to grant."""
    now, officer, colleague = utc_now(), Staff.get(Staff.login_name == "officer"), Staff.get(Staff.login_name == "colleague")
    known = {field: getattr(other, field) for field in other._meta.fields if field != "id"}
    known |= {"accepted_at": None, "due_at": None}
    made = {}
    for number, name in enumerate(("unpaid", "paid", "voided"), start=7):
        fresh = {"code": f"H21.129-200101-{number:04}", "receipt_code": str(number) * 12, "state": 1, "payment": ""}
        dossier = made[name] = Dossier.create(**known | fresh)
        wanted = payment_requests.Wanted("Phí", 8000, "Thông tư", (now + timedelta(days=7)).date())
        asked = payment_requests.ask(dossier, wanted, officer, now, library.calendar, f"asked-{name}")
        if name == "unpaid":
            about = {"request": asked, "amount_dong": 8000, "bank": "NCB", "made_at": now, "expires_at": now}
            made["attempt"] = PaymentAttempt.create(
                **about, txn_ref="P1", state="paid", problem="double", settled_at=now, form_key="attempt"
            )
            made["refund"] = refunds.ask(made["attempt"], 1000, SECRET_ANSWER, colleague, now, "refund")
            for kind in ("unclear refund", "said refund"):
                made[kind] = refunds.ask(made["attempt"], 1000, "Trả hai lần", officer, now, kind)
                open_ = {"state": "unknown", "response": "94", "granted_by": colleague, "granted_at": now}
                Refund.update(open_).where(Refund.id == made[kind].id).execute()
            refunds.say_end(made["said refund"], "done", SECRET_ANSWER, colleague, now)
        else:
            taken = receipts.take(
                dossier, asked.id, "cash", 8000, dossier.owner_name, "", officer, now, library.calendar, f"taken-{name}"
            )
            made[f"{name} receipt"] = receipt = receipts.receipt_of(dossier, taken.id)
            receipt.request.dossier = dossier
    receipts.ask_void(made["voided receipt"], SECRET_ANSWER, officer, now)
    receipts.decide_void(made["voided receipt"], True, colleague, now, "voided")
    waits = Dossier.create(**known | {"code": "H21.129-200101-0010", "receipt_code": "X" * 12, "state": 1})
    asked = payment_requests.ask(waits, wanted, officer, now, library.calendar, "asked-waits")
    taken = receipts.take(waits, asked.id, "cash", 8000, waits.owner_name, "", officer, now, library.calendar, "taken-waits")
    made["waiting void"] = receipts.receipt_of(waits, taken.id)
    made["waiting void"].request.dossier = waits
    receipts.ask_void(made["waiting void"], SECRET_ANSWER, colleague, now)
    return {"money": made}


def control_slip_of(library, dossier):
    """A form that the officer has made out of a dossier."""
    officer, event, kind = Staff.get(Staff.login_name == "officer"), dossier.events.get(), printed_forms.BY_KEY["control"]
    return printed_forms.make(dossier, kind, event.id, officer, utc_now(), library.site, library.calendar, "http://localhost/x")


def staff_of_the_commune() -> dict:
    """An administrator, a leader, whom the administrator has entered and nobody approved; and three on their way in."""
    now, boss = utc_now(), make_staff("administrator")
    entered = make_staff("specialist", "entered", approved_at=None, made_by=boss, second_factor="codes")
    choosing = make_staff("officer", "choosing")
    coming = make_staff("officer", "coming", second_factor="codes")
    logins.begin_login(entered, "elsewhere", now)
    return {
        "administrator": boss, "leader": make_staff("leader"), "entered": entered,
        "newcomer": make_staff("officer", "newcomer", must_change_password=True), "choosing": choosing, "coming": coming,
        "codes": {"choosing": second_factor.print_codes(choosing, now)[0], "coming": second_factor.print_codes(coming, now)[0]},
    }  # fmt: skip


def people_at_the_desk(a) -> dict:
    """An officer who has opened A, who is two accounts made one; and somebody of the older number, for whom she made a slip.

    A colleague has asked to reset A's password. Somebody else has registered without e-mail.
    """
    now, officer, colleague = utc_now(), make_staff("officer"), make_staff("leader", "colleague")
    old = make_account(full_name="Kpui Số Cũ", email="", id_number="231234567", password_hash="")
    absorbed = make_account(full_name="Siu Nguyên Chủ", email="", id_number="231234999")
    merge = approvals.ask("merge", a, officer, "Một người", now, "merge", absorbed)
    approvals.grant(merge, colleague, now)
    for account in (a, old):
        people.open_for(account, officer, "Xem giấy tờ thật", now)
    without_email = replace(applicant(), id_number="064090777002", email="")
    return {
        "officer": officer, "old": old, "merge": merge, "slip": slips.make_slip(old, officer, now, "slip"),
        "asked": approvals.ask("reset", a, colleague, "Quên mật khẩu", now, "reset"),
        "registration": accounts.register(without_email, str, "113.160.5.77", now),
    }  # fmt: skip


def helps_to(a, dossier) -> dict:
    """What the officer was agreed to today: begun, handed in, and taken back with something typed; and what she holds."""
    now, officer = utc_now(), Staff.get(Staff.login_name == "officer")
    Dossier.update(taken_by=officer).where(Dossier.code == "H21.129-200101-0003").execute()
    known = {"helper": officer, "account": a, "agreed_by": "aloud", "witness": "Siu Người Nghe", "began_at": now}
    known |= {"expires_at": now + timedelta(hours=1)}
    begun = Help.create(**known, procedure_slug=BIRTH, form_key="begun")
    handed_in = Help.create(**known, procedure_slug=BIRTH, dossier=dossier, form_key="handed in")
    taken_back = Help.create(**known, procedure_slug="khac-nua", revoked_at=now, form_key="taken back")
    Draft.create(account=a, procedure_slug="khac-nua", idempotency_key="taken back", help=taken_back)
    return {"help": begun, "handed in": handed_in, "taken back": taken_back}


def outreach_of(head) -> dict:
    """A session the village head has noted, and one she has dropped; what is asked of every village, and what was."""
    now, culture = utc_now(), Staff.get(Staff.login_name == "culture")
    day = now.date()
    known = {"village": head.village, "day": day - timedelta(days=1), "reached": 25, "by": head, "at": now}
    asked = {"task": "Một buổi", "first_on": day - timedelta(days=9), "last_on": day, "made_by": culture}
    return {
        "village head": head,
        "note": OutreachNote.create(**known, place="Nhà rông", form_key="note"),
        "dropped note": OutreachNote.create(**known, place="Sân bóng", dropped_at=now, form_key="dropped"),
        "campaign": Campaign.create(**asked, title="Chỉ tra cứu", form_key="campaign"),
        "ended campaign": Campaign.create(**asked, title="Đã xong", ended_at=now, ended_by=culture, form_key="ended"),
    }  # fmt: skip


WAITS_FOR = {"newcomer": "first_password", "choosing": "set_factor", "coming": "factor"}


def business_of(a, b) -> dict:
    """A business that A and a partner act for; the partner has invited B."""
    partner = make_account(full_name="Kpă Cùng Làm", email="cung@example.vn")
    business = businesses.add(partner, "Cà phê Ia Băng", "5900189357", utc_now())
    businesses.invite(business, partner, a, utc_now())
    businesses.accept(businesses.invitation(a, business.ref, utc_now()), utc_now())
    businesses.invite(business, partner, b, utc_now())
    return {"business": business, "partner": partner}


def document_of(app, a):
    """A personal document with one file, and a form that A left with faults."""
    store, clean = app.extensions["files"], CleanPaper(photo(), "image/jpeg", "the.jpg")
    details = {"name": SECRET_ANSWER, "number": "", "issued_on": "", "place": "", "expires_on": ""}
    file = documents.keep_file(clean, store)
    document, _ = documents.save_document(a, "f" * 32, "can_cuoc", details, [file], store, 10**6, utc_now())
    documents.keep_begun(a, "e" * 32, {"name": SECRET_ANSWER, "form_key": "e" * 32}, [], store, 10**6, utc_now())
    return document


tokens: list[str] = []


def applicant() -> accounts.Applicant:
    from datetime import date

    return accounts.Applicant(
        "citizen", "064090777001", "Nay Chưa Xác Nhận", date(1990, 1, 1), "", "", "moi@example.vn", PASSWORD
    )


@pytest.fixture
def person(world, visit_as, new_visitor):
    """The visitor that a role of the world is."""
    return lambda role: new_visitor() if role == "nobody" else visit_as(world[role], WAITS_FOR.get(role, ""))


def looked_for(officer: Staff) -> str:
    """The address of what the officer has looked for."""
    said = json.dumps([officer.id, int(utc_now().timestamp()), "siu", "Giải quyết hồ sơ"])
    return seal_words(SealedField.sealer, said, SEARCH)


def special_values(world) -> dict[str, dict]:
    """What stands in an address, where it is another thing of A's than elsewhere."""
    return {
        "my_account.confirm_email": {"token": world["new email"]},
        "submission.paper": {"paper_id": world["draft"].papers.get().id},
        "submission.small_paper": {"paper_id": world["draft"].papers.get().id},
        "people.add_number": {"ref": world["old"].ref},
        "mending.supplement": {"code": world["lacking"].code},
        "helping.farewell": {"help_ref": world["handed in"].ref},
        "helping.print_slip": {"help_ref": world["handed in"].ref},
        "helping.next_person": {"help_ref": world["handed in"].ref},
        "helping.take_over": {"help_ref": world["taken back"].ref},
        "helping.drop_left_over": {"help_ref": world["taken back"].ref},
        "mending.rate": {"code": world["returned"].code},
        "desk.put_back": {"code": world["awaiting"].code},
        "desk_moves.undo": {"code": world["accepted"].code},
        "lateness.prepare": {"code": world["accepted"].code},
        "lateness.sign": {"code": world["late"].code, "apology_id": world["sorry"].id},
        "lateness.drop": {"code": world["late"].code, "apology_id": world["sorry"].id},
        "desk_moves.transfer": {"code": world["accepted"].code},
        "desk_dossiers.tick_item": {"code": world["lacking"].code},
        "desk_dossiers.tick_paper": {"code": world["awaiting"].code},
        "desk_dossiers.show_version": {"code": world["lacking"].code},
        "people.ask_undo": {"approval_id": world["merge"].id},
        "desk_results.add": {"code": world["finished"].code},
        "desk_results.give": {"code": world["finished"].code},
        "desk_results.open_result": {"code": world["returned"].code},
        "personal.open_result": {"code": world["returned"].code},
        "post.send": {"code": world["finished"].code},
        "post.mine": {"code": world["awaiting"].code},
        "post.cancel": {"code": world["lacking"].code},
        **dict.fromkeys(
            (
                "personal.payment",
                "personal.payment_ways",
                "personal.payment_banks",
                "personal.pay",
                "personal.payment_transfer",
                "personal.payment_vietqr",
                "personal.payment_slip",
            ),
            {"ref": payment_requests.open_request(world["money"]["unpaid"]).ref},
        ),
        "loudspeakers.mark_read": {"ref": world["to read"].ref},
        "loudspeakers.mark_not_read": {"ref": world["was read"].ref},
        "loudspeakers.drop": {"ref": world["to read"].ref},
        "content_desk.confirm": {"name": "guides/4-nop-ho-so"},
        "content_desk.questions": {"name": "procedures/dang-ky-khai-sinh"},
        "recordings.remove": {"ref": world["voices"]["heard"].ref},
        "recordings.put_back": {"ref": world["voices"]["replaced"].ref},
        "recordings.try_again": {"ref": world["voices"]["failed"].ref},
        **dict.fromkeys(("personal.receipt", "personal.print_receipt"), {"ref": world["money"]["voided receipt"].request.ref}),
        "post.show_shipment": {"ref": world["posted"].ref},
        "post.take_step": {"ref": world["posted"].ref, "word": "da-phat"},
        "post.note_tracking": {"ref": world["posted"].ref},
        "post.take_over": {"manifest_id": world["signed list"].id},
        "packs.make_again": {"pack_ref": world["failed pack"].ref},
        "outreach.take_back": {"note_ref": world["dropped note"].ref},
        "campaigns.go_on_with": {"campaign_ref": world["ended campaign"].ref},
    }


# What stands for <slug> in the addresses of a room; elsewhere it is a procedure.
SLUG_IN = {
    **dict.fromkeys(("guides", "listening", "recordings", "embeds"), "nop-ho-so"),
    **dict.fromkeys(("announcements", "announcement_desk", "loudspeakers"), "tiem"),
}


def addresses(app, world, method: str) -> dict[str, str]:
    """The address of every route that takes `method`, by endpoint, with A's things in it."""
    known = {"business": world["business"].ref, "representative": world["partner"].ref,
             "code": world["dossier"].code, "token": world["token"],
             "paper_id": world["dossier"].papers.get().id, "number": 1,
             "document_id": world["document"].id, "file_id": world["document"].files.get().id,
             "staff_id": world["entered"].id, "place": BIRTH, "login_id": world["login"],
             "word": "tiep-nhan", "version_id": world["version"].id, "later_id": world["later"].id,
             "item_id": world["item"].id, "key": "giay_chung_sinh",
             "ref": world["a"].ref, "slip_id": world["slip"].id, "approval_id": world["asked"].id,
             "kind": "giay-hen", "event_id": world["accepting"].id, "form_id": world["printed"].id,
             "text_id": world["text"].id, "apology_id": world["sorry"].id, "result_id": world["result"].id,
             "manifest_id": world["list"].id, "note_ref": world["note"].ref, "campaign_ref": world["campaign"].ref,
             "village_key": "thon-9",
             "help_ref": world["help"].ref, "item": 1, "filename": "style.css", "mark": "0", "report": "ii06a",
             "receipt_id": world["money"]["paid receipt"].id, "attempt_id": world["money"]["attempt"].id,
             "refund_id": world["money"]["refund"].id,
             "sealed": looked_for(world["officer"]), "poster": "ba-cach", "pack_ref": world["pack"].ref,
             "batch_ref": world["pack"].batch, "guide_number": "4", "village": "thon-9", "procedure_code": "1.001193",
             "typed": "7K3M", "recording": world["voices"]["heard"].ref, "name": "site", "path": "dich-vu/"}  # fmt: skip
    found, special = {}, special_values(world)
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if method in rule.methods:
                slug = SLUG_IN.get(rule.endpoint.split(".")[0], BIRTH)
                values = {name: slug if name == "slug" else known[name] for name in rule.arguments}
                if rule.endpoint.startswith("recovery."):
                    values |= {"token": world["reset"]} if "token" in values else {}
                values |= special.get(rule.endpoint, {})
                if rule.endpoint.startswith("desk_payments.") and "code" in values:
                    values |= where_money_is(world, rule.endpoint.partition(".")[2])
                if rule.endpoint.startswith("printed_forms.") and "code" in values:
                    values |= {"code": world["returned"].code}
                found[rule.endpoint] = app.url_for(rule.endpoint, **values)
    return found


def where_money_is(world, page: str) -> dict[str, object]:
    """The dossier on which a page of the desk's money has something to do."""
    money = world["money"]
    return {
        "ask": {"code": world["accepted"].code},
        "old_address": {"code": world["accepted"].code, "word": "thu-tien"},
        "decide_void": {"code": "H21.129-200101-0010", "receipt_id": money["waiting void"].id},
        "replace": {"code": money["voided"].code, "receipt_id": money["voided receipt"].id},
        "say_refund_end": {"code": money["unpaid"].code, "refund_id": money["unclear refund"].id},
        "confirm_refund_end": {"code": money["unpaid"].code, "refund_id": money["said refund"].id},
    }.get(page, {"code": money["paid" if "receipt" in page or page in ("reprint", "ask_void") else "unpaid"].code})


def everything() -> dict[str, list]:
    """Every row of every table, save when a login was last seen, how often somebody tried in vain, and who opened what."""
    db.connect(reuse_if_open=True)
    return {table.__name__: rows_of(table) for table in TABLES if table.__name__ != "Attempts"}


def rows_of(table) -> list[tuple]:
    columns = ",".join(
        f'"{field.column_name}"' for field in table._meta.sorted_fields if (table.__name__, field.name) != ("Login", "seen_at")
    )
    # That somebody of the commune opened a dossier is written down by the opening itself (“Ai đã xem”).
    unread = (
        " WHERE name NOT IN ('account opened', 'dossier opened', 'paper opened', 'business opened', 'news listed')"
        if table.__name__ == "AccountEvent"
        else ""
    )
    rows = db.execute_sql(f'SELECT {columns} FROM "{table._meta.table_name}"{unread} ORDER BY 1').fetchall()
    return [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in rows]


# --- GET reads -------------------------------------------------------------------------------------------------------


def with_questions(address: str, world) -> list[str]:
    """The address as links and search forms of the site ask it."""
    dossier = world["dossier"]
    asked = {
        "/": ["?da=thoat"],
        "/dich-vu/": ["?q=khai+sinh", "?q=zzzz", "?linh-vuc=H%E1%BB%99+t%E1%BB%8Bch", "?q=a&trang=2"],
        "/tra-cuu": [f"?ma={dossier.receipt_code}", f"?ma={dossier.code}", "?ma=0000+0000+0000", "?ma=x"],
        "/tai-khoan/dang-nhap/tinh": ["?tiep=/ca-nhan/"],
        "/tai-khoan/dang-ky/so-giay-to": ["?loai=cong-dan", "?loai=doanh-nghiep"],
        "/mot-cua/tre-han": ["?xem=sap-tre&buoc=cho-ky&can-bo=0", "?xem=chua-xin-loi&trang=9"],
        "/mot-cua/": ["?xem=moi", "?trang=9", "?xem=da-tra&thon=x&tu=1/1/2026", "?den=x"],
        "/nhung/huong-dan": ["?dang=danh-sach", "?dang=x"],
        "/nhung/thong-bao": ["?dang=danh-sach"],
        "/nhung/oembed": [
            "?url=http://localhost/tra-cuu",
            "?url=http://localhost/minh-bach&format=xml",
            "?url=http://[&maxwidth=x",
        ],
        "/mot-cua/nhung/": ["?bai=thanh-toan", "?bai=x"],
        "/ca-nhan/ho-so": ["?trang=2", "?xem=ket-qua"],
        "/thanh-toan/vnpay/return": ["?vnp_TxnRef=H21&vnp_SecureHash=x", "?%ff"],
        "/ca-nhan/ban-nhap": ["?trang=2", "?da=xoa-nhap"],
        "/ca-nhan/lich-su": ["?co-quan=H21.129&tu=1/1/26&den=h%C3%B4m+nay", "?tu=1/1/2020&den=2/1/2020", "?tu=x&trang=9"],
        "/ca-nhan/lich-su/tep.csv": ["?tu=1/1/2020", "?tu=x"],
        "/ca-nhan/lich-su/in": ["?tu=1/1/2020", "?tu=x"],
        "/ca-nhan/tai-khoan/": ["?da=da-doi-ten"],
        "/ca-nhan/tai-khoan/may": ["?trang=2"],
        "/ca-nhan/tai-khoan/ai-da-xem": ["?trang=2"],
        "/ca-nhan/du-lieu/": ["?da=rut-dong-y"],
        "/ca-nhan/tai-lieu": ["?trang=2", "?da=luu"],
        f"/ca-nhan/tai-lieu/{world['document'].id}": ["?xem=anh", "?trang=2"],
        "/mot-cua/nhan-vien/": ["?q=can+bo", "?trang=9"],
        "/mot-cua/da-chuyen": ["?da=da-chuyen"],
        "/mot-cua/tin-nhan/": ["?trang=9", "?da=tin-da-gui"],
        f"/mot-cua/tin-nhan/{world['text'].id}": ["?ve=hang-cho"],
        "/mot-cua/mau-cau-hoi": ["?xem=trang", "?xem=quy-tac"],
        "/mot-cua/dang-nhap": ["?tiep=/mot-cua/toi"],
        "/mot-cua/bao-cao/": ["?ky=2026-q3", "?tu=1/1/2025&den=31/1/2025", "?ky=x", "?linh-vuc=H%E1%BB%99+t%E1%BB%8Bch"],
        "/mot-cua/bao-cao/tien-do": ["?ky=2025", "?tu=x&den=y"],
        "/mot-cua/bao-cao/so-theo-doi": ["?trang=9", "?xem=in", f"?thu-tuc={BIRTH}&linh-vuc=x"],
        "/mot-cua/bao-cao/lanh-dao": ["?ky=2026-h1", "?ky=2026-13"],
        "/mot-cua/bao-cao/ii06a.xlsx": ["?ky=2026", "?ky=x"],
        "/mot-cua/bao-cao/so-theo-doi.xlsx": ["?ky=2026", "?tu=1/1/2020&den=x"],
        "/mot-cua/ghi-am/nop-ho-so": ["?buoc=2&tieng=jrai", "?buoc=x&tieng=%ff", "?da=ghi-am"],
        "/mot-cua/bao-cao/lang/": ["?ky=2026-q3", "?ky=x"],
        "/mot-cua/bao-cao/lang/thon-9": ["?ky=2026", "?tu=1/1/2025&den=x"],
        "/mot-cua/nhat-ky/": ["?lang=Th%C3%B4n+9", "?viec=x&noi=x"],
        "/mot-cua/nhat-ky/da-ghi": ["?lang=Th%C3%B4n+9&trang=9", "?lang=x", "?da=bo-buoi"],
        "/mot-cua/chien-dich/": ["?trang=9"],
        "/mot-cua/lang-toi": ["?trang=9"],
        "/mot-cua/tien/": ["?ngay=1/11/2026", "?ngay=x", "?trang=2", "?trang=x", "?xem=in"],
        "/mot-cua/tien/doi-soat": ["?tu=1/11/2026&den=30/11/2026", "?tu=x", "?tu=2/1/2026&den=1/1/2026"],
        "/mot-cua/tien/so-thu.xlsx": ["?ngay=x"],
        "/mot-cua/tien/doi-soat.xlsx": ["?tu=1/11/2026", "?den=x"],
        "/h/4/thon-9": ["?x=1"],
        "/thong-bao/": ["?trang=9", "?trang=x"],
        "/mot-cua/thong-bao/moi": ["?tu=nop-ho-so", f"?tu={BIRTH}", "?tu=x"],
        "/mot-cua/loa/tiem/in": ["?tieng=vi", "?tieng=x"],
        "/mot-cua/xem-thu/": ["?trang=/thong-bao/tiem", "?trang=//x", "?trang=/mot-cua/"],
        "/mot-cua/noi-dung/sua/site": ["?o=villages.1", "?o=post", "?o=x"],
        "/huong-dan/nop-ho-so/in": ["?kho=A5", "?kho=x"],
        "/mot-cua/bo-tai-lieu/lap": ["?lang=thon-9", "?lang=x"],
        "/mot-cua/so-theo-doi/in": ["?kho=a5", "?tu=1/1/2020&den=x"],
        "/mot-cua/lam-giup": [f"?thu-tuc={BIRTH}", "?da=thoi-giup"],
        f"/mot-cua/lam-giup/{world['a'].ref}": ["?q=khai+sinh", f"?thu-tuc={BIRTH}", f"?thu-tuc={BIRTH}&cach=doc-to"],
        f"/mot-cua/tai-quay/{world['a'].ref}": ["?q=zzzz", f"?thu-tuc={BIRTH}"],
        "/ca-nhan/lam-giup": ["?trang=2", "?da=thu-hoi"],
        f"/ca-nhan/doanh-nghiep/{world['business'].ref}/": ["?trang=2", "?da=da-moi"],
        f"/mot-cua/doanh-nghiep/{world['business'].ref}": ["?vi=hoi-dap"],
        f"/nop-ho-so/{BIRTH}/giay-to": ["?them=", "?them=giay_chung_sinh", "?da=gui-giay"],
        f"/nop-ho-so/{BIRTH}/giay-{world['draft'].papers.get().id}": ["?xem=anh"],
        f"/nop-ho-so/{BIRTH}/xem-lai": ["?from_check=1"],
    }
    return [address, *(address + question for question in asked.get(address, []))]


# VNPAY 2.1.0 tells by a GET how a payment ended: no browser's, and believed by its signature alone (SECURITY §10).
KEEPS_BY_PROTOCOL = {"payment_gateway.take_notice"}


@pytest.mark.parametrize(
    "role", ["nobody", "a", "b", "officer", "officer elsewhere", "culture", "administrator", "leader", *WAITS_FOR]
)
def test_no_get_changes_anything(app, world, person, role):
    visitor = person(role)
    before = everything()

    for endpoint, address in addresses(app, world, "GET").items():
        for asked in with_questions(address, world) if endpoint not in KEEPS_BY_PROTOCOL else ():
            with visitor.client.get(asked) as answer:
                assert answer.status_code < 500, asked
            visitor.client.head(asked).close()

    assert everything() == before


def test_a_call_of_the_gateway_is_kept_and_changes_nothing_else_unless_it_is_signed(app, world, new_visitor):
    before = everything()
    for endpoint in KEEPS_BY_PROTOCOL:
        address, visitor = addresses(app, world, "GET")[endpoint], new_visitor()
        for asked in (address, f"{address}?vnp_TxnRef=H21&vnp_ResponseCode=00&vnp_TransactionStatus=00"):
            assert visitor.client.get(asked).json["RspCode"] == "97"
            assert visitor.client.head(asked).status_code == 405

    after = everything()
    assert {name for name in after if after[name] != before[name]} == {"PaymentNotice"}


# --- a forged form is refused ----------------------------------------------------------------------------------------


def forms_of_content(key: str) -> dict[str, tuple[str, dict]]:
    told = {"title": "Lịch tiêm mới", "body": "Tiêm.", "valid_from": "5/7/2027", "valid_to": "", "do": "luu", "form_key": key}
    of_site = {"revision": "1", "form_key": key}
    tomorrow = (today() + timedelta(days=1)).strftime("%d/%m/%Y")
    return {
        "announcement_desk.write_new": ("culture", told),
        "announcement_desk.write": ("culture", told | {"revision": "1"}),
        "announcement_desk.take_down": ("culture", {"form_key": key}),
        "announcement_desk.drop_draft": ("culture", {"revision": "1"}),
        "loudspeakers.plan": (
            "culture", {"day": tomorrow, "clock": "6:30", "language": "vi", "villages": "Thôn 9", "form_key": key},
        ),
        "loudspeakers.mark_read": ("culture", {}),
        "loudspeakers.mark_not_read": ("culture", {}),
        "loudspeakers.drop": ("culture", {}),
        "content_desk.edit": ("culture", of_site | {"phone": "0269 333 444"}),
        "content_desk.undo": ("culture", of_site),
        "content_desk.discard": ("culture", of_site),
        "content_desk.confirm": ("culture", {}),
        "content_desk.review": ("culture", of_site),
        "content_desk.review_all": ("culture", of_site),
        "content_desk.version": ("culture", {"form_key": key}),
        "content_desk.add_procedure": ("culture", {"title": "Xác nhận cư trú", "form_key": key}),
        "content_desk.bring": ("culture", {"tep": (io.BytesIO(b"purposes: []"), "consents.yaml")}),
    }  # fmt: skip


def good_forms(world) -> dict[str, tuple[str, dict]]:
    """By endpoint: who sends the form, and what would be a good one, but for its token."""
    from rules import paper_checks, submission

    draft = world["draft"]
    key = "f" * 32
    seen = {"seen": "1", "form_key": key, "purpose": "Xem giấy tờ thật"}
    new_password = {"password": "nui cao suoi sau", "password_again": "nui cao suoi sau"}
    session = {"form_key": key, "day": show_day(world["note"].day), "place": "Nhà văn hoá", "reached": "12"}
    details = {
        "kind": "cong-dan", "id_number": "064090123456", "password": "rua bien xanh lam", "password_again": "rua bien xanh lam",
        "full_name": "Siu Black", "birth_date": "5/7/1990", "email": "siu@example.vn",
    }  # fmt: skip
    return {
        "account.log_in": ("nobody", {"id_number": world["a"].id_number, "password": PASSWORD}),
        "account.log_out": ("a", {}),
        "account.give_details": ("nobody", details),
        "account.confirm": ("nobody", {}),
        "recovery.start": ("nobody", {"id_number": world["a"].id_number, "way": "thu"}),
        "recovery.use_code": ("nobody", {"id_number": world["a"].id_number, "code": world["code"]} | new_password),
        "recovery.activate": ("nobody", {"id_number": world["a"].id_number, "code": world["activation"]} | new_password),
        "recovery.new_password": ("nobody", new_password),
        "lookup.look_up": ("nobody", {"ma": world["dossier"].code, "last_digits": world["a"].id_number[-4:]}),
        "desk.log_in": ("nobody", {"login_name": "officer", "password": PASSWORD}),
        "desk.move_dossier": ("officer", {"form_key": key}),
        "desk.take_from_queue": ("officer", {"form_key": key, "code": world["dossier"].code}),
        "desk.take": ("officer", {"form_key": key}),
        "desk.hand_over": ("officer", {"form_key": key, "to": str(world["leader"].id)}),
        "desk.put_back": ("officer", {"form_key": key}),
        "desk.search": ("officer", {"words": "siu", "purpose": "Giải quyết hồ sơ"}),
        "desk_dossiers.ask_supplement": (
            "officer",
            {"form_key": key, "ask": "giay_chung_sinh", "why-giay_chung_sinh": "Ảnh mờ", "due_on": "1/12/2099"},
        ),
        "paper_checks.check_paper": (
            "officer",
            {"verdict": "good", "seen": paper_checks.find(world["dossier"], "giay_chung_sinh").seen, "form_key": key},
        ),
        "desk_dossiers.tick_paper": ("officer", {"form_key": key}),
        "desk_dossiers.tick_item": ("officer", {"form_key": key}),
        "desk_moves.undo": ("officer", {"form_key": key, "event": str(last_event_of(world["accepted"]))}),
        "lateness.prepare": ("officer", {"form_key": key, "reason": "Máy hỏng", "new_day": world["new day"]}),
        "lateness.sign": ("leader", {"form_key": key}),
        "lateness.drop": ("officer", {"form_key": key}),
        "desk_moves.transfer": ("officer", {"form_key": key, "to": "H21.121", "reason": "Đất ở xã khác"}),
        "desk_moves.note_code": ("officer", {"form_key": key, "code": "H21.121-261123-0004"}),
        "desk_results.add": ("officer", {"form_key": key, "file": (io.BytesIO(photo()), "ket-qua.jpg")}),
        "desk_results.give": ("officer", {"form_key": key, "way": "desk", "receiver": world["finished"].owner_name}),
        "desk_messages.text": ("officer", {"text": "Moi den nop them giay", "do": "sent"}),
        **forms_of_money(world, key),
        **forms_of_packs(key),
        **forms_of_content(key),
        "recordings.guide": (
            "culture",
            {"form_key": key, "step": "1", "language": "vi", "file": (io.BytesIO(b"#!AMR\n" + bytes(64)), "ghi-am.amr")},
        ),
        "recordings.remove": ("culture", {}),
        "recordings.put_back": ("culture", {}),
        "recordings.try_again": ("culture", {}),
        "post.make_list": ("officer", {"form_key": key, "direction": "return", "ref": world["unlisted"].ref}),
        "post.close_delivered": ("officer", {"form_key": key, "ref": world["brought"].ref}),
        "post.show_list": ("officer", {"form_key": key, "postman": "Võ Bưu Tá"}),
        "post.drop_list": ("officer", {"form_key": key}),
        "post.send": ("officer", {"form_key": key, "receiver": "Siu Mới", "address": "Thôn Khác", "phone": "0912345678"}),
        "post.take_step": ("postal clerk", {"form_key": key, "receiver": "Siu Người Nhận"}),
        "post.note_tracking": ("postal clerk", {"form_key": key, "tracking": "EP123456785VN"}),
        "post.take_over": ("postal clerk", {"form_key": key, "ref": world["posted"].ref}),
        "post.mine": ("a", {"form_key": key, "address": "Thôn Khác", "phone": "0912345678"}),
        "post.cancel": ("a", {"form_key": key}),
        "outreach.note": ("village head", session),
        "outreach.change": ("village head", session),
        "outreach.drop": ("village head", {"form_key": key}),
        "outreach.take_back": ("village head", {"form_key": key}),
        "campaigns.begin": (
            "culture",
            {"form_key": key, "title": "Mới", "task": "Một buổi", "first_on": "1/12/2099", "last_on": "2/12/2099"},
        ),
        "campaigns.change": (
            "culture",
            {
                "form_key": key,
                "title": "Khác",
                "task": "Một buổi",
                "first_on": "1/12/2099",
                "last_on": "2/12/2099",
                "seen": outreach.mark_of(outreach.plan_of(world["campaign"])),
            },
        ),
        "campaigns.end": ("culture", {"form_key": key}),
        "campaigns.go_on_with": ("culture", {"form_key": key}),
        "printed_forms.make_form": ("officer", {}),
        "printed_forms.reprint": ("officer", {"copies": "1"}),
        "mending.correct": ("a", {}),
        "mending.withdraw": ("a", {"form_key": key}),
        "mending.supplement": ("a", {"form_key": key, "bring": "giay_chung_sinh"}),
        "mending.copy": ("a", {"instead_of": draft.idempotency_key}),
        "mending.rate": ("a", {"score": "3"}),
        "helping.find_person": ("officer", {"id_number": world["b"].id_number}),
        "helping.find_at_counter": ("officer", {"id_number": world["b"].id_number}),
        "helping.enter_person": (
            "officer",
            seen | {"id_number": "064090777005", "full_name": "Siu Đến Quầy", "birth_date": "5/7/1990"},
        ),
        "helping.agree": (
            "officer",
            {"thu-tuc": "dang-ky-khai-tu", "cach": "doc-to", "witness": "Siu Người Nghe", "is_read": "1", "form_key": key},
        ),
        "helping.choose_at_counter": ("officer", seen | {"thu-tuc": "dang-ky-khai-tu"}),
        "helping.give_up": ("officer", {}),
        "helping.next_person": ("officer", {}),
        "helping.take_back": ("a", {}),
        "helping.take_over": ("a", {}),
        "helping.drop_left_over": ("a", {}),
        "people.find_person": ("officer", {"id_number": world["b"].id_number, "purpose": "Xem giấy tờ thật"}),
        "people.open_account": (
            "officer",
            seen | {"id_number": "064090777003", "full_name": "Siu Đến Xã", "birth_date": "5/7/1990", "consent-account": "1"},
        ),
        "people.confirm_registration": ("officer", seen | {"id_number": "064090777002", "code": world["registration"]}),
        "people.see_paper": ("officer", seen),
        "people.add_number": ("officer", seen | {"id_number": "064090777004"}),
        "people.ask_reset": ("officer", seen | {"reason": "Quên mật khẩu"}),
        "people.ask_slip": ("officer", seen | {"reason": "Mất phiếu"}),
        "people.ask_merge": ("officer", seen | {"reason": "Một người", "id_number": world["b"].id_number}),
        "people.ask_undo": ("officer", seen | {"reason": "Hai người"}),
        "people.grant": ("officer", {}),
        "people.refuse": ("officer", {}),
        "staff_login.set_first_password": ("newcomer", {"password": OWN, "password_again": OWN}),
        "staff_login.set_up_app": ("choosing", {"code": "123456"}),
        "staff_login.set_up_codes": ("choosing", {}),
        "staff_login.confirm_codes": ("choosing", {"code": world["codes"]["choosing"]}),
        "staff_login.give_factor": ("coming", {"code": world["codes"]["coming"]}),
        "staff_self.change_password": ("officer", {"old_password": PASSWORD, "password": OWN, "password_again": OWN}),
        "staff_self.new_app": ("officer", {"old_password": PASSWORD, "code": "123456"}),
        "staff_self.print_codes": ("officer", {"old_password": PASSWORD}),
        "staff_self.end_login": ("officer", {"login": ""}),
        "staff.new_staff": ("administrator", {"login_name": "moi", "full_name": "Siu Mới", "role": "culture", "form_key": key}),
        "staff.change_role": ("administrator", {"role": "culture"}),
        "staff.end_staff": ("administrator", {"form_key": key}),
        "staff.new_first_password": ("administrator", {"form_key": key}),
        "staff.reset_factor": ("administrator", {"form_key": key}),
        "staff.end_logins": ("administrator", {"form_key": key}),
        "staff.approve": ("leader", {"mark": staffing.mark_of_entry(world["entered"])}),
        "personal.drop_draft": ("a", {}),
        "my_account.change_name": ("a", {"full_name": "Siu Tên Mới", "own_password": PASSWORD}),
        "my_account.change_phone": ("a", {"phone": "0987654321", "own_password": PASSWORD}),
        "my_account.change_village": ("a", {"village": "Làng Bang", "own_password": PASSWORD}),
        "my_account.void_slip": ("a", {}),
        "my_account.change_email": ("a", {"email": "khac.nua@example.vn", "own_password": PASSWORD}),
        "my_account.confirm_email": ("nobody", {}),
        "my_account.change_password": ("a", new_password | {"own_password": PASSWORD}),
        "my_account.end_login": ("a", {}),
        "my_account.leave_everywhere": ("a", {}),
        "my_data.agree": ("a", {"purpose": "notices", "version": "1"}),
        "my_data.withdraw": ("a", {"purpose": "documents", "version": "1"}),
        "my_data.delete_documents": ("a", {}),
        "my_data.take": ("a", {"password": PASSWORD}),
        "my_data.ask_deletion": ("a", {"password": PASSWORD}),
        "my_data.cancel_deletion": ("b", {}),
        **forms_of_documents(world),
        "businesses.add": ("a", {"name": "Hồ tiêu Ia Băng", "tax_code": "5900000019"}),
        "businesses.invite": ("a", {"id_number": "064090999888"}),
        "businesses.withdraw_invitations": ("a", {}),
        "businesses.invitation": ("b", {"answer": "nhan"}),
        "businesses.end": ("a", {}),
        "desk_businesses.find": ("officer", {"tax_code": world["business"].tax_code, "purpose": "hoi-dap"}),
        "desk_businesses.note_paper": ("officer", {"name": "Công ty Cà phê Ia Băng"}),
        "desk_businesses.appoint": ("officer", {"id_number": world["b"].id_number, "is_present": "1"}),
        "desk_businesses.end": ("officer", {"reason": "Không có tên trong giấy đăng ký"}),
        "submission.owner": ("a", {"saves": str(draft.saves["owner"][0]), "owner": "other", "owner_name": "Người Khác"}),
        "submission.questions": ("a", {"saves": str(draft.saves["page-1"][0]), "nyc_ho_ten": "Tên Khác"}),
        "submission.delivery": (
            "a",
            {"saves": str(draft.saves["delivery"][0]), "delivery": "post", "delivery_address": "Nơi khác"},
        ),
        "submission.papers": ("a", {}),
        "submission.paper": ("a", {"remove": "1", "mark": mark_of(draft.papers.get())}),
        "submission.begin_upload": ("a", {}),
        "submission.check": (
            "a",
            {"declared": "1", "idempotency_key": draft.idempotency_key, "seen": submission.content_hash(draft)},
        ),
    }


def forms_of_money(world, key: str) -> dict[str, tuple[str, dict]]:
    request = payment_requests.open_request(world["money"]["unpaid"])
    asked = {"form_key": key, "item": "Phí", "amount": "9.000", "why": "Hai bản", "ground": "Thông tư"}
    asked |= {"due_on": world["new day"]}
    paid = {"form_key": key, "seen": str(request.id), "amount": "8000", "payer": world["a"].full_name}
    return {
        "personal.payment_banks": ("a", {"form_key": key, "bank": "NCB", "is_sure": "1"}),
        "desk_payments.ask": ("officer", asked),
        "desk_payments.change": ("officer", asked | {"seen": str(request.id)}),
        "desk_payments.waive": ("officer", {"form_key": key, "ground": "Hộ nghèo"}),
        "desk_payments.take_cash": ("officer", paid),
        "desk_payments.confirm_transfer": ("officer", paid | {"method": "transfer", "reference": "FT123456"}),
        "desk_payments.reprint": ("officer", {"copies": "1"}),
        "desk_payments.ask_void": ("officer", {"form_key": key, "reason": "Sai tên"}),
        "desk_payments.decide_void": ("officer", {"form_key": key, "grant": "1"}),
        "desk_payments.replace": ("officer", {"form_key": key, "method": "cash", "payer": world["a"].full_name}),
        "desk_payments.solve": ("officer", {"form_key": key, "note": "Đã gọi cổng"}),
        "desk_payments.ask_refund": ("officer", {"form_key": key, "amount": "1.000", "reason": "Thừa"}),
        "desk_payments.decide_refund": ("officer", {"form_key": key, "grant": "1"}),
        "desk_payments.say_refund_end": ("officer", {"form_key": key, "state": "done", "note": "Đã gọi cổng"}),
        "desk_payments.confirm_refund_end": ("officer", {"form_key": key, "grant": ""}),
    }


def forms_of_packs(key: str) -> dict[str, tuple[str, dict]]:
    chosen = {"form_key": key, "guides": "nop-ho-so", "size": "a4"}
    return {
        "packs.make_pack": ("officer", chosen | {"village": "thon-9"}),
        "packs.make_all": ("officer", chosen),
        "packs.make_again": ("officer", {}),
        "packs.take": ("officer", {"prints": "0"}),
        "packs.take_all": ("officer", {"prints": "0"}),
    }


def last_event_of(dossier) -> int:
    return dossier.events.order_by(Event.id.desc()).get().id


def forms_of_documents(world) -> dict[str, tuple[str, dict]]:
    details = {"kind": "Sổ đỏ", "name": "Sổ đỏ nhà tôi"}
    photos = (io.BytesIO(photo("red")), "moi.jpg"), (io.BytesIO(photo("blue")), "moi.jpg")
    return {
        "documents.page": ("a", details | {"form_key": "d" * 32}),
        "documents.edit_document": ("a", details),
        "documents.add_files": ("a", {"file": photos[0]}),
        "documents.replace_file": ("a", {"file": photos[1]}),
        "documents.drop_file": ("a", {}),
        "documents.delete_document": ("a", {}),
    }


def said_of(endpoint: str, token: dict[str, str]) -> dict[str, str]:
    """What a program says in headers: the token too, for it sends no form."""
    if endpoint != "submission.begin_upload":
        return {}
    document = base64.b64encode(b"giay_chung_sinh").decode()
    said = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000", "Upload-Metadata": f"document {document}"}
    return said | {"X-CSRFToken": token.get("csrf_token", "")}


FORGERIES = {
    "no token": lambda own, other: ({}, {}),
    "an empty token": lambda own, other: ({"csrf_token": ""}, {}),
    "a made-up token": lambda own, other: ({"csrf_token": "A" * len(own)}, {}),
    "another visitor's token": lambda own, other: ({"csrf_token": other}, {}),
    "from another origin": lambda own, other: ({"csrf_token": own}, {"Origin": "https://xau.example"}),
    "from our name with another port": lambda own, other: ({"csrf_token": own}, {"Origin": "http://localhost:9999"}),
    "from another site, as the browser says": lambda own, other: ({"csrf_token": own}, {"Sec-Fetch-Site": "cross-site"}),
    "from a neighbour of the same domain": lambda own, other: (
        {"csrf_token": own},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_form_is_refused_and_nothing_changes(app, world, person, forgery):
    others_token, forms = person("b").token(), good_forms(world)
    posts = addresses(app, world, "POST")
    assert forms.keys() == posts.keys(), "a new form stands in good_forms"
    visitors = {role: person(role) for role, _ in forms.values()}
    before = everything()
    for endpoint, (role, data) in forms.items():
        visitor = visitors[role]
        token, headers = FORGERIES[forgery](visitor.token(), others_token)

        answer = visitor.client.post(posts[endpoint], data=data | token, headers=said_of(endpoint, token) | headers)

        assert 400 <= answer.status_code < 500, endpoint
        assert "Set-Cookie" not in answer.headers, endpoint
    assert everything() == before


# Forms that only ask, or whose first answer is a page with the next question.
CHANGES_NO_ROW = {
    "desk.search", "desk_businesses.find", "helping.find_at_counter", "helping.find_person",
    "lookup.look_up", "people.ask_reset", "people.find_person",
    "staff_login.set_up_app", "staff_self.end_login", "staff_self.new_app",
    # Where no PDF can be made, none is asked for.
    *(() if pdf.is_there() else ("packs.make_pack", "packs.make_all")),
}  # fmt: skip


def test_the_same_forms_with_their_own_tokens_do_change_something(app, world, person):
    if not is_sqlite():
        pytest.skip("whether a form is a good one does not depend on the database")
    posts = addresses(app, world, "POST")
    for endpoint, (role, data) in good_forms(world).items():
        if endpoint in CHANGES_NO_ROW:
            continue
        with db.atomic() as trial:  # taken back, so that the next form finds the same world
            visitor = person(role)
            token, before = visitor.token(), everything()

            sent = {"csrf_token": token}
            visitor.client.post(posts[endpoint], data=data | sent, headers=said_of(endpoint, sent))

            assert everything() != before, endpoint
            trial.rollback()


# --- every address, every role ---------------------------------------------------------------------------------------

OTHERS = [
    "nobody", "b", "officer", "specialist", "leader", "village head", "postal clerk", "officer elsewhere", "culture",
    "administrator", "coming",
]  # fmt: skip
# Whose work A's dossiers are: what may be opened then shows them.
AT_THE_DESK = ("officer", "specialist", "leader")
ROLE_OF = {"nobody": "anyone", "a": "citizen", "b": "citizen", "officer elsewhere": "officer", "village head": "village_head",
           "postal clerk": "postal_clerk"}  # fmt: skip


def may_open(app, endpoint: str, role: str) -> bool:
    open_to = app.view_functions[endpoint].open_to
    return bool({"anyone", ROLE_OF.get(role, role)} & open_to)


def secrets_of(world) -> list[str]:
    dossier, a = world["dossier"], world["a"]
    shown = " ".join(dossier.receipt_code[i : i + 4] for i in (0, 4, 8))
    return [dossier.code, dossier.receipt_code, shown, a.full_name, a.id_number, a.id_number[-4:], SECRET_ANSWER]


@pytest.mark.parametrize("role", OTHERS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_may_not_open_a_page_is_sent_to_log_in_or_told_there_is_none(app, world, person, role, method):
    visitor = person(role)
    before = everything()
    for endpoint, address in addresses(app, world, method).items():
        if may_open(app, endpoint, role):
            continue

        page = visitor.get(address) if method == "GET" else visitor.post(address)

        assert page.status == 404 or page.location.split("?")[0] in (LOGIN, "/mot-cua/dang-nhap"), (endpoint, page.status)
    assert everything() == before


@pytest.mark.parametrize("role", OTHERS)
def test_nothing_of_a_dossier_stands_in_what_others_get(app, world, person, role):
    visitor = person(role)
    for endpoint, address in addresses(app, world, "GET").items():
        rooms = ("desk", "helping.", "post.", "people.", "printed_forms.", "reports.", "paper_checks.", "lateness.")
        if role in AT_THE_DESK and endpoint.startswith(rooms):
            continue

        with visitor.client.get(address) as answer:
            # Sent to log in, a person keeps the address asked for in the redirect.
            seen = answer.get_data().decode("utf-8", "replace") if not answer.location else answer.location.split("?")[0]

        # Digits among more digits, such as those of a time, are another number.
        assert [secret for secret in secrets_of(world) if re.search(rf"(?<!\d){re.escape(secret)}(?!\d)", seen)] == [], endpoint


A_MISSING = {"business": "0" * 12, "code": "H21.129-200101-9999", "paper_id": 987654321, "token": "x" * 43}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("role", OTHERS)
def test_what_is_not_yours_is_like_what_is_not_there(app, world, person, role, method):
    visitor = person(role)
    token = visitor.token()
    dossier = world["dossier"]
    for endpoint, address in addresses(app, world, method).items():
        helps = [world[help].ref for help in ("help", "handed in", "taken back") if world[help].ref in address]
        is_of_a = dossier.code in address or world["business"].ref in address or "/tai-lieu/" in address or helps
        if not is_of_a or (role in AT_THE_DESK and may_open(app, endpoint, role)):
            continue
        if (role, endpoint) == ("b", "businesses.invitation"):
            continue  # the invitation is B's own
        missing = address.replace(dossier.code, A_MISSING["code"]).replace(f"/giay/{dossier.papers.get().id}", "/giay/987654321")
        missing = missing.replace(world["business"].ref, A_MISSING["business"])
        missing = missing.replace(helps[0], "0" * 12) if helps else missing
        missing = missing.replace(f"/tai-lieu/{world['document'].id}", "/tai-lieu/987654321")

        not_mine, not_there = (
            visitor.client.open(path, method=method, data={"csrf_token": token} if method == "POST" else None)
            for path in (address, missing)
        )

        assert not_mine.status_code == not_there.status_code, endpoint
        assert not_mine.get_data(as_text=True).replace(address, "") == not_there.get_data(as_text=True).replace(missing, ""), (
            endpoint
        )


# Who has the same rights, and not over these things.
LIKE = {"a": "b", "officer": "officer elsewhere"}


@pytest.mark.parametrize("role", LIKE)
def test_a_good_form_sent_to_what_is_anothers_changes_nothing(app, world, person, role):
    visitor, posts = person(LIKE[role]), addresses(app, world, "POST")
    codes = [row.code for row in Dossier.select(Dossier.code)]
    things = [*codes, world["business"].ref, world["help"].ref, world["handed in"].ref, world["taken back"].ref, "/tai-lieu/"]
    token, before = visitor.token(), everything()
    for endpoint, (whose, data) in good_forms(world).items():
        is_anothers = any(thing in posts[endpoint] for thing in things)
        if whose != role or not is_anothers or endpoint in ("businesses.invitation", "documents.page"):
            continue

        answer = visitor.client.post(posts[endpoint], data=data | {"csrf_token": token}, headers=said_of(endpoint, {}))

        assert answer.status_code in (404, 409), endpoint
    assert everything() == before


# --- templates -------------------------------------------------------------------------------------------------------


def unused_imports(tree: nodes.Template) -> set[str]:
    given = {node.target for node in tree.find_all(nodes.Import)}
    for node in tree.find_all(nodes.FromImport):
        given |= {name if isinstance(name, str) else name[1] for name in node.names}
    return given - {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"}


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_compiles_and_imports_nothing_it_does_not_use(whole_site, name):
    source = (PROJECT / "templates" / name).read_text()

    whole_site.jinja_env.get_template(name)
    assert unused_imports(whole_site.jinja_env.parse(source)) == set()


def test_an_unused_import_of_a_template_would_be_seen(whole_site):
    tree = whole_site.jinja_env.parse('{% from "x" import a, b as c %}{% import "y" as d %}{{ a() }}')

    assert unused_imports(tree) == {"c", "d"}


INLINE = re.compile(r"<script(?![^>]*\bsrc=)|\son[a-z]+\s*=|\sstyle\s*=|javascript:", re.IGNORECASE)


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_script_handler_or_style_stands_in_a_template(name):
    assert INLINE.findall((PROJECT / "templates" / name).read_text()) == []


def test_nothing_but_our_own_style_is_let_through_unescaped():
    unescaped = {
        (name, found) for name in TEMPLATES
        for found in re.findall(r"[^{\s]*\s*\|\s*safe\b|Markup|autoescape", (PROJECT / "templates" / name).read_text())
    }  # fmt: skip
    assert unescaped == {("layouts/skeleton.html", "inline_style()|safe")}


# --- what is documented ----------------------------------------------------------------------------------------------


def readme() -> str:
    path = PROJECT / "README.md"
    assert path.exists(), "README.md is still to be written"
    return path.read_text()


@pytest.mark.parametrize("setting", [setting.name for setting in SETTINGS])
def test_every_setting_stands_in_the_readme(setting):
    assert re.search(rf"\b{setting}\b", readme())


def our_commands(group, prefix: str = "flask") -> list[str]:
    found = []
    for name, command in group.commands.items():
        ours = prefix != "flask" or name not in ("run", "shell", "routes")
        if isinstance(command, click.Group):
            found += our_commands(command, f"{prefix} {name}")
        elif ours:
            found.append(f"{prefix} {name}")
    return found


def test_the_commands_are_these(whole_site):
    assert sorted(our_commands(whole_site.cli)) == [
        "flask affected",
        "flask content check",
        "flask content export",
        "flask content import",
        "flask demo",
        "flask init",
        "flask security-log",
        "flask serve",
        "flask staff add",
        "flask states",
        "flask work",
    ]


@pytest.mark.parametrize(
    "command", ["init", "serve", "work", "demo", "staff add", "content check", "content export", "content import", "affected"]
)
def test_every_command_stands_in_the_readme(command):
    assert re.search(rf"(`|flask --app app ){command}\b", readme())


# --- doors that stay -------------------------------------------------------------------------------------------------

LOGIN = "/tai-khoan/dang-nhap/tinh"
DOORS = {
    "/": 200,
    "/dich-vu/": 200,
    "/dich-vu/?q=khai+sinh": 200,
    "/dich-vu/dang-ky-khai-sinh": 200,
    "/tra-cuu": 200,
    "/tra-cuu?ma=H21.129-261122-0001": 200,
    "/huong-dan/": 200,
    "/huong-dan/nop-ho-so/": 200,
    "/huong-dan/nop-ho-so/3": 200,
    "/huong-dan/nop-ho-so/in": 200,
    "/huong-dan/nop-ho-so/nghe": 200,
    "/nop-ho-so/dang-ky-khai-sinh/": f"{LOGIN}?tiep=/nop-ho-so/dang-ky-khai-sinh/",
    "/tai-khoan/dang-nhap": 200,
    "/tai-khoan/dang-ky": 200,
    "/tai-khoan/quen-mat-khau": 200,
    "/tai-khoan/xac-nhan/khong-co": 404,  # the door is there; nothing is behind an unknown token
    "/tai-khoan/thoat": 200,
    "/ca-nhan/": f"{LOGIN}?tiep=/ca-nhan/",
    "/ca-nhan/tai-lieu": f"{LOGIN}?tiep=/ca-nhan/tai-lieu",
    "/ca-nhan/thanh-toan": f"{LOGIN}?tiep=/ca-nhan/thanh-toan",
    "/ca-nhan/lich-su": f"{LOGIN}?tiep=/ca-nhan/lich-su",
    "/mot-cua/": "/mot-cua/dang-nhap?tiep=/mot-cua/",
    "/minh-bach": 200,
    "/gioi-thieu": 200,
    "/thong-bao/": 200,
    "/thong-bao/atom.xml": 200,
    **{f"/nhung/{name}": 200 for name in ("huong-dan", "huong-dan/nop-ho-so", "tra-cuu", "thu-tuc", "thong-bao", "so-lieu")},
    "/nhung/huong-dan?dang=danh-sach": 200,
    "/nhung/oembed?url=http://localhost/huong-dan/&format=xml": 200,
    "/suc-khoe": 200,
    "/huong-dan/nop-ho-so/in?kho=A5": 200,
    "/dich-vu/dang-ky-khai-sinh/in": 200,
    "/to-roi/": 200,
    "/to-roi/ba-cach/in": 200,
    # What stands on paper: it cannot be changed any more.
    "/h/4": "/huong-dan/nop-ho-so/",
    "/h/4/thon-6": "/huong-dan/nop-ho-so/",
    "/h/0": "/huong-dan/",
    "/d/1.001193/thon-6": "/dich-vu/dang-ky-khai-sinh",
    "/t/H21.129-261122-0001": "/tra-cuu?ma=H21.129-261122-0001",
}


@pytest.mark.parametrize("door", DOORS)
def test_the_doors_others_hold_on_to_stay(visitor, door):
    page = visitor.get(door)

    assert (page.location or page.status) == DOORS[door]


def test_the_door_of_confirming_opens_with_its_token(visitor, world):
    assert visitor.get(f"/tai-khoan/xac-nhan/{world['token']}").heading == "Xác nhận tài khoản"


# --- what comes from elsewhere ---------------------------------------------------------------------------------------

VENDOR = PROJECT / "static" / "vendor"


def test_what_is_vendored_is_as_it_was_published():
    sums = dict(reversed(line.split()) for line in (VENDOR / "SHA256SUMS").read_text().splitlines())
    published = {path.name for path in VENDOR.iterdir() if path.suffix not in (".br", ".gz")} - {"SHA256SUMS"}

    assert {name: hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() for name in published} == sums


def test_what_is_packed_unpacks_to_the_same_bytes():
    packed = [path for path in (PROJECT / "static").rglob("*") if path.suffix in (".br", ".gz")]
    unpack = {".br": brotli.decompress, ".gz": gzip.decompress}

    for path in packed:
        assert unpack[path.suffix](path.read_bytes()) == path.with_suffix("").read_bytes(), path.name


# --- headers ---------------------------------------------------------------------------------------------------------

SECURITY_HEADERS = (
    "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Strict-Transport-Security", "Permissions-Policy",
    "Cross-Origin-Resource-Policy", "Cross-Origin-Opener-Policy", "X-Frame-Options",
)  # fmt: skip
PUBLIC = {
    "home.home", "home.contact", "home.about", "home.privacy", "guides.all_guides", "guides.whole_guide", "guides.guide_step",
    "guides.print_guide", "listening.listen",
    "guides.print_guide_as_pdf", "procedures.print_procedure", "procedures.print_procedure_as_pdf",
    "posters.all_posters", "posters.print_poster", "posters.print_poster_as_pdf",
    "procedures.catalogue", "procedures.show_procedure", "account.choose_login", "account.choose_kind", "account.check_mail",
    "account.wiped", "recovery.mail_sent", "recovery.in_person", "recovery.done", "recovery.activated", "lookup.look_up",
    "transparency.numbers", "announcements.all_announcements", "announcements.show", "announcements.print_announcement",
}  # fmt: skip
# What other sites may show in a frame; views/test_embeds.py looks at it closer.
FRAMED = {f"embeds.{name}" for name in ("all_guides", "one_guide", "lookup_box", "finder", "announced", "figures")}

FILES = {
    "home.static_file",
    "home.service_worker",
    "listening.mp3_file",
    "listening.opus_file",
    "announcements.feed",
}  # the same for everybody, whoever is logged in


def policy_of(answer) -> dict[str, set[str]]:
    parts = answer.headers["Content-Security-Policy"].split(";")
    return {part.split()[0]: set(part.split()[1:]) for part in parts if part.strip()}


def check_headers(answer, is_framed: bool = False) -> None:
    headers = answer.headers
    policy = policy_of(answer)
    assert policy["default-src"] == {"'none'"}
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"} & set().union(*policy.values())
    for style in re.findall(r"<style>(.*?)</style>", answer.get_data(as_text=True), re.DOTALL):
        assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy["style-src"]
    assert policy["base-uri"] == {"'none'"}
    assert policy["frame-ancestors"] == ({"'self'"} if is_framed else {"'none'"})
    assert policy["form-action"] == {"'self'"}
    assert policy.get("script-src") == (None if is_framed else {"'self'"})
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert headers["Permissions-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == ("cross-origin" if is_framed else "same-origin")
    assert not {"Server", "X-Powered-By"} & set(headers.keys())
    assert sum(len(f"{name}: {headers[name]}\r\n") for name in SECURITY_HEADERS if name in headers) <= 450


@pytest.mark.parametrize("role", ["nobody", "a", "officer"])
def test_every_page_carries_its_security_headers(app, world, person, role):
    visitor = person(role)
    for endpoint, address in [
        *addresses(app, world, "GET").items(),
        ("missing", "/khong-co-trang-nay"),
        ("wrong", "/tra-cuu?ma=x"),
    ]:
        with visitor.client.get(address) as answer:
            if answer.mimetype == "text/html" and not answer.location:
                check_headers(answer, endpoint in FRAMED)
            elif not answer.location:
                assert answer.headers["X-Content-Type-Options"] == "nosniff", endpoint


@pytest.mark.parametrize("role", ["nobody", "a", "officer"])
def test_every_fragment_carries_what_keeps_it_harmless(app, world, person, role):
    visitor = person(role)
    for endpoint, address in addresses(app, world, "GET").items():
        with visitor.client.get(address, headers={"HX-Request": "true"}) as answer:
            if answer.mimetype == "text/html" and not answer.location:
                assert policy_of(answer)["default-src"] == {"'none'"}, endpoint
                assert "unsafe" not in answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert "HX-Request" in answer.headers["Vary"]


def policy_on_keeping(answer) -> str:
    """A redirect by 302 or 303 is not kept unless it says so (RFC 9110)."""
    return (
        "no-store"
        if answer.status_code in (302, 303) and "Cache-Control" not in answer.headers
        else answer.headers["Cache-Control"]
    )


def test_public_pages_may_be_kept_and_give_no_cookie(app, world, new_visitor):
    pages = {endpoint: address for endpoint, address in addresses(app, world, "GET").items() if endpoint not in FILES}
    for endpoint, address in pages.items():
        answer = new_visitor().client.get(address)
        is_public = policy_on_keeping(answer).startswith("public")

        assert is_public == (endpoint in PUBLIC | FRAMED), endpoint
        if is_public:
            assert answer.headers["ETag"], endpoint
            assert "Set-Cookie" not in answer.headers, endpoint


@pytest.mark.parametrize("role", ["a", "officer"])
def test_nothing_a_person_sees_when_logged_in_is_kept_by_any_cache(app, world, person, role):
    visitor = person(role)
    for endpoint, address in addresses(app, world, "GET").items():
        if endpoint not in FILES | FRAMED:
            assert policy_on_keeping(visitor.client.get(address)) == "no-store", endpoint


def test_a_dossier_looked_up_is_kept_by_no_cache(visitor, world):
    code = world["dossier"].receipt_code

    assert visitor.get(f"/tra-cuu?ma={code}").headers["Cache-Control"] == "no-store"
    asked = visitor.post("/tra-cuu", {"ma": world["dossier"].code, "last_digits": world["a"].id_number[-4:]})
    assert (asked.status, asked.headers["Cache-Control"]) == (200, "no-store")


def test_forms_with_a_token_and_errors_are_kept_by_no_cache(visitor, world):
    for address in (
        LOGIN,
        "/tai-khoan/dang-ky/so-giay-to?loai=cong-dan",
        "/khong-co",
        "/tra-cuu?ma=x",
        f"/tai-khoan/xac-nhan/{world['token']}",
    ):
        assert visitor.get(address).headers["Cache-Control"] == "no-store", address


def test_a_visitor_gets_a_cookie_with_the_first_form_and_only_one(app, new_visitor):
    visitor = new_visitor()
    cookies = visitor.get(LOGIN).headers.getlist("Set-Cookie")

    assert len(cookies) == 1
    assert "HttpOnly" in cookies[0] and "SameSite=Lax" in cookies[0] and "Path=/" in cookies[0]
    assert "Set-Cookie" not in visitor.get(LOGIN).headers


@pytest.mark.parametrize("host", ["xau.example", "localhost.xau.example", "xau.example:80", ""])
def test_a_host_we_do_not_know_is_refused(app, visitor, host):
    answer = visitor.client.get("/", headers={"Host": host})

    assert answer.status_code == 400
    assert host == "" or host not in answer.get_data(as_text=True)


@pytest.fixture
def secure_visitor(app, environ, tmp_path):
    """A visitor of the same site behind https."""
    from app import create_app

    kept = db.obj, SealedField.sealer
    site = create_app(
        environ
        | {"SITE_URL": "https://dvc.example", "INSTANCE_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/app.db"}
    )
    db.obj.close()
    db.initialize(kept[0])
    SealedField.sealer = kept[1]
    yield lambda path, **more: site.test_client().get(path, base_url="https://dvc.example", **more)


def test_over_https_the_cookie_is_locked_and_the_browser_told_to_stay(secure_visitor):
    answer = secure_visitor(LOGIN)
    cookie = answer.headers["Set-Cookie"]

    assert cookie.startswith("__Host-") and "Secure" in cookie and "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    check_headers(answer)


def test_over_https_only_the_public_name_is_answered(secure_visitor):
    assert secure_visitor("/", headers={"Host": "xau.example"}).status_code == 400


def test_over_plain_http_no_browser_is_told_to_stay_on_https(app, visitor):
    page = visitor.get(LOGIN)

    assert "Strict-Transport-Security" not in page.headers
    assert not cookie_name(app).startswith("__Host-")


def test_a_page_with_a_token_in_its_address_is_told_to_nobody(visitor, world):
    assert visitor.get(f"/tai-khoan/xac-nhan/{world['token']}").headers["Referrer-Policy"] == "no-referrer"


def test_a_static_file_is_kept_for_ever_and_served_as_what_it_is(visitor):
    address = re.search(r'src="([^"]*gate\.js[^"]*)"', visitor.get("/").text)[1]

    with visitor.client.get(address) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.mimetype in ("text/javascript", "application/javascript")
        assert "Set-Cookie" not in answer.headers


def test_the_world_of_these_tests_is_read_as_a_person_would(world, person):
    page = person("a").get(f"/ca-nhan/ho-so/{world['dossier'].code}")

    assert isinstance(page, Page) and Dossier.select().count() == 14
    assert world["dossier"].code in page.words

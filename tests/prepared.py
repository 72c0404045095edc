"""People, drafts and dossiers of a served site, made beside it by its own rules: run by Site.python, prints JSON."""

import hashlib
import json
import os
import secrets
from datetime import timedelta

from stage import BIRTH, full_draft, good_answers, make_account, make_staff, today

from app import create_app
from database import db, utc_now
from gateways.papers import CleanPaper
from models import (
    Account,
    DocumentFile,
    Dossier,
    Event,
    Login,
    OtherCode,
    PaperCheck,
    PersonalDocument,
    PrintedForm,
    Recording,
    ResultFile,
    ResultReturn,
    Staff,
    TextMessage,
    Transfer,
)
from rules import documents, logins, one_time, people, recordings, slips, submission


def print_citizens(count: int, with_drafts: bool = True) -> None:
    """`count` citizens, each logged in and with a finished draft of a birth registration; prints their cookies."""
    app = create_app(os.environ)
    with app.app_context(), db.connection_context(), db.atomic():
        first = 64_090_500_001 + Account.select().count()
        people = [make_account(email="", id_number=f"{first + number:012}") for number in range(count)]
        for account in people if with_drafts else ():
            full_draft(app, account)
        print(json.dumps([cookie_of(app, account) for account in people]))


def print_staff(role: str = "officer") -> None:
    app = create_app(os.environ)
    with app.app_context(), db.connection_context():
        print(json.dumps(cookie_of(app, make_staff(role))))


def print_staff_called(role: str, login_name: str) -> None:
    app = create_app(os.environ)
    with app.app_context(), db.connection_context():
        print(json.dumps(cookie_of(app, make_staff(role, login_name))))


def cookie_of(app, person) -> dict[str, str]:
    return {"name": app.session_interface.cookie_name(app), "value": logins.begin_login(person, "test", utc_now())}


def rest(minutes: int) -> None:
    """Nobody has touched a phone for so long."""
    app = create_app(os.environ)
    with app.app_context(), db.connection_context():
        print(json.dumps(Login.update(seen_at=utc_now() - timedelta(minutes=minutes)).execute()))


def print_queue(count: int) -> None:
    """An officer with `count` new dossiers to take; prints her cookie and their codes in the queue's order."""
    from rows import make_row

    app = create_app(os.environ)
    with app.app_context(), db.connection_context(), db.atomic():
        account = make_account(email="", id_number=f"{64_090_740_001 + Account.select().count():012}")
        definition = app.extensions["library"].refreshed().definitions[BIRTH]
        answers = good_answers(definition)
        known = {"procedure": definition, "answers": answers}
        codes = [make_row(account, number, **known).code for number in range(1, count + 1)]
        print(json.dumps({"cookie": cookie_of(app, make_staff("officer", "ban-phim")), "codes": codes}))


def print_history(count: int) -> None:
    """Somebody with `count` dossiers of all states and titles, some helped, one sent elsewhere and asked for more; the cookie."""
    from rows import make_row

    from models import State, SupplementItem, SupplementRequest

    app = create_app(os.environ)
    with app.app_context(), db.connection_context(), db.atomic():
        account = make_account(email="", id_number=f"{64_090_760_001 + Account.select().count():012}")
        site = app.extensions["library"].refreshed()
        kinds, states = list(site.definitions.items()), list(State)
        head, officer = made_once("village_head", "truong", village="Thôn 6"), made_once("officer", "ho-so")
        made, there = [], Dossier.select().count()
        for number in range(there + 1, there + count + 1):
            slug, definition = kinds[number % len(kinds)]
            state = states[number % len(states)]
            title = {"procedure_slug": slug, "procedure_title": definition["title"], "owner_name": account.full_name}
            known = title | {"procedure": definition}
            ended = {"ended_at": utc_now()} if state in (State.REFUSED, State.STOPPED, State.DONE, State.RETURNED) else {}
            helped = {"helped_by": head} if number % 7 == 0 else {}
            made.append(make_row(account, number, state=state, **known, **ended, **helped))
        last = made[-1]
        asked = SupplementRequest.create(
            dossier=last, round=1, due_on=utc_now().date(), resumes_to=State.IN_PROGRESS, asked_by=officer
        )
        SupplementItem.create(request=asked, document_key="x", name="Giấy chứng sinh", reason="Ảnh mờ")
        to = {"to_office": "H21.121", "to_name": "UBND xã Đak Đoa", "is_ours": False, "reason": "x", "form_key": f"to{last.id}"}
        Transfer.create(dossier=last, from_office=last.office, by=officer, **to)
        print(json.dumps({"cookie": cookie_of(app, account), "code": last.code}))


def made_once(role: str, login_name: str, **more) -> Staff:
    return Staff.get_or_none(Staff.login_name == login_name) or make_staff(role, login_name, **more)


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


def print_slip() -> None:
    """A newcomer with the longest of names and the slip an officer made for her; the officer and her village head have
    opened her page."""
    app = create_app(os.environ)
    with app.app_context(), db.connection_context():
        officer = make_staff("officer", "nguoi-in-phieu")
        head = make_staff("village_head", "thon-truong", village="Thôn 6")
        account = make_account("Nguyễn Rơ Châm H'Blơm Krông Ana Thị Bạch Tuyết", "", "064090720001", password_hash="")
        slip = slips.make_slip(account, officer, utc_now(), "a" * 32)
        for somebody in (officer, head):
            people.open_for(account, somebody, "In phiếu", utc_now())
        cookies = {"officer": cookie_of(app, officer), "head": cookie_of(app, head)}
        print(json.dumps({"path": f"/mot-cua/phieu/{slip.id}/in", "codes": slip.codes, "ref": account.ref} | cookies))


def print_meeting(people: int, role: str = "village_head") -> None:
    """A helper logged in, and people of the same village; with what a birth registration is to be answered."""
    app = create_app(os.environ)
    with app.app_context(), db.connection_context():
        helper = make_staff(role, f"{role}-{Account.select().count()}", village="Thôn 6" if role == "village_head" else "")
        first = 64_090_730_001 + Account.select().count()
        names = ("Siu Ánh", "Ksor Bình", "Rah Lan Chi", "Nay Dung")
        accounts = [make_account(names[n], "", f"{first + n:012}") for n in range(people)]
        answers = good_answers(app.extensions["library"].refreshed().definitions[BIRTH])
        known = [{"id_number": account.id_number, "full_name": account.full_name} for account in accounts]
        print(json.dumps({"cookie": cookie_of(app, helper), "people": known, "answers": answers}))


def print_collectors(count: int, files: int, file_bytes: int) -> None:
    """`count` citizens who each keep a document of as many files; prints their cookies, and what each file holds."""
    app = create_app(os.environ)
    data = os.urandom(file_bytes)  # of each other length, so that one file is not taken for another
    collectors, sums = [], []
    with app.app_context(), db.connection_context():
        for _ in range(count):
            account = make_account(email="", id_number=f"{64_090_720_001 + Account.select().count():012}")
            kept = []
            for number in range(files):
                content = data[number:]
                kept.append(documents.keep_file(CleanPaper(content, "image/jpeg", "anh.jpg"), app.extensions["files"]))
                sums.append(hashlib.sha256(content).hexdigest())
            document = PersonalDocument.create(account=account, kind="khac", details={"name": "Ảnh"}, form_key=account.ref)
            with db.atomic():
                for file in kept:
                    DocumentFile.create(document=document, **vars(file))
            collectors.append(cookie_of(app, account))
        print(json.dumps({"people": collectors, "sums": sums[:files]}))


def print_day(names: list[str], procedures: list[str]) -> None:
    """Somebody of each name has submitted one of the procedures, in this order, and left a telephone number but no e-mail;
    a leader and a colleague work here. Prints the dossiers, and the leader's cookie."""
    app = create_app(os.environ)
    with app.app_context(), db.connection_context():
        library, leader = app.extensions["library"].refreshed(), Staff.get_or_none(Staff.login_name == "lanh-dao")
        if leader is None:
            leader = make_staff("leader", "lanh-dao")
            make_staff("officer", "dong-nghiep")
        submitted = []
        for name, slug in zip(names, procedures, strict=True):
            account = make_account(name, "", f"{64_090_740_001 + Account.select().count():012}")
            draft = full_draft(app, account, slug)
            dossier = submission.submit(
                draft, submission.content_hash(draft), library.definitions[slug], leader.office, library.calendar, utc_now(), str
            )
            known = {"code": dossier.code, "id_number": account.id_number, "name": name, "procedure": dossier.procedure_title}
            submitted.append(known)
        print(json.dumps({"dossiers": submitted, "leader": cookie_of(app, leader)}))


def print_ends(codes: list[str]) -> None:
    """How each dossier stands: its state, step, who holds it; what was done to it, in order; its papers, forms and texts."""
    app = create_app(os.environ)
    with app.app_context(), db.connection_context():
        ends = {}
        for code in codes:
            dossier = Dossier.get(Dossier.code == code)
            returned = ResultReturn.get_or_none(ResultReturn.dossier == dossier)
            texts = TextMessage.select().where(TextMessage.dossier == dossier, TextMessage.sent_at.is_null(False))
            ends[code] = {
                "state": dossier.state.name,
                "step": dossier.step,
                "holder": dossier.taken_by and dossier.taken_by.login_name,
                "events": [event.name for event in dossier.events.order_by(Event.id)],
                "checks": [check.verdict for check in dossier.checks.order_by(PaperCheck.id)],
                "forms": [(form.form, form.number) for form in PrintedForm.select().where(PrintedForm.dossier == dossier)],
                "results": [file.filename for file in ResultFile.select().where(ResultFile.dossier == dossier)],
                "receiver": returned and returned.receiver,
                "went_to": [one.to_office for one in Transfer.select().where(Transfer.dossier == dossier)],
                "other_codes": [one.code for one in OtherCode.select().where(OtherCode.dossier == dossier)],
                "texts_sent": texts.count(),
            }
        print(json.dumps(ends))


def print_payer(email: str = "") -> None:
    """Somebody whose dossier is asked to pay a fee, and an officer; prints what they know, and both cookies."""
    from paying import AMOUNT

    from rules import payment_requests, workflow
    from rules.payment_requests import Wanted

    app = create_app(os.environ)
    with app.app_context(), db.connection_context():
        library, now, officer = app.extensions["library"].refreshed(), utc_now(), made_once("officer", "thu-phi")
        account = make_account(email=email, id_number=f"{64_090_770_001 + Account.select().count():012}")
        draft = full_draft(app, account)
        known = library.definitions[BIRTH], officer.office, library.calendar, now, str
        dossier = submission.submit(draft, submission.content_hash(draft), *known)
        workflow.make_move(dossier, "accept", officer, now, library.calendar)
        wanted = Wanted("Phí bản sao trích lục", AMOUNT, "Thông tư 281/2016/TT-BTC", (now + timedelta(days=7)).date())
        asked = payment_requests.ask(dossier, wanted, officer, now, library.calendar, secrets.token_hex(16))
        who = {"id_number": account.id_number, "full_name": account.full_name, "cookie": cookie_of(app, account)}
        print(json.dumps(who | {"code": dossier.code, "ref": asked.ref, "desk": cookie_of(app, officer)}))


def print_money(code: str) -> None:
    """What a dossier was paid with: how each try ended, and the receipts' numbers."""
    from models import PaymentAttempt, PaymentRequest, Receipt
    from rules.payment_words import number_of

    app = create_app(os.environ)
    with app.app_context(), db.connection_context():
        requests = PaymentRequest.select().join(Dossier).where(Dossier.code == code)
        tries = PaymentAttempt.select().where(PaymentAttempt.request.in_(requests)).order_by(PaymentAttempt.id)
        receipts = Receipt.select().where(Receipt.request.in_(requests)).order_by(Receipt.id)
        ends = [(one.state, one.problem or "") for one in tries]
        print(json.dumps({"tries": ends, "receipts": [number_of(one) for one in receipts]}))


def print_recording(slug: str, step: int, language: str, seconds: float) -> None:
    """A recording of a guide, waiting for the queue of the served site; prints its name."""
    from sounds import tone

    app = create_app(os.environ)
    with app.app_context(), db.connection_context():
        place = recordings.Place(app.extensions["library"].refreshed().guides[slug], step, language)
        by = make_staff("culture", f"culture{Recording.select().count()}")
        made = recordings.upload(place, tone("m4a", seconds), app.extensions["files"], by, utc_now(), secrets.token_hex(8))
        app.extensions["convert_soon"](made.id)
        print(json.dumps(made.ref))


def print_states() -> None:
    create_app(os.environ)
    with db.connection_context():
        print(json.dumps([[one.ref, one.state] for one in Recording.select().order_by(Recording.id)]))


def print_head(questions: int = 0) -> None:
    """A village head of Thôn 9 whose sessions asked so many long questions, twice each; and what is asked of every village."""
    from rows import make_row

    from models import OutreachNote
    from rules import outreach
    from rules.outreach import Plan, Session

    app = create_app(os.environ)
    with app.app_context(), db.connection_context():
        head, now = made_once("village_head", "truong-9", village="Thôn 9"), utc_now()
        made = OutreachNote.select().count()
        account = make_account(email="", id_number=f"{64_090_780_001 + Account.select().count():012}", village="Thôn 9")
        for number in range(8) if questions else ():
            known = {"village": "Thôn 9", "channel": "online", "state": 2, "accepted_at": now}
            make_row(account, 900_000 + made * 100 + number, **known)
        long = "Con tôi đi làm xa thì tôi nộp thay cho nó ở đây có được không, phải mang những giấy gì đến xã, câu {}?"
        for again in range(2) if questions else ():
            asked = "\n".join(long.format(number) for number in range(4))
            outreach.note_session(Session("Thôn 9", today(), "Nhà rông", 1234, (), asked), head, [], now, f"{made}-{again}")
            asked = "\n".join(long.format(number) for number in range(4, questions))
            outreach.note_session(Session("Thôn 9", today(), "Sân", 1234, (), asked), head, [], now, f"{made}-b{again}")
        plan = Plan("Chỉ bà con tra cứu hồ sơ", "Một buổi", 0, (), today(), today())
        outreach.begin_campaign(plan, made_once("culture", "van-hoa"), now, "tra-cuu")
        print(json.dumps({"cookie": cookie_of(app, head)}))

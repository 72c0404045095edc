"""From a draft to a dossier: what is still missing, and the one moment in which it is submitted (guide IV)."""

import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import date, datetime
from types import SimpleNamespace

from peewee import IntegrityError

from database import Prepared, SealedField, db
from models import Account, Business, DayCounter, Dossier, Draft, Event, Help, LaterPaper, Paper, Staff, State
from rules import WrongInput, businesses, consents, eform, workflow
from rules.accounts import person_key
from rules.deadlines import WorkCalendar, expected_day
from rules.dossier_codes import new_dossier_code, new_receipt_code, show_receipt_code
from rules.identity import read_id_number, read_person_name, show_phone
from rules.later_papers import WITHIN_DAYS, last_day
from rules.message_catalogue import letter
from rules.outbox import post
from rules.papers import later_papers_of, missing_papers, papers_of
from rules.staff import ROLE_NAMES
from rules.vietnamese import clean_text, fold, in_vietnam, show_day, show_moment

RELATIONS = ("Cha, mẹ", "Con", "Vợ, chồng", "Ông, bà", "Anh, chị, em", "Người thân khác", "Người được ủy quyền")
DELIVERIES = {"desk": "Tại Bộ phận Một cửa", "post": "Qua bưu điện", "online": "Trực tuyến"}


class ContentChanged(Exception):
    """The same form was sent before with other answers; `dossier` is the one that was made then."""

    def __init__(self, dossier: Dossier):
        super().__init__(dossier.code)
        self.dossier = dossier


class ChangedElsewhere(Exception):
    """Another phone has saved this page meanwhile; `answers` is what it wrote there, by the question's key."""

    def __init__(self, answers: dict[str, str]):
        super().__init__(", ".join(answers))
        self.answers = answers


class NotReady(Exception):
    """The draft still has gaps or wrong answers."""


# --- the draft -------------------------------------------------------------------------------------------------------


new_draft_of = Prepared(
    lambda account, slug: Draft.select().where(Draft.account == account, Draft.procedure_slug == slug, Draft.is_new())
)
draft_of_id = Prepared(lambda id: Draft.select().where(Draft.id == id))


def open_draft(account: Account, slug: str) -> Draft | None:
    """What the account itself has begun towards a new dossier of this procedure."""
    return new_draft_of.first(account.id, slug)


def open_or_begin_draft(account: Account, slug: str, now: datetime) -> Draft:
    """The account's open draft of this procedure, made when there is none; two taps make one."""
    return open_draft(account, slug) or begin_draft(lambda: open_draft(account, slug), now, account=account, procedure_slug=slug)


def begin_draft(find: Callable[[], Draft | None], now: datetime, **what) -> Draft:
    """A draft of `what`; where another tap was quicker, what `find` finds."""
    try:
        with db.atomic():
            return new_draft(now, **what)
    except IntegrityError:
        return find()


def new_draft(now: datetime, **what) -> Draft:
    """A draft of `what`. Raises IntegrityError where there is one already."""
    return Draft.create(idempotency_key=secrets.token_hex(16), created_at=now, updated_at=now, **what)


def place_of(draft: Draft) -> str:
    """Its part of the address: the procedure's slug, or, after a word and a dot, what else it goes towards."""
    if draft.help_id:
        return f"giup.{draft.help.ref}"
    if draft.corrects_id:
        return f"sua.{draft.corrects.code}"
    if draft.supplements_id:
        return f"bo-sung.{draft.supplements.dossier.code}"
    return draft.procedure_slug


def save_page(
    draft: Draft, page_name: str, typed: dict[str, str], now: datetime, phone: str = "", shown: int | None = None
) -> None:
    """Keep a page's answers as typed, right or wrong. They are on disk when this returns.

    `phone` tells the logins apart, `shown` is how often the page had been saved when its form was shown (None: whatever it
    was). Raises ChangedElsewhere, and keeps nothing, when another phone has saved other answers on this page since.
    """
    with db.atomic():
        # The row is locked by the first write, so that two pages saved at once keep both.
        if not Draft.update(updated_at=now).where(Draft.id == draft.id, Draft.is_open()).execute():
            return
        fresh = draft_of_id.first(draft.id)
        typed = {key: text[: eform.TYPED_MOST] for key, text in typed.items()}
        count, by = fresh.saves.get(page_name, (0, phone))
        if shown is not None and shown != count and by != phone:
            others = {key: fresh.answers.get(key, "") for key in typed if fresh.answers.get(key, "") != typed[key]}
            if others:
                raise ChangedElsewhere(others)
        fresh.answers = fresh.answers | typed
        fresh.visited = sorted({*fresh.visited, page_name})
        fresh.saves = fresh.saves | {page_name: (count + 1, phone)}
        fresh.updated_at = now
        fresh.save(only=[Draft.answers, Draft.visited, Draft.saves, Draft.updated_at])
    draft.answers, draft.visited, draft.saves, draft.updated_at = fresh.answers, fresh.visited, fresh.saves, now


def known_answers(questions: list[dict], account: Account, site, earlier: eform.Answers | None = None) -> dict[str, str]:
    """What is known before anybody types: by the account, else by `earlier` dossiers, else what the definition proposes."""
    proposed = {q["key"]: q["default"] for q in questions if q.get("default")}
    return proposed | (earlier or {}) | account_answers(questions, account, site)


def account_answers(questions: list[dict], account: Account, site) -> dict[str, str]:
    """What the account already knows of the answers, by the question's key."""
    village = account.village
    known = {
        "name": account.full_name,
        "id_number": account.id_number,
        "email": account.email,
        "village": village,
        "phone": account.phone and show_phone(account.phone),
        "birth_date": account.birth_date and show_day(date.fromisoformat(account.birth_date)),
        "address": f"{village}, {site.name}, tỉnh {site.province}" if village in [v.name for v in site.villages] else village,
    }
    answers = {q["key"]: known.get(q.get("prefill")) for q in questions}
    return {key: answer for key, answer in answers.items() if answer}


EARLIER_LOOKED_AT = 10  # dossiers; what is older than that has changed since


def earlier_answers(definition: list[dict], account: Account) -> dict[str, str]:
    """What the account's own earlier dossiers answer to the questions that may be filled from them."""
    if not eform.has_earlier(definition):
        return {}
    earlier = Dossier.select(Dossier.answers).where(_is_own(account)).order_by(Dossier.id.desc()).limit(EARLIER_LOOKED_AT)
    return eform.earlier_answers(definition, [dossier.answers for dossier in earlier])


# --- the parts every procedure asks ----------------------------------------------------------------------------------


FOR_BUSINESS = "business-"  # and its ref: the answer “Cho doanh nghiệp …”


def owner_faults(answers: eform.Answers, mine: list[Business] = ()) -> dict[str, str]:
    """What is wrong with the owner of the dossier (chủ hồ sơ), by field; `mine` are those the submitter acts for now."""
    owner = answers.get("owner", "")
    if owner == "self" or business_of(answers, mine):
        return {}
    if owner.startswith(FOR_BUSINESS):
        return {"owner": "Bạn không còn đại diện cho doanh nghiệp này. Chọn lại chủ hồ sơ."}
    if owner != "other":
        return {"owner": "Chọn: làm cho bạn, hay làm cho người khác"}
    readers = {
        "owner_name": (read_person_name, "Nhập họ tên chủ hồ sơ"),
        "owner_id_number": (read_id_number, "Nhập số căn cước của chủ hồ sơ"),
        "owner_relation": (_read_relation, "Chọn: bạn là gì của chủ hồ sơ"),
    }
    return _faults_of(readers, answers)


def business_of(answers: eform.Answers, mine: list[Business]) -> Business | None:
    """The business the dossier is for, while it is one of those the submitter acts for."""
    return next((business for business in mine if answers.get("owner") == FOR_BUSINESS + business.ref), None)


def _read_relation(typed: str) -> str:
    if typed not in RELATIONS:
        raise WrongInput("Chọn: bạn là gì của chủ hồ sơ")
    return typed


def delivery_faults(answers: eform.Answers, offered: list[str]) -> dict[str, str]:
    """What is wrong with where to receive the result (nơi nhận kết quả)."""
    if answers.get("delivery") not in offered:
        return {"delivery": "Chọn nơi nhận kết quả"}
    if answers["delivery"] == "post":
        return _faults_of({"delivery_address": (_read_address, "Nhập địa chỉ để bưu điện mang kết quả tới")}, answers)
    return {}


def _read_address(typed: str) -> str:
    return clean_text(typed, 300)


def _faults_of(readers: dict, answers: eform.Answers) -> dict[str, str]:
    found = {}
    for key, (read, missing) in readers.items():
        typed = answers.get(key, "").strip()
        try:
            if not typed or not read(typed):
                raise WrongInput(missing)
        except WrongInput as fault:
            found[key] = str(fault)
    return found


def offered_deliveries(procedure: dict) -> list[str]:
    """Where the result of this procedure can be received, the desk first."""
    return ["desk", *(["post"] if procedure["postal"]["return"] else []), *(["online"] if _is_fully_online(procedure) else [])]


def _is_fully_online(procedure: dict) -> bool:
    return procedure["service_kind"] == "toàn trình" and "online" in procedure["channels"]


# --- submitting ------------------------------------------------------------------------------------------------------


def content_hash(draft: Draft) -> str:
    """What the check page showed: answers and papers. Sent along with the form, so that what is submitted is what was seen."""
    papers = sorted((key, paper.content_hash) for key, sent in papers_of(draft).items() for paper in sent)
    later = sorted(later_papers_of(draft))
    text = json.dumps([draft.answers, papers, *([later] if later else [])], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def submit(
    draft: Draft,
    seen_hash: str,
    procedure: dict,
    office: str,
    calendar: WorkCalendar,
    now: datetime,
    lookup_url,
    bring_within_days: int = WITHIN_DAYS,
) -> Dossier:
    """Make the dossier of a complete draft, once; the same form again returns the same dossier.

    Raises ContentChanged when the draft became a dossier with other content than `seen_hash`, NotReady when it has
    gaps, has changed since the check page or was dropped.
    """
    with db.atomic():
        # This write locks the draft: of two requests at the same moment the second waits here, then finds the dossier.
        if not Draft.update(updated_at=now).where(Draft.id == draft.id).execute():
            raise NotReady
        draft = draft_of_id.first(draft.id)
        if draft.dossier_id:
            if draft.content_hash != seen_hash:
                raise ContentChanged(draft.dossier)
            return draft.dossier
        if content_hash(draft) != seen_hash or gaps(draft, procedure, in_vietnam(now).date()):
            raise NotReady
        dossier = _make_dossier(draft, procedure, office, calendar, now)
        account = draft.account
        Draft.update(dossier=dossier, content_hash=seen_hash).where(Draft.id == draft.id).execute()
        Paper.update(dossier=dossier).where(Paper.draft == draft).execute()
        LaterPaper.update(dossier=dossier).where(LaterPaper.draft == draft).execute()
        fix_days(dossier, last_day(now, calendar, bring_within_days))
        workflow.write_event(dossier, workflow.SUBMITTED_EVENT, None, State.SUBMITTED, _submitter(draft), now)
        if account.email and consents.has(account, "notices"):
            post(f"submitted-{dossier.id}", account.email, *_letter(dossier, account, lookup_url(dossier.receipt_code)), now)
    return dossier


def channel_of(help: Help) -> str:
    return "counter" if help.agreed_by == "present" else "helped"


def helper_words(helper: Staff) -> str:
    """What somebody of the commune is, and who: thôn trưởng Siu Blĕo."""
    role = ROLE_NAMES.get(helper.role, helper.role)
    return f"{role[0].lower()}{role[1:]} {helper.full_name}"


def _submitter(draft: Draft) -> Account | SimpleNamespace:
    """Who the event says it was: of a dossier typed by another's hands, both."""
    if not draft.help_id:
        return draft.account
    does = "nhập tại quầy" if channel_of(draft.help) == "counter" else "làm giúp"
    both = f"{draft.account.full_name}, {helper_words(draft.help.helper)} {does}"
    return SimpleNamespace(role=draft.account.role, full_name=both[:200])


def gaps(draft: Draft, procedure: dict, today: date) -> list[str]:
    """The names of the pages that still want something, in their order; empty when the draft is complete."""
    answers = draft.answers
    found = ["owner"] if owner_faults(answers, _businesses_of(draft)) else []
    found += [page["name"] for page, wrong in eform.faults_by_page(procedure["eform"], answers, today) if wrong]
    if delivery_faults(answers, offered_deliveries(procedure)):
        found.append("delivery")
    if missing_papers(procedure, papers_of(draft), later_papers_of(draft)):
        found.append("papers")
    return found


def _businesses_of(draft: Draft) -> list[Business]:
    # Nobody who helps a person acts for the person's businesses.
    is_for_business = draft.help_id is None and draft.answers.get("owner", "").startswith(FOR_BUSINESS)
    return businesses.mine(draft.account) if is_for_business else []


def _make_dossier(draft: Draft, procedure: dict, office: str, calendar: WorkCalendar, now: datetime) -> Dossier:
    today = in_vietnam(now).date()
    return Dossier.create(
        code=new_dossier_code(office, today, _next_number(office, today)),
        receipt_code=_free_receipt_code(),
        office=office,
        account=draft.account,
        procedure_slug=procedure["slug"],
        procedure_title=procedure["title"],
        procedure=procedure,
        field=procedure["field"],
        village=draft.account.village,
        channel=channel_of(draft.help) if draft.help_id else "online",
        helped_by=draft.help.helper if draft.help_id else None,
        submitted_at=now,
        expected_on=expected_day(workflow.term_of(procedure), now, calendar),
        **what_it_says(draft),
    )


def what_it_says(draft: Draft) -> dict[str, object]:
    """What a dossier takes over from a complete draft, also from one that corrects it. Raises NotReady."""
    answers, submitter = draft.answers, draft.corrects.account if draft.corrects_id else draft.account
    business = business_of(answers, _businesses_of(draft))
    if business is None and answers["owner"].startswith(FOR_BUSINESS):
        raise NotReady  # the submitter's part in it ended this very moment
    owner_name, owner_number = _owner(answers, submitter, business)
    return {
        "business": business,
        "owner_name": owner_name,
        "owner_last_digits_key": last_digits_key(owner_number),
        "owner_plain": fold(owner_name)[:200],
        "owner_number_key": person_key(owner_number),
        "answers": answers,
        "delivery": answers["delivery"],
    }


def fix_days(dossier: Dossier, last: date) -> None:
    """Until when that which was promised for later, and has no day yet, is to be brought."""
    has_none = LaterPaper.due_on.is_null(), LaterPaper.arrived_at.is_null()
    LaterPaper.update(due_on=last).where(LaterPaper.dossier == dossier.id, *has_none).execute()


def _owner(answers: eform.Answers, account: Account, business: Business | None) -> tuple[str, str]:
    """The owner's name, and the number whose last digits open the public lookup: of a branch, those of its business."""
    if business:
        return business.name, business.tax_code[:10]
    if answers["owner"] == "self":
        return account.full_name, account.id_number
    return read_person_name(answers["owner_name"]), read_id_number(answers["owner_id_number"])


def last_digits_key(id_number: str) -> str:
    return SealedField.sealer.fingerprint(f"last-digits:{id_number[-4:]}")


def _next_number(office: str, day: date) -> int:
    (
        DayCounter.insert(office=office, day=day, last=1)
        .on_conflict(conflict_target=[DayCounter.office, DayCounter.day], update={DayCounter.last: DayCounter.last + 1})
        .execute()
    )
    return DayCounter.get(DayCounter.office == office, DayCounter.day == day).last


def _free_receipt_code() -> str:
    # 50 random bits: a second round is a theoretical courtesy, and the unique index stands behind it.
    while Dossier.select().where(Dossier.receipt_code == (code := new_receipt_code())).exists():
        pass
    return code


def _letter(dossier: Dossier, account: Account, url: str) -> tuple[str, str]:
    """Subject and body of what tells the submitter that it was submitted, by whoever's hands."""
    business, helper = dossier.business, dossier.helped_by
    return letter(
        "submitted_for_you" if helper else "submitted",
        nguoi_nhan=account.full_name,
        nguoi_giup=_capital(helper_words(helper)) if helper else "",
        thu_tuc=dossier.procedure_title,
        doanh_nghiep=f"{dossier.owner_name}, mã số thuế {business.tax_code}" if business else "",
        luc=show_moment(dossier.submitted_at),
        ma_ho_so=dossier.code,
        ma_bien_nhan=show_receipt_code(dossier.receipt_code),
        ngay_du_kien=show_day(dossier.expected_on) if dossier.expected_on else "",
        lien_ket=url,
    )


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _is_own(account):
    return (Dossier.account == account) & Dossier.business.is_null()


# `same` is the account once more: a prepared query takes each value where it stands.
dossier_of_mine = Prepared(
    lambda code, account, same: Dossier.select().where(
        Dossier.code == code, _is_own(account) | Dossier.business.in_(businesses.acted_for(same))
    )
)


def mine(account: Account, code: str) -> Dossier | None:
    """The dossier of this code, when it is the account's own or of a business it acts for now; another's is as good as none."""
    return dossier_of_mine.first(code, account.id, account.id) if isinstance(account, Account) else None


def all_mine(account: Account):
    """The account's own dossiers and those of the businesses it acts for now, the newest first; the caller pages them."""
    # Their ids are asked first: within an OR, PostgreSQL would read every dossier there is to compare it with a subquery.
    acts_for = [business.id for business in businesses.mine(account)]
    are_mine = _is_own(account.id) | Dossier.business.in_(acts_for) if acts_for else _is_own(account.id)
    return Dossier.select().where(are_mine).order_by(Dossier.id.desc())


def timeline(dossier: Dossier) -> list[Event]:
    return list(dossier.events.order_by(Event.id))


def drop_abandoned(draft: Draft | None, dossier: Dossier, account: Account) -> Draft | None:
    """`draft`, towards `dossier`; None, and it is forgotten, when it is another's whose dossier it is no more."""
    if draft and draft.account_id != account.id and mine(draft.account, dossier.code) is None:
        drop_draft(draft)
        return None
    return draft


def drop_draft(draft: Draft) -> None:
    """Forget a draft that is not a dossier; its files are swept a day later."""
    Draft.delete().where(Draft.id == draft.id, Draft.is_open()).execute()

"""Submitting a dossier, one question group a page; each page is saved as it is sent (guide IV)."""

import hashlib
from dataclasses import dataclass

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, url_for
from flask_login import current_user

from database import db, utc_now
from gateways.papers import PaperRefused, clean_paper
from models import Draft, Paper
from rules import eform, submission
from rules.library import may_be_submitted
from rules.submission import DELIVERIES, RELATIONS, ContentChanged, NotReady
from rules.vietnamese import in_vietnam
from views.access import open_to
from views.account import url_for_outside
from views.answering import go_on, go_to
from views.forms import Form, STALE
from views.guards import takes_uploads
from views.procedures import definition_of

bp = Blueprint("submission", __name__, url_prefix="/nop-ho-so")


@dataclass(frozen=True)
class Page:
    """One page of a submission: its name in drafts, its address, its title."""

    name: str
    address: str
    title: str


class Walk:
    """The pages of one person's submission of one procedure, in the letter's order, as the answers so far call for them."""

    def __init__(self, slug: str, current: str = ""):
        self.slug = slug
        self.current = current
        self.procedure = definition_of(slug)
        if not may_be_submitted(g.library.procedures[slug], today()):
            abort(redirect(url_for("procedures.show_procedure", slug=slug), 303))
        self.draft = submission.open_draft(current_user, slug)
        self.answers: dict[str, str] = dict(self.draft.answers) if self.draft else self.known_answers()

    def known_answers(self) -> dict[str, str]:
        questions = [question for page in self.procedure["eform"]["pages"] for question in page["questions"]]
        return submission.known_answers(questions, current_user, g.library.site)

    @property
    def question_pages(self) -> list[dict]:
        return eform.asked_pages(self.procedure["eform"]["pages"], self.answers)

    def pages(self) -> list[Page]:
        return [
            Page("owner", url_for(".owner", slug=self.slug), "Chủ hồ sơ"),
            *(self.page_of(page) for page in self.question_pages if self.is_to_answer(page)),
            Page("delivery", url_for(".delivery", slug=self.slug), "Nơi nhận kết quả"),
            Page("papers", url_for(".papers", slug=self.slug), "Giấy tờ"),
            Page("check", url_for(".check", slug=self.slug), "Xem lại và nộp"),
        ]

    def page_of(self, page: dict) -> Page:
        return Page(f"page-{page['number']}", url_for(".questions", slug=self.slug, number=page["number"]), page["title"])

    def is_to_answer(self, page: dict) -> bool:
        """Whether a person has to see the page: not when the account answers all of it (the check page shows it still)."""
        name = f"page-{page['number']}"
        return name == self.current or self.was_sent(name) or bool(eform.open_questions(page["questions"], self.answers, today()))

    def place(self, name: str) -> tuple[int, int]:
        names = [page.name for page in self.pages()]
        return names.index(name) + 1, len(names)

    def after(self, name: str) -> str:
        """The address of the page after `name`; straight back to the check page when an answer was only being mended."""
        if request.form.get("from_check"):
            return url_for(".check", slug=self.slug)
        pages = self.pages()
        return pages[[page.name for page in pages].index(name) + 1].address

    def before(self, name: str) -> str:
        pages = self.pages()
        number = [page.name for page in pages].index(name)
        return pages[number - 1].address if number else url_for("procedures.show_procedure", slug=self.slug)

    def save(self, name: str, typed: dict[str, str]) -> None:
        known = {} if self.draft else self.known_answers()
        self.draft = submission.open_or_begin_draft(current_user._get_current_object(), self.slug, utc_now())
        submission.save_page(self.draft, name, known | typed, utc_now())
        self.answers = dict(self.draft.answers)

    def was_sent(self, name: str) -> bool:
        return bool(self.draft and name in self.draft.visited)

    def papers(self) -> dict[str, Paper]:
        return {paper.document_key: paper for paper in submission.papers_of_draft.all(self.draft.id)} if self.draft else {}


def today():
    return in_vietnam(utc_now()).date()


def typed_answers(keys) -> dict[str, str]:
    return {key: request.form.get(key, "")[: eform.TYPED_MOST + 1] for key in keys}


def answer_page(walk: Walk, name: str, keys: list[str], find_faults, template: str, **more):
    """The rhythm of every page of answers: keep what was typed, then go on, or show it again with what to mend."""
    form = Form()
    if form.is_submitted() and not form.validate():
        # The token is stale: show what was typed with a new one, and keep nothing that may not be the person's own.
        walk.answers |= typed_answers(keys)
        return show_page(walk, name, template, form, find_faults(walk.answers), stale=True, **more), 422
    if form.is_submitted():
        walk.save(name, typed_answers(keys))
        faults = find_faults(walk.answers)
        if not faults:
            return go_to(walk.after(name))
        return show_page(walk, name, template, form, faults, **more), 422
    faults = find_faults(walk.answers) if walk.was_sent(name) else {}
    return show_page(walk, name, template, form, faults, **more)


def show_page(walk: Walk, name: str, template: str, form: Form, faults: dict[str, str], stale: bool = False, **more) -> str:
    number, count = walk.place(name)
    return render_template(
        template, walk=walk, procedure=walk.procedure, answers=walk.answers, form=form, number=number, count=count,
        back=walk.before(name), faults={"": STALE} | faults if stale else faults, from_check=bool(request.values.get("from_check")), **more,
    )


@bp.get("/<slug>/")
@open_to("citizen")
def start(slug: str):
    """Goes on where the person stopped; a first visit begins with the owner of the dossier."""
    walk = Walk(slug)
    unsent = [page for page in walk.pages()[:-1] if not walk.was_sent(page.name)]
    return redirect((unsent or [walk.pages()[-1]])[0].address, 302)


@bp.route("/<slug>/chu-ho-so", methods=["GET", "POST"])
@open_to("citizen", saves_draft=True)
def owner(slug: str):
    keys = ["owner", "owner_name", "owner_id_number", "owner_relation"]
    return answer_page(Walk(slug), "owner", keys, submission.owner_faults, "submission/owner.html", relations=RELATIONS)


@bp.route("/<slug>/trang-<int:number>", methods=["GET", "POST"])
@open_to("citizen", saves_draft=True)
def questions(slug: str, number: int):
    walk = Walk(slug, current=f"page-{number}")
    page = next((page for page in walk.question_pages if page["number"] == number), None) or abort(404)
    # From the check page everything can be mended; on the way there only what is not yet known is asked.
    is_mending = request.values.get("from_check") or walk.was_sent(f"page-{number}")
    asked = page["questions"] if is_mending else eform.open_questions(page["questions"], walk.answers, today()) or page["questions"]
    return answer_page(
        walk, f"page-{number}", [question["key"] for question in asked if question["key"] in request.form or not request.form],
        lambda answers: eform.faults(page["questions"], answers, today()), "submission/questions.html", page=page, asked=asked,
        villages=g.library.villages(),
    )


@bp.route("/<slug>/nhan-ket-qua", methods=["GET", "POST"])
@open_to("citizen", saves_draft=True)
def delivery(slug: str):
    walk = Walk(slug)
    offered = submission.offered_deliveries(walk.procedure)
    return answer_page(
        walk, "delivery", ["delivery", "delivery_address"], lambda answers: submission.delivery_faults(answers, offered),
        "submission/delivery.html", offered={key: DELIVERIES[key] for key in offered},
    )


# --- papers ----------------------------------------------------------------------------------------------------------


@bp.route("/<slug>/giay-to", methods=["GET", "POST"])
@open_to("citizen", saves_draft=True)
@takes_uploads
def papers(slug: str):
    """Every paper has a form of its own, so that sending one never risks another."""
    walk = Walk(slug)
    form = Form()
    if not form.is_submitted():
        return show_papers(walk, form)
    if not form.validate():
        return show_papers(walk, form, {"": STALE + " Ảnh vừa chọn chưa gửi được, hãy chọn lại."})
    document = request.form.get("document", "")
    if document:
        return take_paper(walk, document, form)
    walk.save("papers", {})
    missing = submission.missing_papers(walk.procedure, walk.papers())
    if missing:
        return show_papers(walk, form, {d["key"]: "Giấy này cần có. Chọn ảnh rồi bấm Gửi giấy này." for d in missing})
    return go_to(walk.after("papers"))


def take_paper(walk: Walk, key: str, form: Form):
    if key not in [d["key"] for d in walk.procedure["documents"] if submission.paper_need(d) != "none"]:
        abort(404)
    if request.form.get("remove"):
        drop_paper(walk.papers().get(key))
        return go_on(".papers", slug=walk.slug, da="xoa-giay")
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return show_papers(walk, form, {key: "Bấm Chọn tệp, chọn một ảnh, rồi bấm Gửi giấy này."})
    try:
        paper = clean_paper(upload.read(), upload.filename)
    except PaperRefused as refusal:
        return show_papers(walk, form, {key: str(refusal)})
    walk.save("papers-begun", {})
    keep_paper(walk.draft, key, paper)
    return go_on(".papers", slug=walk.slug, da="gui-giay")


def keep_paper(draft: Draft, key: str, paper) -> None:
    """The file is on disk before its row; the same photo again changes nothing."""
    content_hash = hashlib.sha256(paper.data).hexdigest()
    if Paper.select().where(Paper.draft == draft, Paper.document_key == key, Paper.content_hash == content_hash).exists():
        return
    files = current_app.extensions["files"]
    name = files.keep(paper.data)
    with db.atomic():
        # Lock the draft: a photo may not slip in after the dossier has been submitted.
        if not Draft.update(updated_at=utc_now()).where(Draft.id == draft.id, Draft.dossier.is_null()).execute():
            return
        old = Paper.get_or_none(Paper.draft == draft, Paper.document_key == key)
        if old:
            old.delete_instance()
        Paper.create(
            draft=draft, document_key=key, filename=paper.filename, media_type=paper.media_type, size_bytes=len(paper.data),
            content_hash=content_hash, stored_name=name, uploaded_at=utc_now(),
        )
    if old:
        files.remove(old.stored_name)


def drop_paper(paper: Paper | None) -> None:
    if paper and Paper.delete().where(Paper.id == paper.id, Paper.dossier.is_null()).execute():
        current_app.extensions["files"].remove(paper.stored_name)


def show_papers(walk: Walk, form: Form, faults: dict[str, str] | None = None):
    documents = [d | {"need": submission.paper_need(d)} for d in walk.procedure["documents"]]
    sent = walk.papers()
    # Papers for special cases stay closed until asked for, so that the page is short for most people.
    usual = [d["key"] for d in documents if d["required"] == "mandatory"]
    opened = {*usual, *sent, *(faults or {}), request.args.get("them")}
    page = show_page(
        walk, "papers", "submission/papers.html", form, faults or {}, documents=documents, sent=sent, opened=opened,
        closed=[d for d in documents if d["need"] == "maybe" and d["key"] not in opened], all_shown="them" in request.args,
    )
    return page, 422 if faults else 200


# --- check and submit ------------------------------------------------------------------------------------------------


@bp.route("/<slug>/xem-lai", methods=["GET", "POST"])
@open_to("citizen")
def check(slug: str):
    walk = Walk(slug)
    form = Form()
    if not form.is_submitted():
        # Without a draft: it has become a dossier, perhaps by a form whose answer was lost.
        return show_check(walk, form) if walk.draft else redirect(url_for("personal.page"), 302)
    draft = draft_of_form() or walk.draft
    if draft is None:
        return redirect(url_for(".start", slug=slug), 303)
    if not form.validate():
        return show_check(walk, form, {"": STALE})
    if not draft.dossier_id and not request.form.get("declared"):
        return show_check(walk, form, {"declared": "Đọc lời cam đoan, rồi bấm vào ô vuông để đồng ý"})
    return submit(walk, draft, form)


def draft_of_form() -> Draft | None:
    """The draft this very form was shown for, also when it has become a dossier since: a lost answer is asked for again."""
    key = request.form.get("idempotency_key", "")
    return Draft.get_or_none(Draft.idempotency_key == key, Draft.account == current_user.id)


def submit(walk: Walk, draft: Draft, form: Form):
    library = g.library
    try:
        dossier = submission.submit(
            draft, request.form.get("seen", ""), walk.procedure, library.site.codes.agency, library.calendar, utc_now(),
            lambda code: url_for_outside("lookup.look_up", ma=code),
        )
    except ContentChanged as changed:
        return render_template("submission/changed.html", dossier=changed.dossier), 409
    except NotReady:
        return show_check(Walk(walk.slug), form, {"": "Hồ sơ còn chỗ cần sửa, hoặc vừa đổi ở máy khác. Xem lại rồi nộp."})
    current_app.extensions["mail_soon"]()
    return go_on(".submitted", slug=walk.slug, code=dossier.code)


def show_check(walk: Walk, form: Form, faults: dict[str, str] | None = None):
    if walk.draft is None:
        return redirect(url_for("personal.page"), 303)
    gaps = submission.gaps(walk.draft, walk.procedure, today())
    page = show_page(
        walk, "check", "submission/check.html", form, faults or {}, pages=walk.question_pages, sent=walk.papers(),
        gaps=[page for page in walk.pages() if page.name in gaps], addresses={page.name: page.address for page in [*walk.pages(), *map(walk.page_of, walk.question_pages)]},
        seen=submission.content_hash(walk.draft), today=today(),
        documents={d["key"]: d for d in walk.procedure["documents"]},
    )
    return page, 422 if faults else 200


@bp.get("/<slug>/da-nop/<code>")
@open_to("citizen")
def submitted(slug: str, code: str):
    dossier = submission.mine(current_user, code) or abort(404)
    return render_template("submission/submitted.html", dossier=dossier, procedure=dossier.procedure)

"""After submitting: correct, take back, answer what the desk asks for, begin another like it, say how it was."""

import secrets
from datetime import date

from flask import Blueprint, abort, current_app, g, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from wtforms import HiddenField

from database import utc_now
from models import Account, Dossier, Draft, State, SupplementRequest
from rules import corrections, personal, ratings, submission, supplements, workflow
from rules.papers import papers_of
from rules.submission import NotReady
from rules.vietnamese import clean_text, in_vietnam
from rules.workflow import MoveRefused
from views.access import open_to
from views.account import url_for_outside
from views.answering import go_on, go_to
from views.forms import Form, ReadField
from views.personal import is_taken_here
from views.walk import PLACES, Page, Walk, today

bp = Blueprint("mending", __name__, url_prefix="/ca-nhan/ho-so")


def my_dossier(code: str) -> Dossier:
    return submission.mine(current_user, code) or abort(404)


def _me() -> Account:
    return current_user._get_current_object()


class KeyedForm(Form):
    """A button; `form_key` lets the same form, sent twice, find what the first one did."""

    form_key = HiddenField(default=lambda: secrets.token_hex(8))

    def key_of(self, dossier: Dossier) -> str:
        """The form's key, tied to its dossier and its person: a key of one never answers for another."""
        return f"{dossier.id}-{_me().id}-{self.form_key.data}"[:64]


def link_to(dossier: Dossier) -> str:
    """What a letter points to."""
    return url_for_outside("lookup.look_up", ma=dossier.receipt_code)


def refused(dossier: Dossier, why: str, status: int = 409):
    """Told on a page of its own, with the way on."""
    return render_template("mending/refused.html", dossier=dossier, why=why), status


# --- correcting ------------------------------------------------------------------------------------------------------


class CorrectionWalk(Walk):
    """The same pages once more, filled with what was submitted."""

    chore = stamp = "SỬA HỒ SƠ – CHƯA GỬI"
    button = "Gửi bản sửa"

    @property
    def channel(self) -> str:
        return self.draft.corrects.channel if self.draft else super().channel

    @property
    def fee_day(self) -> date:
        # The rules are those it was submitted under.
        return in_vietnam(self.draft.corrects.submitted_at).date() if self.draft else super().fee_day

    def begin(self) -> Draft:
        # The last page may have been sent by another window: then there is nothing to go on with.
        return self.draft or abort(redirect(self.address_of_no_draft(), 303))

    def hand_in(self, draft: Draft, seen: str, now):
        library = g.library
        try:
            return corrections.send(draft, seen, now, library.calendar, library.site.bring_papers_within_days)
        except MoveRefused as late:
            abort(make_response(show_too_late(draft.corrects, draft, str(late)), 409))

    def address_of_no_draft(self) -> str:
        return url_for("personal.dossier", code=self.place.partition(".")[2])


def correction_at(code: str, current: str) -> Walk:
    """The correction this person has begun; while it cannot be sent any more, only what is being typed is still kept."""
    dossier = my_dossier(code)
    draft = corrections.draft_of(dossier, _me())
    if draft is None:
        abort(redirect(url_for("personal.dossier", code=code), 302 if request.method == "GET" else 303))
    if dossier.state is not State.SUBMITTED and request.method == "GET":
        abort(make_response(show_too_late(dossier, draft), 409))
    return CorrectionWalk(submission.place_of(draft), _me(), dossier.procedure, draft, current)


def show_too_late(dossier: Dossier, draft: Draft, why: str = "") -> str:
    fresh = Dossier.get_by_id(dossier.id)
    why = why or f"Hồ sơ đang ở trạng thái “{workflow.STATE_NAMES[fresh.state][0]}”, không sửa được nữa."
    may_copy = definition_to_copy(fresh) is not None
    return render_template(
        "mending/too_late.html", dossier=fresh, draft=draft, why=why, form=Form(formdata=None), may_copy=may_copy
    )


@bp.post("/<code>/sua")
@open_to("citizen")
def correct(code: str):
    dossier = my_dossier(code)
    if not Form().validate():
        return refused(dossier, "Trang này mở đã lâu. Bấm Xem hồ sơ, rồi bấm Sửa hồ sơ lần nữa.", 422)
    try:
        draft = corrections.begin(dossier, _me(), current_app.extensions["files"], utc_now())
    except MoveRefused as refusal:
        return refused(dossier, str(refusal))
    return go_on("submission.check", place=submission.place_of(draft))


# --- taking back -----------------------------------------------------------------------------------------------------


class WithdrawalForm(KeyedForm):
    reason = ReadField("Lý do", lambda text: clean_text(text, 500, lines=True))


@bp.route("/<code>/rut", methods=["GET", "POST"])
@open_to("citizen")
def withdraw(code: str):
    """Asks first: at once while nobody has accepted the dossier, afterwards with a reason, and the desk decides."""
    dossier, form = my_dossier(code), WithdrawalForm()
    is_at_once = dossier.state is State.SUBMITTED
    if form.validate_on_submit():
        if before := workflow.event_of(form.key_of(dossier)):
            return go_on("personal.dossier", code=code, da=WITHDRAWN[before.name])
        if is_at_once or form.reason.value:
            return take_back(dossier, "withdraw" if is_at_once else "ask_withdrawal", form)
        form.reason.errors = ["Nhập lý do xin rút hồ sơ"]
    elif why := personal.why_not(dossier, "withdraw"):
        return refused(dossier, why)
    page = render_template("mending/withdraw.html", dossier=dossier, form=form, is_at_once=is_at_once)
    return page, 422 if form.errors else 200


# What is said once it is done, by the event.
WITHDRAWN = {"withdraw": "da-rut", "ask_withdrawal": "da-xin-rut"}


def take_back(dossier: Dossier, name: str, form: WithdrawalForm):
    now, calendar = utc_now(), g.library.calendar
    said = {"note": form.reason.value, "form_key": form.key_of(dossier), "link": link_to(dossier)}
    try:
        if name == "withdraw":
            workflow.withdraw(dossier, _me(), now, calendar, **said)
        else:
            workflow.make_move(dossier, name, _me(), now, calendar, **said)
    except MoveRefused as refusal:
        return refused(dossier, str(refusal))
    current_app.extensions["mail_soon"]()
    return go_on("personal.dossier", code=dossier.code, da=WITHDRAWN[name])


# --- what the desk asks for ------------------------------------------------------------------------------------------


class SupplementWalk(Walk):
    """The papers the desk asks for, on the page where papers are sent; what is said of each is sent on a page of its own."""

    chore = stamp = "BỔ SUNG – CHƯA GỬI"
    button = "Gửi bổ sung"

    def __init__(self, asked: SupplementRequest, *args):
        super().__init__(*args)
        self.asked = asked

    def begin(self) -> Draft:
        try:
            return supplements.open_or_begin_draft(self.asked, self.account, utc_now())
        except MoveRefused as refusal:
            abort(make_response(refused(self.asked.dossier, str(refusal))))

    def known_answers(self) -> dict[str, str]:
        return {}

    def pages(self) -> list[Page]:
        return [Page("papers", self.url("papers"), "Giấy tờ"), Page("check", self.address_of_no_draft(), "Gửi bổ sung")]

    def before(self, name: str) -> str:
        return self.address_of_no_draft()

    def after(self, name: str) -> str:
        return self.address_of_no_draft()

    def address_of_no_draft(self) -> str:
        return url_for("mending.supplement", code=self.place.partition(".")[2])


def supplement_at(code: str, current: str) -> Walk:
    dossier = my_dossier(code)
    asked = supplements.current(dossier)
    if asked is None or dossier.state is not State.AWAITING_SUPPLEMENT:
        abort(redirect(url_for("personal.dossier", code=code), 302 if request.method == "GET" else 303))
    if request.endpoint in OTHER_PAGES:  # of a supplement there is nothing to answer but papers
        abort(redirect(url_for("mending.supplement", code=code), 302 if request.method == "GET" else 303))
    procedure = dossier.procedure | {"documents": supplements.asked_as_documents(asked)}
    return SupplementWalk(asked, f"bo-sung.{code}", _me(), procedure, supplements.draft_of(asked, _me()), current)


OTHER_PAGES = {f"submission.{name}" for name in ("start", "owner", "questions", "delivery", "check")}
PLACES |= {"sua": correction_at, "bo-sung": supplement_at}


@bp.route("/<code>/bo-sung", methods=["GET", "POST"])
@open_to("citizen")
def supplement(code: str):
    dossier, form = my_dossier(code), KeyedForm()
    if form.is_submitted() and form.validate() and workflow.event_of(form.key_of(dossier)):
        return go_on("personal.dossier", code=code, da="da-bo-sung")
    asked = supplements.current(dossier)
    if asked is None or dossier.state is not State.AWAITING_SUPPLEMENT:
        return refused(dossier, "Xã không còn chờ bạn bổ sung giấy nào cho hồ sơ này.")
    draft = supplements.draft_of(asked, _me())
    sent = papers_of(draft) if draft else {}
    to_bring = set(request.form.getlist("bring")) if form.is_submitted() else supplements.promised(draft)
    if not form.is_submitted():
        return show_supplement(dossier, asked, form, sent, to_bring)
    if form.errors:
        return show_supplement(dossier, asked, form, sent, to_bring, {"": form.problems()[0][1]}), 422
    if faults := supplements.unanswered(asked, sent, to_bring):
        return show_supplement(dossier, asked, form, sent, to_bring, faults), 422
    return send_supplement(dossier, to_bring, form)


def send_supplement(dossier: Dossier, to_bring: set[str], form: KeyedForm):
    now, link = utc_now(), link_to(dossier)
    try:
        supplements.send(dossier, to_bring, _me(), now, g.library.calendar, form.key_of(dossier), link)
    except (MoveRefused, NotReady) as refusal:
        return refused(dossier, str(refusal) or "Danh sách giấy vừa đổi. Xem lại rồi gửi.")
    current_app.extensions["mail_soon"]()
    return go_on("personal.dossier", code=dossier.code, da="da-bo-sung")


def show_supplement(dossier: Dossier, asked, form: KeyedForm, sent: dict, to_bring: set[str], faults: dict | None = None) -> str:
    return render_template(
        "mending/supplement.html",
        dossier=dossier,
        asked=asked,
        items=[(supplements.key_of(item), item) for item in supplements.items_of(asked)],
        sent=sent,
        to_bring=to_bring,
        form=form,
        faults=faults or {},
        is_settled=supplements.is_settled,
        today=today(),
    )


# --- another like it -------------------------------------------------------------------------------------------------


def definition_to_copy(dossier: Dossier) -> dict | None:
    """The procedure as it is now, when it may be submitted here."""
    return g.library.definitions[g.library.slug_now(dossier.procedure_slug)] if is_taken_here(dossier) else None


@bp.route("/<code>/nop-lai", methods=["GET", "POST"])
@open_to("citizen")
def copy(code: str):
    """A new draft filled with the answers of this dossier, or of the correction of it that came too late."""
    dossier, form = my_dossier(code), Form()
    definition = definition_to_copy(dossier)
    if definition is None:
        return refused(dossier, "Việc này không còn nộp qua trang này được. Hỏi Bộ phận Một cửa.")
    if not form.validate_on_submit():
        there = submission.open_draft(_me(), definition["slug"])
        page = render_template("mending/copy.html", dossier=dossier, there=there, form=form, from_draft=wants_correction())
        return page, 422 if form.is_submitted() else 200
    correction = corrections.draft_of(dossier, _me()) if wants_correction() else None
    answers = correction.answers if correction else dossier.answers
    draft, is_new = corrections.copy_as_new(_me(), answers, definition, utc_now(), request.form.get("instead_of", ""))
    if not is_new and not request.form.get("instead_of"):
        return go_on(".copy", code=code, tu=request.form.get("tu") or None)
    return go_to(url_for("submission.owner", place=submission.place_of(draft)))


def wants_correction() -> bool:
    return request.values.get("tu") == "ban-sua"


# --- how it was ------------------------------------------------------------------------------------------------------


class WordsForm(Form):
    words = ReadField("Nói thêm (không bắt buộc)", lambda text: clean_text(text, 500, lines=True))


@bp.route("/<code>/danh-gia", methods=["GET", "POST"])
@open_to("citizen")
def rate(code: str):
    """One tap of three; then, if wanted, words."""
    dossier, form = my_dossier(code), WordsForm()
    rating = ratings.rating_of(dossier)
    if not rating and not ratings.may_be_rated(dossier):
        return refused(dossier, "Đánh giá được khi bạn đã nhận kết quả.")
    if form.validate_on_submit():
        if "score" in request.form:
            if not rating and ratings.rate(dossier, request.form.get("score", 0, type=int), utc_now()) is None:
                abort(400)
            return go_on(".rate", code=code, da="da-danh-gia")
        if rating and form.words.value:
            ratings.add_words(rating, form.words.value)
        return go_on("personal.dossier", code=code, da="cam-on")
    page = render_template("mending/rate.html", dossier=dossier, rating=rating, scores=ratings.SCORES, form=form)
    return page, 422 if form.errors else 200

"""Submitting a dossier, one question group a page; each page is saved as it is sent (guide IV). Its papers: papers.py."""

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, url_for
from flask_login import current_user

from database import utc_now
from models import Account, Business, Draft
from rules import businesses, eform, fees, helping, later_papers, people, personal, submission
from rules.submission import DELIVERIES, FOR_BUSINESS, RELATIONS, ChangedElsewhere, ContentChanged, NotReady
from views.access import open_to
from views.answering import go_on, go_to
from views.forms import STALE, Form
from views.procedures import definition_of
from views.walk import Walk, today, walk_at

bp = Blueprint("submission", __name__, url_prefix="/nop-ho-so")

# A citizen types for herself; at a place of its own, one of the commune for somebody who agreed (views/helping.py).
WHO_TYPES = ("citizen", "officer", "village_head")


def typed_answers(keys) -> dict[str, str]:
    return {key: request.form.get(key, "")[: eform.TYPED_MOST + 1] for key in keys}


def answer_page(walk: Walk, name: str, keys: list[str], find_faults, template: str, leads_to=None, **more):
    """The rhythm of every page of answers: keep what was typed, then go on, or show it again with what to mend."""
    form, leads_to = Form(), leads_to or walk.after
    if form.is_submitted() and not form.validate():
        # The token is stale: show what was typed with a new one, and keep nothing that may not be the person's own.
        walk.answers |= typed_answers(keys)
        return show_page(walk, name, template, form, find_faults(walk.answers), stale=True, **more), 422
    if form.is_submitted():
        try:
            walk.save(name, typed_answers(keys), shown=request.form.get("saves", 0, type=int))
        except ChangedElsewhere as other:
            walk.answers |= typed_answers(keys)
            return show_page(walk, name, template, form, {"": CHANGED_ELSEWHERE}, others=other.answers, **more), 409
        faults = find_faults(walk.answers)
        if not faults:
            return go_to(leads_to(name))
        return show_page(walk, name, template, form, faults, **more), 422
    faults = find_faults(walk.answers) if walk.was_sent(name) else {}
    return show_page(walk, name, template, form, faults, **more)


CHANGED_ELSEWHERE = (
    "Máy khác vừa sửa trang này. Chữ bạn nhập vẫn còn ở dưới, chưa lưu. Xem lại rồi bấm Lưu và đi tiếp để giữ chữ của bạn."
)


def show_page(walk: Walk, name: str, template: str, form: Form, faults: dict[str, str], stale: bool = False, **more) -> str:
    number, count = walk.place_of(name)
    return render_template(
        template,
        walk=walk,
        procedure=walk.procedure,
        answers=walk.answers,
        form=form,
        number=number,
        count=count,
        back=walk.before(name),
        faults={"": STALE} | faults if stale else faults,
        from_check=bool(request.values.get("from_check")),
        saves=walk.saves(name),
        **more,
    )


@bp.get("/<place>/")
@open_to(*WHO_TYPES)
def start(place: str):
    """Goes on where the person stopped, after asking; a first visit begins at once, with the owner of the dossier."""
    walk = walk_at(place)
    if place == walk.slug and walk.draft and walk.draft.visited and "tiep" not in request.args:
        missing, more = personal.missing_in(walk.draft, walk.procedure, today())
        return render_template("submission/begun.html", walk=walk, draft=walk.draft, missing=missing, more=more)
    unsent = [page for page in walk.pages()[:-1] if not walk.was_sent(page.name)]
    return redirect((unsent or [walk.pages()[-1]])[0].address, 302)


@bp.get("/<place>/can-giay-that")
@open_to("citizen")
def bring_card(place: str):
    """Where a submission stops while nobody has seen the paper of who submits; what was typed before is kept."""
    procedure = definition_of(place)
    if not people.lacks_assurance(current_user, procedure):
        return redirect(url_for(".start", place=place), 302)
    draft = submission.open_draft(current_user, procedure["slug"])
    return render_template("submission/bring_card.html", procedure=procedure, draft=draft)


# What the submitter is told, to whom it is typed by another's hands.
FOR_HELPER = {
    "Chọn: làm cho bạn, hay làm cho người khác": "Chọn: hồ sơ của người này, hay của người khác",
    "Chọn: bạn là gì của chủ hồ sơ": "Chọn: chủ hồ sơ là gì của người này",
}


def owner_faults(walk: Walk, answers: dict[str, str], mine: list[Business]) -> dict[str, str]:
    faults = submission.owner_faults(answers, mine)
    return faults if walk.is_own else {key: FOR_HELPER.get(fault, fault) for key, fault in faults.items()}


@bp.route("/<place>/chu-ho-so", methods=["GET", "POST"])
@open_to(*WHO_TYPES, saves_draft=True)
def owner(place: str):
    walk = walk_at(place)
    mine = businesses.mine(walk.account) if walk.is_own else []
    return answer_page(
        walk,
        "owner",
        ["owner", "owner_name", "owner_id_number", "owner_relation"],
        lambda answers: owner_faults(walk, answers, mine),
        "submission/owner.html",
        relations=RELATIONS,
        price=fees.price_of(walk.procedure, walk.fee_day),
        offered=[
            ("self", f"Cho {walk.me}: {walk.account.full_name}" if walk.is_own else f"Cho {walk.account.full_name}"),
            *((FOR_BUSINESS + business.ref, f"Cho doanh nghiệp {business.name}") for business in mine),
            ("other", "Cho người khác"),
        ],
    )


@bp.route("/<place>/trang-<int:number>", methods=["GET", "POST"])
@bp.route("/<place>/trang-<int:number>/<int:item>", methods=["GET", "POST"])
@open_to(*WHO_TYPES, saves_draft=True)
def questions(place: str, number: int, item: int = 1):
    walk = walk_at(place)
    page = page_to_answer(walk, number, item)
    walk.current = page["name"]
    if page["item"] and request.method == "POST" and Form().validate():
        if "drop" in request.form:
            return drop_item(walk, page)
        walk.add_items(page, page["item"])
    # From the check page everything can be mended; on the way there only what is not yet known is asked.
    is_mending = request.values.get("from_check") or walk.was_sent(page["name"])
    asked = page["questions"] if is_mending else walk.open_questions(page) or page["questions"]
    if page["item"] and not walk.was_sent(page["name"]):
        walk.answers = {q["key"]: q["default"] for q in asked if q.get("default")} | walk.answers
    return answer_page(
        walk,
        page["name"],
        [question["key"] for question in asked if question["key"] in request.form or not request.form],
        lambda answers: eform.page_faults(walk.procedure["eform"], page["name"], answers, today()),
        "submission/questions.html",
        leads_to=(lambda name: next_item(walk, page)) if page["item"] and "more" in request.form else None,
        page=page,
        asked=asked,
        villages=g.library.villages(),
    )


def page_to_answer(walk: Walk, number: int, item: int) -> dict:
    """The page at this address; where an item was dropped since, what is typed into it still finds its page."""
    definition = walk.procedure["eform"]["pages"][number - 1 : number] if number else []
    repeat = definition[0].get("repeat") if definition else None
    if not 1 <= item <= (repeat["most"] if repeat else 1):
        abort(404)
    if repeat and item > (count := eform.count_items(definition[0], walk.answers)):
        if request.method != "POST":
            abort(redirect(walk.url("questions", number=number, item=count if count > 1 else None), 302))
        walk.answers = eform.with_items(definition[0], walk.answers, item)
    found = [page for page in walk.question_pages if page["number"] == number and page["item"] in (None, item)]
    return found[0] if found else abort(404)


def next_item(walk: Walk, page: dict) -> str:
    """The address of one more child, one more copy: the next of this one, however often the button was pressed."""
    walk.add_items(page, page["item"] + 1)
    from_check = request.form.get("from_check")
    if page["item"] == page["repeat"]["most"]:
        return walk.after(page["name"])
    return walk.url("questions", number=page["number"], item=page["item"] + 1, from_check=from_check)


def drop_item(walk: Walk, page: dict):
    walk.drop_item(page, shown=request.form.get("saves", 0, type=int))
    return go_to(walk.after(f"page-{page['number']}.{page['item'] - 1}"))


@bp.route("/<place>/nhan-ket-qua", methods=["GET", "POST"])
@open_to(*WHO_TYPES, saves_draft=True)
def delivery(place: str):
    walk = walk_at(place)
    offered = submission.offered_deliveries(walk.procedure)
    return answer_page(
        walk,
        "delivery",
        ["delivery", "delivery_address"],
        lambda answers: submission.delivery_faults(answers, offered),
        "submission/delivery.html",
        offered={key: DELIVERIES[key] for key in offered},
    )


# --- check and submit ------------------------------------------------------------------------------------------------


@bp.route("/<place>/xem-lai", methods=["GET", "POST"])
@open_to(*WHO_TYPES)
def check(place: str):
    form = Form()
    sent = draft_of_form(place) if form.is_submitted() else None
    if sent and (sent.dossier_id or sent.closed_at) and form.validate():
        return answer_again(place, sent)
    walk = walk_at(place)
    if not form.is_submitted():
        # Without a draft: it has become a dossier, perhaps by a form whose answer was lost.
        return show_check(walk, form) if walk.draft else redirect(walk.address_of_no_draft(), 302)
    draft = sent or walk.draft
    if draft is None:
        return redirect(walk.url("start"), 303)
    if not form.validate():
        return show_check(walk, form, {"": STALE})
    if not request.form.get("declared"):
        return show_check(walk, form, {"declared": "Đọc lời cam đoan, rồi bấm vào ô vuông để đồng ý"})
    return hand_in(walk, draft, form)


def draft_of_form(place: str) -> Draft | None:
    """The draft this very form was shown for, also when it has become a dossier since: a lost answer is asked for again."""
    draft = Draft.get_or_none(Draft.idempotency_key == request.form.get("idempotency_key", ""))
    me = current_user._get_current_object()
    is_mine = draft and me == (draft.help.helper if draft.help_id else draft.account)
    return draft if is_mine and submission.place_of(draft) == place else None


def answer_again(place: str, sent: Draft):
    """The answer to a form that has done its work before: only read, so also when the disk is full or the procedure gone."""
    dossier = sent.dossier or sent.corrects or sent.supplements.dossier
    # Of a business one acts for no more nothing is shown, not even to who submitted it.
    if isinstance(current_user._get_current_object(), Account):
        submission.mine(current_user, dossier.code) or abort(404)
    elif helping.help_of(sent.help.ref, current_user._get_current_object(), utc_now()) is None:
        abort(404)  # the page with the codes was closed, for the next person
    if sent.content_hash != request.form.get("seen", ""):
        return render_template("submission/changed.html", dossier=dossier), 409
    if sent.help_id:
        return go_on("helping.farewell", help_ref=sent.help.ref)
    return go_on(".submitted", place=place, code=dossier.code)


def hand_in(walk: Walk, draft: Draft, form: Form):
    try:
        dossier = walk.hand_in(draft, request.form.get("seen", ""), utc_now())
    except ContentChanged as changed:
        return render_template("submission/changed.html", dossier=changed.dossier), 409
    except NotReady:
        return show_check(walk_at(walk.place), form, {"": "Hồ sơ còn chỗ cần sửa, hoặc vừa đổi ở máy khác. Xem lại rồi nộp."})
    current_app.extensions["mail_soon"]()
    return go_to(walk.address_after(dossier))


def show_check(walk: Walk, form: Form, faults: dict[str, str] | None = None):
    if walk.draft is None:
        return redirect(walk.address_of_no_draft(), 303)
    gaps = submission.gaps(walk.draft, walk.procedure, today())
    page = show_page(
        walk,
        "check",
        "submission/check.html",
        form,
        faults or {},
        pages=walk.question_pages,
        sent=walk.papers(),
        gaps=[page for page in walk.pages() if page.name in gaps],
        addresses={page.name: page.address for page in [*walk.pages(), *map(walk.page_of, walk.question_pages)]},
        seen=submission.content_hash(walk.draft),
        business=submission.business_of(walk.answers, businesses.mine(walk.account) if walk.is_own else []),
        today=today(),
        charge=walk.charge(),
        documents={d["key"]: d for d in walk.procedure["documents"]},
    )
    return page, 422 if faults else 200


@bp.get("/<place>/da-nop/<code>")
@open_to("citizen")
def submitted(place: str, code: str):
    dossier = submission.mine(current_user, code) or abort(404)
    return render_template(
        "submission/submitted.html",
        dossier=dossier,
        procedure=dossier.procedure,
        done="Đã sửa hồ sơ" if place.startswith("sua.") else "Đã nộp hồ sơ",
        checklist=later_papers.checklist(dossier),
        is_waived=later_papers.is_waived,
        today=today(),
    )

"""Trang cá nhân: what waits for me, what I have begun and submitted, and the ways to all that is mine."""

from flask import Blueprint, abort, g, render_template, request, url_for
from flask_login import current_user

from database import utc_now
from models import Account, Dossier, Draft, State
from rules import corrections, documents, later_papers, my_account, personal, ratings, results, shipments, submission, supplements
from rules.library import may_be_submitted
from rules.paging import pages_of
from rules.personal import STATES, Waiting
from rules.vietnamese import in_vietnam
from views.access import open_to
from views.account import is_on_shared_phone
from views.answering import go_on
from views.files import send_kept
from views.forms import Form

bp = Blueprint("personal", __name__, url_prefix="/ca-nhan")

A_PAGE = 10
# What the list of dossiers may be narrowed to, by its word in the address.
SHOWN = {"bo-sung": "supplement", "mang-giay": "bring", "nop-tien": "payment", "ket-qua": "result"}


@bp.get("/")
@open_to("citizen")
def page():
    now, me = utc_now(), _me()
    lines = personal.waiting(me, now, in_vietnam(now).date())
    counts = {
        "drafts": my_drafts().count(),
        "dossiers": submission.all_mine(me).count(),
        "documents": documents.documents_of(me).count(),
        "payments": personal.in_state(me, STATES["payment"]).count(),
    }
    waiting = [(line, address_of(line)) for line in lines]
    return render_template(
        "personal/page.html", waiting=waiting, counts=counts, form=Form(formdata=None), is_shared=is_on_shared_phone()
    )


def address_of(line: Waiting) -> str:
    """Where the one thing that waits is seen to, or the list of several."""
    if line.kind == "invitation":
        return url_for("businesses.invitation", business=line.ref) if line.ref else url_for("businesses.all_of_mine")
    if line.kind == "document":
        return url_for("documents.show_document", document_id=line.ref) if line.ref else url_for("documents.page")
    if line.kind == "password":
        return url_for("my_account.who_has_seen")
    if line.kind == "help":
        return url_for("helping.all_helps")
    if line.kind == "deletion":
        return url_for("my_data.page")
    shown = next(word for word, kind in SHOWN.items() if kind == line.kind)
    return url_for(".dossier", code=line.ref) if line.ref else url_for(".dossiers", xem=shown)


def _me() -> Account:
    return current_user._get_current_object()


# --- what I have begun -----------------------------------------------------------------------------------------------


def my_drafts():
    return Draft.open_ones().where(Draft.account == current_user.id)


@bp.get("/ban-nhap")
@open_to("citizen")
def drafts():
    number, pages = pages_of(my_drafts().count(), A_PAGE, request.args.get("trang", 1, type=int))
    found = [Begun(draft) for draft in my_drafts().paginate(number, A_PAGE)]
    return render_template("personal/drafts.html", drafts=found, page=number, pages=pages)


class Begun:
    """A draft as its list shows it."""

    def __init__(self, draft: Draft):
        self.draft, self.place = draft, submission.place_of(draft)
        self.is_correction = draft.corrects_id is not None
        self.procedure = draft.corrects.procedure if self.is_correction else _definition_kept(draft.procedure_slug)
        self.title = self.procedure["title"] if self.procedure else draft.procedure_slug
        self.missing, self.more = ([], 0)
        if self.procedure:
            self.missing, self.more = personal.missing_in(draft, self.procedure, in_vietnam(utc_now()).date())


def _definition_kept(slug: str) -> dict | None:
    slug = g.library.slug_now(slug)
    return g.library.definitions[slug] if slug in g.library.procedures else None


@bp.route("/ban-nhap/<place>/xoa", methods=["GET", "POST"])
@open_to("citizen")
def drop_draft(place: str):
    """Asks first. With `lai` in the address the same procedure begins anew after it."""
    draft, form = my_draft_at(place) or abort(404), Form()
    again = request.args.get("lai") and place == draft.procedure_slug
    if form.validate_on_submit():
        submission.drop_draft(draft)
        return go_on("submission.start", place=place) if again else go_on(".drafts", da="xoa-nhap")
    page = render_template("personal/drop_draft.html", form=form, begun=Begun(draft), draft=draft, again=again)
    return page, 422 if form.errors else 200


def my_draft_at(place: str) -> Draft | None:
    """The open draft at this part of the address: of a new dossier, or the correction of one."""
    kind, dot, code = place.partition(".")
    if not dot:
        return submission.open_draft(_me(), place)
    found = submission.mine(_me(), code) if kind == "sua" else None
    return found and corrections.draft_of(found, _me())


# --- what I have submitted -------------------------------------------------------------------------------------------


@bp.get("/ho-so")
@open_to("citizen")
def dossiers():
    shown = request.args.get("xem", "")
    kind = SHOWN.get(shown)
    mine = personal.that_wait(_me(), kind) if kind else submission.all_mine(_me())
    words = personal.WORDS.get(kind)
    return show_list("personal/dossiers.html", mine, A_PAGE, shown=shown if kind else "", words=words)


def show_list(template: str, mine, a_page: int, **more):
    number, pages = pages_of(mine.count(), a_page, request.args.get("trang", 1, type=int))
    return render_template(template, dossiers=list(mine.paginate(number, a_page)), page=number, pages=pages, **more)


@bp.get("/ho-so/<code>")
@open_to("citizen")
def dossier(code: str):
    found = submission.mine(current_user, code) or abort(404)
    asked = supplements.current(found) if found.state is State.AWAITING_SUPPLEMENT else None
    openings = [(event, my_account.who(event, _me())) for event in my_account.openings_of(_me(), found.code).limit(3)]
    return render_template(
        "personal/dossier.html",
        dossier=found,
        events=submission.timeline(found),
        openings=openings,
        asked=asked,
        items=supplements.items_of(asked) if asked else [],
        is_settled=supplements.is_settled,
        checklist=later_papers.checklist(found),
        posted=shipments.of_dossier(found),
        may_collect=shipments.may_be_collected(found),
        post=shipments,
        is_waived=later_papers.is_waived,
        why_not=personal.why_not,
        correction=corrections.draft_of(found, _me()),
        may_copy=is_taken_here(found),
        may_rate=ratings.may_be_rated(found) and not ratings.rating_of(found),
        scores=ratings.SCORES,
        has_result=results.of_owner(found) is not None,
        form=Form(formdata=None),
        today=in_vietnam(utc_now()).date(),
    )


@bp.get("/ho-so/<code>/ket-qua")
@open_to("citizen")
def open_result(code: str):
    """The result, to whose dossier it is: as it came, so that a digital signature in it can be checked."""
    found = submission.mine(current_user, code) or abort(404)
    file = results.of_owner(found) or abort(404)
    return send_kept(file.stored_name, file.media_type, f"ket-qua-{found.code}")


def is_taken_here(dossier: Dossier) -> bool:
    """Whether another dossier like it may be submitted here now."""
    kept = g.library.procedures.get(g.library.slug_now(dossier.procedure_slug))
    return kept is not None and may_be_submitted(kept, in_vietnam(utc_now()).date())

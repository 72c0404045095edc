"""Finding a procedure, and what it asks of a person before anything is typed."""

from flask import Blueprint, abort, g, render_template, request

from database import utc_now
from rules import WrongInput
from rules.library import is_in_force, may_be_submitted
from rules.paging import pages_of
from rules.papers import paper_need
from rules.submission import offered_deliveries
from rules.vietnamese import clean_text, in_vietnam
from views.access import open_to
from views.headers import public_page

bp = Blueprint("procedures", __name__, url_prefix="/dich-vu")

A_PAGE = 20


def definition_of(slug: str) -> dict:
    return g.library.definitions.get(slug) or abort(404)


@bp.get("/")
@open_to("anyone")
@public_page(300)
def catalogue():
    wanted = request.args.get("q", "")
    if wanted.strip():
        return show_found(wanted)
    field = request.args.get("linh-vuc", "")
    fields = g.library.by_field()
    if field and field not in fields:
        abort(404)
    return render_template("procedures/catalogue.html", fields=fields, field=field, most_used=g.library.most_used())


def show_found(wanted: str):
    try:
        text = clean_text(wanted, 100)
    except WrongInput as fault:
        return render_template(
            "procedures/found.html", wanted=wanted[:100], fault=str(fault), found=[], nearest=[], page=1, pages=1
        )
    found = g.library.index.find(text)
    page, pages = pages_of(len(found), A_PAGE, request.args.get("trang", 1, type=int))
    return render_template(
        "procedures/found.html",
        wanted=text,
        count=len(found),
        found=found[(page - 1) * A_PAGE : page * A_PAGE],
        page=page,
        pages=pages,
        nearest=[] if found else g.library.index.nearest(text),
    )


@bp.get("/<slug>")
@open_to("anyone")
@public_page(300)
def show_procedure(slug: str):
    procedure = definition_of(slug)
    kept, today = g.library.procedures[slug], in_vietnam(utc_now()).date()
    needs = {need: [d for d in procedure["documents"] if paper_need(d) == need] for need in ("upload", "maybe", "none")}
    return render_template(
        "procedures/show_procedure.html",
        procedure=procedure,
        needs=needs,
        offered=offered_deliveries(procedure),
        valid_to=kept.valid_to,
        in_force=is_in_force(kept, today),
        may_be_submitted=may_be_submitted(kept, today),
    )

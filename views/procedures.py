"""Finding a procedure, and what it asks of a person before anything is typed."""

from datetime import date

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask_login import current_user

from database import utc_now
from models import Account, Draft
from rules import WrongInput, fees, submission
from rules.library import may_be_submitted, standing_of
from rules.paging import pages_of
from rules.papers import papers_by_need
from rules.print_sheets import Sheet, place_of, procedure_sheet
from rules.procedure_search import read_code
from rules.submission import offered_deliveries
from rules.vietnamese import clean_text, in_vietnam
from views.access import open_to
from views.headers import public_page
from views.sheets import press, send_sheet, show_sheet, size_asked_for

bp = Blueprint("procedures", __name__, url_prefix="/dich-vu")

A_PAGE = 20


def definition_of(slug: str) -> dict:
    """The procedure of this address; an old address leads to the new one, on the same page of this site."""
    now = g.library.slug_now(slug)
    if now != slug and slug in request.view_args.values():
        abort(_moved_to(now, slug))
    return g.library.definitions.get(now) or abort(404)


def _moved_to(new: str, old: str):
    """308 sends a form again as it was typed."""
    address = url_for(request.endpoint, **{name: new if part == old else part for name, part in request.view_args.items()})
    query = request.query_string.decode("ascii", "ignore")
    return redirect(f"{address}?{query}" if query else address, 308 if request.method == "POST" else 301)


def today() -> date:
    return in_vietnam(utc_now()).date()


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
    day = today()
    return render_template("procedures/catalogue.html", fields=fields, field=field, most_used=g.library.most_used(day), today=day)


def show_found(wanted: str):
    try:
        text = clean_text(wanted, 100)
    except WrongInput as fault:
        return render_template(
            "procedures/found.html", wanted=wanted[:100], fault=str(fault), found=[], nearest=[], page=1, pages=1, today=today()
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
        today=today(),
    )


@bp.get("/<slug>")
@open_to("anyone")
@public_page(300)
def show_procedure(slug: str):
    if code := read_code(slug):
        return show_code(code)
    procedure = definition_of(slug)
    kept, day = g.library.procedures[slug], today()
    is_taken = may_be_submitted(kept, day)
    return render_template(
        "procedures/show_procedure.html",
        procedure=procedure,
        kept=kept,
        needs=papers_by_need(procedure),
        offered=offered_deliveries(procedure),
        price=fees.price_of(procedure, day),
        exemptions=fees.exemptions_of(procedure),
        standing=standing_of(kept, day),
        successor=g.library.procedures.get(kept.replaced_by),
        office=next(office for office in g.library.site.offices if office.agency == kept.agency.split(",")[0]),
        may_be_submitted=is_taken,
        draft=None if is_taken else my_draft(slug),
    )


@bp.get("/<slug>/in")
@open_to("anyone")
@public_page(300)
def print_procedure(slug: str):
    return show_sheet(sheet_of(slug), url_for(".show_procedure", slug=slug))


@bp.get("/<slug>/in.pdf")
@open_to("anyone")
@public_page(300)
def print_procedure_as_pdf(slug: str):
    return send_sheet(sheet_of(slug), f"thu-tuc-{slug}")


def sheet_of(slug: str) -> Sheet:
    procedure, site = definition_of(slug), g.library.site
    return procedure_sheet(procedure, place_of(g.library.procedures[slug], site), size_asked_for(), press())


def show_code(code: str):
    """Who knows the number finds the page; a number may become another's, so nobody shall keep where it led."""
    slugs = g.library.slugs_of_code(code) or abort(404)
    if len(slugs) > 1:
        return redirect(url_for(".catalogue", q=code), 302)
    return redirect(url_for(".show_procedure", slug=slugs[0]), 302)


def my_draft(slug: str) -> Draft | None:
    """What whoever is logged in has begun towards it, and cannot submit now."""
    person = current_user._get_current_object()
    return submission.open_draft(person, slug) if isinstance(person, Account) else None

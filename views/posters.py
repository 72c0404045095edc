"""Posters: all of them, one, and the same as a PDF."""

from flask import Blueprint, abort, g, render_template, url_for

from rules import print_sheets
from rules.print_sheets import Sheet
from views.access import open_to
from views.headers import public_page
from views.sheets import press, send_sheet, show_sheet, size_asked_for

bp = Blueprint("posters", __name__, url_prefix="/to-roi")


def poster_of(word: str) -> Sheet:
    if word not in print_sheets.posters(g.library.guides):
        abort(404)
    return print_sheets.poster(word, g.library.guides, size_asked_for(), press())


@bp.get("/")
@open_to("anyone")
@public_page(300)
def all_posters():
    return render_template("print/all_posters.html", posters=print_sheets.posters(g.library.guides))


@bp.get("/<poster>/in")
@open_to("anyone")
@public_page(300)
def print_poster(poster: str):
    return show_sheet(poster_of(poster), url_for(".all_posters"))


@bp.get("/<poster>/in.pdf")
@open_to("anyone")
@public_page(300)
def print_poster_as_pdf(poster: str):
    return send_sheet(poster_of(poster), f"to-roi-{poster}")

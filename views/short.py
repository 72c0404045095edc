"""Short addresses, for paper and for the keys of an old phone: /h/4 a guide, /d/1.001193 a procedure, /t/<code> the lookup."""

import re
import time

from flask import Blueprint, abort, current_app, g, redirect, request, url_for

from database import utc_now
from rules.print_sheets import ALL_GUIDES, ROMAN, sheet_of_guide, sheet_of_procedure
from rules.procedure_search import read_code
from rules.vietnamese import ascii_digits, in_vietnam
from rules.villages import read_key, village_keys
from views.access import open_to
from views.headers import comes_from_here

bp = Blueprint("short", __name__)

LONGEST_CODE = 200
# A dot or a stroke at the end of what was read off the paper, spaces from a phone's keyboard.
AROUND = " \t\u00a0.,;:/-"


# --- where they lead -------------------------------------------------------------------------------------------------


@bp.get("/h", strict_slashes=False)
@bp.get("/H", strict_slashes=False)
@open_to("anyone")
def all_guides():
    return redirect(url_for("guides.all_guides"), 302)


@bp.get("/h/<guide_number>", strict_slashes=False)
@bp.get("/H/<guide_number>", strict_slashes=False)
@bp.get("/h/<guide_number>/<village>", strict_slashes=False)
@bp.get("/H/<guide_number>/<village>", strict_slashes=False)
@open_to("anyone")
def guide(guide_number: str, village: str = ""):
    """Guide IV by 4 or iv, all of them by 0; from the paper of a village, whose visit is counted."""
    number = read_number(guide_number)
    slug = next((guide.slug for guide in g.library.guides.values() if guide.number == number), "")
    if number != ALL_GUIDES and not slug:
        abort(404)
    note_visit(village, sheet_of_guide(number))
    return redirect(url_for("guides.whole_guide", slug=slug) if slug else url_for("guides.all_guides"), 302)


@bp.get("/d/<procedure_code>", strict_slashes=False)
@bp.get("/D/<procedure_code>", strict_slashes=False)
@bp.get("/d/<procedure_code>/<village>", strict_slashes=False)
@bp.get("/D/<procedure_code>/<village>", strict_slashes=False)
@open_to("anyone")
def procedure(procedure_code: str, village: str = ""):
    code = read_code(bare(procedure_code))
    slugs = g.library.slugs_of_code(code) or abort(404)
    note_visit(village, sheet_of_procedure(code))
    if len(slugs) > 1:
        return redirect(url_for("procedures.catalogue", q=code), 302)
    return redirect(url_for("procedures.show_procedure", slug=slugs[0]), 302)


@bp.get("/t", strict_slashes=False)
@bp.get("/T", strict_slashes=False)
@bp.get("/t/<typed>", strict_slashes=False)
@bp.get("/T/<typed>", strict_slashes=False)
@open_to("anyone")
def lookup(typed: str = ""):
    """Nothing is looked up here, so that the limits and the silence of the lookup hold (SECURITY §6)."""
    code = bare(typed)[:LONGEST_CODE]
    return redirect(url_for("lookup.look_up", **({"ma": code} if code else {})), 302)


def bare(typed: str) -> str:
    return typed.strip().rstrip(AROUND)


def read_number(typed: str) -> int:
    """0 to 8, or -1 for what is neither a number nor a Roman one."""
    word = ascii_digits(bare(typed))
    if word.upper() in ROMAN[1:]:
        return ROMAN.index(word.upper())
    return int(word) if re.fullmatch(r"[0-9]{1,2}", word) else -1


# --- counting --------------------------------------------------------------------------------------------------------

# Who is no person with a paper in the hand: programs that read everything or make a preview, and browsers that look ahead.
PROGRAMS = re.compile(r"bot|crawl|spider|slurp|preview|facebookexternalhit|curl|wget|python|java/|okhttp|monitor", re.IGNORECASE)
AHEAD = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")


class Limit:
    """At most so many counts a minute in one process: nobody fills the queue by asking, and a whole meeting is counted."""

    MOST = 300

    def __init__(self):
        self.minute, self.count = 0, 0

    def is_reached(self) -> bool:
        minute = int(time.monotonic() // 60)
        self.minute, self.count = minute, self.count + 1 if minute == self.minute else 1
        return self.count > self.MOST


limit = Limit()


def note_visit(village: str, sheet: str) -> None:
    """Count one visit from this village's paper; with no village, or one there no longer is, only lead on.

    A GET of this site writes nothing, and this one neither: what is counted is handed to the queue (chores.py), which adds
    one to the day's number after the answer. RFC 9110 §9.2.1 lets a safe method be counted: nobody asked for it, nobody is
    bound by it, and asking twice changes nothing that anybody sees. Village, page and day are all that is handed over;
    no cookie, no address, no hour.
    """
    key = read_key(village) if village else ""
    if key and is_person() and key in village_keys(g.library.site.villages) and not limit.is_reached():
        current_app.extensions["count_visit"](key, sheet, in_vietnam(utc_now()).date().isoformat())


def is_person() -> bool:
    """Whether somebody followed the paper, as far as a request tells."""
    is_ahead = any(request.headers.get(name) for name in AHEAD)
    program = request.user_agent.string
    is_asked = request.method == "GET" and program and not PROGRAMS.search(program)
    return bool(is_asked and not is_ahead and not comes_from_here(request.environ))

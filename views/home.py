"""The front door, what the commune says of itself, and the health of the program."""

import shutil
from functools import cache

from flask import Blueprint, Response, current_app, g, render_template, send_from_directory

import database
from database import utc_now
from rules import announcements, attempts, data_rights
from rules.vietnamese import in_vietnam
from views.access import open_to
from views.headers import STATIC, public_page, without_comments
from views.screens import asset, script_text

bp = Blueprint("home", __name__)

A_YEAR = 31_536_000
MOST_USED_ON_HOME = 6


@bp.get("/")
@open_to("anyone")
@public_page(0)
def home():
    today = in_vietnam(utc_now()).date()
    told = announcements.in_force(g.library, today)[: announcements.MOST_ON_HOME]
    # What is told takes the place of as many of the procedures: the page stays what a 2G phone can carry.
    most_used = g.library.most_used(today)[: MOST_USED_ON_HOME - len(told)]
    return render_template("home/home.html", most_used=most_used, today=today, announcements=told)


@bp.get("/lien-he")
@open_to("anyone")
@public_page(300)
def contact():
    return render_template("home/contact.html")


@bp.get("/gioi-thieu")
@open_to("anyone")
@public_page(300)
def about():
    return render_template("home/about.html")


@bp.get("/quyen-rieng-tu")
@open_to("anyone")
@public_page(300)
def privacy():
    return render_template("home/privacy.html", kept_for=data_rights.kept_for(), consents=g.library.consents)


@bp.get("/suc-khoe")
@open_to("anyone")
def health():
    if not database.answers():
        return Response("database does not answer\n", 503, mimetype="text/plain")
    return Response("\n".join(["ok", *warnings(), ""]), mimetype="text/plain")


def warnings():
    """What whoever runs the machine should mend soon, a line each."""
    if not current_app.config["RATE_LIMITS"]:
        yield "warning: RATE_LIMITS=off"
    if not current_app.config["STAFF_SECOND_FACTOR"]:
        yield "warning: STAFF_SECOND_FACTOR=off"
    if attempts.is_alarm(utc_now()):
        yield "warning: somebody is guessing passwords or codes in great number"
    disk = shutil.disk_usage(current_app.config["INSTANCE_DIR"])
    if disk.free < disk.total / 10:
        yield f"warning: {disk.free * 100 // disk.total} % of the disk is free"


@bp.get("/static/<mark>/<path:filename>")
@open_to("anyone")
def static_file(mark: str, filename: str):
    """A file of static/, kept for ever: its address holds a mark of its content (DESIGN, Budgets)."""
    if script := script_text(filename):
        answer = Response(script, mimetype="text/javascript")
    else:
        answer = send_from_directory(STATIC, filename, etag=False, conditional=False)
        answer.direct_passthrough = False
    answer.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    for name in ("Last-Modified", "Content-Disposition"):
        answer.headers.pop(name, None)
    return answer


@bp.get("/sw.js")
@open_to("anyone")
def service_worker():
    """At the root, because a worker sees to the addresses beside and below its own."""
    answer = Response(_worker_text(), mimetype="text/javascript")
    # Asked for at most once a day, not with each page: gate.js tells the browser to believe this.
    answer.headers["Cache-Control"] = "public, max-age=86400"
    answer.headers["Content-Security-Policy"] = "default-src 'none';connect-src 'self'"
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.add_etag()
    return answer


@cache
def _worker_text() -> str:
    return without_comments((STATIC / "sw.js").read_text(encoding="utf-8")).replace("STYLE_ADDRESS", asset("style.css"))

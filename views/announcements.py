"""Thông báo: what the commune tells everybody; as pages, as a feed, on paper."""

from datetime import datetime, time

import segno
from flask import Blueprint, Response, abort, current_app, g, render_template, request, url_for

from database import utc_now
from rules import announcements
from rules.content import Announcement
from rules.paging import pages_of
from rules.vietnamese import VIETNAM_TIME, in_vietnam
from views.access import open_to
from views.headers import public_page
from views.preview import is_preview

bp = Blueprint("announcements", __name__, url_prefix="/thong-bao")

A_PAGE = 20


def today():
    return in_vietnam(utc_now()).date()


def announcement_of(slug: str) -> Announcement:
    """One that has begun; one that is over stays readable, and says so. A preview shows what is still to come."""
    found = g.library.announcements.get(slug)
    return found if found and (announcements.has_begun(found, today()) or is_preview()) else abort(404)


def about(announcement: Announcement) -> tuple[str, str] | None:
    """(name, address) of the guide or procedure an announcement tells of."""
    if guide := g.library.guides.get(announcement.about):
        return guide.title, url_for("guides.whole_guide", slug=guide.slug)
    if procedure := g.library.procedures.get(announcement.about):
        return procedure.title, url_for("procedures.show_procedure", slug=procedure.slug)
    return None


@bp.get("/")
@open_to("anyone")
@public_page(0)
def all_announcements():
    found = announcements.in_force(g.library, today())
    page, count = pages_of(len(found), A_PAGE, request.args.get("trang", 1, type=int))
    return render_template(
        "announcements/all.html",
        announcements=found[(page - 1) * A_PAGE : page * A_PAGE],
        page=page,
        count=count,
        over=announcements.over(g.library, today())[:A_PAGE] if page == count else [],
    )


@bp.get("/<slug>")
@open_to("anyone")
@public_page(0)
def show(slug: str):
    found = announcement_of(slug)
    return render_template(
        "announcements/one.html", announcement=found, about=about(found), is_over=announcements.has_ended(found, today())
    )


@bp.get("/<slug>/in")
@open_to("anyone")
@public_page(0)
def print_announcement(slug: str):
    found = announcement_of(slug)
    address = current_app.config["SITE_URL"] + url_for(".show", slug=slug)
    qr = segno.make(address, error="m", micro=False).svg_data_uri(border=4, omitsize=True)
    return render_template("announcements/print.html", announcement=found, address=address, qr=qr)


@bp.get("/atom.xml")
@open_to("anyone")
def feed():
    """Atom (RFC 4287). A reader asks often: it is told that nothing is new by the ETag."""
    found = announcements.in_force(g.library, today())[: announcements.MOST_IN_FEED]
    changed = announcements.published_at()

    def updated(one: Announcement) -> datetime:
        began = datetime.combine(one.valid_from, time(), VIETNAM_TIME)
        return max(began, changed.get(one.slug, began))

    newest = max(map(updated, found), default=datetime(2021, 7, 1, tzinfo=VIETNAM_TIME))
    text = render_template(
        "announcements/atom.xml", announcements=found, updated=updated, newest=newest, root=current_app.config["SITE_URL"]
    )
    answer = Response(text, mimetype="application/atom+xml")
    answer.headers["Cache-Control"] = "public, max-age=300"
    answer.add_etag()
    return answer.make_conditional(request)

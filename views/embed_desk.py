"""What other sites may show of this one: each window as it is now, with the text to paste into a page of theirs."""

from dataclasses import dataclass

from flask import Blueprint, current_app, g, render_template, request, url_for
from markupsafe import Markup

from views.access import open_to
from views.embeds import WINDOWS, Window, drawn, frame, window_of_guide
from views.headers import content_security_policy
from views.preview import EDITORS

bp = Blueprint("embed_desk", __name__, url_prefix="/mot-cua/nhung")

# What changes by itself would grow old where it was pasted: a link stays right, and a feed where there is one.
CHANGING = {"announced": "announcements.feed", "figures": ""}


@dataclass(frozen=True)
class Offer:
    """A window with what another site needs to show it, in a frame and without."""

    window: Window
    snippet: str
    plain: str  # to be pasted
    feed: str  # the address of a feed with the same; or nothing


@bp.get("/")
@open_to(*EDITORS)
def show():
    guides = g.library.guides
    guide = guides.get(request.args.get("bai", "")) or next(iter(guides.values()))
    page = render_template(
        "embed_desk/show.html",
        offers=[offer(window) for window in WINDOWS],
        of_guide=offer(window_of_guide(guide), guide=guide),
        guide=guide,
        guides=guides.values(),
        sites=current_app.config["EMBED_SITES"],
    )
    return page, {"Content-Security-Policy": content_security_policy(False, has_pictures=True) + ";frame-src 'self'"}


def offer(window: Window, **about) -> Offer:
    site, feed = current_app.config["SITE_URL"], CHANGING.get(window.name)
    return Offer(
        window,
        snippet=frame(window),
        plain=link_to(site, window) if window.name in CHANGING else pasted(window, about),
        feed=site + url_for(feed) if feed else "",
    )


def link_to(site: str, window: Window) -> str:
    return str(Markup('<a href="{}{}">{}</a>').format(site, window.page_path, window.title))


def pasted(window: Window, about: dict) -> str:
    return drawn(window.name, is_plain=True, is_part=True, **about).strip()

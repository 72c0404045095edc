"""What other sites show of this one: windows of a fixed height for their frames, the same as plain lists, and oEmbed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, g, make_response, render_template, request, url_for
from markupsafe import Markup

from database import utc_now
from rules import announcements
from rules.content import Guide
from rules.vietnamese import in_vietnam
from views.access import open_to
from views.headers import embed_style, headers_in_a_frame, public_page, sent_address
from views.transparency import counted

bp = Blueprint("embeds", __name__, url_prefix="/nhung")

KEEP_SECONDS = 300
# As many as have room in the height of their window.
MOST_GUIDES, MOST_STEPS, MOST_PROCEDURES, MOST_ANNOUNCEMENTS, MOST_MONTHS = 8, 5, 4, 5, 3


@dataclass(frozen=True)
class Window:
    """One page of this room, and the page of the site that it is a window on."""

    name: str  # of its view and its template
    page: str  # the endpoint
    title: str
    height: int  # pixels, which its content needs where the frame is as narrow as a small phone
    values: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return url_for(f"embeds.{self.name}", **self.values)

    @property
    def address(self) -> str:
        return current_app.config["SITE_URL"] + self.path

    @property
    def page_path(self) -> str:
        return url_for(self.page, **self.values)


WINDOWS = (
    Window("all_guides", "guides.all_guides", "Hướng dẫn dịch vụ công", 500),
    Window("lookup_box", "lookup.look_up", "Tra cứu hồ sơ", 280),
    Window("finder", "procedures.catalogue", "Tìm thủ tục", 470),
    Window("announced", "announcements.all_announcements", "Thông báo của xã", 410),
    Window("figures", "transparency.numbers", "Xã giải quyết hồ sơ thế nào", 340),
)
GUIDE_HEIGHT = 480


def window_of_guide(guide: Guide) -> Window:
    return Window("one_guide", "guides.whole_guide", f"Hướng dẫn: {guide.title}", GUIDE_HEIGHT, {"slug": guide.slug})


def all_windows() -> Iterator[Window]:
    yield from WINDOWS
    yield from map(window_of_guide, g.library.guides.values())


# --- the windows -----------------------------------------------------------------------------------------------------


@bp.get("/huong-dan")
@open_to("anyone")
@public_page(KEEP_SECONDS)
def all_guides():
    return show("all_guides")


@bp.get("/huong-dan/<slug>")
@open_to("anyone")
@public_page(KEEP_SECONDS)
def one_guide(slug: str):
    return show("one_guide", guide=g.library.guides.get(slug) or abort(404))


@bp.get("/tra-cuu")
@open_to("anyone")
@public_page(KEEP_SECONDS)
def lookup_box():
    return show("lookup_box")


@bp.get("/thu-tuc")
@open_to("anyone")
@public_page(KEEP_SECONDS)
def finder():
    return show("finder")


@bp.get("/thong-bao")
@open_to("anyone")
@public_page(KEEP_SECONDS)
def announced():
    return show("announced")


@bp.get("/so-lieu")
@open_to("anyone")
@public_page(KEEP_SECONDS)
def figures():
    return show("figures")


def show(name: str, **about) -> Response:
    is_plain = request.args.get("dang") == "danh-sach"
    return make_response(drawn(name, is_plain=is_plain, **about), headers_in_a_frame(current_app.config["EMBED_SITES"]))


def drawn(name: str, is_plain: bool, is_part: bool = False, **about) -> str:
    """A window; or `is_plain`, without style and with whole addresses, for a page elsewhere; `is_part` of it, to be pasted."""
    return render_template(
        f"embeds/{name}.html",
        style=embed_style(),
        is_plain=is_plain,
        is_part=is_part,
        root=current_app.config["SITE_URL"] if is_plain else "",
        **CONTENT[name](),
        **about,
    )


def shown_guides() -> dict:
    guides = list(g.library.guides.values())
    return {"guides": guides[:MOST_GUIDES], "count": len(guides)}


def shown_procedures() -> dict:
    return {"procedures": g.library.most_used(in_vietnam(utc_now()).date())[:MOST_PROCEDURES]}


def shown_announcements() -> dict:
    found = announcements.in_force(g.library, in_vietnam(utc_now()).date())
    return {"announcements": found[:MOST_ANNOUNCEMENTS]}


def shown_figures() -> dict:
    seen = counted()
    return {"months": seen.months[:MOST_MONTHS] if seen else []}


CONTENT = {
    "all_guides": shown_guides,
    "one_guide": lambda: {"most_steps": MOST_STEPS},
    "lookup_box": dict,
    "finder": shown_procedures,
    "announced": shown_announcements,
    "figures": shown_figures,
}


# --- oEmbed 1.0 ------------------------------------------------------------------------------------------------------

WIDTH = 360
CACHE_AGE = 3600
LENGTH = re.compile(r"[1-9][0-9]{0,4}")


def frame(window: Window, width: str = "100%", height: int = 0) -> str:
    """What another site writes in its page."""
    snippet = Markup(
        '<iframe src="{}" width="{}" height="{}" loading="lazy" title="{}" style="border:0;max-width:100%"></iframe>'
    )
    return str(snippet.format(window.address, width, height or window.height, window.title))


@bp.get("/oembed")
@open_to("anyone")
def oembed():
    form = request.args.get("format", "json")
    if form not in ("json", "xml"):
        return Response("format: json, xml\n", 501, mimetype="text/plain")
    window = window_at(request.args.get("url", ""))
    if window is None:
        return Response("url: a page of this site that has an embed\n", 404, mimetype="text/plain")
    facts = facts_of(window, at_most("maxwidth", WIDTH), at_most("maxheight", window.height))
    if form == "json":
        answer = current_app.json.response(facts)
    else:
        answer = Response(render_template("embeds/oembed.xml", facts=facts), mimetype="text/xml")
    answer.headers["Cache-Control"] = f"public, max-age={KEEP_SECONDS}"
    answer.add_etag()
    return answer.make_conditional(request)


def window_at(address: str) -> Window | None:
    """The window that has this address, or looks on the page that has it. What is asked behind a “?” does not matter."""
    parts, ours = sent_address(address), urlsplit(current_app.config["SITE_URL"])
    if parts.scheme not in ("http", "https") or parts.netloc.lower() != ours.netloc.lower():
        return None
    windows = {path: window for window in all_windows() for path in (window.path, window.page_path)}
    return windows.get(parts.path) or windows.get(f"{parts.path}/")


def at_most(name: str, usual: int) -> int:
    """What the asker has room for; a number that is none says nothing."""
    said = request.args.get(name, "")
    return min(int(said), usual) if LENGTH.fullmatch(said) else usual


def facts_of(window: Window, width: int, height: int) -> dict[str, object]:
    return {
        "version": "1.0",
        "type": "rich",
        "title": window.title,
        "provider_name": g.library.site.office,
        "provider_url": current_app.config["SITE_URL"] + "/",
        "cache_age": CACHE_AGE,
        "html": frame(window, str(width), height),
        "width": width,
        "height": height,
    }

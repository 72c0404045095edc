"""What every answer carries (SECURITY §8), within 450 bytes a page."""

import base64
import hashlib
from functools import cache, wraps
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from flask import Response, current_app, make_response, request, session
from flask_login import current_user

from views.answering import wants_fragment
from views.visits import is_https

STATIC = Path(__file__).resolve().parent.parent / "static"


def is_first_visit() -> bool:
    """Whether the style stands in the page itself: who comes from elsewhere has no style sheet yet, and a round trip is
    dear. Who is here already fetches the sheet once, and every page after it is a kilobyte lighter."""
    return not request.cookies and not comes_from_here(request.environ)


def comes_from_here(environ) -> bool:
    """Whether the page before was one of ours; a browser that does not say is taken for new."""
    return sent_address(environ.get("HTTP_REFERER", "")).netloc == environ.get("HTTP_HOST", "-")


def sent_address(text: str) -> SplitResult:
    """The parts of an address a browser sent; empty ones when it is none ("http://[")."""
    try:
        return urlsplit(text)
    except ValueError:
        return urlsplit("")


def inline_style() -> str:
    """The style sheet as it stands in a page."""
    return _style(plays_sound(request.path))


@cache
def _style(has_sound: bool) -> str:
    text = (STATIC / "style.css").read_text(encoding="utf-8").partition("/* Only in the sheet")[0]
    return without_comments(text).replace("\n", "") + (SOUND_STYLE if has_sound else "")


# A player is 300 pixels wide by itself, a small phone 240. No other page pays for saying so.
SOUND_STYLE = "audio{width:100%}"


def plays_sound(path: str) -> bool:
    """Whether the page of this address plays recordings. Its policy lets them in, so htmx loads it whole, too."""
    return path.endswith("/nghe") or path.startswith("/mot-cua/ghi-am/")


def without_comments(text: str) -> str:
    """A style sheet or script without what only its reader needs; a comment stands on a line of its own."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("/*"))


@cache
def content_security_policy(has_inline_style: bool, has_pictures: bool = False, has_sound: bool = False) -> str:
    """The policy of all pages. The only pictures are the mark and the empty icon, both data: addresses; a page that shows
    others, of this site, or plays recordings, says so."""
    style_hash = base64.b64encode(hashlib.sha256(_style(has_sound).encode()).digest()).decode()
    inline = f" 'sha256-{style_hash}'" if has_inline_style else ""
    pictures = "'self' data:" if has_pictures else "data:"
    sound = "media-src 'self';" if has_sound else ""
    return (
        f"default-src 'none';script-src 'self';style-src 'self'{inline};img-src {pictures};{sound}connect-src 'self';"
        "form-action 'self';base-uri 'none';frame-ancestors 'none'"
    )


@cache
def embed_style() -> str:
    """The style of what other sites show in a frame; it holds no sign that HTML would escape."""
    return without_comments((STATIC / "embed.css").read_text(encoding="utf-8")).replace("\n", "")


def headers_in_a_frame(sites: list[str]) -> dict[str, str]:
    """Of a page that these sites, and the desk's own, may show in a frame: no script, no picture, one style (SECURITY §8)."""
    style_hash = base64.b64encode(hashlib.sha256(embed_style().encode()).digest()).decode()
    ancestors = " ".join(["'self'", *sites])
    return {
        "Content-Security-Policy": (
            f"default-src 'none';style-src 'sha256-{style_hash}';form-action 'self';base-uri 'none';frame-ancestors {ancestors}"
        ),
        "Cross-Origin-Resource-Policy": "cross-origin",
        # The page that a link here opens is a first visit: it must not take this one for a page of the site, with its sheet.
        "Referrer-Policy": "no-referrer",
    }


def finish(response: Response) -> Response:
    """The headers of a page; a fragment, which no browser shows by itself, carries the shortest that keep it harmless."""
    if response.location:
        return _without_body(response)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.mimetype == "text/html":
        response.vary.add("HX-Request")
    if wants_fragment():
        response.headers.setdefault("Content-Security-Policy", "default-src 'none'")
        return response
    response.headers.setdefault("Referrer-Policy", "same-origin")
    # Browsers keep it for a year, so the first page of a visit says it for all; on 2G its 68 bytes a page are a tenth.
    if is_https(current_app) and is_first_visit():
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if response.mimetype == "text/html":
        # The desk sees papers beside a dossier, whichever of its pages was the first to be loaded whole.
        is_desk = request.path.startswith("/mot-cua/")
        policy = content_security_policy(is_first_visit(), is_desk, plays_sound(request.path))
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers["Permissions-Policy"] = "geolocation=()"
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    return response


def _without_body(response: Response) -> Response:
    """A redirect is only its address: nothing to show, nothing to keep (RFC 9110: 302 and 303 are not stored unasked).

    Every form costs one on a plain browser, so its bytes count.
    """
    response.data = b""
    response.headers.remove("Content-Type")
    return response


def public_page(seconds: int):
    """For a view whose page is the same for all who are not logged in: it may be kept, with an ETag.

    `seconds` 0: kept, but asked about each time, so that the name at the top appears at once after logging in.
    A view that says itself how its page may be kept is believed.
    """

    def mark(view):
        @wraps(view)
        def answer(*args, **kwargs):
            response = make_response(view(*args, **kwargs))
            may_be_kept = response.status_code == 200 and "Cache-Control" not in response.headers
            if may_be_kept and not current_user.is_authenticated and not session.is_new and not session.has_given_token:
                response.headers["Cache-Control"] = f"public, max-age={seconds}" if seconds else "public, no-cache"
                # Of one address, so that these few tell its versions apart; werkzeug's own is 28 bytes longer, on every page.
                response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:12])
                if not request.htmx:
                    response.vary.add("Cookie")  # the name at the top; a fragment has none
            return response

        answer.is_public_page = True
        return answer

    return mark

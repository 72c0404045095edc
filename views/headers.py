"""What every answer carries (SECURITY §8), within 450 bytes a page."""

import base64
import hashlib
from functools import cache, wraps
from pathlib import Path

from flask import Response, current_app, make_response, request, session
from flask_login import current_user

from views.visits import is_https

STYLE = Path(__file__).resolve().parent.parent / "static" / "style.css"


@cache
def inline_style() -> str:
    """The style sheet as it stands in each whole page: one kilobyte there saves a round trip."""
    lines = (line.strip() for line in STYLE.read_text(encoding="utf-8").splitlines())
    return "".join(line for line in lines if line and not line.startswith("/*"))


@cache
def content_security_policy() -> str:
    """One policy for all pages. Pictures are nowhere yet, so they fall under default-src."""
    style_hash = base64.b64encode(hashlib.sha256(inline_style().encode()).digest()).decode()
    return (
        f"default-src 'none';script-src 'self';style-src 'self' 'sha256-{style_hash}';connect-src 'self';"
        "form-action 'self';base-uri 'none';frame-ancestors 'none'"
    )


def finish(response: Response) -> Response:
    """The headers of a page; a fragment, which no browser shows by itself, carries the shortest that keep it harmless."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    if response.mimetype == "text/html":
        response.vary.add("HX-Request")
    if request.htmx and not request.htmx.history_restore_request:
        response.headers.setdefault("Content-Security-Policy", "default-src 'none'")
        return response
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if is_https(current_app):
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", content_security_policy())
        response.headers["Permissions-Policy"] = "geolocation=()"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
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
            if may_be_kept and not current_user.is_authenticated and not session.is_new:
                response.headers["Cache-Control"] = f"public, max-age={seconds}" if seconds else "public, no-cache"
                response.add_etag()
            return response

        return answer

    return mark

"""What every answer carries (SECURITY §8), within 450 bytes a page."""

import base64
import hashlib
from functools import cache, wraps
from pathlib import Path

from flask import Response, current_app, make_response, session
from flask_login import current_user

from views.visits import is_https

STYLE = Path(__file__).resolve().parent.parent / "static" / "style.css"


@cache
def inline_style() -> str:
    """The style sheet as it stands in each whole page: one kilobyte there saves a round trip."""
    lines = (line.strip() for line in STYLE.read_text(encoding="utf-8").splitlines())
    return "".join(line for line in lines if line and not line.startswith("/*"))


@cache
def content_security_policy(form_action: str = "'self'") -> str:
    style_hash = base64.b64encode(hashlib.sha256(inline_style().encode()).digest()).decode()
    return (
        f"default-src 'none';script-src 'self';style-src 'self' 'sha256-{style_hash}';img-src 'self' data:;connect-src 'self';"
        f"form-action {form_action};base-uri 'none';frame-ancestors 'none'"
    )


def finish(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if is_https(current_app):
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", content_security_policy())
        response.headers["Permissions-Policy"] = "camera=(),geolocation=(),microphone=()"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.vary.add("HX-Request")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response


def public_page(seconds: int):
    """For a view whose page is the same for all who are not logged in: it may be kept, with an ETag.

    `seconds` 0: kept, but asked about each time, so that the name at the top appears at once after logging in.
    """

    def mark(view):
        @wraps(view)
        def answer(*args, **kwargs):
            response = make_response(view(*args, **kwargs))
            if response.status_code == 200 and not current_user.is_authenticated and not session.is_new:
                response.headers["Cache-Control"] = f"public, max-age={seconds}" if seconds else "public, no-cache"
                response.add_etag()
            return response

        return answer

    return mark

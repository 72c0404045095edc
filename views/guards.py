"""What is checked before any view: where a form comes from, and how large it may be."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, request
from werkzeug.routing import IntegerConverter
from werkzeug.urls import iri_to_uri

from views.answering import wants_fragment
from views.headers import plays_sound, sent_address

KILOBYTE = 1024
# A pasted megabyte must still reach its field's own message, so the door is wider than any honest form.
MOST_FORM_BYTES = 2048 * KILOBYTE
# Ten papers of 5 MB; and a photo of 20 MB is read and then refused beside its field, not by a cut line.
MOST_UPLOAD_BYTES = 52 * 1024 * KILOBYTE

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class ShortNumber(IntegerConverter):
    """A number in an address: one way to write each, and none that a database cannot hold."""

    regex = "[1-9][0-9]{0,8}"


def init_app(app: Flask) -> None:
    app.before_request(limit_size)
    app.before_request(refuse_other_sites)
    app.before_request(load_whole_where_the_style_changes)
    app.before_request(open_library)


def limit_size() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    request.max_content_length = getattr(view, "most_bytes", MOST_FORM_BYTES)


def takes_uploads(view):
    view.most_bytes = MOST_UPLOAD_BYTES
    return view


def refuse_other_sites() -> None:
    """A changing request that the browser says comes from another site is refused, whatever token it carries."""
    if request.method in SAFE_METHODS:
        return
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site:
        if fetch_site not in ("same-origin", "none"):
            abort(403)
    elif not _is_own_origin(request.headers.get("Origin")):
        abort(403)


def _is_own_origin(origin: str | None) -> bool:
    # "null" is what browsers send from a page with no-referrer; the form token decides then.
    if origin in (None, "null"):
        return True
    return sent_address(origin).netloc in (request.host, urlsplit(current_app.config["SITE_URL"]).netloc)


def load_whole_where_the_style_changes() -> Response | None:
    """The desk and print have style sheets of their own, which a fragment for <main> can neither bring nor take away."""
    if request.method != "GET" or not wants_fragment() or not changes_style(request.environ):
        return None
    # In ASCII: a header can carry nothing else.
    return Response(headers={"HX-Redirect": urlsplit(iri_to_uri(request.url))._replace(scheme="", netloc="").geturl()})


def changes_style(environ) -> bool:
    """Whether the page asked for has another style sheet than the one htmx asks from, or plays sounds and that one none."""
    path = environ["PATH_INFO"]
    return _style_of(sent_address(environ.get("HTTP_HX_CURRENT_URL", "")).path or path) != _style_of(path)


def _style_of(path: str) -> tuple[str, bool, bool]:
    """And the policy: a page that plays sound, or shows another in a frame, has its own."""
    is_print = path.endswith(("/in", "/in.pdf"))
    sheet = "print" if is_print else "desk" if path.startswith("/mot-cua") else ""
    return sheet, plays_sound(path), path.startswith("/mot-cua/xem-thu")


def open_library() -> None:
    # A preview (views/preview.py) brings the library it is a preview of; no header of a visitor can.
    g.library = request.environ.get("iabang.library") or current_app.extensions["library"].refreshed()

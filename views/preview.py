"""Public pages as they will be: with all that is being written of the content in force, for staff who write it."""

from io import BytesIO

from flask import Blueprint, Response, abort, current_app, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from rules import content_drafts
from rules.content import ContentWrong
from views.access import only_of_this_commune, open_to
from views.answering import OWN_PATH
from views.headers import content_security_policy

bp = Blueprint("preview", __name__, url_prefix="/mot-cua/xem-thu")

EDITORS = ("culture", "leader", "administrator")
bp.before_request(only_of_this_commune(*EDITORS))

LIBRARY = "iabang.library"  # in the environ of a request that is made here, and nowhere else


def is_preview() -> bool:
    return LIBRARY in request.environ


@bp.get("/")
@open_to(*EDITORS)
def in_a_phone():
    """The page in frames as wide as phones are."""
    path = request.args.get("trang", "/")
    if not is_public(path):
        abort(404)
    page = render_template("preview/phone.html", path=path, faults=faults_of_drafts())
    return page, {"Content-Security-Policy": content_security_policy(False, has_pictures=True) + ";frame-src 'self'"}


def faults_of_drafts() -> list[str]:
    drafts = content_drafts.drafts()
    return content_drafts.faults(*drafts) if drafts else []


@bp.get("/trang/", defaults={"path": ""})
@bp.get("/trang/<path:path>")
@open_to(*EDITORS)
def framed(path: str):
    """What a visitor without a cookie would be answered at that address."""
    if not is_public(f"/{path}"):
        abort(404)
    try:
        library = content_drafts.preview(*content_drafts.drafts())
    except ContentWrong as wrong:
        return render_template("preview/wrong.html", faults=wrong.faults[:20]), 422, FRAMED
    answer = visitor_reads(f"/{path}", library)
    return Response(answer.get_data(), answer.status_code, FRAMED | {"Content-Type": answer.content_type})


# Shown within a page of the desk alone; the style of a first visit stands in the page.
FRAMED = {
    "Content-Security-Policy": content_security_policy(True, has_pictures=True)
    .replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    .replace("script-src 'self';", "")
}


def is_public(path: str) -> bool:
    """Whether a page that says the same to everybody stands at this path of the site: of all others nothing is a preview."""
    if not OWN_PATH.match(path):
        return False
    try:
        endpoint, _ = current_app.create_url_adapter(request).match(path, method="GET")
    except (RequestRedirect, HTTPException):
        return False
    return getattr(current_app.view_functions[endpoint], "is_public_page", False)


def visitor_reads(path: str, library) -> Response:
    environ = {name: value for name, value in request.environ.items() if not name.startswith(("werkzeug.", "flask.", "HTTP_"))}
    environ |= {
        "HTTP_HOST": request.environ.get("HTTP_HOST", ""),
        "HTTP_SAVE_DATA": "on",  # no scripts: in the frame none may run
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": "",
        "CONTENT_LENGTH": "0",
        "CONTENT_TYPE": "",
        "wsgi.input": BytesIO(),
        LIBRARY: library,
    }
    with current_app.app_context(), current_app.request_context(environ):
        return current_app.full_dispatch_request()

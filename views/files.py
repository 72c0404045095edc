"""Sends a kept file: as an attachment of our own type, in a sandbox, kept by nobody (SECURITY §9)."""

from flask import Response, current_app

SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}
SANDBOX = "sandbox; default-src 'none'"


def send_kept(stored_name: str, media_type: str, called: str) -> Response:
    """The file under `called` (ASCII) and the ending of its type."""
    answer = Response(current_app.extensions["files"].read(stored_name), mimetype=media_type)
    answer.headers["Content-Disposition"] = f"attachment; filename={called}{SUFFIXES[media_type]}"
    answer.headers["Content-Security-Policy"] = SANDBOX
    return answer

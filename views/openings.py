"""Pictures that are part of a page: the page's opening is written down once, and its pictures say that they belong to it."""

import hmac
import re
from datetime import UTC, datetime, timedelta

from flask import current_app, request, session

from database import utc_now
from models import Dossier

# As long as a slow line may need to fetch the pictures of a page.
PICTURES_MAY_TAKE = timedelta(minutes=30)
SECONDS = re.compile(r"[0-9]{9,10}", re.ASCII)


def mark_of_opening(dossier: Dossier, document_key: str = "") -> str:
    """For the address (`dau`) of the small pictures of a dossier, or of the large ones of one document.

    Only for a page whose opening has just been written down; good for this login, for PICTURES_MAY_TAKE.
    """
    return _mark(dossier, document_key, int(utc_now().timestamp()))


def is_part_of_opening(dossier: Dossier, document_key: str = "") -> bool:
    """Whether the picture asked for belongs to an opening that is written down; else it is one of its own."""
    mark = request.args.get("dau", "")
    at = mark.partition("-")[0]
    if not SECONDS.fullmatch(at):
        return False
    is_ours = hmac.compare_digest(mark.encode(), _mark(dossier, document_key, int(at)).encode())
    return is_ours and abs(utc_now() - datetime.fromtimestamp(int(at), UTC)) < PICTURES_MAY_TAKE


def _mark(dossier: Dossier, document_key: str, at: int) -> str:
    # By the site's own key: whoever has the page open knows its form token.
    said = f"opened:{session.token}:{dossier.id}:{document_key}:{at}"
    return f"{at}-{hmac.digest(current_app.config['SECRET_KEY'].encode(), said.encode(), 'sha256').hex()[:20]}"

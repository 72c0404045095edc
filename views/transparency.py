"""What everybody may see of the office's work: how much came, how much was done in time, by month and by field."""

import threading
from datetime import timedelta

from flask import Blueprint, current_app, g, render_template

from database import utc_now
from rules import overview
from rules.vietnamese import in_vietnam
from views.access import open_to
from views.headers import public_page

bp = Blueprint("transparency", __name__)

COUNTED_FOR = timedelta(hours=1)
_counting = threading.Lock()


@bp.get("/minh-bach")
@open_to("anyone")
@public_page(300)
def numbers():
    return render_template("transparency/numbers.html", seen=counted(), least=overview.LEAST_SHOWN)


def counted() -> overview.Transparency | None:
    """The numbers, counted at most once an hour: whoever asks often must not make the database count each time."""
    kept, now = current_app.extensions.get("transparency"), utc_now()
    if kept and timedelta(0) <= now - kept[0] < COUNTED_FOR:
        return kept[1]
    with _counting:
        again = current_app.extensions.get("transparency")
        if again is not kept:  # somebody else has counted meanwhile
            return again[1]
        found = overview.transparency(g.library.site.codes.agency, in_vietnam(now).date(), now)
        current_app.extensions["transparency"] = now, found
    return found

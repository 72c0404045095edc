"""The desk, time: a dossier's clock, what is late and will be, apologies prepared and signed."""

from flask import Blueprint, current_app, g, render_template, request, url_for
from flask_login import current_user
from wtforms import HiddenField

from database import utc_now
from models import Apology, Dossier, Staff
from rules import WrongInput, apologies, assignments, clock, desk, lateness
from rules.deadlines import promised_now
from rules.paging import pages_of
from rules.vietnamese import in_vietnam, read_day
from rules.workflow import MoveRefused
from views.access import open_to
from views.answering import go_on
from views.desk import (
    WORKERS_AT_DESK,
    MoveForm,
    ReasonField,
    add_panel,
    dossier_of_my_office,
    key_of,
    link_to,
    show,
)
from views.forms import ReadField

bp = Blueprint("lateness", __name__, url_prefix="/mot-cua")

A_PAGE = 20
MOST_TO_SIGN = 20
KINDS = {
    "tre": "Trễ hạn",
    "hom-nay": "Hẹn hôm nay",
    "sap-tre": "Sắp trễ",
    "chua-xin-loi": "Trễ hoặc đến hạn ngày làm việc tới, chưa có phiếu xin lỗi",
}


# --- what is late, and will be ---------------------------------------------------------------------------------------


@bp.get("/tre-han")
@open_to(*WORKERS_AT_DESK)
def late():
    return show_late()


def show_late(fault: str = "", status: int = 200):
    now, calendar, office = utc_now(), g.library.calendar, current_user.office
    kinds = lateness.kinds(now, calendar, g.library.site.most_apologies)
    places, holders = lateness.tallies(office, now, calendar)
    kind = request.args.get("xem", "")
    kind = kind if kind in kinds else "tre"
    place, holder = asked_place(), request.args.get("can-bo", type=int)
    found = lateness.ids_of(office, kinds[kind], place, holder)
    count = found.count()
    number, pages = pages_of(count, A_PAGE, request.args.get("trang", 1, type=int))
    dossiers = desk.rows_of([row.id for row in found.paginate(number, A_PAGE)])
    to_sign = apologies.all_waiting(office)
    page = render_template(
        "lateness/late.html",
        fault=fault,
        words=KINDS,
        places=places,
        holders=holders,
        kind=kind,
        narrowed={name: value for name, value in (("buoc", place), ("can-bo", holder)) if value not in ("", None)},
        about=words_of(place, holder),
        dossiers=[(dossier, days_late(dossier, now)) for dossier in dossiers],
        standing=lambda dossier: clock.lateness_words(dossier, calendar, now),
        names={person.id: person.full_name for person in assignments.colleagues(office)},
        where=lambda dossier: lateness.place_name(lateness.word_of(dossier)),
        count=count,
        page=number,
        pages=pages,
        to_sign=list(to_sign.limit(MOST_TO_SIGN)),
        waiting=to_sign.count(),
        without=lateness.ids_of(office, kinds["chua-xin-loi"]).count(),
        form=MoveForm(formdata=None),
    )
    return page, status


def asked_place() -> str:
    word = request.args.get("buoc", "")
    return word if word in lateness.PLACES else ""

"""The desk, time: a dossier's clock, what is late and soon will be, apologies prepared and signed."""

from flask import Blueprint, current_app, g, render_template, request
from flask_login import current_user
from wtforms import HiddenField

from database import utc_now
from models import Dossier, Staff
from rules import WrongInput, apologies, assignments, clock, desk, lateness
from rules.deadlines import promised_now
from rules.paging import pages_of
from rules.vietnamese import in_vietnam, read_day, show_day
from rules.workflow import MoveRefused
from views.access import open_to
from views.answering import go_on
from views.desk import WORKERS_AT_DESK, MoveForm, ReasonField, add_panel, dossier_of_my_office, link_to, show
from views.desk_queue import key_for
from views.forms import ReadField

bp = Blueprint("lateness", __name__, url_prefix="/mot-cua")

A_PAGE = 20
MOST_TO_SIGN = 20
KINDS = {
    "tre": "Trễ hạn",
    "hom-nay": "Hẹn hôm nay",
    "sap-tre": "Sắp trễ",
    "chua-xin-loi": "Chưa có phiếu xin lỗi",
}


# --- what is late, and soon will be ----------------------------------------------------------------------------------


@bp.get("/tre-han")
@open_to(*WORKERS_AT_DESK)
def late():
    return show_late()


def show_late(fault: str = "", status: int = 200):
    """The late and soon late by step and by who holds them, apologies to be signed, and the dossiers of one number."""
    now, calendar, office = utc_now(), g.library.calendar, current_user.office
    kinds = lateness.kinds(now, calendar, g.library.site.most_apologies)
    places, holders = lateness.tallies(office, now, calendar)
    kind, place, holder = asked_kind(), asked_place(), request.args.get("can-bo", type=int)
    found = lateness.ids_of(office, kinds[kind], place, holder)
    count = found.count()
    number, pages = pages_of(count, A_PAGE, request.args.get("trang", 1, type=int))
    names = {tally.key: tally.name for tally in holders}
    names |= {person.id: person.full_name for person in assignments.colleagues(office)}
    to_sign = apologies.all_waiting(office)
    page = render_template(
        "lateness/late.html",
        fault=fault,
        kinds=KINDS,
        places=places,
        holders=holders,
        kind=kind,
        narrowed=narrowed(place, holder),
        about=words_of(place, holder, names),
        dossiers=desk.rows_of([row.id for row in found.paginate(number, A_PAGE)]),
        days_late=lambda dossier: lateness.days_late(dossier.due_at, now, calendar),
        place_of=lambda dossier: lateness.place_name(lateness.word_of(dossier.state, dossier.step)),
        names=names,
        count=count,
        page=number,
        pages=pages,
        to_sign=list(to_sign.limit(MOST_TO_SIGN)),
        waiting=to_sign.count(),
        without=lateness.ids_of(office, kinds["chua-xin-loi"]).count(),
        form=MoveForm(formdata=None),
    )
    return page, status


def asked_kind() -> str:
    word = request.args.get("xem", "")
    return word if word in KINDS else "tre"


def asked_place() -> str:
    word = request.args.get("buoc", "")
    return word if word in lateness.PLACES else ""


def narrowed(place: str, holder: int | None) -> dict[str, object]:
    """What the list is narrowed to, as it stands in its address."""
    return ({"buoc": place} if place else {}) | ({"can-bo": holder} if holder is not None else {})


def words_of(place: str, holder: int | None, names: dict[int, str]) -> str:
    """The same in words; "" for all of them."""
    said = [lateness.place_name(place)] if place else []
    return ", ".join([*said, names.get(holder, "Người đã nghỉ")] if holder is not None else said)


# --- being sorry -----------------------------------------------------------------------------------------------------


class ApologyForm(MoveForm):
    reason = ReasonField(
        "Lý do trễ",
        apologies.read_reason,
        "Nhập lý do trễ",
        hint="Người nộp đọc được, và in trên phiếu. Ví dụ: Cơ quan khác chưa trả lời, xã đã hỏi lại.",
    )
    new_day = ReadField("Ngày hẹn mới", read_day, "Nhập ngày hẹn mới")


@bp.route("/ho-so/<code>/xin-loi", methods=["GET", "POST"])
@open_to(*apologies.PREPARED_BY)
def prepare(code: str):
    """Write an apology with one new date, for a leader to sign."""
    dossier, form = dossier_of_my_office(code), ApologyForm()
    if not form.validate_on_submit():
        return show_preparing(dossier, form)
    most, key = g.library.site.most_apologies, key_for("xin-loi", form, dossier)
    try:
        apologies.prepare(dossier, form.reason.value, form.new_day.value, _me(), utc_now(), g.library.calendar, most, key)
    except WrongInput as fault:
        form.new_day.errors = [str(fault)]
        return show_preparing(dossier, form)
    except MoveRefused as refusal:
        return show(dossier_of_my_office(code), MoveForm(formdata=None), str(refusal), 409)
    return go_on("desk.show_dossier", code=code, da="soan-xin-loi")


def show_preparing(dossier: Dossier, form: ApologyForm):
    now, calendar, most = utc_now(), g.library.calendar, g.library.site.most_apologies
    promised = promised_now(dossier.due_at, dossier.repromised_at)
    soonest = calendar.next_working_day(max(lateness.today(now), in_vietnam(promised).date())) if promised else None
    if soonest:
        form.new_day.description = f"Sớm nhất {show_day(soonest)}. Chọn ngày chắc giữ được: chỉ hẹn lại {most} lần."
    page = render_template(
        "lateness/prepare.html",
        dossier=dossier,
        form=form,
        promised=promised,
        why_not=apologies.why_not(dossier, most),
        explained=clock.explain(dossier, calendar),
        phrases=g.library.reasons.delays,
    )
    return page, 422 if form.errors else 200


class SignForm(MoveForm):
    back = HiddenField()  # "tre-han": pressed on the list


@bp.post("/ho-so/<code>/xin-loi/<int:apology_id>/ky")
@open_to(apologies.SIGNED_BY)
def sign(code: str, apology_id: int):
    return settle(code, "ky-xin-loi", lambda dossier, key: sign_it(dossier, apology_id, key))


def sign_it(dossier: Dossier, apology_id: int, key: str) -> None:
    apologies.sign(dossier, apology_id, _me(), utc_now(), key, link_to(dossier))
    current_app.extensions["mail_soon"]()


@bp.post("/ho-so/<code>/xin-loi/<int:apology_id>/bo")
@open_to(*WORKERS_AT_DESK)
def drop(code: str, apology_id: int):
    return settle(code, "bo-xin-loi", lambda dossier, key: apologies.drop(dossier, apology_id, _me(), utc_now()))


def settle(code: str, word: str, act):
    """Sign or give back; then the page it was pressed on again, saying what was done or why it was not."""
    dossier, form = dossier_of_my_office(code), SignForm()
    is_on_list = form.back.data == "tre-han"
    fault, status = "", 0
    if not form.validate():
        fault, status = form.problems()[0][1], 422
    else:
        try:
            act(dossier, key_for(word, form, dossier))
        except MoveRefused as refusal:
            fault, status = str(refusal), 409
    if fault and is_on_list:
        return show_late(fault, status)
    if fault:
        return show(dossier_of_my_office(code), MoveForm(formdata=None), fault, status)
    return go_on(".late", da=word) if is_on_list else go_on("desk.show_dossier", code=code, da=word)


# --- beside the dossier ----------------------------------------------------------------------------------------------


def gather(dossier: Dossier) -> dict[str, object]:
    now, calendar = utc_now(), g.library.calendar
    standing = lateness.standing_of(dossier, calendar, now)
    sorry = apologies.of_dossier(dossier)
    may_prepare = standing and current_user.role in apologies.PREPARED_BY
    return {
        "clock": clock.of_dossier(dossier, calendar, now),
        "standing": standing,
        "explained": clock.explain(dossier, calendar),
        "apologies": sorry,
        "may_prepare": may_prepare and not apologies.why_not(dossier, g.library.site.most_apologies),
    }


add_panel(10, "desk/_clock.html", gather)


def _me() -> Staff:
    return current_user._get_current_object()

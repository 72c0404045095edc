"""The desk on paper: makes out a numbered form of a dossier, shows it for printing, counts its copies; prints the register."""

from datetime import date

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from flask_login import current_user
from wtforms import HiddenField

from database import utc_now
from gateways import pdf
from models import Dossier, Event, PrintedForm
from rules import WrongInput, form_values, printed_forms
from rules.printed_forms import BY_KEY, BY_WORD, REGISTER, Kind
from rules.vietnamese import clean_text, in_vietnam, read_day, show_day
from rules.workflow import MoveRefused
from views.access import open_to
from views.answering import go_on
from views.desk import WORKERS_AT_DESK, MoveForm, add_panel, dossier_of_my_office, link_to, show, tell_owner
from views.forms import Form, ReadField
from views.headers import STATIC, without_comments
from views.people import drawn
from views.visits import log_security

bp = Blueprint("printed_forms", __name__, url_prefix="/mot-cua")

WORDS = ",".join(f'"{word}"' for word in BY_WORD)
SIZES = {"a4": "A4", "a5": "A5"}
MOST_SAID = 600  # letters of what is asked beside a form


def gather(dossier: Dossier) -> dict:
    """What the dossier's screen shows of its forms: which may be made out, and which there are."""
    site = g.library.site
    made = printed_forms.made_of(dossier)
    return {
        "to_make": printed_forms.to_make(dossier, site.form_set),
        "made": [(form, printed_forms.title_of(BY_KEY[form.form], form.form_set), f"{form.number:02}") for form in made],
        "undone": printed_forms.undone_among(made),
    }


add_panel(50, "desk/_printed.html", gather)


# --- making one out --------------------------------------------------------------------------------------------------


def form_for(kind: Kind, dossier: Dossier) -> Form:
    """The form that asks what `kind` has to know beside the dossier; of most, a button."""
    fields = {
        asked.name: ReadField(
            asked.label,
            lambda text: clean_text(text, MOST_SAID, lines=True),
            asked.missing,
            asked.hint,
            default=asked.known(dossier)[:MOST_SAID],
        )
        for asked in kind.asks
    }
    return type("AskedForm", (Form,), fields)()


@bp.route(f"/ho-so/<code>/lap/<any({WORDS}):kind>/<int:event_id>", methods=["GET", "POST"])
@open_to("officer", "specialist")
def make_form(code: str, kind: str, event_id: int):
    """Make out the form about this event, once; GET asks what only the officer knows."""
    dossier, chosen = dossier_of_my_office(code), BY_WORD[kind]
    event = Event.get_or_none(Event.id == event_id, Event.dossier == dossier.id)
    if event is None or current_user.role not in chosen.makers:
        abort(404)
    form = form_for(chosen, dossier)
    if form.validate_on_submit():
        return make(dossier, chosen, event, {asked.name: form[asked.name].value for asked in chosen.asks})
    if chosen.asks:
        title = printed_forms.title_of(chosen, g.library.site.form_set)
        page = render_template("printed/ask.html", dossier=dossier, kind=chosen, form=form, title=title)
        return page, 422 if form.errors else 200
    if not form.is_submitted():
        return redirect(url_for("desk.show_dossier", code=code), 302)
    return show(dossier, MoveForm(formdata=None), form.problems()[0][1], 422)


def make(dossier: Dossier, kind: Kind, event: Event, said: dict[str, str]):
    library, link = g.library, link_to(dossier)
    try:
        printed = printed_forms.make(dossier, kind, event.id, _me(), utc_now(), library.site, library.calendar, link, said)
    except MoveRefused as refusal:
        return show(dossier_of_my_office(dossier.code), MoveForm(formdata=None), str(refusal), 409)
    log_security("form made", staff=current_user.id, dossier=dossier.code, form=printed.id, kind=kind.key)
    return go_on(".show_form", code=dossier.code, form_id=printed.id)


# --- printing it -----------------------------------------------------------------------------------------------------


class CopyForm(Form):
    copies = HiddenField()  # how many there were when the button was shown


def form_of_my_office(code: str, form_id: int) -> tuple[Dossier, PrintedForm]:
    dossier = dossier_of_my_office(code)
    return dossier, printed_forms.form_of(dossier, form_id) or abort(404)


def size_asked_for() -> str:
    asked = request.args.get("kho", "").lower()
    return asked if asked in SIZES else "a4"


def on_paper(printed: PrintedForm) -> dict:
    """What the templates of a form need."""
    values = printed.values
    return {
        "form": values,
        "kind": BY_KEY[printed.form],
        "size": size_asked_for(),
        "copies": printed.copies,
        "is_undone": printed_forms.is_undone(printed),
        "qr": drawn(values["link"]),
    }


def opened(dossier: Dossier, printed: PrintedForm) -> None:
    """A form names its citizen: opening one is written down as opening the dossier is."""
    log_security("form opened", staff=current_user.id, dossier=dossier.code, form=printed.id, purpose="print")
    tell_owner(dossier, "dossier opened", dossier.code, "in giấy tờ")


@bp.get("/ho-so/<code>/giay-in/<int:form_id>")
@open_to(*WORKERS_AT_DESK)
def show_form(code: str, form_id: int):
    dossier, printed = form_of_my_office(code, form_id)
    return show_printed(dossier, printed)


def show_printed(dossier: Dossier, printed: PrintedForm, fault: str = "", status: int = 200):
    opened(dossier, printed)
    page = render_template(
        "printed/form.html",
        dossier=dossier,
        printed=printed,
        button=CopyForm(formdata=None),
        sizes=SIZES,
        has_pdf=pdf.is_there(),
        fault=fault,
        **on_paper(printed),
    )
    return page, status


@bp.get("/ho-so/<code>/giay-in/<int:form_id>.pdf")
@open_to(*WORKERS_AT_DESK)
def form_as_pdf(code: str, form_id: int):
    dossier, printed = form_of_my_office(code, form_id)
    if printed_forms.is_undone(printed) or not pdf.is_there():
        return redirect(url_for(".show_form", code=code, form_id=form_id), 302)
    opened(dossier, printed)
    return send_pdf(on_paper(printed), f"{BY_KEY[printed.form].word}-{dossier.code}.pdf")


@bp.post("/ho-so/<code>/giay-in/<int:form_id>/in-lai")
@open_to("officer", "specialist")
def reprint(code: str, form_id: int):
    """Count one more copy, and show it with its mark."""
    dossier, printed = form_of_my_office(code, form_id)
    if current_user.role not in BY_KEY[printed.form].makers:
        abort(404)
    form = CopyForm()
    if not form.validate_on_submit():
        return show_printed(dossier, printed, form.problems()[0][1], 422)
    try:
        copies = printed_forms.reprint(printed, form.copies.data or "")
    except MoveRefused as refusal:
        return show_printed(dossier, printed, str(refusal), 409)
    log_security("form printed again", staff=current_user.id, dossier=dossier.code, form=printed.id, copy=copies)
    return go_on(".show_form", code=code, form_id=form_id, kho=size_asked_for())


# --- the register ----------------------------------------------------------------------------------------------------

# Each takes a twentieth of a second to draw: more, and a slow machine is not done in the time a PDF has.
MOST_LINES_OF_PDF = 150


def period_asked_for() -> tuple[date, date, list[tuple[str, str]]]:
    """The days in the address, else this month so far; and what is wrong with them."""
    today = in_vietnam(utc_now()).date()
    first, last, faults = today.replace(day=1), today, []
    try:
        first = read_day(request.args["tu"]) if request.args.get("tu") else first
        last = read_day(request.args["den"]) if request.args.get("den") else last
    except WrongInput as fault:
        faults.append(("", str(fault)))
    if last > today.replace(year=today.year + 1, day=1):
        faults.append(("", "Ngày cuối còn xa. Nhập ngày đã qua"))
    if first > last:
        faults.append(("", "Ngày cuối phải sau ngày đầu"))
    return first, last, faults


def register_on_paper() -> tuple[dict, list[tuple[str, str]]]:
    """What the templates need of the register of the period asked for, and what is wrong with the period."""
    first, last, faults = period_asked_for()
    site, office = g.library.site, current_user.office
    rows = [] if faults else form_values.register(site, office, first, last)
    if len(rows) > form_values.MOST_LINES:
        faults, rows = [("", f"Kỳ này có hơn {form_values.MOST_LINES} hồ sơ. Chọn kỳ ngắn hơn rồi in từng phần.")], []
    log_security("register opened", staff=current_user.id, first=str(first), last=str(last), count=len(rows), purpose="print")
    form = {
        "head": form_values.head_of_desk(site, office),
        "title": REGISTER["titles"][site.form_set],
        "form_number": f"Mẫu số {REGISTER['numbers'][site.form_set]}",
        "place": form_values.place_of(site),
        "day": form_values.day_words(in_vietnam(utc_now()).date()),
        "first": form_values.day_words(first),
        "last": form_values.day_words(last),
        "rows": rows,
    }
    kind = {"key": "register", "is_wide": True}
    known = {"typed_first": show_day(first), "typed_last": show_day(last)}
    return {"form": form, "kind": kind, "size": size_asked_for(), "copies": 1, "is_undone": False} | known, faults


@bp.get("/so-theo-doi/in")
@open_to(*WORKERS_AT_DESK)
def print_register():
    paper, faults = register_on_paper()
    page = render_template(
        "printed/register.html",
        faults=faults,
        sizes=SIZES,
        has_pdf=pdf.is_there(),
        most_of_pdf=MOST_LINES_OF_PDF,
        **paper,
    )
    return page, 422 if faults else 200


@bp.get("/so-theo-doi/in.pdf")
@open_to(*WORKERS_AT_DESK)
def register_as_pdf():
    paper, faults = register_on_paper()
    if faults or not pdf.is_there() or len(paper["form"]["rows"]) > MOST_LINES_OF_PDF:
        asked = {name: request.args[name] for name in ("tu", "den", "kho") if name in request.args}
        return redirect(url_for(".print_register", **asked), 302)
    return send_pdf(paper, f"so-theo-doi-{in_vietnam(utc_now()):%Y%m%d}.pdf")


# --- as a file -------------------------------------------------------------------------------------------------------


def send_pdf(paper: dict, called: str) -> Response:
    """The same page and the same sheet as in the browser; of our own making, so that it may open in the browser's viewer."""
    sheet = without_comments((STATIC / "forms.css").read_text(encoding="utf-8"))
    try:
        made = pdf.make_pdf(render_template("printed/document.html", **paper), sheet)
    except pdf.PdfFailed as fault:
        log_security("pdf failed", staff=current_user.id, fault=str(fault))
        return Response(
            "Chưa tạo được PDF. Quay lại trang trước rồi in bằng nút in của trình duyệt (Ctrl+P).", 503, mimetype="text/plain"
        )
    answer = Response(made, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f"inline; filename={called}"
    return answer


def _me():
    return current_user._get_current_object()

"""Reports of the office: Biểu II.06a, the progress table, the register and the leaders' page; on screen, on paper, as XLSX."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, Response, g, render_template, request
from flask_login import current_user

from database import utc_now
from gateways import sheets
from models import Dossier
from rules import WrongInput, charts, form_values, overview, register, report_forms, reports
from rules.desk import printable
from rules.paging import pages_of
from rules.report_forms import FORMS, Form
from rules.reports import Counts, Period
from rules.vietnamese import in_vietnam, show_moment
from views.access import open_to
from views.visits import log_security

bp = Blueprint("reports", __name__, url_prefix="/mot-cua/bao-cao")

READERS, LEADING = ("officer", "specialist", "leader"), ("leader", "officer")
BY_KEY = {form.key: form for form in FORMS}
# By endpoint; a spreadsheet that cannot be made is answered with its page.
PAGE_OF_FORM = {"ii06a": "reports.regular", "tien-do": "reports.progress"}
TEMPLATES = dict.fromkeys(PAGE_OF_FORM.values(), "reports/report.html") | {
    "reports.book": "reports/register.html",
    "reports.leaders": "reports/leaders.html",
}
ROOMS = (
    ("Biểu II.06a", "reports.regular", READERS),
    ("Tiến độ (QĐ 766)", "reports.progress", READERS),
    ("Sổ theo dõi", "reports.book", READERS),
    ("Lãnh đạo", "reports.leaders", LEADING),
)
MOST_PRINTED = 400  # lines of the register on one page of the browser


# --- what is asked for -----------------------------------------------------------------------------------------------


@dataclass
class Asked:
    """The period and the rest of the address, as far as it could be read; what could not stands in `faults`."""

    period: Period
    faults: list[tuple[str, str]]
    field: str = ""
    procedure: str = ""
    today: date | None = None

    def query(self, **more) -> dict[str, object]:
        """What an address needs to ask for the same."""
        typed = {name: request.args.get(name, "") for name in ("tu", "den")}
        named = {"ky": self.period.key} if self.period.key else typed
        asked = named | {"linh-vuc": self.field, "thu-tuc": self.procedure} | more
        return {name: value for name, value in asked.items() if value}


def asked_for() -> Asked:
    today, args = in_vietnam(utc_now()).date(), request.args
    faults = []
    try:
        period = reports.read_period(args.get("ky", ""), args.get("tu", ""), args.get("den", ""), today)
    except WrongInput as fault:
        period, faults = reports.month(today), [("tu" if args.get("tu") or args.get("den") else "", str(fault))]
    return Asked(period, faults, printable(args.get("linh-vuc", "")[:100]), printable(args.get("thu-tuc", "")[:120]), today)


def page_of(here: str, asked: Asked, **values):
    """A page of this room: the period chosen stands at its top, what could not be read above it."""
    page = render_template(
        TEMPLATES[here],
        here=here,
        asked=asked,
        period=asked.period,
        faults=asked.faults,
        offered=list(reports.offered(asked.today)),
        before=reports.before(asked.period),
        after=reports.after(asked.period, asked.today),
        unit=form_values.agency_name(g.library.site, current_user.office),
        rooms=[(label, name) for label, name, roles in ROOMS if current_user.role in roles],
        **values,
    )
    return page, 422 if asked.faults else 200


def send_book(sheet: sheets.Sheet, filename: str, count: int) -> Response:
    """The file; that somebody took so many rows away is written down (SECURITY §12)."""
    file = io.BytesIO()
    sheets.write_book(file, [sheet])
    log_security("exported", staff=current_user.id, file=filename, rows=count)
    answer = Response(file.getvalue(), mimetype=sheets.MEDIA_TYPE)
    answer.headers["Content-Disposition"] = f"attachment; filename={filename}"
    return answer


def file_name(what: str, period: Period) -> str:
    return f"{what}-{period.key or f'{period.first:%Y%m%d}-{period.last:%Y%m%d}'}.xlsx"


# --- the two regular reports -----------------------------------------------------------------------------------------


@bp.get("/")
@open_to(*READERS)
def regular():
    """Biểu II.06a."""
    return show_report(report_forms.II06A)


@bp.get("/tien-do")
@open_to(*READERS)
def progress():
    """The table of QĐ 766."""
    return show_report(report_forms.QD766)


def rows_of(asked: Asked) -> list[Counts]:
    """A row a field; of one field, a row a procedure."""
    office, now = current_user.office, utc_now()
    if asked.field:
        return reports.count(office, asked.period, now, Dossier.procedure_title, Dossier.field == asked.field)
    return reports.count(office, asked.period, now)


def show_report(form: Form):
    asked = asked_for()
    rows = rows_of(asked)
    whole = reports.total(rows)
    return page_of(
        PAGE_OF_FORM[form.key],
        asked,
        form=form,
        rows=rows,
        whole=whole,
        checks=form.checks(whole),
        broken=form.faults([*rows, whole]),
        without_field=reports.WITHOUT_FIELD,
    )


@bp.get('/<any("ii06a","tien-do"):report>.xlsx')
@open_to(*READERS)
def report_as_sheet(report: str):
    asked, form = asked_for(), BY_KEY[report]
    if asked.faults:
        return show_report(form)
    rows = rows_of(asked)
    return send_book(sheet_of(form, asked, rows), file_name(report, asked.period), len(rows))


def sheet_of(form: Form, asked: Asked, rows: list[Counts]) -> sheets.Sheet:
    whole = reports.total(rows)
    lines = [[place, row.name or reports.WITHOUT_FIELD, *form.values(row)] for place, row in enumerate(rows, 1)]
    head = [sheets.HeadCell(one.row, one.column, one.rows, one.columns, one.name) for one in form.heads()]
    head += [sheets.HeadCell(form.depth, place, 1, 1, f"({place + 1})") for place in range(len(form.columns) + 2)]
    sums = [f"{'Đúng' if check.holds else 'SAI'}: {check.words} ({check.numbers})" for check in form.checks(whole)]
    wrong = [f"SAI ở dòng {check.row}: {check.words} ({check.numbers})" for check in form.faults(rows)]
    return sheets.Sheet(
        name=form.key,
        above=[*headings(form.sign, form.title, asked), "Đơn vị tính: số hồ sơ thủ tục hành chính"],
        head=head,
        widths=[6, 40, *[11] * len(form.columns)],
        rows=[*lines, [None, whole.name, *form.values(whole)]],
        below=sums + wrong,
        bold_rows=frozenset([len(lines)]),
    )


def headings(sign: str, title: str, asked: Asked) -> list[str]:
    unit = form_values.agency_name(g.library.site, current_user.office)
    of = f" Lĩnh vực: {asked.field}." if asked.field else ""
    return [sign, title, f"Đơn vị báo cáo: {unit}", f"Kỳ: {asked.period.name}.{of} Lập lúc {show_moment(utc_now())}."]


# --- the register ----------------------------------------------------------------------------------------------------


@bp.get("/so-theo-doi")
@open_to(*READERS)
def book():
    """The register, page by page; with `xem=in` all of a period, for the printer."""
    return show_book(asked_for())


def show_book(asked: Asked):
    office, site, chosen = current_user.office, g.library.site, register.Chosen(asked.field, asked.procedure)
    count = 0 if asked.faults else register.count(office, asked.period, chosen)
    is_print = request.args.get("xem") == "in"
    if is_print and count > MOST_PRINTED:
        asked.faults.append(("", f"Kỳ này có {count} hồ sơ. Chọn kỳ ngắn hơn để in, nhiều nhất {MOST_PRINTED} dòng một lần."))
    page, pages = pages_of(count, register.A_PAGE, request.args.get("trang", 1, type=int))
    if asked.faults:
        lines = []
    elif is_print:
        lines = list(register.register_rows(site, office, asked.period.first, asked.period.last, chosen))
    else:
        lines = register.page_of(site, office, asked.period, chosen, page)
    # It names people: who read which part is written down.
    log_security(
        "register opened", staff=current_user.id, period=asked.period.name, page=page, count=len(lines), purpose="register"
    )
    return page_of(
        "reports.book",
        asked,
        lines=lines,
        count=count,
        page=page,
        pages=1 if is_print else pages,
        is_print=is_print,
        columns=[name for name, _ in register.COLUMNS],
        fields=fields_of(office),
        procedures=register.procedures(office, asked.period),
    )


def fields_of(office: str) -> list[str]:
    known = Dossier.select(Dossier.field).where(Dossier.office == office, Dossier.field != "").distinct().tuples()
    return sorted(field for (field,) in known)


@bp.get("/so-theo-doi.xlsx")
@open_to(*READERS)
def book_as_sheet():
    asked = asked_for()
    chosen = register.Chosen(asked.field, asked.procedure)
    count = 0 if asked.faults else register.count(current_user.office, asked.period, chosen)
    if count > register.MOST_IN_FILE:
        asked.faults.append(("", f"Kỳ này có {count} hồ sơ. Chọn kỳ ngắn hơn: một tệp chứa nhiều nhất {register.MOST_IN_FILE}."))
    if asked.faults:
        return show_book(asked)
    lines = register.register_rows(g.library.site, current_user.office, asked.period.first, asked.period.last, chosen)
    sheet = sheets.Sheet(
        name="so-theo-doi",
        above=headings("Sổ theo dõi hồ sơ", "Hồ sơ đã tiếp nhận, theo thứ tự tiếp nhận", asked),
        head=[sheets.HeadCell(0, place, 1, 1, name) for place, (name, _) in enumerate(register.COLUMNS)],
        widths=[letters for _, letters in register.COLUMNS],
        rows=cells_of(lines),
        is_long=True,
    )
    return send_book(sheet, file_name("so-theo-doi", asked.period), count)


def cells_of(lines: Iterable[register.Line]):
    for line in lines:
        yield [on_the_clock(value) for value in vars(line).values()]


def on_the_clock(value: object) -> object:
    """A moment as the office's clock showed it: a spreadsheet knows no time zones."""
    return in_vietnam(value).replace(tzinfo=None) if isinstance(value, datetime) else value


# --- the leaders' page -----------------------------------------------------------------------------------------------


@bp.get("/lanh-dao")
@open_to(*LEADING)
def leaders():
    asked, now, library = asked_for(), utc_now(), g.library
    phrases = library.reasons.moves.get("refuse", [])
    seen = overview.overview(current_user.office, asked.period, now, library.villages(), phrases)
    months = [(str(one.period.first.month), one.received, one.solved) for one in seen.months]
    shown = [(row.name, row.numbers[0]) for row in seen.villages if row.numbers[0]]
    return page_of(
        "reports.leaders",
        asked,
        seen=seen,
        steps=overview.by_step(current_user.office, now),
        least=overview.LEAST_SHOWN,
        months_chart=charts.standing("Hồ sơ nhận và xong từng tháng", months, ("nhận", "xong")),
        villages_chart=charts.lying("Hồ sơ nhận theo thôn, làng", shown),
    )

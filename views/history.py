"""Lịch sử giao dịch: what a person has submitted, by agency and day; under each dossier what can be done with it."""

import csv
import io

from flask import Blueprint, Response, abort, current_app, g, redirect, render_template, request, url_for
from flask_login import current_user

from database import utc_now
from gateways.sheets import harmless
from models import Dossier, Draft, Staff
from rules import history, payment_requests, payments, receipts, submission, supplements
from rules.history import A_PAGE, LABELS, WORDS, Filters
from rules.paging import pages_of
from rules.payment_words import number_of
from rules.vietnamese import in_vietnam, show_day, show_moment
from rules.workflow import STATE_NAMES
from views.access import open_to
from views.personal import is_taken_here

bp = Blueprint("history", __name__, url_prefix="/ca-nhan/lich-su")

MOST_ON_PAPER = 32  # so many fill one page, also when each takes two lines
MOST_IN_FILE = 5000
PAYMENTS = "personal.payments"
# What a line of the list says; the rest of a dossier is long, and partly sealed.
LINE = (
    Dossier.id, Dossier.code, Dossier.procedure_title, Dossier.procedure_slug, Dossier.state, Dossier.submitted_at,
    Dossier.ended_at, Dossier.office, Dossier.owner_name, Dossier.business,
)  # fmt: skip


def asked_for() -> tuple[dict[str, str], Filters, dict[str, str]]:
    """The agencies to choose from, the filters in the address, and what is wrong with them."""
    offices = history.offices_of(_me(), g.library.site)
    return offices, *history.read_filters(request.args, offices, in_vietnam(utc_now()).date())


def as_typed() -> dict[str, str]:
    return {name: request.args.get(word, "") for name, word in WORDS.items()}


def title_of(draft: Draft) -> str:
    slug = g.library.slug_now(draft.procedure_slug)
    return g.library.definitions[slug]["title"] if slug in g.library.procedures else draft.procedure_slug


def lines(filters: Filters):
    """The dossiers that fit, each with who helped, if anybody did."""
    return history.found(_me(), filters).select(*LINE, Staff).left_outer_join(Staff, on=Dossier.helped_by)


@bp.get("")
@open_to("citizen")
def search():
    offices, filters, faults = asked_for()
    # What was not understood is not left out in silence: nothing is listed until it is mended.
    count = 0 if faults else history.found(_me(), filters).count()
    page, pages = pages_of(count, A_PAGE, request.args.get("trang", 1, type=int))
    found = list(lines(filters).paginate(page, A_PAGE)) if count else []
    drafts, drafts_in_all = history.drafts_of(_me()) if page == 1 and not faults else ([], 0)
    rendered = render_template(
        "history/list.html",
        offices=offices,
        filters=filters,
        query=filters.query(),
        typed=as_typed(),
        faults=faults,
        labels=LABELS,
        words=WORDS,
        dossiers=found,
        count=count,
        withdrawn=history.withdrawn_among(found),
        sent=history.sent_among(found) if len(offices) > 1 else {},
        with_rounds=supplements.among(found),
        page=page,
        pages=pages,
        drafts=[title_of(draft) for draft in drafts] if not filters.narrows else [],
        drafts_in_all=drafts_in_all,
        emptied_by=history.emptied_by(_me(), filters) if not count and filters.narrows and not faults else [],
    )
    return rendered, 422 if faults else 200


# --- one dossier -----------------------------------------------------------------------------------------------------


def my_dossier(code: str) -> Dossier:
    return submission.mine(current_user, code) or abort(404)


@bp.get("/<code>")
@open_to("citizen")
def functions(code: str):
    """What else can be done with a dossier; what cannot says why."""
    dossier = my_dossier(code)
    return render_template(
        "history/functions.html",
        dossier=dossier,
        rounds=len(supplements.rounds(dossier)),
        requests=[(one, payments.standing(one, utc_now())) for one in payment_requests.of_dossier(dossier)],
        receipts=receipts.of_dossier(dossier),
        number_of=number_of,
        payment_page=url_for(PAYMENTS) if PAYMENTS in current_app.view_functions else "",
        may_copy=is_taken_here(dossier),
    )


@bp.get("/<code>/bo-sung")
@open_to("citizen")
def supplement_history(code: str):
    """Every time the commune asked for more: what, until when, what was answered."""
    dossier = my_dossier(code)
    rounds = [(asked, supplements.items_of(asked)) for asked in supplements.rounds(dossier)]
    return render_template("history/supplements.html", dossier=dossier, rounds=rounds, is_settled=supplements.is_settled)


# --- to keep ---------------------------------------------------------------------------------------------------------

COLUMNS = ("Mã hồ sơ", "Thủ tục", "Chủ hồ sơ", "Cơ quan thực hiện", "Ngày nộp", "Cách nộp", "Trạng thái", "Ngày xong")


def rows_of(dossiers: list[Dossier], offices: dict[str, str]) -> list[tuple[str, ...]]:
    withdrawn = history.withdrawn_among(dossiers)
    return [
        (
            dossier.code,
            dossier.procedure_title,
            dossier.owner_name,
            offices.get(dossier.office, dossier.office),
            show_day(in_vietnam(dossier.submitted_at).date()),
            submission.helper_words(dossier.helped_by) if dossier.helped_by else "Tự nộp",
            "Bạn đã rút" if dossier.id in withdrawn else STATE_NAMES[dossier.state][1],
            show_day(in_vietnam(dossier.ended_at).date()) if dossier.ended_at else "",
        )
        for dossier in dossiers
    ]


@bp.get("/tep.csv")
@open_to("citizen")
def as_file():
    """For a spreadsheet program: UTF-8 with the mark by which Excel knows it, and nothing that runs."""
    offices, filters, faults = asked_for()
    if faults:
        return back_to_mend()
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows_of(list(lines(filters).limit(MOST_IN_FILE)), offices):
        writer.writerow([harmless(cell) for cell in row])
    answer = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=lich-su-giao-dich.csv"
    return answer


@bp.get("/in")
@open_to("citizen")
def on_paper():
    """One page of paper: the latest that fit."""
    offices, filters, faults = asked_for()
    if faults:
        return back_to_mend()
    found = list(lines(filters).limit(MOST_ON_PAPER))
    return render_template(
        "history/print.html",
        offices=offices,
        filters=filters,
        labels=LABELS,
        columns=COLUMNS[:3] + COLUMNS[4:],
        rows=[row[:3] + row[4:] for row in rows_of(found, offices)],
        count=history.found(_me(), filters).count(),
        most=MOST_ON_PAPER,
        printed_at=show_moment(utc_now()),
    )


def back_to_mend():
    """The search with what was typed, and what is wrong with it: a file or paper does not leave out a filter in silence."""
    return redirect(url_for(".search", **{WORDS[name]: text for name, text in as_typed().items() if text}))


def _me():
    return current_user._get_current_object()

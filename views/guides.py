"""The eight guides of the letter: all, one, one step, on paper."""

from flask import Blueprint, abort, g, render_template, request, url_for

from rules import recordings
from rules.content import Guide
from rules.print_sheets import Sheet, guide_sheet
from rules.step_pictures import picture_of
from views.access import open_to
from views.headers import content_security_policy, is_first_visit, public_page
from views.sheets import press, send_sheet, show_sheet, size_asked_for

bp = Blueprint("guides", __name__, url_prefix="/huong-dan")

# Where “Làm bước này” leads when the screen is not one address but belongs to what a person does there.
START_OF_SCREEN = {
    "procedures.show_procedure": "procedures.catalogue",
    "submission.check": "procedures.catalogue",
    "submission.submitted": "personal.page",
    "account.give_number": "account.choose_kind",
    "account.give_details": "account.choose_kind",
    **dict.fromkeys(("personal.payment", "personal.payment_ways", "personal.payment_banks", "personal.pay"), "personal.payments"),
    # The bank sends one back there.
    "payment_gateway.come_back": None,
    # Only the mail knows these addresses.
    "account.confirm": None,
    "recovery.from_mail": None,
    "recovery.new_password": None,
}


def guide_of(slug: str) -> Guide:
    return g.library.guides.get(slug) or abort(404)


def address_of(screen: str | None) -> str | None:
    """Where a step is done on this site; none while its screen is still to come."""
    endpoint = START_OF_SCREEN.get(screen, screen)
    return url_for(endpoint) if endpoint else None


def heard(guide: Guide, step: int | None = None) -> list[str]:
    """In which languages the guide, or this step of it, can be heard."""
    return recordings.languages_heard(recordings.in_force(guide.slug, step))


@bp.get("/")
@open_to("anyone")
@public_page(300)
def all_guides():
    return render_template("guides/all_guides.html", guides=g.library.guides.values())


@bp.get("/<slug>/")
@open_to("anyone")
@public_page(300)
def whole_guide(slug: str):
    guide = guide_of(slug)
    return render_template("guides/whole_guide.html", guide=guide, heard=heard(guide))


@bp.get("/<slug>/<int:number>")
@open_to("anyone")
@public_page(300)
def guide_step(slug: str, number: int):
    guide = guide_of(slug)
    if not 1 <= number <= len(guide.steps):
        abort(404)
    step, picture = guide.steps[number - 1], picture_of(guide, number)
    has_picture = picture is not None and request.args.get("hinh") == "1"
    page = render_template(
        "guides/guide_step.html",
        guide=guide,
        step=step,
        number=number,
        address=address_of(step.screen),
        picture=picture,
        has_picture=has_picture,
        heard=heard(guide, number),
    )
    return with_pictures(page) if has_picture else page


@bp.get("/<slug>/in")
@open_to("anyone")
@public_page(300)
def print_guide(slug: str):
    return with_pictures(show_sheet(sheet_of(slug), url_for(".whole_guide", slug=slug)))


def with_pictures(page: str) -> tuple[str, dict[str, str]]:
    return page, {"Content-Security-Policy": content_security_policy(is_first_visit(), has_pictures=True)}


@bp.get("/<slug>/in.pdf")
@open_to("anyone")
@public_page(300)
def print_guide_as_pdf(slug: str):
    return send_sheet(sheet_of(slug), f"huong-dan-{slug}")


def sheet_of(slug: str) -> Sheet:
    return guide_sheet(guide_of(slug), size_asked_for(), press())

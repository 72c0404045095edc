"""Trang cá nhân: what I have begun, and what I have submitted."""

from flask import Blueprint, abort, g, render_template, request
from flask_login import current_user

from models import Dossier, Draft
from rules import submission
from rules.paging import pages_of
from views.access import open_to
from views.answering import go_on
from views.forms import Form

bp = Blueprint("personal", __name__, url_prefix="/ca-nhan")

A_PAGE = 10


@bp.get("/")
@open_to("citizen")
def page():
    mine = Dossier.select().where(Dossier.account == current_user.id)
    number, pages = pages_of(mine.count(), A_PAGE, request.args.get("trang", 1, type=int))
    dossiers = mine.order_by(Dossier.id.desc()).paginate(number, A_PAGE)
    drafts = Draft.open_ones().where(Draft.account == current_user.id)
    return render_template(
        "personal/page.html", drafts=list(drafts), dossiers=list(dossiers), page=number, pages=pages, library=g.library
    )


@bp.get("/ho-so/<code>")
@open_to("citizen")
def dossier(code: str):
    found = submission.mine(current_user, code) or abort(404)
    return render_template("personal/dossier.html", dossier=found, events=submission.timeline(found))


@bp.route("/ban-nhap/<slug>/xoa", methods=["GET", "POST"])
@open_to("citizen")
def drop_draft(slug: str):
    draft = submission.open_draft(current_user, slug) or abort(404)
    form = Form()
    if form.validate_on_submit():
        submission.drop_draft(draft)
        return go_on(".page", da="xoa-nhap")
    title = g.library.definitions[slug]["title"] if slug in g.library.definitions else slug
    return render_template("personal/drop_draft.html", form=form, title=title, draft=draft), 422 if form.errors else 200

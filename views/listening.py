"""The guides for the ear: one page a guide with all that was recorded, and the recordings themselves."""

from flask import Blueprint, Response, abort, current_app, render_template, request

from rules import recordings
from views.access import open_to
from views.guides import guide_of
from views.headers import public_page
from views.home import A_YEAR

bp = Blueprint("listening", __name__, url_prefix="/huong-dan/<slug>")


@bp.get("/nghe")
@open_to("anyone")
@public_page(300)
def listen(slug: str):
    guide = guide_of(slug)
    found = [one for one in recordings.in_force(slug) if one.step in recordings.steps_of(guide)]
    return render_template(
        "listening/listen.html",
        guide=guide,
        by_step=[(step, [one for one in found if one.step == step]) for step in recordings.steps_of(guide)],
        has_any=bool(found),
        missing=recordings.missing_in_words(guide, found),
        languages=recordings.LANGUAGES,
        file_name=recordings.file_name,
        is_out_of_date=recordings.is_out_of_date,
    )


@bp.get("/ghi-am/<recording>.mp3")
@open_to("anyone")
def mp3_file(slug: str, recording: str):
    return send(slug, recording, "mp3")


@bp.get("/ghi-am/<recording>.ogg")
@open_to("anyone")
def opus_file(slug: str, recording: str):
    return send(slug, recording, "ogg")


def send(slug: str, ref: str, kind: str) -> Response:
    """The file, or the part of it that a player asks for. It never changes under its name, so it may be kept for ever."""
    guide = guide_of(slug)
    found = recordings.to_be_heard(slug, ref) or abort(404)
    data = current_app.extensions["files"].read(found.mp3_name if kind == "mp3" else found.opus_name)
    answer = Response(data, mimetype="audio/mpeg" if kind == "mp3" else "audio/ogg")
    answer.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    # To a link it is a file to keep, under a name that says what it is; a player does not ask.
    answer.headers["Content-Disposition"] = f"attachment; filename={recordings.file_name(found, guide)}.{kind}"
    answer.set_etag(f"{ref}-{kind}")
    return answer.make_conditional(request, accept_ranges=True, complete_length=len(data))

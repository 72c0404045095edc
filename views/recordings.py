"""The desk, recordings: what of the guides can be heard in which language, what is missing, and bringing it."""

from flask import Blueprint, abort, current_app, g, render_template, request
from flask_login import current_user
from wtforms import StringField

from database import utc_now
from gateways import audio
from gateways.audio import RecordingRefused
from models import Recording
from rules import WrongInput, recordings
from rules.content import Guide
from rules.recordings import LANGUAGES, RecordingGone
from views.access import only_of_this_commune, open_to
from views.answering import go_on
from views.desk import MoveForm, bare_key
from views.forms import Form
from views.guards import takes_uploads
from views.guides import guide_of
from views.visits import log_security

bp = Blueprint("recordings", __name__, url_prefix="/mot-cua/ghi-am")

MAKERS = ("culture", "leader", "administrator")
CHOOSE_FIRST = "Bấm Chọn tệp, chọn tệp ghi âm, rồi bấm Tải lên"
STATES = {"waiting": "đang chờ chuyển", "working": "đang chuyển"}


bp.before_request(only_of_this_commune(*MAKERS))


def recording_of(guide: Guide, ref: str) -> Recording:
    return recordings.of_guide(guide.slug, ref) or abort(404)


# --- what is there ---------------------------------------------------------------------------------------------------


@bp.get("/")
@open_to(*MAKERS)
def all_guides():
    guides = list(g.library.guides.values())
    return render_template(
        "recordings/all_guides.html",
        guides=guides,
        standings=recordings.standings(guides),
        missing=len(recordings.missing(guides)),
        languages=LANGUAGES,
        is_there=audio.is_there(),
    )


class UploadForm(MoveForm):
    step = StringField("Ghi âm của")  # which there are depends on the guide: recordings.read_place
    language = StringField("Tiếng")


@bp.route("/<slug>", methods=["GET", "POST"])
@open_to(*MAKERS)
@takes_uploads
def guide(slug: str):
    """What is there of one guide and what is not, and the form that brings the next."""
    said, form = guide_of(slug), UploadForm()
    if not form.is_submitted():
        form.step.data, form.language.data = request.args.get("buoc", ""), request.args.get("tieng", "")
        return show(said, form)
    faults = form.problems() if not form.validate() else []
    if not faults:
        try:
            taken = take(said, form)
        except (WrongInput, RecordingRefused) as refusal:
            faults = [(field_of(refusal), str(refusal))]
        else:
            log_security("recording uploaded", staff=current_user.id, recording=taken.ref, guide=slug)
            current_app.extensions["convert_soon"](taken.id)
            return go_on(".guide", slug=slug, da="ghi-am")
    return show(said, form, faults, 422)


def take(said: Guide, form: UploadForm) -> Recording:
    """Raises WrongInput without a place or a file, RecordingRefused for a file that is no recording."""
    place = recordings.read_place(said, form.step.data or "", form.language.data or "")
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise WrongInput(CHOOSE_FIRST)
    with sent.stream as stream:
        audio.check_size(size_of(stream))
        data = stream.read()
    key = f"{said.slug}-{bare_key(form)}"[-64:]
    return recordings.upload(place, data, current_app.extensions["files"], _me(), utc_now(), key)


def size_of(stream) -> int:
    """Before it is read into memory."""
    size = stream.seek(0, 2)
    stream.seek(0)
    return size


def field_of(refusal: Exception) -> str:
    """Where the fault is mended."""
    return {"Chọn cả bài hoặc một bước": "step", "Chọn tiếng": "language"}.get(str(refusal), "file")


def show(said: Guide, form: UploadForm, faults: list[tuple[str, str]] = (), status: int = 200):
    found = recordings.in_force(said.slug)
    page = render_template(
        "recordings/guide.html",
        guide=said,
        form=form,
        faults=faults,
        fault_at=dict(faults),
        there={(one.step, one.language): one for one in found},
        lost=[one for one in found if one.step not in recordings.steps_of(said)],
        missing=recordings.missing_of(said, found),
        under_way=recordings.under_way(said.slug),
        taken_away=recordings.taken_away(said.slug),
        states=STATES,
        languages=LANGUAGES,
        steps=recordings.steps_of(said),
        step_words=recordings.step_words,
        is_out_of_date=recordings.is_out_of_date,
        is_there=audio.is_there(),
        kept_days=recordings.KEPT.days,
    )
    return page, status


# --- one recording ---------------------------------------------------------------------------------------------------


@bp.route("/<slug>/<ref>/bo", methods=["GET", "POST"])
@open_to(*MAKERS)
def remove(slug: str, ref: str):
    """Ask first: from then on nobody hears it."""
    said, form = guide_of(slug), Form()
    recording = recording_of(said, ref)
    if form.validate_on_submit():
        recordings.remove(recording, _me(), utc_now())
        log_security("recording removed", staff=current_user.id, recording=ref, guide=slug)
        return go_on(".guide", slug=slug, da="bo-ghi-am")
    page = render_template(
        "recordings/remove.html",
        guide=said,
        form=form,
        recording=recording,
        language=LANGUAGES[recording.language],
        step_words=recordings.step_words,
        kept_days=recordings.KEPT.days,
    )
    return page, 422 if form.errors else 200


@bp.post("/<slug>/<ref>/dung-lai")
@open_to(*MAKERS)
def put_back(slug: str, ref: str):
    return act(slug, ref, "dung-lai", lambda recording: recordings.put_back(recording, utc_now()))


@bp.post("/<slug>/<ref>/thu-lai")
@open_to(*MAKERS)
def try_again(slug: str, ref: str):
    return act(slug, ref, "thu-lai", start_again)


def start_again(recording: Recording) -> None:
    recordings.try_again(recording)
    current_app.extensions["convert_soon"](recording.id)


def act(slug: str, ref: str, word: str, do):
    """Press a button beside a recording; the guide's page again, saying what was done or why it was not."""
    said, form = guide_of(slug), Form()
    recording = recording_of(said, ref)
    if not form.validate():
        return show(said, UploadForm(formdata=None), form.problems(), 422)
    try:
        do(recording)
    except RecordingGone as gone:
        return show(said, UploadForm(formdata=None), [("", str(gone))], 409)
    log_security("recording", staff=current_user.id, recording=ref, guide=slug, done=word)
    return go_on(".guide", slug=slug, da=word)


def _me():
    return current_user._get_current_object()

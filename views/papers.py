"""The papers of a submission: each sent by a form of its own, or in pieces by static/upload.js and any other tus client."""

import base64
import binascii
import re

from flask import Response, abort, current_app, g, render_template, request
from flask_login import current_user

from database import utc_now
from gateways.papers import PaperRefused, clean_paper, megabytes
from gateways.pictures import small_picture
from models import Dossier, Paper, Upload
from rules import WrongInput, account_log, uploads
from rules.attempts import TooManyTries
from rules.documents import file_to_take, files_to_take
from rules.papers import (
    copy_paper,
    drop_paper,
    is_full,
    keep_paper,
    missing_papers,
    paper_need,
    promise_paper,
    withdraw_promise,
)
from rules.uploads import TooLittle, TooMuch, WrongOffset
from views.access import open_to
from views.answering import go_on, go_to
from views.files import SANDBOX
from views.forms import STALE, Form, is_good_token
from views.guards import takes_uploads
from views.headers import content_security_policy, is_first_visit
from views.submission import WHO_TYPES, bp, show_page
from views.walk import Walk, walk_at

NEEDED = "Giấy này cần có. Chọn ảnh rồi bấm Gửi giấy này."
CHOOSE_FIRST = "Bấm Chọn tệp, chọn một ảnh, rồi bấm Gửi giấy này."
CHOOSE_AGAIN = " Ảnh vừa chọn chưa gửi được, hãy chọn lại."
GIVEN_UP = "Ảnh chưa tới đủ. Chọn lại ảnh đó rồi bấm Gửi giấy này."


def store():
    return current_app.extensions["files"]


# --- the page --------------------------------------------------------------------------------------------------------


@bp.route("/<place>/giay-to", methods=["GET", "POST"])
@open_to(*WHO_TYPES, saves_draft=True)
@takes_uploads
def papers(place: str):
    """Every paper has a form of its own, so that sending one never risks another."""
    walk = walk_at(place)
    form = Form()
    if not form.is_submitted():
        return show_papers(walk, form)
    if not form.validate():
        return show_papers(walk, form, {"": STALE + CHOOSE_AGAIN})
    if dossier := walk.submitted_meanwhile():
        return show_submitted(dossier)
    document = request.form.get("document", "")
    if document:
        return take_paper(walk, document, form)
    if walk.draft:
        uploads.finish_waiting(store(), utc_now(), walk.draft)
    walk.save("papers", {})
    missing = missing_papers(walk.procedure, walk.papers(), walk.later_papers())
    if missing:
        refused = uploads.faults_of(walk.draft)
        return show_papers(walk, form, {d["key"]: refused.get(d["key"], NEEDED) for d in missing})
    return go_to(walk.after("papers"))


def show_submitted(dossier: Dossier):
    """A page that was left open: nothing more goes into what was submitted from another."""
    return render_template("submission/papers_late.html", dossier=dossier), 409


def wanted(walk: Walk, key: str) -> dict:
    """The document of this key, of which a photo may be sent."""
    return next((d for d in walk.procedure["documents"] if d["key"] == key and paper_need(d) != "none"), None) or abort(404)


def take_paper(walk: Walk, key: str, form: Form):
    """A photo, a copy from the personal documents, or the promise to bring the paper."""
    document = wanted(walk, key)
    is_received = "received" in request.form and walk.is_at_counter
    if is_received or ("later" in request.form and document.get("may_come_later")):
        with walk.held():
            walk.save("papers-begun", {})
            promise_paper(walk.draft, key, utc_now(), current_user._get_current_object() if is_received else None)
        return go_on(".papers", place=walk.place)
    if "not_later" in request.form:
        if walk.draft:
            with walk.held():
                withdraw_promise(walk.draft, key, utc_now(), also_received=walk.is_at_counter)
        return go_on(".papers", place=walk.place, them=key)
    fault = take_from_my_documents(walk, key) if "taken" in request.form else take_photo(walk, key)
    return show_papers(walk, form, {key: fault}) if fault else go_on(".papers", place=walk.place, da="gui-giay")


def take_photo(walk: Walk, key: str, instead_of: Paper | None = None) -> str:
    """Keep what the form sends, whole or in pieces before; returns what to mend."""
    if "upload" in request.form:
        return take_uploaded(walk, request.form["upload"], instead_of)
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return CHOOSE_FIRST
    try:
        clean = clean_paper(upload.read(), upload.filename)
        walk.save("papers-begun", {})
        kept = keep_paper(walk.draft, key, clean, store(), utc_now(), instead_of=instead_of, held=walk.held)
    except (PaperRefused, WrongInput) as refusal:
        return str(refusal)
    return "" if kept else uploads.TOO_LATE


def take_uploaded(walk: Walk, address: str, instead_of: Paper | None) -> str:
    """What came in pieces: the form that follows them names it by the end of its address."""
    sent = uploads.find(walk.draft, address.rpartition("/")[2]) if walk.draft else None
    sent = sent and uploads.finish(sent, store(), utc_now(), instead_of, walk.held)
    if sent is None or not sent.finished_at:
        return GIVEN_UP
    if sent.paper_id and instead_of and sent.paper_id != instead_of.id:
        with walk.held():
            drop_paper(instead_of, store())
    return sent.fault


def take_from_my_documents(walk: Walk, key: str) -> str:
    chosen = request.form["taken"]
    if not chosen:
        return "Chọn một giấy trong tài liệu của bạn, rồi bấm Lấy giấy này."
    file = file_to_take(walk.account, chosen) if walk.is_own else None
    if file:
        walk.save("papers-begun", {})
    try:
        kept = copy_paper(walk.draft, key, file, store(), utc_now())
    except WrongInput as refusal:
        return str(refusal)
    return "" if kept else uploads.TOO_LATE


def show_papers(walk: Walk, form: Form, faults: dict[str, str] | None = None):
    documents = [d | {"need": paper_need(d)} for d in walk.procedure["documents"]]
    sent, later = walk.papers(), walk.later_papers()
    refused = uploads.faults_of(walk.draft) if walk.draft else {}
    # Papers for special cases stay closed until asked for, so that the page is short for most people.
    usual = [d["key"] for d in documents if d["required"] == "mandatory"]
    opened = {*usual, *sent, *later, *refused, *(faults or {}), request.args.get("them")}
    begun = uploads.open_uploads(walk.draft, utc_now()) if walk.draft else []
    page = show_page(
        walk,
        "papers",
        "submission/papers.html",
        form,
        faults or {},
        documents=documents,
        sent=sent,
        later=later,
        refused=refused,
        begun={upload.document_key: upload for upload in reversed(begun)},
        opened=opened | {upload.document_key for upload in begun},
        closed=[d for d in documents if d["need"] == "maybe" and d["key"] not in opened],
        all_shown="them" in request.args,
        asked_for=request.args.get("them"),
        bring_within_days=g.library.site.bring_papers_within_days,
        my_files=files_to_take(walk.account) if walk.is_own else [],
    )
    return page, 422 if faults else 200


# --- one that was sent -----------------------------------------------------------------------------------------------


def paper_at(walk: Walk, paper_id: int) -> Paper | None:
    """The paper of this walk; another's is as good as none."""
    return next((paper for sent in walk.papers().values() for paper in sent if paper.id == paper_id), None)


@bp.route("/<place>/giay-<int:paper_id>", methods=["GET", "POST"])
@open_to(*WHO_TYPES, saves_draft=True)
@takes_uploads
def paper(place: str, paper_id: int):
    """Look at one paper; send another photo in its place, or drop it."""
    walk, form = walk_at(place), Form()
    sent = paper_at(walk, paper_id)
    # The form says which paper it was shown for: the number of one that is gone may be another's by now.
    if sent and form.is_submitted() and request.form.get("mark") != mark_of(sent):
        sent = None
    if not form.is_submitted():
        return show_paper(walk, sent or abort(404), form)
    if not form.validate():
        return show_paper(walk, sent, form, STALE + CHOOSE_AGAIN) if sent else show_papers(walk, form, {"": STALE + CHOOSE_AGAIN})
    if dossier := walk.submitted_meanwhile():
        return show_submitted(dossier)
    if "remove" in request.form:
        if sent:
            with walk.held():
                drop_paper(sent, store())
        return go_on(".papers", place=walk.place, da="xoa-giay")
    # Sent again after a lost answer, it finds the old one gone and the new one there.
    key = sent.document_key if sent else wanted(walk, request.form.get("document", ""))["key"]
    fault = take_photo(walk, key, instead_of=sent)
    if fault:
        return show_paper(walk, sent, form, fault) if sent else show_papers(walk, form, {key: fault})
    return go_on(".papers", place=walk.place, da="gui-giay")


def mark_of(paper: Paper) -> str:
    return paper.stored_name[:8]


def show_paper(walk: Walk, paper: Paper, form: Form, fault: str = ""):
    has_picture = request.args.get("xem") == "anh" and paper.media_type.startswith("image/")
    name = next((d["name"] for d in walk.procedure["documents"] if d["key"] == paper.document_key), "Giấy tờ")
    page = render_template(
        "submission/paper.html",
        walk=walk,
        paper=paper,
        mark=mark_of(paper),
        name=name,
        form=form,
        fault=fault,
        has_picture=has_picture,
    )
    policy = content_security_policy(is_first_visit(), has_pictures=True)
    return page, 422 if fault else 200, {"Content-Security-Policy": policy} if has_picture else {}


@bp.get("/<place>/giay-<int:paper_id>/nho")
@open_to(*WHO_TYPES)
def small_paper(place: str, paper_id: int):
    """A picture of a few thousand bytes, made when asked for."""
    walk = walk_at(place)
    sent = paper_at(walk, paper_id)
    if sent is None or not sent.media_type.startswith("image/"):
        abort(404)
    if not walk.is_own:
        me = current_user._get_current_object()
        account_log.record(walk.account, "paper opened", utc_now(), by=me, subject=sent.filename)
    picture = small_picture(store().read(sent.stored_name))
    return Response(picture, mimetype="image/jpeg", headers={"Content-Security-Policy": SANDBOX})


# --- in pieces: the tus protocol, 1.0, core and creation -------------------------------------------------------------

TUS = "1.0.0"
PIECES_TYPE = "application/offset+octet-stream"
A_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
A_CHECKSUM = re.compile(r"[\x21-\x7e]{0,64}")


@bp.route("/<place>/tai-len", methods=["POST", "OPTIONS"])
@open_to(*WHO_TYPES)
def begin_upload(place: str):
    if request.method == "OPTIONS":
        return tus(204)
    walk = walk_of_client(place)
    length = number_in("Upload-Length")
    if length > uploads.MOST_BYTES:
        return tus(413, f"Mỗi giấy tối đa {megabytes(uploads.MOST_BYTES)} MB.")
    said = metadata()
    if not length or not A_CHECKSUM.fullmatch(said.get("checksum", "")):
        abort(400)
    key = wanted(walk, said.get("document", ""))["key"]
    if walk.submitted_meanwhile():
        return tus(410)  # the form that follows is told which dossier it was
    walk.save("papers-begun", {})
    upload = begin_or_go_on(walk, key, said, length) or abort(409)
    answer = tus(201, offset=upload.received)
    answer.location = walk.url("upload", ref=upload.ref)
    return answer


def begin_or_go_on(walk: Walk, key: str, said: dict[str, str], length: int) -> Upload | None:
    name, checksum = said.get("filename", ""), said.get("checksum", "")
    try:
        return uploads.begin(walk.draft, key, name, length, checksum, store(), utc_now())
    except TooManyTries:
        abort(429)


@bp.route("/<place>/tai-len/<ref>", methods=["HEAD", "PATCH", "OPTIONS"])
@open_to(*WHO_TYPES)
@takes_uploads
def upload(place: str, ref: str):
    if request.method == "OPTIONS":
        return tus(204)
    walk = walk_of_client(place)
    sent = (uploads.find(walk.draft, ref) if walk.draft else None) or abort(404)
    if sent.expires_at <= utc_now():
        return tus(410)
    if request.method == "HEAD":
        answer = tus(200, offset=sent.received)
        answer.headers["Upload-Length"] = sent.length
        return answer
    return add_piece(walk, sent)


def add_piece(walk: Walk, sent: Upload) -> Response:
    if request.mimetype != PIECES_TYPE:
        return tus(415)
    offset = number_in("Upload-Offset")
    if (request.content_length or 0) > uploads.MOST_BYTES:
        return tus(413)
    try:
        uploads.append(sent, offset, request.get_data(cache=False), store())
    except WrongOffset:
        return tus(409)
    except TooMuch:
        return tus(413)
    except TooLittle:
        return tus(400)
    # Also by an empty piece at the end: then the program fell between the last piece and here.
    # Where there is no room for one more, the form that follows says in whose place it comes, or is refused.
    if not is_full(walk.draft):
        uploads.finish(sent, store(), utc_now(), held=walk.held)
    return tus(204, offset=sent.received)


def walk_of_client(place: str) -> Walk:
    """The walk, for a program: what changes something carries the form token in a header."""
    if request.method != "HEAD" and not is_good_token(request.headers.get("X-CSRFToken", "")):
        abort(403)
    if request.headers.get("Tus-Resumable") != TUS:
        abort(412)
    return walk_at(place)


def number_in(header: str) -> int:
    text = request.headers.get(header, "")
    return int(text) if A_NUMBER.fullmatch(text) else abort(400)


def metadata() -> dict[str, str]:
    """What Upload-Metadata says: names, each with its value in base64."""
    try:
        pairs = (pair.partition(" ") for pair in request.headers.get("Upload-Metadata", "").split(",") if pair.strip())
        return {name.strip(): base64.b64decode(value.strip(), validate=True).decode() for name, _, value in pairs}
    except (binascii.Error, ValueError):
        abort(400)


def tus(status: int, text: str = "", offset: int | None = None) -> Response:
    answer = Response(text, status, mimetype="text/plain")
    if offset is not None:
        answer.headers["Upload-Offset"] = offset
    return answer


@bp.after_request
def speak_tus(answer: Response) -> Response:
    """What every answer of the protocol carries, refusals too."""
    if request.endpoint in ("submission.begin_upload", "submission.upload"):
        answer.headers["Tus-Resumable"] = TUS
        if request.method == "OPTIONS" or answer.status_code == 412:
            answer.headers["Tus-Version"] = TUS
        if request.method == "OPTIONS":
            answer.headers["Tus-Extension"] = "creation"
            answer.headers["Tus-Max-Size"] = uploads.MOST_BYTES
    return answer

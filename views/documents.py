"""Quản lý tài liệu (guide VI): the papers a person keeps here for the next time."""

import re
import secrets

from flask import Blueprint, Response, abort, current_app, g, render_template, request
from flask_login import current_user
from wtforms import HiddenField

from database import utc_now
from gateways.files import StorageFull
from gateways.papers import PaperRefused, clean_filename, clean_paper
from gateways.pictures import small_picture
from models import DocumentFile, PersonalDocument
from rules import WrongInput, consents, documents, eform
from rules.documents import DocumentGone, KeptFile, LeftOut
from rules.paging import pages_of
from rules.vietnamese import clean_text, not_after, read_day, show_day
from views.access import open_to
from views.answering import go_on
from views.files import SANDBOX, send_kept
from views.forms import Form, ReadField
from views.guards import takes_uploads
from views.headers import content_security_policy, is_first_visit
from views.walk import today

bp = Blueprint("documents", __name__, url_prefix="/ca-nhan/tai-lieu")

A_PAGE = 60
OLD_FILES_A_PAGE = 10
FORM_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
CHOOSE_FIRST = "Bấm Chọn ảnh, chọn một tệp, rồi bấm gửi."


class DetailsForm(Form):
    kind = ReadField("Loại giấy tờ", documents.read_kind, "Chọn loại giấy tờ")
    name = ReadField("Tên giấy tờ", lambda text: clean_text(text, 100), "Nhập tên giấy tờ", hint="Ví dụ: Khai sinh của H'Mai")
    number = ReadField("Số giấy tờ", lambda text: clean_text(text, 50), hint="Giấy không có số thì để trống")
    issued_on = ReadField("Ngày cấp", lambda text: not_after(read_day(text), today()), hint="Ví dụ: 5/7/2020")
    place = ReadField("Nơi cấp", lambda text: clean_text(text, 200))
    expires_on = ReadField("Ngày hết hạn", read_day, hint="Giấy không ghi hạn thì để trống")

    def validate(self, extra_validators=None) -> bool:
        if not super().validate(extra_validators):
            return False
        issued, expires = self.issued_on.value, self.expires_on.value
        if issued and expires and expires <= issued:
            self.expires_on.errors = ["Ngày hết hạn phải sau ngày cấp. Xem lại cả hai ngày."]
        return not self.errors

    def details(self) -> dict[str, str]:
        """As they are kept: days in ISO form."""
        names = ("name", "number", "issued_on", "place", "expires_on")
        return {name: str(self[name].value) for name in names}


class NewForm(DetailsForm):
    form_key = HiddenField(default=lambda: secrets.token_hex(16))

    def renew_key(self) -> None:
        self.form_key.data = secrets.token_hex(16)

    def validate(self, extra_validators=None) -> bool:
        if not FORM_KEY.fullmatch(self.form_key.data or ""):
            self.renew_key()
        return super().validate(extra_validators)

    def typed(self) -> dict[str, str]:
        names = ("kind", "name", "number", "issued_on", "place", "expires_on", "form_key")
        return {name: (self[name].data or "")[: eform.TYPED_MOST] for name in names}


def me():
    return current_user._get_current_object()


def store():
    return current_app.extensions["files"]


def quota_bytes() -> int:
    return current_app.config["DOCUMENT_QUOTA_MB"] * documents.MEGABYTE


# --- what is sent ----------------------------------------------------------------------------------------------------


def chosen_files():
    return [upload for upload in request.files.getlist("file") if upload.filename]


def read_files(most: int = documents.MOST_FILES) -> tuple[list[KeptFile], list[LeftOut]]:
    """The files of the form, cleaned and on disk, one in memory at a time; and those that cannot be taken."""
    kept, refused = [], []
    for upload in chosen_files()[:most]:
        try:
            clean = clean_paper(upload.read(), upload.filename)
        except PaperRefused as refusal:
            refused.append(LeftOut(clean_filename(upload.filename), str(refusal)))
            continue
        try:
            kept.append(documents.keep_file(clean, store()))
        except StorageFull:
            documents.forget_unclaimed(kept, store())
            raise
    for upload in chosen_files()[most:]:
        refused.append(LeftOut(clean_filename(upload.filename), f"Mỗi lần gửi nhiều nhất {most} tệp. Gửi tệp này lần sau."))
    return kept, refused


def disagreed() -> list[tuple[str, str]]:
    """What to mend of the consent; nothing when it is given, before or by the tick in this form. No photo is kept without."""
    if consents.has(me(), "documents"):
        return []
    if request.form.get("agreed"):
        consents.give(me(), g.library.consents["documents"], utc_now())
        return []
    return [("agreed", "Đọc, rồi bấm vào ô vuông để đồng ý"), *choose_again()]


def choose_again() -> list[tuple[str, str]]:
    return [("file", "Ảnh vừa chọn chưa gửi được, hãy chọn lại.")] if chosen_files() else []


def consent_to_ask():
    return None if consents.has(me(), "documents") else g.library.consents["documents"]


def said(left_out: list[LeftOut]) -> list[tuple[str, str]]:
    """What to mend: a file that was not kept, by its name, with why. One that another document has is said with the way to it."""
    return [("file", f"{left.filename}: {left.why}") for left in left_out if left.document is None]


# --- the list and a new document -------------------------------------------------------------------------------------


@bp.route("", methods=["GET", "POST"])
@open_to("citizen", saves_draft=True)
@takes_uploads
def page():
    form = NewForm()
    if form.is_submitted():
        return save(form)
    begun = documents.unfinished(me())
    return show_page(NewForm(formdata=None, **begun.details["typed"]) if begun else form, begun=begun)


def save(form: NewForm):
    is_good = form.validate()
    if form.has_stale_token():
        return show_page(form, choose_again())
    if request.form.get("drop"):
        return drop_begun(form)
    faults = disagreed()
    if faults:
        # Of a login that ran out, only what was typed is kept: photos wait for the consent.
        return keep_begun(form, [], []) if "is_late" in g else show_page(form, faults)
    return save_agreed(form, is_good)


def save_agreed(form: NewForm, is_good: bool):
    first = documents.of_form(me(), form.form_key.data)
    is_again = first is not None and first.kind != documents.UNFINISHED
    if is_again and not (is_good and (first.kind, first.details) == (form.kind.value, form.details())):
        # Back, another paper typed over the first, and the same button: a new document, once the person has seen it.
        form.renew_key()
        return keep_begun(form, *read_files(), typed_over=first)
    kept, refused = read_files()
    known = documents.known_files(me(), kept, form.form_key.data)
    if not is_again and known and len(known) == len(kept):
        documents.forget_unclaimed(kept, store())
        return show_page(form, said(refused), known, begun=first)
    if not is_good:
        return keep_begun(form, kept, refused)
    try:
        document, left_out = documents.save_document(
            me(), form.form_key.data, form.kind.value, form.details(), kept, store(), quota_bytes(), utc_now()
        )
    except WrongInput as fault:
        documents.forget_unclaimed(kept, store())
        return show_page(form, [("", str(fault)), *choose_again()])
    left_out = [left for left in left_out if left.document != document] + refused
    return show(document, left_out, is_new=True) if left_out else go_on(".page", da="luu")


def keep_begun(form: NewForm, kept: list[KeptFile], refused: list[LeftOut], typed_over: PersonalDocument | None = None):
    """Show a form with faults again; the photos that came with it are kept beside what was typed, to be finished within a
    day: on 2G a photo goes over the line once."""
    begun = documents.of_form(me(), form.form_key.data)
    left_out = refused
    if kept or begun or "is_late" in g:
        try:
            begun, more = documents.keep_begun(me(), form.form_key.data, form.typed(), kept, store(), quota_bytes(), utc_now())
        except WrongInput as fault:
            documents.forget_unclaimed(kept, store())
            return show_page(form, [("", str(fault)), *choose_again()])
        left_out = refused + [left for left in more if left.document != begun]
    known = [left for left in left_out if left.document]
    return show_page(form, said(left_out), known, begun, typed_over)


def drop_begun(form: NewForm):
    begun = documents.of_form(me(), form.form_key.data)
    if begun and begun.kind == documents.UNFINISHED:
        documents.delete_document(begun, store())
    return go_on(".page")


def show_page(
    form: NewForm,
    faults: list[tuple[str, str]] = (),
    known: list[LeftOut] = (),
    begun: PersonalDocument | None = None,
    typed_over: PersonalDocument | None = None,
):
    mine = documents.documents_of(me())
    number, pages = pages_of(mine.count(), A_PAGE, request.args.get("trang", 1, type=int))
    listed = list(mine.paginate(number, A_PAGE))
    problems = [*form.problems(), *faults]
    status = 409 if typed_over else 422 if problems or known else 200
    body = render_template(
        "documents/page.html",
        form=form,
        problems=problems,
        has_faults=status != 200,
        known=known,
        typed_over=typed_over,
        begun=begun,
        received=list(documents.current_files(begun)) if begun else [],
        documents=listed,
        counts=documents.count_files(listed),
        expiries={document.id: documents.expiry_words(document, today()) for document in listed},
        page=number,
        pages=pages,
        paper_kinds=documents.KINDS,
        photos_left=documents.photos_left(me(), quota_bytes()),
        consent=consent_to_ask(),
    )
    return body, status


# --- one document ----------------------------------------------------------------------------------------------------


def my_document(document_id: int) -> PersonalDocument:
    return documents.mine(me(), document_id) or abort(404)


def my_file(document: PersonalDocument, file_id: int) -> DocumentFile:
    return documents.file_of(document, file_id) or abort(404)


@bp.get("/<int:document_id>")
@open_to("citizen")
def show_document(document_id: int):
    return show(my_document(document_id), form=Form(), has_pictures=request.args.get("xem") == "anh")


def show(
    document: PersonalDocument,
    left_out: list[LeftOut] = (),
    is_new: bool = False,
    form: Form | None = None,
    faults: list[tuple[str, str]] = (),
    has_pictures: bool = False,
):
    old = documents.old_files(document)
    number, pages = pages_of(old.count(), OLD_FILES_A_PAGE, request.args.get("trang", 1, type=int))
    form = form or Form(formdata=None)
    problems = [*form.problems(), *faults, *said(left_out)]
    known = [left for left in left_out if left.document]
    body = render_template(
        "documents/document.html",
        document=document,
        kind=documents.KINDS[document.kind],
        issued_on=documents.day_of(document, "issued_on"),
        expires_on=documents.day_of(document, "expires_on"),
        expiry=documents.expiry_words(document, today()),
        files=list(documents.current_files(document)),
        old_files=list(old.paginate(number, OLD_FILES_A_PAGE)),
        page=number,
        pages=pages,
        form=form,
        problems=problems,
        known=known,
        is_new=is_new,
        has_pictures=has_pictures,
        most_files=documents.MOST_FILES,
        photos_left=documents.photos_left(me(), quota_bytes()),
        consent=consent_to_ask(),
    )
    headers = {"Content-Security-Policy": content_security_policy(is_first_visit(), has_pictures=True)} if has_pictures else {}
    return body, 422 if problems or known else 200, headers


@bp.route("/<int:document_id>/sua", methods=["GET", "POST"])
@open_to("citizen")
def edit_document(document_id: int):
    document = my_document(document_id)
    form = DetailsForm(**as_typed(document))
    if form.validate_on_submit():
        documents.change_details(document, form.kind.value, form.details(), utc_now())
        return go_on(".show_document", document_id=document.id, da="luu")
    page = render_template("documents/edit.html", form=form, document=document, paper_kinds=documents.KINDS)
    return page, 422 if form.errors else 200


def as_typed(document: PersonalDocument) -> dict[str, str]:
    days = {name: documents.day_of(document, name) for name in ("issued_on", "expires_on")}
    shown = {name: show_day(day) if day else "" for name, day in days.items()}
    return document.details | shown | {"kind": documents.KINDS[document.kind]}


@bp.route("/<int:document_id>/xoa", methods=["GET", "POST"])
@open_to("citizen")
def delete_document(document_id: int):
    document = my_document(document_id)
    form = Form()
    if form.validate_on_submit():
        documents.delete_document(document, store())
        return go_on(".page", da="xoa-tai-lieu")
    count = documents.count_files([document]).get(document.id, 0)
    return render_template("documents/delete.html", form=form, document=document, count=count), 422 if form.errors else 200


# --- its files -------------------------------------------------------------------------------------------------------


@bp.route("/<int:document_id>/them-anh", methods=["GET", "POST"])
@open_to("citizen", saves_draft=True)
@takes_uploads
def add_files(document_id: int):
    document = my_document(document_id)
    form = Form()
    if not form.is_submitted():
        return show(document)
    faults = choose_again() if not form.validate() else disagreed()
    if faults or form.errors:
        return show(document, form=form, faults=faults)
    kept, refused = read_files()
    if not kept and not refused:
        return show(document, faults=[("file", CHOOSE_FIRST)])
    try:
        left_out = documents.add_files(me(), document, kept, store(), quota_bytes(), utc_now())
    except DocumentGone:
        documents.forget_unclaimed(kept, store())
        abort(404)
    others = [left for left in left_out if left.document != document] + refused
    if others:
        return show(document, others)
    return go_on(".show_document", document_id=document.id, da="da-co" if len(left_out) == len(kept) else "gui-giay")


@bp.get("/<int:document_id>/tep/<int:file_id>")
@open_to("citizen")
def open_file(document_id: int, file_id: int):
    document = my_document(document_id)
    file = my_file(document, file_id)
    return send_kept(file.stored_name, file.media_type, f"{document.kind.replace('_', '-')}-{file.id}")


@bp.get("/<int:document_id>/tep/<int:file_id>/nho")
@open_to("citizen")
def small_photo(document_id: int, file_id: int):
    """A picture of a few thousand bytes, made when asked for."""
    file = my_file(my_document(document_id), file_id)
    if not file.media_type.startswith("image/"):
        abort(404)
    picture = small_picture(store().read(file.stored_name))
    return Response(picture, mimetype="image/jpeg", headers={"Content-Security-Policy": SANDBOX})


@bp.route("/<int:document_id>/tep/<int:file_id>/thay", methods=["GET", "POST"])
@open_to("citizen")
@takes_uploads
def replace_file(document_id: int, file_id: int):
    document = my_document(document_id)
    file = my_file(document, file_id)
    if file.replaced_at:
        abort(404)
    form = Form()
    if not form.is_submitted():
        return show_replacing(document, file, form)
    faults = choose_again() if not form.validate() else disagreed()
    if faults or form.errors:
        return show_replacing(document, file, form, faults)
    kept, refused = read_files(most=1)
    if not kept:
        return show_replacing(document, file, form, said(refused) or [("file", CHOOSE_FIRST)])
    fault = documents.replace_file(me(), file, kept[0], store(), quota_bytes(), utc_now())
    if fault and fault.document == document:
        return go_on(".show_document", document_id=document.id, da="da-co")
    if fault:
        return show_replacing(document, file, form, said([fault]), [fault] if fault.document else [])
    return go_on(".show_document", document_id=document.id, da="thay-tep")


def show_replacing(
    document: PersonalDocument,
    file: DocumentFile,
    form: Form,
    faults: list[tuple[str, str]] = (),
    known: list[LeftOut] = (),
):
    problems = [*form.problems(), *faults]
    page = render_template(
        "documents/replace.html",
        document=document,
        file=file,
        form=form,
        problems=problems,
        known=known,
        consent=consent_to_ask(),
    )
    return page, 422 if problems or known else 200


@bp.route("/<int:document_id>/tep/<int:file_id>/xoa", methods=["GET", "POST"])
@open_to("citizen")
def drop_file(document_id: int, file_id: int):
    document = my_document(document_id)
    file = my_file(document, file_id)
    form = Form()
    if form.validate_on_submit():
        documents.drop_file(file, store())
        return go_on(".show_document", document_id=document.id, da="xoa-tep")
    return render_template("documents/drop_file.html", form=form, document=document, file=file), 422 if form.errors else 200

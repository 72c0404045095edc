"""The desk's room of content: every file on plain forms, checked, previewed, published, rolled back, exported, imported."""

import io
import re
import zipfile
from typing import get_args, get_origin

from flask import Blueprint, Response, abort, g, render_template, request, url_for
from flask_login import current_user
from wtforms import StringField

from database import utc_now
from models import Staff
from rules import WrongInput, content_drafts, content_fields, content_history, content_store, content_words, freshness
from rules.content import ContentWrong, kind_of
from rules.content_drafts import EditedMeanwhile, Writing
from rules.content_fields import NoSuchPlace, inside
from rules.content_files import as_text, read_yaml
from rules.content_store import ChangedMeanwhile
from rules.vietnamese import clean_text, fold, in_vietnam
from views.access import only_of_this_commune, open_to
from views.announcement_desk import asked_revision, look_at_once
from views.announcements import today
from views.answering import go_on
from views.desk import MoveForm
from views.forms import ReadField
from views.guards import takes_uploads
from views.preview import EDITORS
from views.visits import log_security

bp = Blueprint("content_desk", __name__, url_prefix="/mot-cua/noi-dung")

LONGEST_FIELD = 20_000
MOST_ZIP_BYTES = 5 * 1024 * 1024
MOST_ZIP_FILES = 600


bp.before_request(only_of_this_commune(*EDITORS))


def me() -> Staff:
    return current_user._get_current_object()


class PlaceForm(MoveForm):
    revision = StringField(default="0")


class NoteForm(PlaceForm):
    note = ReadField(
        "Ghi chú về lần sửa này", lambda typed: clean_text(typed, 200), hint="Không bắt buộc. Ví dụ: theo Nghị quyết số…"
    )


def written_of(name: str) -> Writing:
    """A file by its name without the ending, as it is being written; or 404. Announcements have a room of their own."""
    file = f"{name}.yaml"
    if kind_of(file) is None or file.startswith("announcements/"):
        abort(404)
    return content_drafts.writing(file) or abort(404)


def name_of(file: str) -> str:
    return file.removesuffix(".yaml")


def title_of(file: str, value) -> str:
    return content_words.FILES.get(file) or (value.get("title") if isinstance(value, dict) else "") or name_of(file)


# --- all of it -------------------------------------------------------------------------------------------------------


@bp.get("/")
@open_to(*EDITORS)
def all_files():
    drafts = {one.file: one for one in content_drafts.drafts() if not one.file.startswith("announcements/")}
    return render_template("content_desk/all.html", **listed(drafts), form=MoveForm(formdata=None))


def listed(drafts: dict[str, Writing]) -> dict[str, object]:
    day, library = today(), g.library
    fresh = {f"guides/{one.number}-{one.slug}": freshness.of_part(one, day) for one in library.guides.values()}
    fresh |= {f"procedures/{slug}": freshness.of_part(one, day) for slug, one in library.procedures.items()}
    return {
        "drafts": drafts,
        "general": content_words.FILES.items(),
        "guides": [(f"guides/{one.number}-{one.slug}", one.title) for one in library.guides.values()],
        "procedures": sorted(
            ((f"procedures/{slug}", one.title) for slug, one in library.procedures.items()), key=lambda pair: pair[1].casefold()
        ),
        "fresh": fresh,
        "stale": freshness.count_stale(library, day),
        "stale_links": [one for one in library.site.links if not one.historic and freshness.of_part(one, day).is_stale],
        "name_of": name_of,
        "titles": {file: title_of(file, one.value) for file, one in drafts.items()},
    }


# --- one page of one file --------------------------------------------------------------------------------------------


@bp.route("/sua/<path:name>", methods=["GET", "POST"])
@open_to(*EDITORS)
def edit(name: str):
    """The form of one mapping of a file (?o= says which); what is sent is saved, and one thing done with it."""
    written, place = written_of(name), request.args.get("o", "")
    kind = kind_here(written, place)
    if request.method == "GET":
        return show_page(written, place, kind)
    form = PlaceForm()
    if not form.validate():
        return show_page(written, place, kind, typed=request.form, fault=form.problems()[0][1], status=422)
    try:
        value, there = change(written, place, kind)
        kept = content_drafts.save(written.file, value, asked_revision(), me(), form.form_key.data[:64], utc_now())
    except NoSuchPlace:
        abort(404)
    except EditedMeanwhile as meanwhile:
        return show_page(meanwhile.theirs, place, kind, typed=request.form, meanwhile=True, status=409)
    except WrongInput as fault:
        return show_page(written, place, kind, typed=request.form, fault=str(fault), status=422)
    wanted = request.form.get("do", "")
    if wanted == "cong-bo":
        return go_on(".review", name=name_of(kept.file))
    if wanted == "xem":
        return go_on("preview.in_a_phone", trang=public_path(kept))
    return go_on(".edit", name=name_of(kept.file), o=there or None, da="luu")


def kind_here(written: Writing, place: str):
    """The struct, list of texts or text at this place; 404 where there is none."""
    try:
        kind = content_fields.kind_at(kind_of(written.file), place)
        raw = content_fields.raw_at(written.value, place)
    except NoSuchPlace:
        abort(404)
    if isinstance(raw, str):
        return str
    return content_fields.part_within(kind) or kind


def change(written: Writing, place: str, kind) -> tuple[dict, str]:
    """The file with what was typed here and what the button asks for; and the place to go on at."""
    raw = content_fields.raw_at(written.value, place)
    value = content_fields.put_at(written.value, place, typed_here(kind, raw))
    act, _, where = request.form.get("do", "").partition(":")
    if act in ("len", "xuong"):
        check_below(where, place)
        return content_fields.moved(value, where, -1 if act == "len" else 1), place
    if act == "bo":
        check_below(where, place)
        return content_fields.put_at(value, where, None), place
    if act in ("them", "them-chu"):
        check_below(where, place)
        check_holds_pages(written, where)
        return content_fields.added(value, where, as_text=act == "them-chu")
    if act == "them-khoa":
        check_below(where, place)
        return with_key(written, value, where)
    return value, place


def with_key(written: Writing, value: dict, where: str) -> tuple[dict, str]:
    """A new entry of a mapping, under the key that was typed."""
    key = (request.form.get(f"khoa:{where}") or "").strip()
    if not key or "." in key or len(key) > 120:
        raise WrongInput("Nhập khóa của mục mới, không có dấu chấm")
    kind = content_fields.kind_at(kind_of(written.file), inside(where, key))
    if get_origin(content_fields.kind_at(kind_of(written.file), where)) is not dict:
        raise NoSuchPlace(where)
    try:
        there = content_fields.raw_at(value, where)
    except NoSuchPlace:
        there = {}
    if key in there:
        raise WrongInput(f"Đã có mục “{key}”")
    empty = [] if get_origin(kind) is list else {}
    return content_fields.put_at(value, where, there | {key: empty}), inside(where, key)


def check_below(where: str, place: str) -> None:
    """A button changes what stands on its own page and is there."""
    if not where or (place and not where.startswith(f"{place}.")):
        abort(400)


def check_holds_pages(written: Writing, where: str) -> None:
    """Only what has pages of its own is begun by a button. Raises NoSuchPlace for a place there cannot be."""
    kind = content_fields.kind_at(kind_of(written.file), where)
    item = get_args(kind)[0] if get_origin(kind) is list else kind
    if content_fields.part_within(item) is None:
        raise NoSuchPlace(where)


def typed_here(kind, raw):
    for name, text in request.form.items():
        if len(text) > LONGEST_FIELD:
            raise WrongInput(f"Ô “{name[:40]}” dài quá {LONGEST_FIELD} chữ")
    if kind is str:
        return request.form.get("chu", raw).replace("\r\n", "\n").strip()
    if get_origin(kind) is list:
        return [line.strip() for line in request.form.get("chu", "").splitlines() if line.strip()]
    if get_origin(kind) is dict:
        return content_fields.read_pairs(request.form.get("chu", ""))
    return content_fields.read_back(kind, raw, request.form)


def show_page(
    written: Writing, place: str, kind, typed=None, fault: str = "", meanwhile: bool = False, status: int = 200
) -> tuple[str, int]:
    raw = content_fields.raw_at(written.value, place)
    shown = raw if typed is None else typed_again(kind, raw, typed)
    faults = [one for one in content_drafts.faults(written) if one.startswith(f"{written.file}: ")]
    here, elsewhere = sorted_faults([one.removeprefix(f"{written.file}: ") for one in faults], place)
    page = render_template(
        "content_desk/edit.html",
        written=written,
        name=name_of(written.file),
        title=title_of(written.file, written.value),
        place=place,
        trail=trail(written, place),
        fields=content_fields.fields_of(kind, shown, place) if content_fields.is_part(kind) else None,
        text=None if content_fields.is_part(kind) else text_of(shown),
        here=here,
        elsewhere=elsewhere,
        fault=fault,
        theirs=text_of_place(raw) if meanwhile else "",
        path=public_path(written),
        form=PlaceForm(formdata=None, revision=str(written.revision)),
        answered=typed is not None,
        has_questions=has_questions(written.file),
        may_confirm=not place and not written.is_new and content_drafts.has_date(written.file),
    )
    return page, status


def typed_again(kind, raw, typed):
    if content_fields.is_part(kind):
        return content_fields.read_back(kind, raw, typed)
    return typed.get("chu", "")


def text_of(raw) -> str:
    if isinstance(raw, list):
        return "\n".join(map(str, raw))
    return content_fields.shown_pairs(raw)


def text_of_place(raw) -> str:
    return raw if isinstance(raw, str) else as_text(raw)


def sorted_faults(faults: list[str], place: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """What to mend on this page, by field ("" : the page), and elsewhere in the file, as (place, what to do)."""
    here, elsewhere = {}, []
    for fault in faults:
        where, _, text = fault.partition(": ")
        below = where.removeprefix(f"{place}.") if place else where
        if place and not where.startswith(f"{place}.") and where != place:
            elsewhere.append((where.rpartition(".")[0], fault))
        elif "." in below and below != where.rpartition(".")[2]:
            here.setdefault(below.partition(".")[0], "Xem bên trong: còn chỗ phải sửa")
        else:
            here[below if where != place else ""] = text
    return here, elsewhere


def trail(written: Writing, place: str) -> list[tuple[str, str]]:
    """(place, name) of each mapping on the way here."""
    found, steps = [], content_fields.steps_of(place)
    for n in range(len(steps)):
        part = ".".join(steps[: n + 1])
        kind, raw = content_fields.kind_at(kind_of(written.file), part), content_fields.raw_at(written.value, part)
        if not isinstance(raw, list) or n == len(steps) - 1:
            struct = content_fields.part_within(kind)
            label = content_words.PARTS.get(struct.__name__, "") if struct else ""
            said = content_fields.title_of(raw, "" if isinstance(raw, (str, dict)) else steps[n])
            found.append((part, " ".join(filter(None, (label, f"“{said}”" if steps[n].isdigit() or not label else "")))))
    return found


def public_path(written: Writing) -> str:
    """The page on which the file is seen best."""
    slug = written.value.get("slug", "") if isinstance(written.value, dict) else ""
    if written.file.startswith("guides/"):
        return url_for("guides.whole_guide", slug=slug or "-")
    if written.file.startswith("procedures/"):
        return url_for("procedures.show_procedure", slug=slug or "-")
    return url_for("home.privacy" if written.file == "consents.yaml" else "home.home")


@bp.get("/cau-hoi/<path:name>")
@open_to(*EDITORS)
def questions(name: str):
    """The questions of a file's e-form, page by page, as a phone shows them; nothing typed there is sent anywhere."""
    written = written_of(name)
    if not has_questions(written.file):
        abort(404)
    faults = [one for one in content_drafts.faults(written) if one.startswith(f"{written.file}: ")]
    form = None if faults else content_drafts.eform_of(written)
    page = render_template(
        "content_desk/questions.html",
        name=name,
        title=title_of(written.file, written.value),
        form=form,
        faults=[one.removeprefix(f"{written.file}: ") for one in faults],
        villages=g.library.villages(),
    )
    return page, 422 if faults else 200


def has_questions(file: str) -> bool:
    return file.startswith(("procedures/", "eform-"))


@bp.post("/lui/<path:name>")
@open_to(*EDITORS)
def undo(name: str):
    return act_on_draft(name, lambda written: content_drafts.undo(written.file, asked_revision(), me(), utc_now()), "luu")


@bp.post("/bo/<path:name>")
@open_to(*EDITORS)
def discard(name: str):
    return act_on_draft(name, lambda written: content_drafts.discard(written.file, asked_revision()), "xoa-nhap")


def act_on_draft(name: str, act, done: str):
    written, form = written_of(name), PlaceForm()
    kind = kind_here(written, "")
    if not form.validate():
        return show_page(written, "", kind, fault=form.problems()[0][1], status=422)
    try:
        act(written)
    except EditedMeanwhile as meanwhile:
        return show_page(meanwhile.theirs, "", kind, fault=str(meanwhile), status=409)
    except WrongInput as fault:
        return show_page(written, "", kind, fault=str(fault), status=422)
    still = content_drafts.writing(written.file)
    return go_on(".edit", name=name, da=done) if still else go_on(".all_files", da=done)


@bp.post("/xem-lai/<path:name>")
@open_to(*EDITORS)
def confirm(name: str):
    """Somebody has held it against what is in force, and it holds: from today it is fresh again."""
    written, form = written_of(name), MoveForm()
    kind = kind_here(written, "")
    if not content_drafts.has_date(written.file):
        abort(404)
    try:
        if not form.validate():
            raise WrongInput(form.problems()[0][1])
        content_drafts.confirm(written.file, today(), me(), utc_now())
    except (WrongInput, ContentWrong) as fault:
        return show_page(written, "", kind, fault=str(fault), status=422)
    look_at_once()
    log_security("content published", file=written.file, checked=True)
    return go_on(".edit", name=name, da="luu")


# --- into force ------------------------------------------------------------------------------------------------------


@bp.route("/cong-bo/<path:name>", methods=["GET", "POST"])
@open_to(*EDITORS)
def review(name: str):
    """What would change, what is wrong with it; and the button that puts it in force."""
    written, form = written_of(name), NoteForm()
    if not written.is_draft:
        return go_on(".edit", name=name) if request.method == "GET" else go_on(".all_files", da="da-cong-bo")
    if not form.is_submitted():
        return show_review([written], NoteForm(formdata=None, revision=str(written.revision)))
    if not form.validate():
        return show_review([written], form, status=422)
    return put_in_force([written], {written.file: asked_revision()}, form)


@bp.route("/cong-bo-tat-ca", methods=["GET", "POST"])
@open_to(*EDITORS)
def review_all():
    """All that is being written, put in force together: what hangs together is never in force by halves."""
    drafts, form = [one for one in content_drafts.drafts() if not one.file.startswith("announcements/")], NoteForm()
    if not drafts:
        return go_on(".all_files", da="da-cong-bo") if form.is_submitted() else go_on(".all_files")
    if not form.is_submitted():
        return show_review(drafts, NoteForm(formdata=None, revision=seen(drafts)))
    if not form.validate():
        return show_review(drafts, form, status=422)
    if form.revision.data != seen(drafts):
        return show_review(drafts, form, ["Có người vừa sửa thêm. Xem lại rồi công bố."], 409)
    return put_in_force(drafts, {one.file: one.revision for one in drafts}, form)


def seen(drafts: list[Writing]) -> str:
    return "-".join(str(one.revision) for one in drafts)


def put_in_force(drafts: list[Writing], revisions: dict[str, int], form: NoteForm):
    try:
        content_drafts.publish(revisions, me(), utc_now(), form.note.value)
    except ContentWrong as wrong:
        return show_review(drafts, form, wrong.faults, 422)
    except ChangedMeanwhile as fault:
        content_drafts.catch_up(revisions)
        again = "Xem lại thay đổi ở dưới. Bấm “Công bố” lần nữa là thay bản đang dùng bằng bản nháp."
        return show_review([content_drafts.writing(one.file) or one for one in drafts], form, [f"{fault} {again}"], 409)
    except WrongInput as fault:
        return show_review([content_drafts.writing(one.file) or one for one in drafts], form, [str(fault)], 409)
    look_at_once()
    for file in revisions:
        log_security("content published", file=file)
    return go_on(".all_files", da="da-cong-bo")


def show_review(drafts: list[Writing], form: NoteForm, faults: list[str] | None = None, status: int = 200):
    current = {one.file: one.revision for one in drafts}
    if len(drafts) == 1:
        form.revision.data = str(current[drafts[0].file])
    elif status != 409:
        form.revision.data = seen(drafts)
    page = render_template(
        "content_desk/review.html",
        drafts=[
            (one, name_of(one.file), title_of(one.file, one.value),
             content_history.differences(one.file, content_store.text_of(one.file) or "", content_drafts.text_of(one)))
            for one in drafts
        ],
        faults=content_drafts.faults(*drafts) if faults is None else faults,
        form=form,
        path=public_path(drafts[0]) if len(drafts) == 1 else "/",
    )  # fmt: skip
    return page, status


# --- versions --------------------------------------------------------------------------------------------------------


@bp.get("/lich-su/<path:name>")
@open_to(*EDITORS)
def history(name: str):
    file = f"{name}.yaml"
    versions = list(content_store.versions_of(file).limit(100)) if kind_of(file) else []
    if not versions:
        abort(404)
    return render_template("content_desk/history.html", name=name, title=title_of(file, {}), versions=versions)


@bp.route("/lich-su/<path:name>/ban/<int:number>", methods=["GET", "POST"])
@open_to(*EDITORS)
def version(name: str, number: int):
    """One version beside the one before it; and the button that puts it in force again, or, over money, makes a draft of it."""
    file, form = f"{name}.yaml", MoveForm()
    found = content_store.version_of(file, number) if kind_of(file) else None
    if found is None:
        abort(404)
    newest = content_store.number_of(file)
    faults, status = [], 200
    if form.is_submitted() and not form.validate():
        faults, status = [form.problems()[0][1]], 422
    elif form.is_submitted() and number < newest:
        try:
            if not content_drafts.restore(found, me(), utc_now(), form.form_key.data[:64]):
                return go_on(".review", name=name, da="tra-ban-cu-nhap")
            look_at_once()
            log_security("content published", file=file, restored=number)
            return go_on(".history", name=name, da="tra-ban-cu")
        except ContentWrong as wrong:
            faults, status = wrong.faults, 422
        except EditedMeanwhile as meanwhile:
            whose = meanwhile.theirs.edited_by
            faults, status = [f"Đang có bản nháp của {whose}. Công bố hoặc bỏ bản nháp đó trước, rồi trả lại bản này."], 409
        except WrongInput as fault:
            faults, status = [str(fault)], 409
    before = content_store.version_of(file, number - 1)
    page = render_template(
        "content_desk/version.html",
        name=name,
        version=found,
        newest=newest,
        differences=content_history.differences(file, before.text if before else "", found.text),
        faults=faults,
        form=MoveForm(formdata=None),
    )
    return page, status


# --- out and in ------------------------------------------------------------------------------------------------------


@bp.get("/xuat.zip")
@open_to(*EDITORS)
def export():
    """The whole content in force as the YAML of the content folder, in one ZIP."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, text in content_store.current().items():
            archive.writestr(f"content/{file}", text)
    log_security("content exported")
    day = in_vietnam(utc_now()).strftime("%Y%m%d")
    headers = {"Content-Disposition": f'attachment; filename="noi-dung-{day}.zip"', "Cache-Control": "no-store"}
    return Response(packed.getvalue(), mimetype="application/zip", headers=headers)


@bp.post("/nhap")
@takes_uploads
@open_to(*EDITORS)
def bring():
    """YAML files, in a ZIP or one by one, become drafts: nothing of them is in force before somebody publishes it."""
    form = MoveForm()
    drafts = {one.file: one for one in content_drafts.drafts() if not one.file.startswith("announcements/")}
    if not form.validate():
        return render_template("content_desk/all.html", **listed(drafts), form=form, faults=[form.problems()[0][1]]), 422
    try:
        texts = texts_sent()
        begun = begin_drafts(texts)
    except WrongInput as fault:
        return render_template(
            "content_desk/all.html", **listed(drafts), form=MoveForm(formdata=None), faults=str(fault).split("\n")
        ), 422
    log_security("content imported", files=begun)
    return go_on(".all_files", da="nhap-xong" if begun else "nhap-giong")


def texts_sent() -> dict[str, str]:
    sent = [one for one in request.files.getlist("tep") if one.filename]
    if not sent:
        raise WrongInput("Chọn tệp .zip hoặc .yaml")
    texts: dict[str, str] = {}
    for one in sent:
        data = one.read(MOST_ZIP_BYTES + 1)
        if not data.strip():
            raise WrongInput("Tệp trống")
        if len(data) > MOST_ZIP_BYTES:
            raise WrongInput("Tệp lớn quá 5 MB")
        texts |= texts_in_zip(data) if data[:2] == b"PK" else {one.filename.rpartition("/")[2]: decoded(data, one.filename)}
    return texts


def texts_in_zip(data: bytes) -> dict[str, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [one for one in archive.infolist() if one.filename.endswith(".yaml")]
            if len(members) > MOST_ZIP_FILES or sum(one.file_size for one in members) > 4 * MOST_ZIP_BYTES:
                raise WrongInput("Tệp nén có quá nhiều chữ")
            return {one.filename.removeprefix("content/"): decoded(archive.read(one), one.filename) for one in members}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as fault:
        if isinstance(fault, WrongInput):
            raise
        raise WrongInput("Không mở được tệp nén") from fault


def decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise WrongInput(f"{name[:80]}: phải lưu bằng mã UTF-8") from fault


def begin_drafts(texts: dict[str, str]) -> int:
    """A draft of each file that says otherwise than the one in force; all or none. Raises WrongInput, a line a fault."""
    faults, values = [], {}
    for name, text in texts.items():
        found: list[str] = []
        value = read_yaml(text, found) if kind_of(name) else None
        if kind_of(name) is None:
            found = ["tên tệp không có trong nội dung"]
        elif not found and not isinstance(value, dict):
            found = ["phải là các dòng “tên: giá trị”"]
        faults += [f"{name[:80]}: {fault}" for fault in found]
        values[name] = value
    drafts = {one.file: one for one in content_drafts.drafts()}
    changed = {}
    for name, value in values.items():
        in_force = content_store.text_of(name)
        if in_force is None or read_yaml(in_force, []) != value:
            changed[name] = value
            if name in drafts and drafts[name].value != value:
                faults.append(f"{name}: đang có bản nháp của {drafts[name].edited_by}. Công bố hoặc bỏ bản nháp đó trước")
    if faults:
        raise WrongInput("\n".join(faults[:20]))
    for name, value in changed.items():
        if name not in drafts:
            content_drafts.save(name, value, 0, me(), "", utc_now())
    return len(changed)


# --- one procedure more ----------------------------------------------------------------------------------------------


class NewForm(MoveForm):
    title = ReadField("Tên thủ tục", lambda typed: clean_text(typed, 200), "Nhập tên thủ tục")
    like = StringField("Giống thủ tục nào")


@bp.route("/them-thu-tuc", methods=["GET", "POST"])
@open_to(*EDITORS)
def add_procedure():
    """A new procedure begins as a copy of one that is like it, with a name of its own; its code is still to be typed."""
    form = NewForm()
    if not form.validate_on_submit():
        page = render_template("content_desk/add.html", form=form, procedures=g.library.procedures.values())
        return page, 422 if form.errors else 200
    if begun := content_drafts.begun_with(form.form_key.data or "-", "procedures"):
        return go_on(".edit", name=name_of(begun))  # the second tap
    name = f"procedures/{free_slug(form.title.value)}"
    model = content_store.text_of(f"procedures/{form.like.data}.yaml") if kind_of(f"procedures/{form.like.data}.yaml") else None
    value = read_yaml(model, []) if model else {}
    slug = name.partition("/")[2]
    left_out = ("old_codes", "old_slugs", "code", "replaces", "replaced_by", "checked_on", "owner")
    value = {key: part for key, part in value.items() if key not in left_out}
    value = {"code": "", "slug": slug} | value | {"slug": slug, "title": form.title.value, "name": form.title.value}
    content_drafts.save(f"{name}.yaml", value, 0, me(), form.form_key.data[:64], utc_now())
    return go_on(".edit", name=name)


def free_slug(title: str) -> str:
    wanted = "-".join(re.findall(r"[a-z0-9]+", fold(title)))[:80].strip("-") or "thu-tuc"
    known = {
        *g.library.procedures,
        *g.library.new_slugs,
        *(name_of(one.file).partition("/")[2] for one in content_drafts.drafts()),
    }
    return next(one for one in (wanted, *(f"{wanted}-{n}" for n in range(2, 1000))) if one not in known)

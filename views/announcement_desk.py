"""The desk's room of announcements: written, looked at as on a phone, published, taken down."""

from flask import Blueprint, abort, current_app, g, render_template, request, url_for
from flask_login import current_user
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField
from wtforms.validators import StopValidation

from database import utc_now
from models import Staff
from rules import WrongInput, announcement_writing, announcements, broadcasts, content_drafts, freshness, loudspeaker
from rules.content import ContentWrong
from rules.content_drafts import EditedMeanwhile, Writing
from rules.content_store import ChangedMeanwhile
from rules.vietnamese import clean_text, read_day, show_day
from views.access import only_of_this_commune, open_to
from views.announcements import today
from views.answering import go_on, go_to
from views.desk import MoveForm
from views.forms import ReadField
from views.preview import EDITORS
from views.visits import log_security

bp = Blueprint("announcement_desk", __name__, url_prefix="/mot-cua/thong-bao")

LONGEST_TEXT = 3000


bp.before_request(only_of_this_commune(*EDITORS))


def me() -> Staff:
    return current_user._get_current_object()


class DayField(StringField):
    """A day as people type it; what the file holds of it is 2026-11-22, or the text as it was typed."""

    @property
    def raw(self) -> str:
        try:
            return read_day(self.data).isoformat() if self.data else ""
        except WrongInput:
            return self.data


def read_title(typed: str) -> str:
    return clean_text(typed, 100)


def read_text(typed: str) -> str:
    return clean_text(typed, LONGEST_TEXT, lines=True)


class AnnouncementForm(MoveForm):
    revision = StringField(default="0")
    title = ReadField(
        "Tên thông báo", read_title, "Nhập tên thông báo", hint="Ngắn, nói ngay việc gì. Ví dụ: Thứ Sáu nghỉ nhận hồ sơ"
    )
    body = ReadField("Nội dung", read_text, "Nhập nội dung", hint="Câu ngắn, mỗi câu một việc. Cách một dòng là sang đoạn mới.")
    valid_from = DayField("Từ ngày")
    valid_to = DayField("Đến hết ngày")
    pinned = BooleanField("Ghim lên đầu")
    about = SelectField("Nói về hướng dẫn, thủ tục nào", choices=[], validate_choice=False)
    villages = SelectMultipleField("Chỉ cho thôn, làng", choices=[], validate_choice=False)
    script_vi = ReadField("Lời đọc tiếng Việt", read_text)
    script_jrai = ReadField("Lời đọc tiếng Jrai", read_text, hint="Để trống cho đến khi có người của xã viết.")
    script_bahnar = ReadField("Lời đọc tiếng Bahnar", read_text, hint="Để trống cho đến khi có người của xã viết.")
    make_script = BooleanField("Soạn lời đọc tiếng Việt từ nội dung trên")

    def validate_valid_from(self, field) -> None:
        _must_be_day(field, "Nhập ngày bắt đầu, ví dụ 5/7/2026")

    def validate_valid_to(self, field) -> None:
        if field.data:
            _must_be_day(field, "")

    def typed(self) -> dict:
        """What was typed, readable or not: nothing of it is lost."""
        return {
            "title": (self.title.data or "").strip(),
            "body": _with_plain_ends(self.body.data),
            "valid_from": self.valid_from.raw,
            "valid_to": self.valid_to.raw,
            "pinned": bool(self.pinned.data),
            "about": self.about.data or "",
            "villages": list(self.villages.data or []),
            "scripts": {
                "vi": _with_plain_ends(self.script_vi.data),
                "jrai": _with_plain_ends(self.script_jrai.data),
                "bahnar": _with_plain_ends(self.script_bahnar.data),
            },
        }


def _must_be_day(field, missing: str) -> None:
    try:
        if not field.data and missing:
            raise WrongInput(missing)
        read_day(field.data or "")
    except WrongInput as fault:
        raise StopValidation(str(fault)) from fault


def _with_plain_ends(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").strip()


def form_of(typed: dict, revision: int) -> AnnouncementForm:
    """The form that shows what is written."""
    days = {name: _shown_day(typed[name]) for name in ("valid_from", "valid_to")}
    scripts = {f"script_{language}": text for language, text in typed["scripts"].items()}
    plain = {name: typed[name] for name in ("title", "body", "pinned", "about", "villages")}
    return AnnouncementForm(formdata=None, revision=str(revision), **plain, **days, **scripts)


def _shown_day(raw: str) -> str:
    try:
        return show_day(read_day(raw)) if raw else ""
    except WrongInput:
        return raw


# --- pages -----------------------------------------------------------------------------------------------------------


@bp.get("/")
@open_to(*EDITORS)
def written():
    day = today()
    everything = g.library.announcements.values()
    return render_template(
        "announcement_desk/written.html",
        drafts=announcement_writing.all_drafts(),
        slug_of=announcement_writing.slug_of,
        coming=[one for one in everything if not announcements.has_begun(one, day)],
        in_force=announcements.in_force(g.library, day),
        over=announcements.over(g.library, day)[:50],
        guides=g.library.guides.values(),
        most_used=g.library.most_used(day),
        stale=freshness.count_stale(g.library, day),
    )


@bp.route("/moi", methods=["GET", "POST"])
@open_to(*EDITORS)
def write_new():
    """A new announcement: empty, or begun from a guide or a procedure (?tu=)."""
    form = AnnouncementForm()
    if not form.is_submitted():
        begun = announcement_writing.suggestion(g.library, request.args.get("tu", ""), today())
        return show_form(form_of(begun or announcement_writing.empty(today()), 0), None)
    same = announcement_writing.just_published(form.typed(), me(), utc_now()) if form.validate() else None
    if same:
        return go_on(".published", slug=same)  # the second tap
    begun = content_drafts.begun_with(form.form_key.data or "-", "announcements")
    slug = announcement_writing.slug_of(begun) if begun else announcement_writing.new_slug(form.title.data or "")
    return keep(form, slug, None)


@bp.route("/<slug>", methods=["GET", "POST"])
@open_to(*EDITORS)
def write(slug: str):
    written = content_drafts.writing(announcement_writing.file_of(slug)) or abort(404)
    form = AnnouncementForm()
    if not form.is_submitted():
        return show_form(form_of(announcement_writing.as_typed(written.value), written.revision), written)
    return keep(form, slug, written)


def keep(form: AnnouncementForm, slug: str, written: Writing | None):
    """Save what was typed, as it is; then publish it, show it on a phone, or stay."""
    is_sound = form.validate()
    if form.has_stale_token():
        return show_form(form, written)
    typed, file, wanted = form.typed(), announcement_writing.file_of(slug), request.form.get("do", "luu")
    if form.make_script.data:
        typed["scripts"]["vi"] = announcement_writing.script_of(typed["title"], typed["body"], g.library.site)
    try:
        raw = announcement_writing.as_raw(slug, typed)
        kept = content_drafts.save(file, raw, asked_revision(), me(), form.form_key.data, utc_now())
    except EditedMeanwhile as meanwhile:
        if wanted == "cong-bo" and not meanwhile.theirs.is_draft and meanwhile.theirs.value == raw:
            return go_on(".published", slug=slug)  # the second tap: the first has published it
        return show_form(form, meanwhile.theirs, theirs=announcement_writing.as_typed(meanwhile.theirs.value), status=409)
    if not is_sound:
        return show_form(form_of_kept(form, kept), kept)
    if wanted == "cong-bo":
        return publish(form_of_kept(form, kept), kept)
    if wanted == "xem":
        return go_to(url_for("preview.in_a_phone", trang=url_for("announcements.show", slug=slug)))
    return go_on(".write", slug=slug, da="luu")


def asked_revision() -> int:
    """Of the draft that whoever sends the form has seen; 0: none, or no number at all."""
    typed = request.form.get("revision", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0


def form_of_kept(form: AnnouncementForm, kept: Writing) -> AnnouncementForm:
    """The same form with its faults, ready to be sent once more: a new key, and the revision that now stands."""
    form.revision.data = str(kept.revision)
    form.form_key.data = MoveForm(formdata=None).form_key.data
    form.script_vi.data = (kept.value.get("scripts") or {}).get("vi", "")
    form.make_script.data = False
    return form


def publish(form: AnnouncementForm, kept: Writing):
    try:
        content_drafts.publish({kept.file: kept.revision}, me(), utc_now())
    except ContentWrong as wrong:
        return show_form(form, kept, faults=wrong.faults, status=422)
    except ChangedMeanwhile as fault:
        content_drafts.catch_up({kept.file: kept.revision})
        again = "Bấm “Công bố” lần nữa là thay bản đó bằng bản này."
        return show_form(form, kept, faults=[f"{fault} {again}"], status=409)
    except WrongInput as fault:
        return show_form(form, kept, faults=[str(fault)], status=409)
    look_at_once()
    log_security("content published", file=kept.file)
    return go_on(".published", slug=announcement_writing.slug_of(kept.file))


def look_at_once() -> None:
    """This process shows what was published on its very next page; others within seconds."""
    current_app.extensions["library"].look_soon()


def show_form(
    form: AnnouncementForm, written: Writing | None, faults: list[str] = (), theirs: dict | None = None, status: int = 200
):
    script = loudspeaker.read(form.script_vi.data or "", g.library.site.loudspeaker_rate)
    own = f"{written.file}: " if written else ""
    page = render_template(
        "announcement_desk/write.html",
        form=form,
        written=written,
        slug=announcement_writing.slug_of(written.file) if written else "",
        script=script,
        longest=loudspeaker.LONGEST_SENTENCE,
        faults=[fault.removeprefix(own) for fault in faults],
        theirs=theirs,
        show_theirs=_shown_day,
        abouts=[(part.slug, part.title) for part in (*g.library.guides.values(), *g.library.procedures.values())],
        villages=g.library.villages(),
    )
    return page, 422 if form.errors and status == 200 else status


@bp.get("/<slug>/da-cong-bo")
@open_to(*EDITORS)
def published(slug: str):
    """What can be done with it now, each one tap away."""
    found = g.library.announcements.get(slug) or abort(404)
    return render_template(
        "announcement_desk/published.html",
        announcement=found,
        is_coming=not announcements.has_begun(found, today()),
        planned=broadcasts.of_announcement(slug),
    )


@bp.route("/<slug>/go-xuong", methods=["GET", "POST"])
@open_to(*EDITORS)
def take_down(slug: str):
    file = announcement_writing.file_of(slug)
    found, form = g.library.announcements.get(slug) or abort(404), MoveForm()
    if not form.validate_on_submit():
        return render_template("announcement_desk/take_down.html", announcement=found, form=form), 422 if form.errors else 200
    try:
        content_drafts.remove(file, me(), utc_now())
    except ContentWrong as wrong:
        return render_template("announcement_desk/take_down.html", announcement=found, form=form, faults=wrong.faults), 422
    look_at_once()
    log_security("content published", file=file, removed=True)
    return go_on(".written", da="go-thong-bao")


@bp.post("/<slug>/bo-nhap")
@open_to(*EDITORS)
def drop_draft(slug: str):
    form, file = MoveForm(), announcement_writing.file_of(slug)
    written = content_drafts.writing(file) or abort(404)
    if not form.validate():
        return show_form(form_of(announcement_writing.as_typed(written.value), written.revision), written, status=422)
    try:
        content_drafts.discard(file, asked_revision())
    except EditedMeanwhile as meanwhile:
        theirs = meanwhile.theirs
        return show_form(form_of(announcement_writing.as_typed(theirs.value), theirs.revision), theirs, status=409)
    return go_on(".written", da="xoa-nhap")

"""The desk: a pack of paper for each village, asked for, made in the queue, taken away to be printed."""

import io
import secrets
import zipfile

from flask import Blueprint, Response, abort, current_app, g, render_template, request
from flask_login import current_user
from wtforms import BooleanField, HiddenField, SelectField, SelectMultipleField
from wtforms.validators import StopValidation

from database import utc_now
from gateways import pdf
from models import Pack, Staff
from rules import WrongInput, packs, paper_visits
from rules.identity import read_person_name, read_phone, show_phone
from rules.packs import MADE_BY, MADE_FOR_ALL_BY, Choices
from rules.print_sheets import SIZES
from rules.vietnamese import in_vietnam
from rules.villages import village_keys
from views.access import open_to
from views.answering import go_on
from views.files import send_kept
from views.forms import Form, ReadField

bp = Blueprint("packs", __name__, url_prefix="/mot-cua/bo-tai-lieu")

STATE_WORDS = {
    Pack.WAITING: "Đang chờ",
    Pack.WORKING: "Đang làm",
    Pack.READY: "Xong",
    Pack.FAILED: "Chưa làm được",
}


# --- what there is ---------------------------------------------------------------------------------------------------


@bp.get("/")
@open_to(*MADE_BY)
def all_packs():
    """By village: the newest pack, how often packs were printed, how many came from the paper."""
    villages = my_villages()
    return render_template(
        "packs/all_packs.html",
        villages=villages,
        last=packs.last_of_each(current_user.office, villages),
        prints=packs.prints_of_each(current_user.office),
        visits=paper_visits.by_village(in_vietnam(utc_now()).date()),
        may_make_all=current_user.role in MADE_FOR_ALL_BY,
        has_pdf=pdf.is_there(),
        state_words=STATE_WORDS,
    )


def my_villages() -> dict[str, object]:
    return packs.villages_of(_me(), g.library.site)


# --- asking for one --------------------------------------------------------------------------------------------------


class ChosenField(SelectMultipleField):
    """Boxes to tick; `choices` are what each says."""

    def pre_validate(self, form) -> None:
        if not {*self.data} <= {*self.choices}:
            raise StopValidation("Chọn một trong các ô có sẵn")


class PackForm(Form):
    """What goes into a pack; `form_key` lets the same form, sent twice, make one."""

    form_key = HiddenField(default=lambda: secrets.token_hex(16))
    guides = ChosenField("Bài hướng dẫn")
    procedures = ChosenField("Thủ tục")
    poster = BooleanField("Tờ treo tường (A4): giờ làm việc, điện thoại, thôn trưởng, mã QR", default=True)
    cards = BooleanField("Thẻ bỏ túi: tờ A4 cắt thành 8 thẻ", default=True)
    size = SelectField("Khổ giấy của bài và thủ tục", choices=[*SIZES], default="a4")


class VillagePackForm(PackForm):
    village = SelectField("Thôn, làng")
    head_name = ReadField("Tên thôn trưởng", read_person_name, hint="Để trống thì trên giấy có chỗ viết tay")
    head_phone = ReadField("Điện thoại thôn trưởng", read_phone, hint="Được thôn trưởng đồng ý rồi hãy ghi")


def prepared(form: PackForm) -> PackForm:
    """The form with what may be chosen today; at first sight the guides that are needed most."""
    library = g.library
    form.guides.choices, form.procedures.choices = [*library.guides], [*library.procedures]
    if not form.is_submitted():
        form.guides.data = [slug for slug, guide in library.guides.items() if guide.number in packs.MOST_NEEDED]
        form.procedures.data = []
    return form


def choices_of(form: PackForm, **more: str) -> Choices:
    slugs = {"guides": form.guides.data, "procedures": form.procedures.data}
    return Choices(**slugs, poster=form.poster.data, cards=form.cards.data, size=form.size.data, **more)


def key_of(form: PackForm) -> str:
    return (form.form_key.data or "")[:64] or secrets.token_hex(16)


@bp.route("/lap", methods=["GET", "POST"])
@open_to(*MADE_BY)
def make_pack():
    """Ask for the pack of one village; `?lang=` says of which."""
    villages = my_villages()
    form = prepared(VillagePackForm())
    form.village.choices = [*villages]
    if not form.is_submitted():
        fill_head(form, villages)
    if not form.validate_on_submit():
        return show_making(form, villages)
    choices = choices_of(form, head_name=form.head_name.value, head_phone=shown(form.head_phone.value))
    try:
        refuse_without_pdf()
        pack = packs.ask(form.village.data, choices, _me(), utc_now(), key_of(form))
    except WrongInput as fault:
        return show_making(form, villages, str(fault))
    current_app.extensions["pack_soon"](pack.id)
    return go_on(".show_pack", pack_ref=pack.ref)


def fill_head(form: VillagePackForm, villages: dict) -> None:
    """The village asked for, or the first, and whom its last pack named."""
    asked = request.args.get("lang", "")
    key = asked if asked in villages else next(iter(villages), "")
    if key:
        form.village.data = key
        form.head_name.data, form.head_phone.data = packs.head_of(key, villages[key].name, current_user.office)


def shown(phone: str) -> str:
    return show_phone(phone) if phone else ""


def refuse_without_pdf() -> None:
    if not pdf.is_there():
        raise WrongInput(packs.NO_PDF)


def show_making(form: PackForm, villages: dict, fault: str = ""):
    problems = form.problems() + ([("", fault)] if fault else [])
    page = render_template(
        "packs/make.html",
        form=form,
        problems=problems,
        villages=villages,
        is_for_all=not isinstance(form, VillagePackForm),
        guides=g.library.guides,
        fields=g.library.by_field(),
        sizes=SIZES,
        has_pdf=pdf.is_there(),
        most_procedures=packs.MOST_PROCEDURES,
    )
    return page, 422 if problems else 200


# --- one pack --------------------------------------------------------------------------------------------------------


class PrintForm(Form):
    prints = HiddenField()  # how often it had been printed when the button was shown


def pack_of(pack_ref: str) -> Pack:
    return packs.pack_of(pack_ref, _me(), g.library.site) or abort(404)


def name_of(pack: Pack) -> str:
    village = village_keys(g.library.site.villages).get(pack.village)
    return village.name if village else pack.village


@bp.get("/<pack_ref>")
@open_to(*MADE_BY)
def show_pack(pack_ref: str):
    return show(pack_of(pack_ref))


def show(pack: Pack, fault: str = "", status: int = 200):
    page = render_template(
        "packs/pack.html", pack=pack, name=name_of(pack), fault=fault, button=PrintForm(formdata=None), state_words=STATE_WORDS
    )
    return page, status


@bp.post("/<pack_ref>/lam-lai")
@open_to(*MADE_BY)
def make_again(pack_ref: str):
    pack = pack_of(pack_ref)
    form = Form()
    if not form.validate_on_submit():
        return show(pack, form.problems()[0][1], 422)
    packs.ask_again(pack)
    current_app.extensions["pack_soon"](pack.id)
    if pack.batch and request.args.get("ve") == "dot" and current_user.role in MADE_FOR_ALL_BY:
        return go_on(".show_batch", batch_ref=pack.batch)
    return go_on(".show_pack", pack_ref=pack.ref)


@bp.post("/<pack_ref>/tai")
@open_to(*MADE_BY)
def take(pack_ref: str):
    """Count the print, then lead to the file: a GET counts nothing."""
    pack, form = pack_of(pack_ref), PrintForm()
    if not form.validate_on_submit():
        return show(pack, form.problems()[0][1], 422)
    if not pack.is_there:
        return show(pack, "Bộ này chưa có tệp để tải.", 409)
    packs.note_print(pack, form.prints.data or "")
    return go_on(".pack_file", pack_ref=pack.ref)


@bp.get("/<pack_ref>.pdf")
@open_to(*MADE_BY)
def pack_file(pack_ref: str):
    pack = pack_of(pack_ref)
    if not pack.is_there:
        return go_on(".show_pack", pack_ref=pack.ref)
    return send_kept(pack.stored_name, "application/pdf", f"bo-tai-lieu-{pack.village}")


# --- all villages in one go ------------------------------------------------------------------------------------------


@bp.route("/tat-ca", methods=["GET", "POST"])
@open_to(*MADE_FOR_ALL_BY)
def make_all():
    villages, form = my_villages(), prepared(PackForm())
    if not form.validate_on_submit():
        return show_making(form, villages)
    try:
        refuse_without_pdf()
        batch = packs.ask_for_all(g.library.site, choices_of(form), _me(), utc_now(), key_of(form))
    except WrongInput as fault:
        return show_making(form, villages, str(fault))
    for pack in packs.packs_of_batch(batch, _me()):
        current_app.extensions["pack_soon"](pack.id)
    return go_on(".show_batch", batch_ref=batch)


def batch_of(batch_ref: str) -> list[Pack]:
    return packs.packs_of_batch(batch_ref, _me()) or abort(404)


@bp.get("/dot/<batch_ref>")
@open_to(*MADE_FOR_ALL_BY)
def show_batch(batch_ref: str):
    return show_all(batch_of(batch_ref))


def show_all(batch: list[Pack], fault: str = "", status: int = 200):
    page = render_template(
        "packs/batch.html",
        batch=batch,
        fault=fault,
        done=sum(pack.state == Pack.READY for pack in batch),
        is_under_way=any(pack.is_under_way for pack in batch),
        pages=sum(pack.pages or 0 for pack in batch),
        prints=sum(pack.prints for pack in batch),
        names={pack.village: name_of(pack) for pack in batch},
        state_words=STATE_WORDS,
        button=PrintForm(formdata=None),
    )
    return page, status


@bp.post("/dot/<batch_ref>/tai")
@open_to(*MADE_FOR_ALL_BY)
def take_all(batch_ref: str):
    """Count a print of each that is ready, then lead to all of them in one ZIP."""
    batch, form = batch_of(batch_ref), PrintForm()
    if not form.validate_on_submit():
        return show_all(batch, form.problems()[0][1], 422)
    ready = [pack for pack in batch if pack.is_there]
    if not ready:
        return show_all(batch, "Chưa có bộ nào xong để tải.", 409)
    if form.prints.data == str(sum(pack.prints for pack in batch)):
        for pack in ready:
            packs.note_print(pack, str(pack.prints))
    return go_on(".batch_file", batch_ref=batch_ref)


@bp.get("/dot/<batch_ref>.zip")
@open_to(*MADE_FOR_ALL_BY)
def batch_file(batch_ref: str):
    batch = batch_of(batch_ref)
    ready = [pack for pack in batch if pack.is_there]
    if not ready:
        return go_on(".show_batch", batch_ref=batch_ref)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as folder:  # a PDF is packed already
        for pack in ready:
            folder.writestr(f"{pack.village}.pdf", current_app.extensions["files"].read(pack.stored_name))
    answer = Response(out.getvalue(), mimetype="application/zip")
    answer.headers["Content-Disposition"] = f"attachment; filename=bo-tai-lieu-{len(ready)}-lang.zip"
    return answer


def _me() -> Staff:
    return current_user._get_current_object()

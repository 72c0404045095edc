"""The public post: the desk hands over and takes in, the postal clerk goes round, the citizen has papers fetched."""

import secrets

from flask import Blueprint, abort, current_app, g, render_template, request, url_for
from flask_login import current_user
from wtforms import HiddenField, SelectField

from database import utc_now
from models import Account, Dossier, Manifest, Shipment, Staff, State
from rules import WrongInput, form_values, manifests, shipment_rows, shipments, tracking
from rules.identity import read_person_name, read_phone, show_phone
from rules.paging import pages_of
from rules.shipment_rows import COLLECT, DIRECTIONS, RETURN
from rules.shipments import LONGEST_ADDRESS, REASONS, WORDS
from rules.vietnamese import clean_text, in_vietnam
from rules.workflow import MoveRefused
from views import desk
from views.access import open_to
from views.answering import go_on
from views.desk import MoveForm, dossier_of_my_office, key_of, link_to, show
from views.forms import Form, ReadField
from views.mending import KeyedForm, my_dossier, refused
from views.people import drawn
from views.visits import log_security

bp = Blueprint("post", __name__)

MOST_SHOWN = manifests.MOST_LINES  # of a list on one page; what is older comes first
STEP_WORDS = ",".join(f'"{word}"' for word in WORDS)
OF_POST = ("officer", "postal_clerk")


def _me() -> Staff:
    return current_user._get_current_object()


def shipment_of_my_office(ref: str) -> Shipment:
    return shipments.of_office(ref, current_user.office) or abort(404)


def list_of_my_office(manifest_id: int) -> Manifest:
    return manifests.of_office(manifest_id, current_user.office) or abort(404)


class ListForm(Form):
    """Ticked shipments and a button; `form_key` lets the same form, sent twice, find what the first one did."""

    form_key = HiddenField(default=lambda: secrets.token_hex(12))

    def key(self) -> str:
        return f"{current_user.office}-{self.form_key.data}"[:64]


def ticked() -> list[str]:
    return request.form.getlist("ref")


# --- the desk --------------------------------------------------------------------------------------------------------


@bp.get("/mot-cua/giao-buu-dien")
@open_to("officer")
def at_desk():
    """What waits for the post, what it has, what came back."""
    return show_desk(ListForm(formdata=None))


def show_desk(form: Form, fault: str = "", status: int = 200):
    office, now, days = current_user.office, utc_now(), g.library.site.post.too_long_days
    parts = parts_of(AT_DESK, "queue")
    page = render_template(
        "post/at_desk.html",
        form=form,
        fault=fault,
        ticked=ticked(),
        unsigned=list(shipments.unsigned(office)),
        lists=list(manifests.lately(office, 5)),
        show_list_number=manifests.show_number,
        is_late=lambda one: shipments.is_too_long(one, now, days),
        days=days,
        names=shipments,
        **parts,
    )
    return page, status


AT_DESK = {
    "waiting": shipments.waiting,
    "fetched": shipments.fetched,
    "to_fetch": shipments.to_fetch,
    "with_post": shipments.with_post,
    "came_back": shipments.came_back,
    "delivered": shipments.delivered_open,
}


class Part:
    """One page of a list, and how many rows there are in all; nothing where there is no query."""

    def __init__(self, name: str, query, page: int):
        self.name, self.count = name, query.count() if query is not None else 0
        self.page, self.pages = pages_of(self.count, MOST_SHOWN, page)
        self.rows = list(query.paginate(self.page, MOST_SHOWN)) if self.count else []


def parts_of(lists: dict, purpose: str) -> dict[str, Part | bool]:
    """The first page of each list; or, with `phan` in the address, any page of that one alone. Who looked is noted."""
    office, only = current_user.office, request.args.get("phan", "")
    shown, page = ({only}, request.args.get("trang", 1, type=int)) if only in lists else (lists.keys(), 1)
    parts = {name: Part(name, find(office) if name in shown else None, page) for name, find in lists.items()}
    seen = [one.dossier.code for part in parts.values() for one in part.rows]
    log_security("post list opened", staff=current_user.id, dossiers=seen, count=len(seen), purpose=purpose)
    return parts | {"only": only in lists}


@bp.post("/mot-cua/giao-buu-dien/lap-danh-muc")
@open_to("officer")
def make_list():
    """A hand-over list of what was ticked."""
    form, direction = ListForm(), request.form.get("direction", RETURN)
    if direction not in DIRECTIONS:
        abort(400)
    if not form.validate_on_submit():
        return show_desk(form, form.problems()[0][1], 422)
    try:
        manifest = manifests.make(direction, ticked(), g.library.site.post, _me(), utc_now(), form.key())
    except MoveRefused as refusal:
        return show_desk(ListForm(formdata=None), str(refusal), 409)
    log_security("hand-over list made", staff=current_user.id, list=manifest.id)
    return go_on(".show_list", manifest_id=manifest.id, da="lap-danh-muc")


@bp.post("/mot-cua/giao-buu-dien/khep")
@open_to("officer")
def close_delivered():
    """The proofs of what was ticked are back at the desk: their dossiers are closed."""
    form, faults = ListForm(), []
    if not form.validate_on_submit():
        return show_desk(form, form.problems()[0][1], 422)
    for ref in ticked()[:MOST_SHOWN]:
        shipment = shipment_of_my_office(ref)
        key = f"{shipment.id}-{form.form_key.data}"[:64]
        try:
            shipments.close(shipment, _me(), utc_now(), g.library.calendar, key, link_to(shipment.dossier))
        except MoveRefused as refusal:
            faults.append(str(refusal))
    current_app.extensions["mail_soon"]()
    if faults or not ticked():
        return show_desk(ListForm(formdata=None), " ".join(faults) or "Đánh dấu ít nhất một bưu gửi.", 409)
    return go_on(".at_desk", da="da-tra")


# --- a hand-over list ------------------------------------------------------------------------------------------------


class SignForm(ListForm):
    postman = ReadField("Họ tên bưu tá đã ký", read_person_name, "Nhập họ tên bưu tá đã ký vào danh mục")


@bp.route("/mot-cua/danh-muc/<int:manifest_id>", methods=["GET", "POST"])
@open_to("officer")
def show_list(manifest_id: int):
    """The lines of a list; once both have signed the paper, that is noted here."""
    manifest, form = list_of_my_office(manifest_id), SignForm()
    if not form.validate_on_submit():
        return show_lines(manifest, form, status=422 if form.errors else 200)
    typed = {line.ref: request.form.get(f"so-{line.ref}", "") for line in manifests.lines_of(manifest)}
    try:
        manifests.sign(manifest, form.postman.value, typed, _me(), utc_now(), g.library.calendar, link_to)
    except WrongInput as fault:
        return show_lines(manifest, form, str(fault), 422)
    except MoveRefused as refusal:
        return show_lines(list_of_my_office(manifest_id), SignForm(formdata=None), str(refusal), 409)
    log_security("hand-over list signed", staff=current_user.id, list=manifest.id)
    current_app.extensions["mail_soon"]()
    return go_on(".show_list", manifest_id=manifest.id, da="ky-danh-muc")


def show_lines(manifest: Manifest, form: SignForm, fault: str = "", status: int = 200):
    page = render_template(
        "post/list.html",
        manifest=manifest,
        number=manifests.show_number(manifest),
        title=manifests.TITLES[manifest.direction],
        lines=manifests.lines_of(manifest),
        form=form,
        faults=form.problems() + ([("", fault)] if fault else []),
        names=shipments,
    )
    return page, status


@bp.post("/mot-cua/danh-muc/<int:manifest_id>/huy")
@open_to("officer")
def drop_list(manifest_id: int):
    manifest, form = list_of_my_office(manifest_id), ListForm()
    if not form.validate_on_submit():
        return show_lines(manifest, SignForm(formdata=None), form.problems()[0][1], 422)
    try:
        manifests.drop(manifest, utc_now())
    except MoveRefused as refusal:
        return show_lines(list_of_my_office(manifest_id), SignForm(formdata=None), str(refusal), 409)
    return go_on(".at_desk", da="huy-danh-muc")


@bp.get("/mot-cua/danh-muc/<int:manifest_id>/in")
@open_to("officer")
def print_list(manifest_id: int):
    """The list on paper, A4, for two signatures. It names no procedure: what somebody asked for is not the post's business."""
    manifest = list_of_my_office(manifest_id)
    lines = manifests.lines_of(manifest)
    log_security("hand-over list opened", staff=current_user.id, list=manifest.id, count=len(lines), purpose="print")
    site = g.library.site
    paper = {
        "head": form_values.head_of_desk(site, manifest.office),
        "place": form_values.place_of(site),
        "day": form_values.day_words(in_vietnam(manifest.made_at)),
    }
    return render_template(
        "post/printed_list.html",
        manifest=manifest,
        form=paper,
        number=manifests.show_number(manifest),
        title=manifests.TITLES[manifest.direction],
        lines=lines,
        total=sum(line.fee_dong or 0 for line in lines if line.state != "dropped"),
    )


@bp.get("/mot-cua/danh-muc/<int:manifest_id>/nhan")
@open_to("officer")
def print_labels(manifest_id: int):
    """Address labels, eight to a sheet, in large type; never a number of anybody's papers."""
    manifest = list_of_my_office(manifest_id)
    lines = [line for line in manifests.lines_of(manifest) if line.state != "dropped"]
    log_security("hand-over list opened", staff=current_user.id, list=manifest.id, count=len(lines), purpose="print")
    with_qr = request.args.get("qr") == "co"
    labels = [(line, drawn(line.tracking or line.dossier.code) if with_qr else "") for line in lines]
    return render_template("post/labels.html", manifest=manifest, labels=labels, with_qr=with_qr)


# --- sending one -----------------------------------------------------------------------------------------------------


class SendForm(MoveForm):
    receiver = ReadField("Người nhận", read_person_name, "Nhập họ tên người nhận")
    address = ReadField(
        "Địa chỉ",
        lambda text: clean_text(text, LONGEST_ADDRESS),
        "Nhập địa chỉ: số nhà hoặc tên đường, thôn, làng, xã, tỉnh",
    )
    phone = ReadField("Điện thoại", read_phone, hint="Bưu tá gọi trước khi đến.")
    grams = ReadField("Nặng khoảng, gam", lambda text: read_grams(text), hint="Để tính cước. Một tờ giấy chừng 5 gam.")


def read_grams(typed: str) -> str:
    """Raises WrongInput for what is no weight of a letter."""
    if not typed.isascii() or not typed.isdigit() or not 1 <= int(typed[:6]) <= 30000:
        raise WrongInput("Nhập số gam, từ 1 đến 30000")
    return str(int(typed))


@bp.route("/mot-cua/ho-so/<code>/giao-buu-dien", methods=["GET", "POST"])
@open_to("officer")
def send(code: str):
    """Where the result goes: mended while it waits, begun when the desk chooses the post, begun anew after a loss."""
    dossier = dossier_of_my_office(code)
    waiting = shipment_rows.under_way(dossier, RETURN)
    before = waiting or shipment_rows.newest(dossier, RETURN)
    form = SendForm(
        receiver=before.receiver if before else dossier.account.full_name,
        address=before.address if before else dossier.answers.get("delivery_address", ""),
        phone=show_phone(before.phone if before else dossier.account.phone),
    )
    # A name that stands there already may be a business's, which has signs that a person's has not.
    form.receiver.read = lambda typed: typed if before and typed == before.receiver else read_person_name(typed)
    fault = ""
    if form.validate_on_submit():
        try:
            keep_address(dossier, waiting, form)
        except WrongInput as wrong:
            fault = str(wrong)
        except MoveRefused as refusal:
            return show(dossier_of_my_office(code), MoveForm(formdata=None), str(refusal), 409)
        else:
            return go_on("desk.show_dossier", code=code, da="da-ghi")
    elif not form.is_submitted() and not waiting and not shipments.may_be_sent(dossier):
        return show(
            dossier, MoveForm(formdata=None), "Chưa có kết quả để gửi, đã gửi rồi, hoặc thủ tục không trả qua bưu điện.", 409
        )
    page = render_template(
        "post/send.html",
        dossier=dossier,
        shipment=waiting,
        form=form,
        faults=form.problems() + ([("address", fault)] if fault else []),
        post=g.library.site.post,
    )
    return page, 422 if form.errors or fault else 200


def keep_address(dossier: Dossier, waiting: Shipment | None, form: SendForm) -> None:
    to = form.receiver.value, form.address.value, form.phone.value
    fee = shipments.fee_for(g.library.site.post, int(form.grams.value or 0))
    if waiting and shipments.step_of(key_of(form, dossier)) is None:
        shipments.change_address(waiting, *to, fee)
    else:
        shipments.send(dossier, *to, fee, _me(), utc_now(), key_of(form, dossier))


# --- one shipment, for the desk and for the postal clerk -------------------------------------------------------------


class StepForm(MoveForm):
    reason = SelectField("Vì sao", choices=[], validate_choice=False)
    receiver = ReadField("Người nhận", read_person_name)
    paper_seen = ReadField("Giấy đã xem, khi người khác nhận thay", lambda text: clean_text(text, 100))
    words = ReadField("Chuyện gì xảy ra", lambda text: clean_text(text, 200))


class TrackingForm(MoveForm):
    tracking = ReadField("Số vận đơn", tracking.read_tracking, "Nhập số vận đơn ghi trên phiếu gửi")


@bp.get("/mot-cua/buu-gui/<ref>")
@open_to(*OF_POST)
def show_shipment(ref: str):
    """Whom to call and where to go, and what may be said of it: never what is in it."""
    return show_one(shipment_of_my_office(ref), StepForm(formdata=None))


def show_one(shipment: Shipment, form: Form, faults: list[tuple[str, str]] = (), status: int = 200, at: str = ""):
    log_security("shipment opened", staff=current_user.id, shipment=shipment.id, purpose="post")
    page = render_template(
        "post/shipment.html",
        shipment=shipment,
        code=shipment.dossier.code,
        moves=[move for move in shipments.open_moves(shipment, _me()) if move.word],
        steps=shipment_rows.steps_of(shipment),
        names=shipments,
        reasons=REASONS[shipment.direction],
        form=form,
        faults=faults,
        at=at,
        typed=request.form,
        may_note=shipment.state in shipment_rows.UNDER_WAY,
        home=url_for(".my_round" if current_user.role == "postal_clerk" else ".at_desk"),
    )
    return page, status


@bp.post(f"/mot-cua/buu-gui/<ref>/<any({STEP_WORDS}):word>")
@open_to(*OF_POST)
def take_step(ref: str, word: str):
    shipment, form = shipment_of_my_office(ref), StepForm()
    if not form.validate_on_submit():
        return show_one(shipment, form, form.problems(), 422, word)
    try:
        make_step(shipment, word, form)
    except WrongInput as fault:
        return show_one(shipment, form, [("", str(fault))], 422, word)
    except MoveRefused as refusal:
        return show_one(shipment_of_my_office(ref), StepForm(formdata=None), [("", str(refusal))], 409)
    log_security("shipment step", staff=current_user.id, shipment=shipment.id, step=word)
    current_app.extensions["mail_soon"]()
    return go_on(".show_shipment", ref=ref, da="da-ghi")


def make_step(shipment: Shipment, word: str, form: StepForm) -> None:
    # The buttons of one page share its key: another one, pressed from a page gone back to, is judged for itself.
    name, key = shipments.BY_WORD[word], f"{shipment.id}-{word}-{form.form_key.data}"[:64]
    asked = next((move.asks for move in shipments.MOVES if (move.name, move.direction) == (name, shipment.direction)), "")
    said = form.words.value
    if asked == "receiver" and shipments.step_of(key) is None:
        said = shipments.read_receiver(shipment, form.receiver.value, form.paper_seen.value)
    elif asked == "reason":
        said = form.reason.data if form.reason.data in REASONS[shipment.direction] else ""
        said = f"{said}. {form.words.value}" if said and form.words.value else said
    link = link_to(shipment.dossier)
    shipments.make_move(shipment, name, _me(), utc_now(), g.library.calendar, said, key, link)


@bp.post("/mot-cua/buu-gui/<ref>/van-don")
@open_to(*OF_POST)
def note_tracking(ref: str):
    shipment, form = shipment_of_my_office(ref), TrackingForm()
    if not form.validate_on_submit():
        return show_one(shipment, form, form.problems(), 422, "van-don")
    try:
        shipments.note_tracking(shipment, form.tracking.value, utc_now())
    except WrongInput as fault:
        return show_one(shipment, form, [("", str(fault))], 422, "van-don")
    except MoveRefused as refusal:
        return show_one(shipment_of_my_office(ref), StepForm(formdata=None), [("", str(refusal))], 409)
    return go_on(".show_shipment", ref=ref, da="da-ghi")


# --- the postal clerk's round ----------------------------------------------------------------------------------------


ON_ROUND = {
    "to_take": shipments.to_take_over,
    "loose": shipments.on_no_list,
    "to_fetch": shipments.to_fetch,
    "in_bag": shipments.on_the_way,
    "fetched": shipments.fetched,
    "done": lambda office: shipments.done_lately(office, utc_now()),
}


@bp.get("/mot-cua/buu-dien")
@open_to("postal_clerk")
def my_round():
    """A telephone's page: what waits to be taken over, where papers are to be fetched, what is in the bag."""
    office = current_user.office
    parts = parts_of(ON_ROUND, "post")
    signed = list(dict.fromkeys(one.manifest_id for one in parts["to_take"].rows if one.manifest_id))
    lists = [(one, manifests.show_number(one)) for one in Manifest.select().where(Manifest.id.in_(signed)).order_by(Manifest.id)]
    return render_template(
        "post/round.html",
        lists=lists,
        unsigned=[one for one in shipments.unsigned(office) if one.direction == RETURN],
        names=shipments,
        **parts,
    )


@bp.route("/mot-cua/buu-dien/danh-muc/<int:manifest_id>", methods=["GET", "POST"])
@open_to("postal_clerk")
def take_over(manifest_id: int):
    """The clerk counts what the list says against the bag, and goes."""
    manifest, form, fault = list_of_my_office(manifest_id), ListForm(), ""
    if form.validate_on_submit():
        try:
            manifests.take_over(manifest, ticked(), _me(), utc_now(), g.library.calendar, form.form_key.data)
        except MoveRefused as refusal:
            fault = str(refusal)
        else:
            return go_on(".my_round", da="da-ghi")
    lines = [line for line in manifests.lines_of(manifest) if line.state == "handed_over"]
    log_security("hand-over list opened", staff=current_user.id, list=manifest.id, count=len(lines), purpose="post")
    faults = form.problems() + ([("", fault)] if fault else [])
    page = render_template(
        "post/take_over.html", manifest=manifest, number=manifests.show_number(manifest), lines=lines, form=form, faults=faults
    )
    return page, 409 if fault else 422 if faults else 200


# --- the citizen -----------------------------------------------------------------------------------------------------


class CollectionForm(KeyedForm):
    address = ReadField(
        "Bưu tá đến lấy ở đâu",
        lambda text: clean_text(text, LONGEST_ADDRESS),
        "Nhập địa chỉ để bưu tá đến",
        hint="Số nhà hoặc tên đường, thôn, làng, xã, tỉnh.",
    )
    phone = ReadField("Số điện thoại", read_phone, "Nhập số điện thoại để bưu tá gọi trước", hint="Bưu tá gọi trước khi đến.")


@bp.route("/ca-nhan/ho-so/<code>/buu-dien", methods=["GET", "POST"])
@open_to("citizen")
def mine(code: str):
    """Where one's papers or result are; and having the postman fetch what was to be brought."""
    dossier = my_dossier(code)
    form = CollectionForm(address=_address_of(_account()), phone=show_phone(_account().phone))
    fault = ""
    if form.validate_on_submit():
        fee = shipments.fee_for(g.library.site.post)
        try:
            shipments.ask_collection(
                dossier, form.address.value, form.phone.value, fee, _account(), utc_now(), form.key_of(dossier)
            )
        except WrongInput as wrong:
            fault = str(wrong)
        except MoveRefused as refusal:
            return refused(dossier, str(refusal))
        else:
            return go_on(".mine", code=code, da="nho-buu-ta")
    return show_mine(dossier, form, fault)


def show_mine(dossier: Dossier, form: Form, fault: str = ""):
    found = shipments.of_dossier(dossier)
    may_ask = shipments.may_be_collected(dossier)
    if not found and not may_ask:
        return refused(dossier, why_no_post(dossier))
    page = render_template(
        "post/mine.html",
        dossier=dossier,
        shipments=found,
        names=shipments,
        may_ask=may_ask,
        awaited=shipments.awaited_papers(dossier) if may_ask else [],
        form=form,
        faults=form.problems() + ([("address", fault)] if fault else []),
        post=g.library.site.post,
        fee=shipments.fee_for(g.library.site.post),
        follow=follow_address,
    )
    return page, 422 if form.errors or fault else 200


def why_no_post(dossier: Dossier) -> str:
    if dossier.state is State.SUBMITTED and not dossier.procedure["postal"]["pickup"]:
        return "Việc này phải mang giấy đến Bộ phận Một cửa, bưu điện không lấy thay được."
    return "Hồ sơ này không có gì đang gửi bưu điện, và không chờ giấy mang đến."


def follow_address(shipment: Shipment) -> str:
    """Where the post itself tells of a shipment; "" without a number or without such an address in content."""
    address = g.library.site.post.tracking_url
    return address.replace("{so}", shipment.tracking) if address and shipment.tracking else ""


@bp.post("/ca-nhan/ho-so/<code>/buu-dien/thoi")
@open_to("citizen")
def cancel(code: str):
    """Nobody need come for the papers: while the postman has not been there."""
    dossier, form = my_dossier(code), KeyedForm()
    if not form.validate_on_submit():
        return refused(dossier, form.problems()[0][1], 422)
    found = shipment_rows.newest(dossier, COLLECT)
    try:
        if found is None and shipments.step_of(form.key_of(dossier)) is None:
            raise MoveRefused("Bạn chưa nhờ bưu tá đến lấy giấy.")
        if found:
            shipments.make_move(found, "drop", _account(), utc_now(), g.library.calendar, form_key=form.key_of(dossier))
    except MoveRefused as refusal:
        return refused(dossier, str(refusal))
    return go_on("personal.dossier", code=code, da="thoi-buu-ta")


def _account() -> Account:
    return current_user._get_current_object()


def _address_of(account: Account) -> str:
    site = g.library.site
    return f"{account.village}, {site.name}, tỉnh {site.province}" if account.village else ""


# --- beside the dossier ----------------------------------------------------------------------------------------------


def gather(dossier: Dossier) -> dict:
    found = shipments.of_dossier(dossier)
    return {
        "shipments": [(one, shipment_rows.steps_of(one)) for one in found],
        "names": shipments,
        "may_send": current_user.role == "officer" and shipments.may_be_sent(dossier),
        "show_list_number": manifests.show_number,
        "is_late": lambda one: shipments.is_too_long(one, utc_now(), g.library.site.post.too_long_days),
    }


desk.add_panel(35, "desk/_post.html", gather)
desk.PAGES_OF_MOVES["hand_to_post"] = "post.send"
# What the dossier's row says of its result on the way.
desk.SHIPMENTS |= {"waiting": "Chờ giao bưu điện", "on_the_way": "Bưu điện đang phát", "lost": "Bưu điện làm thất lạc"}

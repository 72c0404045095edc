"""“Làm giúp”: a village head or officer types for somebody who agreed; walking in at the counter; the person's own say."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import BooleanField
from wtforms.validators import InputRequired

from database import utc_now
from models import Account, Dossier, Draft, Help, Staff, State
from rules import WrongInput, account_log, consents, helping, logins, one_time, people, submission, village_news
from rules.content import ConsentText, Procedure
from rules.helping import HELPERS, PURPOSE, Agreement, HelpOver
from rules.identity import read_id_number, read_person_name
from rules.library import may_be_entered, may_be_submitted
from rules.paging import pages_of
from rules.submission import FOR_BUSINESS, NotReady
from rules.vietnamese import clean_text
from views.access import open_to
from views.account import read_birth_day, read_own_number, url_for_outside
from views.answering import go_on
from views.desk import MoveForm
from views.forms import STALE, Form, ReadField, SecretField
from views.people import KeyedForm, SeenForm, drawn, marked
from views.procedures import definition_of
from views.visits import client_address, log_security
from views.walk import PLACES, Walk, today

bp = Blueprint("helping", __name__)

HELP, COUNTER, MINE = "/mot-cua/lam-giup", "/mot-cua/tai-quay", "/ca-nhan/lam-giup"
MOST_FOUND = 20
A_PAGE = 10


@bp.before_request
def refuse_other_communes() -> None:
    """Whoever works for another commune has no business with the people of this one (SECURITY §5)."""
    if current_user.role in HELPERS and current_user.office != g.library.site.codes.agency:
        abort(404)


def me() -> Staff:
    return current_user._get_current_object()


# --- whom ------------------------------------------------------------------------------------------------------------


class NumberForm(Form):
    id_number = ReadField("Số căn cước hoặc CMND", read_id_number, "Nhập số căn cước hoặc CMND", hint="12 số, hoặc CMND cũ 9 số")


def kept_procedure() -> dict | None:
    """The procedure chosen before: for several in a row at a meeting, or on the way through these pages."""
    slug = request.values.get("thu-tuc", "")
    procedure = g.library.definitions.get(slug)
    return procedure if procedure and is_taken(g.library.procedures[slug], is_at_counter()) else None


def is_taken(procedure: Procedure, at_counter: bool) -> bool:
    return (may_be_entered if at_counter else may_be_submitted)(procedure, today())


def is_at_counter() -> bool:
    return request.path.startswith(COUNTER)


def kept_slug() -> str | None:
    return (kept_procedure() or {}).get("slug")


@bp.route(HELP, methods=["GET", "POST"])
@open_to(*HELPERS)
def find_person():
    return find(is_counter=False)


@bp.route(COUNTER, methods=["GET", "POST"])
@open_to("officer")
def find_at_counter():
    return find(is_counter=True)


def find(is_counter: bool):
    form = NumberForm()
    if form.validate_on_submit():
        try:
            return open_found(form.id_number.value, is_counter)
        except WrongInput as refusal:
            form.id_number.errors = [str(refusal)]
    under_way = [help for help in helping.open_ones(me(), utc_now()) if (help.agreed_by == "present") == is_counter]
    page = render_template(
        "helping/find.html",
        form=form,
        is_counter=is_counter,
        kept=kept_procedure(),
        under_way=[(help, helping.title_of(help)) for help in under_way],
    )
    return page, 422 if form.errors else 200


def open_found(number: str, is_counter: bool):
    account = helping.find_person(number, me(), utc_now())
    log_security("person looked for", staff=current_user.id, who=marked(number), found=bool(account), purpose=PURPOSE)
    if account:
        return open_and_choose(account, is_counter)
    if is_counter:
        return show_entry(EntryForm(formdata=None, id_number=number))
    return render_template("helping/nobody.html", number=number, form=Form(formdata=None), purpose=PURPOSE)


def open_and_choose(account: Account, is_counter: bool):
    helping.open_person(account, me(), utc_now())
    log_security("account opened", staff=current_user.id, account=account.id, purpose=PURPOSE)
    return go_on(".choose_at_counter" if is_counter else ".choose", ref=account.ref, **{"thu-tuc": kept_slug()})


class EntryForm(SeenForm):
    """Somebody at the counter whose number has no account."""

    id_number = ReadField("Số căn cước", read_own_number, "Nhập số căn cước hoặc CMND")
    full_name = ReadField("Họ và tên", read_person_name, "Nhập họ và tên", hint="Như trên căn cước, có dấu")
    birth_date = ReadField("Ngày sinh", read_birth_day, "Nhập ngày sinh", hint="Ví dụ: 5/7/1990")
    village = ReadField("Thôn, làng", lambda text: clean_text(text, 100), hint="Ở ngoài xã thì ghi tên xã, tỉnh")


@bp.post(f"{COUNTER}/nguoi-moi")
@open_to("officer")
def enter_person():
    form = EntryForm()
    if not form.validate():
        return show_entry(form)
    values = form.id_number.value, form.full_name.value, form.birth_date.value, form.village.value
    try:
        account = helping.enter_person(*values, me(), utc_now())
    except WrongInput as refusal:
        form.id_number.errors = [str(refusal)]
        return show_entry(form)
    log_security("person entered at counter", staff=current_user.id, account=account.id)
    return open_and_choose(account, is_counter=True)


def show_entry(form: EntryForm):
    page = render_template("helping/enter_person.html", form=form, villages=g.library.villages(), kept=kept_procedure())
    return page, 422 if form.errors else 200


# --- what, and whether they agree ------------------------------------------------------------------------------------


class AgreeForm(KeyedForm):
    village_head = BooleanField("Người dân đồng ý điều này nữa")


class CodeForm(AgreeForm):
    code = ReadField("Một mã trên phiếu", one_time.read_typed, "Nhập một mã trên phiếu", hint="12 chữ và số")


class PasswordForm(AgreeForm):
    password = SecretField("Mật khẩu của người dân", missing="Người dân nhập mật khẩu của mình")


class AloudForm(AgreeForm):
    witness = ReadField(
        "Họ tên người làm chứng", read_person_name, "Nhập họ tên người làm chứng", hint="Người đang nghe, không phải bạn"
    )
    is_read = BooleanField("Đã đọc to và người dân đồng ý", [InputRequired("Đọc to cho người dân nghe, rồi đánh dấu ô này")])


# By its word in the address: what it is called, and what is asked.
WAYS = {
    "ma": ("code", "Nhập một mã trên phiếu", CodeForm),
    "mat-khau": ("password", "Nhập mật khẩu của mình", PasswordForm),
    "doc-to": ("aloud", "Nói đồng ý, có người làm chứng", AloudForm),
}


def person_opened(ref: str, back: str) -> Account:
    """Whom I have opened within the half hour and am not done with; of anybody else, back to the search."""
    return helping.person_to_help(ref, me(), utc_now()) or abort(go_on(back, **{"thu-tuc": kept_slug()}))


@bp.get(f"{HELP}/<ref>")
@open_to(*HELPERS)
def choose(ref: str):
    """First the procedure, then the way of agreeing, then what that way asks."""
    account, procedure = person_opened(ref, ".find_person"), kept_procedure()
    if procedure is None:
        return show_procedures(account, ".choose")
    word = request.args.get("cach", "")
    if word not in open_ways(account) or people.lacks_assurance(account, procedure):
        return render_template(
            "helping/ways.html", account=account, procedure=procedure, ways=open_ways(account), **read_out(account, procedure)
        )
    return show_agreement(account, procedure, word, WAYS[word][2](formdata=None))


def open_ways(account: Account) -> dict[str, tuple]:
    is_open = helping.ways_open_to(account)
    return {word: way for word, way in WAYS.items() if way[0] in is_open}


def read_out(account: Account, procedure: dict) -> dict[str, object]:
    words = helping.words_to_read(account, me(), procedure["title"])
    return {"words": words, "lacks_assurance": people.lacks_assurance(account, procedure)}


def show_procedures(account: Account, endpoint: str) -> str:
    """Found by words as in Dịch vụ công; only what is submitted here, and now."""
    wanted, fault = request.args.get("q", ""), ""
    try:
        found = g.library.index.find(clean_text(wanted, 100)) if wanted.strip() else g.library.most_used(today())
    except WrongInput as wrong:
        found, fault = [], str(wrong)
    found = [procedure for procedure in found if is_taken(procedure, is_at_counter())][:MOST_FOUND]
    return render_template(
        "helping/procedures.html", account=account, endpoint=endpoint, wanted=wanted[:100], found=found, fault=fault
    )


def show_agreement(account: Account, procedure: dict, word: str, form: AgreeForm):
    read = read_out(account, procedure) | {"also": also_asked(account)}
    page = render_template("helping/agree.html", account=account, procedure=procedure, word=word, form=form, **read)
    return page, 422 if form.errors else 200


def also_asked(account: Account) -> ConsentText | None:
    """What a village head asks on the same occasion: whether she may tell this person what the commune says of dossiers."""
    is_head_here = me().role == "village_head" and me().village == account.village != ""
    asks = is_head_here and not consents.has(account, village_news.CONSENT)
    return g.library.consents[village_news.CONSENT] if asks else None


@bp.post(f"{HELP}/<ref>/dong-y")
@open_to(*HELPERS)
def agree(ref: str):
    account, procedure = person_opened(ref, ".find_person"), kept_procedure() or abort(404)
    word = request.form.get("cach", "")
    if word not in open_ways(account) or people.lacks_assurance(account, procedure):
        abort(go_on(".choose", ref=ref, **{"thu-tuc": procedure["slug"]}))
    way, _, form_class = WAYS[word]
    form = form_class()
    if not form.validate():
        return show_agreement(account, procedure, word, form)
    try:
        begun = helping.begin(
            account,
            me(),
            procedure,
            agreement_of(way, form, account),
            utc_now(),
            form.form_key.data,
            client_address(),
            session.token or "",
        )
    except WrongInput as refusal:
        log_security("help not agreed to", staff=current_user.id, account=account.id, way=way)
        form[FIELD_OF[way]].errors = [str(refusal)]
        return show_agreement(account, procedure, word, form)
    if form.village_head.data and (also := also_asked(account)):
        consents.give(account, also, utc_now(), read_by=me())
    return go_to_work(begun)


FIELD_OF = {"code": "code", "password": "password", "aloud": "witness"}


def agreement_of(way: str, form: KeyedForm, account: Account) -> Agreement:
    """Raises WrongInput for a witness who is none."""
    typed = form[FIELD_OF[way]].value
    if way == "aloud":
        return Agreement(way, witness=helping.read_witness(typed, account, me()))
    return Agreement(way, secret=typed)


def go_to_work(begun: Help):
    log_security("help begun", staff=current_user.id, account=begun.account_id, help=begun.ref, way=begun.agreed_by)
    return go_on("submission.start", place=f"giup.{begun.ref}")


@bp.route(f"{COUNTER}/<ref>", methods=["GET", "POST"])
@open_to("officer")
def choose_at_counter(ref: str):
    """Who stands at the counter with their card agrees by being there."""
    account, procedure = person_opened(ref, ".find_at_counter"), kept_procedure()
    if procedure is None:
        return show_procedures(account, ".choose_at_counter")
    form = SeenForm()
    if form.validate_on_submit():
        people.see_paper(account, me(), utc_now())
        try:
            return go_to_work(helping.begin(account, me(), procedure, Agreement("present"), utc_now(), form.form_key.data))
        except WrongInput as refusal:
            form.seen.errors = [str(refusal)]
    page = render_template("helping/at_counter.html", account=account, procedure=procedure, form=form)
    return page, 422 if form.errors else 200


# --- the work --------------------------------------------------------------------------------------------------------


class HelpWalk(Walk):
    """The same pages, typed by another's hands for the person who agreed."""

    is_own = False

    def __init__(self, help: Help, procedure: dict, draft: Draft | None, current: str):
        self.help = help
        super().__init__(f"giup.{help.ref}", help.account, procedure, draft, current)

    @property
    def chore(self) -> str:
        return f"{'tại quầy cho' if self.is_at_counter else 'làm giúp'} {self.account.full_name}, chưa nộp"

    @property
    def is_at_counter(self) -> bool:
        return self.help.agreed_by == "present"

    @property
    def channel(self) -> str:
        return submission.channel_of(self.help)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody takes the help back meanwhile; was it taken back before, its page says so, and nothing is kept."""
        try:
            with helping.hold(self.help, utc_now()):
                yield
        except HelpOver:
            abort(over(self.help))

    def begin(self) -> Draft:
        return helping.begin_draft(self.help, utc_now())

    def save(self, name: str, typed: dict[str, str], shown: int | None = None) -> None:
        with self.held():
            super().save(name, typed, shown)
            helping.note_page(self.help, self.title_of_page(name), utc_now())

    def title_of_page(self, name: str) -> str:
        titles = {page.name: page.title for page in self.pages()} | {"papers-begun": "Giấy tờ"}
        return titles.get(name, "khác")

    def add_items(self, page: dict, count: int) -> None:
        with self.held():
            super().add_items(page, count)

    def drop_item(self, page: dict, shown: int) -> None:
        with self.held():
            super().drop_item(page, shown)

    def hand_in(self, draft: Draft, seen: str, now: datetime) -> Dossier:
        submit = super().hand_in
        # A person's businesses are no part of what was agreed to; none is offered here.
        if draft.answers.get("owner", "").startswith(FOR_BUSINESS):
            raise NotReady
        try:
            return helping.hand_in(self.help, lambda: submit(draft, seen, now), now)
        except HelpOver:
            abort(over(self.help))

    def address_after(self, dossier: Dossier) -> str:
        return url_for("helping.farewell", help_ref=self.help.ref)

    def address_of_no_draft(self) -> str:
        return url_for("helping.find_at_counter" if self.is_at_counter else "helping.find_person")


def help_walk(ref: str, current: str) -> Walk:
    """What this member of staff was agreed to today; anything else is as missing as what never was."""
    person = current_user._get_current_object()
    if not isinstance(person, Staff) or person.role not in HELPERS or person.office != g.library.site.codes.agency:
        abort(404)
    help = helping.help_of(ref, person, utc_now()) or abort(404)
    if help.revoked_at:
        abort(over(help))
    if help.dossier_id:
        abort(redirect(url_for("helping.farewell", help_ref=ref), 302 if request.method == "GET" else 303))
    draft = helping.draft_of(help)
    procedure = definition_of(draft.procedure_slug if draft else help.procedure_slug)
    if not is_taken(g.library.procedures[procedure["slug"]], help.agreed_by == "present"):
        abort(redirect(url_for("procedures.show_procedure", slug=procedure["slug"]), 303))
    if people.lacks_assurance(help.account, procedure):
        abort(redirect(url_for("helping.choose", ref=help.account.ref, **{"thu-tuc": procedure["slug"]}), 303))
    return HelpWalk(help, procedure, draft, current)


PLACES["giup"] = help_walk


def over(help: Help) -> Response:
    """What a helper is told who sends on what is no more to be sent: of the person nothing but that they said so."""
    if not Help.select().where(Help.id == help.id, Help.revoked_at.is_null(False)).exists():
        abort(404)
    return make_response(render_template("helping/taken_back.html", back=url_for("helping.find_person")), 409)


def my_help(help_ref: str) -> Help:
    return helping.help_of(help_ref, me(), utc_now()) or abort(404)


@bp.post(f"{HELP}/viec/<help_ref>/thoi")
@open_to(*HELPERS)
def give_up(help_ref: str):
    help = my_help(help_ref)
    if not Form().validate():
        return stale(help)
    helping.give_up(help, utc_now())
    return back_to_search(help, da="thoi-giup")


def stale(help: Help):
    """A button of a page that was open too long: nothing was done, and the way back to press it again."""
    back = url_for(".farewell", help_ref=help.ref) if help.dossier_id else url_for("submission.start", place=f"giup.{help.ref}")
    return render_template("helping/stale.html", back=back), 422


def back_to_search(help: Help, **more):
    return go_on(".find_at_counter" if help.agreed_by == "present" else ".find_person", **more)


# --- done: the codes, then the next person ---------------------------------------------------------------------------


def handed_in(help_ref: str) -> Help:
    """A help of mine that became a dossier today, until I go on to the next person."""
    help = my_help(help_ref)
    return help if help.dossier_id else abort(404)


@bp.get(f"{HELP}/viec/<help_ref>/xong")
@open_to(*HELPERS)
def farewell(help_ref: str):
    help = handed_in(help_ref)
    return render_template(
        "helping/farewell.html",
        help=help,
        dossier=help.dossier,
        form=MoveForm(formdata=None),
        may_accept=current_user.role == "officer" and help.dossier.state is State.SUBMITTED,
    )


@bp.get(f"{HELP}/viec/<help_ref>/in")
@open_to(*HELPERS)
def print_slip(help_ref: str):
    help = handed_in(help_ref)
    address = url_for_outside("lookup.look_up")
    qr = drawn(url_for_outside("lookup.look_up", ma=help.dossier.receipt_code))
    return render_template("helping/slip.html", help=help, dossier=help.dossier, address=address, qr=qr)


@bp.post(f"{HELP}/viec/<help_ref>/tiep")
@open_to(*HELPERS)
def next_person(help_ref: str):
    """Nothing of the one before is shown any more, not even by Back; the procedure may stay for the next."""
    help = Help.get_or_none(Help.ref == help_ref, Help.helper == current_user.id, Help.dossier.is_null(False)) or abort(404)
    if not Form().validate():
        return stale(help)
    helping.finish(help, utc_now())
    # The cookie is set again, as it was: browsers throw away what they had put aside, for Back, under a cookie that was
    # set since. Not a new one: whose answer is lost on the way stays logged in.
    session.renew(session.token, logins.DEVICE_IS_KNOWN)
    return back_to_search(help, **{"thu-tuc": help.dossier.procedure_slug if request.form.get("same") else None})


# --- the person's own say --------------------------------------------------------------------------------------------


def i() -> Account:
    return current_user._get_current_object()


@bp.get(MINE)
@open_to("citizen")
def all_helps():
    return show_helps()


def show_helps(fault: str = "", status: int = 200):
    now, helps = utc_now(), helping.helps_of(i())
    number, pages = pages_of(helps.count(), A_PAGE, request.args.get("trang", 1, type=int))
    shown = [(help, helping.is_under_way(help, now), helping.left_over(help, now)) for help in helps.paginate(number, A_PAGE)]
    page = render_template(
        "helping/mine.html",
        helps=shown,
        rules=helping,
        label_of=account_log.label_of,
        form=Form(formdata=None),
        fault=fault,
        page=number,
        pages=pages,
    )
    return page, status


def help_to_me(help_ref: str) -> Help:
    return helping.help_to(i(), help_ref) or abort(404)


@bp.post(f"{MINE}/<help_ref>/thu-hoi")
@open_to("citizen")
def take_back(help_ref: str):
    help = help_to_me(help_ref)
    if not Form().validate():
        return show_helps(STALE, 422)
    if not helping.take_back(help, i(), utc_now()) and help.dossier_id:
        return show_helps("Hồ sơ đã nộp rồi, không thu hồi được nữa. Muốn rút: mở hồ sơ ở Trang cá nhân.", 409)
    return go_on(".all_helps", da="thu-hoi")


@bp.post(f"{MINE}/<help_ref>/lay-ve")
@open_to("citizen")
def take_over(help_ref: str):
    help = help_to_me(help_ref)
    if not Form().validate():
        return show_helps(STALE, 422)
    draft = helping.left_over(help, utc_now())
    try:
        helping.take_over(help, i(), utc_now())
    except WrongInput as refusal:
        return show_helps(str(refusal), 409)
    return go_on("submission.start", place=draft.procedure_slug)


@bp.post(f"{MINE}/<help_ref>/xoa")
@open_to("citizen")
def drop_left_over(help_ref: str):
    help = help_to_me(help_ref)
    if not Form().validate():
        return show_helps(STALE, 422)
    helping.drop_left_over(help, utc_now())
    return go_on(".all_helps", da="xoa-nhap")

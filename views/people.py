"""The desk's room for people: find, open an account, see the paper, add a number, slips, and what two must agree on."""

import re
import secrets
from datetime import date

import segno
from flask import Blueprint, abort, current_app, g, render_template, request
from flask_login import current_user
from wtforms import BooleanField, HiddenField
from wtforms.validators import InputRequired

from database import utc_now
from models import Account, Approval, Staff
from rules import WrongInput, accounts, approvals, one_time, people, slips
from rules.approvals import DESK, ApprovalRefused
from rules.identity import id_number_warnings, read_id_number, read_person_name, read_phone
from rules.paging import pages_of
from rules.people import HELPERS, OTHER_PURPOSE, PURPOSES, Newcomer, NumberTaken
from rules.vietnamese import clean_text, in_vietnam
from views.access import open_to
from views.account import read_birth_day, read_own_number, url_for_outside
from views.answering import go_on
from views.forms import STALE, Form, ReadField
from views.visits import log_security
from views.walk import today

bp = Blueprint("people", __name__, url_prefix="/mot-cua")

A_PAGE = 20


@bp.before_request
def refuse_other_communes() -> None:
    """Whoever works for another commune has no business with the people of this one (SECURITY §5)."""
    if current_user.role in HELPERS and current_user.office != g.library.site.codes.agency:
        abort(404)


def me() -> Staff:
    return current_user._get_current_object()


# --- forms -----------------------------------------------------------------------------------------------------------


def read_purpose(typed: str) -> str:
    if typed not in (*PURPOSES, OTHER_PURPOSE):
        raise WrongInput("Chọn việc cần làm")
    return typed


def read_line(typed: str) -> str:
    return clean_text(typed, 200)


def read_citizen_number(typed: str) -> str:
    return read_id_number(typed, old_too=False, today=today())


class KeyedForm(Form):
    """A form whose every sending is known by its own key."""

    form_key = HiddenField(default=lambda: secrets.token_hex(16))

    def validate(self, extra_validators=None) -> bool:
        if not super().validate(extra_validators):
            return False
        if not re.fullmatch(r"[0-9a-f]{32}", self.form_key.data or ""):
            self.form_key.data = secrets.token_hex(16)
            self.csrf_token.errors = [STALE]
        return not self.errors


class FindForm(Form):
    id_number = ReadField("Số căn cước hoặc CMND", read_id_number, "Nhập số căn cước hoặc CMND", hint="12 số, hoặc CMND cũ 9 số")
    purpose = ReadField("Mở để làm gì", read_purpose, "Chọn việc cần làm", hint="Người dân đọc được ai mở, lúc nào, để làm gì")
    other_purpose = ReadField("Việc khác, ghi rõ", read_line, hint="Chỉ khi chọn “Việc khác”")

    def validate(self, extra_validators=None) -> bool:
        self.other_purpose.missing = "Ghi rõ việc cần làm" if self.purpose.data == OTHER_PURPOSE else ""
        return super().validate(extra_validators)

    def why(self) -> str:
        return self.other_purpose.value if self.purpose.value == OTHER_PURPOSE else self.purpose.value


class SeenForm(KeyedForm):
    seen = BooleanField("Tôi đã xem căn cước của người này", [InputRequired("Xem căn cước, rồi đánh dấu ô này")])

    def problems(self) -> list[tuple[str, str]]:
        """The box stands at the end of each of these forms."""
        return sorted(super().problems(), key=lambda problem: problem[0] == self.seen.id)


class WalkInForm(SeenForm):
    """What goes on from a search that found nobody: the number and the purpose come along."""

    id_number = ReadField("Số căn cước", read_own_number, "Nhập số căn cước hoặc CMND")
    purpose = ReadField("Mở để làm gì", read_line, "Ghi rõ việc cần làm")


class CodeForm(WalkInForm):
    code = ReadField("Mã đăng ký", one_time.read_typed, "Nhập mã người này chép lại", hint="12 chữ và số, từ lúc tự đăng ký")


class OpenForm(WalkInForm):
    full_name = ReadField("Họ và tên", read_person_name, "Nhập họ và tên", hint="Như trên căn cước, có dấu")
    birth_date = ReadField("Ngày sinh", read_birth_day, "Nhập ngày sinh", hint="Ví dụ: 5/7/1990")
    village = ReadField("Thôn, làng", lambda text: clean_text(text, 100), hint="Ở ngoài xã thì ghi tên xã, tỉnh")
    phone = ReadField("Số điện thoại", read_phone, hint="Không có thì để trống")

    def agreed(self) -> list:
        return [text for key, text in g.library.consents.items() if request.form.get(f"consent-{key}")]

    def missing_consent(self) -> str:
        """The consent without which there is no account."""
        agreed = [text.key for text in self.agreed()]
        return next((key for key, text in g.library.consents.items() if text.is_required and key not in agreed), "")

    def newcomer(self) -> Newcomer:
        return Newcomer(
            self.id_number.value,
            self.full_name.value,
            self.birth_date.value,
            self.village.value,
            self.phone.value,
        )


class NumberForm(SeenForm):
    id_number = ReadField("Số căn cước 12 số", read_citizen_number, "Nhập số căn cước, đủ 12 số")


class ReasonForm(KeyedForm):
    reason = ReadField("Lý do", read_line, "Nhập lý do", hint="Người xác nhận và người dân đều đọc được")


class SeenReasonForm(ReasonForm, SeenForm):
    pass


class MergeForm(SeenReasonForm):
    id_number = ReadField("Số của tài khoản kia", read_id_number, "Nhập số căn cước hoặc CMND của tài khoản kia")


# --- finding a person ------------------------------------------------------------------------------------------------


@bp.route("/nguoi-dan/", methods=["GET", "POST"])
@open_to(*HELPERS)
def find_person():
    form = FindForm()
    if not form.validate_on_submit():
        page = render_template("people/find_person.html", form=form, purposes=[*PURPOSES, OTHER_PURPOSE])
        return page, 422 if form.errors else 200
    account = people.find_person(form.id_number.value, me())
    log_security(
        "person looked for", staff=current_user.id, who=marked(form.id_number.value), found=bool(account), purpose=form.why()
    )
    if account:
        return open_and_show(account, form.why())
    known = {"id_number": form.id_number.value, "purpose": form.why()}
    return show_nobody(CodeForm(formdata=None, **known), known)


def marked(number: str) -> str:
    """How a number stands in the security log: the same each time, and telling nothing."""
    return accounts.person_key(number)[:16]


def open_and_show(account: Account, purpose: str, done: str | None = None):
    people.open_for(account, me(), purpose, utc_now())
    log_security("account opened", staff=current_user.id, account=account.id, purpose=purpose)
    return go_on(".show_person", ref=account.ref, da=done)


def show_nobody(form: CodeForm, known: dict[str, str]):
    """Nobody of this number: open an account, or confirm what the person registered without e-mail."""
    opening = OpenForm(formdata=None, **known)
    return render_template("people/nobody.html", form=form, opening=opening), 422 if form.errors else 200


def opened_person(ref: str) -> Account:
    """Whom I have opened with a purpose within the half hour; of anybody else, back to the search, whoever it may be."""
    return people.opened_account(ref, me(), utc_now()) or abort(go_on(".find_person", da="mo-lai"))


@bp.get("/nguoi-dan/<ref>")
@open_to(*HELPERS)
def show_person(ref: str):
    return show(opened_person(ref), SeenForm())


def show(account: Account, form: SeenForm):
    is_at_desk = current_user.role in DESK
    page = render_template(
        "people/show_person.html",
        account=account,
        numbers=people.numbers_of(account),
        warnings=warnings_of(account.id_number, account.birth_date and date.fromisoformat(account.birth_date)),
        form=form,
        slips=[slip for slip in slips.printable_slips(me(), utc_now()) if slip.account_id == account.id],
        is_at_desk=is_at_desk,
        duplicates=people.possible_duplicates(account) if is_at_desk else [],
        merges=approvals.merges_of(account) if is_at_desk else [],
    )
    return page, 422 if form.errors else 200


# --- opening an account ----------------------------------------------------------------------------------------------


@bp.post("/nguoi-dan/mo")
@open_to(*HELPERS)
def open_account():
    """Asked with number and purpose alone, shows the questions; sent with the answers, opens. Nothing is kept in between."""
    if "full_name" not in request.form:
        return ask_details(OpenForm())
    form = OpenForm()
    is_good = form.validate()
    missing = form.missing_consent()
    if not is_good or missing:
        return show_opening(form, missing)
    try:
        slip = people.open_account(form.newcomer(), form.agreed(), me(), form.purpose.value, utc_now(), form.form_key.data)
    except NumberTaken as taken:
        return lead_to(taken.account, form)
    log_security("account made at desk", staff=current_user.id, account=slip.account_id, slip=slip.id)
    return go_on(".show_person", ref=slip.account.ref, da="mo-tai-khoan")


def ask_details(sent: OpenForm):
    """The questions, for the number and purpose that come from the search."""
    known = {"id_number": sent.id_number.data, "purpose": sent.purpose.data}
    sent.validate()
    faults = {name: sent[name].errors for name in ("id_number", "purpose", "csrf_token") if sent[name].errors}
    if faults:
        form = FindForm(formdata=None, **known)
        form.id_number.errors = sent.id_number.errors or sent.csrf_token.errors or sent.purpose.errors
        page = render_template("people/find_person.html", form=form, purposes=[*PURPOSES, OTHER_PURPOSE])
        return page, 422
    village = current_user.village if current_user.role == "village_head" else ""
    return show_opening(OpenForm(formdata=None, village=village, **known))


def show_opening(form: OpenForm, missing_consent: str = ""):
    problems = form.problems()
    if missing_consent:
        before_the_box = len(problems) - bool(form.seen.errors)
        problems.insert(before_the_box, (f"consent-{missing_consent}", MISSING_CONSENT))
    page = render_template(
        "people/open_account.html",
        form=form,
        problems=problems,
        missing_consent=missing_consent,
        fault=MISSING_CONSENT,
        warnings=warnings_of(form.id_number.data or "", form.birth_date.value or None),
        villages=g.library.villages(),
        consents=g.library.consents.values(),
        agreed=[text.key for text in form.agreed()],
    )
    return page, 422 if problems else 200


MISSING_CONSENT = "Đọc câu này cho người dân nghe. Người dân đồng ý thì đánh dấu."


def warnings_of(number: str, birth_date: date | None) -> tuple[str, ...]:
    """What in the number seems wrong; nothing of it stops anybody, for cards themselves are sometimes wrong."""
    try:
        return id_number_warnings(read_id_number(number), birth_date, today=in_vietnam(utc_now()).date())
    except WrongInput as fault:
        return (str(fault),)


def lead_to(account: Account, form: WalkInForm):
    """No second account: on to the one the number has, or to whoever may open it."""
    if people.may_help(me(), account):
        return open_and_show(account, form.purpose.value, done="da-co-tai-khoan")
    form.id_number.errors = ["Thôn chưa làm được việc này cho số này. Mời người dân đến Bộ phận Một cửa."]
    return show_opening(form) if isinstance(form, OpenForm) else show_nobody(form, known_of(form))


def known_of(form: WalkInForm) -> dict[str, str]:
    return {"id_number": form.id_number.data, "purpose": form.purpose.data}


@bp.post("/nguoi-dan/xac-nhan-dang-ky")
@open_to(*HELPERS)
def confirm_registration():
    form = CodeForm()
    if not form.validate():
        return show_nobody(form, known_of(form))
    account = people.find_person(form.id_number.value, me())
    if account:  # the same form again, or an account opened since
        return open_and_show(account, form.purpose.value)
    found = accounts.find_registration_of_code(form.id_number.value, form.code.value, utc_now())
    if found is None or not people.may_confirm(me(), found):
        log_security("registration code refused", staff=current_user.id, who=marked(form.id_number.value))
        form.code.errors = ["Mã này không phải của số giấy tờ này, hoặc đã quá 7 ngày. So lại từng chữ, hoặc mở tài khoản mới."]
        return show_nobody(form, known_of(form))
    try:
        account = people.confirm_registration(found, me(), form.purpose.value, utc_now())
    except NumberTaken as taken:
        return lead_to(taken.account, form)
    log_security("account confirmed at desk", staff=current_user.id, account=account.id)
    return go_on(".show_person", ref=account.ref, da="da-xac-nhan")


# --- the paper, and the newer number ---------------------------------------------------------------------------------


@bp.post("/nguoi-dan/<ref>/giay-that")
@open_to(*HELPERS)
def see_paper(ref: str):
    account, form = opened_person(ref), SeenForm()
    if not form.validate():
        return show(account, form)
    people.see_paper(account, me(), utc_now())
    log_security("paper seen", staff=current_user.id, account=account.id)
    return go_on(".show_person", ref=ref, da="xem-giay-that")


@bp.route("/nguoi-dan/<ref>/them-so", methods=["GET", "POST"])
@open_to(*HELPERS)
def add_number(ref: str):
    account, form = opened_person(ref), NumberForm()
    if form.validate_on_submit():
        try:
            people.add_number(account, form.id_number.value, me(), utc_now())
        except NumberTaken as taken:
            return offer_merge(account, taken.account, form)
        except WrongInput as refusal:
            form.id_number.errors = [str(refusal)]
        else:
            log_security("number added", staff=current_user.id, account=account.id)
            return go_on(".show_person", ref=ref, da="them-so")
    return render_template("people/add_number.html", account=account, form=form), 422 if form.errors else 200


def offer_merge(account: Account, other: Account, form: NumberForm):
    """The number has an account of its own: two accounts of one person become one, when another agrees."""
    if current_user.role in DESK and people.may_help(me(), other):
        merge = MergeForm(formdata=None, id_number=form.id_number.value, reason="Một người, hai số giấy tờ")
        return show_merge(account, merge, "Số này đã có tài khoản riêng. Nếu cả hai là của người này, hãy xin gộp."), 409
    form.id_number.errors = ["Số này đã có tài khoản riêng. Mời người dân đến Bộ phận Một cửa để gộp hai tài khoản."]
    return render_template("people/add_number.html", account=account, form=form), 422


# --- what another must confirm ---------------------------------------------------------------------------------------


def ask(kind: str, account: Account, form: ReasonForm, other: Account | None = None) -> bool:
    """Whether it is asked; else the form says why not."""
    try:
        approval = approvals.ask(kind, account, me(), form.reason.value, utc_now(), form.form_key.data, other)
    except ApprovalRefused as refusal:
        form.reason.errors = [str(refusal)]
        return False
    log_security(f"{kind} asked", staff=current_user.id, account=account.id, approval=approval.id)
    return True


@bp.route("/nguoi-dan/<ref>/mat-khau", methods=["GET", "POST"])
@open_to(*HELPERS)
def ask_reset(ref: str):
    account, form = opened_person(ref), SeenReasonForm()
    if form.validate_on_submit() and ask("reset", account, form):
        return go_on(".waiting_approvals", da="da-xin")
    return render_template("people/ask_reset.html", account=account, form=form), 422 if form.errors else 200


@bp.route("/nguoi-dan/<ref>/phieu", methods=["GET", "POST"])
@open_to(*HELPERS)
def ask_slip(ref: str):
    """A new slip voids the one before: at once for an account not yet activated, by two people for one in use."""
    account = opened_person(ref)
    if account.is_activated:
        form = SeenReasonForm()
        if form.validate_on_submit() and ask("slip", account, form):
            return go_on(".waiting_approvals", da="da-xin")
    else:
        form = SeenForm()
        slip = make_slip(account, form) if form.validate_on_submit() else None
        if slip:
            return go_on(".print_slip", slip_id=slip.id)
    return render_template("people/ask_slip.html", account=account, form=form), 422 if form.errors else 200


def make_slip(account: Account, form: SeenForm):
    try:
        slip = slips.make_slip(account, me(), utc_now(), form.form_key.data)
    except WrongInput as refusal:
        form.seen.errors = [str(refusal)]
        return None
    log_security("slip made", staff=current_user.id, account=account.id, slip=slip.id)
    return slip


@bp.route("/nguoi-dan/<ref>/gop", methods=["GET", "POST"])
@open_to(*DESK)
def ask_merge(ref: str):
    account, form = opened_person(ref), MergeForm()
    if form.validate_on_submit():
        other = people.find_person(form.id_number.value, me())
        if other is None:
            form.id_number.errors = ["Số này chưa có tài khoản. Xem lại số."]
        elif ask("merge", account, form, other):
            return go_on(".waiting_approvals", da="da-xin")
    return show_merge(account, form), 422 if form.errors else 200


def show_merge(account: Account, form: MergeForm, found: str = "") -> str:
    return render_template("people/ask_merge.html", account=account, form=form, found=found)


@bp.route("/nguoi-dan/<ref>/tach/<int:approval_id>", methods=["GET", "POST"])
@open_to(*DESK)
def ask_undo(ref: str, approval_id: int):
    account, form = opened_person(ref), ReasonForm()
    merge = next((one for one in approvals.merges_of(account) if one.id == approval_id), None) or abort(404)
    if form.validate_on_submit() and ask("undo_merge", account, form, merge.other_account):
        return go_on(".waiting_approvals", da="da-xin")
    return render_template("people/ask_undo.html", account=account, merge=merge, form=form), 422 if form.errors else 200


@bp.get("/cho-xac-nhan")
@open_to(*HELPERS)
def waiting_approvals():
    return show_waiting(Form(formdata=None))


def show_waiting(form: Form, fault: str = "", status: int = 200):
    now = utc_now()
    waiting = approvals.waiting(me(), now)
    number, pages = pages_of(waiting.count(), A_PAGE, request.args.get("trang", 1, type=int))
    page = render_template(
        "people/waiting_approvals.html",
        form=form,
        fault=fault,
        waiting=list(waiting.paginate(number, A_PAGE)),
        kinds=approvals.KINDS,
        may_decide=approvals.may_decide,
        codes=approvals.codes_to_read_out(me(), now),
        slips=slips.printable_slips(me(), now),
        page=number,
        pages=pages,
    )
    return page, status


def approval_to_see(approval_id: int) -> Approval:
    return approvals.approval_for(approval_id, me()) or abort(404)


@bp.post("/cho-xac-nhan/<int:approval_id>/dong-y")
@open_to(*HELPERS)
def grant(approval_id: int):
    approval, form = approval_to_see(approval_id), Form()
    if not form.validate():
        return show_waiting(form, STALE, 422)
    try:
        approvals.grant(approval, me(), utc_now())
    except ApprovalRefused as refusal:
        log_security("approval refused", staff=current_user.id, approval=approval.id, kind=approval.kind)
        return show_waiting(form, str(refusal), 409)
    log_security(f"{approval.kind} granted", staff=current_user.id, account=approval.account_id, approval=approval.id)
    current_app.extensions["mail_soon"]()
    if approval.kind == "reset":
        return go_on(".reset_code", approval_id=approval.id)
    return go_on(".waiting_approvals", da="dong-y")


@bp.post("/cho-xac-nhan/<int:approval_id>/khong-dong-y")
@open_to(*HELPERS)
def refuse(approval_id: int):
    approval, form = approval_to_see(approval_id), Form()
    if not form.validate():
        return show_waiting(form, STALE, 422)
    try:
        approvals.refuse(approval, me(), utc_now())
    except ApprovalRefused as refusal:
        return show_waiting(form, str(refusal), 409)
    log_security(f"{approval.kind} not granted", staff=current_user.id, account=approval.account_id, approval=approval.id)
    return go_on(".waiting_approvals", da="khong-dong-y")


@bp.get("/cho-xac-nhan/<int:approval_id>/ma")
@open_to(*HELPERS)
def reset_code(approval_id: int):
    """The code, to be read out across the counter; only to whoever confirmed, only while it is unused."""
    approval = approval_to_see(approval_id)
    code = approvals.reset_code(approval, me(), utc_now()) or abort(404)
    log_security("reset code shown", staff=current_user.id, account=approval.account_id, approval=approval.id)
    return render_template("people/reset_code.html", approval=approval, code=code, is_open=code.is_open(utc_now()))


# --- the slip on paper -----------------------------------------------------------------------------------------------


@bp.get("/phieu/<int:slip_id>/in")
@open_to(*HELPERS)
def print_slip(slip_id: int):
    slip = slips.slip_of_maker(slip_id, me()) or abort(404)
    if not slips.is_printable(slip, utc_now()):
        return render_template("people/slip_gone.html", slip=slip)
    log_security("slip shown", staff=current_user.id, account=slip.account_id, slip=slip.id)
    endpoint = "recovery.activate" if slip.codes["activation"] else "recovery.use_code"
    address = url_for_outside(endpoint)
    return render_template("people/slip.html", slip=slip, address=address, qr=drawn(address))


def drawn(address: str) -> str:
    """The address as a QR code, a picture within the page."""
    return segno.make(address, error="m", micro=False).svg_data_uri(border=2, omitsize=True)

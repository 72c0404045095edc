"""Campaigns: what every village is asked to do by a day, how far each is; heads see their own village's part."""

from flask import Blueprint, abort, g, render_template, request
from flask_login import current_user
from wtforms import SelectMultipleField, StringField

from database import utc_now
from models import Campaign
from rules import WrongInput, outreach
from rules.outreach import CAMPAIGN_MAKERS, WRITERS, Plan
from rules.paging import pages_of
from rules.vietnamese import clean_text, read_day, show_day
from views.access import open_to
from views.answering import go_on
from views.desk import MoveForm, bare_key
from views.forms import ReadField
from views.outreach import me, refuse_others, short_guides
from views.walk import today

bp = Blueprint("campaigns", __name__, url_prefix="/mot-cua/chien-dich")

A_PAGE = 10


bp.before_request(refuse_others)


def villages_seen() -> list[str]:
    """A head's own village; to everybody else all of them."""
    own = outreach.village_of(me())
    return [own] if own else g.library.villages()


class PlanForm(MoveForm):
    title = ReadField(
        "Tên việc", lambda text: clean_text(text, 120), "Nhập tên việc", hint="Ví dụ: Tháng 12, chỉ bà con tra cứu hồ sơ"
    )
    task = ReadField("Mỗi thôn, làng làm gì", lambda text: clean_text(text, 500, lines=True), "Nhập việc mỗi thôn, làng cần làm")
    least_reached = ReadField(
        "Ít nhất mấy người nghe",
        lambda text: outreach.read_people(text, least=0),
        hint="Mỗi thôn, làng. Để trống: chỉ cần một buổi",
    )
    guides = SelectMultipleField("Phải chỉ", choices=[], validate_choice=False)
    first_on = ReadField("Từ ngày", read_day, "Nhập ngày đầu")
    last_on = ReadField("Xong trước hết ngày", read_day, "Nhập ngày cuối")

    def plan(self) -> Plan:
        return Plan(
            title=self.title.value,
            task=self.task.value,
            least_reached=self.least_reached.value or 0,
            guides=tuple(slug for slug in g.library.guides if slug in (self.guides.data or ())),
            first_on=self.first_on.value,
            last_on=self.last_on.value,
        )


@bp.get("/")
@open_to(*WRITERS)
def all_campaigns():
    """What is late first, then what is asked now, then what has ended."""
    ended = outreach.ended_campaigns()
    page, pages = pages_of(ended.count(), A_PAGE, request.args.get("trang", 1, type=int))
    past = outreach.progress_of(list(ended.paginate(page, A_PAGE)), villages_seen(), today())
    return render_template(
        "campaigns/all.html",
        current=outreach.open_progress(villages_seen(), today()),
        past=past,
        page=page,
        pages=pages,
        own=outreach.village_of(me()),
        titles=dict(short_guides()),
        may_make=current_user.role in CAMPAIGN_MAKERS,
    )


@bp.route("/moi", methods=["GET", "POST"])
@open_to(*CAMPAIGN_MAKERS)
def begin():
    form = PlanForm()
    if not form.is_submitted():
        return show_form(PlanForm(formdata=None, first_on=show_day(today())))
    if not form.validate():
        return show_form(form)
    try:
        campaign = outreach.begin_campaign(form.plan(), me(), utc_now(), bare_key(form))
    except WrongInput as fault:
        form.last_on.errors = [str(fault)]
        return show_form(form)
    return go_on(".show_campaign", campaign_ref=campaign.ref, da="giao-viec")


def show_form(form: PlanForm, changed: Campaign | None = None, status: int = 422):
    page = render_template("campaigns/plan.html", form=form, guides=short_guides(), changed=changed)
    return page, status if form.errors else 200


def campaign_of(campaign_ref: str) -> Campaign:
    return outreach.find_campaign(campaign_ref) or abort(404)


class ChangeForm(PlanForm):
    seen = StringField()


@bp.route("/<campaign_ref>/sua", methods=["GET", "POST"])
@open_to(*CAMPAIGN_MAKERS)
def change(campaign_ref: str):
    """Other words, another day; what the villages have noted for it stays."""
    campaign, form = campaign_of(campaign_ref), ChangeForm()
    if not form.is_submitted():
        return show_form(form_of(campaign), campaign)
    if not form.validate():
        return show_form(form, campaign)
    try:
        outreach.change_campaign(campaign, form.plan(), form.seen.data or "", today())
    except outreach.MendedMeanwhile as fault:
        form.seen.data = outreach.mark_of(outreach.plan_of(campaign_of(campaign_ref)))
        form.title.errors = [str(fault)]
        return show_form(form, campaign_of(campaign_ref), 409)
    except WrongInput as fault:
        form.last_on.errors = [str(fault)]
        return show_form(form, campaign)
    return go_on(".show_campaign", campaign_ref=campaign_ref, da="luu")


def form_of(campaign: Campaign) -> ChangeForm:
    plan = outreach.plan_of(campaign)
    known = {"title": plan.title, "task": plan.task, "guides": plan.guides, "seen": outreach.mark_of(plan)}
    known |= {"least_reached": str(plan.least_reached or ""), "first_on": show_day(plan.first_on)}
    return ChangeForm(formdata=None, last_on=show_day(plan.last_on), **known)


@bp.get("/<campaign_ref>")
@open_to(*WRITERS)
def show_campaign(campaign_ref: str):
    return show(campaign_of(campaign_ref))


def show(campaign: Campaign, fault: str = "", status: int = 200):
    (progress,) = outreach.progress_of([campaign], villages_seen(), today())
    page = render_template(
        "campaigns/one.html",
        campaign=campaign,
        progress=progress,
        own=outreach.village_of(me()),
        titles=dict(short_guides()),
        may_make=current_user.role in CAMPAIGN_MAKERS,
        form=MoveForm(formdata=None),
        fault=fault,
    )
    return page, status


@bp.post("/<campaign_ref>/ket-thuc")
@open_to(*CAMPAIGN_MAKERS)
def end(campaign_ref: str):
    return act(campaign_ref, lambda campaign: outreach.end_campaign(campaign, me(), utc_now()), "het-viec")


@bp.post("/<campaign_ref>/mo-lai")
@open_to(*CAMPAIGN_MAKERS)
def go_on_with(campaign_ref: str):
    return act(campaign_ref, outreach.go_on_with_campaign, "mo-lai-viec")


def act(campaign_ref: str, do, done: str):
    campaign, form = campaign_of(campaign_ref), MoveForm()
    if not form.validate():
        return show(campaign, form.problems()[0][1], 422)
    do(campaign)
    return go_on(".show_campaign", campaign_ref=campaign_ref, da=done)

"""A village head's own page, where her day begins; and the page a leader reads from at a village meeting."""

from flask import Blueprint, abort, current_app, g, render_template, request
from flask_login import current_user

from database import utc_now
from rules import form_values, outreach, overview, reports, village_news, village_report
from rules.outreach import WRITERS
from rules.paging import pages_of
from rules.village_report import WAYS
from rules.villages import key_of_name, village_keys
from views.access import open_to
from views.outreach import me, refuse_others
from views.reports import Asked, asked_for
from views.visits import log_security
from views.walk import today

bp = Blueprint("villages", __name__, url_prefix="/mot-cua")

FOR_ALL = tuple(role for role in WRITERS if role != "village_head")
A_PAGE = 10
# What a head does here, by endpoint; a room that is not built is not shown.
WORK = (
    ("Ghi nhật ký", "Gặp bà con xong, ghi trong nửa phút.", "outreach.note"),
    ("Làm giúp", "Nhập hồ sơ giúp người đồng ý.", "helping.find_person"),
    ("In phiếu mã", "Mở tài khoản, in phiếu cho bà con.", "people.find_person"),
    ("Bộ tài liệu", "Tờ hướng dẫn của thôn, làng để in.", "packs.all_packs"),
    ("Loa", "Lịch phát và lời đọc.", "loudspeakers.timetable"),
)


bp.before_request(refuse_others)


# --- the village head's day ------------------------------------------------------------------------------------------


@bp.get("/lang-toi")
@open_to("village_head")
def my_village():
    """Whom to tell what, what the commune asks of the village, and where the work is done."""
    now, head = utc_now(), me()
    found = village_news.to_tell(head)
    page, pages = pages_of(found.count(), A_PAGE, request.args.get("trang", 1, type=int))
    news = village_news.read_news(list(found.paginate(page, A_PAGE)), head, now)
    if news:
        log_security("village news opened", staff=head.id, village=head.village, dossiers=[one.dossier.code for one in news])
    return render_template(
        "villages/mine.html",
        news=news,
        page=page,
        pages=pages,
        village=head.village,
        key=key_of_name(g.library.site.villages, head.village),
        campaigns=[one for one in outreach.open_progress([head.village], today()) if not one.done],
        work=[(label, told, endpoint) for label, told, endpoint in WORK if endpoint in current_app.view_functions],
        today=today(),
    )


# --- for a village meeting -------------------------------------------------------------------------------------------


@bp.get("/bao-cao/lang/")
@open_to(*FOR_ALL)
def all_villages():
    asked = asked_for()
    return page_of(
        "villages/all.html", asked, seen=report_of(asked), keys=keys_by_name(), questions=outreach.top_questions(asked.period)
    )


@bp.get("/bao-cao/lang/<village_key>")
@open_to(*WRITERS)
def one_village(village_key: str):
    """One page of A4, in letters to be read aloud from."""
    found = village_keys(g.library.site.villages).get(village_key)
    if found is None or outreach.village_of(me()) not in ("", found.name):
        abort(404)
    asked = asked_for()
    seen = report_of(asked)
    questions = outreach.top_questions(asked.period, found.name)
    return page_of("villages/one.html", asked, village=found, line=seen.of(found.name), questions=questions)


def report_of(asked: Asked) -> village_report.Report:
    return village_report.report(current_user.office, asked.period, utc_now(), g.library.villages(), keys_by_name())


def keys_by_name() -> dict[str, str]:
    """The first of several villages of one name has its bare key."""
    return {village.name: key for key, village in reversed(village_keys(g.library.site.villages).items())}


def page_of(template: str, asked: Asked, **values):
    page = render_template(
        template,
        asked=asked,
        period=asked.period,
        faults=asked.faults,
        offered=list(reports.offered(asked.today)),
        before=reports.before(asked.period),
        after=reports.after(asked.period, asked.today),
        unit=form_values.agency_name(g.library.site, current_user.office),
        ways=WAYS,
        least=overview.LEAST_SHOWN,
        own=outreach.village_of(me()),
        **values,
    )
    return page, 422 if asked.faults else 200

"""The rooms of the desk: which of them a member of staff may open, and in which one the day begins."""

from flask import current_app, request, url_for
from flask_login import current_user
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

# What stands at the top of every page of the desk, for those who may open it.
DESK_ROOMS = (
    ("Thôn của tôi", "villages.my_village"),
    ("Hồ sơ", "desk.waiting_dossiers"),
    ("Trễ hạn", "lateness.late"),
    ("Tin nhắn", "desk_messages.waiting_texts"),
    ("Tiền", "desk_payments.day"),
    ("Bưu điện", "post.at_desk"),
    ("Việc của bưu tá", "post.my_round"),
    ("Nhận tại quầy", "helping.find_at_counter"),
    ("Làm giúp", "helping.find_person"),
    ("Người dân", "people.find_person"),
    ("Doanh nghiệp", "desk_businesses.find"),
    ("Chờ xác nhận", "people.waiting_approvals"),
    ("Nhân viên", "staff.all_staff"),
    ("Duyệt nhân viên", "staff.waiting_staff"),
    ("Thông báo", "announcement_desk.written"),
    ("Loa", "loudspeakers.timetable"),
    ("Nội dung", "content_desk.all_files"),
    ("Ghi âm", "recordings.all_guides"),
    ("Mẫu câu hỏi", "form_features.show_features"),
    ("Nhúng", "embed_desk.show"),
    ("Nhật ký", "outreach.note"),
    ("Việc giao thôn", "campaigns.all_campaigns"),
    ("Theo thôn, làng", "villages.all_villages"),
    ("Báo cáo", "reports.regular"),
    ("Đánh giá", "desk_dossiers.rated"),
    ("Bộ tài liệu làng", "packs.all_packs"),
    ("Tài khoản của tôi", "staff_self.my_account"),
)
HOME_OF_ROLE = {
    "citizen": "personal.page",
    "officer": "desk.waiting_dossiers",
    "specialist": "desk.waiting_dossiers",
    "leader": "desk.waiting_dossiers",
    "village_head": "villages.my_village",
    "postal_clerk": "post.my_round",
    "culture": "announcement_desk.written",
    "administrator": "staff.all_staff",
}
ANY_HOME = "staff_self.my_account"


def home_of(person) -> str:
    """The page where somebody's work begins."""
    endpoint = HOME_OF_ROLE.get(person.role, ANY_HOME)
    return url_for(endpoint if endpoint in current_app.view_functions else ANY_HOME)


def desk_rooms() -> list[tuple[str, str]]:
    """(label, endpoint) of each room that whoever is logged in may open."""
    return [(label, endpoint) for label, endpoint in DESK_ROOMS if current_user.role in _open_to(endpoint)]


def room_or_home(path: str, person) -> str:
    """The page asked for before logging in, when there is one and this person may open it; else where the day begins."""
    try:
        endpoint, _ = current_app.create_url_adapter(request).match(path.partition("?")[0], method="GET")
    except (RequestRedirect, HTTPException):
        return home_of(person)
    return path if person.role in _open_to(endpoint) else home_of(person)


def _open_to(endpoint: str) -> frozenset[str]:
    view = current_app.view_functions.get(endpoint)
    return view.open_to if view else frozenset()

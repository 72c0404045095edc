"""Letters to whoever submitted a dossier, when something happened to it that calls for them."""

from models import Dossier, Event, Message
from rules import consents
from rules.outbox import post

# By the event's name: the subject, and what to do. The reason stays on the site: a letter is read by whoever has the phone.
LETTERS = {
    "accept": ("Xã đã tiếp nhận hồ sơ", "Xã đã tiếp nhận. Bạn chờ đến ngày hẹn trả, chưa phải làm gì."),
    "refuse": ("Xã không tiếp nhận hồ sơ", "Xã không tiếp nhận. Đăng nhập để đọc lý do. Sửa xong bạn có thể nộp lại."),
    "ask_supplement": (
        "Cần nộp thêm giấy tờ cho hồ sơ",
        "Xã cần thêm giấy tờ. Đăng nhập để xem từng giấy và lý do, rồi gửi ảnh.",
    ),
    "finish": ("Có kết quả hồ sơ", "Hồ sơ đã có kết quả. Bạn nhận kết quả như đã chọn khi nộp."),
    "stop_withdrawn": ("Đã rút hồ sơ", "Hồ sơ đã rút. Xã không giải quyết nữa."),
    "grant_withdrawal": ("Đã rút hồ sơ", "Xã đã đồng ý cho rút. Xã không giải quyết nữa."),
    "refuse_withdrawal": ("Xã chưa cho rút hồ sơ", "Xã chưa đồng ý cho rút. Đăng nhập để đọc lý do."),
}


def post_letter(dossier: Dossier, event: Event, link: str = "") -> None:
    """Queue the letter an event calls for, within its transaction: only to who agreed to letters, and once an event."""
    account = dossier.account
    if event.name not in LETTERS or not account.email or not consents.has(account, "notices"):
        return
    subject, what = LETTERS[event.name]
    post(f"event-{event.id}", account.email, f"{subject} {dossier.code}", _body(dossier, account.full_name, what, link), event.at)


def take_back(dossier: Dossier, undone: Event, event: Event) -> None:
    """A move was undone: the letter about it stays here if it has not left, else another one says so."""
    waits = Message.key == f"event-{undone.id}", Message.sent_at.is_null(), Message.tries == 0
    if Message.delete().where(*waits).execute() or not Message.select().where(Message.key == f"event-{undone.id}").exists():
        return
    account = dossier.account
    what = "Thư trước về hồ sơ này là ghi nhầm. Xã đã sửa lại. Xem hồ sơ để biết đang ở bước nào."
    body = _body(dossier, account.full_name, what, "")
    post(f"event-{event.id}", account.email, f"Xã sửa lại hồ sơ {dossier.code}", body, event.at)


def _body(dossier: Dossier, name: str, what: str, link: str) -> str:
    return f"""Chào {name},

Hồ sơ: {dossier.procedure_title}
Mã số hồ sơ: {dossier.code}

{what}
{f"Xem hồ sơ: {link}" if link else "Xem ở Trang cá nhân."}

Đây không phải Cổng Dịch vụ công quốc gia.
"""

"""What every page knows: the commune, the person, the guide's step that happens here, and how things are written."""

import hashlib
from datetime import date
from functools import lru_cache
from itertools import groupby

from flask import Flask, g, request, url_for
from markupsafe import Markup, escape

from database import utc_now
from rules import announcements, eform, fees, freshness, identity, masking, texts, tracking, vietnamese
from rules.content import Guide
from rules.deadlines import promised_now
from rules.dossier_codes import show_receipt_code
from rules.library import standing_of
from rules.lookup import DONE_WORDS
from rules.print_sheets import ROMAN
from rules.submission import DELIVERIES, helper_words
from rules.workflow import EVENT_LABELS, STATE_NAMES
from views import desk_rooms
from views.headers import STATIC, inline_style, is_first_visit, without_comments

# Screens on which a step goes on that the guide binds to another screen of the same room.
SAME_STEP = {f"submission.{page}": "submission.check" for page in ("owner", "questions", "delivery", "papers")}
FILTERS = {
    "dong": vietnamese.show_dong,
    "charge": fees.of_dossier,
    "charge_words": fees.in_words,
    "day": vietnamese.show_day,
    "long_day": vietnamese.show_long_day,
    "weekday": vietnamese.show_weekday_short,
    "moment": vietnamese.show_moment,
    "size": vietnamese.show_bytes,
    "lasting": vietnamese.show_lasting,
    "number": vietnamese.show_number,
    "phone": identity.show_phone,
    "masked_number": masking.mask_id_number,
    "masked_email": masking.mask_email,
    "receipt": show_receipt_code,
    "in_vietnam": vietnamese.in_vietnam,
    "places": texts.size,
    "tracking": tracking.show_tracking,
    "paragraphs": announcements.paragraphs,
}


def init_app(app: Flask) -> None:
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= FILTERS | {
        "keys": keys,
        "typed": typed,
        "zip_same": zip_same,
        "broken": broken,
        "groupby_day": by_day,
    }
    app.jinja_env.globals |= {
        "asset": asset,
        "inline_style": inline_style,
        "roman": ROMAN,
        "state_names": STATE_NAMES,
        "standing_of": standing_of,
        "is_stale": lambda part: freshness.of_part(part, vietnamese.in_vietnam(utc_now()).date()).is_stale,
        "deliveries": DELIVERIES,
        "show_answer": eform.show_answer,
        "kinds": eform.KINDS,
        "done_words": DONE_WORDS,
        "promised_now": promised_now,
        "event_labels": EVENT_LABELS,
        "helper_words": helper_words,
        "home_of": desk_rooms.home_of,
        "desk_rooms": desk_rooms.desk_rooms,
    }
    app.context_processor(describe_screen)


def describe_screen() -> dict[str, object]:
    library = g.get("library")
    return {
        "site": library.site if library else None,
        "steps_here": steps_here(library, request.endpoint) if library else [],
        "is_first_visit": is_first_visit(),
        "wants_script": request.headers.get("Save-Data", "").lower() != "on",
        "notice": NOTICES.get(request.args.get("da", "")),
        "now": utc_now(),
    }


# What has just been done, named in the address after a redirect: no state, and a reload says it again.
NOTICES = {
    "luu": "Đã lưu.",
    "da-luu": "Bạn nghỉ hơi lâu nên cần đăng nhập lại để đi tiếp. Chữ bạn vừa nhập đã được lưu.",
    "rut-dong-y": "Đã rút đồng ý.",
    "xoa-het-giay": "Đã xoá mọi giấy tờ đang cất.",
    "thoi-xoa": "Tài khoản được giữ lại.",
    "bo-phieu": "Đã bỏ mọi mã trên phiếu.",
    "thoat": "Bạn đã thoát. Người dùng máy này sau bạn không xem được gì của bạn.",
    "gui-giay": "Đã nhận giấy.",
    "xoa-giay": "Đã bỏ giấy.",
    "xoa-nhap": "Đã xoá bản nháp.",
    "da-co": "Tệp này đã có ở đây rồi, không lưu lần nữa.",
    "thay-tep": "Đã thay. Bản cũ vẫn còn, ở cuối trang.",
    "xoa-tep": "Đã bỏ tệp.",
    "xoa-tai-lieu": "Đã xoá giấy tờ.",
    "da-doi-ten": "Đã đổi họ tên.",
    "da-doi-so": "Đã đổi số điện thoại.",
    "da-doi-thon": "Đã đổi thôn, làng.",
    "thu-e-mail": "Đã gửi thư tới địa chỉ mới. Mở thư rồi bấm Xác nhận: lúc đó e-mail mới đổi.",
    "cung-e-mail": "Bạn đang dùng e-mail này rồi.",
    "bo-e-mail": "Đã bỏ e-mail. Từ nay không lấy lại mật khẩu bằng thư được.",
    "da-cong-bo": "Đã công bố. Bà con thấy trong vòng một phút.",
    "tra-ban-cu-nhap": "Bản này đổi tiền hoặc tài khoản nên mới là bản nháp. Người khác với bạn phải công bố.",
    "tra-ban-cu": "Đã trả lại bản cũ. Bà con thấy trong vòng một phút.",
    "nhap-xong": "Đã nhập thành bản nháp. Xem lại rồi công bố.",
    "nhap-giong": "Mọi tệp đều giống bản đang dùng, không có gì phải nhập.",
    "go-thong-bao": "Đã gỡ thông báo xuống. Bản cũ vẫn còn trong Lịch sử.",
    "da-phat": "Đã ghi: đã phát.",
    "chua-phat": "Đã ghi lại: chưa phát.",
    "xep-loa": "Đã xếp lịch phát.",
    "bo-loa": "Đã bỏ khỏi lịch phát.",
    "bo-buoi": "Đã bỏ, không tính nữa. Bỏ nhầm thì bấm Lấy lại.",
    "lay-lai-buoi": "Đã lấy lại.",
    "giao-viec": "Đã giao việc cho mọi thôn, làng.",
    "het-viec": "Đã kết thúc. Kết thúc nhầm thì bấm Mở lại.",
    "mo-lai-viec": "Đã mở lại.",
    "tiep-nhan": "Đã tiếp nhận hồ sơ.",
    "tu-choi": "Đã từ chối hồ sơ.",
    "da-ghi": "Đã ghi.",
    "hoan-tac": "Đã hoàn tác. Hồ sơ trở lại bước trước.",
    "da-chuyen": "Đã chuyển hồ sơ.",
    "ghi-am": "Đã nhận bản ghi. Máy đang chuyển cho nhẹ, chốc nữa tải lại trang này.",
    "bo-ghi-am": "Đã bỏ bản ghi. Không ai nghe được nữa. Bấm nhầm thì bấm “Dùng lại” ở cuối trang.",
    "dung-lai": "Đã dùng lại bản ghi.",
    "thu-lai": "Đã xếp hàng lại. Chốc nữa tải lại trang này.",
    "da-nhan-viec": "Đã nhận. Hồ sơ bạn giữ đứng đầu mục “Cần tôi làm”.",
    "tin-da-gui": "Đã ghi: tin đã gửi.",
    "tin-da-bo": "Đã bỏ tin, không gửi.",
    "soan-xin-loi": "Đã trình phiếu xin lỗi. Lãnh đạo ký thì người nộp được báo.",
    "ky-xin-loi": "Đã ký. Người nộp được báo ngày hẹn mới.",
    "bo-xin-loi": "Đã trả lại phiếu xin lỗi.",
    "dua-ket-qua": "Đã đưa kết quả lên.",
    "da-tra": "Đã trả kết quả. Hồ sơ khép lại.",
    "lap-danh-muc": "Đã lập danh mục. In hai bản, đếm và ký cùng bưu tá.",
    "ky-danh-muc": "Đã ghi: hai bên ký, bàn giao xong.",
    "huy-danh-muc": "Đã hủy danh mục. Các bưu gửi lại chờ giao.",
    "nho-buu-ta": "Đã nhờ. Bưu tá sẽ gọi bạn trước khi đến.",
    "thoi-buu-ta": "Đã thôi nhờ bưu tá. Bạn mang giấy đến xã nhé.",
    "het-giay": "Đã ghi. Không còn giấy nào chưa kiểm tra.",
    "yeu-cau-tien": "Đã yêu cầu nộp tiền. Đồng hồ dừng đến khi nộp.",
    "doi-so-tien": "Đã đổi. Yêu cầu trước bỏ, người nộp được báo.",
    "mien-phi": "Đã miễn phí, lệ phí.",
    "da-thu": "Đã ghi nhận tiền. In biên lai, đưa người nộp.",
    "xin-huy": "Đã ghi. Chờ người khác duyệt hủy.",
    "da-huy": "Đã hủy biên lai. Thu lại bản giấy đã giao.",
    "da-thay": "Đã lập biên lai thay. In, đưa người nộp.",
    "xin-hoan": "Đã ghi. Chờ người khác duyệt hoàn tiền.",
    "hoan-sao": "Đã ghi. Chờ người khác xác nhận.",
    "da-yeu-cau": "Đã yêu cầu bổ sung. Đồng hồ dừng đến khi đủ giấy.",
    "da-rut": "Đã rút hồ sơ. Xã không giải quyết nữa.",
    "da-xin-rut": "Đã gửi lời xin rút. Chờ xã trả lời.",
    "da-bo-sung": "Đã gửi bổ sung.",
    "da-danh-gia": "Cảm ơn bạn. Đã ghi đánh giá.",
    "cam-on": "Cảm ơn bạn.",
    "it-ma": "Tờ mã sắp hết. In mười mã mới bây giờ, kẻo lần sau không vào được.",
    "mat-khau": "Đã đổi mật khẩu. Mọi máy khác đã thoát ra.",
    "ung-dung": "Đã đổi ứng dụng. Lần sau nhập mã của ứng dụng mới.",
    "da-thoat-may": "Đã cho thoát.",
    "doi-vai-tro": "Đã đổi. Người này vào lại được sau khi có người khác duyệt.",
    "cho-nghi": "Đã cho nghỉ. Người này không đăng nhập được nữa.",
    "dat-lai-buoc-hai": "Đã đặt lại. Lần đăng nhập sau, người này chọn bước hai mới.",
    "duyet": "Đã duyệt. Tài khoản dùng được từ bây giờ.",
    "mo-lai": "Tìm người này và chọn việc cần làm. Mỗi lần tìm, trang của người đó mở trong 30 phút.",
    "mo-tai-khoan": "Đã mở tài khoản. Bấm “In phiếu vừa làm”, đưa phiếu cho người dân.",
    "da-co-tai-khoan": "Số này đã có tài khoản rồi, là tài khoản này. Không mở thêm.",
    "da-xac-nhan": "Đã xác nhận tài khoản tự đăng ký. Người dân đăng nhập được ngay.",
    "xem-giay-that": "Đã ghi: xã đã xem giấy thật. Tài khoản đạt mức IAL2.",
    "them-so": "Đã thêm số. Người dân đăng nhập bằng số nào cũng được.",
    "da-xin": "Đã gửi. Chờ một người khác xác nhận, trong 24 giờ.",
    "dong-y": "Đã đồng ý.",
    "khong-dong-y": "Đã ghi: không đồng ý.",
    "them-doanh-nghiep": "Đã thêm doanh nghiệp.",
    "da-moi": "Đã ghi lời mời. Nếu số này có tài khoản, người đó sẽ thấy lời mời ở Trang cá nhân.",
    "rut-loi-moi": "Đã rút mọi lời mời chưa được nhận.",
    "nhan-moi": "Bạn là người đại diện của doanh nghiệp này.",
    "khong-nhan": "Đã từ chối lời mời.",
    "toi-thoi": "Bạn không còn đại diện cho doanh nghiệp đó.",
    "da-thoi": "Người đó không còn đại diện cho doanh nghiệp này.",
    "xem-giay-dang-ky": "Đã ghi: xã đã xem giấy đăng ký.",
    "them-dai-dien": "Đã thêm người đại diện.",
    "thoi-giup": "Đã thôi. Chữ đã nhập để lại cho người dân.",
    "thu-hoi": "Đã thu hồi. Người giúp không xem, không ghi được nữa.",
}


def by_day(rows) -> list[tuple[date, list]]:
    """Rows of a timetable, in their order, by the day (Vietnamese time) on which each is planned."""
    return [(day, list(group)) for day, group in groupby(rows, lambda row: vietnamese.in_vietnam(row.planned_at).date())]


def broken(text: str) -> Markup:
    """A text with its line ends as a page shows them."""
    return Markup("<br>").join(text.splitlines())


def zip_same(texts) -> list[tuple[str, str]]:
    """Options of a choice whose value is what stands on the screen."""
    return [(text, text) for text in texts]


def steps_here(library, endpoint: str | None) -> list[tuple[Guide, int]]:
    return library.steps_at_screen.get(SAME_STEP.get(endpoint, endpoint), [])


def asset(name: str) -> str:
    """The address of a static file, with a mark of its content: it may be kept for ever."""
    return url_for("home.static_file", mark=_content_mark(name), filename=name)


_marks: dict[str, str] = {}


def _content_mark(name: str) -> str:
    if name not in _marks:
        _marks[name] = hashlib.sha256(script_text(name) or (STATIC / name).read_bytes()).hexdigest()[:6]
    return _marks[name]


OUR_SCRIPTS = ("gate.js", "upload.js", "sms.js", "desk.js")


@lru_cache(8)
def script_text(name: str) -> bytes:
    """A script of ours as it is sent: without its comments, and knowing the address of the next one; of others nothing."""
    if name not in OUR_SCRIPTS:
        return b""
    text = without_comments((STATIC / name).read_text(encoding="utf-8"))
    return (text.replace("UPLOAD_ADDRESS", asset("upload.js")) if "UPLOAD_ADDRESS" in text else text).encode()


def keys(text: str) -> Markup:
    """A guide's sentence, with each {label} drawn as the button it names."""
    # A full stop after a wide button would stand alone on a line of its own.
    parts = (text.removesuffix(".") if text.endswith("}.") else text).replace("}", "{").split("{")
    return Markup("").join(
        Markup('<b class="key">{}</b>').format(part) if i % 2 else escape(part) for i, part in enumerate(parts)
    )


def typed(text: str | None, most: int = eform.TYPED_MOST) -> str:
    """What a person typed, fit to stand in a field again: control characters are dropped, a megabyte is not sent back."""
    return "".join(sign for sign in (text or "")[:most] if sign >= " " or sign in "\n\r\t")

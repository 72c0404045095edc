"""What went wrong, in the person's words, with the way on."""

import errno
from logging import getLogger

from flask import Flask, Response, g, render_template
from peewee import DataError, OperationalError
from werkzeug.exceptions import HTTPException, SecurityError

from gateways.files import StorageFull
from rules.attempts import TooManyTries
from rules.businesses import NotRepresentative

log = getLogger(__name__)

# title, what to do
PAGES = {
    400: ("Yêu cầu chưa đúng", "Quay lại trang trước rồi thử lại. Vẫn không được thì mở trang chủ."),
    403: ("Trang khác gửi yêu cầu này", "Vì an toàn, yêu cầu từ trang khác không được nhận. Hãy mở trang này và bấm nút ở đây."),
    404: ("Không có trang này", "Có thể địa chỉ gõ thiếu chữ, hoặc trang đã đổi chỗ. Tìm việc cần làm ở trang chủ."),
    405: ("Không mở được theo cách này", "Quay lại trang trước rồi bấm nút trên trang."),
    408: ("Mạng chậm quá", "Dữ liệu chưa tới đủ. Điều đã lưu vẫn còn. Hãy gửi lại."),
    413: (
        "Dữ liệu gửi lên lớn quá",
        "Mỗi giấy tối đa 5 MB. Quay lại trang trước, chọn ảnh nhỏ hơn rồi gửi lại. Điều đã lưu vẫn còn.",
    ),
    429: ("Thử nhiều lần quá", "Chờ vài phút rồi thử lại."),
    500: ("Trang gặp lỗi", "Lỗi ở phía xã, không phải do bạn. Điều đã lưu vẫn còn. Chờ ít phút rồi thử lại."),
    503: ("Đang bận", "Chờ một phút rồi thử lại. Điều đã lưu vẫn còn."),
    507: ("Chưa lưu được", "Máy của xã đang hết chỗ chứa. Đừng đóng trang trước: chờ ít phút rồi gửi lại."),
}


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, show_http_error)
    app.register_error_handler(TooManyTries, lambda fault: page(429, str(fault)))
    app.register_error_handler(NotRepresentative, lambda fault: page(404))
    app.register_error_handler(StorageFull, lambda fault: page(507))
    app.register_error_handler(OperationalError, show_database_error)
    app.register_error_handler(OSError, show_system_error)
    # PostgreSQL keeps no NUL and no text longer than its column; no form of ours sends either where no rule reads it.
    app.register_error_handler(DataError, lambda fault: page(400))


def show_http_error(error: HTTPException):
    if error.code is None or error.code < 400:
        return error
    if isinstance(error, SecurityError):
        # A host name that is not ours: no address of this site can be made for it, so no page either.
        return Response(f"{PAGES[400][0]}\n", 400, mimetype="text/plain")
    return page(error.code)


def show_database_error(error: OperationalError):
    log.error("database: %s", error)
    return page(507 if _is_of_a_full_disk(error) else 503)


def _is_of_a_full_disk(error: BaseException | None) -> bool:
    # SQLite ends the transaction itself when the disk is full, and Peewee then stumbles over rolling it back.
    return error is not None and ("full" in str(error) or _is_of_a_full_disk(error.__context__))


def show_system_error(error: OSError):
    """The security log or a temporary file found no room; any other is a fault of ours."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        log.error("disk: %s", error)
        return page(507)
    raise error


def page(status: int, what_to_do: str = ""):
    title, usual = PAGES.get(status, PAGES[500] if status >= 500 else PAGES[400])
    if "library" not in g:
        g.library = None
    return render_template("errors/error.html", title=title, what_to_do=what_to_do or usual), status

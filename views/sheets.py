"""Printing what everybody may read: a sheet in its page, and the same sheet as a PDF, made once and kept a while."""

import hashlib
import threading
from collections import OrderedDict

from flask import Response, current_app, g, redirect, render_template, request, url_for

from database import utc_now
from gateways import pdf
from rules.print_sheets import SIZES, Press, Sheet
from rules.vietnamese import in_vietnam
from views.headers import STATIC, without_comments

# Anybody may ask, and making one takes a core for a second or two: so it is made once a day and kept in memory, one at a
# time, and who finds others waiting already is told to print from the browser. All there are come to some 4 MB.
MOST_KEPT = 160
MOST_WAITING = 3


class Made:
    """The PDFs of a while, by what they say."""

    def __init__(self):
        self.kept: OrderedDict[bytes, bytes] = OrderedDict()
        self.places = threading.BoundedSemaphore(MOST_WAITING)
        self.turn = threading.Lock()

    def of(self, page: str, style: str) -> bytes:
        """The PDF of the page. Raises PdfFailed, at once when enough others wait."""
        key = hashlib.sha256(page.encode()).digest()
        if key in self.kept:
            return self.kept[key]
        if not self.places.acquire(blocking=False):
            raise pdf.PdfBusy("enough others wait")
        try:
            with self.turn:
                if key not in self.kept:
                    self._keep(key, pdf.make_pdf(page, style))
                return self.kept[key]
        finally:
            self.places.release()

    def _keep(self, key: bytes, made: bytes) -> None:
        self.kept[key] = made
        if len(self.kept) > MOST_KEPT:
            self.kept.popitem(last=False)


made = Made()


def size_asked_for() -> str:
    asked = request.args.get("kho", "").lower()
    return asked if asked in SIZES else "a4"


def press() -> Press:
    """A printing of today, of no village."""
    return Press(g.library.site, current_app.config["SITE_URL"], in_vietnam(utc_now()).date())


def style() -> str:
    return without_comments((STATIC / "sheets.css").read_text(encoding="utf-8"))


def show_sheet(sheet: Sheet, back: str) -> str:
    """The sheet in its page; `back` is the address of what it prints."""
    return render_template("print/page.html", in_page=True, back=back, sizes=SIZES, has_pdf=pdf.is_there(), **sheet.values())


def send_sheet(sheet: Sheet, called: str) -> Response:
    """The sheet as a PDF; where none can be made, its page."""
    page_endpoint = request.endpoint.removesuffix("_as_pdf")
    if not pdf.is_there():
        return redirect(url_for(page_endpoint, **request.view_args, kho=sheet.size), 302)
    try:
        data = made.of(render_template("print/document.html", **sheet.values()), style())
    except pdf.PdfFailed as fault:
        current_app.logger.warning("pdf: %s", fault)
        said = "Chưa tạo được PDF. Quay lại trang trước rồi in bằng nút in của trình duyệt, hoặc chờ một phút rồi thử lại."
        return Response(said, 503, {"Retry-After": "60"}, mimetype="text/plain")
    answer = Response(data, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f"inline; filename={called}-{sheet.size}.pdf"
    return answer

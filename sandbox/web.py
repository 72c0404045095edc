"""The trial bank on the web: the payer's pages, the merchant's API, and the tester's panel."""

import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from . import merchant_api
from .courier import Courier
from .fields import PAY, QueryUnreadable, faults, origin, read_query
from .pages import Answer, packed, page, redirect, text
from .payments import (
    BANKS,
    CARDS,
    ENDS,
    NAME,
    OTP,
    UNDER_MAINTENANCE,
    WAYS,
    AlreadyTaken,
    Bank,
    WrongCard,
    WrongOtp,
)
from .signing import is_signature, signed_text

MOST_BYTES = 10_000
LATEST = 4  # payments on the panel
LONGEST_LATE = 86_400
PANEL = "/bang-dieu-khien"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}

ANSWERS = {
    "normal": "bình thường",
    "slow": "chậm 60 giây",
    "rubbish": "trả lời rác cho querydr, hoàn tiền",
    "down": "ngừng (503)",
}
RUBBISH = b'{"vnp_ResponseCode":"00",\xff\xfe<html>'


class Asked(NamedTuple):
    """A request, as far as anything here reads it."""

    method: str
    path: str
    query: str
    body: bytes
    headers: dict[str, str]

    @property
    def form(self) -> dict[str, str]:
        """What was typed; nothing, where there are more fields than any form here has."""
        try:
            return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20))
        except ValueError:
            return {}


class Web:
    """The WSGI application. Answers to the names in `hosts`, to all when None; a slow answer takes `slow_seconds`."""

    def __init__(
        self,
        bank: Bank,
        courier: Courier,
        hosts: set[str] | None = LOOPBACK,
        query_spacing: float = 30,
        slow_seconds: float = 60,
        clock: Callable[[], float] = time.time,
    ):
        self.bank, self.ledger, self.courier = bank, bank.ledger, courier
        self.hosts, self.query_spacing, self.slow_seconds, self.clock = hosts, query_spacing, slow_seconds, clock

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        asked = read_request(environ)
        answer = packed(self.answer(asked), asked.headers["Accept-Encoding"])
        start_response(answer.line, [*answer.headers, ("Content-Length", str(len(answer.body))), ("Server", "sandbox")])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body]

    def answer(self, asked: Asked) -> Answer:
        if self.hosts is not None and _host(asked) not in self.hosts:
            return text(400, "Không phục vụ tên máy này.")
        if len(asked.body) > MOST_BYTES:
            return text(413, "Gửi quá nhiều.")
        for form, methods in ROUTES:
            if found := re.fullmatch(form, asked.path, re.ASCII):
                view = methods.get(asked.method)
                return self._in_its_mood(asked, view, found.groups()) if view else text(405, "Không nhận cách gửi này.")
        return page("fault.html", 404, said="Không có trang này", names=[])

    def _in_its_mood(self, asked: Asked, view: Callable[..., Answer], parts: tuple[str, ...]) -> Answer:
        """The tester's wish holds for all but the panel. Slow and rubbish come after the work, as they do in life."""
        if asked.method == "POST" and _is_foreign(asked):
            return text(403, "Chỉ nhận từ trang của cổng thử.")
        mood = "normal" if asked.path.startswith(PANEL) or asked.path == "/" else self.ledger.wishes()["answers"]
        if mood == "down":
            return text(503, "Cổng thử đang ngừng.")
        answer = view(self, asked, *parts)
        if mood == "slow":
            time.sleep(self.slow_seconds)
        if mood == "rubbish" and asked.path == API:
            return Answer(200, [("Content-Type", "application/json")], RUBBISH)
        return answer

    # --- the payer ---

    def begin(self, asked: Asked) -> Answer:
        """The pay address a merchant sent its customer to: every field is looked at before anything is kept."""
        try:
            fields = read_query(asked.query)
        except QueryUnreadable:
            return _fault("Địa chỉ thanh toán không đọc được")
        if wrong := faults(PAY, fields):
            return _fault("Yêu cầu thanh toán sai định dạng", [f"vnp_{name}" for name in wrong])
        if fields["vnp_TmnCode"] != self.bank.key.tmn_code:
            return _fault("Cổng thử không biết mã website này", ["vnp_TmnCode"])
        if not is_signature(self.bank.key.secret, signed_text(fields), fields["vnp_SecureHash"]):
            return _fault("Sai chữ ký", ["vnp_SecureHash"])
        try:
            payment = self.bank.open_payment(fields)
        except AlreadyTaken:
            return _fault("Mã giao dịch này đã dùng trong ngày", ["vnp_TxnRef"])
        if payment["bank_code"] and not payment["response_code"]:
            return self.log_in(asked, payment["token"], payment["bank_code"])
        return self.choose_bank(asked, payment["token"])

    def choose_bank(self, asked: Asked, token: str) -> Answer:
        return self._step(token, "banks.html", banks=BANKS, under_maintenance=UNDER_MAINTENANCE)

    def log_in(self, asked: Asked, token: str, code: str, **more: object) -> Answer:
        if code not in BANKS:
            return _nothing_here()
        typed = {"so_the": "", "ten": "", "ngay": ""}
        facts = {"bank": code, "bank_name": BANKS[code], "card": CARDS[0], "card_name": NAME, "typed": typed, "wrong": False}
        return self._step(token, "maintenance.html" if code == UNDER_MAINTENANCE else "card.html", **facts | more)

    def show_card(self, asked: Asked, token: str, code: str) -> Answer:
        if code not in BANKS:
            return _nothing_here()
        self._current(token)
        if code == UNDER_MAINTENANCE:
            self.bank.end(token, "75", self.clock(), bank_code=code)
            return self._go_back(token)
        typed = {"so_the": "", "ten": "", "ngay": ""} | asked.form
        try:
            self.bank.show_card(token, code, typed["so_the"], typed["ten"], typed["ngay"], self.clock())
        except WrongCard:
            return self.log_in(asked, token, code, typed=typed, wrong=True, status=422)
        payment = self.ledger.payment(token)
        return redirect(f"/paymentv2/{token}/otp") if payment and not payment["response_code"] else self._go_back(token)

    def ask_otp(self, asked: Asked, token: str, **more: object) -> Answer:
        payment = self._current(token)
        if payment and not payment["card"] and not payment["response_code"]:
            return redirect(f"/paymentv2/{token}")
        return self._step(token, "otp.html", **{"otp": OTP, "left": 0} | more)

    def type_otp(self, asked: Asked, token: str) -> Answer:
        self._current(token)
        try:
            self.bank.type_otp(token, asked.form.get("otp", ""), self.clock())
        except WrongOtp as wrong:
            return self.ask_otp(asked, token, left=wrong.args[0], status=422)
        payment = self.ledger.payment(token)
        return redirect(f"/paymentv2/{token}") if payment and not payment["response_code"] else self._go_back(token)

    def cancel(self, asked: Asked, token: str) -> Answer:
        self._current(token)
        self.bank.end(token, "24", self.clock())
        return self._go_back(token)

    def _step(self, token: str, template: str, status: int = 200, **facts: object) -> Answer:
        """A page of a payment; of one that has ended, or whose time is over, how it ended."""
        payment = self._current(token)
        if payment is None:
            return _nothing_here()
        leads_to = origin(payment["return_url"])
        if payment["response_code"]:
            back = self.bank.return_address(payment)
            return page("ended.html", leads_to=leads_to, payment=payment, ends=ENDS, return_address=back)
        return page(template, status, leads_to, payment=payment, **facts)

    def _current(self, token: str) -> sqlite3.Row | None:
        payment = self.ledger.payment(token)
        if payment is not None and not payment["response_code"] and payment["expires_at"] <= self.clock():
            self.bank.end(token, "11", self.clock())
            self.courier.wake()
            payment = self.ledger.payment(token)
        return payment

    def _go_back(self, token: str) -> Answer:
        """To the merchant with the end of the payment, after or before the merchant is told of it."""
        payment = self.ledger.payment(token)
        if payment is None:
            return _nothing_here()
        if payment["way"] == "before":
            self.courier.carry_at_once(payment["id"])
        self.courier.wake()
        return redirect(f"/paymentv2/{token}" if payment["way"] == "silent" else self.bank.return_address(payment))

    # --- the merchant ---

    def transact(self, asked: Asked) -> Answer:
        said = merchant_api.answer(self.bank, asked.body, self.clock(), self.query_spacing)
        return Answer(200, [("Content-Type", "application/json"), ("Cache-Control", "no-store")], json.dumps(said).encode())

    # --- the tester ---

    def show_panel(self, asked: Asked, **more: object) -> Answer:
        payments = self.ledger.read(LATEST_PAYMENTS, LATEST)
        facts = {"ways": WAYS, "answers": ANSWERS, "wishes": self.ledger.wishes(), "payments": payments, "ends": ENDS}
        tried = {"cards": CARDS, "card_name": NAME, "otp": OTP, "ipn_url": self.courier.ipn_url}
        return page("panel.html", **facts | tried | {"is_set": asked.query == "da-dat", "wrong": False} | more)

    def set_panel(self, asked: Asked) -> Answer:
        wishes = {name: asked.form.get(name, "") for name in ("way", "late", "answers")}
        is_late = re.fullmatch(r"\d{1,5}", wishes["late"], re.ASCII) and int(wishes["late"]) <= LONGEST_LATE
        if wishes["way"] not in WAYS or wishes["answers"] not in ANSWERS or not is_late:
            return self.show_panel(asked, wrong=True, wishes=wishes, status=422)
        self.ledger.wish(**wishes)
        return redirect(f"{PANEL}?da-dat")

    def prod(self, asked: Asked, token: str) -> Answer:
        """One payment's button: what has ended is told as it was, what has not runs out of time."""
        payment = self.ledger.payment(token)
        if payment is None:
            return _nothing_here()
        if payment["response_code"]:
            self.bank.tell_truly(token, self.clock())
        else:
            self.bank.end(token, "11", self.clock())
        self.courier.wake()
        return redirect(f"{PANEL}?da-dat")

    def go_to_panel(self, asked: Asked) -> Answer:
        return redirect(PANEL)


LATEST_PAYMENTS = """
SELECT payment.*,
    (SELECT coalesce(sum(tries), 0) FROM notice WHERE notice.payment = payment.id) AS tries,
    (SELECT answer FROM notice WHERE notice.payment = payment.id ORDER BY id DESC LIMIT 1) AS heard
FROM payment ORDER BY id DESC LIMIT ?
"""
API = "/merchant_webapi/api/transaction"
_PAYMENT = r"/paymentv2/([A-Za-z0-9_-]{22})"
ROUTES = (
    (r"/paymentv2/vpcpay\.html", {"GET": Web.begin}),
    (_PAYMENT, {"GET": Web.choose_bank}),
    (_PAYMENT + "/otp", {"GET": Web.ask_otp, "POST": Web.type_otp}),
    (_PAYMENT + "/huy", {"POST": Web.cancel}),
    (_PAYMENT + "/([A-Z]{2,20})", {"GET": Web.log_in, "POST": Web.show_card}),
    (re.escape(API), {"POST": Web.transact}),
    (PANEL, {"GET": Web.show_panel, "POST": Web.set_panel}),
    (PANEL + r"/([A-Za-z0-9_-]{22})", {"POST": Web.prod}),
    ("/", {"GET": Web.go_to_panel}),
)


def read_request(environ: dict) -> Asked:
    """Of a body no more is read than decides that it is too long."""
    length = environ.get("CONTENT_LENGTH") or "0"
    count = min(int(length), MOST_BYTES + 1) if length.isdecimal() and len(length) < 10 else MOST_BYTES + 1
    names = "Host", "Origin", "Sec-Fetch-Site", "Accept-Encoding"
    return Asked(
        "GET" if environ["REQUEST_METHOD"] == "HEAD" else environ["REQUEST_METHOD"],
        environ.get("PATH_INFO") or "/",
        environ.get("QUERY_STRING", ""),
        environ["wsgi.input"].read(count) if count else b"",
        {name: environ.get("HTTP_" + name.upper().replace("-", "_"), "") for name in names},
    )


def _host(asked: Asked) -> str | None:
    try:
        return urlsplit(f"//{asked.headers['Host']}").hostname
    except ValueError:  # such as [::1 without its end
        return None


def _is_foreign(asked: Asked) -> bool:
    """Whether a browser says that the form stood on another site's page; programs and old browsers say nothing."""
    site, stood_on = asked.headers["Sec-Fetch-Site"], asked.headers["Origin"]
    if site:
        return site not in ("same-origin", "none")
    return bool(stood_on) and stood_on.partition("//")[2] != asked.headers["Host"]


def _fault(said: str, names: Iterable[str] = ()) -> Answer:
    return page("fault.html", 400, said=said, names=names)


def _nothing_here() -> Answer:
    return page("fault.html", 404, said="Không có giao dịch này", names=[])

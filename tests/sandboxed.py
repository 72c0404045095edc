"""The trial bank in the test's own process, a payer at its pages, and a merchant who only listens."""

import hashlib
import hmac
import http.server
import json
import socket
import threading
import time
from pathlib import Path
from urllib.parse import parse_qsl, quote_plus, urljoin, urlsplit

from lxml import html
from serving import wait_until
from werkzeug.test import Client

from sandbox.courier import Courier
from sandbox.keys import read_or_make_key
from sandbox.ledger import Ledger
from sandbox.payments import Bank
from sandbox.web import API, LOOPBACK, Web

LABEL = "NGÂN HÀNG THỬ – KHÔNG PHẢI TIỀN THẬT"
BEGAN = 1795397400  # 23 November 2026, 08:30 in Vietnam
RETURN = "http://127.0.0.1:8000/thanh-toan/vnpay/return"


# The merchant's own arithmetic, written from the reference and nothing else.


def hmac_sha512(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()


def sign_query(secret: str, fields: dict[str, str]) -> str:
    text = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in sorted(fields.items()) if value)
    return f"{text}&vnp_SecureHash={hmac_sha512(secret, text)}"


def sign_values(secret: str, fields: dict[str, str], order: str) -> str:
    return hmac_sha512(secret, "|".join(fields.get(f"vnp_{name}", "") for name in order.split("|")))


def read_signed(secret: str, query: str) -> dict[str, str]:
    """The fields of a query, whose signature is right."""
    fields = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True))
    given = fields.pop("vnp_SecureHash")
    assert sign_query(secret, fields).endswith(f"&vnp_SecureHash={given}"), "the signature is wrong"
    return fields


class Clock:
    """Seconds since 1970, as the test says; it stands still, or it runs."""

    def __init__(self, now: float = BEGAN, runs: bool = False):
        self.now, self.runs, self.began = now, runs, time.monotonic()

    def __call__(self) -> float:
        return self.now + (time.monotonic() - self.began if self.runs else 0)


class Shop:
    """A merchant's notice address, really listening: keeps what comes, answers with `answers`, for ever with the last."""

    def __init__(self, *answers: str):
        shop = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                shop.heard.append(urlsplit(self.path).query)
                code = shop.answers.pop(0) if len(shop.answers) > 1 else shop.answers[0]
                body = json.dumps({"RspCode": code, "Message": "Confirm Success"}).encode() if code.isdecimal() else code.encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.answers, self.heard = list(answers or ("00",)), []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/thanh-toan/vnpay/ipn"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def wait_for(self, count: int) -> list[str]:
        wait_until(lambda: len(self.heard) >= count, lambda: f"heard {len(self.heard)} notices of {count}", every=0.005)
        return self.heard

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Sandbox:
    """A trial bank and its merchant's side of the secret. `start()` lets notices leave; until then they wait."""

    def __init__(self, folder: Path, ipn_url: str = "http://127.0.0.1:9/", clock=None, spacing: float = 300, **options):
        self.key = read_or_make_key(folder)
        self.clock = clock or Clock()
        self.ledger = Ledger(folder / "sandbox.db")
        self.bank = Bank(self.ledger, self.key)
        self.courier = Courier(self.bank, ipn_url, spacing, patience=2, clock=self.clock)
        self.web = Web(self.bank, self.courier, LOOPBACK, clock=self.clock, **options)
        self.client = Client(self.web)
        self.count = 0

    def start(self) -> None:
        self.courier.start()

    def close(self) -> None:
        self.courier.stop()
        self.ledger.close()

    def wish(self, **wishes: str) -> None:
        self.ledger.wish(**wishes)

    # --- the merchant's side ---

    def pay_fields(self, **changes: str) -> dict[str, str]:
        """A payment of 16,000 đồng, with a new reference each time."""
        self.count += 1
        fields = {
            "Version": "2.1.0",
            "Command": "pay",
            "TmnCode": self.key.tmn_code,
            "Amount": "1600000",
            "CreateDate": "20261123083000",
            "CurrCode": "VND",
            "IpAddr": "203.0.113.10",
            "Locale": "vn",
            "OrderInfo": "Thanh toan phi ho so H21.129-261123-0012",
            "OrderType": "other",
            "ReturnUrl": RETURN,
            "ExpireDate": "20261123084500",
            "TxnRef": f"H211292611230012P{self.count}",
        } | changes
        return {f"vnp_{name}": value for name, value in fields.items()}

    def pay_address(self, **changes: str) -> str:
        return f"/paymentv2/vpcpay.html?{sign_query(self.key.secret, self.pay_fields(**changes))}"

    def ask(self, order: str, secret: str = "", **fields: str) -> dict[str, str]:
        """The JSON answer to a signed request."""
        self.count += 1
        sent = {
            "vnp_RequestId": f"REQ{self.count:04}",
            "vnp_Version": "2.1.0",
            "vnp_TmnCode": self.key.tmn_code,
            "vnp_TransactionDate": "20261123083000",
            "vnp_CreateDate": "20261123090000",
            "vnp_IpAddr": "203.0.113.10",
        } | {f"vnp_{name}": value for name, value in fields.items()}
        sent["vnp_SecureHash"] = sign_values(secret or self.key.secret, sent, order)
        return self.client.post(API, json=sent, headers={"Host": "127.0.0.1"}).json

    def query(self, txn_ref: str, **changes: str) -> dict[str, str]:
        order = "RequestId|Version|Command|TmnCode|TxnRef|TransactionDate|CreateDate|IpAddr|OrderInfo"
        return self.ask(order, **{"Command": "querydr", "TxnRef": txn_ref, "OrderInfo": f"Truy van GD {txn_ref}"} | changes)

    def refund(self, txn_ref: str, amount: int, kind: str = "02", **changes: str) -> dict[str, str]:
        order = (
            "RequestId|Version|Command|TmnCode|TransactionType|TxnRef|Amount|TransactionNo|"
            "TransactionDate|CreateBy|CreateDate|IpAddr|OrderInfo"
        )
        fields = {"Command": "refund", "TxnRef": txn_ref, "Amount": str(amount), "TransactionType": kind, "TransactionNo": "0"}
        return self.ask(order, **fields | {"CreateBy": "canbo01", "OrderInfo": f"Hoan tien GD {txn_ref}"} | changes)

    # --- the payer's side ---

    def payer(self, **changes: str) -> "Payer":
        return Payer(self, self.pay_address(**changes))

    def notices(self) -> list[str]:
        return [row["query"] for row in self.ledger.read("SELECT query FROM notice ORDER BY id")]


class Payer:
    """Somebody at the bank's pages, in a browser without script."""

    def __init__(self, sandbox: Sandbox, address: str):
        self.sandbox = sandbox
        self.txn_ref = dict(parse_qsl(urlsplit(address).query))["vnp_TxnRef"]
        self.open(address)

    def open(self, address: str, **request) -> "Payer":
        """Follows the bank's redirects to its own pages, not to the merchant."""
        self.at = urljoin(getattr(self, "at", "/"), address)
        self.answer = self.sandbox.client.open(self.at, headers={"Host": "127.0.0.1"}, **request)
        if (self.answer.location or "").startswith("/"):
            return self.open(self.answer.location)
        if self.answer.mimetype == "text/html":
            self.tree = html.fromstring(self.answer.text)
        return self

    @property
    def words(self) -> str:
        return " ".join(self.tree.text_content().split())

    @property
    def heading(self) -> str:
        return " ".join(self.tree.findtext(".//h1").split())

    def follow(self, link: str) -> "Payer":
        return self.open(next(a.get("href") for a in self.tree.iter("a") if link in a.text_content()))

    def press(self, button: str, **typed: str) -> "Payer":
        form = next(form for form in self.tree.iter("form") if button in form.text_content())
        fields = {name: value for name, value in form.form_values() if name} | typed
        return self.open(form.get("action") or self.answer.request.path, method="POST", data=fields)

    def log_in(self, number: str = "9704198526191432198", name: str = "NGUYEN VAN A", issued: str = "07/15") -> "Payer":
        return self.press("Tiếp tục", so_the=number, ten=name, ngay=issued)

    def pay(self, number: str = "9704198526191432198") -> "Payer":
        """All of it, from the list of banks."""
        return self.follow("NCB").log_in(number).press("Thanh toán", otp="123456")

    @property
    def told(self) -> dict[str, str]:
        """What the return address tells, whose signature is right."""
        place, query = self.answer.location.split("?", 1)
        assert (self.answer.status_code, place) == (303, RETURN)
        return read_signed(self.sandbox.key.secret, query)


def taken_port() -> socket.socket:
    """Somebody else's listening socket."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return listening


def is_alive(number: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent's notice does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except OSError:
        return False

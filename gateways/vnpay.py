"""The payment gateway: VNPAY 2.1.0. Pay addresses, notices, and what is asked of it by JSON, all of them signed."""

import contextlib
import hashlib
import hmac
import http.client
import json
import secrets
import socket
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address
from urllib.parse import parse_qsl, quote_plus, unquote, urlsplit

VERSION = "2.1.0"
PAY_PATH = "/paymentv2/vpcpay.html"
API_PATH = "/merchant_webapi/api/transaction"
SCHEMES = {"vnpay": "https", "vnpay+http": "http"}
GATEWAY_TIME = timezone(timedelta(hours=7))  # all its moments are Vietnam's
TIMEOUT_SECONDS = 10  # for one word to come
LONGEST_SECONDS = 15  # for all of an answer: a line may drip for ever
MOST_BYTES = 64 * 1024
MOST_FIELDS = 40
NOT_SIGNED = ("vnp_SecureHash", "vnp_SecureHashType")
SITE_ADDRESS = "127.0.0.1"  # of whoever asks by JSON, and of a payer whose own is not known
SHORTEST_ADDRESS = 7  # letters in vnp_IpAddr

# What is signed of a request by JSON and of its answer, in this order (reference, 5.3).
# fmt: off
QUERY = ("RequestId", "Version", "Command", "TmnCode", "TxnRef", "TransactionDate", "CreateDate", "IpAddr", "OrderInfo")
REFUND = ("RequestId", "Version", "Command", "TmnCode", "TransactionType", "TxnRef", "Amount", "TransactionNo",
          "TransactionDate", "CreateBy", "CreateDate", "IpAddr", "OrderInfo")
REFUND_ANSWER = ("ResponseId", "Command", "ResponseCode", "Message", "TmnCode", "TxnRef", "Amount", "BankCode", "PayDate",
                 "TransactionNo", "TransactionType", "TransactionStatus", "OrderInfo")
# fmt: on
QUERY_ANSWER = (*REFUND_ANSWER, "PromotionCode", "PromotionAmount")


@dataclass(frozen=True)
class Order:
    """One payment as the gateway knows it; two orders that say the same have the same address."""

    txn_ref: str
    amount_dong: int
    info: str  # letters without marks, digits, spaces
    bank: str  # its code there; "": chosen there
    made_at: datetime
    expires_at: datetime
    payer_address: str = ""  # as `written_address` gives it; of the moment the order began, or two tabs were two orders


@dataclass(frozen=True)
class Reply:
    """What came back, raw. `was_sent` is False when the request surely never arrived; without `raw` nobody knows."""

    raw: str = ""
    was_sent: bool = True


class Vnpay:
    """One merchant (terminal) at the gateway behind `url`: vnpay://TMNCODE:SECRET@HOST, or vnpay+http:// for trials.

    Raises ValueError for any other address.
    """

    def __init__(self, url: str, address: str = SITE_ADDRESS):
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or not (parts.username and parts.password and parts.hostname):
            raise ValueError("Payments go to vnpay://TMNCODE:SECRET@HOST")
        self.tmn_code, self._secret = unquote(parts.username), unquote(parts.password).encode()
        self._host, self._port, self._scheme = parts.hostname, parts.port, SCHEMES[parts.scheme]
        self._address = address
        self.origin = f"{self._scheme}://{parts.netloc.rpartition('@')[2]}"

    # --- the payer goes there and comes back ---

    def pay_address(self, order: Order, return_url: str) -> str:
        """Where the payer's browser is sent."""
        fields = {
            "vnp_Version": VERSION,
            "vnp_Command": "pay",
            "vnp_TmnCode": self.tmn_code,
            "vnp_Amount": hundredths(order.amount_dong),
            "vnp_BankCode": order.bank,
            "vnp_CreateDate": written(order.made_at),
            "vnp_CurrCode": "VND",
            "vnp_IpAddr": order.payer_address or self._address,
            "vnp_Locale": "vn",
            "vnp_OrderInfo": order.info,
            "vnp_OrderType": "other",
            "vnp_ReturnUrl": return_url,
            "vnp_ExpireDate": written(order.expires_at),
            "vnp_TxnRef": order.txn_ref,
        }
        text = signed_text(fields)
        return f"{self.origin}{PAY_PATH}?{text}&vnp_SecureHash={self.sign(text)}"

    def read_notice(self, query: str) -> dict[str, str] | None:
        """The fields of a notice or of the return address; None when a field is doubled or the signature is not the gateway's."""
        try:
            pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS)
        except ValueError:
            return None
        fields = dict(pairs)
        if len(fields) != len(pairs):  # two readers might each believe another one
            return None
        own = {name: value for name, value in fields.items() if name.startswith("vnp_")}
        return own if self._is_signed(signed_text(own), own) else None

    # --- asked by the site itself ---

    def query(self, order: Order, now: datetime, request_id: str = "") -> Reply:
        """How a payment ended (querydr). The gateway wants 30 seconds between two questions about the same one."""
        fields = self._request("querydr", order, now, request_id) | {"vnp_OrderInfo": f"Truy van GD {order.txn_ref}"}
        return self._ask(fields, QUERY)

    def refund(
        self, order: Order, amount_dong: int, is_full: bool, gateway_no: str, by: str, now: datetime, request_id: str
    ) -> Reply:
        """Send money back: all of an order or a part. The same `request_id` again on the same day is refused (94)."""
        fields = self._request("refund", order, now, request_id) | {
            "vnp_TransactionType": "02" if is_full else "03",
            "vnp_Amount": hundredths(amount_dong),
            "vnp_TransactionNo": gateway_no or "0",
            "vnp_CreateBy": by,
            "vnp_OrderInfo": f"Hoan tien GD {order.txn_ref}",
        }
        return self._ask(fields, REFUND)

    def _request(self, command: str, order: Order, now: datetime, request_id: str) -> dict[str, str]:
        return {
            "vnp_RequestId": request_id or secrets.token_hex(16),
            "vnp_Version": VERSION,
            "vnp_Command": command,
            "vnp_TmnCode": self.tmn_code,
            "vnp_TxnRef": order.txn_ref,
            "vnp_TransactionDate": written(order.made_at),
            "vnp_CreateDate": written(now),
            "vnp_IpAddr": self._address,
        }

    def read_query_answer(self, raw: str) -> dict[str, str] | None:
        """The fields of an answer to `query`; None when it is none, or not signed by the gateway."""
        return self._read_answer(raw, QUERY_ANSWER)

    def read_refund_answer(self, raw: str) -> dict[str, str] | None:
        return self._read_answer(raw, REFUND_ANSWER)

    def _read_answer(self, raw: str, order: Iterable[str]) -> dict[str, str] | None:
        try:
            said = json.loads(raw, object_pairs_hook=_once)
        except (ValueError, RecursionError):
            return None
        if not isinstance(said, dict):
            return None
        fields = {name: str(value) for name, value in said.items() if type(value) in (str, int)}
        return fields if self._is_signed(joined(order, fields), fields) else None

    # --- signatures ---

    def sign(self, text: str) -> str:
        """HMAC-SHA512 in hex."""
        return hmac.new(self._secret, text.encode("utf-8", "surrogatepass"), hashlib.sha512).hexdigest()

    def _is_signed(self, text: str, fields: Mapping[str, str]) -> bool:
        given = fields.get("vnp_SecureHash", "").lower().encode("utf-8", "surrogatepass")
        return hmac.compare_digest(self.sign(text).encode(), given)

    # --- the line ---

    def _ask(self, fields: dict[str, str], order: Iterable[str]) -> Reply:
        """POST as JSON; never longer than LONGEST_SECONDS, whatever the other side does."""
        body = json.dumps(fields | {"vnp_SecureHash": self.sign(joined(order, fields))}).encode()
        kind = http.client.HTTPSConnection if self._scheme == "https" else http.client.HTTPConnection
        line = kind(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            line.connect()
        except OSError:
            line.close()
            return Reply(was_sent=False)
        end = threading.Timer(LONGEST_SECONDS, _cut, [line.sock])
        end.daemon = True
        end.start()
        try:
            line.request("POST", API_PATH, body, {"Content-Type": "application/json", "Connection": "close"})
            answer = line.getresponse()
            raw = answer.read(MOST_BYTES)
        except (OSError, http.client.HTTPException, ValueError):
            return Reply()
        finally:
            end.cancel()
            line.close()
        # A NUL, which no JSON holds, is what PostgreSQL does not keep.
        return Reply(raw.decode("utf-8", "replace").replace("\0", "�")) if answer.status == 200 else Reply()


def _cut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a field comes twice")
    return dict(pairs)


def signed_text(fields: Mapping[str, str]) -> str:
    """What is signed of a query: all fields that say something, in the order of their names."""
    said = sorted((name, value) for name, value in fields.items() if value and name not in NOT_SIGNED)
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in said)


def joined(order: Iterable[str], fields: Mapping[str, str]) -> str:
    """What is signed of a request by JSON or its answer; a missing value is empty."""
    return "|".join(fields.get(f"vnp_{name}", "") for name in order)


def hundredths(amount_dong: int) -> str:
    return str(amount_dong * 100)


def written_address(address: str) -> str:
    """A client's network address as vnp_IpAddr takes it; "" of what is none."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    return str(known) if len(str(known)) >= SHORTEST_ADDRESS else known.exploded


def written(moment: datetime) -> str:
    """yyyyMMddHHmmss on Vietnam's clock."""
    return moment.astimezone(GATEWAY_TIME).strftime("%Y%m%d%H%M%S")


def read_moment(text: str) -> datetime | None:
    """The moment in a field of the gateway; None when there is none."""
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=GATEWAY_TIME).astimezone(UTC) if len(text) == 14 else None
    except ValueError:
        return None

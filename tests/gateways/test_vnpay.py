"""The gateway's protocol, against hashes computed elsewhere, and a gateway that is down, slow, or talks rubbish."""

import http.server
import json
import socket
import threading
from datetime import UTC, datetime

import pytest

from gateways import vnpay
from gateways.vnpay import QUERY_ANSWER, REFUND_ANSWER, Order, Vnpay, joined

SECRET = "IABANGDEMOSECRETKEY0000000000001"
TXN_REF = "H211292611230012P1"
PAID_FOR = "Thanh toan phi ho so H21.129-261123-0012"
RETURN = "https://dvc.iabang.example/thanh-toan/vnpay/return"
# Eight thirty in Vietnam, and a quarter of an hour later.
ORDER = Order(
    TXN_REF, 16000, PAID_FOR, "NCB", datetime(2026, 11, 23, 1, 30, tzinfo=UTC), datetime(2026, 11, 23, 1, 45, tzinfo=UTC)
)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

# Each as the reference has it, with the hash that was computed there (identity-payment-post.md, 5.1 to 5.3).
PAY = (
    "vnp_Amount=1600000&vnp_BankCode=NCB&vnp_Command=pay&vnp_CreateDate=20261123083000&vnp_CurrCode=VND"
    "&vnp_ExpireDate=20261123084500&vnp_IpAddr=203.0.113.10&vnp_Locale=vn"
    "&vnp_OrderInfo=Thanh+toan+phi+ho+so+H21.129-261123-0012&vnp_OrderType=other"
    "&vnp_ReturnUrl=https%3A%2F%2Fdvc.iabang.example%2Fthanh-toan%2Fvnpay%2Freturn&vnp_TmnCode=IABANG01"
    "&vnp_TxnRef=H211292611230012P1&vnp_Version=2.1.0"
)
PAY_HASH = (
    "f3bdbb5dc3c9cdc454e39391e7185156f2298d3ec4a6d6cdf2fc48956f1e50d1"
    "7438c2e9cc96a955df00ade0a4eb3a3daf78eb5595df29d2cb65e9c61e529b8e"
)
NOTICE = (
    "vnp_Amount=1600000&vnp_BankCode=NCB&vnp_BankTranNo=VNP14831393&vnp_CardType=ATM"
    "&vnp_OrderInfo=Thanh+toan+phi+ho+so+H21.129-261123-0012&vnp_PayDate=20261123083312&vnp_ResponseCode=00"
    "&vnp_TmnCode=IABANG01&vnp_TransactionNo=14831393&vnp_TransactionStatus=00&vnp_TxnRef=H211292611230012P1"
)
NOTICE_HASH = (
    "fc00c0fe6d255fa54d3364af9e058badf2c948dc2e5e50b304f8d523804e7603"
    "4c46e632b9330b6d7f46dda7bb69a5290f27d3269f54948d35458b004b146d89"
)
QUERY_HASH = (
    "e8bd9b1183a6e2e1825432a2ac42f62f9e56ec512b144a9825f53327c23a4f55"
    "48c826f9ae44aa321a6ecb49c2c736f4d3e9ec2d6a8d8cd8fd23e7440d9cfb8e"
)
REFUND_HASH = (
    "41e439c06a9da4946642b6b34233e81815ff18f66a00f873825af36afa9912ad"
    "9d584959e2d927c06047d827af2fa59b37c98bc10ad1e4aeb75b50180d7ffbdf"
)
SIGNED_NOTICE = f"{NOTICE}&vnp_SecureHash={NOTICE_HASH}"


def client_at(host: str = "pay.example", scheme: str = "vnpay") -> Vnpay:
    return Vnpay(f"{scheme}://IABANG01:{SECRET}@{host}", "203.0.113.10")


class Gateway:
    """Whoever answers at the gateway's address, with these bytes; keeps what was asked."""

    def __init__(self, body: bytes | None = b"{}", status: int = 200):
        heard = self.heard = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                heard.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                if body is None:  # hangs up without a word
                    return
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.client = client_at(f"127.0.0.1:{self.server.server_port}", "vnpay+http")
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def gateway():
    opened = []

    def open_one(*what, **more) -> Gateway:
        opened.append(Gateway(*what, **more))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


# --- the payer's address ---------------------------------------------------------------------------------------------


def test_the_address_of_a_payment_is_the_one_in_the_reference():
    address = client_at().pay_address(ORDER, RETURN)

    assert address == f"https://pay.example/paymentv2/vpcpay.html?{PAY}&vnp_SecureHash={PAY_HASH}"


def test_where_no_bank_was_chosen_nothing_is_said_or_signed_of_it():
    address = client_at().pay_address(Order(*{**vars(ORDER), "bank": ""}.values()), RETURN)

    assert "BankCode" not in address
    text, _, given = address.partition("?")[2].rpartition("&vnp_SecureHash=")
    assert client_at().sign(text) == given


@pytest.mark.parametrize(
    "url", ["", "https://pay.example", "vnpay://pay.example", "vnpay://IABANG01@pay.example", "vnpay://IABANG01:secret@"]
)
def test_an_address_of_the_gateway_without_all_its_parts_is_refused(url):
    with pytest.raises(ValueError, match="TMNCODE:SECRET"):
        Vnpay(url)


# --- notices ---------------------------------------------------------------------------------------------------------


def test_the_notice_of_the_reference_is_believed():
    fields = client_at().read_notice(SIGNED_NOTICE)

    assert (fields["vnp_TxnRef"], fields["vnp_Amount"], fields["vnp_OrderInfo"]) == (TXN_REF, "1600000", PAID_FOR)


@pytest.mark.parametrize(
    "query",
    [
        "&".join(reversed(SIGNED_NOTICE.split("&"))),
        SIGNED_NOTICE.replace("+", "%20"),
        SIGNED_NOTICE.replace("vnp_", "vnp%5F"),
        f"{NOTICE}&vnp_SecureHash={NOTICE_HASH.upper()}",
        f"{SIGNED_NOTICE}&vnp_SecureHashType=HmacSHA512",
        f"{SIGNED_NOTICE}&vnp_Note=",
        f"{SIGNED_NOTICE}&from=elsewhere",
    ],
    ids=["another order", "spaces otherwise", "names otherwise", "capitals", "the old field", "an empty field", "not theirs"],
)
def test_the_same_said_otherwise_is_the_same(query):
    assert client_at().read_notice(query)["vnp_TransactionNo"] == "14831393"


@pytest.mark.parametrize(
    "query",
    [
        NOTICE,
        f"{NOTICE}&vnp_SecureHash=",
        f"{NOTICE}&vnp_SecureHash={NOTICE_HASH[:-1]}",
        f"{NOTICE}&vnp_SecureHash=%C3%A9",
        f"{NOTICE}&vnp_SecureHash=%ff",
        SIGNED_NOTICE.replace("1600000", "1600001"),
        SIGNED_NOTICE.replace("vnp_Amount=", "vnp_Amount=1600000&vnp_Amount="),
        f"{SIGNED_NOTICE}&vnp%5FAmount=1",
        f"{SIGNED_NOTICE}&vnp_Amount=",
        f"{SIGNED_NOTICE}&vnp_More=1",
        f"{SIGNED_NOTICE}&rubbish",
        "&".join(f"x{number}=" for number in range(100)) + "&" + SIGNED_NOTICE,
        "",
        "\udcff=1",
    ],
    ids=[
        "no hash",
        "empty hash",
        "short hash",
        "hash of another alphabet",
        "hash of no alphabet",
        "other amount",
        "doubled in front",
        "doubled behind",
        "doubled empty",
        "one more field",
        "no field",
        "too many",
        "nothing",
        "not text",
    ],
)
def test_a_notice_that_the_gateway_did_not_sign_or_that_says_a_thing_twice_is_not_believed(query):
    assert client_at().read_notice(query) is None


def test_another_merchants_secret_opens_nothing():
    assert Vnpay("vnpay://IABANG01:ANOTHER@pay.example").read_notice(SIGNED_NOTICE) is None


# --- asking and refunding --------------------------------------------------------------------------------------------


def test_a_question_about_a_payment_is_the_one_in_the_reference(gateway):
    one = gateway()

    one.client.query(ORDER, NOW, "REQ0001")

    assert one.heard == [
        (
            "/merchant_webapi/api/transaction",
            {
                "vnp_RequestId": "REQ0001",
                "vnp_Version": "2.1.0",
                "vnp_Command": "querydr",
                "vnp_TmnCode": "IABANG01",
                "vnp_TxnRef": TXN_REF,
                "vnp_TransactionDate": "20261123083000",
                "vnp_CreateDate": "20261123090000",
                "vnp_IpAddr": "203.0.113.10",
                "vnp_OrderInfo": f"Truy van GD {TXN_REF}",
                "vnp_SecureHash": QUERY_HASH,
            },
        )
    ]


def test_a_refund_is_the_one_in_the_reference(gateway):
    one = gateway()

    one.client.refund(ORDER, 16000, True, "14831393", "canbo01", NOW.replace(minute=15), "REQ0002")

    ((_, sent),) = one.heard
    assert sent["vnp_SecureHash"] == REFUND_HASH
    assert (sent["vnp_TransactionType"], sent["vnp_Amount"], sent["vnp_CreateBy"]) == ("02", "1600000", "canbo01")


def test_a_part_goes_back_as_a_part_and_without_a_number_where_there_is_none(gateway):
    one = gateway()

    one.client.refund(ORDER, 1000, False, "", "canbo01", NOW, "REQ0003")

    ((_, sent),) = one.heard
    assert (sent["vnp_TransactionType"], sent["vnp_Amount"], sent["vnp_TransactionNo"]) == ("03", "100000", "0")


def test_two_questions_never_have_the_same_number(gateway):
    one = gateway()

    one.client.query(ORDER, NOW)
    one.client.query(ORDER, NOW)

    first, second = (sent["vnp_RequestId"] for _, sent in one.heard)
    assert first != second and len(first) == 32


def signed_answer(order, **fields: str) -> str:
    said = {f"vnp_{name}": value for name, value in fields.items()}
    return json.dumps(said | {"vnp_SecureHash": client_at().sign(joined(order, said))})


ANSWER = {"ResponseId": "a1", "Command": "querydr", "ResponseCode": "00", "TxnRef": TXN_REF, "Amount": "1600000"}


def test_an_answer_is_believed_by_its_own_list_of_fields():
    asked = signed_answer(QUERY_ANSWER, **ANSWER, Message="Yêu cầu thành công", TransactionStatus="00")
    sent_back = signed_answer(REFUND_ANSWER, **ANSWER)

    assert client_at().read_query_answer(asked)["vnp_TransactionStatus"] == "00"
    assert client_at().read_query_answer(sent_back) is None, "the two promotion fields are signed as well"
    assert client_at().read_refund_answer(sent_back)["vnp_Amount"] == "1600000"


@pytest.mark.parametrize(
    "raw",
    ["", "<html>", "[]", "null", "7", '{"vnp_ResponseCode":"00"}', "[" * 100_000, '{"vnp_SecureHash":["00"]}',
     signed_answer(QUERY_ANSWER, **ANSWER).replace("1600000", "1600001"),
     signed_answer(QUERY_ANSWER, **ANSWER).replace('"vnp_Amount"', '"vnp_Amount": "1", "vnp_Amount"')],
    ids=["nothing", "a page", "a list", "null", "a number", "no hash", "deep", "a list for a hash", "other amount", "doubled"],
)  # fmt: skip
def test_rubbish_for_an_answer_is_no_answer(raw):
    assert client_at().read_query_answer(raw) is None


# --- the gateway down, slow, or talking rubbish ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"), [(None, 200), (b"busy", 503), (b"", 302)], ids=["hangs up", "out of order", "sends elsewhere"]
)
def test_without_a_whole_answer_nobody_knows(gateway, body, status):
    one = gateway(body, status)

    reply = one.client.query(ORDER, NOW)

    assert (reply.raw, reply.was_sent) == ("", True)
    assert len(one.heard) == 1, "nothing is asked again by itself"


def test_what_no_database_keeps_is_not_in_an_answer(gateway):
    assert gateway(b"a\0b\xff").client.query(ORDER, NOW).raw == "a\ufffdb\ufffd"


def test_an_answer_without_end_is_cut(gateway):
    assert len(gateway(b"x" * 1_000_000).client.query(ORDER, NOW).raw) == vnpay.MOST_BYTES


def test_where_nobody_listens_it_is_known_that_nothing_was_sent():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and never listens
        client = client_at(f"127.0.0.1:{taken.getsockname()[1]}", "vnpay+http")

        assert not client.refund(ORDER, 16000, True, "1", "canbo01", NOW, "R1").was_sent


def dripping(line: socket.socket, ends: threading.Event) -> None:
    """A header that never ends, each time just before it would be too late."""
    peer, _ = line.accept()
    with peer:
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        while not ends.wait(0.02):
            try:
                peer.sendall(b"X: y\r\n")
            except OSError:
                return


@pytest.mark.parametrize("drips", [False, True], ids=["silent", "dripping"])
def test_a_gateway_that_takes_for_ever_is_not_waited_for(monkeypatch, drips):
    monkeypatch.setattr(vnpay, "TIMEOUT_SECONDS", 5 if drips else 0.1)
    monkeypatch.setattr(vnpay, "LONGEST_SECONDS", 0.2)
    ends = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as line:
        if drips:
            threading.Thread(target=dripping, args=(line, ends), daemon=True).start()
        client = client_at(f"127.0.0.1:{line.getsockname()[1]}", "vnpay+http")

        reply = client.query(ORDER, NOW)
        ends.set()

    assert (reply.raw, reply.was_sent) == ("", True)


# --- moments ---------------------------------------------------------------------------------------------------------


def test_moments_are_on_vietnams_clock():
    assert vnpay.written(datetime(2026, 12, 31, 17, 0, tzinfo=UTC)) == "20270101000000"
    assert vnpay.read_moment("20270101000000") == datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
    assert {vnpay.read_moment(text) for text in ("", "2026", "20261332000000", "x" * 14)} == {None}

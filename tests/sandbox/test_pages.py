"""The trial bank's pages: labelled, small, escaped, for this machine alone; and the tester's panel."""

import base64
import hashlib
import re

import pytest
from sandboxed import LABEL, Payer

from sandbox.pages import TEMPLATES

MOST_BYTES = 2500


@pytest.fixture
def pages(sandbox):
    """Every kind of page there is, by name."""
    banks = sandbox.payer()
    found = {
        "banks": banks.answer,
        "card": banks.follow("NCB").answer,
        "wrong card": banks.log_in("123").answer,
        "otp": banks.log_in().answer,
        "wrong otp": banks.press("Thanh toán", otp="1").answer,
        "ended": banks.press("Hủy giao dịch").open(f"/paymentv2/{token_of(banks)}").answer,
        "maintenance": sandbox.payer().follow("Eximbank").answer,
        "fault": sandbox.client.get("/paymentv2/vpcpay.html?vnp_Version=2", headers={"Host": "127.0.0.1"}),
        "nothing": sandbox.client.get("/paymentv2/" + "x" * 22, headers={"Host": "127.0.0.1"}),
    }
    for _ in range(3):
        sandbox.payer(TxnRef="H" * 30 + str(sandbox.count)).pay()
    return found | {"panel": sandbox.client.get("/bang-dieu-khien", headers={"Host": "127.0.0.1"})}


def token_of(payer: Payer) -> str:
    return payer.sandbox.ledger.read("SELECT token FROM payment WHERE txn_ref = ?", payer.txn_ref)[0]["token"]


def on_the_wire(answer) -> int:
    return len(answer.data) + sum(len(f"{name}: {value}\r\n") for name, value in answer.headers) + len("HTTP/1.0 200 OK\r\n\r\n")


def test_every_page_says_what_it_is_and_is_small(sandbox, pages):
    for name, answer in pages.items():
        assert re.search(f"<header>{LABEL}</header>", answer.text), name
        assert on_the_wire(answer) < MOST_BYTES or name == "panel", (name, on_the_wire(answer))
    answer = sandbox.client.get("/bang-dieu-khien", headers={"Host": "127.0.0.1", "Accept-Encoding": "gzip, deflate"})
    assert answer.headers["Content-Encoding"] == "gzip" and on_the_wire(answer) < MOST_BYTES


def test_every_page_has_one_heading_a_title_named_fields_and_no_script(pages):
    for name, answer in pages.items():
        assert len(re.findall("<h1>", answer.text)) == 1 and "<title>" in answer.text and '<html lang="vi">' in answer.text, name
        assert not re.search(r"<script|\son\w+=|javascript:|\sstyle=", answer.text), name
        fields = re.findall(r"<(?:input|select) ", answer.text)
        assert len(fields) == len(re.findall(r"<label>[^<]+<(?:input|select) ", answer.text)), name


def test_every_page_trusts_nothing_but_its_style_and_its_merchant(pages):
    style = base64.b64encode(hashlib.sha256((TEMPLATES / "style.css").read_bytes().rstrip()).digest()).decode()
    for name, answer in pages.items():
        policy = answer.headers["Content-Security-Policy"]
        assert f"style-src 'sha256-{style}'" in policy and "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert ("form-action 'self' http://127.0.0.1:8000;" in policy) == (name not in ("fault", "nothing", "panel")), name
        assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


def test_what_is_typed_is_escaped(sandbox):
    payer = sandbox.payer().follow("NCB").log_in('"><script>alert(1)</script>', "<b>", "'")

    assert "<script>" not in payer.answer.text and "<b>&" not in payer.answer.text.split("</b>")[-1]
    assert dict(payer.tree.xpath("//form")[0].form_values())["so_the"] == '"><script>alert(1)</script>'


def test_the_text_of_an_order_cannot_be_markup(sandbox):
    payer = sandbox.payer()
    with sandbox.ledger.change() as db:
        db.execute("UPDATE payment SET order_info = '<i>x</i>'")

    assert "<i>" not in payer.open(f"/paymentv2/{token_of(payer)}").answer.text


def test_it_answers_to_this_machines_name_alone(sandbox):
    assert sandbox.client.get("/bang-dieu-khien", headers={"Host": "bank.example:8001"}).status_code == 400
    assert sandbox.client.get("/bang-dieu-khien", headers={"Host": "localhost:8001"}).status_code == 200
    assert sandbox.client.get("/bang-dieu-khien", headers={"Host": "[::1"}).status_code == 400


@pytest.mark.parametrize(
    "name, value",
    [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Origin", "http://127.0.0.1:8000"),
        ("Origin", "null"),
        ("Origin", "http://[x"),
    ],
)
def test_a_form_of_another_site_sets_nothing(sandbox, name, value):
    form = {"way": "lost", "late": "9", "answers": "down"}
    answer = sandbox.client.post("/bang-dieu-khien", data=form, headers={"Host": "127.0.0.1:8001", name: value})

    assert answer.status_code == 403 and sandbox.ledger.wishes()["way"] == "normal"


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/merchant_webapi/api/transaction", 405),
        ("POST", "/paymentv2/vpcpay.html", 405),
        ("DELETE", "/bang-dieu-khien", 405),
        ("GET", "/khong-co", 404),
        ("GET", "/bang-dieu-khien/" + "x" * 22, 405),
        ("POST", "/bang-dieu-khien/" + "x" * 22, 404),
        ("POST", "/paymentv2/" + "x" * 22 + "/otp", 404),
        ("POST", "/paymentv2/" + "x" * 22 + "/NCB", 404),
        ("GET", "/paymentv2/" + "x" * 22 + "/XYZ", 404),
        ("POST", "/paymentv2/" + "x" * 22 + "/huy", 404),
        ("GET", "/paymentv2/%00", 404),
    ],
)
def test_what_is_not_there_is_said_with_the_label(sandbox, method, path, status):
    answer = sandbox.client.open(path, method=method, headers={"Host": "127.0.0.1"})

    assert answer.status_code == status and LABEL in answer.text


@pytest.mark.parametrize("body", [b"&".join(b"a=%d" % n for n in range(50)), b"\xff%ff\x00=", b"way", b"so_the=" + b"9" * 9000])
def test_a_strange_form_is_a_wrong_form(sandbox, body):
    payer = sandbox.payer()
    for path in (f"/paymentv2/{token_of(payer)}/NCB", f"/paymentv2/{token_of(payer)}/otp", "/bang-dieu-khien"):
        answer = sandbox.client.post(path, data=body, headers={"Host": "127.0.0.1"})
        assert answer.status_code in (303, 422), path
    assert sandbox.notices() == [] and sandbox.ledger.wishes()["way"] == "normal"


def test_too_much_is_not_read(sandbox):
    answer = sandbox.client.post("/merchant_webapi/api/transaction", data=b"x" * 20_000, headers={"Host": "127.0.0.1"})

    assert answer.status_code == 413


# --- the panel -------------------------------------------------------------------------------------------------------


def panel(sandbox) -> Payer:
    return sandbox.payer().open("/")


def test_the_panel_keeps_what_was_wished(sandbox):
    payer = panel(sandbox).press("Đặt", way="late", late="120", answers="normal")

    assert payer.heading == "Bảng điều khiển" and "Đã đặt" in payer.words
    assert dict(payer.tree.xpath("//form")[0].form_values()) == {"way": "late", "late": "120", "answers": "normal"}


@pytest.mark.parametrize(
    "typed", [{"way": "x"}, {"late": "-1"}, {"late": "86401"}, {"late": "một"}, {"late": "٣"}, {"answers": ""}]
)
def test_a_wish_the_panel_does_not_know_changes_nothing(sandbox, typed):
    payer = panel(sandbox)
    answer = sandbox.client.post(
        "/bang-dieu-khien", data={"way": "lost", "late": "9", "answers": "down"} | typed, headers={"Host": "127.0.0.1"}
    )

    assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert sandbox.ledger.wishes()["way"] == "normal" and payer.answer.status_code == 200


def test_the_panel_lets_a_payment_run_out(sandbox):
    payer = panel(sandbox).press("Cho hết hạn")

    assert "Hết hạn thanh toán" in payer.words and "vnp_ResponseCode=11" in sandbox.notices()[0]


def test_down_means_down_and_the_panel_stays(sandbox):
    payer = sandbox.payer()
    sandbox.wish(answers="down")

    assert sandbox.query(payer.txn_ref) is None
    answer = payer.open(sandbox.pay_address()).answer
    assert answer.status_code == 503 and LABEL in answer.text
    assert payer.open("/bang-dieu-khien").answer.status_code == 200


def test_rubbish_is_no_json_and_the_refund_was_made(sandbox):
    paid = sandbox.payer().pay().txn_ref
    sandbox.wish(answers="rubbish")

    with pytest.raises(ValueError):
        sandbox.refund(paid, 1_600_000)
    assert len(sandbox.ledger.read("SELECT * FROM refund")) == 1


def test_slow_takes_its_time_after_the_work(sandbox, monkeypatch):
    slept = []
    monkeypatch.setattr(
        "sandbox.web.time.sleep", lambda length: slept.append((length, len(sandbox.ledger.read("SELECT * FROM refund"))))
    )
    paid = sandbox.payer().pay().txn_ref
    sandbox.wish(answers="slow")

    assert sandbox.refund(paid, 1_600_000)["vnp_ResponseCode"] == "00"
    assert slept == [(60, 1)]

"""What the trial bank looks at before it shows a payment: every field, then the merchant, then the signature."""

import pytest
from sandboxed import LABEL, sign_query


def begin(sandbox, fields: dict[str, str], secret: str = "") -> str:
    return f"/paymentv2/vpcpay.html?{sign_query(secret or sandbox.key.secret, fields)}"


def refused(sandbox, address: str) -> str:
    answer = sandbox.client.get(address, headers={"Host": "127.0.0.1"})

    assert answer.status_code == 400 and LABEL in answer.text
    assert sandbox.ledger.read("SELECT * FROM payment") == []
    return answer.text


def test_a_payment_shows_what_it_is_for_and_the_banks(sandbox):
    payer = sandbox.payer()

    assert payer.heading == "Chọn ngân hàng"
    assert "Thanh toan phi ho so H21.129-261123-0012" in payer.words and "16.000 đồng" in payer.words
    assert "Eximbank (đang bảo trì)" in payer.words


@pytest.mark.parametrize(
    "code, heading", [("NCB", "NCB"), ("VNBANK", None), ("VNPAYQR", None), ("INTCARD", None), ("KHONGCO", None)]
)
def test_a_bank_that_was_chosen_before_is_not_asked_for_again(sandbox, code, heading):
    payer = sandbox.payer(BankCode=code)

    assert payer.heading == (f"Đăng nhập ngân hàng {heading}" if heading else "Chọn ngân hàng")


@pytest.mark.parametrize(
    "name, value",
    [
        ("Version", "2.0.0"),
        ("Command", "genqr"),
        ("Amount", "0"),
        ("Amount", "-1600000"),
        ("Amount", "1600050"),
        ("Amount", "16000.00"),
        ("Amount", "1600000000000"),
        ("Amount", "٠٠٠"),
        ("CreateDate", "20261323083000"),
        ("CreateDate", "2026-11-23"),
        ("ExpireDate", "20261123082959"),
        ("ExpireDate", ""),
        ("CurrCode", "USD"),
        ("IpAddr", "::1"),
        ("IpAddr", "may cua toi"),
        ("Locale", "fr"),
        ("OrderInfo", "Thanh toán phí"),
        ("OrderInfo", "<b>phi</b>"),
        ("OrderInfo", "p" * 256),
        ("OrderType", ""),
        ("ReturnUrl", "javascript:alert(1)//"),
        ("ReturnUrl", "http://a;script-src *"),
        ("ReturnUrl", "https://a.vn:port/x"),
        ("ReturnUrl", "https://a.vn/" + "x" * 250),
        ("TxnRef", ""),
        ("TxnRef", "a b"),
        ("TmnCode", "IABANG"),
        ("BankCode", "NO"),
    ],
)
def test_a_field_of_the_wrong_form_is_named_and_nothing_is_kept(sandbox, name, value):
    assert f"thiếu: vnp_{name}." in refused(sandbox, begin(sandbox, sandbox.pay_fields(**{name: value})))


@pytest.mark.parametrize("name", ["Version", "TmnCode", "Amount", "CreateDate", "IpAddr", "ReturnUrl", "ExpireDate", "TxnRef"])
def test_a_field_that_is_needed_is_missed(sandbox, name):
    fields = sandbox.pay_fields()
    del fields[f"vnp_{name}"]

    assert f"vnp_{name}" in refused(sandbox, begin(sandbox, fields))


def test_the_signature_covers_every_field(sandbox):
    address = sandbox.pay_address()

    assert "Sai chữ ký" in refused(sandbox, address.replace("vnp_Amount=1600000", "vnp_Amount=100"))
    assert "Sai chữ ký" in refused(sandbox, address + "&vnp_Inv_Phone=0912345678")
    assert "Sai chữ ký" in refused(sandbox, begin(sandbox, sandbox.pay_fields(), secret="A" * 32))
    assert "vnp_SecureHash" in refused(sandbox, address.split("&vnp_SecureHash")[0])


def test_another_merchant_is_not_known(sandbox):
    assert "vnp_TmnCode" in refused(sandbox, begin(sandbox, sandbox.pay_fields(TmnCode="KHAC0001")))


@pytest.mark.parametrize("tail", ["&vnp_Amount=1600000", "&%zz&vnp_Locale=%ff", "&" + "&".join(f"a{n}=1" for n in range(60))])
def test_a_query_that_two_could_read_in_two_ways_is_not_read(sandbox, tail):
    assert "không đọc được" in refused(sandbox, sandbox.pay_address() + tail)


def test_the_same_address_again_is_the_same_payment(sandbox):
    address = sandbox.pay_address()
    for _ in range(2):
        assert sandbox.client.get(address, headers={"Host": "127.0.0.1"}).status_code == 200

    assert len(sandbox.ledger.read("SELECT * FROM payment")) == 1


def test_a_reference_is_good_for_one_payment_a_day(sandbox):
    sandbox.payer(TxnRef="P1")

    other = sandbox.payer(TxnRef="P1", Amount="9900000")
    assert (other.answer.status_code, other.heading) == (400, "Mã giao dịch này đã dùng trong ngày")
    assert sandbox.payer(TxnRef="P1", CreateDate="20261124083000", ExpireDate="20261124084500").heading == "Chọn ngân hàng"

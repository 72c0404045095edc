"""The trial bank's arithmetic against the examples that were computed for VNPAY 2.1.0."""

from urllib.parse import parse_qsl

from sandbox.signing import (
    QUERYDR_ANSWER,
    QUERYDR_ORDER,
    REFUND_ANSWER,
    REFUND_ORDER,
    is_signature,
    joined,
    signature,
    signed_query,
)

SECRET = "IABANGDEMOSECRETKEY0000000000001"
PAY = (
    "vnp_Amount=1600000&vnp_BankCode=NCB&vnp_Command=pay&vnp_CreateDate=20261123083000&vnp_CurrCode=VND&"
    "vnp_ExpireDate=20261123084500&vnp_IpAddr=203.0.113.10&vnp_Locale=vn&"
    "vnp_OrderInfo=Thanh+toan+phi+ho+so+H21.129-261123-0012&vnp_OrderType=other&"
    "vnp_ReturnUrl=https%3A%2F%2Fdvc.iabang.example%2Fthanh-toan%2Fvnpay%2Freturn&vnp_TmnCode=IABANG01&"
    "vnp_TxnRef=H211292611230012P1&vnp_Version=2.1.0"
)
PAY_HASH = (
    "f3bdbb5dc3c9cdc454e39391e7185156f2298d3ec4a6d6cdf2fc48956f1e50d1"
    "7438c2e9cc96a955df00ade0a4eb3a3daf78eb5595df29d2cb65e9c61e529b8e"
)
RETURN = (
    "vnp_Amount=1600000&vnp_BankCode=NCB&vnp_BankTranNo=VNP14831393&vnp_CardType=ATM&"
    "vnp_OrderInfo=Thanh+toan+phi+ho+so+H21.129-261123-0012&vnp_PayDate=20261123083312&vnp_ResponseCode=00&"
    "vnp_TmnCode=IABANG01&vnp_TransactionNo=14831393&vnp_TransactionStatus=00&vnp_TxnRef=H211292611230012P1"
)
RETURN_HASH = (
    "fc00c0fe6d255fa54d3364af9e058badf2c948dc2e5e50b304f8d523804e7603"
    "4c46e632b9330b6d7f46dda7bb69a5290f27d3269f54948d35458b004b146d89"
)
QUERYDR = (
    "REQ0001|2.1.0|querydr|IABANG01|H211292611230012P1|20261123083000|20261123090000|203.0.113.10|Truy van GD H211292611230012P1"
)
QUERYDR_HASH = (
    "e8bd9b1183a6e2e1825432a2ac42f62f9e56ec512b144a9825f53327c23a4f55"
    "48c826f9ae44aa321a6ecb49c2c736f4d3e9ec2d6a8d8cd8fd23e7440d9cfb8e"
)
REFUND = (
    "REQ0002|2.1.0|refund|IABANG01|02|H211292611230012P1|1600000|14831393|20261123083000|canbo01|20261123091500|"
    "203.0.113.10|Hoan tien GD H211292611230012P1"
)
REFUND_HASH = (
    "41e439c06a9da4946642b6b34233e81815ff18f66a00f873825af36afa9912ad"
    "9d584959e2d927c06047d827af2fa59b37c98bc10ad1e4aeb75b50180d7ffbdf"
)


def shuffled(query: str) -> dict[str, str]:
    return dict(reversed(parse_qsl(query)))


def test_a_pay_address_is_signed_as_in_the_example():
    assert signed_query(SECRET, shuffled(PAY)) == f"{PAY}&vnp_SecureHash={PAY_HASH}"


def test_a_return_is_signed_as_in_the_example():
    assert signed_query(SECRET, shuffled(RETURN)) == f"{RETURN}&vnp_SecureHash={RETURN_HASH}"


def test_what_says_nothing_and_the_hash_itself_are_not_signed():
    more = {"vnp_BankTranNo": "", "vnp_SecureHash": "0" * 128, "vnp_SecureHashType": "HMACSHA512"}

    assert signed_query(SECRET, shuffled(PAY) | more) == f"{PAY}&vnp_SecureHash={PAY_HASH}"


def as_fields(order: list[str], text: str) -> dict[str, str]:
    return dict(zip((f"vnp_{name}" for name in order), text.split("|"), strict=True))


def test_querydr_and_refund_are_signed_as_in_the_examples():
    assert signature(SECRET, joined(QUERYDR_ORDER, as_fields(QUERYDR_ORDER, QUERYDR))) == QUERYDR_HASH
    assert signature(SECRET, joined(REFUND_ORDER, as_fields(REFUND_ORDER, REFUND))) == REFUND_HASH


def test_an_answer_is_signed_in_vnpays_order_and_what_is_missing_leaves_its_place_empty():
    order = (
        "ResponseId|Command|ResponseCode|Message|TmnCode|TxnRef|Amount|BankCode|PayDate|TransactionNo|TransactionType|"
        "TransactionStatus|OrderInfo|PromotionCode|PromotionAmount"
    )
    assert order.split("|") == QUERYDR_ANSWER
    assert order.split("|")[:-2] == REFUND_ANSWER
    assert joined(QUERYDR_ANSWER, {"vnp_ResponseId": "a", "vnp_ResponseCode": "91"}) == "a||91" + "|" * 12


def test_only_the_right_signature_is_one():
    assert is_signature(SECRET, PAY, PAY_HASH) and is_signature(SECRET, PAY, PAY_HASH.upper())
    assert not is_signature(SECRET, PAY + "0", PAY_HASH)
    assert not is_signature(SECRET[::-1], PAY, PAY_HASH)
    assert not is_signature(SECRET, PAY, PAY_HASH[:-1])

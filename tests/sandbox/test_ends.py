"""Each end a payment can come to, as the payer reaches it and as the merchant is told."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sandboxed import BEGAN, read_signed

from sandbox.payments import CARDS, ENDS


def noticed(sandbox) -> dict[str, str]:
    (query,) = sandbox.notices()
    return read_signed(sandbox.key.secret, query)


def test_a_payment_succeeds_and_return_and_notice_say_the_same(sandbox):
    told = sandbox.payer().pay().told
    number = told.pop("vnp_TransactionNo")

    assert number.isdecimal() and told == {
        "vnp_TmnCode": sandbox.key.tmn_code,
        "vnp_Amount": "1600000",
        "vnp_BankCode": "NCB",
        "vnp_BankTranNo": f"VNP{number}",
        "vnp_CardType": "ATM",
        "vnp_PayDate": "20261123083000",
        "vnp_OrderInfo": "Thanh toan phi ho so H21.129-261123-0012",
        "vnp_ResponseCode": "00",
        "vnp_TransactionStatus": "00",
        "vnp_TxnRef": "H211292611230012P1",
    }
    assert noticed(sandbox) == told | {"vnp_TransactionNo": number}


@pytest.mark.parametrize("card", CARDS[1:], ids=lambda card: card.code)
def test_a_card_leads_to_its_end(sandbox, card):
    told = sandbox.payer().pay(card.number).told

    assert (told["vnp_ResponseCode"], told["vnp_TransactionStatus"]) == (card.code, "07" if card.code == "07" else "02")
    assert ("vnp_BankTranNo" in told) == (card.code == "07")
    assert noticed(sandbox) == told


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_whoever_cancels_at_any_step_has_cancelled(sandbox, steps):
    payer = sandbox.payer()
    if steps:
        payer.follow("NCB")
    if steps == 2:
        payer.log_in()
    told = payer.press("Hủy giao dịch").told

    assert (told["vnp_ResponseCode"], told["vnp_TransactionStatus"], told["vnp_TransactionNo"]) == ("24", "02", "0")
    assert noticed(sandbox) == told


def test_the_third_wrong_otp_ends_it(sandbox):
    payer = sandbox.payer().follow("NCB").log_in()

    assert "Còn 2 lần nhập" in payer.press("Thanh toán", otp="1234567").words
    assert "Còn 1 lần nhập" in payer.press("Thanh toán", otp="").words and payer.answer.status_code == 422
    assert payer.press("Thanh toán", otp="000000").told["vnp_ResponseCode"] == "13"
    assert noticed(sandbox)["vnp_ResponseCode"] == "13"


def test_after_wrong_otps_the_right_one_still_pays(sandbox):
    payer = sandbox.payer().follow("NCB").log_in().press("Thanh toán", otp="1").press("Thanh toán", otp="2")

    assert payer.press("Thanh toán", otp=" 123456 ").told["vnp_ResponseCode"] == "00"


@pytest.mark.parametrize(
    "typed", [{"number": "9704198526191432199"}, {"name": "NGUYEN VAN B"}, {"issued": "08/15"}, {"issued": ""}, {"number": ""}]
)
def test_wrong_card_data_are_told_and_kept_on_the_page(sandbox, typed):
    payer = sandbox.payer().follow("NCB").log_in(**typed)

    assert payer.answer.status_code == 422 and "Thông tin thẻ chưa đúng" in payer.words
    shown = dict(payer.tree.xpath("//form")[0].form_values())
    assert typed.items() <= {"number": shown["so_the"], "name": shown["ten"], "issued": shown["ngay"]}.items()


def test_the_fourth_wrong_card_ends_it(sandbox):
    payer = sandbox.payer().follow("NCB")
    for _ in range(3):
        payer.log_in("1234")

    assert payer.log_in("1234").told["vnp_ResponseCode"] == "10"


@pytest.mark.parametrize("issued", ["07/15", "7/15", "0715", "07/2015"])
def test_a_card_may_be_typed_as_people_do(sandbox, issued):
    payer = sandbox.payer().follow("NCB").log_in("9704 1985 2619 1432 198", " nguyễn  văn a", issued)

    assert payer.heading == "Nhập mã OTP"


def test_a_bank_under_maintenance_ends_it_or_another_is_chosen(sandbox):
    payer = sandbox.payer().follow("Eximbank")
    assert payer.heading == "Ngân hàng Eximbank đang bảo trì"
    assert payer.follow("Chọn ngân hàng khác").heading == "Chọn ngân hàng"

    told = payer.follow("Eximbank").press("Dừng và quay về").told
    assert (told["vnp_ResponseCode"], told["vnp_BankCode"]) == ("75", "EXIMBANK")
    assert noticed(sandbox) == told


@pytest.mark.parametrize("button", ["Thanh toán", "Hủy giao dịch"])
def test_whoever_comes_too_late_has_not_paid(sandbox, button):
    payer = sandbox.payer().follow("NCB").log_in()
    sandbox.clock.now = BEGAN + 15 * 60

    assert payer.press(button, otp="123456").told["vnp_ResponseCode"] == "11"
    assert noticed(sandbox)["vnp_ResponseCode"] == "11"


def test_what_nobody_finishes_runs_out_and_the_page_says_so(sandbox):
    payer = sandbox.payer()
    sandbox.bank.expire_due(BEGAN + 15 * 60 - 1)
    assert sandbox.notices() == []

    sandbox.bank.expire_due(BEGAN + 15 * 60)
    assert noticed(sandbox)["vnp_ResponseCode"] == "11"
    assert payer.follow("NCB").heading == "Hết hạn thanh toán"


def test_an_end_is_an_end(sandbox):
    payer = sandbox.payer().follow("NCB").log_in()
    page = payer.answer.request.path
    first = payer.press("Thanh toán", otp="123456").told

    for path, form in [
        (page, {"otp": "123456"}),
        (page, {"otp": "1"}),
        (page.replace("otp", "huy"), {}),
        (page.replace("otp", "NCB"), {}),
    ]:
        assert payer.open(path, method="POST", data=form).told == first
    sandbox.bank.expire_due(BEGAN + 86_400)
    assert noticed(sandbox) == first
    assert payer.open(page).heading == ENDS["00"][2]


def test_nobody_pays_without_a_card(sandbox):
    payer = sandbox.payer()
    token = payer.tree.xpath("//form/@action")[0].split("/")[2]

    assert payer.open(f"/paymentv2/{token}/otp").heading == "Chọn ngân hàng"
    assert payer.open(f"/paymentv2/{token}/otp", method="POST", data={"otp": "123456"}).heading == "Chọn ngân hàng"
    assert sandbox.notices() == []


def test_a_code_scanned_with_the_phone_is_told_as_one(sandbox):
    assert sandbox.payer(BankCode="VNPAYQR").pay().told["vnp_CardType"] == "QRCODE"


def test_the_return_address_keeps_what_it_had(sandbox):
    payer = sandbox.payer(ReturnUrl="http://127.0.0.1:8000/ve?a=1").pay()

    assert payer.answer.location.startswith("http://127.0.0.1:8000/ve?a=1&vnp_Amount=1600000&")


def test_two_thumbs_at_once_pay_once(sandbox):
    payer = sandbox.payer().follow("NCB").log_in()
    token = sandbox.ledger.read("SELECT token FROM payment")[0]["token"]
    with ThreadPoolExecutor(8) as thumbs:
        list(thumbs.map(lambda _: sandbox.bank.type_otp(token, "123456", BEGAN), range(8)))

    assert noticed(sandbox) == payer.press("Thanh toán", otp="123456").told

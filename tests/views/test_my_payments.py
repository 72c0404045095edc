"""Guide VII on a phone: from the request to the bank's page, by the letter's labels; nothing is paid twice by accident."""

from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from paying import AMOUNT, Gateway, ask_for_money, notice_of, try_to_pay
from stage import make_account, make_staff

from database import utc_now
from models import Dossier, PaymentAttempt, PaymentRequest, Receipt
from rules import businesses, payment_requests, payments, receipts, vietqr
from rules.dossier_codes import show_receipt_code
from rules.payment_words import number_of
from rules.vietnamese import show_day

ROOM = "/ca-nhan/thanh-toan"


@pytest.fixture(autouse=True)
def client(app, monkeypatch):
    client = Gateway()
    monkeypatch.setitem(app.extensions, "payments", client)
    return client


@pytest.fixture
def asked(dossier, officer, library) -> PaymentRequest:
    return ask_for_money(dossier, officer, library.calendar, utc_now())


@pytest.fixture
def me(visit_as, account):
    return visit_as(account)


@pytest.fixture
def leader():
    return make_staff("leader")


def of(asked, *rest: str) -> str:
    return "/".join((ROOM, asked.ref, *rest))


def choose(me, asked, bank="NCB", **more):
    return me.send(of(asked, "ngan-hang"), {"bank": bank} | more, "Thanh toán")


def test_the_letter_is_walked_to_the_gateways_own_page(me, asked):
    listed = me.get(ROOM)
    assert "Phí bản sao" in listed.words and "16.000 đồng" in listed.words
    shown = me.get(listed.links["Thanh toán"])
    assert shown.heading == "Xem lại số tiền" and "Thông tư 281" in shown.words and asked.dossier.code in shown.words
    ways = me.get(shown.links["Đúng, trả tiền"])
    banks = me.get(next(a for words, a in ways.links.items() if words.startswith("Thanh toán trực tuyến qua cổng DVCQG")))
    assert banks.heading == "Chọn ngân hàng" and banks.buttons == ["Thanh toán"]
    sent = choose(me, asked)
    assert sent.location == of(asked, "tra")
    last = me.get(sent.location)

    address = urlsplit(last.links["Thanh toán"])
    order = {name: value for name, (value,) in parse_qs(address.query).items()}
    assert address.path == "/paymentv2/vpcpay.html"
    assert (order["vnp_Amount"], order["vnp_BankCode"], order["vnp_TxnRef"]) == (
        str(AMOUNT * 100), "NCB", PaymentAttempt.get().txn_ref)  # fmt: skip
    assert order["vnp_ReturnUrl"].endswith("/thanh-toan/vnpay/return")
    assert me.get(sent.location).links["Thanh toán"] == last.links["Thanh toán"]  # in two tabs: one charge


def test_pressed_twice_is_one_try(me, asked):
    form = me.get(of(asked, "ngan-hang")).fields("Thanh toán") | {"bank": "NCB"}
    answers = [me.post(of(asked, "ngan-hang"), form) for _ in range(2)]

    assert {(answer.status, answer.location) for answer in answers} == {(303, of(asked, "tra"))}
    assert PaymentAttempt.select().count() == 1


def test_paying_again_while_the_first_is_unknown_asks_first(me, asked):
    try_to_pay(asked, utc_now())
    page = choose(me, asked)

    assert page.status == 409 and "có thể bị trừ tiền hai lần" in page.words and PaymentAttempt.select().count() == 1
    assert "NCB" in page.fields("Tôi chưa bị trừ tiền, trả lần nữa")["bank"]
    again = me.post(of(asked, "ngan-hang"), page.fields("Tôi chưa bị trừ tiền, trả lần nữa"))
    assert again.location == of(asked, "tra") and PaymentAttempt.select().count() == 2


def test_one_that_is_under_way_is_gone_on_with(me, asked):
    attempt = try_to_pay(asked, utc_now())

    assert "Đang trả ở ngân hàng" in me.get(ROOM).words
    last = me.get(me.get(of(asked)).links["Trả tiếp lần này"])
    assert attempt.txn_ref in last.links["Thanh toán"]


def test_once_paid_nothing_is_to_be_paid_and_the_receipt_is_named(me, asked, client, library):
    attempt = try_to_pay(asked, utc_now())
    payments.judge(payments.keep("ipn", notice_of(attempt), utc_now()), client, utc_now(), library.calendar)

    listed = me.get(ROOM)
    assert "Bạn không có yêu cầu thanh toán nào." in listed.words and "Biên lai số 0000001/" in listed.words
    assert "Đúng, trả tiền" not in me.get(of(asked)).links and "Đã nộp tiền" in me.get(of(asked)).words
    assert "vpcpay" not in me.get(of(asked, "tra")).text
    refused = choose(me, asked)
    assert refused.status == 409 and "không cần nộp nữa" in refused.errors and PaymentAttempt.select().count() == 1


def test_a_changed_amount_voids_the_old_one_visibly(me, asked, officer):
    wanted = payment_requests.Wanted("Phí bản sao", 8000, "Thông tư 281", asked.due_on, why="Ghi nhầm số bản")
    payment_requests.change(asked.dossier, asked.id, wanted, officer, utc_now(), "doi-1")
    listed = me.get(ROOM)

    assert "8.000 đồng" in listed.words and "16.000 đồng. Không cần nộp nữa" in listed.words


def test_no_page_asks_for_what_is_the_banks_alone(me, asked):
    for address in (of(asked), of(asked, "cach-tra"), of(asked, "ngan-hang")):
        names = [field.get("name") for field in me.get(address).tree.iter("input")]
        assert not {"otp", "password", "card"} & set(names)


@pytest.mark.parametrize("bank", ["KHONG-CO", "x" * 500, "a\x00b"])
def test_a_bank_that_is_none_is_said(me, asked, bank):
    page = choose(me, asked, bank)

    assert page.status == 422 and "Chọn ngân hàng" in page.errors and not PaymentAttempt.select().exists()


def test_another_persons_request_is_not_there(visit_as, asked):
    stranger = visit_as(make_account())

    assert "Phí bản sao" not in stranger.get(ROOM).words
    for address in (of(asked), of(asked, "cach-tra"), of(asked, "ngan-hang"), of(asked, "tra")):
        assert stranger.get(address).status == 404


# --- other ways of paying --------------------------------------------------------------------------------------------


@pytest.fixture
def account_confirmed(library, monkeypatch):
    """The commune has confirmed its account."""
    account = msgspec.structs.replace(library.site.bank_account, to_confirm=False)
    monkeypatch.setattr(library, "site", msgspec.structs.replace(library.site, bank_account=account))
    return account


def ways_of(me, asked) -> list[str]:
    return [a.findtext("b") for a in me.get(of(asked, "cach-tra")).tree.xpath("//ul[@class='list']//a")]


def test_while_the_account_is_not_confirmed_nobody_is_told_to_send_money_to_it(me, asked, library):
    number = library.site.bank_account.number

    assert ways_of(me, asked) == ["Thanh toán trực tuyến qua cổng DVCQG"]
    for page in ("vietqr", "chuyen-khoan"):
        assert me.get(of(asked, page)).status == 404
    for page in ("", "cach-tra", "phieu"):
        text = me.get(of(asked, page).rstrip("/")).text
        assert number not in text and "huyển khoản" not in text and "VietQR" not in text


def test_the_qr_and_the_words_say_the_same(me, asked, account_confirmed):
    assert ways_of(me, asked) == ["Thanh toán trực tuyến qua cổng DVCQG", "Quét mã VietQR", "Chuyển khoản"]
    shown = {page: me.get(of(asked, page)) for page in ("vietqr", "chuyen-khoan")}
    purpose = vietqr.purpose_of(asked.dossier.code)

    for page in shown.values():
        facts = [dd.text_content() for dd in page.tree.iter("dd")]
        assert facts == [account_confirmed.bank, account_confirmed.number, account_confirmed.owner, "16.000 đồng", purpose]
        assert "trong một ngày làm việc" in page.words and "Đừng chuyển lần nữa" in page.words
    (picture,) = shown["vietqr"].tree.iter("img")
    assert not list(shown["chuyen-khoan"].tree.iter("img")) and "VietQR" in picture.get("alt")
    said = vietqr.payload(account_confirmed.bin, account_confirmed.number, AMOUNT, purpose)
    assert picture.get("src") == vietqr.picture(said) and "img-src data:" in shown["vietqr"].headers["Content-Security-Policy"]


def test_while_the_bank_has_not_answered_a_transfer_page_says_so(me, asked, account_confirmed):
    try_to_pay(asked, utc_now())

    assert "Đang trả ở ngân hàng" in me.get(of(asked, "vietqr")).words


def test_of_what_is_paid_no_way_to_pay_is_shown(me, asked, account_confirmed, officer, library):
    take(asked, officer, library)

    for page in ("cach-tra", "vietqr", "chuyen-khoan", "phieu"):
        assert me.get(of(asked, page)).location == of(asked)


# --- the slip --------------------------------------------------------------------------------------------------------


def test_the_slip_for_whoever_goes_to_pay_names_nobody(me, asked, account, account_confirmed):
    page = me.get(me.get(of(asked)).links["In phiếu báo nộp tiền"])
    paper = " ".join(page.tree.find_class("official")[0].text_content().split())

    for said in ("Phiếu báo nộp phí, lệ phí", asked.dossier.code, asked.item, "16.000 đồng", "Mười sáu nghìn đồng", asked.ground,
                 show_day(asked.due_on), "Tiền mặt", "Trực tuyến", "Chuyển khoản", account_confirmed.number,
                 "không phải biên lai", show_receipt_code(asked.dossier.receipt_code), "/tra-cuu"):  # fmt: skip
        assert said in paper, said
    assert account.full_name not in paper and len(list(page.tree.iter("img"))) == 2


# --- receipts --------------------------------------------------------------------------------------------------------


def take(asked, officer, library) -> Receipt:
    now = utc_now()
    said = "cash", AMOUNT, asked.dossier.owner_name, "", officer, now, library.calendar, "thu-1"
    made = receipts.take(asked.dossier, asked.id, *said)
    return receipts.receipt_of(asked.dossier, made.id)


def test_a_paid_request_leads_to_its_receipt_on_screen_and_on_paper(me, asked, officer, library):
    number = number_of(take(asked, officer, library))
    page = me.get(me.get(ROOM).links[f"Biên lai số {number}"])

    assert page.heading == f"Biên lai số {number}" and me.get(of(asked)).links["Xem biên lai"] == of(asked, "bien-lai")
    for said in ("16.000 đồng", "Mười sáu nghìn đồng", "Tiền mặt", asked.dossier.owner_name, officer.full_name):
        assert said in page.words, said
    paper = me.get(page.links["Bản để in"])
    assert "Bản người nộp tự in" in paper.words and "Căn cứ: Thông tư 281" in paper.words
    assert Receipt.get().copies == 1, "the desk's count of copies is the desk's"


def test_a_voided_receipt_says_so_and_which_is_in_its_place(me, asked, officer, leader, library):
    first = take(asked, officer, library)
    first.request.dossier = asked.dossier
    receipts.ask_void(first, "Sai tên người nộp", officer, utc_now())
    receipts.decide_void(first, True, leader, utc_now(), "huy-1")
    page = me.get(of(asked, "bien-lai"))
    assert "Đã hủy" in page.words and "Sai tên người nộp" in page.words and "Chưa có biên lai thay" in page.words
    assert "đã hủy" in me.get(ROOM).words

    voided = receipts.receipt_of(asked.dossier, first.id)
    voided.request.dossier = Dossier.get_by_id(asked.dossier.id)
    second = receipts.replace(voided, "cash", "Siu Ánh", "", officer, utc_now(), "thay-1")
    page = me.get(of(asked, "bien-lai"))
    assert page.heading == f"Biên lai số {number_of(second)}" and "Đã hủy" not in page.words
    old = me.get(page.links[f"số {number_of(first)}"])
    assert "Đã hủy" in old.words and f"số {number_of(second)}" in old.links
    assert "ĐÃ HỦY" in me.get(old.links["Bản để in"]).words
    assert me.get(of(asked, "bien-lai?so=9999999/2026")).status == 404


def test_no_receipt_is_no_page(me, asked):
    assert me.get(of(asked, "bien-lai")).status == 404 and me.get(of(asked, "bien-lai", "in")).status == 404


def test_who_acts_for_the_business_opens_its_receipt_and_nobody_else_does(visit_as, account, asked, officer, library):
    partner, stranger = make_account(full_name="Kpă Thuyên", email=""), make_account(email="")
    own = businesses.add(account, "Hợp tác xã Ia Băng", "5900189357", utc_now())
    businesses.invite(own, account, partner, utc_now())
    businesses.accept(businesses.invitation(partner, own.ref, utc_now()), utc_now())
    Dossier.update(business=own).where(Dossier.id == asked.dossier.id).execute()
    take(asked, officer, library)

    assert visit_as(partner).get(of(asked, "bien-lai")).status == 200
    for page in (("bien-lai",), ("bien-lai", "in"), ("phieu",), ("vietqr",), ("chuyen-khoan",)):
        assert visit_as(stranger).get(of(asked, *page)).status == 404


def test_the_dossiers_own_page_leads_to_what_is_to_be_paid(me, asked, officer, library):
    path = f"/ca-nhan/ho-so/{asked.dossier.code}"
    assert me.get(path).links["Thanh toán"] == ROOM

    take(asked, officer, library)
    assert me.get(path).links["Biên lai"] == ROOM

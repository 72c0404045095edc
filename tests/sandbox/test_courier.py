"""How the merchant hears of a payment: once, until it is understood, and as badly as the tester wished."""

import pytest
from sandboxed import BEGAN, Shop, read_signed
from serving import wait_until

from sandbox.courier import MOST_TRIES


def waiting(sandbox) -> int:
    return len(sandbox.ledger.read("SELECT * FROM notice WHERE due_at NOT NULL"))


def wait_until_done(sandbox) -> None:
    wait_until(lambda: not waiting(sandbox), "a notice still waits", every=0.005)


def answers(sandbox) -> list[str]:
    return [row["answer"] for row in sandbox.ledger.read("SELECT answer FROM notice ORDER BY id")]


@pytest.mark.parametrize("code", ["00", "02"])
def test_a_notice_that_was_understood_comes_once(sandbox_for, open_shop, code):
    shop = open_shop(code)
    sandbox = sandbox_for(shop)
    told = sandbox.payer().pay().told
    wait_until_done(sandbox)

    assert [read_signed(sandbox.key.secret, query) for query in shop.heard] == [told]


def test_a_notice_comes_again_until_it_is_understood(sandbox_for, open_shop):
    shop = open_shop("99", "01", "04", "97", "<html>", "[]", "00")
    sandbox = sandbox_for(shop)
    sandbox.payer().pay()
    wait_until_done(sandbox)

    assert len(shop.heard) == 7 and len(set(shop.heard)) == 1
    assert answers(sandbox) == ["00"]


def test_after_ten_times_the_bank_gives_up(sandbox_for, open_shop):
    shop = open_shop("97")
    sandbox = sandbox_for(shop)
    sandbox.payer().pay()
    wait_until_done(sandbox)

    assert len(shop.heard) == MOST_TRIES == 10


def test_a_notice_nobody_takes_waits_for_its_next_time(sandbox, tmp_path):
    sandbox.payer().pay()
    sandbox.courier.carry_at_once(1)

    (notice,) = sandbox.ledger.read("SELECT * FROM notice")
    assert (notice["tries"], notice["due_at"], notice["answer"]) == (1, BEGAN + 300, "ConnectionRefusedError")


def test_a_notice_outlives_the_bank(sandbox, sandbox_for, open_shop, tmp_path):
    told = sandbox.payer().pay().told
    sandbox.close()
    shop = open_shop()
    again = sandbox_for(shop, folder=tmp_path)
    again.clock.now += 600

    assert read_signed(again.key.secret, shop.wait_for(1)[0]) == told


def test_a_cancelled_payment_is_told_too(sandbox_for, open_shop):
    shop = open_shop()
    sandbox = sandbox_for(shop)
    sandbox.payer().press("Hủy giao dịch")

    assert read_signed(sandbox.key.secret, shop.wait_for(1)[0])["vnp_ResponseCode"] == "24"


def test_what_runs_out_is_told_without_anybody_coming(sandbox_for, open_shop):
    shop = open_shop()
    sandbox = sandbox_for(shop)
    sandbox.payer()
    sandbox.clock.now += 15 * 60
    sandbox.courier.wake()

    assert read_signed(sandbox.key.secret, shop.wait_for(1)[0])["vnp_ResponseCode"] == "11"


# --- as the tester wished --------------------------------------------------------------------------------------------


def test_before_the_return_the_notice_has_been_heard(sandbox, open_shop):
    shop = open_shop()
    sandbox.courier.ipn_url = shop.address
    sandbox.wish(way="before")

    told = sandbox.payer().pay().told  # nothing else carries notices here
    assert [read_signed(sandbox.key.secret, query) for query in shop.heard] == [told]


def test_late_is_late_by_the_seconds_asked_for(sandbox):
    sandbox.wish(way="late", late="45")
    sandbox.payer().pay()

    (notice,) = sandbox.ledger.read("SELECT * FROM notice")
    assert notice["due_at"] == BEGAN + 45
    sandbox.courier.carry_at_once(1)
    assert sandbox.ledger.read("SELECT tries FROM notice")[0]["tries"] == 0


def test_doubled_comes_twice(sandbox_for, open_shop):
    shop = open_shop("00", "02")
    sandbox = sandbox_for(shop)
    sandbox.wish(way="doubled")
    sandbox.payer().pay()
    wait_until_done(sandbox)

    assert len(shop.heard) == 2 and len(set(shop.heard)) == 1


def test_lost_comes_never_and_the_payer_returns(sandbox):
    sandbox.wish(way="lost")

    assert sandbox.payer().pay().told["vnp_ResponseCode"] == "00"
    assert sandbox.notices() == []


def test_silent_tells_nobody_but_who_asks(sandbox):
    sandbox.wish(way="silent")
    payer = sandbox.payer().pay()

    assert payer.heading == "Thanh toán thành công" and "chỉ querydr biết" in payer.words
    assert [a.get("href") for a in payer.tree.iter("a")] == [] and sandbox.notices() == []
    assert sandbox.query(payer.txn_ref)["vnp_TransactionStatus"] == "00"


def test_a_wrong_amount_is_signed_rightly(sandbox):
    sandbox.wish(way="amount")

    assert sandbox.payer().pay().told["vnp_Amount"] == "1700000"
    assert read_signed(sandbox.key.secret, sandbox.notices()[0])["vnp_Amount"] == "1700000"


def test_a_bad_hash_fits_nothing(sandbox):
    sandbox.wish(way="hash")
    payer = sandbox.payer().pay()

    for query in (payer.answer.location.split("?", 1)[1], sandbox.notices()[0]):
        with pytest.raises(AssertionError, match="signature"):
            read_signed(sandbox.key.secret, query)


@pytest.mark.parametrize("way", ["normal", "lost", "silent", "amount", "hash"])
def test_the_panel_tells_the_truth_at_once(sandbox_for, open_shop, way):
    shop: Shop = open_shop()
    sandbox = sandbox_for(shop)
    sandbox.wish(way=way)
    payer = sandbox.payer().pay()
    wait_until_done(sandbox)
    shop.heard.clear()
    payer.open("/bang-dieu-khien").press("Gửi IPN đúng")

    told = read_signed(sandbox.key.secret, shop.wait_for(1)[0])
    assert (told["vnp_TxnRef"], told["vnp_Amount"], told["vnp_ResponseCode"]) == (payer.txn_ref, "1600000", "00")

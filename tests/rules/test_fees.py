"""What a procedure costs: by the day, the way, the copies and who is exempt; never less than nothing, whole đồng."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import fees
from rules.fees import charge, exempt_by, exemptions_of

TODAY = date(2026, 11, 23)
COPIES = {
    "title": "Chứng thực bản sao",
    "fee": {"kind": "phi", "amount": 2000, "unit": "trang", "steps": [{"since": 1, "amount": 2000}, {"since": 3, "amount": 1000}],
            "most": 200_000},
}  # fmt: skip
BIRTH = {
    "title": "Đăng ký khai sinh",
    "eform": {"pages": [
        {"title": "Mẹ", "questions": [{"key": "loai", "type": "choice", "choices": ["mới", "lại"]}]},
        {"title": "Bé", "questions": [{"key": "sinh", "type": "date", "show_if": {"loai": ["", "mới"]}}]},
    ]},
    "fee": {"kind": "le_phi", "amount": 8000, "unit": "việc", "to_confirm": True, "set_by": "HĐND tỉnh", "exemptions": [
        "hộ nghèo",
        {"key": "dung_han", "who": "khai sinh đúng hạn", "ground": "Luật Hộ tịch", "within": {"question": "sinh", "days": 60}},
    ]},
}  # fmt: skip
RESIDENCE = {"fee": {"kind": "le_phi", "amount": 20_000, "online_amount": 10_000, "unit": "người/lần"}}


@pytest.mark.parametrize(
    ("pages", "amount"), [(1, 2000), (2, 4000), (3, 5000), (4, 6000), (198, 200_000), (199, 200_000), (5000, 200_000)]
)
def test_copies_are_charged_by_the_page_with_two_prices_and_a_cap(pages, amount):
    assert charge(COPIES, "counter", TODAY, pages).amount_dong == amount


def test_the_amount_is_explained():
    assert charge(COPIES, "counter", TODAY, 5).lines == (
        "Trang 1–2: 2 trang × 2.000 đồng = 4.000 đồng.",
        "Trang 3–5: 3 trang × 1.000 đồng = 3.000 đồng.",
    )
    assert charge(COPIES, "counter", TODAY, 300).lines[-1] == "Nhiều nhất 200.000 đồng."
    assert charge(COPIES, "counter", TODAY).item == "Phí: Chứng thực bản sao"


@pytest.mark.parametrize(("channel", "amount"), [("online", 10_000), ("helped", 10_000), ("counter", 20_000), ("post", 20_000)])
def test_online_may_be_cheaper_and_says_what_it_would_be_else(channel, amount):
    found = charge(RESIDENCE, channel, TODAY)

    assert (found.amount_dong, found.lines) == (amount, ("Nộp trực tiếp: 20.000 đồng.",) if amount == 10_000 else ())


def test_each_way_of_submitting_may_have_its_own_price():
    fee = RESIDENCE["fee"] | {"by_channel": {"helped": 0, "post": 25_000}}
    amounts = {way: charge({"fee": fee}, way, TODAY).amount_dong for way in fees.CHANNELS}

    assert amounts == {"online": 10_000, "helped": 0, "counter": 20_000, "post": 25_000}


def test_a_newer_decision_counts_from_its_day_on():
    rates = [{"valid_from": "2027-01-01", "amount": 9000}, {"valid_from": "2026-07-01", "amount": 7000}]
    procedure = {"fee": BIRTH["fee"] | {"rates": rates}}

    days = (date(2026, 6, 30), date(2026, 7, 1), date(2026, 12, 31), date(2027, 1, 1))
    assert [charge(procedure, "counter", day).amount_dong for day in days] == [8000, 7000, 7000, 9000]


def test_a_decision_for_some_time_ends_with_its_last_day():
    rates = [{"valid_from": "2026-07-01", "valid_to": "2026-12-31", "amount": 0}]
    procedure = {"fee": BIRTH["fee"] | {"rates": rates}}

    days = (date(2026, 6, 30), date(2026, 7, 1), date(2026, 12, 31), date(2027, 1, 1))
    assert [charge(procedure, "counter", day).amount_dong for day in days] == [8000, 0, 0, 8000]


def test_of_a_newer_decision_no_older_price_is_left():
    old = COPIES["fee"] | {"online_amount": 500}
    procedure = {"fee": old | {"rates": [{"valid_from": "2026-07-01", "amount": 3000}]}}

    assert charge(procedure, "online", date(2026, 7, 1), 300).amount_dong == 900_000
    assert charge(procedure, "online", date(2026, 6, 30), 4).amount_dong == 2000


def test_what_waits_to_be_confirmed_says_so():
    found = charge(BIRTH, "counter", TODAY)

    assert (found.amount_dong, found.is_certain) == (8000, False)
    assert fees.in_words(found) == "8.000 đồng, chờ xác nhận."
    assert fees.price_of(BIRTH, TODAY).short == "8.000 đồng/việc, chờ xác nhận."


def test_an_amount_that_nobody_knows_yet_is_not_called_free():
    land = {"fee": {"kind": "le_phi", "amount": 0, "to_confirm": True, "set_by": "HĐND tỉnh"}}
    found = charge(land, "counter", TODAY)

    assert (found.amount_dong, found.is_certain, fees.in_words(found)) == (0, False, "Mức thu chờ xã xác nhận.")
    assert fees.price_of(land, TODAY).short == "Mức do HĐND tỉnh quyết định."


@pytest.mark.parametrize("fee", [None, {}, {"kind": "none", "amount": 0}])
def test_what_costs_nothing_says_so_plainly(fee):
    assert charge({"fee": fee}, "online", TODAY) == fees.Charge(0, "", ("Không thu phí, lệ phí.",), True)


def test_what_an_older_dossier_kept_is_still_read():
    old = {"title": "Đăng ký khai sinh", "fee": {"amount": 8000, "unit": "việc", "kind": "le_phi", "exemptions": ["hộ nghèo"]}}

    assert charge(old, "online", TODAY).amount_dong == 8000
    assert [(one.key, one.who) for one in exemptions_of(old)] == [("1", "hộ nghèo")]


# --- who need not pay ------------------------------------------------------------------------------------------------


def test_whom_the_desk_exempts_pays_nothing_and_the_ground_is_said():
    assert [one.key for one in exemptions_of(BIRTH)] == ["1", "dung_han"]
    found = charge(BIRTH, "counter", TODAY, exemption="1")

    assert (found.amount_dong, found.lines, found.is_certain) == (0, ("Được miễn: hộ nghèo. Căn cứ: HĐND tỉnh.",), True)
    assert fees.in_words(found) == "Không thu. Được miễn: hộ nghèo. Căn cứ: HĐND tỉnh."
    assert charge(BIRTH, "counter", TODAY, exemption="khong-co").amount_dong == 8000


@pytest.mark.parametrize(("typed", "is_exempt"), [
    ("23/11/2026", True), ("24-9-2026", True), ("ngày 24 tháng 9 năm 2026", True),  # sixty days before
    ("23/9/2026", False), ("24/11/2026", False),
    ("10/2026", True), ("9/2026", False), ("11/2026", False), ("2026", False),  # only if every day of it would do
    ("", False), ("hôm qua", False), ("31/2/2026", False), ("31/12/9999", False),
])  # fmt: skip
def test_the_answers_as_typed_can_make_it_certain(typed, is_exempt):
    found = charge(BIRTH, "online", TODAY, answers={"sinh": typed})

    assert (found.amount_dong, found.is_certain) == ((0, True) if is_exempt else (8000, False))
    assert (exempt_by(BIRTH, {"sinh": typed}, TODAY) is not None) is is_exempt


def test_what_nobody_is_asked_any_more_exempts_nobody():
    assert exempt_by(BIRTH, {"sinh": "23/11/2026", "loai": "mới"}, TODAY)
    assert exempt_by(BIRTH, {"sinh": "23/11/2026", "loai": "lại"}, TODAY) is None
    assert exempt_by(BIRTH | {"eform": None}, {"sinh": "23/11/2026"}, TODAY) is None


# --- how many, by the answers ----------------------------------------------------------------------------------------

NUMBER = {"type": "number", "min": 1, "max": 500}
CERTIFIED = {
    "fee": COPIES["fee"] | {"copies_from": "trang", "times_from": "ban"},
    "eform": {"pages": [
        {"title": "Giấy", "repeat": {"key": "giay", "of": "giấy", "most": 5},
         "questions": [NUMBER | {"key": "trang", "label": "Số trang"}, NUMBER | {"key": "ban", "label": "Số bản"}]},
    ]},
}  # fmt: skip


def test_the_answers_say_how_many_pages_and_copies():
    found = charge(CERTIFIED, "counter", TODAY, answers={"trang.1": "5", "ban.1": "3"})

    assert found.amount_dong == 21_000 and found.lines[-1] == "3 bản × 7.000 đồng = 21.000 đồng."
    assert fees.in_words(found).startswith("21.000 đồng. Trang 1–2: 2 trang × 2.000 đồng = 4.000 đồng.")


def test_several_papers_are_added_up_and_the_cap_is_of_one_copy():
    answers = {"giay.count": "2", "trang.1": "300", "ban.1": "2", "trang.2": "1", "ban.2": "1"}
    found = charge(CERTIFIED, "counter", TODAY, answers=answers)

    assert found.amount_dong == 402_000
    assert "Giấy 1: nhiều nhất 200.000 đồng." in found.lines and "Giấy 2: trang 1: 2.000 đồng." in found.lines


@pytest.mark.parametrize("typed", ["", "nhiều", "-3", "0", "99999999999999999999"])
def test_a_number_that_cannot_be_read_counts_as_one(typed):
    assert charge(CERTIFIED, "counter", TODAY, answers={"trang.1": typed, "ban.1": typed}).amount_dong == 2000


def test_what_the_officer_counts_goes_before_the_answers():
    assert charge(CERTIFIED, "counter", TODAY, 2, answers={"trang.1": "5", "ban.1": "3"}).amount_dong == 4000


# --- before anything is typed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("procedure", "words", "why"), [
    ({"fee": None}, "Không thu.", ""),
    ({"fee": {"kind": "le_phi", "amount": 0, "set_by": "Luật Hộ tịch"}}, "Không thu.", "Căn cứ: Luật Hộ tịch."),
    (BIRTH, "Chờ xác nhận.", "Mức do HĐND tỉnh quyết định; mức cũ: 8.000 đồng/việc."),
    (RESIDENCE, "20.000 đồng/người/lần; nộp trực tuyến 10.000 đồng.", ""),
    (COPIES, "Trang 1–2: 2.000 đồng/trang. Từ trang 3: 1.000 đồng/trang. Nhiều nhất 200.000 đồng/bản.", ""),
])  # fmt: skip
def test_the_price_is_said_in_words_with_its_ground(procedure, words, why):
    found = fees.price_of(procedure, TODAY)

    assert (found.words, found.why) == (words, why)


def test_a_decision_that_is_coming_is_told_and_one_that_has_begun_is_certain():
    rates = [{"valid_from": "2027-01-01", "amount": 5000, "online_amount": 0, "set_by": "Nghị quyết 9"}]
    procedure = BIRTH | {"fee": BIRTH["fee"] | {"rates": rates}}
    before, after = (fees.price_of(procedure, day) for day in (date(2026, 12, 31), date(2027, 1, 1)))
    settled = {"fee": procedure["fee"] | {"to_confirm": False}}

    assert not before.is_certain
    coming = "Từ 1/1/2027: 5.000 đồng/việc; nộp trực tuyến không thu."
    assert before.why.endswith(coming) and fees.price_of(settled, TODAY).why.endswith(coming)
    assert (after.words, after.why) == ("5.000 đồng/việc; nộp trực tuyến không thu.", "Căn cứ: Nghị quyết 9.")
    assert charge(procedure, "counter", date(2027, 1, 1)).is_certain


# --- whatever the numbers --------------------------------------------------------------------------------------------

prices = st.integers(0, 10**6)


@given(prices, prices, st.integers(2, 50), st.one_of(st.none(), st.integers(10**6, 10**8)), st.integers(1, 499))
def test_it_is_whole_never_negative_grows_with_the_copies_and_keeps_the_cap(first, further, since, most, copies):
    steps = [{"since": 1, "amount": first}, {"since": since, "amount": further}]
    procedure = {"fee": {"kind": "phi", "amount": first, "unit": "trang", "steps": steps, "most": most}}
    one, more = (charge(procedure, "counter", TODAY, count).amount_dong for count in (copies, copies + 1))

    assert isinstance(one, int) and 0 <= one <= more
    assert most is None or more <= most
    assert most is not None or one == first * min(copies, since - 1) + further * max(0, copies - since + 1)


@given(st.integers(1, 499), st.integers(1, 49))
def test_so_many_copies_cost_as_many_times_one(pages, times):
    of_one, of_all, of_more = (
        charge(CERTIFIED, "counter", TODAY, answers={"trang.1": str(pages), "ban.1": str(n)}).amount_dong
        for n in (1, times, times + 1)
    )

    assert isinstance(of_all, int) and 0 < of_one <= 200_000 and of_all == of_one * times < of_more


@pytest.mark.parametrize("copies", [0, -1])
def test_fewer_copies_than_one_are_none(copies):
    with pytest.raises(ValueError, match="copies"):
        charge(COPIES, "counter", TODAY, copies)

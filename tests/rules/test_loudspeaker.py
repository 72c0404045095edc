"""Words for the loudspeaker: read aloud as people say them, timed, and short enough to be heard."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.loudspeaker import LONGEST_SENTENCE, count_words, read, sentences_of, spell, spoken
from rules.money_words import number_in_words

quick = settings(derandomize=True, max_examples=100, deadline=None)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Ngày 5/7/2026", "Ngày năm tháng bảy năm hai nghìn không trăm hai mươi sáu"),
        ("hạn 30/4/2027", "hạn ngày ba mươi tháng tư năm hai nghìn không trăm hai mươi bảy"),
        ("tháng 7/2026", "tháng bảy năm hai nghìn không trăm hai mươi sáu"),
        ("7:30", "bảy giờ ba mươi"),
        ("11h00", "mười một giờ"),
        ("18h", "mười tám giờ"),
        ("7 giờ 30", "bảy giờ ba mươi"),
        ("8.000 đồng", "tám nghìn đồng"),
        ("1.234.567", "một triệu hai trăm ba mươi tư nghìn năm trăm sáu mươi bảy"),
        ("50%", "năm mươi phần trăm"),
        ("1,5 kg", "một phẩy năm ki-lô-gam"),
        ("0,05", "không phẩy không năm"),
        ("gọi 0912345678.", "gọi không chín một hai, ba bốn năm, sáu bảy tám."),
        ("064090000123", "không sáu bốn không chín không không không không một hai ba"),
        (
            "H21.129-261122-0001",
            "hát hai một chấm một hai chín gạch ngang hai sáu một một hai hai gạch ngang không không không một",
        ),
        ("gõ /h/4", "gõ gạch chéo hát gạch chéo bốn"),
        ("5-7 người", "năm đến bảy người"),
        ("3/4 số dân", "ba trên bốn số dân"),
        ("UBND xã, CCCD", "Ủy ban nhân dân xã, căn cước công dân"),
        ("12 thôn", "mười hai thôn"),
        ("Không có số nào.", "Không có số nào."),
    ],
)
def test_numbers_days_hours_and_codes_are_spelt_for_speech(written, said):
    assert spoken(written) == said


@pytest.mark.parametrize("wrong", ["40/13/2026", "31/2/2026", "13/2026"])
def test_what_is_no_day_is_read_as_it_stands(wrong):
    assert spoken(wrong) == spell(wrong)


@quick
@given(st.integers(0, 999))
def test_a_small_number_is_read_as_school_teaches(number):
    assert spoken(f"có {number} hộ") == f"có {number_in_words(number)} hộ"


@quick
@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_nothing_that_is_typed_stops_the_reading_and_no_digit_is_left(text):
    assert not any(sign in "0123456789" for sign in spoken(text))


def test_reading_takes_its_words_at_the_pace_of_the_reader():
    text = " ".join(["chữ"] * 150)

    assert (read(text, 150).seconds, read(text, 100).seconds) == (60, 90)


def test_a_code_takes_the_time_of_its_signs():
    assert read("Mã 7KQ2", 60).seconds == 1 + 4


@quick
@given(st.lists(st.sampled_from(["một", "hai.", "ba,", "5/7/2026", "làng"]), min_size=1, max_size=40), st.integers(60, 300))
def test_more_words_take_no_less_time(words, rate):
    text = " ".join(words)

    assert read(text, rate).seconds <= read(f"{text} thêm", rate).seconds


def test_a_sentence_of_more_than_twenty_words_is_named():
    long, fine = " ".join(["dài"] * (LONGEST_SENTENCE + 1)) + ".", " ".join(["vừa"] * LONGEST_SENTENCE) + "."
    script = read(f"{fine} {long}", 150)

    assert [one.text for one in script.long_sentences] == [long]


def test_a_stop_within_a_number_or_an_address_ends_no_sentence():
    assert sentences_of("Lệ phí 8.000 đồng. Vào dvc.vn/h/4 xem.\nHỏi ai? Hỏi thôn trưởng!") == [
        "Lệ phí 8.000 đồng.",
        "Vào dvc.vn/h/4 xem.",
        "Hỏi ai?",
        "Hỏi thôn trưởng!",
    ]


def test_signs_alone_are_no_words():
    assert count_words("một - hai … ba.") == 3

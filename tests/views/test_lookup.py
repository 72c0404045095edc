"""Looking up: whoever holds the code sees where the dossier is, and nothing personal (guide V)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from paying import ask_for_money, try_to_pay
from stage import BIRTH, make_account

from database import utc_now
from models import Attempts, Dossier
from rules import payment_requests
from rules.dossier_codes import add_checks, show_receipt_code
from rules.vietnamese import show_day

NOT_FOUND = "Không có hồ sơ nào như vậy."
UNKNOWN = add_checks("0123456789")


def look_up(visitor, code: str, **headers):
    return visitor._page(visitor.client.get("/tra-cuu", query_string={"ma": code}, headers=headers), headers)


def look_up_with_digits(visitor, code: str, digits: str):
    asked = look_up(visitor, code)
    return visitor.post("/tra-cuu", asked.fields("Tra cứu") | {"last_digits": digits})


def test_a_page_with_a_form_token_is_kept_by_nobody(visitor, dossier):
    for _ in range(2):  # the second time with the cookie of the first
        assert look_up(visitor, dossier.code).headers["Cache-Control"] == "no-store"


# --- by receipt code -------------------------------------------------------------------------------------------------


def test_the_letters_field_and_button_stand_there(visitor):
    page = visitor.get("/tra-cuu")

    assert page.buttons == ["Tra cứu"]
    assert page.tree.find(".//label").text.strip() == "Mã số hồ sơ/ Mã biên nhận"


def as_typed(code: str) -> list[str]:
    shown = show_receipt_code(code)
    return [
        code, shown, code.lower(), f"  {shown.lower()}  ", shown.replace(" ", "-"), shown.replace(" ", "."),
        shown.replace("0", "O").replace("1", "I"),
        code.replace("0", "o").replace("1", "l"), "".join(chr(ord(sign) + 0xFEE0) for sign in code),
        shown.replace(" ", "\u00a0"), shown.replace(" ", "–"),
    ]  # fmt: skip


def test_a_receipt_code_is_read_however_it_is_typed(visitor, dossier):
    Dossier.update(receipt_code=add_checks("01OI23456789".replace("O", "0").replace("I", "1")[:10])).execute()

    for typed in as_typed(Dossier.get().receipt_code):
        assert look_up(visitor, typed).heading == dossier.procedure_title, typed


def test_the_public_view_says_where_the_dossier_is_and_what_to_do(visitor, dossier):
    page = look_up(visitor, dossier.receipt_code)

    assert page.status == 200
    for words in (
        "Đã gửi đến xã, xã chưa nhận",
        "Bạn chờ xã xem hồ sơ",
        "Mới đăng ký",
        "Tại Bộ phận Một cửa",
        "Bạn nộp hồ sơ",
        "Ngày hẹn dự kiến",
    ):
        assert words in page.words


def test_nothing_personal_stands_on_the_public_view(visitor, dossier, account):
    page = look_up(visitor, dossier.receipt_code)
    answers = [answer for answer in dossier.answers.values() if len(answer) > 5]

    assert "R. C. H." in page.words
    for secret in (
        account.full_name,
        account.id_number,
        account.id_number[-4:],
        account.phone,
        "0912",
        account.email,
        "Siu Blĕo",
        "Thôn 6",
        "anh.jpg",
    ):
        assert secret not in page.text
    assert [answer for answer in answers if answer in page.words] == []


def test_no_picture_of_a_paper_is_linked_from_the_public_view(visitor, dossier):
    page = look_up(visitor, dossier.receipt_code)

    assert not [href for href in page.links.values() if "giay/" in href or "ca-nhan/ho-so" in href]


@pytest.mark.parametrize("place", range(12))
def test_a_wrong_symbol_names_its_group_and_costs_nothing(visitor, dossier, place):
    code = dossier.receipt_code
    typed = code[:place] + ("A" if code[place] != "A" else "B") + code[place + 1 :]

    page = look_up(visitor, typed)

    assert page.status == 422
    assert f"Nhóm thứ {place // 4 + 1} ({typed[place // 4 * 4 :][:4]}) có chữ sai" in page.errors
    assert page.typed_in("ma") == typed
    assert not Attempts.select().exists()


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "7K3M",
        "7K3M Q9TD RW2F 1111",
        "!!!! ???? ####",
        "UUUU UUUU UUUU",
        "<script>alert(1)</script>",
        "a\x00b",
        "🐘" * 12,
        "a" * 1_000_00,
        "\u202e" * 12,
        "' OR 1=1 --",
    ],
)
def test_what_is_no_code_is_answered_without_asking_the_database(visitor, dossier, typed):
    page = look_up(visitor, typed)

    assert page.status in (200, 422)
    assert page.heading == "Tra cứu hồ sơ"
    assert "<script>alert" not in page.text
    assert not Attempts.select().exists()


def test_an_unknown_code_says_so(visitor, dossier):
    page = look_up(visitor, UNKNOWN)

    assert page.status == 404
    assert NOT_FOUND in page.errors


# --- by dossier code -------------------------------------------------------------------------------------------------


def test_a_dossier_code_also_asks_for_four_digits(visitor, dossier, account):
    page = look_up(visitor, f" {dossier.code.lower()} ")

    assert page.heading == "Thêm một câu"
    assert dossier.procedure_title not in page.words
    assert look_up_with_digits(visitor, dossier.code, account.id_number[-4:]).heading == dossier.procedure_title


@pytest.mark.parametrize("shape", ["{}", " {} ", "{0[0]} {0[1]} {0[2]} {0[3]}"])
def test_the_four_digits_are_read_however_they_are_typed(visitor, dossier, account, shape):
    last = account.id_number[-4:]
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in last)

    assert look_up_with_digits(visitor, dossier.code, shape.format(last)).heading == dossier.procedure_title
    assert look_up_with_digits(visitor, dossier.code, wide).heading == dossier.procedure_title


def test_a_dossier_code_that_does_not_exist_asks_the_same(visitor, dossier):
    real, unreal = look_up(visitor, dossier.code), look_up(visitor, "H21.129-200101-9999")

    assert real.words.replace(dossier.code, "") == unreal.words.replace("H21.129-200101-9999", "")


def test_wrong_digits_are_like_an_unknown_code(visitor, dossier, account):
    wrong = "0000" if account.id_number[-4:] != "0000" else "1111"
    known, unknown = look_up_with_digits(visitor, dossier.code, wrong), look_up_with_digits(visitor, "H21.129-200101-9999", wrong)

    assert (known.status, unknown.status) == (404, 404)
    assert known.words.replace(dossier.code, "") == unknown.words.replace("H21.129-200101-9999", "")


@pytest.mark.parametrize("typed", ["", "12", "12345", "abcd", "a" * 100_000, "\x00\x00\x00\x00", "<b>1</b>", "²³¹²"])
def test_what_is_not_four_digits_is_asked_for_again(visitor, dossier, typed):
    page = look_up_with_digits(visitor, dossier.code, typed)

    assert page.status == 422
    assert "4 số cuối" in page.errors
    assert page.fields("Tra cứu")["ma"] == dossier.code


def test_the_owners_number_opens_it_not_the_submitters(visitor, library, account, make_draft):
    from database import utc_now
    from rules import submission

    draft = make_draft(account)
    other = {"owner": "other", "owner_name": "Ksor Già", "owner_id_number": "064050004321", "owner_relation": "Con"}
    submission.save_page(draft, "owner", other, utc_now())
    dossier = submission.submit(
        draft,
        submission.content_hash(draft),
        library.definitions[BIRTH],
        "H21.129",
        library.calendar,
        utc_now(),
        lambda code: code,
    )

    assert look_up_with_digits(visitor, dossier.code, "4321").status == 200
    assert look_up_with_digits(visitor, dossier.code, account.id_number[-4:]).status == 404


# --- guessing --------------------------------------------------------------------------------------------------------


def test_after_twenty_misses_one_waits(visitor, dossier):
    with time_machine.travel(datetime(2026, 11, 23, 2, 0, tzinfo=UTC), tick=False) as clock:
        assert [look_up(visitor, UNKNOWN).status for _ in range(20)] == [404] * 20
        blocked = look_up(visitor, dossier.receipt_code)
        clock.shift(timedelta(minutes=2))
        after = look_up(visitor, dossier.receipt_code)

    assert blocked.status == 429
    assert re.search(r"Chờ \d+ phút", blocked.errors)
    assert after.status == 200


def test_misses_by_dossier_code_count_alike(visitor, dossier, account):
    wrong = "0000" if account.id_number[-4:] != "0000" else "1111"
    for _ in range(20):
        look_up_with_digits(visitor, dossier.code, wrong)

    assert look_up_with_digits(visitor, dossier.code, account.id_number[-4:]).status == 429


def test_wrong_symbols_cost_nothing_and_right_codes_neither(visitor, dossier):
    for _ in range(30):
        look_up(visitor, dossier.receipt_code[:-1] + ("A" if dossier.receipt_code[-1] != "A" else "B"))
        look_up(visitor, dossier.receipt_code)

    assert look_up(visitor, dossier.receipt_code).status == 200


def test_a_forged_client_address_does_not_end_the_wait(visitor, dossier):
    for n in range(20):
        look_up(visitor, UNKNOWN, **{"X-Forwarded-For": f"203.0.{n}.1"})

    assert look_up(visitor, dossier.receipt_code, **{"X-Forwarded-For": "203.0.99.1"}).status == 429


# --- what one sees over time -----------------------------------------------------------------------------------------


def test_a_refused_dossier_keeps_its_reason_for_the_owner(visitor, visit_as, account, officer, dossier):
    visit_as(officer).post(f"/mot-cua/ho-so/{dossier.code}/tu-choi", {"reason": "Ảnh giấy chứng sinh mờ", "form_key": "k"})

    public = look_up(visitor, dossier.receipt_code)
    own = visit_as(account).get(f"/ca-nhan/ho-so/{dossier.code}")

    assert "Xã không nhận, có ghi lý do" in public.words
    assert "Đăng nhập để đọc lý do" in public.words
    assert "Ảnh giấy chứng sinh mờ" not in public.text
    assert "Ảnh giấy chứng sinh mờ" in own.words


def test_an_officers_name_does_not_stand_on_the_public_view(visitor, visit_as, officer, dossier):
    visit_as(officer).post(f"/mot-cua/ho-so/{dossier.code}/tiep-nhan", {"form_key": "k"})

    page = look_up(visitor, dossier.receipt_code)

    assert "Xã đã tiếp nhận hồ sơ" in page.words
    assert officer.full_name not in page.words


def test_an_overdue_dossier_says_whom_to_ask(visitor, visit_as, officer, dossier):
    visit_as(officer).post(f"/mot-cua/ho-so/{dossier.code}/tiep-nhan", {"form_key": "k"})
    with time_machine.travel(Dossier.get().due_at + timedelta(minutes=1), tick=False):
        page = look_up(visitor, dossier.receipt_code)

    assert "Đã quá hẹn. Hỏi Bộ phận Một cửa." in page.words


def test_one_code_opens_one_dossier(visitor, submit, account):
    mine, other = submit(account), submit(make_account(full_name="Nay Khác"), "dang-ky-ket-hon")

    assert look_up(visitor, mine.receipt_code).heading == mine.procedure_title
    assert look_up(visitor, other.receipt_code).heading == other.procedure_title


def test_one_that_waits_for_a_fee_says_how_much_and_where_and_nothing_of_whom(visitor, dossier, account, officer, library):
    asked = ask_for_money(dossier, officer, library.calendar, utc_now())
    page = look_up(visitor, dossier.receipt_code)

    day = show_day(asked.due_on)
    how = f"Nộp 16.000 đồng, trước hết ngày {day}. Đăng nhập → Yêu cầu thanh toán, hoặc nộp tại Bộ phận Một cửa."
    assert "Cần nộp tiền" in page.words and how in page.words and "Đăng nhập để xem thêm" in page.links
    assert asked.item not in page.words and account.full_name not in page.words

    try_to_pay(asked, utc_now())
    page = look_up(visitor, dossier.receipt_code)
    assert "Đang chờ ngân hàng báo kết quả: đừng trả lại." in page.words and "Nộp 16.000" not in page.words


def test_a_fee_that_is_paid_or_waived_is_asked_of_nobody(visitor, dossier, officer, library):
    ask_for_money(dossier, officer, library.calendar, utc_now())
    payment_requests.waive(dossier, "Hộ nghèo", officer, utc_now(), library.calendar, "mien-1")

    assert "16.000" not in look_up(visitor, dossier.receipt_code).words

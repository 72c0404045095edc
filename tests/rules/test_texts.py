"""Texts for the desk's phone: counted as the network counts, without accents, without anything personal, sent once."""

from contextlib import suppress
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import make_account, make_staff
from together import at_once

from database import utc_now
from models import Account, Dossier, TextMessage
from rules import WrongInput, consents, texts, workflow
from rules.dossier_codes import show_receipt_code
from rules.texts import BASIC, EXTENSION, MOST, TextSettled, personal_in, plain, read_text, septets, size, strange_signs

SIGNS = "".join(sorted(BASIC | EXTENSION))

# --- counting --------------------------------------------------------------------------------------------------------


def test_the_alphabet_has_the_signs_of_the_standard():
    # 128 places, of which one leads to the extension.
    assert (len(BASIC), len(EXTENSION), BASIC & EXTENSION) == (127, 10, set())


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("Ho so", 5), ("a€b", 4), ("[x]", 5), ("~", 2), ("à", 1), ("{}", 4), ("\n", 1), ("@_$", 3)]
)
def test_signs_of_the_extension_count_two(text, count):
    assert septets(text) == count


@given(st.text(SIGNS), st.text(SIGNS))
def test_the_count_of_two_texts_is_that_of_each(one, other):
    assert septets(one + other) == septets(one) + septets(other)
    assert len(one) <= septets(one) <= 2 * len(one)


@given(st.text())
def test_what_can_be_counted_has_no_strange_sign(text):
    if strange_signs(text):
        with pytest.raises(ValueError):
            septets(text)
    else:
        assert septets(text) >= len(text)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("Đã tiếp nhận hồ sơ", "Da tiep nhan ho so"),
        ("  Rơ Châm\nH'Lan ", "Ro Cham H'Lan"),
        ("“Bổ sung” – gấp…", '"Bo sung" - gap...'),
        ("Blĕo ƀ", "Bleo b"),
    ],
)
def test_accents_are_taken_off(typed, sent):
    assert plain(typed) == sent


@given(st.text(max_size=300))
def test_taking_accents_off_twice_is_doing_it_once(text):
    assert plain(plain(text)) == plain(text)
    assert size(text) == size(plain(text))


@given(st.text(SIGNS, max_size=400))
def test_a_text_cut_fits_and_is_the_beginning(text):
    kept = texts.cut(text)

    assert septets(kept) <= MOST and text.startswith(kept)
    assert septets(text) > MOST or kept == text.rstrip()


@given(st.text(SIGNS, min_size=1, max_size=160))
def test_the_link_gives_the_words_back(text):
    link = urlsplit(texts.link("+84912345678", text))

    assert (link.scheme, link.path) == ("sms", "+84912345678")
    assert parse_qs(link.query, keep_blank_values=True)["body"] == [text]


# --- what may be sent ------------------------------------------------------------------------------------------------


def test_what_the_officer_types_with_accents_is_sent_without(dossier):
    assert read_text("Mời anh chị đến nhận kết quả", dossier) == "Moi anh chi den nhan ket qua"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("  ", "Nhập chữ"),
        ("x" * 161, "nhiều nhất 160 ký tự, đang có 161"),
        ("€" * 81, "đang có 162"),
        ("Xin chào 你好", "Bỏ ký tự “你”"),
        ("Moi Ro Cham H'Lan den", "Bỏ họ tên"),
        ("rơ  châm h'lan", "Bỏ họ tên"),
        ("Goi 0912 345 678", "Bỏ số giấy tờ, số điện thoại"),
        ("Goi +84 912345678", "Bỏ số giấy tờ, số điện thoại"),
    ],
)
def test_what_cannot_be_sent_or_names_somebody_is_refused(dossier, typed, told):
    with pytest.raises(WrongInput, match=told):
        read_text(typed, dossier)


def test_a_number_of_the_person_is_found_however_it_is_written(dossier):
    number = dossier.account.id_number

    assert personal_in(f"So {number[:4]}.{number[4:8]}-{number[8:]}", dossier)
    assert not personal_in(f"Ho so {dossier.code}, hen 30/11/2026", dossier)


@pytest.mark.parametrize("words", ["So 064 090 999 888", "Goi 0987.654.321", "So 230123999"])
def test_the_number_of_somebody_else_is_as_personal(dossier, words):
    assert personal_in(words, dossier) == "số giấy tờ, số điện thoại"


def test_a_text_of_nothing_but_marks_is_refused_before_any_work_is_spent_on_it(dossier, monkeypatch):
    monkeypatch.setattr(texts, "plain", lambda text: pytest.fail("work was spent on it"))

    with pytest.raises(WrongInput, match="nhiều nhất"):
        read_text("a" + "\u0301" * 100_000, dossier)


@given(st.text(SIGNS, max_size=200))
def test_what_is_read_always_fits(text):
    account = Account(full_name="Siu Blĕo", id_number="064090000001", phone="+84911111111")
    dossier = Dossier(owner_name="Siu Blĕo", answers={}, account=account)
    with suppress(WrongInput):
        assert 0 < septets(read_text(text, dossier)) <= MOST


# --- written with what happens ---------------------------------------------------------------------------------------


@pytest.fixture
def accept(library):
    def go(dossier, by, now=None, key=None):
        return workflow.make_move(dossier, "accept", by, now or utc_now(), library.calendar, form_key=key)

    return go


def test_a_text_is_written_with_the_event_once(dossier, officer, accept):
    for _ in range(2):
        event = accept(dossier, officer, key="k")

    (text,) = TextMessage.select()
    assert (text.event, text.dossier, text.sent_at) == (event, dossier, None)
    assert dossier.code in text.text and "tra-cuu" in text.text


def test_a_text_says_nothing_personal(dossier, account, officer, accept):
    accept(dossier, officer)

    said = TextMessage.get().text
    assert personal_in(said, dossier) == "" and account.full_name.split()[-1] not in said
    assert show_receipt_code(dossier.receipt_code) not in said and dossier.receipt_code not in said
    assert plain(said) == said and septets(said) <= MOST


def test_who_has_no_phone_gets_mail_alone(submit, officer, accept):
    accept(submit(make_account(phone="")), officer)

    assert TextMessage.select().count() == 0


def test_who_has_no_mail_gets_a_text(submit, officer, accept):
    accept(submit(make_account(email="")), officer)

    assert TextMessage.select().count() == 1


def test_who_does_not_agree_gets_none(dossier, account, officer, accept, library):
    consents.withdraw(account, library.consents["notices"], utc_now())
    accept(dossier, officer)

    assert TextMessage.select().count() == 0


def test_no_text_is_left_where_the_move_failed(dossier, officer, accept):
    accept(dossier, officer)
    with pytest.raises(workflow.MoveRefused):
        accept(dossier, officer)

    assert TextMessage.select().count() == 1


# --- undone ----------------------------------------------------------------------------------------------------------


def test_an_undone_move_takes_its_unsent_text_back(dossier, officer, accept):
    event = accept(dossier, officer)
    workflow.undo(dossier, event.id, officer, utc_now())

    (text,) = TextMessage.select()
    assert text.dropped_at and texts.waiting(dossier.office).count == 0


def test_of_a_text_that_was_sent_another_says_that_it_was_wrong(dossier, officer, accept):
    event = accept(dossier, officer)
    text = TextMessage.get()
    texts.mark_sent(text, text.text, officer, utc_now())
    undone = workflow.undo(dossier, event.id, officer, utc_now())

    first, second = TextMessage.select().order_by(TextMessage.id)
    assert first.sent_at and not first.dropped_at
    assert second.event == undone and "nham" in second.text and second.sent_at is None


# --- sent ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def text(dossier, officer, accept):
    accept(dossier, officer)
    return TextMessage.get()


def test_it_is_noted_when_and_by_whom_it_was_sent(text, officer):
    now = utc_now()
    texts.mark_sent(text, "Chu da sua", officer, now)
    texts.mark_sent(text, "Chu khac", officer, now + timedelta(minutes=1))

    fresh = TextMessage.get()
    assert (fresh.text, fresh.sent_at, fresh.sent_by) == ("Chu da sua", now, officer)


def test_a_second_officer_is_told_who_sent_it(text, officer):
    texts.mark_sent(text, text.text, officer, utc_now())

    with pytest.raises(TextSettled, match=f"bởi {officer.full_name}"):
        texts.mark_sent(text, text.text, make_staff("officer", "khac"), utc_now())
    assert TextMessage.get().sent_by == officer


def test_of_two_at_once_one_has_sent_it(app, text, officer):
    other = make_staff("officer", "khac")
    answers = at_once(*(lambda by=by: texts.mark_sent(text, text.text, by, utc_now()) for by in (officer, other)))

    assert [type(answer) for answer in answers].count(TextSettled) == 1


def test_what_is_sent_or_dropped_changes_no_more(text, officer):
    texts.drop(text, utc_now())
    texts.drop(text, utc_now())

    for change in (lambda: texts.save(text, "khac"), lambda: texts.mark_sent(text, "khac", officer, utc_now())):
        with pytest.raises(TextSettled, match="không gửi nữa"):
            change()
    assert TextMessage.get().sent_at is None


def test_those_that_wait_stand_oldest_first_by_the_page_and_by_the_office(app, submit, officer, accept, monkeypatch):
    monkeypatch.setattr(texts, "A_PAGE", 2)
    dossiers = [submit(make_account(), "dang-ky-khai-tu") for _ in range(3)]
    for dossier in dossiers:
        accept(dossier, officer)

    first, second = texts.waiting("H21.129"), texts.waiting("H21.129", 2)
    assert [text.dossier.code for text in first.texts + second.texts] == [dossier.code for dossier in dossiers]
    assert (first.count, first.pages, second.page) == (3, 2, 2)
    assert texts.waiting("H21.121").count == 0 and texts.text_of_office(first.texts[0].id, "H21.121") is None

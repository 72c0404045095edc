"""The words of letters and texts: all there, naming only what they may, and short enough with the longest of everything."""

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database import db, utc_now
from models import ContentPart, Message, TextMessage
from rules import message_catalogue, notices, texts, workflow
from rules.content import check_content, read_content
from rules.content_store import load_content
from rules.message_catalogue import EVENTS, IN_A_TEXT, LETTERS, CatalogueMissing, Place, fill, long_text_faults, longest_code
from rules.workflow import HAPPENINGS, MOVES

SHIPPED = Path(__file__).parents[2] / "content"
# Answered by another letter at the same moment: taken back before it was accepted.
ANSWERED_AT_ONCE = {"withdraw"}


@pytest.fixture(scope="module")
def shipped():
    return read_content(SHIPPED)


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(SHIPPED, tmp_path / "content"))


@pytest.fixture
def faults_with(folder):
    """What `content check` says when a piece of a file is replaced."""

    def check(old: str, new: str, name: str = "messages.yaml") -> list[str]:
        text = (folder / name).read_text("utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), "utf-8")
        return check_content(folder)

    return check


# --- filling in ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values", "filled"),
    [
        ("Hồ sơ {a}.", {"a": "X"}, "Hồ sơ X."),
        ("A[, hẹn {a}].", {"a": ""}, "A."),
        ("A[, hẹn {a}].", {"a": "mai"}, "A, hẹn mai."),
        ("A\n[Hẹn {a}]\nB", {"a": ""}, "A\nB"),
        ("A\n\nB", {}, "A\n\nB"),
        ("{a}", {"a": "{b} [c {b}]", "b": "!"}, "{b} [c {b}]"),
        ("[{a}]", {"a": "[{b}]", "b": "!"}, "[{b}]"),
    ],
)
def test_placeholders_are_filled_and_empty_parts_left_out(text, values, filled):
    assert fill(text, values) == filled


@given(st.text())
def test_what_is_filled_in_is_never_read_again(value):
    assert fill("|{a}|", {"a": value, "b": "x"}) == f"|{value}|"


# --- what there is ---------------------------------------------------------------------------------------------------


def test_every_change_of_state_is_told():
    changes = {move.name for move in MOVES if move.source is not move.target}

    assert changes - set(EVENTS) == ANSWERED_AT_ONCE


def test_every_move_that_stops_or_starts_the_clock_is_told():
    stops = {move.name for move in MOVES if move.then in workflow.CLOCK_STANDS_AT or set(move.at) & set(workflow.CLOCK_STANDS_AT)}

    assert {"begin_verifying", "end_verifying"} <= stops & set(EVENTS)


def test_what_is_told_is_something_that_happens():
    assert set(EVENTS) <= {move.name for move in MOVES} | set(HAPPENINGS)
    assert len(EVENTS) == len(set(EVENTS))


def test_every_event_that_is_told_has_a_mail_and_a_text(shipped):
    assert all(words.sms for words in shipped.messages.events.values())
    assert shipped.messages.events.keys() == set(EVENTS) and shipped.messages.letters.keys() == LETTERS.keys()


@pytest.mark.parametrize("key", EVENTS)
def test_the_shipped_text_fits_with_the_longest_values_and_has_no_accents(shipped, key):
    longest = IN_A_TEXT | {"ma_ho_so": "H21.129-261122-999999", "xa": "xa Ia Bang", "noi_nhan": "Bo phan Mot cua xa Ia Bang"}
    filled = fill(shipped.messages.events[key].sms, longest)

    assert texts.plain(filled) == filled and texts.septets(filled) <= 160
    assert not re.search(r"[{}\[\]]", filled) and "H21.129-261122-999999" in filled


def test_the_date_that_was_counted_anew_is_told(shipped):
    for key in ("supplied", "paid", "end_verifying", "refuse_withdrawal", "reopen", "apologized", "accept"):
        words = shipped.messages.events[key]
        assert "{ngay_hen}" in words.body and "{ngay_hen}" in words.sms, key


def test_no_letter_stands_in_the_code_any_more():
    rules = Path(__file__).parents[2] / "rules"

    assert [path.name for path in rules.glob("*.py") if "Chào {" in path.read_text("utf-8")] == []


# --- what content check says -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  refuse:", "  refused:", "events: thiếu “refuse”"),
        ("  refuse:", "  refused:", "events.refused: chương trình không gửi thư nào tên này"),
        ("  account_exists:", "  account_there:", "letters: thiếu “account_exists”"),
        ("Hồ sơ đã rút. Xã", "Hồ sơ {ho_so} đã rút. Xã", "events.stop_withdrawn.body: không có chỗ trống {ho_so}"),
        ("Xã đã tiếp nhận hồ sơ {ma_ho_so}", "Xã đã tiếp nhận", "events.accept.subject: phải có {ma_ho_so}"),
        ("tiep nhan ho so {ma_ho_so} ngay", "tiep nhan ho so ngay", "events.accept.sms: phải có {ma_ho_so}"),
        (
            "ho so {ma_ho_so} ngay {ngay}.[",
            "ho so {ma_ho_so} cua {nguoi_nhan}.[",
            "events.accept.sms: không có chỗ trống {nguoi_nhan}",
        ),
        ('"Xa da tiep nhan', '"Xã da tiep nhan', "events.accept.sms: tin nhắn viết không dấu"),
        ('"Xa da tiep nhan', '"Xa 你 tiep nhan', "events.accept.sms: tin nhắn không gửi được ký tự “你”"),
        ('"Xa da tiep nhan', '"' + "x" * 90 + " Xa da tiep nhan", "events.accept.sms: dài nhất"),
        ("[Ngày hẹn trả: {ngay_hen}.]", "[Ngày hẹn trả: {ngay_hen}.", "events.accept.body: dấu [ và ] không thành cặp"),
        ("[Ngày hẹn trả: {ngay_hen}.]", "[Bạn chờ nhé.]", "events.accept.body: trong [ ] phải có một chỗ trống"),
        ("Xã không tiếp nhận. Đăng", "Xã không} tiếp nhận. Đăng", "events.refuse.body: dấu { và } không thành cặp"),
        ("  {noi_dung}", "  Xem trang.", "frame: phải có {noi_dung}"),
        ("      {lien_ket}\n", "", "letters.account_confirm.body: phải có {lien_ket}"),
        ("subject: Xác nhận e-mail mới", "subject: ''", "letters.new_email_confirm.subject: thiếu"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(faults_with, old, new, told):
    assert [fault for fault in faults_with(old, new) if fault.startswith("messages.yaml: ") and told in fault]


def test_a_longer_name_of_the_commune_may_make_a_text_too_long(faults_with):
    name = "Trung tâm Phục vụ hành chính công và Tiếp nhận, trả kết quả thủ tục hành chính xã Ia Băng mới sáp nhập"
    told = faults_with("office: Bộ phận Một cửa xã Ia Băng", f"office: {name}", "site.yaml")

    assert any("events.refuse.sms: dài nhất" in fault for fault in told)


def test_a_missing_file_is_a_fault(folder):
    (folder / "messages.yaml").unlink()

    assert "messages.yaml: tệp: không có tệp này" in check_content(folder)


def test_a_commune_may_send_no_text_of_something(faults_with):
    text = (SHIPPED / "messages.yaml").read_text("utf-8")
    sms = re.search(r'sms: "Xa bat dau[^\n]*', text)[0]

    assert faults_with(sms, 'sms: ""') == []


def test_the_longest_code_is_one_of_the_longest_agency():
    assert longest_code(["H21.129", "H21.129.12"]) == "H21.129.12-999999-999999"


def test_a_text_of_exactly_160_fits_and_one_more_does_not(shipped):
    words = shipped.messages.events["begin"]
    fixed = len(longest_code(["H21.129"])) + 1
    for size, is_good in ((160, True), (161, False)):
        changed = {"begin": type(words)(words.subject, words.body, "{ma_ho_so} " + "x" * (size - fixed))}
        assert (list(long_text_faults(changed, "xã", "xã", ["H21.129"])) == []) is is_good


# --- in use ----------------------------------------------------------------------------------------------------------


def test_the_commune_changes_the_words_without_a_programmer(app, folder, dossier, officer, library):
    path = folder / "messages.yaml"
    path.write_text(path.read_text("utf-8").replace("Xã đã tiếp nhận. Bạn chờ", "Hồ sơ ổn rồi. Bà con chờ", 1), "utf-8")
    try:
        load_content(folder)
        workflow.make_move(dossier, "accept", officer, utc_now(), library.calendar)
        assert "Bà con chờ đến ngày hẹn trả" in Message.select().order_by(Message.id.desc()).get().body
    finally:
        load_content(SHIPPED)


def test_before_anything_is_loaded_it_says_what_to_run(app, monkeypatch):
    monkeypatch.setattr(message_catalogue, "_kept", None)
    with db.atomic() as trial:
        ContentPart.delete().where(ContentPart.kind == "messages").execute()
        with pytest.raises(CatalogueMissing, match="init"):
            message_catalogue.current()
        trial.rollback()


def test_a_letter_is_framed_and_names_the_commune(dossier, account, officer, library):
    workflow.make_move(dossier, "accept", officer, utc_now(), library.calendar)
    letter = Message.select().order_by(Message.id.desc()).get()

    assert letter.body.startswith(f"Chào {account.full_name},\n\nHồ sơ: {dossier.procedure_title}\n")
    assert letter.body.endswith("Đây không phải Cổng Dịch vụ công quốc gia.\n")
    assert f"http://localhost/tra-cuu?ma={dossier.receipt_code}" in letter.body
    assert not re.search(r"[{}\[\]]", letter.body)


@pytest.mark.parametrize("key", LETTERS)
def test_every_letter_reads_to_its_end(app, key):
    values = {name.rstrip("*"): f"<{name.rstrip('*')}>" for name in LETTERS[key]}
    subject, body = message_catalogue.letter(key, **values)

    assert subject and body.rstrip().endswith("Đây không phải Cổng Dịch vụ công quốc gia.")
    assert not re.search(r"[{}\[\]]", subject + body)


@pytest.mark.parametrize("key", EVENTS)
def test_every_event_makes_a_mail_and_a_text(dossier, officer, key):
    event = workflow.write_event(dossier, key, dossier.state, dossier.state, officer, utc_now())
    notices.post_letter(dossier, event)

    mail, text = Message.get(Message.key == f"event-{event.id}"), TextMessage.get()
    assert dossier.code in mail.subject and dossier.code in mail.body and dossier.code in text.text
    assert texts.septets(text.text) <= 160 and not re.search(r"[{}\[\]]", mail.subject + mail.body + text.text)


def test_while_the_clock_stands_no_date_is_told(dossier, officer, library):
    workflow.make_move(dossier, "accept", officer, utc_now(), library.calendar)
    workflow.make_move(dossier, "ask_payment", officer, utc_now(), library.calendar, note="Nộp 8.000 đồng")
    assert notices.due_now(dossier) is None

    workflow.make_move(dossier, "paid", officer, utc_now(), library.calendar)
    text = TextMessage.select().order_by(TextMessage.id.desc()).get()
    assert "Hen tra moi: " in text.text


def test_the_new_date_of_an_apology_is_the_one_told(dossier, officer, library):
    workflow.make_move(dossier, "accept", officer, utc_now(), library.calendar)
    dossier.repromised_at = dossier.due_at + timedelta(days=3)

    assert notices.due_now(dossier) == dossier.repromised_at


def test_where_the_sites_name_is_long_a_text_says_it_in_words(monkeypatch):
    monkeypatch.setattr(Place, "address", "https://dvc.iabang.example")
    assert Place.in_a_text() == "dvc.iabang.example/tra-cuu"
    monkeypatch.setattr(Place, "address", f"https://{'a' * 40}.example")
    assert Place.in_a_text() == "trang dich vu cong cua xa"

"""Messages at the desk: what was told about a dossier, and the texts its own phone has still to send."""

import json
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from stage import make_account, make_staff

from database import utc_now
from models import Message, TextMessage
from rules import consents, texts, workflow


@pytest.fixture
def told(dossier, officer, library):
    """A dossier that was accepted, of which a text waits."""
    workflow.make_move(dossier, "accept", officer, utc_now(), library.calendar)
    return dossier


@pytest.fixture
def text(told):
    return TextMessage.get()


@pytest.fixture
def desk(visit_as, officer):
    return visit_as(officer)


def of(dossier) -> str:
    return f"/mot-cua/ho-so/{dossier.code}"


def press(visitor, message, do="sent", **said):
    return visitor.post(f"/mot-cua/tin-nhan/{message.id}", {"text": message.text, "do": do} | said)


# --- beside the dossier ----------------------------------------------------------------------------------------------


def test_the_text_stands_ready_with_its_count_and_the_way_to_the_phone(desk, told, text, account):
    page = desk.get(of(told))

    assert page.typed_in("text") == text.text and f"{len(text.text)}/160" in page.words
    link = page.links["Mở tin nhắn trên máy này"]
    assert link.startswith(f"sms:{account.phone}?body=") and unquote(link.partition("body=")[2]) == text.text


def test_the_mails_stand_there_with_when_they_left(desk, told, letters):
    subject = f"Xã đã tiếp nhận hồ sơ {told.code}"
    assert f"{subject} đang chờ gửi" in desk.get(of(told)).words
    letters()

    words = desk.get(of(told)).words
    assert f"{subject} gửi " in words and f"Đã nộp hồ sơ {told.code} gửi " in words


def test_a_mail_that_was_refused_is_said(desk, told):
    Message.update(was_refused=True, next_try_at=None).execute()

    assert "bị từ chối, báo bằng cách khác" in desk.get(of(told)).words


def test_why_nothing_is_sent_is_said(desk, submit, library):
    nobody = submit(make_account(email="", phone=""))
    silent = submit(account := make_account(), "dang-ky-khai-tu")
    consents.withdraw(account, library.consents["notices"], utc_now())

    for dossier in (nobody, silent):
        assert "không đồng ý nhận tin" in desk.get(of(dossier)).words


@pytest.mark.parametrize("role", ["specialist", "leader"])
def test_only_an_officer_sees_the_way_to_the_phone(visit_as, told, role):
    page = visit_as(make_staff(role)).get(of(told))

    assert "sms:" not in page.text and "Đã gửi" not in page.buttons
    assert TextMessage.get().text in page.words


def test_pressing_sent_says_when_and_by_whom(desk, told, text, officer):
    page = press(desk, text)

    assert page.location == f"{of(told)}?da=tin-da-gui"
    assert f"bởi {officer.full_name}" in desk.get(page.location).words and "đã gửi lúc" in desk.get(page.location).words
    assert TextMessage.get().sent_by == officer


def test_pressing_twice_is_answered_as_the_first_time(desk, text):
    first, at = press(desk, text), TextMessage.get().sent_at
    second = press(desk, text)

    assert first.location == second.location and TextMessage.get().sent_at == at


def test_a_second_officer_is_told(desk, visit_as, text, officer):
    press(desk, text)
    page = press(visit_as(make_staff("officer", "khac")), text)

    assert page.status == 409 and f"bởi {officer.full_name}" in page.errors and TextMessage.get().sent_by == officer


# --- other words -----------------------------------------------------------------------------------------------------


def test_other_words_are_kept_without_accents_and_the_link_follows(desk, told, text):
    assert press(desk, text, "save", text="Mời đến nhận giấy hẹn").location == f"{of(told)}?da=luu"

    page = desk.get(of(told))
    assert page.typed_in("text") == "Moi den nhan giay hen"
    assert unquote(page.links["Mở tin nhắn trên máy này"]).endswith("Moi den nhan giay hen") and not TextMessage.get().sent_at


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("x" * 161, "đang có 161"),
        ("", "Nhập chữ"),
        ("Chào 你", "Bỏ ký tự"),
        ("Gửi Rơ Châm H'Lan", "Bỏ họ tên"),
        ("{" * 81, "162"),
    ],
)
@pytest.mark.parametrize("do", ["save", "sent"])
def test_what_cannot_be_sent_is_counted_by_the_server_and_nothing_typed_is_lost(desk, text, typed, said, do):
    page = press(desk, text, do, text=typed)

    assert page.status == 422 and said in page.errors and page.typed_in("text") == typed
    assert f"{texts.size(typed)}/160" in page.words
    assert (TextMessage.get().text, TextMessage.get().sent_at) == (text.text, None)


def test_one_that_is_not_sent_needs_no_right_words(desk, told, text):
    assert press(desk, text, "drop", text="").location == f"{of(told)}?da=tin-da-bo"
    assert TextMessage.get().dropped_at and TextMessage.get().text == text.text
    assert press(desk, text).status == 409


# --- all that wait ---------------------------------------------------------------------------------------------------


def test_all_that_wait_stand_on_one_page_for_the_desks_phone(desk, told, text):
    page = desk.get("/mot-cua/tin-nhan/")

    assert page.heading == "Tin nhắn chờ gửi (1)" and told.code in page.links and page.typed_in("text") == text.text
    assert page.buttons.count("Đã gửi") == 1
    answer = press(desk, text, back="hang-cho")
    assert answer.location == "/mot-cua/tin-nhan/?da=tin-da-gui"
    assert "Không còn tin nào" in desk.get(answer.location).words


def test_whose_numbers_were_shown_can_be_told_later(app, desk, told, text):
    desk.get("/mot-cua/tin-nhan/")
    line = json.loads(Path(app.config["INSTANCE_DIR"], "security.log").read_text("utf-8").splitlines()[-1])

    assert (line["event"], line["dossiers"], line["purpose"]) == ("phones shown", told.code, "texts")


def test_the_page_is_one_of_the_rooms_at_the_top(desk):
    assert desk.get("/mot-cua/").links["Tin nhắn"] == "/mot-cua/tin-nhan/"


def test_texts_come_in_pages(desk, submit, officer, library, monkeypatch):
    monkeypatch.setattr(texts, "A_PAGE", 1)
    for _ in range(2):
        workflow.make_move(submit(make_account(), "dang-ky-khai-tu"), "accept", officer, utc_now(), library.calendar)

    assert desk.get("/mot-cua/tin-nhan/?trang=2").text.count("<textarea") == 1
    assert desk.get("/mot-cua/tin-nhan/").links["Trang sau"] == "/mot-cua/tin-nhan/?trang=2"


def test_another_offices_texts_are_not_there(visit_as, told, text):
    stranger = visit_as(make_staff("officer", "officer-121", office="H21.121"))

    assert told.code not in stranger.get("/mot-cua/tin-nhan/").text
    assert stranger.get(f"/mot-cua/tin-nhan/{text.id}").status == press(stranger, text).status == 404
    assert TextMessage.get().sent_at is None


@pytest.mark.parametrize("role", ["specialist", "leader", "administrator", "village_head"])
def test_only_officers_send(visit_as, text, role):
    more = {"village": "Thôn 6"} if role == "village_head" else {}
    other = visit_as(make_staff(role, "khac", **more))

    assert other.get("/mot-cua/tin-nhan/").status == press(other, text).status == 404
    assert TextMessage.get().sent_at is None


@pytest.mark.parametrize("how", ["consent", "phone"])
def test_who_took_the_number_or_the_consent_back_is_not_offered_to_be_texted(desk, told, text, account, library, how):
    assert f"sms:{account.phone}" in desk.get("/mot-cua/tin-nhan/").text
    if how == "consent":
        consents.withdraw(account, library.consents["notices"], utc_now())
    else:
        type(account).update(phone="").where(type(account).id == account.id).execute()

    assert "sms:" not in desk.get("/mot-cua/tin-nhan/").text and "sms:" not in desk.get(of(told)).text


def test_no_number_stands_in_an_address_or_the_log(app, desk, text, account):
    press(desk, text)
    log = (app.extensions["security_log"].path).read_text()

    assert account.phone not in log and text.text not in log


def test_a_text_whose_move_was_undone_waits_no_more(desk, told, officer, library):
    event = told.events.order_by(workflow.Event.id.desc()).first()
    workflow.undo(told, event.id, officer, utc_now() + timedelta(minutes=1))

    assert desk.get("/mot-cua/tin-nhan/").heading == "Tin nhắn chờ gửi (0)"
    assert "Tin đã gửi, đã bỏ (1)" in desk.get(of(told)).words

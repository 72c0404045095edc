"""“Làm giúp” and the counter as helpers walk them, and what the person sees, takes back and goes on with."""

import io
from base64 import b64encode
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from stage import BIRTH, PASSWORD, good_answers, make_account, make_staff, photo
from together import Requests, at_once
from werkzeug.datastructures import FileStorage

import views.papers
from database import utc_now
from models import (
    Account,
    AccountEvent,
    Consent,
    Dossier,
    Draft,
    Event,
    Help,
    LaterPaper,
    Login,
    OneTimeCode,
    Paper,
    PersonalDocument,
    Staff,
    State,
)
from rules import consents, helping, logins, one_time, submission, uploads
from rules.dossier_codes import show_receipt_code
from rules.helping import Agreement
from views.papers import mark_of

HELP, COUNTER, MINE = "/mot-cua/lam-giup", "/mot-cua/tai-quay", "/ca-nhan/lam-giup"
GO_ON = "Lưu và đi tiếp"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def head(app):
    head = make_staff("village_head", village="Thôn 6")
    Staff.update(full_name="Siu Thôn Trưởng").where(Staff.id == head.id).execute()
    return Staff.get_by_id(head.id)


@pytest.fixture
def at_meeting(visit_as, head):
    return visit_as(head)


@pytest.fixture
def citizen(visit_as, account):
    return visit_as(account)


def choose(account, **more) -> str:
    asked = {"thu-tuc": BIRTH} | more
    return f"{HELP}/{account.ref}?" + "&".join(f"{name}={value}" for name, value in asked.items())


def begin(visitor, account, way="doc-to", **typed):
    """Look the person up, choose, agree; returns the answer."""
    visitor.send(HELP, {"id_number": account.id_number}, "Tìm")
    typed = typed or {"witness": "Siu Người Nghe", "is_read": "1"}
    return visitor.send(choose(account, cach=way), typed, "Đồng ý, bắt đầu")


@pytest.fixture
def place(at_meeting, account):
    """The address of a help the person has agreed to aloud."""
    return begin(at_meeting, account).location


def walk(visitor, place: str, library) -> None:
    """Answer every page up to the papers."""
    answers = good_answers(library.definitions[BIRTH])
    while not (address := visitor.get(place).location).endswith(("/giay-to", "/xem-lai")):
        fields = visitor.get(address).fields(GO_ON)
        sent = visitor.send(
            address, {name: answers[name] for name in fields if name in answers} | chosen(address, answers), GO_ON
        )
        assert sent.status == 303, sent.errors


def chosen(address: str, answers: dict) -> dict:
    """What a page asks by buttons of choice, of which an empty form says nothing."""
    if address.endswith("/chu-ho-so"):
        return {"owner": "self"}
    return {"delivery": "desk"} if address.endswith("/nhan-ket-qua") else answers


def send_photo(visitor, place: str, key: str):
    data = {"csrf_token": visitor.token(), "document": key, "file": FileStorage(io.BytesIO(photo()), filename="anh.jpg")}
    return visitor._page(visitor.client.post(f"{place}giay-to", data=data, content_type="multipart/form-data"), {})


def hand_in(visitor, place: str, library):
    walk(visitor, place, library)
    for key in ("giay_chung_sinh", "giay_to_tuy_than"):
        assert send_photo(visitor, place, key).status == 303
    assert visitor.send(f"{place}giay-to", {}, GO_ON).location == f"{place}xem-lai"
    return visitor.send(f"{place}xem-lai", {"declared": "1"}, "Nộp hồ sơ")


def log_of(account) -> list[tuple[str, str]]:
    lines = AccountEvent.select().where(AccountEvent.account == account.id).order_by(AccountEvent.id)
    return [(line.name, line.subject) for line in lines]


def security_log(app) -> str:
    return Path(app.config["INSTANCE_DIR"], "security.log").read_text(encoding="utf-8")


# --- from the number to the slip -------------------------------------------------------------------------------------


def test_a_village_head_helps_from_the_number_to_the_codes(at_meeting, head, account, library):
    found = at_meeting.send(HELP, {"id_number": account.id_number}, "Tìm")
    assert found.location == f"{HELP}/{account.ref}"
    page = at_meeting.get(f"{found.location}?q=khai+sinh")
    assert choose(account) in page.links.values()
    ways = at_meeting.get(choose(account))
    assert f"Tôi đồng ý để thôn trưởng {head.full_name} nhập giúp tôi một hồ sơ" in ways.words
    place = begin(at_meeting, account).location
    first = at_meeting.get(f"{place}chu-ho-so")
    assert f"làm giúp {account.full_name}, chưa nộp" in first.words and f"Cho {account.full_name}" in first.words
    assert "Cho tôi" not in first.words
    done = hand_in(at_meeting, place, library)

    dossier = Dossier.get()
    farewell = at_meeting.get(done.location)
    assert show_receipt_code(dossier.receipt_code) in farewell.words and dossier.code in farewell.words
    assert (dossier.channel, dossier.helped_by, dossier.account) == ("helped", head, account)
    slip = at_meeting.get(done.location.replace("/xong", "/in"))
    assert "data:image/svg+xml" in slip.text and dossier.code in slip.words and "print.css" in slip.text
    assert account.id_number not in slip.text
    assert at_meeting.get(place).location == done.location, "the form's address leads to the codes"


TELL_ME = "Thôn trưởng nơi bạn ở được biết"


@pytest.mark.parametrize("ticked", [True, False])
def test_a_head_asks_whether_she_may_bring_news(at_meeting, head, account, ticked):
    Consent.delete().where(Consent.account == account, Consent.purpose == "village_head").execute()
    at_meeting.send(HELP, {"id_number": account.id_number}, "Tìm")
    assert TELL_ME in at_meeting.get(choose(account, cach="doc-to")).words

    refused = begin(at_meeting, account, is_read="1", **({"village_head": "1"} if ticked else {}))
    assert refused.status == 422
    assert bool(refused.tree.xpath("//input[@name='village_head'][@checked]")) == ticked
    assert not consents.has(account, "village_head")
    begin(at_meeting, account, witness="Siu Người Nghe", is_read="1", **({"village_head": "1"} if ticked else {}))

    given = consents.current(account).get("village_head")
    assert (given and given.read_by) == (head if ticked else None)


def test_who_has_agreed_is_not_asked_again_and_an_officer_does_not_ask(at_meeting, account, visit_as):
    at_meeting.send(HELP, {"id_number": account.id_number}, "Tìm")
    assert TELL_ME not in at_meeting.get(choose(account, cach="doc-to")).words
    Consent.delete().where(Consent.account == account).execute()
    desk = visit_as(make_staff("officer"))
    desk.send(HELP, {"id_number": account.id_number}, "Tìm")

    assert TELL_ME not in desk.get(choose(account, cach="doc-to")).words
    begin(desk, account, witness="Siu Người Nghe", is_read="1", village_head="1")
    assert not consents.has(account, "village_head")


def test_a_lost_answer_is_asked_for_again(at_meeting, place, library):
    walk(at_meeting, place, library)
    for key in ("giay_chung_sinh", "giay_to_tuy_than"):
        send_photo(at_meeting, place, key)
    at_meeting.send(f"{place}giay-to", {}, GO_ON)
    form = at_meeting.get(f"{place}xem-lai").fields("Nộp hồ sơ") | {"declared": "1"}

    answers = [at_meeting.post(f"{place}xem-lai", form).location for _ in range(2)]

    assert answers[0] == answers[1] and answers[0].endswith("/xong") and Dossier.select().count() == 1
    assert at_meeting.post(f"{place}xem-lai", form | {"seen": "khac"}).status == 409


def test_the_next_person_finds_nothing_of_the_one_before(at_meeting, account, place, library):
    done = hand_in(at_meeting, place, library).location
    next_one = at_meeting.send(done, {}, "Người tiếp theo")

    assert next_one.location == HELP and account.full_name not in at_meeting.get(HELP).text
    for address in (done, done.replace("/xong", "/in"), place, f"{place}chu-ho-so", f"{place}xem-lai"):
        assert at_meeting.get(address).status == 404, address
    for address in (choose(account), choose(account, cach="doc-to")):
        assert at_meeting.get(address).location.startswith(HELP), address


def test_the_next_may_keep_the_procedure(at_meeting, account, place, library):
    done = hand_in(at_meeting, place, library).location
    again = at_meeting.send(done, {"same": "1"}, "Người tiếp theo").location
    other = make_account(full_name="Ksor Tiếp", email="", village="Thôn 6")

    assert library.definitions[BIRTH]["title"] in at_meeting.get(again).words
    assert at_meeting.send(again, {"id_number": other.id_number}, "Tìm").location == f"{HELP}/{other.ref}?thu-tuc={BIRTH}"


def test_next_pressed_again_does_nothing_more(at_meeting, place, library):
    done = hand_in(at_meeting, place, library).location
    for _ in range(2):
        assert at_meeting.post(done.replace("/xong", "/tiep")).location == HELP


def test_who_has_no_account_gets_one_first(visit_as, head):
    helper = visit_as(head)
    nobody = helper.send(HELP, {"id_number": "064090777001"}, "Tìm")
    assert "Chưa thấy tài khoản" in nobody.heading and "064090777001" not in nobody.heading
    opening = helper.post("/mot-cua/nguoi-dan/mo", nobody.fields("Mở tài khoản cho người này"))
    more = {"full_name": "Siu Mới", "birth_date": "5/7/1990", "consent-account": "1", "seen": "1"}
    opened = helper.post("/mot-cua/nguoi-dan/mo", opening.fields("Mở tài khoản, làm phiếu") | more)

    page = helper.get(helper.get(opened.location).links["Làm giúp nộp hồ sơKhi người này đồng ý"])
    assert page.heading == "Chọn thủ tục" and "Siu Mới" in page.words


def test_somebody_without_a_password_can_only_say_so(at_meeting):
    person = make_account(email="", password_hash="", village="Thôn 6")
    at_meeting.send(HELP, {"id_number": person.id_number}, "Tìm")

    assert [link for link in at_meeting.get(choose(person)).links if "đồng ý" in link or "Nhập" in link] == [
        "Nói đồng ý, có người làm chứng"
    ]
    assert at_meeting.get(choose(person, cach="ma")).heading != f"{person.full_name} đồng ý"


# --- agreeing --------------------------------------------------------------------------------------------------------


def test_a_code_is_used_up_and_said_to_be_before(at_meeting, account):
    (code,) = one_time.make_codes("recovery", account, 1, utc_now())
    at_meeting.send(HELP, {"id_number": account.id_number}, "Tìm")
    assert "dùng hết" in at_meeting.get(choose(account, cach="ma")).words

    assert begin(at_meeting, account, "ma", code=show_receipt_code(code)).location.startswith("/nop-ho-so/giup.")
    assert OneTimeCode.get().used_at


def test_a_password_typed_here_begins_no_login_and_is_not_sent_back(at_meeting, account):
    wrong = begin(at_meeting, account, "mat-khau", password="sai hoan toan")
    assert wrong.status == 422 and "sai hoan toan" not in wrong.text
    field = wrong.tree.xpath("//input[@name='password']")[0]
    assert (field.get("type"), field.get("autocomplete")) == ("password", "off")

    assert begin(at_meeting, account, "mat-khau", password=PASSWORD).location.startswith("/nop-ho-so/giup.")
    assert Login.select().where(Login.account == account.id).count() == 0
    assert at_meeting.get("/mot-cua/toi").user == "Siu Thôn Trưởng"


def test_wrong_guesses_are_counted_and_logged(app, at_meeting, account):
    for _ in range(10):
        assert begin(at_meeting, account, "mat-khau", password="sai").status == 422

    answer = begin(at_meeting, account, "mat-khau", password=PASSWORD)
    assert answer.status == 422 and "thử nhiều lần" in answer.errors
    assert security_log(app).count('"help not agreed to"') >= 11 and Help.select().count() == 0
    assert PASSWORD not in security_log(app)


BAD_WORDS = {
    "nobody heard it": ({"witness": "", "is_read": "1"}, "Nhập họ tên người làm chứng"),
    "the helper heard it": ({"witness": "siu thôn  trưởng", "is_read": "1"}, "phải là người khác, không phải bạn"),
    "the person heard it": ({"witness": "Rơ Châm H'Lan", "is_read": "1"}, "không phải chính người dân"),
    "half a name": ({"witness": "Siu", "is_read": "1"}, "Nhập đủ họ và tên"),
    "nothing was read": ({"witness": "Siu Người Nghe"}, "Đọc to cho người dân nghe"),
}


@pytest.mark.parametrize("bad", BAD_WORDS)
def test_without_reading_or_witness_nothing_begins(at_meeting, account, bad):
    typed, message = BAD_WORDS[bad]
    page = begin(at_meeting, account, **typed)

    assert page.status == 422 and message in page.errors and Help.select().count() == 0


def test_the_same_form_twice_is_one_help(at_meeting, account):
    at_meeting.send(HELP, {"id_number": account.id_number}, "Tìm")
    form = at_meeting.get(choose(account, cach="doc-to")).fields("Đồng ý, bắt đầu") | {"witness": "Siu Nghe", "is_read": "1"}

    one, other = at_once(*[lambda: at_meeting.client.post(f"{HELP}/{account.ref}/dong-y", data=form)] * 2, database=Requests)

    assert one.status_code == other.status_code == 303 and one.location == other.location and Help.select().count() == 1


def test_what_needs_a_seen_card_is_not_begun_before(at_meeting, account, library, monkeypatch, place):
    monkeypatch.setitem(library.definitions, BIRTH, library.definitions[BIRTH] | {"needs_ial2": True})
    page = at_meeting.get(choose(account))

    assert "IAL2" in page.words and "Mở trang của người này" in page.links
    form = {"thu-tuc": BIRTH, "cach": "doc-to", "witness": "Siu Nghe", "is_read": "1", "form_key": "b" * 32}
    assert at_meeting.post(f"{HELP}/{account.ref}/dong-y", form).location == choose(account)
    assert Help.select().count() == 1 and at_meeting.get(f"{place}chu-ho-so").location == choose(account)
    Account.update(assurance_level=2).where(Account.id == account.id).execute()
    assert at_meeting.get(f"{place}chu-ho-so").status == 200


def test_of_another_village_nobody_is_found_in_the_same_words(at_meeting):
    other = make_account(email="", village="Thôn 2")
    hers, nobodys = (at_meeting.send(HELP, {"id_number": n}, "Tìm") for n in (other.id_number, "064090777999"))

    assert (hers.status, hers.heading.replace("•", "")[:24]) == (nobodys.status, nobodys.heading.replace("•", "")[:24])
    assert other.full_name not in hers.text and AccountEvent.select().count() == 0
    assert at_meeting.get(f"{HELP}/{other.ref}").location.startswith(HELP)


# --- only this helper, this day, while it is agreed to ---------------------------------------------------------------

PAGES = ("", "chu-ho-so", "trang-1", "nhan-ket-qua", "giay-to", "xem-lai")


def same_as_missing(visitor, place, method="GET"):
    for page in PAGES:
        seen = []
        for address in (f"{place}{page}", f"/nop-ho-so/giup.{'0' * 12}/{page}"):
            data = {"csrf_token": visitor.token()} if method == "POST" else None
            answer = visitor.client.open(address, method=method, data=data)
            seen.append((answer.status_code, answer.get_data(as_text=True).replace(address, "")))
        assert seen[0] == seen[1] and (seen[0][0] == 404 or (page == "" and method == "POST")), (page, seen[0][0])


@pytest.mark.parametrize("who", ["another officer", "another head", "officer elsewhere", "the person"])
def test_to_everybody_else_it_is_as_missing(visit_as, account, place, who):
    others = {
        "another officer": lambda: make_staff("officer"),
        "another head": lambda: make_staff("village_head", "head-2", village="Thôn 6"),
        "officer elsewhere": lambda: make_staff("officer", office="H21.121"),
        "the person": lambda: account,
    }
    visitor = visit_as(others[who]())

    same_as_missing(visitor, place)
    same_as_missing(visitor, place, "POST")


def test_nobody_logged_in_is_sent_to_the_desks_login(visitor, place):
    assert visitor.get(f"{place}chu-ho-so").location.startswith("/mot-cua/dang-nhap")


def test_the_day_after_it_is_as_missing(visit_as, head, place):
    with time_machine.travel(utc_now() + timedelta(days=1), tick=False):
        visitor = visit_as(head)
        same_as_missing(visitor, place)
        same_as_missing(visitor, place, "POST")


def test_who_left_office_types_no_more(at_meeting, head, place):
    Staff.update(ended_at=utc_now()).where(Staff.id == head.id).execute()

    answer = at_meeting.client.post(f"{place}chu-ho-so", data={"owner": "self"})
    assert answer.location and "/mot-cua/dang-nhap" in answer.location and Draft.select().count() == 0


def test_the_helper_sees_no_document_and_no_other_dossier(app, at_meeting, account, dossier, place, library):
    document = PersonalDocument.create(account=account, kind="khac", details={"name": "Sổ đỏ bí mật"}, form_key="x")
    walk(at_meeting, place, library)
    page = at_meeting.get(f"{place}giay-to")

    assert "tài liệu của tôi" not in page.words and "bí mật" not in page.text
    assert at_meeting.post(f"{place}giay-to", {"document": "giay_chung_sinh", "taken": str(document.id)}).status in (404, 422)
    assert at_meeting.get(f"/ca-nhan/ho-so/{dossier.code}").status == 404


def test_the_persons_own_draft_is_neither_seen_nor_changed(at_meeting, account, library):
    own = submission.open_or_begin_draft(account, BIRTH, utc_now())
    submission.save_page(own, "page-1", {"nyc_ho_ten": "Tên Bí Mật"}, utc_now())
    place = begin(at_meeting, account).location
    hand_in(at_meeting, place, library)

    assert Draft.get_by_id(own.id).answers == {"nyc_ho_ten": "Tên Bí Mật"} and Draft.get_by_id(own.id).dossier is None
    assert "Tên Bí Mật" not in str(Dossier.get().answers)


def test_idle_for_half_an_hour_the_helper_loses_nothing_typed(at_meeting, visit_as, head, place):
    form = at_meeting.get(f"{place}chu-ho-so").fields(GO_ON)
    Login.update(seen_at=utc_now() - 31 * MINUTE).execute()
    late = at_meeting.client.post(f"{place}chu-ho-so", data=form | {"owner": "other", "owner_name": "Siu Gõ Muộn"})

    assert late.status_code == 303 and late.location.startswith("http://localhost/mot-cua/dang-nhap?tiep=/nop-ho-so/giup.")
    assert "Siu" not in late.get_data(as_text=True)
    assert Draft.get().answers["owner_name"] == "Siu Gõ Muộn"
    assert visit_as(head).get(f"{place}chu-ho-so").typed_in("owner_name") == "Siu Gõ Muộn"


def test_a_login_that_still_waits_for_its_second_factor_saves_nothing(visit_as, head, place):
    waiting = visit_as(head, "factor")
    Login.update(seen_at=utc_now() - 31 * MINUTE).where(Login.waits_for == "factor").execute()

    assert "dang-nhap" in waiting.post(f"{place}chu-ho-so", {"owner": "self"}).location and Draft.select().count() == 0


# --- the person takes it back ----------------------------------------------------------------------------------------


def test_the_person_sees_who_helps_and_takes_it_back(at_meeting, citizen, head, account, place):
    at_meeting.send(f"{place}chu-ho-so", {"owner": "self"}, GO_ON)
    front = citizen.get("/ca-nhan/")
    assert f"Đang có người làm giúp thôn trưởng {head.full_name}. Xem, thu hồi" in front.words
    page = citizen.get(MINE)
    assert "Đã ghi trang Chủ hồ sơ" in page.words and "người làm chứng: Siu Người Nghe" in page.words
    citizen.send(MINE, {}, "Thu hồi")

    told = at_meeting.post(f"{place}nhan-ket-qua", {"delivery": "desk"})
    assert told.status == 409 and told.heading == "Người dân đã thu hồi" and account.full_name not in told.text
    assert at_meeting.get(f"{place}chu-ho-so").heading == "Người dân đã thu hồi"
    assert "delivery" not in Draft.get().answers
    assert "Đang có người" not in citizen.get("/ca-nhan/").words
    assert log_of(account)[-1] == ("help taken back", "")


def test_taken_back_with_the_last_button_in_hand_nothing_is_submitted(at_meeting, citizen, place, library):
    walk(at_meeting, place, library)
    for key in ("giay_chung_sinh", "giay_to_tuy_than"):
        send_photo(at_meeting, place, key)
    at_meeting.send(f"{place}giay-to", {}, GO_ON)
    form = at_meeting.get(f"{place}xem-lai").fields("Nộp hồ sơ") | {"declared": "1"}
    citizen.send(MINE, {}, "Thu hồi")

    assert at_meeting.post(f"{place}xem-lai", form).heading == "Người dân đã thu hồi"
    assert Dossier.select().count() == 0


@pytest.fixture
def taken_over(account, monkeypatch):
    """At the very moment of a call, the person takes the help back and goes on with what was typed."""

    def at(called: str, after: bool = False) -> None:
        room, name = (uploads, called) if called == "append" else (views.papers, called)
        call = getattr(room, name)

        def take_over_meanwhile(*values, **more):
            found = call(*values, **more) if after else None
            helping.take_back(Help.get(), account, utc_now())
            helping.take_over(Help.get(), account, utc_now())
            return found if after else call(*values, **more)

        monkeypatch.setattr(room, name, take_over_meanwhile)

    return at


def test_a_photo_that_comes_as_the_help_is_taken_back_is_not_in_the_persons_draft(at_meeting, place, taken_over):
    at_meeting.send(f"{place}chu-ho-so", {"owner": "self"}, GO_ON)
    taken_over("keep_paper")

    assert send_photo(at_meeting, place, "giay_chung_sinh").heading == "Người dân đã thu hồi"
    assert Draft.get().help is None and Paper.select().count() == 0


def test_pieces_that_are_whole_as_the_help_is_taken_back_become_no_paper(at_meeting, place, taken_over):
    at_meeting.send(f"{place}chu-ho-so", {"owner": "self"}, GO_ON)
    data, tus = photo("red"), {"Tus-Resumable": "1.0.0", "X-CSRFToken": at_meeting.token()}
    said = {"Upload-Length": str(len(data)), "Upload-Metadata": f"document {b64encode(b'giay_chung_sinh').decode()}"}
    begun = at_meeting.client.post(f"{place}tai-len", headers=tus | said)
    taken_over("append", after=True)
    piece = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}

    assert at_meeting.client.patch(begun.location, data=data, headers=tus | piece).status_code == 409
    assert Draft.get().help is None and Paper.select().count() == 0


def test_a_helper_drops_no_photo_of_a_draft_that_is_the_persons_again(at_meeting, place, taken_over):
    send_photo(at_meeting, place, "giay_chung_sinh")
    sent = Paper.get()
    taken_over("paper_at", after=True)
    page = at_meeting.post(f"{place}giay-{sent.id}", {"remove": "1", "mark": mark_of(sent), "document": sent.document_key})

    assert page.heading == "Người dân đã thu hồi" and Paper.get() == sent


def test_a_helper_is_asked_in_words_for_a_helper(at_meeting, citizen, account, place):
    page = at_meeting.get(f"{place}chu-ho-so")
    assert "Hồ sơ của ai" in page.words and f"Chủ hồ sơ là gì của {account.full_name}" in page.words
    assert " bạn" not in page.words.partition("Nếu làm cho người khác")[0].partition("Hồ sơ của ai")[2]

    wrong = at_meeting.send(f"{place}chu-ho-so", {"owner": "other", "owner_name": "Siu Con"}, GO_ON)
    assert wrong.status == 422 and "Chọn: chủ hồ sơ là gì của người này" in wrong.errors
    assert "Bạn làm cho ai" in citizen.get(f"/nop-ho-so/{BIRTH}/chu-ho-so").words


def test_what_was_typed_is_taken_over_and_gone_on_with(at_meeting, citizen, account, place):
    at_meeting.send(f"{place}chu-ho-so", {"owner": "other", "owner_name": "Siu Con"}, GO_ON)
    citizen.send(MINE, {}, "Thu hồi")
    taken = citizen.send(MINE, {}, "Lấy về làm tiếp")

    assert taken.location == f"/nop-ho-so/{BIRTH}/"
    assert citizen.get(f"/nop-ho-so/{BIRTH}/chu-ho-so").typed_in("owner_name") == "Siu Con"
    assert "Lấy về làm tiếp" not in citizen.get(MINE).buttons


def test_beside_ones_own_draft_it_is_deleted_at_most(at_meeting, citizen, account, place):
    own = submission.open_or_begin_draft(account, BIRTH, utc_now())
    at_meeting.send(f"{place}chu-ho-so", {"owner": "self"}, GO_ON)
    citizen.send(MINE, {}, "Thu hồi")

    refused = citizen.send(MINE, {}, "Lấy về làm tiếp")
    assert refused.status == 409 and "Bạn đang có bản nháp" in refused.errors
    citizen.send(MINE, {}, "Xoá chữ đó")
    assert [draft.id for draft in Draft.select()] == [own.id]


def test_what_is_handed_in_is_not_taken_back_here(at_meeting, citizen, place, library):
    form = citizen.get(MINE).fields("Thu hồi")
    hand_in(at_meeting, place, library)
    ref = Help.get().ref

    page = citizen.post(f"{MINE}/{ref}/thu-hoi", form)
    assert page.status == 409 and "đã nộp rồi" in page.errors and Help.get().revoked_at is None


def test_nobody_takes_back_what_was_agreed_to_by_another(visit_as, place):
    stranger = visit_as(make_account(email="khac@example.vn"))

    for act in ("thu-hoi", "lay-ve", "xoa"):
        mine, missing = (stranger.post(f"{MINE}/{ref}/{act}") for ref in (Help.get().ref, "0" * 12))
        assert mine.status == missing.status == 404 and mine.text == missing.text
    assert Help.get().revoked_at is None


def test_person_and_desk_read_who_helped(at_meeting, citizen, visit_as, officer, head, place, library):
    hand_in(at_meeting, place, library)
    dossier = Dossier.get()

    assert f"Làm giúp bởi thôn trưởng {head.full_name}" in citizen.get(f"/ca-nhan/ho-so/{dossier.code}").words
    desk = visit_as(officer).get(f"/mot-cua/ho-so/{dossier.code}")
    assert f"Làm giúp bởi thôn trưởng {head.full_name}" in desk.words.replace("bởithôn", "bởi thôn")
    assert f"{head.full_name} làm giúp" in Event.get().actor_name


def test_the_helper_gives_up_and_the_person_may_go_on(at_meeting, citizen, account, place):
    at_meeting.send(f"{place}chu-ho-so", {"owner": "self"}, GO_ON)
    assert account.full_name in at_meeting.get(HELP).words
    gone = at_meeting.send(HELP, {}, "Thôi, không làm giúp nữa")

    assert gone.location == f"{HELP}?da=thoi-giup" and account.full_name not in at_meeting.get(HELP).words
    assert at_meeting.get(place).status == 404
    assert "Lấy về làm tiếp" in citizen.get(MINE).buttons


# --- at the counter --------------------------------------------------------------------------------------------------

NUMBER = "064090888001"


def enter(desk):
    nobody = desk.send(COUNTER, {"id_number": NUMBER}, "Tìm")
    fields = nobody.fields("Ghi và chọn thủ tục") | {"full_name": "Siu Đến Quầy", "birth_date": "5/7/1990", "seen": "1"}
    return desk.post(f"{COUNTER}/nguoi-moi", fields)


def begin_at_counter(desk):
    return desk.send(f"{enter(desk).location}?thu-tuc={BIRTH}", {"seen": "1"}, "Bắt đầu nhập").location


def receive(desk, place, key):
    assert "Đã nhận bản giấy" in desk.get(f"{place}giay-to").buttons
    assert desk.post(f"{place}giay-to", {"document": key, "received": "1"}).status == 303


def test_somebody_without_an_account_hands_in_at_the_counter(visit_as, officer, library):
    desk = visit_as(officer)
    place = begin_at_counter(desk)
    assert "tại quầy cho Siu Đến Quầy, chưa nộp" in desk.get(f"{place}chu-ho-so").words
    walk(desk, place, library)
    receive(desk, place, "giay_chung_sinh")
    send_photo(desk, place, "giay_to_tuy_than")
    assert "Xã đã nhận giấy này" in desk.get(f"{place}giay-to").words
    desk.send(f"{place}giay-to", {}, GO_ON)
    done = desk.send(f"{place}xem-lai", {"declared": "1"}, "Nộp hồ sơ").location

    dossier, later = Dossier.get(), LaterPaper.get()
    assert (dossier.channel, dossier.helped_by, dossier.account.full_name) == ("counter", officer, "Siu Đến Quầy")
    assert (later.dossier, later.received_by, later.document_key) == (dossier, officer, "giay_chung_sinh") and later.arrived_at
    accepted = desk.send(done, {}, "Tiếp nhận ngay")
    assert accepted.location.startswith(f"/mot-cua/ho-so/{dossier.code}")
    assert Dossier.get().state is State.ACCEPTED and Dossier.get().due_at
    assert desk.post(done.replace("/xong", "/tiep")).location == COUNTER


def test_what_is_done_only_at_the_desk_is_entered_at_the_counter_and_nowhere_else(visit_as, officer, library, account):
    copies = "chung-thuc-ban-sao-tu-ban-chinh"
    assert library.procedures[copies].online_submission == "off"
    desk = visit_as(officer)
    place = desk.send(f"{enter(desk).location}?thu-tuc={copies}", {"seen": "1"}, "Bắt đầu nhập").location

    assert "tại quầy cho Siu Đến Quầy" in desk.get(f"{place}chu-ho-so").words
    found = desk.send(HELP, {"id_number": account.id_number}, "Tìm").location
    assert copies not in desk.get(f"{found}?thu-tuc={copies}").text


def test_received_by_mistake_it_is_asked_for_again(visit_as, officer, library):
    desk = visit_as(officer)
    place = begin_at_counter(desk)
    receive(desk, place, "giay_chung_sinh")
    assert LaterPaper.get().received_by == officer
    desk.post(f"{place}giay-to", {"document": "giay_chung_sinh", "not_later": "1"})

    assert LaterPaper.select().count() == 0


def test_who_is_entered_at_the_counter_gets_the_account_later(visit_as, officer):
    desk = visit_as(officer)
    enter(desk)
    account = Account.get()
    found = desk.send("/mot-cua/nguoi-dan/", {"id_number": NUMBER, "purpose": "Mở tài khoản, in phiếu mã"}, "Tìm")
    assert found.location == f"/mot-cua/nguoi-dan/{account.ref}"
    slip = desk.send(f"{found.location}/phieu", {"seen": "1"}, "Tôi đã xem")
    code = slip and OneTimeCode.get(OneTimeCode.kind == "activation")

    assert code.account == account and Account.select().count() == 1 and not account.is_activated


BAD_ENTRIES = {
    "no name": ({"full_name": ""}, "Nhập họ và tên"),
    "a birth to come": ({"birth_date": "5/7/2099"}, "ngày"),
    "a short number": ({"id_number": "123"}, "Bạn nhập 3 số"),
    "no card": ({"seen": ""}, "Xem căn cước"),
}


@pytest.mark.parametrize("bad", BAD_ENTRIES)
def test_a_wrong_entry_makes_nobody(visit_as, officer, bad):
    desk = visit_as(officer)
    typed, message = BAD_ENTRIES[bad]
    fields = desk.send(COUNTER, {"id_number": NUMBER}, "Tìm").fields("Ghi và chọn thủ tục")
    good = {"full_name": "Siu Đến Quầy", "birth_date": "5/7/1990", "seen": "1"}
    page = desk.post(f"{COUNTER}/nguoi-moi", {name: text for name, text in (fields | good | typed).items() if text})

    assert page.status == 422 and message in page.errors and Account.select().count() == 0


def test_the_counter_is_the_officers(at_meeting, account):
    assert at_meeting.get(COUNTER).status == 404 and at_meeting.post(COUNTER, {"id_number": account.id_number}).status == 404


def test_paper_is_not_received_in_a_village(at_meeting, visit_as, officer, account, library):
    desk = visit_as(officer)
    place = begin(desk, account).location

    assert "Đã nhận bản giấy" not in desk.get(f"{place}giay-to").buttons
    desk.post(f"{place}giay-to", {"document": "giay_chung_sinh", "received": "1"})
    assert LaterPaper.select().count() == 0


def test_a_forged_way_of_agreeing_begins_nothing(at_meeting, account):
    """“present” is the counter's alone."""
    at_meeting.send(HELP, {"id_number": account.id_number}, "Tìm")
    for word in ("present", "co-mat", "", "aloud"):
        at_meeting.post(f"{HELP}/{account.ref}/dong-y", {"thu-tuc": BIRTH, "cach": word, "seen": "1", "form_key": "a" * 32})

    assert Help.select().count() == 0


def test_of_a_business_of_the_person_nothing_is_offered_or_taken(at_meeting, account, library):
    from rules import businesses

    business = businesses.add(account, "Cà phê Ia Băng", "5900189357", utc_now())
    place = begin(at_meeting, account).location
    assert "Cà phê" not in at_meeting.get(f"{place}chu-ho-so").text
    walk(at_meeting, place, library)
    for key in ("giay_chung_sinh", "giay_to_tuy_than"):
        send_photo(at_meeting, place, key)
    at_meeting.send(f"{place}giay-to", {}, GO_ON)
    at_meeting.post(f"{place}chu-ho-so", {"owner": f"business-{business.ref}"})
    draft = Draft.get(Draft.help.is_null(False))
    form = {"declared": "1", "idempotency_key": draft.idempotency_key, "seen": submission.content_hash(draft)}

    assert at_meeting.post(f"{place}xem-lai", form).status == 422 and Dossier.select().count() == 0


def test_htmx_gets_the_pages_too(visit_as, head, account):
    helper = visit_as(head, with_htmx=True)
    helping.open_person(account, head, utc_now())

    assert "Chọn thủ tục" in helper.get(f"{HELP}/{account.ref}", **{"HX-Current-URL": f"http://localhost{HELP}"}).text


def test_every_page_of_helping_is_kept_by_no_cache(at_meeting, account, place, library):
    done = hand_in(at_meeting, place, library).location
    for address in (HELP, done, done.replace("/xong", "/in")):
        assert at_meeting.get(address).headers["Cache-Control"] == "no-store"


def test_a_help_of_the_day_is_not_the_login(head, account, library, visit_as):
    """Begun on one phone, it goes on at another of the same helper."""
    help = helping.begin(account, head, library.definitions[BIRTH], Agreement("aloud", witness="Siu Nghe"), utc_now(), "k" * 32)

    assert visit_as(head).get(f"/nop-ho-so/giup.{help.ref}/chu-ho-so").status == 200
    assert logins.open_logins(account, utc_now()) == []

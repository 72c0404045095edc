"""The desk undoes a slip of the hand, and hands over what is another's to deal with."""

import pytest
from msgspec.structs import replace
from stage import make_staff

from models import Dossier, Event, OtherCode, State, Transfer
from rules import transfers


@pytest.fixture
def desk(visit_as, officer):
    return visit_as(officer)


def page_of(dossier) -> str:
    return f"/mot-cua/ho-so/{dossier.code}"


# --- undoing ---------------------------------------------------------------------------------------------------------


def accept(desk, dossier) -> None:
    desk.send(page_of(dossier), {}, "Tiếp nhận")


def test_a_slip_is_undone_from_the_dossiers_page(desk, dossier):
    accept(desk, dossier)
    answer = desk.send(page_of(dossier), {}, "Hoàn tác")

    assert answer.status == 303
    assert Dossier.get_by_id(dossier.id).state is State.SUBMITTED
    page = desk.get(answer.location)
    assert "Đã hoàn tác" in page.text and "Hoàn tác “Tiếp nhận”" in page.text


def test_who_did_not_do_it_finds_no_button_and_may_not(desk, dossier, visit_as):
    accept(desk, dossier)
    other = visit_as(make_staff("officer", "officer2"))
    event = dossier.events.order_by(Event.id.desc()).get()

    assert "Hoàn tác “Tiếp nhận”" not in other.get(page_of(dossier)).buttons
    answer = other.post(f"{page_of(dossier)}/hoan-tac", {"event": event.id, "form_key": "x"})
    assert (answer.status, "Không hoàn tác được" in answer.text) == (409, True)
    assert Dossier.get_by_id(dossier.id).state is State.ACCEPTED


def test_an_event_of_another_dossier_is_not_undone_here(desk, submit, account):
    first, second = submit(account), submit(account)
    accept(desk, first)
    event = first.events.order_by(Event.id.desc()).get()
    answer = desk.post(f"{page_of(second)}/hoan-tac", {"event": event.id, "form_key": "x"})

    assert answer.status == 409
    assert Dossier.get_by_id(first.id).state is State.ACCEPTED


def test_who_is_second_is_told_by_whom_when_and_what(desk, dossier, visit_as):
    other = visit_as(make_staff("officer", "officer2"))
    late_form = other.get(page_of(dossier)).fields("Tiếp nhận")
    accept(desk, dossier)
    answer = other.post(f"{page_of(dossier)}/tiep-nhan", late_form)

    assert answer.status == 409
    assert "Cán bộ officer đã bấm “Tiếp nhận” lúc" in answer.errors
    assert dossier.events.count() == 2


def test_a_button_pressed_twice_is_answered_as_the_first_time(desk, dossier):
    accept(desk, dossier)
    form = desk.get(page_of(dossier)).fields("Hoàn tác “Tiếp nhận”")
    answers = [desk.post(f"{page_of(dossier)}/hoan-tac", form) for _ in range(2)]

    assert {(answer.status, answer.location) for answer in answers} == {(303, answers[0].location)}
    assert dossier.events.count() == 3


# --- handing over ----------------------------------------------------------------------------------------------------


def transfer(desk, dossier, **data):
    return desk.send(f"{page_of(dossier)}/chuyen-co-quan", {"to": "H21.121", "reason": "Đất ở xã Đak Đoa"} | data, "Chuyển hồ sơ")


def test_the_form_sent_again_after_a_lost_answer_says_the_same(desk, dossier, monkeypatch):
    police = transfers.Agency("H21.129.1", "Công an xã Ia Băng", True)
    monkeypatch.setattr(transfers, "agencies", lambda site, office: [police])
    address = f"{page_of(dossier)}/chuyen-co-quan"
    form = desk.get(address).fields("Chuyển hồ sơ") | {"to": police.code, "reason": "Công an giải quyết"}
    answers = [desk.post(address, form) for _ in range(2)]

    assert {(answer.status, answer.location) for answer in answers} == {(303, "/mot-cua/da-chuyen?da=da-chuyen")}
    assert Transfer.select().count() == 1 and desk.post(address, form | {"form_key": "0" * 32}).status == 404


def test_the_refusal_page_offers_to_hand_it_over_first(desk, dossier):
    assert f"{page_of(dossier)}/chuyen-co-quan" in desk.get(f"{page_of(dossier)}/tu-choi").links.values()


def test_an_accepted_dossier_goes_to_a_neighbour(desk, dossier):
    accept(desk, dossier)
    answer = transfer(desk, dossier)

    assert answer.status == 303
    page = desk.get(answer.location)
    assert "Ở cơ quan khác".lower() in page.text.lower() and "UBND xã Đak Đoa" in page.text


def test_what_was_typed_stays_when_the_reason_or_the_place_is_missing(desk, dossier):
    accept(desk, dossier)
    without_place, without_reason = transfer(desk, dossier, to=""), transfer(desk, dossier, reason=" ")

    assert (without_place.status, without_reason.status) == (422, 422)
    assert "Chọn cơ quan" in without_place.text and "Đất ở xã Đak Đoa" in without_place.text
    assert "Nhập lý do chuyển" in without_reason.text
    assert Transfer.select().count() == 0


def test_no_place_but_those_of_the_list(desk, dossier):
    accept(desk, dossier)

    assert transfer(desk, dossier, to="H99.1").status == 422
    assert Transfer.select().count() == 0


def test_a_new_one_is_accepted_before_it_goes_out(desk, dossier):
    answer = transfer(desk, dossier)

    assert (answer.status, "Tiếp nhận trước" in answer.text) == (409, True)


def test_the_list_of_what_went_away_is_empty_at_first(desk):
    assert "Chưa chuyển hồ sơ nào" in desk.get("/mot-cua/da-chuyen").text


POLICE = "H21.129.1"


@pytest.fixture
def police(app, monkeypatch):
    """The commune's police have a code of their own, and work with this program."""
    library = app.extensions["library"].refreshed()
    offices = [replace(office, code=office.code or POLICE) for office in library.site.offices]
    monkeypatch.setattr(library, "site", replace(library.site, offices=offices))
    return make_staff("officer", "cong-an", office=POLICE)


def test_another_office_of_ours_finds_it_in_its_queue_and_the_giver_in_a_list(desk, dossier, visit_as, police):
    theirs = visit_as(police)
    assert theirs.get(page_of(dossier)).status == 404
    accept(desk, dossier)
    answer = transfer(desk, dossier, to=POLICE, reason="Việc của công an")

    gone = desk.get(answer.location)
    assert dossier.code in gone.words and "Công an xã Ia Băng" in gone.words and "Việc của công an" in gone.words
    assert desk.get("/mot-cua/").links["Đã chuyển đi"] == "/mot-cua/da-chuyen"
    assert desk.get(page_of(dossier)).status == 404
    assert dossier.code in theirs.get("/mot-cua/").words
    assert "Bắt đầu giải quyết" in theirs.get(page_of(dossier)).buttons


def test_given_back_it_is_opened_from_the_list_again(desk, dossier, visit_as, police):
    accept(desk, dossier)
    transfer(desk, dossier, to=POLICE)
    transfer(visit_as(police), dossier, to="H21.129", reason="Không phải việc của công an")

    assert desk.get("/mot-cua/da-chuyen").links[dossier.code] == page_of(dossier)


def test_its_submitter_reads_to_whom_it_went_and_strangers_only_that_it_did(desk, dossier, account, visit_as, visitor):
    accept(desk, dossier)
    transfer(desk, dossier)

    own = visit_as(account).get(f"/ca-nhan/ho-so/{dossier.code}").words
    assert "Xã chuyển hồ sơ đến cơ quan khác" in own and "UBND xã Đak Đoa" in own and "Đất ở xã Đak Đoa" in own
    public = visitor.get(f"/tra-cuu?ma={dossier.receipt_code}").words
    assert "Xã chuyển hồ sơ đến cơ quan khác" in public and "Đất ở xã Đak Đoa" not in public


# --- its name elsewhere ----------------------------------------------------------------------------------------------


def test_the_code_it_has_elsewhere_is_noted_and_shown(desk, dossier):
    answer = desk.send(page_of(dossier), {"code": "000.17.22.h21-210531-0001", "whose": "Phần mềm cũ"}, "Ghi mã")

    assert "000.17.22.H21-210531-0001" in desk.get(answer.location).text


def test_what_is_no_code_stays_in_the_field(desk, dossier):
    answer = desk.send(page_of(dossier), {"code": "mã gì đó"}, "Ghi mã")

    assert answer.status == 422
    assert "mã gì đó" in answer.text or "mã gì đó" in str(answer.fields())
    assert OtherCode.select().count() == 0

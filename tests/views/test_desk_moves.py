"""The desk undoes a slip of the hand, and hands over what is another's to deal with."""

import pytest
from conftest import make_staff

from models import Dossier, Event, OtherCode, State, Transfer


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


# --- handing over ----------------------------------------------------------------------------------------------------


def transfer(desk, dossier, **data):
    return desk.send(f"{page_of(dossier)}/chuyen-co-quan", {"to": "H21.121", "reason": "Đất ở xã Đak Đoa"} | data, "Chuyển hồ sơ")


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


# --- its name elsewhere ----------------------------------------------------------------------------------------------


def test_the_code_it_has_elsewhere_is_noted_and_shown(desk, dossier):
    answer = desk.send(page_of(dossier), {"code": "000.17.22.h21-210531-0001", "whose": "Phần mềm cũ"}, "Ghi mã")

    assert "000.17.22.H21-210531-0001" in desk.get(answer.location).text


def test_what_is_no_code_stays_in_the_field(desk, dossier):
    answer = desk.send(page_of(dossier), {"code": "mã gì đó"}, "Ghi mã")

    assert answer.status == 422
    assert "mã gì đó" in answer.text or "mã gì đó" in str(answer.fields())
    assert OtherCode.select().count() == 0

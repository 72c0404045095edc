"""The public post: each move of a shipment by who may make it, and the dossier that goes along."""

from datetime import timedelta

import pytest
from stage import BIRTH, make_account, make_staff
from together import at_once

from database import utc_now
from models import Dossier, Event, LaterPaper, Message, ResultReturn, Shipment, ShipmentStep, State
from rules import WrongInput, data_export, manifests, results, shipment_rows, shipments, workflow
from rules.content import Post, PostageStep
from rules.shipment_rows import COLLECT, RETURN
from rules.shipments import MOVES, STATE_NAMES, WORDS
from rules.workflow import MoveRefused

POST = Post(postage=[PostageStep(100, 26000), PostageStep(250, 26500)], further_g=500, further_fee_dong=2200)


@pytest.fixture
def clerk(app):
    return make_staff("postal_clerk")


@pytest.fixture
def by_post(dossier):
    """A dossier whose result is to come by post."""
    answers = dossier.answers | {"delivery": "post", "delivery_address": "Thôn 6, xã Ia Băng"}
    Dossier.update(delivery="post", answers=answers).where(Dossier.id == dossier.id).execute()
    return Dossier.get_by_id(dossier.id)


@pytest.fixture
def do(officer, library):
    def go(dossier, *names, by=officer):
        for name in names:
            event = workflow.make_move(dossier, name, by, utc_now(), library.calendar)
        return event

    return go


@pytest.fixture
def waiting(by_post, do):
    do(by_post, "accept", "finish")
    return Shipment.get()


@pytest.fixture
def hand_over(officer, library):
    """Both sign a list with the shipment on it."""

    def go(shipment, postman="Võ Bưu Tá", key="danh-muc"):
        manifest = manifests.make(shipment.direction, [shipment.ref], POST, officer, utc_now(), key)
        manifests.sign(manifest, postman, {}, officer, utc_now(), library.calendar, lambda dossier: "")
        return Shipment.get_by_id(shipment.id)

    return go


@pytest.fixture
def step(library):
    def go(shipment, name, by, said="", key=None):
        return shipments.make_move(shipment, name, by, utc_now(), library.calendar, said, key)

    return go


def fresh(row):
    return type(row).get_by_id(row.id)


def everything():
    return [list(table.select().order_by(table.id).dicts()) for table in (Shipment, ShipmentStep, Dossier, Event, ResultReturn)]


# --- with the dossier's moves ----------------------------------------------------------------------------------------


def test_with_the_result_a_shipment_waits_for_who_chose_the_post(waiting, by_post, account):
    assert (waiting.state, waiting.direction, waiting.office) == ("waiting", RETURN, by_post.office)
    assert (waiting.receiver, waiting.address, waiting.phone) == (account.full_name, "Thôn 6, xã Ia Băng", account.phone)
    assert fresh(by_post).shipment == "waiting"


def test_who_fetches_the_result_at_the_desk_has_no_shipment(dossier, do):
    do(dossier, "accept", "finish")

    assert Shipment.select().count() == 0 and fresh(dossier).shipment == ""


def test_an_undone_result_takes_its_shipment_back(by_post, do, officer):
    event = do(by_post, "accept", "finish")
    workflow.undo(by_post, event.id, officer, utc_now())

    assert Shipment.get().state == "dropped" and fresh(by_post).shipment == ""
    do(by_post, "finish")
    assert [one.state for one in shipments.of_dossier(by_post)] == ["waiting"]


def test_who_comes_to_the_desk_before_the_postman_needs_no_post(waiting, by_post, officer, library):
    event = results.give(by_post, "desk", by_post.owner_name, "", officer, utc_now(), library.calendar, "tra")

    assert (fresh(waiting).state, fresh(by_post).shipment) == ("dropped", "")
    workflow.undo(by_post, event.id, officer, utc_now())
    assert (fresh(waiting).state, fresh(by_post).shipment) == ("waiting", "waiting")


def test_handed_over_taken_along_and_delivered_closes_the_dossier_with_who_received_it(
    waiting, by_post, hand_over, step, clerk, officer, library
):
    there = hand_over(waiting)
    assert (there.state, fresh(by_post).step, fresh(by_post).shipment) == ("handed_over", "posting", "handed_over")
    step(there, "take_over", clerk)
    assert fresh(by_post).shipment == "on_the_way"
    step(there, "deliver", clerk, shipments.read_receiver(there, "Siu Người Nhà", "giấy ủy quyền số 2"))
    assert (fresh(by_post).shipment, fresh(by_post).state) == ("delivered", State.DONE), "the proof comes back to the desk first"

    event = shipments.close(there, officer, utc_now(), library.calendar, "khep")
    assert shipments.close(there, officer, utc_now(), library.calendar, "khep") == event
    given = ResultReturn.get()
    assert (given.way, given.receiver, given.paper_seen) == ("post", "Siu Người Nhà", "giấy ủy quyền số 2")
    assert (fresh(by_post).state, fresh(by_post).step, fresh(by_post).shipment) == (State.RETURNED, "", "delivered")
    assert [one.state for one in shipment_rows.steps_of(there)] == ["waiting", "handed_over", "on_the_way", "delivered"]


def test_a_desk_without_a_clerk_notes_the_delivery_with_the_return(waiting, by_post, hand_over, officer, library):
    there = hand_over(waiting)
    event = results.give(by_post, "post", "Siu Người Nhà", "", officer, utc_now(), library.calendar, "tra")
    assert (fresh(there).state, shipments.receiver_of(there)) == ("delivered", ("Siu Người Nhà", ""))

    workflow.undo(by_post, event.id, officer, utc_now())
    assert (fresh(there).state, fresh(by_post).shipment, fresh(by_post).step) == ("handed_over", "handed_over", "posting")


def test_what_is_fetched_at_the_desk_while_the_post_has_it_came_back(waiting, by_post, hand_over, officer, library):
    there = hand_over(waiting)
    results.give(fresh(by_post), "desk", by_post.owner_name, "", officer, utc_now(), library.calendar, "tra")

    assert (fresh(there).state, fresh(by_post).shipment) == ("returned", "came_back")


def test_an_undone_hand_over_waits_anew_and_its_line_on_the_signed_list_stays(waiting, by_post, hand_over, officer):
    there = hand_over(waiting)
    workflow.undo(by_post, by_post.events.order_by(Event.id.desc()).first().id, officer, utc_now())

    line, again = fresh(there), shipment_rows.newest(by_post, RETURN)
    assert (line.state, line.manifest.number) == ("dropped", 1)
    assert (again.state, again.manifest, again.address) == ("waiting", None, there.address)
    assert (fresh(by_post).shipment, fresh(by_post).step) == ("waiting", "")


def test_what_the_postman_carries_does_not_come_back_by_a_button(waiting, by_post, hand_over, step, clerk, officer):
    there = hand_over(waiting)
    assert workflow.may_undo(fresh(by_post), officer, utc_now())
    step(there, "take_over", clerk)

    assert workflow.may_undo(fresh(by_post), officer, utc_now()) is None


# --- the table -------------------------------------------------------------------------------------------------------


def test_every_state_has_words_and_a_way_there_and_on():
    for direction in (RETURN, COLLECT):
        reached = {"waiting"} | {move.target for move in MOVES if move.direction == direction}
        assert reached == STATE_NAMES[direction].keys()
        left = {move.source for move in MOVES if move.direction == direction}
        assert left == {"waiting", "handed_over", "on_the_way"}
    assert len({(m.name, m.direction, m.source, m.role) for m in MOVES}) == len(MOVES)
    assert set(WORDS) == {move.word for move in MOVES if move.word}


@pytest.mark.parametrize("direction", [RETURN, COLLECT])
def test_a_move_is_open_to_its_role_in_its_state_and_to_nobody_else(dossier, account, direction, step):
    people = [account, *(make_staff(role) for role in ("officer", "postal_clerk", "leader", "specialist"))]
    shipment = shipment_rows.begin(dossier, direction, "Siu", "Thôn 1", "", None, None, utc_now())
    for state in STATE_NAMES[direction]:
        Shipment.update(state=state).where(Shipment.id == shipment.id).execute()
        there = fresh(shipment)
        for person in people:
            rows = {m.name for m in MOVES if (m.direction, m.source, m.role) == (direction, state, person.role)}
            assert {move.name for move in shipments.open_moves(there, person)} == rows
            for name in {move.name for move in MOVES} - rows:
                with pytest.raises(MoveRefused):
                    step(there, name, person, "x")
    assert ShipmentStep.select().count() == 1


def test_a_list_and_not_a_button_hands_over(waiting, step, officer):
    before = everything()

    with pytest.raises(MoveRefused, match="danh mục"):
        step(waiting, "hand_over", officer)
    assert everything() == before


@pytest.mark.parametrize(
    ("name", "told"), [("deliver", "người nhận"), ("try", "lý do"), ("send_back", "lý do"), ("lose", "lý do")]
)
def test_what_has_to_be_said_is_asked_for(waiting, hand_over, step, clerk, name, told):
    there = hand_over(waiting)
    before = everything()

    with pytest.raises(WrongInput, match=told):
        step(there, name, clerk, "  ")
    assert everything() == before


def test_another_than_the_receiver_needs_a_paper(waiting):
    assert shipments.read_receiver(waiting, waiting.receiver.upper(), "") == waiting.receiver.upper()
    with pytest.raises(WrongInput, match="giấy ủy quyền"):
        shipments.read_receiver(waiting, "Siu Khác", "")
    with pytest.raises(WrongInput, match="người nhận"):
        shipments.read_receiver(waiting, "", "")


def test_the_same_form_again_changes_nothing(waiting, hand_over, step, clerk):
    there = hand_over(waiting)
    first = step(there, "try", clerk, "Không có người ở nhà", "mot")
    before = everything()

    assert step(there, "try", clerk, "Không có người ở nhà", "mot") == first
    assert everything() == before and fresh(there).tries == 1


def test_of_two_at_once_one_wins_and_the_other_is_told(waiting, hand_over, step, clerk, officer):
    there = hand_over(waiting)
    answers = at_once(
        lambda: step(fresh(there), "deliver", clerk, there.receiver),
        lambda: step(fresh(there), "send_back", officer, "Sai địa chỉ"),
    )

    refused = [answer for answer in answers if isinstance(answer, MoveRefused)]
    assert len(refused) == 1 and "đã ghi lúc" in str(refused[0])
    assert fresh(there).state in ("delivered", "returned")


# --- lost, and come back ---------------------------------------------------------------------------------------------


def test_after_two_closed_doors_it_goes_back_to_the_desk_and_its_owner_is_told(waiting, by_post, hand_over, step, clerk):
    there = hand_over(waiting)
    step(there, "take_over", clerk)
    step(there, "try", clerk, "Không có người ở nhà")
    assert (fresh(there).state, fresh(there).tries, fresh(by_post).step) == ("on_the_way", 1, "posting")
    step(there, "try", clerk, "Gọi điện không nghe máy")

    assert (fresh(there).state, fresh(there).tries) == ("returned", 2)
    home = fresh(by_post)
    assert (home.state, home.step, home.shipment) == (State.DONE, "", "came_back")
    assert [one.dossier.code for one in shipments.came_back(by_post.office)] == [by_post.code]
    assert Message.select().where(Message.subject.contains("mang trả kết quả")).count() == 1


def test_a_lost_result_is_apologised_for_and_may_be_sent_anew(waiting, by_post, hand_over, step, clerk, officer):
    there = hand_over(waiting)
    step(there, "lose", clerk, "Xe bưu điện cháy")
    home = fresh(by_post)
    assert (home.step, home.shipment, home.state) == ("", "lost", State.DONE)
    letter = Message.get(Message.subject.contains("thất lạc"))
    assert "xin lỗi" in letter.body and "không phải nộp lại" in letter.body
    assert "xin lỗi" in shipments.meaning(fresh(there))

    again = shipments.send(home, "Siu Nhận", "Thôn 9", "", 26000, officer, utc_now(), "lai")
    assert shipments.send(home, "Siu Nhận", "Thôn 9", "", 26000, officer, utc_now(), "lai") == again
    assert (fresh(by_post).shipment, [one.state for one in shipments.of_dossier(by_post)]) == ("waiting", ["waiting", "lost"])
    assert list(shipments.came_back(by_post.office)) == []
    assert hand_over(again, key="lan-hai").state == "handed_over" and fresh(by_post).step == "posting"


def test_what_came_back_is_fetched_at_the_desk(waiting, by_post, hand_over, step, clerk, officer, library):
    step(hand_over(waiting), "send_back", clerk, "Sai địa chỉ")
    results.give(fresh(by_post), "desk", by_post.owner_name, "", officer, utc_now(), library.calendar, "tra")

    assert (fresh(by_post).state, fresh(by_post).shipment) == (State.RETURNED, "came_back")


# --- the desk chooses ------------------------------------------------------------------------------------------------


def test_the_desk_sends_what_was_to_be_fetched(dossier, do, officer):
    with pytest.raises(MoveRefused, match="không có kết quả"):
        shipments.send(dossier, "Siu", "Thôn 6", "", None, officer, utc_now(), "som")
    do(dossier, "accept", "finish")
    with pytest.raises(WrongInput, match="địa chỉ"):
        shipments.send(dossier, "Siu", " ", "", None, officer, utc_now(), "trong")
    shipments.send(dossier, "Siu", "Thôn 6", "", None, officer, utc_now(), "gui")

    with pytest.raises(MoveRefused, match="đang đi"):
        shipments.send(dossier, "Siu", "Thôn 6", "", None, officer, utc_now(), "nua")
    assert Shipment.select().count() == 1 and fresh(dossier).shipment == "waiting"


@pytest.mark.parametrize(("key", "direction"), [("return", RETURN), ("pickup", COLLECT)])
def test_a_procedure_without_the_post_offers_none(dossier, do, officer, account, key, direction):
    kept = dossier.procedure | {"postal": {"pickup": True, "return": True} | {key: False}}
    Dossier.update(procedure=kept).where(Dossier.id == dossier.id).execute()
    there = fresh(dossier)

    if direction == COLLECT:
        assert not shipments.may_be_collected(there)
        with pytest.raises(MoveRefused, match="bưu điện không lấy thay"):
            shipments.ask_collection(there, "Thôn 6", "+84912345678", None, account, utc_now(), "lay")
    else:
        do(there, "accept", "finish")
        assert not shipments.may_be_sent(there)
        with pytest.raises(MoveRefused, match="không trả kết quả qua bưu điện"):
            shipments.send(there, "Siu", "Thôn 6", "", None, officer, utc_now(), "gui")
    assert Shipment.select().count() == 0


def test_the_address_is_mended_while_nobody_carries_it(waiting, hand_over):
    shipments.change_address(waiting, "Siu Mới", "Thôn 7", "+84912000000", 26500)
    assert (fresh(waiting).receiver, fresh(waiting).address, fresh(waiting).fee_dong) == ("Siu Mới", "Thôn 7", 26500)

    there = hand_over(fresh(waiting))
    with pytest.raises(MoveRefused, match="danh mục"):
        shipments.change_address(there, "Siu Khác", "Thôn 8", "", None)
    assert fresh(there).address == "Thôn 7"


# --- papers fetched at home ------------------------------------------------------------------------------------------


@pytest.fixture
def awaiting(dossier):
    """A dossier of which one paper is to be brought."""
    draft = dossier.papers.get().draft
    LaterPaper.create(draft=draft, dossier=dossier, document_key="giay_chung_sinh", due_on=utc_now().date())
    procedure = dossier.procedure | {"postal": {"pickup": True, "return": True}}
    Dossier.update(procedure=procedure).where(Dossier.id == dossier.id).execute()
    return fresh(dossier)


@pytest.fixture
def asked(awaiting, account):
    return shipments.ask_collection(awaiting, "Thôn 6", "+84912345678", 26000, account, utc_now(), "lay")


def test_papers_come_by_postman_and_the_clock_starts_when_the_desk_accepts(
    asked, awaiting, account, step, clerk, hand_over, do, officer
):
    assert (asked.state, asked.receiver, asked.direction) == ("waiting", account.full_name, COLLECT)
    assert fresh(awaiting).shipment == "", "the dossier's own word is about its result"
    step(asked, "collect", clerk)
    step(asked, "depart", clerk)
    assert hand_over(asked).state == "delivered"

    with pytest.raises(MoveRefused, match="còn chờ"):
        do(awaiting, "accept")
    LaterPaper.update(arrived_at=utc_now(), received_by=officer).execute()
    do(awaiting, "accept")
    assert fresh(awaiting).accepted_at and Shipment.get().state == "delivered"


def test_nobody_is_asked_twice_and_the_same_form_again_changes_nothing(asked, awaiting, account):
    assert shipments.ask_collection(awaiting, "Thôn 6", "+84912345678", None, account, utc_now(), "lay") == asked
    with pytest.raises(MoveRefused, match="nhờ bưu tá"):
        shipments.ask_collection(awaiting, "Thôn 6", "+84912345678", None, account, utc_now(), "khac")
    assert Shipment.select().count() == 1


@pytest.mark.parametrize(("address", "phone", "told"), [("", "+84912345678", "địa chỉ"), ("Thôn 6", "", "điện thoại")])
def test_the_postman_must_know_where_to_go_and_whom_to_call(awaiting, account, address, phone, told):
    with pytest.raises(WrongInput, match=told):
        shipments.ask_collection(awaiting, address, phone, None, account, utc_now(), "lay")
    assert Shipment.select().count() == 0


def test_where_nothing_is_awaited_nothing_is_fetched(dossier, account):
    procedure = dossier.procedure | {"postal": {"pickup": True, "return": True}}
    Dossier.update(procedure=procedure).where(Dossier.id == dossier.id).execute()

    with pytest.raises(MoveRefused, match="không còn chờ giấy"):
        shipments.ask_collection(fresh(dossier), "Thôn 6", "+84912345678", None, account, utc_now(), "lay")


def test_the_citizen_changes_her_mind_until_the_postman_was_there(asked, awaiting, account, step, clerk):
    step(asked, "drop", account)
    assert fresh(asked).state == "dropped"
    again = shipments.ask_collection(awaiting, "Thôn 6", "+84912345678", None, account, utc_now(), "lai")
    step(again, "collect", clerk)

    with pytest.raises(MoveRefused):
        step(again, "drop", account)
    assert fresh(again).state == "handed_over"


def test_after_two_closed_doors_papers_are_fetched_no_more_and_may_be_asked_for_again(asked, awaiting, step, clerk):
    for _ in range(2):
        step(asked, "try", clerk, "Không có người ở nhà")

    assert fresh(asked).state == "returned" and shipments.may_be_collected(awaiting)
    assert fresh(awaiting).shipment == ""


def test_a_refused_dossier_sends_nobody_out(asked, awaiting, officer, library):
    event = workflow.make_move(awaiting, "refuse", officer, utc_now(), library.calendar, "Sai thẩm quyền")
    assert fresh(asked).state == "dropped"

    workflow.undo(awaiting, event.id, officer, utc_now())
    assert fresh(asked).state == "waiting"


# --- what is known of one --------------------------------------------------------------------------------------------


def test_a_tracking_number_is_checked_and_belongs_to_one(waiting, submit, do):
    shipments.note_tracking(waiting, "ep 123456785 vn", utc_now())
    assert shipments.note_tracking(waiting, "EP123456785VN", utc_now()) == "EP123456785VN" == fresh(waiting).tracking
    with pytest.raises(WrongInput, match="phải là số 5, bạn gõ số 6"):
        shipments.note_tracking(waiting, "EP123456786VN", utc_now())

    other = shipment_rows.begin(submit(make_account()), RETURN, "Siu", "Thôn 1", "", None, None, utc_now())
    with pytest.raises(WrongInput, match="bưu gửi khác"):
        shipments.note_tracking(other, "EP123456785VN", utc_now())
    assert fresh(other).tracking == ""


@pytest.mark.parametrize(
    ("grams", "dong"),
    [(None, 26000), (1, 26000), (100, 26000), (101, 26500), (250, 26500), (251, 28700), (750, 28700), (751, 30900)],
)
def test_postage_goes_by_weight(grams, dong):
    assert shipments.fee_for(POST, grams) == dong


def test_without_a_table_the_post_says_what_it_charges():
    assert shipments.fee_for(Post()) is None


def test_too_long_in_the_posts_hands_is_seen(waiting, hand_over):
    there = hand_over(waiting)

    assert not shipments.is_too_long(there, utc_now(), 7)
    assert shipments.is_too_long(there, utc_now() + timedelta(days=8), 7)
    assert not shipments.is_too_long(waiting, utc_now() + timedelta(days=8), 7)


def test_a_person_takes_home_what_was_sent(waiting, hand_over, account, app, library):
    hand_over(waiting)
    said = data_export.gather(account, app.extensions["files"], library, utc_now()).sections["Hồ sơ đã nộp"][0]["Bưu điện"]

    assert (said[0]["Địa chỉ"], [one["Bước"] for one in said[0]["Đã qua"]]) == (
        "Thôn 6, xã Ia Băng",
        ["Chờ giao bưu điện", "Đã giao bưu điện"],
    )


def test_an_office_sees_its_own_alone(waiting):
    assert shipments.of_office(waiting.ref, waiting.office) == waiting
    assert shipments.of_office(waiting.ref, "H21.121") is None
    assert list(shipments.waiting("H21.121")) == [] and list(shipments.waiting(waiting.office)) == [waiting]


def test_the_shipped_procedures_let_the_post_fetch_a_birth(library):
    assert library.definitions[BIRTH]["postal"]["return"] and not library.definitions["dang-ky-ket-hon"]["postal"]["return"]

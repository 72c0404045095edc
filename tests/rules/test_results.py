"""The result: its file stays as it came, a wrong one is kept with its date; returning it names who received it, once."""

import hashlib
from datetime import timedelta

import pytest
from signing import pdf, signed_pdf
from stage import make_account, make_staff
from together import at_once

from chores import UNCLAIMED_FILE, _sweep_files
from database import utc_now
from gateways.signatures import read_result
from models import Dossier, Event, Message, ResultFile, ResultReturn, State, TextMessage
from rules import WrongInput, ratings, results, workflow
from rules.workflow import MoveRefused


@pytest.fixture
def store(app):
    return app.extensions["files"]


@pytest.fixture
def add(store, officer):
    def go(dossier, data=None, key="tep", by=officer):
        return results.add(dossier, read_result(data or pdf()), store, by, utc_now(), key)

    return go


@pytest.fixture
def done(dossier, officer, library):
    for name in ("accept", "finish"):
        workflow.make_move(dossier, name, officer, utc_now(), library.calendar)
    return dossier


@pytest.fixture
def give(officer, library):
    def go(dossier, way="desk", receiver=None, paper_seen="", key="tra", by=officer, now=None):
        who = dossier.owner_name if receiver is None else receiver
        return results.give(dossier, way, who, paper_seen, by, now or utc_now(), library.calendar, key)

    return go


# --- the file --------------------------------------------------------------------------------------------------------


def test_the_file_is_kept_sealed_and_comes_out_as_it_went_in(done, add, store):
    data = signed_pdf()
    add(done, data)

    kept = ResultFile.get()
    assert hashlib.sha256(store.read(kept.stored_name)).hexdigest() == hashlib.sha256(data).hexdigest() == kept.content_hash
    assert (kept.is_signed, kept.signers, kept.size_bytes) == (True, ["UBND xã Ia Băng"], len(data))
    on_disk = [path.read_bytes() for path in store.folder.rglob(kept.stored_name)]
    assert len(on_disk) == 1 and b"%PDF" not in on_disk[0]


def test_it_stands_on_the_timeline_with_who_put_it_there(done, add, officer):
    event = add(done)

    assert (event.name, event.staff, event.from_state, event.to_state) == ("result_added", officer, State.DONE, State.DONE)


def test_the_same_form_or_the_same_file_again_is_kept_once(done, add, store):
    data = pdf()
    first = add(done, data, "a")
    on_disk = set(store.names())

    assert add(done, pdf(2), "a") == first
    assert add(done, data, "b") is None
    assert (ResultFile.select().count(), set(store.names())) == (1, on_disk)


def test_another_takes_its_place_and_the_old_one_stays_with_its_date(done, add, store):
    wrong, right = pdf(1), pdf(2)
    add(done, wrong, "a")
    add(done, right, "b")

    new, old = results.all_of(done)
    assert (results.current(done), new.replaced_at, old.replaced_at is None) == (new, None, False)
    assert (store.read(new.stored_name), store.read(old.stored_name)) == (right, wrong)


@pytest.mark.parametrize("state", [State.SUBMITTED, State.REFUSED, State.STOPPED, State.WITHDRAWAL_ASKED])
def test_where_there_can_be_no_result_none_is_kept(dossier, add, store, state):
    Dossier.update(state=state).where(Dossier.id == dossier.id).execute()
    before = len(list(store.names()))

    with pytest.raises(MoveRefused, match="chưa có kết quả"):
        add(Dossier.get_by_id(dossier.id))
    assert (ResultFile.select().count(), len(list(store.names()))) == (0, before)


def test_of_two_at_once_one_is_the_result(done, add):
    at_once(lambda: add(Dossier.get_by_id(done.id), pdf(1), "a"), lambda: add(Dossier.get_by_id(done.id), pdf(2), "b"))

    assert ResultFile.select().where(ResultFile.replaced_at.is_null()).count() == 1
    assert ResultFile.select().count() == 2


def test_the_sweep_leaves_results_alone(done, add, store):
    add(done)
    _sweep_files(store, utc_now() + UNCLAIMED_FILE + timedelta(hours=1))

    assert store.read(ResultFile.get().stored_name).startswith(b"%PDF-")


def test_one_replaced_after_it_was_returned_is_told_to_whom_it_was_returned(done, add, give):
    add(done, pdf(1), "a")
    assert not Message.select().where(Message.subject.startswith("Xã thay bản kết quả")).exists()
    give(done)
    add(done, pdf(2), "b")

    assert Message.select().where(Message.subject == f"Xã thay bản kết quả của hồ sơ {done.code}").count() == 1


# --- returning it ----------------------------------------------------------------------------------------------------


def test_the_owner_receives_it_at_the_counter(done, give, officer):
    event = give(done)

    given = ResultReturn.get()
    assert (given.way, given.receiver, given.is_owner, given.by, given.event) == ("desk", done.owner_name, True, officer, event)
    fresh = Dossier.get_by_id(done.id)
    assert fresh.state is State.RETURNED and fresh.returned_at == event.at
    assert done.owner_name not in event.note, "the timeline is read by more people than the register"


def test_somebody_else_receives_it_with_a_paper_that_shows_it(done, give):
    with pytest.raises(WrongInput, match="giấy ủy quyền"):
        give(done, receiver="Siu Đến Thay")
    assert (ResultReturn.select().count(), Dossier.get_by_id(done.id).state) == (0, State.DONE)

    give(done, receiver="Siu Đến Thay", paper_seen="Giấy ủy quyền số 12")
    given = ResultReturn.get()
    assert (given.receiver, given.is_owner, given.paper_seen) == ("Siu Đến Thay", False, "Giấy ủy quyền số 12")


@pytest.mark.parametrize(("written", "is_owner"), [("Hòa", True), ("Hoà", True), ("HÒA", True), ("Hoa", False), ("Hóa", False)])
def test_where_a_mark_stands_does_not_matter_and_which_one_does(done, written, is_owner):
    done.owner_name = "Siu Hòa"
    if is_owner:
        assert results.read_receiver(done, "desk", f"Siu {written}", "")[1]
        return
    with pytest.raises(WrongInput, match="giấy ủy quyền"):
        results.read_receiver(done, "desk", f"Siu {written}", "")


def test_of_a_dossier_that_was_stopped_only_the_papers_go_back(dossier, add, officer, library):
    for name in ("accept", "begin"):
        workflow.make_move(dossier, name, officer, utc_now(), library.calendar)
    add(dossier)
    for name, note in (("stop", "Có tranh chấp"), ("give_papers_back", "")):
        workflow.make_move(dossier, name, officer, utc_now(), library.calendar, note)

    stopped = Dossier.get_by_id(dossier.id)
    assert stopped.state is State.RETURNED and results.current(stopped)
    assert results.of_owner(stopped) is None and not results.may_add(stopped)


def test_fetched_at_the_counter_from_the_posts_hands_and_undone_it_is_with_the_post_again(done, give, officer, library):
    workflow.make_move(done, "hand_to_post", officer, utc_now(), library.calendar)
    event = give(done, "desk")
    workflow.undo(done, event.id, officer, utc_now())

    back = Dossier.get_by_id(done.id)
    assert (back.state, back.step, back.shipment, results.return_of(back)) == (State.DONE, "posting", "handed_over", None)
    give(done, "post", receiver="Người nhà", key="lan-hai")
    assert (Dossier.get_by_id(done.id).shipment, results.return_of(done).way) == ("delivered", "post")


def test_nobody_is_no_receiver(done, give):
    with pytest.raises(WrongInput, match="người nhận"):
        give(done, receiver="")


def test_online_it_needs_a_file(done, give, add):
    with pytest.raises(MoveRefused, match="Đưa kết quả lên trước"):
        give(done, "online")
    assert Dossier.get_by_id(done.id).state is State.DONE

    add(done)
    give(done, "online", receiver="")
    assert (ResultReturn.get().way, Dossier.get_by_id(done.id).state) == ("online", State.RETURNED)


def test_by_post_it_was_handed_over_first_and_then_delivered(done, give, officer, library):
    with pytest.raises(MoveRefused, match="chưa giao bưu điện"):
        give(done, "post")
    workflow.make_move(done, "hand_to_post", officer, utc_now(), library.calendar)
    give(done, "post", receiver="Người nhà")

    fresh = Dossier.get_by_id(done.id)
    assert (fresh.state, fresh.step, fresh.shipment) == (State.RETURNED, "", "delivered")
    assert (ResultReturn.get().way, ResultReturn.get().is_owner) == ("post", False)


def test_what_the_post_brought_back_is_fetched_at_the_counter(done, give, officer, library):
    workflow.make_move(done, "hand_to_post", officer, utc_now(), library.calendar)
    give(done, "desk")

    assert Dossier.get_by_id(done.id).shipment == "came_back"


def test_the_likeliest_way_stands_first(done, add, officer, library):
    assert results.ways_open(done) == ["desk"]
    add(done)
    done.delivery = "online"
    assert results.ways_open(done) == ["online", "desk"]
    workflow.make_move(done, "hand_to_post", officer, utc_now(), library.calendar)
    assert results.ways_open(done)[0] == "post"


def test_the_same_form_again_changes_nothing(done, give):
    assert give(done) == give(Dossier.get_by_id(done.id))
    assert ResultReturn.select().count() == 1


def test_of_two_officers_at_once_one_returns_it(done, give):
    other = make_staff("officer", "khac")
    answers = at_once(
        lambda: give(Dossier.get_by_id(done.id), key="a"), lambda: give(Dossier.get_by_id(done.id), key="b", by=other)
    )

    assert [type(answer) for answer in answers].count(MoveRefused) == 1
    assert ResultReturn.select().count() == Event.select().where(Event.name == "give_result").count() == 1


def test_a_dossier_without_a_result_returns_none(dossier, give):
    with pytest.raises(MoveRefused):
        give(dossier)
    assert ResultReturn.select().count() == 0


@pytest.mark.parametrize("role", ["specialist", "leader"])
def test_only_the_desk_returns_it(done, give, role):
    with pytest.raises(MoveRefused):
        give(done, by=make_staff(role))
    assert (ResultReturn.select().count(), Dossier.get_by_id(done.id).state) == (0, State.DONE)


def test_a_return_that_was_undone_does_not_count(done, give, officer):
    event = give(done)
    assert results.return_of(done).event == event
    workflow.undo(done, event.id, officer, utc_now())

    assert results.return_of(done) is None and Dossier.get_by_id(done.id).state is State.DONE
    give(done, receiver="Siu Đến Thay", paper_seen="Giấy ủy quyền", key="lai")
    assert results.return_of(done).receiver == "Siu Đến Thay"


def test_an_undone_delivery_is_with_the_post_again(done, give, officer, library):
    workflow.make_move(done, "hand_to_post", officer, utc_now(), library.calendar)
    event = give(done, "post")
    workflow.undo(done, event.id, officer, utc_now())

    fresh = Dossier.get_by_id(done.id)
    assert (fresh.step, fresh.shipment) == ("posting", "handed_over")


def test_the_owner_opens_it_once_it_was_returned_and_no_longer_when_that_is_undone(done, add, give, officer):
    add(done)
    assert results.of_owner(done) is None
    event = give(done, "online")
    assert results.of_owner(Dossier.get_by_id(done.id)) == results.current(done)
    workflow.undo(done, event.id, officer, utc_now())
    assert results.of_owner(Dossier.get_by_id(done.id)) is None


@pytest.mark.parametrize("way", ["desk", "online", "post"])
def test_each_return_closes_the_dossier_and_asks_for_the_rating(done, add, give, officer, library, way):
    add(done)
    if way == "post":
        workflow.make_move(done, "hand_to_post", officer, utc_now(), library.calendar)
    event = give(done, way)

    letter = Message.get(Message.key == f"event-{event.id}")
    assert f"http://localhost/ca-nhan/ho-so/{done.code}" in letter.body and "đánh giá" in letter.body
    assert "danh gia" in TextMessage.get(TextMessage.event == event).text
    assert ratings.may_be_rated(Dossier.get_by_id(done.id))


def test_for_a_business_somebody_signs_with_an_introduction(submit, library, officer, give):
    dossier = submit(make_account())
    Dossier.update(owner_name="Công ty Cà phê & Tiêu", state=State.DONE).where(Dossier.id == dossier.id).execute()
    dossier = Dossier.get_by_id(dossier.id)
    give(dossier, receiver="Siu Đi Lấy", paper_seen="Giấy giới thiệu 05")

    assert ResultReturn.get().receiver == "Siu Đi Lấy"

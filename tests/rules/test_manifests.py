"""Hand-over lists: numbered without a gap, signed by both, and what both signed stays on them."""

import pytest
from stage import make_account, make_staff
from together import at_once

from database import utc_now
from models import Dossier, Event, Manifest, Shipment, ShipmentStep, State
from rules import WrongInput, manifests, results, shipments, workflow
from rules.content import Post, PostageStep
from rules.shipment_rows import RETURN
from rules.workflow import MoveRefused

POST = Post(postage=[PostageStep(100, 26000)])


@pytest.fixture
def two(submit, officer, library):
    """Two shipments that wait."""
    found = []
    for number in range(2):
        dossier = submit(make_account(email=f"nguoi{number}@example.vn"))
        answers = dossier.answers | {"delivery": "post", "delivery_address": f"Thôn {number + 1}"}
        Dossier.update(delivery="post", answers=answers).where(Dossier.id == dossier.id).execute()
        dossier = Dossier.get_by_id(dossier.id)
        for name in ("accept", "finish"):
            workflow.make_move(dossier, name, officer, utc_now(), library.calendar)
        found.append(Shipment.get(Shipment.dossier == dossier))
    return found


@pytest.fixture
def make(officer):
    def go(rows, key="lap", by=officer):
        return manifests.make(RETURN, [row.ref for row in rows], POST, by, utc_now(), key)

    return go


@pytest.fixture
def sign(officer, library):
    def go(manifest, postman="Võ Bưu Tá", trackings=None):
        return manifests.sign(manifest, postman, trackings or {}, officer, utc_now(), library.calendar, lambda dossier: "")

    return go


def states():
    return [one.state for one in Shipment.select().order_by(Shipment.id)]


def test_a_list_is_numbered_within_the_year_and_gives_each_its_postage(two, make):
    first, second = make(two[:1]), make(two[1:], "hai")

    assert (first.number, second.number, first.year) == (1, 2, first.made_at.year)
    assert manifests.show_number(first).startswith("01/") and [one.fee_dong for one in Shipment.select()] == [26000, 26000]
    assert states() == ["waiting", "waiting"], "nothing was handed over yet"


def test_the_same_form_again_is_the_same_list(two, make):
    assert make(two) == make(two)
    assert Manifest.select().count() == 1


@pytest.mark.parametrize("refs", [[], ["khong-co"]])
def test_a_list_of_nothing_is_none(two, officer, refs):
    with pytest.raises(MoveRefused, match="Đánh dấu"):
        manifests.make(RETURN, refs, POST, officer, utc_now(), "trong")
    assert Manifest.select().count() == 0


def test_what_is_on_a_list_goes_on_no_other(two, make):
    make(two[:1])
    with pytest.raises(MoveRefused, match=two[0].dossier.code):
        make(two, "hai")
    assert Manifest.select().count() == 1 and Shipment.get_by_id(two[1].id).manifest is None


def test_another_offices_shipments_go_on_no_list_of_mine(two, make):
    with pytest.raises(MoveRefused, match="Đánh dấu"):
        make(two, by=make_staff("officer", "officer-121", office="H21.121"))
    assert Manifest.select().count() == 0


def test_of_two_officers_who_tick_the_same_one_makes_the_list(two, make):
    other = make_staff("officer", "khac")
    answers = at_once(lambda: make(two, "a"), lambda: make(two, "b", other))

    assert [type(answer) for answer in answers].count(MoveRefused) == 1
    assert [manifest.number for manifest in Manifest.select()] == [1], "a number that nobody got is not used up"


def test_signed_by_both_everything_on_it_is_with_the_post(two, make, sign, officer):
    manifest = sign(make(two), trackings={two[0].ref: "EP 123 456 785 VN"})

    assert (manifest.postman, manifest.signed_by) == ("Võ Bưu Tá", officer) and manifest.signed_at
    assert states() == ["handed_over", "handed_over"] and Shipment.get_by_id(two[0].id).tracking == "EP123456785VN"
    assert {(one.state, one.step) for one in Dossier.select()} == {(State.DONE, "posting")}
    assert Event.select().where(Event.name == "hand_to_post").count() == 2


def test_the_same_signature_again_changes_nothing_and_anothers_is_refused(two, make, sign):
    manifest = make(two)
    sign(manifest)
    before = ShipmentStep.select().count()

    sign(manifest)
    with pytest.raises(MoveRefused, match="đã ký"):
        sign(manifest, "Người Khác")
    assert ShipmentStep.select().count() == before and Manifest.get().postman == "Võ Bưu Tá"


@pytest.mark.parametrize(("postman", "tracking", "told"), [("", "", "họ tên"), ("Võ Bưu Tá", "EP123456786VN", "phải là số 5")])
def test_without_a_name_or_with_a_wrong_number_nothing_of_it_is_handed_over(two, make, sign, postman, tracking, told):
    manifest = make(two)

    with pytest.raises(WrongInput, match=told):
        sign(manifest, postman, {two[1].ref: tracking})
    assert states() == ["waiting", "waiting"] and Manifest.get().signed_at is None
    assert not Event.select().where(Event.name == "hand_to_post").exists()


def test_what_was_fetched_at_the_desk_meanwhile_is_not_handed_over(two, make, sign, officer, library):
    manifest, gone = make(two), two[0].dossier
    results.give(gone, "desk", gone.owner_name, "", officer, utc_now(), library.calendar, "tra")
    sign(manifest)

    assert states() == ["dropped", "handed_over"] and Dossier.get_by_id(gone.id).state is State.RETURNED


def test_a_list_made_by_mistake_is_dropped_and_its_number_stays_used(two, make, sign):
    wrong = make(two)
    assert manifests.drop(wrong, utc_now()).dropped_at == manifests.drop(wrong, utc_now()).dropped_at
    assert [one.manifest for one in Shipment.select()] == [None, None]
    with pytest.raises(MoveRefused, match="đã hủy"):
        sign(wrong)

    assert make(two, "lai").number == 2


def test_what_both_signed_is_not_dropped(two, make, sign):
    manifest = sign(make(two))

    with pytest.raises(MoveRefused, match="đã ký"):
        manifests.drop(manifest, utc_now())
    assert Manifest.get().dropped_at is None and states() == ["handed_over", "handed_over"]


def test_the_clerk_takes_what_is_in_the_bag_and_leaves_the_rest(two, make, sign, library):
    clerk, manifest = make_staff("postal_clerk"), make(two)
    take = lambda refs, key: manifests.take_over(manifest, refs, clerk, utc_now(), library.calendar, key)  # noqa: E731
    with pytest.raises(MoveRefused, match="chưa ký"):
        take([two[0].ref], "mot")
    sign(manifest)

    assert take([two[0].ref], "mot") == take([two[0].ref], "mot") == 1
    assert states() == ["on_the_way", "handed_over"]
    with pytest.raises(MoveRefused, match="Chưa đánh dấu"):
        take([], "hai")
    assert [one.ref for one in shipments.to_take_over(manifest.office)] == [two[1].ref]

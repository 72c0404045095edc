"""What anyone who holds a code may read: the dossier's way, and nothing of its people."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from stage import make_account

from models import Dossier, Draft, State
from rules import WrongInput, lookup, submission, workflow
from rules.lookup import DONE_WORDS, NEXT_STEPS, find_by_codes, find_by_receipt, public_view, read_last_digits
from rules.submission import DELIVERIES
from rules.workflow import MOVES, STATE_NAMES

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def dossier(make_draft, library):
    """A dossier for another person, to be sent by post: all that must not be seen is in it."""
    account = make_account(full_name="Rơ Châm H'Lan", id_number="064090554321", email="hlan@example.vn", phone="+84912345678")
    draft = make_draft(account)
    answers = {
        "owner": "other",
        "owner_name": "Siu Blĕo Nay",
        "owner_id_number": "064090009876",
        "owner_relation": "Con",
        "delivery": "post",
        "delivery_address": "12 Làng Bông, Ia Băng",
        "con_ten": "Ksor Thuận",
    }
    submission.save_page(draft, "owner", answers, NOW)
    draft = Draft.get_by_id(draft.id)
    seen, definition = submission.content_hash(draft), library.definitions[draft.procedure_slug]
    return submission.submit(draft, seen, definition, "H21.129", library.calendar, NOW, lambda code: "")


def everything_shown(view) -> str:
    return " ".join(map(str, dataclasses.astuple(view)))


def test_the_view_holds_nothing_personal(dossier):
    shown = everything_shown(public_view(dossier, NOW))

    personal = [
        "H'Lan",
        "Rơ Châm",
        "Siu",
        "Blĕo",
        "Nay",
        "064090554321",
        "064090009876",
        "4321",
        "9876",
        "hlan@",
        "912345678",
        "912 345",
        "Làng Bông",
        "Thuận",
        "anh.jpg",
        "1990",
    ]
    assert [word for word in personal if word in shown] == []


def test_the_view_has_no_place_for_answers_papers_or_people():
    assert {field.name for field in dataclasses.fields(lookup.PublicView)} == {
        "procedure_title",
        "owner",
        "state",
        "state_name",
        "state_meaning",
        "next_step",
        "delivery",
        "submitted_at",
        "expected_on",
        "due_at",
        "is_overdue",
        "is_stopped",
        "awaited",  # how many papers, not which
        "happened",
    }


def test_the_view_says_what_is_done_where_and_when(dossier):
    view = public_view(dossier, NOW)

    assert (view.procedure_title, view.owner, view.state) == ("Đăng ký khai sinh", "S. B. N.", State.SUBMITTED)
    assert (view.state_name, view.state_meaning) == STATE_NAMES[State.SUBMITTED]
    assert (view.delivery, view.submitted_at, view.due_at, view.is_overdue) == ("Qua bưu điện", NOW, None, False)
    assert view.happened == [(NOW, "Bạn nộp hồ sơ")]


def test_what_the_office_did_is_told_in_order_without_the_officers_name(dossier, officer, library):
    workflow.make_move(dossier, "refuse", officer, NOW + timedelta(hours=1), library.calendar, note="Ảnh mờ")

    view = public_view(Dossier.get(), NOW)
    assert view.happened[1] == (NOW + timedelta(hours=1), "Xã không tiếp nhận hồ sơ")
    assert "Ảnh mờ" not in str(view)
    assert officer.full_name not in everything_shown(view)


def test_a_late_dossier_is_said_to_be_late(dossier, officer, library):
    workflow.make_move(dossier, "accept", officer, NOW, library.calendar)

    assert not public_view(Dossier.get(), dossier.due_at).is_overdue
    assert public_view(Dossier.get(), dossier.due_at + timedelta(seconds=1)).is_overdue


@pytest.mark.parametrize("state", State)
def test_every_state_says_what_to_do_next(dossier, state):
    dossier.state = state

    assert public_view(dossier, NOW).next_step == NEXT_STEPS[state] != ""


def test_every_move_and_every_delivery_has_words_for_the_citizen():
    assert {move.name for move in MOVES} < set(DONE_WORDS)
    assert all(DELIVERIES.values()) and set(NEXT_STEPS) == set(State)


# --- finding ---------------------------------------------------------------------------------------------------------


def test_the_receipt_code_alone_finds_the_dossier(dossier):
    assert find_by_receipt(dossier.receipt_code) == dossier
    assert find_by_receipt("7K3MQ9TDRW2F") is None


def test_the_dossier_code_also_wants_the_owners_last_four_digits(dossier):
    assert find_by_codes(dossier.code, "9876") == dossier
    assert find_by_codes(dossier.code, "4321") is None, "those of who submitted it do not open it"
    assert find_by_codes(dossier.code, "0000") is find_by_codes("H21.129-261123-0999", "9876") is None


def test_the_digits_of_another_dossier_do_not_open_this_one(dossier, submit):
    others = submit(make_account(id_number="064090551111"))

    assert find_by_codes(dossier.code, "1111") is None
    assert find_by_codes(others.code, "1111") == others


def test_the_digits_are_kept_only_as_a_keyed_fingerprint(dossier):
    assert len(dossier.owner_last_digits_key) == 64 and "9876" not in dossier.owner_last_digits_key[-4:]


@pytest.mark.parametrize(
    "typed, digits",
    [
        ("9876", "9876"),
        (" 98 76 ", "9876"),
        ("９８７６", "9876"),
        ("…9876", "9876"),
        ("0007", "0007"),
    ],
)
def test_four_digits_are_read_as_people_type_them(typed, digits):
    assert read_last_digits(typed) == digits


@pytest.mark.parametrize("typed", ["", "987", "98765", "064090009876", "abcd", "²²²²", "\x00"])
def test_anything_but_four_digits_is_refused(typed):
    with pytest.raises(WrongInput, match="4 số cuối"):
        read_last_digits(typed)

"""From a draft to a dossier: nothing typed is lost, nothing is submitted twice, nothing is submitted with gaps."""

import re
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from stage import BIRTH, good_answers, make_account
from together import at_once

from database import utc_now
from models import DayCounter, Dossier, Draft, Event, Message, Paper, State
from rules import eform, submission
from rules.dossier_codes import read_code
from rules.papers import keep_paper, missing_papers, paper_need
from rules.submission import (
    DELIVERIES,
    RELATIONS,
    ContentChanged,
    NotReady,
    content_hash,
    delivery_faults,
    gaps,
    offered_deliveries,
    open_draft,
    open_or_begin_draft,
    owner_faults,
    save_page,
)

MONDAY_9 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 9:00 in Vietnam, the day before a holiday
DAY = timedelta(days=1)
OTHER = {"owner": "other", "owner_name": "Siu Blĕo", "owner_id_number": "064090007777", "owner_relation": "Con"}


@pytest.fixture
def birth(library):
    return library.definitions[BIRTH]


@pytest.fixture
def send(library):
    """Press “Nộp hồ sơ” on the check page of a draft, at nine on Monday."""

    def press(draft, seen=None, now=MONDAY_9, office="H21.129"):
        definition = library.definitions[draft.procedure_slug]
        return submission.submit(
            draft,
            seen or content_hash(draft),
            definition,
            office,
            library.calendar,
            now,
            lambda code: f"http://localhost/tra-cuu?ma={code}",
        )

    return press


@pytest.fixture
def draft(account, make_draft):
    return make_draft(account)


@pytest.fixture
def many_drafts(make_draft):
    """Complete drafts of as many people."""
    return lambda count: [make_draft(make_account(id_number=f"0640905{number:05}")) for number in range(count)]


def answer(draft: Draft, **typed: str) -> Draft:
    save_page(draft, "owner", typed, MONDAY_9)
    return Draft.get_by_id(draft.id)


def traces() -> dict[str, int]:
    return {table.__name__: table.select().count() for table in (Dossier, Event, Message, DayCounter)}


NOTHING = {"Dossier": 0, "Event": 0, "Message": 0, "DayCounter": 0}


# --- the draft -------------------------------------------------------------------------------------------------------


def test_beginning_twice_is_one_draft(account):
    assert open_or_begin_draft(account, BIRTH, MONDAY_9) == open_or_begin_draft(account, BIRTH, MONDAY_9 + DAY)


def test_two_taps_at_the_same_moment_begin_one_draft(account):
    begin = lambda: open_or_begin_draft(account, BIRTH, MONDAY_9)  # noqa: E731

    assert len({draft.id for draft in at_once(*[begin] * 5)}) == 1
    assert Draft.select().count() == 1


def test_each_procedure_and_each_person_has_a_draft_of_its_own(account):
    drafts = [
        open_or_begin_draft(account, BIRTH, MONDAY_9),
        open_or_begin_draft(account, "dang-ky-ket-hon", MONDAY_9),
        open_or_begin_draft(make_account(id_number="064090500001"), BIRTH, MONDAY_9),
    ]

    assert len({draft.id for draft in drafts}) == len({draft.idempotency_key for draft in drafts}) == 3


def test_answers_are_kept_as_typed_right_or_wrong(account):
    draft = open_or_begin_draft(account, BIRTH, MONDAY_9)
    save_page(draft, "page-4", {"con_ngay_sinh": " 32/13/2026 ", "con_ten": "\ud800\x00"}, MONDAY_9 + DAY)

    kept = Draft.get()
    assert kept.answers == {"con_ngay_sinh": " 32/13/2026 ", "con_ten": "\ud800\x00"}
    assert (kept.visited, kept.updated_at, kept.expires_at) == (["page-4"], MONDAY_9 + DAY, MONDAY_9 + 31 * DAY)


def test_a_page_sent_again_replaces_its_answers_and_leaves_the_others(account):
    draft = open_or_begin_draft(account, BIRTH, MONDAY_9)
    save_page(draft, "page-1", {"a": "1", "b": "2"}, MONDAY_9)
    save_page(draft, "page-1", {"b": "3"}, MONDAY_9)

    assert (Draft.get().answers, Draft.get().visited) == ({"a": "1", "b": "3"}, ["page-1"])


def test_pages_saved_at_the_same_moment_are_both_kept(account):
    draft = open_or_begin_draft(account, BIRTH, MONDAY_9)
    pages = [lambda n=n: save_page(Draft.get_by_id(draft.id), f"page-{n}", {f"key{n}": str(n)}, MONDAY_9) for n in range(6)]

    assert at_once(*pages) == [None] * 6
    assert Draft.get().answers == {f"key{n}": str(n) for n in range(6)}
    assert len(Draft.get().visited) == 6


def test_a_page_of_a_draft_dropped_meanwhile_is_not_saved(account):
    draft = open_or_begin_draft(account, BIRTH, MONDAY_9)
    submission.drop_draft(draft)
    save_page(draft, "page-1", {"a": "1"}, MONDAY_9)

    assert Draft.select().count() == 0


def test_an_endless_answer_is_cut_where_nobody_types_by_hand(account):
    draft = open_or_begin_draft(account, BIRTH, MONDAY_9)
    save_page(draft, "page-1", {"a": "x" * 100_000}, MONDAY_9)

    assert len(Draft.get().answers["a"]) == eform.TYPED_MOST


def test_a_submitted_draft_takes_no_more_answers(draft, send):
    send(draft)
    before = Draft.get().answers
    save_page(draft, "owner", OTHER, MONDAY_9)

    assert Draft.get().answers == before


def test_a_dropped_draft_is_gone_and_a_submitted_one_stays(account, make_draft, send):
    submission.drop_draft(make_draft(account))
    assert open_draft(account, BIRTH) is None
    draft = make_draft(account)
    dossier = send(draft)
    submission.drop_draft(draft)

    assert Draft.get().dossier == dossier


# --- gaps ------------------------------------------------------------------------------------------------------------


def test_a_complete_draft_has_no_gaps(draft, birth):
    assert gaps(draft, birth, date(2026, 11, 23)) == []


def test_an_empty_draft_has_gaps_everywhere_in_the_order_of_the_pages(account, birth):
    found = gaps(open_or_begin_draft(account, BIRTH, MONDAY_9), birth, date(2026, 11, 23))

    assert found[0] == "owner" and found[-2:] == ["delivery", "papers"]
    assert found[1:-2] == sorted(found[1:-2]) and "page-4" in found


@pytest.mark.parametrize(
    "typed, gap",
    [
        ({"owner": ""}, "owner"),
        ({"owner": "other"}, "owner"),
        ({"con_ngay_sinh": "24/11/2026"}, "page-4"),
        ({"con_ten": " "}, "page-3"),
        ({"con_ten": "\u200b"}, "page-3"),
        ({"delivery": "drone"}, "delivery"),
        ({"delivery": "post"}, "delivery"),
        ({"delivery": "post", "delivery_address": "\u200b"}, "delivery"),
    ],
)
def test_a_wrong_answer_is_a_gap_of_its_page_and_nothing_is_submitted(draft, birth, send, typed, gap):
    spoilt = answer(draft, **typed)

    assert gaps(spoilt, birth, date(2026, 11, 23)) == [gap]
    with pytest.raises(NotReady):
        send(spoilt)
    assert traces() == NOTHING


def test_a_paper_that_is_needed_is_a_gap_until_it_is_sent(draft, birth, send):
    Paper.delete().execute()

    assert gaps(draft, birth, date(2026, 11, 23)) == ["papers"]
    with pytest.raises(NotReady):
        send(draft)
    assert traces() == NOTHING


@pytest.mark.parametrize(
    "said, need",
    [
        ({}, "upload"),
        ({"required": "conditional"}, "maybe"),
        ({"present_only": True}, "maybe"),
        ({"key": "to_khai", "digital_substitute": "Biểu mẫu điện tử"}, "none"),
        ({"key": "to_khai"}, "upload"),
        ({"digital_substitute": "VNeID"}, "upload"),
    ],
)
def test_which_papers_are_needed_follows_from_the_definition(said, need):
    assert paper_need({"key": "giay", "required": "mandatory", "present_only": False, "digital_substitute": ""} | said) == need


def test_of_a_birth_the_birth_certificate_is_missing_first(birth):
    assert [document["key"] for document in missing_papers(birth, {})] == ["giay_chung_sinh"]
    assert missing_papers(birth, {"giay_chung_sinh": Paper()}) == []


def test_every_procedure_can_be_completed(account, make_draft, library):
    here = {slug: definition for slug, definition in library.definitions.items() if definition["online_submission"] == "here"}

    found = {slug: gaps(make_draft(account, slug), definition, date(2026, 11, 23)) for slug, definition in here.items()}
    assert found == dict.fromkeys(here, [])


@pytest.mark.parametrize(
    "key, typed",
    [
        ("owner_name", ""),
        ("owner_name", "Siu 3"),
        ("owner_id_number", ""),
        ("owner_id_number", "123"),
        ("owner_relation", ""),
        ("owner_relation", "Người lạ"),
    ],
)
def test_another_owner_needs_name_number_and_relation(key, typed):
    assert owner_faults(OTHER) == {}
    assert list(owner_faults(OTHER | {key: typed})) == [key]


@pytest.mark.parametrize("relation", RELATIONS)
def test_each_relation_is_taken(relation):
    assert owner_faults(OTHER | {"owner_relation": relation}) == {}


def test_only_offered_ways_of_delivery_are_taken(birth):
    assert offered_deliveries(birth) == ["desk", "post", "online"]
    assert set(offered_deliveries(birth)) == set(DELIVERIES)
    assert offered_deliveries(birth | {"postal": {"return": False}, "channels": ["direct"]}) == ["desk"]
    assert delivery_faults({"delivery": "post", "delivery_address": "Thôn 6"}, ["desk"]) == {"delivery": "Chọn nơi nhận kết quả"}


# --- submitting ------------------------------------------------------------------------------------------------------


def test_a_dossier_keeps_what_was_said_and_how_the_procedure_was(draft, send, account, birth):
    dossier = Dossier.get_by_id(send(draft).id)

    assert (dossier.account, dossier.office) == (account, "H21.129")
    assert (dossier.state, dossier.submitted_at) == (State.SUBMITTED, MONDAY_9)
    assert (dossier.answers, dossier.procedure, dossier.delivery) == (draft.answers, birth, "desk")
    assert [paper.document_key for paper in dossier.papers] == ["giay_chung_sinh"]
    assert [(event.name, event.from_state, event.to_state, event.actor_name) for event in dossier.events] == [
        ("submit", None, State.SUBMITTED, account.full_name)
    ]


def test_its_codes_can_be_read_back(draft, send):
    dossier = send(draft)

    assert dossier.code == "H21.129-261123-0001"
    assert (read_code(dossier.code).value, read_code(dossier.receipt_code).value) == (dossier.code, dossier.receipt_code)


def test_the_owner_is_the_account_or_the_other_person(draft, send, many_drafts, account):
    own, others = send(draft), send(answer(many_drafts(1)[0], **OTHER))

    assert (own.owner_name, own.owner_last_digits_key) == (account.full_name, submission.last_digits_key(account.id_number))
    assert (others.owner_name, others.owner_last_digits_key) == ("Siu Blĕo", submission.last_digits_key("064090007777"))


def test_the_letter_says_both_codes_and_where_to_look(draft, send, account, letters):
    dossier = send(draft, now=utc_now())
    (letter,) = letters()

    words = letter.get_content()
    assert (letter["To"], letter["Subject"]) == (account.email, f"Đã nộp hồ sơ {dossier.code}")
    assert dossier.code in words and f"http://localhost/tra-cuu?ma={dossier.receipt_code}" in words
    assert re.search(r"Mã biên nhận: \w{4} \w{4} \w{4}", words)
    assert account.id_number not in words


def test_who_has_no_mail_submits_all_the_same(make_draft, send):
    dossier = send(make_draft(make_account(id_number="064090500001", email="")))

    assert Dossier.get() == dossier
    assert Message.select().count() == 0


@pytest.mark.parametrize(
    "submitted_at, expected_on",
    [
        (MONDAY_9, date(2026, 11, 23)),
        (datetime(2026, 11, 23, 8, 5, tzinfo=UTC), date(2026, 11, 25)),  # after three o'clock; the 24th is a holiday
        (datetime(2026, 11, 23, 15, 0, tzinfo=UTC), date(2026, 11, 25)),  # at night: as if when the office opens
        (datetime(2026, 11, 24, 3, 0, tzinfo=UTC), date(2026, 11, 25)),
    ],
)
def test_the_expected_day_knows_the_hour_and_the_24th_of_november(draft, send, submitted_at, expected_on):
    assert Dossier.get_by_id(send(draft, now=submitted_at).id).expected_on == expected_on


def test_a_procedure_without_a_time_limit_expects_no_day(account, make_draft, send):
    dossier = send(make_draft(account, "cong-nhan-ho-ngheo-dinh-ky"))

    assert dossier.expected_on is None
    assert "Ngày hẹn dự kiến" not in Message.get().body


def test_a_dossier_is_its_own_accounts_alone(draft, send, account):
    dossier = send(draft)

    assert submission.mine(account, dossier.code) == dossier
    assert submission.mine(make_account(id_number="064090500001"), dossier.code) is None
    assert submission.mine(account, "H21.129-261123-9999") is None


# --- twice, and together ---------------------------------------------------------------------------------------------


def test_the_same_form_sent_again_gives_the_same_dossier(draft, send):
    seen = content_hash(draft)
    first = send(draft, seen)
    before = traces()

    assert send(draft, seen, now=MONDAY_9 + DAY) == first
    assert traces() == before
    assert Dossier.get().submitted_at == MONDAY_9


def test_a_form_of_other_content_sent_after_it_shows_the_first_dossier(draft, send):
    first = send(draft)
    before = traces()

    with pytest.raises(ContentChanged) as changed:
        send(draft, "another hash")
    assert changed.value.dossier == first
    assert traces() == before


def test_what_changed_after_the_check_page_is_not_submitted(draft, send):
    seen = content_hash(draft)
    answer(draft, con_ten="Tên khác")

    with pytest.raises(NotReady):
        send(draft, seen)
    assert traces() == NOTHING
    assert Draft.get().dossier is None


def test_the_content_hash_sees_every_answer_and_every_paper(draft):
    first = content_hash(draft)
    second = content_hash(answer(draft, con_ten="Tên khác"))
    Paper.update(content_hash="another photo").execute()
    third = content_hash(Draft.get())

    assert len({first, second, third}) == 3
    assert content_hash(Draft.get()) == third


def test_the_same_draft_submitted_at_the_same_moment_is_one_dossier(draft, send):
    seen = content_hash(draft)
    press = lambda: send(Draft.get_by_id(draft.id), seen)  # noqa: E731

    assert len(set(at_once(press, press, press, press))) == 1
    assert traces() == {"Dossier": 1, "Event": 1, "Message": 1, "DayCounter": 1}


def test_a_new_draft_of_the_same_procedure_is_a_new_dossier(account, make_draft, send):
    assert send(make_draft(account)) != send(make_draft(account))
    assert Dossier.select().count() == 2


def test_many_at_the_same_moment_have_codes_without_gaps_and_without_doubles(many_drafts, send):
    dossiers = at_once(*[lambda draft=draft: send(draft) for draft in many_drafts(12)])

    assert sorted(dossier.code for dossier in dossiers) == [f"H21.129-261123-{number:04}" for number in range(1, 13)]
    assert len({dossier.receipt_code for dossier in dossiers}) == 12


def test_a_submission_that_fails_leaves_no_gap_and_no_trace(many_drafts, send, account):
    first, second = many_drafts(2)
    Message.create(key="x", recipient="a@example.vn", subject="Thư", body="")
    failing = pytest.MonkeyPatch()
    failing.setattr(submission, "post", lambda *mail: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        send(first)
    failing.undo()

    assert traces() == NOTHING | {"Message": 1}
    assert Draft.get_by_id(first.id).dossier is None and Paper.select().where(Paper.dossier.is_null(False)).count() == 0
    assert send(second).code.endswith("-0001")


def test_the_counter_begins_anew_each_day_of_vietnam_and_for_each_office(many_drafts, send):
    before, after = datetime(2026, 11, 23, 16, 59, tzinfo=UTC), datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
    moments = [(before, "H21.129"), (before, "H21.129"), (after, "H21.129"), (after, "H21.121")]

    codes = [send(draft, now=now, office=office).code for draft, (now, office) in zip(many_drafts(4), moments, strict=True)]
    assert codes == ["H21.129-261123-0001", "H21.129-261123-0002", "H21.129-261124-0001", "H21.121-261124-0001"]


def test_a_receipt_code_that_is_taken_is_drawn_again(many_drafts, send, monkeypatch):
    first, second = many_drafts(2)
    taken = send(first).receipt_code
    drawn = iter([taken, taken, "7K3MQ9TDRW2F"])
    monkeypatch.setattr(submission, "new_receipt_code", lambda: next(drawn))

    assert send(second).receipt_code == "7K3MQ9TDRW2F"


def test_a_draft_dropped_meanwhile_is_not_submitted(draft, send):
    seen = content_hash(draft)
    submission.drop_draft(draft)

    with pytest.raises(NotReady):
        send(draft, seen)
    assert traces() == NOTHING


def test_a_paper_sent_while_submitting_belongs_to_the_dossier_or_is_refused(app, draft, send):
    from gateways.papers import CleanPaper

    submitted = threading.Event()

    def send_late_photo():
        with app.app_context():
            submitted.wait(10)
            keep_paper(
                draft, "gcn_ket_hon", CleanPaper(b"late", "image/jpeg", "muon.jpg", 10, 10), app.extensions["files"], utc_now()
            )

    def press():
        try:
            return send(Draft.get_by_id(draft.id))
        finally:
            submitted.set()

    dossier, _ = at_once(press, send_late_photo)
    assert {paper.document_key for paper in Paper.select()} == {paper.document_key for paper in dossier.papers}


def test_good_answers_of_the_tests_are_what_a_person_may_type(birth):
    pages = birth["eform"]["pages"]

    assert [eform.faults(page["questions"], good_answers(birth), date(2026, 11, 23)) for page in pages] == [{}] * len(pages)

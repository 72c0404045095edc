"""Checking papers: what is found of each, what still counts, and what is asked for because of it."""

from datetime import timedelta

import pytest
from stage import make_staff, photo

from database import utc_now
from gateways.papers import CleanPaper
from models import Dossier, Event, LaterPaper, Paper, PaperCheck, State, SupplementItem, SupplementRequest
from rules import WrongInput, corrections, next_moves, paper_checks, submission, supplements, workflow
from rules.papers import keep_paper
from rules.workflow import MOVES, MoveRefused

BIRTH_PAPER = "giay_chung_sinh"


@pytest.fixture
def check(officer):
    """Check a document as it stands now."""

    def record(dossier, verdict="good", reason="", key=BIRTH_PAPER, by=officer, at=None):
        seen = paper_checks.find(dossier, key).seen
        return paper_checks.record(dossier, key, verdict, reason, seen, by, at or utc_now())

    return record


def standing(dossier, key=BIRTH_PAPER) -> str:
    return paper_checks.find(dossier, key).verdict


def correct(app, library, dossier, colour="blue"):
    """Its submitter sends the dossier again."""
    draft = corrections.begin(dossier, dossier.account, app.extensions["files"], utc_now())
    keep_paper(draft, BIRTH_PAPER, CleanPaper(photo(colour), "image/jpeg", "moi.jpg"), app.extensions["files"], utc_now())
    return corrections.send(draft, submission.content_hash(draft), utc_now(), library.calendar)


def test_what_the_form_itself_replaces_is_not_on_the_sheet(dossier):
    keys = [one.key for one in paper_checks.sheet(dossier)]

    assert "to_khai" not in keys and keys[0] == BIRTH_PAPER


def test_needed_is_what_is_always_wanted_or_was_sent(dossier):
    needed = [one.key for one in paper_checks.sheet(dossier) if one.is_needed]

    assert needed == [BIRTH_PAPER]


def test_a_check_counts_and_the_newest_counts_most(check, dossier):
    check(dossier, "lacking", "Ảnh mờ")
    check(dossier, "good")

    assert standing(dossier) == "good"
    assert [row.verdict for row in PaperCheck.select().order_by(PaperCheck.id)] == ["lacking", "good"]


@pytest.mark.parametrize(("verdict", "reason"), [("lacking", ""), ("", "x"), ("khac", "x")])
def test_a_verdict_that_is_none_or_lacks_its_reason_is_not_written(check, dossier, verdict, reason):
    with pytest.raises(WrongInput):
        check(dossier, verdict, reason)

    assert not PaperCheck.select().exists()


def test_the_same_page_sent_twice_writes_once(officer, dossier):
    seen = paper_checks.find(dossier, BIRTH_PAPER).seen
    rows = [paper_checks.record(dossier, BIRTH_PAPER, "good", "", seen, officer, utc_now()) for _ in range(2)]

    assert rows[0].id == rows[1].id and PaperCheck.select().count() == 1


def test_the_second_of_two_officers_is_told_what_the_first_found(officer, dossier):
    seen, other = paper_checks.find(dossier, BIRTH_PAPER).seen, make_staff("officer", "officer-2")
    paper_checks.record(dossier, BIRTH_PAPER, "good", "", seen, officer, utc_now())

    with pytest.raises(MoveRefused, match="vừa ghi “Đạt”"):
        paper_checks.record(dossier, BIRTH_PAPER, "lacking", "Ảnh mờ", seen, other, utc_now())
    assert standing(dossier) == "good"


def test_a_verdict_on_a_photo_that_was_replaced_meanwhile_is_refused(app, library, officer, dossier):
    seen = paper_checks.find(dossier, BIRTH_PAPER).seen
    dossier = correct(app, library, dossier)

    with pytest.raises(MoveRefused, match="vừa gửi giấy khác"):
        paper_checks.record(dossier, BIRTH_PAPER, "good", "", seen, officer, utc_now())
    assert not PaperCheck.select().exists()


def test_a_correction_overtakes_every_check(app, library, check, dossier):
    check(dossier, "good")
    dossier = correct(app, library, dossier)
    one = paper_checks.find(dossier, BIRTH_PAPER)

    assert (one.verdict, one.check) == ("", None) and one.overtaken.verdict == "good"
    check(dossier, "good")
    assert standing(dossier) == "good"


def asked_again(dossier, officer, library):
    asked = [supplements.Asked(BIRTH_PAPER, "Giấy chứng sinh", "Ảnh mờ")]
    last = utc_now().date() + timedelta(days=20)
    supplements.ask(dossier, asked, last, officer, utc_now(), library.calendar)
    return SupplementRequest.get(SupplementRequest.dossier == dossier)


def test_a_supplemented_photo_overtakes_the_check_when_it_is_handed_in(app, library, officer, check, dossier):
    check(dossier, "lacking", "Ảnh mờ")
    request = asked_again(dossier, officer, library)
    draft = supplements.open_or_begin_draft(request, dossier.account, utc_now())
    files = app.extensions["files"]
    keep_paper(draft, BIRTH_PAPER, CleanPaper(photo("blue"), "image/jpeg", "moi.jpg"), files, utc_now())
    # The photo lies in the draft already, and is no part of the dossier: a check made now is about the old one.
    check(dossier, "lacking", "Vẫn mờ")
    supplements.send(dossier, set(), dossier.account, utc_now(), library.calendar, "khoa")
    one = paper_checks.find(dossier, BIRTH_PAPER)

    assert one.verdict == "" and len(one.papers) == 2 and paper_checks.lacking(paper_checks.sheet(dossier)) == []


def test_a_paper_brought_to_the_desk_is_there(library, officer, check, dossier):
    check(dossier, "lacking", "Ảnh mờ")
    request = asked_again(dossier, officer, library)
    supplements.send(dossier, {BIRTH_PAPER}, dossier.account, utc_now(), library.calendar, "khoa")
    assert paper_checks.find(dossier, BIRTH_PAPER).is_awaited
    supplements.receive(dossier, request.items.get().id, officer, utc_now(), library.calendar, "khoa-2")

    assert standing(dossier) == "good" and paper_checks.find(dossier, BIRTH_PAPER).received_at


def test_what_is_not_needed_after_all_is_lacking_no_more(library, officer, check, dossier):
    check(dossier, "lacking", "Ảnh mờ")
    asked_again(dossier, officer, library)
    item = SupplementItem.get()
    supplements.waive(dossier, item.id, "Đã có bản điện tử", officer, utc_now(), library.calendar, "khoa")

    assert standing(dossier) == "waived" and paper_checks.unchecked(paper_checks.sheet(dossier)) == []


def test_a_paper_promised_for_later_is_awaited_and_nobody_is_sent_to_check_it(dossier):
    Paper.update(replaced_at=utc_now()).where(Paper.dossier == dossier).execute()
    LaterPaper.create(draft=dossier.draft_set.get(), dossier=dossier, document_key=BIRTH_PAPER, due_on=utc_now().date())

    assert standing(dossier) == "later" and paper_checks.next_to_check(paper_checks.sheet(dossier)) is None


def test_after_a_document_comes_the_next_unchecked_one_and_then_the_first(check, app, account, make_draft, library):
    draft = make_draft(account)
    for key in ("bien_ban_bo_roi", "giay_to_tuy_than"):
        keep_paper(draft, key, CleanPaper(photo("red"), "image/jpeg", "a.jpg"), app.extensions["files"], utc_now())
    definition = library.definitions[draft.procedure_slug]
    seen = submission.content_hash(draft)
    dossier = submission.submit(draft, seen, definition, "H21.129", library.calendar, utc_now(), str)
    check(dossier, "good", key="bien_ban_bo_roi")
    sheet = paper_checks.sheet(dossier)

    assert paper_checks.next_to_check(sheet, after=BIRTH_PAPER).key == "giay_to_tuy_than"
    assert paper_checks.next_to_check(sheet, after="giay_to_tuy_than").key == BIRTH_PAPER


@pytest.mark.parametrize("state", State)
def test_papers_are_checked_until_the_office_has_an_answer(check, officer, dossier, state):
    Dossier.update(state=state).where(Dossier.id == dossier.id).execute()
    dossier = Dossier.get_by_id(dossier.id)

    if state in paper_checks.CHECKED_IN:
        check(dossier)
    else:
        with pytest.raises(MoveRefused, match="không kiểm tra giấy nữa"):
            check(dossier)
    assert PaperCheck.select().exists() == paper_checks.may_check(dossier, officer)


def test_a_leader_looks_and_writes_no_check(check, dossier):
    with pytest.raises(MoveRefused):
        check(dossier, by=make_staff("leader"))

    assert not PaperCheck.select().exists()


# --- what is offered first -------------------------------------------------------------------------------------------


def names(moves) -> list[str]:
    return [move.name for move in moves]


def test_what_is_lacking_is_asked_for_before_all_else(officer, dossier):
    moves = workflow.open_moves(dossier, officer)

    assert names(next_moves.in_order(moves, dossier, False)[0])[0] == "accept"
    assert names(next_moves.in_order(moves, dossier, True)[0])[:2] == ["ask_supplement", "accept"]


def test_a_result_for_the_post_goes_to_the_post_first(dossier):
    done = [move for move in MOVES if move.source is State.DONE and move.role == "officer"]
    by_post = Dossier(delivery="post")

    assert names(next_moves.in_order(done, dossier, False)[0]) == ["give_result", "hand_to_post"]
    assert names(next_moves.in_order(done, by_post, False)[0]) == ["hand_to_post", "give_result"]


@pytest.mark.parametrize("lacks", [True, False])
def test_no_move_of_the_table_is_left_out(dossier, lacks):
    likely, others = next_moves.in_order(list(MOVES), dossier, lacks)

    assert len(likely) + len(others) == len(MOVES) and {*likely, *others} == {*MOVES}


def test_the_events_of_a_dossier_know_nothing_of_checks(check, dossier):
    check(dossier)

    assert [event.name for event in Event.select().where(Event.dossier == dossier)] == ["submit"]

"""Correcting what was submitted: until the desk accepts it, once, and what stood there before is kept."""

from datetime import timedelta

import pytest
from stage import make_account, photo
from together import at_once

from database import db, utc_now
from gateways.papers import CleanPaper
from models import Dossier, DossierVersion, Draft, Event, LaterPaper, Paper, State
from rules import corrections, later_papers, submission, workflow
from rules.corrections import TooLate
from rules.papers import drop_paper, keep_paper
from rules.submission import ContentChanged, NotReady
from rules.workflow import MoveRefused

OWN = {"owner": "self"}


@pytest.fixture
def files(app):
    return app.extensions["files"]


@pytest.fixture
def correction(dossier, account, files):
    """A correction begun, with another name typed."""
    draft = corrections.begin(dossier, account, files, utc_now())
    submission.save_page(draft, "page-3", {"con_ten": "Tên Đã Sửa"}, utc_now())
    return Draft.get_by_id(draft.id)


@pytest.fixture
def send(library):
    def make(draft, seen=None):
        seen = submission.content_hash(Draft.get_by_id(draft.id)) if seen is None else seen
        return corrections.send(Draft.get_by_id(draft.id), seen, utc_now(), library.calendar)

    return make


@pytest.fixture
def accept(library, officer):
    return lambda dossier: workflow.make_move(Dossier.get_by_id(dossier.id), "accept", officer, utc_now(), library.calendar)


def fresh(dossier) -> Dossier:
    return Dossier.get_by_id(dossier.id)


def names(dossier) -> list[str]:
    return [event.name for event in dossier.events.order_by(Event.id)]


def in_force(dossier) -> list[Paper]:
    return list(dossier.papers.where(Paper.replaced_at.is_null()).order_by(Paper.id))


def test_a_correction_takes_the_place_of_what_was_submitted_and_keeps_it(dossier, correction, send):
    before = fresh(dossier).answers
    old_papers = [paper.id for paper in in_force(dossier)]
    send(correction)

    version = DossierVersion.get()
    assert (fresh(dossier).answers["con_ten"], version.answers) == ("Tên Đã Sửa", before)
    assert names(dossier) == ["submit", "corrected"] and fresh(dossier).state is State.SUBMITTED
    assert [paper.id for paper in corrections.papers_of_version(version)] == old_papers
    assert len(in_force(dossier)) == len(old_papers) and not {paper.id for paper in in_force(dossier)} & {*old_papers}


def test_its_papers_are_copies_so_that_dropping_one_takes_nothing_from_the_dossier(dossier, correction, files):
    theirs = dossier.papers.get()
    drop_paper(correction.papers.get(), files)

    assert files.read(theirs.stored_name)
    assert Paper.get_by_id(theirs.id).dossier == dossier


def test_owner_and_delivery_follow(dossier, correction, send, visitor):
    typed = {"owner": "other", "owner_name": "Nay H'Bia", "owner_id_number": "064090005678", "owner_relation": "Con"}
    submission.save_page(correction, "owner", typed, utc_now())
    submission.save_page(correction, "delivery", {"delivery": "post", "delivery_address": "Thôn 6"}, utc_now())
    key = fresh(dossier).owner_last_digits_key
    send(correction)

    assert (fresh(dossier).owner_name, fresh(dossier).delivery) == ("Nay H'Bia", "post")
    assert fresh(dossier).owner_last_digits_key == submission.last_digits_key("064090005678") != key


def test_two_taps_on_correct_make_one_correction(dossier, account, files):
    drafts = at_once(*[lambda: corrections.begin(fresh(dossier), account, files, utc_now()).id] * 3)

    assert len({*drafts}) == 1
    assert Paper.select().where(Paper.draft == drafts[0]).count() == len(in_force(dossier))


def test_sent_twice_it_is_one_correction(dossier, correction, send):
    seen = submission.content_hash(correction)
    send(correction, seen)
    send(correction, seen)

    assert names(dossier) == ["submit", "corrected"] and DossierVersion.select().count() == 1


def test_sent_twice_at_the_same_moment_it_is_one_correction(dossier, correction, send):
    seen = submission.content_hash(correction)
    ends = at_once(*[lambda: send(correction, seen)] * 3)

    assert [type(end) for end in ends] == [Dossier] * 3
    assert DossierVersion.select().count() == 1


def test_sent_again_with_other_content_it_says_so(correction, send):
    send(correction)

    with pytest.raises(ContentChanged):
        send(correction, "other")


def test_what_was_not_seen_is_not_sent(dossier, correction, send):
    with pytest.raises(NotReady):
        send(correction, "other")
    assert names(dossier) == ["submit"] and fresh(dossier).answers["con_ten"] != "Tên Đã Sửa"


def test_with_a_gap_it_is_not_sent(dossier, correction, send):
    submission.save_page(correction, "delivery", {"delivery": ""}, utc_now())

    with pytest.raises(NotReady):
        send(correction)
    assert not DossierVersion.select().exists()


def test_once_accepted_it_is_too_late_and_what_was_typed_stays(dossier, correction, accept, send):
    accept(dossier)

    with pytest.raises(TooLate, match="Được tiếp nhận"):
        send(correction)
    assert names(dossier) == ["submit", "accept"] and not DossierVersion.select().exists()
    assert Draft.get_by_id(correction.id).answers["con_ten"] == "Tên Đã Sửa"


def test_once_accepted_no_correction_begins(dossier, account, files, accept):
    accept(dossier)

    with pytest.raises(TooLate):
        corrections.begin(dossier, account, files, utc_now())
    assert not Draft.select().where(Draft.corrects.is_null(False)).exists()


def test_accepted_and_corrected_at_the_same_moment_neither_is_lost_unseen(dossier, correction, accept, send):
    """Either the desk accepts what was corrected, or the correction is told it came too late: never a change afterwards."""
    ends = at_once(lambda: accept(dossier), lambda: send(correction))

    assert isinstance(ends[0], Event)
    if isinstance(ends[1], TooLate):
        assert names(dossier) == ["submit", "accept"] and fresh(dossier).answers["con_ten"] != "Tên Đã Sửa"
    else:
        assert names(dossier) == ["submit", "corrected", "accept"] and fresh(dossier).answers["con_ten"] == "Tên Đã Sửa"


def test_a_correction_that_fails_halfway_has_not_happened(dossier, correction, send, monkeypatch):
    monkeypatch.setattr(workflow, "write_event", lambda *given: 1 / 0)
    before = fresh(dossier).answers

    with pytest.raises(ZeroDivisionError):
        send(correction)
    assert fresh(dossier).answers == before and not DossierVersion.select().exists()
    assert all(paper.replaced_at is None for paper in dossier.papers)


def test_somebody_else_of_the_business_does_not_take_over_a_correction(dossier, correction, files):
    with pytest.raises(MoveRefused, match="Người khác"):
        corrections.begin(dossier, make_account(full_name="Rah Lan Khác", email=""), files, utc_now())


# --- papers that are brought later -----------------------------------------------------------------------------------


@pytest.fixture
def promised(app, account, make_draft, library):
    """A dossier whose certificate of birth is to be brought."""
    draft = make_draft(account)
    key = draft.papers.get().document_key
    Paper.delete().where(Paper.draft == draft, Paper.document_key == key).execute()
    LaterPaper.create(draft=draft, document_key=key)
    definition = library.definitions[draft.procedure_slug]
    return submission.submit(
        draft, submission.content_hash(draft), definition, "H21.129", library.calendar, utc_now(), str, bring_within_days=5
    )


def test_a_photo_in_the_correction_takes_the_place_of_the_promise(promised, account, files, send):
    draft = corrections.begin(promised, account, files, utc_now())
    key = promised.later_papers.get().document_key
    keep_paper(draft, key, CleanPaper(photo("red"), "image/jpeg", "a.jpg", 60, 80), files, utc_now())
    send(draft)

    assert workflow.awaited_papers(fresh(promised)) == []


def test_what_arrives_while_the_correction_is_typed_has_arrived(promised, account, officer, files, send):
    draft = corrections.begin(promised, account, files, utc_now())
    day = promised.later_papers.get().due_on
    later_papers.receive(promised, promised.later_papers.get().id, officer, utc_now(), "k")
    send(draft)

    (later,) = promised.later_papers
    assert (later.due_on, later.received_by) == (day, officer) and workflow.awaited_papers(fresh(promised)) == []


# --- a new dossier like this one -------------------------------------------------------------------------------------


def test_a_copy_has_the_answers_that_are_still_asked_and_no_papers(dossier, account, library):
    definition = library.definitions[dossier.procedure_slug]
    answers = dossier.answers | {"cau_hoi_cu": "không ai hỏi nữa"}
    draft, is_new = corrections.copy_as_new(account, answers, definition, utc_now())

    assert is_new and draft.visited == []
    assert draft.answers == {key: text for key, text in answers.items() if key != "cau_hoi_cu"}
    assert not draft.papers.exists() and fresh(dossier).answers == dossier.answers


def test_a_draft_that_is_there_gives_way_only_when_it_is_named(dossier, account, library, make_draft):
    definition, there = library.definitions[dossier.procedure_slug], make_draft(account)

    kept, is_new = corrections.copy_as_new(account, dossier.answers, definition, utc_now())
    assert (kept, is_new) == (there, False)
    new, is_new = corrections.copy_as_new(account, dossier.answers, definition, utc_now(), there.idempotency_key)
    assert is_new and not Draft.select().where(Draft.idempotency_key == there.idempotency_key).exists()
    again, is_new = corrections.copy_as_new(account, dossier.answers, definition, utc_now(), there.idempotency_key)
    assert (again, is_new) == (new, False)


def test_two_taps_on_copy_make_one_draft(dossier, account, library):
    definition = library.definitions[dossier.procedure_slug]
    ends = at_once(*[lambda: corrections.copy_as_new(account, dossier.answers, definition, utc_now())[0].id] * 3, database=db)

    assert len({*ends}) == 1


def test_a_correction_is_kept_as_long_as_any_draft(correction):
    assert correction.expires_at - correction.updated_at == timedelta(days=30)

"""Papers promised for later: by when, and that no due date is counted before they are there."""

from datetime import UTC, date, datetime

import pytest

from database import utc_now
from models import Dossier, Event, LaterPaper, Paper, State
from rules import WrongInput, later_papers, personal, submission, workflow
from rules.workflow import MoveRefused

FRIDAY = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.fixture
def promised(account, make_draft, library):
    """A dossier whose one paper is to be brought, submitted on Friday 20/11/2026."""
    draft = make_draft(account)
    key = draft.papers.get().document_key
    Paper.delete().where(Paper.draft == draft).execute()
    LaterPaper.create(draft=draft, document_key=key)
    definition = library.definitions[draft.procedure_slug]
    return submission.submit(draft, submission.content_hash(draft), definition, "H21.129", library.calendar, FRIDAY, str)


def later_of(dossier) -> LaterPaper:
    return dossier.later_papers.get()


def test_the_day_is_five_working_days_after_submitting(promised):
    assert later_of(promised).due_on == date(2026, 11, 30)  # the 24th is a holiday


def test_the_commune_may_choose_another_number_of_days(library):
    assert later_papers.last_day(FRIDAY, library.calendar, 1) == date(2026, 11, 23)


def test_while_a_paper_is_out_it_is_not_accepted_and_the_reason_names_it(promised, officer, library):
    with pytest.raises(MoveRefused, match="Chưa tính ngày hẹn: còn chờ Giấy chứng sinh"):
        workflow.make_move(promised, "accept", officer, utc_now(), library.calendar)
    assert Dossier.get_by_id(promised.id).due_at is None


def test_it_may_be_refused_all_the_same(promised, officer, library):
    workflow.make_move(promised, "refuse", officer, utc_now(), library.calendar, note="Quá ngày")

    assert Dossier.get_by_id(promised.id).state is State.REFUSED


def test_the_last_paper_lets_the_clock_start(promised, officer, library):
    event = later_papers.receive(promised, later_of(promised).id, officer, utc_now(), "k")
    workflow.make_move(promised, "accept", officer, utc_now(), library.calendar)

    assert (event.name, event.staff) == ("paper_received", officer) and later_of(promised).received_by == officer
    assert Dossier.get_by_id(promised.id).due_at


def test_a_paper_is_received_once(promised, officer):
    number = later_of(promised).id
    first = later_papers.receive(promised, number, officer, utc_now(), "k")

    assert later_papers.receive(promised, number, officer, utc_now(), "k") == first
    with pytest.raises(MoveRefused, match="đã nhận"):
        later_papers.receive(promised, number, officer, utc_now(), "another")
    assert promised.events.where(Event.name == "paper_received").count() == 1


def test_a_paper_is_waived_with_a_reason_alone(promised, officer):
    number = later_of(promised).id
    with pytest.raises(WrongInput):
        later_papers.waive(promised, number, " ", officer, utc_now(), "k")
    later_papers.waive(promised, number, "Xã tra được", officer, utc_now(), "k")

    assert later_papers.is_waived(later_of(promised)) and workflow.awaited_papers(promised) == []
    assert "Xã tra được" in promised.events.where(Event.name == "paper_waived").get().note


def test_another_dossiers_paper_is_not_ticked_here(promised, account, submit, officer):
    other = submit(account)
    with pytest.raises(MoveRefused):
        later_papers.receive(other, later_of(promised).id, officer, utc_now(), "k")
    assert later_of(promised).arrived_at is None


def test_who_has_to_bring_something_reads_it_first(promised, account):
    lines = personal.waiting(account, utc_now(), date(2026, 11, 22))
    assert [(line.kind, line.ref) for line in lines] == [("bring", promised.code)]

"""What the desk asks for on top: round by round, each paper with its reason, answered by photo or by bringing it."""

from datetime import timedelta

import pytest
from stage import make_staff, photo, today
from together import at_once

from database import utc_now
from gateways.papers import CleanPaper
from models import Dossier, Event, Paper, State, SupplementItem, SupplementRequest
from rules import WrongInput, supplements, workflow
from rules.papers import keep_paper
from rules.submission import NotReady
from rules.supplements import Asked
from rules.workflow import MoveRefused

BIRTH_PAPER = Asked("giay_chung_sinh", "Giấy chứng sinh", "Ảnh mờ")
OTHER = Asked("", "Sổ hộ khẩu cũ", "Đối chiếu nơi ở")


@pytest.fixture
def ask(library, officer):
    def make(dossier, *asked, key="a", by=officer, days=10):
        asked, due_on = list(asked or (BIRTH_PAPER,)), today() + timedelta(days=days)
        return supplements.ask(fresh(dossier), asked, due_on, by, utc_now(), library.calendar, form_key=key)

    return make


@pytest.fixture
def answer(app, library, account):
    """Photograph some of what is asked, bring the rest."""

    def make(dossier, *photographed, bring=(), key="b"):
        asked = supplements.current(dossier)
        for name in photographed:
            draft = supplements.open_or_begin_draft(asked, account, utc_now())
            clean = CleanPaper(photo(size=(60, 81)), "image/jpeg", "moi.jpg", 60, 81)
            keep_paper(draft, name, clean, app.extensions["files"], utc_now())
        return supplements.send(fresh(dossier), set(bring), account, utc_now(), library.calendar, key)

    return make


@pytest.fixture
def receive(library, officer):
    def make(dossier, item, key="c", by=officer):
        return supplements.receive(fresh(dossier), item.id, by, utc_now(), library.calendar, key)

    return make


def fresh(dossier) -> Dossier:
    return Dossier.get_by_id(dossier.id)


def names(dossier) -> list[str]:
    return [event.name for event in dossier.events.order_by(Event.id)]


def test_asking_names_each_paper_with_its_reason_and_stops_the_clock(dossier, officer, ask):
    event = ask(dossier, BIRTH_PAPER, OTHER)

    request = SupplementRequest.get()
    assert (fresh(dossier).state, request.round, request.resumes_to) == (State.AWAITING_SUPPLEMENT, 1, State.SUBMITTED)
    assert [(item.document_key, item.reason) for item in supplements.items_of(request)] == [
        ("giay_chung_sinh", "Ảnh mờ"), ("", "Đối chiếu nơi ở"),
    ]  # fmt: skip
    assert "Giấy chứng sinh: Ảnh mờ" in event.note and fresh(dossier).stopped_at


def test_the_same_form_twice_asks_once(dossier, ask):
    assert ask(dossier) == ask(dossier)
    assert SupplementRequest.select().count() == 1


def test_nothing_ticked_or_a_day_gone_by_asks_nothing(dossier, officer, library, ask):
    with pytest.raises(WrongInput):
        supplements.ask(dossier, [], today() + timedelta(days=3), officer, utc_now(), library.calendar)
    with pytest.raises(WrongInput):
        ask(dossier, days=0)
    assert fresh(dossier).state is State.SUBMITTED and not SupplementRequest.select().exists()


def test_of_two_officers_asking_at_once_one_is_told(dossier, ask):
    other = make_staff("officer", "officer-2")
    ends = at_once(lambda: ask(dossier, key="x"), lambda: ask(dossier, key="y", by=other))

    assert {type(end) for end in ends} == {Event, MoveRefused}
    assert SupplementRequest.select().count() == 1


@pytest.mark.parametrize("before", [State.SUBMITTED, State.ACCEPTED, State.IN_PROGRESS])
def test_with_everything_photographed_it_goes_back_to_where_it_was(dossier, ask, answer, before):
    Dossier.update(state=before).where(Dossier.id == dossier.id).execute()
    ask(dossier)
    answer(dossier, "giay_chung_sinh")

    request, paper = SupplementRequest.get(), Paper.get(Paper.item.is_null(False))
    assert fresh(dossier).state is before and request.closed_at and request.answered_at
    assert (paper.dossier, paper.item.name) == (dossier, "Giấy chứng sinh")
    assert names(dossier)[-2:] == ["supplement_answered", "supplied"]


def test_what_is_to_be_brought_is_waited_for_and_the_last_one_resumes(dossier, officer, ask, answer, receive):
    ask(dossier, BIRTH_PAPER, OTHER)
    answer(dossier, bring=["giay_chung_sinh", "khac"])
    one, two = supplements.items_of(SupplementRequest.get())
    receive(dossier, one, "c")
    assert fresh(dossier).state is State.AWAITING_SUPPLEMENT
    receive(dossier, two, "d")

    assert fresh(dossier).state is State.SUBMITTED and fresh(dossier).stopped_at is None
    assert SupplementItem.get_by_id(one.id).received_by == officer


def test_the_desk_takes_a_paper_brought_without_a_word_on_the_site(dossier, ask, receive):
    ask(dossier)
    receive(dossier, SupplementItem.get())

    assert fresh(dossier).state is State.SUBMITTED


def test_a_paper_is_ticked_once(dossier, ask, receive):
    ask(dossier, BIRTH_PAPER, OTHER)
    item = SupplementItem.select().order_by(SupplementItem.id).first()
    assert receive(dossier, item) == receive(dossier, item)

    with pytest.raises(MoveRefused, match="đã có rồi"):
        receive(dossier, item, "another")
    assert names(dossier).count("paper_received") == 1


def test_a_paper_not_needed_any_more_is_waited_for_no_more(dossier, officer, library, ask):
    ask(dossier)
    item = SupplementItem.get()
    with pytest.raises(WrongInput):
        supplements.waive(dossier, item.id, "  ", officer, utc_now(), library.calendar, "k")
    supplements.waive(dossier, item.id, "Đã tra được", officer, utc_now(), library.calendar, "k")

    assert fresh(dossier).state is State.SUBMITTED
    assert "Đã tra được" in dossier.events.where(Event.name == "paper_waived").get().note


def test_something_is_said_of_each_or_nothing_is_sent(dossier, ask, answer):
    ask(dossier, BIRTH_PAPER, OTHER)

    with pytest.raises(NotReady):
        answer(dossier, bring=["khac"])
    assert names(dossier)[-1] == "ask_supplement" and {item.way for item in SupplementItem.select()} == {""}


def test_who_said_bring_may_still_photograph(dossier, ask, answer):
    ask(dossier)
    answer(dossier, bring=["giay_chung_sinh"])
    answer(dossier, "giay_chung_sinh", key="again")

    assert fresh(dossier).state is State.SUBMITTED


def test_the_answer_sent_twice_is_one(dossier, ask, answer):
    ask(dossier)
    assert answer(dossier, bring=["giay_chung_sinh"]) == answer(dossier, bring=["giay_chung_sinh"])
    assert names(dossier).count("supplement_answered") == 1


def test_the_answer_sent_twice_at_the_same_moment_is_one(dossier, ask, answer, library, account):
    ask(dossier)
    send = lambda: supplements.send(  # noqa: E731
        fresh(dossier), {"giay_chung_sinh"}, account, utc_now(), library.calendar, "k"
    )

    assert {type(end) for end in at_once(send, send, send)} == {Event}
    assert names(dossier).count("supplement_answered") == 1


def test_a_second_round_is_kept_apart(dossier, ask, answer):
    ask(dossier)
    answer(dossier, "giay_chung_sinh")
    ask(dossier, OTHER, key="second")

    assert [(r.round, r.closed_at is None) for r in supplements.rounds(dossier)] == [(1, False), (2, True)]
    assert [item.name for item in supplements.items_of(supplements.current(dossier))] == ["Sổ hộ khẩu cũ"]


def test_what_was_refused_or_withdrawn_is_asked_no_more(dossier, officer, account, library, ask, answer):
    ask(dossier)
    workflow.make_move(fresh(dossier), "refuse", officer, utc_now(), library.calendar, note="Quá hạn bổ sung")

    assert supplements.current(dossier) is None
    with pytest.raises(MoveRefused):
        supplements.send(fresh(dossier), {"giay_chung_sinh"}, account, utc_now(), library.calendar, "k")


def test_the_submitter_is_written_to(dossier, ask, letters):
    ask(dossier)

    assert [1 for letter in letters() if letter["Subject"] == f"Cần nộp thêm giấy tờ cho hồ sơ {dossier.code}"] == [1]

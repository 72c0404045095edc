"""The owner's own log: every event has its words, and says who, what for and when."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from stage import make_account, make_staff

from database import db
from models import AccountEvent
from rules import account_log
from rules.account_log import LABELS, label_of, lines_of, record

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PROJECT = Path(account_log.__file__).resolve().parent.parent


@pytest.mark.parametrize("name", LABELS)
def test_every_event_is_told_in_words_a_person_reads(account, name):
    told = label_of(record(account, name, NOW, subject="giấy khai sinh"))

    assert told and "{" not in told
    assert ("giấy khai sinh" in told) == ("{subject}" in LABELS[name])


def test_no_two_events_are_told_alike():
    assert len(set(LABELS.values())) == len(LABELS)


def recorded_names() -> set[str]:
    """The names that rules and views give to `record`, where they stand in the call."""
    calls = [
        node
        for folder in ("rules", "views")
        for file in (PROJECT / folder).glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "account_log.record"
    ]
    words = [word for call in calls if len(call.args) > 1 for word in ast.walk(call.args[1]) if isinstance(word, ast.Constant)]
    return {word.value for word in words if isinstance(word.value, str)}


def test_every_event_the_code_writes_has_its_words():
    assert "account made" in recorded_names(), "the search finds what is there"
    assert recorded_names() - set(LABELS) == set()


def test_an_event_nobody_has_words_for_is_not_written(account):
    with pytest.raises(ValueError, match="something else"):
        record(account, "something else", NOW)
    assert AccountEvent.select().count() == 0


def test_the_line_says_which_officer_did_what_when_and_what_for(account, officer):
    record(account, "dossier opened", NOW, by=officer, subject="H21.129-261123-0001", purpose="Tiếp nhận hồ sơ")

    (line,) = lines_of(account)
    assert (line.actor_kind, line.actor_name, line.staff, line.at) == ("staff", officer.full_name, officer, NOW)
    assert (label_of(line), line.purpose) == ("Mở xem hồ sơ H21.129-261123-0001", "Tiếp nhận hồ sơ")


def test_where_two_had_to_act_both_names_stand(account, officer):
    head = make_staff("village_head")
    record(account, "reset granted", NOW, by=head, second=officer.full_name)

    (line,) = lines_of(account)
    assert {line.actor_name, line.second_name} == {head.full_name, officer.full_name}


def test_what_the_owner_did_and_what_the_program_did_are_told_apart(account):
    record(account, "password changed", NOW, by=account)
    record(account, "consent withdrawn", NOW, subject="thư")

    assert [(line.actor_kind, line.actor_name, line.staff) for line in lines_of(account)] == [
        ("system", "", None),
        ("citizen", account.full_name, None),
    ]


def test_a_name_stays_in_the_log_as_it_was(account, officer):
    record(account, "account opened", NOW, by=officer)
    was, officer.full_name = officer.full_name, "Tên Mới"
    officer.save()

    assert lines_of(account).get().actor_name == was


def test_the_newest_stands_first_even_when_the_clock_went_back(account):
    for name, at in (("account made", NOW), ("account opened", NOW - timedelta(days=400)), ("merged", NOW)):
        record(account, name, at)

    assert [line.name for line in lines_of(account)] == ["merged", "account opened", "account made"]


def test_nobody_reads_anothers_log(account):
    record(make_account(), "account opened", NOW)

    assert list(lines_of(account)) == []


def test_a_line_is_undone_with_what_it_tells(account):
    with pytest.raises(ZeroDivisionError), db.atomic():
        record(account, "merged", NOW)
        1 / 0  # noqa: B018

    assert AccountEvent.select().count() == 0


def test_what_is_endless_is_cut_to_what_the_table_holds(account):
    record(account, "dossier opened", NOW, subject="ă" * 5000, purpose="ă" * 5000)

    line = AccountEvent.get()
    assert (len(line.subject), len(line.purpose)) == (300, 300)


def test_braces_in_what_somebody_typed_are_only_text(account):
    assert label_of(record(account, "dossier opened", NOW, subject="{subject} {0} %s")) == "Mở xem hồ sơ {subject} {0} %s"

"""The page for a village meeting: its numbers are those of the other reports, and from all of them nobody is told of."""

from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import make_row
from stage import make_staff

from models import Broadcast, Pack
from rules import outreach, overview, paper_visits, reports, village_report
from rules.outreach import Session
from rules.overview import LEAST_SHOWN, hide_in_table, hide_small
from rules.vietnamese import VIETNAM_TIME

OFFICE = "H21.129"
VILLAGES = ["Thôn 1", "Thôn 2", "Thôn 3"]
OCTOBER = reports.period_named("2026-10", date(2026, 11, 23))
NOW = datetime(2026, 11, 23, 9, tzinfo=VIETNAM_TIME)


# --- a table in which small numbers are hidden -----------------------------------------------------------------------


def worked_out(rows, hidden, sums_hidden) -> set[tuple]:
    """The hidden numbers that the shown ones and the known sums give away, by elimination as at school."""
    unknown = sorted((r, c) for r, row in enumerate(hidden) for c, number in enumerate(row) if number is None)
    unknown += [("sum", r) for r in sorted(sums_hidden)]
    equations = []
    for r in range(len(rows)):
        said = {place for place in unknown if place[0] == r} | ({("sum", r)} if r in sums_hidden else set())
        equations.append([Fraction((-1 if place[0] == "sum" else 1) if place in said else 0) for place in unknown])
    for c in range(len(rows[0])):
        equations.append([Fraction(1 if place[0] != "sum" and place[1] == c else 0) for place in unknown])
    equations.append([Fraction(1 if place[0] == "sum" else 0) for place in unknown])  # the office's total is known
    for column in range(len(unknown)):
        lead = next((e for e in equations if e[column] and not any(e[:column])), None)
        if lead is None:
            continue
        scale = lead[column]
        lead[:] = [value / scale for value in lead]
        for other in equations:
            if other is not lead and other[column]:
                factor = other[column]
                other[:] = [value - factor * by for value, by in zip(other, lead, strict=True)]
    alone = [[place for place, value in zip(unknown, e, strict=True) if value] for e in equations]
    return {places[0] for places in alone if len(places) == 1}


tables = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 14), min_size=width, max_size=width), min_size=2, max_size=7)
)


@settings(max_examples=300, deadline=None)
@given(tables)
def test_no_small_number_is_shown_and_none_is_worked_out(rows):
    totals = hide_small([sum(row) for row in rows])
    sums_hidden = {place for place, total in enumerate(totals) if total is None}

    hidden = hide_in_table(rows, sums_hidden)

    assert all(number is None or number >= LEAST_SHOWN for row in hidden for number in row)
    assert all(number in (None, rows[r][c]) for r, row in enumerate(hidden) for c, number in enumerate(row))
    if any(number is not None for row in hidden for number in row):
        assert worked_out(rows, hidden, sums_hidden) == set()
    for r, row in enumerate(hidden):
        if r in sums_hidden:
            assert None in row, "what is shown adds up to the hidden sum"


def test_where_nothing_is_small_nothing_is_hidden():
    assert hide_in_table([[5, 9], [7, 6]]) == [[5, 9], [7, 6]]
    assert hide_in_table([]) == []


def test_one_small_number_takes_a_circle_of_others_along():
    # (0, 0) alone follows from its row and from its column: three more have to go.
    assert hide_in_table([[3, 10, 30], [20, 40, 50], [60, 70, 80]]) == [[None, None, 30], [None, None, 50], [60, 70, 80]]


def test_a_row_whose_sum_is_hidden_does_not_show_all_its_parts():
    hidden = hide_in_table([[9, 9], [9, 9]], [0, 1])

    assert all(None in row for row in hidden)


# --- the villages ----------------------------------------------------------------------------------------------------


@pytest.fixture
def put(account):
    numbers = iter(range(1, 10_000))

    def put(village, channel, count):
        for _ in range(count):
            accepted = datetime(2026, 10, 12, 9, tzinfo=VIETNAM_TIME)
            make_row(account, next(numbers), village=village, channel=channel, state=2, accepted_at=accepted)

    return put


def report():
    return village_report.report(OFFICE, OCTOBER, NOW, VILLAGES)


def fill(put):
    for village, counts in {
        "Thôn 1": (12, 8, 30, 6),
        "Thôn 2": (9, 7, 5, 11),
        "Thôn 3": (15, 6, 8, 5),
        "Pleiku": (5, 6, 7, 8),
    }.items():
        for channel, count in zip(("online", "helped", "counter", "post"), counts, strict=True):
            put(village, channel, count)


def test_dossiers_are_told_by_how_they_came(put):
    fill(put)

    line = report().of("Thôn 1")
    assert (line.dossiers, line.by_way) == (56, {"online": 12, "helped": 8, "counter": 30, "post": 6})


def test_the_numbers_are_those_of_the_other_reports(put):
    fill(put)
    found = report()

    whole = reports.total(reports.count(OFFICE, OCTOBER, NOW))
    lines = [*found.lines, found.elsewhere]
    assert sum(line.by_way["online"] + line.by_way["helped"] for line in lines) == whole.online
    assert sum(line.by_way["counter"] for line in lines) == whole.at_desk
    assert sum(line.by_way["post"] for line in lines) == whole.by_post
    leaders = overview.by_village(OFFICE, OCTOBER, NOW, VILLAGES)
    assert [(line.name, line.dossiers) for line in lines] == [(row.name, row.numbers[0]) for row in leaders]


def test_what_the_leaders_page_hides_is_hidden_here_too(put):
    fill(put)
    put("Thôn 2", "online", 1)
    for village in ("Thôn 4 cũ",):
        put(village, "online", 2)
    leaders = overview.by_village(OFFICE, OCTOBER, NOW, [*VILLAGES, "Thôn 4 cũ"])
    found = village_report.report(OFFICE, OCTOBER, NOW, [*VILLAGES, "Thôn 4 cũ"])

    assert [line.dossiers for line in (*found.lines, found.elsewhere)] == [row.numbers[0] for row in leaders]
    hidden = [line for line in (*found.lines, found.elsewhere) if line.dossiers is None]
    assert len(hidden) > 1
    assert all(None in line.by_way.values() for line in hidden)


def test_what_is_not_accepted_in_the_period_counts_in_nothing(put, account):
    make_row(account, 77, village="Thôn 1", channel="online")

    assert village_report._arrived(OFFICE, OCTOBER, NOW, [*VILLAGES, overview.ELSEWHERE]) == [[0] * 4] * 4


def test_people_reached_and_broadcasts_stand_beside(app):
    head, culture = make_staff("village_head", village="Thôn 1"), make_staff("culture")
    session = Session("Thôn 1", date(2026, 10, 31), "Nhà rông", 25)
    outreach.note_session(session, head, VILLAGES, NOW, "k")
    said = datetime(2026, 10, 31, 23, 59, tzinfo=VIETNAM_TIME)
    for number, at in enumerate((said, said + timedelta(minutes=1))):
        Broadcast.create(
            slug="x", title="X", language="vi", village="Thôn 1", planned_at=at, said_at=at, made_by=culture, form_key=f"{number}"
        )

    line = report().of("Thôn 1")
    assert (line.broadcasts, line.reached.sessions, line.reached.people) == (1, 1, 25)
    assert report().of("Thôn 2").reached.sessions == 0


def test_paper_shows_its_effect_beside(app):
    by, made_at = make_staff("culture"), datetime(2026, 10, 5, tzinfo=VIETNAM_TIME)
    about = {"office": OFFICE, "village": "thon-1", "choices": {}, "asked_by": by, "state": Pack.READY}
    for key, moment in (("in", made_at), ("before", made_at - timedelta(days=9))):
        Pack.create(**about, made_at=moment, prints=3, form_key=key)
    for day in (date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 1)):
        paper_visits.count_visit("thon-1", "h/4", day)

    keys = {"Thôn 1": "thon-1", "Thôn 2": "thon-2"}
    found = village_report.report(OFFICE, OCTOBER, NOW, VILLAGES, keys)
    assert (found.of("Thôn 1").printed, found.of("Thôn 1").visits) == (3, 2)
    assert (found.of("Thôn 2").printed, found.of("Thôn 3").visits) == (0, 0)

"""What is late, what soon will be, and where it lies."""

from datetime import datetime, timedelta

import pytest
from rows import OFFICE, make_row
from stage import make_staff

from models import Apology, Dossier, State
from rules import lateness
from rules.vietnamese import VIETNAM_TIME


def at(day, hour=9, minute=0, month=11):
    return datetime(2026, month, day, hour, minute, tzinfo=VIETNAM_TIME)


NOW = at(23)  # Monday; Tuesday is a holiday
ROWS = {
    # name: what its row says; how it stands
    "late": ({"due_at": at(20)}, "overdue"),
    "late by a minute": ({"due_at": at(23, 8, 59)}, "overdue"),
    "due now": ({"due_at": at(23)}, "today"),
    "due tonight": ({"due_at": at(23, 17)}, "today"),
    "due on the next working day": ({"due_at": at(25, 17)}, "warned"),
    "most is used": ({"due_at": at(30, 17), "warn_at": at(23, 8)}, "warned"),
    "there is time": ({"due_at": at(30, 17), "warn_at": at(23, 9, 1)}, ""),
    "stands still": ({"due_at": at(20), "stopped_at": at(19), "state": State.AWAITING_SUPPLEMENT}, ""),
    "being verified": ({"due_at": at(20), "stopped_at": at(19), "step": "verifying"}, ""),
    "has its result": ({"due_at": at(20), "ended_at": at(21), "state": State.DONE}, ""),
    "not accepted": ({"state": State.SUBMITTED}, ""),
}


@pytest.fixture
def rows(account):
    known = {"state": State.IN_PROGRESS, "warn_at": None}
    return {
        name: Dossier.get_by_id(make_row(account, number, **known | values).id)
        for number, (name, (values, _)) in enumerate(ROWS.items(), 1)
    }


def names_where(condition, rows) -> set[str]:
    found = {row.id for row in Dossier.select(Dossier.id).where(condition)}
    return {name for name, row in rows.items() if row.id in found}


def test_each_dossier_stands_where_its_due_moment_puts_it(rows, library):
    conditions = {
        "overdue": lateness.is_overdue(NOW),
        "today": lateness.is_due_today(NOW),
        "warned": lateness.is_warned(NOW, library.calendar),
    }

    for standing, condition in conditions.items():
        assert names_where(condition, rows) == {name for name, (_, how) in ROWS.items() if how == standing}, standing


def test_one_in_hand_stands_as_the_database_says(rows, library):
    assert {name: lateness.standing_of(row, library.calendar, NOW) for name, row in rows.items()} == {
        name: how for name, (_, how) in ROWS.items()
    }


def test_how_many_days_late_it_is(library):
    calendar = library.calendar

    assert lateness.days_late(at(20), NOW, calendar) == 1
    assert lateness.days_late(at(23, 8), NOW, calendar) == 0
    assert lateness.days_late(at(23, 9), NOW, calendar) is None
    assert lateness.days_late(at(23, 9), at(25), calendar) == 1  # the holiday is none


# --- who still has to be told ----------------------------------------------------------------------------------------


def apology_for(row, officer, new_due_at, **more) -> Apology:
    known = {"reason": "Máy hỏng", "due_before": row.due_at, "made_by": officer, "form_key": f"k{row.id}"}
    return Apology.create(dossier=row, new_due_at=new_due_at, **known | more)


def needing(rows, library, most=1):
    return names_where(lateness.needs_apology(NOW, library.calendar, most), rows)


SOON = {"late", "late by a minute", "due now", "due tonight", "due on the next working day"}


def test_what_is_late_or_due_soon_needs_an_apology(rows, library):
    assert needing(rows, library) == SOON


def test_one_that_waits_or_still_holds_is_enough(rows, library, officer):
    apology_for(rows["late"], officer, at(27))
    signed = {"signed_at": NOW, "signed_by": make_staff("leader")}
    apology_for(rows["due now"], officer, at(27), **signed)
    Dossier.update(repromised_at=at(27)).where(Dossier.id == rows["due now"].id).execute()
    apology_for(rows["due tonight"], officer, at(27), dropped_at=NOW)

    assert needing(rows, library) == SOON - {"late", "due now"}


def test_a_second_one_is_asked_for_only_where_two_are_allowed(rows, library, officer):
    apology_for(rows["late"], officer, at(23), signed_at=at(20), signed_by=make_staff("leader"))
    Dossier.update(repromised_at=at(23)).where(Dossier.id == rows["late"].id).execute()

    assert "late" not in needing(rows, library)
    assert "late" in needing(rows, library, most=2)


# --- where they lie --------------------------------------------------------------------------------------------------


def test_they_are_counted_by_step_and_by_who_holds_them(account, officer, library):
    other = make_staff("officer", "other")
    at_work = {"state": State.IN_PROGRESS, "due_at": at(20)}
    make_row(account, 1, **at_work, taken_by=officer)
    make_row(account, 2, **at_work, taken_by=officer, step="signing")
    make_row(account, 3, **at_work | {"due_at": at(23, 17)}, taken_by=other, step="signing")
    make_row(account, 4, state=State.ACCEPTED, due_at=at(25, 17))
    make_row(account, 5, **at_work | {"due_at": at(30)}, taken_by=other)  # there is time
    make_row(account, 6, **at_work, office="H21.121")

    places, holders = lateness.tallies(OFFICE, NOW, library.calendar)
    assert [(tally.key, tally.name, tally.numbers) for tally in places] == [
        ("tiep-nhan", "Được tiếp nhận", (0, 0, 1)),
        ("dang-lam", "Đang xử lý", (1, 0, 0)),
        ("cho-ky", "Chờ lãnh đạo ký", (1, 1, 0)),
    ]
    assert [(tally.key, tally.numbers) for tally in holders] == [
        (officer.id, (2, 0, 0)), (other.id, (0, 1, 0)), (lateness.NOBODYS, (0, 0, 1)),
    ]  # fmt: skip


def test_every_number_is_as_long_as_the_list_behind_it(account, officer, library):
    places = [*lateness.PLACES.values()]
    for number in range(1, 31):
        state, step = places[number % len(places)]
        holder = officer if number % 3 else None
        make_row(account, number, state=state, step=step, taken_by=holder, due_at=NOW + timedelta(hours=8 * (number - 15)))

    conditions = lateness.kinds(NOW, library.calendar, 1)
    by_place, by_holder = lateness.tallies(OFFICE, NOW, library.calendar)
    assert sum(sum(tally.numbers) for tally in by_place) == sum(sum(tally.numbers) for tally in by_holder) > 10
    for tally in by_place:
        for word, number in tally.by_kind():
            assert lateness.ids_of(OFFICE, conditions[word], place=tally.key).count() == number
    for tally in by_holder:
        for word, number in tally.by_kind():
            assert lateness.ids_of(OFFICE, conditions[word], holder=tally.key).count() == number


def test_the_longest_late_is_listed_first(account, library):
    for number, day in enumerate((20, 18, 19), 1):
        make_row(account, number, state=State.ACCEPTED, due_at=at(day))

    found = lateness.ids_of(OFFICE, lateness.is_overdue(NOW))
    assert [Dossier.get_by_id(row.id).due_at.astimezone(VIETNAM_TIME).day for row in found] == [18, 19, 20]

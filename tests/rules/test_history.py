"""The history's filters: days however typed, both ends included, agencies where a dossier is or was."""

from datetime import UTC, date, datetime

import pytest
from rows import make_row
from stage import make_account

from models import Dossier, Event, State, Transfer
from rules import WrongInput, history
from rules.history import Filters

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(("typed", "first", "last"), [
    ("5/7/26", date(2026, 7, 5), date(2026, 7, 5)),
    ("05.07.2026", date(2026, 7, 5), date(2026, 7, 5)),
    ("5 - 7 - 2026", date(2026, 7, 5), date(2026, 7, 5)),
    ("050726", date(2026, 7, 5), date(2026, 7, 5)),
    ("Chủ nhật, 5 tháng 7 năm 2026", date(2026, 7, 5), date(2026, 7, 5)),
    (" HÔM  NAY ", TODAY, TODAY),
    ("hom qua", date(2026, 11, 22), date(2026, 11, 22)),
    ("2/2028", date(2028, 2, 1), date(2028, 2, 29)),
    ("2026", date(2026, 1, 1), date(2026, 12, 31)),
])  # fmt: skip
def test_a_day_a_month_or_a_year_is_read_as_typed(typed, first, last):
    assert (history.read_end(typed, True, TODAY), history.read_end(typed, False, TODAY)) == (first, last)


@pytest.mark.parametrize("typed", ["31/2/26", "5/13/2026", "hôm kia", "1/1/2101", "5/7/126", "26", "x" * 5000, "\0", "5//"])
def test_what_is_no_day_is_refused(typed):
    with pytest.raises(WrongInput):
        history.read_end(typed[:100], True, TODAY)


def test_the_filters_in_an_address_say_the_same_again():
    filters, faults = history.read_filters({"co-quan": "H1", "tu": "hôm qua", "den": "11/2026"}, {"H1": "Xã"}, TODAY)

    assert (filters, faults) == (Filters("H1", date(2026, 11, 22), date(2026, 11, 30)), {})
    assert filters.query() == {"co-quan": "H1", "tu": "22/11/2026", "den": "30/11/2026"}
    assert history.read_filters(filters.query(), {"H1": "Xã"}, TODAY) == (filters, {})


def test_nothing_said_leaves_nothing_out_and_an_agency_of_others_is_nothing_said():
    assert history.read_filters({"tu": " ", "co-quan": "H2"}, {"H1": "Xã"}, TODAY) == (Filters(), {})
    assert Filters().query() == {} and not Filters().narrows


def test_days_the_wrong_way_round_are_said_once():
    filters, faults = history.read_filters({"tu": "6/11/2026", "den": "5/11/2026"}, {}, TODAY)

    assert list(faults) == ["den"] and "6/11/2026" in faults["den"] and filters.last is None


def test_both_days_are_whole_days_of_viet_nam(account):
    # 17:00 of the day before, as the world counts, is midnight here.
    moments = [datetime(2026, 11, 4, 16, 59, 59), datetime(2026, 11, 4, 17), datetime(2026, 11, 5, 16, 59, 59),
               datetime(2026, 11, 5, 17)]  # fmt: skip
    made = [make_row(account, number, submitted_at=at.replace(tzinfo=UTC)) for number, at in enumerate(moments, 1)]
    day = date(2026, 11, 5)

    assert list(history.found(account, Filters(first=day, last=day))) == [made[2], made[1]]
    assert list(history.found(account, Filters(first=day))) == made[:0:-1]
    assert list(history.found(account, Filters(last=day))) == made[2::-1]


def test_a_dossier_is_found_where_it_is_where_it_was_and_where_it_was_sent(app, account, officer):
    site = app.extensions["library"].refreshed().site
    here, moved, sent = make_row(account, 1), make_row(account, 2, office="H21.130"), make_row(account, 3)
    theirs = make_row(make_account(full_name="Nay Khác"), 4)
    for number, (dossier, to, is_ours) in enumerate(
        [(moved, "H21.130", True), (sent, "H21.121", False), (theirs, "H21.121", False)]
    ):
        known = {"from_office": "H21.129", "to_name": f"Tên {to}", "reason": "x", "by": officer, "form_key": f"k{number}"}
        Transfer.create(dossier=dossier, to_office=to, is_ours=is_ours, **known)

    def found_at(office):
        return set(history.found(account, Filters(office)))

    assert (found_at("H21.129"), found_at("H21.130"), found_at("H21.121")) == ({here, moved, sent}, {moved}, {sent})
    offices = history.offices_of(account, site)
    assert list(offices) == ["H21.129", "H21.121", "H21.130"] and offices["H21.129"] == "UBND xã Ia Băng"
    assert history.offices_of(make_account(full_name="Rah Mới"), site) == {}
    assert history.sent_among([here, moved, sent]) == {sent.id: "Tên H21.121"}


def test_each_filter_that_empties_says_what_would_be_there_without_it(account):
    make_row(account, 1, submitted_at=datetime(2026, 11, 5, 5, tzinfo=UTC))
    day = date(2026, 11, 6)

    assert history.emptied_by(account, Filters(first=day, last=day)) == [("first", 1)]
    assert history.emptied_by(account, Filters("H0", first=day)) == []  # no single one of them did


def test_the_last_stop_says_whose_wish_it_was(account):
    rows = [make_row(account, number, state=state) for number, state in
            enumerate([State.STOPPED, State.STOPPED, State.RETURNED, State.DONE], 1)]  # fmt: skip
    names = [["stop_withdrawn"], ["grant_withdrawal", "stop"], ["grant_withdrawal"], ["stop_withdrawn"]]
    for dossier, its_names in zip(rows, names, strict=True):
        for name in its_names:
            Event.create(dossier=dossier, name=name, to_state=State.STOPPED, actor_kind="x", actor_name="x")

    assert history.withdrawn_among(list(Dossier.select())) == {rows[0].id, rows[2].id}
    assert history.withdrawn_among([]) == set() and history.sent_among([]) == {}

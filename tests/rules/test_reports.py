"""What the office reports: what counts in a period, that the sums hold, that the past stays as it was, that nobody is told of."""

import itertools
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import make_account, make_staff

from database import utc_now
from models import ClockStop, Dossier, Event, PaymentRequest, Rating, Receipt, Staff, State
from rules import WrongInput, deadlines, demo, desk, overview, register, report_forms, reports, workflow
from rules.report_forms import II06A, QD766
from rules.reports import NUMBERS, Counts, Period, period_named, read_period
from rules.vietnamese import VIETNAM_TIME, in_vietnam

OFFICE = "H21.129"
TODAY = date(2026, 11, 23)
OCTOBER = period_named("2026-10", TODAY)
NOVEMBER = period_named("2026-11", TODAY)
codes = itertools.count(1)


def at(day: int, month: int = 10, hour: int = 9, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=VIETNAM_TIME)


NOW = at(23, 11)


@pytest.fixture
def put(account):
    """A dossier in the register, written as the moves would have left it; its log line by line."""

    def put(accepted_at=None, state=State.IN_PROGRESS, log=(), **more) -> Dossier:
        number = next(codes)
        due_at = more.pop("due_at", accepted_at and accepted_at + timedelta(days=10))
        known = {
            "code": f"{OFFICE}-261001-{number:04}", "receipt_code": f"{number:012}", "office": OFFICE, "account": account,
            "procedure_slug": "khai-sinh", "procedure_title": "Khai sinh", "procedure": {}, "owner_name": "Siu Blĕo",
            "owner_last_digits_key": "", "field": "Hộ tịch", "village": "Thôn 1", "answers": {}, "delivery": "desk",
            "accepted_at": accepted_at, "first_due_at": due_at, "due_at": due_at, "state": state,
            "submitted_at": accepted_at or at(1),
        }  # fmt: skip
        dossier = Dossier.create(**known | more)
        for name, source, target, when, *before in log:
            Event.create(
                dossier=dossier, name=name, from_state=source, to_state=target, at=when, before=before[0] if before else None,
                actor_kind="officer", actor_name="x",
            )  # fmt: skip
        return dossier

    return put


def solved(how="on_time", when=None, **more) -> dict:
    return {"state": State.DONE, "ended_at": when or at(8), "punctuality": how} | more


def october(now=NOW) -> Counts:
    return reports.total(reports.count(OFFICE, OCTOBER, now))


def numbers(counts: Counts, *names: str) -> list[int]:
    return [getattr(counts, name) for name in names]


# --- periods ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "first", "last", "name"),
    [
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28), "tháng 2/2026"),
        ("2026-q4", date(2026, 10, 1), date(2026, 12, 31), "quý IV/2026"),
        ("2026-h1", date(2026, 1, 1), date(2026, 6, 30), "6 tháng đầu năm 2026"),
        ("2025", date(2025, 1, 1), date(2025, 12, 31), "năm 2025"),
    ],
)
def test_a_period_is_named_and_spans_whole_days(key, first, last, name):
    period = period_named(key, TODAY)

    assert (period.first, period.last, period.name, period.key) == (first, last, name, key)


def test_a_day_begins_at_midnight_in_viet_nam():
    assert OCTOBER.begins.isoformat() == "2026-10-01T00:00:00+07:00"
    assert OCTOBER.ends.isoformat() == "2026-11-01T00:00:00+07:00"


@pytest.mark.parametrize(
    "key", ["x", "2026-13", "2026-0", "2026-q5", "2026-h3", "2026-", "-", "2019", "2027", "2026-12", "2026-٣"]
)
def test_what_is_no_period_or_has_not_begun_is_refused(key):
    with pytest.raises(WrongInput):
        period_named(key, TODAY)


@pytest.mark.parametrize(
    ("first", "last"),
    [("1/10/2026", ""), ("", "1/10/2026"), ("2/10/2026", "1/10/2026"), ("24/11/2026", "30/11/2026"), ("x", "y")],
)
def test_two_days_must_make_a_span_that_has_begun(first, last):
    with pytest.raises(WrongInput):
        read_period("", first, last, TODAY)


def test_typed_days_go_before_a_chosen_period_and_nothing_is_this_month():
    typed = read_period("2026", "5/10/2026", "7/10/2026", TODAY)

    assert (typed.first, typed.last, typed.key) == (date(2026, 10, 5), date(2026, 10, 7), "")
    assert read_period("", "", "", TODAY) == NOVEMBER


@pytest.mark.parametrize("key", ["2026-01", "2026-q1", "2026-h1", "2026"])
def test_the_period_before_is_of_the_same_length_and_leads_back(key):
    period = period_named(key, TODAY)

    earlier = reports.before(period)

    assert earlier.last + timedelta(days=1) == period.first
    assert reports.after(earlier, TODAY) == period


def test_no_period_is_offered_that_has_not_begun():
    keys = [span.key for _, spans in reports.offered(TODAY) for span in spans]

    assert all(period_named(key, TODAY).key == key for key in keys)
    assert {"2026-11", "2026-q4", "2026-h2", "2026", "2025-01"} <= set(keys)
    assert "2026-12" not in keys


# --- what counts -----------------------------------------------------------------------------------------------------


def test_an_empty_office_reports_nothing_and_its_sums_hold(app):
    assert reports.count(OFFICE, OCTOBER, NOW) == []
    assert all(check.holds for form in report_forms.FORMS for check in form.checks(october()))


def test_what_is_accepted_within_the_days_is_received_by_its_channel(put):
    put(at(1, hour=0), channel="online")
    put(datetime(2026, 10, 31, 23, 59, 59, tzinfo=VIETNAM_TIME), channel="helped")
    put(at(5), channel="counter")
    put(at(6), channel="post")
    put(at(1, 11, hour=0), channel="online")  # of November

    assert numbers(october(), "received", "arrived", "online", "at_desk", "by_post", "offline") == [4, 4, 2, 1, 1, 2]


def test_what_was_never_accepted_is_never_counted(put):
    put(None, State.SUBMITTED)
    put(None, State.REFUSED, ended_at=at(4))
    put(None, State.STOPPED, ended_at=at(4))

    assert october() == Counts("Tổng số")


def test_what_came_before_and_was_not_solved_before_is_carried_over(put):
    put(at(20, 9), **solved(when=at(30, 9)))
    put(at(20, 9), **solved("late", at(2)))
    put(at(20, 9))

    assert numbers(october(), "received", "carried", "arrived", "solved", "late", "pending") == [2, 2, 0, 1, 1, 1]


def test_what_was_solved_after_the_period_is_pending_in_it(put):
    put(at(30), **solved(when=at(1, 11, hour=0)))

    assert numbers(october(), "solved", "pending", "pending_in_time") == [0, 1, 1]
    assert reports.total(reports.count(OFFICE, NOVEMBER, NOW)).carried == 1


def test_a_pending_one_is_late_by_the_end_of_the_period_not_by_today(put):
    put(at(28), due_at=at(3, 11))
    put(at(20), due_at=at(30))

    assert numbers(october(), "pending_in_time", "pending_late") == [1, 1]
    assert reports.total(reports.count(OFFICE, NOVEMBER, NOW)).pending_late == 2


def test_while_a_period_runs_late_means_late_now(put):
    put(at(20, 11), due_at=at(23, 11, hour=10))

    assert reports.total(reports.count(OFFICE, NOVEMBER, at(23, 11, hour=9))).pending_late == 0
    assert reports.total(reports.count(OFFICE, NOVEMBER, at(23, 11, hour=11))).pending_late == 1


def test_what_has_no_due_moment_is_in_time(put):
    put(at(5), due_at=None)

    assert numbers(october(), "pending_in_time", "pending_late") == [1, 0]


def test_another_office_counts_its_own(put):
    put(at(5), office="H21.121")

    assert october().received == 0


WAITS = ("ask_supplement", State.IN_PROGRESS, State.AWAITING_SUPPLEMENT)


def wait(dossier: Dossier, since: datetime, until: datetime | None = None) -> None:
    first = dossier.events.get()
    ClockStop.create(dossier=dossier, kind="supplement", began_at=since, ended_at=until, began_by=first)


def test_a_clock_that_stands_at_the_end_of_the_period_is_paused_in_it(put):
    now_at_work = put(at(5), due_at=at(20, 11), first_due_at=at(15), log=[(*WAITS, at(12))])
    wait(now_at_work, at(12), at(17, 11))
    since_then = put(at(5), State.AWAITING_SUPPLEMENT, due_at=at(15), stopped_at=at(12), log=[(*WAITS, at(12))])
    wait(since_then, at(12))

    assert numbers(october(), "running", "paused", "paused_in_time", "paused_late") == [0, 2, 2, 0]


def test_what_was_late_before_its_clock_stopped_is_paused_and_late(put):
    dossier = put(at(5), State.AWAITING_SUPPLEMENT, due_at=at(15), stopped_at=at(20), log=[(*WAITS, at(20))])
    wait(dossier, at(20))

    assert numbers(october(), "paused", "paused_in_time", "paused_late") == [1, 0, 1]


def test_a_new_due_date_given_later_does_not_make_the_past_punctual(put):
    was_due = {"due_at": at(20).isoformat()}
    supplied = ("supplied", State.AWAITING_SUPPLEMENT, State.IN_PROGRESS, at(10, 11), was_due)
    dossier = put(at(5), due_at=at(30, 11), first_due_at=at(20), log=[(*WAITS, at(3, 11)), supplied])
    wait(dossier, at(3, 11), at(10, 11))

    assert numbers(october(), "pending_in_time", "pending_late") == [0, 1]


STOPS = ("stop", State.IN_PROGRESS, State.STOPPED)


def test_what_the_office_stopped_is_paused_until_its_papers_are_given_back(put):
    put(at(5), State.STOPPED, ended_at=at(7), log=[(*STOPS, at(7))])
    given_back = ("give_papers_back", State.STOPPED, State.RETURNED, at(4, 11))
    put(at(5), State.RETURNED, ended_at=at(7), returned_at=at(4, 11), log=[(*STOPS, at(7)), given_back])

    assert numbers(october(), "solved", "paused", "paused_in_time") == [0, 2, 2]
    november = reports.total(reports.count(OFFICE, NOVEMBER, NOW))
    assert numbers(november, "carried", "solved", "on_time", "paused") == [2, 1, 1, 1]


def test_what_was_stopped_and_opened_again_was_paused_meanwhile(put):
    reopened = ("reopen", State.STOPPED, State.IN_PROGRESS, at(5, 11), {"due_at": at(15).isoformat()})
    put(at(5), due_at=at(20, 12), first_due_at=at(15), log=[(*STOPS, at(12)), reopened])

    assert numbers(october(), "running", "paused", "paused_in_time") == [0, 1, 1]
    assert numbers(reports.total(reports.count(OFFICE, NOVEMBER, NOW)), "running_in_time", "paused") == [1, 0]


def test_what_its_submitter_withdrew_is_solved_and_late_only_if_it_was_so_by_then(put):
    granted = ("grant_withdrawal", State.WITHDRAWAL_ASKED, State.STOPPED)
    put(at(5), State.STOPPED, ended_at=at(7), due_at=at(15), log=[(*granted, at(7))])
    put(at(5), State.STOPPED, ended_at=at(25), due_at=at(15), log=[(*granted, at(25))])

    assert numbers(october(), "solved", "on_time", "late", "paused") == [2, 1, 1, 0]


def test_a_row_a_field_and_one_for_those_that_have_none(put):
    for field in ("Hộ tịch", "Chứng thực", "Hộ tịch", ""):
        put(at(5), field=field)

    assert [(row.name, row.received) for row in reports.count(OFFICE, OCTOBER, NOW)] == [
        ("", 1),
        ("Chứng thực", 1),
        ("Hộ tịch", 2),
    ]


def test_within_a_field_a_row_a_procedure(put):
    put(at(5), procedure_title="Khai tử")
    put(at(5), field="Đất đai", procedure_title="Tách thửa")

    rows = reports.count(OFFICE, OCTOBER, NOW, Dossier.procedure_title, Dossier.field == "Hộ tịch")

    assert [row.name for row in rows] == ["Khai tử"]


# --- sums ------------------------------------------------------------------------------------------------------------


def test_a_channel_that_no_column_knows_breaks_a_sum_and_is_told(put):
    put(at(5), channel="fax")

    rows = reports.count(OFFICE, OCTOBER, NOW)

    broken = II06A.faults(rows)
    assert [(one.row, one.words, one.numbers) for one in broken] == [("Hộ tịch", "3 = 4 + 5 + 6", "1 = 0 + 0 + 0")]
    assert [one.words for one in QD766.faults(rows)] == ["5 = 6 + 7 + 8"]


def test_a_punctuality_that_no_column_knows_breaks_a_sum_and_is_told(put):
    put(at(5), **solved("x"))

    assert [one.words for one in II06A.faults(reports.count(OFFICE, OCTOBER, NOW))] == ["7 = 8 + 9 + 10"]


def test_one_that_ended_before_it_was_accepted_breaks_a_sum_and_is_told(put):
    put(at(5), **solved(when=at(20, 9)))

    assert [one.words for one in II06A.faults(reports.count(OFFICE, OCTOBER, NOW))] == ["3 = 7 + 11"]


@pytest.mark.parametrize("form", report_forms.FORMS, ids=lambda form: form.key)
def test_the_head_of_a_form_covers_each_place_once(form):
    cells = Counter(
        (row, column)
        for head in form.heads()
        for row in range(head.row, head.row + head.rows)
        for column in range(head.column, head.column + head.columns)
    )

    assert set(cells.values()) == {1}
    assert len(cells) == form.depth * (len(form.columns) + 2)


def test_the_columns_of_ii06a_are_numbered_as_printed():
    assert [check.words for check in II06A.checks(Counts("x"))] == [
        "3 = 4 + 5 + 6", "7 = 8 + 9 + 10", "11 = 12 + 13", "3 = 7 + 11"
    ]  # fmt: skip


# --- ten thousand dossiers -------------------------------------------------------------------------------------------


class Told:
    """One dossier as its log alone tells it, move by move: nothing of its row but field, channel and punctuality."""

    def __init__(self, row: dict, log: list[tuple], calendar):
        self.field, self.channel, self.how = row["field"], row["channel"], row["punctuality"]
        self.accepted = self.solved = self.due = self.stood = None
        self.kind, self.calendar = row["term"], calendar
        self.moments = []  # (moment, due, since when it stands, whether it was late when it ended)
        state, step, step_before, was_stopped = None, "", "", False
        for name, target, when in log:
            if name == "accept":
                self.accepted, self.due = when, deadlines.due_at(self.kind, when, calendar)
            if name == "ask_withdrawal":
                step_before = step
            if name in MOVES:
                step = {"begin_verifying": "verifying", "refuse_withdrawal": step_before}.get(name, "")
            if name == "stop":
                was_stopped = True
            if name in ("finish", "grant_withdrawal", "refuse") or (name == "give_papers_back" and was_stopped):
                self.solved = when
                self.late_at_end = self.due is not None and self.due < (self.stood or when)
            if name == "reopen":
                self.solved, was_stopped = None, False
            state = target
            stands = state in (5, 6, 7, 8) or (step == "verifying" and state == 4)
            if stands and self.stood is None:
                self.stood = when
            elif not stands and self.stood is not None:
                if state in (2, 4):
                    self.due = deadlines.due_after_stop(self.kind, self.due, self.stood, when, calendar)
                self.stood = None
            self.moments.append((when, self.due, self.stood))

    def count_in(self, period: Period, now: datetime, counts: Counter) -> None:
        begins, ends = period.begins, period.ends
        if self.accepted is None or self.accepted >= ends or (self.solved and self.solved < begins):
            return
        found = ["received"]
        if self.accepted < begins:
            found += ["carried"]
        else:
            place = {"online": "online", "helped": "online", "counter": "at_desk", "post": "by_post"}[self.channel]
            found += ["arrived", place, *(["offline"] if place != "online" else [])]
        if self.solved and self.solved < ends:
            found += ["solved", self.how or ("late" if self.late_at_end else "on_time")]
        else:
            _, due, since = [moment for moment in self.moments if moment[0] < ends][-1]
            is_late = due is not None and due < min(ends, now) and (since is None or due < since)
            kind, when = "running" if since is None else "paused", "late" if is_late else "in_time"
            found += ["pending", f"pending_{when}", kind, f"{kind}_{when}"]
        counts.update((self.field, name) for name in found)


MOVES = {move.name for move in workflow.MOVES}


def all_told(calendar) -> list[Told]:
    terms: dict[str, object] = {}
    log: dict[int, list] = {}
    for number, name, target, when in (
        Event.select(Event.dossier, Event.name, Event.to_state, Event.at).order_by(Event.id).tuples()
    ):
        log.setdefault(number, []).append((name, target, when))
    found = []
    shown = Dossier.id, Dossier.field, Dossier.channel, Dossier.punctuality, Dossier.procedure_slug
    for number, field, channel, how, slug in Dossier.select(*shown).tuples():
        if slug not in terms:
            terms[slug] = workflow.term_of(Dossier.get_by_id(number).procedure)
        found.append(Told({"field": field, "channel": channel, "punctuality": how, "term": terms[slug]}, log[number], calendar))
    return found


def test_ten_thousand_dossiers_are_counted_as_their_logs_and_the_queues_tell(app, library):
    now = utc_now()
    demo.make(10_000, 7, now, library)
    today, told = in_vietnam(now).date(), all_told(library.calendar)
    this_month = reports.month(today)
    last_month = reports.before(this_month)
    year = period_named(str(today.year - 1), today)
    quarter = next(spans[-1] for label, spans in reports.offered(today) if label == "Quý")
    half = next(spans[0] for label, spans in reports.offered(today) if label == "6 tháng")
    odd = Period(today - timedelta(days=400), today - timedelta(days=37), "")
    everything = Period(date(2020, 1, 1), today, "")

    for period in (this_month, last_month, quarter, half, year, odd, everything):
        rows, expected = reports.count(OFFICE, period, now), Counter()
        for one in told:
            one.count_in(period, now, expected)
        assert {(r.name, n): getattr(r, n) for r in rows for n in NUMBERS if getattr(r, n)} == expected, period
        assert [f for form in report_forms.FORMS for f in form.faults([*rows, reports.total(rows)])] == [], period
        assert register.count(OFFICE, period) == reports.total(rows).arrived

    whole = reports.total(reports.count(OFFICE, everything, now))
    assert whole.carried == 0
    assert whole.received > 9_000
    assert min(numbers(whole, "early", "late", "running_late", "paused_in_time", "by_post")) > 0
    equal_to_the_queues(whole, now, library.calendar)
    for month in reports.months(OFFICE, last_month, 12):
        counts = reports.total(reports.count(OFFICE, month.period, now))
        assert (month.received, month.solved, month.late) == (counts.arrived, counts.solved, counts.late)


def equal_to_the_queues(whole: Counts, now: datetime, calendar) -> None:
    """What the report of all time calls pending is what the desk finds in its queues now."""
    officer = Staff.get(Staff.login_name == "demo-mot-cua")
    queues = desk.counts(desk.View(officer, now, calendar))
    at_work = Dossier.accepted_at.is_null(False), Dossier.office == OFFICE
    standing = ClockStop.select().where(ClockStop.ended_at.is_null(), ClockStop.kind.in_(("withdrawal", "verification"))).count()
    waiting = Dossier.select().where(*at_work, Dossier.state.in_((5, 6))).count()
    stopped = Dossier.select().where(*at_work, Dossier.state == State.STOPPED)
    withdrawn = [d.id for d in stopped if d.events.where(Event.name == "grant_withdrawal").exists()]

    assert whole.running_late == queues["qua-han"]
    assert whole.running + standing == queues["dang-lam"]
    assert waiting <= queues["cho-dan"]  # the rest were asked for more before they were accepted
    assert whole.paused == standing + waiting + stopped.count() - len(withdrawn)
    refused = Dossier.select().where(*at_work, Dossier.state == State.REFUSED).count()
    assert whole.solved == queues["cho-tra"] + queues["da-tra"] - never_accepted() + len(withdrawn) + refused


def never_accepted() -> int:
    """Given back to those who withdrew before anybody had accepted."""
    return Dossier.select().where(Dossier.state == State.RETURNED, Dossier.accepted_at.is_null()).count()


# --- small numbers ---------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 60), max_size=12))
def test_no_small_number_is_shown_or_left_over(found):
    shown = overview.hide_small(found)
    hidden = [number for number, seen in zip(found, shown, strict=True) if seen is None]

    assert all(seen is None or seen == number for number, seen in zip(found, shown, strict=True))
    assert all(seen >= overview.LEAST_SHOWN for seen in shown if seen is not None)
    if hidden and len(hidden) < len(found):
        assert len(hidden) >= 2
        assert sum(hidden) >= overview.LEAST_SHOWN


def test_a_second_one_is_hidden_so_that_the_first_cannot_be_worked_out():
    assert overview.hide_small([40, 3, 12, 25]) == [40, None, None, 25]
    assert overview.hide_small([40, 0, 1, 12, 25]) == [40, None, None, None, 25]
    assert overview.hide_small([40, 12]) == [40, 12]
    # Of two hidden ones under five that add up to eight, each is four.
    assert overview.hide_small([5, 4, 4]) == [None, None, None]


def test_villages_stand_in_the_order_of_the_commune_and_the_rest_together(put):
    for village, count in (("Thôn 2", 6), ("Thôn 1", 7), ("Thôn 3", 2), ("Pleiku", 3), ("", 2)):
        for _ in range(count):
            put(at(5), village=village)

    rows = overview.by_village(OFFICE, OCTOBER, NOW, ["Thôn 1", "Thôn 2", "Thôn 3"])

    # With five of elsewhere shown, the two of Thôn 3 could be worked out.
    assert [(row.name, row.numbers[0]) for row in rows] == [("Thôn 1", 7), ("Thôn 2", 6), ("Thôn 3", None), ("Nơi khác", None)]


# --- what a leader sees ----------------------------------------------------------------------------------------------


def look(period=OCTOBER, phrases=()):
    return overview.overview(OFFICE, period, NOW, ["Thôn 1"], phrases)


def test_shares_are_whole_and_never_rounded_up_to_all(put):
    for _ in range(299):
        put(at(5), channel="counter", **solved("early"))
    put(at(5), channel="online", **solved("late"))

    seen = look()

    assert (seen.in_time.percent, seen.online.percent) == (99, 0)


def test_where_nothing_is_there_is_no_share(app):
    seen = look()

    assert (seen.in_time.percent, seen.online.percent, seen.paid_online.percent) == (None, None, None)


def happened(dossier: Dossier, by: str, name: str, undoes=None) -> Event:
    known = {"from_state": 6, "to_state": 4, "at": at(9), "actor_kind": by, "actor_name": "x", "undoes": undoes}
    return Event.create(dossier=dossier, name=name, **known)


def take(dossier: Dossier, officer, number: int, method: str, **more) -> Receipt:
    known = {"dossier": dossier, "item": "Phí", "amount_dong": 8000, "ground": "Thông tư", "asked_by": officer}
    request = PaymentRequest.create(**known, settled_at=at(9), method=method, form_key=f"asked-{number}")
    made = {"office": dossier.office, "year": 2026, "number": number, "amount_dong": 8000, "payer_name": "x", "made_at": at(9)}
    return Receipt.create(**made | more, request=request, method=method, form_key=f"taken-{number}")


def test_paid_online_is_what_the_bank_told_not_what_came_over_the_counter(put):
    officer = make_staff("officer")
    for number, method in enumerate(("online", "cash", "vietqr", "transfer"), start=1):
        take(put(at(5)), officer, number, method)
    take(put(at(5)), officer, 5, "online", voided_at=at(9))
    take(put(at(5)), officer, 6, "online", made_at=at(9) + timedelta(days=60))

    assert overview.paid_online(OFFICE, OCTOBER) == overview.Share(1, 4)


def test_each_officer_answers_for_what_lies_on_their_table(put):
    holder = make_staff("specialist")
    put(at(5), due_at=at(7), taken_by=holder)
    put(at(5), taken_by=holder, **solved("late"))
    put(at(5))

    rows = overview.by_officer(OFFICE, OCTOBER, NOW)

    assert [(row.name, row.pending, row.pending_late, row.solved, row.late) for row in rows] == [
        (holder.full_name, 1, 1, 1, 1), (overview.NOBODYS, 1, 1, 0, 0)
    ]  # fmt: skip


def test_steps_say_where_dossiers_lie_now(put):
    put(at(5), due_at=at(7), step="signing")
    put(at(5), due_at=at(7, 12), step="signing")
    put(at(5), State.ACCEPTED)
    put(None, State.SUBMITTED)

    places = overview.by_step(OFFICE, NOW)

    assert [(place.name, place.count, place.late) for place in places] == [("Được tiếp nhận", 1, 1), ("Chờ lãnh đạo ký", 2, 1)]


def refuse(dossier: Dossier, note: str) -> Event:
    known = {"from_state": 1, "to_state": 3, "at": at(9), "actor_kind": "officer", "actor_name": "x"}
    return Event.create(dossier=dossier, name="refuse", note=note, **known)


def test_refusals_are_counted_by_their_ready_phrase_unless_taken_back(put):
    phrases = ["Không thuộc xã.", "Đã giải quyết rồi."]
    for note in ("Không thuộc xã.", "Không thuộc xã. Đến công an.", "Giấy này giả."):
        refuse(put(None, State.REFUSED, ended_at=at(9)), note)
    mistake = refuse(put(None, State.SUBMITTED), phrases[1])
    happened(mistake.dossier, "officer", undoes=mistake, name="undone")

    assert overview.refusals(OFFICE, OCTOBER, phrases) == [(phrases[0], 2), (overview.OWN_WORDS, 1)]


def test_few_ratings_are_not_shown(put):
    for score in (3, 3, 3, 3, 3, 3, 1):
        Rating.create(dossier=put(at(5), State.RETURNED, ended_at=at(6), punctuality="early"), score=score, given_at=at(7))

    assert look().scores == {"Rất hài lòng": 6, "Hài lòng": None, "Không hài lòng": None}


def test_no_single_rating_is_worked_out_from_two_periods(put):
    for day in (*[7] * 6, 23):
        Rating.create(dossier=put(at(5), State.RETURNED, ended_at=at(6), punctuality="early"), score=3, given_at=at(day))
    days = [Period(date(2026, 10, 1), date(2026, 10, last), "") for last in (22, 23, 31)]

    assert [overview.scores(OFFICE, period)["Rất hài lòng"] for period in days] == [None, None, 7]


# --- what everybody may see ------------------------------------------------------------------------------------------


def test_the_public_sees_whole_months_and_nothing_of_a_few(put):
    for _ in range(9):
        put(at(5), **solved("early"))
    put(at(5), **solved("late"))
    for day in (5, 6, 7):
        put(at(day, 9), field="Đất đai", **solved("early", at(20, 9)))
    put(at(3, 11))

    seen = overview.transparency(OFFICE, TODAY, NOW)

    assert seen.months[0].name == "10/2026"
    assert len(seen.months) == 12
    shown = [number for row in [*seen.months, *seen.fields] for number in row.numbers if number is not None]
    assert all(number >= overview.LEAST_SHOWN for number in shown)
    assert not [row for row in seen.fields if row.name == "Đất đai" and row.numbers != (None, None, None)]


# --- the register ----------------------------------------------------------------------------------------------------


def lines_of(library, *asked, first=date(2026, 10, 1), last=date(2026, 10, 31), **chosen) -> list[register.Line]:
    return list(register.register_rows(library.site, OFFICE, first, last, register.Chosen(**chosen)))


def test_the_register_has_a_line_for_each_accepted_dossier_in_order(put, library):
    later, sooner = put(at(6)), put(at(5), **solved(when=at(9), returned_at=at(10), state=State.RETURNED))
    put(None, State.SUBMITTED)
    put(at(5), office="H21.121")

    lines = lines_of(library)

    assert [(line.number, line.code) for line in lines] == [(1, sooner.code), (2, later.code)]
    first = lines[0]
    assert (first.received_at, first.promised_at, first.handed_over_at, first.returned_at) == (at(5), at(15), at(9), at(10))
    assert (first.name, first.phone, first.delivery, first.note) == (
        "Siu Blĕo", "0912 345 678", "Tại Bộ phận Một cửa", "Đúng hạn"
    )  # fmt: skip
    assert first.address == "Thôn 1, xã Ia Băng, tỉnh Gia Lai"
    assert lines[1].note == "Đang xử lý"
    assert len(register.COLUMNS) == len(vars(first))


def test_the_register_keeps_the_date_that_was_promised_first(put, library):
    put(at(5), first_due_at=at(8), due_at=at(20))

    assert lines_of(library)[0].promised_at == at(8)


def test_the_register_is_narrowed_to_a_field_or_a_procedure(put, library):
    put(at(5), field="Đất đai", procedure_slug="tach-thua")
    put(at(6))

    assert [line.number for line in lines_of(library, field="Đất đai")] == [1]
    assert len(lines_of(library, procedure="tach-thua")) == 1
    assert lines_of(library, field="Đất đai", procedure="khai-sinh") == []
    assert register.procedures(OFFICE, OCTOBER) == [("khai-sinh", "Khai sinh"), ("tach-thua", "Khai sinh")]


def test_a_register_read_in_batches_misses_none_and_doubles_none(put, library, monkeypatch):
    monkeypatch.setattr(register, "A_BATCH", 3)
    put_codes = [put(at(5 + n // 4)).code for n in range(11)]  # several of the same moment

    assert [line.code for line in lines_of(library)] == put_codes
    assert [line.number for line in lines_of(library)] == list(range(1, 12))


def test_a_page_of_the_register_is_numbered_through(put, library, monkeypatch):
    monkeypatch.setattr(register, "A_PAGE", 4)
    for n in range(6):
        put(at(5 + n))

    second = register.page_of(library.site, OFFICE, OCTOBER, register.ALL, 2)

    assert [line.number for line in second] == [5, 6]


def test_an_account_without_a_phone_leaves_its_place_empty(put, library):
    put(at(5), account=make_account(email="", phone=""))

    assert lines_of(library)[0].phone == ""

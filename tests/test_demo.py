"""The made-up commune: nobody real, everything as the rules would have left it, and a door that real people keep shut."""

import random
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from stage import Visitor, make_account, make_staff

from database import db, utc_now
from models import (
    TABLES,
    Account,
    Apology,
    ClockStop,
    DayCounter,
    Dossier,
    Event,
    FormCounter,
    HandOver,
    Help,
    IdNumber,
    OutreachNote,
    PaymentRequest,
    Rating,
    Receipt,
    ResultReturn,
    Shipment,
    ShipmentStep,
    Staff,
    State,
    SupplementItem,
    SupplementRequest,
    Transfer,
)
from rules import accounts, day_sheet, eform, logins, outreach, reports, submission, workflow
from rules import demo as demo_rules
from rules.deadlines import expected_day, warning_at
from rules.demo_people import MAIL_HOST, NOBODYS_PLACE, NOBODYS_PREFIX
from rules.dossier_codes import read_code
from rules.identity import id_number_warnings, read_id_number, read_person_name, read_phone
from rules.passwords import is_password
from rules.tracking import read_tracking
from rules.vietnamese import fold, in_vietnam

COUNT = 2000
# A Wednesday, in office hours.
NOW = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
WHAT_A_MOVE_WRITES = (
    *("state", "step", "payment", "shipment", "accepted_at", "first_due_at", "due_at", "warn_at", "stopped_at", "ended_at"),
    *("returned_at", "punctuality"),
)


@pytest.fixture
def demo(whole_site, request):
    """The site with a made-up commune, made once a database and read by every test here."""
    db.connect(reuse_if_open=True)
    if not demo_rules.is_demo() or Dossier.select().count() != COUNT:
        app = request.getfixturevalue("app")
        demo_rules.make(COUNT, 7, NOW, app.extensions["library"].refreshed())
    return whole_site


@pytest.fixture
def calendar(demo):
    return demo.extensions["library"].refreshed().calendar


@pytest.fixture
def run(app):
    def command(*words: str):
        result = app.test_cli_runner().invoke(args=words)
        db.connect(reuse_if_open=True)
        return result

    return command


@pytest.fixture
def visit(demo):
    """A visitor of the made-up commune; with a person, logged in."""

    def come(person=None) -> Visitor:
        visitor = Visitor(demo)
        if person:
            visitor.client.set_cookie("v", logins.begin_login(person, "test", utc_now()), domain="localhost")
        return visitor

    return come


def some(number: int) -> list[Dossier]:
    """So many dossiers, the same ones each time."""
    ids = [row.id for row in Dossier.select(Dossier.id).order_by(Dossier.id)]
    return [Dossier.get_by_id(one) for one in random.Random(3).sample(ids, number)]


# --- nobody real -----------------------------------------------------------------------------------------------------


def test_people_have_names_and_numbers_of_the_right_shape_that_nobody_has(demo):
    for account in Account.select():
        assert read_person_name(account.full_name) == account.full_name
        born = date.fromisoformat(account.birth_date)
        assert read_id_number(account.id_number, old_too=False, today=NOW.date()) == account.id_number
        assert id_number_warnings(account.id_number, born, today=NOW.date()) == ()
        assert account.id_number.startswith(NOBODYS_PLACE)
        assert account.phone == "" or (read_phone(account.phone) == account.phone and account.phone.startswith(NOBODYS_PREFIX))
        assert account.email == "" or re.fullmatch(rf"[a-z.]+\d+@{MAIL_HOST}", account.email)


def test_each_is_found_by_number_and_most_names_are_of_the_peoples_of_the_commune(demo):
    account = Account.select().order_by(Account.id.desc()).first()

    assert accounts.account_of_number(account.id_number) == account
    assert IdNumber.select().count() == Account.select().count() == COUNT // demo_rules.DOSSIERS_A_PERSON
    families = Counter(row.full_name.split()[0] for row in Account.select())
    assert {"Nguyễn", "Rơ", "Siu", "Ksor", "Đinh"} <= set(families)


def test_nobody_logs_in_and_no_letter_leaves(demo):
    assert {staff.password_hash for staff in Staff.select()} == {""}
    assert {staff.role for staff in Staff.select()} == STAFF_ROLES
    assert not any(is_password(row.password_hash, word) for row in Account.select().limit(1) for word in ("", "demo", "mat khau"))
    assert db.execute_sql("SELECT COUNT(*) FROM message").fetchone()[0] == 0


STAFF_ROLES = {"officer", "specialist", "leader", "culture", "village_head", "postal_clerk", "administrator"}


# --- as the rules would have left it ---------------------------------------------------------------------------------


def test_every_state_and_every_inner_step_has_some(demo):
    found = {(row.state, row.step) for row in Dossier.select(Dossier.state, Dossier.step).distinct()}

    assert {state for state, _ in found} == set(State)
    assert {step for _, step in found} - {""} == set(workflow.STEPS)
    assert all(workflow.STEPS[step][1] is state for state, step in found if step)


def test_each_log_is_a_legal_way_through_the_table_of_moves(demo):
    dossiers = {row.id: row for row in Dossier.select()}
    logs: dict[int, list[Event]] = {}
    for event in Event.select().order_by(Event.id):
        logs.setdefault(event.dossier_id, []).append(event)
    assert logs.keys() == dossiers.keys()
    for number, log in logs.items():
        first, *rest = log
        assert (first.name, first.from_state, first.to_state) == ("submit", None, State.SUBMITTED)
        assert first.at == dossiers[number].submitted_at
        state, step = State.SUBMITTED, ""
        for event, last in zip(rest, log, strict=False):
            assert event.from_state is state and last.at <= event.at <= NOW
            if event.name in workflow.HAPPENINGS:
                assert event.to_state is state
                continue
            is_move = [
                move
                for move in workflow.MOVES
                if (move.name, move.source, move.target, move.role) == (event.name, state, event.to_state, event.actor_kind)
                and step in move.at
                and (event.note or not move.needs_note)
            ]
            assert len(is_move) == 1, (event.name, state, step)
            state, step = event.to_state, is_move[0].then
            if event.name in workflow.LEAD_BACK:
                step = dossiers[number].step if event is rest[-1] else step
        assert state is dossiers[number].state


def test_the_rules_themselves_come_to_the_same(demo, calendar):
    """Some are lived again through rules.workflow: the same row, the same log, the same stops."""
    system = workflow.SYSTEM
    for number, old in enumerate([*some(120), *one_of_each_place()]):
        values = {name: old.__data__[name] for name in Dossier._meta.sorted_field_names if name != "id"}
        fresh = values | dict.fromkeys(WHAT_A_MOVE_WRITES) | dict.fromkeys(("step", "payment", "shipment", "punctuality"), "")
        marks = {"code": f"lived-again-{number}", "receipt_code": f"again{number}", "state": State.SUBMITTED}
        with db.atomic() as again:
            new = Dossier.create(**fresh | marks)
            log = list(old.events.order_by(Event.id))
            workflow.write_event(new, "submit", None, State.SUBMITTED, system, log[0].at)
            for event in log[1:]:
                if event.name in workflow.HAPPENINGS:
                    continue
                by = {"citizen": new.account, "system": system}.get(event.actor_kind) or event.staff
                note = event.note.partition(" Ngày hẹn trả cũ")[0] if event.note[:13] != "Ngày hẹn trả " else ""
                workflow.make_move(new, event.name, by, event.at, calendar, note)
            assert {name: getattr(new, name) for name in WHAT_A_MOVE_WRITES} == {
                name: getattr(old, name) for name in WHAT_A_MOVE_WRITES
            }
            moves = [event for event in log[1:] if event.name not in workflow.HAPPENINGS]
            lived = list(new.events.order_by(Event.id))[1:]
            assert [(e.name, e.at, e.note, e.before, e.actor_name) for e in lived] == [
                (e.name, e.at, e.note, e.before, e.actor_name) for e in moves
            ]
            assert stops_of(new) == stops_of(old)
            again.rollback()


def one_of_each_place() -> list[Dossier]:
    places = {(row.state, row.step): row.id for row in Dossier.select(Dossier.id, Dossier.state, Dossier.step)}
    return [Dossier.get_by_id(number) for number in places.values()]


def stops_of(dossier: Dossier) -> list[tuple]:
    rows = ClockStop.select().where(ClockStop.dossier == dossier.id).order_by(ClockStop.id)
    return [(row.kind, row.began_at, row.ended_at, row.began_by.name, row.ended_by and row.ended_by.name) for row in rows]


def test_an_open_stop_is_why_the_clock_stands(demo):
    open_stops = {row.dossier_id: row.kind for row in ClockStop.select().where(ClockStop.ended_at.is_null())}
    standing = {row.id: workflow.stands_for(row) for row in Dossier.select() if workflow.stands_for(row)}

    assert open_stops == standing and set(standing.values()) == set(workflow.STOP_NAMES)


def test_what_search_and_reports_ask_by_is_filled_as_at_submission(demo, calendar):
    villages = set(demo.extensions["library"].refreshed().villages())
    for dossier in some(150):
        answers = dossier.answers
        is_self = answers["owner"] == "self"
        name = dossier.account.full_name if is_self else answers["owner_name"]
        number = dossier.account.id_number if is_self else answers["owner_id_number"]
        assert (dossier.owner_name, dossier.owner_plain) == (name, fold(name))
        assert dossier.owner_number_key == accounts.person_key(number)
        assert dossier.owner_last_digits_key == submission.last_digits_key(number)
        assert dossier.field == dossier.procedure["field"] and dossier.village in villages
        term = workflow.term_of(dossier.procedure)
        assert dossier.expected_on == expected_day(term, dossier.submitted_at, calendar)
        if dossier.due_at:
            assert dossier.first_due_at
            assert dossier.accepted_at <= dossier.warn_at <= dossier.due_at
            if not dossier.clock_stops.exists() and dossier.due_at == dossier.first_due_at:
                assert dossier.warn_at == warning_at(dossier.accepted_at, dossier.due_at, calendar)


def test_answers_fit_the_form_they_were_given_in(demo):
    library = demo.extensions["library"].refreshed()
    of_each = {row.procedure_slug: row.id for row in Dossier.select(Dossier.id, Dossier.procedure_slug)}
    assert len(of_each) > 25
    for dossier in [*some(250), *map(Dossier.get_by_id, of_each.values())]:
        assert dossier.procedure == library.definitions[dossier.procedure_slug]
        day = in_vietnam(dossier.submitted_at).date()
        assert not any(faults for _, faults in eform.faults_by_page(dossier.procedure["eform"], dossier.answers, day))
        assert submission.owner_faults(dossier.answers) == {}
        offered = submission.offered_deliveries(dossier.procedure)
        assert submission.delivery_faults(dossier.answers, [*offered, "post"]) == {}


def test_codes_are_those_of_their_days_and_can_be_typed(demo):
    last: Counter = Counter()
    for dossier in Dossier.select().order_by(Dossier.id):
        day = in_vietnam(dossier.submitted_at).date()
        last[day] += 1
        assert dossier.code == f"H21.129-{day:%y%m%d}-{last[day]:04}"
        assert read_code(dossier.receipt_code).value == dossier.receipt_code
    assert {row.day: row.last for row in DayCounter.select()} == last


def test_they_come_as_people_come(demo):
    dossiers = list(Dossier.select())
    weekdays = Counter(in_vietnam(row.submitted_at).weekday() for row in dossiers)
    slugs = Counter(row.procedure_slug for row in dossiers)
    hours = Counter(in_vietnam(row.submitted_at).hour for row in dossiers)

    assert weekdays[0] > weekdays[4] > 3 * weekdays[6] and hours[9] > hours[12] and hours[3] == 0
    assert {slug for slug, _ in slugs.most_common(3)} <= set(demo.extensions["library"].refreshed().site.most_used)
    assert {row.channel for row in dossiers} == {"online", "counter", "helped", "post"}
    assert len({row.village for row in dossiers}) == len(demo.extensions["library"].refreshed().villages())
    assert NOW - timedelta(days=731) < min(row.submitted_at for row in dossiers) < NOW - timedelta(days=700)
    calendar = demo.extensions["library"].refreshed().calendar
    assert all(calendar.is_working_day(in_vietnam(row.submitted_at).date()) for row in dossiers if row.channel == "counter")


def test_some_are_late_some_warned_some_apologized_for(demo):
    is_open = Dossier.ended_at.is_null() & Dossier.stopped_at.is_null()
    late = Dossier.select().where(Dossier.punctuality == "late").count()

    assert 0.02 * COUNT < late < 0.15 * COUNT
    assert Dossier.select().where(is_open, Dossier.due_at < NOW).exists()
    assert Apology.select().where(Apology.signed_at.is_null(False), Apology.made_at <= Apology.due_before).count() > 5
    for apology in Apology.select().where(Apology.signed_at.is_null(False)):
        assert apology.dossier.repromised_at == apology.new_due_at > apology.due_before
        assert apology.dossier.events.where(Event.name == "apologized", Event.at == apology.signed_at).count() == 1


def test_supplements_hand_overs_and_results_say_what_the_log_says(demo):
    for request in SupplementRequest.select():
        dossier = request.dossier
        assert dossier.events.where(Event.name == "ask_supplement", Event.at == request.asked_at).count() == 1
        is_waiting = dossier.state is State.AWAITING_SUPPLEMENT and request.round == dossier.supplements.count()
        assert (request.closed_at is None) == is_waiting
        assert 1 <= SupplementItem.select().where(SupplementItem.request == request.id).count() <= 2
    assert SupplementRequest.select().where(SupplementRequest.round == 2).exists()
    for given in ResultReturn.select():
        assert (given.event.name, given.event.at, given.dossier.state) == ("give_result", given.at, State.RETURNED)
        assert given.receiver and (given.is_owner or given.paper_seen)
    assert ResultReturn.select().count() == Event.select().where(Event.name == "give_result").count()
    assert HandOver.select().count() == Event.select().where(Event.name == "handed_over").count()
    assert Transfer.select().count() == Event.select().where(Event.name == "send_elsewhere").count()
    assert Help.select().count() == Dossier.select().where(Dossier.channel == "helped").count()
    assert {rating.score for rating in Rating.select()} == {1, 2, 3}
    assert {row.dossier.state for row in Rating.select()} == {State.RETURNED}
    assert {row.payment for row in Dossier.select()} == {"", "requested", "paid"}


def test_money_has_its_requests_and_its_receipts_in_the_order_it_came(demo):
    of_state = {row.id: row.payment for row in Dossier.select() if row.payment}
    requests = {row.dossier_id: row for row in PaymentRequest.select()}
    made = list(Receipt.select().order_by(Receipt.year, Receipt.number))

    assert requests.keys() == of_state.keys()
    assert all((requests[number].settled_at is not None) == (payment == "paid") for number, payment in of_state.items())
    assert all((row.event.name, row.event.at) == ("ask_payment", row.asked_at) for row in requests.values())
    assert {row.request_id for row in made} == {row.id for row in requests.values() if row.settled_at}
    assert [row.made_at for row in made] == sorted(row.made_at for row in made)
    for counter in FormCounter.select().where(FormCounter.form == "payment"):
        assert [row.number for row in made if row.year == counter.year] == list(range(1, counter.last + 1))
    assert {row.method for row in made} >= {"cash", "online"}
    first, last = (min(made, key=lambda row: row.made_at).made_at.date(), NOW.date())
    assert day_sheet.reconcile("H21.129", first, last).agrees


def test_every_result_by_post_has_a_shipment_that_says_what_the_dossier_says(demo):
    said = {row.id: row.shipment for row in Dossier.select() if row.shipment}
    sent = {row.dossier_id: row for row in Shipment.select()}

    assert said == {number: row.state for number, row in sent.items()} and set(said.values()) >= {"handed_over", "delivered"}
    assert all(row.address and (row.state == "waiting") == (row.tracking == "") for row in sent.values())
    assert all(read_tracking(row.tracking) == row.tracking for row in sent.values() if row.tracking)
    assert all([step.state for step in row.steps.order_by(ShipmentStep.id)][-1] == row.state for row in sent.values())


# --- to be worked with -----------------------------------------------------------------------------------------------


def test_every_village_has_sessions_of_its_head_and_something_asked_of_it(demo):
    notes, today = list(OutreachNote.select()), in_vietnam(NOW).date()

    heads = {(note.village, note.by.village, note.by.role) for note in notes}
    villages = demo.extensions["library"].refreshed().villages()
    assert heads == {(village, village, "village_head") for village in villages}
    assert all(note.day <= today and outreach.read_place(note.place) and note.reached > 0 for note in notes)
    late, open_one = outreach.open_progress(villages, today)
    assert late.is_late and not open_one.is_late and 0 < late.done < len(villages)
    assert outreach.top_questions(reports.Period(today - timedelta(days=180), today, ""))


def test_the_desk_works_on_with_it(demo, calendar):
    officer = Staff.get(Staff.role == "officer")
    waiting = Dossier.select().where(Dossier.state == State.SUBMITTED).order_by(Dossier.id.desc()).first()

    lacking = Dossier.get(Dossier.id.in_([request.dossier_id for request in open_rounds()]))
    came_from = open_rounds().where(SupplementRequest.dossier == lacking.id).get().resumes_to
    with db.atomic() as trial:
        workflow.make_move(waiting, "accept", officer, NOW + timedelta(minutes=5), calendar)
        workflow.make_move(lacking, "supplied", officer, NOW + timedelta(minutes=5), calendar)
        assert (waiting.state, lacking.state) == (State.ACCEPTED, came_from)
        trial.rollback()


def open_rounds():
    return SupplementRequest.select().where(SupplementRequest.closed_at.is_null())


@pytest.mark.parametrize("queue", ["can-xu-ly", "moi", "da-nhan", "cho-dan", "xin-rut", "cho-tra", "da-xong"])
def test_the_queues_open(visit, queue):
    assert visit(Staff.get(Staff.role == "officer")).get(f"/mot-cua/?hang={queue}").status == 200


def test_one_of_each_place_opens_at_the_desk_and_for_whoever_holds_its_receipt(visit):
    officer, somebody = visit(Staff.get(Staff.role == "officer")), visit()
    for dossier in one_of_each_place():
        page = somebody.get(f"/tra-cuu?ma={dossier.receipt_code}")
        assert page.status == 200 and dossier.procedure_title in page.text
        assert dossier.owner_name not in page.text
        assert officer.get(f"/mot-cua/ho-so/{dossier.code}").status == 200


def test_its_owner_sees_it(visit):
    mine = Dossier.select().where(Dossier.channel == "online").first()
    account = mine.account

    person = visit(account)

    assert person.get("/ca-nhan/").status == 200
    assert mine.procedure_title in person.get(f"/ca-nhan/ho-so/{mine.code}").text


def test_a_new_dossier_takes_the_next_code(app, library, submit):
    demo_rules.make(30, 1, datetime.now(UTC), library)
    account = Account.select().where(Account.password_hash != "").first()
    before = {row.code for row in Dossier.select(Dossier.code)}

    new = submit(account)

    assert new.code not in before and Dossier.select().count() == 31
    assert new.id > 30 and new.events.get().id == Event.select().order_by(Event.id.desc()).first().id


# --- the command -----------------------------------------------------------------------------------------------------


def everything() -> dict[str, int]:
    return {table.__name__: table.select().count() for table in TABLES}


def test_the_command_makes_them_once(run):
    first = run("demo", "--dossiers", "40")
    made = everything()
    second = run("demo", "--dossiers", "500", "--seed", "2")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "dossiers: 40 of 40" in first.output and "made-up people: 20; dossiers: 40" in first.output
    assert "20 and 40 dossiers were here already; none added" in second.output
    assert everything() == made


@pytest.mark.parametrize("make_somebody", [make_account, lambda: make_staff("officer")])
def test_beside_real_people_nothing_is_made(run, make_somebody):
    make_somebody()
    before = everything()

    result = run("demo", "--dossiers", "40", "--accounts")

    assert result.exit_code == 1 and "INSTANCE_DIR" in result.stderr
    assert everything() == before


def test_the_same_seed_makes_the_same_people_and_dossiers(app, library):
    def told() -> list[tuple]:
        rows = Dossier.select().order_by(Dossier.id)
        return [(r.code, r.receipt_code, r.owner_name, r.state, r.step, r.due_at, sorted(r.answers.items())) for r in rows]

    found = []
    for seed in (5, 5, 6):
        with db.atomic() as trial:
            demo_rules.make(25, seed, NOW, library)
            found.append(told())
            trial.rollback()
    assert found[0] == found[1] != found[2]


def test_accounts_to_try_it_with_are_printed_on_request_each_time_anew(run):
    run("demo", "--dossiers", "25")
    assert all(not staff.password_hash for staff in Staff.select())

    lines = [line.split() for line in run("demo", "--accounts").output.splitlines() if line.startswith("  ")]
    passwords = {role: (name, password) for role, name, password, *_ in lines}

    assert passwords.keys() == STAFF_ROLES | {"citizen"}
    for role in STAFF_ROLES:
        name, password = passwords[role]
        staff = Staff.get(Staff.login_name == name)
        assert staff.role == role and staff.is_in_office() and is_password(staff.password_hash, password)
    number, password = passwords["citizen"]
    assert is_password(accounts.account_of_number(number).password_hash, password)
    again = run("demo", "--accounts").output
    assert not any(password in again for _, password in passwords.values())


def test_where_real_people_have_come_in_later_no_made_up_colleague_gets_a_password(run):
    run("demo", "--dossiers", "25")
    make_staff("officer", "that")

    assert "no made-up colleague gets a password" in run("demo", "--accounts").output
    assert all(not staff.password_hash for staff in Staff.select().where(Staff.login_name != "that"))


def test_passwords_are_given_to_nobody_real(app):
    staff = make_staff("officer", "demo-mot-cua")

    with pytest.raises(demo_rules.NotForDemo):
        demo_rules.give_passwords()
    assert Staff.get_by_id(staff.id).password_hash == staff.password_hash

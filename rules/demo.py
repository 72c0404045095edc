"""A made-up commune to try the program with: people who do not exist, their dossiers of two years, and who works on them.

Written past the rules' own doors, for they take a transaction a move: 100,000 dossiers in under two minutes. What is
written is what the rules would have written (tests/test_demo.py lets them do it again and compares).
"""

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from database import Table, db, insert_rows, number_on
from models import (
    Account,
    AccountEvent,
    Apology,
    Business,
    ClockStop,
    Consent,
    DayCounter,
    Dossier,
    Event,
    HandOver,
    Help,
    IdNumber,
    PaperCheck,
    PaymentAttempt,
    PaymentRequest,
    Rating,
    ResultReturn,
    Shipment,
    ShipmentStep,
    Staff,
    State,
    SupplementItem,
    SupplementRequest,
    Transfer,
)
from rules import WrongInput, accounts, demo_outreach, logins, submission, village_news, workflow
from rules.consents import NEEDED
from rules.content import PURPOSES, Procedure
from rules.deadlines import expected_day
from rules.demo_answers import Variant, Writer, variants_of
from rules.demo_lives import GOALS, REFUSALS, Actor, Life, OfficeTime, Plan, Storyteller
from rules.demo_money import Till
from rules.demo_people import made_up_mail, made_up_name, made_up_person, made_up_phone
from rules.dossier_codes import CHECKS, LENGTH, SYMBOLS, add_checks, new_dossier_code
from rules.library import Library, may_be_entered, may_be_submitted
from rules.passwords import hash_password
from rules.shipments import fee_for
from rules.staff import new_first_password
from rules.tracking import check_digit
from rules.vietnamese import VIETNAM_TIME, fold, in_vietnam

MARK = "demo"  # begins the ref of a made-up account; a real one is hexadecimal, and cannot
A_BATCH = 2000  # dossiers a transaction
YEARS = timedelta(days=730)
DOSSIERS_A_PERSON = 5
# Where the newest dossiers are to be found: so many of each goal, and of a thousand dossiers.
OF_EACH_GOAL, OF_A_THOUSAND = 2, 1
GOALS_WITHIN_DAYS = (3, 24)  # office days before now in which those were submitted


class NotForDemo(WrongInput):
    """The instance holds people or dossiers that are not made up."""


@dataclass(frozen=True)
class Colleague:
    role: str
    login_name: str
    full_name: str
    village: str = ""


CAST = (
    Colleague("officer", "demo-mot-cua", "Ksor H'Nguyệt"),
    Colleague("officer", "demo-mot-cua-2", "Trần Thị Bích Nga"),
    Colleague("officer", "demo-mot-cua-3", "Siu Thơm"),
    Colleague("specialist", "demo-ho-tich", "Nguyễn Công Hiếu"),
    Colleague("specialist", "demo-chinh-sach", "Rơ Châm H'Đơm"),
    Colleague("specialist", "demo-dia-chinh", "Lê Quang Sơn"),
    Colleague("specialist", "demo-van-hoa-xa-hoi", "Kpă Blơi"),
    Colleague("leader", "demo-lanh-dao", "Phạm Minh Tuấn"),
    Colleague("leader", "demo-pho-chu-tich", "Rơ Mah Alơh"),
    Colleague("culture", "demo-van-hoa", "Đinh Hyơn"),
    Colleague("postal_clerk", "demo-buu-dien", "Võ Thị Thu Hà"),
    Colleague("administrator", "demo-quan-tri", "Hoàng Đức Khoa"),
)
HEADS = "demo-thon-truong"


# --- whether it may be made ------------------------------------------------------------------------------------------


def is_demo() -> bool:
    """Whether this instance is a made-up commune already."""
    return Account.select().where(Account.ref.startswith(MARK)).exists()


def refuse_real_people() -> None:
    """Raises NotForDemo where anybody or anything is that this module has not made: an empty instance alone will do."""
    for table in (Account, Staff, Dossier, Business):
        if table.select().exists():
            raise NotForDemo(
                "This instance has accounts or dossiers of its own: made-up people do not belong among them. "
                "Nothing was made. Choose another INSTANCE_DIR (and DATABASE_URL)."
            )


def counts() -> tuple[int, int]:
    """How many people and dossiers a made-up commune has."""
    return Account.select().where(Account.ref.startswith(MARK)).count(), Dossier.select().count()


# --- making it -------------------------------------------------------------------------------------------------------


def make(count: int, seed: int, now: datetime, library: Library, tell: Callable[[int], None] = lambda done: None) -> None:
    """`count` dossiers of the two years before `now`, and their people; the same seed at the same moment makes the same.

    `tell` hears how many are made, batch by batch. Raises NotForDemo, and makes nothing, beside real people.
    """
    refuse_real_people()
    commune = Commune(count, seed, now.astimezone(UTC).replace(microsecond=0), library)
    for done in commune.write():
        tell(done)


class Commune:
    """The made-up commune while it is being written: who is there, and the numbers given so far."""

    def __init__(self, count: int, seed: int, now: datetime, library: Library):
        self.count, self.seed, self.now, self.library = count, seed, now, library
        self.rng = Random(seed)
        self.office = library.site.codes.agency
        self.calendar = library.calendar
        ready = library.reasons.moves.get("refuse", [])
        self.refusals = ready if len(ready) > 1 else REFUSALS
        first = in_vietnam(now - YEARS).date()
        self.clock = OfficeTime(first, in_vietnam(now).date() + timedelta(days=400), library.calendar)
        self.moments = submission_moments(self.rng, count, now, self.clock)
        self.receipts: set[str] = set()
        self.of_day: Counter[date] = Counter()
        self.goals = self._goals()
        self.till = Till(self.office, self.calendar)
        self.variants: dict[str, list[Variant]] = {}
        self.snapshots: dict[str, str] = {}
        self.next_event = self.next_request = self.next_shipment = 1

    def write(self) -> Iterator[int]:
        with db.atomic():
            self._write_staff()
            self._write_people()
            heads = {village: head.staff for village, head in self.head_of.items()}
            demo_outreach.write(self.seed, heads, self.cast["culture"][0].staff, list(self.library.guides), self.now)
        for start in range(0, self.count, A_BATCH):
            rows = Rows()
            for number in range(start, min(start + A_BATCH, self.count)):
                self._add_dossier(number, rows)
            with db.atomic():
                rows.write()
                days = list(self.of_day)
                DayCounter.delete().where(DayCounter.day.in_(rows.days)).execute()
                insert_rows(
                    DayCounter, [{"office": self.office, "day": d, "last": self.of_day[d]} for d in days if d in rows.days]
                )
                number_on(Dossier, Event, SupplementRequest, Shipment, Account, Staff)
            yield min(start + A_BATCH, self.count)
        with db.atomic():
            self.till.write_receipts()

    # --- who is there ---

    def _write_staff(self) -> None:
        names = [made_up_name(self.rng, "Jrai", self.rng.choice(("male", "female"))) for _ in self.library.villages()]
        heads = [
            Colleague("village_head", f"{HEADS}-{number}", name, village)
            for number, (name, village) in enumerate(zip(names, self.library.villages(), strict=True), start=1)
        ]
        began = self.now - YEARS - timedelta(days=30)
        cast = (*CAST, *heads)
        # Nobody logs in as one of these before `give_passwords`.
        rows = [
            {"id": number, "login_name": one.login_name, "full_name": one.full_name, "role": one.role, "office": self.office}
            | {"village": one.village, "password_hash": "", "must_change_password": False, "second_factor": ""}
            | {"totp_secret": None, "totp_last_step": 0, "made_by_id": None, "approved_by_id": None, "approved_at": began}
            | {"created_at": began, "ended_by_id": None, "ended_at": None}
            for number, one in enumerate(cast, start=1)
        ]
        insert_rows(Staff, rows)
        people = [(one.role, one.village, Actor(one.role, one.full_name, row["id"])) for one, row in zip(cast, rows, strict=True)]
        self.cast = {role: [actor for kind, _, actor in people if kind == role] for role in {role for role, *_ in people}}
        self.head_of = {village: actor for role, village, actor in people if role == "village_head"}

    def _write_people(self) -> None:
        rng, began = self.rng, self.now - YEARS - timedelta(days=1)
        villages = self.library.villages()
        # Villages are not of one size.
        weights = [1 + rng.random() * 2 for _ in villages]
        # One hash for all, of a password that is thrown away at once: hashing takes its time on purpose.
        password_hash = hash_password(secrets.token_urlsafe(24))
        self.people: list[Account] = []
        seen, accounts_rows, numbers, consents = set(), [], [], []
        for number in range(1, max(20, self.count // DOSSIERS_A_PERSON) + 1):
            person = made_up_person(rng)
            while person.id_number in seen:
                person = made_up_person(rng)
            seen.add(person.id_number)
            is_online = rng.random() < 0.6
            account = Account(
                id=number,
                ref=f"{MARK}{rng.getrandbits(32):08x}",
                id_number=person.id_number,
                full_name=person.full_name,
                birth_date=person.birth_date,
                village=rng.choices(villages, weights)[0],
                phone=made_up_phone(rng) if rng.random() < 0.85 else "",
                email=made_up_mail(person, number) if is_online and rng.random() < 0.7 else "",
                password_hash=password_hash if is_online else "",
                assurance_level=2,
                created_at=began,
            )
            self.people.append(account)
            accounts_rows.append(_row_of_account(account, began))
            sealed = {"number": person.id_number, "added_at": began, "added_by_id": None}
            numbers.append({"account_id": number, "key": accounts.person_key(person.id_number)} | sealed)
            kinds = PURPOSES if account.email else (NEEDED, village_news.CONSENT)
            consents += [
                {"account_id": number, "purpose": kind, "version": self.library.consents[kind].version, "given_at": began}
                | {"read_by_id": None, "withdrawn_at": None}
                for kind in kinds
            ]
        if len({account.ref for account in self.people}) < len(self.people):
            for number, account in enumerate(self.people):  # two alike of four thousand million: numbered instead
                account.ref = accounts_rows[number]["ref"] = f"{MARK}{number:08x}"
        insert_rows(Account, accounts_rows)
        insert_rows(IdNumber, numbers)
        insert_rows(Consent, consents)
        self.online = [account for account in self.people if account.password_hash]

    # --- one dossier ---

    def _goals(self) -> dict[int, tuple[State, str]]:
        """By the dossier's place: where it is to be found."""
        now = self.clock.minute_of(self.now)
        oldest, newest = (self.clock.moment(max(0, now - days * self.clock.a_day)) for days in reversed(GOALS_WITHIN_DAYS))
        places = [number for number, at in enumerate(self.moments) if oldest <= at <= newest]
        each = max(OF_EACH_GOAL, self.count * OF_A_THOUSAND // 1000)
        wanted = [goal for goal in GOALS for _ in range(each)]
        chosen = self.rng.sample(places, min(len(places), len(wanted)))
        # Where there are fewer places than wishes, each goal gets one before any gets two.
        wanted = [goal for _ in range(each) for goal in GOALS]
        return dict(zip(chosen, wanted, strict=False))

    def _add_dossier(self, number: int, rows: "Rows") -> None:
        rng, at = self.rng, self.moments[number]
        day, goal = in_vietnam(at).date(), self.goals.get(number)
        channel = self._channel(at, self.calendar.is_working_day(day))
        procedure = self._procedure(day, channel)
        definition = self.library.definitions[procedure.slug]
        account = rng.choice(self.online if channel == "online" else self.people)
        head = self.head_of[account.village]
        officer = rng.choice(self.cast["officer"])
        helper = {"counter": officer, "helped": head}.get(channel)
        delivery = self._delivery(definition, goal)
        writer = Writer(rng, account, day, self._address(account))
        answers = rng.choice(self._variants(procedure, definition)).answers(writer) | {"delivery": delivery}
        if delivery == "post":
            answers["delivery_address"] = writer.address
        owner_name, owner_number, asked = self._owner(account)
        self.of_day[day] += 1
        rows.days.add(day)
        term = workflow.term_of(definition)
        row = {
            "id": number + 1,
            "code": new_dossier_code(self.office, day, self.of_day[day]),
            "receipt_code": self._receipt_code(),
            "office": self.office,
            "account_id": account.id,
            "business_id": None,
            "procedure_slug": procedure.slug,
            "procedure_title": procedure.title,
            "procedure": self._snapshot(procedure.slug, definition),
            "owner_name": owner_name,
            "owner_last_digits_key": submission.last_digits_key(owner_number),
            "owner_plain": fold(owner_name)[:200],
            "owner_number_key": accounts.person_key(owner_number),
            "field": procedure.field,
            "village": account.village,
            "answers": answers | asked,
            "delivery": delivery,
            "channel": channel,
            "helped_by_id": helper and helper.staff,
            "state": State.SUBMITTED,
            "step": "",
            "taken_by_id": None,
            "payment": "",
            "shipment": "",
            "submitted_at": at,
            "expected_on": expected_day(term, at, self.calendar),
            **dict.fromkeys(("accepted_at", "first_due_at", "due_at", "repromised_at", "warn_at", "stopped_at", "ended_at")),
            "returned_at": None,
            "punctuality": "",
        }
        owner = Actor("citizen", account.full_name)
        life = Life(row, term, self.calendar, self.now, goal)
        life.begin(replace(owner, full_name=_both(account, helper, channel)) if helper else owner)
        plan = Plan(
            owner=owner,
            officer=officer,
            worker=self._worker(procedure, officer),
            leader=rng.choice(self.cast["leader"]),
            office=self.office,
            delivery=delivery,
            is_at_counter=channel == "counter",
            fee_dong=(procedure.fee and procedure.fee.amount) or (8000 if goal == (State.AWAITING_PAYMENT, "") else 0),
            documents=tuple((d.key, d.name) for d in procedure.documents) or (("", "Tờ khai"),),
            refusals=self.refusals,
            other_name=made_up_name(rng, rng.choice(("Jrai", "Kinh")), rng.choice(("male", "female"))),
        )
        Storyteller(life, plan, self.clock, rng, lambda: f"{MARK}-{rng.getrandbits(96):024x}").tell()
        if channel == "helped":
            self._add_help(row, account, head, procedure, rows)
        first_event = self.next_event
        self._keep(life, rows)
        self.till.keep(life, plan.fee_dong, first_event, rows)
        if delivery == "post":
            self._keep_shipment(life, account, rows)

    def _channel(self, at: datetime, is_open: bool) -> str:
        """More and more come online; out of hours the counter is closed."""
        rng = self.rng
        hour = in_vietnam(at)
        grows = 1 - (self.now - at) / YEARS
        in_hours = is_open and any(opens <= hour.time() < closes for opens, closes in self.calendar.hours)
        if not in_hours:
            return "online" if rng.random() < 0.85 else "helped"
        online = 0.25 + 0.25 * grows
        return rng.choices(("online", "counter", "helped", "post"), (online, 0.88 - online, 0.09, 0.03))[0]

    def _procedure(self, day: date, channel: str) -> Procedure:
        may = may_be_entered if channel == "counter" else may_be_submitted
        key = day, channel == "counter"
        if key != getattr(self, "_open_key", None):
            found = [p for p in self.library.procedures.values() if may(p, day)]
            used = {slug: 60 / (2 + place) for place, slug in enumerate(self.library.site.most_used)}
            self._open_key, self._open = key, (found, [used.get(p.slug, 0.35) for p in found])
        return self.rng.choices(*self._open)[0]

    def _variants(self, procedure: Procedure, definition: dict) -> list[Variant]:
        key = procedure.slug if procedure.eform else ""  # one form for all that have none of their own
        if key not in self.variants:
            days = [self.moments[0].date(), in_vietnam(self.now).date()]
            # Whose age a form looks at is not known beforehand: it is tried on many.
            looks_at_age = any(check["kind"] == "age" for check in definition["eform"].get("checks") or ())
            writers = [
                Writer(self.rng, account, days[n % 2], self._address(account))
                for n, account in enumerate(self.rng.choices(self.people, k=40 if looks_at_age else 6))
            ]
            self.variants[key] = variants_of(definition["eform"], self.rng, writers)
        return self.variants[key]

    def _address(self, account: Account) -> str:
        return f"{account.village}, {self.library.site.name}, tỉnh {self.library.site.province}"

    def _snapshot(self, slug: str, definition: dict) -> str:
        if slug not in self.snapshots:
            self.snapshots[slug] = Dossier.procedure.db_value(definition)
        return self.snapshots[slug]

    def _delivery(self, definition: dict, goal: tuple | None) -> str:
        if goal and goal[1] == "posting":
            return "post"
        offered = submission.offered_deliveries(definition)
        return self.rng.choices(offered, [{"desk": 70, "post": 12, "online": 18}[way] for way in offered])[0]

    def _owner(self, account: Account) -> tuple[str, str, dict[str, str]]:
        """Whose dossier it is: name, number, and what was answered about it."""
        if self.rng.random() < 0.85:
            return account.full_name, account.id_number, {"owner": "self"}
        other, relation = made_up_person(self.rng), self.rng.choice(submission.RELATIONS)
        asked = {"owner": "other", "owner_name": other.full_name, "owner_id_number": other.id_number, "owner_relation": relation}
        return other.full_name, other.id_number, asked

    def _receipt_code(self) -> str:
        code = add_checks("".join(self.rng.choices(SYMBOLS, k=LENGTH - CHECKS)))
        if code in self.receipts:
            return self._receipt_code()
        self.receipts.add(code)
        return code

    def _worker(self, procedure: Procedure, officer: Actor) -> Actor:
        """What is done while the person waits the officer does; of the rest each field has its specialist."""
        if procedure.processing.type in ("same_day", "immediate") and self.rng.random() < 0.7:
            return officer
        specialists = self.cast["specialist"]
        return specialists[sum(map(ord, procedure.field)) % len(specialists)]

    # --- into rows ---

    def _add_help(self, row: dict, account: Account, head: Actor, procedure: Procedure, rows: "Rows") -> None:
        """A village head has typed it for somebody who agreed; the person's own log says so."""
        at = row["submitted_at"]
        began, day = at - timedelta(minutes=self.rng.randint(6, 40)), in_vietnam(at).date()
        midnight = datetime.combine(day + timedelta(days=1), time(), VIETNAM_TIME)
        rows.add(
            Help,
            ref=f"{MARK}{self.rng.getrandbits(32):08x}",
            helper_id=head.staff,
            account_id=account.id,
            procedure_slug=procedure.slug,
            agreed_by="code",
            witness="",
            began_at=began,
            expires_at=midnight,
            ended_at=at,
            revoked_at=None,
            dossier_id=row["id"],
            form_key=f"{MARK}-{self.rng.getrandbits(96):024x}",
        )
        for name, subject, purpose, when in (
            ("help agreed", procedure.title, "", began),
            ("help submitted", row["code"], f"làm giúp {procedure.title}", at),
        ):
            who = {"actor_kind": "staff", "actor_name": head.full_name, "second_name": "", "staff_id": head.staff}
            rows.add(AccountEvent, account_id=account.id, name=name, subject=subject[:300], purpose=purpose[:300], at=when, **who)

    def _keep(self, life: Life, rows: "Rows") -> None:
        """Give everything its number."""
        dossier, first = life.row["id"], self.next_event
        rows.add(Dossier, **life.row)
        for number, event in enumerate(life.log):
            rows.add(
                Event,
                id=first + number,
                dossier_id=dossier,
                name=event.name,
                from_state=event.source,
                to_state=event.target,
                actor_kind=event.by.role,
                actor_name=event.by.full_name,
                staff_id=event.by.staff,
                note=event.note,
                at=event.at,
                form_key=None,
                before=event.before_as_kept(),
                undoes_id=None,
            )
        self.next_event += len(life.log)
        for stop in life.stops:
            ended_by = None if stop.ended_by is None else first + stop.ended_by
            began = {"kind": stop.kind, "began_at": stop.began_at, "began_by_id": first + stop.began_by}
            rows.add(ClockStop, dossier_id=dossier, ended_at=stop.ended_at, ended_by_id=ended_by, **began)
        for asked in life.rounds:
            rows.add(SupplementRequest, id=self.next_request, dossier_id=dossier, **asked.row)
            for item in asked.items:
                rows.add(SupplementItem, request_id=self.next_request, **item)
            self.next_request += 1
        for table in (HandOver, Transfer, PaperCheck, Apology, ResultReturn, Rating):
            for more in life.more[table._meta.table_name]:
                event = {"event_id": first + more.pop("event")} if "event" in more else {}
                rows.add(table, dossier_id=dossier, **more, **event)

    def _keep_shipment(self, life: Life, account: Account, rows: "Rows") -> None:
        """What rules.shipment_rows writes with the moves of a dossier whose result goes by post."""
        states = {"finish": "waiting", "hand_to_post": "handed_over", "give_result": "delivered"}
        steps = [(states[event.name], event) for event in life.log if event.name in states]
        if not steps:
            return
        row, number, (state, last) = life.row, self.next_shipment, steps[-1]
        digits = f"{row['id']:08}"[-8:]
        receivers = [returned["receiver"] for returned in life.more["result_return"]]
        rows.add(
            Shipment,
            id=number,
            ref=hashlib.sha256(row["receipt_code"].encode()).hexdigest()[:12],
            dossier_id=row["id"],
            office=row["office"],
            direction="return",
            state=state,
            receiver=account.full_name,
            address=row["answers"]["delivery_address"],
            phone=account.phone,
            fee_dong=fee_for(self.library.site.post),
            tracking="" if state == "waiting" else f"EP{digits}{check_digit(digits)}VN",
            manifest_id=None,
            tries=0,
            made_at=steps[0][1].at,
            changed_at=last.at,
        )
        for name, event in steps:
            note = "".join(receivers) if name == "delivered" else ""
            rows.add(ShipmentStep, shipment_id=number, state=name, note=note, by_id=event.by.staff, at=event.at, form_key=None)
        self.next_shipment += 1


class Rows:
    """What one transaction writes, table by table."""

    # Those first that others point to.
    ORDER = (
        Dossier,
        Help,
        AccountEvent,
        Event,
        ClockStop,
        HandOver,
        Transfer,
        SupplementRequest,
        SupplementItem,
        PaperCheck,
        Apology,
        ResultReturn,
        Rating,
        PaymentRequest,
        PaymentAttempt,
        Shipment,
        ShipmentStep,
    )

    def __init__(self):
        self.days: set[date] = set()
        self._rows: dict[type[Table], list[dict]] = {table: [] for table in self.ORDER}

    def add(self, table: type[Table], **values: object) -> None:
        self._rows[table].append(values)

    def write(self) -> None:
        for table, rows in self._rows.items():
            insert_rows(table, rows)


def _row_of_account(account: Account, began: datetime) -> dict[str, object]:
    return {
        "id": account.id,
        "ref": account.ref,
        "id_number": account.id_number,
        "full_name": account.full_name,
        "birth_date": account.birth_date.isoformat(),
        "village": account.village,
        "phone": account.phone,
        "email": account.email,
        "password_hash": account.password_hash,
        "assurance_level": account.assurance_level,
        "assured_at": began,
        "assured_by_id": 1,
        "created_at": began,
        "merged_into_id": None,
        "closed_at": None,
    }


def _both(account: Account, helper: Actor, channel: str) -> str:
    """Who the event says it was, as rules.submission writes it."""
    words = submission.helper_words(helper)
    return f"{account.full_name}, {words} {'nhập tại quầy' if channel == 'counter' else 'làm giúp'}"[:200]


# --- when people come ------------------------------------------------------------------------------------------------

# School begins in September, poverty is reviewed in autumn, Tết empties a month.
OF_MONTH = (1.0, 0.7, 1.1, 1.0, 1.0, 1.05, 1.1, 1.25, 1.2, 1.0, 1.15, 1.1)
OF_WEEKDAY = (1.3, 1.1, 1.0, 1.0, 0.9)
ON_A_DAY_OFF = 0.12  # only from home
GROWS = 0.35  # in two years
HOURS = {6: 1, 7: 6, 8: 14, 9: 15, 10: 12, 11: 4, 12: 1, 13: 5, 14: 12, 15: 11, 16: 7, 17: 2, 18: 2, 19: 4, 20: 4, 21: 2}
HOURS_AT_HOME = {7: 2, 8: 4, 9: 5, 10: 5, 11: 3, 13: 2, 14: 3, 15: 4, 16: 4, 19: 7, 20: 7, 21: 4}


def submission_moments(rng: Random, count: int, now: datetime, clock: OfficeTime) -> list[datetime]:
    """`count` moments of the two years before `now`, in their order: with seasons, weekdays and hours."""
    working = set(clock.days)
    first, last = in_vietnam(now - YEARS).date(), in_vietnam(now).date()
    days = [first + timedelta(days=n) for n in range((last - first).days)] + [last]
    weights = []
    for place, day in enumerate(days):
        usual = OF_WEEKDAY[min(day.weekday(), 4)] if day in working else ON_A_DAY_OFF
        weights.append(usual * OF_MONTH[day.month - 1] * (1 + GROWS * place / len(days)))
    found = []
    for day in rng.choices(days, weights, k=count):
        hours = HOURS if day in working else HOURS_AT_HOME
        hour = rng.choices(list(hours), list(hours.values()))[0]
        clock_time = time(hour, rng.randrange(60), rng.randrange(60))
        at = datetime.combine(day, clock_time, VIETNAM_TIME)
        found.append(at if at <= now else now - timedelta(seconds=rng.randrange(3600)))
    return sorted(found)


# --- who may be tried ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """An account to try the program with, and its password."""

    role: str
    name: str  # what is typed to log in
    full_name: str
    password: str


def give_passwords() -> list[Trial]:
    """A new random password for one made-up colleague of each role, and for one citizen; those before them are void.

    Raises NotForDemo on an instance that is not a made-up commune: nobody else's password is ever changed here.
    """
    if not is_demo():
        raise NotForDemo("This instance is no made-up commune: no password was changed.")
    made_up = {one.login_name for one in CAST}
    others = Staff.select().where(Staff.login_name.not_in(made_up), ~Staff.login_name.startswith(f"{HEADS}-"))
    if others.exists() or Account.select().where(~Account.ref.startswith(MARK)).exists():
        raise NotForDemo("Other people use this instance as well: no made-up colleague gets a password here.")
    found = []
    names = {one.role: one.login_name for one in reversed(CAST)} | {"village_head": f"{HEADS}-1"}
    with db.atomic():
        for role, name in names.items():
            staff, password = Staff.get(Staff.login_name == name), new_first_password()
            changes = {"password_hash": hash_password(password), "must_change_password": False}
            Staff.update(changes).where(Staff.id == staff.id).execute()
            logins.end_all(staff)
            found.append(Trial(role, name, staff.full_name, password))
        mine = Dossier.select(Dossier.account).where(Dossier.channel == "online").order_by(Dossier.id.desc()).limit(1)
        is_made_up = Account.ref.startswith(MARK), Account.password_hash != ""
        account = Account.select().where(*is_made_up, Account.id.in_(mine)).first()
        account = account or Account.select().where(*is_made_up).order_by(Account.id).first()
        password = new_first_password()
        Account.update(password_hash=hash_password(password)).where(Account.id == account.id).execute()
        logins.end_all(account)
        found.append(Trial("citizen", account.id_number, account.full_name, password))
    return found

"""What the database promises, the same on both engines; SQLite's settings; moments, sealed fields, JSON; migrations."""

import json
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from peewee import DatabaseError, IntegerField, IntegrityError, Model
from playhouse.migrations import Runner
from stage import PASSWORD, hash_of_password, make_account
from together import at_once

from database import MIGRATIONS, SealedField, answers, db, is_sqlite, migrate, open_database, use_database
from models import (
    TABLES,
    Account,
    Attempts,
    Business,
    ClockStop,
    ContentPart,
    DayCounter,
    Dossier,
    Draft,
    IdNumber,
    Login,
    Message,
    Registration,
    Representative,
)
from rules import accounts, logins, staff
from rules.outbox import post
from rules.vietnamese import fold
from sealing import SealBroken, Sealer

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
VIETNAM = timezone(timedelta(hours=7))
SECRET = "064090777888"
PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


@pytest.fixture
def sqlite(tmp_path):
    """An empty SQLite database, opened as the site opens its own."""
    scratch = open_database(f"sqlite:///{tmp_path}/scratch.db")
    yield scratch
    scratch.close()


@pytest.fixture
def empty_site(app, tmp_path):
    """The site's place taken by an empty database of the same kind, until the test is over."""
    site, sealer, url = db.obj, SealedField.sealer, app.config["DATABASE_URL"]
    with empty_database(url, tmp_path) as its_url:
        use_database(open_database(its_url), sealer)
        yield its_url
        db.close_all() if hasattr(db.obj, "close_all") else db.close()
        use_database(site, sealer)


@contextmanager
def empty_database(url: str, folder: Path):
    if url.startswith("sqlite"):
        yield f"sqlite:///{folder}/scratch.db"
        return
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("CREATE DATABASE scratch")
        yield urlsplit(url)._replace(path="/scratch").geturl()
        server.execute("DROP DATABASE scratch")


# --- SQLite's settings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pragma, value", PRAGMAS.items())
def test_a_sqlite_connection_is_as_safe_as_it_should_be(sqlite, pragma, value):
    assert sqlite.execute_sql(f"PRAGMA {pragma}").fetchone() == (value,)


def test_every_threads_connection_is_as_safe(app):
    def pragmas():
        return is_sqlite() and [db.execute_sql(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "foreign_keys")]

    assert at_once(pragmas, pragmas) == [is_sqlite() and [2, 1]] * 2


def test_six_threads_that_read_then_write_lose_nothing(sqlite):
    class Counter(Model):
        n = IntegerField()

        class Meta:
            database = sqlite

    def count_to_forty():
        for _ in range(40):
            with sqlite.atomic():
                Counter.update(n=Counter.get().n + 1).execute()

    sqlite.create_tables([Counter])
    Counter.create(n=0)
    assert at_once(*[count_to_forty] * 6, database=sqlite) == [None] * 6
    assert Counter.get().n == 240


# --- both engines ----------------------------------------------------------------------------------------------------


def test_the_database_answers(app):
    assert answers()


def test_a_database_that_is_gone_is_noticed(app, monkeypatch):
    monkeypatch.setattr(db, "obj", open_database("sqlite:////nowhere/at/all.db"))

    assert not answers()


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 23, 12, 0, tzinfo=VIETNAM),
        datetime(2026, 11, 23, 0, 30, 15, 123456, tzinfo=VIETNAM),
        datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_aware_in_utc_and_the_same(app, moment):
    Attempts.create(key="a", started_at=moment, blocked_until=None)

    row = Attempts.get()
    assert (row.started_at, row.started_at.tzinfo, row.blocked_until) == (moment, UTC, None)


def test_moments_are_compared_as_moments_wherever_they_were_written(app):
    Attempts.create(key="early", started_at=datetime(2026, 11, 23, 11, 59, 59, 999999, tzinfo=VIETNAM))
    Attempts.create(key="late", started_at=datetime(2026, 11, 23, 5, 0, 0, 1, tzinfo=UTC))

    assert [row.key for row in Attempts.select().where(Attempts.started_at < NOON)] == ["early"]
    assert [row.key for row in Attempts.select().where(Attempts.started_at > NOON.astimezone(VIETNAM))] == ["late"]


def test_json_comes_back_as_it_was(app):
    value = {"tên": "Rơ Châm H’Lan", "số": [1, 2.5, None, True], "rỗng": {}}

    ContentPart.create(kind="test", slug="a", value=value)
    assert ContentPart.get(ContentPart.kind == "test").value == value
    ContentPart.delete().where(ContentPart.kind == "test").execute()


def test_a_foreign_key_is_kept(app):
    with pytest.raises(IntegrityError), db.atomic():
        Draft.create(account=123456, procedure_slug="a", idempotency_key="k")
    assert Draft.select().count() == 0


def test_a_transaction_that_fails_leaves_nothing(app):
    with pytest.raises(IntegrityError), db.atomic():
        Attempts.create(key="a", started_at=NOON)
        Attempts.create(key="a", started_at=NOON)
    assert Attempts.select().count() == 0


# --- sealed fields ---------------------------------------------------------------------------------------------------


def kept_bytes(app) -> bytes:
    """Everything the tables hold, as the database holds it; of SQLite also its files."""
    tables = (table._meta.table_name for table in TABLES)
    cells = [cell for name in tables for row in db.execute_sql(f'SELECT * FROM "{name}"').fetchall() for cell in row]
    rows = b"\n".join(bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode() for cell in cells)
    path = Path(app.config["DATABASE_URL"].removeprefix("sqlite:///"))
    return rows + b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def test_personal_data_is_unreadable_in_the_tables_and_opens_again(app):
    account = make_account(full_name="Siu Blĕo", id_number=SECRET, birth_date="1990-07-05")
    Draft.create(account=account, procedure_slug="a", idempotency_key="k", answers={"ly_do": "chồng bỏ đi"})
    Registration.create(details={"id_number": SECRET}, id_number_key="k", token_hash="t", expires_at=NOON)
    post("k", "a@example.vn", "Thư", "https://dvc.iabang.vn/tai-khoan/xac-nhan/bi-mat", NOON)

    kept = kept_bytes(app)
    assert "Siu Blĕo".encode() in kept, "what is not sealed is found, so the search works"
    assert [word for word in (SECRET, "1990-07-05", "chồng bỏ đi", "bi-mat") if word.encode() in kept] == []
    assert (Account.get().id_number, Account.get().birth_date) == (SECRET, "1990-07-05")
    assert Draft.get().answers == {"ly_do": "chồng bỏ đi"}
    assert Message.get().body.endswith("bi-mat")


@pytest.mark.parametrize("value", [None, "", "ơ̆", "\x00", "\ud800", {"a": [1, None]}])
def test_any_value_can_be_sealed(app, value):
    Message.create(key="k", recipient="a@example.vn", subject="Thư", body=value)

    assert Message.get().body == value


def test_a_value_moved_to_another_column_stays_shut(app):
    make_account(id_number=SECRET)
    db.execute_sql("UPDATE account SET birth_date = id_number")

    with pytest.raises(SealBroken):
        Account.get()


def test_without_its_key_a_value_stays_shut(app, monkeypatch):
    make_account(id_number=SECRET)
    monkeypatch.setattr(SealedField, "sealer", Sealer([b"x" * 32]))

    with pytest.raises(SealBroken):
        Account.get()


# --- migrations ------------------------------------------------------------------------------------------------------

# Columns without their order and default: a column added to an older table stands last, and on SQLite keeps a default.
SQLITE_SHAPE = [
    "SELECT m.name, c.name, c.type, c.\"notnull\", c.pk FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
    'SELECT m.name, f."from", f."table", f."to", f.on_delete FROM sqlite_master m, pragma_foreign_key_list(m.name) f '
    "WHERE m.type = 'table'",
    "SELECT type, name, sql FROM sqlite_master WHERE type != 'table' AND name NOT LIKE 'sqlite_%'",
]
POSTGRES_SHAPE = [
    "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable "
    "FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
]


def shape() -> set[tuple]:
    """Columns, indexes, unique constraints and foreign keys, in the database's own words."""
    rows = {row for question in (SQLITE_SHAPE if is_sqlite() else POSTGRES_SHAPE) for row in db.execute_sql(question).fetchall()}
    # The lock on a dossier's log stands in the migration alone: no model can say it.
    return {row for row in rows if "schema_migration" not in str(row) and row[0] != "trigger"}


def test_migrated_tables_are_those_of_the_models(empty_site):
    migrate()
    migrated = shape()
    db.drop_tables(TABLES)
    db.create_tables(TABLES)

    assert migrated == shape()
    assert len(migrated) > len(TABLES)


def test_the_sites_own_database_has_the_tables_of_the_models(app):
    assert {table._meta.table_name for table in TABLES} | {"schema_migration"} == set(db.get_tables())


def test_migrating_twice_does_nothing_the_second_time(empty_site):
    files = sorted(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))

    assert migrate() == files
    before = shape()
    assert migrate() == []
    assert shape() == before


def test_migrating_keeps_what_is_there(empty_site):
    migrate()
    DayCounter.create(office="H21.129", day=date(2026, 11, 23), last=7)

    migrate()
    assert DayCounter.get().last == 7


def test_those_who_migrate_together_do_not_race(empty_site):
    done = at_once(*[migrate] * 4)

    assert sorted(map(len, done)) == [0, 0, 0, len(list(MIGRATIONS.glob("[0-9]*.py")))]


def test_down_and_up_again_gives_the_same_tables(empty_site):
    migrate()
    before = shape()
    runner = Runner(db.obj, str(MIGRATIONS))
    for _ in range(len(runner.applied())):
        runner.down()

    assert db.get_tables() == ["schema_migration"]
    migrate()
    assert shape() == before


# --- a database that people have used before -------------------------------------------------------------------------

CITIZEN, OLD_CARD, CAFE, PARTNER = "064090000001", "230123456", "064090000003", "064090000004"
ACCOUNTS = [
    (CITIZEN, "Rơ Châm H'Lan", "citizen", "", ""),
    (OLD_CARD, "Siu Blĕo", "citizen", "", ""),
    (CAFE, "Ksor H'Bia", "business", "Cà phê Ia Băng", "5900189357"),
    (PARTNER, "Nay Čĭ", "business", "CÀ PHÊ IA BĂNG", "5900189357"),
]


def sealed(value, column: str) -> bytes:
    return SealedField.sealer.seal(json.dumps(value, ensure_ascii=False).encode(), column.encode())


@pytest.fixture
def used_before(empty_site):
    """A database as the first migration left it, with people in it; it is then brought up to date by `migrate`."""
    runner = Runner(db.obj, str(MIGRATIONS))
    runner.up(runner.migrations()[0].name)
    first = runner.migrations()[0].load()
    with db.bind_ctx(first.TABLES):
        fill(first)
    return first


def fill(first) -> None:
    at = NOON.replace(tzinfo=None)
    for number, name, kind, business, tax_code in ACCOUNTS:
        first.Account.create(
            kind=kind, id_number=sealed(number, "account.id_number"), id_number_key=accounts.person_key(number), full_name=name,
            birth_date=sealed("1990-07-05", "account.birth_date"), village="Thôn 6", phone="+84912345678", email="a@example.vn",
            business_name=business, tax_code=tax_code, password_hash=hash_of_password(), assurance_level=1, created_at=at,
        )  # fmt: skip
    known = {"office": "H21.129", "password_hash": hash_of_password(), "created_at": at}
    first.Staff.create(login_name="motcua", full_name="Cán bộ", role="officer", **known)
    first.Staff.create(login_name="da-nghi", full_name="Đã nghỉ", role="officer", ended_at=at, **known)
    citizen = first.Account.get(first.Account.full_name == "Rơ Châm H'Lan")
    for person in ({"account": citizen}, {"staff": first.Staff.get()}):
        first.Login.create(
            token_hash=logins.token_hash(next(iter(person))), device="Nokia", created_at=at, seen_at=at,
            expires_at=at + timedelta(hours=12), **person,
        )  # fmt: skip
    dossier = first.Dossier.create(
        code="H21.129-261123-0001", receipt_code="7K3MQ9TDRWMT", office="H21.129", account=citizen, procedure_slug="a",
        procedure_title="Đăng ký khai sinh", procedure="{}", owner_name="x", owner_last_digits_key="k",
        answers=sealed({"ly_do": "x"}, "dossier.answers"), delivery="desk", state=1, submitted_at=at,
    )  # fmt: skip
    draft = first.Draft.create(
        account=citizen, procedure_slug="a", answers=sealed({}, "draft.answers"), visited="[]", idempotency_key="k",
        created_at=at, updated_at=at, dossier=dossier, content_hash="",
    )  # fmt: skip
    first.Paper.create(
        draft=draft, dossier=dossier, document_key="d", filename="a.jpg", media_type="image/jpeg", size_bytes=1,
        content_hash="c", stored_name="s", uploaded_at=at,
    )  # fmt: skip
    first.Event.create(
        dossier=dossier, name="submit", to_state=1, actor_kind="citizen", actor_name="x", note="", at=at, form_key=None
    )
    asked = {"kind": "citizen", "id_number": "064090000009", "full_name": "Kpă Thuyên", "birth_date": "1990-07-05",
             "village": "", "phone": "", "email": "b@example.vn", "business_name": "", "tax_code": "",
             "password_hash": hash_of_password()}  # fmt: skip
    first.Registration.create(
        details=sealed(asked, "registration.details"), id_number_key=accounts.person_key("064090000009"),
        token_hash=logins.token_hash("mailed before"), created_at=at, expires_at=at + timedelta(days=7),
    )  # fmt: skip


def logged_in(number: str) -> str:
    return accounts.check_citizen(number, PASSWORD, "113.160.5.77", "", NOON).full_name


def test_who_had_an_account_before_still_logs_in_with_the_number(used_before):
    migrate()

    assert [logged_in(number) for number, *_ in ACCOUNTS] == [name for _, name, *_ in ACCOUNTS]
    assert [account.id_number for account in Account.select().order_by(Account.id)] == [number for number, *_ in ACCOUNTS]
    assert [row.number for row in IdNumber.select().order_by(IdNumber.id)] == [number for number, *_ in ACCOUNTS]


def test_each_account_gets_a_name_for_addresses_that_is_its_own(used_before):
    migrate()

    refs = {account.ref for account in Account.select()}
    assert len(refs) == len(ACCOUNTS) and all(len(ref) == 12 for ref in refs)
    with pytest.raises(IntegrityError), db.atomic():
        Account.update(ref=min(refs)).execute()


def test_a_business_account_becomes_a_business_and_those_who_act_for_it(used_before):
    migrate()

    business = Business.get()
    assert (business.name, business.tax_code, business.assured_at) == ("Cà phê Ia Băng", "5900189357", None)
    acting = Representative.select().order_by(Representative.id)
    assert [(role.account.full_name, role.business, role.ended_at) for role in acting] == [
        ("Ksor H'Bia", business, None),
        ("Nay Čĭ", business, None),
    ]
    assert all(role.accepted_at for role in acting)


def test_staff_who_worked_before_are_approved_and_those_who_left_stay_out(used_before):
    migrate()

    assert staff.check_staff("motcua", PASSWORD, "113.160.5.77", "", NOON).is_in_office()
    with pytest.raises(logins.LoginRefused):
        staff.check_staff("da-nghi", PASSWORD, "113.160.5.77", "", NOON)


def test_what_people_were_doing_goes_on(used_before):
    migrate()

    assert [login.person.full_name for login in Login.select().order_by(Login.id)] == ["Rơ Châm H'Lan", "Cán bộ"]
    assert all(login.is_open(NOON) and not login.is_own_phone and not login.waits_for for login in Login.select())
    dossier = Dossier.get()
    assert (dossier.account.full_name, dossier.business, dossier.answers) == ("Rơ Châm H'Lan", None, {"ly_do": "x"})
    assert [paper.taken_from for paper in dossier.papers] == [None]
    account = accounts.confirm(accounts.find_registration("mailed before", NOON), NOON)
    assert logged_in("064090000009") == account.full_name == "Kpă Thuyên"


def test_dossiers_of_before_are_found_counted_and_promised_as_new_ones(used_before):
    with db.bind_ctx(used_before.TABLES):
        at = {"submitted_at": NOON, "accepted_at": NOON, "due_at": NOON + timedelta(days=3), "ended_at": NOON + timedelta(days=2)}
        at = {name: moment.replace(tzinfo=None) for name, moment in at.items()}
        about = {"owner_name": "Rơ Châm  H'Lan", "procedure": json.dumps({"field": "Hộ tịch"})}
        used_before.Dossier.update(state=10, **at, **about).execute()
    migrate()

    dossier = Dossier.get()
    assert (dossier.owner_plain, dossier.field, dossier.village) == (fold(dossier.owner_name), "Hộ tịch", "Thôn 6")
    assert (dossier.first_due_at, dossier.due_at) == (NOON + timedelta(days=3),) * 2
    assert dossier.returned_at == dossier.ended_at == NOON + timedelta(days=2)
    assert (dossier.step, dossier.payment, dossier.shipment, dossier.taken_by) == ("", "", "", None)
    assert [(event.name, event.before, event.undoes) for event in dossier.events] == [("submit", None, None)]


def test_old_results_are_counted_by_when_they_were_there_and_standing_clocks_stand(used_before):
    ready, fetched, due = NOON + timedelta(days=1), NOON + timedelta(days=9), NOON + timedelta(days=5)
    first, _ = put_older(used_before, 2, 10, [("accept", 2, NOON), ("finish", 9, ready), ("give_result", 10, fetched)],
                             accepted_at=NOON, due_at=due, ended_at=fetched)  # fmt: skip
    second, (began,) = put_older(used_before, 3, 5, [("ask_supplement", 5, ready)], due_at=due)
    runner = Runner(db.obj, str(MIGRATIONS))
    runner.up(runner.migrations()[2].name)  # with it clocks began to stand still
    stopped = f'UPDATE "dossier" SET "stopped_at" = {db.param} WHERE "id" = {db.param}'
    db.execute_sql(stopped, (ready.replace(tzinfo=None), second))
    migrate()

    result = Dossier.get_by_id(first)
    assert (result.ended_at, result.returned_at, result.punctuality) == (ready, fetched, "early")
    assert [(stop.dossier_id, stop.kind, stop.began_at, stop.ended_at, stop.began_by_id) for stop in ClockStop.select()] == [
        (second, "supplement", ready, None, began)
    ]


def put_older(first, number: int, state: int, events: list[tuple], **moments) -> tuple[int, list[int]]:
    """A dossier as it was before, with its log; its id and those of what happened to it."""
    with db.bind_ctx(first.TABLES):
        row = first.Dossier.select().dicts().get()
        del row["id"]
        row |= {"code": f"H21.129-261123-{number:04}", "receipt_code": f"{number:012}", "state": state}
        dossier = first.Dossier.create(**row | {name: moment.replace(tzinfo=None) for name, moment in moments.items()})
        before, ids = 1, []
        for name, to_state, at in events:
            event = first.Event.create(dossier=dossier, name=name, from_state=before, to_state=to_state, actor_kind="officer",
                                       actor_name="x", note="", at=at.replace(tzinfo=None))  # fmt: skip
            before = to_state
            ids.append(event.id)
    return dossier.id, ids


def test_their_log_is_kept_from_then_on(used_before):
    migrate()

    for change in ("UPDATE event SET note = 'x'", "DELETE FROM event"):
        with pytest.raises(DatabaseError, match="never changed"), db.atomic():
            db.execute_sql(change)


def go_down(first) -> list[dict]:
    """Undo the second migration; the accounts as the first knows them."""
    Runner(db.obj, str(MIGRATIONS)).down("0002_people_and_their_papers")
    with db.bind_ctx(first.TABLES):
        return list(first.Account.select().order_by(first.Account.id).dicts())


def test_going_back_keeps_the_accounts_and_their_dossiers(used_before):
    with db.bind_ctx(used_before.TABLES):
        before = list(used_before.Account.select().order_by(used_before.Account.id).dicts())
    migrate()
    after = go_down(used_before)

    lost = ("kind", "business_name", "tax_code")  # a business has a table of its own by then
    assert [{name: row[name] for name in row if name not in lost} for row in after] == [
        {name: row[name] for name in row if name not in lost} for row in before
    ]
    assert {row["kind"] for row in after} == {"citizen"}
    with db.bind_ctx(used_before.TABLES):
        assert used_before.Paper.get().dossier.account.full_name == "Rơ Châm H'Lan"
        assert used_before.Login.select().count() == 2


def test_going_back_and_up_again_everybody_logs_in(used_before):
    migrate()
    go_down(used_before)
    migrate()

    assert [logged_in(number) for number, *_ in ACCOUNTS] == [name for _, name, *_ in ACCOUNTS]


def test_going_back_keeps_who_has_two_numbers_and_whose_account_was_merged_or_closed(used_before):
    migrate()
    first, second, third, kept = Account.select().order_by(Account.id)
    IdNumber.update(account=kept).where(IdNumber.account << [first.id, second.id]).execute()
    Account.update(merged_into=kept).where(Account.id << [first.id, second.id]).execute()
    Account.update(closed_at=NOON).where(Account.id == third.id).execute()

    rows = go_down(used_before)
    keys = [row["id_number_key"] for row in rows]
    assert (len(rows), len(set(keys)), keys[3]) == (4, 4, accounts.person_key(PARTNER))
    assert not {accounts.person_key(number) for number in (CITIZEN, OLD_CARD, CAFE)} & set(keys), "who is gone stays gone"

"""What the database promises, the same on both engines; SQLite's settings; moments, sealed fields, JSON; migrations."""

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from conftest import make_account
from peewee import IntegerField, IntegrityError, Model
from playhouse.migrations import Runner
from together import at_once

from database import MIGRATIONS, SealedField, answers, db, is_sqlite, migrate, open_database, use_database
from models import TABLES, Account, Attempts, ContentPart, DayCounter, Draft, Message, Registration
from rules.outbox import post
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
    return {row for row in rows if "schema_migration" not in str(row)}


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

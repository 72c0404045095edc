"""The one place that connects, and that knows how SQLite and PostgreSQL differ."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from peewee import (
    SQL,
    BlobField,
    Database,
    DatabaseProxy,
    DateTimeField,
    Field,
    IntegerField,
    InterfaceError,
    Model,
    OperationalError,
    TextField,
)
from playhouse.db_url import connect
from playhouse.migrations import Runner

from sealing import Sealer

MIGRATIONS = Path(__file__).resolve().parent / "migrations"

db = DatabaseProxy()

# FULL, not NORMAL: with NORMAL the answer leaves before the data is on disk, and a dossier code is a promise.
# Recursive triggers: without them REPLACE takes a line out of a dossier's log, and the trigger that keeps it hears nothing.
SQLITE_PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "cache_size": -8000, "recursive_triggers": 1}
# IMMEDIATE: two threads that read, then write, would otherwise fail at once with "database is locked".
SQLITE_OPTIONS = {"lock_type": "IMMEDIATE", "timeout": 10}
POSTGRES_OPTIONS = {"max_connections": 20, "stale_timeout": 60}


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_database(url: str) -> Database:
    """The database behind `url` (sqlite:///path or postgresql://…), not yet connected."""
    if url.startswith("sqlite"):
        return connect(url, pragmas=SQLITE_PRAGMAS, **SQLITE_OPTIONS)
    return connect(url.replace("postgresql://", "postgresql+pool://", 1), **POSTGRES_OPTIONS)


def use_database(database: Database, sealer: Sealer) -> None:
    db.initialize(database)
    SealedField.sealer = sealer


def migrate() -> list[str]:
    """Bring the tables up to date. Two processes may start it together: the second waits, then finds nothing to do."""
    with db.connection_context(), db.atomic():
        wait_for_others()
        return Runner(db.obj, str(MIGRATIONS)).up()


def wait_for_others() -> None:
    """Be the only one, until the transaction ends, who changes tables or loads content."""
    # SQLite: the transaction is IMMEDIATE, so being in it is already being alone.
    if not is_sqlite():
        db.execute_sql("SELECT pg_advisory_xact_lock(2171129)")


def is_sqlite() -> bool:
    return type(db.obj).__name__ == "SqliteDatabase"


def keep_connection(application):
    """A WSGI application whose every request finds an open connection.

    On PostgreSQL it goes back to the pool afterwards. On SQLite each thread keeps its own: opening and closing one a
    request makes SQLite checkpoint and delete its write-ahead log each time.
    """

    def connected(environ, start_response):
        db.connect(reuse_if_open=True)
        try:
            return application(environ, start_response)
        finally:
            if not is_sqlite() and not db.is_closed():
                db.close()

    return connected


# A dossier's copy of its procedure is long: PostgreSQL's own way to shorten it takes longer than all else. Where it can.
COMPRESS_QUICKLY = """SELECT set_config('default_toast_compression', 'lz4', true) FROM pg_settings
WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)"""


def insert_rows(table: type[Model], rows: list[dict[str, object]]) -> None:
    """Insert many rows at once, past the models; each has the same columns, by their names, and moments are aware.

    Each database by its own quickest way: a hundred thousand dossiers come with a million lines.
    """
    if not rows:
        return
    meta, columns = table._meta, list(rows[0])
    names = ", ".join(f'"{column}"' for column in columns)
    ready = zip(*[_ready(meta.columns[column], [row[column] for row in rows]) for column in columns], strict=True)
    cursor = db.cursor()
    if is_sqlite():
        cursor.executemany(f'INSERT INTO "{meta.table_name}" ({names}) VALUES ({", ".join("?" * len(columns))})', ready)
        return
    db.execute_sql(COMPRESS_QUICKLY)
    with cursor.copy(f'COPY "{meta.table_name}" ({names}) FROM STDIN') as copy:
        for values in ready:
            copy.write_row(values)


def _ready(field: Field, values: list) -> list:
    """A column's values as the drivers take them; text of a JSON column is JSON already."""
    if isinstance(field, MomentField):
        return [value and value.astimezone(UTC).replace(tzinfo=None) for value in values]
    if isinstance(field, SealedField):
        return [None if value is None else field.sealed(value) for value in values]
    if isinstance(field, IntegerField):
        return [None if value is None else int(value) for value in values]
    if isinstance(field, JSONField):
        return [value if isinstance(value, str) else field.db_value(value) for value in values]
    return values


def number_on(*tables: type[Model]) -> None:
    """The next row of each table is numbered after those that were inserted with their numbers."""
    if is_sqlite():
        return  # it always is
    for table in tables:
        name = table._meta.table_name
        db.execute_sql(f"""SELECT setval(pg_get_serial_sequence('"{name}"', 'id'), (SELECT MAX("id") FROM "{name}"))""")


def answers() -> bool:
    """Whether the database answers a question."""
    try:
        db.execute_sql("SELECT 1").fetchone()
    except (OperationalError, InterfaceError):
        return False
    return True


class Prepared:
    """A query that is written once and asked often.

    Peewee takes 0.4 ms to write the SQL of a wide row; the database answers it in a twentieth of that. `write` gets a mark
    for each value (text or whole numbers) and returns a select of one table:
    `Prepared(lambda token: Login.select().where(Login.token_hash == token))`.
    """

    def __init__(self, write: Callable):
        self._write = write
        self._written: dict[str, tuple] = {}

    def all(self, *values: str | int) -> list:
        sql, table, fields = self._written.get(db.param) or self._keep(len(values))
        return [_row(table, fields, found) for found in db.execute_sql(sql, values).fetchall()]

    def first(self, *values: str | int):
        found = self.all(*values)
        return found[0] if found else None

    def _keep(self, count: int) -> tuple:
        query = self._write(*[SQL(db.param)] * count)
        sql, values = query.sql()
        assert not values, "a prepared query has no values but its marks"
        self._written[db.param] = sql, query.model, query.selected_columns
        return self._written[db.param]


def _row(table, fields, found):
    row = table(
        __no_default__=True, **{field.name: field.python_value(value) for field, value in zip(fields, found, strict=True)}
    )
    row._dirty.clear()
    return row


class Table(Model):
    class Meta:
        database = db
        legacy_table_names = False


class MomentField(DateTimeField):
    """A moment: aware and UTC in Python, naive UTC in the database, on both engines."""

    def db_value(self, value):
        return super().db_value(value.astimezone(UTC).replace(tzinfo=None) if value else value)

    def python_value(self, value):
        value = super().python_value(value)
        return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


class JSONField(TextField):
    """A value kept as JSON text: the same on both engines."""

    def db_value(self, value):
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def python_value(self, value):
        return None if value is None else json.loads(value)


class SealedField(BlobField):
    """A value that the database keeps only sealed: identity numbers, answers, letters with links (SECURITY §11)."""

    sealer: Sealer

    @property
    def _context(self) -> bytes:
        return f"{self.model._meta.table_name}.{self.column_name}".encode()

    def db_value(self, value):
        return None if value is None else super().db_value(self.sealed(value))

    def sealed(self, value) -> bytes:
        return self.sealer.seal(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), self._context)

    def python_value(self, value):
        if value is None:
            return None
        return json.loads(self.sealer.open(bytes(value), self._context).decode("utf-8", "surrogatepass"))

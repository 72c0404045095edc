"""The desk's whole work on a dossier: clock stops, hand-overs, checks, printed forms, apologies, results, texts.

Models are copied here, frozen. Columns are added and dropped in place, as in 0002. From here on the database itself
refuses to change or delete a line of a dossier's log.
"""

import json
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

from peewee import BlobField, BooleanField, CharField, DateTimeField, ForeignKeyField, IntegerField, Model, TextField


class Table(Model):
    class Meta:
        legacy_table_names = False


class Staff(Table):
    pass


class Dossier(Table):
    pass


class Event(Table):
    pass


class ClockStop(Table):
    dossier = ForeignKeyField(Dossier, backref="+", on_delete="RESTRICT")
    kind = CharField(max_length=20)
    began_at = DateTimeField()
    ended_at = DateTimeField(null=True)
    began_by = ForeignKeyField(Event, on_delete="RESTRICT", backref="+")
    ended_by = ForeignKeyField(Event, null=True, on_delete="RESTRICT", backref="+")


class HandOver(Table):
    dossier = ForeignKeyField(Dossier, backref="+", on_delete="RESTRICT")
    from_staff = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    to_staff = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    from_name = CharField(max_length=200)
    to_name = CharField(max_length=200)
    at = DateTimeField()
    due_at = DateTimeField(null=True)
    note = CharField(max_length=500)
    form_key = CharField(max_length=64, unique=True)


class Transfer(Table):
    dossier = ForeignKeyField(Dossier, backref="+", on_delete="RESTRICT")
    from_office = CharField(max_length=20)
    to_office = CharField(max_length=20)
    to_name = CharField(max_length=200)
    is_ours = BooleanField()
    reason = CharField(max_length=500)
    by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    at = DateTimeField()
    closed_at = DateTimeField(null=True)
    form_key = CharField(max_length=64, unique=True)


class OtherCode(Table):
    dossier = ForeignKeyField(Dossier, backref="+", on_delete="CASCADE")
    code = CharField(max_length=60)
    whose = CharField(max_length=200)

    class Meta:
        indexes = ((("code", "dossier"), True),)


class PaperCheck(Table):
    dossier = ForeignKeyField(Dossier, backref="+", on_delete="RESTRICT")
    document_key = CharField(max_length=60)
    verdict = CharField(max_length=20)
    reason = CharField(max_length=500)
    by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    at = DateTimeField()

    class Meta:
        indexes = ((("dossier", "document_key", "id"), False),)


class Apology(Table):
    dossier = ForeignKeyField(Dossier, backref="+", on_delete="RESTRICT")
    reason = CharField(max_length=500)
    due_before = DateTimeField()
    new_due_at = DateTimeField()
    made_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    made_at = DateTimeField()
    signed_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    signed_at = DateTimeField(null=True)
    dropped_at = DateTimeField(null=True)
    form_key = CharField(max_length=64, unique=True)


class FormCounter(Table):
    office = CharField(max_length=20)
    form = CharField(max_length=20)
    year = IntegerField()
    last = IntegerField()

    class Meta:
        indexes = ((("office", "form", "year"), True),)


class PrintedForm(Table):
    dossier = ForeignKeyField(Dossier, backref="+", on_delete="RESTRICT")
    office = CharField(max_length=20)
    form = CharField(max_length=20)
    form_set = CharField(max_length=10)
    year = IntegerField()
    number = IntegerField()
    values = BlobField()
    about = ForeignKeyField(Event, null=True, on_delete="RESTRICT", backref="+")
    made_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    made_at = DateTimeField()
    copies = IntegerField()

    class Meta:
        indexes = (
            (("office", "form", "year", "number"), True),
            (("dossier", "form", "about"), True),
        )


class ResultFile(Table):
    dossier = ForeignKeyField(Dossier, backref="+", on_delete="RESTRICT")
    filename = CharField(max_length=200)
    media_type = CharField(max_length=40)
    size_bytes = IntegerField()
    content_hash = CharField(max_length=64)
    stored_name = CharField(max_length=64, unique=True)
    signers = TextField()
    is_signed = BooleanField()
    uploaded_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    uploaded_at = DateTimeField()
    replaced_at = DateTimeField(null=True)


class ResultReturn(Table):
    dossier = ForeignKeyField(Dossier, backref="+", on_delete="RESTRICT")
    way = CharField(max_length=20)
    receiver = CharField(max_length=200)
    is_owner = BooleanField()
    paper_seen = CharField(max_length=200)
    by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    at = DateTimeField()
    event = ForeignKeyField(Event, unique=True, on_delete="RESTRICT", backref="+")


class TextMessage(Table):
    dossier = ForeignKeyField(Dossier, backref="+", on_delete="RESTRICT")
    event = ForeignKeyField(Event, unique=True, on_delete="RESTRICT", backref="+")
    text = CharField(max_length=160)
    made_at = DateTimeField()
    sent_at = DateTimeField(null=True)
    sent_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    dropped_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("sent_at", "dropped_at"), False),)


NEW_TABLES = [
    ClockStop, HandOver, Transfer, OtherCode, PaperCheck, Apology, FormCounter, PrintedForm, ResultFile, ResultReturn,
    TextMessage,
]  # fmt: skip
OLDER = [Staff, Dossier, Event]

# table, column, type (or what it refers to), and for one that may not be null what older rows get
NEW_COLUMNS = [
    ("dossier", "owner_plain", CharField(max_length=200), "''"),
    ("dossier", "owner_number_key", CharField(max_length=64), "''"),
    ("dossier", "field", CharField(max_length=100), "''"),
    ("dossier", "village", CharField(max_length=200), "''"),
    ("dossier", "step", CharField(max_length=20), "''"),
    ("dossier", "taken_by_id", ("staff", "RESTRICT"), None),
    ("dossier", "payment", CharField(max_length=20), "''"),
    ("dossier", "shipment", CharField(max_length=20), "''"),
    ("dossier", "first_due_at", DateTimeField(), None),
    ("dossier", "repromised_at", DateTimeField(), None),
    ("dossier", "warn_at", DateTimeField(), None),
    ("dossier", "returned_at", DateTimeField(), None),
    ("dossier", "punctuality", CharField(max_length=20), "''"),
    ("event", "before", TextField(), None),
    ("event", "undoes_id", ("event", "RESTRICT"), None),
]
UNIQUE = {"undoes_id"}
# name, table, columns
NEW_INDEXES = [
    ("dossier_office_taken_by_id_state", "dossier", '"office", "taken_by_id", "state"'),
    ("dossier_office_owner_plain_id", "dossier", '"office", "owner_plain", "id"'),
    ("dossier_owner_number_key", "dossier", '"owner_number_key"'),
    ("dossier_office_accepted_at", "dossier", '"office", "accepted_at"'),
    ("dossier_office_ended_at", "dossier", '"office", "ended_at"'),
    ("dossier_office_punctuality_ended_at", "dossier", '"office", "punctuality", "ended_at"'),
    ("account_phone", "account", '"phone"'),
    (
        "dossier_queue",
        "dossier",
        '"office", "state", "ended_at", "id", "step", "taken_by_id", "due_at", "warn_at", "stopped_at", "submitted_at", '
        '"accepted_at", "procedure_slug", "village", "channel"',
    ),
]
OLD_QUEUE = "dossier_office_state_due_at_submitted_at_id"
APOLOGY_OPEN = """CREATE UNIQUE INDEX "apology_open" ON "apology" ("dossier_id")
WHERE (("signed_at" IS NULL) AND ("dropped_at" IS NULL))"""
KEPT = "the log of a dossier is never changed"
ONE_APOSTROPHE = str.maketrans(dict.fromkeys("’ʼ‘`´", "'"))
# Before, a result that was fetched overwrote the moment when it was there; the log has kept that.
READY_AT = """UPDATE "dossier" SET "returned_at" = "ended_at", "ended_at" = COALESCE(
(SELECT MAX("event"."at") FROM "event" WHERE "event"."dossier_id" = "dossier"."id" AND "event"."name" = 'finish'), "ended_at")
WHERE "state" = 10"""
WITH_RESULT = """SELECT "id", "due_at", "ended_at" FROM "dossier" WHERE "state" IN (9, 10) AND "ended_at" IS NOT NULL
AND EXISTS (SELECT 1 FROM "event" WHERE "event"."dossier_id" = "dossier"."id" AND "event"."name" = 'finish')"""
COUNTED = 'UPDATE "dossier" SET "punctuality" = {0} WHERE "id" = {0}'
# By state: why the clock stands still. It began with the event that led there.
STANDING = {5: "supplement", 6: "payment", 7: "withdrawal"}
STOPS = """INSERT INTO "clock_stop" ("dossier_id", "kind", "began_at", "began_by_id")
SELECT "dossier"."id", '{1}', "dossier"."stopped_at", MAX("event"."id") FROM "dossier"
JOIN "event" ON "event"."dossier_id" = "dossier"."id" AND "event"."to_state" = {0} AND "event"."from_state" <> {0}
WHERE "dossier"."state" = {0} AND "dossier"."stopped_at" IS NOT NULL GROUP BY "dossier"."id", "dossier"."stopped_at" """
VIETNAM = timezone(timedelta(hours=7))
VILLAGE_OF = """UPDATE "dossier" SET "village" =
COALESCE((SELECT "village" FROM "account" WHERE "account"."id" = "dossier"."account_id"), '')"""
NEXT_ROWS = 'SELECT "id", "owner_name", "procedure" FROM "dossier" WHERE "id" > {0} ORDER BY "id" LIMIT 500'
FILL_ROW = 'UPDATE "dossier" SET "owner_plain" = {0}, "field" = {0} WHERE "id" = {0}'
ON_SQLITE = """CREATE TRIGGER "event_no_{0}" BEFORE {0} ON "event" BEGIN SELECT RAISE(ABORT, '{1}'); END"""
ON_POSTGRESQL = (
    f"""CREATE FUNCTION event_is_kept() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION '{KEPT}' USING ERRCODE = '23000'; END $$""",
    """CREATE TRIGGER "event_no_change" BEFORE UPDATE OR DELETE ON "event"
    FOR EACH ROW EXECUTE FUNCTION event_is_kept()""",
)


def up(migrator, db):
    with db.bind_ctx([*OLDER, *NEW_TABLES]):
        db.create_tables(NEW_TABLES)
    for table, column, kind, default in NEW_COLUMNS:
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" {_type(db, kind)}{_default(default)}')
        if isinstance(kind, tuple):
            unique = "UNIQUE " if column in UNIQUE else ""
            db.execute_sql(f'CREATE {unique}INDEX "{table}_{column}" ON "{table}" ("{column}")')
    for name, table, columns in NEW_INDEXES:
        db.execute_sql(f'CREATE INDEX "{name}" ON "{table}" ({columns})')
    db.execute_sql(f'DROP INDEX "{OLD_QUEUE}"')
    db.execute_sql(" ".join(APOLOGY_OPEN.split("\n")))
    _fill(db)
    _protect(db)


def _fill(db) -> None:
    """What the queue, the search and the reports ask by, of dossiers that are there already."""
    db.execute_sql('UPDATE "dossier" SET "first_due_at" = "due_at"')
    db.execute_sql(READY_AT)
    for number, due_at, ended_at in db.execute_sql(WITH_RESULT).fetchall():
        db.execute_sql(COUNTED.format(db.param), (_punctuality(_moment(due_at), _moment(ended_at)), number))
    for state, kind in STANDING.items():
        db.execute_sql(STOPS.format(state, kind))
    db.execute_sql(VILLAGE_OF)
    last = 0
    while rows := db.execute_sql(NEXT_ROWS.format(db.param), (last,)).fetchall():
        for number, name, procedure in rows:
            field = json.loads(procedure).get("field", "")
            db.execute_sql(FILL_ROW.format(db.param), (_plain(name), field, number))
        last = rows[-1][0]


def _moment(value) -> datetime | None:
    """SQLite keeps a moment as text; in both databases it is UTC, and says so nowhere."""
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return read and read.replace(tzinfo=UTC).astimezone(VIETNAM)


def _punctuality(due_at: datetime | None, ended_at: datetime) -> str:
    if due_at is None:
        return "on_time"
    return "late" if ended_at > due_at else "early" if ended_at.date() < due_at.date() else "on_time"


def _plain(name: str) -> str:
    name = name.translate(ONE_APOSTROPHE)
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", name) if unicodedata.category(sign) not in ("Mn", "Me", "Cf"))
    return " ".join(bare.casefold().translate(str.maketrans("đƀ", "db")).split())


def _protect(db) -> None:
    commands = [ON_SQLITE.format(action, KEPT) for action in ("UPDATE", "DELETE")] if _is_sqlite(db) else ON_POSTGRESQL
    for command in commands:
        db.execute_sql(command)


def _unprotect(db) -> None:
    if _is_sqlite(db):
        for action in ("UPDATE", "DELETE"):
            db.execute_sql(f'DROP TRIGGER "event_no_{action}"')
        return
    db.execute_sql('DROP TRIGGER "event_no_change" ON "event"')
    db.execute_sql("DROP FUNCTION event_is_kept()")


def _is_sqlite(db) -> bool:
    return type(db).__name__ == "SqliteDatabase"


def _type(db, kind) -> str:
    if isinstance(kind, tuple):
        table, action = kind
        return f'INTEGER REFERENCES "{table}" ("id") ON DELETE {action}'
    context = db.get_sql_context()
    return context.sql(kind.ddl_datatype(context)).query()[0]


def _default(default: str | None) -> str:
    return f" NOT NULL DEFAULT {default}" if default else ""


def down(migrator, db):
    """What only this version knows is forgotten: stops, hand-overs, checks, printed forms, results, texts."""
    _unprotect(db)
    db.execute_sql('UPDATE "dossier" SET "ended_at" = "returned_at" WHERE "state" = 10 AND "returned_at" IS NOT NULL')
    with db.bind_ctx([*OLDER, *NEW_TABLES]):
        for table in NEW_TABLES:
            db.execute_sql(f'DELETE FROM "{table._meta.table_name}"')
        db.drop_tables(NEW_TABLES)
    for name, _, _ in NEW_INDEXES:
        db.execute_sql(f'DROP INDEX "{name}"')
    db.execute_sql(f'CREATE INDEX "{OLD_QUEUE}" ON "dossier" ("office", "state", "due_at", "submitted_at", "id")')
    for table, column, kind, _ in NEW_COLUMNS:
        if isinstance(kind, tuple):
            db.execute_sql(f'DROP INDEX "{table}_{column}"')
        db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')

"""Corrections and supplements of dossiers, papers brought later, help by others, photos sent in pieces, ratings.

Models are copied here, frozen. Columns are added and dropped in place, as in 0002.
"""

from peewee import BlobField, CharField, DateField, DateTimeField, ForeignKeyField, IntegerField, Model, TextField


class Table(Model):
    class Meta:
        legacy_table_names = False


class Staff(Table):
    pass


class Account(Table):
    pass


class Dossier(Table):
    pass


class Draft(Table):
    pass


class Paper(Table):
    pass


class DossierVersion(Table):
    dossier = ForeignKeyField(Dossier, on_delete="RESTRICT")
    answers = BlobField()
    delivery = CharField(max_length=20)
    replaced_at = DateTimeField()


class SupplementRequest(Table):
    dossier = ForeignKeyField(Dossier, on_delete="RESTRICT")
    round = IntegerField()
    asked_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    asked_at = DateTimeField()
    due_on = DateField()
    note = TextField()
    resumes_to = IntegerField()
    answered_at = DateTimeField(null=True)
    closed_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("dossier", "round"), True),)


class SupplementItem(Table):
    request = ForeignKeyField(SupplementRequest, on_delete="CASCADE")
    document_key = CharField(max_length=60)
    name = CharField(max_length=300)
    reason = CharField(max_length=500)
    way = CharField(max_length=20)
    arrived_at = DateTimeField(null=True)
    received_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")


class Help(Table):
    ref = CharField(max_length=16, unique=True)
    helper = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    account = ForeignKeyField(Account, on_delete="CASCADE")
    procedure_slug = CharField(max_length=120)
    agreed_by = CharField(max_length=20)
    witness = CharField(max_length=200)
    began_at = DateTimeField()
    expires_at = DateTimeField()
    ended_at = DateTimeField(null=True)
    revoked_at = DateTimeField(null=True)
    dossier = ForeignKeyField(Dossier, null=True, on_delete="RESTRICT", backref="+")
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = ((("account", "id"), False), (("helper", "id"), False))


class LaterPaper(Table):
    draft = ForeignKeyField(Draft, on_delete="CASCADE")
    dossier = ForeignKeyField(Dossier, null=True, on_delete="RESTRICT")
    document_key = CharField(max_length=60)
    due_on = DateField(null=True)
    arrived_at = DateTimeField(null=True)
    received_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")

    class Meta:
        indexes = ((("draft", "document_key"), True),)


class Upload(Table):
    ref = CharField(max_length=16, unique=True)
    draft = ForeignKeyField(Draft, on_delete="CASCADE")
    document_key = CharField(max_length=60)
    filename = CharField(max_length=200)
    length = IntegerField()
    received = IntegerField()
    checksum = CharField(max_length=64)
    created_at = DateTimeField()
    expires_at = DateTimeField(index=True)
    finished_at = DateTimeField(null=True)
    paper = ForeignKeyField(Paper, null=True, on_delete="SET NULL", backref="+")
    fault = CharField(max_length=300)


class UploadPiece(Table):
    upload = ForeignKeyField(Upload, on_delete="CASCADE")
    starts_at = IntegerField()
    stored_name = CharField(max_length=64, unique=True)

    class Meta:
        indexes = ((("upload", "starts_at"), True),)


class Rating(Table):
    dossier = ForeignKeyField(Dossier, unique=True, on_delete="RESTRICT")
    score = IntegerField()
    words = BlobField(null=True)
    given_at = DateTimeField()


NEW_TABLES = [
    DossierVersion, SupplementRequest, SupplementItem, Help, LaterPaper, Upload, UploadPiece, Rating,
]  # fmt: skip

# table, column, type (or what it refers to), and for one that may not be null what older rows get
NEW_COLUMNS = [
    ("dossier", "channel", CharField(max_length=20), "'online'"),
    ("dossier", "helped_by_id", ("staff", "RESTRICT"), None),
    ("dossier", "stopped_at", DateTimeField(), None),
    ("draft", "saves", TextField(), "'{}'"),
    ("draft", "corrects_id", ("dossier", "RESTRICT"), None),
    ("draft", "supplements_id", ("supplement_request", "RESTRICT"), None),
    ("draft", "help_id", ("help", "CASCADE"), None),
    ("draft", "closed_at", DateTimeField(), None),
    ("paper", "item_id", ("supplement_item", "RESTRICT"), None),
    ("paper", "replaced_at", DateTimeField(), None),
]
IS_NEW = '((("dossier_id" IS NULL) AND ("corrects_id" IS NULL)) AND ("supplements_id" IS NULL)) AND ("help_id" IS NULL)'
# name, columns of draft, which rows
NEW_INDEXES = [
    ("draft_new", '"account_id", "procedure_slug"', IS_NEW),
    ("draft_correction", '"corrects_id"', '"closed_at" IS NULL'),
    ("draft_supplement", '"supplements_id"', '"closed_at" IS NULL'),
    ("draft_help", '"help_id"', '"dossier_id" IS NULL'),
]
# What an older version does not know: drafts towards something else than a new dossier, and their papers.
NOT_KNOWN_BEFORE = "corrects_id IS NOT NULL OR supplements_id IS NOT NULL OR (help_id IS NOT NULL AND dossier_id IS NULL)"


def up(migrator, db):
    with db.bind_ctx([Staff, Account, Dossier, Draft, Paper, *NEW_TABLES]):
        db.create_tables(NEW_TABLES)
    for table, column, kind, default in NEW_COLUMNS:
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" {_type(db, kind)}{_default(default)}')
        if isinstance(kind, tuple):
            db.execute_sql(f'CREATE INDEX "{table}_{column}" ON "{table}" ("{column}")')
    db.execute_sql('DROP INDEX "draft_open"')
    for name, columns, where in NEW_INDEXES:
        db.execute_sql(f'CREATE UNIQUE INDEX "{name}" ON "draft" ({columns}) WHERE ({where})')
    db.execute_sql('DROP INDEX "paper_draft_id_document_key"')
    db.execute_sql('CREATE INDEX "paper_draft_id_document_key" ON "paper" ("draft_id", "document_key")')


def _type(db, kind) -> str:
    if isinstance(kind, tuple):
        table, action = kind
        return f'INTEGER REFERENCES "{table}" ("id") ON DELETE {action}'
    context = db.get_sql_context()
    return context.sql(kind.ddl_datatype(context)).query()[0]


def _default(default: str | None) -> str:
    return f" NOT NULL DEFAULT {default}" if default else ""


def down(migrator, db):
    """Of several photos of one paper the newest stays; what was being corrected or supplemented is forgotten."""
    db.execute_sql(f"DELETE FROM paper WHERE draft_id IN (SELECT id FROM draft WHERE {NOT_KNOWN_BEFORE})")
    db.execute_sql("DELETE FROM paper WHERE replaced_at IS NOT NULL")
    db.execute_sql("DELETE FROM paper WHERE id NOT IN (SELECT MAX(id) FROM paper GROUP BY draft_id, document_key)")
    db.execute_sql('DROP INDEX "paper_draft_id_document_key"')
    db.execute_sql('CREATE UNIQUE INDEX "paper_draft_id_document_key" ON "paper" ("draft_id", "document_key")')
    for name, _, _ in NEW_INDEXES:
        db.execute_sql(f'DROP INDEX "{name}"')
    db.execute_sql('DELETE FROM "later_paper"')
    db.execute_sql('DELETE FROM "upload_piece"')
    db.execute_sql('DELETE FROM "upload"')
    db.execute_sql(f"DELETE FROM draft WHERE {NOT_KNOWN_BEFORE}")
    for table, column, kind, _ in NEW_COLUMNS:
        if isinstance(kind, tuple):
            db.execute_sql(f'DROP INDEX "{table}_{column}"')
        db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
    db.execute_sql('CREATE UNIQUE INDEX "draft_open" ON "draft" ("account_id", "procedure_slug") WHERE dossier_id IS NULL')
    with db.bind_ctx([Staff, Account, Dossier, Draft, Paper, *NEW_TABLES]):
        db.drop_tables(NEW_TABLES)

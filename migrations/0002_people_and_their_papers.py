"""Accounts without e-mail, slips, approvals, businesses, personal documents, consents; staff with a second factor.

Models are copied here, frozen. Columns are added and dropped in place: SQLite's way of rebuilding a table would delete the
rows that point to it.
"""

import secrets
from datetime import UTC, datetime

from peewee import BlobField, BooleanField, CharField, DateTimeField, ForeignKeyField, IntegerField, Model, TextField

from database import SealedField


class Table(Model):
    class Meta:
        legacy_table_names = False


class Staff(Table):
    pass


class Account(Table):
    pass


class Dossier(Table):
    pass


class IdNumber(Table):
    account = ForeignKeyField(Account, on_delete="CASCADE")
    key = CharField(max_length=64, unique=True)
    number = BlobField()
    added_at = DateTimeField()
    added_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")


class KnownDevice(Table):
    token_hash = CharField(max_length=64, unique=True)
    account = ForeignKeyField(Account, null=True, on_delete="CASCADE")
    staff = ForeignKeyField(Staff, null=True, on_delete="CASCADE")
    seen_at = DateTimeField(index=True)


class OneTimeCode(Table):
    kind = CharField(max_length=20)
    key = CharField(max_length=64, unique=True)
    account = ForeignKeyField(Account, null=True, on_delete="CASCADE")
    staff = ForeignKeyField(Staff, null=True, on_delete="CASCADE")
    payload = BlobField(null=True)
    made_at = DateTimeField()
    expires_at = DateTimeField(null=True)
    used_at = DateTimeField(null=True)
    voided_at = DateTimeField(null=True)


class Slip(Table):
    account = ForeignKeyField(Account, on_delete="CASCADE")
    codes = BlobField(null=True)
    made_by = ForeignKeyField(Staff, on_delete="RESTRICT")
    made_at = DateTimeField()
    form_key = CharField(max_length=64, unique=True)


class Approval(Table):
    kind = CharField(max_length=20)
    account = ForeignKeyField(Account, on_delete="CASCADE")
    other_account = ForeignKeyField(Account, null=True, on_delete="CASCADE", backref="+")
    reason = CharField(max_length=500)
    asked_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    asked_at = DateTimeField()
    expires_at = DateTimeField()
    decided_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    decided_at = DateTimeField(null=True)
    is_granted = BooleanField(null=True)
    moved = TextField(null=True)
    form_key = CharField(max_length=64, unique=True)


class AccountEvent(Table):
    account = ForeignKeyField(Account, on_delete="CASCADE")
    name = CharField(max_length=40)
    actor_kind = CharField(max_length=20)
    actor_name = CharField(max_length=200)
    second_name = CharField(max_length=200)
    staff = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    subject = CharField(max_length=300)
    purpose = CharField(max_length=300)
    at = DateTimeField()

    class Meta:
        indexes = ((("account", "id"), False),)


class Consent(Table):
    account = ForeignKeyField(Account, on_delete="CASCADE")
    purpose = CharField(max_length=40)
    version = CharField(max_length=20)
    given_at = DateTimeField()
    read_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    withdrawn_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("account", "purpose"), False),)


class DeletionRequest(Table):
    account = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    asked_at = DateTimeField()
    due_at = DateTimeField(index=True)
    cancelled_at = DateTimeField(null=True)
    done_at = DateTimeField(null=True)


class Business(Table):
    ref = CharField(max_length=16, unique=True)
    name = CharField(max_length=300)
    tax_code = CharField(max_length=20, unique=True)
    created_at = DateTimeField()
    assured_at = DateTimeField(null=True)
    assured_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")


class Representative(Table):
    business = ForeignKeyField(Business, on_delete="CASCADE")
    account = ForeignKeyField(Account, on_delete="CASCADE")
    added_by_name = CharField(max_length=200)
    added_at = DateTimeField()
    accepted_at = DateTimeField(null=True)
    ended_at = DateTimeField(null=True)


Representative.add_index(
    Representative.index(
        Representative.business,
        Representative.account,
        unique=True,
        where=Representative.ended_at.is_null(),
        name="representative_now",
    )
)


class PersonalDocument(Table):
    account = ForeignKeyField(Account, on_delete="CASCADE")
    kind = CharField(max_length=40)
    details = BlobField()
    created_at = DateTimeField()
    updated_at = DateTimeField()
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = ((("account", "id"), False),)


class DocumentFile(Table):
    document = ForeignKeyField(PersonalDocument, on_delete="CASCADE")
    filename = CharField(max_length=200)
    media_type = CharField(max_length=40)
    size_bytes = IntegerField()
    content_key = CharField(max_length=64)
    stored_name = CharField(max_length=64, unique=True)
    uploaded_at = DateTimeField()
    replaced_at = DateTimeField(null=True)


NEW_TABLES = [
    IdNumber, KnownDevice, OneTimeCode, Slip, Approval, AccountEvent, Consent, DeletionRequest, Business, Representative,
    PersonalDocument, DocumentFile,
]  # fmt: skip

# table, column, type, and for one that may not be null what older rows get
NEW_COLUMNS = [
    ("staff", "village", CharField(max_length=200), "''"),
    ("staff", "must_change_password", BooleanField(), "FALSE"),
    ("staff", "second_factor", CharField(max_length=20), "''"),
    ("staff", "totp_secret", BlobField(), None),
    ("staff", "totp_last_step", IntegerField(), "0"),
    ("staff", "made_by_id", "staff", None),
    ("staff", "approved_by_id", "staff", None),
    ("staff", "approved_at", DateTimeField(), None),
    ("staff", "ended_by_id", "staff", None),
    ("account", "ref", CharField(max_length=16), "''"),
    ("account", "assured_at", DateTimeField(), None),
    ("account", "assured_by_id", "staff", None),
    ("account", "merged_into_id", "account", None),
    ("account", "closed_at", DateTimeField(), None),
    ("login", "is_own_phone", BooleanField(), "FALSE"),
    ("login", "waits_for", CharField(max_length=20), "''"),
    ("dossier", "business_id", "business", None),
    ("paper", "taken_from_id", "personal_document", None),
]
OLD_COLUMNS = [
    ("account", "id_number_key", CharField(max_length=64)),
    ("account", "kind", CharField(max_length=20)),
    ("account", "business_name", CharField(max_length=300)),
    ("account", "tax_code", CharField(max_length=20)),
]


def up(migrator, db):
    with db.bind_ctx([Staff, Account, Dossier, *NEW_TABLES]):
        db.create_tables(NEW_TABLES)
    for table, column, kind, default in NEW_COLUMNS:
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" {_type(db, kind)}{_default(default)}')
    for table, column, kind, _ in NEW_COLUMNS:
        if isinstance(kind, str) and column != "business_id":
            db.execute_sql(f'CREATE INDEX "{_index(table, column)}" ON "{table}" ("{column}")')
    _move_people(db)
    db.execute_sql('CREATE UNIQUE INDEX "account_ref" ON "account" ("ref")')
    db.execute_sql('CREATE INDEX "dossier_business_id_id" ON "dossier" ("business_id", "id")')
    db.execute_sql('CREATE INDEX "dossier_business_id" ON "dossier" ("business_id")')
    db.execute_sql('DROP INDEX "account_id_number_key"')
    for table, column, _ in OLD_COLUMNS:
        db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')


def _index(table: str, column: str) -> str:
    return f"{table}_{column}"


def _type(db, kind) -> str:
    if isinstance(kind, str):
        action = "SET NULL" if kind == "personal_document" else "RESTRICT"
        return f'INTEGER REFERENCES "{kind}" ("id") ON DELETE {action}'
    context = db.get_sql_context()
    return context.sql(kind.ddl_datatype(context)).query()[0]


def _default(default: str | None) -> str:
    return f" NOT NULL DEFAULT {default}" if default else ""


def _move_people(db) -> None:
    """Each account's number into its own table; what it said of a business becomes that business."""
    now, mark = datetime.now(UTC).replace(tzinfo=None), db.param
    db.execute_sql(f"UPDATE staff SET approved_at = {mark}", (now,))
    rows = db.execute_sql("SELECT id, full_name, id_number, id_number_key, kind, business_name, tax_code FROM account").fetchall()
    with db.bind_ctx(NEW_TABLES):
        for id, full_name, sealed, key, kind, business_name, tax_code in rows:
            db.execute_sql(f"UPDATE account SET ref = {mark} WHERE id = {mark}", (secrets.token_hex(6), id))
            IdNumber.insert(account=id, key=key, number=_resealed(bytes(sealed)), added_at=now).execute()
            if kind == "business" and tax_code:
                business = Business.get_or_none(Business.tax_code == tax_code) or Business.create(
                    ref=secrets.token_hex(6), name=business_name, tax_code=tax_code, created_at=now
                )
                Representative.create(business=business, account=id, added_by_name=full_name, added_at=now, accepted_at=now)


def _resealed(sealed: bytes) -> bytes:
    """A sealed value belongs to its column; in another it must be sealed for that."""
    return SealedField.sealer.seal(SealedField.sealer.open(sealed, b"account.id_number"), b"id_number.number")


def down(migrator, db):
    for table, column, kind in OLD_COLUMNS:
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" {_type(db, kind)} NOT NULL DEFAULT \'\'')
    db.execute_sql("UPDATE account SET kind = 'citizen'")
    # The number of a merged account belongs to another by now, a closed one opens no more: a key that no number has.
    db.execute_sql("UPDATE account SET id_number_key = 'none-' || id")
    db.execute_sql(
        "UPDATE account SET id_number_key = (SELECT key FROM id_number WHERE account_id = account.id ORDER BY id DESC LIMIT 1)"
        " WHERE closed_at IS NULL AND id IN (SELECT account_id FROM id_number)"
    )
    db.execute_sql('CREATE UNIQUE INDEX "account_id_number_key" ON "account" ("id_number_key")')
    for name in ("account_ref", "dossier_business_id_id", "dossier_business_id"):
        db.execute_sql(f'DROP INDEX "{name}"')
    for table, column, kind, _ in NEW_COLUMNS:
        if isinstance(kind, str) and column != "business_id":
            db.execute_sql(f'DROP INDEX "{_index(table, column)}"')
        db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
    with db.bind_ctx([Staff, Account, Dossier, *NEW_TABLES]):
        db.drop_tables(NEW_TABLES)

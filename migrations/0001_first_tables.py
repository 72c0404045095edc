"""The first tables. Models are copied here, frozen: later changes to models.py must not change what this file did."""

from peewee import (
    BlobField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


class Table(Model):
    class Meta:
        legacy_table_names = False


class ContentPart(Table):
    kind = CharField(max_length=20)
    slug = CharField(max_length=120)
    value = TextField()

    class Meta:
        indexes = ((("kind", "slug"), True),)


class ContentStamp(Table):
    id = IntegerField(primary_key=True)
    stamp = CharField(max_length=64)


class Account(Table):
    kind = CharField(max_length=20)
    id_number = BlobField()
    id_number_key = CharField(max_length=64, unique=True)
    full_name = CharField(max_length=200)
    birth_date = BlobField(null=True)
    village = CharField(max_length=200)
    phone = CharField(max_length=20)
    email = CharField(max_length=254)
    business_name = CharField(max_length=300)
    tax_code = CharField(max_length=20)
    password_hash = CharField(max_length=200)
    assurance_level = IntegerField()
    created_at = DateTimeField()


class Registration(Table):
    details = BlobField()
    id_number_key = CharField(max_length=64)
    token_hash = CharField(max_length=64, unique=True)
    created_at = DateTimeField()
    expires_at = DateTimeField()
    account = ForeignKeyField(Account, null=True, on_delete="CASCADE")


class Staff(Table):
    login_name = CharField(max_length=60, unique=True)
    full_name = CharField(max_length=200)
    role = CharField(max_length=20)
    office = CharField(max_length=20)
    password_hash = CharField(max_length=200)
    created_at = DateTimeField()
    ended_at = DateTimeField(null=True)


class Login(Table):
    token_hash = CharField(max_length=64, unique=True)
    account = ForeignKeyField(Account, null=True, on_delete="CASCADE")
    staff = ForeignKeyField(Staff, null=True, on_delete="CASCADE")
    device = CharField(max_length=200)
    created_at = DateTimeField()
    seen_at = DateTimeField()
    expires_at = DateTimeField(index=True)


class Attempts(Table):
    key = CharField(max_length=120, primary_key=True)
    failures = IntegerField()
    started_at = DateTimeField()
    blocked_until = DateTimeField(null=True)


class Dossier(Table):
    code = CharField(max_length=40, unique=True)
    receipt_code = CharField(max_length=12, unique=True)
    office = CharField(max_length=20)
    account = ForeignKeyField(Account, on_delete="RESTRICT")
    procedure_slug = CharField(max_length=120)
    procedure_title = CharField(max_length=300)
    procedure = TextField()
    owner_name = CharField(max_length=200)
    owner_last_digits_key = CharField(max_length=64)
    answers = BlobField()
    delivery = CharField(max_length=20)
    state = IntegerField()
    submitted_at = DateTimeField()
    expected_on = DateField(null=True)
    accepted_at = DateTimeField(null=True)
    due_at = DateTimeField(null=True)
    ended_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("office", "state", "due_at", "submitted_at", "id"), False), (("account", "id"), False))


class Draft(Table):
    account = ForeignKeyField(Account, on_delete="CASCADE")
    procedure_slug = CharField(max_length=120)
    answers = BlobField()
    visited = TextField()
    idempotency_key = CharField(max_length=64, unique=True)
    created_at = DateTimeField()
    updated_at = DateTimeField()
    dossier = ForeignKeyField(Dossier, null=True, unique=True, on_delete="RESTRICT")
    content_hash = CharField(max_length=64)


Draft.add_index(Draft.index(Draft.account, Draft.procedure_slug, unique=True, where=Draft.dossier.is_null(), name="draft_open"))


class Paper(Table):
    draft = ForeignKeyField(Draft, on_delete="CASCADE")
    dossier = ForeignKeyField(Dossier, null=True, on_delete="RESTRICT")
    document_key = CharField(max_length=60)
    filename = CharField(max_length=200)
    media_type = CharField(max_length=40)
    size_bytes = IntegerField()
    content_hash = CharField(max_length=64)
    stored_name = CharField(max_length=64, unique=True)
    uploaded_at = DateTimeField()

    class Meta:
        indexes = ((("draft", "document_key"), True),)


class Event(Table):
    dossier = ForeignKeyField(Dossier, on_delete="RESTRICT")
    name = CharField(max_length=30)
    from_state = IntegerField(null=True)
    to_state = IntegerField()
    actor_kind = CharField(max_length=20)
    actor_name = CharField(max_length=200)
    staff = ForeignKeyField(Staff, null=True, on_delete="RESTRICT")
    note = TextField()
    at = DateTimeField()
    form_key = CharField(max_length=64, null=True, unique=True)


class DayCounter(Table):
    office = CharField(max_length=20)
    day = DateField()
    last = IntegerField()

    class Meta:
        indexes = ((("office", "day"), True),)


class Message(Table):
    key = CharField(max_length=120, unique=True)
    recipient = CharField(max_length=254)
    subject = CharField(max_length=200)
    body = BlobField(null=True)
    created_at = DateTimeField()
    tries = IntegerField()
    next_try_at = DateTimeField(null=True, index=True)
    sent_at = DateTimeField(null=True)
    was_refused = BooleanField()


TABLES = [
    ContentPart,
    ContentStamp,
    Account,
    Registration,
    Staff,
    Login,
    Attempts,
    Dossier,
    Draft,
    Paper,
    Event,
    DayCounter,
    Message,
]


def up(migrator, db):
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)


def down(migrator, db):
    with db.bind_ctx(TABLES):
        db.drop_tables(TABLES)

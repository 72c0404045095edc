"""Money and the public post: payment requests, orders at the gateway, notices, refunds, receipts, shipments.

Models are copied here, frozen.
"""

from peewee import (
    BigIntegerField,
    BlobField,
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


class Account(Table):
    pass


class Staff(Table):
    pass


class Dossier(Table):
    pass


class Event(Table):
    pass


class PaymentRequest(Table):
    ref = CharField(max_length=16, unique=True)
    dossier = ForeignKeyField(Dossier, backref="+", on_delete="RESTRICT")
    item = CharField(max_length=200)
    amount_dong = BigIntegerField()
    ground = CharField(max_length=500)
    computed = TextField(null=True)
    due_on = DateField(null=True)
    asked_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    asked_at = DateTimeField()
    event = ForeignKeyField(Event, null=True, on_delete="RESTRICT", backref="+")
    replaces = ForeignKeyField("self", null=True, unique=True, on_delete="RESTRICT", backref="+")
    voided_at = DateTimeField(null=True)
    voided_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    void_reason = CharField(max_length=300)
    settled_at = DateTimeField(null=True)
    method = CharField(max_length=20)
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = ((("dossier", "id"), False),)


class PaymentAttempt(Table):
    request = ForeignKeyField(PaymentRequest, backref="+", on_delete="RESTRICT")
    txn_ref = CharField(max_length=100, unique=True)
    amount_dong = BigIntegerField()
    bank = CharField(max_length=20)
    state = CharField(max_length=20)
    made_at = DateTimeField()
    expires_at = DateTimeField()
    gateway_no = CharField(max_length=40)
    bank_no = CharField(max_length=60)
    response = CharField(max_length=10)
    status = CharField(max_length=10)
    paid_at = DateTimeField(null=True)
    settled_at = DateTimeField(null=True)
    settled_by = CharField(max_length=20)
    problem = CharField(max_length=20)
    problem_solved_at = DateTimeField(null=True)
    problem_solved_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    problem_note = CharField(max_length=500)
    next_query_at = DateTimeField(null=True)
    queries = IntegerField()
    started_by = ForeignKeyField(Account, null=True, on_delete="SET NULL", backref="+")
    payer_address = CharField(max_length=45)
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = (
            (("request", "id"), False),
            (("next_query_at",), False),
            (("state", "settled_at"), False),
        )


class PaymentNotice(Table):
    kind = CharField(max_length=20)
    raw = TextField()
    received_at = DateTimeField(index=True)
    sender = CharField(max_length=45)
    attempt = ForeignKeyField(PaymentAttempt, null=True, backref="+", on_delete="RESTRICT")
    answer = CharField(max_length=10)
    judged_at = DateTimeField(null=True)


class Refund(Table):
    attempt = ForeignKeyField(PaymentAttempt, backref="+", on_delete="RESTRICT")
    amount_dong = BigIntegerField()
    reason = CharField(max_length=300)
    request_no = CharField(max_length=40, unique=True)
    state = CharField(max_length=20)
    asked_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    asked_at = DateTimeField()
    granted_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    granted_at = DateTimeField(null=True)
    response = CharField(max_length=10)
    settled_at = DateTimeField(null=True)
    said_state = CharField(max_length=20)
    said_note = CharField(max_length=500)
    said_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    said_at = DateTimeField(null=True)
    confirmed_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    form_key = CharField(max_length=64, unique=True)


class Receipt(Table):
    office = CharField(max_length=20)
    year = IntegerField()
    number = IntegerField()
    request = ForeignKeyField(PaymentRequest, backref="+", on_delete="RESTRICT")
    attempt = ForeignKeyField(PaymentAttempt, null=True, unique=True, on_delete="RESTRICT", backref="+")
    amount_dong = BigIntegerField()
    method = CharField(max_length=20)
    payer_name = CharField(max_length=200)
    reference = CharField(max_length=100)
    made_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    made_at = DateTimeField()
    copies = IntegerField()
    void_reason = CharField(max_length=300)
    void_asked_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    void_asked_at = DateTimeField(null=True)
    voided_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    voided_at = DateTimeField(null=True)
    replaces = ForeignKeyField("self", null=True, unique=True, on_delete="RESTRICT", backref="+")
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = (
            (("office", "year", "number"), True),
            (("office", "made_at"), False),
            (("request", "id"), False),
        )


class Manifest(Table):
    office = CharField(max_length=20)
    year = IntegerField()
    number = IntegerField()
    direction = CharField(max_length=20)
    made_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    made_at = DateTimeField()
    postman = CharField(max_length=200)
    signed_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    signed_at = DateTimeField(null=True)
    dropped_at = DateTimeField(null=True)
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = ((("office", "year", "number"), True),)


class Shipment(Table):
    ref = CharField(max_length=16, unique=True)
    dossier = ForeignKeyField(Dossier, backref="+", on_delete="RESTRICT")
    office = CharField(max_length=20)
    direction = CharField(max_length=20)
    state = CharField(max_length=20)
    receiver = CharField(max_length=200)
    address = BlobField()
    phone = CharField(max_length=20)
    fee_dong = BigIntegerField(null=True)
    tracking = CharField(max_length=20)
    manifest = ForeignKeyField(Manifest, null=True, backref="+", on_delete="RESTRICT")
    tries = IntegerField()
    made_at = DateTimeField()
    changed_at = DateTimeField()

    class Meta:
        indexes = (
            (("office", "state", "id"), False),
            (("dossier", "id"), False),
            (("tracking",), False),
        )


class ShipmentStep(Table):
    shipment = ForeignKeyField(Shipment, backref="+", on_delete="RESTRICT")
    state = CharField(max_length=20)
    note = CharField(max_length=300)
    by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    at = DateTimeField()
    form_key = CharField(max_length=64, null=True, unique=True)


NEW_TABLES = [PaymentRequest, PaymentAttempt, PaymentNotice, Refund, Receipt, Manifest, Shipment, ShipmentStep]
OLDER = [Account, Staff, Dossier, Event]
REQUEST_OPEN = (
    'CREATE UNIQUE INDEX "payment_request_open" ON "payment_request" ("dossier_id") '
    'WHERE (("settled_at" IS NULL) AND ("voided_at" IS NULL))'
)


def up(migrator, db):
    with db.bind_ctx([*OLDER, *NEW_TABLES]):
        db.create_tables(NEW_TABLES)
    db.execute_sql(REQUEST_OPEN)


def down(migrator, db):
    """Payments and shipments are forgotten; dossiers keep their word for each."""
    with db.bind_ctx([*OLDER, *NEW_TABLES]):
        db.drop_tables(NEW_TABLES)

"""What is printed for the villages: their packs, and how often the paper led somebody here.

Models are copied here, frozen.
"""

from peewee import CharField, DateField, DateTimeField, ForeignKeyField, IntegerField, Model, TextField


class Table(Model):
    class Meta:
        legacy_table_names = False


class Staff(Table):
    pass


class Pack(Table):
    ref = CharField(max_length=12, unique=True)
    office = CharField(max_length=20)
    village = CharField(max_length=80)
    choices = TextField()
    state = CharField(max_length=10)
    fault = CharField(max_length=300)
    pages = IntegerField(null=True)
    parts = TextField()
    size_bytes = IntegerField(null=True)
    stored_name = CharField(max_length=32)
    prints = IntegerField()
    tries = IntegerField()
    asked_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    asked_at = DateTimeField()
    started_at = DateTimeField(null=True)
    made_at = DateTimeField(null=True)
    batch = CharField(max_length=12, index=True)
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = ((("office", "village", "id"), False), (("state", "id"), False))


class PaperVisit(Table):
    village = CharField(max_length=80)
    sheet = CharField(max_length=20)
    day = DateField()
    count = IntegerField()

    class Meta:
        indexes = ((("village", "sheet", "day"), True),)


NEW_TABLES = [Pack, PaperVisit]


def up(migrator, db):
    with db.bind_ctx([Staff, *NEW_TABLES]):
        db.create_tables(NEW_TABLES)


def down(migrator, db):
    """Packs and what was counted are forgotten; the paper goes on leading to the guides."""
    with db.bind_ctx([Staff, *NEW_TABLES]):
        db.drop_tables(NEW_TABLES)

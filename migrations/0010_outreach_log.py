"""The outreach log: campaigns, and what village heads and officers note of their sessions.

Models are copied here, frozen.
"""

from peewee import CharField, DateField, DateTimeField, ForeignKeyField, IntegerField, Model, TextField


class Table(Model):
    class Meta:
        legacy_table_names = False


class Staff(Table):
    pass


class Campaign(Table):
    ref = CharField(max_length=16, unique=True)
    title = CharField(max_length=120)
    task = CharField(max_length=500)
    least_reached = IntegerField()
    guides = TextField()
    first_on = DateField()
    last_on = DateField()
    made_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    made_at = DateTimeField()
    ended_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    ended_at = DateTimeField(null=True)
    form_key = CharField(max_length=64, unique=True)


class OutreachNote(Table):
    ref = CharField(max_length=16, unique=True)
    village = CharField(max_length=200)
    day = DateField()
    place = CharField(max_length=100)
    reached = IntegerField()
    guides = TextField()
    questions = CharField(max_length=500)
    campaign = ForeignKeyField(Campaign, null=True, on_delete="RESTRICT", backref="notes")
    by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    at = DateTimeField(index=True)
    changed_at = DateTimeField(null=True)
    dropped_at = DateTimeField(null=True)
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = (
            (("village", "day", "id"), False),
            (("day", "id"), False),
            (("campaign", "village"), False),
        )


NEW_TABLES = [Campaign, OutreachNote]


def up(migrator, db):
    with db.bind_ctx([Staff, *NEW_TABLES]):
        db.create_tables(NEW_TABLES)


def down(migrator, db):
    """What was noted of the sessions is forgotten."""
    with db.bind_ctx([Staff, *NEW_TABLES]):
        db.drop_tables(NEW_TABLES)

"""The loudspeakers' timetable.

Models are copied here, frozen.
"""

from peewee import CharField, DateTimeField, ForeignKeyField, Model


class Table(Model):
    class Meta:
        legacy_table_names = False


class Staff(Table):
    pass


class Broadcast(Table):
    ref = CharField(max_length=16, unique=True)
    slug = CharField(max_length=120)
    title = CharField(max_length=200)
    language = CharField(max_length=10)
    village = CharField(max_length=200)
    planned_at = DateTimeField()
    made_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    made_at = DateTimeField()
    said_at = DateTimeField(null=True)
    said_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    dropped_at = DateTimeField(null=True)
    form_key = CharField(max_length=64)

    class Meta:
        indexes = (
            (("form_key", "village"), True),
            (("planned_at", "id"), False),
            (("slug", "id"), False),
        )


def up(migrator, db):
    with db.bind_ctx([Staff, Broadcast]):
        db.create_tables([Broadcast])


def down(migrator, db):
    """What was read and when is forgotten."""
    with db.bind_ctx([Staff, Broadcast]):
        db.drop_tables([Broadcast])

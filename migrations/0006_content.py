"""Content as the desk publishes it: every version of a file, and what is being written.

Models are copied here, frozen.
"""

from peewee import CharField, DateTimeField, ForeignKeyField, IntegerField, Model, TextField


class Table(Model):
    class Meta:
        legacy_table_names = False


class Staff(Table):
    pass


class ContentVersion(Table):
    file = CharField(max_length=200)
    number = IntegerField()
    text = TextField()
    by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    at = DateTimeField()
    note = CharField(max_length=200)

    class Meta:
        indexes = ((("file", "number"), True),)


class ContentDraft(Table):
    file = CharField(max_length=200, unique=True)
    value = TextField()
    before = TextField(null=True)
    based_on = IntegerField()
    revision = IntegerField()
    writers = TextField()
    edited_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    edited_at = DateTimeField()
    form_key = CharField(max_length=64)


NEW_TABLES = [ContentVersion, ContentDraft]


def up(migrator, db):
    with db.bind_ctx([Staff, *NEW_TABLES]):
        db.create_tables(NEW_TABLES)


def down(migrator, db):
    """What the desk published is forgotten; the site shows what was loaded last."""
    with db.bind_ctx([Staff, *NEW_TABLES]):
        db.drop_tables(NEW_TABLES)

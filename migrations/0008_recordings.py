"""Recordings of guides and steps, in the languages of the commune. Models are copied here, frozen."""

from peewee import CharField, DateTimeField, ForeignKeyField, IntegerField, Model


class Table(Model):
    class Meta:
        legacy_table_names = False


class Staff(Table):
    pass


class Recording(Table):
    ref = CharField(max_length=16, unique=True)
    guide_slug = CharField(max_length=120)
    step = IntegerField()
    language = CharField(max_length=20)
    words_hash = CharField(max_length=16)
    state = CharField(max_length=20)
    uploaded_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    uploaded_at = DateTimeField()
    stored_name = CharField(max_length=64, null=True, unique=True)
    tries = IntegerField()
    tried_at = DateTimeField(null=True)
    mp3_name = CharField(max_length=64, null=True, unique=True)
    mp3_bytes = IntegerField()
    opus_name = CharField(max_length=64, null=True, unique=True)
    opus_bytes = IntegerField()
    seconds = IntegerField()
    fault = CharField(max_length=300)
    ready_at = DateTimeField(null=True)
    replaced_at = DateTimeField(null=True)
    removed_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = ((("guide_slug", "step", "language", "id"), False), (("state", "id"), False))


IN_FORCE = (
    'CREATE UNIQUE INDEX "recording_in_force" ON "recording" ("guide_slug", "step", "language") '
    'WHERE (("state" = \'ready\') AND ("replaced_at" IS NULL))'
)


def up(migrator, db):
    with db.bind_ctx([Staff, Recording]):
        db.create_tables([Recording])
    db.execute_sql(IN_FORCE)


def down(migrator, db):
    """Recordings are forgotten; their files go with the next sweep."""
    with db.bind_ctx([Staff, Recording]):
        db.drop_tables([Recording])

"""Every table: its constraints, the questions one row can answer, the queries that have a name."""

from datetime import datetime, timedelta
from enum import IntEnum

from flask_login import UserMixin
from peewee import BooleanField, CharField, DateField, ForeignKeyField, IntegerField, TextField

from database import JSONField, MomentField, SealedField, Table, utc_now


class State(IntEnum):
    """The ten states of the national portal, by its codes (field TrangThaiHoSo)."""

    SUBMITTED = 1
    ACCEPTED = 2
    REFUSED = 3
    IN_PROGRESS = 4
    AWAITING_SUPPLEMENT = 5
    AWAITING_PAYMENT = 6
    WITHDRAWAL_ASKED = 7
    STOPPED = 8
    DONE = 9
    RETURNED = 10


class StateField(IntegerField):
    def python_value(self, value):
        return None if value is None else State(value)


# --- what the commune edits, as `init` loaded it ---------------------------------------------------------------------


class ContentPart(Table):
    """One content file's worth: the site, the calendar, a guide, a procedure."""

    kind = CharField(max_length=20)
    slug = CharField(max_length=120)
    value = JSONField()

    class Meta:
        indexes = ((("kind", "slug"), True),)


class ContentStamp(Table):
    """One row, changed with each loading: by it a running server notices new content."""

    id = IntegerField(primary_key=True)
    stamp = CharField(max_length=64)

    @classmethod
    def current(cls) -> str | None:
        row = cls.get_or_none(cls.id == 1)
        return row and row.stamp

    @classmethod
    def replace_stamp(cls, stamp: str) -> None:
        cls.delete().execute()
        cls.create(id=1, stamp=stamp)


# --- people ----------------------------------------------------------------------------------------------------------


class Account(Table, UserMixin):
    """A citizen, or the representative of a business, who has confirmed the account."""

    role = "citizen"

    kind = CharField(max_length=20)  # citizen | business
    id_number = SealedField()
    id_number_key = CharField(max_length=64, unique=True)  # keyed fingerprint: equality without the number
    full_name = CharField(max_length=200)
    birth_date = SealedField(null=True)
    village = CharField(max_length=200, default="")
    phone = CharField(max_length=20, default="")  # not unique: families share one
    email = CharField(max_length=254, default="")
    business_name = CharField(max_length=300, default="")
    tax_code = CharField(max_length=20, default="")
    password_hash = CharField(max_length=200)
    assurance_level = IntegerField(default=1)  # IAL1 until somebody of the commune has seen the paper
    created_at = MomentField(default=utc_now)


class Registration(Table):
    """An account asked for and not yet confirmed; anyone may ask for any number, only the mail's reader confirms."""

    details = SealedField()
    id_number_key = CharField(max_length=64)
    token_hash = CharField(max_length=64, unique=True)
    created_at = MomentField(default=utc_now)
    expires_at = MomentField()
    account = ForeignKeyField(Account, null=True, on_delete="CASCADE")

    def is_open(self, now: datetime) -> bool:
        return self.account_id is None and now < self.expires_at


class Staff(Table, UserMixin):
    login_name = CharField(max_length=60, unique=True)
    full_name = CharField(max_length=200)
    role = CharField(max_length=20)
    office = CharField(max_length=20)
    password_hash = CharField(max_length=200)
    created_at = MomentField(default=utc_now)
    ended_at = MomentField(null=True)


class Login(Table):
    """A login in force. The cookie holds a random token, the row its hash: the row is the login (SECURITY §4)."""

    token_hash = CharField(max_length=64, unique=True)
    account = ForeignKeyField(Account, null=True, backref="logins", on_delete="CASCADE")
    staff = ForeignKeyField(Staff, null=True, backref="logins", on_delete="CASCADE")
    device = CharField(max_length=200, default="")
    created_at = MomentField(default=utc_now)
    seen_at = MomentField(default=utc_now)
    expires_at = MomentField(index=True)  # the sweep of old logins asks by it

    IDLE = timedelta(minutes=30)
    # An idle login shows nothing any more, but what its owner was typing may still be saved to the owner's own draft.
    WRITE_ONLY = timedelta(hours=24)
    # The clock may jump: a moment seen in the future is believed only this far.
    TOLERANCE = timedelta(minutes=10)

    @property
    def person(self):
        return self.account or self.staff

    def is_open(self, now: datetime) -> bool:
        return self._is_in_time(now, self.IDLE) and now < self.expires_at

    def may_still_write(self, now: datetime) -> bool:
        return self._is_in_time(now, self.WRITE_ONLY)

    def _is_in_time(self, now: datetime, span: timedelta) -> bool:
        return -self.TOLERANCE <= now - self.seen_at < span


class Attempts(Table):
    """How often something was tried in vain, by whom: shared by all workers, kept over a restart."""

    key = CharField(max_length=120, primary_key=True)
    failures = IntegerField(default=0)
    started_at = MomentField()
    blocked_until = MomentField(null=True)

    @classmethod
    def replace_counter(cls, key: str, failures: int, started_at: datetime) -> None:
        kept = {cls.failures: failures, cls.started_at: started_at}
        cls.insert(key=key, failures=failures, started_at=started_at).on_conflict(
            conflict_target=[cls.key], update=kept
        ).execute()


# --- dossiers --------------------------------------------------------------------------------------------------------


class Dossier(Table):
    """What was submitted. Changed only by rules/workflow.py."""

    code = CharField(max_length=40, unique=True)
    receipt_code = CharField(max_length=12, unique=True)
    office = CharField(max_length=20)
    account = ForeignKeyField(Account, backref="dossiers", on_delete="RESTRICT")
    procedure_slug = CharField(max_length=120)
    procedure_title = CharField(max_length=300)
    procedure = JSONField()  # as it was when submitted
    owner_name = CharField(max_length=200)
    owner_last_digits_key = CharField(max_length=64)  # second key of the public lookup by dossier code
    answers = SealedField()
    delivery = CharField(max_length=20)  # desk | post | online
    state = StateField(default=State.SUBMITTED)
    submitted_at = MomentField(default=utc_now)
    expected_on = DateField(null=True)
    accepted_at = MomentField(null=True)
    due_at = MomentField(null=True)
    ended_at = MomentField(null=True)

    class Meta:
        indexes = (
            (("office", "state", "due_at", "submitted_at", "id"), False),  # serves the desk's queue
            (("account", "id"), False),  # serves Trang cá nhân
        )

    def is_overdue(self, now: datetime) -> bool:
        return self.due_at is not None and self.ended_at is None and now > self.due_at


class Draft(Table):
    """Answers as they were typed, right or wrong, saved with each page. Becomes a dossier once."""

    account = ForeignKeyField(Account, backref="drafts", on_delete="CASCADE")
    procedure_slug = CharField(max_length=120)
    answers = SealedField(default=dict)
    visited = JSONField(default=list)  # the pages already sent, by their name in the address
    idempotency_key = CharField(max_length=64, unique=True)
    created_at = MomentField(default=utc_now)
    updated_at = MomentField(default=utc_now)
    dossier = ForeignKeyField(Dossier, null=True, unique=True, on_delete="RESTRICT")
    content_hash = CharField(max_length=64, default="")  # of what was submitted

    LIFETIME = timedelta(days=30)

    @property
    def expires_at(self) -> datetime:
        return self.updated_at + self.LIFETIME

    @classmethod
    def open_ones(cls):
        return cls.select().where(cls.dossier.is_null()).order_by(cls.updated_at.desc(), cls.id.desc())


# One open draft a procedure: two taps on “Nộp hồ sơ” are one beginning.
Draft.add_index(Draft.index(Draft.account, Draft.procedure_slug, unique=True, where=Draft.dossier.is_null(), name="draft_open"))


class Paper(Table):
    """A photo or PDF of one required document; the file itself is sealed in the store under `stored_name`."""

    draft = ForeignKeyField(Draft, backref="papers", on_delete="CASCADE")
    dossier = ForeignKeyField(Dossier, null=True, backref="papers", on_delete="RESTRICT")
    document_key = CharField(max_length=60)
    filename = CharField(max_length=200)
    media_type = CharField(max_length=40)
    size_bytes = IntegerField()
    content_hash = CharField(max_length=64)
    stored_name = CharField(max_length=64, unique=True)
    uploaded_at = MomentField(default=utc_now)

    class Meta:
        indexes = ((("draft", "document_key"), True),)


class Event(Table):
    """Something that happened to a dossier, written in the transaction that made it happen; never changed."""

    dossier = ForeignKeyField(Dossier, backref="events", on_delete="RESTRICT")
    name = CharField(max_length=30)
    from_state = StateField(null=True)
    to_state = StateField()
    actor_kind = CharField(max_length=20)
    actor_name = CharField(max_length=200)
    staff = ForeignKeyField(Staff, null=True, on_delete="RESTRICT")
    note = TextField(default="")
    at = MomentField(default=utc_now)
    # The form's own key: the same form sent twice finds its event, and is answered as the first time.
    form_key = CharField(max_length=64, null=True, unique=True)


class DayCounter(Table):
    """The running number of an office's dossier codes, each day from 1."""

    office = CharField(max_length=20)
    day = DateField()
    last = IntegerField()

    class Meta:
        indexes = ((("office", "day"), True),)


# --- what leaves the site --------------------------------------------------------------------------------------------


class Message(Table):
    """A mail to send, written in the transaction that causes it. The body may hold a link, so it is sealed."""

    key = CharField(max_length=120, unique=True)
    recipient = CharField(max_length=254)
    subject = CharField(max_length=200)
    body = SealedField(null=True)  # emptied once sent
    created_at = MomentField(default=utc_now)
    tries = IntegerField(default=0)
    next_try_at = MomentField(null=True, default=utc_now, index=True)  # null: sent, or given up
    sent_at = MomentField(null=True)
    was_refused = BooleanField(default=False)


TABLES = (
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
)

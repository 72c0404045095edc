"""Every table: its constraints, the questions one row can answer, the queries that have a name."""

import secrets
from datetime import datetime, timedelta
from enum import IntEnum

from flask_login import UserMixin
from peewee import BigIntegerField, BooleanField, CharField, DateField, ForeignKeyField, IntegerField, TextField

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


def new_ref() -> str:
    """Names a row in an address: tells nothing, and cannot be counted through."""
    return secrets.token_hex(6)


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


class Staff(Table, UserMixin):
    """Somebody who works for the commune. Usable once approved by another than who made it (SECURITY §5)."""

    login_name = CharField(max_length=60, unique=True)
    full_name = CharField(max_length=200)
    role = CharField(max_length=20)
    office = CharField(max_length=20)
    village = CharField(max_length=200, default="")  # of a village head: only its people are hers to help
    password_hash = CharField(max_length=200)
    must_change_password = BooleanField(default=False)  # the first password is good for one login
    second_factor = CharField(max_length=20, default="")  # "" until set up | totp | codes
    totp_secret = SealedField(null=True)
    totp_last_step = IntegerField(default=0)  # the newest half minute whose code was used: none is taken twice
    made_by = ForeignKeyField("self", null=True, on_delete="RESTRICT", backref="+")  # null: made at the command line
    approved_by = ForeignKeyField("self", null=True, on_delete="RESTRICT", backref="+")
    approved_at = MomentField(null=True)
    created_at = MomentField(default=utc_now)
    ended_by = ForeignKeyField("self", null=True, on_delete="RESTRICT", backref="+")
    ended_at = MomentField(null=True)

    def is_in_office(self) -> bool:
        return self.ended_at is None and self.approved_at is not None


# --- what the desk writes of the content -------------------------------------------------------------------------------


class ContentVersion(Table):
    """A content file as it was published once. The newest of a file is in force; an empty text takes the file away."""

    file = CharField(max_length=200)
    number = IntegerField()
    text = TextField()
    by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")  # null: loaded from the folder
    at = MomentField(default=utc_now)
    note = CharField(max_length=200, default="")

    class Meta:
        indexes = ((("file", "number"), True),)


class ContentDraft(Table):
    """What is being written of a file, by whoever writes: one draft a file, seen by nobody outside the content desk."""

    file = CharField(max_length=200, unique=True)
    value = JSONField()  # plain values, as the file would hold them; faulty ones as they were typed
    before = JSONField(null=True)  # as it was before the newest change, for one step back
    based_on = IntegerField()  # the version it began from; 0: a file that is not there yet
    revision = IntegerField(default=1)  # who saves names the one they saw
    writers = JSONField()  # the staff who wrote in it: what costs people money, another than they puts in force
    edited_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    edited_at = MomentField(default=utc_now)
    form_key = CharField(max_length=64, default="")  # of the newest change: sent again it is answered as the first time


class Broadcast(Table):
    """An announcement to be read over the loudspeaker of a village, in one language; and when it was."""

    ref = CharField(max_length=16, unique=True, default=new_ref)
    slug = CharField(max_length=120)
    title = CharField(max_length=200)  # as it was when it was planned: the announcement may be taken away since
    language = CharField(max_length=10)  # vi | jrai | bahnar
    village = CharField(max_length=200)
    planned_at = MomentField()
    made_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    made_at = MomentField(default=utc_now)
    said_at = MomentField(null=True)
    said_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    dropped_at = MomentField(null=True)
    form_key = CharField(max_length=64)  # of the form that planned it for several villages

    class Meta:
        indexes = (
            (("form_key", "village"), True),
            (("planned_at", "id"), False),  # the timetable
            (("slug", "id"), False),  # of one announcement
        )


class Campaign(Table):
    """What every village is asked to do by a day: a session at least, and what else stands here."""

    ref = CharField(max_length=16, unique=True, default=new_ref)
    title = CharField(max_length=120)
    task = CharField(max_length=500)  # in words, for whoever has to do it
    least_reached = IntegerField(default=0)  # people, of a village's sessions together; 0: no number was set
    guides = JSONField(default=list)  # slugs of those to be shown
    first_on = DateField()
    last_on = DateField()
    made_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    made_at = MomentField(default=utc_now)
    ended_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    ended_at = MomentField(null=True)
    form_key = CharField(max_length=64, unique=True)


class OutreachNote(Table):
    """A session with people of a village: where, how many, what was shown and asked. It names nobody (rules/outreach.py)."""

    ref = CharField(max_length=16, unique=True, default=new_ref)
    village = CharField(max_length=200)
    day = DateField()  # in Việt Nam
    place = CharField(max_length=100)
    reached = IntegerField()
    guides = JSONField(default=list)  # slugs of those shown
    questions = CharField(max_length=500, default="")  # one a line
    campaign = ForeignKeyField(Campaign, null=True, on_delete="RESTRICT", backref="notes")
    by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    at = MomentField(default=utc_now, index=True)  # the sweep asks by it
    changed_at = MomentField(null=True)
    dropped_at = MomentField(null=True)  # by its writer, who may take it back
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = (
            (("village", "day", "id"), False),  # serves a village's list and its page for a meeting
            (("day", "id"), False),  # and those of all villages
            (("campaign", "village"), False),
        )


class Account(Table, UserMixin):
    """A person with an account: made online and confirmed, or opened by the commune and activated with a slip."""

    role = "citizen"

    ref = CharField(max_length=16, unique=True, default=new_ref)
    id_number = SealedField()  # the newest of the person's numbers; all of them are in IdNumber
    full_name = CharField(max_length=200)
    birth_date = SealedField(null=True)
    village = CharField(max_length=200, default="")
    phone = CharField(max_length=20, default="", index=True)  # not unique: families share one; the desk searches by it
    email = CharField(max_length=254, default="")
    password_hash = CharField(max_length=200, default="")  # "": opened by the commune, not yet activated
    assurance_level = IntegerField(default=1)  # IAL1 until somebody of the commune has seen the paper
    assured_at = MomentField(null=True)
    assured_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    created_at = MomentField(default=utc_now)
    merged_into = ForeignKeyField("self", null=True, on_delete="RESTRICT", backref="absorbed")
    closed_at = MomentField(null=True)  # its owner had it deleted; dossiers the law keeps still name it

    @property
    def is_activated(self) -> bool:
        return bool(self.password_hash)

    @property
    def may_log_in(self) -> bool:
        return self.is_activated and self.merged_into_id is None and self.closed_at is None


class IdNumber(Table):
    """A number by which a person logs in: the citizen number of 12 digits, and the CMND of 9 they had before."""

    account = ForeignKeyField(Account, backref="numbers", on_delete="CASCADE")
    key = CharField(max_length=64, unique=True)  # keyed fingerprint: equality without the number
    number = SealedField()
    added_at = MomentField(default=utc_now)
    added_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")  # who saw the card


class Registration(Table):
    """An account asked for and not yet confirmed; anyone may ask for any number.

    With e-mail, the mail's reader confirms; without, somebody of the commune who sees the card and the code.
    """

    details = SealedField()
    id_number_key = CharField(max_length=64)
    token_hash = CharField(max_length=64, unique=True)
    created_at = MomentField(default=utc_now)
    expires_at = MomentField()
    account = ForeignKeyField(Account, null=True, on_delete="CASCADE")

    def is_open(self, now: datetime) -> bool:
        return self.account_id is None and now < self.expires_at


class Login(Table):
    """A login in force. The cookie holds a random token, the row its hash: the row is the login (SECURITY §4)."""

    token_hash = CharField(max_length=64, unique=True)
    account = ForeignKeyField(Account, null=True, backref="logins", on_delete="CASCADE")
    staff = ForeignKeyField(Staff, null=True, backref="logins", on_delete="CASCADE")
    device = CharField(max_length=200, default="")
    is_own_phone = BooleanField(default=False)  # “Máy của tôi”; every other is “Máy dùng chung”
    waits_for = CharField(max_length=20, default="")  # of staff: "" | first_password | set_factor | factor
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
        return (self.is_own_phone or self._is_in_time(now, self.IDLE)) and now < self.expires_at

    def may_still_write(self, now: datetime) -> bool:
        return self._is_in_time(now, self.WRITE_ONLY)

    def _is_in_time(self, now: datetime, span: timedelta) -> bool:
        return -self.TOLERANCE <= now - self.seen_at < span


class KnownDevice(Table):
    """A browser in which this person has logged in: its wrong guesses are counted apart from a stranger's (SECURITY §3)."""

    token_hash = CharField(max_length=64, unique=True)
    account = ForeignKeyField(Account, null=True, on_delete="CASCADE")
    staff = ForeignKeyField(Staff, null=True, on_delete="CASCADE")
    seen_at = MomentField(default=utc_now, index=True)  # the sweep asks by it


class OneTimeCode(Table):
    """A secret good for one use, kept as its fingerprint: a link in a mail, a code on a slip or from an officer."""

    kind = CharField(max_length=20)  # activation | recovery | reset_link | desk_reset | new_email | staff_factor | first_password
    key = CharField(max_length=64, unique=True)
    account = ForeignKeyField(Account, null=True, backref="codes", on_delete="CASCADE")
    staff = ForeignKeyField(Staff, null=True, backref="codes", on_delete="CASCADE")
    payload = SealedField(null=True)
    made_at = MomentField(default=utc_now)
    expires_at = MomentField(null=True)
    used_at = MomentField(null=True)
    voided_at = MomentField(null=True)  # a newer one took its place

    def is_open(self, now: datetime) -> bool:
        return self.used_at is None and self.voided_at is None and (self.expires_at is None or now < self.expires_at)


class Slip(Table):
    """An activation slip as printed: the codes stand in it, sealed, while the printer may need them, then no more."""

    account = ForeignKeyField(Account, on_delete="CASCADE")
    codes = SealedField(null=True)  # {"activation": str | None, "recovery": [str]}
    made_by = ForeignKeyField(Staff, on_delete="RESTRICT")
    made_at = MomentField(default=utc_now)
    form_key = CharField(max_length=64, unique=True)

    PRINTABLE = timedelta(minutes=30)


class Approval(Table):
    """What one of the commune asks and another must confirm: a reset in person, a merge, the undoing of one."""

    kind = CharField(max_length=20)  # reset | merge | undo_merge
    account = ForeignKeyField(Account, on_delete="CASCADE", backref="approvals")
    other_account = ForeignKeyField(Account, null=True, on_delete="CASCADE", backref="+")
    reason = CharField(max_length=500, default="")
    asked_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    asked_at = MomentField(default=utc_now)
    expires_at = MomentField()
    decided_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    decided_at = MomentField(null=True)
    is_granted = BooleanField(null=True)
    moved = JSONField(null=True)  # of a merge: what went from one account to the other, so that it can go back
    form_key = CharField(max_length=64, unique=True)


class AccountEvent(Table):
    """The owner's own log: who opened the account, a document or a dossier, and what was done to the account."""

    account = ForeignKeyField(Account, on_delete="CASCADE", backref="log")
    name = CharField(max_length=40)
    actor_kind = CharField(max_length=20)  # citizen | staff | system
    actor_name = CharField(max_length=200)
    second_name = CharField(max_length=200, default="")  # where two of the commune had to act
    staff = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    subject = CharField(max_length=300, default="")
    purpose = CharField(max_length=300, default="")
    at = MomentField(default=utc_now)

    class Meta:
        indexes = ((("account", "id"), False),)  # serves “Ai đã xem”


class Consent(Table):
    """What a person agreed to: which purpose, in which words, when, before whom; and when they took it back."""

    account = ForeignKeyField(Account, on_delete="CASCADE", backref="consents")
    purpose = CharField(max_length=40)
    version = CharField(max_length=20)
    given_at = MomentField(default=utc_now)
    read_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")  # who read it aloud
    withdrawn_at = MomentField(null=True)

    class Meta:
        indexes = ((("account", "purpose"), False),)


class DeletionRequest(Table):
    account = ForeignKeyField(Account, null=True, on_delete="SET NULL", backref="deletion_requests")
    asked_at = MomentField(default=utc_now)
    due_at = MomentField(index=True)  # the sweep asks by it
    cancelled_at = MomentField(null=True)
    done_at = MomentField(null=True)


# --- businesses ------------------------------------------------------------------------------------------------------


class Business(Table):
    ref = CharField(max_length=16, unique=True, default=new_ref)
    name = CharField(max_length=300)
    tax_code = CharField(max_length=20, unique=True)
    created_at = MomentField(default=utc_now)
    assured_at = MomentField(null=True)  # its registration paper was seen
    assured_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")


class Representative(Table):
    """A person who acts for a business: invited by another or added by the desk, and in force once accepted."""

    business = ForeignKeyField(Business, on_delete="CASCADE", backref="representatives")
    account = ForeignKeyField(Account, on_delete="CASCADE", backref="businesses")
    added_by_name = CharField(max_length=200)
    added_at = MomentField(default=utc_now)
    accepted_at = MomentField(null=True)
    ended_at = MomentField(null=True)


Representative.add_index(
    Representative.index(
        Representative.business,
        Representative.account,
        unique=True,
        where=Representative.ended_at.is_null(),
        name="representative_now",
    )
)


# --- personal documents ----------------------------------------------------------------------------------------------


class PersonalDocument(Table):
    """A paper a person keeps here for the next time. What it says is sealed; only its kind can be read."""

    account = ForeignKeyField(Account, on_delete="CASCADE", backref="documents")
    kind = CharField(max_length=40)
    details = SealedField()  # name, number, issued_on, place, expires_on
    created_at = MomentField(default=utc_now)
    updated_at = MomentField(default=utc_now)
    form_key = CharField(max_length=64, unique=True)  # the form it came by: sent twice, it is kept once

    class Meta:
        indexes = ((("account", "id"), False),)  # serves the list


class DocumentFile(Table):
    """A photo or PDF of a personal document; the file itself is sealed in the store under `stored_name`."""

    document = ForeignKeyField(PersonalDocument, on_delete="CASCADE", backref="files")
    filename = CharField(max_length=200)
    media_type = CharField(max_length=40)
    size_bytes = IntegerField()
    content_key = CharField(max_length=64)  # keyed fingerprint: the same file again is recognised
    stored_name = CharField(max_length=64, unique=True)
    uploaded_at = MomentField(default=utc_now)
    replaced_at = MomentField(null=True)  # an old version, kept with its date


# --- counted tries ---------------------------------------------------------------------------------------------------


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
    account = ForeignKeyField(Account, backref="dossiers", on_delete="RESTRICT")  # the submitter
    business = ForeignKeyField(Business, null=True, backref="dossiers", on_delete="RESTRICT")  # whose it is, not a person's
    procedure_slug = CharField(max_length=120)
    procedure_title = CharField(max_length=300)
    procedure = JSONField()  # as it was when submitted
    owner_name = CharField(max_length=200)
    owner_last_digits_key = CharField(max_length=64)  # second key of the public lookup by dossier code
    owner_plain = CharField(max_length=200, default="")  # the name folded, for the desk's search
    owner_number_key = CharField(max_length=64, default="")  # fingerprint of the owner's whole number, for the same
    field = CharField(max_length=100, default="")  # lĩnh vực, by which reports count
    village = CharField(max_length=200, default="")  # the submitter's, when it was submitted
    answers = SealedField()
    delivery = CharField(max_length=20)  # desk | post | online
    channel = CharField(max_length=20, default="online")  # online | helped | counter | post
    helped_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")  # whose hands typed it
    state = StateField(default=State.SUBMITTED)
    step = CharField(max_length=20, default="")  # within its state: workflow.STEPS
    taken_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")  # on whose table it lies
    payment = CharField(max_length=20, default="")  # "" | requested | paid | waived
    shipment = CharField(max_length=20, default="")  # "" | waiting | handed_over | on_the_way | delivered | came_back | lost
    submitted_at = MomentField(default=utc_now)
    expected_on = DateField(null=True)
    accepted_at = MomentField(null=True)
    first_due_at = MomentField(null=True)  # as promised at acceptance; never overwritten
    due_at = MomentField(null=True)  # the same, moved on by the time the clock stood still
    repromised_at = MomentField(null=True)  # the new date of an apology: told to the citizen, counted as late all the same
    warn_at = MomentField(null=True)  # most of the time is used up
    stopped_at = MomentField(null=True)  # the clock stands still since then
    ended_at = MomentField(null=True)  # refused, stopped, or the result is there
    returned_at = MomentField(null=True)
    punctuality = CharField(max_length=20, default="")  # of one with a result: early | on_time | late

    class Meta:
        indexes = (
            (("office", "taken_by", "state"), False),  # what lies on whose table
            (("office", "owner_plain", "id"), False),  # the search by name
            (("owner_number_key",), False),  # and by number
            (("office", "accepted_at"), False),  # serves the reports: what came in within a period
            (("office", "ended_at"), False),  # and what was solved
            (("office", "punctuality", "ended_at"), False),  # and how: without its wide rows
            (("account", "id"), False),  # serves Trang cá nhân
            (("business", "id"), False),  # and that of a business's representatives
        )

    def is_overdue(self, now: datetime) -> bool:
        return self.due_at is not None and self.ended_at is None and self.stopped_at is None and now > self.due_at


# Serves the desk's queues: all they ask and order by, so that a page is found without the wide rows themselves.
Dossier.add_index(
    Dossier.index(
        Dossier.office, Dossier.state, Dossier.ended_at, Dossier.id, Dossier.step, Dossier.taken_by, Dossier.due_at,
        Dossier.warn_at, Dossier.stopped_at, Dossier.submitted_at, Dossier.accepted_at, Dossier.procedure_slug,
        Dossier.village, Dossier.channel, name="dossier_queue",
    )
)  # fmt: skip


class DossierVersion(Table):
    """What a dossier said before its submitter corrected it."""

    dossier = ForeignKeyField(Dossier, backref="versions", on_delete="RESTRICT")
    answers = SealedField()
    delivery = CharField(max_length=20)
    replaced_at = MomentField(default=utc_now)


class SupplementRequest(Table):
    """What the desk asks for at once; each time it has to ask is a round of its own."""

    dossier = ForeignKeyField(Dossier, backref="supplements", on_delete="RESTRICT")
    round = IntegerField()
    asked_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    asked_at = MomentField(default=utc_now)
    due_on = DateField()
    note = TextField(default="")
    resumes_to = StateField()  # the state the dossier goes back to
    answered_at = MomentField(null=True)  # the submitter has said of each paper that it is sent or will be brought
    closed_at = MomentField(null=True)  # everything is here, or the dossier went another way

    class Meta:
        indexes = ((("dossier", "round"), True),)


class SupplementItem(Table):
    """One asked paper, or one answer to mend, with the reason."""

    request = ForeignKeyField(SupplementRequest, backref="items", on_delete="CASCADE")
    document_key = CharField(max_length=60, default="")  # of the procedure's list; "": something else, named
    name = CharField(max_length=300)
    reason = CharField(max_length=500)
    way = CharField(max_length=20, default="")  # "" not yet said | upload | bring
    arrived_at = MomentField(null=True)  # of a paper that was to be brought
    received_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")


class Help(Table):
    """A village head or officer types for somebody: one person, one procedure, one day, agreed to (“làm giúp”)."""

    ref = CharField(max_length=16, unique=True, default=new_ref)
    helper = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    account = ForeignKeyField(Account, on_delete="CASCADE", backref="helps")
    procedure_slug = CharField(max_length=120)
    agreed_by = CharField(max_length=20)  # code | password | aloud | present (at the counter)
    witness = CharField(max_length=200, default="")
    began_at = MomentField(default=utc_now)
    expires_at = MomentField()  # the end of that day in Việt Nam
    ended_at = MomentField(null=True)  # done, or given up by the helper
    revoked_at = MomentField(null=True)  # by the person
    dossier = ForeignKeyField(Dossier, null=True, on_delete="RESTRICT", backref="+")
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = ((("account", "id"), False), (("helper", "id"), False))

    def is_open(self, now: datetime) -> bool:
        return self.ended_at is None and self.revoked_at is None and now < self.expires_at


class Draft(Table):
    """Answers as they were typed, right or wrong, saved with each page. Becomes a dossier once, or mends one."""

    account = ForeignKeyField(Account, backref="drafts", on_delete="CASCADE")
    procedure_slug = CharField(max_length=120)
    answers = SealedField(default=dict)
    visited = JSONField(default=list)  # the pages already sent, by their name in the address
    saves = JSONField(default=dict)  # how often each page was saved: by it a second phone notices the first
    idempotency_key = CharField(max_length=64, unique=True)
    created_at = MomentField(default=utc_now)
    updated_at = MomentField(default=utc_now)
    dossier = ForeignKeyField(Dossier, null=True, unique=True, on_delete="RESTRICT")
    content_hash = CharField(max_length=64, default="")  # of what was submitted
    # Where it is not a new dossier of the account's own. Each open draft of these is one, as is each of a procedure.
    corrects = ForeignKeyField(Dossier, null=True, on_delete="RESTRICT", backref="corrections")
    supplements = ForeignKeyField(SupplementRequest, null=True, on_delete="RESTRICT", backref="drafts")
    help = ForeignKeyField(Help, null=True, on_delete="CASCADE", backref="drafts")
    closed_at = MomentField(null=True)  # a correction or supplement that was sent

    LIFETIME = timedelta(days=30)

    @property
    def expires_at(self) -> datetime:
        return self.updated_at + self.LIFETIME

    @classmethod
    def is_open(cls):
        return cls.dossier.is_null() & cls.closed_at.is_null()

    @classmethod
    def is_new(cls):
        """Towards a new dossier, typed by its submitter."""
        return cls.dossier.is_null() & cls.corrects.is_null() & cls.supplements.is_null() & cls.help.is_null()

    @classmethod
    def open_ones(cls):
        """New ones and corrections, which their submitters go on with; not those a helper types."""
        mine = cls.is_open() & cls.supplements.is_null() & cls.help.is_null()
        return cls.select().where(mine).order_by(cls.updated_at.desc(), cls.id.desc())


# One open draft a procedure: two taps on “Nộp hồ sơ” are one beginning. So with each correction, supplement and help.
Draft.add_index(Draft.index(Draft.account, Draft.procedure_slug, unique=True, where=Draft.is_new(), name="draft_new"))
Draft.add_index(Draft.index(Draft.corrects, unique=True, where=Draft.closed_at.is_null(), name="draft_correction"))
Draft.add_index(Draft.index(Draft.supplements, unique=True, where=Draft.closed_at.is_null(), name="draft_supplement"))
Draft.add_index(Draft.index(Draft.help, unique=True, where=Draft.dossier.is_null(), name="draft_help"))


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
    # The personal document it was copied from: a copy, so that deleting or replacing that one changes nothing here.
    taken_from = ForeignKeyField(PersonalDocument, null=True, on_delete="SET NULL", backref="+")
    item = ForeignKeyField(SupplementItem, null=True, on_delete="RESTRICT", backref="papers")  # what it was asked as
    replaced_at = MomentField(null=True)  # of a dossier that was corrected: no part of it any more

    class Meta:
        indexes = ((("draft", "document_key"), False),)


class LaterPaper(Table):
    """A required document that is not sent: to be brought by a day, or received on paper at the counter."""

    draft = ForeignKeyField(Draft, backref="later_papers", on_delete="CASCADE")
    dossier = ForeignKeyField(Dossier, null=True, backref="later_papers", on_delete="RESTRICT")
    document_key = CharField(max_length=60)
    due_on = DateField(null=True)  # fixed when submitted
    arrived_at = MomentField(null=True)
    received_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")

    class Meta:
        indexes = ((("draft", "document_key"), True),)


class Upload(Table):
    """A photo on its way in pieces (tus 1.0); what has arrived survives a cut line, a killed browser and a restart."""

    ref = CharField(max_length=16, unique=True, default=new_ref)
    draft = ForeignKeyField(Draft, backref="uploads", on_delete="CASCADE")
    document_key = CharField(max_length=60)
    filename = CharField(max_length=200)
    length = IntegerField()
    received = IntegerField(default=0)  # the offset: so many bytes are on disk
    checksum = CharField(max_length=64, default="")  # as the phone says: the same photo chosen again goes on where it stopped
    created_at = MomentField(default=utc_now)
    expires_at = MomentField(index=True)  # the sweep asks by it
    finished_at = MomentField(null=True)
    paper = ForeignKeyField(Paper, null=True, on_delete="SET NULL", backref="+")
    fault = CharField(max_length=300, default="")  # why the whole was refused


class UploadPiece(Table):
    """A run of bytes as it arrived; sealed in the store under `stored_name`."""

    upload = ForeignKeyField(Upload, backref="pieces", on_delete="CASCADE")
    starts_at = IntegerField()
    stored_name = CharField(max_length=64, unique=True)

    class Meta:
        indexes = ((("upload", "starts_at"), True),)


class Rating(Table):
    """What somebody thought of the service, once a dossier; shown in totals only."""

    dossier = ForeignKeyField(Dossier, unique=True, on_delete="RESTRICT")
    score = IntegerField()  # 1 not content | 2 content | 3 very content
    words = SealedField(null=True)
    given_at = MomentField(default=utc_now)


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
    before = JSONField(null=True)  # of a move: what it changed in the dossier's row, as it was; by it a slip is undone
    undoes = ForeignKeyField("self", null=True, unique=True, on_delete="RESTRICT", backref="+")


class ClockStop(Table):
    """A span in which a dossier's clock stands still."""

    dossier = ForeignKeyField(Dossier, backref="clock_stops", on_delete="RESTRICT")
    kind = CharField(max_length=20)  # supplement | payment | withdrawal | verification
    began_at = MomentField()
    ended_at = MomentField(null=True)
    began_by = ForeignKeyField(Event, on_delete="RESTRICT", backref="+")
    ended_by = ForeignKeyField(Event, null=True, on_delete="RESTRICT", backref="+")


class HandOver(Table):
    """A line of the control slip (phiếu kiểm soát): a dossier went from one table to another."""

    dossier = ForeignKeyField(Dossier, backref="hand_overs", on_delete="RESTRICT")
    from_staff = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    to_staff = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    from_name = CharField(max_length=200)  # unit or person, as it was called then
    to_name = CharField(max_length=200)
    at = MomentField(default=utc_now)
    due_at = MomentField(null=True)  # by when the giver had to be done
    note = CharField(max_length=500, default="")
    form_key = CharField(max_length=64, unique=True)


class Transfer(Table):
    """A dossier that another office or commune is to deal with, handed over rather than refused."""

    dossier = ForeignKeyField(Dossier, backref="transfers", on_delete="RESTRICT")
    from_office = CharField(max_length=20)
    to_office = CharField(max_length=20)
    to_name = CharField(max_length=200)
    is_ours = BooleanField()  # its people work with this program, and find it in their queue
    reason = CharField(max_length=500)
    by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    at = MomentField(default=utc_now)
    closed_at = MomentField(null=True)  # taken over there, or come back
    form_key = CharField(max_length=64, unique=True)


class OtherCode(Table):
    """What a dossier is called elsewhere: at another agency, or in the program used before."""

    dossier = ForeignKeyField(Dossier, backref="other_codes", on_delete="CASCADE")
    code = CharField(max_length=60)  # as dossier_codes writes it
    whose = CharField(max_length=200, default="")

    class Meta:
        indexes = ((("code", "dossier"), True),)


class PaperCheck(Table):
    """What an officer found of one required document; the newest line of each counts."""

    dossier = ForeignKeyField(Dossier, backref="checks", on_delete="RESTRICT")
    document_key = CharField(max_length=60)
    verdict = CharField(max_length=20)  # good | lacking | later
    reason = CharField(max_length=500, default="")
    by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    at = MomentField(default=utc_now)

    class Meta:
        indexes = ((("dossier", "document_key", "id"), False),)


class Apology(Table):
    """An apology for a result that comes late, with its reason and one new date: prepared by one, signed by another."""

    dossier = ForeignKeyField(Dossier, backref="apologies", on_delete="RESTRICT")
    reason = CharField(max_length=500)
    due_before = MomentField()  # the date that cannot be kept
    new_due_at = MomentField()
    made_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    made_at = MomentField(default=utc_now)
    signed_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    signed_at = MomentField(null=True)
    dropped_at = MomentField(null=True)  # not signed, or no longer needed
    form_key = CharField(max_length=64, unique=True)


# One at a time: a second officer finds the first one's.
Apology.add_index(
    Apology.index(
        Apology.dossier,
        unique=True,
        where=(Apology.signed_at.is_null() & Apology.dropped_at.is_null()),
        name="apology_open",
    )
)


class FormCounter(Table):
    """The running number of one printed form of an office, each year from 1, without gaps."""

    office = CharField(max_length=20)
    form = CharField(max_length=20)
    year = IntegerField()
    last = IntegerField()

    class Meta:
        indexes = ((("office", "form", "year"), True),)


class PrintedForm(Table):
    """A numbered form as it was made out: what it says is kept, so that a reprint says the same."""

    dossier = ForeignKeyField(Dossier, backref="printed_forms", on_delete="RESTRICT")
    office = CharField(max_length=20)
    form = CharField(max_length=20)  # receipt | supplement | refusal | apology | stop | control
    form_set = CharField(max_length=10)  # 2018 | 2025
    year = IntegerField()
    number = IntegerField()
    values = SealedField()
    about = ForeignKeyField(Event, null=True, on_delete="RESTRICT", backref="+")  # what it was made out for: once each
    made_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    made_at = MomentField(default=utc_now)
    copies = IntegerField(default=0)  # how often it was printed

    class Meta:
        indexes = (
            (("office", "form", "year", "number"), True),
            (("dossier", "form", "about"), True),
        )


class ResultFile(Table):
    """The result as a file, kept as it came: a digital signature would not survive a change."""

    dossier = ForeignKeyField(Dossier, backref="results", on_delete="RESTRICT")
    filename = CharField(max_length=200)
    media_type = CharField(max_length=40)
    size_bytes = IntegerField()
    content_hash = CharField(max_length=64)
    stored_name = CharField(max_length=64, unique=True)
    signers = JSONField(default=list)  # the names in its digital signatures; not checked, only shown
    is_signed = BooleanField(default=False)
    uploaded_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    uploaded_at = MomentField(default=utc_now)
    replaced_at = MomentField(null=True)


class ResultReturn(Table):
    """How and to whom a result was returned."""

    dossier = ForeignKeyField(Dossier, backref="returns", on_delete="RESTRICT")
    way = CharField(max_length=20)  # desk | post | online
    receiver = CharField(max_length=200)
    is_owner = BooleanField(default=True)
    paper_seen = CharField(max_length=200, default="")  # of another: what shows that they may receive it
    by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")  # null: opened online by its owner
    at = MomentField(default=utc_now)
    event = ForeignKeyField(Event, unique=True, on_delete="RESTRICT", backref="+")


class TextMessage(Table):
    """A text for the desk's own phone to send (SMS); it says nothing personal."""

    dossier = ForeignKeyField(Dossier, backref="text_messages", on_delete="RESTRICT")
    event = ForeignKeyField(Event, unique=True, on_delete="RESTRICT", backref="+")
    text = CharField(max_length=160)
    made_at = MomentField(default=utc_now)
    sent_at = MomentField(null=True)
    sent_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    dropped_at = MomentField(null=True)  # what it told was undone

    class Meta:
        indexes = ((("sent_at", "dropped_at"), False),)  # serves the list of what waits


# --- money -----------------------------------------------------------------------------------------------------------


class PaymentRequest(Table):
    """What a dossier's owner is asked to pay; only the desk makes one. Amounts are whole đồng, here and below."""

    ref = CharField(max_length=16, unique=True, default=new_ref)
    dossier = ForeignKeyField(Dossier, backref="payment_requests", on_delete="RESTRICT")
    item = CharField(max_length=200)
    amount_dong = BigIntegerField()  # 0: nothing is to be paid, on this ground
    ground = CharField(max_length=500)
    computed = JSONField(null=True)  # how the fee's rules came to the amount, as it was shown
    due_on = DateField(null=True)
    asked_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    asked_at = MomentField(default=utc_now)
    event = ForeignKeyField(Event, null=True, on_delete="RESTRICT", backref="+")  # the move, or the waiving
    replaces = ForeignKeyField("self", null=True, unique=True, on_delete="RESTRICT", backref="+")
    voided_at = MomentField(null=True)
    voided_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    void_reason = CharField(max_length=300, default="")
    settled_at = MomentField(null=True)  # paid or waived: final
    method = CharField(max_length=20, default="")  # cash | transfer | vietqr | online | waived
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = ((("dossier", "id"), False),)


# One at a time: another amount voids the one before.
PaymentRequest.add_index(
    PaymentRequest.index(
        PaymentRequest.dossier,
        unique=True,
        where=(PaymentRequest.settled_at.is_null() & PaymentRequest.voided_at.is_null()),
        name="payment_request_open",
    )
)


class PaymentAttempt(Table):
    """One try to pay online: one order at the gateway."""

    request = ForeignKeyField(PaymentRequest, backref="attempts", on_delete="RESTRICT")
    txn_ref = CharField(max_length=100, unique=True)
    amount_dong = BigIntegerField()
    bank = CharField(max_length=20)
    state = CharField(max_length=20)  # sent | unknown | paid | failed
    made_at = MomentField()
    expires_at = MomentField()
    gateway_no = CharField(max_length=40, default="")  # vnp_TransactionNo
    bank_no = CharField(max_length=60, default="")  # vnp_BankTranNo
    response = CharField(max_length=10, default="")  # the gateway's last word: vnp_ResponseCode
    status = CharField(max_length=10, default="")  # and vnp_TransactionStatus
    paid_at = MomentField(null=True)  # as the gateway says
    settled_at = MomentField(null=True)  # when this program learnt it
    settled_by = CharField(max_length=20, default="")  # ipn | querydr | desk
    # For staff: late | double | void | reversed | refunded_elsewhere | refund_failed
    problem = CharField(max_length=20, default="")
    problem_solved_at = MomentField(null=True)
    problem_solved_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    problem_note = CharField(max_length=500, default="")
    next_query_at = MomentField(null=True)  # null: nothing is left to be asked
    queries = IntegerField(default=0)
    started_by = ForeignKeyField(Account, null=True, on_delete="SET NULL", backref="+")  # who pressed; null: deleted since
    payer_address = CharField(max_length=45, default="")  # the telephone's, as the gateway wants it; emptied once it is over
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = (
            (("request", "id"), False),
            (("next_query_at",), False),  # serves the queue: whose turn it is
            (("state", "settled_at"), False),  # serves the reconciliation
        )


class PaymentNotice(Table):
    """What the gateway said, raw, as it came: written before it is judged (SECURITY §10)."""

    kind = CharField(max_length=20)  # ipn | return | querydr | refund
    raw = TextField()
    received_at = MomentField(default=utc_now, index=True)
    sender = CharField(max_length=45, default="")
    attempt = ForeignKeyField(PaymentAttempt, null=True, backref="notices", on_delete="RESTRICT")
    answer = CharField(max_length=10, default="")  # what it was answered with; "" until judged
    judged_at = MomentField(null=True)


class Refund(Table):
    """Money that goes back by the gateway: asked by one, granted by another; a row of its own, and the payment stays paid."""

    attempt = ForeignKeyField(PaymentAttempt, backref="refunds", on_delete="RESTRICT")
    amount_dong = BigIntegerField()
    reason = CharField(max_length=300)
    request_no = CharField(max_length=40, unique=True)  # vnp_RequestId
    state = CharField(max_length=20)  # asked | dropped | sent | unknown | done | failed
    asked_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    asked_at = MomentField()
    granted_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    granted_at = MomentField(null=True)
    response = CharField(max_length=10, default="")
    settled_at = MomentField(null=True)
    # How it ended, where the gateway did not say so: written by one who has asked, confirmed by another.
    said_state = CharField(max_length=20, default="")  # done | failed
    said_note = CharField(max_length=500, default="")
    said_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    said_at = MomentField(null=True)
    confirmed_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")  # never who wrote it
    form_key = CharField(max_length=64, unique=True)


class Receipt(Table):
    """A numbered receipt of money taken (biên lai); voided, never deleted."""

    office = CharField(max_length=20)
    year = IntegerField()
    number = IntegerField()
    request = ForeignKeyField(PaymentRequest, backref="receipts", on_delete="RESTRICT")
    attempt = ForeignKeyField(PaymentAttempt, null=True, unique=True, on_delete="RESTRICT", backref="+")
    amount_dong = BigIntegerField()
    method = CharField(max_length=20)  # cash | transfer | vietqr | online
    payer_name = CharField(max_length=200)
    reference = CharField(max_length=100, default="")  # of the bank's statement, or the gateway's number
    made_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")  # null: the program, on the gateway's word
    made_at = MomentField(default=utc_now)
    copies = IntegerField(default=0)
    void_reason = CharField(max_length=300, default="")
    void_asked_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    void_asked_at = MomentField(null=True)
    voided_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")  # never who asked for it
    voided_at = MomentField(null=True)
    replaces = ForeignKeyField("self", null=True, unique=True, on_delete="RESTRICT", backref="+")
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = (
            (("office", "year", "number"), True),
            (("office", "made_at"), False),  # serves the day sheet
            (("request", "id"), False),
        )


# --- the post --------------------------------------------------------------------------------------------------------


class Manifest(Table):
    """A list of what is handed over between desk and post at one time, signed by both (danh mục bàn giao)."""

    office = CharField(max_length=20)
    year = IntegerField()
    number = IntegerField()
    direction = CharField(max_length=20)  # collect | return
    made_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    made_at = MomentField(default=utc_now)
    postman = CharField(max_length=200, default="")  # who signed for the post
    signed_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")  # who noted the signature
    signed_at = MomentField(null=True)
    dropped_at = MomentField(null=True)  # made out by mistake: its number stays used
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = ((("office", "year", "number"), True),)


class Shipment(Table):
    """A dossier's papers on their way by the public post: to the desk, or the result to its owner."""

    ref = CharField(max_length=16, unique=True, default=new_ref)
    dossier = ForeignKeyField(Dossier, backref="shipments", on_delete="RESTRICT")
    office = CharField(max_length=20)
    direction = CharField(max_length=20)  # collect | return
    state = CharField(
        max_length=20, default="waiting"
    )  # waiting | handed_over | on_the_way | delivered | returned | lost | dropped
    receiver = CharField(max_length=200)
    address = SealedField()
    phone = CharField(max_length=20, default="")
    fee_dong = BigIntegerField(null=True)  # by the table in content; null: the post says it
    tracking = CharField(max_length=20, default="")  # as the post writes it
    manifest = ForeignKeyField(Manifest, null=True, backref="shipments", on_delete="RESTRICT")
    tries = IntegerField(default=0)  # how often the postman stood before a closed door
    made_at = MomentField(default=utc_now)
    changed_at = MomentField(default=utc_now)

    class Meta:
        indexes = (
            (("office", "state", "id"), False),  # serves the clerk's lists
            (("dossier", "id"), False),
            (("tracking",), False),
        )


class ShipmentStep(Table):
    """What happened to a shipment, and who noted it."""

    shipment = ForeignKeyField(Shipment, backref="steps", on_delete="RESTRICT")
    state = CharField(max_length=20)
    note = CharField(max_length=300, default="")
    by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")  # null: the citizen's own wish
    at = MomentField(default=utc_now)
    form_key = CharField(max_length=64, null=True, unique=True)


class DayCounter(Table):
    """The running number of an office's dossier codes, each day from 1."""

    office = CharField(max_length=20)
    day = DateField()
    last = IntegerField()

    class Meta:
        indexes = ((("office", "day"), True),)


# --- what is said aloud ----------------------------------------------------------------------------------------------


class Recording(Table):
    """A guide or one of its steps, spoken in a language of the commune; one that was replaced stays a while."""

    ref = CharField(max_length=16, unique=True, default=new_ref)
    guide_slug = CharField(max_length=120)
    step = IntegerField(default=0)  # 0: the whole guide; a number, because an index takes no two nulls for the same
    language = CharField(max_length=20)  # vi | jrai | bahnar
    words_hash = CharField(max_length=16, default="")  # of what stood there to be read out: it may be written anew
    state = CharField(max_length=20, default="waiting")  # waiting | working | ready | failed
    uploaded_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    uploaded_at = MomentField(default=utc_now)
    stored_name = CharField(max_length=64, null=True, unique=True)  # as it came; null once it is made small, or no good
    tries = IntegerField(default=0)
    tried_at = MomentField(null=True)  # when the last try began
    mp3_name = CharField(max_length=64, null=True, unique=True)
    mp3_bytes = IntegerField(default=0)
    opus_name = CharField(max_length=64, null=True, unique=True)
    opus_bytes = IntegerField(default=0)
    seconds = IntegerField(default=0)
    fault = CharField(max_length=300, default="")
    ready_at = MomentField(null=True)
    replaced_at = MomentField(null=True)  # by a newer one, or taken away
    removed_by = ForeignKeyField(Staff, null=True, on_delete="RESTRICT", backref="+")
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = (
            (("guide_slug", "step", "language", "id"), False),  # serves a guide's pages
            (("state", "id"), False),  # serves the queue
        )


# One is heard at each place, in each language.
Recording.add_index(
    Recording.index(
        Recording.guide_slug,
        Recording.step,
        Recording.language,
        unique=True,
        where=((Recording.state == "ready") & Recording.replaced_at.is_null()),
        name="recording_in_force",
    )
)


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


class Pack(Table):
    """Guides, a poster and cards for one village as a PDF, which goes after a month; how often it was printed stays."""

    WAITING, WORKING, READY, FAILED = "waiting", "working", "ready", "failed"

    ref = CharField(max_length=12, unique=True, default=new_ref)
    office = CharField(max_length=20)
    village = CharField(max_length=80)  # its key (rules/villages.py)
    choices = JSONField()
    state = CharField(max_length=10, default=WAITING)
    fault = CharField(max_length=300, default="")
    pages = IntegerField(null=True)
    parts = JSONField(default=list)  # [title, pages] of each part, in their order
    size_bytes = IntegerField(null=True)
    stored_name = CharField(max_length=32, default="")  # "": not made yet, or swept
    prints = IntegerField(default=0)  # how often it was taken away to be printed
    tries = IntegerField(default=0)
    asked_by = ForeignKeyField(Staff, on_delete="RESTRICT", backref="+")
    asked_at = MomentField(default=utc_now)
    started_at = MomentField(null=True)
    made_at = MomentField(null=True)
    batch = CharField(max_length=12, default="", index=True)  # those asked for in one go
    form_key = CharField(max_length=64, unique=True)

    class Meta:
        indexes = (
            (("office", "village", "id"), False),  # the last ones of a village
            (("state", "id"), False),  # what waits
        )

    @property
    def is_there(self) -> bool:
        return self.state == self.READY and bool(self.stored_name)

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.WAITING, self.WORKING)


class PaperVisit(Table):
    """How many came from one village's paper to one page in a day: a number, and nothing of who came."""

    village = CharField(max_length=80)
    sheet = CharField(max_length=20)  # its short address: h/4 guide IV, h/0 all guides, d/1.001193 a procedure
    day = DateField()  # in Vietnam
    count = IntegerField(default=0)

    class Meta:
        indexes = ((("village", "sheet", "day"), True),)


TABLES = (
    ContentPart,
    ContentStamp,
    Staff,
    ContentVersion,
    ContentDraft,
    Broadcast,
    Campaign,
    OutreachNote,
    Account,
    IdNumber,
    Registration,
    Login,
    KnownDevice,
    OneTimeCode,
    Slip,
    Approval,
    AccountEvent,
    Consent,
    DeletionRequest,
    Business,
    Representative,
    PersonalDocument,
    DocumentFile,
    Attempts,
    Dossier,
    DossierVersion,
    SupplementRequest,
    SupplementItem,
    Help,
    Draft,
    Paper,
    LaterPaper,
    Upload,
    UploadPiece,
    Rating,
    Event,
    ClockStop,
    HandOver,
    Transfer,
    OtherCode,
    PaperCheck,
    Apology,
    FormCounter,
    PrintedForm,
    ResultFile,
    ResultReturn,
    TextMessage,
    PaymentRequest,
    PaymentAttempt,
    PaymentNotice,
    Refund,
    Receipt,
    Manifest,
    Shipment,
    ShipmentStep,
    DayCounter,
    Recording,
    Message,
    Pack,
    PaperVisit,
)

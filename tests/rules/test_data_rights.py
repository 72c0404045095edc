"""What is promised of people's data: each thing goes when its time has come, and an account when its owner asks for it."""

import secrets
from datetime import timedelta

import pytest
from peewee import IntegrityError
from rows import make_row
from stage import PASSWORD, make_account, make_staff
from together import at_once

import chores
from database import utc_now
from gateways.papers import CleanPaper
from models import (
    TABLES,
    Account,
    AccountEvent,
    Approval,
    Attempts,
    Business,
    Consent,
    DeletionRequest,
    DocumentFile,
    Dossier,
    Draft,
    IdNumber,
    KnownDevice,
    Login,
    Message,
    OneTimeCode,
    OutreachNote,
    Paper,
    PaymentAttempt,
    PaymentNotice,
    PaymentRequest,
    PersonalDocument,
    Registration,
    Representative,
    Slip,
    State,
    Upload,
)
from rules import accounts, businesses, data_export, data_rights, documents, logins, one_time, submission, uploads
from rules.content import PURPOSES
from rules.data_rights import RETENTION, WAITS

NOW = utc_now()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DETAILS = {"name": "Căn cước", "number": "064090888001", "issued_on": "", "place": "", "expires_on": ""}


@pytest.fixture
def files(app):
    """The store, empty."""
    store = app.extensions["files"]
    for name, _ in list(store.names()):
        store.remove(name)
    return store


def keep_document(account: Account, files, count: int = 1, when=NOW) -> PersonalDocument:
    """A document with as many files, each of other bytes."""
    clean = [CleanPaper(secrets.token_bytes(100), "image/jpeg", f"anh-{n}.jpg") for n in range(count)]
    kept = [documents.keep_file(paper, files) for paper in clean]
    document, _ = documents.save_document(account, secrets.token_hex(8), "can_cuoc", DETAILS, kept, files, 10**9, when)
    return document


# --- the table of what is kept how long ------------------------------------------------------------------------------


class World:
    """Somebody, and things of theirs from any moment."""

    def __init__(self, account, officer, files):
        self.account, self.officer, self.files = account, officer, files
        self.business = Business.create(name="Cà phê Ia Băng", tax_code="0100109106")

    def make(self, table, **values):
        needed = {
            Slip: {"made_by": self.officer, "form_key": secrets.token_hex(8)},
            OneTimeCode: {"key": secrets.token_hex(8)},
            Login: {"token_hash": secrets.token_hex(8)},
            KnownDevice: {"token_hash": secrets.token_hex(8)},
            PersonalDocument: {"details": DETAILS, "form_key": secrets.token_hex(8)},
            Draft: {"procedure_slug": "x", "idempotency_key": secrets.token_hex(8)},
            AccountEvent: {"name": "account made", "actor_kind": "system", "actor_name": ""},
            Approval: {"kind": "reset", "asked_by": self.officer, "expires_at": NOW, "form_key": secrets.token_hex(8)},
            Consent: {"purpose": "notices", "version": "1"},
            Representative: {"business": self.business, "added_by_name": "Nay Khác"},
        }
        row = table.create(**{"account": self.account} | needed.get(table, {}) | values)
        return lambda: table.get_or_none(table.id == row.id)


MAKERS = {
    "mã của phiếu vừa in": lambda w, when: _codes_of(w.make(Slip, made_at=when, codes={"recovery": ["x"]})),
    "giấy tờ nhập dở": lambda w, when: w.make(PersonalDocument, kind=documents.UNFINISHED, updated_at=when),
    "ảnh gửi dở": lambda w, when: _begun(w, when),
    "lần đăng nhập đã hết": lambda w, when: w.make(Login, expires_at=when),
    "số lần nhập sai": lambda w, when: _counted(when),
    "bản nháp, từ lần sửa cuối": lambda w, when: w.make(Draft, created_at=when - DAY, updated_at=when),
    "đăng ký quá hạn 7 ngày": lambda w, when: _registered(when),
    "lời mời đại diện": lambda w, when: w.make(Representative, added_at=when),
    "mã một lần đã hết": lambda w, when: w.make(OneTimeCode, kind="reset_link", expires_at=when),
    "thư đã gửi": lambda w, when: _sent(when),
    "máy đã nhớ": lambda w, when: w.make(KnownDevice, seen_at=when),
    "bản cũ của giấy tờ đã thay": lambda w, when: _replaced(w, when),
    "sổ “Ai đã xem”": lambda w, when: w.make(AccountEvent, at=when),
    "việc cán bộ xin và duyệt": lambda w, when: w.make(Approval, asked_at=when),
    "mã phiếu đã dùng": lambda w, when: w.make(OneTimeCode, kind="recovery", used_at=when),
    "đồng ý đã rút": lambda w, when: w.make(Consent, withdrawn_at=when),
    "đại diện đã thôi": lambda w, when: w.make(Representative, added_at=when, accepted_at=when, ended_at=when),
    "thông báo của cổng thanh toán": lambda w, when: _said_by_the_gateway(when),
    "thông báo trả tiền giả mạo": lambda w, when: _said_by_the_gateway(when, answer="97"),
    "nhật ký tuyên truyền ở thôn, làng": lambda w, when: _noted(w, when),
    "địa chỉ mạng lúc trả tiền": lambda w, when: _paid_from(w, when),
    "đơn xin xoá đã xong": lambda w, when: w.make(DeletionRequest, asked_at=when, due_at=when, done_at=when),
}


def _codes_of(slip):
    return lambda: slip().codes


def _begun(world, when):
    draft = world.make(Draft, procedure_slug=secrets.token_hex(8))()
    row = uploads.begin(draft, "giay_chung_sinh", "anh.jpg", 1000, "", world.files, when)
    return lambda: Upload.get_or_none(Upload.id == row.id)


def _counted(when):
    Attempts.create(key=f"login:{when}", failures=3, started_at=when)
    return lambda: Attempts.get_or_none(Attempts.key == f"login:{when}")


def _registered(when):
    row = Registration.create(details={}, id_number_key="x", token_hash=secrets.token_hex(8), expires_at=when)
    return lambda: Registration.get_or_none(Registration.id == row.id)


def _sent(when):
    row = Message.create(key=secrets.token_hex(8), recipient="x@example.vn", subject="x", created_at=when, next_try_at=None)
    return lambda: Message.get_or_none(Message.id == row.id)


def _noted(world, when):
    known = {"village": "Thôn 9", "day": when.date(), "place": "Nhà rông", "reached": 5, "by": world.officer, "at": when}
    row = OutreachNote.create(**known, form_key=secrets.token_hex(8))
    return lambda: OutreachNote.get_or_none(OutreachNote.id == row.id)


def _said_by_the_gateway(when, answer=""):
    row = PaymentNotice.create(kind="ipn", raw="vnp_Amount=1600000", received_at=when, answer=answer)
    return lambda: PaymentNotice.get_or_none(PaymentNotice.id == row.id)


def make_try(account, officer, when) -> PaymentAttempt:
    """A try to pay, whose bank page opened until then."""
    key, dossier = secrets.token_hex(8), make_row(account, secrets.randbelow(10**9))
    asked = PaymentRequest.create(dossier=dossier, item="Phí", amount_dong=1, ground="", asked_by=officer, form_key=key)
    return PaymentAttempt.create(
        request=asked, txn_ref=key, amount_dong=1, bank="NCB", state="sent", made_at=when, expires_at=when,
        started_by=account, payer_address="203.0.113.10", form_key=key,
    )  # fmt: skip


def _paid_from(world, when):
    row = make_try(world.account, world.officer, when)
    return lambda: PaymentAttempt.get_by_id(row.id).payer_address or None


def _replaced(world, when):
    document = keep_document(world.account, world.files)
    row = document.files.get()
    DocumentFile.update(replaced_at=when).where(DocumentFile.id == row.id).execute()
    return lambda: DocumentFile.get_or_none(DocumentFile.id == row.id)


def test_every_promise_is_tried_here():
    assert MAKERS.keys() == {promise.what for promise in RETENTION}


@pytest.mark.parametrize("promise", RETENTION, ids=lambda promise: promise.what)
def test_what_is_older_than_its_promise_is_gone_after_a_sweep_and_what_is_younger_stays(promise, account, officer, files):
    world, make = World(account, officer, files), MAKERS[promise.what]
    young = make(world, NOW - promise.keeps + MINUTE)
    assert young() is not None
    chores.sweep(files, NOW)
    assert young() is not None

    if hasattr(young(), "delete_instance"):
        young().delete_instance()  # of some there may be only one
    old = make(world, NOW - promise.keeps - MINUTE)
    assert old() is not None
    chores.sweep(files, NOW)
    assert old() is None


@pytest.mark.parametrize("promise", RETENTION, ids=lambda promise: promise.what)
def test_the_privacy_page_makes_this_promise(promise, visitor):
    page = visitor.get("/quyen-rieng-tu")

    lines = [" ".join(line.text_content().split()) for line in page.tree.iter("li")]
    (line,) = [line for line in lines if promise.what in line]
    assert line.startswith(f"{data_rights.show_span(promise.keeps)}: ")


@pytest.mark.parametrize(
    "span, words",
    [(30 * MINUTE, "30 phút"), (DAY, "24 giờ"), (30 * DAY, "30 ngày"), (365 * DAY, "1 năm"), (730 * DAY, "2 năm")],
)
def test_a_span_reads_as_people_say_it(span, words):
    assert data_rights.show_span(span) == words


def test_the_log_of_who_saw_what_stays_two_years():
    assert next(promise for promise in RETENTION if "Ai đã xem" in promise.what).keeps >= 730 * DAY


def test_what_is_in_use_stays_however_old_it_is(account, files, dossier, officer):
    document = keep_document(account, files)
    one_time.make_codes("recovery", account, 2, NOW - 900 * DAY)
    for table, moment in (
        (PersonalDocument, "updated_at"),
        (DocumentFile, "uploaded_at"),
        (Draft, "updated_at"),
        (Consent, "given_at"),
    ):
        table.update({moment: NOW - 900 * DAY}).execute()
    waiting = Message.create(key="w", recipient="x@example.vn", subject="x", created_at=NOW - 900 * DAY, next_try_at=NOW)

    chores.sweep(files, NOW)
    assert documents.mine(account, document.id) and document.files.count() == 1
    assert one_time.count_open("recovery", account, NOW) == 2
    assert Consent.select().count() == len(PURPOSES) and Draft.get().dossier == dossier
    assert Message.get_or_none(Message.id == waiting.id)


def test_sweeping_again_changes_nothing(account, officer, files):
    world = World(account, officer, files)
    for promise in RETENTION:
        MAKERS[promise.what](world, NOW - promise.keeps - MINUTE)
    chores.sweep(files, NOW)
    before = [table.select().count() for table in TABLES]

    chores.sweep(files, NOW)
    assert [table.select().count() for table in TABLES] == before


def test_a_signed_notice_and_one_of_a_payment_here_are_no_forgeries(account, officer, files):
    attempt = make_try(account, officer, NOW)
    old = {"kind": "ipn", "raw": "x", "received_at": NOW - 31 * DAY}
    stay = {PaymentNotice.create(**old, answer=answer).id for answer in ("00", "02", "04", "99", "")}
    stay |= {PaymentNotice.create(**old, answer="97", attempt=attempt).id}
    for answer in ("97", "01"):
        PaymentNotice.create(**old, answer=answer)

    chores.sweep(files, NOW)
    assert {notice.id for notice in PaymentNotice.select()} == stay


def test_who_pressed_pay_is_forgotten_with_the_account_and_the_payment_stays(account, officer, files):
    payer = make_account("Rah Lan Blĕo", "blo@example.vn")
    attempts_ = [make_try(account, officer, NOW) for _ in range(2)]
    PaymentAttempt.update(started_by=payer).where(PaymentAttempt.id == attempts_[1].id).execute()

    assert data_rights.delete_account(payer, NOW) == 0 and data_rights.delete_account(account, NOW) == 2

    assert Account.get_or_none(Account.id == payer.id) is None
    assert [(one.started_by, one.payer_address) for one in PaymentAttempt.select().order_by(PaymentAttempt.id)] == [
        (account, ""),  # closed, with its name, for the dossiers it handed in
        (None, ""),
    ]


def test_who_takes_everything_home_reads_from_where_they_paid(account, officer, files, library):
    attempt = make_try(account, officer, NOW)
    make_try(make_account("Rah Lan Blĕo", "blo@example.vn"), officer, NOW)

    told = data_export.gather(account, files, library, NOW).sections["Lần bạn bấm trả tiền"]
    assert told == [{"Mã": attempt.txn_ref, "Lúc": NOW, "Số tiền (đồng)": 1, "Địa chỉ mạng": "203.0.113.10"}]


# --- asking for deletion ---------------------------------------------------------------------------------------------


def log_of(account: Account) -> list[str]:
    return [event.name for event in AccountEvent.select().where(AccountEvent.account == account.id).order_by(AccountEvent.id)]


def test_a_deletion_waits_seven_days_and_the_owner_is_told(account):
    request = data_rights.ask_deletion(account, NOW)

    assert request.due_at == NOW + 7 * DAY
    assert log_of(account) == ["deletion asked"]
    (letter,) = Message.select()
    assert (letter.recipient, letter.key) == (account.email, f"deletion-{request.id}")
    assert "Thôi, không xoá" in letter.body


def test_asked_twice_the_first_day_stands(account):
    first = data_rights.ask_deletion(account, NOW)
    again = data_rights.ask_deletion(account, NOW + DAY)

    assert (again, again.due_at) == (first, NOW + WAITS)
    assert len(log_of(account)) == Message.select().count() == 1


def test_two_taps_at_the_same_moment_ask_once(account):
    tap = lambda: data_rights.ask_deletion(account, NOW)  # noqa: E731

    assert len({request.id for request in at_once(tap, tap, tap, tap)}) == 1
    assert DeletionRequest.select().count() == 1


def test_a_letter_about_it_leaves_also_without_consent_to_letters(account):
    Consent.delete().execute()
    data_rights.ask_deletion(account, NOW)

    assert Message.select().count() == 1


def test_before_its_day_nothing_happens(account, files):
    data_rights.ask_deletion(account, NOW)

    chores.sweep(files, NOW + WAITS - MINUTE)
    assert accounts.account_of_number(account.id_number).may_log_in


def test_cancelled_it_never_happens(account, files):
    data_rights.ask_deletion(account, NOW)
    assert data_rights.cancel_deletion(account, NOW + DAY)
    assert not data_rights.cancel_deletion(account, NOW + DAY), "there is nothing left to cancel"

    chores.sweep(files, NOW + 30 * DAY)
    assert accounts.account_of_number(account.id_number).may_log_in
    assert log_of(account) == ["deletion asked", "deletion cancelled"]


def test_after_cancelling_it_can_be_asked_for_again(account, files):
    data_rights.ask_deletion(account, NOW)
    data_rights.cancel_deletion(account, NOW + DAY)
    data_rights.ask_deletion(account, NOW + 2 * DAY)

    chores.sweep(files, NOW + 8 * DAY)
    assert Account.select().count() == 1
    chores.sweep(files, NOW + 9 * DAY)
    assert Account.select().count() == 0


def test_nobody_cancels_for_another(account):
    neighbour = make_account("Siu Blĕo")
    data_rights.ask_deletion(account, NOW)

    assert not data_rights.cancel_deletion(neighbour, NOW)
    assert data_rights.open_request(account) and not data_rights.open_request(neighbour)


def test_the_balance_says_what_goes_and_what_stays(account, submit, make_draft, files):
    keep_document(account, files)
    first, _ = submit(account), submit(account, "dang-ky-khai-tu")
    Dossier.update(state=State.RETURNED).where(Dossier.id == first.id).execute()
    make_draft(account)

    assert data_rights.balance(account) == data_rights.Balance(documents=1, drafts=1, dossiers=2, open_dossiers=1)


# --- carrying it out, without a dossier ------------------------------------------------------------------------------


@pytest.fixture
def noted():
    """What the security log was told."""
    return []


@pytest.fixture
def delete(files, noted):
    """Ask for the deletion of an account, and let its day come."""

    def carry_out(account: Account, when=NOW) -> None:
        data_rights.ask_deletion(account, when)
        chores.sweep(files, when + WAITS, lambda event, **facts: noted.append((event, facts)))

    return carry_out


def rich(account: Account, files, make_draft, officer, library) -> None:
    """One of everything an account can have, but for a dossier."""
    keep_document(account, files, 2)
    make_draft(account)
    logins.begin_login(account, "Nokia", NOW)
    logins.remember_device(account, "x", NOW)
    make_account("Nay Khác", email="")
    one_time.make_codes("recovery", account, 8, NOW)
    Slip.create(account=account, made_by=officer, form_key="k2")
    Approval.create(kind="reset", account=account, asked_by=officer, expires_at=NOW + DAY, form_key="k3")
    Registration.create(details={"phone": "x"}, id_number_key="x", token_hash="x", expires_at=NOW, account=account)
    businesses.add(account, "Cà phê Ia Băng", "0100109106", NOW)


def test_without_a_dossier_nothing_of_the_account_is_left(account, delete, files, make_draft, officer, library, noted):
    rich(account, files, make_draft, officer, library)
    names = {row.stored_name for table in (DocumentFile, Paper) for row in table.select()}
    delete(account)

    assert Account.get_or_none(Account.id == account.id) is None
    for table in TABLES:
        if "account" in table._meta.fields:
            assert not table.select().where(table.account == account.id).exists(), table.__name__
    assert DocumentFile.select().count() == Paper.select().count() == 0
    assert names and not names & {name for name, _ in files.names()}
    assert noted == [("account deleted", {"account": account.id, "request": DeletionRequest.get().id, "dossiers": 0})]
    assert Account.select().count() == 1, "of the others nobody is gone"


def test_a_file_kept_a_moment_ago_goes_a_day_later(account, files, noted):
    data_rights.ask_deletion(account, utc_now() - WAITS)
    keep_document(account, files)
    before = len(list(files.names()))
    chores.sweep(files, utc_now())
    chores.sweep(files, utc_now() + 25 * HOUR)

    assert before == 1 and not list(files.names())


def test_letters_to_the_address_go_with_it(account, delete):
    Message.create(key="told", recipient="HLan@example.vn", subject="x")
    delete(account)

    assert Message.select().count() == 0


def test_letters_of_a_family_address_stay_for_the_others(account, delete):
    make_account("Siu Blĕo", email="HLAN@example.vn")
    Message.create(key="told", recipient=account.email, subject="x")
    delete(account)

    assert Message.get_or_none(Message.key == "told")


def test_registrations_that_nobody_confirmed_go_with_it(account, delete):
    for number in (account.id_number, "064090999999"):
        key = accounts.person_key(number)
        Registration.create(details={}, id_number_key=key, token_hash=key, expires_at=NOW + 30 * DAY)
    delete(account)

    assert Registration.get().id_number_key == accounts.person_key("064090999999")


def test_the_other_representatives_are_told(account, delete):
    business = businesses.add(account, "Cà phê Ia Băng", "0100109106", NOW)
    other = make_account("Siu Blĕo")
    Representative.create(business=business, account=other, added_by_name="x", accepted_at=NOW)
    delete(account)

    assert [person.account for person in businesses.representatives(business)] == [other]
    assert log_of(other) == ["representative changed"]


def test_the_number_can_have_an_account_again(account, delete):
    number = account.id_number
    delete(account)

    assert accounts.account_of_number(number) is None
    assert make_account(id_number=number).id_number == number


def test_swept_twice_it_is_deleted_once(account, delete, files, noted):
    delete(account)
    chores.sweep(files, NOW + WAITS + HOUR, lambda event, **facts: noted.append(event))

    assert len(noted) == 1
    assert DeletionRequest.get().done_at == NOW + WAITS


# --- carrying it out, with dossiers ----------------------------------------------------------------------------------


@pytest.fixture
def closed(account, files, dossier, delete, make_draft, officer, library):
    """Somebody who had submitted a dossier before the account was deleted."""
    rich(account, files, make_draft, officer, library)
    delete(account)
    return Account.get_by_id(account.id)


def test_with_a_dossier_the_account_is_closed_and_emptied(closed):
    assert closed.closed_at == NOW + WAITS and not closed.may_log_in
    assert (closed.phone, closed.email, closed.village, closed.password_hash, closed.birth_date) == ("", "", "", "", None)
    gone = (IdNumber, Registration, Login, KnownDevice, OneTimeCode, Slip, Approval, PersonalDocument)
    assert [table.__name__ for table in gone if table.select().where(table.account == closed.id).exists()] == []
    assert DocumentFile.select().count() == 0
    assert not Draft.open_ones().where(Draft.account == closed.id).exists()
    assert businesses.mine(closed) == []


def test_the_dossier_and_its_papers_stay_as_they_were(closed, dossier, files, noted):
    kept = Dossier.get_by_id(dossier.id)

    assert (kept.answers, kept.owner_name, kept.state, kept.account) == (
        dossier.answers,
        dossier.owner_name,
        dossier.state,
        closed,
    )
    assert kept.account.full_name == "Rơ Châm H'Lan" and kept.account.id_number
    assert [files.read(paper.stored_name)[:2] for paper in kept.papers] == [b"\xff\xd8"]
    assert len(submission.timeline(kept)) == 1
    assert noted[0][1]["dossiers"] == 1


def test_papers_that_a_document_was_copied_into_stay(account, delete, submit, files):
    document = keep_document(account, files)
    dossier = submit(account)
    Paper.update(taken_from=document).execute()
    delete(account)

    assert [paper.taken_from for paper in dossier.papers] == [None]
    assert files.read(dossier.papers.get().stored_name)


def test_the_law_keeps_who_has_seen_what_and_that_consent_was_given_once(closed):
    assert log_of(closed)[-1] == "account deleted"
    assert Consent.select().where(Consent.account == closed.id).count() == len(PURPOSES)
    assert not Consent.select().where(Consent.account == closed.id, Consent.withdrawn_at.is_null()).exists()


def test_the_number_registers_anew_and_sees_nothing_of_before(closed):
    again = make_account(id_number=closed.id_number)

    assert accounts.account_of_number(closed.id_number) == again
    assert list(submission.all_mine(again)) == []
    with pytest.raises(logins.LoginRefused):
        accounts.check_citizen(closed.id_number, PASSWORD + "x", "113.160.5.77", "", NOW)


def test_a_closed_account_is_not_deleted_again(closed, files, noted):
    DeletionRequest.create(account=closed, asked_at=NOW, due_at=NOW)
    chores.sweep(files, NOW + 10 * DAY, lambda event, **facts: noted.append(event))

    assert Account.get_by_id(closed.id).closed_at == closed.closed_at


# --- merged accounts, and what comes in between ----------------------------------------------------------------------


def merge(absorbed: Account, kept: Account) -> None:
    Account.update(merged_into=kept).where(Account.id == absorbed.id).execute()
    IdNumber.update(account=kept).where(IdNumber.account == absorbed.id).execute()


def test_what_was_merged_into_it_goes_too(account, delete):
    old, older = make_account("Rơ Châm H'Lan", email=""), make_account("Rơ Châm H'Lan", email="")
    merge(old, account)
    merge(older, old)
    delete(account)

    assert Account.select().count() == IdNumber.select().count() == 0


def test_one_merged_into_another_meanwhile_is_not_deleted(account, files, noted):
    data_rights.ask_deletion(account, NOW)
    other = make_account("Rơ Châm H'Lan", email="")
    merge(account, other)
    chores.sweep(files, NOW + WAITS, lambda event, **facts: noted.append(event))

    assert Account.select().count() == 2 and noted == []
    assert DeletionRequest.get().cancelled_at == NOW + WAITS


def test_killed_in_the_middle_nothing_has_happened_and_the_next_sweep_does_it(account, files, dossier, monkeypatch):
    data_rights.ask_deletion(account, NOW)

    class Killed(BaseException):
        pass

    def kill(*args, **facts):
        raise Killed

    with pytest.raises(Killed):
        data_rights.carry_out_due(NOW + WAITS, kill)
    fresh = Account.get_by_id(account.id)
    assert fresh.may_log_in and fresh.email and data_rights.open_request(account)

    chores.sweep(files, NOW + WAITS + HOUR)
    assert Account.get_by_id(account.id).closed_at == NOW + WAITS + HOUR


def test_one_that_fails_holds_up_neither_the_others_nor_the_sweep(account, files, monkeypatch, noted):
    other = make_account("Siu Blĕo")
    data_rights.ask_deletion(account, NOW)
    data_rights.ask_deletion(other, NOW)
    usual = data_rights.delete_account

    def clash(person, now):
        if person == account:
            raise IntegrityError("a dossier came in between")
        return usual(person, now)

    monkeypatch.setattr(data_rights, "delete_account", clash)
    chores.sweep(files, NOW + WAITS)
    assert [person.id for person in Account.select()] == [account.id]
    assert data_rights.open_request(account)


def test_the_sweep_and_a_cancelling_at_the_same_moment_agree(account, files):
    data_rights.ask_deletion(account, NOW)
    done, cancelled = at_once(
        lambda: data_rights.carry_out_due(NOW + WAITS, lambda *args, **facts: None),
        lambda: data_rights.cancel_deletion(account, NOW + WAITS),
    )
    assert (done == 1) != (cancelled is True), (done, cancelled)
    assert Account.select().count() == (0 if done == 1 else 1)


def test_a_submitted_drafts_papers_never_go_with_an_account(account, files, dossier, delete):
    """Even where the dossier has moved to another account, its papers hang on the draft."""
    other = make_account("Rơ Châm H'Lan", email="")
    Dossier.update(account=other).execute()
    delete(account)

    assert dossier.papers.count() == 1


# --- documents kept no more ------------------------------------------------------------------------------------------


def test_deleting_all_documents_leaves_no_file_and_touches_nobody_elses(account, files):
    neighbour = make_account("Siu Blĕo")
    keep_document(account, files, 2)
    theirs = keep_document(neighbour, files).files.get().stored_name
    documents.keep_begun(account, "k", {"name": "x"}, [], files, 10**9, NOW)

    data_rights.delete_documents(account, files)
    assert [document.account for document in PersonalDocument.select()] == [neighbour]
    assert {name for name, _ in files.names()} == {theirs}


def test_an_officers_rows_are_not_touched_by_any_of_it(account, delete):
    officer = make_staff("officer")
    logins.remember_device(officer, "desk", NOW)
    delete(account)

    assert KnownDevice.get().staff == officer

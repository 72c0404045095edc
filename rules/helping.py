"""“Làm giúp”: one of the commune types for somebody who agreed, one procedure, until the day ends; and at the counter."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from peewee import IntegrityError

from database import db
from models import Account, AccountEvent, Dossier, Draft, Help, LaterPaper, Login, Staff
from rules import WrongInput, account_log, accounts, attempts, logins, one_time, people, recovery, submission
from rules.attempts import Limit
from rules.identity import read_person_name
from rules.logins import LoginRefused
from rules.vietnamese import VIETNAM_TIME, fold, in_vietnam

HELPERS = ("officer", "village_head")
PURPOSE = "Hướng dẫn, giúp nộp hồ sơ"  # of people.PURPOSES; what the person's page is opened for
# How a person agreed, as their own log says it.
AGREED = {
    "code": "đồng ý bằng một mã trên phiếu",
    "password": "đồng ý bằng mật khẩu",
    "aloud": "đồng ý bằng lời",
    "present": "có mặt tại quầy",
}
# Whoever helps finds people by number and may hold their slips: neither numbers nor secrets are to be tried out.
MISSES = Limit("help-miss", 30, timedelta(minutes=15), why="Bạn đã tìm nhiều số chưa có tài khoản.")
GUESSES = Limit("help-guess", 20, timedelta(minutes=15))
EVENTS = ("help agreed", "help saved", "help submitted", "help ended", "help taken back")


class HelpOver(Exception):
    """The help is open no more: taken back, given up, over with the day, or no longer this helper's to give."""


# --- whom ------------------------------------------------------------------------------------------------------------


def find_person(number: str, helper: Staff, now: datetime) -> Account | None:
    """Whom the helper may help, by number; somebody of another village is as nobody. Raises TooManyTries after many misses."""
    who = f"staff:{helper.id}"
    attempts.refuse_if_blocked(MISSES, who, now)
    account = people.find_person(number, helper)
    if account is None:
        attempts.count_failure(MISSES, who, now)
    return account


def open_person(account: Account, helper: Staff, now: datetime) -> None:
    """Write in the owner's log that the helper opened the account; what was closed by “Người tiếp theo” opens again."""
    with db.atomic():
        people.open_for(account, helper, PURPOSE, now)
        if person_to_help(account.ref, helper, now) is None:
            account_log.record(account, people.OPENED, now, by=helper, purpose=PURPOSE)


def person_to_help(ref: str, helper: Staff, now: datetime) -> Account | None:
    """Whom the helper has opened within the half hour, and not been done with since."""
    account = people.opened_account(ref, helper, now)
    if account is None:
        return None
    done = Help.select().where(Help.helper == helper.id, Help.account == account.id, Help.ended_at.is_null(False))
    last = done.order_by(Help.ended_at.desc()).first()
    if last is None or last.ended_at > now + Login.TOLERANCE:
        return account
    opened = AccountEvent.account == account.id, AccountEvent.staff == helper.id, AccountEvent.name == people.OPENED
    return account if AccountEvent.select().where(*opened, AccountEvent.at > last.ended_at).exists() else None


def enter_person(number: str, full_name: str, birth_date: date, village: str, by: Staff, now: datetime) -> Account:
    """Somebody at the counter, whose card `by` has before them: the account of the number, made when there is none.

    It has no password, so that nobody logs in before a slip is made for it; its dossiers are then there. What the commune
    is handed it works on by law, so nothing is agreed to here; but without agreeing nobody is sent letters.
    """
    try:
        with db.atomic():
            account = accounts.make_account(
                number, now, added_by=by, full_name=full_name, birth_date=birth_date.isoformat(), village=village
            )
            account_log.record(account, "entered at counter", now, by=by)
            people.see_paper(account, by, now)
    except IntegrityError:
        account = people.find_person(number, by)
        if account is None:
            raise WrongInput("Số này không nhập ở đây được. Tìm ở mục Người dân.") from None
    return account


# --- agreeing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Agreement:
    """How the person agreed: `secret` is what they typed themselves, `witness` who heard them."""

    way: str  # of AGREED
    secret: str = ""
    witness: str = ""


def words_to_read(account: Account, helper: Staff, title: str) -> str:
    """What is read aloud, and what every other way of agreeing says too."""
    return (
        f"Tôi là {account.full_name}. Tôi đồng ý để {submission.helper_words(helper)} nhập giúp tôi một hồ sơ: {title}. "
        "Chỉ trong hôm nay, chỉ hồ sơ này. Tôi có thể thôi bất cứ lúc nào."
    )


def ways_open_to(account: Account) -> list[str]:
    """A password and the codes beside it are those of an account in use."""
    return ["code", "password", "aloud"] if account.may_log_in else ["aloud"]


def read_witness(typed: str, account: Account, helper: Staff) -> str:
    """The full name of who hears the person agree: neither of the two. Raises WrongInput."""
    name = read_person_name(typed)
    if fold(name) == fold(helper.full_name):
        raise WrongInput("Người làm chứng phải là người khác, không phải bạn. Nhập họ tên người đó.")
    if fold(name) == fold(account.full_name):
        raise WrongInput("Người làm chứng phải là người khác, không phải chính người dân. Nhập họ tên người đó.")
    if len(name.split()) < 2:
        raise WrongInput("Nhập đủ họ và tên người làm chứng")
    return name


def begin(
    account: Account,
    helper: Staff,
    procedure: dict,
    agreement: Agreement,
    now: datetime,
    form_key: str,
    address: str = "",
    device: str = "",
) -> Help:
    """The help agreed to; the same form again, or the same work still open, is the same help.

    `address` and `device` are whence a secret was typed. Raises WrongInput for a wrong one, TooManyTries after many.
    """
    key = f"{helper.id}-{account.id}-{form_key}"[:64]
    if found := Help.get_or_none(Help.form_key == key):
        return found
    code = _check(account, helper, agreement, address, device, now)
    try:
        with db.atomic():
            # The first write locks the account: of two taps the second finds the first one's help.
            Account.update(full_name=Account.full_name).where(Account.id == account.id).execute()
            if not people.may_help(helper, Account.get_by_id(account.id)):
                raise WrongInput("Tài khoản này vừa thay đổi. Tìm lại người dân.")
            finish_all(helper, now)
            return _open_help_of(account, helper, procedure["slug"], now) or _begin(
                account, helper, procedure, agreement, code, now, key
            )
    except IntegrityError:
        return Help.get(Help.form_key == key)


def _begin(account, helper, procedure, agreement, code, now, key) -> Help:
    if code and not one_time.use(code, now):
        raise WrongInput("Mã này vừa được dùng. Dùng mã khác trên phiếu.")
    witness = f", người làm chứng: {agreement.witness}" if agreement.witness else ""
    account_log.record(
        account, "help agreed", now, by=helper, subject=procedure["title"], purpose=AGREED[agreement.way] + witness
    )
    return Help.create(
        helper=helper,
        account=account,
        procedure_slug=procedure["slug"],
        agreed_by=agreement.way,
        witness=agreement.witness,
        began_at=now,
        expires_at=end_of_day(now),
        form_key=key,
    )


def end_of_day(now: datetime) -> datetime:
    """Midnight in Việt Nam."""
    return datetime.combine(in_vietnam(now).date() + timedelta(days=1), time(), VIETNAM_TIME).astimezone(now.tzinfo)


def _check(account: Account, helper: Staff, agreement: Agreement, address: str, device: str, now: datetime):
    """The code to be used up, if it was one. Guesses are counted for the person as at the login, and for the helper."""
    if agreement.way not in ("code", "password"):
        return None
    who = f"staff:{helper.id}"
    attempts.refuse_if_blocked(GUESSES, who, now)
    try:
        if agreement.way == "code":
            return recovery.check_code(account.id_number, agreement.secret, ("recovery",), address, device, now)
        mine = account if account.may_log_in else None
        counted_as = accounts.counted_as(account.id_number, account)
        logins.check_password(mine, counted_as, agreement.secret, address, device, now)
    except LoginRefused:
        attempts.count_failure(GUESSES, who, now)
        raise WrongInput("Mật khẩu chưa đúng. Đưa máy cho người dân gõ lại.") from None
    except attempts.TooManyTries:
        raise
    except WrongInput:
        attempts.count_failure(GUESSES, who, now)
        raise
    return None


# --- the help's day --------------------------------------------------------------------------------------------------


def _is_open(now: datetime):
    # A clock set back does not make tomorrow's help of today's.
    return (
        Help.ended_at.is_null() & Help.revoked_at.is_null() & (Help.expires_at > now) & (Help.began_at <= now + Login.TOLERANCE)
    )


def _open_help_of(account: Account, helper: Staff, slug: str, now: datetime) -> Help | None:
    same = Help.account == account.id, Help.helper == helper.id, Help.procedure_slug == slug
    return Help.get_or_none(*same, _is_open(now), Help.dossier.is_null())


def help_of(ref: str, helper: Staff, now: datetime) -> Help | None:
    """The helper's own help of this day, as long as the person is one to help: open, handed in, or taken back today."""
    found = Help.get_or_none(Help.ref == ref, Help.helper == helper.id)
    is_of_today = found and now < found.expires_at and found.began_at <= now + Login.TOLERANCE
    return found if is_of_today and found.ended_at is None and people.may_help(helper, found.account) else None


def open_ones(helper: Staff, now: datetime) -> list[Help]:
    """What the helper has begun today and not handed in, the newest first."""
    mine = Help.select(Help, Account).join(Account).where(Help.helper == helper.id, _is_open(now), Help.dossier.is_null())
    return [help for help in mine.order_by(Help.id.desc()) if people.may_help(helper, help.account)]


@contextmanager
def hold(help: Help, now: datetime) -> Iterator[None]:
    """A transaction in which nobody takes the help back. Raises HelpOver when somebody has."""
    with db.atomic():
        # Locks the help before its draft, as does who takes it back: one waits for the other.
        if not Help.update(ref=Help.ref).where(Help.id == help.id, _is_open(now)).execute():
            raise HelpOver
        if not people.may_help(help.helper, Account.get_by_id(help.account_id)):
            raise HelpOver
        yield


def draft_of(help: Help) -> Draft | None:
    return Draft.get_or_none(Draft.help == help.id, Draft.dossier.is_null())


def begin_draft(help: Help, now: datetime) -> Draft:
    """What the helper types into; the person's own draft of the same procedure is another."""
    what = {"account": help.account_id, "procedure_slug": help.procedure_slug, "help": help}
    return draft_of(help) or submission.begin_draft(lambda: draft_of(help), now, **what)


def note_page(help: Help, page_title: str, now: datetime) -> None:
    """One line a page in the person's log, however often it is saved."""
    if page_title not in [event.subject for event in what_was_done(help) if event.name == "help saved"]:
        _record(help, "help saved", now, subject=page_title)


def hand_in(help: Help, submit: Callable[[], Dossier], now: datetime) -> Dossier:
    """Make the dossier by `submit`, unless the person takes the help back first; pressed twice, it is one. Raises HelpOver."""
    with hold(help, now):
        dossier = submit()
        if Help.update(dossier=dossier).where(Help.id == help.id, Help.dossier.is_null()).execute():
            _record(help, "help submitted", now, subject=dossier.code)
    return dossier


def _record(help: Help, name: str, now: datetime, by: Account | Staff | None = None, subject: str = "") -> None:
    account_log.record(help.account_id, name, now, by=by or help.helper, subject=subject, purpose=f"làm giúp {title_of(help)}")


def give_up(help: Help, now: datetime) -> None:
    """The helper stops before handing in; what was typed is the person's to go on with or to delete."""
    with db.atomic():
        if Help.update(ended_at=now).where(Help.id == help.id, _is_open(now), Help.dossier.is_null()).execute():
            _record(help, "help ended", now)


def finish(help: Help, now: datetime) -> None:
    """After handing in, the farewell page is closed: nobody who comes next reads it."""
    Help.update(ended_at=now).where(Help.id == help.id, Help.dossier.is_null(False), Help.ended_at.is_null()).execute()


def finish_all(helper: Staff, now: datetime) -> None:
    """Close every farewell page of the helper: who begins with one is done with the one before."""
    handed_in = Help.dossier.is_null(False), Help.ended_at.is_null()
    Help.update(ended_at=now).where(Help.helper == helper.id, *handed_in).execute()


# --- the person's side -----------------------------------------------------------------------------------------------


def helps_of(account: Account):
    """Every help given to the person, the newest first, also under an account merged into this one; the caller pages them."""
    person = Account.select(Account.id).where((Account.id == account.id) | (Account.merged_into == account.id))
    return Help.select(Help, Staff).join(Staff, on=Help.helper).where(Help.account.in_(person)).order_by(Help.id.desc())


def help_to(account: Account, ref: str) -> Help | None:
    return helps_of(account).where(Help.ref == ref).first()


def open_helps_to(account: Account, now: datetime) -> list[Help]:
    """Who is typing for the person now."""
    return list(helps_of(account).where(_is_open(now), Help.dossier.is_null()))


def is_under_way(help: Help, now: datetime) -> bool:
    return help.is_open(now) and help.dossier_id is None


def take_back(help: Help, by: Account, now: datetime) -> bool:
    """End it at once: the helper sees and saves nothing any more. False when it was handed in or over already."""
    with db.atomic():
        taken = Help.update(revoked_at=now).where(Help.id == help.id, _is_open(now), Help.dossier.is_null()).execute()
        if taken:
            _record(help, "help taken back", now, by=by)
    return bool(taken)


def left_over(help: Help, now: datetime) -> Draft | None:
    """What the helper typed and nobody handed in, once the helper can type no more."""
    return None if is_under_way(help, now) else draft_of(help)


def take_over(help: Help, account: Account, now: datetime) -> None:
    """Make what the helper typed the person's own draft. Raises WrongInput when they have one of that procedure."""
    draft = left_over(help, now)
    if draft is None or draft.account_id != account.id:
        raise WrongInput("Bản nháp này không còn.")
    try:
        with db.atomic():
            is_left = Draft.id == draft.id, Draft.is_open(), Draft.help == help.id
            if Draft.update(help=None, updated_at=now).where(*is_left).execute():
                # What lay on the counter was received by the one who helped: on the person's own way it is not here yet.
                LaterPaper.delete().where(LaterPaper.draft == draft.id, LaterPaper.arrived_at.is_null(False)).execute()
                _record(help, "help draft kept", now, by=account)
    except IntegrityError:
        raise WrongInput("Bạn đang có bản nháp của thủ tục này. Xoá bản nháp đó trước, hoặc làm tiếp bản của bạn.") from None


def drop_left_over(help: Help, now: datetime) -> None:
    draft = left_over(help, now)
    if draft:
        submission.drop_draft(draft)


def what_was_done(help: Help) -> list[AccountEvent]:
    """The lines of the person's log that tell of this help, the oldest first."""
    until = help.ended_at or help.revoked_at or help.expires_at
    lines = (
        AccountEvent.select()
        .where(
            AccountEvent.account == help.account_id, AccountEvent.name.in_(EVENTS), AccountEvent.at.between(help.began_at, until)
        )
        .order_by(AccountEvent.id)
    )
    agreed = next((line for line in lines if _begins(line, help)), None)
    if agreed is None:
        return []
    purpose = f"làm giúp {agreed.subject}"
    return [line for line in lines if line == agreed or (line.purpose == purpose and line.staff_id in (help.helper_id, None))]


def _begins(line: AccountEvent, help: Help) -> bool:
    return line.name == "help agreed" and line.staff_id == help.helper_id and line.at == help.began_at


def title_of(help: Help) -> str:
    """The procedure as it was called when the person agreed."""
    lines = AccountEvent.select().where(
        AccountEvent.account == help.account_id, AccountEvent.name == "help agreed", AccountEvent.at == help.began_at
    )
    return next((line.subject for line in lines if _begins(line, help)), help.procedure_slug)


def how_agreed(help: Help) -> str:
    return AGREED[help.agreed_by] + (f", người làm chứng: {help.witness}" if help.witness else "")

"""A citizen's account: registering and confirming (guide I), and finding it by any of the person's numbers (guide II)."""

import secrets
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from peewee import IntegrityError

from database import Prepared, SealedField, db
from models import Account, IdNumber, Registration
from rules import account_log, attempts, businesses, consents, logins
from rules.attempts import MAIL_BY_PERSON, REGISTER_BY_ADDRESS, address_group
from rules.consents import Agreed
from rules.dossier_codes import new_receipt_code
from rules.logins import token_hash
from rules.message_catalogue import letter
from rules.outbox import post
from rules.passwords import hash_password

CONFIRM_WITHIN = timedelta(days=7)
REQUESTS_ARE_KEPT = timedelta(days=30)  # after that


@dataclass(frozen=True)
class Applicant:
    """What a person gives to register; every field already read by its own rule."""

    kind: str
    id_number: str
    full_name: str
    birth_date: date
    village: str
    phone: str
    email: str
    password: str
    business_name: str = ""
    tax_code: str = ""
    consents: tuple[Agreed, ...] = ()  # what the page said that “Đăng ký” agrees to


def person_key(id_number: str) -> str:
    """A keyed fingerprint: finds the account of a number without keeping the number readable."""
    return SealedField.sealer.fingerprint(f"id-number:{id_number}")


account_of_key = Prepared(
    lambda key: Account.select().where(Account.id.in_(IdNumber.select(IdNumber.account).where(IdNumber.key == key)))
)


def account_of_number(id_number: str) -> Account | None:
    """The account that one of the person's numbers belongs to, activated or not."""
    return account_of_key.first(person_key(id_number))


def make_account(id_number: str, now: datetime, added_by=None, **details) -> Account:
    """A new account with its first number. Raises IntegrityError when the number has an account."""
    with db.atomic():
        account = Account.create(id_number=id_number, created_at=now, **details)
        IdNumber.create(account=account, key=person_key(id_number), number=id_number, added_at=now, added_by=added_by)
    return account


def check_citizen(id_number: str, password: str, address: str, device: str, now: datetime) -> Account:
    """The account of number and password. Raises LoginRefused or TooManyTries."""
    account = account_of_number(id_number)
    mine = account if account and account.may_log_in else None
    return logins.check_password(mine, counted_as(id_number, account), password, address, device, now)


def counted_as(id_number: str, account: Account | None) -> str:
    """Under what wrong guesses are counted: one count for all numbers of a person, and one for a number nobody has."""
    return f"citizen:{account.id if account else person_key(id_number)}"


def known_facts(person, site) -> tuple[str, ...]:
    """What others know about a person (an Account or Applicant), so that none of it is taken for a password (SECURITY §3)."""
    birth = date.fromisoformat(str(person.birth_date)) if person.birth_date else None
    days = (f"{birth:%d%m%Y}", f"{birth:%Y%m%d}", f"{birth.day}{birth.month}{birth.year}") if birth else ()
    phone = (person.phone, f"0{person.phone[3:]}") if person.phone else ()
    return (person.id_number, person.full_name, person.email, *phone, *days, site.name, *site.old_names)


# --- registering -----------------------------------------------------------------------------------------------------


def register(applicant: Applicant, confirm_url, address: str, now: datetime) -> str:
    """Keep the request and mail its link, or without an e-mail address return a code to take to the commune.

    To the person at the screen a taken number looks the same as a free one: of a taken one the code is nobody's.
    `confirm_url` makes the link's address from its token; `address` is the client's. Raises TooManyTries for an address
    that has sent hundreds.
    """
    place = address_group(address)
    attempts.refuse_if_blocked(REGISTER_BY_ADDRESS, place, now)
    attempts.count_failure(REGISTER_BY_ADDRESS, place, now)
    password_hash = hash_password(applicant.password)
    # Counted for number and address together, so that nobody uses up another's tries.
    if applicant.email and not may_mail(applicant.email, f"{applicant.id_number}:{applicant.email.casefold()}", now):
        return ""
    account = account_of_number(applicant.id_number)
    code = "" if applicant.email else new_receipt_code()
    if account:
        _tell_owner(account, now)
    else:
        _keep_registration(applicant, password_hash, code, confirm_url, now)
    return code


def may_mail(address: str, asker: str, now: datetime) -> bool:
    """At most three mails an hour to one address, else anybody could have us flood a stranger; and three for who asks."""
    counted = [SealedField.sealer.fingerprint(text) for text in (f"mail:{address.casefold()}", f"mail:{asker}")]
    return attempts.take_one(MAIL_BY_PERSON, now, *counted)


def _keep_registration(applicant: Applicant, password_hash: str, code: str, confirm_url, now: datetime) -> None:
    token = code or secrets.token_urlsafe(32)
    details = asdict(applicant) | {"birth_date": applicant.birth_date.isoformat(), "password_hash": password_hash}
    del details["password"]
    with db.atomic():
        request = Registration.create(
            details=details,
            id_number_key=person_key(applicant.id_number),
            token_hash=_code_key(code) if code else token_hash(token),
            created_at=now,
            expires_at=now + CONFIRM_WITHIN,
        )
        if applicant.email:
            words = letter("account_confirm", nguoi_nhan=applicant.full_name, lien_ket=confirm_url(token))
            post(f"confirm-{request.id}", applicant.email, *words, now)


def _code_key(code: str) -> str:
    # A code of twelve symbols is short enough to be tried against a plain hash; not against one with our key.
    return SealedField.sealer.fingerprint(f"registration:{code}")


def _tell_owner(account: Account, now: datetime) -> None:
    if account.email:
        words = letter("account_exists", nguoi_nhan=account.full_name)
        post(f"registered-again-{account.id}-{now:%Y%m%d%H}", account.email, *words, now)


def find_registration(token: str, now: datetime) -> Registration | None:
    """The open request behind a link, or one that has already become an account (so that a second tap is answered)."""
    request = Registration.get_or_none(Registration.token_hash == token_hash(token))
    return request if request and (request.account_id or request.is_open(now)) else None


def find_registration_of_code(id_number: str, code: str, now: datetime) -> Registration | None:
    """The open request made without e-mail, of this number and the code its maker was shown."""
    request = Registration.get_or_none(
        Registration.token_hash == _code_key(code), Registration.id_number_key == person_key(id_number)
    )
    return request if request and request.is_open(now) else None


def confirm(request: Registration, now: datetime) -> Account | None:
    """Make the account; pressing again returns the same one. None when the number got an account in the meantime.

    An account that the commune opened for the number stays as it is: whoever reads a mail is not yet the person whose
    card the commune has seen.
    """
    if request.account_id:
        return request.account
    details = dict(request.details)
    business = {name: details.pop(name, "") for name in ("kind", "business_name", "tax_code")}
    agreed = [Agreed(*words) for words in details.pop("consents", ())]
    try:
        with db.atomic():
            account = make_account(details.pop("id_number"), now, **details)
            Registration.update(account=account).where(Registration.id == request.id).execute()
            account_log.record(account, "account made", now, by=account)
            for words in agreed:
                consents.give(account, words, request.created_at)
            if business["kind"] == "business":
                businesses.claim(account, business["business_name"], business["tax_code"], now)
    except IntegrityError:
        return Registration.get_by_id(request.id).account
    return account


def sweep(now: datetime) -> None:
    """Remove requests that can serve nobody any more."""
    # Also those confirmed: what they said is in the account, and a second copy would outlive it.
    Registration.delete().where(Registration.expires_at < now - REQUESTS_ARE_KEPT).execute()

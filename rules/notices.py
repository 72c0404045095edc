"""Letters and texts to whoever submitted a dossier, when something happened to it that calls for them."""

from models import Dossier, Event, Message
from rules import consents, texts
from rules.deadlines import promised_now
from rules.message_catalogue import EVENTS, Catalogue, Place, current
from rules.outbox import post
from rules.vietnamese import in_vietnam, show_day, show_moment


def post_letter(dossier: Dossier, event: Event, link: str = "") -> None:
    """Queue the letter an event calls for, and write the text for the desk's phone, within its transaction.

    Only to who agreed to be told, once an event. The reason stays on the site: a letter is read by whoever has the phone.
    `link` is where a letter sends its reader; without it, to the public lookup.
    """
    if event.name not in EVENTS or not may_be_told(dossier):
        return
    catalogue = current()
    _post_mail(catalogue, dossier, event, link)
    _write_text(catalogue, dossier, event)


def take_back(dossier: Dossier, undone: Event, event: Event) -> None:
    """A move was undone: what tells of it stays here if it has not left, else another letter or text says so."""
    was_sent = texts.take_back(undone, event.at)
    waits = Message.key == key_of(undone), Message.sent_at.is_null(), Message.tries == 0
    has_left = not Message.delete().where(*waits).execute() and Message.select().where(Message.key == key_of(undone)).exists()
    if not may_be_told(dossier):
        return
    if has_left:
        _post_mail(current(), dossier, event, "")
    if was_sent:
        _write_text(current(), dossier, event)


def key_of(event: Event) -> str:
    """Of the mail about it, in the outbox."""
    return f"event-{event.id}"


def mails_of(dossier: Dossier) -> list[Message]:
    """The mails about a dossier, the newest first; whom they go to is the account's business."""
    keys = [f"submitted-{dossier.id}", *(key_of(event) for event in dossier.events.select(Event.id))]
    return list(Message.select().where(Message.key.in_(keys)).order_by(Message.id.desc()))


def may_be_told(dossier: Dossier) -> bool:
    """Whether who submitted it can be reached, and agreed to be."""
    account = dossier.account
    return bool(account.email or account.phone) and consents.has(account, "notices")


def _post_mail(catalogue: Catalogue, dossier: Dossier, event: Event, link: str) -> None:
    if not dossier.account.email:
        return
    due = due_now(dossier)
    subject, body = catalogue.mail(
        event.name,
        nguoi_nhan=dossier.account.full_name,
        thu_tuc=dossier.procedure_title,
        ma_ho_so=dossier.code,
        luc=show_moment(event.at),
        ngay_hen=show_moment(due) if due else "",
        lien_ket=link or Place.look_up(dossier.receipt_code),
        trang_ho_so=Place.own_page(dossier.code),
    )
    post(key_of(event), dossier.account.email, subject, body, event.at)


def _write_text(catalogue: Catalogue, dossier: Dossier, event: Event) -> None:
    if not dossier.account.phone:
        return
    due = due_now(dossier)
    said = catalogue.text(
        event.name,
        ma_ho_so=dossier.code,
        ngay=show_day(in_vietnam(event.at)),
        ngay_hen=show_day(in_vietnam(due)) if due else "",
        noi_xem=Place.in_a_text(),
    )
    texts.write(dossier, event, said)


def due_now(dossier: Dossier):
    """The date that counts for the citizen: promised, or promised anew with an apology; None while the clock stands."""
    if dossier.stopped_at:
        return None
    return promised_now(dossier.due_at, dossier.repromised_at)

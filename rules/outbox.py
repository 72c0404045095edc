"""Mail waits in a table, written with what causes it, and leaves from the queue (SECURITY §1, §2)."""

from datetime import datetime, timedelta
from logging import getLogger

from gateways.mail import MailDelayed, MailRefused
from models import Message

log = getLogger(__name__)

WAITS = [timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240, 480, 1440)]


def post(key: str, recipient: str, subject: str, body: str, now: datetime) -> None:
    """Queue one mail inside the caller's transaction. The same `key` again is the same mail."""
    Message.insert(
        key=key, recipient=recipient, subject=subject, body=body, created_at=now, next_try_at=now
    ).on_conflict_ignore().execute()


def deliver_due(mailer, now: datetime, most: int = 50) -> int:
    """Send what is due, at most `most` messages; returns how many left."""
    # No wait is longer than the last: a later try was set by a clock that was wrong.
    is_due = (Message.next_try_at <= now) | (Message.next_try_at > now + WAITS[-1] + timedelta(hours=1))
    due = Message.select().where(is_due).order_by(Message.id).limit(most)
    return sum(deliver(message, mailer, now) for message in list(due))


def deliver(message: Message, mailer, now: datetime) -> bool:
    if not _take(message, now):
        return False
    try:
        mailer.send(message.recipient, message.subject, message.body, message.key)
    except (MailRefused, ValueError) as refusal:
        log.warning("mail %s refused for good: %s", message.id, refusal)
        Message.update(next_try_at=None, was_refused=True, body=None).where(Message.id == message.id).execute()
        return False
    except MailDelayed as delay:
        log.info("mail %s waits: %s", message.id, delay)
        return False
    Message.update(next_try_at=None, sent_at=now, body=None).where(Message.id == message.id).execute()
    return True


def _take(message: Message, now: datetime) -> bool:
    """The next try is set before this one starts: two workers never send one mail, a crash repeats it at most once."""
    next_try_at = now + WAITS[message.tries] if message.tries < len(WAITS) else None
    return bool(
        Message.update(tries=Message.tries + 1, next_try_at=next_try_at)
        .where(Message.id == message.id, Message.tries == message.tries, Message.next_try_at.is_null(False))
        .execute()
    )

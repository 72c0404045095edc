"""What a village head may tell people at their door: that something is asked of them, that a result is there.

A person agrees to that, or not, as a purpose of its own (`village_head` in content/consents.yaml); of anybody else's dossiers
a head learns nothing, not even that there is one (docs/decisions/0010).
"""

from dataclasses import dataclass
from datetime import date, datetime

from peewee import fn

from database import db
from models import Account, AccountEvent, Consent, Dossier, Staff, State, SupplementItem, SupplementRequest
from rules import account_log, supplements
from rules.people import STAYS_OPEN

CONSENT = "village_head"
LISTED = "news listed"
PURPOSE = "báo tin cho bạn"


@dataclass(frozen=True)
class News:
    """Whom to tell, and what: the papers that are asked and until when, or, without any, that the result is there.

    `title` is of which dossier, where this head typed it herself; else it is the owner's affair.
    """

    dossier: Dossier
    name: str
    title: str = ""
    asked: tuple[str, ...] = ()
    due_on: date | None = None


def _may_be_told(head: Staff):
    """The dossiers of this head's village whose owners want to hear of them from their head."""
    wants_news = Consent.select(Consent.account).where(Consent.purpose == CONSENT, Consent.withdrawn_at.is_null())
    return (
        Dossier.select(Dossier, Account)
        .join(Account)
        .where(
            Dossier.office == head.office,
            Dossier.business.is_null(),
            Account.village == head.village,
            Account.village != "",
            Account.merged_into.is_null(),
            Account.closed_at.is_null(),
            Account.id.in_(wants_news),
        )
    )


def _asked():
    """Of these something is asked that has not come."""
    open_item = (
        SupplementItem.select(SupplementItem.id)
        .join(SupplementRequest)
        .where(
            SupplementRequest.dossier == Dossier.id,
            SupplementRequest.closed_at.is_null(),
            SupplementItem.arrived_at.is_null(),
            SupplementItem.way != "upload",
        )
    )
    return (Dossier.state == State.AWAITING_SUPPLEMENT) & fn.EXISTS(open_item)


def _to_collect():
    """Of these the result lies on the desk, to be fetched there."""
    return (Dossier.state == State.DONE) & (Dossier.step == "") & (Dossier.delivery == "desk")


def to_tell(head: Staff):
    """What there is to tell, the oldest dossier first; the caller pages it."""
    return _may_be_told(head).where(_asked() | _to_collect()).order_by(Dossier.id)


def read_news(dossiers: list[Dossier], head: Staff, now: datetime) -> list[News]:
    """What is told of each; that the head read it stands in its owner's log, once in half an hour."""
    with db.atomic():
        for dossier in dossiers:
            _note_reading(dossier, head, now)
    return [_news_of(dossier, head) for dossier in dossiers]


def _news_of(dossier: Dossier, head: Staff) -> News:
    name = dossier.account.full_name
    title = dossier.procedure_title if dossier.helped_by_id == head.id else ""
    asked = supplements.current(dossier) if dossier.state is State.AWAITING_SUPPLEMENT else None
    if asked is None:
        return News(dossier, name, title)
    items = tuple(item.name for item in supplements.items_of(asked) if not supplements.is_settled(item))
    return News(dossier, name, title, items, asked.due_on)


def _note_reading(dossier: Dossier, head: Staff, now: datetime) -> None:
    lately = (
        AccountEvent.account == dossier.account_id,
        AccountEvent.staff == head.id,
        AccountEvent.name == LISTED,
        AccountEvent.subject == dossier.code,
        AccountEvent.at.between(now - STAYS_OPEN, now + STAYS_OPEN),
    )
    if not AccountEvent.select().where(*lately).exists():
        account_log.record(dossier.account_id, "news listed", now, by=head, subject=dossier.code, purpose=PURPOSE)

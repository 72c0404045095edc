"""What a village head may tell people at their door: that something is asked of them, that a result is there.

Nobody agrees to their village head reading of their dossiers. What people do agree to (content/consents.yaml) is that the
commune brings them news of a dossier (`notices`), and that one named helper types one dossier (`Help`). So a head is shown
only what both cover: a dossier that this very head typed for its owner, of an owner who wants news, who still lives in the
village. Of anybody else's she learns nothing, not even that there is one (docs/decisions/0010).
"""

from dataclasses import dataclass
from datetime import date, datetime

from peewee import fn

from database import db
from models import Account, AccountEvent, Consent, Dossier, Staff, State, SupplementItem, SupplementRequest
from rules import account_log, supplements
from rules.people import STAYS_OPEN

LISTED = "news listed"
PURPOSE = "báo tin cho bạn"


@dataclass(frozen=True)
class News:
    """Whom to tell, and what: the papers that are asked and until when, or, without any, that the result is there."""

    dossier: Dossier
    name: str
    asked: tuple[str, ...] = ()
    due_on: date | None = None


def _may_be_told(head: Staff):
    """The dossiers of which this head may read, by what their owners agreed to."""
    wants_news = Consent.select(Consent.account).where(Consent.purpose == "notices", Consent.withdrawn_at.is_null())
    return (
        Dossier.select(Dossier, Account)
        .join(Account)
        .where(
            Dossier.office == head.office,
            Dossier.helped_by == head,
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
    return [_news_of(dossier) for dossier in dossiers]


def _news_of(dossier: Dossier) -> News:
    name = dossier.account.full_name
    asked = supplements.current(dossier) if dossier.state is State.AWAITING_SUPPLEMENT else None
    if asked is None:
        return News(dossier, name)
    items = tuple(item.name for item in supplements.items_of(asked) if not supplements.is_settled(item))
    return News(dossier, name, items, asked.due_on)


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

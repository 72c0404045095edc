"""Repeated pages of a draft: one more child, one copy less, whatever another tap or phone does at that moment."""

from datetime import datetime

from database import db
from models import Draft
from rules import eform
from rules.submission import draft_of_id


def add_items(draft: Draft, page: dict, count: int, now: datetime) -> None:
    """At least `count` items on this page of the definition; pressing again adds no more."""
    with db.atomic():
        fresh = _locked(draft, now)
        if fresh:
            fresh.answers = eform.with_items(page, fresh.answers, count)
            _keep(draft, fresh)


def drop_item(draft: Draft, page: dict, number: int, item: int, shown: int, now: datetime) -> None:
    """Forget an item; those after it move up.

    Only as it was shown, saved `shown` times: the second of two taps would otherwise drop the one that has moved up.
    """
    names = [f"page-{number}.{n}" for n in range(item, page["repeat"]["most"] + 1)]
    with db.atomic():
        fresh = _locked(draft, now)
        count = eform.count_items(page, fresh.answers) if fresh else 0
        if not (count > 1 and item <= count and _saved(fresh, names[0]) == shown):
            return
        fresh.answers = eform.without_item(page, fresh.answers, item)
        # More often than any of them was: no form shown before fits what stands there now. By no phone: not even on this one.
        moved = (max(_saved(fresh, name) for name in names) + 1, "")
        left = names[: count - item]
        was_sent = {name for name, after in zip(names, names[1:], strict=False) if after in fresh.visited}
        fresh.visited = sorted({*fresh.visited} - {*names} | was_sent & {*left})
        fresh.saves = {name: saved for name, saved in fresh.saves.items() if name not in names} | dict.fromkeys(left, moved)
        _keep(draft, fresh)


def _locked(draft: Draft, now: datetime) -> Draft | None:
    """The draft as it is kept, held until the transaction ends; None once it is open no more."""
    if not Draft.update(updated_at=now).where(Draft.id == draft.id, Draft.is_open()).execute():
        return None
    return draft_of_id.first(draft.id)


def _saved(draft: Draft, name: str) -> int:
    return draft.saves.get(name, (0,))[0]


def _keep(draft: Draft, fresh: Draft) -> None:
    fresh.save(only=[Draft.answers, Draft.visited, Draft.saves])
    draft.answers, draft.visited, draft.saves = fresh.answers, fresh.visited, fresh.saves

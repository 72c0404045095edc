"""The check of each required document: what an officer found of it, what still counts, and what is still to be looked at."""

from dataclasses import dataclass
from datetime import datetime

from database import db
from models import Dossier, Event, LaterPaper, Paper, PaperCheck, Staff, State, SupplementItem, SupplementRequest
from rules import WrongInput, workflow
from rules.papers import paper_need
from rules.supplements import OTHER, WAIVED
from rules.vietnamese import show_moment
from rules.workflow import MoveRefused, later_papers_of_dossier

VERDICTS = {"good": "Đạt", "lacking": "Cần bổ sung", "later": "Mang đến sau"}
# Until the office has an answer of its own: afterwards nothing can be asked for any more.
CHECKED_IN = frozenset({State.SUBMITTED, State.ACCEPTED, State.IN_PROGRESS, State.AWAITING_SUPPLEMENT})
# What the answer to a supplement request holds that none of the procedure's documents is.
OTHER_DOCUMENT = {"key": OTHER, "form": "copy", "count": 1, "required": "mandatory", "present_only": False}
OTHER_DOCUMENT |= {"digital_substitute": ""}
WHO_CHECKS = ("officer", "specialist")
MOST_REASON = 300


@dataclass(frozen=True)
class Checked:
    """One required document of a dossier: what came of it, and what an officer found."""

    document: dict  # as the procedure lists it
    papers: list[Paper]
    check: PaperCheck | None  # the newest, while it counts
    overtaken: PaperCheck | None  # the newest, when something was sent or corrected since
    received_at: datetime | None  # the paper itself lies on the desk
    is_awaited: bool  # its submitter said that it will be brought
    is_waived: bool  # the desk said that it is not needed after all
    is_needed: bool  # wanted in every case, or something came of it
    seen: str  # of all that a verdict is about: changes when any of it does

    @property
    def key(self) -> str:
        return self.document["key"]

    @property
    def name(self) -> str:
        return self.document["name"]

    @property
    def verdict(self) -> str:
        """A key of VERDICTS, or "waived"; "" while somebody has still to look at it."""
        if self.check:
            return self.check.verdict
        if self.is_waived:
            return "waived"
        return "good" if self.received_at else "later" if self.is_awaited else ""

    @property
    def is_mandatory(self) -> bool:
        return paper_need(self.document) == "upload"


def sheet(dossier: Dossier) -> list[Checked]:
    """Every document of the dossier's procedure but those the e-form itself replaces, in the procedure's order.

    After them, under the key OTHER, what the desk asked for besides.
    """
    papers, checks, at_desk = _papers_by_key(dossier), _newest_checks(dossier), _settled_at_desk(dossier)
    corrected = dossier.events.where(Event.name == "corrected").order_by(Event.id.desc()).first()
    documents = [d for d in dossier.procedure["documents"] if paper_need(d) != "none" or d["key"] in papers | checks]
    if OTHER in papers:
        last = papers[OTHER][-1].item
        documents = [*documents, OTHER_DOCUMENT | {"name": last.name, "condition": last.reason}]
    return [_checked(d, papers.get(d["key"], []), checks.get(d["key"]), at_desk.get(d["key"], []), corrected) for d in documents]


def _checked(document, papers, newest, at_desk: list[LaterPaper | SupplementItem], corrected: Event | None) -> Checked:
    settled = [row.arrived_at for row in at_desk if row.arrived_at]
    received = [row.arrived_at for row in at_desk if row.arrived_at and row.received_by_id]
    changes = [_came_at(paper) for paper in papers] + settled + ([corrected.at] if corrected else [])
    counts = newest is not None and all(newest.at >= moment for moment in changes)
    is_waived = bool(settled) and max(settled) not in received
    return Checked(
        document=document,
        papers=papers,
        check=newest if counts else None,
        overtaken=None if counts else newest,
        received_at=max(received, default=None),
        is_awaited=any(row.arrived_at is None for row in at_desk),
        is_waived=is_waived,
        is_needed=bool(papers) or not is_waived and (bool(at_desk) or paper_need(document) == "upload"),
        seen=_mark(newest, papers, settled, corrected),
    )


def _mark(newest, papers, settled, corrected) -> str:
    """Ids are never given twice: the rows of a dossier, its papers and its checks stay."""
    what = [f"{corrected.id if corrected else 0}", *(f"{paper.id}" for paper in papers), *(f"n{m.timestamp()}" for m in settled)]
    return f"{newest.id if newest else 0}.{'-'.join(what)}"


def _came_at(paper: Paper) -> datetime:
    """When it became part of the dossier: what the desk asked for does so with the answer, not with the photo."""
    return (paper.item_id and paper.item.request.answered_at) or paper.uploaded_at


def _papers_by_key(dossier: Dossier) -> dict[str, list[Paper]]:
    """What counts, with the request it answers, in one query."""
    found: dict[str, list[Paper]] = {}
    rows = (
        Paper.select(Paper, SupplementItem, SupplementRequest)
        .left_outer_join(SupplementItem, on=Paper.item)
        .left_outer_join(SupplementRequest, on=SupplementItem.request)
        .where(Paper.dossier == dossier.id, Paper.replaced_at.is_null())
        .order_by(Paper.id)
    )
    for paper in rows:
        found.setdefault(paper.document_key, []).append(paper)
    return found


def _newest_checks(dossier: Dossier) -> dict[str, PaperCheck]:
    rows = PaperCheck.select(PaperCheck, Staff).join(Staff, on=PaperCheck.by).where(PaperCheck.dossier == dossier.id)
    return {check.document_key: check for check in rows.order_by(PaperCheck.id)}


def _settled_at_desk(dossier: Dossier) -> dict[str, list[LaterPaper | SupplementItem]]:
    """What is or was to be brought to the desk, at first or when it asked for more, by the document's key."""
    found: dict[str, list] = {}
    for later in later_papers_of_dossier.all(dossier.id):
        found.setdefault(later.document_key, []).append(later)
    asked = (
        SupplementItem.select()
        .join(SupplementRequest)
        .where(SupplementRequest.dossier == dossier.id, SupplementItem.way.in_(("bring", WAIVED)))
    )
    for item in asked.order_by(SupplementItem.id):
        found.setdefault(item.document_key or OTHER, []).append(item)
    return found


def find(dossier: Dossier, key: str) -> Checked | None:
    return next((one for one in sheet(dossier) if one.key == key), None)


def next_to_check(found: list[Checked], after: str = "") -> Checked | None:
    """The next needed document nobody has looked at, after the one of this key and then from the beginning."""
    at = next((n for n, one in enumerate(found, 1) if one.key == after), 0)
    return next((one for one in found[at:] + found[:at] if one.is_needed and not one.verdict), None)


def lacking(found: list[Checked]) -> list[Checked]:
    """What a supplement request has to ask for, with the reason in `check`."""
    return [one for one in found if one.check and one.check.verdict == "lacking"]


def unchecked(found: list[Checked]) -> list[Checked]:
    """What has to be there in every case, and nobody has looked at."""
    return [one for one in found if one.is_needed and one.is_mandatory and not one.verdict]


def may_check(dossier: Dossier, by: Staff) -> bool:
    return dossier.state in CHECKED_IN and by.role in WHO_CHECKS


def record(dossier: Dossier, key: str, verdict: str, reason: str, seen: str, by: Staff, now: datetime) -> PaperCheck:
    """Write down what `by` found of a document, as it stood when the page was shown (`seen`, of Checked); returns the row.

    The same verdict of the same officer on the same page, sent again, adds nothing. Raises WrongInput for a verdict that is
    none or that lacks its reason; MoveRefused when the dossier has gone on, when a colleague was quicker, or when its
    submitter has sent something else meanwhile.
    """
    if verdict not in VERDICTS:
        raise WrongInput("Chọn Đạt, Cần bổ sung hoặc Mang đến sau")
    if verdict == "lacking" and not reason:
        raise WrongInput("Chọn hoặc viết lý do cần bổ sung")
    with db.atomic():
        workflow.lock(dossier)
        one = find(dossier, key)
        newest = one and (one.check or one.overtaken)
        if newest and one.seen != seen and is_again(newest, verdict, reason, by, seen):
            return newest
        if not may_check(dossier, by):
            raise MoveRefused(
                f"Hồ sơ {dossier.code} đang ở trạng thái “{workflow.where_it_is(dossier)}”, không kiểm tra giấy nữa."
            )
        if one is None or one.seen != seen:
            raise MoveRefused(_what_changed(newest, seen))
        return PaperCheck.create(dossier=dossier, document_key=key, verdict=verdict, reason=reason, by=by, at=now)


def is_again(newest: PaperCheck, verdict: str, reason: str, by: Staff, seen: str) -> bool:
    """Whether it is what this officer's same page has already written: a page that knew the row is another one."""
    is_same = (newest.verdict, newest.reason, newest.by_id) == (verdict, reason, by.id)
    return is_same and seen.partition(".")[0] != str(newest.id)


def _what_changed(newest: PaperCheck | None, seen: str) -> str:
    if newest and seen.partition(".")[0] != str(newest.id):
        return f"{newest.by.full_name} vừa ghi “{VERDICTS[newest.verdict]}” lúc {show_moment(newest.at)}. Xem lại rồi chọn."
    return "Người nộp vừa gửi giấy khác hoặc sửa hồ sơ. Xem lại giấy rồi chọn."

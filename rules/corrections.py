"""Correcting what was submitted, until it is accepted; and beginning a new dossier from one submitted before."""

from datetime import datetime

from peewee import IntegrityError

from database import Prepared, db
from gateways.files import LocalFiles
from models import Account, Dossier, DossierVersion, Draft, Event, LaterPaper, Paper, State
from rules import eform, submission, workflow
from rules.deadlines import WorkCalendar
from rules.later_papers import WITHIN_DAYS, last_day
from rules.submission import ContentChanged, NotReady
from rules.vietnamese import in_vietnam
from rules.workflow import STATE_NAMES, MoveRefused

open_correction = Prepared(lambda dossier: Draft.select().where(Draft.corrects == dossier, Draft.closed_at.is_null()))
# Answers that every procedure asks, whatever its own questions are.
COMMON_ANSWERS = ("owner", "owner_name", "owner_id_number", "owner_relation", "delivery", "delivery_address")


# What the desk asked for and got stays as it is: the correction neither shows nor replaces it.
NOT_ASKED_FOR = Paper.item.is_null()


class TooLate(MoveRefused):
    """The desk has taken the dossier in hand; the correction stays as a draft."""


def draft_of(dossier: Dossier, account: Account) -> Draft | None:
    """The correction this person has begun and not sent."""
    draft = open_correction.first(dossier.id)
    return draft if draft and draft.account_id == account.id else None


def begin(dossier: Dossier, account: Account, files: LocalFiles, now: datetime) -> Draft:
    """The draft of a correction: all that was submitted, to be changed. Two taps make one.

    Its papers are copies with files of their own, so that dropping one here takes nothing from the dossier.
    Raises MoveRefused when the dossier was accepted, or another who acts for the same business is correcting it.
    """
    if found := submission.drop_abandoned(open_correction.first(dossier.id), dossier, account):
        return _mine(found, account)
    _refuse_late(Dossier.get_by_id(dossier.id))
    in_force = list(dossier.papers.where(Paper.replaced_at.is_null(), NOT_ASKED_FOR).order_by(Paper.id))
    copies = [(paper, files.keep(files.read(paper.stored_name))) for paper in in_force]
    try:
        with db.atomic():
            return _begin(dossier, account, copies, now)
    except IntegrityError:  # another tap was quicker; its files are its own
        for _, name in copies:
            files.remove(name)
        return _mine(open_correction.first(dossier.id), account)


def _mine(found: Draft | None, account: Account) -> Draft:
    if found is None or found.account_id != account.id:
        raise MoveRefused("Người khác cùng đại diện đang sửa hồ sơ này. Hỏi người đó.")
    return found


def _begin(dossier: Dossier, account: Account, copies: list[tuple[Paper, str]], now: datetime) -> Draft:
    pages = [page["name"] for page in eform.asked_pages(dossier.procedure["eform"]["pages"], dossier.answers)]
    draft = submission.new_draft(
        now,
        account=account,
        procedure_slug=dossier.procedure_slug,
        answers=dossier.answers,
        visited=sorted(["owner", *pages, "delivery", "papers"]),
        corrects=dossier,
    )
    for paper, name in copies:
        Paper.create(
            draft=draft,
            document_key=paper.document_key,
            filename=paper.filename,
            media_type=paper.media_type,
            size_bytes=paper.size_bytes,
            content_hash=paper.content_hash,
            stored_name=name,
            uploaded_at=paper.uploaded_at,
            taken_from=paper.taken_from_id,
        )
    for later in dossier.later_papers.order_by(LaterPaper.id):
        LaterPaper.create(
            draft=draft,
            document_key=later.document_key,
            due_on=later.due_on,
            arrived_at=later.arrived_at,
            received_by=later.received_by_id,
        )
    return draft


def _refuse_late(dossier: Dossier) -> None:
    if dossier.state is not State.SUBMITTED:
        raise TooLate(f"Hồ sơ đang ở trạng thái “{STATE_NAMES[dossier.state][0]}”, không sửa được nữa.")


def send(draft: Draft, seen_hash: str, now: datetime, calendar: WorkCalendar, bring_within_days: int = WITHIN_DAYS) -> Dossier:
    """Put the correction in the place of what was submitted, once; what stood there is kept as a version.

    Raises TooLate when the desk was quicker, ContentChanged and NotReady as submitting does.
    """
    dossier = draft.corrects
    with db.atomic():
        workflow.lock(dossier)
        if not Draft.update(updated_at=Draft.updated_at).where(Draft.id == draft.id).execute():
            raise NotReady
        draft = submission.draft_of_id.first(draft.id)
        if draft.closed_at:
            if draft.content_hash != seen_hash:
                raise ContentChanged(dossier)
            return dossier
        _refuse_late(dossier)
        if draft.account_id != dossier.account_id and draft.answers.get("owner") != dossier.answers.get("owner"):
            raise MoveRefused("Chỉ người đã nộp mới đổi được chủ hồ sơ. Để nguyên chủ hồ sơ rồi gửi lại.")
        today = in_vietnam(now).date()
        if submission.content_hash(draft) != seen_hash or submission.gaps(draft, dossier.procedure, today):
            raise NotReady
        DossierVersion.create(dossier=dossier, answers=dossier.answers, delivery=dossier.delivery, replaced_at=now)
        changed = submission.what_it_says(draft)
        Dossier.update(changed).where(Dossier.id == dossier.id).execute()
        _replace_papers(dossier, draft, now)
        _replace_later_papers(dossier, draft)
        submission.fix_days(dossier, last_day(now, calendar, bring_within_days))
        Draft.update(closed_at=now, content_hash=seen_hash).where(Draft.id == draft.id).execute()
        workflow.write_event(dossier, "corrected", dossier.state, dossier.state, draft.account, now)
    for field, value in changed.items():
        setattr(dossier, field, value)
    return dossier


def _replace_papers(dossier: Dossier, draft: Draft, now: datetime) -> None:
    in_force = Paper.replaced_at.is_null()
    Paper.update(replaced_at=now).where(Paper.dossier == dossier.id, in_force, NOT_ASKED_FOR).execute()
    Paper.update(dossier=dossier).where(Paper.draft == draft, in_force).execute()


def _replace_later_papers(dossier: Dossier, draft: Draft) -> None:
    """What arrived, or was waived, while the correction was being typed is awaited no more."""
    before = {later.document_key: later for later in dossier.later_papers}
    LaterPaper.update(dossier=None).where(LaterPaper.dossier == dossier.id).execute()
    for later in draft.later_papers.order_by(LaterPaper.id):
        same = before.get(later.document_key)
        arrived = {"arrived_at": same.arrived_at, "received_by": same.received_by_id} if same else {}
        LaterPaper.update(dossier=dossier, **arrived).where(LaterPaper.id == later.id).execute()


def versions(dossier: Dossier) -> list[DossierVersion]:
    return list(dossier.versions.order_by(DossierVersion.id))


def papers_of_version(version: DossierVersion) -> list[Paper]:
    """The papers that were replaced when the version was."""
    is_its = Paper.dossier == version.dossier_id, Paper.replaced_at == version.replaced_at
    return list(Paper.select().where(*is_its).order_by(Paper.id))


# --- a new dossier like this one -------------------------------------------------------------------------------------


def copy_as_new(
    account: Account, answers: dict[str, str], definition: dict, now: datetime, instead_of: str = ""
) -> tuple[Draft, bool]:
    """A new draft with the answers to questions that are still asked, and whether it was made now.

    Where the person has a draft of the procedure already it is that one, untouched, unless `instead_of` is its key: then it
    gives way. A form sent twice names a draft that is gone, and replaces nothing.
    """
    slug = definition["slug"]
    with db.atomic():
        # The first write locks the account: of two taps the second finds what the first made.
        Account.update(closed_at=Account.closed_at).where(Account.id == account.id).execute()
        there = submission.open_draft(account, slug)
        if there and there.idempotency_key != instead_of:
            return there, False
        if there:
            Draft.delete().where(Draft.id == there.id, Draft.is_open()).execute()
        pages = definition["eform"]["pages"]
        asked = {*eform.all_questions(pages, answers), *COMMON_ANSWERS}
        kept = {key: text for key, text in answers.items() if key in asked}
        return submission.new_draft(now, account=account, procedure_slug=slug, answers=kept), True


def last_correction(dossier: Dossier) -> Event | None:
    return dossier.events.where(Event.name == "corrected").order_by(Event.id.desc()).first()

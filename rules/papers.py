"""The papers of a dossier: which are wanted, and keeping a photo so that nothing sent is lost (SECURITY §1, §2)."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from types import MappingProxyType

from peewee import IntegrityError

from database import Prepared, db
from gateways.files import LocalFiles
from gateways.papers import CleanPaper
from models import Account, DocumentFile, Dossier, Draft, LaterPaper, Paper, Staff, Upload
from rules import WrongInput

papers_of_draft = Prepared(
    lambda draft: Paper.select().where(Paper.draft == draft, Paper.replaced_at.is_null()).order_by(Paper.id)
)
later_papers_of_draft = Prepared(lambda draft: LaterPaper.select().where(LaterPaper.draft == draft).order_by(LaterPaper.id))
MOST_PAPERS = 10  # photos and PDFs of one dossier (SECURITY §9)
PAGE_STAYS_OPEN = timedelta(days=1)  # so long somebody may still send photos from a page of before


def paper_need(document: dict) -> str:
    """What an online dossier wants of a required document: `upload`, `maybe` (only in some cases), `none`.

    A paper that is only shown, or that the e-form itself replaces, is not uploaded (Decree 104/2022: data first).
    """
    if document["key"].startswith("to_khai") and document["digital_substitute"]:
        return "none"
    if document["required"] == "mandatory" and not document["present_only"]:
        return "upload"
    return "maybe"


def papers_by_need(procedure: dict) -> dict[str, list[dict]]:
    """What to prepare: `upload` in any case, `maybe` in some. Only where this site asks its questions are papers spared."""
    needs: dict[str, list[dict]] = {"upload": [], "maybe": [], "none": []}
    for document in procedure["documents"]:
        if procedure["online_submission"] == "here":
            need = paper_need(document)
        else:
            need = "upload" if document["required"] == "mandatory" else "maybe"
        needs[need].append(document)
    return needs


def missing_papers(procedure: dict, sent: Mapping[str, object], later: Mapping[str, object] = MappingProxyType({})) -> list[dict]:
    """The required documents that were neither sent nor promised for later; `sent` and `later` by the document's key."""
    return [d for d in procedure["documents"] if paper_need(d) == "upload" and d["key"] not in sent and d["key"] not in later]


def papers_of(draft: Draft) -> dict[str, list[Paper]]:
    """What was sent so far, by the key of the required document, in the order it came."""
    found: dict[str, list[Paper]] = {}
    for paper in papers_of_draft.all(draft.id):
        found.setdefault(paper.document_key, []).append(paper)
    return found


def later_papers_of(draft: Draft) -> dict[str, LaterPaper]:
    """What will be brought to the desk instead, by the key of the required document."""
    return {later.document_key: later for later in later_papers_of_draft.all(draft.id)}


def keep_paper(
    draft: Draft,
    key: str,
    clean: CleanPaper,
    files: LocalFiles,
    now: datetime,
    taken_from: int | None = None,
    instead_of: Paper | None = None,
    held: Callable[[], AbstractContextManager] = nullcontext,
) -> Paper | None:
    """Keep a cleaned paper beside those of the same document, or in place of `instead_of`; the same photo again is kept once.

    The file is on disk before its row is, which is written within `held`. A draft that has become a dossier meanwhile takes
    nothing any more: None. `taken_from` is the id of the personal document it was copied from. Raises WrongInput when there
    are MOST_PAPERS already.
    """
    if not instead_of and (same := _same_photo(draft, key, content_hash_of(clean))):
        return same
    name = files.keep(clean.data)
    with held(), db.atomic():
        paper = add_paper(draft, key, clean, name, now, taken_from, instead_of)
    if paper is None:
        files.remove(name)
    if instead_of and paper and paper.stored_name != instead_of.stored_name:  # not its id: SQLite gives that away again
        files.remove(instead_of.stored_name)
    return paper


def add_paper(
    draft: Draft,
    key: str,
    clean: CleanPaper,
    stored_name: str,
    now: datetime,
    taken_from: int | None = None,
    instead_of: Paper | None = None,
) -> Paper | None:
    """The rows of keep_paper, for a transaction of the caller's; a file that no row names is swept after a day."""
    # The first write locks the draft: a photo may not slip in after submitting, nor twice by a double tap.
    if not lock_open(draft, now):
        return None
    same = _same_photo(draft, key, content_hash_of(clean))
    if instead_of and instead_of != same:
        instead_of.delete_instance()
    if same:
        return same
    if is_full(draft):
        raise WrongInput(f"Một hồ sơ gửi nhiều nhất {MOST_PAPERS} ảnh. Bấm Xoá ở một ảnh không cần, hoặc mang giấy đến sau.")
    LaterPaper.delete().where(LaterPaper.draft == draft, LaterPaper.document_key == key).execute()
    forget_faults(draft, key)
    return Paper.create(
        draft=draft,
        document_key=key,
        filename=clean.filename,
        media_type=clean.media_type,
        size_bytes=len(clean.data),
        content_hash=content_hash_of(clean),
        stored_name=stored_name,
        uploaded_at=now,
        taken_from=taken_from,
    )


def lock_open(draft: Draft, now: datetime) -> bool:
    """Lock the draft until the transaction ends; whether it can still be changed."""
    return bool(Draft.update(updated_at=now).where(Draft.id == draft.id, Draft.is_open()).execute())


def content_hash_of(clean: CleanPaper) -> str:
    return hashlib.sha256(clean.data).hexdigest()


def forget_faults(draft: Draft, key: str) -> None:
    """Why an earlier photo of this document was refused need not be said any more."""
    Upload.delete().where(Upload.draft == draft, Upload.document_key == key, Upload.fault != "").execute()


def _same_photo(draft: Draft, key: str, content_hash: str) -> Paper | None:
    return next((paper for paper in papers_of(draft).get(key, []) if paper.content_hash == content_hash), None)


def is_full(draft: Draft) -> bool:
    """Whether it takes no more papers, but only others in the place of those it has."""
    return Paper.select().where(Paper.draft == draft.id).count() >= MOST_PAPERS


def submitted_lately(account: Account, slug: str, now: datetime) -> Dossier | None:
    """The dossier of this procedure that the account itself has submitted within PAGE_STAYS_OPEN, the newest."""
    was_mine = Draft.account == account.id, Draft.procedure_slug == slug, Draft.help.is_null()
    became = Dossier.select().join(Draft, on=(Draft.dossier == Dossier.id)).where(*was_mine)
    return became.where(Dossier.submitted_at > now - PAGE_STAYS_OPEN).order_by(Dossier.id.desc()).first()


GONE = "Giấy này không còn trong tài liệu của bạn. Chọn giấy khác, hoặc chụp ảnh rồi gửi."


def copy_paper(draft: Draft, key: str, file: DocumentFile | None, files: LocalFiles, now: datetime) -> Paper | None:
    """Keep a copy of a personal document's file: whatever becomes of that one, the copy stays as it was taken.

    Raises WrongInput when it is gone, also when it is deleted at this very moment.
    """
    if file is None:
        raise WrongInput(GONE)
    try:
        clean = CleanPaper(files.read(file.stored_name), file.media_type, file.filename)
        return keep_paper(draft, key, clean, files, now, taken_from=file.document_id)
    except (FileNotFoundError, IntegrityError) as gone:
        raise WrongInput(GONE) from gone


def drop_paper(paper: Paper, files: LocalFiles) -> None:
    """Forget a paper of a draft; one that is part of a dossier stays."""
    # Its id may be another's by now: SQLite gives it away again.
    is_it = Paper.id == paper.id, Paper.stored_name == paper.stored_name
    if Paper.delete().where(*is_it, Paper.dossier.is_null()).execute():
        files.remove(paper.stored_name)


# --- brought later ---------------------------------------------------------------------------------------------------


def promise_paper(draft: Draft, key: str, now: datetime, received_by: Staff | None = None) -> None:
    """Note that this paper will be brought to the desk, or was put on it just now before `received_by`.

    Twice is once, and of a paper already sent it changes nothing.
    """
    with db.atomic():
        if lock_open(draft, now) and key not in papers_of(draft) and key not in later_papers_of(draft):
            arrived_at = now if received_by else None
            LaterPaper.create(draft=draft, document_key=key, arrived_at=arrived_at, received_by=received_by)
            forget_faults(draft, key)


def withdraw_promise(draft: Draft, key: str, now: datetime, also_received: bool = False) -> None:
    """The paper will be sent after all. One that lies at the desk stays there, unless the desk itself says otherwise."""
    with db.atomic():
        if lock_open(draft, now):
            mine = LaterPaper.draft == draft, LaterPaper.document_key == key
            LaterPaper.delete().where(*mine, *([] if also_received else [LaterPaper.arrived_at.is_null()])).execute()

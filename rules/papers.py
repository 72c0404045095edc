"""The papers of a dossier: which are wanted, and keeping a photo so that nothing sent is lost (SECURITY §1, §2)."""

import hashlib
from datetime import datetime

from peewee import IntegrityError

from database import Prepared, db
from gateways.files import LocalFiles
from gateways.papers import CleanPaper
from models import DocumentFile, Draft, Paper
from rules import WrongInput

papers_of_draft = Prepared(lambda draft: Paper.select().where(Paper.draft == draft).order_by(Paper.id))


def paper_need(document: dict) -> str:
    """What an online dossier wants of a required document: `upload`, `maybe` (only in some cases), `none`.

    A paper that is only shown, or that the e-form itself replaces, is not uploaded (Decree 104/2022: data first).
    """
    if document["key"].startswith("to_khai") and document["digital_substitute"]:
        return "none"
    if document["required"] == "mandatory" and not document["present_only"]:
        return "upload"
    return "maybe"


def missing_papers(procedure: dict, papers: dict[str, Paper]) -> list[dict]:
    return [d for d in procedure["documents"] if paper_need(d) == "upload" and d["key"] not in papers]


def papers_of(draft: Draft) -> dict[str, Paper]:
    """What was sent so far, by the key of the required document."""
    return {paper.document_key: paper for paper in papers_of_draft.all(draft.id)}


def keep_paper(
    draft: Draft, key: str, clean: CleanPaper, files: LocalFiles, now: datetime, taken_from: int | None = None
) -> None:
    """Keep a cleaned paper, in place of an earlier one; the same photo again changes nothing.

    The file is on disk before its row is. A draft that has become a dossier meanwhile takes nothing any more.
    `taken_from` is the id of the personal document it was copied from.
    """
    content_hash = hashlib.sha256(clean.data).hexdigest()
    old = papers_of(draft).get(key)
    if old and old.content_hash == content_hash:
        return
    name = files.keep(clean.data)
    with db.atomic():
        # The first write locks the draft: a photo may not slip in after submitting.
        if not Draft.update(updated_at=now).where(Draft.id == draft.id, Draft.dossier.is_null()).execute():
            return
        old = papers_of(draft).get(key)
        if old:
            old.delete_instance()
        Paper.create(
            draft=draft,
            document_key=key,
            filename=clean.filename,
            media_type=clean.media_type,
            size_bytes=len(clean.data),
            content_hash=content_hash,
            stored_name=name,
            uploaded_at=now,
            taken_from=taken_from,
        )
    if old:
        files.remove(old.stored_name)


GONE = "Giấy này không còn trong tài liệu của bạn. Chọn giấy khác, hoặc chụp ảnh rồi gửi."


def copy_paper(draft: Draft, key: str, file: DocumentFile | None, files: LocalFiles, now: datetime) -> None:
    """Keep a copy of a personal document's file: whatever becomes of that one, the copy stays as it was taken.

    Raises WrongInput when it is gone, also when it is deleted at this very moment.
    """
    if file is None:
        raise WrongInput(GONE)
    try:
        clean = CleanPaper(files.read(file.stored_name), file.media_type, file.filename)
        keep_paper(draft, key, clean, files, now, taken_from=file.document_id)
    except (FileNotFoundError, IntegrityError) as gone:
        raise WrongInput(GONE) from gone


def drop_paper(paper: Paper, files: LocalFiles) -> None:
    """Forget a paper of a draft; one that is part of a dossier stays."""
    if Paper.delete().where(Paper.id == paper.id, Paper.dossier.is_null()).execute():
        files.remove(paper.stored_name)

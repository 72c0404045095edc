"""Photos that arrive in pieces (tus 1.0): each piece is on disk before we say so, and a lost line costs one piece at most."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from logging import getLogger

from database import db
from gateways.files import LocalFiles
from gateways.papers import CleanerBroken, PaperRefused, clean_filename, clean_paper
from gateways.papers_child import MAX_BYTES
from models import Draft, Paper, Upload, UploadPiece
from rules import WrongInput, attempts
from rules.attempts import Limit
from rules.papers import add_paper, forget_faults, lock_open

log = getLogger(__name__)

MOST_BYTES = MAX_BYTES
MOST_OPEN = 20  # of a person; one more, and the oldest is given up
LASTS = timedelta(hours=24)
LEAST_PIECE = 1024  # bytes, but for the last: each piece takes a file of its own
# However often drafts are begun and dropped, one person does not fill the disk.
BEGUN = Limit("uploads", 100, timedelta(hours=1), why="Bạn đã gửi rất nhiều ảnh.")
LEFT_ALONE = timedelta(minutes=1)  # whoever sent the last piece is about to finish it themselves
TOO_LATE = "Hồ sơ đã nộp trước khi ảnh tới đủ. Ảnh này không có trong hồ sơ."


class WrongOffset(Exception):
    """These bytes are not those that are awaited next."""


class TooMuch(Exception):
    """More bytes than were announced."""


class TooLittle(Exception):
    """Fewer bytes than a piece has, and not the last."""


# --- on the way ------------------------------------------------------------------------------------------------------


def begin(draft: Draft, key: str, filename: str, length: int, checksum: str, files: LocalFiles, now: datetime) -> Upload | None:
    """An upload of `length` bytes; of the same photo again the one that stopped on its way, so that it goes on there.

    `checksum` is what the phone makes of the photo; without one nothing is gone on with. None: the draft is closed.
    Raises TooManyTries for a person who has begun more than anybody has photos.
    """
    who = f"account:{draft.account_id}"
    attempts.refuse_if_blocked(BEGUN, who, now)
    with db.atomic():
        if not lock_open(draft, now):
            return None
        if known := _known(draft, key, clean_filename(filename), length, checksum, now):
            return known
        forget_faults(draft, key)
        given_up = _give_up_oldest(draft)
        upload = Upload.create(
            draft=draft,
            document_key=key,
            filename=clean_filename(filename),
            length=length,
            checksum=checksum,
            created_at=now,
            expires_at=now + LASTS,
        )
    attempts.count_failure(BEGUN, who, now)
    for name in given_up:
        files.remove(name)
    return upload


def _give_up_oldest(draft: Draft) -> list[str]:
    """Forget what is too much, of all the person has under way; returns the files to remove once that is on disk."""
    under_way = Upload.select(Upload.id).join(Draft).where(Draft.account == draft.account_id, Upload.finished_at.is_null())
    too_old = [upload.id for upload in under_way.order_by(Upload.id.desc())][MOST_OPEN - 1 :]
    names = [piece.stored_name for piece in UploadPiece.select().where(UploadPiece.upload.in_(too_old))]
    Upload.delete().where(Upload.id.in_(too_old)).execute()
    return names


def _known(draft: Draft, key: str, filename: str, length: int, checksum: str, now: datetime) -> Upload | None:
    """Under way, or arrived while its answer was lost and still among the papers."""
    same_place = Upload.draft == draft, Upload.document_key == key
    same = *same_place, Upload.filename == filename, Upload.length == length, Upload.checksum == checksum
    is_good = (Upload.finished_at.is_null() | Upload.paper.is_null(False)) & (Upload.expires_at > now)
    return Upload.select().where(*same, is_good).order_by(Upload.id.desc()).first() if checksum else None


def find(draft: Draft, ref: str) -> Upload | None:
    """The draft's own upload; another's is as good as none."""
    return Upload.get_or_none(Upload.ref == ref, Upload.draft == draft.id)


def open_uploads(draft: Draft, now: datetime) -> list[Upload]:
    """Those that have begun and are not finished, the newest first."""
    is_open = Upload.draft == draft.id, Upload.finished_at.is_null(), Upload.expires_at > now
    return list(Upload.select().where(*is_open).order_by(Upload.id.desc()))


def append(upload: Upload, offset: int, data: bytes, files: LocalFiles) -> None:
    """Keep the bytes that follow the first `offset`; of two who send them at once, one is believed.

    Raises WrongOffset when others are awaited, TooMuch when they go beyond the announced length, TooLittle for a crumb.
    """
    if offset != upload.received:
        raise WrongOffset
    if offset + len(data) > upload.length:
        raise TooMuch
    if not data:
        return
    if len(data) < LEAST_PIECE and offset + len(data) < upload.length:
        raise TooLittle
    name = files.keep(data)
    with db.atomic():
        still_awaited = Upload.id == upload.id, Upload.received == offset, Upload.finished_at.is_null()
        is_mine = Upload.update(received=offset + len(data)).where(*still_awaited).execute()
        if is_mine:
            UploadPiece.create(upload=upload, starts_at=offset, stored_name=name)
    if not is_mine:
        files.remove(name)
        raise WrongOffset
    upload.received = offset + len(data)


# --- arrived ---------------------------------------------------------------------------------------------------------


def is_whole(upload: Upload) -> bool:
    return upload.received == upload.length


def finish(
    upload: Upload,
    files: LocalFiles,
    now: datetime,
    instead_of: Paper | None = None,
    held: Callable[[], AbstractContextManager] = nullcontext,
) -> Upload | None:
    """What has arrived whole becomes a paper of the draft, or ends with the reason why not; as often as asked, once.

    In place of `instead_of`, where that is named. Its rows are written within `held`. None when it has been given up meanwhile.
    """
    if upload.finished_at or not is_whole(upload):
        return upload
    pieces = list(upload.pieces.order_by(UploadPiece.starts_at))
    clean, fault, stored_name = None, "", ""
    try:
        clean = clean_paper(b"".join(files.read(piece.stored_name) for piece in pieces), upload.filename)
        stored_name = files.keep(clean.data)
    except FileNotFoundError:  # another was quicker, and its pieces are gone
        return Upload.get_or_none(Upload.id == upload.id)
    except PaperRefused as refusal:
        fault = str(refusal)
    with held(), db.atomic():
        lock_open(upload.draft, now)  # first, as everywhere: two who lock in another order would wait for each other
        is_mine = Upload.update(finished_at=now).where(Upload.id == upload.id, Upload.finished_at.is_null()).execute()
        paper = None
        if is_mine:
            paper, fault = _take(upload, clean, stored_name, now, instead_of) if clean else (None, fault)
            Upload.update(paper=paper, fault=fault).where(Upload.id == upload.id).execute()
            UploadPiece.delete().where(UploadPiece.upload == upload.id).execute()
    if stored_name and (paper is None or paper.stored_name != stored_name):
        files.remove(stored_name)
    if is_mine:
        for piece in pieces:
            files.remove(piece.stored_name)
    if instead_of and paper and paper.stored_name != instead_of.stored_name:
        files.remove(instead_of.stored_name)
    return Upload.get_or_none(Upload.id == upload.id)


def _take(upload: Upload, clean, stored_name: str, now: datetime, instead_of: Paper | None) -> tuple[Paper | None, str]:
    """The paper, or why it is none."""
    try:
        paper = add_paper(upload.draft, upload.document_key, clean, stored_name, now, instead_of=instead_of)
    except WrongInput as refusal:
        return None, str(refusal)
    return paper, "" if paper else TOO_LATE


def faults_of(draft: Draft) -> dict[str, str]:
    """Why the last photo of a document was refused, by the document's key."""
    refused = Upload.select().where(Upload.draft == draft.id, Upload.fault != "").order_by(Upload.id)
    return {upload.document_key: upload.fault for upload in refused}


# --- in the background -----------------------------------------------------------------------------------------------


def finish_waiting(files: LocalFiles, now: datetime, draft: Draft | None = None) -> None:
    """Finish what arrived whole while the program fell; of `draft`, or of all."""
    mine = Upload.draft == draft.id if draft else Upload.created_at < now - LEFT_ALONE
    waiting = Upload.select().where(Upload.received == Upload.length, Upload.finished_at.is_null(), mine).order_by(Upload.id)
    for upload in list(waiting):
        try:
            finish(upload, files, now)
        except CleanerBroken as fault:
            log.error("upload %s waits: %s", upload.ref, fault)


def sweep(now: datetime) -> None:
    """Forget uploads that were begun a day ago; their pieces are then unclaimed, and go with the sweep of files."""
    Upload.delete().where(Upload.expires_at < now).execute()

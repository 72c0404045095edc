"""Personal documents: papers a person keeps here for the next time, with their files and old versions (guide VI)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from peewee import fn

from database import SealedField, db
from gateways.files import LocalFiles
from gateways.papers import CleanPaper
from models import Account, DocumentFile, PersonalDocument
from rules import WrongInput
from rules.vietnamese import show_day

# What people have at home, the most used first.
KINDS = {
    "can_cuoc": "Căn cước, CMND",
    "khai_sinh": "Giấy khai sinh",
    "cu_tru": "Sổ hộ khẩu cũ, xác nhận cư trú",
    "ket_hon": "Giấy đăng ký kết hôn",
    "the_bhyt": "Thẻ bảo hiểm y tế",
    "so_do": "Sổ đỏ",
    "bang_lai": "Bằng lái xe",
    "dang_ky_xe": "Đăng ký xe",
    "khuyet_tat": "Giấy xác nhận khuyết tật",
    "ho_ngheo": "Sổ hộ nghèo, cận nghèo",
    "tinh_trang_hon_nhan": "Xác nhận tình trạng hôn nhân",
    "khai_tu": "Giấy khai tử",
    "bang_cap": "Bằng cấp, chứng chỉ",
    "khac": "Giấy khác",
}
# The kind of a form that still has faults: kept a day for the sake of the photos sent with it, and listed nowhere.
UNFINISHED = ""
UNFINISHED_LASTS = timedelta(hours=24)

MOST_FILES = 10  # of a document, old versions apart
MOST_DOCUMENTS = 200
MEGABYTE = 1_000_000  # as phones count
USUAL_PHOTO_BYTES = 300_000  # of a paper, once shrunk
WARNED_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class KeptFile:
    """A file that is in the store, and so far in no row."""

    filename: str
    media_type: str
    size_bytes: int
    content_key: str
    stored_name: str


@dataclass(frozen=True)
class LeftOut:
    """A file that was not kept, and why; `document` is the one that has it already."""

    filename: str
    why: str
    document: PersonalDocument | None = None


class DocumentGone(Exception):
    """The document was deleted while it was being changed."""


def read_kind(typed: str) -> str:
    """The kind's name in the table, from its words on the screen."""
    found = next((kind for kind, words in KINDS.items() if words == typed), None)
    if found is None:
        raise WrongInput("Chọn loại giấy tờ")
    return found


# --- what a person has -----------------------------------------------------------------------------------------------


def documents_of(account: Account):
    """The account's documents, the newest first; the caller pages them."""
    mine = PersonalDocument.account == account.id, PersonalDocument.kind != UNFINISHED
    return PersonalDocument.select().where(*mine).order_by(PersonalDocument.id.desc())


def mine(account: Account, document_id: int) -> PersonalDocument | None:
    """The account's own document; somebody else's is as good as none."""
    return documents_of(account).where(PersonalDocument.id == document_id).first()


def file_of(document: PersonalDocument, file_id: int) -> DocumentFile | None:
    return DocumentFile.get_or_none(DocumentFile.id == file_id, DocumentFile.document == document.id)


def current_files(document: PersonalDocument):
    return document.files.where(DocumentFile.replaced_at.is_null()).order_by(DocumentFile.id)


def old_files(document: PersonalDocument):
    """Versions that were replaced, the newest first; the caller pages them."""
    return document.files.where(DocumentFile.replaced_at.is_null(False)).order_by(DocumentFile.id.desc())


def count_files(documents: Iterable[PersonalDocument]) -> dict[int, int]:
    """How many files each document has now, by its id."""
    ids = [document.id for document in documents]
    counted = (
        DocumentFile.select(DocumentFile.document, fn.COUNT(DocumentFile.id))
        .where(DocumentFile.document.in_(ids), DocumentFile.replaced_at.is_null())
        .group_by(DocumentFile.document)
    )
    return dict(counted.tuples())


def used_bytes(account: Account) -> int:
    """What the account's files take, old versions included."""
    return _files_of(account, fn.SUM(DocumentFile.size_bytes)).scalar() or 0


def photos_left(account: Account, quota_bytes: int) -> int:
    """About how many photos still find room."""
    return max(0, quota_bytes - used_bytes(account)) // USUAL_PHOTO_BYTES


def _files_of(account: Account, *columns):
    return DocumentFile.select(*columns).join(PersonalDocument).where(PersonalDocument.account == account.id)


# --- expiry ----------------------------------------------------------------------------------------------------------


def day_of(document: PersonalDocument, name: str) -> date | None:
    """The day in the document's details: `issued_on` or `expires_on`."""
    text = document.details.get(name)
    return date.fromisoformat(text) if text else None


def expiry_words(document: PersonalDocument, today: date) -> str:
    """What to say of the expiry, from thirty days before it; nothing earlier."""
    day = day_of(document, "expires_on")
    if day is None or today < day - WARNED_BEFORE:
        return ""
    if day < today:
        return f"Đã hết hạn từ {show_day(day)}"
    days = (day - today).days
    return f"Sắp hết hạn: còn {days} ngày, đến {show_day(day)}" if days else "Hết hạn hôm nay"


def expiring(account: Account, today: date) -> list[PersonalDocument]:
    """The documents that have expired or will within thirty days, the most pressing first."""
    found = [document for document in documents_of(account) if expiry_words(document, today)]
    return sorted(found, key=lambda document: (document.details["expires_on"], document.id))


# --- keeping ---------------------------------------------------------------------------------------------------------


def keep_file(clean: CleanPaper, store: LocalFiles) -> KeptFile:
    """Put a cleaned file on disk; until a row names it, it is nobody's, and is swept after a day."""
    return KeptFile(
        clean.filename,
        clean.media_type,
        len(clean.data),
        SealedField.sealer.fingerprint(_content(clean.data)),
        store.keep(clean.data),
    )


def _content(data: bytes) -> str:
    return f"document:{hashlib.sha256(data).hexdigest()}"


def of_form(account: Account, form_key: str) -> PersonalDocument | None:
    """What a form has made before, finished or not: a lost answer is asked for again."""
    return PersonalDocument.get_or_none(PersonalDocument.form_key == _key_of_form(account, form_key))


def _key_of_form(account: Account, form_key: str) -> str:
    # Tied to the account: a key of one person's form never answers for another's.
    return hashlib.sha256(f"{account.id}:{form_key}".encode("utf-8", "surrogatepass")).hexdigest()


def save_document(
    account: Account,
    form_key: str,
    kind: str,
    details: dict[str, str],
    kept: list[KeptFile],
    store: LocalFiles,
    quota_bytes: int,
    now: datetime,
) -> tuple[PersonalDocument, list[LeftOut]]:
    """Save a document with its files, all or nothing; the same form again doubles nothing.

    Returns it and the files it did not take. Raises WrongInput when the account has too many documents.
    """
    with db.atomic():
        _lock(account)
        document = of_form(account, form_key)
        if document is None:
            document = _make_document(account, form_key, kind, details, now)
        elif document.kind == UNFINISHED:
            document.kind, document.details, document.updated_at = kind, details, now
            document.save(only=[PersonalDocument.kind, PersonalDocument.details, PersonalDocument.updated_at])
        left_out = _add_files(account, document, kept, quota_bytes, now)
    forget_unclaimed(kept, store)
    return document, left_out


def _lock(account: Account) -> None:
    # The first write locks the account: of two forms at the same moment the second sees the files of the first.
    Account.update(closed_at=Account.closed_at).where(Account.id == account.id).execute()


def _make_document(account: Account, form_key: str, kind: str, details: dict[str, str], now: datetime) -> PersonalDocument:
    if PersonalDocument.select().where(PersonalDocument.account == account.id).count() >= MOST_DOCUMENTS:
        raise WrongInput(f"Bạn đã cất {MOST_DOCUMENTS} giấy tờ. Xoá bớt giấy không dùng nữa, rồi bấm Lưu lại.")
    return PersonalDocument.create(
        account=account,
        kind=kind,
        details=details,
        created_at=now,
        updated_at=now,
        form_key=_key_of_form(account, form_key),
    )


def add_files(
    account: Account, document: PersonalDocument, kept: list[KeptFile], store: LocalFiles, quota_bytes: int, now: datetime
) -> list[LeftOut]:
    """More files for a document; returns those it did not take. Raises DocumentGone when it was deleted meanwhile."""
    with db.atomic():
        _lock(account)
        if mine(account, document.id) is None:
            raise DocumentGone
        left_out = _add_files(account, document, kept, quota_bytes, now)
    forget_unclaimed(kept, store)
    return left_out


def _add_files(
    account: Account, document: PersonalDocument, kept: list[KeptFile], quota_bytes: int, now: datetime
) -> list[LeftOut]:
    left_out = []
    for file in kept:
        fault = _twin(account, document, file) or _too_many(document, file) or _no_room(account, file, quota_bytes)
        if fault:
            left_out.append(fault)
        else:
            DocumentFile.create(document=document, uploaded_at=now, **vars(file))
    return left_out


def _twin(account: Account, document: PersonalDocument | None, file: KeptFile) -> LeftOut | None:
    """The same bytes among the account's current files; of a form still being mended, only when they are its own."""
    same = DocumentFile.content_key == file.content_key, DocumentFile.replaced_at.is_null()
    where = (PersonalDocument.kind != UNFINISHED) | (PersonalDocument.id == (document and document.id))
    twin = _files_of(account, DocumentFile, PersonalDocument).where(*same, where).order_by(DocumentFile.id).first()
    return twin and LeftOut(file.filename, f"đã có trong “{twin.document.details['name']}”, không lưu lần nữa.", twin.document)


def _too_many(document: PersonalDocument, file: KeptFile) -> LeftOut | None:
    if current_files(document).count() < MOST_FILES:
        return None
    return LeftOut(file.filename, f"mỗi giấy tờ giữ nhiều nhất {MOST_FILES} tệp. Bỏ bớt tệp, hoặc thêm một giấy tờ nữa.")


def _no_room(account: Account, file: KeptFile, quota_bytes: int) -> LeftOut | None:
    if used_bytes(account) + file.size_bytes <= quota_bytes:
        return None
    return LeftOut(file.filename, "chỗ chứa của bạn đã đầy. Xoá bản cũ hoặc giấy tờ không dùng nữa, rồi gửi lại tệp này.")


def known_files(account: Account, kept: list[KeptFile], form_key: str) -> list[LeftOut]:
    """Those of the files that documents of the account have already, save the one this very form has made."""
    twins = [_twin(account, None, file) for file in kept]
    return [twin for twin in twins if twin and twin.document.form_key != _key_of_form(account, form_key)]


def forget_unclaimed(kept: list[KeptFile], store: LocalFiles) -> None:
    """Remove the files that no row has taken. Asked of the rows, so that a row never loses its file."""
    names = [file.stored_name for file in kept]
    claimed = {row.stored_name for row in DocumentFile.select().where(DocumentFile.stored_name.in_(names))}
    for name in names:
        if name not in claimed:
            store.remove(name)


# --- a form that still has faults ------------------------------------------------------------------------------------


def keep_begun(
    account: Account,
    form_key: str,
    typed: dict[str, str],
    kept: list[KeptFile],
    store: LocalFiles,
    quota_bytes: int,
    now: datetime,
) -> tuple[PersonalDocument, list[LeftOut]]:
    """Keep what was typed and sent with a form that has faults, for a day, so that no photo goes over the line twice."""
    details = {"name": "giấy tờ nhập dở", "number": "", "issued_on": "", "place": "", "expires_on": "", "typed": typed}
    return save_document(account, form_key, UNFINISHED, details, kept, store, quota_bytes, now)


def unfinished(account: Account) -> PersonalDocument | None:
    """The form the account left with faults last."""
    mine = PersonalDocument.account == account.id, PersonalDocument.kind == UNFINISHED
    return PersonalDocument.select().where(*mine).order_by(PersonalDocument.id.desc()).first()


def sweep(now: datetime) -> None:
    """Forget forms left with faults; their files are then unclaimed, and go with the sweep of files."""
    is_left = PersonalDocument.kind == UNFINISHED, PersonalDocument.updated_at < now - UNFINISHED_LASTS
    PersonalDocument.delete().where(*is_left).execute()


# --- changing --------------------------------------------------------------------------------------------------------


def change_details(document: PersonalDocument, kind: str, details: dict[str, str], now: datetime) -> None:
    document.kind, document.details, document.updated_at = kind, details, now
    document.save(only=[PersonalDocument.kind, PersonalDocument.details, PersonalDocument.updated_at])


def replace_file(
    account: Account, file: DocumentFile, new: KeptFile, store: LocalFiles, quota_bytes: int, now: datetime
) -> LeftOut | None:
    """Put a new version in a file's place, which keeps its address and its turn; the old one stays, with its date."""
    with db.atomic():
        _lock(account)
        old = DocumentFile.get_or_none(DocumentFile.id == file.id, DocumentFile.replaced_at.is_null())
        if old is None:
            fault = LeftOut(new.filename, "tệp cũ vừa được bỏ ở máy khác. Xem lại giấy tờ này.")
        else:
            fault = _twin(account, old.document, new) or _no_room(account, new, quota_bytes)
        if fault is None:
            DocumentFile.update(uploaded_at=now, **vars(new)).where(DocumentFile.id == old.id).execute()
            DocumentFile.create(**{name: value for name, value in old.__data__.items() if name != "id"} | {"replaced_at": now})
    forget_unclaimed([new], store)
    return fault


def drop_file(file: DocumentFile, store: LocalFiles) -> None:
    file.delete_instance()
    store.remove(file.stored_name)


def delete_document(document: PersonalDocument, store: LocalFiles) -> None:
    """The document, its files and old versions; what was copied into a draft or dossier is another file, and stays."""
    with db.atomic():
        _lock(document.account)
        names = [file.stored_name for file in document.files]
        document.delete_instance()
    for name in names:
        store.remove(name)


# --- for a dossier ---------------------------------------------------------------------------------------------------

MOST_TO_TAKE = 60


def files_to_take(account: Account) -> list[tuple[int, str]]:
    """(id, name) of the files a dossier may take a copy of, those of the newest documents first."""
    found = (
        _files_of(account, DocumentFile, PersonalDocument)
        .where(DocumentFile.replaced_at.is_null(), PersonalDocument.kind != UNFINISHED)
        .order_by(PersonalDocument.id.desc(), DocumentFile.id)
        .limit(MOST_TO_TAKE)
    )
    numbers: dict[int, int] = {}
    named = []
    for file in found:
        numbers[file.document_id] = numbers.get(file.document_id, 0) + 1
        what = "PDF" if file.media_type == "application/pdf" else "ảnh"
        named.append((file.id, f"{file.document.details['name'][:60]} – {what} {numbers[file.document_id]}"))
    return named


def file_to_take(account: Account, file_id: str) -> DocumentFile | None:
    """The account's own current file; somebody else's is as good as none."""
    if not (file_id.isascii() and file_id.isdigit() and len(file_id) < 10):
        return None
    wanted = DocumentFile.id == int(file_id), DocumentFile.replaced_at.is_null(), PersonalDocument.kind != UNFINISHED
    return _files_of(account, DocumentFile).where(*wanted).first()

"""Everything the site has of a person, to be taken home: what there is to read, and the files."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from models import (
    Account,
    Approval,
    Consent,
    DeletionRequest,
    DocumentFile,
    Dossier,
    Draft,
    IdNumber,
    KnownDevice,
    Login,
    Message,
    OneTimeCode,
    Paper,
    PaymentAttempt,
    PaymentRequest,
    PersonalDocument,
    Receipt,
    Refund,
    Representative,
    ResultFile,
    Shipment,
    Slip,
    State,
)
from rules import (
    WrongInput,
    account_log,
    data_rights,
    documents,
    eform,
    results,
    shipment_rows,
    shipments,
    submission,
)
from rules.archive import Packed, safe_name
from rules.content import ConsentText
from rules.dossier_codes import show_receipt_code
from rules.identity import show_phone
from rules.payment_words import METHODS, VOIDED_BECAUSE, number_of
from rules.vietnamese import in_vietnam, show_moment
from rules.workflow import EVENT_LABELS, STATE_NAMES

ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}


class Link(str):
    """The path of a file within what is taken home."""

    is_link = True


@dataclass(frozen=True)
class Belongings:
    """What there is to read, by its heading, and the files."""

    sections: dict[str, object]
    files: list[Packed]


def gather(account: Account, files, library, now: datetime) -> Belongings:
    """All that the site has of the account. `files` is the store; what it holds is read later, one file at a time.

    Rows are read here to the last: while the files are being sent, nothing is asked of the database.
    """
    packing = _Packing(files)
    definitions = library.definitions
    sections = {
        "Tài khoản": _account(account),
        "Số giấy tờ của bạn": _numbers(account),
        "Tài khoản đã gộp vào": [_account(one) | {"Ai đã xem": _log(one)} for one in data_rights.absorbed_by(account)],
        "Điều bạn đồng ý": _consents(account, library.consents),
        "Doanh nghiệp bạn đại diện": _businesses(account),
        "Giấy tờ bạn cất": [_document(document, packing, n) for n, document in enumerate(_documents(account), 1)],
        "Hồ sơ đã nộp": [_dossier(dossier, packing, now) for dossier in _dossiers(account)],
        "Lần bạn bấm trả tiền": _tries(account),
        "Bản nháp": [_draft(draft, definitions.get(draft.procedure_slug), packing, now) for draft in _drafts(account)],
        "Thư đã gửi cho bạn": _letters(account),
        "Lần đăng nhập": _logins(account),
        "Máy đã nhớ": _devices(account),
        "Phiếu và mã": _codes(account),
        "Việc cán bộ xin và duyệt": _approvals(account),
        "Xin xoá tài khoản": _deletions(account),
        "Ai đã xem, ai đã đổi": _log(account),
    }
    return Belongings(sections, packing.files)


def as_json(sections: dict[str, object]) -> bytes:
    text = json.dumps(sections, ensure_ascii=False, indent=1, default=lambda moment: moment.isoformat())
    return text.encode("utf-8", "backslashreplace")


class _Packing:
    """Gives every file its place and its name."""

    def __init__(self, store):
        self.store = store
        self.files: list[Packed] = []

    def add(self, folder: str, called: str, row: Paper | DocumentFile | ResultFile) -> Link:
        path = f"{folder}/{called}{ENDINGS.get(row.media_type, '')}"
        self.files.append(Packed(path, row.size_bytes, row.uploaded_at, partial(self.store.read, row.stored_name)))
        return Link(path)


def weight(account: Account) -> tuple[int, int]:
    """How many files there are, and about how many bytes."""
    papers = Paper.select(Paper.size_bytes).join(Draft).where(Draft.account == account.id)
    kept = DocumentFile.select(DocumentFile.size_bytes).join(PersonalDocument).where(PersonalDocument.account == account.id)
    sizes = [row.size_bytes for rows in (papers, kept) for row in rows]
    mine = Dossier.id.in_([dossier.id for dossier in _dossiers(account)]), Dossier.state == State.RETURNED
    given = ResultFile.select(ResultFile.size_bytes).join(Dossier).where(*mine, ResultFile.replaced_at.is_null())
    sizes += [row.size_bytes for row in given]
    return len(sizes), sum(sizes)


# --- the person ------------------------------------------------------------------------------------------------------


def _account(account: Account) -> dict:
    return {
        "Họ và tên": account.full_name,
        "Số giấy tờ": account.id_number,
        "Ngày sinh": _day(account.birth_date),
        "Thôn, làng": account.village,
        "Số điện thoại": show_phone(account.phone) if account.phone else "",
        "E-mail": account.email,
        "Mức xác minh": f"IAL{account.assurance_level}",
        "Xã xem giấy thật": account.assured_at,
        "Lập ngày": account.created_at,
    }


def _day(text: str | None) -> date | str:
    return date.fromisoformat(text) if text else ""


def _numbers(account: Account) -> list[dict]:
    rows = IdNumber.select().where(IdNumber.account == account.id).order_by(IdNumber.id)
    return [{"Số": row.number, "Thêm lúc": row.added_at, "Người thêm": _name(row.added_by)} for row in rows]


def _name(staff) -> str:
    return staff.full_name if staff else ""


def _consents(account: Account, texts: Mapping[str, ConsentText]) -> list[dict]:
    rows = Consent.select().where(Consent.account == account.id).order_by(Consent.id)
    return [
        {
            "Việc": texts[row.purpose].title if row.purpose in texts else row.purpose,
            "Phiên bản": row.version,
            "Đồng ý lúc": row.given_at,
            "Người đọc cho nghe": _name(row.read_by),
            "Rút lúc": row.withdrawn_at,
        }
        for row in rows
    ]


def _businesses(account: Account) -> list[dict]:
    rows = Representative.select().where(Representative.account == account.id).order_by(Representative.id)
    return [
        {
            "Tên": row.business.name,
            "Mã số thuế": row.business.tax_code,
            "Người mời": row.added_by_name,
            "Mời lúc": row.added_at,
            "Nhận lúc": row.accepted_at,
            "Thôi lúc": row.ended_at,
        }
        for row in rows
    ]


# --- documents, dossiers, drafts -------------------------------------------------------------------------------------


def _documents(account: Account) -> list[PersonalDocument]:
    return list(PersonalDocument.select().where(PersonalDocument.account == account.id).order_by(PersonalDocument.id))


def _document(document: PersonalDocument, packing: _Packing, number: int) -> dict:
    folder = f"giay-to/{number:03}-{safe_name(document.kind or 'nhap-do')}"
    details = document.details
    return {
        "Tên": details.get("name", ""),
        "Loại": documents.KINDS.get(document.kind, "Giấy tờ nhập dở"),
        "Số": details.get("number", ""),
        "Ngày cấp": _day(details.get("issued_on")),
        "Nơi cấp": details.get("place", ""),
        "Ngày hết hạn": _day(details.get("expires_on")),
        "Lưu lúc": document.created_at,
        "Sửa lúc": document.updated_at,
        "Đã gõ": details.get("typed", {}),
        "Tệp": [_kept_file(file, folder, n, packing) for n, file in enumerate(document.files.order_by(DocumentFile.id), 1)],
    }


def _kept_file(file: DocumentFile, folder: str, number: int, packing: _Packing) -> dict:
    called = f"{number:02}-cu-{in_vietnam(file.replaced_at):%Y-%m-%d}" if file.replaced_at else f"{number:02}"
    return {
        "Tệp": packing.add(folder, called, file),
        "Tên khi gửi": file.filename,
        "Gửi lúc": file.uploaded_at,
        "Bản cũ, thay lúc": file.replaced_at,
    }


def _dossiers(account: Account) -> list[Dossier]:
    """Those the person submitted, for themselves or for a business they still act for."""
    return list(submission.all_mine(account).where(Dossier.account == account.id))


def _dossier(dossier: Dossier, packing: _Packing, now: datetime) -> dict:
    folder = f"ho-so/{safe_name(dossier.code)}"
    papers = dossier.papers.order_by(Paper.id)
    return {
        "Thủ tục": dossier.procedure_title,
        "Mã số hồ sơ": dossier.code,
        "Mã biên nhận": show_receipt_code(dossier.receipt_code),
        "Chủ hồ sơ": dossier.owner_name,
        "Doanh nghiệp": dossier.business.name if dossier.business else "",
        "Tình trạng": STATE_NAMES[dossier.state][0],
        "Nộp lúc": dossier.submitted_at,
        "Hẹn trả": dossier.due_at or dossier.expected_on,
        "Nhận kết quả": submission.DELIVERIES[dossier.delivery],
        "Trả lời": _answers(dossier.answers, dossier.procedure, now),
        "Đã qua": [
            {"Lúc": event.at, "Việc": EVENT_LABELS.get(event.name, event.name), "Người": event.actor_name, "Ghi chú": event.note}
            for event in submission.timeline(dossier)
        ],
        "Giấy tờ": _papers(papers, dossier.procedure, folder, packing),
        "Kết quả": _result(dossier, folder, packing),
        "Yêu cầu thanh toán": [_payment_request(one) for one in dossier.payment_requests.order_by(PaymentRequest.id)],
        "Bưu điện": [_shipment(one) for one in shipments.of_dossier(dossier)],
    }


def _shipment(one: Shipment) -> dict:
    """Where papers or a result went by the public post, and what became of them."""
    return {
        "Việc": "Bưu tá đến lấy giấy" if one.direction == "collect" else "Gửi kết quả",
        "Tên": one.receiver,
        "Địa chỉ": one.address,
        "Số điện thoại": show_phone(one.phone) if one.phone else "",
        "Số vận đơn": one.tracking,
        "Đã qua": [
            {
                "Lúc": step.at,
                "Bước": shipments.STATE_NAMES[one.direction][step.state][0],
                "Người ghi": _name(step.by),
                "Ghi chú": step.note,
            }
            for step in shipment_rows.steps_of(one)
        ],
    }


def _payment_request(request: PaymentRequest) -> dict:
    """What was asked, how it ended, each try to pay online, each receipt."""
    return {
        "Nội dung": request.item,
        "Số tiền (đồng)": request.amount_dong,
        "Căn cứ": request.ground,
        "Hạn": request.due_on,
        "Yêu cầu lúc": request.asked_at,
        "Bỏ lúc": request.voided_at,
        "Vì sao bỏ": VOIDED_BECAUSE.get(request.void_reason, request.void_reason),
        "Xong lúc": request.settled_at,
        "Cách nộp": METHODS.get(request.method, request.method),
        "Lần trả trực tuyến": [
            {"Mã": one.txn_ref, "Lúc": one.made_at, "Số tiền (đồng)": one.amount_dong, "Ngân hàng": one.bank}
            | {"Kết quả": TRIES.get(one.state, one.state), "Hoàn tiền (đồng)": [back.amount_dong for back in _refunds(one)]}
            for one in request.attempts.order_by(PaymentAttempt.id)
        ],
        "Biên lai": [
            {"Số": number_of(one), "Lập lúc": one.made_at, "Số tiền (đồng)": one.amount_dong, "Người nộp": one.payer_name}
            | {"Cách nộp": METHODS[one.method], "Hủy lúc": one.voided_at, "Vì sao hủy": one.void_reason if one.voided_at else ""}
            for one in request.receipts.order_by(Receipt.id)
        ],
    }


def _tries(account: Account) -> list[dict]:
    """Also those for dossiers of a business that somebody else handed in."""
    people = [account.id, *(one.id for one in data_rights.absorbed_by(account))]
    return [
        {"Mã": one.txn_ref, "Lúc": one.made_at, "Số tiền (đồng)": one.amount_dong, "Địa chỉ mạng": one.payer_address}
        for one in PaymentAttempt.select().where(PaymentAttempt.started_by.in_(people)).order_by(PaymentAttempt.id)
    ]


TRIES = {"sent": "chưa có kết quả", "unknown": "chưa rõ", "paid": "đã trả", "failed": "không thành"}


def _refunds(attempt: PaymentAttempt) -> list[Refund]:
    return list(attempt.refunds.where(Refund.state == "done").order_by(Refund.id))


def _result(dossier: Dossier, folder: str, packing: _Packing) -> list[dict]:
    """What was returned, and to whom: its file as it came, once the owner may have it."""
    file, returned = results.of_owner(dossier), results.return_of(dossier)
    said = {"Người nhận": returned.receiver, "Nhận lúc": returned.at} if returned else {}
    found = {"Tệp": packing.add(folder, "ket-qua", file), "Tên khi đưa lên": file.filename} if file else {}
    return [said | found] if said or found else []


def _drafts(account: Account) -> list[Draft]:
    return list(Draft.open_ones().where(Draft.account == account.id))


def _draft(draft: Draft, definition: dict | None, packing: _Packing, now: datetime) -> dict:
    folder = f"ban-nhap/{safe_name(draft.procedure_slug)}"
    return {
        "Thủ tục": definition["title"] if definition else draft.procedure_slug,
        "Bắt đầu lúc": draft.created_at,
        "Lưu lúc": draft.updated_at,
        "Trả lời": _answers(draft.answers, definition, now),
        "Giấy tờ": _papers(draft.papers.order_by(Paper.id), definition, folder, packing),
    }


FOR_WHOM = {"self": "Cho bạn", "other": "Cho người khác"}
OWN_QUESTIONS = {
    "owner": "Làm cho ai",
    "owner_name": "Họ tên chủ hồ sơ",
    "owner_id_number": "Số căn cước chủ hồ sơ",
    "owner_relation": "Là gì của chủ hồ sơ",
    "delivery": "Nhận kết quả",
    "delivery_address": "Địa chỉ nhận kết quả",
}


def _answers(answers: Mapping[str, str], definition: dict | None, now: datetime) -> list[dict]:
    """Every answer that is kept, also to questions the procedure asks no more."""
    pages = definition["eform"]["pages"] if definition else []
    questions = eform.all_questions(pages, answers)
    today = in_vietnam(now).date()
    shown = {key: eform.show_answer(questions[key], typed, today) for key, typed in answers.items() if key in questions}
    if "owner" in answers:
        shown["owner"] = FOR_WHOM.get(answers["owner"], "Cho doanh nghiệp")
    if answers.get("delivery") in submission.DELIVERIES:
        shown["delivery"] = submission.DELIVERIES[answers["delivery"]]
    labels = OWN_QUESTIONS | {key: question["label"] for key, question in questions.items()}
    return [{"Câu hỏi": labels.get(key, key), "Trả lời": shown.get(key, typed)} for key, typed in answers.items()]


def _papers(papers, definition: dict | None, folder: str, packing: _Packing) -> list[dict]:
    names = {document["key"]: document["name"] for document in definition["documents"]} if definition else {}
    return [
        {
            "Giấy": names.get(paper.document_key, paper.document_key),
            "Tệp": packing.add(folder, f"{number:02}-{safe_name(paper.document_key)}", paper),
            "Tên khi gửi": paper.filename,
            "Gửi lúc": paper.uploaded_at,
        }
        for number, paper in enumerate(papers, 1)
    ]


# --- what happened ---------------------------------------------------------------------------------------------------


def _letters(account: Account) -> list[dict]:
    """Subjects of the letters to the address. Where families share one, they are not only this person's."""
    if not account.email or data_rights.shares_address(account):
        return []
    rows = Message.select().where(Message.recipient == account.email).order_by(Message.id)
    return [{"Thư": row.subject, "Viết lúc": row.created_at, "Gửi lúc": row.sent_at} for row in rows]


def _logins(account: Account) -> list[dict]:
    rows = Login.select().where(Login.account == account.id).order_by(Login.id)
    return [
        {
            "Máy": row.device,
            "Loại": "Máy của tôi" if row.is_own_phone else "Máy dùng chung",
            "Đăng nhập lúc": row.created_at,
            "Dùng gần nhất": row.seen_at,
            "Hết lúc": row.expires_at,
        }
        for row in rows
    ]


def _devices(account: Account) -> list[dict]:
    rows = KnownDevice.select().where(KnownDevice.account == account.id).order_by(KnownDevice.id)
    return [{"Dùng gần nhất": row.seen_at} for row in rows]


CODE_KINDS = {
    "activation": "Mã kích hoạt",
    "recovery": "Mã lấy lại mật khẩu",
    "reset_link": "Liên kết đặt lại mật khẩu",
    "desk_reset": "Mã cán bộ cấp",
    "new_email": "Liên kết xác nhận e-mail",
}


def _codes(account: Account) -> list[dict]:
    """That there were codes, and what became of them; the codes themselves nobody can read any more."""
    slips = Slip.select().where(Slip.account == account.id).order_by(Slip.id)
    codes = OneTimeCode.select().where(OneTimeCode.account == account.id).order_by(OneTimeCode.id)
    return [{"Là gì": "Phiếu in tại xã", "Lập lúc": slip.made_at, "Người in": slip.made_by.full_name} for slip in slips] + [
        {
            "Là gì": CODE_KINDS.get(code.kind, code.kind),
            "Lập lúc": code.made_at,
            "Hết hạn": code.expires_at,
            "Dùng lúc": code.used_at,
            "Bỏ lúc": code.voided_at,
        }
        for code in codes
    ]


APPROVAL_KINDS = {
    "reset": "Đặt lại mật khẩu",
    "slip": "In phiếu mã mới",
    "merge": "Gộp hai tài khoản",
    "undo_merge": "Tách tài khoản đã gộp",
}


def _approvals(account: Account) -> list[dict]:
    is_mine = (Approval.account == account.id) | (Approval.other_account == account.id)
    return [
        {
            "Việc": APPROVAL_KINDS.get(row.kind, row.kind),
            "Lý do": row.reason,
            "Người xin": row.asked_by.full_name,
            "Xin lúc": row.asked_at,
            "Người quyết định": _name(row.decided_by),
            "Quyết định lúc": row.decided_at,
            "Đồng ý": "" if row.is_granted is None else "Có" if row.is_granted else "Không",
        }
        for row in Approval.select().where(is_mine).order_by(Approval.id)
    ]


def _deletions(account: Account) -> list[dict]:
    rows = DeletionRequest.select().where(DeletionRequest.account == account.id).order_by(DeletionRequest.id)
    return [{"Xin lúc": row.asked_at, "Sẽ xoá lúc": row.due_at, "Thôi lúc": row.cancelled_at} for row in rows]


def _log(account: Account) -> list[dict]:
    return [
        {
            "Lúc": event.at,
            "Việc": account_log.label_of(event),
            "Ai": event.actor_name,
            "Cùng với": event.second_name,
            "Để làm gì": event.purpose,
        }
        for event in account_log.lines_of(account)
    ]


def shown(value: object) -> str:
    """One value of a section as a person reads it."""
    return show_moment(value) if isinstance(value, datetime) else f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)


# --- how many at once ------------------------------------------------------------------------------------------------


class TooManyTakers(WrongInput):
    """Others are taking theirs, or the same person is: later."""


class Takers:
    """Who is being sent everything by this process right now: at most two, each once."""

    MOST = 2

    def __init__(self):
        self._lock = threading.Lock()
        self._accounts: set[int] = set()

    def begin(self, account: Account) -> Callable[[], None]:
        """Returns what says that it is over. Raises TooManyTakers."""
        with self._lock:
            if account.id in self._accounts:
                raise TooManyTakers("Bạn đang tải một bản. Chờ bản đó tải xong, rồi bấm lại.")
            if len(self._accounts) >= self.MOST:
                raise TooManyTakers("Đang có người khác tải. Chờ ít phút, rồi bấm lại. Dữ liệu của bạn vẫn còn nguyên.")
            self._accounts.add(account.id)
        return lambda: self._accounts.discard(account.id)

    @contextmanager
    def given_back_on_failure(self, account: Account) -> Iterator[Callable[[], None]]:
        """A turn whose end the caller passes on; one that comes to nothing is free again at once."""
        end = self.begin(account)
        try:
            yield end
        except BaseException:
            end()
            raise


takers = Takers()

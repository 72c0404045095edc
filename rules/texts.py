"""Texts (SMS) for the desk's own phone: counted as the network counts them, without accents, without anything personal."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from peewee import JOIN

from models import Account, Dossier, Event, Staff, TextMessage
from rules import WrongInput
from rules.paging import pages_of
from rules.vietnamese import clean_text, fold, show_moment

MOST = 160  # septets: what one text carries (3GPP TS 23.038)
A_PAGE = 20

# The GSM 7 bit default alphabet (3GPP TS 23.038, section 6.2.1), and its extension, whose signs take two places.
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")

# What a keyboard makes of plain signs by itself, and letters that Unicode does not take apart.
PLAIN_SIGNS = str.maketrans("đĐƀɃ“”„‘’‚–—−…\u00a0", "dDbB\"\"\"'''---.\u0020")


# --- counting: pure functions ----------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """`text` without marks, on one line: Đã tiếp nhận → Da tiep nhan. Other alphabets stay as they are."""
    marked = unicodedata.normalize("NFD", text.replace("…", "...").translate(PLAIN_SIGNS))
    bare = "".join(sign for sign in marked if unicodedata.category(sign) not in ("Mn", "Me", "Cf"))
    return " ".join(bare.split())


def septets(text: str) -> int:
    """How much of a text's MOST places `text` takes: one a sign, two for those of the extension.

    Raises ValueError for a sign that GSM 7 bit does not have.
    """
    if strange := strange_signs(text):
        raise ValueError(f"not GSM 7 bit: {strange}")
    return len(text) + sum(sign in EXTENSION for sign in text)


def size(typed: str) -> int:
    """The same of what is still being typed: as it would be sent, without accents; a strange sign counts as one."""
    text = plain(typed[:LONGEST_TYPED])
    return len(text) + sum(sign in EXTENSION for sign in text)


def strange_signs(text: str) -> str:
    """The signs of `text` that GSM 7 bit does not have, each once: with one of them a text holds 70 signs, not 160."""
    return "".join(dict.fromkeys(sign for sign in text if sign not in BASIC and sign not in EXTENSION))


def sign_faults(text: str) -> list[str]:
    """What is wrong with the signs of a text that is to leave as it stands; its length is another matter."""
    if text != plain(text):
        return ["tin nhắn viết không dấu, một dòng"]
    return [f"tin nhắn không gửi được ký tự “{strange[0]}”"] if (strange := strange_signs(text)) else []


def cut(text: str) -> str:
    """`text` as far as it fits into one text."""
    while septets(text) > MOST:
        text = text[:-1]
    return text.rstrip()


def link(phone: str, text: str) -> str:
    """What opens the phone's own program for texts, with number and words in it (RFC 5724)."""
    return f"sms:{phone}?body={quote(text, safe='')}"


# --- what the officer changes before sending -------------------------------------------------------------------------

DIGITS = re.compile(r"\D+")
LONGEST_TYPED = 1000  # before any work is spent on it
# A dossier code and a day are said in a text; any other run of so many digits is somebody's.
SAID_OPENLY = re.compile(r"H\d\d(\.\d+)*-\d{6}-\d{4,6}|\d{1,2}/\d{1,2}/\d{4}")
SOMEBODYS = re.compile(r"\d(?:[ .-]?\d){8,}")


def read_text(typed: str, dossier: Dossier) -> str:
    """What was typed, without accents, fit to be sent. Raises WrongInput, saying what to mend.

    Accents are taken off rather than refused: who types on a Vietnamese keyboard need not think of it.
    """
    text = plain(clean_text(typed, LONGEST_TYPED, lines=True))
    if not text:
        raise WrongInput("Nhập chữ của tin nhắn")
    if strange := strange_signs(text):
        raise WrongInput(f"Bỏ ký tự “{strange[0]}”: tin nhắn không dấu không gửi được ký tự này")
    if (size := septets(text)) > MOST:
        raise WrongInput(f"Viết ngắn lại: nhiều nhất {MOST} ký tự, đang có {size}")
    if said := personal_in(text, dossier):
        raise WrongInput(f"Bỏ {said}: ai cầm máy cũng đọc được tin nhắn")
    return text


def personal_in(text: str, dossier: Dossier) -> str:
    """What of the dossier's people stands in `text`: a whole name, a number; "" when nothing does (SECURITY §11)."""
    account, words = dossier.account, f" {' '.join(re.findall(r'[a-z0-9]+', fold(text)))} "
    for name in (dossier.owner_name, account.full_name):
        parts = re.findall(r"[a-z0-9]+", fold(name))
        if len(parts) > 1 and f" {' '.join(parts)} " in words:
            return "họ tên"
    if "@" in text:
        return "địa chỉ e-mail"
    if SOMEBODYS.search(SAID_OPENLY.sub(" ", text)):
        return "số giấy tờ, số điện thoại"
    digits = DIGITS.sub("", text)
    numbers = [account.id_number, account.phone.removeprefix("+84"), str(dossier.answers.get("owner_id_number", ""))]
    return "số giấy tờ, số điện thoại" if any(len(n) >= 8 and DIGITS.sub("", n) in digits for n in numbers) else ""


# --- the rows --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """A page of the texts of an office that wait to be sent."""

    texts: list[TextMessage]
    page: int
    pages: int
    count: int


def write(dossier: Dossier, event: Event, text: str) -> None:
    """Put a text beside the event it tells of, in the caller's transaction; once an event, and none when there are no words."""
    words = cut(plain(text))
    if words:
        row = {"dossier": dossier, "event": event, "text": words, "made_at": event.at}
        TextMessage.insert(row).on_conflict_ignore().execute()


def take_back(undone: Event, now: datetime) -> bool:
    """Drop the text about a move that was undone, if it waits still; whether there was one that had been sent."""
    mine = TextMessage.event == undone.id
    TextMessage.update(dropped_at=now).where(mine, TextMessage.sent_at.is_null(), TextMessage.dropped_at.is_null()).execute()
    return TextMessage.select().where(mine, TextMessage.sent_at.is_null(False)).exists()


def of_dossier(dossier: Dossier) -> list[TextMessage]:
    """Its texts, the newest first, each with its event and who sent it."""
    found = TextMessage.select(TextMessage, Event, Staff).join(Event).switch(TextMessage)
    return list(found.join(Staff, JOIN.LEFT_OUTER).where(TextMessage.dossier == dossier.id).order_by(TextMessage.id.desc()))


def waiting(office: str, page: int = 1) -> Waiting:
    """What the office has still to send, oldest first."""
    unsent = TextMessage.sent_at.is_null(), TextMessage.dropped_at.is_null(), Dossier.office == office
    count = TextMessage.select().join(Dossier).where(*unsent).count()
    page, pages = pages_of(count, A_PAGE, page)
    found = TextMessage.select(TextMessage, Dossier, Account, Event).join(Dossier).join(Account)
    found = found.switch(TextMessage).join(Event).where(*unsent).order_by(TextMessage.id).paginate(page, A_PAGE)
    return Waiting(list(found), page, pages, count)


def text_of_office(text_id: int, office: str) -> TextMessage | None:
    """The text of this id, when it is about a dossier of the office."""
    found = TextMessage.select(TextMessage, Dossier).join(Dossier)
    return found.where(TextMessage.id == text_id, Dossier.office == office).first()


class TextSettled(Exception):
    """Somebody was quicker: it is sent already, or what it told was undone; the message says which."""


def save(message: TextMessage, text: str) -> None:
    """Keep other words. Raises TextSettled."""
    _settle(message, {"text": text})


def mark_sent(message: TextMessage, text: str, by: Staff, now: datetime) -> None:
    """Note that it was sent, in these words. Pressed again by the same person, nothing changes. Raises TextSettled."""
    _settle(message, {"text": text, "sent_at": now, "sent_by": by}, by)


def drop(message: TextMessage, now: datetime) -> None:
    """Note that it is not to be sent: told by word of mouth, or overtaken. Again, nothing changes. Raises TextSettled."""
    _settle(message, {"dropped_at": now})


def _settle(message: TextMessage, changes: dict, by: Staff | None = None) -> None:
    # That it still waits, in WHERE, settles two officers pressing at once.
    waits = TextMessage.id == message.id, TextMessage.sent_at.is_null(), TextMessage.dropped_at.is_null()
    if TextMessage.update(changes).where(*waits).execute():
        return
    now = TextMessage.get_by_id(message.id)
    if now.sent_at and not (by and now.sent_by_id == by.id):
        raise TextSettled(f"Tin này đã gửi lúc {show_moment(now.sent_at)}, bởi {now.sent_by.full_name}.")
    if now.dropped_at and "dropped_at" not in changes:
        raise TextSettled(f"Tin này đã bỏ lúc {show_moment(now.dropped_at)}, không gửi nữa.")

"""The words of letters and texts: which there are, what each may name, and the commune's own, from content/messages.yaml."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from models import ContentPart, ContentStamp
from rules import texts

# What every letter may name, and who says it.
ALWAYS = ("xa", "noi_nhan", "khong_phai_cong")
# What a letter about a dossier may name; of these, a text only what is nobody's.
ABOUT_A_DOSSIER = ("nguoi_nhan", "thu_tuc", "ma_ho_so", "luc", "ngay_hen", "lien_ket", "trang_ho_so")
# In a text, with the longest that may stand there; the code's length depends on the offices (`longest_code`).
IN_A_TEXT = {"ma_ho_so": "", "ngay": "30/12/2026", "ngay_hen": "30/12/2026", "noi_xem": "x" * 40, "xa": "", "noi_nhan": ""}
FRAME = ("noi_dung", *ABOUT_A_DOSSIER)

# What happens to a dossier and is told to whoever submitted it, by the event's name. Not here: what only moves it within
# the office, and what the program answers at once (a dossier taken back before it was accepted: stop_withdrawn).
EVENTS = (
    "accept", "refuse", "begin", "begin_verifying", "end_verifying", "send_elsewhere", "transferred", "finish",
    "hand_to_post", "post_returned", "post_lost", "give_result", "ask_supplement", "supplied", "ask_payment",
    "payment_changed", "paid", "waive_fee", "ask_withdrawal", "stop_withdrawn", "grant_withdrawal", "refuse_withdrawal",
    "stop", "reopen", "give_papers_back", "apologized", "result_added", "refund_granted", "refund_done", "refund_failed",
    "undone",
)  # fmt: skip

# The other letters: what each may name, and (with a star) what it must.
LETTERS = {
    "account_confirm": ("nguoi_nhan", "lien_ket*"),
    "account_exists": ("nguoi_nhan",),
    "password_link": ("nguoi_nhan", "lien_ket*"),
    "password_reset": ("nguoi_nhan", "luc*", "cach"),
    "password_reset_email_dropped": ("nguoi_nhan", "luc*", "cach"),
    "password_changed": ("nguoi_nhan", "luc*"),
    "phone_changed": ("nguoi_nhan", "luc*", "so_moi"),
    "phone_dropped": ("nguoi_nhan", "luc*"),
    "new_email_confirm": ("lien_ket*",),
    "email_asked": ("nguoi_nhan", "luc*", "e_mail_moi"),
    "email_changed": ("nguoi_nhan", "luc*", "e_mail_moi"),
    "email_dropped": ("nguoi_nhan", "luc*"),
    "slip_printed": ("nguoi_nhan", "luc*"),
    "accounts_merged": ("nguoi_nhan", "luc*"),
    "merge_undone": ("nguoi_nhan", "luc*"),
    "deletion_asked": ("nguoi_nhan", "luc*", "xoa_luc*"),
    "submitted": ("nguoi_nhan", "thu_tuc", "luc", "ma_ho_so*", "ma_bien_nhan*", "ngay_du_kien", "lien_ket*", "doanh_nghiep"),
    "submitted_for_you": ("nguoi_nhan", "nguoi_giup*", "thu_tuc", "luc", "ma_ho_so*", "ma_bien_nhan*", "ngay_du_kien",
                          "lien_ket*", "doanh_nghiep"),
}  # fmt: skip

NAMED = re.compile(r"\{([^{}\n]*)\}")
# A part in square brackets, or a placeholder: read in one go, so that what is put in is never read again.
PIECE = re.compile(r"\[([^\[\]\n]*)\]|\{(\w+)\}")


class CatalogueMissing(LookupError):
    """No messages are loaded: `init` has to be run."""


# --- filling in ------------------------------------------------------------------------------------------------------


def fill(text: str, values: dict[str, str]) -> str:
    """`text` with its placeholders filled. A part in [square brackets] is left out when one of its placeholders is empty,
    and with it its line, when nothing else stands there. What is filled in is taken as it is."""
    lines = []
    for line in text.split("\n"):
        filled = PIECE.sub(lambda piece: _filled(piece, values), line)
        if filled.strip() or not line.strip():
            lines.append(filled.rstrip())
    return "\n".join(lines)


def _filled(piece: re.Match, values: dict[str, str]) -> str:
    if piece[2] is not None:
        return values.get(piece[2], piece[0])
    if all(values.get(name) for name in NAMED.findall(piece[1])):
        return NAMED.sub(lambda found: values[found[1]], piece[1])
    return ""


# --- what is wrong with the file (content check) ---------------------------------------------------------------------


def event_faults(events: dict) -> Iterator[str]:
    """Of the part `events`: keys, placeholders, and texts that cannot be sent at all."""
    yield from _key_faults("events", events, EVENTS)
    for key, words in events.items():
        if key in EVENTS and words is not None:
            allowed = (*ALWAYS, *ABOUT_A_DOSSIER)
            yield from named_faults(f"events.{key}.subject", words.subject, allowed, ("ma_ho_so",))
            yield from named_faults(f"events.{key}.body", words.body, allowed)
            yield from _text_faults(f"events.{key}.sms", words.sms)


def letter_faults(letters: dict) -> Iterator[str]:
    """Of the part `letters`."""
    yield from _key_faults("letters", letters, LETTERS)
    for key, words in letters.items():
        if key in LETTERS and words is not None:
            allowed = (*ALWAYS, *(name.rstrip("*") for name in LETTERS[key]))
            needed = tuple(name.rstrip("*") for name in LETTERS[key] if name.endswith("*"))
            yield from named_faults(f"letters.{key}.subject", words.subject, allowed)
            yield from named_faults(f"letters.{key}.body", words.body, allowed, needed)


def _key_faults(place: str, said: dict, known) -> Iterator[str]:
    yield from (f"{place}: thiếu “{key}”" for key in known if key not in said)
    yield from (f"{place}.{key}: chương trình không gửi thư nào tên này" for key in said if key not in known)


def named_faults(place: str, text: str, allowed, needed=()) -> Iterator[str]:
    """What is wrong with the placeholders and brackets of one text."""
    if place.endswith(".subject") and "\n" in text.strip():
        yield f"{place}: tiêu đề thư chỉ có một dòng"
    names = NAMED.findall(text)
    for name in dict.fromkeys(names):
        if name not in allowed:
            yield f"{place}: không có chỗ trống {{{name}}}; dùng được: {', '.join(f'{{{one}}}' for one in allowed)}"
    for name in needed:
        if f"{{{name}}}" not in re.sub(r"\[[^\[\]\n]*\]", "", text):
            yield f"{place}: phải có {{{name}}}"
    if re.search(r"[{}]", NAMED.sub("", text)):
        yield f"{place}: dấu {{ và }} không thành cặp"
    optional = re.findall(r"\[([^\[\]\n]*)\]", text)
    if re.search(r"[\[\]]", re.sub(r"\[[^\[\]\n]*\]", "", text)):
        yield f"{place}: dấu [ và ] không thành cặp trên một dòng"
    yield from (f"{place}: trong [ ] phải có một chỗ trống" for part in optional if not NAMED.search(part))


def _text_faults(place: str, text: str) -> Iterator[str]:
    if not text:
        return  # no text is sent of it: the commune's choice
    faults = list(named_faults(place, text, tuple(IN_A_TEXT), ("ma_ho_so",)))
    yield from faults
    if not faults:
        bare = PIECE.sub(lambda piece: NAMED.sub("", piece[1] or ""), text)
        yield from (f"{place}: {fault}" for fault in texts.sign_faults(" ".join(bare.split())))


def long_text_faults(events: dict, xa: str, noi_nhan: str, codes: list[str]) -> Iterator[str]:
    """Texts that would not fit with the longest of everything in them; `codes` are the agencies' (H21.129)."""
    longest = IN_A_TEXT | {"xa": texts.plain(xa), "noi_nhan": texts.plain(noi_nhan), "ma_ho_so": longest_code(codes)}
    for key, words in events.items():
        if words is None or not words.sms or list(_text_faults("", words.sms)):
            continue  # named already
        filled = fill(words.sms, longest)
        if not texts.strange_signs(filled) and texts.septets(filled) > texts.MOST:
            size = texts.septets(filled)
            yield f"events.{key}.sms: dài nhất {size} ký tự khi điền đủ, nhiều nhất {texts.MOST}: viết ngắn lại"


def longest_code(codes: list[str]) -> str:
    """The longest dossier code the program makes: H21.129-261122-999999."""
    return f"{max(codes, key=len, default='')}-999999-999999"


# --- the commune's own -----------------------------------------------------------------------------------------------


class Place:
    """Where the site is (SITE_URL): set once when the program starts."""

    address = ""

    @classmethod
    def look_up(cls, receipt_code: str) -> str:
        """The address that shows where a dossier is: a door that stays (DESIGN)."""
        return f"{cls.address}/tra-cuu?ma={receipt_code}"

    @classmethod
    def own_page(cls, code: str) -> str:
        """The dossier's page for who submitted it."""
        return f"{cls.address}/ca-nhan/ho-so/{code}"

    @classmethod
    def in_a_text(cls) -> str:
        """The same, short enough for a text: without https, or in words where the name is long."""
        short = f"{urlsplit(cls.address).netloc}/tra-cuu"
        fits = cls.address and not texts.strange_signs(short) and len(short) <= len(IN_A_TEXT["noi_xem"])
        return short if fits else "trang dich vu cong cua xa"


@dataclass(frozen=True)
class Catalogue:
    """The words as they were loaded, and what the site is called in them."""

    messages: dict
    site: dict

    def always(self) -> dict[str, str]:
        site = self.site
        return {"xa": site["name"], "noi_nhan": site["office"], "khong_phai_cong": site["not_national"]}

    def letter(self, key: str, **values: str) -> tuple[str, str]:
        """Subject and body of one of LETTERS."""
        words = self.messages["letters"][key]
        return self._mail(words, values | self.always())

    def mail(self, event: str, **values: str) -> tuple[str, str]:
        """Subject and body about one of EVENTS, in the frame that all of them share."""
        said, values = self.messages["events"][event], values | self.always()
        return self._mail(said | {"body": self.messages["frame"]}, values | {"noi_dung": fill(said["body"], values).strip()})

    def text(self, event: str, **values: str) -> str:
        """The text about one of EVENTS; "" where the commune sends none."""
        words = self.messages["events"][event].get("sms", "")
        return fill(words, values | {name: texts.plain(text) for name, text in self.always().items()})

    def _mail(self, words: dict, values: dict[str, str]) -> tuple[str, str]:
        return fill(words["subject"], values).strip(), f"{fill(words['body'], values).strip()}\n"


_kept: tuple[str | None, Catalogue] | None = None


def current() -> Catalogue:
    """The catalogue as it was loaded last, whichever process asks. Raises CatalogueMissing before anything was loaded."""
    global _kept
    stamp, kept = ContentStamp.current(), _kept
    if kept is None or kept[0] != stamp:
        parts = {part.kind: part.value for part in ContentPart.select().where(ContentPart.kind.in_(("messages", "site")))}
        if parts.keys() != {"messages", "site"}:
            raise CatalogueMissing("content/messages.yaml is not loaded: run flask --app app init")
        kept = _kept = stamp, Catalogue(parts["messages"], parts["site"])
    return kept[1]


def letter(key: str, **values: str) -> tuple[str, str]:
    """Subject and body of one of LETTERS, in the commune's words."""
    return current().letter(key, **values)

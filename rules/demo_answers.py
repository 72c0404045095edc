"""Made-up answers that fit a procedure's e-form: its choices are made a few times, names, days and numbers each time anew."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from rules import eform
from rules.demo_people import YOUNGEST, made_up_name, made_up_person, made_up_phone
from rules.identity import show_phone
from rules.vietnamese import show_day

VARIANTS = 6  # ways through one e-form
MOST_VARIANTS_TRIED = 200
MANY_ITEMS = 3


@dataclass(frozen=True)
class Writer:
    """For whom answers are made up, and on which day."""

    rng: Random
    account: object
    day: date
    address: str


Maker = Callable[[Writer], str]


@dataclass(frozen=True)
class Variant:
    """One way through an e-form: what is always answered so, and what is made up each time."""

    fixed: dict[str, str]
    made: tuple[tuple[str, Maker], ...]

    def answers(self, writer: Writer) -> dict[str, str]:
        return self.fixed | {key: make(writer) for key, make in self.made}


def variants_of(form: dict, rng: Random, writers: list[Writer]) -> list[Variant]:
    """Several ways through one e-form, each tried on `writers`. Raises ValueError where none is without a fault."""
    found: list[Variant] = []
    for _ in range(MOST_VARIANTS_TRIED):
        variant = _one_way(form, rng)
        if all(_is_sound(form, variant, writer) for writer in writers):
            found.append(variant)
        if len(found) == VARIANTS:
            break
    if not found:
        raise ValueError(f"no answers fit the e-form that begins with {form['pages'][0]['title']}")
    return found


def _is_sound(form: dict, variant: Variant, writer: Writer) -> bool:
    return not any(faults for _, faults in eform.faults_by_page(form, variant.answers(writer), writer.day))


def _one_way(form: dict, rng: Random) -> Variant:
    chosen: dict[str, str] = {}
    for page in form["pages"]:
        if page.get("repeat"):
            chosen[eform.count_key(page)] = str(rng.randint(1, min(MANY_ITEMS, page["repeat"]["most"])))
    for question in eform.all_questions(form["pages"], chosen).values():
        if question["key"] not in chosen:
            chosen |= _chosen(question, rng)
    for check in form.get("checks") or ():
        if check["kind"] == "sum":
            chosen[check["total"]] = str(max(1, sum(int(chosen.get(part) or 0) for part in check["parts"])))
            if chosen[check["total"]] == "1":
                chosen |= dict.fromkeys(check["parts"], "0") | {check["parts"][0]: "1"}
    # Only what is asked for these choices is answered.
    asked = [question for page in eform.asked_pages(form["pages"], chosen) for question in page["questions"]]
    counts = {key: value for key, value in chosen.items() if key.endswith(".count")}
    fixed = {q["key"]: chosen[q["key"]] for q in asked if chosen.get(q["key"])}
    made = tuple((q["key"], _maker(q)) for q in asked if q["key"] not in fixed and _is_answered(q, rng))
    return Variant(counts | fixed, made)


def _is_answered(question: dict, rng: Random) -> bool:
    return bool(question.get("required") or question.get("prefill") or rng.random() < 0.4)


def _chosen(question: dict, rng: Random) -> dict[str, str]:
    """What decides which questions follow, and numbers, which have to add up."""
    if question["type"] == "choice":
        # The first choice is the usual one.
        choice = question["choices"][0] if rng.random() < 0.4 else rng.choice(question["choices"])
        return {question["key"]: choice}
    if question["type"] == "yes_no":
        return {question["key"]: rng.choice(("co", "khong", "khong"))}
    if question["type"] == "number":
        least = question.get("min") or 0
        most = least + 3 if question.get("max") is None else min(question["max"], least + 3)
        return {question["key"]: str(rng.randint(least, most))}
    return {}


# --- what is made up each time ---------------------------------------------------------------------------------------


def _maker(question: dict) -> Maker:
    known = KNOWN.get(question.get("prefill") or "")
    if known:
        return lambda writer: known(writer) if known(writer) or not question.get("required") else _other(question)(writer)
    return _other(question)


def _other(question: dict) -> Maker:
    kind = question["type"]
    if kind == "date":
        return _day_maker(question)
    if kind == "text" and _is_name(question["key"]):
        return lambda writer: made_up_name(writer.rng, writer.rng.choice(("Jrai", "Kinh", "Ba Na")), writer.rng.choice(SEXES))
    words = next((words for part, words in WORDS.items() if part in question["key"]), None) if kind == "text" else None
    if words:
        return lambda writer: writer.rng.choice(words)
    return PLAIN[kind]


SEXES = ("male", "female")
KNOWN: dict[str, Maker] = {
    "name": lambda writer: writer.account.full_name,
    "id_number": lambda writer: writer.account.id_number,
    "birth_date": lambda writer: show_day(writer.account.birth_date),
    "phone": lambda writer: writer.account.phone and show_phone(writer.account.phone),
    "email": lambda writer: writer.account.email,
    "address": lambda writer: writer.address,
    "village": lambda writer: writer.account.village,
}
PLAIN: dict[str, Maker] = {
    "text": lambda writer: f"{writer.rng.randint(1, 400)}/{writer.rng.randint(2015, 2024)}",
    "address": lambda writer: writer.address,
    "village": lambda writer: writer.account.village,
    "textarea": lambda writer: writer.rng.choice(REQUESTS),
    "id_number": lambda writer: made_up_person(writer.rng).id_number,
    "phone": lambda writer: show_phone(made_up_phone(writer.rng)),
}
REQUESTS = (
    "Xin xã xem xét, giải quyết theo quy định.",
    "Giấy cũ bị rách, không đọc được nữa.",
    "Cần giấy này để làm hồ sơ xin việc.",
    "Hoàn cảnh gia đình khó khăn, xin được giải quyết sớm.",
    "Cần để làm thủ tục cho con đi học.",
    "Làm rẫy xa, ít về xã, xin nhận kết quả trong tuần.",
)
# By a part of the key.
WORDS = {
    "dan_toc": ("Gia Rai", "Kinh", "Ba Na"),
    "quoc_tich": ("Việt Nam",),
    "quan_he": ("Con", "Vợ", "Chồng", "Cha", "Mẹ", "Cháu"),
    "nghe": ("Làm rẫy", "Trồng cà phê", "Thợ xây", "Còn đi học", "Buôn bán nhỏ"),
    "ngan_hang": ("Ngân hàng A", "Ngân hàng B"),
    "muc_dich": ("Làm hồ sơ xin việc", "Cho con đi học", "Bổ sung hồ sơ"),
    "ten_giay_to": ("Bằng tốt nghiệp", "Giấy khai sinh", "Sổ hộ khẩu cũ", "Giấy phép lái xe", "Bảng điểm"),
    "ten_van_ban": ("Giấy ủy quyền", "Sơ yếu lý lịch", "Giấy cam đoan", "Đơn xin việc"),
    "co_quan": ("UBND xã Ia Băng", "UBND huyện Đak Đoa"),
    "noi_": ("UBND xã Ia Băng", "UBND xã A Dơk", "UBND xã Ia Pết"),
    "gio": ("6 giờ 15", "khoảng nửa đêm", "14 giờ"),
}
NAME_PARTS = ("ho_ten", "tk_chu", "nguoi_cham_soc", "don_vi_ten", "vo_chong_ten", "ket_hon_voi", "con_ten", "nd_cha", "nd_me")


def _is_name(key: str) -> bool:
    bare = key.split(".")[0]
    return bare.endswith(NAME_PARTS)


def _day_maker(question: dict) -> Maker:
    """A day that goes with the others of its form: births long ago, deaths of this month, newborns."""
    key = question["key"].split(".")[0]
    if question.get("rule") == "not_past":
        return _days_from_now(1, 10)
    spans = {
        "con_ngay_sinh": _days_from_now(-55, -3),
        "nm_ngay_sinh": _between(date(1932, 1, 1), date(1972, 1, 1)),
        "ngay_mat": _days_from_now(-20, -3),
        "gbt_ngay": _days_from_now(-2, 0),
        "tv_ngay_sinh": _between(date(1950, 1, 1), date(2018, 1, 1)),
        "ngay_sinh": _between(date(1956, 1, 1), YOUNGEST),
        "thoi_gian_tu": _between(date(2005, 1, 1), date(2012, 1, 1)),
        "thoi_gian_den": _between(date(2013, 1, 1), date(2023, 1, 1)),
    }
    return next((make for part, make in spans.items() if key.endswith(part)), _between(date(2021, 6, 1), date(2024, 6, 1)))


def _days_from_now(first: int, last: int) -> Maker:
    return lambda writer: show_day(writer.day + timedelta(days=writer.rng.randint(first, last)))


def _between(first: date, last: date) -> Maker:
    days = (last - first).days
    return lambda writer: show_day(first + timedelta(days=writer.rng.randrange(days)))

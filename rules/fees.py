"""What a procedure costs: a rule in its data, by the day, the way of submitting, how many copies, and who is exempt.

Every amount is whole đồng. A dossier keeps the definition it was submitted under, so its fee stays what it was; older
definitions, which hold one amount alone, are read the same way. Law on fees and charges 97/2015/QH13, article 10
(exemptions); Thông tư 226/2016/TT-BTC (certified copies: two prices by the page, and a cap a copy).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rules import WrongInput, eform
from rules.vietnamese import in_vietnam, read_day_or_year, show_day, show_dong

# Ways of submitting (Dossier.channel), as a price of their own names them. The first two are electronic.
CHANNELS = {"online": "trực tuyến", "helped": "trực tuyến có người giúp", "counter": "trực tiếp", "post": "qua bưu điện"}
ONLINE = frozenset({"online", "helped"})
FREE = "Không thu phí, lệ phí."
UNSURE = "chờ xác nhận"
KINDS = {"le_phi": "Lệ phí", "phi": "Phí"}
PRICES = ("amount", "online_amount", "by_channel", "steps", "most")


@dataclass(frozen=True)
class Charge:
    """What is to be paid, what for, and how it came to that, each line a sentence a citizen reads."""

    amount_dong: int
    item: str
    lines: tuple[str, ...]
    is_certain: bool  # False: the amount waits for the commune to confirm it


@dataclass(frozen=True)
class Price:
    """What a procedure costs, before anything is known of a dossier, and who says so."""

    kind: str
    words: str
    why: str
    is_certain: bool
    short: str = ""  # where each byte counts


@dataclass(frozen=True)
class Exemption:
    """Who need not pay, and on what ground."""

    key: str
    who: str
    ground: str


# --- what a dossier comes to -----------------------------------------------------------------------------------------


def charge(
    procedure: Mapping,
    channel: str,
    day: date,
    copies: int | None = None,
    exemption: str = "",
    answers: Mapping | None = None,
) -> Charge:
    """What a dossier of the procedure costs that is submitted on `day` in this way, for so many copies (pages, people).

    `exemption` is the key of one of exemptions_of(); `answers` are those of its form, as typed: they say how many copies
    where `copies` does not, and make some exemptions certain. An unknown key exempts nobody. Raises ValueError for fewer
    copies than one.
    """
    if copies is not None and copies < 1:
        raise ValueError("fewer copies than one")
    fee = procedure.get("fee") or {}
    if not _is_taken(fee):
        return Charge(0, "", (FREE,), True)
    item, rate = _item(fee, procedure), rate_on(fee, day)
    if exempt := _exempt(fee, exemption) or exempt_by(procedure, answers or {}, day):
        ground = f" Căn cứ: {exempt.ground}." if exempt.ground else ""
        return Charge(0, item, (f"Được miễn: {exempt.who}.{ground}",), True)
    counted = [("", copies, 1)] if copies else _counts(procedure, answers or {}, day)
    amount, lines = 0, []
    for name, count, times in counted:
        part, said = _counted(rate, channel, count, times, fee.get("unit", ""))
        amount += part
        lines += [f"{name}: {line[:1].lower()}{line[1:]}" if name else line for line in said]
    is_certain = not rate.get("to_confirm")
    if not amount and not lines:
        lines = [FREE if is_certain else "Mức thu chờ xã xác nhận."]
    return Charge(amount, item, tuple(lines), is_certain)


def of_dossier(dossier, copies: int | None = None, exemption: str = "") -> Charge:
    """What a dossier costs by the rules it was submitted under, on the day it was submitted."""
    day = in_vietnam(dossier.submitted_at).date()
    return charge(dossier.procedure, dossier.channel, day, copies, exemption, dossier.answers)


def exempt_on(dossier) -> Exemption | None:
    """The exemption that the answers of a dossier made certain on the day it was submitted."""
    return exempt_by(dossier.procedure, dossier.answers, in_vietnam(dossier.submitted_at).date())


def in_words(charge: Charge) -> str:
    """16.000 đồng. 2 bản × 8.000 đồng = 16.000 đồng."""
    if charge.lines[:1] == (FREE,) or not (charge.amount_dong or charge.is_certain):
        return " ".join(charge.lines)
    first = show_dong(charge.amount_dong) if charge.amount_dong else "Không thu"
    return " ".join([f"{first}{'' if charge.is_certain else f', {UNSURE}'}.", *charge.lines])


def _is_taken(fee: Mapping) -> bool:
    return fee.get("kind", "none") != "none"


def _item(fee: Mapping, procedure: Mapping) -> str:
    return f"{KINDS[fee['kind']]}: {procedure['title']}" if "title" in procedure else KINDS[fee["kind"]]


def rate_on(fee: Mapping, day: date) -> Mapping:
    """The fee as it is on a day: by the latest of its rates that holds then, or by its own amounts where none does."""
    held = [rate for rate in fee.get("rates") or () if _holds(rate, day)]
    if not held:
        return fee
    rate = max(held, key=lambda one: _day(one["valid_from"]))
    prices = {name: rate.get(name) for name in PRICES}  # nothing of an older price is left
    return {**fee, **prices, "set_by": rate.get("set_by") or fee.get("set_by", ""), "to_confirm": rate.get("to_confirm", False)}


def _holds(rate: Mapping, day: date) -> bool:
    last = rate.get("valid_to")
    return _day(rate["valid_from"]) <= day and (last is None or day <= _day(last))


def _day(value: date | str) -> date:
    """A definition kept with a dossier went through JSON."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def _price_by(rate: Mapping, channel: str) -> int | None:
    """What this way of submitting costs where it has a price of its own."""
    own = (rate.get("by_channel") or {}).get(channel)
    return rate.get("online_amount") if own is None and channel in ONLINE else own


def _counted(rate: Mapping, channel: str, copies: int, times: int, unit: str) -> tuple[int, list[str]]:
    """What so many pages come to, `times` over, and how."""
    own = _price_by(rate, channel)
    steps = None if own is not None else rate.get("steps")
    amount, lines = 0, []
    if steps:
        for step, after in zip(steps, [*steps[1:], None], strict=True):
            last = copies if after is None else min(copies, after["since"] - 1)
            if (count := last - step["since"] + 1) > 0:
                amount += count * step["amount"]
                lines.append(f"{_span(step['since'], last, unit)}: {_times(step['amount'], count, unit)}.")
    else:
        price = rate["amount"] if own is None else own
        amount = price * copies
        if copies > 1 and price:
            lines.append(f"{_times(price, copies, unit)}.")
        if price != rate["amount"]:
            lines.append(f"Nộp trực tiếp: {_times(rate['amount'], copies, unit)}.")
    most = rate.get("most")
    if most is not None and amount > most:
        amount, lines = most, [*lines, f"Nhiều nhất {show_dong(most)}."]
    if times > 1:
        lines.append(f"{_times(amount, times, 'bản')}.")
    return amount * times, lines


def _span(first: int, last: int, unit: str) -> str:
    unit = f"{unit[:1].upper()}{unit[1:]}"
    return f"{unit} {first}" if first == last else f"{unit} {first}–{last}"


def _times(amount: int, count: int, unit: str) -> str:
    """2.000 đồng; of several: 3 trang × 2.000 đồng = 6.000 đồng."""
    if count == 1:
        return show_dong(amount)
    return f"{count} {unit} × {show_dong(amount)} = {show_dong(amount * count)}".replace("  ", " ")


# --- how many, by the answers ----------------------------------------------------------------------------------------


def _counts(procedure: Mapping, answers: Mapping, day: date) -> list[tuple[str, int, int]]:
    """(which of several papers, its pages or copies, how often all of that) as the form's answers say; one where they do not."""
    fee = procedure.get("fee") or {}
    copies, times = fee.get("copies_from"), fee.get("times_from")
    found = []
    for page in _asked_pages(procedure, answers) if copies else ():
        said = {question["key"].partition(".")[0]: _number(question, answers, day) for question in page["questions"]}
        if copies in said:
            name = f"{page['repeat']['of']} {page['item']}" if page["item"] else ""
            found.append((f"{name[:1].upper()}{name[1:]}", said[copies], said.get(times, 1)))
    return [("", *found[0][1:])] if len(found) == 1 else found or [("", 1, 1)]


def _asked_pages(procedure: Mapping, answers: Mapping) -> list[dict]:
    return eform.asked_pages((procedure.get("eform") or {}).get("pages", []), answers)


def _number(question: Mapping, answers: Mapping, day: date) -> int:
    """A draft keeps answers as typed: 2, hai bản; what is no number is mended before it is submitted."""
    try:
        return max(1, int(eform.read_answer(question, answers.get(question["key"], ""), day)))
    except (WrongInput, ValueError):
        return 1


# --- who need not pay ------------------------------------------------------------------------------------------------


def exemptions_of(procedure: Mapping) -> list[Exemption]:
    """Everybody who need not pay, by the procedure's definition; older ones only name them."""
    fee = procedure.get("fee") or {}
    return [_read(one, number, fee) for number, one in enumerate(fee.get("exemptions") or (), start=1)]


def _read(one: str | Mapping, number: int, fee: Mapping) -> Exemption:
    if isinstance(one, str):
        return Exemption(str(number), one, fee.get("set_by", ""))
    return Exemption(one["key"], one["who"], one.get("ground") or fee.get("set_by", ""))


def _exempt(fee: Mapping, key: str) -> Exemption | None:
    return next((one for one in exemptions_of({"fee": fee}) if key and one.key == key), None)


def exempt_by(procedure: Mapping, answers: Mapping, day: date) -> Exemption | None:
    """The exemption that the answers alone make certain: done within so many days of what a question asks for.

    `answers` are as typed. A birth of which only the month is known counts from the first day of it: what is not certain
    is a claim, and the desk sees a paper.
    """
    fee = procedure.get("fee") or {}
    rules = [(n, one) for n, one in enumerate(fee.get("exemptions") or (), start=1) if not isinstance(one, str)]
    asked = {q["key"] for page in _asked_pages(procedure, answers) for q in page["questions"]} if rules else set()
    for number, one in rules:
        rule = one.get("within")
        if rule and rule["question"] in asked and _is_within(answers.get(rule["question"], ""), rule["days"], day):
            return _read(one, number, fee)
    return None


def _is_within(typed: str, days: int, day: date) -> bool:
    try:
        since = read_day_or_year(typed)
    except WrongInput:
        return False
    return since.latest <= day and (day - since.earliest).days <= days


# --- before anything is typed ----------------------------------------------------------------------------------------


def price_of(procedure: Mapping, day: date) -> Price:
    """What the procedure costs who submits on `day`, in words, and on what ground."""
    fee = procedure.get("fee") or {}
    if not _is_taken(fee):
        return Price("Phí, lệ phí", "Không thu.", "", True, "Không thu.")
    kind, rate = KINDS[fee["kind"]], rate_on(fee, day)
    words, who = _price_words(rate, fee.get("unit", "")), rate.get("set_by", "")
    is_certain = not rate.get("to_confirm")
    if is_certain:
        why = [f"Căn cứ: {who}."] if who else []
        why += [f"{rule}." for rule in fee.get("rules") or () if rate.get("steps")]
    else:
        usual = f"; mức cũ: {words}".rstrip(".") if rate["amount"] else ""
        why = [f"Mức do {who or 'cơ quan có thẩm quyền'} quyết định{usual}."]
    why += [f"Từ {show_day(_day(one['valid_from']))}: {_price_words(one, fee.get('unit', ''))}" for one in _coming(fee, day)]
    if is_certain:
        return Price(kind, words, " ".join(why), True, " ".join([words, *why[: bool(who)]]))
    return Price(kind, "Chờ xác nhận.", " ".join(why), False, f"{words[:-1]}, {UNSURE}." if rate["amount"] else why[0])


def _coming(fee: Mapping, day: date) -> list[Mapping]:
    """The next rate that is known already."""
    later = [rate for rate in fee.get("rates") or () if _day(rate["valid_from"]) > day]
    return sorted(later, key=lambda rate: _day(rate["valid_from"]))[:1]


def _price_words(rate: Mapping, unit: str) -> str:
    each = f"/{unit}" if unit else ""
    own = {name: price for name in CHANNELS if (price := _price_by(rate, name)) not in (None, rate["amount"])}
    if own.get("helped") == own.get("online"):
        own.pop("helped", None)  # whoever helps submits online
    dearer = [f"nộp {CHANNELS[name]} {show_dong(price) if price else 'không thu'}" for name, price in own.items()]
    if steps := rate.get("steps"):
        said = [
            f"{_from(step, after, unit)}: {show_dong(step['amount'])}{each}"
            for step, after in zip(steps, [*steps[1:], None], strict=True)
        ]
        most = [f"Nhiều nhất {show_dong(rate['most'])}/bản"] if rate.get("most") is not None else []
        return ". ".join([*said, *most, *(one.capitalize() for one in dearer)]) + "."
    amount = f"{show_dong(rate['amount'])}{each}" if rate["amount"] else "Không thu"
    return f"{amount}{''.join(f'; {one}' for one in dearer)}."


def _from(step: Mapping, after: Mapping | None, unit: str) -> str:
    if after is None:
        return f"Từ {unit} {step['since']}"
    return _span(step["since"], after["since"] - 1, unit)

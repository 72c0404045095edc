"""The e-form engine: a definition's questions, read from what a person typed and shown back.

A draft keeps answers as typed, right or wrong. Everything here is a pure function of definition and answers. A dossier
keeps the definition it was submitted under, so what older definitions do not say yet is read with `get`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from rules import WrongInput
from rules.identity import read_id_number, read_phone, show_phone
from rules.vietnamese import PartialDay, ascii_digits, clean_text, fold, read_day_or_year, show_day, show_number

TYPED_MOST = 4000  # of one answer kept in a draft, in code points; nobody types more by hand

Answers = Mapping[str, str]


def _read_text(question: dict, typed: str, today: date) -> str:
    return clean_text(typed, question.get("max_length") or 200)


def _read_long_text(question: dict, typed: str, today: date) -> str:
    return clean_text(typed, question.get("max_length") or 1000, lines=True)


def _read_date(question: dict, typed: str, today: date) -> str:
    day = read_day_or_year(typed)
    if question.get("rule") == "not_future" and day.earliest > today:
        raise WrongInput("Ngày này chưa tới. Xem lại năm bạn ghi.")
    if question.get("rule") == "not_past" and day.latest < today:
        raise WrongInput("Ngày này đã qua. Xem lại năm bạn ghi.")
    return show_day(day)


def _read_choice(question: dict, typed: str, today: date) -> str:
    if typed not in question["choices"]:
        raise WrongInput("Chọn một trong các ô có sẵn")
    return typed


def _read_yes_no(question: dict, typed: str, today: date) -> str:
    if typed not in YES_NO:
        raise WrongInput("Chọn Có hoặc Không")
    return typed


def _read_number(question: dict, typed: str, today: date) -> str:
    number = _whole_number(typed)
    least, most = question.get("min"), question.get("max")
    if least is not None and number < least:
        raise WrongInput(f"Nhập số từ {show_number(least)} trở lên")
    if most is not None and number > most:
        raise WrongInput(f"Nhập số từ {show_number(most)} trở xuống")
    return str(number)


# 1.500.000, 1,500,000, 1 500 000; and parts such as 1,5 triệu, 500k, 1 triệu 200 nghìn: all once their words are folded.
GROUPED = r"(?:[1-9]\d{0,2}(?:(?:\.\d{3})+|(?:,\d{3})+|(?: \d{3})+)|\d+)"
UNITS = {"ty": 10**9, "ti": 10**9, "trieu": 10**6, "tr": 10**6, "nghin": 10**3, "ngan": 10**3, "k": 10**3}
UNIT_PART = re.compile(rf"({GROUPED})(?:[.,](\d{{1,2}}))? ?({'|'.join(UNITS)})\b ?")
DONG = re.compile(r" ?(?:dong|d|vnd|₫)\.?$")
LONGEST_NUMBER_TEXT, MOST_DIGITS = 60, 12


def _whole_number(typed: str) -> int:
    text = clean_text(typed, LONGEST_NUMBER_TEXT)
    # Folding would make 2² into 22.
    if any(sign.isnumeric() and not sign.isdecimal() for sign in text):
        raise _no_number(text)
    words = DONG.sub("", ascii_digits(fold(text)))
    number = _digits_of(words) if re.fullmatch(GROUPED, words) else _sum_of_units(words)
    if number is None or len(str(number)) > MOST_DIGITS:
        raise _no_number(words)
    return number


def _digits_of(grouped: str) -> int:
    return int(re.sub(r"\D", "", grouped))


def _sum_of_units(words: str) -> int | None:
    parts = UNIT_PART.findall(words)
    units = [UNITS[unit] for _, _, unit in parts]
    if not parts or UNIT_PART.sub("", words) or units != sorted(set(units), reverse=True):
        return None
    return sum(
        _digits_of(whole) * unit + int(tenths or 0) * unit // 10 ** len(tenths)
        for (whole, tenths, _), unit in zip(parts, units, strict=True)
    )


def _no_number(text: str) -> WrongInput:
    if re.fullmatch(r"\d+[.,]\d+", text):
        return WrongInput("Nhập số tròn, không có phần lẻ, ví dụ 2")
    return WrongInput("Nhập bằng chữ số, ví dụ 2")


def _show_number(value: str) -> str:
    """From five digits on in groups, so that a nought too many is seen."""
    return show_number(int(value)) if len(value) > 4 else value


YES_NO = {"co": "Có", "khong": "Không"}


@dataclass(frozen=True)
class Kind:
    """One type of question: how what was typed is read, how it is shown, and which control asks it."""

    read: Callable[[dict, str, date], str]
    control: str = "line"
    show: Callable[[str], str] = str


# A new type is one row here; a test walks them all.
KINDS = {
    "text": Kind(_read_text),
    "address": Kind(_read_text),
    "village": Kind(_read_text, control="village"),
    "textarea": Kind(_read_long_text, control="lines"),
    "date": Kind(_read_date, control="date"),
    "id_number": Kind(
        lambda question, typed, today: read_id_number(typed, question.get("old_number_too", True), today), control="digits"
    ),
    "phone": Kind(lambda question, typed, today: read_phone(typed), control="phone", show=show_phone),
    "number": Kind(_read_number, control="digits", show=_show_number),
    "choice": Kind(_read_choice, control="choice"),
    "yes_no": Kind(_read_yes_no, control="yes_no", show=lambda value: YES_NO[value]),
}


def missing_message(question: dict) -> str:
    verb = "Chọn" if KINDS[question["type"]].control in ("choice", "yes_no") else "Nhập"
    label = question["label"]
    return f"{verb}: {label}"


def read_answer(question: dict, typed: str, today: date) -> str:
    """The clean value of one answer, "" when nothing was typed and nothing is needed.

    Raises WrongInput with a message that says what to do.
    """
    value = KINDS[question["type"]].read(question, typed.strip(), today) if typed.strip() else ""
    if question.get("required") and not value:  # also where only invisible signs were typed
        raise WrongInput(missing_message(question))
    return value


# --- which pages are asked -------------------------------------------------------------------------------------------


def is_asked(question: dict, answers: Answers) -> bool:
    """Whether an earlier answer calls for this question, or for this page (`show_if`)."""
    return all(_meets(answers.get(key, ""), wanted) for key, wanted in (question.get("show_if") or {}).items())


def _meets(answer: str, wanted: object) -> bool:
    options = wanted if isinstance(wanted, list) else [wanted]
    return any(answer.strip() == _as_typed(option) for option in options)


def _as_typed(option: object) -> str:
    return {"true": "co", "false": "khong"}.get(str(option).lower(), str(option))


def asked_pages(definition: list[dict], answers: Answers) -> list[dict]:
    """The pages that have a question for these answers, each with those questions only; numbered as in the definition.

    A repeated page comes once for each of its items, as `item` 1, 2, …; on all others `item` is None. `name` is what
    drafts call it.
    """
    pages, known = [], dict(answers)
    for number, page in enumerate(definition, start=1):
        questions = [q for q in page["questions"] if is_asked(page, known) and is_asked(q, known)]
        for hidden in page["questions"]:
            if hidden not in questions:
                known.pop(hidden["key"], None)  # what nobody is asked any more decides nothing
        if questions:
            pages += _items(page | {"number": number, "questions": questions}, answers)
    return pages


def _items(page: dict, answers: Answers) -> list[dict]:
    if not page.get("repeat"):
        return [page | {"item": None, "name": f"page-{page['number']}"}]
    return [
        page
        | {
            "item": item,
            "name": f"page-{page['number']}.{item}",
            "title": f"{page['title']} – {page['repeat']['of']} thứ {item if item > 1 else 'nhất'}",
            "questions": [q | {"key": f"{q['key']}.{item}"} for q in page["questions"]],
        }
        for item in range(1, count_items(page, answers) + 1)
    ]


def open_questions(questions: list[dict], answers: Answers, today: date, known: Answers | None = None) -> list[dict]:
    """The questions that the account has not answered already: nobody types on a keypad what the commune knows.

    `known` is what the account itself answers now. What came from an earlier dossier is shown, to be checked.
    """
    return [q for q in questions if not (_is_known(q, answers, known or {}) and not faults([q], answers, today))]


def _is_known(question: dict, answers: Answers, known: Answers) -> bool:
    answer = answers.get(question["key"])
    came_from_account = not question.get("from_earlier") or known.get(question["key"]) == answer
    return bool(question.get("prefill") and answer and came_from_account)


# --- repeated pages: one page of the definition, asked once for each child, each copy --------------------------------


def count_key(page: dict) -> str:
    """Under which name the answers say how many items a repeated page has."""
    return f"{page['repeat']['key']}.count"


def count_items(page: dict, answers: Answers) -> int:
    """How many items a repeated page has; one before anybody has added any."""
    count = answers.get(count_key(page), "")
    return min(max(int(count), 1), page["repeat"]["most"]) if count.isascii() and count.isdigit() else 1


def with_items(page: dict, answers: Answers, count: int) -> dict[str, str]:
    """The answers with at least `count` items on this page of the definition."""
    count = max(min(count, page["repeat"]["most"]), count_items(page, answers))
    return dict(answers) | {count_key(page): str(count)}


def without_item(page: dict, answers: Answers, item: int) -> dict[str, str]:
    """The answers without one item of this page of the definition; those after it move up, and one at least is left."""
    count = count_items(page, answers)
    if not 1 <= item <= count or count == 1:
        return dict(answers)
    kept = dict(answers) | {count_key(page): str(count - 1)}
    for question in page["questions"]:
        keys = [f"{question['key']}.{n}" for n in range(item, page["repeat"]["most"] + 1)]
        for key in keys:
            kept.pop(key, None)
        kept |= {key: answers[after] for key, after in zip(keys, keys[1:], strict=False) if after in answers}
    return kept


def all_questions(definition: list[dict], answers: Answers) -> dict[str, dict]:
    """Every question by the key its answer is kept under, asked for now or not; also how many items there are."""
    found = {}
    for page in definition:
        if page.get("repeat"):
            found[count_key(page)] = {"key": count_key(page), "label": f"Số {page['repeat']['of']}", "type": "number"}
        questions = [question for one in _items(page | {"number": 0}, answers) for question in one["questions"]]
        found |= {question["key"]: question for question in questions}
    return found


# --- answers from an earlier dossier ---------------------------------------------------------------------------------


def has_earlier(definition: list[dict]) -> bool:
    """Whether any question may be filled from an earlier dossier."""
    return any(q.get("from_earlier") for page in definition for q in page["questions"])


def earlier_answers(definition: list[dict], dossiers: Iterable[Answers]) -> dict[str, str]:
    """What earlier dossiers, the newest first, say to the questions that may be filled from them (`from_earlier`)."""
    dossiers, found = list(dossiers), {}
    for page in definition:
        keys = [q["key"] for q in page["questions"] if q.get("from_earlier")]
        found |= _earlier_items(page, keys, dossiers) if page.get("repeat") else _earlier_of(keys, dossiers)
    return found


def _earlier_of(keys: list[str], dossiers: list[Answers]) -> dict[str, str]:
    newest = {key: next((answers[key] for answers in dossiers if answers.get(key, "").strip()), "") for key in keys}
    return {key: answer for key, answer in newest.items() if answer}


def _earlier_items(page: dict, keys: list[str], dossiers: list[Answers]) -> dict[str, str]:
    """All items from one dossier: those of two would not be the same people."""
    for answers in dossiers:
        count = count_items(page, answers)
        found = _earlier_of([f"{key}.{n}" for n in range(1, count + 1) for key in keys], [answers])
        if found:
            return found | {count_key(page): str(count)}
    return {}


# --- what is wrong ---------------------------------------------------------------------------------------------------


def faults(questions: list[dict], answers: Answers, today: date) -> dict[str, str]:
    """What is wrong, by the question's key."""
    found = {}
    for question in questions:
        try:
            read_answer(question, answers.get(question["key"], ""), today)
        except WrongInput as fault:
            found[question["key"]] = str(fault)
    return found


def faults_by_page(form: dict, answers: Answers, today: date) -> list[tuple[dict, dict[str, str]]]:
    """Each page asked, with what is wrong on it: single answers, and those that do not go together (`checks`)."""
    pages = asked_pages(form["pages"], answers)
    together = check_faults(form, answers, today)
    return [
        (
            page,
            {q["key"]: together[q["key"]] for q in page["questions"] if q["key"] in together}
            | faults(page["questions"], answers, today),
        )
        for page in pages
    ]


def page_faults(form: dict, name: str, answers: Answers, today: date) -> dict[str, str]:
    """What is wrong on the asked page of this name."""
    return next((wrong for page, wrong in faults_by_page(form, answers, today) if page["name"] == name), {})


# --- answers that must go together (`checks`) ------------------------------------------------------------------------

TODAY = "today"  # in place of a question


def _comes_after(check: dict, values: dict[str, list[str]], today: date) -> bool:
    first, then = (read_day_or_year(values[part][0]) for part in ("first", "then"))
    return first.earliest > then.latest


def _is_wrong_age(check: dict, values: dict[str, list[str]], today: date) -> bool:
    """Only where it is certain: of somebody born "1950" both ages are reckoned with."""
    birth = read_day_or_year(values["birth"][0])
    on = read_day_or_year(values["on"][0]) if "on" in values else PartialDay(today.year, today.month, today.day)
    oldest, youngest = _years(birth.earliest, on.latest), _years(birth.latest, on.earliest)
    least, most = check.get("least"), check.get("most")
    return (least is not None and oldest < least) or (most is not None and youngest > most)


def _years(birth: date, on: date) -> int:
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def _adds_up_wrong(check: dict, values: dict[str, list[str]], today: date) -> bool:
    """A part left empty counts as nothing; where all are, the total stands alone."""
    parts = [int(value) for value in values["parts"] if value]
    return bool(parts) and sum(parts) != int(values["total"][0])


def _is_the_same(check: dict, values: dict[str, list[str]], today: date) -> bool:
    one, other = values["keys"]
    return one.casefold() == other.casefold()


@dataclass(frozen=True)
class CheckKind:
    """One rule between answers: which of its parts name questions, of which type ("" any), and what breaks it."""

    questions: dict[str, str]
    is_broken: Callable[[dict, dict[str, list[str]], date], bool]
    limits: tuple[str, ...] = ()
    may_be_empty: str = ""  # the part whose questions may be left empty


# A new kind of check is one row here; tests and the content check walk them all.
CHECKS = {
    "before": CheckKind({"first": "date", "then": "date"}, _comes_after),
    "age": CheckKind({"birth": "date", "on": "date"}, _is_wrong_age, limits=("least", "most", "when")),
    "sum": CheckKind({"parts": "number", "total": "number"}, _adds_up_wrong, may_be_empty="parts"),
    "differ": CheckKind({"keys": ""}, _is_the_same),
}


def check_questions(check: dict) -> dict[str, list[str]]:
    """The keys of the questions a check looks at, by its part."""
    said = {part: check.get(part) or [] for part in CHECKS[check["kind"]].questions}
    named = {part: keys if isinstance(keys, list) else [keys] for part, keys in said.items()}
    return {part: keys for part, keys in named.items() if keys and keys != [TODAY]}


def check_faults(form: dict, answers: Answers, today: date) -> dict[str, str]:
    """The messages of the checks that are broken, each by the last question it looks at."""
    if not form.get("checks"):
        return {}
    pages = asked_pages(form["pages"], answers)
    asked = {q["key"]: q for page in pages for q in page["questions"]}
    # By the key of a question on a repeated page: how many items there are.
    items = {q["key"]: count_items(page, answers) for page in form["pages"] if page.get("repeat") for q in page["questions"]}
    found = {}
    for check in form["checks"]:
        for named, when in _instances(check, items):
            if _is_broken(check, named, when, asked, answers, today):
                last = max([*sum(named.values(), []), *when], key=list(asked).index)
                found.setdefault(last, check["message"])
    return found


def _instances(check: dict, items: dict[str, int]) -> list[tuple[dict[str, list[str]], dict[str, object]]]:
    """The check as often as it is to be made: once for each item, except where items are added up."""
    named, when = check_questions(check), check.get("when") or {}
    single = [*when, *(key for part, keys in named.items() if part != "parts" for key in keys)]
    count = max((items[key] for key in single if key in items), default=0)

    def keys_of(key: str, item: int) -> list[str]:
        if key not in items:
            return [key]
        return [f"{key}.{item}"] if item else [f"{key}.{n}" for n in range(1, items[key] + 1)]

    return [
        (
            {part: [one for key in keys for one in keys_of(key, item)] for part, keys in named.items()},
            {keys_of(key, item)[0]: wanted for key, wanted in when.items()},
        )
        for item in (range(1, count + 1) if count else [0])
    ]


def _is_broken(
    check: dict, named: dict[str, list[str]], when: dict, asked: dict[str, dict], answers: Answers, today: date
) -> bool:
    """False too while an answer is missing, wrong by itself, or not asked for."""
    keys = [key for part in named.values() for key in part]
    if not all(key in asked for key in [*keys, *when]) or not is_asked({"show_if": when}, answers):
        return False
    kind = CHECKS[check["kind"]]
    try:
        values = {part: [read_answer(asked[key], answers.get(key, ""), today) for key in keys] for part, keys in named.items()}
    except WrongInput:
        return False
    is_whole = all(all(found) for part, found in values.items() if part != kind.may_be_empty)
    return is_whole and kind.is_broken(check, values, today)


# --- showing ---------------------------------------------------------------------------------------------------------


def show_answer(question: dict, typed: str, today: date) -> str:
    """An answer as a person reads it; what cannot be read is shown as typed."""
    try:
        value = read_answer(question, typed, today)
    except WrongInput:
        return typed
    return KINDS[question["type"]].show(value) if value else ""

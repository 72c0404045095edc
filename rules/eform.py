"""The e-form engine: a definition's questions, read from what a person typed and shown back.

A draft keeps answers as typed, right or wrong. Everything here is a pure function of definition and answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from rules import WrongInput
from rules.identity import read_id_number, read_phone, show_phone
from rules.vietnamese import PartialDay, ascii_digits, clean_text, read_day_or_year

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
    return _show_partial_day(day)


def _show_partial_day(day: PartialDay) -> str:
    return "/".join(str(part) for part in (day.day, day.month, day.year) if part)


def _read_choice(question: dict, typed: str, today: date) -> str:
    if typed not in question["choices"]:
        raise WrongInput("Chọn một trong các ô có sẵn")
    return typed


def _read_yes_no(question: dict, typed: str, today: date) -> str:
    if typed not in YES_NO:
        raise WrongInput("Chọn Có hoặc Không")
    return typed


def _read_number(question: dict, typed: str, today: date) -> str:
    digits = ascii_digits(typed).replace(".", "").replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise WrongInput("Nhập bằng chữ số, ví dụ 2")
    number = int(digits)
    least, most = question.get("min"), question.get("max")
    if least is not None and number < least:
        raise WrongInput(f"Nhập số từ {least} trở lên")
    if most is not None and number > most:
        raise WrongInput(f"Nhập số từ {most} trở xuống")
    return str(number)


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
    "number": Kind(_read_number, control="digits"),
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


def is_asked(question: dict, answers: Answers) -> bool:
    """Whether an earlier answer calls for this question (`show_if`)."""
    return all(_meets(answers.get(key, ""), wanted) for key, wanted in (question.get("show_if") or {}).items())


def _meets(answer: str, wanted: object) -> bool:
    options = wanted if isinstance(wanted, list) else [wanted]
    return any(answer.strip() == _as_typed(option) for option in options)


def _as_typed(option: object) -> str:
    return {"true": "co", "false": "khong"}.get(str(option).lower(), str(option))


def asked_pages(definition: list[dict], answers: Answers) -> list[dict]:
    """The pages that have a question for these answers, each with those questions only; numbered as in the definition."""
    pages = [
        page | {"number": number, "questions": [q for q in page["questions"] if is_asked(q, answers)]}
        for number, page in enumerate(definition, start=1)
    ]
    return [page for page in pages if page["questions"]]


def open_questions(questions: list[dict], answers: Answers, today: date) -> list[dict]:
    """The questions that the account has not answered already: nobody types on a keypad what the commune knows."""
    return [q for q in questions if not (q.get("prefill") and answers.get(q["key"]) and not faults([q], answers, today))]


def faults(questions: list[dict], answers: Answers, today: date) -> dict[str, str]:
    """What is wrong, by the question's key."""
    found = {}
    for question in questions:
        try:
            read_answer(question, answers.get(question["key"], ""), today)
        except WrongInput as fault:
            found[question["key"]] = str(fault)
    return found


def show_answer(question: dict, typed: str, today: date) -> str:
    """An answer as a person reads it; what cannot be read is shown as typed."""
    try:
        value = read_answer(question, typed, today)
    except WrongInput:
        return typed
    return KINDS[question["type"]].show(value) if value else ""

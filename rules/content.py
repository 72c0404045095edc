"""What the content folder may say: its files as structs, and everything that is wrong with them."""

import re
import threading
from datetime import date, timedelta
from functools import lru_cache
from itertools import chain
from pathlib import Path
from types import NoneType
from typing import Annotated, Literal, get_args, get_origin

import msgspec
from msgspec import Meta, Struct, field

from rules import message_catalogue
from rules.content_files import MISSING, Texts, read_yaml, texts_in
from rules.eform import CHECKS, TODAY
from rules.fees import CHANNELS


def text_like(pattern: str, wanted: str, **limits):
    """A kind of text; `wanted` is what the fault says when the text is not like it."""
    return Annotated[str, Meta(pattern=pattern, description=wanted, **limits)]


Text = text_like(r"\S", "không được để trống")
StepTitle = text_like(r"\S", "không được để trống và nhiều nhất 40 chữ", max_length=40)
Example = Annotated[str, Meta(max_length=80, description="nhiều nhất 80 chữ")]
ShortText = Annotated[str, Meta(max_length=100, description="nhiều nhất 100 chữ")]
LongText = Annotated[str, Meta(max_length=3000, description="nhiều nhất 3000 chữ")]
AnnouncementTitle = text_like(r"\S", "không được để trống và nhiều nhất 100 chữ", max_length=100)
ItemName = text_like(r"\S", "không được để trống và nhiều nhất 30 chữ", max_length=30)
Slug = text_like(r"^[a-z0-9]+(-[a-z0-9]+)*$", "chỉ dùng chữ thường không dấu, số và dấu gạch nối")
Key = text_like(r"^[a-z][a-z0-9_]*$", "chỉ dùng chữ thường không dấu, số và dấu gạch dưới")
Code = text_like(r"^\d\.\d{6}$", "mã thủ tục phải như 1.001193")
Address = text_like(r"^https://\S+$", "địa chỉ phải bắt đầu bằng https://")
Clock = text_like(r"^([01]\d|2[0-3]):[0-5]\d$", "giờ phải như 07:30")
Endpoint = text_like(r"^[a-z_]+\.[a-z_]+$", "tên màn hình phải như home.home")
FormSign = text_like(r"^[A-ZĐ][A-ZĐ0-9&.-]{0,11}$", "ký hiệu biểu mẫu viết hoa, không dấu cách, nhiều nhất 12 chữ")
Version = text_like(r"^[0-9a-z.-]+$", "phiên bản phải như 1, nhiều nhất 20 chữ", max_length=20)
Count = Annotated[int, Meta(ge=0, le=10**9, description="phải là số nguyên, không âm, nhiều nhất một tỷ")]
Rate = Annotated[int, Meta(ge=60, le=300, description="phải là số chữ đọc trong một phút, từ 60 đến 300")]
Days = Annotated[int, Meta(ge=0, le=3650, description="phải là số ngày, từ 0 đến 3650")]

Confidence = Literal["high", "medium", "low"]
# Submitted on this site; told about here and done elsewhere; not online anywhere, only at the desk.
OnlineSubmission = Literal["here", "guide_only", "off"]
DaysUnit = Literal["working_days", "calendar_days"]
QuestionType = Literal["text", "date", "id_number", "phone", "choice", "yes_no", "address", "village", "number", "textarea"]
# What an account knows about its owner, and a question may be filled from.
Prefill = Literal["name", "id_number", "birth_date", "phone", "email", "village", "address"]

# What people agree to, purpose by purpose: the program asks for each of these before it does what it says.
PURPOSES = ("account", "notices", "village_head", "documents")

# The eight guides of the letter of July 2021 and their steps: who holds the paper counts along.
LETTER_STEPS = {1: 7, 2: 4, 3: 6, 4: 4, 5: 2, 6: 2, 7: 7, 8: 2}
MOST_ITEMS = 20  # children, copies: what one draft may repeat
MOST_QUESTIONS = 7  # more do not fit the form page a 2G phone can carry


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """Any mapping the content files may hold; a name that is not listed is a fault."""


# site.yaml


class Codes(Part):
    unit: Text
    agency: Text
    province: Text


class Village(Part):
    name: Text
    old_commune: Text


class Office(Part):
    name: Text
    agency: Text  # the word procedures use for this office
    code: str = ""


class Agency(Part):
    """Another commune or office, to which a dossier may be handed over."""

    code: text_like(r"^[A-Z]\d\d(\.\d{1,4}){0,3}$", "mã cơ quan phải như H21.121")
    name: Text


class Link(Part):
    key: Key
    name: Text
    url: Address
    checked_on: date
    owner: ShortText = ""  # who looks whether it still holds; so for guides and procedures
    note: str = ""
    historic: bool = False


class FormSigns(Part):
    """What stands after the number of a printed form: Số: 12/TNHS."""

    receipt: FormSign = "TNHS"
    supplement: FormSign = "HDHS"
    refusal: FormSign = "TCHS"
    apology: FormSign = "PXL"
    stop: FormSign = "TBD"
    control: FormSign = "KSHS"


class Letter(Part):
    sender: Text
    month: Text
    subject: Text
    number: str = ""
    day: str = ""
    based_on: list[Text] = []


class PostageStep(Part):
    """What the post charges for a letter up to a weight."""

    up_to_g: Annotated[int, Meta(ge=1, le=30000, description="phải là số gam, từ 1 đến 30000")]
    fee_dong: Count


class Post(Part):
    """The public post: what it charges, about, and where a shipment is followed. None of it is a charge of the office."""

    postage: list[PostageStep] = []  # by weight, the lightest first; none: only said that the post charges
    further_g: Annotated[int, Meta(ge=1, le=30000, description="phải là số gam, từ 1 đến 30000")] = 500
    further_fee_dong: Count = 0  # for each further_g above the heaviest step
    usual_g: Annotated[int, Meta(ge=1, le=30000, description="phải là số gam, từ 1 đến 30000")] = 100
    to_confirm: bool = False
    source: str = ""
    tracking_url: text_like(r"^(https://\S*\{so\}\S*)?$", "địa chỉ phải bắt đầu bằng https:// và có {so}") = ""
    too_long_days: Days = 7  # in the post's hands; then the desk is told


class BankAccount(Part):
    """The commune's account, for transfers and the VietQR; shown to nobody while it waits to be confirmed."""

    bank: Text
    bin: text_like(r"^[0-9]{6}$", "mã BIN của ngân hàng phải có 6 số")
    number: text_like(r"^[0-9A-Za-z]{1,19}$", "số tài khoản chỉ có số và chữ, nhiều nhất 19")
    owner: Text
    to_confirm: bool = False


class Site(Part):
    name: Text
    province: Text
    codes: Codes
    office: Text
    not_national: Text
    annex_note: Text
    letter: Letter
    villages: list[Village]
    offices: list[Office]
    links: list[Link]
    agencies: list[Agency] = []  # outside the commune: to whom dossiers are handed over
    most_used: list[Slug] = []  # procedures, in the order the pages show them
    bring_papers_within_days: Days = 5  # working days, for a paper that is brought to the desk after submitting
    form_set: Literal["2018", "2025"] = "2025"  # of the printed forms: Thông tư 01/2018 or 03/2025/TT-VPCP
    form_desk: str = ""  # the desk's name at the head of a printed form, where it is not `office`
    form_signs: FormSigns = field(default_factory=FormSigns)
    most_apologies: Days = 1  # how often a dossier's date may be promised anew
    post: Post = field(default_factory=Post)
    bank_account: BankAccount | None = None
    loudspeaker_rate: Rate = 150  # words a minute of whoever reads over the loudspeakers
    old_names: list[Text] = []
    old_addresses: str = ""
    villages_note: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    hours: str = ""


# calendar.yaml


Half = Literal["morning", "afternoon"]


class DayOff(Part):
    day: date
    name: Text
    source: str = ""
    made_up_on: date | None = None  # a swap: the day in `work` that is worked for it


class DayWorked(Part):
    day: date
    name: Text
    source: str = ""
    part: Literal["day", "morning", "afternoon"] = "day"
    instead_of: date | None = None  # a swap: the day in `off`


class HalfDayOff(Part):
    day: date
    part: Half  # the half in which the office is closed
    name: Text
    source: str = ""


class WeekendOpening(Part):
    """Half a day of every week at the weekend; papers are taken in, and only with `counts` does a time limit run."""

    weekday: Literal["saturday", "sunday"]
    part: Half
    counts: bool = False


class IncompleteYear(Part):
    year: int
    reason: Text


SATURDAY = 5


class WorkingHours(Part):
    morning: list[Clock]
    afternoon: list[Clock]


class Calendar(Part):
    off: list[DayOff]
    work: list[DayWorked]
    working_hours: WorkingHours
    hours_confirmed: bool
    half_days: list[HalfDayOff] = []
    weekends: list[WeekendOpening] = []
    count_from: Literal["same_hour", "close_of_day"] = "same_hour"  # at which hour a term of working days ends
    incomplete_years: list[IncompleteYear] = []


# consents.yaml


class ConsentText(Part):
    """What a person agrees to for one purpose: the words shown or read aloud, and their version."""

    key: Literal[PURPOSES]
    title: Annotated[Text, Meta(max_length=100)]
    version: Version
    is_required: bool
    text: Text
    when_withdrawn: Text


class Consents(Part):
    purposes: list[ConsentText]


# reasons.yaml

Phrase = text_like(r"\S", "không được để trống và nhiều nhất 200 chữ", max_length=200)
# The desk's moves that ask for a reason of the officer's own (rules/workflow.py, `needs_note`), and have phrases for it.
REASONED = (
    "refuse",
    "stop",
    "begin_verifying",
    "ask_payment",
    "send_elsewhere",
    "refuse_signature",
    "refuse_withdrawal",
    "reopen",
)


class Reasons(Part):
    """Sentences an officer chooses from when a reason is asked for: of papers, and of moves."""

    papers: list[Phrase] = []
    by_document: dict[str, list[Phrase]] = {}  # on top of `papers`, by the key of a required document
    by_procedure: dict[str, list[Phrase]] = {}  # and by the procedure's slug
    moves: dict[str, list[Phrase]] = {}  # by the move's name
    delays: list[Phrase] = []  # why a result comes later than promised

    def of_paper(self, key: str, slug: str) -> list[str]:
        """For a document of a procedure, the most particular first."""
        return [*self.by_document.get(key, ()), *self.by_procedure.get(slug, ()), *self.papers]


# messages.yaml

Subject = text_like(r"\S", "không được để trống và nhiều nhất 100 chữ", max_length=100)


class LetterWords(Part):
    subject: Subject
    body: Text


class EventWords(Part):
    """What a citizen is told of something that happened to a dossier: by mail, and by a text from the desk's phone."""

    subject: Subject
    body: Text
    sms: str = ""  # none is sent


class Messages(Part):
    """Every letter and text of the program, in the commune's words (rules/message_catalogue.py says what they may name)."""

    frame: Text
    events: dict[str, EventWords]
    letters: dict[str, LetterWords]


# guides/*.yaml


class Step(Part):
    title: StepTitle
    do: Text
    where: Text
    see: Text
    trouble: Text
    screen: Endpoint | None = None  # none: the screen of this step comes later


class Guide(Part):
    number: int
    slug: Slug
    title: Text
    short: Text
    letter: Text
    checked_on: date
    notice: Text
    steps: list[Step]
    owner: ShortText = ""


# procedures/*.yaml and eform-chung.yaml


class Question(Part):
    key: Key
    label: Text
    type: QuestionType
    required: bool
    group: str = ""  # only when it differs from the group of its page
    help: str = ""
    choices: list[Text] = []
    show_if: dict[str, str | list[str]] = {}  # "" means: left empty
    max_length: Count | None = None
    min: int | None = None
    max: int | None = None
    rule: Literal["not_future", "not_past"] | None = None
    prefill: Prefill | None = None
    default: str = ""
    old_number_too: bool = False  # nine digits are good here: an old paper, a person who died
    example: Example = ""  # shown as “Ví dụ: …”
    from_earlier: bool = False  # proposed from the account's newest dossier that answers the same key


class Repeat(Part):
    """A page asked once for each child, each copy."""

    key: Key
    of: ItemName  # one of them, as a button names it
    most: Annotated[int, Meta(ge=2, le=MOST_ITEMS, description=f"phải là số từ 2 đến {MOST_ITEMS}")]


class Page(Part):
    title: Text
    group: Text
    questions: list[Question]
    show_if: dict[str, str | list[str]] = {}  # of all its questions
    repeat: Repeat | None = None


class Check(Part):
    """What answers must keep together; which parts each kind has stands in rules/eform.py, CHECKS."""

    kind: Literal[tuple(CHECKS)]
    message: Text
    first: str = ""
    then: str = ""
    birth: str = ""
    on: str = ""  # a question, or “today”, which it is when empty
    least: Count | None = None
    most: Count | None = None
    when: dict[str, str | list[str]] = {}
    parts: list[Key] = []
    total: str = ""
    keys: list[Key] = []


class EForm(Part):
    pages: list[Page]
    declaration: str = ""
    checks: list[Check] = []


class Extension(Part):
    unit: DaysUnit
    reason: Text
    days: Days | None = None  # on top of the time itself
    total_days: Days | None = None  # or the whole, extension included


class Processing(Part):
    type: Literal["same_day", "working_days", "calendar_days", "fixed_window", "immediate"]
    text: Text
    confidence: Confidence
    value: Days | None = None
    cutoff: Clock | None = None
    extension: Extension | None = None


class FeeStep(Part):
    """The price of each copy or page from this one on."""

    since: Count
    amount: Count


class FeeRate(Part):
    """What is taken from a day on, by a newer decision."""

    valid_from: date
    amount: Count
    valid_to: date | None = None  # the last day; none: until the next one
    online_amount: Count | None = None
    by_channel: dict[str, Count] = {}
    steps: list[FeeStep] = []
    most: Count | None = None
    set_by: str = ""
    to_confirm: bool = False


class Within(Part):
    """So many days from the one that a question asks for."""

    question: Key
    days: Count


class FeeExemption(Part):
    """Who need not pay; with `within` the answers decide, else the desk sees a paper."""

    key: Key
    who: Text
    ground: str = ""
    within: Within | None = None


class Fee(Part):
    amount: Count
    currency: Literal["VND"]
    kind: Literal["none", "le_phi", "phi"]
    configurable: bool
    source: Text
    confidence: Confidence
    unit: str = ""
    rules: list[Text] = []
    exemptions: list[Text | FeeExemption] = []
    online_amount: Count | None = None
    by_channel: dict[str, Count] = {}  # for a way of submitting with a price of its own: online, helped, counter, post
    steps: list[FeeStep] = []
    most: Count | None = None  # of one copy, however many pages it has
    copies_from: str = ""  # the question that asks how many copies, or pages
    times_from: str = ""  # and how many copies of all these pages
    rates: list[FeeRate] = []
    set_by: str = ""
    to_confirm: bool = False


class Document(Part):
    key: Key
    name: Text
    form: Literal["original", "copy"]
    count: Count
    required: Literal["mandatory", "conditional"]
    present_only: bool
    condition: str = ""
    digital_substitute: str = ""
    may_come_later: bool = False  # brought to the desk after submitting; not for papers without which nothing can begin


class Result(Part):
    name: Text
    code: str = ""


class Postal(Part):
    pickup: bool
    returned: bool = field(name="return")
    note: str = ""


class Replaces(Part):
    code: Code
    name: Text
    use_for: Text


class Place(Part):
    """Where a procedure is done that is not submitted on this site."""

    name: Text
    url: Address | None = None  # only one that stands among the links of site.yaml


class Procedure(Part):
    code: Code
    slug: Slug
    name: Text
    title: Text
    field: Text
    agency: Text
    status: Literal["active"]
    popular: bool
    online_submission: OnlineSubmission
    service_kind: Literal["toàn trình", "một phần"]
    channels: list[Literal["direct", "online", "postal"]]
    processing: Processing
    fee: Fee
    documents: list[Document]
    result: Result
    legal_basis: list[Text]
    applicants: list[Text]
    postal: Postal
    source: list[Text]
    confidence: Confidence
    also: list[Text] = []
    service_level_2021: Literal["2", "3", "4"] | None = None
    service_level_2021_confidence: Confidence | None = None
    related_codes: list[Text] = []
    where_handled: Place | None = None
    old_codes: list[Code] = []
    old_slugs: list[Slug] = []  # addresses that people wrote down, and that drafts were begun under
    replaces: Replaces | None = None
    replaced_by: Slug | None = None
    valid_from: date | None = None
    valid_to: date | None = None  # the last day
    valid_to_confidence: Confidence | None = None
    law_change: str = ""
    note: str = ""
    needs_ial2: bool = False  # only for people whose paper the commune has seen
    owner: ShortText = ""
    checked_on: date | None = None  # when somebody last held it against the decisions in force
    eform: EForm | None = None


# announcements/*.yaml


class Scripts(Part):
    """What a loudspeaker reads, by language; empty: nobody of the commune has written it yet."""

    vi: LongText = ""
    jrai: LongText = ""
    bahnar: LongText = ""


class Announcement(Part):
    """What the commune tells everybody from a day on: on the site, in the feed, on paper, over the loudspeakers."""

    slug: Slug
    title: AnnouncementTitle
    body: Annotated[Text, Meta(max_length=3000)]  # paragraphs, an empty line between them
    valid_from: date
    valid_to: date | None = None  # the last day; none: until it is taken away
    pinned: bool = False  # stands before the others
    about: Slug | None = None  # the guide or procedure it tells of
    villages: list[Text] = []  # whom it is for; none: the whole commune
    scripts: Scripts = field(default_factory=Scripts)


class Content(Struct, frozen=True):
    """All that the commune edits, once nothing is wrong with it."""

    site: Site
    calendar: Calendar
    consents: Consents
    reasons: Reasons
    messages: Messages
    sources: dict[str, str]
    general_eform: EForm
    example_eform: EForm
    example_text: str  # the file as it is written, for whoever writes the next form
    guides: list[Guide]
    procedures: list[Procedure]
    announcements: list[Announcement]  # the newest first


class ContentWrong(Exception):
    """The content folder has faults; nothing of it may be loaded."""

    def __init__(self, faults):
        super().__init__("\n".join(faults))
        self.faults = faults


def read_content(folder: Path) -> Content:
    """The whole folder, or ContentWrong with every fault of every file."""
    return content_of(texts_in(folder))


def content_of(texts: Texts) -> Content:
    """What these files say together, wherever they are kept; ContentWrong with every fault of every one of them."""
    files, faults = read_files(texts)
    if faults:
        raise ContentWrong(faults)
    return Content(
        site=files["site.yaml"],
        calendar=files["calendar.yaml"],
        consents=files["consents.yaml"],
        reasons=files["reasons.yaml"],
        messages=files["messages.yaml"],
        sources=files["sources.yaml"],
        general_eform=files["eform-chung.yaml"],
        example_eform=files[EXAMPLE_FILE],
        example_text=texts[EXAMPLE_FILE],
        guides=sorted(all_of(Guide, files).values(), key=lambda guide: guide.number),
        procedures=sorted(all_of(Procedure, files).values(), key=lambda procedure: procedure.slug),
        announcements=sorted(all_of(Announcement, files).values(), key=lambda one: (one.valid_from, one.slug), reverse=True),
    )


def check_content(folder: Path) -> list[str]:
    """Every fault as "file: place: fault"; places in a list count from 1."""
    return faults_of(texts_in(folder))


def faults_of(texts: Texts) -> list[str]:
    """The faults of these files together."""
    return read_files(texts)[1]


def content_warnings(folder: Path, today: date) -> list[str]:
    """What is no fault, and somebody should look at all the same: dates that cannot be counted on yet, for now the calendar's.

    Nothing is said of a calendar that has faults: they come first.
    """
    faults = []
    calendar = read_file("calendar.yaml", texts_in(folder), faults)
    if calendar is None or faults or any(calendar_faults(calendar)):
        return []
    return [f"calendar.yaml: {warning}" for warning in calendar_warnings(calendar, today)]


# One thread at a time: msgspec crashes the process when several convert to the same structs for the first time.
CONVERTING = threading.RLock()


def read_files(texts):
    """What each file holds, by its name, and the faults of them all."""
    with CONVERTING:
        read = {name: read_once(name, texts.get(name, MISSING)) for name in expected_files(texts)}
    files = {name: part for name, (part, _, _) in read.items()}
    faults = [f"{name}: {fault}" for name, (_, found, _) in read.items() for fault in found]
    faults += [f"{name}: {fault}" for name, (_, _, found) in read.items() for fault in found]
    faults.extend(faults_between(files))
    return files, faults


@lru_cache(maxsize=256)
def read_once(name, text):
    """One file, what is wrong with it as it is read, and beyond. Most files are the same from one reading to the next, and
    what they are read into does not change."""
    found = []
    part = read_file(name, {name: text}, found)
    return part, tuple(fault.removeprefix(f"{name}: ") for fault in found), tuple(faults_within(part))


EXAMPLE_FILE = "eform-vi-du.yaml"  # uses all that a definition may say; shown to staff, never submitted


# The files there must be, and what each holds; beside them each room holds as many as there are.
FILES = {
    "site.yaml": Site,
    "calendar.yaml": Calendar,
    "consents.yaml": Consents,
    "reasons.yaml": Reasons,
    "messages.yaml": Messages,
    "sources.yaml": dict[str, Text],
    "eform-chung.yaml": EForm,
    EXAMPLE_FILE: EForm,
}
ROOMS = {"guides": Guide, "procedures": Procedure, "announcements": Announcement}


def kind_of(name: str):
    """What the file of this name holds; None when there may be no such file."""
    room, _, rest = name.partition("/")
    in_room = re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.yaml", rest)
    return FILES.get(name) or (ROOMS.get(room) if in_room else None)


def expected_files(texts):
    yield from FILES
    yield from sorted(name for name in texts if "/" in name)


def read_file(name, texts, faults):
    """One file as its kind, or None when it cannot be read at all."""
    found = []
    kind = kind_of(name) or ROOMS[name.partition("/")[0]]
    raw = read_yaml(texts.get(name, MISSING), found)
    part = None if raw is None else build(kind, raw, "", found)
    faults.extend(f"{name}: {fault}" for fault in found)
    return part


# From plain strings to structs: msgspec stops at the first fault of what it is given, so it is given one value at a time


def build(kind, raw, place, faults):
    """`raw` as `kind`. Where it is wrong: a fault, and the text as it was or nothing in its place."""
    kind = without_none(kind)
    if get_origin(kind) is list:
        return build_list(kind, raw, place, faults)
    if get_origin(kind) is dict:
        return build_dict(kind, raw, place, faults)
    if isinstance(kind, type) and issubclass(kind, Part):
        return build_part(kind, raw, place, faults)
    return build_value(kind, raw, place, faults)


def build_list(kind, raw, place, faults):
    (item_kind,) = get_args(kind)
    if not isinstance(raw, list):
        faults.append(fault_at(place, "phải là danh sách, mỗi dòng bắt đầu bằng dấu gạch"))
        return []
    built = [build(item_kind, item, inside(place, n), faults) for n, item in enumerate(raw, 1)]
    return [item for item in built if item is not None]


def build_dict(kind, raw, place, faults):
    _, value_kind = get_args(kind)
    if not isinstance(raw, dict):
        faults.append(fault_at(place, "phải là các dòng “tên: giá trị”"))
        return {}
    return {key: build(value_kind, value, inside(place, key), faults) for key, value in raw.items()}


def build_part(kind, raw, place, faults):
    """A struct, even of faulty values: the checks between files still want to see its keys."""
    if not isinstance(raw, dict):
        faults.append(fault_at(place, "phải là các dòng “tên: giá trị”"))
        return None
    said = {name: value for name, value in raw.items() if value != ""}  # empty is as good as absent
    fields = {spec.encode_name: spec for spec in msgspec.structs.fields(kind)}
    faults.extend(fault_at(inside(place, name), "không có mục tên này") for name in raw if name not in fields)
    values = {}
    for name, spec in fields.items():
        if name in said:
            values[spec.name] = build(spec.type, said[name], inside(place, name), faults)
        elif spec.required:
            faults.append(fault_at(inside(place, name), "thiếu, hoặc để trống"))
            values[spec.name] = blank(spec.type)
    return kind(**values)


def build_value(kind, raw, place, faults):
    try:
        return msgspec.convert(raw, kind, strict=False)
    except msgspec.ValidationError:
        if isinstance(raw, str) and not raw.strip():
            faults.append(fault_at(place, f"“{raw}”: không được để trống"))
            return blank(kind)
        faults.append(fault_at(place, f"“{raw}”: {wanted(kind)}"))
        return raw if isinstance(raw, str) and blank(kind) == "" else blank(kind)


def without_none(kind):
    """The kind itself of a value that may be absent."""
    kinds = [one for one in get_args(kind) if one is not NoneType]
    return kinds[0] if NoneType in get_args(kind) else kind


def blank(kind):
    base = getattr(kind, "__origin__", kind)
    if base in (list, dict):
        return base()
    return "" if base in (str, Literal) else None


WANTED = {
    int: "phải là số nguyên",
    bool: "phải là true hoặc false",
    date: "phải là ngày có thật, như 2026-11-22",
    str: "phải là chữ",
}


def wanted(kind):
    """What a value of this kind must be, in the words of a fault."""
    if get_origin(kind) is Literal:
        return "phải là một trong: " + ", ".join(get_args(kind))
    if get_origin(kind) is Annotated:
        return kind.__metadata__[0].description
    return WANTED.get(kind, "phải là chữ, hoặc danh sách chữ")


def inside(place, name):
    return f"{place}.{name}" if place else str(name)


def fault_at(place, fault):
    return f"{place or 'tệp'}: {fault}"


# What one file must keep beyond the kinds of its values


def faults_within(part):
    match part:
        case Site():
            return site_faults(part)
        case Calendar():
            return calendar_faults(part)
        case Consents():
            return consent_faults(part)
        case Reasons():
            return reason_faults(part)
        case Messages():
            return message_faults(part)
        case Guide():
            return guide_faults(part)
        case Procedure():
            return procedure_faults(part)
        case EForm():
            return eform_faults(part, "")
        case Announcement():
            return announcement_faults(part)
    return ()


def site_faults(site):
    return chain(
        repeated("villages", (f"{village.name} ({village.old_commune})" for village in site.villages)),
        repeated("offices", (office.code for office in site.offices)),
        # An office of the commune is no agency outside: a dossier for it goes to its own queue.
        repeated("agencies", [*{office.code for office in site.offices}, *(agency.code for agency in site.agencies)]),
        repeated("links", (link.key for link in site.links)),
        postage_faults(site.post),
    )


def postage_faults(post):
    """Heavier costs no less: a table that says so was typed wrongly."""
    steps = (post and post.postage) or []
    for number, (lighter, heavier) in enumerate(zip(steps, steps[1:], strict=False), start=2):
        if None in (lighter, heavier) or None in (lighter.up_to_g, lighter.fee_dong, heavier.up_to_g, heavier.fee_dong):
            continue  # that they are no numbers is said already
        if heavier.up_to_g <= lighter.up_to_g:
            yield f"post.postage.{number}.up_to_g: phải nặng hơn bậc trước ({lighter.up_to_g} g)"
        if heavier.fee_dong < lighter.fee_dong:
            yield f"post.postage.{number}.fee_dong: không được rẻ hơn bậc trước ({lighter.fee_dong} đồng)"


def calendar_faults(calendar):
    off = [entry.day for entry in calendar.off]
    work = [entry.day for entry in calendar.work]
    halves = [entry.day for entry in calendar.half_days]
    yield from repeated("off", off)
    yield from repeated("work", work)
    yield from repeated("half_days", halves)
    yield from repeated("weekends", (opening.weekday for opening in calendar.weekends))
    yield from (f"work: {day} vừa nghỉ vừa làm việc" for day in work if day and day in off)
    yield from (f"half_days: {day} đã có ở off hoặc work" for day in halves if day and (day in off or day in work))
    yield from swap_faults(calendar, off, work)
    if calendar.working_hours:
        yield from hours_faults("morning", calendar.working_hours.morning)
        yield from hours_faults("afternoon", calendar.working_hours.afternoon)


def swap_faults(calendar, off, work):
    """A day off that is made up for, and the day worked for it, name each other."""
    swapped = {entry.day: entry.made_up_on for entry in calendar.off if entry.made_up_on}
    made_up = {entry.day: entry.instead_of for entry in calendar.work if entry.instead_of}
    for day, other in swapped.items():
        if other not in work:
            yield f"off: {day} làm bù ngày {other}, nhưng work không có ngày này"
        elif made_up.get(other) != day:
            yield f"work: {other} phải có mục instead_of: {day}"
    for day, other in made_up.items():
        if other not in off:
            yield f"work: {day} làm bù cho ngày {other}, nhưng off không có ngày này"
        elif swapped.get(other) != day:
            yield f"off: {other} phải có mục made_up_on: {day}"


def calendar_warnings(calendar, today):
    listed = {entry.day.year for entry in calendar.off}
    for entry in calendar.incomplete_years:
        if entry.year >= today.year:
            yield f"incomplete_years: {entry.year}: {entry.reason}"
    for year in range(min({*listed, today.year}), max({*listed, today.year + 1}) + 1):
        if year not in listed:
            yield f"off: chưa nhập ngày nghỉ năm {year}: ngày hẹn rơi vào năm này có thể sai"
    if not calendar.hours_confirmed:
        yield "working_hours: xã chưa xác nhận giờ làm việc (hours_confirmed: false)"
    for entry in calendar.work:
        if entry.instead_of is None:
            yield f"work: {entry.day} làm việc thêm mà không ghi làm bù cho ngày nào (instead_of)"
    for entry in calendar.off:
        if entry.made_up_on is None and is_swap(entry):
            yield f"off: {entry.day} nghỉ hoán đổi mà không ghi làm bù ngày nào (made_up_on)"
    yield from holidays_not_moved(calendar)


def is_swap(entry):
    return "hoán đổi" in f"{entry.name} {entry.source}".lower()


def holidays_not_moved(calendar):
    """A holiday at the weekend moves to the next working day (Bộ luật Lao động 2019, Điều 111 khoản 3)."""
    off, incomplete = {entry.day for entry in calendar.off}, {entry.year for entry in calendar.incomplete_years}
    for entry in calendar.off:
        after = entry.day
        while after.weekday() >= SATURDAY:
            after += timedelta(days=1)
        if after not in off and entry.day.year not in incomplete:
            yield f"off: {entry.day} ({entry.name}) rơi vào cuối tuần, nhưng {after} không được nghỉ bù"


def hours_faults(half, hours):
    if len(hours) != 2 or hours[0] >= hours[1]:
        yield f"working_hours.{half}: phải có hai giờ, mở rồi đến đóng"


def consent_faults(consents):
    keys = [purpose.key for purpose in consents.purposes]
    yield from repeated("purposes", keys)
    yield from (f"purposes: thiếu việc “{key}”" for key in PURPOSES if key not in keys)
    for n, purpose in enumerate(consents.purposes, 1):
        if purpose.key in PURPOSES and purpose.is_required != (purpose.key == "account"):
            yield f"purposes.{n}.is_required: chỉ việc “account” là bắt buộc"


def reason_faults(reasons):
    yield from repeated("papers", reasons.papers)
    yield from repeated("delays", reasons.delays)
    for name in ("by_document", "by_procedure", "moves"):
        for key, phrases in getattr(reasons, name).items():
            yield from repeated(f"{name}.{key}", phrases)
    yield from (f"moves.{name}: không có việc tên này phải ghi lý do" for name in reasons.moves if name not in REASONED)


def message_faults(messages):
    allowed = (*message_catalogue.ALWAYS, *message_catalogue.FRAME)
    return chain(
        message_catalogue.named_faults("frame", messages.frame, allowed, ("noi_dung", "ma_ho_so")),
        message_catalogue.event_faults(messages.events),
        message_catalogue.letter_faults(messages.letters),
    )


def guide_faults(guide):
    steps = LETTER_STEPS.get(guide.number)
    if guide.number is not None and steps is None:
        yield f"number: thư chỉ có hướng dẫn 1 đến {len(LETTER_STEPS)}"
    elif steps and len(guide.steps) != steps:
        yield f"steps: thư có {steps} bước, ở đây có {len(guide.steps)}"
    yield from brace_faults(guide, "")
    for n, step in enumerate(guide.steps, 1):
        yield from brace_faults(step, f"steps.{n}.")


def announcement_faults(announcement):
    first, last = announcement.valid_from, announcement.valid_to
    if first and last and last < first:
        yield "valid_to: phải từ ngày bắt đầu trở đi"
    yield from repeated("villages", announcement.villages)


def brace_faults(part, place):
    """Labels of controls stand in braces; one brace alone would show on the page."""
    for name, text in msgspec.structs.asdict(part).items():
        if isinstance(text, str) and not re.fullmatch(r"[^{}]*(\{[^{}]+\}[^{}]*)*", text):
            yield f"{place}{name}: dấu {{ và }} không thành cặp"


def procedure_faults(procedure):
    yield from repeated("documents", (document.key for document in procedure.documents))
    for n, document in enumerate(procedure.documents, 1):
        if document.required == "conditional" and not document.condition:
            yield f"documents.{n}.condition: giấy tờ có điều kiện phải ghi điều kiện"
    yield from place_faults(procedure)
    yield from history_faults(procedure)
    yield from fee_faults(procedure)
    if procedure.eform:
        yield from eform_faults(procedure.eform, "eform.")


def place_faults(procedure):
    if procedure.online_submission == "here" and "online" not in procedure.channels:
        yield "online_submission: nộp ở trang này (here) thì channels phải có online"
    if procedure.online_submission in ("guide_only", "off") and not procedure.where_handled:
        yield f"where_handled: online_submission là {procedure.online_submission} thì phải ghi nơi làm"


def fee_faults(procedure):
    fee = procedure.fee
    if fee is None:
        return  # that it is missing is said already
    named = [one for one in fee.exemptions if isinstance(one, FeeExemption)]
    yield from repeated("fee.exemptions", (one.key for one in named))
    for place, rate in (("fee", fee), *((f"fee.rates.{n}", rate) for n, rate in enumerate(fee.rates, 1))):
        yield from price_faults(place, rate)
    yield from rate_faults(fee.rates)
    pages = procedure.eform.pages if procedure.eform else []
    for n, one in enumerate(fee.exemptions, 1):
        if isinstance(one, FeeExemption) and one.within:
            yield from (f"fee.exemptions.{n}.within.{fault}" for fault in within_faults(one.within, pages))
    yield from count_faults(fee, pages)


def price_faults(place, rate):
    """What is wrong with the amounts of a fee, or of one of its rates; that one is no number is said already."""
    yield from (f"{place}.by_channel: không có cách nộp “{name}”" for name in rate.by_channel if name not in CHANNELS)
    if None not in (rate.online_amount, rate.amount) and rate.online_amount > rate.amount:
        yield f"{place}.online_amount: nộp trực tuyến không được đắt hơn nộp trực tiếp"
    since = [step.since for step in rate.steps]
    if not since or None in since or None in (rate.amount, rate.steps[0].amount):
        return
    if since[0] != 1 or since != sorted(set(since)):
        yield f"{place}.steps: bậc đầu phải từ 1, bậc sau phải lớn hơn bậc trước"
    if rate.steps[0].amount != rate.amount:
        yield f"{place}.steps.1.amount: phải bằng amount ({rate.amount})"
    if rate.most is not None and rate.most < rate.steps[0].amount:
        yield f"{place}.most: nhỏ hơn tiền của bậc đầu"


def rate_faults(rates):
    """On no day do two decisions hold; one with no last day ends where the next begins."""
    yield from repeated("fee.rates", (rate.valid_from.isoformat() for rate in rates if rate.valid_from))
    for n, rate in enumerate(rates, 1):
        if None not in (rate.valid_from, rate.valid_to) and rate.valid_to < rate.valid_from:
            yield f"fee.rates.{n}.valid_to: trước valid_from"
    in_order = sorted((rate for rate in rates if rate.valid_from), key=lambda rate: rate.valid_from)
    for earlier, later in zip(in_order, in_order[1:], strict=False):
        if earlier.valid_to and earlier.valid_from < later.valid_from <= earlier.valid_to:
            yield f"fee.rates: mức từ {earlier.valid_from} đến {earlier.valid_to} chồng lên mức từ {later.valid_from}"


def within_faults(rule, pages):
    asked = {question.key: (page, question) for page in pages for question in page.questions}
    page, question = asked.get(rule.question, (None, None))
    if question is None:
        yield f"question: tờ khai không có câu “{rule.question}”"
    elif question.type != "date":
        yield f"question: câu “{rule.question}” phải là kiểu date"
    elif page.repeat:
        yield f"question: câu “{rule.question}” ở trang lặp, có nhiều câu trả lời"


def count_faults(fee, pages):
    """Both questions stand on one page: so many pages of this paper, so many copies of it."""
    asked = {question.key: (page, question) for page in pages for question in page.questions}
    for name, key in (("copies_from", fee.copies_from), ("times_from", fee.times_from)):
        page, question = asked.get(key, (None, None))
        if key and question is None:
            yield f"fee.{name}: tờ khai không có câu “{key}”"
        elif key and (question.type != "number" or question.max is None):
            yield f"fee.{name}: câu “{key}” phải là kiểu number, có max"
        elif key and name == "times_from" and page is not asked.get(fee.copies_from, (None,))[0]:
            yield f"fee.times_from: câu “{key}” phải cùng trang với copies_from"


def history_faults(procedure):
    if procedure.valid_from and procedure.valid_to and procedure.valid_from > procedure.valid_to:
        yield "valid_to: trước valid_from"
    if procedure.replaced_by and not procedure.valid_to:
        yield "valid_to: đã có replaced_by thì phải ghi ngày cuối cùng còn làm"
    yield from repeated("old_codes", procedure.old_codes)
    yield from repeated("old_slugs", procedure.old_slugs)


def eform_faults(eform, place):
    """A condition is decided on the next page, so it may only look at earlier pages."""
    questions = {question.key: question for page in eform.pages for question in page.questions}
    keys = (question.key for page in eform.pages for question in page.questions)
    yield from repeated(f"{place}pages", keys)
    yield from repeated(f"{place}pages", (page.repeat.key for page in eform.pages if page.repeat))
    earlier, items = set(), {}
    for n, page in enumerate(eform.pages, 1):
        if not 1 <= len(page.questions) <= MOST_QUESTIONS:
            yield f"{place}pages.{n}: một trang có từ 1 đến {MOST_QUESTIONS} câu, ở đây có {len(page.questions)}"
        for fault in condition_faults(page, questions, earlier, items):
            yield f"{place}pages.{n}.{fault}"
        for m, question in enumerate(page.questions, 1):
            for fault in chain(
                question_faults(question), item_faults(page, question), condition_faults(question, questions, earlier, items)
            ):
                yield f"{place}pages.{n}.questions.{m}.{fault}"
        earlier.update(question.key for question in page.questions)
        items |= {question.key: n for question in page.questions if page.repeat}
    for n, check in enumerate(eform.checks, 1):
        yield from (f"{place}checks.{n}.{fault}" for fault in check_faults(check, questions, items))


def question_faults(question):
    if question.key == TODAY:
        yield f"key: “{TODAY}” là chữ của quy tắc, đặt tên khác"
    if question.type == "choice" and not question.choices:
        yield "choices: câu chọn phải có các lựa chọn"
    if question.type != "choice" and question.choices:
        yield "choices: chỉ câu kiểu choice mới có lựa chọn"
    if question.rule and question.type != "date":
        yield "rule: chỉ câu kiểu date mới có quy tắc này"
    if None not in (question.min, question.max) and question.min > question.max:
        yield "max: nhỏ hơn min"
    yield from repeated("choices", question.choices)


def item_faults(page, question):
    if page.repeat and question.prefill:
        yield "prefill: tài khoản chỉ biết một người, câu của trang lặp không điền từ đó được"


def condition_faults(asked, questions, earlier, items):
    """What is wrong with when a question or a page is asked; `items` are the questions asked more than once."""
    for key, values in asked.show_if.items():
        if key not in questions:
            yield f"show_if: không có câu “{key}”"
        elif key not in earlier:
            yield f"show_if: câu “{key}” phải ở một trang trước trang này"
        elif key in items:
            yield f"show_if: câu “{key}” ở trang lặp, có nhiều câu trả lời"
        else:
            yield from value_faults("show_if", questions[key], values)


def value_faults(place, question, values):
    wrong = set(values if isinstance(values, list) else [values]) - answers_to(question)
    yield from (f"{place}: “{value}” không phải câu trả lời của “{question.key}”" for value in sorted(wrong, key=str))


# What belongs to no kind of check in particular.
OF_EVERY_CHECK = ("kind", "message")


def check_faults(check, questions, items):
    """What is wrong with a check; `items` says on which repeated page a question stands."""
    kind = CHECKS.get(check.kind)
    if kind is None:
        return  # named already
    said = {name: value for name, value in msgspec.structs.asdict(check).items() if value not in ("", None, [], {})}
    known = {*OF_EVERY_CHECK, *kind.questions, *kind.limits}
    yield from (f"{name}: kiểu {check.kind} không có mục này" for name in said if name not in known)
    for part, wanted_type in kind.questions.items():
        yield from part_faults(part, said.get(part, TODAY if part == "on" else ""), wanted_type, questions)
    for key, values in check.when.items():
        if key not in questions:
            yield f"when: không có câu “{key}”"
        else:
            yield from value_faults("when", questions[key], values)
    yield from limit_faults(check)
    yield from mixed_items(check, items)


def part_faults(part, keys, wanted_type, questions):
    if part == "on" and keys == TODAY:
        return
    if not keys:
        yield f"{part}: thiếu, hoặc để trống"
    for key in keys if isinstance(keys, list) else [keys] if keys else []:
        if key not in questions:
            yield f"{part}: không có câu “{key}”"
        elif wanted_type and questions[key].type != wanted_type:
            yield f"{part}: câu “{key}” phải là kiểu {wanted_type}"


def limit_faults(check):
    if check.kind == "age" and (check.least, check.most) == (None, None):
        yield "least: phải có least hoặc most"
    if None not in (check.least, check.most) and check.least > check.most:
        yield "most: nhỏ hơn least"
    if check.kind == "differ" and len(check.keys) != 2:
        yield f"keys: phải có đúng hai câu, ở đây có {len(check.keys)}"
    yield from repeated("keys", check.keys)
    yield from repeated("parts", check.parts)


def mixed_items(check, items):
    """Items of two repeated pages have nothing to do with each other; only a sum takes all there are."""
    single = [check.first, check.then, check.birth, check.on, check.total, *check.keys, *check.when]
    pages = {items[key] for key in single if key in items}
    if pages:
        pages |= {items[key] for key in check.parts if key in items}
    if len(pages) > 1:
        yield "kind: các câu đứng ở hai trang lặp khác nhau"


def answers_to(question):
    """What a condition may wait for: a choice, yes or no, or that there is no answer: also where nobody was asked."""
    return {"", *(("true", "false") if question.type == "yes_no" else question.choices)}


def repeated(place, values):
    seen = set()
    for value in values:
        if value and value in seen:
            yield f"{place}: “{value}” có hai lần"
        seen.add(value)


# What the files must keep together


def faults_between(files):
    guides, procedures = all_of(Guide, files), all_of(Procedure, files)
    return chain(
        missing_guides(files, guides),
        used_twice(guides, "number"),
        used_twice(guides, "slug"),
        used_twice(procedures, "code"),
        used_twice(procedures, "slug"),
        misnamed(guides, "guides/{0.number}-{0.slug}.yaml"),
        misnamed(procedures, "procedures/{0.slug}.yaml"),
        misnamed(all_of(Announcement, files), "announcements/{0.slug}.yaml"),
        unknown_in_announcements(files, guides, procedures),
        unknown_sources(procedures, files["sources.yaml"]),
        unknown_agencies(procedures, files["site.yaml"]),
        unknown_most_used(files),
        unknown_successors(procedures),
        old_names_in_use(procedures),
        unknown_places(procedures, files["site.yaml"]),
        unknown_in_reasons(procedures, files["reasons.yaml"]),
        long_texts(files["messages.yaml"], files["site.yaml"]),
    )


def long_texts(messages, site):
    """A text has to fit with the longest of everything that is filled in, the commune's own name too."""
    if messages is None or site is None or site.codes is None:
        return
    codes = [site.codes.agency, *(office.code for office in site.offices)]
    for fault in message_catalogue.long_text_faults(messages.events, site.name, site.office, codes):
        yield f"messages.yaml: {fault}"


def unknown_in_reasons(procedures, reasons):
    keys = {document.key for procedure in procedures.values() for document in procedure.documents}
    # An earlier slug is as good: the phrases of a procedure outlive its renaming.
    slugs = {slug for procedure in procedures.values() for slug in (procedure.slug, *procedure.old_slugs)}
    for place, known in (("by_document", keys), ("by_procedure", slugs)):
        said = getattr(reasons, place) if reasons else ()
        wanted = "giấy tờ" if place == "by_document" else "thủ tục"
        yield from (f"reasons.yaml: {place}.{key}: không có {wanted} tên này" for key in said if key not in known)


def all_of(kind, files):
    return {name: part for name, part in files.items() if isinstance(part, kind)}


def missing_guides(files, guides):
    """A guide whose file cannot be read is not missing as well."""
    unreadable = sum(name.startswith("guides/") for name in files) - len(guides)
    missing = sorted(set(LETTER_STEPS) - {guide.number for guide in guides.values()})
    if len(missing) > unreadable:
        yield f"guides: thiếu hướng dẫn số {', '.join(map(str, missing))}: thư có {len(LETTER_STEPS)}"


def used_twice(parts, name):
    first = {}
    for file, part in parts.items():
        value = getattr(part, name)
        if value and value in first:
            yield f"{file}: {name}: “{value}” đã dùng ở {first[value]}"
        first.setdefault(value, file)


def misnamed(parts, pattern):
    for file, part in parts.items():
        if part.slug and file != pattern.format(part):
            yield f"{file}: slug: tên tệp phải là {pattern.format(part)}"


def unknown_in_announcements(files, guides, procedures):
    """That a guide or a procedure with faults of its own is unknown is not said as well: its file is there."""
    known = {part.slug for part in (*guides.values(), *procedures.values())}
    site = files["site.yaml"]
    villages = {village.name for village in site.villages} if site else None
    for file, announcement in all_of(Announcement, files).items():
        if announcement.about and announcement.about not in known:
            yield f"{file}: about: không có hướng dẫn hay thủ tục “{announcement.about}”"
        for n, name in enumerate(announcement.villages, 1):
            if villages is not None and name not in villages:
                yield f"{file}: villages.{n}: site.yaml không có thôn, làng “{name}”"


def unknown_most_used(files):
    site = files["site.yaml"]
    for number, slug in enumerate(site.most_used if site else [], start=1):
        if f"procedures/{slug}.yaml" not in files:
            yield f"site.yaml: most_used[{number}]: không có thủ tục {slug}"


def unknown_successors(procedures):
    """Who follows `replaced_by` from one to the next must come to an end."""
    successors = {procedure.slug: procedure.replaced_by for procedure in procedures.values()}
    for file, procedure in procedures.items():
        if procedure.replaced_by and procedure.replaced_by not in successors:
            yield f"{file}: replaced_by: không có thủ tục “{procedure.replaced_by}”"
            continue
        seen, slug = [], procedure.slug
        while slug and slug not in seen:
            seen.append(slug)
            slug = successors.get(slug)
        if slug == procedure.slug:
            yield f"{file}: replaced_by: thay nhau thành vòng: {' → '.join([*seen, slug])}"


def old_names_in_use(procedures):
    """An old address leads to one procedure alone; an old code may have become several, but none that has it still."""
    slugs = {procedure.slug: file for file, procedure in procedures.items()}
    codes = {procedure.code: file for file, procedure in procedures.items()}
    claimed = {}
    for file, procedure in procedures.items():
        for slug in dict.fromkeys(procedure.old_slugs):
            if slug in slugs:
                yield f"{file}: old_slugs: “{slug}” đang dùng ở {slugs[slug]}"
            elif slug in claimed:
                yield f"{file}: old_slugs: “{slug}” đã dùng ở {claimed[slug]}"
            claimed.setdefault(slug, file)
        for code in procedure.old_codes:
            if code in codes:
                yield f"{file}: old_codes: “{code}” đang dùng ở {codes[code]}"


def unknown_places(procedures, site):
    """People are sent only to addresses that somebody has looked at: site.yaml says when."""
    known = {link.url for link in site.links} if site else None
    for file, procedure in procedures.items():
        url = procedure.where_handled and procedure.where_handled.url
        if known is not None and url and url not in known:
            yield f"{file}: where_handled.url: links của site.yaml không có “{url}”"


def unknown_sources(procedures, sources):
    for file, procedure in procedures.items():
        for source in procedure.source:
            key = source.split(" (")[0]  # what it says about stands behind in brackets
            if sources is not None and key not in sources:
                yield f"{file}: source: sources.yaml không có “{key}”"


def unknown_agencies(procedures, site):
    """The office named first receives, and its code opens the dossier code."""
    known = {office.agency for office in site.offices} if site else None
    for file, procedure in procedures.items():
        if known is not None and procedure.agency and procedure.agency.split(",")[0] not in known:
            yield f"{file}: agency: site.yaml không có cơ quan “{procedure.agency}”"

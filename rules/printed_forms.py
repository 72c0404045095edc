"""The numbered forms of the one-stop desk: which there are, when each is made out, and its number without a gap."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from database import db
from models import Dossier, Event, FormCounter, PrintedForm, Staff, State
from rules import form_values, workflow
from rules.deadlines import WorkCalendar
from rules.vietnamese import in_vietnam, show_moment
from rules.workflow import MoveRefused

SETS = {"2018": "Thông tư 01/2018/TT-VPCP", "2025": "Thông tư 03/2025/TT-VPCP"}


@dataclass(frozen=True)
class Asked:
    """What whoever makes the form out has to say, because the dossier does not hold it."""

    name: str
    label: str
    hint: str
    missing: str
    known: Callable[[Dossier], str]  # what stands in the field already


@dataclass(frozen=True)
class Kind:
    """One form of the annex: its number and title in each set, and what it is made out for."""

    key: str
    word: str  # in the address
    button: str
    numbers: dict[str, str]  # by set; in a set that lacks the form, no entry
    titles: dict[str, str]
    events: tuple[str, ...]  # what it is about; none: whatever happened last
    gather: Callable[..., dict]
    makers: tuple[str, ...] = ("officer",)
    state: State | None = None  # in which alone it is made out
    asks: tuple[Asked, ...] = ()
    is_wide: bool = False  # the sheet lies on its side


_ASKED_ON_REFUSAL = (
    Asked(
        "ground",
        "Căn cứ pháp lý",
        "Văn bản, điều khoản làm căn cứ từ chối.",
        "Nhập căn cứ pháp lý của việc từ chối",
        form_values.legal_ground,
    ),
    Asked(
        "advice",
        "Người dân làm tiếp thế nào, ở đâu",
        "Cần thêm giấy gì, hoặc cơ quan nào có thẩm quyền.",
        "Nhập việc người dân cần làm tiếp",
        lambda dossier: "",
    ),
)
_ASKED_ON_STOP = (
    Asked(
        "money",
        "Tiền đã nộp và hoàn trả",
        "Đã nộp bao nhiêu, có trả lại không, trả lại thế nào.",
        "Nhập tiền đã nộp và việc hoàn trả",
        form_values.money_so_far,
    ),
)

# One-stop mechanism, printed forms. Forms are known by their keys: the sets number them differently.
_RECEIPT = "Giấy tiếp nhận hồ sơ và hẹn trả kết quả"
_SUPPLEMENT = "Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ"
_REFUSAL = "Phiếu từ chối tiếp nhận giải quyết hồ sơ"
_CONTROL = "Phiếu kiểm soát quá trình giải quyết hồ sơ"
_REGISTER = "Sổ theo dõi hồ sơ"
KINDS = (
    Kind("receipt", "giay-hen", "In giấy hẹn", {"2018": "01", "2025": "01"}, {"2018": _RECEIPT, "2025": _RECEIPT},
         ("accept",), form_values.receipt),
    Kind("supplement", "bo-sung", "In phiếu bổ sung", {"2018": "02", "2025": "02"},
         {"2018": _SUPPLEMENT, "2025": _SUPPLEMENT}, ("ask_supplement",), form_values.supplement,
         makers=("officer", "specialist")),
    Kind("refusal", "tu-choi", "In phiếu từ chối", {"2018": "03", "2025": "03"}, {"2018": _REFUSAL, "2025": _REFUSAL},
         ("refuse",), form_values.refusal, state=State.REFUSED, asks=_ASKED_ON_REFUSAL),
    Kind("apology", "xin-loi", "In phiếu xin lỗi", {"2018": "04", "2025": "04"},
         {"2018": "Phiếu xin lỗi và hẹn lại ngày trả kết quả",
          "2025": "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết"}, ("apologized",), form_values.apology),
    Kind("stop", "dung", "In thông báo dừng", {"2025": "05"}, {"2025": "Thông báo dừng giải quyết hồ sơ"},
         ("stop", "grant_withdrawal", "stop_withdrawn"), form_values.stop, state=State.STOPPED, asks=_ASKED_ON_STOP),
    Kind("control", "kiem-soat", "In phiếu kiểm soát", {"2018": "05", "2025": "06"}, {"2018": _CONTROL, "2025": _CONTROL},
         (), form_values.control, makers=("officer", "specialist"), is_wide=True),
)  # fmt: skip
REGISTER = {"numbers": {"2018": "06", "2025": "07"}, "titles": {"2018": _REGISTER, "2025": _REGISTER}}
BY_KEY = {kind.key: kind for kind in KINDS}
BY_WORD = {kind.word: kind for kind in KINDS}


@dataclass(frozen=True)
class ToMake:
    """A form that may be made out now: the button, and for what."""

    kind: Kind
    event: Event


def to_make(dossier: Dossier, form_set: str) -> list[ToMake]:
    """What may be made out of this dossier and has not been, in the order of the annex."""
    events = list(dossier.events.order_by(Event.id))
    made = {(form.form, form.about_id) for form in PrintedForm.select(PrintedForm.form, PrintedForm.about).where(_is_of(dossier))}
    found = [ToMake(kind, event) for kind in KINDS for event in _events_for(kind, dossier, events, form_set)]
    return [one for one in found if (one.kind.key, one.event.id) not in made]


def _is_of(dossier: Dossier):
    return PrintedForm.dossier == dossier.id


def _events_for(kind: Kind, dossier: Dossier, events: list[Event], form_set: str) -> list[Event]:
    """What the form may be about: each that still stands; of those that end a dossier or begin its clock, the newest."""
    if form_set not in kind.numbers or (kind.state is not None and dossier.state is not kind.state):
        return []
    if not kind.events:
        return events[-1:] if dossier.accepted_at else []
    undone = {event.undoes_id for event in events}
    standing = [event for event in events if event.name in kind.events and event.id not in undone]
    if kind.key == "apology":
        return [event for event in standing if form_values.signed_apology(dossier, event)]
    return standing if kind.key == "supplement" else standing[-1:]


def make(
    dossier: Dossier,
    kind: Kind,
    event_id: int,
    by: Staff,
    now: datetime,
    site,
    calendar: WorkCalendar,
    link: str,
    said: dict[str, str] | None = None,
) -> PrintedForm:
    """Make the form out once for what it is about; the same again returns the first.

    `link` is the address behind its QR code, `said` what `kind.asks` for. The number follows the last one of this office,
    form and year in the same transaction, so that no number is left out and none is given twice; one whose cause was
    undone stays used. Raises MoveRefused when there is nothing to make it out for.
    """
    with db.atomic():
        workflow.lock(dossier)
        event = Event.get_or_none(Event.id == event_id, Event.dossier == dossier.id)
        if event and (form := PrintedForm.get_or_none(_is_of(dossier), PrintedForm.form == kind.key, PrintedForm.about == event)):
            return form
        events = list(dossier.events.order_by(Event.id))
        if event not in _events_for(kind, dossier, events, site.form_set):
            raise MoveRefused(f"Chưa lập được “{title_of(kind, site.form_set)}”: {_why_not(dossier, kind, site.form_set)}")
        year = in_vietnam(now).year
        number = next_number(dossier.office, kind.key, year)
        return PrintedForm.create(
            dossier=dossier,
            office=dossier.office,
            form=kind.key,
            form_set=site.form_set,
            year=year,
            number=number,
            values=_values(dossier, kind, event, said or {}, site, calendar, now, link, number, year),
            about=event,
            made_by=by,
            made_at=now,
            copies=1,
        )


def title_of(kind: Kind, form_set: str) -> str:
    return kind.titles.get(form_set) or next(iter(kind.titles.values()))


def _why_not(dossier: Dossier, kind: Kind, form_set: str) -> str:
    if form_set not in kind.numbers:
        return f"bộ mẫu {form_set} không có mẫu này."
    last = dossier.events.order_by(Event.id.desc()).first()
    said = f" Bước gần nhất: “{workflow.EVENT_LABELS.get(last.name, last.name)}”, {show_moment(last.at)}." if last else ""
    return f"hồ sơ đang ở trạng thái “{workflow.where_it_is(dossier)}”.{said}"


def next_number(office: str, form: str, year: int) -> int:
    """The row of the counter is locked from here to the end of the transaction: whoever comes second waits for it."""
    (
        FormCounter.insert(office=office, form=form, year=year, last=1)
        .on_conflict(
            conflict_target=[FormCounter.office, FormCounter.form, FormCounter.year],
            update={FormCounter.last: FormCounter.last + 1},
        )
        .execute()
    )
    return FormCounter.get(FormCounter.office == office, FormCounter.form == form, FormCounter.year == year).last


def _values(dossier, kind, event, said, site, calendar, now, link, number, year) -> dict:
    return kind.gather(dossier, event, said, site, calendar, now) | {
        "form_number": f"Mẫu số {kind.numbers[site.form_set]}",
        "issued_with": SETS[site.form_set],
        "title": title_of(kind, site.form_set),
        "number": f"{form_values.two(number)}/{getattr(site.form_signs, kind.key)}",
        "book": str(year),
        "line": form_values.two(number),
        "place": form_values.place_of(site),
        "day": form_values.day_words(in_vietnam(now)),
        "code": dossier.code,
        "receipt_code": dossier.receipt_code,
        "link": link,
    }


def made_of(dossier: Dossier) -> list[PrintedForm]:
    """Every form made out of the dossier, the newest first; what they say is not read."""
    known = (field for field in PrintedForm._meta.sorted_fields if field.name != "values")
    return list(PrintedForm.select(*known).where(_is_of(dossier)).order_by(PrintedForm.id.desc()))


def form_of(dossier: Dossier, form_id: int) -> PrintedForm | None:
    return PrintedForm.get_or_none(PrintedForm.id == form_id, _is_of(dossier))


def is_undone(form: PrintedForm) -> bool:
    """Whether what it was made out for was taken back: it is good no more, and its number stays used."""
    return Event.select().where(Event.undoes == form.about_id).exists()


def undone_among(forms: list[PrintedForm]) -> set[int]:
    """The ids of those that are good no more."""
    about = [form.about_id for form in forms]
    undone = {event.undoes_id for event in Event.select(Event.undoes).where(Event.undoes.in_(about))} if about else set()
    return {form.id for form in forms if form.about_id in undone}


def reprint(form: PrintedForm, seen_copies: str) -> int:
    """Count one more copy; returns how many there are. The same form sent twice, which saw the same count, counts once.

    Raises MoveRefused when what it was made out for was undone.
    """
    with db.atomic():
        workflow.lock(form.dossier)
        if is_undone(form):
            raise MoveRefused(f"Không in lại được số {form.number}: việc ghi trên giấy này đã hoàn tác.")
        form.copies = PrintedForm.get_by_id(form.id).copies
        if seen_copies == str(form.copies):
            form.copies += 1
            form.save(only=[PrintedForm.copies])
    return form.copies

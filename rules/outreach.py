"""The outreach log: a session noted in half a minute, and what a campaign asks of every village. Nothing in it names anybody."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from peewee import IntegrityError, fn

from database import db, wait_for_others
from models import Campaign, OutreachNote, Staff
from rules import WrongInput
from rules.reports import Period
from rules.vietnamese import ascii_digits, clean_text, fold, in_vietnam, read_day, show_day, show_number

WRITERS = ("village_head", "officer", "culture", "leader", "administrator")
CAMPAIGN_MAKERS = ("culture", "leader", "administrator")
MOST_REACHED = 5_000
LONGEST_PLACE, LONGEST_QUESTIONS = 100, 500
MAY_CHANGE_FOR = timedelta(days=7)
LONGEST_AGO = timedelta(days=366)  # a session noted later than that belongs to a report that was read long ago
LONGEST_CAMPAIGN = timedelta(days=366)
PLACES_OFFERED = 6
MOST_OFFERED = 10  # open campaigns in the form
LEAST_ASKED = 2  # notes: what one session asked is not yet asked often
MOST_QUESTIONS = 5


class WrongVillage(WrongInput):
    """The village is not there, or not theirs to write for."""


class MendedMeanwhile(WrongInput):
    """Somebody else was quicker."""


# --- reading what is typed -------------------------------------------------------------------------------------------

# As people write a number down: in groups, with a space, a dot or a dash between them. Days have strokes, and are none.
LONG_NUMBER = re.compile(r"\+?\d(?:(?:[^\S\n]?[.‐‑‒–—_-]?[^\S\n]?|,)\d){8,}")


def refuse_personal(text: str) -> str:
    """The text itself. Raises WrongInput for what holds an identity number or a telephone: nine digits or more in a row."""
    if found := LONG_NUMBER.search(ascii_digits(text)):
        raise WrongInput(f"Bỏ số “{found[0]}”: không ghi số giấy tờ, số điện thoại của bà con. Chữ khác còn nguyên.")
    return text


def read_place(typed: str) -> str:
    return refuse_personal(clean_text(typed, LONGEST_PLACE))


def read_questions(typed: str) -> str:
    """One question a line; empty lines, and the dashes before them, are left out. Raises WrongInput."""
    lines = clean_text(typed, LONGEST_QUESTIONS, lines=True).split("\n")
    return refuse_personal("\n".join(line for line in (line.lstrip("-–+•* ") for line in lines) if line))


def read_people(typed: str, least: int = 1) -> int:
    """A number of people, as people type it: 25, 25 người, 1.200. Raises WrongInput."""
    digits = fold(ascii_digits(typed)).removesuffix("nguoi").replace(".", "").replace(" ", "")
    is_number = digits.isascii() and digits.isdecimal() and len(digits) <= 6
    if not is_number or not least <= int(digits) <= MOST_REACHED:
        raise WrongInput(f"Nhập số người, từ {least} đến {show_number(MOST_REACHED)}")
    return int(digits)


def read_session_day(typed: str, today: date) -> date:
    """The day of a session: today or before, within a year. Raises WrongInput."""
    day = read_day(typed)
    if day > today:
        raise WrongInput(f"Ngày này chưa đến. Nhập ngày đã gặp, đến hôm nay ({show_day(today)}).")
    if day < today - LONGEST_AGO:
        raise WrongInput("Ngày này đã quá một năm. Xem lại năm.")
    return day


# --- a session -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Session:
    """What is noted; every part already read by its own rule."""

    village: str
    day: date
    place: str
    reached: int
    guides: tuple[str, ...] = ()
    questions: str = ""
    campaign: Campaign | None = field(default=None, compare=False)

    def columns(self) -> dict[str, object]:
        return vars(self) | {"guides": list(self.guides)}


def may_enter(staff: Staff, agency: str) -> bool:
    """Whoever works for this commune; a village head without a village would be one of all of them."""
    return staff.office == agency and (staff.role != "village_head" or bool(staff.village))


def village_of(staff: Staff) -> str:
    """Village heads read and write for their own village alone; "" means any."""
    return staff.village if staff.role == "village_head" else ""


def check_session(session: Session, by: Staff, villages: Iterable[str]) -> None:
    """Raises WrongVillage for another's and one that is not there, WrongInput for a campaign that had not begun."""
    own = village_of(by)
    if session.village != own if own else session.village not in villages:
        raise WrongVillage("Chọn thôn, làng")
    if session.campaign and session.day < session.campaign.first_on:
        begins = show_day(session.campaign.first_on)
        raise WrongInput(f"Việc “{session.campaign.title}” bắt đầu từ {begins}. Sửa ngày, hoặc chọn “Không”.")


def note_session(session: Session, by: Staff, villages: Iterable[str], now: datetime, form_key: str) -> OutreachNote:
    """Write a session down; the same form with the same words again is the same note. Raises WrongInput."""
    check_session(session, by, villages)
    # Whoever goes back to a form that was sent, and writes another session into it, has another note: none is lost.
    said = json.dumps(session.columns() | {"campaign": session.campaign and session.campaign.id}, default=str, sort_keys=True)
    key = f"{by.id}-{form_key}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"[-64:]
    if found := OutreachNote.get_or_none(OutreachNote.form_key == key):
        return found
    try:
        with db.atomic():
            return OutreachNote.create(**session.columns(), by=by, at=now, form_key=key)
    except IntegrityError:
        return OutreachNote.get(OutreachNote.form_key == key)


def may_change(note: OutreachNote, staff: Staff, now: datetime) -> bool:
    """Whoever wrote it, for a week; and only while the village is still theirs."""
    return note.by_id == staff.id and now - note.at < MAY_CHANGE_FOR and village_of(staff) in ("", note.village)


def own_note(ref: str, staff: Staff, now: datetime) -> OutreachNote | None:
    """A note that this member of staff may still change; any other is as none."""
    note = OutreachNote.get_or_none(OutreachNote.ref == ref)
    return note if note and may_change(note, staff, now) else None


def change_note(note: OutreachNote, session: Session, by: Staff, villages: Iterable[str], now: datetime) -> None:
    """Raises WrongInput, also for a note that was dropped meanwhile."""
    check_session(session, by, villages)
    stands = OutreachNote.id == note.id, OutreachNote.dropped_at.is_null()
    if not OutreachNote.update(**session.columns(), changed_at=now).where(*stands).execute():
        raise WrongInput("Buổi này đã bỏ. Lấy lại trước, rồi sửa.")


def drop_note(note: OutreachNote, now: datetime) -> None:
    OutreachNote.update(dropped_at=now).where(OutreachNote.id == note.id, OutreachNote.dropped_at.is_null()).execute()


def take_back(note: OutreachNote) -> None:
    """A slip of the finger: what was dropped counts again."""
    OutreachNote.update(dropped_at=None).where(OutreachNote.id == note.id).execute()


def counts(village: str = ""):
    """Of the notes that count: all, or a village's."""
    stands = OutreachNote.dropped_at.is_null()
    return stands & (OutreachNote.village == village) if village else stands


def notes_shown(staff: Staff, now: datetime, village: str = ""):
    """What the list shows, the newest session first; one's own that were dropped stand there while they may be taken back."""
    mine = (OutreachNote.by == staff) & (OutreachNote.at > now - MAY_CHANGE_FOR)
    shown = counts() | mine
    of_village = (OutreachNote.village == village) & shown if village else shown
    found = OutreachNote.select(OutreachNote, Staff).join(Staff, on=OutreachNote.by).where(of_village)
    return found.order_by(OutreachNote.day.desc(), OutreachNote.id.desc())


def known_places(village: str) -> list[str]:
    """Where people of the village met before, the latest first."""
    last = fn.MAX(OutreachNote.day)
    found = OutreachNote.select(OutreachNote.place).where(counts(village)).group_by(OutreachNote.place)
    return [row.place for row in found.order_by(last.desc(), OutreachNote.place).limit(PLACES_OFFERED)] if village else []


# --- what the notes say of a period ----------------------------------------------------------------------------------


@dataclass
class Reached:
    """Of a village, or of all: sessions noted and people reached."""

    sessions: int = 0
    people: int = 0


def _in_period(period: Period):
    return OutreachNote.day.between(period.first, period.last)


def reached_by_village(period: Period) -> dict[str, Reached]:
    sums = fn.COUNT(OutreachNote.id), fn.SUM(OutreachNote.reached)
    rows = OutreachNote.select(OutreachNote.village, *sums).where(counts(), _in_period(period)).group_by(OutreachNote.village)
    return {village: Reached(sessions, int(people)) for village, sessions, people in rows.tuples()}


def top_questions(period: Period, village: str = "") -> list[tuple[str, int]]:
    """What was asked in two sessions at least, and in how many; the most often asked first.

    Questions are one when they read alike but for marks, capitals and what stands at their end; told as last written.
    """
    asked = OutreachNote.select(OutreachNote.questions).where(counts(village), _in_period(period), OutreachNote.questions != "")
    words, times = {}, {}
    for (text,) in asked.order_by(OutreachNote.day, OutreachNote.id).tuples():
        for key, line in {fold(line).strip(" ?.!…,;:"): line for line in text.split("\n")}.items():
            words[key], times[key] = line, times.get(key, 0) + 1
    often = sorted((key for key in times if key and times[key] >= LEAST_ASKED), key=lambda key: (-times[key], key))
    return [(words[key], times[key]) for key in often[:MOST_QUESTIONS]]


# --- campaigns -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """What a campaign asks; every part already read by its own rule."""

    title: str
    task: str
    least_reached: int
    guides: tuple[str, ...]
    first_on: date
    last_on: date


def check_plan(plan: Plan, today: date) -> None:
    """Raises WrongInput for days that make no sense."""
    if plan.last_on < plan.first_on:
        raise WrongInput("Ngày cuối không được trước ngày đầu")
    if plan.last_on < today:
        raise WrongInput(f"Ngày cuối đã qua. Nhập từ hôm nay ({show_day(today)}) trở đi.")
    if plan.last_on - plan.first_on > LONGEST_CAMPAIGN:
        raise WrongInput("Việc kéo dài quá một năm. Chia thành nhiều đợt.")


def begin_campaign(plan: Plan, by: Staff, now: datetime, form_key: str) -> Campaign:
    """Ask it of every village; the same form again is the same campaign. Raises WrongInput."""
    key = f"{by.id}-{form_key}"[:64]
    if found := Campaign.get_or_none(Campaign.form_key == key):
        return found
    check_plan(plan, in_vietnam(now).date())
    try:
        with db.atomic():
            return Campaign.create(**vars(plan) | {"guides": list(plan.guides)}, made_by=by, made_at=now, form_key=key)
    except IntegrityError:
        return Campaign.get(Campaign.form_key == key)


def plan_of(campaign: Campaign) -> Plan:
    known = {name: getattr(campaign, name) for name in Plan.__dataclass_fields__}
    return Plan(**known | {"guides": tuple(campaign.guides)})


def mark_of(plan: Plan) -> str:
    """Tells whether two people mend the same words; the form carries it."""
    return hashlib.sha256(repr(plan).encode()).hexdigest()[:16]


def change_campaign(campaign: Campaign, plan: Plan, seen: str, today: date) -> None:
    """Ask otherwise what is still asked; what was noted for it stays. `seen` is the mark of the plan the writer had before her.

    The same again changes nothing. Raises WrongInput for days that make no sense, one that was ended, one mended meanwhile.
    """
    with db.atomic():
        wait_for_others()
        fresh = Campaign.get_by_id(campaign.id)
        if plan_of(fresh) == plan:
            return
        if fresh.ended_at:
            raise WrongInput("Việc này đã kết thúc. Mở lại trước, rồi sửa.")
        if mark_of(plan_of(fresh)) != seen:
            raise MendedMeanwhile("Người khác vừa sửa việc này. Bấm Lưu lần nữa là thay bằng chữ của bạn.")
        check_plan(plan, today)
        Campaign.update(**vars(plan) | {"guides": list(plan.guides)}).where(Campaign.id == campaign.id).execute()


def end_campaign(campaign: Campaign, by: Staff, now: datetime) -> None:
    """Ask it no more; what was noted for it stays. Pressed twice, the first one stands."""
    Campaign.update(ended_at=now, ended_by=by).where(Campaign.id == campaign.id, Campaign.ended_at.is_null()).execute()


def go_on_with_campaign(campaign: Campaign) -> None:
    """A slip of the finger: it is asked again."""
    Campaign.update(ended_at=None, ended_by=None).where(Campaign.id == campaign.id).execute()


def find_campaign(ref: str) -> Campaign | None:
    return Campaign.get_or_none(Campaign.ref == ref)


def offered_campaigns(today: date, also: Campaign | None = None) -> list[Campaign]:
    """What a session may have been held for, the most pressing first; late ones too, until they are ended."""
    open_ones = Campaign.select().where(Campaign.ended_at.is_null(), Campaign.first_on <= today)
    found = list(open_ones.order_by(Campaign.last_on, Campaign.id).limit(MOST_OFFERED))
    return found if also is None or also in found else [*found, also]


@dataclass(frozen=True)
class Share:
    """What one village has done of a campaign."""

    village: str
    sessions: int
    people: int
    missing_people: int
    missing_guides: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        return bool(self.sessions) and not self.missing_people and not self.missing_guides


@dataclass(frozen=True)
class Progress:
    campaign: Campaign
    shares: list[Share]
    is_late: bool

    @property
    def done(self) -> int:
        return sum(share.is_done for share in self.shares)


def progress_of(campaigns: Sequence[Campaign], villages: Sequence[str], today: date) -> list[Progress]:
    """How far each village is with each of them: who has not done it stands first."""
    found: dict[tuple[int, str], list[OutreachNote]] = {}
    columns = OutreachNote.campaign, OutreachNote.village, OutreachNote.reached, OutreachNote.guides
    tied = OutreachNote.campaign.in_([campaign.id for campaign in campaigns])
    for note in OutreachNote.select(*columns).where(counts(), tied) if campaigns else ():
        found.setdefault((note.campaign_id, note.village), []).append(note)
    progress = []
    for campaign in campaigns:
        shares = [_share(campaign, village, found.get((campaign.id, village), [])) for village in villages]
        shares.sort(key=lambda share: share.is_done)
        is_late = campaign.ended_at is None and campaign.last_on < today and not all(share.is_done for share in shares)
        progress.append(Progress(campaign, shares, is_late))
    return progress


def _share(campaign: Campaign, village: str, notes: list[OutreachNote]) -> Share:
    people = sum(note.reached for note in notes)
    shown = {slug for note in notes for slug in note.guides}
    missing = tuple(slug for slug in campaign.guides if slug not in shown)
    return Share(village, len(notes), people, max(campaign.least_reached - people, 0), missing)


def open_progress(villages: Sequence[str], today: date) -> list[Progress]:
    """The campaigns that are asked now: first what is late, then by the day it has to be done."""
    open_ones = list(Campaign.select().where(Campaign.ended_at.is_null()).order_by(Campaign.last_on, Campaign.id))
    return sorted(progress_of(open_ones, villages, today), key=lambda one: not one.is_late)


def ended_campaigns():
    """The latest first; the caller pages them."""
    return Campaign.select().where(Campaign.ended_at.is_null(False)).order_by(Campaign.ended_at.desc(), Campaign.id.desc())

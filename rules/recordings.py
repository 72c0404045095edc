"""Guides and steps spoken in the languages of the commune: taken from a phone, made small, heard; what is missing is known."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import IntegrityError

from database import db, wait_for_others
from gateways import audio
from gateways.audio import ConverterBroken, RecordingRefused, Sound
from gateways.files import LocalFiles, StorageFull
from models import Recording, Staff
from rules import WrongInput
from rules.content import Guide

WHOLE = 0  # the place of a recording that is of no single step
LANGUAGES = {"vi": "tiếng Việt", "jrai": "tiếng Jrai", "bahnar": "tiếng Bahnar"}
MOST_TRIES = 3
TRIED_AGAIN_AFTER = timedelta(minutes=15)  # longer than ffmpeg may take: whoever began has then ended, or fell
KEPT = timedelta(days=30)  # what was replaced or taken away can be put back for so long

MACHINE_FAULT = "Máy của xã thử chuyển ba lần chưa xong. Báo người quản trị máy, rồi bấm Thử lại hoặc tải tệp khác lên."
LOST = "Tệp đã tải lên không còn trên máy của xã. Tải lên lại."

log = logging.getLogger(__name__)


class RecordingGone(Exception):
    """What was to be done with a recording can no longer be; the message says why."""


# --- places ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where a recording belongs: a whole guide or one step, in one language."""

    guide: Guide
    step: int
    language: str

    @property
    def words(self) -> str:
        return f"{step_words(self.step)}, {LANGUAGES[self.language]}"


def step_words(step: int) -> str:
    return f"Bước {step}" if step else "Cả bài"


def steps_of(guide: Guide) -> range:
    return range(WHOLE, len(guide.steps) + 1)


def read_place(guide: Guide, step: str, language: str) -> Place:
    """The place chosen in a form; raises WrongInput for one that the guide does not have."""
    if step not in map(str, steps_of(guide)):
        raise WrongInput("Chọn cả bài hoặc một bước")
    if language not in LANGUAGES:
        raise WrongInput("Chọn tiếng")
    return Place(guide, int(step), language)


def words_hash(guide: Guide, step: int) -> str:
    """A mark of what a person reads out at this place."""
    steps = [guide.steps[step - 1]] if step else guide.steps
    said = [guide.title, *(f"{one.title}\n{one.do}\n{one.where}\n{one.see}\n{one.trouble}" for one in steps)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def is_out_of_date(recording: Recording, guide: Guide) -> bool:
    """Whether the guide was written anew after it was recorded."""
    return recording.step not in steps_of(guide) or recording.words_hash != words_hash(guide, recording.step)


def file_name(recording: Recording, guide: Guide) -> str:
    """Without its ending; on a memory card the files of a guide stand in the order of its steps, the whole guide first."""
    width = len(str(len(guide.steps)))
    where = f"buoc-{recording.step:0{width}}" if recording.step else "bai-day-du"
    return f"{guide.number}-{guide.slug}-{where}-{recording.language}"


# --- what is there, and what is missing ------------------------------------------------------------------------------


def is_in_force():
    return (Recording.state == "ready") & Recording.replaced_at.is_null()


def in_force(guide_slug: str, step: int | None = None) -> list[Recording]:
    """What is heard of a guide, or of one of its steps (0: of the whole guide), by step and in the order of the languages."""
    here = [Recording.guide_slug == guide_slug, is_in_force()] + ([Recording.step == step] if step is not None else [])
    found = Recording.select().where(*here)
    return sorted(found, key=lambda one: (one.step, list(LANGUAGES).index(one.language)))


def languages_heard(recordings: list[Recording]) -> list[str]:
    """The languages of these recordings, each once, by their names alone: Việt, Jrai."""
    there = {recording.language for recording in recordings}
    return [name.removeprefix("tiếng ") for language, name in LANGUAGES.items() if language in there]


def missing_of(guide: Guide, recordings: list[Recording]) -> list[Place]:
    """The places of a guide that nobody has spoken, given those in force."""
    there = {(recording.step, recording.language) for recording in recordings}
    return [
        Place(guide, step, language)
        for language in LANGUAGES
        for step in steps_of(guide)
        if (step, language) not in there
    ]  # fmt: skip


def missing(guides: list[Guide]) -> list[Place]:
    """Every place without a recording, by guide, language and step."""
    there: dict[str, list[Recording]] = {}
    for recording in Recording.select().where(is_in_force()):
        there.setdefault(recording.guide_slug, []).append(recording)
    return [place for guide in guides for place in missing_of(guide, there.get(guide.slug, []))]


def missing_in_words(guide: Guide, recordings: list[Recording]) -> list[str]:
    """A sentence a language that is not wholly there; a whole guide that was spoken lacks no step."""
    sentences = []
    for language, name in LANGUAGES.items():
        lacking = [place.step for place in missing_of(guide, recordings) if place.language == language]
        if len(lacking) == len(steps_of(guide)):
            sentences.append(f"Chưa có bản ghi {name}.")
        elif WHOLE in lacking and lacking != [WHOLE]:
            steps = ", ".join(str(step) for step in lacking if step)
            sentences.append(f"Bản ghi {name} còn thiếu bước {steps}.")
    return sentences


def under_way(guide_slug: str) -> list[Recording]:
    """Those that wait, are being made small, or could not be; the newest first."""
    unfinished = Recording.state != "ready", Recording.replaced_at.is_null()
    return list(Recording.select().where(Recording.guide_slug == guide_slug, *unfinished).order_by(Recording.id.desc()))


def taken_away(guide_slug: str) -> list[Recording]:
    """What can be put back: of each place the last that was replaced or taken away; the newest first."""
    gone = Recording.guide_slug == guide_slug, Recording.replaced_at.is_null(False), Recording.mp3_name.is_null(False)
    found: dict[tuple[int, str], Recording] = {}
    for recording in Recording.select().where(*gone).order_by(Recording.replaced_at.desc(), Recording.id.desc()):
        found.setdefault((recording.step, recording.language), recording)
    return list(found.values())


@dataclass(frozen=True)
class Standing:
    """How far a guide is."""

    heard: dict[str, int]  # by language: at how many of its places
    places: int  # in each language
    under_way: int
    failed: int


def standings(guides: list[Guide]) -> dict[str, Standing]:
    """By guide, for the list of all."""
    rows = Recording.select(Recording.guide_slug, Recording.step, Recording.language, Recording.state)
    rows = list(rows.where(Recording.replaced_at.is_null()).tuples())
    found = {}
    for guide in guides:
        mine = [(step, language, state) for slug, step, language, state in rows if slug == guide.slug]
        ready = [(step, language) for step, language, state in mine if state == "ready" and step in steps_of(guide)]
        found[guide.slug] = Standing(
            heard={language: sum(one == language for _, one in ready) for language in LANGUAGES},
            places=len(steps_of(guide)),
            under_way=sum(state in ("waiting", "working") for *_, state in mine),
            failed=sum(state == "failed" for *_, state in mine),
        )
    return found


def of_guide(guide_slug: str, ref: str) -> Recording | None:
    return Recording.get_or_none(Recording.ref == ref, Recording.guide_slug == guide_slug)


def to_be_heard(guide_slug: str, ref: str) -> Recording | None:
    """What anybody may listen to; a page kept on a phone may still name one that was replaced, never one taken away."""
    kept = Recording.state == "ready", Recording.removed_by.is_null(), Recording.mp3_name.is_null(False)
    return Recording.get_or_none(Recording.ref == ref, Recording.guide_slug == guide_slug, *kept)


# --- what the officer does -------------------------------------------------------------------------------------------


def upload(place: Place, data: bytes, files: LocalFiles, by: Staff, now: datetime, form_key: str) -> Recording:
    """Keep a recording as it came, to be made small by the queue; what is heard at its place stays until then.

    The same form again returns the first one. Raises RecordingRefused for what cannot be a recording.
    """
    if known := Recording.get_or_none(Recording.form_key == form_key):
        return known
    audio.check_outside(data)
    name = files.keep(data)
    try:
        with db.atomic():
            return Recording.create(
                guide_slug=place.guide.slug,
                step=place.step,
                language=place.language,
                words_hash=words_hash(place.guide, place.step),
                uploaded_by=by,
                uploaded_at=now,
                stored_name=name,
                form_key=form_key,
            )
    except IntegrityError:  # sent twice at once
        files.remove(name)
        return Recording.get(Recording.form_key == form_key)


def remove(recording: Recording, by: Staff, now: datetime) -> None:
    """Nobody hears it any more; what is not yet made small never will be. Removing what is removed changes nothing."""
    still_there = Recording.id == recording.id, Recording.replaced_at.is_null()
    Recording.update(replaced_at=now, removed_by=by).where(*still_there).execute()


def put_back(recording: Recording, now: datetime) -> None:
    """Let it be heard again, in place of the one in force. Raises RecordingGone when it is kept no more."""
    with db.atomic():
        wait_for_others()
        fresh = Recording.get_by_id(recording.id)
        if fresh.state != "ready" or fresh.mp3_name is None:
            raise RecordingGone("Bản này không còn giữ nữa. Tải lên bản mới.")
        if fresh.replaced_at:
            Recording.update(replaced_at=now).where(*_same_place(fresh), is_in_force()).execute()
            Recording.update(replaced_at=None, removed_by=None).where(Recording.id == fresh.id).execute()


def try_again(recording: Recording) -> None:
    """Once whoever runs the machine has mended it. Raises RecordingGone when the file is kept no more."""
    failed = Recording.id == recording.id, Recording.state == "failed", Recording.replaced_at.is_null()
    changed = (
        Recording.update(state="waiting", tries=0, tried_at=None, fault="")
        .where(*failed, Recording.stored_name.is_null(False))
        .execute()
    )
    if not changed and Recording.get_by_id(recording.id).state == "failed":
        raise RecordingGone("Tệp này không dùng lại được. Tải lên bản mới.")


def _same_place(recording: Recording) -> tuple:
    return (
        Recording.guide_slug == recording.guide_slug,
        Recording.step == recording.step,
        Recording.language == recording.language,
    )


# --- in the background -----------------------------------------------------------------------------------------------


def convert_waiting(files: LocalFiles, tell_time: Callable[[], datetime]) -> None:
    """Those whose turn was lost: the queue could not be written, ffmpeg was missing, or whoever was at it fell."""
    give_up(tell_time())
    for row in list(Recording.select(Recording.id).where(*may_be_tried(tell_time())).order_by(Recording.id)):
        convert(row.id, files, tell_time)


def convert(recording_id: int, files: LocalFiles, tell_time: Callable[[], datetime]) -> None:
    """Make it small, once, whoever asks; then it is heard. Without ffmpeg it goes on waiting."""
    if not audio.is_there():
        return
    recording = claim(recording_id, tell_time())
    if recording is None:
        return
    try:
        data = files.read(recording.stored_name)
    except FileNotFoundError:
        fail(recording, LOST, files)
        return
    try:
        finish(recording, audio.make_small(data), files, tell_time())
    except RecordingRefused as refusal:
        fail(recording, str(refusal), files)
    except (ConverterBroken, StorageFull, OSError) as fault:
        log.error("recording %s, try %s: %s", recording.ref, recording.tries, fault)
        put_off(recording)


def may_be_tried(now: datetime) -> tuple:
    """Nobody is at it. A clock that was put back must not leave one untried for ever."""
    is_due = Recording.tried_at.is_null() | ~Recording.tried_at.between(now - TRIED_AGAIN_AFTER, now + TRIED_AGAIN_AFTER)
    return Recording.state.in_(("waiting", "working")), Recording.replaced_at.is_null(), Recording.tries < MOST_TRIES, is_due


def claim(recording_id: int, now: datetime) -> Recording | None:
    """The recording, if it is now this one's to make small: of two who ask, one is answered."""
    is_mine = (
        Recording.update(state="working", tries=Recording.tries + 1, tried_at=now)
        .where(Recording.id == recording_id, *may_be_tried(now))
        .execute()
    )
    return Recording.get_by_id(recording_id) if is_mine else None


def give_up(now: datetime) -> None:
    """On what fell each time it was tried: the file itself may be what kills."""
    fell = Recording.state == "working", Recording.tries >= MOST_TRIES
    is_over = ~Recording.tried_at.between(now - TRIED_AGAIN_AFTER, now + TRIED_AGAIN_AFTER)
    Recording.update(state="failed", fault=MACHINE_FAULT).where(*fell, is_over).execute()


def still_mine(recording: Recording) -> tuple:
    """Nobody else has taken it up meanwhile, because this one was thought to have fallen."""
    return Recording.id == recording.id, Recording.state == "working", Recording.tries == recording.tries


def fail(recording: Recording, fault: str, files: LocalFiles) -> None:
    """It is no good: its file is not kept."""
    said = {"state": "failed", "fault": fault, "stored_name": None}
    if Recording.update(said).where(*still_mine(recording)).execute():
        files.remove(recording.stored_name)


def put_off(recording: Recording) -> None:
    """The machine is at fault: it is tried again later, or, after the last try, when an officer says so."""
    is_last = recording.tries >= MOST_TRIES
    said = {"state": "failed", "fault": MACHINE_FAULT} if is_last else {"state": "waiting"}
    Recording.update(said).where(*still_mine(recording)).execute()


def finish(recording: Recording, sound: Sound, files: LocalFiles, now: datetime) -> bool:
    """Put it in the place of the one before; both files are on disk before the row names them. False: not ours any more."""
    names = {"mp3_name": files.keep(sound.mp3), "opus_name": files.keep(sound.opus)}
    sizes = {"mp3_bytes": len(sound.mp3), "opus_bytes": len(sound.opus), "seconds": sound.seconds}
    is_mine = False
    try:
        with db.atomic():
            wait_for_others()
            here = (*_same_place(recording), is_in_force())
            is_late = Recording.select().where(*here, Recording.id > recording.id).exists()
            Recording.update(replaced_at=now).where(*here, Recording.id < recording.id).execute()
            said = names | sizes | {"state": "ready", "ready_at": now, "stored_name": None}
            said |= {"replaced_at": now} if is_late else {}
            is_mine = bool(Recording.update(said).where(*still_mine(recording), Recording.replaced_at.is_null()).execute())
            if not is_mine:
                raise _TakenAway
    except _TakenAway:
        pass
    finally:
        for name in [recording.stored_name] if is_mine else names.values():
            files.remove(name)
    return is_mine


class _TakenAway(Exception):
    """Taken away while it was made small: what it was about to replace stays."""


def sweep(now: datetime) -> None:
    """Let go of the files of what was replaced or given up long ago; the sweep of files then takes them."""
    names = {"stored_name": None, "mp3_name": None, "opus_name": None}
    Recording.update(names).where(Recording.replaced_at < now - KEPT).execute()
    Recording.update(stored_name=None).where(Recording.state == "failed", Recording.uploaded_at < now - KEPT).execute()


def claims(name: str) -> bool:
    """Whether a kept file is a recording's, as it came or made small."""
    named = (Recording.stored_name == name) | (Recording.mp3_name == name) | (Recording.opus_name == name)
    return Recording.select().where(named).exists()

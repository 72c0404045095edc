"""Recordings: one heard at each place, the old one until the new is ready, whatever falls in between; what is missing."""

from datetime import timedelta

import pytest
from peewee import IntegrityError
from sounds import amr, facts_of, needs_ffmpeg, tone
from stage import make_staff
from together import at_once

import chores
from database import db, utc_now
from gateways import audio
from gateways.audio import ConverterBroken, RecordingRefused, Sound
from gateways.files import StorageFull
from models import Recording
from rules import WrongInput, recordings
from rules.recordings import MACHINE_FAULT, MOST_TRIES, Place, RecordingGone

NOW = utc_now()
LATER = NOW + timedelta(minutes=16)
SLUG = "nop-ho-so"


@pytest.fixture
def files(app):
    return app.extensions["files"]


@pytest.fixture
def singer(app):
    return make_staff("culture")


@pytest.fixture
def guide(library):
    return library.guides[SLUG]


@pytest.fixture
def upload(files, singer, guide):
    """A recording that was sent, and waits."""

    def make(step=2, language="jrai", key="", data=b"", now=NOW) -> Recording:
        place, number = Place(guide, step, language), Recording.select().count()
        return recordings.upload(place, data or amr(1), files, singer, now, key or f"key-{number}")

    return make


@pytest.fixture
def converter(monkeypatch):
    """Stands in for ffmpeg: says at once what it made, or fails as it was told to; counts how often it was asked."""

    class Converter:
        asked, fault, meanwhile = 0, None, None

        def make_small(self, data):
            self.asked += 1
            if self.meanwhile:
                self.meanwhile()
            if self.fault:
                raise self.fault
            return Sound(b"mp3 of " + data[:20], b"opus of " + data[:20], 7)

    converter = Converter()
    monkeypatch.setattr(audio, "make_small", converter.make_small)
    monkeypatch.setattr(audio, "is_there", lambda: True)
    return converter


def convert(recording, files, now=NOW) -> Recording:
    recordings.convert(recording.id, files, lambda: now)
    return Recording.get_by_id(recording.id)


def stored(files) -> set[str]:
    return {name for name, _ in files.names()}


# --- sent ------------------------------------------------------------------------------------------------------------


def test_what_is_sent_waits_and_is_kept_as_it_came(upload, files, singer):
    data = amr(1)
    recording = upload(data=data)

    assert (recording.state, recording.step, recording.language, recording.uploaded_by) == ("waiting", 2, "jrai", singer)
    assert files.read(recording.stored_name) == data and recordings.in_force(SLUG) == []


def test_the_same_form_again_is_the_same_recording(upload, files):
    before = stored(files)
    assert upload(key="once") == upload(key="once") and Recording.select().count() == 1
    assert len(stored(files) - before) == 1


def test_the_same_form_twice_at_once_is_one_recording_and_one_file(files, singer, guide):
    before, place, data = stored(files), Place(guide, 1, "vi"), amr(1)
    db.close()
    both = at_once(*[lambda: recordings.upload(place, data, files, singer, NOW, "once")] * 2)
    db.connect()

    assert both[0] == both[1] and Recording.select().count() == 1
    assert len(stored(files) - before) == 1


@pytest.mark.parametrize(
    ("step", "language"), [("", "vi"), ("5", "vi"), ("-1", "vi"), ("x", "vi"), ("1", "en"), ("1", ""), ("٣", "vi")]
)
def test_a_place_the_guide_does_not_have_is_refused(guide, step, language):
    with pytest.raises(WrongInput, match="Chọn"):
        recordings.read_place(guide, step, language)


def test_what_is_no_recording_leaves_nothing(upload, files):
    before = stored(files)
    with pytest.raises(RecordingRefused):
        upload(data=b"%PDF-1.7")
    assert Recording.select().count() == 0 and stored(files) == before


# --- made small ------------------------------------------------------------------------------------------------------


@needs_ffmpeg
def test_a_phones_recording_is_heard_in_two_formats_and_its_file_is_let_go(upload, files):
    recording = upload(data=tone("m4a", 4))
    name = recording.stored_name
    recording = convert(recording, files)

    assert recordings.in_force(SLUG, 2) == [recording] and (recording.seconds, recording.tries) == (4, 1)
    mp3, opus = files.read(recording.mp3_name), files.read(recording.opus_name)
    assert (len(mp3), len(opus)) == (recording.mp3_bytes, recording.opus_bytes)
    assert (facts_of(mp3)["codec_name"], facts_of(opus)["codec_name"]) == ("mp3", "opus")
    assert recording.stored_name is None and name not in stored(files)


@needs_ffmpeg
def test_one_that_ffmpeg_refuses_says_why_and_is_not_kept(upload, files):
    recording = upload(data=b"OggS" + bytes(2000))
    name = recording.stored_name
    recording = convert(recording, files)

    assert (recording.state, recording.fault, recording.stored_name) == ("failed", audio.MESSAGES["broken"], None)
    assert name not in stored(files) and recordings.in_force(SLUG) == []


def test_the_old_one_is_heard_until_the_new_one_is_ready(upload, files, converter):
    old = convert(upload(), files)
    new = upload()
    assert recordings.in_force(SLUG) == [old]

    new = convert(new, files)
    assert recordings.in_force(SLUG) == [new]
    assert Recording.get_by_id(old.id).replaced_at and old.mp3_name in stored(files)


def test_a_new_one_that_is_no_good_leaves_the_old_one_where_it_is(upload, files, converter):
    old = convert(upload(), files)
    converter.fault = RecordingRefused("hỏng")
    convert(upload(), files)

    assert recordings.in_force(SLUG) == [old]


def test_of_two_under_way_the_later_one_stays_whichever_is_ready_first(upload, files, converter):
    first, second = upload(), upload()
    second, first = convert(second, files), convert(first, files)

    assert recordings.in_force(SLUG) == [second] and first.state == "ready" and first.replaced_at


def test_each_place_and_language_has_its_own(upload, files, converter):
    for step, language in ((0, "vi"), (2, "jrai"), (2, "vi"), (1, "bahnar")):
        convert(upload(step, language), files)

    assert [(one.step, one.language) for one in recordings.in_force(SLUG)] == [
        (0, "vi"), (1, "bahnar"), (2, "vi"), (2, "jrai")
    ]  # fmt: skip
    assert recordings.languages_heard(recordings.in_force(SLUG, 2)) == ["Việt", "Jrai"]


def test_the_database_itself_lets_only_one_be_heard_at_a_place(upload, files, converter):
    convert(upload(), files)
    with pytest.raises(IntegrityError), db.atomic():
        Recording.update(state="ready").where(Recording.id == upload().id).execute()


# --- two at it, and what falls ---------------------------------------------------------------------------------------


def test_of_two_who_take_it_up_at_once_one_makes_it_small(upload, files, converter):
    recording = upload()
    db.close()
    at_once(*[lambda: recordings.convert(recording.id, files, lambda: NOW)] * 3)
    db.connect()

    assert converter.asked == 1 and Recording.get().state == "ready"


def test_two_of_one_place_that_are_ready_at_once_leave_one_to_be_heard(upload, files, converter):
    first, second = upload(), upload()
    db.close()
    said = at_once(*[lambda one=one: recordings.convert(one.id, files, lambda: NOW) for one in (first, second)])
    db.connect()

    assert said == [None, None] and recordings.in_force(SLUG) == [second]


def test_one_left_by_a_killed_worker_is_taken_up_again_after_a_while(upload, files, converter):
    recording = upload()
    assert recordings.claim(recording.id, NOW).state == "working"

    assert convert(recording, files, NOW + timedelta(minutes=1)).state == "working" and converter.asked == 0
    recordings.convert_waiting(files, lambda: LATER)
    fresh = Recording.get_by_id(recording.id)
    assert (fresh.state, fresh.tries) == ("ready", 2)


def test_one_left_by_a_killed_worker_is_taken_up_though_the_clock_went_back(upload, files, converter):
    recording = upload()
    recordings.claim(recording.id, NOW + timedelta(days=400))

    assert convert(recording, files).state == "ready"


def test_what_kills_its_worker_three_times_is_given_up(upload, files, converter):
    recording, now = upload(), NOW
    for _ in range(MOST_TRIES):
        assert recordings.claim(recording.id, now)
        now += timedelta(minutes=16)
    recordings.convert_waiting(files, lambda: now)

    fresh = Recording.get_by_id(recording.id)
    assert (fresh.state, fresh.fault, converter.asked) == ("failed", MACHINE_FAULT, 0)
    assert fresh.stored_name in stored(files)


def test_a_slow_one_who_was_given_up_changes_nothing_when_done(upload, files, converter):
    recording = upload()
    slow = recordings.claim(recording.id, NOW)
    ready = convert(recording, files, LATER)
    before = stored(files)

    assert not recordings.finish(slow, Sound(b"late", b"late", 9), files, LATER)
    recordings.fail(slow, "late", files)
    recordings.put_off(slow)
    assert Recording.get_by_id(recording.id) == ready and Recording.get().mp3_name == ready.mp3_name
    assert stored(files) == before and Recording.get().state == "ready"


@pytest.mark.parametrize("fault", [ConverterBroken("no encoder"), StorageFull("full"), OSError("no room")])
def test_a_fault_of_the_machine_is_tried_three_times_and_then_by_hand(upload, files, converter, fault):
    recording, now, converter.fault = upload(), NOW, fault
    for _ in range(5):
        recordings.convert_waiting(files, lambda now=now: now)
        now += timedelta(minutes=16)
    fresh = Recording.get_by_id(recording.id)
    assert (fresh.state, fresh.fault, converter.asked) == ("failed", MACHINE_FAULT, MOST_TRIES)

    converter.fault = None
    recordings.try_again(fresh)
    assert convert(recording, files, now).state == "ready"


def test_one_that_lost_its_file_says_so(upload, files, converter):
    recording = upload()
    files.remove(recording.stored_name)

    assert convert(recording, files).fault == recordings.LOST and converter.asked == 0


def test_without_ffmpeg_it_waits_untried(upload, files, monkeypatch):
    monkeypatch.setattr(audio, "is_there", lambda: False)
    recordings.convert_waiting(files, lambda: NOW)

    assert (convert(upload(), files).state, Recording.get().tries) == ("waiting", 0)


def test_one_that_is_no_good_cannot_be_tried_again(upload, files, converter):
    converter.fault = RecordingRefused("hỏng")
    recording = convert(upload(), files)

    with pytest.raises(RecordingGone, match="Tải lên bản mới"):
        recordings.try_again(recording)


# --- taken away, put back --------------------------------------------------------------------------------------------


def test_what_is_taken_away_is_heard_no_more_and_can_be_put_back(upload, files, converter, singer):
    recording = convert(upload(), files)
    recordings.remove(recording, singer, NOW)
    recordings.remove(recording, make_staff("leader"), LATER)

    assert recordings.in_force(SLUG) == [] and recordings.to_be_heard(SLUG, recording.ref) is None
    assert Recording.get().removed_by == singer and recordings.taken_away(SLUG) == [recording]
    for _ in range(2):
        recordings.put_back(recording, LATER)
    assert recordings.in_force(SLUG) == [recording] and Recording.get().removed_by is None


def test_the_one_before_is_put_back_in_place_of_the_one_in_force(upload, files, converter):
    old, new = convert(upload(), files), convert(upload(), files)
    recordings.put_back(old, LATER)

    assert recordings.in_force(SLUG) == [old] and recordings.taken_away(SLUG) == [new]


def test_a_replaced_one_still_plays_on_a_page_kept_on_a_phone(upload, files, converter):
    old = convert(upload(), files)
    convert(upload(), files)

    assert recordings.to_be_heard(SLUG, old.ref) == old and recordings.to_be_heard("dang-nhap", old.ref) is None


def test_what_is_taken_away_while_it_is_made_small_replaces_nothing(upload, files, converter, singer):
    old, new, before = convert(upload(), files), upload(), stored(files)
    converter.meanwhile = lambda: recordings.remove(new, singer, NOW)
    convert(new, files)

    assert recordings.in_force(SLUG) == [old] and stored(files) == before


def test_what_is_taken_away_before_its_turn_is_never_made_small(upload, files, converter, singer):
    recording = upload()
    recordings.remove(recording, singer, NOW)
    recordings.convert_waiting(files, lambda: LATER)

    assert convert(recording, files, LATER).state == "waiting" and converter.asked == 0


# --- files -----------------------------------------------------------------------------------------------------------


def test_the_sweep_leaves_every_file_of_a_recording_until_it_is_let_go(upload, files, converter, singer, monkeypatch):
    monkeypatch.setattr(chores, "UNCLAIMED_FILE", timedelta(days=-9999))
    for name in stored(files):
        files.remove(name)
    waiting, old = upload(1), convert(upload(), files)
    new = convert(upload(), files)
    everything = {waiting.stored_name, old.mp3_name, old.opus_name, new.mp3_name, new.opus_name}

    chores.sweep(files, NOW)
    assert stored(files) == everything
    chores.sweep(files, utc_now() + recordings.KEPT + timedelta(days=1))
    assert stored(files) == everything - {old.mp3_name, old.opus_name}
    with pytest.raises(RecordingGone, match="không còn giữ"):
        recordings.put_back(old, LATER)


def test_the_file_of_one_given_up_goes_after_a_month(upload, files, converter):
    converter.fault, now = ConverterBroken("x"), NOW
    recording = upload()
    for _ in range(MOST_TRIES):
        convert(recording, files, now)
        now += timedelta(minutes=16)
    recordings.sweep(NOW + timedelta(days=29))
    assert recordings.claims(recording.stored_name)

    recordings.sweep(NOW + timedelta(days=31))
    assert not recordings.claims(recording.stored_name)


# --- what is missing -------------------------------------------------------------------------------------------------


def test_every_guide_step_and_language_is_missing_at_first(library):
    guides = list(library.guides.values())
    places = recordings.missing(guides)

    assert len(places) == sum(len(guide.steps) + 1 for guide in guides) * 3
    assert {place.words for place in places if place.guide.slug == SLUG and place.language == "bahnar"} == {
        "Cả bài, tiếng Bahnar", "Bước 1, tiếng Bahnar", "Bước 2, tiếng Bahnar", "Bước 3, tiếng Bahnar", "Bước 4, tiếng Bahnar"
    }  # fmt: skip


def test_what_is_heard_is_missing_no_more(upload, files, converter, guide, singer):
    recording = convert(upload(), files)
    assert ("jrai", 2) not in {(place.language, place.step) for place in recordings.missing([guide])}
    upload(3)  # waits: nobody hears it yet
    assert len(recordings.missing([guide])) == 14

    recordings.remove(recording, singer, NOW)
    assert len(recordings.missing([guide])) == 15


def test_what_is_missing_is_said_in_words(upload, files, converter, guide):
    convert(upload(0, "vi"), files)
    for step in (1, 3):
        convert(upload(step, "jrai"), files)

    assert recordings.missing_in_words(guide, recordings.in_force(SLUG)) == [
        "Bản ghi tiếng Jrai còn thiếu bước 2, 4.", "Chưa có bản ghi tiếng Bahnar."
    ]  # fmt: skip
    for step in (2, 4):
        convert(upload(step, "jrai"), files)
    assert recordings.missing_in_words(guide, recordings.in_force(SLUG)) == ["Chưa có bản ghi tiếng Bahnar."]


def test_the_list_of_all_counts_what_is_there_and_what_is_under_way(upload, files, converter, guide):
    convert(upload(), files)
    upload(3)
    converter.fault = RecordingRefused("hỏng")
    convert(upload(4), files)
    standing = recordings.standings([guide])[SLUG]

    assert standing.heard == {"vi": 0, "jrai": 1, "bahnar": 0}
    assert (standing.places, standing.under_way, standing.failed) == (5, 1, 1)


def test_a_guide_written_anew_is_noticed(upload, files, converter, guide):
    from msgspec.structs import replace

    recording = convert(upload(), files)
    assert not recordings.is_out_of_date(recording, guide)

    steps = [replace(step, do="Bấm nút khác.") if number == 1 else step for number, step in enumerate(guide.steps)]
    assert recordings.is_out_of_date(recording, replace(guide, steps=steps))
    assert recordings.is_out_of_date(recording, replace(guide, steps=guide.steps[:1]))


def test_on_a_memory_card_the_files_stand_in_order(guide):
    names = [recordings.file_name(Recording(step=step, language="jrai"), guide) for step in recordings.steps_of(guide)]

    assert names[2] == "4-nop-ho-so-buoc-2-jrai" and sorted(names) == names

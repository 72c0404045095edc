"""Recordings on the screens: the desk brings them and sees what is missing; everybody listens, downloads, seeks."""

import io
from urllib.parse import urljoin

import pytest
from sounds import amr, facts_of, needs_ffmpeg, tone
from stage import make_staff

from database import db, utc_now
from gateways import audio
from gateways.audio import RecordingRefused, Sound
from models import Recording
from rules import recordings
from rules.recordings import Place

SLUG = "nop-ho-so"
DESK, LISTEN = f"/mot-cua/ghi-am/{SLUG}", f"/huong-dan/{SLUG}/nghe"
NOW_HEARD = f"{LISTEN}?moi"  # with a question no page is kept
MP3, OPUS = bytes(range(256)) * 40, b"OggS" + bytes(range(256)) * 30


@pytest.fixture(autouse=True)
def no_page_is_kept(app):
    """What the tests before have opened."""
    app.wsgi_app.pages.clear()


@pytest.fixture
def singer(app):
    return make_staff("culture")


@pytest.fixture
def desk(visit_as, singer):
    return visit_as(singer)


@pytest.fixture
def converter(monkeypatch):
    """Stands in for ffmpeg."""
    monkeypatch.setattr(audio, "make_small", lambda data: Sound(MP3, OPUS, 125))
    monkeypatch.setattr(audio, "is_there", lambda: True)


@pytest.fixture
def speak(app, library, singer, converter):
    """A recording that is heard."""

    def make(step=2, language="jrai", slug=SLUG) -> Recording:
        files, key = app.extensions["files"], f"key-{Recording.select().count()}"
        waiting = recordings.upload(Place(library.guides[slug], step, language), amr(1), files, singer, utc_now(), key)
        recordings.convert(waiting.id, files, utc_now)
        return Recording.get_by_id(waiting.id)

    return make


def bring(visitor, data=None, name="Ghi âm 001.amr", key="a" * 32, **said):
    file = {} if data is None else {"file": (io.BytesIO(data), name)}
    return visitor.post(DESK, {"form_key": key, "step": "2", "language": "jrai"} | file | said)


def work(app) -> None:
    """What the queue does with what waits in it."""
    queue = app.extensions["queue"]
    while task := queue.dequeue():
        queue.execute(task)
    db.connect(reuse_if_open=True)


# --- the desk --------------------------------------------------------------------------------------------------------


@needs_ffmpeg
def test_the_officer_brings_a_recording_and_everybody_hears_it(app, desk, visitor):
    page = bring(desk, tone("3gp", 4))
    assert page.location == f"{DESK}?da=ghi-am"
    page = desk.get(page.location)
    assert "đang chờ chuyển" in page.words and page.links["Tải lại trang"] == DESK

    work(app)
    assert "Bước 2, tiếng Jrai" not in desk.get(DESK).words.split("Đã có và còn thiếu")[0]
    file = visitor.get(visitor.get(NOW_HEARD).tree.xpath("//source/@src")[1])
    facts = facts_of(file.data)
    assert (facts["codec_name"], facts["channels"]) == ("mp3", "1") and abs(float(facts["duration"]) - 4) <= 0.5


def test_the_room_stands_in_the_desks_menu_for_who_may_use_it(visit_as, desk):
    assert desk.get("/mot-cua/toi").links["Ghi âm"] == "/mot-cua/ghi-am/"
    assert "Ghi âm" not in visit_as(make_staff("officer")).get("/mot-cua/toi").links


def test_all_guides_stand_there_with_what_is_missing(desk, speak, library):
    speak(), speak(0, "vi")
    page = desk.get("/mot-cua/ghi-am/")
    places = sum(len(guide.steps) + 1 for guide in library.guides.values()) * 3

    assert f"Còn thiếu {places - 2} bản ghi" in page.words and page.links["IV. Nộp hồ sơ"] == DESK
    row = next(row for row in page.tree.iter("tr") if "IV. Nộp hồ sơ" in row.text_content()).text_content()
    assert "tiếng Việt: 1/5" in row and "tiếng Jrai: 1/5" in row and "tiếng Bahnar: chưa có" in row


def test_the_page_of_a_guide_names_each_missing_recording_and_leads_to_its_form(desk, speak):
    speak()
    page = desk.get(DESK)
    cells = [" ".join(cell.text_content().split()) for cell in page.tree.xpath("//table//td")]
    assert sum(cell.startswith("thiếu") for cell in cells) == 14 and "Còn thiếu 14 bản" in page.words
    assert "2 phút 5 giây, Opus 7,7 kB, MP3 10,2 kB" in page.words

    form = desk.get(f"{DESK}?buoc=3&tieng=bahnar")
    assert form.tree.xpath("//select[@name='step']/option[@selected]/@value") == ["3"]
    assert form.tree.xpath("//input[@name='language'][@checked]/@value") == ["bahnar"]


@pytest.mark.parametrize(
    ("sent", "said", "told"),
    [
        ((b"",), {}, "Tệp rỗng"),
        ((b"\xff\xd8\xff\xe0" + bytes(99),), {}, "không phải tệp ghi âm"),
        ((b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "bai.m4a"), {}, "không phải tệp ghi âm"),
        ((None,), {}, "Bấm Chọn tệp"),
        ((b"x", ""), {}, "Bấm Chọn tệp"),
        ((amr(1),), {"step": ""}, "Chọn cả bài hoặc một bước"),
        ((amr(1),), {"step": "9"}, "Chọn cả bài hoặc một bước"),
        ((amr(1),), {"language": ""}, "Chọn tiếng"),
        ((amr(1),), {"language": "en"}, "Chọn tiếng"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(desk, sent, said, told):
    page = bring(desk, *sent, **said)

    assert page.status == 422 and told in page.errors and page.title.startswith("Cần sửa")
    assert Recording.select().count() == 0


def test_what_was_chosen_stays_chosen_when_the_file_is_wrong(desk):
    page = bring(desk, b"x")

    assert page.tree.xpath("//select[@name='step']/option[@selected]/@value") == ["2"]
    assert page.tree.xpath("//input[@name='language'][@checked]/@value") == ["jrai"]


def test_a_file_that_is_too_large_is_refused_before_it_is_read(desk, monkeypatch):
    monkeypatch.setattr(audio, "MOST_BYTES", 100_000)
    monkeypatch.setattr(recordings, "upload", None)

    assert "Tệp nặng 0,2 MB, nhiều nhất 0,1 MB" in bring(desk, b"#!AMR\n" + bytes(200_000)).errors


def test_the_same_form_twice_is_one_recording(desk):
    data = amr(1)
    assert bring(desk, data).location == bring(desk, data).location
    assert Recording.select().count() == 1


def test_a_name_of_the_users_is_nowhere(desk, speak):
    bring(desk, amr(1), name="chị H'Lan, làng Bang.amr")

    assert "H'Lan" not in desk.get(DESK).text and "H'Lan" not in str(list(Recording.select().dicts()))


def test_one_that_could_not_be_made_small_says_why_and_how_to_go_on(app, desk, converter, monkeypatch):
    def refuse(data):
        raise RecordingRefused("Bản ghi dài quá 20 phút.")

    monkeypatch.setattr(audio, "make_small", refuse)
    bring(desk, amr(1))
    work(app)
    page = desk.get(DESK)

    assert "không chuyển được. Bản ghi dài quá 20 phút." in page.words and "Thử lại" not in page.buttons
    assert page.links["Tải tệp khác lên"] == f"{DESK}?buoc=2&tieng=jrai#tai-len"


def test_after_a_fault_of_the_machine_it_is_tried_again_by_hand(app, desk, converter):
    bring(desk, amr(1))
    Recording.update(state="failed", fault=recordings.MACHINE_FAULT, tries=3).execute()
    page = desk.send(DESK, {}, "Thử lại")

    assert page.location == f"{DESK}?da=thu-lai"
    work(app)
    assert Recording.get().state == "ready"


def test_where_ffmpeg_is_missing_the_page_says_so_and_the_recording_waits(app, desk, monkeypatch):
    monkeypatch.setattr(audio, "is_there", lambda: False)
    assert "chưa có chương trình chuyển âm thanh" in desk.get("/mot-cua/ghi-am/").words
    assert bring(desk, amr(1)).location
    work(app)

    page = desk.get(DESK)
    assert "chưa có chương trình chuyển âm thanh" in page.words and "đang chờ chuyển" in page.words
    assert Recording.get().tries == 0


def test_a_queue_that_cannot_be_written_costs_no_recording(app, desk, monkeypatch):
    import sqlite3

    def fall(*args, **kwargs):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(app.extensions["queue"], "enqueue", fall)
    assert bring(desk, amr(1)).location and Recording.get().state == "waiting"


def test_taking_away_asks_first_and_can_be_undone(desk, visitor, speak):
    recording = speak()
    file = f"/huong-dan/{SLUG}/ghi-am/{recording.ref}.mp3"
    page = desk.get(f"{DESK}/{recording.ref}/bo")
    assert "không ai nghe được nữa" in page.words and recordings.in_force(SLUG) == [recording]

    assert desk.send(f"{DESK}/{recording.ref}/bo", {}, "Bỏ bản ghi này").location == f"{DESK}?da=bo-ghi-am"
    assert visitor.get(file).status == 404 and "Tải về (" not in visitor.get(NOW_HEARD).words
    assert desk.send(DESK, {}, "Dùng lại").location == f"{DESK}?da=dung-lai"
    assert visitor.get(file).data == MP3


def test_one_that_is_kept_no_more_cannot_be_put_back(desk, speak, singer):
    recording = speak()
    page = desk.get(DESK)
    recordings.remove(recording, singer, utc_now())
    Recording.update(mp3_name=None, opus_name=None).execute()
    page = desk.post(f"{DESK}/{recording.ref}/dung-lai")

    assert page.status == 409 and "không còn giữ" in page.errors


def test_a_guide_written_anew_is_named_at_the_desk_and_to_who_listens(desk, visitor, speak):
    speak()
    Recording.update(words_hash="before").execute()

    assert "nên ghi lại" in desk.get(DESK).words and "Bản ghi cũ hơn chữ trên trang" in visitor.get(NOW_HEARD).words


def test_a_recording_of_a_step_that_is_no_more_is_shown_to_the_desk_alone(desk, visitor, speak):
    speak()
    Recording.update(step=9).execute()

    assert "không còn bước này" in desk.get(DESK).words and "Tải về (" not in visitor.get(NOW_HEARD).words


@pytest.mark.parametrize("role", ["officer", "specialist", "village_head", "postal_clerk"])
def test_others_of_the_staff_find_no_such_room(visit_as, speak, role):
    stranger, recording = visit_as(make_staff(role)), speak()

    for address in ("/mot-cua/ghi-am/", DESK, f"{DESK}/{recording.ref}/bo"):
        assert stranger.get(address).status == 404
    assert bring(stranger, amr(1)).status == 404 and Recording.select().count() == 1


@pytest.mark.parametrize("role", ["culture", "leader", "administrator"])
def test_another_commune_brings_and_takes_nothing(visit_as, speak, role):
    recording = speak()
    stranger = visit_as(make_staff(role, "elsewhere", office="H21.121"))

    assert stranger.get(DESK).status == bring(stranger, amr(1)).status == 404
    assert stranger.post(f"{DESK}/{recording.ref}/bo").status == 404 and recordings.in_force(SLUG) == [recording]


def test_a_recording_of_another_guide_is_as_good_as_none(desk, visitor, speak):
    recording = speak(1, "vi", "dang-nhap")

    assert desk.get(f"{DESK}/{recording.ref}/bo").status == 404
    assert visitor.get(f"/huong-dan/{SLUG}/ghi-am/{recording.ref}.mp3").status == 404
    assert desk.get("/mot-cua/ghi-am/khong-co").status == 404 and visitor.get("/huong-dan/khong-co/nghe").status == 404


# --- everybody -------------------------------------------------------------------------------------------------------


def test_a_page_for_the_ear_loads_no_sound_and_says_what_it_weighs(visitor, speak):
    recording = speak()
    page = visitor.get(NOW_HEARD)
    (player,) = page.tree.iter("audio")

    assert player.get("preload") == "none" and "controls" in player.attrib and "autoplay" not in player.attrib
    assert [(source.get("type"), source.get("src").rpartition(".")[2]) for source in player.iter("source")] == [
        ("audio/ogg;codecs=opus", "ogg"), ("audio/mpeg", "mp3"),
    ]  # fmt: skip
    assert "Tiếng Jrai 2 phút 5 giây, nghe tốn 7,7 kB" in page.words
    assert page.links["Tải về (10,2 kB)"] == f"/huong-dan/{SLUG}/ghi-am/{recording.ref}.mp3"
    assert page.tree.xpath("//h2/@id") == ["2"] and player.get("aria-label") == "Bước 2, tiếng Jrai"


def test_a_language_that_is_missing_is_listed_as_missing(visitor, speak):
    assert "Chưa có bản ghi tiếng Việt." in visitor.get(NOW_HEARD).words
    speak(), speak(0, "vi")
    words = visitor.get(NOW_HEARD).words

    assert "Chưa có bản ghi tiếng Bahnar." in words and "Bản ghi tiếng Jrai còn thiếu bước 1, 3, 4." in words
    assert "tiếng Việt." not in words


def test_only_the_page_for_the_ear_lets_sounds_in(visitor, desk, speak):
    speak()
    policy = "Content-Security-Policy"

    assert "media-src 'self'" in visitor.get(NOW_HEARD).headers[policy] and "media-src 'self'" in desk.get(DESK).headers[policy]
    for path in ("/", f"/huong-dan/{SLUG}/", f"/huong-dan/{SLUG}/2", "/mot-cua/ghi-am-khong-co"):
        assert "media-src" not in visitor.get(path).headers[policy]


@pytest.mark.parametrize("path", [LISTEN, DESK])
def test_htmx_loads_it_whole_for_the_policy_of_the_page_before_has_no_sounds(desk, speak, path):
    there = {"HX-Request": "true", "HX-Current-URL": f"http://localhost/huong-dan/{SLUG}/"}

    assert desk.client.get(path, headers=there).headers["HX-Redirect"] == path
    back = {"HX-Request": "true", "HX-Current-URL": f"http://localhost{path}"}
    assert desk.client.get(f"/huong-dan/{SLUG}/", headers=back).headers["HX-Redirect"] == f"/huong-dan/{SLUG}/"


def test_a_guide_and_a_step_lead_to_what_can_be_heard_of_them(desk, speak):
    for path in (f"/huong-dan/{SLUG}/", f"/huong-dan/{SLUG}/2"):
        assert "Nghe" not in desk.get(path).words
    speak()

    assert desk.get(f"/huong-dan/{SLUG}/").links["Nghe (có tiếng Jrai)"] == LISTEN
    assert urljoin(f"/huong-dan/{SLUG}/2", desk.get(f"/huong-dan/{SLUG}/2").links["Nghe tiếng Jrai"]) == f"{LISTEN}#2"
    assert "Nghe" not in desk.get(f"/huong-dan/{SLUG}/1").words and "Nghe" not in desk.get("/huong-dan/dang-nhap/").words


def test_a_step_without_recordings_is_not_a_byte_longer(new_visitor, speak):
    path = f"/huong-dan/{SLUG}/1"
    before = new_visitor().get(path, **{"Save-Data": "on"}).text
    speak()

    assert new_visitor().get(path + "?", **{"Save-Data": "on"}).text == before and "<audio" not in before


# --- the files -------------------------------------------------------------------------------------------------------


@pytest.fixture
def file(visitor, speak):
    """Asks for a recording, with these headers."""
    ref = speak().ref
    return lambda kind="mp3", **headers: visitor.client.get(f"/huong-dan/{SLUG}/ghi-am/{ref}.{kind}", headers=headers)


@pytest.mark.parametrize(("kind", "data", "media_type"), [("mp3", MP3, "audio/mpeg"), ("ogg", OPUS, "audio/ogg")])
def test_a_file_is_sent_as_what_it_is_and_may_be_kept_for_ever(file, kind, data, media_type):
    answer = file(kind)

    assert (answer.status_code, answer.data, answer.headers["Content-Type"]) == (200, data, media_type)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=4-nop-ho-so-buoc-2-jrai.{kind}"
    assert "Set-Cookie" not in answer.headers and "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-", 0, 10239), ("bytes=100-199", 100, 199), ("bytes=-10", 10230, 10239), ("bytes=9000-99999", 9000, 10239)],
)
def test_a_player_asks_for_the_part_it_plays(file, asked, first, last):
    answer = file(Range=asked, **{"Accept-Encoding": "br, gzip"})

    assert (answer.status_code, answer.data) == (206, MP3[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/10240"
    assert answer.headers["Content-Length"] == str(last - first + 1)


def test_a_part_asked_for_first_is_not_the_whole_for_the_next(file):
    assert len(file(Range="bytes=0-99").data) == 100
    assert file().data == MP3
    assert len(file(Range="bytes=5-9").data) == 5


@pytest.mark.parametrize("asked", ["bytes=99999-", "bytes=x", "bytes=5-1", "lines=1-2", "bytes=" + "0-1," * 500])
def test_a_part_that_is_not_there_breaks_nothing(file, asked):
    assert file(Range=asked).status_code in (200, 206, 416)


def test_one_that_the_phone_has_is_not_sent_again(file):
    mark = file().headers["ETag"]

    assert file(**{"If-None-Match": mark}).status_code == 304
    assert file("ogg").headers["ETag"] != mark


def test_a_recording_takes_no_room_in_the_page_cache(app, file):
    file()
    file(Range="bytes=0-9")

    assert not any("ghi-am" in key[1] for key in app.wsgi_app.pages)


@pytest.mark.parametrize("ref", ["000000000000", "x", "..%2f..%2fapp.db", "%00", "a" * 300])
def test_a_recording_that_is_not_there_is_not_found(visitor, speak, ref):
    speak()

    assert visitor.client.get(f"/huong-dan/{SLUG}/ghi-am/{ref}.mp3").status_code in (400, 404)


def test_one_that_waits_is_heard_by_nobody(desk, visitor):
    bring(desk, amr(1))

    assert visitor.get(f"/huong-dan/{SLUG}/ghi-am/{Recording.get().ref}.mp3").status == 404

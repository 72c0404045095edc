"""Recordings made small: every format of a phone comes out as MP3 and Opus for 2G; what is hostile or broken does not."""

import os
import shutil
import signal
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from sounds import FORMATS, amr, facts_of, ffmpeg, film, needs_ffmpeg, tone

from gateways import audio
from gateways.audio import ConverterBroken, RecordingRefused, make_small

OF_A_PERSON = "Siu"


def check(sound, seconds: float) -> None:
    for data, codec, most in ((sound.mp3, "mp3", 17_000), (sound.opus, "opus", 16_000)):
        facts = facts_of(data)
        assert (facts["codec_name"], facts["channels"]) == (codec, "1")
        assert abs(float(facts["duration"]) - seconds) <= 0.5
        assert int(facts["bit_rate"]) <= most
        assert OF_A_PERSON.encode() not in data and not {"TAG:title", "TAG:artist", "TAG:location"} & facts.keys()
    assert abs(sound.seconds - seconds) <= 1


# --- what phones record ----------------------------------------------------------------------------------------------


@needs_ffmpeg
@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_becomes_mp3_and_opus_of_one_channel(kind):
    check(make_small(tone(kind, 4)), 4)


@needs_ffmpeg
def test_the_oldest_phones_amr_is_taken():
    check(make_small(amr(4)), 4)


@needs_ffmpeg
def test_of_a_film_only_the_sound_is_left():
    data = film(3)
    assert b"mp4v" in data

    sound = make_small(data)
    check(sound, 3)
    assert len(facts_of(sound.mp3)["codec_name"].split()) == 1


@needs_ffmpeg
def test_a_longer_one_takes_two_kilobytes_a_second_at_most():
    sound = make_small(tone("m4a", 60))

    assert len(sound.mp3) <= 60 * 2000 + 1000 and len(sound.opus) <= 60 * 2000


# --- what is refused -------------------------------------------------------------------------------------------------


def refused(data: bytes) -> str:
    with pytest.raises(RecordingRefused) as fault:
        make_small(data)
    return str(fault.value)


@pytest.mark.parametrize(
    "data",
    [b"\xff\xd8\xff\xe0" + bytes(500), b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"MZ" + bytes(99), b"hello", bytes(1000), b"PK\3\4"],
)
def test_what_is_no_recording_is_refused_before_ffmpeg_sees_it(data, monkeypatch):
    monkeypatch.setattr(audio.subprocess, "run", None)

    assert "không phải tệp ghi âm" in refused(data)


def test_an_empty_file_is_refused():
    assert "rỗng" in refused(b"")


def test_a_file_over_twenty_megabytes_is_refused_with_what_to_do():
    assert refused(b"#!AMR\n" + bytes(audio.MOST_BYTES)).startswith("Tệp nặng 21 MB, nhiều nhất 20 MB. Ghi âm riêng từng bước")


@needs_ffmpeg
@pytest.mark.parametrize("kind", ["mp3", "m4a", "m4a with its index first", "ogg opus", "wma", "webm", "flac"])
def test_noise_after_a_true_beginning_is_refused(kind):
    data = tone(kind)

    assert refused(data[:40] + os.urandom(20_000)) in (audio.MESSAGES["broken"], audio.MESSAGES["mute"])


@needs_ffmpeg
@pytest.mark.parametrize("kind", ["m4a", "m4a with its index first", "webm"])
def test_one_that_was_cut_off_on_its_way_is_refused(kind):
    data = tone(kind, 20)

    assert refused(data[: len(data) // 2]) == audio.MESSAGES["broken"]


@needs_ffmpeg
def test_a_film_without_sound_is_refused():
    assert "không có tiếng" in refused(film(2, has_sound=False))


@needs_ffmpeg
def test_a_recording_longer_than_allowed_is_refused_and_one_as_long_is_taken(monkeypatch):
    monkeypatch.setattr(audio, "MOST_MINUTES", 0.1)

    assert make_small(tone("m4a", 6)).seconds == 6
    assert "dài quá 20 phút" in refused(tone("m4a", 12))


# --- hostile files ---------------------------------------------------------------------------------------------------


@pytest.fixture
def listener():
    """A web server that notes what it is asked for."""
    asked = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Listener)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def kept(tmp_path):
    """Somebody else's sound on this machine, which ffmpeg could read if it were made to."""
    file = tmp_path / "kin.mp3"
    file.write_bytes(tone("mp3", 2))
    return file


def playlists(address: str, file: Path) -> dict[str, bytes]:
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n"
    return {
        "HLS of a file": f"{head}#EXTINF:10,\nfile://{file}\n#EXT-X-ENDLIST\n".encode(),
        "HLS of an address": f"{head}#EXTINF:10,\n{address}/x.ts\n#EXT-X-ENDLIST\n".encode(),
        "concat": f"ffconcat version 1.0\nfile '{file}'\n".encode(),
        "SDP": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        "DASH": f'<?xml version="1.0"?><MPD><Period><BaseURL>{address}/</BaseURL></Period></MPD>'.encode(),
    }


@needs_ffmpeg
@pytest.mark.parametrize(
    "disguise", [b"", b"ID3\4\0\0\0\0\0\0", b"\0\0\0\x10ftypisom", b"#!AMR\n", b"RIFF\xff\xff\xff\0WAVE", b"OggS"]
)
@pytest.mark.parametrize("kind", ["HLS of a file", "HLS of an address", "concat", "SDP", "DASH"])
def test_a_playlist_reads_nothing_whatever_it_looks_like(listener, kept, kind, disguise):
    address, asked = listener
    hostile = disguise + playlists(address, kept)[kind]

    with suppress(RecordingRefused):
        # Its own bytes may pass for a moment of AMR noise; the two seconds it points to never come out.
        assert make_small(hostile).seconds < 2
    assert asked == []


@needs_ffmpeg
def test_even_a_playlist_that_reached_ffmpeg_would_not_be_read(listener, kept, tmp_path):
    address, asked = listener
    for hostile in playlists(address, kept).values():
        (tmp_path / "recording").write_bytes(hostile)
        for _, reader in audio.READERS:
            with suppress(RecordingRefused):
                assert audio.convert(tmp_path, reader)[1] < 2
    assert asked == []


# --- limits ----------------------------------------------------------------------------------------------------------


def stand_in(monkeypatch, tmp_path, script: str) -> None:
    """In ffmpeg's place a program that does something else."""
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert shutil.which("ffmpeg") == str(program)


def test_one_that_takes_too_long_is_stopped(monkeypatch, tmp_path):
    stand_in(monkeypatch, tmp_path, "exec /bin/sleep 60")
    monkeypatch.setattr(audio, "WAIT_SECONDS", 0.5)
    began = time.monotonic()

    assert "quá lâu" in refused(amr(1))
    assert time.monotonic() - began < 10


def test_one_that_spins_is_stopped_by_the_seconds_it_may_compute(monkeypatch, tmp_path):
    stand_in(monkeypatch, tmp_path, "while :; do :; done")
    monkeypatch.setattr(audio, "CPU_SECONDS", 1)

    assert "quá lâu" in refused(amr(1))


def test_one_that_writes_without_end_is_stopped(monkeypatch, tmp_path):
    stand_in(monkeypatch, tmp_path, "exec /bin/cat /dev/zero > sound.mp3")
    monkeypatch.setattr(audio, "MOST_MADE_BYTES", 100_000)

    assert refused(amr(1)) == audio.MESSAGES["broken"]


def test_it_knows_no_secret_of_the_server_and_has_little_memory(monkeypatch, tmp_path):
    said = tmp_path / "said"
    stand_in(monkeypatch, tmp_path, f"(/usr/bin/env; ulimit -v; ulimit -c; /bin/pwd) > {said}; exit 1")
    monkeypatch.setattr(audio, "MOST_MADE_BYTES", 10**6)
    monkeypatch.setenv("SECRET_KEY", "kín như bưng")

    refused(amr(1))
    lines = said.read_text().splitlines()
    assert "kín như bưng" not in said.read_text()
    assert lines[-3:-1] == [str(audio.MEMORY_BYTES // 1024), "0"] and audio.PREFIX in lines[-1]


def test_a_machine_without_ffmpeg_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert not audio.is_there()
    with pytest.raises(ConverterBroken, match="not installed"):
        make_small(amr(1))


def test_an_ffmpeg_that_lacks_an_encoder_is_no_fault_of_the_recording(monkeypatch, tmp_path):
    stand_in(monkeypatch, tmp_path, "echo \"Unknown encoder 'libmp3lame'\" >&2; exit 1")

    with pytest.raises(ConverterBroken, match="Unknown encoder"):
        make_small(amr(1))


@needs_ffmpeg
def test_nothing_is_left_in_the_temporary_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(audio.tempfile, "tempdir", str(tmp_path))
    left = tmp_path / f"{audio.PREFIX}killed"
    left.mkdir()
    (left / "recording").write_bytes(b"x")
    os.utime(left, (0, 0))

    make_small(tone("mp3", 1))
    refused(b"OggS" + bytes(100))
    assert list(tmp_path.iterdir()) == []


@needs_ffmpeg
def test_a_broken_ffmpeg_process_is_told_from_a_broken_recording():
    assert isinstance(audio.fault_of(-signal.SIGKILL, ""), RecordingRefused)
    assert isinstance(audio.fault_of(1, "Error: No space left on device"), ConverterBroken)
    assert ffmpeg("-f lavfi -i sine=duration=1", "wav")[:4] == b"RIFF"

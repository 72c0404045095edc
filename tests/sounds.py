"""Recordings as phones make them: a tone that ffmpeg itself makes, in the format asked for."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed (deploy/test-tools.sh)")

# By what the phone calls it: the ending, and how ffmpeg writes it.
FORMATS = {
    "wav": ("wav", ""),
    "mp3": ("mp3", "-c:a libmp3lame -b:a 64k"),
    "m4a": ("m4a", "-c:a aac"),
    "m4a with its index first": ("m4a", "-c:a aac -movflags +faststart"),
    "3gp": ("3gp", "-c:a aac -ar 16000"),
    "aac": ("aac", "-c:a aac"),
    "ogg opus": ("ogg", "-c:a libopus"),
    "ogg vorbis": ("ogg", "-c:a libvorbis"),
    "webm": ("webm", "-c:a libopus"),
    "caf": ("caf", "-c:a pcm_s16le"),
    "caf alac": ("caf", "-c:a alac"),
    "wma": ("wma", "-c:a wmav2"),
    "flac": ("flac", ""),
}
PICTURES = "-f lavfi -i testsrc=duration={}:size=176x144:rate=5"


def tone(kind: str = "m4a", seconds: float = 3, more: str = "") -> bytes:
    """Two channels, with the name of a person and a place written in the file."""
    ending, options = FORMATS[kind]
    said = "-metadata title=Siu -metadata artist=Siu -metadata location=+13.98+108.00/"
    return ffmpeg(f"-f lavfi -i sine=frequency=440:duration={seconds} -ac 2 {options} {said} {more}", ending)


def film(seconds: float = 3, has_sound: bool = True) -> bytes:
    """What the camera of a phone records."""
    sound = f"-f lavfi -i sine=duration={seconds} -c:a aac" if has_sound else ""
    return ffmpeg(f"{PICTURES.format(seconds)} {sound} -c:v mpeg4", "3gp")


def amr(seconds: int = 3) -> bytes:
    """AMR-NB of 12.2 kbit/s, as the oldest phones record: written here, for few builds of ffmpeg do. Fifty frames a second."""
    return b"#!AMR\n" + b"".join(b"\x3c" + os.urandom(31) for _ in range(50 * seconds))


def ffmpeg(options: str, ending: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, f"sound.{ending}")
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *options.split(), str(made)], check=True)
        return made.read_bytes()


def facts_of(data: bytes) -> dict[str, str]:
    """What ffprobe says of a sound: codec, channels, duration, bit rate, tags."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "sound")
        file.write_bytes(data)
        asked = "stream=codec_name,channels,sample_rate:format=duration,bit_rate:format_tags:stream_tags"
        said = subprocess.run(
            ["ffprobe", "-v", "error", "-of", "default=nw=1", "-show_entries", asked, str(file)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return dict(line.split("=", 1) for line in said.stdout.splitlines())

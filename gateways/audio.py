"""Makes a recording small enough for 2G: MP3 and Opus of 12–16 kbit/s, one channel, by ffmpeg in a process of its own."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gateways.audio_child import __file__ as CHILD
from gateways.papers import megabytes

MOST_BYTES = 20 * 1024 * 1024
MOST_MINUTES = 20
SLACK_SECONDS = 2  # codecs pad the end
WAIT_SECONDS = 240  # twenty minutes of sound take one core some twenty seconds
CPU_SECONDS = 180
MEMORY_BYTES = 700 * 1024 * 1024  # of addresses: the libraries of Debian's ffmpeg alone take 250 MB
MOST_MADE_BYTES = 4 * 1024 * 1024  # twenty minutes at 16 kbit/s are 2.4 MB

# By its first bytes a file names the one reader that ffmpeg may use on it: what a playlist would have it fetch is never read.
READERS = (
    (re.compile(rb"#!AMR"), "amr"),
    (re.compile(rb".{4}ftyp", re.DOTALL), "mov"),  # M4A, MP4 and 3GP are its kin
    (re.compile(rb"RIFF.{4}WAVE", re.DOTALL), "wav"),
    (re.compile(rb"OggS"), "ogg"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), "matroska"),  # WebM
    (re.compile(rb"caff"), "caf"),
    (re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"), "asf"),  # WMA
    (re.compile(rb"fLaC"), "flac"),
    (re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), "aac"),
    (re.compile(rb"ID3|\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff]"), "mp3"),
)
# Of a film only the sound is read; its pictures meet no decoder.
DECODERS = (
    "aac", "aac_latm", "alac", "amrnb", "amrwb", "evrc", "flac", "mp3", "mp3float", "opus", "libopus", "qcelp", "vorbis",
    "libvorbis", "wmav1", "wmav2", "wmapro", "wmavoice", "gsm_ms", "adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt",
    "pcm_u8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le", "pcm_f32be", "pcm_alaw", "pcm_mulaw",
)  # fmt: skip
# These say at their top how long they are, so that one that was cut off is noticed.
SAY_THEIR_LENGTH = ("mov", "matroska")
STATED = re.compile(r"Duration: (\d+):(\d\d):(\d\d\.\d+)")
MADE = re.compile(r"^out_time_us=(\d+)$", re.MULTILINE)

MESSAGES = {
    "empty": "Tệp rỗng (0 byte). Chọn lại tệp ghi âm rồi tải lên.",
    "kind": "Tệp này không phải tệp ghi âm. Chọn tệp do máy ghi âm của điện thoại làm ra: AMR, 3GP, M4A, MP3, WAV, OGG, WMA…",
    "mute": "Trong tệp này không có tiếng. Chọn tệp khác, hoặc ghi âm lại.",
    "broken": "Tệp bị hỏng hoặc chưa gửi hết. Tải lên lại, hoặc ghi âm lại.",
    "long": f"Bản ghi dài quá {MOST_MINUTES} phút. Ghi âm riêng từng bước rồi tải lên.",
    "slow": "Chuyển tệp này quá lâu nên đã dừng. Ghi âm lại ngắn hơn, hoặc bằng máy ghi âm có sẵn của điện thoại.",
}


class RecordingRefused(Exception):
    """Not taken; the message tells the officer what to do."""


class ConverterBroken(Exception):
    """ffmpeg itself does not work here: no fault of the recording."""


@dataclass(frozen=True)
class Sound:
    mp3: bytes
    opus: bytes  # in Ogg
    seconds: int


def is_there() -> bool:
    """Whether this machine has ffmpeg; asked anew each time, for it may be installed while the site runs."""
    return shutil.which("ffmpeg") is not None


def check_outside(data: bytes) -> None:
    """What can be told without decoding; raises RecordingRefused."""
    if not data:
        raise RecordingRefused(MESSAGES["empty"])
    check_size(len(data))
    if reader_of(data) is None:
        raise RecordingRefused(MESSAGES["kind"])


def check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise RecordingRefused(
            f"Tệp nặng {megabytes(size)} MB, nhiều nhất {megabytes(MOST_BYTES)} MB. "
            "Ghi âm riêng từng bước, hoặc chọn chất lượng thấp hơn trong máy ghi âm."
        )


def reader_of(data: bytes) -> str | None:
    """The name of ffmpeg's reader for what begins like this."""
    return next((reader for start, reader in READERS if start.match(data)), None)


def make_small(data: bytes) -> Sound:
    """The recording as MP3 of 16 kbit/s and Opus of 12 kbit/s, with no name, place or picture left in it.

    Raises RecordingRefused for what is no sound, is broken or too long; ConverterBroken when ffmpeg is missing or fails.
    """
    check_outside(data)
    with workshop() as folder:
        (folder / "recording").write_bytes(data)
        stated, seconds = convert(folder, reader_of(data))
        if seconds > MOST_MINUTES * 60 + SLACK_SECONDS:
            raise RecordingRefused(MESSAGES["long"])
        if not seconds or seconds < stated * 0.9 - 2:
            raise RecordingRefused(MESSAGES["broken"])
        return Sound((folder / "sound.mp3").read_bytes(), (folder / "sound.ogg").read_bytes(), max(1, round(seconds)))


def convert(folder: Path, reader: str) -> tuple[float, float]:
    """Run ffmpeg on `recording`; how many seconds it was said to have (0: unknown), and how many there are."""
    try:
        child = subprocess.run(
            [sys.executable, "-I", "-B", CHILD, *map(str, (MEMORY_BYTES, CPU_SECONDS, MOST_MADE_BYTES)), *command(reader)],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=WAIT_SECONDS,
            env={},
            cwd=folder,
        )
    except subprocess.TimeoutExpired:
        raise RecordingRefused(MESSAGES["slow"]) from None
    said = child.stderr.decode("utf-8", "replace")
    if child.returncode:
        raise fault_of(child.returncode, said)
    top = STATED.search(said) if reader in SAY_THEIR_LENGTH else None
    stated = sum(float(part) * size for part, size in zip(top.groups(), (3600, 60, 1), strict=True)) if top else 0
    made = MADE.findall(child.stdout.decode("ascii", "replace"))
    return stated, int(made[-1]) / 1_000_000 if made else 0


def command(reader: str) -> list[str]:
    program = shutil.which("ffmpeg")
    if program is None:
        raise ConverterBroken("ffmpeg is not installed")
    # A little more than is allowed shows what is too long.
    each = "-map 0:a:0 -vn -sn -dn -map_metadata -1 -map_chapters -1 -fflags +bitexact -flags:a +bitexact -threads 1 -ac 1"
    each += f" -t {MOST_MINUTES * 60 + 2 * SLACK_SECONDS}"
    read = f"-nostdin -hide_banner -v info -nostats -progress pipe:1 -filter_threads 1 -threads 1 -max_error_rate 0.2 -f {reader}"
    read += f" -format_whitelist {reader} -protocol_whitelist file -codec_whitelist {','.join(DECODERS)} -i file:recording"
    mp3 = "-ar 16000 -c:a libmp3lame -b:a 16k -id3v2_version 0 -f mp3 file:sound.mp3"
    opus = "-ar 16000 -c:a libopus -b:a 12k -application voip -f ogg file:sound.ogg"
    return [program, *f"{read} {each} {mp3} {each} {opus}".split()]


# What ffmpeg says when it is not the recording that is wrong.
OUR_FAULTS = ("Unknown encoder", "No space left", "Cannot allocate memory", "error while loading shared libraries", "Permission")


def fault_of(code: int, said: str) -> Exception:
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return RecordingRefused(MESSAGES["slow"])
    if any(words in said for words in OUR_FAULTS) or code == 127:
        return ConverterBroken(f"code {code}: {said.strip()[-300:]}")
    # Older versions and newer ones put it differently, but for these words.
    if "matches no streams" in said or "does not contain any stream" in said:
        return RecordingRefused(MESSAGES["mute"])
    return RecordingRefused(MESSAGES["broken"])


PREFIX = "iabang-sound-"
LEFT_BEHIND_SECONDS = 3600


@contextmanager
def workshop():
    """A folder for one conversion; what a killed one has left behind is cleared away first."""
    for old in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # another clears away too, or it is another user's
            if abs(time.time() - old.stat().st_mtime) > LEFT_BEHIND_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        yield Path(folder)

"""One ZIP of many files, made while it is sent: of the files only one is in memory at a time, and its size is known before."""

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from logging import getLogger

from rules.vietnamese import in_vietnam

log = getLogger(__name__)

PIECE_BYTES = 64 * 1024
# What every file costs besides itself: its header, its line in the directory (and more far behind the beginning), and the end.
HEADER_BYTES, LINE_BYTES, FAR_BYTES, END_BYTES, FAR_END_BYTES = 30, 46, 12, 22, 76


@dataclass(frozen=True)
class Packed:
    """One file of the archive; `read` gives its bytes when its turn comes."""

    path: str  # plain letters alone: it must open on every phone
    size_bytes: int
    modified: datetime
    read: Callable[[], bytes]


def safe_name(text: str) -> str:
    """Letters, digits, dots and hyphens: a part of a path that no phone and no program takes for anything else."""
    return re.sub(r"[^A-Za-z0-9.]+|\.\.+", "-", text).strip(".-")[:60] or "tep"


def size_of(files: list[Packed]) -> int:
    """How many bytes the archive will have. Nothing is compressed: photos and PDF are already."""
    offset = lines = 0
    for file in files:
        lines += LINE_BYTES + len(file.path) + (FAR_BYTES if offset > zipfile.ZIP64_LIMIT else 0)
        offset += HEADER_BYTES + len(file.path) + file.size_bytes
    is_large = len(files) > zipfile.ZIP_FILECOUNT_LIMIT or offset > zipfile.ZIP64_LIMIT
    return offset + lines + END_BYTES + (FAR_END_BYTES if is_large else 0)


def pieces_of(files: list[Packed]) -> Iterator[bytes]:
    """The archive in pieces. An empty one stands before each file: unsealing it takes some milliseconds, and who sends for
    many may see to the others first."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for file in files:
            yield b""
            info = zipfile.ZipInfo(file.path, in_vietnam(file.modified).timetuple()[:6])
            info.external_attr = 0o644 << 16
            archive.writestr(info, _read(file))
            yield from _cut(sink.take())
    yield from _cut(sink.take())


UNREADABLE = "Tệp này hỏng trong kho của xã, không đọc được. Hãy báo Bộ phận Một cửa.\n".encode()


def _read(file: Packed) -> bytes:
    """Of one that cannot be read, a word in its place and of its length: the others must still arrive."""
    try:
        data = file.read()
    except Exception:
        log.exception("a file for a person's own data cannot be read: %s", file.path)
        data = b""
    return data if len(data) == file.size_bytes else UNREADABLE[: file.size_bytes].ljust(file.size_bytes)


def _cut(data: bytes) -> Iterator[bytes]:
    return (data[start : start + PIECE_BYTES] for start in range(0, len(data), PIECE_BYTES))


class _Sink:
    """Where zipfile writes. It keeps a file until it is whole, so that size and sum can be filled in before it: some phones
    open no archive whose sizes stand behind the files."""

    def __init__(self):
        self.taken = 0
        self.kept = BytesIO()

    def write(self, data: bytes) -> int:
        return self.kept.write(data)

    def tell(self) -> int:
        return self.taken + self.kept.tell()

    def seek(self, offset: int) -> None:
        self.kept.seek(offset - self.taken)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        data = self.kept.getvalue()
        self.taken += len(data)
        self.kept = BytesIO()
        return data


class FileOfPieces:
    """Pieces as a file that is read once, from the beginning to the end.

    What was read last may be read again: a server looks at bytes, sends as many as the line takes, and comes back for the rest.
    """

    def __init__(self, pieces: Iterator[bytes], size_bytes: int, on_close: Callable[[], None]):
        self._pieces, self._size, self._on_close = pieces, size_bytes, on_close
        self._start, self._piece, self._at = 0, b"", 0

    def read(self, most: int = -1) -> bytes:
        """At most one piece; nothing when the next one has still to be made."""
        if self._at == self._start + len(self._piece) < self._size:
            self._start, self._piece = self._at, next(self._pieces)
        begin = self._at - self._start
        part = self._piece[begin:] if most < 0 else self._piece[begin : begin + most]
        self._at += len(part)
        return part

    def seek(self, offset: int, whence: int = 0) -> None:
        self._at = (0, self._at, self._size)[whence] + offset

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self._pieces.close()
        self._on_close()

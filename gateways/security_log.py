"""The security log: who did what and when, one JSON line each, each line sealed to the one before."""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from gateways.files import sync_folder

BEFORE_THE_FIRST = "0" * 64
LINE = re.compile(rb'(\{.*),"hash":"([0-9a-f]{64})"\}')
OWNING_UP = b',"after_torn_line":true'
RESERVED = {"at", "hash", "after_torn_line"}
# JSON escapes CR and LF; these too would start a line, or steer the terminal of whoever reads the log.
STEERING = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class SecurityLog:
    """Many threads and processes may write to the same path."""

    def __init__(self, path):
        self.path = Path(path)

    def write(self, event: str, **facts) -> None:
        """Returns when the line is on disk."""
        if taken := RESERVED & facts.keys():
            raise ValueError(f"The log itself says {', '.join(sorted(taken))}")
        log = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(log, fcntl.LOCK_EX)  # belongs to this very descriptor, so it parts threads as well
            is_new = append(log, event, facts)
            fcntl.flock(log, fcntl.LOCK_UN)  # the wait for the disk is shared, not queued for
            os.fsync(log)
        finally:
            os.close(log)
        if is_new:
            sync_folder(self.path.parent)

    def lines(self, first: datetime, last: datetime) -> Iterator[dict]:
        """What was written from `first` on and before `last` (both UTC), in order; torn lines are left out."""
        if not self.path.exists():
            return
        begin, end = (moment.isoformat(timespec="microseconds") for moment in (first, last))
        with open(self.path, "rb") as log:
            for line in log:
                if LINE.fullmatch(line.removesuffix(b"\n")) and begin <= (record := json.loads(line))["at"] < end:
                    yield record

    def broken_lines(self) -> list[int]:
        """The numbers of the lines that do not follow from the lines before them; of a log not yet begun none."""
        return verify(self.path) if self.path.exists() else []


def append(log: int, event: str, facts: dict) -> bool:
    size = os.fstat(log).st_size
    previous_hash, newline, is_torn = end_of(log, size)
    record = {"at": datetime.now(UTC).isoformat(timespec="microseconds"), "event": event, **facts}
    if is_torn:
        record["after_torn_line"] = True
    line = newline + sealed_line(record, previous_hash)
    try:
        while line:
            line = line[os.write(log, line) :]
    except OSError:
        os.ftruncate(log, size)  # a full disk leaves no half line
        raise
    return size == 0


def sealed_line(record: dict, previous_hash: str) -> bytes:
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), default=str)
    text = STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    # A lone surrogate becomes \udcXX, which is how JSON itself writes it.
    content = text.encode("utf-8", "backslashreplace")[:-1]
    return content + b',"hash":"' + chain(previous_hash, content).encode() + b'"}\n'


def chain(previous_hash: str, content: bytes) -> str:
    return hashlib.sha256(previous_hash.encode() + content).hexdigest()


def end_of(log: int, size: int) -> tuple[str, bytes, bool]:
    """The hash of the last whole line, the newline that is missing, and whether a torn line stands in between."""
    length = 4096
    while True:
        start = max(0, size - length)
        tail = os.pread(log, size - start, start)
        lines = tail.split(b"\n")
        newline = b"\n" if lines[-1] else b""
        written = [line for line in (lines if start == 0 else lines[1:]) if line]
        for line in reversed(written):
            if whole := LINE.fullmatch(line):
                return whole[2].decode(), newline, line is not written[-1]
        if start == 0:
            return BEFORE_THE_FIRST, newline, bool(written)
        length *= 8


def verify(path) -> list[int]:
    """The numbers of the lines that do not follow from the lines before them."""
    faults, torn, previous_hash = [], [], BEFORE_THE_FIRST
    with open(path, "rb") as log:
        for number, line in enumerate(log, 1):
            whole = LINE.fullmatch(line.removesuffix(b"\n"))
            if whole is None:
                torn.append(number)
                continue
            content, written_hash = whole[1], whole[2].decode()
            if not content.endswith(OWNING_UP):
                faults += torn
            torn = []
            if chain(previous_hash, content) != written_hash:
                faults.append(number)
            previous_hash = written_hash
        # A last line without its end is what a power cut leaves; the next write will say so.
        if torn and line.endswith(b"\n"):
            faults += torn
    return faults

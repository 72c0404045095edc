"""Where papers are kept: sealed, under a name that says nothing, on disk before we say so."""

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sealing import Sealer

NAME = re.compile(r"[0-9a-f]{32}")
UNFINISHED = ".new"


class StorageFull(Exception):
    """There is no room (or no quota) left: nothing was kept."""


class LocalFiles:
    """Files in a folder of this machine."""

    def __init__(self, folder, sealer: Sealer):
        self.folder = Path(folder)
        self.sealer = sealer

    def keep(self, data: bytes) -> str:
        """Answers with the file's name only when the file would survive a power cut."""
        name = secrets.token_hex(16)
        path = self._path(name)
        with full_disk_named():
            make_folder(path.parent)
            write_whole(path, self.sealer.seal(data, name.encode()))
            # Another process may have made the folders a moment ago and not yet synced them.
            sync_folder(path.parent.parent)
            sync_folder(self.folder)
        return name

    def read(self, name: str) -> bytes:
        return self.sealer.open(self._path(name).read_bytes(), name.encode())

    def remove(self, name: str) -> None:
        path = self._path(name)
        path.unlink(missing_ok=True)
        unfinished(path).unlink(missing_ok=True)

    def names(self) -> Iterator[tuple[str, float]]:
        """Every (name, modified time), those left unfinished by a power cut too: a sweep removes both alike."""
        for path in self.folder.glob("??/??/*"):
            name = path.name.removesuffix(UNFINISHED)
            if NAME.fullmatch(name):
                with suppress(FileNotFoundError):  # removed while we look
                    yield name, path.stat().st_mtime

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise ValueError("Not the name of a kept file")
        return self.folder / name[:2] / name[2:4] / name


def files_at(url: str, sealer: Sealer) -> LocalFiles:
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
        raise ValueError(f"Files are kept at file:///absolute/folder, not at {parts.scheme}://{parts.hostname or ''}")
    return LocalFiles(unquote(parts.path), sealer)


def write_whole(path: Path, data: bytes) -> None:
    """The file is there whole or not at all, whenever the power goes."""
    draft = unfinished(path)
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Like mkdir -p, for the owner's eyes only, and on disk."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unfinished(path: Path) -> Path:
    return path.with_name(path.name + UNFINISHED)


@contextmanager
def full_disk_named():
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(str(error)) from error
        raise

import errno
import os

import pytest

from gateways import files
from gateways.files import LocalFiles, StorageFull, files_at
from sealing import SealBroken, Sealer

PHOTO = b"photo of an identity card" * 100


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "instance" / "files"


@pytest.fixture
def kept(folder):
    return LocalFiles(folder, Sealer([b"k" * 32]))


def everything_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_kept_photo_is_read_again(kept):
    assert kept.read(kept.keep(PHOTO)) == PHOTO


def test_nothing_of_a_kept_photo_can_be_read_on_the_disk(kept, folder):
    kept.keep(PHOTO)

    (path,) = everything_in(folder)
    assert b"identity" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_files_exchanged_on_the_disk_do_not_open(kept, folder):
    one, two = kept.keep(b"one"), kept.keep(b"two")
    path_of = {path.name: path for path in everything_in(folder)}
    path_of[one].replace(path_of[two])

    with pytest.raises(SealBroken):
        kept.read(two)


def test_a_removed_photo_is_gone_and_may_be_removed_again(kept, folder):
    name = kept.keep(PHOTO)

    kept.remove(name)
    kept.remove(name)

    assert everything_in(folder) == []
    with pytest.raises(FileNotFoundError):
        kept.read(name)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 31, "A" * 32, "a" * 32 + "\n", "/" + "a" * 31])
def test_a_name_of_another_make_leads_nowhere(kept, name):
    with pytest.raises(ValueError):
        kept.read(name)
    with pytest.raises(ValueError):
        kept.remove(name)


def test_a_sweep_sees_every_file_and_its_age(kept, folder):
    name = kept.keep(PHOTO)
    os.utime(everything_in(folder)[0], (1000, 1000))

    assert list(kept.names()) == [(name, 1000)]


def test_a_sweep_before_the_first_file_finds_nothing(kept):
    assert list(kept.names()) == []


def test_what_a_power_cut_left_unfinished_is_swept_like_any_file(kept, folder):
    name = kept.keep(PHOTO)
    path = everything_in(folder)[0]
    path.rename(path.with_name(name + ".new"))

    assert [found for found, _ in kept.names()] == [name]
    kept.remove(name)
    assert everything_in(folder) == []


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_full_disk_is_named_and_leaves_no_file(kept, folder, monkeypatch, call, reason):
    kept.keep(b"the folders exist already")

    def refuse(*_):
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(files.os, call, refuse)

    with pytest.raises(StorageFull):
        kept.keep(PHOTO)
    assert len(everything_in(folder)) == 1


def test_a_name_is_given_only_after_file_and_folders_are_on_disk(kept, monkeypatch):
    calls = []
    for call in ("fsync", "rename"):
        real = getattr(os, call)
        monkeypatch.setattr(files.os, call, lambda *given, call=call, real=real: (calls.append(call), real(*given)))

    kept.keep(PHOTO)

    after_file = calls[calls.index("rename") - 1 :]
    assert after_file == ["fsync", "rename", "fsync", "fsync", "fsync"]


def test_the_storage_address_picks_the_storage(folder):
    sealer = Sealer([b"k" * 32])

    name = files_at(f"file://{folder}", sealer).keep(PHOTO)

    assert LocalFiles(folder, sealer).read(name) == PHOTO


@pytest.mark.parametrize("url", ["s3://bucket", "file://server/share", "file:relative", "", "/folder"])
def test_an_unknown_storage_address_is_refused(url):
    with pytest.raises(ValueError, match="file:///absolute/folder"):
        files_at(url, None)

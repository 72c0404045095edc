"""The archive: every phone opens it, its size is known before, one file is in memory at a time."""

import io
import re
import zipfile
from datetime import UTC, datetime

import pytest

from rules import archive
from rules.archive import FileOfPieces, Packed, pieces_of, safe_name, size_of

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def packed(path: str, data: bytes) -> Packed:
    return Packed(path, len(data), NOW, lambda: data)


FILES = [
    packed("index.html", b"<p>"),
    packed("giay-to/001-can-cuoc/01.jpg", bytes(range(256)) * 2000),
    packed("rong", b""),
    packed("cuoi.pdf", b"%PDF-" * 40_000),
]


def whole(files: list[Packed]) -> bytes:
    return b"".join(pieces_of(files))


def test_every_file_is_whole_and_in_its_place():
    with zipfile.ZipFile(io.BytesIO(whole(FILES))) as opened:
        assert opened.testzip() is None
        assert [(info.filename, info.date_time) for info in opened.infolist()] == [
            (file.path, (2026, 11, 23, 9, 0, 0)) for file in FILES
        ]
        assert [opened.read(file.path) for file in FILES] == [file.read() for file in FILES]


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_its_size_is_known_before(count):
    assert size_of(FILES[:count]) == len(whole(FILES[:count]))


def test_also_of_one_too_large_for_an_old_archive(monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 300_000)

    files = [packed(f"{n}.jpg", b"x" * 100_000) for n in range(12)]
    assert size_of(files) == len(whole(files))
    with zipfile.ZipFile(io.BytesIO(whole(files))) as opened:
        assert opened.testzip() is None


def test_sizes_stand_before_the_files():
    """Bit 3 would say that they follow behind, which some phones do not read."""
    with zipfile.ZipFile(io.BytesIO(whole(FILES))) as opened:
        assert {info.flag_bits for info in opened.infolist()} == {0}


def test_of_the_files_only_one_is_in_memory():
    read = []
    files = [Packed(f"{n}", 100_000, NOW, lambda n=n: read.append(n) or b"x" * 100_000) for n in range(5)]
    sent = 0
    for piece in pieces_of(files):
        sent += len(piece)
        assert len(piece) <= archive.PIECE_BYTES
        assert sent >= 100_000 * (len(read) - 1)
    assert read == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("broken", [lambda: 1 / 0, lambda: b"", lambda: b"too long" * 100])
def test_a_file_that_cannot_be_read_says_so_and_the_others_arrive(broken, caplog):
    files = [FILES[0], Packed("hong.jpg", 200, NOW, broken), FILES[3]]
    data = whole(files)

    assert len(data) == size_of(files)
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        assert "hỏng trong kho của xã" in opened.read("hong.jpg").decode()
        assert opened.read("cuoi.pdf") == FILES[3].read()


def test_a_broken_file_shorter_than_the_word_for_it_keeps_its_length():
    files = [Packed("hong", 5, NOW, lambda: 1 / 0)]

    assert len(whole(files)) == size_of(files)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..", "", "a/b\\c:d*e?\x00", "H21.129-261123-0001", "Giấy khai sinh", "." * 99, "x" * 500, "CON"]
)
def test_a_name_is_one_harmless_part_of_a_path(name):
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]{0,59}", safe_name(name)) and ".." not in safe_name(name)


def test_a_dossiers_code_stays_readable():
    assert safe_name("H21.129-261123-0001") == "H21.129-261123-0001"


# --- as a file that a server sends -----------------------------------------------------------------------------------


def file_of(files: list[Packed], closed: list[int]) -> FileOfPieces:
    return FileOfPieces(pieces_of(files), size_of(files), lambda: closed.append(1))


def test_a_server_that_looks_and_sends_less_gets_every_byte_once():
    file, sent = file_of(FILES, []), b""
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    while len(sent) < size:
        before = file.tell()
        looked_at = file.read(50_000)
        file.seek(before)
        sent += looked_at[:7000]
        file.seek(len(looked_at[:7000]), 1)
    assert sent == whole(FILES)
    assert file.read(10) == b""


def test_before_each_file_there_is_nothing_for_a_moment():
    file, empty = file_of(FILES, []), 0
    while file.tell() < size_of(FILES):
        empty += file.read(10**6) == b""
    assert empty == len(FILES)


def test_pieces_that_end_too_soon_are_an_error_and_no_endless_loop():
    file = FileOfPieces(iter([b"abc"]), 10, lambda: None)
    assert file.read(3) == b"abc"
    with pytest.raises(StopIteration):
        file.read(3)


@pytest.mark.parametrize("reads", [0, 3])
def test_closed_it_gives_its_turn_back_read_to_the_end_or_not(reads):
    closed: list[int] = []
    file = file_of(FILES, closed)
    for _ in range(reads):
        file.read(10**6)
    file.close()
    assert closed == [1]

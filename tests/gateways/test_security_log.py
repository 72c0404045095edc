import errno
import json
import os
from datetime import datetime
from multiprocessing import get_context

import pytest

from gateways import security_log
from gateways.security_log import SecurityLog, verify


@pytest.fixture
def path(tmp_path):
    return tmp_path / "security.log"


@pytest.fixture
def log(path):
    log = SecurityLog(path)
    for number in range(5):
        log.write("login", account=number)
    return log


def lines_of(path):
    return [json.loads(line) for line in path.read_bytes().decode().split("\n")[:-1]]


def test_a_line_says_what_when_and_who(log, path):
    log.write("opened card photo", officer="Rơ Châm H'Bia", dossier=7)

    line = lines_of(path)[-1]
    assert line["event"] == "opened card photo"
    assert (line["officer"], line["dossier"]) == ("Rơ Châm H'Bia", 7)
    assert datetime.fromisoformat(line["at"]).utcoffset().total_seconds() == 0
    assert "Rơ Châm" in path.read_text()


def test_an_untouched_log_has_no_faults(log, path):
    assert verify(path) == []
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_empty_log_has_no_faults(path):
    path.touch()

    assert verify(path) == []


@pytest.mark.parametrize("text", ["a\r\nb", 'a\n{"event":"forged"}', "\x1b[2J\x9b2J", "a\u2028b\u202e", "\udc80", "\0"])
def test_hostile_text_stays_within_its_line(log, path, text):
    log.write("login failed", name=text)

    assert lines_of(path)[-1]["name"] == text
    assert len(path.read_text().splitlines()) == 6
    assert not set("\r\x1b\x9b\u2028\u202e\0") & set(path.read_text())
    assert verify(path) == []


def test_a_fact_cannot_pose_as_the_log_itself(log, path):
    with pytest.raises(ValueError):
        log.write("login", hash="0" * 64)

    assert len(lines_of(path)) == 5


def test_a_changed_line_is_noticed(log, path):
    path.write_bytes(path.read_bytes().replace(b'"account":2', b'"account":9'))

    assert verify(path) == [3]


def test_a_removed_line_is_noticed(log, path):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:1] + lines[2:]))

    assert verify(path) == [2]


def test_exchanged_lines_are_noticed(log, path):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[2], lines[1], *lines[3:]]))

    assert verify(path) == [2, 3, 4]


@pytest.mark.parametrize("scribble", [b"scribble\n", b"{}\n", b"\n", b"\xff\0\n"])
def test_a_line_written_by_someone_else_is_noticed(log, path, scribble):
    path.write_bytes(path.read_bytes() + scribble)

    assert verify(path) == [6]


def test_the_chain_goes_on_after_a_scribble_and_owns_up_to_it(log, path):
    path.write_bytes(path.read_bytes() + b"scribble\n")

    log.write("login", account=6)

    assert lines_after_damage(path)["after_torn_line"] is True


@pytest.mark.parametrize("cut", range(1, 150, 7))
def test_a_line_torn_by_a_power_cut_is_tolerated_and_owned_up_to(log, path, cut):
    path.write_bytes(path.read_bytes()[: -1 - cut])
    assert verify(path) == []

    log.write("login", account=6)
    log.write("login", account=7)

    assert verify(path) == []
    assert path.read_bytes().count(b'"after_torn_line":true') == 1


def test_a_whole_line_that_lost_only_its_end_counts(log, path):
    path.write_bytes(path.read_bytes()[:-1])

    log.write("login", account=6)

    assert verify(path) == []
    assert [line["account"] for line in lines_of(path)] == [0, 1, 2, 3, 4, 6]
    assert "after_torn_line" not in lines_of(path)[-1]


def test_zeros_left_by_the_file_system_are_a_torn_line(log, path):
    path.write_bytes(path.read_bytes() + bytes(20_000))

    log.write("login", account=6)

    assert lines_after_damage(path)["account"] == 6
    assert verify(path) == []


def test_a_torn_first_line_is_tolerated(path):
    path.write_bytes(b'{"at":"2026-')

    SecurityLog(path).write("login", account=1)

    assert verify(path) == []


def test_a_very_long_line_is_followed(log, path):
    log.write("export", names="Nguyễn Văn A, " * 10_000)
    log.write("login", account=6)

    assert verify(path) == []


def test_a_full_disk_leaves_no_half_line(log, path, monkeypatch):
    before = path.read_bytes()
    real = os.write

    def write_half_once(descriptor, line):
        monkeypatch.setattr(security_log.os, "write", refuse)
        return real(descriptor, line[:10])

    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(security_log.os, "write", write_half_once)

    with pytest.raises(OSError):
        log.write("login", account=6)
    assert path.read_bytes() == before


def test_four_processes_write_one_chain(path):
    fork = get_context("fork")
    processes = [fork.Process(target=write_many, args=(path, number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert verify(path) == []
    assert len(lines_of(path)) == 4 * 50


def write_many(path, number):
    for turn in range(50):
        SecurityLog(path).write("login", process=number, turn=turn)


def lines_after_damage(path):
    return json.loads(path.read_bytes().splitlines()[-1])

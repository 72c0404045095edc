import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealing import KeyUnsafe, SealBroken, Sealer, read_or_make_key

OLD, NEW = b"o" * 32, b"n" * 32
NUMBER = "001077012345"


@given(st.binary(), st.binary())
def test_what_is_sealed_opens_again(data, context):
    assert Sealer([NEW]).open(Sealer([NEW]).seal(data, context), context) == data


def test_a_seal_shows_nothing_and_is_never_twice_the_same():
    sealer = Sealer([NEW])

    one, two = sealer.seal(NUMBER.encode()), sealer.seal(NUMBER.encode())

    assert one != two and NUMBER.encode() not in one


def test_a_seal_opens_in_its_own_context_only():
    sealed = Sealer([NEW]).seal(b"card photo", b"file 1")

    with pytest.raises(SealBroken):
        Sealer([NEW]).open(sealed, b"file 2")


def test_a_change_of_any_byte_breaks_the_seal():
    sealed = Sealer([NEW]).seal(b"card photo")

    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(SealBroken):
            Sealer([NEW]).open(changed)


def test_a_seal_cut_anywhere_is_broken():
    sealed = Sealer([NEW]).seal(b"card photo")

    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            Sealer([NEW]).open(sealed[:length])


def test_after_a_change_of_keys_old_seals_open_and_new_ones_use_the_new_key():
    sealed_before = Sealer([OLD]).seal(b"before")
    sealer = Sealer([NEW, OLD])

    assert sealer.open(sealed_before) == b"before"
    assert Sealer([NEW]).open(sealer.seal(b"after")) == b"after"


def test_a_seal_of_a_key_thrown_away_stays_shut():
    with pytest.raises(SealBroken):
        Sealer([NEW]).open(Sealer([OLD]).seal(b"before"))


@pytest.mark.parametrize("keys", [[], [b"short"], [NEW, b""]])
def test_a_sealer_takes_whole_keys_only(keys):
    with pytest.raises(ValueError):
        Sealer(keys)


def test_equal_numbers_have_equal_fingerprints_which_need_the_key():
    assert Sealer([NEW]).fingerprint(NUMBER) == Sealer([NEW, OLD]).fingerprint(NUMBER)
    assert Sealer([NEW]).fingerprint(NUMBER) != Sealer([NEW]).fingerprint("001077012346")
    assert Sealer([NEW]).fingerprint(NUMBER) != Sealer([OLD]).fingerprint(NUMBER)


def test_a_fingerprint_made_before_a_change_of_keys_is_still_found():
    assert Sealer([OLD]).fingerprint(NUMBER) in Sealer([NEW, OLD]).fingerprints(NUMBER)


def test_a_key_is_made_once_for_its_owner_alone(tmp_path):
    key = read_or_make_key(tmp_path / "key")

    assert len(key) == 32
    assert read_or_make_key(tmp_path / "key") == key
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["key"]


def test_processes_that_start_together_get_the_same_key(tmp_path):
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as processes:
        keys = set(processes.map(read_or_make_key, [tmp_path / "key"] * 40))

    assert len(keys) == 1


def test_a_key_that_others_can_read_is_refused(tmp_path):
    read_or_make_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o640)

    with pytest.raises(KeyUnsafe, match="chmod 600"):
        read_or_make_key(tmp_path / "key")


@pytest.mark.parametrize("text", ["", "abc", "không phải khóa", "00" * 31])
def test_a_damaged_key_is_refused_not_replaced(tmp_path, text):
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)

    with pytest.raises(KeyUnsafe):
        read_or_make_key(path)
    assert path.read_text() == text

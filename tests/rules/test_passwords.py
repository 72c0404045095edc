"""Passwords: what is refused and why, what is not, and how they are kept."""

import time
import unicodedata

import pytest

from rules import WrongInput, passwords
from rules.passwords import common_passwords, hash_password, is_password, read_new_password

PERSON = ("064090001234", "Siu Blĕo", "05071990", "+84912345678", "xã Ia Băng")


def refusal(password: str, shortest: int = 8, about: tuple[str, ...] = PERSON) -> str:
    with pytest.raises(WrongInput) as fault:
        read_new_password(password, shortest, about)
    return str(fault.value)


# --- what is taken ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    [
        "voi rung gao",
        "vòirừnggạo",
        "  hai khoảng  trắng  ",
        "ngôi sao 7 cánh",
        "Ƀơ̆ng hơ̆k kơnuk",
        "!@#$%^&*()_+",
        "пароль дня",
        "🐘🌾🏔️🥁🐘🌾🏔️🥁",
        "voi rung gao " * 15,
    ],
)
def test_any_signs_make_a_password(password):
    assert read_new_password(password, 8, PERSON) == unicodedata.normalize("NFC", password)


def test_spaces_stay_where_they_were_typed():
    assert read_new_password(" voi  rung ", 8) == " voi  rung "
    assert not is_password(hash_password(" voi  rung "), "voi rung")


@pytest.mark.parametrize("length", [8, 128, 200])
def test_a_password_may_have_8_to_200_letters(length):
    assert read_new_password(("voi rung gao nuong " * 20)[:length], 8)


# --- what is refused -------------------------------------------------------------------------------------------------


def test_seven_letters_are_too_few():
    assert "ít nhất 8 chữ" in refusal("voirung")


def test_staff_need_twelve():
    assert "ít nhất 12 chữ" in refusal("voi rung gao"[:11], shortest=12)
    assert read_new_password("voi rung gao", 12)


def test_letters_are_counted_not_their_marks():
    assert "ít nhất 8 chữ" in refusal(unicodedata.normalize("NFD", "vòirừng"))


def test_201_letters_are_too_many():
    assert "quá 200 chữ" in refusal(("voi rung gao nuong " * 20)[:201])


def test_the_list_of_common_passwords_is_long_and_speaks_vietnamese():
    assert len(common_passwords()) >= 3_000
    assert {"matkhau123", "anhyeuem", "12345678", "password", "qwertyuiop", "vietnam123"} <= common_passwords()


def test_everything_on_the_list_is_refused():
    taken = []
    for word in common_passwords():
        try:
            taken.append(read_new_password(word, 0))
        except WrongInput:
            continue
    assert taken == []


@pytest.mark.parametrize(
    "password",
    [
        "12345678",
        "matkhau123",
        "Mật khẩu 123",
        "MATKHAU123",
        "mat-khau-123",
        "anh yêu em",
        "Anh Yêu Em!",
        "aaaaaaaaaa",
        "abababab",
        "!!!!!!!!",
        "        ",
    ],
)
def test_an_easy_password_is_refused_however_it_is_dressed(password):
    assert "dễ đoán" in refusal(password)


@pytest.mark.parametrize(
    "password",
    [
        "064090001234",
        "0640 9000 1234",
        "Siu Blĕo",
        "siu bleo",
        "SIUBLEO!",
        "05/07/1990",
        "84912345678",
        "Xã Ia Băng",
    ],
)
def test_what_others_know_about_the_person_is_refused(password):
    assert "dễ đoán" in refusal(password)


def test_the_same_is_no_secret_of_somebody_else():
    assert read_new_password("064090001234", 8, ("001077012345", "Rơ Châm H’Lan"))


def test_a_fact_nobody_gave_refuses_nothing():
    assert read_new_password("#%=?;:~<", 8, ("", "---"))


# --- keeping and checking --------------------------------------------------------------------------------------------


def test_a_password_is_kept_as_argon2id_of_19_mib_twice_over():
    assert hash_password("voi rung gao").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hash_password("voi rung gao") != hash_password("voi rung gao")


def test_the_right_password_opens_and_a_wrong_one_does_not():
    kept = hash_password("voi rừng gạo")

    assert is_password(kept, "voi rừng gạo")
    assert not any(is_password(kept, wrong) for wrong in ("voi rung gao", "Voi rừng gạo", "voi rừng gạo ", ""))


@pytest.mark.parametrize("made, typed", [("NFC", "NFD"), ("NFD", "NFC")])
def test_keyboards_that_compose_differently_type_the_same_password(made, typed):
    kept = hash_password(unicodedata.normalize(made, "vòi rừng gạo"))

    assert is_password(kept, unicodedata.normalize(typed, "vòi rừng gạo"))


@pytest.fixture
def verifications(monkeypatch):
    """The hashes that were really compared."""
    seen, hasher = [], passwords.hasher

    class Watched:
        def verify(self, kept, typed):
            seen.append(kept)
            return hasher.verify(kept, typed)

    monkeypatch.setattr(passwords, "hasher", Watched())
    return seen


def test_somebody_unknown_takes_a_verification_too(verifications):
    assert not is_password(None, "voi rung gao")
    assert [kept.split("$")[3] for kept in verifications] == ["m=19456,t=2,p=1"]


def test_not_even_the_dummys_password_opens_for_somebody_unknown(verifications):
    assert not is_password(None, "khong-phai-mat-khau-cua-ai")
    assert len(verifications) == 1


def test_a_damaged_hash_opens_for_nobody():
    assert not is_password("damaged", "voi rung gao")


def test_an_endless_password_is_refused_not_hashed_whole():
    assert not is_password(hash_password("voi rung gao"), "x" * 1_000_000)


def test_a_hundred_thousand_marks_on_one_letter_hold_nobody_up():
    piled = "a" + "\u0301" * 50_000 + "\u0327" * 50_000
    began = time.monotonic()

    assert not is_password(None, piled)
    refusal(piled)
    assert time.monotonic() - began < 12  # unguarded: half a minute

"""Passwords: what is refused, and how they are kept (SECURITY §3)."""

import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from rules import WrongInput
from rules.vietnamese import fold

COMMON = Path(__file__).with_name("common_passwords.txt")
# Argon2id as OWASP's cheat sheet has it: 19 MiB, two passes; about 28 ms on the machine this was tried on.
hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Far above any password we keep. To normalise takes the square of the marks piled on one letter: unlimited, a form of
# 100 kB would hold the whole process for a minute.
LONGEST_READ = 1000
# Nobody's password: checked where there is no account, so that somebody unknown takes as long as somebody known.
DUMMY_HASH = "$argon2id$v=19$m=19456,t=2,p=1$IRfHZcj5Pkxw38LyeyXfXQ$3ewMT452bCJHIRtmiGHmdwi7EaxSbZsReY+vyn2A2KQ"


def read_new_password(password: str, shortest: int, about_the_person: tuple[str, ...] = ()) -> str:
    """The password, NFC, as it may be hashed.

    Raises WrongInput when it is shorter than `shortest` or longer than 200 code points, on the list of common ones,
    or one of the things about the person that others know (number, name, birth date, commune).
    """
    password = unicodedata.normalize("NFC", password[:LONGEST_READ])
    if len(password) < shortest:
        raise WrongInput(f"Mật khẩu cần ít nhất {shortest} chữ. Dễ nhớ: ba tiếng quen thuộc viết liền nhau.")
    if len(password) > 200:
        raise WrongInput("Mật khẩu dài quá 200 chữ. Chọn câu ngắn hơn.")
    if _is_easy(password, about_the_person):
        raise WrongInput("Mật khẩu này dễ đoán. Chọn ba tiếng không liên quan nhau, ví dụ ghép tên ba đồ vật.")
    return password


def _is_easy(password: str, about_the_person: tuple[str, ...]) -> bool:
    plain = _plain(password)
    known = {_plain(fact) for fact in about_the_person} - {""}
    return plain in common_passwords() or plain in known or len(set(plain or password)) < 3


def _plain(text: str) -> str:
    return "".join(symbol for symbol in fold(text) if symbol.isalnum())


@cache
def common_passwords() -> frozenset[str]:
    return frozenset(COMMON.read_text(encoding="utf-8").split())


def hash_password(password: str) -> str:
    return hasher.hash(unicodedata.normalize("NFC", password))


def is_password(password_hash: str | None, password: str) -> bool:
    """Whether the password belongs to the hash; takes the same time when there is no hash at all."""
    try:
        right = hasher.verify(password_hash or DUMMY_HASH, unicodedata.normalize("NFC", password[:LONGEST_READ]))
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None

"""Seals personal data before it is stored, and keeps the keys that do it."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
VERSION = b"\x01"
KEY_ID_BYTES = 4
NONCE_BYTES = 12
HEAD_BYTES = len(VERSION) + KEY_ID_BYTES


class SealBroken(Exception):
    """The data was changed, belongs to another context, or was sealed by a key we do not have."""


class KeyUnsafe(Exception):
    """The key file cannot be trusted; the message says what to do."""


class Sealer:
    """The first key seals; every key opens, so that a key can be replaced while old data stays readable."""

    def __init__(self, keys: list[bytes]):
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"A sealer needs at least one key, each of {KEY_BYTES} bytes")
        self._ciphers = {key_id(key): AESGCM(subkey(key, b"seal")) for key in keys}
        self._first = key_id(keys[0])
        self._fingerprint_keys = [subkey(key, b"fingerprint") for key in keys]

    def seal(self, data: bytes, context: bytes = b"") -> bytes:
        """The context (a file's name, a column and row) must be given again to open."""
        head = VERSION + self._first
        nonce = os.urandom(NONCE_BYTES)
        return head + nonce + self._ciphers[self._first].encrypt(nonce, data, head + context)

    def open(self, sealed: bytes, context: bytes = b"") -> bytes:
        head, nonce, rest = (
            sealed[:HEAD_BYTES],
            sealed[HEAD_BYTES : HEAD_BYTES + NONCE_BYTES],
            sealed[HEAD_BYTES + NONCE_BYTES :],
        )
        cipher = self._ciphers.get(head[len(VERSION) :])
        if not head.startswith(VERSION) or cipher is None or len(nonce) != NONCE_BYTES:
            raise SealBroken("Not sealed by any of our keys")
        try:
            return cipher.decrypt(nonce, rest, head + context)
        except InvalidTag:
            raise SealBroken("Changed, or sealed for another context") from None

    def fingerprint(self, text: str) -> str:
        """What to store beside a sealed value, to find an equal one without opening any."""
        return self.fingerprints(text)[0]

    def fingerprints(self, text: str) -> list[str]:
        """One a key, the newest first: a look-up during a change of keys asks for any of them."""
        return [hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for key in self._fingerprint_keys]


def subkey(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, purpose, "sha256")


def key_id(key: bytes) -> bytes:
    return subkey(key, b"key id")[:KEY_ID_BYTES]


def read_or_make_key(path) -> bytes:
    """The 32 bytes kept as hex text at `path`, made on the first call."""
    path = Path(path)
    if not path.exists():
        make_key(path)
    return read_key(path)


def read_key(path: Path) -> bytes:
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise KeyUnsafe(f"{path} can be read by others. Run: chmod 600 {path}; then make a new key if it was seen")
        text = file.read(1000)
    try:
        key = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyUnsafe(f"{path} does not hold {KEY_BYTES} bytes as hex text. Put the key back from its backup")
    return key


def make_key(path: Path) -> None:
    """Linking a finished file settles a race: whoever comes second finds the first one's key, and never half of it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

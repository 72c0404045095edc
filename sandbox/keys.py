"""What the trial bank and the site both know: the merchant's code and secret, in a file made once."""

import contextlib
import os
import re
import secrets
import string
from pathlib import Path
from typing import NamedTuple

LETTERS = string.ascii_uppercase + string.digits
WRITTEN = re.compile(r"([0-9A-Z]{8}):([0-9A-Z]{32})\n?")


class Key(NamedTuple):
    tmn_code: str
    secret: str


class KeyUnreadable(Exception):
    """The key file is there and is not one; the message names it."""


def read_or_make_key(folder: Path) -> Key:
    """The key in `folder`/sandbox.key; made, for its owner's eyes alone, when there is none yet.

    Raises KeyUnreadable when the file holds anything else.
    """
    path = folder / "sandbox.key"
    if not path.exists():
        _make(path)
    found = WRITTEN.fullmatch(path.read_text("ascii", "replace"))
    if not found:
        raise KeyUnreadable(f"{path} is no key of the trial bank: remove it, and the next start makes a new one")
    return Key(*found.groups())


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    line = "".join(secrets.choice(LETTERS) for _ in range(5)), "".join(secrets.choice(LETTERS) for _ in range(32))
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("THU{}:{}\n".format(*line))
    # Of two programs that start together the first one's key stays: a link, unlike a rename, replaces nothing.
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def payment_url(folder: Path, port: int) -> str:
    """What PAYMENT_URL would say of the trial bank of this instance folder: vnpay+http://TMNCODE:SECRET@127.0.0.1:PORT."""
    key = read_or_make_key(folder)
    return f"vnpay+http://{key.tmn_code}:{key.secret}@127.0.0.1:{port}"

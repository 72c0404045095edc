"""Words in an address that only this site can read: neither a log nor a browser's history tells them."""

import base64
import binascii

from sealing import SealBroken, Sealer


def seal_words(sealer: Sealer, words: str, context: bytes) -> str:
    """The words as they may stand in an address; to be opened with the same context."""
    return base64.urlsafe_b64encode(sealer.seal(words.encode(), context)).decode().rstrip("=")


def open_words(sealer: Sealer, sealed: str, context: bytes) -> str | None:
    """The words again; None for an address that is none of ours."""
    try:
        whole = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
        return sealer.open(whole, context).decode()
    except (binascii.Error, ValueError, SealBroken):
        return None

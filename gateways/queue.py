"""Background work waits in a queue, chosen by its URL."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from huey import Huey, SqliteHuey


def queue_at(url: str) -> Huey:
    """The queue behind `url`: sqlite:///absolute/path. Raises ValueError for any other."""
    parts = urlsplit(url)
    if parts.scheme != "sqlite" or not parts.path.startswith("/"):
        raise ValueError(f"Work waits at sqlite:///absolute/path, not at {parts.scheme}://{parts.hostname or ''}")
    path = Path(unquote(parts.path.removeprefix("/")))
    return SqliteHuey("iabang", filename=str(path), fsync=True, results=False)

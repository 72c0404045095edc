"""Every setting: its name, its default and what it means. The environment overrides the default."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parent


class SettingRefused(ValueError):
    """A setting in the environment cannot be understood; the message names it."""


def _number_from(least: int, most: int = 65535) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not least <= int(text) <= most:
            raise ValueError
        return int(text)

    return read


def _address(text: str) -> str:
    """Without its scheme, https would be taken for http, and cookies would go out unprotected."""
    if not (text.startswith(("http://", "https://")) and urlsplit(text).hostname):
        raise ValueError
    return text


def _switch(text: str) -> bool:
    """`on` or `off`; a typo stops the start rather than choosing for the operator."""
    return {"on": True, "off": False}[text]


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
ORIGIN = re.compile(rf"https?://{_LABEL}(\.{_LABEL})*(:[1-9][0-9]{{0,4}})?")


def _origins(text: str) -> list[str]:
    """Each as a browser names an origin. What is more than that (a path, a star, a quote) would say something else in the
    policy that they become part of."""
    found = text.replace(",", " ").split()
    for origin in found:
        # A port there is not is refused by urlsplit itself.
        if not ORIGIN.fullmatch(origin) or urlsplit(origin).port == 0:
            raise ValueError(origin)
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    meaning: str
    read: Callable[[str], object] = str


SETTINGS = (
    Setting("HOST", "127.0.0.1", "address the server listens on"),
    Setting("PORT", "8000", "port the server listens on", _number_from(0)),
    Setting("THREADS", "8", "requests the server answers at once", _number_from(1)),
    Setting("INSTANCE_DIR", "instance", "folder of all that is not code: database, files, queue, outbox, keys"),
    Setting("CONTENT_DIR", "content", "folder of what the commune edits, read by `init`"),
    Setting("SITE_URL", "http://127.0.0.1:{PORT}", "public address; https turns on Secure cookies, `__Host-` and HSTS", _address),
    Setting("TRUSTED_HOSTS", "{SITE_HOST},localhost,127.0.0.1", "host names answered; any other is refused", _names),
    Setting(
        "EMBED_SITES",
        "",
        "sites that may show pages of /nhung/ in a frame, as https://host or https://host:port and nothing after; empty: none",
        _origins,
    ),
    Setting("TRUSTED_PROXIES", "0", "how many proxies in front may name the client's address", _number_from(0)),
    Setting("SECRET_KEY", "", "signs form tokens; empty: made once into INSTANCE_DIR/secret.key"),
    Setting("SECRET_KEY_FALLBACKS", "", "earlier values of SECRET_KEY that still open forms", _names),
    Setting("DATA_KEY_FILE", "{INSTANCE_DIR}/data.key", "key that seals papers and answers; keep it apart from backups"),
    Setting("DATABASE_URL", "sqlite:///{INSTANCE_DIR}/app.db", "where rows are kept: sqlite:///… or postgresql://…"),
    Setting("STORAGE_URL", "file://{INSTANCE_DIR}/files", "where papers are kept"),
    Setting("QUEUE_URL", "sqlite:///{INSTANCE_DIR}/queue.db", "where background work waits"),
    Setting("PAYMENT_URL", "", "payment gateway: vnpay://TMNCODE:SECRET@HOST; empty: the trial bank that `serve` starts"),
    Setting("SANDBOX_PORT", "{NEXT_PORT}", "of the trial bank that `serve` starts while PAYMENT_URL is empty", _number_from(0)),
    Setting("MAIL_URL", "file://{INSTANCE_DIR}/outbox", "how mail leaves: file://folder, smtp://… or smtps://…"),
    Setting("MAIL_FROM", "khong-tra-loi@{SITE_HOST}", "sender of the site's mail"),
    Setting("DOCUMENT_QUOTA_MB", "100", "room for the personal documents of one account, old versions included", _number_from(1)),
    Setting("STAFF_SECOND_FACTOR", "on", "off for trials alone: a password then opens the desk; said like RATE_LIMITS", _switch),
    Setting("RATE_LIMITS", "on", "off for load tests alone; shown as a warning on /suc-khoe and in the log", _switch),
)


def read_settings(environ: Mapping[str, str]) -> dict[str, object]:
    """Every setting by name, from `environ` or its default.

    Raises SettingRefused when a value has the wrong form.
    """
    values: dict[str, object] = {}
    for setting in SETTINGS:
        text = environ.get(setting.name) or setting.default.format(**values, SITE_HOST=_host(values), NEXT_PORT=_beside(values))
        try:
            values[setting.name] = setting.read(text)
        except (ValueError, KeyError) as fault:
            raise SettingRefused(f"{setting.name}={text!r}: {setting.meaning}") from fault
        if setting.name in ("INSTANCE_DIR", "CONTENT_DIR"):
            values[setting.name] = str(PROJECT / text)
    return values


def _beside(values: Mapping[str, object]) -> int:
    """The port next to the site's; 0, a free one, where the site takes a free one or the last there is."""
    port = int(values.get("PORT", 0))
    return port + 1 if 0 < port < 65535 else 0


def _host(values: Mapping[str, object]) -> str:
    return urlsplit(str(values.get("SITE_URL", ""))).hostname or "localhost"

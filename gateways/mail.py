"""Mail that leaves the site: to a folder of .eml files, or to an SMTP server."""

import hashlib
import re
import smtplib
import ssl
import textwrap
import unicodedata
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from gateways.files import make_folder, write_whole

# Flask-Mail is not used to build or send: its Message and Connection need an application around them, its body lines go
# out as raw 8bit of any length (RFC 5321 ends them at 998 bytes), and its connection waits for a dead server for ever.

COLUMNS = 72
TIMEOUT_SECONDS = 20
PORTS = {"": 25, "starttls": 587, "tls": 465}
THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@,;:<>()\[\]\\\"]{1,255}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class MailRefused(Exception):
    """The server will never take this message: trying again is of no use."""


class MailDelayed(Exception):
    """Not sent now; the same message may go through later."""


class Folding(EmailPolicy):
    """Python 3.11's own folding drops the space where it breaks a subject in Vietnamese."""

    def fold_binary(self, name, value):
        if name != "Subject" or value.isascii():
            return super().fold_binary(name, value)
        return f"{name}: {Header(value, 'utf-8', header_name=name).encode(linesep=self.linesep)}{self.linesep}".encode("ascii")


class Mailer:
    """Builds a message and hands it over; each way of handing over is a subclass."""

    def __init__(self, sender: str):
        name, _, address = sender.removesuffix(">").rpartition("<")
        self.sender = address_of(address, name.strip(' "'))

    def send(self, to: str, subject: str, body: str, key: str) -> None:
        """The key names the message for good: sent twice, it carries the same Message-ID."""
        self._hand_over(self._message(to, subject, body, key), key)

    def _message(self, to, subject, body, key):
        if CONTROL.search(subject):
            raise ValueError("A subject is one line")
        message = EmailMessage(policy=Folding(linesep="\r\n"))
        message["From"] = self.sender
        message["To"] = address_of(to)
        message["Subject"] = unicodedata.normalize("NFC", subject)
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{short_hash(key)}@{self.sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(wrapped(body), cte="quoted-printable")
        return message

    def _hand_over(self, message: EmailMessage, key: str) -> None:
        raise NotImplementedError


class Outbox(Mailer):
    """Each message a file that any mail program opens."""

    def __init__(self, folder, sender: str):
        super().__init__(sender)
        self.folder = Path(folder)

    def _hand_over(self, message, key):
        readable_key = re.sub(r"[^A-Za-z0-9_-]+", "-", key)[:60]
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{readable_key}-{short_hash(key)[:8]}.eml"
        try:
            make_folder(self.folder)
            write_whole(self.folder / name, message.as_bytes())
        except OSError as error:
            raise MailDelayed(f"Outbox: {error.strerror}") from error


class SmtpServer(Mailer):
    def __init__(self, sender: str, host: str, port: int, tls: str = "", user: str = "", password: str = ""):
        super().__init__(sender)
        self.host, self.port, self.tls, self.user, self.password = host, port, tls, user, password

    def _hand_over(self, message, key):
        try:
            with self._connection() as server:
                # Not send_message: it writes “>From” where a line begins with “From”.
                server.sendmail(self.sender.addr_spec, message["To"].addresses[0].addr_spec, message.as_bytes())
        except smtplib.SMTPRecipientsRefused as error:
            raise judged(*next(iter(error.recipients.values()))) from error
        except smtplib.SMTPDataError as error:
            raise judged(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            # Wrong password, refused sender, dead server: our settings or the line, no fault of this message.
            raise MailDelayed(f"{self.host}: {type(error).__name__} {getattr(error, 'smtp_code', '')}") from error

    @contextmanager
    def _connection(self):
        secure = ssl.create_default_context() if self.tls else None
        if self.tls == "tls":
            server = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_SECONDS, context=secure)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            if self.tls == "starttls":
                server.starttls(context=secure)
            if self.user:
                server.login(self.user, self.password)
            yield server
            # The letter is taken: a server that stumbles over the good-bye must not get it again.
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()


def mailer_at(url: str, sender: str) -> Mailer:
    """`file:///folder`, `smtp://user:password@host:port?tls=starttls` or `smtps://…`."""
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return Outbox(unquote(parts.path), sender)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("Mail goes to file:///absolute/folder, smtp://host or smtps://host")
    tls = "tls" if parts.scheme == "smtps" else parse_qs(parts.query).get("tls", [""])[-1]
    if tls not in PORTS:
        raise ValueError("The only choice of tls for smtp:// is tls=starttls")
    if parts.username and not tls and parts.hostname not in THIS_MACHINE:
        raise ValueError("A mail password travels over TLS only: add ?tls=starttls, or use smtps://")
    return SmtpServer(
        sender, parts.hostname, parts.port or PORTS[tls], tls, unquote(parts.username or ""), unquote(parts.password or "")
    )


def address_of(address: str, name: str = "") -> Address:
    if CONTROL.search(name + address) or not ADDRESS.fullmatch(address):
        raise ValueError("One e-mail address, and nothing else")
    user, _, domain = address.rpartition("@")
    return Address(name, user, domain.encode("idna").decode("ascii"))


def wrapped(body: str) -> str:
    """At 72 columns, but a line with a web address stays whole: a broken one cannot be tapped."""
    lines = unicodedata.normalize("NFC", body).splitlines()
    return (
        "\n".join(
            line if "://" in line else textwrap.fill(line, COLUMNS, break_long_words=False, break_on_hyphens=False)
            for line in lines
        )
        + "\n"
    )


def judged(code: int, answer: bytes) -> Exception:
    """RFC 5321: an answer of 5xx is final, 4xx is for now."""
    kind = MailRefused if 500 <= code < 600 else MailDelayed
    return kind(f"{code} {ADDRESS.sub('…', answer.decode('utf-8', 'replace'))}")  # this text is logged


def short_hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]

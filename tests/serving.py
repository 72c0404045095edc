"""The real program, run as a person runs it: `init`, `serve`, kill, start again."""

import email
import email.policy
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path

from lxml import html
from ports import free_port

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE = 30  # seconds; how long anything that must happen may take on a slow machine
FIRST_PASSWORD = "mot lan roi thoi nhe"
STAFF_PASSWORD = "con suoi chay qua lang"


class NotInTime(AssertionError):
    """Something that was waited for did not happen."""


class Site:
    """A served site with an instance folder of its own; `environ` adds settings."""

    def __init__(self, folder: Path, **environ: str):
        self.instance = folder / "instance"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self.environ = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            # Compiled once, and not beside what is served: a walk starts many programs.
            "PYTHONPYCACHEPREFIX": str(PROJECT / ".pytest_cache" / "compiled"),
            "INSTANCE_DIR": str(self.instance),
            "PORT": str(self.port),
            "SITE_URL": self.address,
            "SANDBOX_PORT": "0",  # any free one, so that no two sites want the same
            "STAFF_SECOND_FACTOR": "off",  # tests/test_staff_walk.py walks with it
        } | environ
        self.server: subprocess.Popen | None = None

    # --- its commands ---

    def flask(self, *arguments: str, typed: str = "") -> str:
        """What a command of the program printed."""
        return self._run(["-m", "flask", "--app", "app", *arguments], typed)

    def python(self, code: str) -> object:
        """Run `code` beside the program, with its settings; returns the JSON it prints."""
        return json.loads(self._run(["-c", code], ""))

    def _run(self, arguments: list[str], typed: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=PROJECT,
            env=self.environ | {"PYTHONPATH": f"{PROJECT}:{PROJECT / 'tests'}"},
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def add_staff(self, name: str, role: str = "officer", password: str = STAFF_PASSWORD) -> None:
        """Somebody at work: made at the command line, then logged in once, with the first password, to set their own."""
        self.flask("staff", "add", name, "--role", role, "--full-name", "Nguyễn Văn Một", typed=f"{FIRST_PASSWORD}\n")
        browser = Browser(self)
        page = browser.send(browser.open("/mot-cua/dang-nhap"), "Đăng nhập", login_name=name, password=FIRST_PASSWORD)
        browser.send(page, "Lưu mật khẩu", password=password, password_again=password)

    # --- its life ---

    def start(self) -> float:
        """Start the server and wait until it answers; returns the seconds that took."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "flask", "-A", "app", "serve"], cwd=PROJECT, env=self.environ, stdout=log, stderr=log
            )
        wait_until(self.is_well, lambda: f"the server does not answer:\n{self.output()}", every=0.02)
        return time.monotonic() - began

    def is_well(self) -> bool:
        assert self.server.poll() is None, f"the server has ended:\n{self.output()}"
        try:
            with urllib.request.urlopen(f"{self.address}/suc-khoe", timeout=5) as answer:
                return answer.read().split()[:1] == [b"ok"]
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """kill -9: no signal handler, no closing of anything."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        if self.server is not None:
            self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        self.server.send_signal(number)
        try:
            self.server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait(PATIENCE)
            raise
        self.server = None

    def output(self) -> str:
        """The end of what the server printed, for a failure's message; and how it ended, if it has."""
        ended = f"\n(ended: {self.server.returncode})" if self.server and self.server.poll() is not None else ""
        return (self.log.read_text(errors="replace")[-4000:] if self.log.exists() else "") + ended

    # --- its trial bank ---

    def wish_of_bank(self, **wishes: str) -> None:
        """How the trial bank behaves from now on, as somebody sets it on its panel: `way`, `late` (seconds), `answers`."""
        browser = Browser(self)
        browser.send(browser.open(self._panel), "Đặt", **wishes)

    def let_bank_tell(self) -> None:
        """The panel's button beside the newest payment: the notice leaves now, and is true."""
        browser = Browser(self)
        browser.send(browser.open(self._panel), "Gửi IPN đúng")

    @property
    def _panel(self) -> str:
        return re.findall(r"http://127\.0\.0\.1:\d+/bang-dieu-khien", self.log.read_text(errors="replace"))[-1]

    # --- its outbox ---

    def letters(self, to: str = "") -> list[email.message.EmailMessage]:
        """The mail that has left, oldest first."""
        found = [
            email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            for file in sorted((self.instance / "outbox").glob("*.eml"))
        ]
        return [letter for letter in found if to in letter["To"]]

    def wait_for_letter(self, to: str, about: str) -> email.message.EmailMessage:
        """The newest letter to `to` with `about` in its subject, once the worker has sent it."""

        def newest():
            return next((letter for letter in reversed(self.letters(to)) if about in letter["Subject"]), None)

        return wait_until(newest, lambda: f"no letter “{about}” to {to}:\n{self.output()}")


class Browser:
    """Somebody at a browser without script."""

    def __init__(self, site):
        self.site = site
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def open(self, address: str, form: dict[str, str] | None = None):
        data = None if form is None else urllib.parse.urlencode(form).encode()
        with self.opener.open(urllib.parse.urljoin(self.site.address, address), data, timeout=PATIENCE) as answer:
            return html.fromstring(answer.read().decode(), base_url=answer.url)

    def send(self, page, button: str, **typed: str):
        """Fill in the form of `page` that has `button`, and press it."""
        form = next(form for form in page.iter("form") if button in form.text_content())
        fields = {name: value for name, value in form.form_values() if name} | typed
        return self.open(urllib.parse.urljoin(page.base_url, form.get("action") or page.base_url), fields)


@contextmanager
def served(folder: Path, **environ: str) -> Iterator[Site]:
    """A site that answers while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    site = Site(folder, **environ)
    site.flask("init")
    site.start()
    try:
        yield site
    finally:
        site.stop()


def wait_until(happened: Callable[[], object], complaint: Callable[[], str] | str, every: float = 0.05):
    """What `happened` returns, as soon as it is true."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = happened()
        if found:
            return found
        time.sleep(every)
    raise NotInTime(complaint() if callable(complaint) else complaint)


def link_in(letter: email.message.EmailMessage) -> str:
    """The web address a letter asks to open."""
    return re.search(r"https?://\S+", letter.get_content())[0]

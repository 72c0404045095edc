"""A phone with a real browser: what is pressed and typed there, and what it asks of the site meanwhile."""

import re
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from serving import wait_until

SIZES = {"240x320": (240, 320), "360x640": (360, 640)}


@contextmanager
def chromium_running(**options):
    """Debian's Chromium, or a line that says why not."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"], **options)
        yield browser
        browser.close()


@dataclass
class Phone:
    """A browser window: what is pressed and typed there, and what it asks of the site meanwhile."""

    page: object
    address: str
    has_script: bool
    requests: list = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.page.on("request", lambda request: None if "/static/" in request.url else self.requests.append(request))
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, said) -> None:
        if said.type in ("error", "warning"):
            self.complaints.append(f"{said.text} ({self.page.url})")

    # --- looking ---

    @property
    def heading(self) -> str:
        return " ".join(self.page.locator("h1").inner_text().split())

    @property
    def words(self) -> str:
        return " ".join(self.page.locator("body").inner_text().split())

    @property
    def path(self) -> str:
        parts = urlsplit(self.page.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def sees(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()

    # --- doing ---

    def open(self, address: str) -> None:
        self.page.goto(address)

    def go_back(self) -> None:
        """Press Back, and wait for the page; one that the browser had put aside may load itself anew at once, in its place."""
        from playwright.sync_api import Error

        def has_come() -> bool:
            try:
                return self.page.evaluate("document.readyState == 'complete' && !document.documentElement.hidden")
            except Error:  # one page is taking the other's place
                return False

        with suppress(Error):
            self.page.go_back()
        wait_until(has_come, "no page came")

    def type(self, label: str, text: str) -> None:
        self.page.get_by_label(re.compile(f"^{re.escape(label)}")).first.fill(text)

    def choose(self, question: str, answer: str) -> None:
        self._group(question).get_by_label(answer, exact=True).check()

    def answer(self, label: str, answer: str) -> bool:
        """Answer the question `label`, however it is asked; False where it does not stand on this page."""
        if self._group(label).count():
            self.choose(label, answer)
            return True
        control = self.page.get_by_label(re.compile(f"^{re.escape(label)}")).first
        if not control.count():
            return False
        if control.evaluate("control => control.tagName") == "SELECT":
            control.select_option(label=answer)
        else:
            control.fill(answer)
        return True

    def _group(self, question: str):
        return self.page.get_by_role("group", name=re.compile(f"^{re.escape(question)}"))

    def press(self, label: str, whole: bool = False) -> list:
        """Press the button or link that reads `label`, and wait for the page it leads to; returns what was asked of the site.

        With script, what comes is a fragment for <main>; `whole` says that this press is known to fetch a whole page.
        """
        self._wait_for_htmx()
        self.requests.clear()
        old_main = self.page.locator("main > *").first.element_handle()
        self._control(label).click()
        wait_until(lambda: self._is_gone(old_main), lambda: f"“{label}” on “{self.heading}” led nowhere")
        self.is_whole()
        asked = [request for request in self.requests if request.resource_type != "image"]
        if self.has_script and not whole:
            check_fragments(asked)
            self.keeps_nothing()
        return asked

    def send(self, label: str, whole: bool = False) -> None:
        """Press the button of a good form: with script, one request in all."""
        before = self.path, self.page.title()
        asked = self.press(label, whole)
        if self.has_script and not whole:
            assert [request.method for request in asked] == ["POST"]
            pushed = asked[0].response().headers.get("hx-push-url")
            assert self.path == (pushed or urlsplit(asked[0].url).path)
            assert (self.path, self.page.title()) != before

    def keeps_nothing(self) -> None:
        context = self.page.context
        assert context.storage_state()["origins"] == [], "localStorage is kept"
        session = context.new_cdp_session(self.page)
        origin = {"securityOrigin": self.address, "isLocalStorage": False}
        assert session.send("DOMStorage.getDOMStorageItems", {"storageId": origin})["entries"] == []
        session.detach()

    def _control(self, label: str):
        button = self.page.get_by_role("button", name=label, exact=True)
        return (button if button.count() else self.page.get_by_role("link", name=re.compile(rf"^{re.escape(label)}"))).first

    def _wait_for_htmx(self) -> None:
        if self.has_script:
            wait_until(lambda: self.page.evaluate("!!window.htmx"), "htmx has not come", every=0.01)

    def is_whole(self) -> None:
        """All of the page has come. It is asked itself: what the browser tells may still be of the page before."""
        wait_until(lambda: self._says("document.readyState == 'complete'"), lambda: f"half a page on {self.path}", every=0.01)

    def _says(self, question: str) -> bool:
        try:
            return self.page.evaluate(question)
        except Exception:  # another page is coming
            return False

    @staticmethod
    def _is_gone(element) -> bool:
        try:
            return not element.evaluate("element => element.isConnected")
        except Exception:  # the page it was on has been left
            return True


def check_fragments(asked: list) -> None:
    """Each request was htmx's, and the answer that was shown is no whole page."""
    assert asked
    assert all(request.all_headers().get("hx-request") == "true" for request in asked), [request.url for request in asked]
    shown = asked[-1].response().text().lstrip().lower()
    assert shown.startswith("<title>") and "<!doctype" not in shown

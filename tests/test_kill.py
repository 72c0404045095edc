"""kill -9 at any moment: a code that was shown is a dossier, a form sent again is the same dossier (SECURITY §1, §13)."""

import http.client
import random
import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

import person
import postgres
import pytest
import serving
from lxml import html
from serving import wait_until

KILLS, SUBMISSIONS, CLIENTS = 8, 64, 6
CHECK = "/nop-ho-so/dang-ky-khai-sinh/xem-lai"
LOST = (OSError, http.client.HTTPException)


class Client:
    """A plain HTTP client with one cookie; every request on a connection of its own, as after a lost signal."""

    def __init__(self, site, cookie: dict[str, str]):
        self.site = site
        self.cookie = f"{cookie['name']}={cookie['value']}"

    def ask(self, method: str, path: str, form: dict[str, str] | None = None, hang_up: bool = False) -> tuple[int, str, str]:
        """(status, address it leads to, text). With `hang_up` the line is cut before the answer comes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=serving.PATIENCE)
        try:
            headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
            connection.request(method, path, urlencode(form) if form else None, headers)
            if hang_up:
                raise ConnectionAbortedError("the signal was lost")
            answer = connection.getresponse()
            return answer.status, urlsplit(answer.getheader("Location", "")).path, answer.read().decode()
        finally:
            connection.close()

    def ask_until_answered(self, method: str, path: str, form: dict[str, str] | None = None):
        """The same request again and again, as somebody whose signal comes and goes."""

        def answered():
            try:
                return self.ask(method, path, form)
            except LOST:
                return None

        return wait_until(answered, f"{method} {path} was never answered", every=0.02)

    def form(self, path: str, button: str) -> dict[str, str]:
        """The fields of the form with `button`, as they stand on the page."""
        status, _, text = self.ask_until_answered("GET", path)
        assert status == 200, f"{path}: {status}"
        form = next(form for form in html.fromstring(text).iter("form") if button in form.text_content())
        return {name: value for name, value in form.form_values() if name}


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request, tmp_path):
    if request.param == "sqlite":
        with serving.served(tmp_path / "site") as site:
            yield site
    elif postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    else:
        with postgres.running() as url, serving.served(tmp_path / "site", DATABASE_URL=url) as site:
            yield site


# --- submissions -----------------------------------------------------------------------------------------------------


class Submissions:
    """People who submit at once; some lose the answer and send the same form again."""

    def __init__(self, site, cookies: list[dict[str, str]]):
        self.site, self.cookies = site, cookies
        self.sent = 0
        self.given_up = False  # the server will not come back: nobody waits any longer
        self.counting = threading.Lock()

    def submit(self, number: int) -> list[str]:
        """Submit draft `number`; returns every page address that was shown for it, replays included."""
        client = Client(self.site, self.cookies[number])
        form = client.form(CHECK, "Nộp hồ sơ") | {"declared": "1"}
        shown = []
        if number % 4 == 0:  # a quarter hang up, and know of no answer
            self._send(client, form, hang_up=True)
        while not shown and not self.given_up:
            shown += self._send(client, form)
        if number % 4 == 1:  # another quarter press Back and send again
            shown += [client.ask_until_answered("POST", CHECK, form)[1]]
        return shown

    def _send(self, client: Client, form: dict[str, str], hang_up: bool = False) -> list[str]:
        with self.counting:
            self.sent += 1
        try:
            status, address, text = client.ask("POST", CHECK, form, hang_up)
        except LOST:
            time.sleep(0.01)  # between two tries, not for luck
            return []
        assert status == 303, f"{status}: {text[:2000]}"
        return [address]


def kill_often(site, submissions: Submissions, restarts: list[float]) -> None:
    """SIGKILL while forms are on their way, a moment after another one was sent; then start again with no hand work."""
    chance = random.Random(2021)
    try:
        for kill in range(KILLS):
            wanted = (kill + 1) * SUBMISSIONS // (KILLS + 2)
            wait_until(lambda wanted=wanted: submissions.sent >= wanted, "no more forms are sent", every=0.001)
            time.sleep(chance.uniform(0, 0.03))  # anywhere within a submission
            site.kill()
            restarts.append(site.start())
    except BaseException:
        submissions.given_up = True
        raise


def test_no_code_is_lost_and_no_dossier_doubled_by_kill_9(site):
    people = site.python(f"import prepared; prepared.print_citizens({SUBMISSIONS})")
    submissions, restarts = Submissions(site, people), []

    with ThreadPoolExecutor(CLIENTS + 1) as together:
        killer = together.submit(kill_often, site, submissions, restarts)
        shown = together.map(submissions.submit, range(SUBMISSIONS))
        killer.result()
        shown = list(shown)

    assert len(restarts) == KILLS and max(restarts) < 10
    assert all(len(set(addresses)) == 1 for addresses in shown), "a replay gives the same code"
    codes = [address.rsplit("/", 1)[1] for addresses in shown for address in addresses[:1]]
    assert len(set(codes)) == SUBMISSIONS, "one dossier, one code"
    assert site.python(COUNT_DOSSIERS) == [SUBMISSIONS, SUBMISSIONS, SUBMISSIONS], "one dossier a draft, one event a dossier"
    with ThreadPoolExecutor(CLIENTS) as together:
        found = together.map(lambda number: look_up(site, people[number], shown[number][0]), range(SUBMISSIONS))
        assert Counter(found) == {"found": SUBMISSIONS}


COUNT_DOSSIERS = """
import os, json
from app import create_app
from database import db
from models import Dossier, Draft, Event
create_app(os.environ)
with db.connection_context():
    submitted = Draft.select().where(Draft.dossier.is_null(False))
    print(json.dumps([Dossier.select().count(), submitted.count(), Event.select().count()]))
"""


def look_up(site, cookie: dict[str, str], submitted: str) -> str:
    """Whether the codes that were shown open the dossier: the receipt code to anybody, with both papers on disk."""
    status, _, page = Client(site, cookie).ask("GET", submitted)
    assert status == 200
    receipt, code = person.receipt_code_in(page), person.dossier_code_in(page)
    nobody = {"name": "x", "value": "x"}
    status, _, found = Client(site, nobody).ask("GET", f"/tra-cuu?{urlencode({'ma': receipt.lower()})}")
    return "found" if status == 200 and code in found else f"{status} {code}"


# --- drafts ----------------------------------------------------------------------------------------------------------


def test_a_page_that_was_answered_is_there_after_kill_9(site):
    client = Client(site, site.python("import prepared; prepared.print_citizens(1, with_drafts=False)")[0])
    page = "/nop-ho-so/dang-ky-khai-sinh/chu-ho-so"

    for name in ("Siu H'Nhan", "Rah Lan Blĕo", "Kpă Y Thuyn"):
        form = client.form(page, "Lưu và đi tiếp") | {"owner": "other", "owner_name": name}
        status, _, _ = client.ask("POST", page, form)
        site.kill()
        site.start()

        assert status in (303, 422)
        _, _, text = client.ask("GET", page)
        assert re.search(rf'name="owner_name" value="{name.replace(chr(39), "&#39;")}"', text)

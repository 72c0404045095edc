"""Bytes on the wire and requests of each page, against its budget; a table, and exit code 1 when one is over.

The real program behind the real server, as it runs under https (HSTS, Secure cookie), asked for brotli as a phone asks.
A page's bytes are status line, headers and body. What a page loads after it is usable (htmx) stands apart.
"""

import http.client
import io
import os
import re
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

from lxml import html  # noqa: E402

HOST = "dvc.iabang.example"
KB = 1000
SCRIPTS_BUDGET, OWN_SCRIPT_BUDGET, JOURNEY_BUDGET = 18 * KB, 1.5 * KB, 40 * KB
BIRTH = "dang-ky-khai-sinh"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    wire_bytes: int

    @property
    def text(self) -> str:
        import brotli

        packed = self.headers.get("content-encoding") == "br"
        return (brotli.decompress(self.body) if packed else self.body).decode()

    @property
    def tree(self):
        return html.fromstring(self.text)


@dataclass
class Phone:
    """A browser without JavaScript: it keeps one cookie and counts every byte."""

    port: int
    cookie: str = ""
    down: int = 0
    up: int = 0
    requests: int = 0
    weights: list[tuple[str, int]] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)

    def ask(
        self, method: str, path: str, body: bytes = b"", content_type: str = "", uncounted: int = 0, **headers: str
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Host": HOST, "Accept-Encoding": "gzip, deflate, br"} | headers
        if self.weights:
            sent["Referer"] = f"https://{HOST}/"
        if self.cookie:
            sent["Cookie"] = self.cookie
        if method == "POST":
            sent |= {"Content-Type": content_type, "Content-Length": str(len(body)), "Origin": f"https://{HOST}"}
        connection.request(method, path, body or None, sent)
        response = connection.getresponse()
        data = response.read()
        connection.close()
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, data, _wire_bytes(response, data))
        self.down += answer.wire_bytes
        self.up += len(method) + len(path) + 12 + sum(len(k) + len(v) + 4 for k, v in sent.items()) + len(body) - uncounted
        self.requests += 1
        self.weights.append((f"{method} {path.split('?')[0]}", answer.wire_bytes))
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].split(";")[0]
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        answer = self.ask("GET", path, **headers)
        if answer.status in (302, 303):
            return self.get(_path(answer.headers["location"]), **headers)
        for sheet in answer.tree.xpath("//link[@rel='stylesheet']/@href"):
            if sheet not in self.kept:
                self.kept.add(sheet)
                self.ask("GET", sheet)
        return answer

    def press(
        self, answer: Answer, path: str, button: str, typed: dict | None = None, photo: bytes = b"", within: str = ""
    ) -> Answer:
        """Fill the form that has `button` (and the text `within`) and send it; follow where it leads."""
        form = next(
            f for f in answer.tree.iter("form") if button in f.text_content() and within in html.tostring(f, encoding="unicode")
        )
        fields = {name: value for name, value in form.form_values() if name} | (typed or {})
        target = form.get("action") or path
        if form.get("method") != "post":
            return self.get(f"{target}?{urlencode(fields)}")
        body, content_type = (
            _multipart(fields, photo) if photo else (urlencode(fields).encode(), "application/x-www-form-urlencoded")
        )
        result = self.ask("POST", target, body, content_type, uncounted=len(photo))
        assert result.status in (200, 303), (target, result.status, result.text[-1500:])
        return self.get(_path(result.headers["location"])) if result.status == 303 else result


def _wire_bytes(response, body: bytes) -> int:
    head = len(f"HTTP/1.1 {response.status} {response.reason}\r\n") + sum(
        len(k) + len(v.encode("latin-1")) + 4 for k, v in response.getheaders()
    )
    return head + 2 + len(body)


def _path(location: str) -> str:
    parts = urlsplit(location)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _multipart(fields: dict[str, str], photo: bytes) -> tuple[bytes, str]:
    edge = "----phone"
    body = io.BytesIO()
    for name, value in fields.items():
        if name != "file":
            body.write(f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    body.write(f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="anh.jpg"\r\n\r\n'.encode())
    body.write(photo + f"\r\n--{edge}--\r\n".encode())
    return body.getvalue(), f"multipart/form-data; boundary={edge}"


# --- the site under measure ------------------------------------------------------------------------------------------


class Site:
    def __init__(self, folder: Path):
        from waitress import create_server

        import database
        from app import create_app
        from rules.library import load_content

        self.app = create_app({"INSTANCE_DIR": str(folder), "SITE_URL": f"https://{HOST}", "PATH": os.environ.get("PATH", "")})
        database.migrate()
        database.db.connect(reuse_if_open=True)
        load_content(PROJECT / "content")
        self.library = self.app.extensions["library"].refreshed()
        self.server = create_server(self.app, host="127.0.0.1", port=0, threads=4, ident=None)
        threading.Thread(target=self.server.run, daemon=True).start()

    @property
    def port(self) -> int:
        return self.server.effective_port

    def phone_of(self, person) -> Phone:
        from database import utc_now
        from rules import logins

        return Phone(self.port, cookie=f"__Host-v={logins.begin_login(person, 'bench', utc_now())}")

    def letter_path(self) -> str:
        """The address in the newest confirmation letter."""
        from database import utc_now
        from models import Message

        body = Message.select().order_by(Message.id.desc()).get().body
        assert utc_now()
        return urlsplit(re.search(r"https://\S+", body).group()).path


def seed(site: Site):
    """A citizen with a full draft and thirty dossiers, an officer with a queue."""
    import conftest

    from database import utc_now
    from rules import staff, submission

    citizen, officer = (
        conftest.make_account(),
        staff.add_staff("bench", "Cán bộ", "officer", "H21.129", conftest.PASSWORD, utc_now()),
    )

    dossier = None
    for _ in range(30):
        draft = conftest.full_draft(site.app, citizen, "dang-ky-khai-tu")
        dossier = submission.submit(
            draft,
            submission.content_hash(draft),
            site.library.definitions["dang-ky-khai-tu"],
            "H21.129",
            site.library.calendar,
            utc_now(),
            lambda code: code,
        )
    conftest.full_draft(site.app, citizen, BIRTH)
    return citizen, officer, dossier


# --- what is measured ------------------------------------------------------------------------------------------------


@dataclass
class Row:
    name: str
    path: str
    whole_budget: float
    fragment_budget: float | None = None
    who: str = "anyone"


def rows(site: Site, dossier) -> list[Row]:
    first, page, wide, listed, check = 2.5 * KB, 2.5 * KB, 5 * KB, 6 * KB, 4 * KB
    step, form = 0.8 * KB, 1.2 * KB
    found = [
        Row("home", "/", first),
        Row("login: choice", "/tai-khoan/dang-nhap", first, form),
        Row("login: number and password", "/tai-khoan/dang-nhap/tinh", first, form),
        Row("lookup", "/tra-cuu", first, form),
        Row("lookup: a dossier", f"/tra-cuu?ma={dossier.receipt_code}", page, form),
        Row("register: kind", "/tai-khoan/dang-ky", page, form),
        Row("register: number", "/tai-khoan/dang-ky/so-giay-to?loai=cong-dan", page, form),
        Row("register: look in your mail", "/tai-khoan/dang-ky/da-gui", page, form),
        Row("forgotten: number and way", "/tai-khoan/quen-mat-khau", page, form),
        Row("forgotten: look in your mail", "/tai-khoan/quen-mat-khau/da-gui", page, form),
        Row("forgotten: code and password", "/tai-khoan/quen-mat-khau/ma", page, form),
        Row("forgotten: in person", "/tai-khoan/quen-mat-khau/gap-can-bo", page, form),
        Row("forgotten: done", "/tai-khoan/quen-mat-khau/xong", page, form),
        Row("activate", "/tai-khoan/kich-hoat", page, form),
        Row("wiped from this phone", "/tai-khoan/xong", page, form),
        Row("guides", "/huong-dan/", listed),
        Row("catalogue", "/dich-vu/", listed),
        Row("found procedures", "/dich-vu/?q=dang+ky", listed),
        Row("contact", "/lien-he", page, None, "citizen"),
        Row("privacy", "/quyen-rieng-tu", page, None, "citizen"),
        Row("Trang cá nhân", "/ca-nhan/", check, None, "citizen"),
        Row("one's own dossier", f"/ca-nhan/ho-so/{dossier.code}", page, None, "citizen"),
        Row("submit: owner", f"/nop-ho-so/{BIRTH}/chu-ho-so", page, form, "citizen"),
        Row("submit: where to receive", f"/nop-ho-so/{BIRTH}/nhan-ket-qua", page, form, "citizen"),
        Row("submit: papers", f"/nop-ho-so/{BIRTH}/giay-to", check, None, "citizen"),
        Row("submit: check", f"/nop-ho-so/{BIRTH}/xem-lai", check, None, "citizen"),
        Row("submit: done", f"/nop-ho-so/{dossier.procedure_slug}/da-nop/{dossier.code}", page, None, "citizen"),
        Row("desk: login", "/mot-cua/dang-nhap", page),
        Row("desk: queue", "/mot-cua/", listed, None, "officer"),
    ]
    found += [Row(f"guide {g.number} whole", f"/huong-dan/{slug}/", wide) for slug, g in site.library.guides.items()]
    found += [
        Row(f"guide {g.number} step {n}", f"/huong-dan/{slug}/{n}", first, step)
        for slug, g in site.library.guides.items()
        for n, _ in enumerate(g.steps, 1)
    ]
    found += [Row(f"procedure {slug}", f"/dich-vu/{slug}", wide) for slug in site.library.procedures]
    for slug in (BIRTH, "dang-ky-ket-hon"):
        pages = site.library.definitions[slug]["eform"]["pages"]
        found += [
            Row(f"form step {slug} {n}", f"/nop-ho-so/{slug}/trang-{n}", page, form, "citizen") for n, _ in enumerate(pages, 1)
        ]
    return found


def measure(row: Row, phones: dict[str, Phone]) -> tuple[int, int, int] | None:
    """Whole bytes, requests needed to read and act, fragment bytes; None for a page that is not asked of this person."""
    phone = phones[row.who]
    fresh = Phone(phone.port, phone.cookie if row.who != "anyone" else "")
    whole = fresh.ask("GET", row.path)
    if whole.status == 404 and "/trang-" in row.path:
        return None
    assert whole.status == 200, (row.path, whole.status)
    # A visitor with a cookie has the site's style sheet already; the desk has one more of its own.
    sheets = [
        sheet for sheet in whole.tree.xpath("//link[@rel='stylesheet']/@href") if row.who == "anyone" or "/style.css" not in sheet
    ]
    needed = sheets + whole.tree.xpath("//img|//script[not(@async) and not(@defer)]")
    fragment = Phone(phone.port, fresh.cookie if row.who != "anyone" else "").ask("GET", row.path, **{"HX-Request": "true"})
    return whole.wire_bytes, 1 + len(needed), fragment.wire_bytes


def journey(site: Site) -> Phone:
    """Register, confirm, log in, submit a birth registration with two photos, look it up: every page, no JavaScript."""
    import conftest

    phone = Phone(site.port)
    photo = conftest.photo()
    phone.get("/")
    phone.get("/tai-khoan/dang-nhap")
    phone.get("/tai-khoan/dang-nhap/tinh")
    page = phone.press(phone.get("/tai-khoan/dang-ky"), "", "IAL2")
    page = phone.press(page, "", "Tiến hành đăng ký", {"id_number": "064090999999"})
    person = {
        "password": conftest.PASSWORD,
        "password_again": conftest.PASSWORD,
        "full_name": "Siu Blĕo",
        "birth_date": "5/7/1990",
        "village": "Thôn 6",
        "phone": "0912345678",
        "email": "bleo@example.vn",
    }
    phone.press(page, "", "Đăng ký", person)
    confirm = site.letter_path()
    phone.press(phone.get(confirm), confirm, "Xác nhận")
    login = {"id_number": "064090999999", "password": conftest.PASSWORD}
    page = phone.press(phone.get("/tai-khoan/dang-nhap/tinh"), "", "Đăng nhập", login)
    phone.get(f"/dich-vu/{BIRTH}")  # it stands on the home page
    page = phone.get(f"/nop-ho-so/{BIRTH}/")
    page = phone.press(page, f"/nop-ho-so/{BIRTH}/chu-ho-so", "Lưu và đi tiếp", {"owner": "self"})
    while "Nơi nhận kết quả" not in page.tree.findtext(".//h1"):
        page = phone.press(page, phone.weights[-1][0].split()[1], "Lưu và đi tiếp", _answers(site, page))
    page = phone.press(page, f"/nop-ho-so/{BIRTH}/nhan-ket-qua", "Lưu và đi tiếp", {"delivery": "desk"})
    papers = f"/nop-ho-so/{BIRTH}/giay-to"
    for key in ("giay_chung_sinh", "giay_to_tuy_than"):
        if f'value="{key}"' not in page.text:
            page = phone.get(f"{papers}?them={key}")
        page = phone.press(page, papers, "Gửi giấy này", photo=photo, within=f'value="{key}"')
    page = phone.press(page, papers, "Lưu và đi tiếp")
    page = phone.press(page, f"/nop-ho-so/{BIRTH}/xem-lai", "Nộp hồ sơ", {"declared": "1"})
    code = page.tree.find_class("code")[0].text_content()
    phone.press(phone.get("/tra-cuu"), "", "Tra cứu", {"ma": code})
    return phone


def _answers(site: Site, page: Answer) -> dict[str, str]:
    import conftest

    names = {field.get("name") for field in page.tree.iter("input", "textarea", "select")}
    questions = [q for p in site.library.definitions[BIRTH]["eform"]["pages"] for q in p["questions"]]
    return {q["key"]: conftest.good_answer(q) for q in questions if q["key"] in names}


def scripts(site: Site) -> tuple[int, int]:
    phone = Phone(site.port)
    own = phone.ask("GET", "/static/0/gate.js").wire_bytes
    return own, own + phone.ask("GET", "/static/2.0.11/vendor/htmx-2.0.11.min.js").wire_bytes


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        citizen, officer, dossier = seed(site)
        phones = {"anyone": Phone(site.port), "citizen": site.phone_of(citizen), "officer": site.phone_of(officer)}
        over = []
        print(f"{'page':45} {'requests':>8} {'whole':>7} {'budget':>7} {'fragment':>9} {'budget':>7}")
        for row in rows(site, dossier):
            found = measure(row, phones)
            if found is None:
                continue
            whole, requests, fragment = found
            is_over = (
                whole > row.whole_budget
                or fragment > (row.fragment_budget or 1e9)
                or requests > (2 if row.who == "officer" or "desk" in row.name else 1)
            )
            over += [row.name] if is_over else []
            weights = f"{whole:7} {row.whole_budget:7.0f} {fragment:9} {row.fragment_budget or 0:7.0f}"
            print(f"{row.name:45} {requests:8} {weights}{'  OVER' if is_over else ''}")
        own, all_scripts = scripts(site)
        walked = journey(site)
        totals = [
            ("our script", own, OWN_SCRIPT_BUDGET),
            ("htmx and our script, after the page", all_scripts, SCRIPTS_BUDGET),
            (f"whole journey, {walked.requests} requests", walked.down, JOURNEY_BUDGET),
        ]
        for name, weight, budget in totals:
            over += [name] if weight > budget else []
            print(f"{name:45} {'':8} {weight:7} {budget:7.0f}{'  OVER' if weight > budget else ''}")
        print(f"{'(sent by the phone in the journey, no photos)':45} {'':8} {walked.up:7}")
        if "-v" in sys.argv:
            for path, weight in walked.weights:
                print(f"  {weight:6} {path}")
        site.server.task_dispatcher.shutdown()
        site.server.close()
    print(f"{len(over)} over budget" + (f": {', '.join(over)}" if over else ""))
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())

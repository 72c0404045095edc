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
SCRIPTS_BUDGET, OWN_SCRIPT_BUDGET, JOURNEY_BUDGET, PICTURE_BUDGET = 18 * KB, 1.5 * KB, 40 * KB, 2 * KB
EMBED_BUDGET = 2 * KB
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
    at: str = ""  # the page that is shown

    def begin(self, part: str) -> None:
        """A part of the journey begins; bench/journey.py takes its time."""

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def hang_up(self, connection: http.client.HTTPConnection) -> None:
        connection.close()

    def ask(
        self, method: str, path: str, body: bytes = b"", content_type: str = "", uncounted: int = 0, **headers: str
    ) -> Answer:
        connection = self.connect()
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
        self.hang_up(connection)
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
        self.at = path
        for sheet in answer.tree.xpath("//link[@rel='stylesheet']/@href"):
            if sheet not in self.kept:
                self.kept.add(sheet)
                self.ask("GET", sheet)
        return answer

    def press(
        self, answer: Answer, path: str, button: str, typed: dict | None = None, photo: bytes = b"", within: str = ""
    ) -> Answer:
        """Fill the form that has `button` (and the text `within`) and send it; follow where it leads."""
        form = form_with(answer, button, within)
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


def form_with(answer: Answer, button: str, within: str = ""):
    return next(
        f for f in answer.tree.iter("form") if button in f.text_content() and within in html.tostring(f, encoding="unicode")
    )


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
        from rules.content_store import load_content

        self.app = create_app({"INSTANCE_DIR": str(folder), "SITE_URL": f"https://{HOST}", "PATH": os.environ.get("PATH", "")})
        database.migrate()
        database.db.connect(reuse_if_open=True)
        load_content(PROJECT / "content")
        self.library = self.app.extensions["library"].refreshed()
        self.server = create_server(self.app, host="127.0.0.1", port=0, threads=4, ident=None)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    def close(self) -> None:
        """In the server's own thread: closed from here, its loop would wait on a socket that is no more."""
        from waitress import wasyncore

        self.server.task_dispatcher.shutdown()
        self.server.trigger.pull_trigger(lambda: wasyncore.close_all(self.server._map, ignore_all=True))
        self.thread.join(10)

    @property
    def port(self) -> int:
        return self.server.effective_port

    def phone_of(self, person, waits_for: str = "") -> Phone:
        from database import utc_now
        from rules import logins

        return Phone(self.port, cookie=f"__Host-v={logins.begin_login(person, 'bench', utc_now(), waits_for=waits_for)}")

    def letter_path(self) -> str:
        """The address in the newest confirmation letter."""
        from database import utc_now
        from models import Message

        body = Message.select().order_by(Message.id.desc()).get().body
        assert utc_now()
        return urlsplit(re.search(r"https://\S+", body).group()).path


def seed(site: Site):
    """A citizen with a full draft and thirty dossiers, an officer with a queue."""
    import stage

    from database import utc_now
    from rules import staff, submission

    citizen, officer = (
        stage.make_account(),
        staff.add_staff("bench", "Cán bộ", "officer", "H21.129", stage.PASSWORD, utc_now()),
    )

    dossier = None
    for _ in range(30):
        draft = stage.full_draft(site.app, citizen, "dang-ky-khai-tu")
        dossier = submission.submit(
            draft,
            submission.content_hash(draft),
            site.library.definitions["dang-ky-khai-tu"],
            "H21.129",
            site.library.calendar,
            utc_now(),
            lambda code: code,
        )
    stage.full_draft(site.app, citizen, BIRTH)
    seed_businesses(citizen)
    seed_documents(site, citizen)
    seed_account(site, citizen, officer)
    seed_people(citizen, officer)
    seed_announcements(site, officer)
    seed_recordings(site)
    return citizen, officer, dossier


def seed_announcements(site: Site, officer) -> None:
    """Thirty announcements hold, ten are over; their titles as long as people write them."""
    from datetime import timedelta

    import stage

    from database import utc_now
    from rules import content_store
    from rules.content_files import as_text

    told = {}
    for number in range(40):
        first = stage.today() - timedelta(days=number)
        last = first + timedelta(days=30 if number < 30 else 1)
        said = {"slug": f"viec-{number}", "title": f"Bộ phận Một cửa làm việc cả sáng thứ Bảy từ tuần {number} của năm nay",
                "body": "Bà con mang giấy tờ đến xã.\n\n" * 3, "valid_from": str(first), "valid_to": str(last)}  # fmt: skip
        told[f"announcements/viec-{number}.yaml"] = as_text(said)
    content_store.publish(told, officer, utc_now())
    site.app.extensions["library"]._looked_at = float("-inf")
    site.library = site.app.extensions["library"].refreshed()


def seed_mending(site: Site) -> dict:
    """Of the citizen's dossiers: one that is being corrected, one of which the desk asks more, one whose result is in hand."""
    from datetime import timedelta

    import stage

    from database import utc_now
    from models import Dossier, Staff, State
    from rules import corrections, supplements

    now, new = utc_now(), Dossier.select().where(Dossier.state == State.SUBMITTED).order_by(Dossier.id.desc()).limit(4)
    _, corrected, lacking, rated = new
    corrections.begin(corrected, corrected.account, site.app.extensions["files"], now)
    asked = [supplements.Asked(d["key"], d["name"], "Ảnh mờ, không đọc được") for d in lacking.procedure["documents"][:3]]
    due_on, officer = stage.today() + timedelta(days=14), Staff.get(Staff.login_name == "bench")
    supplements.ask(lacking, asked, due_on, officer, now, site.library.calendar, form_key="bench")
    Dossier.update(state=State.RETURNED).where(Dossier.id == rated.id).execute()
    return {"corrected": corrected, "lacking": lacking, "rated": rated}


def seed_documents(site: Site, citizen) -> None:
    """Sixty personal documents of a large family, some soon out of date; the first one with ten photos, one of them old."""
    from datetime import timedelta

    import stage

    from database import utc_now
    from gateways.papers import CleanPaper
    from rules import documents

    store, now = site.app.extensions["files"], utc_now()
    people = ("của tôi", "của vợ", "của H'Mai", "của Y Blim", "của ông ngoại", "của bà nội", "của Siu Hyiu", "của Rơ Châm Đin")
    kinds = list(documents.KINDS.items())[:8]
    for number in range(60):
        kind, words = kinds[number % 8]
        expires = (stage.today() + timedelta(days=number - 20)).isoformat() if number % 6 == 0 else ""
        details = {"name": f"{words} {people[number * 7 // 8 % 8]}", "number": f"{64090000000 + number * 7919:012}",
                   "issued_on": "2019-07-05", "place": "UBND xã Ia Băng", "expires_on": expires}  # fmt: skip
        photos = [stage.photo(size=(60, 80 + number * 12 + n)) for n in range(10 if number == 59 else 1 + number % 2)]
        kept = [
            documents.keep_file(CleanPaper(photo, "image/jpeg", f"IMG_2026{number:02}{n:02}.jpg"), store)
            for n, photo in enumerate(photos)
        ]
        document, _ = documents.save_document(citizen, f"bench-{number}", kind, details, kept, store, 10**9, now)
    new = documents.keep_file(CleanPaper(stage.photo(size=(61, 80)), "image/jpeg", "IMG_20261122.jpg"), store)
    documents.replace_file(citizen, document.files.get(), new, store, 10**9, now)


def seed_businesses(citizen) -> None:
    """The citizen acts for a business of three people with twelve dossiers, and is invited to another."""
    import stage

    from database import utc_now
    from models import Dossier
    from rules import businesses

    now, partners = utc_now(), [stage.make_account(full_name=name, email="") for name in ("Kpă Thuyên", "Rmah H'Mai")]
    own = businesses.add(citizen, "Công ty TNHH Cà phê Ia Băng", "5900189357", now)
    for partner in partners:
        businesses.invite(own, citizen, partner, now)
        businesses.accept(businesses.invitation(partner, own.ref, now), now)
    first = Dossier.select(Dossier.id).order_by(Dossier.id).limit(12)
    Dossier.update(business=own, owner_name=own.name).where(Dossier.id.in_([row.id for row in first])).execute()
    other = businesses.add(partners[0], "Hợp tác xã Hồ tiêu Ia Băng", "5900000019", now)
    businesses.invite(other, partners[0], citizen, now)


def seed_people(citizen, officer) -> None:
    """The officer has looked up the citizen, who was two accounts, and somebody of the older number, who got a slip; twenty
    requests of a leader wait for the officer."""
    import stage

    from database import utc_now
    from rules import approvals, people, slips

    now, leader = utc_now(), stage.make_staff("leader")
    absorbed = stage.make_account(full_name=citizen.full_name, email="", id_number="231234999")
    approvals.grant(approvals.ask("merge", citizen, officer, "Một người, hai số giấy tờ", now, "merge", absorbed), leader, now)
    old = stage.make_account(full_name="Rơ Châm H'Blơm", email="", id_number="231234567", password_hash="")
    slips.make_slip(old, officer, now, "slip")
    for account in (citizen, old):
        people.open_for(account, officer, "Xem giấy tờ thật", now)
    asked = [
        approvals.ask("reset", stage.make_account(full_name=f"Kpă H'Nu {n}", email=""), leader, "Quên mật khẩu", now, f"{n}")
        for n in range(21)
    ]
    approvals.grant(asked[-1], officer, now)


def seed_recordings(site: Site) -> None:
    """Every step of every guide in three languages, but for one in Bahnar, and nothing of guide VII; one that waits, one that
    failed, one to put back."""
    import stage

    from models import Recording
    from rules import recordings

    own, keep = site.library.guides["nop-ho-so"], site.app.extensions["files"].keep
    by = stage.make_staff("culture", "bench-culture")

    def make(step: int, language: str, guide=own, **more) -> None:
        words = recordings.words_hash(guide, step)
        known = {"guide_slug": guide.slug, "step": step, "language": language, "uploaded_by": by, "words_hash": words}
        Recording.create(**known, form_key=f"bench-{Recording.select().count()}", **more)

    sounds = {"mp3_bytes": 131_072, "opus_bytes": 98_431, "seconds": 65, "state": "ready"}
    for place in recordings.missing(list(site.library.guides.values())):
        is_left_out = (place.guide, place.step, place.language) == (own, 4, "bahnar") or place.guide.slug == "thanh-toan"
        if not is_left_out:
            make(place.step, place.language, place.guide, **sounds, mp3_name=keep(b"x"), opus_name=keep(b"y"))
    make(4, "bahnar", stored_name=keep(b"z"))
    make(4, "bahnar", state="failed", stored_name=keep(b"z"), fault=recordings.MACHINE_FAULT)
    make(2, "jrai", **sounds, mp3_name=keep(b"x"), opus_name=keep(b"y"), replaced_at=by.created_at)


def seed_staff(site: Site) -> dict[str, Phone]:
    """Thirty of the staff, four of them waiting to be approved; an administrator at work, and three on their way in."""
    import stage

    from database import utc_now
    from rules import staff

    boss, now = stage.make_staff("administrator"), utc_now()
    for number in range(30):
        more = {"approved_at": None, "made_by": boss} if number < 4 else {"approved_at": now, "village": f"Thôn {number % 11}"}
        staff.add_staff(f"canbo{number}", f"Rơ Châm H'Lan {number}", staff.ROLES[number % 7], "H21.129", "x" * 12, now, **more)
    coming = {
        name: stage.make_staff("village_head", name, second_factor="codes") for name in ("first_password", "set_factor", "factor")
    }
    clerk = staff.Staff.get(staff.Staff.role == "postal_clerk", staff.Staff.approved_at.is_null(False))
    at_work = {"administrator": site.phone_of(boss), "postal_clerk": site.phone_of(clerk)}
    return at_work | {step: site.phone_of(person, step) for step, person in coming.items()}


def seed_outreach(site: Site) -> dict[str, Phone]:
    """A village head with a full page of notes, and what is asked of every village."""
    from datetime import timedelta

    import stage

    from database import utc_now
    from rules import outreach

    now, today, villages = utc_now(), stage.today(), site.library.villages()
    head, culture = stage.make_staff("village_head", "truong-6", village="Thôn 6"), stage.make_staff("culture", "van-hoa")
    guides = tuple(site.library.guides)
    campaigns = [
        outreach.begin_campaign(
            outreach.Plan(title, "Mỗi thôn, làng một buổi họp, chỉ bà con làm trên máy", 40, guides[:3], today, today),
            culture,
            now,
            title,
        )
        for title in ("Chỉ bà con tra cứu hồ sơ", "Làm tài khoản cho người già", "Nộp hồ sơ khai sinh trên mạng")
    ]
    outreach.end_campaign(campaigns[2], culture, now)
    places = ("Nhà rông", "Nhà văn hoá thôn", "Sân trường tiểu học", "Quán bà Ksor", "Nhà thờ", "Chợ")
    asked = "Mất mã hồ sơ thì làm sao?\nCon đi làm xa thì nộp thay được không?\nPhí bao nhiêu?"
    for number in range(60):
        said = {"place": places[number % 6], "reached": 10 + number, "guides": guides[: number % 5], "questions": asked}
        day = today - timedelta(days=number // 3)
        village = "Thôn 6" if number % 2 else villages[number % 11]
        session = outreach.Session(village, day, campaign=None if day < today else campaigns[0], **said)
        outreach.note_session(session, head if village == "Thôn 6" else culture, villages, now, f"bench-{number}")
    return {"village_head": site.phone_of(head), "culture": site.phone_of(culture)}


def seed_account(site: Site, citizen, officer) -> None:
    """Something of every kind waits for the citizen; ten drafts, twelve logins, a log of forty lines."""
    from database import utc_now
    from models import Dossier, State
    from rules import account_log, data_rights, logins, my_account, people, submission

    now = utc_now()
    for slug in list(site.library.procedures)[:12]:
        submission.open_or_begin_draft(citizen, slug, now)
    mine = Dossier.select(Dossier.id).where(Dossier.business.is_null()).order_by(Dossier.id).limit(3)
    for row, state in zip(mine, (State.AWAITING_SUPPLEMENT, State.AWAITING_PAYMENT, State.DONE), strict=True):
        Dossier.update(state=state).where(Dossier.id == row.id).execute()
    people.see_paper(citizen, officer, now)
    for dossier in Dossier.select().limit(19):
        account_log.record(citizen, "dossier opened", now, by=officer, subject=dossier.code, purpose="giải quyết hồ sơ")
        account_log.record(citizen, "reset granted", now, by=officer, second="Nguyễn Thị Hai")
    account_log.record(citizen, "password reset", now, by=citizen, subject="mã trên phiếu")
    my_account.ask_new_email(citizen, "moi@example.vn", str, now)
    data_rights.ask_deletion(citizen, now)
    for _ in range(12):
        logins.begin_login(citizen, "Mozilla/5.0 (Linux; Android 14; SM-A055F) Chrome/120.0 Mobile Safari/537.36", now, True)


# --- what is measured ------------------------------------------------------------------------------------------------


@dataclass
class Row:
    name: str
    path: str
    whole_budget: float
    fragment_budget: float | None = None
    who: str = "anyone"
    pictures: int = 0  # that are what the page is about, and not lazy


def rows(site: Site, dossier) -> list[Row]:
    mended = seed_mending(site)
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
        Row("correct: begun", f"/nop-ho-so/sua.{mended['corrected'].code}/xem-lai", check, None, "citizen"),
        Row("answer what the desk asks", f"/ca-nhan/ho-so/{mended['lacking'].code}/bo-sung", page, None, "citizen"),
        Row("one's own dossier, more is asked", f"/ca-nhan/ho-so/{mended['lacking'].code}", page, None, "citizen"),
        Row("withdraw", f"/ca-nhan/ho-so/{mended['corrected'].code}/rut", page, None, "citizen"),
        Row("copy as a new dossier", f"/ca-nhan/ho-so/{mended['corrected'].code}/nop-lai", page, None, "citizen"),
        Row("rate", f"/ca-nhan/ho-so/{mended['rated'].code}/danh-gia", page, None, "citizen"),
        Row("history: a dossier", f"/ca-nhan/lich-su/{mended['lacking'].code}", page, None, "citizen"),
        Row("history: asked for more", f"/ca-nhan/lich-su/{mended['lacking'].code}/bo-sung", page, None, "citizen"),
        Row("desk: a dossier, more is asked", f"/mot-cua/ho-so/{mended['lacking'].code}", listed, None, "officer"),
        Row("desk: check a paper", checked_at(mended["lacking"]), check, None, "officer", pictures=1),
        Row("desk: ask for more", f"/mot-cua/ho-so/{mended['corrected'].code}/bo-sung", page, None, "officer"),
        Row("desk: to another office", f"/mot-cua/ho-so/{mended['corrected'].code}/chuyen-co-quan", page, None, "officer"),
        Row("desk: gone to other offices", "/mot-cua/da-chuyen", listed, None, "officer"),
        Row("desk: what is late", "/mot-cua/tre-han", listed, None, "officer"),
        Row("desk: being sorry", f"/mot-cua/ho-so/{mended['lacking'].code}/xin-loi", page, None, "officer"),
        Row("desk: texts to send", "/mot-cua/tin-nhan/", listed, None, "officer"),
        Row("desk: put a result up", f"/mot-cua/ho-so/{mended['rated'].code}/dua-ket-qua", page, None, "officer"),
        Row("submit: owner", f"/nop-ho-so/{BIRTH}/chu-ho-so", page, form, "citizen"),
        Row("submit: where to receive", f"/nop-ho-so/{BIRTH}/nhan-ket-qua", page, form, "citizen"),
        Row("submit: papers", f"/nop-ho-so/{BIRTH}/giay-to", check, None, "citizen"),
        Row("submit: one paper", f"/nop-ho-so/{BIRTH}/giay-{sent_paper()}", page, form, "citizen"),
        Row("submit: check", f"/nop-ho-so/{BIRTH}/xem-lai", check, None, "citizen"),
        Row("submit: done", f"/nop-ho-so/{dossier.procedure_slug}/da-nop/{dossier.code}", page, None, "citizen"),
        *account_rows(page, listed, form),
        *business_rows(page, listed, form),
        *document_rows(page, listed, form),
        *people_rows(page, listed),
        *staff_rows(page, listed),
        *post_rows(page, listed),
        *payment_rows(site, page, listed, check),
        Row("posters", "/to-roi/", listed),
        Row("a poster to print", "/to-roi/ba-cach/in", wide, pictures=1),
        Row("a procedure to print", f"/dich-vu/{BIRTH}/in", wide, pictures=1),
        Row("desk: packs of the villages", "/mot-cua/bo-tai-lieu/", listed, None, "officer"),
        Row("desk: a pack to make", "/mot-cua/bo-tai-lieu/lap", listed, None, "officer"),
        Row("desk: a pack for each village", "/mot-cua/bo-tai-lieu/tat-ca", listed, None, "officer"),
        *outreach_rows(page, listed, check),
        Row("what everybody may see of the work", "/minh-bach", first),
        Row("what this site is", "/gioi-thieu", first),
        *embed_rows(site),
        Row("announcements", "/thong-bao/", listed),
        Row("an announcement", "/thong-bao/viec-1", first),
        Row("an announcement on paper", "/thong-bao/viec-1/in", check, pictures=1),
        Row("desk: ask for money", f"/mot-cua/ho-so/{mended['rated'].code}/yeu-cau-nop-tien", check, None, "officer"),
        Row("desk: money of the day", "/mot-cua/tien/", listed, None, "officer"),
        Row("desk: money and the gateway's word", "/mot-cua/tien/doi-soat", check, None, "officer"),
        Row("desk: money that needs somebody", "/mot-cua/tien/can-xu-ly", listed, None, "officer"),
        Row("desk: II.06a", "/mot-cua/bao-cao/", check, None, "officer"),
        Row("desk: progress", "/mot-cua/bao-cao/tien-do", check, None, "officer"),
        Row("desk: register", "/mot-cua/bao-cao/so-theo-doi", listed, None, "officer"),
        Row("desk: for leaders", "/mot-cua/bao-cao/lanh-dao", check, None, "officer"),
        Row("desk: login", "/mot-cua/dang-nhap", page),
        Row("desk: queue", "/mot-cua/", listed, None, "officer"),
        Row("desk: queue, narrowed", "/mot-cua/?xem=moi&kenh=online&tu=1/1/2020", listed, None, "officer"),
        Row("desk: find a dossier", "/mot-cua/tim", page, None, "officer"),
        Row("desk: kinds of questions", "/mot-cua/mau-cau-hoi", listed, None, "officer"),
        Row("desk: what a question may say", "/mot-cua/mau-cau-hoi?xem=muc", listed, None, "officer"),
    ]
    found += [
        Row("listening to a guide, all there", "/huong-dan/nop-ho-so/nghe", wide),
        Row("listening to a guide, nothing there", "/huong-dan/thanh-toan/nghe", first),
        Row("desk: recordings", "/mot-cua/ghi-am/", listed, None, "administrator"),
        Row("desk: recordings of a guide", "/mot-cua/ghi-am/nop-ho-so", listed, None, "administrator"),
        Row("desk: take a recording away", f"/mot-cua/ghi-am/nop-ho-so/{spoken()}/bo", page, None, "administrator"),
    ]
    found += [Row(f"guide {g.number} whole", f"/huong-dan/{slug}/", wide) for slug, g in site.library.guides.items()]
    found += [
        Row(f"guide {g.number} step {n}", f"/huong-dan/{slug}/{n}", first, step)
        for slug, g in site.library.guides.items()
        for n, _ in enumerate(g.steps, 1)
    ]
    # Asked for from the step, so the sheet is there already; here, as in print, it is fetched beside the pictures.
    found += [
        Row(f"guide {g.number} step {n} with its picture", f"/huong-dan/{slug}/{n}?hinh=1", page, None, pictures=2)
        for slug, g in site.library.guides.items()
        for n, _ in enumerate(g.steps, 1)
    ]
    found += [
        Row(f"guide {g.number} to print", f"/huong-dan/{slug}/in", wide, None, pictures=len(g.steps) + 2)
        for slug, g in site.library.guides.items()
    ]
    found += [Row(f"procedure {slug}", f"/dich-vu/{slug}", wide) for slug in site.library.procedures]
    for slug in (BIRTH, "dang-ky-ket-hon"):
        pages = site.library.definitions[slug]["eform"]["pages"]
        found += [
            Row(f"form step {slug} {n}", f"/nop-ho-so/{slug}/trang-{n}", page, form, "citizen") for n, _ in enumerate(pages, 1)
        ]
    return found


def embed_rows(site: Site) -> list[Row]:
    """What other sites show in a frame: never a fragment, and no site's style sheet is there."""
    names = ["huong-dan", "tra-cuu", "thu-tuc", "thong-bao", "so-lieu", *(f"huong-dan/{slug}" for slug in site.library.guides)]
    plain = "huong-dan", "huong-dan/dang-ky-tai-khoan", "thong-bao", "so-lieu"
    windows = [Row(f"in a frame: {name}", f"/nhung/{name}", EMBED_BUDGET) for name in names]
    return windows + [Row(f"as a list: {name}", f"/nhung/{name}?dang=danh-sach", EMBED_BUDGET) for name in plain]


def account_rows(page: float, listed: float, form: float) -> list[Row]:
    root, changes = "/ca-nhan/tai-khoan/", ("ten", "dien-thoai", "thon", "e-mail", "mat-khau")
    return [
        Row("drafts", "/ca-nhan/ban-nhap", listed, None, "citizen"),
        Row("dossiers", "/ca-nhan/ho-so", listed, None, "citizen"),
        Row("history", "/ca-nhan/lich-su", listed, None, "citizen"),
        Row("history, narrowed", "/ca-nhan/lich-su?co-quan=H21.129&tu=1/1/2020&den=h%C3%B4m+nay", listed, None, "citizen"),
        Row("account", root, page, None, "citizen"),
        *(Row(f"account: change {n}", root + n, page, form, "citizen") for n in changes),
        Row("account: logins", f"{root}may", listed, None, "citizen"),
        Row("account: leave everywhere", f"{root}may/thoat-het", page, form, "citizen"),
        Row("account: void the slip", f"{root}may/thoat-het", page, form, "citizen"),
        Row("account: who has seen", f"{root}ai-da-xem", listed, None, "citizen"),
        Row("my data", "/ca-nhan/du-lieu/", page, None, "citizen"),
        Row("my data: delete documents", "/ca-nhan/du-lieu/xoa-giay-to", page, form, "citizen"),
        Row("my data: take all", "/ca-nhan/du-lieu/tai-ve", page, form, "citizen"),
        Row("my data: delete the account", "/ca-nhan/du-lieu/xoa-tai-khoan", page, None, "citizen"),
    ]


def people_rows(page: float, listed: float) -> list[Row]:
    from models import Approval, Slip

    slip, merge = Slip.get(), Approval.get(Approval.kind == "merge")
    reset = Approval.get(Approval.kind == "reset", Approval.decided_at.is_null(False))
    person, old = f"/mot-cua/nguoi-dan/{merge.account.ref}", f"/mot-cua/nguoi-dan/{slip.account.ref}"
    return [
        Row("desk: find a person", "/mot-cua/nguoi-dan/", page, None, "officer"),
        Row("desk: a person", person, page, None, "officer"),
        Row("desk: whom to help", "/mot-cua/lam-giup", page, None, "officer"),
        Row("desk: what to help with", f"/mot-cua/lam-giup/{merge.account.ref}", page, None, "officer"),
        Row("desk: agreeing", f"/mot-cua/lam-giup/{merge.account.ref}?thu-tuc={BIRTH}&cach=doc-to", page, None, "officer"),
        Row("desk: who is at the counter", "/mot-cua/tai-quay", page, None, "officer"),
        Row("desk: add a number", f"{old}/them-so", page, None, "officer"),
        Row("desk: ask for a reset", f"{person}/mat-khau", page, None, "officer"),
        Row("desk: a new slip", f"{person}/phieu", page, None, "officer"),
        Row("desk: ask for a merge", f"{person}/gop", page, None, "officer"),
        Row("desk: undo a merge", f"{person}/tach/{merge.id}", page, None, "officer"),
        Row("desk: what waits", "/mot-cua/cho-xac-nhan", listed, None, "officer"),
        Row("desk: a code to read out", f"/mot-cua/cho-xac-nhan/{reset.id}/ma", page, None, "officer"),
        Row("desk: a slip, with its QR code", f"/mot-cua/phieu/{slip.id}/in", page, None, "officer"),
    ]


def post_rows(page: float, listed: float) -> list[Row]:
    """Twenty results: ten that wait for the postman, ten on a signed list."""
    from database import utc_now
    from models import Dossier, Manifest, Staff
    from rules import shipment_rows

    now, officer = utc_now(), Staff.get(Staff.login_name == "bench")
    about = {"office": "H21.129", "year": now.year, "number": 1, "direction": "return", "made_by": officer}
    signed = Manifest.create(**about, postman="Võ Bưu Tá", signed_by=officer, signed_at=now, form_key="bench")
    for number, dossier in enumerate(Dossier.select().order_by(Dossier.id).limit(20)):
        to = "Rơ Châm H'Lan", f"Nhà số {number}, Thôn 6, xã Ia Băng, tỉnh Gia Lai", "+84912345678", 26000
        shipment = shipment_rows.begin(dossier, "return", *to, officer, now)
        if number >= 10:
            shipment_rows.write(shipment, "handed_over", officer, now, manifest=signed, tracking=f"VN{number:011}")
    return [
        Row("desk: the post", "/mot-cua/giao-buu-dien", listed, None, "officer"),
        Row("desk: a hand-over list", f"/mot-cua/danh-muc/{signed.id}", listed, None, "officer"),
        Row("desk: a shipment", f"/mot-cua/buu-gui/{shipment.ref}", page, None, "officer"),
        Row("postal clerk's desk: the round", "/mot-cua/buu-dien", listed, None, "postal_clerk"),
        Row("postal clerk's desk: take over", f"/mot-cua/buu-dien/danh-muc/{signed.id}", page, None, "postal_clerk"),
        Row("postal clerk's desk: a shipment", f"/mot-cua/buu-gui/{shipment.ref}", page, None, "postal_clerk"),
        Row("one's own dossier, the post", f"/ca-nhan/ho-so/{shipment.dossier.code}/buu-dien", page, None, "citizen"),
    ]


def outreach_rows(page: float, listed: float, check: float) -> list[Row]:
    import stage
    from rows import make_row

    from models import Campaign, OutreachNote, Staff, State

    log, head = "/mot-cua/nhat-ky/", Staff.get(Staff.login_name == "truong-6")
    for number in range(12):  # there is something to tell them
        owner = stage.make_account(f"Rơ Châm H'Lan {number}", "")
        make_row(owner, 5000 + number, state=State.DONE, helped_by=head, channel="helped", village="Thôn 6")
    note, campaign = OutreachNote.select().where(OutreachNote.by == head).first(), Campaign.get(Campaign.ended_at.is_null())
    return [
        Row("desk: note a session", log, page, None, "village_head"),
        Row("desk: note a session, of any village", f"{log}?lang=Th%C3%B4n+6", page, None, "culture"),
        Row("desk: mend a session", f"{log}{note.ref}/sua", page, None, "village_head"),
        Row("desk: sessions of a village", f"{log}da-ghi", listed, None, "village_head"),
        Row("desk: sessions of all villages", f"{log}da-ghi", listed, None, "culture"),
        Row("desk: campaigns", "/mot-cua/chien-dich/", listed, None, "culture"),
        Row("desk: begin a campaign", "/mot-cua/chien-dich/moi", page, None, "culture"),
        Row("desk: a campaign", f"/mot-cua/chien-dich/{campaign.ref}", page, None, "culture"),
        Row("desk: a campaign, a village's part", f"/mot-cua/chien-dich/{campaign.ref}", page, None, "village_head"),
        Row("desk: a village head's day", "/mot-cua/lang-toi", page, None, "village_head"),
        Row("desk: for a village meeting", "/mot-cua/bao-cao/lang/thon-6", page, None, "village_head"),
        Row("desk: villages", "/mot-cua/bao-cao/lang/", check, None, "culture"),
    ]


def staff_rows(page: float, listed: float) -> list[Row]:
    from models import Staff

    login, root, me = "/mot-cua/dang-nhap/", "/mot-cua/nhan-vien/", "/mot-cua/toi"
    somebody = Staff.get(Staff.login_name == "canbo9").id
    acts = ("vai-tro", "nghi", "mat-khau", "buoc-hai", "thoat")
    return [
        Row("desk: login, one's own password", f"{login}mat-khau-moi", page, None, "first_password"),
        Row("desk: login, choose the second factor", f"{login}buoc-hai", page, None, "set_factor"),
        Row("desk: login, an app with its QR code", f"{login}ung-dung", page, None, "set_factor"),
        Row("desk: login, print codes", f"{login}ma-in", page, None, "set_factor"),
        Row("desk: login, a code", f"{login}ma", page, None, "factor"),
        Row("desk: staff", root, listed, None, "administrator"),
        Row("desk: a new member of staff", f"{root}moi", page, None, "administrator"),
        Row("desk: one of the staff", f"{root}{somebody}", page, None, "administrator"),
        Row("desk: what other sites may show", "/mot-cua/nhung/", listed, None, "administrator"),
        *(Row(f"desk: staff, {act}", f"{root}{somebody}/{act}", page, None, "administrator") for act in acts),
        Row("desk: staff to approve", f"{root}cho-duyet", listed, None, "administrator"),
        Row("desk: my account", me, page, None, "administrator"),
        *(
            Row(f"desk: my account, {name}", f"{me}/{name}", page, None, "administrator")
            for name in ("mat-khau", "ung-dung", "ma-in")
        ),
    ]


def seed_payments(site: Site, citizen) -> dict:
    """Money is asked for a dozen of the citizen's dossiers: ten are paid, one is being paid. The account is confirmed."""
    import msgspec
    import paying

    from database import utc_now
    from models import Dossier, Staff, State
    from rules import payments, receipts

    account = msgspec.structs.replace(site.library.site.bank_account, to_confirm=False)
    site.library.site = msgspec.structs.replace(site.library.site, bank_account=account)
    now, calendar, officer = utc_now(), site.library.calendar, Staff.get(Staff.login_name == "bench")
    own = Dossier.account == citizen, Dossier.state == State.SUBMITTED
    # The newest are being corrected or asked more about (seed_mending).
    dossiers = list(Dossier.select().where(*own).order_by(Dossier.id.desc()).offset(4).limit(12))
    asked = [paying.ask_for_money(dossier, officer, calendar, now) for dossier in dossiers]
    for number, one in enumerate(asked[2:]):
        about = one.id, "vietqr", one.amount_dong, one.dossier.owner_name, f"FT2632712345{number}"
        receipts.take(one.dossier, *about, officer, now, calendar, f"bench-{number}")
    attempt = payments.start(asked[1], "AGRIBANK", citizen, now, "bench")
    client = site.app.extensions["payments"]
    said = paying.notice_fields(attempt) | {"vnp_TmnCode": client.tmn_code}
    back = paying.sign_query(client._secret.decode(), said)
    return {"asked": asked[0], "sent": asked[1], "paid": asked[2], "back": f"/thanh-toan/vnpay/return?{back}"}


def payment_rows(site: Site, page: float, listed: float, check: float) -> list[Row]:
    from models import Dossier

    made = seed_payments(site, Dossier.select().order_by(Dossier.id.desc()).get().account)
    root = "/ca-nhan/thanh-toan"
    asked, sent, paid = (f"{root}/{made[name].ref}" for name in ("asked", "sent", "paid"))
    return [
        Row("payments: all requests", root, listed, None, "citizen"),
        Row("payments: a request", asked, page, None, "citizen"),
        Row("payments: ways", f"{asked}/cach-tra", page, None, "citizen"),
        Row("payments: banks", f"{asked}/ngan-hang", page, None, "citizen"),
        Row("payments: to the bank's page", f"{sent}/tra", page, None, "citizen"),
        Row("payments: VietQR", f"{asked}/vietqr", page, None, "citizen"),
        Row("payments: a transfer in words", f"{asked}/chuyen-khoan", page, None, "citizen"),
        Row("payments: back from the bank", made["back"], page, None, "citizen"),
        Row("payments: a receipt", f"{paid}/bien-lai", page, None, "citizen"),
        # On paper: the sheet of what is printed is fetched beside it.
        Row("payments: a receipt to print", f"{paid}/bien-lai/in", page, None, "citizen", pictures=1),
        Row("payments: a slip to print", f"{asked}/phieu", check, None, "citizen", pictures=1),
        Row("lookup: money is asked", f"/tra-cuu?ma={made['asked'].dossier.receipt_code}", page),
        Row("one's own dossier, money is asked", f"/ca-nhan/ho-so/{made['asked'].dossier.code}", page, None, "citizen"),
        Row("desk: a dossier, money is asked", f"/mot-cua/ho-so/{made['asked'].dossier.code}", listed, None, "officer"),
    ]


def document_rows(page: float, listed: float, form: float) -> list[Row]:
    from models import DocumentFile

    file = DocumentFile.select().order_by(DocumentFile.id.desc()).get()
    root = f"/ca-nhan/tai-lieu/{file.document_id}"
    return [
        Row("documents: sixty, and the form", "/ca-nhan/tai-lieu", listed, None, "citizen"),
        Row("documents: one with ten photos", root, page, None, "citizen"),
        Row("documents: one, change", f"{root}/sua", page, form, "citizen"),
        Row("documents: one, delete", f"{root}/xoa", page, form, "citizen"),
        Row("documents: a file, replace", f"{root}/tep/{file.id - 1}/thay", page, form, "citizen"),
        Row("documents: a file, drop", f"{root}/tep/{file.id}/xoa", page, form, "citizen"),
    ]


def business_rows(page: float, listed: float, form: float) -> list[Row]:
    from models import Business, Dossier, Representative

    own, other = Business.select().order_by(Business.id)
    partner = Representative.select().where(Representative.business == own).order_by(Representative.id.desc()).get().account
    root, desk = "/ca-nhan/doanh-nghiep/", f"/mot-cua/doanh-nghiep/{own.ref}"
    return [
        Row("businesses: mine", root, page, form, "citizen"),
        Row("businesses: add", f"{root}them", page, form, "citizen"),
        Row("businesses: one, people and dossiers", f"{root}{own.ref}/", listed, None, "citizen"),
        Row("businesses: invite", f"{root}{own.ref}/moi", page, form, "citizen"),
        Row("businesses: an invitation", f"{root}loi-moi/{other.ref}", page, form, "citizen"),
        Row("businesses: end a part", f"{root}{own.ref}/nguoi/{partner.ref}/thoi", page, form, "citizen"),
        Row("a business's dossier", f"/ca-nhan/ho-so/{own.dossiers.order_by(Dossier.id).first().code}", page, None, "citizen"),
        Row("desk: find a business", "/mot-cua/doanh-nghiep/", page, None, "officer"),
        Row("desk: a business", f"{desk}?vi=hoi-dap", listed, None, "officer"),
        Row("desk: end a part", f"{desk}/nguoi/{partner.ref}/thoi?vi=hoi-dap", page, None, "officer"),
    ]


def checked_at(dossier) -> str:
    """Where the first paper of a dossier that has a photo is checked."""
    return f"/mot-cua/ho-so/{dossier.code}/kiem-tra/{dossier.papers.get().document_key}"


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
    pictures = whole.tree.xpath("//img[not(starts-with(@src, 'data:')) and not(@loading='lazy')]")
    needed = sheets + pictures + whole.tree.xpath("//script[not(@async) and not(@defer)]")
    fragment = Phone(phone.port, fresh.cookie if row.who != "anyone" else "").ask("GET", row.path, **{"HX-Request": "true"})
    return whole.wire_bytes, 1 + len(needed), fragment.wire_bytes


def journey(site: Site, phone: Phone | None = None, photo: bytes = b"") -> Phone:
    """Register, confirm, log in, submit a birth registration with two photos, look it up: every page, no JavaScript."""
    import stage

    phone = phone or Phone(site.port)
    photo = photo or stage.photo()
    phone.begin("register")
    phone.get("/")
    phone.get("/tai-khoan/dang-nhap")
    phone.get("/tai-khoan/dang-nhap/tinh")
    page = phone.press(phone.get("/tai-khoan/dang-ky"), "", "IAL2")
    page = phone.press(page, "", "Tiến hành đăng ký", {"id_number": "064090999999"})
    person = {
        "password": stage.PASSWORD,
        "password_again": stage.PASSWORD,
        "full_name": "Siu Blĕo",
        "birth_date": "5/7/1990",
        "village": "Thôn 6",
        "phone": "0912345678",
        "email": "bleo@example.vn",
    }
    phone.press(page, "", "Đăng ký", person)
    confirm = site.letter_path()
    phone.press(phone.get(confirm), confirm, "Xác nhận")
    phone.begin("log in")
    login = {"id_number": "064090999999", "password": stage.PASSWORD}
    page = phone.press(phone.get("/tai-khoan/dang-nhap/tinh"), "", "Đăng nhập", login)
    phone.begin("questions")
    phone.get(f"/dich-vu/{BIRTH}")  # it stands on the home page
    page = phone.get(f"/nop-ho-so/{BIRTH}/")
    page = phone.press(page, f"/nop-ho-so/{BIRTH}/chu-ho-so", "Lưu và đi tiếp", {"owner": "self"})
    while "Nơi nhận kết quả" not in page.tree.findtext(".//h1"):
        page = phone.press(page, phone.at, "Lưu và đi tiếp", _answers(site, page))
    page = phone.press(page, f"/nop-ho-so/{BIRTH}/nhan-ket-qua", "Lưu và đi tiếp", {"delivery": "desk"})
    phone.begin("two photos")
    papers = f"/nop-ho-so/{BIRTH}/giay-to"
    for key in ("giay_chung_sinh", "giay_to_tuy_than"):
        if f'value="{key}"' not in page.text:
            page = phone.get(f"{papers}?them={key}")
        page = phone.press(page, papers, "Gửi giấy này", photo=photo, within=f'value="{key}"')
    phone.begin("submit")
    page = phone.press(page, papers, "Lưu và đi tiếp")
    page = phone.press(page, f"/nop-ho-so/{BIRTH}/xem-lai", "Nộp hồ sơ", {"declared": "1"})
    code = page.tree.find_class("code")[0].text_content()
    phone.begin("look up")
    phone.press(phone.get("/tra-cuu"), "", "Tra cứu", {"ma": code})
    return phone


def _answers(site: Site, page: Answer) -> dict[str, str]:
    import stage

    names = {field.get("name") for field in page.tree.iter("input", "textarea", "select")}
    questions = [q for p in site.library.definitions[BIRTH]["eform"]["pages"] for q in p["questions"]]
    return {q["key"]: stage.good_answer(q) for q in questions if q["key"] in names}


def sent_paper() -> int:
    """A photo of the citizen's draft."""
    from models import Draft, Paper

    mine = Draft.procedure_slug == BIRTH, Draft.is_new()
    return Paper.select().join(Draft, on=Paper.draft).where(*mine).order_by(Paper.id).first().id


def heaviest_picture(site: Site) -> int:
    """Of the guides' steps."""
    from rules.step_pictures import read_list

    phone = Phone(site.port)
    return max(phone.ask("GET", f"/static/0/{picture.path}").wire_bytes for picture in read_list())


def spoken() -> str:
    """A recording of the guide."""
    from models import Recording

    return Recording.get(Recording.guide_slug == "nop-ho-so", Recording.state == "ready", Recording.replaced_at.is_null()).ref


def scripts(site: Site) -> tuple[int, int, int]:
    """Ours of every page, ours of whoever sends a photo, and the first with htmx."""
    phone = Phone(site.port)
    gate, upload = (phone.ask("GET", f"/static/0/{name}.js").wire_bytes for name in ("gate", "upload"))
    return gate, upload, gate + phone.ask("GET", "/static/2.0.11/vendor/htmx-2.0.11.min.js").wire_bytes


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        citizen, officer, dossier = seed(site)
        phones = {"anyone": Phone(site.port), "citizen": site.phone_of(citizen), "officer": site.phone_of(officer)}
        phones |= seed_staff(site) | seed_outreach(site)
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
                or requests > (2 if row.who == "officer" or "desk" in row.name else 1) + row.pictures
            )
            over += [row.name] if is_over else []
            weights = f"{whole:7} {row.whole_budget:7.0f} {fragment:9} {row.fragment_budget or 0:7.0f}"
            print(f"{row.name:45} {requests:8} {weights}{'  OVER' if is_over else ''}")
        own, upload, all_scripts = scripts(site)
        walked = journey(site)
        totals = [
            ("the heaviest picture of a guide step", heaviest_picture(site), PICTURE_BUDGET),
            ("our script", own, OWN_SCRIPT_BUDGET),
            ("our script for who sends a photo", upload, OWN_SCRIPT_BUDGET),
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
        site.close()
    print(f"{len(over)} over budget" + (f": {', '.join(over)}" if over else ""))
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())

"""Short addresses: typed on an old phone or read from paper; a village's paper is counted, and nobody with it."""

from datetime import timedelta

import pytest
from queued import work_off
from stage import today

from database import db, utc_now
from models import TABLES, PaperVisit
from rules import paper_visits
from rules.vietnamese import in_vietnam
from views import short

PHONE = {"User-Agent": "Nokia6300/2.0 (05.00) Profile/MIDP-2.0"}
SUBMITTING, ALL = "/huong-dan/nop-ho-so/", "/huong-dan/"


@pytest.fixture(autouse=True)
def few_so_far(monkeypatch):
    monkeypatch.setattr(short, "limit", short.Limit())


def path_of(page) -> str:
    return (page.location or "").removeprefix("http://localhost")


def visits() -> list[tuple]:
    return sorted((row.village, row.sheet, row.day, row.count) for row in PaperVisit.select())


# --- where they lead -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", [
    "/h/4", "/H/4", "/h/4.", "/h/4/", "/h/ 4 ", "/h/iv", "/h/IV", "/H/Iv.", "/h/04", "/h/４", "/h/4/thon-6", "/H/IV/THON-6.",
    "/h/4/thon-6/",
])  # fmt: skip
def test_the_number_of_a_guide_leads_to_it(visitor, typed):
    page = visitor.get(typed)

    assert (page.status, path_of(page)) == (302, SUBMITTING)


def test_every_guide_has_its_number(visitor, library):
    for slug, guide in library.guides.items():
        assert path_of(visitor.get(f"/h/{guide.number}")) == f"/huong-dan/{slug}/"
        assert visitor.get(f"/huong-dan/{slug}/").heading == guide.title


@pytest.mark.parametrize("typed", ["/h", "/H", "/h/", "/h/0", "/h/0/thon-6"])
def test_nought_leads_to_all_guides(visitor, typed):
    assert path_of(visitor.get(typed)) == ALL


@pytest.mark.parametrize("typed", ["/h/9", "/h/99999999999999999999", "/h/x", "/h/-1", "/h/4.5", "/h/iiii",
                                   "/h/%00", "/h/4/a/b", "/h/<b>", "/d/1.999999", "/d/x", "/d/", "/d/4"])  # fmt: skip
def test_a_number_that_is_none_is_told_with_a_way_on(visitor, typed):
    page = visitor.get(typed)

    assert page.status == 404
    assert page.links["Về trang chủ"] == "/"


@pytest.mark.parametrize("typed", ["/d/1.001193", "/D/1.001193", "/d/1.001193.", "/d/1.001193/thon-6"])
def test_the_code_of_a_procedure_leads_to_it(visitor, typed):
    assert path_of(visitor.get(typed)) == "/dich-vu/dang-ky-khai-sinh"


def test_an_answer_is_tiny(visitor):
    answer = visitor.client.get("/h/4/thon-6")
    head = sum(len(f"{name}: {value}\r\n") for name, value in answer.headers)

    assert answer.data == b""
    assert head < 150
    assert "Set-Cookie" not in answer.headers


def test_a_code_goes_to_the_lookup_and_is_looked_up_there(visitor, dossier):
    code = dossier.receipt_code
    for typed in (code, code.lower(), f"{code}.", f" {code[:4]} {code[4:8]} {code[8:]} "):
        page = visitor.get(f"/t/{typed}")

        assert page.status == 302 and path_of(page).startswith("/tra-cuu?ma=")
        assert dossier.procedure_title in visitor.get(path_of(page)).words
    assert path_of(visitor.get(f"/t/{dossier.code}")) == f"/tra-cuu?ma={dossier.code}"
    assert path_of(visitor.get("/t")) == path_of(visitor.get("/T/")) == path_of(visitor.get("/t/...")) == "/tra-cuu"


def test_a_guess_by_the_short_address_meets_the_same_limit(visitor):
    answers = [visitor.get(path_of(visitor.get("/t/0000 0000 0000"))).status for _ in range(25)]

    assert set(answers[:20]) == {404} and answers[-1] == 429


def test_a_code_stands_in_no_log(visitor, app, dossier, caplog):
    with open(app.config["INSTANCE_DIR"] + "/security.log", "a+") as log:
        before = log.seek(0, 2)
        visitor.get(f"/t/{dossier.receipt_code}")
        log.seek(before)
        assert dossier.receipt_code not in log.read() + caplog.text


# --- counting --------------------------------------------------------------------------------------------------------


def test_a_visit_from_a_villages_paper_is_counted_by_the_day(visitor, app):
    for address in ("/h/4/thon-6", "/H/IV/Thon-6.", "/h/0/thon-6", "/d/1.001193/thon-6", "/h/4/thon-7"):
        visitor.get(address, **PHONE)

    assert visits() == []  # nothing while it answers
    work_off(app)
    assert visits() == [("thon-6", "d/1.001193", today(), 1), ("thon-6", "h/0", today(), 1),
                        ("thon-6", "h/4", today(), 2), ("thon-7", "h/4", today(), 1)]  # fmt: skip


def test_what_is_kept_is_a_number_and_nothing_of_who_came(visitor, app, account, visit_as):
    visit_as(account).get("/h/4/thon-6", **PHONE)
    work_off(app)

    columns = {field.name for field in PaperVisit._meta.sorted_fields}
    assert columns == {"id", "village", "sheet", "day", "count"}
    assert PaperVisit.get().day == in_vietnam(utc_now()).date()


@pytest.mark.parametrize("headers", [
    {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"X-Moz": "prefetch"}, {"X-Purpose": "preview"},
    {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, {"User-Agent": "facebookexternalhit/1.1"},
    {"User-Agent": "curl/8.5"}, {"User-Agent": ""}, {"Referer": "http://localhost/huong-dan/"},
])  # fmt: skip
def test_who_holds_no_paper_is_not_counted(visitor, app, headers):
    assert path_of(visitor.get("/h/4/thon-6", **PHONE | headers)) == SUBMITTING
    work_off(app)

    assert visits() == []


def test_a_head_is_not_counted_and_a_post_is_refused(visitor, app):
    assert visitor.client.head("/h/4/thon-6", headers=PHONE).status_code == 302
    assert visitor.client.post("/h/4/thon-6", headers=PHONE).status_code in (403, 405)
    work_off(app)

    assert visits() == []


@pytest.mark.parametrize("village", ["thon-99", "khong-co", "%00", "x" * 500, "..", "<b>", "'; drop table pack; --"])
def test_paper_of_a_village_that_is_no_more_still_leads_on_uncounted(visitor, app, village):
    assert path_of(visitor.get(f"/h/4/{village}", **PHONE)) == SUBMITTING
    work_off(app)

    assert visits() == []


def test_a_queue_that_cannot_be_written_costs_nobody_the_guide(visitor, app, monkeypatch):
    import sqlite3

    def fall(*args, **kwargs):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(app.extensions["queue"], "enqueue", fall)
    assert path_of(visitor.get("/h/4/thon-6", **PHONE)) == SUBMITTING


def test_nobody_fills_the_queue_by_asking(visitor, app, monkeypatch):
    monkeypatch.setattr(short.Limit, "MOST", 5)
    for _ in range(9):
        assert visitor.get("/h/4/thon-6", **PHONE).status == 302

    assert work_off(app) <= 5
    assert 0 < sum(count for *_, count in visits()) <= 5


def test_no_other_table_knows_of_the_visit(visitor, app):
    visitor.get("/h/4/thon-6", **PHONE)
    work_off(app)
    filled = {t.__name__ for t in TABLES if t.select().exists()} - {"ContentPart", "ContentStamp", "ContentVersion"}

    assert filled == {"PaperVisit"}


def test_the_numbers_of_a_month_and_of_all_time(app):
    day = today()
    for past, times in ((0, 2), (29, 1), (30, 4), (400, 3)):
        for _ in range(times):
            paper_visits.count_visit("thon-6", "h/4", day - timedelta(days=past))
    paper_visits.count_visit("thon-7", "h/1", day - timedelta(days=90))

    assert paper_visits.by_village(day) == {"thon-6": (3, 10), "thon-7": (0, 1)}


def test_visits_at_the_same_moment_are_all_counted(app):
    from together import at_once

    def come():
        with db.connection_context():
            paper_visits.count_visit("thon-6", "h/4", today())

    at_once(*[come] * 8)
    assert visits() == [("thon-6", "h/4", today(), 8)]

"""The reports as staff read them: on screen, as a spreadsheet, the register, the leaders' page; and what the public sees."""

import io
import itertools
import json
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree
from stage import make_staff

from gateways import sheets
from models import Dossier, Event, State
from rules import register, reports
from rules.vietnamese import VIETNAM_TIME

OFFICE = "H21.129"
ROOM = "/mot-cua/bao-cao/"
codes = itertools.count(1)


def last_month() -> reports.Period:
    return reports.before(reports.month(datetime.now(VIETNAM_TIME).date()))


PERIOD = last_month()
IN_PERIOD = f"?ky={PERIOD.key}"


def at(day: int, hour: int = 9) -> datetime:
    """A moment of last month."""
    return datetime.combine(PERIOD.first + timedelta(days=day - 1), datetime.min.time(), VIETNAM_TIME) + timedelta(hours=hour)


@pytest.fixture
def put(account):
    def put(accepted_at=None, state=State.IN_PROGRESS, **more) -> Dossier:
        number, accepted_at = next(codes), accepted_at or at(5)
        known = {
            "code": f"{OFFICE}-261001-{number:04}", "receipt_code": f"{number:012}", "office": OFFICE, "account": account,
            "procedure_slug": "khai-sinh", "procedure_title": "Khai sinh", "procedure": {}, "owner_name": "Siu Blĕo",
            "owner_last_digits_key": "", "field": "Hộ tịch", "village": "Thôn 1", "answers": {}, "delivery": "desk",
            "accepted_at": accepted_at, "first_due_at": accepted_at + timedelta(days=3), "state": state,
            "due_at": accepted_at + timedelta(days=3), "submitted_at": accepted_at,
        }  # fmt: skip
        return Dossier.create(**known | more)

    return put


def done(how="on_time", day=7) -> dict:
    return {"state": State.DONE, "ended_at": at(day), "punctuality": how}


@pytest.fixture
def leader(visit_as, app):
    return visit_as(make_staff("leader"))


@pytest.fixture
def at_desk(visit_as, officer):
    return visit_as(officer)


def numbers_of(page, name: str) -> list[str]:
    """The cells of a report's row after its name."""
    row = next(tr for tr in page.tree.iter("tr") if [td.text_content().strip() for td in tr.findall("td")][1:2] == [name])
    return [td.text_content().strip() for td in row.findall("td")][2:]


# --- the regular reports ---------------------------------------------------------------------------------------------


def test_ii06a_shows_its_columns_and_that_its_sums_hold(put, at_desk):
    put(channel="online", **done("early"))
    put(channel="counter")
    put(at(5) - timedelta(days=40), channel="post")

    page = at_desk.get(ROOM + IN_PERIOD)

    assert page.heading == "Tình hình, kết quả giải quyết thủ tục hành chính"
    assert numbers_of(page, "Hộ tịch") == numbers_of(page, "Tổng số") == ["3", "1", "1", "1", "1", "1", "0", "0", "2", "0", "2"]
    assert "3 = 4 + 5 + 6 (3 = 1 + 1 + 1)" in page.words
    assert "Khớp ở mọi dòng" in page.words
    assert PERIOD.name in page.title


def test_the_progress_table_shows_its_columns(put, at_desk):
    put(channel="helped", **done("late"))
    put(channel="post")

    page = at_desk.get(f"{ROOM}tien-do{IN_PERIOD}")

    assert numbers_of(page, "Tổng số") == [*"202101", *"1001", *"101", *"000"]


def test_a_sum_that_does_not_hold_stands_in_red_above_the_table(put, at_desk):
    put(channel="fax")

    page = at_desk.get(ROOM + IN_PERIOD)

    assert "Hộ tịch: 3 = 4 + 5 + 6, nhưng 1 = 0 + 0 + 0" in page.errors
    assert "SAI 3 = 4 + 5 + 6" in page.words
    assert "Khớp ở mọi dòng" not in page.words


def test_a_field_opens_into_its_procedures(put, at_desk):
    put(procedure_title="Khai tử")
    put(field="Đất đai")

    page = at_desk.get(at_desk.get(ROOM + IN_PERIOD).links["Hộ tịch"])

    assert numbers_of(page, "Khai tử")[0] == numbers_of(page, "Tổng số")[0] == "1"
    assert page.links["Mọi lĩnh vực"]


def test_a_dossier_without_a_field_is_named_so(put, at_desk):
    put(field="")

    assert "Chưa ghi lĩnh vực" in at_desk.get(ROOM + IN_PERIOD).words


@pytest.mark.parametrize("question", ["?ky=x", "?tu=5/5/2026&den=1/5/2026", "?tu=5/5/2026", "?ky=2999"])
@pytest.mark.parametrize("page", ["", "tien-do", "so-theo-doi", "lanh-dao", "ii06a.xlsx", "so-theo-doi.xlsx"])
def test_a_period_that_is_none_is_told_and_what_was_typed_stays(at_desk, page, question):
    answer = at_desk.get(ROOM + page + question)

    assert answer.status == 422
    assert answer.errors
    if "tu=" in question:
        assert answer.typed_in("tu") == "5/5/2026"


def test_typed_days_make_a_period(put, at_desk):
    put(at(5))
    put(at(9))
    days = f"?tu={at(5):%d/%m/%Y}&den={at(6):%d/%m/%Y}"

    page = at_desk.get(ROOM + days)

    assert numbers_of(page, "Tổng số")[0] == "1"
    assert "tu=" in page.links["Tải XLSX"]


def test_one_goes_to_the_period_before_and_back(app, at_desk):
    page = at_desk.get(ROOM + IN_PERIOD)
    earlier = reports.before(PERIOD).name

    back = at_desk.get(page.links[f"← {earlier}"])

    assert earlier in back.title
    assert f"{PERIOD.name} →" in back.links


def test_another_office_sees_none_of_ours(put, visit_as):
    put()

    elsewhere = visit_as(make_staff("officer", office="H21.121"))

    assert numbers_of(elsewhere.get(ROOM + IN_PERIOD), "Tổng số")[0] == "0"
    assert "Siu Blĕo" not in elsewhere.get(f"{ROOM}so-theo-doi{IN_PERIOD}").text


@pytest.mark.parametrize("page", ["", "tien-do", "so-theo-doi", "lanh-dao", "ii06a.xlsx", "tien-do.xlsx", "so-theo-doi.xlsx"])
def test_reports_are_for_those_who_work_at_the_desk(app, visit_as, account, visitor, page):
    assert visitor.get(ROOM + page).location.startswith("/mot-cua/dang-nhap")
    assert visit_as(account).get(ROOM + page).status in (303, 404)
    assert visit_as(make_staff("culture")).get(ROOM + page).status == 404
    assert visit_as(make_staff("specialist")).client.get(ROOM + page).status_code == (404 if page == "lanh-dao" else 200)


# --- spreadsheets ----------------------------------------------------------------------------------------------------

NS = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


class Book:
    """A workbook as its own XML tells it."""

    def __init__(self, data: bytes):
        self.zip = zipfile.ZipFile(io.BytesIO(data))
        self.sheet = etree.fromstring(self.zip.read("xl/worksheets/sheet1.xml"))
        names = self.zip.namelist()
        shared = etree.fromstring(self.zip.read("xl/sharedStrings.xml")) if "xl/sharedStrings.xml" in names else ()
        self.shared = ["".join(one.itertext()) for one in shared]

    def value(self, cell):
        kind, text = cell.get("t"), cell.findtext("s:v", namespaces=NS)
        if kind == "s":
            return self.shared[int(text)]
        if kind == "inlineStr":
            return "".join(cell.find("s:is", NS).itertext())
        return None if text is None else float(text)

    @property
    def rows(self) -> list[list]:
        return [[self.value(cell) for cell in row] for row in self.sheet.iterfind(".//s:row", NS)]

    @property
    def formulas(self) -> int:
        return len(self.sheet.findall(".//s:f", NS))


def book(page) -> Book:
    assert page.status == 200
    assert page.headers["Content-Type"] == sheets.MEDIA_TYPE
    assert page.headers["Cache-Control"] == "no-store"
    return Book(page.data)


def day_of(serial: float) -> datetime:
    """A date as spreadsheets count: days since the end of 1899."""
    return datetime(1899, 12, 30) + timedelta(seconds=round(serial * 86400))


@pytest.mark.parametrize(("name", "columns"), [("ii06a", 13), ("tien-do", 18)])
def test_a_report_as_a_spreadsheet_holds_numbers_under_a_head_that_stays(put, at_desk, name, columns):
    put(**done())
    put(field="Đất đai")

    found = book(at_desk.get(f"{ROOM}{name}.xlsx{IN_PERIOD}"))

    rows = [row for row in found.rows if len(row) == columns]
    assert [f"({n})" for n in range(1, columns + 1)] in rows
    by_name = {row[1]: row[2:] for row in rows}
    assert by_name["Tổng số"][0] == 2.0
    assert all(isinstance(value, float) for value in by_name["Hộ tịch"])
    pane = found.sheet.find(".//s:pane", NS)
    assert pane.get("state") == "frozen"
    first = next(row for row in found.sheet.iterfind(".//s:row", NS) if len(row) > 1 and found.value(row[1]) == "Đất đai")
    assert int(pane.get("ySplit")) == int(first.get("r")) - 1
    assert found.sheet.find(".//s:cols", NS) is not None
    assert "Đúng: 3 = " in " ".join(str(value) for row in found.rows for value in row)


def test_a_broken_sum_stands_in_the_spreadsheet_too(put, at_desk):
    put(channel="fax")

    found = book(at_desk.get(f"{ROOM}ii06a.xlsx{IN_PERIOD}"))

    assert "SAI ở dòng Hộ tịch: 3 = 4 + 5 + 6 (1 = 0 + 0 + 0)" in [value for row in found.rows for value in row]


DANGEROUS = ["=1+1", "+84912", "-2", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://xau.example")']


@pytest.mark.parametrize("typed", DANGEROUS)
def test_a_name_is_never_a_formula(put, at_desk, typed):
    put(owner_name=typed)

    found = book(at_desk.get(f"{ROOM}so-theo-doi.xlsx{IN_PERIOD}"))

    name = found.rows[-1][4]
    assert name.replace("_x000D_", "\r") == f"'{typed}"
    assert found.formulas == 0
    assert not [n for n in found.zip.namelist() if "externalLink" in n or "hyperlink" in n.lower()]


def test_plain_words_stay_as_they_are():
    assert [sheets.harmless(text) for text in ("Siu Blĕo", "Thôn 1-2", "", "1=1")] == ["Siu Blĕo", "Thôn 1-2", "", "1=1"]


def test_the_register_as_a_spreadsheet_has_real_dates_on_our_clock(put, at_desk):
    put(at(5, hour=8), returned_at=at(9, hour=16), ended_at=at(8), punctuality="early", state=State.RETURNED)

    found = book(at_desk.get(f"{ROOM}so-theo-doi.xlsx{IN_PERIOD}"))

    line = found.rows[-1]
    assert found.rows[-2] == [name for name, _ in register.COLUMNS]
    assert [day_of(line[8]), day_of(line[11])] == [at(5, hour=8).replace(tzinfo=None), at(9, hour=16).replace(tzinfo=None)]
    assert (line[0], line[3], line[4], line[13]) == (1.0, 1.0, "Siu Blĕo", None) or line[13] == ""
    formats = found.zip.read("xl/styles.xml").decode()
    assert "dd/mm/yyyy hh:mm" in formats
    assert found.sheet.find(".//s:pane", NS).get("state") == "frozen"


def test_a_report_names_nobody(put, at_desk):
    put()

    for name in ("ii06a", "tien-do"):
        found = book(at_desk.get(f"{ROOM}{name}.xlsx{IN_PERIOD}"))
        assert "Siu Blĕo" not in str(found.rows)


def test_an_export_is_written_down(put, at_desk, officer, app):
    put()
    path = Path(app.config["INSTANCE_DIR"]) / "security.log"
    size = path.stat().st_size if path.exists() else 0

    at_desk.get(f"{ROOM}so-theo-doi.xlsx{IN_PERIOD}")

    told = [json.loads(line) for line in path.read_bytes()[size:].splitlines()]
    exported = [line for line in told if line["event"] == "exported"]
    assert [(line["staff"], line["rows"], line["file"]) for line in exported] == [
        (officer.id, 1, f"so-theo-doi-{PERIOD.key}.xlsx")
    ]
    assert "Siu" not in json.dumps(exported)


def test_more_than_a_file_holds_is_told_not_cut(put, at_desk, monkeypatch):
    monkeypatch.setattr(register, "MOST_IN_FILE", 1)
    put()
    put()

    page = at_desk.get(f"{ROOM}so-theo-doi.xlsx{IN_PERIOD}")

    assert page.status == 422
    assert "2 hồ sơ" in page.errors


# --- the register on screen ------------------------------------------------------------------------------------------


def test_the_register_is_shown_page_by_page_and_whole_for_the_printer(put, at_desk, monkeypatch):
    monkeypatch.setattr(register, "A_PAGE", 2)
    shown = [put(at(5 + n)).code for n in range(3)]

    first = at_desk.get(f"{ROOM}so-theo-doi{IN_PERIOD}")
    second = at_desk.get(first.links["Trang sau"])
    printed = at_desk.get(first.links["Bản in cả kỳ"])

    assert [code for code in shown if code in first.words] == shown[:2]
    assert [code for code in shown if code in second.words] == shown[2:]
    assert [code for code in shown if code in printed.words] == shown
    assert "3 hồ sơ đã tiếp nhận" in first.words


def test_the_register_is_narrowed_on_screen(put, at_desk):
    land, birth = put(field="Đất đai", procedure_slug="tach-thua", procedure_title="Tách thửa"), put()

    by_field = at_desk.get(f"{ROOM}so-theo-doi{IN_PERIOD}&linh-vuc=Đất+đai")
    by_procedure = at_desk.get(f"{ROOM}so-theo-doi{IN_PERIOD}&thu-tuc=khai-sinh")

    assert land.code in by_field.words
    assert birth.code not in by_field.words
    assert birth.code in by_procedure.words
    assert land.code not in by_procedure.words
    assert "linh-vuc=" in by_field.links["Tải XLSX"]


def test_a_period_too_long_to_print_is_told(put, at_desk, monkeypatch):
    monkeypatch.setattr("views.reports.MOST_PRINTED", 1)
    put()
    put()

    page = at_desk.get(f"{ROOM}so-theo-doi{IN_PERIOD}&xem=in")

    assert page.status == 422
    assert "Chọn kỳ ngắn hơn" in page.errors


# --- the leaders' page -----------------------------------------------------------------------------------------------


def test_a_leader_sees_shares_and_where_dossiers_lie(put, leader):
    for _ in range(3):
        put(channel="online", **done("early"))
    put(channel="counter", **done("late"))
    put(channel="counter", step="signing")

    page = leader.get(f"{ROOM}lanh-dao{IN_PERIOD}")

    assert "Xong đúng hạn75 % 3/4 hồ sơ" in page.words
    assert "Nộp trực tuyến60 % 3/5 hồ sơ" in page.words
    assert "Nộp tiền trực tuyếnchưa có số" in page.words
    assert "Chờ lãnh đạo ký" in page.words


def test_small_villages_are_hidden_and_stand_in_no_chart(put, leader):
    for village, count in (("Thôn 1", 9), ("Thôn 2", 7), ("Thôn 3", 3), ("Thôn 4", 2)):
        for _ in range(count):
            put(village=village)

    page = leader.get(f"{ROOM}lanh-dao{IN_PERIOD}")

    rows = {tr[0].text_content().strip(): tr[1].text_content().strip() for tr in page.tree.iter("tr") if len(tr) == 4}
    assert (rows["Thôn 1"], rows["Thôn 2"], rows["Thôn 3"]) == ("9", "7", "*")
    chart = page.tree.xpath("//svg")[1].text_content()
    assert "Thôn 1" in chart
    assert "Thôn 3" not in chart


def test_reasons_of_refusal_stand_by_their_phrase(put, leader, library):
    phrase = library.reasons.moves["refuse"][0]
    refused = put(state=State.REFUSED, accepted_at=None)
    Event.create(
        dossier=refused, name="refuse", from_state=1, to_state=3, at=at(6), note=phrase, actor_kind="officer", actor_name="x"
    )

    assert f"{phrase}1" in " ".join(leader.get(f"{ROOM}lanh-dao{IN_PERIOD}").words.split())


def test_a_chart_is_small_says_itself_in_words_and_needs_no_style(put, leader, library):
    for village in library.villages():
        for _ in range(6):
            put(village=village)

    page = leader.get(f"{ROOM}lanh-dao{IN_PERIOD}")

    drawn = ["<svg" + part.partition("</svg>")[0] + "</svg>" for part in page.text.split("<svg")[1:]]
    assert len(drawn) == 2
    for svg in drawn:
        assert len(svg.encode()) <= 3000
        assert "style" not in svg
        assert 'role="img"' in svg
        assert "aria-label=" in svg
    assert "Nhiều nhất" in drawn[1]


# --- what everybody may see ------------------------------------------------------------------------------------------


NUMBERS = "/minh-bach?xem"  # with a question, the page cache of another test does not answer


@pytest.fixture
def public(app):
    """Without the numbers that another test has counted."""
    app.extensions.pop("transparency", None)
    yield
    app.extensions.pop("transparency", None)


def test_everybody_may_see_the_numbers_of_whole_months(public, put, visitor):
    for _ in range(12):
        put(**done())
    for _ in range(2):
        put(field="Đất đai", **done("late"))

    page = visitor.get(NUMBERS)

    rows = {tr[0].text_content().strip(): [td.text_content().strip() for td in tr[1:]] for tr in page.tree.iter("tr")}
    assert rows[f"{PERIOD.first.month}/{PERIOD.first.year}"][0] in ("14", "*")
    assert rows["Đất đai"] == ["*", "*", "*"]
    assert page.headers["Cache-Control"].startswith("public")


def test_the_public_numbers_are_counted_once_an_hour(public, put, visitor, new_visitor, monkeypatch):
    visitor.get(NUMBERS)
    monkeypatch.setattr("rules.overview.transparency", None)  # would break when called

    assert new_visitor().get(NUMBERS).status == 200


def test_an_office_without_dossiers_shows_no_number(public, app, visitor):
    page = visitor.get(NUMBERS)

    assert page.status == 200
    assert not [td for td in page.tree.iter("td") if td.text_content().strip().isdigit()]


def test_the_public_page_fits_a_slow_line_with_all_its_fields(public, put, visitor, library):
    for place, field in enumerate(library.by_field()):
        for _ in range(6 + place):
            put(field=field, **done())

    answer = visitor.client.get(NUMBERS, headers={"Accept-Encoding": "br"})

    assert answer.headers["Content-Encoding"] == "br"
    head = sum(len(f"{name}: {value}\r\n") for name, value in answer.headers.items())
    assert head + len(answer.data) <= 2500


def test_the_contact_page_leads_there(visitor):
    assert visitor.get("/lien-he").links["Xã giải quyết hồ sơ thế nào"] == "/minh-bach"


def test_a_sign_no_database_takes_is_left_out_of_what_is_asked(leader):
    assert leader.get(f"{ROOM}?linh-vuc=a%00b&thu-tuc=%00").status == 200

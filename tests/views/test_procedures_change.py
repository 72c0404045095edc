"""Procedures come, change, get other names and end: what people find who come by an old way, or began before."""

import itertools
from datetime import UTC, date, datetime

import msgspec
import pytest
import time_machine
from stage import BIRTH, make_account

from models import Dossier, Draft
from rules.content import Place
from rules.procedure_search import ProcedureIndex

DEATH, POOR, COPY, RESIDENCE, LINKED = (
    "dang-ky-khai-tu",
    "cong-nhan-ho-ngheo-thuong-xuyen",
    "chung-thuc-ban-sao-tu-ban-chinh",
    "dang-ky-tam-tru",
    "lien-thong-khai-sinh-thuong-tru-bhyt",
)
NOVEMBER, NEW_YEAR = datetime(2026, 11, 23, 3, tzinfo=UTC), datetime(2027, 1, 1, 3, tzinfo=UTC)
marks = itertools.count(1)


def fresh(path: str) -> str:
    """An address with a mark of its own, so that no page kept before is shown."""
    return f"{path}{'&' if '?' in path else '?'}luc={next(marks)}"


@pytest.fixture
def change(library, monkeypatch):
    """The commune edits a procedure."""

    def edit(slug: str, /, **said):
        procedure = msgspec.structs.replace(library.procedures[slug], **said)
        procedures = {s: p for s, p in library.procedures.items() if s != slug} | {procedure.slug: procedure}
        definitions = {s: d for s, d in library.definitions.items() if s in procedures}
        monkeypatch.setattr(library, "procedures", procedures)
        monkeypatch.setattr(library, "definitions", definitions | {procedure.slug: library._definition(procedure)})
        monkeypatch.setattr(library, "new_slugs", {old: p.slug for p in procedures.values() for old in p.old_slugs})
        monkeypatch.setattr(library, "index", ProcedureIndex(procedures.values()))

    return edit


def at(moment: datetime):
    return time_machine.travel(moment, tick=False)


# --- old addresses and codes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/dich-vu/{}", "/nop-ho-so/{}/", "/nop-ho-so/{}/chu-ho-so?from_check=1"])
def test_an_old_address_leads_to_the_new_one(visit_as, account, change, address):
    change(BIRTH, slug="khai-sinh", old_slugs=[BIRTH, "ks"])
    citizen = visit_as(account)

    for old in (BIRTH, "ks"):
        page = citizen.get(address.format(old))
        assert (page.status, page.location) == (301, address.format("khai-sinh"))
    assert citizen.get(page.location).status in (200, 302)


def test_a_form_sent_to_an_old_address_is_sent_on_as_typed(visit_as, account, change):
    citizen = visit_as(account)
    form = citizen.get(f"/nop-ho-so/{BIRTH}/chu-ho-so").fields("Lưu và đi tiếp")
    change(BIRTH, slug="khai-sinh", old_slugs=[BIRTH])
    sent_on = citizen.client.post(f"/nop-ho-so/{BIRTH}/chu-ho-so", data=form | {"owner": "self"})

    assert (sent_on.status_code, sent_on.location) == (308, "http://localhost/nop-ho-so/khai-sinh/chu-ho-so")
    citizen.client.post(sent_on.location, data=form | {"owner": "self"})
    assert Draft.get().procedure_slug == "khai-sinh"


def test_a_dossier_of_an_old_name_is_copied_under_the_new_one(visit_as, account, submit, change):
    dossier, citizen = submit(account), visit_as(account)
    change(BIRTH, slug="khai-sinh", old_slugs=[BIRTH])
    assert f"/ca-nhan/ho-so/{dossier.code}/nop-lai" in citizen.get(f"/ca-nhan/ho-so/{dossier.code}").text

    begun = citizen.send(f"/ca-nhan/ho-so/{dossier.code}/nop-lai", {})
    assert begun.location == "/nop-ho-so/khai-sinh/chu-ho-so"
    draft = Draft.get(Draft.dossier.is_null())
    assert (draft.procedure_slug, draft.answers["con_ten"]) == ("khai-sinh", dossier.answers["con_ten"])


@pytest.mark.parametrize("code", ["1.001193", "1.001193.H21", "1.001193.000.00.00.H55", "1.888001"])
def test_a_code_in_the_address_leads_to_its_procedure(visitor, change, code):
    change(BIRTH, old_codes=["1.888001"])
    page = visitor.get(f"/dich-vu/{code}")

    assert (page.status, page.location) == (302, f"/dich-vu/{BIRTH}")


@pytest.mark.parametrize("typed", ["2.000815.000.00.00.H55", "2.000815", "mã 2.000815.H21"])
def test_a_code_with_a_places_suffix_is_found(visitor, typed):
    page = visitor.get(f"/dich-vu/?q={typed}")

    assert [a.get("href") for a in page.tree.find_class("list")[0].iter("a")] == [f"/dich-vu/{COPY}"]


def test_a_code_that_became_two_shows_both(visitor, change):
    change(BIRTH, old_codes=["1.888001"])
    change(DEATH, old_codes=["1.888001"])
    page = visitor.get(visitor.get("/dich-vu/1.888001").location)

    assert {a.get("href") for a in page.tree.find_class("list")[0].iter("a")} == {f"/dich-vu/{BIRTH}", f"/dich-vu/{DEATH}"}


@pytest.mark.parametrize("address", ["/dich-vu/9.999999", "/dich-vu/ks", "/nop-ho-so/ks/", "/nop-ho-so/1.001193/"])
def test_what_never_was_is_not_there(visit_as, account, address):
    assert visit_as(account).get(address).status == 404


# --- its time --------------------------------------------------------------------------------------------------------


def test_what_ended_names_what_took_its_place_and_cannot_be_begun(visit_as, account, change):
    change(POOR, valid_to=date(2026, 12, 31), replaced_by=DEATH)
    with at(NEW_YEAR):
        citizen = visit_as(account)
        page = citizen.get(f"/dich-vu/{POOR}")
        begun = citizen.get(f"/nop-ho-so/{POOR}/")

    assert "đã hết hiệu lực từ sau ngày 31/12/2026. Nay làm: Đăng ký khai tử." in page.words
    assert page.links["Đăng ký khai tử"] == f"/dich-vu/{DEATH}"
    assert "Nộp hồ sơ" not in page.links
    assert begun.location == f"/dich-vu/{POOR}"


def test_what_ends_says_already_what_comes_after(visitor, change):
    change(POOR, valid_to=date(2026, 12, 31), replaced_by=DEATH)
    with at(NOVEMBER):
        page = visitor.get(fresh(f"/dich-vu/{POOR}"))

    assert "chỉ còn làm đến hết ngày 31/12/2026. Sau ngày đó làm: Đăng ký khai tử." in page.words
    assert "Nộp hồ sơ" in page.links


@pytest.mark.parametrize("path", ["/dich-vu/", "/dich-vu/?linh-vuc=Gi%E1%BA%A3m+ngh%C3%A8o", "/dich-vu/?q=ho+ngheo"])
def test_lists_say_what_ends_next_month_and_what_has_ended(visitor, change, path):
    title = "Xin vào hộ nghèo, cận nghèo trong năm"

    def said(moment: datetime) -> str:
        with at(moment):
            words = visitor.get(fresh(path)).words
        return words.partition(title)[2][:120]

    assert "chỉ làm đến hết 31/12/2026" in said(NOVEMBER)
    assert "31/12/2026" not in said(datetime(2026, 10, 1, 3, tzinfo=UTC))
    assert "đã hết từ sau 31/12/2026" in said(NEW_YEAR) or path == "/dich-vu/"  # what is gone is most used no more


def test_the_home_page_says_it_too(visitor, change):
    change(BIRTH, valid_to=date(2026, 12, 31))
    with at(NOVEMBER):
        assert "Đăng ký khai sinh chỉ làm đến hết 31/12/2026" in visitor.get(fresh("/")).words


def test_what_is_not_yet_in_force_says_from_when(visit_as, account, change):
    change(BIRTH, valid_from=date(2027, 3, 1))
    with at(NOVEMBER):
        citizen = visit_as(account)
        page, refused = citizen.get(f"/dich-vu/{BIRTH}"), citizen.post(f"/nop-ho-so/{BIRTH}/chu-ho-so", {"owner": "self"})
        listed = citizen.get("/dich-vu/").words
    with at(datetime(2027, 3, 1, 3, tzinfo=UTC)):
        later = visit_as(account).get(f"/dich-vu/{BIRTH}")

    assert "làm được từ ngày 1/3/2027. Bây giờ chưa nộp được." in page.words and "Nộp hồ sơ" not in page.links
    assert refused.location == f"/dich-vu/{BIRTH}" and not Draft.select().exists()
    assert "Đăng ký khai sinh làm được từ 1/3/2027" in listed
    assert "Nộp hồ sơ" in later.links


def test_who_began_what_ended_meanwhile_reads_that_the_draft_is_kept(visit_as, account, make_draft, change):
    with at(NOVEMBER):
        draft = make_draft(account)
        change(BIRTH, valid_to=date(2026, 11, 23))
        assert "Bản nháp của bạn" not in visit_as(account).get(f"/dich-vu/{BIRTH}").words
    with at(datetime(2026, 11, 24, 3, tzinfo=UTC)):
        citizen = visit_as(account)
        sent = citizen.post(f"/nop-ho-so/{BIRTH}/xem-lai", {"declared": "1"})
        page = citizen.get(sent.location)
        neighbour = visit_as(make_account()).get(sent.location)

    assert sent.location == f"/dich-vu/{BIRTH}" and not Dossier.select().exists()
    assert "Bản nháp của bạn vẫn còn, giữ đến 23/12/2026. Chưa nộp được." in page.words
    assert page.links["Xem bản nháp"] == "/ca-nhan/ban-nhap"
    assert Draft.get_by_id(draft.id).answers == draft.answers
    assert "Bản nháp" not in neighbour.words


# --- where it is done ------------------------------------------------------------------------------------------------


def test_people_are_sent_where_a_procedure_is_done(visitor):
    page = visitor.get(fresh(f"/dich-vu/{LINKED}"))

    assert "Trang này không nhận hồ sơ việc này" in page.words
    assert page.links["Mở Cổng Dịch vụ công liên thông"] == "https://lienthong.dichvucong.gov.vn"
    assert page.tree.xpath("//a[@href='https://lienthong.dichvucong.gov.vn']/@rel") == ["external noreferrer"]


def test_a_place_without_an_address_is_named(visitor):
    page = visitor.get(fresh(f"/dich-vu/{RESIDENCE}"))

    assert "Nơi nộp: Cổng Dịch vụ công Bộ Công an, ứng dụng VNeID, hoặc Công an xã Ia Băng." in page.words
    assert not [link for link in page.links.values() if link.startswith("http")]


def test_what_is_only_done_at_the_desk_says_so_and_what_to_bring(visitor):
    page = visitor.get(fresh(f"/dich-vu/{COPY}"))
    bring, _, rest = page.words.partition("Chỉ khi cần:")

    assert "Bản chính giấy tờ, văn bản" in bring and "Bản sao cần chứng thực" in rest
    assert "Không nộp qua mạng." in page.words and "gửi hồ sơ qua mạng" not in page.words
    assert "Nơi làm việc này: Bộ phận Một cửa xã Ia Băng." in page.words


def test_every_procedure_page_says_how_to_go_on(visitor, library):
    with at(NOVEMBER):
        for slug, procedure in library.procedures.items():
            page = visitor.get(fresh(f"/dich-vu/{slug}"))
            place = procedure.where_handled
            assert ("Nộp hồ sơ" in page.links) == (procedure.online_submission == "here"), slug
            assert place is None or place.name in page.words, slug
            assert place is None or place.url is None or place.url in page.links.values(), slug


def test_addresses_outside_are_those_somebody_has_looked_at(library):
    known = {link.url for link in library.site.links if not link.historic}
    given = {p.where_handled.url for p in library.procedures.values() if p.where_handled and p.where_handled.url}

    assert given and given <= known


# --- a dossier keeps the procedure it was submitted under ------------------------------------------------------------


@pytest.mark.parametrize("changed", [
    {"slug": "khai-sinh-moi", "old_slugs": [BIRTH], "title": "Khai sinh mới", "name": "Khai sinh mới", "code": "1.777001"},
    {"valid_to": date(2026, 11, 1), "replaced_by": DEATH},
    {"documents": [], "eform": None, "fee": None},
    {"online_submission": "off", "where_handled": Place(name="Nơi khác")},
], ids=["renamed", "ended", "other papers", "elsewhere"])  # fmt: skip
def test_a_changed_procedure_leaves_an_old_dossier_as_it_was(
    visit_as, visitor, account, officer, dossier, library, change, changed
):
    if "fee" in changed:
        changed = changed | {"fee": msgspec.structs.replace(library.procedures[BIRTH].fee, amount=123_456)}

    def pages() -> list[str]:
        return [
            # What can still be done with it follows from the procedure as it is now.
            visit_as(account).get(f"/ca-nhan/ho-so/{dossier.code}").words.partition("Bạn làm được")[0],
            visit_as(account).get("/ca-nhan/ho-so").words,
            visit_as(officer).get(f"/mot-cua/ho-so/{dossier.code}").words,
            visitor.get(f"/tra-cuu?ma={dossier.receipt_code}").words,
        ]

    pages()  # opened once, so that the commune's own opening stands in the log before and after
    before = pages()
    change(BIRTH, **changed)

    assert pages() == before
    assert "Đăng ký khai sinh" in before[0] and "Họ của trẻ" in before[0] + before[2]


# --- what this site is not -------------------------------------------------------------------------------------------


def test_every_flow_says_that_this_is_not_the_national_portal(visit_as, visitor, account, officer, dossier, make_draft, library):
    make_draft(account)
    pages = range(1, len(library.definitions[BIRTH]["eform"]["pages"]) + 1)
    flows = {
        visitor: [
            "/", "/dich-vu/", "/dich-vu/?q=khai+sinh", f"/dich-vu/{BIRTH}", f"/dich-vu/{LINKED}", f"/dich-vu/{COPY}",
            "/huong-dan/", "/tra-cuu", f"/tra-cuu?ma={dossier.receipt_code}", "/tai-khoan/dang-ky",
            "/tai-khoan/dang-ky/so-giay-to", "/tai-khoan/dang-nhap", "/tai-khoan/dang-nhap/tinh", "/tai-khoan/quen-mat-khau",
            "/lien-he", "/quyen-rieng-tu", "/khong-co-trang-nay",
        ],
        visit_as(account): [
            *(f"/nop-ho-so/{BIRTH}/{page}" for page in ("chu-ho-so", "nhan-ket-qua", "giay-to", "xem-lai")),
            *(f"/nop-ho-so/{BIRTH}/trang-{number}" for number in pages),
            f"/nop-ho-so/{BIRTH}/da-nop/{dossier.code}",
            "/ca-nhan/", "/ca-nhan/ban-nhap", "/ca-nhan/ho-so", f"/ca-nhan/ho-so/{dossier.code}", "/ca-nhan/tai-khoan/",
            "/ca-nhan/tai-lieu", "/ca-nhan/du-lieu/", "/ca-nhan/thanh-toan", "/ca-nhan/lich-su",
        ],
        visit_as(officer): ["/mot-cua/", f"/mot-cua/ho-so/{dossier.code}"],
    }  # fmt: skip
    silent = [
        path
        for person, paths in flows.items()
        for page, path in ((person.get(path), path) for path in paths)
        if page.is_page and library.site.not_national not in page.tree.text_content()
    ]

    assert silent == []

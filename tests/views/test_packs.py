"""The village pack: asked for at the desk, made in the queue, its pages told before it is printed."""

import io
import zipfile
from datetime import timedelta

import pytest
from printing import needs_pdf, read
from queued import work_off
from stage import make_staff

import chores
from database import utc_now
from gateways import pdf
from gateways.files import StorageFull
from models import Pack
from rules import packs
from rules.packs import Choices

ROOM, MAKE, ALL = "/mot-cua/bo-tai-lieu/", "/mot-cua/bo-tai-lieu/lap", "/mot-cua/bo-tai-lieu/tat-ca"
CHOSEN = {"guides": ["nop-ho-so", "tra-cuu-ho-so"], "head_name": "Rơ Châm Blŭk", "head_phone": "0912345678"}
KEY = "k" * 32


@pytest.fixture
def head(app):
    return make_staff("village_head", village="Thôn 6")


@pytest.fixture
def quick(monkeypatch):
    """PDFs that take no time; what was laid out."""
    asked = []

    def lay_out(pages, sheet, seconds=0):
        asked.append(pages)
        return pdf.LaidOut(b"%PDF-" + "".join(pages).encode(), [1] * len(pages))

    monkeypatch.setattr(pdf, "is_there", lambda: True)
    monkeypatch.setattr(pdf, "lay_out", lay_out)
    return asked


def ask(app, library, by, village="thon-6", key=KEY, **more) -> Pack:
    return packs.ask(village, Choices(**{"guides": ["nop-ho-so"]} | more), by, utc_now(), key)


def make(app, pack: Pack) -> Pack:
    packs.make(pack.id, chores.workshop(app), utc_now)
    return Pack.get_by_id(pack.id)


def of(page_or_path) -> str:
    return (page_or_path.location or "").removeprefix("http://localhost")


# --- from choosing to printing ---------------------------------------------------------------------------------------


@needs_pdf
def test_a_village_head_makes_the_pack_of_her_village(app, head, visit_as):
    visitor = visit_as(head)
    asked = visitor.send(MAKE, CHOSEN, "Lập bộ")
    assert asked.status == 303
    waiting = visitor.get(of(asked))
    assert "Đang chờ" in waiting.words and waiting.tree.xpath("//meta[@http-equiv='refresh']")

    work_off(app)
    ready, pack = visitor.get(of(asked)), Pack.get()
    assert f"{pack.pages} trang" in ready.words and not ready.tree.xpath("//meta[@http-equiv='refresh']")
    taken = visitor.send(of(asked), {}, "Tải PDF")
    with visitor.client.get(of(taken)) as answer:
        words, pages, _ = read(answer.data)

    assert (answer.mimetype, pages, len(answer.data)) == ("application/pdf", pack.pages, pack.size_bytes)
    assert sum(count for _, count in pack.parts) == pages
    for said in ("Nộp hồ sơ", "Tra cứu hồ sơ", "Rơ Châm Blŭk", "0912 345 678", "Thôn 6", "localhost/h/4", "thay bản cũ"):
        assert said in words
    assert Pack.get().prints == 1


@needs_pdf
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # no database draws a page
@pytest.mark.parametrize("size", ["a4", "a5"])
def test_the_fullest_pack_is_under_300_kb_and_its_pages_are_told_right(app, library, officer, size):
    procedures = sorted(library.procedures, key=lambda slug: -len(str(library.definitions[slug]["documents"])))
    full = {"guides": [*library.guides], "procedures": procedures[: packs.MOST_PROCEDURES], "size": size}
    pack = make(app, ask(app, library, officer, head_name="Rơ Châm H'Lan Ksor Nay", head_phone="0912 345 678", **full))
    data = app.extensions["files"].read(pack.stored_name)

    assert (pack.state, pack.fault) == (Pack.READY, "")
    assert len(data) == pack.size_bytes <= packs.MOST_BYTES == 300_000
    _, pages, _ = read(data)
    assert pages == pack.pages == sum(count for _, count in pack.parts)
    assert len(pack.parts) == 8 + packs.MOST_PROCEDURES + 2


@needs_pdf
def test_each_part_of_a_pack_is_numbered_for_itself(app, library, officer):
    pack = make(app, ask(app, library, officer, guides=["dang-ky-tai-khoan", "quen-mat-khau"], poster=False, cards=False))
    words, pages, _ = read(app.extensions["files"].read(pack.stored_name))

    counts = [count for _, count in pack.parts]
    for count in counts:
        assert f"Trang 1/{count}" in words and f"Trang {count}/{count}" in words
    assert f"/{pages}" not in words.replace("/h/", "") or pages in counts


@needs_pdf
def test_the_cards_are_eight_on_one_sheet_with_the_villages_code(app, library, officer):
    pack = make(app, ask(app, library, officer, guides=["nop-ho-so", "tra-cuu-ho-so", "dang-nhap"], poster=False))
    words, *_ = read(app.extensions["files"].read(pack.stored_name))

    assert pack.parts[-1] == ["Thẻ bỏ túi", 1]
    cards = words.split("\f")[pack.pages - 1]
    assert cards.count("Chụp mã") == 8
    assert [cards.count(f"localhost/h/{number}") for number in (2, 4, 5)] == [3, 3, 2]


def test_what_is_laid_out_carries_the_village_in_every_code(app, library, officer, quick):
    make(app, ask(app, library, officer, procedures=["dang-ky-khai-sinh"], village="thon-9"))
    [pages] = quick

    codes = [part.split('"')[0] for page in pages for part in page.split('alt="Mã QR: ')[1:]]
    assert len(codes) == 1 + 1 + 1 + 8
    assert all(code.endswith("/thon-9") for code in codes)


# --- the form --------------------------------------------------------------------------------------------------------


def test_the_four_guides_that_are_needed_most_are_chosen_at_first(visit_as, head):
    page = visit_as(head).get(MAKE)
    chosen = [box.get("value") for box in page.tree.xpath("//input[@name='guides'][@checked]")]

    assert chosen == ["dang-ky-tai-khoan", "quen-mat-khau", "nop-ho-so", "tra-cuu-ho-so"]


def test_a_village_head_has_her_village_and_no_other(app, visit_as, head, quick):
    visitor = visit_as(head)
    page = visitor.get(f"{MAKE}?lang=thon-7")
    assert page.fields()["village"] == "thon-6" and not page.tree.xpath("//select[@name='village']")

    assert visitor.send(MAKE, CHOSEN | {"village": "thon-7"}, "Lập bộ").status == 422
    assert Pack.select().count() == 0


def test_name_and_phone_are_those_of_the_last_pack(app, visit_as, head, officer, quick):
    page = visit_as(officer).get(f"{MAKE}?lang=thon-6")
    assert (page.fields()["village"], page.fields()["head_name"]) == ("thon-6", head.full_name)  # as the account says
    visit_as(head).send(MAKE, CHOSEN, "Lập bộ")

    fields = visit_as(officer).get(f"{MAKE}?lang=thon-6").fields()
    assert (fields["head_name"], fields["head_phone"]) == ("Rơ Châm Blŭk", "0912 345 678")


@pytest.mark.parametrize(("wrong", "said"), [
    ({"head_phone": "123"}, "3 số"),
    ({"head_name": "a\u202eb"}, "ký tự ẩn"),
    ({"size": "a3"}, "Chọn một trong các ô có sẵn"),
    ({"guides": ["khong-co"]}, ""),
    ({"procedures": ["khong-co"]}, ""),
    ({"village": ""}, "Chọn một trong các ô có sẵn"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_stays(visit_as, officer, quick, wrong, said):
    page = visit_as(officer).send(MAKE, CHOSEN | wrong, "Lập bộ")

    assert page.status == 422 and said in page.words
    assert "Rơ Châm Blŭk" in page.text or "head_name" in wrong
    assert Pack.select().count() == 0


def test_a_pack_of_nothing_is_refused(visit_as, head, quick):
    visitor = visit_as(head)
    form = visitor.get(MAKE).fields()
    page = visitor.post(MAKE, {"village": "thon-6", "size": "a4", "form_key": form["form_key"]})

    assert page.status == 422 and "Chọn ít nhất một bài" in page.words
    assert Pack.select().count() == 0


def test_a_pack_of_too_many_procedures_is_refused(visit_as, head, library, quick):
    page = visit_as(head).send(MAKE, CHOSEN | {"procedures": [*library.procedures]}, "Lập bộ")

    assert page.status == 422 and "nhiều nhất 10 thủ tục" in page.words


def test_the_same_form_sent_twice_makes_one_pack(app, visit_as, head, quick):
    visitor = visit_as(head)
    form = {**CHOSEN, "village": "thon-6", "size": "a4", "form_key": KEY}

    assert visitor.post(MAKE, form).location == visitor.post(MAKE, form).location
    assert Pack.select().count() == 1


def test_the_key_of_one_person_does_not_answer_for_another(app, library, officer, head):
    assert ask(app, library, officer).id != ask(app, library, head).id


# --- whose it is -----------------------------------------------------------------------------------------------------


def test_the_pack_of_another_village_or_office_is_as_none(app, library, visit_as, officer, quick):
    pack = make(app, ask(app, library, officer))
    for stranger in (
        make_staff("village_head", "other", village="Thôn 7"),
        make_staff("village_head", "elsewhere", village="Thôn 6", office="H21.121"),
        make_staff("officer", "officer-121", office="H21.121"),
        make_staff("postal_clerk"),
        make_staff("specialist"),
    ):
        visitor = visit_as(stranger)
        for address in (pack.ref, f"{pack.ref}.pdf"):
            assert visitor.get(ROOM + address).status == 404
        for act in ("tai", "lam-lai"):
            assert visitor.post(f"{ROOM}{pack.ref}/{act}").status == 404
    assert Pack.get() == pack and Pack.get().prints == 0


def test_a_village_head_makes_none_for_all(visit_as, head):
    assert visit_as(head).get(ALL).status == 404
    assert visit_as(head).post(ALL).status == 404
    assert "tat-ca" not in visit_as(head).get(ROOM).text


def test_a_head_whose_village_is_in_no_list_is_told(visit_as, app):
    page = visit_as(make_staff("village_head", village="Làng Cũ")).get(ROOM)

    assert page.status == 200 and "Báo quản trị" in page.words


# --- in the queue ----------------------------------------------------------------------------------------------------


def test_all_villages_in_one_go_with_progress(app, visit_as, officer, head, quick):
    visitor = visit_as(officer)
    asked = visitor.send(ALL, {"guides": ["nop-ho-so"]}, "Lập 11 bộ")
    assert visitor.get(of(asked)).heading == "Xong 0/11 bộ"
    queue = app.extensions["queue"]
    for _ in range(4):
        queue.execute(queue.dequeue())

    page = visitor.get(of(asked))
    assert page.heading == "Xong 4/11 bộ" and page.tree.xpath("//meta[@http-equiv='refresh']")
    assert len([button for button in page.tree.iter("button") if button.text == "Tải PDF"]) == 4
    work_off(app)
    page = visitor.get(of(asked))
    assert page.heading == "Xong 11/11 bộ" and not page.tree.xpath("//meta[@http-equiv='refresh']")
    named = {pack.village: pack.choices["head_name"] for pack in Pack.select()}
    assert len(named) == 11 and named["thon-6"] == head.full_name and named["thon-7"] == ""

    taken = visitor.send(of(asked), {}, "ZIP")
    with visitor.client.get(of(taken)) as answer:
        folder = zipfile.ZipFile(io.BytesIO(answer.data))
    assert sorted(folder.namelist()) == sorted(f"thon-{number}.pdf" for number in range(1, 12))
    assert b"thon-11" in folder.read("thon-11.pdf") and folder.testzip() is None
    assert {pack.prints for pack in Pack.select()} == {1}


@needs_pdf
def test_eleven_real_packs_come_out_of_the_queue(app, visit_as, officer):
    visitor = visit_as(officer)
    visitor.send(ALL, {"guides": ["nop-ho-so"]}, "Lập 11 bộ")
    work_off(app)

    assert [pack.state for pack in Pack.select()] == [Pack.READY] * 11
    assert all(pack.pages == read(app.extensions["files"].read(pack.stored_name))[1] for pack in Pack.select().limit(2))


def test_the_form_for_all_sent_twice_makes_eleven(app, visit_as, officer, quick):
    visitor = visit_as(officer)
    form = {"guides": ["nop-ho-so"], "size": "a4", "form_key": KEY}

    assert visitor.post(ALL, form).location == visitor.post(ALL, form).location
    assert Pack.select().count() == 11


def test_letters_do_not_wait_for_packs(app, library, officer):
    queue = app.extensions["queue"]
    app.extensions["pack_soon"](ask(app, library, officer).id)
    app.extensions["mail_soon"]()

    assert [queue.dequeue().name, queue.dequeue().name] == ["send_mail", "make_pack"]


def test_one_that_fails_says_why_and_is_made_again_on_a_tap(app, library, visit_as, officer, quick, monkeypatch):
    def fail(*_):
        raise pdf.PdfFailed("code -9")

    with monkeypatch.context() as broken:
        broken.setattr(pdf, "lay_out", fail)
        pack = make(app, ask(app, library, officer))
    visitor = visit_as(officer)
    assert "Bấm “Làm lại”" in visitor.get(ROOM + pack.ref).words

    visitor.send(ROOM + pack.ref, {}, "Làm lại")
    work_off(app)
    assert Pack.get().is_there
    visitor.post(f"{ROOM}{pack.ref}/lam-lai")  # pressed once more on the old page: what is ready stays ready
    assert Pack.get().is_there


@pytest.mark.parametrize(("fault", "said"), [(StorageFull("full"), packs.FULL), (pdf.PdfFailed("x"), packs.FAILED)])
def test_why_it_failed_is_said_in_words(app, library, officer, quick, monkeypatch, fault, said):
    def fail(data):
        raise fault

    monkeypatch.setattr(app.extensions["files"], "keep", fail)
    pack = make(app, ask(app, library, officer))

    assert (pack.state, pack.fault, pack.stored_name) == (Pack.FAILED, said, "")


def test_one_that_is_too_heavy_is_not_given_out(app, library, officer, quick, monkeypatch):
    monkeypatch.setattr(packs, "MOST_BYTES", 100)
    pack = make(app, ask(app, library, officer))

    assert (pack.state, pack.fault) == (Pack.FAILED, packs.TOO_LARGE)


def test_what_is_chosen_and_is_no_more_fails_with_a_word(app, library, officer, quick):
    for gone in ({"guides": ["da-bo"]}, {"procedures": ["da-bo"]}, {"village": "thon-99"}):
        pack = make(app, ask(app, library, officer, key=str(gone), **gone))
        assert (pack.state, pack.fault) == (Pack.FAILED, packs.GONE)


def test_one_that_has_no_turn_waits_and_it_is_no_try(app, library, officer, monkeypatch):
    def busy(*_):
        raise pdf.PdfBusy("others")

    monkeypatch.setattr(pdf, "is_there", lambda: True)
    monkeypatch.setattr(pdf, "lay_out", busy)
    asked = ask(app, library, officer)
    for _ in range(5):
        pack = make(app, asked)

    assert (pack.state, pack.tries) == (Pack.WAITING, 0)
    assert packs.left_over(utc_now() + timedelta(minutes=2)) == [pack.id]


def test_what_a_killed_program_was_making_is_taken_up_again(app, library, officer, quick):
    asked, now = ask(app, library, officer), utc_now()
    Pack.update(state=Pack.WORKING, started_at=now, tries=1).where(Pack.id == asked.id).execute()

    assert make(app, asked).state == Pack.WORKING  # somebody is at it
    assert packs.left_over(now) == []
    assert packs.left_over(now + packs.WORKS + timedelta(seconds=1)) == [asked.id]
    packs.let_go()  # the program begins anew
    assert make(app, asked).is_there


def test_a_clock_set_back_leaves_no_pack_behind(app, library, officer):
    asked, now = ask(app, library, officer), utc_now()
    Pack.update(state=Pack.WORKING, started_at=now + timedelta(days=400)).where(Pack.id == asked.id).execute()

    assert packs.left_over(now) == [asked.id]


def test_one_that_kills_its_maker_each_time_is_given_up(app, library, officer, quick):
    asked = ask(app, library, officer)
    Pack.update(tries=packs.MOST_TRIES).where(Pack.id == asked.id).execute()
    pack = make(app, asked)

    assert (pack.state, pack.fault, quick) == (Pack.FAILED, packs.FAILED, [])


def test_of_two_makers_one_wins_and_no_file_is_left_over(app, library, officer, quick, monkeypatch):
    asked, files = ask(app, library, officer), app.extensions["files"]
    before = {name for name, _ in files.names()}
    keep = files.keep

    def slowly(data):
        monkeypatch.setattr(files, "keep", keep)
        packs.let_go()
        assert make(app, asked).is_there  # another took it up meanwhile
        return keep(data)

    monkeypatch.setattr(files, "keep", slowly)
    pack = make(app, asked)
    assert pack.is_there and {name for name, _ in files.names()} - before == {pack.stored_name}


# --- taken away, and swept -------------------------------------------------------------------------------------------


def test_a_print_is_counted_by_the_button_and_not_by_the_file(app, library, visit_as, officer, quick):
    pack, visitor = make(app, ask(app, library, officer)), visit_as(officer)
    for _ in range(3):
        visitor.client.get(f"{ROOM}{pack.ref}.pdf").close()
        visitor.client.head(f"{ROOM}{pack.ref}.pdf").close()
    assert Pack.get().prints == 0

    for seen in ("0", "0", "0", "", "x"):  # a double tap saw the same number
        assert visitor.post(f"{ROOM}{pack.ref}/tai", {"prints": seen}).status == 303
    assert Pack.get().prints == 1
    visitor.send(ROOM + pack.ref, {}, "Tải PDF")
    assert Pack.get().prints == 2
    assert "2 lần" in visitor.get(ROOM).words


def test_one_that_is_not_ready_is_not_taken(app, library, visit_as, officer, quick):
    pack, visitor = ask(app, library, officer), visit_as(officer)

    assert visitor.post(f"{ROOM}{pack.ref}/tai", {"prints": "0"}).status == 409
    assert of(visitor.get(f"{ROOM}{pack.ref}.pdf")) == ROOM + pack.ref
    assert Pack.get().prints == 0


def test_the_file_goes_after_a_month_and_the_count_stays(app, library, visit_as, officer, quick):
    files, now = app.extensions["files"], utc_now()
    old, new = (make(app, ask(app, library, officer, key=key)) for key in ("old", "new"))
    Pack.update(made_at=now - timedelta(days=31), prints=7).where(Pack.id == old.id).execute()

    assert chores._is_claimed(old.stored_name)
    chores.sweep(files, now)

    kept = {name for name, _ in files.names()}
    assert old.stored_name not in kept and new.stored_name in kept
    assert not chores._is_claimed(old.stored_name)
    assert (Pack.get_by_id(old.id).prints, Pack.get_by_id(old.id).pages) == (7, old.pages)
    assert "quá một tháng" in visit_as(officer).get(ROOM + old.ref).words
    assert packs.prints_of_each("H21.129") == {"thon-6": 7}


def test_without_pango_it_is_said_plainly_and_nothing_is_asked(app, visit_as, officer, monkeypatch):
    monkeypatch.setattr(pdf, "is_there", lambda: False)
    visitor = visit_as(officer)

    for address in (ROOM, MAKE, ALL):
        assert "chưa tạo được PDF" in visitor.get(address).words
    for address in (MAKE, ALL):
        page = visitor.post(address, CHOSEN | {"village": "thon-6", "size": "a4", "form_key": KEY})
        assert page.status == 422 and "chưa tạo được PDF" in page.words
    assert Pack.select().count() == 0


def test_the_room_shows_what_the_paper_did(app, visit_as, officer):
    from rules import paper_visits
    from rules.vietnamese import in_vietnam

    for _ in range(17):
        paper_visits.count_visit("thon-6", "h/4", in_vietnam(utc_now()).date())
    page = visit_as(officer).get(ROOM)
    row = next(row for row in page.tree.iter("tr") if row.text_content().startswith("Thôn 6"))

    assert [cell.text_content().strip() for cell in row.iter("td")] == ["Thôn 6", "Chưa có", "0 lần", "17", "17"]

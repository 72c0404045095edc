"""Guides, procedures and posters on paper: in the browser and as PDF, A4 and A5, for a poor copier."""

import io
import re
import subprocess
import threading
from datetime import date

import pytest
from printing import needs_pdf, read

from gateways import pdf
from rules import print_sheets
from rules.print_sheets import Helper, Press
from views import sheets

A4, A5 = (595, 842), (420, 595)
GUIDE, PROCEDURE = "/huong-dan/nop-ho-so/in", "/dich-vu/dang-ky-khai-sinh/in"


@pytest.fixture(autouse=True)
def nothing_made(monkeypatch):
    monkeypatch.setattr(sheets, "made", sheets.Made())


@pytest.fixture
def press(library):
    return Press(library.site, "https://dvc.iabang.example", date(2026, 11, 22))


@pytest.fixture
def laid_out(app):
    """The PDF of sheets, as the site makes it."""
    template = app.jinja_env.get_template("print/document.html")

    def lay_out(*these, style: str = ""):
        return pdf.lay_out([template.render(sheet.values()) for sheet in these], style or sheets.style(), 120)

    return lay_out


def bare(text: str) -> str:
    return re.sub(r"\W+", " ", text)


# --- in the browser --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [GUIDE, PROCEDURE, "/to-roi/ba-cach/in", "/to-roi/mot-cua/in", "/to-roi/nop-ho-so/in"])
@pytest.mark.parametrize("size", ["a4", "A5"])
def test_every_sheet_has_a_page_of_each_size_with_its_short_address_and_day(visitor, address, size):
    page = visitor.get(f"{address}?kho={size}")

    [sheet] = page.tree.find_class("sheet")
    assert size.lower() in sheet.get("class").split()
    assert re.search(r"localhost/[hd]/[\d.]+", sheet.text_content())
    assert re.search(r"Bản in ngày \d+/\d+/\d{4}, thay bản cũ", " ".join(sheet.text_content().split()))
    code, *pictures = [img.get("src") for img in sheet.iter("img")]
    assert code.startswith("data:image/svg+xml")
    assert len(pictures) == (4 if address == GUIDE else 0) and all(src.endswith("-in.png") for src in pictures)
    assert page.links["Tải PDF"] == f"in.pdf?kho={size.upper()}"


def test_a_size_that_is_none_is_a4(visitor):
    for asked in ("", "?kho=", "?kho=a3", "?kho=%00", "?kho=a4&kho=a5"):
        assert visitor.get(GUIDE + asked).tree.find_class("sheet")[0].get("class") == "sheet a4"


def test_a_guide_says_all_its_steps_and_when_it_was_checked(visitor, library):
    for slug, guide in library.guides.items():
        page = visitor.get(f"/huong-dan/{slug}/in")
        numbers = [number.text for number in page.tree.find_class("num")]
        assert numbers == [str(number + 1) for number in range(len(guide.steps))]
        for step in guide.steps:
            for sentence in (re.sub("[{}]", "", step.do), step.where, step.see, step.trouble):
                assert sentence.removesuffix(".") in page.words
        assert f"Xem lại ngày {guide.checked_on.day}/{guide.checked_on.month}/{guide.checked_on.year}" in page.words


def test_a_procedure_says_what_to_bring_how_long_what_it_costs_and_where(visitor, library):
    for slug, procedure in library.procedures.items():
        page = visitor.get(f"/dich-vu/{slug}/in")
        for heading in ("Mang gì?", "Bao lâu?", "Bao nhiêu tiền?", "Làm ở đâu?", "Các bước"):
            assert heading in page.words, slug
        words = " ".join(procedure.processing.text.split())
        assert words in page.words, slug
        assert f"localhost/d/{procedure.code}" in page.words, slug


def test_what_a_procedure_needs_in_any_case_stands_before_what_it_needs_in_some(visitor):
    words = visitor.get(PROCEDURE).words

    assert words.index("Giấy chứng sinh") < words.index("Chỉ khi cần") < words.index("Biên bản về việc trẻ bị bỏ rơi")
    assert "Tờ khai đăng ký khai sinh" not in words  # this site asks in its place


def test_an_old_address_of_a_procedure_leads_to_the_new_ones_print(visitor, library, monkeypatch):
    monkeypatch.setitem(library.new_slugs, "khai-sinh-cu", "dang-ky-khai-sinh")

    assert visitor.get("/dich-vu/khai-sinh-cu/in?kho=A5").location.endswith("/dich-vu/dang-ky-khai-sinh/in?kho=A5")


def test_all_posters_are_listed_and_open(visitor):
    page = visitor.get("/to-roi/")
    addresses = [href for href in page.links.values() if href.endswith("/in")]

    assert len(addresses) == 10
    for address in addresses:
        assert visitor.get(address).tree.find_class("poster")


@pytest.mark.parametrize("address", ["/huong-dan/x/in.pdf", "/dich-vu/x/in", "/dich-vu/x/in.pdf", "/to-roi/x/in",
                                     "/to-roi/x/in.pdf", "/to-roi/%00/in"])  # fmt: skip
def test_what_is_not_there_is_not_printed(visitor, address):
    assert visitor.get(address).status == 404


def test_a_guide_and_a_procedure_lead_to_their_print(visitor):
    assert visitor.get("/huong-dan/nop-ho-so/").links["In cả bài"] == GUIDE
    assert visitor.get("/dich-vu/dang-ky-khai-sinh").links["In trang này"] == PROCEDURE
    assert visitor.get("/huong-dan/").links["Tờ rơi để in"] == "/to-roi/"


# --- as PDF ----------------------------------------------------------------------------------------------------------


@needs_pdf
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # no database draws a page
@pytest.mark.parametrize(("size", "points"), [("A4", A4), ("A5", A5)])
@pytest.mark.parametrize("address", [GUIDE, PROCEDURE, "/to-roi/ba-cach/in"])
def test_the_pdf_is_the_same_sheet(visitor, address, size, points):
    answer = visitor.client.get(f"{address}.pdf?kho={size}")
    words, pages, found = read(answer.data)

    assert (answer.mimetype, found) == ("application/pdf", points)
    assert f"Trang 1/{pages}" in words and f"Trang {pages}/{pages}" in words
    shown = visitor.get(f"{address}?kho={size}").tree.find_class("sheet")[0]
    for paragraph in shown.iter("p", "li"):
        assert set(bare(paragraph.text_content()).split()) <= set(bare(words).split())
    assert len(answer.data) < 60_000


@needs_pdf
def test_a_pdf_is_made_once_and_kept(visitor, monkeypatch):
    first = visitor.client.get(f"{GUIDE}.pdf?kho=a4").data
    monkeypatch.setattr(pdf, "make_pdf", lambda *_: pytest.fail("made again"))

    assert visitor.client.get(f"{GUIDE}.pdf?kho=A4").data == first


def test_without_pango_the_pdf_is_the_page(visitor, monkeypatch):
    monkeypatch.setattr(pdf, "is_there", lambda: False)

    assert visitor.get(f"{GUIDE}.pdf?kho=A5").location.endswith(f"{GUIDE}?kho=a5")
    page = visitor.get(f"{GUIDE}?kho=a5")
    assert "Tải PDF" not in page.links and page.tree.find_class("step")


def test_a_pdf_that_fails_says_how_to_print_all_the_same(visitor, monkeypatch):
    def fail(*_):
        raise pdf.PdfFailed("code 1")

    monkeypatch.setattr(pdf, "is_there", lambda: True)
    monkeypatch.setattr(pdf, "make_pdf", fail)
    answer = visitor.client.get(f"{GUIDE}.pdf?kho=A5")

    assert answer.status_code == 503 and answer.headers["Retry-After"] == "60"
    assert "nút in của trình duyệt" in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"


def test_many_who_ask_at_once_do_not_hold_the_server(monkeypatch):
    going, entered = threading.Event(), threading.Semaphore(0)

    def slowly(page, style):
        entered.release()
        going.wait(10)
        return b"%PDF-"

    monkeypatch.setattr(pdf, "make_pdf", slowly)
    made = sheets.Made()
    waiting = [threading.Thread(target=made.of, args=(f"page {n}", "")) for n in range(sheets.MOST_WAITING)]
    for thread in waiting:
        thread.start()
    assert entered.acquire(timeout=10)
    while made.places.acquire(blocking=False):  # until all three are inside
        made.places.release()

    with pytest.raises(pdf.PdfBusy):
        made.of("one more", "")
    going.set()
    for thread in waiting:
        thread.join(10)
    assert len(made.kept) == sheets.MOST_WAITING


def test_what_is_kept_has_an_end(monkeypatch):
    monkeypatch.setattr(pdf, "make_pdf", lambda page, style: page.encode())
    made = sheets.Made()
    for number in range(sheets.MOST_KEPT + 9):
        assert made.of(f"page {number}", "") == f"page {number}".encode()

    assert len(made.kept) == sheets.MOST_KEPT


# --- how it looks on paper -------------------------------------------------------------------------------------------


def boxes(data: bytes) -> list[tuple[int, str, float, float, float, float, float, float]]:
    """Each word with its page, its box in points and the size of its page."""
    told = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=data, capture_output=True, check=True).stdout.decode()
    found, page, width, height = [], 0, 0.0, 0.0
    for line in told.splitlines():
        if at := re.search(r'<page width="([\d.]+)" height="([\d.]+)"', line):
            page, width, height = page + 1, *map(float, at.groups())
        elif word := re.search(r'xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*)</word>', line):
            found.append((page, word[5], *(float(word[n]) for n in range(1, 5)), width, height))
    return found


@needs_pdf
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # no database draws a page
@pytest.mark.parametrize("size", ["a4", "a5"])
def test_nothing_is_cut_by_the_edge_of_the_paper(laid_out, library, press, size):
    helped = print_sheets.for_village(press, "thon-11", Helper("Thôn 11", "Rơ Châm H'Lan Ksor Nay", "0912 345 678"))
    guides = list(library.guides.values())
    these = [print_sheets.guide_sheet(guide, size, helped) for guide in guides]
    these += [print_sheets.poster(word, library.guides, size, helped) for word in print_sheets.posters(library.guides)]
    these += [print_sheets.card_sheet(guides, helped)]
    wide = sheets.style().replace('"DejaVu Sans Condensed",', "")  # where Debian's larger package of DejaVu is not installed
    for made in (laid_out(*these), laid_out(*these, style=wide)):
        is_within(made, len(guides))


def is_within(made: pdf.LaidOut, guides: int) -> None:
    for page, word, left, top, right, bottom, width, height in boxes(made.data):
        edge = 14  # five millimetres, which any printer prints
        assert edge < left and right < width - edge and edge < top and bottom < height - edge, (page, word)
    assert set(made.counts[guides:]) == {1}  # a poster is a page, and so are the cards


@needs_pdf
def test_every_letter_comes_from_one_font(laid_out, library, press):
    made = laid_out(*(print_sheets.guide_sheet(guide, "a4", press) for guide in library.guides.values()))
    told = subprocess.run(["pdffonts", "-"], input=made.data, capture_output=True, check=True).stdout.decode()
    families = {line.split()[0].split("+")[-1].replace("-Bold", "") for line in told.splitlines()[2:]}

    assert len(families) == 1 and "DejaVu" in families.pop()


@needs_pdf
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # no database draws a page
@pytest.mark.parametrize("size", ["a4", "a5"])
def test_a_page_breaks_between_two_steps_and_never_within_one(laid_out, library, press, size):
    for guide in library.guides.values():
        made = laid_out(print_sheets.guide_sheet(guide, size, press))
        texts = subprocess.run(["pdftotext", "-layout", "-", "-"], input=made.data, capture_output=True, check=True)
        pages = [set(bare(page).split()) for page in texts.stdout.decode().split("\f")]
        for step in guide.steps:
            whole = set(bare(f"{step.do} {step.where} {step.see} {step.trouble}").split())
            assert any(whole <= page for page in pages), step.title


@needs_pdf
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # no database draws a page
@pytest.mark.parametrize(("size", "least"), [("a4", 13.9), ("a5", 11.9)])
def test_no_letter_is_small(laid_out, library, press, size, least):
    these = [print_sheets.guide_sheet(guide, size, press) for guide in library.guides.values()]
    these += [print_sheets.procedure_sheet(library.definitions["dang-ky-khai-sinh"], "", size, press)]
    for _, word, _, top, _, bottom, _, height in boxes(laid_out(*these).data):
        is_page_number = bottom > height - 50
        # A word's box is as high as its font says lines are: a little more than its size.
        assert is_page_number or (bottom - top) >= least, word


@needs_pdf
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # no database draws a page
def test_what_a_poster_says_is_read_from_two_metres(laid_out, library, press):
    for word in print_sheets.posters(library.guides):
        made = laid_out(print_sheets.poster(word, library.guides, "a4", press))
        small = [word for _, word, _, top, _, bottom, _, height in boxes(made.data) if bottom - top < 22 and bottom < height - 50]
        assert not small or bare(" ".join(small)).startswith(("Xem lại ngày", "Bản in ngày")), word


def drawn(data: bytes, dpi: int, *more: str):
    """The first page as a picture, as it is printed."""
    from PIL import Image

    run = ["pdftoppm", "-r", str(dpi), "-singlefile", "-png", *more, "-"]
    return Image.open(io.BytesIO(subprocess.run(run, input=data, capture_output=True, check=True).stdout))


@needs_pdf
def test_a_sheet_is_black_and_white_and_nothing_between(laid_out, library, press):
    birth = library.definitions["dang-ky-khai-sinh"]
    for sheet in (
        print_sheets.procedure_sheet(birth, "", "a4", press),
        print_sheets.desk_poster("a5", press),
        print_sheets.card_sheet([], press),
    ):
        picture = drawn(laid_out(sheet).data, 100, "-aa", "no", "-aaVector", "no").convert("RGB")
        assert {colour for _, colour in picture.getcolors()} == {(0, 0, 0), (255, 255, 255)}


@needs_pdf
def test_the_pictures_of_the_steps_are_in_the_pdf_black_and_white(laid_out, library, press, tmp_path):
    from PIL import Image

    data = laid_out(print_sheets.guide_sheet(library.guides["nop-ho-so"], "a4", press)).data
    subprocess.run(["pdfimages", "-png", "-", tmp_path / "shot"], input=data, check=True)
    shots = [Image.open(path) for path in sorted(tmp_path.glob("shot*.png"))]

    assert len(shots) == 4
    for shot in shots:
        assert {colour for _, colour in shot.convert("L").getcolors()} == {0, 255}


# --- the code --------------------------------------------------------------------------------------------------------


def test_the_code_is_of_level_m_with_the_whole_quiet_zone(press):
    import segno

    address = press.short_address("h/4")
    code = segno.make(address, error="m", micro=False, boost_error=False)

    assert code.error == "M" and address == "https://dvc.iabang.example/h/4"
    assert print_sheets.qr_picture(address) == code.svg_data_uri(border=4, omitsize=True)


def test_on_paper_the_code_itself_is_25_millimetres_or_more(press):
    """The picture is 35 mm wide in sheets.css, its white edge included."""
    import segno

    widths = re.findall(r"\.qr\{[^}]*width:(\d+)mm", sheets.style())
    assert widths and min(map(int, widths)) == 35
    for address in (
        "http://a.vn/h/1",
        press.short_address("h/4"),
        "https://dichvucong.iabang.gialai.gov.vn/d/1.001193/thon-11-a-dok",
    ):
        modules = segno.make(address, error="m", micro=False, boost_error=False).symbol_size(border=0)[0]
        assert 35 * modules / (modules + 8) >= 25


def stands_on(picture, address: str, width_mm: float, left_mm: float, dpi: int) -> bool:
    """Whether somewhere down the page, at this distance from the left, every module of the address's code is as it should be."""
    import segno

    modules = [list(row) for row in segno.make(address, error="m", micro=False, boost_error=False).matrix_iter(border=4)]
    scale, one = dpi / 25.4, width_mm / len(modules)
    pixels, (_, height) = picture.load(), picture.size

    def is_here(top: int) -> bool:
        return all(
            (pixels[int((left_mm + one * (x + 0.5)) * scale), top + int(one * (y + 0.5) * scale)] < 128) == bool(dark)
            for y, row in enumerate(modules)
            for x, dark in enumerate(row)
        )

    return any(is_here(top) for top in range(height - int(width_mm * scale) - 1))


@needs_pdf
def test_the_code_stands_whole_on_the_paper(laid_out, library, press):
    helped, guide = print_sheets.for_village(press, "thon-6", Helper("Thôn 6")), library.guides["nop-ho-so"]
    sheet = drawn(laid_out(print_sheets.guide_sheet(guide, "a4", helped)).data, 200).convert("L")
    poster = drawn(laid_out(print_sheets.guide_poster(guide, "a4", helped)).data, 100).convert("L")

    address = "https://dvc.iabang.example/h/4/thon-6"
    assert stands_on(sheet, address, 35, 13 + 0.7, 200)
    assert stands_on(poster, address, 68, (210 - 68) / 2, 100)
    assert not stands_on(poster, "https://dvc.iabang.example/h/4/thon-7", 68, (210 - 68) / 2, 100)


def test_the_codes_of_a_village_carry_its_name_and_the_words_stay_short(press):
    helped = print_sheets.for_village(press, "thon-6", Helper("Thôn 6"))

    assert helped.short_address("h/4") == "https://dvc.iabang.example/h/4/thon-6"
    assert helped.short_words("h/4") == press.short_words("h/4") == "dvc.iabang.example/h/4"
    assert helped.qr("h/4") != press.qr("h/4")

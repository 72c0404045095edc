"""The desk's room for people in a real browser: the slip on its one A6 page, and the pages on a village head's phone."""

import shutil
import subprocess
from pathlib import Path

import pytest

from rules.dossier_codes import show_receipt_code

AXE = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"
MM = 72 / 25.4
PAGES = ("/mot-cua/nguoi-dan/", "/mot-cua/nguoi-dan/{ref}", "/mot-cua/nguoi-dan/{ref}/phieu", "/mot-cua/cho-xac-nhan")
FINGER = 44
LOW = """least => [...document.querySelectorAll("main button, main .list a, main .pick, main input, main select")]
  .filter(control => !["hidden", "radio", "checkbox"].includes(control.type) && control.getBoundingClientRect().height < least)
  .map(control => control.textContent.trim() || control.name)"""


@pytest.fixture(scope="module")
def prepared(site):
    return site.python("import prepared; prepared.print_slip()")


def page_as(chromium, site, cookie, width=1366, height=768, **options):
    context = chromium.new_context(viewport={"width": width, "height": height}, **options)
    context.add_cookies([cookie | {"url": site.address}])
    return context.new_page()


@pytest.fixture(scope="module")
def paper(site, chromium, prepared, tmp_path_factory):
    """The slip as printed, on the paper it asks for."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    page = page_as(chromium, site, prepared["officer"])
    page.goto(site.address + prepared["path"])
    file = tmp_path_factory.mktemp("slip") / "slip.pdf"
    page.pdf(path=file, prefer_css_page_size=True)
    page.context.close()
    return file


def read(program: str, *arguments) -> str:
    return subprocess.run([program, *arguments], capture_output=True, check=True, text=True).stdout


def test_a_slip_is_one_a6_page(paper):
    facts = dict(line.split(":", 1) for line in read("pdfinfo", paper).splitlines())
    width, height = (float(part) for part in facts["Page size"].split()[0:3:2])

    assert facts["Pages"].strip() == "1"
    assert abs(width - 105 * MM) < 2 and abs(height - 148 * MM) < 2


def test_every_code_stands_on_the_paper_in_groups_of_four(paper, prepared):
    lines = [" ".join(line.split()) for line in read("pdftotext", "-layout", paper, "-").splitlines()]
    numbered = [f"{n}. {show_receipt_code(code)}" for n, code in enumerate(prepared["codes"]["recovery"], 1)]

    assert [line for line in lines if line in numbered] == numbered
    assert show_receipt_code(prepared["codes"]["activation"]) in lines


def test_the_paper_says_whose_it_is_what_to_do_and_where_to_bring_it_when_found(site, paper):
    words = " ".join(read("pdftotext", "-layout", paper, "-").split())

    for said in ("Kích hoạt tài khoản", "0640••••0001", "Xã Ia Băng", "Ai nhặt được phiếu: xin gửi lại Bộ phận Một cửa"):
        assert said in words
    assert f"{site.address}/tai-khoan/kich-hoat" in words
    assert "064090720001" not in words and "Ctrl+P" not in words and "Thoát" not in words


def test_nothing_on_the_paper_is_grey(paper, tmp_path):
    """A poor copier knows black and white: of the printed page hardly a pixel lies in between."""
    from PIL import Image

    read("pdftoppm", "-r", "150", "-png", paper, tmp_path / "slip")
    with Image.open(next(tmp_path.glob("*.png"))) as picture:
        colours = picture.convert("RGB").getcolors(1_000_000)
    coloured = sum(count for count, (red, green, blue) in colours if max(red, green, blue) - min(red, green, blue) > 24)
    between = sum(count for count, (red, _, _) in colours if 96 < red < 200)

    assert coloured == 0
    assert between < 0.03 * sum(count for count, _ in colours), "only the edges of letters"


@pytest.mark.parametrize(("who", "width", "height"), [("officer", 1366, 768), ("head", 360, 640)])
def test_the_pages_fit_the_screen_and_on_a_phone_the_finger(site, chromium, prepared, who, width, height):
    page = page_as(chromium, site, prepared[who], width, height)
    for path in PAGES:
        answer = page.goto(site.address + path.format(ref=prepared["ref"]))

        assert (answer.status, page.url) == (200, site.address + path.format(ref=prepared["ref"]))
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width, path
        assert who != "head" or page.evaluate(LOW, FINGER) == [], path
    page.context.close()


def test_axe_objects_to_nothing(site, chromium, prepared):
    """With the policy lifted for axe alone: the site's own allows no script but its own."""
    found = []
    page = page_as(chromium, site, prepared["officer"], bypass_csp=True)
    for path in (*PAGES, prepared["path"]):
        page.goto(site.address + path.format(ref=prepared["ref"]))
        page.evaluate(AXE.read_text(encoding="utf-8"))
        violations = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        found += [(path, violation["id"], [node["html"][:160] for node in violation["nodes"]]) for violation in violations]
    page.context.close()

    assert found == []


def test_an_account_is_opened_with_the_keyboard_alone(site, chromium, prepared):
    page = page_as(chromium, site, prepared["officer"])
    page.goto(f"{site.address}/mot-cua/nguoi-dan/")
    page.locator("[name=id_number]").focus()
    for keys in ("064090720777", "Tab", "ArrowDown", "Enter"):
        page.keyboard.type(keys) if keys.isdigit() else page.keyboard.press(keys)
    page.get_by_role("button", name="Tìm").press("Enter")
    page.get_by_role("button", name="Mở tài khoản cho người này").press("Enter")
    page.locator("[name=full_name]").focus()
    for words in ("Siu Blĕo", "5/7/1990", "Thôn 2", ""):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    page.keyboard.press("Space")  # the consent, read aloud
    page.locator("[name=seen]").press("Space")
    page.get_by_role("button", name="Mở tài khoản, làm phiếu").press("Enter")

    page.get_by_role("heading", name="Siu Blĕo").wait_for()
    assert "IAL2" in page.locator("main").inner_text()
    page.context.close()

"""How pages stand on the screens people have: nothing beside the screen, nothing too small to press, nothing axe objects to."""

import json
import shutil
import subprocess
import unicodedata
from pathlib import Path
from urllib.parse import urljoin

import person
import pytest

AXE = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"
SIZES = {"240x320": (240, 320), "360x640": (360, 640), "1366x768": (1366, 768)}
FINGER = 44  # CSS pixels

PUBLIC = [
    "/",
    "/huong-dan/",
    "/huong-dan/nop-ho-so/",
    "/huong-dan/dang-ky-tai-khoan/",
    "/huong-dan/thanh-toan/",
    *(f"/huong-dan/nop-ho-so/{number}" for number in range(1, 5)),
    "/huong-dan/thanh-toan/7",
    "/huong-dan/nop-ho-so/4?hinh=1",
    "/huong-dan/nop-ho-so/in",
    "/dich-vu/",
    "/dich-vu/?linh-vuc=Hộ tịch",
    "/dich-vu/?q=khai sinh",
    "/dich-vu/?q=xyzzy",
    "/dich-vu/dang-ky-khai-sinh",
    "/dich-vu/lien-thong-khai-sinh-thuong-tru-bhyt",
    "/dich-vu/dang-ky-ho-kinh-doanh",
    "/tai-khoan/dang-nhap",
    "/tai-khoan/dang-nhap/tinh",
    "/tai-khoan/dang-ky",
    "/tai-khoan/dang-ky/so-giay-to?loai=cong-dan",
    "/tai-khoan/dang-ky/da-gui",
    "/tai-khoan/quen-mat-khau",
    "/tai-khoan/xac-nhan/khong-co",
    "/tra-cuu",
    "/tra-cuu?ma=sai",
    "/tra-cuu?ma=H21.129-261122-0001",
    "/lien-he",
    "/gioi-thieu",
    "/quyen-rieng-tu",
    "/khong-co",
    *(f"/nhung/{name}" for name in ("huong-dan", "huong-dan/thanh-toan", "tra-cuu", "thu-tuc", "thong-bao", "so-lieu")),
    "/mot-cua/dang-nhap",
]
BIRTH = "/nop-ho-so/dang-ky-khai-sinh"
PRIVATE = [
    "/ca-nhan/",
    "/ca-nhan/ban-nhap",
    "/ca-nhan/ho-so",
    "/ca-nhan/lich-su",
    "/ca-nhan/thanh-toan",
    "/ca-nhan/tai-khoan/",
    *(f"/ca-nhan/tai-khoan/{page}" for page in ("ten", "dien-thoai", "thon", "e-mail", "mat-khau")),
    "/ca-nhan/tai-khoan/may",
    "/ca-nhan/tai-khoan/may/thoat-het",
    "/ca-nhan/tai-khoan/ai-da-xem",
    "/tai-khoan/thoat",
    "/ca-nhan/ban-nhap/dang-ky-khai-sinh/xoa",
    f"{BIRTH}/chu-ho-so",
    *(f"{BIRTH}/trang-{number}" for number in range(3, 7)),
    f"{BIRTH}/nhan-ket-qua",
    f"{BIRTH}/giay-to",
    f"{BIRTH}/xem-lai",
]


ADMINISTRATION = [
    *(f"/mot-cua/nhan-vien/{path}" for path in ("", "moi", "1", "1/vai-tro", "1/nghi", "1/mat-khau", "cho-duyet")),
    "/mot-cua/nhung/",
    *(f"/mot-cua/toi{path}" for path in ("", "/mat-khau", "/ung-dung", "/ma-in")),
]


@pytest.fixture(scope="module")
def citizen(site):
    """The cookie of somebody with a finished draft."""
    return site.python("import prepared; prepared.print_citizens(1)")[0]


@pytest.fixture(scope="module")
def submitted(site, chromium):
    """(cookie, path of the page that says “Đã nộp hồ sơ”, the two codes) of somebody else."""
    cookie = site.python("import prepared; prepared.print_citizens(1)")[0]
    context = new_context(chromium, site, cookie, "360x640")
    page = context.new_page()
    page.goto(f"{site.address}{BIRTH}/xem-lai")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Nộp hồ sơ").click()
    page.get_by_role("heading", name="Đã nộp hồ sơ").wait_for()
    words = page.locator("main").inner_text()
    path, codes = page.url.removeprefix(site.address), (person.dossier_code_in(words), person.receipt_code_in(words))
    context.close()
    return cookie, path, codes


@pytest.fixture(scope="module")
def officer(site):
    return site.python("import prepared; prepared.print_staff()")


@pytest.fixture(scope="module")
def administrator(site):
    return site.python("import prepared; prepared.print_staff('administrator')")


@pytest.fixture(scope="module")
def all_pages(site, chromium, citizen, submitted, officer, administrator):
    """`all_pages(size)`: each page in turn, as whoever may see it sees it. The desk is made for a wide screen alone."""

    def show(size: str, **options):
        seen_by = [(None, PUBLIC), (citizen, PRIVATE), (submitted[0], submitter_pages(submitted))]
        if size == "1366x768":
            seen_by += [(officer, desk_pages(submitted)), (administrator, ADMINISTRATION)]
        for cookie, paths in seen_by:
            context = new_context(chromium, site, cookie, size, **options)
            page = context.new_page()
            for path in paths:
                answer = page.goto(urljoin(site.address, path))
                assert answer.status < 500, path
                yield path, page
            context.close()

    return show


def submitter_pages(submitted) -> list[str]:
    _, path, (code, receipt) = submitted
    return [path, f"/ca-nhan/ho-so/{code}", "/ca-nhan/", "/ca-nhan/ho-so", "/ca-nhan/lich-su", f"/tra-cuu?ma={receipt}"]


def desk_pages(submitted) -> list[str]:
    code = submitted[2][0]
    return [
        "/mot-cua/",
        f"/mot-cua/ho-so/{code}",
        f"/mot-cua/ho-so/{code}/tu-choi",
        "/mot-cua/bao-cao/",
        "/mot-cua/so-theo-doi/in",
    ]


def new_context(chromium, site, cookie, size: str, **options):
    width, height = SIZES[size]
    context = chromium.new_context(viewport={"width": width, "height": height}, **options)
    if cookie:
        context.add_cookies([cookie | {"url": site.address}])
    return context


# --- on the screen ---------------------------------------------------------------------------------------------------

# Links inside a sentence are exempt, as in WCAG 2.5.5; what a page is there for is not.
MAIN_ACTIONS = "main .go, main button, main .list a, main .pick, main input, main select, main textarea, header .me"
MEASURE = """([actions, least]) => ({
  width: document.scrollingElement.scrollWidth > innerWidth ? document.scrollingElement.scrollWidth : 0,
  small: [...document.querySelectorAll(actions)]
    .filter(control => !["hidden", "radio", "checkbox"].includes(control.type))
    .map(control => [control.textContent.trim().slice(0, 40) || control.name, control.getBoundingClientRect().height.toFixed(1)])
    .filter(([name, height]) => height < least),
  away: [...document.querySelectorAll("main *, header *")]
    .filter(part => part.textContent.trim() && part.getClientRects().length && part.getBoundingClientRect().right <= 0)
    .map(part => part.textContent.trim().slice(0, 40))})"""


@pytest.fixture(scope="module")
def measured(all_pages):
    """`measured(size)`: of each page, how wide it is when wider than the screen, and what is too low to press; once a size."""
    known = {}

    def measure(size: str) -> dict[str, dict]:
        if size not in known:
            known[size] = {path: page.evaluate(MEASURE, [MAIN_ACTIONS, FINGER]) for path, page in all_pages(size)}
        return known[size]

    return measure


@pytest.mark.parametrize("size", SIZES)
def test_no_page_is_wider_than_the_screen(measured, size):
    assert {path: page["width"] for path, page in measured(size).items() if page["width"]} == {}


@pytest.mark.parametrize("size", SIZES)
def test_nothing_stands_beside_the_screen(measured, size):
    assert {path: page["away"] for path, page in measured(size).items() if page["away"]} == {}


@pytest.mark.parametrize("size", SIZES)
def test_what_is_pressed_is_as_high_as_a_finger(measured, size):
    small = {path: page["small"] for path, page in measured(size).items() if page["small"] and "/mot-cua/" not in path}

    assert small == {}


@pytest.mark.parametrize("size", ["240x320", "1366x768"])
def test_axe_objects_to_nothing(all_pages, size):
    """With the policy lifted for axe alone: the site's own allows no script but its own."""
    found = []
    for path, page in all_pages(size, bypass_csp=True):
        page.evaluate(AXE.read_text(encoding="utf-8"))
        result = page.evaluate("axe.run({resultTypes: ['violations']})")
        found += [
            f"{path}: {violation['id']}: {json.dumps([node['html'][:160] for node in violation['nodes']], ensure_ascii=False)}"
            for violation in result["violations"]
        ]

    assert found == []


# --- on paper --------------------------------------------------------------------------------------------------------


def on_paper(page) -> str:
    """The words of the page as printed."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    done = subprocess.run(["pdftotext", "-", "-"], input=page.pdf(format="A5"), capture_output=True, check=True)
    return unicodedata.normalize("NFC", " ".join(done.stdout.decode().split()))


@pytest.fixture
def page_of(site, chromium):
    contexts = []

    def open_page(path: str, cookie=None):
        context = new_context(chromium, site, cookie, "1366x768")
        contexts.append(context)
        page = context.new_page()
        page.goto(site.address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def test_a_printed_guide_has_every_step_and_where_to_find_it(site, page_of):
    page = page_of("/huong-dan/dang-ky-tai-khoan/in")
    steps = [" ".join(step.split()) for step in page.locator(".say").all_inner_texts()]

    paper = on_paper(page)

    assert len(steps) == 7
    assert [step for step in steps if step.replace(" ", "") not in paper.replace(" ", "")] == []
    assert f"{site.address.removeprefix('http://')}/h/1" in paper.replace(" ", "")
    assert "Quyền riêng tư" not in paper, "the footer's links are of no use on paper"


def test_the_printed_page_of_a_submission_has_both_codes_and_the_way_to_look_them_up(site, submitted, page_of):
    cookie, path, (code, receipt) = submitted

    paper = on_paper(page_of(path, cookie))

    assert code in paper
    assert receipt.replace(" ", "") in paper.replace(" ", "")
    assert f"{site.address}/tra-cuu" in paper.replace(" ", "")
    assert "Thoát" not in paper

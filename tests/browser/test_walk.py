"""The letter, walked in a real browser by somebody who clicks what is on the screen."""

import re

import person
import pytest
from person import BIRTH, GO_ON, LETTER_CHOICE, LETTER_LEVEL, PASSWORD
from phone import Phone, check_fragments
from serving import STAFF_PASSWORD, link_in

WALKS = [
    pytest.param("sqlite", True, "240x320", id="240x320 script sqlite"),
    pytest.param("sqlite", False, "240x320", id="240x320 plain sqlite"),
    pytest.param("sqlite", True, "360x640", id="360x640 script sqlite"),
    pytest.param("sqlite", False, "360x640", id="360x640 plain sqlite"),
    pytest.param("postgresql", True, "360x640", id="360x640 script postgresql"),
]


# --- the parts of the walk -------------------------------------------------------------------------------------------


def register(phone: Phone, who: person.Person, site) -> None:
    """Guide I, step by step."""
    phone.open(f"{site.address}/")
    phone.press("Đăng nhập")
    phone.press(LETTER_CHOICE)
    phone.press("Đăng ký")
    phone.choose("Loại tài khoản", "Công dân")
    phone.press(LETTER_LEVEL)
    phone.type("CMND", who.id_number)
    phone.press("Tiến hành đăng ký")
    for label, text in who.details.items():
        phone.type(label, text)
    phone.send("Đăng ký")
    phone.open(link_in(site.wait_for_letter(who.email, "Xác nhận")))
    phone.press("Xác nhận")
    assert phone.heading == "Tài khoản đã dùng được"


def log_in(phone: Phone, who: person.Person) -> None:
    """Guide II, step by step."""
    phone.open(f"{phone.address}/")
    phone.press("Đăng nhập")
    phone.press(LETTER_CHOICE)
    phone.type("CMND", who.id_number)
    phone.type("Mật khẩu", PASSWORD)
    phone.send("Đăng nhập", whole=True)
    assert phone.path == "/"
    name = phone.page.locator("header").get_by_role("link", name=who.full_name)
    box, width = name.bounding_box(), phone.page.viewport_size["width"]
    assert box["y"] < 100 and box["x"] + box["width"] > width * 0.8, "the name stands at the upper right"


def find_procedure(phone: Phone) -> None:
    phone.press("Dịch vụ công")
    phone.page.get_by_role("searchbox").fill("dang ky khai sinh")
    phone.press("Tìm")
    phone.press(person.PROCEDURE)
    assert phone.heading == person.PROCEDURE


def fill_in(phone: Phone, photos: dict[str, str]) -> None:
    """Guide IV, step 3, up to the check page."""
    phone.choose("Bạn làm cho ai", "Cho tôi: Ksor H'Bia")
    phone.send(GO_ON)
    asked = set()
    while phone.heading != "Nơi nhận kết quả":
        asked |= {label for label, answer in BIRTH.items() if phone.answer(label, answer)}
        phone.send(GO_ON)
    assert asked == set(BIRTH)
    phone.choose("Bạn nhận kết quả ở đâu", "Tại Bộ phận Một cửa")
    phone.send(GO_ON)
    for paper, photo in photos.items():
        add_paper(phone, paper, photo)
    phone.send(GO_ON)
    assert phone.heading == "Xem lại và nộp"


def add_paper(phone: Phone, paper: str, photo: str) -> None:
    heading = phone.page.get_by_role("heading", level=2, name=re.compile(f"^{paper}"))
    if not heading.count():  # one of those that are sent only when needed
        phone.press(paper)
    section = phone.page.locator("main div").filter(has=heading).last
    section.get_by_label("Chọn ảnh").set_input_files(photo)
    # The button of this paper, not of another.
    phone.requests.clear()
    section.get_by_role("button", name="Gửi giấy này").click()
    phone.page.locator("main div").filter(has=heading).get_by_text("Đã nhận:").wait_for()
    if phone.has_script:
        check_fragments(phone.requests)
        assert [request.method for request in phone.requests] == ["POST"]


def look_up(phone: Phone, typed: str) -> str:
    """Guide V; returns what the page says."""
    phone.open(f"{phone.address}/")
    phone.press("Tra cứu")
    phone.type("Mã số hồ sơ/ Mã biên nhận", typed)
    phone.press("Tra cứu")
    assert phone.heading == person.PROCEDURE
    return phone.words


# --- the walk --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("site, has_script, size", WALKS, indirect=["site"])
def test_the_printed_letter_leads_from_the_home_page_to_a_received_dossier(site, pick_up, tmp_path, has_script, size):
    photos = {paper: str(person.noisy_photo(tmp_path / f"{number}.jpg")) for number, paper in enumerate(person.PAPERS)}
    who = person.new_person()
    phone = pick_up(has_script, size)

    register(phone, who, site)
    log_in(phone, who)
    find_procedure(phone)
    phone.press("Nộp hồ sơ")
    assert phone.heading == "Chủ hồ sơ là ai?"
    fill_in(phone, photos)

    phone.page.get_by_role("heading", level=2, name="Em bé tên gì").get_by_role("link", name="Sửa").click()
    phone.page.get_by_role("heading", level=1, name="Em bé tên gì").wait_for()
    phone.type("Tên của trẻ", "H'Mơ")
    phone.send(GO_ON)
    assert phone.heading == "Xem lại và nộp"
    phone.sees("H'Mơ")

    phone.page.get_by_role("checkbox").check()
    phone.send("Nộp hồ sơ")
    assert phone.heading == "Đã nộp hồ sơ"
    phone.sees("Bộ phận tiếp nhận và trả kết quả")
    code, receipt = person.dossier_code_in(phone.words), person.receipt_code_in(phone.words)

    phone.press("Thoát")
    phone.send("Xong – xoá khỏi máy này", whole=True)
    phone.sees("Đã xoá khỏi máy này")
    assert not phone.page.get_by_text(who.full_name).count()

    found = look_up(phone, person.as_typed_by_hand(receipt))
    assert "xã chưa nhận" in found and code in found
    assert who.full_name not in found and who.id_number not in found

    officer_accepts(pick_up(has_script, "360x640"), code)

    found = look_up(phone, receipt)
    assert "Xã đã nhận" in found and re.search(r"Hẹn trả: .*\d{1,2}/\d{1,2}/\d{4}", found)
    assert phone.complaints == []


def officer_accepts(desk: Phone, code: str) -> None:
    desk.open(f"{desk.address}/mot-cua/")
    desk.type("Tên đăng nhập", "motcua")
    desk.type("Mật khẩu", STAFF_PASSWORD)
    desk.send("Đăng nhập", whole=True)
    desk.press(code)
    assert desk.heading.startswith(person.PROCEDURE)
    desk.press("Kiểm tra giấy tờ")
    assert desk.heading.startswith("Giấy chứng sinh")
    with desk.page.expect_download() as download:
        desk.page.get_by_role("link", name="Tải về").first.click()
    with open(download.value.path(), "rb") as file:
        assert file.read(3) == b"\xff\xd8\xff"
    desk.press(code)
    desk.send("Tiếp nhận")
    desk.sees("Được tiếp nhận")
    assert desk.complaints == []


# --- the guide -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])
def test_a_guide_step_leads_to_its_screen_and_the_screen_back_to_the_step(site, pick_up, has_script):
    phone = pick_up(has_script, "240x320")
    phone.open(f"{site.address}/")

    phone.press("Hướng dẫn")
    phone.press("IV. Nộp hồ sơ")
    phone.press("Xem từng bước")
    phone.press("Bước sau")
    step = phone.heading
    phone.sees("Bước 2/4")
    phone.press("Làm bước này")
    assert phone.heading == "Dịch vụ công"
    phone.go_back()
    phone.page.get_by_role("heading", level=1, name=step).wait_for()

    phone.press("Làm bước này")
    phone.press(person.PROCEDURE)
    phone.sees("Bạn đang ở bước 2/4")
    phone.press("Hướng dẫn IV")
    assert phone.heading == step
    assert phone.complaints == []


# --- with script -----------------------------------------------------------------------------------------------------


@pytest.fixture
def phone_logged_in(site, pick_up):
    """A phone with script, whose owner has just logged in."""
    who = person.new_person()
    phone = pick_up()
    register(phone, who, site)
    log_in(phone, who)
    return phone


def test_a_form_with_a_mistake_comes_back_as_a_fragment_that_names_it(phone_logged_in):
    phone = phone_logged_in
    phone.open(f"{phone.address}/nop-ho-so/dang-ky-khai-sinh/")

    asked = phone.press(GO_ON)

    assert [request.response().status for request in asked] == [422]
    assert "Cần sửa" in phone.page.title()
    alert = phone.page.get_by_role("alert")
    assert "Cần sửa 1 chỗ" in alert.inner_text()
    alert.get_by_role("link").click()
    assert phone.page.evaluate("location.hash") == "#owner"
    phone.choose("Bạn làm cho ai", "Cho tôi: Ksor H'Bia")
    phone.send(GO_ON)
    # Chromium itself remarks on the 422; nothing else may be said.
    assert [said for said in phone.complaints if "422" not in said] == []


def test_back_shows_the_page_before_and_reload_sends_nothing_again(phone_logged_in):
    phone = phone_logged_in
    phone.open(f"{phone.address}/nop-ho-so/dang-ky-khai-sinh/")
    before = phone.heading, phone.page.title(), phone.path
    phone.choose("Bạn làm cho ai", "Cho tôi: Ksor H'Bia")
    phone.send(GO_ON)
    after = phone.heading, phone.page.title(), phone.path

    phone.go_back()
    phone.page.get_by_role("heading", level=1, name=before[0]).wait_for()
    assert (phone.heading, phone.page.title(), phone.path) == before
    assert phone.page.get_by_label("Cho tôi: Ksor H'Bia").is_checked()
    phone.page.go_forward()
    phone.page.get_by_role("heading", level=1, name=after[0]).wait_for()
    assert (phone.heading, phone.page.title(), phone.path) == after

    phone.requests.clear()
    phone.page.reload()
    assert phone.heading == after[0]
    assert {request.method for request in phone.requests} == {"GET"}
    assert phone.complaints == []


@pytest.mark.parametrize(
    "start, label, style",
    [
        ("/huong-dan/nop-ho-so/1", "In cả bài", "sheets"),
        ("/tai-khoan/dang-nhap", "Cán bộ đăng nhập", "desk"),
    ],
)
def test_a_page_with_a_style_sheet_of_its_own_brings_it_and_leaves_none_behind(site, pick_up, start, label, style):
    """A fragment goes into <main>: it could do neither."""
    phone = pick_up()
    sheet = phone.page.locator(f"link[rel=stylesheet][href*='/{style}.css']")
    phone.open(f"{site.address}{start}")

    phone.press(label, whole=True)
    assert sheet.count() == 1
    phone.press("Xã Ia Băng", whole=True)
    assert phone.heading == "Bà con cần làm việc gì?"
    assert sheet.count() == 0
    assert phone.complaints == []


def test_after_logging_out_back_shows_nothing_of_the_person(phone_logged_in):
    phone = phone_logged_in
    phone.press("Trang cá nhân")
    phone.press("Thoát")
    phone.send("Xong – xoá khỏi máy này", whole=True)

    for _ in range(3):
        phone.go_back()
        assert "Ksor H'Bia" not in phone.words
    phone.keeps_nothing()

"""A page on another origin that shows ours in frames: let in, or kept out; with script and without."""

import json
import threading
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
import serving
from phone import Phone

GUIDES = (
    "dang-ky-tai-khoan", "dang-nhap", "quen-mat-khau", "nop-ho-so", "tra-cuu-ho-so", "tai-lieu-ca-nhan", "thanh-toan",
    "lich-su-giao-dich",
)  # fmt: skip
WINDOWS = {
    "/nhung/huong-dan": "Hướng dẫn dịch vụ công",
    "/nhung/huong-dan/nop-ho-so": "Nộp hồ sơ",
    "/nhung/tra-cuu": "Tra cứu hồ sơ",
    "/nhung/thu-tuc": "Tìm thủ tục",
    "/nhung/thong-bao": "Thông báo của xã",
    "/nhung/so-lieu": "Xã giải quyết hồ sơ thế nào",
}
PUBLISH = """
import json
from datetime import timedelta
from app import create_app
from database import db, utc_now
from models import Staff
from rules import content_store
from rules.content_files import as_text
app = create_app()
with db.connection_context():
    day, told = utc_now().date() - timedelta(days=3), {}
    for number in range(9):
        title = f"Việc {number}: " + "Bộ phận Một cửa nhận hồ sơ cả sáng thứ Bảy, chiều Chủ nhật và các ngày lễ trong tháng này"
        said = {"slug": f"viec-{number}", "title": title[:100], "body": "Bà con đến xã.", "valid_from": str(day)}
        told[f"announcements/viec-{number}.yaml"] = as_text(said)
    content_store.publish(told, Staff.get(), utc_now())
print(json.dumps(True))
"""


class Elsewhere(BaseHTTPRequestHandler):
    """Some other site: a page with whatever its address says should stand in it."""

    def do_GET(self):
        body = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("body", [""])[0]
        page = f"<!doctype html><html lang=vi><title>Trang xã</title><h1>Trang của xã</h1>{body}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def elsewhere():
    """By `localhost` it is a site that ours lets in; by `127.0.0.1`, the very same one, it is not."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    yield SimpleNamespace(let_in=f"http://localhost:{port}", kept_out=f"http://127.0.0.1:{port}")
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def site(tmp_path_factory, elsewhere):
    with serving.served(tmp_path_factory.mktemp("embeds"), EMBED_SITES=elsewhere.let_in) as site:
        site.add_staff("vanhoa", "culture")
        site.python(PUBLISH)
        yield site


def oembed(site, path: str, **asked) -> dict:
    question = urllib.parse.urlencode({"url": site.address + path} | asked)
    with urllib.request.urlopen(f"{site.address}/nhung/oembed?{question}") as answer:
        return json.load(answer)


def show(phone: Phone, origin: str, body: str):
    """Open the other site's page with this in it; the frame that stands there."""
    phone.page.goto(f"{origin}/?{urllib.parse.urlencode({'body': body})}", wait_until="load")
    return phone.page.frames[1]


def framed(site, path: str, width: int = 300, height: int = 400) -> str:
    return f'<iframe src="{site.address}{path}" width="{width}" height="{height}" style="border:0"></iframe>'


with_and_without_script = pytest.mark.parametrize("has_script", [True, False], ids=["script", "no script"])


@with_and_without_script
@pytest.mark.parametrize("path", WINDOWS)
def test_a_site_that_is_let_in_shows_it_by_the_snippet_that_oembed_gives(site, elsewhere, pick_up, path, has_script):
    phone = pick_up(has_script)
    frame = show(phone, elsewhere.let_in, oembed(site, path)["html"])

    frame.locator("h1").wait_for()
    assert frame.locator("h1").inner_text() == WINDOWS[path]
    assert frame.locator("small").last.inner_text().endswith("Đây không phải Cổng Dịch vụ công quốc gia.")
    assert frame.evaluate("getComputedStyle(document.body).borderTopColor") == "rgb(163, 52, 26)", "its style was refused"
    assert phone.page.context.cookies() == []
    assert phone.complaints == []


@with_and_without_script
@pytest.mark.parametrize("path", WINDOWS)
def test_a_site_that_is_not_let_in_shows_nothing_of_it(site, elsewhere, pick_up, path, has_script):
    phone = pick_up(has_script)
    with phone.page.expect_console_message(lambda said: "frame-ancestors" in said.text or "Framing" in said.text):
        frame = show(phone, elsewhere.kept_out, framed(site, path))

    assert not frame.url.startswith("http")
    assert frame.get_by_text(WINDOWS[path]).count() == frame.get_by_text("Cổng Dịch vụ công").count() == 0


@pytest.mark.parametrize("path", ["/", "/tra-cuu", "/huong-dan/", "/tai-khoan/dang-nhap/tinh", "/nhung/khong-co"])
def test_every_other_page_is_shown_in_no_frame(site, elsewhere, pick_up, path):
    phone = pick_up()
    with phone.page.expect_console_message(lambda said: "frame-ancestors" in said.text or "Framing" in said.text):
        frame = show(phone, elsewhere.let_in, framed(site, path))

    assert not frame.url.startswith("http")
    assert frame.get_by_text("Cổng Dịch vụ công").count() == 0


PRESSED = {
    "/nhung/huong-dan": ("IV. Nộp hồ sơ", "/huong-dan/nop-ho-so/"),
    "/nhung/huong-dan/nop-ho-so": ("Xem cả bài, 4 bước", "/huong-dan/nop-ho-so/"),
    "/nhung/thu-tuc": ("Đăng ký khai sinh", "/dich-vu/dang-ky-khai-sinh"),
    "/nhung/thong-bao": ("Xem tất cả", "/thong-bao/"),
    "/nhung/so-lieu": ("Xem tất cả", "/minh-bach"),
}


@with_and_without_script
@pytest.mark.parametrize("path", PRESSED)
def test_a_link_in_the_frame_takes_the_whole_window_and_opens_a_first_visit(site, elsewhere, pick_up, path, has_script):
    phone = pick_up(has_script)
    label, leads_to = PRESSED[path]
    frame = show(phone, elsewhere.let_in, framed(site, path))

    frame.get_by_text(label, exact=True).click()

    phone.page.wait_for_url(site.address + leads_to)
    assert phone.page.locator("head style").count() == 1, "the style sheet had to be fetched first"


@with_and_without_script
@pytest.mark.parametrize(
    "path, name, typed, button, leads_to",
    [
        ("/nhung/tra-cuu", "ma", "0000 0000 0001", "Tra cứu", "/tra-cuu?ma=0000+0000+0001"),
        ("/nhung/thu-tuc", "q", "kết hôn", "Tìm", "/dich-vu/?q=k%E1%BA%BFt+h%C3%B4n"),
    ],
)
def test_what_is_typed_in_the_frame_is_answered_in_the_whole_window(
    site, elsewhere, pick_up, has_script, path, name, typed, button, leads_to
):
    phone = pick_up(has_script)
    frame = show(phone, elsewhere.let_in, framed(site, path))

    frame.locator(f"[name={name}]").fill(typed)
    frame.get_by_role("button", name=button, exact=True).click()

    phone.page.wait_for_url(site.address + leads_to)


@pytest.mark.parametrize("width", [240, 300, 360])
@pytest.mark.parametrize("path", [*WINDOWS, *(f"/nhung/huong-dan/{slug}" for slug in GUIDES)])
def test_its_content_has_room_in_the_height_it_names(site, elsewhere, pick_up, path, width):
    height = oembed(site, path)["height"]
    frame = show(pick_up(), elsewhere.let_in, framed(site, path, width, height))
    frame.locator("h1").wait_for()

    needed = frame.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")

    assert needed[0] <= width
    assert needed[1] <= height
    assert frame.locator("body").bounding_box()["height"] > height * 0.5, "the frame is mostly empty"


def test_the_desk_shows_each_one_as_it_is_with_the_text_to_paste(site, pick_up):
    phone = pick_up(size="360x640")
    phone.open(f"{site.address}/mot-cua/dang-nhap")
    phone.type("Tên đăng nhập", "vanhoa")
    phone.type("Mật khẩu", serving.STAFF_PASSWORD)
    phone.page.get_by_role("button", name="Đăng nhập", exact=True).click()
    phone.sees("Viết thông báo")
    phone.page.get_by_role("link", name="Nhúng", exact=True).click()
    phone.sees("Nhúng vào trang web khác")

    frames = phone.page.locator("iframe")
    assert frames.count() == len(WINDOWS)
    for number, path in enumerate([*(path for path in WINDOWS if "nop-ho-so" not in path), "/nhung/huong-dan/dang-ky-tai-khoan"]):
        frames.nth(number).scroll_into_view_if_needed()
        inside = frames.nth(number).content_frame
        inside.locator("h1").wait_for()
        shown = phone.page.locator(f"textarea >> nth={2 * number}").input_value()
        assert shown.startswith(f'<iframe src="{site.address}{path}" width="100%" height="'), shown
        assert frames.nth(number).get_attribute("height") == shown.split('height="')[1].split('"')[0]
    assert phone.complaints == []

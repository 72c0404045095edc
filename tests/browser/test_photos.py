"""A photo of a paper over a bad line: made smaller on the phone, sent in pieces, going on where it stopped."""

import random

import pytest
from phone import Phone
from PIL import Image
from serving import served, wait_until
from slow_line import SlowLine
from stage import BIRTH

PAPERS = f"/nop-ho-so/{BIRTH}/giay-to"
SEND = "Gửi giấy này"
TWICE_AT_MOST = 64_000  # bytes sent again after a cut
PHOTO_BITS, FAST = 50_000, 2_000_000


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    """Twelve million pixels, held sideways: red above, with the place where it was taken."""
    chance = random.Random(4)
    paper = Image.frombytes("L", (300, 400), chance.randbytes(300 * 400)).resize((3000, 4000), Image.Resampling.BICUBIC)
    paper = paper.convert("RGB")
    paper.paste("red", (0, 0, 3000, 800))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (13.0, 59.0, 0.0)})
    path = tmp_path_factory.mktemp("photos") / "giay chung sinh.jpg"
    paper.transpose(Image.Transpose.ROTATE_90).save(path, "JPEG", quality=90, exif=exif)
    return path


@pytest.fixture
def own_site(tmp_path):
    """A site that a test may kill."""
    with served(tmp_path) as site:
        yield site


@pytest.fixture
def line_to():
    lines = []

    def make(site, bits_a_second: int) -> SlowLine:
        lines.append(SlowLine(site.port, bits_a_second))
        return lines[-1]

    yield make
    for line in lines:
        line.close()


@pytest.fixture
def open_papers(pick_up):
    """A citizen's page of papers, reached over a line."""

    def open_page(site, line=None, has_script=True, cookie=None) -> Phone:
        phone = pick_up(has_script, "240x320")
        phone.cookie = cookie or site.python("import prepared; prepared.print_citizens(1, with_drafts=False)")[0]
        address = line.address if line else site.address
        phone.page.context.add_cookies([phone.cookie | {"url": address}])
        phone.open(f"{address}{PAPERS}")
        return phone

    return open_page


def choose(phone: Phone, photo) -> None:
    """As a finger does: a tap on the field, then the photo; by then the script has come."""
    field = phone.page.locator("input[type=file]").first
    if not phone.has_script:
        return field.set_input_files(photo)
    has_come = phone.page.expect_event("requestfinished", lambda request: "upload.js" in request.url)
    with has_come, phone.page.expect_file_chooser() as chooser:
        field.click()
    chooser.value.set_files(photo)
    return None


def press_send(phone: Phone) -> None:
    phone.page.get_by_role("button", name=SEND).first.click()


def is_received(phone: Phone) -> None:
    phone.page.get_by_text("Đã nhận:").first.wait_for(timeout=120_000)


def kept_papers(site) -> list:
    return site.python(KEPT_PAPERS)


KEPT_PAPERS = """
import io, os, json
from PIL import Image
from app import create_app
from database import db
from models import Paper
app, found = create_app(os.environ), []
with db.connection_context():
    for paper in Paper.select().order_by(Paper.id):
        picture = Image.open(io.BytesIO(app.extensions["files"].read(paper.stored_name))).convert("RGB")
        found.append([paper.filename, *picture.size, len(picture.getexif()), picture.getpixel((picture.width // 2, 40))])
print(json.dumps(found))
"""


def is_upright(kept) -> bool:
    """At most 1600 pixels, red above, nothing said of the place."""
    name, width, height, exif, (red, green, _) = kept
    return (name, width, height, exif) == ("giay chung sinh.jpg", 1200, 1600, 0) and red > 150 > 100 > green


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])
def test_a_large_photo_arrives_small_upright_and_without_its_place(site, open_papers, line_to, photo, has_script):
    before, line = len(kept_papers(site)), line_to(site, 100_000_000) if has_script else None
    phone = open_papers(site, line, has_script=has_script)
    choose(phone, photo)
    press_send(phone)
    is_received(phone)

    kept = kept_papers(site)
    assert len(kept) == before + 1 and is_upright(kept[-1])
    if has_script:
        assert len([request for request in phone.requests if request.method == "PATCH"]) > 1
        assert line.sent_up < photo.stat().st_size / 4, "it was made smaller on the phone"
        assert phone.page.context.storage_state()["origins"] == [], "nothing is kept on the phone"


def test_it_says_how_much_is_sent_and_how_long_it_takes(site, open_papers, line_to, photo):
    phone = open_papers(site, line_to(site, 400_000))
    choose(phone, photo)
    press_send(phone)
    status = phone.page.get_by_role("status")
    status.filter(has_text="còn khoảng").wait_for()

    assert status.inner_text().startswith("Đã gửi ") and status.inner_text().endswith(" giây")
    press_send(phone)  # a second tap changes nothing
    is_received(phone)
    assert sum(request.method == "POST" and request.url.endswith("tai-len") for request in phone.requests) == 1


def test_a_pdf_and_what_cannot_be_decoded_go_as_they_are(site, open_papers, tmp_path):
    phone = open_papers(site)
    broken = tmp_path / "hong.jpg"
    broken.write_bytes(b"\xff\xd8\xff" + b"x" * 3000)
    choose(phone, broken)
    press_send(phone)
    phone.page.get_by_text("Ảnh bị hỏng").first.wait_for()

    begun = next(request for request in phone.requests if request.url.endswith("tai-len"))
    assert begun.headers["upload-length"] == "3003"


def test_a_killed_program_costs_a_piece_and_no_tap(own_site, open_papers, line_to, photo):
    phone = open_papers(own_site, line_to(own_site, 400_000))
    choose(phone, photo)
    press_send(phone)
    phone.page.get_by_role("status").filter(has_text="còn khoảng").wait_for()
    own_site.kill()
    phone.page.get_by_text("Mất sóng, đang thử lại").wait_for()
    own_site.start()
    is_received(phone)

    assert [is_upright(kept) for kept in kept_papers(own_site)] == [True]


def test_after_a_killed_browser_the_same_photo_goes_on_where_it_stopped(own_site, open_papers, line_to, photo):
    line = line_to(own_site, 400_000)
    first = open_papers(own_site, line)
    choose(first, photo)
    press_send(first)
    first.page.get_by_role("status").filter(has_text="Đã gửi 96").wait_for()
    first.page.context.close()

    before = line.sent_up
    again = open_papers(own_site, line, cookie=first.cookie)
    assert "Gửi dở: giay chung sinh.jpg" in again.words
    choose(again, photo)
    press_send(again)
    is_received(again)
    length, sent_again = own_site.python(LENGTH_SENT), line.sent_up - before
    print(f"photo {length} bytes, in the second browser {sent_again}, pages asked for included")
    assert sent_again <= length - 96_000 + TWICE_AT_MOST
    assert [is_upright(paper) for paper in kept_papers(own_site)] == [True]


LENGTH_SENT = """
import os, json
from app import create_app
from database import db
from models import Upload
create_app(os.environ)
with db.connection_context():
    print(json.dumps(Upload.get().length))
"""


def test_a_line_cut_twice_costs_at_most_64_kB_each_time(own_site, open_papers, line_to, photo, record_property):
    line = line_to(own_site, FAST)
    phone = open_papers(own_site, line)
    choose(phone, photo)
    line.seconds_a_byte = 8 / PHOTO_BITS
    before = line.sent_up
    press_send(phone)
    for kilobytes in ("48", "96"):
        phone.page.get_by_role("status").filter(has_text=f"Đã gửi {kilobytes}").wait_for(timeout=60_000)
        arrived = line.sent_up
        wait_until(lambda arrived=arrived: line.sent_up > arrived + 20_000, "nothing is sent")  # in the middle of a piece
        line.cut()
        phone.page.get_by_text("Mất sóng, đang thử lại").wait_for()
        line.mend()
    is_received(phone)

    length = own_site.python(LENGTH_SENT)
    twice = line.sent_up - before - length
    record_property("bytes sent twice and headers, a cut", twice // 2)
    print(f"photo {length} bytes, line {line.sent_up - before}: {twice // 2} bytes a cut")
    assert twice <= 2 * TWICE_AT_MOST
    assert [is_upright(kept) for kept in kept_papers(own_site)] == [True]


def test_two_papers_at_once_both_arrive(site, open_papers, line_to, photo):
    phone = open_papers(site, line_to(site, 1_000_000))
    choose(phone, photo)
    press_send(phone)
    phone.page.locator("input[type=file]").nth(1).set_input_files(photo)
    phone.page.get_by_role("button", name=SEND).nth(1).click()
    wait_until(lambda: phone.page.get_by_text("Đã nhận:").count() == 2, "one was lost")

"""The pictures of the guides' steps, as files; tests/browser/test_guides_and_pictures.py compares them with the screens."""

import io
import os
from datetime import datetime
from types import SimpleNamespace

import msgspec
import pytest
from PIL import Image, ImageDraw
from stage import PROJECT

from pictures import camera
from pictures.agreement import faults_of_picture
from pictures.walk import WALKS, Sight
from rules.content import read_content
from rules.step_pictures import FOLDER, LIST, labels_of, picture_of, read_list
from rules.vietnamese import show_moment

GUIDES = read_content(PROJECT / "content").guides
STEPS = [(guide, number) for guide in GUIDES for number in range(1, len(guide.steps) + 1)]
PICTURES = read_list()
MOST_BYTES = 2_000


@pytest.mark.parametrize(("guide", "number"), STEPS, ids=lambda value: getattr(value, "slug", value))
def test_every_step_of_every_guide_has_a_picture_of_the_control_it_names(guide, number):
    picture, step = picture_of(guide, number), guide.steps[number - 1]

    assert picture is not None, "run `make pictures`"
    assert picture.screen == step.screen
    assert not labels_of(step) or picture.ringed in labels_of(step)


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.path)
def test_a_picture_is_what_the_list_says_and_small_enough_for_any_phone(picture):
    data = (PROJECT / "static" / picture.path).read_bytes()
    image = Image.open(io.BytesIO(data))

    assert image.format == "PNG" and image.mode == "P"
    assert len(data) == picture.size_bytes <= camera.MOST_BYTES < MOST_BYTES
    assert image.size == (picture.width, picture.height) and image.width == 240
    assert len(image.getcolors()) <= 5 and image.info.keys() <= {"transparency"}, "few colours, and nothing told of who made it"
    assert picture.ringed in picture.alt and "khoanh" in picture.alt


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.path)
def test_the_ring_goes_round_and_stands_out_in_grey(picture):
    image = Image.open(PROJECT / "static" / picture.path).convert("RGB")
    red = [(x, y) for y in range(image.height) for x in range(image.width) if image.getpixel((x, y)) == camera.RED]
    grey = image.convert("L")

    columns, rows = {x for x, _ in red}, {y for _, y in red}
    assert len(columns) > 40 and len(rows) > 20
    assert columns == set(range(min(columns), max(columns) + 1)) and rows == set(range(min(rows), max(rows) + 1))
    middle = (min(rows) + max(rows)) // 2
    left = [grey.getpixel((x, middle)) for x in range(min(columns) - 2, min(columns) + 5)]
    assert max(left) - min(left) > 150, left


def test_the_list_names_each_file_once_and_no_other():
    named = [path.removeprefix("steps/") for picture in PICTURES for path in (picture.path, picture.paper_path)]

    assert sorted(named) == sorted(path.name for path in FOLDER.iterdir() if path != LIST)
    assert len(named) == 2 * len(STEPS) == len(set(named))


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.path)
def test_on_paper_it_is_the_same_in_black_and_white(picture):
    data = (PROJECT / "static" / picture.paper_path).read_bytes()
    image = Image.open(io.BytesIO(data))

    assert (image.mode, image.size) == ("L", (picture.width, picture.height))
    assert {colour for _, colour in image.getcolors()} == {0, 255}
    assert data == camera.for_paper((PROJECT / "static" / picture.path).read_bytes()), "run `make pictures`"


def test_every_guide_has_a_walk():
    assert sorted(WALKS) == [guide.number for guide in GUIDES]


def test_a_step_written_anew_shows_no_old_picture():
    guide = GUIDES[4]
    renamed = msgspec.structs.replace(guide.steps[0], do="Bấm {Tìm hồ sơ}.")
    moved = msgspec.structs.replace(guide.steps[0], screen="procedures.catalogue")

    for step in (renamed, moved):
        assert picture_of(msgspec.structs.replace(guide, steps=[step, *guide.steps[1:]]), 1) is None
    assert picture_of(guide, 1) is not None


# --- what the camera does --------------------------------------------------------------------------------------------


def seen(**changed) -> camera.Look:
    known = {"heading": "Tra cứu", "text": "Mã H21.129-261122-0001 Tra cứu"}
    return camera.Look(**known | changed, labels=frozenset(), steps=frozenset(), frame={})


@pytest.fixture
def pictured():
    first = PICTURES[0]
    return msgspec.structs.replace(first, heading="Tra cứu", ringed="Tra cứu", text_hash=seen().text_hash)


def test_a_screen_that_reads_the_same_agrees_with_its_picture_whatever_day_it_is(pictured):
    assert faults_of_picture(pictured, Sight("Tra cứu"), seen(text="Mã H21.129-270305-0417 Tra cứu")) == []


@pytest.mark.parametrize("moment", ["2026-11-23T19:09:00+00:00", "2026-11-23T19:00:00+00:00"])
def test_the_hour_says_the_same_with_minutes_and_without(moment):
    then = seen(text="Hạn trả 9 giờ 15, ngày 23/11/2026")
    now = seen(text=f"Hạn trả {show_moment(datetime.fromisoformat(moment))}")
    assert now.text_hash == then.text_hash


@pytest.mark.parametrize(
    ("changed", "sight"),
    [
        ({"heading": "Tìm"}, Sight("Tra cứu")),
        ({"text": "Mã H21.129-261122-0001 Tra cứu ngay"}, Sight("Tra cứu")),
        ({}, Sight("Tìm")),
    ],
    ids=["heading", "words", "control"],
)
def test_a_screen_that_reads_otherwise_does_not(pictured, changed, sight):
    assert len(faults_of_picture(pictured, sight, seen(**changed))) == 1


@pytest.mark.parametrize("ground", [0, 255], ids=["on dark", "on light"])
@pytest.mark.parametrize("tones", camera.TONES, ids=len)
def test_a_ring_is_seen_on_dark_and_on_light(ground, tones):
    picture = camera.draw(Image.new("L", (240, 100), ground), (40, 30, 200, 70), tones).convert("L")

    across = [picture.getpixel((x, 50)) for x in range(34, 46)]
    assert max(across) == 255 and min(across) < 70


def phone_that_shows(image: Image.Image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return SimpleNamespace(page=SimpleNamespace(screenshot=lambda **_: file.getvalue()))


FRAME = {"top": 10, "bottom": 190, "ring": [20, 100, 220, 140]}


def test_where_four_greys_are_too_heavy_fewer_are_taken():
    page = Image.new("L", (240, 200), 255)
    pen = ImageDraw.Draw(page)
    for number in range(0, 2400, 5):
        shade = (number * 7919) % 160 + 60
        pen.rectangle((number % 240, number // 240 * 20, number % 240 + 2, number // 240 * 20 + number % 17), fill=shade)

    data = camera.photograph(phone_that_shows(page), FRAME)

    assert len(data) <= camera.MOST_BYTES
    assert len(Image.open(io.BytesIO(data)).getcolors()) < 5


def test_a_picture_too_heavy_with_two_is_refused():
    with pytest.raises(camera.PictureTooHeavy, match="show less"):
        camera.photograph(phone_that_shows(Image.frombytes("L", (240, 200), os.urandom(48_000))), FRAME)

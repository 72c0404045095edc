"""Small pictures: enough to tell papers apart, for a few thousand bytes."""

import io

import pytest
from PIL import Image
from stage import photo

from gateways.pictures import EDGE, MOST_BYTES, small_picture


def saved(picture: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


NOISE = Image.effect_noise((1600, 1200), 200)
PHOTOS = {
    "a white paper": photo(), "one pixel": photo(size=(1, 1)), "a long slip": photo(size=(1600, 30)),
    "noise in grey": saved(NOISE, "JPEG"), "noise in colour": saved(Image.merge("RGB", [NOISE, NOISE.rotate(90), NOISE]), "JPEG"),
    "a scan of few colours": saved(NOISE.convert("P"), "PNG"), "a scan in black and white": saved(NOISE.convert("1"), "PNG"),
}  # fmt: skip


@pytest.mark.parametrize("kind", PHOTOS)
def test_every_photo_becomes_a_small_jpeg(kind):
    data = small_picture(PHOTOS[kind])

    assert len(data) <= MOST_BYTES
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.mode) == ("JPEG", "RGB") and max(picture.size) <= EDGE


def test_the_shape_of_the_paper_stays():
    with Image.open(io.BytesIO(small_picture(photo(size=(600, 800))))) as picture:
        assert picture.size == (120, 160)

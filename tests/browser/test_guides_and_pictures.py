"""The guides prove themselves: each is walked as it is written, and its screens are still those of its pictures."""

import msgspec
import pytest
from stage import PROJECT

from pictures.agreement import faults_of_picture, faults_of_step
from pictures.camera import looking
from pictures.walk import LostTheWay, walk
from rules.content import read_content
from rules.step_pictures import picture_of

GUIDES = read_content(PROJECT / "content").guides


def faults_of(guide, chromium, site) -> list[str]:
    faults = []
    for number, phone, sight in walk(guide, chromium, site):
        with looking(phone, sight) as seen:
            found = faults_of_step(guide, number, seen) + faults_of_picture(picture_of(guide, number), sight, seen)
        faults += [f"step {number}: {fault}" for fault in found]
    return faults


def with_step(guide, number: int, **changed):
    steps = list(guide.steps)
    steps[number - 1] = msgspec.structs.replace(steps[number - 1], **changed)
    return msgspec.structs.replace(guide, steps=steps)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.slug)
def test_a_guide_agrees_with_its_screens_and_its_pictures(guide, chromium, site):
    faults = faults_of(guide, chromium, site)

    assert faults == [], "mend the guide or the screen; when both are right, run `make pictures`"


def test_a_step_that_names_what_is_not_there_is_noticed(chromium, site):
    guide = with_step(GUIDES[4], 2, do="Nhập {Mã số hồ sơ/ Mã biên nhận}, rồi bấm {Tìm ngay}.")

    assert faults_of(guide, chromium, site) == [
        "step 2: “Tìm ngay” is not on the screen “Tra cứu hồ sơ”",
        "step 2: the step has no picture as it is written now",
    ]


def test_a_step_that_leads_to_another_screen_is_noticed(chromium, site):
    guide = msgspec.structs.replace(GUIDES[4], slug="bai-khac")

    assert any("does not say that this step happens on it" in fault for fault in faults_of(guide, chromium, site))


def test_a_screen_that_cannot_be_reached_is_named(chromium, site, monkeypatch):
    monkeypatch.setattr("pictures.walk.PATIENCE_MS", 500)
    guide = msgspec.structs.replace(GUIDES[4], steps=[*GUIDES[4].steps, GUIDES[4].steps[1]])

    with pytest.raises(LostTheWay, match="guide 5, on the way to step 3, at /tra-cuu"):
        faults_of(guide, chromium, site)


# --- as they are seen ------------------------------------------------------------------------------------------------

SHOWN = "[...document.images].map(image => [image.naturalWidth, image.width, image.getBoundingClientRect().left])"


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])
def test_a_picture_comes_when_it_is_asked_for_and_fits_the_smallest_phone(site, pick_up, has_script):
    phone, fetched = pick_up(has_script, "240x320"), []
    phone.page.on("request", lambda request: fetched.append(request.url) if "/steps/" in request.url else None)
    phone.open(f"{site.address}/")
    phone.press("Hướng dẫn")
    phone.press("III. Quên mật khẩu")
    phone.press("Xem từng bước")
    assert fetched == []

    phone.press("Xem hình", whole=True)
    phone.page.wait_for_load_state("load")
    assert phone.page.evaluate(SHOWN) == [[240, 240, 0]] and phone.path.endswith("/1?hinh=1")
    assert phone.page.evaluate("document.scrollingElement.scrollWidth") == 240

    phone.press("Bước sau")
    phone.sees("Bước 2/6")
    assert len(fetched) == 1 and phone.page.evaluate("document.images.length") == 0
    assert phone.complaints == []


def test_on_paper_every_picture_is_there(site, pick_up):
    phone = pick_up(False)
    phone.open(f"{site.address}/huong-dan/thanh-toan/in")
    phone.page.emulate_media(media="print")

    assert [width for width, *_ in phone.page.evaluate(SHOWN)[1:]] == [240] * 7, "after the code that leads here"

"""The guides prove themselves: each is walked as it is written, and its screens are still those of its pictures."""

import msgspec
import pytest
from conftest import PROJECT

from pictures.agreement import faults_of_picture, faults_of_step
from pictures.camera import look
from pictures.walk import LostTheWay, walk
from rules.content import read_content
from rules.step_pictures import picture_of

GUIDES = read_content(PROJECT / "content").guides


def faults_of(guide, chromium, site) -> list[str]:
    faults = []
    for number, phone, sight in walk(guide, chromium, site):
        seen, _ = look(phone, sight)
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

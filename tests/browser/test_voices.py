"""Listening on a small phone: nothing of a sound comes before play is pressed; then it plays, from any part of it."""

import pytest
from serving import STAFF_PASSWORD, wait_until
from sounds import needs_ffmpeg, tone

pytestmark = needs_ffmpeg
LISTEN, DESK = "/huong-dan/nop-ho-so/nghe", "/mot-cua/ghi-am/nop-ho-so"
PLAYER = "document.querySelector('audio')"


def make(site, step: int = 2, seconds: float = 20) -> None:
    """A recording that the served site's own queue has made small."""
    site.python(f"import prepared; prepared.print_recording('nop-ho-so', {step}, 'jrai', {seconds})")
    wait_until(
        lambda: all(state == "ready" for _, state in site.python("import prepared; prepared.print_states()")),
        lambda: f"it is not made small:\n{site.output()}",
        every=0.5,
    )


@pytest.fixture(scope="module")
def voice(site):
    make(site)
    return site


@pytest.mark.parametrize("has_script", [True, False])
def test_nothing_is_loaded_before_play_and_then_it_plays(voice, pick_up, has_script):
    phone = pick_up(has_script, "240x320")
    phone.open(voice.address + LISTEN)
    phone.page.wait_for_load_state("networkidle")
    assert [request.url for request in phone.requests] == [voice.address + LISTEN]

    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 240
    with phone.page.expect_response(lambda answer: "/ghi-am/" in answer.url) as first:
        phone.page.evaluate(f"{PLAYER}.play()")
    assert first.value.url.endswith(".ogg") and first.value.status == 206
    wait_until(lambda: phone.page.evaluate(f"{PLAYER}.currentTime > 0.3"), lambda: f"it does not play: {phone.complaints}")
    assert abs(phone.page.evaluate(f"{PLAYER}.duration") - 20) < 0.5
    phone.page.evaluate(f"{PLAYER}.currentTime = 15")
    wait_until(lambda: phone.page.evaluate(f"{PLAYER}.currentTime > 15.2"), "the later part does not play")
    assert phone.complaints == []


def test_where_opus_is_unknown_the_mp3_plays(voice, pick_up):
    phone = pick_up(True, "240x320")
    phone.open(voice.address + LISTEN)
    phone.page.evaluate(f"{PLAYER}.querySelector('source').remove(), {PLAYER}.load(), {PLAYER}.play()")

    wait_until(lambda: phone.page.evaluate(f"{PLAYER}.currentTime > 0.3"), lambda: f"it does not play: {phone.complaints}")
    assert phone.page.evaluate(f"{PLAYER}.currentSrc").endswith(".mp3")


def test_from_a_step_with_htmx_one_comes_to_a_page_that_may_play(voice, pick_up):
    phone = pick_up(True, "240x320")
    phone.open(f"{voice.address}/huong-dan/nop-ho-so/2")
    phone.press("Nghe tiếng Jrai", whole=True)
    wait_until(lambda: phone.path == LISTEN, lambda: phone.path)
    phone.page.evaluate(f"{PLAYER}.play()")

    wait_until(lambda: phone.page.evaluate(f"{PLAYER}.currentTime > 0.3"), lambda: f"it does not play: {phone.complaints}")


@pytest.mark.parametrize("has_script", [True, False])
def test_the_file_is_downloaded_under_a_name_that_says_what_it_is(voice, pick_up, has_script, tmp_path):
    phone = pick_up(has_script, "240x320")
    phone.open(voice.address + LISTEN)
    phone.page.wait_for_load_state("networkidle")
    with phone.page.expect_download() as coming:
        phone.page.get_by_role("link", name="Tải về").click()

    assert coming.value.suggested_filename == "4-nop-ho-so-buoc-2-jrai.mp3"
    coming.value.save_as(tmp_path / "x.mp3")
    assert (tmp_path / "x.mp3").stat().st_size < 20 * 2000 + 1000


def test_the_service_worker_keeps_no_sound(voice, pick_up):
    phone = pick_up(True, "240x320")
    phone.open(f"{voice.address}/huong-dan/")
    phone.page.evaluate("navigator.serviceWorker.ready")
    phone.open(voice.address + LISTEN)
    phone.page.wait_for_load_state("networkidle")
    with phone.page.expect_download() as coming:
        phone.page.get_by_role("link", name="Tải về").click()
    coming.value.path()
    kept = "caches.open('trang-1').then(cache => cache.keys()).then(keys => keys.map(key => key.url))"

    wait_until(lambda: any(url.endswith("/nghe") for url in phone.page.evaluate(kept)), "the page is not kept")
    assert not [url for url in phone.page.evaluate(kept) if "ghi-am" in url]


@pytest.mark.parametrize("has_script", [True, False])
def test_an_officer_brings_a_recording_and_hears_it(site, pick_up, has_script, tmp_path):
    name = f"culture-{has_script}".lower()
    site.add_staff(name, "culture")
    file = tmp_path / "Ghi âm 001.3gp"
    file.write_bytes(tone("3gp", 3))
    phone = pick_up(has_script, "360x640")
    phone.open(f"{site.address}/mot-cua/dang-nhap?tiep={DESK}")
    phone.type("Tên đăng nhập", name)
    phone.type("Mật khẩu", STAFF_PASSWORD)
    phone.page.get_by_role("button", name="Đăng nhập").click()
    phone.page.wait_for_url(f"**{DESK}")
    phone.page.select_option("#step", "0")
    phone.page.get_by_label("tiếng Bahnar" if has_script else "tiếng Việt").check()
    phone.page.set_input_files("#file", file)
    phone.page.get_by_role("button", name="Tải lên").click()
    phone.sees("Đã nhận bản ghi")

    def is_there() -> bool:
        phone.open(site.address + DESK)
        return phone.page.locator("audio").count() > 0 and "Chưa nghe được" not in phone.words

    wait_until(is_there, lambda: f"it does not come: {site.output()}", every=0.5)
    player = phone.page.get_by_label(f"Cả bài, {'tiếng Bahnar' if has_script else 'tiếng Việt'}")
    player.evaluate("player => player.play()")
    wait_until(lambda: player.evaluate("player => player.currentTime > 0.3"), lambda: f"it does not play: {phone.complaints}")

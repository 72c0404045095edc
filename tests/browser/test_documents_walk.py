"""Guide VI of the letter, walked in a real browser: a paper is kept, looked at, and taken into a dossier."""

import person
import pytest
from stage import BIRTH

WALKS = [
    pytest.param("sqlite", True, "240x320", id="240x320 script sqlite"),
    pytest.param("sqlite", False, "240x320", id="240x320 plain sqlite"),
    pytest.param("postgresql", True, "360x640", id="360x640 script postgresql"),
]
DRAWN = "[...document.images].map(image => [image.naturalWidth, image.naturalHeight])"


@pytest.fixture
def photos(tmp_path):
    return [str(person.noisy_photo(tmp_path / name, (300, 400))) for name in ("mat truoc.jpg", "mat sau.jpg")]


@pytest.mark.parametrize("site, has_script, size", WALKS, indirect=["site"])
def test_a_paper_is_kept_looked_at_and_taken_into_a_dossier(site, pick_up, photos, has_script, size):
    phone = pick_up(has_script, size)
    (cookie,) = site.python("import prepared; prepared.print_citizens(1)")
    phone.page.context.add_cookies([cookie | {"url": site.address}])
    phone.open(f"{phone.address}/")

    phone.press("Trang cá nhân")
    phone.press("Quản lý tài liệu")
    assert phone.heading == "Quản lý tài liệu"
    phone.answer("Loại giấy tờ", "Căn cước, CMND")
    phone.type("Tên giấy tờ", "Căn cước của H'Bia")
    phone.type("Số giấy tờ", "064090001234")
    phone.type("Ngày cấp", "31/2/2020")
    phone.page.locator("[name=file]").set_input_files(photos)
    phone.press("Lưu")
    phone.sees("Đã nhận mat truoc.jpg, mat sau.jpg: không cần chọn lại.")
    phone.type("Ngày cấp", "5/7/2020")
    phone.send("Lưu")

    phone.press("Căn cước của H'Bia")
    phone.page.get_by_role("link", name="Xem ảnh nhỏ").click()
    phone.page.wait_for_url("**xem=anh")
    if has_script:
        phone.page.wait_for_load_state("load")
        assert phone.page.evaluate(DRAWN) == [[120, 160], [120, 160]], "the policy of the page lets them in"
    phone.open(f"{phone.address}/nop-ho-so/{BIRTH}/giay-to")
    phone.page.get_by_label("Lấy từ tài liệu của tôi").first.select_option(label="Căn cước của H'Bia – ảnh 2")
    phone.send("Lấy giấy này")
    phone.sees("Đã nhận: mat sau.jpg")
    # What it says of a form with faults is the browser's own word for a 422.
    assert [said for said in phone.complaints if "422" not in said] == []

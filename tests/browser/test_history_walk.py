"""Lịch sử giao dịch on the smallest phone: guide VIII from its first label to its last, with script and without."""

import pytest


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])
def test_the_eighth_guide_is_walked_on_the_smallest_phone(site, pick_up, has_script):
    made = site.python("import prepared; prepared.print_history(22)")
    phone = pick_up(has_script, "240x320")
    phone.page.context.add_cookies([made["cookie"] | {"url": site.address}])
    phone.open(f"{phone.address}/ca-nhan/")
    phone.press("Lịch sử giao dịch")
    phone.sees("22 hồ sơ")
    phone.page.get_by_label("Cơ quan thực hiện").select_option("UBND xã Đak Đoa")
    phone.type("Nộp từ ngày", "1/1/2020")
    phone.type("Đến hết ngày", "31/2/2026")
    phone.press("Tìm kiếm")
    phone.sees("Tháng 2 năm 2026 không có ngày 31")
    assert phone.page.get_by_label("Nộp từ ngày").input_value() == "1/1/2020"

    phone.type("Đến hết ngày", "hôm nay")
    phone.press("Tìm kiếm")
    phone.sees("1 hồ sơ")
    assert "co-quan=H21.121" in phone.path and made["code"] in phone.words
    assert phone.page.evaluate("document.scrollingElement.scrollWidth") == 240

    phone.press("Lịch sử bổ sung hồ sơ")
    phone.sees("Giấy chứng sinh: Ảnh mờ")
    phone.go_back()
    phone.sees("1 hồ sơ")  # as it was found
    phone.press("Việc khác")
    phone.sees("Giấy biên nhận")
    phone.press("Chi tiết")
    phone.sees(made["code"])
    # What could not be read is answered with 422, which Chromium writes down.
    assert [said for said in phone.complaints if "422" not in said] == []

"""The eight guides: all, one, one step, on paper."""

import pytest

from database import utc_now
from rules.vietnamese import in_vietnam, show_day


def test_the_guides_stand_in_the_order_of_the_letter(visitor, library):
    page = visitor.get("/huong-dan/")
    titles = [a.findtext("b") for a in page.tree.find_class("list")[0].iter("a")]

    assert [title.split(".")[0] for title in titles] == ["I", "II", "III", "IV", "V", "VI", "VII", "VIII"]
    assert [title.split(". ", 1)[1] for title in titles] == [guide.title for guide in library.guides.values()]


def test_a_guide_is_opened_by_one_key(visitor):
    keys = [a.get("accesskey") for a in visitor.get("/huong-dan/").tree.find_class("list")[0].iter("a")]

    assert keys == list("12345678")


def test_a_whole_guide_shows_each_step_and_a_way_into_it(visitor, library):
    for slug, guide in library.guides.items():
        page = visitor.get(f"/huong-dan/{slug}/")
        assert page.heading == guide.title
        for number, step in enumerate(guide.steps, 1):
            assert page.links[f"Bước {number}: {step.title}"] == f"/huong-dan/{slug}/{number}"


def test_a_step_says_what_to_do_where_what_comes_and_what_if_not(visitor, library):
    for slug, guide in library.guides.items():
        for number, step in enumerate(guide.steps, 1):
            page = visitor.get(f"/huong-dan/{slug}/{number}")
            assert page.heading == step.title
            for sentence in (step.do.replace("{", "").replace("}", ""), step.where, step.see, step.trouble):
                assert sentence.removesuffix(".") in page.words


def test_one_goes_from_the_first_step_to_the_last_and_back(visitor):
    page, seen = visitor.get("/huong-dan/dang-nhap/1"), []
    while following := [href for text, href in page.links.items() if text.startswith("Bước sau")]:
        seen.append(page.heading)
        page = visitor.get(following[0])

    assert len(seen) == 3
    assert page.links["Xong. Xem bài khác"] == "/huong-dan/"
    assert page.links["Bước trước"] == "/huong-dan/dang-nhap/3"


def test_a_label_is_drawn_as_the_button_it_names(visitor):
    page = visitor.get("/huong-dan/dang-ky-tai-khoan/4")

    assert [key.text for key in page.tree.find_class("key")] == ["Công dân", "Doanh nghiệp", "Xác minh mức độ trung bình (IAL2)"]


def test_the_print_page_holds_the_whole_guide_and_its_day(visitor, library):
    page = visitor.get("/huong-dan/nop-ho-so/in")

    assert len(page.tree.find_class("step")) == len(library.guides["nop-ho-so"].steps)
    assert f"Bản in ngày {show_day(in_vietnam(utc_now()).date())}" in page.words
    assert "localhost/h/4" in page.words


def test_the_letters_number_and_day_are_not_invented(visitor):
    page = visitor.get("/huong-dan/")

    assert "tháng 7 năm 2021" in page.words
    assert "Số:" not in page.words and "ngày" not in page.words.split("Theo thư")[1]


@pytest.mark.parametrize("address", [
    "/huong-dan/khong-co/", "/huong-dan/khong-co/1", "/huong-dan/khong-co/in", "/huong-dan/nop-ho-so/0", "/huong-dan/nop-ho-so/5",
    "/huong-dan/nop-ho-so/-1", "/huong-dan/nop-ho-so/99999999999999999999", "/huong-dan/nop-ho-so/x", "/huong-dan/%00/",
    "/huong-dan/<b>/",
])  # fmt: skip
def test_a_guide_or_step_that_is_not_there_is_told_with_a_way_on(visitor, address):
    page = visitor.get(address)

    assert page.status == 404
    assert page.links["Về trang chủ"] == "/"


def test_an_address_without_its_last_stroke_leads_on(visitor):
    assert visitor.get("/huong-dan/nop-ho-so").location == "/huong-dan/nop-ho-so/"


def test_nobody_posts_to_a_guide(visitor):
    assert visitor.post("/huong-dan/nop-ho-so/1").status == 405

"""The eight guides: all, one, one step, on paper."""

from urllib.parse import urljoin

import msgspec
import pytest

from database import utc_now
from rules.step_pictures import picture_of
from rules.vietnamese import in_vietnam, show_bytes, show_day


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
        page = visitor.get(urljoin("/huong-dan/dang-nhap/1", following[0]))

    assert len(seen) == 3
    assert page.links["Xong. Xem bài khác"] == "/huong-dan/"
    assert page.links["Bước trước"] == "3"


def test_a_label_is_drawn_as_the_button_it_names(visitor):
    page = visitor.get("/huong-dan/dang-ky-tai-khoan/4")

    assert [key.text for key in page.tree.find_class("key")] == ["Công dân", "Doanh nghiệp", "Xác minh mức độ trung bình (IAL2)"]


def test_the_print_page_holds_the_whole_guide_and_its_day(visitor, library):
    page = visitor.get("/huong-dan/nop-ho-so/in")

    assert len(page.tree.find_class("step")) == len(library.guides["nop-ho-so"].steps)
    assert f"Bản in ngày {show_day(in_vietnam(utc_now()).date())}" in page.words
    assert "localhost/h/4" in page.words


# --- the pictures of the steps ----------------------------------------------------------------------------------------

STEP, POLICY = "/huong-dan/dang-nhap/3", "Content-Security-Policy"


def images_of(page) -> list:
    return [image for image in page.tree.iter("img") if not image.get("src").startswith("data:")]


def test_a_step_offers_its_picture_with_its_size_and_loads_none(visitor, library):
    for slug, guide in library.guides.items():
        for number in range(1, len(guide.steps) + 1):
            page, picture = visitor.get(f"/huong-dan/{slug}/{number}"), picture_of(guide, number)
            assert page.links[f"Xem hình, {show_bytes(picture.size_bytes)}"] == "?hinh=1"
            assert images_of(page) == [] and "/static/steps/" not in page.text


def test_who_asks_for_the_picture_sees_it_on_the_same_step(visitor, library):
    picture = picture_of(library.guides["dang-nhap"], 3)
    page = visitor.get(f"{STEP}?hinh=1")
    (image,) = images_of(page)

    assert page.heading == visitor.get(STEP).heading
    assert (image.get("alt"), image.get("width"), image.get("height")) == (picture.alt, "240", str(picture.height))
    assert "img-src 'self'" in page.headers[POLICY] and "img-src 'self'" not in visitor.get(STEP).headers[POLICY]
    assert page.tree.xpath("//link[@rel='canonical']/@href") == [f"http://localhost{STEP}"]
    assert not any(text.startswith("Xem hình") for text in page.links)
    assert page.links["Bước trước"] == "2", "the next step loads no picture unasked"


def test_a_picture_is_kept_for_a_year_and_so_is_the_page_for_everybody(visitor):
    page = visitor.get(f"{STEP}?hinh=1")

    with visitor.client.get(images_of(page)[0].get("src")) as answer:
        assert answer.status_code == 200 and answer.mimetype == "image/png" and answer.data.startswith(b"\x89PNG")
        assert "immutable" in answer.headers["Cache-Control"]
    assert page.headers["Cache-Control"].startswith("public")


@pytest.mark.parametrize("query", ["hinh=0", "hinh=", "hinh=11", "hinh=%00", "hinh=<b>", "hinh[]=1", "x=1"])
def test_only_who_asks_gets_a_picture(visitor, query):
    page = visitor.get(f"{STEP}?{query}")

    assert page.status == 200 and images_of(page) == []


def test_a_step_the_commune_has_written_anew_offers_no_old_picture(visitor, library, monkeypatch):
    guide = library.guides["dang-nhap"]
    anew = msgspec.structs.replace(guide.steps[2], do="Bấm {Vào}.")
    steps = [*guide.steps[:2], anew, *guide.steps[3:]]
    monkeypatch.setitem(library.guides, "dang-nhap", msgspec.structs.replace(guide, steps=steps))

    for address in (f"{STEP}?moi", f"{STEP}?hinh=1"):  # the page cache knows none of them
        page = visitor.get(address)
        assert page.status == 200 and images_of(page) == [] and "Xem hình" not in page.text
    assert len(images_of(visitor.get("/huong-dan/dang-nhap/in?moi"))) == 3


def test_in_print_each_step_has_its_picture_beside_its_number(visitor, library):
    for slug, guide in library.guides.items():
        page = visitor.get(f"/huong-dan/{slug}/in")
        alts = [[image.get("alt") for image in step.iter("img")] for step in page.tree.find_class("step")]
        assert alts == [[picture_of(guide, number).alt] for number in range(1, len(guide.steps) + 1)]
        assert "img-src 'self'" in page.headers[POLICY]
        assert not [image for image in page.tree.iter("img") if image.get("loading")], "paper waits for no scrolling"


# --- what is not there -----------------------------------------------------------------------------------------------


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

"""The letter works literally: every label a guide quotes stands on the screen where its step is done."""

import re
from datetime import date
from types import SimpleNamespace

import pytest
from paying import Gateway, ask_for_money, notice_of, try_to_pay
from reading import Page
from stage import BIRTH, PASSWORD, PROJECT, make_staff

from database import utc_now
from models import SupplementRequest
from rules.content import read_content

GUIDES = {guide.slug: guide for guide in read_content(PROJECT / "content").guides}
STEPS = [(slug, number) for slug, guide in GUIDES.items() for number in range(1, len(guide.steps) + 1)]
ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII")

# Steps whose screen is still to come. This list must shrink to nothing.
UNBOUND = []
BOUND = [step for step in STEPS if step not in UNBOUND]

# By guide and step: what the letter of July 2021 puts in quotes, in its order.
LETTER = {
    "dang-ky-tai-khoan": [
        ["Đăng nhập"], ["Tài khoản cấp bởi dịch vụ công tỉnh Gia Lai"], ["Đăng ký"],
        ["Công dân", "Doanh nghiệp", "Xác minh mức độ trung bình (IAL2)"], ["CMND", "Tiến hành đăng ký"], ["Đăng ký"],
        ["Xác nhận"],
    ],
    "dang-nhap": [["Đăng nhập"], ["Tài khoản cấp bởi dịch vụ công tỉnh Gia Lai"], ["Đăng nhập"], []],
    "quen-mat-khau": [
        ["Đăng nhập"], ["Tài khoản cấp bởi dịch vụ công tỉnh Gia Lai"], ["Mật khẩu"], [], [], ["Cập nhật mật khẩu thành công"],
    ],
    "nop-ho-so": [["Dịch vụ công"], ["Nộp hồ sơ"], ["Nộp hồ sơ"], []],
    "tra-cuu-ho-so": [["Tra cứu"], ["Mã số hồ sơ/ Mã biên nhận", "Tra cứu"]],
    "tai-lieu-ca-nhan": [["Trang cá nhân"], ["Quản lý tài liệu", "Lưu"]],
    "thanh-toan": [
        ["Trang cá nhân"], ["Yêu cầu thanh toán", "Thanh toán"], [], ["Thanh toán trực tuyến qua cổng DVCQG"], ["Thanh toán"],
        ["Thanh toán"], [],
    ],
    "lich-su-giao-dich": [["Trang cá nhân"], ["Lịch sử giao dịch", "Tìm kiếm", "Chi tiết", "Lịch sử bổ sung hồ sơ"]],
}  # fmt: skip


def step_of(slug: str, number: int):
    return GUIDES[slug].steps[number - 1]


# --- the guides are those of the letter ------------------------------------------------------------------------------


def test_the_guides_are_the_letters_eight_with_as_many_steps():
    assert [(slug, len(guide.steps)) for slug, guide in GUIDES.items()] == [
        (slug, len(labels)) for slug, labels in LETTER.items()
    ]


@pytest.mark.parametrize(("slug", "number"), STEPS)
def test_a_step_names_the_letters_labels_in_the_letters_order(slug, number):
    step = step_of(slug, number)
    words = f"{step.do} {step.see} {step.trouble}"
    places = [re.search(rf"[{{“]{re.escape(label)}[}}”]", words) for label in LETTER[slug][number - 1]]

    assert all(places), words
    assert places == sorted(places, key=lambda place: place.start())


def test_the_steps_without_a_screen_are_known():
    assert [(slug, number) for slug, number in STEPS if not step_of(slug, number).screen] == UNBOUND


@pytest.mark.parametrize(("slug", "number"), UNBOUND)
def test_a_step_without_a_screen_says_that_it_is_still_to_come(visitor, slug, number):
    page = visitor.get(f"/huong-dan/{slug}/{number}")

    assert "sắp có trên trang này" in page.words
    assert "Làm bước này" not in page.links


@pytest.mark.parametrize(("slug", "number"), BOUND)
def test_a_step_with_a_screen_does_not_say_so(visitor, slug, number):
    assert "sắp có trên trang này" not in visitor.get(f"/huong-dan/{slug}/{number}").words


# --- the screens, opened as a person does ----------------------------------------------------------------------------


@pytest.fixture
def people(app, account, visit_as, new_visitor, make_draft, submit, letters, library, monkeypatch):
    monkeypatch.setitem(app.extensions, "payments", Gateway())
    return SimpleNamespace(
        account=account, nobody=new_visitor(), citizen=visit_as(account), make_draft=make_draft, submit=submit, letters=letters,
        calendar=library.calendar,
    )  # fmt: skip


def home(people, slug) -> Page:
    # Registering and logging in begin before one is logged in; the other guides after it.
    person = people.nobody if slug in ("dang-ky-tai-khoan", "dang-nhap", "quen-mat-khau") else people.citizen
    return person.get("/")


def give_details(people, slug) -> Page:
    number_page = people.nobody.get("/tai-khoan/dang-ky/so-giay-to?loai=cong-dan")
    sent = number_page.fields("Tiến hành đăng ký") | {"id_number": "064090555001"}
    return people.nobody.post("/tai-khoan/dang-ky/thong-tin", sent)


def confirm(people, slug) -> Page:
    details = {
        "id_number": "064090555001", "password": PASSWORD, "password_again": PASSWORD, "full_name": "Siu Black",
        "birth_date": "5/7/1990",
        "email": "siu@example.vn", "kind": "cong-dan",
    }  # fmt: skip
    people.nobody.post("/tai-khoan/dang-ky/thong-tin", details)
    link = re.search(r"http://localhost(/\S+)", people.letters()[0].get_content())[1]
    return people.nobody.get(link)


def reset_link(people) -> str:
    people.nobody.send("/tai-khoan/quen-mat-khau", {"id_number": people.account.id_number, "way": "thu"}, "Xác nhận")
    return re.search(r"http://localhost(/\S+)", people.letters()[0].get_content())[1]


def check(people, slug) -> Page:
    people.make_draft(people.account)
    return people.citizen.get(f"/nop-ho-so/{BIRTH}/xem-lai")


def submitted(people, slug) -> Page:
    return people.citizen.get(f"/nop-ho-so/{BIRTH}/da-nop/{people.submit(people.account).code}")


def history_page(people, slug) -> Page:
    dossier = people.submit(people.account)
    SupplementRequest.create(
        dossier=dossier, round=1, due_on=date(2026, 12, 1), resumes_to=1, asked_by=make_staff("officer", "hoi")
    )
    return people.citizen.get("/ca-nhan/lich-su")


def paying(*rest: str):
    """The room of a request that waits to be paid; the last look before the bank stands there once a bank was chosen."""

    def show(people, slug) -> Page:
        asked = ask_for_money(people.submit(people.account), make_staff("officer", "thu"), people.calendar, utc_now())
        try_to_pay(asked, utc_now())
        return people.citizen.get("/".join(("/ca-nhan/thanh-toan", asked.ref, *rest)))

    return show


def payments_listed(people, slug) -> Page:
    ask_for_money(people.submit(people.account), make_staff("officer", "thu"), people.calendar, utc_now())
    return people.citizen.get("/ca-nhan/thanh-toan")


def back_from_the_bank(people, slug) -> Page:
    asked = ask_for_money(people.submit(people.account), make_staff("officer", "thu"), people.calendar, utc_now())
    return people.citizen.get(f"/thanh-toan/vnpay/return?{notice_of(try_to_pay(asked, utc_now()))}")


SCREENS = {
    "home.home": home,
    "account.choose_login": lambda people, slug: people.nobody.get("/tai-khoan/dang-nhap"),
    "account.log_in": lambda people, slug: people.nobody.get("/tai-khoan/dang-nhap/tinh"),
    "account.choose_kind": lambda people, slug: people.nobody.get("/tai-khoan/dang-ky"),
    "account.give_number": lambda people, slug: people.nobody.get("/tai-khoan/dang-ky/so-giay-to?loai=cong-dan"),
    "account.give_details": give_details,
    "account.confirm": confirm,
    "recovery.start": lambda people, slug: people.nobody.get("/tai-khoan/quen-mat-khau"),
    "recovery.from_mail": lambda people, slug: people.nobody.get(reset_link(people)),
    "recovery.new_password": lambda people, slug: people.nobody.get(f"{reset_link(people)}/mat-khau"),
    "procedures.show_procedure": lambda people, slug: people.nobody.get(f"/dich-vu/{BIRTH}"),
    "submission.check": check,
    "submission.submitted": submitted,
    "documents.page": lambda people, slug: people.citizen.get("/ca-nhan/tai-lieu"),
    "history.search": history_page,
    "personal.payments": payments_listed,
    "personal.payment": paying(),
    "personal.payment_ways": paying("cach-tra"),
    "personal.payment_banks": paying("ngan-hang"),
    "personal.pay": paying("tra"),
    "payment_gateway.come_back": back_from_the_bank,
    "lookup.look_up": lambda people, slug: people.nobody.get("/tra-cuu"),
}


def labels_on(page: Page) -> set[str]:
    """What stands on buttons and links, beside fields, in headings, and before a colon (“Mã hồ sơ: …”)."""
    controls = page.tree.xpath("//button|//a|//a/b|//label|//legend|//h1|//h2|//dt")
    named = [words(paragraph.text).removesuffix(":") for paragraph in page.tree.xpath("//p[contains(text(), ':')]")]
    # A label may hold its hint after its own words.
    return {words(text) for control in controls for text in (control.text, control.text_content())} | set(named)


def words(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").strip()


@pytest.mark.parametrize(("slug", "number"), BOUND)
def test_every_label_of_a_step_stands_on_its_screen(people, slug, number):
    step = step_of(slug, number)
    page = SCREENS[step.screen](people, slug)

    assert page.status == 200
    assert set(re.findall(r"{([^}]+)}", step.do)) <= labels_on(page)


def test_after_logging_in_the_name_stands_at_the_upper_right(people):
    people.nobody.send("/tai-khoan/dang-nhap/tinh", {"id_number": people.account.id_number, "password": PASSWORD}, "Đăng nhập")

    assert people.nobody.get("/").user == people.account.full_name


# --- from the guide to the screen and back ---------------------------------------------------------------------------

ON_A_SCREEN_OF_ITS_OWN = [(slug, number) for slug, number in BOUND if step_of(slug, number).screen != "home.home"]


@pytest.mark.parametrize(("slug", "number"), ON_A_SCREEN_OF_ITS_OWN)
def test_a_screen_says_which_step_happens_on_it(people, slug, number):
    guide = GUIDES[slug]
    page = SCREENS[step_of(slug, number).screen](people, slug)
    here = next(words(p.text_content()) for p in page.tree.find_class("where") if "Bạn đang ở" in p.text_content())

    assert f"bước {number}/{len(guide.steps)} của Hướng dẫn {ROMAN[guide.number]}" in here
    assert f"/huong-dan/{slug}/{number}" in [a.get("href") for a in page.tree.iter("a")]


@pytest.mark.parametrize("address", ["chu-ho-so", "trang-1", "nhan-ket-qua", "giay-to"])
def test_the_pages_of_a_submission_are_all_step_three_of_guide_four(people, address):
    page = people.citizen.get(f"/nop-ho-so/{BIRTH}/{address}")

    assert "Bạn đang ở bước 3/4 của Hướng dẫn IV" in page.words


# What only the reader of a mail can open.
IN_A_MAIL = ("account.confirm", "recovery.from_mail", "recovery.new_password", "payment_gateway.come_back")


@pytest.mark.parametrize(("slug", "number"), [step for step in BOUND if step_of(*step).screen not in IN_A_MAIL])
def test_a_step_leads_to_where_it_is_done(people, slug, number):
    address = people.nobody.get(f"/huong-dan/{slug}/{number}").links["Làm bước này"]

    assert people.citizen.get(address).status == 200


@pytest.mark.parametrize(
    ("slug", "number"), [step for step in BOUND if step_of(*step).screen in ("home.home", "account.log_in", "lookup.look_up")]
)
def test_a_step_leads_to_the_very_screen_that_is_named(app, people, slug, number):
    address = people.nobody.get(f"/huong-dan/{slug}/{number}").links["Làm bước này"]

    with app.test_request_context():
        assert address == app.url_for(step_of(slug, number).screen)


@pytest.mark.parametrize(("slug", "number"), [step for step in BOUND if step_of(*step).screen in IN_A_MAIL])
def test_the_step_in_the_mail_leads_nowhere_for_only_the_mail_knows(visitor, slug, number):
    page = visitor.get(f"/huong-dan/{slug}/{number}")

    assert "Làm bước này" not in page.links

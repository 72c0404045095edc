"""The first day of those who work for the commune, on the served site, with the second factor that is on by default."""

import postgres
import pyotp
import pytest
import serving
from serving import FIRST_PASSWORD, Browser

from rules.staff import ROLE_NAMES

LOGIN = "/mot-cua/dang-nhap"


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request, tmp_path):
    if request.param == "sqlite":
        with serving.served(tmp_path / "site", STAFF_SECOND_FACTOR="on") as site:
            yield site
    elif postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    else:
        with postgres.running() as url, serving.served(tmp_path / "site", DATABASE_URL=url, STAFF_SECOND_FACTOR="on") as site:
            yield site


def operator_adds(site, name: str, role: str) -> None:
    site.flask("staff", "add", name, "--role", role, "--full-name", f"Siu {name.title()}", typed=f"{FIRST_PASSWORD}\n")


def begin(browser: Browser, name: str, first: str = FIRST_PASSWORD):
    """Log in with the first password and set one's own; the page that asks for the second factor."""
    page = browser.send(browser.open(LOGIN), "Đăng nhập", login_name=name, password=first)
    assert heading(page) == "Đặt mật khẩu của bạn"
    own = own_password(name)
    return browser.send(page, "Lưu mật khẩu", password=own, password_again=own)


def own_password(name: str) -> str:
    return f"trau den an co non {name}"


def begin_with_app(browser: Browser, name: str):
    page = press(browser, begin(browser, name), "Ứng dụng trên điện thoại")
    secret = page.find_class("secret")[0].text_content().replace(" ", "")
    return browser.send(page, "Xác nhận", code=pyotp.TOTP(secret).now())


def begin_with_paper(browser: Browser, name: str, first: str):
    """The first room, and the codes that are left on the paper."""
    page = press(browser, begin(browser, name, first), "Mã in trên giấy")
    page = browser.send(page, "Hiện mười mã")
    codes = [code.text_content() for code in page.find_class("sheet")[0].find_class("secret")]
    return browser.send(page, "Xác nhận", code=codes[0]), codes[1:]


def press(browser: Browser, page, label: str):
    return browser.open(next(a.get("href") for a in page.iter("a") if label in a.text_content()))


def heading(page) -> str:
    return " ".join(page.findtext(".//h1").split())


def words(page) -> str:
    return " ".join(page.find(".//main").text_content().split())


def test_from_the_command_line_to_the_queue_and_out_again(site):
    operator_adds(site, "quantri", "administrator")
    admin = Browser(site)
    page = begin_with_app(admin, "quantri")
    assert heading(page) == "Nhân viên"

    page = press(admin, page, "Thêm nhân viên")
    assert set(ROLE_NAMES.values()) <= {label.text_content() for label in page.find_class("pick")}
    page = admin.send(page, "Lập tài khoản", full_name="Nguyễn Văn Một", login_name="motcua", role="officer")
    first = page.find_class("secret")[1].text_content()
    assert "không có ai duyệt được" in words(page)

    operator_adds(site, "lanhdao", "leader")
    leader = Browser(site)
    page = begin_with_app(leader, "lanhdao")
    assert heading(page).startswith("Hồ sơ")
    page = leader.send(press(leader, page, "Duyệt nhân viên"), "Duyệt")
    assert "Đã duyệt" in words(page)

    officer = Browser(site)
    page, codes = begin_with_paper(officer, "motcua", first)
    assert heading(page).startswith("Hồ sơ") and page.find_class("me")[0].text_content() == "Nguyễn Văn Một"

    officer.send(officer.open("/tai-khoan/thoat"), "Thoát")
    page = officer.send(officer.open(LOGIN), "Đăng nhập", login_name="motcua", password=own_password("motcua"))
    assert heading(page) == "Nhập mã bước hai"
    page = officer.send(page, "Vào làm việc", code=person_types(codes[0]))
    assert heading(page).startswith("Hồ sơ")

    page = press(admin, admin.open("/mot-cua/nhan-vien/"), "Nguyễn Văn Một")
    page = admin.send(press(admin, page, "Cho nghỉ"), "Cho nghỉ")
    assert "Đã cho nghỉ" in words(page)
    assert "cán bộ đăng nhập" in heading(officer.open("/mot-cua/"))


def person_types(code: str) -> str:
    return f" {code.lower()} "


def test_the_site_says_so_where_a_password_alone_is_enough(tmp_path):
    with serving.served(tmp_path / "site", STAFF_SECOND_FACTOR="off") as site:
        assert "STAFF_SECOND_FACTOR=off" in site.output()
        with Browser(site).opener.open(f"{site.address}/suc-khoe") as health:
            assert "warning: STAFF_SECOND_FACTOR=off" in health.read().decode()

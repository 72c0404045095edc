"""Without a signal: what was opened opens again, what was typed is not lost, and nothing personal is left on the phone."""

import socket
import struct
import threading

import person
import pytest
from phone import Phone, chromium_running
from serving import wait_until

PASSWORD = "voi rung gao nuong"
GUIDE, UNSEEN, PROCEDURE = "/huong-dan/nop-ho-so/1", "/huong-dan/thanh-toan/1", "/dich-vu/dang-ky-khai-sinh"
OWNER = "/nop-ho-so/dang-ky-khai-sinh/chu-ho-so"
LOST, KEPT = "Mất sóng – chưa gửi được", "Đây là bản đã lưu trên máy này"
HOSTILE = '"><script>document.title="x"</script>\n\'&quot; &#38; Ksor H\'Blŭ %26+ </form>'
# A phone on 2G gets no htmx (static/gate.js).
ON_2G = "Object.defineProperty(navigator, 'connection', {value: {effectiveType: '2g'}})"
both_ways = pytest.mark.parametrize("has_htmx", [True, False], ids=["htmx", "2g"])


class Line:
    """The line between a phone and the site. It can be lost, hold what is sent, or lose answers only."""

    def __init__(self, to_port: int):
        self.to_port, self.state, self.asked, self.ends = to_port, "good", [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def become(self, state: str) -> None:
        self.state = state
        if state != "good":
            for end in self.ends:
                _reset(end)
            self.ends.clear()

    def _listen(self) -> None:
        while True:
            try:
                phone, _ = self.listener.accept()
            except OSError:
                return
            if self.state == "lost":
                _reset(phone)
                continue
            self.ends.append(phone)
            threading.Thread(target=self._carry, args=(phone,), daemon=True).start()

    def _carry(self, phone: socket.socket) -> None:
        try:
            with socket.create_connection(("127.0.0.1", self.to_port)) as site:
                threading.Thread(target=self._bring_back, args=(site, phone), daemon=True).start()
                while data := phone.recv(65536):
                    if data.startswith((b"GET ", b"POST ")):
                        self.asked.append(" ".join(data.split(b" ", 2)[i].decode() for i in (0, 1)))
                    if self.state != "silent":
                        site.sendall(data)
        except OSError:
            pass

    def _bring_back(self, site: socket.socket, phone: socket.socket) -> None:
        try:
            while data := site.recv(65536):
                if self.state == "answers lost":
                    _reset(phone)
                    return
                phone.sendall(data)
        except OSError:
            pass

    def count(self, request: str) -> int:
        return self.asked.count(request)


def _reset(end: socket.socket) -> None:
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()


@pytest.fixture(scope="module")
def chromium():
    """With what phones have and tests are spared: pages put aside whole, for Back and Forward."""
    with chromium_running(ignore_default_args=["--disable-back-forward-cache"]) as browser:
        yield browser


@pytest.fixture
def line(site):
    line = Line(site.port)
    yield line
    line.become("lost")
    line.listener.close()


@pytest.fixture
def owner(site):
    return site.python("import prepared; prepared.print_account()")


@pytest.fixture
def phone(pick_up, line):
    return at_line(pick_up, line, True)


def at_line(pick_up, line, has_htmx: bool) -> Phone:
    """A phone whose browser has the worker already, as after any first page."""
    phone = pick_up(True)
    phone.address = line.address
    if not has_htmx:
        phone.page.add_init_script(ON_2G)
    wait_for_worker(phone)
    return phone


def wait_for_worker(phone: Phone) -> None:
    """Open a page again until a worker has it: one that was on its way when the worker came alive never gets it."""

    def has_worker() -> bool:
        phone.open(f"{phone.address}/lien-he")
        ready = "Promise.race([navigator.serviceWorker.ready, new Promise(done => setTimeout(done, 1000))])"
        return phone.page.evaluate(f"{ready}.then(() => !!navigator.serviceWorker.controller)")

    wait_until(has_worker, "no worker has come")


def kept_on(phone: Phone) -> dict[str, str]:
    """All that any cache of the browser's holds: address, text."""
    return phone.page.evaluate("""async () => {
        const found = {};
        for (const name of await caches.keys()) for (const key of await (await caches.open(name)).keys())
            found[new URL(key.url).pathname] = await (await caches.match(key)).text();
        return found}""")


def pages_on(phone: Phone) -> set[str]:
    return {path for path in kept_on(phone) if "/static/" not in path}


def read(phone: Phone, path: str) -> None:
    """Open a page, and wait until it has been put by."""
    phone.open(phone.address + path)
    wait_until(lambda: path in pages_on(phone), f"{path} is not kept")


def log_in(phone: Phone, owner: dict) -> None:
    phone.open(f"{phone.address}/tai-khoan/dang-nhap/tinh")
    phone.type("CMND", owner["id_number"])
    phone.type("Mật khẩu", PASSWORD)
    submit(phone, "Đăng nhập")
    phone.sees(owner["full_name"])


def a_day_later(phone: Phone) -> None:
    """The browser's own store, which offers a public page for five minutes, has nothing left."""
    session = phone.page.context.new_cdp_session(phone.page)
    session.send("Network.clearBrowserCache")
    session.detach()


def lose(line: Line, phone: Phone, state: str = "lost") -> None:
    a_day_later(phone)
    line.become(state)


def submit(phone: Phone, button: str) -> None:
    is_coming = "!!document.querySelector('script[src*=gate]') && !/2g/.test((navigator.connection || {}).effectiveType)"
    if phone.page.evaluate(is_coming):
        phone._wait_for_htmx()
    phone.page.get_by_role("button", name=button, exact=True).first.click()


def send_again_in_vain(phone: Phone) -> None:
    form = phone.page.locator("main form").element_handle()
    submit(phone, "Gửi lại")
    wait_until(lambda: phone._is_gone(form), "nothing has happened")
    phone.sees(LOST)


def hidden(phone: Phone) -> dict[str, str]:
    return phone.page.evaluate("Object.fromEntries(new FormData(document.querySelector('main form')))")


# --- reading ---------------------------------------------------------------------------------------------------------


@both_ways
def test_guides_and_procedures_once_seen_open_again(pick_up, line, has_htmx):
    phone = at_line(pick_up, line, has_htmx)
    read(phone, GUIDE)
    heading, words = phone.heading, phone.page.locator("main").inner_text()
    read(phone, PROCEDURE)
    lose(line, phone)

    phone.open(line.address + GUIDE)
    assert phone.heading == heading and KEPT in phone.words
    assert words.split() == phone.page.locator("main").inner_text().replace("Sóng yếu. " + KEPT + ".", "").split()
    assert phone.page.evaluate("getComputedStyle(document.querySelector('header')).backgroundColor") == "rgb(33, 27, 23)"
    phone.open(line.address + PROCEDURE)
    assert phone.heading == "Đăng ký khai sinh"


def test_a_page_htmx_brought_opens_again_both_as_a_part_and_as_a_page(phone, line):
    phone.open(f"{line.address}/huong-dan/nop-ho-so/1")
    phone.press("Bước sau")
    second = phone.path
    wait_until(lambda: second in pages_on(phone), "the fragment is not kept")
    phone.press("Bước trước")
    lose(line, phone)

    phone.press("Bước sau")
    assert phone.path == second and KEPT in phone.words
    phone.page.reload()
    assert phone.path == second and KEPT in phone.words and phone.page.locator("header").count() == 1


def test_the_page_opened_before_there_was_a_worker_is_kept_without_asking_for_it_again(pick_up, line):
    phone = pick_up(True)
    phone.open(line.address + GUIDE)
    wait_until(lambda: GUIDE in pages_on(phone), "the first page is not kept")

    assert line.count(f"GET {GUIDE}") == 1


@both_ways
def test_a_page_never_seen_says_so_and_names_those_that_can_be_read(pick_up, line, has_htmx):
    phone = at_line(pick_up, line, has_htmx)
    read(phone, PROCEDURE)
    lose(line, phone)
    phone.open(line.address + UNSEEN)

    assert phone.heading == "Mất sóng" and "chưa mở lần nào trên máy này" in phone.words
    phone.page.get_by_role("link", name="Đăng ký khai sinh").click()
    phone.sees(KEPT)
    assert phone.path == PROCEDURE
    line.become("good")
    phone.open(line.address + UNSEEN)
    assert phone.heading != "Mất sóng"


def test_a_tap_in_htmx_on_a_page_never_seen_says_so(phone, line):
    phone.open(line.address + GUIDE)
    lose(line, phone)
    phone.press("Bước sau")

    assert phone.heading == "Mất sóng" and "chưa mở lần nào" in phone.words


def test_a_line_that_gives_no_answer_shows_the_kept_page_after_a_few_seconds(phone, line):
    read(phone, GUIDE)
    lose(line, phone, "silent")
    phone.open(line.address + GUIDE)

    assert KEPT in phone.words


def test_with_a_signal_the_page_comes_from_the_site(phone, line):
    read(phone, GUIDE)
    before = len(line.asked)
    phone.page.evaluate("path => fetch(path, {headers: {'HX-Request': 'true'}, cache: 'reload'})", GUIDE)
    phone.open(f"{line.address}/huong-dan/nop-ho-so/2")

    assert KEPT not in phone.words and len(line.asked) > before


def test_sixty_pages_are_kept_and_the_oldest_go_first(phone, line, site):
    paths = site.python("from rules.library import *; import json; from pathlib import Path;"
                        "print(json.dumps(['/dich-vu/' + p.stem for p in Path('content/procedures').glob('*.yaml')]"
                        " + ['/huong-dan/nop-ho-so/%d' % n for n in (1, 2, 3)]"
                        " + ['/huong-dan/%s/' % s for s in ('dang-nhap', 'thanh-toan', 'nop-ho-so')] + ['/']))")  # fmt: skip
    read(phone, "/huong-dan/")
    read(phone, "/dich-vu/")
    read(phone, "/huong-dan/tra-cuu-ho-so/")
    phone.page.evaluate(
        "async paths => { for (const path of paths) await fetch(path, {headers: {'HX-Request': 'true'}}) }", paths
    )

    wait_until(lambda: paths[-1] in pages_on(phone), "the last page is not kept")
    wait_until(lambda: len(pages_on(phone)) == min(60, 3 + len(paths)), lambda: len(pages_on(phone)))


def test_the_cache_of_an_older_worker_is_thrown_away(pick_up, line):
    phone = pick_up(True)
    phone.open(f"{line.address}/suc-khoe")
    phone.page.evaluate("caches.open('trang-0').then(cache => cache.put('/cu', new Response('cu')))")
    phone.open(f"{line.address}/huong-dan/")
    wait_for_worker(phone)

    wait_until(lambda: "/cu" not in kept_on(phone), "it is still there")


def test_the_worker_is_asked_for_once_not_with_every_page(phone, line):
    for path in (GUIDE, PROCEDURE, "/", "/huong-dan/"):
        phone.open(line.address + path)
    wait_until(lambda: "/huong-dan/" in pages_on(phone), "not kept")

    assert line.count("GET /sw.js") == 1


# --- nothing personal ------------------------------------------------------------------------------------------------


@both_ways
def test_nothing_of_somebody_logged_in_is_kept_nor_a_search(pick_up, line, owner, has_htmx):
    phone = at_line(pick_up, line, has_htmx)
    log_in(phone, owner)
    for path in ("/", "/ca-nhan/", "/ca-nhan/tai-khoan/", OWNER, PROCEDURE, GUIDE, "/dich-vu/?q=khai+sinh", "/tra-cuu"):
        phone.open(line.address + path)
        part = phone.page.evaluate("path => fetch(path, {headers: {'HX-Request': 'true'}}).then(answer => answer.text())", path)
        assert part
    lose(line, phone)
    phone.open(f"{line.address}/ca-nhan/")

    assert "Trang này chỉ mở được khi có sóng" in phone.words
    kept = kept_on(phone)
    assert {path for path in kept if "/static/" not in path} <= {"/lien-he"}
    assert not [path for path, text in kept.items() if owner["full_name"] in text or owner["id_number"] in text]


@both_ways
def test_done_on_a_shared_phone_takes_the_kept_pages_and_the_worker_along(pick_up, line, owner, has_htmx):
    phone = at_line(pick_up, line, has_htmx)
    read(phone, PROCEDURE)
    log_in(phone, owner)
    phone.open(f"{line.address}/ca-nhan/")
    submit(phone, "Xong – xoá khỏi máy này")

    phone.page.wait_for_url("**/tai-khoan/xong")
    assert phone.heading == "Xong. Đã xoá khỏi máy này"
    assert PROCEDURE not in pages_on(phone)
    wait_for_worker(phone)  # and the next person's works
    read(phone, GUIDE)
    lose(line, phone)
    phone.open(f"{line.address}/ca-nhan/")
    assert owner["full_name"] not in phone.words
    phone.open(line.address + PROCEDURE)
    assert phone.heading == "Mất sóng"


def test_logging_out_without_a_signal_does_not_pretend(phone, line, owner):
    log_in(phone, owner)
    phone.open(f"{line.address}/ca-nhan/")
    lose(line, phone)
    submit(phone, "Xong – xoá khỏi máy này")
    phone.sees(LOST)

    assert phone.page.context.cookies()
    line.become("good")
    submit(phone, "Gửi lại")
    phone.page.wait_for_url("**/tai-khoan/xong")
    assert phone.page.context.cookies() == []


# --- sending ---------------------------------------------------------------------------------------------------------


@both_ways
def test_a_form_that_cannot_be_sent_says_so_at_once_keeps_all_and_goes_on_a_tap(pick_up, line, owner, site, has_htmx):
    phone = at_line(pick_up, line, has_htmx)
    log_in(phone, owner)
    phone.open(line.address + OWNER)
    phone.choose("Bạn làm cho ai", "Cho người khác")
    phone.type("Họ tên chủ hồ sơ", "Ksor H'Blŭ")
    phone.type("Số căn cước của chủ hồ sơ", owner["id_number"])
    phone.answer("Chủ hồ sơ là gì của bạn", "Con")
    lose(line, phone)
    submit(phone, "Lưu và đi tiếp")

    phone.sees(LOST)
    assert "Ksor H'Blŭ" in hidden(phone).values()
    tried = line.count(f"POST {OWNER}")
    send_again_in_vain(phone)
    assert "Ksor H'Blŭ" in hidden(phone).values() and tried == 0
    assert not [path for path, text in kept_on(phone).items() if "H'Blŭ" in text]
    phone.keeps_nothing()

    line.become("good")
    submit(phone, "Gửi lại")
    phone.page.wait_for_url("**/trang-*")
    phone.open(line.address + OWNER)
    assert phone.page.get_by_label("Họ tên chủ hồ sơ").input_value() == "Ksor H'Blŭ"


@both_ways
def test_what_was_typed_is_sent_again_as_it_was_whatever_it_is(pick_up, line, owner, has_htmx):
    phone = at_line(pick_up, line, has_htmx)
    phone.open(f"{line.address}/tai-khoan/dang-nhap/tinh")
    phone.page.evaluate("""text => { const field = document.createElement('textarea'); field.name = text.slice(0, 20);
        field.value = text; document.querySelector('main form').append(field) }""", HOSTILE)  # fmt: skip
    phone.type("CMND", owner["id_number"])
    phone.type("Mật khẩu", 'a"<b>&amp;')
    phone._wait_for_htmx() if has_htmx else None
    typed = hidden(phone)
    lose(line, phone)
    submit(phone, "Đăng nhập")
    phone.sees(LOST)

    def told(fields: dict) -> dict:
        return {name: text.replace("\r\n", "\n") for name, text in fields.items()}

    assert told(hidden(phone)) == told(typed)
    assert phone.page.locator("main script").count() == 0 and phone.page.title() == LOST


def test_a_password_on_the_page_of_a_lost_line_does_not_come_back_with_back(phone, line, owner):
    phone.open(f"{line.address}/tai-khoan/dang-nhap/tinh")
    phone.type("CMND", owner["id_number"])
    phone.type("Mật khẩu", PASSWORD)
    lose(line, phone)
    submit(phone, "Đăng nhập")
    phone.sees(LOST)
    line.become("good")
    submit(phone, "Gửi lại")
    phone.sees(owner["full_name"])
    phone.open(f"{line.address}/ca-nhan/")
    submit(phone, "Xong – xoá khỏi máy này")
    phone.page.wait_for_url("**/tai-khoan/xong")

    for _ in range(4):
        phone.page.evaluate("history.back()")
        phone.page.wait_for_timeout(300)
        assert PASSWORD not in phone.page.content() and owner["full_name"] not in phone.page.content()


def test_a_photo_that_cannot_be_sent_says_what_to_do_and_nothing_of_it_is_kept(pick_up, line, site, tmp_path):
    (cookie,) = site.python("import prepared; prepared.print_citizens(1)")
    phone = at_line(pick_up, line, False)
    phone.page.context.add_cookies([{**cookie, "url": line.address}])
    phone.open(f"{line.address}/nop-ho-so/dang-ky-khai-sinh/giay-to?them=giay_chung_sinh")
    photo = person.noisy_photo(tmp_path / "anh.jpg", (300, 400))
    phone.page.evaluate("document.addEventListener('click', event => event.stopImmediatePropagation(), true)")
    phone.page.get_by_label("Chọn ảnh").first.set_input_files(str(photo))
    phone.page.context.set_offline(True)
    submit(phone, "Gửi giấy này")

    phone.sees("Ảnh chưa gửi được. Bấm Quay lại rồi gửi lại ảnh.")
    assert phone.heading == LOST and not phone.page.locator("main input").count()
    phone.page.context.set_offline(False)
    phone.page.get_by_role("link", name="Quay lại").click()
    phone.page.wait_for_url("**/giay-to**")
    assert phone.heading == "Giấy tờ kèm theo"


@both_ways
def test_an_answer_lost_after_the_dossier_was_made_and_sent_again_makes_one(pick_up, line, site, has_htmx):
    (cookie,) = site.python("import prepared; prepared.print_citizens(1)")
    phone = at_line(pick_up, line, has_htmx)
    phone.page.context.add_cookies([{**cookie, "url": line.address}])
    phone.open(f"{line.address}/nop-ho-so/dang-ky-khai-sinh/xem-lai")
    phone.page.locator("input[name=declared]").check()
    if has_htmx:
        phone._wait_for_htmx()
    before = dossiers(site)
    line.become("answers lost")
    submit(phone, "Nộp hồ sơ")
    phone.sees(LOST)
    wait_until(lambda: dossiers(site) == before + 1, "the site has not made the dossier")

    send_again_in_vain(phone)
    line.become("good")
    submit(phone, "Gửi lại")
    phone.page.wait_for_url("**/da-nop/**")
    assert dossiers(site) == before + 1


def dossiers(site) -> int:
    return site.python(
        "import os; from app import create_app; from models import Dossier\n"
        "with create_app(os.environ).app_context(): print(Dossier.select().count())"
    )

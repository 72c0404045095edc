"""The trial bank as a program: by itself, as the child of whoever started it, and beside the site."""

import http.cookiejar
import os
import re
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

import pytest
from flask import Flask
from lxml import html
from sandboxed import LABEL, RETURN, Sandbox, is_alive, read_signed, taken_port
from serving import PROJECT, Browser, Site, wait_until

import commands
from sandbox.beside import Child, PortTaken
from sandbox.keys import KeyUnreadable, payment_url, read_or_make_key
from settings import SettingRefused, read_settings

NOTICES = "http://127.0.0.1:9/thanh-toan/vnpay/ipn"


@pytest.fixture
def child(tmp_path):
    child = Child(tmp_path, 0, NOTICES)
    yield child
    child.stop()


def read(port: int, path: str = "/bang-dieu-khien") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return answer.read().decode()


def is_free(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
    except OSError as fault:
        return isinstance(getattr(fault, "reason", fault), ConnectionRefusedError)
    return False


# --- the key ---------------------------------------------------------------------------------------------------------


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path):
    key = read_or_make_key(tmp_path / "new")

    assert re.fullmatch(r"[A-Z0-9]{8}:[A-Z0-9]{32}", ":".join(key)) and read_or_make_key(tmp_path / "new") == key
    assert stat.S_IMODE((tmp_path / "new" / "sandbox.key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["sandbox.key"]
    assert read_or_make_key(tmp_path) != key


def test_the_site_finds_it_by_an_address_like_any_gateways(tmp_path):
    key = read_or_make_key(tmp_path)

    assert payment_url(tmp_path, 8001) == f"vnpay+http://{key.tmn_code}:{key.secret}@127.0.0.1:8001"


def test_a_key_file_that_is_none_is_named(tmp_path):
    (tmp_path / "sandbox.key").write_text("IABANG01:short")

    with pytest.raises(KeyUnreadable, match="sandbox.key"):
        read_or_make_key(tmp_path)


# --- the child -------------------------------------------------------------------------------------------------------


def test_nothing_runs_until_somebody_calls(child):
    assert child.process_id is None

    assert LABEL in read(child.port)
    assert is_alive(child.process_id)


def test_it_ends_when_it_is_told_to(tmp_path):
    child = Child(tmp_path, 0, NOTICES)
    read(child.port)
    number = child.process_id
    child.stop()

    assert not is_alive(number) and is_free(child.port)


def test_one_that_was_killed_is_begun_again_with_the_next_call(child, monkeypatch):
    monkeypatch.setattr("sandbox.beside.REST", 0.01)
    read(child.port)
    first = child.process_id
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not is_alive(first), "the child does not die")

    assert LABEL in read(child.port)
    assert child.process_id != first


def test_a_bank_with_a_book_does_not_wait_for_a_call(tmp_path):
    Sandbox(tmp_path).close()
    child = Child(tmp_path, 0, NOTICES)
    try:
        wait_until(lambda: child.process_id, "the child does not start")
    finally:
        child.stop()


def test_a_port_that_is_taken_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("sandbox.beside.PATIENCE", 0)
    with taken_port() as other, pytest.raises(PortTaken, match=str(other.getsockname()[1])):
        Child(tmp_path, other.getsockname()[1], NOTICES)


def test_it_sees_nothing_of_the_sites_settings(child, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "of the site")
    read(child.port)

    assert b"SECRET_KEY" not in Path(f"/proc/{child.process_id}/environ").read_bytes()


def test_it_ends_after_kill_9_of_who_started_it(tmp_path):
    code = (
        "import sys, time, pathlib; from sandbox.beside import Child\n"
        f"child = Child(pathlib.Path({str(tmp_path)!r}), 0, {NOTICES!r}); print(child.port, flush=True)\n"
        "while not child.process_id: time.sleep(0.01)\n"
        "print(child.process_id, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    with parent.stdout as said:
        port = int(said.readline())
        assert LABEL in read(port)
        number = int(said.readline())
        assert is_alive(number)
        parent.kill()
        parent.wait()

    wait_until(lambda: not is_alive(number) and is_free(port), "the child outlives its parent")


# --- the program by itself, from the pay address to the notice -------------------------------------------------------


def test_the_whole_way_through_the_program(tmp_path, open_shop):
    shop = open_shop()
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--instance", str(tmp_path), "--ipn", shop.address]
    program = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        address = re.search(r"http://127.0.0.1:\d+", program.stdout.readline())[0]
        merchant = Sandbox(tmp_path)
        browser = Stayer(address)
        page = browser.open(sign_now(merchant))
        page = browser.open(urljoin(page.base_url, next(a.get("href") for a in page.iter("a") if "Agribank" in a.text)))
        page = browser.send(page, "Tiếp tục", so_the="9704198526191432198", ten="NGUYEN VAN A", ngay="07/15")
        browser.send(page, "Thanh toán", otp="123456")

        told = read_signed(merchant.key.secret, browser.left_for.split("?", 1)[1])
        assert browser.left_for.startswith(RETURN) and (told["vnp_ResponseCode"], told["vnp_BankCode"]) == ("00", "AGRIBANK")
        assert [read_signed(merchant.key.secret, query) for query in shop.wait_for(1)] == [told]
    finally:
        merchant.close()
        program.terminate()
        program.wait()
        program.stdout.close()


def sign_now(merchant: Sandbox) -> str:
    return merchant.pay_address(CreateDate="20990101000000", ExpireDate="20990101001500")


class Stayer(Browser):
    """Follows every redirect but the one away, to the merchant."""

    class Redirects(urllib.request.HTTPRedirectHandler):
        def __init__(self, stayer: "Stayer"):
            self.stayer = stayer

        def redirect_request(self, request, *rest):
            self.stayer.left_for = rest[-1]
            return None if rest[-1].startswith(RETURN) else super().redirect_request(request, *rest)

    def __init__(self, address: str):
        self.site = type("Place", (), {"address": address})
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), self.Redirects(self)
        )

    def open(self, address: str, form=None):
        try:
            return super().open(address, form)
        except urllib.error.HTTPError as left:
            with left:
                assert left.code == 303
            return html.fromstring("<p>left</p>")


# --- beside the site -------------------------------------------------------------------------------------------------


def test_the_site_starts_it_and_takes_it_along_when_killed(tmp_path):
    log = (tmp_path / "log").open("w+")
    site = Site(tmp_path)
    command = [sys.executable, "-m", "flask", "--app", "app", "serve"]
    server = subprocess.Popen(command, cwd=PROJECT, env=site.environ, stdout=log, stderr=log)
    try:
        said = wait_until(
            lambda: re.search(r"Ngân hàng thử .*127\.0\.0\.1:(\d+)", Path(log.name).read_text()), "serve does not say where it is"
        )
        page = read(port := int(said[1]))
        assert LABEL in page and f"{site.address}/thanh-toan/vnpay/ipn" in page
    finally:
        server.kill()
        server.wait()
        log.close()

    wait_until(lambda: is_free(port), "the trial bank outlives the site")


def config(folder: Path, **settings) -> Flask:
    app = Flask("site")
    app.config |= {
        "INSTANCE_DIR": str(folder),
        "SANDBOX_PORT": 0,
        "HOST": "127.0.0.1",
        "PORT": 8000,
        "PAYMENT_URL": "",
        "SITE_URL": "http://127.0.0.1:8000",
    } | settings
    return app


def test_a_site_whose_bank_finds_its_port_taken_runs_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sandbox.beside.PATIENCE", 0)
    with taken_port() as other:
        port = other.getsockname()[1]
        with commands.trial_bank(config(tmp_path, SANDBOX_PORT=port)):
            said = capsys.readouterr()

    assert f"NOT started: port {port} is taken. The site runs without;" in said.err and said.out == ""


def test_the_client_is_told_where_the_bank_is(tmp_path, capsys):
    app = config(tmp_path)
    heard = []
    app.extensions["payments_at"] = heard.append
    with commands.trial_bank(app):
        port = int(re.search(r"127\.0\.0\.1:(\d+)", capsys.readouterr().out)[1])

    assert heard == [payment_url(tmp_path, port)]


def test_a_public_site_without_a_gateway_is_warned(tmp_path, capsys):
    with commands.trial_bank(config(tmp_path, SITE_URL="https://dvc.iabang.vn")):
        assert "PAYMENT_URL is empty" in capsys.readouterr().err


def test_where_a_real_gateway_is_set_no_bank_for_trials_runs(tmp_path, capsys):
    with commands.trial_bank(config(tmp_path, PAYMENT_URL="vnpay://IABANG01:SECRET@vnpay.example")):
        assert list(tmp_path.iterdir()) == []

    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "host, called", [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("192.168.1.5", "192.168.1.5"), ("::1", "[::1]")]
)
def test_notices_go_to_where_the_site_listens(host, called):
    app = config(Path("/"), HOST=host)

    assert commands.notice_address(app) == f"http://{called}:8000/thanh-toan/vnpay/ipn"


@pytest.mark.parametrize(
    "typed, port",
    [
        ({}, 8001),
        ({"PORT": "9000"}, 9001),
        ({"PORT": "9000", "SANDBOX_PORT": "7000"}, 7000),
        ({"PORT": "65535"}, 0),
        ({"PORT": "0"}, 0),
    ],
)
def test_its_port_is_the_next_unless_another_is_set(typed, port):
    assert read_settings(typed)["SANDBOX_PORT"] == port


@pytest.mark.parametrize("typo", ["80O1", "-1", "70000"])
def test_a_typo_in_its_port_stops_the_start(typo):
    with pytest.raises(SettingRefused, match="^SANDBOX_PORT="):
        read_settings({"SANDBOX_PORT": typo})

"""Registration mail over SMTP, from the served program's own worker; a dead mail server holds up nobody."""

import email
import email.policy
import socket
import sqlite3
import time
from contextlib import closing, contextmanager

import person
import pytest
import serving
from ports import free_port
from serving import Browser, link_in, wait_until

from gateways import mail

aiosmtpd_controller = pytest.importorskip("aiosmtpd.controller", reason="aiosmtpd is not installed")


class Mailbox:
    """What a mail server has taken."""

    def __init__(self):
        self.letters = []

    async def handle_DATA(self, server, session, envelope):
        self.letters.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"


@contextmanager
def mail_server(port: int):
    mailbox = Mailbox()
    controller = aiosmtpd_controller.Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


@contextmanager
def silent_mail_server(port: int):
    """Takes connections and never says a word: worse than one that refuses. Who waits for it waits all of its patience."""
    with socket.create_server(("127.0.0.1", port)):
        yield


@pytest.fixture
def mail_port():
    return free_port()


@pytest.fixture
def site(tmp_path, mail_port):
    with serving.served(tmp_path, MAIL_URL=f"smtp://127.0.0.1:{mail_port}") as site:
        yield site


def register(site, who: person.Person) -> float:
    """Guide I up to “open your e-mail”; returns how long the last page took."""
    browser = Browser(site)
    page = browser.open("/tai-khoan/dang-ky/so-giay-to?loai=cong-dan")
    page = browser.send(page, "Tiến hành đăng ký", id_number=who.id_number)
    began = time.monotonic()
    page = browser.send(
        page,
        "Đăng ký",
        password=person.PASSWORD,
        password_again=person.PASSWORD,
        full_name=who.full_name,
        birth_date="12/3/1998",
        email=who.email,
    )
    took = time.monotonic() - began
    assert "mở e-mail" in page.findtext(".//h1")
    return took


def letter_to(mailbox: Mailbox, who: person.Person, site):
    return wait_until(
        lambda: next((letter for letter in mailbox.letters if letter["To"] == who.email), None),
        lambda: f"no letter to {who.email}:\n{site.output()}",
    )


def test_the_letter_comes_over_smtp_and_its_link_makes_the_account(site, mail_port):
    who = person.new_person()

    with mail_server(mail_port) as mailbox:
        register(site, who)
        letter = letter_to(mailbox, who, site)

    assert letter["Subject"] == "Xác nhận tài khoản dịch vụ công xã Ia Băng"
    assert who.full_name in letter.get_content()
    browser = Browser(site)
    page = browser.send(browser.open(link_in(letter)), "Xác nhận")
    assert page.findtext(".//h1") == "Tài khoản đã dùng được"


def test_a_dead_mail_server_holds_up_no_page_and_the_letter_leaves_when_it_is_back(site, mail_port):
    early, late = person.new_person("Siu H'Nhan"), person.new_person("Rah Lan Blĕo")

    with silent_mail_server(mail_port):
        assert register(site, early) < mail.TIMEOUT_SECONDS
        wait_until(lambda: tries_of(site, early) == 1, "the worker has not tried")
        assert register(site, person.new_person()) < mail.TIMEOUT_SECONDS
    bring_next_try_forward(site)
    with mail_server(mail_port) as mailbox:
        register(site, late)  # the worker is woken by any mail, and else once a minute
        letters = [letter_to(mailbox, who, site) for who in (late, early)]

    assert all(link_in(letter).startswith(site.address) for letter in letters)
    # The third one's may have been on its way to the silent server: its turn comes later.
    wait_until(lambda: are_sent(site, early, late), "the letters are not marked as sent")
    assert len([letter for letter in mailbox.letters if letter["To"] == early.email]) == 1


def tries_of(site, who: person.Person) -> int:
    with closing(sqlite3.connect(site.instance / "app.db", timeout=10)) as rows:
        return rows.execute("SELECT tries FROM message WHERE recipient = ?", [who.email]).fetchone()[0]


def are_sent(site, *people: person.Person) -> bool:
    with closing(sqlite3.connect(site.instance / "app.db", timeout=10)) as rows:
        waiting = {row[0] for row in rows.execute("SELECT recipient FROM message WHERE sent_at IS NULL")}
    return waiting.isdisjoint(who.email for who in people)


def bring_next_try_forward(site) -> None:
    with closing(sqlite3.connect(site.instance / "app.db", timeout=10)) as rows, rows:
        rows.execute("UPDATE message SET next_try_at = '2020-01-01 00:00:00' WHERE next_try_at IS NOT NULL")

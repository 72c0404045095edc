import email
import errno
import os
import socket
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from hypothesis import given
from hypothesis import strategies as st

from gateways import files
from gateways.mail import MailDelayed, MailRefused, Outbox, SmtpServer, mailer_at, wrapped

SENDER = "Một cửa xã Ia Băng <mot-cua@iabang.example>"
URL = "https://dichvu.iabang.example/tai-khoan/xac-nhan/" + "x" * 101
BODY = f"Chào bà Rơ Châm H'Bia,\n\n{'Hồ sơ của bà đã được tiếp nhận. ' * 60}\n\nMở trang: {URL}\n.\nFrom xã Ia Băng"


@pytest.fixture
def outbox(tmp_path):
    return mailer_at(f"file://{tmp_path}/outbox", SENDER)


class PostOffice:
    """A real SMTP server on this machine that keeps what it gets."""

    def __init__(self, answer="250 OK", answer_to_recipient="250 OK"):
        self.answer, self.answer_to_recipient = answer, answer_to_recipient
        self.envelopes = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.answer_to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer_to_recipient

    async def handle_DATA(self, server, session, envelope):
        self.envelopes.append(envelope)
        return self.answer


@pytest.fixture
def open_office():
    opened = []

    def open_office(office, **settings):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        controller = Controller(office, hostname="127.0.0.1", port=port, **settings)
        controller.start()
        opened.append(controller)
        return port

    yield open_office
    for controller in opened:
        controller.stop()


def send_to(port, **changes):
    letter = {"to": "dan@thu.example", "subject": "Hồ sơ đã được tiếp nhận", "body": BODY, "key": "accepted-7"}
    mailer_at(f"smtp://127.0.0.1:{port}", SENDER).send(**letter | changes)


def letters_in(outbox):
    return [email.message_from_bytes(path.read_bytes(), policy=default) for path in sorted(outbox.folder.iterdir())]


def words_of(text):
    return text.split()


def test_a_letter_arrives_whole(open_office):
    office = PostOffice()

    send_to(open_office(office))

    (envelope,) = office.envelopes
    letter = email.message_from_bytes(envelope.content, policy=default)
    assert envelope.rcpt_tos == ["dan@thu.example"]
    assert letter["Subject"] == "Hồ sơ đã được tiếp nhận"
    assert words_of(letter.get_content()) == words_of(BODY)


def test_no_line_on_the_wire_is_long_or_raw_8bit(open_office):
    office = PostOffice()

    send_to(open_office(office), subject="Hồ sơ " * 60, body="ệ" * 3000)

    content = office.envelopes[0].content
    assert max(map(len, content.splitlines())) <= 100
    assert content.isascii()


def test_an_address_of_a_web_page_is_never_broken(outbox):
    outbox.send("dan@thu.example", "Xác nhận", BODY, "confirm-1")

    lines = letters_in(outbox)[0].get_content().splitlines()
    assert f"Mở trang: {URL}" in lines
    assert all(len(line) <= 72 for line in lines if URL not in line)


def test_a_letter_in_the_outbox_is_a_whole_message(outbox):
    outbox.send("dan@thu.example", "Xác nhận thư điện tử", BODY, "confirm-1")

    (letter,) = letters_in(outbox)
    assert letter["From"].addresses[0].display_name == "Một cửa xã Ia Băng"
    assert letter["To"] == "dan@thu.example"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"].datetime and not letter.defects
    assert words_of(letter.get_content()) == words_of(BODY)


def test_the_outbox_is_for_its_owner_alone_and_holds_finished_letters_only(outbox):
    outbox.send("dan@thu.example", "Xác nhận", BODY, "confirm 1/../x")

    (path,) = outbox.folder.iterdir()
    assert path.suffix == ".eml" and "confirm-1-x" in path.name
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_letter_sent_twice_can_be_recognised(outbox):
    for key in ("confirm-1", "confirm-1", "confirm-2"):
        outbox.send("dan@thu.example", "Xác nhận", BODY, key)

    first, again, other = (letter["Message-ID"] for letter in letters_in(outbox))
    assert first == again != other
    assert first.endswith("@iabang.example>")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), max_size=200))
def test_any_subject_arrives_as_it_was(subject):
    letter = Outbox("/nowhere", SENDER)._message("dan@thu.example", subject, BODY, "key")

    arrived = email.message_from_bytes(letter.as_bytes(), policy=default)["Subject"]
    assert words_of(arrived) == words_of(letter["Subject"])


@pytest.mark.parametrize(
    "to",
    [
        "dan@thu.example\r\nBcc: all@thu.example",
        "dan@thu.example\n",
        "a@thu.example, b@thu.example",
        "a@thu.example;b@thu.example",
        "a@thu.example b@thu.example",
        "Dân <dan@thu.example>",
        "dan",
        "@thu.example",
        "dan@",
        "",
        "dan@thu@example",
        "dan\0@thu.example",
        "dân@thu.example",
        f"dan@{'a' * 70}.example",
    ],
)
def test_anything_but_one_address_is_refused(outbox, to):
    with pytest.raises(ValueError):
        outbox.send(to, "Xác nhận", BODY, "confirm-1")
    assert not outbox.folder.exists()


@pytest.mark.parametrize("subject", ["a\r\nBcc: all@thu.example", "a\nb", "a\rb", "a\0b", "a\u2028b"])
def test_a_second_line_in_a_subject_is_refused(outbox, subject):
    with pytest.raises(ValueError):
        outbox.send("dan@thu.example", subject, BODY, "confirm-1")
    assert not outbox.folder.exists()


@pytest.mark.parametrize("sender", ["", "Một cửa", "a@b.example, c@d.example", "Một\ncửa <a@b.example>"])
def test_a_sender_is_one_address(tmp_path, sender):
    with pytest.raises(ValueError):
        Outbox(tmp_path, sender)


def test_an_address_with_a_vietnamese_domain_is_written_in_ascii(outbox):
    outbox.send("dan@thưđiệntử.vn", "Xác nhận", BODY, "confirm-1")

    assert letters_in(outbox)[0]["To"].startswith("dan@xn--")


def test_a_server_that_is_down_delays_the_letter():
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]

    with pytest.raises(MailDelayed):
        send_to(port)


def test_a_silent_server_does_not_hold_the_queue_for_ever(monkeypatch):
    monkeypatch.setattr("gateways.mail.TIMEOUT_SECONDS", 0.05)

    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MailDelayed):
        send_to(silent.getsockname()[1])


def test_the_server_s_answer_is_passed_on_without_the_person_s_address(open_office):
    office = PostOffice(answer_to_recipient="550 <dan@thu.example> is unknown")

    with pytest.raises(MailRefused, match="550 <…> is unknown"):
        send_to(open_office(office))


@pytest.mark.parametrize("office", [PostOffice("550 no"), PostOffice(answer_to_recipient="550 no such person")])
def test_a_final_no_refuses_the_letter(open_office, office):
    with pytest.raises(MailRefused, match="550 no"):
        send_to(open_office(office))


@pytest.mark.parametrize("office", [PostOffice("451 later"), PostOffice(answer_to_recipient="450 mailbox busy")])
def test_a_no_for_now_delays_the_letter(open_office, office):
    with pytest.raises(MailDelayed, match="45"):
        send_to(open_office(office))


def test_a_letter_taken_is_not_sent_again_because_the_good_bye_failed(open_office):
    office = PostOffice()
    office.handle_QUIT = rude_goodbye

    send_to(open_office(office))

    assert len(office.envelopes) == 1


async def rude_goodbye(server, session, envelope):
    return "451 not now"


def keep_out(server, session, envelope, mechanism, login):
    return AuthResult(success=False, handled=False)


def test_a_wrong_password_of_ours_loses_no_letter(open_office):
    port = open_office(PostOffice(), auth_require_tls=False, authenticator=keep_out)

    with pytest.raises(MailDelayed):
        mailer_at(f"smtp://mot-cua:sai@127.0.0.1:{port}", SENDER).send("dan@thu.example", "Xác nhận", BODY, "confirm-1")


def test_the_name_and_password_in_the_address_are_used(open_office):
    seen = []

    def let_in(server, session, envelope, mechanism, login):
        seen.append((login.login, login.password))
        return AuthResult(success=True)

    port = open_office(PostOffice(), auth_require_tls=False, authenticator=let_in)

    mailer_at(f"smtp://mot%40cua:m%2Fk@127.0.0.1:{port}", SENDER).send("dan@thu.example", "Xác nhận", BODY, "confirm-1")

    assert seen == [(b"mot@cua", b"m/k")]


def test_a_server_without_encryption_gets_nothing_when_encryption_is_asked(open_office):
    office = PostOffice()
    mailer = mailer_at(f"smtp://127.0.0.1:{open_office(office)}?tls=starttls", SENDER)

    with pytest.raises(MailDelayed):
        mailer.send("dan@thu.example", "Xác nhận", BODY, "confirm-1")
    assert office.envelopes == []


@pytest.mark.parametrize(
    "url, port, tls",
    [
        ("smtp://thu.example", 25, ""),
        ("smtp://thu.example?tls=starttls", 587, "starttls"),
        ("smtps://thu.example", 465, "tls"),
        ("smtps://a:b@thu.example:2465", 2465, "tls"),
    ],
)
def test_the_mail_address_picks_port_and_encryption(url, port, tls):
    mailer = mailer_at(url, SENDER)

    assert isinstance(mailer, SmtpServer)
    assert (mailer.host, mailer.port, mailer.tls) == ("thu.example", port, tls)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:outbox",
        "file://host/outbox",
        "http://thu.example",
        "smtp://",
        "smtp://thu.example?tls=yes",
        "smtp://a:b@thu.example",
    ],
)
def test_a_mail_address_that_is_unknown_or_unsafe_is_refused(url):
    with pytest.raises(ValueError):
        mailer_at(url, SENDER)


def test_a_full_disk_delays_the_letter_and_leaves_nothing(outbox, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "rename", refuse)

    with pytest.raises(MailDelayed):
        outbox.send("dan@thu.example", "Xác nhận", BODY, "confirm-1")
    assert list(outbox.folder.iterdir()) == []


def test_short_lines_and_paragraphs_stay_as_written():
    assert wrapped("Chào bà,\n\n  1. Xã\n") == "Chào bà,\n\n  1. Xã\n"

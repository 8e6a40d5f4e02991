"""The way to the mail server: safe where it should be, and clear where it fails."""

from __future__ import annotations

import ssl
from email.message import EmailMessage
from pathlib import Path

import pytest

from hookline.errors import NotConfigured
from hookline.services.mail.smtp import MailServer, MailServerFailed, Transport, deliver
from tests.certificates import certificate, server_side
from tests.mail_server import free_port, receiving_mail

SENDER = "Hookline <no-reply@centre.example>"


def _mail() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, "ada@centre.example", "Hello"
    message.set_content("Hello")
    return message


def _send(port: int, trusted: Path | None = None, **settings: str) -> None:
    server = MailServer(**{"host": "localhost", "port": port, "sender": SENDER, **settings})  # type: ignore[arg-type]
    tls = ssl.create_default_context(cafile=str(trusted)) if trusted else None
    with Transport(server, tls).connected() as connection:
        deliver(connection, _mail())


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """The mail server's certificate."""
    return certificate(tmp_path, "localhost")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_travels_encrypted_with_a_log_in(shown: Path, security: str) -> None:
    port = free_port()
    with receiving_mail(port, server_side(shown), from_the_start=security == "tls") as box:
        _send(port, shown, security=security, username="hookline", password="right")
    assert len(box.mails) == 1
    assert box.logins == ["hookline"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(shown: Path, security: str) -> None:
    port = free_port()
    with (
        receiving_mail(port, server_side(shown), from_the_start=security == "tls") as box,
        pytest.raises(MailServerFailed, match="not safe"),
    ):
        _send(port, security=security)
    assert box.mails == []


def test_a_server_without_starttls_gets_nothing_where_it_is_asked_for() -> None:
    port = free_port()
    with receiving_mail(port) as box, pytest.raises(MailServerFailed, match="does not offer"):
        _send(port, security="starttls")
    assert box.mails == []


def test_a_refused_log_in_says_what_to_check(shown: Path) -> None:
    port = free_port()
    with (
        receiving_mail(port, server_side(shown)),
        pytest.raises(MailServerFailed, match="HOOKLINE_MAIL_PASSWORD") as refused,
    ):
        _send(port, shown, username="hookline", password="wrong")
    assert refused.value.reply.startswith("535")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"host": ""}, "not set up"),
        ({"sender": ""}, "no sender"),
        ({"sender": "Hookline <no-reply@centre.example>\nBcc: eve@evil.example"}, "no sender"),
        ({"host": "mail.example", "security": "none", "username": "hookline"}, "unencrypted"),
    ],
)
def test_settings_that_are_missing_or_unsafe_are_refused(settings: dict[str, str], says: str) -> None:
    with pytest.raises(NotConfigured, match=says):
        _send(1, **settings)


def test_a_server_that_is_not_there_is_told_from_one_that_refuses() -> None:
    with pytest.raises(MailServerFailed, match="cannot be reached"):
        _send(free_port(), security="none")


def test_the_password_is_in_no_repr() -> None:
    assert "hunter2" not in repr(MailServer(host="h", password="hunter2"))


def test_the_machines_own_name_is_not_given_away() -> None:
    port = free_port()
    with receiving_mail(port) as box:
        _send(port, security="none")
    assert box.greeted_by == "centre.example"

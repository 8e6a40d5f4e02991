"""`hookline webhooks` and `hookline mail`, as an operator types them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hookline.bootstrap import Runtime
from hookline.cli import cli
from hookline.errors import HooklineError
from hookline.services.clients import ClientDraft
from hookline.services.mail.smtp import MailServerFailed
from tests.mail_server import free_port, receiving_mail
from tests.webhook_receiver import Answering, Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def hookline(runtime: Runtime, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Types a command in the test's installation, which allows the receiver."""
    runtime.clients.add_client(runtime.identity.system_actor(), ClientDraft("Acme"))
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_DATA_DIR", str(runtime.settings.data_dir))
    monkeypatch.setenv("HOOKLINE_DATABASE_URL", runtime.settings.database_url)
    monkeypatch.setenv("HOOKLINE_WEBHOOK_ALLOWED_HOSTS", f"127.0.0.1:{receiver.port},10.0.0.0/8")

    def typed(*arguments: str) -> Result:
        return CliRunner().invoke(cli, list(arguments), standalone_mode=False)

    return typed


def test_an_endpoint_is_added_tested_and_listed(hookline, receiver: Receiver) -> None:  # type: ignore[no-untyped-def]
    added = hookline("webhooks", "add", "Acme", receiver.url, "--event", "CallEnded", "--description", "CRM")
    assert re.search(r"^whsec_[\w-]+$", added.output, re.MULTILINE)
    assert "Delivered." in hookline("webhooks", "ping", "1").output
    receiver.answers = [Answering(500, body=b"broken")]
    assert "500 It answered with an error.\nbroken" in hookline("webhooks", "ping", "1").output
    listed = hookline("webhooks", "list").output
    assert "Acme" in listed
    assert receiver.url in listed
    assert "dead" in hookline("webhooks", "deliveries", "1").output
    assert "CallEnded" in hookline("webhooks", "events").output


def test_an_endpoint_is_paused_and_its_messages_sent_again(hookline, receiver: Receiver) -> None:  # type: ignore[no-untyped-def]
    hookline("webhooks", "add", "Acme", receiver.url, "--event", "CallEnded")
    hookline("webhooks", "ping", "1")
    assert hookline("webhooks", "pause", "1").output == "Paused.\n"
    assert "paused" in hookline("webhooks", "list").output
    assert hookline("webhooks", "resume", "1").output == "Active.\n"
    assert hookline("webhooks", "replay", "1").output == "Messages that are sent again: 0.\n"
    assert hookline("webhooks", "replay", "1", "--delivery", "1").output == "Messages that are sent again: 1.\n"


def test_an_address_that_is_refused_says_why(hookline) -> None:  # type: ignore[no-untyped-def]
    refused = hookline("webhooks", "add", "Acme", "https://192.168.0.1/", "--event", "CallEnded").exception
    assert isinstance(refused, HooklineError)
    assert "private network" in str(refused)


def test_a_test_mail_is_sent_and_what_fails_is_said(hookline, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    unset = hookline("mail", "test", "ada@centre.example").exception
    assert "Mail is not set up." in str(unset)
    port = free_port()
    for name, value in {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "SECURITY": "none",
        "SENDER": "a@centre.example",
    }.items():
        monkeypatch.setenv(f"HOOKLINE_MAIL_{name}", value)
    assert isinstance(hookline("mail", "test", "ada@centre.example").exception, MailServerFailed)
    with receiving_mail(port) as box:
        sent = hookline("mail", "test", "ada@centre.example", "--language", "pl")
        assert sent.output == "The mail server took the mail to ada@centre.example.\n"
        box.refuse = "550 5.1.1 nobody here"
        assert "550 5.1.1 nobody here" in hookline("mail", "test", "ada@centre.example").output
    assert box.mails[0]["Subject"] == "Wiadomość próbna z Hookline"

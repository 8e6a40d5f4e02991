"""The webhooks' pages, as an administrator uses them; and views that take webhooks in."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from flask import Blueprint, Flask, request

from hookline import webhook_in, webhook_signature
from hookline.bootstrap import Runtime
from hookline.contributions import WebPart
from hookline.db.models import WebhookEndpoint
from hookline.domain.events import CallEnded
from hookline.permissions import receives_webhooks
from hookline.settings import Settings
from hookline.testing.clock import VirtualClock
from hookline_web.testing import PageClient, People, make_app
from tests.webhook_receiver import Answering, Receiver, receiving

Browser = Callable[[str | None], PageClient]
SECRET = re.compile(r"whsec_[\w-]{40,}")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def settings(settings: Settings, receiver: Receiver) -> Settings:
    """Settings that allow the receiver."""
    return dataclasses.replace(settings, webhook_allowed_hosts=(f"127.0.0.1:{receiver.port}",))


def _add(admin: PageClient, client: int, url: str) -> str:
    """Add an endpoint by the page; its secret."""
    answer = admin.post(
        "/webhooks/new",
        data={"client_id": str(client), "url": url, "description": "CRM", "event_types": ["CallEnded", "CallPlaced"]},
    )
    assert answer.status_code == 201
    found = SECRET.search(answer.text)
    assert found is not None
    return found.group()


def _happen(runtime: Runtime, client: int, call: int) -> None:
    with runtime.db.write() as unit:
        unit.emit(CallEnded(client_id=client, call_id=call, result="busy"))
    runtime.bus.pump()
    runtime.webhooks.sender.deliver_due()


def test_an_endpoint_is_added_and_its_secret_shown_once(
    browser: Browser, runtime: Runtime, people: People, receiver: Receiver, clock: VirtualClock
) -> None:
    admin = browser("admin")
    secret = _add(admin, people.acme, receiver.url)
    for page in ("/webhooks", "/webhooks/1", "/webhooks/1/edit"):
        assert secret not in admin.get(page).text
    _happen(runtime, people.acme, 95)
    assert receiver.received[0].comes_from_hookline(secret, clock.now().timestamp())
    page = admin.get("/webhooks/1").text
    assert "call 95" in page
    assert "thank you" in page
    assert "Delivered" in page


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"url": "https://10.0.0.1/"}, "private network"),
        ({"url": "http://hooks.example/"}, "begins with http:"),
        ({"url": "nonsense"}, "not an address"),
        ({"url": ""}, "Fill this in."),
        ({"event_types": []}, "Choose at least one."),
        ({"event_types": ["AgentStateChanged"]}, "Choose from the list."),
        ({"client_id": ""}, "Choose from the list."),
        ({"client_id": "4711"}, "There is no such client."),
    ],
)
def test_an_endpoint_that_is_refused_says_so_at_the_field(
    browser: Browser, runtime: Runtime, people: People, changed: dict[str, object], says: str
) -> None:
    sent = {"client_id": str(people.acme), "url": "https://hooks.example/", "event_types": ["CallEnded"], **changed}
    answer = browser("admin").post("/webhooks/new", data=sent)
    assert answer.status_code == 422
    assert says in answer.text
    assert runtime.webhooks.reads.endpoints(runtime.identity.system_actor()) == []


def test_an_endpoint_is_changed_paused_and_activated(
    browser: Browser, runtime: Runtime, people: People, receiver: Receiver
) -> None:
    admin = browser("admin")
    _add(admin, people.acme, receiver.url)
    sent = {"url": receiver.url + "&new=1", "description": "New CRM", "event_types": "CallDisposed"}
    assert admin.post("/webhooks/1/edit", data=sent).location == "/webhooks/1"
    with runtime.db.read() as session:
        row = session.get_one(WebhookEndpoint, 1)
    assert (row.description, row.event_types, row.client_id) == ("New CRM", ["CallDisposed"], people.acme)
    admin.post("/webhooks/1/pause")
    assert "paused" in admin.get("/webhooks").text
    admin.post("/webhooks/1/resume")
    assert admin.post("/webhooks/1/resume").status_code == 409


def test_what_was_given_up_is_shown_and_sent_again(
    browser: Browser, runtime: Runtime, people: People, receiver: Receiver, clock: VirtualClock
) -> None:
    admin = browser("admin")
    _add(admin, people.acme, receiver.url)
    receiver.decide = lambda _request: Answering(500, body=b"<b>broken</b>")
    for call in range(1, 6):
        _happen(runtime, people.acme, call)
    for _ in range(13):
        clock.advance(15 * 3600)
        runtime.webhooks.sender.deliver_due()
    admin = browser("admin")  # the session of before has ended
    assert "Nothing is sent to" in admin.get("/webhooks").text
    page = admin.get("/webhooks/1?state=dead").text
    assert "Hookline paused this endpoint" in page
    assert "&lt;b&gt;broken&lt;/b&gt;" in page
    assert "call 5" not in admin.get("/webhooks/1?state=delivered").text

    receiver.decide = None
    admin.post("/webhooks/1/resume")
    admin.post("/webhooks/1/messages/1/replay")
    runtime.webhooks.sender.deliver_due()
    assert "call 1" in admin.get("/webhooks/1?state=delivered").text
    admin.post("/webhooks/1/replay")
    runtime.webhooks.sender.deliver_due()
    page = admin.get("/webhooks/1?state=dead").text
    assert "No message fits" in page


def test_a_test_message_and_a_new_secret(
    browser: Browser, runtime: Runtime, people: People, receiver: Receiver
) -> None:
    admin = browser("admin")
    secret = _add(admin, people.acme, receiver.url)
    admin.post("/webhooks/1/ping")
    runtime.webhooks.sender.deliver_due()
    assert receiver.types() == ["Ping"]
    answer = admin.post("/webhooks/1/secret")
    renewed = SECRET.search(answer.text)
    assert renewed is not None
    assert renewed.group() != secret


@pytest.mark.parametrize("login", ["supervisor", "agent"])
def test_only_administrators_keep_webhooks(browser: Browser, login: str) -> None:
    assert browser(login).get("/webhooks").status_code == 403
    assert browser(login).get("/mails").status_code == 403


# Webhooks in


@pytest.fixture
def receiving_app(runtime: Runtime, people: People, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The app with a plugin that has the view of docs/how-to/receive-webhooks.md."""
    blueprint = Blueprint("acme", __name__)

    @blueprint.post("/orders")
    @receives_webhooks("orders from Acme's shop, signed")
    def orders() -> tuple[str, int]:
        body = webhook_in.read_body(request.stream, max_bytes=1000)  # type: ignore[arg-type]
        webhook_in.verify(body, request.headers, "secret", clock=runtime.clock)  # type: ignore[arg-type]
        return str(json.loads(body)["id"]), 200

    parts = [SimpleNamespace(plugin="acme", value=WebPart(blueprint))]
    monkeypatch.setattr(runtime.host, "web_parts", lambda: parts)
    return make_app(runtime)


def _signed(body: bytes, clock: VirtualClock) -> dict[str, str]:
    return {webhook_signature.HEADER: webhook_signature.header(["secret"], int(clock.now().timestamp()), body)}


def test_a_program_sends_without_log_in_or_token(receiving_app: Flask, clock: VirtualClock) -> None:
    body = b'{"id": "order-1"}'
    answer = receiving_app.test_client().open("/p/acme/orders", method="POST", data=body, headers=_signed(body, clock))
    assert (answer.status_code, answer.text) == (200, "order-1")


@pytest.mark.parametrize(("body", "signed", "status"), [(b"{}", False, 401), (b"x" * 1001, True, 413)])
def test_what_is_not_signed_or_too_large_is_refused(
    receiving_app: Flask, clock: VirtualClock, body: bytes, signed: bool, status: int
) -> None:
    headers = _signed(body, clock) if signed else {}
    answer = receiving_app.test_client().open("/p/acme/orders", method="POST", data=body, headers=headers)
    assert answer.status_code == status

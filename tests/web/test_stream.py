"""The live stream: who gets to know what, and that it ends when it should."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from hookline.bootstrap import Runtime
from hookline.db.models import Campaign, CampaignAgent
from hookline.domain.campaigns import Purpose
from hookline.domain.events import (
    AgentStateChanged,
    CallPlaced,
    CampaignChanged,
    CompanyChanged,
    Event,
    ImportProgressed,
    SupervisionChanged,
)
from hookline.testing.clock import VirtualClock
from hookline_web import stream
from hookline_web.auth import Login
from hookline_web.stream import StreamHub
from hookline_web.testing import PageClient, People

Browser = Callable[[str | None], PageClient]


@pytest.fixture
def hub(app: Flask) -> StreamHub:
    """The app's hub."""
    found: StreamHub = app.extensions["hookline"].hub
    return found


@pytest.fixture
def campaigns(runtime: Runtime, people: People) -> tuple[int, int]:
    """A campaign of Acme, in which the agent works, and one of Globex."""
    with runtime.db.write() as unit:
        made = [
            Campaign(
                client_id=client,
                name="C",
                purpose=Purpose.SERVICE.value,
                backend="simulated",
                window={},
                retry_rules={},
                required_policies=[],
                created_at=unit.clock.now(),
            )
            for client in (people.acme, people.globex)
        ]
        unit.session.add_all(made)
        unit.session.flush()
        unit.session.add(CampaignAgent(campaign_id=made[0].id, user_id=people.agent))
        return made[0].id, made[1].id


@pytest.fixture
def tell(runtime: Runtime) -> Callable[..., None]:
    """Stores events and publishes them."""

    def publish(*events: Event) -> None:
        with runtime.db.write() as unit:
            for happened in events:
                unit.emit(happened)
        runtime.bus.pump()

    return publish


def _login(runtime: Runtime, user_id: int) -> Login:
    version = runtime.identity.get_user(user_id).session_version
    return Login(user_id, version, runtime.clock.now().replace(hour=23))


def _events(text: Iterator[str], count: int) -> list[tuple[str, dict[str, object]]]:
    found: list[tuple[str, dict[str, object]]] = []
    while len(found) < count:
        message = next(text)
        if "event: " in message:
            fields = dict(line.split(": ", 1) for line in message.strip().split("\n"))
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def _open(hub: StreamHub, runtime: Runtime, user_id: int, heartbeat: float = 15.0) -> Iterator[str]:
    text = hub.follow(_login(runtime, user_id), 0, heartbeat)
    assert next(text).startswith("retry: ")
    return text


def _all_kinds(people: People, campaigns: tuple[int, int]) -> dict[str, Event]:
    acme, globex = people.acme, people.globex
    return {
        "acme campaign": CampaignChanged(client_id=acme, campaign_id=campaigns[0], state="acme campaign"),
        "globex campaign": CampaignChanged(client_id=globex, campaign_id=campaigns[1], state="globex campaign"),
        "own call": CallPlaced(client_id=acme, campaign_id=campaigns[0], agent_id=people.agent, call_id=1),
        "colleague's call": CallPlaced(client_id=acme, campaign_id=campaigns[0], agent_id=77, call_id=2),
        "own state": AgentStateChanged(agent_id=people.agent, state="own state"),
        "stranger's state": AgentStateChanged(agent_id=78, state="stranger's state"),
        "globex import": ImportProgressed(client_id=globex, import_id=1, state="globex import", done=1, total=2),
        "installation": CampaignChanged(state="installation"),
    }


@pytest.mark.parametrize(
    ("role", "known"),
    [
        (
            "admin",
            {
                "acme campaign",
                "globex campaign",
                "own call",
                "colleague's call",
                "own state",
                "stranger's state",
                "globex import",
                "installation",
            },
        ),
        ("supervisor", {"acme campaign", "own call", "colleague's call", "own state"}),
        ("agent", {"acme campaign", "own call", "own state"}),
    ],
)
def test_everybody_gets_what_is_his_to_know(
    runtime: Runtime, people: People, campaigns: tuple[int, int], role: str, known: set[str]
) -> None:
    audience = stream.audience_of(runtime, runtime.identity.actor(runtime.identity.get_user(getattr(people, role))))
    kinds = _all_kinds(people, campaigns)
    with runtime.db.write() as unit:
        for happened in kinds.values():
            unit.emit(happened)
    runtime.bus.pump()
    published = zip(kinds, runtime.bus.since(0), strict=True)
    assert {name for name, happened in published if audience.may_know(happened)} == known


def test_events_come_through_with_number_type_and_data(
    hub: StreamHub, runtime: Runtime, people: People, campaigns: tuple[int, int], tell: Callable[..., None]
) -> None:
    text = _open(hub, runtime, people.agent)
    tell(*_all_kinds(people, campaigns).values())
    got = _events(text, 3)
    assert [kind for kind, _data in got] == ["CampaignChanged", "CallPlaced", "AgentStateChanged"]
    assert got[0][1]["campaign_id"] == campaigns[0]
    assert got[1][1]["call_id"] == 1
    assert got[2][1]["state"] == "own state"


def test_a_stream_resumes_after_the_last_event_that_was_had(
    hub: StreamHub, runtime: Runtime, people: People, tell: Callable[..., None]
) -> None:
    tell(*(CampaignChanged(client_id=people.acme, state=f"s{number}") for number in range(5)))
    text = hub.follow(_login(runtime, people.supervisor), 3)
    next(text)
    assert [data["state"] for _kind, data in _events(text, 2)] == ["s3", "s4"]
    tell(CampaignChanged(client_id=people.acme, state="s5"))
    assert [data["state"] for _kind, data in _events(text, 1)] == ["s5"]


def test_a_stream_that_starts_in_between_sends_nothing_twice(
    hub: StreamHub, runtime: Runtime, people: People, tell: Callable[..., None]
) -> None:
    tell(CampaignChanged(client_id=people.acme, state="before"))
    text = _open(hub, runtime, people.supervisor)
    tell(CampaignChanged(client_id=people.acme, state="while it starts"))  # in the store and in the queue
    tell(CampaignChanged(client_id=people.acme, state="after"))
    assert [data["state"] for _kind, data in _events(text, 3)] == ["before", "while it starts", "after"]


def test_a_stream_ends_with_its_session(hub: StreamHub, runtime: Runtime, people: People, clock: VirtualClock) -> None:
    text = _open(hub, runtime, people.agent, heartbeat=0.01)
    assert next(text).startswith(":"), "the heartbeat while the session stands"
    clock.set(_login(runtime, people.agent).ends_at)
    assert list(text) == []
    assert hub.open_streams() == 0


def test_a_stream_ends_at_deactivation(hub: StreamHub, runtime: Runtime, people: People) -> None:
    text = _open(hub, runtime, people.agent, heartbeat=0.01)
    runtime.identity.set_active(people.agent, False)
    assert list(text) == []


def test_a_stream_learns_of_taken_and_given_clients(
    hub: StreamHub, runtime: Runtime, people: People, tell: Callable[..., None]
) -> None:
    text = _open(hub, runtime, people.supervisor, heartbeat=0.01)
    user = runtime.identity.get_user(people.supervisor)
    role = runtime.identity.actor(user).role
    runtime.identity.change_user(user.id, display_name="Sue", role=role, language="en", clients=[people.globex])
    assert next(text).startswith(":")
    tell(CampaignChanged(client_id=people.acme, state="acme"), CampaignChanged(client_id=people.globex, state="globex"))
    assert [data["state"] for _kind, data in _events(text, 1)] == ["globex"]


def test_a_browser_that_does_not_keep_up_is_ended_and_resumes_from_the_store(
    hub: StreamHub, runtime: Runtime, people: People, tell: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "QUEUE_LENGTH", 2)
    text = _open(hub, runtime, people.admin)
    tell(*(CampaignChanged(client_id=people.acme, state=f"s{number}") for number in range(4)))
    got = _events(text, 4)
    assert list(text) == []
    assert [data["state"] for _kind, data in got] == ["s0", "s1", "s2", "s3"]


def test_closing_a_stream_frees_its_place(hub: StreamHub, runtime: Runtime, people: People) -> None:
    text = hub.follow(_login(runtime, people.admin), 0)
    next(text)
    assert hub.open_streams() == 1
    text.close()  # type: ignore[attr-defined]  # follow is a generator
    assert hub.open_streams() == 0


def test_the_page_says_where_its_stream_begins(browser: Browser, people: People, tell: Callable[..., None]) -> None:
    client = browser("admin")
    tell(CampaignChanged(client_id=people.acme, state="one"), CampaignChanged(client_id=people.acme, state="two"))
    page = client.get("/account")
    assert 'data-stream="/stream?since=2"' in page.text
    assert "CampaignChanged" in page.text


def test_the_stream_over_http(browser: Browser, people: People, tell: Callable[..., None]) -> None:
    client = browser("supervisor")
    tell(CampaignChanged(client_id=people.acme, state="one"), CampaignChanged(client_id=people.acme, state="two"))
    answer = client.get("/stream?since=0", headers={"Last-Event-ID": "1"}, buffered=False)
    assert answer.mimetype == "text/event-stream"
    parts = (part.decode() if isinstance(part, bytes) else part for part in answer.response)
    got = _events(parts, 1)
    answer.close()
    assert got[0][1]["state"] == "two"


def test_nobody_gets_no_stream(browser: Browser) -> None:
    assert browser(None).get("/stream", headers={"Accept": "text/event-stream"}).status_code == 401


def test_an_agent_does_not_learn_from_the_stream_that_somebody_listens(
    hub: StreamHub, runtime: Runtime, people: People, campaigns: tuple[int, int], tell: Callable[..., None]
) -> None:
    happened = SupervisionChanged(agent_id=people.agent, supervisor_id=people.supervisor, state="x", mode="listen")
    tell(happened, CompanyChanged(agent_id=people.agent))
    ((kind, _),) = _events(_open(hub, runtime, people.agent), 1)
    assert kind == "CompanyChanged"
    ((kind, _),) = _events(_open(hub, runtime, people.supervisor), 1)
    assert kind == "SupervisionChanged"

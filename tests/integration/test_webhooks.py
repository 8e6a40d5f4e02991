"""Webhooks out: signed, only the client's own, in order, again and again, never lost, stopped where they must be."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from hookline.bootstrap import Runtime
from hookline.domain.access import Actor, Role, Scope
from hookline.domain.events import AgentStateChanged, CallEnded, CallPlaced, WebhookEndpointStopped
from hookline.errors import Conflict, InvalidInput, NotFound, NotPermitted
from hookline.services.keyset import Cursor
from hookline.settings import Settings
from hookline.testing.clock import VirtualClock
from tests.integration.webhooks_world import World
from tests.webhook_receiver import Answering, Received, Receiver, receiving

DOWN = Answering(503)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def settings(settings: Settings, receiver: Receiver) -> Settings:
    """Settings that allow the receiver, which is on loopback and speaks http."""
    return dataclasses.replace(settings, webhook_allowed_hosts=(f"127.0.0.1:{receiver.port}",))


@pytest.fixture
def world(runtime: Runtime, clock: VirtualClock, receiver: Receiver) -> World:
    return World(runtime, clock, receiver)


def test_an_event_is_sent_signed_with_ids_only(world: World, receiver: Receiver, clock: VirtualClock) -> None:
    happened = CallEnded(client_id=world.acme, campaign_id=3, contact_id=8, call_id=95, agent_id=7, result="busy")
    world.emit(happened)
    world.send()
    (sent,) = receiver.received
    assert sent.path == "/hook?from=hookline"
    assert sent.comes_from_hookline(world.secret, clock.now().timestamp())
    sequence = sent.message["sequence"]
    assert sent.message == {
        "id": f"evt_{sequence}",
        "type": "CallEnded",
        "at": clock.now().isoformat(),
        "sequence": sequence,
        "client_id": world.acme,
        "campaign_id": 3,
        "contact_id": 8,
        "call_id": 95,
        "agent_id": 7,
        "details": {"result": "busy"},
    }
    (row,) = world.deliveries()
    assert sent.headers["hookline-event-id"] == f"evt_{sequence}"
    assert sent.headers["hookline-event"] == "CallEnded"
    assert sent.headers["hookline-delivery"] == str(row.id)
    assert sent.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert (row.state, row.status, row.answer) == ("delivered", 200, "thank you")


def test_a_changed_body_does_not_fit_the_signature(world: World, receiver: Receiver, clock: VirtualClock) -> None:
    world.end_call(1)
    world.send()
    forged = dataclasses.replace(receiver.received[0], body=receiver.received[0].body.replace(b"answered", b"declined"))
    assert not forged.comes_from_hookline(world.secret, clock.now().timestamp())
    assert not receiver.received[0].comes_from_hookline("whsec_guessed", clock.now().timestamp())


def test_only_the_clients_own_events_of_the_chosen_kinds_are_sent(world: World, receiver: Receiver) -> None:
    world.add(world.globex)
    world.emit(
        CallEnded(client_id=world.acme, call_id=1, result="busy"),
        CallEnded(client_id=world.globex, call_id=2, result="busy"),
        CallEnded(client_id=None, call_id=3, result="busy"),
        AgentStateChanged(client_id=world.acme, agent_id=1, state="READY"),
    )
    world.send()
    assert {(r.message["client_id"], r.message["call_id"]) for r in receiver.received} == {
        (world.acme, 1),
        (world.globex, 2),
    }
    assert [row.call_id for row in world.deliveries()] == [1]


def test_nothing_that_happened_before_an_endpoint_was_added_is_sent(world: World, clock: VirtualClock) -> None:
    with world.runtime.db.write() as unit:
        unit.emit(CallEnded(client_id=world.acme, call_id=1, result="busy"))
    clock.advance(1)
    late = world.add(world.acme).endpoint_id
    world.end_call(2)
    assert [row.call_id for row in world.deliveries(late)] == [2]


def test_what_fails_is_tried_again_at_growing_distances(world: World, receiver: Receiver, clock: VirtualClock) -> None:
    receiver.answers = [Answering(500, body=b"out of order\x00\x1b" + b"x" * 2000)] + [DOWN] * 3
    world.end_call(1)
    moments: list[datetime] = []
    while world.states() == ["waiting"]:
        world.wait_out()
        assert world.send() == 1
        moments.append(clock.now())
        if len(moments) == 1:
            (row,) = world.deliveries()
            assert row.status == 500
            assert row.error == "It answered with an error."
            assert row.answer.startswith("out of order  xxx")
            assert len(row.answer) == 500
    distances = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    for distance, planned in zip(distances, (10, 40, 160, 640), strict=True):
        assert planned <= distance <= planned * 1.25
    bodies = {request.body for request in receiver.received}
    assert len(bodies) == 1
    assert all(
        r.comes_from_hookline(world.secret, at.timestamp()) for r, at in zip(receiver.received, moments, strict=True)
    )


def test_a_message_is_given_up_after_three_days_and_sent_again_by_hand(
    world: World, receiver: Receiver, clock: VirtualClock
) -> None:
    receiver.decide = lambda _request: DOWN
    began = clock.now()
    world.end_call(1)
    while world.states() == ["waiting"]:
        world.wait_out()
        world.send()
    assert world.states() == ["dead"]
    assert len(receiver.received) == 12
    assert timedelta(days=2) < clock.now() - began < timedelta(days=4)

    receiver.decide = None
    world.runtime.webhooks.service.replay(world.operator, world.deliveries()[0].id)
    world.send()
    assert world.states() == ["delivered"]
    assert receiver.received[-1].message["id"] == receiver.received[0].message["id"]


def test_a_receiver_that_asks_for_patience_gets_it(world: World, receiver: Receiver, clock: VirtualClock) -> None:
    receiver.answers = [Answering(429, {"Retry-After": "3600"})]
    world.end_call(1)
    world.send()
    assert world.deliveries()[0].due_at == clock.now() + timedelta(hours=1)


def test_the_messages_of_one_call_stay_in_order_and_other_calls_go_on(world: World, receiver: Receiver) -> None:
    receiver.answers = [DOWN]
    world.emit(CallPlaced(client_id=world.acme, call_id=1), CallEnded(client_id=world.acme, call_id=1, result="busy"))
    world.send()
    world.end_call(2)
    world.send()
    assert [(r.message["type"], r.message["call_id"]) for r in receiver.received] == [
        ("CallPlaced", 1),
        ("CallEnded", 2),
    ]
    world.wait_out()
    world.send()
    assert [r.message["type"] for r in receiver.received if r.message["call_id"] == 1] == [
        "CallPlaced",
        "CallPlaced",
        "CallEnded",
    ]


def test_a_later_message_goes_out_when_the_earlier_one_is_given_up(world: World, receiver: Receiver) -> None:
    def refuse_the_first(request: Received) -> Answering:
        return DOWN if request.message["type"] == "CallPlaced" else Answering()

    receiver.decide = refuse_the_first
    world.emit(CallPlaced(client_id=world.acme, call_id=1), CallEnded(client_id=world.acme, call_id=1, result="busy"))
    for _ in range(12):
        assert "CallEnded" not in receiver.types()
        world.wait_out()
        world.send()
    assert receiver.types()[-1] == "CallEnded"
    assert world.states() == ["dead", "delivered"]


def test_redirects_are_not_followed(world: World, receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.answers = [Answering(307, {"Location": elsewhere.url}), Answering(302, {"Location": "/other"})]
        world.end_call(1)
        world.send()
        world.wait_out()
        world.send()
        assert elsewhere.received == []
    assert [r.path for r in receiver.received] == ["/hook?from=hookline"] * 2
    assert world.deliveries()[0].error == "It answered with a redirect, which is not followed."


def test_an_endpoint_that_is_gone_is_switched_off(world: World, receiver: Receiver) -> None:
    heard = []
    world.runtime.bus.subscribe(heard.append)
    receiver.answers = [DOWN, Answering(410)]
    world.end_call(1)
    world.send()
    world.end_call(2)
    world.send()
    assert world.row().state == "gone"
    assert world.states() == ["dead", "dead"]
    world.end_call(3)
    assert len(world.deliveries()) == 2
    assert [
        (e.details["endpoint_id"], e.details["reason"]) for e in heard if e.type == WebhookEndpointStopped.__name__
    ] == [(world.endpoint, "gone")]
    with pytest.raises(Conflict, match="gone"):
        world.runtime.webhooks.service.replay_dead(world.operator, world.endpoint)


def test_an_endpoint_is_paused_after_five_given_up_messages_and_then_catches_up(
    world: World, receiver: Receiver
) -> None:
    receiver.decide = lambda _request: DOWN
    for call in range(6):
        world.end_call(call)
    while world.row().state == "active":
        world.wait_out()
        world.send()
    assert world.row().paused_by_failures
    assert sorted(world.states()) == ["dead"] * 5 + ["waiting"]
    world.end_call(7)
    tries = len(receiver.received)
    assert world.send() == 0

    receiver.decide = None
    service = world.runtime.webhooks.service
    service.resume(world.operator, world.endpoint)
    assert service.replay_dead(world.operator, world.endpoint) == 5
    world.send()
    assert set(world.states()) == {"delivered"}
    assert [r.message["call_id"] for r in receiver.received[tries:]] == [0, 1, 2, 3, 4, 5, 7]
    assert world.row().dead_in_a_row == 0


def test_a_success_between_given_up_messages_keeps_the_endpoint_active(world: World, receiver: Receiver) -> None:
    receiver.decide = lambda request: Answering() if request.message["call_id"] == 3 else DOWN
    for call in range(3):
        world.end_call(call)
    while set(world.states()) != {"dead"}:
        world.wait_out()
        world.send()
    world.end_call(3)
    world.send()
    for call in (4, 5):
        world.end_call(call)
    while "waiting" in world.states():
        world.wait_out()
        world.send()
    assert (world.row().state, world.row().dead_in_a_row) == ("active", 2)


def test_what_happens_while_an_endpoint_is_paused_waits(world: World, receiver: Receiver) -> None:
    service = world.runtime.webhooks.service
    service.pause(world.operator, world.endpoint)
    world.end_call(1)
    assert world.send() == 0
    service.ping(world.operator, world.endpoint)
    assert world.send() == 1
    service.resume(world.operator, world.endpoint)
    world.send()
    assert receiver.types() == ["Ping", "CallEnded"]


def test_a_test_message_is_tried_once_and_does_not_count(world: World, receiver: Receiver) -> None:
    receiver.answers = [DOWN]
    world.runtime.webhooks.service.ping(world.operator, world.endpoint)
    world.send()
    assert world.states() == ["dead"]
    assert world.row().dead_in_a_row == 0
    assert receiver.received[0].message["id"].startswith("ping_")
    assert world.runtime.webhooks.service.replay_dead(world.operator, world.endpoint) == 0


def test_a_new_secret_signs_beside_the_old_one_for_a_day(world: World, receiver: Receiver, clock: VirtualClock) -> None:
    renewed = world.runtime.webhooks.service.renew_secret(world.operator, world.endpoint).secret
    world.end_call(1)
    world.send()
    clock.advance(24 * 3600)
    world.end_call(2)
    world.send()
    during, after = receiver.received
    assert during.comes_from_hookline(world.secret, clock.now().timestamp() - 24 * 3600)
    assert during.comes_from_hookline(renewed, clock.now().timestamp() - 24 * 3600)
    assert after.comes_from_hookline(renewed, clock.now().timestamp())
    assert not after.comes_from_hookline(world.secret, clock.now().timestamp())


def test_secrets_are_encrypted_in_the_database_and_useless_without_the_key(world: World, settings: Settings) -> None:
    row = world.row()
    assert world.secret not in row.secret
    key = settings.data_dir / "webhook_key"
    assert key.stat().st_mode & 0o077 == 0
    key.unlink()
    world.end_call(1)
    world.send()
    assert "secret cannot be read" in world.deliveries()[0].error


def test_a_restart_between_the_commit_and_the_sending_loses_nothing(
    world: World, receiver: Receiver, settings: Settings, clock: VirtualClock
) -> None:
    with world.runtime.db.write() as unit:
        unit.emit(CallEnded(client_id=world.acme, call_id=1, result="busy"))  # the process dies: not even published
    world.runtime.close()
    reborn = Runtime(settings, clock)
    reborn.bus.pump()  # queued; the process dies again
    reborn.close()
    reborn = Runtime(settings, clock)
    try:
        reborn.bus.pump()
        assert reborn.webhooks.sender.deliver_due() == 1
    finally:
        reborn.close()
    assert [r.message["call_id"] for r in receiver.received] == [1]


def test_a_crash_after_the_sending_sends_the_same_message_again(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_arguments: object) -> None:
        raise RuntimeError("killed")

    world.end_call(1)
    with monkeypatch.context() as broken:
        broken.setattr(world.runtime.webhooks.sender._outcomes, "note", die)
        with pytest.raises(RuntimeError, match="killed"):
            world.send()
    world.send()
    first, second = receiver.received
    assert first.body == second.body
    assert first.headers["hookline-delivery"] == second.headers["hookline-delivery"]
    assert world.states() == ["delivered"]


def test_an_event_that_is_read_twice_is_sent_once(world: World, receiver: Receiver) -> None:
    world.end_call(1)
    for happened in world.runtime.bus.since(0):
        world.runtime.webhooks.queue.on_event(happened)
    world.send()
    assert len(receiver.received) == 1


def test_the_running_sender_sends_by_itself_and_lets_no_slow_endpoint_hold_up_another(
    world: World, receiver: Receiver
) -> None:
    with receiving() as slow:
        hold = threading.Event()

        def answer_late(_request: Received) -> Answering:
            hold.wait(20)
            return Answering()

        slow.decide = answer_late
        allowed = world.runtime.webhooks.service._book._allowed
        allowed._add(f"127.0.0.1:{slow.port}")
        world.add(world.acme, url=slow.url)
        world.runtime.webhooks.sender.start()
        try:
            for call in range(12):
                world.end_call(call)
            receiver.wait_for(12)
            slow.wait_for(1)
            assert len(slow.received) <= 4
        finally:
            hold.set()
            world.runtime.webhooks.sender.stop()
    assert set(world.states()) == {"delivered"}


def test_old_messages_are_deleted(world: World, receiver: Receiver, clock: VirtualClock) -> None:
    receiver.decide = lambda request: Answering() if request.message["call_id"] == 1 else DOWN
    world.end_call(1)
    world.end_call(2)
    world.send()
    clock.advance(15 * 86_400)
    world.runtime.scheduler.run_now("core.tidy-webhooks")
    assert [row.call_id for row in world.deliveries()] == [2]
    clock.advance(80 * 86_400)
    world.runtime.scheduler.run_now("core.tidy-webhooks")
    assert world.deliveries() == []


def test_endpoints_are_kept_by_those_who_may_for_the_clients_they_reach(world: World) -> None:
    service, reads = world.runtime.webhooks.service, world.runtime.webhooks.reads
    of_globex = Actor(None, "g", Role.SUPERVISOR, frozenset({"webhooks.manage"}), Scope(frozenset({world.globex})))
    nobody = Actor(None, "n", Role.SUPERVISOR, frozenset(), Scope.everything())
    world.end_call(1)
    delivery = world.deliveries()[0].id
    assert reads.endpoints(of_globex) == []
    for act in (
        lambda: service.pause(of_globex, world.endpoint),
        lambda: service.ping(of_globex, world.endpoint),
        lambda: service.replay(of_globex, delivery),
        lambda: service.renew_secret(of_globex, world.endpoint),
        lambda: reads.deliveries(of_globex, world.endpoint, Cursor()),
        lambda: service.replay(world.operator, 4711),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(NotPermitted):
        reads.endpoints(nobody)
    data = {"client_id": world.acme, "url": world.receiver.url, "description": "", "event_types": ["CallEnded"]}
    with pytest.raises(InvalidInput, match="no such client"):
        service.add(of_globex, data)


def test_an_address_in_a_private_network_is_refused_where_it_is_entered(world: World) -> None:
    with pytest.raises(InvalidInput) as refused:
        world.add(world.acme, url="https://192.168.1.1/hook")
    assert "private network" in refused.value.fields["url"][0]


def test_the_health_page_says_what_keeps_messages_from_getting_out(
    world: World, receiver: Receiver, settings: Settings
) -> None:
    check = world.runtime.webhooks.check
    assert [finding.level.value for finding in check.run()] == ["ok"]
    receiver.answers = [Answering(410)]
    world.end_call(1)
    world.send()
    (settings.data_dir / "webhook_key").unlink()
    assert [finding.level.value for finding in check.run()] == ["warning", "problem"]

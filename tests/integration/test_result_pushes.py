"""Results sent to a client's endpoint: signed pieces, each known by its id, tried again, resumed, never lost."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import insert, update

from hookline.db.models import CampaignContact, Contact, ResultPush, WebhookEndpoint
from hookline.domain.access import Role
from hookline.errors import Conflict, InvalidInput, NotFound
from hookline.jobs import JobRun
from hookline.services.exports import RowPer
from hookline.services.exports_webhook import ResultPushes
from hookline.services.webhooks import Webhooks
from hookline.testing.centre import Centre
from tests.webhook_receiver import Answering, Receiver, receiving

ONE, TWO = "+48221234567", "+48221234568"


@dataclass
class World:
    """A centre whose client has an endpoint that listens, and a campaign with one call and two contacts."""

    centre: Centre
    pushes: ResultPushes
    receiver: Receiver
    endpoint: int
    secret: str
    campaign: int

    def send(self) -> None:
        """Send what is due now."""
        self.pushes.work(JobRun())

    def row(self, push_id: int) -> ResultPush:
        """An export as it stands."""
        return self.pushes.get(self.centre.operator, push_id)


@pytest.fixture
def world(centre: Centre) -> Iterator[World]:
    with receiving() as receiver:
        runtime = centre.runtime
        key = runtime.settings.data_dir / "webhook_key"
        webhooks = Webhooks(runtime.db, key, [f"127.0.0.1:{receiver.port}"])
        data = {"client_id": centre.client_id, "url": receiver.url, "description": "", "event_types": ["CallEnded"]}
        made = webhooks.service.add(centre.operator, data)
        anna = centre.agent("anna")
        campaign = centre.campaign([ONE, TWO], agents=[anna])
        centre.start_work(anna)
        centre.talk(anna, "SUCCESS", "=1+1", seconds=2)
        pushes = ResultPushes(runtime.db, runtime.exports, webhooks.sender.post, random.Random(1))
        yield World(centre, pushes, receiver, made.endpoint_id, made.secret, campaign)


def test_calls_and_contacts_arrive_signed_as_named_values(world: World) -> None:
    for per in RowPer:
        world.pushes.start(world.centre.operator, world.campaign, world.endpoint, per)
    world.send()
    calls, contacts = world.receiver.received
    assert calls.comes_from_hookline(world.secret, world.centre.clock.now().timestamp())
    assert calls.headers["hookline-event"] == "ResultsExport"
    assert calls.headers["hookline-event-id"] == calls.message["id"] == "export_1_1"
    row = calls.message["rows"][0]
    assert (row["number"], row["disposition"], row["note"], row["custom"]) == (ONE, "SUCCESS", "=1+1", {})
    assert (calls.message["per"], calls.message["last"]) == ("call", True)
    assert [row["phone"] for row in contacts.message["rows"]] == [ONE, TWO]
    assert world.row(1).state == world.row(2).state == "done"


def test_pieces_come_in_order_and_one_that_failed_comes_again_with_its_id(world: World) -> None:
    _fill(world, 1_198)  # 1200 contacts: three pieces
    push = world.pushes.start(world.centre.operator, world.campaign, world.endpoint, RowPer.CONTACT)
    world.receiver.answers = [Answering(), Answering(503)]
    world.send()
    waiting = world.row(push)
    assert (waiting.state, waiting.rows_sent, waiting.rows_total, waiting.attempts) == ("running", 500, 1200, 1)
    assert (waiting.status, waiting.error) == (503, "It answered with an error.")
    world.send()
    assert len(world.receiver.received) == 2, "it waits before it tries again"
    world.centre.clock.set(waiting.due_at)
    world.send()
    assert [one.message["piece"] for one in world.receiver.received] == [1, 2, 2, 3]
    ids = [one.message["id"] for one in world.receiver.received]
    assert ids[1] == ids[2]
    sent = {row["contact_id"] for one in world.receiver.received for row in one.message["rows"]}
    assert (len(sent), world.row(push).state, world.row(push).rows_sent) == (1200, "done", 1200)


def test_it_is_cancelled_resumed_given_up_and_resumed_again(world: World) -> None:
    _fill(world, 598)
    operator = world.centre.operator
    push = world.pushes.start(operator, world.campaign, world.endpoint, RowPer.CONTACT)
    assert world.pushes.send_piece(push)
    world.pushes.cancel(operator, push)
    world.send()
    assert (len(world.receiver.received), world.row(push).state) == (1, "cancelled")
    with pytest.raises(Conflict):
        world.pushes.cancel(operator, push)
    world.pushes.resume(operator, push)
    world.receiver.decide = lambda _request: Answering(500)
    for _ in range(12):
        world.centre.clock.set(max(world.centre.clock.now(), world.row(push).due_at))
        world.send()
    assert (world.row(push).state, world.row(push).rows_sent) == ("failed", 500)
    world.receiver.decide = None
    world.pushes.resume(operator, push)
    world.send()
    assert (world.row(push).state, world.row(push).rows_sent) == ("done", 600)
    assert world.receiver.received[-1].message["piece"] == 2


def test_a_paused_endpoint_waits_and_one_that_is_gone_ends_it(world: World) -> None:
    push = world.pushes.start(world.centre.operator, world.campaign, world.endpoint, RowPer.CALL)
    _set_endpoint(world, "paused")
    world.send()
    assert (world.receiver.received, world.row(push).state) == ([], "running")
    _set_endpoint(world, "active")
    world.receiver.answers = [Answering(410)]
    world.send()
    assert world.row(push).state == "failed"


def test_only_to_endpoints_of_the_campaigns_own_client_and_only_by_those_who_may(world: World) -> None:
    centre = world.centre
    globex = centre.client("Globex")
    theirs = centre.campaign([], agents=[], name="Theirs", client_id=globex, running=False)
    with pytest.raises(InvalidInput):
        world.pushes.start(centre.operator, theirs, world.endpoint, RowPer.CALL)
    boss = centre.actor(centre.somebody(Role.SUPERVISOR))
    with pytest.raises(NotFound):
        world.pushes.start(boss, theirs, world.endpoint, RowPer.CALL)
    push = world.pushes.start(boss, world.campaign, world.endpoint, RowPer.CALL)
    other = centre.actor(centre.user("other", Role.SUPERVISOR, [globex]))
    with pytest.raises(NotFound):
        world.pushes.get(other, push)
    assert list(world.pushes.list_of(other)) == []


def _set_endpoint(world: World, state: str) -> None:
    with world.centre.runtime.db.write() as unit:
        unit.session.execute(update(WebhookEndpoint).values(state=state))


def _fill(world: World, count: int) -> None:
    """Further contacts of the campaign."""
    client, now = world.centre.client_id, world.centre.clock.now()
    person = {"client_id": client, "time_zone": "Europe/Warsaw", "created_at": now, "updated_at": now}
    with world.centre.runtime.db.write() as unit:
        ids = unit.session.scalars(insert(Contact).returning(Contact.id), [person] * count).all()
        record = {"client_id": client, "campaign_id": world.campaign, "time_zone": "Europe/Warsaw", "updated_at": now}
        unit.session.execute(insert(CampaignContact), [{**record, "contact_id": i} for i in ids])

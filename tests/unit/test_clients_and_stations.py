"""The services behind the administration pages, where pages do not reach: scope, permissions, work in progress."""

from __future__ import annotations

import pytest

from hookline.bootstrap import Runtime
from hookline.db.models import AgentSession, Campaign
from hookline.domain.access import Actor, Scope
from hookline.domain.agents import AgentState
from hookline.domain.campaigns import CampaignState, Purpose
from hookline.errors import Conflict, InvalidInput, NotFound, NotPermitted
from hookline.ports.telephony import StationKind
from hookline.services.clients import ClientDraft
from hookline.services.stations import StationDraft
from hookline_web.testing import People


@pytest.fixture
def admin(runtime: Runtime, people: People) -> Actor:
    """The administrator."""
    return runtime.identity.actor(runtime.identity.get_user(people.admin))


@pytest.fixture
def supervisor(runtime: Runtime, people: People) -> Actor:
    """The supervisor, who reaches Acme only."""
    return runtime.identity.actor(runtime.identity.get_user(people.supervisor))


def test_a_supervisor_finds_his_clients_only(runtime: Runtime, people: People, supervisor: Actor) -> None:
    assert [c.id for c in runtime.clients.list_clients(supervisor.scope)] == [people.acme]
    assert runtime.clients.get_client(supervisor.scope, people.acme).name == "Acme"
    with pytest.raises(NotFound):
        runtime.clients.get_client(supervisor.scope, people.globex)
    assert runtime.clients.list_clients(Scope(frozenset())) == []


def test_whoever_lacks_the_permission_changes_nothing(runtime: Runtime, people: People, supervisor: Actor) -> None:
    with pytest.raises(NotPermitted):
        runtime.clients.add_client(supervisor, ClientDraft("New"))
    with pytest.raises(NotPermitted):
        runtime.clients.set_client_active(supervisor, people.acme, False)
    with pytest.raises(NotPermitted):
        runtime.stations.add_station(supervisor, StationDraft("Desk", "a@host"))
    with pytest.raises(NotPermitted):
        runtime.stations.list_stations(supervisor)
    assert len(runtime.clients.list_clients(Scope.everything())) == 2


def test_a_client_whose_campaign_runs_stays_active(runtime: Runtime, people: People, admin: Actor) -> None:
    with runtime.db.write() as unit:
        campaign = Campaign(
            client_id=people.acme,
            name="Spring",
            purpose=Purpose.SERVICE.value,
            state=CampaignState.RUNNING.value,
            backend="simulated",
            window={},
            retry_rules={},
            required_policies=[],
            created_at=unit.clock.now(),
        )
        unit.session.add(campaign)
    with pytest.raises(Conflict, match="Spring"):
        runtime.clients.set_client_active(admin, people.acme, False)
    runtime.clients.set_client_active(admin, people.globex, False)
    assert [c.id for c in runtime.clients.list_clients(admin.scope, active_only=True)] == [people.acme]


def test_a_station_at_work_is_left_alone(runtime: Runtime, people: People, admin: Actor) -> None:
    station_id = runtime.stations.add_station(admin, StationDraft("Desk", "a@host"))
    with runtime.db.write() as unit:
        now = unit.clock.now()
        working = AgentSession(
            user_id=people.agent,
            state=AgentState.READY.value,
            station_id=station_id,
            state_since_at=now,
            last_seen_at=now,
        )
        unit.session.add(working)
    with pytest.raises(Conflict, match="Andy Agent"):
        runtime.stations.set_station_active(admin, station_id, False)
    with pytest.raises(Conflict):
        runtime.stations.change_station(admin, station_id, StationDraft("Desk", "b@host"))
    runtime.stations.change_station(admin, station_id, StationDraft("Desk by the window", "a@host"))
    assert runtime.stations.get_station(admin, station_id).name == "Desk by the window"
    with runtime.db.write() as unit:
        unit.session.get_one(AgentSession, people.agent).state = AgentState.OFFLINE.value
    runtime.stations.set_station_active(admin, station_id, False)
    assert not runtime.stations.get_station(admin, station_id).active


def test_a_station_may_be_any_phone_by_its_number(runtime: Runtime, admin: Actor) -> None:
    draft = StationDraft("Mobile", "+48 600 100 200", kind=StationKind.NUMBER)
    station_id = runtime.stations.add_station(admin, draft)
    station = runtime.stations.get_station(admin, station_id)
    assert (station.kind, station.address) == ("number", "+48600100200")
    runtime.stations.change_station(admin, station_id, StationDraft("Desk", "desk@192.0.2.10"))
    station = runtime.stations.get_station(admin, station_id)
    assert (station.kind, station.address) == ("sip", "sip:desk@192.0.2.10")


@pytest.mark.parametrize("number", ["112", "600 100 200", "+48 700 100 200", "sip:desk@192.0.2.10", ""])
def test_a_number_that_no_agent_can_be_called_at_is_no_station(runtime: Runtime, admin: Actor, number: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        runtime.stations.add_station(admin, StationDraft("Mobile", number, kind=StationKind.NUMBER))
    assert "address" in caught.value.fields

"""The board: who is on it, what it says of him, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from marshmallow import ValidationError

from hookline.bootstrap import Runtime
from hookline.contributions import Panel
from hookline.db.models import AgentSession, Call, CampaignAgent
from hookline.domain.access import Actor, Role
from hookline.domain.agents import AgentEvent, AgentState
from hookline.errors import NotFound, NotPermitted
from hookline.hookspecs import hookimpl
from hookline.plugin_host.host import PluginState
from hookline.services.agent_moves import move
from hookline.settings import Settings
from hookline.testing.clock import START, VirtualClock
from hookline_monitoring.board import AgentRow, Figures
from hookline_monitoring.service import BoardService
from hookline_monitoring.settings import MonitoringSettings, SettingsSchema
from hookline_monitoring.views import EVENTS
from hookline_web.template_parts import event_types
from hookline_web.testing import PASSWORD, PageClient, People, make_app, make_client
from tests.plugins.places import Place, add_call, make_place

Browser = Callable[[str | None], PageClient]


@pytest.fixture
def place(runtime: Runtime, people: People) -> Place:
    """Acme's campaign with the agent in it, and one call of today that nobody answered."""
    return make_place(runtime, people.acme, people.agent)


@pytest.fixture
def service(runtime: Runtime) -> BoardService:
    """The board with its default settings."""
    return BoardService(runtime.db, MonitoringSettings())


@pytest.fixture
def supervisor(runtime: Runtime, people: People) -> Actor:
    """Acme's supervisor."""
    return runtime.identity.actor(runtime.identity.get_user(people.supervisor))


def put(runtime: Runtime, user_id: int, state: AgentState, **more: object) -> None:
    """Set where an agent stands."""
    now = runtime.clock.now()
    with runtime.db.write() as unit:
        agent = unit.session.get(AgentSession, user_id) or AgentSession(user_id=user_id, last_seen_at=now)
        agent.state, agent.state_since_at = state.value, now
        for name, value in more.items():
            setattr(agent, name, value)
        unit.session.add(agent)


def only(rows: tuple[AgentRow, ...]) -> AgentRow:
    (row,) = rows
    return row


def test_an_agent_who_never_worked_is_offline(service: BoardService, supervisor: Actor, place: Place) -> None:
    row = only(service.board(supervisor).rows)
    assert (row.name, row.state, row.since, row.station_state) == ("Andy Agent", AgentState.OFFLINE, None, "gone")


def test_a_call_shows_with_contact_and_length(
    runtime: Runtime, service: BoardService, supervisor: Actor, place: Place, clock: VirtualClock
) -> None:
    call_id = add_call(runtime, place, queued_at=START, connected_at=START)
    put(
        runtime,
        place.agent_id,
        AgentState.ON_CALL,
        call_id=call_id,
        campaign_contact_id=place.record_id,
        station_state="connected",
    )
    clock.advance(75)
    row = only(service.board(supervisor).rows)
    assert (row.state, row.campaign, row.contact) == (AgentState.ON_CALL, "Spring", "Łucja Nowak")
    assert (row.talking_since, row.since, row.station_state, row.late) == (START, START, "connected", False)
    unseeing = replace(supervisor, permissions=supervisor.permissions - {"contacts.view"})
    assert only(service.board(unseeing).rows).contact == ""


def test_figures_are_todays_in_the_supervisors_zone(
    runtime: Runtime, service: BoardService, supervisor: Actor, place: Place
) -> None:
    midnight = datetime(2025, 3, 2, 23, 0, tzinfo=UTC)  # in Warsaw
    for at in (midnight - timedelta(seconds=1), midnight):
        add_call(runtime, place, queued_at=at, connected_at=at, ended_at=at, disposition="SUCCESS")
    add_call(runtime, place, queued_at=START, connected_at=START, ended_at=START, disposition="REFUSED")
    board = service.board(supervisor)
    assert only(board.rows).figures == Figures(calls=3, answered=2, successes=1)
    assert board.totals.success_rate == 50
    assert Figures().success_rate is None


def test_a_call_that_was_taken_over_is_one_call_and_everybodys_talk(
    runtime: Runtime, place: Place, service: BoardService, supervisor: Actor
) -> None:
    now = runtime.clock.now()
    first = add_call(runtime, place, queued_at=now, connected_at=now)
    taken = add_call(runtime, place, queued_at=now, connected_at=now, disposition="SUCCESS")
    with runtime.db.write() as unit:
        part = unit.session.get_one(Call, taken)
        part.parent_id, part.attempt_id = first, None
    assert only(service.board(supervisor).rows).figures == Figures(calls=2, answered=2, successes=1)


def test_two_clients_never_mix(
    runtime: Runtime, people: People, service: BoardService, supervisor: Actor, place: Place
) -> None:
    other = make_place(runtime, people.globex, people.agent, number="+48600100900", name="Secret")
    call_id = add_call(runtime, other, queued_at=START, connected_at=START)
    put(runtime, people.agent, AgentState.ON_CALL, call_id=call_id)
    row = only(service.board(supervisor).rows)
    assert (row.campaign, row.contact, row.elsewhere) == ("", "", True)
    assert row.figures.calls == 1, "calls for the other client are not counted here"
    everything = only(service.board(runtime.identity.system_actor()).rows)
    assert (everything.campaign, everything.contact, everything.figures.calls) == ("Secret", "Łucja Nowak", 3)
    with pytest.raises(NotFound):
        service.board(supervisor, campaign_id=other.campaign_id)


def test_agents_of_other_clients_only_are_not_there(
    runtime: Runtime, people: People, service: BoardService, supervisor: Actor
) -> None:
    make_place(runtime, people.globex, people.agent, number="+48600100900")
    assert service.board(supervisor).rows == ()
    assert len(service.board(runtime.identity.system_actor()).rows) == 1


def test_filters_and_order(runtime: Runtime, people: People, service: BoardService, place: Place) -> None:
    admin = runtime.identity.system_actor()
    ids = {n: runtime.identity.add_user(n, n.title(), PASSWORD, Role.AGENT) for n in ("zoe", "bob", "gone")}
    other = make_place(runtime, people.acme, ids["zoe"], number="+48600100901", name="Autumn")
    with runtime.db.write() as unit:
        unit.session.add_all(CampaignAgent(campaign_id=other.campaign_id, user_id=ids[n]) for n in ("bob", "gone"))
    put(runtime, ids["zoe"], AgentState.ON_CALL)
    put(runtime, ids["bob"], AgentState.READY)
    runtime.identity.set_active(ids["gone"], active=False)
    board = service.board(admin)
    assert [row.name for row in board.rows] == ["Zoe", "Bob", "Andy Agent"]
    assert (board.count(AgentState.ON_CALL), board.count(AgentState.OFFLINE)) == (1, 1)
    assert [name for _, name in board.campaigns] == ["Autumn", "Spring"]
    assert [row.name for row in service.board(admin, campaign_id=place.campaign_id).rows] == ["Andy Agent"]
    assert [row.name for row in service.board(admin, state=AgentState.READY).rows] == ["Bob"]
    assert [row.figures.calls for row in service.board(admin, campaign_id=other.campaign_id).rows] == [1, 0]


@pytest.mark.parametrize(
    ("state", "seconds", "late"),
    [
        (AgentState.PAUSED, 899, False),
        (AgentState.PAUSED, 900, True),
        (AgentState.WRAP_UP, 180, True),
        (AgentState.READY, 9999, False),
    ],
)
def test_who_stays_too_long_is_marked(
    runtime: Runtime,
    service: BoardService,
    supervisor: Actor,
    place: Place,
    clock: VirtualClock,
    state: AgentState,
    seconds: int,
    late: bool,
) -> None:
    put(runtime, place.agent_id, state)
    clock.advance(seconds)
    assert only(service.board(supervisor).rows).late is late


def test_nobody_watches_without_the_permission(runtime: Runtime, people: People, service: BoardService) -> None:
    agent = runtime.identity.actor(runtime.identity.get_user(people.agent))
    with pytest.raises(NotPermitted):
        service.board(agent)


@pytest.mark.parametrize("address", ["/p/monitoring/", "/p/monitoring/board"])
@pytest.mark.parametrize(("login", "status"), [("agent", 403), ("supervisor", 200), ("admin", 200)])
def test_who_may_open_the_page(browser: Browser, address: str, login: str, status: int) -> None:
    assert browser(login).get(address).status_code == status


def test_the_page_and_its_changing_part(runtime: Runtime, browser: Browser, place: Place) -> None:
    page = browser("supervisor")
    whole = page.get("/p/monitoring/").text
    assert f'data-agent="{place.agent_id}" data-state="offline"' in whole
    put(runtime, place.agent_id, AgentState.READY, station_state="connected")
    with runtime.db.write() as unit:
        move(unit, unit.session.get_one(AgentSession, place.agent_id), AgentEvent.PAUSE, "lunch")
    part = page.get("/p/monitoring/board").text
    assert f'data-agent="{place.agent_id}" data-state="paused"' in part
    assert "lunch" in part
    assert "<html" not in part
    assert "No agent fits" in page.get("/p/monitoring/board", query_string={"state": "ready"}).text
    assert page.get("/p/monitoring/", query_string={"state": "odd"}).status_code == 422
    assert page.get("/p/monitoring/", query_string={"campaign_id": 999}).status_code == 404


def test_an_empty_board_says_how_agents_get_there(browser: Browser) -> None:
    assert "No agents yet" in browser("supervisor").get("/p/monitoring/").text


def test_the_page_listens_to_events_that_exist(browser: Browser) -> None:
    page = browser("supervisor").get("/p/monitoring/").text
    for event in EVENTS:
        assert event in event_types().split()
        assert f"hookline:{event} from:body throttle:1s" in page
        assert f"hookline:{event} from:body delay:1s" in page


def test_other_plugins_panels_appear_below(runtime: Runtime, people: People) -> None:
    class Other:
        @hookimpl
        def hookline_register_panels(self) -> list[Panel]:
            return [Panel("supervisor.board", "Queues", "monitoring.watch", lambda asked: "<p>three are waiting</p>")]

    runtime.host.register("other", Other())
    page = make_client(make_app(runtime), "supervisor").get("/p/monitoring/").text
    assert "<p>three are waiting</p>" in page


def test_settings(settings: Settings, clock: VirtualClock) -> None:
    assert SettingsSchema().load({}) == MonitoringSettings()
    assert SettingsSchema().load({"time_zone": "UTC", "long_pause_seconds": 60}).long_pause_seconds == 60
    for wrong in ({"time_zone": "Mars"}, {"long_pause_seconds": 0}, {"colour": "red"}):
        with pytest.raises(ValidationError) as caught:
            SettingsSchema().load(wrong)
        assert next(iter(wrong)) in caught.value.messages_dict
    runtime = Runtime(replace(settings, plugins={"monitoring": {"time_zone": "Mars"}}), clock)
    status = runtime.host.statuses["monitoring"]
    runtime.close()
    assert status.state is PluginState.FAILED
    assert "time_zone" in status.note

"""Power and predictive dialling: no agent, no call; who answers gets a free agent, or a message and care; every tick
says why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from hookline.db.models import Call, CampaignContact, PacingTick, Suppression
from hookline.domain.access import Scope
from hookline.domain.agents import AgentState
from hookline.domain.calls import CallResult, CallState
from hookline.domain.campaigns import CallingWindow, DayWindow, RecordState
from hookline.errors import Conflict, NotPermitted
from hookline.ports.telephony import Answerer, HangupCause
from hookline.testing.behaviour import Behaviour
from hookline.testing.centre import Centre

NUMBERS = [f"+4822123{n:04}" for n in range(4500, 4540)]


def _tick(centre: Centre, seconds: int = 1) -> int:
    placed = 0
    for _ in range(seconds):
        placed += centre.runtime.dialler.tick()
        centre.advance(1)
    return placed


def _ticks(centre: Centre) -> list[PacingTick]:
    with centre.runtime.db.read() as session:
        return list(session.scalars(select(PacingTick).order_by(PacingTick.id)))


def _on_calls(centre: Centre, agents: list[int]) -> list[int]:
    return [agent for agent in agents if centre.session(agent).state == AgentState.ON_CALL]


def test_no_agent_no_call_and_the_reason_is_said(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign(NUMBERS[:3], agents=[anna], dial_mode="power", power_ratio=3)
    assert _tick(centre, 3) == 0
    assert {tick.why for tick in _ticks(centre)} == {"no-agents"}
    view = centre.runtime.dialler_ticks.view(Scope.everything(), campaign)
    assert (view.why, view.paced) == ("no-agents", True)


def test_power_calls_so_many_for_each_and_who_answers_gets_the_agent(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.network.behaves_by_default(number=Behaviour(cause=HangupCause.BUSY, refuses_after_seconds=5))
    centre.network.behaves(NUMBERS[1], Behaviour(answers_after_seconds=2))
    centre.campaign(NUMBERS[:6], agents=[anna], dial_mode="power", power_ratio=3)
    centre.start_work(anna)
    assert centre.runtime.dialler.tick() == 3
    centre.advance(3)
    session = centre.session(anna)
    assert session.state == AgentState.ON_CALL
    call = next(c for c in centre.calls() if c.id == session.call_id)
    assert (call.number, call.state, call.agent_id) == (NUMBERS[1], CallState.CONNECTED, anna)
    assert call.conversation_id == session.conversation_id
    assert centre.network.heard_by(call.customer_leg_id), "the customer hears the agent"


def test_whom_no_agent_reaches_in_two_seconds_hears_the_message_and_is_cared_for(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign(NUMBERS[:2], agents=[anna], dial_mode="power", power_ratio=2, abandon_limit=0.2)
    centre.start_work(anna)
    assert centre.runtime.dialler.tick() == 2
    centre.advance(6)
    results = sorted(c.result for c in centre.calls())
    assert results == ["", CallResult.ABANDONED]
    with centre.runtime.db.read() as session:
        cared = session.scalars(select(CampaignContact).where(CampaignContact.agent_only_until.is_not(None))).one()
    assert cared.state == RecordState.RETRY
    counted = centre.runtime.dialler_ticks.view(Scope.everything(), campaign).counted
    assert (counted.answered, counted.connected, counted.abandoned) == (2, 1, 1)
    centre.runtime.calls.hang_up(centre.actor(anna))
    centre.advance(1)
    centre.runtime.work.dispose(centre.actor(anna), "SUCCESS")
    centre.clock.advance(86_400)  # the abandoned one is due again, and is still in care
    assert _tick(centre, 2) == 0, "the dialler leaves him to an agent who waits for the answer"
    centre.runtime.agents.heartbeat(anna)
    assert centre.runtime.presenter.present(anna)
    assert centre.session(anna).state == AgentState.RINGING


def test_at_the_ceiling_it_falls_back_to_one_call_for_each_agent(centre: Centre) -> None:
    agents = [centre.agent("anna"), centre.agent("bob")]
    centre.campaign(NUMBERS[:20], agents=agents, dial_mode="power", power_ratio=3, abandon_limit=0.03)
    for agent in agents:
        centre.start_work(agent)
    _tick(centre, 8)  # six at once for two: four are abandoned
    for agent in _on_calls(centre, agents):
        centre.runtime.calls.hang_up(centre.actor(agent))
        centre.advance(1)
        centre.runtime.work.dispose(centre.actor(agent), "SUCCESS")
    before = len(centre.calls())
    assert centre.runtime.dialler.tick() <= 2
    assert _ticks(centre)[-1].why == "at-the-ceiling"
    assert len(centre.calls()) - before <= 2


def test_all_stops_within_one_tick_of_a_pause(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign(NUMBERS[:9], agents=[anna], dial_mode="power", power_ratio=2)
    centre.start_work(anna)
    centre.runtime.campaigns.pause(centre.operator, campaign)
    assert _tick(centre, 2) == 0
    assert centre.runtime.dialler_ticks.view(Scope.everything(), campaign).why == "not-running"


def test_a_machine_gets_what_the_campaign_has_for_it_and_no_agent(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.network.behaves(NUMBERS[0], Behaviour(answers_after_seconds=1, answerer=Answerer.MACHINE))
    centre.network.behaves(NUMBERS[1], Behaviour(answers_after_seconds=1, answerer=Answerer.UNDECIDED))
    campaign = centre.campaign(NUMBERS[:2], agents=[anna], dial_mode="power", power_ratio=2, machine_action="hang_up")
    centre.start_work(anna)
    assert centre.runtime.dialler.tick() == 2
    centre.advance(5)
    machine, undecided = centre.calls()
    assert (machine.answerer, machine.agent_id, machine.state) == ("machine", None, CallState.ENDED)
    assert (undecided.agent_id, undecided.state) == (anna, CallState.CONNECTED)
    counted = centre.runtime.dialler_ticks.view(Scope.everything(), campaign).counted
    assert (counted.answered, counted.abandoned) == (1, 0), "a machine is no person"


def test_a_machine_is_left_a_message_or_passed_on_as_the_campaign_says(centre: Centre) -> None:
    anna = centre.agent("anna")
    for place, action in enumerate(("connect", "leave_message")):
        centre.network.behaves(NUMBERS[place], Behaviour(answers_after_seconds=1, answerer=Answerer.MACHINE))
        centre.campaign([NUMBERS[place]], agents=[anna], name=action, dial_mode="power", machine_action=action)
    centre.start_work(anna)
    _tick(centre, 8)
    passed = next(c for c in centre.calls() if c.number == NUMBERS[0])
    assert (passed.answerer, passed.agent_id, passed.state) == ("machine", anna, CallState.CONNECTED)
    centre.runtime.calls.hang_up(centre.actor(anna))
    centre.advance(1)
    centre.runtime.work.dispose(centre.actor(anna), "LATER")
    _tick(centre, 8)
    left = next(c for c in centre.calls() if c.number == NUMBERS[1])
    assert (left.answerer, left.agent_id) == ("machine", None)
    assert left.ended_at is not None, "it hangs up after the message, or at once where there is none"


def test_a_person_taken_for_a_machine_counts_as_abandoned_and_is_cared_for(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.network.behaves(NUMBERS[0], Behaviour(answers_after_seconds=1, answerer=Answerer.MACHINE))
    campaign = centre.campaign(NUMBERS[:1], agents=[anna], dial_mode="power", machine_action="hang_up")
    centre.start_work(anna)
    _tick(centre, 6)
    call = centre.calls()[0]
    centre.runtime.answerers.was_person(centre.operator, call.id)
    counted = centre.runtime.dialler_ticks.view(Scope.everything(), campaign).counted
    assert (counted.answered, counted.abandoned) == (1, 1)
    cared = centre.record(campaign, NUMBERS[0]).agent_only_until
    assert cared is not None
    assert cared > centre.clock.now() + timedelta(hours=71)
    with pytest.raises(Conflict):
        centre.runtime.answerers.was_person(centre.operator, call.id)
    with pytest.raises(NotPermitted):
        centre.runtime.answerers.was_person(centre.actor(anna), call.id)


@pytest.mark.parametrize(
    ("rule", "ages_in_hours", "counted"),
    [("thirty_days", (1, 40, 29 * 24, 31 * 24), 3), ("day", (1, 40), 1), ("zero", (1, 40, 29 * 24, 31 * 24), 3)],
)
def test_the_rate_is_counted_over_the_time_that_the_rule_names(
    tmp_path: Path, rule: str, ages_in_hours: tuple[int, ...], counted: int
) -> None:
    centre = Centre(tmp_path)
    try:
        campaign = centre.campaign(NUMBERS[: len(ages_in_hours)], agents=[centre.agent("anna")], abandon_rule=rule)
        for number, age in zip(NUMBERS, ages_in_hours, strict=False):
            _stored_abandoned(centre, campaign, number, centre.clock.now() - timedelta(hours=age))
        found = centre.runtime.dialler_ticks.view(Scope.everything(), campaign).counted
        assert (found.answered, found.abandoned) == (counted, counted)
    finally:
        centre.close()


def _stored_abandoned(centre: Centre, campaign: int, number: str, at: datetime) -> None:
    record = centre.record(campaign, number)
    with centre.runtime.db.write() as unit:
        unit.session.add(
            Call(
                client_id=centre.client_id,
                campaign_id=campaign,
                campaign_contact_id=record.id,
                contact_id=record.contact_id,
                number=number,
                backend="simulated",
                conversation_id=number,
                customer_leg_id=number,
                state="ended",
                result="abandoned",
                queued_at=at,
                answered_at=at + timedelta(seconds=5),
                ended_at=at + timedelta(seconds=8),
            )
        )


def test_a_policy_that_refuses_puts_the_contact_aside_with_the_reason(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign(
        ["+48500100200", *NUMBERS[:1]], agents=[anna], dial_mode="power", power_ratio=3, running=False
    )
    with centre.runtime.db.write() as unit:
        unit.session.add(Suppression(e164=NUMBERS[0], reason="asked", source="letter", created_at=unit.clock.now()))
    centre.runtime.campaigns.start(centre.operator, campaign)
    centre.start_work(anna)
    _tick(centre)
    assert [c.number for c in centre.calls()] == ["+48500100200"]
    assert "suppression" in centre.record(campaign, NUMBERS[0]).last_note


def test_a_phone_that_rings_when_the_window_closes_is_hung_up(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.network.behaves_by_default(number=Behaviour(answers_after_seconds=60))
    window = CallingWindow({day: DayWindow(time(9), time(20)) for day in range(7)})
    campaign = centre.campaign(
        NUMBERS[:1], agents=[anna], dial_mode="power", ring_timeout_seconds=60, window=window, running=False
    )
    closes = centre.clock.now().astimezone(ZoneInfo("Europe/Warsaw")).replace(hour=20, minute=0, second=0)
    centre.clock.set(closes - timedelta(seconds=15))
    centre.runtime.campaigns.start(centre.operator, campaign)
    centre.start_work(anna)
    assert _tick(centre) == 1
    assert centre.runtime.dial_watch.end_ringing_too_late() == 0
    centre.clock.set(closes)
    assert centre.runtime.dial_watch.end_ringing_too_late() == 1
    centre.advance(1)
    call = centre.calls()[0]
    assert (call.state, call.answered_at) == (CallState.ENDED, None)
    assert centre.record(campaign, NUMBERS[0]).state == RecordState.RETRY
    assert _tick(centre, 2) == 0, "nobody else is called after it"


@pytest.fixture(scope="module")
def shift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Centre, int, list[int]]]:
    """A power campaign of two agents with plenty of contacts, nobody of whom answers."""
    centre = Centre(tmp_path_factory.mktemp("shift"))
    agents = [centre.agent("anna"), centre.agent("bob")]
    centre.network.behaves_by_default(number=Behaviour(cause=HangupCause.BUSY, refuses_after_seconds=2))
    numbers = [f"+4822124{n:04}" for n in range(400)]
    campaign = centre.campaign(numbers, agents=agents, dial_mode="power", power_ratio=2)
    for agent in agents:
        centre.start_work(agent)
    yield centre, campaign, agents
    centre.close()


_ACTS = st.sampled_from(["pause anna", "pause bob", "ready anna", "ready bob", "pause campaign", "start campaign", "-"])


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(_ACTS, min_size=1, max_size=6))
def test_no_ready_agent_no_call_and_a_pause_stops_all_whatever_happens(
    shift: tuple[Centre, int, list[int]], acts: list[str]
) -> None:
    centre, campaign, agents = shift
    for act in acts:
        _do(centre, campaign, dict(zip(("anna", "bob"), agents, strict=True)), act)
        for agent in agents:
            centre.runtime.agents.heartbeat(agent)
        states = [centre.session(agent).state for agent in agents]
        running = centre.runtime.campaigns.get(Scope.everything(), campaign).state == "running"
        placed = centre.runtime.dialler.tick()
        assert placed <= 2 * states.count(AgentState.READY), "never more than the ratio for each ready agent"
        assert running or placed == 0, "within one tick of the pause"
        centre.advance(1)


def _do(centre: Centre, campaign: int, agents: dict[str, int], act: str) -> None:
    verb, _, who = act.partition(" ")
    if who == "campaign":
        campaigns = centre.runtime.campaigns
        (campaigns.pause if verb == "pause" else campaigns.start)(centre.operator, campaign)
    elif who:
        state = centre.session(agents[who]).state
        if verb == "pause" and state == AgentState.READY:
            centre.runtime.agents.pause(centre.actor(agents[who]), "break")
        elif verb == "ready" and state == AgentState.PAUSED:
            centre.runtime.agents.go_ready(centre.actor(agents[who]))

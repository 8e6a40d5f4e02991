"""Power and predictive dialling: no agent, no call; who answers gets a free agent, or a message and care; every tick
says why."""

from __future__ import annotations

from sqlalchemy import select

from hookline.db.models import CampaignContact, PacingTick, Suppression
from hookline.domain.access import Scope
from hookline.domain.agents import AgentState
from hookline.domain.calls import CallResult, CallState
from hookline.domain.campaigns import RecordState
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

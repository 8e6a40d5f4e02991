"""Moves an agent's session by the transition table, and keeps its history. The only writer of a session's state."""

from __future__ import annotations

from hookline.db.database import UnitOfWork
from hookline.db.models import AgentSession, AgentStateChange
from hookline.domain.agents import AgentEvent, AgentState, may, next_state
from hookline.domain.events import AgentStateChanged, StationChanged


def move(unit: UnitOfWork, agent: AgentSession, event: AgentEvent, reason: str = "") -> AgentState:
    """Move by the table; raises IllegalAgentMove. `reason` is kept while paused."""
    before = AgentState(agent.state)
    after = next_state(before, event)
    if after is before and after is not AgentState.PAUSED:
        return after
    now = unit.clock.now()
    agent.state, agent.pause_reason = after.value, reason if after is AgentState.PAUSED else ""
    agent.state_since_at = now
    unit.session.add(
        AgentStateChange(user_id=agent.user_id, state=after.value, reason=reason, campaign_id=agent.campaign_id, at=now)
    )
    unit.emit(
        AgentStateChanged(agent_id=agent.user_id, campaign_id=agent.campaign_id, state=after.value, reason=reason)
    )
    return after


def move_if_allowed(unit: UnitOfWork, agent: AgentSession, event: AgentEvent, reason: str = "") -> bool:
    """Move where the table allows it; False (and nothing done) where it does not."""
    if not may(AgentState(agent.state), event):
        return False
    move(unit, agent, event, reason)
    return True


def carry_on(unit: UnitOfWork, agent: AgentSession) -> None:
    """The agent's call is done with: pause where he had asked to, or where his station is gone."""
    wish, agent.wish = agent.wish, ""
    if agent.station_state not in ("connected", "lost"):  # a browser that is lost may be back in a moment
        move_if_allowed(unit, agent, AgentEvent.STATION_LOST, "station_lost")
    elif wish.startswith("pause"):
        move_if_allowed(unit, agent, AgentEvent.PAUSE, wish.partition(":")[2])


def set_station(unit: UnitOfWork, agent: AgentSession, state: str, note: str = "") -> None:
    """Note that the station is "connecting", "connected" or "gone"."""
    agent.station_state, agent.station_note = state, note
    unit.emit(StationChanged(agent_id=agent.user_id, campaign_id=agent.campaign_id, state=state, reason=note))

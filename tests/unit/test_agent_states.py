"""No sequence of events leaves an agent stuck."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.domain.agents import TRANSITIONS, AgentEvent, AgentState, IllegalAgentMove, may, next_state

EVENTS = st.lists(st.sampled_from(AgentEvent), max_size=40)
#: Moves that the agent, or time, can always make: nobody else has to help.
OWN_MOVES = {
    AgentEvent.GO_READY,
    AgentEvent.RELEASE,
    AgentEvent.DISPOSED,
    AgentEvent.LOG_OUT,
    AgentEvent.NOT_ANSWERED,  # the end of a leg is certain: the ring timer, or the death of its cell
    AgentEvent.CALL_ENDED,
}
RINGS = {(AgentState.RESERVED, AgentEvent.DIAL), (AgentState.READY, AgentEvent.OFFER)}
TALKS = {
    (AgentState.RINGING, AgentEvent.ANSWERED),
    (AgentState.READY, AgentEvent.CONSULT),
    (AgentState.WRAP_UP, AgentEvent.CALL_RETURNED),
}


def _after(events: list[AgentEvent]) -> AgentState:
    """The state after these events, from OFFLINE; those that are refused change nothing."""
    state = AgentState.OFFLINE
    for event in events:
        if may(state, event):
            state = next_state(state, event)
    return state


def _reachable(start: AgentState, events: set[AgentEvent]) -> set[AgentState]:
    found, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for event in events:
            there = TRANSITIONS.get((here, event))
            if there is not None and there not in found:
                found.add(there)
                waiting.append(there)
    return found


@given(EVENTS)
def test_from_wherever_there_is_a_way_home_and_a_way_to_work(events: list[AgentEvent]) -> None:
    assert {AgentState.OFFLINE, AgentState.READY} <= _reachable(_after(events), OWN_MOVES)


def test_every_state_can_be_reached() -> None:
    assert _reachable(AgentState.OFFLINE, set(AgentEvent)) == set(AgentState)


@given(EVENTS)
def test_the_table_and_the_question_agree(events: list[AgentEvent]) -> None:
    state = _after(events)
    for event in AgentEvent:
        if may(state, event):
            assert next_state(state, event) in AgentState
        else:
            with pytest.raises(IllegalAgentMove) as refused:
                next_state(state, event)
            assert (refused.value.state, refused.value.event) == (state, event)


@given(EVENTS)
def test_an_agent_is_reserved_before_anything_is_dialled(events: list[AgentEvent]) -> None:
    """RINGING is entered by DIAL from RESERVED, or by an OFFER; ON_CALL from RINGING, by a question, or by a return."""
    state = AgentState.OFFLINE
    for event in events:
        if not may(state, event):
            continue
        following = next_state(state, event)
        if following is AgentState.RINGING and state is not AgentState.RINGING:
            assert (state, event) in RINGS
        if following is AgentState.ON_CALL and state is not AgentState.ON_CALL:
            assert (state, event) in TALKS
        state = following


@pytest.mark.parametrize("state", [AgentState.RINGING, AgentState.ON_CALL])
def test_nobody_logs_out_of_a_running_call(state: AgentState) -> None:
    """First the call ends, then the agent may go; else a customer would talk to nobody."""
    assert not may(state, AgentEvent.LOG_OUT)
    assert not may(state, AgentEvent.PAUSE)


@pytest.mark.parametrize("state", [s for s in AgentState if s is not AgentState.OFFLINE])
def test_a_lost_station_never_leaves_an_agent_ready(state: AgentState) -> None:
    assert next_state(state, AgentEvent.STATION_LOST) not in (AgentState.READY, AgentState.RESERVED)


def test_the_message_names_the_state_in_words() -> None:
    with pytest.raises(IllegalAgentMove, match="on call"):
        next_state(AgentState.ON_CALL, AgentEvent.RESERVE)

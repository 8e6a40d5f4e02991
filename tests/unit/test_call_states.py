"""No sequence of events leaves a call open."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.domain.calls import CallEvent, CallResult, CallState, IllegalCallMove, may, next_state, result_of
from hookline.ports.telephony import HangupCause

EVENTS = st.lists(st.sampled_from(CallEvent), max_size=20)
ORDER = list(CallState)


def _walk(events: list[CallEvent]) -> list[CallState]:
    """Every state on the way, from QUEUED; events that are refused change nothing."""
    states = [CallState.QUEUED]
    for event in events:
        if may(states[-1], event):
            states.append(next_state(states[-1], event))
    return states


@given(EVENTS)
def test_wherever_a_call_is_it_can_end_at_once(events: list[CallEvent]) -> None:
    state = _walk(events)[-1]
    assert state is CallState.ENDED or next_state(state, CallEvent.ENDED) is CallState.ENDED


@pytest.mark.parametrize("event", CallEvent)
def test_an_ended_call_stays_ended(event: CallEvent) -> None:
    assert not may(CallState.ENDED, event)
    with pytest.raises(IllegalCallMove):
        next_state(CallState.ENDED, event)


@given(EVENTS)
def test_a_call_only_moves_forwards(events: list[CallEvent]) -> None:
    """But for ringing at the next agent, and for a customer whom nobody took, who comes back."""
    states = _walk(events)
    for before, after in pairwise(states):
        back = (before, after) == (CallState.PASSED, CallState.CONNECTED)
        again = before is after is CallState.RINGING
        assert back or again or ORDER.index(after) > ORDER.index(before)


def test_every_state_can_be_reached() -> None:
    seen = {CallState.QUEUED}
    for _ in CallState:
        seen |= {next_state(s, e) for s in seen for e in CallEvent if may(s, e)}
    assert seen == set(CallState)


@given(st.sampled_from(HangupCause), st.booleans(), st.booleans())
def test_every_end_has_a_result(cause: HangupCause, answered: bool, agent_connected: bool) -> None:
    result = result_of(cause.value, answered=answered, agent_connected=agent_connected)
    assert (result is CallResult.ANSWERED) == (answered and agent_connected)
    assert (result is CallResult.ABANDONED) == (answered and not agent_connected)


@given(st.sampled_from(HangupCause), st.booleans(), st.booleans())
def test_a_caller_who_gives_up_is_told_from_one_for_whom_nobody_was_there(
    cause: HangupCause, answered: bool, agent_connected: bool
) -> None:
    result = result_of(cause.value, answered=answered, agent_connected=agent_connected, inbound=True)
    gave_up = cause in (HangupCause.CANCELLED, HangupCause.NORMAL)
    if agent_connected:
        assert (result is CallResult.ANSWERED) == answered
    else:
        assert result is (CallResult.ABANDONED if gave_up else CallResult.NO_ANSWER)


def test_a_cause_that_nobody_knows_is_a_failure() -> None:
    assert result_of("from the future", answered=False, agent_connected=False) is CallResult.FAILED

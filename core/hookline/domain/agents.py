"""The agent's state machine: one explicit table, asked by everything that moves an agent."""

from __future__ import annotations

from enum import StrEnum

from hookline.errors import Conflict
from hookline.text import N_


class AgentState(StrEnum):
    """Where an agent stands. Exactly one at any moment."""

    OFFLINE = "offline"
    READY = "ready"
    RESERVED = "reserved"
    RINGING = "ringing"
    ON_CALL = "on_call"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"


class AgentEvent(StrEnum):
    """What moves an agent from one state to another."""

    GO_READY = "go_ready"
    PAUSE = "pause"
    RESERVE = "reserve"  # a contact is presented
    RELEASE = "release"  # the contact was skipped or could not be dialled
    DIAL = "dial"  # an attempt passed the gate and was placed
    ANSWERED = "answered"  # the customer answered and the two are bridged
    OFFER = "offer"  # a caller, or a colleague's customer, rings at the agent
    NOT_ANSWERED = "not_answered"  # the attempt ended before an answer; the caller gave up
    MISSED = "missed"  # the agent let it ring, or declined
    CONSULT = "consult"  # a colleague asks him something
    CONSULT_ENDED = "consult_ended"  # … and is done
    CALL_RETURNED = "call_returned"  # a customer whom he handed on comes back
    CALL_ENDED = "call_ended"  # an answered call ended
    DISPOSED = "disposed"  # the agent said what came of it
    WRAP_UP_EXPIRED = "wrap_up_expired"  # the limit passed without a disposition
    STATION_LOST = "station_lost"  # the agent's phone is gone
    LOG_OUT = "log_out"  # by the agent, or after the browser's grace time


_S, _E = AgentState, AgentEvent

TRANSITIONS: dict[tuple[AgentState, AgentEvent], AgentState] = {
    (_S.OFFLINE, _E.GO_READY): _S.READY,
    (_S.PAUSED, _E.GO_READY): _S.READY,
    (_S.READY, _E.PAUSE): _S.PAUSED,
    (_S.OFFLINE, _E.PAUSE): _S.PAUSED,
    (_S.RESERVED, _E.PAUSE): _S.PAUSED,
    (_S.PAUSED, _E.PAUSE): _S.PAUSED,
    (_S.READY, _E.RESERVE): _S.RESERVED,
    (_S.RESERVED, _E.RELEASE): _S.READY,
    (_S.RESERVED, _E.DIAL): _S.RINGING,
    (_S.READY, _E.OFFER): _S.RINGING,
    (_S.RINGING, _E.MISSED): _S.PAUSED,
    (_S.READY, _E.CONSULT): _S.ON_CALL,
    (_S.ON_CALL, _E.CONSULT_ENDED): _S.READY,
    (_S.WRAP_UP, _E.CALL_RETURNED): _S.ON_CALL,
    (_S.RINGING, _E.ANSWERED): _S.ON_CALL,
    (_S.RINGING, _E.NOT_ANSWERED): _S.READY,
    (_S.ON_CALL, _E.CALL_ENDED): _S.WRAP_UP,
    (_S.WRAP_UP, _E.DISPOSED): _S.READY,
    (_S.PAUSED, _E.DISPOSED): _S.PAUSED,  # wrap-up limit had passed; the disposition comes late
    (_S.WRAP_UP, _E.WRAP_UP_EXPIRED): _S.PAUSED,
    (_S.READY, _E.STATION_LOST): _S.PAUSED,
    (_S.RESERVED, _E.STATION_LOST): _S.PAUSED,
    (_S.PAUSED, _E.STATION_LOST): _S.PAUSED,
    (_S.WRAP_UP, _E.STATION_LOST): _S.WRAP_UP,
    # A lost station does not end the state while a call is up: the call service hangs up the customer's leg, and
    # its end (always the leg's last event) moves the agent on.
    (_S.RINGING, _E.STATION_LOST): _S.RINGING,
    (_S.ON_CALL, _E.STATION_LOST): _S.ON_CALL,
    (_S.READY, _E.LOG_OUT): _S.OFFLINE,
    (_S.RESERVED, _E.LOG_OUT): _S.OFFLINE,
    (_S.PAUSED, _E.LOG_OUT): _S.OFFLINE,
    (_S.WRAP_UP, _E.LOG_OUT): _S.OFFLINE,
    (_S.OFFLINE, _E.LOG_OUT): _S.OFFLINE,
}


class IllegalAgentMove(Conflict):
    """The agent's state does not allow this."""

    id = "illegal-agent-move"

    def __init__(self, state: AgentState, event: AgentEvent) -> None:
        super().__init__(
            N_("This cannot be done while the agent is %(state)s."),
            N_("Reload the page to see the present state."),
            params={"state": state.value.replace("_", " ")},
        )
        self.state = state
        self.event = event


def may(state: AgentState, event: AgentEvent) -> bool:
    """Whether the event is allowed in this state."""
    return (state, event) in TRANSITIONS


def next_state(state: AgentState, event: AgentEvent) -> AgentState:
    """The state after the event; raises `IllegalAgentMove` where the table has no such row."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalAgentMove(state, event) from None

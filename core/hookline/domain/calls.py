"""The call: its state machine, its result, and how network causes become results."""

from __future__ import annotations

from enum import StrEnum

from hookline.errors import Conflict


class CallState(StrEnum):
    """How far a call has come."""

    QUEUED = "queued"  # allowed by the gate, not yet placed
    DIALLING = "dialling"
    RINGING = "ringing"
    ANSWERED = "answered"
    CONNECTED = "connected"  # customer and agent hear each other
    PASSED = "passed"  # the agent has left; the customer goes on with somebody else, or waits for him
    ENDED = "ended"


class CallEvent(StrEnum):
    """What moves a call."""

    PLACED = "placed"
    RANG = "rang"
    ANSWERED = "answered"
    AGENT_CONNECTED = "agent_connected"
    PASSED = "passed"  # handed on by the agent
    RETURNED = "returned"  # nobody took it: back to the agent
    ENDED = "ended"


_S, _E = CallState, CallEvent

TRANSITIONS: dict[tuple[CallState, CallEvent], CallState] = {
    (_S.QUEUED, _E.PLACED): _S.DIALLING,
    (_S.QUEUED, _E.RANG): _S.RINGING,  # a call that comes in, or is handed to another agent
    (_S.RINGING, _E.RANG): _S.RINGING,  # … and goes to the next one
    (_S.QUEUED, _E.ANSWERED): _S.ANSWERED,  # a caller for whom there is only a message; a hand-over in person
    (_S.DIALLING, _E.RANG): _S.RINGING,
    (_S.DIALLING, _E.ANSWERED): _S.ANSWERED,
    (_S.RINGING, _E.ANSWERED): _S.ANSWERED,
    (_S.ANSWERED, _E.AGENT_CONNECTED): _S.CONNECTED,
    (_S.CONNECTED, _E.PASSED): _S.PASSED,
    (_S.PASSED, _E.RETURNED): _S.CONNECTED,
    (_S.QUEUED, _E.ENDED): _S.ENDED,
    (_S.DIALLING, _E.ENDED): _S.ENDED,
    (_S.RINGING, _E.ENDED): _S.ENDED,
    (_S.ANSWERED, _E.ENDED): _S.ENDED,
    (_S.CONNECTED, _E.ENDED): _S.ENDED,
    (_S.PASSED, _E.ENDED): _S.ENDED,
}

#: States in which the agent has nothing more to do with the call than to say what came of it.
OVER_FOR_AGENT = (CallState.PASSED, CallState.ENDED)


class IllegalCallMove(Conflict):
    """The call's state does not allow this event."""

    id = "illegal-call-move"

    def __init__(self, state: CallState, event: CallEvent) -> None:
        super().__init__(f"A call that is {state.value} cannot be {event.value}.")


def may(state: CallState, event: CallEvent) -> bool:
    """Whether the event is allowed in this state."""
    return (state, event) in TRANSITIONS


def next_state(state: CallState, event: CallEvent) -> CallState:
    """The state after the event; raises `IllegalCallMove` where the table has no such row."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalCallMove(state, event) from None


class CallResult(StrEnum):
    """What the network did with an attempt."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    INVALID_NUMBER = "invalid_number"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    ABANDONED = "abandoned"
    CANCELLED = "cancelled"


#: Results after which the same number may be tried again, by the campaign's retry rules.
RETRYABLE = (
    CallResult.BUSY,
    CallResult.NO_ANSWER,
    CallResult.DECLINED,
    CallResult.UNREACHABLE,
    CallResult.FAILED,
    CallResult.ABANDONED,
    CallResult.CANCELLED,
)

#: A leg's hang-up cause, where the leg was not answered, and the call result it means.
_UNANSWERED: dict[str, CallResult] = {
    "busy": CallResult.BUSY,
    "no_answer": CallResult.NO_ANSWER,
    "declined": CallResult.DECLINED,
    "invalid_number": CallResult.INVALID_NUMBER,
    "unreachable": CallResult.UNREACHABLE,
    "cancelled": CallResult.CANCELLED,
}


def result_of(cause: str, *, answered: bool, agent_connected: bool, inbound: bool = False) -> CallResult:
    """The call result for a customer leg that ended with `cause` (a `HangupCause` value).

    Of a call that came in: abandoned where the caller gave up before an agent spoke to him, no answer where there was
    none for him.
    """
    if inbound and not agent_connected:
        ours = cause == "local" or cause not in ("cancelled", "normal")
        return CallResult.NO_ANSWER if ours else CallResult.ABANDONED
    if answered:
        return CallResult.ANSWERED if agent_connected else CallResult.ABANDONED
    return _UNANSWERED.get(cause, CallResult.FAILED)

"""The network behind the simulated backend: far sides that unfold on the clock, and events handed over in order.

Every method but `deliver` is called with `lock` held. Tests talk to `simulated.SimulatedBackend` instead.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from hookline.ports.telephony import (
    ConnectStation,
    DtmfReceived,
    EventSink,
    HangupCause,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegKind,
    LegRinging,
    NoCapacity,
    PlaceCall,
    RecordingFinished,
    TelephonyError,
)
from hookline.testing.behaviour import ANSWERS, CODES, STATION_ANSWERS, Behaviour
from hookline.testing.clock import VirtualClock
from hookline.testing.simulated_state import LegState, Room, SimulatedLeg, Tape


class SimulatedNetwork:
    """Legs, rooms, and the behaviours of numbers and stations."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.defaults = {LegKind.CUSTOMER: ANSWERS, LegKind.AGENT: STATION_ANSWERS}
        self.behaviours: dict[str, list[Behaviour]] = {}
        self.capacity: int | None = None
        self.sink: EventSink | None = None
        self.legs: dict[str, SimulatedLeg] = {}
        self.rooms: dict[str, Room] = {}
        self._outbox: deque[LegEvent] = deque()
        self._delivery = threading.RLock()
        self._delivering = False

    def dial(self, command: PlaceCall | ConnectStation, kind: LegKind, address: str) -> None:
        """Call `address` and plan what its behaviour says. TelephonyError for a used leg id or a full house."""
        if command.leg_id in self.legs:
            raise TelephonyError(f"Leg {command.leg_id} was already used.", retryable=False)
        room = self._room(command.conversation_id)
        behaviour = self._next_behaviour(address, self.defaults[kind])
        leg = SimulatedLeg(command.conversation_id, command.leg_id, kind, address, behaviour)
        self.legs[leg.leg_id] = room.legs[leg.leg_id] = leg
        self._plan(leg, behaviour.rings_after_seconds, self._rings)
        cause = behaviour.cause
        if cause is None:
            self._plan(leg, behaviour.answers_after_seconds, self.answers)
        else:
            self._plan(leg, behaviour.refuses_after_seconds, lambda leg: self.end(leg, cause, *CODES[cause]))
        self._plan(leg, command.ring_timeout_seconds, lambda leg: self.end(leg, HangupCause.NO_ANSWER))

    def answers(self, leg: SimulatedLeg) -> None:
        """The far side picks up; what it does next is planned from here."""
        leg.forget_plans()
        leg.state = LegState.ANSWERED
        self._emit(LegAnswered(**_about(leg), at=self.clock.now()))
        self.rooms[leg.conversation_id].update_tapes(self.clock.now())
        behaviour = leg.behaviour
        if behaviour.presses:
            self._plan(leg, behaviour.presses_after_seconds, lambda leg: self.presses(leg, behaviour.presses))
        self._plan(leg, behaviour.hangs_up_after_seconds, lambda leg: self.end(leg, HangupCause.NORMAL))

    def presses(self, leg: SimulatedLeg, digits: str) -> None:
        """The far side presses these digits."""
        for digit in digits:
            self._emit(DtmfReceived(**_about(leg), at=self.clock.now(), digit=digit))

    def hang_up(self, leg: SimulatedLeg) -> None:
        """Our side ends the leg."""
        answered = leg.state is LegState.ANSWERED
        self.end(leg, HangupCause.LOCAL if answered else HangupCause.CANCELLED)

    def end(self, leg: SimulatedLeg, cause: HangupCause, code: int = 0, reason: str = "") -> None:
        """The leg is gone: its recordings are closed first, so that LegEnded is its last event."""
        room = self.rooms[leg.conversation_id]
        for tape in [tape for tape in room.tapes.values() if tape.leg_id == leg.leg_id]:
            self.finish_tape(tape, complete=cause is not HangupCause.LOST)
        leg.forget_plans()
        leg.state = LegState.ENDED
        room.bridges = {pair for pair in room.bridges if leg.leg_id not in pair}
        room.update_tapes(self.clock.now())
        self._emit(LegEnded(**_about(leg), at=self.clock.now(), cause=cause, code=code, reason=reason))

    def finish_tape(self, tape: Tape, complete: bool = True) -> None:
        """Write the recording's file and tell of it."""
        leg = self.legs[tape.leg_id]
        del self.rooms[leg.conversation_id].tapes[tape.recording_id]
        now = self.clock.now()
        seconds = tape.close(now)
        finished = RecordingFinished(
            **_about(leg),
            at=now,
            recording_id=tape.recording_id,
            path=tape.path,
            seconds=seconds,
            complete=complete,
        )
        self._emit(finished)

    def close(self, conversation_id: str) -> None:
        """Hang up whoever is left and forget the room; an unknown one is no error."""
        for leg in self.living(conversation_id):
            self.hang_up(leg)
        self.rooms.pop(conversation_id, None)

    def lose(self, conversation_id: str) -> None:
        """The room and everyone in it die. KeyError for an unknown one."""
        self.rooms[conversation_id].bridges.clear()
        for leg in self.living(conversation_id):
            self.end(leg, HangupCause.LOST)
        del self.rooms[conversation_id]

    def living(self, conversation_id: str) -> list[SimulatedLeg]:
        """The legs of the conversation that have not ended."""
        room = self.rooms.get(conversation_id)
        legs = room.legs.values() if room else ()
        return [leg for leg in legs if leg.state is not LegState.ENDED]

    def deliver(self) -> None:
        """Hand over what has happened, in order; a sink that gives commands gets their events afterwards."""
        with self._delivery:
            if self._delivering:
                return
            self._delivering = True
            try:
                while (event := self._next_event()) is not None:
                    if self.sink is not None:
                        self.sink(event)
            finally:
                self._delivering = False

    def _room(self, conversation_id: str) -> Room:
        if conversation_id not in self.rooms:
            if self.capacity is not None and len(self.rooms) >= self.capacity:
                raise NoCapacity("Every simulated line is in use.", "Try again when a conversation has ended.")
            self.rooms[conversation_id] = Room(conversation_id)
        return self.rooms[conversation_id]

    def _next_behaviour(self, address: str, default: Behaviour) -> Behaviour:
        planned = self.behaviours.get(address)
        if not planned:
            return default
        return planned.pop(0) if len(planned) > 1 else planned[0]

    def _plan(self, leg: SimulatedLeg, seconds: float | None, handler: Callable[[SimulatedLeg], None]) -> None:
        if seconds is None:
            return

        def act() -> None:
            with self.lock:
                # Another thread may have ended the leg between the timer's moment and this lock.
                if leg.state is not LegState.ENDED:
                    handler(leg)

        leg.timers.append(self.clock.call_later(seconds, act))

    def _rings(self, leg: SimulatedLeg) -> None:
        leg.state = LegState.RINGING
        self._emit(LegRinging(**_about(leg), at=self.clock.now()))

    def _emit(self, event: LegEvent) -> None:
        self._outbox.append(event)
        self.clock.call_later(0, self.deliver)

    def _next_event(self) -> LegEvent | None:
        with self.lock:
            return self._outbox.popleft() if self._outbox else None


def _about(leg: SimulatedLeg) -> dict[str, Any]:
    return {"conversation_id": leg.conversation_id, "leg_id": leg.leg_id}

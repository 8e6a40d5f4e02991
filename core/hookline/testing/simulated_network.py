"""The network behind the simulated backend: far sides that unfold on the clock, and events handed over in order.

Every method but `deliver` is called with `lock` held. Tests talk to `simulated.SimulatedBackend` instead.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hookline.ports.telephony import (
    AnswererDetected,
    CallOffered,
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
    NoSuchLeg,
    PlaceCall,
    Play,
    PlayFinished,
    RecordingFinished,
    StationBack,
    StationKind,
    StationLost,
    TelephonyError,
)
from hookline.testing.behaviour import ANSWERS, CODES, STATION_ANSWERS, Behaviour
from hookline.testing.clock import Timer, VirtualClock
from hookline.testing.simulated_state import LegState, Room, SimulatedLeg, Tape


class SimulatedNetwork:
    """Legs, rooms, and the behaviours of numbers and stations."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.number_default = ANSWERS
        self.station_default = STATION_ANSWERS
        self.behaviours: dict[str, list[Behaviour]] = {}
        self.capacity: int | None = None
        self.sink: EventSink | None = None
        self.legs: dict[str, SimulatedLeg] = {}
        self.rooms: dict[str, Room] = {}
        self._play_ids: set[str] = set()
        self._outbox: deque[LegEvent] = deque()
        self._delivery = threading.RLock()
        self._delivering = False

    def leg(self, leg_id: str) -> SimulatedLeg:
        """The living leg; NoSuchLeg where there is none."""
        leg = self.legs.get(leg_id)
        if leg is None or leg.state is LegState.ENDED:
            raise NoSuchLeg(leg_id)
        return leg

    def answered(self, leg_id: str) -> SimulatedLeg:
        """The living leg, which must be answered."""
        leg = self.leg(leg_id)
        if leg.state is not LegState.ANSWERED:
            message = f"Leg {leg_id} is not answered yet."
            raise TelephonyError(message, "Wait for LegAnswered.", retryable=True)
        return leg

    def place(self, command: PlaceCall) -> None:
        """Call a number and plan what its behaviour says."""
        self._check_unused(command.leg_id)
        leg = self._new_leg(command, command.kind, command.number, self.number_default)
        leg.detects, leg.headers = command.detect_answerer, dict(command.headers)
        self._unfold(leg, command.ring_timeout_seconds)

    def connect(self, command: ConnectStation) -> None:
        """Ring a station and plan what its behaviour says; one in the browser waits for its browser."""
        self._check_unused(command.leg_id)
        default = self.number_default if command.station is StationKind.NUMBER else self.station_default
        leg = self._new_leg(command, command.kind, command.address, default)
        leg.station, leg.loss_seconds = command.station, command.ring_timeout_seconds
        if leg.station is StationKind.BROWSER:
            self._plan(leg, leg.behaviour.rings_after_seconds, self._rings)
            self._plan(leg, command.ring_timeout_seconds, lambda leg: self.end(leg, HangupCause.NO_ANSWER))
        else:
            self._unfold(leg, command.ring_timeout_seconds)

    def offer(self, leg_id: str, number: str, offer: dict[str, Any]) -> None:
        """Somebody calls in, in a room that was made for him."""
        room = self.rooms[f"room-of-{leg_id}"] = Room(f"room-of-{leg_id}", fleeting=True)
        leg = SimulatedLeg(room.conversation_id, leg_id, LegKind.CUSTOMER, number, ANSWERS, offered=True)
        leg.state = LegState.RINGING
        self.legs[leg_id] = room.legs[leg_id] = leg
        self._emit(CallOffered(**_about(leg), at=self.clock.now(), number=number, **offer))

    def take_offered(self, leg: SimulatedLeg, conversation_id: str) -> None:
        """Answer somebody who calls in, into this conversation. TelephonyError where the leg does not wait for it."""
        if not leg.offered or leg.state is LegState.ANSWERED:
            raise TelephonyError(f"Leg {leg.leg_id} does not wait to be answered.", retryable=False)
        self.move(leg, conversation_id)
        self.answers(leg)

    def answers(self, leg: SimulatedLeg) -> None:
        """The far side picks up; what it does next is planned from here."""
        leg.forget_plans()
        leg.state = LegState.ANSWERED
        behaviour = leg.behaviour
        self._emit(LegAnswered(**_about(leg), at=self.clock.now(), headers=dict(behaviour.headers)))
        if leg.partner is not None:
            self._room_of(leg).bridges.add(frozenset({leg.leg_id, leg.partner}))
        self._room_of(leg).update_tapes(self.clock.now())
        if leg.detects:
            self._plan(leg, behaviour.answerer_after_seconds, self._detected)
        if behaviour.presses:
            self._plan(leg, behaviour.presses_after_seconds, lambda leg: self.presses(leg, behaviour.presses))
        self._plan(leg, behaviour.hangs_up_after_seconds, lambda leg: self.end(leg, HangupCause.NORMAL))

    def browser_speaks(self, leg: SimulatedLeg) -> None:
        """The browser of a station is there, for the first time or again."""
        if leg.station is not StationKind.BROWSER:
            raise TelephonyError(f"Leg {leg.leg_id} is not in a browser.", retryable=False)
        if leg.state is not LegState.ANSWERED:
            self.answers(leg)
        elif leg.away:
            leg.away = False
            if leg.loss_timer is not None:
                leg.loss_timer.cancel()
            self._emit(StationBack(**_about(leg), at=self.clock.now()))
            self._room_of(leg).update_tapes(self.clock.now())

    def browser_goes(self, leg: SimulatedLeg) -> None:
        """The browser of a station is gone; after a while its leg goes too."""
        if leg.away:
            return
        leg.away = True
        self._emit(StationLost(**_about(leg), at=self.clock.now()))
        self._room_of(leg).update_tapes(self.clock.now())
        leg.loss_timer = self._plan(leg, leg.loss_seconds, lambda leg: self.end(leg, HangupCause.LOST))

    def presses(self, leg: SimulatedLeg, digits: str) -> None:
        """The far side presses these digits."""
        for digit in digits:
            self._emit(DtmfReceived(**_about(leg), at=self.clock.now(), digit=digit))

    def hang_up(self, leg: SimulatedLeg) -> None:
        """Our side ends the leg."""
        answered = leg.state is LegState.ANSWERED
        self.end(leg, HangupCause.LOCAL if answered else HangupCause.CANCELLED)

    def end(self, leg: SimulatedLeg, cause: HangupCause, code: int = 0, reason: str = "") -> None:
        """The leg is gone: its recordings and sounds are closed first, so that LegEnded is its last event."""
        room = self._room_of(leg)
        self._close_tapes(leg, complete=cause is not HangupCause.LOST)
        for play_id in list(leg.sounds):
            self.finish_sound(leg, play_id, complete=False)
        was_answered = leg.state is LegState.ANSWERED
        leg.forget_plans()
        leg.state = LegState.ENDED
        self._unbridge_all(leg)
        self._emit(LegEnded(**_about(leg), at=self.clock.now(), cause=cause, code=code, reason=reason))
        self._leave_partner(leg, hang_up=was_answered)
        self._free_if_fleeting(room)

    def move(self, leg: SimulatedLeg, conversation_id: str, *, fleeting: bool = False) -> None:
        """Take the leg into another conversation, without bridges, hold, mute and recordings."""
        room = self._room_of(leg)
        if room.conversation_id == conversation_id:
            return
        new = self.rooms.get(conversation_id) or self._make_room(conversation_id, fleeting)
        self._close_tapes(leg)
        self._unbridge_all(leg)
        del room.legs[leg.leg_id]
        new.legs[leg.leg_id] = leg
        leg.conversation_id, leg.on_hold, leg.muted = conversation_id, False, False
        self._free_if_fleeting(room)

    def transfer(self, leg: SimulatedLeg, other: SimulatedLeg, conversation_id: str) -> None:
        """Let the two go on in a conversation of their own; TelephonyError where it is in use."""
        if conversation_id in self.rooms:
            raise TelephonyError(f"Conversation {conversation_id} is in use.", retryable=False)
        for one in (leg, other):
            self.move(one, conversation_id, fleeting=True)
        leg.partner, other.partner = other.leg_id, leg.leg_id
        if other.state is LegState.ANSWERED:
            self.rooms[conversation_id].bridges.add(frozenset({leg.leg_id, other.leg_id}))

    def start_sound(self, leg: SimulatedLeg, sound: Play, seconds: float) -> None:
        """Play a sound, to its end where it has one. TelephonyError for a used id."""
        if sound.play_id in self._play_ids:
            raise TelephonyError(f"Sound {sound.play_id} was already played.", retryable=False)
        self._play_ids.add(sound.play_id)
        leg.sounds[sound.play_id] = sound
        if not sound.loop:
            self._plan(leg, seconds, lambda leg: self.finish_sound(leg, sound.play_id, complete=True))

    def finish_sound(self, leg: SimulatedLeg, play_id: str, *, complete: bool) -> None:
        """End a sound and tell of it; one that has ended is no error."""
        if leg.sounds.pop(play_id, None) is not None:
            self._emit(PlayFinished(**_about(leg), at=self.clock.now(), play_id=play_id, complete=complete))

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
            gaps=tuple(tape.gaps),
        )
        self._emit(finished)

    def change(self, leg: SimulatedLeg, **how: Any) -> None:
        """The leg takes part in another way from now on."""
        for name, value in how.items():
            setattr(leg, name, value)
        self._room_of(leg).update_tapes(self.clock.now())

    def heard_by(self, leg_id: str) -> frozenset[str]:
        """The legs that this one hears now."""
        leg = self.legs.get(leg_id)
        room = self.rooms.get(leg.conversation_id) if leg else None
        return room.heard_by(leg) if leg and room else frozenset()

    def sounds_heard_by(self, leg_id: str) -> list[Path]:
        """The sounds that this leg hears now. KeyError for an unknown one."""
        room = self.rooms.get(self.legs[leg_id].conversation_id)
        return room.sounds_heard_by(self.legs[leg_id]) if room else []

    def bridge(self, conversation_id: str, pair: frozenset[str], *, on: bool) -> None:
        """Let the two hear each other, or not any more."""
        room = self.rooms[conversation_id]
        room.bridges = room.bridges | {pair} if on else room.bridges - {pair}
        room.update_tapes(self.clock.now())

    def tape(self, recording_id: str) -> Tape | None:
        """The recording, if it is running."""
        tapes = (room.tapes.get(recording_id) for room in self.rooms.values())
        return next((tape for tape in tapes if tape is not None), None)

    def close(self, conversation_id: str) -> None:
        """Hang up whoever is left and forget the room; an unknown one is no error."""
        for leg in self.living(conversation_id):
            # One that was transferred may have gone with its partner.
            if leg.state is not LegState.ENDED:
                self.hang_up(leg)
        self.rooms.pop(conversation_id, None)

    def lose(self, conversation_id: str) -> None:
        """The room and everyone in it die. KeyError for an unknown one."""
        self.rooms[conversation_id].bridges.clear()
        for leg in self.living(conversation_id):
            leg.partner = None
            self.end(leg, HangupCause.LOST)
        self.rooms.pop(conversation_id, None)

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

    def _check_unused(self, leg_id: str) -> None:
        if leg_id in self.legs:
            raise TelephonyError(f"Leg {leg_id} was already used.", retryable=False)

    def _new_leg(
        self, command: PlaceCall | ConnectStation, kind: LegKind, address: str, default: Behaviour
    ) -> SimulatedLeg:
        """NoCapacity for a full house."""
        room = self.rooms.get(command.conversation_id) or self._make_room(command.conversation_id)
        behaviour = self._next_behaviour(address, default)
        leg = SimulatedLeg(command.conversation_id, command.leg_id, kind, address, behaviour)
        self.legs[leg.leg_id] = room.legs[leg.leg_id] = leg
        return leg

    def _unfold(self, leg: SimulatedLeg, ring_timeout_seconds: float) -> None:
        behaviour = leg.behaviour
        self._plan(leg, behaviour.rings_after_seconds, self._rings)
        cause = behaviour.cause
        if cause is None:
            self._plan(leg, behaviour.answers_after_seconds, self.answers)
        else:
            self._plan(leg, behaviour.refuses_after_seconds, lambda leg: self.end(leg, cause, *CODES[cause]))
        self._plan(leg, ring_timeout_seconds, lambda leg: self.end(leg, HangupCause.NO_ANSWER))

    def _make_room(self, conversation_id: str, fleeting: bool = False) -> Room:
        # A fleeting room takes no place of its own: its legs were there before.
        taken = sum(not room.fleeting for room in self.rooms.values())
        if not fleeting and self.capacity is not None and taken >= self.capacity:
            raise NoCapacity("Every simulated line is in use.", "Try again when a conversation has ended.")
        room = self.rooms[conversation_id] = Room(conversation_id, fleeting)
        return room

    def _room_of(self, leg: SimulatedLeg) -> Room:
        return self.rooms[leg.conversation_id]

    def _close_tapes(self, leg: SimulatedLeg, complete: bool = True) -> None:
        for tape in [tape for tape in self._room_of(leg).tapes.values() if tape.leg_id == leg.leg_id]:
            self.finish_tape(tape, complete)

    def _unbridge_all(self, leg: SimulatedLeg) -> None:
        room = self._room_of(leg)
        room.bridges = {pair for pair in room.bridges if leg.leg_id not in pair}
        room.update_tapes(self.clock.now())

    def _leave_partner(self, leg: SimulatedLeg, hang_up: bool) -> None:
        """Of two that were transferred to each other: what the end of one means for the other."""
        partner = self.legs.get(leg.partner or "")
        leg.partner = None
        if partner is None or partner.state is LegState.ENDED:
            return
        partner.partner = None
        if hang_up:
            self.hang_up(partner)

    def _free_if_fleeting(self, room: Room) -> None:
        if room.fleeting and not self.living(room.conversation_id):
            self.rooms.pop(room.conversation_id, None)

    def _detected(self, leg: SimulatedLeg) -> None:
        behaviour = leg.behaviour
        detected = AnswererDetected(
            **_about(leg),
            at=self.clock.now(),
            answerer=behaviour.answerer,
            after_seconds=behaviour.answerer_after_seconds,
        )
        self._emit(detected)

    def _next_behaviour(self, address: str, default: Behaviour) -> Behaviour:
        planned = self.behaviours.get(address)
        if not planned:
            return default
        return planned.pop(0) if len(planned) > 1 else planned[0]

    def _plan(self, leg: SimulatedLeg, seconds: float | None, handler: Callable[[SimulatedLeg], None]) -> Timer | None:
        if seconds is None:
            return None

        def act() -> None:
            with self.lock:
                # Another thread may have ended the leg between the timer's moment and this lock.
                if leg.state is not LegState.ENDED:
                    handler(leg)

        leg.timers.append(self.clock.call_later(seconds, act))
        return leg.timers[-1]

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

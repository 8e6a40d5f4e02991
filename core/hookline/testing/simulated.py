"""A telephone network that is a data structure: a backend for tests, deterministic to the millisecond.

    clock = VirtualClock()
    backend = SimulatedBackend(clock)
    backend.behaves("+48221234567", BUSY)
    backend.start(events.append)
    backend.place_call(PlaceCall(…))
    clock.advance(2)                       # now `events` has LegEnded(cause=BUSY)

Commands only take effect on the network; **events come while the clock is advanced**, in the thread that advances
it (`clock.advance(0)` delivers what has happened so far), with no lock of the backend's held, so the sink may give
further commands. `stop` alone delivers by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from hookline.ports.telephony import (
    Capability,
    ConnectStation,
    EventSink,
    HangupCause,
    LegKind,
    NoSuchLeg,
    PlaceCall,
    Problem,
    TelephonyError,
)
from hookline.testing.behaviour import Behaviour
from hookline.testing.clock import VirtualClock
from hookline.testing.simulated_network import SimulatedNetwork
from hookline.testing.simulated_state import LegState, SimulatedLeg, Tape
from hookline.testing.tones import write_tones

DIGITS = frozenset("0123456789*#ABCD")


@dataclass(frozen=True)
class Asked:
    """One command as the backend was given it, accepted or not. `arguments` by parameter name."""

    command: str
    arguments: dict[str, Any]


class SimulatedBackend:
    """Implements `hookline.ports.telephony.TelephonyBackend` on a `VirtualClock`.

    What tests set: `behaves` and `behaves_by_default` for the far sides; `problems_now`; `caller_id`;
    `refuse_next`, errors that the next commands raise; `capacity`, the number of conversations that fit (None:
    any). What they read: `commands`, `asked`, `heard_by`, `digits_heard`, `tone_hz`. What they do as the far side:
    `picks_up`, `caller_hangs_up`, `press`; as fate: `lose_conversation`.
    Recordings are real WAV files in which the customer says 1000 Hz and the agent 440 Hz; a file holds at most
    `longest_recording_seconds`, while `RecordingFinished.seconds` tells the true length.
    """

    name: ClassVar[str] = "simulated"
    title: ClassVar[str] = "Simulated"

    def __init__(
        self,
        clock: VirtualClock,
        *,
        capabilities: Iterable[Capability] = tuple(Capability),
        capacity: int | None = None,
        longest_recording_seconds: float = 60.0,
    ) -> None:
        self.clock = clock
        self.problems_now: list[Problem] = []
        self.caller_id: str | None = None
        self.refuse_next: list[TelephonyError] = []
        self.commands: list[Asked] = []
        self._capabilities = frozenset(capabilities)
        self._longest_recording_seconds = longest_recording_seconds
        self._recording_ids: set[str] = set()
        self._stopped = False
        self._network = SimulatedNetwork(clock)
        self._network.capacity = capacity
        self._lock = self._network.lock

    # The port.

    @property
    def capabilities(self) -> frozenset[Capability]:
        """All of them, or those given to the constructor."""
        return self._capabilities

    def start(self, sink: EventSink) -> None:
        """Begin to accept commands. RuntimeError when started before."""
        with self._lock:
            if self._network.sink is not None:
                raise RuntimeError("The simulated backend was already started; make a new one.")
            self._network.sink = sink

    def stop(self) -> None:
        """Hang up everything and deliver the last events; afterwards no command is accepted."""
        with self._lock:
            for conversation_id in list(self._network.rooms):
                self._network.close(conversation_id)
            self._stopped = True
        self._network.deliver()

    def problems(self, client_id: int | None) -> list[Problem]:
        """What the test put into `problems_now`, whoever the client; while there are any, no call goes out."""
        return list(self.problems_now)

    def default_caller_id(self, client_id: int | None) -> str | None:
        """What the test put into `caller_id`."""
        return self.caller_id

    def place_call(self, command: PlaceCall) -> None:
        """Call the number; its behaviour unfolds as the clock advances."""
        with self._lock:
            self._accept(Asked("place_call", {"command": command}), Capability.PLACE)
            if self.problems_now:
                problem = self.problems_now[0]
                raise TelephonyError(problem.message, problem.advice, retryable=False)
            self._network.dial(command, LegKind.CUSTOMER, command.number)

    def connect_station(self, command: ConnectStation) -> None:
        """Ring the station; its behaviour unfolds as the clock advances."""
        with self._lock:
            self._accept(Asked("connect_station", {"command": command}), Capability.STATION)
            self._network.dial(command, LegKind.AGENT, command.address)

    def hang_up(self, leg_id: str) -> None:
        """End the leg: CANCELLED before the answer, LOCAL after it."""
        with self._lock:
            self._accept(Asked("hang_up", {"leg_id": leg_id}))
            self._network.hang_up(self._leg(leg_id))

    def bridge(self, conversation_id: str, leg_a: str, leg_b: str) -> None:
        """Let the two hear each other. Bridging them twice is no error."""
        with self._lock:
            arguments = {"conversation_id": conversation_id, "leg_a": leg_a, "leg_b": leg_b}
            self._accept(Asked("bridge", arguments), Capability.BRIDGE)
            for leg in (self._answered(leg_a), self._answered(leg_b)):
                self._check_room(leg, conversation_id)
            if leg_a == leg_b:
                raise TelephonyError(f"Leg {leg_a} cannot be bridged with itself.", retryable=False)
            room = self._network.rooms[conversation_id]
            room.bridges.add(frozenset({leg_a, leg_b}))
            room.update_tapes(self.clock.now())

    def hold(self, leg_id: str, on: bool) -> None:
        """On hold the leg hears nobody and nobody hears it."""
        with self._lock:
            self._accept(Asked("hold", {"leg_id": leg_id, "on": on}), Capability.HOLD)
            leg = self._answered(leg_id)
            leg.on_hold = on
            self._network.rooms[leg.conversation_id].update_tapes(self.clock.now())

    def mute(self, leg_id: str, on: bool) -> None:
        """Muted, the leg hears and is not heard."""
        with self._lock:
            self._accept(Asked("mute", {"leg_id": leg_id, "on": on}), Capability.MUTE)
            leg = self._answered(leg_id)
            leg.muted = on
            self._network.rooms[leg.conversation_id].update_tapes(self.clock.now())

    def send_dtmf(self, leg_id: str, digits: str) -> None:
        """The digits reach the far side at once: see `digits_heard`."""
        with self._lock:
            self._accept(Asked("send_dtmf", {"leg_id": leg_id, "digits": digits}), Capability.DTMF_SEND)
            leg = self._answered(leg_id)
            if not digits or not DIGITS.issuperset(digits):
                raise TelephonyError(
                    f"{digits!r} cannot be sent: a telephone knows 0-9, *, # and A-D.", retryable=False
                )
            leg.digits_heard += digits

    def start_recording(self, conversation_id: str, leg_id: str, recording_id: str, path: Path) -> None:
        """Record from now on; the file appears at once, empty, and is filled when the recording closes."""
        with self._lock:
            arguments: dict[str, Any] = {"conversation_id": conversation_id, "leg_id": leg_id}
            arguments |= {"recording_id": recording_id, "path": path}
            self._accept(Asked("start_recording", arguments), Capability.RECORD)
            leg = self._answered(leg_id)
            self._check_room(leg, conversation_id)
            self._check_recording(leg, recording_id, path)
            room = self._network.rooms[conversation_id]
            room.tapes[recording_id] = Tape(recording_id, leg_id, path, self._longest_recording_seconds)
            self._recording_ids.add(recording_id)
            room.update_tapes(self.clock.now())

    def stop_recording(self, recording_id: str) -> None:
        """Close the recording. One that closed by itself is no error; an unknown one is."""
        with self._lock:
            self._accept(Asked("stop_recording", {"recording_id": recording_id}), Capability.RECORD)
            if recording_id not in self._recording_ids:
                raise TelephonyError(f"Recording {recording_id} was never started.", retryable=False)
            for room in self._network.rooms.values():
                if recording_id in room.tapes:
                    self._network.finish_tape(room.tapes[recording_id])

    def close_conversation(self, conversation_id: str) -> None:
        """Hang up the legs that are left and free the room. Naming an unknown one is no error."""
        with self._lock:
            self.commands.append(Asked("close_conversation", {"conversation_id": conversation_id}))
            self._network.close(conversation_id)

    # What tests arrange, do and ask.

    def behaves(self, address: str, *behaviours: Behaviour) -> None:
        """How a number or station behaves from now on; of several, one per call and the last for ever."""
        if not behaviours:
            raise ValueError("Say how the number behaves: at least one Behaviour.")
        with self._lock:
            self._network.behaviours[address] = list(behaviours)

    def behaves_by_default(self, *, number: Behaviour | None = None, station: Behaviour | None = None) -> None:
        """How numbers and stations behave that were told nothing; None leaves that default as it is."""
        with self._lock:
            for kind, behaviour in ((LegKind.CUSTOMER, number), (LegKind.AGENT, station)):
                if behaviour is not None:
                    self._network.defaults[kind] = behaviour

    def asked(self, command: str) -> list[dict[str, Any]]:
        """The arguments of every `command` ("place_call", "hold", …) so far, accepted or not, in order."""
        with self._lock:
            return [asked.arguments for asked in self.commands if asked.command == command]

    def picks_up(self, leg_id: str) -> None:
        """The far side answers now, whatever its behaviour says."""
        with self._lock:
            leg = self._leg(leg_id)
            if leg.state is LegState.ANSWERED:
                raise TelephonyError(f"Leg {leg_id} was answered before.", retryable=False)
            self._network.answers(leg)

    def caller_hangs_up(self, leg_id: str) -> None:
        """The far side hangs up now (NORMAL), or declines where it has not answered."""
        with self._lock:
            leg = self._leg(leg_id)
            answered = leg.state is LegState.ANSWERED
            self._network.end(leg, HangupCause.NORMAL if answered else HangupCause.DECLINED)

    def press(self, leg_id: str, digit: str) -> None:
        """The far side presses a digit, or several."""
        with self._lock:
            leg = self._answered(leg_id)
            if Capability.DTMF_RECEIVE in self._capabilities:
                self._network.presses(leg, digit)

    def heard_by(self, leg_id: str) -> frozenset[str]:
        """The legs whose far sides this leg's far side hears now; empty once it has ended."""
        with self._lock:
            leg = self._network.legs.get(leg_id)
            room = self._network.rooms.get(leg.conversation_id) if leg else None
            return room.heard_by(leg) if leg and room else frozenset()

    def digits_heard(self, leg_id: str) -> str:
        """The digits that reached this leg's far side; also after it ended."""
        with self._lock:
            return self._network.legs[leg_id].digits_heard

    def tone_hz(self, leg_id: str) -> int:
        """The pitch of what this leg's far side says into recordings; also after it ended."""
        with self._lock:
            return self._network.legs[leg_id].pitch

    def lose_conversation(self, conversation_id: str) -> None:
        """The cell dies: every leg ends as LOST, recordings hold what there was. KeyError for an unknown one."""
        with self._lock:
            self._network.lose(conversation_id)

    # What is checked before a command takes effect.

    def _accept(self, asked: Asked, needs: Capability | None = None) -> None:
        self.commands.append(asked)
        if self._network.sink is None or self._stopped:
            raise TelephonyError("The simulated backend is not running.", "Start it first.", retryable=False)
        if needs is not None and needs not in self._capabilities:
            raise TelephonyError(f"This backend cannot do {asked.command}.", retryable=False)
        if self.refuse_next:
            raise self.refuse_next.pop(0)

    def _leg(self, leg_id: str) -> SimulatedLeg:
        leg = self._network.legs.get(leg_id)
        if leg is None or leg.state is LegState.ENDED:
            raise NoSuchLeg(leg_id)
        return leg

    def _answered(self, leg_id: str) -> SimulatedLeg:
        leg = self._leg(leg_id)
        if leg.state is not LegState.ANSWERED:
            message = f"Leg {leg_id} is not answered yet."
            raise TelephonyError(message, "Wait for LegAnswered.", retryable=True)
        return leg

    def _check_room(self, leg: SimulatedLeg, conversation_id: str) -> None:
        if leg.conversation_id != conversation_id:
            message = f"Leg {leg.leg_id} is not in conversation {conversation_id}."
            raise TelephonyError(message, retryable=False)

    def _check_recording(self, leg: SimulatedLeg, recording_id: str, path: Path) -> None:
        if leg.kind is not LegKind.CUSTOMER:
            raise TelephonyError(f"Leg {leg.leg_id} is not a customer's leg.", retryable=False)
        if recording_id in self._recording_ids:
            raise TelephonyError(f"Recording {recording_id} was already started.", retryable=False)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_tones(path, ())
        except OSError as error:
            raise TelephonyError(
                f"The recording cannot be written: {error.strerror}.",
                "Check that its folder may be written to.",
                retryable=False,
            ) from error

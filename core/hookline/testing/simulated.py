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

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from hookline.ports.telephony import (
    Capability,
    ConnectStation,
    EventSink,
    HangupCause,
    LegKind,
    PlaceCall,
    Play,
    Problem,
    SupervisionMode,
    TelephonyError,
)
from hookline.testing.behaviour import Behaviour
from hookline.testing.clock import VirtualClock
from hookline.testing.simulated_checks import (
    STATION_NEEDS,
    check_digits,
    check_pair,
    check_recording,
    check_room,
    seconds_of,
)
from hookline.testing.simulated_network import SimulatedNetwork
from hookline.testing.simulated_state import LegState, Tape
from hookline.testing.tones import level

AUDIBLE = 0.02
"""From which share of full scale on a pitch counts as heard."""


@dataclass(frozen=True)
class Asked:
    """One command as the backend was given it, accepted or not. `arguments` by parameter name."""

    command: str
    arguments: dict[str, Any]


class SimulatedBackend:
    """Implements `hookline.ports.telephony.TelephonyBackend` on a `VirtualClock`.

    What tests set: `behaves` and `behaves_by_default` for the far sides; `problems_now`; `caller_id`; `prefixes`, one
    for each line that a number may go out by; `lines`, by which calls come in; `refuse_next`, errors that the next
    commands raise; `capacity`, the number of conversations that fit (None: any). What they read: `commands`,
    `asked`, `heard_by`, `hears_tone`, `digits_heard`, `headers_received`, `tone_hz`. What they do as the far side:
    `calls_in`, `picks_up`, `caller_hangs_up`, `press`; as fate: `lose_conversation`, `lose_browser`.
    Recordings are real WAV files in which the customer says 1000 Hz (left) and the agent 440 Hz; a file holds at most
    `longest_recording_seconds`, while `RecordingFinished.seconds` tells the true length.
    """

    name: ClassVar[str] = "simulated"
    title: ClassVar[str] = "Simulated"
    browser_module: ClassVar[str] = ""

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
        self.prefixes: list[str] = [""]
        self.lines: dict[str, str] = {"line": "Main line"}
        self.refuse_next: list[TelephonyError] = []
        self.commands: list[Asked] = []
        self._capabilities = frozenset(capabilities)
        self._longest_recording_seconds = longest_recording_seconds
        self._recording_ids: set[str] = set()
        self._callers = itertools.count(1)
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

    def inbound_lines(self, client_id: int | None) -> Mapping[str, str]:
        """What the test put into `lines`, whoever the client."""
        return self.lines if Capability.INBOUND in self._capabilities else {}

    def dial_strings(self, number: str, client_id: int | None) -> list[str]:
        """The number after each of the test's `prefixes`."""
        return [prefix + number for prefix in self.prefixes]

    def place_call(self, command: PlaceCall) -> None:
        """Call the number; its behaviour unfolds as the clock advances."""
        with self._lock:
            self._accept(Asked("place_call", {"command": command}), Capability.PLACE)
            if self.problems_now:
                problem = self.problems_now[0]
                raise TelephonyError(problem.message, problem.advice, retryable=False)
            detects = command.detect_answerer and Capability.DETECT_ANSWERER in self._capabilities
            self._network.place(replace(command, detect_answerer=detects))

    def answer(self, leg_id: str, conversation_id: str) -> None:
        """Take somebody who calls in into the conversation."""
        with self._lock:
            asked = Asked("answer", {"leg_id": leg_id, "conversation_id": conversation_id})
            self._accept(asked, Capability.INBOUND)
            self._network.take_offered(self._network.leg(leg_id), conversation_id)

    def connect_station(self, command: ConnectStation) -> None:
        """Ring the station; its behaviour unfolds as the clock advances."""
        with self._lock:
            self._accept(Asked("connect_station", {"command": command}), STATION_NEEDS[command.station])
            self._network.connect(command)

    def browser_message(self, leg_id: str, message: Mapping[str, object]) -> Mapping[str, object]:
        """Whatever the browser says, it is there now."""
        with self._lock:
            arguments = {"leg_id": leg_id, "message": message}
            self._accept(Asked("browser_message", arguments), Capability.BROWSER_STATION)
            self._network.browser_speaks(self._network.leg(leg_id))
            return {"type": "answer"}

    def hang_up(self, leg_id: str) -> None:
        """End the leg: CANCELLED before the answer, LOCAL after it."""
        with self._lock:
            self._accept(Asked("hang_up", {"leg_id": leg_id}))
            self._network.hang_up(self._network.leg(leg_id))

    def bridge(self, conversation_id: str, leg_a: str, leg_b: str) -> None:
        """Let the two hear each other. Bridging them twice is no error."""
        with self._lock:
            arguments = {"conversation_id": conversation_id, "leg_a": leg_a, "leg_b": leg_b}
            self._accept(Asked("bridge", arguments), Capability.BRIDGE)
            early = Capability.EARLY_MEDIA in self._capabilities
            find = self._network.leg if early else self._network.answered
            check_pair(find(leg_a), find(leg_b), conversation_id)
            self._network.bridge(conversation_id, frozenset({leg_a, leg_b}), on=True)

    def unbridge(self, conversation_id: str, leg_a: str, leg_b: str) -> None:
        """The two do not hear each other any more; legs that are not bridged are no error."""
        with self._lock:
            arguments = {"conversation_id": conversation_id, "leg_a": leg_a, "leg_b": leg_b}
            self._accept(Asked("unbridge", arguments), Capability.BRIDGE)
            check_pair(self._network.leg(leg_a), self._network.leg(leg_b), conversation_id)
            self._network.bridge(conversation_id, frozenset({leg_a, leg_b}), on=False)

    def join(self, conversation_id: str, leg_id: str) -> None:
        """Bring the leg into the conversation. It is in it already: no error."""
        with self._lock:
            arguments = {"conversation_id": conversation_id, "leg_id": leg_id}
            self._accept(Asked("join", arguments), Capability.JOIN)
            self._network.move(self._network.answered(leg_id), conversation_id)

    def transfer(self, conversation_id: str, leg_a: str, leg_b: str, new_conversation_id: str) -> None:
        """Let the two go on by themselves."""
        with self._lock:
            arguments = {"conversation_id": conversation_id, "leg_a": leg_a, "leg_b": leg_b}
            arguments |= {"new_conversation_id": new_conversation_id}
            self._accept(Asked("transfer", arguments), Capability.TRANSFER)
            leg, other = self._network.answered(leg_a), self._network.leg(leg_b)
            check_pair(leg, other, conversation_id)
            self._network.transfer(leg, other, new_conversation_id)

    def supervise(self, leg_id: str, mode: SupervisionMode) -> None:
        """From now on the supervisor takes part like this."""
        with self._lock:
            self._accept(Asked("supervise", {"leg_id": leg_id, "mode": mode}), Capability.SUPERVISE)
            leg = self._network.answered(leg_id)
            if leg.kind is not LegKind.SUPERVISOR:
                raise TelephonyError(f"Leg {leg_id} is not a supervisor's.", retryable=False)
            self._network.change(leg, mode=mode)

    def play(self, command: Play) -> None:
        """Play the file, which must be a WAV; its end comes when its length has passed."""
        with self._lock:
            self._accept(Asked("play", {"command": command}), Capability.PLAY)
            leg = self._network.answered(command.leg_id)
            self._network.start_sound(leg, command, seconds_of(command.path))

    def stop_play(self, play_id: str) -> None:
        """Stop the sound; one that has ended is no error."""
        with self._lock:
            self._accept(Asked("stop_play", {"play_id": play_id}), Capability.PLAY)
            for leg in self._network.legs.values():
                self._network.finish_sound(leg, play_id, complete=False)

    def hold(self, leg_id: str, on: bool) -> None:
        """On hold the leg hears nobody and nobody hears it."""
        with self._lock:
            self._accept(Asked("hold", {"leg_id": leg_id, "on": on}), Capability.HOLD)
            self._network.change(self._network.answered(leg_id), on_hold=on)

    def mute(self, leg_id: str, on: bool) -> None:
        """Muted, the leg hears and is not heard."""
        with self._lock:
            self._accept(Asked("mute", {"leg_id": leg_id, "on": on}), Capability.MUTE)
            self._network.change(self._network.answered(leg_id), muted=on)

    def send_dtmf(self, leg_id: str, digits: str) -> None:
        """The digits reach the far side at once: see `digits_heard`."""
        with self._lock:
            self._accept(Asked("send_dtmf", {"leg_id": leg_id, "digits": digits}), Capability.DTMF_SEND)
            leg = self._network.answered(leg_id)
            check_digits(digits)
            leg.digits_heard += digits

    def start_recording(self, conversation_id: str, leg_id: str, recording_id: str, path: Path) -> None:
        """Record from now on; the file appears at once, empty, and is filled when the recording closes."""
        with self._lock:
            arguments: dict[str, Any] = {"conversation_id": conversation_id, "leg_id": leg_id}
            arguments |= {"recording_id": recording_id, "path": path}
            self._accept(Asked("start_recording", arguments), Capability.RECORD)
            leg = self._network.answered(leg_id)
            check_room(leg, conversation_id)
            check_recording(leg, recording_id, path, self._recording_ids)
            room = self._network.rooms[conversation_id]
            stereo = Capability.RECORD_STEREO in self._capabilities
            room.tapes[recording_id] = Tape(recording_id, leg_id, path, self._longest_recording_seconds, stereo)
            self._recording_ids.add(recording_id)
            room.update_tapes(self.clock.now())

    def pause_recording(self, recording_id: str, on: bool) -> None:
        """Leave out what is said, or go on. TelephonyError for a recording that is not running."""
        with self._lock:
            self._accept(Asked("pause_recording", {"recording_id": recording_id, "on": on}), Capability.RECORD_PAUSE)
            tape = self._network.tape(recording_id)
            if tape is None:
                raise TelephonyError(f"Recording {recording_id} is not running.", retryable=False)
            tape.pause(on, self.clock.now())

    def stop_recording(self, recording_id: str) -> None:
        """Close the recording. One that closed by itself is no error; an unknown one is."""
        with self._lock:
            self._accept(Asked("stop_recording", {"recording_id": recording_id}), Capability.RECORD)
            if recording_id not in self._recording_ids:
                raise TelephonyError(f"Recording {recording_id} was never started.", retryable=False)
            if (tape := self._network.tape(recording_id)) is not None:
                self._network.finish_tape(tape)

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
            self._network.number_default = number or self._network.number_default
            self._network.station_default = station or self._network.station_default

    def asked(self, command: str) -> list[dict[str, Any]]:
        """The arguments of every `command` ("place_call", "hold", …) so far, accepted or not, in order."""
        with self._lock:
            return [asked.arguments for asked in self.commands if asked.command == command]

    def calls_in(
        self,
        number: str,
        *,
        dialled: str = "+48221000000",
        line: str = "line",
        client_id: int | None = 1,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Somebody calls in (from "" where the number is withheld); the id of the leg that CallOffered will name."""
        with self._lock:
            leg_id = f"caller-{next(self._callers)}"
            if Capability.INBOUND in self._capabilities:
                told = dict(headers or {}) if Capability.HEADERS in self._capabilities else {}
                offer = {"dialled": dialled, "line": line, "client_id": client_id, "headers": told}
                self._network.offer(leg_id, number, offer)
            return leg_id

    def picks_up(self, leg_id: str) -> None:
        """The far side answers now, whatever its behaviour says."""
        with self._lock:
            leg = self._network.leg(leg_id)
            if leg.state is LegState.ANSWERED:
                raise TelephonyError(f"Leg {leg_id} was answered before.", retryable=False)
            self._network.answers(leg)

    def caller_hangs_up(self, leg_id: str) -> None:
        """The far side hangs up now (NORMAL), or declines where it has not answered; who calls in gives up."""
        with self._lock:
            leg = self._network.leg(leg_id)
            unanswered = HangupCause.CANCELLED if leg.offered else HangupCause.DECLINED
            self._network.end(leg, HangupCause.NORMAL if leg.state is LegState.ANSWERED else unanswered)

    def press(self, leg_id: str, digit: str) -> None:
        """The far side presses a digit, or several."""
        with self._lock:
            leg = self._network.answered(leg_id)
            if Capability.DTMF_RECEIVE in self._capabilities:
                self._network.presses(leg, digit)

    def heard_by(self, leg_id: str) -> frozenset[str]:
        """The legs whose far sides this leg's far side hears now; empty once it has ended."""
        with self._lock:
            return self._network.heard_by(leg_id)

    def hears_tone(self, leg_id: str, hz: int) -> bool:
        """Whether this leg's far side hears that pitch now: somebody's, or a sound's that is played to it."""
        with self._lock:
            heard = {self._network.legs[other].pitch for other in self.heard_by(leg_id)}
            paths = self._network.sounds_heard_by(leg_id)
        return hz in heard or any(level(path, hz) > AUDIBLE for path in paths)

    def headers_received(self, leg_id: str) -> dict[str, str]:
        """The custom headers with which the far side was called; also after it ended."""
        with self._lock:
            return dict(self._network.legs[leg_id].headers) if Capability.HEADERS in self._capabilities else {}

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

    def lose_browser(self, leg_id: str) -> None:
        """The browser of a station's leg is gone; it is back with the next `browser_message`."""
        with self._lock:
            self._network.browser_goes(self._network.answered(leg_id))

    # What is checked before a command takes effect.

    def _accept(self, asked: Asked, needs: Capability | None = None) -> None:
        self.commands.append(asked)
        if self._network.sink is None or self._stopped:
            raise TelephonyError("The simulated backend is not running.", "Start it first.", retryable=False)
        if needs is not None and needs not in self._capabilities:
            raise TelephonyError(f"This backend cannot do {asked.command}.", retryable=False)
        if self.refuse_next:
            raise self.refuse_next.pop(0)

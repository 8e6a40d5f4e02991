"""What the conformance kit needs around a backend: the far side of its calls, time, and a way to kill a cell.

`Rig` and `FarSide` are what the author of a backend writes. `RealTimeRig` is the half of it that is the same for
every backend that runs on real time; `simulated_rig.SimulatedRig` is a whole one, to read as an example.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from hookline.ports.telephony import LegEvent, TelephonyBackend

NUMBERS = (
    "answers",
    "answers_late",
    "answers_and_hangs_up",
    "announces",
    "machine",
    "person",
    "busy",
    "no_answer",
    "declined",
    "invalid",
    "unreachable",
)
"""The behaviours that `Rig.number` is asked for. `no_answer` rings for ever; `announces` rings for ever, says its tone
meanwhile, as an announcement before the answer (early media), and never answers; `answers_late` rings for 3 s or a
little more; `answers_and_hangs_up` hangs up by itself some seconds after its answer; the answering ones say their tone
all the time, but for `person`, who says a short word and waits for one, and `machine`, which speaks without a pause.
`answers` gives the headers `ANSWER_HEADERS` with its answer, where the backend has HEADERS."""

ANSWER_HEADERS = {"X-Answered-At": "desk-7"}
"""Custom headers of the far side's answer."""

STATIONS = ("answers", "declines")
"""The behaviours that `Rig.station` is asked for."""


class FarSide(Protocol):
    """The person at the other end of one leg, who says one steady tone of a pitch of their own."""

    @property
    def tone_hz(self) -> int:
        """The pitch of the tone, by which recordings are searched for this person."""
        ...

    def hears(self, address: str) -> bool:
        """Whether, just now, the person hears the one who was called at `address`."""
        ...

    def hears_tone(self, hz: int) -> bool:
        """Whether, just now, the person hears a tone of this pitch."""
        ...

    def headers(self) -> Mapping[str, str]:
        """The custom headers with which the person was called."""
        ...

    def digits(self) -> str:
        """The digits that have arrived here so far."""
        ...

    def press(self, digit: str) -> None:
        """Press a digit."""
        ...

    def hang_up(self) -> None:
        """Hang up; who calls in and was not answered gives up."""
        ...


class Rig(Protocol):
    """A started backend and its surroundings. One rig may serve many scenarios, one after the other."""

    @property
    def backend(self) -> TelephonyBackend:
        """The backend under test, started, its events going to `collected`."""
        ...

    @property
    def collected(self) -> Sequence[LegEvent]:
        """Every event so far, oldest first."""
        ...

    @property
    def directory(self) -> Path:
        """Where recordings may be written."""
        ...

    @property
    def client_id(self) -> int:
        """A client whose calls may go out."""
        ...

    @property
    def caller_id(self) -> str:
        """A caller ID that the network accepts."""
        ...

    def number(self, behaviour: str) -> str:
        """A number (E.164) that behaves so (one of `NUMBERS`) and that nobody else is calling now."""
        ...

    def station(self, behaviour: str) -> str:
        """A station's address that behaves so (one of `STATIONS`) and that nobody else is calling now."""
        ...

    def number_station(self, behaviour: str) -> str:
        """A number of an agent's own telephone that behaves so (one of `STATIONS`); with NUMBER_STATION."""
        ...

    def open_browser(self, leg_id: str) -> str:
        """Let a browser, whose microphone says its tone, take up this BROWSER station's leg; with BROWSER_STATION.

        Again after `lose_browser`, it comes back as after a reload. Returns a name by which `far_side` and `hears`
        know it, the same for the same leg.
        """
        ...

    def lose_browser(self, leg_id: str) -> None:
        """The browser vanishes without a word: its network is gone, or its tab."""
        ...

    def caller(self, headers: Mapping[str, str]) -> str:
        """Somebody calls in, with these custom headers, and waits; returns his number. With INBOUND, else nothing."""
        ...

    def far_side(self, leg_id: str, address: str) -> FarSide:
        """The person at the other end of this leg, which was placed to `address` and has been answered."""
        ...

    def wait_for(self, predicate: Callable[[], bool], timeout_seconds: float) -> bool:
        """Let time pass until the predicate holds, at most so long; whether it holds."""
        ...

    def let_pass(self, seconds: float) -> None:
        """Let so much time pass."""
        ...

    def now(self) -> datetime:
        """The present moment of the backend's clock, UTC."""
        ...

    def lose(self, conversation_id: str) -> None:
        """Kill, without a warning, what carries this conversation: its process, its media server."""
        ...

    def fresh_id(self) -> str:
        """An id never used before, for a leg, a conversation or a recording."""
        ...


class EventLog:
    """A sink that keeps every event and lets others wait for the next; safe between threads."""

    def __init__(self) -> None:
        self._events: list[LegEvent] = []
        self._arrived = threading.Condition()

    def __call__(self, event: LegEvent) -> None:
        """Take an event: give this object to `TelephonyBackend.start`."""
        with self._arrived:
            self._events.append(event)
            self._arrived.notify_all()

    @property
    def events(self) -> Sequence[LegEvent]:
        """A copy of all there are, oldest first."""
        with self._arrived:
            return tuple(self._events)

    def wait_for(self, predicate: Callable[[], bool], timeout_seconds: float, look_every: float = 0.05) -> bool:
        """Wait in real time until the predicate holds; it is tried at each event and every `look_every` seconds."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            with self._arrived:
                seen = len(self._events)
            if predicate():
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            with self._arrived:
                if len(self._events) == seen:
                    self._arrived.wait(min(look_every, left))


class RealTimeRig:
    """The parts of a rig that any backend on real time shares; start the backend with `log` as its sink."""

    client_id = 1
    caller_id = "+48221000000"

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log = EventLog()

    @property
    def collected(self) -> Sequence[LegEvent]:
        """Every event so far."""
        return self.log.events

    def wait_for(self, predicate: Callable[[], bool], timeout_seconds: float) -> bool:
        """Wait until the predicate holds."""
        return self.log.wait_for(predicate, timeout_seconds)

    def let_pass(self, seconds: float) -> None:
        """Wait."""
        self.log.wait_for(lambda: False, seconds)

    def now(self) -> datetime:
        """The machine's time."""
        return datetime.now(UTC)

    def fresh_id(self) -> str:
        """A random id."""
        return uuid.uuid4().hex

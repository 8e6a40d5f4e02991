"""The rig of the simulated backend: the example to read before writing one's own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from hookline.ports.telephony import LegEvent
from hookline.testing import behaviour as behaviours
from hookline.testing.behaviour import Behaviour
from hookline.testing.simulated import SimulatedBackend
from hookline.testing.telephony_rig import ANSWER_HEADERS, FarSide

STEP_SECONDS = 0.1

BEHAVIOURS = {
    "answers": Behaviour(headers=ANSWER_HEADERS),
    "answers_late": behaviours.ANSWERS_LATE,
    "answers_and_hangs_up": behaviours.ANSWERS_AND_HANGS_UP,
    "announces": behaviours.ANNOUNCES,
    "machine": behaviours.MACHINE,
    "person": behaviours.ANSWERS,
    "busy": behaviours.BUSY,
    "no_answer": behaviours.NO_ANSWER,
    "declined": behaviours.DECLINED,
    "declines": behaviours.DECLINED,
    "invalid": behaviours.INVALID,
    "unreachable": behaviours.UNREACHABLE,
}


class SimulatedFarSide:
    """One far side of the simulated network."""

    def __init__(self, backend: SimulatedBackend, leg_id: str, legs: dict[str, str]) -> None:
        self._backend = backend
        self._leg_id = leg_id
        self._legs = legs

    @property
    def tone_hz(self) -> int:
        """What it says."""
        return self._backend.tone_hz(self._leg_id)

    def hears(self, address: str) -> bool:
        """Whether it hears the leg that was placed to `address`."""
        return self._legs.get(address) in self._backend.heard_by(self._leg_id)

    def hears_tone(self, hz: int) -> bool:
        """Whether it hears that pitch."""
        return self._backend.hears_tone(self._leg_id, hz)

    def headers(self) -> Mapping[str, str]:
        """What it was called with."""
        return self._backend.headers_received(self._leg_id)

    def digits(self) -> str:
        """The digits that have arrived."""
        return self._backend.digits_heard(self._leg_id)

    def press(self, digit: str) -> None:
        """Press a digit."""
        self._backend.press(self._leg_id, digit)

    def hang_up(self) -> None:
        """Hang up."""
        self._backend.caller_hangs_up(self._leg_id)


class SimulatedRig:
    """Implements `telephony_rig.Rig`. It starts the backend, and moves its clock in steps of 0.1 s."""

    client_id = 1
    caller_id = "+48221000000"

    def __init__(self, backend: SimulatedBackend, directory: Path) -> None:
        self.backend = backend
        self.directory = directory
        self._events: list[LegEvent] = []
        self._legs: dict[str, str] = {}
        self._count = itertools.count(1)
        backend.start(self._events.append)

    @property
    def collected(self) -> Sequence[LegEvent]:
        """Every event so far."""
        return tuple(self._events)

    def number(self, behaviour: str) -> str:
        """A fresh number."""
        number = f"+4822{next(self._count):07}"
        self.backend.behaves(number, BEHAVIOURS[behaviour])
        return number

    def station(self, behaviour: str) -> str:
        """A fresh station; it answers sooner than a number."""
        address = f"sip:station-{next(self._count)}@simulated.invalid"
        plans = behaviours.STATION_ANSWERS if behaviour == "answers" else BEHAVIOURS[behaviour]
        self.backend.behaves(address, plans)
        return address

    def number_station(self, behaviour: str) -> str:
        """A fresh number."""
        return self.number("declined" if behaviour == "declines" else behaviour)

    def open_browser(self, leg_id: str) -> str:
        """A browser that is there at once."""
        self.backend.browser_message(leg_id, {"type": "offer"})
        return f"browser of {leg_id}"

    def lose_browser(self, leg_id: str) -> None:
        """Take it away."""
        self.backend.lose_browser(leg_id)

    def caller(self, headers: Mapping[str, str]) -> str:
        """Somebody calls in from a fresh number."""
        number = f"+4822{next(self._count):07}"
        self._legs[number] = self.backend.calls_in(number, headers=headers)
        return number

    def far_side(self, leg_id: str, address: str) -> FarSide:
        """The other end of a leg."""
        self._legs[address] = leg_id
        return SimulatedFarSide(self.backend, leg_id, self._legs)

    def wait_for(self, predicate: Callable[[], bool], timeout_seconds: float) -> bool:
        """Step the clock on until the predicate holds."""
        self.backend.clock.advance(0)
        for _ in range(round(timeout_seconds / STEP_SECONDS)):
            if predicate():
                return True
            self.backend.clock.advance(STEP_SECONDS)
        return predicate()

    def let_pass(self, seconds: float) -> None:
        """Move the clock on."""
        self.backend.clock.advance(seconds)

    def now(self) -> datetime:
        """The virtual time."""
        return self.backend.clock.now()

    def lose(self, conversation_id: str) -> None:
        """Kill the simulated cell."""
        self.backend.lose_conversation(conversation_id)

    def fresh_id(self) -> str:
        """A counted id."""
        return f"id-{next(self._count)}"

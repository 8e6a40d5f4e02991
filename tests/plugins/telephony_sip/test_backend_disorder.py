"""Commands in any order, at any moment, keep the rules of every leg and kill no cell."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hookline.ports.telephony import HangupCause, LegEnded, LegEvent, RecordingFinished, TelephonyError
from hookline.testing.telephony_play import broken_rules
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.settings import SipSettings
from tests.plugins.telephony_sip.sip_legs import Caller

pytestmark = pytest.mark.realtime

SECONDS = 6.0
ROOMS = ("red", "blue")
NUMBERS = [
    {"ends": "9", "behaviour": {"kind": "no_answer"}},
    {"ends": "8", "behaviour": {"kind": "busy"}},
    {"ends": "7", "behaviour": {"kind": "answer", "ring_seconds": 0}},
]


class Disorder:
    """Gives one random command after the other."""

    def __init__(self, caller: Caller, phone: str, folder: Path, seed: int) -> None:
        self._caller = caller
        self._phone = phone
        self._folder = folder
        self._chance = random.Random(seed)
        self.legs: list[str] = []
        self.recordings: list[str] = []

    def step(self) -> None:
        """One command; being refused is all right."""
        room = self._chance.choice(ROOMS)
        live = [leg for leg in self.legs if not self._caller.events(LegEnded, leg)]
        with suppress(TelephonyError):
            self._chance.choice(self._commands(room, live))()
        self._caller.log.wait_for(lambda: False, self._chance.choice((0.0, 0.005, 0.02, 0.1)))

    def _commands(self, room: str, live: list[str]) -> list[Callable[[], object]]:
        new: list[Callable[[], object]] = [lambda: self._call(room), lambda: self._station(room)]
        if not live:
            return new
        backend, leg, other = self._caller.backend, self._chance.choice(live), self._chance.choice(live)
        on = self._chance.random() < 0.5
        more: list[Callable[[], object]] = [
            lambda: backend.hang_up(leg),
            lambda: backend.bridge(room, leg, other),
            lambda: backend.hold(leg, on),
            lambda: backend.hold(leg, not on),
            lambda: backend.mute(leg, on),
            lambda: backend.send_dtmf(leg, "12"),
            lambda: self._record(room, leg),
            lambda: backend.stop_recording(self._chance.choice(self.recordings or ["none"])),
        ]
        rare: list[Callable[[], object]] = [lambda: backend.close_conversation(room)]
        return new + more + (rare if self._chance.random() < 0.1 else [])

    def _call(self, room: str) -> None:
        self.legs.append(self._caller.call(room, number=f"+4860010010{self._chance.randrange(10)}"))

    def _station(self, room: str) -> None:
        self.legs.append(self._caller.station(room, self._phone))

    def _record(self, room: str, leg: str) -> None:
        name = f"tape{len(self.recordings)}"
        self._caller.backend.start_recording(room, leg, name, self._folder / f"{name}.wav")
        self.recordings.append(name)


@pytest.fixture
def far_end() -> Iterator[FarEndProcess]:
    default = {"kind": "answer", "ring_seconds": 0.1, "hang_up_after_seconds": 2}
    with FarEndProcess({"default": default, "numbers": NUMBERS, "phones": [{"name": "anna"}]}) as process:
        yield process


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_of_commands_keeps_the_rules(far_end: FarEndProcess, tmp_path: Path, seed: int) -> None:
    caller = Caller(far_end.network, SipSettings(max_cells=4))
    disorder = Disorder(caller, far_end.phones["anna"], tmp_path, seed)
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        disorder.step()
    caller.backend.stop()
    assert len(disorder.legs) > 5
    for leg in disorder.legs:
        assert broken_rules(caller.events(LegEvent, leg)) == []
        assert caller.events(LegEnded, leg)[0].cause is not HangupCause.LOST
    closed = [event.recording_id for event in caller.log.events if isinstance(event, RecordingFinished)]
    assert sorted(closed) == sorted(disorder.recordings)

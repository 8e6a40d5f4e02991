"""The conformance kit finds faults: backends that break one rule each, and backends that can do less."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from hookline.ports.telephony import (
    Capability,
    DtmfReceived,
    EventSink,
    HangupCause,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegRinging,
    NoSuchLeg,
    PlaceCall,
    RecordingFinished,
    TelephonyError,
)
from hookline.testing.clock import VirtualClock
from hookline.testing.simulated import SimulatedBackend
from hookline.testing.simulated_rig import SimulatedRig
from hookline.testing.telephony_conformance import SCENARIOS, RealTimeRig, Rig, Scenario, ScenarioFailed
from hookline.testing.tones import write_tones

WARSAW = timezone(timedelta(hours=1))
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


class Tampering(SimulatedBackend):
    """Tells something else than what happened."""

    def tamper(self, event: LegEvent) -> Iterable[LegEvent]:
        return [event]

    def start(self, sink: EventSink) -> None:
        def tell(event: LegEvent) -> None:
            for told in self.tamper(event):
                sink(told)

        super().start(tell)


def tampering(tamper: Callable[[LegEvent], Iterable[LegEvent]]) -> type[SimulatedBackend]:
    return type("Tampered", (Tampering,), {"tamper": lambda self, event: tamper(event)})


def swap(kind: type[LegEvent], **changes: object) -> Callable[[LegEvent], Iterable[LegEvent]]:
    return lambda event: [replace(event, **changes) if isinstance(event, kind) else event]  # type: ignore[arg-type]


def times(kind: type[LegEvent], count: int) -> Callable[[LegEvent], Iterable[LegEvent]]:
    return lambda event: [event] * (count if isinstance(event, kind) else 1)


def as_(cause: HangupCause, told: HangupCause) -> Callable[[LegEvent], Iterable[LegEvent]]:
    def tamper(event: LegEvent) -> Iterable[LegEvent]:
        wrong = isinstance(event, LegEnded) and event.cause is cause
        return [replace(event, cause=told) if wrong else event]  # type: ignore[call-arg]

    return tamper


def ringing_after_the_answer(event: LegEvent) -> Iterable[LegEvent]:
    late = LegRinging(conversation_id=event.conversation_id, leg_id=event.leg_id, at=event.at)
    if isinstance(event, LegRinging):
        return []
    return [event, late] if isinstance(event, LegAnswered) else [event]


def digits_after_the_end(event: LegEvent) -> Iterable[LegEvent]:
    late = DtmfReceived(conversation_id=event.conversation_id, leg_id=event.leg_id, at=event.at, digit="1")
    return [event, late] if isinstance(event, LegEnded) else [event]


class EndsBeforeRecording(Tampering):
    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self._kept: list[LegEvent] = []

    def tamper(self, event: LegEvent) -> Iterable[LegEvent]:
        if isinstance(event, RecordingFinished):
            self._kept.append(event)
            return []
        kept, self._kept = self._kept, []
        return [event, *kept]


class NeverGivesUp(SimulatedBackend):
    def place_call(self, command: PlaceCall) -> None:
        super().place_call(replace(command, ring_timeout_seconds=3600))


class GivesUpEarly(SimulatedBackend):
    def place_call(self, command: PlaceCall) -> None:
        super().place_call(replace(command, ring_timeout_seconds=command.ring_timeout_seconds / 2))


class RingTimerGoesOn(SimulatedBackend):
    def place_call(self, command: PlaceCall) -> None:
        super().place_call(command)
        self.clock.call_later(command.ring_timeout_seconds, lambda: self.end_quietly(command.leg_id))

    def end_quietly(self, leg_id: str) -> None:
        try:
            self.hang_up(leg_id)
        except NoSuchLeg:
            self.commands.pop()


class HangsUpNobody(SimulatedBackend):
    def hang_up(self, leg_id: str) -> None:
        self.asked("hang_up")


class Forgiving(SimulatedBackend):
    def hang_up(self, leg_id: str) -> None:
        try:
            super().hang_up(leg_id)
        except NoSuchLeg:
            self.commands.pop()


class HoldsNobody(SimulatedBackend):
    def hold(self, leg_id: str, on: bool) -> None:
        super().hold(leg_id, False)


class NeverTakesBack(SimulatedBackend):
    def hold(self, leg_id: str, on: bool) -> None:
        super().hold(leg_id, True)


class MutesByHolding(SimulatedBackend):
    def mute(self, leg_id: str, on: bool) -> None:
        super().hold(leg_id, on)


class MutesNobody(SimulatedBackend):
    def mute(self, leg_id: str, on: bool) -> None:
        super().mute(leg_id, False)


class SwallowsDigits(SimulatedBackend):
    def send_dtmf(self, leg_id: str, digits: str) -> None:
        super().send_dtmf(leg_id, digits[:1])


class DoublesDigits(SimulatedBackend):
    def press(self, leg_id: str, digit: str) -> None:
        super().press(leg_id, digit * 2)


class OnePartyLine(SimulatedBackend):
    """Everybody hears everybody."""

    def heard_by(self, leg_id: str) -> frozenset[str]:
        return frozenset(self._network.legs) - {leg_id}


class BridgesNobody(SimulatedBackend):
    def bridge(self, conversation_id: str, leg_a: str, leg_b: str) -> None:
        self.asked("bridge")


class LosesEverybody(SimulatedBackend):
    def lose_conversation(self, conversation_id: str) -> None:
        for room in list(self._network.rooms):
            super().lose_conversation(room)


class LeavesSomebodyBehind(SimulatedBackend):
    def close_conversation(self, conversation_id: str) -> None:
        for leg in self._network.living(conversation_id)[1:]:
            self.hang_up(leg.leg_id)


class KnowsEveryRoom(SimulatedBackend):
    def close_conversation(self, conversation_id: str) -> None:
        if conversation_id not in self._network.rooms:
            raise TelephonyError("There is no such conversation.", retryable=False)
        super().close_conversation(conversation_id)


class StopsByHangingUp(SimulatedBackend):
    def stop_recording(self, recording_id: str) -> None:
        for room in list(self._network.rooms.values()):
            if recording_id in room.tapes:
                self.hang_up(room.tapes[recording_id].leg_id)


def spoiled(file: Callable[[Path], object], *kinds: bool) -> type[SimulatedBackend]:
    def tamper(event: LegEvent) -> Iterable[LegEvent]:
        if isinstance(event, RecordingFinished) and event.complete in kinds:
            file(event.path)
        return [event]

    return tampering(tamper)


FAULTS: dict[str, tuple[type[SimulatedBackend], list[str]]] = {
    "tells the end twice": (tampering(times(LegEnded, 2)), ["answered", "busy", "loss"]),
    "never tells the end": (tampering(times(LegEnded, 0)), ["answered", "busy", "close_conversation"]),
    "tells the answer twice": (tampering(times(LegAnswered, 2)), ["answered", "station"]),
    "rings twice": (tampering(times(LegRinging, 2)), ["ringing", "answered"]),
    "never rings": (tampering(times(LegRinging, 0)), ["ringing"]),
    "rings after the answer": (tampering(ringing_after_the_answer), ["answered"]),
    "tells digits after the end": (tampering(digits_after_the_end), ["busy"]),
    "tells local time": (
        tampering(lambda event: [replace(event, at=event.at.astimezone(WARSAW))]),
        ["answered", "busy"],
    ),
    "mixes conversations up": (tampering(swap(LegEnded, conversation_id="other")), ["answered"]),
    "busy is failed": (tampering(as_(HangupCause.BUSY, HangupCause.FAILED)), ["busy"]),
    "declined is busy": (tampering(as_(HangupCause.DECLINED, HangupCause.BUSY)), ["declined", "station_declines"]),
    "invalid is unreachable": (
        tampering(as_(HangupCause.INVALID_NUMBER, HangupCause.UNREACHABLE)),
        ["invalid_number"],
    ),
    "unreachable is failed": (tampering(as_(HangupCause.UNREACHABLE, HangupCause.FAILED)), ["unreachable"]),
    "cancelled is local": (tampering(as_(HangupCause.CANCELLED, HangupCause.LOCAL)), ["cancel", "cancel_at_once"]),
    "local is normal": (tampering(as_(HangupCause.LOCAL, HangupCause.NORMAL)), ["answered", "bridged"]),
    "normal is local": (
        tampering(as_(HangupCause.NORMAL, HangupCause.LOCAL)),
        ["remote_hang_up", "remote_hang_up_by_hand", "station_hangs_up"],
    ),
    "has no ring timer": (NeverGivesUp, ["ring_timer"]),
    "has a hasty ring timer": (GivesUpEarly, ["ring_timer"]),
    "has a ring timer that goes on": (RingTimerGoesOn, ["ring_timer_spares_the_answered"]),
    "hangs up nobody": (HangsUpNobody, ["answered", "unknown_leg"]),
    "forgives an ended leg": (Forgiving, ["ended_leg", "unknown_leg", "loss"]),
    "holds nobody": (HoldsNobody, ["hold"]),
    "never takes back from hold": (NeverTakesBack, ["hold"]),
    "mutes by holding": (MutesByHolding, ["mute"]),
    "mutes nobody": (MutesNobody, ["mute"]),
    "swallows digits": (SwallowsDigits, ["dtmf_sent"]),
    "doubles digits": (DoublesDigits, ["dtmf_received"]),
    "hears no digits": (tampering(times(DtmfReceived, 0)), ["dtmf_received"]),
    "lets everybody hear everybody": (OnePartyLine, ["not_bridged", "conversations_do_not_mix", "hold"]),
    "bridges nobody": (BridgesNobody, ["bridged", "bridge_too_early", "station_stays_between_calls"]),
    "loses everybody": (LosesEverybody, ["loss"]),
    "leaves somebody behind": (LeavesSomebodyBehind, ["close_conversation", "close_twice"]),
    "knows every room": (KnowsEveryRoom, ["close_unknown_conversation", "close_twice"]),
    "ends before its recording": (EndsBeforeRecording, ["recording"]),
    "tells of no recording": (tampering(times(RecordingFinished, 0)), ["recording", "recording_after_loss"]),
    "tells of a recording twice": (tampering(times(RecordingFinished, 2)), ["recording", "stop_recording"]),
    "calls a torso complete": (tampering(swap(RecordingFinished, complete=True)), ["recording_after_loss"]),
    "calls a whole a torso": (tampering(swap(RecordingFinished, complete=False)), ["recording", "stop_recording"]),
    "records elsewhere": (tampering(swap(RecordingFinished, path=Path("/nowhere"))), ["recording"]),
    "misjudges length": (tampering(swap(RecordingFinished, seconds=99.0)), ["recording"]),
    "writes no file": (spoiled(Path.unlink, True), ["recording"]),
    "leaves a broken file": (spoiled(lambda path: path.write_bytes(b"RIFF"), False), ["recording_after_loss"]),
    "records one side": (spoiled(lambda path: write_tones(path, [(3.0, [440])]), True), ["recording"]),
    "records too little": (spoiled(lambda path: write_tones(path, [(0.5, [])]), True, False), ["recording"]),
    "stops recording by hanging up": (StopsByHangingUp, ["stop_recording"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_kit_finds_a_backend_that(fault: str, tmp_path: Path) -> None:
    kind, scenarios = FAULTS[fault]
    for name in scenarios:
        rig = SimulatedRig(kind(VirtualClock()), tmp_path)
        with pytest.raises((ScenarioFailed, TelephonyError)):
            BY_NAME[name].run(rig)


def test_a_failure_names_the_rule_and_lists_the_events(tmp_path: Path) -> None:
    kind, _ = FAULTS["busy is failed"]
    with pytest.raises(AssertionError, match=r"the leg ends as busy; it ended as failed(.|\n)*LegEnded"):
        BY_NAME["busy"].run(SimulatedRig(kind(VirtualClock()), tmp_path))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("lacking", list(Capability))
def test_a_backend_that_can_do_less_and_says_so_conforms(
    scenario: Scenario, lacking: Capability, tmp_path: Path
) -> None:
    backend = SimulatedBackend(VirtualClock(), capabilities=set(Capability) - {lacking})
    rig = SimulatedRig(backend, tmp_path)
    scenario.run(rig)
    legs = {event.leg_id for event in rig.collected}
    assert legs == {event.leg_id for event in rig.collected if isinstance(event, LegEnded)}


@pytest.mark.parametrize("lacking", sorted(set(Capability) - {Capability.DTMF_RECEIVE}))
def test_the_kit_finds_a_backend_that_can_more_than_it_says(lacking: Capability, tmp_path: Path) -> None:
    class Boasting(SimulatedBackend):
        @property
        def capabilities(self) -> frozenset[Capability]:
            return frozenset(Capability) - {lacking}

    needing = next(scenario for scenario in SCENARIOS if lacking in scenario.needs)
    with pytest.raises(ScenarioFailed, match="was accepted instead"):
        needing.run(SimulatedRig(Boasting(VirtualClock()), tmp_path))


def test_names_of_scenarios_are_unique_and_each_says_what_must_hold() -> None:
    assert len(BY_NAME) == len(SCENARIOS)
    assert all(scenario.summary.endswith(".") for scenario in SCENARIOS)


def test_the_how_to_names_only_what_there_is() -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-telephony-backend.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    imports = [
        (node.module, name.name)
        for block in blocks
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("hookline.")
        for name in node.names
    ]
    missing = [(module, name) for module, name in imports if not hasattr(importlib.import_module(str(module)), name)]
    assert (len(blocks), missing) == (3, [])
    rig = next(node for node in ast.walk(ast.parse(blocks[1])) if isinstance(node, ast.ClassDef))
    written = {node.name for node in rig.body if isinstance(node, ast.FunctionDef)} | {"backend"}
    assert {name for name in vars(Rig) if not name.startswith("_")} <= written | {*dir(RealTimeRig), "directory"}

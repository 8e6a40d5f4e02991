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
    Answerer,
    AnswererDetected,
    CallOffered,
    Capability,
    ConnectStation,
    DtmfReceived,
    EventSink,
    HangupCause,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegRinging,
    NoSuchLeg,
    PlaceCall,
    Play,
    PlayFinished,
    RecordingFinished,
    StationBack,
    StationKind,
    StationLost,
    SupervisionMode,
    TelephonyError,
)
from hookline.testing.clock import VirtualClock
from hookline.testing.simulated import SimulatedBackend
from hookline.testing.simulated_rig import SimulatedRig
from hookline.testing.simulated_state import LegState
from hookline.testing.telephony_conformance import SCENARIOS, RealTimeRig, Rig, Scenario, ScenarioFailed
from hookline.testing.tones import wav_seconds, write_stereo_tones, write_tones

HARMLESS = {Capability.EARLY_MEDIA, Capability.HEADERS, Capability.RECORD_STEREO}
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


def faulty(**methods: Callable[..., object]) -> type[SimulatedBackend]:
    return type("Faulty", (SimulatedBackend,), methods)


def placing(**changes: object) -> type[SimulatedBackend]:
    class Places(SimulatedBackend):
        def place_call(self, command: PlaceCall) -> None:
            super().place_call(replace(command, **changes))  # type: ignore[arg-type]

    return Places


def connecting(**changes: object) -> type[SimulatedBackend]:
    class Connects(SimulatedBackend):
        def connect_station(self, command: ConnectStation) -> None:
            super().connect_station(replace(command, **changes))  # type: ignore[arg-type]

    return Connects


def tampering_plays(**changes: object) -> type[SimulatedBackend]:
    class Plays(SimulatedBackend):
        def play(self, command: Play) -> None:
            super().play(replace(command, **changes))  # type: ignore[arg-type]

    return Plays


def supervising(modes: dict[SupervisionMode, SupervisionMode]) -> type[SimulatedBackend]:
    class Supervises(SimulatedBackend):
        def supervise(self, leg_id: str, mode: SupervisionMode) -> None:
            super().supervise(leg_id, modes.get(mode, mode))

    return Supervises


def under_the_first_name() -> Callable[[LegEvent], Iterable[LegEvent]]:
    names: dict[str, str] = {}
    return lambda event: [replace(event, conversation_id=names.setdefault(event.leg_id, event.conversation_id))]


def announced(event: LegEvent) -> Iterable[LegEvent]:
    answer = LegAnswered(conversation_id=event.conversation_id, leg_id=event.leg_id, at=event.at)
    return [event, answer] if isinstance(event, LegRinging) else [event]


def both_sides(path: Path) -> None:
    write_stereo_tones(path, [(2.0, [440, 1000, 1900], [440, 1000, 1900])])


class TransfersTheAnswered(SimulatedBackend):
    def transfer(self, conversation_id: str, leg_a: str, leg_b: str, new_conversation_id: str) -> None:
        self._network.answered(leg_b)
        super().transfer(conversation_id, leg_a, leg_b, new_conversation_id)


class HangsUpTheUnanswered(Tampering):
    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self._customers: dict[str, str] = {}

    def transfer(self, conversation_id: str, leg_a: str, leg_b: str, new_conversation_id: str) -> None:
        super().transfer(conversation_id, leg_a, leg_b, new_conversation_id)
        self._customers[leg_b] = leg_a

    def tamper(self, event: LegEvent) -> Iterable[LegEvent]:
        if isinstance(event, LegEnded) and event.leg_id in self._customers:
            self.hang_up(self._customers[event.leg_id])
        return [event]


class PartsNobody(SimulatedBackend):
    def transfer(self, conversation_id: str, leg_a: str, leg_b: str, new_conversation_id: str) -> None:
        super().transfer(conversation_id, leg_a, leg_b, new_conversation_id)
        for leg_id in (leg_a, leg_b):
            self._network.leg(leg_id).partner = None


class TakesTheAgentAlong(SimulatedBackend):
    def transfer(self, conversation_id: str, leg_a: str, leg_b: str, new_conversation_id: str) -> None:
        super().transfer(conversation_id, leg_a, leg_b, new_conversation_id)
        self.close_conversation(conversation_id)
        self.close_conversation(new_conversation_id)


class BridgesTwoAtMost(SimulatedBackend):
    def bridge(self, conversation_id: str, leg_a: str, leg_b: str) -> None:
        self._network.rooms[conversation_id].bridges.clear()
        super().bridge(conversation_id, leg_a, leg_b)


class ForgetsTheMode(Tampering):
    def tamper(self, event: LegEvent) -> Iterable[LegEvent]:
        room = self._network.rooms.get(event.conversation_id)
        if isinstance(event, LegEnded) and room is not None:
            for leg in room.legs.values():
                leg.mode = SupervisionMode.OFF
        return [event]


class ListensUnasked(SimulatedBackend):
    def connect_station(self, command: ConnectStation) -> None:
        super().connect_station(command)
        self._network.leg(command.leg_id).mode = SupervisionMode.LISTEN


class PlaysSilence(SimulatedBackend):
    def play(self, command: Play) -> None:
        write_tones(command.path, [(wav_seconds(command.path), [])])
        super().play(command)


class AnswersByItself(Tampering):
    def tamper(self, event: LegEvent) -> Iterable[LegEvent]:
        answer = LegAnswered(conversation_id=event.conversation_id, leg_id=event.leg_id, at=event.at)
        return [event, answer] if isinstance(event, CallOffered) else [event]


class AnswersElsewhere(SimulatedBackend):
    def answer(self, leg_id: str, conversation_id: str) -> None:
        super().answer(leg_id, conversation_id + "-other")


class DeafBeforeTheAnswer(SimulatedBackend):
    def heard_by(self, leg_id: str) -> frozenset[str]:
        answered = {leg.leg_id for leg in self._network.legs.values() if leg.state is LegState.ANSWERED}
        return super().heard_by(leg_id) & answered


class ForgetsEarlyBridges(SimulatedBackend):
    def bridge(self, conversation_id: str, leg_a: str, leg_b: str) -> None:
        super().bridge(conversation_id, leg_a, leg_b)
        if self._network.leg(leg_b).state is not LegState.ANSWERED:
            self.unbridge(conversation_id, leg_a, leg_b)


class AnswersForTheBrowser(SimulatedBackend):
    def connect_station(self, command: ConnectStation) -> None:
        super().connect_station(command)
        if command.station is StationKind.BROWSER:
            self.browser_message(command.leg_id, {})


class HangsUpTheAbsent(SimulatedBackend):
    def lose_browser(self, leg_id: str) -> None:
        super().lose_browser(leg_id)
        self.hang_up(leg_id)


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
    "bridges nobody": (BridgesNobody, ["bridged", "early_media", "station_stays_between_calls"]),
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
    "never unbridges": (faulty(unbridge=lambda backend, *_: None), ["unbridge"]),
    "joins nobody": (faulty(join=lambda backend, *_: None), ["join", "join_out_of_a_talk", "transfer_unanswered"]),
    "joins under the old name": (tampering(under_the_first_name()), ["join", "transfer"]),
    "transfers nobody": (faulty(transfer=lambda backend, *_: None), ["transfer", "transfer_while_ringing"]),
    "transfers to nobody who rings": (TransfersTheAnswered, ["transfer_while_ringing"]),
    "hangs up who was not answered": (HangsUpTheUnanswered, ["transfer_unanswered"]),
    "parts nobody": (PartsNobody, ["transfer", "transfer_ended_by_the_customer", "transfer_given_up"]),
    "takes the agent along": (TakesTheAgentAlong, ["transfer", "transfer_closes_the_recording"]),
    "bridges two at most": (BridgesTwoAtMost, ["conference"]),
    "lets the whisper through": (
        supervising({SupervisionMode.WHISPER: SupervisionMode.BARGE}),
        ["supervise", "supervise_the_next_call", "whisper_is_not_recorded", "browser_supervises"],
    ),
    "whispers to nobody": (supervising({SupervisionMode.WHISPER: SupervisionMode.LISTEN}), ["supervise"]),
    "listens for ever": (supervising({SupervisionMode.OFF: SupervisionMode.LISTEN}), ["supervise"]),
    "barges halfway": (supervising({SupervisionMode.BARGE: SupervisionMode.WHISPER}), ["supervise_on_hold"]),
    "forgets the mode": (ForgetsTheMode, ["supervise_the_next_call"]),
    "listens unasked": (ListensUnasked, ["supervise"]),
    "plays nothing": (PlaysSilence, ["play_once", "play_to_one", "hold_music"]),
    "plays in a loop": (tampering_plays(loop=True), ["play_once"]),
    "plays once only": (tampering_plays(loop=False), ["play_again_and_again"]),
    "plays to one only": (tampering_plays(aloud=False), ["play_to_one"]),
    "plays to all": (tampering_plays(aloud=True), ["play_to_one"]),
    "tells of no sound": (tampering(times(PlayFinished, 0)), ["play_once", "play_to_a_leg_that_ends"]),
    "tells of a sound twice": (tampering(times(PlayFinished, 2)), ["play_once", "inbound_message"]),
    "calls every sound complete": (
        tampering(swap(PlayFinished, complete=True)),
        ["play_again_and_again", "play_to_a_leg_that_ends"],
    ),
    "never stops a sound": (faulty(stop_play=lambda backend, *_: None), ["play_again_and_again", "play_to_one"]),
    "pauses no recording": (faulty(pause_recording=lambda backend, *_: None), ["recording_paused"]),
    "tells no gap": (tampering(swap(RecordingFinished, gaps=())), ["recording_paused"]),
    "tells a gap elsewhere": (tampering(swap(RecordingFinished, gaps=((9.0, 3.0),))), ["recording_paused"]),
    "records in mono": (spoiled(lambda path: write_tones(path, [(2.0, [440, 1000])]), True), ["recording_stereo"]),
    "mixes the sides up": (spoiled(both_sides, True), ["recording_stereo", "whisper_is_not_recorded"]),
    "withholds the caller": (tampering(swap(CallOffered, number="")), ["inbound", "inbound_refused"]),
    "names no line": (tampering(swap(CallOffered, line="")), ["inbound"]),
    "offers nothing": (tampering(times(CallOffered, 0)), ["inbound", "inbound_given_up"]),
    "offers twice": (tampering(times(CallOffered, 2)), ["inbound", "inbound_refused"]),
    "answers by itself": (AnswersByItself, ["inbound", "inbound_refused"]),
    "answers elsewhere": (AnswersElsewhere, ["inbound"]),
    "forgets headers of callers": (tampering(swap(CallOffered, headers={})), ["inbound_headers"]),
    "forgets headers of answers": (tampering(swap(LegAnswered, headers={})), ["headers"]),
    "sends no headers": (placing(headers={}), ["headers"]),
    "hears nothing early": (DeafBeforeTheAnswer, ["early_media"]),
    "takes an announcement for an answer": (tampering(announced), ["early_media", "ringing"]),
    "forgets an early bridge": (ForgetsEarlyBridges, ["early_bridge_lasts"]),
    "takes machines for people": (
        tampering(swap(AnswererDetected, answerer=Answerer.PERSON)),
        ["machine_detected"],
    ),
    "takes people for machines": (tampering(swap(AnswererDetected, answerer=Answerer.MACHINE)), ["person_detected"]),
    "thinks for long": (tampering(swap(AnswererDetected, after_seconds=5.0)), ["person_detected"]),
    "never finds out": (tampering(times(AnswererDetected, 0)), ["person_detected", "machine_detected"]),
    "finds out unasked": (placing(detect_answerer=True), ["nobody_asked_who"]),
    "never says that a browser is gone": (
        tampering(times(StationLost, 0)),
        ["browser_comes_back", "browser_stays_away"],
    ),
    "never says that a browser is back": (tampering(times(StationBack, 0)), ["browser_comes_back"]),
    "answers for the browser": (AnswersForTheBrowser, ["browser_station", "browser_never_comes"]),
    "hangs up a browser that is gone": (HangsUpTheAbsent, ["browser_comes_back", "browser_reloads"]),
    "waits for a browser for ever": (
        connecting(ring_timeout_seconds=3600.0),
        ["browser_stays_away", "browser_never_comes"],
    ),
    "declines on the wrong telephone": (connecting(address="+48229999999"), ["number_station_declines"]),
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


@pytest.mark.parametrize(
    ("lacking", "scenario"),
    [(lacking, scenario) for lacking in Capability for scenario in SCENARIOS if lacking in scenario.needs]
    + [(Capability.EARLY_MEDIA, BY_NAME["bridge_too_early"]), (Capability.RECORD_STEREO, BY_NAME["recording"])],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_backend_that_can_do_less_and_says_so_conforms(
    lacking: Capability, scenario: Scenario, tmp_path: Path
) -> None:
    backend = SimulatedBackend(VirtualClock(), capabilities=set(Capability) - {lacking})
    rig = SimulatedRig(backend, tmp_path)
    scenario.run(rig)
    legs = {event.leg_id for event in rig.collected}
    assert legs == {event.leg_id for event in rig.collected if isinstance(event, LegEnded)}


@pytest.mark.parametrize("lacking", sorted(set(Capability) - HARMLESS))
def test_the_kit_finds_a_backend_that_can_more_than_it_says(lacking: Capability, tmp_path: Path) -> None:
    class Boasting(SimulatedBackend):
        @property
        def capabilities(self) -> frozenset[Capability]:
            return frozenset(Capability) - {lacking}

    needing = next(scenario for scenario in SCENARIOS if lacking in scenario.needs)
    with pytest.raises(ScenarioFailed, match=r"was accepted instead|without \w+ no \w+ comes"):
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

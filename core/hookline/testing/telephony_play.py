"""What the scenarios of the conformance kit are written in: rooms, legs, waiting, and the rules that always hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from hookline.ports.telephony import (
    AnswererDetected,
    CallOffered,
    ConnectStation,
    DtmfReceived,
    HangupCause,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegKind,
    LegRinging,
    PlaceCall,
    PlayFinished,
    RecordingFinished,
    StationBack,
    StationKind,
    StationLost,
    TelephonyBackend,
    TelephonyError,
)
from hookline.ports.telephony import Play as PlaySound
from hookline.testing.telephony_rig import FarSide, Rig
from hookline.testing.tones import write_tones

PATIENCE_SECONDS = 10.0
"""How long a scenario waits for what should come soon."""

SETTLE_SECONDS = 0.3
"""How long it watches that nothing more comes."""

RING_SECONDS = 20.0
"""The ring timer where a scenario is not about it."""

E = TypeVar("E", bound=LegEvent)


class ScenarioFailed(AssertionError):
    """The backend broke the contract; the message says which rule, and lists the events there were."""


class Play:
    """One run of one scenario on a rig. `finish` hangs up whatever is left and checks the rules of every leg."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self._rooms: list[str] = []
        self._addresses: dict[str, str] = {}
        self._recordings: dict[str, str] = {}
        self._sounds: dict[str, str] = {}
        self._moves: Counter[str] = Counter()

    @property
    def backend(self) -> TelephonyBackend:
        """The backend under test."""
        return self.rig.backend

    # Doing.

    def room(self) -> str:
        """The id of a new conversation, closed at the end."""
        self._rooms.append(self.rig.fresh_id())
        return self._rooms[-1]

    def station(
        self,
        room: str,
        behaviour: str = "answers",
        ring_timeout_seconds: float = RING_SECONDS,
        kind: LegKind = LegKind.AGENT,
        station: StationKind = StationKind.SIP,
    ) -> str:
        """Ring a station into the room; returns the leg's id at once. One in a browser waits for `open_browser`."""
        leg_id, address = self.rig.fresh_id(), ""
        if station is not StationKind.BROWSER:
            phones = self.rig.number_station if station is StationKind.NUMBER else self.rig.station
            address = phones(behaviour)
        command = ConnectStation(
            conversation_id=room,
            leg_id=leg_id,
            address=address,
            caller_id=self.rig.caller_id,
            ring_timeout_seconds=ring_timeout_seconds,
            station=station,
            kind=kind,
            client_id=self.rig.client_id,
        )
        self.backend.connect_station(command)
        self._addresses[leg_id] = address
        return leg_id

    def open_browser(self, leg_id: str) -> None:
        """A browser takes up the leg, for the first time or again."""
        self._addresses[leg_id] = self.rig.open_browser(leg_id)

    def call(
        self, room: str, behaviour: str = "answers", ring_timeout_seconds: float = RING_SECONDS, **more: Any
    ) -> str:
        """Call a number from the room; returns the leg's id at once. `more` are further words of PlaceCall."""
        leg_id, number = self.rig.fresh_id(), self.rig.number(behaviour)
        self.backend.place_call(self._command(room, leg_id, number, ring_timeout_seconds, **more))
        self._addresses[leg_id] = number
        return leg_id

    def offered(self, headers: Mapping[str, str] | None = None) -> CallOffered:
        """Somebody calls in: the offer."""
        number = self.rig.caller(headers or {})

        def offers() -> list[CallOffered]:
            all_offers = (event for event in self.rig.collected if isinstance(event, CallOffered))
            return [event for event in all_offers if event.number == number]

        self.until("CallOffered comes with the caller's number", lambda: bool(offers()))
        offer = offers()[0]
        self._addresses[offer.leg_id] = number
        self._rooms.append(offer.conversation_id)
        return offer

    def answer(self, leg_id: str, room: str) -> None:
        """Answer an offer into the room."""
        self.backend.answer(leg_id, room)
        self._moves[leg_id] += 1

    def join(self, room: str, leg_id: str) -> None:
        """Bring the leg into the room."""
        self.backend.join(room, leg_id)
        self._moves[leg_id] += 1

    def transfer(self, room: str, leg_a: str, leg_b: str) -> str:
        """Let the two go on by themselves; the id of their new conversation."""
        new_room = self.room()
        self.backend.transfer(room, leg_a, leg_b, new_room)
        self._moves.update((leg_a, leg_b))
        return new_room

    def sound(self, hz: int, seconds: float) -> Path:
        """A WAV file with one tone."""
        path = self.rig.directory / f"{self.rig.fresh_id()}.wav"
        write_tones(path, [(seconds, [hz])])
        return path

    def play_sound(self, leg_id: str, path: Path, *, loop: bool = False, aloud: bool = False) -> str:
        """Play a file to the leg; the sound's id."""
        play_id = self.rig.fresh_id()
        self.backend.play(PlaySound(play_id=play_id, leg_id=leg_id, path=path, loop=loop, aloud=aloud))
        self._sounds[play_id] = leg_id
        return play_id

    def call_again(self, room: str, leg_id: str) -> None:
        """Place a second call under the id of a leg that there is."""
        self.backend.place_call(self._command(room, leg_id, self.rig.number("answers"), RING_SECONDS))

    def answered_station(self, room: str, kind: LegKind = LegKind.AGENT) -> str:
        """A station in the room that has answered."""
        leg_id = self.station(room, kind=kind)
        self.until_answered(leg_id)
        return leg_id

    def answered_call(self, room: str, behaviour: str = "answers", **more: Any) -> str:
        """A call from the room that has been answered."""
        leg_id = self.call(room, behaviour, **more)
        self.until_answered(leg_id)
        return leg_id

    def talk(self) -> tuple[str, str, str]:
        """A station and a customer in a new room, bridged: the room, the station's leg, the customer's leg."""
        room = self.room()
        agent = self.answered_station(room)
        customer = self.answered_call(room)
        self.backend.bridge(room, agent, customer)
        return room, agent, customer

    def record(self, room: str, leg_id: str) -> tuple[str, Path]:
        """Start to record; the recording's id and file."""
        recording_id = self.rig.fresh_id()
        path = self.rig.directory / f"{recording_id}.wav"
        self.backend.start_recording(room, leg_id, recording_id, path)
        self._recordings[recording_id] = leg_id
        return recording_id, path

    def _command(self, room: str, leg_id: str, number: str, ring_timeout_seconds: float, **more: Any) -> PlaceCall:
        return PlaceCall(
            conversation_id=room,
            leg_id=leg_id,
            number=number,
            caller_id=self.rig.caller_id,
            ring_timeout_seconds=ring_timeout_seconds,
            client_id=self.rig.client_id,
            **more,
        )

    def far(self, leg_id: str) -> FarSide:
        """The person at the other end."""
        return self.rig.far_side(leg_id, self._addresses[leg_id])

    def hears(self, listener: str, speaker: str) -> bool:
        """Whether the person on one leg hears the person on the other just now."""
        self.far(speaker)  # a rig may learn of the speaker only now
        return self.far(listener).hears(self._addresses[speaker])

    # Seeing.

    def events(self, leg_id: str, kind: type[E]) -> list[E]:
        """The leg's events of that kind."""
        return [event for event in self.rig.collected if event.leg_id == leg_id and isinstance(event, kind)]

    def _has_ended(self, leg_id: str) -> bool:
        return bool(self.events(leg_id, LegEnded))

    def until(self, what: str, predicate: Callable[[], bool], timeout_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait for it; ScenarioFailed, saying what was awaited, where it does not come."""
        if not self.rig.wait_for(predicate, timeout_seconds):
            raise self.failure(f"Waited {timeout_seconds} s in vain: {what}.")

    def until_answered(self, leg_id: str) -> LegAnswered:
        """Wait for the answer, and fail at once if the leg ends instead."""
        self.until(
            "the leg is answered",
            lambda: bool(self.events(leg_id, LegAnswered) or self.events(leg_id, LegEnded)),
        )
        answers = self.events(leg_id, LegAnswered)
        self.expect(bool(answers), "the leg is answered before it ends")
        return answers[0]

    def until_ended(self, leg_id: str, cause: HangupCause) -> LegEnded:
        """Wait for the end and check why it came."""
        self.until(f"the leg ends as {cause.value}", partial(self._has_ended, leg_id))
        ended = self.events(leg_id, LegEnded)[0]
        self.expect(ended.cause is cause, f"the leg ends as {cause.value}; it ended as {ended.cause.value}")
        return ended

    def until_heard(self, heard: Mapping[str, Collection[str]]) -> None:
        """Wait until each of these legs hears exactly those, of all who are named here."""
        named = sorted({*heard, *(speaker for speakers in heard.values() for speaker in speakers)})
        for listener, speakers in heard.items():
            for speaker in named:
                if speaker == listener:
                    continue
                hears = speaker in speakers
                words = f"{self._name(listener)} {'hears' if hears else 'does not hear'} {self._name(speaker)}"
                self.until(words, partial(self._hearing_is, listener, speaker, hears))

    def _hearing_is(self, listener: str, speaker: str, expected: bool) -> bool:
        return self.hears(listener, speaker) is expected

    def _name(self, leg_id: str) -> str:
        return f"leg {leg_id} ({self._addresses[leg_id]})"

    def until_played(self, play_id: str) -> PlayFinished:
        """Wait until the sound is over."""
        leg_id = self._sounds[play_id]

        def finished() -> list[PlayFinished]:
            return [event for event in self.events(leg_id, PlayFinished) if event.play_id == play_id]

        self.until("PlayFinished comes", lambda: bool(finished()))
        return finished()[0]

    def until_recorded(self, leg_id: str, recording_id: str) -> RecordingFinished:
        """Wait until the recording may be read."""

        def finished() -> list[RecordingFinished]:
            return [event for event in self.events(leg_id, RecordingFinished) if event.recording_id == recording_id]

        self.until("RecordingFinished comes", lambda: bool(finished()))
        return finished()[0]

    def until_digits(self, leg_id: str, digits: str) -> None:
        """Wait until these digits, and no others, have come in."""

        def pressed() -> str:
            return "".join(event.digit for event in self.events(leg_id, DtmfReceived))

        self.until(f"DtmfReceived for {digits}", lambda: len(pressed()) >= len(digits))
        self.rig.let_pass(SETTLE_SECONDS)
        self.expect(pressed() == digits, f"{digits} comes in; what came was {pressed()}")

    def expect(self, holds: bool, rule: str) -> None:
        """ScenarioFailed, naming the rule, unless it holds."""
        if not holds:
            raise self.failure(f"Broken: {rule}.")

    def refused(
        self, command: Callable[[], object], rule: str, kind: type[TelephonyError] = TelephonyError
    ) -> TelephonyError:
        """The command must raise this kind of error; returns it."""
        try:
            command()
        except kind as error:
            return error
        raise self.failure(f"Broken: {rule}; the command was accepted instead.")

    def failure(self, message: str) -> ScenarioFailed:
        """An error to raise, with the events of this play."""
        events = [event for event in self.rig.collected if event.leg_id in self._addresses]
        return ScenarioFailed("\n".join([message, f"Events ({len(events)}):", *map(str, events)]))

    # Closing.

    def finish(self) -> None:
        """Close the rooms, see every leg end, and check the rules that hold for any leg."""
        for room in self._rooms:
            self.backend.close_conversation(room)
        for leg_id in self._addresses:
            self.until("every leg ends", partial(self._has_ended, leg_id))
        for recording_id, leg_id in self._recordings.items():
            self.until_recorded(leg_id, recording_id)
        for play_id in self._sounds:
            self.until_played(play_id)
        self.rig.let_pass(SETTLE_SECONDS)
        for leg_id in self._addresses:
            for rule in broken_rules(self.events(leg_id, LegEvent), self._moves[leg_id]):
                raise self.failure(f"Leg {leg_id} broke a rule: {rule}.")

    def abandon(self) -> None:
        """After a failure: leave nothing behind for the next scenario."""
        for room in self._rooms:
            self.backend.close_conversation(room)
        self.rig.let_pass(SETTLE_SECONDS)


def broken_rules(events: list[LegEvent], moves: int = 0) -> list[str]:
    """Which rules of the port the complete events of one leg break; empty where they keep them all.

    `moves`: how often the leg was taken into another conversation.
    """
    names = [type(event) for event in events]
    answered = names.index(LegAnswered) if LegAnswered in names else len(names)
    recordings = [event.recording_id for event in events if isinstance(event, RecordingFinished)]
    sounds = [event.play_id for event in events if isinstance(event, PlayFinished)]
    stations = [kind for kind in names if kind in (StationLost, StationBack)]
    conversations = [key for key, _ in groupby(event.conversation_id for event in events)]
    # A recording may need a moment to close after the end of its leg, which LegEnded, coming later, tells of.
    times = [event.at for event in events if not isinstance(event, RecordingFinished)]
    rules = {
        "LegRinging comes at most once": names.count(LegRinging) <= 1,
        "LegAnswered comes at most once": names.count(LegAnswered) <= 1,
        "LegEnded comes exactly once": names.count(LegEnded) == 1,
        "LegEnded is the last event": LegEnded in names and names.index(LegEnded) == len(names) - 1,
        "LegRinging comes before LegAnswered": LegRinging not in names[answered:],
        "digits come only after the answer": DtmfReceived not in names[:answered],
        "RecordingFinished comes once for each recording": len(recordings) == len(set(recordings)),
        "PlayFinished comes once for each sound": len(sounds) == len(set(sounds)),
        "sounds end only after the answer": PlayFinished not in names[:answered],
        "CallOffered comes first": CallOffered not in names[1:],
        "AnswererDetected comes at most once, after the answer": AnswererDetected not in names[:answered]
        and names.count(AnswererDetected) <= 1,
        "StationLost and StationBack take turns": all(
            kind is (StationLost, StationBack)[number % 2] for number, kind in enumerate(stations)
        ),
        "the conversation is the one it was taken into": len(conversations) <= 1 + moves,
        "times are UTC": all(event.at.utcoffset() == timedelta(0) for event in events),
        "times do not run backwards": times == sorted(times),
        "the cause fits what came before": all(
            _cause_fits(event.cause, LegAnswered in names) for event in events if isinstance(event, LegEnded)
        ),
    }
    return [rule for rule, kept in rules.items() if not kept]


def _cause_fits(cause: HangupCause, answered: bool) -> bool:
    if cause in (HangupCause.LOST, HangupCause.FAILED):
        return True
    return answered == (cause in (HangupCause.NORMAL, HangupCause.LOCAL))

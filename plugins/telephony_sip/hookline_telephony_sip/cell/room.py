"""The room: legs, bridges and recordings of one conversation. Everything here runs on the owner thread."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pjsua2 as pj

from hookline_telephony_sip.causes import Asked
from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.cell.leg import END_GRACE_SECONDS, HOLD_RETRY_SECONDS, HOLD_TRIES, LINE_WAIT_SECONDS, Leg
from hookline_telephony_sip.cell.library import MAX_CALLS, NO_FREE_CALL, Library, Options
from hookline_telephony_sip.cell.links import (
    COMFORT,
    SILENCE,
    Recorded,
    leg_node,
    recording_node,
    wanted_links,
)
from hookline_telephony_sip.cell.mixer import Mixer
from hookline_telephony_sip.cell.native import (
    CallState,
    DigitHeard,
    Fact,
    HandlerFailed,
    NativeCall,
    SoundChanged,
    StateChanged,
    error_text,
)
from hookline_telephony_sip.cell.recording import Recording

Report = Callable[[msg.Message], None]


class Room:
    """Carries out commands, reads the library's facts, and keeps timers and connections right at each `turn`."""

    def __init__(self, library: Library, options: Options, report: Report) -> None:
        self._library = library
        self._clock_rate = options.clock_rate
        self._media_timeout = options.media_timeout
        self._report = report
        self._facts: deque[Fact] = deque()
        self._legs: dict[str, Leg] = {}
        self._bridges: set[frozenset[str]] = set()
        self._recordings: dict[str, Recording] = {}
        self._conversation = ""  # for the log
        self._players: dict[str, Any] = {
            COMFORT: library.player(options.comfort),
            SILENCE: library.player(options.silence),
        }
        self._mixer = Mixer(self._port_of, self._complain)

    @property
    def empty(self) -> bool:
        """Nothing is left that the library has to finish."""
        return not self._recordings and all(leg.call is None for leg in self._legs.values())

    def carry_out(self, command: msg.Message) -> None:
        """Do what the parent asks; a leg that has gone meanwhile is no error, its end is on its way."""
        match command:
            case msg.Dial():
                self._dial(command)
            case msg.HangUp(leg=name):
                self._end(name, Asked.COMMAND)
            case msg.Bridge(leg_a=one, leg_b=other):
                self._bridges.add(frozenset((one, other)))
            case msg.Hold(leg=name, on=on) if name in self._legs:
                self._legs[name].want_hold(on)
            case msg.Mute(leg=name, on=on) if name in self._legs:
                self._legs[name].muted = on
            case msg.SendDigits(leg=name, digits=digits):
                self._send_digits(name, digits)
            case msg.Measure(leg=name):
                self._measure(name)
            case msg.StartRecording():
                self._start_recording(command)
            case msg.StopRecording(recording=name) if name in self._recordings:
                self._close_recording(self._recordings[name])
            case _:
                self._complain(f"{type(command).__name__} came too late")

    def turn(self) -> None:
        """After each poll of the library: facts, timers, connections, reports."""
        while self._facts:
            self._take(self._facts.popleft())
        now = time.monotonic()
        for leg in list(self._legs.values()):
            self._run_timers(leg, now)
        self._mixer.apply(wanted_links(self._legs, self._bridges, self._recorded()))
        self._finish_recordings(now)
        for leg in list(self._legs.values()):
            self._report_end(leg)

    def close(self) -> None:
        """Ask for the end of everything; `empty` says when it is done."""
        for name in list(self._legs):
            self._end(name, Asked.COMMAND)
        for recording in self._recordings.values():
            self._close_recording(recording)

    def release(self) -> None:
        """Drop every object of the library's. Legs that it has not let go of are reported as ended."""
        for leg in self._legs.values():
            self._conclude(leg, 0, "")
            leg.call = None
        self._bridges.clear()
        self._mixer.apply(set())
        for leg in list(self._legs.values()):
            self._report_end(leg)
        self._players.clear()
        self._facts.clear()

    # --- commands ---

    def _dial(self, command: msg.Dial) -> None:
        now = time.monotonic()
        leg = Leg(command.leg, None, now + command.ring_timeout, command, now + LINE_WAIT_SECONDS, call_id=command.call)
        self._conversation = command.conversation
        self._legs[leg.name] = leg
        self._try_to_dial(leg, command)

    def _try_to_dial(self, leg: Leg, command: msg.Dial) -> None:
        if sum(other.call is not None for other in self._legs.values()) >= MAX_CALLS:
            return
        try:
            account = self._library.account(command.username, command.password)
            leg.call = NativeCall(account, leg.name, self._facts)
            leg.call.dial(command.uri, command.from_uri, command.headers)
        except pj.Error as error:
            leg.call = None
            if error.status != NO_FREE_CALL:
                self._complain(f"dialling: {error_text(error)}", leg.name)
                self._conclude(leg, 0, "")
            return
        leg.waiting = None

    def _end(self, name: str, asked: Asked) -> None:
        leg = self._legs.get(name)
        if leg is None or not leg.alive:
            return
        leg.asked = asked
        if leg.call is None:
            self._conclude(leg, 0, "")
            return
        leg.end_deadline = time.monotonic() + END_GRACE_SECONDS
        try:
            leg.call.end()
        except pj.Error as error:
            self._complain(f"hanging up: {error_text(error)}", name)

    def _send_digits(self, name: str, digits: str) -> None:
        leg = self._legs.get(name)
        if leg is None or leg.call is None or not leg.talking:
            self._complain("digits came too late", name)
            return
        try:
            leg.call.dialDtmf(digits)
        except pj.Error as error:
            self._complain(f"sending digits: {error_text(error)}", name)

    def _measure(self, name: str) -> None:
        leg = self._legs.get(name)
        self._report(msg.Measured(name, *(self._heard(leg) if leg else (0, 0))))

    def _heard(self, leg: Leg) -> tuple[int, int]:
        """RTP packets that have come in, and that are missing."""
        try:
            return leg.call.received() if leg.call is not None and leg.talking else (0, 0)
        except pj.Error as error:
            self._complain(f"measuring: {error_text(error)}", leg.name)
            return 0, 0

    def _start_recording(self, command: msg.StartRecording) -> None:
        leg = self._legs.get(command.leg)
        try:
            if leg is None or leg.ended is not None:
                raise ProcessLookupError
            recording = Recording(command.recording, command.leg, Path(command.path))
        except (pj.Error, ProcessLookupError) as error:
            self._complain(f"starting a recording: {error_text(error)}", command.leg)
            self._report(msg.Recorded(command.recording, msg.now_text(), 0.0, complete=False))
            return
        self._recordings[command.recording] = recording

    def _close_recording(self, recording: Recording) -> None:
        if not recording.closing:
            self._mixer.forget(recording_node(recording.name))
            recording.close(time.monotonic())

    # --- facts ---

    def _take(self, fact: Fact) -> None:
        leg = self._legs.get(fact.leg)
        if leg is None:
            return
        match fact:
            case StateChanged(state=CallState.GONE, code=code, reason=reason):
                self._conclude(leg, code, reason)
                leg.call = None
            case StateChanged(state=state):
                self._follow(leg, state)
            case SoundChanged(sound=sound):
                self._mixer.forget(leg_node(leg.name))
                leg.sound = sound
            case DigitHeard(digit=digit) if leg.alive:
                self._report(msg.Digit(leg.name, msg.now_text(), digit))
            case HandlerFailed(text=text):
                self._complain(text, leg.name)

    def _follow(self, leg: Leg, state: CallState) -> None:
        if not leg.alive:
            return  # its CANCEL and the answer have crossed; the library hangs up
        if state is CallState.RINGING and not leg.rang:
            leg.rang = True
            self._report(msg.Ringing(leg.name, msg.now_text()))
        elif state is CallState.ANSWERED and not leg.answered:
            leg.answered = True
            self._report(msg.Answered(leg.name, msg.now_text()))

    # --- timers, connections, ends ---

    def _run_timers(self, leg: Leg, now: float) -> None:
        if leg.alive and not leg.answered and now >= leg.ring_deadline:
            self._end(leg.name, Asked.RING_TIMER)
        if leg.alive and leg.waiting is not None:
            self._try_to_dial(leg, leg.waiting)
            if leg.waiting is not None and now >= leg.wait_deadline:
                self._complain("no free call in the cell", leg.name)
                self._conclude(leg, 0, "")
        if leg.ended is None and leg.end_deadline is not None and now >= leg.end_deadline:
            self._conclude(leg, 0, "")
        if leg.watch.due(now, self._media_timeout):
            self._watch_sound(leg, now)
        if leg.call is None or not leg.hold_due(now):
            return
        leg.hold_tries += 1
        leg.hold_retry_at = now + HOLD_RETRY_SECONDS
        try:
            leg.call.offer_hold(leg.held)
        except pj.Error as error:
            if leg.hold_tries == HOLD_TRIES:
                self._complain(f"hold: {error_text(error)}", leg.name)

    def _watch_sound(self, leg: Leg, now: float) -> None:
        packets = self._heard(leg)[0] if leg.expects_sound else None
        if leg.watch.looked(packets, now) >= self._media_timeout:
            self._complain("a leg has brought no sound for too long", leg.name)
            self._end(leg.name, Asked.NO_SOUND)

    def _conclude(self, leg: Leg, code: int, reason: str) -> None:
        """The leg is over for us; its report waits until its recordings are closed."""
        if leg.ended is not None:
            return
        self._mixer.forget(leg_node(leg.name))
        leg.ended = msg.Ended(leg.name, msg.now_text(), leg.answered, leg.asked, code, reason)
        self._bridges = {pair for pair in self._bridges if leg.name not in pair}
        for recording in self._recordings.values():
            if recording.leg == leg.name:
                self._close_recording(recording)

    def _report_end(self, leg: Leg) -> None:
        if leg.ended is None or any(item.leg == leg.name for item in self._recordings.values()):
            return
        if not leg.reported:
            leg.reported = True
            self._report(leg.ended)
        if leg.call is None:
            del self._legs[leg.name]

    def _finish_recordings(self, now: float) -> None:
        for recording in list(self._recordings.values()):
            done = recording.finished(now, self._clock_rate)
            if done is not None:
                del self._recordings[recording.name]
                self._report(msg.Recorded(recording.name, self._closed_at(recording), *done))

    def _closed_at(self, recording: Recording) -> str:
        """Now, or the end of its leg: that is reported after the recording, and times must not run backwards."""
        leg = self._legs.get(recording.leg)
        return leg.ended.at if leg is not None and leg.ended is not None else msg.now_text()

    def _recorded(self) -> list[Recorded]:
        return [Recorded(item.name, item.leg) for item in self._recordings.values() if not item.closing]

    def _port_of(self, node: str) -> Any:
        kind, _, name = node.partition(":")
        if kind == "rec":
            recording = self._recordings.get(name)
            return recording.port if recording else None
        if kind != "leg":
            return self._players.get(node)
        leg = self._legs.get(name)
        if leg is None or leg.call is None or not leg.talking:
            return None
        try:
            media = leg.call.getAudioMedia(-1)
            return media if media.getPortId() >= 0 else None  # the library asserts on a port that is none
        except pj.Error:
            return None  # the stream has gone; the fact that says so is on its way

    def _complain(self, text: str, name: str = "") -> None:
        leg = self._legs.get(name)
        self._report(msg.Note("warning", text, self._conversation, leg.call_id if leg else ""))

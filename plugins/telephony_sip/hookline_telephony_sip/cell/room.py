"""The room: legs, bridges, sounds and recordings of a cell. Everything here runs on the owner thread."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

import pjsua2 as pj

from hookline.ports.telephony import LegKind, SupervisionMode
from hookline_telephony_sip.causes import Asked
from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.cell.browser import BrowserDoor
from hookline_telephony_sip.cell.calls import Calls
from hookline_telephony_sip.cell.follow import follow
from hookline_telephony_sip.cell.leg import END_GRACE_SECONDS, LINE_WAIT_SECONDS, Leg
from hookline_telephony_sip.cell.library import Library, Options
from hookline_telephony_sip.cell.line import BrowserLine, Fact, Line
from hookline_telephony_sip.cell.links import Scene, leg_node, play_node, wanted_links
from hookline_telephony_sip.cell.mixer import Mixer
from hookline_telephony_sip.cell.native import NativeCall, error_text
from hookline_telephony_sip.cell.peers import Peers
from hookline_telephony_sip.cell.recordings import Recordings
from hookline_telephony_sip.cell.sounds import Sounds
from hookline_telephony_sip.cell.timers import run_timers
from hookline_telephony_sip.cell.wire import Wire

_LINKS_SECONDS = 0.1  # a sound that begins, or a port that was not ready, is looked at so often
Report = Callable[[msg.Message], None]


class Room:
    """Carries out commands, reads the lines' facts, and keeps timers and connections right at each `turn`."""

    def __init__(self, options: Options, report: Report) -> None:
        self.options = options
        self.report = report
        self.facts: deque[Fact] = deque()
        self.legs: dict[str, Leg] = {}
        self.bridges: set[frozenset[str]] = set()
        self._stale, self._links_at = True, 0.0
        self.calls = Calls(self.facts, self.complain)
        self.library = self.calls.library = Library(options, self.calls.take)
        self.recordings = Recordings(options.clock_rate, self.facts, report)
        self.browsers = BrowserDoor()
        self.mixer = Mixer(self._port_of, self.complain)

    def start(self) -> None:
        """Bring the library up. Raises pj.Error."""
        self.library.start()
        self.peers = Peers(self.options.signalling, self.library.port, self.complain)
        self.sounds = Sounds(self.library, self.options, self.report)

    @property
    def empty(self) -> bool:
        """Nothing is left that the library has to finish."""
        return self.recordings.empty and all(leg.line is None for leg in self.legs.values())

    def carry_out(self, command: msg.Message) -> None:
        """Do what the parent asks; a leg that has gone meanwhile is no error, its end is on its way."""
        self._stale = True
        match command:
            case msg.Dial():
                self._dial(command)
            case msg.Expect():
                self._expect(command)
            case msg.OpenBrowser():
                self._open_browser(command)
            case msg.BrowserSays():
                self._browser_says(command)
            case msg.OpenWire():
                self._open_wire(command)
            case msg.HangUp(leg=name):
                self.end(name, Asked.COMMAND)
            case _:
                self._move(command)

    def _move(self, command: msg.Message) -> None:
        match command:
            case msg.WireAnswered(leg=name) if name in self.legs:
                self.legs[name].answered = True
            case msg.AttachWire(leg=name) if name in self.legs:
                self._leave(name)
                self.legs[name].move(self.legs[name].conversation)
                self._try("joining", name, lambda: self.sounds.attach(name, command.here, command.there))
            case msg.DetachWire(leg=name):
                self.mixer.forget(self.sounds.detach(name))
            case msg.Move(leg=name, conversation=conversation) if name in self.legs:
                self._leave(name)
                self.legs[name].move(conversation)
            case msg.Transfer():
                self._transfer(command)
            case _:
                self._connect(command)

    def _connect(self, command: msg.Message) -> None:
        match command:
            case msg.Bridge(leg_a=one, leg_b=other):
                self.bridges.add(frozenset((one, other)))
            case msg.Unbridge(leg_a=one, leg_b=other):
                self.bridges.discard(frozenset((one, other)))
            case msg.Supervise(leg=name, mode=mode) if name in self.legs:
                self.legs[name].mode = SupervisionMode(mode)
            case msg.Hold(leg=name, on=on) if name in self.legs:
                self.legs[name].want_hold(on)
            case msg.Mute(leg=name, on=on) if name in self.legs:
                self.legs[name].muted = on
            case _:
                self._make_sound(command)

    def _make_sound(self, command: msg.Message) -> None:
        match command:
            case msg.PlaySound(play=play) if command.leg in self.legs:
                self.sounds.play(command)
            case msg.PlaySound(play=play):
                self.report(msg.Played(play, msg.now_text(), complete=False))
            case msg.StopPlay(play=play):
                self.sounds.stop(play)
            case msg.SendDigits(leg=name, digits=digits):
                self._send_digits(name, digits)
            case msg.Measure(leg=name):
                self.report(msg.Measured(name, *self.heard(self.legs.get(name))))
            case msg.StartRecording():
                problem = self.recordings.start(command, self.legs.get(command.leg))
                if problem:
                    self.complain(problem, command.leg)
            case msg.PauseRecording(recording=name, on=on):
                self._try("pausing a recording", "", lambda: self.recordings.pause(name, on, self.mixer))
            case msg.StopRecording(recording=name):
                self.recordings.close(name, self.mixer)
            case _:
                self.complain(f"{type(command).__name__} came too late")

    def turn(self) -> None:
        """After each poll of the library: facts, timers, connections, reports."""
        changed = bool(self.facts)
        while self.facts:
            follow(self, self.facts.popleft())
        now = time.monotonic()
        for leg in list(self.legs.values()):
            run_timers(self, leg, now)
        for node in self.sounds.finished(self.legs, now):
            self.mixer.forget(node)
            self._stale = True
        for name, answerer, after in self.sounds.verdicts(self.legs, now):
            self.report(msg.Detected(name, msg.now_text(), answerer, after))
        # Working out who hears whom is most of a turn's cost, and mostly nothing has changed.
        if changed or self._stale or now >= self._links_at:
            self._stale, self._links_at = False, now + _LINKS_SECONDS
            self.mixer.apply(self._wanted())
        self.sounds.forget_buried(now)
        self.recordings.turn(now)
        for leg in list(self.legs.values()):
            self._report_end(leg)

    def close(self) -> None:
        """Ask for the end of everything; `empty` says when it is done."""
        for name in list(self.legs):
            self.end(name, Asked.COMMAND)
        self.recordings.close_of(None, self.mixer)

    def release(self) -> None:
        """Drop every object of the library's. Legs that it has not let go of are reported as ended."""
        for leg in self.legs.values():
            self.conclude(leg, 0, "")
            leg.line = None
        self.bridges.clear()
        self.mixer.apply(set())
        for leg in list(self.legs.values()):
            self._report_end(leg)
        self.browsers.close()
        self.peers.close()
        self.sounds.clear()
        self.calls.clear()
        self.facts.clear()

    # --- what commands, facts and timers share ---

    def dial(self, leg: Leg) -> None:
        """Dial, unless the library has no free call now."""
        natives = sum(isinstance(other.line, NativeCall) for other in self.legs.values())
        route = leg.routes[0]
        self.peers.add_uri(self.options.proxy or route.uri)
        leg.waiting = not self.calls.dial(leg, route, leg.out_headers, natives)
        if not leg.waiting and route.reply_within:
            leg.reply_deadline = time.monotonic() + route.reply_within

    def dial_next(self, leg: Leg, code: int) -> bool:
        """Dial by the next route, where this failure asks for it and there is one; whether it was."""
        if not leg.next_route(code):
            return False
        self.calls.disown(leg)
        self.report(msg.Routed(leg.name, leg.routes[0].trunk))
        leg.wait_deadline = time.monotonic() + LINE_WAIT_SECONDS
        self.dial(leg)
        return True

    def end(self, name: str, asked: Asked) -> None:
        """End the leg, unless that is under way."""
        leg = self.legs.get(name)
        if leg is None or not leg.alive:
            return
        leg.asked = asked
        line = leg.line
        if line is None:
            self.conclude(leg, 0, "")
            return
        leg.end_deadline = time.monotonic() + END_GRACE_SECONDS
        self._try("hanging up", name, line.end)

    def conclude(self, leg: Leg, code: int, reason: str) -> None:
        """The leg is over for us; its report waits until its recordings are closed."""
        if leg.ended is not None:
            return
        self._stale = True
        partner = self.legs.get(leg.partner)
        leg.ended = msg.Ended(leg.name, msg.now_text(), leg.answered, leg.asked, code, reason)
        self._leave(leg.name)
        for play in self.sounds.stop_for(leg.name, leg.ended.at):
            self.mixer.forget(play_node(play))
        self.mixer.forget(leg_node(leg.name))
        self.mixer.forget(self.sounds.detach(leg.name))
        self.calls.gone(leg.name)
        if partner is not None and (leg.answered or not partner.answered):
            self.end(partner.name, Asked.COMMAND)

    def heard(self, leg: Leg | None) -> tuple[int, int]:
        """RTP packets that have come in, and that are missing."""
        try:
            return leg.line.received() if leg is not None and leg.line is not None and leg.talking else (0, 0)
        except pj.Error as error:
            self.complain(f"measuring: {error_text(error)}", leg.name if leg else "")
            return 0, 0

    def complain(self, text: str, name: str = "") -> None:
        """Into the log."""
        leg = self.legs.get(name)
        self.report(msg.Note("warning", text, leg.conversation if leg else "", leg.call_id if leg else ""))

    # --- commands ---

    def _dial(self, command: msg.Dial) -> None:
        now = time.monotonic()
        leg = Leg(command.leg, command.conversation, LegKind(command.kind), None, now + command.ring_timeout)
        leg.routes, leg.out_headers, leg.wait_deadline = list(command.routes), command.headers, now + LINE_WAIT_SECONDS
        leg.detect, leg.call_id = command.detect, command.call
        self.legs[leg.name] = leg
        self.dial(leg)

    def _expect(self, command: msg.Expect) -> None:
        deadline = time.monotonic() + command.patience
        leg = Leg(command.leg, command.conversation, LegKind.CUSTOMER, None, deadline, call_id=command.call)
        self.legs[leg.name] = leg
        self.calls.expect(command)
        self.report(msg.Expecting(leg.name, self.library.port))

    def _open_browser(self, command: msg.OpenBrowser) -> None:
        leg = Leg(command.leg, command.conversation, LegKind(command.kind), None, time.monotonic() + command.grace)
        self.legs[leg.name] = leg
        try:
            leg.line = self.browsers.open_line(command, self.facts, self.options.clock_rate)
        except pj.Error as error:
            self.complain(f"opening a browser's line: {error_text(error)}", leg.name)
            self.conclude(leg, 0, "")

    def _browser_says(self, command: msg.BrowserSays) -> None:
        leg = self.legs.get(command.leg)
        if leg is None or not leg.alive or not hasattr(leg.line, "hear"):
            self.report(msg.BrowserTold(command.leg, command.ticket, {}, "The leg is not there any more."))
            return
        line: BrowserLine = leg.line  # type: ignore[assignment]
        line.hear(command.ticket, command.body)

    def _open_wire(self, command: msg.OpenWire) -> None:
        self._settle(command.leg)
        leg = Leg(command.leg, command.conversation, LegKind(command.kind), None, float("inf"))
        leg.answered, leg.answered_at = command.answered, time.monotonic()
        self.legs[leg.name] = leg
        try:
            leg.line = Wire(leg.name, self.facts, self.sounds.new_wire(leg.name, command.here, command.there))
        except (OSError, pj.Error) as error:
            self.complain(f"joining: {error_text(error)}", leg.name)
            self.conclude(leg, 0, "")

    def _settle(self, name: str) -> None:
        """An earlier wire of the leg's may just have been closed: be done with it first."""
        while self.facts:
            follow(self, self.facts.popleft())
        if name in self.legs:
            self._report_end(self.legs[name])

    def _transfer(self, command: msg.Transfer) -> None:
        one, other = self.legs.get(command.leg_a), self.legs.get(command.leg_b)
        for leg in (one, other):
            if leg is not None and leg.ended is None:
                self._leave(leg.name)
                leg.move(command.conversation)
        if one is None or other is None or one.ended is not None or other.ended is not None:
            # One has gone before this came: the other must not be left alone, unless it may be taken elsewhere.
            if other is not None and other.ended is None:
                self.end(other.name, Asked.COMMAND)
            return
        one.partner, other.partner = other.name, one.name
        self.bridges.add(frozenset((one.name, other.name)))

    def _leave(self, name: str) -> None:
        """Its bridges end and its recordings close."""
        self.bridges = {pair for pair in self.bridges if name not in pair}
        self.recordings.close_of(name, self.mixer)
        for other in self.legs.values():
            if other.partner == name:
                other.partner = ""

    def _send_digits(self, name: str, digits: str) -> None:
        leg = self.legs.get(name)
        if leg is None or leg.line is None or not leg.talking:
            self.complain("digits came too late", name)
            return
        line: Line = leg.line
        self._try("sending digits", name, lambda: line.send_digits(digits))

    def _try(self, what: str, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except (pj.Error, OSError) as error:
            self.complain(f"{what}: {error_text(error)}", name)

    # --- connections, ends ---

    def _wanted(self) -> set[tuple[str, str]]:
        scene = Scene(
            legs=self.legs,
            bridges=self.bridges,
            wires=self.sounds.wires,
            plays=self.sounds.playing(),
            recordings=self.recordings.running(),
        )
        return wanted_links(scene) | self.sounds.ear_links()

    def _report_end(self, leg: Leg) -> None:
        if leg.ended is None or self.recordings.of(leg.name):
            return
        if not leg.reported:
            leg.reported = True
            self.report(leg.ended)
        if leg.line is None:
            del self.legs[leg.name]

    def _port_of(self, node: str) -> Any:
        kind, _, name = node.partition(":")
        if kind in ("left", "right"):
            return self.recordings.port(kind, name)
        if kind != "leg":
            return self.sounds.port(node)
        leg = self.legs.get(name)
        sounding = leg is not None and (leg.talking or leg.early)
        return leg.line.port() if sounding and leg is not None and leg.line is not None else None

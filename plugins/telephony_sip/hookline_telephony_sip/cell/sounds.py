"""Everything on the conference bridge that is no leg and no recording: players, sounds under way, wires, ears."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pjsua2 as pj

from hookline.ports.telephony import Answerer
from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.cell.ear import Ear
from hookline_telephony_sip.cell.leg import Leg
from hookline_telephony_sip.cell.library import Library, Options
from hookline_telephony_sip.cell.links import COMFORT, RINGBACK, SILENCE, Link, Playing, leg_node, play_node, wire_node
from hookline_telephony_sip.cell.wire import WirePort

_TAIL_SECONDS = 0.1  # a player is read ahead by a frame or two
_GRAVE_SECONDS = 0.5  # the clock thread may still be in a port's callback when it was disconnected


@dataclass
class Sounding:
    """A sound that was asked for. It begins when the leg talks."""

    command: msg.PlaySound
    player: Any = None
    ends_at: float | None = None


class Sounds:
    """Keeps them; `done` is told of each sound once, when it has ended."""

    def __init__(self, library: Library, options: Options, done: Callable[[msg.Played], None]) -> None:
        self._library = library
        self._options = options
        self._done = done
        self._plays: dict[str, Sounding] = {}
        self._wires: dict[str, WirePort] = {}
        self._ears: dict[str, Ear] = {}
        self._graves: list[tuple[float, Any]] = []
        self._players: dict[str, Any] = {
            COMFORT: library.player(options.comfort),
            SILENCE: library.player(options.silence),
            RINGBACK: library.player(options.ringback),
        }

    def port(self, node: str) -> Any:
        """The node's port, None where there is none."""
        kind, _, name = node.partition(":")
        match kind:
            case "play":
                sounding = self._plays.get(name)
                return sounding.player if sounding else None
            case "wire":
                return self._wires.get(name)
            case "ear":
                return self._ears.get(name)
        return self._players.get(node)

    # --- sounds ---

    def play(self, command: msg.PlaySound) -> None:
        """Begin as soon as the leg talks."""
        self._plays[command.play] = Sounding(command)

    def stop(self, play: str, at: str = "") -> None:
        """End a sound; one that is not there is no error."""
        sounding = self._plays.pop(play, None)
        if sounding is not None:
            sounding.player = None
            self._done(msg.Played(play, at or msg.now_text(), complete=False))

    def stop_for(self, leg: str, at: str) -> list[str]:
        """End what is played to the leg, which ended at that moment; the sounds' names."""
        names = [name for name, sounding in self._plays.items() if sounding.command.leg == leg]
        for name in names:
            self.stop(name, at)
        return names

    def playing(self) -> list[Playing]:
        """What sounds now."""
        return [
            Playing(name, sounding.command.leg, sounding.command.aloud)
            for name, sounding in self._plays.items()
            if sounding.player is not None
        ]

    def finished(self, legs: dict[str, Leg], now: float) -> list[str]:
        """Begin what may begin, end what is over; the nodes that are gone. Raises nothing: a bad file ends at once."""
        gone = []
        for name, sounding in list(self._plays.items()):
            leg = legs.get(sounding.command.leg)
            if sounding.player is None and leg is not None and leg.talking:
                self._begin(name, sounding, now)
            elif sounding.ends_at is not None and now >= sounding.ends_at:
                del self._plays[name]
                sounding.player = None
                gone.append(play_node(name))
                self._done(msg.Played(name, msg.now_text(), complete=True))
        return gone

    def _begin(self, name: str, sounding: Sounding, now: float) -> None:
        try:
            sounding.player = self._library.player(sounding.command.path, loop=sounding.command.loop)
        except pj.Error:
            self.stop(name)
            return
        if not sounding.command.loop:
            sounding.ends_at = now + sounding.command.seconds + _TAIL_SECONDS

    # --- wires ---

    @property
    def wires(self) -> list[str]:
        """Legs whose sound goes to another cell."""
        return list(self._wires)

    def new_wire(self, leg: str, here: str, there: str) -> WirePort:
        """A wire's end. Raises OSError, pj.Error."""
        return WirePort(f"wire {leg}", self._options.clock_rate, here, there)

    def attach(self, leg: str, here: str, there: str) -> None:
        """The leg's sound goes through a wire from now on. Raises OSError, pj.Error."""
        self._wires[leg] = self.new_wire(leg, here, there)

    def detach(self, leg: str) -> str:
        """Not any more; the node that is gone."""
        port = self._wires.pop(leg, None)
        if port is not None:
            port.close()
            self.bury(port)
        return wire_node(leg)

    def bury(self, port: Any) -> None:
        """Keep a port of Python's a moment longer."""
        self._graves.append((time.monotonic(), port))

    def forget_buried(self, now: float) -> None:
        """Let go of what was buried long enough."""
        self._graves = [(at, port) for at, port in self._graves if now - at < _GRAVE_SECONDS]

    # --- ears ---

    def listen(self, leg: str) -> None:
        """Find out who answered."""
        self._ears[leg] = Ear(leg, self._options.clock_rate)

    def ear_links(self) -> set[Link]:
        """What the ears are connected to."""
        return {(leg_node(name), f"ear:{name}") for name in self._ears}

    def verdicts(self, legs: dict[str, Leg], now: float) -> list[tuple[str, Answerer, float]]:
        """Legs of which it is known now who answered, and after how many seconds. Their ears are gone."""
        known = []
        for name, ear in list(self._ears.items()):
            leg = legs.get(name)
            if leg is None or not leg.alive:
                self.bury(self._ears.pop(name))
            elif (answerer := ear.verdict(leg.answered_at, now)) is not None:
                self.bury(self._ears.pop(name))
                known.append((name, answerer, time.monotonic() - leg.answered_at))
        return known

    def clear(self) -> None:
        """Drop every object of the library's."""
        for name in list(self._wires):
            self.detach(name)
        self._players.clear()
        self._plays.clear()
        self._ears.clear()
        self._graves.clear()

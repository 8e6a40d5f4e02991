"""Who hears whom: computed afresh from the room's state each time, so that no order of commands can leave a
forgotten connection behind. Pure; the room carries it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hookline.ports.telephony import LegKind, SupervisionMode

Link = tuple[str, str]
"""(from, to), each a node: `leg:ID`, `wire:LEG`, `play:ID`, `left:REC`, `right:REC`, or a player below."""

COMFORT = "comfort"  # what a leg on hold hears
SILENCE = "silence"  # keeps a recording's clock running while nobody speaks
RINGBACK = "ringback"  # stands for the network's ring tone where it sends none
Pair = frozenset[str]


class Voice(Protocol):
    """What matters of a leg here."""

    @property
    def talking(self) -> bool:
        """Answered, with sound flowing."""
        ...

    @property
    def early(self) -> bool:
        """Not answered, with sound of the network's."""
        ...

    @property
    def ringing(self) -> bool:
        """Not answered, without sound."""
        ...

    @property
    def held(self) -> bool:
        """Whether it is on hold."""
        ...

    @property
    def muted(self) -> bool:
        """Whether nobody hears it."""
        ...

    @property
    def kind(self) -> LegKind:
        """Whose leg it is."""
        ...

    @property
    def conversation(self) -> str:
        """The conversation it is in."""
        ...

    @property
    def mode(self) -> SupervisionMode:
        """How a supervisor takes part."""
        ...


@dataclass(frozen=True)
class Playing:
    """A sound that is played to a leg, and to its partners where it is aloud."""

    play: str
    leg: str
    aloud: bool = False


@dataclass(frozen=True)
class Recorded:
    """A recording (its piece's name) that is not paused, and the customer leg it belongs to."""

    recording: str
    leg: str


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Everything that decides who hears whom. `wires`: legs whose sound goes to another cell."""

    legs: Mapping[str, Voice]
    bridges: Iterable[Pair] = ()
    wires: Iterable[str] = ()
    plays: Iterable[Playing] = ()
    recordings: Iterable[Recorded] = ()
    _played_to: frozenset[str] = field(init=False, default=frozenset())

    def __post_init__(self) -> None:
        object.__setattr__(self, "_played_to", frozenset(play.leg for play in self.plays))

    def speaks(self, name: str) -> bool:
        """Whether others may hear it."""
        leg = self.legs.get(name)
        return leg is not None and (leg.talking or leg.early) and not leg.held and not leg.muted

    def present(self, name: str) -> bool:
        """Whether it takes part in what is said."""
        leg = self.legs.get(name)
        return leg is not None and leg.talking and not leg.held

    def listens(self, name: str) -> bool:
        """Whether it may hear others: not while something is played to it."""
        return self.present(name) and name not in self._played_to


def leg_node(leg: str) -> str:
    """The node of a leg."""
    return f"leg:{leg}"


def wire_node(leg: str) -> str:
    """The node of the wire that carries a leg's sound to another cell."""
    return f"wire:{leg}"


def play_node(play: str) -> str:
    """The node of a sound."""
    return f"play:{play}"


def recording_nodes(recording: str) -> tuple[str, str]:
    """The nodes of a recording: the customer's side, and that of everybody whom he hears."""
    return f"left:{recording}", f"right:{recording}"


def wanted_links(scene: Scene) -> set[Link]:
    """Every connection that should exist now."""
    pairs = [(one, other) for pair in scene.bridges for one, other in _both_ways(pair)]
    links = {link for one, other in pairs for link in _heard(scene, leg_node(one), one, leg_node(other), other)}
    links |= _supervised(scene, pairs)
    for name in scene.wires:
        links |= set(_heard(scene, leg_node(name), name, wire_node(name), None))
        links |= {(wire_node(name), leg_node(name))} if scene.listens(name) else set()
    links |= _played(scene, pairs)
    links |= _on_hold(scene)
    return links | _recorded(scene, links)


def _heard(scene: Scene, source: str, speaker: str, sink: str, listener: str | None) -> list[Link]:
    """What `listener` (None: whoever is at the wire's end) gets of `speaker`."""
    if listener is not None and not scene.listens(listener):
        return []
    leg = scene.legs.get(speaker)
    if leg is not None and leg.ringing and not leg.muted:
        return [(RINGBACK, sink)]
    return [(source, sink)] if scene.speaks(speaker) else []


def _supervised(scene: Scene, pairs: list[tuple[str, str]]) -> set[Link]:
    links: set[Link] = set()
    for name, leg in scene.legs.items():
        if leg.kind is not LegKind.SUPERVISOR or leg.mode is SupervisionMode.OFF:
            continue
        agents = {
            other
            for other, voice in scene.legs.items()
            if voice.kind is LegKind.AGENT and voice.conversation == leg.conversation
        }
        group = agents | {other for one, other in pairs if one in agents}
        group.discard(name)
        for other in group:
            links |= set(_heard(scene, leg_node(other), other, leg_node(name), name)) if scene.present(other) else set()
        told = {SupervisionMode.WHISPER: agents, SupervisionMode.BARGE: group}.get(leg.mode, set())
        for other in told - {name}:
            links |= set(_heard(scene, leg_node(name), name, leg_node(other), other))
    return links


def _played(scene: Scene, pairs: list[tuple[str, str]]) -> set[Link]:
    links: set[Link] = set()
    for play in scene.plays:
        leg = scene.legs.get(play.leg)
        if leg is None or not leg.talking:
            continue
        links.add((play_node(play.play), leg_node(play.leg)))
        if play.aloud:
            partners = {other for one, other in pairs if one == play.leg}
            links |= {(play_node(play.play), leg_node(other)) for other in partners if scene.present(other)}
    return links


def _on_hold(scene: Scene) -> set[Link]:
    played_to = {play.leg for play in scene.plays}
    return {
        (COMFORT, leg_node(name))
        for name, leg in scene.legs.items()
        if leg.talking and leg.held and name not in played_to
    }


def _recorded(scene: Scene, heard: set[Link]) -> set[Link]:
    links: set[Link] = set()
    for item in scene.recordings:
        left, right = recording_nodes(item.recording)
        links |= {(SILENCE, left), (SILENCE, right)}
        if scene.present(item.leg) and scene.speaks(item.leg):
            links.add((leg_node(item.leg), left))
        sources = {source for source, sink in heard if sink == leg_node(item.leg)} - {COMFORT, RINGBACK}
        links |= {(source, right) for source in sources}
    return links


def _both_ways(pair: Pair) -> list[tuple[str, str]]:
    one, other = sorted(pair)
    return [(one, other), (other, one)]

"""Who hears whom: computed afresh from the room's state each time, so that no order of commands can leave a
forgotten connection behind. Pure; the room carries it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

Link = tuple[str, str]
"""(from, to), each a node: `leg:ID`, `rec:ID`, or one of the two players below."""

COMFORT = "comfort"  # what a leg on hold hears
SILENCE = "silence"  # keeps a recording's clock running while nobody speaks


class Voice(Protocol):
    """What matters of a leg here."""

    @property
    def talking(self) -> bool:
        """Answered, with sound flowing."""
        ...

    @property
    def held(self) -> bool: ...

    @property
    def muted(self) -> bool: ...


@dataclass(frozen=True)
class Recorded:
    """A recording and the customer leg it belongs to."""

    recording: str
    leg: str


def leg_node(leg: str) -> str:
    """The node of a leg."""
    return f"leg:{leg}"


def recording_node(recording: str) -> str:
    """The node of a recording."""
    return f"rec:{recording}"


def wanted_links(
    legs: Mapping[str, Voice], bridges: Iterable[frozenset[str]], recordings: Iterable[Recorded]
) -> set[Link]:
    """Every connection that should exist now."""
    links = {(COMFORT, leg_node(name)) for name, leg in legs.items() if leg.talking and leg.held}
    pairs = [tuple(sorted(pair)) for pair in bridges if all(_open(legs, name) for name in pair)]
    for one, other in pairs:
        links |= {(leg_node(a), leg_node(b)) for a, b in ((one, other), (other, one)) if not legs[a].muted}
    for item in recordings:
        sink = recording_node(item.recording)
        links.add((SILENCE, sink))
        partners = {name for pair in pairs if item.leg in pair for name in pair}
        heard = {name for name in {item.leg, *partners} if _open(legs, name) and not legs[name].muted}
        links |= {(leg_node(name), sink) for name in heard}
    return links


def _open(legs: Mapping[str, Voice], name: str) -> bool:
    leg = legs.get(name)
    return leg is not None and leg.talking and not leg.held

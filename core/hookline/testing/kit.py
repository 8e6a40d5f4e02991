"""What the conformance kits for contributed parts share: named scenarios, played on a rig of the author's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Rig = TypeVar("Rig")


@dataclass(frozen=True)
class Scenario(Generic[Rig]):
    """One thing that the contract asks for. Names are unique within a kit and stay."""

    name: str
    play: Callable[[Rig], None]

    def run(self, rig: Rig) -> None:
        """Play it on a fresh rig; raises AssertionError that says what the part does not do."""
        self.play(rig)


def scenarios(*plays: Callable[[Rig], None]) -> list[Scenario[Rig]]:
    """Scenarios named as their functions, which begin with an underscore."""
    return [Scenario(play.__name__.strip("_"), play) for play in plays]


def expect(condition: object, words: str) -> None:
    """AssertionError with these words unless the condition holds (works where `assert` is switched off)."""
    if not condition:
        raise AssertionError(words)

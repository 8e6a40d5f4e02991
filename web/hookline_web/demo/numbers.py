"""Numbers that nobody has, and what happens when they are called: the last digit says it.

Polish ones begin, after the area code, with 0, where no subscriber's number does. German ones are those that the German
regulator keeps for films and books. All of them are valid to `phonenumbers`, and none leaves this machine: the demo's
trunk leads to the far end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CALLER_ID = "+48220000000"
TEST_NUMBER = "+48 22 000 99 90"
RING_SECONDS = 2.0

POLISH_AREAS = {
    "Warszawa": "22",
    "Kraków": "12",
    "Poznań": "61",
    "Wrocław": "71",
    "Gdańsk": "58",
    "Katowice": "32",
    "Łódź": "42",
    "Lublin": "81",
    "Szczecin": "91",
    "Białystok": "85",
}
GERMAN_BLOCKS = {
    "Berlin": "030 23125",
    "Hamburg": "040 66969",
    "München": "089 99998",
    "Köln": "0221 4710",
    "Frankfurt am Main": "069 90009",
}


@dataclass(frozen=True)
class Ending:
    """What a number with this last digit does: for people, and for the far end."""

    digit: int
    says: str
    behaviour: dict[str, Any]


def _answers(*clips: str, **more: Any) -> dict[str, Any]:
    sound = {"kind": "clip", "clips": list(clips), "pause_seconds": 4.0}
    return {"kind": "answer", "ring_seconds": RING_SECONDS, "sound": sound, **more}


ENDINGS = (
    Ending(0, "answers and talks", _answers("pl_hello", "pl_talk")),
    Ending(1, "is busy", {"kind": "busy", "ring_seconds": 0.5}),
    Ending(2, "rings, nobody answers", {"kind": "no_answer"}),
    Ending(3, "declines", {"kind": "decline", "ring_seconds": 3.0}),
    Ending(4, "answers, hangs up after 20 s", _answers("pl_hello", "pl_talk", hang_up_after_seconds=20.0)),
    Ending(5, "does not exist", {"kind": "invalid"}),
    Ending(6, "cannot be reached", {"kind": "unreachable", "ring_seconds": 0.5}),
    Ending(7, "answers (a woman's voice)", _answers("pl_hello_f", "pl_talk")),
    Ending(8, "answers and says no", _answers("pl_hello", "pl_no")),
    Ending(9, "answers after 8 s", _answers("pl_hello", "pl_talk") | {"ring_seconds": 8.0}),
)
#: The order in which they come along: the first contact answers, and most do.
PATTERN = (0, 7, 1, 0, 8, 2, 4, 0, 3, 9, 7, 5, 0, 6, 0, 8)


def polish(city: str, index: int, digit: int) -> str:
    """The index'th number of a city (0 to 999) as Poles write it; `digit` says what it does."""
    rest = f"000{index:03d}{digit}"
    return f"{POLISH_AREAS[city]} {rest[:3]} {rest[3:5]} {rest[5:]}"


def german(city: str, index: int, digit: int) -> str:
    """The index'th number of a city (0 to 99) as Germans write it."""
    return f"{GERMAN_BLOCKS[city]}{index:02d}{digit}"


def far_end_config(phones: list[str]) -> dict[str, Any]:
    """The far end's configuration: numbers by their last digit, and a phone for each agent that picks up by itself."""
    numbers = [{"ends": str(ending.digit), "behaviour": ending.behaviour} for ending in ENDINGS]
    quiet = {"kind": "comfort"}
    return {
        "numbers": numbers,
        "default": _answers("pl_hello", "pl_talk"),
        "phones": [{"name": name, "answer": "auto", "answer_after_seconds": 0.5, "sound": quiet} for name in phones],
    }

"""The people at the other end, each behaving as the test says of the address."""

from __future__ import annotations

from dataclasses import dataclass, field

WORD_SECONDS = 0.5
"""How long a person's first word is."""


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What happens at an address once it is called; seconds from the call, or from the answer where it says so.

    `outcome` is "answers" or one of `REFUSALS`, or "rings" for ever. `speech`: "tone" (all the time), "person" (a word,
    then silence), "machine" (without a pause), "silent". Digits in `presses` are pressed `presses_after` seconds after
    the answer.
    """

    outcome: str = "answers"
    rings_after: float = 0.1
    answers_after: float = 0.4
    hangs_up_after: float | None = None
    speech: str = "tone"
    presses: str = ""
    presses_after: float = 1.0


REFUSALS = {
    "busy": ("busy", 486),
    "declines": ("busy", 603),
    "invalid": ("failed", 404),
    "unreachable": ("failed", 503),
    "failed": ("failed", 500),
    "no_answer": ("no-answer", 480),
}
"""The status and the SIP code with which each refusal ends a call."""

ANSWERS = Behaviour()


@dataclass
class Person:
    """Who is at the other end of one call, the pitch of the voice (Hz), and what Say and digits have told them."""

    hertz: int
    behaviour: Behaviour = ANSWERS
    digits: str = ""
    told: list[str] = field(default_factory=list)
    gone: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    def speaks(self, seconds: float) -> bool:
        """Whether the voice is to be heard so many seconds after the answer."""
        if self.gone or self.behaviour.speech == "silent":
            return False
        return self.behaviour.speech != "person" or seconds < WORD_SECONDS

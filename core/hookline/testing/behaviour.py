"""How the far side of a simulated call behaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hookline.ports.telephony import Answerer, HangupCause

CODES: dict[HangupCause, tuple[int, str]] = {
    HangupCause.BUSY: (486, "Busy Here"),
    HangupCause.NO_ANSWER: (480, "Temporarily Unavailable"),
    HangupCause.DECLINED: (603, "Decline"),
    HangupCause.INVALID_NUMBER: (404, "Not Found"),
    HangupCause.UNREACHABLE: (503, "Service Unavailable"),
    HangupCause.FAILED: (500, "Server Internal Error"),
}
"""The causes a network can refuse a call with, and the words it uses for them."""


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What happens at the other end once it is called. All durations in seconds.

    `rings_after_seconds` and `answers_after_seconds` count from the command, `hangs_up_after_seconds` and
    `presses_after_seconds` from the answer; None means never. With `cause` the call is refused for that reason
    `refuses_after_seconds` after the command, instead of being answered. `silent` answers and says nothing.
    `presses` are the digits it presses, all at once. With `early_media` it is heard before its answer, as an
    announcement is. `answerer` is who answers, found out `answerer_after_seconds` after the answer where somebody
    asks. `headers` come with the answer.
    """

    rings_after_seconds: float | None = 0.5
    answers_after_seconds: float | None = 2.0
    hangs_up_after_seconds: float | None = None
    cause: HangupCause | None = None
    refuses_after_seconds: float = 1.0
    silent: bool = False
    presses: str = ""
    presses_after_seconds: float = 1.0
    early_media: bool = False
    answerer: Answerer = Answerer.PERSON
    answerer_after_seconds: float = 0.8
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """ValueError for a behaviour no network shows."""
        if self.cause is not None and self.cause not in CODES:
            raise ValueError(f"A far side cannot refuse with {self.cause.value}; it can with {sorted(CODES)}.")
        durations = (
            self.rings_after_seconds,
            self.answers_after_seconds,
            self.hangs_up_after_seconds,
            self.refuses_after_seconds,
            self.presses_after_seconds,
            self.answerer_after_seconds,
        )
        if any(seconds is not None and seconds < 0 for seconds in durations):
            raise ValueError("A duration of a behaviour is negative.")


ANSWERS = Behaviour()
ANSWERS_AND_HANGS_UP = Behaviour(hangs_up_after_seconds=3.0)
ANSWERS_SILENTLY = Behaviour(silent=True)
NO_ANSWER = Behaviour(answers_after_seconds=None)
ANNOUNCES = Behaviour(answers_after_seconds=None, early_media=True)
ANSWERS_LATE = Behaviour(answers_after_seconds=4.0)
MACHINE = Behaviour(answerer=Answerer.MACHINE)
BUSY = Behaviour(rings_after_seconds=None, cause=HangupCause.BUSY)
DECLINED = Behaviour(cause=HangupCause.DECLINED)
INVALID = Behaviour(rings_after_seconds=None, cause=HangupCause.INVALID_NUMBER)
UNREACHABLE = Behaviour(rings_after_seconds=None, cause=HangupCause.UNREACHABLE)
FAILED = Behaviour(rings_after_seconds=None, cause=HangupCause.FAILED)
STATION_ANSWERS = Behaviour(rings_after_seconds=0.1, answers_after_seconds=0.5)

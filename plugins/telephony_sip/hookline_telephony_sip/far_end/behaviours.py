"""What a number does when it is called, and the script that does it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from hookline_telephony_sip.sip.transactions import LIFETIME

from . import audio
from .audio import Playing, Source

RINGS_AT_MOST = 600.0  # seconds: the caller may have died, and nothing rings for ever

REFUSALS = {
    "busy": (486, "Busy Here"),
    "decline": (603, "Decline"),
    "invalid": (404, "Not Found"),
    "unreachable": (503, "Service Unavailable"),
}


@dataclass(frozen=True, kw_only=True)
class SoundSpec:
    """What is said. `kind` is clip, tone, silence, comfort, ringback or echo; the other fields belong to clip and tone.

    Clips are said one after the other, each followed by `pause_seconds`; with `repeat` from the start again.
    """

    kind: str = "comfort"
    frequency: float = 440.0
    amplitude: float = 0.3
    clips: tuple[str, ...] = ()
    pause_seconds: float = 1.0
    repeat: bool = True

    def source(self) -> Source:
        """A fresh source for one call."""
        if self.kind == "echo":
            return audio.Echo()
        if self.kind == "clip":
            return Playing(audio.clips(self.clips, self.pause_seconds), repeat=self.repeat)
        if self.kind == "tone":
            return Playing(audio.tone(self.frequency, self.amplitude), repeat=True)
        fixed = {"silence": audio.silence, "comfort": audio.comfort, "ringback": audio.ringback}
        return Playing(fixed[self.kind](), repeat=True)


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What a number or phone does.

    `kind`: answer; no_answer (rings until the caller gives up, or 480 after `gives_up_after_seconds`); busy 486;
    decline 603; invalid 404; unreachable 503; status (any final `status`); silent (never sends a single reply).
    `ring_seconds` is the ringing before the answer or refusal; None rings until the control channel says `answer`.
    With `early_media` ringback is heard (183) while it rings, or `early_sound`.
    `headers` are given with the answer. `hang_up_after_seconds` counts from the answer, None
    stays until the other side hangs up.
    """

    kind: str = "answer"
    ring_seconds: float | None = 1.0
    sound: SoundSpec = field(default_factory=SoundSpec)
    early_media: bool = False
    hang_up_after_seconds: float | None = None
    gives_up_after_seconds: float | None = None
    status: int = 500
    reason: str = ""
    early_sound: SoundSpec | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Scripted(Protocol):
    """The call, as far as a script needs it."""

    def ring(self) -> None:
        """Send 180."""

    def ring_with_media(self, source: Source) -> None:
        """Send 183 and let the caller hear the source."""

    def refuse(self, status: int, reason: str = "") -> None:
        """Send a final refusal."""

    def answer(self, source: Source, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Send 200 with these headers and say the source."""

    async def told_to_answer(self) -> None:
        """Wait for the control channel's `answer`."""

    async def confirmed(self) -> None:
        """Wait for the caller's ACK."""

    def hang_up(self, by: str) -> None:
        """End the call from our side."""


async def play(call: Scripted, behaviour: Behaviour) -> None:
    """Do what the behaviour says; the task is cancelled when the call ends otherwise."""
    await _SCRIPTS.get(behaviour.kind, _refuse)(call, behaviour)


async def _answer(call: Scripted, behaviour: Behaviour) -> None:
    if behaviour.early_media or behaviour.early_sound:
        call.ring_with_media((behaviour.early_sound or SoundSpec(kind="ringback")).source())
    elif behaviour.ring_seconds != 0:
        call.ring()
    await _wait_until_told(call, behaviour.ring_seconds)
    call.answer(behaviour.sound.source(), behaviour.headers)
    if behaviour.hang_up_after_seconds is not None:
        await call.confirmed()
        await asyncio.sleep(behaviour.hang_up_after_seconds)
        call.hang_up("far_end")


async def _wait_until_told(call: Scripted, seconds: float | None) -> None:
    """The control channel may answer earlier than the behaviour would."""
    try:
        await asyncio.wait_for(call.told_to_answer(), RINGS_AT_MOST if seconds is None else seconds)
    except TimeoutError:
        return


async def _no_answer(call: Scripted, behaviour: Behaviour) -> None:
    if behaviour.early_sound:
        call.ring_with_media(behaviour.early_sound.source())
    else:
        call.ring()
    limit = behaviour.gives_up_after_seconds
    await asyncio.sleep(RINGS_AT_MOST if limit is None else limit)
    call.refuse(480)


async def _silent(call: Scripted, behaviour: Behaviour) -> None:
    """Nothing at all: the caller's own timers must notice. Then there is nobody left to be silent to."""
    await asyncio.sleep(LIFETIME)
    call.hang_up("signalling_timeout")


async def _refuse(call: Scripted, behaviour: Behaviour) -> None:
    if behaviour.ring_seconds:
        call.ring()
        await asyncio.sleep(behaviour.ring_seconds)
    status, reason = REFUSALS.get(behaviour.kind, (behaviour.status, behaviour.reason))
    call.refuse(status, reason)


_SCRIPTS: dict[str, Callable[[Scripted, Behaviour], Awaitable[None]]] = {
    "answer": _answer,
    "no_answer": _no_answer,
    "silent": _silent,
}
KINDS = ("answer", "no_answer", "silent", "status", *REFUSALS)
SOUNDS = ("clip", "tone", "silence", "comfort", "ringback", "echo")

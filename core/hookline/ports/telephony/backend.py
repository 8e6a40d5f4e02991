"""The telephony port's backend: what Hookline asks of a telephone backend, and what it is told back.

A backend translates its vendor's callbacks into the plain-data `LegEvent`s and nothing else: it decides
nothing, runs no hook, and hands events to one sink. Legs and conversations carry *our* ids.

A **conversation** is the room in which legs hear each other: the agent's leg lives there between calls, the
customer's leg comes and goes. `conversation_id` is chosen by the caller; the backend makes the room at the first
command that names it and frees it at `close_conversation`. A room that the backend made up itself (for a call that
comes in), or that `transfer` made, is freed when its last leg has left it or ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from hookline.ports.telephony.commands import ConnectStation, PlaceCall, Play
from hookline.ports.telephony.events import EventSink
from hookline.ports.telephony.words import Capability, SupervisionMode


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that keeps a backend from dialling, said to the person who can mend it."""

    id: str
    message: str
    advice: str


class TelephonyBackend(Protocol):
    """One way of telephoning. Every method may be called from any thread and returns quickly: results come as events.

    Commands about a leg that has ended raise `NoSuchLeg`; commands that cannot be carried out now raise
    `TelephonyError`. Accepted commands always lead to events, `LegEnded` last.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    #: Address of the script module of its browser phone below the site's root; empty without BROWSER_STATION.
    browser_module: ClassVar[str]

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this backend can do."""
        ...

    def start(self, sink: EventSink) -> None:
        """Begin; `sink` gets every event, from a thread of the backend's. Called once."""
        ...

    def stop(self) -> None:
        """Hang up everything, release processes and sockets. Blocks until done, at most some seconds."""
        ...

    def problems(self, client_id: int | None) -> list[Problem]:
        """What keeps calls for this client from going out (no trunk, missing package); empty when ready."""
        ...

    def default_caller_id(self, client_id: int | None) -> str | None:
        """The caller ID that the network side expects where a campaign names none."""
        ...

    def inbound_lines(self, client_id: int | None) -> Mapping[str, str]:
        """By which lines calls for this client may come in: what `CallOffered.line` will say, and its title for people.

        Empty without INBOUND, or where no line takes calls.
        """
        ...

    def dial_strings(self, number: str, client_id: int | None) -> list[str]:
        """What the network would be asked for, were this number (E.164) called now: one string for each line it may
        go out by, the line's prefix included. The dial gate judges each; empty where no line would carry it.
        """
        ...

    def place_call(self, command: PlaceCall) -> None:
        """Place a leg. **Called by the dial gate and nobody else** (an architecture test holds this)."""
        ...

    def answer(self, leg_id: str, conversation_id: str) -> None:
        """Answer an offered call into this conversation, which may be an agent's; LegAnswered follows."""
        ...

    def connect_station(self, command: ConnectStation) -> None:
        """Connect a person's station."""
        ...

    def browser_message(self, leg_id: str, message: Mapping[str, object]) -> Mapping[str, object]:
        """What the browser's phone (`browser_module`) says to its backend about its leg, and the answer to it.

        For SIP: an offer (SDP) and its answer. May take up to a second; raises TelephonyError.
        """
        ...

    def hang_up(self, leg_id: str) -> None:
        """End the leg, whatever its state: CANCELLED before the answer, LOCAL after it."""
        ...

    def bridge(self, conversation_id: str, leg_a: str, leg_b: str) -> None:
        """Let two legs of the conversation hear each other; three pairs are a conference.

        With EARLY_MEDIA a leg may be bridged before its answer; else both must be answered.
        """
        ...

    def unbridge(self, conversation_id: str, leg_a: str, leg_b: str) -> None:
        """Take back `bridge`; legs that are not bridged are no error."""
        ...

    def join(self, conversation_id: str, leg_id: str) -> None:
        """Bring an answered leg of another conversation into this one; from now on events and commands name it here.

        Its bridges, hold and mute end and its recordings close. The agent hears it within 0.5 s of the `bridge` that
        follows.
        """
        ...

    def transfer(self, conversation_id: str, leg_a: str, leg_b: str, new_conversation_id: str) -> None:
        """Let two legs go on with each other in a conversation of their own; the agent's leg stays where it is.

        `leg_b` may still ring: `leg_a` then hears its ringing, and both are bridged at the answer. Once they are
        bridged the end of one hangs up the other; a `leg_b` that ends unanswered leaves `leg_a` where it is, for
        the caller to play it something, join it to another conversation, or hang it up. When `leg_a` ends while
        `leg_b` rings, `leg_b` is hung up. Their other bridges, hold and mute
        end; recordings of `leg_a` close.
        """
        ...

    def supervise(self, leg_id: str, mode: SupervisionMode) -> None:
        """Set how a supervisor's leg takes part in its conversation, for the calls that are there and that come.

        It hears, and is heard by, the agent's leg and those bridged with it; nobody who is on hold.
        """
        ...

    def play(self, command: Play) -> None:
        """Play a sound to an answered leg. Over what it hears else, which goes on more quietly or not at all."""
        ...

    def stop_play(self, play_id: str) -> None:
        """Stop a sound; one that has ended is no error."""
        ...

    def hold(self, leg_id: str, on: bool) -> None:
        """Put the leg on hold or take it back. Held, it hears nobody but what is played to it, and nobody hears it."""
        ...

    def mute(self, leg_id: str, on: bool) -> None:
        """Stop (or resume) what this leg says from reaching the others; it goes on hearing them."""
        ...

    def send_dtmf(self, leg_id: str, digits: str) -> None:
        """Send digits (0-9 * # A-D) to the far side of this leg (RFC 4733)."""
        ...

    def start_recording(self, conversation_id: str, leg_id: str, recording_id: str, path: Path) -> None:
        """Record the conversation with this customer leg into a WAV file at `path`.

        With RECORD_STEREO the customer is on the left, everybody whom he hears on the right; a supervisor's whisper
        is on neither.
        """
        ...

    def pause_recording(self, recording_id: str, on: bool) -> None:
        """Leave out what is said from now on (a card number), or go on. The gap is marked by a tone and told.

        Pausing twice is one pause.
        """
        ...

    def stop_recording(self, recording_id: str) -> None:
        """Close the recording. It also closes by itself when its leg ends."""
        ...

    def close_conversation(self, conversation_id: str) -> None:
        """Hang up the legs that are left and free the room. Naming an unknown one is no error."""
        ...


@runtime_checkable
class MendsRecordings(Protocol):
    """What a backend can do besides that writes a recording in pieces until it ends."""

    def mend_recording(self, path: Path) -> Sequence[tuple[float, float]]:
        """Make the WAV file at `path` of what a dead process left, where there is something to make it of.

        Asked at start, before `start`, for recordings that were begun and never told of as finished. Returns the gaps:
        (second in the file, length of the pause, 0 where that is not known). Raises TelephonyError, retryable where
        the recording is still being written; may take some seconds then.
        """
        ...


@runtime_checkable
class ReachesBrowsersElsewhere(Protocol):
    """What a backend says besides whose browser phone (`browser_module`) speaks with other hosts than this site."""

    @property
    def browser_hosts(self) -> Sequence[str]:
        """The origins that pages may connect to, like "wss://*.example.com"; scripts come from this site alone."""
        ...

"""Recordings of calls: what was said on each side, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tests.plugins.telephony_twilio.standin.hearing import heard_pitches
from tests.plugins.telephony_twilio.standin.media import Piece, wav
from tests.plugins.telephony_twilio.standin.world import API_VERSION, Webhook, World, rfc2822

if TYPE_CHECKING:
    from tests.plugins.telephony_twilio.standin.calls import Call

PROCESSING_SECONDS = 0.5
"""How long a closed recording takes to be ready."""


@dataclass(eq=False)
class Recording:
    """One recording of a call's leg: left what its person says, right what is sent to them."""

    world: World
    call: Call
    callback: Webhook
    channels: int
    track: str = "both"
    source: str = "StartCallRecordingAPI"
    status: str = "in-progress"
    skips: bool = False
    pieces: list[Piece] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin."""
        self.sid = self.world.sid("RE")
        self.account = self.call.account
        self.started_at: datetime = self.world.now()
        self.updated_at: datetime = self.started_at
        self.world.recordings[self.sid] = self
        self._since, self._sides = self.world.now(), self._heard()
        self.tell("in-progress")

    def is_running(self) -> bool:
        """Whether something is being said into it."""
        return self.status == "in-progress"

    @property
    def seconds(self) -> float:
        """The length of what there is."""
        return sum(seconds for seconds, _, _ in self.pieces)

    def note(self) -> None:
        """Close a piece: from now on the sides may say something else."""
        now = self.world.now()
        lasted = (now - self._since).total_seconds()
        if lasted > 0 and self.status == "in-progress":
            self.pieces.append((lasted, *self._sides))
        elif lasted > 0 and self.status == "paused" and not self.skips:
            self.pieces.append((lasted, frozenset(), frozenset()))
        self._since, self._sides = now, self._heard()

    def pause(self, behaviour: str) -> None:
        """Leave out what is said, by silence or by leaving the time out, too (`skip`)."""
        self.note()
        self.status, self.skips = "paused", behaviour == "skip"

    def go_on(self) -> None:
        """Record again."""
        self.note()
        self.status = "in-progress"

    def stop(self, *, tell: bool = True) -> None:
        """Close it; a moment later it can be fetched."""
        if self.status not in ("in-progress", "paused"):
            return
        self.note()
        self.status = "processing"
        if tell:
            self.world.later(PROCESSING_SECONDS, self._ready)
        else:
            self.status = "completed"

    def media(self, channels: int) -> bytes:
        """The WAV."""
        return wav(self.pieces, min(channels, self.channels))

    def tell(self, status: str) -> None:
        """Send the callback, where it was asked for."""
        self.updated_at = self.world.now()
        if not self.callback or status not in self.callback.events:
            return
        words = {
            "AccountSid": self.account.sid,
            "CallSid": self.call.sid,
            "RecordingSid": self.sid,
            "RecordingUrl": f"https://api.twilio.com/{API_VERSION}/Accounts/{self.account.sid}/Recordings/{self.sid}",
            "RecordingStatus": status,
            "RecordingChannels": str(self.channels),
            "RecordingSource": self.source,
            "RecordingTrack": self.track,
            "RecordingStartTime": rfc2822(self.started_at),
        }
        if status == "completed":
            words["RecordingDuration"] = str(round(self.seconds))
        self.world.tell(self.account, self.call.sid, self.callback, words)

    def _ready(self) -> None:
        self.status = "completed" if self.pieces else "absent"
        self.tell(self.status)

    def _heard(self) -> tuple[frozenset[int], frozenset[int]]:
        said = frozenset({self.call.person.hertz}) if self.call.speaks() else frozenset()
        return said, heard_pitches(self.call)

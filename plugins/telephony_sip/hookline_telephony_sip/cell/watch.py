"""Notices a peer that has vanished: no BYE comes, only the RTP stops. Pure; the room looks and acts."""

from __future__ import annotations

from dataclasses import dataclass

_LOOKS = 8  # so often within the limit; each look costs one question to the library
_LONGEST_SECONDS = 1.0


@dataclass
class SoundWatch:
    """What is known of one leg's incoming sound."""

    packets: int = -1
    heard_at: float = 0.0
    look_at: float = 0.0

    def due(self, now: float, limit: float) -> bool:
        """Whether to look now; never where the limit is 0. The answer is owed to `looked`."""
        if limit <= 0 or now < self.look_at:
            return False
        self.look_at = now + min(_LONGEST_SECONDS, limit / _LOOKS)
        return True

    def looked(self, packets: int | None, now: float) -> float:
        """For how many seconds sound has been missing. None: nobody expects any now (hold, not answered)."""
        # Another number and not only a higher one: a re-INVITE begins a new stream, which counts from nothing.
        if packets is None or packets != self.packets:
            self.packets, self.heard_at = (-1 if packets is None else packets), now
        return now - self.heard_at

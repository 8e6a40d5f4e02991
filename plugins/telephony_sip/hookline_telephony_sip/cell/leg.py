"""What the cell knows of one leg."""

from __future__ import annotations

from dataclasses import dataclass, field

from hookline_telephony_sip.causes import Asked
from hookline_telephony_sip.cell.messages import Dial, Ended
from hookline_telephony_sip.cell.native import NativeCall, Sound
from hookline_telephony_sip.cell.watch import SoundWatch

HOLD_RETRY_SECONDS = 0.5  # a re-INVITE may cross the far side's own
HOLD_TRIES = 6
END_GRACE_SECONDS = 1.0  # the library reports the end at once; a leg must not hang where it does not
LINE_WAIT_SECONDS = 5.0  # the library keeps a call that was hung up until the far side has confirmed it


@dataclass
class Leg:
    """One leg. `call` stays until the library says that it is gone, which may be after the end was reported."""

    name: str
    call: NativeCall | None
    ring_deadline: float
    waiting: Dial | None = None  # not dialled yet, as the library has no free call
    wait_deadline: float = 0.0
    answered: bool = False
    rang: bool = False
    asked: Asked = Asked.NOBODY
    end_deadline: float | None = None
    sound: Sound = Sound.NONE
    held: bool = False
    muted: bool = False
    hold_tries: int = 0
    hold_retry_at: float = 0.0
    ended: Ended | None = None
    reported: bool = field(default=False)
    watch: SoundWatch = field(default_factory=SoundWatch)
    call_id: str = ""  # for the log

    @property
    def talking(self) -> bool:
        """Answered, not ended, with an audio stream."""
        return self.answered and self.ended is None and self.sound is not Sound.NONE

    @property
    def alive(self) -> bool:
        """Whether commands still mean something to it."""
        return self.ended is None and self.asked is Asked.NOBODY

    @property
    def expects_sound(self) -> bool:
        """Whether the far side should be sending RTP now: not on hold, whoever asked for that."""
        return self.alive and self.answered and not self.held and self.sound is Sound.ACTIVE

    def want_hold(self, on: bool) -> None:
        """Remember the wish; the re-INVITE follows as soon as the dialogue allows one."""
        self.held, self.hold_tries, self.hold_retry_at = on, 0, 0.0

    def hold_due(self, now: float) -> bool:
        """Whether a re-INVITE should be tried now."""
        if not (self.alive and self.answered) or self.sound is Sound.NONE:
            return False
        if (self.sound is Sound.LOCAL_HOLD) is self.held:
            return False
        return self.hold_tries < HOLD_TRIES and now >= self.hold_retry_at

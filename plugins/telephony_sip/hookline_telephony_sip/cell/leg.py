"""What the cell knows of one leg."""

from __future__ import annotations

from dataclasses import dataclass, field

from hookline.ports.telephony import LegKind, SupervisionMode
from hookline_telephony_sip.causes import FAIL_OVER_CODES, Asked
from hookline_telephony_sip.cell.line import Line, Sound
from hookline_telephony_sip.cell.messages import Ended, Route
from hookline_telephony_sip.cell.watch import SoundWatch

HOLD_RETRY_SECONDS = 0.5  # a re-INVITE may cross the far side's own
HOLD_TRIES = 6
END_GRACE_SECONDS = 1.0  # the library reports the end at once; a leg must not hang where it does not
LINE_WAIT_SECONDS = 5.0  # the library keeps a call that was hung up until the far side has confirmed it


@dataclass
class Leg:
    """One leg. `line` stays until it says that it is gone, which may be after the end was reported."""

    name: str
    conversation: str
    kind: LegKind
    line: Line | None
    ring_deadline: float
    waiting: bool = False  # not dialled yet, as the library has no free call
    routes: list[Route] = field(default_factory=list)  # the first is the one in use
    out_headers: dict[str, str] = field(default_factory=dict)
    wait_deadline: float = 0.0
    reply_deadline: float | None = None  # the trunk must have said something by then
    detect: bool = False
    mode: SupervisionMode = SupervisionMode.OFF
    partner: str = ""  # the leg with which it was transferred, and goes when that goes
    answered: bool = False
    answered_at: float = 0.0
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
    headers: dict[str, str] = field(default_factory=dict)  # custom ones, of its answer
    call_id: str = ""  # for the log

    @property
    def talking(self) -> bool:
        """Answered, not ended, with an audio stream."""
        return self.answered and self.ended is None and self.sound is not Sound.NONE

    @property
    def early(self) -> bool:
        """Not answered, but with sound of the network's: its ring tone, an announcement."""
        return self.alive and not self.answered and self.sound is Sound.ACTIVE

    @property
    def ringing(self) -> bool:
        """It rings, without a sound of the network's."""
        return self.alive and self.rang and not self.answered and self.sound is Sound.NONE

    def next_route(self, code: int) -> bool:
        """Drop the route in use, where its failure was the network's and there is another; whether there is."""
        if self.answered or self.rang or not self.alive or len(self.routes) < 2 or code not in FAIL_OVER_CODES:
            return False
        del self.routes[0]
        self.reply_deadline = None
        return True

    @property
    def alive(self) -> bool:
        """Whether commands still mean something to it."""
        return self.ended is None and self.asked is Asked.NOBODY

    @property
    def expects_sound(self) -> bool:
        """Whether the far side should be sending RTP now: not on hold, whoever asked for that."""
        return self.alive and self.answered and not self.held and self.sound is Sound.ACTIVE

    def move(self, conversation: str) -> None:
        """It goes on in another conversation: hold and mute end."""
        self.conversation, self.muted, self.partner = conversation, False, ""
        self.want_hold(False)

    def want_hold(self, on: bool) -> None:
        """Remember the wish; the re-INVITE follows as soon as the dialogue allows one."""
        self.held, self.hold_tries, self.hold_retry_at = on, 0, 0.0

    def hold_due(self, now: float) -> bool:
        """Whether a re-INVITE should be tried now."""
        if self.line is None or not self.line.tells_hold or not (self.alive and self.answered):
            return False
        if self.sound is Sound.NONE or (self.sound is Sound.LOCAL_HOLD) is self.held:
            return False
        return self.hold_tries < HOLD_TRIES and now >= self.hold_retry_at

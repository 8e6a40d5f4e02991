"""Conferences and who takes part in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.plugins.telephony_twilio.standin.program import Program
from tests.plugins.telephony_twilio.standin.twiml import Verb
from tests.plugins.telephony_twilio.standin.world import NOWHERE, Webhook, World, rfc2822

if TYPE_CHECKING:
    from tests.plugins.telephony_twilio.standin.accounts import Account
    from tests.plugins.telephony_twilio.standin.calls import Call

EVENTS = {
    "start": "conference-start",
    "end": "conference-end",
    "join": "participant-join",
    "leave": "participant-leave",
    "mute": "participant-mute",
    "unmute": "participant-unmute",
    "hold": "participant-hold",
    "unhold": "participant-unhold",
    "modify": "participant-modify",
    "announcement": "announcement-end",
}
ASKED_BY = {"unmute": "mute", "unhold": "hold"}
"""Events that come with another's wish."""


@dataclass(eq=False)
class Participant:
    """One call's part in a conference."""

    conference: Conference
    call: Call
    label: str = ""
    muted: bool = False
    hold: bool = False
    coaching: bool = False
    coached: str | None = None
    starts: bool = True
    ends: bool = False
    wait: Webhook = NOWHERE

    def __post_init__(self) -> None:
        """What is played to it."""
        self.joined_at = self.conference.world.now()
        self.music = Program(self.call, loops=True)
        self.announcement = Program(self.call, done=lambda: self.conference.tell("announcement", self))

    def is_heard_by(self, other: Participant) -> bool:
        """Whether its voice goes to the other."""
        if self.muted or self.hold:
            return False
        return not self.coaching or self.coached == other.call.sid

    def silence(self) -> None:
        """Play nothing to it any more."""
        self.music.interrupt()
        self.announcement.interrupt()


@dataclass(eq=False)
class Conference:
    """A room of an account; it lives until the last participant, or one whose exit ends it, has left."""

    world: World
    account: Account
    name: str
    callback: Webhook
    status: str = "init"
    reason: str | None = None
    ended_by: str | None = None
    participants: dict[str, Participant] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take an id and be known."""
        self.sid = self.world.sid("CF")
        self.created_at = self.updated_at = self.world.now()
        self._sequence = 0
        self.world.conferences[self.sid] = self

    def has_started(self) -> bool:
        """Whether its participants hear each other."""
        return self.status == "in-progress"

    def join(self, participant: Participant) -> None:
        """Somebody comes in."""
        participant.call.participant = participant
        self.participants[participant.call.sid] = participant
        self.tell("join", participant)
        enough = len(self.participants) >= 2 and any(one.starts for one in self.participants.values())
        if self.status == "init" and enough:
            self.status = "in-progress"
            self.tell("start", participant)
            for one in self.participants.values():
                if not one.hold:
                    one.music.interrupt()
        elif self.status == "init" and participant.wait:
            participant.music.start(participant.wait, "")
        self.world.changed()

    def leave(self, participant: Participant, *, kicked: bool = False) -> None:
        """Somebody goes: hung up, redirected or kicked."""
        if self._take_out(participant) is None:
            return
        self.tell("leave", participant)
        word = "kicked" if kicked else "left"
        if participant.ends:
            self.end(f"participant-with-end-conference-on-exit-{word}", participant.call.sid)
        elif not self.participants:
            self.end(f"last-participant-{word}", participant.call.sid)
        self.world.changed()

    def end(self, reason: str, by: str | None = None) -> None:
        """It is over; who is left goes on with what comes after Dial."""
        if self.status == "completed":
            return
        self.status, self.reason, self.ended_by, self.updated_at = "completed", reason, by, self.world.now()
        left = list(self.participants.values())
        for participant in left:
            self._take_out(participant)
            self.tell("leave", participant)
        more = {"ReasonConferenceEnded": reason, **({"CallSidEndingConference": by} if by else {})}
        self.tell("end", None, more)
        for participant in left:
            participant.call.program.dialled(None)
        self.world.changed()

    def forget(self, participant: Participant) -> None:
        """Take the participant out without a word."""
        self._take_out(participant)
        if not self.participants and self.status != "completed":
            self.status, self.updated_at = "completed", self.world.now()
            self.reason = "last-participant-left"

    def tell(self, event: str, participant: Participant | None, more: dict[str, str] | None = None) -> None:
        """Send the callback, where it was asked for."""
        number, self._sequence = self._sequence, self._sequence + 1
        self.updated_at = self.world.now()
        if not self.callback or ASKED_BY.get(event, event) not in self.callback.events:
            return
        words = {
            "AccountSid": self.account.sid,
            "ConferenceSid": self.sid,
            "FriendlyName": self.name,
            "StatusCallbackEvent": EVENTS[event],
            "SequenceNumber": str(number),
            "Timestamp": rfc2822(self.world.now()),
            **(more or {}),
        }
        if participant is not None:
            words |= _told(participant)
        self.world.tell(self.account, self.sid, self.callback, words)

    def _take_out(self, participant: Participant) -> Participant | None:
        participant.silence()
        if participant.call.participant is participant:
            participant.call.participant = None
        return self.participants.pop(participant.call.sid, None)


def _told(participant: Participant) -> dict[str, str]:
    flags = {
        "Muted": participant.muted,
        "Hold": participant.hold,
        "Coaching": participant.coaching,
        "EndConferenceOnExit": participant.ends,
        "StartConferenceOnEnter": participant.starts,
    }
    words = {name: str(value).lower() for name, value in flags.items()}
    words["CallSid"] = participant.call.sid
    if participant.label:
        words["ParticipantLabel"] = participant.label
    return words | ({"CallSidToCoach": participant.coached} if participant.coached else {})


def conference_named(world: World, account: Account, name: str) -> Conference | None:
    """The account's conference of this name, or of this id, that has not ended."""
    for conference in world.conferences.values():
        alive = conference.account is account and conference.status != "completed"
        if alive and name in (conference.name, conference.sid):
            return conference
    return None


def enter(call: Call, noun: Verb) -> None:
    """What `<Dial><Conference>` says: come into the room, which is made where it is not there."""
    world, account = call.world, call.account
    room = conference_named(world, account, noun.text)
    if room is None:
        events = frozenset(noun.attributes.get("statusCallbackEvent", "").split())
        method = noun.attributes.get("statusCallbackMethod", "POST")
        callback = Webhook(noun.attributes.get("statusCallback", ""), method, events)
        room = Conference(world, account, noun.text, callback)
    coached = noun.attributes.get("coach") or None
    if coached is not None and coached not in room.participants:
        world.fault(f"The call to coach is not in the conference: {coached}.")
    wait = Webhook(noun.attributes.get("waitUrl", ""), noun.attributes.get("waitMethod", "POST"))
    participant = Participant(
        conference=room,
        call=call,
        label=noun.attributes.get("participantLabel", ""),
        muted=noun.flag("muted", False),
        coaching=coached is not None,
        coached=coached,
        starts=noun.flag("startConferenceOnEnter", True),
        ends=noun.flag("endConferenceOnExit", False),
        wait=wait,
    )
    room.join(participant)

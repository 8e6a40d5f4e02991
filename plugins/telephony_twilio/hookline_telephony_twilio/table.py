"""What the backend knows of legs, rooms, sounds and recordings while they last."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from hookline.ports.telephony import HangupCause, LegKind, NoSuchLeg, StationKind, SupervisionMode
from hookline_telephony_twilio.accounts import Account
from hookline_telephony_twilio.errors import IdInUse, LegNotReady
from hookline_telephony_twilio.places import Place


@dataclass
class PlayEntry:
    """A sound that one leg hears, or its partners too."""

    play_id: str
    leg_id: str
    token: str
    loop: bool
    aloud: bool
    #: Partners who have heard it to its end already.
    heard_by: set[str] = field(default_factory=set)
    #: The backend's own (the ringing that a transferred customer hears): nobody is told of it.
    internal: bool = False


@dataclass
class RecordingEntry:
    """A recording under way, or on its way to us. `paused_at` and `gaps` count seconds of the file."""

    recording_id: str
    leg_id: str
    conversation_id: str
    path: Path
    sid: str = ""
    begun_at: datetime | None = None
    paused_at: datetime | None = None
    gaps: list[tuple[float, float]] = field(default_factory=list)
    complete: bool = True
    closing: bool = False
    fetching: bool = False


@dataclass
class LegEntry:
    """One leg. `sid` is Twilio's id of its call, "" until that is known; `former` those it had before (a browser)."""

    leg_id: str
    conversation_id: str
    kind: LegKind
    account: Account
    station: StationKind | None = None
    client_id: int | None = None
    sid: str = ""
    former: set[str] = field(default_factory=set)
    offered: bool = False
    dialled: str = ""
    #: Whether somebody has ever talked with it.
    met: bool = False
    rang: bool = False
    answered_at: datetime | None = None
    held: bool = False
    muted: bool = False
    mode: SupervisionMode = SupervisionMode.OFF
    #: The other leg of a transferred pair: the end of one hangs up the other.
    tied_to: str = ""
    #: Sounds that the leg hears, the last one uppermost.
    plays: list[PlayEntry] = field(default_factory=list)
    #: Digits that are still to be sent, and whether the far side's document is sending some now.
    digits: str = ""
    sending: int = 0
    #: How the leg was told to be, and as what its call was asked to fetch anew.
    place: Place | None = None
    asked_for: Place | None = None
    step: int = 0
    taken_steps: set[int] = field(default_factory=set)
    #: Why we hang it up; None while we do not.
    leaving: HangupCause | None = None
    #: Its end, held back until its recordings are here.
    ended: tuple[HangupCause, int, str, datetime] | None = None
    detect: bool = False
    detected: bool = False
    sequence: int = -1
    grace_seconds: float = 0.0
    lost_at: datetime | None = None
    told_at: datetime | None = None

    @property
    def answered(self) -> bool:
        """Whether somebody is there to hear."""
        return self.answered_at is not None and self.ended is None


@dataclass
class RoomEntry:
    """A conversation. `own`: made up by the backend or by a transfer, and freed with its last leg."""

    conversation_id: str
    legs: dict[str, LegEntry] = field(default_factory=dict)
    #: Pairs that hear each other, in the order in which that was asked for.
    bridges: list[frozenset[str]] = field(default_factory=list)
    conference_sid: str = ""
    own: bool = False


class Table:
    """All of it. The backend's lock guards it."""

    def __init__(self) -> None:
        self.legs: dict[str, LegEntry] = {}
        self.rooms: dict[str, RoomEntry] = {}
        self.plays: dict[str, PlayEntry] = {}
        self.recordings: dict[str, RecordingEntry] = {}
        self._by_sid: dict[str, str] = {}

    def leg(self, leg_id: str) -> LegEntry:
        """A leg that has not ended. Raises NoSuchLeg."""
        entry = self.legs.get(leg_id)
        if entry is None or entry.ended is not None:
            raise NoSuchLeg(leg_id)
        return entry

    def answered_leg(self, leg_id: str) -> LegEntry:
        """A leg with somebody at it. Raises NoSuchLeg, LegNotReady."""
        entry = self.leg(leg_id)
        if not entry.answered:
            raise LegNotReady
        return entry

    def of_sid(self, sid: str) -> LegEntry | None:
        """The leg whose call this is, or was."""
        return self.legs.get(self._by_sid.get(sid, ""))

    def add(self, entry: LegEntry, *, own_room: bool = False) -> LegEntry:
        """Take a leg in. Raises IdInUse."""
        if entry.leg_id in self.legs:
            raise IdInUse
        self.legs[entry.leg_id] = entry
        self.room(entry.conversation_id, own=own_room).legs[entry.leg_id] = entry
        return entry

    def knows(self, sid: str, entry: LegEntry) -> None:
        """The leg's call has this id at Twilio."""
        entry.sid = sid
        self._by_sid[sid] = entry.leg_id

    def room(self, conversation_id: str, *, own: bool = False) -> RoomEntry:
        """The room of that id, made where there is none."""
        return self.rooms.setdefault(conversation_id, RoomEntry(conversation_id, own=own))

    def room_of(self, entry: LegEntry) -> RoomEntry:
        """The room the leg is in."""
        return self.room(entry.conversation_id)

    def move(self, entry: LegEntry, conversation_id: str) -> RoomEntry:
        """Take the leg into another room; bridges, hold and mute end. Returns the room it left."""
        left = self.room_of(entry)
        self._leave(left, entry)
        entry.conversation_id, entry.held, entry.muted = conversation_id, False, False
        self.room(conversation_id).legs[entry.leg_id] = entry
        return left

    def remove(self, entry: LegEntry) -> None:
        """The leg is gone; its calls' ids stay known only as long as it does."""
        self._leave(self.room_of(entry), entry)
        self.legs.pop(entry.leg_id, None)
        for sid in (entry.sid, *entry.former):
            self._by_sid.pop(sid, None)

    def _leave(self, room: RoomEntry, entry: LegEntry) -> None:
        room.legs.pop(entry.leg_id, None)
        room.bridges = [pair for pair in room.bridges if entry.leg_id not in pair]
        if room.own and not room.legs:
            self.rooms.pop(room.conversation_id, None)

"""What Twilio tells of calls, conferences and answerers becomes leg events, each once, whatever order it comes in.

Messages may come twice, late and in the wrong order: those of a call carry a number that grows, and an older one than
was seen is not acted upon. What a later message implies is told before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from hookline.ports.telephony import (
    Answerer,
    AnswererDetected,
    DtmfReceived,
    LegAnswered,
    LegRinging,
    StationBack,
    StationKind,
    StationLost,
)
from hookline_telephony_twilio.causes import FINAL
from hookline_telephony_twilio.ending import Ending
from hookline_telephony_twilio.placing import Placing
from hookline_telephony_twilio.shared import Shared
from hookline_telephony_twilio.table import LegEntry

DETECT_SECONDS = 2.0
"""After the answer; then whoever it is counts as a person."""
_ANSWERERS = {"human": Answerer.PERSON, "unknown": Answerer.UNDECIDED}
Message = Mapping[str, str]


class Following:
    """Follows calls."""

    def __init__(self, shared: Shared, ending: Ending, placing: Placing) -> None:
        self._shared, self._ending, self._placing = shared, ending, placing

    def adopt(self, entry: LegEntry, sid: str) -> bool:
        """This is the leg's call; False where it has another one."""
        return self._placing.adopt(entry, sid)

    def status(self, entry: LegEntry, message: Message) -> None:
        """A status callback of the leg's call."""
        with self._shared.lock:
            sid, status = message.get("CallSid", ""), message.get("CallStatus", "")
            if sid in entry.former or entry.ended is not None or not sid:
                return
            if not self._is_its_own(entry, sid, status) or not _newer(entry, message):
                return
            if status == "ringing":
                self.rang(entry)
            elif status == "in-progress":
                self.answered(entry)
            elif status in FINAL:
                self._final(entry, status, message)

    def rang(self, entry: LegEntry) -> None:
        """It rings there."""
        with self._shared.lock:
            if not entry.rang and entry.answered_at is None and entry.leaving is None and not entry.offered:
                entry.rang = True
                self._shared.told(LegRinging, entry)

    def answered(self, entry: LegEntry) -> None:
        """Somebody is there."""
        shared = self._shared
        with shared.lock:
            if entry.answered_at is not None or entry.leaving is not None or entry.ended is not None or entry.offered:
                return
            entry.answered_at = shared.now(entry)
            shared.told(LegAnswered, entry)
            if entry.detect:
                shared.timers.call_later(DETECT_SECONDS, lambda: self._detected(entry, Answerer.UNDECIDED))
            partner = shared.table.legs.get(entry.tied_to)
            if partner is not None and partner.answered:
                self._meet(entry, partner)
            shared.settle(entry.conversation_id)

    def answerer(self, entry: LegEntry, message: Message) -> None:
        """Twilio has listened to who answered."""
        said = message.get("AnsweredBy", "unknown")
        self._detected(entry, _ANSWERERS.get(said, Answerer.MACHINE))

    def pressed(self, entry: LegEntry, step: int, digits: str) -> None:
        """Keys were pressed, told for this step; once."""
        with self._shared.lock:
            if not entry.answered or step in entry.taken_steps:
                return
            entry.taken_steps.add(step)
            for digit in digits:
                if digit in "0123456789*#ABCD":
                    self._shared.told(DtmfReceived, entry, digit=digit)

    def conference(self, conversation_id: str, message: Message) -> None:
        """Somebody joined or left a conference, or it ended."""
        sid, event = message.get("ConferenceSid", ""), message.get("StatusCallbackEvent", "")
        with self._shared.lock:
            room = self._shared.table.rooms.get(conversation_id)
            if room is None or not sid:
                return
            if event == "conference-end" and room.conference_sid == sid:
                room.conference_sid = ""
            elif event == "participant-join":
                room.conference_sid = sid
                self._shared.settle(conversation_id)

    # Browsers

    def browser_called(self, entry: LegEntry, sid: str) -> None:
        """A browser has taken the leg up, for the first time or again: the newest call is the leg's."""
        shared = self._shared
        with shared.lock:
            if entry.sid == sid:
                return
            if entry.sid:
                entry.former.add(entry.sid)
                self._ending.end_stray(entry, entry.sid)
            shared.table.knows(sid, entry)
            entry.place, entry.asked_for, entry.sequence = None, None, -1
            shared.works.do(f"book-{entry.leg_id}", lambda: shared.book.placed(entry.leg_id, sid))
            if entry.answered_at is None:
                self.answered(entry)
            elif entry.lost_at is not None:
                entry.lost_at = None
                shared.told(StationBack, entry)

    def browser_gone(self, entry: LegEntry) -> None:
        """The browser's call is over: it may come back."""
        shared = self._shared
        with shared.lock:
            entry.former.add(entry.sid)
            entry.sid, entry.place, entry.asked_for = "", None, None
            if entry.leaving is not None:
                self._ending.end(entry, "completed")
                return
            lost_at = entry.lost_at = shared.now(entry)
            shared.told(StationLost, entry)
            shared.timers.call_later(entry.grace_seconds, lambda: self._stayed_away(entry, lost_at))

    def _stayed_away(self, entry: LegEntry, lost_at: object) -> None:
        with self._shared.lock:
            if entry.lost_at is lost_at and entry.ended is None:
                self._ending.end(entry, "lost")

    # Inside

    def _is_its_own(self, entry: LegEntry, sid: str, status: str) -> bool:
        if entry.sid == sid:
            return True
        if entry.sid or entry.station is StationKind.BROWSER:
            if status not in FINAL:
                self._ending.end_stray(entry, sid)
            return False
        return self._placing.adopt(entry, sid)

    def _final(self, entry: LegEntry, status: str, message: Message) -> None:
        if entry.station is StationKind.BROWSER:
            self.browser_gone(entry)
            return
        talked = message.get("CallDuration", "0") not in ("", "0")
        if status == "completed" and talked:
            self.answered(entry)  # the message of the answer is late, or was lost
        code = message.get("SipResponseCode", "")
        self._ending.end(entry, status, int(code) if code.isdigit() else 0)

    def _detected(self, entry: LegEntry, answerer: Answerer) -> None:
        shared = self._shared
        with shared.lock:
            if entry.detected or not entry.detect or not entry.answered or entry.answered_at is None:
                return
            entry.detected = True
            after = min(DETECT_SECONDS, (shared.now(entry) - entry.answered_at) / timedelta(seconds=1))
            shared.told(AnswererDetected, entry, answerer=answerer, after_seconds=after)

    def _meet(self, entry: LegEntry, partner: LegEntry) -> None:
        """A transferred customer and who answers him at last."""
        for play in [play for play in partner.plays if play.internal]:
            self._ending.end_play(partner, play.play_id, complete=True)
        room = self._shared.table.room_of(entry)
        room.bridges.append(frozenset((entry.leg_id, partner.leg_id)))


def _newer(entry: LegEntry, message: Message) -> bool:
    """Whether it is not older than what is known; a message without a number is taken as it comes."""
    text = message.get("SequenceNumber", "")
    if not text.isdigit():
        return True
    if int(text) <= entry.sequence:
        return False
    entry.sequence = int(text)
    return True

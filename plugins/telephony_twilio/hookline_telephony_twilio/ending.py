"""How legs end: by whom, what goes with them, and when it is told."""

from __future__ import annotations

from hookline.ports.telephony import HangupCause, LegEnded, PlayFinished, StationKind
from hookline_telephony_twilio.causes import FINAL, cause_of
from hookline_telephony_twilio.provider.errors import ProviderError
from hookline_telephony_twilio.shared import Shared
from hookline_telephony_twilio.table import LegEntry

CONFIRM_SECONDS = 3.0
"""A hang-up that Twilio took, and whose end was not told by then, is asked about."""


class Ending:
    """Hangs up, and takes note of ends."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def hang_up(self, entry: LegEntry, cause: HangupCause) -> None:
        """Have the leg hung up; `cause` is told unless it ends by itself first."""
        shared = self._shared
        with shared.lock:
            if entry.ended is not None or entry.leaving is not None:
                return
            entry.leaving = cause
            if not entry.sid and (shared.limits.forget(entry.leg_id) or entry.station is StationKind.BROWSER):
                self.end(entry, "canceled")
                return
            if entry.sid:
                self.complete(entry)

    def complete(self, entry: LegEntry) -> None:
        """Tell Twilio to end the leg's call."""
        sid = entry.sid

        def work() -> None:
            status = "completed"
            try:
                status = self._shared.rest_of(entry).complete(sid).status
            except ProviderError as error:
                if not error.over:
                    raise
            if status in FINAL:
                self.end(entry, status)
            else:
                self._shared.works.later(CONFIRM_SECONDS, f"look-{entry.leg_id}", lambda: self.look(entry))

        # Beside the room's other work: who hangs up waits for nothing.
        self._shared.works.do(f"end-{entry.leg_id}", work, lambda _error: self.end(entry, "completed"))

    def end_stray(self, entry: LegEntry, sid: str) -> None:
        """A call that is not the leg's, or not any more: nobody shall be left alone in it."""

        def work() -> None:
            try:
                self._shared.rest_of(entry).complete(sid)
            except ProviderError as error:
                if not error.over:
                    raise

        self._shared.works.alone(work)

    def look(self, entry: LegEntry) -> None:
        """Ask Twilio how the leg's call stands."""
        shared = self._shared
        with shared.lock:
            sid = entry.sid
            if entry.ended is not None or not sid:
                return
        try:
            status = shared.rest_of(entry).call(sid).status
        except ProviderError as error:
            if not error.gone:
                raise
            status = "lost"
        with shared.lock:
            if sid == entry.sid and (status in FINAL or status == "lost"):
                self.end(entry, status)

    def end(self, entry: LegEntry, status: str, sip_code: int = 0, cause: HangupCause | None = None) -> None:
        """The leg's call is over: in Twilio's `status`, or "lost" where Twilio knows it no more."""
        shared = self._shared
        with shared.lock:
            if entry.ended is not None:
                return
            why = cause or self._why(entry, status, sip_code)
            entry.ended = (why, sip_code, status, shared.now(entry))
            shared.limits.forget(entry.leg_id)
            for play in list(entry.plays):
                self.end_play(entry, play.play_id, complete=False)
            self._free_the_others(entry)
            shared.works.do(f"book-{entry.leg_id}", lambda: shared.book.over(entry.leg_id, status))
            if shared.close_recordings(entry, why):
                shared.timers.call_later(shared.settings.recording_wait_seconds, lambda: self.release(entry))
            else:
                self.release(entry)
        shared.pump()

    def release(self, entry: LegEntry) -> None:
        """Tell of the end, once."""
        shared = self._shared
        with shared.lock:
            if entry.ended is None or shared.table.legs.get(entry.leg_id) is not entry:
                return
            why, code, reason, at = entry.ended
            conversation_id = entry.conversation_id
            shared.table.remove(entry)
            shared.tell(
                LegEnded(
                    conversation_id=conversation_id, leg_id=entry.leg_id, at=at, cause=why, code=code, reason=reason
                )
            )

    def end_play(self, entry: LegEntry, play_id: str, *, complete: bool) -> None:
        """A sound is over."""
        shared = self._shared
        with shared.lock:
            play = shared.table.plays.pop(play_id, None)
            if play is None:
                return
            entry.plays = [one for one in entry.plays if one.play_id != play_id]
            shared.sounds.forget(play.token)
            if play.internal:
                return
            shared.told(PlayFinished, entry, play_id=play_id, complete=complete)

    @staticmethod
    def _why(entry: LegEntry, status: str, sip_code: int) -> HangupCause:
        if status == "lost":
            return HangupCause.LOST
        if entry.offered and entry.leaving is None:
            return HangupCause.CANCELLED
        if entry.leaving is not None:
            return HangupCause.LOCAL if entry.answered_at and entry.leaving is not HangupCause.LOST else entry.leaving
        return cause_of(status, sip_code, answered=entry.answered_at is not None)

    def _free_the_others(self, entry: LegEntry) -> None:
        shared = self._shared
        room = shared.table.room_of(entry)
        room.bridges = [pair for pair in room.bridges if entry.leg_id not in pair]
        partner = shared.table.legs.get(entry.tied_to)
        if partner is not None and partner.ended is None:
            self._part(entry, partner)
        shared.settle(entry.conversation_id)

    def _part(self, entry: LegEntry, partner: LegEntry) -> None:
        """The other of a transferred pair goes too, unless it waited for this one's answer in vain."""
        partner.tied_to = ""
        if entry.answered_at is None and partner.answered:
            for play in [play for play in partner.plays if play.internal]:
                self.end_play(partner, play.play_id, complete=False)
            return
        self.hang_up(partner, HangupCause.LOCAL if partner.answered_at else HangupCause.CANCELLED)

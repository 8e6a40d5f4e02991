"""What a leg's call is answered with when it asks what to do next."""

from __future__ import annotations

from hookline.ports.telephony import HangupCause
from hookline_telephony_twilio.ending import Ending
from hookline_telephony_twilio.places import CONFERENCE_PREFIX, Place, places
from hookline_telephony_twilio.provider import twiml
from hookline_telephony_twilio.shared import Shared
from hookline_telephony_twilio.sounds import RINGBACK
from hookline_telephony_twilio.steering import entered
from hookline_telephony_twilio.table import LegEntry

_MOST_DIGITS = 32


class Documents:
    """Writes them."""

    def __init__(self, shared: Shared, ending: Ending) -> None:
        self._shared, self._ending = shared, ending

    def next(self, entry: LegEntry, *, done: str = "", sent: str = "", apart: bool = False) -> str:
        """The leg's next document. `done`: the sound that it has heard to its end; `sent`: the step that is over.

        `apart`: its transferred pair's conference has ended, by the other of the two, whose end may be told later.
        """
        with self._shared.lock:
            if done:
                self._heard(entry, done)
            if apart:
                self._part(entry)
            if sent and sent == str(entry.step):
                entry.digits, entry.sending = entry.digits[entry.sending :], 0
            if entry.ended is not None or entry.leaving is not None:
                return twiml.hang_up()
            if entry.digits:
                return self._press(entry)
            entry.sending = 0
            return self._place(entry)

    def _part(self, entry: LegEntry) -> None:
        """The conference ended by the other of the pair: he hung up, and this one goes too, unless we took him out."""
        partner = self._shared.table.legs.get(entry.tied_to)
        if partner is None or entry.leaving is not None:
            return
        if partner.asked_for is None and partner.place is not None and partner.place.conference:
            entry.leaving = HangupCause.LOCAL
            entry.tied_to = partner.tied_to = ""

    def _press(self, entry: LegEntry) -> str:
        entry.sending = min(len(entry.digits), _MOST_DIGITS)
        entry.step += 1
        entry.place, entry.asked_for = Place(), None
        back = self._address(entry, f"sent={entry.step}")
        return twiml.digits(entry.digits[: entry.sending], back)

    def _place(self, entry: LegEntry) -> str:
        want = places(self._shared.table.room_of(entry)).get(entry.leg_id, Place())
        entry.place, entry.asked_for = entered(want), None
        entry.step += 1
        self._shared.settle(entry.conversation_id)
        if want.conference:
            return self._talk(entry, want)
        return self._aside(entry, want)

    def _talk(self, entry: LegEntry, want: Place) -> str:
        place = twiml.Talk(want.conference, muted=want.muted or bool(want.coaches), ends_it=want.ends_it)
        events = self._shared.address(f"conference/{want.conference.removeprefix(CONFERENCE_PREFIX)}")
        back = self._address(entry, "apart=1" if want.ends_it else "")
        return twiml.talk(place, back, events, entry.leg_id)

    def _aside(self, entry: LegEntry, want: Place) -> str:
        digits_to = self._shared.address(f"digits/{entry.leg_id}?step={entry.step}")
        play = self._shared.table.plays.get(want.play)
        if play is None:
            return twiml.aside(self._address(entry), digits_to)
        sound = self._shared.address(f"sound/{RINGBACK if play.internal else play.token}.wav")
        back = self._address(entry, f"done={play.play_id}")
        return twiml.aside(back, digits_to, sound, loop=play.loop)

    def _heard(self, entry: LegEntry, play_id: str) -> None:
        play = self._shared.table.plays.get(play_id)
        if play is None or play.loop:
            return
        if play.leg_id == entry.leg_id:
            self._ending.end_play(entry, play_id, complete=True)
        else:
            play.heard_by.add(entry.leg_id)

    def _address(self, entry: LegEntry, query: str = "") -> str:
        return self._shared.address(f"voice/{entry.leg_id}") + (f"?{query}" if query else "")

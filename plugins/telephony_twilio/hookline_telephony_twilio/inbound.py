"""Calls that come in: offered to the core while the caller hears ringing, or waits in a queue with music."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from hookline.ports.telephony import CallOffered, HangupCause, LegKind
from hookline_telephony_twilio.accounts import Account
from hookline_telephony_twilio.ending import Ending
from hookline_telephony_twilio.following import Message
from hookline_telephony_twilio.provider import twiml
from hookline_telephony_twilio.provider.errors import ProviderError
from hookline_telephony_twilio.queue_texts import language_of, place_text
from hookline_telephony_twilio.shared import Shared
from hookline_telephony_twilio.sounds import HOLD_MUSIC
from hookline_telephony_twilio.table import LegEntry

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
QUEUE = "hookline"


def line_of(number: str) -> str:
    """What names the line of one of our numbers."""
    return f"twilio:{number}"


class Inbound:
    """Takes calls in."""

    def __init__(self, shared: Shared, ending: Ending, noted: Callable[[Account, str], None]) -> None:
        """`noted` is told of each number that was called."""
        self._shared, self._ending, self._noted = shared, ending, noted

    def offered(self, account: Account, message: Message) -> str:
        """Somebody calls; the answer for Twilio. Asked again for a call that is known, it answers the same."""
        shared, sid = self._shared, message.get("CallSid", "")
        caller, dialled = message.get("From", ""), message.get("To", "")
        with shared.lock:
            if shared.sink is None or not sid:
                return twiml.refused()
            known = shared.table.of_sid(sid)
            if known is not None:
                return self.wait(known)
            entry = self._take(account, sid, dialled)
            self._noted(account, dialled)
            shared.works.do(f"book-{entry.leg_id}", lambda: shared.book.asked(entry))
            shared.told(
                CallOffered,
                entry,
                number=caller if _E164.fullmatch(caller) else "",
                dialled=dialled,
                line=line_of(dialled),
                client_id=account.client_id,
            )
            return self.wait(entry)

    def wait(self, entry: LegEntry) -> str:
        """The caller goes on waiting."""
        shared = self._shared
        with shared.lock:
            if entry.leaving is not None or entry.ended is not None:
                return twiml.refused()
            if shared.settings.queue_callers:
                return twiml.queued(QUEUE, shared.address(f"queue/{entry.leg_id}"))
            return twiml.ringing(shared.address(f"inbound-wait/{entry.leg_id}"))

    def music(self, entry: LegEntry, message: Message) -> str:
        """What the caller hears in the queue: his place, then music, until Twilio asks again."""
        language = language_of(entry.dialled)
        place = message.get("QueuePosition", "")
        say = place_text(language, int(place)) if place.isdigit() else ""
        return twiml.waiting(say, language, self._shared.address(f"sound/{HOLD_MUSIC}.wav"))

    def answer(self, entry: LegEntry, conversation_id: str) -> None:
        """The caller is taken into a conversation: his call fetches its document there."""
        with self._shared.lock:
            entry.offered = False
            self._shared.table.move(entry, conversation_id)
            entry.place = entry.asked_for = None
            sid = entry.sid
        rest, address = self._shared.rest_of(entry), self._shared.address(f"voice/{entry.leg_id}")
        self._shared.works.do(
            f"room-{conversation_id}", lambda: rest.redirect(sid, address), lambda _error: self._ending.look(entry)
        )

    def refuse(self, entry: LegEntry) -> None:
        """Nobody takes the call."""
        self.let_go(entry, HangupCause.CANCELLED)

    def let_go(self, entry: LegEntry, cause: HangupCause) -> None:
        """The leg ends for us; where there is voicemail, the caller may still leave a message."""
        shared = self._shared
        if not shared.settings.voicemail or not entry.sid or entry.leaving is not None:
            self._ending.hang_up(entry, cause)
            return
        entry.leaving, sid, rest = cause, entry.sid, shared.rest_of(entry)
        address = shared.address("voicemail")

        def work() -> None:
            try:
                rest.redirect(sid, address)
            except ProviderError as error:
                if not error.over:
                    raise
            self._ending.end(entry, "completed")

        shared.works.do(f"end-{entry.leg_id}", work, lambda _error: self._ending.complete(entry))

    def _take(self, account: Account, sid: str, dialled: str) -> LegEntry:
        entry = LegEntry(
            leg_id=uuid.uuid4().hex,
            conversation_id=uuid.uuid4().hex,
            kind=LegKind.CUSTOMER,
            account=account,
            client_id=account.client_id,
            offered=True,
            dialled=dialled,
        )
        self._shared.table.add(entry, own_room=True)
        self._shared.table.knows(sid, entry)
        return entry

"""What all parts of the backend work on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from hookline.ports.clock import Clock
from hookline.ports.telephony import EventSink, HangupCause, LegEvent
from hookline_telephony_twilio.accounts import Account, Accounts
from hookline_telephony_twilio.book import Book
from hookline_telephony_twilio.limits import CallLimits
from hookline_telephony_twilio.provider.rest import TwilioRest
from hookline_telephony_twilio.settings import TwilioSettings
from hookline_telephony_twilio.sounds import Sounds
from hookline_telephony_twilio.table import LegEntry, Table
from hookline_telephony_twilio.timers import timers_of
from hookline_telephony_twilio.works import Works

log = structlog.get_logger(__name__)
BASE_PATH = "/p/telephony_twilio"


def _nothing(*_given: object) -> Any:
    """Until the part is there whose work it is."""


class Shared:
    """The lock, the table, the way to Twilio and the way to the sink."""

    def __init__(self, settings: TwilioSettings, accounts: Accounts, book: Book, clock: Clock) -> None:
        self.settings, self.accounts, self.book, self.clock = settings, accounts, book, clock
        self.lock = threading.RLock()
        self.table = Table()
        self.sounds = Sounds()
        self.limits = CallLimits(settings.calls_per_second, settings.concurrent_calls, lambda: clock.now().timestamp())
        self.timers = timers_of(clock)
        self.works = Works(self.timers)
        self.sink: EventSink | None = None
        #: Brings a room's legs to their places, soon and in order with what else is done for the room.
        self.settle: Callable[[str], None] = _nothing
        #: Lets calls begin that the limits held back.
        self.pump: Callable[[], None] = _nothing
        #: A leg has ended: its recordings close; whether there are any to wait for.
        self.close_recordings: Callable[[LegEntry, HangupCause], bool] = _nothing
        self._rests: dict[Account, TwilioRest] = {}

    def rest(self, account: Account) -> TwilioRest:
        """The account's API."""
        with self.lock:
            found = self._rests.get(account)
            if found is None:
                found = self._rests[account] = TwilioRest(
                    account,
                    api_base=self.settings.api_base,
                    region=self.settings.region,
                    edge=self.settings.edge,
                )
            return found

    def rest_of(self, entry: LegEntry) -> TwilioRest:
        """The API of the leg's account."""
        return self.rest(entry.account)

    def address(self, path: str) -> str:
        """Where Twilio reaches a page of the plugin's."""
        return f"{self.settings.public_url.rstrip('/')}{BASE_PATH}/{path}"

    def now(self, entry: LegEntry) -> datetime:
        """The moment, never earlier than what was told of the leg before."""
        now = self.clock.now()
        entry.told_at = max(now, entry.told_at) if entry.told_at else now
        return entry.told_at

    def tell(self, event: LegEvent) -> None:
        """Hand an event over, in the order of the lock's holders. The sink is somebody else's code: it may fail."""
        if self.sink is None:
            return
        try:
            self.sink(event)
        except Exception as error:
            log.error("event_sink_failed", kind=type(event).__name__, error=type(error).__name__)

    def told(self, make: Callable[..., LegEvent], entry: LegEntry, **more: object) -> None:
        """Tell something of a leg, now."""
        self.tell(make(conversation_id=entry.conversation_id, leg_id=entry.leg_id, at=self.now(entry), **more))

"""Everything the stand-in knows, under one lock."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from tests.plugins.telephony_twilio.standin.accounts import Account, fresh_accounts
from tests.plugins.telephony_twilio.standin.clock import Clock, Timer
from tests.plugins.telephony_twilio.standin.courier import Courier, Letter, Then, addressed
from tests.plugins.telephony_twilio.standin.media import NoSound, Sound, analysed
from tests.plugins.telephony_twilio.standin.mischief import Mischief
from tests.plugins.telephony_twilio.standin.people import ANSWERS, Behaviour

if TYPE_CHECKING:
    from tests.plugins.telephony_twilio.standin.calls import Call
    from tests.plugins.telephony_twilio.standin.conferences import Conference
    from tests.plugins.telephony_twilio.standin.queues import Queue
    from tests.plugins.telephony_twilio.standin.recordings import Recording

API_VERSION = "2010-04-01"


@dataclass(frozen=True)
class Webhook:
    """An address of ours that is to be called, and for which events."""

    url: str
    method: str = "POST"
    events: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is one."""
        return self.url != ""


NOWHERE = Webhook("")


def rfc2822(moment: datetime) -> str:
    """As Twilio writes times."""
    return format_datetime(moment)


@dataclass
class World:
    """The state, and what all its parts use. Whoever reads or changes it holds `lock`."""

    clock: Clock
    lock: threading.RLock = field(default_factory=threading.RLock)
    mischief: Mischief = field(default_factory=Mischief)
    faults: list[str] = field(default_factory=list)
    webhook_errors: list[tuple[str, int]] = field(default_factory=list)
    accounts: dict[str, Account] = field(default_factory=fresh_accounts)
    calls: dict[str, Call] = field(default_factory=dict)
    conferences: dict[str, Conference] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    recordings: dict[str, Recording] = field(default_factory=dict)
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    pitches: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The courier shares clock and mischief."""
        self.courier = Courier(self.clock, self.mischief)

    def sid(self, prefix: str) -> str:
        """A new id."""
        return prefix + uuid.uuid4().hex

    def now(self) -> datetime:
        """The present moment."""
        return self.clock.now()

    def seconds_since(self, moment: datetime | None) -> float:
        """How long ago that was; 0 where it never was."""
        return (self.now() - moment).total_seconds() if moment else 0.0

    def later(self, seconds: float, handler: Callable[[], object]) -> Timer:
        """Run it, under the lock, so many seconds from now."""

        def locked() -> None:
            with self.lock:
                handler()

        return self.clock.call_later(seconds, locked)

    def behaviour(self, address: str) -> Behaviour:
        """How the address behaves; it answers where nobody said anything of it."""
        return self.behaviours.get(address, ANSWERS)

    def pitch(self, address: str) -> int:
        """The voice at this address: a pitch of its own, among twenty."""
        return self.pitches.setdefault(address, 400 + 130 * (len(self.pitches) % 20))

    def changed(self) -> None:
        """Somebody hears something else from now on: running recordings take note."""
        for recording in [one for one in self.recordings.values() if one.is_running()]:
            recording.note()

    def tell(self, account: Account, key: str, webhook: Webhook, form: dict[str, str]) -> None:
        """Send a callback. `key` names the call whose order it keeps."""
        letter = Letter(key, webhook.url, tuple(form.items()), account.token, webhook.method)
        self.courier.post(addressed(letter))

    def fetch(self, account: Account, key: str, webhook: Webhook, form: dict[str, str], then: Then) -> None:
        """Ask for TwiML; `then` is called under the lock with status and body."""

        def locked(status: int, body: bytes) -> None:
            with self.lock:
                then(status, body)

        letter = Letter(key, webhook.url, tuple(form.items()), account.token, webhook.method, locked)
        self.courier.post(addressed(letter))

    def fetch_sound(self, account: Account, key: str, url: str, then: Callable[[Sound | None], None]) -> None:
        """Fetch what is to be played; None, and a fault, where there is no sound at the address."""

        def arrived(status: int, body: bytes) -> None:
            try:
                sound: Sound | None = analysed(body) if status == 200 else None
            except NoSound as error:
                sound, status = None, 200
                self.fault(f"What was to be played is no sound: {error}.")
            if status != 200:
                self.fault(f"GET of a sound that was to be played answered {status}.")
            then(sound)

        self.fetch(account, key, Webhook(url, "GET"), {}, arrived)

    def fault(self, text: str) -> None:
        """Something that Twilio would complain about: the test fails at its end."""
        self.faults.append(text)

    def live_calls(self, account: Account | None = None) -> Iterable[Call]:
        """The calls that have not ended."""
        mine = [call for call in self.calls.values() if account is None or call.account is account]
        return [call for call in mine if not call.is_over()]

"""Beginning calls: within the account's limits, patiently, and never a second one for one attempt.

A request to call may have been carried out although no answer came. So after each unclear failure the call is looked
for: by what Twilio has told about it meanwhile (our leg's id is in the address of its messages), then by both numbers
in the list of calls. Where an answer said that Twilio failed, and no call is found, it is asked again; where no answer
came at all it is not, since the request may still be on its way. A call that turns up too late is ended.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from hookline.ports.telephony import HangupCause, StationKind
from hookline_telephony_twilio.causes import cause_of_refusal
from hookline_telephony_twilio.ending import Ending
from hookline_telephony_twilio.provider.errors import ProviderError
from hookline_telephony_twilio.provider.rest import CallSeen
from hookline_telephony_twilio.shared import Shared
from hookline_telephony_twilio.table import LegEntry

log = structlog.get_logger(__name__)

LOOK_AFTER_SECONDS = (0.0, 0.7, 1.5)
"""When a call is looked for of whose beginning no answer came."""
_MOST_TRIES = 4
_TROUBLE = 3
_TROUBLE_LASTS = timedelta(seconds=90)
_SKEW = timedelta(seconds=60)
_DETECTION: dict[str, Any] = {
    "machine_detection": "Enable",
    "async_amd": "true",
    "machine_detection_timeout": 5,
    # Twilio's own thresholds decide after the two seconds that a call centre may let somebody wait.
    "machine_detection_speech_threshold": 1500,
    "machine_detection_speech_end_threshold": 900,
}


@dataclass
class _Wish:
    entry: LegEntry
    to: str
    caller_id: str
    ring_seconds: float
    asked_at: datetime
    tries: int = 0
    looks: int = 0


class Placing:
    """Places legs."""

    def __init__(self, shared: Shared, ending: Ending) -> None:
        self._shared, self._ending = shared, ending
        self._wishes: dict[str, _Wish] = {}
        self._failures = 0
        self._failed_at: datetime | None = None
        self._seen: deque[str] = deque(maxlen=5000)
        shared.pump = self.pump

    def place(self, entry: LegEntry, to: str, caller_id: str, ring_seconds: float) -> None:
        """Call somebody; the ring timer runs from now."""
        shared = self._shared
        with shared.lock:
            self._wishes[entry.leg_id] = _Wish(entry, to, caller_id, ring_seconds, shared.clock.now())
            shared.limits.ask(entry.client_id, entry.leg_id)
        shared.timers.call_later(ring_seconds, lambda: self._rang_long_enough(entry))
        self.pump()

    def pump(self) -> None:
        """Begin what may begin now."""
        shared = self._shared
        for leg_id in shared.limits.take():
            wish = self._wishes.get(leg_id)
            if wish is not None:
                shared.works.do(f"place-{leg_id}", lambda wish=wish: self._begin(wish))  # type: ignore[misc]
        wait = shared.limits.wait_seconds()
        if wait is not None:
            shared.timers.call_later(wait + 0.01, self.pump)

    def adopt(self, entry: LegEntry, sid: str) -> bool:
        """This is the leg's call; False where the leg has another one already, or is gone: then the call is ended."""
        shared = self._shared
        with shared.lock:
            if entry.sid == sid:
                return True
            if entry.sid or entry.ended is not None or entry.station is StationKind.BROWSER:
                log.warning("a second call for one leg is ended", leg=entry.leg_id)
                self._ending.end_stray(entry, sid)
                return False
            shared.table.knows(sid, entry)
            self._failures = 0
            self._seen.append(sid)
            self._wishes.pop(entry.leg_id, None)
            shared.works.do(f"book-{entry.leg_id}", lambda: shared.book.placed(entry.leg_id, sid))
            if entry.leaving is not None:
                self._ending.complete(entry)
            return True

    @property
    def in_trouble(self) -> bool:
        """Whether Twilio took on none of the last calls, and that was a moment ago."""
        if self._failures < _TROUBLE or self._failed_at is None:
            return False
        return self._shared.clock.now() - self._failed_at < _TROUBLE_LASTS

    def _rang_long_enough(self, entry: LegEntry) -> None:
        with self._shared.lock:
            if entry.answered_at is None and entry.ended is None:
                self._ending.hang_up(entry, HangupCause.NO_ANSWER)

    def _begin(self, wish: _Wish) -> None:
        shared, entry = self._shared, wish.entry
        if self._is_off(wish):
            return
        if not wish.tries:
            shared.book.asked(entry)
        wish.tries += 1
        try:
            seen = shared.rest_of(entry).create_call(self._parameters(wish))
        except ProviderError as error:
            self._failed(wish, error)
            return
        self.adopt(entry, seen.sid)

    def _is_off(self, wish: _Wish) -> bool:
        """Whether nobody wants the call any more, or it is there by now."""
        entry = wish.entry
        with self._shared.lock:
            if entry.leaving is not None and not entry.sid and entry.ended is None and not wish.looks:
                self._ending.end(entry, "canceled")
            return entry.ended is not None or bool(entry.sid)

    def _parameters(self, wish: _Wish) -> dict[str, Any]:
        shared, leg_id = self._shared, wish.entry.leg_id
        parameters: dict[str, Any] = {
            "to": wish.to,
            "from_": wish.caller_id,
            "url": shared.address(f"voice/{leg_id}"),
            "method": "POST",
            "status_callback": shared.address(f"call/{leg_id}"),
            "status_callback_method": "POST",
            "status_callback_event": ["initiated", "ringing", "answered", "completed"],
            "timeout": min(600, max(5, math.ceil(wish.ring_seconds))),
        }
        if wish.entry.detect:
            parameters |= _DETECTION
            parameters["async_amd_status_callback"] = shared.address(f"amd/{leg_id}")
            parameters["async_amd_status_callback_method"] = "POST"
        return parameters

    def _failed(self, wish: _Wish, error: ProviderError) -> None:
        if error.status in (0, 401, 403) or error.status >= 500:
            self._failures, self._failed_at = self._failures + 1, self._shared.clock.now()
        if error.status == 429:
            self._shared.limits.slow_down()
        if error.unclear:
            wish.looks = 0
            self._look(wish, again=error.status >= 500)
        elif error.passing and wish.tries < _MOST_TRIES:
            pause = max(error.retry_after, 0.3 * 2**wish.tries)
            self._shared.works.later(pause, f"place-{wish.entry.leg_id}", lambda: self._begin(wish))
        else:
            self._refused(wish.entry, error)

    def _look(self, wish: _Wish, *, again: bool) -> None:
        """Look for the call; `again`: it may be asked for once more where there is none."""
        entry = wish.entry
        if self._found(wish):
            return
        wish.looks += 1
        if wish.looks < len(LOOK_AFTER_SECONDS):
            pause = LOOK_AFTER_SECONDS[wish.looks]
            self._shared.works.later(pause, f"place-{entry.leg_id}", lambda: self._look(wish, again=again))
        elif again and wish.tries < _MOST_TRIES and entry.leaving is None:
            wish.looks = 0
            self._begin(wish)
        else:
            self._ending.end(entry, "failed", cause=entry.leaving or HangupCause.FAILED)

    def _found(self, wish: _Wish) -> bool:
        entry = wish.entry
        with self._shared.lock:
            if entry.sid or entry.ended is not None:
                return True
        try:
            calls = self._shared.rest_of(entry).calls_between(wish.to, wish.caller_id)
        except ProviderError:
            return False  # it is looked for again, or given up
        mine = next((call for call in calls if self._may_be(wish, call)), None)
        return mine is not None and self.adopt(entry, mine.sid)

    def _may_be(self, wish: _Wish, call: CallSeen) -> bool:
        """Nobody else here calls that number now: the gate holds one attempt for a number at a time."""
        recent = call.created_at is None or call.created_at >= wish.asked_at - _SKEW
        fresh = call.sid not in self._seen and self._shared.table.of_sid(call.sid) is None
        return call.direction == "outbound-api" and recent and fresh

    def _refused(self, entry: LegEntry, error: ProviderError) -> None:
        log.warning("twilio_refused_a_call", status=error.status, code=error.code)
        cause = entry.leaving or cause_of_refusal(error.code)
        with self._shared.lock:
            self._ending.end(entry, f"refused {error.code}", cause=cause)

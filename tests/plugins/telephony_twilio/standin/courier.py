"""Carries the stand-in's requests to the plugin's web server: in order for each call, several calls at once, signed."""

from __future__ import annotations

import http.client
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.plugins.telephony_twilio.standin.clock import Clock
from tests.plugins.telephony_twilio.standin.mischief import DeliveryRule, Mischief
from tests.plugins.telephony_twilio.standin.signature import Pairs, signature

WORKERS = 16
WEBHOOK_SECONDS = 15.0
"""How long Twilio waits for an answer."""
RETRY_SECONDS = 0.25
UNREACHED = 0
"""In place of a status: nobody answered."""

Then = Callable[[int, bytes], None]


@dataclass(frozen=True)
class Letter:
    """One request to make. `key` names what it must keep its order with; `then` takes status and body of the answer."""

    key: str
    url: str
    form: Pairs
    token: str
    method: str = "POST"
    then: Then | None = None
    tries_left: int = 1
    retries_on: str = "ct"


@dataclass(frozen=True)
class Delivery:
    """One request that was made: its status (`UNREACHED` where nobody answered), and how long the answer took."""

    url: str
    form: dict[str, str]
    status: int
    seconds: float


@dataclass
class Courier:
    """Posts letters from worker threads. Fragments of a URL (`#rc=3&rp=all`) are Twilio's connection overrides."""

    clock: Clock
    mischief: Mischief
    deliveries: list[Delivery] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start the workers."""
        self._waiting: dict[str, deque[Letter]] = defaultdict(deque)
        self._held: dict[str, list[Letter]] = {}
        self._ready: deque[str] = deque()
        self._busy: set[str] = set()
        self._pending = 0
        self._stopped = False
        self._changed = threading.Condition()
        for number in range(WORKERS):
            threading.Thread(target=self._work, name=f"standin-courier-{number}", daemon=True).start()

    def post(self, letter: Letter) -> None:
        """Send it, unless a rule has it dropped, doubled, kept back or signed with a stale token."""
        rule = self.mischief.for_callback(letter.url, dict(letter.form)) if letter.then is None else None
        if rule is None:
            self._queue(letter)
        else:
            self._misbehave(letter, rule)

    def stop(self) -> None:
        """Send nothing more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def idle(self) -> bool:
        """Whether nothing is on its way."""
        with self._changed:
            return self._pending == 0

    def _misbehave(self, letter: Letter, rule: DeliveryRule) -> None:
        if rule.effect == "duplicated":
            self._queue(letter)
            self._queue(letter)
        elif rule.effect == "late":
            self.clock.call_later(rule.seconds, lambda: self._queue(letter))
        elif rule.effect == "after_next":
            with self._changed:
                self._held.setdefault(letter.key, []).append(letter)
        elif rule.effect == "stale_signature":
            self._queue(replace(letter, token="a token that was changed"))

    def _queue(self, letter: Letter) -> None:
        with self._changed:
            self._pending += 1
            for one in (letter, *self._held.pop(letter.key, ())):
                self._pending += one is not letter
                self._waiting[letter.key].append(one)
            if letter.key not in self._busy and letter.key not in self._ready:
                self._ready.append(letter.key)
                self._changed.notify()

    def _work(self) -> None:
        while (letter := self._take()) is not None:
            try:
                self._deliver(letter)
            finally:
                self._done(letter.key)

    def _take(self) -> Letter | None:
        with self._changed:
            while not self._ready:
                if self._stopped:
                    return None
                self._changed.wait()
            key = self._ready.popleft()
            self._busy.add(key)
            return self._waiting[key].popleft()

    def _done(self, key: str) -> None:
        with self._changed:
            self._pending -= 1
            self._busy.discard(key)
            if self._waiting[key]:
                self._ready.append(key)
                self._changed.notify()
            else:
                del self._waiting[key]

    def _deliver(self, letter: Letter) -> None:
        begun = time.perf_counter()
        status, body = request(letter)
        self.deliveries.append(Delivery(letter.url, dict(letter.form), status, time.perf_counter() - begun))
        if letter.tries_left > 0 and _is_retried(letter.retries_on, status):
            again = replace(letter, tries_left=letter.tries_left - 1)
            self.clock.call_later(RETRY_SECONDS, lambda: self._queue(again))
        elif letter.then is not None:
            letter.then(status, body)


def addressed(letter: Letter) -> Letter:
    """The letter with the connection overrides of its URL's fragment taken in: `rc` tries, on what `rp` names."""
    base, _, fragment = letter.url.partition("#")
    wishes = dict(parse_qsl(fragment))
    tries = min(5, int(wishes.get("rc", letter.tries_left)))
    return replace(letter, url=base, tries_left=tries, retries_on=wishes.get("rp", letter.retries_on))


def _is_retried(policies: str, status: int) -> bool:
    kinds = set(policies.split(","))
    if status == UNREACHED:
        return bool(kinds & {"ct", "rt", "all"})
    return (status >= 500 and bool(kinds & {"5xx", "all"})) or (400 <= status < 500 and bool(kinds & {"4xx", "all"}))


def request(letter: Letter) -> tuple[int, bytes]:
    """Make the request now; status and body, `UNREACHED` where nobody answered."""
    form = list(letter.form)
    url, body = letter.url, b""
    if letter.method == "GET" and form:
        url, form = f"{url}{'&' if '?' in url else '?'}{urlencode(form)}", []
    elif letter.method == "POST":
        body = urlencode(form).encode()
    parts = urlsplit(url)
    headers = {"X-Twilio-Signature": signature(letter.token, url, form), "User-Agent": "TwilioProxy/1.1"}
    if letter.method == "POST":
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=WEBHOOK_SECONDS)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(letter.method, target, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return UNREACHED, b""
    finally:
        connection.close()

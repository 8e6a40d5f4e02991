"""Fetches TwiML and does what it says, verb after verb, for one call or for what is played to it meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from tests.plugins.telephony_twilio.standin.media import Sound
from tests.plugins.telephony_twilio.standin.twiml import Verb, WrongTwiml, parsed
from tests.plugins.telephony_twilio.standin.world import Webhook

if TYPE_CHECKING:
    from tests.plugins.telephony_twilio.standin.calls import Call
    from tests.plugins.telephony_twilio.standin.clock import Timer
    from tests.plugins.telephony_twilio.standin.keys import Gathering, Voicemail

UNANSWERED = ("Pause", "Reject", "Redirect")
"""Verbs that do not answer a call that comes in."""
MOST_FETCHES_AT_ONCE = 50
"""Documents that may follow each other without any time passing: more would go on for ever."""

DO: dict[str, Callable[[Program, Verb], None]] = {}
"""What each verb does, by name; `verbs.py` fills it."""


class Program:
    """One run of TwiML. `loops`: begun again at its end (hold music); `done`: told of its end.

    `more` are words that its requests carry besides those of the call.
    """

    def __init__(
        self,
        call: Call,
        *,
        loops: bool = False,
        done: Callable[[], object] | None = None,
        more: Callable[[], dict[str, str]] | None = None,
    ) -> None:
        self.call = call
        self.sounding: frozenset[int] = frozenset()
        self.gather: Gathering | None = None
        self.voicemail: Voicemail | None = None
        self.source = Webhook("")
        self._loops, self._done, self._more = loops, done, more
        self._verbs: deque[Verb] = deque()
        self._dial: Verb | None = None
        self._leave_dial: Callable[[], object] = self.next
        self._timer: Timer | None = None
        self._run = 0
        self._fetched: tuple[object, int] = (None, 0)

    def start(self, source: Webhook, document: str = "", form: dict[str, str] | None = None) -> None:
        """Run the document, or the one that `source` answers with."""
        self.interrupt()
        self.source = source
        if document:
            self._load(document)
        elif source:
            self._fetch(form or {})
        else:
            self.finish()

    def interrupt(self) -> None:
        """Stop, whatever it is doing; what arrives later for it is ignored."""
        self._run += 1
        self._verbs.clear()
        self._dial = self.gather = self.voicemail = None
        self.quiet()

    def press(self, digit: str) -> None:
        """A key: for Gather, Record or Dial, whichever waits for one."""
        if self.gather is not None:
            self.gather.press(digit)
        elif self.voicemail is not None:
            self.voicemail.press(digit)
        elif self._dial is not None and digit == "*" and self._dial.flag("hangupOnStar", False):
            self._leave_dial()

    def dialled(self, other: Call | None) -> None:
        """What Dial was for is over (`other`: the call it made): go on after it."""
        dial, self._dial = self._dial, None
        if dial is None:
            return
        status = "answered" if other is None else other.status
        words = {"DialCallStatus": status, **({"DialCallSid": other.sid} if other else {})}
        if not self.act(dial, words):
            self.next()

    def act(self, verb: Verb, words: dict[str, str]) -> bool:
        """Go on with the verb's `action`; whether it has one."""
        address = verb.attributes.get("action")
        if not address:
            return False
        self.goto(address, verb.attributes.get("method", "POST"), words)
        return True

    def goto(self, address: str, method: str, words: dict[str, str] | None = None) -> None:
        """Go on with another document."""
        self.interrupt()
        self.source = Webhook(urljoin(self.source.url, address), method)
        self._fetch(words or {})

    def play(self, sound: Sound, seconds: float | None, then: Callable[[], object]) -> None:
        """Let the call hear this for so long (None: for ever)."""
        self.sounding = sound.pitches
        self.call.world.changed()
        if seconds is not None:
            self.wait(seconds, then)

    def wait(self, seconds: float, then: Callable[[], object]) -> None:
        """Go on later, unless it is interrupted."""
        run = self._run
        self._timer = self.call.world.later(seconds, lambda: run == self._run and then())

    def when_current(self, handler: Callable[..., object]) -> Callable[..., None]:
        """The handler, for as long as nothing has interrupted the program."""
        run = self._run

        def guarded(*values: object) -> None:
            if run == self._run and not self.call.is_over():
                handler(*values)

        return guarded

    def next(self) -> None:
        """On to the next verb."""
        self.quiet()
        if not self._verbs:
            self.finish()
            return
        verb = self._verbs.popleft()
        if self.call.direction == "inbound" and verb.name not in UNANSWERED:
            self.call.answer()
        try:
            DO[verb.name](self, verb)
        except WrongTwiml as error:
            self._wrong(str(error))

    def nest(self, inner: tuple[Verb, ...], after: Verb) -> None:
        """Do the inner verbs, and `after` when they are done."""
        self._verbs.extendleft(reversed((*inner, after)))
        self.next()

    def skip(self) -> None:
        """Past our mark of the end of Gather, and on."""
        if self._verbs and self._verbs[0].name == "_Gathered":
            self._verbs.popleft()
        self.next()

    def resolved(self, address: str) -> str:
        """An address of the document, whole."""
        return urljoin(self.source.url, address)

    def drop_until(self, name: str) -> None:
        """Leave out what comes before the verb of this name, and what is still being fetched to be played."""
        self._run += 1
        while self._verbs and self._verbs[0].name != name:
            self._verbs.popleft()
        self.quiet()

    def dials(self, dial: Verb, leave: Callable[[], object]) -> None:
        """Dial has begun: wait for its end. `leave` gets the call out of it."""
        self._dial, self._leave_dial = dial, leave

    def finish(self) -> None:
        """No more verbs: a call's own program hangs up, hold music begins again."""
        self.quiet()
        if self.gather is not None:
            return
        if self is self.call.program:
            self.call.end("completed" if self.call.started_at else "canceled", 200)
        elif self._loops and self.source:
            self._fetch({})
        elif self._done is not None:
            self._done()

    def quiet(self) -> None:
        """Wait for nothing, play nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.sounding:
            self.sounding = frozenset()
            self.call.world.changed()

    def _fetch(self, words: dict[str, str]) -> None:
        call, now = self.call, self.call.world.now()
        self._fetched = (now, self._fetched[1] + 1 if self._fetched[0] == now else 1)
        if self._fetched[1] > MOST_FETCHES_AT_ONCE:
            self._wrong(f"TwiML that goes on for ever without time passing: {self.source.url}")
            return
        form = {**call.words(), **(self._more() if self._more else {}), **words}
        arrived = self.when_current(self._arrived)
        call.world.fetch(call.account, call.sid, self.source, form, arrived)

    def _arrived(self, status: int, body: bytes) -> None:
        if 200 <= status < 300:
            self._load(body)
        else:
            self.call.world.webhook_errors.append((self.source.url, status))
            self._give_up()

    def _load(self, document: str | bytes) -> None:
        try:
            self._verbs = deque(parsed(document))
        except WrongTwiml as error:
            self._wrong(str(error))
            return
        self.next()

    def _wrong(self, text: str) -> None:
        self.call.world.fault(f"{text} (from {self.source.url or 'the request'})")
        self._give_up()

    def _give_up(self) -> None:
        """An application error ends the call, as Twilio's does after it has said so."""
        self.interrupt()
        if self is self.call.program:
            self.call.end("completed" if self.call.started_at else "failed", 500)

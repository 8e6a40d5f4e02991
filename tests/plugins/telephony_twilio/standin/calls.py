"""One call: how it begins, is answered, obeys TwiML, and ends; and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from tests.plugins.telephony_twilio.standin.accounts import Account
from tests.plugins.telephony_twilio.standin.amd import Detection
from tests.plugins.telephony_twilio.standin.clock import Timer
from tests.plugins.telephony_twilio.standin.conferences import Participant
from tests.plugins.telephony_twilio.standin.people import REFUSALS, Person
from tests.plugins.telephony_twilio.standin.program import Program
from tests.plugins.telephony_twilio.standin.queues import Place
from tests.plugins.telephony_twilio.standin.world import API_VERSION, NOWHERE, Webhook, World, rfc2822

RING_BUFFER_SECONDS = 5.0
"""What Twilio adds to the timeout it is given (documentation of the Call resource)."""
SETUP_SECONDS = 0.05
NOTICE_SECONDS = 5.0
"""After how long without a sign of life a browser's call is ended."""
PRICE_SECONDS = 2.0
PRICE_PER_MINUTE = 0.0145
OVER = ("completed", "busy", "failed", "no-answer", "canceled")


@dataclass(eq=False)
class Call:
    """A call of one account. `voice` is where its TwiML comes from, unless `document` holds it."""

    world: World
    account: Account
    to: str
    from_: str
    direction: str
    person: Person
    voice: Webhook = NOWHERE
    document: str = ""
    callback: Webhook = NOWHERE
    timeout: float = 60.0
    detection: Detection | None = None
    parent: Call | None = None
    status: str = "queued"
    answered_by: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    price: str | None = None
    participant: Participant | None = None
    place: Place | None = None
    peer: Call | None = None
    custom: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take an id and be known."""
        self.sid = self.world.sid("CA")
        self.created_at = self.world.now()
        self.program = Program(self)
        self._sequence = 0
        self._timers: list[Timer] = []
        self.world.calls[self.sid] = self

    # What it is.

    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.status in OVER

    def speaks(self) -> bool:
        """Whether its person's voice arrives at Twilio."""
        return self.status == "in-progress" and self.person.speaks(self.world.seconds_since(self.started_at))

    def words(self) -> dict[str, str]:
        """What every request about the call says."""
        return {
            "CallSid": self.sid,
            "AccountSid": self.account.sid,
            "From": self.from_,
            "To": self.to,
            "Caller": self.from_,
            "Called": self.to,
            "CallStatus": self.status,
            "ApiVersion": API_VERSION,
            "Direction": self.direction,
            **({"ParentCallSid": self.parent.sid} if self.parent else {}),
            **self.custom,
        }

    # How it goes.

    def dial(self, after: float = 0.0) -> None:
        """Call the other end, `after` seconds from now (the account's calls per second)."""
        self._later(after, self._initiated)

    def _initiated(self) -> None:
        self._tell("initiated", "initiated")
        behaviour = self.person.behaviour
        self._later(self.timeout + RING_BUFFER_SECONDS, lambda: self.end("no-answer", 487))
        refusal = REFUSALS.get(behaviour.outcome)
        if behaviour.outcome in ("answers", "rings", "declines"):
            self._later(SETUP_SECONDS + behaviour.rings_after, self._rings)
        if behaviour.outcome == "answers":
            self._later(SETUP_SECONDS + behaviour.answers_after, self.answer)
        elif refusal is not None:
            self._later(SETUP_SECONDS + behaviour.answers_after, lambda: self.end(*refusal))

    def _rings(self) -> None:
        self.status = "ringing"
        self._tell("ringing", "ringing")

    def come_in(self) -> None:
        """Somebody calls one of the account's numbers: ask for TwiML while it rings."""
        self.status = "ringing"
        self.program.start(self.voice, self.document)

    def answer(self) -> None:
        """The other end answers, or Twilio does where the call came in. Once."""
        if self.status not in ("queued", "ringing"):
            return
        self._cancel_timers()
        self.status, self.started_at = "in-progress", self.world.now()
        self._tell("answered", "in-progress")
        behaviour = self.person.behaviour
        if behaviour.hangs_up_after is not None:
            self._later(behaviour.hangs_up_after, self.hang_up)
        if behaviour.presses:
            self._later(behaviour.presses_after, self._presses)
        if behaviour.speech == "person":
            self._later(0.5, self.world.changed)
        if self.detection is not None:
            self.detection.begin(self)
        if self.direction == "outbound-api":
            self.program.start(self.voice, self.document)
        self.world.changed()

    def redirect(self, voice: Webhook, document: str) -> None:
        """The REST API gives the call other TwiML: it leaves everything it is in."""
        self.program.interrupt()
        self._leave("redirected")
        self.voice, self.document = voice, document
        self.program.start(voice, document)
        self.world.changed()

    def press(self, digit: str) -> None:
        """The person presses a key."""
        self.program.press(digit)
        if self.place is not None:
            self.place.waiting.press(digit)

    def _presses(self) -> None:
        for digit in self.person.behaviour.presses:
            self.press(digit)

    def hang_up(self) -> None:
        """The person hangs up, or gives up before the answer."""
        self.end("completed" if self.status == "in-progress" else "canceled", 487 if self.started_at is None else 200)

    def vanish(self) -> None:
        """The person's network is gone; Twilio notices later."""
        self.person.gone = True
        self.world.changed()
        self._later(NOTICE_SECONDS, lambda: self.end("completed", 200))

    def end(self, status: str, sip_code: int = 200) -> None:
        """It is over; once."""
        if self.is_over():
            return
        self._stop()
        answered = self.status == "in-progress"
        self.status, self.ended_at = status, self.world.now()
        self._leave("hangup")
        for recording in list(self.world.recordings.values()):
            if recording.call is self:
                recording.stop()
        seconds = str(round(self.world.seconds_since(self.started_at))) if answered else "0"
        more = {"CallDuration": seconds, "SipResponseCode": str(sip_code)}
        self._tell("completed", status, {**more, "Duration": str(-(-int(seconds) // 60))} if answered else more)
        self.world.later(PRICE_SECONDS, lambda: self._priced(int(seconds)))
        if self.peer is not None:
            self.peer.peer_left(self)
        self.world.changed()

    def forget(self) -> None:
        """What carried the call is gone, and every trace of it: no callback, no resource; recordings remain."""
        self._stop()
        self.status, self.ended_at = "failed", self.world.now()
        for recording in list(self.world.recordings.values()):
            if recording.call is self:
                recording.stop(tell=False)
        if self.participant is not None:
            self.participant.conference.forget(self.participant)
        self.participant = None
        del self.world.calls[self.sid]
        self.world.changed()

    def peer_left(self, peer: Call) -> None:
        """Who was connected by Dial has left."""
        self.peer = None
        if self.parent is peer:
            self.end("completed", 200)
        else:
            self.program.dialled(peer)

    def _leave(self, why: str) -> None:
        if self.participant is not None:
            self.participant.conference.leave(self.participant)
        if self.place is not None:
            self.place.queue.remove(self.place, why)

    def _stop(self) -> None:
        self._cancel_timers()
        self.program.interrupt()

    def _priced(self, seconds: int) -> None:
        """Prices come a moment after the end."""
        self.price = f"{-PRICE_PER_MINUTE * -(-seconds // 60):.5f}"

    # What is told.

    def _tell(self, event: str, status: str, more: dict[str, str] | None = None) -> None:
        number, self._sequence = self._sequence, self._sequence + 1
        if not self.callback or event not in self.callback.events:
            return
        words = {**self.words(), "CallStatus": status, "Timestamp": rfc2822(self.world.now())}
        words |= {"CallbackSource": "call-progress-events", "SequenceNumber": str(number), **(more or {})}
        self.world.tell(self.account, self.sid, self.callback, words)

    def _later(self, seconds: float, handler: Callable[[], object]) -> None:
        self._timers.append(self.world.later(seconds, handler))

    def _cancel_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


class DialledCall(Call):
    """A call that Dial made: it is connected with its parent when it answers."""

    def answer(self) -> None:
        """Connect the two; the parent's other attempts are given up."""
        parent = self.parent
        assert parent is not None, "Dial is always a call's"
        if parent.is_over() or parent.peer is not None:
            self.end("canceled", 487)
            return
        super().answer()
        parent.peer, self.peer = self, parent
        for other in self.world.live_calls():
            if other.parent is parent and other is not self:
                other.end("canceled", 487)
        self.world.changed()

    def end(self, status: str, sip_code: int = 200) -> None:
        """The last attempt that fails lets the parent go on."""
        was_connected = self.peer is not None
        super().end(status, sip_code)
        parent = self.parent
        assert parent is not None, "Dial is always a call's"
        others = [other for other in self.world.live_calls() if other.parent is parent]
        if not was_connected and not others and parent.peer is None and not parent.is_over():
            parent.program.dialled(self)

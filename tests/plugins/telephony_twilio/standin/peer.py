"""The stand-in as tests use it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping

from tests.plugins.telephony_twilio.standin import program, verbs
from tests.plugins.telephony_twilio.standin.accounts import ACCOUNT_SID, CALLER_ID, Account
from tests.plugins.telephony_twilio.standin.browsers import admitted
from tests.plugins.telephony_twilio.standin.calls import Call
from tests.plugins.telephony_twilio.standin.clock import Clock, RealClock
from tests.plugins.telephony_twilio.standin.courier import Delivery
from tests.plugins.telephony_twilio.standin.hearing import heard_calls, played_pitches
from tests.plugins.telephony_twilio.standin.mischief import Mischief
from tests.plugins.telephony_twilio.standin.people import Behaviour, Person
from tests.plugins.telephony_twilio.standin.server import Server
from tests.plugins.telephony_twilio.standin.world import Webhook, World

assert program.DO, f"{verbs.__name__} fills it"
SETTLE_SECONDS = 10.0


class StandIn:
    """A Twilio of our own on loopback. Everything it does over time it does by `clock`, virtual or real."""

    def __init__(self, clock: Clock | None = None, port: int = 0) -> None:
        self._own_clock = None if clock else RealClock()
        self._moment = threading.Event()
        self.world = World(clock or self._own_clock)  # type: ignore[arg-type]
        self._server = Server(self.world, port)

    @property
    def address(self) -> str:
        """Where its REST API answers."""
        return self._server.address

    @property
    def mischief(self) -> Mischief:
        """How it misbehaves."""
        return self.world.mischief

    @property
    def account(self) -> Account:
        """The main account."""
        return self.world.accounts[ACCOUNT_SID]

    @property
    def faults(self) -> list[str]:
        """What Twilio would have complained about."""
        return self.world.faults

    @property
    def requests(self) -> list[tuple[str, str, int]]:
        """What was asked: method, path, status (0: deliberately none)."""
        return list(self._server.requests)

    @property
    def deliveries(self) -> list[Delivery]:
        """What it has asked of the plugin's web server."""
        return list(self.world.courier.deliveries)

    def close(self) -> None:
        """Stop everything."""
        self.world.courier.stop()
        self._server.stop()
        if self._own_clock:
            self._own_clock.stop()

    # The world outside.

    def behaves(self, address: str, behaviour: Behaviour) -> None:
        """From the next call on, whoever is at this number or SIP address behaves so."""
        self.world.behaviours[address] = behaviour

    def call_in(self, number: str, dialled: str = CALLER_ID, headers: Mapping[str, str] | None = None) -> Call:
        """Somebody calls one of the account's numbers."""
        with self.world.lock:
            account = next(one for one in self.world.accounts.values() if dialled in one.numbers)
            owned = account.numbers[dialled]
            callback = Webhook(owned.status_callback, "POST", frozenset({"completed"}))
            custom = {f"SipHeader_{name}": value for name, value in (headers or {}).items()}
            person = Person(self.world.pitch(number), self.world.behaviour(number))
            voice = Webhook(owned.voice_url)
            call = Call(self.world, account, dialled, number, "inbound", person, voice, "", callback, custom=custom)
            call.come_in()
        return call

    def browser_calls(self, token: str, parameters: Mapping[str, str], name: str) -> Call:
        """A browser with the Voice SDK connects with this access token; `name` gives it its voice."""
        with self.world.lock:
            account, application, identity = admitted(self.world, token)
            callback = Webhook(application.status_callback, "POST", frozenset({"completed"}))
            person = Person(self.world.pitch(name))
            voice, source = Webhook(application.voice_url), f"client:{identity}"
            custom = dict(parameters)
            call = Call(self.world, account, "", source, "inbound", person, voice, "", callback, custom=custom)
            call.come_in()
        return call

    # Looking and acting.

    def calls_to(self, address: str) -> list[Call]:
        """The calls that were placed to an address, or came from it, oldest first."""
        with self.world.lock:
            return [call for call in self.world.calls.values() if address in (call.to, call.from_)]

    def hears(self, listener: Call, speaker: Call) -> bool:
        """Whether, just now, the person of one call hears the other's."""
        with self.world.lock:
            return speaker in heard_calls(listener)

    def hears_pitch(self, listener: Call, hertz: int) -> bool:
        """Whether something of this pitch is being played to the call, or a voice of that pitch is heard."""
        with self.world.lock:
            voices = {other.person.hertz for other in heard_calls(listener)}
            return hertz in voices | played_pitches(listener)

    def forget(self, calls: Iterable[Call]) -> None:
        """Lose these calls and every trace of them, without a word."""
        with self.world.lock:
            for call in list(calls):
                if not call.is_over():
                    call.forget()

    def act(self, action: Callable[[], object]) -> None:
        """Do something to the world under its lock."""
        with self.world.lock:
            action()

    def idle(self) -> bool:
        """Whether nothing is on its way, in either direction."""
        return self._server.idle() and self.world.courier.idle()

    def settle(self, also: Callable[[], bool] = lambda: True, timeout_seconds: float = SETTLE_SECONDS) -> None:
        """Wait, in real time, until nothing is under way here nor, as `also` says, at the plugin's."""
        deadline = time.monotonic() + timeout_seconds
        quiet = 0
        while quiet < 2:
            quiet = quiet + 1 if self.idle() and also() and self.idle() else 0
            if quiet < 2:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"Still busy after {timeout_seconds} s: {threading.enumerate()}")
                self._moment.wait(0.0005)

    def check(self) -> None:
        """AssertionError where a request, an answer or a document broke Twilio's rules."""
        assert not self.faults, "\n".join(self.faults)

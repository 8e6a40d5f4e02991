"""The rig on which the telephony conformance kit plays the Twilio backend: the stand-in has the far side."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from hookline.testing.telephony_rig import RealTimeRig
from tests.plugins.telephony_twilio.installation import STEP_SECONDS, Installation
from tests.plugins.telephony_twilio.standin import Behaviour, StandIn
from tests.plugins.telephony_twilio.standin.calls import Call

ANSWERS = Behaviour()
NUMBERS = {
    "answers": ANSWERS,
    "answers_late": Behaviour(answers_after=3.0),
    "answers_and_hangs_up": Behaviour(hangs_up_after=1.5),
    "announces": Behaviour(outcome="rings"),
    "machine": Behaviour(speech="machine"),
    "person": Behaviour(speech="person"),
    "busy": Behaviour(outcome="busy"),
    "no_answer": Behaviour(outcome="rings"),
    "declined": Behaviour(outcome="declines"),
    "declines": Behaviour(outcome="declines"),
    "invalid": Behaviour(outcome="invalid"),
    "unreachable": Behaviour(outcome="unreachable"),
}


class TwilioFarSide:
    """The person of one call, found by the address that was called or that calls."""

    def __init__(self, rig: TwilioRig, address: str) -> None:
        self._rig = rig
        self._standin: StandIn = rig.installation.standin
        self._address = address

    @property
    def tone_hz(self) -> int:
        """The person's voice."""
        return self._rig.call_of(self._address).person.hertz

    def hears(self, address: str) -> bool:
        """Whether it hears that one."""
        return self._standin.hears(self._rig.call_of(self._address), self._rig.call_of(address))

    def hears_tone(self, hz: int) -> bool:
        """Whether it hears that pitch."""
        return self._standin.hears_pitch(self._rig.call_of(self._address), hz)

    def headers(self) -> Mapping[str, str]:
        """Twilio carries no headers to telephones."""
        return {}

    def digits(self) -> str:
        """What arrived."""
        return self._rig.call_of(self._address).person.digits

    def press(self, digit: str) -> None:
        """Press a key, having listened first."""
        self._rig.installation.standin.settle(also=self._rig.is_idle)
        call = self._rig.call_of(self._address)
        self._standin.act(lambda: call.press(digit))

    def hang_up(self) -> None:
        """Hang up."""
        call = self._rig.call_of(self._address)
        self._standin.act(call.hang_up)


class TwilioRig(RealTimeRig):
    """Implements `telephony_rig.Rig`; time is the installation's virtual clock, turned in steps of 0.1 s."""

    def __init__(self, directory: Path, **settings: Any) -> None:
        super().__init__(directory)
        folder = directory / "installation"
        folder.mkdir()
        self.installation = Installation(folder, **settings)
        self.client_id = self.installation.centre.client_id
        self.backend = self.installation.backend
        self.backend.start(self.log)
        self._count = itertools.count(1)
        self._browsers: dict[str, Call] = {}
        self._legs: dict[str, str] = {}

    def number(self, behaviour: str) -> str:
        """A fresh number."""
        return self._behaves(f"+48600{next(self._count):06}", NUMBERS[behaviour])

    def number_station(self, behaviour: str) -> str:
        """A fresh number."""
        return self.number(behaviour)

    def station(self, behaviour: str) -> str:
        """A fresh SIP address; it answers sooner than a number."""
        quick = replace(NUMBERS[behaviour], rings_after=0.05, answers_after=0.2)
        return self._behaves(f"sip:phone{next(self._count)}@standin.sip.twilio.com", quick)

    def _behaves(self, address: str, behaviour: Behaviour) -> str:
        self.installation.standin.behaves(address, behaviour)
        return address

    def caller(self, headers: Mapping[str, str]) -> str:
        """Somebody calls the account's number."""
        number = f"+48700{next(self._count):06}"
        self.installation.standin.call_in(number, self.caller_id)
        return number

    def open_browser(self, leg_id: str) -> str:
        """A browser does what the desk's script does: it asks for a token and connects with it."""
        told = self.backend.browser_message(leg_id, {"want": "token"})
        name = f"browser:{leg_id}"
        self._browsers[name] = self.installation.standin.browser_calls(
            str(told["token"]), {"leg": str(told["leg"])}, name
        )
        return name

    def lose_browser(self, leg_id: str) -> None:
        """Its network is gone."""
        call = self._browsers[f"browser:{leg_id}"]
        self.installation.standin.act(call.vanish)

    def far_side(self, leg_id: str, address: str) -> TwilioFarSide:
        """The person at that address."""
        self._legs[leg_id] = address
        return TwilioFarSide(self, address)

    def call_of(self, address: str) -> Call:
        """The call with that address, the last one where there were several."""
        return self._browsers.get(address) or self.installation.standin.calls_to(address)[-1]

    def wait_for(self, predicate: Callable[[], bool], timeout_seconds: float) -> bool:
        """Turn the clock until it holds."""
        for _ in range(round(timeout_seconds / STEP_SECONDS)):
            self._settle()
            if predicate():
                return True
            self.installation.clock.advance(STEP_SECONDS)
        self._settle()
        return predicate()

    def let_pass(self, seconds: float) -> None:
        """Turn the clock."""
        for _ in range(round(seconds / STEP_SECONDS)):
            self._settle()
            self.installation.clock.advance(STEP_SECONDS)
        self._settle()

    def now(self) -> datetime:
        """The virtual time."""
        return self.installation.clock.now()

    def is_idle(self) -> bool:
        """Whether the backend has nothing to do."""
        idle = self.backend.idle
        return bool(idle() if callable(idle) else idle)

    def lose(self, conversation_id: str) -> None:
        """What carries the conversation is gone at Twilio, and every trace of its calls."""
        self._settle()
        conferences = self.installation.standin.world.conferences.values()
        rooms = [one for one in conferences if conversation_id in one.name]
        calls = [participant.call for room in rooms for participant in room.participants.values()]
        legs = {event.leg_id for event in self.collected if event.conversation_id == conversation_id}
        calls += [call for call in self.installation.standin.world.calls.values() if _leg_of(call) in legs]
        self.installation.standin.forget(dict.fromkeys(calls))

    def close(self) -> None:
        """Everything."""
        self.installation.close()

    def _settle(self) -> None:
        self.installation.standin.settle(also=self.is_idle)


def _leg_of(call: Call) -> str:
    """The leg whose id stands in the address of the call's status callback."""
    return call.callback.url.rpartition("/")[2]

"""Native calls: dialled within the library's limits and at a pace it bears, taken where they were announced."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pjsua2 as pj

from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.cell.leg import Leg
from hookline_telephony_sip.cell.library import MAX_CALLS, NO_FREE_CALL, Library
from hookline_telephony_sip.cell.line import CallState as State
from hookline_telephony_sip.cell.line import CameIn, Facts, StateChanged
from hookline_telephony_sip.cell.native import NativeCall, error_text
from hookline_telephony_sip.cell.pace import DIAL_PAUSE_SECONDS
from hookline_telephony_sip.dtmf import DtmfMethod

_FORBIDDEN = 403
_disowned = itertools.count(1)


@dataclass
class Calls:
    """What the library carries for this cell. `library` is set once it exists."""

    facts: Facts
    complain: Callable[[str, str], None]
    library: Library = field(init=False)
    _logins: dict[str, tuple[str, str]] = field(default_factory=dict)
    _expected: dict[str, msg.Expect] = field(default_factory=dict)
    _refused: list[NativeCall] = field(default_factory=list)
    _disowned: dict[str, NativeCall] = field(default_factory=dict)
    _dial_at: float = 0.0

    def dial(self, leg: Leg, route: msg.Route, headers: Mapping[str, str], natives: int) -> bool:
        """Send the INVITE. False: not yet. Where it cannot be sent a fact says that the line is gone."""
        now = time.monotonic()
        if natives + len(self._disowned) >= MAX_CALLS or now < self._dial_at:
            return False
        account = self.library.account(route.username, route.password, in_use=list(self._logins.values()))
        if account is None:
            return False
        self.library.prefer(route.codecs)
        try:
            call = NativeCall(account, leg.name, self.facts, DtmfMethod(route.dtmf))
            leg.line = call
            call.dial(route.uri, route.from_uri, headers)
        except pj.Error as error:
            leg.line = None
            if error.status == NO_FREE_CALL:
                return False
            self.complain(f"dialling: {error_text(error)}", leg.name)
            self.facts.append(StateChanged(leg.name, State.GONE))
        self._dial_at = now + DIAL_PAUSE_SECONDS
        self._logins[leg.name] = (route.username, route.password)
        return True

    def disown(self, leg: Leg) -> None:
        """End a call that brought no answer; the library keeps it for a while, the leg goes on without it."""
        call, leg.line = leg.line, None
        if isinstance(call, NativeCall):
            call.leg = f"~{next(_disowned)}"
            self._disowned[call.leg] = call
            try:
                call.end()
            except pj.Error as error:
                self.complain(f"giving a route up: {error_text(error)}", leg.name)

    def disowned_gone(self, name: str) -> None:
        """The library has let go of it."""
        self._disowned.pop(name, None)

    def expect(self, command: msg.Expect) -> None:
        """Take the call that comes with this token."""
        self._expected[command.token] = command
        self.library.prefer(command.codecs)  # the answer's codecs are chosen before anybody is asked

    def take(self, account: Any, call_id: int, token: str) -> None:
        """From the library: a call has come in. Nobody but the listener knows a token."""
        expected = self._expected.pop(token, None) if token else None
        if expected is None:
            call = NativeCall(account, "", self.facts, DtmfMethod.RFC4733, call_id)
            self._refused = [*self._refused[-MAX_CALLS:], call]
            call.accept(_FORBIDDEN)
            return
        call = NativeCall(account, expected.leg, self.facts, DtmfMethod(expected.dtmf), call_id)
        self.facts.append(CameIn(expected.leg, call))

    def gone(self, leg: str) -> None:
        """The leg's call is no more."""
        self._logins.pop(leg, None)
        self._expected = {token: item for token, item in self._expected.items() if item.leg != leg}

    def clear(self) -> None:
        """Drop every object of the library's."""
        self._refused.clear()
        self._disowned.clear()
        self._expected.clear()

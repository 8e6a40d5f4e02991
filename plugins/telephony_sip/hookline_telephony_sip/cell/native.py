"""pjsua2's call, reduced to plain facts: its callbacks note what happened and decide nothing.

makeCall and hangup call `onCallState` before they return, so a callback that acted would act in the middle of a
command. The room reads the facts afterwards, on the same thread.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import pjsua2 as pj

_FORBIDDEN = 403


class CallState(Enum):
    """The states that matter here."""

    TRYING = auto()
    RINGING = auto()
    ANSWERED = auto()
    GONE = auto()


class Sound(Enum):
    """Whether audio flows, as the last offer and answer left it."""

    NONE = auto()
    ACTIVE = auto()
    REMOTE_HOLD = auto()
    LOCAL_HOLD = auto()


@dataclass(frozen=True)
class StateChanged:
    """The call's state, with the last SIP status."""

    leg: str
    state: CallState
    code: int
    reason: str


@dataclass(frozen=True)
class SoundChanged:
    """Audio starts, stops or moves to another port."""

    leg: str
    sound: Sound


@dataclass(frozen=True)
class DigitHeard:
    """An RFC 4733 digit came in."""

    leg: str
    digit: str


@dataclass(frozen=True)
class HandlerFailed:
    """A callback raised; the text names the error only."""

    leg: str
    text: str


Fact = StateChanged | SoundChanged | DigitHeard | HandlerFailed


def error_text(error: Exception) -> str:
    """The error for the log: its kind and the library's status, never its text, which may hold an address."""
    return f"{type(error).__name__} {error.status}" if isinstance(error, pj.Error) else type(error).__name__


def _guarded(handler: Callable[[NativeCall, Any], None]) -> Callable[[NativeCall, Any], None]:
    """An exception must not reach the library's C++ frames, and no traceback may keep its objects alive."""

    @functools.wraps(handler)
    def guarded(self: NativeCall, prm: Any) -> None:
        try:
            handler(self, prm)
        except Exception as error:
            self.facts.append(HandlerFailed(self.leg, f"{handler.__name__}: {error_text(error)}"))

    return guarded


class NativeCall(pj.Call):  # type: ignore[misc]
    """One call of the library."""

    def __init__(self, account: Any, leg: str, facts: deque[Fact]) -> None:
        super().__init__(account)
        self.leg = leg
        self.facts = facts

    def dial(self, uri: str, from_uri: str, headers: Mapping[str, str]) -> None:
        """Send the INVITE. Raises pj.Error."""
        prm = _call_parameters()
        prm.txOption.localUri = from_uri
        for name, value in headers.items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            prm.txOption.headers.append(header)
        self.makeCall(uri, prm)

    def end(self) -> None:
        """CANCEL or BYE, as the state asks. Raises pj.Error."""
        self.hangup(pj.CallOpParam())

    def offer_hold(self, on: bool) -> None:
        """Send the re-INVITE that holds or takes back. Raises pj.Error, also while another one is under way."""
        if on:
            self.setHold(pj.CallOpParam())
            return
        prm = _call_parameters()
        prm.opt.flag = pj.PJSUA_CALL_UNHOLD
        self.reinvite(prm)

    def received(self) -> tuple[int, int]:
        """RTP packets that have come in, and that are missing. Only while there is an audio stream. Raises pj.Error."""
        stream = self.getStreamStat(0)  # kept in a name: what it holds points into it
        return stream.rtcp.rxStat.pkt, stream.rtcp.rxStat.loss

    @_guarded
    def onCallState(self, prm: Any) -> None:
        """Note the state."""
        info = self.getInfo()
        self.facts.append(StateChanged(self.leg, _state(info.state), info.lastStatusCode, info.lastReason))

    @_guarded
    def onCallMediaState(self, prm: Any) -> None:
        """Note whether audio flows."""
        info = self.getInfo()  # kept in a name: `info.media` points into it
        self.facts.append(SoundChanged(self.leg, _sound(info.media)))

    @_guarded
    def onDtmfDigit(self, prm: Any) -> None:
        """Note a digit. One that comes by SIP INFO is not counted: we ask for RFC 4733, and some send both."""
        if prm.method == pj.PJSUA_DTMF_METHOD_RFC2833:
            self.facts.append(DigitHeard(self.leg, prm.digit))

    @_guarded
    def onCallTransferRequest(self, prm: Any) -> None:
        """Refuse a REFER: the far side must not make us dial, past the dial gate."""
        prm.statusCode = _FORBIDDEN

    @_guarded
    def onCallReplaceRequest(self, prm: Any) -> None:
        """Refuse an INVITE that would take this call over."""
        prm.statusCode = _FORBIDDEN

    def onCallRedirected(self, prm: Any) -> int:
        """Never follow a 3xx: the number it names has not passed the dial gate."""
        return int(pj.PJSIP_REDIRECT_REJECT)


def _call_parameters() -> Any:
    prm = pj.CallOpParam(True)
    prm.opt.audioCount = 1
    prm.opt.videoCount = 0
    return prm


def _state(state: int) -> CallState:
    if state == pj.PJSIP_INV_STATE_DISCONNECTED:
        return CallState.GONE
    if state == pj.PJSIP_INV_STATE_CONFIRMED:
        return CallState.ANSWERED
    return CallState.RINGING if state == pj.PJSIP_INV_STATE_EARLY else CallState.TRYING


def _sound(media: Any) -> Sound:
    for stream in media:
        if stream.type != pj.PJMEDIA_TYPE_AUDIO or stream.audioConfSlot < 0:
            continue
        if stream.status == pj.PJSUA_CALL_MEDIA_LOCAL_HOLD:
            return Sound.LOCAL_HOLD
        if stream.status == pj.PJSUA_CALL_MEDIA_REMOTE_HOLD:
            return Sound.REMOTE_HOLD
        if stream.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
            return Sound.ACTIVE
    return Sound.NONE

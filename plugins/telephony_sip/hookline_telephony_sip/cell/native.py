"""pjsua2's call, reduced to plain facts: its callbacks note what happened and decide nothing.

makeCall and hangup call `onCallState` before they return, so a callback that acted would act in the middle of a
command. The room reads the facts afterwards, on the same thread.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pjsua2 as pj

from hookline_telephony_sip.cell.line import (
    CallState,
    DigitHeard,
    Facts,
    HandlerFailed,
    Replied,
    Sound,
    SoundChanged,
    StateChanged,
)
from hookline_telephony_sip.cell.sound_peers import SoundPeers
from hookline_telephony_sip.cell.wholemsg import headers_of
from hookline_telephony_sip.dtmf import DtmfMethod

_FORBIDDEN = 403
_OK = 200


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
    """One call of the library; a `line.Line`."""

    tells_hold: ClassVar[bool] = True

    def __init__(self, account: Any, leg: str, facts: Facts, dtmf: DtmfMethod, call_id: int | None = None) -> None:
        super().__init__(account) if call_id is None else super().__init__(account, call_id)
        self.leg = leg
        self.facts = facts
        self.dtmf = dtmf
        self._sound_peers = SoundPeers()

    def dial(self, uri: str, from_uri: str, headers: Mapping[str, str]) -> None:
        """Send the INVITE. Raises pj.Error."""
        prm = _call_parameters()
        prm.txOption.localUri = from_uri
        for name, value in headers.items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            prm.txOption.headers.append(header)
        self.makeCall(uri, prm)

    def accept(self, status: int = _OK) -> None:
        """Answer a call that has come in. Raises pj.Error."""
        prm = _call_parameters()
        prm.statusCode = status
        self.answer(prm)

    def end(self) -> None:
        """CANCEL or BYE, as the state asks. Raises pj.Error."""
        self.hangup(pj.CallOpParam())

    def port(self) -> Any:
        """The stream's port on the bridge; the library asserts on a port that is none."""
        try:
            media = self.getAudioMedia(-1)
            return media if media.getPortId() >= 0 else None
        except pj.Error:
            return None  # the stream has gone; the fact that says so is on its way

    def send_digits(self, digits: str) -> None:
        """By RFC 4733 or SIP INFO. Raises pj.Error."""
        prm = pj.CallSendDtmfParam()
        prm.method = pj.PJSUA_DTMF_METHOD_SIP_INFO if self.dtmf is DtmfMethod.INFO else pj.PJSUA_DTMF_METHOD_RFC2833
        prm.digits = digits
        self.sendDtmf(prm)

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
        if self._sound_peers.undecided:
            transport = self.getMedTransportInfo(0)
            self._sound_peers.heard(str(transport.srcRtpName), _places(transport))
        stream = self.getStreamStat(0)  # kept in a name: what it holds points into it
        return stream.rtcp.rxStat.pkt, stream.rtcp.rxStat.loss

    @_guarded
    def onCallState(self, prm: Any) -> None:
        """Note the state, with all that is wanted of it: by the time it is read the call may be gone."""
        info = self.getInfo()
        state = _state(info.state)
        headers = headers_of(_message(prm)) if state in (CallState.ANSWERED, CallState.CONNECTING) else {}
        code, reason, contact = info.lastStatusCode, info.lastReason, str(info.remoteContact)
        self.facts.append(StateChanged(self.leg, state, code, reason, headers, contact))

    @_guarded
    def onCallTsxState(self, prm: Any) -> None:
        """Note that the far side says something at all, if only 100 Trying."""
        event = prm.e
        if event.body.tsxState.type == pj.PJSIP_EVENT_RX_MSG:
            self.facts.append(Replied(self.leg))

    @_guarded
    def onCallMediaState(self, prm: Any) -> None:
        """Note whether audio flows, and take it from nobody else than was agreed."""
        info = self.getInfo()  # kept in a name: `info.media` points into it
        sound = _sound(info.media)
        self.facts.append(SoundChanged(self.leg, sound))
        if sound is not Sound.NONE:
            stream = self.getStreamInfo(0)
            self._sound_peers.agreed(str(stream.remoteRtpAddress), _places(self.getMedTransportInfo(0)))

    @_guarded
    def onDtmfDigit(self, prm: Any) -> None:
        """Note a digit that comes by the way agreed on; another is not counted, as some send both."""
        wanted = pj.PJSUA_DTMF_METHOD_SIP_INFO if self.dtmf is DtmfMethod.INFO else pj.PJSUA_DTMF_METHOD_RFC2833
        if prm.method == wanted:
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


def _places(transport: Any) -> tuple[str, str]:
    return str(transport.localRtpName), str(transport.localRtcpName)


def _message(prm: Any) -> str:
    """The message that led here, as it came; empty where it was none of the far side's."""
    event = prm.e  # kept in a name: what it holds points into it
    if event.type != pj.PJSIP_EVENT_TSX_STATE or event.body.tsxState.type != pj.PJSIP_EVENT_RX_MSG:
        return ""
    return str(event.body.tsxState.src.rdata.wholeMsg)


def _state(state: int) -> CallState:
    if state == pj.PJSIP_INV_STATE_DISCONNECTED:
        return CallState.GONE
    if state == pj.PJSIP_INV_STATE_CONFIRMED:
        return CallState.ANSWERED
    if state == pj.PJSIP_INV_STATE_CONNECTING:
        return CallState.CONNECTING
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

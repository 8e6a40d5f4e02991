"""The pjsua2 library in this process: start, poll, stop. Everything here runs on the owner thread."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pjsua2 as pj

from hookline_telephony_sip.cell.wholemsg import token_of
from hookline_telephony_sip.codecs import Codec

MAX_CALLS = 4  # compiled into the library, which aborts the process beyond it
NO_FREE_CALL = 70010  # PJ_ETOOMANY
MAX_ACCOUNTS = 8  # likewise; one is kept for stations
_HIGHEST = 255
_SHORTEST_SESSION = 90  # seconds; RFC 4028 allows no less
_CODEC_IDS = {Codec.PCMA: "PCMA/8000/1", Codec.PCMU: "PCMU/8000/1", Codec.G722: "G722/16000/1"}
Taker = Callable[[Any, int, str], None]
"""(account, the library's call id, the token it came with) → takes or refuses a call that comes in."""


@dataclass(frozen=True)
class Options:
    """How this cell was asked to run; the three files are 16 bit mono WAV. Seconds; 0 is never.

    `signalling` is where SIP is bound, `bind` where the sound is.
    """

    bind: str
    signalling: str
    clock_rate: int
    comfort: str
    silence: str
    ringback: str
    media_timeout: float = 0.0
    session_seconds: int = 1800
    proxy: str = ""


class Account(pj.Account):  # type: ignore[misc]
    """Registers nowhere; hands what comes in to the taker."""

    def __init__(self, take: Taker) -> None:
        super().__init__()
        self._take = take

    def onIncomingCall(self, prm: Any) -> None:
        """Take the call that was announced; nothing else gets an answer but a refusal."""
        data = prm.rdata  # kept in a name: what it holds points into it
        self._take(self, prm.callId, token_of(str(data.wholeMsg)))


class Library:
    """The endpoint with one UDP transport, a null sound device, and an account for each log-in."""

    def __init__(self, options: Options, take: Taker) -> None:
        self._options = options
        self._take = take
        self._endpoint: Any = pj.Endpoint()
        self._accounts: dict[tuple[str, str], Any] = {}
        self._codecs: tuple[Codec, ...] = ()
        self._transport = -1

    def start(self) -> None:
        """Bring the library up. Raises pj.Error (the bind address is not ours, no socket is free)."""
        endpoint = self._endpoint
        endpoint.libCreate()
        endpoint.libInit(self._endpoint_config())
        transport = pj.TransportConfig()
        transport.port = 0
        transport.boundAddress = self._options.signalling
        self._transport = endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        endpoint.libStart()
        endpoint.audDevManager().setNullDev()
        for codec in endpoint.codecEnum2():
            endpoint.codecSetPriority(codec.codecId, 0)
        self.account("", "", in_use=())

    @property
    def port(self) -> int:
        """The UDP port of the signalling."""
        local = self._endpoint.transportGetInfo(self._transport)
        return int(str(local.localName).rpartition(":")[2])

    def prefer(self, codecs: Sequence[str]) -> None:
        """Offer, and take, these codecs in this order from now on: call it right before the offer is made."""
        wanted = tuple(Codec(name) for name in codecs)
        if wanted == self._codecs:
            return
        for codec, name in _CODEC_IDS.items():
            place = _HIGHEST - wanted.index(codec) if codec in wanted else 0
            self._endpoint.codecSetPriority(name, place)
        self._codecs = wanted

    def poll(self, milliseconds: int) -> None:
        """Handle what has come in, waiting at most so long."""
        self._endpoint.libHandleEvents(milliseconds)

    def account(self, username: str, password: str, in_use: Sequence[tuple[str, str]]) -> Any:
        """The account to call from: with credentials it answers a 401 or 407 challenge. None where the library has
        no free one; `in_use` are the log-ins of calls that are up, whose accounts must stay as they are.
        """
        login = (username, password)
        if login in self._accounts:
            return self._accounts[login]
        if len(self._accounts) < MAX_ACCOUNTS:
            account = Account(self._take)
            account.create(self._account_config(*login))
        else:
            spare = next((known for known in self._accounts if known != ("", "") and known not in in_use), None)
            if spare is None:
                return None
            account = self._accounts.pop(spare)
            account.modify(self._account_config(*login))
        self._accounts[login] = account
        return account

    def player(self, path: str, *, loop: bool = True) -> Any:
        """A player of the file, which begins at once. Raises pj.Error."""
        player = pj.AudioMediaPlayer()
        player.createPlayer(path, 0 if loop else pj.PJMEDIA_FILE_NO_LOOP)
        return player

    def stop(self, *, wait_for_answers: bool) -> None:
        """Take the library down; waiting gives a BYE a second in which it is answered or repeated.

        No Python reference to a call, player or recorder may be left by now.
        """
        for account in self._accounts.values():
            account.shutdown()
        self._accounts.clear()
        account = None
        gc.collect()
        self._endpoint.libDestroy(0 if wait_for_answers else pj.PJSUA_DESTROY_NO_RX_MSG)

    def _endpoint_config(self) -> Any:
        config = pj.EpConfig()
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.uaConfig.maxCalls = MAX_CALLS
        config.uaConfig.userAgent = "Hookline"
        config.logConfig.level = 1
        config.logConfig.consoleLevel = 0  # it would print numbers
        config.logConfig.msgLogging = 0
        config.medConfig.clockRate = self._options.clock_rate
        config.medConfig.sndClockRate = self._options.clock_rate
        config.medConfig.audioFramePtime = 20
        config.medConfig.noVad = True
        config.medConfig.ecTailLen = 0
        config.medConfig.sndAutoCloseTime = -1  # recordings are closed by the clock: it must not stop
        return config

    def _account_config(self, username: str, password: str) -> Any:
        config = pj.AccountConfig()
        config.idUri = f"sip:hookline@{self._options.signalling}"
        if self._options.proxy:
            config.sipConfig.proxies.append(self._options.proxy)
        timers = config.callConfig
        timers.timerUse = pj.PJSUA_SIP_TIMER_OPTIONAL if self._options.session_seconds else pj.PJSUA_SIP_TIMER_INACTIVE
        if self._options.session_seconds:
            timers.timerSessExpiresSec = self._options.session_seconds
            timers.timerMinSESec = min(_SHORTEST_SESSION, self._options.session_seconds)
        config.mediaConfig.transportConfig.boundAddress = self._options.bind
        config.mediaConfig.transportConfig.port = 0
        config.mediaConfig.lockCodecEnabled = False
        if username:
            config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", username, 0, password))
        return config

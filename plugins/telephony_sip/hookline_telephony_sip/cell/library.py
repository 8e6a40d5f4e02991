"""The pjsua2 library in this process: start, poll, stop. Everything here runs on the owner thread."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from typing import Any

import pjsua2 as pj

MAX_CALLS = 4  # compiled into the library, which aborts the process beyond it
NO_FREE_CALL = 70010  # PJ_ETOOMANY
_CODECS = {"PCMA/8000/1": 255, "PCMU/8000/1": 254}


@dataclass(frozen=True)
class Options:
    """How this cell was asked to run; the two files are 16 bit mono WAV. `media_timeout`: seconds, 0 is never."""

    bind: str
    clock_rate: int
    comfort: str
    silence: str
    media_timeout: float = 0.0


class Library:
    """The endpoint with one UDP transport, a null sound device and two accounts, none of which registers."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._endpoint: Any = pj.Endpoint()
        self._accounts: dict[str, Any] = {}
        self._credentials = ("", "")

    def start(self) -> None:
        """Bring the library up. Raises pj.Error (the bind address is not ours, no socket is free)."""
        endpoint = self._endpoint
        endpoint.libCreate()
        endpoint.libInit(self._endpoint_config())
        transport = pj.TransportConfig()
        transport.port = 0
        transport.boundAddress = self._options.bind
        endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        endpoint.libStart()
        endpoint.audDevManager().setNullDev()
        for codec in endpoint.codecEnum2():
            endpoint.codecSetPriority(codec.codecId, _CODECS.get(codec.codecId, 0))
        for name in ("station", "trunk"):
            account = pj.Account()
            account.create(self._account_config("", ""))
            self._accounts[name] = account

    def poll(self, milliseconds: int) -> None:
        """Handle what has come in, waiting at most so long."""
        self._endpoint.libHandleEvents(milliseconds)

    def account(self, username: str, password: str) -> Any:
        """The account to call from: with credentials it answers a 401 or 407 challenge."""
        if not username:
            return self._accounts["station"]
        if self._credentials != (username, password):
            self._accounts["trunk"].modify(self._account_config(username, password))
            self._credentials = (username, password)
        return self._accounts["trunk"]

    def player(self, path: str) -> Any:
        """A player that repeats the file for ever."""
        player = pj.AudioMediaPlayer()
        player.createPlayer(path, 0)
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
        config.idUri = f"sip:hookline@{self._options.bind}"
        config.mediaConfig.transportConfig.boundAddress = self._options.bind
        config.mediaConfig.transportConfig.port = 0
        config.mediaConfig.lockCodecEnabled = False
        if username:
            config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", username, 0, password))
        return config

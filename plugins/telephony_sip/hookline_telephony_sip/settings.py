"""The SIP backend's settings as it uses them, checked once."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path

from hookline.errors import InvalidInput
from hookline_telephony_sip.browser_settings import BrowserSettings

_PROXY = re.compile(r"sip:[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?;lr")

_PUBLIC = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}:[0-9]{2,5}")


@dataclass(frozen=True, kw_only=True)
class SipSettings:
    """How cells are run.

    `bind_address`: the IPv4 address that sound (and SIP, unless `signalling_address` is set) is bound to; a stranger
    must not be able to reach it.
    `signalling_address` and `proxy`: where a SIP proxy on this machine stands between cells and the world, the address
    that its side of SIP is bound to, like 127.0.0.1, and the proxy, like sip:127.0.0.1:5060;lr.
    `public_address`: where trunks reach that proxy, `address:port`; told to trunks that want us to register.
    `tls_authorities`: a PEM file with those that trunks' certificates may be from; empty: the machine's own list.
    `inbound_port`: the UDP port at which the listener takes calls that come in; 0: none. `inbound_address`: its IPv4
    address, where it is another than `bind_address`.
    `warm_cells`: cells kept ready for the next conversation. `max_cells`: how many may run.
    `conversations_per_cell`: after so many a cell is replaced by a fresh one.
    `ringing_per_cell`: how many customers of one cell may ring, or talk from it with an agent in another.
    `media_timeout_seconds`: a leg that has brought no RTP for so long, hold apart, is lost; 0 means never.
    `reply_seconds`: a trunk that has not said anything by then is given up for the next one.
    `session_seconds`: session timer (RFC 4028), by which a call is ended whose far side has vanished; 0: none.
    `hold_music`: a 16 bit mono WAV file for legs on hold; None means the tune that comes with Hookline.
    `clock_rate`: samples per second within a cell; None: 16000 where a trunk speaks G.722, else 8000.
    `browser`: how browsers that are agents' phones reach the cells.
    """

    bind_address: str = "127.0.0.1"
    signalling_address: str = ""
    proxy: str = ""
    public_address: str = ""
    tls_authorities: str = ""
    warm_cells: int = 1
    max_cells: int = 16
    conversations_per_cell: int = 50
    ringing_per_cell: int = 4
    inbound_port: int = 0
    inbound_address: str = ""
    hold_music: Path | None = None
    clock_rate: int | None = None
    media_timeout_seconds: float = 30.0
    reply_seconds: float = 4.0
    session_seconds: int = 1800
    browser: BrowserSettings = field(default_factory=BrowserSettings)

    @property
    def cell_address(self) -> str:
        """Where cells' SIP is bound."""
        return self.signalling_address or self.bind_address

    @property
    def proxy_address(self) -> str:
        """The proxy as `address:port`; empty where there is none."""
        return self.proxy.removeprefix("sip:").partition(";")[0]

    @property
    def rate(self) -> int:
        """The clock rate in force."""
        return self.clock_rate or 8000

    def __post_init__(self) -> None:
        checks = {**self._addresses(), **self._numbers()}
        problems = {name: [advice] for name, (holds, advice) in checks.items() if not holds}
        if problems:
            raise InvalidInput("The SIP settings cannot be used.", "Correct the named fields.", problems)

    def _addresses(self) -> dict[str, tuple[bool, str]]:
        address = "Write one IPv4 address of this machine, like 127.0.0.1."
        return {
            "bind_address": (_is_ipv4(self.bind_address), address),
            "signalling_address": (not self.signalling_address or _is_ipv4(self.signalling_address), address),
            "inbound_address": (not self.inbound_address or _is_ipv4(self.inbound_address), address),
            "proxy": (not self.proxy or bool(_PROXY.fullmatch(self.proxy)), "Write it like sip:127.0.0.1:5060;lr."),
            "public_address": (
                not self.public_address or bool(_PUBLIC.fullmatch(self.public_address)),
                "Write it like 192.0.2.10:5060.",
            ),
            "tls_authorities": (
                not self.tls_authorities or Path(self.tls_authorities).is_file(),
                "There is no such file.",
            ),
            "hold_music": (self.hold_music is None or self.hold_music.is_file(), "There is no such file."),
        }

    def _numbers(self) -> dict[str, tuple[bool, str]]:
        return {
            "inbound_port": (0 <= self.inbound_port < 65536, "Choose 0 (none) to 65535."),
            "max_cells": (1 <= self.max_cells <= 500, "Choose 1 to 500."),
            "warm_cells": (0 <= self.warm_cells <= self.max_cells, "Choose 0 up to the number of cells."),
            "conversations_per_cell": (1 <= self.conversations_per_cell <= 10000, "Choose 1 to 10000."),
            "ringing_per_cell": (1 <= self.ringing_per_cell <= 4, "Choose 1 to 4."),
            "clock_rate": (self.clock_rate in (None, 8000, 16000), "Choose 8000 or 16000."),
            "media_timeout_seconds": (0 <= self.media_timeout_seconds <= 3600, "Choose 0 (never) to 3600."),
            "reply_seconds": (0.5 <= self.reply_seconds <= 30, "Choose 0.5 to 30."),
            "session_seconds": (
                not self.session_seconds or 90 <= self.session_seconds <= 86400,
                "Choose 0 (never) or 90 to 86400.",
            ),
        }


def _is_ipv4(value: str) -> bool:
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return True

"""The SIP backend's settings as it uses them, checked once."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from hookline.errors import InvalidInput
from hookline_telephony_sip.browser_settings import BrowserSettings


@dataclass(frozen=True, kw_only=True)
class SipSettings:
    """How cells are run.

    `bind_address`: the IPv4 address that SIP and RTP are bound to; a stranger must not be able to reach it.
    `warm_cells`: cells kept ready for the next conversation. `max_cells`: conversations at once.
    `media_timeout_seconds`: a leg that has brought no RTP for so long, hold apart, is lost; 0 means never.
    `browser`: how browsers that are agents' phones reach the cells.
    `hold_music`: a 16 bit mono WAV file for legs on hold; None means a breath of noise.
    """

    bind_address: str = "127.0.0.1"
    warm_cells: int = 1
    max_cells: int = 16
    hold_music: Path | None = None
    clock_rate: int = 8000
    media_timeout_seconds: float = 30.0
    browser: BrowserSettings = field(default_factory=BrowserSettings)

    def __post_init__(self) -> None:
        problems: dict[str, list[str]] = {}
        if not _is_ipv4(self.bind_address):
            problems["bind_address"] = ["Write one IPv4 address of this machine, like 127.0.0.1."]
        if not 1 <= self.max_cells <= 500:
            problems["max_cells"] = ["Choose 1 to 500."]
        if not 0 <= self.warm_cells <= self.max_cells:
            problems["warm_cells"] = ["Choose 0 up to the number of cells."]
        if self.clock_rate not in (8000, 16000):
            problems["clock_rate"] = ["Choose 8000 or 16000."]
        if not 0 <= self.media_timeout_seconds <= 3600:
            problems["media_timeout_seconds"] = ["Choose 0 (never) to 3600."]
        if self.hold_music is not None and not self.hold_music.is_file():
            problems["hold_music"] = ["There is no such file."]
        if problems:
            raise InvalidInput("The SIP settings cannot be used.", "Correct the named fields.", problems)


def _is_ipv4(value: str) -> bool:
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return True

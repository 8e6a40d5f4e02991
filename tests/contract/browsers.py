"""The browsers of the SIP rig: aiortc in place of an agent's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hookline.ports.telephony import TelephonyBackend
from tests.plugins.telephony_sip.webrtc_browser import TestBrowser


class BrowserFarSide:
    """The person at a browser."""

    def __init__(self, browser: TestBrowser, pitches: Mapping[str, int]) -> None:
        self._browser = browser
        self._pitches = pitches

    @property
    def tone_hz(self) -> int:
        return self._browser.hz

    def hears(self, address: str) -> bool:
        return self.hears_tone(self._pitches[address])

    def hears_tone(self, hz: int) -> bool:
        return self._browser.hears(hz)

    def headers(self) -> Mapping[str, str]:
        return {}

    def digits(self) -> str:
        return ""

    def press(self, digit: str) -> None:
        """A browser's phone sends no digits."""

    def hang_up(self) -> None:
        self._browser.close()


class RigBrowsers:
    """Opens browsers on legs and takes their network away. `pitch` gives an address its tone (Hz)."""

    def __init__(self, backend: TelephonyBackend, pitch: Callable[[str], int]) -> None:
        self._backend = backend
        self._pitch = pitch
        self._open: dict[str, TestBrowser] = {}

    def open(self, leg_id: str) -> str:
        """Open it, or open it again."""
        name = f"browser:{leg_id}"
        former = self._open.get(name)
        hz = former.hz if former else self._pitch(name)
        self._open[name] = TestBrowser(self._backend, leg_id, hz).open()
        return name

    def lose(self, leg_id: str) -> None:
        """It vanishes without a word."""
        self._open[f"browser:{leg_id}"].die()

    def far_side(self, address: str, pitches: Mapping[str, int]) -> BrowserFarSide | None:
        """Its person; None for an address that is no browser's."""
        browser = self._open.get(address)
        return BrowserFarSide(browser, pitches) if browser else None

    def close(self) -> None:
        """Close every one."""
        for browser in self._open.values():
            browser.close()

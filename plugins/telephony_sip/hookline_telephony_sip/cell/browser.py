"""The door to browsers' lines, apart because WebRTC takes more memory than all the rest of a cell."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from hookline_telephony_sip.cell.line import BrowserLine, Facts
from hookline_telephony_sip.cell.messages import OpenBrowser

if TYPE_CHECKING:
    from hookline_telephony_sip.cell.webrtc import Browsers


class BrowserDoor:
    """Loads what browsers need when the first leg needs it."""

    def __init__(self) -> None:
        self._browsers: Browsers | None = None

    def open_line(self, command: OpenBrowser, facts: Facts, clock_rate: int) -> BrowserLine:
        """A line that waits for its browser. Raises pj.Error."""
        if self._browsers is None:
            webrtc = importlib.import_module("hookline_telephony_sip.cell.webrtc")
            ports = range(command.ports[0], command.ports[1] + 1) if command.ports else range(0)
            self._browsers = webrtc.Browsers(list(command.addresses), ports)
        servers = list(command.ice_servers)
        line: BrowserLine = self._browsers.open_line(command.leg, facts, clock_rate, command.grace, servers)
        return line

    def close(self) -> None:
        """Before the library goes."""
        if self._browsers is not None:
            self._browsers.close()
            self._browsers = None

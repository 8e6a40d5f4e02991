"""Carries the wanted links out on the library's conference bridge, connecting and disconnecting only differences."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pjsua2 as pj

from hookline_telephony_sip.cell.links import Link
from hookline_telephony_sip.cell.native import error_text

PortOf = Callable[[str], Any]
"""node → its AudioMedia, or None where it has none now."""


class Mixer:
    """The connections made so far."""

    def __init__(self, port_of: PortOf, complain: Callable[[str], None]) -> None:
        self._port_of = port_of
        self._complain = complain
        self._made: set[Link] = set()

    def apply(self, wanted: set[Link]) -> None:
        """Disconnect what is not wanted any more, then connect what is missing."""
        for link in sorted(self._made - wanted):
            self._disconnect(link)
        for link in sorted(wanted - self._made):
            self._connect(link)

    def forget(self, node: str) -> None:
        """The node's port was renewed by the library: take its links apart, so that they are made again."""
        for link in sorted(link for link in self._made if node in link):
            self._disconnect(link)

    def _connect(self, link: Link) -> None:
        source, sink = (self._port_of(node) for node in link)
        if source is None or sink is None:
            return
        try:
            source.startTransmit(sink)
        except pj.Error as error:
            self._complain(f"connecting audio: {error_text(error)}")
            return
        self._made.add(link)

    def _disconnect(self, link: Link) -> None:
        self._made.discard(link)
        source, sink = (self._port_of(node) for node in link)
        if source is None or sink is None:
            return
        with suppress(pj.Error):  # the library has taken the connection away with the port: as wanted
            source.stopTransmit(sink)

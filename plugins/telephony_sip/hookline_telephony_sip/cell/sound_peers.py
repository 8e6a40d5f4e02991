"""Whose sound a call takes: only the far side's that was agreed on.

The library plays whatever reaches a call's port, and after some packets even sends to whoever they come from. So the
kernel drops what comes from another address, as it does for SIP (`peers`).
"""

from __future__ import annotations

from ipaddress import IPv4Address

from hookline_telephony_sip.cell.peers import attach, socket_at


class SoundPeers:
    """The filter on the RTP and RTCP sockets of one call.

    A phone behind a router names an address of its own network, and its sound comes from the router's: then whoever
    is heard first is the one, and stays so.
    """

    def __init__(self) -> None:
        self.undecided = False
        self._address = ""

    def agreed(self, remote: str, local: tuple[str, str]) -> None:
        """An offer and an answer name this place (`host:port`) for the sound; ours for RTP and RTCP. Raises OSError."""
        address = _host(remote)
        if not address or int(IPv4Address(address)) == 0 or address == self._address:
            return  # nowhere: so a hold may be said; what was agreed before holds
        self._address = address
        self.undecided = _behind_router(address, _host(local[0]))
        if not self.undecided:
            _admit(address, local)

    def heard(self, source: str, local: tuple[str, str]) -> None:
        """While undecided: where the last packet came from, empty for none. Raises OSError."""
        if self.undecided and _host(source):
            self.undecided = False
            _admit(_host(source), local)


def _admit(address: str, local: tuple[str, str]) -> None:
    for place in local:
        host, _, port = place.rpartition(":")
        found = socket_at(host, int(port)) if port else None
        if found is not None:
            with found:
                attach(found, [address])


def _behind_router(remote: str, own: str) -> bool:
    return IPv4Address(own).is_global and not IPv4Address(remote).is_global


def _host(place: str) -> str:
    return place.rpartition(":")[0]

"""Doing one thing with a SIP backend and waiting for what comes of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hookline.ports.telephony import ConnectStation, LegEnded, LegEvent, PlaceCall
from hookline.testing.telephony_rig import EventLog
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.pieces import piece_paths
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.trunk import Trunk

E = TypeVar("E", bound=LegEvent)
PATIENCE_SECONDS = 15.0


def trunk_to(network: str, username: str = "", password: str = "") -> Trunk:
    """The trunk to a far end's or SIPp's `host:port`."""
    host, port = network.split(":")
    return Trunk(
        id=1,
        name="test",
        host=host,
        port=int(port),
        username=username,
        password=password,
        caller_id="+48221000000",
    )


class Caller:
    """A started backend with one trunk, and what it has told."""

    def __init__(self, network: str = "127.0.0.1:9", settings: SipSettings | None = None, **login: str) -> None:
        self.log = EventLog()
        self.network = network
        self.backend = SipBackend(lambda client_id: [trunk_to(self.network, **login)], settings)
        self.backend.start(self.log)

    def call(self, room: str, number: str = "+48600100100", ring_seconds: float = 20.0) -> str:
        """Place a customer's leg; returns its id."""
        leg = uuid.uuid4().hex
        self.backend.place_call(
            PlaceCall(
                conversation_id=room,
                leg_id=leg,
                number=number,
                caller_id="+48221000000",
                ring_timeout_seconds=ring_seconds,
                client_id=1,
            )
        )
        return leg

    def station(self, room: str, address: str) -> str:
        """Ring a phone; returns the leg's id."""
        leg = uuid.uuid4().hex
        self.backend.connect_station(
            ConnectStation(
                conversation_id=room,
                leg_id=leg,
                address=address,
                caller_id="hookline",
                ring_timeout_seconds=20.0,
            )
        )
        return leg

    def until(self, predicate: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait for it, or fail."""
        assert self.log.wait_for(lambda: bool(predicate()), seconds), f"{what}; last: {self.log.events[-6:]}"

    def events(self, kind: type[E], leg: str) -> list[E]:
        """The leg's events of one kind."""
        return [event for event in self.log.events if isinstance(event, kind) and event.leg_id == leg]

    def wait(self, kind: type[E], leg: str, seconds: float = PATIENCE_SECONDS) -> E:
        """The leg's first event of that kind."""
        self.until(lambda: self.events(kind, leg), f"{kind.__name__} of {leg}", seconds)
        return self.events(kind, leg)[0]

    def recorded(self, path: Path, seconds: float) -> None:
        """Wait until so much of a recording that runs has been written."""
        piece = piece_paths(path, 1)[0]
        self.until(lambda: piece.exists() and piece.stat().st_size > 16000 * seconds, f"{seconds} s are written")

    def ended(self, leg: str, seconds: float = PATIENCE_SECONDS) -> LegEnded:
        """The leg's end."""
        return self.wait(LegEnded, leg, seconds)

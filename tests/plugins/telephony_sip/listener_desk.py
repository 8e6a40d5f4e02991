"""A desk that takes calls from 127.0.0.1 by a listener of its own."""

from __future__ import annotations

from dataclasses import replace

from hookline.ports.telephony import CallOffered, LegAnswered, LegEnded
from hookline.testing.telephony_rig import EventLog
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.settings import SipSettings
from tests.plugins.telephony_sip.inbound_caller import InboundCaller
from tests.plugins.telephony_sip.sip_legs import Caller, trunk_to
from tests.plugins.telephony_sip.sipp_peer import free_udp_port

AGENT, CALLER = 700, 1300
DIALLED = "+48221000000"
PHONE = {"name": "anna", "answer_after_seconds": 0, "sound": {"kind": "tone", "frequency": AGENT}}


class Desk(Caller):
    """A backend that takes calls from 127.0.0.1, with one agent's phone."""

    def __init__(self, far_end: FarEndProcess) -> None:
        settings = SipSettings(inbound_port=free_udp_port(), max_cells=8)
        self.log = EventLog()
        self.far_end = far_end
        self.network = far_end.network
        self.address = ("127.0.0.1", settings.inbound_port)
        coming = replace(trunk_to(self.network), inbound=True)
        self.backend = SipBackend(lambda client_id: [coming], settings, lambda: [coming])
        self.people: list[InboundCaller] = []
        self.backend.start(self.log)
        self.until(lambda: self.backend.listener_pid, "the listener is up")

    def stop(self) -> None:
        """End it all."""
        self.backend.stop()
        for person in self.people:
            person.close()

    def rings_in(self) -> tuple[InboundCaller, CallOffered]:
        """Somebody calls, and is offered."""
        person = self._somebody()
        self.until(lambda: self._offer_of(person.number), "the call is offered")
        offer = self._offer_of(person.number)
        assert offer is not None
        return person, offer

    def takes_calls(self) -> bool:
        """Somebody calls: whether it rings, or is too much just now."""
        person = self._somebody()
        self.until(lambda: {180, 503} & set(person.statuses), "the caller is answered")
        self.nobody_rings()
        return 503 not in person.statuses

    def talk(self) -> tuple[InboundCaller, str]:
        """Somebody calls and talks with the agent."""
        person, offer = self.rings_in()
        room = f"room-{offer.leg_id}"
        agent = self.station(room, self.far_end.phones["anna"])
        self.wait(LegAnswered, agent)
        self.backend.answer(offer.leg_id, room)
        self.wait(LegAnswered, offer.leg_id)
        self.backend.bridge(room, agent, offer.leg_id)
        self.until(lambda: person.hears_tone(AGENT), "the caller hears the agent")
        return person, offer.leg_id

    def offers(self) -> list[CallOffered]:
        """Every call that was offered."""
        return [event for event in self.log.events if isinstance(event, CallOffered)]

    def nobody_rings(self) -> None:
        """Refuse what rings still, and wait until it has ended."""
        ringing = [offer.leg_id for offer in self.offers() if not self.events(LegAnswered, offer.leg_id)]
        for leg in ringing:
            if not self.events(LegEnded, leg):
                self.backend.hang_up(leg)
        self.until(lambda: all(self.events(LegEnded, leg) for leg in ringing), "every offer has ended", seconds=5)

    def _somebody(self) -> InboundCaller:
        number = f"+48701{len(self.people):06}"
        self.people.append(InboundCaller(self.address, number, DIALLED, CALLER))
        return self.people[-1]

    def _offer_of(self, number: str) -> CallOffered | None:
        return next((offer for offer in self.offers() if offer.number == number), None)

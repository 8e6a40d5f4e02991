"""Bringing somebody into a call: blind and attended transfers, consultations, conferences of three.

Who is brought in is a party of the call: a number, called through the party gate, or a colleague who is ready. One at
a time. A customer who was handed on and whom nobody takes comes back, see `returns`.
"""

from __future__ import annotations

import uuid

import structlog
from sqlalchemy import select

from hookline.db.database import Database
from hookline.db.models import AgentSession, Call, CallParty, Campaign, Leg
from hookline.domain.access import Actor
from hookline.domain.agents import AgentEvent
from hookline.domain.calls import CallState
from hookline.errors import Conflict
from hookline.ports.telephony import (
    Capability,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegKind,
    PlaceCall,
    TelephonyBackend,
    TelephonyError,
)
from hookline.services import parties
from hookline.services.agent_moves import move
from hookline.services.call_moves import hang_up_leg
from hookline.services.calls import CallService
from hookline.services.offers import OfferService, longest_ready, next_part, offer
from hookline.services.party_gate import PartyAsk, PartyGate
from hookline.services.prompts import PromptKind
from hookline.services.returns import Returns
from hookline.services.sounds import Sounds
from hookline.services.transfer_targets import Target
from hookline.text import N_

log = structlog.get_logger(__name__)

_TALKS = ("talking", "aside", "conference")


class TransferService:
    """Carries out what agents do with other people in their calls."""

    def __init__(
        self,
        db: Database,
        calls: CallService,
        gate: PartyGate,
        offers: OfferService,
        returns: Returns,
        sounds: Sounds,
    ) -> None:
        self._db = db
        self._calls = calls
        self._gate = gate
        self._offers = offers
        self._returns = returns
        self._sounds = sounds

    # Blind

    def send(self, actor: Actor, target: Target) -> None:
        """Hand the customer on without a word; the agent is free at once, the customer hears it ring.

        Raises Conflict where the call has a party already or the colleague is busy by now; PartyRefused,
        TelephonyError.
        """
        call = self._connected(actor)
        if target.agent_id is not None:
            self._send_to_colleague(call, target.agent_id)
            return
        party = self._open(call, target, "blind", uuid.uuid4().hex)
        backend = self._calls.backend(call.backend)
        self._place(call, party, "transfer", backend)
        self._pass_to(call, party, backend)

    def _send_to_colleague(self, call: Call, agent_id: int) -> None:
        with self._db.write() as unit:
            colleague = parties.ready(unit, agent_id)
            agent = unit.session.get_one(AgentSession, call.agent_id)
            fresh = unit.session.get_one(Call, call.id)
            parties.refuse_party(unit, fresh)
            parties.leave(unit, fresh, agent)
            part = next_part(unit, fresh)
            fresh.conversation_id = part.conversation_id = uuid.uuid4().hex
            offer(unit, part, colleague)
        backend = self._calls.backend(call.backend)
        try:
            backend.join(part.conversation_id, call.customer_leg_id)
        except TelephonyError as error:
            log.warning("the customer could not be parked", call_id=call.id, error=error.id)
            hang_up_leg(backend, call.customer_leg_id)
            return
        self._sounds.music_on(backend, call.client_id, call.customer_leg_id)
        self._offers.ring(part)

    def _pass_to(self, call: Call, party: CallParty, backend: TelephonyBackend) -> None:
        """Let customer and party go on with each other, answered or not."""
        self._sounds.quiet(backend, call.customer_leg_id)
        self._sounds.quiet(backend, party.leg_id)
        conversation = uuid.uuid4().hex
        try:
            backend.transfer(call.conversation_id, call.customer_leg_id, party.leg_id, conversation)
        except TelephonyError:
            hang_up_leg(backend, party.leg_id)
            raise
        with self._db.write() as unit:
            agent = unit.session.get_one(AgentSession, call.agent_id)
            fresh = unit.session.get_one(Call, call.id)
            there = unit.session.get_one(CallParty, party.id)
            if fresh.state != CallState.CONNECTED:
                return  # the customer hung up meanwhile
            parties.leave(unit, fresh, agent)
            fresh.conversation_id, there.passed_at = conversation, unit.clock.now()
            gone = there.ended_at is not None
            if not gone:
                parties.set_state(unit, fresh, there, "passed")
        if gone and there.answered_at is None:
            self._returns.nobody_took(call.id)

    # Attended

    def consult(self, actor: Actor, target: Target) -> None:
        """Hold the customer and talk to somebody first. Raises as `send`."""
        call = self._connected(actor)
        backend = self._calls.backend(call.backend)
        if target.agent_id is not None:
            self._consult_colleague(call, target, backend)
            return
        party = self._open(call, target, "consult", uuid.uuid4().hex)
        self._place(call, party, "consult", backend)
        self._calls.set_hold(call, True)
        if Capability.EARLY_MEDIA in backend.capabilities:
            self._bridge_agent(call, party, backend)

    def _consult_colleague(self, call: Call, target: Target, backend: TelephonyBackend) -> None:
        with self._db.write() as unit:
            colleague = parties.ready(unit, target.agent_id or 0)
            fresh = unit.session.get_one(Call, call.id)
            parties.refuse_party(unit, fresh)
            party = parties.new_party(unit, fresh, target, "consult", colleague.station_leg_id or "")
            party.answered_at = unit.clock.now()
            colleague.party_id, colleague.notice = party.id, ""
            move(unit, colleague, AgentEvent.CONSULT)
            parties.set_state(unit, fresh, party, "talking")
        try:
            self._calls.set_hold(call, True)
            backend.join(call.conversation_id, party.leg_id)
        except TelephonyError:
            self._end_party(party.id, "failed")
            raise
        self._bridge_agent(call, party, backend)

    def swap(self, actor: Actor) -> None:
        """Talk to the customer while the party waits, or the other way round."""
        call, party = self._with_party(actor, *_TALKS)
        backend = self._calls.backend(call.backend)
        aside = party.state != "aside"
        backend.hold(party.leg_id, aside)
        self._calls.set_hold(call, not aside)
        if aside:
            self._sounds.music_on(backend, call.client_id, party.leg_id)
        else:
            self._sounds.quiet(backend, party.leg_id)
        self._note(call, party, "aside" if aside else "talking")

    def confer(self, actor: Actor) -> None:
        """All three talk with each other."""
        call, party = self._with_party(actor, "talking", "aside")
        backend = self._calls.backend(call.backend)
        self._sounds.quiet(backend, party.leg_id)
        backend.hold(party.leg_id, False)
        self._calls.set_hold(call, False)
        backend.bridge(call.conversation_id, call.customer_leg_id, party.leg_id)
        self._note(call, party, "conference")

    def complete(self, actor: Actor) -> None:
        """Leave the customer to the party: the end of an attended transfer, or of the agent's part in a conference.

        A number that still rings is left to the customer all the same.
        """
        call, party = self._with_party(actor, "ringing", *_TALKS)
        backend = self._calls.backend(call.backend)
        if party.agent_id is None:
            self._pass_to(call, party, backend)
            return
        self._hand_to_colleague(call, party, backend)

    def _hand_to_colleague(self, call: Call, party: CallParty, backend: TelephonyBackend) -> None:
        self._sounds.quiet(backend, party.leg_id)
        with self._db.write() as unit:
            agent = unit.session.get_one(AgentSession, call.agent_id)
            colleague = unit.session.get_one(AgentSession, party.agent_id)
            fresh = unit.session.get_one(Call, call.id)
            there = unit.session.get_one(CallParty, party.id)
            if there.ended_at is not None or colleague.conversation_id is None:
                raise Conflict(N_("Your colleague is not there any more."))
            parties.leave(unit, fresh, agent)
            part = next_part(unit, fresh)
            part.agent_id, home = colleague.user_id, colleague.conversation_id
            colleague.call_id, colleague.campaign_contact_id = part.id, part.campaign_contact_id
            colleague.party_id, there.passed_at, there.ended_at = None, unit.clock.now(), unit.clock.now()
            parties.set_state(unit, fresh, there, "passed")
        backend.join(home, party.leg_id)
        self._offers.hand_over(part.id)

    def cancel(self, actor: Actor) -> None:
        """Let the party go and take the customer back."""
        call, party = self._with_party(actor, "ringing", *_TALKS)
        if party.agent_id is None:
            hang_up_leg(self._calls.backend(call.backend), party.leg_id)  # its end takes the customer back
        else:
            self._end_party(party.id, "local")

    def leave(self, actor: Actor) -> None:
        """A colleague who was asked goes back to his own work. Raises Conflict where nobody asks him."""
        with self._db.read() as session:
            agent = session.get(AgentSession, actor.user_id or 0)
        if agent is None or agent.party_id is None:
            raise Conflict(N_("Nobody is asking you anything."))
        self._end_party(agent.party_id, "normal")

    def relieve(self, agent_id: int) -> None:
        """Take an agent out of his call: to a colleague who is ready, else with a message to the customer."""
        with self._db.read() as session:
            agent = session.get_one(AgentSession, agent_id)
            call = session.get(Call, agent.call_id or 0)
            if call is None or call.state != CallState.CONNECTED:
                return
            other = longest_ready(session, call.campaign_id, call.backend, but=[agent_id])
        if other is not None:
            try:
                self._send_to_colleague(call, other.user_id)
                return
            except Conflict:
                log.info("nobody can take the call over", call_id=call.id)
        self.bid_farewell(call)

    def bid_farewell(self, call: Call) -> None:
        """Part the agent and the customer, tell the customer that the call must end, and end it."""
        with self._db.read() as session:
            agent = session.get(AgentSession, call.agent_id or 0)
        if agent is not None and agent.station_leg_id is not None and agent.call_id == call.id:
            try:
                self._calls.backend(call.backend).unbridge(
                    call.conversation_id, agent.station_leg_id, call.customer_leg_id
                )
            except TelephonyError as error:
                log.info("agent and customer were apart already", call_id=call.id, error=error.id)
        self._calls.say_and_hang_up(call, PromptKind.CLOSING)

    # What happens to the party's leg

    def on_party_leg(self, event: LegEvent) -> int | None:
        """Apply an event of a consultation's or a transfer's leg."""
        match event:
            case LegAnswered():
                self._answered(event)
            case LegEnded():
                return self.on_leg_ended(event.leg_id, event.cause.value)
        return None

    def _answered(self, event: LegAnswered) -> None:
        with self._db.write() as unit:
            unit.session.get_one(Leg, event.leg_id).answered_at = event.at
            party = unit.session.scalar(select(CallParty).where(CallParty.leg_id == event.leg_id))
            if party is None or party.ended_at is not None:
                return
            party.answered_at = event.at
            call = unit.session.get_one(Call, party.call_id)
            consulting = party.manner == "consult" and call.state == CallState.CONNECTED
            if consulting:
                parties.set_state(unit, call, party, "talking")
        if consulting:
            self._bridge_agent(call, party, self._calls.backend(call.backend))

    def on_leg_ended(self, leg_id: str, cause: str) -> int | None:
        """The party's leg is gone, or its agent's station is; a colleague's id who is ready again."""
        with self._db.read() as session:
            party_id = session.scalar(
                select(CallParty.id).where(CallParty.leg_id == leg_id, CallParty.ended_at.is_(None))
            )
        return self._end_party(party_id, cause, leg_gone=True) if party_id is not None else None

    def customer_gone(self, call_id: int | None) -> int | None:
        """The customer hung up: whoever was brought in goes too; a colleague's id who is ready again."""
        with self._db.read() as session:
            party = session.scalar(select(CallParty).where(CallParty.call_id == call_id, CallParty.ended_at.is_(None)))
            call = session.get(Call, call_id or 0)
        if party is None or call is None:
            return None
        if party.agent_id is None:
            hang_up_leg(self._calls.backend(call.backend), party.leg_id)
        return self._end_party(party.id, "normal")

    def _end_party(self, party_id: int, cause: str, *, leg_gone: bool = False) -> int | None:
        with self._db.write() as unit:
            party = unit.session.get_one(CallParty, party_id)
            if party.ended_at is not None:
                return None
            call = unit.session.get_one(Call, party.call_id)
            party.ended_at, party.cause = unit.clock.now(), cause
            if leg_gone and (leg := unit.session.get(Leg, party.leg_id)) is not None and party.agent_id is None:
                leg.ended_at, leg.cause = unit.clock.now(), cause
            free, home = parties.free_colleague(unit, party)
            was_passed = party.passed_at is not None
            parties.set_state(unit, call, party, "ended")
        backend = self._calls.backend(call.backend)
        self._sounds.quiet(backend, party.leg_id)
        if home is not None and not leg_gone:
            self._send_home(backend, home, party.leg_id)
        if was_passed and party.answered_at is None:
            self._returns.nobody_took(call.id)
        elif not was_passed and call.state == CallState.CONNECTED and call.on_hold:
            self._take_back(call)
        return free

    def _take_back(self, call: Call) -> None:
        try:
            self._calls.set_hold(call, False)
        except TelephonyError as error:
            log.info("the customer was gone already", call_id=call.id, error=error.id)

    def _send_home(self, backend: TelephonyBackend, conversation_id: str, leg_id: str) -> None:
        try:
            backend.join(conversation_id, leg_id)
        except TelephonyError as error:
            log.warning("a colleague could not be brought back to his own line", error=error.id)
            hang_up_leg(backend, leg_id)

    # Helpers

    def _connected(self, actor: Actor) -> Call:
        call = self._calls.own(actor)
        if call.state != CallState.CONNECTED:
            raise Conflict(N_("The customer is not on the line yet."))
        return call

    def _with_party(self, actor: Actor, *states: str) -> tuple[Call, CallParty]:
        call = self._connected(actor)
        with self._db.read() as session:
            party = session.scalar(
                select(CallParty).where(
                    CallParty.call_id == call.id, CallParty.ended_at.is_(None), CallParty.state.in_(states)
                )
            )
        if party is None:
            raise Conflict(N_("Nobody else is in this call."), N_("They may have hung up a moment ago."))
        return call, party

    def _open(self, call: Call, target: Target, manner: str, leg_id: str) -> CallParty:
        with self._db.write() as unit:
            fresh = unit.session.get_one(Call, call.id)
            parties.refuse_party(unit, fresh)
            party = parties.new_party(unit, fresh, target, manner, leg_id)
            unit.session.add(
                Leg(id=leg_id, call_id=call.id, agent_id=call.agent_id, kind="consult", started_at=unit.clock.now())
            )
            parties.set_state(unit, fresh, party, "ringing")
            return party

    def _place(self, call: Call, party: CallParty, purpose: str, backend: TelephonyBackend) -> None:
        with self._db.read() as session:
            campaign = session.get_one(Campaign, call.campaign_id)
        command = PlaceCall(
            conversation_id=call.conversation_id,
            leg_id=party.leg_id,
            number=party.number,
            caller_id=call.caller_id,
            ring_timeout_seconds=campaign.ring_timeout_seconds,
            client_id=call.client_id,
            headers={"Campaign": str(call.campaign_id), "Contact": str(call.contact_id), "Call": str(call.id)},
            kind=LegKind.CONSULT,
        )
        try:
            self._gate.place(PartyAsk(purpose, call.campaign_id, call.id, party.asked_by), command, backend)
        except Exception:
            self._end_party(party.id, "failed", leg_gone=True)
            raise

    def _bridge_agent(self, call: Call, party: CallParty, backend: TelephonyBackend) -> None:
        with self._db.read() as session:
            agent = session.get_one(AgentSession, call.agent_id)
        try:
            backend.bridge(call.conversation_id, agent.station_leg_id or "", party.leg_id)
        except TelephonyError as error:
            log.warning("agent and party could not be connected", call_id=call.id, error=error.id)

    def _note(self, call: Call, party: CallParty, state: str) -> None:
        with self._db.write() as unit:
            fresh = unit.session.get_one(Call, call.id)
            there = unit.session.get_one(CallParty, party.id)
            if there.ended_at is None:
                parties.set_state(unit, fresh, there, state)

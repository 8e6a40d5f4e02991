"""The call service: turns what happens to legs into calls, agents' states and records. The server owns the call.

Leg events come from a backend's thread into a queue; one engine thread takes them out, so that no hook and no
database work ever runs on a vendor's thread, and events of one call are handled in order.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import select

from hookline.db.database import Database
from hookline.db.models import AgentSession, Call, Campaign, CampaignContact, Leg
from hookline.domain.access import Actor
from hookline.domain.agents import AgentEvent
from hookline.domain.calls import CallEvent, CallState, may, next_state
from hookline.domain.campaigns import RecordState
from hookline.domain.events import CallAnswered, CallChanged, CallConnected, CallRang
from hookline.errors import Conflict, HooklineError, NotConfigured
from hookline.ports.hooks import Hooks
from hookline.ports.telephony import (
    AnswererDetected,
    Capability,
    DtmfReceived,
    HangupCause,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegRinging,
    TelephonyBackend,
    TelephonyError,
)
from hookline.services.agent_moves import move_if_allowed
from hookline.services.call_moves import after_end, call_of, end_call, hang_up_leg, own_call, refuse_other_call, whom
from hookline.services.call_recording import CallRecorder
from hookline.services.gate import Line
from hookline.services.prompts import PromptKind
from hookline.services.sounds import Sounds
from hookline.text import N_

log = structlog.get_logger(__name__)


class DialledCalls(Protocol):
    """What becomes of answered calls that have no agent yet."""

    def on_answered(self, call: Call) -> None:
        """Somebody, or something, answered."""
        ...

    def on_detected(self, call: Call) -> None:
        """It is settled who answered."""
        ...


class CallService:
    """Follows calls and carries out what the agent does in one."""

    def __init__(self, db: Database, hooks: Hooks, recordings_dir: Path, sounds: Sounds) -> None:
        self._db = db
        self._hooks = hooks
        self._sounds = sounds
        #: Told of each call right before its agent is connected.
        self.on_connecting: list[Callable[[Call], None]] = []
        #: Takes calls that were placed for nobody in particular.
        self.dialled: DialledCalls | None = None
        self.recorder = CallRecorder(db, recordings_dir)

    def backend(self, name: str) -> TelephonyBackend:
        """The backend of that name; raises NotConfigured where its plugin is not active."""
        found = self._hooks.backends().get(name)
        if found is None:
            raise NotConfigured(
                N_("The telephony backend %(name)s is not available."),
                N_("Enable its plugin, or choose another in the campaign."),
                params={"name": name},
            )
        return found

    # What happens to the customer's leg

    def on_customer_leg(self, event: LegEvent) -> int | None:
        """Apply an event of a customer's leg; the agent's id when he is free for the next contact."""
        match event:
            case LegRinging():
                self._rang(event)
            case LegAnswered():
                self._answered(event)
            case AnswererDetected():
                self._detected(event)
            case DtmfReceived():
                self._digit(event)
            case LegEnded():
                return self._ended(event)
        return None

    def _rang(self, event: LegEvent) -> None:
        with self._db.write() as unit:
            call = call_of(unit.session, event.leg_id)
            if not may(CallState(call.state), CallEvent.RANG):
                return
            call.state, call.ringing_at = next_state(CallState(call.state), CallEvent.RANG), event.at
            unit.emit(CallRang(**whom(call)))
            agent = unit.session.get(AgentSession, call.agent_id or 0)
        if agent is not None and agent.call_id == call.id and agent.station_leg_id is not None:
            self._let_hear_early(call, agent.station_leg_id)

    def _let_hear_early(self, call: Call, agent_leg: str) -> None:
        """The agent hears the ringing, and the network's announcements, where the backend can let them through."""
        backend = self.backend(call.backend)
        if Capability.EARLY_MEDIA not in backend.capabilities:
            return
        try:
            backend.bridge(call.conversation_id, agent_leg, call.customer_leg_id)
        except TelephonyError as error:
            log.info("no early media", call_id=call.id, error=error.id)

    def _answered(self, event: LegAnswered) -> None:
        with self._db.write() as unit:
            call = call_of(unit.session, event.leg_id)
            over = call.state == CallState.ENDED
            if may(CallState(call.state), CallEvent.ANSWERED):
                call.state, call.answered_at = next_state(CallState(call.state), CallEvent.ANSWERED), event.at
                call.headers = {**call.headers, **event.headers}
                unit.session.get_one(Leg, event.leg_id).answered_at = event.at
                unit.emit(CallAnswered(**whom(call)))
            elif call.state != CallState.ANSWERED and not over:
                return  # where it is, a collision kept us from connecting: the event is handled again
            agent = unit.session.get(AgentSession, call.agent_id or 0)
        if over:  # the backend failed at placing it, and then placed it after all: nobody is there to talk
            hang_up_leg(self.backend(call.backend), call.customer_leg_id)
        elif agent is not None:
            self.connect(call, agent.station_leg_id)
        elif call.direction == "inbound":
            self.say_and_hang_up(call, PromptKind.NO_AGENT)
        elif self.dialled is not None:
            self.dialled.on_answered(call)

    def connect(self, call: Call, agent_leg: str | None) -> None:
        """Let customer and agent hear each other; where that fails the customer is hung up."""
        backend = self.backend(call.backend)
        try:
            if agent_leg is None:
                raise Conflict(N_("The agent's station is gone."))
            for follow in self.on_connecting:
                follow(call)
            self._sounds.quiet(backend, agent_leg)
            self._sounds.quiet(backend, call.customer_leg_id)
            backend.bridge(call.conversation_id, agent_leg, call.customer_leg_id)
        except (TelephonyError, Conflict) as error:
            log.warning("could not connect the agent; hanging up", call_id=call.id, error=error.id)
            hang_up_leg(backend, call.customer_leg_id)
            return
        with self._db.write() as unit:
            fresh = call_of(unit.session, call.customer_leg_id)
            if not may(CallState(fresh.state), CallEvent.AGENT_CONNECTED):
                return
            fresh.state = next_state(CallState(fresh.state), CallEvent.AGENT_CONNECTED)
            fresh.agent_connected_at = unit.clock.now()
            record = unit.session.get_one(CampaignContact, fresh.campaign_contact_id)
            record.state, record.updated_at = RecordState.IN_CALL, unit.clock.now()
            unit.emit(CallConnected(**whom(fresh)))
            move_if_allowed(unit, unit.session.get_one(AgentSession, fresh.agent_id), AgentEvent.ANSWERED)
            campaign = unit.session.get_one(Campaign, fresh.campaign_id)
        if campaign.record_calls:
            self.record(fresh, backend)

    def record(self, call: Call, backend: TelephonyBackend) -> None:
        """Record the call from now on, and say so to both where there is a prompt for it."""
        if self.recorder.start(call, backend):
            self._sounds.announce(backend, call.client_id, call.customer_leg_id, PromptKind.RECORDING, aloud=True)

    def say_and_hang_up(self, call: Call, kind: PromptKind) -> None:
        """Play the customer, who has nobody to talk to, a message, and hang up after it."""
        backend = self.backend(call.backend)
        self._sounds.announce(
            backend, call.client_id, call.customer_leg_id, kind, then=lambda: hang_up_leg(backend, call.customer_leg_id)
        )

    def _detected(self, event: AnswererDetected) -> None:
        with self._db.write() as unit:
            call = call_of(unit.session, event.leg_id)
            call.answerer, call.settled_at = event.answerer.value, event.at
        if self.dialled is not None:
            self.dialled.on_detected(call)

    def _digit(self, event: DtmfReceived) -> None:
        with self._db.write() as unit:
            call = call_of(unit.session, event.leg_id)
            call.dtmf = (call.dtmf + event.digit)[-64:]

    def _ended(self, event: LegEnded) -> int | None:
        with self._db.write() as unit:
            call = call_of(unit.session, event.leg_id)
            if call.state == CallState.ENDED:
                return None
            end_call(unit, call, event)
            return after_end(unit, call)

    def could_not_place(self, line: Line, error: Exception) -> None:
        """The backend refused the command: where the call was stored already, end it as failed."""
        with self._db.read() as session:
            if session.scalar(select(Call.id).where(Call.customer_leg_id == line.leg_id)) is None:
                return
        self._ended(
            LegEnded(
                conversation_id=line.conversation_id,
                leg_id=line.leg_id,
                at=self._db.clock.now(),
                cause=HangupCause.FAILED,
                reason=error.id if isinstance(error, HooklineError) else type(error).__name__,
            )
        )

    # What becomes of the customer when the agent's browser is away

    def entertain(self, call_id: int | None, on: bool) -> None:
        """Play hold music to the customer of a call while his agent cannot be heard, or stop it."""
        with self._db.read() as session:
            call = session.get(Call, call_id or 0)
        if call is None or call.state != CallState.CONNECTED or call.on_hold:
            return
        backend = self.backend(call.backend)
        if on:
            self._sounds.music_on(backend, call.client_id, call.customer_leg_id)
        else:
            self._sounds.quiet(backend, call.customer_leg_id)

    # What the agent does in the call

    def hang_up(self, actor: Actor) -> None:
        """End the actor's call: before the answer it is cancelled."""
        call = self.own(actor)
        self.backend(call.backend).hang_up(call.customer_leg_id)

    def hold(self, actor: Actor, on: bool) -> None:
        """Put the customer on hold, with music, or take him back."""
        call = self.own(actor)
        self.set_hold(call, on)

    def set_hold(self, call: Call, on: bool) -> None:
        """As `hold`, for whoever knows the call."""
        backend = self.backend(call.backend)
        if not on:
            self._sounds.quiet(backend, call.customer_leg_id)
        backend.hold(call.customer_leg_id, on)
        if on:
            self._sounds.music_on(backend, call.client_id, call.customer_leg_id)
        self._note(call.id, on_hold=on)

    def mute(self, actor: Actor, on: bool) -> None:
        """Stop the agent's voice from reaching the customer, or let it through again."""
        call = self.own(actor)
        with self._db.read() as session:
            agent = session.get_one(AgentSession, actor.user_id)
        if agent.station_leg_id is None:
            raise Conflict(N_("Your station is not connected."))
        self.backend(call.backend).mute(agent.station_leg_id, on)
        self._note(call.id, muted=on)

    def send_dtmf(self, actor: Actor, digits: str) -> None:
        """Send keypad digits to the customer's side."""
        call = self.own(actor)
        self.backend(call.backend).send_dtmf(call.customer_leg_id, digits)

    def pause_recording(self, actor: Actor, on: bool) -> None:
        """Leave out of the recording what is said from now on (a card number), or go on. Raises Conflict."""
        call = self.own(actor)
        self.recorder.pause(call, self.backend(call.backend), on)
        self._note(call.id, recording_paused=on)

    def save_note(self, actor: Actor, note: str, call_id: int | None = None) -> None:
        """Keep what the agent types about his call, also before the disposition.

        `call_id` is the call that his page shows: a note that comes late is not written to the next one.
        """
        with self._db.write() as unit:
            agent = unit.session.get(AgentSession, actor.user_id or 0)
            call = unit.session.get(Call, agent.call_id) if agent and agent.call_id else None
            if call is None:
                raise Conflict(N_("There is no call to note anything about."))
            refuse_other_call(call, call_id)
            call.note = note[:4000]

    def own(self, actor: Actor) -> Call:
        """The call that the actor is in; raises Conflict where he is in none."""
        with self._db.read() as session:
            return own_call(session, actor.user_id)

    def _note(
        self,
        call_id: int,
        *,
        on_hold: bool | None = None,
        muted: bool | None = None,
        recording_paused: bool | None = None,
    ) -> None:
        with self._db.write() as unit:
            call = unit.session.get_one(Call, call_id)
            if call.state == CallState.ENDED:
                return  # it ended while the backend was asked
            call.on_hold = call.on_hold if on_hold is None else on_hold
            call.muted = call.muted if muted is None else muted
            call.recording_paused = call.recording_paused if recording_paused is None else recording_paused
            changed = CallChanged(
                **whom(call), on_hold=call.on_hold, muted=call.muted, recording_paused=call.recording_paused
            )
            unit.emit(changed)

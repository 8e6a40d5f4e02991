"""The dial gate: the one way to a backend's `place_call`.

The attempt's row is the lock (two partial unique indexes). Policies are asked while it is open, but outside a write
transaction, so that a slow one keeps nobody else from writing. A withdrawal that commits while they are asked marks
the attempt revoked, and a revoked attempt is never placed: the withdrawal wins whichever way the two interleave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import AgentSession, Attempt, Call, Campaign, CampaignContact, Contact, DialDecision, Leg
from hookline.domain.calls import CallEvent, CallState, next_state
from hookline.domain.campaigns import MachineAction, Purpose, RecordState
from hookline.domain.dialling import AttemptOpen, Decision, DialRefused, DialRequest, Refusal
from hookline.domain.events import CallPlaced, DialDecided
from hookline.errors import NotConfigured, NotFound
from hookline.ports.hooks import Hooks
from hookline.ports.telephony import PlaceCall, TelephonyBackend
from hookline.services.campaign_plugins import whose_rules_hold
from hookline.services.dial_strings import judge_dial_strings
from hookline.services.policies import CORE_POLICIES, core_refusals
from hookline.services.required_policies import required_of
from hookline.services.revocation import await_withdrawals
from hookline.text import N_

#: A decision serves one attempt within this time.
DECISION_SECONDS = 5


@dataclass(frozen=True)
class DialAsk:
    """A wish to dial: which record, which number, who, and how."""

    campaign_contact_id: int
    number: str
    agent_id: int | None
    mode: str


@dataclass(frozen=True)
class Line:
    """Where the call is to be put: the agent's conversation and our id for the customer's leg."""

    conversation_id: str
    leg_id: str


#: Puts the agent into the call that was just recorded.
Seat = Callable[[UnitOfWork, Call], None]


class DialGate:
    """Decides, stores the decision with its reasons, and places what was allowed."""

    def __init__(self, db: Database, hooks: Hooks) -> None:
        self._db = db
        self._hooks = hooks
        self._closed = False

    def close(self) -> None:
        """Refuse every attempt from now on: the engine is about to stop."""
        self._closed = True

    def decide(self, ask: DialAsk) -> Decision:
        """Open an attempt, ask every policy, store the answer.

        Raises AttemptOpen where the contact or the number is being called, NotFound for an unknown record.
        """
        request, campaign = self._open_attempt(ask)
        try:
            return self._store(request, self._ask_all(request, campaign))
        except Exception:
            self.abandon(request.attempt_id)
            raise

    def inspect(self, campaign_contact_id: int, number: str, agent_id: int | None) -> list[Refusal]:
        """What the policies would say now, without opening an attempt: for presenting contacts and explaining."""
        with self._db.read() as session:
            record = _record(session, campaign_contact_id)
            request = self._request(record, DialAsk(record.id, number, agent_id, "inspect"), attempt_id=0)
        return self._ask_all(request, record.campaign)

    def place(self, decision: Decision, line: Line, backend: TelephonyBackend, seat: Seat) -> int:
        """Place the customer's leg under an allowed decision, once, before it expires; returns the call's id.

        `seat` puts the agent into the call, in the same transaction. Raises DialRefused where the decision was
        refused, used, has expired or was overtaken by a withdrawal. The call is stored before the backend is touched.
        TelephonyError comes through from the backend; the caller then ends the call.
        """
        if not decision.allowed:
            raise DialRefused(decision)
        caller_id = self._caller_id(decision, backend)
        overtaken: Refusal | None = None
        with self._db.write() as unit:
            _hold(unit, decision)
            overtaken = self._consume(unit, decision)
            if overtaken is None:
                call, command = self._record_call(unit, decision, line, backend.name, caller_id)
                seat(unit, call)
        if overtaken is not None:
            raise DialRefused(self._refuse_late(decision, overtaken))
        backend.place_call(command)
        return call.id

    def abandon(self, attempt_id: int) -> None:
        """Close an attempt that was allowed and then not placed, so that its contact and number are free again."""
        with self._db.write() as unit:
            attempt = unit.session.get_one(Attempt, attempt_id)
            if attempt.closed_at is None and attempt.placed_at is None:
                attempt.closed_at, attempt.result = unit.clock.now(), "not placed"

    # Asking

    def _open_attempt(self, ask: DialAsk) -> tuple[DialRequest, Campaign]:
        with self._db.read() as session:
            record = _record(session, ask.campaign_contact_id)
        try:
            with self._db.write() as unit:
                await_withdrawals(unit)
                attempt = Attempt(
                    client_id=record.client_id,
                    campaign_id=record.campaign_id,
                    campaign_contact_id=record.id,
                    contact_id=record.contact_id,
                    number=ask.number,
                    agent_id=ask.agent_id,
                    mode=ask.mode,
                    opened_at=unit.clock.now(),
                )
                unit.session.add(attempt)
        except IntegrityError as error:
            raise AttemptOpen from error
        return self._request(record, ask, attempt.id), record.campaign

    def _request(self, record: CampaignContact, ask: DialAsk, attempt_id: int) -> DialRequest:
        return DialRequest(
            attempt_id=attempt_id,
            client_id=record.client_id,
            campaign_id=record.campaign_id,
            campaign_contact_id=record.id,
            contact_id=record.contact_id,
            number=ask.number,
            purpose=Purpose(record.campaign.purpose),
            time_zone=record.contact.time_zone,
            agent_id=ask.agent_id,
            mode=ask.mode,
            at=self._db.clock.now(),
        )

    def _ask_all(self, request: DialRequest, campaign: Campaign) -> list[Refusal]:
        with self._db.read() as session:
            refusals = core_refusals(session, request, campaign)
            refusals += self._about_dial_strings(session, request, campaign)
            keeps = whose_rules_hold(session, self._hooks, campaign)
            required = required_of(session, campaign)
        if self._closed:
            refusals.append(Refusal("core.stopping", N_("Hookline is being stopped and takes no new calls."), "engine"))
        if self._hooks.is_closing(campaign.backend):
            refusals.append(_closing(campaign.backend))
        present = self._hooks.policies()
        for name in required:
            if name not in present:
                refusals.append(_policy_missing(name))
        for answer in self._hooks.dial_refusals(request):
            if not keeps or answer.plugin in keeps:
                refusals.extend(answer.refusals)
        return refusals

    def _about_dial_strings(self, session: Session, request: DialRequest, campaign: Campaign) -> list[Refusal]:
        """What the lines' prefixes make of the number must be no emergency and no premium number either."""
        backend = self._hooks.backends().get(campaign.backend)
        if backend is None:
            return []
        strings = backend.dial_strings(request.number, campaign.client_id)
        refusal = judge_dial_strings(session, request, campaign, strings)
        return [] if refusal is None else [refusal]

    def _store(self, request: DialRequest, refusals: list[Refusal]) -> Decision:
        now = self._db.clock.now()
        asked = [*CORE_POLICIES, *sorted(self._hooks.policies())]
        with self._db.write() as unit:
            attempt = unit.session.get_one(Attempt, request.attempt_id)
            if attempt.revoked_at is not None:
                refusals = [*refusals, _revoked(attempt)]
            if refusals:
                attempt.closed_at, attempt.result = now, "refused"
            row = DialDecision(
                attempt_id=attempt.id,
                campaign_contact_id=request.campaign_contact_id,
                number=request.number,
                allowed=not refusals,
                refusals=[asdict(r) for r in refusals],
                asked=asked,
                decided_at=now,
                expires_at=now + timedelta(seconds=DECISION_SECONDS),
            )
            unit.session.add(row)
            unit.session.flush()
            _tell(unit, request, refusals)
            return Decision(
                row.id, attempt.id, not refusals, request.number, tuple(refusals), row.decided_at, row.expires_at
            )

    # Placing

    def _caller_id(self, decision: Decision, backend: TelephonyBackend) -> str:
        with self._db.read() as session:
            attempt = session.get_one(Attempt, decision.attempt_id)
            record = _record(session, attempt.campaign_contact_id)
            ask = DialAsk(record.id, attempt.number, attempt.agent_id, attempt.mode)
            request = self._request(record, ask, attempt.id)
        chosen = record.campaign.caller_id or self._hooks.select_caller_id(request, backend.name)
        if not chosen:
            self._refuse_late(decision, Refusal("core.no-caller-id", N_("The campaign has no caller ID.")))
            raise NotConfigured(
                N_("The campaign has no caller ID, so the call was not placed."),
                N_("An administrator sets one in the campaign, or at the trunk."),
            )
        return chosen

    def _consume(self, unit: UnitOfWork, decision: Decision) -> Refusal | None:
        """Use the decision up in one statement; the reason why not, where it cannot be."""
        now = unit.clock.now()
        valid = select(Attempt.id).where(
            Attempt.id == decision.attempt_id, Attempt.revoked_at.is_(None), Attempt.closed_at.is_(None)
        )
        used = unit.session.execute(
            update(DialDecision)
            .where(
                DialDecision.id == decision.id,
                DialDecision.allowed,
                DialDecision.used_at.is_(None),
                DialDecision.expires_at > now,
                DialDecision.attempt_id.in_(valid),
            )
            .values(used_at=now)
        )
        if isinstance(used, CursorResult) and used.rowcount == 1:
            return None
        attempt = unit.session.get_one(Attempt, decision.attempt_id)
        if attempt.revoked_at is not None:
            return _revoked(attempt)
        return Refusal("core.decision-expired", N_("The permission to dial has expired. Dial again."), "dial gate")

    def _record_call(
        self, unit: UnitOfWork, decision: Decision, line: Line, backend: str, caller_id: str
    ) -> tuple[Call, PlaceCall]:
        now = unit.clock.now()
        attempt = unit.session.get_one(Attempt, decision.attempt_id)
        attempt.placed_at = now
        record = _record(unit.session, attempt.campaign_contact_id)
        record.state, record.attempts, record.updated_at = RecordState.IN_CALL, record.attempts + 1, now
        call = Call(
            attempt_id=attempt.id,
            client_id=attempt.client_id,
            campaign_id=attempt.campaign_id,
            campaign_contact_id=attempt.campaign_contact_id,
            contact_id=attempt.contact_id,
            agent_id=attempt.agent_id,
            number=attempt.number,
            caller_id=caller_id,
            backend=backend,
            conversation_id=line.conversation_id,
            customer_leg_id=line.leg_id,
            state=next_state(CallState.QUEUED, CallEvent.PLACED),
            queued_at=now,
        )
        unit.session.add(call)
        unit.session.flush()
        unit.session.add(
            Leg(id=line.leg_id, call_id=call.id, agent_id=attempt.agent_id, kind="customer", started_at=now)
        )
        unit.emit(CallPlaced(**_whom(call)))
        command = PlaceCall(
            conversation_id=line.conversation_id,
            leg_id=line.leg_id,
            number=attempt.number,
            caller_id=caller_id,
            ring_timeout_seconds=record.campaign.ring_timeout_seconds,
            client_id=attempt.client_id,
            headers={"Campaign": str(attempt.campaign_id), "Contact": str(attempt.contact_id), "Call": str(call.id)},
            detect_answerer=attempt.agent_id is None and record.campaign.machine_action != MachineAction.IGNORE,
        )
        return call, command

    def _refuse_late(self, decision: Decision, refusal: Refusal) -> Decision:
        """Store that an allowed decision was not carried out, and close its attempt."""
        with self._db.write() as unit:
            row = unit.session.get_one(DialDecision, decision.id)
            if row.used_at is None:
                row.allowed, row.refusals = False, [asdict(refusal)]
                attempt = unit.session.get_one(Attempt, decision.attempt_id)
                attempt.closed_at, attempt.result = unit.clock.now(), "refused"
        return Decision(
            decision.id,
            decision.attempt_id,
            False,
            decision.number,
            (refusal,),
            decision.decided_at,
            decision.expires_at,
        )


def _hold(unit: UnitOfWork, decision: Decision) -> None:
    """Keep the agent, the record and the attempt as they are: a withdrawal comes before this, or after the dial."""
    agent_id, record_id = unit.session.execute(
        select(Attempt.agent_id, Attempt.campaign_contact_id).where(Attempt.id == decision.attempt_id)
    ).one()
    if agent_id is not None:
        unit.find_held(AgentSession, agent_id)
    unit.hold(CampaignContact, record_id)
    unit.hold(Attempt, decision.attempt_id)


def _record(session: Session, campaign_contact_id: int) -> CampaignContact:
    record = session.scalar(
        select(CampaignContact)
        .where(CampaignContact.id == campaign_contact_id)
        .options(
            joinedload(CampaignContact.campaign), joinedload(CampaignContact.contact).selectinload(Contact.numbers)
        )
    )
    if record is None:
        raise NotFound(N_("There is no such contact in this campaign."))
    return record


def _policy_missing(name: str) -> Refusal:
    return Refusal(
        "core.policy-missing",
        N_("The campaign requires the policy %(policy)s, which is not in force. Tell your administrator."),
        "required policies",
        {"policy": name},
    )


def _closing(backend: str) -> Refusal:
    return Refusal(
        "core.backend-closing",
        N_("The telephony backend %(backend)s takes no new calls: its plugin is being disabled."),
        "enabled plugins",
        {"backend": backend},
    )


def _revoked(attempt: Attempt) -> Refusal:
    return Refusal(
        "core.revoked",
        N_("The permission to call was withdrawn a moment ago (%(because)s)."),
        "withdrawal",
        {"because": attempt.revoked_because},
    )


def _tell(unit: UnitOfWork, request: DialRequest, refusals: list[Refusal]) -> None:
    unit.emit(
        DialDecided(
            client_id=request.client_id,
            campaign_id=request.campaign_id,
            contact_id=request.contact_id,
            agent_id=request.agent_id,
            allowed=not refusals,
            rules=[r.rule for r in refusals],
        )
    )


def _whom(call: Call) -> dict[str, int | None]:
    return {
        "client_id": call.client_id,
        "campaign_id": call.campaign_id,
        "contact_id": call.contact_id,
        "call_id": call.id,
        "agent_id": call.agent_id,
    }

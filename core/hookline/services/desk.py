"""What the agent's one screen shows: the whole of it, read afresh each time, so that a reload loses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, true
from sqlalchemy.orm import Session, joinedload

from hookline.db.database import Database
from hookline.db.models import (
    AgentSession,
    Call,
    Callback,
    CallParty,
    Campaign,
    CampaignContact,
    Client,
    Contact,
    ContactNumber,
    DialDecision,
    Disposition,
    OutboxEvent,
    Station,
    User,
)
from hookline.domain.access import Actor, Grant, mask_number
from hookline.domain.agents import AgentState
from hookline.domain.calls import OVER_FOR_AGENT, CallState
from hookline.domain.campaigns import Category
from hookline.domain.dialling import Refusal
from hookline.domain.scripts import ScriptContext, ScriptMove, ScriptView
from hookline.errors import Conflict, HooklineError
from hookline.ports.hooks import Hooks
from hookline.ports.scripts import GuidedScriptEngine, ScriptEngine
from hookline.ports.telephony import Capability
from hookline.services.call_moves import refuse_other_call
from hookline.services.idle import Idle, why_idle
from hookline.services.phones import spaced
from hookline.services.policies import local_midnight
from hookline.services.supervision_notice import Company, Notice, company_of
from hookline.services.transfer_targets import TargetBook, Targets
from hookline.text import N_

log = structlog.get_logger(__name__)
_HISTORY = 8


@dataclass(frozen=True)
class NumberView:
    """A number as the agent may see it: masked without the grant, dialled by its id."""

    id: int
    shown: str
    state: str
    last_result: str


@dataclass(frozen=True)
class PastCall:
    """A line of the contact's history in this campaign's client."""

    id: int
    at: datetime
    agent: str
    result: str
    disposition: str
    note: str
    campaign: str


@dataclass(frozen=True)
class TodayFigures:
    """The agent's own day."""

    calls: int = 0
    answered: int = 0
    successes: int = 0


@dataclass(frozen=True)
class DeskView:
    """Everything on the desk. `script_error` is a message in place of a script that could not be shown."""

    agent: AgentSession | None
    station: Station | None
    campaign: Campaign | None = None
    client: Client | None = None
    contact: Contact | None = None
    record: CampaignContact | None = None
    numbers: tuple[NumberView, ...] = ()
    call: Call | None = None
    called_number: str = ""
    grant: Grant = field(default_factory=lambda: Grant(see_numbers=False))
    dispositions: tuple[Disposition, ...] = ()
    history: tuple[PastCall, ...] = ()
    script: ScriptView | None = None
    script_error: str = ""
    wrap_up_ends_at: datetime | None = None
    capabilities: frozenset[Capability] = frozenset()
    today: TodayFigures = TodayFigures()
    #: Why the gate refused the contact that is presented now; empty where it did not.
    refusals: tuple[Refusal, ...] = ()
    #: The promise that this contact is presented for.
    callback: Callback | None = None
    #: Grows with everything that happens: of two views the one with the higher version is the newer.
    version: int = 0
    #: Whom the agent brought into his call, and whom he may bring in.
    party: CallParty | None = None
    targets: Targets | None = None
    #: The colleague who asks the agent something, and about whom.
    asked: Asked | None = None
    #: Why nobody is presented to a ready agent.
    idle: tuple[Idle, ...] = ()
    #: Supervisors who hear him, as far as he is told.
    company: tuple[Company, ...] = ()

    @property
    def state(self) -> AgentState:
        """The agent's state; OFFLINE before the first shift."""
        return AgentState(self.agent.state) if self.agent else AgentState.OFFLINE

    @property
    def in_call(self) -> bool:
        """Whether a call is up or being set up."""
        return self.call is not None and self.call.state not in OVER_FOR_AGENT

    @property
    def incoming(self) -> bool:
        """Whether a caller, or a colleague's customer, rings at the agent."""
        offered = self.call is not None and (self.call.direction == "inbound" or self.call.parent_id is not None)
        return offered and self.call is not None and self.call.state == CallState.RINGING

    @property
    def awaits_disposition(self) -> bool:
        """Whether the agent must say what came of the last call."""
        return self.call is not None and self.call.state in OVER_FOR_AGENT and self.call.disposed_at is None


@dataclass(frozen=True)
class Asked:
    """A colleague who asks something about his customer."""

    colleague: str
    contact: str


class DeskService:
    """Reads the desk and keeps script answers."""

    def __init__(self, db: Database, hooks: Hooks, targets: TargetBook, notice: Notice) -> None:
        self._db = db
        self._hooks = hooks
        self._targets = targets
        self._notice = notice

    def view(self, actor: Actor, language: str = "en") -> DeskView:
        """The actor's desk as it stands."""
        with self._db.read() as session:
            agent = session.get(AgentSession, actor.user_id or 0)
            station = session.get(Station, agent.station_id) if agent and agent.station_id else None
            version = session.scalar(select(func.max(OutboxEvent.id))) or 0
            today = self._today(session, actor)
            record = _record(session, agent)
            company = company_of(session, agent.user_id, self._notice) if agent else ()
            if agent is None or record is None:
                idle = tuple(why_idle(self._db, agent)) if agent and agent.state == AgentState.READY else ()
                able = self._capabilities(agent)
                asked = _asked(session, agent)
                return DeskView(
                    agent,
                    station,
                    today=today,
                    capabilities=able,
                    idle=idle,
                    asked=asked,
                    company=company,
                    version=version,
                )
            call = session.get(Call, agent.call_id) if agent.call_id else None
            campaign = session.get_one(Campaign, record.campaign_id)
            client = session.get_one(Client, record.client_id)
            grant = actor.grant(campaign.id)
            dispositions = tuple(d for d in campaign.dispositions if d.active)
            history = _history(session, actor, record, call)
            refusals = _refusals(session, agent, record)
            callback = session.get(Callback, record.callback_id) if record.callback_id else None
            party = _party(session, call)
        connected = call is not None and call.state == CallState.CONNECTED
        targets = self._targets.targets(actor, call) if call is not None and connected and party is None else None
        script, script_error = self._script(actor, record, campaign, call, client, language)
        return DeskView(
            agent=agent,
            station=station,
            campaign=campaign,
            client=client,
            contact=record.contact,
            record=record,
            numbers=tuple(_number_view(n, grant) for n in record.contact.numbers),
            call=call,
            called_number=_shown(call.number, grant) if call else "",
            grant=grant,
            dispositions=dispositions,
            history=history,
            script=script,
            script_error=script_error,
            wrap_up_ends_at=_wrap_up_end(agent, campaign),
            capabilities=self._capabilities(agent),
            today=today,
            refusals=refusals,
            callback=callback,
            party=party,
            targets=targets,
            company=company,
            version=version,
        )

    def save_answer(self, actor: Actor, question: str, value: str, call_id: int | None = None) -> None:
        """Keep a script answer of the actor's present call at once; `call_id` is the call that his page shows."""
        call, campaign = self._present_call(actor, call_id)
        self._engine(campaign).save_answer(campaign.script.partition(":")[2], call.id, question, value, actor.user_id)

    def move_script(
        self,
        actor: Actor,
        move: ScriptMove,
        target: str,
        answers: Mapping[str, str],
        call_id: int | None,
        language: str,
    ) -> None:
        """Keep the answers that the page shows, then go on, back or aside in the script of the actor's present call."""
        call, campaign = self._present_call(actor, call_id)
        engine, script_id = self._engine(campaign), campaign.script.partition(":")[2]
        for question, value in answers.items():
            engine.save_answer(script_id, call.id, question, value, actor.user_id)
        if not isinstance(engine, GuidedScriptEngine):
            raise Conflict(N_("This script is not walked step by step."), N_("Read on below."))
        with self._db.read() as session:
            record = session.get_one(CampaignContact, call.campaign_contact_id)
            client = session.get_one(Client, campaign.client_id)
            context = _script_context(actor, record, campaign, call, client, language)
        engine.move(script_id, context, move, target, actor.user_id)

    def _present_call(self, actor: Actor, call_id: int | None) -> tuple[Call, Campaign]:
        with self._db.read() as session:
            agent = session.get(AgentSession, actor.user_id or 0)
            call = session.get(Call, agent.call_id) if agent and agent.call_id else None
            campaign = session.get_one(Campaign, call.campaign_id) if call else None
        if call is None or campaign is None:
            raise Conflict(N_("Answers are kept once the call is placed."), N_("Dial first."))
        refuse_other_call(call, call_id)
        return call, campaign

    def _engine(self, campaign: Campaign) -> ScriptEngine:
        engine = self._hooks.script_engines().get(campaign.script.partition(":")[0])
        if engine is None:
            raise Conflict(N_("The script is not available."), N_("Tell your administrator."))
        return engine

    def _script(
        self,
        actor: Actor,
        record: CampaignContact,
        campaign: Campaign,
        call: Call | None,
        client: Client,
        language: str,
    ) -> tuple[ScriptView | None, str]:
        if not campaign.script:
            return None, ""
        engine_name, _, script_id = campaign.script.partition(":")
        engine = self._hooks.script_engines().get(engine_name)
        if engine is None:
            return None, N_("The script's plugin is not active. Tell your administrator.")
        context = _script_context(actor, record, campaign, call, client, language)
        try:
            return engine.view(script_id, context), ""
        except HooklineError as error:
            return None, error.message_id
        except Exception as error:
            log.error("script could not be shown", script=campaign.script, exc_info=error)
            return None, N_("The script could not be shown. Tell your administrator.")

    def _capabilities(self, agent: AgentSession | None) -> frozenset[Capability]:
        backend = self._hooks.backends().get(agent.backend) if agent else None
        return backend.capabilities if backend else frozenset()

    def _today(self, session: Session, actor: Actor) -> TodayFigures:
        since = local_midnight(self._db.clock.now(), "Europe/Warsaw")
        rows = session.execute(
            select(Call.result, Disposition.category, func.count())
            .outerjoin(Disposition, Disposition.id == Call.disposition_id)
            .where(Call.agent_id == actor.user_id, Call.queued_at >= since)
            .group_by(Call.result, Disposition.category)
        ).all()
        return TodayFigures(
            calls=sum(n for _, _, n in rows),
            answered=sum(n for result, _, n in rows if result == "answered"),
            successes=sum(n for _, category, n in rows if category == Category.SUCCESS),
        )


def _script_context(
    actor: Actor, record: CampaignContact, campaign: Campaign, call: Call | None, client: Client, language: str
) -> ScriptContext:
    return ScriptContext(
        contact=contact_fields(record.contact, actor.grant(campaign.id)),
        campaign={"name": campaign.name, "goal": campaign.goal, "client": client.legal_name or client.name},
        agent={"name": actor.name},
        call_id=call.id if call else None,
        language=record.contact.language or language,
    )


def contact_fields(contact: Contact, grant: Grant) -> dict[str, str]:
    """The contact's fields as plain strings for scripts; the number masked without the grant."""
    number = next((n.e164 for n in contact.numbers), "")
    plain = {
        name: str(getattr(contact, name) or "")
        for name in ("first_name", "last_name", "name", "company", "email", "city", "language", "external_id", "notes")
    }
    custom = {f"custom_{key}": str(value) for key, value in contact.custom.items()}
    return {**plain, "phone": _shown(number, grant), **custom}


def _shown(number: str, grant: Grant) -> str:
    return spaced(number) if grant.see_numbers else mask_number(number)


def _number_view(number: ContactNumber, grant: Grant) -> NumberView:
    return NumberView(number.id, _shown(number.e164, grant), number.state, number.last_result)


def _record(session: Session, agent: AgentSession | None) -> CampaignContact | None:
    if agent is None or agent.campaign_contact_id is None:
        return None
    return session.scalar(
        select(CampaignContact)
        .where(CampaignContact.id == agent.campaign_contact_id)
        .options(joinedload(CampaignContact.contact).selectinload(Contact.numbers))
    )


def _history(session: Session, actor: Actor, record: CampaignContact, present: Call | None) -> tuple[PastCall, ...]:
    """The contact's calls in the actor's campaigns, newest first."""
    within = true() if actor.scope.campaigns is None else Call.campaign_id.in_(actor.scope.campaigns)
    rows = session.execute(
        select(Call, User.display_name, Disposition.label, Campaign.name)
        .outerjoin(User, User.id == Call.agent_id)
        .outerjoin(Disposition, Disposition.id == Call.disposition_id)
        .join(Campaign, Campaign.id == Call.campaign_id)
        .where(within, Call.contact_id == record.contact_id, Call.id != (present.id if present else 0))
        .order_by(Call.id.desc())
        .limit(_HISTORY)
    ).all()
    return tuple(
        PastCall(c.id, c.queued_at, agent or "", c.result, label or "", c.note, campaign)
        for c, agent, label, campaign in rows
    )


def _party(session: Session, call: Call | None) -> CallParty | None:
    if call is None:
        return None
    return session.scalar(select(CallParty).where(CallParty.call_id == call.id, CallParty.ended_at.is_(None)))


def _asked(session: Session, agent: AgentSession | None) -> Asked | None:
    party = session.get(CallParty, agent.party_id) if agent and agent.party_id else None
    if party is None:
        return None
    call = session.get_one(Call, party.call_id)
    return Asked(session.get_one(User, party.asked_by).display_name, session.get_one(Contact, call.contact_id).name)


def _wrap_up_end(agent: AgentSession, campaign: Campaign) -> datetime | None:
    if agent.state != AgentState.WRAP_UP:
        return None
    return agent.state_since_at + timedelta(seconds=campaign.wrap_up_seconds)


def _refusals(session: Session, agent: AgentSession, record: CampaignContact) -> tuple[Refusal, ...]:
    """Reasons of the gate's newest decision, if it was a refusal and came after the contact was presented."""
    if agent.state != AgentState.RESERVED or record.reserved_at is None:
        return ()
    newest = session.scalar(
        select(DialDecision)
        .where(DialDecision.campaign_contact_id == record.id, DialDecision.decided_at >= record.reserved_at)
        .order_by(DialDecision.id.desc())
        .limit(1)
    )
    return tuple(Refusal(**r) for r in newest.refusals) if newest is not None and not newest.allowed else ()

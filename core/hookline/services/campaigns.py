"""Campaigns: built, checked, started and paused; the records of their lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hookline.db import locks
from hookline.db.database import Database, UnitOfWork
from hookline.db.models import (
    Campaign,
    CampaignAgent,
    CampaignContact,
    CampaignList,
    Client,
    ContactList,
    Disposition,
    User,
)
from hookline.domain.access import Actor, Grant, Scope
from hookline.domain.campaigns import (
    DEFAULT_DISPOSITIONS,
    DEFAULT_RETRY_RULES,
    DEFAULT_WINDOW,
    OVER,
    REQUIRED_BY_LAW,
    AbandonRule,
    CallingWindow,
    CampaignState,
    DispositionSpec,
    MachineAction,
    Purpose,
    RecordState,
    TargetKind,
)
from hookline.domain.events import CampaignChanged
from hookline.errors import Conflict, InvalidInput
from hookline.ports.hooks import Hooks
from hookline.services.campaign_checks import Missing, missing_parts, missing_services
from hookline.services.campaign_scope import campaign_in_scope
from hookline.services.feeding import feed_campaign
from hookline.services.required_policies import merged, require_none_left_out, required_of
from hookline.text import N_


@dataclass(frozen=True)
class CampaignDraft:
    """Everything an administrator says of a campaign. Lists and agents by id; grants by agent."""

    client_id: int
    name: str
    purpose: Purpose
    backend: str
    goal: str = ""
    dial_mode: str = "preview"
    caller_id: str = ""
    script: str = ""
    window: CallingWindow = DEFAULT_WINDOW
    retry_rules: dict[str, Any] = field(
        default_factory=lambda: {
            r.value: {"delay_seconds": rule.delay_seconds, "max_attempts": rule.max_attempts}
            for r, rule in DEFAULT_RETRY_RULES.items()
        }
    )
    attempts_per_day: int = 3
    attempts_total: int = 10
    ring_timeout_seconds: int = 30
    wrap_up_seconds: int = 60
    required_policies: list[str] | None = None  # None: those that are default for the purpose
    allowed_countries: list[str] = field(default_factory=list)
    record_calls: bool = True
    priority: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    holidays: list[str] = field(default_factory=list)
    attempts_per_week: int = 0
    number_attempts_per_day: int = 0
    number_attempts_per_week: int = 0
    number_attempts_total: int = 0
    target: int = 0
    target_kind: str = TargetKind.SUCCESSES.value
    preview_seconds: int = 0
    power_ratio: float = 1.5
    pacer: str = ""
    abandon_limit: float = 0.03
    abandon_rule: str = AbandonRule.THIRTY_DAYS.value
    abandon_care_hours: int = 72
    machine_action: str = MachineAction.IGNORE.value
    list_ids: Sequence[int] = ()
    agents: dict[int, Grant] = field(default_factory=dict)
    dispositions: Sequence[DispositionSpec] = DEFAULT_DISPOSITIONS


_PLAIN = (
    "name",
    "goal",
    "dial_mode",
    "caller_id",
    "script",
    "attempts_per_day",
    "attempts_total",
    "ring_timeout_seconds",
    "wrap_up_seconds",
    "backend",
    "record_calls",
)
#: How it dials, by the names of both a draft's fields and the campaign's columns.
DIALLING = (
    "priority",
    "starts_at",
    "ends_at",
    "holidays",
    "attempts_per_week",
    "number_attempts_per_day",
    "number_attempts_per_week",
    "number_attempts_total",
    "target",
    "target_kind",
    "preview_seconds",
    "power_ratio",
    "pacer",
    "abandon_limit",
    "abandon_rule",
    "abandon_care_hours",
    "machine_action",
)


class CampaignService:
    """Builds campaigns and moves them through their life."""

    def __init__(self, db: Database, hooks: Hooks) -> None:
        self._db = db
        self._hooks = hooks

    def get(self, scope: Scope, campaign_id: int) -> Campaign:
        """The campaign, its dispositions loaded; NotFound outside the scope."""
        with self._db.read() as session:
            campaign = campaign_in_scope(session, scope, campaign_id)
            _ = [d.code for d in campaign.dispositions]
            return campaign

    def list_campaigns(self, scope: Scope) -> list[Campaign]:
        """Campaigns in the scope: running first, then by name."""
        query = select(Campaign).order_by((Campaign.state == CampaignState.RUNNING).desc(), Campaign.name)
        if scope.clients is not None:
            query = query.where(Campaign.client_id.in_(scope.clients))
        if scope.campaigns is not None:
            query = query.where(Campaign.id.in_(scope.campaigns))
        with self._db.read() as session:
            return list(session.scalars(query))

    def default_policies(self, purpose: Purpose) -> list[str]:
        """Policies that a campaign with this purpose requires unless the administrator says otherwise."""
        meant = {p.name for p in self._hooks.policies().values() if purpose in p.default_for}
        return sorted(meant.union(REQUIRED_BY_LAW.get(purpose, ())))

    def create(self, actor: Actor, draft: CampaignDraft) -> int:
        """Make a campaign (as a draft); returns its id. Raises InvalidInput by field; nothing is half-written."""
        actor.require("campaigns.manage")
        with self._db.write() as unit:
            self._check(unit.session, actor, draft, None)
            campaign = Campaign(client_id=draft.client_id, purpose=draft.purpose.value, created_at=unit.clock.now())
            self._apply(unit.session, campaign, draft)
            unit.session.add(campaign)
            unit.session.flush()
            _write_parts(unit, campaign, draft)
            unit.emit(_changed(campaign))
            return campaign.id

    def update(self, actor: Actor, campaign_id: int, draft: CampaignDraft) -> None:
        """Change a campaign; its client stays. Contacts of newly added lists join, none are taken away."""
        actor.require("campaigns.manage")
        with self._db.write() as unit:
            campaign = _held(unit, actor.scope, campaign_id)
            if campaign.client_id != draft.client_id:
                raise InvalidInput(
                    N_("A campaign stays with its client."), fields={"client_id": [N_("Cannot change.")]}
                )
            self._check(unit.session, actor, draft, campaign_id)
            if draft.required_policies is not None:
                require_none_left_out(campaign, draft.purpose, draft.required_policies)
            campaign.purpose = draft.purpose.value
            self._apply(unit.session, campaign, draft)
            _write_parts(unit, campaign, draft)
            unit.emit(_changed(campaign))

    def _apply(self, session: Session, campaign: Campaign, draft: CampaignDraft) -> None:
        for name in (*_PLAIN, *DIALLING):
            setattr(campaign, name, getattr(draft, name))
        campaign.window = draft.window.to_json()
        campaign.retry_rules = draft.retry_rules
        campaign.allowed_countries = list(draft.allowed_countries)
        required = draft.required_policies
        listed = self.default_policies(draft.purpose) if required is None else required
        campaign.required_policies = merged(session, campaign.id, draft.purpose, listed)

    def _check(self, session: Session, actor: Actor, draft: CampaignDraft, own_id: int | None) -> None:
        fields: dict[str, list[str]] = {}
        if session.get(Client, draft.client_id) is None or not actor.scope.covers_client(draft.client_id):
            fields["client_id"] = [N_("Choose a client.")]
        namesake = session.scalar(
            select(Campaign.id).where(Campaign.client_id == draft.client_id, Campaign.name == draft.name)
        )
        if namesake not in (None, own_id):
            fields["name"] = [N_("This client has a campaign of that name.")]
        if draft.list_ids:
            own = session.scalar(
                select(func.count())
                .select_from(ContactList)
                .where(ContactList.id.in_(draft.list_ids), ContactList.client_id == draft.client_id)
            )
            if own != len(set(draft.list_ids)):
                fields["list_ids"] = [N_("Lists must belong to the campaign's client.")]
        if draft.script and not self._has_script(draft):
            fields["script"] = [N_("This client has no such script.")]
        if draft.pacer and draft.pacer not in self._hooks.pacers():
            present = session.scalar(select(Campaign.pacer).where(Campaign.id == own_id))
            if draft.pacer != present:  # one whose plugin is not active stays as it is
                fields["pacer"] = [N_("There is no such pacer.")]
        if len({d.code for d in draft.dispositions}) != len(draft.dispositions):
            fields["dispositions"] = [N_("Two dispositions have the same code.")]
        if fields:
            raise InvalidInput(N_("The campaign was not saved."), N_("Mend the marked fields."), fields)

    def _has_script(self, draft: CampaignDraft) -> bool:
        """Whether the client may use the script; one of an engine that is not active stays as it is."""
        name, _, script_id = draft.script.partition(":")
        engine = self._hooks.script_engines().get(name)
        return engine is None or any(s.id == script_id for s in engine.list_scripts(draft.client_id))

    # Life

    def missing(self, scope: Scope, campaign_id: int) -> list[Missing]:
        """What the campaign lacks before it can dial; empty when it is ready to start."""
        with self._db.read() as session:
            campaign = campaign_in_scope(session, scope, campaign_id)
            found = missing_parts(session, campaign)
            required = required_of(session, campaign)
        return found + missing_services(self._hooks, campaign, required)

    def start(self, actor: Actor, campaign_id: int) -> None:
        """Let the campaign dial; raises Conflict that names what is missing."""
        actor.require("campaigns.manage")
        lacking = self.missing(actor.scope, campaign_id)
        if lacking:
            raise Conflict(
                N_("The campaign cannot start: %(missing)s"),
                N_("See the check list on the campaign's page."),
                params={"missing": " ".join(m.message for m in lacking)},
            )
        self._set_state(actor, campaign_id, CampaignState.RUNNING)

    def pause(self, actor: Actor, campaign_id: int) -> None:
        """Stop dialling; calls that are up go on."""
        actor.require("campaigns.manage")
        self._set_state(actor, campaign_id, CampaignState.PAUSED)

    def end(self, actor: Actor, campaign_id: int) -> None:
        """End the campaign for good; its results stay."""
        actor.require("campaigns.manage")
        self._set_state(actor, campaign_id, CampaignState.ENDED)

    def _set_state(self, actor: Actor, campaign_id: int, state: CampaignState) -> None:
        with self._db.write() as unit:
            campaign = _held(unit, actor.scope, campaign_id)
            if campaign.state in OVER:
                raise Conflict(N_("This campaign has ended."), N_("Make a new one."))
            campaign.state = state.value
            unit.emit(_changed(campaign))

    def assigned(self, scope: Scope, campaign_id: int) -> list[tuple[User, Grant]]:
        """The campaign's agents with their grants."""
        with self._db.read() as session:
            campaign_in_scope(session, scope, campaign_id)
            rows = session.execute(
                select(User, CampaignAgent)
                .join(CampaignAgent, CampaignAgent.user_id == User.id)
                .where(CampaignAgent.campaign_id == campaign_id)
                .order_by(User.display_name)
            )
            return [(user, _grant(given)) for user, given in rows]

    def list_ids(self, scope: Scope, campaign_id: int) -> list[int]:
        """Ids of the lists that feed the campaign."""
        with self._db.read() as session:
            campaign_in_scope(session, scope, campaign_id)
            return list(session.scalars(select(CampaignList.list_id).where(CampaignList.campaign_id == campaign_id)))

    def record_counts(self, scope: Scope, campaign_id: int) -> dict[RecordState, int]:
        """How many of its contacts stand where."""
        with self._db.read() as session:
            campaign_in_scope(session, scope, campaign_id)
            rows = session.execute(
                select(CampaignContact.state, func.count())
                .where(CampaignContact.campaign_id == campaign_id)
                .group_by(CampaignContact.state)
            )
            counted = {state: count for state, count in rows}  # noqa: C416 - rows are typed as tuples only so
        return {state: counted.get(state.value, 0) for state in RecordState}


def _grant(given: CampaignAgent) -> Grant:
    return Grant(given.dial_by_hand, given.edit_contacts, given.hear_own_recordings, given.see_numbers, given.weight)


def _held(unit: UnitOfWork, scope: Scope, campaign_id: int) -> Campaign:
    campaign_in_scope(unit.session, scope, campaign_id)
    return unit.hold(Campaign, campaign_id)


def _write_parts(unit: UnitOfWork, campaign: Campaign, draft: CampaignDraft) -> None:
    session = unit.session
    locks.exclusive(session, locks.contacts_of(campaign.client_id))
    session.execute(delete(CampaignList).where(CampaignList.campaign_id == campaign.id))
    session.execute(delete(CampaignAgent).where(CampaignAgent.campaign_id == campaign.id))
    session.add_all(CampaignList(campaign_id=campaign.id, list_id=i) for i in sorted(set(draft.list_ids)))
    session.add_all(
        CampaignAgent(
            campaign_id=campaign.id,
            user_id=user_id,
            dial_by_hand=grant.dial_by_hand,
            edit_contacts=grant.edit_contacts,
            hear_own_recordings=grant.hear_own_recordings,
            see_numbers=grant.see_numbers,
            weight=grant.weight,
        )
        for user_id, grant in draft.agents.items()
    )
    _write_dispositions(session, campaign, draft.dispositions)
    session.flush()
    feed_campaign(unit, campaign.id)


def _write_dispositions(session: Session, campaign: Campaign, wanted: Sequence[DispositionSpec]) -> None:
    """Codes that were used before stay (inactive), so that old calls keep their meaning."""
    existing = {d.code: d for d in session.scalars(select(Disposition).where(Disposition.campaign_id == campaign.id))}
    for position, spec in enumerate(wanted):
        row = existing.pop(spec.code, None)
        if row is None:
            row = Disposition(campaign_id=campaign.id, code=spec.code)
            session.add(row)
        row.label, row.category, row.final = spec.label, spec.category.value, spec.final
        row.position, row.active = position, True
    for left_out in existing.values():
        left_out.active = False


def _changed(campaign: Campaign) -> CampaignChanged:
    return CampaignChanged(client_id=campaign.client_id, campaign_id=campaign.id, state=campaign.state or "draft")

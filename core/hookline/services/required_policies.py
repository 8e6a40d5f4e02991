"""Which policies a campaign requires, and who decided that it does without one, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import Campaign, DroppedPolicy, User
from hookline.domain.access import Actor, Scope
from hookline.domain.campaigns import REQUIRED_BY_LAW, Purpose
from hookline.domain.events import CampaignChanged
from hookline.errors import Conflict, InvalidInput, NotFound
from hookline.text import N_

log = structlog.get_logger(__name__)

_REASON_LETTERS = (10, 1000)


@dataclass(frozen=True)
class Dropped:
    """A policy that a campaign does without, or did; `by` is a person's shown name, "" for the command line."""

    policy: str
    reason: str
    by: str
    at: datetime
    restored_at: datetime | None


def required_of(session: Session, campaign: Campaign) -> list[str]:
    """What must be in force for the campaign to dial: what it lists, and what the law wants for its purpose.

    The law's is required whatever is enabled and whatever is stored, unless somebody dropped it and said why.
    """
    return merged(session, campaign.id, Purpose(campaign.purpose), campaign.required_policies)


def merged(session: Session, campaign_id: int | None, purpose: Purpose, listed: Iterable[str]) -> list[str]:
    """The listed policies and, beside them, those of the law that were not dropped."""
    dropped = _standing(session, campaign_id) if campaign_id is not None else {}
    listed = list(listed)
    return listed + [name for name in REQUIRED_BY_LAW.get(purpose, ()) if name not in listed and name not in dropped]


def require_none_left_out(campaign: Campaign, purpose: Purpose, wanted: Iterable[str]) -> None:
    """Raise InvalidInput where a campaign that keeps its purpose is to lose a policy without anybody saying why."""
    lost = set(campaign.required_policies) - set(wanted)
    if lost and campaign.purpose == purpose:
        raise InvalidInput(
            N_("The campaign was not saved."),
            N_("A rule that it requires is taken off on its settings page, with a reason."),
            {"required_policies": [N_("Taken off on the settings page only, with a reason.")]},
        )


class RequiredPolicies:
    """Drops a required policy from a campaign, and requires it again; both are kept with who and when."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def drop(self, actor: Actor, campaign_id: int, policy: str, reason: str) -> None:
        """Let a campaign do without a policy. Raises InvalidInput without a reason, Conflict where it is not required.

        A policy that is in force goes on being asked, and its refusals count: what is dropped is that the campaign
        stops where the policy is missing.
        """
        actor.require("policies.drop")
        shortest, longest = _REASON_LETTERS
        reason = reason.strip()
        if not shortest <= len(reason) <= longest:
            raise InvalidInput(
                N_("The rule was not taken off."),
                N_("Say why, in 10 to 1000 letters: it is kept with your name."),
                {"reason": [N_("Say why, in 10 to 1000 letters.")]},
            )
        with self._db.write() as unit:
            campaign = _held(unit, actor.scope, campaign_id)
            if policy not in required_of(unit.session, campaign):
                raise Conflict(N_("The campaign does not require this rule."))
            campaign.required_policies = [name for name in campaign.required_policies if name != policy]
            unit.session.add(
                DroppedPolicy(
                    campaign_id=campaign.id,
                    policy=policy,
                    reason=reason,
                    dropped_at=unit.clock.now(),
                    dropped_by=actor.user_id,
                )
            )
            _tell(unit, campaign)
        log.warning("required policy dropped", campaign_id=campaign_id, policy=policy, by=actor.user_id)

    def restore(self, actor: Actor, campaign_id: int, policy: str) -> None:
        """Require a dropped policy again. Raises Conflict where it was not dropped."""
        actor.require("campaigns.manage")
        with self._db.write() as unit:
            campaign = _held(unit, actor.scope, campaign_id)
            row = _standing(unit.session, campaign_id).get(policy)
            if row is None:
                raise Conflict(N_("This rule was not taken off."))
            row.restored_at, row.restored_by = unit.clock.now(), actor.user_id
            campaign.required_policies = [*campaign.required_policies, policy]
            _tell(unit, campaign)
        log.info("required policy restored", campaign_id=campaign_id, policy=policy, by=actor.user_id)

    def required(self, campaign: Campaign) -> list[str]:
        """What must be in force for the campaign to dial."""
        with self._db.read() as session:
            return required_of(session, campaign)

    def history(self, scope: Scope, campaign_id: int) -> list[Dropped]:
        """Every drop, newest first; NotFound outside the scope."""
        with self._db.read() as session:
            _require_in_scope(scope, session.get(Campaign, campaign_id))
            rows = session.execute(
                select(DroppedPolicy, User.display_name)
                .join(User, User.id == DroppedPolicy.dropped_by, isouter=True)
                .where(DroppedPolicy.campaign_id == campaign_id)
                .order_by(DroppedPolicy.id.desc())
            )
            return [Dropped(d.policy, d.reason, name or "", d.dropped_at, d.restored_at) for d, name in rows]


def _standing(session: Session, campaign_id: int) -> dict[str, DroppedPolicy]:
    rows = session.scalars(
        select(DroppedPolicy).where(DroppedPolicy.campaign_id == campaign_id, DroppedPolicy.restored_at.is_(None))
    )
    return {row.policy: row for row in rows}


def _held(unit: UnitOfWork, scope: Scope, campaign_id: int) -> Campaign:
    _require_in_scope(scope, unit.session.get(Campaign, campaign_id))
    return unit.hold(Campaign, campaign_id)


def _require_in_scope(scope: Scope, campaign: Campaign | None) -> None:
    if campaign is None or not scope.covers_campaign(campaign.client_id, campaign.id):
        raise NotFound(N_("There is no such campaign."))


def _tell(unit: UnitOfWork, campaign: Campaign) -> None:
    unit.emit(CampaignChanged(client_id=campaign.client_id, campaign_id=campaign.id, state=campaign.state or "draft"))

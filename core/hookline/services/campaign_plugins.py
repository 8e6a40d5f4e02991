"""Campaigns that work with some of the enabled plugins only: others' panels, rules, scripts, telephony are not theirs.

A rule that protects people is never lost by that: what a campaign requires, and what its purpose requires, holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import Call, Campaign, CampaignPlugin
from hookline.domain.access import Actor
from hookline.domain.campaigns import Purpose
from hookline.domain.events import CampaignChanged
from hookline.errors import InvalidInput
from hookline.ports.hooks import Hooks
from hookline.services.campaign_scope import campaign_in_scope
from hookline.text import N_

BACKENDS = "hookline_register_telephony_backends"
ENGINES = "hookline_register_script_engines"


class CampaignPlugins:
    """Keeps the choice; an empty one means every plugin."""

    def __init__(self, db: Database, hooks: Hooks) -> None:
        self._db = db
        self._hooks = hooks

    def of(self, campaign_id: int) -> frozenset[str]:
        """The plugins a campaign restricts itself to; empty for no restriction."""
        with self._db.read() as session:
            return chosen(session, campaign_id)

    def check(self, names: Collection[str], backend: str, script: str) -> None:
        """Raise InvalidInput where the campaign's telephony or script comes from a plugin that is not chosen."""
        if not names:
            return
        wrong = []
        if self._hooks.owners(BACKENDS).get(backend) not in (None, *names):
            wrong.append(N_("Its telephony comes from a plugin that is not chosen."))
        if self._hooks.owners(ENGINES).get(script.partition(":")[0]) not in (None, *names):
            wrong.append(N_("Its script comes from a plugin that is not chosen."))
        if wrong:
            raise InvalidInput(
                N_("The campaign was not saved."), N_("Mend the marked fields."), {"only_plugins": wrong}
            )

    def choose(self, actor: Actor, campaign_id: int, names: Iterable[str]) -> None:
        """Restrict a campaign to these plugins; none: work with all."""
        actor.require("campaigns.manage")
        with self._db.write() as unit:
            campaign = campaign_in_scope(unit.session, actor.scope, campaign_id)
            wanted = frozenset(names)
            if wanted == chosen(unit.session, campaign_id):
                return
            unit.session.execute(delete(CampaignPlugin).where(CampaignPlugin.campaign_id == campaign_id))
            unit.session.add_all(CampaignPlugin(campaign_id=campaign_id, plugin=name) for name in sorted(wanted))
            unit.emit(
                CampaignChanged(
                    client_id=campaign.client_id,
                    campaign_id=campaign.id,
                    agent_id=actor.user_id,
                    state=campaign.state,
                )
            )

    def shown_with(self, campaign_id: int | None, call_id: int | None) -> frozenset[str]:
        """The plugins whose panels belong to a campaign, or a call of one; empty for all."""
        with self._db.read() as session:
            if campaign_id is None and call_id is not None:
                campaign_id = session.scalar(select(Call.campaign_id).where(Call.id == call_id))
            return chosen(session, campaign_id) if campaign_id is not None else frozenset()


def chosen(session: Session, campaign_id: int) -> frozenset[str]:
    """The plugins a campaign restricts itself to; empty for no restriction."""
    names = session.scalars(select(CampaignPlugin.plugin).where(CampaignPlugin.campaign_id == campaign_id))
    return frozenset(names)


def whose_rules_hold(session: Session, hooks: Hooks, campaign: Campaign) -> frozenset[str]:
    """The plugins whose policies a campaign keeps; empty for all.

    Beside the chosen ones those of every policy that the campaign requires, and of every policy that is meant for its
    purpose: marketing needs a consent (GDPR art. 6, Polish PKE art. 398) whatever somebody chose here.
    """
    only = chosen(session, campaign.id)
    if not only:
        return only
    return only | hooks.rule_owners(Purpose(campaign.purpose), campaign.required_policies)

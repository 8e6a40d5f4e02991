"""What a campaign lacks before it can dial, said to the person who can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.db.models import Campaign, CampaignAgent, CampaignContact, User
from hookline.ports.hooks import Hooks
from hookline.services.calling_windows import window_of
from hookline.text import N_


@dataclass(frozen=True)
class Missing:
    """Something a campaign lacks before it can dial: a stable id, what, and what to do."""

    id: str
    message: str
    advice: str


def missing_parts(session: Session, campaign: Campaign) -> list[Missing]:
    """What of its own it lacks: agents, contacts, an open window, dispositions."""
    found: list[Missing] = []
    agents = session.scalar(
        select(func.count())
        .select_from(CampaignAgent)
        .join(User, User.id == CampaignAgent.user_id)
        .where(CampaignAgent.campaign_id == campaign.id, User.active)
    )
    if not agents:
        found.append(Missing("no-agents", N_("No agent is assigned to it."), N_("Assign at least one agent.")))
    contacts = session.scalar(
        select(func.count()).select_from(CampaignContact).where(CampaignContact.campaign_id == campaign.id)
    )
    if not contacts and campaign.direction != "inbound":
        found.append(Missing("no-contacts", N_("It has no contacts."), N_("Add a contact list, or import one.")))
    if not window_of(campaign).ever_opens():
        found.append(Missing("no-window", N_("Its calling window never opens."), N_("Open it on at least one day.")))
    if not any(d.active for d in campaign.dispositions):
        found.append(Missing("no-dispositions", N_("It has no dispositions."), N_("Add at least one.")))
    return found


def missing_services(hooks: Hooks, campaign: Campaign, required: Iterable[str]) -> list[Missing]:
    """What it lacks of plugins: telephony that can dial, a caller ID, its required policies, its script."""
    found: list[Missing] = []
    backend = hooks.backends().get(campaign.backend)
    if backend is None:
        found.append(
            Missing("no-backend", N_("Its telephony backend is not available."), N_("Enable the backend's plugin."))
        )
    else:
        found += [Missing(p.id, p.message, p.advice) for p in backend.problems(campaign.client_id)]
        if not campaign.caller_id and not backend.default_caller_id(campaign.client_id):
            found.append(Missing("no-caller-id", N_("It has no caller ID."), N_("Set one here, or at the trunk.")))
    present = hooks.policies()
    if any(name not in present for name in required):
        found.append(
            Missing(
                "policy-missing",
                N_("A policy it requires is not in force."),
                N_("Enable the policy's plugin, or take the policy off on the settings page, with a reason."),
            )
        )
    engine, _, _script = campaign.script.partition(":")
    if campaign.script and engine not in hooks.script_engines():
        found.append(Missing("no-script", N_("Its script's plugin is not active."), N_("Choose another script.")))
    return found

"""The list of campaigns, and a campaign's page with its live counters."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, render_template, url_for

from hookline.db.models import Campaign
from hookline.domain.campaigns import OVER, CallingWindow, CampaignState
from hookline.permissions import requires
from hookline.services.call_reads import CallFilters
from hookline.services.campaign_checks import Missing
from hookline.text import N_
from hookline_web import labels
from hookline_web.context import runtime
from hookline_web.views.campaigns import telephones
from hookline_web.views.campaigns.blueprint import blueprint
from hookline_web.views.campaigns.choices import policy_titles, script_title
from hookline_web.views.campaigns.dialler import dialler_of

_RECENT_CALLS = 8

#: What is checked before a start, in this order, and the part of the form where it is mended.
_CHECKS = {
    "no-contacts": (N_("Contacts to call"), "list_ids"),
    "no-agents": (N_("Agents to call them"), "agents"),
    "no-window": (N_("A calling window"), "window"),
    "no-dispositions": (N_("Dispositions to choose from"), "dispositions"),
    "no-backend": (N_("Telephony"), "backend"),
    "no-caller-id": (N_("A caller ID"), "caller_id"),
    "policy-missing": (N_("The rules it must keep"), "required_policies"),
    "no-script": (N_("Its script"), "script"),
}


@dataclass(frozen=True)
class Check:
    """A line of the check list; `problem` None means it is as it should be. Texts are message ids."""

    title: str
    problem: Missing | None
    address: str | None


@blueprint.get("")
@requires("campaigns.view")
def index() -> str:
    """Every campaign with its figures."""
    lines = runtime().figures.overview(g.actor.scope)
    clients = runtime().clients.list_clients(g.actor.scope, active_only=True)
    return render_template("campaigns/index.html", lines=lines, clients=clients)


@blueprint.get("/live")
@requires("campaigns.view")
def index_live() -> str:
    """The rows of the list, as they are now."""
    return render_template("campaigns/lines.html", lines=runtime().figures.overview(g.actor.scope))


@blueprint.get("/<int:campaign_id>")
@requires("campaigns.view")
def show(campaign_id: int) -> str:
    """A campaign: what it lacks, its figures, its latest calls."""
    campaign = runtime().campaigns.get(g.actor.scope, campaign_id)
    return render_template("campaigns/show.html", **_head(campaign), **_live(campaign_id), **dialler_of(campaign_id))


@blueprint.get("/<int:campaign_id>/head")
@requires("campaigns.view")
def head(campaign_id: int) -> str:
    """The head of the page and the check list, as they are now."""
    campaign = runtime().campaigns.get(g.actor.scope, campaign_id)
    return render_template("campaigns/head.html", **_head(campaign))


@blueprint.get("/<int:campaign_id>/live")
@requires("campaigns.view")
def live(campaign_id: int) -> str:
    """The figures and the latest calls, as they are now."""
    campaign = runtime().campaigns.get(g.actor.scope, campaign_id)
    return render_template("campaigns/live.html", campaign=campaign, **_live(campaign_id))


@blueprint.get("/<int:campaign_id>/settings")
@requires("campaigns.view")
def settings(campaign_id: int) -> str:
    """How the campaign is set up, to read."""
    scope = g.actor.scope
    campaign = runtime().campaigns.get(scope, campaign_id)
    chosen = set(runtime().campaigns.list_ids(scope, campaign_id))
    lists = [row for row in runtime().lists.index(scope) if row.id in chosen]
    return render_template(
        "campaigns/settings.html",
        **head_of(campaign),
        lists=lists,
        agents=runtime().campaigns.assigned(scope, campaign_id),
        window=CallingWindow.from_json(campaign.window),
        script=script_title(campaign.client_id, campaign.script),
        policies=policy_titles(runtime().required_policies.required(campaign)),
        dropped=(dropped := runtime().required_policies.history(scope, campaign_id)),
        telephones=telephones.for_reading(campaign),
        dropped_titles=policy_titles(one.policy for one in dropped),
    )


def head_of(campaign: Campaign) -> dict[str, object]:
    """What the head of each of the campaign's pages shows."""
    client = runtime().clients.get_client(g.actor.scope, campaign.client_id)
    return {"campaign": campaign, "client": client}


def _head(campaign: Campaign) -> dict[str, object]:
    return {**head_of(campaign), "checks": _checks(campaign)}


def _live(campaign_id: int) -> dict[str, object]:
    calls = runtime().call_reads.list_calls(g.actor, CallFilters(campaign_id=campaign_id), size=_RECENT_CALLS)
    return {
        "figures": runtime().figures.of_campaign(g.actor.scope, campaign_id),
        "forecast": runtime().forecasts.of_campaign(g.actor.scope, campaign_id),
        "calls": calls.rows,
    }


def _checks(campaign: Campaign) -> list[Check]:
    """The check list; empty where there is nothing to check or to mend."""
    if campaign.state in OVER:
        return []
    missing = {m.id: m for m in runtime().campaigns.missing(g.actor.scope, campaign.id)}
    if not missing and campaign.state != CampaignState.DRAFT:
        return []
    known = [Check(title, missing.get(id), _mend(campaign, id, part)) for id, (title, part) in _CHECKS.items()]
    other = [
        Check(N_("Telephony"), m, _mend(campaign, m.id, "backend")) for id, m in missing.items() if id not in _CHECKS
    ]
    return known + other


def _mend(campaign: Campaign, problem: str, part: str) -> str | None:
    if problem.endswith("no-trunk") and (trunks := labels.address_of("trunks.index")):
        return trunks
    if not g.actor.can("campaigns.manage"):
        return None
    return url_for("campaigns.edit", campaign_id=campaign.id, _anchor=part)

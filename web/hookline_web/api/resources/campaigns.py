"""Campaigns: built, changed, started, paused, ended; their contacts and results."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from hookline.api import ApiCreated, ApiDownload, ApiOperation, ApiPage, ApiRequest, ApiResource
from hookline.db.models import Campaign
from hookline.domain.access import Grant, Scope
from hookline.domain.campaigns import OVER, Purpose
from hookline.errors import Conflict
from hookline.services.campaign_life import Recycling
from hookline.services.campaigns import DIALLING, CampaignDraft
from hookline.services.exports import RowPer
from hookline.services.keyset import Cursor
from hookline.text import N_
from hookline_web.api.resources import campaign_policies, telephones
from hookline_web.api.resources import campaign_schemas as schemas
from hookline_web.context import runtime
from hookline_web.i18n import translated
from hookline_web.schemas import dialling
from hookline_web.schemas.campaigns import CampaignSchema as FormSchema
from hookline_web.schemas.nested import load_rows
from hookline_web.views.campaigns.choices import choices_for

_VIEW, _MANAGE = "campaigns.view", "campaigns.manage"
_NOT_PLAIN = ("window", "retry_rules")


def list_campaigns(request: ApiRequest) -> ApiPage:
    """A page of campaigns."""
    page = runtime().feeds.campaigns(request.actor, request.after, request.limit, **request.query)
    return ApiPage([_plain(campaign) for campaign in page.rows], page.next)


def get_campaign(request: ApiRequest) -> dict[str, Any]:
    """One campaign."""
    scope, campaign_id = request.actor.scope, request.path["campaign_id"]
    return _details(scope, runtime().campaigns.get(scope, campaign_id))


def add_campaign(request: ApiRequest) -> ApiCreated:
    """Make a campaign, as a draft."""
    sent = dict(request.body)
    client = runtime().clients.get_client(request.actor.scope, sent["client_id"])
    purpose = Purpose(sent["purpose"])
    draft = CampaignDraft(
        client_id=client.id,
        name=sent["name"],
        purpose=purpose,
        backend=sent["backend"],
        required_policies=runtime().campaigns.default_policies(purpose),
    )
    campaign_id = runtime().campaigns.create(request.actor, _checked(None, {**_of_draft(draft), **sent}))
    return ApiCreated(campaign_id, f"/{campaign_id}")


def change_campaign(request: ApiRequest) -> None:
    """Change some of a campaign."""
    present = get_campaign(request)
    if present["state"] in OVER:
        raise Conflict(N_("This campaign has ended, so it cannot be changed."), N_("Make a new one."))
    draft = _checked(present, {**present, **request.body})
    runtime().campaigns.update(request.actor, request.path["campaign_id"], draft)


def start_campaign(request: ApiRequest) -> None:
    """Let the campaign dial."""
    runtime().campaigns.start(request.actor, request.path["campaign_id"])


def pause_campaign(request: ApiRequest) -> None:
    """Stop dialling."""
    runtime().campaigns.pause(request.actor, request.path["campaign_id"])


def end_campaign(request: ApiRequest) -> None:
    """End the campaign for good."""
    runtime().campaigns.end(request.actor, request.path["campaign_id"])


def check_campaign(request: ApiRequest) -> dict[str, Any]:
    """What the campaign lacks."""
    found = runtime().campaigns.missing(request.actor.scope, request.path["campaign_id"])
    missing = [{"id": m.id, "message": translated(m.message), "advice": translated(m.advice)} for m in found]
    return {"missing": missing}


def get_figures(request: ApiRequest) -> dict[str, Any]:
    """The campaign's figures."""
    found = runtime().figures.of_campaign(request.actor.scope, request.path["campaign_id"])
    return {
        "today": found.today,
        "in_all": found.in_all,
        "contacts_by_state": {state.value: count for state, count in found.standing.by_state.items()},
        "calls_by_result": dict(found.results),
        "calls_by_disposition": {d.code: d.count for d in found.dispositions},
        "agents_working": found.agents_working,
        "forecast": runtime().forecasts.of_campaign(request.actor.scope, request.path["campaign_id"]),
    }


def get_dialler(request: ApiRequest) -> dict[str, Any]:
    """What the dialler does and why."""
    view = runtime().dialler_ticks.view(request.actor.scope, request.path["campaign_id"])
    return {
        "why": view.why,
        "reason": translated(view.reason),
        "answered": view.counted.answered,
        "abandoned": view.counted.abandoned,
        "abandon_rate": view.counted.abandon_rate,
        "abandon_limit": view.abandon_limit,
        "ticks": view.ticks,
    }


def recycle(request: ApiRequest) -> dict[str, int]:
    """Call contacts once more."""
    which = Recycling(**request.body)
    return {"contacts": runtime().campaign_life.recycle(request.actor, request.path["campaign_id"], which)}


def archive_campaign(request: ApiRequest) -> None:
    """File an ended campaign away."""
    runtime().campaign_life.archive(request.actor, request.path["campaign_id"])


def list_records(request: ApiRequest) -> ApiPage:
    """A page of the campaign's contacts."""
    page = runtime().record_reads.list_records(
        request.actor.scope,
        request.path["campaign_id"],
        state=request.query.get("state"),
        cursor=Cursor(request.after),
        size=request.limit,
    )
    rows = [
        {
            **{name: getattr(line.record, name, None) for name in schemas.CampaignRecordSchema().fields},
            "external_id": line.contact.external_id,
            "disposition": line.disposition.code if line.disposition else None,
        }
        for line in page.rows
    ]
    return ApiPage(rows, page.next)


def results_file(request: ApiRequest) -> ApiDownload:
    """The campaign's results as CSV."""
    campaign_id = request.path["campaign_id"]
    chunks = runtime().exports.export_results(request.actor.scope, campaign_id, per=RowPer(request.query["per"]))
    return ApiDownload("text/csv", f"results-{campaign_id}.csv", chunks=chunks)


def _plain(campaign: Campaign) -> dict[str, Any]:
    names = [name for name in schemas.CampaignSchema().fields if name not in _NOT_PLAIN]
    return {
        **{name: getattr(campaign, name) for name in names},
        "window": _days(campaign.window),
        "retry_rules": _rules(campaign.retry_rules),
    }


def _details(scope: Scope, campaign: Campaign) -> dict[str, Any]:
    assigned = runtime().campaigns.assigned(scope, campaign.id)
    return {
        **_plain(campaign),
        "list_ids": runtime().campaigns.list_ids(scope, campaign.id),
        "agents": [{"user_id": user.id, **vars(grant)} for user, grant in assigned],
        "dispositions": [
            {"code": d.code, "label": d.label, "category": d.category, "final": d.final}
            for d in campaign.dispositions
            if d.active
        ],
    }


def _of_draft(draft: CampaignDraft) -> dict[str, Any]:
    return {
        **vars(draft),
        "purpose": draft.purpose.value,
        "window": _days(draft.window.to_json()),
        "retry_rules": _rules(draft.retry_rules),
        "agents": [],
        "dispositions": [{**vars(spec), "category": spec.category.value} for spec in draft.dispositions],
    }


def _days(window: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    return [{"day": int(day), "opens": times[0], "closes": times[1]} for day, times in sorted(window.items())]


def _rules(rules: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    return [{"result": result, **rule} for result, rule in sorted(rules.items())]


def _checked(present: Mapping[str, Any] | None, wanted: dict[str, Any]) -> CampaignDraft:
    """The draft, by the rules of the page for campaigns: only what the installation has can be named."""
    choices = choices_for(wanted["client_id"], _as_it_is(present) if present else None)
    values = {name: wanted[name] for name in FormSchema(choices.known(())).fields if name not in dialling.FIELDS}
    values |= dialling.shown(SimpleNamespace(**{name: wanted[name] for name in DIALLING}))
    values["allowed_countries"] = ",".join(wanted["allowed_countries"])
    values["window"] = [{**day, "open": True} for day in wanted["window"]]
    values["retry_rules"] = [
        {
            "result": rule["result"],
            "on": True,
            "delay_minutes": rule["delay_seconds"] // 60,
            "max_attempts": rule["max_attempts"],
            "other_number": rule.get("other_number", False),
            "other_time": rule.get("other_time", False),
        }
        for rule in wanted["retry_rules"]
    ]
    draft: CampaignDraft = load_rows(FormSchema(choices.known(wanted["list_ids"])), values)
    return draft


def _as_it_is(present: Mapping[str, Any]) -> CampaignDraft:
    # What the campaign has may stay, also where the installation has it no more.
    return CampaignDraft(
        client_id=present["client_id"],
        name=present["name"],
        purpose=Purpose(present["purpose"]),
        backend=present["backend"],
        script=present["script"],
        required_policies=present["required_policies"],
        agents={row["user_id"]: Grant() for row in present["agents"]},
    )


RESOURCE = ApiResource(
    "campaigns",
    "The work of reaching a goal by telephone: build, start and pause it; its contacts, figures and results.",
    (
        ApiOperation(
            "GET",
            "",
            _VIEW,
            "Campaigns",
            list_campaigns,
            schemas.CampaignSchema,
            schemas.CampaignQuerySchema,
            paged=True,
        ),
        ApiOperation(
            "POST",
            "",
            _MANAGE,
            "Make a campaign, as a draft",
            add_campaign,
            body=schemas.NewCampaignSchema,
            status=201,
        ),
        ApiOperation("GET", "/{campaign_id}", _VIEW, "One campaign", get_campaign, schemas.CampaignDetailsSchema),
        ApiOperation(
            "PATCH",
            "/{campaign_id}",
            _MANAGE,
            "Change some of a campaign",
            change_campaign,
            body=schemas.CampaignChangesSchema,
            status=204,
            description="Contacts of lists that are added join; none are taken away.",
        ),
        ApiOperation(
            "GET",
            "/{campaign_id}/check",
            _VIEW,
            "What it lacks before it can dial",
            check_campaign,
            schemas.CampaignCheckSchema,
        ),
        ApiOperation("POST", "/{campaign_id}/start", _MANAGE, "Let it dial", start_campaign, status=204),
        ApiOperation(
            "POST",
            "/{campaign_id}/pause",
            _MANAGE,
            "Stop dialling",
            pause_campaign,
            status=204,
            description="Calls that are up go on.",
        ),
        ApiOperation("POST", "/{campaign_id}/end", _MANAGE, "End it for good", end_campaign, status=204),
        ApiOperation("POST", "/{campaign_id}/archive", _MANAGE, "File it away", archive_campaign, status=204),
        ApiOperation(
            "POST",
            "/{campaign_id}/recycle",
            _MANAGE,
            "Call contacts once more that are done with",
            recycle,
            schemas.RecycledSchema,
            body=schemas.RecycleSchema,
        ),
        ApiOperation(
            "GET",
            "/{campaign_id}/dialler",
            _VIEW,
            "What its dialler does, and why",
            get_dialler,
            schemas.CampaignDiallerSchema,
            description="With every decision of the last ten minutes.",
        ),
        ApiOperation("GET", "/{campaign_id}/figures", _VIEW, "Its figures", get_figures, schemas.CampaignFiguresSchema),
        ApiOperation(
            "GET",
            "/{campaign_id}/records",
            _VIEW,
            "Its contacts and how each stands",
            list_records,
            schemas.CampaignRecordSchema,
            schemas.RecordQuerySchema,
            paged=True,
        ),
        ApiOperation(
            "GET",
            "/{campaign_id}/results.csv",
            "results.export",
            "Its results as CSV",
            results_file,
            query=schemas.ResultsQuerySchema,
            download="text/csv",
        ),
        *telephones.OPERATIONS,
        *campaign_policies.OPERATIONS,
    ),
)

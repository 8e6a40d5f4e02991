"""The part of a campaign's form that says whether it calls or is called, and where customers may be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g, render_template, request
from werkzeug.datastructures import MultiDict

from hookline.db.models import Campaign
from hookline.permissions import requires
from hookline.services.campaign_lines import CampaignTelephones
from hookline.text import N_
from hookline_web import forms
from hookline_web.context import runtime
from hookline_web.i18n import translated
from hookline_web.schemas.nested import load_rows
from hookline_web.schemas.telephones import TelephonesSchema, shown
from hookline_web.views.campaigns.blueprint import blueprint
from hookline_web.views.campaigns.form_data import row_id

DIRECTIONS = {"outbound": N_("It calls"), "inbound": N_("It is called")}
_NONE = CampaignTelephones()


def telephones_of(campaign: Campaign) -> CampaignTelephones:
    """What is stored."""
    targets = tuple((entry["label"], entry["number"]) for entry in campaign.transfer_targets)
    return CampaignTelephones(campaign.direction, campaign.line, targets)


def stored_values(campaign: Campaign | None = None) -> dict[str, str]:
    """What is stored as the form shows it; of a new campaign the usual."""
    return shown(telephones_of(campaign) if campaign else _NONE)


def for_reading(campaign: Campaign) -> dict[str, str]:
    """Direction and line in words; a line that is gone stands for itself."""
    line = runtime().desk_calls.campaign_lines.lines(campaign).get(campaign.line, campaign.line)
    return {"direction": translated(DIRECTIONS[campaign.direction]), "line": line}


def sent_values(form: MultiDict[str, str]) -> dict[str, str]:
    """What was sent, as it was sent."""
    return {name: form.get(name, usual) for name, usual in shown(_NONE).items()}


def load(values: Mapping[str, Any], country: str) -> CampaignTelephones:
    """What was sent, read. Raises InvalidInput."""
    wanted: CampaignTelephones = load_rows(TelephonesSchema(_lines(values), country), values)
    return wanted


def keep(campaign_id: int, wanted: CampaignTelephones) -> None:
    """Store it where it differs. Raises Conflict for a line that is taken or a campaign that runs."""
    if wanted != telephones_of(runtime().campaigns.get(g.actor.scope, campaign_id)):
        runtime().desk_calls.campaign_lines.set(g.actor, campaign_id, wanted)


def context(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the form's part offers."""
    return {
        "directions": [(value, translated(text)) for value, text in DIRECTIONS.items()],
        "lines": sorted(_lines(values).items(), key=lambda pair: pair[1].casefold()),
    }


@blueprint.post("/form/line")
@requires("campaigns.manage")
def line_part() -> str:
    """The lines of the client and the telephony that were just chosen."""
    values = {**request.args.to_dict(), **request.form.to_dict(), **sent_values(request.form)}
    client_id = row_id(values.get("client_id"))
    if client_id is not None:
        runtime().clients.get_client(g.actor.scope, client_id)
    return render_template("campaigns/form/line.html", form=forms.Form(values), **context(values))


def _lines(values: Mapping[str, Any]) -> Mapping[str, str]:
    """Id and title of the lines by which calls of this client and telephony come in."""
    backend = runtime().host.backends().get(values.get("backend", ""))
    client_id = row_id(str(values.get("client_id") or ""))
    return backend.inbound_lines(client_id) if backend and client_id is not None else {}

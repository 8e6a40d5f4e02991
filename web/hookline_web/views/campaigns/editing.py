"""The form of a campaign, and the parts of it that follow what was chosen in other parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline.db.models import Campaign
from hookline.domain.campaigns import (
    DEFAULT_DISPOSITIONS,
    OVER,
    DialMode,
    DispositionSpec,
    Purpose,
)
from hookline.errors import Conflict, InvalidInput
from hookline.permissions import requires
from hookline.services.campaign_lines import CampaignTelephones
from hookline.services.campaigns import CampaignDraft
from hookline.text import N_
from hookline_web import forms, labels
from hookline_web.context import runtime
from hookline_web.i18n import translated
from hookline_web.schemas.campaigns import CampaignSchema
from hookline_web.schemas.nested import load_rows
from hookline_web.views.campaigns import form_data, telephones
from hookline_web.views.campaigns.blueprint import blueprint
from hookline_web.views.campaigns.choices import Choices, choices_for, plugin_options, policies

_DEFAULT_LABELS = {
    "SUCCESS": N_("Success"),
    "REFUSED": N_("Not interested"),
    "CALLBACK": N_("Callback agreed"),
    "LATER": N_("Call again later"),
    "WRONG": N_("Wrong number"),
    "DNC": N_("Do not call again"),
}


@blueprint.get("/new")
@requires("campaigns.manage")
def new() -> tuple[str, int]:
    """The form of a new campaign, with sensible defaults."""
    clients = runtime().clients.list_clients(g.actor.scope, active_only=True)
    wanted = form_data.row_id(request.args.get("client_id"))
    client = next((c for c in clients if c.id == wanted), clients[0] if len(clients) == 1 else None)
    backends = sorted(runtime().host.backends())
    draft = CampaignDraft(
        client_id=client.id if client else 0,
        name="",
        purpose=Purpose.MARKETING,
        backend=backends[0] if backends else "",
        required_policies=runtime().campaigns.default_policies(Purpose.MARKETING),
        dispositions=_translated_defaults(),
    )
    values = {**form_data.stored_values(draft), **telephones.stored_values(), "client_id": client.id if client else ""}
    return _page(forms.Form(values), values, choices_for(client.id if client else None), None)


@blueprint.post("/new")
@requires("campaigns.manage")
def create() -> Response | tuple[str, int]:
    """Make the campaign."""
    values = {**_sent(), "only_plugins": request.form.getlist("only_plugins")}
    choices = choices_for(form_data.row_id(values["client_id"]))
    try:
        draft, only = _draft(values, choices), _chosen_plugins(values)
        lines = telephones.load(values, _country(values, choices))
        campaign_id = runtime().campaigns.create(g.actor, draft)
        runtime().campaign_plugins.choose(g.actor, campaign_id, only)
    except InvalidInput as error:
        return _page(forms.Form(values, error), values, choices, None)
    if refused := _refused(campaign_id, lines, values, choices):
        return refused
    flash(_("The campaign is made. It dials once you start it."))
    return redirect(url_for("campaigns.show", campaign_id=campaign_id))


@blueprint.get("/<int:campaign_id>/edit")
@requires("campaigns.manage")
def edit(campaign_id: int) -> tuple[str, int]:
    """The form of a campaign."""
    campaign, present = _editable(campaign_id)
    values = form_data.stored_values(present)
    values |= telephones.stored_values(campaign)
    values["only_plugins"] = sorted(runtime().campaign_plugins.of(campaign_id))
    return _page(forms.Form(values), values, choices_for(campaign.client_id, present), campaign)


@blueprint.post("/<int:campaign_id>/edit")
@requires("campaigns.manage")
def update(campaign_id: int) -> Response | tuple[str, int]:
    """Change the campaign; its client stays what it is."""
    campaign, present = _editable(campaign_id)
    sent = {"client_id": campaign.client_id, "only_plugins": request.form.getlist("only_plugins")}
    values = {**_sent(), **sent}
    choices = choices_for(campaign.client_id, present)
    try:
        draft, only = _draft(values, choices), _chosen_plugins(values)
        lines = telephones.load(values, _country(values, choices))
        runtime().campaigns.update(g.actor, campaign_id, draft)
        runtime().campaign_plugins.choose(g.actor, campaign_id, only)
    except InvalidInput as error:
        return _page(forms.Form(values, error), values, choices, campaign)
    if refused := _refused(campaign_id, lines, values, choices):
        return refused
    flash(_("The changes are saved."))
    return redirect(url_for("campaigns.show", campaign_id=campaign_id))


def _refused(
    campaign_id: int, lines: CampaignTelephones, values: dict[str, Any], choices: Choices
) -> tuple[str, int] | None:
    """Keep the telephones of a campaign that is stored; its form again where they cannot be kept."""
    try:
        telephones.keep(campaign_id, lines)
    except (Conflict, InvalidInput) as error:
        campaign = runtime().campaigns.get(g.actor.scope, campaign_id)
        return _page(forms.Form(values, error), values, choices, campaign)
    return None


# Parts of the form


@blueprint.post("/form/client")
@requires("campaigns.manage")
def client_parts() -> str:
    """Lists, agents and scripts of the client that was just chosen; what was ticked and fits him stays ticked."""
    values = _sent()
    client_id = form_data.row_id(values["client_id"])
    if client_id is not None:
        runtime().clients.get_client(g.actor.scope, client_id)
    return render_template(
        "campaigns/form/client_parts.html", **_context(forms.Form(values), values, choices_for(client_id))
    )


@blueprint.post("/form/purpose")
@requires("campaigns.manage")
def purpose_parts() -> str:
    """The policies, ticked as the purpose that was just chosen wants it."""
    purpose = form_data.purpose_of(request.form.get("purpose", ""))
    required = runtime().campaigns.default_policies(purpose) if purpose else []
    form = forms.Form({"required_policies": required})
    # One that is not in force and was ticked stays in sight: taking it off is the administrator's word.
    offered = policies(request.form.getlist("required_policies"))
    return render_template("campaigns/form/policies.html", form=form, policies=offered)


@blueprint.post("/form/dispositions")
@requires("campaigns.manage")
def disposition_parts() -> str:
    """The dispositions with a row added, taken away or moved: ?act=add, remove, up, down and ?index."""
    index = form_data.row_id(request.args.get("index"))
    rows = form_data.moved(
        form_data.sent_dispositions(request.form, keep_empty=True),
        request.args.get("act", "add"),
        -1 if index is None else index,
    )
    return render_template("campaigns/form/dispositions.html", form=forms.Form({}), rows=rows, categories=_categories())


def _page(form: forms.Form, values: dict[str, Any], choices: Choices, campaign: Campaign | None) -> tuple[str, int]:
    return forms.page("campaigns/form.html", campaign=campaign, **_context(form, values, choices))


def _context(form: forms.Form, values: dict[str, Any], choices: Choices) -> dict[str, Any]:
    return {
        "form": form,
        "choices": choices,
        "client_options": [(client.id, client.name) for client in choices.clients],
        "agent_rows": form_data.agent_rows(values, [user.id for user in choices.agents]),
        "days": values["window"],
        "rules": values["retry_rules"],
        "rows": values["dispositions"] or [form_data.empty_disposition()],
        "plugin_options": plugin_options(values.get("only_plugins", ())),
        "purposes": labels.choices(labels.PURPOSES),
        "dial_modes": [(mode, text) for mode, text in labels.choices(labels.DIAL_MODES) if mode in set(DialMode)],
        "categories": _categories(),
        "abandon_rules": labels.choices(labels.ABANDON_RULES),
        "target_kinds": labels.choices(labels.TARGET_KINDS),
        "machine_actions": labels.choices(labels.MACHINE_ACTIONS),
        **telephones.context(values),
    }


def _translated_defaults() -> list[DispositionSpec]:
    return [
        replace(spec, label=translated(_DEFAULT_LABELS.get(spec.code, spec.label))) for spec in DEFAULT_DISPOSITIONS
    ]


def _categories() -> list[tuple[str, str]]:
    return labels.choices(labels.CATEGORIES)


def _draft(values: dict[str, Any], choices: Choices) -> CampaignDraft:
    known = choices.known(i for text in values["list_ids"] if (i := form_data.row_id(text)) is not None)
    draft: CampaignDraft = load_rows(CampaignSchema(known), form_data.for_schema(values))
    return draft


def _sent() -> dict[str, Any]:
    return {**form_data.sent_values(request.form), **telephones.sent_values(request.form)}


def _country(values: dict[str, Any], choices: Choices) -> str:
    return choices.known(i for text in values["list_ids"] if (i := form_data.row_id(text)) is not None).country


def _chosen_plugins(values: dict[str, Any]) -> list[str]:
    """The plugins the campaign is to work with; InvalidInput where they do not bring its telephony and its script."""
    only: list[str] = values["only_plugins"]
    runtime().campaign_plugins.check(only, values["backend"], values["script"])
    return only


def _editable(campaign_id: int) -> tuple[Campaign, CampaignDraft]:
    scope = g.actor.scope
    campaign = runtime().campaigns.get(scope, campaign_id)
    if campaign.state in OVER:
        raise Conflict(N_("This campaign has ended, so it cannot be changed."), N_("Make a new one."))
    return campaign, runtime().campaign_life.draft_of(scope, campaign_id)

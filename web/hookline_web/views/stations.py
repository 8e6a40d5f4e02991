"""Stations: the telephones that agents work at, besides their browsers."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline.contributions import NavigationItem
from hookline.db.models import Station
from hookline.errors import Conflict, InvalidInput
from hookline.permissions import requires
from hookline.ports.telephony import StationKind
from hookline.services.stations import StationDraft, StationSchema
from hookline.text import N_
from hookline.validation import load
from hookline_web import forms
from hookline_web.context import runtime

KINDS = ((StationKind.SIP.value, N_("SIP phone")), (StationKind.NUMBER.value, N_("Phone number")))

blueprint = Blueprint("stations", __name__, url_prefix="/stations")
NAVIGATION = (
    NavigationItem(N_("Stations"), "stations.index", "stations.manage", "admin", "device-landline-phone", 80),
)


@blueprint.get("")
@requires("stations.manage")
def index() -> str:
    """Every station."""
    stations = runtime().stations.list_stations(g.actor)
    return render_template("stations/index.html", stations=stations, kinds=dict(KINDS))


@blueprint.get("/new")
@requires("stations.manage")
def new() -> tuple[str, int]:
    """The form of a new station."""
    return _form(forms.Form(), None)


@blueprint.post("/new")
@requires("stations.manage")
def create() -> Response | tuple[str, int]:
    """Add a station."""
    try:
        draft = StationDraft(**load(StationSchema(), forms.posted()))
        runtime().stations.add_station(g.actor, draft)
    except InvalidInput as error:
        return _form(forms.Form(forms.posted(), error), None)
    flash(_("The station %(name)s is added.", name=draft.name))
    return redirect(url_for("stations.index"))


@blueprint.get("/<int:station_id>")
@requires("stations.manage")
def edit(station_id: int) -> tuple[str, int]:
    """The form of a station."""
    station = runtime().stations.get_station(g.actor, station_id)
    return _form(forms.Form(vars(station)), station)


@blueprint.post("/<int:station_id>")
@requires("stations.manage")
def change(station_id: int) -> Response | tuple[str, int]:
    """Change a station."""
    station = runtime().stations.get_station(g.actor, station_id)
    try:
        draft = StationDraft(**load(StationSchema(), forms.posted()))
        runtime().stations.change_station(g.actor, station_id, draft)
    except (InvalidInput, Conflict) as error:
        return _form(forms.Form(forms.posted(), error), station)
    flash(_("The changes are saved."))
    return redirect(url_for("stations.index"))


@blueprint.post("/<int:station_id>/<any(activate, deactivate):act>")
@requires("stations.manage")
def set_active(station_id: int, act: str) -> Response:
    """Take a station out of use or bring it back."""
    runtime().stations.set_station_active(g.actor, station_id, act == "activate")
    flash(_("The station is in use again.") if act == "activate" else _("The station is out of use."))
    return redirect(url_for("stations.index"))


def _form(form: forms.Form, station: Station | None) -> tuple[str, int]:
    users = [(u.id, u.display_name) for u in runtime().identity.list_users() if u.active]
    kinds = [(kind, _(title)) for kind, title in KINDS]
    return forms.page("stations/form.html", form, station=station, users=users, kinds=kinds)

"""A supervisor takes part in an agent's calls: what the panel says, and the acts. Answers are the panel (htmx)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, render_template, request, session
from marshmallow import Schema, fields, validate

from hookline.errors import InvalidInput
from hookline.permissions import requires
from hookline.ports.telephony import Capability, StationKind, SupervisionMode
from hookline.services.supervision import LONGEST_REASON
from hookline.text import N_
from hookline.validation import load
from hookline_web.context import runtime

blueprint = Blueprint("supervision", __name__, url_prefix="/supervision")

#: What a supervisor may choose, in the order in which he is heard by more people.
MODES = {
    SupervisionMode.LISTEN: (N_("Listen"), N_("You hear both, nobody hears you."), "ear"),
    SupervisionMode.WHISPER: (N_("Whisper"), N_("The agent hears you, the customer does not."), "message-2"),
    SupervisionMode.BARGE: (N_("Barge in"), N_("Both hear you."), "users"),
}
_REMEMBERED = "supervision_station"


class ModeSchema(Schema):
    """How to take part, and (where he is on no line yet) at which station; none: in the browser."""

    mode = fields.Enum(
        SupervisionMode, by_value=True, required=True, validate=validate.OneOf(list(MODES), error=N_("Choose a mode."))
    )
    station_id = fields.Integer(load_default=None, allow_none=True)
    reason = fields.String(load_default="", validate=validate.Length(max=LONGEST_REASON))


@blueprint.get("/panel")
@requires("calls.supervise")
def panel() -> str:
    """On whose line the person is, and how; else at what he would listen."""
    return _panel()


@blueprint.post("/agent/<int:agent_id>")
@requires("calls.supervise")
def take_part(agent_id: int) -> str | tuple[str, int]:
    """Come to the agent's line, or, if there already, take part in another way."""
    form = {name: value for name, value in request.form.items() if value and name != "csrf_token"}
    sent = load(ModeSchema(), form)
    supervision = runtime().desk_calls.supervision
    watch = supervision.current(g.actor)
    if watch is not None and watch.supervision.agent_id == agent_id:
        supervision.set_mode(g.actor, sent["mode"])
    else:
        try:
            supervision.start(g.actor, agent_id, sent["mode"], sent["station_id"], sent["reason"])
        except InvalidInput:
            return _panel(station=sent["station_id"], reason_missing=True), 422
        session[_REMEMBERED] = sent["station_id"]
    return _panel()


@blueprint.post("/leave")
@requires("calls.supervise")
def leave() -> str:
    """Leave the line."""
    runtime().desk_calls.supervision.stop(g.actor)
    return _panel()


def _panel(station: int | None = None, *, reason_missing: bool = False) -> str:
    supervision = runtime().desk_calls.supervision
    watch = supervision.current(g.actor)
    return render_template(
        "supervision/panel.html",
        watch=watch,
        row=watch.supervision if watch else None,
        by_browser=watch is not None and watch.supervision.station_kind == StationKind.BROWSER.value,
        modes=MODES,
        reason_required=supervision.rules.reason_required,
        reason_missing=reason_missing,
        longest_reason=LONGEST_REASON,
        **(_stations(station) if watch is None else {}),
    )


def _stations(chosen: int | None) -> dict[str, Any]:
    backends = runtime().host.backends().values()
    return {
        "stations": runtime().agents.stations_for(g.actor),
        "browser_possible": any(Capability.BROWSER_STATION in backend.capabilities for backend in backends),
        "chosen": chosen or session.get(_REMEMBERED),
    }

"""Where the browser's phone speaks to its backend. What is said is the backend's own affair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, g, jsonify, request, url_for

from hookline import __version__
from hookline.db.models import AgentSession, Campaign, Station
from hookline.errors import InvalidInput
from hookline.permissions import requires
from hookline.ports.telephony import Capability, StationKind
from hookline.services.phone import LONGEST_MESSAGE, PhoneMessageSchema
from hookline.text import N_
from hookline.validation import load
from hookline_web.context import runtime

_BROWSER = Capability.BROWSER_STATION

blueprint = Blueprint("phone", __name__, url_prefix="/desk/phone")


@blueprint.post("")
@requires("desk.use")
def message() -> Response:
    """Carry a message of an agent's page to the backend of its leg; the answer as JSON."""
    return _carry()


@blueprint.get("/listening")
@requires("calls.supervise")
def listening() -> Response:
    """The leg on which the supervisor's page is to listen, for static/phone.js: {} where he listens by none."""
    phone = runtime().phone.phone_of_supervisor(g.actor)
    if phone is None:
        return jsonify({})
    return jsonify(leg=phone.leg_id, module=module_address(phone.module), post=url_for("phone.listen"))


@blueprint.post("/listening")
@requires("calls.supervise")
def listen() -> Response:
    """Carry a message of a supervisor's page to the backend of his leg; the answer as JSON."""
    return _carry()


def _carry() -> Response:
    if (request.content_length or 0) > LONGEST_MESSAGE or not isinstance(request.get_json(silent=True), dict):
        raise InvalidInput(N_("The message is nested too deeply or too long."))
    sent = load(PhoneMessageSchema(), request.get_json())
    answer = runtime().phone.hear(g.actor, sent["leg_id"], sent["page"], sent["message"], take=sent["take"])
    return jsonify(answer)


def phone_context(
    agent: AgentSession | None, campaigns: Sequence[Campaign], stations: Sequence[Station]
) -> dict[str, Any]:
    """What the desk's pages say of the browser's phone: the leg that waits for it, and whether it may be chosen."""
    phone = runtime().phone.phone_of(agent)
    backends = runtime().host.backends()
    possible = any(_BROWSER in backends[c.backend].capabilities for c in campaigns if c.backend in backends)
    former = agent is not None and (agent.station_id is not None or agent.station_kind == StationKind.BROWSER)
    own = any(station.user_id is not None for station in stations)
    # What he last worked at; at first his own telephone, where he was given one, else the browser.
    chosen = agent.station_kind == StationKind.BROWSER if agent and former else not own
    return {
        "phone": phone,
        "phone_module": module_address(phone.module) if phone else "",
        "browser_possible": possible,
        "browser_chosen": possible and chosen,
    }


def module_address(module: str) -> str:
    """The address of a backend's script module on this site. By version: browsers keep static files for long."""
    return f"{request.script_root}/{module.lstrip('/')}?v={__version__}"

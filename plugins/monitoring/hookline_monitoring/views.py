"""The board in the browser: a page, and the part of it that is fetched anew when something happens."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from hookline import validation
from hookline.domain.access import Actor
from hookline.domain.agents import AgentState
from hookline.permissions import requires
from hookline_monitoring.board import ORDER
from hookline_monitoring.permissions import WATCH
from hookline_monitoring.schemas import FilterSchema
from hookline_monitoring.service import BoardService

#: Every event after which the board looks different.
EVENTS = (
    "AgentStateChanged",
    "StationChanged",
    "ContactPresented",
    "CallPlaced",
    "CallRang",
    "CallAnswered",
    "CallConnected",
    "CallChanged",
    "CallEnded",
    "CallDisposed",
    "SupervisionChanged",
)
STATE_NAMES = {
    AgentState.OFFLINE: lazy_gettext("Offline"),
    AgentState.READY: lazy_gettext("Ready"),
    AgentState.RESERVED: lazy_gettext("Sees a contact"),
    AgentState.RINGING: lazy_gettext("Dialling"),
    AgentState.ON_CALL: lazy_gettext("On a call"),
    AgentState.WRAP_UP: lazy_gettext("Wrap-up"),
    AgentState.PAUSED: lazy_gettext("Paused"),
}
TONES = {
    AgentState.OFFLINE: "calm",
    AgentState.READY: "ok",
    AgentState.RESERVED: "info",
    AgentState.RINGING: "info",
    AgentState.ON_CALL: "info",
    AgentState.WRAP_UP: "warn",
    AgentState.PAUSED: "warn",
}
#: How a supervisor may take part: value, title, icon.
MODES = (
    ("listen", lazy_gettext("Listen"), "ear"),
    ("whisper", lazy_gettext("Whisper"), "message-2"),
    ("barge", lazy_gettext("Barge in"), "users"),
)


def make_blueprint(service: BoardService) -> Blueprint:
    """The plugin's pages."""
    views = _Views(service)
    blueprint = Blueprint("monitoring", __name__, template_folder="templates", static_folder="static")
    blueprint.add_url_rule("/", "index", views.index)
    blueprint.add_url_rule("/board", "board", views.board)
    return blueprint


class _Views:
    def __init__(self, service: BoardService) -> None:
        self._service = service

    @requires(WATCH)
    def index(self) -> str:
        return render_template("monitoring/index.html", **self._arguments())

    @requires(WATCH)
    def board(self) -> str:
        return render_template("monitoring/board.html", **self._arguments())

    def _arguments(self) -> dict[str, object]:
        actor: Actor = g.actor
        wanted = validation.load(FilterSchema(), {k: v for k, v in request.args.items() if v})
        state = AgentState(wanted["state"]) if wanted["state"] else None
        filters = {name: value for name, value in wanted.items() if value}
        return {
            "board": self._service.board(actor, wanted["campaign_id"], state),
            "wanted": wanted,
            "address": url_for("monitoring.board", **filters),
            "events": EVENTS,
            "states": ORDER,
            "state_names": STATE_NAMES,
            "tones": TONES,
            "supervises": actor.can("calls.supervise"),
            "modes": MODES,
            "stations": {
                "gone": _("no phone"),
                "connecting": _("rings"),
                "connected": _("connected"),
                "lost": _("phone away"),
            },
        }

"""Calls: looked up by filters, and one call with all that is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, flash, g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as WsgiResponse

from hookline.contributions import NavigationItem
from hookline.db.models import Call
from hookline.domain.access import Role
from hookline.permissions import requires
from hookline.services.call_reads import CallFilters
from hookline.services.keyset import Cursor
from hookline.sound_files import MIME_TYPES
from hookline.text import N_
from hookline_web import labels
from hookline_web.context import runtime
from hookline_web.ranges import playable
from hookline_web.schemas.filters import CallFilterSchema, CursorSchema, readable
from hookline_web.views.campaigns.choices import policy_titles

blueprint = Blueprint("calls", __name__, url_prefix="/calls")
NAVIGATION = (NavigationItem(N_("Calls"), "calls.index", "calls.view", "work", "phone-call", 30),)


@dataclass(frozen=True)
class Moment:
    """A line of a call's timeline: what (a message id), when, and how long until the next one."""

    what: str
    at: datetime
    icon: str
    seconds: float | None = None


@blueprint.get("")
@requires("calls.view")
def index() -> str:
    """The calls that fit the filters, newest first."""
    wanted = readable(CallFilterSchema(), request.args)
    cursor = Cursor(**readable(CursorSchema(), request.args))
    return render_template(
        "calls/index.html",
        page=runtime().call_reads.list_calls(g.actor, CallFilters(**wanted), cursor),
        wanted=wanted,
        choices=runtime().call_reads.choices(g.actor),
        results=labels.choices(labels.RESULTS),
        own=g.actor.role is Role.AGENT,
    )


@blueprint.get("/<int:call_id>")
@requires("calls.view")
def show(call_id: int) -> str:
    """One call."""
    found = runtime().call_reads.get(g.actor, call_id)
    asked = found.decision.asked if found.decision else ()
    return render_template(
        "calls/show.html",
        found=found,
        call=found.line.call,
        moments=timeline(found.line.call),
        titles=policy_titles(asked),
    )


@blueprint.get("/recordings/<int:recording_id>")
@requires("recordings.play")
def recording(recording_id: int) -> Response:
    """A recording's sound; answers range requests, so that players can seek."""
    sound = runtime().recordings.open(g.actor, recording_id)
    return playable(sound, MIME_TYPES[sound.codec])


@blueprint.get("/recordings/<int:recording_id>/peaks")
@requires("recordings.play")
def peaks(recording_id: int) -> Response:
    """What the player draws: length, pauses, and how loud each side was when; empty until it was measured."""
    row = runtime().recordings.outline(g.actor, recording_id)
    return jsonify({"seconds": row.seconds, "gaps": row.gaps, "peaks": row.peaks or []})


@blueprint.post("/<int:call_id>/was-person")
@requires("campaigns.view")
def was_person(call_id: int) -> WsgiResponse:
    """Say that a person answered a call that was taken for an answering machine's."""
    runtime().answerers.was_person(g.actor, call_id)
    flash(_("It counts as answered by a person now, and as abandoned where no agent was there."))
    return redirect(url_for("calls.show", call_id=call_id))


def timeline(call: Call) -> list[Moment]:
    """What happened in the call, in order, with the time between."""
    known = (
        (N_("Placed"), call.queued_at, "phone-outgoing"),
        (N_("Rang"), call.ringing_at, "phone-ringing"),
        (N_("Answered"), call.answered_at, "phone-check"),
        (N_("Customer and agent connected"), call.agent_connected_at, "headset"),
        (N_("Handed on by the agent"), call.agent_left_at, "transfer"),
        (N_("Over"), call.ended_at, "phone-off"),
        (N_("Disposition recorded"), call.disposed_at, "clipboard-list"),
    )
    happened = [(what, at, icon) for what, at, icon in known if at is not None]
    following = [at for _what, at, _icon in happened[1:]]
    gaps = [(later - at).total_seconds() for (_w, at, _i), later in zip(happened, following, strict=False)]
    return [Moment(what, at, icon, gap) for (what, at, icon), gap in zip(happened, [*gaps, None], strict=True)]

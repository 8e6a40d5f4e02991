"""Rehearsals of a campaign: asked for, followed, set beside what really happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import g, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline.db.models import Rehearsal
from hookline.errors import Conflict, InvalidInput
from hookline.permissions import requires
from hookline.services.rehearsal.service import UNDER_WAY
from hookline.validation import load
from hookline_web import forms, labels
from hookline_web.context import runtime
from hookline_web.i18n import translated
from hookline_web.schemas.rehearsals import PlanSchema
from hookline_web.views.campaigns.blueprint import blueprint
from hookline_web.views.campaigns.pages import head_of

_WIDTH, _HEIGHT = 600, 150
_REAL, _REHEARSED = "real", "rehearsed"


@dataclass(frozen=True)
class Chart:
    """Two courses of a day: (name, points of a polyline). `top` is what the top of the scale stands for."""

    title: str
    lines: tuple[tuple[str, str], ...]
    top: str
    begins: datetime
    ends: datetime


@blueprint.get("/<int:campaign_id>/rehearsals")
@requires("campaigns.view")
def rehearsals(campaign_id: int) -> tuple[str, int]:
    """The form, and what was rehearsed before."""
    return _page(campaign_id, forms.Form({"source": "replay"}))


@blueprint.post("/<int:campaign_id>/rehearsals")
@requires("campaigns.view")
def rehearse(campaign_id: int) -> Response | tuple[str, int]:
    """Ask for a rehearsal."""
    sent = forms.posted()
    try:
        plan = load(PlanSchema(), {name: value for name, value in sent.items() if value != ""})["plan"]
        rehearsal_id = runtime().rehearsals.ask(g.actor, campaign_id, plan)
    except (InvalidInput, Conflict) as error:
        return _page(campaign_id, forms.Form(sent, error))
    return redirect(url_for("campaigns.rehearsal", campaign_id=campaign_id, rehearsal_id=rehearsal_id))


@blueprint.get("/<int:campaign_id>/rehearsals/<int:rehearsal_id>")
@requires("campaigns.view")
def rehearsal(campaign_id: int, rehearsal_id: int) -> str:
    """One rehearsal: how far it is, or what came of it."""
    campaign = runtime().campaigns.get(g.actor.scope, campaign_id)
    return render_template("campaigns/rehearsal.html", **head_of(campaign), **_shown(rehearsal_id))


@blueprint.get("/<int:campaign_id>/rehearsals/<int:rehearsal_id>/progress")
@requires("campaigns.view")
def rehearsal_progress(campaign_id: int, rehearsal_id: int) -> str:
    """The part of the page that changes while it is under way."""
    campaign = runtime().campaigns.get(g.actor.scope, campaign_id)
    return render_template("campaigns/rehearsal_body.html", campaign=campaign, **_shown(rehearsal_id))


@blueprint.post("/<int:campaign_id>/rehearsals/<int:rehearsal_id>/cancel")
@requires("campaigns.view")
def cancel_rehearsal(campaign_id: int, rehearsal_id: int) -> Response:
    """Break it off."""
    runtime().rehearsals.cancel(g.actor, rehearsal_id)
    return redirect(url_for("campaigns.rehearsal", campaign_id=campaign_id, rehearsal_id=rehearsal_id))


def _page(campaign_id: int, form: forms.Form) -> tuple[str, int]:
    campaign = runtime().campaigns.get(g.actor.scope, campaign_id)
    return forms.page(
        "campaigns/rehearsals.html",
        form,
        **head_of(campaign),
        modes=labels.choices(labels.DIAL_MODES),
        former=runtime().rehearsals.list_of(g.actor.scope, campaign_id),
    )


def _shown(rehearsal_id: int) -> dict[str, Any]:
    found = runtime().rehearsals.get(g.actor.scope, rehearsal_id)
    under_way = found.state in UNDER_WAY
    shown = {"rehearsal": found, "under_way": under_way, "percent": 100 * found.done // max(1, found.total)}
    if found.state != "done":
        return shown
    notes = [translated(message, params) for message, params in found.result["notes"]]
    return {**shown, "rows": _rows(found.result), "charts": _charts(found), "notes": notes}


def _rows(result: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each figure with what it really was ("" where nobody was called) and as it was rehearsed."""

    def finished(figures: Mapping[str, Any]) -> str:
        if figures["finished_at"] is None:
            return str(_("not finished: %(left)s calls left", left=figures["left"]))
        return labels.iso_local(figures["finished_at"], result["zone"])

    readings: tuple[tuple[str, Callable[[Mapping[str, Any]], Any]], ...] = (
        (_("Calls"), lambda f: f["calls"]),
        (_("Answered by people"), lambda f: f["answered"]),
        (_("Talks"), lambda f: f["connected"]),
        (_("Abandoned"), lambda f: f"{f['abandoned']} ({labels.exact_percent(f['abandon_rate'])})"),
        (_("Utilisation of agents"), lambda f: labels.exact_percent(f["utilisation"])),
        (_("Contacts done"), lambda f: f["contacts"]),
        (_("Successes"), lambda f: round(f["successes"])),
        (_("Finished"), finished),
    )
    real, rehearsed = result["real"], result["rehearsed"]
    return [(title, str(read(real)) if real else "–", str(read(rehearsed))) for title, read in readings]


def _charts(found: Rehearsal) -> list[Chart]:
    result = found.result
    courses = {name: [tuple(point) for point in result[name]["course"]] for name in (_REHEARSED, _REAL) if result[name]}
    points = [point for course in courses.values() for point in course if point[3] or point[1]]
    if len(points) < 2:
        return []
    begin = datetime.fromisoformat(result["begin"])
    first, last = min(point[0] for point in points), max(point[0] for point in points)

    def chart(title: str, value: Callable[[Sequence[float]], float], top: Callable[[float], str]) -> Chart:
        most = max(1e-9, *(value(point) for point in points))

        def line(course: Sequence[Sequence[float]]) -> str:
            kept = [point for point in course if first <= point[0] <= last]
            pairs = ((point[0], value(point)) for point in kept)
            span = max(1.0, last - first)
            return " ".join(f"{_WIDTH * (at - first) / span:.1f},{_HEIGHT * (1 - v / most):.1f}" for at, v in pairs)

        lines = tuple((name, line(course)) for name, course in courses.items())
        return Chart(title, lines, top(most), begin + timedelta(seconds=first), begin + timedelta(seconds=last))

    return [
        chart(_("Contacts done"), lambda point: point[1], lambda most: str(round(most))),
        chart(_("Agents who talk or wrap up"), lambda point: point[2], lambda most: str(round(most))),
    ]

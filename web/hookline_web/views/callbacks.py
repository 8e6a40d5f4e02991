"""The calendar of callbacks: a week at a glance, moved and cancelled where one stands."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from hookline.contributions import NavigationItem
from hookline.domain.access import Role, Scope
from hookline.permissions import requires
from hookline.services.callbacks import CallbackLine
from hookline.text import N_
from hookline.validation import load
from hookline_web.context import runtime

blueprint = Blueprint("callbacks", __name__, url_prefix="/callbacks")
NAVIGATION = [NavigationItem(N_("Callbacks"), "callbacks.week", "callbacks.view", "work", "calendar-time", 30)]

#: The calendar's own zone; each line also shows the contact's time.
_ZONE = ZoneInfo("Europe/Warsaw")
_USUAL_HOURS = range(8, 20)


class WeekSchema(Schema):
    """Which week (any day of it) or day, and whose callbacks."""

    day = fields.Date(load_default=None, allow_none=True)
    view = fields.String(load_default="week", validate=validate.OneOf(["week", "day"]))
    own = fields.Boolean(load_default=False)


class MoveSchema(Schema):
    """Another time (the contact's local time), another owner."""

    wall = fields.NaiveDateTime(required=True, error_messages={"required": N_("Choose a time.")})
    owner_id = fields.Integer(load_default=None, allow_none=True)


@blueprint.get("")
@requires("callbacks.view")
def week() -> str:
    """One week, Monday to Sunday, or one day by its hours; what is overdue stands on top."""
    now = runtime().clock.now()
    today = now.astimezone(_ZONE).date()
    asked = load(WeekSchema(), {k: v for k, v in request.args.items() if v})
    shown: date = asked["day"] or today
    by_day: bool = asked["view"] == "day"
    length = 1 if by_day else 7
    first = shown if by_day else shown - timedelta(days=shown.weekday())
    days = [first + timedelta(days=n) for n in range(length)]
    service, own = runtime().callbacks, asked["own"]
    after = first + timedelta(days=length)
    lines = service.list_between(g.actor, _midnight(first), _midnight(after), own_only=own)
    overdue = service.list_between(g.actor, datetime(2000, 1, 1, tzinfo=_ZONE), now, own_only=own)
    return render_template(
        "callbacks/week.html",
        days=[(day, [line for line in lines if _day_of(line) == day]) for day in days],
        hours=_hours(lines) if by_day else [],
        view=asked["view"],
        own=own,
        overdue=overdue,
        today=today,
        first=first,
        before=first - timedelta(days=length),
        after=after,
        zone=_ZONE,
        owners=_owners(lines + overdue),
    )


@blueprint.post("/<int:callback_id>/move")
@requires("callbacks.view")
def move(callback_id: int) -> Response:
    """Move it in time, or to somebody else."""
    data = load(MoveSchema(), {k: v for k, v in request.form.items() if v})
    runtime().callbacks.move(g.actor, callback_id, data["wall"], data["owner_id"])
    flash(_("The callback is moved."))
    return redirect(url_for("callbacks.week"))


@blueprint.post("/<int:callback_id>/cancel")
@requires("callbacks.view")
def cancel(callback_id: int) -> Response:
    """Give it up."""
    runtime().callbacks.cancel(g.actor, callback_id)
    flash(_("The callback is cancelled; the contact is done in this campaign."))
    return redirect(url_for("callbacks.week"))


def _hours(lines: list[CallbackLine]) -> list[tuple[int, list[CallbackLine]]]:
    """A day's callbacks by the hour: the usual hours of work, and any other with one."""
    found: dict[int, list[CallbackLine]] = {hour: [] for hour in _USUAL_HOURS}
    for line in lines:
        found.setdefault(line.callback.due_at.astimezone(_ZONE).hour, []).append(line)
    return sorted(found.items())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), _ZONE)


def _day_of(line: CallbackLine) -> date:
    return line.callback.due_at.astimezone(_ZONE).date()


def _owners(lines: list[CallbackLine]) -> dict[int, list[tuple[int, str]]]:
    """For each campaign on the page, who may own its callbacks: an agent himself, for others the campaign's agents."""
    campaigns = {line.callback.campaign_id for line in lines}
    if g.actor.role is Role.AGENT:
        return {c: [(g.actor.user_id, g.actor.name)] for c in campaigns}
    assigned = runtime().campaigns.assigned
    scope: Scope = g.actor.scope
    return {c: [(user.id, user.display_name) for user, _grant in assigned(scope, c)] for c in campaigns}

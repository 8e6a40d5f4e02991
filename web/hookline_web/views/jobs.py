"""Background jobs: what runs, how far it is, what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline.contributions import NavigationItem
from hookline.db.models import JobStatus
from hookline.errors import NotFound
from hookline.jobs import Job
from hookline.permissions import requires
from hookline.text import N_
from hookline_web.context import runtime

blueprint = Blueprint("jobs", __name__, url_prefix="/jobs")
NAVIGATION = [NavigationItem(N_("Jobs"), "jobs.index", "jobs.view", icon="clock-play", order=85)]


@dataclass(frozen=True)
class JobRow:
    """A job and its last known run, None before the first."""

    job: Job
    status: JobStatus | None
    active: bool


@blueprint.get("")
@requires("jobs.view")
def index() -> str:
    """Every job."""
    return render_template("jobs/index.html", rows=_rows())


@blueprint.get("/rows")
@requires("jobs.view")
def rows() -> str:
    """The table's rows alone, for refreshing."""
    return render_template("jobs/rows.html", rows=_rows())


@blueprint.post("/<name>/run")
@requires("jobs.manage")
def run(name: str) -> Response:
    """Ask for a run now."""
    return _ask(name, "run", _("The job is started within seconds."))


@blueprint.post("/<name>/cancel")
@requires("jobs.manage")
def cancel(name: str) -> Response:
    """Ask a running job to stop."""
    return _ask(name, "cancel", _("The job is asked to stop at its next safe step."))


def _ask(name: str, what: str, said: str) -> Response:
    if name not in runtime().scheduler.jobs:
        raise NotFound(N_("There is no such job."))
    runtime().job_board.ask(g.actor, name, what)
    flash(said)
    return redirect(url_for("jobs.index"))


def _rows() -> list[JobRow]:
    statuses = runtime().job_board.statuses()
    host = runtime().host
    return [
        JobRow(job, statuses.get(name), job.owner == "core" or host.is_active(job.owner))
        for name, job in runtime().scheduler.jobs.items()
    ]

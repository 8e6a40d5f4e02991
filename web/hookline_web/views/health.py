"""Whether the process lives and works, for machines; how the installation stands and what to do, for administrators."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template

from hookline.contributions import NavigationItem
from hookline.health import Level
from hookline.permissions import public, requires
from hookline.text import N_
from hookline_web.context import runtime

blueprint = Blueprint("health", __name__)
NAVIGATION = [NavigationItem(N_("Health"), "health.show", "health.view", icon="stethoscope", order=88)]


@blueprint.get("/healthz")
@public("a supervisor of processes asks it, and it tells nothing")
def alive() -> Response:
    """The process lives. Asks nothing else, the database least of all."""
    return jsonify(alive=True, program="hookline")


@blueprint.get("/readyz")
@public("a load balancer asks it, and it tells only which checks fail")
def ready() -> tuple[Response, int]:
    """Whether this process can do its work: 200, or 503 with the ids of the checks that fail."""
    failing = runtime().health.not_ready()
    return (jsonify(ready=False, failing=failing), 503) if failing else (jsonify(ready=True), 200)


@blueprint.get("/health")
@requires("health.view")
def show() -> str:
    """Every check with its findings, worst first."""
    order = [Level.PROBLEM, Level.WARNING, Level.OK]
    seen = sorted(runtime().health.look(), key=lambda checked: order.index(checked.level))
    worst = seen[0].level if seen else Level.OK
    return render_template("health/index.html", seen=seen, worst=worst)

"""Whether the process lives and works, for machines; how the installation stands and what to do, for administrators."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, render_template

from hookline.contributions import NavigationItem
from hookline.health import Level
from hookline.permissions import public, requires
from hookline.text import N_
from hookline_web.context import runtime

_FAULTS_SHOWN = 10

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
    return render_template("health/index.html", seen=seen, worst=worst, **_plugins())


def _plugins() -> dict[str, Any]:
    """How plugins do in this process; the template shows it to those who may see plugins."""
    host, memory = runtime().host, runtime().memory
    memory.sample()
    faults = sorted((f for name in host.statuses for f in host.faults(name)), key=lambda f: f.at, reverse=True)
    return {
        "stopped": runtime().quarantine.stopped(),
        "timings": host.timings(),
        "titles": {name: status.title for name, status in host.statuses.items()},
        "faults": faults[:_FAULTS_SHOWN],
        "trend": memory.trend(),
        "tracing": memory.tracing,
        "memory": memory.plugins(),
        "mebibytes": lambda size: round(size / 1024 / 1024),
    }

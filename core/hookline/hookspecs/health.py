"""Hooks of health: what plugins look at."""

from __future__ import annotations

from hookline.health import HealthCheck
from hookline.hookspecs.markers import hookspec


@hookspec
def hookline_register_health_checks() -> list[HealthCheck]:
    """Contribute health checks, shown on the health page and by `hookline doctor`. Since 1.0.

    Fires: once at start.
    Returns: checks named "<plugin>.<check>"; empty for none. A name clash or a foreign name is a start-up error. They
    are not run while the plugin is disabled or failed.
    An error: the plugin is marked failed; its checks are missing. An error inside a check is shown as that check's
    problem.
    """

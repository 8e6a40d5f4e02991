"""Hooks of background jobs."""

from __future__ import annotations

from hookline.hookspecs.markers import hookspec
from hookline.jobs import Job


@hookspec
def hookline_register_jobs() -> list[Job]:
    """Contribute background jobs. Since 1.0.

    Fires: once at start.
    Returns: jobs named "<plugin>.<job>", each safe to run twice; empty for none. A name clash or a foreign name is a
    start-up error. They run on one process of the installation, not while the plugin is disabled or failed.
    An error: the plugin is marked failed; its jobs are missing. An error inside a job is logged, shown on the jobs page
    and costs that run.
    """

"""Puts the JSON API together: resources, documentation, guard."""

from __future__ import annotations

from functools import cache

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from hookline.bootstrap import Runtime
from hookline.text import N_
from hookline_web.api import documents, guard
from hookline_web.api.core_resources import RESOURCES
from hookline_web.api.mount import ResourceBlueprint, blueprint_of, mount
from hookline_web.api.parts import EXTENSION, ApiParts
from hookline_web.api.rate import RateLimit


def install_guard(app: Flask, runtime: Runtime, former: Flask | None = None) -> None:
    """Hold requests to the API against their tokens; before the guard of pages, which stands back then.

    Tokens go on at the rate they have at `former`, the app that this one takes over from.
    """
    rate = RateLimit(runtime.clock, runtime.settings.api_requests_per_minute)
    if former is not None:
        rate = former.extensions[EXTENSION].rate
    app.extensions[EXTENSION] = ApiParts(rate)
    guard.install(app)


def install(app: Flask, runtime: Runtime, csrf: CSRFProtect) -> None:
    """Mount every resource and the documentation. A plugin whose resource cannot be mounted is marked failed."""
    parts: ApiParts = app.extensions[EXTENSION]
    for blueprint in _core_blueprints():
        mount(app, parts, csrf, blueprint)
    for owned in runtime.host.api_resources():
        try:
            mount(app, parts, csrf, blueprint_of(owned.value, owned.plugin), owned.plugin)
        except Exception as error:
            # The guard answers 404 for what may have been mounted of it.
            note = N_("It has a resource that could not be mounted: %(error)s")
            runtime.host.mark_failed(owned.plugin, note, error)
    documents.install(app)


@cache
def _core_blueprints() -> tuple[ResourceBlueprint, ...]:
    return tuple(blueprint_of(resource) for resource in RESOURCES)

"""Puts the JSON API together: resources, documentation, guard."""

from __future__ import annotations

import http
from typing import Any

from flask import Flask
from flask_smorest import Api
from flask_smorest.utils import prepare_response
from flask_wtf.csrf import CSRFProtect

from hookline import __version__
from hookline.api import PlainText, Upload
from hookline.bootstrap import Runtime
from hookline_web.api import documents, guard
from hookline_web.api.core_resources import RESOURCES
from hookline_web.api.mount import mount
from hookline_web.api.parts import EXTENSION, ApiParts
from hookline_web.api.problems import MEDIA_TYPE, ProblemSchema
from hookline_web.api.rate import RateLimit

_ABOUT = """Everything here needs a token: `Authorization: Bearer <token>`. An administrator makes tokens on the page
“API tokens”; a token has permissions, reaches the data of the clients it was made for, and expires.

* **Errors** are problem details (RFC 9457, `application/problem+json`); `type` is stable.
* **Lists** come in pages: go on with `next` as the parameter `after`, or follow the header `Link`.
* **POST** can be repeated safely with the header `Idempotency-Key`.
* **Moments** are ISO 8601 with a zone, phone numbers E.164, durations seconds.
* What lies outside the token's clients does not exist for it: 404.
"""


class HooklineApi(Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest's documentation, without its pages and its errors: the app has its own."""

    ERROR_SCHEMA = ProblemSchema

    def _register_doc_blueprint(self) -> None:
        """See `documents`: these pages declare that they are public."""

    def _register_error_handlers(self) -> None:
        """See `problems`: the app answers each error as whoever asked can read it."""

    def _register_responses(self) -> None:
        for status in http.HTTPStatus:
            if status >= 400:
                self._register_error(status.name, status.phrase)
        self._register_error(self.DEFAULT_ERROR_RESPONSE_NAME, "Any other error")

    def _register_error(self, name: str, description: str) -> None:
        response: dict[str, Any] = {"description": description, "schema": self.ERROR_SCHEMA}
        prepare_response(response, self.spec, MEDIA_TYPE)
        self.spec.components.response(name, response, lazy=True)


def install_guard(app: Flask, runtime: Runtime) -> None:
    """Hold requests to the API against their tokens; before the guard of pages, which stands back then."""
    app.extensions[EXTENSION] = ApiParts(RateLimit(runtime.clock, runtime.settings.api_requests_per_minute))
    guard.install(app)


def install(app: Flask, runtime: Runtime, csrf: CSRFProtect) -> None:
    """Mount every resource and the documentation. A plugin whose resource cannot be mounted is marked failed."""
    parts: ApiParts = app.extensions[EXTENSION]
    parts.spec = HooklineApi(app, spec_kwargs=_spec_options())
    parts.spec.register_field(PlainText, "string", None)
    parts.spec.register_field(Upload, "string", "binary")
    parts.spec.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    for resource in RESOURCES:
        mount(app, parts, csrf, resource)
    for owned in runtime.host.api_resources():
        try:
            mount(app, parts, csrf, owned.value, owned.plugin)
        except Exception as error:
            # The guard answers 404 for what may have been mounted of it.
            runtime.host.mark_failed(owned.plugin, "has a resource that could not be mounted", error)
    documents.install(app)


def _spec_options() -> dict[str, Any]:
    return {
        "title": "Hookline",
        "version": __version__,
        "openapi_version": "3.1.0",
        "info": {"description": _ABOUT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "security": [{"token": []}],
        "servers": [{"url": "/"}],
    }

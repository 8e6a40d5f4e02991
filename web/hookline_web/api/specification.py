"""Writes the OpenAPI document of the mounted resources, by flask-smorest and apispec."""

from __future__ import annotations

import http
import threading
from typing import Any

import structlog
from flask import Flask
from flask_smorest import Api
from flask_smorest.utils import prepare_response

from hookline import __version__
from hookline.api import PlainText, Upload
from hookline.text import N_
from hookline_web.api.parts import parts
from hookline_web.api.problems import MEDIA_TYPE, ProblemSchema
from hookline_web.context import runtime

log = structlog.get_logger(__name__)
_writing = threading.Lock()

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


def document(app: Flask) -> dict[str, Any]:
    """The document of the app, written at the first call. A plugin's resource that cannot be described is marked
    failed and left out."""
    kept = parts()
    with _writing:
        if kept.document is None:
            kept.document = _write(app)
    return kept.document


def _write(app: Flask) -> dict[str, Any]:
    api = HooklineApi(app, spec_kwargs=_options())
    api.register_field(PlainText, "string", None)
    api.register_field(Upload, "string", "binary")
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    for blueprint in parts().mounted:
        try:
            blueprint.register_views_in_doc(api, app, api.spec, name=blueprint.name, parameters=None)
        except Exception as error:
            owner = parts().owners.get(blueprint.name)
            if owner is None:
                raise
            note = N_("It has a resource that could not be described: %(error)s")
            runtime().host.mark_failed(owner, note, error)
            continue
        api.spec.tag({"name": blueprint.title, "description": blueprint.description})
    written: dict[str, Any] = api.spec.to_dict()
    return written


def _options() -> dict[str, Any]:
    return {
        "title": "Hookline",
        "version": __version__,
        "openapi_version": "3.1.0",
        "info": {"description": _ABOUT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "security": [{"token": []}],
        "servers": [{"url": "/"}],
    }

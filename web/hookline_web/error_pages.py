"""Errors as a person gets them: a page, a toast for htmx, problem details for programs."""

from __future__ import annotations

import structlog
from flask import Flask, Response, g, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException, InternalServerError

from hookline.db.faults import as_collision
from hookline.errors import HooklineError, InvalidInput
from hookline.text import N_
from hookline_web.api import problems
from hookline_web.api.parts import parts
from hookline_web.context import runtime
from hookline_web.i18n import explain, translated

log = structlog.get_logger(__name__)


class _FormExpired(HooklineError):
    """The form's token is missing or from another session."""

    id = "form-expired"
    status = 400


class _HttpProblem(HooklineError):
    """An HTTP error that Flask raised."""

    id = "http-error"


class _PluginBroke(HooklineError):
    """A page of a plugin raised."""

    id = "plugin-broke"

    def __init__(self, plugin: str) -> None:
        super().__init__(
            N_("The plugin %(plugin)s broke on this page."),
            N_("The rest of Hookline works. Try again; if it stays, tell your administrator the time it happened."),
            params={"plugin": runtime().host.statuses[plugin].title},
        )


_HTTP_TEXTS = {
    404: (N_("This page does not exist."), N_("Check the address, or pick a page from the menu.")),
    405: (N_("This address does not answer that kind of request."), N_("Go back and try from the page itself.")),
    413: (N_("The file is too large."), N_("Split it into smaller files and send them one by one.")),
    500: (
        N_("Something broke on our side."),
        N_("Nothing was half-written. Try again; if it stays, tell your administrator the time it happened."),
    ),
}


def install(app: Flask) -> None:
    """Answer every error of the app in a form its reader understands."""
    app.register_error_handler(HooklineError, _on_hookline_error)
    app.register_error_handler(IntegrityError, _on_integrity_error)
    app.register_error_handler(CSRFError, _on_csrf_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(Exception, _on_unexpected)


def _on_hookline_error(error: HooklineError) -> tuple[Response, int] | Response:
    if problems.wanted():
        return problems.of_error(error)
    return answer(error, error.status)


def _on_integrity_error(error: IntegrityError) -> tuple[Response, int] | Response:
    collision = as_collision(error)
    return _on_unexpected(error) if collision is None else _on_hookline_error(collision)


def _on_csrf_error(_error: CSRFError) -> tuple[Response, int]:
    return answer(
        _FormExpired(N_("This form has expired, so nothing was saved."), N_("Reload the page and send it again.")), 400
    )


def _on_http_error(error: HTTPException) -> tuple[Response, int] | HTTPException | Response:
    status = error.code or 500
    if status < 400:
        return error  # a redirect raised by routing
    if problems.wanted():
        return problems.of_http(error)
    message, advice = _HTTP_TEXTS.get(status, (error.name, ""))
    return answer(_HttpProblem(message, advice), status)


def _on_unexpected(error: Exception) -> tuple[Response, int] | Response:
    plugin = _plugin_asked()
    if plugin is None:
        log.error("request failed", endpoint=request.endpoint, error_type=type(error).__name__, exc_info=error)
    else:
        runtime().host.count_error(plugin, f"page {request.endpoint}", error)
    if problems.wanted():
        return problems.of_unexpected()
    if plugin is not None:
        return answer(_PluginBroke(plugin), 500)
    message, advice = _HTTP_TEXTS[InternalServerError.code]
    return answer(_HttpProblem(message, advice), 500)


def _plugin_asked() -> str | None:
    """The plugin whose page or resource was asked for."""
    blueprint = request.blueprint or ""
    return blueprint if blueprint in runtime().host.statuses else parts().owners.get(blueprint)


def answer(error: HooklineError, status: int) -> tuple[Response, int]:
    """The error as a page, a toast (htmx) or problem details (JSON), whichever was asked for."""
    message, advice = explain(error)
    fields = {
        name: [translated(text) for text in texts]
        for name, texts in (error.fields if isinstance(error, InvalidInput) else {}).items()
    }
    if request.accept_mimetypes.best == "application/json":
        problem = {"type": error.id, "title": message, "detail": advice, "status": status, "fields": fields}
        response = jsonify(problem)
        response.mimetype = "application/problem+json"
    elif "HX-Request" in request.headers:
        response = Response(render_template("errors/toast.html", message=message, advice=advice, fields=fields))
        response.headers["HX-Retarget"] = "#toasts"
        response.headers["HX-Reswap"] = "beforeend"
    else:
        g.setdefault("actor", None)
        page = render_template("errors/page.html", message=message, advice=advice, fields=fields, status=status)
        response = Response(page)
    return response, status

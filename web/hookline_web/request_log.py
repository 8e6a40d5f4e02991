"""Each request has an id, which its answer and its log lines carry; each is logged once, without personal data."""

from __future__ import annotations

import re
import time
import uuid

import structlog
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars

from hookline_web.guard import is_static

log = structlog.get_logger(__name__)

HEADER = "X-Request-Id"
#: What a proxy may hand on: nothing that could forge a log line, and no bare number, which might be somebody's.
_SANE = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9._-]{8,64}")
_QUIET = {"health.alive", "health.ready", "stream.follow", "jobs.rows"}


def install(app: Flask) -> None:
    """Give every request its id, and log it when it is answered."""
    app.before_request(_begin)
    app.after_request(_answered)
    app.teardown_request(_end)


def _begin() -> None:
    sent = request.headers.get(HEADER, "")
    g.request_id = sent if _SANE.fullmatch(sent) else uuid.uuid4().hex
    g.request_began = time.monotonic()
    clear_contextvars()
    bind_contextvars(request_id=g.request_id)


def _answered(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    quiet = is_static(request.endpoint) or request.endpoint in _QUIET
    # The rule, not the address: addresses carry what people typed.
    (log.debug if quiet and response.status_code < 500 else log.info)(
        "request",
        method=request.method,
        rule=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        milliseconds=round((time.monotonic() - g.request_began) * 1000, 1),
        user_id=getattr(g.get("actor"), "user_id", None),
    )
    return response


def _end(_error: BaseException | None) -> None:
    clear_contextvars()

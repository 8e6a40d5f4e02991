"""The live stream of the open page."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, g, request, stream_with_context

from hookline.permissions import requires
from hookline_web.context import shell

blueprint = Blueprint("stream", __name__)


@blueprint.get("/stream")
@requires("account.use")
def follow() -> Response:
    """Server-sent events from the one after Last-Event-ID (else after `since`, else from now on)."""
    after = _number(request.headers.get("Last-Event-ID"))
    if after is None:
        after = _number(request.args.get("since"))
    newest = shell().hub.last_sequence()
    # A number from the future is from before the database was replaced: begin at the present.
    start = newest if after is None or after > newest else after
    text = shell().hub.follow(g.login, start, current_app.config["STREAM_HEARTBEAT_SECONDS"])
    response = Response(stream_with_context(text), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None

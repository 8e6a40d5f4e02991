"""Answers that a player can seek in: HTTP ranges over something that is read piece by piece."""

from __future__ import annotations

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import is_resource_modified, quote_etag

from hookline.ports.recording_store import Sound


def playable(sound: Sound, mimetype: str) -> Response:
    """The sound, or the one range of it that was asked for (206); several ranges at once get the whole.

    Raises RequestedRangeNotSatisfiable for a range beyond its end. Reads nothing where the browser has it already.
    """
    response = Response(mimetype=mimetype)
    response.set_etag(sound.sha256)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "private, no-cache"  # a player may keep it, but asks again before each use
    if not is_resource_modified(request.environ, etag=quote_etag(sound.sha256)):
        response.status_code = 304
        return response
    part = _asked_part(sound)
    start, end = part or (0, sound.size)
    if part is not None:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{sound.size}"
    if request.method != "HEAD":
        response.response = sound.read(start, end)
    response.content_length = end - start
    return response


def _asked_part(sound: Sound) -> tuple[int, int] | None:
    asked, condition = request.range, request.if_range
    other = condition.date is not None or (condition.etag is not None and condition.etag != sound.sha256)
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1 or other:
        return None
    found = asked.range_for_length(sound.size)
    if found is None:
        raise RequestedRangeNotSatisfiable(length=sound.size)
    return found

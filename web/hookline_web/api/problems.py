"""Errors as programs get them: problem details (RFC 9457), whatever went wrong."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, jsonify, request
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException

from hookline.errors import HooklineError, InvalidInput
from hookline.text import N_
from hookline_web.i18n import explain, translated

PREFIX = "/api/"
MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:hookline:problem:"
#: What an HTTP error carries that its reader needs.
_KEPT_HEADERS = ("Allow", "Content-Range", "Retry-After", "WWW-Authenticate")

_HTTP: dict[int, tuple[str, str, str]] = {
    400: ("bad-request", N_("The request cannot be read."), N_("Check that it is built as the documentation says.")),
    404: ("not-found", N_("There is nothing at this address."), N_("See /api/v1/docs for the addresses there are.")),
    405: ("method-not-allowed", N_("This address does not answer that method."), N_("See the header Allow.")),
    413: ("too-large", N_("What was sent is too large."), N_("Split it into several requests.")),
    416: ("range-not-satisfiable", N_("The file has no such range."), N_("See the header Content-Range.")),
    500: (
        "internal-error",
        N_("Something broke on our side."),
        N_("Nothing was half-written. Try again; if it stays, tell your administrator the time it happened."),
    ),
}


class ProblemSchema(Schema):
    """An error. `type` is stable and may be relied on; `detail` and `advice` are for people and may change."""

    type = fields.String(required=True, metadata={"description": f"What kind of problem it is, as {_TYPE}<id>."})
    title = fields.String(required=True, metadata={"description": "The kind in words."})
    status = fields.Integer(required=True, metadata={"description": "The HTTP status."})
    detail = fields.String(required=True, metadata={"description": "What happened."})
    advice = fields.String(metadata={"description": "What to do."})
    named = fields.Dict(
        data_key="fields",
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "What is wrong with which field, such as “numbers.0”."},
    )


class MalformedJson(HooklineError):
    """The body is no JSON."""

    id = "malformed-json"


class UnsupportedMedia(HooklineError):
    """The body is of a kind that this operation does not read."""

    id = "unsupported-media-type"
    status = 415


class TooManyRequests(HooklineError):
    """The token asked more often than it may; `seconds` says when to come again."""

    id = "too-many-requests"
    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(
            N_("This token asks more often than it may."),
            N_("Try again in %(seconds)s s, and ask less often."),
            params={"seconds": seconds},
        )
        self.seconds = seconds


def wanted() -> bool:
    """Whether the request is to the API, so that errors are problem details."""
    return request.path.startswith(PREFIX)


def of_error(error: HooklineError) -> Response:
    """The error as problem details."""
    detail, advice = explain(error)
    named = error.fields if isinstance(error, InvalidInput) else {}
    translations = {name: [translated(text) for text in texts] for name, texts in named.items()}
    headers = {"WWW-Authenticate": 'Bearer realm="hookline"'} if error.status == 401 else {}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.seconds)
    return _response(error.id, error.status, detail, advice, translations, headers)


def of_http(error: HTTPException) -> Response:
    """An error that Flask or Werkzeug raised."""
    status = error.code or 500
    kind, detail, advice = _HTTP.get(status, (error.name.lower().replace(" ", "-"), error.name, ""))
    headers = {name: value for name, value in error.get_headers() if name in _KEPT_HEADERS}
    return _response(kind, status, translated(detail), translated(advice), {}, headers)


def of_unexpected() -> Response:
    """An error that nobody foresaw; it is logged elsewhere."""
    kind, detail, advice = _HTTP[500]
    return _response(kind, 500, translated(detail), translated(advice), {}, {})


def _response(
    kind: str, status: int, detail: str, advice: str, named: Mapping[str, list[str]], headers: Mapping[str, str]
) -> Response:
    problem = {
        "type": _TYPE + kind,
        "title": kind.replace("-", " ").capitalize().replace("json", "JSON"),
        "status": status,
        "detail": detail,
        **({"advice": advice} if advice else {}),
        **({"fields": dict(named)} if named else {}),
    }
    response = jsonify(problem)
    response.status_code, response.mimetype = status, MEDIA_TYPE
    response.headers.update(headers)
    return response

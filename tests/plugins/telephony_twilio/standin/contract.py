"""Holds every request and every answer to Twilio's official OpenAPI description."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

SPEC = Path(__file__).parent / "spec"
PREFIXES = {"/2010-04-01/": "twilio_api_v2010", "/v1/DialingPermissions/": "twilio_voice_v1"}
FORM = "application/x-www-form-urlencoded"
KINDS = (
    (re.compile(r"https?://\S+"), "<url>"),
    (re.compile(r"<.*", re.DOTALL), "<twiml>"),
    (re.compile(r"\+\d{5,15}"), "<number>"),
    (re.compile(r"([A-Z]{2})[0-9a-f]{32}"), r"<\1>"),
    (re.compile(r"(sip|client):\S+"), r"<\1>"),
    (re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000"), "<date>"),
    (re.compile(r"/2010-04-01/\S+"), "<uri>"),
    (re.compile(r"hl-\S+"), "<name>"),
)
"""Values that are alike for the description, which has a pattern for ids and for none of the others."""


class BrokeContract(AssertionError):
    """A request or an answer that the official description does not allow."""


@dataclass(frozen=True)
class Operation:
    """One operation of the description: its path with names in braces, and the parameters it knows."""

    template: str
    query: frozenset[str]
    body: frozenset[str]


class Description:
    """One of Twilio's descriptions, and what it has been asked already."""

    def __init__(self, name: str) -> None:
        with gzip.open(SPEC / f"{name}.json.gz") as stream:
            self._whole = json.load(stream)
        self._api = OpenAPI.from_dict(self._whole)
        self.host: str = self._whole["servers"][0]["url"]
        self._patterns = [(re.compile(_pattern(path)), path) for path in self._whole["paths"]]
        self._allowed: set[object] = set()

    def operation(self, method: str, path: str) -> Operation:
        """The operation of a request; BrokeContract where there is none."""
        found = [template for pattern, template in self._patterns if pattern.fullmatch(path)]
        described = self._whole["paths"][found[0]].get(method) if found else None
        if described is None:
            raise BrokeContract(f"Twilio's description, as vendored here, has no {method.upper()} {path}.")
        contents = described.get("requestBody", {}).get("content", {}).values()
        query = (one["name"] for one in described.get("parameters", ()) if one["in"] == "query")
        body = (name for content in contents for name in content["schema"].get("properties", ()))
        return Operation(found[0], frozenset(query), frozenset(body))

    def check_request(self, exchange: Exchange) -> None:
        """openapi-core's verdict; remembered for a request that differs in nothing the description looks at."""
        ids = tuple(map(_kind, exchange.path.split("/")))
        pairs = tuple((name, _kind(value)) for name, value in exchange.pairs)
        shape = (exchange.method, exchange.operation.template, exchange.signed, ids, pairs)
        if shape not in self._allowed:
            self._api.validate_request(exchange)
            self._allowed.add(shape)

    def check_answer(self, exchange: Exchange, answer: Answer) -> None:
        """openapi-core's verdict, remembered likewise."""
        told = _shape(json.loads(answer.data)) if answer.data else None
        shape = (exchange.method, exchange.operation.template, answer.status_code, told)
        if shape not in self._allowed:
            self._api.validate_response(exchange, answer)
            self._allowed.add(shape)


@cache
def _description(name: str) -> Description:
    return Description(name)


class Exchange:
    """One request, as openapi-core wants to see it: sent to Twilio's own host, wherever it arrived."""

    def __init__(self, method: str, path: str, query: str, body: bytes, headers: Sequence[tuple[str, str]]) -> None:
        self.description = _of(path)
        self.host_url = self.description.host
        self.method = method.lower()
        self.path = path
        self.body = body
        self.operation = self.description.operation(self.method, path)
        found = Headers(list(headers))
        self.signed = "Authorization" in found
        self.content_type = found.get("Content-Type", FORM).partition(";")[0]
        self.query = parse_qsl(query, keep_blank_values=True)
        self.form = parse_qsl(body.decode(), keep_blank_values=True)
        self.pairs = (*self.query, *self.form)
        self.parameters = RequestParameters(query=ImmutableMultiDict(self.query), header=found)


@dataclass(frozen=True)
class Answer:
    """What the stand-in is about to answer."""

    status_code: int
    data: bytes
    content_type: str = "application/json"
    headers: Headers = field(default_factory=Headers)


def check_request(method: str, path: str, query: str, body: bytes, headers: Sequence[tuple[str, str]]) -> Exchange:
    """The request, when the description allows it; BrokeContract, with the reason, when not.

    Stricter than openapi-core in one point: a parameter that the description does not know is refused, too.
    """
    exchange = Exchange(method, path, query, body, headers)
    unknown = {name for name, _ in exchange.query} - exchange.operation.query
    unknown |= {name for name, _ in exchange.form} - exchange.operation.body
    if unknown:
        raise BrokeContract(f"{method} {path} has no parameter {', '.join(sorted(unknown))}.")
    try:
        exchange.description.check_request(exchange)
    except OpenAPIError as error:
        raise BrokeContract(f"{method} {path} is no request of Twilio's API: {_reason(error)}") from error
    return exchange


def check_answer(exchange: Exchange, answer: Answer) -> None:
    """BrokeContract unless the description has this answer to the request."""
    try:
        exchange.description.check_answer(exchange, answer)
    except OpenAPIError as error:
        told = f"{answer.status_code} to {exchange.method} {exchange.path}"
        raise BrokeContract(f"The stand-in's own answer {told} is not Twilio's: {_reason(error)}") from error


def _of(path: str) -> Description:
    for prefix, name in PREFIXES.items():
        if path.startswith(prefix):
            return _description(name)
    raise BrokeContract(f"Twilio's description, as vendored here, has no path {path}.")


def _pattern(template: str) -> str:
    return re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))


def _kind(value: str) -> str:
    for pattern, kind in KINDS:
        if match := pattern.fullmatch(value):
            return match.expand(kind)
    return value


def _shape(value: Any) -> object:
    """The value as far as the description looks at it: names, types, and what stands for what."""
    if isinstance(value, dict):
        return tuple((name, _shape(inner)) for name, inner in sorted(value.items()))
    if isinstance(value, list):
        return frozenset(map(_shape, value))
    return _kind(value) if isinstance(value, str) else type(value).__name__


def _reason(error: BaseException) -> str:
    told = [str(error)]
    cause: BaseException | None = error.__cause__
    while cause is not None:
        problems: Any = getattr(cause, "schema_errors", ())
        told += [str(problem.message) for problem in problems] or [str(cause)]
        cause = cause.__cause__
    return "; ".join(told)

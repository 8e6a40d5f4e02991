"""Every route of the app, with values for its parameters that lead somewhere or nowhere, but not astray."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.routing.converters import AnyConverter, NumberConverter

from hookline.bootstrap import Runtime
from hookline_web import guard
from hookline_web.context import EXTENSION, Shell

DOES_NOT_COUNT = {"HEAD", "OPTIONS"}


@dataclass(frozen=True)
class Route:
    """An address and a method of one view."""

    endpoint: str
    method: str
    address: str


def routes(app: Flask) -> Iterator[Route]:
    """Every page's address with every method; left out are static files, the JSON API, which has its own walk, and the
    machines' probes, which rightly say that no engine runs here."""
    for rule in app.url_map.iter_rules():
        left_out = guard.is_static(rule.endpoint) or rule.endpoint in guard.PROBES or rule.rule.startswith("/api/")
        if not left_out:
            for method in sorted((rule.methods or set()) - DOES_NOT_COUNT):
                yield Route(rule.endpoint, method, _address(app, rule))


def _address(app: Flask, rule: Rule) -> str:
    values = {name: _value(rule, name) for name in rule.arguments}
    return app.url_map.bind("localhost").build(rule.endpoint, values, force_external=False)


def _value(rule: Rule, name: str) -> object:
    converter = rule._converters[name]
    if isinstance(converter, NumberConverter):
        return 1
    if isinstance(converter, AnyConverter):
        return converter.regex.removeprefix("(?:").split("|")[0].rstrip(")")
    return "x"


def become(client: FlaskClient, user_id: int) -> None:
    """Log the client in as the user by its cookie: quicker than a password for the hundredth time."""
    shell: Shell = client.application.extensions[EXTENSION]
    runtime: Runtime = shell.runtime
    ends = runtime.clock.now().replace(year=runtime.clock.now().year + 1)
    with client.session_transaction() as session:
        session["user_id"] = user_id
        session["session_version"] = runtime.identity.get_user(user_id).session_version
        session["ends_at"] = ends.isoformat()

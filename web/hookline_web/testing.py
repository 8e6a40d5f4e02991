"""What tests of pages need: an installation with people in it, and browsers that are logged in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hookline.bootstrap import Runtime
from hookline.db.models import Client
from hookline.domain.access import Role
from hookline_web.app import create_app

#: Password of every user that `add_people` makes.
PASSWORD = "correct-horse-battery"  # noqa: S105 - of made-up people in throw-away installations

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class People:
    """The ids that `add_people` made: two clients, a user of each role; the supervisor reaches the first client."""

    acme: int
    globex: int
    admin: int
    supervisor: int
    agent: int


def add_people(runtime: Runtime) -> People:
    """Two clients, and users "admin", "supervisor", "agent" with the password `PASSWORD`."""
    with runtime.db.write() as unit:
        clients = [Client(name=name, created_at=unit.clock.now()) for name in ("Acme", "Globex")]
        unit.session.add_all(clients)
        unit.session.flush()
        acme, globex = (client.id for client in clients)
    add = runtime.identity.add_user
    return People(
        acme,
        globex,
        add("admin", "Ada Admin", PASSWORD, Role.ADMINISTRATOR),
        add("supervisor", "Sue Supervisor", PASSWORD, Role.SUPERVISOR, clients=[acme]),
        add("agent", "Andy Agent", PASSWORD, Role.AGENT),
    )


class PageClient(FlaskClient):
    """A browser for tests: `post` sends the CSRF token along, as pages do. `csrf=False` leaves it out."""

    def post(self, *args: Any, csrf: bool = True, **kw: Any) -> TestResponse:
        """POST as from a page of this session."""
        if csrf:
            kw["headers"] = {**(kw.get("headers") or {}), "X-CSRFToken": self.csrf_token()}
        return super().post(*args, **kw)

    def csrf_token(self) -> str:
        """A token of this session, from a page of it."""
        page = self.get("/account")
        if page.status_code != 200:
            page = self.get("/login")
        found = _TOKEN.search(page.text)
        if found is None:
            raise AssertionError(f"The page {page.request.path} carries no CSRF token (status {page.status_code}).")
        return found.group(1)

    def log_in(self, login: str, password: str = PASSWORD) -> TestResponse:
        """Log in by the page; returns its answer."""
        return self.post("/login", data={"login": login, "password": password})


def make_app(runtime: Runtime) -> Flask:
    """The web app of an installation under test."""
    app = create_app(runtime)
    app.testing = True
    app.test_client_class = PageClient
    return app


def make_client(runtime: Runtime | Flask, login: str | None = None) -> PageClient:
    """A browser, logged in as `login` (None: nobody). Takes an app too, where several browsers share one."""
    app = runtime if isinstance(runtime, Flask) else make_app(runtime)
    client = app.test_client()
    if not isinstance(client, PageClient):
        raise TypeError("Make the app with hookline_web.testing.make_app.")
    if login is not None:
        answer = client.log_in(login)
        if answer.status_code != 302:
            raise AssertionError(f"{login} could not log in (status {answer.status_code}).")
    return client


def open_browsers(runtime: Runtime) -> Callable[[str | None, str], PageClient]:
    """Opens browsers, by login and password, on one app: how `hookline.testing` reaches the pages (its entry point)."""
    app = make_app(runtime)

    def open_browser(login: str | None, password: str) -> PageClient:
        client = make_client(app)
        if login is not None and client.log_in(login, password).status_code != 302:
            raise AssertionError(f"{login} could not log in.")
        return client

    return open_browser

"""Every route, as nobody and as every role: the guard's answer is what the view declares, and nothing breaks."""

from __future__ import annotations

import pytest
from flask import Flask

from hookline.bootstrap import Runtime
from hookline_web import guard
from hookline_web.testing import PageClient, People, make_client
from tests.web.routes import Route, become, routes


@pytest.fixture
def unprotected(app: Flask) -> Flask:
    """The app without CSRF checks, which would answer before the views do."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def _send(client: PageClient, route: Route) -> tuple[int, str, str]:
    answer = client.open(route.address, method=route.method, buffered=False)
    text = "" if answer.mimetype == "text/event-stream" else answer.text
    answer.close()
    return answer.status_code, answer.headers.get("Location", ""), text


def test_every_view_declares_who_may_open_it(app: Flask) -> None:
    undeclared = [
        endpoint
        for endpoint, view in app.view_functions.items()
        if not guard.is_static(endpoint) and (guard.declared_permission(view) is None) == (not guard.is_public(view))
    ]
    assert undeclared == []


def test_every_declared_permission_exists(app: Flask, runtime: Runtime) -> None:
    declared = {guard.declared_permission(view) for view in app.view_functions.values()} - {None}
    assert declared <= set(runtime.permissions)


def test_menu_entries_name_the_permission_of_their_page(app: Flask) -> None:
    shell = app.extensions["hookline"]
    wrong = {
        item.endpoint: item.permission
        for item in shell.navigation
        if guard.declared_permission(app.view_functions[item.endpoint]) != item.permission
    }
    assert wrong == {}


def test_nobody_gets_past_the_log_in(unprotected: Flask) -> None:
    client = make_client(unprotected)
    let_in = []
    for route in routes(unprotected):
        status, location, _text = _send(client, route)
        to_login = status == 302 and location.startswith("/login")
        if not guard.is_public(unprotected.view_functions[route.endpoint]) and not to_login:
            let_in.append((route, status))
    assert let_in == []


@pytest.mark.parametrize("role", ["admin", "supervisor", "agent"])
def test_each_role_is_let_in_where_it_is_permitted(
    unprotected: Flask, runtime: Runtime, people: People, role: str
) -> None:
    client = make_client(unprotected)
    user_id = getattr(people, role)
    held = runtime.identity.actor(runtime.identity.get_user(user_id)).permissions
    wrong = []
    for route in list(routes(unprotected)):
        become(client, user_id)
        needed = guard.declared_permission(unprotected.view_functions[route.endpoint])
        status, location, text = _send(client, route)
        refused = status == 403 and f"it needs “{needed}”" in text
        permitted = needed is None or needed in held
        sent_away = location.startswith("/login") and route.endpoint != "login.leave"
        if refused == permitted or status >= 500 or sent_away:
            wrong.append((route, status, location))
    assert wrong == []


def test_a_view_without_a_declaration_is_refused_to_everybody(app: Flask, people: People) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    client = make_client(app, "admin")
    answer = client.get("/forgotten")
    assert answer.status_code == 403
    assert "declares no permission" in answer.text
    assert "secret" not in answer.text


def test_a_refusal_names_the_missing_permission(app: Flask) -> None:
    answer = make_client(app, "agent").get("/users")
    assert answer.status_code == 403
    assert "users.manage" in answer.text


def test_an_htmx_request_of_nobody_leads_the_whole_page_to_the_log_in(app: Flask) -> None:
    answer = make_client(app).get("/users", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login"


def test_pages_of_a_plugin_that_failed_answer_404(app: Flask, runtime: Runtime) -> None:
    client = make_client(app, "admin")
    runtime.host.mark_failed("scripts", "broke", RuntimeError("in a test"))
    addresses = [r.address for r in routes(app) if r.endpoint.startswith("scripts.") and r.method == "GET"]
    assert addresses
    assert {client.get(address).status_code for address in addresses} == {404}

"""A form of another site, or of another session, changes nothing."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from hookline.bootstrap import Runtime
from hookline_web import guard
from hookline_web.testing import PASSWORD, PageClient, People, make_client
from tests.web.routes import become, routes

Browser = Callable[[str | None], PageClient]


def test_no_changing_request_goes_through_without_a_token(app: Flask, people: People) -> None:
    client = make_client(app)
    accepted = []
    for route in list(routes(app)):
        if route.method in {"POST", "PUT", "PATCH", "DELETE"}:
            become(client, people.admin)
            view = app.view_functions[route.endpoint]
            # Other systems' messages carry no token of a page: their signature holds them, and there is none here.
            signed = guard.takes_webhooks(view)
            answer = client.open(route.address, method=route.method, data={"AccountSid": "x"} if signed else None)
            held = guard.declared_permission(view)
            refused = (401,) if signed else (400, 403) if held else (400,)
            if answer.status_code not in refused:
                accepted.append((route, answer.status_code))
    assert accepted == []


def test_a_log_in_without_a_token_is_refused(browser: Browser) -> None:
    client = browser(None)
    answer = client.post("/login", csrf=False, data={"login": "admin", "password": PASSWORD})
    assert answer.status_code == 400
    assert client.get("/account").status_code == 302


def test_a_token_of_another_session_is_refused(browser: Browser, runtime: Runtime, people: People) -> None:
    own, other = browser("admin"), browser("supervisor")
    answer = own.post(
        "/account/language", csrf=False, headers={"X-CSRFToken": other.csrf_token()}, data={"language": "pl"}
    )
    assert answer.status_code == 400
    assert runtime.identity.get_user(people.admin).language == "en"


def test_a_refused_form_says_that_nothing_was_saved(browser: Browser) -> None:
    client = browser("admin")
    assert "nothing was saved" in client.post("/account/language", csrf=False, data={"language": "pl"}).text

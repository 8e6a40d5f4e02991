"""Errors reach their reader in a form he understands; headers keep pages in their bounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from hookline.errors import Conflict, HooklineError, InvalidInput, NotFound
from hookline.permissions import requires
from hookline.text import N_
from hookline_web.testing import PageClient, People, make_client

Browser = Callable[[str | None], PageClient]


def _raising(error: Exception) -> Callable[[], str]:
    @requires("account.use")
    def view() -> str:
        raise error

    return view


@pytest.fixture
def broken(app: Flask) -> Flask:
    """The app with pages that raise."""
    errors: dict[str, Exception] = {
        "conflict": Conflict(N_("“%(name)s” is in the way."), N_("Move it."), params={"name": "<b>It</b>"}),
        "input": InvalidInput("Some fields need another look.", "Mend them.", {"name": ["Fill this in."]}),
        "missing": NotFound("There is no such user."),
        "bug": RuntimeError("secret inner detail"),
    }
    for name, error in errors.items():
        app.add_url_rule(f"/raise/{name}", f"raise-{name}", _raising(error))
    return app


@pytest.mark.parametrize(
    ("name", "status", "text"),
    [
        ("conflict", 409, "“&lt;b&gt;It&lt;/b&gt;” is in the way."),
        ("input", 422, "Fill this in."),
        ("missing", 404, "There is no such user."),
        ("bug", 500, "Something broke on our side."),
    ],
)
def test_an_error_is_a_page_that_says_what_to_do(broken: Flask, name: str, status: int, text: str) -> None:
    answer = make_client(broken, "agent").get(f"/raise/{name}")
    assert answer.status_code == status
    assert text in answer.text
    assert "secret inner detail" not in answer.text
    assert 'class="sidebar"' in answer.text


def test_an_error_of_an_htmx_request_is_a_toast(broken: Flask) -> None:
    answer = make_client(broken, "agent").get("/raise/conflict", headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert answer.headers["HX-Retarget"] == "#toasts"
    assert answer.headers["HX-Reswap"] == "beforeend"
    assert "Move it." in answer.text
    assert "<body" not in answer.text


@pytest.mark.parametrize(("name", "status"), [("conflict", 409), ("input", 422), ("bug", 500)])
def test_a_program_gets_problem_details_with_a_stable_id(broken: Flask, name: str, status: int) -> None:
    answer = make_client(broken, "agent").get(f"/raise/{name}", headers={"Accept": "application/json"})
    assert answer.mimetype == "application/problem+json"
    problem = answer.get_json()
    assert problem["status"] == answer.status_code == status
    assert problem["type"] == {"conflict": "conflict", "input": "invalid-input", "bug": "http-error"}[name]
    assert problem["fields"] == ({"name": ["Fill this in."]} if name == "input" else {})


def test_errors_speak_the_language_of_their_reader(broken: Flask) -> None:
    client = make_client(broken, "agent")
    client.post("/account/language", data={"language": "pl"})
    assert "Nie ma takiego użytkownika." in client.get("/raise/missing").text


@pytest.mark.parametrize("login", [None, "agent"])
def test_an_unknown_address_is_a_page_for_everybody(broken: Flask, people: People, login: str | None) -> None:
    answer = make_client(broken, login).get("/no/such/page")
    assert answer.status_code == 404
    assert "This page does not exist." in answer.text


def test_every_error_class_has_an_id_and_a_status() -> None:
    assert all(kind.id and 400 <= kind.status < 600 for kind in HooklineError.__subclasses__())


def test_pages_are_kept_in_bounds(browser: Browser) -> None:
    headers = browser("agent").get("/account").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"


def test_static_files_may_be_kept_by_browsers(browser: Browser) -> None:
    answer = browser(None).get("/static/app.css")
    assert answer.status_code == 200
    assert "no-store" not in answer.headers.get("Cache-Control", "")
    assert "max-age" in answer.headers["Cache-Control"]

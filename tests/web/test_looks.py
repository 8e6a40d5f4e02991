"""The frame around every page: menu, slots, languages, and nothing that the content security policy would stop."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, render_template_string

import hookline_web
from hookline.bootstrap import Runtime
from hookline.contributions import Panel, PanelRequest
from hookline.plugin_host.host import Owned
from hookline_web import i18n
from hookline_web.testing import PageClient, People, make_client
from tests.web.routes import become, routes

Browser = Callable[[str | None], PageClient]
WEB = Path(hookline_web.__file__).parent
STOPPED = re.compile(
    r"<script(?![^>]*\ssrc=)|<style[\s>]|\sstyle=|\son(click|change|submit|load|input)=|javascript:", re.I
)


def _templates(app: Flask) -> list[Path]:
    folders = [
        WEB / "templates",
        *(Path(b.root_path) / (b.template_folder or "templates") for b in app.blueprints.values()),
    ]
    return sorted({file for folder in folders for file in folder.rglob("*.html")})


def test_no_template_has_what_the_policy_stops(app: Flask) -> None:
    found = {file.name: hit.group() for file in _templates(app) if (hit := STOPPED.search(file.read_text()))}
    assert found == {}


def test_every_icon_that_is_named_is_in_the_sprite(app: Flask) -> None:
    have = set(re.findall(r'id="tabler-([^"]+)"', (WEB / "static/vendor/tabler-icons/sprite.svg").read_text()))
    named = {icon for f in _templates(app) for icon in re.findall(r'icon\("([a-z0-9-]+)"', f.read_text())}
    named |= {item.icon for item in app.extensions["hookline"].navigation}
    assert named - have == set()


def test_the_menu_shows_what_one_may_open(app: Flask, people: People) -> None:
    for role in ("admin", "supervisor", "agent"):
        client = make_client(app)
        become(client, getattr(people, role))
        menu = re.search(r'<nav class="sidebar-nav">.*?</nav>', client.get("/account").text, re.S)
        assert menu is not None
        addresses = re.findall(r'href="([^"]+)"', menu.group())
        assert addresses
        assert {client.get(address).status_code for address in addresses} == {200}


def test_every_page_works_in_polish(app: Flask, runtime: Runtime, people: People) -> None:
    runtime.identity.set_language(people.admin, "pl")
    client = make_client(app)
    for route in (r for r in routes(app) if r.method == "GET" and r.endpoint != "stream.follow"):
        become(client, people.admin)
        answer = client.get(route.address)
        assert answer.status_code < 500, route
        if "<html" in answer.text and answer.status_code == 200:
            assert '<html lang="pl">' in answer.text


@pytest.mark.parametrize(
    ("accepted", "language"), [("pl-PL,pl;q=0.9", "pl"), ("de,en;q=0.5", "en"), ("fr", "en"), ("", "en")]
)
def test_the_log_in_speaks_the_browsers_language(browser: Browser, accepted: str, language: str) -> None:
    page = browser(None).get("/login", headers={"Accept-Language": accepted}).text
    assert f'<html lang="{language}">' in page


def test_the_log_in_speaks_the_language_that_was_picked(browser: Browser) -> None:
    client = browser(None)
    client.get("/login?lang=pl")
    assert "Zaloguj się" in client.get("/login").text


def test_a_catalogue_is_compiled_again_when_its_text_is_newer(tmp_path: Path) -> None:
    first = i18n.compiled_catalogue("hookline_web", tmp_path)
    assert first is not None
    [compiled] = first.rglob("*.mo")
    made_at = compiled.stat().st_mtime_ns
    i18n.compiled_catalogue("hookline_web", tmp_path)
    assert compiled.stat().st_mtime_ns == made_at
    os.utime(compiled, (0, 0))
    i18n.compiled_catalogue("hookline_web", tmp_path)
    assert compiled.stat().st_mtime > 0


def _greet(request: PanelRequest) -> str:
    return f"<p>Hello {request.actor.user_id} about {request.arguments['contact_id']}</p>"


def _break(_request: PanelRequest) -> str:
    raise RuntimeError("secret inner detail")


@pytest.fixture
def panels(app: Flask) -> Flask:
    """The app with panels of its own: one that works, one that breaks, one for administrators, one with nothing."""
    app.extensions["hookline"].panels = [
        Owned("scripts", Panel("contact.tabs", "Greeting", "account.use", _greet, order=1)),
        Owned("gdpr", Panel("contact.tabs", "Broken", "account.use", _break, order=2)),
        Owned("gdpr", Panel("contact.tabs", "Managers only", "users.manage", _greet, order=3)),
        Owned("gdpr", Panel("contact.tabs", "Nothing to say", "account.use", lambda _r: "", order=4)),
        Owned("gdpr", Panel("call.sidebar", "Elsewhere", "account.use", _greet)),
    ]

    def page() -> str:
        return render_template_string("{{ slot('contact.tabs', contact_id=5, campaign_id=1) }}")

    page.hookline_permission = "account.use"  # type: ignore[attr-defined]
    app.add_url_rule("/slots", "slots", page)
    return app


def test_a_slot_shows_the_panels_one_may_see_and_a_broken_one_costs_only_itself(
    panels: Flask, runtime: Runtime, people: People
) -> None:
    page = make_client(panels, "agent").get("/slots").text
    assert f"<p>Hello {people.agent} about 5</p>" in page
    assert "“Broken” cannot be shown." in page
    assert "secret inner detail" not in page
    assert not any(title in page for title in ("Managers only", "Nothing to say", "Elsewhere"))
    assert runtime.host.statuses["gdpr"].errors == 1


def test_panels_of_a_plugin_that_failed_are_gone(panels: Flask, runtime: Runtime) -> None:
    runtime.host.mark_failed("scripts", "broke", RuntimeError("in a test"))
    assert "Hello" not in make_client(panels, "agent").get("/slots").text

"""Plugins that break on pages: the page names them, the banner tells, one click brings them back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from hookline.bootstrap import Runtime
from hookline.contributions import Panel
from hookline.domain.access import Role
from hookline.hookspecs import hookimpl
from hookline.plugin_host.host import Owned, PluginState
from hookline_web.testing import PageClient, People
from tests.unit.adversaries import CALL, raises

Browser = Callable[[str | None], PageClient]
BREAKS = "scripts.index"


@pytest.fixture
def breaking(app: Flask) -> str:
    """The address of a plugin's page that raises."""
    view = app.view_functions[BREAKS]
    view_that_raises = lambda: raises()  # noqa: E731 - takes the view's declaration on
    view_that_raises.hookline_permission = view.hookline_permission  # type: ignore[attr-defined]
    app.view_functions[BREAKS] = view_that_raises
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with app.test_request_context():
        return str(app.url_for(BREAKS))


def _spend(runtime: Runtime, plugin: str) -> None:
    """Use a plugin's whole error budget up."""
    while runtime.host.is_active(plugin):
        try:
            raises()
        except RuntimeError as error:
            runtime.host.count_error(plugin, "hookline_call_disposed", error)
    runtime.quarantine.settle()


def test_a_plugins_page_that_raises_names_the_plugin_and_counts(
    browser: Browser, runtime: Runtime, breaking: str
) -> None:
    answer = browser("admin").get(breaking)
    assert answer.status_code == 500
    title = runtime.host.statuses["scripts"].title
    assert f"The plugin {title} broke on this page." in answer.text
    assert "Kowalski" not in answer.text
    assert runtime.host.statuses["scripts"].errors == 1
    (fault,) = runtime.host.faults("scripts")
    assert fault.place == f"page {BREAKS}"


def test_pages_that_raise_again_and_again_stop_the_plugin_and_nothing_else(
    browser: Browser, runtime: Runtime, breaking: str
) -> None:
    client = browser("admin")
    for _ in range(runtime.settings.plugin_errors_allowed + 1):
        assert client.get(breaking).status_code == 500
    assert runtime.host.statuses["scripts"].state is PluginState.QUARANTINED
    answer = client.get(breaking)
    assert answer.status_code == 503
    assert "is stopped" in answer.text
    assert client.get("/campaigns").status_code == 200
    assert client.get("/p/gdpr/register").status_code != 503


def test_a_panel_that_raises_counts_and_the_page_stays(
    browser: Browser, runtime: Runtime, app: Flask, people: People
) -> None:
    app.extensions["hookline"].panels = [Owned("scripts", Panel("supervisor.board", "Broken", "account.use", raises))]
    page = browser("admin").get("/p/monitoring/")
    assert page.status_code == 200
    assert "“Broken” cannot be shown." in page.text
    assert runtime.host.faults("scripts")[0].place == "panel in supervisor.board"


def test_who_may_see_plugins_sees_the_banner_on_every_page_and_others_do_not(
    browser: Browser, runtime: Runtime
) -> None:
    _spend(runtime, "scripts")
    title = runtime.host.statuses["scripts"].title
    for address in ("/campaigns", "/clients", "/account"):
        page = browser("admin").get(address).text
        assert f"The plugin {title} is stopped" in page
        assert "/plugins/scripts/release" in page
    assert "is stopped" not in browser("supervisor").get("/campaigns").text
    assert "is stopped" not in browser("agent").get("/account").text


def test_the_menu_leaves_a_stopped_plugin_out(browser: Browser, runtime: Runtime) -> None:
    assert 'href="/p/scripts/' in browser("admin").get("/account").text
    _spend(runtime, "scripts")
    assert 'href="/p/scripts/' not in browser("admin").get("/account").text


def test_the_health_page_shows_what_it_did_without_anything_about_people(browser: Browser, runtime: Runtime) -> None:
    _spend(runtime, "scripts")
    runtime.host.call_disposed(CALL)
    page = browser("admin").get("/health").text
    assert 'id="stopped-scripts"' in page
    assert "in raises" in page
    assert "RuntimeError" in page
    for secret in ("Kowalski", "jan@example.com", "600 100 200"):
        assert secret not in page
    assert "hookline_call_disposed" in page
    assert "p95" in page


def test_one_click_brings_it_back_and_is_kept_with_who_did_it(browser: Browser, runtime: Runtime) -> None:
    _spend(runtime, "scripts")
    client = browser("admin")
    assert client.post("/plugins/scripts/release").status_code == 302
    assert runtime.host.is_active("scripts")
    assert "is stopped" not in client.get("/campaigns").text
    assert client.post("/plugins/scripts/release").status_code == 404
    assert client.get("/plugins/scripts/release").status_code in (404, 405)


@pytest.mark.parametrize("login", ["supervisor", "agent", None])
def test_bringing_back_needs_its_permission(browser: Browser, runtime: Runtime, login: str | None) -> None:
    _spend(runtime, "scripts")
    assert browser(login).post("/plugins/scripts/release").status_code in (302, 403)
    assert runtime.host.statuses["scripts"].state is PluginState.QUARANTINED


def test_a_plugin_made_of_errors_never_takes_the_pages_down(browser: Browser, runtime: Runtime, people: People) -> None:
    class Worst:
        @hookimpl
        def hookline_call_disposed(self, call: object) -> None:
            raises(call)

    runtime.host.register("worst", Worst())
    for _ in range(runtime.settings.plugin_errors_allowed + 1):
        runtime.host.call_disposed(CALL)
    runtime.quarantine.settle()
    assert runtime.host.statuses["worst"].state is PluginState.QUARANTINED
    for address in ("/health", "/plugins", "/campaigns"):
        assert browser("admin").get(address).status_code == 200
    assert people_role(runtime, people) == Role.ADMINISTRATOR


def people_role(runtime: Runtime, people: People) -> str:
    """The administrator's role, read back: the database is untouched by all that."""
    return next(u.role for u in runtime.identity.list_users() if u.id == people.admin)


def test_memory_is_traced_on_demand(browser: Browser, runtime: Runtime) -> None:
    client = browser("admin")
    assert "Note which plugin holds memory" in client.get("/health").text
    client.post("/health/memory/begin")
    try:
        assert runtime.memory.tracing
        assert "Stop noting" in client.get("/health").text
    finally:
        client.post("/health/memory/end")
    assert not runtime.memory.tracing
    assert browser("supervisor").post("/health/memory/begin").status_code == 403

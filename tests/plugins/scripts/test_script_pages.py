"""The administration pages and the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from hookline import bootstrap
from hookline.bootstrap import Runtime
from hookline.domain.access import Actor, Role, Scope
from hookline.errors import Conflict, InvalidInput, NotFound, NotPermitted
from hookline.ports.scripts import ScriptEngine
from hookline_scripts.cli import scripts as command
from hookline_scripts.service import ScriptService
from hookline_web.testing import PageClient, People
from tests.plugins.scripts.sample_script import TEXT

Browser = Callable[[str | None], PageClient]


@pytest.mark.parametrize("address", ["/p/scripts/", "/p/scripts/new", "/p/scripts/1/edit", "/p/scripts/1/versions"])
@pytest.mark.parametrize("login", ["agent", "supervisor"])
def test_only_administrators_manage_scripts(browser: Browser, script: str, address: str, login: str) -> None:
    assert browser(login).get(address).status_code == 403


def test_a_script_is_written_changed_and_copied(browser: Browser, people: People, engine: ScriptEngine) -> None:
    admin = browser("admin")
    assert "There is no script yet" in admin.get("/p/scripts/").text
    assert "{{ agent.name }}" in admin.get("/p/scripts/new").text
    made = admin.post("/p/scripts/new", data={"text": TEXT, "client_id": str(people.acme)})
    assert made.status_code == 302
    address = made.location
    changed = admin.post(address, data={"text": TEXT.replace("title: Offer", "title: Better"), "version": "1"})
    assert changed.status_code == 302
    assert "Version 2" in admin.get(address.replace("/edit", "/versions")).text
    assert "title: Offer" in admin.get(address, query_string={"version": 1}).text
    admin.post(address.replace("/edit", "/duplicate"))
    assert [info.title for info in engine.list_scripts(people.acme)] == ["Better", "Better"]
    assert "Acme" in admin.get("/p/scripts/").text


def test_a_mistake_is_shown_beside_the_unlost_text(browser: Browser, script: str, engine: ScriptEngine) -> None:
    wrong = TEXT.replace("contact.first_name", "contact.frist_name")
    answer = browser("admin").post(f"/p/scripts/{script}/edit", data={"text": wrong, "version": "1"})
    assert answer.status_code == 422
    assert "Line 5 (step 1)" in answer.text
    assert "contact.frist_name" in answer.text
    assert "label: Remark" in answer.text
    assert engine.list_scripts(1)[0].title == "Offer"


def test_two_authors_do_not_overwrite_each_other(browser: Browser, script: str) -> None:
    admin, address = browser("admin"), f"/p/scripts/{script}/edit"
    assert admin.post(address, data={"text": TEXT.replace("Offer", "First"), "version": "1"}).status_code == 302
    late = admin.post(address, data={"text": TEXT.replace("Offer", "Second"), "version": "1"})
    assert late.status_code == 409
    assert "title: Second" in late.text
    assert "title: First" in admin.get(address).text


def test_the_preview_shows_the_script_or_what_is_wrong(browser: Browser, script: str) -> None:
    admin = browser("admin")
    shown = admin.post("/p/scripts/preview", data={"text": TEXT, "language": "pl"})
    assert "Dzień dobry, Anna." in shown.text
    wrong = admin.post("/p/scripts/preview", data={"text": "title: A\nsteps:", "language": "pl"})
    assert wrong.status_code == 200
    assert "Line 2" in wrong.text


def test_scripts_outside_the_scope_do_not_exist(
    runtime: Runtime, people: People, service: ScriptService, script: str
) -> None:
    everything = service.add(runtime.identity.system_actor(), None, TEXT)
    granted = Actor(
        people.supervisor, "Sue", Role.SUPERVISOR, frozenset({"scripts.manage"}), Scope(frozenset({people.globex}))
    )
    assert service.scripts(granted) == []
    for script_id in (int(script), everything):
        with pytest.raises(NotFound):
            service.get(granted, script_id)
        with pytest.raises(NotFound):
            service.change(granted, script_id, TEXT, 1)
        with pytest.raises(NotFound):
            service.duplicate(granted, script_id)
    for client_id in (people.acme, None):
        with pytest.raises(NotFound):
            service.add(granted, client_id, TEXT)
    without = Actor(people.supervisor, "Sue", Role.SUPERVISOR, frozenset(), Scope.everything())
    with pytest.raises(NotPermitted):
        service.scripts(without)


def test_changing_needs_the_version_that_was_opened(runtime: Runtime, service: ScriptService, script: str) -> None:
    admin = runtime.identity.system_actor()
    assert service.change(admin, int(script), TEXT, 1) == 1, "the same text makes no new version"
    with pytest.raises(Conflict):
        service.change(admin, int(script), TEXT + "\n", 7)


def test_the_command_imports_a_file(
    runtime: Runtime,
    people: People,
    engine: ScriptEngine,
    service: ScriptService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bootstrap, "build", lambda: runtime)
    file = tmp_path / "offer.yaml"
    file.write_text(TEXT, encoding="utf-8")
    made = CliRunner().invoke(command, ["import", str(file), "--client", "Acme"])
    assert made.output == "Saved as script 1.\n"
    file.write_text(TEXT.replace("title: Offer", "title: Next"), encoding="utf-8")
    assert (
        CliRunner().invoke(command, ["import", str(file), "--replace", "1"]).output == "Script 1 has version 2 now.\n"
    )
    assert [info.title for info in engine.list_scripts(people.acme)] == ["Next"]
    file.write_text("title: A", encoding="utf-8")
    wrong = CliRunner().invoke(command, ["import", str(file)])
    assert isinstance(wrong.exception, InvalidInput)
    assert "Line 1" in wrong.exception.advice
    unknown = CliRunner().invoke(command, ["import", str(file), "--client", "Nobody"])
    assert isinstance(unknown.exception, NotFound)


def test_a_script_begins_from_a_template_and_shows_what_the_checker_finds(browser: Browser) -> None:
    admin = browser("admin")
    page = admin.get("/p/scripts/new?template=nps").get_data(as_text=True)
    assert "Satisfaction survey (NPS)" in page
    assert admin.get("/p/scripts/new?template=../secrets").status_code == 404
    dead_end = "title: T\nnodes:\n  a: {say: x}\n"
    shown = admin.post("/p/scripts/preview", data={"text": dead_end}).get_data(as_text=True)
    assert "leads nowhere" in shown
    refused = admin.post("/p/scripts/new", data={"text": dead_end})
    assert refused.status_code == 422
    assert "leads nowhere" in refused.get_data(as_text=True)


def test_results_have_a_page(browser: Browser, script: str, service: ScriptService, runtime: Runtime) -> None:
    admin = browser("admin")
    assert "This version does not lead" in admin.get(f"/p/scripts/{script}/results").text
    led = service.add(runtime.identity.system_actor(), None, "title: L\nnodes:\n  a: {kind: end}\n")
    assert "No conversation yet" in admin.get(f"/p/scripts/{led}/results").text
    assert browser("agent").get(f"/p/scripts/{led}/results").status_code == 403

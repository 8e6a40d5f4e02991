"""A running server follows hookline.toml: plugins come and go without a restart, and nobody is cut off."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from hookline.domain.events import CampaignChanged
from hookline.plugin_host.states import PluginState
from hookline_web.auth import Login
from hookline_web.swapping import shell_of
from tests.integration.live_installation import LiveInstallation
from tests.unit.plugin_packages import PluginFolder, plugin_folder

NO_SIP = 'disabled_plugins = ["telephony_sip"]\n'
NO_SIP_NO_GDPR = 'disabled_plugins = ["telephony_sip", "gdpr"]\n'


@pytest.fixture
def there(tmp_path: Path) -> Iterator[LiveInstallation]:
    """An installation with every plugin that needs no telephone."""
    made = LiveInstallation(tmp_path / "home", NO_SIP)
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginFolder]:
    made = plugin_folder(tmp_path, monkeypatch)
    yield made
    made.forget()


def _login(there: LiveInstallation) -> Login:
    version = there.runtime.identity.get_user(there.people.admin).session_version
    return Login(there.people.admin, version, there.clock.now().replace(hour=23))


def test_disabling_takes_pages_menu_permissions_and_policies_and_leaves_the_data(there: LiveInstallation) -> None:
    assert there.browser.get("/p/gdpr/").status_code == 200
    tables = set(inspect(there.runtime.db.engine).get_table_names())
    assert there.wants(NO_SIP_NO_GDPR)
    assert there.browser.get("/p/gdpr/").status_code == 404
    assert "/p/gdpr/" not in there.browser.get("/clients").text
    assert "/gdpr/consents" not in there.browser.get("/api/v1/openapi.json").text
    runtime = there.runtime
    assert "gdpr.manage" not in runtime.permissions
    assert "gdpr.consent" not in runtime.host.policies()
    assert runtime.host.statuses["gdpr"].state is PluginState.DISABLED
    assert not [h.name for h in runtime.data_register.holders() if h.name.startswith("gdpr.")]
    assert set(inspect(runtime.db.engine).get_table_names()) == tables


def test_enabling_brings_all_of_it_back(there: LiveInstallation) -> None:
    there.wants(NO_SIP_NO_GDPR)
    assert there.wants(NO_SIP)
    assert there.browser.get("/p/gdpr/").status_code == 200
    assert "/p/gdpr/" in there.browser.get("/clients").text
    assert "/gdpr/consents" in there.browser.get("/api/v1/openapi.json").text
    assert "gdpr.consent" in there.runtime.host.policies()
    assert there.runtime.identity.system_actor().can("gdpr.manage")
    assert [h.name for h in there.runtime.data_register.holders() if h.name.startswith("gdpr.")]


def test_an_open_stream_goes_on_over_the_change(there: LiveInstallation) -> None:
    before = there.live.app
    text = shell_of(before).hub.follow(_login(there), 0)
    assert next(text).startswith("retry:")
    there.wants(NO_SIP_NO_GDPR)
    assert there.live.app is not before
    with there.runtime.db.write() as unit:
        unit.emit(CampaignChanged(client_id=there.people.acme, campaign_id=1, state="running"))
    there.runtime.bus.pump()
    told = ""
    while "CampaignChanged" not in told:
        told = next(text)
    assert shell_of(there.live.app).hub.open_streams() == 1


def test_changed_settings_are_given_to_the_plugin_at_once(there: LiveInstallation) -> None:
    assert there.wants(NO_SIP + '[plugins.monitoring]\ntime_zone = "Mars"\n')
    assert there.runtime.host.statuses["monitoring"].state is PluginState.FAILED
    assert there.browser.get("/p/monitoring/").status_code == 404
    assert "time_zone" in there.runtime.release_sets.history()[0].row.problem
    assert there.wants(NO_SIP + '[plugins.monitoring]\ntime_zone = "UTC"\n')
    assert there.browser.get("/p/monitoring/").status_code == 200
    assert there.runtime.plugin_settings("monitoring").loaded().time_zone == "UTC"


def test_a_file_that_cannot_be_read_changes_nothing_and_is_told(there: LiveInstallation) -> None:
    there.wants("disabled_plugins = [")
    assert there.browser.get("/p/gdpr/").status_code == 200
    assert there.live.plugins.trouble is not None
    there.wants(NO_SIP)
    assert there.live.plugins.trouble is None


JOB_AND_TABLE = """
from hookline.contributions import Permission
from hookline.domain.access import Role
from hookline.hookspecs import hookimpl
from hookline.jobs import Job


class Hooks:
    def __init__(self, context):
        self.context = context

    @hookimpl
    def hookline_register_jobs(self):
        return [Job("{name}.tick", "Tick", lambda run: None, every_seconds=3600)]

    @hookimpl
    def hookline_register_permissions(self):
        return [Permission("{permission}", "Act", frozenset({{Role.ADMINISTRATOR}}))]
"""


def test_a_plugin_installed_while_it_runs_is_there_after_the_next_change(
    there: LiveInstallation, folder: PluginFolder
) -> None:
    folder.install("late", JOB_AND_TABLE.format(name="late", permission="late.act"))
    there.wants(NO_SIP + "# look again\n")
    assert there.runtime.host.statuses["late"].state is PluginState.DISABLED, "nobody asked for it"
    assert there.wants(NO_SIP + 'enabled_plugins = ["late"]\n')
    assert there.runtime.host.is_active("late")
    assert "late.tick" in there.runtime.scheduler.jobs
    assert there.runtime.identity.system_actor().can("late.act")
    there.wants(NO_SIP)
    assert "late.tick" not in there.runtime.scheduler.jobs


def test_one_that_clashes_is_kept_out_and_the_others_go_on(there: LiveInstallation, folder: PluginFolder) -> None:
    folder.install("second", JOB_AND_TABLE.format(name="second", permission="gdpr.manage"))
    there.wants(NO_SIP + 'enabled_plugins = ["second"]\n')
    status = there.runtime.host.statuses["second"]
    assert status.state is PluginState.FAILED
    assert "gdpr.manage" in status.note
    assert "second.tick" not in there.runtime.scheduler.jobs
    assert there.browser.get("/p/gdpr/").status_code == 200


def test_a_version_that_was_installed_over_the_running_one_is_told(
    there: LiveInstallation, folder: PluginFolder
) -> None:
    package = folder.install("late", JOB_AND_TABLE.format(name="late", permission="late.act"))
    there.wants(NO_SIP + 'enabled_plugins = ["late"]\n')
    manifest = folder.folder / package / "manifest.toml"
    manifest.write_text(manifest.read_text().replace("1.2.3", "2.0.0"))
    there.wants(NO_SIP + 'enabled_plugins = ["late"]  # look again\n')
    newest = there.runtime.release_sets.history()[0]
    assert newest.row.plugins["late"] == "2.0.0"
    assert "late: 1.2.3 runs until the server is restarted" in newest.row.problem


def test_one_that_hangs_while_it_is_imported_is_kept_out_and_the_others_go_on(
    there: LiveInstallation, folder: PluginFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.folder / "made_for_test_hang.py").write_text("import threading\ngo_on = threading.Event()\n")
    folder.packages.append("made_for_test_hang")
    folder.install("hanging", "from made_for_test_hang import go_on\ngo_on.wait(60)\n")
    monkeypatch.setattr(there.runtime.host._loader, "_seconds", 0.3)
    there.wants(NO_SIP + 'enabled_plugins = ["hanging"]\n')
    assert there.runtime.host.statuses["hanging"].state is PluginState.FAILED
    assert "made_for_test_hanging/hooks.py:2" in there.browser.get("/health").text
    assert there.browser.get("/plugins/hanging").status_code == 200, "nothing of it is imported to show it"
    assert there.browser.get("/p/gdpr/").status_code == 200
    importlib.import_module("made_for_test_hang").go_on.set()

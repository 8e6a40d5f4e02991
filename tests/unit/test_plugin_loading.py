"""Finding and loading plugins: whatever one of them does, the operator is told and the rest starts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from hookline.contributions import PluginContext
from hookline.errors import HooklineError
from hookline.plugin_host.host import PluginHost, PluginState
from hookline.text import translate
from tests.unit.plugin_packages import HOOKS, PluginFolder, plugin_folder

#: Plugins under test never look at it.
CONTEXT = cast(PluginContext, object())


METHOD = """
    @hookimpl
    def {name}(self, {parameter}):
        return []
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginFolder]:
    made = plugin_folder(tmp_path, monkeypatch)
    yield made
    made.forget()


def _started(*disabled: str) -> PluginHost:
    host = PluginHost(disabled)
    host.discover()
    host.load(lambda _name: CONTEXT)
    host.close()
    return host


def test_an_installed_plugin_is_found_and_loaded(folder: PluginFolder) -> None:
    package = folder.install("greeting")
    host = _started()
    status = host.statuses["greeting"]
    assert (status.state, status.title, status.version) == (PluginState.ACTIVE, "Plugin greeting", "1.2.3")
    assert host.active_packages()["greeting"] == package


def test_a_disabled_plugin_is_not_even_imported(folder: PluginFolder) -> None:
    package = folder.install("greeting", "raise RuntimeError('imported')")
    host = _started("greeting")
    assert host.statuses["greeting"].state is PluginState.DISABLED
    assert package not in sys.modules
    assert f"{package}.hooks" not in sys.modules
    assert "greeting" not in host.active_packages()


@pytest.mark.parametrize("module", ["no_such_module_anywhere", "no_such_package.inner"])
def test_a_missing_extra_makes_it_unavailable_with_the_line_to_type(folder: PluginFolder, module: str) -> None:
    package = folder.install("phone", more=f'modules = ["{module}"]\nextra = "phone"')
    status = _started().statuses["phone"]
    assert status.state is PluginState.UNAVAILABLE
    assert status.note == f"Needs {module}: pip install 'hookline[phone]'"
    assert package not in sys.modules


def test_without_an_extra_the_line_names_the_modules(folder: PluginFolder) -> None:
    folder.install("phone", more='modules = ["no_such_module_anywhere"]')
    assert _started().statuses["phone"].note.endswith("pip install no_such_module_anywhere")


def test_another_major_contract_is_refused_and_says_so(folder: PluginFolder) -> None:
    folder.install("old", api="0.9")
    status = _started().statuses["old"]
    assert status.state is PluginState.FAILED
    assert "0.9" in status.note
    assert "1.0" in status.note


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ("title = 'x'", "name"),
        ("name = 'other'\ntitle = 'x'\nversion = '1'\napi = '1.0'", "calls it other"),
        ("name = 'UPPER'\ntitle = 'x'\nversion = '1'\napi = '1.0'", "name"),
        ("this is not toml", "cannot be used. It is no TOML: "),
        ("api = 1\nname = 'broken'\nversion = '1'\nmodules = 'x'", "“title” is missing."),
        ("api = 1\nname = 'broken'\nversion = '1'\nmodules = 'x'", "“api” must be a text."),
        ("api = 1\nname = 'broken'\nversion = '1'\nmodules = 'x'", "“modules” must be a list of texts."),
        ("api = 'x'\nname = 'broken'\nversion = '1'\ntitle = 'x'", "like 1.0."),
        ("api = '1.0'\nname = 'broken'\nversion = '1'\ntitle = 'x'\ncore = '7.'", "“core” must be a range"),
    ],
)
def test_a_bad_manifest_fails_that_plugin_only(folder: PluginFolder, manifest: str, words: str) -> None:
    folder.install("broken", manifest=manifest)
    folder.install("sound")
    host = _started()
    assert host.statuses["broken"].state is PluginState.FAILED
    assert words in host.statuses["broken"].note
    assert "{" not in host.statuses["broken"].note
    assert host.statuses["sound"].state is PluginState.ACTIVE


def test_what_is_wrong_with_a_manifest_is_told_in_the_readers_language(folder: PluginFolder) -> None:
    folder.install("broken", manifest="name = 'broken'\ntitle = 'x'\napi = '1.0'")
    status = _started().statuses["broken"]
    catalogue = {"“%(field)s” is missing.": "Brakuje „%(field)s”."}
    said = translate(status.note_id, status.note_params, lambda text: catalogue.get(text, text))
    assert said.endswith("Brakuje „version”.")


@pytest.mark.parametrize("package", ["gone_package", "gone_package.inner"])
def test_an_entry_point_to_nothing_fails_that_plugin_only(folder: PluginFolder, package: str) -> None:
    folder.announce("gone", package)
    folder.install("sound")
    host = _started()
    assert host.statuses["gone"].state is PluginState.FAILED
    assert "not installed" in host.statuses["gone"].note
    assert host.statuses["sound"].state is PluginState.ACTIVE


@pytest.mark.parametrize(
    "hooks",
    [
        "raise RuntimeError('at import')",
        HOOKS + "        raise RuntimeError('at construction')\n",
        "hooks = 'but no class Hooks'",
        "raise SystemExit(5)",
    ],
)
def test_one_that_cannot_be_loaded_is_marked_and_the_rest_starts(folder: PluginFolder, hooks: str) -> None:
    folder.install("broken", hooks)
    folder.install("sound")
    host = _started()
    assert host.statuses["broken"].state is PluginState.FAILED
    assert host.statuses["broken"].note.startswith("It could not be loaded: ")
    assert host.statuses["broken"].errors == 1
    assert host.statuses["sound"].state is PluginState.ACTIVE


@pytest.mark.parametrize("code", ["raise RuntimeError('outer')", "raise SystemExit(3)"])
def test_the_package_around_what_is_looked_for_is_not_run(folder: PluginFolder, code: str) -> None:
    outer = folder.install("outer")
    (folder.folder / outer / "__init__.py").write_text(code)
    folder.install("needy", more=f'modules = ["{outer}.hooks", "{outer}.missing", ""]\nextra = "more"')
    folder.install("sound")
    host = _started()
    assert host.statuses["needy"].note == f"Needs {outer}.missing, : pip install 'hookline[more]'"
    assert host.statuses["outer"].state is PluginState.FAILED
    assert host.statuses["sound"].state is PluginState.ACTIVE


def test_a_plugin_may_live_in_a_namespace(folder: PluginFolder) -> None:
    folder.install("branch")
    (folder.folder / "made_for_test_space").mkdir()
    (folder.folder / "made_for_test_branch").rename(folder.folder / "made_for_test_space" / "branch")
    (folder.folder / "made_for_test_branch-1.2.3.dist-info" / "entry_points.txt").write_text(
        "[hookline.plugins]\nbranch = made_for_test_space.branch\n"
    )
    folder.packages.append("made_for_test_space")
    assert _started().statuses["branch"].state is PluginState.ACTIVE


def test_two_packages_that_bring_one_name_are_both_refused_and_named(folder: PluginFolder) -> None:
    folder.install("twin")
    folder.announce("twin", "made_for_test_other_twin")
    status = _started().statuses["twin"]
    assert status.state is PluginState.FAILED
    assert "made_for_test_other_twin, made_for_test_twin" in status.note


@pytest.mark.parametrize("name", ["core", "hookline"])
def test_a_plugin_cannot_call_itself_as_what_is_there_already(folder: PluginFolder, name: str) -> None:
    folder.install(name)
    assert "The name is taken." in _started().statuses[name].note


def test_an_unknown_hook_is_refused_by_name_with_the_known_ones(folder: PluginFolder) -> None:
    folder.install(
        "typo", HOOKS + "\n    @hookimpl\n    def hookline_dial_refusal(self, request):\n        return []\n"
    )
    status = _started().statuses["typo"]
    assert status.state is PluginState.FAILED
    assert "typo implements hookline_dial_refusal" in status.note
    assert "hookline_dial_refusals" in status.note


def test_registering_an_unknown_hook_raises() -> None:
    class Typo:
        def hookline_on_everything(self) -> None:
            """No such hook."""

    host = PluginHost()
    with pytest.raises(HooklineError, match="hookline_on_everything"):
        host.register("typo", Typo())
    host.close()


def test_a_parameter_that_the_hook_does_not_have_fails_the_plugin(folder: PluginFolder) -> None:
    folder.install(
        "curious", HOOKS + "\n    @hookimpl\n    def hookline_dial_refusals(self, mood):\n        return []\n"
    )
    status = _started().statuses["curious"]
    assert status.state is PluginState.FAILED
    assert "mood" in status.note


def test_the_bundled_plugins_come_in_by_the_same_door() -> None:
    host = PluginHost()
    host.discover()
    assert {"telephony_sip", "gdpr", "scripts", "monitoring"} <= set(host.manifests)
    host.close()

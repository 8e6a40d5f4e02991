"""The contract's version: what is on its way out warns with plugin, file and line; what is gone names its heir."""

from __future__ import annotations

import warnings
from pathlib import Path

import pluggy
import pytest
from structlog.testing import capture_logs

from hookline import OLDEST_PLUGIN_API_VERSION, PLUGIN_API_VERSION
from hookline.hookspecs import hookimpl
from hookline.hookspecs.deprecation import PluginDeprecationWarning, Removal, deprecated
from hookline.hookspecs.markers import hookspec
from hookline.plugin_host.contract import (
    UnknownHook,
    deprecated_uses,
    known_hooks,
    refuse_unknown,
    version_note,
    warn_of_deprecated,
)


class Specs:
    """A contract with one hook on its way out, and one that loses a parameter."""

    @hookspec
    @deprecated(since="1.1", removed_in="1.2", instead="Implement hookline_call_ended.")
    def hookline_call_finished(self, call: int) -> None:
        """Old."""

    @hookspec
    @deprecated(since="1.1", removed_in="1.3", instead="Ask the request for it.", parameter="backend")
    def hookline_select_number(self, request: int, backend: str) -> None:
        """Half old."""


class Old:
    @hookimpl
    def hookline_call_finished(self, call: int) -> None: ...

    @hookimpl
    def hookline_select_number(self, request: int, backend: str) -> None: ...


class New:
    @hookimpl
    def hookline_select_number(self, request: int, mood: str = "a default is the plugin's own") -> None: ...


@pytest.fixture
def manager() -> pluggy.PluginManager:
    made = pluggy.PluginManager("hookline")
    made.add_hookspecs(Specs)
    return made


def test_a_deprecated_use_warns_with_plugin_file_and_line(manager: pluggy.PluginManager) -> None:
    with capture_logs() as logged, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_deprecated("acme", Old(), manager)
    assert [w.category for w in caught] == [PluginDeprecationWarning] * 2
    assert {Path(w.filename).name for w in caught} == {Path(__file__).name}
    lines = Path(__file__).read_text().splitlines()
    first = next(w for w in caught if "call_finished" in str(w.message))
    assert any(
        "def hookline_call_finished(self, call: int)" in line for line in lines[first.lineno - 1 : first.lineno + 2]
    )
    assert str(first.message) == (
        "Plugin acme uses hookline_call_finished, deprecated since plugin contract 1.1 and gone in 1.2. "
        f"Implement hookline_call_ended. ({__file__}, line {first.lineno})"
    )
    assert {(entry["plugin"], entry["hook"]) for entry in logged} == {
        ("acme", "hookline_call_finished"),
        ("acme", "hookline_select_number"),
    }


def test_a_parameter_alone_may_be_deprecated(manager: pluggy.PluginManager) -> None:
    uses = {use.hook: use for use in deprecated_uses("acme", Old(), manager)}
    assert "the parameter backend of hookline_select_number" in str(uses["hookline_select_number"])


def test_who_does_not_use_what_is_deprecated_is_left_alone(manager: pluggy.PluginManager) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_deprecated("acme", New(), manager)
    assert deprecated_uses("acme", New(), manager) == []
    refuse_unknown("acme", New(), known_hooks(manager))


def test_a_deprecated_hook_still_works(manager: pluggy.PluginManager) -> None:
    told: list[int] = []

    class Listening:
        @hookimpl
        def hookline_call_finished(self, call: int) -> None:
            told.append(call)

    manager.register(Listening())
    manager.hook.hookline_call_finished(call=7)
    assert told == [7]


def test_nothing_is_removed_in_the_version_in_which_it_began_to_warn() -> None:
    with pytest.raises(ValueError, match=r"1\.2 at the earliest"):
        deprecated(since="1.1", removed_in="1.1", instead="x")
    assert deprecated(since="1.9", removed_in="2.0", instead="x")


@pytest.mark.parametrize(
    ("removed", "words"),
    [
        (
            {"hookline_call_finished": Removal("1.2", "Implement hookline_call_ended.")},
            "Implement hookline_call_ended.",
        ),
        ({}, "Known here: hookline_select_number."),
    ],
)
def test_a_hook_that_is_gone_is_refused_with_its_replacement(removed: dict[str, Removal], words: str) -> None:
    with pytest.raises(UnknownHook) as refused:
        refuse_unknown("acme", Old(), {"hookline_select_number": ["request", "backend"]}, removed)
    assert "Plugin acme implements hookline_call_finished" in refused.value.message
    assert refused.value.advice.endswith(words)


def test_a_parameter_that_is_gone_is_refused_with_its_replacement() -> None:
    known = {"hookline_call_finished": ["call"], "hookline_select_number": ["request"]}
    removed = {"hookline_select_number(backend)": Removal("1.3", "Ask the request for it.")}
    with pytest.raises(UnknownHook) as refused:
        refuse_unknown("acme", Old(), known, removed)
    assert refused.value.message.endswith("which was removed in plugin contract 1.3.")
    assert "Ask the request for it." in refused.value.advice


def _next_minor(version: str) -> str:
    major, minor = version.split(".")
    return f"{major}.{int(minor) + 1}"


@pytest.mark.parametrize(
    ("built_for", "words"),
    [
        (PLUGIN_API_VERSION, ""),
        (OLDEST_PLUGIN_API_VERSION, ""),
        (_next_minor(PLUGIN_API_VERSION), "Update Hookline."),
        ("99.0", "Update Hookline."),
        ("0.9", "Install a newer version of it."),
    ],
)
def test_a_plugin_is_loaded_from_the_oldest_supported_contract_to_the_present_one(built_for: str, words: str) -> None:
    assert version_note(built_for).endswith(words)
    assert bool(version_note(built_for)) == bool(words)

"""Quarantine outlives a restart and reaches every process; a plugin that hangs falls behind alone and loses nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hookline import plugin_readers
from hookline.bootstrap import Runtime
from hookline.domain.access import Actor
from hookline.errors import NotFound
from hookline.health import Level
from hookline.plugin_host.host import PluginState
from hookline.settings import Settings
from hookline.testing.centre import Centre
from tests.unit.adversaries import Hangs, Sound, raises

PLUGIN = "scripts"
SECONDS = 20.0


def _until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.01)


def _spend(runtime: Runtime) -> None:
    while runtime.host.is_active(PLUGIN):
        try:
            raises()
        except RuntimeError as error:
            runtime.host.count_error(PLUGIN, "hookline_call_disposed", error)
    runtime.quarantine.settle()


def _operator(runtime: Runtime) -> Actor:
    return runtime.identity.system_actor()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url, plugin_errors_allowed=2)


def test_a_quarantine_outlives_a_restart_and_ends_in_every_process(settings: Settings) -> None:
    first, second = Runtime(settings), Runtime(settings)
    try:
        _spend(first)
        second.quarantine.look(now=True)
        (told,) = second.quarantine.stopped()
        assert (told.plugin, told.error_type) == (PLUGIN, "RuntimeError")
        assert "in raises" in told.traceback
        assert "Kowalski" not in told.traceback
        second.quarantine.release(_operator(second), PLUGIN)
        assert second.host.is_active(PLUGIN)
        first.quarantine.look(now=True)
        assert first.host.is_active(PLUGIN)
        with pytest.raises(NotFound):
            first.quarantine.release(_operator(first), PLUGIN)
    finally:
        first.close()
        second.close()


def test_a_database_that_is_away_or_empty_keeps_nobody_from_stopping_a_plugin(tmp_path: Path, empty_url: str) -> None:
    runtime = Runtime(Settings(data_dir=tmp_path / "d", database_url=empty_url, plugin_errors_allowed=2))
    _spend(runtime)
    runtime.quarantine.look(now=True)
    assert runtime.host.statuses[PLUGIN].state is PluginState.QUARANTINED
    runtime.close()


def test_a_stopped_plugin_hears_afterwards_what_it_missed(centre: Centre) -> None:
    sound, stopped = Sound(), Sound()
    centre.runtime.host.register("sound", sound)
    centre.runtime.host.register("stopped", stopped)
    anna = centre.agent("anna")
    centre.campaign(["+48600100200", "+48600100201"], agents=[anna])
    centre.start_work(anna)
    centre.talk(anna, "SUCCESS")
    centre.settle()
    centre.runtime.host.quarantine("stopped")
    centre.talk(anna, "SUCCESS")
    centre.settle()
    assert (len(sound.told), len(stopped.told)) == (2, 1)
    centre.runtime.host.release("stopped")
    centre.settle()
    assert [c.call_id for c in stopped.told] == [c.call_id for c in sound.told]


def test_a_plugin_that_was_disabled_begins_with_what_happens_from_then_on(centre: Centre) -> None:
    late = Sound()
    anna = centre.agent("anna")
    centre.campaign(["+48600100200", "+48600100201"], agents=[anna])
    centre.start_work(anna)
    centre.talk(anna, "SUCCESS")
    centre.settle()
    centre.runtime.host.register("late", late)
    centre.settle()
    assert late.told == []
    centre.talk(anna, "SUCCESS")
    centre.settle()
    assert len(late.told) == 1


def test_one_that_hangs_delays_neither_the_others_nor_the_end(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_readers, "STOP_SECONDS", 0.2)
    monkeypatch.setattr("hookline.plugin_health.NOTIFY_SECONDS", 0.0)
    runtime, sound, adversary = centre.runtime, Sound(), Hangs("notify")
    runtime.host.register("hangs", adversary)
    runtime.host.register("sound", sound)
    anna = centre.agent("anna")
    centre.campaign(["+48600100200"], agents=[anna])
    centre.start_work(anna)
    runtime.bus.pump()
    runtime.bus.start()
    centre.talk(anna, "SUCCESS")
    _until(lambda: adversary.entered.is_set() and sound.told)
    (finding,) = [f for c in runtime.health.look() if c.check.name == "core.plugin-hooks" for f in c.findings]
    assert finding.level is Level.PROBLEM
    assert "The plugin hangs has been busy" in finding.message
    before = time.monotonic()
    runtime.bus.stop()
    assert time.monotonic() - before < SECONDS
    behind = {s.plugin: s.behind for s in runtime.plugin_readers.standings()}
    assert behind["hangs"] > 0
    assert behind["sound"] == 0
    adversary.go_on.set()


def test_one_that_hangs_spends_its_budget_and_hears_again_once_it_is_brought_back(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin_readers, "NOTIFY_SECONDS", 0.005)
    runtime, adversary = centre.runtime, Hangs("notify")
    runtime.host.register("hangs", adversary)
    anna = centre.agent("anna")
    centre.campaign(["+48600100200"], agents=[anna])
    centre.start_work(anna)
    runtime.bus.pump()
    runtime.bus.start()
    centre.talk(anna, "SUCCESS")
    _until(adversary.entered.is_set)
    _until(lambda: runtime.host.statuses["hangs"].state is PluginState.QUARANTINED)
    runtime.quarantine.settle()
    (told,) = runtime.quarantine.stopped()
    assert (told.plugin, told.place, told.error_type) == ("hangs", "hookline_call_disposed", "Late")
    assert "in _hang" in told.traceback, "it is shown where it hangs"
    monkeypatch.setattr(plugin_readers, "NOTIFY_SECONDS", 10.0)
    runtime.bus.pump()
    runtime.quarantine.release(_operator(runtime), "hangs")
    _until(lambda: adversary.asked == 2)
    adversary.go_on.set()
    _until(lambda: {s.plugin: s.behind for s in runtime.plugin_readers.standings()}["hangs"] == 0)
    assert adversary.asked == 2, "the event that it hung on came to it again, once"
    runtime.bus.stop()

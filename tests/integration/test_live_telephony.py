"""A telephony plugin that is disabled while people telephone: nobody is cut off unasked, and then in order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hookline.domain.agents import AgentState
from hookline.domain.calls import CallState
from hookline.errors import Conflict
from hookline.plugin_host.states import PluginState
from hookline.services.release_sets import Origin, Wish
from hookline.testing.centre import Centre
from hookline.testing.hook_calls import HookCalls
from tests.integration.live_installation import LiveInstallation
from tests.unit.plugin_packages import PluginFolder, plugin_folder

TELEPHONY = """
from hookline.hookspecs import hookimpl
from hookline.testing.simulated import SimulatedBackend


class Hooks:
    def __init__(self, context):
        self.backend = SimulatedBackend(context.clock)
        self.backend.caller_id = "+48221000000"

    @hookimpl
    def hookline_register_telephony_backends(self):
        return [self.backend]

    @hookimpl
    def hookline_select_caller_id(self, request, backend):
        return self.backend.default_caller_id(request.client_id)
"""
WITHOUT = 'disabled_plugins = ["telephony_sip"]\n'
PHONES = WITHOUT + 'enabled_plugins = ["phones"]\n'
NUMBER = "+48221234567"


class LiveCentre(Centre):
    """A call centre on an installation that follows its file; its network comes from a plugin."""

    def __init__(self, there: LiveInstallation) -> None:
        self.there = there
        self.clock, self.runtime = there.clock, there.runtime
        self.network = there.runtime.host.backends()["simulated"]  # type: ignore[assignment]
        self.hook_calls = HookCalls()
        self.runtime.engine.start_backend("simulated")
        self._watch_commits()
        self.client_id = there.people.acme


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginFolder]:
    made = plugin_folder(tmp_path, monkeypatch)
    yield made
    made.forget()


@pytest.fixture
def centre(tmp_path: Path, folder: PluginFolder) -> Iterator[LiveCentre]:
    """Anna is in a call over the plugin "phones"."""
    folder.install("phones", TELEPHONY)
    there = LiveInstallation(tmp_path / "home", PHONES)
    made = LiveCentre(there)
    anna = made.agent("anna")
    made.campaign([NUMBER], agents=[anna])
    made.start_work(anna)
    made.runtime.work.dial(made.actor(anna))
    made.advance(5)
    assert made.calls()[0].state == CallState.CONNECTED
    yield made
    there.close()


def _anna(centre: LiveCentre) -> int:
    return centre.calls()[0].agent_id or 0


def test_disabling_is_refused_while_calls_are_up(centre: LiveCentre) -> None:
    changes = centre.runtime.plugin_changes
    with pytest.raises(Conflict, match="1 calls are up over phones"):
        changes.disable(centre.operator, "phones", Wish(Origin.COMMAND))
    assert centre.there.file.read_text() == PHONES, "nothing was changed"
    assert "Hang up 1 call first" in centre.there.browser.get("/plugins/phones/disable").text
    assert centre.there.browser.post("/plugins/phones/disable", data={}).status_code == 409


def test_where_the_file_says_so_calls_end_by_themselves_first_and_none_begins(centre: LiveCentre) -> None:
    anna = _anna(centre)
    assert not centre.there.wants(WITHOUT)
    assert centre.runtime.host.statuses["phones"].state is PluginState.CLOSING
    record = centre.record(centre.calls()[0].campaign_id, NUMBER)
    refused = centre.runtime.gate.inspect(record.id, NUMBER, anna)
    assert "core.backend-closing" in [refusal.rule for refusal in refused]
    assert not centre.there.live.plugins.look(), "the call is still up"
    centre.runtime.calls.hang_up(centre.actor(anna))
    centre.advance(2)
    assert centre.there.live.plugins.look()
    assert not centre.runtime.host.is_active("phones")
    assert "simulated" not in centre.runtime.host.backends()
    assert centre.session(anna).state == AgentState.OFFLINE
    assert centre.calls()[0].result == "answered"


def test_forced_it_hangs_up_in_order_and_the_call_keeps_its_result(centre: LiveCentre) -> None:
    anna = _anna(centre)
    wish = Wish(Origin.COMMAND, "the trunk is changed", ends_calls=True)
    number = centre.runtime.plugin_changes.disable(centre.operator, "phones", wish)
    centre.there.live.plugins.look()
    centre.advance(2)
    assert centre.there.live.plugins.look()
    call = centre.calls()[0]
    assert (call.state, call.result) == (CallState.ENDED, "answered")
    assert call.ended_at is not None
    assert centre.session(anna).state == AgentState.OFFLINE
    assert centre.runtime.host.statuses["phones"].state is PluginState.DISABLED
    assert centre.runtime.release_sets.get(number).applied_at is not None
    assert centre.there.wants(PHONES), "and back again"
    assert centre.runtime.host.backends()["simulated"] is not centre.network

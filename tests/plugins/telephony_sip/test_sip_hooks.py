"""The plugin's hooks, asked through the plugin host as the engine asks them."""

from __future__ import annotations

from typing import Any

import pytest

from hookline.bootstrap import Runtime
from hookline.domain.campaigns import Purpose
from hookline.domain.dialling import DialRequest
from hookline.plugin_host.host import PluginState
from hookline.settings import Settings
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.service import TrunkDraft, TrunkService
from hookline_web.testing import People


def _request(runtime: Runtime, client_id: int) -> DialRequest:
    return DialRequest(
        attempt_id=1,
        client_id=client_id,
        campaign_id=1,
        campaign_contact_id=1,
        contact_id=1,
        number="+48600100100",
        purpose=Purpose.SERVICE,
        time_zone="Europe/Warsaw",
        agent_id=None,
        mode="preview",
        at=runtime.clock.now(),
    )


def _add(runtime: Runtime, **fields: Any) -> None:
    draft = TrunkDraft(**{"name": "Main", "host": "127.0.0.1", "caller_id": "+48221000000", **fields})
    TrunkService(runtime.db).add_trunk(runtime.identity.system_actor(), draft)


def test_hookline_register_telephony_backends(runtime: Runtime, people: People) -> None:
    backend = runtime.host.backends()["telephony_sip"]
    assert isinstance(backend, SipBackend)
    assert "sip-no-trunk" in [problem.id for problem in backend.problems(people.acme)]
    _add(runtime, client_id=people.acme)
    assert "sip-no-trunk" not in [problem.id for problem in backend.problems(people.acme)]
    assert "sip-no-trunk" in [problem.id for problem in backend.problems(people.globex)]


def test_hookline_select_caller_id(runtime: Runtime, people: People) -> None:
    """The caller ID is that of the trunk the call will go over; other backends choose their own."""
    acme, globex = _request(runtime, people.acme), _request(runtime, people.globex)
    assert runtime.host.select_caller_id(acme, "telephony_sip") is None
    _add(runtime, name="everybody")
    _add(runtime, name="acme", client_id=people.acme, caller_id="+48222000000")
    assert runtime.host.select_caller_id(acme, "telephony_sip") == "+48222000000"
    assert runtime.host.select_caller_id(globex, "telephony_sip") == "+48221000000"
    assert runtime.host.select_caller_id(acme, "simulated") is None


def test_a_trunk_without_a_caller_id_leaves_the_choice_to_others(runtime: Runtime, people: People) -> None:
    _add(runtime, caller_id="")
    assert runtime.host.select_caller_id(_request(runtime, people.acme), "telephony_sip") is None


def test_hookline_register_permissions(runtime: Runtime) -> None:
    assert {role.value for role in runtime.permissions["telephony_sip.manage"].roles} == {"administrator"}


def test_hookline_register_web_parts_and_navigation(runtime: Runtime) -> None:
    parts = [owned.value.blueprint.name for owned in runtime.host.web_parts() if owned.plugin == "telephony_sip"]
    items = [owned.value for owned in runtime.host.navigation() if owned.plugin == "telephony_sip"]
    assert parts == ["telephony_sip"]
    assert [(item.title, item.endpoint, item.section) for item in items] == [("Trunks", "telephony_sip.index", "admin")]


@pytest.fixture
def misspelt(settings: Settings) -> Settings:
    """Settings with a mistake in the plugin's table."""
    plugins = {"telephony_sip": {"bind_adress": "10.0.0.1"}}
    return Settings(data_dir=settings.data_dir, database_url=settings.database_url, plugins=plugins)


def test_wrong_settings_stop_the_plugin_and_say_why(misspelt: Settings) -> None:
    runtime = Runtime(misspelt)
    status = runtime.host.statuses["telephony_sip"]
    assert status.state is PluginState.FAILED
    assert "bind_adress" in status.note
    assert "telephony_sip" not in runtime.host.backends()
    runtime.close()

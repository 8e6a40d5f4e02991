"""A call of the client Acme, and the engine as the plugin host hands it out."""

from __future__ import annotations

import pytest

from hookline.bootstrap import Runtime
from hookline.ports.scripts import ScriptEngine
from hookline.testing.databases import KINDS
from hookline_scripts.service import ScriptService
from hookline_web.testing import People
from tests.plugins.places import Place, make_place
from tests.plugins.scripts.sample_script import TEXT


@pytest.fixture(params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each database in turn."""
    return str(request.param)


@pytest.fixture
def place(runtime: Runtime, people: People) -> Place:
    """A campaign of Acme with the agent in it, a contact and a call."""
    return make_place(runtime, people.acme, people.agent)


@pytest.fixture
def engine(runtime: Runtime) -> ScriptEngine:
    """The engine that the hook hookline_register_script_engines contributes."""
    return runtime.host.script_engines()["scripts"]


@pytest.fixture
def service(runtime: Runtime) -> ScriptService:
    """Administration of scripts."""
    return ScriptService(runtime.db)


@pytest.fixture
def script(runtime: Runtime, people: People, service: ScriptService) -> str:
    """Acme's script with every kind of question, as a campaign names it."""
    return str(service.add(runtime.identity.system_actor(), people.acme, TEXT))

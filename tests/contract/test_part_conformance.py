"""The bundled script engine and data holders pass the conformance kits that plugin authors use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest

from hookline.testing import holder_conformance, script_conformance
from hookline.testing.centre import Centre
from hookline.testing.holder_conformance import HolderRig
from hookline.testing.script_conformance import ScriptRig
from hookline_gdpr.service import ConsentService
from hookline_scripts.engine import ScriptsEngine
from hookline_scripts.lookups import Lookups
from hookline_scripts.service import ScriptService
from tests.plugins.scripts.sample_script import TEXT

CONSENT = {
    "wording": "I agree",
    "wording_version": "",
    "evidence": "form 7",
    "given_at": date(2025, 3, 1),
    "given_time": None,
    "valid_until": None,
}


@pytest.fixture(scope="module")
def shared_centre(tmp_path_factory: pytest.TempPathFactory, real_hasher: object) -> Iterator[Centre]:
    """One centre for all scenarios: each adds people of its own."""
    made = Centre(tmp_path_factory.mktemp("centre"))
    yield made
    made.close()


def _consent(centre: Centre, number: str) -> int:
    contact = centre.contact(number)
    ConsentService(centre.runtime.db).give(centre.operator, contact, CONSENT)
    return contact


def _call(centre: Centre, number: str) -> int:
    return centre.call_with(number).contact_id


def _answer(centre: Centre, number: str) -> int:
    call = centre.call_with(number)
    script = ScriptService(centre.runtime.db).add(centre.operator, call.client_id, TEXT)
    ScriptsEngine(centre.runtime.db, Lookups()).save_answer(str(script), call.id, "remark", "shout", None)
    return call.contact_id


PLANTS: dict[str, Callable[[Centre, str], int]] = {
    "gdpr.consents": _consent,
    "scripts.answers": _answer,
    "core.contacts": _call,
    "core.calls": _call,
}


@pytest.fixture(scope="module")
def holder_rigs(shared_centre: Centre) -> dict[str, HolderRig]:
    return {
        name: HolderRig(
            shared_centre, name, lambda number, n=name, p=plant: p(shared_centre, f"+48{_area(n)}{number[5:]}")
        )
        for name, plant in PLANTS.items()
    }


def _area(holder: str) -> int:
    return 50 + sorted(PLANTS).index(holder)


@pytest.mark.parametrize("holder", sorted(PLANTS))
@pytest.mark.parametrize("scenario", holder_conformance.SCENARIOS, ids=lambda scenario: scenario.name)
def test_holder_conformance(
    scenario: holder_conformance.Scenario, holder: str, holder_rigs: dict[str, HolderRig]
) -> None:
    scenario.run(holder_rigs[holder])


@pytest.fixture(scope="module")
def script_rig(shared_centre: Centre) -> ScriptRig:
    service = ScriptService(shared_centre.runtime.db)
    return ScriptRig(shared_centre, "scripts", lambda client: str(service.add(shared_centre.operator, client, TEXT)))


@pytest.mark.parametrize("scenario", script_conformance.SCENARIOS, ids=lambda scenario: scenario.name)
def test_script_conformance(scenario: script_conformance.Scenario, script_rig: ScriptRig) -> None:
    scenario.run(script_rig)

"""Every backend that comes with Hookline passes the conformance kit."""

from __future__ import annotations

import pytest

from hookline.testing.simulated_rig import SimulatedRig
from hookline.testing.telephony_conformance import SCENARIOS, Scenario


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"simulated-{scenario.name}")
def test_telephony_conformance_simulated(scenario: Scenario, simulated_rig: SimulatedRig) -> None:
    scenario.run(simulated_rig)

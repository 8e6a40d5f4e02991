"""Every backend that comes with Hookline passes the conformance kit."""

from __future__ import annotations

import pytest

from hookline.testing.telephony_conformance import SCENARIOS, Rig, Scenario
from tests.plugins.telephony_twilio.rig import TwilioRig


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"simulated-{scenario.name}")
def test_telephony_conformance_simulated(scenario: Scenario, simulated_rig: Rig) -> None:
    scenario.run(simulated_rig)


@pytest.mark.realtime
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"sip-{scenario.name}")
def test_telephony_conformance_sip(scenario: Scenario, sip_rig: Rig) -> None:
    scenario.run(sip_rig)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"twilio-{scenario.name}")
def test_telephony_conformance_twilio(scenario: Scenario, twilio_rig: TwilioRig) -> None:
    scenario.run(twilio_rig)
    twilio_rig.installation.standin.check()
